"""The prompts for quick looks are ready for patching with the built-in model."""

from importlib.resources import files

import pytest
from tokenizers import Tokenizer

from neuronscope.data.prompts import CommonPrompt, common_prompts


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    path = files("neuronscope.models").joinpath("builtin", "scribe", "tokenizer.json")
    return Tokenizer.from_str(path.read_text(encoding="utf-8"))


def test_there_is_one_for_each_common_question() -> None:
    names = {prompt.name for prompt in common_prompts()}
    assert {"indirect-object", "agreement", "capital", "greater-than", "repetition", "arithmetic"} <= names


@pytest.mark.parametrize("prompt", common_prompts(), ids=lambda prompt: prompt.name)
def test_clean_and_corrupt_have_equal_length_and_one_token_answers(
    prompt: CommonPrompt, tokenizer: Tokenizer
) -> None:
    clean, corrupt = tokenizer.encode(prompt.clean).ids, tokenizer.encode(prompt.corrupt).ids
    assert len(clean) == len(corrupt)
    assert clean != corrupt
    assert not prompt.clean.endswith(" ")
    for answer in (prompt.target, prompt.distractor):
        assert len(tokenizer.encode(answer).ids) == 1
        whole = tokenizer.encode(prompt.clean + answer).ids
        assert whole[:-1] == clean
