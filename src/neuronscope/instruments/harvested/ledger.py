"""Which shards of a harvest are whole, and is this still the harvest that the folder was begun with?"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor

from neuronscope.instruments.harvested.claim import CLAIM
from neuronscope.instruments.harvested.documents import Portion
from neuronscope.instruments.harvested.shards import read_manifest, unfinished, write_manifest, write_shard
from neuronscope.words import BadInput

_FORMAT = "neuronscope harvest 1"


class Ledger:
    """The manifest of a harvest while it is written.

    Opening one takes up what stands in the folder. Raises `BadInput` for a folder that holds something else,
    or a harvest with other settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], model: str) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder) or self._begun(settings, model)
        self._check_settings(settings)
        self.records = {record["number"]: record for record in self.manifest["shards"]}
        for file in folder.iterdir():
            if unfinished(file.name):
                file.unlink(missing_ok=True)

    def _begun(self, settings: Mapping[str, Any], model: str) -> dict[str, Any]:
        names = (file.name for file in self.folder.iterdir())
        strange = next((name for name in names if name != CLAIM and not unfinished(name)), None)
        if strange is not None:
            raise BadInput(f"{str(self.folder)!r} holds {strange} but no harvest: choose an empty folder.")
        manifest = {
            "format": _FORMAT,
            "name": model,
            "settings": dict(settings),
            "versions": {name: version(name) for name in ("neuronscope", "torch", "transformers")},
            "complete": False,
            "sites": {},
            "shards": [],
        }
        write_manifest(self.folder, manifest)
        return manifest

    def _check_settings(self, settings: Mapping[str, Any]) -> None:
        if self.manifest.get("format") != _FORMAT:
            raise BadInput(f"{str(self.folder)!r} holds a manifest.json of something else: choose another.")
        for name, value in settings.items():
            before = self.manifest["settings"].get(name)
            if before != value:
                raise BadInput(
                    f"The harvest in {str(self.folder)!r} has {name} {_short(before)}, not {_short(value)}: "
                    "go on with the same, or choose another folder."
                )

    def has(self, portion: Portion) -> bool:
        """Return whether the shard is there and whole; raises `BadInput` when the corpus is another one."""
        record = self.records.get(portion.number)
        if record is None and self.manifest["complete"] and portion.n_rows:
            self._refuse(portion)
        if record is None:
            return False
        if record["corpus"] != portion.digest:
            self._refuse(portion)
        file = self.folder / record["file"]
        return file.is_file() and file.stat().st_size == record["bytes"]

    def _refuse(self, portion: Portion) -> None:
        last = portion.passes[-1]
        numbers = f"{portion.passes[0].first} to {last.first + len(last.documents) - 1}"
        raise BadInput(
            f"The harvest in {str(self.folder)!r} is of another corpus, or ends among documents {numbers}: "
            "choose another folder."
        )

    def write(
        self, portion: Portion, pieces: Mapping[str, Sequence[Tensor]], axes: Mapping[str, Sequence[str]]
    ) -> None:
        """Write one shard and enter it; raises `BadInput` when a shard made anew is not what it was."""
        written = write_shard(self.folder / f"shard-{portion.number:05d}.safetensors", pieces)
        record = {
            "number": portion.number,
            **written,
            "rows": portion.n_rows,
            "first_document": portion.passes[0].first,
            "documents": portion.n_documents,
            "corpus": portion.digest,
        }
        before = self.records.get(portion.number)
        if before is not None and before["sha256"] != record["sha256"]:
            raise BadInput(
                f"{record['file']} was missing and came out otherwise this time, as on another machine or "
                "version: harvest to a new folder."
            )
        self.records[portion.number] = record
        self.manifest["shards"] = [self.records[number] for number in sorted(self.records)]
        self.manifest["sites"] = {
            site: {"axes": list(words), "shape": list(pieces[site][0].shape[1:])}
            for site, words in axes.items()
        }
        write_manifest(self.folder, self.manifest)

    def close(self, last: Portion) -> None:
        """Enter that the corpus ends with this shard; raises `BadInput` when the one harvested did not."""
        ended = self.manifest.get("corpus", last.digest) == last.digest
        if not ended or max(self.records) > last.number:
            self._refuse(last)
        if not self.manifest["complete"]:
            records = self.manifest["shards"]
            self.manifest |= {
                "complete": True,
                "corpus": last.digest,
                "rows": sum(record["rows"] for record in records),
                "documents": last.passes[-1].first + len(last.passes[-1].documents),
            }
            write_manifest(self.folder, self.manifest)


def _short(value: Any) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return shown if len(shown) < 60 else f"{shown[:57]}..."
