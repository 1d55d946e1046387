"""A line of a report says what its numbers say."""

import numpy as np
import pytest

from neuronscope.instruments.reporting.findings import between, judged, percent, signed


@pytest.mark.parametrize(
    ("ends", "status", "words"),
    [
        ((0.02, 0.01, 0.03), "met", "Met: it is so, below 5 %."),
        ((0.02, 0.01, 0.07), "met", "Met: it is so, below 5 %, but the interval reaches past it."),
        ((0.09, 0.06, 0.2), "missed", "Missed: it is so, not below 5 %."),
        (
            (0.09, 0.04, 0.2),
            "missed",
            "Missed: it is so, not below 5 %, though the interval reaches past it.",
        ),
        ((0.02, np.nan, np.nan), "met", "Met: it is so, below 5 %, with no interval."),
        ((np.nan, np.nan, np.nan), "not measured", "Not measured: it is so"),
    ],
)
def test_a_limit_is_met_by_the_estimate_and_doubted_by_the_interval(
    ends: tuple[float, float, float], status: str, words: str
) -> None:
    found = judged("line", "it is so", ends, limit=0.05, below=True)
    assert (found.status, found.sentence) == (status, words)


def test_the_other_side_of_a_limit_is_the_mirror() -> None:
    found = judged("line", "it is so", (0.85, 0.7, 0.9), limit=0.8, below=False, more="And more.")
    assert found.sentence == "Met: it is so, above 80 %, but the interval reaches past it. And more."
    assert judged("line", "so", (0.7, 0.6, 0.75), limit=0.8, below=False).status == "missed"


def test_numbers_are_written_with_a_true_minus() -> None:
    assert percent(-0.0123) == "−1.23 %"
    assert signed(-1.5) == "−1.50"
    assert between(-0.01, 0.02) == " (95 % interval −1 to 2 %)"
    assert between(np.nan, 0.02) == ""
