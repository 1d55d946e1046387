"""One training loop, whose steps depend on seed and step alone, so that a killed run resumes exactly."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast a model learns: warm-up, a constant rate, a linear decay to zero at the end.

    The decay may be stretched: from `stretched_from` on it is slower, and ends `stretched_by` steps later.
    Shorter cycles may follow, each a first step and a rate that falls to zero by the next cycle or the end.
    """

    steps: int
    learning_rate: float
    warm_up: int
    decay: int
    stretched_from: int | None = None
    stretched_by: int = 0
    cycles: tuple[tuple[int, float], ...] = ()
    weight_decay: float = 0.1
    clip: float = 1.0
    bfloat16: bool = False

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        warmth = min(1.0, (step + 1) / self.warm_up)
        starts = [start for start, _ in self.cycles]
        ends = [*starts[1:], self.steps]
        for (start, rate), following in zip(self.cycles, ends, strict=False):
            if start <= step < following:
                return rate * (following - step) / (following - start)
        end = starts[0] if starts else self.steps
        planned = end - self.stretched_by
        if self.stretched_from is not None and step >= self.stretched_from:
            reached = (planned - self.stretched_from) / self.decay
            return self.learning_rate * reached * (end - step) / (end - self.stretched_from)
        return self.learning_rate * min(warmth, (planned - step) / max(1, self.decay), 1.0)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is trained: a model, its batches as a function of the step, and what is measured on the way."""

    seed: int
    make_model: Callable[[], PreTrainedModel]
    batch: Callable[[int], np.ndarray]
    measure: Callable[[PreTrainedModel], dict[str, Any]]


def next_token_loss(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of predicting every token from those before it, in nats."""
    return nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), tokens[:, 1:].flatten())


def _optimiser(model: PreTrainedModel, schedule: Schedule) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": schedule.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=(0.9, 0.98), fused=True)


def _step(
    model: PreTrainedModel, optimiser: torch.optim.AdamW, run: Run, schedule: Schedule, step: int
) -> tuple[float, int]:
    torch.manual_seed(run.seed * 1_000_003 + step)
    for group in optimiser.param_groups:
        group["lr"] = schedule.rate(step)
    tokens = torch.from_numpy(run.batch(step))
    with torch.autocast("cpu", torch.bfloat16, enabled=schedule.bfloat16):
        logits = model(input_ids=tokens).logits
    loss = next_token_loss(logits, tokens)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return float(loss.detach()), tokens.numel()


def save_atomically(value: object, path: Path) -> None:
    """Write a value with torch so that the file is whole at every moment."""
    partial = path.with_name(path.name + ".partial")
    torch.save(value, partial)
    os.replace(partial, path)


def _keep_log_up_to(path: Path, step: int) -> None:
    """Drop the lines of steps that will be taken again."""
    if path.exists():
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= step]
        path.write_text("".join(line + "\n" for line in kept))


def train(
    run: Run,
    schedule: Schedule,
    folder: Path,
    *,
    save_every: int = 250,
    measure_every: int = 500,
    stop_after: int | None = None,
    tell: Callable[[str], None] = print,
) -> PreTrainedModel:
    """Return the model after the last step, going on from the folder's checkpoint where there is one.

    The folder gets `checkpoint.pt` (model, optimiser, step, seconds) and `log.jsonl`. `stop_after` ends the
    run early, after a checkpoint at that step.
    """
    torch.use_deterministic_algorithms(True)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(run.seed)
    model = run.make_model().train()
    optimiser = _optimiser(model, schedule)
    first, seconds, n_tokens = 0, 0.0, 0
    if (folder / CHECKPOINT).exists():
        saved = torch.load(folder / CHECKPOINT, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        first, seconds, n_tokens = saved["step"], saved["seconds"], saved["n_tokens"]
        tell(f"resumes at step {first}")
    _keep_log_up_to(folder / LOG, first)
    last = min(schedule.steps, stop_after or schedule.steps)
    begun, losses = time.monotonic(), []
    for step in range(first, last):
        loss, n_read = _step(model, optimiser, run, schedule, step)
        losses.append(loss)
        n_tokens += n_read
        done = step + 1
        if done % 50 == 0 or done == last:
            elapsed = seconds + time.monotonic() - begun
            line: dict[str, Any] = {
                "step": done,
                "loss": round(float(np.mean(losses)), 4),
                "seconds": round(elapsed, 1),
            }
            losses = []
            if done % measure_every == 0 or done == last:
                line |= run.measure(model.eval())
                model.train()
            with (folder / LOG).open("a") as log:
                log.write(json.dumps(line) + "\n")
            tell(_progress(line, first, last, time.monotonic() - begun))
        if done % save_every == 0 or done == last:
            elapsed = seconds + time.monotonic() - begun
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
            save_atomically(
                {**state, "step": done, "seconds": elapsed, "n_tokens": n_tokens}, folder / CHECKPOINT
            )
    return model.eval()


def _progress(line: dict[str, Any], first: int, last: int, elapsed: float) -> str:
    left = elapsed / (line["step"] - first) * (last - line["step"])
    text = f"step {line['step']}/{last}  loss {line['loss']:.3f}  {left / 60:.0f} min left"
    if "accuracy" in line:
        text += "\n  " + "  ".join(f"{name} {value:.2f}" for name, value in line["accuracy"].items())
    return text
