"""The project's words: every axis name and every parameter type, each defined once.

Axis names are shared by einops patterns, jaxtyping shapes, xarray dimensions and the workbench, so
``position`` means the same thing in all four. Parameter types carry their own limits and help, so a
signature stays short and every door states the same bounds.

Words that several wings share are named here; those of one wing alone stand in the file of that wing.
"""

import difflib
from collections.abc import Iterable

from neuronscope.words.asking import (
    Ablation,
    AblationReference,
    AnswerPlace,
    AnswerToken,
    CorruptPrompt,
    LayerIndex,
    Metric,
    NamesFile,
    OnePrompt,
    OrCallable,
    PairCorrupt,
    PairCount,
    PairPrompt,
    PassageCount,
    PassageLength,
    Precision,
    Prompt,
    PromptCount,
    Reference,
    Representations,
    Seed,
    TaskSplit,
    TopK,
    TopNeurons,
    WrittenTokens,
)
from neuronscope.words.axes import AXES
from neuronscope.words.training import (
    ContextLength,
    Dropout,
    HeadCount,
    KeptCount,
    KeptSteps,
    LayerCount,
    LearningRate,
    ModelShape,
    OutFolder,
    RowCount,
    StreamWidth,
    Tokens,
    TrainedOn,
    TrainingSteps,
    ValidationShare,
    VocabularySize,
)

__all__ = [
    "AXES",
    "Ablation",
    "AblationReference",
    "AnswerPlace",
    "AnswerToken",
    "BadInput",
    "ContextLength",
    "CorruptPrompt",
    "Dropout",
    "HeadCount",
    "KeptCount",
    "KeptSteps",
    "LayerCount",
    "LayerIndex",
    "LearningRate",
    "Metric",
    "ModelShape",
    "NamesFile",
    "OnePrompt",
    "OrCallable",
    "OutFolder",
    "PairCorrupt",
    "PairCount",
    "PairPrompt",
    "PassageCount",
    "PassageLength",
    "Precision",
    "Prompt",
    "PromptCount",
    "Reference",
    "Representations",
    "RowCount",
    "Seed",
    "StreamWidth",
    "TaskSplit",
    "Tokens",
    "TopK",
    "TopNeurons",
    "TrainedOn",
    "TrainingSteps",
    "ValidationShare",
    "VocabularySize",
    "WrittenTokens",
    "nearest",
]


class BadInput(ValueError):
    """Tell a caller, in one sentence, what is wrong with a value, what is allowed and what to do."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of an error sentence that names the closest known word, or nothing.

    >>> nearest("topk", ["top_k", "prompt"])
    "; did you mean 'top_k'?"
    >>> nearest("zebra", ["top_k"])
    ''
    """
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
