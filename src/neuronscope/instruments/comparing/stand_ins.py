"""What takes the place of a token that is taken out? A mean embedding, or another token that is as common."""

from collections.abc import Sequence
from hashlib import sha256

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_NEIGHBOURS = 32  # tokens next in frequency, among which one is drawn


def token_embeddings(model: Model, tokens: Int[Tensor, " item"]) -> Float[Tensor, "item width"]:
    """Return what the embedding looks up for each token, in the order given."""
    size = max(1, min(model.n_positions, 512))
    parts = [run(model, part[None], get="embed", stop=True)["embed"][0] for part in tokens.split(size)]
    return torch.cat(parts)


def mean_embedding(model: Model, reference: Sequence[Tensor]) -> Float[Tensor, " width"]:
    """Return the mean of the embeddings of all tokens of the reference prompts."""
    return token_embeddings(model, torch.cat(list(reference))).double().mean(0).to(model.dtype)


def similar_tokens(
    model: Model, tokens: Int[Tensor, " position"], reference: Sequence[Tensor], *, n: int, seed: int = 0
) -> Int[Tensor, "position item"]:
    """Return for each token others that are about as common in the reference prompts.

    They are drawn with replacement among the 32 tokens that come next in frequency, of those that occur in
    the reference and begin with a space if the token does; a token is never its own stand-in. What is drawn
    depends on the token, its position and the seed alone. Raises `BadInput` where the reference has no other
    token.
    """
    counted, counts = torch.cat(list(reference)).unique(return_counts=True)
    seen = dict(zip(counted.tolist(), counts.tolist(), strict=True))
    special = set(getattr(model.tokenizer, "all_special_ids", None) or ())
    spaced = {token: _spaced(model, token) for token in {*seen, *tokens.tolist()}}
    rows = []
    for position, token in enumerate(tokens.tolist()):
        others = [one for one in seen if one != token and one not in special]
        alike = [one for one in others if spaced[one] == spaced[token]] or others
        if not alike:
            raise BadInput("The reference has no other token to put in the place of one: name another.")
        near = sorted(alike, key=lambda one: (abs(seen[one] - seen.get(token, 0)), _number(f"{seed} {one}")))
        near = near[:_NEIGHBOURS]
        rows.append([near[_number(f"{seed} {position} {token} {draw}") % len(near)] for draw in range(n)])
    return torch.tensor(rows, dtype=torch.long, device=tokens.device)


def _spaced(model: Model, token: int) -> bool:
    return model.tokenizer is not None and model.token_text(token).startswith(" ")


def _number(said: str) -> int:
    return int.from_bytes(sha256(said.encode()).digest()[:7])
