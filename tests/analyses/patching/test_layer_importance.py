"""Layer importance, held to layers that do nothing and to runs without a layer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope import component_ablation, layer_importance
from neuronscope.data.tasks import open_task
from neuronscope.instruments import run
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.reference import ablations, reference_prompts
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

ARITHMETIC = {"task": "one-digit-arithmetic", "n_prompts": 4}


def test_a_layer_that_adds_nothing_matters_to_nothing_and_comes_last(
    make_model: Callable[..., Model],
) -> None:
    model = make_model()
    block = native(model).transformer.h[1]
    with torch.no_grad():
        for weight in (*block.attn.c_proj.parameters(), *block.mlp.c_proj.parameters()):
            weight.zero_()
    found = layer_importance(model, **ARITHMETIC)
    np.testing.assert_array_equal(found.effect.sel(layer=1), 0)
    np.testing.assert_array_equal(found.p.sel(layer=1), 1)
    assert found.critical_layer.values[-1] == 1
    assert float(found.critical_effect[-1]) == 0


def test_the_most_critical_layers_are_those_of_the_largest_effect_without_their_block(model: Model) -> None:
    found = layer_importance(model, **ARITHMETIC, n_critical=2)
    block = abs(found.effect.sel(site="block"))
    order = block.layer.values[np.argsort(-block.values)]
    assert found.critical_layer.values.tolist() == order[:2].tolist()
    best = found.effect.sel(site="block", layer=found.critical_layer)
    np.testing.assert_array_equal(found.critical_effect, best)


def test_single_outputs_are_those_of_component_ablation(model: Model, rounding: float) -> None:
    found = layer_importance(model, **ARITHMETIC).effect
    parts = component_ablation(model, **ARITHMETIC, parts="outputs").effect
    np.testing.assert_allclose(found.sel(site=parts.site), parts, atol=10 * rounding)


def test_a_block_is_a_run_without_its_attention_and_mlp(model: Model, rounding: float) -> None:
    found = layer_importance(model, **ARITHMETIC)
    pairs = prompt_pairs(model, open_task("one-digit-arithmetic"), n_prompts=4)
    sites = [f"{name}.{layer}" for layer in range(model.n_layers) for name in ("attn_add", "mlp_add")]
    ops = list(ablations(model, sites, reference_prompts(model, "prompts", pairs)).values())
    score = pairs.metric("logit_difference")
    base = score(run(model, list(pairs.clean)).logits[:, -1])
    for layer in range(model.n_layers):
        logits = run(model, list(pairs.clean), do=ops[2 * layer : 2 * layer + 2]).logits[:, -1]
        own = found.effect.sel(layer=layer, site="block")
        assert float(own) == pytest.approx(float((score(logits) - base).mean()), abs=10 * rounding)


def test_a_network_without_mlps_hangs_on_its_attention_alone(tmp_path: Path) -> None:
    rows = [("a b c a", "d b c a", " b", " c"), ("e f d e", "c f d e", " f", " d")]
    names = ("clean", "corrupt", "answer", "distractor")
    lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    (tmp_path / "letters.jsonl").write_text("\n".join(lines))
    found = layer_importance(
        "builtin:handmade-induction", task=open_task(str(tmp_path / "letters.jsonl")), n_prompts=2
    )
    assert found.site.values.tolist() == ["attn_add", "block"]
    np.testing.assert_allclose(found.effect.sel(site="block"), found.effect.sel(site="attn_add"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_critical": 0}, "n_critical=0 should be"),
        ({"reference": "prompt"}, "reference='prompt' should be"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        layer_importance(make_model(), **(ARITHMETIC | arguments))


def test_one_prompt_has_no_intervals(make_model: Callable[..., Model]) -> None:
    found = layer_importance(make_model(), task="one-digit-arithmetic", n_prompts=1)
    assert set(found) == {"effect", "critical_layer", "critical_effect"}
    assert (found.effect.attrs["n"], found.effect.attrs["n_unit"]) == (1, "prompt")
