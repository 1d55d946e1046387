"""Excerpts for explaining neurons, held to single runs and to the record of a corpus."""

import numpy as np
import pytest

from neuronscope.instruments import run
from neuronscope.instruments.meaning.excerpts import (
    WINDOW,
    most_peaked,
    read_excerpts,
    recorded_excerpts,
    recorded_peaks,
)
from neuronscope.instruments.neurons import gather_neurons
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.results import label
from neuronscope.words import BadInput

TEXTS = [
    f"{word} and the {other} of it all" for word in ("one", "two", "six") for other in ("cat", "dog", "fox")
]
SITES = [Site("mlp_act", 1, 4), Site("mlp_act", 2, 30)]


def test_excerpts_are_cut_from_single_runs_and_the_top_ones_go_from_the_highest(model: Model) -> None:
    passages = [model.tokenize((text + " " * 40)[: WINDOW + 1]) for text in TEXTS]
    found = read_excerpts(model, SITES, passages, n_top=4, n_random=3)
    for site, own in zip(SITES, found, strict=True):
        peaks = [float(one.activations.max()) for one in own.top]
        assert peaks == sorted(peaks, reverse=True)
        assert peaks[-1] >= max(float(one.activations.max()) for one in own.random)
        texts = ["".join(one.tokens) for one in own.every]
        assert len(set(texts)) == 7
        whole = next(passage for passage in passages if "".join(model.token_texts(passage[1:])) == texts[0])
        expected = run(model, whole, get=str(site))[str(site)][0, 1:]
        np.testing.assert_allclose(own.top[0].activations, expected, atol=1e-6)


def test_the_two_parts_share_no_excerpt_and_hold_all(model: Model) -> None:
    passages = [model.tokenize((text + " " * 40)[: WINDOW + 1]) for text in TEXTS]
    own = read_excerpts(model, SITES, passages, n_top=5, n_random=4)[0]
    parts = [{one.tokens for one in own.part(number).every} for number in (0, 1)]
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == {one.tokens for one in own.every}


def test_an_excerpt_that_repeats_another_is_left_out(model: Model) -> None:
    passages = [model.tokenize("the same words again"[: WINDOW + 1])] * 3
    with pytest.raises(BadInput, match="1 different excerpts of 16 tokens"):
        read_excerpts(model, SITES, passages, n_top=1, n_random=1)


def test_the_most_peaked_neuron_is_that_of_the_largest_standard_score(model: Model) -> None:
    passages = [model.tokenize(text[:16]) for text in TEXTS]
    seen = run(model, passages, get="mlp_act.*")["mlp_act.*"][:, :, 1:].flatten(1, 2).double()
    peak = (seen.amax(1) - seen.mean(1)) / seen.std(1, unbiased=False)
    best = np.unravel_index(int(peak.argmax()), peak.shape)
    assert most_peaked(model, passages, 3)[0] == Site("mlp_act", int(best[0]), int(best[1]))


def test_the_record_of_a_corpus_gives_excerpts_that_do_not_overlap(model: Model) -> None:
    record = gather_neurons(model, TEXTS * 3)
    own = recorded_excerpts(record, SITES[0], n_top=6, n_random=10)
    assert len(own.top) == 6
    peaks = [float(one.activations.max()) for one in own.top]
    assert peaks[0] == pytest.approx(float(record.top_activation.sel(layer=1, neuron=4)[0]), rel=1e-5)
    rows = run(model, TEXTS, get="mlp_act.1.4")["mlp_act.1.4"]
    assert peaks[0] == pytest.approx(float(rows[:, 1:].nan_to_num(-9).max()), rel=1e-5)
    places = [
        (int(record[f"{kind}_document"].values[at]), int(record[f"{kind}_position"].values[at]))
        for kind, at in [("sample", number) for number in range(record.sizes["sample"])]
    ]
    assert len(own.random) <= len(set(places))


def test_the_peaks_of_a_record_are_its_largest_standard_scores(model: Model) -> None:
    record = gather_neurons(model, TEXTS)
    score = (record.maximum - record["mean"]) / np.sqrt(record.variance)
    layer, neuron = np.unravel_index(int(score.values.argmax()), score.shape)
    assert recorded_peaks(record, 2)[0] == Site("mlp_act", int(layer), int(neuron))


def test_a_result_of_another_kind_is_refused(model: Model) -> None:
    other = label({}, x=("layer neuron", np.ones((1, 2))))
    with pytest.raises(BadInput, match="no record of all neurons: give one made by neuron_examples"):
        recorded_excerpts(other, SITES[0], n_top=2, n_random=2)
    with pytest.raises(BadInput, match="no record of all neurons: give one made by neuron_examples"):
        recorded_peaks(other, 2)
    record = gather_neurons(model, TEXTS)
    with pytest.raises(BadInput, match=r"holds no neuron 7\.1"):
        recorded_excerpts(record, Site("mlp_act", 7, 1), n_top=2, n_random=2)
