"""Text decomposition: in which few words can be said what a neuron adds to the answer?

A direction of the normalised stream is put together from the directions of words, by matching pursuit.
"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.meaning.atoms import Atoms, atoms_of, centred_head
from neuronscope.instruments.meaning.described import Described, described
from neuronscope.instruments.meaning.matching import agreement, token_means
from neuronscope.maths.geometry.sparse_coding import (
    SparseCode,
    coherence,
    matching_pursuit,
    shared_atoms,
    unit_rows,
)
from neuronscope.maths.significance import benjamini_hochberg, rank_p
from neuronscope.models import Model
from neuronscope.results import label, placed, track
from neuronscope.words import BadInput, Seed, TopK
from neuronscope.words.neurons import ChosenNeurons, NeuronNames, NullCount
from neuronscope.words.second_order import AtomCounts, ExplainedPassages, Lexicon, MinedPhrases, NonNegative

_AT_ONCE = 128
_PASSAGE = 65
_SIZES = (4, 8, 16, 32, 64)


@analysis(kind="ranking", cites="pati1993orthogonal gandelsman2024secondorder")
def text_decomposition(  # noqa: PLR0913 - whose directions, in which words, and on which texts they are tried
    model: Model,
    components: Result | None = None,
    corpus: Corpus | None = None,
    *,
    lexicon: Lexicon = "vocabulary",
    sizes: AtomCounts = _SIZES,
    non_negative: NonNegative = False,
    n_words: TopK = 6,
    n_phrases: MinedPhrases = 1000,
    neurons: NeuronNames = "",
    n_neurons: ChosenNeurons = 6,
    n_passages: ExplainedPassages = 48,
    n_null: NullCount = 99,
    seed: Seed = 0,
) -> xr.Dataset:
    """Put what neurons add to the answer into few words each, and tell how much these leave unsaid.

    Returns over item, a neuron, and rank the ``weight`` of its words, the heaviest first, with the word as
    ``atom``, ``chosen_at``, when it was found, and ``weight_p``, the ``residual_p`` of all of them. Over item
    and size, how many words, the ``residual``: the share of the direction's length that is left unsaid, with
    ``residual_null``, what is left of random directions, and ``residual_p``, how seldom of these as little
    is, corrected over the neurons; and the ``stability``, the share of words in common with those of
    resampled prompts, and over rank the ``kept_share``, how many of these have the word, where the components
    say what they give. Over item a ``description``, the ``reconstruction`` over width, ``word_coherence``,
    the largest |cosine| of two of its words, and the ``agreement``: Spearman's correlation over the tokens of
    a corpus between the neuron's mean activation where a token is read and the product of that token's row of
    the output head with the reconstruction, with interval; ``agreement_p`` is how seldom other neurons' words
    agree as well with it, corrected over the neurons. ``components`` is a result of second_order_components;
    without it, what is described is the vector that each neuron writes straight to the normalised stream.
    Raises `BadInput` for more words than the lexicon or the stream allows.
    """
    if min(sizes) < 1:
        raise BadInput(f"sizes={sizes} are numbers of words: give some from 1 up.")
    told = described(model, components, neurons=neurons, n=n_neurons)
    atoms = atoms_of(model, lexicon, n_mined=n_phrases)
    n_atoms, counts = max(sizes), np.array(sorted(set(sizes))) - 1
    found = _coded(told.vectors, atoms, n_atoms, non_negative=non_negative)
    order = np.argsort(-np.abs(found.weight), axis=1, kind="stable")
    weight = np.take_along_axis(found.weight, order, 1)
    chosen = np.take_along_axis(found.atom, order, 1)
    names = np.array([*atoms.names, ""], dtype=object)[chosen]
    result = label(
        {
            "item": ("item", [f"{one.layer}.{one.unit}" for one in told.sites], {"long_name": "neuron"}),
            "address": ("item", [str(one) for one in told.sites]),
            "size": counts + 1,
            "rank": range(1, n_atoms + 1),
        },
        weight=("item rank", weight, {"long_name": "weight of the word", "units": "a.u.", "signed": True}),
        atom=("item rank", names, {"long_name": "word"}),
        chosen_at=("item rank", order + 1, {"long_name": "when it was found"}),
        description=("item", [_sentence(*row, n_words) for row in zip(names, weight, strict=True)]),
        reconstruction=("item width", found.reconstruction, {"long_name": "the words, summed"}),
        word_coherence=("item", [_closest(atoms, own) for own in found.atom]),
        **_left(model, found, atoms, counts, non_negative=non_negative, n_null=n_null, seed=seed),
        **_stability(told, found, atoms, counts, order, non_negative=non_negative),
        **(_agreement(model, told, found, corpus, n_passages, seed) if n_passages else {}),
    )
    about = {"lexicon": lexicon, "n_atoms": len(atoms), "n_left_out": atoms.n_left_out}
    result = result.assign_attrs(coherence=coherence(atoms.vectors, seed=seed), **about)
    return placed(result, **dict.fromkeys(("weight", "residual", "agreement"), "{address}"))


def _coded(vectors: np.ndarray, atoms: Atoms, size: int, *, non_negative: bool) -> SparseCode:
    """Return the sparse code of many vectors, some at a time."""
    parts = [
        matching_pursuit(
            vectors[start : start + _AT_ONCE], atoms.vectors, size=size, non_negative=non_negative
        )
        for start in track(range(0, len(vectors), _AT_ONCE), "batches of directions")
    ]
    return SparseCode(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _sentence(words: np.ndarray, weights: np.ndarray, n_words: int) -> str:
    """Return the heaviest words in one line, those that it speaks against behind a minus."""
    pairs = [(word, weight) for word, weight in zip(words[:n_words], weights, strict=False) if weight]
    return ", ".join(f"{'' if weight > 0 else '−'}{word.strip() or repr(word)}" for word, weight in pairs)


def _closest(atoms: Atoms, chosen: np.ndarray) -> float:
    own = atoms.vectors[chosen[chosen >= 0]]
    return coherence(own) if len(own) > 1 else 0.0


def _left(
    model: Model,
    found: SparseCode,
    atoms: Atoms,
    counts: np.ndarray,
    *,
    non_negative: bool,
    n_null: int,
    seed: int,
) -> dict[str, Any]:
    """Return what so many words leave unsaid, beside what they leave of random directions."""
    residual = found.residual[:, counts]
    about = {"long_name": "share of the length left unsaid", "units": "1", "signed": False}
    told: dict[str, Any] = {"residual": ("item size", residual, about)}
    if n_null:
        drawn = unit_rows(np.random.default_rng(seed).normal(size=(n_null, model.width)))
        null = _coded(drawn, atoms, int(counts[-1]) + 1, non_negative=non_negative).residual[:, counts]
        p = rank_p(residual, np.repeat(null[:, None], len(residual), 1), tail="below")
        p = np.stack([benjamini_hochberg(one) for one in p.T], axis=1)
        told["residual_null"] = ("item size", np.repeat(null.mean(0)[None], len(residual), 0))
        words = {"long_name": "p of random directions, corrected"}
        told["residual_p"] = ("item size", p, words)
        told["weight_p"] = ("item rank", np.repeat(p[:, -1:], found.atom.shape[1], 1), words)
    return told


def _stability(
    told: Described,
    found: SparseCode,
    atoms: Atoms,
    counts: np.ndarray,
    order: np.ndarray,
    *,
    non_negative: bool,
) -> dict[str, Any]:
    """Return which words a neuron keeps where its component is taken from resampled prompts, and how many."""
    if told.resampled is None:
        return {}
    n_items, n_drawn, width = told.resampled.shape
    rows = np.nan_to_num(told.resampled).reshape(-1, width)
    again = _coded(rows, atoms, found.atom.shape[1], non_negative=non_negative).atom
    again = again.reshape(n_items, n_drawn, -1)
    shared = [
        np.mean([shared_atoms(own, other)[counts] for other in others], axis=0)
        for own, others in zip(found.atom, again, strict=True)
    ]
    chosen = np.take_along_axis(found.atom, order, 1)
    kept = (again[:, :, None] == chosen[:, None, :, None]).any(-1).mean(1) * (chosen >= 0)
    words = {"units": "1", "n": n_drawn, "n_unit": "resamples of the prompts"}
    return {
        "stability": ("item size", shared, {"long_name": "share of words in common with resamples", **words}),
        "kept_share": ("item rank", kept, {"long_name": "share of resamples with this word", **words}),
    }


def _agreement(
    model: Model, told: Described, found: SparseCode, corpus: Corpus | None, n_passages: int, seed: int
) -> dict[str, Any]:
    """Return how far a neuron's words say on which tokens it is active, beside the words of others."""
    read = passages(model, corpus, n=n_passages, n_tokens=min(_PASSAGE, model.n_positions), seed=seed)
    seen = token_means(model, told.sites, read)
    rows = centred_head(model)
    kept = seen.token < len(rows)
    head = unit_rows(rows[seen.token[kept]])
    own = agreement(seen.mean[kept], head @ found.reconstruction.T, seed=seed)
    n_items = len(told.sites)
    about = {
        "long_name": "rank correlation of words and activation",
        "n": int(kept.sum()),
        "n_unit": "tokens",
    }
    variables: dict[str, Any] = {
        "agreement": ("item", np.diag(own.every), about),
        "agreement_low": ("item", own.low),
        "agreement_high": ("item", own.high),
    }
    if n_items > 1:
        others = own.every[~np.eye(n_items, dtype=bool)].reshape(n_items, n_items - 1)
        p = benjamini_hochberg(rank_p(np.diag(own.every), others.T, tail="above"))
        variables["agreement_null"] = ("item", others.mean(1), {"long_name": "with the words of others"})
        variables["agreement_p"] = ("item", p, {"long_name": "p of the words of others, corrected"})
    return variables
