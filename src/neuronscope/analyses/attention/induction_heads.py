"""Induction heads: which heads continue a string that repeats, and what is lost without them?

A head counts as found where it looks at what followed the last time, more than chance would, and copies
what it looks at, loudly enough to be heard. Then the found heads are ablated, and as many random ones beside
them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy import ndarray

from neuronscope.contract import analysis
from neuronscope.instruments.heads.copying import copying
from neuronscope.instruments.heads.estimates import estimated, one_sided_p
from neuronscope.instruments.heads.random_sets import Head, drawn_sets, loss_increases
from neuronscope.instruments.heads.reading import attending_layers
from neuronscope.instruments.heads.repeated import repeated_loss, repeated_strings
from neuronscope.instruments.heads.scores import repeat_scores
from neuronscope.maths.matching import matched
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import benjamini_hochberg, rank_p
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import Ablation, Seed
from neuronscope.words.attention import LeastScore, LongestPeriod, RandomPool, RandomSets, StringCount

LEVEL = 0.05
HEARD = 0.01
"""Logits by which a head must raise what it attends to: with less it changes no odds by one per cent."""


@analysis(kind="grid", cites="olsson2022context elhage2021framework", version=2)
def induction_heads(
    model: Model,
    *,
    n_strings: StringCount = 10,
    longest_period: LongestPeriod = 12,
    least: LeastScore = 0.3,
    ablation: Ablation = "mean",
    n_random: RandomSets = 19,
    pool: RandomPool = "others",
    seed: Seed = 0,
) -> xr.Dataset:
    """Find the heads that continue repeated strings of random tokens, and ablate them beside random heads.

    Returns over layer and head: ``induction``, the attention to what followed the present token in earlier
    rounds (prefix matching), with its interval over strings, its ``null`` (the same with the periods of
    other strings) and ``p`` (strings and periods matched anew; Benjamini–Hochberg over the heads);
    ``previous_token`` likewise, with shuffled keys as null; ``copying``, how far a token that is attended
    to is raised among the others, from −1 to 1, with tokens matched anew as null; ``raised``, by how many
    logits, with its interval over tokens; and the ``role`` in words. A head is found where induction
    reaches ``least``, induction and copying are above chance, and what it looks at is raised by 0.01 logits
    at least: place and p know no size, and a head that writes nothing copies nothing (Olsson et al. 2022
    ask that its output increase the logit).
    Over item, the ``loss_increase`` in nats on tokens that could be known, when the found heads or random
    ones are ablated, with intervals over strings; over trial each random set.

    Periods are random, so that no distance can be copied. ``mean`` and ``resample`` draw on other such
    strings. Random sets differ and are of the same layers while these have any heads left. Raises
    ``BadInput`` for models that read both ways and for those that have no room for two rounds.
    """
    strings = repeated_strings(model, n=n_strings, longest_period=longest_period, seed=seed)
    scores = repeat_scores(model, strings)
    prefix = matched(scores.induction, alike=scores.alike, seed=seed)
    copied = copying(model, strings)
    copies = matched(copied.place, seed=seed)
    before = one_sided_p(scores.previous - scores.previous_null, seed=seed)
    looks_p, copies_p, before_p = (benjamini_hochberg(p) for p in (prefix.p, copies.p, before))
    looks = (prefix.own.mean(0) >= least) & (looks_p < LEVEL)
    found = looks & (copies_p < LEVEL) & (copied.raised.mean(0) >= HEARD)
    feeds = (scores.previous.mean(0) >= least) & (before_p < LEVEL) & ~found
    layers = attending_layers(model)
    heads = _named(found, layers)
    sets = drawn_sets(heads, _named(~found & ~(feeds & (pool == "unnamed")), layers), n_random, seed=seed)
    plain = repeated_loss(model, strings)
    lost = (
        loss_increases(model, strings, [heads, *sets], plain, ablation=ablation, seed=seed) if heads else []
    )
    null = scores.previous_null.mean(0)
    result = label(
        {"layer": layers, "head": range(model.n_heads), **_ablated(heads, sets)},
        **estimated("induction", prefix.own, _INDUCTION, null=prefix.null, p=looks_p, first=True),
        role=("layer head", _roles(found, looks, feeds), {"long_name": "role"}),
        found=("layer head", found, {"long_name": "found as an induction head"}),
        **estimated("previous_token", scores.previous, _PREVIOUS, null=null, p=before_p),
        **estimated("copying", copies.own, _COPYING, null=copies.null, p=copies_p),
        **estimated("raised", copied.raised, _RAISED),
        **_costs(lost, sets),
    )
    judged = ("induction", "role", "found", "previous_token", "copying", "raised")
    return placed(result, **dict.fromkeys(judged, "z.{layer}.{head}")).assign_attrs(
        n=n_strings,
        n_unit="strings",
        found_heads=_written(heads),
        plain_loss=float(plain.mean()),
        ablation=ablation,
        pool=pool,
        n_heads_in_random_set=len(sets[0]) if sets else 0,
    )


_INDUCTION = {
    "long_name": "induction score",
    "units": "1",
    "meaning": "attention to what followed the present token in earlier rounds of a random string",
}
_PREVIOUS = {"long_name": "attention to the token before", "units": "1"}
_COPYING = {
    "long_name": "place of an attended token's own logit among the others",
    "units": "1",
    "meaning": "1: raised most of all; −1: lowered most of all",
}
_RAISED = {
    "long_name": "rise of an attended token's own logit",
    "units": "logits",
    "signed": True,
    "meaning": "logits beyond the mean over the tokens, where a head attends to that token alone",
}


def _named(chosen: ndarray, layers: Sequence[int]) -> list[Head]:
    return [(layers[row], int(head)) for row, head in np.argwhere(chosen)]


def _written(heads: Sequence[Head]) -> str:
    return " ".join(f"z.{layer}.{head}" for layer, head in heads)


def _roles(found: ndarray, looks: ndarray, feeds: ndarray) -> ndarray:
    named = [(found, "induction"), (looks, "looks only"), (feeds, "previous")]
    return np.select([where for where, _ in named], [word for _, word in named], "–")


def _ablated(heads: Sequence[Head], sets: Sequence[Sequence[Head]]) -> dict[str, Any]:
    return {"item": ["found heads", "random heads"][: 1 + bool(sets)]} if heads else {}


def _costs(increases: Sequence[ndarray] | ndarray, sets: Sequence[Sequence[Head]]) -> dict[str, Any]:
    """Return what the found heads cost and what random ones do: means over strings, and each random set."""
    if not len(increases):
        return {}
    words = {"long_name": "increase of the loss on repeated tokens", "units": "nats"}
    rows = [increases[0], np.mean(increases[1:], axis=0)] if sets else [increases[0]]
    ends = mean_interval(np.stack(rows, axis=1))
    costs: dict[str, Any] = {
        "loss_increase": ("item", ends.estimate, words),
        "loss_increase_interval": ("item bound", np.stack([ends.low, ends.high], -1), words),
    }
    if sets:
        each = np.array([increase.mean() for increase in increases[1:]])
        p = [float(rank_p(increases[0].mean(), each, tail="above")), np.nan]
        costs |= {
            "loss_increase_p": (
                "item",
                p,
                {"long_name": "p of the found heads among random ones", "units": "1"},
            ),
            "random_loss_increase": ("trial", each, words),
            "random_heads": ("trial", [_written(one) for one in sets], {"long_name": "random heads"}),
        }
    return costs
