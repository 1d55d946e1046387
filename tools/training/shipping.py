"""Writes the folders of models of images and stimuli: configuration, weights, estimates for the card."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from neuronscope.learned.loop import CHECKPOINT
from neuronscope.maths.resampling import bootstrap_interval

from .known import surroundings, write_network


def ship(model: PreTrainedModel, out: Path, folder: Path, tokenizer: Any = None) -> None:
    """Write what was trained in `out` to a model's folder, in single precision."""
    model.load_state_dict(torch.load(out / CHECKPOINT, weights_only=True)["model"])
    write_network(model, folder, tokenizer, half=False)


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


def average(values: np.ndarray) -> dict[str, Any]:
    """Return the mean of some values, one a trial, with its 95 % bootstrap interval."""
    low, high = bootstrap_interval(values)
    ends = {"low": round(float(low), 4), "high": round(float(high), 4)}
    return {"value": round(float(values.mean()), 4), **ends, "n": len(values)}
