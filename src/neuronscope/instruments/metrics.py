"""What to measure of an answer: named metrics, one value for each prompt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.models.batch import Batch
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

LastMetric = Callable[[Float[Tensor, "batch vocab"]], Float[Tensor, " batch"]]
Token = int | Int[Tensor, " batch"]
PLAIN_ARGUMENTS = frozenset({"input_ids", "attention_mask", "position_ids"})
"""What a network is given besides which nothing has to grow or be cut with the tokens."""


def logit_difference(target: Token, distractor: Token) -> LastMetric:
    """Return the metric logit of the target minus logit of the distractor; tokens for all prompts or each."""
    return lambda logits: _of(logits, target) - _of(logits, distractor)


def probability_difference(target: Token, distractor: Token) -> LastMetric:
    """Return the metric probability of the target minus that of the distractor, from −1 to 1."""

    def difference(logits: Tensor) -> Tensor:
        probabilities = logits.softmax(-1)
        return _of(probabilities, target) - _of(probabilities, distractor)

    return difference


def log_probability(target: Token) -> LastMetric:
    """Return the metric log-probability of one target token, in nats."""
    return lambda logits: _of(logits.log_softmax(-1), target)


def kl_divergence(base: Float[Tensor, "batch vocab"]) -> LastMetric:
    """Return the metric Kullback-Leibler divergence of the answer from the base run's logits, in nats.

    ``base`` are the logits at the last position of each prompt; 0 says that nothing moved.
    """
    truth = base.log_softmax(-1)

    def divergence(logits: Tensor) -> Tensor:
        return (truth.exp() * (truth - logits.log_softmax(-1))).sum(-1)

    return divergence


@dataclass(frozen=True, eq=False)
class AnswerLogProbability:
    """The metric log-probability of an answer of several tokens after the prompt, in nats.

    ``tokens`` are [token], one answer for all prompts, or [batch token]. A sweep appends them to the
    prompts and asks what the model gave each of them, the earlier ones being as written (teacher forcing).
    """

    tokens: Int[Tensor, " position"] | Int[Tensor, "batch position"]

    def __post_init__(self) -> None:
        if self.tokens.dim() not in (1, 2) or self.tokens.is_floating_point() or not self.tokens.numel():
            raise BadInput(
                f"An answer is token ids [token] or [batch token], not {self.tokens.dtype} "
                f"{list(self.tokens.shape)}."
            )

    def rows(self, n_prompts: int) -> Int[Tensor, "batch position"]:
        """Return the answer of each prompt; raises `BadInput` where there is another number of them."""
        if self.tokens.dim() == 1:
            return self.tokens.expand(n_prompts, -1)
        if len(self.tokens) != n_prompts:
            raise BadInput(
                f"There are {len(self.tokens)} answers for {n_prompts} prompts: give one for each."
            )
        return self.tokens

    def __call__(self, logits: Float[Tensor, "batch position vocab"]) -> Float[Tensor, " batch"]:
        """Return the sum of the log-probabilities of the answer's tokens, one number a prompt."""
        logits = logits[:, None] if logits.dim() == 2 else logits  # an answer of one token
        answers = self.rows(len(logits)).to(logits.device)
        return logits.log_softmax(-1).gather(-1, answers[..., None])[..., 0].sum(-1)


Metric = LastMetric | AnswerLogProbability


def with_answers(model: Model, prompts: Batch, metric: Metric) -> tuple[Batch, int]:
    """Return what to run for a metric, and how many last positions of each prompt it takes the logits of.

    An answer of several tokens is appended to the prompts, but for its last token, which nothing reads.
    """
    if not isinstance(metric, AnswerLogProbability):
        return prompts, 1
    answers = metric.rows(len(prompts)).to(model.device)
    if prompts.padded and any(last != prompts.width - 1 for last in prompts.last):
        raise BadInput(
            "An answer follows its prompt, but these are padded behind: give prompts of one length."
        )
    if not prompts.inputs.keys() <= PLAIN_ARGUMENTS:
        raise BadInput(f"Answers of several tokens follow token ids alone, not {', '.join(prompts.inputs)}.")
    named = {"input_ids": torch.cat([prompts.tokens, answers[:, :-1]], 1)}
    if "attention_mask" in prompts.inputs:
        mask = prompts.inputs["attention_mask"]
        named["attention_mask"] = torch.cat([mask, mask.new_ones(len(answers), answers.shape[1] - 1)], 1)
    if "position_ids" in prompts.inputs:
        told = prompts.inputs["position_ids"]
        further = torch.arange(1, answers.shape[1], device=told.device)
        named["position_ids"] = torch.cat([told, told[:, -1:] + further], 1)
    return prepare(model, named), answers.shape[1]


def last_logits(logits: Tensor, batch: Batch, kept: int, rows: Sequence[int] | None = None) -> Tensor:
    """Return the logits of the last positions of each prompt: [batch vocab], or [batch token vocab].

    ``rows`` says which prompts of the batch the logits are of, where not of all.
    """
    if batch.counts_tokens(Site("logits")):
        last = batch.last if rows is None else [batch.last[row] for row in rows]
        ends = torch.tensor(last, device=logits.device) - (batch.width - logits.shape[1])
    else:
        ends = torch.full((len(logits),), logits.shape[1] - 1, device=logits.device)
    columns = ends[:, None] + torch.arange(1 - kept, 1, device=logits.device)
    found = logits[torch.arange(len(logits), device=logits.device)[:, None], columns]
    return found if kept > 1 else found[:, 0]


def measure(name: str, *, target: Token, distractor: Token) -> LastMetric:
    """Return the metric of that name, bound to the tokens that it compares.

    ``logit_difference`` is in logits, ``probability_difference`` between −1 and 1, ``log_probability``
    (of the target alone) in nats. Raises ``BadInput`` on any other name.
    """
    metrics: dict[str, Callable[[], LastMetric]] = {
        "logit_difference": lambda: logit_difference(target, distractor),
        "probability_difference": lambda: probability_difference(target, distractor),
        "log_probability": lambda: log_probability(target),
    }
    if name not in metrics:
        raise BadInput(f"There is no metric called {name!r}; choose one of {', '.join(metrics)}.")
    return metrics[name]()


def measured(metric: Metric, logits: Tensor) -> Float[Tensor, " batch"]:
    """Return what a metric says of these logits; raises `BadInput` where it is not one number a row."""
    values = metric(logits)
    if not isinstance(values, Tensor) or values.shape != logits.shape[:1]:
        shape = list(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise BadInput(f"The metric must give one number a row, [{len(logits)}], but it gave {shape}.")
    return values


def answer_token(model: Model, text: str) -> int:
    """Return the one token that a text stands for, with a space in front where that makes it one.

    A model without a tokenizer takes a token id instead. Raises ``BadInput`` where the text is several
    tokens, naming them.
    """
    if model.tokenizer is None:
        if not (text.isdecimal() and int(text) < model.vocab_size):
            raise BadInput(
                f"{text!r} is not a token id; this model has no tokenizer: give 0 to {model.vocab_size - 1}."
            )
        return int(text)
    for spelling in (text, f" {text}"):
        tokens = model.tokenizer.encode(spelling, add_special_tokens=False)
        if len(tokens) == 1:
            return tokens[0]
    parts = " + ".join(repr(part) for part in model.token_texts(torch.tensor(tokens)))
    raise BadInput(
        f"{text!r} is {len(tokens)} tokens for this model ({parts}); name a text that is one token."
    )


def _of(values: Float[Tensor, "batch vocab"], token: Token) -> Float[Tensor, " batch"]:
    if isinstance(token, int):
        return values[:, token]
    if token.shape != values.shape[:1]:
        raise BadInput(f"There are {token.numel()} tokens for {len(values)} prompts: give one for each.")
    return values.gather(-1, token.to(values.device)[:, None])[:, 0]
