"""The tasks: what a model is asked when a claim about its inside is judged.

Each task is one file; `open_task` opens one by name, or the pairs in a file of your own.
"""

from neuronscope.words import BadInput, nearest

from . import capital, indirect_object
from .pair import Pair, Pairs, Span, Split, solvable
from .task import Task

__all__ = ["TASKS", "Pair", "Pairs", "Span", "Split", "Task", "open_task", "solvable"]

TASKS = {task.name: task for task in sorted((capital.TASK, indirect_object.TASK), key=lambda task: task.name)}
"""Every task that ships with the package, by name."""


def open_task(name: str) -> Task:
    """Return the task called so.

    >>> open_task("indirect-object").summary
    'Who receives? The one of two people who was named once.'
    """
    if name in TASKS:
        return TASKS[name]
    raise BadInput(f"there is no task {name!r}{nearest(name, TASKS)}; the tasks are {', '.join(TASKS)}")
