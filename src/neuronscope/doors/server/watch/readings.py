"""What is the value of a metric now? Read off the machine and the queue, or off a model's answer."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from neuronscope import results
from neuronscope.doors.server import bodies
from neuronscope.doors.server.watch.rules import Rule
from neuronscope.words import BadInput

try:
    import resource
except ImportError:  # not on Windows
    resource = None

FEWEST_JOBS = 3
SHIFT = 0.5
N_TOKENS = 2048
WINDOW_MINUTES = 60.0


@dataclass(frozen=True)
class Reading:
    """A value, or none where there is nothing to tell, and a sentence about it."""

    value: float | None
    note: str = ""


@dataclass(frozen=True)
class Question:
    """What must be asked to know the value of a rule."""

    analysis: str
    arguments: Mapping[str, Any]


def of_server(rule: Rule, *, jobs: Sequence[bodies.Job], folder: Path, now: float) -> Reading:
    """Return the value of a metric that needs no model."""
    if rule.metric == "failed_jobs":
        return _failed(jobs, 60 * (rule.window_minutes or WINDOW_MINUTES), now)
    if rule.metric == "queue_length":
        return Reading(float(sum(job.state == "queued" for job in jobs)))
    if rule.metric == "disk_free":
        return Reading(disk_free(folder) / 1e9)
    held, there = held_bytes(), machine_bytes()
    if not there:
        return Reading(None, "This system does not tell how much memory it has.")
    return Reading(held / there, f"{held / 1e9:.2f} GB are held.")


def question(rule: Rule, store: results.Store) -> Question:
    """Return what to ask about a rule's model; raises ``BadInput`` where its baseline will not do."""
    if rule.metric == "divergence":
        return Question("prediction_divergence", {"model": rule.model, "other": rule.reference})
    if rule.metric == "dead_share":
        return Question("neuron_statistics", {"model": rule.model, "n_tokens": rule.n_tokens or N_TOKENS})
    told = results.provenance(_baseline(rule, store))
    corpus = told.get("sources", {}).get("corpus")
    if told.get("parents"):
        raise BadInput(f"The baseline of {rule.name} comes from a record; store one asked of the model.")
    given = {"corpus": corpus["name"]} if corpus is not None else {}
    return Question("neuron_statistics", {"model": rule.model, **told["arguments"], **given})


def of_answer(rule: Rule, answer: xr.Dataset, store: results.Store) -> Reading:
    """Return the value of a rule from the answer to its question."""
    if rule.metric == "divergence":
        worst = str(answer["prompt"].values[int(answer["divergence"].values.argmax())])
        agree = float(answer["agreement"].mean())
        return Reading(
            float(answer["mean_divergence"]),
            f"Most on {worst!r}; both choose the same token at {agree:.0%} of positions.",
        )
    if rule.metric == "dead_share":
        dead = answer["dead"].values
        worst = answer["layer"].values[int(dead.mean(1).argmax())]
        return Reading(
            float(dead.mean()), f"{int(dead.sum()):,} of {dead.size:,} neurons; most in layer {worst}."
        )
    return drift(_baseline(rule, store), answer, shift=rule.shift or SHIFT)


def drift(baseline: xr.Dataset, now: xr.Dataset, *, shift: float) -> Reading:
    """Return the share of neurons, in the layer where it is largest, whose mean moved by more than ``shift``.

    The shift is that of a neuron's mean in standard deviations of its activations at the baseline; of a
    neuron that did not vary then, any change is infinite. Raises ``BadInput`` where the two have other
    neurons.
    """
    before, after = baseline["mean"].values.astype(float), now["mean"].values.astype(float)
    if before.shape != after.shape:
        raise BadInput(
            f"The baseline has {before.shape[0]} layers of {before.shape[1]} neurons and the model has "
            f"{after.shape[0]} of {after.shape[1]}; store a baseline of this model."
        )
    moved, spread = np.abs(after - before), np.sqrt(baseline["variance"].values.astype(float))
    with np.errstate(divide="ignore", invalid="ignore"):
        shifts = np.where(moved == 0, 0.0, moved / spread)
    beyond = np.where(np.isnan(shifts), np.isnan(before) != np.isnan(after), shifts > shift)
    shares = beyond.mean(1)
    worst = int(shares.argmax())
    layer, neuron = baseline["layer"].values[worst], int(np.nan_to_num(shifts[worst], posinf=1e300).argmax())
    count, moved_most = int(beyond[worst].sum()), shifts[worst, neuron]
    return Reading(
        float(shares[worst]),
        f"Layer {layer}: {count} of {beyond.shape[1]} neurons; most mlp_act.{layer}.{neuron} by "
        f"{moved_most:.2g} standard deviations.",
    )


def disk_free(folder: Path) -> int:
    """Return the free bytes of the disk on which a folder lies, or will lie."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def held_bytes() -> int:
    """Return the bytes of memory that this process holds; the most it held, or 0, where nothing tells."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        if resource is None:
            return 0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def machine_bytes() -> int:
    """Return the bytes of memory of this machine, 0 where nothing tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _failed(jobs: Sequence[bodies.Job], window: float, now: float) -> Reading:
    begun = now - window
    ended = [job for job in jobs if job.state in {"done", "failed"} and _ended_at(job) >= begun]
    failed = sum(job.state == "failed" for job in ended)
    if len(ended) < FEWEST_JOBS:
        return Reading(0.0, f"{len(ended)} jobs ended; {FEWEST_JOBS} are needed to tell.")
    return Reading(failed / len(ended), f"{failed} of {len(ended)} jobs.")


def _ended_at(job: bodies.Job) -> float:
    return datetime.fromisoformat(job.created).astimezone(UTC).timestamp() + (job.seconds or 0.0)


def _baseline(rule: Rule, store: results.Store) -> xr.Dataset:
    try:
        found = store.open(rule.baseline or "")
    except results.NotStored:
        raise BadInput(
            f"The baseline {rule.baseline!r} of {rule.name} is not stored; ask neuron_statistics and name "
            "its digest."
        ) from None
    if not isinstance(found, xr.Dataset) or results.provenance(found)["analysis"] != "neuron_statistics":
        raise BadInput(f"The baseline {rule.baseline!r} of {rule.name} is no neuron_statistics.")
    return found
