"""What did the same chain find for two models? Its pictures and checks side by side, on one page."""

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuronscope.chains.chain import Chain, Step
from neuronscope.chains.filling import with_places
from neuronscope.chains.reading import logged_chain
from neuronscope.chains.report import MOST_PICTURES, paragraphs, pictured
from neuronscope.chains.running import LOG
from neuronscope.results import load
from neuronscope.views import document
from neuronscope.words import BadInput

_GRID = '<div class="several" style="--least: 420px">'


@dataclass(frozen=True)
class Told:
    """The results folder of a chain: what was asked, with which parameters, and what came of it."""

    folder: Path
    chain: Chain
    values: Mapping[str, Any]
    questions: Mapping[tuple[str, str], Mapping[str, Any]]


def read_folder(folder: Path) -> Told:
    """Return what a chain left in a folder; raises `BadInput` where none did."""
    file = folder.expanduser() / LOG
    try:
        log = json.loads(file.read_text(encoding="utf-8"))
        questions = {(row["step"], row["place"]): row for row in log["questions"]}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(
            f"{str(folder)!r} is no results folder of a recipe or batch: it has no {LOG} that can be read; "
            "give the folder that 'neuronscope recipe' wrote."
        ) from problem
    chain = logged_chain(str(file))
    return Told(folder.expanduser(), with_places(chain, chain.given), chain.given, questions)


def side_by_side(folders: Sequence[Path]) -> str:
    """Return one page that sets what a chain found in several folders next to each other.

    Each step that all of them answered has its pictures and the verdicts of its checks in one column a
    folder, and a table begins the page with every check. The page is HTML that needs no network and runs no
    script. Raises `BadInput` for fewer than two folders, and where they have no step in common.
    """
    if len(folders) < 2:
        raise BadInput("A comparison needs two results folders or more.")
    told = [read_folder(folder) for folder in folders]
    first = told[0]
    shared = [key for key in first.questions if all(key in one.questions for one in told)]
    if not shared:
        raise BadInput(
            f"{first.chain.title!r} and {told[1].chain.title!r} have no step in common: compare folders of "
            "the same recipe."
        )
    names = _names(told)
    parts = [f"<header><h1>{html.escape(first.chain.title)}: {' and '.join(names)}</h1></header>"]
    parts += _parameters(told, names)
    parts += _checks(told, names, shared)
    steps = {step.name: step for step in first.chain.steps}
    for name, step in steps.items():
        places = [place for other, place in shared if other == name and step.ask and step.show]
        for place in places[:MOST_PICTURES]:
            parts += _step(step, place, told, names)
    return document(first.chain.title, "\n".join(parts))


def _names(told: Sequence[Told]) -> list[str]:
    """Return what tells the folders apart: the model where they differ in it, else the folder's name."""
    models = [Path(str(one.values.get("model", ""))).name for one in told]
    names = models if len(set(models)) == len(models) and all(models) else [one.folder.name for one in told]
    return [html.escape(name) for name in names]


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _table(caption: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    titles = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<div class="table" style="margin: 16px 0" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _parameters(told: Sequence[Told], names: Sequence[str]) -> Iterator[str]:
    every = list(dict.fromkeys(word for one in told for word in one.values))
    rows = [
        _row([html.escape(word), *(html.escape(str(one.values.get(word, ""))) for one in told)])
        for word in every
        if len({str(one.values.get(word)) for one in told}) > 1
    ]
    if rows:
        yield _table("What they differ in", ["parameter", *names], rows)


def _checks(told: Sequence[Told], names: Sequence[str], shared: Sequence[tuple[str, str]]) -> Iterator[str]:
    rows = []
    for key in shared:
        found = [one.questions[key].get("checks", []) for one in told]
        rows += [
            _row([html.escape(" ".join(key).strip()), *(_verdict(check) for check in row)])
            for row in zip(*found, strict=False)
        ]
    if rows:
        yield _table("Checks", ["step", *names], rows)


def _verdict(check: Mapping[str, Any]) -> str:
    value = check["value"]
    number = f" ({value:.3g})" if isinstance(value, float | int) and math.isfinite(value) else ""
    mark = "met" if check["met"] else "missed"
    return f"<strong>{mark}</strong>{number}: {html.escape(check['words'])}"


def _step(step: Step, place: str, told: Sequence[Told], names: Sequence[str]) -> Iterator[str]:
    title = f"{step.name} {place}".strip().replace("-", " ").replace("_", " ").capitalize()
    yield f"<h2>{html.escape(title)}</h2>"
    yield from paragraphs(step.prose)
    answers = [_answer(one, step.name, place) for one in told]
    for shown in step.show:
        yield _GRID
        for name, answer in zip(names, answers, strict=True):
            drawn = answer if isinstance(answer, str) else pictured(answer, shown)
            yield f'<div><p class="quiet">{name}</p>{drawn}</div>'
        yield "</div>"


def _answer(one: Told, step: str, place: str) -> Any:
    """Return an answer, or the sentence that says why there is none."""
    problem = one.questions[step, place].get("problem")
    if problem:
        return f"<p>{html.escape(problem)}</p>"
    answers = one.folder / "answers"
    file = answers / step / f"{place}.nc" if place else answers / f"{step}.nc"
    try:
        return load(file)
    except BadInput as missing:
        return f"<p>{html.escape(str(missing))}</p>"
