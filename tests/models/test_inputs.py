"""Whatever a network runs on, it goes in by one function, and the policy about it is what the page says."""

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from neuronscope.instruments import put, run, zero
from neuronscope.models import Batch, Model, Site, prepare
from neuronscope.models.inputs import padding_side
from neuronscope.words import BadInput
from tests.models.tiny import VOCAB, eager, opened, shared

WORDS = {"<s>": 0, "<u>": 1, "the": 2, "cat": 3, "sat": 4, "user": 5, "assistant": 6, "<end>": 7}
TEMPLATE = (
    "<s>{% for message in messages %} {{ message.role }} {{ message.content }} <end>{% endfor %}"
    "{% if add_generation_prompt %} assistant{% endif %}"
)
ROWS = [[5, 60, 17], [3, 9, 41, 2, 77, 30], [8, 23]]
ENCODERS = ["bert", "minilm", "roberta", "distilbert"]


def tokenizer(*, adds: bool, template: str | None = TEMPLATE, begins: bool = True) -> PreTrainedTokenizerFast:
    backend = Tokenizer(WordLevel(WORDS, unk_token="<u>"))
    backend.pre_tokenizer = WhitespaceSplit()  # pyright: ignore[reportAttributeAccessIssue]
    if adds:
        backend.post_processor = TemplateProcessing(  # pyright: ignore[reportAttributeAccessIssue]
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    made = PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<u>", **({"bos_token": "<s>"} if begins else {})
    )
    made.chat_template = template
    return made


def speaking(**options: Any) -> Model:
    return Model(eager("gpt2"), name="speaker", tokenizer=tokenizer(**options))


def started(dtype: torch.dtype = torch.float32) -> Model:
    model = opened("t5", dtype=dtype)
    model.hf.config.decoder_start_token_id = 0
    return model


def test_a_batch_says_where_the_tokens_of_each_prompt_stand() -> None:
    batch = prepare(shared("gpt2"), ROWS, spans={"subject": [(0, 1), (2, 4), (1, 2)]})
    assert repr(batch) == "Batch(3 x 6 tokens, padded)"
    assert (batch.starts, batch.lengths, batch.last) == ((3, 0, 4), (3, 6, 2), (5, 5, 5))
    assert [batch.tokens[row, batch.own(row)].tolist() for row in range(3)] == ROWS
    assert batch.inputs["attention_mask"].sum(-1).tolist() == [3, 6, 2]
    assert batch.inputs["position_ids"][0].tolist() == [0, 0, 0, 0, 1, 2]
    assert batch.columns(Site.parse("z.1@-1")) == 5
    assert batch.columns(Site.parse("z.1@0")).tolist() == [3, 0, 4]  # pyright: ignore
    with pytest.raises(AttributeError):
        batch.lengths = ()  # pyright: ignore[reportAttributeAccessIssue]


def test_rows_of_a_batch_are_picked_with_all_that_belongs_to_them() -> None:
    model = shared("llama")
    batch = prepare(model, ROWS, spans={"subject": [(0, 1), (2, 4), (1, 2)]})
    twice = batch.picked([2, 2, 0])
    assert (twice.lengths, twice.spans["subject"]) == ((2, 2, 3), ((1, 2), (1, 2), (0, 1)))
    whole, part = run(model, batch).logits, run(model, twice).logits
    torch.testing.assert_close(part[:, -1], whole[[2, 2, 0], -1])


def test_prompts_of_one_length_go_in_bare() -> None:
    batch = prepare(shared("gpt2"), [[1, 2], [3, 4]])
    assert list(batch.inputs) == ["input_ids"]
    assert not batch.padded
    assert prepare(shared("gpt2"), batch) is batch


@pytest.mark.parametrize(
    ("given", "expected"),
    [([4, 5], 1), ((4, 5), 1), ([[4, 5]], 1), ([torch.tensor([4, 5]), [6]], 2), (torch.tensor([4, 5]), 1)],
)
def test_token_ids_come_in_many_forms(given: Any, expected: int) -> None:
    batch = prepare(shared("gpt2"), given)
    assert len(batch) == expected
    assert batch.tokens[0, batch.own(0)].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("adds", "bos", "expected"),
    [
        (True, None, [0, 2, 3]),
        (True, True, [0, 2, 3]),
        (True, False, [2, 3]),
        (False, None, [2, 3]),
        (False, True, [0, 2, 3]),
        (False, False, [2, 3]),
    ],
)
def test_the_beginning_of_text_is_the_tokenizers_unless_said_otherwise(
    adds: bool, bos: bool | None, expected: list[int]
) -> None:
    assert prepare(speaking(adds=adds), "the cat", bos=bos).tokens.tolist() == [expected]
    typed = prepare(speaking(adds=adds), "<s> the cat", bos=bos).tokens.tolist()[0]
    assert typed == [*([0] if (bos if bos is not None else adds) else []), 0, 2, 3]


def test_a_chat_is_laid_out_by_the_template() -> None:
    model = speaking(adds=True)
    asked = [{"role": "user", "content": "the cat"}]
    begun = [*asked, {"role": "assistant", "content": "sat"}]
    assert prepare(model, chat=asked).tokens.tolist() == [[0, 5, 2, 3, 7, 6]]
    assert prepare(model, chat=begun).tokens.tolist() == [[0, 5, 2, 3, 7, 6, 4]]
    both = prepare(model, chat=[asked, begun])
    assert (both.lengths, both.padded) == ((6, 7), True)


@pytest.mark.parametrize("family", [*ENCODERS, "t5"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_an_encoder_is_padded_on_the_right_by_its_mask(family: str, dtype: torch.dtype) -> None:
    model = started(dtype) if family == "t5" else shared(family, dtype)
    site = "encoder/resid_post.1" if family == "t5" else "resid_post.1"
    together = run(model, ROWS, get=[site, f"{site}@-1"])
    assert padding_side(model) == "right"
    assert "position_ids" not in together.batch.inputs
    bound = 1e-12 if dtype == torch.float64 else 2e-5
    for number, row in enumerate(ROWS):
        alone = run(model, row, get=site)
        torch.testing.assert_close(together.each(site)[number], alone[site][0], rtol=bound, atol=bound)
        torch.testing.assert_close(together[f"{site}@-1"][number], alone[site][0, -1], rtol=bound, atol=bound)


def test_the_decoder_of_t5_starts_from_its_own_token_and_keeps_its_positions() -> None:
    model = started()
    seen = run(model, ROWS, get=["decoder/resid_post.1", "encoder/pattern.1"])
    assert seen["decoder/resid_post.1"].shape == (3, 1, 48)
    assert seen.logits.shape == (3, 1, VOCAB)
    assert not seen.logits.isnan().any()
    alone = run(model, ROWS[2], get="decoder/resid_post.1")
    torch.testing.assert_close(seen["decoder/resid_post.1"][2], alone["decoder/resid_post.1"][0])


def test_a_decoder_that_starts_from_no_known_token_is_refused() -> None:
    with pytest.raises(
        BadInput, match="t5 does not say which token its decoder starts from: give decoder_input"
    ):
        run(shared("t5"), ROWS)
    given = {"input_ids": [ROWS[0]], "decoder_input_ids": [[0, 5, 6]]}
    assert run(shared("t5"), given).logits.shape == (1, 3, VOCAB)


def test_images_go_in_by_name_or_bare() -> None:
    model, images = shared("vit"), torch.randn(2, 3, 16, 16)
    seen = run(model, {"pixel_values": images}, get=["resid_post.*", "z.1.2@0"])
    assert seen["resid_post.*"].shape == (3, 2, 17, 48)
    assert torch.equal(seen["z.1.2@0"], run(model, images, get="z.1")["z.1"][:, 0, 2])
    assert seen.logits.shape[0] == 2
    assert repr(seen) == "Run(2, 4 sites)"
    assert not torch.equal(run(model, images, do=zero("z.1")).logits, seen.logits)
    with pytest.raises(BadInput, match="These inputs hold no tokens: they are pixel_values"):
        _ = seen.tokens
    with pytest.raises(BadInput, match=r"resid_post\.1@17 is out of range: the prompt has 17 positions"):
        run(model, images, get="resid_post.1@17")


def test_two_towers_take_two_inputs() -> None:
    model, images = shared("clip"), torch.randn(2, 3, 16, 16)
    ids, mask = torch.tensor([[5, 6, 96, 96], [7, 8, 9, 96]]), torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    given = {"input_ids": ids, "attention_mask": mask, "pixel_values": images}
    seen = run(model, given, get=["text/resid_post.1", "vision/resid_post.*", "text/resid_post.1@-1"])
    assert seen["vision/resid_post.*"].shape == (3, 2, 17, 48)
    assert not seen["vision/resid_post.*"].isnan().any()
    assert seen["text/resid_post.1"][0, 3].isnan().all()
    assert torch.equal(seen["text/resid_post.1@-1"][0], seen["text/resid_post.1"][0, 2])
    with pytest.raises(BadInput, match=r"This network gives no logits: run\.output holds what it gives"):
        _ = seen.logits
    assert seen.output.logits_per_image.shape == (2, 2)


def test_a_mask_given_by_name_says_where_the_prompts_stand() -> None:
    model = shared("gpt2")
    ids = torch.tensor([[0, 0, 5, 60, 17], [3, 9, 41, 2, 77]])
    given = {"input_ids": ids, "attention_mask": (torch.arange(5) >= torch.tensor([[2], [0]])).long()}
    together, alone = run(model, given, get="z.1"), run(model, [5, 60, 17], get="z.1")
    torch.testing.assert_close(together.each("z.1")[0], alone["z.1"][0])
    torch.testing.assert_close(together.logits[0, -1], alone.logits[0, -1])


def test_a_network_without_a_head_gives_no_logits() -> None:
    seen = run(shared("minilm"), ROWS, get="resid_post.1")
    with pytest.raises(BadInput, match="This network gives no logits"):
        _ = seen.logits
    assert seen.output.last_hidden_state.shape == (3, 6, 48)
    with pytest.raises(BadInput, match="A gradient needs logits, but this network gives none"):
        run(shared("minilm"), ROWS, get="resid_post.1", grad=lambda logits: logits.sum())
    stopped = run(shared("minilm"), ROWS, get="resid_post.1", stop=True)
    with pytest.raises(BadInput, match="This run stopped at its last site, before the logits"):
        _ = stopped.logits


def test_a_model_that_cannot_tell_padding_apart_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    model: Any = opened("gpt2")
    model.hf.config.pad_token_id = None
    own = model.hf.forward
    monkeypatch.setattr(model.hf, "forward", lambda input_ids, use_cache=False: own(input_ids))
    with pytest.raises(BadInput) as refusal:
        run(model, ROWS)
    assert "takes no attention mask and names no padding token" in str(refusal.value)
    model.hf.config.pad_token_id = 0
    assert run(model, ROWS).batch.starts == (0, 0, 0)  # a causal model never sees what comes after


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        (
            {"input_idz": [[1]]},
            {},
            "This network takes no input called 'input_idz'; did you mean 'input_ids'?",
        ),
        ({"input_ids": [1, 2]}, {}, "input_ids are whole numbers [batch position]"),
        ({"input_ids": [[1, 2]], "attention_mask": [[1]]}, {}, "attention_mask is [1, 1], but input_ids are"),
        (
            {"input_ids": [[1, 2, 3]], "attention_mask": [[1, 0, 1]]},
            {},
            "Row 0 of attention_mask leaves a gap among its tokens",
        ),
        ({"use_cache": False}, {}, "hold no tensor with a batch axis"),
        ([], {}, "The prompt is empty"),
        ([[]], {}, "The prompt is empty"),
        ("text", {}, "gpt2 has no tokenizer: give token ids"),
        ([[1, 2]], {"bos": True}, "bos= is about text: token ids are taken as they are"),
        ([[1, 2]], {"chat": [{"role": "user", "content": "x"}]}, "A chat goes in alone"),
        (
            (),
            {"chat": [{"role": "user", "content": "x"}]},
            "has no chat template: give the prompt as plain text",
        ),
        ([[1, 2]], {"spans": {"the end": (0, 1)}}, "'the end' is no name for a span"),
        ([[1, 2]], {"spans": {"end": (1, 3)}}, "The span 'end' of prompt 0 is 1 to 3, but the prompt has 2"),
        ([[1, 2]], {"spans": {"end": (1, 1)}}, "The span 'end' of prompt 0 is 1 to 1"),
        ([[1, 2]], {"spans": {"end": [(0, 1), (0, 1)]}}, "is given for 2 prompts, but there are 1."),
    ],
)
def test_inputs_that_will_not_do_are_refused_in_one_sentence(
    given: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        len(prepare(shared("gpt2"), given, **options))
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 220


def test_a_tokenizer_without_what_is_asked_of_it_is_named() -> None:
    with pytest.raises(BadInput, match="The tokenizer of speaker has no beginning-of-text token"):
        prepare(speaking(adds=False, begins=False), "the cat", bos=True)
    with pytest.raises(BadInput, match="has no chat template"):
        prepare(speaking(adds=False, template=None), chat=[{"role": "user", "content": "cat"}])
    with pytest.raises(BadInput, match="The chat is empty"):
        prepare(speaking(adds=False), chat=[])


def test_numbers_go_in_as_the_model_keeps_them() -> None:
    model = shared("vit", torch.float64)
    assert (
        prepare(model, {"pixel_values": torch.zeros(1, 3, 16, 16)}).inputs["pixel_values"].dtype
        == torch.float64
    )
    batch = prepare(shared("gpt2"), {"inputs_embeds": torch.zeros(2, 4, 48)})
    assert isinstance(batch, Batch)
    seen = run(shared("gpt2"), batch, get="resid_post.1")
    assert seen["resid_post.1"].shape == (2, 4, 48)
    assert run(shared("gpt2"), batch, do=put("resid_post.1", 0.0)).logits.isfinite().all()
