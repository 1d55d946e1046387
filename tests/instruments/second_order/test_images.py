"""Images and captions meet in one place, and what is ablated there adds up."""

import numpy as np
import pytest

from neuronscope.data.digits import NAMES, digits
from neuronscope.instruments import run
from neuronscope.instruments.second_order.images import Shown, ablated_embeddings, shown
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

CAPTIONS = [f"the digit {name}" for name in NAMES]


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model("builtin:digits-clip")


@pytest.fixture(scope="module")
def judged(model: Model) -> Shown:
    return shown(model, digits("held-out").images[:100], CAPTIONS, layer=2)


def test_embeddings_and_captions_are_the_models_own(model: Model, judged: Shown) -> None:
    words = model.tokenizer(CAPTIONS, return_tensors="pt")  # pyright: ignore[reportOptionalCall]
    inputs = {"pixel_values": digits("held-out").images[:100], "input_ids": words["input_ids"]}
    output = run(model, inputs, get=[]).output
    np.testing.assert_allclose(judged.embedding, output.image_embeds.double().numpy(), atol=1e-5)
    np.testing.assert_allclose(judged.caption, output.text_embeds.double().numpy(), atol=1e-6)


def test_significant_and_insignificant_effects_make_the_original(judged: Shown) -> None:
    ways, _ = ablated_embeddings(judged, judged, n_significant=10)
    whole = ways["without_significant"] + ways["without_insignificant"] - ways["mean"]
    np.testing.assert_allclose(whole, ways["original"], atol=1e-12)
    assert np.abs(ways["mean"] - ways["original"]).max() > 1e-3


def test_effects_along_one_line_are_kept_whole_by_their_component() -> None:
    rng = np.random.default_rng(0)
    line = rng.normal(size=(3, 5))
    effect = rng.normal(size=(40, 3, 1)) * line
    planted = Shown(rng.normal(size=(40, 5)), effect, np.eye(5))
    ways, found = ablated_embeddings(planted, planted, n_significant=8)
    np.testing.assert_allclose(ways["rank_one"], ways["original"], atol=1e-10)
    np.testing.assert_allclose(found.explained_all, 1.0)


def test_batches_change_nothing(model: Model, judged: Shown) -> None:
    alone = shown(model, digits("held-out").images[3:4], CAPTIONS, layer=2)
    np.testing.assert_allclose(alone.effect[0], judged.effect[3], atol=1e-5)


def test_a_model_without_captions_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match="builtin:digits-clip"):
        shown(open_model("builtin:digits-vit"), digits("held-out").images[:2], CAPTIONS, layer=0)
