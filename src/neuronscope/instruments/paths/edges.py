"""Between which two ends may a path run, and which are all the paths of a model?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neuronscope.instruments.ops import Op
from neuronscope.models.model import Model
from neuronscope.models.sites import SITES, Site
from neuronscope.words import BadInput

Address = str | Site
SENDERS = ("embed", "resid_pre", "resid_mid", "resid_post", "z", "attn_out", "mlp_act", "mlp_out")
RECEIVERS = ("q", "k", "v", "mlp_in", "attn_in", "final", "logits")
ENDS = ("final", "logits")
"""Receivers behind the last block, whose reading is the answer itself."""


@dataclass(frozen=True, init=False)
class Edge:
    """One path: what is done at its senders, and the receivers that take over what comes of it.

    >>> from neuronscope.instruments import zero
    >>> Edge(zero("z.0.1"), "q.2.3")
    Edge((zero('z.0.1'),), (Site('q.2.3'),))
    """

    do: tuple[Op, ...]
    to: tuple[Site, ...]

    def __init__(self, do: Op | Iterable[Op], to: Address | Iterable[Address]) -> None:
        object.__setattr__(self, "do", (do,) if isinstance(do, Op) else tuple(do))
        named = [to] if isinstance(to, str | Site) else to
        object.__setattr__(self, "to", tuple(map(Site.parse, named)))

    def __repr__(self) -> str:
        return f"Edge({self.do}, {self.to})"


def each_edge(model: Model, do: Iterable[Op], to: Iterable[Address]) -> list[Edge]:
    """Return every edge from one of the changes to one of the receivers that is read after it.

    Senders come first in the order, then receivers. Raises `BadInput` for what can be neither.
    """
    ops, receivers = list(do), [checked(model, Site.parse(site), RECEIVERS, "receiver") for site in to]
    for op in ops:
        checked(model, op.site, SENDERS, "sender")
    return [Edge(op, site) for op in ops for site in receivers if _leads(model, op.site, site)]


def checked_edge(model: Model, edge: Edge) -> Edge:
    """Return an edge that can be in this model; raises `BadInput` for any other, with the reason."""
    if not edge.do or not edge.to:
        what, known = ("sender", SENDERS) if not edge.do else ("receiver", RECEIVERS)
        raise BadInput(f"A path needs at least one {what}: name a site such as {known[-1]}.")
    for op in edge.do:
        checked(model, op.site, SENDERS, "sender")
        if op.rows is not None:
            raise BadInput(f"{op} names rows, but every path has rows of its own: leave rows out.")
    for site in edge.to:
        checked(model, site, RECEIVERS, "receiver")
        if site.name in ENDS and len(edge.to) > 1:
            raise BadInput(f"{site} reads every path at once: as a receiver it stands alone.")
        if site.name in ENDS and site.position is not None:
            raise BadInput(f"{site} is measured at the last position: as a receiver it is {site.name}.")
        if not any(_leads(model, op.site, site) for op in edge.do):
            first = min((op.site for op in edge.do), key=lambda sender: _depth(model, sender))
            raise BadInput(f"{site} is read before {first} is written, so no path leads there.")
    return edge


def checked(model: Model, site: Site, known: Sequence[str], what: str) -> Site:
    """Return a site that may be the end of a path; raises `BadInput` for any other."""
    if site.name not in known or site.stack is not None:
        raise BadInput(f"{site} cannot be a {what}: choose among {', '.join(known)}.")
    if site.layer == "*":
        raise BadInput(f"{site} names every layer: name each {what} on its own.")
    return model.check(site)


def _leads(model: Model, sender: Site, receiver: Site) -> bool:
    return _depth(model, sender) < _depth(model, receiver)


def _depth(model: Model, site: Site) -> tuple[float, int]:
    """Return when a site is passed; side by side, what the MLP reads does not come after attention."""
    name = "attn_in" if site.name == "mlp_in" and model.anatomy.parallel else site.name
    if isinstance(site.layer, int):
        return site.layer, list(SITES).index(name)
    return (float("inf") if name in ENDS else -1.0), list(SITES).index(name)
