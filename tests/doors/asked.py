"""What must an analysis be given at any door? A model, a task, or the answer of another analysis."""

from functools import cache
from pathlib import Path
from typing import Any

from neuronscope import catalogue
from neuronscope.contract import ask
from neuronscope.results import save

TASK = "two-digit-arithmetic"
MADE = {
    "components": ("second_order_components", {"top_k": 2, "n_null": 0, "n_resamples": 20}),
    "effects": ("second_order_effects", {"n_prompts": 8}),
    "first": ("second_order_report", {}),
    "second": ("second_order_report", {}),
}
"""Subjects that are the answer of another analysis, and how that is asked."""
FEW = {
    "correctness_direction": {
        "model": "builtin:scribe", "task": TASK, "n_prompts": 24, "n_folds": 2, "n_permutations": 20,
    },
    "hard_questions": {
        "model": "builtin:scribe", "task": TASK, "n_neurons": 3, "n_training": 24, "n_new": 24, "n_asked": 4,
        "n_folds": 2, "n_null": 20,
    },
    "second_order_vision": {"model": "builtin:digits-clip"},
    "text_decomposition": {"sizes": [4, 8]},
}  # fmt: skip
"""Arguments without which an untrained, narrow model has no answer, or which keep it short."""


def subjects_of(name: str, model: str, folder: Path) -> dict[str, Any]:
    """Give the subjects that an analysis must have; answers of others are files in the folder."""
    opens = {"Model": model, "Task": TASK, "Checkpoints": "builtin:induction/seed0@0,1024"}
    given: dict[str, Any] = {}
    for subject in catalogue.form(name)["subjects"]:
        if subject["required"]:
            of_another = subject["type"] == "Result"
            given[subject["name"]] = (
                _made(subject["name"], model, folder) if of_another else opens[subject["type"]]
            )
    return {**given, **FEW.get(name, {})}


@cache
def _made(argument: str, model: str, folder: Path) -> str:
    name, arguments = MADE[argument]
    file = folder / f"{argument}.nc"
    save(ask(catalogue.find(name), {**subjects_of(name, model, folder), **arguments}), file)
    return str(file)
