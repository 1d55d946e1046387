"""What do patching, ablation and tracing take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

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
PatchSites = Annotated[
    Literal["residual", "resid_mid", "attn_add", "mlp_add", "z", "q", "k", "v", "pattern", "mlp_act"],
    Field(
        description="What is swapped: the residual stream at each depth or between attention and MLP, what "
        "attention or the MLP adds to it, a head's output z, queries, keys, values or pattern, or neurons."
    ),
]
PatchPositions = Annotated[
    Literal["usual", "each", "together"],
    Field(
        description="Each token by itself (over a task, each named part of the prompts), or all together; "
        "usual is each for streams and outputs, together for heads and neurons."
    ),
]
PatchedNeurons = Annotated[
    int,
    Field(
        ge=1,
        le=4096,
        description="How many neurons to swap, those of the largest estimated effect; of one layer, all.",
    ),
]
CheckedCells = Annotated[
    int,
    Field(
        ge=0,
        le=4096,
        description="How many estimates to measure exactly too: the largest ones, and as many at random.",
    ),
]
