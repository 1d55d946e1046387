"""What is measured where rows of a pass belong to prompts with answers of their own?"""

from collections.abc import Callable, Sequence

from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.metrics import LastMetric, measure

RowMetric = Callable[[Sequence[int]], LastMetric]
"""The metric of rows that belong to these prompts, by their numbers; a prompt may have several rows."""


def row_metric(pairs: PromptPairs, metric: str | LastMetric) -> RowMetric:
    """Return the metric of some of the prompts by their numbers; a function serves all of them."""
    if callable(metric):
        return lambda rows: metric

    def of_rows(rows: Sequence[int]) -> LastMetric:
        picked = list(rows)
        return measure(metric, target=pairs.target[picked], distractor=pairs.distractor[picked])

    return of_rows
