"""How are chains of questions run from the command line: recipes with their prose, batches in bulk?"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from neuronscope.chains.chain import Chain, Step
from neuronscope.chains.checking import Verdict, places
from neuronscope.chains.comparing import side_by_side
from neuronscope.chains.filling import with_places, works
from neuronscope.chains.reading import read_chain, recipe_names, recipe_text
from neuronscope.chains.running import PAGE, parameters, run_chain
from neuronscope.chains.working import Outcome
from neuronscope.doors.command_line import printing, progress
from neuronscope.doors.command_line.parser import Parser, described, filled
from neuronscope.results import Executor, InProcess, WorkerProcesses, load
from neuronscope.words import BadInput

FAILED = 1


def guided(given: argparse.Namespace) -> int:
    """List the recipes, or follow one: print each step's prose, its answer and what its checks say."""
    if not hasattr(given, "words"):
        return _listed(as_json=given.json)
    name = given.words[0]
    chain = read_chain(name)
    asked = _options(name, chain).read(given.words[1:])
    if asked.copy:
        return _copied(name, Path(asked.copy))
    values = {word: value for word, value in vars(asked).items() if word.startswith("given.")}
    folder = Path(asked.out or Path(name).stem)
    typed = {
        word.removeprefix("given."): _as(chain, word, value)
        for word, value in values.items()
        if value is not None
    }

    def begin(number: int) -> None:
        step = chain.steps[number]
        printing.plainly(f"\n{number + 1}. {step.name}\n")
        if step.prose and not asked.json:
            printing.plainly(f"{filled(step.prose)}\n")

    with progress.shown("Starting"):
        outcomes = run_chain(
            chain,
            folder,
            given=typed,
            begin=(lambda number: None) if asked.json else begin,
            tell=(lambda outcome, verdicts: None)
            if asked.json
            else _teller(with_places(chain, parameters(chain, typed))),
        )
    return _summed_up(outcomes, folder, as_json=asked.json)


def batched(given: argparse.Namespace) -> int:
    """Ask every question of a file and say how many were answered."""
    if not given.chain.endswith((".yaml", ".yml")):
        raise BadInput(f"{given.chain!r} is no file of questions: give one that ends in .yaml.")
    chain = read_chain(given.chain)
    planned = [
        (step.name, len(found)) for step, found in zip(chain.steps, works(chain, chain.given), strict=True)
    ]
    total = sum(number for _, number in planned)
    if given.plan:
        if given.json:
            printing.as_json({"questions": total, "steps": dict(planned)})
        else:
            for name, number in planned:
                printing.plainly(f"{number:>7,}  {name}")
            printing.plainly(f"{total:>7,}  questions")
        return 0
    executor: Executor = InProcess() if given.workers == 1 else WorkerProcesses(given.workers)
    folder = Path(given.out or Path(given.chain).stem)

    def tell(outcome: Outcome, verdicts: Sequence[Verdict]) -> None:
        if outcome.problem:
            printing.said(f"{outcome.step} {outcome.place}: {outcome.problem}")

    with progress.shown(f"Opening {chain.title}"):
        outcomes = run_chain(chain, folder, executor=executor, tell=tell)
    return _summed_up(outcomes, folder, as_json=given.json)


def compared(given: argparse.Namespace) -> int:
    """Write one page with the results folders of a recipe side by side."""
    page, target = side_by_side([Path(folder) for folder in given.folders]), Path(given.out)
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"--out {str(target)!r} cannot be written: {problem.strerror}.") from problem
    printing.said(f"Wrote {target}.")
    return 0


def _listed(*, as_json: bool) -> int:
    names = recipe_names()
    if as_json:
        printing.as_json(names)
    else:
        printing.plainly("\n".join(described(name, summary, indent=0) for name, summary in names.items()))
    return 0


def _options(name: str, chain: Chain) -> Parser:
    parser = Parser(f"neuronscope recipe {name}", chain.title, more=chain.summary)
    steps = [f"  {number}. {step.name}" for number, step in enumerate(chain.steps, 1)]
    parser.epilog = "\n".join(["steps:", *steps])
    parser.usage = f"{parser.prog} [--PARAMETER VALUE ...] [--out FOLDER]"
    for word, value in chain.given.items():
        parser.add_argument(
            f"--{word.replace('_', '-')}",
            dest=f"given.{word}",
            metavar="VALUE",
            help=f"{value} unless you say.".replace("%", "%%"),
        )
    parser.also.add_argument(
        "--out", metavar="FOLDER", help=f"Results folder; {Path(name).stem} unless you say."
    )
    parser.also.add_argument("--copy", metavar="FILE.yaml", help="Write the recipe there to edit, and stop.")
    parser.also.add_argument("--json", action="store_true", help="Print the outcomes as JSON alone.")
    return parser


def _as(chain: Chain, word: str, value: str) -> Any:
    """Return what was typed for a parameter in the type of its own value."""
    name = word.removeprefix("given.")
    kind = type(chain.given[name])
    readers: dict[type, Callable[[str], Any]] = {
        bool: lambda text: {"true": True, "false": False}[text.lower()],
        int: int,
        float: float,
    }
    try:
        return readers.get(kind, str)(value)
    except (ValueError, KeyError) as problem:
        known = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
        raise BadInput(f"--{name.replace('_', '-')}: {value!r} is not {known}.") from problem


def _copied(name: str, target: Path) -> int:
    if target.exists():
        raise BadInput(f"--copy {str(target)!r} is there already: choose another name.")
    if name.endswith(".json"):
        said = read_chain(name).model_dump(by_alias=True, exclude_defaults=True, mode="json")
        text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True)
    else:
        text = Path(name).read_text(encoding="utf-8") if Path(name).suffix else recipe_text(name)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"--copy {str(target)!r} cannot be written: {problem.strerror}.") from problem
    printing.said(f"Wrote {target}; run it with 'neuronscope recipe {target}'.")
    return 0


def _teller(chain: Chain) -> Callable[[Outcome, list[Verdict]], None]:
    steps = {step.name: step for step in chain.steps}

    def tell(outcome: Outcome, verdicts: list[Verdict]) -> None:
        if outcome.problem:
            printing.plainly(outcome.problem)
            return
        _print_pictures(steps[outcome.step], outcome)
        for found in verdicts:
            printing.plainly(f"{'met' if found.met else 'MISSED'} ({found.value:.3g}): {found.words}")

    return tell


def _print_pictures(step: Step, outcome: Outcome) -> None:
    if step.make:
        printing.plainly(f"Made {outcome.file}.")
        return
    result = load(outcome.file)
    for shown in step.show:
        try:
            printing.printed(result, variable=shown.variable or None, select=places(result, shown))
        except BadInput as problem:
            printing.plainly(str(problem))
    printing.plainly(f"More of it: neuronscope show {outcome.file}")


def _summed_up(outcomes: Sequence[Outcome], folder: Path, *, as_json: bool) -> int:
    failed = [outcome for outcome in outcomes if outcome.problem]
    if as_json:
        printing.as_json([asdict(outcome) for outcome in outcomes])
    seconds = sum(outcome.seconds for outcome in outcomes)
    printing.said(
        f"{len(outcomes) - len(failed)} of {len(outcomes)} questions answered in {seconds:.1f} s; "
        f"read {folder / PAGE}."
    )
    return FAILED if failed else 0
