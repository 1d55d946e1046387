"""What would the network say if its last block left this residual stream?"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from neuronscope.models.attention import ACTIVE, Taps
from neuronscope.models.parts.additions import replaced
from neuronscope.models.parts.anatomy import Anatomy
from neuronscope.models.parts.towers import specimen
from neuronscope.words import BadInput

_CHUNK = 64


def unembedded(anatomy: Anatomy, stream: Tensor) -> Tensor:
    """Return the logits [... vocab] of residual streams [... width].

    The last norm and the output head are applied where they give the logits of this network; elsewhere the
    network runs with its blocks passed over, so that caps, multipliers and projections are its own. Raises
    `BadInput` where there is no output head or no block.
    """
    if anatomy.head is None or not anatomy.blocks:
        raise BadInput("This model has no output head over a vocabulary, so a stream has no logits here.")
    if anatomy.direct is None:
        anatomy.direct = _is_direct(anatomy)
    return _direct(anatomy, stream) if anatomy.direct else _tail(anatomy, stream)


def _direct(anatomy: Anatomy, stream: Tensor) -> Tensor:
    norm, head = anatomy.final_norm, anatomy.head
    assert head is not None
    return head(stream if norm is None else norm(stream))


def _is_direct(anatomy: Anatomy) -> bool:
    weight = next(anatomy.network.parameters())
    width = anatomy.width
    seeded = torch.Generator().manual_seed(0)
    stream = torch.randn((2, 3, width), generator=seeded).to(weight.device, weight.dtype)
    with torch.no_grad():
        try:
            return torch.equal(_direct(anatomy, stream), _tail(anatomy, stream))
        except (RuntimeError, TypeError):
            return False


def _tail(anatomy: Anatomy, stream: Tensor) -> Tensor:
    rows = stream.reshape(-1, stream.shape[-1])
    short = min(_CHUNK, len(rows))
    spare = -len(rows) % short
    filled = torch.cat([rows, rows[:1].expand(spare, -1)]) if spare else rows
    batch = filled.reshape(-1, short, rows.shape[-1])
    logits = _passed_over(anatomy, batch)
    return logits.reshape(-1, logits.shape[-1])[: len(rows)].reshape(*stream.shape[:-1], -1)


def _passed_over(anatomy: Anatomy, stream: Tensor) -> Tensor:
    inputs = specimen(anatomy.network, rows=len(stream), length=stream.shape[1])
    if "decoder_input_ids" in inputs:
        inputs["decoder_input_ids"] = inputs["input_ids"]
    taps = Taps({}, {})
    with anatomy.lock, ExitStack() as stack:
        for layer, block in enumerate(anatomy.blocks):
            given = stream if layer == len(anatomy.blocks) - 1 else None
            stack.enter_context(replaced(block, _passing(anatomy, taps, block, given)))
        stack.callback(ACTIVE.reset, ACTIVE.set(taps))
        return anatomy.network(**{"use_cache": False, **inputs}).logits


def _passing(anatomy: Anatomy, taps: Taps, block: nn.Module, given: Tensor | None) -> Callable[..., Any]:
    several, own = anatomy.returns(block), block.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        if ACTIVE.get() is not taps:
            return own(*args, **kwargs)
        stream = given if given is not None else (args[0] if args else kwargs["hidden_states"])
        return stream if several is None else (stream, *[None] * (several - 1))

    return forward
