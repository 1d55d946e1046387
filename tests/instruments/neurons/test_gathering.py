"""The pass over a corpus gives what the activations all at once would give."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.instruments.neurons import gather_neurons
from neuronscope.instruments.neurons.gathering import ngram_index
from neuronscope.instruments.neurons.state import Settings
from neuronscope.maths.log_bins import N_BINS, bins_of
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.instruments.neurons.corpus import SMALL, counted, documents, read, record
from tests.models.tiny import opened

ROOT = Path(__file__).parents[3]
EXACT = {"rtol": 1e-9, "atol": 1e-12}


@pytest.fixture(scope="module")
def model() -> Model:
    return opened("gpt2", dtype=torch.float64)


@pytest.fixture(scope="module")
def whole(model: Model) -> xr.Dataset:
    return record(model, documents())


@pytest.fixture(scope="module")
def values(model: Model) -> np.ndarray:
    return counted(read(model, documents(), SMALL.context))


def test_moments_are_those_of_all_activations_together(whole: xr.Dataset, values: np.ndarray) -> None:
    mean, spread = values.mean(1), values.std(1)
    standard = (values - mean[:, None]) / spread[:, None]
    assert whole.attrs["n_tokens"] == values.shape[1]
    np.testing.assert_allclose(whole["mean"], mean, **EXACT)
    np.testing.assert_allclose(whole["variance"], spread**2, **EXACT)
    np.testing.assert_allclose(whole["skewness"], (standard**3).mean(1), **EXACT)
    np.testing.assert_allclose(whole["kurtosis"], (standard**4).mean(1), **EXACT)
    np.testing.assert_array_equal(whole["active"], (values > 0).mean(1))
    np.testing.assert_allclose(whole["minimum"], values.min(1), **EXACT)
    np.testing.assert_allclose(whole["maximum"], values.max(1), **EXACT)


def test_histograms_count_every_activation_in_its_bin(whole: xr.Dataset, values: np.ndarray) -> None:
    bins = bins_of(torch.from_numpy(values[1, :, 7]))
    expected = torch.bincount(bins, minlength=N_BINS)
    np.testing.assert_array_equal(whole["histogram"][1, 7], expected)
    assert (whole["histogram"].sum("bin") == values.shape[1]).all()


def test_quantiles_are_right_to_an_eighth(whole: xr.Dataset, values: np.ndarray) -> None:
    for share in (0.1, 0.5, 0.9):
        exact = np.quantile(values, share, axis=1, method="inverted_cdf")
        found = whole["quantiles"].sel(quantile=share).values
        assert (np.abs(found - exact) <= np.abs(exact) / 8 + 2.0**-14).all()


def test_the_interval_of_a_mean_takes_stretches_as_units(model: Model, whole: xr.Dataset) -> None:
    parts = [part[:, one.first : one.stop] for one, part in read(model, documents(), SMALL.context)]
    n = np.array([part.shape[1] for part in parts])
    sums = np.stack([part.sum(1) for part in parts])
    mean = sums.sum(0) / n.sum()
    left = ((sums - mean * n[:, None, None]) ** 2).sum(0)
    error = np.sqrt(left * len(n) / (len(n) - 1)) / n.sum()
    np.testing.assert_allclose(whole["mean_error"], error, rtol=1e-6)


def test_the_best_examples_are_the_greatest_of_each_stretch_in_order(model: Model, whole: xr.Dataset) -> None:
    stretches = read(model, documents(), SMALL.context)
    peaks = np.stack([part[:, one.first : one.stop].max(1) for one, part in stretches])
    best = -np.sort(-peaks, axis=0)[: SMALL.top_k].transpose(1, 2, 0)
    np.testing.assert_allclose(whole["top_activation"], best, rtol=1e-6)


def test_the_window_of_an_example_holds_its_tokens_and_what_the_neuron_did_there(
    model: Model, whole: xr.Dataset
) -> None:
    stretches = read(model, documents(), SMALL.context)
    seen = 0
    for layer, neuron in ((0, 3), (2, 100)):
        peaks = [part[layer, one.first : one.stop, neuron].max() for one, part in stretches]
        one, part = stretches[int(np.argmax(peaks))]
        place = one.first + int(part[layer, one.first : one.stop, neuron].argmax())
        example = whole.isel(layer=layer, neuron=neuron, rank=0)
        assert int(example["top_document"]) == one.document
        assert int(example["top_position"]) == one.start + place
        for offset, token, value in zip(
            whole["position"].values, example["token"].values, example["activation"].values, strict=True
        ):
            inside = 0 <= place + offset < len(one.tokens)
            assert token == (one.tokens[place + offset] if inside else -1)
            assert np.isnan(value) if not inside else np.isclose(value, part[layer, place + offset, neuron])
            seen += inside
    assert seen >= 8


@pytest.mark.parametrize("per_pass", [9, 200])
def test_what_runs_together_changes_nothing(model: Model, whole: xr.Dataset, per_pass: int) -> None:
    same(record(model, documents(), replace(SMALL, tokens_per_pass=per_pass)), whole)


def test_the_order_of_the_documents_changes_nothing(model: Model, whole: xr.Dataset) -> None:
    same(record(model, documents()[::-1]), whole)


@pytest.mark.parametrize("family", ["llama", "gpt_neox parallel"])
def test_padding_never_counts(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    found, values = record(model, documents(8)), counted(read(model, documents(8), SMALL.context))
    np.testing.assert_allclose(found["mean"], values.mean(1), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found["minimum"], values.min(1), rtol=1e-5, atol=1e-7)


def test_mean_activations_by_token_pair_and_triple_are_exact(model: Model, whole: xr.Dataset) -> None:
    held: dict[tuple[int, ...], list[np.ndarray]] = {}
    for one, part in read(model, documents(), SMALL.context):
        for place in range(one.first, one.stop):
            for length in (1, 2, 3):
                if place + 1 >= length:
                    ngram = one.tokens[place + 1 - length : place + 1]
                    held.setdefault(ngram, []).append(part[:, place])
    entries = np.stack([whole[f"ngram_{name}"].values for name in ("first", "second", "third")], axis=1)
    lines = {tuple(token for token in row if token >= 0): i for i, row in enumerate(entries.tolist())}
    often = {ngram for ngram, found in held.items() if len(found) >= 2 or len(ngram) == 1}
    assert {ngram for ngram in lines if len(ngram) == 1} == {ngram for ngram in held if len(ngram) == 1}
    assert often <= lines.keys()
    assert any(len(ngram) == 3 for ngram in often)
    for ngram in often:
        line = lines[ngram]
        assert whole["ngram_count"].values[line] == len(held[ngram])
        np.testing.assert_allclose(
            whole["ngram_mean"].values[line], np.mean(held[ngram], axis=0), rtol=1e-5, atol=1e-6
        )


def test_an_activation_of_exactly_zero_is_no_example() -> None:
    model = opened("gpt2", dtype=torch.float64)
    mlp = model.hf.transformer.h[1].mlp
    mlp.act = torch.nn.ReLU().eval()
    with torch.no_grad():
        mlp.c_fc.weight[:, 5] = 0.0
        mlp.c_fc.bias[5] = -1.0
    found = record(model, documents(6))
    assert bool(found["dead"][1, 5])
    assert (found["token"][1, 5] == -1).all()
    assert found["top_activation"][1, 5].isnull().all()
    assert not bool(found["dead"][0, 5])


def test_equal_documents_give_one_example_and_one_sample(model: Model) -> None:
    once, twice = record(model, documents(6)), record(model, documents(6) * 2)
    np.testing.assert_allclose(twice["top_activation"], once["top_activation"], rtol=1e-6)
    np.testing.assert_array_equal(twice["sample_key"], once["sample_key"])
    assert twice.attrs["n_tokens"] == 2 * once.attrs["n_tokens"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here, and this system cannot")
def test_a_pass_killed_at_random_moments_goes_on_to_the_same_record(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.instruments.neurons.broken_off", str(tmp_path), "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["kills"] >= 3
    assert len({*said["passes"]}) > 2  # it was killed at several stages
    assert said["same"]


def test_another_corpus_in_the_same_folder_is_refused(model: Model, tmp_path: Path) -> None:
    index = ngram_index(model, documents(6), SMALL)
    gather_neurons(model, documents(6), replace(SMALL, save_seconds=0), folder=tmp_path, index=index)
    with pytest.raises(BadInput, match="was gathered from another corpus"):
        gather_neurons(model, documents(6, seed=1), SMALL, folder=tmp_path, index=index)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([[3]], "no token that counts"),
        ([[3, 4, 97]], "Document 0 holds token 97, but they run from 0 to 96"),
        ("text", "put the text of a single one into a list"),
        (["text"], "has no tokenizer, so it cannot read text"),
        ([[1, 2], [None]], "Document 1 is neither text nor token ids"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(model: Model, texts: list, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        record(model, texts)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadInput, match="top_k is 0, but must be at least 1"):
        Settings(top_k=0)


def same(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Say whether two records agree: whole numbers and words exactly, others to rounding."""
    assert set(found.variables) == set(expected.variables)
    for name in expected.variables:
        one, two = found[name].values, expected[name].values
        if two.dtype.kind == "f":
            np.testing.assert_allclose(
                one, two, rtol=2e-5 if "ngram" in name else 1e-6, atol=2e-6, err_msg=name
            )
        else:
            np.testing.assert_array_equal(one, two, err_msg=name)
