"""The tasks: what a model is asked when a claim about its inside is judged.

Each task is one file; `open_task` opens one by name, or the pairs in a file of your own.
"""

from pathlib import Path

from neuronscope.words import BadInput, nearest

from . import (
    acronym,
    agreement,
    arithmetic,
    brackets,
    capital,
    chain_of_thought,
    classification,
    docstring,
    factual_recall,
    greater_than,
    indirect_object,
    induction,
    logic,
    pronoun,
    sentiment,
)
from .pair import Pair, Pairs, Span, Split, solvable
from .readers.columns import columns_task
from .readers.facts import counterfact_task, known_facts_task
from .readers.gsm8k import gsm8k_task
from .task import Task

__all__ = ["READERS", "TASKS", "Pair", "Pairs", "Span", "Split", "Task", "open_task", "solvable"]

TASKS = {
    task.name: task
    for task in (
        acronym.TASK,
        agreement.TASK,
        brackets.TASK,
        capital.TASK,
        chain_of_thought.TASK,
        classification.TASK,
        docstring.TASK,
        factual_recall.TASK,
        greater_than.TASK,
        indirect_object.TASK,
        induction.TASK,
        logic.TASK,
        arithmetic.ONE_DIGIT,
        pronoun.TASK,
        sentiment.TASK,
        arithmetic.TWO_DIGIT,
    )
}
"""Every task that ships with the package, by name."""

READERS = {"counterfact": counterfact_task, "gsm8k": gsm8k_task, "known-facts": known_facts_task}
"""The formats of published data that open as `FORMAT:FILE`."""


def open_task(name: str) -> Task:
    """Return the task called so: one of ours, `FILE.jsonl` or `FILE.csv`, or `FORMAT:FILE` of published data.

    Raises `BadInput` where there is none, or where a file is not as it must be.

    >>> open_task("indirect-object").summary
    'Who receives? The one of two people who was named once.'
    """
    if name in TASKS:
        return TASKS[name]
    reader, _, file = name.partition(":")
    if reader in READERS and file:
        return READERS[reader](Path(file).expanduser())
    if name.lower().endswith((".jsonl", ".csv")):
        return columns_task(Path(name).expanduser())
    near = nearest(name, TASKS) or f"; there are {', '.join(TASKS)}."
    files = ", ".join(("FILE.jsonl", "FILE.csv", *(f"{reader}:FILE" for reader in READERS)))
    raise BadInput(f"There is no task {name!r}{near} Of your own, give {files}.")
