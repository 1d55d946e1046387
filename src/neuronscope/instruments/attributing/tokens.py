"""How much of an answer is due to each token of the prompt?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from captum.attr import FeatureAblation, IntegratedGradients, Saliency, ShapleyValueSampling
from jaxtyping import Float
from torch import Tensor

Method = Literal["integrated_gradients", "saliency", "gradient_input", "occlusion", "shapley"]

METHODS: tuple[Method, ...] = ("integrated_gradients", "saliency", "gradient_input", "occlusion", "shapley")
_TOKENS_PER_PASS = 2048


class Embedded(Protocol):
    """A number as a function of embeddings, and the embeddings that it is asked about."""

    @property
    def actual(self) -> Float[Tensor, "batch position width"]:
        """Return the embeddings of the one prompt."""
        ...

    @property
    def score(self) -> Callable[[Tensor], Tensor]:
        """Return the function of embeddings [cell position width], one number a row."""
        ...


@dataclass(frozen=True, eq=False)
class TokenScores:
    """The score of each token, and what all do together: the metric less that with all at the baseline."""

    scores: Float[Tensor, " position"]
    whole: float

    @property
    def gap(self) -> float:
        """Return by how much the scores miss the whole, in units of the metric."""
        return float(self.scores.sum()) - self.whole


def token_scores(
    prompt: Embedded,
    baseline: Float[Tensor, " width"],
    *,
    method: Method = "integrated_gradients",
    n_steps: int = 32,
    rule: Literal["midpoint", "gauss_legendre", "right"] = "midpoint",
    n_orders: int = 25,
    seed: int = 0,
) -> TokenScores:
    """Share the metric out among the tokens, against a baseline embedding; by captum, token by token.

    ``integrated_gradients`` (Sundararajan et al. 2017, eq. 1) moves all tokens from the baseline together
    and is complete up to the error of its sum. ``gradient_input`` is the gradient at the prompt times the
    distance from the baseline (with a baseline of zero Shrikumar et al. 2016), ``saliency`` the length of
    the gradient, which has no sign (Simonyan et al. 2014). ``occlusion`` puts each token alone at the
    baseline, and ``shapley`` adds them in random orders (Castro et al. 2009), complete in each order.
    """
    actual = prompt.actual
    start = baseline.to(actual).expand_as(actual)
    rows = max(1, _TOKENS_PER_PASS // actual.shape[1])
    tokens = torch.arange(actual.shape[1], device=actual.device)[None, :, None].expand_as(actual).contiguous()
    with torch.no_grad():
        ends = prompt.score(torch.cat([actual, start])).double()
    if method == "integrated_gradients":
        named = {"midpoint": "riemann_middle", "gauss_legendre": "gausslegendre", "right": "riemann_right"}
        found = IntegratedGradients(prompt.score).attribute(
            actual, start, n_steps=n_steps, method=named[rule], internal_batch_size=rows
        )
    elif method in ("saliency", "gradient_input"):
        slope = Saliency(prompt.score).attribute(actual.clone().requires_grad_(), abs=False)
        found = slope * (actual - start) if method == "gradient_input" else slope.norm(dim=-1, keepdim=True)
    elif method == "occlusion":
        given = FeatureAblation(prompt.score).attribute(
            actual, start, feature_mask=tokens, perturbations_per_eval=rows
        )
        found = given[..., :1]
    else:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            given = ShapleyValueSampling(prompt.score).attribute(
                actual, start, feature_mask=tokens, n_samples=n_orders, perturbations_per_eval=rows
            )
        found = given[..., :1]
    return TokenScores(found.detach()[0].double().sum(-1).cpu(), float(ends[0] - ends[1]))
