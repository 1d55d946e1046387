"""How are many prompts linearised one after another, with no more held than one batch needs?"""

from collections.abc import Iterator, Sequence

from neuronscope.instruments.linear import Linearised, linearise
from neuronscope.instruments.linear.fixed import fixed
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.models.model import Model
from neuronscope.models.parts.taps import Absence
from neuronscope.results import track

_HELD = 2**26
_MOST_PROMPTS = 64


def held_passes(
    model: Model,
    problems: Problems,
    *,
    layers: Sequence[int] | None = None,
    at: int = -1,
    keep: Sequence[str] = (),
) -> Iterator[tuple[slice, Linearised]]:
    """Yield batches of the problems, each with its rows, linearised to second order.

    ``layers`` are those whose neurons are kept at every position, all by default; ``keep`` names further
    sites. A batch holds as many prompts as keep the neurons under 64 million numbers. Raises `BadInput` as
    `linearise` does.
    """
    wanted = [*neuron_sites(model, layers), *keep]
    per_token = max(1, model.n_neurons * len(wanted))
    longest = max((len(prompt) for prompt in problems.prompts), default=1)
    rows = min(_MOST_PROMPTS, max(1, _HELD // (per_token * longest)))
    for start in track(range(0, len(problems), rows), "batches of prompts"):
        chunk = slice(start, start + rows)
        yield chunk, linearise(model, list(problems.prompts[chunk]), at=at, order=2, keep=wanted)


def neuron_sites(model: Model, layers: Sequence[int] | None = None, *, stack: str | None = None) -> list[str]:
    """Return the sites that the neurons of some layers, all by default, are read from as writers.

    Layers whose neurons are hidden have none.
    """
    sites, parts = [], fixed(model, stack)
    for layer, part in enumerate(parts.layers):
        if (layers is None or layer in layers) and not isinstance(part.down, Absence):
            sites.append(f"mlp_act.{layer}")
            sites += [f"mlp_out.{layer}"] if part.mlp_after.module is not None else []
    return [parts.address(site) for site in sites]
