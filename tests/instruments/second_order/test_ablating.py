"""Effects taken out and put back, held to the effects written out and to real edits of the stream."""

import numpy as np
import pytest
import torch
from torch import Tensor

from neuronscope.instruments import add, run
from neuronscope.instruments.second_order import vectors
from neuronscope.instruments.second_order.ablating import (
    Changes,
    Learned,
    answers,
    before_norm,
    changes,
    held_out,
    last_streams,
    unit,
)
from neuronscope.instruments.second_order.chosen import Chosen
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.instruments.second_order.test_rank_one import FAMILIES, made, written_out
from tests.models.tiny import shared

ITEMS = Chosen(np.array([0, 1, 0, 1]), np.array([5, 0, 17, 33]))


def learned(model: Model, *, threshold: float = 0.0, seed: int = 0) -> Learned:
    """Draw what was learned elsewhere at random: means, directions, thresholds."""
    rng = torch.Generator().manual_seed(seed)
    mean = torch.randn(4, 8, generator=rng, dtype=torch.float64) * 0.01
    mean[1::2, :4] = torch.nan
    along = torch.from_numpy(unit(torch.randn(4, model.width, generator=rng).numpy()))
    return Learned(
        mean_strength=mean,
        threshold=torch.full((4,), threshold, dtype=torch.float64),
        level=torch.tensor([[1e9, threshold, -1.0]], dtype=torch.float64).expand(4, 3),
        component=along,
        text=along.flip(0),
    )


def deltas(model: Model, known: Learned) -> Tensor:
    """Write the effects of the four neurons less their means: [item prompt width]."""
    problems, found = made(), []
    for item in range(4):
        layer = int(ITEMS.layer[item])
        from_mean = torch.einsum(
            "p,pw->w",
            known.mean_strength[item].nan_to_num()[4 * layer :],
            torch.from_numpy(static(model, item)),
        )
        effect = torch.from_numpy(written_out(model, problems, layer)[ITEMS.number[item]])
        found.append(effect - from_mean)
    return torch.stack(found)


def static(model: Model, item: int) -> np.ndarray:
    number = torch.tensor([int(ITEMS.number[item])])
    return vectors(model, int(ITEMS.layer[item]), number)[0].detach().numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_each_way_is_the_sum_of_what_it_takes_out_written_out(family: str) -> None:
    model = shared(family, torch.float64)
    known = learned(model)
    delta = deltas(model, known)
    middle = float(delta.norm(dim=-1).quantile(0.5))  # between two lengths, not one of them
    known = learned(model, threshold=middle)
    found = changes(model, made(), ITEMS, known)
    beyond = (delta.norm(dim=-1) > middle)[..., None]
    assert known.text is not None
    along, words = known.component[:, None], known.text[:, None]
    wanted = {
        "original": torch.zeros_like(delta),
        "mean": -delta,
        "without_significant": -delta * beyond,
        "without_insignificant": -delta * ~beyond,
        "rank_one": (delta * along).sum(-1, keepdim=True) * along - delta,
        "text": (delta * words).sum(-1, keepdim=True) * words - delta,
    }
    assert found.way.keys() == wanted.keys()
    for name, change in wanted.items():
        torch.testing.assert_close(found.way[name], change.sum(0), rtol=0, atol=1e-10)
    assert found.significant == pytest.approx(float(beyond.double().mean()))


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_with_all_significant_or_none_the_original_comes_back_and_the_two_parts_add_up(family: str) -> None:
    model = shared(family, torch.float64)
    all_kept = changes(model, made(), ITEMS, learned(model, threshold=-1.0)).way
    none_kept = changes(model, made(), ITEMS, learned(model, threshold=1e9)).way
    torch.testing.assert_close(all_kept["without_insignificant"], all_kept["original"], rtol=0, atol=1e-12)
    torch.testing.assert_close(none_kept["without_significant"], none_kept["original"], rtol=0, atol=1e-12)
    found = changes(model, made(), ITEMS, learned(model, threshold=0.1)).way
    both = found["without_significant"] + found["without_insignificant"] - found["mean"]
    torch.testing.assert_close(both, found["original"], rtol=0, atol=1e-12)
    assert found["mean"].abs().max() > 1e-3


def test_the_curve_runs_from_the_mean_ablation_to_the_original() -> None:
    model = shared("gpt2", torch.float64)
    found = changes(model, made(), ITEMS, learned(model, threshold=0.1))
    torch.testing.assert_close(found.kept[0], found.way["mean"], rtol=0, atol=1e-12)
    torch.testing.assert_close(found.kept[1], found.way["without_insignificant"], rtol=0, atol=1e-12)
    torch.testing.assert_close(found.kept[2], found.way["original"], rtol=0, atol=1e-12)
    torch.testing.assert_close(found.random[0], found.way["mean"], rtol=0, atol=1e-12)
    torch.testing.assert_close(found.random[2], found.way["original"], rtol=0, atol=1e-12)
    assert found.share.tolist() == [0.0, pytest.approx(found.significant), 1.0]


def test_directions_that_span_all_paths_reconstruct_exactly() -> None:
    model = shared("gpt2", torch.float64)
    known = learned(model)
    delta = deltas(model, known)
    rebuilt = torch.zeros_like(delta[0])
    for item in range(4):
        spanning = np.linalg.svd(static(model, item), full_matrices=False)[2]
        for direction in spanning:
            rows = torch.zeros(4, model.width, dtype=torch.float64)
            rows[item] = torch.from_numpy(direction)
            one = Learned(known.mean_strength, known.threshold, known.level, rows)
            way = changes(model, made(), ITEMS, one).way
            rebuilt += way["rank_one"] - way["mean"]
    torch.testing.assert_close(rebuilt, delta.sum(0), rtol=0, atol=1e-10)


def judged(model: Model, *, thaw: bool) -> tuple[np.ndarray, np.ndarray, Changes]:
    problems = made()
    found = changes(model, problems, ITEMS, learned(model, threshold=0.1))
    streams = last_streams(model, problems)
    one = answers(model, problems, streams, 20 * found.way["mean"], thaw=thaw)
    return one.right, one.difference, found


@pytest.mark.parametrize("family", FAMILIES)
def test_thawed_answers_are_those_of_a_real_edit_of_the_stream(family: str) -> None:
    model, problems = shared(family, torch.float64), made()
    right, difference, found = judged(model, thaw=True)
    added = before_norm(model, last_streams(model, problems), 20 * found.way["mean"])
    logits = []
    for row, tokens in enumerate(problems.prompts):
        site = f"resid_post.{model.n_layers - 1}@-1"
        logits.append(run(model, tokens, do=[add(site, added[row])]).logits[0, -1])
    edited = torch.stack(logits)
    assert (edited.argmax(-1) == problems.target).numpy().tolist() == right.tolist()
    if family == "gemma2":  # its logits are capped, and the ablation reads them before the cap
        edited = 4.5 * torch.atanh(edited / 4.5)
    rows = torch.arange(12)
    gap = edited[rows, problems.target] - edited[rows, problems.distractor]
    np.testing.assert_allclose(difference, gap.numpy(), atol=1e-6 if family != "gpt2" else 1e-10)


@pytest.mark.parametrize("family", ["gpt2", "opt", "llama"])
def test_held_answers_differ_from_the_original_by_the_reading_of_the_change(family: str) -> None:
    model, problems = shared(family, torch.float64), made()
    streams = last_streams(model, problems)
    found = changes(model, problems, ITEMS, learned(model, threshold=0.1)).way["mean"]
    plain = answers(model, problems, streams, torch.zeros_like(found), thaw=False)
    moved = answers(model, problems, streams, found, thaw=False)
    head = model.anatomy.head
    assert head is not None
    rows = head.weight[problems.target] - head.weight[problems.distractor]  # pyright: ignore
    wanted = (rows * found).sum(-1).detach().numpy()
    np.testing.assert_allclose(moved.difference - plain.difference, wanted, atol=1e-10)
    logits = torch.stack([run(model, tokens).logits[0, -1] for tokens in problems.prompts])
    assert plain.right.tolist() == (logits.argmax(-1) == problems.target).tolist()


def test_prompts_that_components_were_found_on_are_left_out() -> None:
    problems = made(6)
    assert held_out(problems, ["1", "4", "9"]).texts == ("0", "2", "3", "5")
    with pytest.raises(BadInput, match="All 6 prompts were used to find the components"):
        held_out(problems, problems.texts)
