"""What does a language model learn from my text, and when? Trains one, or trains one further."""

from pathlib import Path

from neuronscope.contract import maker
from neuronscope.data.corpora import Corpus
from neuronscope.learned.language_run import Choice, learn
from neuronscope.models import Model
from neuronscope.words import (
    ContextLength,
    Dropout,
    HeadCount,
    KeptCount,
    KeptSteps,
    LayerCount,
    LearningRate,
    ModelShape,
    OutFolder,
    RowCount,
    Seed,
    StreamWidth,
    Tokens,
    TrainedOn,
    TrainingSteps,
    ValidationShare,
    VocabularySize,
)


@maker(cites="radford2019language")
def language_model(  # noqa: PLR0913 - each choice of a training is one keyword
    corpus: Corpus,
    start: Model | None = None,
    *,
    out: OutFolder,
    shape: ModelShape = "gpt2",
    layers: LayerCount = 4,
    heads: HeadCount = 4,
    width: StreamWidth = 128,
    context: ContextLength = 128,
    tokens: Tokens = "bpe",
    n_tokens: VocabularySize = 2048,
    dropout: Dropout = 0.0,
    steps: TrainingSteps = 2000,
    rows: RowCount = 16,
    learning_rate: LearningRate = 1e-3,
    keep: KeptSteps = "log",
    n_kept: KeptCount = 16,
    validation_share: ValidationShare = 0.1,
    seed: Seed = 0,
    train_on: TrainedOn = "cpu",
) -> Path:
    """Train a small language model on a corpus, or train an existing one further, and keep its steps.

    The folder becomes a model: it opens by its path, a step of its training as FOLDER@STEP, and all of them
    as FOLDER@*. It holds the tokenizer, a card, the kept steps, and metrics.nc: losses, accuracy and a
    sample of text by step. With start, shape and tokenizer are those of that model; a learning rate of about
    1e-4 is then a good choice.

    A run that was killed goes on where it was when the same is asked again, and ends with the same weights,
    bit for bit on the same processor, number of threads and version of torch.
    """
    choice = Choice(
        shape=shape,
        layers=layers,
        heads=heads,
        width=width,
        context=context,
        tokens=tokens,
        n_tokens=n_tokens,
        dropout=dropout,
        steps=steps,
        rows=rows,
        learning_rate=learning_rate,
        keep=keep,
        n_kept=n_kept,
        validation_share=validation_share,
        seed=seed,
        train_on=train_on,
    )
    return learn(corpus, start, choice, out)
