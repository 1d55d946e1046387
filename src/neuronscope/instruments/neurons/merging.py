"""How do the records of the parts of a corpus become the record of the whole?"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.instruments.neurons.record import INTERVALS, interval
from neuronscope.maths.log_bins import quantiles
from neuronscope.maths.streaming_moments import merged_sums, shapes
from neuronscope.words import BadInput

_SAME = ("model", "words", "site", "threshold", "context", "seed", "top_k", "n_samples", "window")
_TOP = ("activation", "token", "top_activation", "top_document", "top_position", "top_key")
_SAMPLE = ("sample_activation", "sample_token", "sample_document", "sample_position", "sample_key")
_ENTRY = ("ngram_first", "ngram_second", "ngram_third")


def merge_records(records: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the record of a corpus from the records of its parts, which share no document.

    Counts, histograms, least and greatest, the strongest examples and the sample come out exactly as in one
    pass over the whole; moments up to rounding. Standard errors are those of a corpus drawn part by part, so
    a difference between the parts no longer counts as uncertainty. A line of the table of n-grams is kept
    where its count is known: in all parts, or where all were gathered with one index and ``min_count`` 1.
    Raises `BadInput` for records of other models or settings.
    """
    if not records:
        raise BadInput("There are no records to merge: give at least one.")
    for record in records[1:]:
        other = next((w for w in _SAME if record.attrs.get(w) != records[0].attrs.get(w)), None)
        if other is not None:
            raise BadInput(
                f"These records differ in {other}: {records[0].attrs.get(other)!r} and "
                f"{record.attrs.get(other)!r}; merge records of one model, gathered alike."
            )
    return reduce(_merged, records)


def _merged(one: xr.Dataset, two: xr.Dataset) -> xr.Dataset:
    parts = (one, two)
    counts = [int(part.attrs["n_tokens"]) for part in parts]
    found = one.drop_dims(["ngram", "sample"])
    found = _replaced(found, _distribution(one, two, counts))
    found = _replaced(found, _examples(parts))
    low, high = found["minimum"].values, found["maximum"].values
    shares = found["quantile"].values.tolist()
    found = _replaced(found, {"quantiles": quantiles(found["histogram"].values, shares, low, high)})
    found = found.assign(_sample(parts, found)).assign(_table(parts))
    totals = {w: one.attrs[w] + two.attrs[w] for w in ("n_tokens", "n_stretches", "n_documents")}
    named = " + ".join(dict.fromkeys(str(part.attrs["corpus"]) for part in parts))
    index = one.attrs["index"] if one.attrs["index"] == two.attrs["index"] else ""
    least = max(part.attrs["min_count"] for part in parts)
    kept = {w: v for w, v in one.attrs.items() if w != "provenance"}
    told = {"n": totals["n_stretches"], "corpus": named, "index": index, "min_count": least}
    ordered = [name for name in one.data_vars if name in found]
    return found[ordered].assign_attrs({**kept, **totals, **told})


def _replaced(record: xr.Dataset, values: dict[str, Any]) -> xr.Dataset:
    return record.assign({n: (record[n].dims, v, record[n].attrs) for n, v in values.items()})


def _distribution(one: xr.Dataset, two: xr.Dataset, counts: list[int]) -> dict[str, Any]:
    total = sum(counts)
    sums = merged_sums(counts[0], _sums(one, counts[0]), counts[1], _sums(two, counts[1]))
    mean, variance, skewness, kurtosis = shapes(total, sums)
    hits = [np.rint(part["active"].values * n) for part, n in zip((one, two), counts, strict=True)]
    n_stretches = int(one.attrs["n_stretches"] + two.attrs["n_stretches"])
    found: dict[str, Any] = {"variance": variance, "skewness": skewness, "kurtosis": kurtosis}
    for name, value, within in (
        ("mean", mean, (-np.inf, np.inf)),
        ("active", (hits[0] + hits[1]) / total, (0.0, 1.0)),
    ):
        errors = [part[f"{name}_error"].values * n for part, n in zip((one, two), counts, strict=True)]
        laid = interval(name, value, np.hypot(*errors) / total, n_stretches, {}, within=within)
        found |= {part: entry[1] for part, entry in laid.items()}
    found["minimum"] = np.minimum(one["minimum"].values, two["minimum"].values)
    found["maximum"] = np.maximum(one["maximum"].values, two["maximum"].values)
    found["dead"] = one["dead"].values & two["dead"].values
    found["histogram"] = one["histogram"].values + two["histogram"].values
    return found


def _sums(record: xr.Dataset, count: int) -> np.ndarray:
    variance = record["variance"].values
    third = np.nan_to_num(record["skewness"].values) * variance**1.5
    fourth = np.nan_to_num(record["kurtosis"].values) * variance**2
    return np.stack([record["mean"].values, variance * count, third * count, fourth * count])


def _examples(parts: Sequence[xr.Dataset]) -> dict[str, Any]:
    joined = {name: np.concatenate([part[name].values for part in parts], axis=2) for name in _TOP}
    value = np.nan_to_num(joined["top_activation"], nan=-np.inf)
    keys = joined["top_key"]
    again = np.zeros(keys.shape, bool)
    n_first = parts[0].sizes["rank"]
    for place in range(n_first, keys.shape[-1]):  # the same text in both parts gives one example
        again[..., place] = (keys[..., :n_first] == keys[..., place, None]).any(-1)
    value = np.where(again, -np.inf, value)
    order = np.lexsort((np.where(value == -np.inf, 2**63 - 1, keys), -value))[..., :n_first]
    gone = np.take_along_axis(value, order, -1) == -np.inf
    found = {}
    for name, values in joined.items():
        index, hidden = (order[..., None], gone[..., None]) if values.ndim == 4 else (order, gone)
        nothing = {"top_key": 2**63 - 1}.get(name, np.nan if values.dtype.kind == "f" else -1)
        found[name] = np.where(hidden, nothing, np.take_along_axis(values, index, 2)).astype(values.dtype)
    return found


def _sample(parts: Sequence[xr.Dataset], whole: xr.Dataset) -> dict[str, Any]:
    keys = np.concatenate([part["sample_key"].values for part in parts])
    _, first = np.unique(keys, return_index=True)
    first = first[: parts[0].attrs["n_samples"]]
    found: dict[str, Any] = {}
    for name in _SAMPLE:
        given = parts[0][name]
        axis = given.dims.index("sample")
        joined = np.concatenate([part[name].values for part in parts], axis=axis)
        found[name] = (given.dims, np.take(joined, first, axis=axis), given.attrs)
    at = int(np.flatnonzero(whole["position"].values == 0)[0])
    low, high = whole["minimum"].values, whole["maximum"].values
    bounds = quantiles(whole["histogram"].values, [t / INTERVALS for t in range(1, INTERVALS)], low, high)
    values = found["sample_activation"][1][..., at]
    tenth = (values[..., None] >= bounds[:, :, None, :]).sum(-1).astype(np.int8)
    given = parts[0]["sample_interval"]
    return {**found, "sample_interval": (given.dims, tenth, given.attrs)}


def _table(parts: Sequence[xr.Dataset]) -> dict[str, Any]:
    """Join the tables of n-grams, summing where a line stands in both."""
    rows = [
        {entry: row for row, entry in enumerate(zip(*(part[n].values.tolist() for n in _ENTRY), strict=True))}
        for part in parts
    ]
    every = all(part.attrs["min_count"] == 1 for part in parts)
    whole = every and bool(parts[0].attrs["index"]) and len({part.attrs["index"] for part in parts}) == 1
    chosen = rows[0].keys() | rows[1].keys() if whole else rows[0].keys() & rows[1].keys()
    entries = sorted(chosen, key=lambda entry: (sum(token >= 0 for token in entry), entry))
    places = [np.array([own.get(entry, -1) for entry in entries], int) for own in rows]

    def taken(name: str, number: int) -> np.ndarray:
        values = parts[number][name].values
        if not len(entries) or not len(values):
            return np.zeros((len(entries), *values.shape[1:]), values.dtype)
        shown = values[places[number]]
        absent = (places[number] < 0).reshape(-1, *[1] * (values.ndim - 1))
        return np.where(absent, np.zeros((), values.dtype), shown)

    counts = [taken("ngram_count", number) for number in (0, 1)]
    total = np.maximum(counts[0] + counts[1], 1)[:, None, None]
    weights = [count[:, None, None] for count in counts]
    means = sum(w * taken("ngram_mean", i).astype(float) for i, w in enumerate(weights)) / total
    errors = [weights[i] * taken("ngram_error", i).astype(float) for i in (0, 1)]
    found = {
        "ngram_mean": np.asarray(means).astype(np.float32),
        "ngram_error": (np.hypot(*errors) / total).astype(np.float32),
        "ngram_count": counts[0] + counts[1],
        "ngram_stretches": taken("ngram_stretches", 0) + taken("ngram_stretches", 1),
        "ngram_length": np.array([sum(t >= 0 for t in entry) for entry in entries], np.int64),
        **{name: np.array([entry[i] for entry in entries], np.int64) for i, name in enumerate(_ENTRY)},
    }
    texts = [
        dict(zip(own, part["ngram_text"].values.tolist(), strict=True))
        for own, part in zip(rows, parts, strict=True)
    ]
    words = np.array([texts[0].get(e) or texts[1].get(e, "") for e in entries] or [""])[: len(entries)]
    found["ngram_text"] = words
    given = parts[0]
    return {name: (given[name].dims, values, given[name].attrs) for name, values in found.items()}
