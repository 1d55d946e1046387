"""Sharing means and biases out evenly gives the same sum as the exact shares, and other shares."""

from collections.abc import Iterator

import pytest
import torch

from neuronscope.data.digits import NAMES, digits
from neuronscope.instruments import Linearised, linearise
from neuronscope.instruments.second_order import strengths, vectors
from neuronscope.instruments.second_order.uniform import uniform_effects, uniform_share
from neuronscope.models import open_model
from neuronscope.words import BadInput
from tests.models.tiny import shared, some_tokens

N_LAYERS = 4
PRECISION = 1e-6  # the towers take their softmax in float32


@pytest.fixture(scope="module")
def seen() -> Linearised:
    """Some digits before the image tower of the small CLIP, in float64."""
    model = open_model("builtin:digits-clip", dtype="float64")
    words = model.tokenizer([f"the digit {name}" for name in NAMES], return_tensors="pt")  # pyright: ignore[reportOptionalCall]
    inputs = {"pixel_values": digits("held-out").images[:6], "input_ids": words["input_ids"]}
    sites = ("resid_pre", "mlp_act", "attn_add", "mlp_add")
    keep = [f"vision/{site}.{layer}" for site in sites for layer in range(N_LAYERS)]
    return linearise(model, inputs, at=0, order=2, stack="vision", keep=keep)


def written_before(seen: Linearised, at: int) -> Iterator[torch.Tensor]:
    """Yield all that wrote to the stream before a layer: the embedding, then attention and MLP in turn."""
    yield seen.seen["vision/resid_pre.0"]
    for layer in range(at):
        yield from (seen.seen[f"vision/{site}.{layer}"] for site in ("attn_add", "mlp_add"))


@pytest.mark.parametrize("at", range(N_LAYERS))
def test_even_shares_of_all_parts_sum_to_the_layers_share_of_the_last_norm(seen: Linearised, at: int) -> None:
    n_parts, writers, final = 1 + 2 * at, 1 + 2 * N_LAYERS, seen.parts.final
    whole = sum(uniform_share(seen, at, part, n_parts) for part in written_before(seen, at))
    assert final.gain is not None
    assert final.bias is not None
    added = seen.seen[f"vision/attn_add.{at}"][:, 0] - seen.last.mean(-1, keepdim=True) / writers
    wanted = final.gain * added / seen.final_scale[:, None] + final.bias / writers
    torch.testing.assert_close(whole, wanted, rtol=0, atol=PRECISION)


@pytest.mark.parametrize("layer", [0, 2])
def test_neurons_with_their_even_shares_sum_to_the_whole_mlp(seen: Linearised, layer: int) -> None:
    effects, written = uniform_effects(seen, layer), seen.seen[f"vision/mlp_add.{layer}"]
    wanted = sum(uniform_share(seen, at, written, 1 + 2 * at) for at in range(layer + 1, N_LAYERS))
    torch.testing.assert_close(effects.sum(1), wanted, rtol=0, atol=PRECISION)


def test_one_neurons_even_share_is_not_its_exact_share(seen: Linearised) -> None:
    exact = torch.einsum("bpn,npw->bnw", strengths(seen, 2), vectors(seen.model, 2, stack="vision"))
    even = uniform_effects(seen, 2)
    apart = (even - even.mean(0)) - (exact - exact.mean(0))
    assert 0.05 < apart.norm() / (exact - exact.mean(0)).norm() < 0.3


def test_where_no_head_reads_or_no_mean_is_taken_there_is_nothing_to_share(seen: Linearised) -> None:
    with pytest.raises(BadInput, match="No head reads after layer 3"):
        uniform_effects(seen, N_LAYERS - 1)
    llama = linearise(
        shared("llama", torch.float64), some_tokens(), order=2, keep=["mlp_act.0", "resid_pre.1"]
    )
    with pytest.raises(BadInput, match="layer norms"):
        uniform_effects(llama, 0)
