"""What is written in the layout of the first code is read again, and says what was found."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

import neuronscope
from neuronscope.learned.clip_layout import read_components
from neuronscope.models import Model, open_model
from neuronscope.results import load, save
from neuronscope.words import BadInput


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of three neurons of scribe on a few sums, with words and representations."""
    room = tmp_path_factory.mktemp("clip")
    asked = {"task": "two-digit-arithmetic", "n_prompts": 40}
    components = neuronscope.second_order_components(
        model, neurons="0.4, 2.35, 2.7", n_null=0, n_resamples=20, **asked
    )
    texts = neuronscope.text_decomposition(model, components, sizes=(4, 8), n_null=0, n_passages=8)
    held = neuronscope.representations(model, **asked)
    save(components, room / "components.nc")
    made = room / "made"
    neuronscope.second_order_artefacts(model, components, texts, held, out=made, dataset="two digits")
    np.save(room / "component.npy", components["component"].values)
    np.save(room / "threshold.npy", components["threshold"].values)
    np.save(room / "correct.npy", held["correct"].values)
    return room


def test_components_come_back_at_their_neurons_and_nowhere_else(folder: Path, model: Model) -> None:
    component, threshold = np.load(folder / "component.npy"), np.load(folder / "threshold.npy")
    found = read_components(folder / "made", 2)
    assert found["named"].dataset == "two-digits"
    assert found["component"].shape == (model.n_neurons, model.width)
    assert np.flatnonzero(np.isfinite(found["threshold"])).tolist() == [7, 35]
    order = {name: place for place, name in enumerate(_items(folder))}
    for neuron, name in ((7, "2.7"), (35, "2.35")):
        np.testing.assert_allclose(found["component"][neuron], component[order[name]], atol=1e-6)
        np.testing.assert_allclose(found["threshold"][neuron], threshold[order[name]], rtol=1e-6)


def _items(folder: Path) -> list[str]:
    return [str(name) for name in load(folder / "components.nc")["item"].values]


def test_words_are_listed_by_weight_and_stand_in_the_matrix_and_in_the_list(folder: Path) -> None:
    file = next((folder / "made").glob("*_mlps_*_2_vocabulary_decomposition_omp_*.json"))
    words = json.loads(file.read_text(encoding="utf-8"))
    matrix = scipy.sparse.load_npz(file.with_suffix(".npz"))
    lines = (folder / "made" / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert set(words) == {"7", "35"}
    assert matrix.shape[1] == len(lines)
    for neuron, found in words.items():
        weights = [abs(weight) for _, weight, _ in found]
        assert weights == sorted(weights, reverse=True)
        for place, weight, text in found:
            assert lines[place] == text.replace("\n", "\\n").replace("\r", "\\r")
            assert matrix[int(neuron), place] == pytest.approx(weight)


def test_representations_have_length_100_and_classes_say_who_was_right(folder: Path) -> None:
    made = folder / "made"
    rows = np.load(next(made.glob("two-digits_train_representations_*.npy")))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 100, rtol=1e-5)
    classes = np.load(made / "two-digits_train_classes.npy")
    np.testing.assert_array_equal(classes, np.load(folder / "correct.npy").astype(int))


def test_what_is_not_there_is_said_in_a_sentence(folder: Path, model: Model, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no file"):
        read_components(folder / "made", 5)
    lens = neuronscope.logit_lens(model, "Paris is")
    with pytest.raises(BadInput, match="second_order_components"):
        neuronscope.second_order_artefacts(model, lens, out=tmp_path / "none")
