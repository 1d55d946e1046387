"""What does a network run on at once, and where do the tokens of each prompt stand in it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from neuronscope.models.sites import Site
from neuronscope.words import BadInput

Columns = int | slice | Tensor
Span = tuple[int, int]

_OWN_INPUTS = ("decoder", "vision")
"""Stacks whose positions are not the tokens of the prompts."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Prompts that run together, as the network takes them; `prepare` makes one.

    ``inputs`` are the network's own arguments by name, batch axis first. Row r holds the tokens of prompt r
    in the columns ``starts[r]`` to ``starts[r] + lengths[r]``; every other column of ``input_ids`` is
    padding, which the attention mask hides. Both are empty where no token goes in, as for images.
    ``spans`` name parts of each prompt by its own positions, start and stop.
    """

    inputs: Mapping[str, Any]
    lengths: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lengths) if self.lengths else _first_tensor(self.inputs).shape[0]

    def __repr__(self) -> str:
        return f"Batch({len(self)} x {self.width} tokens{', padded' if self.padded else ''})"

    @property
    def tokens(self) -> Int[Tensor, "batch position"]:
        """Return the token ids, padding included; raises `BadInput` where the inputs hold none."""
        tokens = self.inputs.get("input_ids")
        if tokens is None:
            raise BadInput(f"These inputs hold no tokens: they are {', '.join(self.inputs)}.")
        return tokens

    @property
    def width(self) -> int:
        """Return how many columns of tokens there are, the padding counted; 0 where there are no tokens."""
        return max((start + n for start, n in zip(self.starts, self.lengths, strict=True)), default=0)

    @property
    def padded(self) -> bool:
        """Return whether some column of some row is padding."""
        return len(set(self.lengths)) > 1 or any(self.starts)

    @property
    def last(self) -> tuple[int, ...]:
        """Return the column of each prompt's last token."""
        return tuple(start + n - 1 for start, n in zip(self.starts, self.lengths, strict=True))

    def own(self, row: int) -> slice:
        """Return the columns of one prompt's own tokens."""
        return slice(self.starts[row], self.starts[row] + self.lengths[row])

    def counts_tokens(self, site: Site) -> bool:
        """Return whether the positions of a site are the tokens of the prompts."""
        decoded = site.name == "logits" and "decoder_input_ids" in self.inputs
        return bool(self.lengths) and site.stack not in _OWN_INPUTS and not decoded

    def positions(self, site: Site, row: int) -> range:
        """Return which of its own positions an address names in one prompt.

        Raises `BadInput` for a position outside the prompt, a slice that picks nothing, an unknown span.
        """
        length, asked = self.lengths[row], site.position
        if isinstance(asked, str):
            return range(*self._span(site, asked)[row])
        if isinstance(asked, int):
            if not -length <= asked < length:
                whose = f"prompt {row}" if self.padded else "the prompt"
                raise BadInput(
                    f"{site} is out of range: {whose} has {length} positions, from 0 to {length - 1}."
                )
            return range(asked % length, asked % length + 1)
        picked = range(length)[slice(None) if asked is None else asked]
        if not picked:
            whose = f"prompt {row}" if self.padded else "the prompt"
            raise BadInput(f"{site} picks no token: {whose} has {length} positions, from 0 to {length - 1}.")
        return picked

    def columns(self, site: Site) -> Columns:
        """Return the columns that an address with a position names.

        An index or a slice where it is the same in every row; else columns [batch] for one position, and
        [batch position] for several. Raises `BadInput` as `positions` does, and for an address that picks
        more tokens of one prompt than of another.
        """
        rows = [self.positions(site, row) for row in range(len(self))]
        counts = [len(row) for row in rows]
        if len(set(counts)) > 1:
            other = next(number for number, count in enumerate(counts) if count != counts[0])
            raise BadInput(
                f"{site} picks {counts[0]} tokens of prompt 0 but {counts[other]} of prompt {other}: "
                "read what is equally long, such as @-1 or @:3."
            )
        columns = [self.starts[number] + row[0] for number, row in enumerate(rows)]
        single = isinstance(site.position, int)
        if len(set(columns)) == 1:
            return columns[0] if single else slice(columns[0], columns[0] + counts[0])
        first = torch.tensor(columns)
        return first if single else first[:, None] + torch.arange(counts[0])

    def picked(self, rows: Sequence[int]) -> "Batch":
        """Return a batch of these rows, in this order; a row may be taken several times."""
        n, index = len(self), list(rows)

        def of(value: Any) -> Any:
            batched = isinstance(value, Tensor) and value.dim() and value.shape[0] == n
            return value[index] if batched else value

        return Batch(
            {name: of(value) for name, value in self.inputs.items()},
            tuple(self.lengths[row] for row in index) if self.lengths else (),
            tuple(self.starts[row] for row in index) if self.starts else (),
            {name: tuple(spans[row] for row in index) for name, spans in self.spans.items()},
        )

    def _span(self, site: Site, name: str) -> tuple[Span, ...]:
        if name not in self.spans:
            known = ", ".join(f"@{known}" for known in self.spans) or "none"
            raise BadInput(
                f"{site} names the span {name!r}, but this run knows {known}: "
                f"give spans={{{name!r}: [(start, stop), ...]}}."
            )
        return self.spans[name]


def _first_tensor(inputs: Mapping[str, Any]) -> Tensor:
    found = next((value for value in inputs.values() if isinstance(value, Tensor) and value.dim()), None)
    if found is None:
        raise BadInput(f"The inputs {', '.join(inputs) or '(none)'} hold no tensor with a batch axis.")
    return found
