"""Do patching and ablation find the path that is there, and what do they say of a network nobody declared?

Run ``python -m benchmarks.truth.patching [--json] [--quick]``. Every weight of ``builtin:handmade-induction``
was written by hand, and its card declares which edges carry the answer under each kind of ablation: those
must light, and all others stay at 0. Of ``builtin:scribe`` nothing is declared; an account of its heads in
two tasks is in `benchmarks.truth.head_account`. The exit status is 1 where a declared edge or head is missed
or another one lights.
"""

import sys
from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any

import torch
import xarray as xr

import neuronscope
from benchmarks.truth.head_account import account, tables
from benchmarks.truth.replication import replicate
from neuronscope.data.tasks import Task
from neuronscope.data.tasks.pair import Dice, Pair
from neuronscope.instruments import each_edge, mean, put, run, sweep_edges, zero
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.models import Model, open_model

NAME = "builtin:handmade-induction"
ABLATIONS = ("resample", "mean", "zero")
LETTERS = "abcdefghijkl"
STRINGS = ((8, 5), (6, 3), (10, 7))
"""How many letters go round in the strings of each set, and how many of them come a second time."""
NOTHING = 1e-9


def letters(period: int, n_given: int) -> Task:
    """Return the task of continuing a string of letters that goes round; in the twin all are drawn anew."""

    def draw(dice: Dice) -> Pair:
        clean, corrupt = (dice.rng.sample(LETTERS, period) for _ in range(2))
        prompts = [" ".join(string + string[:n_given]) for string in (clean, corrupt)]
        return Pair(
            task="letters",
            template=f"period-{period}",
            seed=dice.seed,
            clean=prompts[0],
            corrupt=prompts[1],
            answer=f" {clean[n_given]}",
            distractor=f" {corrupt[n_given]}",
        )

    return Task(name="letters", summary="What comes next?", draw=draw, splits={"unseen": None})


def true_path(period: int, n_given: int, *, n_prompts: int = 24) -> list[dict[str, Any]]:
    """Return what every method finds on one set of strings, beside what the card declares."""
    model = open_model(NAME, dtype="float64")
    declared = {kind: set(edges) for kind, edges in model.card["inside"]["edges"].items()}
    task = letters(period, n_given)
    asked: dict[str, Any] = {"task": task, "metric": "log_probability", "n_prompts": n_prompts}
    ends = [edge.split(" -> ") for edge in declared["resample"]]
    rows = [
        _row(f"every edge, {kind}", edge_effects(model, task, kind, n_prompts), declared[kind])
        for kind in ABLATIONS
    ]
    for site in ("z", "q", "k", "v"):
        found = neuronscope.activation_patching(model, **asked, sites=site)
        moved = abs(found.effect - found.null).max("direction")
        named = {end for pair in ends for end in pair if end.startswith(f"{site}.")}
        rows.append(_row(f"activation patching, {site}", _by_head(site, moved), named))
    rows.append(
        _row(
            "path patching, head to head or logits",
            path_effects(model, asked),
            {f"{sender} -> {receiver}" for sender, receiver in ends if sender.startswith("z.")},
        )
    )
    for kind in ABLATIONS:
        found = neuronscope.component_ablation(model, **asked, ablation=kind)
        senders = {edge.split(" -> ")[0] for edge in declared[kind]}
        named = {sender for sender in senders if sender.startswith("z.")}
        rows.append(_row(f"component ablation, {kind}", _by_head("z", abs(found.effect)), named))
    return [{"strings": f"{n_given} of {period}", **row} for row in rows]


def edge_effects(model: Model, task: Task, ablation: str, n_prompts: int) -> dict[str, float]:
    """Return the largest change of the answer's log-probability over prompts, edge by edge.

    An edge carries nothing, what it carries in the twin, or its mean over the twins, place by place.
    """
    pairs = prompt_pairs(model, task, n_prompts=n_prompts)
    other = run(model, list(pairs.corrupt), get=["resid_pre.0", "z.*"])
    heads = range(model.n_heads)
    writers = ["resid_pre.0", *(f"z.{layer}.{head}" for layer in range(2) for head in heads)]
    readers = [f"{site}.{layer}.{head}" for layer in range(2) for site in "qkv" for head in heads]
    changes = {
        "zero": zero,
        "mean": lambda site: mean(site, other, across=("batch",)),
        "resample": lambda site: put(site, other),
    }
    edges = each_edge(model, [changes[ablation](site) for site in writers], [*readers, "logits"])
    swept = sweep_edges(model, list(pairs.clean), edges, pairs.metric("log_probability"))
    moved = swept.effect.abs().amax(-1)
    return {f"{edge.do[0].site} -> {edge.to[0]}": float(one) for edge, one in zip(edges, moved, strict=True)}


def path_effects(model: Model, asked: Mapping[str, Any]) -> dict[str, float]:
    """Return how much of the answer runs from each head to each later head or the logits, either way."""
    readers = [f"{site}.1.{head}" for site in "qkv" for head in range(model.n_heads)]
    moved: dict[str, float] = {}
    for receiver in (*readers, "logits"):
        for direction in ("noise", "denoise"):
            found = neuronscope.path_patching(model, **asked, receivers=receiver, direction=direction)
            for site, one in _by_head("z", abs(found.effect)).items():
                if not isnan(one):  # no path leads back
                    edge = f"{site} -> {receiver}"
                    moved[edge] = max(one, moved.get(edge, 0.0))
    return moved


def measured(*, quick: bool = False) -> dict[str, Any]:
    """Return everything as plain data; quick takes one set of strings, one task and few prompts."""
    strings = STRINGS[:1] if quick else STRINGS
    known = [
        row for period, n_given in strings for row in true_path(period, n_given, n_prompts=8 if quick else 24)
    ]
    with torch.no_grad():
        unknown = (
            [account("agreement", seeds=(0, 1), n_prompts=2, n_random=5)]
            if quick
            else [account(task) for task in ("indirect-object", "agreement")]
        )
    return {"true_path": known, "accounts": unknown}


def failures(found: Mapping[str, Any]) -> list[str]:
    """Return which declared things were missed and which others were lit, in words."""
    told = []
    for row in found["true_path"]:
        for word, sites in (("missed", row["missed"]), ("lit besides", row["besides"])):
            told += [f"{row['method']} on {row['strings']} letters: {word} {site}" for site in sites]
    return told


def _row(method: str, moved: Mapping[str, float], declared: Iterable[str]) -> dict[str, Any]:
    named = set(declared)
    lit = {site for site, one in moved.items() if one > NOTHING}
    return {
        "method": method,
        "n": len(moved),
        "declared": len(named),
        "missed": sorted(named - lit),
        "besides": sorted(lit - named),
        "smallest_declared": min(moved[site] for site in named) if named else None,
        "largest_other": max(one for site, one in moved.items() if site not in named),
    }


def _by_head(site: str, moved: xr.DataArray) -> dict[str, float]:
    """Return numbers over layer and head under the addresses of the heads."""
    return {
        f"{site}.{layer}.{head}": float(moved[at, head])
        for at, layer in enumerate(moved.layer.values)
        for head in range(moved.shape[1])
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where something declared is missed or something else lights."""
    return replicate(
        "patching",
        arguments,
        about=__doc__,
        quick="one set of strings, one task, few prompts",
        measured=measured,
        failures=failures,
        tables=tables,
    )


if __name__ == "__main__":
    sys.exit(main())
