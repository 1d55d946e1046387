"""Path patching, held to the network whose paths are known and to one path at a time."""

from collections.abc import Callable

import numpy as np
import pytest

from neuronscope import path_patching
from neuronscope.data.tasks import open_task
from neuronscope.instruments import path_patch, run
from neuronscope.instruments.metrics import logit_difference
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

CLEAN, CORRUPT = "the cat sat on", "the dog sat on"


@pytest.fixture(scope="module")
def handmade() -> Model:
    """The network in which every path is known."""
    return open_model("builtin:handmade-induction", dtype="float64")


def test_in_the_network_written_by_hand_the_induction_head_alone_leads_to_the_logits(handmade: Model) -> None:
    found = path_patching(handmade, "a b c d a", "a f c d a", target="b", distractor="f")
    effect = found.effect.values.copy()
    assert effect[1, 0] == pytest.approx(1, abs=1e-9)
    effect[1, 0] = 0
    np.testing.assert_allclose(effect, 0, atol=1e-9)
    assert "mlp_effect" not in found


@pytest.mark.parametrize("direction", ["noise", "denoise"])
def test_in_the_network_written_by_hand_the_previous_token_head_is_read_as_key_alone(
    handmade: Model, direction: str
) -> None:
    pair = {"prompt": "a b c d a", "corrupt": "c b a d a", "target": "b", "distractor": "d"}
    read = {
        port: path_patching(handmade, **pair, receivers=f"{port}.1.0", direction=direction).effect.values
        for port in "qkv"
    }
    assert read["k"][0, 0] == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(read["k"][0, 1:], 0, atol=1e-9)
    for port in "qv":
        np.testing.assert_allclose(read[port][0], 0, atol=1e-9)
    assert np.isnan(read["k"][1]).all()


@pytest.mark.parametrize("mlps", ["free", "frozen"])
def test_each_cell_is_one_path_patched_alone(model: Model, mlps: str) -> None:
    x, y = (model.tokenizer.encode(text)[0] for text in "xy")
    score = logit_difference(x, y)
    receivers = ["q.2.1", "k.2.1"]
    found = path_patching(
        model, CLEAN, CORRUPT, target="x", distractor="y", receivers="q.2.1, k.2.1", mlps=mlps
    )
    ends = [float(score(run(model, text).logits[:, -1])) for text in (CLEAN, CORRUPT)]
    for sender, cell in (("z.0.2", found.effect[0, 2]), ("mlp_out.1", found.mlp_effect[1])):
        patched = path_patch(model, CLEAN, CORRUPT, sender, receivers, score, mlps=mlps)  # pyright: ignore[reportArgumentType]
        share = (ends[0] - float(patched.values[0])) / (ends[0] - ends[1])
        assert float(cell) == pytest.approx(share, abs=1e-9)


def test_noise_one_way_is_denoise_the_other_way(model: Model) -> None:
    answers = {"target": "x", "distractor": "y"}
    one = path_patching(model, CLEAN, CORRUPT, **answers, direction="noise")
    other = path_patching(model, CORRUPT, CLEAN, **answers, direction="denoise")
    np.testing.assert_allclose(one.effect, other.effect, atol=1e-10)
    np.testing.assert_allclose(one.mlp_metric, other.mlp_metric, atol=1e-10)


def test_no_path_leads_back_and_what_comes_before_the_difference_carries_nothing(
    make_model: Callable[..., Model],
) -> None:
    found = path_patching(make_model("gpt2"), CLEAN, CORRUPT, target="x", distractor="y", receivers="v.1.0")
    assert found.effect[0].notnull().all()
    assert found.effect[1:].isnull().all()
    assert found.mlp_effect[1:].isnull().all()


def test_over_a_task_sums_are_divided_once_and_intervals_hold_them() -> None:
    model, task = open_model("builtin:scribe"), open_task("agreement")
    found = path_patching(model, task=task, n_prompts=4)
    moved = total = 0.0
    for pair in task.pairs(4, model.tokenizer):
        alone = path_patching(model, pair.clean, pair.corrupt, target=pair.answer, distractor=pair.distractor)
        span = alone.attrs["clean_metric"] - alone.attrs["corrupt_metric"]
        moved, total = moved + alone.effect.values * span, total + span
    np.testing.assert_allclose(found.effect, moved / total, atol=1e-4)
    assert bool((found.effect_low <= found.effect + 1e-9).all())
    assert bool((found.effect_high >= found.effect - 1e-9).all())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"receivers": "q.0.1"}, "Nothing is written before q.0.1, so no path leads there"),
        ({"receivers": "resid_post.1"}, "resid_post.1 cannot be a receiver"),
        ({"corrupt": "the horse sat on"}, "14 tokens, the corrupt one 16"),
        ({"corrupt": ""}, "the prompt has no twin"),
        ({"target": "x", "distractor": "x"}, "are both 'x', which differ in nothing"),
        ({"metric": lambda logits: 0 * logits[:, 0]}, "both score 0, so nothing can be restored"),
    ],
)
def test_what_cannot_be_patched_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, str], words: str
) -> None:
    given = {"prompt": CLEAN, "corrupt": CORRUPT, "target": "x", "distractor": "y", **arguments}
    with pytest.raises(BadInput, match=words):
        path_patching(make_model("gpt2"), **given)
