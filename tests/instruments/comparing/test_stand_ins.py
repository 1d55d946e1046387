"""What stands in for a token: means and draws, against counts made by hand."""

from collections.abc import Callable

import pytest
import torch

from neuronscope.instruments.comparing.stand_ins import mean_embedding, similar_tokens, token_embeddings
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import make_model, native  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Model]) -> Model:  # noqa: F811
    return make_model("gpt2")


def test_embeddings_are_rows_of_the_table_in_the_order_asked(model: Model) -> None:
    tokens = torch.arange(100).flip(0)
    assert torch.equal(token_embeddings(model, tokens), native(model).transformer.wte.weight[tokens])


def test_the_mean_is_over_tokens_not_over_prompts(model: Model) -> None:
    reference = [torch.tensor([1, 2, 2]), torch.tensor([5])]
    expected = native(model).transformer.wte.weight[[1, 2, 2, 5]].mean(0)
    torch.testing.assert_close(mean_embedding(model, reference), expected)


def test_a_stand_in_is_as_common_begins_alike_and_is_never_the_token_itself(model: Model) -> None:
    space = int(model.tokenize(" ")[0])
    common, rare = range(100, 140), range(150, 190)
    reference = [torch.tensor([*common] * 9 + [*rare] + [space] * 9)]
    tokens = torch.tensor([100, 150, 250])  # 250 does not occur
    found = similar_tokens(model, tokens, reference, n=200)
    assert found.shape == (3, 200)
    assert set(found[0].tolist()) <= set(common) - {100}
    assert set(found[1].tolist()) <= set(rare) - {150}
    assert set(found[2].tolist()) <= set(rare)
    assert min(len(set(row)) for row in found.tolist()) > 20
    only = similar_tokens(model, torch.tensor([space]), reference, n=5)
    assert space not in only.flatten().tolist()


def test_draws_depend_on_token_position_and_seed_alone(model: Model) -> None:
    reference = [torch.arange(40, 120)]
    whole = similar_tokens(model, torch.tensor([41, 42, 43]), reference, n=8)
    start = similar_tokens(model, torch.tensor([41, 42]), reference, n=8)
    fewer = similar_tokens(model, torch.tensor([41, 42, 43]), reference, n=3)
    assert torch.equal(whole[:2], start)
    assert torch.equal(whole[:, :3], fewer)
    assert not torch.equal(whole, similar_tokens(model, torch.tensor([41, 42, 43]), reference, n=8, seed=1))


def test_a_reference_of_nothing_else_is_refused(model: Model) -> None:
    with pytest.raises(BadInput, match="no other token to put in the place of one"):
        similar_tokens(model, torch.tensor([7]), [torch.tensor([7, 7])], n=2)
