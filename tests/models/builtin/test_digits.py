"""The networks that see digits are what their cards say."""

import doctest
import json
from hashlib import sha256
from typing import Any

import pytest
import torch

from neuronscope.data.digits import NAMES, digits
from neuronscope.instruments import run, zero
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.conftest import ROOT
from tools.training.card import BUILTIN
from tools.training.digits import (
    END,
    PLANS,
    TEMPLATES,
    TOKENS,
    UNSEEN,
    captioned,
    encoded,
    guesses,
    measured,
    tokenizer,
    varied,
)

NETWORKS = ("digits-cnn", "digits-vit", "digits-clip")
OPENED: dict[str, Model] = {}


def opened(name: str) -> Model:
    if name not in OPENED:
        OPENED[name] = open_model(f"builtin:{name}")
    return OPENED[name]


def card_of(name: str) -> dict[str, Any]:
    return json.loads((BUILTIN / name / "card.json").read_text())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_shipped_weights_reproduce_the_card_and_meet_its_aim(name: str) -> None:
    card, network = card_of(name), opened(name).hf
    found = measured(name, network)["accuracy"]
    assert found.keys() == card["accuracy"].keys()
    for what, said in card["accuracy"].items():
        assert found[what]["n"] == said["n"]
        # On other processors an image may fall on the other side.
        assert abs(found[what]["value"] - said["value"]) * said["n"] <= 1.01
        assert said["low"] < said["value"] <= said["high"]
    for what, aim in card["aims"].items():
        assert found[what]["value"] >= aim["at_least"]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_weights_in_the_folder_are_those_of_the_card(name: str) -> None:
    card, said = card_of(name), card_of(name)["architecture"]
    assert sha256((BUILTIN / name / "model.safetensors").read_bytes()).hexdigest() == said["sha256"]
    assert opened(name).n_parameters == said["parameters"]
    assert type(opened(name).hf).__name__ == said["class"]
    assert (card["data"]["training images"], card["data"]["held-out images"]) == (
        len(digits("train")),
        len(digits("held-out")),
    )


@pytest.mark.parametrize("name", ["digits-vit", "digits-clip"])
def test_the_sites_that_the_card_calls_exact_are_exact(name: str) -> None:
    exact = card_of(name)["inside"]["exact"]
    assert opened(name).certificate.of("exact") == exact
    prefix = "vision/" if name == "digits-clip" else ""
    wanted = ["resid_pre", "resid_mid", "resid_post", "pattern", "z", "attn_add", "mlp_act", "mlp_add"]
    assert {f"{prefix}{site}" for site in wanted} <= set(exact)


def test_no_image_of_training_is_among_those_held_out() -> None:
    train = {image.tobytes() for image in digits("train").images}
    assert not any(image.tobytes() in train for image in digits("held-out").images)


def test_a_batch_depends_on_seed_and_step_alone_and_moves_a_digit_by_a_pixel_at_most() -> None:
    shown = digits("train")
    first, again, other = (varied(shown, step, 50, seed=0) for step in (3, 3, 4))
    assert (first["pixel_values"] == again["pixel_values"]).all()
    assert not (first["labels"] == other["labels"]).all()
    assert first["pixel_values"].shape == (50, 1, 8, 8)
    assert 0 <= first["pixel_values"].min() <= first["pixel_values"].max() <= 1


def test_a_caption_is_true_of_the_digits_that_it_names_and_of_no_other() -> None:
    images = varied(digits("train"), 0, 64, seed=0)
    made = captioned(images, 0, seed=0)
    texts = tokenizer().batch_decode(made["input_ids"], skip_special_tokens=True)
    for column, text in enumerate(texts):
        said = text.split()
        for row, (label, ink) in enumerate(zip(images["labels"], images["inks"], strict=True)):
            own = {NAMES[label], *{0: ["faint"], 1: ["bold"]}.get(ink, [])}
            named = {word for word in said if word in (*NAMES, "bold", "faint")}
            assert made["true"][row, column] == (named <= own)
    assert bool(made["true"].diagonal().all())


def test_the_unseen_wording_is_no_wording_of_training_but_its_words_are() -> None:
    assert UNSEEN not in TEMPLATES
    known = {word for template in TEMPLATES for word in template.replace("{ink}", "").split()}
    assert set(UNSEEN.split()) <= known


def test_the_shipped_tokenizer_is_the_one_that_was_trained_with() -> None:
    texts = [template.format(name="seven", ink="bold ") for template in TEMPLATES]
    assert opened("digits-clip").tokenizer(texts)["input_ids"] == tokenizer()(texts)["input_ids"]
    assert TOKENS[-1] == END  # where CLIP reads a text


def test_a_caption_means_the_same_alone_and_padded() -> None:
    network: Any = opened("digits-clip").hf
    texts = ["three", UNSEEN.format(name="three")]
    together = network.get_text_features(**encoded(texts)).pooler_output
    alone = torch.cat([network.get_text_features(**encoded([t])).pooler_output for t in texts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_what_the_vision_tower_writes_decides_what_the_image_is_called() -> None:
    model = opened("digits-clip")
    shown = digits("held-out")
    words = encoded([UNSEEN.format(name=name) for name in NAMES])
    inputs = {"pixel_values": shown.images[:20], **words}
    plain = run(model, inputs, get="vision/resid_post.3").output.logits_per_image
    assert torch.equal(plain.argmax(-1), torch.from_numpy(guesses(model.hf, shown)[:20]))
    cut = run(model, inputs, do=[zero(f"vision/attn_out.{layer}") for layer in range(4)])
    assert not torch.equal(cut.output.logits_per_image.argmax(-1), plain.argmax(-1))


def test_the_digits_of_a_vision_transformer_are_read_at_every_block() -> None:
    model, shown = opened("digits-vit"), digits("held-out")
    seen = run(model, shown.images[:3], get=["resid_post.*", "pattern.1"])
    assert seen["resid_post.*"].shape == (3, 3, 17, 48)
    torch.testing.assert_close(seen["pattern.1"].sum(-1), torch.ones(3, 4, 17))


@pytest.mark.parametrize("name", ["digits-cnn", "digits-vit"])
def test_text_is_refused_by_a_network_that_sees(name: str) -> None:
    for given in ("a three", ["a three", "a four"]):
        with pytest.raises(BadInput, match=rf"^builtin:{name} reads no text: give its pixel_values"):
            run(opened(name), given)
    with pytest.raises(BadInput, match="reads no tokens"):
        run(opened(name), [1, 2, 3])


def test_half_of_what_is_compared_is_refused() -> None:
    with pytest.raises(BadInput, match="compares texts with images, and these inputs lack pixel_values"):
        run(opened("digits-clip"), "a three")
    with pytest.raises(BadInput, match="compares texts with images, and these inputs lack input_ids"):
        run(opened("digits-clip"), {"pixel_values": digits("held-out").images[:2]})


def test_images_are_refused_by_a_language_model() -> None:
    with pytest.raises(BadInput, match="Token ids are whole numbers"):
        run(open_model("builtin:gates"), digits("held-out").images[:2])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_says_the_numbers_of_the_card_and_its_examples_run(name: str) -> None:
    page = ROOT / "docs" / "models" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    for said in card_of(name)["accuracy"].values():
        assert f"{said['value']:.1%} | {said['low']:.1%} – {said['high']:.1%} |" in text
    assert f"{card_of(name)['training']['steps']:,} steps" in text
    outcome = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 5
    assert outcome.failed == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_a_series_of_sizes_begins_with_the_shipped_one(name: str) -> None:
    small, large = (PLANS[name].make_model(times) for times in (1, 2))
    shipped = opened(name).n_parameters
    assert small.num_parameters() == shipped
    assert 2 * shipped < large.num_parameters() < 4 * shipped
