"""Quantised weights take only what is worked out from them; all that passes between them stays exact."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from neuronscope.instruments import put, run, sweep, zero
from neuronscope.models import Model
from neuronscope.models.certificate import EXACT, REFUSED
from neuronscope.words import BadInput
from tests.models.tiny import eager, lacked, opened, some_tokens


class Packed(Tensor):
    """Eight-bit weights with a scale a row, which know how to multiply and nothing else."""

    numbers: Tensor
    scale: Tensor

    @staticmethod
    def __new__(cls, numbers: Tensor, scale: Tensor) -> "Packed":
        return Tensor._make_wrapper_subclass(cls, numbers.shape, dtype=scale.dtype)  # pyright: ignore

    def __init__(self, numbers: Tensor, scale: Tensor) -> None:
        self.numbers, self.scale = numbers, scale

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return ["numbers", "scale"], None

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is nn.functional.linear:
            given, weight, *bias = (*args, *(kwargs or {}).values())
            return nn.functional.linear(given, weight.numbers * weight.scale, *bias)
        return super().__torch_function__(func, types, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.detach.default:
            return Packed(args[0].numbers, args[0].scale)
        raise NotImplementedError(f"{func} is not known to packed weights")


class Eighth(nn.Linear):
    """A linear map whose weight is a plain eight-bit tensor, scaled as it is used."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(linear.in_features, linear.out_features, linear.bias is not None)
        numbers, self.scale = rounded(linear.weight)
        self.weight = nn.Parameter(numbers, requires_grad=False)
        self.bias = linear.bias

    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.linear(input, self.weight * self.scale, self.bias)


def rounded(weight: Tensor) -> tuple[Tensor, Tensor]:
    scale = weight.detach().abs().amax(1, keepdim=True) / 127
    return (weight.detach() / scale).round().to(torch.int8), scale


def packed(linear: nn.Linear) -> nn.Linear:
    linear.weight = nn.Parameter(Packed(*rounded(linear.weight)), requires_grad=False)
    return linear


def quantised(family: str, how: Any) -> Model:
    network = eager(family)
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Linear) and "head" not in name and "gate" not in name.split(".")[-1:]:
            path, _, last = name.rpartition(".")
            setattr(network.get_submodule(path), last, how(module))
    return Model(network, name=family)


@pytest.mark.parametrize("how", [packed, Eighth])
@pytest.mark.parametrize("family", ["llama", "gpt_neox parallel", "bloom", "mixtral"])
def test_what_passes_between_quantised_weights_is_certified_exact(family: str, how: Any) -> None:
    model = quantised(family, how)
    plain = opened(family).certificate
    assert set(model.certificate.of(EXACT)) == set(plain.of(EXACT))
    assert set(model.certificate.of(REFUSED)) == {*plain.of(REFUSED), "result"}
    assert model.head_width == 12
    assert model.n_neurons == opened(family).n_neurons


def test_the_results_of_heads_are_refused_with_the_reason() -> None:
    with pytest.raises(BadInput, match=r"its weights are packed as Packed, and .* the nearest site is z"):
        run(quantised("llama", packed), some_tokens(), get="result.1")
    with pytest.raises(BadInput, match="its weights are quantised to int8, and it is worked out from them"):
        run(quantised("llama", Eighth), some_tokens(), get="result.1")


def test_a_quantised_model_is_read_changed_and_swept() -> None:
    model, tokens = quantised("llama", packed), some_tokens(rows=1)
    seen = run(model, tokens, get=["z.1", "mlp_act.1", "resid_post.1"])
    assert torch.equal(run(model, tokens, do=[put(site, seen) for site in seen.sites]).logits, seen.logits)
    cells = [zero(f"z.{layer}.{head}") for layer in range(3) for head in range(4)]
    swept = sweep(model, tokens, cells, lambda logits: logits[..., 3])
    alone = [run(model, tokens, do=cell).logits[0, -1, 3].double() for cell in cells]
    torch.testing.assert_close(swept.values.flatten(), torch.stack(alone), rtol=1e-5, atol=1e-5)


def test_the_fingerprint_is_over_the_packed_numbers() -> None:
    model = quantised("llama", packed)
    assert model.fingerprint == quantised("llama", packed).fingerprint
    assert model.fingerprint not in (opened("llama").fingerprint, quantised("llama", Eighth).fingerprint)
    other: Any = quantised("llama", packed)
    other.hf.model.layers[1].mlp.down_proj.weight.numbers[0, 0] += 1
    assert other.fingerprint != model.fingerprint


def test_weights_that_torchao_quantised_are_certified_run_and_swept() -> None:
    quantization: Any = pytest.importorskip("torchao.quantization", reason="torchao is not installed")
    network = eager("llama")
    quantization.quantize_(network, quantization.Int8WeightOnlyConfig())
    model, tokens = Model(network), some_tokens(rows=1)
    assert set(model.certificate.of(REFUSED)) == {"result", *lacked("llama")}
    assert model.fingerprint
    swept = sweep(model, tokens, [zero("z.1.2"), zero("mlp_act.1.3")], lambda logits: logits[..., 3])
    alone = [run(model, tokens, do=zero(site)).logits[0, -1, 3].double() for site in ("z.1.2", "mlp_act.1.3")]
    torch.testing.assert_close(swept.values.flatten(), torch.stack(alone), rtol=1e-5, atol=1e-5)
