"""What do questions about predictions take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

ChosenTokens = Annotated[
    tuple[str, ...],
    Field(
        max_length=100,
        description="Texts of single tokens to follow, whatever their rank; "
        "a leading space is added if that makes it one token.",
    ),
]
ShownNeurons = Annotated[
    int,
    Field(ge=0, le=4096, description="How many neurons to list, those of the largest mean share first."),
]
ConvergenceThreshold = Annotated[
    float,
    Field(
        gt=0,
        description="A reading has converged where the final answer diverges from it by no more than this, "
        "in nats.",
    ),
]
DrawCount = Annotated[
    int,
    Field(ge=2, le=1000, description="How many tokens of similar frequency to draw in place of each token."),
]
EmbeddingReference = Annotated[
    Literal["common_prompts", "documentation"],
    Field(
        description="Texts whose embeddings are averaged and whose tokens are counted: the common prompts of "
        "the package, or passages of Python's reference."
    ),
]
