"""Strings of random tokens that go round with a random period, and how well a model continues them.

With one fixed period a place could be copied, and that is no induction (Olsson et al. 2022).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from neuronscope.instruments.heads.reading import is_causal
from neuronscope.instruments.ops import Op
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_TOKENS_PER_PASS = 4096


@dataclass(frozen=True)
class RepeatedStrings:
    """Strings of one length; each goes round with its own period from position ``first`` on."""

    tokens: Int[Tensor, "prompt position"]
    period: Int[ndarray, " prompt"]
    first: int

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def prompts(self) -> list[Int[Tensor, " position"]]:
        """Return the strings one by one, as `run` takes them."""
        return list(self.tokens)


def repeated_strings(
    model: Model, *, n: int = 32, longest_period: int = 12, seed: int = 0
) -> RepeatedStrings:
    """Return strings of different random tokens that go round, two rounds of the longest period each.

    A string begins with what the tokenizer puts first. Its period is drawn between a third of
    ``longest_period`` and that, which is cut to what the context and the vocabulary hold. Special tokens
    are never drawn. Raises `BadInput` for a model that reads both ways, and where there is no room for two
    rounds.
    """
    if not is_causal(model):
        raise BadInput(
            f"{model.name} reads both ways, so it has no next token to copy: choose a model that writes."
        )
    opening, known = _opening(model), letters(model)
    longest = min(longest_period, len(known), (model.n_positions - len(opening)) // 2)
    if longest < 2:
        raise BadInput(
            f"{model.name} has no room for two rounds of a string: it reads {model.n_positions} tokens and "
            f"knows {len(known)} besides special ones; choose another model."
        )
    rng = np.random.default_rng(seed)
    period = rng.integers(min(longest, max(2, longest // 3 + 1)), longest + 1, size=n)
    rows = []
    for own in period:
        once = rng.choice(known, size=own, replace=False)
        rows.append([*opening, *np.resize(once, 2 * longest)])
    return RepeatedStrings(torch.tensor(np.array(rows), device=model.device), period, len(opening))


def repeated_loss(
    model: Model, strings: RepeatedStrings, do: Op | Iterable[Op] = ()
) -> Float[ndarray, " prompt"]:
    """Return the mean loss in nats on the tokens that stood one period before, for each string.

    They could be known from the token before them, which stood before as well.
    """
    ops = [do] if isinstance(do, Op) else list(do)
    size = max(1, _TOKENS_PER_PASS // strings.tokens.shape[1])
    place = torch.arange(strings.tokens.shape[1] - 1, device=model.device)
    found = []
    for start in range(0, len(strings), size):
        tokens = strings.tokens[start : start + size]
        logits = run(model, tokens, do=ops).logits[:, :-1]
        nats = (logits.logsumexp(-1) - logits.gather(-1, tokens[:, 1:, None])[..., 0]).double()
        period = torch.tensor(strings.period[start : start + size], device=model.device)
        known = place >= strings.first + period[:, None]
        found.append((nats * known).sum(1) / known.sum(1))
    return torch.cat(found).cpu().numpy()


def letters(model: Model) -> ndarray:
    """Return the tokens that a string may hold: all that stand for a text, and all where there is no text."""
    if model.tokenizer is None:
        return np.arange(model.vocab_size)
    known = set(model.tokenizer.get_vocab().values()) - set(model.tokenizer.all_special_ids)
    return np.array(sorted(token for token in known if token < model.vocab_size))


def _opening(model: Model) -> list[int]:
    """Return the special tokens that the tokenizer puts before a text."""
    if model.tokenizer is None:
        return []
    special = set(model.tokenizer.all_special_ids)
    ids = list(model.tokenizer("a", add_special_tokens=True)["input_ids"])
    return ids[: next((place for place, token in enumerate(ids) if token not in special), 0)]
