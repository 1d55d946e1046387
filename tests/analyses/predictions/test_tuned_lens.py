"""A tuned lens, held to what it must learn where the answer is known."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import BertConfig, BertModel

from neuronscope import load, logit_lens, tuned_lens
from neuronscope.data.corpora import Corpus
from neuronscope.learned import lens_run
from neuronscope.learned.lens_file import open_lens
from neuronscope.learned.lens_run import MeanDivergence, window_divergences
from neuronscope.learned.lenses import new_translators
from neuronscope.models import Model
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.results import kind_of, provenance
from neuronscope.words import BadInput
from tests.analyses.conftest import byte_tokenizer

WIDTH = 6
PROMPT = "some words"
CORPUS = Corpus("letters", lambda: [f"{start}, some words that differ {number} times. " * 6
                                    for number, start in enumerate("abcdefghijklmnop")])  # fmt: skip
SMALL = {"context": 16, "rows": 2, "steps": 6, "validation_share": 0.3}


@pytest.fixture(scope="module")
def linear() -> tuple[Model, Tensor]:
    """Make a model whose one block turns the stream h into M h, and give M."""
    torch.manual_seed(0)
    choices: dict[str, Any] = {"norm": "none", "positions": "none", "biases": []}
    network: Any = PlainTransformer(
        PlainConfig(vocab_size=256, hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=1,
                    intermediate_size=WIDTH, max_position_embeddings=32, activation="linear", **choices)
    ).double()  # fmt: skip
    added = torch.randn(WIDTH, WIDTH, dtype=torch.float64) / 3
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "attn" in name:
                weight.zero_()
            elif "up_proj" in name:
                weight.copy_(torch.eye(WIDTH))
            elif "down_proj" in name:
                weight.copy_(added)
            else:
                weight.normal_()
    model = Model(network, name="linear", tokenizer=byte_tokenizer())
    return model, torch.eye(WIDTH, dtype=torch.float64) + added


def test_where_the_rest_of_the_model_is_a_matrix_the_lens_learns_that_matrix(
    linear: tuple[Model, Tensor], tmp_path: Path
) -> None:
    model, matrix = linear
    every = Corpus("bytes", lambda: [bytes(range(33, 127)).decode() * 3 + str(number) for number in range(9)])
    folder = tuned_lens(
        model, every, out=tmp_path / "lens", context=32, rows=8, steps=250, learning_rate=0.05
    )
    learned = open_lens(str(folder)).translators[0]
    torch.testing.assert_close(learned.weight, matrix - torch.eye(WIDTH), rtol=0, atol=5e-3)
    torch.testing.assert_close(learned.bias, torch.zeros(WIDTH).double(), rtol=0, atol=5e-3)
    found = load(folder / "metrics.nc")
    assert float(found.logit_lens[0]) > 0.1
    assert float(found.divergence[-1, 0]) < 1e-5


def test_the_gradient_is_that_of_the_divergence(make_model: Callable[..., Model], monkeypatch: Any) -> None:
    model = make_model("gpt2")
    monkeypatch.setattr(lens_run, "_LEAST_HELD", 1000)
    monkeypatch.setattr(lens_run, "_LEAST_ROWS", 3)
    moved, final = torch.randn(2, 5, 32).double().requires_grad_(), torch.randn(5, 32).double()
    weight = torch.tensor([0.3, 2.0]).double()
    found: Any = MeanDivergence.apply(moved, final, model)
    (found * weight).sum().backward()
    own = moved.grad
    again = moved.detach().requires_grad_()
    log_q, said = model.unembed(again).log_softmax(-1), model.unembed(final).log_softmax(-1)
    apart = (said.exp() * (said - log_q)).sum(-1).mean(-1)
    torch.testing.assert_close(found, apart)
    (apart * weight).sum().backward()
    torch.testing.assert_close(own, again.grad)


def test_before_the_first_step_the_lens_is_the_logit_lens(make_model: Callable[..., Model]) -> None:
    model = make_model("llama")
    streams = [lens_run._stream(model, model.tokenize(PROMPT)[None])]
    untaught = new_translators(model.n_layers, model.width, dtype=torch.float64)
    np.testing.assert_array_equal(
        window_divergences(model, streams, untaught), window_divergences(model, streams)
    )
    lens = logit_lens(model, PROMPT)
    np.testing.assert_allclose(
        window_divergences(model, streams)[0], lens.divergence.mean("position"), rtol=1e-5
    )


def test_it_comes_nearer_to_the_answer_on_text_that_it_was_not_taught(model: Model, tmp_path: Path) -> None:
    folder = tuned_lens(model, CORPUS, out=tmp_path / "lens", **{**SMALL, "steps": 40})
    found = load(folder / "metrics.nc")
    assert kind_of(found) == "grid"
    assert (found.divergence[-1, :-1] < found.logit_lens[:-1]).all()
    np.testing.assert_array_equal(found.divergence[0], found.logit_lens)
    np.testing.assert_allclose(found.divergence[:, -1], 0, atol=1e-6)
    assert (found.divergence_low <= found.divergence).all()
    assert provenance(found)["models"]["model"]["fingerprint"] == model.fingerprint
    lens = logit_lens(model, PROMPT, str(folder))
    assert float(lens.divergence[:-1].mean()) < float(logit_lens(model, PROMPT).divergence[:-1].mean())


def test_the_same_is_learned_twice_and_after_a_stop(
    make_model: Callable[..., Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model("gpt2")
    whole = tuned_lens(model, CORPUS, out=tmp_path / "whole", **SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(lens_run, "train", partial(lens_run.train, stop_after=3))
        tuned_lens(model, CORPUS, out=tmp_path / "stopped", **SMALL)
    half = open_lens(str(tmp_path / "stopped")).fingerprint
    resumed = tuned_lens(model, CORPUS, out=tmp_path / "stopped", **SMALL)
    assert open_lens(str(resumed)).fingerprint == open_lens(str(whole)).fingerprint != half
    np.testing.assert_array_equal(
        load(resumed / "metrics.nc").divergence, load(whole / "metrics.nc").divergence
    )


def test_each_row_is_of_the_training_documents_and_none_of_the_held_out(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    read = lens_run._reading(model, (["a" * 40], ["b" * 20]), lens_run.LensChoice(context=8, rows=3))
    only = {int(model.tokenize(letter)[0]) for letter in "ab"}
    trained = {int(token) for step in range(9) for token in read.batch(step).ravel()}
    held_out = set(read.looked_at["validation"].flatten().tolist())
    assert trained.isdisjoint(held_out)
    assert only <= trained | held_out


def test_what_cannot_be_taught_is_refused_in_words(make_model: Callable[..., Model], tmp_path: Path) -> None:
    model = make_model("gpt2")
    folder = tuned_lens(model, CORPUS, out=tmp_path / "lens", **SMALL)
    assert json.loads((folder / "run.json").read_text())["steps"] == 6
    with pytest.raises(BadInput, match="holds a run with steps=6, not 7"):
        tuned_lens(model, CORPUS, out=folder, **{**SMALL, "steps": 7})
    short = Corpus("short", lambda: ["one thing", "another"])
    with pytest.raises(
        BadInput, match=r"training part of the corpus has .* tokens and a context of 16 needs 32"
    ):
        tuned_lens(model, short, out=tmp_path / "short", **SMALL)
    wordless = Model(model.hf, name="wordless")
    with pytest.raises(BadInput, match="wordless has no tokenizer"):
        tuned_lens(wordless, CORPUS, out=tmp_path / "wordless", **SMALL)
    sizes: dict[str, Any] = {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
    }
    encoder = BertModel(BertConfig(**sizes, vocab_size=256, max_position_embeddings=40))
    with pytest.raises(BadInput, match="no output head"):
        tuned_lens(Model(encoder, tokenizer=byte_tokenizer()), CORPUS, out=tmp_path / "headless", **SMALL)
    assert not any((tmp_path / name).exists() for name in ("short", "wordless", "headless"))
