"""Keys and values that grow in place are those that a new tensor for every token would hold."""

import torch
from transformers import DynamicCache

from neuronscope.instruments import run, stream
from neuronscope.instruments.streaming.growing import make_room
from neuronscope.models import open_model


def test_keys_and_values_are_those_of_the_usual_cache_and_what_was_handed_out_stays() -> None:
    usual, grown = DynamicCache(), DynamicCache()
    dice = torch.Generator().manual_seed(0)
    handed: list[tuple[torch.Tensor, torch.Tensor]] = []
    for step in range(40):
        shape = (1, 2, 5 if step == 0 else 1, 4)
        for layer in range(2):
            key, value = (torch.randn(shape, generator=dice) for _ in range(2))
            own = usual.update(key, value, layer)
            other = grown.update(key, value, layer)
            assert all(torch.equal(*both) for both in zip(own, other, strict=True))
            handed.append((own[0], other[0]))
        if step == 0:
            make_room(grown)
        assert grown.get_seq_length() == usual.get_seq_length() == 5 + step
    assert all(torch.equal(own, other) for own, other in handed)
    last = handed[-1][1]
    assert last.untyped_storage().nbytes() > last.nbytes


def test_a_cache_of_another_kind_is_left_as_it_is() -> None:
    make_room(None)
    make_room(((torch.zeros(1), torch.zeros(1)),))
    empty = DynamicCache()
    make_room(empty)
    assert empty.get_seq_length() == 0


def test_a_long_stream_says_what_one_pass_over_its_text_says() -> None:
    model = open_model("builtin:scribe")
    steps = list(stream(model, "The king", 60, get="k.2", stop=()))
    text = [*model.tokenize("The king").tolist(), *(step.token for step in steps)]
    logits = run(model, torch.tensor([text])).logits[0]
    for step in steps:
        torch.testing.assert_close(step.logits, logits[step.position - 1], rtol=0, atol=2e-4)
    assert steps[-1]["k.2"].shape[1] == len(text) - 1
