"""Documents of many lengths, and every activation on them, read without the pass that is tested."""

import numpy as np
import xarray as xr

from neuronscope.instruments import run
from neuronscope.instruments.neurons import gather_neurons
from neuronscope.instruments.neurons.state import Settings
from neuronscope.instruments.neurons.stretches import Stretch, stretches_of
from neuronscope.models import Model
from tests.models.tiny import VOCAB

SMALL = Settings(top_k=5, n_samples=12, before=3, after=2, context=9, min_count=1, tokens_per_pass=60)


def documents(number: int = 24, seed: int = 0, vocab: int = VOCAB) -> list[list[int]]:
    """Draw documents of 2 to 30 tokens from few of the words, so that pairs come again."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, min(vocab, 12), rng.integers(2, 31)).tolist() for _ in range(number)]


def read(model: Model, texts: list[list[int]], context: int) -> list[tuple[Stretch, np.ndarray]]:
    """Return each stretch with its activations [layer position neuron], the stretch run alone."""
    found = []
    for one in stretches_of(model, texts, context):
        seen = run(model, list(one.tokens), get="mlp_act.*")
        layers = [seen[f"mlp_act.{layer}"][0] for layer in range(model.n_layers)]
        found.append((one, np.stack([part.numpy() for part in layers])))
    return found


def counted(stretches: list[tuple[Stretch, np.ndarray]]) -> np.ndarray:
    """Return the activations at all tokens that count [layer token neuron]."""
    return np.concatenate([values[:, one.first : one.stop] for one, values in stretches], axis=1)


def record(model: Model, texts: list[list[int]], settings: Settings = SMALL) -> xr.Dataset:
    """Gather the record of some documents."""
    return gather_neurons(model, texts, settings)
