"""How is what a pass gathered laid down, so that later questions are answered without the model?"""

from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import t as student

from neuronscope.instruments.neurons.state import Gathered
from neuronscope.maths.log_bins import edges, quantiles
from neuronscope.maths.streaming_moments import ratio_error, shapes
from neuronscope.models.model import Model
from neuronscope.results import label

SHARES = (0, 0.01, *(tenth / 10 for tenth in range(1, 10)), 0.99, 0.999, 1)
INTERVALS = 10
CONFIDENCE = 0.95

_EXAMPLE = {
    "long_name": "activation",
    "units": "a.u.",
    "meaning": "A line is a stretch of text in which the neuron is most active, its peak at position 0.",
}


def record_of(model: Model, layers: list[int], gathered: Gathered, corpus: str) -> xr.Dataset:
    """Return the record of a pass, described in docs/neuron-records.md."""
    variables = {**_top(gathered), **statistics(layers, gathered), **_sampled(gathered)}
    variables |= _tables(model, gathered)
    texts = model.token_texts(range(model.vocab_size))
    settings = gathered.settings
    found = label(
        {
            "layer": layers,
            "neuron": range(gathered.n_neurons),
            "rank": range(1, settings.top_k + 1),
            "position": ("position", settings.offsets, {"long_name": "token, from that of the peak"}),
            "quantile": list(SHARES),
            "token": (
                "layer neuron rank position",
                gathered.examples.tokens,
                {"words": "token_text", "long_name": "token id, -1 outside the stretch"},
            ),
        },
        **variables,
        token_text=("vocab", texts, {"long_name": "text of a token id"}),
    )
    return found.assign_attrs(facts(model, gathered, corpus))


def facts(model: Model, gathered: Gathered, corpus: str) -> dict[str, Any]:
    """Return what a record says of itself."""
    settings, distribution = gathered.settings, gathered.distribution
    return {
        "model": model.fingerprint,
        "words": model.words_fingerprint or "",
        "corpus": corpus,
        "site": "mlp_act",
        "n_tokens": distribution.n_tokens,
        "n_stretches": distribution.n_stretches,
        "n_documents": gathered.n_documents,
        "n": distribution.n_stretches,
        "n_unit": "stretches of text",
        "threshold": settings.threshold,
        "context": settings.context,
        "seed": settings.seed,
        "top_k": settings.top_k,
        "n_samples": settings.n_samples,
        "window": f"{-settings.before} to {settings.after}",
        "min_count": settings.min_count,
        "index": gathered.index.fingerprint,
        "left_out": "the first token of each stretch, special tokens, padding",
    }


def _top(gathered: Gathered) -> dict[str, tuple[Any, ...]]:
    held = gathered.examples
    peak = held.values.masked_fill(held.values.isinf(), float("nan"))
    where = "layer neuron rank"
    return {
        "activation": ("layer neuron rank position", held.window, _EXAMPLE),
        "top_activation": (where, peak, {"long_name": "strongest activation", "units": "a.u."}),
        "top_document": (where, held.documents, {"long_name": "key of the document's text"}),
        "top_position": (where, held.places, {"long_name": "token of the document, from 0"}),
        "top_key": (where, held.keys, {"long_name": "key of the stretch, which settles ties"}),
    }


def statistics(layers: list[int], gathered: Gathered) -> dict[str, tuple[Any, ...]]:
    """Return the variables of a record that describe the distribution of each neuron."""
    held = gathered.distribution
    sums = held.sums.numpy().transpose(1, 0, 2)
    mean, variance, skewness, kurtosis = shapes(held.n_tokens, sums)
    low, high, counts = held.least.numpy(), held.most.numpy(), held.histogram.numpy()
    active = held.active.numpy() / held.n_tokens
    totals = (mean * held.n_tokens, held.active.numpy())
    errors = [
        ratio_error(
            held.n_stretches, held.n_tokens, total, squares.numpy(), products.numpy(), held.size_squares
        )
        for total, squares, products in zip(totals, held.squares, held.products, strict=True)
    ]
    where, units = "layer neuron", {"units": "a.u."}
    at = edges()
    return {
        **interval("mean", mean, errors[0], held.n_stretches, {"long_name": "mean activation", **units}),
        "variance": (where, variance, {"long_name": "variance", "units": "a.u.²"}),
        "skewness": (where, skewness, {"long_name": "skewness"}),
        "kurtosis": (where, kurtosis, {"long_name": "kurtosis", "meaning": "3 for a normal distribution"}),
        "minimum": (where, low, {"long_name": "least activation", **units}),
        "maximum": (where, high, {"long_name": "greatest activation", **units}),
        **interval(
            "active",
            active,
            errors[1],
            held.n_stretches,
            {"long_name": f"share of tokens above {held.threshold:g}"},
            within=(0.0, 1.0),
        ),
        "dead": (where, held.active.numpy() == 0, {"long_name": f"never above {held.threshold:g}"}),
        "quantiles": (
            "layer neuron quantile",
            quantiles(counts, SHARES, low, high),
            {"long_name": "activation below which a share lies", **units},
        ),
        "histogram": ("layer neuron bin", counts, {"long_name": "number of tokens"}),
        "bin_low": ("bin", at[:-1], units),
        "bin_high": ("bin", at[1:], units),
    }


def interval(
    name: str,
    value: np.ndarray,
    error: np.ndarray,
    n_units: int,
    words: dict[str, Any],
    *,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> dict[str, tuple[Any, ...]]:
    """Return an estimate over layer and neuron with its standard error and its interval, by Student's t."""
    reach = error * student.ppf((1 + CONFIDENCE) / 2, max(n_units - 1, 1))
    where = "layer neuron"
    return {
        name: (where, value, words),
        f"{name}_error": (where, error, {"long_name": "standard error, stretches as units"}),
        f"{name}_low": (where, np.clip(value - reach, *within)),
        f"{name}_high": (where, np.clip(value + reach, *within)),
    }


def _sampled(gathered: Gathered) -> dict[str, tuple[Any, ...]]:
    held, distribution = gathered.sample, gathered.distribution
    order = held.keys.argsort()[: int((held.keys < 2**63 - 1).sum())]
    values = held.values[:, order].permute(0, 3, 1, 2).contiguous().numpy()
    at = int(np.flatnonzero(gathered.settings.offsets == 0)[0])
    return {
        "sample_activation": (
            "layer neuron sample position",
            values,
            {"long_name": "activation around tokens drawn at random", "units": "a.u."},
        ),
        "sample_interval": (
            "layer neuron sample",
            tenths(distribution, values[..., at]),
            {"long_name": "tenth of the neuron's activations, from 0"},
        ),
        "sample_token": ("sample position", held.tokens[order], {"long_name": "token id"}),
        "sample_document": ("sample", held.documents[order], {"long_name": "key of the document's text"}),
        "sample_position": ("sample", held.places[order], {"long_name": "token of the document, from 0"}),
        "sample_key": ("sample", held.keys[order], {"long_name": "number by which a token is drawn"}),
    }


def tenths(distribution: Any, values: np.ndarray) -> np.ndarray:
    """Return in which tenth of its neuron's distribution each activation lies, from 0, by the histogram."""
    shares = [tenth / INTERVALS for tenth in range(1, INTERVALS)]
    counts, low, high = (getattr(distribution, name).numpy() for name in ("histogram", "least", "most"))
    bounds = quantiles(counts, shares, low, high)
    found = np.zeros(values.shape, np.int8)
    for place in range(INTERVALS - 1):
        found += values >= bounds[..., place, None]
    return found


def _tables(model: Model, gathered: Gathered) -> dict[str, tuple[Any, ...]]:
    table, index = gathered.table, gathered.index
    rows = np.flatnonzero(table.counts.numpy() >= gathered.settings.min_count)
    counts = table.counts.numpy()[rows]
    n_stretches = table.stretches.numpy()[rows]
    shape = (len(rows), *gathered.distribution.least.shape)
    mean, error = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for place, row in enumerate(rows.tolist()):
        mean[place], error[place] = table.line(row)
    tokens = index.tokens[rows]
    texts = ["".join(model.token_texts(ids[ids >= 0])) for ids in tokens]
    where = "ngram layer neuron"
    return {
        "ngram_mean": (
            where,
            mean,
            {"long_name": "mean activation at the last token of an n-gram", "units": "a.u."},
        ),
        "ngram_error": (
            where,
            error,
            {"long_name": "standard error, stretches as units", "units": "a.u."},
        ),
        "ngram_count": ("ngram", counts, {"long_name": "number of occurrences"}),
        "ngram_stretches": ("ngram", n_stretches, {"long_name": "number of stretches it occurs in"}),
        "ngram_length": ("ngram", index.lengths[rows], {"long_name": "number of tokens"}),
        "ngram_first": ("ngram", tokens[:, 0], {"long_name": "first token id"}),
        "ngram_second": ("ngram", tokens[:, 1], {"long_name": "second token id, -1 where there is none"}),
        "ngram_third": ("ngram", tokens[:, 2], {"long_name": "third token id, -1 where there is none"}),
        "ngram_text": ("ngram", texts or np.empty(0, "U1"), {"long_name": "n-gram"}),
    }
