"""What stood in the residual stream where the answer was given? Kept prompt by prompt, at every depth."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.results import track
from neuronscope.words import BadInput

MOST_BYTES = 4 * 2**30
TOKENS_PER_PASS = 4096


def last_streams(
    model: Model, prompts: Sequence[Sequence[int]], *, dtype: str = "float32"
) -> Float[np.ndarray, "prompt depth width"]:
    """Return the residual stream of every depth at the last token of each prompt: what gives the next one.

    Depth 0 enters the first block, depth d follows block d−1. Raises ``BadInput`` as `run` does, and where
    it would take more than 4 GiB.
    """
    return _streams(model, prompts, dtype, at="@-1")[:, :, 0]


def all_streams(
    model: Model, prompts: Sequence[Sequence[int]], *, dtype: str = "float32"
) -> Float[np.ndarray, "prompt depth position width"]:
    """Return the residual stream of every depth at every token, NaN after the end of a shorter prompt.

    Raises ``BadInput`` as `last_streams` does.
    """
    return _streams(model, prompts, dtype, at="")


def _streams(model: Model, prompts: Sequence[Sequence[int]], dtype: str, *, at: str) -> np.ndarray:
    n_positions = 1 if at else max(len(prompt) for prompt in prompts)
    shape = (len(prompts), model.n_layers + 1, n_positions, model.width)
    if np.prod(shape, dtype=float) * np.dtype(dtype).itemsize > MOST_BYTES:
        raise BadInput(
            f"The residual streams of {len(prompts)} prompts would take more than 4 GiB: ask for fewer, "
            "for the answer's position alone or for float16, or use harvest."
        )
    found = np.full(shape, np.nan, dtype=dtype)
    sites = [f"resid_pre.0{at}", *(f"resid_post.{layer}{at}" for layer in range(model.n_layers))]
    for batch in track(batches_of_one_length(prompts), "batches of residual streams"):
        seen = run(model, [list(prompts[number]) for number in batch], get=sites, stop=True)
        for depth, site in enumerate(sites):
            for number, row in zip(batch, list(seen[site]) if at else seen.each(site), strict=True):
                values = row.float().cpu().numpy().reshape(-1, model.width)
                if np.abs(values).max() > np.finfo(dtype).max:
                    raise BadInput(
                        f"The residual stream of {model.name} is too large for {dtype}: ask for float32."
                    )
                found[number, depth, : len(values)] = values
    return found


def batches_of_one_length(prompts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return which prompts run together: those of one length, within the budget."""
    by_length: dict[int, list[int]] = {}
    for number, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt), []).append(number)
    found = []
    for length, numbers in sorted(by_length.items()):
        size = max(1, TOKENS_PER_PASS // length)
        found += [numbers[start : start + size] for start in range(0, len(numbers), size)]
    return found
