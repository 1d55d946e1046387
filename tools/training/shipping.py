"""Writes the folders of models of images and stimuli: configuration, weights, estimates for the card."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from neuronscope.learned.loop import CHECKPOINT
from neuronscope.maths.resampling import bootstrap_interval, wilson_interval

from .known import surroundings, write_weights

_SURROUNDINGS = ("_name_or_path", "transformers_version")


def ship(model: PreTrainedModel, out: Path, folder: Path, tokenizer: Any = None) -> None:
    """Write what was trained in `out` to a model's folder, in single precision."""
    model.load_state_dict(torch.load(out / CHECKPOINT, weights_only=True)["model"])
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads(model.config.to_json_string())
    config |= {"architectures": [type(model).__name__], "dtype": "float32"}
    for said in _SURROUNDINGS:
        config.pop(said, None)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    write_weights(model, folder / "model.safetensors", half=False)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)


def trained(out: Path, *, name: str, seed: int, seen: str) -> dict[str, Any]:
    """Return how the model in a training folder came about; `seen` says what the loop counted."""
    saved = torch.load(out / CHECKPOINT, weights_only=True)
    return {
        "command": f"python tools/train_builtin.py {name} --out FOLDER --export",
        "seed": seed,
        "steps": saved["step"],
        seen: saved["n_tokens"],
        "seconds": round(saved["seconds"]),
        **surroundings(),
    }


def shape(model: PreTrainedModel, folder: Path, **sizes: int) -> dict[str, Any]:
    """Return class and sizes of a network for its card, with the digest of its weights in the folder."""
    return {
        "class": type(model).__name__,
        **sizes,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "weights": "float32 safetensors; every number here was measured on them",
        "sha256": sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
    }


def share(right: np.ndarray) -> dict[str, Any]:
    """Return the share of right answers with its 95 % Wilson interval."""
    low, high = wilson_interval(int(right.sum()), len(right))
    return _estimate(float(right.mean()), float(low), float(high), len(right))


def average(values: np.ndarray) -> dict[str, Any]:
    """Return the mean of some values, one a trial, with its 95 % bootstrap interval."""
    low, high = bootstrap_interval(values)
    return _estimate(float(values.mean()), float(low), float(high), len(values))


def _estimate(value: float, low: float, high: float, n: int) -> dict[str, Any]:
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "n": n}
