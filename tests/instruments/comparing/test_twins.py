"""Patches between twins and their estimate, held to single runs, closed forms and finite differences."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope.data.tasks import TASKS
from neuronscope.instruments import put, run
from neuronscope.instruments.comparing.components import components, heads, streams
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.comparing.twins import (
    DIRECTIONS,
    Direction,
    Tokens,
    Twins,
    patch,
    scored,
    twin_pairs,
    twin_runs,
)
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

CLEAN, CORRUPT = "the cat sat on", "the dog sat on"


def arithmetic(model: Model, n: int = 4) -> PromptPairs:
    """Pairs of several lengths."""
    pairs = prompt_pairs(model, TASKS["one-digit-arithmetic"], n_prompts=n)
    assert len({len(tokens) for tokens in pairs.clean}) > 1
    return pairs


def one_pair(model: Model) -> PromptPairs:
    return prompt_pairs(model, prompt=CLEAN, corrupt=CORRUPT, target="x", distractor="y")


def by_name(pairs: PromptPairs, name: str) -> Tokens:
    return tuple(spans[name] for spans in pairs.spans)


@pytest.mark.parametrize("site", ["z.1.*", "pattern.2.1", "k.0.1", "resid_pre.*"])
def test_padded_pairs_say_what_each_says_alone(model: Model, rounding: float, site: str) -> None:
    pairs, parts = arithmetic(model), components(model, site)
    together = twin_runs(model, pairs, "logit_difference", parts.whole)
    for way in DIRECTIONS:
        for place in (None, "first"):
            tokens = None if place is None else by_name(pairs, place)
            found = together.patched([(part, tokens) for part in parts], way)
            for row in range(len(pairs)):
                alone = twin_runs(model, pairs[row : row + 1], "logit_difference", parts.whole)
                own = None if tokens is None else tokens[row : row + 1]
                one = alone.patched([(part, own) for part in parts], way)
                np.testing.assert_allclose(found[:, row], one[:, 0], atol=10 * rounding)


def test_a_run_patched_with_itself_changes_nothing(model: Model) -> None:
    pairs, parts = arithmetic(model), components(model, "z.*.*", "resid_pre.*", "pattern.*.*")
    twins = twin_runs(model, pairs, "logit_difference", parts.whole)
    same = Twins(model, pairs, "logit_difference", twins.clean, twins.clean, *[twins.clean_metric] * 2)
    for tokens in (None, by_name(pairs, "end")):
        found = same.patched([(part, tokens) for part in parts], "denoise")
        np.testing.assert_array_equal(found, np.tile(twins.clean_metric, (len(parts), 1)))


def test_a_patch_of_some_tokens_is_a_put_at_their_position(model: Model) -> None:
    pairs = one_pair(model)
    twins = twin_runs(model, pairs, "logit_difference", ["resid_pre.1", "z.2"])
    for address in ("resid_pre.1", "z.2.3"):
        site = components(model, address)[0]
        op = patch(site, twins.clean, twins.corrupt, (range(4, 7),))
        logits = run(model, CORRUPT, do=op).logits[:, -1]
        by_hand = put(f"{address}@4:7", run(model, CLEAN, get=address)[f"{address}@4:7"])
        torch.testing.assert_close(logits, run(model, CORRUPT, do=by_hand).logits[:, -1])


@pytest.mark.parametrize("way", DIRECTIONS)
def test_the_estimate_is_the_slope_of_the_metric_along_the_patch(model: Model, way: Direction) -> None:
    pairs = one_pair(model)
    parts = components(model, "z.1.*", "resid_pre.2", "mlp_act.0.5", "q.1.2", "k.1.1", "pattern.1.3")
    twins = twin_runs(model, pairs, "logit_difference", parts.whole)
    place = (range(4, 9),)
    estimate = twins.estimated(parts, [place], way)[:, 0, 0]
    source, base = twins.ends(way)
    score, step = twins.pairs.metric("logit_difference"), 1e-3
    for number, part in enumerate(parts):
        ends = []
        for sign in (1, -1):
            op = patch(part, source, base, place)
            part_of_run = base[op.site]
            assert isinstance(op.value, torch.Tensor)
            moved = put(op.site, part_of_run + sign * step * (op.value - part_of_run))
            ends.append(float(score(run(model, base.batch, do=moved).logits[:, -1])))
        # Single-precision softmaxes of two of the families leave some 1e-6 in each end.
        assert float(estimate[number]) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-3, abs=5e-3)


def test_what_enters_linearly_is_estimated_exactly() -> None:
    model = open_model("builtin:handmade-induction", dtype="float64")
    pairs = prompt_pairs(model, prompt="a b c a", corrupt="d b c a", target="b", distractor="c")
    parts = components(model, "z.1.*", "attn_add.1", "resid_post.1")
    twins = twin_runs(model, pairs, "logit_difference", parts.whole)
    for way in DIRECTIONS:
        exact = twins.patched([(part, None) for part in parts], way) - twins.unpatched(way)
        np.testing.assert_allclose(twins.estimated(parts, [None], way)[:, 0], exact, atol=1e-12)
        assert float(exact.abs().max()) > 1


def test_estimates_of_heads_and_neurons_add_up_to_those_of_their_outputs(
    model: Model, rounding: float
) -> None:
    pairs = arithmetic(model)
    whole = components(model, "attn_out.*", "mlp_out.*")
    units = components(model, "z.*.*", "mlp_act.*.*")
    twins = twin_runs(model, pairs, "logit_difference", [*whole.whole, *units.whole])
    places = [None, by_name(pairs, "first")]
    for way in DIRECTIONS:
        outputs, parts = (twins.estimated(one, places, way) for one in (whole, units))
        for name, output in zip(whole, outputs, strict=True):
            sort = "z" if name.name == "attn_out" else "mlp_act"
            own = [i for i, part in enumerate(units) if (part.name, part.layer) == (sort, name.layer)]
            np.testing.assert_allclose(parts[own].sum(0), output, atol=100 * rounding, rtol=1e-5)


def test_estimates_of_single_tokens_add_up_to_that_of_all(model: Model) -> None:
    pairs = one_pair(model)
    parts = streams(model)
    twins = twin_runs(model, pairs, "logit_difference", parts.whole)
    tokens = [(range(at, at + 1),) for at in range(len(CLEAN))]
    found = twins.estimated(parts, [None, *tokens], "noise")
    np.testing.assert_allclose(found[:, 1:].sum(1), found[:, 0], atol=1e-9)


def test_the_estimate_does_not_depend_on_how_prompts_are_batched(
    model: Model, rounding: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, parts = arithmetic(model, 6), heads(model)
    twins = twin_runs(model, pairs, "logit_difference", parts.whole)
    at_once = twins.estimated(parts, [None, by_name(pairs, "end")], "denoise")
    monkeypatch.setattr(
        "neuronscope.instruments.comparing.twins._TOKENS_PER_PASS", 2 * twins.clean.batch.width
    )
    in_twos = twins.estimated(parts, [None, by_name(pairs, "end")], "denoise")
    np.testing.assert_allclose(at_once, in_twos, atol=100 * rounding)


def test_a_metric_of_ones_own_is_taken_as_it_is(make_model: Callable[..., Model]) -> None:
    pairs = one_pair(make_model())
    assert scored(pairs, torch.Tensor.sum) is torch.Tensor.sum


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"prompt": CLEAN}, "but the prompt has no twin"),
        ({"corrupt": CLEAN}, "without a clean one"),
        ({"task": TASKS["capital"], "prompt": CLEAN}, "brings its own prompts"),
    ],
)
def test_pairs_that_are_none_are_refused_in_words(
    make_model: Callable[..., Model], given: dict[str, object], words: str
) -> None:
    asked = {"task": None, "prompt": "", "corrupt": "", "target": "", "distractor": ""} | given
    with pytest.raises(BadInput, match=words):
        twin_pairs(make_model(), n_prompts=2, seed=0, **asked)  # pyright: ignore[reportArgumentType]


def test_without_prompts_and_task_the_common_task_is_asked() -> None:
    nothing = {"prompt": "", "corrupt": "", "target": "", "distractor": ""}
    pairs = twin_pairs(open_model("builtin:scribe"), None, n_prompts=3, seed=0, **nothing)
    assert [pair.task for pair in pairs.pairs] == ["indirect-object"] * 3
