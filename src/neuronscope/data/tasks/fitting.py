"""Can a tokenizer express a pair? Equal lengths, no unknown token, answers that part at their first token."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol

from .pair import Pair

Verdict = Literal["fits", "shared", "refused"]
"""What a tokenizer makes of a pair; `shared` means that only the first token of the answers is in the way."""


class Tokenizer(Protocol):
    """What turns texts into token ids, as the tokenizers of Hugging Face do."""

    def __call__(self, text: Any, *, add_special_tokens: bool) -> Any:
        """Return a mapping whose `input_ids` are the ids of each text."""
        ...


def fitted(pairs: Sequence[Pair], tokenizer: Tokenizer) -> list[Pair | None]:
    """Return each pair as the tokenizer can express it, or nothing where it cannot.

    It can where clean and corrupt prompt have equally many tokens and differ, where no token is unknown, and
    where answer and distractor continue both prompts without changing their tokens and part at their first
    token. Where the only thing that they share is the space before them, the space goes to the prompts.
    """
    found = _checked(pairs, tokenizer)
    spaced = [
        index for index, verdict in enumerate(found) if verdict == "shared" and _all_spaced(pairs[index])
    ]
    moved = [_with_space_in_prompt(pairs[index]) for index in spaced]
    kept: list[Pair | None] = [
        pair if verdict == "fits" else None for pair, verdict in zip(pairs, found, strict=True)
    ]
    for index, pair, verdict in zip(spaced, moved, _checked(moved, tokenizer), strict=True):
        kept[index] = pair if verdict == "fits" else None
    return kept


def _checked(pairs: Sequence[Pair], tokenizer: Tokenizer) -> list[Verdict]:
    unknown = getattr(tokenizer, "unk_token_id", None)
    clean = _ids([pair.clean for pair in pairs], tokenizer)
    corrupt = _ids([pair.corrupt or pair.clean for pair in pairs], tokenizer)
    even = [
        index
        for index, pair in enumerate(pairs)
        if unknown not in clean[index]
        and len(clean[index]) == len(corrupt[index])
        and (clean[index] != corrupt[index] or not pair.corrupt)
    ]
    texts = [
        prompt + answer
        for index in even
        for prompt in (pairs[index].clean, pairs[index].corrupt or pairs[index].clean)
        for answer in (pairs[index].answer, pairs[index].distractor or pairs[index].answer)
    ]
    whole = _ids(texts, tokenizer)
    found: list[Verdict] = ["refused"] * len(pairs)
    for place, index in enumerate(even):
        prompts = (clean[index], clean[index], corrupt[index], corrupt[index])
        found[index] = _verdict(
            prompts, whole[4 * place : 4 * place + 4], unknown, bool(pairs[index].corrupt)
        )
    return found


def _verdict(
    prompts: Sequence[list[int]], continued: Sequence[list[int]], unknown: int | None, twin: bool
) -> Verdict:
    """Return whether the answers continue the prompts token by token and part at the first."""
    first = []
    for prompt, ids in zip(prompts, continued, strict=True):
        if len(ids) <= len(prompt) or ids[: len(prompt)] != prompt or unknown in ids:
            return "refused"
        first.append(ids[len(prompt)])
    if first[0] != first[2] or first[1] != first[3]:
        return "refused"
    return "shared" if twin and first[0] == first[1] else "fits"


def _ids(texts: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    return tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []


def _all_spaced(pair: Pair) -> bool:
    """Return whether every answer begins with a space."""
    return all(
        answer.startswith(" ") for answer in (pair.answer, pair.distractor, *pair.accepted, *pair.rejected)
    )


def _with_space_in_prompt(pair: Pair) -> Pair:
    """Return the pair with the leading space of its answers moved to the end of its prompts."""
    return replace(
        pair,
        clean=pair.clean + " ",
        corrupt=pair.corrupt + " ",
        answer=pair.answer[1:],
        distractor=pair.distractor[1:],
        accepted=tuple(answer[1:] for answer in pair.accepted),
        rejected=tuple(answer[1:] for answer in pair.rejected),
    )
