"""Does a model know the answer? Every right and wrong answer scored, and what it writes by itself."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from neuronscope.instruments.answered.ledger import Ledger
from neuronscope.instruments.answered.passes import replies_to
from neuronscope.instruments.answered.question import Posed, Question, Reply, posed
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.model import Model
from neuronscope.results import track, workplace
from neuronscope.words import BadInput


def answer(
    model: Model,
    questions: Sequence[Question],
    *,
    n_new: int | None = None,
    tokens_per_pass: int = 4096,
    folder: Path | None = None,
) -> list[Reply]:
    """Put questions to a model and return its `Reply` to each, in their order.

    Every answer is scored token by token with the tokens before it as written, and the model writes one by
    itself, always the likeliest token: ``n_new`` tokens, or one more than the longest right answer has, so
    that it shows whether the answer ends there; 0 writes nothing. Questions of like length run together, at
    most ``tokens_per_pass`` tokens at once, which changes the numbers by rounding alone.

    What runs together depends on the questions alone, and a batch that is done is kept in ``folder``, or in
    the folder of the question that a door is answering: killed and asked again, the same replies come back,
    bit for bit (on the same machine and versions). Raises `BadInput` for questions without a right answer,
    for answers that are empty or do not fit the context, and for a model in training mode.
    """
    if tokens_per_pass < 1:
        raise BadInput(f"tokens_per_pass is {tokens_per_pass}, but must be at least 1.")
    if n_new is not None and n_new < 0:
        raise BadInput(f"n_new is {n_new}, but a model writes 0 tokens or more.")
    if getattr(model.hf.config, "is_encoder_decoder", False):
        raise BadInput(
            f"{model.name} reads the prompt apart from the answer; give a model that continues a text."
        )
    check_evaluation_mode(model.hf)
    asked = [posed(model, question, number, n_new) for number, question in enumerate(questions)]
    ledger = Ledger(workplace() if folder is None else folder, model, asked, budget=tokens_per_pass)
    found = dict(track(_replies(model, asked, ledger, tokens_per_pass), "questions", total=len(asked)))
    return [found[number] for number in range(len(asked))]


def _replies(
    model: Model, asked: Sequence[Posed], ledger: Ledger, budget: int
) -> Iterator[tuple[int, Reply]]:
    """Yield the replies batch by batch, computing those that are not kept."""
    for batch in batches(asked, budget, model.n_positions):
        # By whole batches: a batch that is made of other rows rounds otherwise.
        if not ledger.has(batch):
            replies = replies_to(model, [asked[number] for number in batch])
            ledger.keep(dict(zip(batch, replies, strict=True)))
        yield from ((number, ledger.replies[number]) for number in batch)


def batches(asked: Sequence[Posed], budget: int, context: int) -> list[list[int]]:
    """Return which questions run together: neighbours in length, the rows of a batch within the budget.

    No text of a batch outgrows the context while another one still goes on.
    """
    found: list[list[int]] = []
    rows = prompt = n_new = 0
    for number in sorted(range(len(asked)), key=lambda number: (asked[number].length, number)):
        question = asked[number]
        own = len({answer[:-1] for answer in question.answers})
        prompt, n_new = max(prompt, len(question.prompt)), max(n_new, question.n_new)
        if not found or (rows + own) * question.length > budget or prompt + n_new - 1 > context:
            found.append([])
            rows, prompt, n_new = 0, len(question.prompt), question.n_new
        found[-1].append(number)
        rows += own
    return found
