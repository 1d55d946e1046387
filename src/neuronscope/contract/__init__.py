"""What an analysis is, what it can be about, and how it is asked: the seam behind every door."""

from neuronscope.contract.asking import ask
from neuronscope.contract.definition import Analysis, Definition, Maker, analysis, maker, read
from neuronscope.contract.subjects import (
    RUNS,
    SUBJECTS,
    Result,
    Subject,
    SubjectType,
    check_name,
    facts,
    known_names,
    open_result,
)

__all__ = [
    "RUNS",
    "SUBJECTS",
    "Analysis",
    "Definition",
    "Maker",
    "Result",
    "Subject",
    "SubjectType",
    "analysis",
    "ask",
    "check_name",
    "facts",
    "known_names",
    "maker",
    "open_result",
    "read",
]
