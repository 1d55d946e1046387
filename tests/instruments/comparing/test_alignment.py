"""Two models meet only where both have read the same characters."""

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from neuronscope.data.corpora import Corpus
from neuronscope.instruments import run
from neuronscope.instruments.comparing.alignment import (
    meeting_places,
    readable_passages,
    representations,
)
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.analyses.conftest import byte_tokenizer


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


def reads_bytes() -> Model:
    torch.manual_seed(0)
    network = GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=2, n_head=2, n_positions=200, vocab_size=256))
    return Model(network.eval(), name="bytes", tokenizer=byte_tokenizer())


def test_places_of_other_tokenizers_have_read_the_same_characters(scribe: Model) -> None:
    bytes_read = reads_bytes()
    ours, theirs, said = meeting_places(scribe, bytes_read, None, n=5, n_tokens=24, n_places=6)
    assert said == "reference"
    assert {len(positions) for positions in (*ours.positions, *theirs.positions)} == {6}
    for text in range(5):
        for one, two in zip(ours.positions[text], theirs.positions[text], strict=True):
            read = scribe.tokenizer.decode(ours.tokens[text][: one + 1])
            assert read == bytes_read.tokenizer.decode(theirs.tokens[text][: two + 1])


def test_one_tokenizer_meets_at_every_token_but_the_first(scribe: Model) -> None:
    ours, theirs, _ = meeting_places(scribe, scribe, None, n=3, n_tokens=10, n_places=50)
    assert ours.positions == theirs.positions == (tuple(range(1, 10)),) * 3
    assert ours.groups.tolist() == sorted([0, 1, 2] * 9)


def test_representations_stand_in_the_order_of_the_texts(scribe: Model) -> None:
    bytes_read = reads_bytes()
    _, theirs, _ = meeting_places(scribe, bytes_read, None, n=6, n_tokens=24, n_places=4)
    assert len({len(ids) for ids in theirs.tokens}) > 1
    read = representations(bytes_read, theirs, ["resid_post.1", "mlp_act.0"])
    for text, ids in enumerate(theirs.tokens):
        alone = run(bytes_read, ids[None], get=["resid_post.1"])["resid_post.1"][0]
        own = alone[list(theirs.positions[text])].double().numpy()
        np.testing.assert_allclose(read["resid_post.1"][theirs.groups == text], own, rtol=1e-4, atol=1e-5)


def test_a_vocabulary_without_the_words_reads_random_tokens() -> None:
    model = open_model("builtin:induction/seed0")
    found, said = readable_passages(model, None, n=4, n_tokens=64)
    assert said == "random tokens"
    assert {len(ids) for ids in found} == {model.n_positions}
    again, _ = readable_passages(model, None, n=4, n_tokens=64)
    assert all(torch.equal(one, two) for one, two in zip(found, again, strict=True))
    with pytest.raises(BadInput, match=r"of the tokens of 'own' are unknown to"):
        readable_passages(model, Corpus("own", lambda: ["plain words of English " * 99]), n=2, n_tokens=8)
