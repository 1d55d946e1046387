"""The project's words: every axis name and every parameter type, each defined once.

Axis names are shared by einops patterns, jaxtyping shapes, xarray dimensions and the workbench, so
``position`` means the same thing in all four. Parameter types carry their own limits and help, so a
signature stays short and every door states the same bounds.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

AXES = {
    "batch": "one prompt of several that run together",
    "bin": "range of a number that is sorted into such ranges, from the lowest",
    "bound": "end of an interval, lower then upper",
    "candidate": "answer that is compared with others, right ones first",
    "cell": "one experiment of a sweep",
    "channel": "one of several inputs of a stimulus, or one map of an image",
    "column": "column of an image, from 0 at the left",
    "component": "coordinate found by an analysis, such as a principal component",
    "depth": "residual stream after this many blocks; 0 is the embedding",
    "direction": "which way a patch runs: denoise puts clean into corrupt, noise puts corrupt into clean",
    "edge": "connection of a graph",
    "expert": "expert of an MLP that chooses among several for each token",
    "feature": "entry of a dictionary",
    "frequency": "how often a wave goes round, from the lowest",
    "from_node": "node that an edge leaves",
    "head": "attention head of a layer, from 0",
    "head_width": "entry of one head's vectors",
    "item": "one thing of a set that is compared or drawn as a point",
    "key": "token that is attended to",
    "key_head": "head of the keys and values, shared by several query heads in grouped attention",
    "layer": "block, from 0",
    "line": "line of a text",
    "neuron": "unit of a layer's MLP, from 0",
    "node": "part of a graph",
    "other": "the second of two things that are compared",
    "output": "one of several answers that a network gives",
    "position": "token of the prompt, from 0",
    "prompt": "one prompt of a set",
    "query": "token that attends",
    "rank": "place in an ordering, 1 is best",
    "row": "row of an image, from 0 at the top",
    "site": "named place in a model",
    "step": "training step or moment in time",
    "time": "moment of a trial, from 0",
    "to_node": "node that an edge enters",
    "trial": "one trial of an experiment",
    "unit": "unit of a recurrent or convolutional network, from 0",
    "vocab": "token of the vocabulary",
    "width": "entry of the residual stream",
    "x": "first coordinate of a surface",
    "y": "second coordinate of a surface",
}


class BadInput(ValueError):
    """Tell a caller, in one sentence, what is wrong with a value, what is allowed and what to do."""


class OrCallable:
    """Mark a parameter type whose values may also be a Python function, at the Python door alone."""


Prompt = Annotated[
    str, Field(min_length=1, description="Text to run through the model.", examples=["Paris is in"])
]
CorruptPrompt = Annotated[
    str,
    Field(
        min_length=1,
        description="Twin of the prompt with the answer changed; it must have as many tokens as the prompt.",
    ),
]
AnswerToken = Annotated[
    str,
    Field(
        description="Text of one token; a leading space is added if that makes it one token. "
        "Left empty, the model's own favourite.",
    ),
]
TopK = Annotated[int, Field(ge=1, le=100, description="How many of the best to keep.")]
LayerIndex = Annotated[
    int, Field(ge=-1, description="Block, from 0; -1 takes every layer, which becomes a slider.")
]
TopNeurons = Annotated[
    int, Field(ge=1, le=4096, description="How many neurons of each layer to keep, most active first.")
]
Metric = Annotated[
    Literal["logit_difference", "probability_difference", "log_probability"],
    Field(description="What is measured at the last position of each prompt."),
    OrCallable,
]
Reference = Annotated[
    Literal["none", "prompt", "common_prompts"],
    Field(
        description="What a mean is taken over and subtracted: nothing, the tokens of this prompt, "
        "or all tokens of the common prompts that ship with the package.",
    ),
]
PromptCount = Annotated[int, Field(ge=1, le=100_000, description="How many prompts to draw from the task.")]
Seed = Annotated[int, Field(ge=0, description="What chance is drawn from; the same seed, the same draw.")]
TaskSplit = Annotated[
    Literal["unseen", "seen", "train", "validation"],
    Field(
        description="Which problems: those that builtin:scribe never read, those that it read, or, where the "
        "task has them, two parts of the former, for training and for validation.",
    ),
]
WrittenTokens = Annotated[
    int,
    Field(
        ge=0,
        le=4096,
        description="How many tokens the model may write; 0 is one more than the longest right answer has.",
    ),
]
AnswerPlace = Annotated[
    Literal["start", "last_number"],
    Field(
        description="Where the answer stands in what the model writes: at the start, or as the last number, "
        "as after a worked solution.",
    ),
]
Representations = Annotated[
    Literal["none", "answer", "all"],
    Field(
        description="Residual streams to keep beside the answers, at every depth: none, those of the "
        "position that gives the answer, or those of all tokens of the prompt.",
    ),
]
Precision = Annotated[
    Literal["float16", "float32"], Field(description="Number format of the residual streams that are kept.")
]

OutFolder = Annotated[
    Path, Field(description="Folder to write into; where it holds the same run unfinished, that goes on.")
]
ModelShape = Annotated[
    Literal["gpt2", "gpt_neox", "llama"], Field(description="Family whose shape a new model takes.")
]
LayerCount = Annotated[int, Field(ge=1, le=96, description="How many blocks.")]
HeadCount = Annotated[int, Field(ge=1, le=256, description="How many attention heads in a block.")]
StreamWidth = Annotated[int, Field(ge=2, le=16384, description="Width of the residual stream.")]
ContextLength = Annotated[
    int, Field(ge=2, le=131_072, description="How many tokens the model reads at a time.")
]
Tokens = Annotated[
    Literal["bpe", "character"],
    Field(description="What a token is: a piece found by byte pair encoding, or one character."),
]
VocabularySize = Annotated[
    int, Field(ge=258, le=262_144, description="How many tokens byte pair encoding makes.")
]
Dropout = Annotated[float, Field(ge=0, lt=1, description="Share of activations left out in training.")]
TrainingSteps = Annotated[int, Field(ge=1, description="How many steps of training.")]
RowCount = Annotated[int, Field(ge=1, le=65_536, description="How many rows of text in a step.")]
LearningRate = Annotated[
    float, Field(gt=0, le=1, description="Learning rate after warm-up and before it falls to zero.")
]
KeptSteps = Annotated[
    Literal["log", "epoch", "none"],
    Field(
        description="Steps whose weights are kept: evenly spaced in the logarithm, the end of each reading "
        "of the corpus, or none but the last.",
    ),
]
KeptCount = Annotated[
    int, Field(ge=2, le=1000, description="How many steps are kept where they are spaced in the logarithm.")
]
ValidationShare = Annotated[
    float, Field(gt=0, lt=1, description="Share of the documents that is kept for validation.")
]
TrainedOn = Annotated[str, Field(description="Where it is trained: cpu, cuda, cuda:N or mps.")]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of an error sentence that names the closest known word, or nothing.

    >>> nearest("topk", ["top_k", "prompt"])
    "; did you mean 'top_k'?"
    >>> nearest("zebra", ["top_k"])
    ''
    """
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
