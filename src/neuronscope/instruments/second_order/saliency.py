"""Which neurons does the answer depend on at all, by its gradient? A gate for lists of effects."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear.fixed import fixed
from neuronscope.instruments.run import run
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.parts.taps import Absence
from neuronscope.results import track

_AT_ONCE = 32


def gradient_saliency(model: Model, problems: Problems) -> Float[np.ndarray, "layer neuron"]:
    """Return the mean over problems of |Σ over positions of gradient · activation|, in logits.

    The gradient is that of the logit of the right answer's first token minus that of the wrong one's,
    through everything, patterns and norms included. Hidden neurons are NaN.
    """
    parts = fixed(model)
    layers = [at for at, part in enumerate(parts.layers) if not isinstance(part.down, Absence)]
    found = np.full((len(parts.layers), parts.n_neurons), np.nan)
    sites = [f"mlp_act.{layer}" for layer in layers]
    for start in track(range(0, len(problems), _AT_ONCE), "gradients"):
        chunk = problems[start : start + _AT_ONCE]
        batch = prepare(model, list(chunk.prompts))
        rows, last = torch.arange(len(chunk)), torch.tensor(batch.last)

        def score(logits: Tensor, own: Problems = chunk, at: tuple[Tensor, Tensor] = (rows, last)) -> Tensor:
            return (logits[*at, own.target] - logits[*at, own.distractor]).sum()

        seen = run(model, batch, get=sites, grad=score)
        for layer, site in zip(layers, sites, strict=True):
            along = (seen[site].nan_to_num() * seen.grad[site].nan_to_num()).sum(1).abs().sum(0)
            own = found[layer, : len(along)]
            own[...] = np.nan_to_num(own) + along.double().cpu().numpy() / len(problems)
    return found
