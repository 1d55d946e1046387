"""Prediction divergence, held to a model that equals itself and to one whose answers are known."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope.analyses.comparison.prediction_divergence import prediction_divergence
from neuronscope.data.prompts import common_prompts
from neuronscope.instruments import run
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import byte_tokenizer, native


def test_a_model_does_not_diverge_from_itself(model: Model) -> None:
    found = prediction_divergence(model, model)
    assert (found.divergence == 0).all()
    assert (found.agreement == 1).all()
    assert float(found.mean_divergence) == float(found.largest_divergence) == 0


def test_scaled_answers_diverge_by_what_their_formula_says(make_model: Callable[..., Model]) -> None:
    model, flat = make_model("gpt2"), make_model("gpt2")
    with torch.no_grad():
        native(flat).transformer.ln_f.weight.zero_()
        native(flat).transformer.ln_f.bias.zero_()
    found = prediction_divergence(model, flat)
    # From the uniform distribution it is log-mean-exp of the logits minus their mean.
    other = prediction_divergence(flat, model)
    assert (found.divergence > 0).all()
    assert (other.divergence > 0).all()

    def expected(text: str) -> float:
        ids = model.tokenize(list(byte_tokenizer()(text)["input_ids"])[: model.n_positions])
        logits = run(model, ids).logits[0, 1:].double()
        return float((logits.logsumexp(-1) - np.log(model.vocab_size) - logits.mean(-1)).mean())

    known = [np.mean([expected(text) for text in (one.clean, one.corrupt)]) for one in common_prompts()]
    np.testing.assert_allclose(found.divergence, known, rtol=1e-6)


def test_the_interval_holds_the_mean(make_model: Callable[..., Model]) -> None:
    model, changed = make_model("gpt2"), make_model("gpt2")
    with torch.no_grad():
        native(changed).transformer.h[1].mlp.c_proj.weight.mul_(2)
    found = prediction_divergence(changed, model)
    assert found.mean_divergence_low <= found.mean_divergence <= found.mean_divergence_high
    assert float(found.mean_divergence) == pytest.approx(float(found.divergence.mean()))


def test_models_of_different_vocabularies_are_refused_in_a_sentence(
    make_model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, other = make_model("gpt2"), make_model("llama")
    monkeypatch.setattr(type(other), "vocab_size", property(lambda it: 7 if it is other else 256))
    with pytest.raises(BadInput, match="one vocabulary"):
        prediction_divergence(model, other)
