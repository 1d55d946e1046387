"""Where the cells of an answer are places in the model, its variable says which, and they are there."""

import re
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope import catalogue
from neuronscope.contract import ask
from neuronscope.models import open_model
from neuronscope.models.sites import Site
from neuronscope.results import label, placed, summary
from neuronscope.words import BadInput
from tests.contracts.test_every_analysis import sample

SMALL: dict[str, dict[str, Any]] = {
    "attention_patterns": {},
    "logit_lens": {},
    "generation": {"n_tokens": 2},
    "head_statistics": {"prompt": "When Mary and John went to the shop"},
    "head_taxonomy": {"n_strings": 4, "n_sentences": 4},
    "induction_heads": {"n_strings": 4, "n_random": 2},
    "neuron_activations": {"layer": 2},
    "neuron_logits": {"layer": 2, "n_neurons": 3},
    "neuron_ranking": {"n_prompts": 4, "n_resamples": 20},
    "direct_logit_attribution": {"n_prompts": 4},
    "activation_patching": {"task": "indirect-object", "n_prompts": 2},
    "attribution_patching": {"task": "indirect-object", "n_prompts": 2},
    "progressive_patching": {"task": "indirect-object", "n_prompts": 2, "n_cells": 2},
    "component_ablation": {"n_prompts": 4, "parts": "outputs"},
    "layer_importance": {"n_prompts": 4},
}


def filled(result: xr.Dataset, variable: str, cell: dict[str, int]) -> str:
    """Write the address of a cell, as docs/views.md says."""

    def word(match: re.Match[str]) -> str:
        here = (
            result[match[1]].isel(cell, missing_dims="ignore").item() if match[1] in result.coords else None
        )
        return str(cell[match[1]] if here is None else here)

    return re.sub(r"\{(\w+)\}", word, result[variable].attrs["site"])


@pytest.mark.parametrize("name", SMALL)
def test_the_first_and_the_last_cell_are_places_of_the_model(name: str) -> None:
    result = ask(catalogue.find(name), {**sample(name), **SMALL[name]})
    said = [str(name) for name in result.data_vars if "site" in result[name].attrs]
    assert said
    model = open_model("builtin:scribe")
    for variable in said:
        sizes = result[variable].sizes
        for cell in ({str(axis): 0 for axis in sizes}, {str(axis): n - 1 for axis, n in sizes.items()}):
            address = filled(result, variable, cell)
            if address:
                assert model.check(Site.parse(address))
    assert {one["name"]: one["site"] for one in summary(result)["variables"] if one["site"]} == {
        variable: result[variable].attrs["site"] for variable in said
    }


def test_depth_d_is_what_enters_block_d_and_the_last_is_what_leaves_the_last_block() -> None:
    lens = ask(catalogue.find("logit_lens"), sample("logit_lens"))
    last = open_model("builtin:scribe").n_layers - 1
    assert filled(lens, "entropy", {"depth": 0, "position": 3}) == "resid_pre.0@3"
    assert filled(lens, "entropy", {"depth": last + 1, "position": 0}) == f"resid_post.{last}@0"


def test_a_cell_that_is_more_than_one_place_says_none() -> None:
    found = ask(catalogue.find("layer_importance"), {"model": "builtin:scribe", "n_prompts": 4})
    block = int(np.flatnonzero(found.site.values == "block")[0])
    assert filled(found, "effect", {"layer": 2, "site": block}) == ""
    assert filled(found, "effect", {"layer": 2, "site": 0}) == "attn_add.2"


def test_what_does_not_lie_along_a_variable_cannot_say_its_place() -> None:
    found = label({"layer": [2, 5]}, effect=("layer", [0.1, 0.2]))
    with pytest.raises(BadInput, match="names 'head'"):
        placed(found, effect="z.{layer}.{head}")
