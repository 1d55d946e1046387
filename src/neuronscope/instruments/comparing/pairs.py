"""On which prompts is a question asked? The pairs of a task, or the one pair that was given in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Int
from torch import Tensor, nn

from neuronscope.data.tasks import Task
from neuronscope.data.tasks.pair import Pair, Split
from neuronscope.instruments.metrics import LastMetric, answer_token, measure
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_GOES_ON: "WeakKeyDictionary[nn.Module, bool]" = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class PromptPairs:
    """Prompts as token ids, with their corrupt twins and with the tokens of the right and the wrong answer.

    A twin has as many tokens as its prompt; ``corrupt`` is empty where none were given. ``target`` and
    ``distractor`` are the first tokens of the answers, one a prompt. ``spans`` name the positions of parts
    of each prompt, the last token always ``end``; ``texts`` are the clean prompts in words.
    """

    clean: tuple[Int[Tensor, " position"], ...]
    corrupt: tuple[Int[Tensor, " position"], ...]
    target: Int[Tensor, " prompt"]
    distractor: Int[Tensor, " prompt"]
    spans: tuple[dict[str, range], ...]
    texts: tuple[str, ...]
    pairs: tuple[Pair, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.clean)

    def __getitem__(self, rows: slice) -> "PromptPairs":
        """Return some of the prompts with all that belongs to them."""
        return replace(self, **{name: value[rows] for name, value in vars(self).items()})

    def metric(self, name: str) -> LastMetric:
        """Return a named metric of the answers, one number a prompt; raises `BadInput` on another name."""
        return measure(name, target=self.target, distractor=self.distractor)

    @property
    def shared_spans(self) -> tuple[str, ...]:
        """Return the names of the spans that every prompt has, as they follow one another in the first."""
        first = sorted(self.spans[0], key=lambda name: (self.spans[0][name].start, name))
        return tuple(name for name in first if all(name in spans for spans in self.spans))


def prompt_pairs(
    model: Model,
    task: Task | None = None,
    *,
    prompt: str = "",
    corrupt: str = "",
    target: str = "",
    distractor: str = "",
    n_prompts: int = 32,
    seed: int = 0,
    split: Split = "unseen",
) -> PromptPairs:
    """Return the pairs of a task, or the one pair that is given in words.

    In words, target and distractor that are left empty are what the model likes best after the clean and
    after the corrupt prompt; without a corrupt prompt, what it likes best and second best, the other's token
    passed over. Raises `BadInput` for a model that reads both ways, for both a task and a prompt, for
    neither, for a twin of another length or with the same tokens, for a target that is the distractor, and
    for a task whose pairs lack a wrong answer.
    """
    check_goes_on(model)
    if task is not None:
        if prompt or corrupt:
            raise BadInput(
                f"A task brings its own prompts and answers: give {task.name!r} or a prompt, not both."
            )
        if target or distractor:
            raise BadInput(
                f"The answers of {task.name!r} are its own: target and distractor go with a prompt of yours."
            )
        return _of_task(model, task, n_prompts, seed, split)
    if not prompt:
        raise BadInput("There is nothing to ask about: give a prompt, or a task that has some.")
    clean, twin = model.tokenize(prompt), model.tokenize(corrupt) if corrupt else None
    _check_twins(clean, twin)
    answers = _answers(model, clean, twin, target, distractor)
    return PromptPairs(
        clean=(clean,),
        corrupt=() if twin is None else (twin,),
        target=answers[:1],
        distractor=answers[1:],
        spans=({"end": range(len(clean) - 1, len(clean))},),
        texts=(prompt,),
    )


def check_goes_on(model: Model) -> None:
    """Raise `BadInput` for a model whose answer at a token depends on later ones: it has no next token."""
    if model.hf not in _GOES_ON:
        tokens = torch.tensor([[0, 0], [0, 1]], device=model.device)
        one, other = run(model.bare, tokens).logits[:, 0].double()
        rounding = 1e-4 if model.dtype in (torch.float32, torch.float64) else 1e-2
        _GOES_ON[model.hf] = float((one - other).abs().max()) <= rounding * float(one.abs().max())
    if not _GOES_ON[model.hf]:
        raise BadInput(
            f"{model.name} reads both ways, so nothing follows a prompt: choose a model that writes."
        )


def _check_twins(clean: Tensor, twin: Tensor | None) -> None:
    if twin is None:
        return
    if len(clean) != len(twin):
        raise BadInput(
            f"Clean and corrupt prompt need equal token length: the prompt has {len(clean)} tokens, the "
            f"corrupt one {len(twin)}; reword one of them."
        )
    if torch.equal(clean, twin):
        raise BadInput("Clean and corrupt prompt are the same tokens: change one token of the corrupt.")


def _answers(
    model: Model, clean: Tensor, twin: Tensor | None, target: str, distractor: str
) -> Int[Tensor, " prompt"]:
    """Return target and distractor, those left empty as the model's own favourites."""
    given = [answer_token(model, text) if text else None for text in (target, distractor)]
    if given[0] is not None and given[1] is not None:
        if given[0] == given[1]:
            raise BadInput(
                f"Target and distractor are both {model.token_text(given[0])!r}, which differ in nothing: "
                "name two tokens, or leave one empty."
            )
        return torch.tensor(given, device=model.device)
    last = run(model, [clean] if twin is None else [clean, twin], get=()).logits[:, -1]
    best = last[0].topk(2).indices.tolist()
    likes = next(token for token in best if token != given[1]) if given[0] is None else given[0]
    if given[1] is not None:
        other = given[1]
    elif twin is not None:
        other = int(last[1].argmax())
    else:
        other = next(token for token in best if token != likes)
    return torch.tensor([likes, other], device=model.device)


def _of_task(model: Model, task: Task, n_prompts: int, seed: int, split: Split) -> PromptPairs:
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so it cannot read the words of {task.name}.")
    pairs = tuple(task.pairs(n_prompts, model.tokenizer, seed=seed, split=split))
    if not all(_wrong(pair) for pair in pairs):
        raise BadInput(
            f"{task.name} has right answers alone, and this compares them with wrong ones: choose another."
        )
    texts = tuple(pair.clean for pair in pairs)
    clean = tuple(model.tokenize(text) for text in texts)
    corrupt = tuple(model.tokenize(pair.corrupt) for pair in pairs) if task.has_twin else ()
    return PromptPairs(
        clean=clean,
        corrupt=corrupt,
        target=first_tokens(model, texts, [pair.answer for pair in pairs]),
        distractor=first_tokens(model, texts, [_wrong(pair) for pair in pairs]),
        spans=tuple(_spans(model, pair, len(tokens)) for pair, tokens in zip(pairs, clean, strict=True)),
        texts=texts,
        pairs=pairs,
    )


def _wrong(pair: Pair) -> str:
    return pair.distractor or next(iter(pair.rejected), "")


def first_tokens(model: Model, texts: Sequence[str], answers: Sequence[str]) -> Int[Tensor, " prompt"]:
    """Return the first token of each answer as it is read behind its own prompt."""
    return torch.tensor([own[0] for own in answer_tokens(model, texts, answers)], device=model.device)


def answer_tokens(model: Model, texts: Sequence[str], answers: Sequence[str]) -> list[list[int]]:
    """Return the tokens of each answer as it is read behind its own prompt."""
    prompts = model.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    both = [text + answer for text, answer in zip(texts, answers, strict=True)]
    whole = model.tokenizer(both, add_special_tokens=False)["input_ids"]
    return [every[len(own) :] for own, every in zip(prompts, whole, strict=True)]


def _spans(model: Model, pair: Pair, n_tokens: int) -> dict[str, range]:
    """Return the tokens of each named part of a prompt: those that share a character with it."""
    end = {"end": range(n_tokens - 1, n_tokens)}
    if not pair.spans or not getattr(model.tokenizer, "is_fast", False):
        return end
    places = model.tokenizer(pair.clean, add_special_tokens=True, return_offsets_mapping=True)
    found: dict[str, range] = {}
    for span in pair.spans:
        touched = [
            number
            for number, (start, stop) in enumerate(places["offset_mapping"])
            if start < span.end and stop > span.start
        ]
        if touched and span.name not in found:
            found[span.name] = range(touched[0], touched[-1] + 1)
    return found | end
