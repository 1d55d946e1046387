"""Tuned lens: what does each depth already know of the answer, once its own way of writing is learned?"""

from pathlib import Path

from neuronscope.contract import maker
from neuronscope.data.corpora import Corpus
from neuronscope.learned.lens_run import LensChoice, learn_lens
from neuronscope.models import Model
from neuronscope.words import (
    ContextLength,
    LearningRate,
    OutFolder,
    RowCount,
    Seed,
    TrainingSteps,
    ValidationShare,
)


@maker(cites="belrose2023tuned")
def tuned_lens(
    model: Model,
    corpus: Corpus | None = None,
    *,
    out: OutFolder,
    context: ContextLength = 128,
    rows: RowCount = 8,
    steps: TrainingSteps = 250,
    learning_rate: LearningRate = 4e-3,
    validation_share: ValidationShare = 0.1,
    seed: Seed = 0,
) -> Path:
    """Train a linear translator for each depth that makes the residual stream there speak as the last does.

    The folder becomes a lens, given by its path to the logit lens and to prediction depth. Its files are
    those of the package tuned-lens 0.2 (params.pt, config.json), and metrics.nc holds the divergence of the
    final answer from the lens over step and depth, in nats on held-out documents, beside that of the logit
    lens. Without a corpus the text is Python's documentation. Before the first step the lens is the logit
    lens; the last depth has no translator.

    A run that was killed goes on where it was when the same is asked again, and ends with the same weights,
    bit for bit on the same processor, number of threads and version of torch. Raises ``BadInput`` for a
    model without a tokenizer or an output head, too short a corpus, and a folder that holds another run.
    """
    choice = LensChoice(
        context=context,
        rows=rows,
        steps=steps,
        learning_rate=learning_rate,
        validation_share=validation_share,
        seed=seed,
    )
    return learn_lens(model, corpus, choice, out)
