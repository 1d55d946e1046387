"""What to measure of an answer: named metrics, one value for each prompt."""

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.sweep import LastMetric
from neuronscope.models import Model
from neuronscope.words import BadInput


def measure(name: str, *, target: int, distractor: int) -> LastMetric:
    """Return the metric of that name, bound to the tokens that it compares.

    ``logit_difference`` is in logits, ``probability_difference`` between −1 and 1, ``log_probability``
    (of the target alone) in nats. Raises ``BadInput`` on any other name.
    """
    metrics: dict[str, LastMetric] = {
        "logit_difference": lambda logits: logits[:, target] - logits[:, distractor],
        "probability_difference": lambda logits: _difference(logits.softmax(-1), target, distractor),
        "log_probability": lambda logits: logits.log_softmax(-1)[:, target],
    }
    if name not in metrics:
        raise BadInput(f"There is no metric called {name!r}; choose one of {', '.join(metrics)}.")
    return metrics[name]


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


def _difference(
    values: Float[Tensor, "batch vocab"], target: int, distractor: int
) -> Float[Tensor, " batch"]:
    return values[:, target] - values[:, distractor]
