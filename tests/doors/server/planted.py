"""Analyses for the tests of the server: quick, slow, failing, of a model, of a result. None ships."""

import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import xarray as xr
from pydantic import Field
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from neuronscope.contract import Definition, Result, analysis
from neuronscope.data.tasks import Task
from neuronscope.models import Model
from neuronscope.models.checkpoints import Checkpoints
from neuronscope.results import label, offer, track, workplace

Steps = Annotated[int, Field(ge=1, le=100_000, description="How many steps.")]
Pause = Annotated[float, Field(ge=0, description="Seconds a step takes.")]
Factor = Annotated[float, Field(description="What is multiplied by.")]

gate = threading.Event()
"""Open it and every ``held`` analysis that runs goes on."""


@analysis(kind="profile")
def squares(steps: Steps = 4) -> xr.Dataset:
    """Square the first numbers.

    Returns ``square`` over step, in no unit.
    """
    return label({"step": range(steps)}, square=("step", np.arange(steps, dtype=float) ** 2))


@analysis(kind="profile")
def strange(steps: Steps = 4) -> xr.Dataset:
    """Return numbers that JSON cannot write, and a table over two axes."""
    values = np.arange(steps, dtype=float)
    values[:2] = np.nan, np.inf
    return label(
        {"step": range(steps)},
        odd=("step", values, {"units": "nats", "long_name": "oddness"}),
        table=("step head", np.arange(2.0 * steps).reshape(steps, 2)),
    )


@analysis(kind="profile")
def big(steps: Steps = 2000) -> xr.Dataset:
    """Return more numbers than one reply carries."""
    return label({}, small=("step", np.zeros(steps)), wide=("step neuron", np.zeros((steps, 1000))))


@analysis(kind="profile")
def slow(steps: Steps = 50, pause: Pause = 0.02) -> xr.Dataset:
    """Take a while, step by step."""
    for _ in track(range(steps), "steps"):
        time.sleep(pause)
    return label({}, square=("step", np.arange(steps, dtype=float) ** 2))


@analysis(kind="profile")
def held(steps: Steps = 3) -> xr.Dataset:
    """Wait at each step until the gate is open."""
    for _ in track(range(steps), "steps"):
        gate.wait(20)
    return label({}, square=("step", np.arange(steps, dtype=float) ** 2))


@analysis(kind="grid")
def filling(rows: Steps = 3, model: Model | None = None) -> xr.Dataset:
    """Fill a map row by row, show each row as it comes, and wait for the gate after the first."""
    effect = np.full((rows, 4), np.nan)
    for row in track(range(rows), "rows"):
        effect[row] = row + np.arange(4) / 4
        offer(lambda: label({"layer": range(rows)}, effect=("layer position", effect)))
        gate.wait(20)
    return label({"layer": range(rows)}, effect=("layer position", effect))


@analysis(kind="profile")
def deaf(steps: Steps = 1) -> xr.Dataset:
    """Wait for the gate without a word of progress, so that nothing can cancel it."""
    gate.wait(20)
    return label({}, square=("step", np.arange(steps, dtype=float)))


@analysis(kind="profile")
def resuming(steps: Steps = 100, pause: Pause = 0.02) -> xr.Dataset:
    """Count up slowly, note each step down, and tell at which step this run began."""
    folder = workplace()
    assert folder is not None
    folder.mkdir(parents=True, exist_ok=True)
    began = len(list(folder.iterdir()))
    for step in track(range(began, steps), "steps"):
        (folder / str(step)).touch()
        time.sleep(pause)
    return label({}, began=("step", np.full(steps, float(began))))


@analysis(kind="grid")
def noise(steps: Steps = 400) -> xr.Dataset:
    """Return numbers that no disk can press together."""
    values = np.random.default_rng(0).normal(size=(steps, 1000))
    return label({}, noise=("neuron feature", values))


@analysis(kind="profile")
def failing(steps: Steps = 1) -> xr.Dataset:
    """Break down with a fault of its own."""
    raise RuntimeError(f"a secret path and {steps} numbers")


@analysis(kind="profile")
def leaving(steps: Steps = 1) -> xr.Dataset:
    """Try to end the whole process."""
    sys.exit(steps)


@analysis(kind="profile")
def widths(model: Model, steps: Steps = 2) -> xr.Dataset:
    """Tell the width of a model a few times."""
    for _ in track(range(steps), "steps"):
        gate.wait(20)
    return label({}, width_of_model=("step", np.full(steps, float(model.width))))


@analysis(kind="profile")
def halves(parent: Result, factor: Factor = 0.5) -> xr.Dataset:
    """Multiply the squares of another result."""
    return label({}, half=("step", parent["square"].values * factor))


@analysis(kind="profile")
def named(steps: Steps = 4, task: Task | None = None) -> xr.Dataset:
    """Measure how long the name of a task is, or of none."""
    length = len(task.name) if task is not None else 0
    return label({}, letters=("step", np.full(steps, float(length))))


@analysis(kind="profile")
def widths_by_step(checkpoints: Checkpoints) -> xr.Dataset:
    """Tell the width of the model at each step of its training."""
    opened = [(step, model.width, str(model.dtype)) for step, model in checkpoints]
    steps, widths, dtypes = zip(*opened, strict=True)
    return label({"step": list(steps)}, width_of_model=("step", list(widths))).assign_attrs(dtypes=dtypes)


PLANTED: dict[str, Definition] = {
    function.__name__: vars(function)["definition"]
    for function in (
        squares,
        strange,
        big,
        slow,
        held,
        filling,
        deaf,
        resuming,
        noise,
        failing,
        leaving,
        widths,
        halves,
        named,
        widths_by_step,
    )
}


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Make a tokenizer whose tokens are single bytes, so that any text is a prompt."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def write_model(folder: Path, *, width: int = 16, seed: int = 0) -> Path:
    """Write a tiny random GPT-2 with its tokenizer into a folder."""
    torch.manual_seed(seed)
    config = GPT2Config(
        n_embd=width,
        n_layer=2,
        n_head=2,
        n_inner=24,
        n_positions=200,
        vocab_size=256,
        bos_token_id=0,
        eos_token_id=0,
    )
    network = GPT2LMHeadModel(config)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)
    network.save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder
