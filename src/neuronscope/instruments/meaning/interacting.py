"""Do two neurons do more together than each does alone? By ablation, by weights, and by firing together."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.meaning.weights import branches, neuron_inputs, neuron_outputs
from neuronscope.instruments.metrics import LastMetric
from neuronscope.instruments.ops import Op
from neuronscope.instruments.run import run
from neuronscope.instruments.sweep import sweep
from neuronscope.maths.significance import rank_p
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site

_AT_ONCE = 16


def most_effective(model: Model, prompts: Sequence[Tensor], metric: LastMetric, n: int) -> list[Site]:
    """Return the neurons whose mean ablation should move the answers most, by one gradient of each prompt.

    The estimate is the gradient times the way to the mean over all tokens of these prompts but the first of
    each, summed over positions; neurons go by its mean size over prompts (Nanda 2023).
    """
    batch = prepare(model, list(prompts))
    rows, last = torch.arange(len(batch)), torch.tensor(batch.last)
    seen = run(model, batch, get="mlp_act.*", grad=lambda logits: metric(logits[rows, last]).sum())
    counted = torch.zeros(len(batch), batch.width, dtype=torch.bool)
    for row, n_tokens in enumerate(batch.lengths):
        counted[row, batch.own(row).start + min(1, n_tokens - 1) : batch.own(row).stop] = True
    found: list[tuple[float, Site]] = []
    for layer in model.layers("mlp_act"):
        active, slope = (one[f"mlp_act.{layer}"].double() for one in (seen, seen.grad))
        mean = active[counted].mean(0)
        moved = ((mean - active) * slope).nan_to_num().sum(1).abs().mean(0)
        best = moved.topk(min(n, len(moved)))
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        found += [(size, Site("mlp_act", layer, neuron)) for size, neuron in pairs]
    return [site for _, site in sorted(found, key=lambda pair: -pair[0])[:n]]


def pairwise_effects(
    model: Model, ops: Mapping[Site, Op], prompts: Sequence[Tensor], metric: LastMetric
) -> tuple[Float[np.ndarray, "item prompt"], Float[np.ndarray, "item other prompt"]]:
    """Return by how much each change alone moves the metric of each prompt, and each two of them together.

    A change with itself is that change alone.
    """
    each = list(ops.values())
    pairs = list(combinations(range(len(each)), 2))
    cells = [*([op] for op in each), *([each[one], each[other]] for one, other in pairs)]
    effect = sweep(model, list(prompts), cells, metric).effect.numpy(force=True)
    single, joint = effect[: len(each)], np.empty((len(each), len(each), effect.shape[1]))
    joint[range(len(each)), range(len(each))] = single
    for (one, other), together in zip(pairs, effect[len(each) :], strict=True):
        joint[one, other] = joint[other, one] = together
    return single, joint


def compositions(
    model: Model, sites: Sequence[Site]
) -> dict[str, dict[str, Float[np.ndarray, "item other"]]]:
    """Return by branch how much of what each neuron writes each one of a later layer reads, and the cosine.

    The product of output and input vector, the scale of the norm left out; NaN where the reader comes no
    later than the writer.
    """
    layers = [site.layer for site in sites if isinstance(site.layer, int)]
    wrote = {layer: neuron_outputs(model, layer).double() for layer in set(layers)}
    outputs = torch.stack([wrote[layer][site.unit] for layer, site in zip(layers, sites, strict=True)])
    hidden = np.array([[reader <= writer for reader in layers] for writer in layers])
    found = {}
    for branch in branches(model):
        read = {layer: neuron_inputs(model, layer, branch).double() for layer in set(layers)}
        inputs = torch.stack([read[layer][site.unit] for layer, site in zip(layers, sites, strict=True)])
        product = (outputs @ inputs.T).numpy(force=True)
        lengths = outputs.norm(dim=-1)[:, None] * inputs.norm(dim=-1)
        cosine = product / lengths.numpy(force=True)
        found[branch] = {
            "product": np.where(hidden, np.nan, product),
            "cosine": np.where(hidden, np.nan, cosine),
        }
    return found


def activations(
    model: Model, sites: Sequence[Site], passages: Sequence[Tensor]
) -> Float[np.ndarray, "item prompt position"]:
    """Return what neurons do at every token, but the first, of passages of one length."""
    rows = []
    for start in range(0, len(passages), _AT_ONCE):
        seen = run(model, torch.stack(list(passages[start : start + _AT_ONCE])), get=sites, stop=True)
        rows.append(torch.stack([seen[site][:, 1:] for site in sites]).double())
    return torch.cat(rows, 1).numpy(force=True)


def coactivation(
    active: Float[np.ndarray, "item prompt position"], *, n_resamples: int = 200, seed: int = 0
) -> dict[str, Float[np.ndarray, "item other"]]:
    """Return the correlation of each two neurons over all tokens, its interval over passages, and its p.

    Chance puts the passages of one neuron beside other passages of the other, each kept whole, so that what
    neighbouring tokens share stays. NaN for a neuron that is steady.
    """
    rng = np.random.default_rng(seed)
    n_prompts = active.shape[1]
    sums = [active.sum(-1), np.einsum("ipt,jpt->ijp", active, active)]
    weights = np.concatenate(
        [np.ones((1, n_prompts)), rng.multinomial(n_prompts, [1 / n_prompts] * n_prompts, size=n_resamples)]
    )
    n_tokens = n_prompts * active.shape[2]
    mean = np.einsum("ip,rp->ri", sums[0], weights) / n_tokens
    product = np.einsum("ijp,rp->rij", sums[1], weights) / n_tokens - mean[:, :, None] * mean[:, None]
    spread = np.sqrt(np.maximum(np.diagonal(product, axis1=1, axis2=2), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = product / (spread[:, :, None] * spread[:, None])
    drawn = np.where(np.isfinite(drawn), drawn, np.nan)
    centred = active - active.mean((1, 2), keepdims=True)
    unit = centred / np.where(spread[0] > 0, spread[0], np.nan)[:, None, None]
    flat = unit.reshape(len(unit), -1)
    null = np.stack(
        [
            unit[:, rng.permutation(n_prompts)].reshape(len(unit), -1) @ flat.T / n_tokens
            for _ in range(n_resamples)
        ]
    )
    low, high = np.quantile(drawn[1:], [0.025, 0.975], axis=0)
    p = rank_p(np.abs(drawn[0]) - 1e-12, np.abs(null), tail="above")
    return {"estimate": drawn[0], "low": low, "high": high, "p": p}
