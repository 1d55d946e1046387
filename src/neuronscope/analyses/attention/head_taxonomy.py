"""Head taxonomy: what sort of head is each? Scores by sort, each beside what chance would give."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy import ndarray

from neuronscope.contract import analysis
from neuronscope.data.tasks import open_task
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.heads.copying import copying, positive_eigenvalues, sampled
from neuronscope.instruments.heads.estimates import one_sided_p
from neuronscope.instruments.heads.matrices import head_matrices
from neuronscope.instruments.heads.positions import position_scores
from neuronscope.instruments.heads.reading import Patterns, attending_layers, measured_heads
from neuronscope.instruments.heads.repeated import RepeatedStrings, repeated_strings
from neuronscope.instruments.heads.scores import repeat_scores
from neuronscope.instruments.heads.syntax import relation_attention, subject_attention
from neuronscope.maths.attention_measures import mass_on
from neuronscope.maths.matching import matched
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import BadInput, Seed
from neuronscope.words.attention import LeastScore, LongestPeriod, SentenceCount, StringCount, Treebank

LEVEL = 0.05
PLACES = ("relative position", "absolute position")
COPIES = {"copying": "+", "suppressing": "−"}


class Sort(NamedTuple):
    """One sort of head: its score on each prompt, what chance gives, and the p of the excess by head."""

    score: ndarray
    null: ndarray
    p: ndarray


@analysis(kind="grid", cites="olsson2022context elhage2021framework clark2019bert")
def head_taxonomy(
    model: Model,
    *,
    n_strings: StringCount = 20,
    longest_period: LongestPeriod = 12,
    treebank: Treebank = "",
    n_sentences: SentenceCount = 64,
    least: LeastScore = 0.3,
    seed: Seed = 0,
) -> xr.Dataset:
    """Score every head as each sort of head, and name it where it is beyond chance.

    Returns over item (the sorts), layer and head the ``score``, its interval over prompts (``low``,
    ``high``), what chance gives (``null``), and ``p``, one-sided, Benjamini–Hochberg over the heads. On
    strings of random tokens that go round with random periods: attention to the ``previous token`` (chance:
    shuffled keys), to the ``first token`` (even attention), to earlier places of the same token
    (``duplicate token``) and to what followed them (``induction``; both: periods of other strings); the
    share of the pattern's variance that ``relative`` and ``absolute position`` predict on strings that were
    not used (0); how far a token attended to is raised (``copying``) or lowered (``suppressing``) among the
    others, −1 to 1 (tokens matched anew). Grammar: from the verb's place to its ``subject`` (the noun
    between), where the task agreement can be written, or along the arcs of a ``treebank`` by relation
    (words as far apart without an arc).

    Over layer and head the ``sort`` in words, the largest share of what lies between chance and 1 among
    those that are significant and reach ``least``, positions last, with + where it copies and − where it
    suppresses; and ``positive_eigenvalues`` of W_E W_OV W_U where these matrices are to be had. Raises
    ``BadInput`` for models that read both ways, and for a treebank that cannot be read.
    """
    strings = repeated_strings(model, n=n_strings, longest_period=longest_period, seed=seed)
    sorts = _on_strings(model, strings, seed) | _grammar(model, treebank, n_sentences, seed)
    ends = {name: mean_interval(sort.score) for name, sort in sorts.items()}
    p = {name: benjamini_hochberg(sort.p) for name, sort in sorts.items()}
    score = {name: sort.score.mean(0) for name, sort in sorts.items()}
    named = {
        name: (p[name] < LEVEL) & ((score[name] - sort.null) / (1 - sort.null) >= least)
        for name, sort in sorts.items()
    }
    beyond = {name: (score[name] - sort.null) / (1 - sort.null) for name, sort in sorts.items()}
    axes, words = "item layer head", {"units": "1"}
    found = label(
        {
            "item": ("item", list(sorts), {"long_name": "sort of head"}),
            "layer": attending_layers(model),
            "head": range(model.n_heads),
        },
        score=(axes, list(score.values()), {"long_name": "score", **words}),
        low=(axes, [end.low for end in ends.values()], words),
        high=(axes, [end.high for end in ends.values()], words),
        null=(axes, [sort.null for sort in sorts.values()], {"long_name": "score by chance", **words}),
        p=(axes, list(p.values()), {"long_name": "p of the score, corrected", **words}),
        sort=("layer head", _names(named, beyond), {"long_name": "sort of head"}),
    )
    eigen = _eigenvalues(model, seed)
    if eigen is not None:
        told = {"long_name": "sum of the eigenvalues of W_E W_OV W_U over the sum of their sizes", **words}
        found["positive_eigenvalues"] = (("layer", "head"), eigen, told)
    found = placed(found, **dict.fromkeys(map(str, found), "z.{layer}.{head}"))
    return found.assign_attrs(n=n_strings, n_unit="strings")


def _on_strings(model: Model, strings: RepeatedStrings, seed: int) -> dict[str, Sort]:
    scores = repeat_scores(model, strings)
    previous = one_sided_p(scores.previous - scores.previous_null, seed=seed)
    found = {"previous token": Sort(scores.previous, scores.previous_null.mean(0), previous)}

    def first(part: Patterns) -> dict[str, ndarray]:
        place = np.arange(part.pattern.shape[-1])
        even = part.visible / part.visible.sum(-1, keepdims=True)
        key, queries = place == 0, place > 0
        chance = np.broadcast_to(mass_on(even, key, queries)[:, None, None], part.pattern.shape[:3])
        return {"first": mass_on(part.pattern, key, queries), "even": chance}

    rests = measured_heads(model, strings.prompts, first)
    p = one_sided_p(rests["first"] - rests["even"], seed=seed)
    found["first token"] = Sort(rests["first"], rests["even"].mean(0), p)
    for name, values in (("duplicate token", scores.duplicate), ("induction", scores.induction)):
        found[name] = Sort(*matched(values, alike=scores.alike, seed=seed))
    places = position_scores(model, strings.prompts)
    for name in PLACES:
        share = getattr(places, name.split()[0])
        p = one_sided_p(getattr(places, f"{name.split()[0]}_together"), seed=seed)
        found[name] = Sort(share, np.zeros(share.shape[1:]), p)
    place = copying(model, strings).place
    found["copying"] = Sort(*matched(place, seed=seed))
    found["suppressing"] = Sort(*matched(-place, seed=seed))
    return found


def _grammar(model: Model, treebank: str, n_sentences: int, seed: int) -> dict[str, Sort]:
    if treebank:
        along, beside = relation_attention(model, treebank, n_sentences=n_sentences)
        return {
            name: Sort(own, beside[name].mean(0), one_sided_p(own - beside[name], seed=seed))
            for name, own in along.items()
        }
    try:
        pairs = prompt_pairs(model, open_task("agreement"), n_prompts=24, seed=seed)
    except BadInput:  # a tokenizer without words has no verbs
        return {}
    subject, noun = subject_attention(model, pairs)
    return {"subject": Sort(subject, noun.mean(0), one_sided_p(subject - noun, seed=seed))}


def _names(named: dict[str, ndarray], beyond: dict[str, ndarray]) -> ndarray:
    looks = [name for name in named if name not in (*PLACES, *COPIES)]
    best = np.stack([np.where(named[name], beyond[name], -np.inf) for name in looks])
    words = np.array([name.split()[0] for name in looks])
    found = np.where(best.max(0) > 0, words[best.argmax(0)], "–").astype(object)
    placed = np.logical_or(*(named[name] for name in PLACES))
    found = np.where((found == "–") & placed, "position", found)
    for name, sign in COPIES.items():
        found = np.where(named[name], np.where(found == "–", sign, found + sign), found)
    return found.astype(str)


def _eigenvalues(model: Model, seed: int) -> ndarray | None:
    try:
        return positive_eigenvalues(model, head_matrices(model), sampled(model, 512, seed=seed))
    except BadInput:
        return None
