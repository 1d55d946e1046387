"""Would native code pay? What part of each verb's time is not arithmetic.

``python -m benchmarks.native --json`` takes the CPU time, on one thread, of a plain forward pass and of the
verbs on a model of the shape of GPT-2 small, and again on one of the same depth that is a 64th as wide, where
the same code does next to no arithmetic. The second time is what lies around the kernels: Python, ours and
that of transformers, and torch's own dispatch. If it cost nothing, a verb would be ``gain`` times as fast.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from benchmarks.speed.subjects import FULL, TINY, Size, Subject, subject
from benchmarks.speed.timing import interleaved
from neuronscope.instruments import harvest, put, run, stream, sweep

NEW_TOKENS = 16


def pieces(on: Subject) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name."""
    model, tokens, layers = on.model, on.tokens, on.size.layers
    clean = run(model, on.other_tokens, get="resid_pre.*")
    cells = [
        put(f"resid_pre.{layer}@{position}", clean)
        for layer in range(layers)
        for position in range(tokens.shape[-1])
    ]
    names = ["resid_pre", "resid_post", "q", "k", "v", "pattern", "z", "attn_add", "mlp_act", "mlp_add"]
    documents = [row.tolist() for row in tokens.repeat(32, 1)]

    def harvested() -> None:
        with tempfile.TemporaryDirectory() as folder:
            harvest(model, documents, f"resid_post.{layers // 2}", Path(folder) / "harvest")

    return {
        "plain forward": on.forward,
        "run, nothing read": lambda: run(model, tokens),
        "run, 10 sites of each layer read": lambda: run(model, tokens, get=[f"{name}.*" for name in names]),
        f"sweep of {len(cells)} residual cells": lambda: sweep(
            model, tokens, cells, lambda logits: logits[:, 0]
        ),
        f"stream of {NEW_TOKENS} tokens": lambda: list(stream(model, tokens[0], NEW_TOKENS)),
        f"harvest of {len(documents)} documents": harvested,
    }


def measure(size: Size, repeats: int) -> dict[str, dict[str, float]]:
    """Return by piece of work its CPU seconds, those around the arithmetic, their share, and the gain."""
    thin = replace(size, width=size.heads, vocab=101)
    works = {width: pieces(subject("gpt2", of)) for width, of in (("full", size), ("thin", thin))}
    subjects = {f"{width} {name}": work for width, each in works.items() for name, work in each.items()}
    seconds = {key: median(taken) for key, taken in interleaved(subjects, repeats).items()}
    found = {}
    for name in works["full"]:
        full, thin_time = seconds[f"full {name}"], seconds[f"thin {name}"]
        found[name] = {
            "seconds": full,
            "around": thin_time,
            "share": thin_time / full,
            "gain": full / max(full - thin_time, 1e-9),
        }
    return found


def main(words: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print plain data instead of a table")
    parser.add_argument("--repeats", type=int, default=5, help="how often each is timed")
    parser.add_argument("--tiny", action="store_true", help="a model of two small layers, to try it out")
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    found = measure(TINY if given.tiny else FULL, given.repeats)
    if given.json:
        sys.stdout.write(f"{json.dumps(found, indent=1)}\n")
        return 0
    for name, row in found.items():
        milliseconds = " | ".join(f"{1000 * row[part]:.0f}" for part in ("seconds", "around"))
        sys.stdout.write(f"| {name} | {milliseconds} | {row['share']:.0%} | {row['gain']:.2f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
