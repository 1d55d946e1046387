"""Explanations of neurons, held to neurons whose meaning is planted."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.neurons.neuron_explanations import neuron_explanations
from neuronscope.models import Model, open_model
from neuronscope.results import label
from neuronscope.words import BadInput
from tests.learned.explaining.endpoints import serving

WORDS = [f" w{number}" for number in range(12)]
N_RANK, N_SAMPLES, N_POSITIONS = 20, 20, 12


@cache
def scribe() -> Model:
    return open_model("builtin:scribe")


def record() -> xr.Dataset:
    """Make a record of four neurons: of two tokens, of a phrase, of chance, and of nothing."""
    rng = np.random.default_rng(0)
    top, sample = (rng.integers(12, size=(n, N_POSITIONS)) for n in (N_RANK, N_SAMPLES))
    at = rng.integers(N_POSITIONS - 1, size=N_RANK)
    top[range(N_RANK), at], top[range(N_RANK), at + 1] = 1, 2

    def active(ids: np.ndarray) -> np.ndarray:
        before = np.concatenate([np.full((len(ids), 1), -1), ids[:, :-1]], 1)
        return np.stack(
            [
                2.0 * np.isin(ids, (3, 7)),
                5.0 * ((before == 1) & (ids == 2)),
                rng.exponential(size=ids.shape),
                np.full(ids.shape, 0.5),
            ]
        )

    four = {"top_document": np.arange(N_RANK), "top_position": np.full(N_RANK, 40)}
    moments = np.ones((1, 4))
    return label(
        {"layer": [2], "neuron": range(4), "token": ("layer neuron rank position", np.stack([[top] * 4]))},
        activation=("layer neuron rank position", active(top)[None]),
        sample_activation=("layer neuron sample position", active(sample)[None]),
        sample_token=("sample position", sample),
        sample_document=("sample", 1000 + np.arange(N_SAMPLES)),
        sample_position=("sample", np.full(N_SAMPLES, 40)),
        token_text=("vocab", WORDS),
        **{name: ("layer neuron rank", np.stack([[values] * 4])) for name, values in four.items()},
        maximum=("layer neuron", np.array([[2.0, 5.0, 4.0, 0.5]])),
        mean=("layer neuron", moments * 0.3),
        variance=("layer neuron", moments),
    )


def explained(explainer: str, neurons: str = "2.0, 2.1, 2.2, 2.3", **more: Any) -> xr.Dataset:
    return neuron_explanations(scribe(), record(), neurons=neurons, explainer=explainer, **more)


def test_the_indicator_of_a_token_set_is_explained_entirely() -> None:
    found = explained("tokens").sel(item="2.0")
    assert float(found.score) == pytest.approx(1)
    assert float(found.score_low) == pytest.approx(1)
    assert float(found.score_p) < 0.01
    assert set(found.text.values[:2]) == {" w3", " w7"}
    np.testing.assert_allclose(found.level[:3], [2, 2, 0])
    assert float(found.top_score) == pytest.approx(1)
    assert float(found.random_score) == pytest.approx(1)


def test_a_phrase_is_found_that_the_baseline_cannot_tell() -> None:
    found = explained("phrases").sel(item="2.1")
    assert float(found.score) > float(found.baseline_score_high)
    assert found.text.values[0] == " w1 w2"
    assert "w1 w2" in str(found.explanation.values[0])


def test_chance_is_not_explained_and_a_steady_neuron_has_no_score() -> None:
    found = explained("phrases")
    chance, steady = found.sel(item="2.2"), found.sel(item="2.3")
    assert float(chance.score_low) < 0 < float(chance.score_high)
    assert float(chance.score_p) > 0.05
    assert np.isnan(steady.score)
    assert np.isnan(steady.score_p)
    assert found.item.values[-1] == "2.3"


def test_the_baseline_explains_as_well_as_the_baseline() -> None:
    found = explained("tokens")
    np.testing.assert_array_equal(found.score, found.baseline_score)


def test_without_names_the_highest_peaks_of_the_record_are_explained() -> None:
    found = neuron_explanations(scribe(), record(), n_neurons=2)
    assert set(found.item.values.tolist()) == {"2.1", "2.2"}


def test_an_endpoint_explains_from_one_half_and_is_tried_on_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, set[str]] = {"explaining": set(), "trying": set()}

    def answer(body: dict[str, Any], _: dict[str, str]) -> tuple[int, str]:
        said = body["messages"][1]["content"]
        if not said.startswith("The neuron responds to: w3 or w7"):
            told["explaining"] |= {
                "".join(line.split("\t")[0] for line in part.splitlines()) for part in said.split("\n\n")
            }
            return 200, "w3 or w7"
        lines = [line.split("\t") for line in said.split("\n\n")[1].splitlines()]
        told["trying"].add("".join(token for _, token in lines))
        return 200, json.dumps({place: 9 for place, token in lines if token in ("' w3'", "' w7'")})

    with serving(answer) as url:
        monkeypatch.setenv("NEURONSCOPE_EXPLAINER_URL", url)
        found = explained("endpoint", "2.0", endpoint_model="small")
    assert float(found.score[0]) == pytest.approx(1)
    assert found.explanation.values.tolist() == [["w3 or w7"]]
    assert np.isnan(found.level).all()
    assert len(told["trying"]) == 20
    assert not told["explaining"] & told["trying"]


def test_passages_are_read_where_there_is_no_record() -> None:
    found = neuron_explanations(scribe(), neurons="1.102, 0.5", n_passages=16, n_top=10, n_random=10)
    assert sorted(found.item.values.tolist()) == ["0.5", "1.102"]
    assert found.score.attrs["n"] == 10
    again = neuron_explanations(scribe(), neurons="1.102, 0.5", n_passages=16, n_top=10, n_random=10)
    xr.testing.assert_equal(found, again)


def test_neurons_of_any_family_are_explained_from_passages(model: Model) -> None:
    found = neuron_explanations(model, neurons="0.3, 2.40", n_passages=20, n_top=12, n_random=12)
    assert np.isfinite(found.score).all()
    assert (found.score_low <= found.score).all()
    assert (found.score <= found.score_high).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"explainer": "endpoint"}, "is no address of an endpoint"),
        ({"explainer": "endpoint", "endpoint_model": "m"}, "set NEURONSCOPE_EXPLAINER_URL"),
        ({"endpoint_model": "m"}, "asks no endpoint"),
        ({"n_top": 500}, "fewer than 500 top ones"),
        ({"record": record().assign_attrs(model="another")}, "of another model"),
        ({"record": record(), "neurons": "0.1"}, r"holds no neuron 0\.1"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        neuron_explanations(scribe(), **arguments)
