"""How much of an answer is due to each neuron of a layer?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.attributing.patched import PatchedNeurons
from neuronscope.instruments.attributing.row_metrics import RowMetric
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.comparing.reference import ablations, reference_prompts
from neuronscope.maths.quadrature import Rule, nodes
from neuronscope.models.model import Model
from neuronscope.results import track
from neuronscope.words import BadInput

Method = Literal["integrated_gradients", "gradient_activation", "ablation"]
MOST_DOUBLINGS = 4
_TOKENS_PER_PASS = 2048


@dataclass(frozen=True, eq=False)
class NeuronScores:
    """Scores of every neuron after every prompt, in units of the metric.

    ``whole`` is what all given neurons of a layer do together: the metric as it is less the metric with the
    baseline. ``n_steps`` are those that the integral of each layer took, 0 where none was taken. Layers with
    fewer neurons end in NaN.
    """

    scores: Float[np.ndarray, "prompt layer neuron"]
    whole: Float[np.ndarray, "prompt layer"]
    n_steps: tuple[int, ...]

    @property
    def error(self) -> Float[np.ndarray, " layer"]:
        """Return by how much the scores of a layer miss its whole: size of the gap over size of the whole."""
        return missed(np.nansum(self.scores, -1), self.whole)


def neuron_baselines(
    model: Model, layers: Sequence[int], pairs: PromptPairs | None, *, baseline: str = "mean", reference: str
) -> dict[int, Float[Tensor, " neuron"]]:
    """Return by layer what its neurons hold where they say nothing: their mean over a reference, or zero.

    The reference is named as `reference_prompts` takes it; the first token of its prompts is left out. Raises
    `BadInput` where that leaves the one token that is asked about, whose mean is itself.
    """
    if baseline == "zero":
        return {layer: torch.zeros(1, dtype=model.dtype, device=model.device) for layer in layers}
    prompts = reference_prompts(model, reference, pairs)
    if reference == "prompts" and sum(max(1, len(tokens) - 1) for tokens in prompts) == 1:
        raise BadInput(
            "The mean over this prompt would be over its last token alone, so no neuron could score: choose "
            "baseline zero, reference common_prompts, or a prompt of at least three tokens."
        )
    ops = ablations(model, [f"mlp_act.{layer}" for layer in layers], prompts)
    return {layer: _value(op.value) for layer, op in zip(layers, ops.values(), strict=True)}


def _value(value: Any) -> Tensor:
    assert isinstance(value, Tensor)
    return value.reshape(-1)


def neuron_scores(
    neurons: PatchedNeurons,
    metric: RowMetric,
    baselines: Mapping[int, Tensor],
    *,
    method: Method = "integrated_gradients",
    rule: Rule = "midpoint",
    n_steps: int = 8,
    most_error: float = 0.05,
) -> NeuronScores:
    """Share the metric out among the neurons of each layer, against a baseline [neuron] by layer.

    ``integrated_gradients`` moves the whole layer from the baseline to what it holds and integrates the
    gradient (Sundararajan et al. 2017, eq. 1, of the function `PatchedNeurons`; Dai et al. 2022, eq. 1):
    steps are doubled, at most four times, while a layer misses its whole by more than ``most_error`` of it.
    ``gradient_activation`` is the gradient where the model is times the distance from the baseline.
    ``ablation`` puts each neuron alone at its baseline and takes the metric that is lost, exactly.
    """
    found, wholes, taken = [], [], []
    for layer in track(neurons.layers, "layers"):
        one = _Layer(neurons, metric, layer, baselines[layer])
        whole, steps = one.whole(), 0
        if method == "ablation":
            scores = one.ablated()
        elif method == "gradient_activation":
            scores = one.integral(np.ones(1), np.ones(1))
        else:
            steps = n_steps
            scores = one.integral(*nodes(rule, steps))
            while missed(scores.sum(-1), whole) > most_error and steps < n_steps * 2**MOST_DOUBLINGS:
                steps *= 2
                scores = one.integral(*nodes(rule, steps))
        found.append(scores)
        wholes.append(whole)
        taken.append(steps)
    widest = max(scores.shape[1] for scores in found)
    every = np.full((len(neurons), len(found), widest), np.nan)
    for place, scores in enumerate(found):
        every[:, place, : scores.shape[1]] = scores
    return NeuronScores(every, np.stack(wholes, 1), tuple(taken))


def missed(total: Any, whole: Any) -> Any:
    """Return by how much sums over neurons miss their wholes over prompts, as a share of the wholes."""
    gap, size = np.abs(np.asarray(total) - whole).mean(0), np.abs(whole).mean(0)
    return np.divide(gap, size, out=np.zeros_like(gap), where=size > 1e-12)


@dataclass(frozen=True, eq=False)
class _Layer:
    """The metric as a function of the neurons of one layer, and where they are at the baseline."""

    neurons: PatchedNeurons
    metric: RowMetric
    layer: int
    baseline: Tensor

    @property
    def actual(self) -> Float[Tensor, "batch position neuron"]:
        return self.neurons.actual(self.layer)

    def scored(self, held: Tensor, rows: Sequence[int]) -> Float[Tensor, " cell"]:
        return self.metric(rows)(self.neurons.after(self.layer, held, rows))

    def whole(self) -> np.ndarray:
        rows = range(len(self.neurons))
        with torch.no_grad():
            before = self.metric(rows)(self.neurons.logits)
            after = self.scored(self.baseline.to(self.actual).expand_as(self.actual), rows)
        return (before.double() - after.double()).cpu().numpy()

    def integral(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the weighted gradients along the way from the baseline, times the way: [batch neuron]."""
        actual = self.actual
        way = torch.where(self.neurons.given[..., None], actual - self.baseline.to(actual), 0.0)
        slopes = torch.zeros(way.shape, dtype=torch.float64, device=way.device)
        cells = [
            (row, t, weight)
            for row in range(len(actual))
            for t, weight in zip(points.tolist(), weights.tolist(), strict=True)
        ]
        for part in _parts(cells, actual.shape[1]):
            rows = [row for row, _, _ in part]
            left = torch.tensor([1 - t for _, t, _ in part]).to(actual)[:, None, None]
            held = (actual[rows] - left * way[rows]).requires_grad_()
            with torch.enable_grad():
                (slope,) = torch.autograd.grad(self.scored(held, rows).sum(), held)
            share = torch.tensor([weight for _, _, weight in part]).to(slopes)[:, None, None]
            slopes.index_add_(0, torch.tensor(rows, device=way.device), slope.double() * share)
        return (slopes * way.double()).sum(1).cpu().numpy()

    def ablated(self) -> np.ndarray:
        """Return what is lost with each neuron alone at its baseline: [batch neuron]."""
        actual = self.actual
        base = self.baseline.to(actual).expand(actual.shape[-1])
        with torch.no_grad():
            unchanged = self.metric(range(len(actual)))(self.neurons.logits).double()
        found = torch.empty(len(actual), actual.shape[-1], dtype=torch.float64, device=actual.device)
        cells = [(row, unit) for row in range(len(actual)) for unit in range(actual.shape[-1])]
        for part in track(list(_parts(cells, actual.shape[1])), "batches of neurons"):
            rows, units = [row for row, _ in part], [unit for _, unit in part]
            held = actual[rows].clone()
            held[torch.arange(len(part)), :, units] = base[units][:, None]
            with torch.no_grad():
                found[rows, units] = unchanged[rows] - self.scored(held, rows).double()
        return found.cpu().numpy()


def _parts(cells: Sequence[tuple[Any, ...]], columns: int) -> Iterator[Sequence[tuple[Any, ...]]]:
    size = max(1, _TOKENS_PER_PASS // columns)
    return (cells[start : start + size] for start in range(0, len(cells), size))
