"""A model learns a text, keeps the moments of its learning, and ends the same however often it was killed."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import neuronscope
from neuronscope.data.corpora import Corpus, open_corpus, split
from neuronscope.learned.language import reading, scores
from neuronscope.models import open_checkpoints, open_model
from neuronscope.results import digest, kind_of, listening, load, provenance
from neuronscope.words import BadInput

TINY: dict[str, Any] = {"layers": 1, "heads": 2, "width": 16, "context": 16, "rows": 4, "n_kept": 4}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    chance = random.Random(0)
    words = [f"{a}{b}" for a in "abcd" for b in "xyz"]
    documents = (" ".join(chance.choices(words, k=30)) + "\n" for _ in range(60))
    file = tmp_path_factory.mktemp("corpus") / "words.txt"
    file.write_text("<|endoftext|>".join(documents))
    return str(file)


@pytest.fixture(scope="module")
def made(corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "model"
    heard: list[tuple[str, int]] = []
    with listening(lambda progress: heard.append((progress.what, progress.done))):
        found = neuronscope.language_model(
            corpus, out=folder, tokens="character", steps=120, learning_rate=0.01, **TINY
        )
    assert found == folder
    assert heard[0] == ("training steps", 0)
    assert heard[-1] == ("training steps", 120)
    return folder


def refused(**asked: Any) -> str:
    with pytest.raises(BadInput) as refusal:
        neuronscope.language_model(**asked)
    said = str(refusal.value)
    assert "\n" not in said
    assert len(said) < 300
    return said


def test_the_folder_opens_as_a_model_with_a_card(made: Path) -> None:
    model = open_model(str(made))
    assert (model.n_layers, model.width, model.n_positions, model.family) == (1, 16, 16, "gpt2")
    text = "ax by\ncz"
    assert model.tokenizer.decode(model.tokenize(text).flatten()) == text
    card = model.card
    assert card["title"] == "A language model of words.txt"
    assert (card["training"]["steps"], card["training"]["seed"]) == (120, 0)
    assert card["training"]["tokens"] == 120 * 4 * 16
    assert card["training"]["seconds"] > 0


def test_the_card_s_accuracy_is_that_of_the_opened_model(made: Path, corpus: str) -> None:
    model = open_model(str(made))
    parts = split(open_corpus(corpus), 0.1)
    read = reading(
        (parts[0].documents(), parts[1].documents()), model.tokenizer, boundary=0, context=16, rows=4, seed=0
    )
    found, said = scores(model.hf, read), model.card
    assert said["accuracy"]["next token"] == {
        "value": found["accuracy"],
        "low": found["accuracy_low"],
        "high": found["accuracy_high"],
        "n": read.looked_at["validation"][:, 1:].numel(),
    }
    assert said["validation_loss"] == found["validation_loss"]


def test_the_moments_of_its_learning_open_as_a_series(made: Path) -> None:
    series = open_checkpoints(f"{made}@*")
    assert series.steps == (0, 1, 5, 24, 120)
    assert series.open(120).fingerprint == open_model(str(made)).fingerprint
    assert len({opened.fingerprint for _, opened in series}) == 5


def test_its_metrics_are_a_labelled_profile_in_which_the_loss_falls(made: Path) -> None:
    metrics = load(made / "metrics.nc")
    assert kind_of(metrics) == "profile"
    assert set(open_checkpoints(str(made)).steps) <= set(metrics.step.values.tolist())
    assert metrics.validation_loss.attrs["units"] == "nats per token"
    at_first, at_last = metrics.isel(step=0), metrics.isel(step=-1)
    n_tokens = len(open_model(str(made)).tokenizer)
    assert float(at_first.validation_loss) == pytest.approx(math.log(n_tokens), abs=0.2)
    assert float(at_last.validation_loss) < float(at_first.validation_loss) - 0.5
    assert float(at_last.accuracy) > 0.4 > float(at_first.accuracy)
    low, high = metrics.validation_loss_interval.values.T
    assert ((low <= metrics.validation_loss.values) & (metrics.validation_loss.values <= high)).all()
    assert all(len(str(sample)) > 0 for sample in metrics.sample.values)
    source = provenance(metrics)
    assert (source["analysis"], source["arguments"]["width"], source["derived"]) == (
        "language_model",
        16,
        False,
    )
    assert source["sources"]["corpus"]["fingerprint"] == json.loads((made / "run.json").read_text())["corpus"]


def test_asking_again_changes_nothing(made: Path, corpus: str) -> None:
    def contents() -> dict[str, str]:
        whole = sorted(file for file in made.rglob("*") if file.is_file() and file.name != "metrics.nc")
        return {str(file.relative_to(made)): sha256(file.read_bytes()).hexdigest() for file in whole}

    before, metrics = contents(), digest(load(made / "metrics.nc"))
    neuronscope.language_model(corpus, out=made, tokens="character", steps=120, learning_rate=0.01, **TINY)
    assert contents() == before
    assert digest(load(made / "metrics.nc")) == metrics


def test_a_run_with_other_settings_is_refused_by_the_one_that_differs(made: Path, corpus: str) -> None:
    asked: dict[str, Any] = {
        "corpus": corpus,
        "out": made,
        "tokens": "character",
        "learning_rate": 0.01,
        **TINY,
    }
    said = refused(**asked, steps=130)
    assert said.endswith(
        "holds a run with steps=120, not 130: give another folder, or the same settings to go on."
    )
    assert "a run with width=16, not 32" in refused(**{**asked, "width": 32, "steps": 120})
    assert "a run with seed=0, not 1" in refused(**asked, steps=120, seed=1)
    other = Corpus("other", lambda: ["ab " * 200, "cd " * 200])
    assert "a run with corpus='" in refused(**{**asked, "corpus": other, "steps": 120})


@pytest.mark.parametrize("shape", ["gpt2", "gpt_neox", "llama"])
def test_every_shape_learns_and_opens(shape: str, corpus: str, tmp_path: Path) -> None:
    folder = neuronscope.language_model(
        corpus, out=tmp_path / shape, shape=shape, n_tokens=280, steps=12, keep="none", dropout=0.1, **TINY
    )
    model = open_model(str(folder))
    assert model.family == shape
    assert model.vocab_size == 280
    assert not (folder / "steps").exists()
    metrics = load(folder / "metrics.nc")
    assert metrics.step.values.tolist() == [12]
    assert float(metrics.validation_loss[-1]) < math.log(280) - 0.1


def test_each_epoch_is_kept_where_that_is_asked(corpus: str, tmp_path: Path) -> None:
    settings = {**TINY, "rows": 64, "context": 32}
    folder = neuronscope.language_model(
        corpus, out=tmp_path / "epochs", tokens="character", steps=7, keep="epoch", **settings
    )
    parts = split(open_corpus(corpus), 0.1)
    n_windows = (sum(1 + len(text) for text in parts[0].documents()) - 32) // 32
    epoch = math.ceil(n_windows / 64)
    assert 1 < epoch < 4
    assert open_checkpoints(str(folder)).steps == tuple(sorted({*range(0, 8, epoch), 7}))


def test_a_model_that_is_trained_further_begins_where_it_was(made: Path, corpus: str, tmp_path: Path) -> None:
    settings = {"rows": 4, "context": 16, "n_kept": 2}
    before = open_model(str(made))
    folder = neuronscope.language_model(
        corpus, str(made), out=tmp_path / "further", steps=10, learning_rate=1e-3, **settings
    )
    assert open_model(f"{folder}@0").fingerprint == before.fingerprint
    assert open_model(str(folder)).fingerprint != before.fingerprint
    first = load(folder / "metrics.nc").isel(step=0)
    assert float(first.validation_loss) == before.card["validation_loss"]
    assert open_model(str(made)).fingerprint == before.fingerprint
    said = refused(corpus=corpus, start=str(made), out=tmp_path / "no", layers=2)
    assert said.startswith(
        "layers=2 does not go with start: a model that is trained further keeps its own layers"
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"heads": 3}, "A width of 16 does not fit 3 heads: give a multiple of the heads."),
        ({"heads": 16, "shape": "llama"}, "A head of llama is 1 wide and must be even: change the width."),
        ({"context": 4096}, "part of the corpus has "),
        ({"train_on": "cuda:77"}, "It cannot be trained on 'cuda:77', which is not there: choose cpu."),
        ({"shape": "bert"}, "language_model: shape='bert' should be 'gpt2', 'gpt_neox' or 'llama'"),
        ({"steps": 0}, "language_model: steps=0 should be greater than or equal to 1."),
        ({"corpus": "nowhere.txt"}, "There is no corpus 'nowhere.txt'"),
    ],
)
def test_what_does_not_fit_is_refused(asked: dict[str, Any], said: str, corpus: str, tmp_path: Path) -> None:
    given = {"corpus": corpus, "out": tmp_path / "new", "tokens": "character", "steps": 5, **TINY, **asked}
    assert said in refused(**given)


def test_a_folder_of_other_things_is_left_alone(corpus: str, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear")
    assert "holds other files: give an empty or a new one." in refused(corpus=corpus, out=tmp_path)
    assert "cannot be made" in refused(corpus=corpus, out=tmp_path / "letter.txt" / "model")


_WORKER = """
import json, sys, torch, neuronscope
torch.set_num_threads(1)
asked = json.loads(sys.argv[1])
neuronscope.language_model(asked.pop("corpus"), **asked)
"""


def _started(asked: dict[str, Any]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", _WORKER, json.dumps(asked)], env=environment)


def _until(there: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and not there():
        time.sleep(0.005)


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_same_weights(corpus: str, tmp_path: Path) -> None:
    """SIGKILL while tokenizer, steps, log and checkpoint are written, and go on each time."""
    asked = {
        "corpus": corpus,
        "tokens": "bpe",
        "n_tokens": 280,
        "steps": 150,
        "dropout": 0.1,
        **TINY,
        "n_kept": 8,
    }
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert _started({**asked, "out": str(whole)}).wait(300) == 0
    chance, killed = random.Random(time.time_ns()), []
    for _ in range(4):
        process = _started({**asked, "out": str(broken)})
        _until((broken / "run.json").exists, process)
        time.sleep(chance.uniform(0, 1.5))
        process.send_signal(signal.SIGKILL)
        killed.append(process.wait(60) == -signal.SIGKILL)
    assert any(killed)
    assert _started({**asked, "out": str(broken)}).wait(300) == 0
    names = sorted(str(file.relative_to(whole)) for file in whole.rglob("*.safetensors"))
    assert len(names) == len(open_checkpoints(str(whole))) + 1
    for name in (*names, "tokenizer.json", "config.json"):
        assert (whole / name).read_bytes() == (broken / name).read_bytes(), name
    assert digest(load(whole / "metrics.nc")) == digest(load(broken / "metrics.nc"))
    left = [torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (whole, broken)]
    for one, other in zip(*(saved["optimiser"]["state"].values() for saved in left), strict=True):
        assert all(np.array_equal(one[name].numpy(), other[name].numpy()) for name in one)
