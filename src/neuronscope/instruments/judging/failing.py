"""What does a model show of a problem before anybody asks for its answer?"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float

from neuronscope.instruments.answered.marking import is_correct, question_of
from neuronscope.instruments.answering import answer
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.editing.chosen import problems_in
from neuronscope.instruments.linear import Direction
from neuronscope.instruments.metrics import last_logits
from neuronscope.instruments.second_order.effects import neuron_effects
from neuronscope.instruments.second_order.passes import held_passes
from neuronscope.models.model import Model
from neuronscope.models.sites import Site

Values = Literal["effect", "activation"]
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d]+|[^\w\s]")
_MOST_WORDS = 100


@dataclass(frozen=True, eq=False)
class Shown:
    """Of each prompt: what chosen neurons do, and the probability of the likeliest first token."""

    values: Float[np.ndarray, "prompt item"]
    confidence: Float[np.ndarray, " prompt"]


def shown(
    model: Model, pairs: PromptPairs, neurons: Sequence[Site], reading: Direction, values: Values
) -> Shown:
    """Return what neurons do on prompts, by one pass of each; their answers play no part.

    ``effect`` is the second-order effect on ``reading``, one direction for all prompts, in its units;
    ``activation`` that at the last token. Raises `BadInput` as `linearise` does.
    """
    layers = sorted({site.layer for site in neurons if isinstance(site.layer, int)})
    places = tuple(np.array([(site.layer, site.unit) for site in neurons]).T)
    found, sure = [], []
    for _, seen in held_passes(model, problems_in(pairs), layers=layers):
        if values == "effect":
            found.append(neuron_effects(seen, reading)[:, *places])
        else:
            by_layer = {layer: seen.seen[f"mlp_act.{layer}@-1"] for layer in layers}
            found.append(
                torch.stack([by_layer[int(at)][:, int(unit)] for at, unit in zip(*places, strict=True)], 1)
            )
        logits = last_logits(seen.seen.logits, seen.seen.batch, 1)
        sure.append(logits.double().softmax(-1).amax(-1))
    return Shown(torch.cat(found).double().cpu().numpy(), torch.cat(sure).cpu().numpy())


def on_the_face(
    known: PromptPairs, new: PromptPairs
) -> dict[str, tuple[Float[np.ndarray, "prompt item"], Float[np.ndarray, "prompt item"]]]:
    """Return what anybody sees of known and of new prompts, without a model's inside.

    The number of tokens; the largest number in the prompt, where every prompt has one; which words and signs
    it has, of those that some known prompts have and others not; and all of these together.
    """
    sides = (known, new)
    length, wording = ([_lengths(side) for side in sides], _wording(known, new))
    found = {"n_tokens": (length[0], length[1])}
    numbers = [[[float(one) for one in _NUMBER.findall(text)] for text in side.texts] for side in sides]
    if all(own for side in numbers for own in side):
        largest = [np.array([[max(own)] for own in side]) for side in numbers]
        found["operand_size"] = (largest[0], largest[1])
    if wording[0].size:
        found["wording"] = wording
    together = [np.concatenate([parts[at] for parts in found.values()], 1) for at in range(2)]
    return found | {"all of these": (together[0], together[1])}


def _lengths(pairs: PromptPairs) -> Float[np.ndarray, "prompt item"]:
    return np.array([[len(tokens)] for tokens in pairs.clean], dtype=float)


def _wording(known: PromptPairs, new: PromptPairs) -> tuple[np.ndarray, np.ndarray]:
    """Return which words and signs each prompt has, numbers apart, those of every known prompt left out."""
    words = [[set(_WORD.findall(text)) for text in side.texts] for side in (known, new)]
    count = Counter(word for own in words[0] for word in own)
    rare = max(2, len(words[0]) // 50)
    kept = [word for word, n in count.most_common(_MOST_WORDS) if rare <= n <= len(words[0]) - rare]
    own, other = (
        np.array([[word in one for word in kept] for one in side], dtype=float).reshape(len(side), len(kept))
        for side in words
    )
    return own, other


def asked(model: Model, pairs: PromptPairs) -> tuple[Bool[np.ndarray, " prompt"], list[str]]:
    """Return which problems a model writes the whole right answer to, and what it wrote."""
    replies = answer(model, [question_of(pair, pair.clean) for pair in pairs.pairs])
    right = [is_correct(pair, reply, "start") for pair, reply in zip(pairs.pairs, replies, strict=True)]
    return np.array(right, dtype=bool), [reply.text for reply in replies]
