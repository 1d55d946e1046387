"""What is a tuned lens? One linear translator a depth, from the stream there to what the last depth speaks.

At depth l the lens says ``unembed(h + A_l h + b_l)`` (Belrose et al. 2023). With all of A and b zero
it is the logit lens; the last depth has no translator.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.models.model import Model
from neuronscope.results import log, track
from neuronscope.words import BadInput

_HELD = 2**24  # numbers of one part of a reading
Part = tuple[slice, slice]


@final
class Lens:
    """The translators of a tuned lens, in evaluation: one for each depth but the last.

    ``config`` is what the lens's file says of it, under the names of the public format.
    """

    def __init__(self, name: str, translators: Iterable[Any], config: Mapping[str, Any]) -> None:
        self.name = name
        self.translators: list[nn.Linear] = [
            translator.requires_grad_(False).eval() for translator in translators
        ]
        self.config: dict[str, Any] = dict(config)

    def __repr__(self) -> str:
        return f"Lens({self.name!r}, {len(self.translators)} depths, width {self.width})"

    @property
    def width(self) -> int:
        """Return the width of the streams that it reads."""
        return self.translators[0].in_features

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits over every translator, its bytes included."""
        whole = hashlib.sha256()
        for translator in self.translators:
            for name, weight in sorted(translator.state_dict().items()):
                whole.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
                whole.update(weight.cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return whole.hexdigest()[:16]

    def check(self, model: Model) -> None:
        """Raise `BadInput` where the model has another shape; warn where it has another unembedding."""
        if (len(self.translators), self.width) != (model.n_layers, model.width):
            raise BadInput(
                f"The lens {self.name!r} was made for {len(self.translators)} layers of width {self.width}, "
                f"but {model.name} has {model.n_layers} of width {model.width}: give a lens of this model."
            )
        made_with, own = self.config.get("unembed_hash"), unembedding_hash(model)
        if made_with and own and made_with != own:
            log.warning(
                "The lens %r was made with another unembedding than that of %s; its readings may mislead.",
                self.name,
                model.name,
            )

    def translated(self, stream: Float[Tensor, "depth *axes width"]) -> Float[Tensor, "depth *axes width"]:
        """Return a whole residual stream with each depth but the last as the lens translates it."""
        moved = [
            here + translator.to(here.device)(here.to(translator.weight.dtype)).to(here.dtype)
            for here, translator in zip(stream, self.translators, strict=False)
        ]
        return torch.stack([*moved, stream[-1]])


def new_translators(n_depths: int, width: int, *, dtype: torch.dtype = torch.float32) -> nn.ModuleList:
    """Return translators that change nothing: every weight is zero."""
    made = nn.ModuleList(nn.Linear(width, width, dtype=dtype) for _ in range(n_depths))
    for weight in made.parameters():
        nn.init.zeros_(weight)
    return made


def unembedding_hash(model: Model) -> str | None:
    """Return the hash by which the public format knows an unembedding; none where there is no such matrix.

    It is taken of the matrix as numpy prints it with one digit, so that it names a model and no more.
    """
    matrix = getattr(model.hf.get_output_embeddings(), "weight", None)
    if not isinstance(matrix, Tensor) or not matrix.is_floating_point():
        return None
    numbers = matrix.detach().cpu()
    numbers = numbers.float() if numbers.dtype == torch.bfloat16 else numbers
    with np.printoptions(threshold=1000, edgeitems=3, linewidth=75, suppress=False):
        return hashlib.sha256(np.array_str(numbers.numpy(), precision=1).encode()).hexdigest()


def log_probabilities(model: Model, stream: Float[Tensor, "*axes width"]) -> Float[Tensor, "*axes vocab"]:
    """Return what residual streams say of the next token, as log-probabilities in nats."""
    logits = model.unembed(stream)
    return (logits.float() if logits.dtype.itemsize < 4 else logits).log_softmax(-1)


def readings(
    model: Model, stream: Float[Tensor, "depth row width"]
) -> Iterator[tuple[Part, Float[Tensor, "depth row vocab"], Float[Tensor, "row vocab"]]]:
    """Yield, depth by depth from the last, what a stream says of the next token, and what it says in the end.

    Each comes as a slice of one depth and one of rows, with its log-probabilities and those of the last depth
    for the same rows. The unembedding is read for many depths at once, as many as can be held.
    """
    n_depths, n_rows = stream.shape[:2]
    log_p = said = stream.new_empty(0)
    steps = [
        (depths, rows, depth)
        for depths, rows in parts(model, n_depths, n_rows)
        for depth in range(depths.stop - 1, depths.start - 1, -1)
    ]
    for depths, rows, depth in track(steps, "depths"):
        if depth == depths.stop - 1:
            log_p = log_probabilities(model, stream[depths, rows])
        here = log_p[depth - depths.start]
        said = here if depth == n_depths - 1 else said
        yield (slice(depth, depth + 1), rows), here[None], said


def parts(model: Model, n_depths: int, n_rows: int, *, held: int | None = None) -> list[Part]:
    """Return depths and rows in parts whose logits can be held: some rows at all depths, the last first."""
    most = max(1, (held or _HELD) // model.vocab_size)
    height = min(n_rows, max(1, most // 2))
    depth = max(1, most // height)
    return [
        (slice(max(0, last - depth), last), slice(row, min(row + height, n_rows)))
        for row in range(0, n_rows, height)
        for last in range(n_depths, 0, -depth)
    ]


def divergence(log_p: Tensor, said: Tensor) -> Tensor:
    """Return how far readings are from what is said in the end: KL(final‖reading), in nats."""
    return (said.exp() * (said - log_p)).sum(-1)
