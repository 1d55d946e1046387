"""How does a language model learn from a corpus: what it reads at each step, and how well it has learned?"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from neuronscope.data.packing import joined, window
from neuronscope.maths.resampling import bootstrap_interval
from neuronscope.words import BadInput

LEAST_WINDOWS, LEAST_TOKENS = 64, 16_384  # that a loss is measured on, where there are so many
SAMPLE_TOKENS = 120
TEMPERATURE = 0.8


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a model reads: the tokens of the two parts of a corpus, documents one after the other.

    Batches are ``rows`` windows of ``context`` tokens, a function of the seed and the step alone: each epoch
    cuts the tokens at another place and deals the windows in another order.
    """

    training: np.ndarray
    validation: np.ndarray
    context: int
    rows: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Return how many steps read every training window once."""
        return -(-((len(self.training) - self.context) // self.context) // self.rows)

    def batch(self, step: int) -> np.ndarray:
        """Return the token ids of a step (row, position)."""
        places = range(step * self.rows, (step + 1) * self.rows)
        return np.stack([window(self.training, place, self.context, seed=self.seed) for place in places])

    @cached_property
    def looked_at(self) -> dict[str, Tensor]:
        """Return the windows that losses are measured on, the same ones every time, by part."""
        return {
            part: torch.from_numpy(_spread(stream, self.context))
            for part, stream in (("training", self.training), ("validation", self.validation))
        }


def reading(
    parts: tuple[Iterable[str], Iterable[str]],
    tokenizer: PreTrainedTokenizerBase,
    *,
    boundary: int,
    context: int,
    rows: int,
    seed: int,
) -> Reading:
    """Return the tokens of two parts of a corpus, for training and for validation.

    Raises `BadInput` where a part has too few tokens for the context.
    """
    streams = [
        joined(
            (tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"] for text in part),
            boundary=boundary,
        )
        for part in parts
    ]
    for word, stream, least in zip(("training", "validation"), streams, (2 * context, context), strict=True):
        if len(stream) < least:
            raise BadInput(
                f"The {word} part of the corpus has {len(stream)} tokens and a context of {context} needs "
                f"{least}: give a longer corpus, or a context of at most {len(stream) * context // least}."
            )
    return Reading(training=streams[0], validation=streams[1], context=context, rows=rows, seed=seed)


def _spread(stream: np.ndarray, length: int) -> np.ndarray:
    """Return windows that do not overlap, evenly spread over the stream (row, position)."""
    n_whole = len(stream) // length
    wanted = min(n_whole, max(LEAST_WINDOWS, LEAST_TOKENS // length))
    chosen = np.unique(np.linspace(0, n_whole - 1, wanted).round().astype(int))
    return np.stack([stream[place * length : (place + 1) * length] for place in chosen])


@torch.no_grad()
def window_scores(
    model: nn.Module, windows: Tensor, *, rows: int
) -> tuple[Float[np.ndarray, " batch"], Float[np.ndarray, " batch"]]:
    """Return each window's mean loss in nats a token, and its share of tokens that were expected most."""
    place = next(model.parameters()).device
    losses, right = [], []
    for tokens in windows.to(place).split(rows):
        logits, asked = model(input_ids=tokens).logits[:, :-1].float(), tokens[:, 1:]
        losses.append(nn.functional.cross_entropy(logits.transpose(1, 2), asked, reduction="none").mean(1))
        right.append((logits.argmax(-1) == asked).float().mean(1))
    return torch.cat(losses).double().cpu().numpy(), torch.cat(right).double().cpu().numpy()


def scores(model: nn.Module, read: Reading) -> dict[str, float]:
    """Return how well a model predicts: both parts' losses in nats a token, and accuracy in validation.

    Intervals are bootstrapped over windows (95 %).
    """
    training, _ = window_scores(model, read.looked_at["training"], rows=read.rows)
    losses, right = window_scores(model, read.looked_at["validation"], rows=read.rows)
    found = {
        "train_loss": float(training.mean()),
        "validation_loss": float(losses.mean()),
        "accuracy": float(right.mean()),
    }
    for name, values in (("validation_loss", losses), ("accuracy", right)):
        low, high = bootstrap_interval(values)
        found |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return {name: round(value, 5) for name, value in found.items()}


@torch.no_grad()
def written(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, boundary: int, context: int, seed: int
) -> str:
    """Return a text that the model writes after a boundary, drawn from the seed at a temperature of 0.8."""
    place = next(model.parameters()).device
    chance = torch.Generator().manual_seed(seed)
    tokens = [boundary]
    for _ in range(SAMPLE_TOKENS):
        logits = model(input_ids=torch.tensor([tokens[-context:]], device=place)).logits[0, -1]
        likely = (logits.float().cpu() / TEMPERATURE).softmax(-1)
        tokens.append(int(torch.multinomial(likely, 1, generator=chance)))
    text: Any = tokenizer.decode(tokens[1:])
    return str(text)
