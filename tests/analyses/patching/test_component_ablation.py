"""Component ablation, held to networks whose parts are known and to single runs with one part taken out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope import component_ablation
from neuronscope.data.tasks import Task, open_task
from neuronscope.instruments import run
from neuronscope.instruments.comparing.components import heads
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.reference import ablations, reference_prompts
from neuronscope.models import Model, open_model
from neuronscope.results import load, save
from neuronscope.words import BadInput

ARITHMETIC = {"task": "one-digit-arithmetic", "n_prompts": 4}


def task_of(folder: Path, *rows: tuple[str, str, str, str]) -> Task:
    """A task of these pairs: clean, corrupt, answer, distractor."""
    words = ("clean", "corrupt", "answer", "distractor")
    (folder / "pairs.jsonl").write_text(
        "".join(json.dumps(dict(zip(words, row, strict=True))) + "\n" for row in rows)
    )
    return open_task(str(folder / "pairs.jsonl"))


@pytest.mark.parametrize("ablation", ["mean", "resample", "zero"])
def test_on_the_network_written_by_hand_only_the_two_true_heads_count(tmp_path: Path, ablation: str) -> None:
    letters = "a b c d e f".split()
    rows = [
        (f"{x} {y} {z} {x}", f"{y} {x} {z} {x}", f" {y}", f" {z}")
        for x, y, z in zip(letters, letters[1:] + letters[:1], letters[2:] + letters[:2], strict=True)
    ]
    found = component_ablation(
        open_model("builtin:handmade-induction", dtype="float64"),
        task=task_of(tmp_path, *rows), n_prompts=6, ablation=ablation, metric="log_probability",
    )  # fmt: skip
    counts = {(int(layer), int(head)) for layer, head in np.argwhere(abs(found.effect.values) > 1e-12)}
    assert counts == {(0, 0), (1, 0)}
    assert float(found.effect.sel(layer=1, head=0)) < -1
    assert (found.p.values[abs(found.effect.values) <= 1e-12] > 0.99).all()


def test_of_spare_heads_none_counts_alone_and_a_pair_of_them_decides(tmp_path: Path) -> None:
    task = task_of(tmp_path, ("1 1 and", "0 0 and", " 1", " 0"), ("1 1 or", "0 0 or", " 1", " 0"))
    asked = {"model": "builtin:gates", "task": task, "n_prompts": 2, "ablation": "zero", "n_random": 60}
    found = component_ablation(**asked, chosen="z.0.0 z.0.2")
    np.testing.assert_allclose(found.effect, 0, atol=1e-5)
    assert float(found.together) == pytest.approx(-20, abs=1e-4)  # -40 of the AND, 0 of the OR
    null = found.together_null.values
    assert {round(value) for value in null} == {-20, 0}  # the other two carry the other bit
    as_much = np.sum(null < -10)  # sets of the very same heads among them
    assert float(found.together_p) == (1 + as_much) / 61
    other = component_ablation(**asked, chosen="z.0.0 z.0.1")
    assert float(other.together) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("ablation", ["mean", "resample", "zero"])
def test_every_effect_is_that_of_runs_with_one_part_taken_out(
    model: Model, rounding: float, ablation: str
) -> None:
    found = component_ablation(model, **ARITHMETIC, ablation=ablation)
    pairs = prompt_pairs(model, open_task("one-digit-arithmetic"), n_prompts=4)
    reference = reference_prompts(model, "prompts", pairs)
    ops = ablations(model, heads(model), reference, ablation=ablation)
    ends = torch.arange(4)
    score = pairs.metric("logit_difference")
    base = run(model, list(pairs.clean))
    for site in list(heads(model))[::5]:
        logits = run(model, list(pairs.clean), do=ops[site]).logits[ends, -1]  # padded in front
        effect = (score(logits) - score(base.logits[ends, -1])).mean()
        cell = found.effect.sel(layer=site.layer, head=site.unit)
        assert float(cell) == pytest.approx(float(effect), abs=10 * rounding)


def test_a_part_that_writes_nothing_has_no_effect_and_is_no_discovery(
    make_model: Callable[..., Model],
) -> None:
    model = make_model()
    with torch.no_grad():
        model.hf.transformer.h[1].mlp.c_proj.weight[7:9] = 0  # pyright: ignore
    found = component_ablation(model, **ARITHMETIC, parts="neurons", layer=1)
    silent = found.isel(layer=0, neuron=[7, 8])
    np.testing.assert_array_equal(silent.effect, 0)
    np.testing.assert_array_equal(silent.p, 1)
    np.testing.assert_array_equal(silent.effect_size, 0)
    assert found.effect.dims == ("layer", "neuron")


def test_outputs_lie_by_layer_and_site(model: Model) -> None:
    found = component_ablation(model, **ARITHMETIC, parts="outputs")
    assert found.effect.dims == ("layer", "site")
    assert found.site.values.tolist() == ["attn_add", "mlp_add"]
    assert component_ablation(model, **ARITHMETIC, chosen="mlp_add.1").effect.shape == (1, 1)


def test_chosen_parts_alone_are_those_of_all(model: Model, rounding: float) -> None:
    whole = component_ablation(model, **ARITHMETIC)
    some = component_ablation(model, **ARITHMETIC, chosen="z.2.1 z.0.3", n_random=3)
    for layer, head in [(2, 1), (0, 3)]:
        ends = (found.effect.sel(layer=layer, head=head) for found in (some, whole))
        np.testing.assert_allclose(*ends, atol=10 * rounding)
    assert some.effect.isnull().sum() == 2
    assert some.sizes["item"] == 3
    assert float(some.together_low) <= float(some.together) <= float(some.together_high)


def test_without_random_sets_the_rest_is_the_same(model: Model, rounding: float) -> None:
    asked = {**ARITHMETIC, "chosen": "z.2.1"}
    alone, among = (component_ablation(model, **asked, n_random=n) for n in (0, 3))
    assert set(among) - set(alone) == {"together_null", "together_p"}
    xr.testing.assert_allclose(alone, among[list(alone)], atol=10 * rounding)


def test_an_answer_with_single_numbers_survives_its_file(
    make_model: Callable[..., Model], tmp_path: Path
) -> None:
    found = component_ablation(make_model(), **ARITHMETIC, chosen="z.2.1", n_random=3)
    save(found, tmp_path / "kept.nc")
    assert load(tmp_path / "kept.nc").identical(found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"parts": "neurons"}, "give a layer, or name some"),
        ({"chosen": "z.0.1 mlp_add.1"}, "are of several sorts"),
        ({"chosen": "z.0.9"}, "z.0.9 is out of range"),
        ({"ablation": "median"}, "ablation='median' should be"),
        ({"metric": "loss"}, "metric='loss' should be"),
    ],
)
def test_what_cannot_be_taken_out_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        component_ablation(make_model(), **(ARITHMETIC | arguments))


def test_one_prompt_has_no_intervals(make_model: Callable[..., Model]) -> None:
    found = component_ablation(
        make_model(), task="one-digit-arithmetic", n_prompts=1, chosen="z.2.1 z.0.3", n_random=3
    )
    assert set(found) == {"effect", "together", "together_null", "together_p"}
    assert (found.effect.attrs["n"], found.effect.attrs["n_unit"]) == (1, "prompt")
