"""Scores a model on problems: does it write the whole answer, greedily, and stop there?"""

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from neuronscope.data.texts import Problem


def _is_right(problem: Problem, written: str) -> bool:
    """Return whether the text opens with an answer that does not go on as a longer word or number."""
    return any(
        written.startswith(answer) and not written[len(answer) : len(answer) + 1].isalnum()
        for answer in problem.answers
    )


@torch.no_grad()
def completions(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    problems: Sequence[Problem],
    *,
    batch: int = 64,
) -> list[str]:
    """Return what the model writes greedily after each prompt, one token longer than the written answer.

    Rows are filled up on the right, which a causal model cannot see, so no row depends on its neighbours.
    """
    prompts = [tokenizer(problem.prompt)["input_ids"] for problem in problems]
    n_new = [len(tokenizer(problem.answer)["input_ids"]) + 1 for problem in problems]
    written: list[str] = [""] * len(problems)
    order = sorted(range(len(problems)), key=lambda index: (n_new[index], len(prompts[index])))
    for begin in range(0, len(order), batch):
        chosen = order[begin : begin + batch]
        rows = _extended(model, [prompts[i] for i in chosen], max(n_new[i] for i in chosen))
        for index, row in zip(chosen, rows, strict=True):
            new = row[len(prompts[index]) :][: n_new[index]]
            written[index] = str(tokenizer.decode(new))
    return written


def _extended(model: PreTrainedModel, prompts: list[list[int]], n_new: int) -> list[list[int]]:
    lengths = torch.tensor([len(prompt) for prompt in prompts])
    tokens = torch.zeros((len(prompts), int(lengths.max()) + n_new), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        tokens[row, : len(prompt)] = torch.tensor(prompt)
    rows = torch.arange(len(prompts))
    for new in range(n_new):
        width = int(lengths.max()) + new
        logits = model(input_ids=tokens[:, :width]).logits
        tokens[rows, lengths + new] = logits[rows, lengths + new - 1].argmax(-1)
    return [tokens[row, : int(lengths[row]) + n_new].tolist() for row in range(len(prompts))]


def right_answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    problems: Sequence[Problem],
    *,
    batch: int = 64,
) -> list[bool]:
    """Return for each problem whether the model's greedy completion is a right and whole answer."""
    written = completions(model, tokenizer, problems, batch=batch)
    return [_is_right(problem, text) for problem, text in zip(problems, written, strict=True)]
