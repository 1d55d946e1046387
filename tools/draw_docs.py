"""Draw the pictures of the analyses' pages, each from the call that its page shows.

Run ``python tools/draw_docs.py [NAME ...]`` after a change of the built-in model or of a view.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from neuronscope import catalogue
from neuronscope.contract import ask
from neuronscope.views import draw, figure

MODEL = "builtin:scribe"
FOLDER = Path(__file__).parents[1] / "docs" / "images" / "analyses"
CLEAN = "When Mary and John went to the shop, John gave a drink to"
CORRUPT = "When Mary and John went to the shop, Mary gave a drink to"


class After(NamedTuple):
    """An argument that is the answer of another analysis, which is asked first."""

    name: str
    arguments: dict[str, Any]


SUMS = "two-digit-arithmetic"
ALL_COMPONENTS = After(
    "second_order_components", {"task": SUMS, "n_prompts": 200, "top_k": 0, "n_null": 0, "n_resamples": 20}
)

EVALUATED = After("task_evaluation", {"task": SUMS, "n_prompts": 500})
REPORTED = {
    "effects": After("second_order_effects", {"evaluation": EVALUATED, "n_prompts": 200}),
    "components": After(
        "second_order_components", {"evaluation": EVALUATED, "n_prompts": 200, "top_k": 40, "n_null": 99}
    ),
    "evaluation": EVALUATED,
}
REPORTED["ablation"] = After(
    "second_order_ablation", {"components": REPORTED["components"], "evaluation": EVALUATED}
)
SHORT = [
    After("second_order_report", {"effects": After("second_order_effects", {"task": task, "n_prompts": 64})})
    for task in (SUMS, "indirect-object")
]

PICTURES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "logit_lens": ({"prompt": CLEAN}, {}),
    "attention_patterns": (
        {"prompt": "Words: lamp river chair lamp river chair lamp river"},
        {"select": {"layer": 5, "head": 2}},
    ),
    "head_statistics": ({}, {"variable": "distance"}),
    "head_taxonomy": ({}, {"select": {"item": 3}}),
    "attention_rollout": ({"prompt": CLEAN}, {"select": {"layer": 5}}),
    "induction_heads": ({}, {}),
    "head_composition": ({}, {"select": {"site": 1}}),
    "attention_evolution": ({"checkpoints": "builtin:induction/seed0@*"}, {}),
    "neuron_examples": ({"n_tokens": 20_000}, {"select": {"layer": 1, "neuron": 314}}),
    "neuron_statistics": ({"n_tokens": 20_000}, {"variable": "dead_share"}),
    "neuron_query": ({"layer": 0, "neuron": 580, "longest": 1}, {}),
    "reverse_query": ({"query": " the"}, {}),
    "second_order_vision": ({"model": "builtin:digits-clip", "layer": 0}, {"variable": "explained"}),
    "neuron_ranking": ({"task": "indirect-object"}, {"select": {"layer": 5}}),
    "neuron_logits": ({"target": " Mary", "distractor": " John", "top_k": 12}, {}),
    "neuron_connections": ({"neurons": "3.17", "top_k": 12}, {}),
    "neuron_interactions": ({"n_neurons": 8, "n_prompts": 32}, {}),
    "neuron_explanations": ({"n_neurons": 10, "n_passages": 96}, {}),
    "neuron_activations": (
        {"prompt": "Paris is the capital of France.", "reference": "prompt"},
        {"variable": "top_activation", "select": {"layer": 3}},
    ),
    "activation_patching": (
        {"prompt": CLEAN, "corrupt": CORRUPT, "target": " Mary", "distractor": " John"},
        {},
    ),
    "causal_tracing": ({"task": "factual-recall", "n_prompts": 64}, {}),
    "path_patching": ({"task": "indirect-object", "n_prompts": 16}, {}),
    "direct_logit_attribution": ({"task": "indirect-object", "n_prompts": 64}, {}),
    "prediction_depth": ({"prompt": CLEAN}, {"variable": "prediction_depth"}),
    "token_effect": ({"prompt": CLEAN, "target": " Mary", "distractor": " John"}, {}),
    "attribution_patching": ({"task": "indirect-object"}, {}),
    "generation": ({"prompt": "Anna has 12 apples and gives 5 to Tom. Now she has", "n_tokens": 8}, {}),
    "component_ablation": ({"task": "indirect-object", "n_prompts": 32}, {}),
    "intervention_effect": ({"ops": ["z.4.1 zero"], "prompt": CLEAN}, {}),
    "progressive_patching": (
        {"prompt": CLEAN, "corrupt": CORRUPT, "target": " Mary", "distractor": " John", "n_cells": 24},
        {},
    ),
    "layer_importance": ({"task": "indirect-object", "n_prompts": 32}, {}),
    "model_card": ({}, {"variable": "equation"}),
    "task_evaluation": ({"task": "two-digit-arithmetic", "n_prompts": 500}, {}),
    "neuron_map": ({"layer": 0, "method": "tsne", "colour": "share_active"}, {}),
    "neuron_clusters": ({"layer": 2, "n_passages": 200}, {}),
    "token_attribution": (
        {"prompt": CLEAN, "target": " Mary", "distractor": " John", "method": "shapley"},
        {},
    ),
    "attribution_agreement": ({"task": "indirect-object", "n_prompts": 8}, {}),
    "knowledge_neurons": ({"task": "factual-recall"}, {}),
    "neuron_attribution": ({"task": "indirect-object", "top_k": 15}, {}),
    "model_comparison": ({"model": "builtin:induction/seed0", "other": "builtin:induction/seed1"}, {}),
    "checkpoint_drift": ({"checkpoints": "builtin:induction/seed0@*"}, {}),
    "representations": ({"task": SUMS, "n_prompts": 24}, {}),
    "correctness_direction": ({"task": SUMS, "n_prompts": 500, "method": "shrunken_lda"}, {}),
    "text_decomposition": (
        {
            "components": After("second_order_components", {"task": SUMS, "n_prompts": 200, "top_k": 4}),
            "sizes": (4, 8, 16),
        },
        {"select": {"item": 6}},
    ),
    "second_order_effects": ({"task": "indirect-object", "n_prompts": 200, "top_k": 12}, {}),
    "second_order_components": ({"task": SUMS, "n_prompts": 200, "top_k": 6}, {}),
    "neuron_editing_sweep": ({"task": "two-digit-arithmetic"}, {}),
    "hard_questions": ({"task": "two-digit-arithmetic"}, {}),
    "second_order_ablation": ({"components": ALL_COMPONENTS, "task": SUMS, "n_prompts": 400}, {}),
    "second_order_report": (REPORTED, {}),
    "second_order_comparison": ({"first": SHORT[0], "second": SHORT[1]}, {}),
    "superposition": ({}, {}),
    "polysemanticity": ({"layer": 2, "n_passages": 200}, {}),
    "correlated_neurons": ({}, {}),
}
"""Analysis to its arguments (the model apart) and to what of its result is drawn."""


def main(names: list[str]) -> None:
    """Ask the named questions, or all, of the built-in model and draw the answers."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or list(PICTURES):
        arguments, shown = PICTURES[name]
        draw(figure(asked(name, arguments), **shown), FOLDER / f"{name}.svg")
        sys.stdout.write(f"drew {name}.svg\n")


def asked(name: str, arguments: dict[str, Any]) -> xr.Dataset:
    """Ask an analysis of the built-in model, and first those whose answers it takes."""
    given = {key: asked(*value) if isinstance(value, After) else value for key, value in arguments.items()}
    takes_model = any(subject["name"] == "model" for subject in catalogue.form(name)["subjects"])
    return ask(catalogue.find(name), {"model": MODEL, **given} if takes_model else given)


if __name__ == "__main__":
    main(sys.argv[1:])
