"""Token effects, held to models whose tokens have known effects."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import neuronscope
from neuronscope import token_effect
from neuronscope.instruments import run
from neuronscope.instruments.comparing.reference import reference_prompts
from neuronscope.instruments.comparing.stand_ins import mean_embedding, similar_tokens
from neuronscope.models import Model
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.words import BadInput
from tests.analyses.conftest import byte_tokenizer

PROMPT = "the cat sat"
WIDTH = 5


def bag(*, deaf_to: str = "") -> Model:
    """Make a model whose last stream is its embedding plus the mean of all embeddings before and at it.

    To the letter that it is deaf to, no other token attends.
    """
    torch.manual_seed(5)
    choices: dict[str, Any] = {"norm": "none", "positions": "none", "biases": ["attn.q_proj"]}
    network: Any = PlainTransformer(
        PlainConfig(vocab_size=256, hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=1,
                    max_position_embeddings=400, attention_only=True, **choices)
    ).double()  # fmt: skip
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "v_proj" in name or "o_proj" in name:
                weight.copy_(torch.eye(WIDTH))
            elif "attn" in name:
                weight.zero_()
            else:
                weight.normal_()
    model = Model(network, name="bag", tokenizer=byte_tokenizer())
    if deaf_to:
        named = dict(network.named_parameters())
        embedding = network.get_input_embeddings().weight
        with torch.no_grad():
            embedding[:, 0] = 0
            embedding[int(model.tokenize(deaf_to)[0]), 0] = -1e5
            for name, weight in named.items():
                if name.endswith("k_proj.weight") or name.endswith("q_proj.bias"):
                    weight.view(-1)[0] = 1
    return model


def linear_score(model: Model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the embeddings of the prompt, the direction that the answer reads, and the mean embedding."""
    network: Any = model.hf
    embeddings = network.get_input_embeddings().weight[model.tokenize(PROMPT)].numpy()
    head = network.get_output_embeddings().weight[model.tokenize("xy")].numpy()
    mean = mean_embedding(model, reference_prompts(model, "common_prompts")).numpy()
    return embeddings, head[0] - head[1], mean


def test_in_a_linear_model_gradient_and_replacement_are_one_closed_form() -> None:
    model = bag()
    embeddings, direction, mean = linear_score(model)
    n = len(embeddings)
    weight = np.full(n, 1 / n)
    weight[-1] += 1
    exact = weight * ((embeddings - mean) @ direction)
    found = token_effect(model, PROMPT, target="x", distractor="y").effect
    np.testing.assert_allclose(found.sel(way="mean"), exact, atol=1e-10)
    np.testing.assert_allclose(found.sel(way="gradient"), exact, atol=1e-10)


def test_in_a_linear_model_removal_and_draws_are_closed_forms_too() -> None:
    model = bag()
    embeddings, direction, _ = linear_score(model)
    n, scores = len(embeddings), embeddings @ direction
    base = scores[-1] + scores.mean()
    without = [(scores.sum() - scores[i]) / (n - 1) + scores[-2 if i == n - 1 else -1] for i in range(n)]
    found = token_effect(model, PROMPT, target="x", distractor="y", n_draws=6)
    np.testing.assert_allclose(found.effect.sel(way="removal"), base - np.array(without), atol=1e-10)
    tokens = model.tokenize(PROMPT)
    drawn = similar_tokens(model, tokens, reference_prompts(model, "common_prompts"), n=6)
    network: Any = model.hf
    other = network.get_input_embeddings().weight[drawn].numpy() @ direction
    weight = np.full(n, 1 / n)
    weight[-1] += 1
    expected = weight * (scores - other.mean(1))
    np.testing.assert_allclose(found.effect.sel(way="sample"), expected, atol=1e-10)
    assert found.attrs["logit_difference"] == pytest.approx(base)


def test_removing_a_token_that_nothing_reads_has_no_effect() -> None:
    model = bag(deaf_to="t")
    found = token_effect(model, PROMPT + "!", target="x", distractor="y").effect
    unread = found.token == "t"
    assert int(unread.sum()) == 3
    np.testing.assert_allclose(found.sel(way=["removal", "gradient"])[:, unread], 0, atol=1e-9)
    assert (abs(found.sel(way="removal")[~unread]) > 1e-4).all()


def test_a_draw_is_the_prompt_with_another_token(model: Model) -> None:
    tokens = model.tokenize(PROMPT)
    reference = reference_prompts(model, "documentation")
    drawn = similar_tokens(model, tokens, reference, n=3, seed=4)
    pair = [int(model.tokenize(letter)[0]) for letter in "xy"]

    def score(ids: torch.Tensor) -> float:
        logits = run(model, ids).logits[0, -1]
        return float(logits[pair[0]] - logits[pair[1]])

    losses = np.zeros((len(tokens), 3))
    for place in range(len(tokens)):
        for draw in range(3):
            other = tokens.clone()
            other[place] = drawn[place, draw]
            losses[place, draw] = score(tokens) - score(other)
    asked = {"target": "x", "distractor": "y", "reference": "documentation"}
    found = token_effect(model, PROMPT, **asked, n_draws=3, seed=4)
    np.testing.assert_allclose(found.effect.sel(way="sample"), losses.mean(1), atol=1e-5)
    sampled = {"way": "sample"}
    assert (found.effect_low.sel(sampled) <= found.effect.sel(sampled)).all()
    assert (found.effect.sel(sampled) <= found.effect_high.sel(sampled)).all()


def test_target_and_distractor_change_places_and_every_effect_its_sign() -> None:
    model = bag()
    one = token_effect(model, PROMPT, target="x", distractor="y")
    other = token_effect(model, PROMPT, target="y", distractor="x")
    np.testing.assert_allclose(one.effect, -other.effect, atol=1e-12)
    np.testing.assert_allclose(one.agreement, other.agreement, atol=1e-12)


def test_a_seed_changes_what_is_drawn_and_nothing_else() -> None:
    model = bag()
    one, other = (token_effect(model, PROMPT, seed=seed).effect for seed in (0, 1))
    exact = ["removal", "mean", "gradient"]
    np.testing.assert_array_equal(one.sel(way=exact), other.sel(way=exact))
    assert (one.sel(way="sample") != other.sel(way="sample")).any()


def test_ways_that_order_tokens_alike_agree_and_each_agrees_with_itself() -> None:
    agreement = token_effect(bag(), PROMPT).agreement
    np.testing.assert_allclose(np.diag(agreement), 1)
    assert float(agreement.sel(way="mean", other="gradient")) == pytest.approx(1)
    np.testing.assert_allclose(agreement, agreement.T)


def test_scribe_finds_that_the_name_said_once_speaks_for_itself() -> None:
    prompt = "When Mary and John went to the shop, John gave a drink to"
    found = token_effect("builtin:scribe", prompt, target="Mary", distractor="John")
    exact = found.effect.sel(way=["removal", "mean", "sample"])
    assert (exact.values.argmax(1) == 1).all()
    assert found.attrs["logit_difference"] > 0


def test_one_token_is_compared_with_the_beginning_of_a_text() -> None:
    model = neuronscope.open_model("builtin:scribe")
    found = token_effect(model, "a", target="x", distractor="y")
    ends = run(model, [model.tokenizer.bos_token_id]).logits[0, -1]
    pair = [model.tokenizer.encode(found.attrs[name])[0] for name in ("target", "distractor")]
    expected = found.attrs["logit_difference"] - float(ends[pair[0]] - ends[pair[1]])
    assert found.effect.sel(way="removal").item() == pytest.approx(expected, rel=1e-4)
    assert "agreement" not in found


def test_what_cannot_be_compared_is_refused_in_words(make_model: Callable[..., Model]) -> None:
    with pytest.raises(BadInput, match="target and distractor are both 'x'"):
        token_effect(bag(), PROMPT, target="x", distractor="x")
    with pytest.raises(BadInput, match="nothing is left of a prompt of one token"):
        token_effect(make_model("gpt2"), "a", reference="documentation")
    with pytest.raises(BadInput, match="n_draws=1 should be greater than or equal to 2"):
        token_effect(bag(), PROMPT, n_draws=1)
