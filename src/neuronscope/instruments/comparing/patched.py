"""What is patched, where in the prompts, and along which axes do the answers lie?"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from neuronscope.instruments.comparing.components import Components, components, streams
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.comparing.twins import DIRECTIONS, Tokens, Twins
from neuronscope.models.model import Model
from neuronscope.models.sites import SITES, Site

EVERY_LAYER = -1


@dataclass(frozen=True, eq=False)
class Patched:
    """The parts that are patched and the tokens at which, each with each.

    ``along`` is the axis of the tokens, position or span, with ``names`` of the spans; nothing where all
    tokens are patched together. ``in_line`` lays the parts along ``site`` whatever they are.
    """

    parts: Components
    places: tuple[Tokens, ...]
    along: str = ""
    names: tuple[str, ...] = ()
    in_line: bool = False

    @property
    def cells(self) -> list[tuple[Site, Tokens]]:
        """Return every part at every place, the places of one part one after another."""
        return [(part, place) for part in self.parts for place in self.places]

    def spelt(self, cell: int) -> str:
        """Return the address of a cell with its place, such as ``z.2.4@3`` or ``z.2.4@subject``."""
        part, place = divmod(cell, len(self.places))
        at = self.names[place] if self.names else str(place)
        return f"{self.parts[part]}{f'@{at}' if self.along else ''}"

    @property
    def axes(self) -> str:
        """Return the words of the axes of what `laid` returns, but for further ones of the values."""
        return f"{'site' if self.in_line else self.parts.axes} {self.along}".strip()

    @property
    def site(self) -> str:
        """Return which place a cell is, as `placed` takes it."""
        return f"{'{site}' if self.in_line else self.parts.site}{f'@{{{self.along}}}' if self.along else ''}"

    def coords(self, model: Model, pairs: PromptPairs) -> dict[str, Any]:
        """Return the coordinates of these axes, as `label` takes them."""
        parts: dict[str, Any] = {"site": self.parts.labels} if self.in_line else self.parts.coords
        if self.along == "position":
            texts = [model.token_texts(tokens) for tokens in (pairs.clean[0], pairs.corrupt[0])]
            return parts | {"token": ("position", texts[0]), "corrupt_token": ("position", texts[1])}
        return parts | ({"span": list(self.names)} if self.along else {})

    def laid(self, values: Any) -> np.ndarray:
        """Return values [direction component place ...] along the direction and these axes."""
        ways = [np.asarray(way, dtype=float) for way in values]
        ways = ways if self.along else [way[:, 0] for way in ways]
        return np.stack(ways if self.in_line else [self.parts.laid(way) for way in ways])


def what_to_patch(model: Model, pairs: PromptPairs, sites: str, positions: str, layer: int) -> Patched:
    """Return the parts of one sort, of every layer or one, and the tokens at which they are patched.

    ``residual`` is the stream at every depth; any other sort is a site name, head by head or neuron by
    neuron where it has those. One pair is patched token by token, several by the named parts that every
    prompt has, or all tokens together. Raises `BadInput` where the model lacks the site or the layer.
    """
    if sites == "residual":
        parts = streams(model) if layer == EVERY_LAYER else components(model, f"resid_pre.{layer}")
    else:
        where = "*" if layer == EVERY_LAYER else layer
        parts = components(model, f"{sites}.{where}{'.*' if SITES[sites].unit else ''}")
    if positions == "usual":
        positions = "together" if parts[0].unit is not None else "each"
    if positions == "together":
        return Patched(parts, (None,))
    if len(pairs) == 1:
        tokens = [(range(at, at + 1),) for at in range(len(pairs.clean[0]))]
        return Patched(parts, tuple(tokens), "position")
    names = pairs.shared_spans
    spans = [tuple(own[name] for own in pairs.spans) for name in names]
    return Patched(parts, tuple(spans), "span", names)


def strongest(twins: Twins, patched: Patched, n: int) -> Patched:
    """Return the parts of the largest estimated effect in either direction, strongest first, in a line."""
    whole = replace(patched, places=(None,), along="", names=())
    moves = [twins.estimated(whole.parts, whole.places, way)[:, 0].mean(1).abs() for way in DIRECTIONS]
    best = (moves[0].maximum(moves[1])).argsort(descending=True, stable=True)[:n].tolist()
    return replace(patched, parts=Components(tuple(patched.parts[number] for number in best)), in_line=True)


def normalised(twins: Twins, values: Tensor | np.ndarray) -> np.ndarray:
    """Return values of the metric, prompts last, as how far they lie above the corrupt run, prompts first."""
    above = np.asarray(values, dtype=float) - twins.corrupt_metric.numpy()
    return np.moveaxis(above, -1, 0)


def facts_of(twins: Twins) -> dict[str, Any]:
    """Return what a result says of its prompts: both ends of the scale, and the answers of a single pair."""
    pairs = twins.pairs
    said = {
        "clean_metric": float(twins.clean_metric.mean()),
        "corrupt_metric": float(twins.corrupt_metric.mean()),
        "clean_above_corrupt": float((twins.span > 0).double().mean()),
        "n": len(pairs),
        "n_unit": "prompts" if len(pairs) > 1 else "prompt",
    }
    if len(pairs) == 1:
        texts = twins.model.token_texts([int(pairs.target[0]), int(pairs.distractor[0])])
        said |= {"target": texts[0], "distractor": texts[1]}
    return said
