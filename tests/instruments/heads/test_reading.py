"""Patterns come in parts that fit, and no part depends on the others."""

import numpy as np
import torch

from neuronscope.instruments import run
from neuronscope.instruments.heads.reading import (
    Patterns,
    head_patterns,
    is_causal,
    measured_heads,
    visible_keys,
)
from neuronscope.models import open_model
from tests.models.tiny import shared

PROMPTS = [torch.arange(3, 9), torch.arange(10, 14), torch.arange(20, 26)]


def test_every_prompt_and_layer_comes_once_with_its_own_pattern() -> None:
    model = open_model("builtin:scribe", dtype="float64")
    for held in (1, 500, 2**22):
        seen = set()
        for part in head_patterns(model, PROMPTS, held=held):
            for place, layer in enumerate(part.layers):
                for at, row in enumerate(part.rows):
                    own = run(model, PROMPTS[row], get=f"pattern.{layer}")[f"pattern.{layer}"][0]
                    np.testing.assert_allclose(part.pattern[place, at], own.double(), atol=1e-12)
                    seen.add((layer, row))
        assert len(seen) == model.n_layers * len(PROMPTS)


def test_a_part_holds_no_more_than_was_said() -> None:
    model = open_model("builtin:scribe", dtype="float64")
    held = 2 * model.n_heads * 36
    assert all(part.pattern.size <= held for part in head_patterns(model, PROMPTS, held=held))


def test_measures_do_not_depend_on_the_prompts_beside() -> None:
    model = open_model("builtin:scribe", dtype="float64")

    def largest(part: Patterns) -> dict[str, np.ndarray]:
        return {"largest": part.pattern.max((-2, -1))}

    together = measured_heads(model, PROMPTS, largest)["largest"]
    alone = [measured_heads(model, [prompt], largest)["largest"][0] for prompt in PROMPTS]
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_a_causal_model_sees_what_came_before_and_an_encoder_everything() -> None:
    causal, both = open_model("builtin:scribe", dtype="float64"), shared("bert")
    assert (visible_keys(causal, PROMPTS[0]) == np.tril(np.ones((6, 6), dtype=bool))).all()
    assert visible_keys(both, PROMPTS[0]).all()
    assert is_causal(causal)
    assert is_causal(shared("codegen"))
    assert not is_causal(both)
