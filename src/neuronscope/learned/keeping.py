"""What does a training run leave in its folder, and how is it whole whenever the run is killed?"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import logging

from neuronscope.models.series import step_file

WHOLE = "1000GB"  # a step is one file, whatever its size


def save_atomically(value: object, path: Path) -> None:
    """Write a value with torch so that the file is whole at every moment."""
    partial = path.with_name(path.name + ".partial")
    torch.save(value, partial)
    os.replace(partial, path)


def into_place(written: Path, path: Path) -> None:
    """Give a file that is whole its place, to be read by everybody as other files are."""
    written.chmod(0o644)
    os.replace(written, path)


def stored_weights(model: nn.Module, *, half: bool = False) -> dict[str, Tensor]:
    """Return the weights as a file holds them: tied tensors once, in float16 where asked.

    Which of the tied tensors is left out is what the model's class says, as Hugging Face writes its files.
    """
    tied = getattr(model, "all_tied_weights_keys", None) or {}
    weights = {name: weight.detach().cpu() for name, weight in model.state_dict().items() if name not in tied}
    return {
        name: (weight.half() if half and weight.is_floating_point() else weight).contiguous()
        for name, weight in weights.items()
    }


def write_step(model: nn.Module, folder: Path, step: int, *, half: bool = False) -> Path:
    """Write the weights of a step into `steps/` and return the file, which is whole at every moment."""
    path = step_file(folder, step)
    path.parent.mkdir(exist_ok=True)
    weights = stored_weights(model, half=half)
    if not isinstance(model, PreTrainedModel):
        partial = path.with_name(path.name + ".partial")
        save_file(weights, partial, metadata={"format": "pt"})
        into_place(partial, path)
        return path
    # Some families store other tensors than they run, and only their own way of saving knows which.
    with TemporaryDirectory(dir=folder, prefix=".saving-") as partly, without_bar():
        model.save_pretrained(partly, state_dict=weights, max_shard_size=WHOLE)
        into_place(Path(partly) / "model.safetensors", path)
    return path


@contextmanager
def without_bar() -> Iterator[None]:
    """Let transformers draw no bars of its own inside."""
    was = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was:
            logging.enable_progress_bar()


def keep_log_up_to(path: Path, step: int) -> None:
    """Drop the lines of steps that will be taken again, at step 0 all of them, and a line torn by a kill."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            there = json.loads(line)["step"]
        except ValueError:
            continue
        if step and there <= step:
            kept.append(line + "\n")
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(kept), encoding="utf-8")
    into_place(partial, path)
