"""How well does a model predict documentation, in nats a byte, beside an n-gram model on the same tokens?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from neuronscope.data.corpora import BOUNDARY
from neuronscope.data.documentation import documentation_split

from .ngram import tuned


@torch.no_grad()
def document_nats(
    model: PreTrainedModel, tokens: Sequence[int], *, boundary: int, context: int = 256
) -> float:
    """Return the nats of a whole document, each token given at least half a context where there is one.

    The boundary stands before the first token; windows of `context` tokens advance by half of it.
    """
    whole = torch.tensor([boundary, *tokens])
    total, counted = 0.0, 0
    for start in range(0, max(1, len(tokens)), context // 2):
        piece = whole[start : start + context + 1]
        logits = model(input_ids=piece[None, :-1]).logits[0].double().log_softmax(-1)
        nats = -logits[torch.arange(len(piece) - 1), piece[1:]]
        new = nats[counted - start :]
        total, counted = total + float(new.sum()), start + len(piece) - 1
        if counted == len(tokens):
            break
    return total


@dataclass(frozen=True)
class PageLosses:
    """Nats of each validation document under the model and under the n-gram, and its size in bytes."""

    names: list[str]
    model: np.ndarray
    ngram: np.ndarray
    n_bytes: np.ndarray
    ngram_scale: float

    def summary(self, *, draws: int = 10_000, seed: int = 0) -> dict[str, Any]:
        """Return both losses in nats a byte, and how much better the model is with its interval."""
        rng = np.random.default_rng(seed)
        rows = rng.integers(0, len(self.model), (draws, len(self.model)))
        better = 1 - self.model[rows].sum(1) / self.ngram[rows].sum(1)
        low, high = np.quantile(better, (0.025, 0.975))
        return {
            "documents": len(self.names),
            "bytes": int(self.n_bytes.sum()),
            "model_nats_per_byte": round(float(self.model.sum() / self.n_bytes.sum()), 5),
            "ngram_nats_per_byte": round(float(self.ngram.sum() / self.n_bytes.sum()), 5),
            "ngram": "interpolated modified Kneser-Ney, 5 tokens, same training documents",
            "ngram_discount_scale": self.ngram_scale,
            "better_by": round(float(1 - self.model.sum() / self.ngram.sum()), 5),
            "better_by_low": round(float(low), 5),
            "better_by_high": round(float(high), 5),
            "bootstrap": f"{draws} draws of documents, seed {seed}",
        }


def page_losses(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> PageLosses:
    """Return the losses on the validation documents, of the model and of a 5-gram of the training ones."""
    boundary = tokenizer.get_vocab()[BOUNDARY]
    training = [
        tokenizer(page.text, verbose=False)["input_ids"] for page in documentation_split(validation=False)
    ]
    ngram, scale = tuned(training, n_tokens=len(tokenizer))
    pages = documentation_split(validation=True)
    tokens = [tokenizer(page.text, verbose=False)["input_ids"] for page in pages]
    return PageLosses(
        [page.name for page in pages],
        np.array([document_nats(model, page, boundary=boundary) for page in tokens]),
        np.array([-ngram.log_probabilities(page).sum() for page in tokens]),
        np.array([len(page.text.encode()) for page in pages]),
        scale,
    )
