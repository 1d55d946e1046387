"""Every neuron's effect through later heads, the list of the strongest, and what chance would list."""

import copy
from typing import Any, cast

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.analyses.second_order.second_order_effects import second_order_effects
from neuronscope.data.tasks import TASKS
from neuronscope.instruments import run
from neuronscope.instruments.second_order import held_passes, neuron_effects, problems_of, reading_of
from neuronscope.maths.sign_turns import turned_sum_p
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

LAYER, NEURON, LATER, HEAD = 0, 33, 3, 1
NAMES = ["Mary", "Lisa", "Kate", "Anna", "Grace", "Steven", "Mark", "Rachel"]


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def found(scribe: Model) -> xr.Dataset:
    return second_order_effects(scribe, task=TASKS["capital"], n_prompts=24)


def direct_effects(model: Model, n_prompts: int) -> np.ndarray:
    problems = problems_of(model, evaluation=None, task=TASKS["capital"], n_prompts=n_prompts)
    read = reading_of(model, problems, reading="difference", direction=None)
    parts = [neuron_effects(seen, read.picked(rows)) for rows, seen in held_passes(model, problems)]
    return torch.cat(parts).double().numpy()


def test_means_sizes_and_variances_are_those_of_every_prompt(scribe: Model, found: xr.Dataset) -> None:
    effect = direct_effects(scribe, 24)
    np.testing.assert_allclose(found.effect, effect.mean(0), atol=1e-6)
    np.testing.assert_allclose(found.magnitude, np.abs(effect).mean(0), atol=1e-6)
    np.testing.assert_allclose(found.variance, effect.var(0), atol=1e-6)
    at, number = found.neuron_layer.values, found.neuron_number.values
    np.testing.assert_allclose(found.prompt_effect, effect[:, at, number], atol=1e-5)
    assert (found.effect_low <= found.effect + 1e-9).all()
    assert (found.effect <= found.effect_high + 1e-9).all()


def test_the_list_is_in_order_and_tells_what_all_neurons_tell(found: xr.Dataset) -> None:
    size = np.abs(found.listed_effect.values)
    assert (np.diff(size) <= 0).all()
    assert size[0] == np.abs(found.effect.sel(layer=slice(0, 4))).max()
    for rank, address in enumerate(found.address.values):
        _, layer, neuron = str(address).split(".")
        cell = found.sel(layer=int(layer), neuron=int(neuron))
        assert float(cell.effect) == float(found.listed_effect[rank])
        assert float(cell.captured) == float(found.listed_captured[rank])
        by_head = cell.head_effect.values
        np.testing.assert_allclose(np.nansum(by_head), cell.effect, atol=1e-6)
        best = int(np.nanargmax(np.abs(by_head)))
        assert found.strongest_layer[rank] == found.path_layer[best]
        assert found.strongest_head[rank] == found.path_head[best]


def test_heads_that_are_not_later_carry_nothing(found: xr.Dataset) -> None:
    missing = np.isnan(found.head_effect).all("neuron")
    later = found.path_layer.values[None] > found.layer.values[:, None]
    np.testing.assert_array_equal(missing, ~later)
    assert not found.effect.sel(layer=5).any()


def test_nine_terms_leave_rounding_alone_and_positions_add_up(scribe: Model) -> None:
    all_positions = second_order_effects(scribe, task=TASKS["capital"], n_prompts=6, positions=99)
    shortest = all_positions.sizes["position"]
    assert all_positions.position.values.tolist() == list(range(-shortest, 0))
    assert np.abs(all_positions.remainder).max() < 2e-5
    np.testing.assert_allclose(all_positions.term.sum(), all_positions.total.mean(), atol=2e-5)
    lengths = [len(scribe.tokenize(text)) for text in all_positions.clean.values.tolist()]
    alike = np.flatnonzero(np.array(lengths) == shortest)
    assert len(alike)
    text = {name: [value[alike[0]]] for name, value in _words(scribe).items()}
    one = second_order_effects(scribe, xr.Dataset({k: ("prompt", v) for k, v in text.items()}), positions=99)
    np.testing.assert_allclose(one.layer_position_effect.sum("position"), one.effect.sum("neuron"), atol=1e-4)
    np.testing.assert_allclose(one.position_effect.sum("position"), one.listed_effect, atol=1e-5)
    assert np.isnan(one.listed_effect_low).all()


def _words(scribe: Model) -> dict[str, tuple[str, ...]]:
    problems = problems_of(scribe, evaluation=None, task=TASKS["capital"], n_prompts=6)
    return {"clean": problems.texts, "answer": problems.answers, "distractor": problems.wrong}


def test_from_the_last_layer_but_one_two_orders_are_all_that_there_is(found: xr.Dataset) -> None:
    late = found.captured.sel(layer=slice(4, 5))
    np.testing.assert_allclose(late.fillna(1.0), 1.0, atol=1e-6)
    assert not found.every_order.sel(layer=slice(4, 5)).where(late.isnull()).fillna(0.0).any()
    np.testing.assert_allclose(
        (found.effect + found.first_order).sel(layer=4), found.every_order.sel(layer=4), atol=1e-5
    )
    assert found.captured.max() <= 1 + 1e-9
    assert found.captured.sel(layer=0).min() < 0.9


def test_a_later_token_of_the_answer_has_effects_of_its_own(scribe: Model) -> None:
    task = TASKS["two-digit-arithmetic"]
    found = second_order_effects(scribe, task=task, n_prompts=16, answer_token=1)
    problems = problems_of(scribe, evaluation=None, task=task, n_prompts=16, answer_token=1)
    assert found.clean.values.tolist() == list(problems.texts)
    assert found.attrs["n"] == len(problems) < 16
    for row, prompt in enumerate(problems.prompts):
        logits = run(scribe, prompt).logits[0, -1]
        gap = float(logits[problems.target[row]] - logits[problems.distractor[row]])
        assert float(found.total[row]) == pytest.approx(gap, abs=2e-4)


def test_layers_and_gradients_narrow_the_list(scribe: Model) -> None:
    some = second_order_effects(scribe, task=TASKS["capital"], n_prompts=12, layers=(3, 1))
    assert some.layer.values.tolist() == [1, 3]
    assert set(some.neuron_layer.values.tolist()) <= {1, 3}
    gated = second_order_effects(scribe, task=TASKS["capital"], n_prompts=12, saliency_share=0.3)
    share = gated.saliency / gated.saliency.max()
    for address in gated.address.values.tolist():
        _, layer, neuron = address.split(".")
        assert share.sel(layer=int(layer), neuron=int(neuron)) >= 0.3
    with pytest.raises(BadInput, match="No neuron is left to list"):
        second_order_effects(scribe, task=TASKS["capital"], n_prompts=6, layers=(5,))
    with pytest.raises(BadInput, match="layers names 9, but builtin:scribe has layers 0 to 5"):
        second_order_effects(scribe, layers=(9,))


def test_a_direction_is_read_in_its_own_units(scribe: Model) -> None:
    vector = np.random.default_rng(0).normal(size=(7, scribe.width))
    given = xr.Dataset({"direction": (("depth", "width"), vector)})
    read = second_order_effects(scribe, direction=given, task=TASKS["capital"], n_prompts=6)
    twice = second_order_effects(scribe, direction=2 * given, task=TASKS["capital"], n_prompts=6)
    np.testing.assert_allclose(twice.effect, 2 * read.effect, atol=1e-5)
    assert read.effect.attrs["units"] == "a.u."
    assert read.attrs["reading"] == "direction"


def test_where_answers_are_swapped_by_chance_few_neurons_stand_out(scribe: Model) -> None:
    effect = direct_effects(scribe, 24)[:, :5].reshape(24, -1)
    turns = np.random.default_rng(0).choice([-1.0, 1.0], size=(300, 24))
    p = turned_sum_p(turns @ effect, np.abs(effect).sum(0)[None], (effect**2).sum(0)[None])
    for level in (0.01, 0.05, 0.2):
        assert (p <= level).mean() < 1.3 * level
    assert 0.4 < p.mean() < 0.65


@pytest.fixture(scope="module")
def wired(scribe: Model) -> Model:
    """Wire one neuron to fire at " and", and one later head to look for what it writes and say Mary.

    The attention of the first layer is switched off, so that the neuron sees its token alone.
    """
    network: Any = copy.deepcopy(scribe.hf)
    blocks, token = network.transformer.h, int(scribe.tokenize(" and")[0])
    first, later = blocks[LAYER], blocks[LATER].attn
    width, size = scribe.width, scribe.head_width
    told = network.lm_head.weight[_tokens(scribe)]
    with torch.no_grad():
        first.attn.c_proj.weight.zero_()
        first.attn.c_proj.bias.zero_()
        seen = first.ln_2(network.transformer.wte.weight)
        sought = seen[token] - seen.mean(0)
        along = seen @ sought
        first.mlp.c_fc.weight[:, NEURON] = sought * 12 / (along[token] - along.mean())
        first.mlp.c_fc.bias[NEURON] = -6 - 12 * along.mean() / (along[token] - along.mean())
        written = torch.randn(width, generator=torch.Generator().manual_seed(0))
        written -= written.mean()
        first.mlp.c_proj.weight[NEURON] = written / written.norm()
        own = slice(HEAD * size, (HEAD + 1) * size)
        reads = written / written.norm() / blocks[LATER].ln_1.weight
        for part in range(3):
            later.c_attn.weight[:, part * width :][:, own] = 0
            later.c_attn.bias[part * width :][own] = 0
        later.c_attn.bias[HEAD * size] = 20.0  # the query asks for what the neuron writes
        later.c_attn.weight[:, width + HEAD * size] = reads * 5
        later.c_attn.weight[:, 2 * width + HEAD * size] = reads * 3
        later.c_proj.weight[own] = 0
        later.c_proj.weight[HEAD * size] = told[0] - told[1]
    return Model(network, name="wired", tokenizer=scribe.tokenizer)


def _tokens(model: Model) -> list[int]:
    return [int(model.tokenize(name)[0]) for name in (" Mary", " John")]


def test_a_neuron_that_is_wired_to_answer_through_one_head_is_found_first(wired: Model) -> None:
    texts = [f"{name} saw the {thing} and gave it to" for name in NAMES for thing in ("dog", "book", "cup")]
    ends = {tuple(wired.tokenize(text)[-4:].tolist()) for text in texts}
    assert len(ends) == 1
    assert next(iter(ends))[0] == int(wired.tokenize(" and")[0])
    n = len(texts)
    asked = {"clean": texts, "answer": [" Mary"] * n, "distractor": [" John"] * n}
    evaluation = xr.Dataset({name: ("prompt", words) for name, words in asked.items()})
    found = second_order_effects(wired, evaluation.assign(correct=("prompt", [True] * n)))
    assert found.address[0] == f"mlp_act.{LAYER}.{NEURON}"
    assert (found.strongest_layer[0], found.strongest_head[0]) == (LATER, HEAD)
    assert found.head_share[0] > 0.5
    assert int(found.position[int(np.abs(found.position_effect[0].values).argmax())]) == -4
    assert found.p[0] < 1e-3
    assert found.correct.all()
    assert abs(cast(float, found.listed_effect[0])) > 1.5 * abs(cast(float, found.listed_effect[1]))
