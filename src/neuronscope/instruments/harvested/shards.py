"""How do activations lie on disk? Shards of safetensors, and a manifest that is never half written."""

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from neuronscope.results.files import reason
from neuronscope.words import BadInput

MANIFEST = "manifest.json"
DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
_CODES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
}


def write_shard(path: Path, pieces: Mapping[str, Sequence[Tensor]]) -> dict[str, Any]:
    """Write tensors, each in pieces along its first axis, as one safetensors file, whole or not at all.

    No piece is copied on the way. Returns the file's name, size in bytes and sha256. Raises `BadInput` with
    the system's reason where the file cannot be written, such as a full disk.
    """
    digest, size = hashlib.sha256(), 0
    with _put_in_place(path) as file:
        for chunk in _chunks(pieces):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return {"file": path.name, "bytes": size, "sha256": digest.hexdigest()}


def _chunks(pieces: Mapping[str, Sequence[Tensor]]) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a safetensors file; wide numbers come first, so that all are aligned."""
    names = sorted(pieces, key=lambda name: (-pieces[name][0].element_size(), name))
    header, end = {}, 0
    for name in names:
        first, begin = pieces[name][0], end
        end += sum(piece.numel() * piece.element_size() for piece in pieces[name])
        shape = [sum(len(piece) for piece in pieces[name]), *first.shape[1:]]
        header[name] = {"dtype": _CODES[first.dtype], "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name in names:
        for piece in pieces[name]:
            yield piece.contiguous().flatten().view(torch.uint8).numpy().data


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a harvest, whole or not at all; raises `BadInput` where it cannot be written."""
    with _put_in_place(folder / MANIFEST) as file:
        file.write(json.dumps(manifest, indent=1).encode())


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder, or None where there is none; raises `BadInput` for a damaged one."""
    try:
        return json.loads((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise BadInput(f"The manifest of the harvest in {str(folder)!r} cannot be read: {error}.") from error


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def unfinished(name: str) -> bool:
    """Return whether a file name is that of a file which a killed harvest left half written."""
    return name.startswith(".") and name.endswith(".part")


@contextmanager
def _put_in_place(path: Path) -> Iterator[BinaryIO]:
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise BadInput(
            f"Cannot write {path.name} to {str(path.parent)!r}: {reason(error)}; what is whole is kept, so "
            "make room and harvest again."
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Wait until the new name is on the disk, where the system lets a folder be opened for that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
