"""Prediction divergence: how differently do two models go on after the same texts?"""

import numpy as np
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.data.prompts import common_prompts
from neuronscope.instruments import run
from neuronscope.maths.resampling import mean_interval
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import BadInput, Seed


@analysis(kind="profile", cites="kullback1951information")
def prediction_divergence(model: Model, other: Model, *, seed: Seed = 0) -> xr.Dataset:
    """Measure how far the model's next tokens are from those of the other one, on the common prompts.

    Returns over prompt the ``divergence`` in nats, Kullback-Leibler from the other model's next-token
    distribution to the model's, averaged over positions (as many as fit the shorter context) and over the
    clean and the corrupt twin; and
    ``agreement``, the share of positions at which both choose the same token. ``mean_divergence`` with its
    interval over prompts and ``largest_divergence`` sum them up. 0 = the same predictions. The first
    position does not count. Raises ``BadInput`` where the two do not split the prompts into the same tokens,
    or have vocabularies of different sizes.
    """
    if model.vocab_size != other.vocab_size:
        raise BadInput(
            f"{model.name} chooses among {model.vocab_size:,} tokens and {other.name} among "
            f"{other.vocab_size:,}; compare models of one vocabulary, or ask model_comparison."
        )
    prompts = common_prompts()
    found = np.array(
        [
            np.mean([_apart(model, other, text) for text in (one.clean, one.corrupt)], axis=0)
            for one in track(prompts, "prompts")
        ]
    )
    divergence, agreement = found.T
    mean = mean_interval(divergence, seed=seed)
    nats = {"units": "nats"}
    return label(
        {"prompt": [one.name for one in prompts]},
        divergence=("prompt", divergence, {"long_name": f"divergence from {other.name}", **nats}),
        agreement=("prompt", agreement, {"long_name": "share of positions with the same first choice"}),
        mean_divergence=("", float(mean.estimate), {"long_name": "mean over prompts", **nats}),
        mean_divergence_low=("", float(mean.low)),
        mean_divergence_high=("", float(mean.high)),
        largest_divergence=("", float(divergence.max()), {"long_name": "largest over prompts", **nats}),
    ).assign_attrs(n=len(prompts), n_unit="prompts")


def _apart(model: Model, other: Model, text: str) -> tuple[float, float]:
    """Return the mean divergence over positions, and the share of them with the same first choice."""
    longest = min(model.n_positions, other.n_positions)
    tokens, others = (_beginning(one, text, longest) for one in (model, other))
    if tokens.tolist() != others.tolist():
        raise BadInput(
            f"{model.name} and {other.name} split {text!r} into different tokens; compare models of one "
            "tokenizer, or ask model_comparison."
        )
    ours, theirs = (
        run(one, ids).logits[0, 1:].double().log_softmax(-1).cpu()
        for one, ids in ((model, tokens), (other, others))
    )
    apart = (theirs.exp() * (theirs - ours)).sum(-1).clamp(min=0).mean()
    return float(apart), float((ours.argmax(-1) == theirs.argmax(-1)).double().mean())


def _beginning(model: Model, text: str, longest: int) -> Tensor:
    if model.tokenizer is None:
        return model.tokenize(text)
    ids = model.tokenizer(text, add_special_tokens=True, verbose=False)["input_ids"]
    return model.tokenize(ids[:longest])
