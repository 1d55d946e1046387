"""What do comparisons of models and checkpoints take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

ComparedSite = Annotated[
    Literal["residual", "mlp_act", "attn_add", "mlp_add"],
    Field(
        description="What is compared: the residual stream at each depth, the neurons of each layer, or what "
        "attention or the MLP adds."
    ),
]
SimilarityMeasure = Annotated[
    Literal["cka", "cca", "procrustes", "matching"],
    Field(
        description="Debiased CKA; canonical correlation or the variance that a rotation explains, both on "
        "held-out texts; or the correlation of units matched one to one, on held-out texts."
    ),
]
ShuffleCount = Annotated[
    int,
    Field(
        ge=0,
        le=1000,
        description="How often the texts of one side are dealt out anew to see what chance gives.",
    ),
]
DriftNeurons = Annotated[
    int, Field(ge=1, le=65_536, description="How many neurons of each layer to keep, those that drift most.")
]
