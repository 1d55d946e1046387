"""Of which words may a vector of the last stream be made? The rows of the output head, or means of them."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from neuronscope.data.lexicons import phrases
from neuronscope.instruments.linear import logit_direction
from neuronscope.instruments.linear.fixed import fixed
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.taps import Absence
from neuronscope.words import BadInput

VOCABULARY = "vocabulary"
_NO_LENGTH = 1e-6


@dataclass(frozen=True, eq=False)
class Atoms:
    """Directions of length 1 with the words that they stand for.

    ``n_left_out`` phrases could not be written with this tokenizer, are written like another one, or point
    nowhere.
    """

    vectors: Float[np.ndarray, "item width"]
    names: tuple[str, ...]
    n_left_out: int = 0

    def __len__(self) -> int:
        return len(self.names)


def centred_head(model: Model) -> Float[np.ndarray, "vocab width"]:
    """Return what reads the logit of each token above the mean over the vocabulary.

    Raises `BadInput` for a model without a plain output head.
    """
    parts = fixed(model)
    if isinstance(parts.head, Absence):
        raise BadInput(f"{model.name} has no direction for a token: {parts.head.reason}.")
    ids = torch.arange(matrix(parts.head).shape[1], device=model.device)
    rows = logit_direction(model, ids).vectors
    return (rows - rows.mean(0)).float().numpy(force=True)


def atoms_of(model: Model, lexicon: str, *, n_mined: int = 1000) -> Atoms:
    """Return the atoms of a lexicon: every token of the vocabulary, or phrases as the mean of their tokens.

    Each token stands for its row of the output head less the mean row, a phrase for the mean of those of its
    tokens, as it is written behind a space; all are brought to length 1. Raises `BadInput` for a model
    without a tokenizer, as `phrases` does, and where fewer than two atoms are left.
    """
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so none of its tokens can be named.")
    rows = centred_head(model)
    if lexicon == VOCABULARY:
        tokens: dict[tuple[int, ...], str] = {
            (token,): text for token, text in enumerate(model.token_texts(range(len(rows))))
        }
        n_asked = len(rows)
    else:
        listed = phrases(lexicon, n_mined=n_mined)
        tokens, n_asked = _written(model, listed, len(rows)), len(listed)
    vectors = np.stack([rows[list(own)].mean(0) for own in tokens]) if tokens else rows[:0]
    length = np.linalg.norm(vectors, axis=1)
    there = length > _NO_LENGTH * length.max(initial=0.0)
    if there.sum() < 2:
        raise BadInput(f"The lexicon {lexicon!r} has no two phrases that {model.name} can write apart.")
    names = [name for name, kept in zip(tokens.values(), there, strict=True) if kept]
    return Atoms(vectors[there] / length[there, None], tuple(names), n_asked - int(there.sum()))


def _written(model: Model, listed: tuple[str, ...], n_rows: int) -> dict[tuple[int, ...], str]:
    """Return each phrase by its tokens, the first of those that are written alike."""
    ids = model.tokenizer([f" {phrase}" for phrase in listed], add_special_tokens=False)["input_ids"]
    unknown = model.tokenizer.unk_token_id
    found: dict[tuple[int, ...], str] = {}
    for phrase, own in zip(listed, ids, strict=True):
        if own and unknown not in own and max(own) < n_rows:
            found.setdefault(tuple(own), phrase)
    return found
