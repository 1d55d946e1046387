"""What do the attributions take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

from neuronscope.words.asking import NamesFile

TokenMethod = Annotated[
    Literal["integrated_gradients", "saliency", "gradient_input", "occlusion", "shapley"],
    Field(
        description="How the answer is shared out among tokens: the gradient averaged along the way from the "
        "baseline, its size alone, the gradient times the distance, each token replaced by the baseline, or "
        "the mean over random orders in which tokens come in."
    ),
]
EmbeddingBaseline = Annotated[
    Literal["mean", "zero", "padding"],
    Field(
        description="What a token that says nothing looks like: the mean embedding of the vocabulary, zeros, "
        "or the embedding of the padding token (of the end-of-text token where there is none)."
    ),
]
NeuronMethod = Annotated[
    Literal["integrated_gradients", "gradient_activation", "ablation"],
    Field(
        description="How the answer is shared out among neurons: the gradient averaged along the way from "
        "the baseline, the gradient times the distance, or each neuron alone at its baseline (exact, slow)."
    ),
]
NeuronBaseline = Annotated[
    Literal["mean", "zero"],
    Field(description="What a neuron that says nothing holds: its mean over the reference, or zero."),
]
GivenPositions = Annotated[
    Literal["last", "all"],
    Field(
        description="Whose neurons count: those of the last token, which gives the answer, or of all tokens "
        "but the first, summed over them."
    ),
]
IntegralSteps = Annotated[
    int,
    Field(
        ge=1,
        le=1024,
        description="In how many points the gradient is taken along the way from the baseline.",
    ),
]
QuadratureRule = Annotated[
    Literal["midpoint", "gauss_legendre", "right"],
    Field(
        description="Which points, and their weights: the middles of equal steps, Gauss-Legendre points, or "
        "the right ends of equal steps, as older code has them."
    ),
]
OrderCount = Annotated[
    int,
    Field(ge=1, le=10_000, description="How many random orders of the tokens Shapley sampling averages."),
]
KnowledgeMethod = Annotated[
    Literal["integrated_gradients", "log_probability_increase"],
    Field(
        description="How neurons are scored: integrated gradients from the baseline, or by how much the "
        "value that a neuron writes raises the log-probability of the answer when added to the stream."
    ),
]
KnowledgeMetric = Annotated[
    Literal["log_probability", "probability", "logit_difference"],
    Field(description="What of the answer is shared out; probability is that of Dai et al. (2022)."),
]
Paraphrases = Annotated[
    str,
    Field(
        description="Further prompts with the same answer: one a line, or the name of a text file (.txt) "
        "that holds one a line."
    ),
    NamesFile,
]
ParaphraseCount = Annotated[
    int, Field(ge=1, le=1000, description="How many wordings of the fact to take from the task.")
]
ShareOfLargest = Annotated[
    float,
    Field(
        gt=0,
        lt=1,
        description="A neuron counts in a prompt where its score is above this share of the largest there.",
    ),
]
ShareOfPrompts = Annotated[
    float,
    Field(
        ge=0,
        lt=1,
        description="A neuron is kept where it counts in more than this share of the paraphrases.",
    ),
]
PreselectedCount = Annotated[
    int,
    Field(
        ge=1,
        le=1_000_000,
        description="How many neurons of each prompt are scored exactly, the best by first order.",
    ),
]
RandomSets = Annotated[
    int,
    Field(
        ge=1,
        le=10_000,
        description="How many sets of random neurons, as many in each layer, the found ones are compared to.",
    ),
]
AttributedUnits = Annotated[
    Literal["tokens", "neurons"],
    Field(description="Whether methods share the answer out among the prompt's tokens or among neurons."),
]
FactSubject = Annotated[
    str,
    Field(
        description="What the fact of the task is about, such as France; left empty, the first that the "
        "model gets right.",
        examples=["France"],
    ),
]
StandIn = Annotated[
    Literal["mean", "zero"],
    Field(
        description="What a token or neuron that says nothing looks like: the mean embedding of the "
        "vocabulary or the neuron's mean over the prompts, or zero."
    ),
]
ComparedLayer = Annotated[
    int, Field(ge=-1, description="Block whose neurons are compared, from 0; -1 is the last that has any.")
]
RandomOrders = Annotated[
    int,
    Field(ge=1, le=1000, description="How many random orders of each prompt the methods are compared to."),
]
