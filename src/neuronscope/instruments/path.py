"""How much of an effect runs along one path, from a sender to a receiver, with the rest held as it was?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.metrics import LastMetric, measured
from neuronscope.instruments.ops import put
from neuronscope.instruments.run import Run, run
from neuronscope.models.batch import Batch
from neuronscope.models.inputs import Inputs, prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import SITES, Site
from neuronscope.words import BadInput

Held = Literal["free", "frozen"]
Address = str | Site
_SENDERS = ("embed", "resid_pre", "resid_mid", "resid_post", "z", "attn_out", "mlp_out", "mlp_act")
_RECEIVERS = ("q", "k", "v", "mlp_in", "attn_in", "final", "logits")
_ENDS = ("final", "logits")


@dataclass(frozen=True, eq=False)
class PathPatch:
    """The metric of every prompt with the path patched, and without."""

    values: Float[Tensor, " batch"]
    base: Float[Tensor, " batch"]

    @property
    def effect(self) -> Float[Tensor, " batch"]:
        """Return by how much the path moves the metric."""
        return self.values - self.base


def path_patch(
    model: Model,
    base: Inputs,
    source: Inputs,
    senders: Address | Iterable[Address],
    receivers: Address | Iterable[Address],
    metric: LastMetric,
    *,
    mlps: Held = "free",
    heads: Held = "frozen",
) -> PathPatch:
    """Return the metric of the base prompts when only paths from senders to receivers carry the source.

    Exact path patching (Wang et al. 2022, Goldowsky-Dill et al. 2023), in two passes after the base and the
    source run. In the first, senders hold what they held in the source run and every other head writes what
    it wrote in the base run; MLPs work on what they are given, or with ``mlps="frozen"`` write what they
    wrote. What the receivers then read is put into a second pass, in which nothing else is held.

    Senders are heads ``z.9.6``, MLPs ``mlp_out.3`` or the stream ``resid_pre.4@2``; receivers are ``q``,
    ``k``, ``v`` of heads, ``mlp_in``, ``attn_in``, or ``logits`` alone for the direct path to the answer.
    With ``heads="free"``, ``mlps="free"`` and the receiver ``logits`` it is activation patching. Values are
    over prompts, in units of the metric. Raises `BadInput` as `run` does, for prompts of other lengths, and
    for receivers that no sender can reach.
    """
    if {mlps, heads} - {"free", "frozen"}:
        raise BadInput(f"mlps and heads are 'free' or 'frozen', not {mlps!r} and {heads!r}.")
    sending = _checked(model, senders, _SENDERS, "sender")
    receiving = _checked(model, receivers, _RECEIVERS, "receiver")
    _check_reach(sending, receiving)
    prompts, others = prepare(model, base), prepare(model, source)
    if prompts.lengths != others.lengths:
        raise BadInput(
            f"The base prompts have {_counts(prompts)} tokens, the source prompts {_counts(others)}: "
            "a path runs between prompts of equal length."
        )
    held = _held(model, mlps=mlps, heads=heads)
    unchanged = run(model, prompts, get=held)
    sent = run(model, others, get=sending)
    # A sender may be one of those held; ops work in their order, so it comes after what holds it.
    first = [*(put(site, unchanged) for site in held), *(put(site, sent) for site in sending)]
    before = measured(metric, _answer(unchanged)).double()
    if receiving[0].name in _ENDS:
        found = run(model, prompts, do=first)
    else:
        reached = run(model, prompts, get=receiving, do=first)
        found = run(model, prompts, do=[put(site, reached) for site in receiving])
    return PathPatch(measured(metric, _answer(found)).double(), before)


def _checked(model: Model, given: Address | Iterable[Address], known: Sequence[str], what: str) -> list[Site]:
    asked = [given] if isinstance(given, str | Site) else list(given)
    sites = [model.check(Site.parse(one)) for one in asked]
    if not sites:
        raise BadInput(f"A path needs at least one {what}: name a site such as {known[-1]}.")
    for site in sites:
        if site.name not in known or site.stack is not None:
            raise BadInput(f"{site} cannot be a {what}: choose among {', '.join(known)}.")
        if site.layer == "*":
            raise BadInput(f"{site} names every layer: name each {what} on its own.")
    return sites


def _check_reach(senders: Sequence[Site], receivers: Sequence[Site]) -> None:
    ends = [site for site in receivers if site.name in _ENDS]
    if ends and len(receivers) > 1:
        raise BadInput(f"{ends[0]} reads every path at once: as a receiver it stands alone.")
    if ends and ends[0].position is not None:
        raise BadInput(f"{ends[0]} is measured at the last position: as a receiver it is {ends[0].name}.")
    first = min(senders, key=_depth)
    late = next((site for site in receivers if _depth(site) <= _depth(first)), None)
    if late is not None:
        raise BadInput(f"{late} is read before {first} is written, so no path leads there.")


def _depth(site: Site) -> tuple[float, int]:
    order = list(SITES).index(site.name)
    if isinstance(site.layer, int):
        return site.layer, order
    return (float("inf") if site.name in _ENDS else -1.0), order


def _held(model: Model, *, mlps: Held, heads: Held) -> list[str]:
    names = [name for name, how in (("z", heads), ("mlp_out", mlps)) if how == "frozen"]
    return [str(model.check(Site(name, layer))) for name in names for layer in range(model.n_layers)]


def _answer(found: Run) -> Tensor:
    """Return the logits at the last token of each prompt."""
    ends = [length - 1 for length in found.batch.lengths]
    return found.logits[torch.arange(len(ends)), ends]


def _counts(batch: Batch) -> str:
    return " and ".join(str(length) for length in sorted(set(batch.lengths))) or "no"
