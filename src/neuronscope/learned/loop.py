"""How is a model trained so that a killed run resumes exactly? Its steps depend on seed and step alone."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neuronscope.learned.keeping import keep_log_up_to, save_atomically, write_step
from neuronscope.learned.schedule import Schedule, log_spaced
from neuronscope.results import track

__all__ = ["CHECKPOINT", "LOG", "Run", "Schedule", "log_spaced", "next_token_loss", "train"]

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
Tell = Callable[[str], None]


def next_token_nats(logits: Tensor, tokens: Tensor) -> Tensor:
    """Return the mean loss of predicting every token from those before it, in nats."""
    return nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), tokens[:, 1:].flatten())


def next_token_loss(model: nn.Module, batch: np.ndarray | Tensor) -> Tensor:
    """Return the mean next-token loss in nats of a language model on token ids (row, position)."""
    tokens = torch.as_tensor(batch).to(next(model.parameters()).device)
    return next_token_nats(model(input_ids=tokens).logits, tokens)


def size_of(batch: Any) -> int:
    """Return how many entries a batch has, or the first part of it where it has parts."""
    first = next(iter(batch.values())) if isinstance(batch, dict) else batch
    first = first[0] if isinstance(first, tuple | list) else first
    return int(first.numel() if isinstance(first, Tensor) else np.size(first))


def decayed_matrices(model: nn.Module) -> list[dict[str, Any]]:
    """Return the parameters in two groups: matrices, which decay as the schedule says, and others."""
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim >= 2]},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is trained: a model, its batches as a function of the step, and what is measured on the way.

    `make_model` is called under the seed; `batch` depends on nothing but the step; `loss` is the mean loss of
    a batch. `keep` are the steps whose weights stay in `steps/`, where step 0 is before any training.
    `groups` are the optimiser's parameter groups: one may state its own `weight_decay`, and a `rate_scale`
    that multiplies the learning rate. `constrain` changes weights in place after each step.
    """

    seed: int
    make_model: Callable[[], nn.Module]
    batch: Callable[[int], Any]
    loss: Callable[[Any, Any], Tensor] = next_token_loss
    measure: Callable[[Any], dict[str, Any]] = lambda _: {}
    keep: frozenset[int] = frozenset()
    half: bool = False
    """Whether the kept weights are rounded to float16."""
    n_tokens: Callable[[Any], int] = size_of
    groups: Callable[[nn.Module], list[dict[str, Any]]] = decayed_matrices
    constrain: Callable[[nn.Module], None] | None = None


@dataclass
class _State:
    """How far a run is, beyond its weights."""

    model: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    n_tokens: int = 0
    losses: list[float] = field(default_factory=list)
    """Of the steps since the last line of the log."""

    def save(self, path: Path) -> None:
        """Write everything to a file that is whole at every moment."""
        weights = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        counts = {"step": self.step, "seconds": self.seconds, "n_tokens": self.n_tokens}
        save_atomically({**weights, **counts, "losses": self.losses}, path)

    def load(self, path: Path) -> None:
        """Take everything from a file."""
        saved = torch.load(path, weights_only=True, map_location=next(self.model.parameters()).device)
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step, self.seconds, self.n_tokens = saved["step"], saved["seconds"], saved["n_tokens"]
        self.losses = list(saved.get("losses", []))


@contextmanager
def _exactly(seed: int) -> Iterator[None]:
    """Draw from the seed and use exact algorithms inside, and leave torch as it was."""
    was, warned = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    with torch.random.fork_rng():
        torch.use_deterministic_algorithms(True)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(was, warn_only=warned)


def train(
    run: Run,
    schedule: Schedule,
    folder: Path,
    *,
    save_every: int = 250,
    measure_every: int = 500,
    log_every: int = 50,
    stop_after: int | None = None,
    device: str | torch.device = "cpu",
    tell: Tell = print,
) -> Any:
    """Return the model after the last step, going on from the folder's checkpoint where there is one.

    The folder gets `checkpoint.pt` (model, optimiser, step, seconds), `log.jsonl` (one line every `log_every`
    steps: the mean loss since the last line, and what is measured every `measure_every` steps, at each kept
    step and at the end) and `steps/`, the weights of the steps to keep. `stop_after` ends the run early,
    after a checkpoint at that step. With the same seed, thread count and kind of processor the weights are
    the same bit for bit, however often the run was stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _exactly(run.seed):
        model = run.make_model().to(device).train()
        options = {"lr": schedule.learning_rate, "betas": schedule.betas, "fused": True}
        optimiser = torch.optim.AdamW(run.groups(model), weight_decay=schedule.weight_decay, **options)
        state = _State(model, optimiser)
        if (folder / CHECKPOINT).exists():
            state.load(folder / CHECKPOINT)
            tell(f"resumes at step {state.step}")
        last = min(schedule.steps, stop_after or schedule.steps)
        keep_log_up_to(folder / LOG, state.step)
        if state.step == 0 and 0 in run.keep:
            _write_line(state, run, folder, {"step": 0, "seconds": 0.0}, measured=True)
            write_step(model, folder, 0, half=run.half)
        begun, before, first = time.monotonic(), state.seconds, state.step
        for step in track(range(first, last), "training steps"):
            _step(state, run, schedule, step)
            done, kept = state.step, state.step in run.keep
            state.seconds = before + time.monotonic() - begun
            if kept:
                write_step(model, folder, done, half=run.half)
            measured = done % measure_every == 0 or done == last or kept
            if measured or done % log_every == 0:
                line = {"step": done, "loss": round(float(np.mean(state.losses)), 4)}
                line["seconds"] = round(state.seconds, 1)
                state.losses = []
                _write_line(state, run, folder, line, measured=measured)
                tell(_progress(line, first, last, time.monotonic() - begun))
            if done % save_every == 0 or done == last:
                state.save(folder / CHECKPOINT)
        return model.eval()


def _step(state: _State, run: Run, schedule: Schedule, step: int) -> None:
    """Take one step: draw a batch, follow the gradient."""
    model, optimiser = state.model, state.optimiser
    torch.manual_seed(run.seed * 1_000_003 + step)
    for group in optimiser.param_groups:
        group["lr"] = schedule.rate(step) * group.get("rate_scale", 1.0)
    batch = run.batch(step)
    place = next(model.parameters()).device.type
    with torch.autocast(place, torch.bfloat16, enabled=schedule.bfloat16):
        loss = run.loss(model, batch)
    loss.backward()
    if schedule.clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    if run.constrain is not None:
        with torch.no_grad():
            run.constrain(model)
    state.losses.append(float(loss.detach()))
    state.n_tokens += run.n_tokens(batch)
    state.step = step + 1


def _write_line(state: _State, run: Run, folder: Path, line: dict[str, Any], *, measured: bool) -> None:
    """Add a line to the log, with what is measured where that is due."""
    if measured:
        line |= run.measure(state.model.eval())
        state.model.train()
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def _progress(line: dict[str, Any], first: int, last: int, elapsed: float) -> str:
    left = elapsed / (line["step"] - first) * (last - line["step"])
    text = f"step {line['step']}/{last}  loss {line['loss']:.3f}  {left / 60:.0f} min left"
    if isinstance(line.get("accuracy"), dict):
        text += "\n  " + "  ".join(f"{name} {value:.2f}" for name, value in line["accuracy"].items())
    return text
