"""What does the folder of a trained model hold, and whose run is it?"""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import xarray as xr
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from neuronscope.learned.keeping import into_place, without_bar
from neuronscope.learned.loop import CHECKPOINT, LOG
from neuronscope.results import label
from neuronscope.words import BadInput

RUN = "run.json"
METRICS = "metrics.nc"
CONFIG = "config.json"


def claim(folder: Path, settings: Mapping[str, Any]) -> None:
    """Make the folder that of a run with these settings, or find that it is so already.

    Raises `BadInput` where it holds a run with other settings, naming the first that differs, or other files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"The folder {str(folder)!r} cannot be made: {error.strerror}.") from error
    file = folder / RUN
    if not file.exists():
        if any(held.name != f"{RUN}.partial" for held in folder.iterdir()):
            raise BadInput(f"The folder {str(folder)!r} holds other files: give an empty or a new one.")
        _write_json(file, settings)
        return
    before = json.loads(file.read_text(encoding="utf-8"))
    now = json.loads(json.dumps(dict(settings)))
    for name in (*now, *before):
        if before.get(name) != now.get(name):
            raise BadInput(
                f"The folder {str(folder)!r} holds a run with {name}={before.get(name)!r}, not "
                f"{now.get(name)!r}: give another folder, or the same settings to go on."
            )


def write_words(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write tokenizer and then configuration, so that steps open while the model still learns."""
    with TemporaryDirectory(dir=folder, prefix=".saving-") as partly:
        tokenizer.save_pretrained(partly)
        model.config.architectures = [type(model).__name__]
        model.config.save_pretrained(partly)
        config = json.loads((Path(partly) / CONFIG).read_text(encoding="utf-8"))
        _write_json(Path(partly) / CONFIG, {**config, "use_cache": True, "dtype": "float32"})
        for file in sorted(Path(partly).iterdir(), key=lambda file: file.name == CONFIG):
            into_place(file, folder / file.name)


def write_model(model: PreTrainedModel, folder: Path) -> None:
    """Write the weights as `model.safetensors`, whole at every moment."""
    with TemporaryDirectory(dir=folder, prefix=".saving-") as partly, without_bar():
        model.save_pretrained(partly)
        for file in Path(partly).glob("*.safetensors*"):
            into_place(file, folder / file.name)


def measured(folder: Path) -> xr.Dataset:
    """Return what was measured while the model learned, from the log of its run.

    `validation_loss` over step comes first, in nats a token, then `train_loss` and `accuracy` of the next
    token on the validation part, their intervals over step and bound, and a `sample` of text for each step.
    """
    lines = map(json.loads, (folder / LOG).read_text(encoding="utf-8").splitlines())
    rows = [line for line in lines if "validation_loss" in line]
    nats = {"units": "nats per token"}

    def interval(name: str) -> list[list[float]]:
        return [[row[f"{name}_low"], row[f"{name}_high"]] for row in rows]

    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    return label(
        {"step": column("step"), "bound": ["low", "high"]},
        validation_loss=(
            "step",
            column("validation_loss"),
            {**nats, "long_name": "loss on the validation part"},
        ),
        train_loss=("step", column("train_loss"), {**nats, "long_name": "loss on the training part"}),
        accuracy=("step", column("accuracy"), {"long_name": "share of next tokens that were expected most"}),
        validation_loss_interval=("step bound", interval("validation_loss"), nats),
        accuracy_interval=("step bound", interval("accuracy")),
        sample=("step", column("sample"), {"long_name": "text that the model writes"}),
    )


def card(folder: Path, *, title: str, summary: str, command: str, seed: int, n_tokens: int) -> dict[str, Any]:
    """Return the card of a trained model: how it learned, and its accuracy at the end; and write it."""
    saved = torch.load(folder / CHECKPOINT, weights_only=True, map_location="cpu")
    last = measured(folder).isel(step=-1)
    low, high = last.accuracy_interval.values.tolist()
    facts = {
        "title": title,
        "summary": summary,
        "training": {
            "command": command,
            "steps": saved["step"],
            "seed": seed,
            "seconds": round(saved["seconds"], 1),
            "tokens": saved["n_tokens"],
            "threads": torch.get_num_threads(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "processor": platform.processor() or platform.machine(),
        },
        "accuracy": {"next token": {"value": float(last.accuracy), "low": low, "high": high, "n": n_tokens}},
        "validation_loss": float(last.validation_loss),
        "scoring": "most expected next token on windows of the validation part; 95 % bootstrap over windows",
    }
    _write_json(folder / "card.json", facts)
    return facts


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, path)
