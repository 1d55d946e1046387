"""How are many questions put to a model at once? Rows of tokens in, the logits at their ends out."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import DynamicCache

from neuronscope.instruments.answered.question import Posed, Reply, Score
from neuronscope.models.forward import forward
from neuronscope.models.inputs import padding_side, prepare
from neuronscope.models.model import Model
from neuronscope.models.shortcuts import shortcuts
from neuronscope.words import BadInput

Row = tuple[int, ...]


def scores_of(model: Model, questions: Sequence[Posed]) -> list[tuple[Score, ...]]:
    """Return the scores of every answer of every question, in the order of `Posed.answers`."""
    rows: list[Row] = []
    wanted: list[tuple[int, int, int]] = []
    for number, question in enumerate(questions):
        for answer in question.answers:
            row = question.prompt + answer[:-1]
            # Answers of one token all follow the bare prompt, so many of them cost one row.
            if row not in rows[-len(question.answers) :]:
                rows.append(row)
            wanted.append((number, len(rows) - 1 - rows[::-1].index(row), len(answer)))
    kept = [0] * len(rows)
    for _, row, length in wanted:
        kept[row] = max(kept[row], length)
    ends = end_logits(model, rows, kept)
    answers = [answer for question in questions for answer in question.answers]
    found: list[list[Score]] = [[] for _ in questions]
    for (number, row, length), answer in zip(wanted, answers, strict=True):
        found[number].append(_score(ends[row][-length:], answer))
    return [tuple(scores) for scores in found]


def _score(logits: Float[Tensor, "position vocab"], answer: Row) -> Score:
    index = torch.tensor(answer, device=logits.device)[:, None]
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return Score(
        tokens=answer,
        logits=tuple(wide.gather(1, index)[:, 0].tolist()),
        log_probabilities=tuple(wide.log_softmax(-1).gather(1, index)[:, 0].tolist()),
    )


def end_logits(
    model: Model, rows: Sequence[Row], kept: Sequence[int]
) -> list[Float[Tensor, "position vocab"]]:
    """Return the logits at so many last positions of each row, rows of any length together if that can be."""
    found: dict[int, Tensor] = {}
    for group in _together(model, rows):
        batch = prepare(model, [list(rows[number]) for number in group])
        most = max(kept[number] for number in group)
        even = len(set(batch.last)) == 1
        inputs = {**batch.inputs, **(_ends_only(model, most) if even else {})}
        logits = forward(model.anatomy, inputs, {}).logits
        if logits is None:
            raise BadInput(f"{model.name} gives no logits, so it answers nothing: open a language model.")
        cut = batch.width - logits.shape[1]
        for place, number in enumerate(group):
            end = batch.last[place] + 1 - cut
            found[number] = logits[place, end - kept[number] : end]
    return [found[number] for number in range(len(rows))]


def _together(model: Model, rows: Sequence[Row]) -> list[list[int]]:
    """Return which rows run together: all where padding changes no number, else those of one length."""
    lengths = [len(row) for row in rows]
    if len(set(lengths)) == 1 or padding_side(model) is not None:
        return [list(range(len(rows)))]
    return [
        [number for number, own in enumerate(lengths) if own == length] for length in sorted(set(lengths))
    ]


def written_by(model: Model, questions: Sequence[Posed]) -> list[tuple[Row, tuple[float, ...]]]:
    """Return what the model writes after each prompt, its likeliest token each time, and how likely that was.

    In nats, one number a token. A row ends with its own number of tokens, or with the token that ends a
    text, which it keeps.
    """
    rows = [question.prompt for question in questions]
    ends = _ends(model)
    new: list[list[int]] = [[] for _ in questions]
    told: list[list[float]] = [[] for _ in questions]
    writer = _Writer(model, rows)
    for _ in range(max((question.n_new for question in questions), default=0)):
        open_rows = [
            number
            for number, question in enumerate(questions)
            if len(new[number]) < question.n_new and not (new[number] and new[number][-1] in ends)
        ]
        if not open_rows:
            break
        logits = writer.next_logits([tuple(tokens) for tokens in new])
        best = logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(-1).max(-1)
        tokens, sure = best.indices.tolist(), best.values.tolist()
        for number in range(len(questions)):
            # A row that has ended goes on with what it likes, so that the rows stay one batch; none is kept.
            writer.chosen[number].append(tokens[number])
            if number in open_rows:
                new[number].append(tokens[number])
                told[number].append(sure[number])
    return [(tuple(row), tuple(values)) for row, values in zip(new, told, strict=True)]


class _Writer:
    """Texts that grow together, with keys and values kept where the network is known to take them back."""

    def __init__(self, model: Model, prompts: Sequence[Row]) -> None:
        self.model, self.prompts = model, prompts
        self.chosen: list[list[int]] = [[] for _ in prompts]
        self._cache: Any = None
        self._inputs: dict[str, Tensor] = {}
        able = bool(prompts) and shortcuts(model.anatomy).drops and _together(model, prompts)
        even = len({len(row) for row in prompts}) == 1
        self._keeps = bool(able) and len(able) == 1 and (even or padding_side(model) == "left")

    def next_logits(self, written: Sequence[Row]) -> Float[Tensor, "batch vocab"]:
        """Return the logits of the next token of every row."""
        if not self._keeps:
            rows = [prompt + tuple(own) for prompt, own in zip(self.prompts, self.chosen, strict=True)]
            return torch.stack([ends[-1] for ends in end_logits(self.model, rows, [1] * len(rows))])
        inputs = {**self._fed(), **_ends_only(self.model, 1)}
        done = forward(self.model.anatomy, inputs, {}, past_key_values=self._cache, use_cache=True)
        assert done.logits is not None
        return done.logits[:, -1]

    def _fed(self) -> dict[str, Any]:
        """Return the whole prompts the first time, and then the newest token of each row alone."""
        if self._cache is None:
            self._cache = DynamicCache()
            self._inputs = dict(prepare(self.model, [list(row) for row in self.prompts]).inputs)
            return self._inputs
        newest = torch.tensor([[own[-1]] for own in self.chosen], device=self.model.device)
        fed = {"input_ids": newest}
        if "attention_mask" in self._inputs:
            mask = self._inputs["attention_mask"]
            self._inputs["attention_mask"] = fed["attention_mask"] = torch.cat(
                [mask, mask.new_ones(len(mask), 1)], 1
            )
        if "position_ids" in self._inputs:
            self._inputs["position_ids"] = fed["position_ids"] = self._inputs["position_ids"][:, -1:] + 1
        return fed


def replies_to(model: Model, questions: Sequence[Posed]) -> list[Reply]:
    """Return the replies to questions that run together."""
    with torch.no_grad():
        scores, written = scores_of(model, questions), written_by(model, questions)
    return [
        Reply(
            right=scored[: len(question.right)],
            wrong=scored[len(question.right) :],
            written=own,
            log_probabilities=sure,
            text=_text(model, question.prompt, own),
        )
        for question, scored, (own, sure) in zip(questions, scores, written, strict=True)
    ]


def _text(model: Model, prompt: Row, written: Row) -> str:
    """Return what was written as it stands after its prompt, without the token that ends a text."""
    kept = written[:-1] if written and written[-1] in _ends(model) else written
    if model.tokenizer is None:
        return " ".join(str(token) for token in kept)
    before, whole = (
        model.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for ids in (prompt, prompt + kept)
    )
    return whole[len(before) :]


def _ends(model: Model) -> frozenset[int]:
    stated = getattr(getattr(model.hf, "generation_config", None), "eos_token_id", None)
    if stated is None:
        return frozenset()
    return frozenset([stated] if isinstance(stated, int) else stated)


def _ends_only(model: Model, n_positions: int) -> dict[str, int]:
    """Ask the network for the logits of so many last positions alone, where it can be asked."""
    able = "logits_to_keep" in inspect.signature(model.hf.forward).parameters
    return {"logits_to_keep": n_positions} if able else {}
