"""How is a tuned lens learned? On text of a corpus each translator is taught what the last depth will say."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.data.corpora import Corpus, open_corpus, split
from neuronscope.data.packing import joined
from neuronscope.instruments.run import run
from neuronscope.learned.folder import METRICS, claim
from neuronscope.learned.language import Reading
from neuronscope.learned.lens_file import save_lens
from neuronscope.learned.lenses import divergence, log_probabilities, new_translators, parts, readings
from neuronscope.learned.loop import LOG, Run, train
from neuronscope.learned.schedule import Schedule
from neuronscope.maths.resampling import mean_interval
from neuronscope.models import Model
from neuronscope.results import label, log, save, stamp
from neuronscope.words import BadInput

MOST_WINDOWS = 32  # that the held-out divergence is measured on
_LEAST_HELD, _LEAST_ROWS = 2**20, 256  # of one part: what stays in a cache, and what an unembedding is worth


@dataclass(frozen=True, kw_only=True)
class LensChoice:
    """How a tuned lens learns; the fields are the parameters of the maker."""

    context: int = 128
    rows: int = 8
    steps: int = 250
    learning_rate: float = 4e-3
    validation_share: float = 0.1
    seed: int = 0


def learn_lens(model: Model, corpus: Corpus | None, choice: LensChoice, out: Path) -> Path:
    """Teach the translators in the folder, going on where a killed run stopped, and return it as a lens.

    Raises `BadInput` for a model that reads no text, too short a corpus, and a folder with another run.
    """
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so it cannot read a corpus.")
    source, folder = open_corpus() if corpus is None else corpus, out.expanduser()
    choice = replace(choice, context=min(choice.context, model.n_positions))
    parted = split(source, choice.validation_share, seed=choice.seed)
    read = _reading(model, (parted[0].documents(), parted[1].documents()), choice)
    held_out = read.looked_at["validation"]
    held_out = held_out[
        np.linspace(0, len(held_out) - 1, min(MOST_WINDOWS, len(held_out))).round().astype(int)
    ]
    streams = [_stream(model, window[None]) for window in held_out]
    before = window_divergences(model, streams)
    claim(folder, {**asdict(choice), "model": model.fingerprint, "corpus": source.fingerprint})
    translators = train(
        Run(
            seed=choice.seed,
            make_model=lambda: new_translators(model.n_layers, model.width, dtype=_precision(model)),
            batch=read.batch,
            loss=_loss(model),
            measure=lambda made: _measured_now(window_divergences(model, streams, made)),
        ),
        _schedule(choice),
        folder,
        save_every=max(1, min(100, choice.steps // 10)),
        measure_every=max(1, choice.steps // 10),
        log_every=max(1, choice.steps // 10),
        device=model.device,
        tell=log.info,
    )
    found = stamp(
        _history(folder, before),
        analysis="tuned_lens",
        arguments=asdict(choice),
        models={"model": {"name": model.name, "fingerprint": model.fingerprint}},
        sources={"corpus": {"name": source.name, "fingerprint": source.fingerprint}},
        seed=choice.seed,
    )
    save(found, folder / METRICS)
    save_lens(translators, model, folder)
    return folder


def _precision(model: Model) -> torch.dtype:
    """Return the number format of the translators: that of the model, or single where that is coarser."""
    return model.dtype if model.dtype.itemsize >= 4 else torch.float32


def _schedule(choice: LensChoice) -> Schedule:
    return Schedule(
        steps=choice.steps,
        learning_rate=choice.learning_rate,
        warm_up=max(1, choice.steps // 20),
        decay=choice.steps,
        weight_decay=1e-3,
    )


def _reading(model: Model, parted: tuple[Iterable[str], Iterable[str]], choice: LensChoice) -> Reading:
    """Return the tokens of the two parts, between documents the token of their beginning or end, if any."""
    tokenizer = model.tokenizer
    boundary = next(
        (
            number
            for number in (getattr(tokenizer, f"{end}_token_id", None) for end in ("bos", "eos"))
            if isinstance(number, int) and number < model.vocab_size
        ),
        None,
    )
    streams = []
    for word, part, least in zip(
        ("training", "validation"), parted, (2 * choice.context, choice.context), strict=True
    ):
        ids = (tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"] for text in part)
        if boundary is None:
            stream = np.concatenate([np.asarray(piece, dtype=np.int64) for piece in ids])
        else:
            stream = joined(ids, boundary=boundary)
        if len(stream) < least:
            raise BadInput(
                f"The {word} part of the corpus has {len(stream)} tokens and a context of {choice.context} "
                f"needs {least}: give a longer corpus, or a shorter context."
            )
        streams.append(stream)
    own = {"context": choice.context, "rows": choice.rows, "seed": choice.seed}
    return Reading(training=streams[0], validation=streams[1], **own)


def _stream(model: Model, tokens: Tensor) -> Float[Tensor, "depth row width"]:
    """Return the residual stream of windows, their tokens one after the other."""
    seen = run(model, tokens, get=["resid_pre.0", "resid_post.*"], stop=True)
    return torch.cat([seen["resid_pre.0"][None], seen["resid_post.*"]]).flatten(1, 2)


def _loss(model: Model) -> Callable[[Any, Any], Tensor]:
    """Return the loss: the mean over depths and tokens of KL(final‖lens), in nats."""

    def loss(translators: Any, batch: np.ndarray) -> Tensor:
        stream = _stream(model, torch.as_tensor(batch))
        precise = stream[:-1].to(next(translators.parameters()).dtype)
        moved = [here + move(here) for here, move in zip(precise, translators, strict=True)]
        found: Any = MeanDivergence.apply(torch.stack(moved), stream[-1], model)
        return found.mean()

    return loss


class MeanDivergence(torch.autograd.Function):
    """The mean over rows of KL(final‖reading) at each depth, with its gradient to the streams that are read.

    The gradient is taken part by part together with the value, so that no more than a part's logits are held.
    """

    @staticmethod
    def forward(ctx: Any, moved: Tensor, final: Tensor, model: Model) -> Tensor:
        """Return the divergences over depth of streams [depth row width], in nats."""
        n_depths, n_rows = moved.shape[:2]
        total, slope = moved.new_zeros(n_depths), torch.empty_like(moved)
        held = max(_LEAST_HELD, _LEAST_ROWS * model.vocab_size)
        for depths, rows in parts(model, n_depths, n_rows, held=held):
            said = log_probabilities(model, final[rows])
            with torch.enable_grad():
                here = moved[depths, rows].detach().requires_grad_()
                apart = divergence(log_probabilities(model, here), said).sum(-1)
                slope[depths, rows] = torch.autograd.grad(apart.sum(), here)[0] / n_rows
            total[depths] += apart.detach().to(total.dtype)
        ctx.save_for_backward(slope)
        return total / n_rows

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient to the streams."""
        (slope,) = ctx.saved_tensors
        return slope * slopes[0][:, None, None], None, None


@torch.no_grad()
def window_divergences(
    model: Model, streams: list[Tensor], translators: nn.ModuleList | None = None
) -> Float[np.ndarray, "prompt depth"]:
    """Return each window's mean KL(final‖reading) at every depth in nats, by default the logit lens's."""
    found = []
    for stream in streams:
        read = stream
        if translators is not None:
            precise = stream[:-1].to(next(iter(translators.parameters())).dtype)
            moved = [here + move(here) for here, move in zip(precise, translators, strict=True)]
            read = torch.stack([*moved, stream[-1].to(precise.dtype)])
        apart = read.new_empty(read.shape[:2])
        for part, log_p, said in readings(model, read):
            apart[part] = divergence(log_p, said).to(apart.dtype)
        found.append(apart.double().mean(1).cpu().numpy())
    return np.stack(found)


def _measured_now(windows: np.ndarray) -> dict[str, Any]:
    """Return the mean over windows at every depth and its interval, as a line of the log has it."""
    return {name: np.round(part, 7).tolist() for name, part in mean_interval(windows)._asdict().items()}


def _history(folder: Path, before: np.ndarray) -> xr.Dataset:
    """Return the held-out divergence over step and depth, beside that of the logit lens, which is step 0."""
    lines = map(json.loads, (folder / LOG).read_text(encoding="utf-8").splitlines())
    first = _measured_now(before)
    rows = [{"step": 0, **first}, *(line for line in lines if "estimate" in line)]
    nats = {"units": "nats", "n": len(before), "n_unit": "windows of held-out text"}
    ends = {name: [row[name] for row in rows] for name in ("estimate", "low", "high")}
    return label(
        {"step": [row["step"] for row in rows], "depth": range(before.shape[1])},
        divergence=(
            "step depth",
            ends["estimate"],
            {**nats, "long_name": "divergence of the final answer from the tuned lens"},
        ),
        divergence_low=("step depth", ends["low"], nats),
        divergence_high=("step depth", ends["high"], nats),
        logit_lens=(
            "depth",
            first["estimate"],
            {**nats, "long_name": "divergence of the final answer from the logit lens"},
        ),
        logit_lens_low=("depth", first["low"], nats),
        logit_lens_high=("depth", first["high"], nats),
    )
