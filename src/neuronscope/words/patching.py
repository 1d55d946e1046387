"""What do patching, ablation and tracing take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

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
PatchDirection = Annotated[
    Literal["both", "denoise", "noise"],
    Field(
        description="Clean parts put into the corrupt run (what is enough), corrupt ones into the clean run "
        "(what is needed), or both, which takes twice as long."
    ),
]
PathReceivers = Annotated[
    str,
    Field(
        min_length=1,
        description="Where paths end: logits, or queries, keys and values of heads such as q.3.2 k.3.2, "
        "or mlp_in.4; several share one change.",
        examples=["logits", "q.3.2 k.3.2"],
    ),
]
PathDirection = Annotated[
    Literal["noise", "denoise"],
    Field(
        description="Which way the patch runs: senders of the corrupt prompt into the clean run, or the "
        "other way round."
    ),
]
MLPsOnTheWay = Annotated[
    Literal["free", "frozen"],
    Field(
        description="Whether MLPs between sender and receiver pass on what reaches them, or write what they "
        "wrote before."
    ),
]
Corruption = Annotated[
    Literal["replacement", "noise"],
    Field(
        description="How the run is corrupted: by the tokens of the corrupt prompt, or by Gaussian noise on "
        "the embeddings of the subject."
    ),
]
SubjectText = Annotated[
    str,
    Field(
        description="What is corrupted and restored around: words of the prompt, or a named span of the "
        "task; left empty, the tokens in which clean and corrupt prompt differ.",
        examples=["The Space Needle"],
    ),
]
NoiseScale = Annotated[
    float,
    Field(gt=0, le=100, description="Noise, in standard deviations of the subjects' token embeddings."),
]
NoiseSamples = Annotated[int, Field(ge=1, le=1000, description="How many draws of noise for each prompt.")]
Restored = Annotated[
    Literal["residual", "mlp", "attention"],
    Field(
        description="What is put back to what it was in the clean run: the residual stream at one depth, or "
        "outputs of MLPs or attention in a window of layers."
    ),
]
WindowWidth = Annotated[
    int,
    Field(ge=1, le=200, description="How many layers of MLP or attention outputs are restored together."),
]
Severed = Annotated[
    Literal["none", "mlp", "attention"],
    Field(
        description="Which outputs later at the restored token stay what they were in the corrupted run, so "
        "that nothing is carried through them."
    ),
]
TracingMetric = Annotated[
    Literal["logit_difference", "log_probability", "probability"],
    Field(
        description="What is measured at the last position: target minus distractor in logits, or the "
        "target's log-probability or probability."
    ),
]
AblatedParts = Annotated[
    Literal["heads", "outputs", "neurons"],
    Field(
        description="What is taken out, one at a time: every head, what attention and the MLP of each layer "
        "add to the stream, or every neuron of one layer."
    ),
]
ListedParts = Annotated[
    str,
    Field(
        description="Addresses of parts of one sort, to be taken out alone and together, such as heads.",
        examples=["z.2.0 z.3.4"],
    ),
]
RandomSets = Annotated[
    int,
    Field(ge=0, le=10_000, description="How many random sets of as many parts to compare with; 0 for none."),
]
CriticalCount = Annotated[
    int, Field(ge=1, le=1000, description="How many of the most critical layers to list.")
]
InterventionTexts = Annotated[
    list[str],
    Field(
        min_length=1,
        max_length=100,
        description="Changes made together in every pass, each as SITE OP[=VALUE].",
        examples=[["mlp_act.3.17 scale=0"], ["z.2.1@-1 mean"]],
    ),
]
RandomUnits = Annotated[
    int,
    Field(
        ge=1,
        le=10_000,
        description="How many random units of the same size, or random directions of the same length, to "
        "compare the effect on a single prompt with.",
    ),
]
ExactCells = Annotated[
    int,
    Field(
        ge=0,
        le=100_000,
        description="How many cells to measure exactly in each direction, those that matter most first; all "
        "where there are fewer.",
    ),
]
