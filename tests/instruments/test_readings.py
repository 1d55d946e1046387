import pytest
import torch

from neuronscope.instruments import Readings
from neuronscope.models import Site
from neuronscope.words import BadInput


def readings(*addresses: str) -> Readings:
    whole = torch.arange(2 * 5 * 4 * 3).reshape(2, 5, 4, 3)
    cuts = {"z.0": whole, "z.1": -whole, "z.0.2": whole[:, :, 2], "z.0@-1": whole[:, -1], "pattern.0": whole}
    return Readings({Site.parse(address): cuts[address] for address in addresses}, 2)


def test_a_part_is_found_in_the_whole() -> None:
    seen = readings("z.0")
    assert torch.equal(seen["z.0.3@1"], seen["z.0"][:, 1, 3])
    assert torch.equal(seen["z.0@1:3"], seen["z.0"][:, 1:3])
    assert "z.0.3@1" in seen
    assert "z.1" not in seen


def test_a_position_is_found_in_a_head_that_was_read() -> None:
    seen = readings("z.0.2")
    assert torch.equal(seen["z.0.2@-2"], seen["z.0.2"][:, -2])
    assert "z.0.3@-2" not in seen


def test_a_position_of_a_pattern_is_its_query() -> None:
    seen = readings("pattern.0")
    assert torch.equal(seen["pattern.0.4@-1"], seen["pattern.0"][:, 4, -1])


def test_a_wildcard_needs_every_layer() -> None:
    assert readings("z.0", "z.1")["z.*"].shape == (2, 2, 5, 4, 3)
    with pytest.raises(BadInput, match=r"z\.1 was not read in this run"):
        _ = readings("z.0")["z.*"]


def test_what_was_not_read_is_refused_naming_what_was() -> None:
    with pytest.raises(
        BadInput, match=r"z\.1 was not read in this run: ask for it with get; did you mean 'z\.0'"
    ):
        _ = readings("z.0")["z.1"]
    with pytest.raises(
        BadInput, match=r"logits was not read in this run: ask for it with get; read were z\.0"
    ):
        _ = readings("z.0")["logits"]
    with pytest.raises(BadInput, match="read were no sites"):
        _ = readings()["logits"]
    with pytest.raises(BadInput, match=r"z\.0@9 is out of range: the prompt has 5 positions"):
        _ = readings("z.0")["z.0@9"]


def test_a_slice_does_not_give_the_whole() -> None:
    assert "z.0" not in readings("z.0@-1")
    assert "z.0@-1" in readings("z.0@-1")
