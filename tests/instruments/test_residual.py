import pytest
import torch

from neuronscope.instruments import residual_stream, run
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, LAYERS, N_TOKENS, WIDTH, shared, some_tokens


@pytest.mark.parametrize("family", FAMILIES)
def test_the_stream_has_the_embedding_first_and_each_block_after(family: str) -> None:
    model, tokens = shared(family), some_tokens(rows=1)
    stream = residual_stream(model, tokens)
    seen = run(model, tokens, get=["resid_pre.*", "resid_post.*"])
    assert stream.shape == (LAYERS + 1, N_TOKENS, WIDTH)
    assert torch.equal(stream[:-1], seen["resid_pre.*"][:, 0])
    assert torch.equal(stream[1:], seen["resid_post.*"][:, 0])
    torch.testing.assert_close(model.unembed(stream[-1]), seen.logits[0])


def test_hugging_face_agrees_on_the_stream_before_its_last_norm() -> None:
    model, tokens = shared("gpt2"), some_tokens(rows=1)
    with torch.no_grad():
        hidden = model.hf(tokens, output_hidden_states=True, use_cache=False).hidden_states
    assert torch.equal(residual_stream(model, tokens)[:-1], torch.cat(hidden[:-1]))


def test_the_stream_is_of_one_prompt() -> None:
    with pytest.raises(BadInput, match="read for one prompt at a time, but 2 were given"):
        residual_stream(shared("gpt2"), some_tokens())
