"""What does an edit do to answers, and to text that has nothing to do with them?"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.editing.edits import Logits, Measure

ANSWER_MEASURES = ("logit_difference", "accuracy", "preference")
TEXT_MEASURES = ("kl_divergence", "text_accuracy", "text_loss")


def of_answers(pairs: PromptPairs) -> Measure:
    """Return the measures of the answer, in the order of `ANSWER_MEASURES`.

    The logit of the right first token minus that of the wrong one; whether the right one is the likeliest of
    all; whether it is likelier than the wrong one.
    """

    def measure(rows: Sequence[int], before: Logits) -> Callable[[Logits], Float[Tensor, "measure row"]]:
        at = list(rows)
        right, wrong = pairs.target[at][:, None], pairs.distractor[at][:, None]

        def of(logits: Logits) -> Float[Tensor, "measure row"]:
            last = logits[:, -1]
            difference = (last.gather(1, right).double() - last.gather(1, wrong).double())[:, 0]
            likeliest = last.argmax(-1) == right[:, 0]
            return torch.stack([difference, likeliest.double(), (difference > 0).double()])

        return of

    return measure


def of_text(passages: Sequence[Tensor]) -> Measure:
    """Return the measures of a passage, in the order of `TEXT_MEASURES`, each the mean over its tokens.

    The Kullback-Leibler divergence of the next token from what it was, in nats; how often the token that
    follows is the likeliest; minus its log-probability, in nats.
    """

    def measure(rows: Sequence[int], before: Logits) -> Callable[[Logits], Float[Tensor, "measure row"]]:
        following = torch.stack([passages[row][1:] for row in rows])[..., None]
        base = before[:, :-1].double().log_softmax(-1)
        probability = base.exp()
        entropy = (probability * base).sum(-1)

        def of(logits: Logits) -> Float[Tensor, "measure row"]:
            now = base if logits is before else logits[:, :-1].double().log_softmax(-1)
            divergence = entropy - (probability * now).sum(-1)
            told = now.gather(-1, following)[..., 0]
            right = (now.argmax(-1) == following[..., 0]).double()
            return torch.stack([divergence.mean(-1), right.mean(-1), -told.mean(-1)])

        return of

    return measure
