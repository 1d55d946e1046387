"""What comes back when a corrupted run gets one state of the clean run again? Causal tracing by cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.draws import drawn_noise
from neuronscope.instruments.metrics import LastMetric, last_logits, measured
from neuronscope.instruments.ops import Op, put
from neuronscope.instruments.run import Run, run
from neuronscope.instruments.sweep import sweep
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.results import track
from neuronscope.words import BadInput

_SITES = {"mlp": "mlp_add", "attention": "attn_add"}
_ROWS_PER_PASS = 64


@dataclass(frozen=True)
class Tracing:
    """How to corrupt, what to restore in windows of how many layers, and what to cut off.

    ``scale`` is the standard deviation of the noise itself; 0 says that the corrupt prompts are used.
    """

    restored: str
    window: int = 1
    severed: str = "none"
    scale: float = 0.0
    n_samples: int = 1
    seed: int = 0

    def windows(self, n_layers: int) -> list[range]:
        """Return the layers that are restored together, window by window, or the single depths."""
        if self.restored == "residual":
            return [range(depth, depth) for depth in range(n_layers + 1)]
        half = self.window // 2
        return [range(max(0, at - half), min(n_layers, at - half + self.window)) for at in range(n_layers)]

    def sites(self, n_layers: int) -> list[str]:
        """Return what has to be read of both runs."""
        names = {_SITES[part] for part in (self.restored, self.severed) if part in _SITES}
        return ["resid_pre.*", f"resid_post.{n_layers - 1}", *(f"{name}.*" for name in sorted(names))]


@dataclass(frozen=True, eq=False)
class Traced:
    """The metric of each prompt clean, corrupted, and with each window of layers restored at each place."""

    clean: Float[Tensor, " prompt"]
    corrupted: Float[Tensor, " prompt"]
    restored: Float[Tensor, "layer position prompt"]


def traced(
    model: Model,
    pairs: PromptPairs,
    places: Sequence[Sequence[int]],
    subjects: Sequence[range],
    score: str | LastMetric,
    tracing: Tracing,
) -> Traced:
    """Return what the metric comes back to when states of the clean run are restored in the corrupted one.

    ``places`` are positions, one of each prompt; ``subjects`` the tokens whose embeddings get noise. Noise is
    drawn once for each prompt and sample, the same for all that is restored; a prompt's values are the means
    of its samples. Raises `BadInput` as `run` does.
    """
    found = []
    size = max(1, _ROWS_PER_PASS // tracing.n_samples)
    for first in track(range(0, len(pairs), size), "batches of prompts"):
        chunk = slice(first, first + size)
        here = [place[chunk] for place in places]
        found.append(_chunk(model, pairs[chunk], here, subjects[chunk], score, tracing, first))
    return Traced(
        *(torch.cat([getattr(one, name) for one in found], -1) for name in ("clean", "corrupted", "restored"))
    )


def _chunk(
    model: Model,
    pairs: PromptPairs,
    places: Sequence[Sequence[int]],
    subjects: Sequence[range],
    score: str | LastMetric,
    tracing: Tracing,
    first: int,
) -> Traced:
    samples, sites = tracing.n_samples, tracing.sites(model.n_layers)
    rows = [number for number in range(len(pairs)) for _ in range(samples)]
    metric = _scored(pairs, rows, score)
    spans = {f"place_{at}": [(place[row], place[row] + 1) for row in rows] for at, place in enumerate(places)}
    batch = prepare(model, [pairs.clean[row] for row in rows], spans=spans)
    if tracing.scale:
        clean = run(model, batch, get=["embed", *sites])
        noisy = _noisy(clean, [subjects[row] for row in rows], tracing, first)
        corrupted = run(model, batch, get=sites, do=noisy)
        base = batch
    else:
        base = prepare(model, [pairs.corrupt[row] for row in rows], spans=spans)
        clean, corrupted = run(model, batch, get=sites), run(model, base, get=sites)
    cells = [
        _cell(model, clean, corrupted, layers, depth, f"place_{at}", tracing)
        for depth, layers in enumerate(tracing.windows(model.n_layers))
        for at in range(len(places))
    ]
    swept = sweep(model, base, cells, metric).values

    def by_prompt(values: Tensor) -> Tensor:
        return values.double().cpu().unflatten(-1, (len(pairs), samples)).mean(-1)

    right, wrong = (measured(metric, last_logits(one.logits, one.batch, 1)) for one in (clean, corrupted))
    return Traced(by_prompt(right), by_prompt(wrong), by_prompt(swept).unflatten(0, (-1, len(places))))


def _cell(
    model: Model, clean: Run, corrupted: Run, layers: range, depth: int, place: str, tracing: Tracing
) -> list[Op]:
    """Return the changes that make a run the corrupted one with the clean states restored at one place."""
    begin = layers.start if layers else depth
    stream = f"resid_pre.{begin}" if begin < model.n_layers else f"resid_post.{model.n_layers - 1}"
    ops = [put(stream, corrupted)] if tracing.scale else []
    if tracing.restored == "residual":
        ops.append(put(f"{stream}@{place}", clean))
    else:
        name = _SITES[tracing.restored]
        ops += [put(f"{name}.{layer}@{place}", clean) for layer in layers]
    if tracing.severed in _SITES:
        name, own = _SITES[tracing.severed], tracing.severed == tracing.restored
        later = [layer for layer in range(begin, model.n_layers) if not (own and layer in layers)]
        ops += [put(f"{name}.{layer}@{place}", corrupted) for layer in later]
    return ops


def _noisy(clean: Run, subjects: Sequence[range], tracing: Tracing, first: int) -> Op:
    """Return the change that adds noise to the subjects' embeddings; prompt and sample fix what is drawn."""
    embed = clean["embed"].nan_to_num().clone()
    for row, subject in enumerate(subjects):
        number = first * tracing.n_samples + row
        start = clean.batch.starts[row] + subject.start
        here = embed[row : row + 1, start : start + len(subject)]
        here += tracing.scale * drawn_noise(here, 1, tracing.seed, [number], subject)
    return Op("put", Site("embed"), embed, places=clean.places(Site("embed")))


def embedding_spread(model: Model, pairs: PromptPairs, subjects: Sequence[range]) -> float:
    """Return the standard deviation of all entries of the subjects' token embeddings (Meng et al. 2022)."""
    seen = run(model, list(pairs.clean), get="embed", stop=True).each("embed")
    parts = [row[subject.start : subject.stop] for row, subject in zip(seen, subjects, strict=True)]
    return float(torch.cat(parts).double().std())


def subjects_of(model: Model, pairs: PromptPairs, subject: str) -> list[range]:
    """Return the tokens of the subject of each prompt.

    Left empty, those in which prompt and twin differ, from the first to the last. Otherwise a span that every
    prompt has, or words that stand in every prompt. Raises `BadInput` where there is neither.
    """
    if not subject and not pairs.corrupt:
        raise BadInput("The subject is not named and no corrupt prompt tells it: give subject, or corrupt.")
    if not subject:
        differ = [
            (one != other).nonzero().flatten() for one, other in zip(pairs.clean, pairs.corrupt, strict=True)
        ]
        return [range(int(where[0]), int(where[-1]) + 1) for where in differ]
    if subject in pairs.shared_spans:
        return [spans[subject] for spans in pairs.spans]
    return [_found(model, text, subject, pairs) for text in pairs.texts]


def _found(model: Model, text: str, subject: str, pairs: PromptPairs) -> range:
    start = text.find(subject)
    if start < 0:
        known = ", ".join(pairs.shared_spans)
        raise BadInput(
            f"{subject!r} does not stand in the prompt {text!r} and is no span of it; the spans are {known}."
        )
    if not getattr(model.tokenizer, "is_fast", False):
        raise BadInput(
            f"The tokenizer of {model.name} does not tell where tokens stand: give corrupt instead."
        )
    places = model.tokenizer(text, add_special_tokens=True, return_offsets_mapping=True)["offset_mapping"]
    inside = [at for at, (a, b) in enumerate(places) if a < start + len(subject) and b > start]
    return range(inside[0], inside[-1] + 1)


def _scored(pairs: PromptPairs, rows: Sequence[int], score: str | LastMetric) -> LastMetric:
    """Return the metric of the rows that hold samples of these prompts."""
    if callable(score):
        return score
    index = torch.tensor(rows, device=pairs.target.device)
    repeated = replace(pairs, target=pairs.target[index], distractor=pairs.distractor[index])
    if score != "probability":
        return repeated.metric(score)
    log_probability = repeated.metric("log_probability")
    return lambda logits: log_probability(logits).exp()
