"""Do the words that describe a neuron match what activates it? Token by token of a corpus, in ranks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.run import run
from neuronscope.maths.ranking import ranks
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.results import track

_AT_ONCE = 8
_SEEN = 3


class TokenMeans(NamedTuple):
    """Tokens that a corpus has three times or more, and the mean activation of neurons at each."""

    token: Int[np.ndarray, " vocab"]
    mean: Float[np.ndarray, "vocab item"]


class Agreement(NamedTuple):
    """The rank correlation of each neuron's activations with all words; ends for its own."""

    every: Float[np.ndarray, "item other"]
    low: Float[np.ndarray, " item"]
    high: Float[np.ndarray, " item"]


def token_means(model: Model, sites: Sequence[Site], passages: Sequence[Tensor]) -> TokenMeans:
    """Return how active neurons are on average at each token of some passages, the first of each left out."""
    layers = sorted({site.layer for site in sites if isinstance(site.layer, int)})
    total = np.zeros((model.vocab_size, len(sites)))
    count = np.zeros(model.vocab_size)
    for start in track(range(0, len(passages), _AT_ONCE), "passages"):
        tokens = torch.stack(list(passages[start : start + _AT_ONCE]))
        seen = run(model, tokens, get=[f"mlp_act.{layer}" for layer in layers], stop=True)
        read = tokens[:, 1:].flatten().numpy(force=True)
        active = np.stack(
            [
                seen[f"mlp_act.{site.layer}"][:, 1:, site.unit].flatten().double().numpy(force=True)
                for site in sites
            ],
            axis=1,
        )
        np.add.at(total, read, active)
        np.add.at(count, read, 1.0)
    often = np.flatnonzero(count >= _SEEN)
    return TokenMeans(often, total[often] / count[often, None])


def agreement(
    active: Float[np.ndarray, "vocab item"],
    told: Float[np.ndarray, "vocab item"],
    *,
    n_resamples: int = 200,
    seed: int = 0,
) -> Agreement:
    """Return Spearman's correlation over tokens of what each neuron does with what each one's words say.

    The diagonal is a neuron with its own words, with the 95 % interval over resamples of the tokens; what
    stands beside it is that neuron with the words of others. NaN where all tokens are alike.
    """
    one, other = (_standard(ranks(values.T).T) for values in (active, told))
    every = one.T @ other / len(one)
    rng = np.random.default_rng(seed)
    weight = rng.multinomial(len(one), np.full(len(one), 1 / len(one)), size=n_resamples) / len(one)
    mean, told_mean = weight @ one, weight @ other
    spread, told_spread = weight @ one**2 - mean**2, weight @ other**2 - told_mean**2
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (weight @ (one * other) - mean * told_mean) / np.sqrt(spread * told_spread)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return Agreement(every, low, high)


def _standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(0)
    spread = centred.std(0)
    return np.divide(centred, spread, out=np.full_like(centred, np.nan), where=spread > 0)
