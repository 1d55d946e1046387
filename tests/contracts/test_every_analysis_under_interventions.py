"""Whatever is asked of a model under interventions is answered for that very model, or refused in words."""

from pathlib import Path

import numpy as np
import pytest

from neuronscope import catalogue
from neuronscope.contract import ask
from neuronscope.instruments.interventions import read
from neuronscope.models import open_model
from neuronscope.results import Store, digest, provenance
from neuronscope.words import BadInput
from tests.contracts.test_every_analysis import NAMES, sample, small

ON_MODELS = [name for name in NAMES if "model" in sample(name)]
CHANGES = ["resid_post.3 scale=0.5", "z.2.1 zero"]


@pytest.mark.parametrize("name", ON_MODELS)
def test_an_intervention_changes_the_answer_or_is_refused(name: str) -> None:
    change = "z.0.1 zero"  # early, so that no part of the model that is looked at comes before it
    refused = ""
    try:
        found = ask(catalogue.find(name), small(name), do=[change])
    except BadInput as refusal:
        refused = str(refusal)
    if refused:
        assert change.partition(" ")[0] in refused or "interven" in refused
        return
    bare = ask(catalogue.find(name), small(name))
    assert digest(found) != digest(bare)
    assert any(not np.array_equal(found[word], bare[word]) for word in found.variables)
    assert provenance(found)["models"]["model"]["do"] == [change]


def test_a_question_about_no_model_takes_no_interventions() -> None:
    with pytest.raises(BadInput, match="no single model"):
        ask(catalogue.find("attention_evolution"), sample("attention_evolution"), do=["z.0.0 zero"])


def test_what_only_reads_weights_says_so() -> None:
    with pytest.raises(BadInput, match="never runs it"):
        ask(catalogue.find("head_composition"), sample("head_composition"), do=["z.0.0 zero"])


def test_python_and_names_give_one_answer_and_one_stored_result(tmp_path: Path) -> None:
    definition, store = catalogue.find("logit_lens"), Store(tmp_path)
    by_name = ask(definition, sample("logit_lens"), store=store, do=CHANGES)
    under = open_model("builtin:scribe").under(read(CHANGES))
    in_python = ask(definition, {**sample("logit_lens"), "model": under}, store=store)
    assert digest(in_python) == digest(by_name)
    ask(definition, sample("logit_lens"), store=store)
    ask(definition, sample("logit_lens"), store=store, do=CHANGES[:1])
    assert len(store.ls()) == 3


def test_no_interventions_are_no_other_question(tmp_path: Path) -> None:
    definition, store = catalogue.find("logit_lens"), Store(tmp_path)
    ask(definition, sample("logit_lens"), store=store)
    ask(definition, sample("logit_lens"), store=store, do=[])
    assert len(store.ls()) == 1


def test_two_models_are_compared_with_the_first_alone_under_interventions() -> None:
    same = ask(catalogue.find("model_comparison"), small("model_comparison"))
    found = ask(catalogue.find("model_comparison"), small("model_comparison"), do=CHANGES[:1])
    assert "do" not in provenance(found)["models"]["other"]
    assert digest(found) != digest(same)
