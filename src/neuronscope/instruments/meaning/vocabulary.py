"""Which tokens does a neuron write to, and which does it read? Its weights beside those of every token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.comparing.components import Components
from neuronscope.instruments.linear import logit_direction, pulled_back
from neuronscope.instruments.meaning.weights import (
    branches,
    input_norm,
    input_weights,
    neuron_inputs,
    neuron_outputs,
    token_vectors,
)
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.results import track

_AT_ONCE = 512
SIDES = {"mlp_pre": "reads", "mlp_up": "reads (up)"}


@dataclass(frozen=True, eq=False)
class Connection:
    """One side of a neuron: its connection to every token, and what random weights of its length would give.

    ``largest`` are the sizes of the largest connection of each random vector, ``tailedness`` their kurtosis.
    """

    site: Site
    side: str
    tokens: Float[Tensor, " vocab"]
    largest: Float[Tensor, " item"]
    tailedness: Float[Tensor, " item"]


def written_tokens(model: Model) -> Float[Tensor, "vocab width"]:
    """Return the direction of the stream that moves the logit of each token, the norm's scale left out."""
    ids = torch.arange(model.vocab_size, device=model.device)
    return pulled_back(model, logit_direction(model, ids))


def connections(
    model: Model, chosen: Sequence[Site], written: Tensor, *, n_null: int, seed: int = 0
) -> Iterator[Connection]:
    """Yield for each neuron what it writes to the vocabulary and what it reads, a gate's branches apart."""
    drawn = torch.randn(
        n_null, model.width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    unit = (drawn / drawn.norm(dim=-1, keepdim=True)).to(written)
    by_chance = _chance(unit @ written.T)
    table = token_vectors(model)
    read_by_chance: dict[tuple[int, str], tuple[Tensor, Tensor]] = {}
    for site in chosen:
        layer, neuron = site.layer, site.unit
        assert isinstance(layer, int)
        assert neuron is not None
        vector = neuron_outputs(model, layer)[neuron]
        length = vector.norm()
        yield Connection(site, "writes", written @ vector, by_chance[0] * length, by_chance[1])
        for branch in branches(model):
            key = (layer, branch)
            if key not in read_by_chance:
                read_by_chance[key] = _chance(input_norm(model, *key).back(unit) @ table.T)
            largest, tailedness = read_by_chance[key]
            length = input_weights(model, *key)[:, neuron].norm()
            values = table @ neuron_inputs(model, *key)[neuron]
            yield Connection(site, SIDES[branch], values, largest * length, tailedness)


def _chance(values: Tensor) -> tuple[Tensor, Tensor]:
    return values.abs().amax(-1), kurtosis(values)


def kurtosis(values: Float[Tensor, "*axes vocab"]) -> Float[Tensor, "*axes"]:
    """Return the kurtosis over the vocabulary: 3 for a normal one, high where few tokens stand out."""
    centred = values.double() - values.double().mean(-1, keepdim=True)
    square = centred.square()
    return square.square().mean(-1) / square.mean(-1).square()


def most_selective(model: Model, written: Tensor, layers: Sequence[int], n: int) -> list[str]:
    """Return the addresses of the neurons that single out tokens most, by the kurtosis of their logits."""
    found: list[tuple[float, str]] = []
    for layer in track(layers, "layers"):
        vectors = neuron_outputs(model, layer)
        tailed = torch.cat([kurtosis(part @ written.T) for part in vectors.split(_AT_ONCE)]).nan_to_num()
        best = tailed.topk(min(n, len(tailed)))
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        found += [(value, f"mlp_act.{layer}.{neuron}") for value, neuron in pairs]
    return [address for _, address in sorted(found, key=lambda pair: -pair[0])[:n]]


def ordered(chosen: Components, addresses: Sequence[str]) -> list[Site]:
    """Return the parts in the order of some addresses rather than in that of the model."""
    by_label = {str(site): site for site in chosen}
    return [by_label[address] for address in addresses]
