"""How much of an effect runs along one path, from a sender to a receiver, with the rest held as it was?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.metrics import Metric, measured
from neuronscope.instruments.ops import Op, put
from neuronscope.instruments.paths.carrying import Carried, base_run, carried, sender_of
from neuronscope.instruments.paths.edges import ENDS, SENDERS, Address, Edge, checked, checked_edge
from neuronscope.instruments.run import run
from neuronscope.instruments.sweep import Sweep, sweep
from neuronscope.instruments.visits import place_of
from neuronscope.models.attention import Place
from neuronscope.models.batch import Batch
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import Inputs, prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.results import track
from neuronscope.words import BadInput

Held = Literal["free", "frozen"]
_WAITING = 2**25
"""So many numbers that receivers read are kept before the passes that they go into."""


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
    metric: Metric,
    *,
    mlps: Held = "free",
    heads: Held = "frozen",
) -> PathPatch:
    """Return the metric of the base prompts when only paths from senders to receivers carry the source.

    Exact path patching (Wang et al. 2022, Goldowsky-Dill et al. 2023), in two passes after the base and the
    source run. In the first, senders hold what they held in the source run and every other head writes what
    it wrote in the base run; MLPs work on what they are given, or with ``mlps="frozen"`` write what they
    wrote. What the receivers then read is put into a second pass, in which nothing else is held.

    Senders are heads ``z.9.6``, MLPs ``mlp_out.3``, the stream ``resid_pre.4@2`` or ``embed``; receivers are
    ``q``, ``k``, ``v`` of heads, ``mlp_in``, ``attn_in``, or ``logits`` alone for the direct path to the
    answer. With ``heads="free"``, ``mlps="free"`` and the receiver ``logits`` it is activation patching.
    ``metric`` is that of a sweep. Values are over prompts, in its units. Raises `BadInput` as `run` does, for
    prompts of other lengths, and for receivers that no sender can reach. `sweep_edges` takes many paths.
    """
    named = [senders] if isinstance(senders, str | Site) else list(senders)
    sending = [checked(model, Site.parse(site), SENDERS, "sender") for site in named]
    prompts, others = prepare(model, base), prepare(model, source)
    if prompts.lengths != others.lengths:
        raise BadInput(
            f"The base prompts have {_counts(prompts)} tokens, the source prompts {_counts(others)}: "
            "a path runs between prompts of equal length."
        )
    sent = run(model, others, get=sending)
    edge = Edge([put(site, sent) for site in sending], receivers)
    swept = sweep_edges(model, prompts, [edge], metric, mlps=mlps, heads=heads)
    return PathPatch(swept.values[0], swept.base)


def sweep_edges(
    model: Model,
    inputs: Inputs,
    edges: Sequence[Edge],
    metric: Metric,
    *,
    mlps: Held = "frozen",
    heads: Held = "frozen",
    tokens_per_pass: int = 2048,
) -> Sweep:
    """Return the metric after each edge alone is changed, over edges in their order and prompts.

    An edge is a change, such as ``zero("z.0.1")`` or ``put("embed", other_run)``, and the receivers that take
    over what comes of it while all between is held: every head and every MLP writes what it wrote unchanged,
    but for those left ``"free"``. `each_edge` spells out all pairs. As in `path_patch`, what receivers read
    goes into a second pass, in which nothing is held. With an answer of several tokens the answer is never
    changed, and heads and MLPs on it are held like any other.

    Changes run as rows of batches of at most ``tokens_per_pass`` tokens, one row for all edges that begin
    alike, and what receivers read goes into a `sweep`. Where a change does not reach, numbers are those of
    the unchanged run, exactly; others equal those of one edge at a time up to rounding. Raises `BadInput` as
    `sweep` does, and for an edge that cannot be.
    """
    if {mlps, heads} - {"free", "frozen"}:
        raise BadInput(f"mlps and heads are 'free' or 'frozen', not {mlps!r} and {heads!r}.")
    check_evaluation_mode(model.hf)
    asked = [checked_edge(model, edge) for edge in edges]
    prompts = prepare(model, inputs)
    if not prompts.lengths:
        raise BadInput("A path is measured after the last token, but these inputs hold no tokens.")
    numbers: dict[tuple[int, ...], list[int]] = {}
    for number, edge in enumerate(asked):
        numbers.setdefault(tuple(map(id, edge.do)), []).append(number)
    ends = [site for edge in asked for site in (*edge.to, *(op.site for op in edge.do))]
    seen = {place_of(site) for site in ends if site.name not in ENDS}
    with torch.no_grad():
        held = _held(model, prompts, mlps=mlps, heads=heads)
        base = base_run(model, prompts, metric, held=held, seen=seen, local=heads == "frozen")
        unchanged = measured(metric, base.logits).double()
        found = unchanged.expand(len(asked), -1).clone()
        senders = {}
        for same in numbers.values():
            receivers = dict.fromkeys(site for number in same for site in asked[number].to)
            senders[sender_of(base, asked[same[0]].do, tuple(receivers))] = same
        cells: dict[int, list[Op]] = {}
        waiting = 0
        for one in track(carried(base, list(senders), tokens_per_pass), "senders", len(senders)):
            for number in senders[one.sender]:
                _take(one, asked[number], number, metric, found, cells)
            waiting += one.n_numbers
            if waiting > _WAITING:
                _patched(model, prompts, metric, cells, found, tokens_per_pass)
                waiting = 0
        _patched(model, prompts, metric, cells, found, tokens_per_pass)
    return Sweep(found, unchanged)


def _take(
    one: Carried, edge: Edge, number: int, metric: Metric, found: Tensor, cells: dict[int, list[Op]]
) -> None:
    """Measure an edge that leads to the answer, or note what its receivers are to read."""
    if edge.to[0].name in ENDS:
        found[number] = measured(metric, one.logits).double()
    else:
        cells[number] = [put(site, one.reached) for site in edge.to]


def _patched(
    model: Model, prompts: Batch, metric: Metric, cells: dict[int, list[Op]], found: Tensor, tokens: int
) -> None:
    if cells:
        found[list(cells)] = sweep(
            model, prompts, list(cells.values()), metric, tokens_per_pass=tokens
        ).values
        cells.clear()


def _held(model: Model, prompts: Batch, *, mlps: Held, heads: Held) -> list[Place]:
    layers = range(model.n_layers)
    sites = [Site("z", layer) for layer in layers] if heads == "frozen" else []
    if mlps == "frozen":
        known = set(model.layers("mlp_out"))
        alone = _attention_alone(model, prompts, [layer for layer in layers if layer not in known])
        sites += [Site("mlp_out", layer) for layer in layers if layer not in alone]
    return [place_of(model.check(site)) for site in sites]


def _attention_alone(model: Model, prompts: Batch, layers: Sequence[int]) -> set[int]:
    """Return those layers that add what attention adds to the stream and nothing else."""
    if not layers:
        return set()
    names = ("resid_pre", "attn_add", "resid_post")
    seen = run(model, prompts, get=[Site(name, layer) for layer in layers for name in names])
    return {
        layer
        for layer in layers
        if torch.allclose(
            (seen[f"resid_pre.{layer}"] + seen[f"attn_add.{layer}"]).double(),
            seen[f"resid_post.{layer}"].double(),
            equal_nan=True,
        )
    }


def _counts(batch: Batch) -> str:
    return " and ".join(str(length) for length in sorted(set(batch.lengths))) or "no"
