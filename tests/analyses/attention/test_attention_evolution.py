"""Attention evolution sees induction heads form where the card says that they form."""

import numpy as np
import pytest

from neuronscope.analyses.attention.attention_evolution import attention_evolution
from neuronscope.models import open_model
from neuronscope.models.checkpoints import open_checkpoints


def test_induction_forms_in_the_heads_and_steps_that_the_card_declares() -> None:
    series = open_checkpoints("builtin:induction/seed0@*")
    inside = open_model("builtin:induction/seed0").card["inside"]
    found = attention_evolution(series)
    heads = inside["heads"]["induction"]
    declared = [one["induction_score"] for one in inside["development"]]
    best = found.induction.sel(site=heads).max("site")
    np.testing.assert_allclose(best, declared, atol=0.12)
    early = found.rise_from.sel(site=heads)
    assert ((early >= 89) & (found.rise_to.sel(site=heads) <= 301)).all()
    assert (found.rise.sel(site=heads) > 0.5).all()
    assert (found.rise_p.sel(site=heads) < 0.05).all()
    others = [site for site in found.site.values if site not in heads]
    assert (found.rise.sel(site=others) < 0.1).all()
    assert (found.rise_p.sel(site=others) > 0.05).all()


def test_each_step_says_what_it_says_alone() -> None:
    both = attention_evolution(open_checkpoints("builtin:induction/seed1@145,1024"), n_strings=4)
    alone = attention_evolution(open_checkpoints("builtin:induction/seed1@1024"), n_strings=4)
    np.testing.assert_allclose(both.induction.sel(step=1024), alone.induction.sel(step=1024))
    np.testing.assert_allclose(both.repeated_loss.sel(step=1024), alone.repeated_loss.sel(step=1024))


def test_layers_are_the_means_of_their_heads() -> None:
    found = attention_evolution(open_checkpoints("builtin:induction/seed2@0,1024"), n_strings=4)
    heads = found.previous_token.sel(site=["z.0.0", "z.0.1"]).mean("site")
    np.testing.assert_allclose(found.layer_previous_token.sel(layer=0), heads)
    assert found.repeated_loss.values[0] > 3
    assert found.repeated_loss.values[1] < 0.5


def test_before_training_heads_look_evenly() -> None:
    found = attention_evolution(open_checkpoints("builtin:induction/seed0@0"), n_strings=4)
    assert found.normalised_entropy.values == pytest.approx(1, abs=0.05)
