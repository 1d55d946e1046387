"""Generation: what does every neuron do while the model reads a prompt and writes on?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.instruments.comparing.components import streams
from neuronscope.instruments.streaming.changes import course_of
from neuronscope.instruments.streaming.generating import Instant, generate, sites_of
from neuronscope.instruments.streaming.packing import AXES_OF
from neuronscope.models import Model
from neuronscope.results import label, placed, track
from neuronscope.words import Prompt, Seed
from neuronscope.words.predictions import (
    ActivationDetail,
    CandidateCount,
    Changes,
    EndTokens,
    NewTokens,
    Temperature,
    TopShare,
    WithPatterns,
)

ABOUT: dict[str, dict[str, Any]] = {
    "activation": {"long_name": "activation", "units": "a.u."},
    "scale": {"long_name": "one step of the activations", "units": "a.u."},
    "top_neuron": {"long_name": "neuron"},
    "top_activation": {"long_name": "activation", "units": "a.u."},
    "stream_norm": {"long_name": "length of the residual stream", "units": "a.u."},
    "pattern": {"long_name": "attention", "units": "1"},
}

_SITES = {
    "activation": "mlp_act.{layer}.{neuron}@{position}",
    "pattern": "pattern.{layer}.{head}@{position}",
    "stream_norm": "{address}@{position}",
}


@analysis(kind="tokens", cites="holtzman2020degeneration")
def generation(  # noqa: PLR0913 - what is written, how it is drawn, and what is kept of it
    model: Model,
    prompt: Prompt,
    *,
    n_tokens: NewTokens = 32,
    temperature: Temperature = 0.0,
    top_p: TopShare = 1.0,
    seed: Seed = 0,
    stop: EndTokens = (),
    candidates: CandidateCount = 5,
    detail: ActivationDetail = "f16",
    patterns: WithPatterns = False,
    changes: Changes = (),
) -> xr.Dataset:
    """Let the model write on from a prompt, and keep what every neuron does at every token.

    Returns over position, prompt first: the ``log_probability`` of the token that follows and the
    ``entropy`` before it is known, in nats; over rank the likeliest ``candidate``s with their
    ``probability``; ``activation`` over layer and neuron after the nonlinearity, in steps of ``scale`` for
    int8, or the strongest with ``top_neuron`` for top; ``stream_norm`` over depth; and ``pattern`` over
    layer, head and key. After the last token stands what would have followed.

    >>> from neuronscope import open_model
    >>> found = generation(open_model("builtin:scribe"), "The capital of France is", n_tokens=2)
    >>> int(found.written.sum())
    2
    """
    course = course_of(
        model,
        n_tokens=n_tokens,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        stop=stop,
        candidates=candidates,
        detail=detail,
        patterns=patterns,
        changes=changes,
    )
    total = len(model.tokenize(prompt)) + n_tokens
    return _labelled(
        model, list(track(generate(model, prompt, course), "tokens", total)), changes, patterns=patterns
    )


def _labelled(
    model: Model, instants: list[Instant], changes: tuple[str, ...], *, patterns: bool
) -> xr.Dataset:
    n_ranks = max(len(instant.candidates) for instant in instants)
    kept: dict[str, Any] = {}
    for name in instants[0].arrays:
        values = _stacked([instant.arrays[name] for instant in instants])
        kept[name] = (f"position {AXES_OF[name]}", values, ABOUT[name])
    texts = {
        token: model.token_text(token) for token in {t for i in instants for t in (i.token, *i.candidates)}
    }
    found = label(
        {
            "layer": range(model.n_layers),
            "rank": range(1, n_ranks + 1),
            "token": ("position", [texts[instant.token] for instant in instants]),
            "token_id": ("position", [instant.token for instant in instants]),
            "written": ("position", [instant.written for instant in instants]),
            **({"address": ("depth", streams(model).labels)} if "stream_norm" in kept else {}),
        },
        log_probability=(
            "position",
            [instant.log_probability for instant in instants],
            {"long_name": "log-probability of the token that follows", "units": "nats"},
        ),
        entropy=(
            "position",
            [instant.entropy for instant in instants],
            {"long_name": "entropy of the token that follows", "units": "nats"},
        ),
        candidate=("position rank", [[texts[t] for t in i.candidates] for i in instants]),
        candidate_id=("position rank", [list(instant.candidates) for instant in instants]),
        probability=(
            "position rank",
            [list(instant.probabilities) for instant in instants],
            {"long_name": "probability", "units": "1"},
        ),
        follows=("position", [i.follows for i in instants], {"long_name": "token that follows"}),
        **kept,
    )
    sizes = {"n_neurons": model.n_neurons, "n_heads": model.n_heads}
    return placed(found, **_SITES).assign_attrs(
        do=list(model.do), changes=list(changes), sites=sites_of(patterns=patterns), **sizes
    )


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    """Return rows as one array, a shorter last axis filled with zeros: nobody attends to what comes later."""
    longest = max(row.shape[-1] for row in rows)
    return np.stack([np.pad(row, [(0, 0)] * (row.ndim - 1) + [(0, longest - row.shape[-1])]) for row in rows])
