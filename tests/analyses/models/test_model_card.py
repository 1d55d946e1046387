"""The model card says what the model itself says."""

from collections.abc import Callable

import numpy as np
import pytest
from transformers import BloomConfig, BloomForCausalLM

from neuronscope import model_card
from neuronscope.models import Model


def test_sizes_are_those_of_the_weights(model: Model) -> None:
    card = model_card(model)
    values = set(card.value.values)
    counted = sum(weight.numel() for weight in model.hf.parameters())
    assert any(f"{counted:,}" in value or str(counted) in value for value in values)
    assert str(model.n_layers) in values


def test_the_certificate_is_listed_site_by_site(model: Model, rounding: float) -> None:
    card = model_card(model)
    assert card.site.values.tolist() == [row.site for row in model.certificate.rows]
    assert set(card.site_status.values) <= {"exact", "reduced", "refused"}
    exact = card.site_status.values == "exact"
    assert exact.sum() > 10
    assert (np.nan_to_num(card.site_difference.values[exact]) < rounding).all()


@pytest.mark.parametrize(
    ("family", "words"), [("gpt2", "LayerNorm"), ("gpt_neox", "LayerNorm"), ("llama", "RMSNorm")]
)
def test_equations_name_the_norm_of_the_family(
    make_model: Callable[..., Model], family: str, words: str
) -> None:
    assert words in "\n".join(model_card(make_model(family)).equation.values)


def test_facts_of_the_folder_are_kept_by_section(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    model.card |= {
        "title": "Tiny",
        "training": {"steps": 10, "seen": {"tokens": 5_000}},
        "limits": ["small", "new"],
    }
    card = model_card(model)
    facts = {
        (group, item): value
        for group, item, value in zip(card.group.values, card.item.values, card.value.values, strict=True)
    }
    assert facts["about", "title"] == "Tiny"
    assert facts["training", "steps"] == "10"
    assert facts["training", "seen tokens"] == "5000"
    assert facts["about", "limits"] == "small, new"


def test_what_the_folder_does_not_tell_is_left_out(make_model: Callable[..., Model]) -> None:
    assert set(model_card(make_model("llama")).group.values) == {"architecture"}


def test_a_family_whose_equations_are_not_known_has_none() -> None:
    sizes = {"vocab_size": 64, "hidden_size": 16, "n_layer": 1, "n_head": 2}
    card = model_card(Model(BloomForCausalLM(BloomConfig(**sizes)), name="tiny bloom"))
    assert card.equation.shape == (0,)
    assert card.equation.dtype.kind == "U"
