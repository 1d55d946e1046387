"""What is left of an answer when second-order effects are taken out, in whole or in part?

An effect is a vector of the normalised stream, so taking some out is a subtraction there, and what becomes of
the logits is exact as long as the scale of the last norm is held. Thawed, the same vector is taken out of the
stream before that norm, which then finds its own scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuronscope.instruments.linear.fixed import bias_of, fixed
from neuronscope.instruments.linear.linearised import norm_of
from neuronscope.instruments.run import run
from neuronscope.instruments.second_order.chosen import Chosen, held_strengths
from neuronscope.instruments.second_order.factored import vectors
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.taps import Absence
from neuronscope.results import track
from neuronscope.words import BadInput

_PROMPTS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned of chosen neurons on other prompts than those that are judged.

    ``mean_strength`` is over the paths from the lowest layer, NaN for those that a neuron does not have; an
    effect farther than ``threshold`` from its mean is significant. ``level`` are further thresholds, from the
    largest. ``component`` and ``text`` are directions, one a neuron; a row of zeros stands for none.
    """

    mean_strength: Float[Tensor, "item path"]
    threshold: Float[Tensor, " item"]
    level: Float[Tensor, "item quantile"]
    component: Float[Tensor, "item width"]
    text: Float[Tensor, "item width"] | None = None


@dataclass(frozen=True, eq=False)
class Changes:
    """What each way of ablating adds to the normalised stream, and the share of effects that it keeps.

    ``way`` holds one change a name, [prompt width]. ``kept`` and ``random`` are over quantile: only what is
    above a level is kept, or as many effects of each neuron, drawn at random. ``share`` are the shares kept.
    """

    way: dict[str, Float[Tensor, "prompt width"]]
    kept: Float[Tensor, "quantile prompt width"]
    random: Float[Tensor, "quantile prompt width"]
    significant: float
    share: Float[np.ndarray, " quantile"]


@dataclass(frozen=True, eq=False)
class Judged:
    """How some last streams answer: ``right`` where the right token is the likeliest, and logits apart."""

    right: Bool[np.ndarray, " prompt"]
    difference: Float[np.ndarray, " prompt"]


def changes(model: Model, problems: Problems, chosen: Chosen, learned: Learned, *, seed: int = 0) -> Changes:
    """Return what ablating second-order effects of chosen neurons changes on each problem.

    With δ an effect less its mean: ``mean`` takes out all δ, ``without_significant`` those beyond the
    threshold, ``without_insignificant`` the others; ``rank_one`` keeps of each its part along the component,
    ``text`` that along the text's direction (Gandelsman et al. 2024).
    """
    n_prompts, n_levels = len(problems), learned.level.shape[1]
    every = torch.zeros(n_prompts, model.width, dtype=model.dtype, device=model.device)
    parts = {name: every.clone() for name in ("significant", "rank_one", "text")}
    kept, random = every.repeat(n_levels, 1, 1), every.repeat(n_levels, 1, 1)
    dice = torch.Generator().manual_seed(seed)
    counts, significant = torch.zeros(n_levels), 0.0
    for block, strength in held_strengths(model, problems, chosen):
        static, rows = vectors(model, block.layer, block.numbers), torch.from_numpy(block.items)
        mean = learned.mean_strength[rows, -strength.shape[1] :].to(strength)
        off = strength.permute(2, 0, 1) - mean[:, None]
        every += _summed(off, static)
        length = _lengths(off, static)
        beyond = length > learned.threshold[rows, None].to(length)
        parts["significant"] += _summed(off * beyond[..., None], static)
        significant += float(beyond.sum())
        for name, directions in (("rank_one", learned.component), ("text", learned.text)):
            if directions is not None:
                along = directions[rows].to(static)
                parts[name] += (off @ (static @ along[..., None]))[..., 0].T @ along
        for number in range(n_levels):
            above = length > learned.level[rows, number, None].to(length)
            order = torch.rand(above.shape, generator=dice).argsort(1).to(above.device)
            kept[number] += _summed(off * above[..., None], static)
            random[number] += _summed(off * above.gather(1, order)[..., None], static)
            counts[number] += float(above.sum())
    way = {
        "original": torch.zeros_like(every),
        "mean": -every,
        "without_significant": -parts["significant"],
        "without_insignificant": parts["significant"] - every,
        "rank_one": parts["rank_one"] - every,
    }
    if learned.text is not None:
        way["text"] = parts["text"] - every
    whole = max(1, n_prompts * len(chosen))
    return Changes(way, kept - every, random - every, significant / whole, (counts / whole).numpy())


def _summed(off: Tensor, static: Tensor) -> Tensor:
    """Return the sum over neurons of the vectors that strengths [neuron prompt path] stand for."""
    return off.transpose(0, 1).flatten(1) @ static.flatten(0, 1)


def _lengths(off: Tensor, static: Tensor) -> Tensor:
    square = ((off @ (static @ static.transpose(1, 2))) * off).sum(-1)
    return square.clamp(min=0).sqrt()


def last_streams(model: Model, problems: Problems) -> Float[Tensor, "prompt width"]:
    """Return the residual stream of each problem at its last token, before the last norm."""
    site = f"resid_post.{model.n_layers - 1}@-1"
    starts = range(0, len(problems), _PROMPTS_AT_ONCE)
    read = [
        run(model, list(problems.prompts[start : start + _PROMPTS_AT_ONCE]), get=[site], stop=True)[site]
        for start in track(starts, "batches of prompts")
    ]
    return torch.cat(read)


def answers(
    model: Model,
    problems: Problems,
    streams: Float[Tensor, "prompt width"],
    change: Float[Tensor, "prompt width"],
    *,
    thaw: bool,
) -> Judged:
    """Return how the streams answer once a change is made to what the last norm gives.

    With ``thaw`` the change is made to the stream before that norm, such that it would be the same if the
    norm kept its scale, and the norm finds its own. Logits are those before a cap, where one stands. Raises
    `BadInput` for a model without a plain output head.
    """
    parts = fixed(model)
    if isinstance(parts.head, Absence):
        raise BadInput(f"{model.name} has no logits to read an ablation in: {parts.head.reason}.")
    if thaw:
        final = norm_of(parts, streams + before_norm(model, streams, change))
    else:
        final = norm_of(parts, streams) + change
    weights, bias = matrix(parts.head), bias_of(parts.head)
    right, difference = [], []
    for start in range(0, len(final), _PROMPTS_AT_ONCE):
        rows = slice(start, start + _PROMPTS_AT_ONCE)
        logits = final[rows].to(weights.dtype) @ weights
        logits = (logits if bias is None else logits + bias) * parts.logits
        target, distractor = problems.target[rows, None], problems.distractor[rows, None]
        right.append(logits.argmax(-1) == target[:, 0])
        difference.append((logits.gather(1, target) - logits.gather(1, distractor))[:, 0])
    return Judged(torch.cat(right).cpu().numpy(), torch.cat(difference).detach().double().cpu().numpy())


def before_norm(
    model: Model, streams: Float[Tensor, "prompt width"], change: Float[Tensor, "prompt width"]
) -> Float[Tensor, "prompt width"]:
    """Return what to add to streams so that the last norm, its scale held, gives a change of its output.

    Where its gain is 0 nothing gets through, and nothing is added.
    """
    norm = fixed(model).final
    gain = torch.full_like(change, norm.factor) if norm.gain is None else norm.gain.to(change) * norm.factor
    back = torch.where(gain == 0, 0.0, change / gain)
    return back * norm.scale(streams)[:, None].to(change.dtype)


def unit(rows: Float[np.ndarray, "item width"]) -> Float[np.ndarray, "item width"]:
    """Return directions of length one, zeros where there is none."""
    given = np.nan_to_num(np.asarray(rows, dtype=float))
    size = np.linalg.norm(given, axis=1, keepdims=True)
    return np.divide(given, size, out=np.zeros_like(given), where=size > 0)


def held_out(problems: Problems, known: Sequence[str]) -> Problems:
    """Return the problems whose text is not among those known; raises `BadInput` where none is."""
    seen = set(known)
    kept = np.array([text not in seen for text in problems.texts])
    if not kept.any():
        raise BadInput(
            f"All {len(problems)} prompts were used to find the components: give an evaluation of others, "
            "more of them, or another seed."
        )
    return problems[kept]
