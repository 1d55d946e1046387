"""What is lost without some heads, and without as many random ones of the same layers?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from neuronscope.instruments.comparing.reference import ablations
from neuronscope.instruments.heads.repeated import RepeatedStrings, repeated_loss, repeated_strings
from neuronscope.models.model import Model
from neuronscope.results import track

Head = tuple[int, int]
_TRIES = 20


def drawn_sets(heads: Sequence[Head], others: Sequence[Head], n: int, *, seed: int = 0) -> list[list[Head]]:
    """Return random sets of other heads, each of as many heads as were found, none twice in a set.

    For each found head one of its layer is drawn while there are any left, and then one of any layer. No set
    comes twice, because the same set again would be no more evidence: there may be fewer than ``n``. Where
    there are fewer other heads than found ones, the one set is all of them; without any there is no set.
    """
    rng = np.random.default_rng(seed)
    sets: dict[tuple[Head, ...], None] = {}
    for _ in range(_TRIES * n if others and heads else 0):
        left, some = list(others), []
        for layer, _ in list(heads)[: len(others)]:
            near = [head for head in left if head[0] == layer] or left
            some.append(near[int(rng.integers(len(near)))])
            left.remove(some[-1])
        sets[tuple(sorted(some))] = None
        if len(sets) == n:
            break
    return [list(some) for some in sets]


def loss_increases(
    model: Model,
    strings: RepeatedStrings,
    sets: Sequence[Sequence[Head]],
    plain: Float[ndarray, " prompt"],
    *,
    ablation: str,
    seed: int = 0,
) -> Float[ndarray, "trial prompt"]:
    """Return by how much the loss rises above the plain one when each set of heads is ablated, in nats.

    What stands in for a head is taken from as many other strings of the same lengths, read once for all sets.
    """
    longest = (strings.tokens.shape[1] - strings.first) // 2
    reference = repeated_strings(model, n=len(strings), longest_period=longest, seed=seed + 1).prompts
    sites = {head: f"z.{head[0]}.{head[1]}" for some in sets for head in some}
    done = ablations(model, sites.values(), reference, ablation=ablation, seed=seed)
    ops = dict(zip(sites, done.values(), strict=True))
    return np.stack(
        [
            repeated_loss(model, strings, [ops[head] for head in some]) - plain
            for some in track(sets, "sets of heads")
        ]
    )
