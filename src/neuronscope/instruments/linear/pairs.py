"""What does each part add to target minus distractor, on many prompts one after another?"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.linear.direct import Direct
from neuronscope.instruments.linear.linearised import linearise
from neuronscope.instruments.linear.readout import logit_direction
from neuronscope.models.model import Model
from neuronscope.results import track

_TOKENS_PER_PASS = 4096


@dataclass(frozen=True, eq=False)
class Shares:
    """The direct shares of every part on every prompt, and the model's own logit difference."""

    parts: Direct
    difference: Float[Tensor, " prompt"]

    @property
    def remainder(self) -> Float[Tensor, " prompt"]:
        """Return what the sum of the parts leaves of the model's logit difference."""
        return self.difference.double() - self.parts.sum


def direct_shares(
    model: Model,
    prompts: Sequence[Tensor],
    target: Int[Tensor, " prompt"],
    distractor: Int[Tensor, " prompt"],
) -> Shares:
    """Return what each part adds straight to the logit of the target minus that of the distractor.

    Prompts are token ids; the last token of each is read out. Raises `BadInput` as `linearise` does, and for
    a model without a plain output head.
    """
    rows = max(1, _TOKENS_PER_PASS // max(len(prompt) for prompt in prompts))
    parts, differences = [], []
    for first in track(range(0, len(prompts), rows), "batches of prompts"):
        chunk = slice(first, first + rows)
        seen = linearise(model, list(prompts[chunk]))
        right, wrong = target[chunk], distractor[chunk]
        alike = bool((right == right[0]).all() and (wrong == wrong[0]).all())
        asked = (right[:1], wrong[:1]) if alike else (right, wrong)
        parts.append(seen.direct(logit_direction(model, *asked)))
        here = torch.arange(len(right), device=right.device)
        differences.append(seen.logits[here, right] - seen.logits[here, wrong])
    joined = {
        field.name: torch.cat([getattr(part, field.name) for part in parts]).cpu() for field in fields(Direct)
    }
    return Shares(Direct(**joined), torch.cat(differences).cpu())
