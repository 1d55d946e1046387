"""Causal tracing: at which token and layer is a fact still, or again, in the model's hands?

The subject of a prompt is corrupted, so that the answer is lost. Then one state of the clean run is put back,
and what comes back of the answer is measured.
"""

from typing import Any

import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.comparing.traced import Tracing, embedding_spread, subjects_of, traced
from neuronscope.maths.ratio import ratio_interval
from neuronscope.maths.resampling import mean_interval
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import AnswerToken, BadInput, PairCorrupt, PairCount, PairPrompt, Seed
from neuronscope.words.patching import (
    Corruption,
    NoiseSamples,
    NoiseScale,
    Restored,
    Severed,
    SubjectText,
    TracingMetric,
    WindowWidth,
)


@analysis(kind="grid", cites="meng2022rome")
def causal_tracing(  # noqa: PLR0913 - what is corrupted, what restored, what cut off, what measured
    model: Model,
    prompt: PairPrompt = "",
    corrupt: PairCorrupt = "",
    *,
    task: Task | None = None,
    subject: SubjectText = "",
    corruption: Corruption = "replacement",
    restored: Restored = "residual",
    window: WindowWidth = 1,
    severed: Severed = "none",
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    metric: TracingMetric = "logit_difference",
    noise_scale: NoiseScale = 3.0,
    n_samples: NoiseSamples = 10,
    n_prompts: PairCount = 16,
    seed: Seed = 0,
) -> xr.Dataset:
    """Corrupt the subject of a prompt, restore one state at a time, and see how much of the answer returns.

    Returns ``effect``, the restored share of what the corruption took (1 is the clean run, 0 the corrupted
    one, which is ``null``), and ``indirect_effect``, by how much the metric rises, in its own units, means
    over prompts. They lie over depth for the residual stream, where depth d follows block d−1, or over the
    middle layer of the window of restored outputs; and over the positions of one prompt, or for several over
    span: the subject's first and last token, the token after, and the last of the prompt. Over several
    prompts sums are divided once, and ``effect_low`` and so on are 95 % bootstrap intervals by the prompt.
    ``total_effect`` is what the corruption took; ``answered`` the share of prompts above their corrupted run.

    ``replacement`` takes the tokens of the corrupt prompt (recommended: Zhang and Nanda 2024); ``noise``
    adds Gaussian noise to the subject's token embeddings, ``noise_scale`` standard deviations of all
    subjects' embeddings, mean of ``n_samples`` draws that are the same for every cell (Meng et al. 2022).
    Severed outputs stay as in the corrupted run at the restored token, from the restored layer on.

    Without prompts and task, the task is indirect-object. Raises `BadInput` where the subject is not found,
    the twins differ in token length, or the corruption takes nothing.
    """
    pairs = prompt_pairs(
        model,
        TASKS["indirect-object"] if task is None and not prompt else task,
        prompt=prompt,
        corrupt=corrupt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
    )
    if corruption == "replacement" and not pairs.corrupt:
        raise BadInput("A replacement needs the corrupt prompt: give corrupt, or choose corruption noise.")
    subjects = subjects_of(model, pairs, subject)
    noise = noise_scale * embedding_spread(model, pairs, subjects) if corruption == "noise" else 0.0
    samples = n_samples if noise else 1
    width = 1 if restored == "residual" else window
    tracing = Tracing(restored, width, severed, noise, samples, seed)
    axes, places, coords = _places(model, pairs, subjects)
    found = traced(model, pairs, places, subjects, metric, tracing)
    taken = (found.clean - found.corrupted).numpy()
    if abs(taken.mean()) < 1e-6:
        raise BadInput(
            f"Clean and corrupted runs both score {float(found.clean.mean()):.4g}, so nothing can be "
            "restored; choose a prompt, a subject or a distractor that the model tells apart."
        )
    back = (found.restored - found.corrupted).permute(2, 0, 1).numpy()
    part = "depth" if restored == "residual" else "layer"
    along = f"{part} {axes}"
    what = {"residual": "the stream", "mlp": "MLP outputs", "attention": "attention outputs"}[restored]
    meaning = f"{what} put back at one token; 1 = clean run, 0 = corrupted run"
    shares, rises = ratio_interval(back, taken, seed=seed), mean_interval(back, seed=seed)
    told = {
        "effect": (shares, {"long_name": "restored share", "units": "1", "meaning": meaning}),
        "indirect_effect": (rises, {"long_name": f"rise of the {metric.replace('_', ' ')}", "signed": True}),
    }
    variables: dict[str, tuple[Any, ...]] = {}
    for name, (interval, said) in told.items():
        variables[name] = (along, interval.estimate, said)
        if len(pairs) > 1:
            variables |= {f"{name}_low": (along, interval.low), f"{name}_high": (along, interval.high)}
        variables[f"{name}_null"] = ("", 0.0)
    variables["total_effect"] = ("prompt", taken, {"long_name": "what the corruption took"})
    facts = {
        "clean_metric": float(found.clean.mean()),
        "corrupted_metric": float(found.corrupted.mean()),
        "answered": float((taken > 0).mean()),
        "window": width,
        "n": len(pairs),
        "n_unit": "prompts" if len(pairs) > 1 else "prompt",
    }
    facts |= {"noise": noise} if noise else {}
    coords |= {part: range(back.shape[1])}
    return label(coords, **variables).assign_attrs(facts)


def _places(
    model: Model, pairs: PromptPairs, subjects: list[range]
) -> tuple[str, list[list[int]], dict[str, Any]]:
    """Return the axis of the places, the position of each in every prompt, and the coordinates."""
    lengths = [len(tokens) for tokens in pairs.clean]
    if len(pairs) == 1:
        coords: dict[str, Any] = {"token": ("position", model.token_texts(pairs.clean[0]))}
        if pairs.corrupt:
            coords["corrupt_token"] = ("position", model.token_texts(pairs.corrupt[0]))
        return "position", [[at] for at in range(lengths[0])], coords
    ends = [min(tokens.stop, n - 1) for tokens, n in zip(subjects, lengths, strict=True)]
    named = {
        "first of subject": [tokens.start for tokens in subjects],
        "last of subject": [tokens.stop - 1 for tokens in subjects],
        "after subject": ends,
        "last token": [n - 1 for n in lengths],
    }
    return "span", list(named.values()), {"span": list(named)}
