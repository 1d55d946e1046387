"""Which ways of doing less give the same numbers on this network? Each is tried once, on a few tokens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from transformers import DynamicCache

from neuronscope.models.attention import Place
from neuronscope.models.forward import forward
from neuronscope.models.parts.anatomy import Anatomy
from neuronscope.models.skipping import Joins, Resume, learn_returns

_TOLERANCE = {torch.float64: 1e-11, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
_ROWS, _LENGTH, _CUT = 2, 7, 3


@dataclass(frozen=True)
class Shortcuts:
    """What a network allows: rows join late and blocks are skipped; a prefix comes from a cache; trimming."""

    grows: bool
    drops: bool
    trims: bool


_KNOWN: "WeakKeyDictionary[Anatomy, Shortcuts]" = WeakKeyDictionary()


def shortcuts(anatomy: Anatomy) -> Shortcuts:
    """Return which shortcuts give this network's own numbers, found by a probe on first use.

    Under changes that allow no skipping there are none; and under changes of keys or values no prefix comes
    from a cache, where they are made already.
    """
    bare = anatomy.bare
    if bare not in _KNOWN:
        with bare.lock, torch.no_grad():
            _KNOWN[bare] = _probed(bare)
    standing, found = anatomy.standing, _KNOWN[bare]
    if standing is None:
        return found
    if not standing.allows_skipping:
        return Shortcuts(grows=False, drops=False, trims=False)
    return replace(found, drops=found.drops and not standing.names() & {"k", "v"})


def prefix(
    values: Mapping[Place, Tensor], n_layers: int, rows: Callable[[int], Sequence[int]], length: int
) -> DynamicCache:
    """Return a cache of the first positions of keys and values, with the rows that each layer asks for.

    ``values`` are what the sites k and v of every layer held: [batch position key_head head_width].
    """
    cache = DynamicCache()
    for layer in range(n_layers):
        index = list(rows(layer))
        keys, own = (values[Place(name, layer)][index, :length].transpose(1, 2) for name in ("k", "v"))
        cache.update(keys, own, layer)
    return cache


def _probed(anatomy: Anatomy) -> Shortcuts:
    try:
        trial = _Trial(anatomy)
    except Exception:  # a network that takes no bare tokens has no shortcut
        return Shortcuts(grows=False, drops=False, trims=False)
    grows = trial.succeeds()
    return Shortcuts(
        grows=grows,
        drops=grows and trial.succeeds(drop=_CUT),
        trims=grows and trial.succeeds(trim=True),
    )


class _Trial:
    """Two prompts, each also with its stream changed from one position on, in the last and an early block."""

    def __init__(self, anatomy: Anatomy) -> None:
        self.anatomy = anatomy
        weight = next(anatomy.network.parameters())
        seeded = torch.Generator().manual_seed(0)
        shape = (_ROWS, _LENGTH)
        self.tokens = torch.randint(anatomy.network.config.vocab_size, shape, generator=seeded).to(
            weight.device
        )
        self.last = len(anatomy.blocks) - 1
        self.first = min(1, self.last)
        self.stream: Tensor | None = None
        self.outputs: dict[int, Any] = {}
        hooks = [
            block.register_forward_hook(lambda module, args, output, layer=layer: self._note(layer, output))
            for layer, block in enumerate(anatomy.blocks)
        ]
        try:
            self.plain = self._logits(self.tokens, {Place("resid_pre", self.first): self._keep})
        finally:
            for hook in hooks:
                hook.remove()
        learn_returns(anatomy, self.outputs)
        assert self.stream is not None
        spread = float(self.stream.std())
        self.change = (torch.randn(self.stream.shape[-1], generator=seeded) * max(spread, 1e-3)).to(weight)
        rows = self.tokens.repeat(3, 1)
        self.truth = self._logits(rows, self._visits())
        self.allowed = _TOLERANCE.get(self.truth.dtype, 1e-4) * float(self.truth.abs().max())

    def succeeds(self, *, drop: int = 0, trim: bool = False) -> bool:
        """Return whether the same six rows come out when four join late, in two ways of starting."""
        if not float((self.truth - self.plain.repeat(3, 1)).abs().max()) > 10 * self.allowed:
            return False  # the change is not seen in the logits, so nothing can be told
        try:
            return all(self._agrees(rows, drop, trim) for rows in ([0], [0, 1]))
        except Exception:  # whatever a family raises, the shortcut is not for it
            return False

    def _agrees(self, first: list[int], drop: int, trim: bool) -> bool:
        tokens, n_rows = self.tokens[first], len(first)
        everyone = tuple(range(n_rows))
        joins = Joins(n_rows, {self.last: everyone})
        if self.first != self.last:
            joins = Joins(n_rows, {self.first: everyone, self.last: everyone})
        options: dict[str, Any] = {}
        if drop:
            cache = prefix(self._keys_and_values(tokens), len(self.anatomy.blocks), joins.lineage, drop)
            options = {"past_key_values": cache, "use_cache": True}
        assert self.stream is not None
        resume = Resume(self.first, self.stream[first][:, drop:]) if self.first else None
        places = self._visits(n_rows, grown=True)
        found = forward(
            self.anatomy, tokens[:, drop:], places, resume=resume, joins=joins, keep=1, trim=trim, **options
        ).logits
        picked = [row + _ROWS * block for block in range(3) for row in first]
        if self.first == self.last:
            picked = picked[: 2 * n_rows]
        assert found is not None
        return float((found[:, -1] - self.truth[picked]).abs().max()) <= self.allowed

    def _keys_and_values(self, tokens: Tensor) -> dict[Place, Tensor]:
        seen: dict[Place, Tensor] = {}

        def reading(place: Place) -> Callable[[Tensor], Tensor]:
            def visit(tensor: Tensor) -> Tensor:
                seen[place] = tensor.transpose(1, 2).clone()
                return tensor

            return visit

        places = [Place(name, layer) for name in ("k", "v") for layer in range(self.last + 1)]
        forward(self.anatomy, tokens, {place: reading(place) for place in places})
        return seen

    def _visits(self, n_rows: int = _ROWS, *, grown: bool = False) -> dict[Place, Any]:
        """Change rows 2 and 3 where the early block begins, and rows 4 and 5 where the last one begins."""

        def changing(block: int) -> Callable[[Tensor], Tensor]:
            def visit(stream: Tensor) -> Tensor:
                stream = stream.clone()
                start = _CUT - (_LENGTH - stream.shape[1])
                stream[n_rows * block : n_rows * (block + 1), start:] += self.change
                return stream

            return visit

        places = {Place("resid_pre", self.first): changing(1)}
        if self.first != self.last:
            places[Place("resid_pre", self.last)] = changing(2)
        return places

    def _logits(self, tokens: Tensor, visits: dict[Place, Any]) -> Tensor:
        logits = forward(self.anatomy, tokens, visits).logits
        assert logits is not None
        return logits[:, -1]

    def _keep(self, stream: Tensor) -> Tensor:
        self.stream = stream.clone()
        return stream

    def _note(self, layer: int, output: Any) -> None:
        self.outputs[layer] = output
