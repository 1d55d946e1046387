"""The loss on documentation counts every token once, and its interval comes from documents."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from tools.training.pages import PageLosses, document_nats


@pytest.fixture(scope="module")
def model() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=2, n_embd=32, n_head=2, vocab_size=40, n_positions=16, bos_token_id=0, eos_token_id=0
    )
    return GPT2LMHeadModel(config).eval()


def test_a_document_within_the_context_has_its_plain_loss(model: GPT2LMHeadModel) -> None:
    tokens = [3, 9, 27, 1, 5]
    logits = model(torch.tensor([[0, *tokens]])).logits[0, :-1].double()
    plain = torch.nn.functional.cross_entropy(logits, torch.tensor(tokens), reduction="sum")
    assert document_nats(model, tokens, boundary=0, context=16) == pytest.approx(plain.item(), rel=1e-6)


@pytest.mark.parametrize("length", [1, 8, 15, 16, 17, 24, 25, 40, 63])
def test_every_token_is_counted_once_whatever_the_length(length: int) -> None:
    def uniform(input_ids: torch.Tensor) -> SimpleNamespace:
        assert input_ids.shape[1] <= 16
        return SimpleNamespace(logits=torch.zeros(*input_ids.shape, 40))

    nats = document_nats(uniform, [1] * length, boundary=0, context=16)  # pyright: ignore[reportArgumentType]
    assert nats == pytest.approx(length * np.log(40))


def losses(model: list[float], ngram: list[float]) -> PageLosses:
    return PageLosses(["page"] * len(model), np.array(model), np.array(ngram), np.full(len(model), 100), 1.0)


def test_the_share_saved_is_that_of_all_documents_together() -> None:
    found = losses([80.0, 180.0], [100.0, 200.0]).summary(draws=100)
    assert found["model_nats_per_byte"] == 1.3
    assert found["ngram_nats_per_byte"] == 1.5
    assert found["better_by"] == pytest.approx(40 / 300, abs=1e-5)


def test_the_interval_is_empty_when_all_documents_agree_and_wide_when_they_do_not() -> None:
    agreed = losses([90.0] * 20, [100.0] * 20).summary(draws=500)
    assert agreed["better_by_low"] == agreed["better_by_high"] == 0.1
    rng = np.random.default_rng(0)
    differing = losses(list(100 + 30 * rng.standard_normal(20)), [100.0] * 20).summary(draws=500)
    assert differing["better_by_low"] < 0 < differing["better_by_high"]
