"""The parts of a split corpus merge to the whole."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.instruments.neurons import gather_neurons, merge_records
from neuronscope.instruments.neurons.gathering import ngram_index
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.instruments.neurons.corpus import SMALL, documents
from tests.models.tiny import opened

EXACTLY = (
    "histogram", "active", "dead", "top_key", "top_document", "top_position", "token", "sample_key",
    "sample_token", "sample_document", "sample_position", "sample_interval", "ngram_count",
    "ngram_stretches", "ngram_text",
)  # fmt: skip
CLOSELY = ("mean", "variance", "skewness", "kurtosis", "minimum", "maximum", "quantiles")
SINGLE = ("activation", "top_activation", "sample_activation", "ngram_mean")


@pytest.fixture(scope="module")
def model() -> Model:
    return opened("gpt2", dtype=torch.float64)


@pytest.fixture(scope="module")
def parts(model: Model) -> list[xr.Dataset]:
    texts = documents()
    index = ngram_index(model, texts, SMALL)
    cuts = (slice(0, 5), slice(5, 17), slice(17, None))
    return [gather_neurons(model, texts[cut], SMALL, index=index) for cut in cuts]


@pytest.fixture(scope="module")
def whole(model: Model) -> xr.Dataset:
    texts = documents()
    return gather_neurons(model, texts, SMALL, index=ngram_index(model, texts, SMALL))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_parts_merge_to_the_whole(parts: list[xr.Dataset], whole: xr.Dataset, order: tuple[int, ...]) -> None:
    merged = merge_records([parts[place] for place in order])
    assert set(merged.variables) == set(whole.variables)
    for name in EXACTLY:
        np.testing.assert_array_equal(merged[name].values, whole[name].values, err_msg=name)
    for name in CLOSELY:
        np.testing.assert_allclose(merged[name], whole[name], rtol=1e-9, atol=1e-12, err_msg=name)
    for name in SINGLE:
        np.testing.assert_allclose(merged[name], whole[name], rtol=1e-6, atol=1e-6, err_msg=name)
    for word in ("n_tokens", "n_stretches", "n_documents", "index"):
        assert merged.attrs[word] == whole.attrs[word]


def test_the_error_of_a_merged_mean_is_that_of_parts_drawn_apart(parts: list[xr.Dataset]) -> None:
    merged = merge_records(parts)
    counts = np.array([part.attrs["n_tokens"] for part in parts])
    errors = np.stack([part["mean_error"].values for part in parts])
    expected = np.sqrt(((errors * counts[:, None, None]) ** 2).sum(0)) / counts.sum()
    np.testing.assert_allclose(merged["mean_error"], expected, rtol=1e-9)


def test_lines_whose_count_is_not_known_everywhere_are_left_out(model: Model, whole: xr.Dataset) -> None:
    apart = [gather_neurons(model, documents()[cut], SMALL) for cut in (slice(0, 9), slice(9, None))]
    merged = merge_records(apart)
    assert 0 < merged.sizes["ngram"] < whole.sizes["ngram"]
    assert counts_of(merged).items() <= counts_of(whole).items()


def test_records_of_other_settings_do_not_merge(model: Model, whole: xr.Dataset) -> None:
    other = gather_neurons(model, documents(4), replace(SMALL, top_k=3))
    with pytest.raises(BadInput, match="differ in top_k: 5 and 3"):
        merge_records([whole, other])
    with pytest.raises(BadInput, match="no records to merge"):
        merge_records([])


def counts_of(record: xr.Dataset) -> dict[tuple[int, ...], int]:
    """Return how often each n-gram occurs."""
    names = ("ngram_first", "ngram_second", "ngram_third", "ngram_count")
    rows = zip(*(record[name].values.tolist() for name in names), strict=True)
    return {tuple(tokens): count for *tokens, count in rows}
