"""The project's words: every axis name and every parameter type, each defined once.

Axis names are shared by einops patterns, jaxtyping shapes, xarray dimensions and the workbench, so
``position`` means the same thing in all four. Parameter types carry their own limits and help, so a
signature stays short and every door states the same bounds.

Words that several wings share are named here; those of one wing alone stand in the file of that wing.
"""

from neuronscope.words.asking import (
    AnswerPlace,
    AnswerToken,
    CorruptPrompt,
    LayerIndex,
    Metric,
    OrCallable,
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
from neuronscope.words.refusal import BadInput, nearest
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
    "OrCallable",
    "OutFolder",
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
