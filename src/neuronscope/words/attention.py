"""What do questions about attention take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

from neuronscope.words.asking import NamesFile

FirstToken = Annotated[
    Literal["keep", "leave_out"],
    Field(
        description="What becomes of the first token, where many heads rest: it counts as any other key, or "
        "it is left out and the rest of each row made to sum to 1.",
    ),
]
MassShare = Annotated[
    float, Field(gt=0, le=1, description="Share of a row's attention that the counted keys must hold.")
]
StringCount = Annotated[
    int, Field(ge=2, le=4096, description="How many random strings that go round to draw.")
]
LongestPeriod = Annotated[
    int,
    Field(
        ge=2,
        le=1024,
        description="Longest period of a string in tokens; each is drawn between a third of it and it. "
        "Cut to what context and vocabulary hold.",
    ),
]
LeastScore = Annotated[
    float, Field(ge=0, le=1, description="Score that a head needs, beside being above chance, to be named.")
]
RandomSets = Annotated[
    int,
    Field(
        ge=1,
        le=1000,
        description="How many different random sets of heads, as many in each, to ablate beside.",
    ),
]
RandomPool = Annotated[
    Literal["others", "unnamed"],
    Field(
        description="Heads that random sets are drawn from: all that were not found, or only those that were "
        "not found as previous-token heads either.",
    ),
]
RolloutMethod = Annotated[
    Literal["attention", "value_weighted"],
    Field(
        description="What each layer passes on: attention mixed with the residual stream, or the size "
        "of the vectors that each token sends, the residual stream among them.",
    ),
]
HeadMean = Annotated[
    Literal["mean", "max"], Field(description="How the heads of a layer become one pattern.")
]
ResidualShare = Annotated[
    float,
    Field(ge=0, lt=1, description="Share of each position that passes a layer by, with method attention."),
]
Treebank = Annotated[
    str,
    Field(
        description="CoNLL-U file whose arcs are looked for; left empty, that from the verb's place to its "
        "subject in the task agreement."
    ),
    NamesFile,
]
SentenceCount = Annotated[
    int, Field(ge=2, le=100_000, description="How many sentences of the treebank to read.")
]
