"""Are the declared induction heads found, do they matter, and when do they form?

Run ``python -m benchmarks.truth.induction_heads [--json] [--quick]``. The card of ``builtin:induction``
declares which heads do induction, and on ``builtin:handmade-induction`` every weight was written for it;
``builtin:scribe`` declares nothing and is there beside. All is repeated over seeds of training, sets of
strings and kinds of ablation. The exit status is 1 where a declared head is missed or another is found, where
heads that the card declares nothing of cost more than a tenth of what the found ones do, or where on the wide
variants of ``builtin:induction``, which have heads to spare, random sets as large do: those are drawn from
all heads that were not found, the previous-token heads among them.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from rich.table import Table
from scipy.stats import spearmanr
from torch import Tensor

import neuronscope
from benchmarks.truth.replication import replicate
from neuronscope.instruments import put, run, sweep
from neuronscope.instruments.heads.random_sets import Head, drawn_sets, loss_increases
from neuronscope.instruments.heads.reading import attending_layers
from neuronscope.instruments.heads.repeated import RepeatedStrings, letters, repeated_loss, repeated_strings
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model, open_model

TRAINED = ("builtin:induction/seed0", "builtin:induction/seed1", "builtin:induction/seed2")
WIDE = tuple(f"builtin:induction/wide{seed}" for seed in range(4))
MODELS = (*TRAINED, *WIDE, "builtin:handmade-induction", "builtin:scribe")
ABLATIONS = ("mean", "resample", "zero")
LEAST_RATIO = 10.0
N_SETS = 50
POOLS = ("same_layers", "any_layer", "working")
CLAIMED_POOL = "any_layer"
_ANY_LAYER = -1
_WRITES = 0.1
"""A head that is smaller, as a share of the largest of its layer, says nothing."""


def declared(model: Model) -> dict[str, list[str]] | None:
    """Return the heads that the card of a model declares by what they do, or None where it declares none."""
    heads = model.card.get("inside", {}).get("heads")
    if heads is None:
        return None
    if "induction" in heads:
        return heads
    return {
        "induction": [site for site, words in heads.items() if words.startswith("induction head")],
        "previous_token": [site for site, words in heads.items() if words.startswith("previous-token head")],
    }


def heads_row(name: str, string_seeds: Sequence[int]) -> dict[str, Any]:
    """Return which heads are found on several sets of strings, and what it costs to ablate them."""
    model = open_model(name)
    known = declared(model)
    found = [neuronscope.induction_heads(model, n_random=19, seed=seed) for seed in string_seeds]
    sets = [one.attrs["found_heads"].split() for one in found]
    costs = [
        cost_row(model, sets[0], known, ablation, seed) for ablation in ABLATIONS for seed in string_seeds
    ]
    return {
        "model": name,
        "declared": None if known is None else known["induction"],
        "found": sets,
        "same_in_every_set": len(set(map(tuple, sets))) == 1,
        "as_declared": None if known is None else all(one == known["induction"] for one in sets),
        "costs": costs,
    }


def cost_row(
    model: Model, found: list[str], known: dict[str, list[str]] | None, ablation: str, seed: int
) -> dict[str, Any]:
    """Return the cost of the found heads, of random sets as large, and of heads that nothing is declared of.

    The latter are ablated one by one, because there may be fewer of them than were found. Random sets are
    drawn from all heads that were not found: those of the same layers while they last, or of any layer; and
    where the card says how large heads are, from those alone that say anything.
    """
    strings = repeated_strings(model, seed=seed)
    named = {site for sites in known.values() for site in sites} if known else set(found)
    every = [(layer, head) for layer in attending_layers(model) for head in range(model.n_heads)]
    undeclared = [[head] for head in every if f"z.{head[0]}.{head[1]}" not in named]
    heads = _heads(found)
    others = [head for head in every if head not in heads]
    pools = {
        "same_layers": drawn_sets(heads, others, N_SETS, seed=seed),
        "any_layer": drawn_sets([(_ANY_LAYER, 0)] * len(heads), others, N_SETS, seed=seed),
    }
    if sizes := model.card.get("inside", {}).get("sizes"):
        working = [(layer, head) for layer, head in others if sizes[f"z.{layer}.{head}"] > _WRITES]
        pools["working"] = drawn_sets([(_ANY_LAYER, 0)] * len(heads), working, N_SETS, seed=seed)
    sets = [heads, others, *undeclared, *(some for drawn in pools.values() for some in drawn)]
    plain = repeated_loss(model, strings)
    lost = loss_increases(model, strings, sets, plain, ablation=ablation, seed=seed).mean(1)
    own, alone, rest = lost[0], lost[2 : 2 + len(undeclared)], lost[2 + len(undeclared) :]
    by_pool = np.split(rest, np.cumsum([len(drawn) for drawn in pools.values()])[:-1])
    return {
        "ablation": ablation,
        "strings": seed,
        "found_heads": float(own),
        "all_other_heads": float(lost[1]),
        "one_undeclared_head": float(alone.mean()),
        "costliest_undeclared_head": float(alone.max()),
        "ratio": None if alone.mean() <= 0 else float(own / alone.mean()),
        "random_sets": {
            pool: among(float(own), costs) for pool, costs in zip(pools, by_pool, strict=True) if len(costs)
        },
    }


def among(own: float, costs: ndarray) -> dict[str, float | None]:
    """Return what random sets cost, and how many times as much the found heads do, where that is not 0."""
    size = float(np.abs(costs).mean())
    return {
        "n": len(costs),
        "mean": float(costs.mean()),
        "mean_size": size,
        "costliest": float(costs.max()),
        "ratio": own / size if size > 0 else None,
        "p": float(rank_p(own, costs, tail="above")),
    }


def patching_row(name: str, string_seeds: Sequence[int]) -> dict[str, Any]:
    """Return how patching each head at the last token agrees with where it looks, over sets of strings.

    In the corrupt string another token stands where the answer stood in earlier rounds. What a head says at
    the last token of the clean string is put into the corrupt run; 1 restores the answer.
    """
    model = open_model(name)
    rows = []
    for seed in string_seeds:
        clean, corrupt, answer, other = induction_pairs(model, repeated_strings(model, n=32, seed=seed))
        seen = run(model, clean, get="z.*")

        def difference(logits: Tensor, answer: Tensor = answer, other: Tensor = other) -> Tensor:
            place = torch.arange(len(logits))
            return logits[place, answer] - logits[place, other]

        every = [(layer, head) for layer in attending_layers(model) for head in range(model.n_heads)]
        cells = [put(f"z.{layer}.{head}@-1", seen) for layer, head in every]
        swept = sweep(model, corrupt, cells, difference)
        whole = difference(seen.logits[:, -1]).double() - swept.base
        effect = (swept.effect.mean(1) / whole.mean()).numpy()
        looked = neuronscope.induction_heads(model, n_random=1, seed=seed)
        score = looked.induction.values.ravel()
        ranks: Any = spearmanr(effect, score)
        best = np.argsort(-effect)[: max(1, len(looked.attrs["found_heads"].split()))]
        rows.append(
            {
                "strings": seed,
                "rank_agreement": float(ranks.statistic),
                "best_patched": sorted(f"z.{every[head][0]}.{every[head][1]}" for head in best),
                "found": looked.attrs["found_heads"].split(),
                "effect": {f"z.{layer}.{head}": float(effect[at]) for at, (layer, head) in enumerate(every)},
            }
        )
    return {"model": name, "n_heads": len(rows[0]["effect"]), "sets": rows}


def induction_pairs(model: Model, strings: RepeatedStrings) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return strings that break off before a known token, their twins, that token, and the twin's own."""
    clean, corrupt = strings.tokens[:, :-1], strings.tokens[:, :-1].clone()
    rng = np.random.default_rng(0)
    other = []
    for row, period in enumerate(strings.period):
        free = np.setdiff1d(letters(model), strings.tokens[row].numpy())
        if not len(free):  # the string uses every letter there is: another of its own, not the last
            free = np.setdiff1d(letters(model), strings.tokens[row, -2:].numpy())
        other.append(int(rng.choice(free)))
        places = torch.arange(strings.tokens.shape[1] - 1 - int(period), strings.first - 1, -int(period))
        corrupt[row, places] = other[-1]
    return clean, corrupt, strings.tokens[:, -1], torch.tensor(other)


def formation_row(name: str) -> dict[str, Any]:
    """Return when the declared heads form, and how far the measured curve is from the one on the card."""
    inside = open_model(name).card["inside"]
    found = neuronscope.attention_evolution(f"{name}@*", n_strings=64, longest_period=16)
    heads = inside["heads"]["induction"]
    told = np.array([one["induction_score"] for one in inside["development"]])
    best = found.induction.sel(site=heads).max("site").values
    return {
        "model": name,
        "furthest_from_the_card": float(np.abs(best - told).max()),
        "heads": {
            site: {
                "rise_from": float(found.rise_from.sel(site=site)),
                "rise_to": float(found.rise_to.sel(site=site)),
                "rise": float(found.rise.sel(site=site)),
                "p": float(found.rise_p.sel(site=site)),
            }
            for site in found.site.values
        },
        "loss": [float(found.repeated_loss[0]), float(found.repeated_loss[-1])],
    }


def measured(*, quick: bool = False) -> dict[str, Any]:
    """Return everything as plain data; quick takes one seed of each."""
    seeds = (0,) if quick else (0, 1, 2)
    models = (TRAINED[0], WIDE[1], "builtin:handmade-induction") if quick else MODELS
    return {
        "heads": [heads_row(name, seeds) for name in models],
        "patching": [patching_row(name, seeds) for name in models],
        "formation": [formation_row(name) for name in models if name in TRAINED],
    }


def failures(found: dict[str, Any]) -> list[str]:
    """Return which claims do not hold, in words."""
    told = []
    for row in found["heads"]:
        if row["as_declared"] is False:
            told.append(f"{row['model']}: declared {row['declared']}, found {row['found']}")
        if row["declared"] is not None:
            told += [
                f"{row['model']}: the found heads cost only {cost['ratio']:.1f} times what others do"
                for cost in row["costs"]
                if cost["ratio"] is not None and cost["ratio"] < LEAST_RATIO
            ]
        if row["model"] in WIDE:
            every = [(cost, cost["random_sets"][CLAIMED_POOL]) for cost in row["costs"]]
            told += [
                f"{row['model']}: the found heads cost only {sets['ratio']:.1f} times what random sets do "
                f"({cost['ablation']}, strings {cost['strings']})"
                for cost, sets in every
                if sets["ratio"] < LEAST_RATIO
            ]
    return told


def _heads(sites: Sequence[str]) -> list[Head]:
    return [(int(layer), int(head)) for _, layer, head in (site.split(".") for site in sites)]


def _tables(found: dict[str, Any]) -> list[Table]:
    costs = Table(
        *("model", "found", "ablation", "found heads", "one undeclared", "ratio"),
        *("same layers", "ratio", "any layer", "ratio", "working", "ratio", "all others"),
    )
    for row in found["heads"]:
        for cost in row["costs"]:
            sets = [cost["random_sets"].get(pool, {}) for pool in POOLS]
            numbers = [cost["found_heads"], cost["one_undeclared_head"], cost["ratio"]]
            numbers += [one.get(word) for one in sets for word in ("mean", "ratio")]
            shown = [
                "–" if number is None else f"{number:.3g}" for number in (*numbers, cost["all_other_heads"])
            ]
            costs.add_row(row["model"], " ".join(row["found"][0]), cost["ablation"], *shown)
    ranks = Table("model", "heads", "rank agreement of patching and looking", "best patched = found")
    for row in found["patching"]:
        agreement = " ".join(f"{one['rank_agreement']:.2f}" for one in row["sets"])
        same = sum(one["best_patched"] == one["found"] for one in row["sets"])
        ranks.add_row(row["model"], str(row["n_heads"]), agreement, f"{same} of {len(row['sets'])}")
    forms = Table("model", "head", "rise from", "to", "by", "p")
    for row in found["formation"]:
        for site, one in row["heads"].items():
            numbers = [f"{one[word]:.3g}" for word in ("rise_from", "rise_to", "rise", "p")]
            forms.add_row(row["model"], site, *numbers)
    return [costs, ranks, forms]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a claim does not hold."""
    return replicate(
        "induction_heads",
        arguments,
        about=__doc__,
        quick="one network, one set of strings",
        measured=measured,
        failures=failures,
        tables=_tables,
    )


if __name__ == "__main__":
    sys.exit(main())
