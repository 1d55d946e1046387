"""Ask our analyses and the peers for the same things, of a GPT-2 and of a Llama on equal weights."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import neuronscope

HERE = Path(__file__).resolve().parent
STEPS, LAYER = 64, 1


class Answer(NamedTuple):
    """One quantity by our analysis and by a peer."""

    quantity: str
    ours: str
    peer: str
    values: np.ndarray
    expected: np.ndarray


def answers(
    folder: Path, title: str, question: Mapping[str, Any], words: list[str], peers: Path
) -> list[Answer]:
    """Return what both sides say of the model in the folder.

    ``question`` holds the tokens of the clean and the corrupt prompt, the target and the distractor.
    """
    asked = {**question, "steps": STEPS, "layer": LAYER}
    (folder / "analyses.json").write_text(json.dumps(asked), encoding="utf-8")
    quiet = {**os.environ, "TQDM_DISABLE": "1"}
    subprocess.run([str(peers), str(HERE / "answers.py"), str(folder)], env=quiet, check=True)
    theirs = dict(np.load(folder / "answers.npz"))
    ours = by_us(folder, question, words)
    return [
        Answer(f"{what} in {title}", f"`{analysis}`", peer, ours[name], theirs[name])
        for name, (what, analysis, peer) in ASKED.items()
    ]


ASKED = {
    "log_probability": ("log-probability of every token at every depth", "logit_lens", "transformer-lens"),
    "patched": (
        "logit difference after patching each head, both ways,",
        "activation_patching",
        "transformer-lens",
    ),
    "head_share": ("direct share of each head", "direct_logit_attribution", "transformer-lens"),
    "attention_share": ("direct share of each attention", "direct_logit_attribution", "transformer-lens"),
    "mlp_share": ("direct share of each MLP", "direct_logit_attribution", "transformer-lens"),
    "token_score": (f"integrated gradients of each token, {STEPS} steps,", "token_attribution", "captum"),
    "neuron_score": (f"integrated gradients of each neuron, {STEPS} steps,", "neuron_attribution", "captum"),
}
"""What is asked for, by our analysis and its peer."""


def by_us(folder: Path, question: Mapping[str, Any], words: list[str]) -> dict[str, np.ndarray]:
    """Return our numbers, laid out as the peers lay out theirs."""
    model = neuronscope.open_model(str(folder))
    clean, corrupt = (" ".join(words[token] for token in question[name]) for name in ("clean", "corrupt"))
    pair = {name: words[question[name]] for name in ("target", "distractor")}
    lens = neuronscope.logit_lens(model, clean, tokens=tuple(words))
    patched = neuronscope.activation_patching(model, clean, corrupt, **pair, sites="z", positions="together")
    direct = neuronscope.direct_logit_attribution(model, clean, **pair)
    scored: dict[str, Any] = {"prompt": clean, **pair, "baseline": "zero", "steps": STEPS}
    tokens = neuronscope.token_attribution(model, **scored)
    neurons = neuronscope.neuron_attribution(model, **scored, layer=LAYER, positions="last")
    return {
        "log_probability": lens.choice_log_probability.values,
        "patched": patched.metric.values,
        **{name: direct[name].values for name in ("head_share", "attention_share", "mlp_share")},
        "token_score": tokens.score.values,
        "neuron_score": neurons.score.values[0],
    }
