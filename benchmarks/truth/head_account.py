"""What do eight ways of asking say of the heads of a network in one task, and how far do they agree?

Nothing is declared here, so nothing can be right or wrong: what is told is how large each head's effect is,
how far prompts, kinds of ablation and methods change the answer, and what chance would give.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import xarray as xr
from numpy import ndarray
from rich.table import Table
from scipy.stats import hypergeom

import neuronscope
from neuronscope.data.tasks import open_task
from neuronscope.instruments.comparing.ablated import ablated
from neuronscope.instruments.comparing.components import heads
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.heads.reading import Patterns, measured_heads
from neuronscope.maths.ranking import spearman
from neuronscope.maths.ranking_agreement import top_overlap
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model, open_model

NAME = "builtin:scribe"
ABLATIONS = ("mean", "resample", "zero")
METHODS = ("denoise", "noise", "path denoise", "path noise", "direct", *ABLATIONS)
TOP = 5


def account(
    task: str,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    n_prompts: int = 48,
    n_random: int = 99,
    name: str = NAME,
) -> dict[str, Any]:
    """Return what each method says of every head, on several sets of prompts, and how far all that agrees.

    Effects count towards the answer: above 0 the head helps. Patching and path patching are shares of the
    way between clean and corrupt prompt, direct attribution and ablation are in logits.
    """
    model = open_model(name)
    names = heads(model).labels
    answers = [of_heads(model, task, n_prompts, seed) for seed in seeds]
    values = np.stack([[one[method]["effect"] for method in METHODS] for one in answers])
    sure = np.stack([[one[method]["sure"] for method in METHODS] for one in answers])
    always_sure = np.asarray(sure.all(axis=0)).tolist()
    sets = [prompt_pairs(model, open_task(task), n_prompts=n_prompts, seed=seed) for seed in seeds]
    top = [names[head] for head in np.argsort(-np.abs(values[:, 0]).mean(0))[:TOP]]
    return {
        "task": task,
        "model": name,
        "n_heads": len(names),
        "n_prompts": n_prompts,
        "seeds": list(seeds),
        "ends": [one["ends"] for one in answers],
        "prompts_in_two_sets": sum(
            len(set(one.texts) & set(other.texts)) for one, other in combinations(sets, 2)
        ),
        "effect": {
            method: dict(zip(names, values[:, at].T.tolist(), strict=True))
            for at, method in enumerate(METHODS)
        },
        "sure_in_every_set": {
            method: [head for head, always in zip(names, always_sure[at], strict=True) if always]
            for at, method in enumerate(METHODS)
        },
        "between_seeds": {method: agreement(values[:, at]) for at, method in enumerate(METHODS)},
        "between_ablations": [agreement(one[[METHODS.index(kind) for kind in ABLATIONS]]) for one in values],
        "between_methods": {
            "spearman": np.mean([spearman(one) for one in values], axis=0).tolist(),
            "in_common": np.mean([top_overlap(one, TOP) * TOP for one in values], axis=0).tolist(),
        },
        "top": top,
        "places": [by_place(model, task, n_prompts, seed, top) for seed in seeds],
        "into": [onward(model, task, n_prompts, seed, values[:, 3].mean(0), names) for seed in seeds],
        "looks": looks(model, sets, top, np.abs(values[:, 0])),
        "together": [
            without(model, sets[at - 1], values[at, METHODS.index("mean")], n_random, seed)
            for at, seed in enumerate(seeds)
        ],
    }


def of_heads(model: Model, task: str, n_prompts: int, seed: int) -> dict[str, Any]:
    """Return by method the effect of every head, and whether its 95 % interval leaves out no effect."""
    asked: dict[str, Any] = {"task": open_task(task), "n_prompts": n_prompts, "seed": seed}
    patched = neuronscope.activation_patching(model, **asked, sites="z", positions="together")
    found: dict[str, Any] = {
        "ends": [patched.attrs[word] for word in ("clean_metric", "corrupt_metric", "clean_above_corrupt")]
    }
    for way in ("denoise", "noise"):
        one = patched.sel(direction=way)
        sign = 1 if way == "denoise" else -1
        found[way] = _told(sign * (one.effect - one.null), (one.low > one.null) | (one.high < one.null))
        path = neuronscope.path_patching(model, **asked, direction=way)
        found[f"path {way}"] = _told(path.effect, (path.effect_low > 0) | (path.effect_high < 0))
    direct = neuronscope.direct_logit_attribution(model, **asked)
    found["direct"] = _told(direct.head_share, (direct.head_share_low > 0) | (direct.head_share_high < 0))
    for kind in ABLATIONS:
        one = neuronscope.component_ablation(model, **asked, ablation=kind)
        found[kind] = _told(-one.effect, (one.low > 0) | (one.high < 0))
    return found


def agreement(values: ndarray) -> dict[str, Any]:
    """Return how far several rankings of the same heads agree, and what chance makes of the worst overlap.

    In common are the heads of the largest effect, either way; two sets drawn at random share as many as a
    hypergeometric number.
    """
    pairs = list(combinations(range(len(values)), 2))
    ranks, top = spearman(values), top_overlap(values, TOP) * TOP
    common = [round(float(top[pair])) for pair in pairs]
    return {
        "spearman": [float(ranks[pair]) for pair in pairs],
        "in_common": common,
        "p_of_the_fewest": by_chance(min(common), values.shape[1]),
    }


def by_chance(common: int, n_heads: int) -> float:
    """Return how often two random sets of the size that is compared share as many heads, or more."""
    return float(hypergeom.sf(common - 1, n_heads, TOP, TOP))


def by_place(model: Model, task: str, n_prompts: int, seed: int, top: Sequence[str]) -> dict[str, Any]:
    """Return what each head restores at each named place of the prompts alone (denoise)."""
    found = neuronscope.activation_patching(
        model,
        task=open_task(task),
        sites="z",
        positions="each",
        direction="denoise",
        n_prompts=n_prompts,
        seed=seed,
    ).effect.isel(direction=0)
    return {
        head: dict(zip(found.span.values.tolist(), found[place].values.tolist(), strict=True))
        for head, place in ((head, _place(head)) for head in top)
    }


def onward(
    model: Model, task: str, n_prompts: int, seed: int, direct: ndarray, names: Sequence[str]
) -> dict[str, Any]:
    """Return what the earlier heads send into queries, keys and values of those that write the answer.

    These are the three heads of the largest direct path to the logits; the share is of the whole way, in
    direction noise, and the five senders of the largest share are named.
    """
    writers = [names[head] for head in np.argsort(-np.abs(direct))[:3]]
    found: dict[str, Any] = {"writers": writers}
    for port in "qkv":
        receivers = " ".join(f"{port}{writer[1:]}" for writer in writers)
        path = neuronscope.path_patching(
            model, task=open_task(task), receivers=receivers, n_prompts=n_prompts, seed=seed
        )
        sent = np.nan_to_num(path.effect.values.ravel())
        best = np.argsort(-np.abs(sent))[:TOP]
        found[port] = {names[head]: float(sent[head]) for head in best}
    return found


def looks(model: Model, sets: Sequence[PromptPairs], top: Sequence[str], patched: ndarray) -> dict[str, Any]:
    """Return where heads look from the last token, of what sort they are, and what patching makes of that.

    Beside the attention to each named part stands that of a head that looks at all places alike. For every
    part, heads are ranked by their attention to it and by the size of what patching restores.
    """
    names = heads(model).labels
    seen = [at_the_end(model, pairs) for pairs in sets]
    sorts = neuronscope.head_taxonomy(model).sort.values.ravel()
    at = [names.index(head) for head in top]
    spans = list(seen[0]["even"])
    return {
        "even": {span: float(np.mean([one["even"][span] for one in seen])) for span in spans},
        "heads": {
            head: {
                "sort": str(sorts[place]),
                **{span: float(np.mean([one["heads"][span][place] for one in seen])) for span in spans},
            }
            for head, place in zip(top, at, strict=True)
        },
        "attention": {
            span: dict(
                zip(names, np.mean([one["heads"][span] for one in seen], axis=0).tolist(), strict=True)
            )
            for span in spans
        },
        "sorts": dict(zip(names, sorts.tolist(), strict=True)),
        "with_patching": {
            span: agreement_of([(one["heads"][span], own) for one, own in zip(seen, patched, strict=True)])
            for span in spans
        },
    }


def at_the_end(model: Model, pairs: PromptPairs) -> dict[str, dict[str, Any]]:
    """Return the attention from the last token to each named part, by head, mean over the clean prompts."""
    spans = [span for span in pairs.shared_spans if span != "end"]

    def measure(part: Patterns) -> dict[str, ndarray]:
        last = part.pattern[..., -1, :]
        found = {
            span: np.stack(
                [last[:, at, :, list(pairs.spans[row][span])].sum(0) for at, row in enumerate(part.rows)], 1
            )
            for span in spans
        }
        return found | {"first token": last[..., 0], "own place": last[..., -1]}

    seen = measured_heads(model, pairs.clean, measure)
    even = {
        span: float(
            np.mean([len(own[span]) / len(one) for own, one in zip(pairs.spans, pairs.clean, strict=True)])
        )
        for span in spans
    }
    once = float(np.mean([1 / len(one) for one in pairs.clean]))
    return {
        "heads": {span: values.mean(0).ravel() for span, values in seen.items()},
        "even": even | {"first token": once, "own place": once},
    }


def agreement_of(pairs: Sequence[tuple[ndarray, ndarray]]) -> dict[str, Any]:
    """Return how far two rankings agree in each set of prompts, and what chance makes of the worst one."""
    common = [round(float(top_overlap(pair, TOP)[0, 1] * TOP)) for pair in pairs]
    return {
        "spearman": [float(spearman(pair)[0, 1]) for pair in pairs],
        "in_common": common,
        "p_of_the_fewest": by_chance(min(common), len(pairs[0][0])),
    }


def without(model: Model, pairs: PromptPairs, helped: ndarray, n_random: int, seed: int) -> dict[str, Any]:
    """Return what the answer loses on other prompts without the heads of the largest effect together.

    Beside it stand random sets of as many of the other heads; the ablation is by the mean.
    """
    every = list(heads(model))
    order = np.argsort(-np.abs(helped))
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(order[TOP:], TOP, replace=False) for _ in range(n_random)]
    cells = [[every[head] for head in chosen] for chosen in (order[:TOP], *drawn)]
    found = ablated(model, pairs, cells, "logit_difference")
    lost = -found.effect.mean(1)
    return {
        "heads": [str(every[head]) for head in order[:TOP]],
        "of": float(found.base.mean()),
        "lost": float(lost[0]),
        "random_mean": float(lost[1:].mean()),
        "random_most": float(lost[1:].max()),
        "p": float(rank_p(lost[0], lost[1:], tail="above")),
    }


def _told(effect: xr.DataArray, sure: xr.DataArray) -> dict[str, ndarray]:
    return {"effect": effect.values.ravel(), "sure": sure.values.ravel()}


def _place(head: str) -> tuple[int, int]:
    _, layer, unit = head.split(".")
    return int(layer), int(unit)


def tables(found: Mapping[str, Any]) -> list[Table]:
    """Return the rows of a replication of patching as tables: the known path, then each account."""
    made = [Table("strings", "method", "lit", "declared", "missed", "besides", "smallest", "largest other")]
    for row in found["true_path"]:
        lit = row["declared"] - len(row["missed"]) + len(row["besides"])
        numbers = [f"{row[word]:.2g}" for word in ("smallest_declared", "largest_other")]
        counts = [str(one) for one in (row["declared"], len(row["missed"]), len(row["besides"]))]
        made[0].add_row(row["strings"], row["method"], f"{lit} of {row['n']}", *counts, *numbers)
    for one in found["accounts"]:
        title = f"{one['task']}: effect of the strongest heads, mean over sets"
        effects = Table("head", "sort", *METHODS, title=title)
        for head in one["top"]:
            cells = [f"{np.mean(one['effect'][method][head]):.2f}" for method in METHODS]
            effects.add_row(head, one["looks"]["sorts"][head], *cells)
        stable = Table("method", "Spearman of sets", f"of the top {TOP} in common", "p of the fewest", "sure")
        for method in METHODS:
            own = one["between_seeds"][method]
            ranks = " ".join(f"{rank:.2f}" for rank in own["spearman"])
            common = " ".join(map(str, own["in_common"]))
            sure = " ".join(one["sure_in_every_set"][method])
            stable.add_row(method, ranks, common, f"{own['p_of_the_fewest']:.2g}", sure)
        lost = Table("without", "lost", "of", "random sets", "most", "p")
        for row in one["together"]:
            numbers = [f"{row[word]:.2f}" for word in ("lost", "of", "random_mean", "random_most", "p")]
            lost.add_row(" ".join(row["heads"]), *numbers)
        made += [effects, stable, lost]
    return made
