"""Which models are at hand, how does another get here, and which of its parts can be trusted?"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from neuronscope.doors.command_line import options, progress
from neuronscope.doors.command_line.printing import as_json, plainly, put, said
from neuronscope.models import fetch_model, model_names, open_model
from neuronscope.models.listing import ModelFacts, local_folder

LEGEND = (
    "shape: layers × width; steps: of the training; kept: those that open, NAME@STEP.\n"
    "A local Hugging Face folder or a Hugging Face id opens just as well."
)
COLOURS = {"exact": "green", "reduced": "yellow", "refused": "red"}


def listed(given: argparse.Namespace) -> int:
    """Print the models that open by name here."""
    known = model_names()
    if given.json:
        as_json([_told(facts) for facts in known.values()])
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    for title in ("shape", "weights", "MB", "steps", "kept", "accuracy"):
        table.add_column(title, justify="right", no_wrap=True)
    for facts in known.values():
        table.add_row(
            Text(facts.name),
            f"{facts.n_layers}×{facts.width}" if facts.n_layers else str(facts.width or ""),
            f"{facts.n_parameters:,}",
            f"{facts.n_bytes / 1e6:.2f}",
            "" if facts.trained_steps is None else f"{facts.trained_steps:,}",
            str(len(facts.steps) or ""),
            "" if facts.accuracy is None else f"{facts.accuracy[1]:.1%}",
        )
    put(table if known else "No model is at hand yet.", Text(LEGEND, style="dim"))
    return 0


def _told(facts: ModelFacts) -> dict[str, Any]:
    accuracy = None if facts.accuracy is None else dict(zip(("of", "value"), facts.accuracy, strict=True))
    return {**asdict(facts), "trained_steps": facts.trained_steps, "accuracy": accuracy}


def fetched(given: argparse.Namespace) -> int:
    """Download a model and print the folder that holds it."""
    shelf = local_folder() or Path()
    folder = Path(given.folder) if given.folder else shelf / given.model.rpartition("/")[2]
    path = fetch_model(given.model, folder)
    plainly(str(path))
    said(f"Fetched; look inside with 'neuronscope open {path}'.")
    return 0


def certified(given: argparse.Namespace) -> int:
    """Print the certificate of a model: each place exact, reduced or refused, and why."""
    machine = options.machine(given)
    with progress.shown(f"Opening {given.model}"):
        certificate = open_model(given.model, device=machine.device, dtype=machine.dtype).certificate
    if given.json:
        as_json(certificate.to_dict())
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("site", "status", "worst", "why"):
        table.add_column(title, overflow="fold", justify="right" if title == "worst" else "left")
    for row in certificate.rows:
        worst = "" if row.worst is None else f"{row.worst:.1e}"
        instead = f"; read {row.instead} instead" if row.instead else ""
        status = Text(row.status, style=COLOURS[row.status])
        table.add_row(row.site, status, worst, Text(f"{row.reason}{instead}"))
    put(Text(certificate.summary().partition("\n")[0]), table)
    return 0
