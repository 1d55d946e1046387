"""The weights found for the values make the values that the patterns average, however a family keeps them."""

import pytest
import torch

from neuronscope.instruments import run
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.values import APART, BLOCKS, BY_HEAD, values_of
from tests.models.tiny import shared, some_tokens

LAYOUTS = {
    "gpt2": BLOCKS,
    "gpt_neox parallel": BY_HEAD,
    "bloom": BY_HEAD,
    "llama": APART,
    "opt": APART,
    "gemma": APART,
    "qwen2": APART,
}


@pytest.mark.parametrize(("family", "layout"), LAYOUTS.items())
def test_weights_and_bias_give_the_values(family: str, layout: str) -> None:
    model = shared(family, torch.float64)
    seen = run(model, some_tokens(), get=["attn_in.1", "v.1"])
    attention = model.anatomy.attention[1]
    assert attention is not None
    found = values_of(attention, seen["attn_in.1"], seen["v.1"], 1e-6)
    assert not isinstance(found, Absence)
    assert found.layout == layout
    other = run(model, some_tokens(seed=5), get=["attn_in.1", "v.1"])
    made = torch.einsum("bpw,gwk->bpgk", other["attn_in.1"], found.rows)
    made = made if found.bias is None else made + found.bias
    torch.testing.assert_close(made, other["v.1"], rtol=0, atol=1e-10)


def test_values_that_no_map_makes_are_absent_with_the_reason() -> None:
    model = shared("gpt2", torch.float64)
    seen = run(model, some_tokens(), get=["attn_in.1", "v.1"])
    attention = model.anatomy.attention[1]
    assert attention is not None
    found = values_of(attention, seen["attn_in.1"], seen["v.1"] ** 2, 1e-6)
    assert isinstance(found, Absence)
    assert "no linear map in its attention" in found.reason
