"""What has been harvested from a model, and how is it read back without loading it all?"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, final

import torch
from safetensors import safe_open
from torch import Tensor

from neuronscope.instruments.harvested.shards import DTYPES, read_manifest, sha256_of
from neuronscope.models.sites import Site
from neuronscope.words import BadInput, nearest


@final
class Shard:
    """One file of a harvest: a row a token, each tensor mapped from the disk, read when used."""

    def __init__(self, file: Path, n_rows: int, sites: Iterable[str]) -> None:
        self._file, self._n_rows, self._sites = file, n_rows, list(sites)

    def __len__(self) -> int:
        return self._n_rows

    def __getitem__(self, site: str | Site) -> Tensor:
        return self._tensor(_known(site, self._sites))

    @property
    def tokens(self) -> Tensor:
        """Return the token id of each row."""
        return self._tensor("token")

    @property
    def documents(self) -> Tensor:
        """Return which document of the corpus each row is of, from 0."""
        return self._tensor("document")

    @property
    def positions(self) -> Tensor:
        """Return the position of each row in its document, from 0."""
        return self._tensor("position")

    def _tensor(self, name: str) -> Tensor:
        try:
            with safe_open(self._file, framework="pt") as opened:
                return opened.get_tensor(name)
        except OSError as error:
            raise BadInput(_missing(self._file)) from error


@final
class Harvest:
    """The activations of a corpus: a row a token, in shards, each row with its token, document and position.

    ``manifest`` says which model gave them, with what settings, and which shards there are. Raises `BadInput`
    for a folder that holds no harvest, one that is not finished, and a shard that is missing or cut short.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).expanduser()
        manifest = read_manifest(self.folder)
        if manifest is None:
            raise BadInput(f"There is no harvest in {str(self.folder)!r}: it has no manifest.json.")
        if not manifest["complete"]:
            raise BadInput(
                f"The harvest in {str(self.folder)!r} is not finished: harvest again with the same settings, "
                "and it goes on where it stopped."
            )
        self.manifest: Mapping[str, Any] = manifest
        for record in manifest["shards"]:
            file = self.folder / record["file"]
            if not file.is_file() or file.stat().st_size != record["bytes"]:
                raise BadInput(_missing(file))

    def __len__(self) -> int:
        return int(self.manifest["rows"])

    def __repr__(self) -> str:
        sites = ", ".join(self.sites[:4])
        return f"Harvest({len(self)} rows of {sites} in {len(self.manifest['shards'])} shards)"

    @property
    def sites(self) -> list[str]:
        """Return the addresses that were harvested."""
        return list(self.manifest["sites"])

    @property
    def dtype(self) -> torch.dtype:
        """Return the number format of the activations."""
        return DTYPES[self.manifest["settings"]["dtype"]]

    def axes(self, site: str | Site) -> tuple[str, ...]:
        """Return the axis words of a site's rows; the first is ``row``."""
        return tuple(self.manifest["sites"][_known(site, self.sites)]["axes"])

    def shape(self, site: str | Site) -> tuple[int, ...]:
        """Return the sizes of a site over all shards, rows first."""
        return (len(self), *self.manifest["sites"][_known(site, self.sites)]["shape"])

    def shards(self) -> Iterator[Shard]:
        """Yield the shards in the order of the corpus."""
        for record in self.manifest["shards"]:
            yield Shard(self.folder / record["file"], record["rows"], self.sites)

    def site(self, site: str | Site) -> Iterator[Tensor]:
        """Yield what was harvested at one site, shard by shard, each mapped from the disk."""
        name = _known(site, self.sites)
        return (shard[name] for shard in self.shards())

    def batches(
        self, n_rows: int, *, seed: int | None = None, sites: Iterable[str | Site] | None = None
    ) -> Iterator[dict[str, Tensor]]:
        """Yield every row once: tensors by site, and ``token``, ``document`` and ``position``.

        With a ``seed`` the rows are shuffled over all shards, the same way each time; without one they come
        in the order of the corpus. The last batch holds what is left.
        """
        if n_rows < 1:
            raise BadInput(f"n_rows is {n_rows}, but a batch holds at least 1 row.")
        names = self.sites if sites is None else [_known(site, self.sites) for site in sites]
        return self._batches(n_rows, seed, names)

    def _batches(self, n_rows: int, seed: int | None, names: list[str]) -> Iterator[dict[str, Tensor]]:
        shards = list(self.shards())
        columns = {name: [shard[name] for shard in shards] for name in names}
        columns |= {"token": [shard.tokens for shard in shards]}
        columns |= {"document": [shard.documents for shard in shards]}
        columns |= {"position": [shard.positions for shard in shards]}
        ends = torch.tensor([len(shard) for shard in shards]).cumsum(0)
        if seed is None:
            order = torch.arange(len(self))
        else:
            order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        for rows in order.split(n_rows):
            homes = torch.searchsorted(ends, rows, right=True)
            yield {name: _gathered(parts, rows, homes, ends) for name, parts in columns.items()}

    def check(self) -> None:
        """Read every shard and raise `BadInput` for one that is not, bit for bit, what was written."""
        for record in self.manifest["shards"]:
            if sha256_of(self.folder / record["file"]) != record["sha256"]:
                raise BadInput(
                    f"{record['file']} of the harvest in {str(self.folder)!r} is damaged: delete it and "
                    "harvest again, and it is made anew."
                )


def _gathered(parts: list[Tensor], rows: Tensor, homes: Tensor, ends: Tensor) -> Tensor:
    taken = torch.empty((len(rows), *parts[0].shape[1:]), dtype=parts[0].dtype)
    for home in homes.unique().tolist():
        here = (homes == home).nonzero()[:, 0]
        taken[here] = parts[home][rows[here] - (ends[home] - len(parts[home]))]
    return taken


def _known(site: str | Site, sites: list[str]) -> str:
    name = str(Site.parse(site))
    if name not in sites:
        near = nearest(name, sites) or f"; it holds {', '.join(sites[:8])}"
        raise BadInput(f"{name} was not harvested{near}.")
    return name


def _missing(file: Path) -> str:
    return (
        f"{file.name} of the harvest in {str(file.parent)!r} is missing or cut short: harvest again with the "
        "same settings, and it is made anew."
    )
