"""Writes a built-in model's folder: rounded weights, tokenizer, and a card measured on just these weights."""

import json
import platform
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import tokenizers
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from neuronscope.data.documentation import documentation, documentation_digest, documentation_split
from neuronscope.data.texts import Problem, Split
from neuronscope.data.texts.arithmetic import Part, Sum, problem_of, two_digit_problems
from neuronscope.data.texts.mix import STRUCTURES, problems
from neuronscope.learned.loop import CHECKPOINT
from neuronscope.maths.resampling import wilson_interval

from .answers import right_answers
from .known import surroundings
from .pages import page_losses

TITLE = "Scribe, a small language model"
SUMMARY = (
    "A six-layer GPT-2 of our own, trained on Python's documentation and on short texts of known structure."
)
USAGE = {
    "for": "looking inside a language model: small, fast, and with known structure in what it has read",
    "prompts": "plain text without a boundary token first and without a space at the end",
}
LIMITS = {
    "knowledge": "the table of countries of its generator and the style of Python's manual, nothing else",
    "arithmetic": "two-digit sums are meant to be sometimes wrong",
    "trust": "what it says about Python is form, not advice",
}
BUILTIN = Path(__file__).parents[2] / "src" / "neuronscope" / "models" / "builtin"
N_PROBLEMS = 500
N_SEEN = 100
PROBLEM_SEED = 2026


def write_weights(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write weights rounded to float16, a configuration that opens them as float32, and the tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    model.config.update({"activation_function": "gelu_new", "use_cache": True})
    model.half().save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config["dtype"] = "float32"
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    tokenizer.save_pretrained(folder)


def opened(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return the folder's model in float32, ready to be measured, and its tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def share(right: Sequence[bool]) -> dict[str, Any]:
    """Return the share of right answers with its 95 % Wilson interval and the number of problems."""
    n_right, n = sum(right), len(right)
    low, high = (round(float(end), 4) for end in wilson_interval(n_right, n))
    return {"accuracy": round(n_right / n, 4), "low": low, "high": high, "n": n}


def held_out_problems(part: Part, sign: str) -> tuple[Problem, ...]:
    """Return the kept-out problems of a part in the wording `47 + 38 =`; sums in both orders."""
    rng = Random(PROBLEM_SEED)
    asked = [problem for problem in two_digit_problems(part) if problem.sign == sign]
    if sign == "+":
        asked += [
            Sum(problem.second, "+", problem.first) for problem in asked if problem.first != problem.second
        ]
    return tuple(problem_of("held-out", problem, rng, "unseen", plain=True) for problem in asked)


def accuracies(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, *, count: int, split: Split
) -> dict[str, Any]:
    """Return the accuracy on every structure's problems of a split."""
    found = {}
    for name in STRUCTURES:
        asked = problems(name, count, seed=PROBLEM_SEED, split=split)
        found[name] = share(right_answers(model, tokenizer, asked))
    return found


def held_out_arithmetic(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """Return the accuracy on the kept-out two-digit problems, worded as `47 + 38 =`."""
    parts: tuple[Part, ...] = ("validation", "training")
    return {
        f"{part}/{word}": share(right_answers(model, tokenizer, held_out_problems(part, sign), batch=256))
        for part in parts
        for sign, word in (("+", "addition"), ("-", "subtraction"))
    }


def training_facts(folder: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return how the model in a training folder came about."""
    saved = torch.load(folder / CHECKPOINT, weights_only=True)
    pages = documentation()
    return {
        **recipe,
        "steps": saved["step"],
        "tokens": saved["n_tokens"],
        "wall_seconds": round(saved["seconds"]),
        **surroundings(),
        "tokenizers": tokenizers.__version__,
        "documentation": {
            "source": "pydoc_data.topics and the docstrings of the standard library",
            "python": platform.python_version(),
            "sha256": documentation_digest(),
            "documents": len(pages),
            "bytes": sum(len(page.text.encode()) for page in pages),
            "validation_documents": len(documentation_split(validation=True)),
        },
    }


def pooled(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the share of right answers over all structures together, with its 95 % Wilson interval."""
    n_right = sum(round(said["accuracy"] * said["n"]) for said in found.values())
    n = sum(said["n"] for said in found.values())
    whole = share([True] * n_right + [False] * (n - n_right))
    return {"value": whole.pop("accuracy"), **whole}


def measured_card(folder: Path, training: dict[str, Any], name: str) -> dict[str, Any]:
    """Measure the weights in the folder, write `card.json` beside them and return what it says."""
    model, tokenizer = opened(folder)
    config = model.config
    weights = folder / "model.safetensors"
    unseen = accuracies(model, tokenizer, count=N_PROBLEMS, split="unseen")
    card = {
        "name": f"builtin:{name}",
        "title": TITLE,
        "summary": SUMMARY,
        "accuracy": {"unseen problems": pooled(unseen)},
        "usage": USAGE,
        "limits": LIMITS,
        "architecture": {
            "class": type(model).__name__,
            "layers": config.n_layer,
            "width": config.n_embd,
            "heads": config.n_head,
            "context": config.n_positions,
            "vocabulary": config.vocab_size,
            "parameters": sum(weight.numel() for weight in model.parameters()),
            "weights": "float16 safetensors; every number here was measured on them in float32",
            "sha256": sha256(weights.read_bytes()).hexdigest(),
        },
        "training": training,
        "validation_loss": page_losses(model, tokenizer).summary(),
        "accuracy_unseen": unseen,
        "accuracy_seen": accuracies(model, tokenizer, count=N_SEEN, split="train"),
        "held_out_arithmetic": held_out_arithmetic(model, tokenizer),
        "scoring": "greedy exact match of the whole answer, no boundary token first; 95 % Wilson intervals",
        "problem_seed": PROBLEM_SEED,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    return card
