from typing import Any

import pytest
import torch

from neuronscope.instruments import run, scale, stream, zero
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, eager, opened, shared, some_tokens

N_PROMPT, START = 9, 3
PROMPT = some_tokens(rows=1, length=N_PROMPT)[0]


def by_hugging_face(family: str, seed: int = 0, **options: Any) -> list[int]:
    """What `generate` of the plain network writes, its own stop tokens included."""
    ids = PROMPT[None]
    network = eager(family)
    if family == "t5":
        network.generation_config.decoder_start_token_id = START  # pyright: ignore[reportOptionalMemberAccess]
    torch.manual_seed(seed)
    whole = network.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=16, **options)  # pyright: ignore[reportCallIssue]
    return whole[0, 1 if family == "t5" else N_PROMPT :].tolist()


def t5() -> Model:
    model = opened("t5")
    model.hf.generation_config.decoder_start_token_id = START  # pyright: ignore[reportOptionalMemberAccess]
    return model


OTHER_WAYS = ("bloom", "falcon", "gemma2", "gpt_neo", "gpt_oss", "gptj", "mpt", "opt")
"""Families that attend, place or cap otherwise than those above."""


@pytest.mark.parametrize("family", [*FAMILIES, *OTHER_WAYS])
def test_a_greedy_stream_is_what_hugging_face_generates(family: str) -> None:
    steps = stream(shared(family), PROMPT, 16, get=["mlp_out.*@-1", "resid_post.1"])
    assert [step.token for step in steps] == by_hugging_face(family, do_sample=False)


@pytest.mark.parametrize(
    "family", ["gpt2", "gpt_neox parallel", "llama", "mistral", "qwen3", "gemma2", "opt"]
)
@pytest.mark.parametrize(
    "options",
    [{"temperature": 2.5}, {"temperature": 3.0, "top_k": 7}, {"temperature": 3.0, "top_p": 0.7, "top_k": 30}],
)
def test_a_drawn_stream_is_what_hugging_face_draws_from_the_same_seed(
    family: str, options: dict[str, Any]
) -> None:
    theirs = by_hugging_face(family, seed=5, do_sample=True, **{"top_k": 0, "top_p": 1.0} | options)
    ours = [step.token for step in stream(shared(family), PROMPT, 16, seed=5, **options)]
    assert ours == theirs
    assert ours != [step.token for step in stream(shared(family), PROMPT, 16)]


@pytest.mark.parametrize("options", [{}, {"temperature": 4.0, "top_k": 40, "top_p": 0.9}])
def test_a_decoder_that_reads_an_encoder_writes_what_hugging_face_generates(options: dict[str, Any]) -> None:
    theirs = by_hugging_face("t5", seed=2, do_sample=bool(options), **options)
    ours = [step.token for step in stream(t5(), PROMPT, 16, get="encoder/z.1", seed=2, **options)]
    assert ours == theirs
    assert not options or len(set(ours)) > 3


def test_of_an_encoder_and_a_decoder_each_is_read_when_it_computes() -> None:
    sites = ["encoder/resid_post.1", "decoder/resid_post.2", "decoder/resid_post.1@4", "encoder/z.0@3"]
    model, seed = t5(), {"temperature": 4.0, "seed": 2}
    steps = list(stream(model, PROMPT, 6, get=sites, stop=(), **seed))
    assert [step.computed for step in steps][:2] == [range(1), range(1, 2)]
    assert ["encoder/z.0@3" in step for step in steps] == [True, *[False] * 5]
    assert ["decoder/resid_post.1@4" in step for step in steps] == [number == 4 for number in range(6)]
    decoder = torch.tensor([[START, *(step.token for step in steps[:-1])]])
    at_once = run(model, {"input_ids": PROMPT[None], "decoder_input_ids": decoder}, get=sites)
    assert torch.equal(steps[0]["encoder/resid_post.1"], at_once["encoder/resid_post.1"])
    joined = torch.cat([step["decoder/resid_post.2"] for step in steps], dim=1)
    assert (joined - at_once["decoder/resid_post.2"]).abs().max() < 1e-4
    begun = {"input_ids": PROMPT[None], "decoder_input_ids": decoder[:, :3]}
    assert torch.allclose(next(stream(model, begun, 2)).logits, at_once.logits[0, 2], atol=1e-4)


def test_a_part_of_the_prompt_is_none_of_the_decoder() -> None:
    with pytest.raises(BadInput, match=r"decoder/z\.1@name names a part of the prompt, but decoder does not"):
        stream(t5(), PROMPT, 2, get="decoder/z.1@name", spans={"name": (1, 3)})


def test_two_streams_of_one_model_end_in_any_order_and_leave_nothing() -> None:
    model = opened("gpt2")

    def long() -> list[int]:
        return [s.token for s in stream(model, PROMPT, 5, get="resid_mid.1@-1", do=scale("resid_mid.1", 0.0))]

    alone = long()
    short = stream(model, PROMPT, 2, do=zero("resid_mid.1"))
    beside = stream(model, PROMPT, 5, get="resid_mid.1@-1", do=scale("resid_mid.1", 0.0))
    found = []
    for step in beside:
        found.append(step.token)
        next(short, None)
    assert found == alone
    assert all("forward" not in vars(module) for module in model.hf.modules())
