"""Which neurons hold a fact, and does the answer depend on them more than on others?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuronscope.instruments.attributing.row_metrics import RowMetric, row_metric
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.metrics import LastMetric
from neuronscope.instruments.ops import Op, add, scale
from neuronscope.instruments.run import run
from neuronscope.instruments.sweep import sweep
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix, packed_because
from neuronscope.results import track
from neuronscope.words import BadInput

Change = Literal["suppress", "amplify"]
Neurons = Sequence[tuple[int, int]]
"""Neurons by layer and number."""
_ROWS_PER_PASS = 2048


def answer_metric(pairs: PromptPairs, name: str) -> RowMetric:
    """Return the metric of that name, probability of the target among them."""
    if name != "probability":
        return row_metric(pairs, name)

    def of_rows(rows: Sequence[int]) -> LastMetric:
        picked = pairs.target[list(rows)][:, None]
        return lambda logits: logits.softmax(-1).gather(-1, picked)[:, 0]

    return of_rows


def counted(
    scores: Float[np.ndarray, "prompt layer neuron"], share_of_largest: float
) -> Bool[np.ndarray, "prompt layer neuron"]:
    """Return where a score is above a share of the largest of its prompt (Dai et al. 2022, §3.3)."""
    largest = np.nanmax(scores, axis=(1, 2), keepdims=True)
    return np.nan_to_num(scores, nan=-np.inf) > share_of_largest * np.maximum(largest, 0)


def log_probability_increase(
    model: Model, pairs: PromptPairs, layers: Sequence[int], *, n_exact: int
) -> Float[np.ndarray, "prompt layer neuron"]:
    """Return by how much each neuron's value raises the answer's log-probability when added to the stream.

    The stream is the one before the MLP, at the last token, read through the last norm and the output head:
    log p(w | v + h) − log p(w | h) (Yu and Ananiadou 2024, eq. 7). It is exact for the ``n_exact`` neurons
    that are best by first order in some prompt, on every prompt; NaN elsewhere. Raises `BadInput` where what
    neurons write is packed, is shared by experts, or is normalised before it enters the stream.
    """
    place = "resid_mid" if "resid_mid" in model.sites() else "resid_pre"
    names = (place, "mlp_act", "mlp_out", "mlp_add")
    seen = run(model, list(pairs.clean), get=[f"{name}.{at}@-1" for name in names for at in layers])
    sizes = {at: seen[f"mlp_act.{at}@-1"].shape[-1] for at in layers}
    guess = np.full((len(pairs), len(layers), max(sizes.values())), np.nan)
    values: list[Tensor] = []
    for row, layer in enumerate(layers):
        values.append(_written(model, layer, seen[f"mlp_out.{layer}@-1"], seen[f"mlp_add.{layer}@-1"]))
        stream = seen[f"{place}.{layer}@-1"].clone().requires_grad_()
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(_log_p(model, stream, pairs.target).sum(), stream)
        first = seen[f"mlp_act.{layer}@-1"] * (slope @ values[-1].T)
        guess[:, row, : sizes[layer]] = first.double().cpu().numpy()
    exact = np.zeros(guess.shape[1:], dtype=bool)
    for one in guess:
        best = np.argsort(-np.nan_to_num(one, nan=-np.inf).ravel(), kind="stable")[:n_exact]
        exact.flat[best] = True
    found = np.full(guess.shape, np.nan)
    for row, layer in enumerate(track(layers, "layers")):
        units = np.flatnonzero(exact[row, : sizes[layer]])
        stream, held = seen[f"{place}.{layer}@-1"], seen[f"mlp_act.{layer}@-1"]
        base = _log_p(model, stream, pairs.target)
        size = max(1, _ROWS_PER_PASS // len(pairs))
        for start in range(0, len(units), size):
            some = torch.as_tensor(units[start : start + size], device=model.device)
            written = held[:, some, None] * values[row][some]
            raised = _log_p(model, stream[:, None] + written, pairs.target) - base[:, None]
            found[:, row, some.cpu()] = raised.double().cpu().numpy()
    return found


def _log_p(model: Model, stream: Tensor, target: Tensor) -> Tensor:
    log_p = model.unembed(stream).log_softmax(-1)
    index = target.reshape(-1, *[1] * (log_p.dim() - 1)).expand(*log_p.shape[:-1], 1)
    return log_p.gather(-1, index)[..., 0]


def _written(model: Model, layer: int, raw: Tensor, added: Tensor) -> Float[Tensor, "neuron width"]:
    down = model.anatomy.down(layer)
    if down is None or packed_because(down):
        why = "are shared by experts" if down is None else f"cannot be read: {packed_because(down)}"
        raise BadInput(f"What the neurons of layer {layer} write {why}: take integrated gradients.")
    if not torch.allclose(raw, added, rtol=1e-4, atol=1e-5):
        raise BadInput(
            f"{model.name} changes what layer {layer} writes before it enters the stream, so the value of "
            "one neuron cannot be added by itself: take integrated gradients."
        )
    return matrix(down).detach()


@dataclass(frozen=True)
class CausalCheck:
    """Changes of the log-probability of the answer, in nats, when neurons are changed at the last token.

    ``found`` are over prompts with the found neurons, ``random`` means over prompts with each random set.
    """

    found: Float[np.ndarray, " prompt"]
    random: Float[np.ndarray, " cell"]


def causal_check(
    model: Model,
    pairs: PromptPairs,
    found: Neurons,
    random_sets: Sequence[Neurons],
    baselines: Mapping[int, Tensor],
    *,
    change: Change,
) -> CausalCheck:
    """Put neurons at their baseline, or double them, at the last token, and measure the answer."""
    sizes = {layer: _n_neurons(model, layer) for layer in {layer for layer, _ in found}}
    cells = [_changed(model, neurons, sizes, baselines, change) for neurons in (found, *random_sets)]
    effect = sweep(model, list(pairs.clean), cells, pairs.metric("log_probability")).effect.cpu().numpy()
    return CausalCheck(effect[0], effect[1:].mean(1))


def random_like(model: Model, found: Neurons, n_sets: int, *, seed: int = 0) -> list[Neurons]:
    """Return sets of neurons drawn from the others, as many in each layer as the found ones have there."""
    rng = np.random.default_rng(seed)
    taken: dict[int, list[int]] = {}
    for layer, unit in found:
        taken.setdefault(layer, []).append(unit)
    free = {layer: np.setdiff1d(np.arange(_n_neurons(model, layer)), taken[layer]) for layer in taken}
    return [
        [
            (layer, int(unit))
            for layer, units in taken.items()
            for unit in rng.choice(free[layer], min(len(units), len(free[layer])), replace=False)
        ]
        for _ in range(n_sets)
    ]


def _n_neurons(model: Model, layer: int) -> int:
    return model.anatomy.main.n_neurons(layer) or model.n_neurons


def _changed(
    model: Model, neurons: Neurons, sizes: dict[int, int], baselines: Mapping[int, Tensor], change: str
) -> list[Op]:
    ops: list[Op] = []
    for layer in dict.fromkeys(layer for layer, _ in neurons):
        mask = torch.zeros(sizes[layer], dtype=model.dtype, device=model.device)
        mask[[unit for at, unit in neurons if at == layer]] = 1
        site = f"mlp_act.{layer}@-1"
        if change == "amplify":
            ops.append(scale(site, 1 + mask))
        else:
            ops += [scale(site, 1 - mask), add(site, mask * baselines[layer])]
    return ops
