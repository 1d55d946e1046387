"""Networks that know nothing of transformers, read, changed and differentiated through their own modules."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from neuronscope.instruments import run, scale, zero
from neuronscope.models import open_module
from neuronscope.words import BadInput


class Seeing(nn.Module):
    """Two convolutions and a linear map."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3)
        self.body = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 4, 3))
        self.classes = nn.Linear(4, 5)

    def forward(self, image: Tensor) -> Tensor:
        """Return scores [batch class]."""
        return self.classes(self.body(self.first(image)).mean((2, 3)))


class Remembering(nn.Module):
    """An embedding, an LSTM whose output is a tuple, and a linear map."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(10, 6)
        self.memory = nn.LSTM(6, 7, batch_first=True)
        self.said = nn.Linear(7, 10)

    def forward(self, tokens: Tensor, *, gain: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return scores [batch position token] and the last state."""
        states, (last, _) = self.memory(self.words(tokens))
        return gain * self.said(states), last


def network(kind: type[nn.Module]) -> Any:
    torch.manual_seed(0)
    return kind().double().eval()


IMAGES = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(1)).double()
TOKENS = torch.tensor([[1, 2, 3, 9], [4, 4, 0, 7]])


def test_a_cnn_is_read_on_a_tensor_or_by_name_and_says_what_it_says() -> None:
    plain = network(Seeing)
    model = open_module(plain)
    done = run(model, IMAGES, get=["module.first:out", "module.classes:in"])
    with torch.no_grad():
        assert torch.equal(done["module.first:out"], plain.first(IMAGES))
        assert torch.equal(done.logits, plain(IMAGES))
    assert torch.equal(run(model, {"image": IMAGES}).logits, done.logits)
    assert model.name == "Seeing"


def test_a_module_of_a_cnn_is_written_to() -> None:
    plain = network(Seeing)
    done = run(open_module(plain), IMAGES, do=[zero("module.body.1:out")])
    assert torch.equal(done.logits, plain.classes.bias.detach().expand(2, 5))
    assert torch.equal(plain(IMAGES), run(open_module(plain), IMAGES).logits)


def test_the_gradient_at_a_module_equals_a_finite_difference() -> None:
    model, step = open_module(network(Seeing)), 1e-6
    site = "module.first:out"
    taken = run(model, IMAGES, get=site, grad=lambda logits: logits[0, 2])
    along = (taken.grad[site] * taken[site]).sum()
    up, down = (run(model, IMAGES, do=[scale(site, 1 + e)]).logits[0, 2] for e in (step, -step))
    torch.testing.assert_close(along, (up - down) / (2 * step), rtol=1e-7, atol=1e-9)


def test_the_first_tensor_of_a_tuple_is_read_and_written() -> None:
    plain = network(Remembering)
    model = open_module(plain)
    done = run(model, TOKENS, get=["module.memory:out", "module.said:in"])
    assert done["module.memory:out"].shape == (2, 4, 7)
    assert torch.equal(done["module.memory:out"], done["module.said:in"])
    assert torch.equal(done.logits, plain(TOKENS)[0])
    still = run(model, TOKENS, do=[zero("module.memory:out")]).logits
    assert torch.equal(still, plain.said.bias.detach().expand(2, 4, 10))


def test_further_arguments_go_in_by_name() -> None:
    model = open_module(network(Remembering))
    doubled = run(model, {"tokens": TOKENS, "gain": 2.0}).logits
    assert torch.equal(doubled, 2 * run(model, TOKENS).logits)


def test_named_sites_are_refused_with_a_reason() -> None:
    model = open_module(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), name="mlp")
    assert (model.n_layers, model.n_parameters, len(model.fingerprint)) == (0, 26, 16)
    with pytest.raises(BadInput, match=r"^mlp has no resid_post: "):
        run(model, torch.rand(2, 3), get="resid_post.0")
    with pytest.raises(BadInput, match=r"This model has no module '5'"):
        run(model, torch.rand(2, 3), get="module.5:out")
    assert run(model, torch.rand(2, 3), get="module.1:out")["module.1:out"].shape == (2, 4)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(BadInput, match=r"str is no network: give a torch\.nn\.Module"):
        open_module("gpt2")  # pyright: ignore[reportArgumentType]
    with pytest.raises(BadInput, match="ReLU has no parameters"):
        open_module(nn.ReLU())


def test_a_network_in_training_mode_is_put_right_once_and_refused_later() -> None:
    plain = network(Seeing).train()
    model = open_module(plain)
    assert not plain.training
    plain.body.train()
    with pytest.raises(BadInput, match="training mode"):
        run(model, IMAGES)
