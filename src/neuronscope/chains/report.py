"""What did a chain find? One page of prose, pictures, checks and questions."""

import html
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from neuronscope.chains.chain import Chain, Picture, Step
from neuronscope.chains.checking import Verdict, places
from neuronscope.chains.working import Outcome
from neuronscope.results import load
from neuronscope.views import document, draw, drawing, figure
from neuronscope.words import BadInput

MOST_PICTURES = 12
MOST_ROWS = 500


def report(
    chain: Chain,
    values: Mapping[str, Any],
    outcomes: Sequence[Outcome],
    verdicts: Mapping[tuple[str, str], list[Verdict]],
) -> str:
    """Return the page of a chain as HTML that needs no network and runs no script.

    A step shows the pictures of its first twelve answers; the table names every question.
    """
    parts = [f"<header><h1>{html.escape(chain.title)}</h1>", *paragraphs(chain.summary), "</header>"]
    parts += paragraphs(chain.prose)
    if values:
        said = " · ".join(f"{name}: {value}" for name, value in values.items())
        parts.append(f'<p class="quiet">{html.escape(said)}</p>')
    for step in chain.steps:
        own = [outcome for outcome in outcomes if outcome.step == step.name]
        parts += _step(step, own, verdicts)
    parts += _table(outcomes)
    return document(chain.title, "\n".join(parts))


def draw_figures(chain: Chain, outcomes: Sequence[Outcome], folder: Path) -> None:
    """Write the pictures of each step's first twelve answers as SVG files, named by step and variable."""
    folder.mkdir(exist_ok=True)
    for step in chain.steps:
        answers = [found for found in outcomes if found.step == step.name and step.ask and not found.problem]
        for outcome in answers[:MOST_PICTURES]:
            result = load(outcome.file)
            for shown in step.show:
                name = "-".join(filter(None, (step.name, outcome.place, shown.variable)))
                try:
                    drawn = figure(result, variable=shown.variable or None, select=places(result, shown))
                except BadInput:
                    continue  # the page says why
                draw(drawn, folder / f"{name}.svg")


def paragraphs(text: str) -> list[str]:
    """Return prose as paragraphs of HTML."""
    return [f"<p>{html.escape(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip()]


def _step(
    step: Step, outcomes: Sequence[Outcome], verdicts: Mapping[tuple[str, str], list[Verdict]]
) -> Iterator[str]:
    yield f"<h2>{html.escape(step.name.replace('-', ' ').replace('_', ' ').capitalize())}</h2>"
    yield from paragraphs(step.prose)
    answers = [outcome for outcome in outcomes if not outcome.problem and step.ask]
    for outcome in answers[:MOST_PICTURES]:
        if outcome.place:
            yield f'<p class="quiet">{html.escape(_told(outcome))}</p>'
        result = load(outcome.file)
        for shown in step.show:
            yield pictured(result, shown)
        for found in verdicts[outcome.step, outcome.place]:
            mark = "met" if found.met else "missed"
            yield f"<p><strong>{mark}</strong> ({found.value:.3g}): {html.escape(found.words)}</p>"
    if len(answers) > MOST_PICTURES:
        yield f'<p class="quiet">{MOST_PICTURES} of {len(answers)} answers are drawn.</p>'
    for outcome in outcomes:
        if outcome.problem:
            yield f"<p>{html.escape(f'{_told(outcome)}: {outcome.problem}'.lstrip(': '))}</p>"


def _told(outcome: Outcome) -> str:
    """Return what tells an answer from the others of its step."""
    said = " · ".join(str(outcome.arguments[name]) for name in outcome.arguments)
    return f"{outcome.place}: {said}" if outcome.place else ""


def pictured(result: xr.Dataset | xr.DataTree, shown: Picture) -> str:
    """Return a picture, or the sentence that says why there is none: the other answers are worth reading."""
    try:
        return drawing(result, variable=shown.variable or None, select=places(result, shown))
    except BadInput as problem:
        return f"<p>{html.escape(str(problem))}</p>"


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "<h2>Questions</h2>"
    kept = f"{len(outcomes):,}" if len(outcomes) <= MOST_ROWS else f"first {MOST_ROWS} of {len(outcomes):,}"
    yield f'<div class="table" tabindex="0"><table><caption>{kept} questions</caption>'
    yield '<thead><tr><th scope="col">step</th><th scope="col">arguments</th><th scope="col">answer</th>'
    yield '<th scope="col">digest</th><th scope="col" class="number">seconds</th>'
    yield '<th scope="col" class="number">peak MB</th><th scope="col" class="number">size MB</th>'
    yield "</tr></thead><tbody>"
    for outcome in outcomes[:MOST_ROWS]:
        said = ", ".join(f"{name}={value}" for name, value in outcome.arguments.items())
        peak = outcome.peak_memory_mb
        file = Path(outcome.file).name if outcome.file else outcome.problem
        yield (
            f"<tr><td>{html.escape(outcome.step)} {html.escape(outcome.place)}</td>"
            f'<td class="token">{html.escape(said)}</td><td>{html.escape(file)}</td>'
            f'<td class="token">{html.escape(outcome.digest)}</td>'
            f'<td class="number">{outcome.seconds:.1f}</td>'
            f'<td class="number">{"" if peak is None else f"{peak:,.0f}"}</td>'
            f'<td class="number">{outcome.size_mb:.2f}</td></tr>'
        )
    yield "</tbody></table></div>"
