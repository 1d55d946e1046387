"""How is one question put, and its answer handed over?"""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronscope import catalogue, contract, results
from neuronscope.doors.command_line import options, output, printing, progress
from neuronscope.instruments import interventions
from neuronscope.words import BadInput

if TYPE_CHECKING:
    import xarray as xr


def asked(given: argparse.Namespace) -> int:
    """Answer one question, from the store where it was asked before, and print or write the answer."""
    target = _target(given)
    machine = options.machine(given)
    arguments = options.arguments(given.form, given)
    definition = catalogue.find(given.form["name"])
    do = _changes(getattr(given, "do", []))
    store = None if given.no_store else results.open_store()
    began, started = datetime.now(UTC), time.perf_counter()
    with progress.shown(_first(arguments)):
        result = contract.ask(
            definition, arguments, store=store, device=machine.device, dtype=machine.dtype, do=do
        )
    seconds = time.perf_counter() - started
    _hand_over(result, target, given)
    printing.said(f"{_origin(result, began)} in {seconds:.1f} s; digest {results.digest(result)}.")
    return 0


def _changes(given: list[str]) -> list[str]:
    """Return interventions in words, those of files among them in their place."""
    each = [interventions.load(one) if one.endswith(".json") else interventions.read(one) for one in given]
    return [text for ops in each for text in ops.texts]


def made(given: argparse.Namespace) -> int:
    """Train or build something into a folder and print where it is."""
    machine = options.machine(given)
    arguments = options.arguments(given.form, given)
    definition = catalogue.find(given.form["name"])
    with progress.shown(_first(arguments)):
        folder = contract.ask(definition, arguments, device=machine.device, dtype=machine.dtype)
    printing.plainly(str(folder))
    return 0


def shown(given: argparse.Namespace) -> int:
    """Print an answer that is there already, or write it in another form."""
    target = _target(given)
    name = given.result
    is_file = "." in name or Path(name).exists()
    _hand_over(results.load(name) if is_file else results.open_store().open(name), target, given)
    return 0


def _target(given: argparse.Namespace) -> Path | None:
    """Check the options that say how the answer comes back, before anything is computed."""
    if given.theme:
        options.among("--theme", given.theme, options.THEMES)
    target = output.checked(given.out) if given.out else None
    if target is not None and output.ending(target) not in output.PICTURES and (given.at or given.variable):
        raise BadInput(
            f"--at and --variable choose what a picture shows; {output.ending(target)} keeps everything."
        )
    return target


def _hand_over(result: "xr.Dataset | xr.DataTree", target: Path | None, given: argparse.Namespace) -> None:
    select = output.selection(result, given.variable, given.at)
    if target is not None:
        output.write(result, target, variable=given.variable, select=select, theme=given.theme)
        printing.said(f"Wrote {target}.")
    if given.json:
        printing.as_json(results.summary(result))
    elif target is None:
        printing.printed(result, variable=given.variable, select=select)


def _first(arguments: dict[str, Any]) -> str:
    return f"Opening {arguments['model']}" if "model" in arguments else "Starting"


def _origin(result: "xr.Dataset", began: datetime) -> str:
    created = results.provenance(result).get("created", "")
    return "Computed" if created >= began.isoformat(timespec="milliseconds") else "Looked up in the store"
