"""Token attribution, held to models in which one token alone can matter, and to sums that must come out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient

from neuronscope import open_model, token_attribution
from neuronscope.data.tasks import open_task
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native
from tests.instruments.attributing.planted import ANSWER, knowing_model

METHODS = ["integrated_gradients", "saliency", "gradient_input", "occlusion", "shapley"]
WORDS = {"prompt": "the cat sat", "target": "x", "distractor": "y"}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.mark.parametrize("method", METHODS)
def test_where_nothing_attends_the_last_token_has_it_all(method: str) -> None:
    found = token_attribution(
        knowing_model(), prompt="a nook", target=ANSWER, distractor="x", method=method, baseline="zero"
    )
    assert found.token.values[-1] == "k"
    assert float(found.score[-1]) > 5
    np.testing.assert_allclose(found.score[:-1], 0, atol=1e-10)


@pytest.mark.parametrize("method", ["integrated_gradients", "shapley"])
def test_scores_sum_to_the_whole_and_the_gap_says_by_how_much_not(model: Model, method: str) -> None:
    found = token_attribution(model, **WORDS, method=method, orders=3)
    gap = float(found.score.sum() - found.whole[0])
    assert gap == pytest.approx(float(found.completeness_gap[0]), abs=1e-9)
    if method == "shapley":
        assert abs(gap) < 1e-5
    fine = token_attribution(model, **WORDS, method=method, orders=3, steps=256)
    assert abs(float(fine.completeness_gap[0])) <= max(abs(gap), 1e-5)


def test_gradient_times_input_against_zero_is_that_of_captum(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    found = token_attribution(model, **WORDS, method="gradient_input", baseline="zero")
    x, y = (int(model.tokenize(text)[0]) for text in "xy")

    def difference(embedded: torch.Tensor) -> torch.Tensor:
        logits = native(model)(inputs_embeds=embedded).logits[:, -1]
        return logits[:, x] - logits[:, y]

    embedded = native(model).get_input_embeddings()(model.tokenize(WORDS["prompt"])[None])
    expected = InputXGradient(difference).attribute(embedded.requires_grad_())[0].sum(-1).detach()
    np.testing.assert_allclose(found.score, expected, atol=1e-10)


def test_spans_and_rest_sum_to_all_tokens(scribe: Model) -> None:
    found = token_attribution(scribe, "indirect-object", n_prompts=3, steps=4)
    assert found.span.values[-1] == "rest"
    assert {"recipient", "giver", "end"} <= set(found.span.values)
    np.testing.assert_allclose(
        found.prompt_span_score.sum("span"), found.whole + found.completeness_gap, atol=1e-5
    )
    np.testing.assert_allclose(found.prompt_span_score.mean("prompt"), found.span_score, atol=1e-10)
    assert float(found.prompt_span_score[0].sum()) == pytest.approx(float(found.score.sum()))
    assert (found.span_score_low <= found.span_score).all()
    assert (found.span_score <= found.span_score_high).all()


def test_a_prompt_of_a_task_has_the_scores_that_it_has_alone(scribe: Model) -> None:
    task = open_task("capital")
    pair = task.pairs(1, scribe.tokenizer)[0]
    together = token_attribution(scribe, task, n_prompts=2, steps=8, metric="log_probability")
    answer = int(scribe.tokenize(pair.clean + pair.answer)[len(scribe.tokenize(pair.clean))])
    alone = token_attribution(
        scribe, prompt=pair.clean, target=scribe.token_text(answer), steps=8, metric="log_probability"
    )
    np.testing.assert_allclose(together.score, alone.score, atol=1e-4)
    assert together.text.values[0] == pair.clean


def test_left_empty_the_prompt_is_a_common_one_with_its_answers(scribe: Model) -> None:
    found = token_attribution(scribe, steps=2)
    assert found.attrs["target"] == " Mary"
    assert "".join(found.token.values).startswith("When Mary and John")
    assert "span_score" not in found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"task": "capital"}, "brings its own prompts"),
        ({"baseline": "padding"}, "no padding or end-of-text token"),
        ({"distractor": "xyz"}, "'xyz' is 4 tokens"),
        ({"orders": 0}, "orders=0 should be greater"),
        ({"prompt": "a" * 50}, "reads 40 at most"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        token_attribution(**{"model": make_model("gpt2"), **WORDS, **arguments})
