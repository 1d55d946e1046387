"""Shares of tokens, held to functions whose shares are known, and to the integral written out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from neuronscope.instruments import put, run
from neuronscope.instruments.attributing.embeddings import EmbeddedPrompt, embedding_baseline
from neuronscope.instruments.attributing.row_metrics import row_metric
from neuronscope.instruments.attributing.tokens import METHODS, token_scores
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native
from tests.instruments.attributing.planted import plain_model

ADDITIVE = [method for method in METHODS if method != "saliency"]


@dataclass(frozen=True)
class Written:
    """A function of embeddings that is written out here."""

    actual: Tensor
    score: Callable[[Tensor], Tensor]


def game(values: list[float], score: Callable[[Tensor], Tensor]) -> Written:
    return Written(torch.tensor(values, dtype=torch.float64)[None, :, None], score)


def nothing(width: int = 1) -> Tensor:
    return torch.zeros(width, dtype=torch.float64)


@pytest.mark.parametrize("method", ADDITIVE)
def test_of_a_linear_function_every_method_gives_weight_times_distance(method: str) -> None:
    torch.manual_seed(0)
    weight = torch.randn(4, 3, dtype=torch.float64)
    actual, base = torch.randn(1, 4, 3, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    linear = Written(actual, lambda rows: (rows * weight).sum((1, 2)))
    found = token_scores(linear, base, method=method, n_orders=2)
    torch.testing.assert_close(found.scores, ((actual[0] - base) * weight).sum(-1))
    assert found.gap == pytest.approx(0, abs=1e-6)


def test_of_an_additive_game_shapley_is_exact() -> None:
    found = token_scores(
        game([1.0, 2.0, 3.0], lambda rows: (rows**3).sum((1, 2))), nothing(), method="shapley", n_orders=1
    )
    torch.testing.assert_close(found.scores, torch.tensor([1.0, 8.0, 27.0], dtype=torch.float64))


def test_of_a_product_shapley_halves_what_single_changes_count_twice() -> None:
    both = game([1.0, 1.0], lambda rows: rows.prod(1)[:, 0])
    shares = {
        method: token_scores(both, nothing(), method=method, n_orders=400).scores.tolist()
        for method in ADDITIVE
    }
    assert shares["gradient_input"] == shares["occlusion"] == [1, 1]
    assert shares["integrated_gradients"] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert shares["shapley"] == pytest.approx([0.5, 0.5], abs=0.08)
    assert sum(shares["shapley"]) == pytest.approx(1)


def test_of_exclusive_or_shapley_gives_half_to_each_where_the_gradient_gives_nothing() -> None:
    """One of two inputs alone turns it on; both on and both off are 0, and it is flat at 0 and 1."""

    def exclusive(rows: Tensor) -> Tensor:
        on = rows[..., 0].clamp(0, 1)
        on = 3 * on**2 - 2 * on**3
        return on[:, 0] * (1 - on[:, 1]) + (1 - on[:, 0]) * on[:, 1]

    found = {
        method: token_scores(
            Written(torch.tensor([[[1.0], [0.0]]], dtype=torch.float64), exclusive),
            torch.tensor([0.0], dtype=torch.float64), method=method, n_orders=50,
        )
        for method in ("gradient_input", "shapley")
    }  # fmt: skip
    assert found["shapley"].whole == 1
    assert found["gradient_input"].scores.tolist() == [0, 0]
    assert found["shapley"].scores.tolist() == pytest.approx([1, 0])


def test_saliency_is_the_length_of_the_gradient() -> None:
    weight = torch.tensor([[3.0, 4.0], [0.0, -2.0]], dtype=torch.float64)
    linear = Written(torch.ones(1, 2, 2, dtype=torch.float64), lambda rows: (rows * weight).sum((1, 2)))
    assert token_scores(linear, nothing(2), method="saliency").scores.tolist() == [5, 2]


def written_out(model: Model, tokens: Tensor, base: Tensor, points: Tensor, pair: tuple[int, int]) -> Tensor:
    """Integrate the gradient at the embedding by runs of the whole network with the embedding put."""
    actual = run(model, tokens, get="embed")["embed"][0]
    total = torch.zeros_like(actual)
    for t in points:
        seen = run(
            model, tokens, do=put("embed", base + t * (actual - base)), get="embed",
            grad=lambda logits: (logits[:, -1, pair[0]] - logits[:, -1, pair[1]]).sum(),
        )  # fmt: skip
        total += seen.grad["embed"][0] / len(points)
    return ((actual - base) * total).sum(-1)


def test_captum_integrates_as_our_own_midpoints_do(model: Model) -> None:
    pairs = prompt_pairs(model, prompt="the cat sat on", target="x", distractor="y")
    base = embedding_baseline(model, "mean")
    prompt = EmbeddedPrompt(model, pairs, 0, row_metric(pairs, "logit_difference"))
    found = token_scores(prompt, base, n_steps=8).scores
    points = (torch.arange(8, dtype=torch.float64) + 0.5) / 8
    expected = written_out(
        model, pairs.clean[0], base, points, (int(pairs.target[0]), int(pairs.distractor[0]))
    )
    torch.testing.assert_close(found, expected.double(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["integrated_gradients", "shapley"])
def test_complete_methods_sum_to_the_whole(model: Model, method: str) -> None:
    pairs = prompt_pairs(model, prompt="a cat", target="x", distractor="y")
    prompt = EmbeddedPrompt(model, pairs, 0, row_metric(pairs, "logit_difference"))
    # Neither small nor all alike: there a norm turns sharply.
    base = torch.linspace(-1, 1, model.width, dtype=torch.float64)
    found = token_scores(prompt, base, method=method, n_steps=96, rule="gauss_legendre", n_orders=3)
    assert abs(found.gap) < 1e-5
    assert abs(found.whole) > 0.01


def test_occlusion_is_a_run_with_one_token_at_the_baseline(model: Model) -> None:
    pairs = prompt_pairs(model, prompt="a cat", target="x", distractor="y")
    metric = row_metric(pairs, "logit_difference")
    base = embedding_baseline(model, "zero")
    found = token_scores(EmbeddedPrompt(model, pairs, 0, metric), base, method="occlusion").scores
    plain = metric([0])(run(model, pairs.clean[0]).logits[:, -1])
    for place in range(len(found)):
        gone = run(model, pairs.clean[0], do=put(f"embed@{place}", 0)).logits[:, -1]
        assert float(found[place]) == pytest.approx(float(plain - metric([0])(gone)), abs=1e-5)


def test_shapley_is_drawn_from_its_seed_and_leaves_chance_alone(model: Model) -> None:
    pairs = prompt_pairs(model, prompt="a cat", target="x", distractor="y")
    prompt = EmbeddedPrompt(model, pairs, 0, row_metric(pairs, "logit_difference"))
    base = embedding_baseline(model, "mean")
    before = torch.get_rng_state()
    one, two, other = (
        token_scores(prompt, base, method="shapley", n_orders=2, seed=seed).scores for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    torch.testing.assert_close(one, two, rtol=0, atol=0)
    assert not torch.equal(one, other)


def test_baselines_are_those_of_the_embedding(model: Model) -> None:
    table = native(model).get_input_embeddings().weight
    torch.testing.assert_close(embedding_baseline(model, "mean"), table.mean(0))
    assert not embedding_baseline(model, "zero").any()
    with pytest.raises(BadInput, match="no padding or end-of-text token"):
        embedding_baseline(model, "padding")
    with pytest.raises(BadInput, match="no baseline called 'blur'"):
        embedding_baseline(model, "blur")


def test_without_positions_and_attention_only_the_last_token_counts() -> None:
    model = plain_model()
    with torch.no_grad():
        native(model).h[0].attn.o_proj.weight.zero_()
    pairs = prompt_pairs(model, prompt="words", target="x", distractor="y")
    prompt = EmbeddedPrompt(model, pairs, 0, row_metric(pairs, "logit_difference"))
    for method in METHODS:
        found = token_scores(prompt, embedding_baseline(model, "zero"), method=method, n_orders=2).scores
        np.testing.assert_allclose(found[:-1], 0, atol=1e-12)
        assert abs(found[-1]) > 1e-4
