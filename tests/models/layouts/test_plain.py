"""The plain transformer as any other model: saved, opened, padded, written with, and refused where wrong."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.models import open_model
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer, sinusoids
from neuronscope.words import BadInput

KINDS: dict[str, dict[str, Any]] = {
    "learned": {},
    "rotary": {"positions": "rotary", "norm": "rms", "gated": True, "activation": "silu", "biases": []},
    "sinusoidal": {"positions": "sinusoidal", "num_key_value_heads": 2},
    "shortformer": {"positions": "shortformer", "norm": "none"},
    "local": {"attention_types": ["local", "global"], "window": 2},
}


def drawn(**choices: Any) -> Any:
    torch.manual_seed(4)
    network = PlainTransformer(PlainConfig(num_hidden_layers=2, **choices))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return network.double().eval()


def tokens(length: int = 7) -> Tensor:
    return torch.randint(50, (2, length), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_plain_transformer_opens_with_the_same_logits(tmp_path: Path, kind: str) -> None:
    network = drawn(**KINDS[kind])
    network.save_pretrained(tmp_path)
    opened = open_model(str(tmp_path), dtype="float64").hf
    assert all(
        torch.equal(weight, opened.state_dict()[name]) for name, weight in network.state_dict().items()
    )
    with torch.no_grad():
        torch.testing.assert_close(opened(tokens()).logits, network(tokens()).logits, rtol=0, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_writing_with_a_cache_equals_writing_without(kind: str) -> None:
    network, text = drawn(**KINDS[kind]), tokens()
    ones = torch.ones_like(text)
    written = network.generate(text, attention_mask=ones, max_new_tokens=5, do_sample=False, pad_token_id=0)
    for _ in range(5):
        with torch.no_grad():
            text = torch.cat([text, network(text).logits[:, -1:].argmax(-1)], dim=1)
    assert torch.equal(written, text)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_on_the_left_changes_no_number(kind: str) -> None:
    network, text = drawn(**KINDS[kind]), tokens()
    padded = torch.cat([torch.full((2, 3), 9), text], dim=1)
    mask = torch.ones_like(padded)
    mask[:, :3] = 0
    with torch.no_grad():
        alone, beside = network(text).logits, network(padded, attention_mask=mask).logits[:, 3:]
    torch.testing.assert_close(beside, alone, rtol=0, atol=1e-12)


def test_the_last_logits_alone_are_the_last_logits() -> None:
    network = drawn()
    with torch.no_grad():
        last = network(tokens(), logits_to_keep=1).logits
        torch.testing.assert_close(last, network(tokens()).logits[:, -1:], rtol=0, atol=1e-13)


def test_sinusoids_are_sines_and_cosines_of_slowing_angles() -> None:
    said = sinusoids(torch.arange(5)[None], 6)[0]
    for position in range(5):
        for pair in range(3):
            angle = torch.tensor(position / 10000 ** (2 * pair / 6), dtype=torch.float64)
            assert (said[position, 2 * pair] - angle.sin()).abs() < 1e-15
            assert (said[position, 2 * pair + 1] - angle.cos()).abs() < 1e-15


def test_a_model_that_masks_its_padding_token_refuses_a_cache() -> None:
    network = drawn(causal=False, mask_padding=True, pad_token_id=3)
    with (
        torch.no_grad(),
        pytest.raises(BadInput, match="reads a prompt at once: run it with use_cache=False"),
    ):
        network.generate(tokens(), attention_mask=torch.ones_like(tokens()), max_new_tokens=3)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"norm": "batch"}, "norm cannot be 'batch': choose layer, rms, none"),
        ({"positions": "alibi"}, "positions cannot be 'alibi': choose learned, rotary"),
        ({"activation": "rello"}, "There is no activation 'rello'"),
    ],
)
def test_a_choice_that_is_not_there_is_refused(choice: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        drawn(**choice)
