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

# What a model writes on from a prompt.
NewTokens = Annotated[
    int, Field(ge=1, le=4096, description="How many tokens the model may write; its own end comes first.")
]
Temperature = Annotated[
    float,
    Field(
        ge=0,
        le=10,
        description="What scores are divided by before a token is drawn; 0 takes the likeliest token.",
    ),
]
TopShare = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="Draw among the fewest likeliest tokens that hold this probability together; 1 is all.",
    ),
]
EndTokens = Annotated[
    tuple[str, ...],
    Field(
        max_length=20,
        description="Texts of single tokens that end what is written, besides the model's own end.",
    ),
]
CandidateCount = Annotated[
    int, Field(ge=1, le=100, description="How many of the likeliest next tokens to tell at each token.")
]
ActivationDetail = Annotated[
    Literal["int8", "f16", "f32", "top"],
    Field(
        description="How activations are kept: in 127 steps of each layer's largest, in half or single "
        "precision, or each layer's 32 strongest alone."
    ),
]
WithPatterns = Annotated[
    bool, Field(description="Keep whom every head attends to from each token, in half precision.")
]
Changes = Annotated[
    tuple[str, ...],
    Field(
        max_length=1000,
        description="Interventions that take the place of those before from a token on: POSITION: OP; OP, "
        "such as 12: mlp_act.3.17 scale=0, or 20: for none.",
    ),
]
