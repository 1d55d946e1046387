"""What do the questions take? Parameters that several wings share, with their bounds and help."""

from typing import Annotated, Literal

from pydantic import Field


class NamesFile:
    """Mark a parameter that may name a file, so that a server looks where it leads before it is opened."""


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
PairPrompt = Annotated[
    str,
    Field(
        description="Clean prompt; left empty, the prompts of the task are used.", examples=["Paris is in"]
    ),
]
PairCorrupt = Annotated[
    str,
    Field(
        description="Twin of the prompt with the answer changed, of as many tokens; empty as the prompt is."
    ),
]
PairCount = Annotated[int, Field(ge=1, le=100_000, description="How many prompts to draw from the task.")]
OnePrompt = Annotated[
    str, Field(description="Text to read; left empty, passages of the corpus.", examples=["Paris is in"])
]
PassageCount = Annotated[int, Field(ge=2, le=100_000, description="How many passages of the corpus to read.")]
PassageLength = Annotated[int, Field(ge=3, le=131_072, description="How many tokens each passage has.")]
Ablation = Annotated[
    Literal["mean", "resample", "zero"],
    Field(
        description="What stands in for a value: its mean over the reference, its value at a token drawn "
        "from it, or zero."
    ),
]
AblationReference = Annotated[
    Literal["prompts", "common_prompts", "documentation"],
    Field(
        description="Prompts that a mean is taken over: those asked about, clean and corrupt; the common "
        "prompts of the package; or passages of Python's reference."
    ),
]
Seed = Annotated[
    int, Field(ge=0, le=2**32 - 1, description="What chance is drawn from; the same seed, the same draw.")
]
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
