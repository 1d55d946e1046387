"""Which rows do the passes of one shard leave behind, and where does each come from?"""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from neuronscope.instruments.harvested.documents import Together
from neuronscope.instruments.visits import in_words
from neuronscope.models.attention import Place, Visit
from neuronscope.models.forward import Enough
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput


class Gathering:
    """The rows of each site, in the order of the passes, with their tokens, documents and positions."""

    def __init__(self, reads: list[Site], dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._sites: dict[Place, list[Site]] = {}
        for site in reads:
            assert not isinstance(site.layer, str)
            self._sites.setdefault(Place(site.name, site.layer, site.stack), []).append(site)
        self._pieces: dict[str, list[Tensor]] = {}
        self._pending: set[Place] = set()
        self._shape = (0, 0)
        self._rows = self._columns = torch.empty(0)

    def visits(self) -> dict[Place, Visit]:
        """Return the visits that keep the rows."""
        return {place: partial(self._visit, place) for place in self._sites}

    def axes(self) -> dict[str, list[str]]:
        """Return the axis words of each site's rows."""
        found: dict[str, list[str]] = {}
        for site in (site for sites in self._sites.values() for site in sites):
            words = [word for word in site.kind.words[2:] if site.unit is None or word != site.kind.unit]
            found[str(site)] = ["row", *words]
        return found

    def begin(self, model: Model, one: Together) -> dict[str, Any]:
        """Return the inputs of a pass, after entering where each of its rows comes from."""
        batch = prepare(model, one.documents)
        for place in self._sites:
            if not batch.counts_tokens(Site(place.name, place.layer, stack=place.stack)):
                raise BadInput(f"{place.stack}/{place.name} has no row for each token of a document.")
        rows = [row for row, kept in enumerate(one.kept) for _ in kept]
        own = [position for kept in one.kept for position in kept]
        columns = [batch.starts[row] + position for row, position in zip(rows, own, strict=True)]
        device = model.device
        self._rows, self._columns = torch.tensor(rows, device=device), torch.tensor(columns, device=device)
        self._shape, self._pending = tuple(batch.tokens.shape), set(self._sites)
        tokens = batch.tokens[self._rows, self._columns].cpu()
        self._keep("token", tokens)
        self._keep("document", torch.tensor(rows) + one.first)
        self._keep("position", torch.tensor(own, dtype=torch.int32))
        return dict(batch.inputs)

    def hand_over(self) -> dict[str, list[Tensor]]:
        """Return the rows of the shard and begin the next one."""
        pieces, self._pieces = self._pieces, {}
        return pieces

    def _keep(self, name: str, piece: Tensor) -> None:
        self._pieces.setdefault(name, []).append(piece)

    def _visit(self, place: Place, tensor: Tensor) -> Tensor:
        shown = in_words(place.name, tensor)
        if tuple(shown.shape[:2]) != self._shape:
            raise BadInput(
                f"{place.name} is {list(shown.shape)}, without a row for each of {list(self._shape)} tokens."
            )
        for site in self._sites[place]:
            axis = shown.dim() if site.unit is None else site.kind.words.index(site.kind.unit or "")
            part = shown if site.unit is None else shown.select(axis, site.unit)
            self._keep(str(site), self._cast(site, part[self._rows, self._columns]))
        self._pending.discard(place)
        if not self._pending:
            raise Enough
        return tensor

    def _cast(self, site: Site, rows: Tensor) -> Tensor:
        cast = rows.to(dtype=self._dtype).cpu()
        if self._dtype is torch.float16 and cast.isinf().any() and not rows.isinf().any():
            raise BadInput(
                f"{site} reaches {float(rows.abs().max()):.0f}, more than float16 holds: "
                "choose bfloat16 or float32."
            )
        return cast
