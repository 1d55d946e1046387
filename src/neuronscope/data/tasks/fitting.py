"""Can a tokenizer express a pair? Equal lengths, no unknown token, answers that part at their first token."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from .pair import Pair


class Tokenizer(Protocol):
    """What turns texts into token ids, as the tokenizers of Hugging Face do."""

    def __call__(self, text: Any, *, add_special_tokens: bool) -> Any:
        """Return a mapping whose `input_ids` are the ids of each text."""
        ...


def fitted(pairs: Sequence[Pair], tokenizer: Tokenizer) -> list[Pair | None]:
    """Return each pair as the tokenizer can express it, or nothing where it cannot.

    It can where clean and corrupt prompt have equally many tokens and differ, where no token is unknown, and
    where answer and distractor continue both prompts without changing their tokens and part at their first
    token. A tokenizer that writes the space as a token of its own gets it at the end of the prompts.
    """
    if not pairs:
        return []
    apart = _space_stands_apart(tokenizer)
    asked = [_with_space_in_prompt(pair) if apart else pair for pair in pairs]
    unknown = getattr(tokenizer, "unk_token_id", None)
    clean = _ids([pair.clean for pair in asked], tokenizer)
    corrupt = _ids([pair.corrupt if pair.corrupt else pair.clean for pair in asked], tokenizer)
    even = [
        index
        for index, pair in enumerate(asked)
        if unknown not in clean[index]
        and len(clean[index]) == len(corrupt[index])
        and (clean[index] != corrupt[index] or not pair.corrupt)
    ]
    texts = [
        prompt + answer
        for index in even
        for prompt in (asked[index].clean, asked[index].corrupt or asked[index].clean)
        for answer in (asked[index].answer, asked[index].distractor or asked[index].answer)
    ]
    whole = _ids(texts, tokenizer)
    found: list[Pair | None] = [None] * len(asked)
    for place, index in enumerate(even):
        prompts = (clean[index], clean[index], corrupt[index], corrupt[index])
        if _parts(prompts, whole[4 * place : 4 * place + 4], unknown, twin=bool(asked[index].corrupt)):
            found[index] = asked[index]
    return found


def _parts(
    prompts: Sequence[list[int]], continued: Sequence[list[int]], unknown: int | None, *, twin: bool
) -> bool:
    """Return whether the answers continue the prompts token by token and part at the first."""
    first = []
    for prompt, ids in zip(prompts, continued, strict=True):
        if len(ids) <= len(prompt) or ids[: len(prompt)] != prompt or unknown in ids:
            return False
        first.append(ids[len(prompt)])
    return first[0] == first[2] and first[1] == first[3] and (first[0] != first[1]) == twin


def _ids(texts: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    return tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []


def _space_stands_apart(tokenizer: Tokenizer) -> bool:
    """Return whether a word and another after the same text begin with one and the same token."""
    alone, one, two = _ids(["A", "A are", "A is"], tokenizer)
    return one[len(alone) : len(alone) + 1] == two[len(alone) : len(alone) + 1]


def _with_space_in_prompt(pair: Pair) -> Pair:
    """Return the pair with the leading space of its answers moved to the end of its prompts."""
    answers = (pair.answer, pair.distractor or " ", *pair.accepted, *pair.rejected)
    if not all(answer.startswith(" ") for answer in answers):
        return pair
    return replace(
        pair,
        clean=pair.clean + " ",
        corrupt=pair.corrupt and pair.corrupt + " ",
        answer=pair.answer[1:],
        distractor=pair.distractor[1:],
        accepted=tuple(answer[1:] for answer in pair.accepted),
        rejected=tuple(answer[1:] for answer in pair.rejected),
    )
