"""In which passes does a sweep run, so that little is computed twice and each pass keeps the machine busy?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from neuronscope.instruments.trials import Trial

_PASS_TOKENS = 64
"""What a pass costs before its first row, in tokens: the weights are read whatever the batch."""
_CUTS = 24


@dataclass(frozen=True)
class Group:
    """Trials that run together: the first column that is computed, and how many prompts go in one pass."""

    trials: tuple[Trial, ...]
    first: int
    prompts: int


def schedule(
    trials: Sequence[Trial],
    *,
    n_layers: int,
    width: int,
    n_prompts: int,
    tokens: int,
    held: int,
    drops: bool,
    kept: int = 1,
) -> list[Group]:
    """Return the groups in which trials run, each trial in one of them.

    Trials are grouped by the first column that they change, where earlier ones come from a cache; the cuts
    are those of least cost. ``tokens`` bounds the tokens of a pass and ``held`` the trials whose logits are
    kept until all their prompts have run.
    """
    steady = [trial for trial in trials if trial.steady]
    groups: list[Group] = []
    for first, members in _by_column(steady, n_layers, width - kept, width) if drops else [(0, steady)]:
        groups += _chunks(members, first, max(2, tokens // max(1, width - first)), n_prompts, held)
    for trial in trials:
        if not trial.steady:
            groups.append(Group((trial,), 0, n_prompts))
    return groups


def _chunks(members: Sequence[Trial], first: int, rows: int, n_prompts: int, held: int) -> list[Group]:
    ordered = sorted(members, key=lambda trial: trial.start)
    size = max(1, min(len(ordered), rows - 1, held))
    count = -(-len(ordered) // size)
    size = -(-len(ordered) // count) if count else 1
    prompts = max(1, min(n_prompts, rows // (size + 1)))
    return [
        Group(tuple(ordered[start : start + size]), first, prompts) for start in range(0, len(ordered), size)
    ]


def _by_column(
    trials: Sequence[Trial], n_layers: int, last: int, width: int
) -> list[tuple[int, list[Trial]]]:
    """Cut the trials, ordered by first column, where the columns saved are worth a further pass."""
    by_column: dict[int, list[Trial]] = {}
    for trial in trials:
        by_column.setdefault(min(trial.first, last), []).append(trial)
    columns = sorted(by_column)
    if not columns:
        return []
    step = -(-len(columns) // _CUTS)
    marks = [*range(0, len(columns), step), len(columns)]
    work = [
        sum((n_layers - trial.start) * len(trial.prompts) for trial in by_column[column])
        for column in columns
    ]
    # best[i] is the least cost of all columns from mark i on, and where the group that begins there ends.
    best: dict[int, tuple[float, int]] = {len(marks) - 1: (0.0, len(marks) - 1)}
    for begin in range(len(marks) - 2, -1, -1):
        options: list[tuple[float, int]] = []
        for end in range(begin + 1, len(marks)):
            length = width - columns[marks[begin]]
            cost = length * sum(work[marks[begin] : marks[end]]) + n_layers * (length + _PASS_TOKENS)
            options.append((cost + best[end][0], end))
        best[begin] = min(options)
    ends = [0]
    while ends[-1] < len(marks) - 1:
        ends.append(best[ends[-1]][1])
    return [
        (
            columns[marks[begin]],
            [t for column in columns[marks[begin] : marks[end]] for t in by_column[column]],
        )
        for begin, end in pairwise(ends)
    ]
