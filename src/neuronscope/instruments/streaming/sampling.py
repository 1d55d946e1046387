"""Which token comes next? The likeliest, or one drawn from what temperature, top k and top p leave."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.words import BadInput


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen: greedily without a temperature, else drawn.

    ``temperature`` divides the logits, ``top_k`` keeps the k best, ``top_p`` keeps the fewest best that
    together hold at least this probability; in this order, as Hugging Face does. Raises `BadInput` for
    values out of range and for ``top_k`` or ``top_p`` without a temperature.
    """

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature is None and (self.top_k is not None or self.top_p is not None):
            raise BadInput(
                "top_k and top_p choose among drawn tokens, but without a temperature none is drawn: "
                "give temperature=1.0."
            )
        if self.temperature is not None and not 0 < self.temperature < float("inf"):
            raise BadInput(
                f"temperature is {self.temperature}, but must be above 0: leave it out to take the likeliest."
            )
        if self.top_k is not None and self.top_k < 1:
            raise BadInput(f"top_k is {self.top_k}, but at least 1 token must be kept.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise BadInput(f"top_p is {self.top_p}, but must lie above 0 and be 1 at most.")

    def generator(self) -> torch.Generator:
        """Return the source of chance that this seed stands for."""
        return torch.Generator().manual_seed(self.seed)

    def choice(self, logits: Float[Tensor, " vocab"], generator: torch.Generator) -> int:
        """Return the token to go on with: the likeliest, or one drawn with this source of chance."""
        if self.temperature is None:
            return int(logits.float().argmax())
        return int(torch.multinomial(self.probabilities(logits).cpu(), 1, generator=generator))

    def probabilities(self, logits: Float[Tensor, " vocab"]) -> Float[Tensor, " vocab"]:
        """Return the probability with which each token is drawn; raises `BadInput` for a greedy choice."""
        if self.temperature is None:
            raise BadInput("A greedy choice draws no token, so none has a probability: give a temperature.")
        scores = logits.float() / self.temperature
        if self.top_k is not None:
            least = scores.topk(min(self.top_k, len(scores))).values[-1]
            scores = scores.masked_fill(scores < least, -torch.inf)
        if self.top_p is not None:
            rising, order = scores.sort()
            dropped = rising.softmax(-1).cumsum(-1) <= 1 - self.top_p
            dropped[-1] = False  # the likeliest stays, however small top_p is
            scores = scores.masked_fill(torch.zeros_like(dropped).scatter(0, order, dropped), -torch.inf)
        return scores.softmax(-1)
