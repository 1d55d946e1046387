"""What comes of a chain? Every question answered once, in one folder that a killed run goes on in."""

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neuronscope import __version__
from neuronscope.chains.chain import Chain, Check
from neuronscope.chains.checking import Verdict, verdict
from neuronscope.chains.filling import Work, changes, filled, with_places, works
from neuronscope.chains.report import draw_figures, report
from neuronscope.chains.working import Asked, Outcome, answered
from neuronscope.results import Executor, InProcess, load
from neuronscope.words import BadInput, nearest

Told = Callable[[Outcome, list[Verdict]], None]

LOG = "log.json"
PAGE = "index.html"
FIGURES = "figures"
_LOG_EVERY = 5.0
"""Seconds between two writings of the log, which a long batch would else spend its time on."""


def run_chain(
    chain: Chain,
    folder: Path,
    *,
    given: Mapping[str, Any] | None = None,
    executor: Executor | None = None,
    begin: Callable[[int], None] = lambda number: None,
    tell: Told = lambda outcome, verdicts: None,
) -> list[Outcome]:
    """Ask every question of a chain and keep what comes of it in a folder; return the outcomes in order.

    ``given`` changes parameters of the chain. The folder gets ``answers/STEP.nc`` or
    ``answers/STEP/PLACE.nc`` for each answer, ``made/`` for what is made, ``figures/`` for the pictures,
    ``index.html`` with prose, pictures and checks, and ``log.json`` with every question, its digest, seconds,
    memory and sizes, or what was wrong with it. What
    was answered before is looked up in the store, so a run that was killed goes on where it was. A question
    that fails stops those that build on it and no other. ``executor`` says where the work runs; ``begin``
    hears the number of each step as it starts and ``tell`` each outcome with its checks.

    Raises `BadInput` for a parameter that the chain does not have, for a folder that cannot be written, and
    where a process that worked on it was ended.
    """
    values = parameters(chain, given or {})
    drawn = with_places(chain, values)
    place = folder.expanduser()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(f"{str(folder)!r} cannot be written: {problem.strerror}; choose another.") from problem
    began = datetime.now(UTC).isoformat(timespec="seconds")
    outcomes: dict[tuple[str, str], Outcome] = {}
    verdicts: dict[tuple[str, str], list[Verdict]] = {}
    written = time.monotonic()
    try:
        for number, step_works in enumerate(works(chain, values)):
            begin(number)
            for outcome in _answers(chain, step_works, outcomes, place, executor or InProcess()):
                key = outcome.step, outcome.place
                outcomes[key], verdicts[key] = outcome, _verdicts(drawn.steps[number].check, outcome)
                tell(outcome, verdicts[key])
                if time.monotonic() > written + _LOG_EVERY:
                    _write(place / LOG, _log(chain, values, began, outcomes, verdicts))
                    written = time.monotonic()
    finally:
        _write(place / LOG, _log(chain, values, began, outcomes, verdicts))
    draw_figures(drawn, list(outcomes.values()), place / FIGURES)
    _write(place / PAGE, report(drawn, values, list(outcomes.values()), verdicts))
    return list(outcomes.values())


def parameters(chain: Chain, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a chain, some changed; raises `BadInput` for one that it does not have."""
    for name in given:
        if name not in chain.given:
            hint = nearest(name, chain.given) or f"; it has {', '.join(chain.given) or 'none'}."
            raise BadInput(f"{chain.title} has no parameter {name!r}{hint}")
    return {**chain.given, **given}


def _answers(
    chain: Chain,
    step_works: list[Work],
    outcomes: Mapping[tuple[str, str], Outcome],
    folder: Path,
    executor: Executor,
) -> Iterator[Outcome]:
    """Yield the outcome of each question of a step; those whose needs failed are not asked."""
    ready = []
    for work in step_works:
        needed = {name: outcomes[name, place] for name, place in work.needs.items()}
        failed = next((name for name, outcome in needed.items() if outcome.problem), None)
        if failed is not None:
            problem = f"Not asked, for {failed} was not answered."
            yield Outcome(work.step.name, work.place, work.step.given, problem=problem)
            continue
        files = {name: outcome.file for name, outcome in needed.items()}
        room = "answers" if work.step.ask else "made"
        target = folder / room / work.step.name / f"{work.place}.nc"
        ready.append(
            Asked(
                step=work.step.name,
                place=work.place,
                does=work.step.does,
                sort="ask" if work.step.ask else "make",
                arguments=filled(work.step.given, {**work.values, **files}),
                do=filled(changes(chain, work.step), work.values),
                device=chain.device,
                dtype=chain.dtype,
                target=str(target if work.place else target.parent.with_suffix(".nc")),
            )
        )
    try:
        yield from executor.map(answered, ready, step_works[0].step.name)
    except BrokenExecutor as problem:
        raise BadInput(
            "A worker process was ended from outside, often for want of memory: run it again, with fewer "
            "workers; what was answered is kept."
        ) from problem


def _verdicts(checks: list[Check], outcome: Outcome) -> list[Verdict]:
    """Return what each check says; one that asks for what is not there is missed and says so."""
    if outcome.problem or not checks:
        return []
    result, found = load(outcome.file), []
    for check in checks:
        try:
            found.append(verdict(check, result))
        except BadInput as problem:
            found.append(Verdict(met=False, value=math.nan, words=str(problem)))
    return found


def _log(
    chain: Chain,
    values: Mapping[str, Any],
    began: str,
    outcomes: Mapping[tuple[str, str], Outcome],
    verdicts: Mapping[tuple[str, str], list[Verdict]],
) -> str:
    rows = [
        {**asdict(outcome), "checks": [_plain(found) for found in verdicts[key]]}
        for key, outcome in outcomes.items()
    ]
    said = chain.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    log = {"neuronscope": __version__, "began": began, "parameters": values, "chain": said, "questions": rows}
    return json.dumps(log, indent=1, ensure_ascii=False)


def _plain(found: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON knows it, which has no word for a number that is missing."""
    return {**asdict(found), "value": found.value if math.isfinite(found.value) else None}


def _write(file: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    draft = file.with_suffix(f"{file.suffix}.part")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, file)
