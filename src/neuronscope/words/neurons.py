"""What do questions about neurons take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

ClusterComponents = Annotated[
    int,
    Field(ge=0, le=500, description="How many principal components are clustered; 0 clusters the features."),
]
ClusterCount = Annotated[
    int,
    Field(
        ge=0, le=256, description="How many clusters; 0 takes the number that stands out most in the scan."
    ),
]
ClusterMethod = Annotated[
    Literal["kmeans", "hdbscan", "agglomerative"],
    Field(description="How clusters are found; hdbscan finds their number itself and leaves points out."),
]
ComponentCount = Annotated[int, Field(ge=2, le=200, description="How many coordinates to give each neuron.")]
ExampleCount = Annotated[
    int,
    Field(ge=4, le=500, description="How many of a neuron's strongest tokens, one a passage, are looked at."),
]
MapColour = Annotated[
    Literal["layer", "mean", "deviation", "share_active", "kurtosis", "output_length"],
    Field(description="What colours the points; all of these are in the result."),
]
MapMethod = Annotated[
    Literal["pca", "tsne", "umap"],
    Field(
        description="How neurons are put on the map: principal components, t-SNE, or UMAP, which needs the "
        "package umap-learn.",
    ),
]
Neighbours = Annotated[
    int,
    Field(ge=2, le=1000, description="How many neighbours t-SNE (as its perplexity) and UMAP keep together."),
]
NeuronFeatures = Annotated[
    Literal["activations", "effects", "token_classes", "input_weights", "output_weights"],
    Field(
        description="What a neuron is described by: its activation at every token, its activation times its "
        "gradient there (first-order effect on the log-probability of the text), its mean activation by "
        "class of token, or its weights from or to the residual stream.",
    ),
]
NeuronIndex = Annotated[int, Field(ge=-1, description="Neuron of the layer, from 0; -1 takes every neuron.")]
NeuronLayers = Annotated[
    int,
    Field(
        ge=-1, description="Block, from 0, whose neurons are taken; -1 takes those of all blocks together."
    ),
]
NullCount = Annotated[
    int, Field(ge=0, le=10_000, description="How many times chance is drawn, to compare with; 0 for none.")
]
PartnerLayers = Annotated[
    Literal["all", "same"],
    Field(description="Where partners of a given neuron are looked for: in all layers, or in its own."),
]
PolysemanticityMeasure = Annotated[
    Literal[
        "kurtosis", "hoyer", "gini", "participation", "class_selectivity", "class_entropy", "token_entropy",
        "context_clusters", "context_silhouette", "input_norm_bias",
    ],
    Field(description="Measure by which the list is ordered, the largest first."),
]  # fmt: skip
ScanEnd = Annotated[int, Field(ge=2, le=64, description="The largest number of clusters that is tried.")]
Standardise = Annotated[
    Literal["neuron", "feature", "none"],
    Field(
        description="What is brought to mean 0 and deviation 1: each neuron over its features, so that "
        "loud and quiet neurons compare, each feature over the neurons, or nothing.",
    ),
]
TextResamples = Annotated[
    int, Field(ge=0, le=1000, description="How many times the passages are drawn anew and clustered again.")
]
ToyDensities = Annotated[
    tuple[float, ...],
    Field(
        min_length=1,
        max_length=50,
        description="Shares of examples that have a feature, above 0 and at most 1; one model for each.",
    ),
]
ToyFeatures = Annotated[int, Field(ge=2, le=1000, description="How many features a toy model has to keep.")]
ToyImportances = Annotated[
    tuple[float, ...],
    Field(
        min_length=1,
        max_length=20,
        description="How much each feature matters beside the one before it, above 0 and at most 1; one "
        "model for each.",
    ),
]
ToyWidth = Annotated[int, Field(ge=1, le=500, description="How many dimensions it has to keep them in.")]
WeightSide = Annotated[
    Literal["output", "input"],
    Field(description="Which vectors of a neuron: what it writes to the residual stream, or what it reads."),
]
ListedNeurons = Annotated[
    int,
    Field(ge=1, le=100_000, description="How many neurons of each layer to list, best first; at most all."),
]
RankedPrompts = Annotated[
    int, Field(ge=2, le=100_000, description="How many prompts of the task the criteria are measured on.")
]
RankResamples = Annotated[
    int,
    Field(ge=20, le=10_000, description="How many resamples of the prompts the intervals are taken from."),
]
ChanceDraws = Annotated[
    int, Field(ge=19, le=10_000, description="How many random vectors of the same length to compare with.")
]
ChosenNeurons = Annotated[
    int, Field(ge=1, le=1000, description="How many neurons to choose where none are named.")
]
NeuronNames = Annotated[
    str,
    Field(
        description="Neurons by layer and number, such as 3.17, 5.94; left empty, the analysis chooses some.",
    ),
]
PushToken = Annotated[
    str,
    Field(
        description="Text of one token; a leading space is added if that makes it one token. "
        "Left empty, no direction is asked about.",
    ),
]

# The corpus pass over all neurons.
ContextWindow = Annotated[
    int,
    Field(ge=4, le=131_072, description="How many tokens of a document are read together, as one stretch."),
]
CorpusTokens = Annotated[
    int, Field(ge=0, description="About how many tokens of the corpus to read, by hash; 0 reads all.")
]
ActiveThreshold = Annotated[
    float, Field(description="A neuron counts as active at a token where its activation is above this.")
]
MinimumCount = Annotated[
    int, Field(ge=1, description="How often a token or n-gram must occur to be given a mean activation.")
]
TableMegabytes = Annotated[
    int, Field(ge=1, le=65_536, description="Memory for the mean activations by token and n-gram.")
]
InteractingNeurons = Annotated[
    int, Field(ge=2, le=64, description="How many neurons to choose where none are named.")
]
AskedLayer = Annotated[
    int, Field(ge=-1, description="Layer of the neuron, from 0; -1 takes that of the neuron that is chosen.")
]
AskedNeuron = Annotated[
    int, Field(ge=-1, description="Neuron of the layer, from 0; -1 takes the one that some token tells best.")
]
LongestNgram = Annotated[
    int, Field(ge=1, le=3, description="1 lists single tokens, 2 pairs of tokens too, 3 triples too.")
]
ActivatingText = Annotated[
    str, Field(min_length=1, description="Token, n-gram, text or regular expression; spaces count.")
]
OtherText = Annotated[
    str, Field(description="A second one to set beside the first; left empty, there is none.")
]
ReadAs = Annotated[
    Literal["auto", "ngram", "text", "pattern"],
    Field(
        description="ngram is looked up in the record, text is run through the model, pattern is a regular "
        "expression on the tokens of the record; auto takes ngram where the record has it, else text.",
    ),
]
EndpointModel = Annotated[str, Field(description="Name of the model that the endpoint shall use.")]
ExcerptCount = Annotated[
    int,
    Field(
        ge=4, le=1000, description="How many excerpts; half serve to explain, half to try the explanation."
    ),
]
NeuronExplainer = Annotated[
    Literal["tokens", "phrases", "endpoint"],
    Field(
        description="What explains: the mean activation on each token, a few phrases of up to three tokens, "
        "or a large model at the endpoint whose address is in NEURONSCOPE_EXPLAINER_URL.",
    ),
]
