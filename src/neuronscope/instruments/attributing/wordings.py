"""In which words is one fact asked for, and which other facts is it to be told from?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from neuronscope.data.prompts import common_prompts
from neuronscope.data.tasks import Pair, Task
from neuronscope.data.tasks.pair import SEEDS_APART
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_LOOKED_AT, _SEARCHES = 96, 8
_WORDINGS = frozenset({"train", "unseen"})


def lines_of(paraphrases: str) -> list[str]:
    """Return the prompts of a text, one a line, or of the .txt file that it names.

    Raises `BadInput` where the file cannot be read.
    """
    if paraphrases.strip().lower().endswith(".txt"):
        path = Path(paraphrases.strip()).expanduser()
        try:
            paraphrases = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{path} cannot be read as paraphrases ({error}); give a text file.") from None
    return [line.rstrip() for line in paraphrases.splitlines() if line.strip()]


def worded(model: Model, prompt: str, paraphrases: str, target: str) -> tuple[PromptPairs, PromptPairs]:
    """Return one fact in the words given, and the common prompts, as far as their answers are others."""
    fact = prompt_pairs(model, prompt=prompt, target=target)
    texts = list(dict.fromkeys([prompt, *lines_of(paraphrases)]))
    common = [
        prompt_pairs(model, prompt=one.clean, target=_known(model, one.target))
        for one in common_prompts()
        if _fits(model, one.clean)
    ]
    common = [one for one in common if int(one.target[0]) != int(fact.target[0])]
    if not common:
        raise BadInput(f"{model.name} can read no common prompt with another answer; give a task.")
    others = _gathered(
        [one.texts[0] for one in common],
        [model.tokenize(one.texts[0]) for one in common],
        [int(one.target[0]) for one in common],
        [int(one.distractor[0]) for one in common],
        model,
    )
    n_texts = len(texts)
    answers = [int(fact.target[0])] * n_texts, [int(fact.distractor[0])] * n_texts
    return _gathered(texts, [model.tokenize(text) for text in texts], *answers, model), others


def of_task(
    model: Model, task: Task, *, subject: str = "", n_wordings: int = 8, n_others: int = 16, seed: int = 0
) -> tuple[PromptPairs, PromptPairs]:
    """Return one fact of a task in several wordings, and other facts of the task.

    The fact is that of ``subject``, or the first that the model gets right, or the first where it gets none
    right. Its wordings are those in which the task puts any fact of its kind, with the subject in their
    place, of all splits. Raises `BadInput` for a task without a single subject, and for a subject that it
    does not have.
    """
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so it cannot read the words of {task.name}.")
    drawn = _drawn(model, task, seed, _LOOKED_AT)
    one = _fact(model, task, drawn, subject, seed)
    own = one.span(one.spans[0].name)
    alike = [pair for pair in drawn if _relation(pair) == _relation(one)]
    texts = list(dict.fromkeys([one.clean, *(_about(pair, own) for pair in alike)]))[:n_wordings]
    fact = _of_pairs(model, [replace(one, clean=text) for text in texts])
    others = {pair.span(pair.spans[0].name): pair for pair in drawn if pair.answer != one.answer}
    others.pop(own, None)
    if not others:
        raise BadInput(f"{task.name} has no other fact to tell this one from; choose a task with several.")
    return fact, _of_pairs(model, list(others.values())[:n_others])


def _drawn(model: Model, task: Task, seed: int, n: int, *, first: int = 0) -> list[Pair]:
    """Return pairs of all splits by turns, so that wordings of each are among the first."""
    start = seed * SEEDS_APART + first
    seeds = range(start, start + n)
    each = [
        [pair for pair in task.drawn(seeds, model.tokenizer, split=split) if pair is not None]
        for split in ("unseen", "seen")
        if split in task.splits
    ]
    found = [pair for turn in zip(*each, strict=False) for pair in turn]
    if not found or any(len(pair.spans) != 1 for pair in found):
        raise BadInput(
            f"{task.name} does not ask for facts about one subject; choose capital or factual-recall, "
            "or give a prompt with paraphrases."
        )
    return found


def _fact(model: Model, task: Task, drawn: Sequence[Pair], subject: str, seed: int) -> Pair:
    if not subject:
        pairs = _of_pairs(model, drawn[:32])
        best = run(model, list(pairs.clean)).logits[:, -1].argmax(-1)
        return drawn[int((best == pairs.target).int().argmax())]
    for more in range(_SEARCHES):
        for pair in drawn if not more else _drawn(model, task, seed, _LOOKED_AT, first=more * _LOOKED_AT):
            if pair.span(pair.spans[0].name).lower() == subject.lower():
                return pair
    known = sorted({pair.span(pair.spans[0].name) for pair in drawn})[:5]
    raise BadInput(
        f"{task.name} asks nothing about {subject!r}; it asks about {', '.join(known)} and others."
    )


def _relation(pair: Pair) -> str:
    first = pair.template.partition("/")[0]
    return "" if first in _WORDINGS else first


def _about(pair: Pair, subject: str) -> str:
    (span,) = pair.spans
    return pair.clean[: span.start] + subject + pair.clean[span.end :]


def _of_pairs(model: Model, pairs: Sequence[Pair]) -> PromptPairs:
    tokens = [model.tokenize(pair.clean) for pair in pairs]
    right, wrong = (
        [_first(model, pair, getattr(pair, name), len(own)) for pair, own in zip(pairs, tokens, strict=True)]
        for name in ("answer", "distractor")
    )
    return _gathered([pair.clean for pair in pairs], tokens, right, wrong, model)


def _first(model: Model, pair: Pair, answer: str, n_tokens: int) -> int:
    return int(model.tokenize(pair.clean + answer)[n_tokens])


def _known(model: Model, target: str) -> str:
    """Return an answer where it is one token of this model; else nothing, for the model's own favourite."""
    if model.tokenizer is None:
        return ""
    return target if len(model.tokenizer.encode(target, add_special_tokens=False)) == 1 else ""


def _fits(model: Model, text: str) -> bool:
    return model.tokenizer is not None and len(model.tokenizer(text)["input_ids"]) <= model.n_positions


def _gathered(
    texts: Sequence[str], tokens: Sequence[Tensor], target: list[int], distractor: list[int], model: Model
) -> PromptPairs:
    return PromptPairs(
        clean=tuple(tokens),
        corrupt=(),
        target=torch.tensor(target, device=model.device),
        distractor=torch.tensor(distractor, device=model.device),
        spans=tuple({"end": range(len(one) - 1, len(one))} for one in tokens),
        texts=tuple(texts),
    )
