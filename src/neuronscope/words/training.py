"""What does a training take? Parameters of what is learned, with their bounds and help."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

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
