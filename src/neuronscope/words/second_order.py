"""What do questions about first and second order take? Their own parameters, with bounds and help."""

from typing import Annotated, Literal

from pydantic import Field

from neuronscope.words.asking import NamesFile

AnswerReading = Annotated[
    Literal["difference", "mean_difference", "answer"],
    Field(
        description="What is read at the answer: the logit of the right first token minus that of the wrong "
        "one, the mean of these directions for all prompts alike, or the right token's logit above the mean "
        "of the vocabulary.",
    ),
]
AnswerToken = Annotated[
    int,
    Field(
        ge=0,
        le=1000,
        description="At which token of the answer it is read: 0 is the first; before a later one the right "
        "answer is written up to there, and problems whose answers are shorter or agree at it are left out.",
    ),
]
AskedProblems = Annotated[
    int,
    Field(
        ge=4,
        le=10_000,
        description="How many of the new problems are asked of each sort: hardest, easiest and at random.",
    ),
]
AtomCounts = Annotated[
    tuple[int, ...],
    Field(
        min_length=1,
        max_length=20,
        description="How many words a description has; the residual is told for each, the largest is kept.",
    ),
]
ComponentExamples = Annotated[
    int,
    Field(
        ge=0,
        le=100_000,
        description="On how many of a neuron's longest effects its component is found; 0 takes a tenth of "
        "the prompts, at least 8 and at most 100.",
    ),
]
ComponentNeurons = Annotated[
    int,
    Field(
        ge=0,
        le=100_000,
        description="How many neurons of each layer, those of largest mean |effect|; 0 takes all.",
    ),
]
DirectionLabel = Annotated[
    str,
    Field(
        min_length=1,
        description="What the direction tells apart: a variable of the representations over prompt, true or "
        "false, or a number, which is split at its median.",
        examples=["correct"],
    ),
]
DirectionMethod = Annotated[
    Literal["mean_difference", "shrunken_lda", "logistic", "answer_logits"],
    Field(
        description="How the direction is found: the difference of the two means, that over a covariance "
        "shrunk as Ledoit and Wolf do, logistic regression, or that on the logits of the task's answers."
    ),
]
EditedNeurons = Annotated[
    int, Field(ge=1, le=1000, description="How many neurons are edited together where none are named.")
]
EditedSide = Annotated[
    Literal["towards", "against", "both"],
    Field(
        description="Which neurons are taken where none are named: those whose effect is most for the right "
        "answer, most against it, or largest either way."
    ),
]
EditFactors = Annotated[
    tuple[float, ...],
    Field(
        min_length=1,
        max_length=20,
        description="What the activation of the neurons is multiplied by, at every token: 0 silences them, 1 "
        "(always measured) changes nothing; the mean is measured besides.",
    ),
]
EffectLayers = Annotated[
    tuple[int, ...],
    Field(
        max_length=1000,
        description="Layers whose neurons are listed and tested, from 0; none named takes all.",
    ),
]
EffectOrder = Annotated[
    Literal["effect", "magnitude", "variance"],
    Field(
        description="What the list goes by: the size of the mean effect, the mean size of the effect, or its "
        "variance over the prompts."
    ),
]
EffectPositions = Annotated[
    int,
    Field(
        ge=0,
        le=4096,
        description="How many last tokens are told apart, counted from the end; at most those of the "
        "shortest prompt, 0 for none.",
    ),
]
EffectSaliency = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="List only neurons whose mean |gradient times activation| for the logit difference is at "
        "least this share of the largest; 0 asks no gradient.",
    ),
]
ExplainedPassages = Annotated[
    int,
    Field(
        ge=0,
        le=100_000,
        description="How many passages of the corpus a neuron's words are compared with; 0 leaves that out.",
    ),
]
FoldCount = Annotated[
    int, Field(ge=2, le=50, description="In how many parts the prompts are dealt; each is held out once.")
]
FoldGroups = Annotated[
    Literal["prompt", "template"],
    Field(
        description="What is dealt to one part together: each prompt by itself, or all of one template, so "
        "that the held-out ones are worded otherwise."
    ),
]
LastPositions = Annotated[
    int,
    Field(
        ge=0,
        le=4096,
        description="0 reads at the token that gives the answer; otherwise the mean over this many last "
        "tokens of the prompt with the model's own answer, none of them before the one that gives it.",
    ),
]
Lexicon = Annotated[
    str,
    Field(
        min_length=1,
        description="Which words describe: vocabulary (every token), arithmetic, logic, a text file with a "
        "phrase a line, or worked solutions in the format of GSM8K (.jsonl), whose commonest phrases serve.",
        examples=["vocabulary"],
    ),
    NamesFile,
]
MinedPhrases = Annotated[
    int, Field(ge=2, le=100_000, description="How many phrases are taken from worked solutions.")
]
NewProblems = Annotated[
    int,
    Field(ge=8, le=100_000, description="How many new problems are drawn and scored before any is asked."),
]
NonNegative = Annotated[
    bool, Field(description="Fit the chosen words anew with weights that are not below zero.")
]
PermutationCount = Annotated[
    int, Field(ge=0, le=100_000, description="How often chance deals the labels anew; 0 for no p.")
]
PredictingNeurons = Annotated[
    int, Field(ge=1, le=1000, description="How many neurons predict where none are named.")
]
PredictingValues = Annotated[
    Literal["effect", "activation"],
    Field(
        description="What of each neuron predicts failure: its second-order effect along the mean direction "
        "from wrong to right first tokens, or its activation at the last token."
    ),
]
ProblemCount = Annotated[
    int,
    Field(
        ge=0,
        le=100_000,
        description="How many problems: the first ones of the evaluation, 0 for all of them, or so many of "
        "the task, 0 for 32.",
    ),
]
RepresentationPrompts = Annotated[
    int, Field(ge=4, le=100_000, description="How many prompts to draw where no evaluation is given.")
]
TextPassages = Annotated[
    int, Field(ge=2, le=10_000, description="How many passages of unrelated text are read.")
]
TrainingProblems = Annotated[
    int, Field(ge=8, le=100_000, description="How many problems of the task the prediction is learnt from.")
]
UnrelatedText = Annotated[
    Literal["documentation", "common_prompts"],
    Field(
        description="Text that has nothing to do with the task: passages of Python's reference, or the "
        "common prompts of the package."
    ),
]

CaptionTemplate = Annotated[
    str,
    Field(
        pattern=r"\{name\}",
        description="What each digit is called for the text tower, with {name} where its English name goes.",
    ),
]
EffectSplitting = Annotated[
    Literal["exact", "clip"],
    Field(
        description="How means and biases are shared out among neurons: exactly, each neuron losing its own "
        "mean, or evenly over all, as the first code for CLIP did.",
    ),
]
SignificantShare = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="On which share of the training images an effect counts as significant, longest first; "
        "the paper takes 100 of 5,124.",
    ),
]
DatasetName = Annotated[
    str, Field(min_length=1, max_length=60, description="What the files' names begin with: the data set.")
]
