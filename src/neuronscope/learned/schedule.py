"""How long and how fast does something learn?"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast a model learns: warm-up, a constant rate, a linear decay to zero at the end.

    The decay may be stretched: from `stretched_from` on it is slower, and ends `stretched_by` steps later.
    Shorter cycles may follow, each a first step and a rate that falls to zero by the next cycle or the end.
    The optimiser is AdamW, whose weight decay falls on matrices alone; gradients longer than `clip` are
    shortened to it, and none are where it is none.
    """

    steps: int
    learning_rate: float
    warm_up: int
    decay: int
    stretched_from: int | None = None
    stretched_by: int = 0
    cycles: tuple[tuple[int, float], ...] = ()
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    clip: float | None = 1.0
    bfloat16: bool = False

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        warmth = min(1.0, (step + 1) / max(1, self.warm_up))
        starts = [start for start, _ in self.cycles]
        ends = [*starts[1:], self.steps]
        for (start, rate), following in zip(self.cycles, ends, strict=False):
            if start <= step < following:
                return rate * (following - step) / (following - start)
        end = starts[0] if starts else self.steps
        planned = end - self.stretched_by
        if self.stretched_from is not None and step >= self.stretched_from:
            reached = (planned - self.stretched_from) / self.decay
            return self.learning_rate * reached * (end - step) / (end - self.stretched_from)
        return self.learning_rate * min(warmth, (planned - step) / max(1, self.decay), 1.0)


def log_spaced(steps: int, n: int, *, first: int = 1) -> frozenset[int]:
    """Return step 0 and up to `n` different steps from `first` to the last, evenly spaced in the logarithm.

    >>> sorted(log_spaced(1000, 4))
    [0, 1, 10, 100, 1000]
    """
    ratio = (steps / first) ** (1 / max(1, n - 1))
    return frozenset({0, steps, *(round(first * ratio**place) for place in range(n - 1))})
