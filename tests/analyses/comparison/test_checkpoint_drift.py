"""Drift through a training, held to what must be true of any series of steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.analyses.comparison.checkpoint_drift import checkpoint_drift
from neuronscope.instruments import run
from neuronscope.models import Model
from neuronscope.models.checkpoints import Checkpoints, open_checkpoints
from neuronscope.words import BadInput

FEW = {"n_passages": 5, "n_tokens": 20}


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch, make_model: Callable[..., Model]) -> Checkpoints:
    """Three steps: a model, the same with one neuron of layer 1 turned round, and the model again."""
    made = open_checkpoints("builtin:induction/seed0@0,16,1024")

    def opened(step: int) -> Model:
        model = make_model("gpt2")
        if step == 16:
            mlp = model.hf.transformer.h[1].mlp
            with torch.no_grad():
                mlp.c_proj.weight[7] *= -1
        return model

    monkeypatch.setattr(Checkpoints, "open", lambda self, step: opened(step))
    return made


def test_a_step_that_equals_the_last_has_not_drifted(series: Checkpoints) -> None:
    found = checkpoint_drift(series, **FEW)
    for step in (0, 1024):
        here = found.sel(step=step)
        np.testing.assert_allclose(here.similarity, 1, atol=1e-9)
        np.testing.assert_allclose(here.activation_correlation, 1, atol=1e-9)
        np.testing.assert_allclose(here.weight_cosine, 1, atol=1e-9)
        np.testing.assert_allclose(here.mean_shift, 0, atol=1e-9)
        assert float(here.divergence) == pytest.approx(0, abs=1e-12)
    assert float(found.loss.sel(step=0)) == pytest.approx(float(found.loss.sel(step=1024)))


def test_one_turned_neuron_shows_in_its_weights_and_behind_it_alone(series: Checkpoints) -> None:
    found = checkpoint_drift(series, **FEW).sel(step=16)
    cosine = found.weight_cosine.values
    assert cosine[1, 7] == pytest.approx(-1)
    assert (np.delete(cosine.ravel(), cosine.shape[1] + 7) > 1 - 1e-9).all()
    np.testing.assert_allclose(found.similarity[:2], 1, atol=1e-9)
    assert (found.similarity[2:] < 1 - 1e-6).all()
    np.testing.assert_allclose(found.activation_correlation[:2], 1, atol=1e-9)
    assert float(found.activation_correlation[2].min()) < 1 - 1e-6
    assert float(found.divergence) > 0


def test_the_first_step_has_nothing_before_it(series: Checkpoints) -> None:
    found = checkpoint_drift(series, **FEW)
    assert np.isnan(found.similarity_to_previous[0]).all()
    np.testing.assert_allclose(found.similarity_to_previous[1], found.similarity[1])


def test_what_is_said_at_the_first_token_counts_for_nothing(
    series: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checkpoint_drift(series, **FEW)

    def otherwise_at_first(*args: Any, **options: Any) -> Any:
        seen = run(*args, **options)
        seen.logits[:, 0] = torch.randn(seen.logits[:, 0].shape, generator=torch.Generator().manual_seed(1))
        return seen

    monkeypatch.setattr("neuronscope.analyses.comparison.checkpoint_drift.run", otherwise_at_first)
    after = checkpoint_drift(series, **FEW)
    np.testing.assert_array_equal(after.divergence, before.divergence)
    np.testing.assert_array_equal(after.loss, before.loss)


def test_a_training_that_forms_something_comes_nearer_to_its_end() -> None:
    found = checkpoint_drift(open_checkpoints("builtin:induction/seed0@0,113,492,1024"))
    assert (np.diff(found.similarity.isel(depth=-1)) > 0).all()
    assert (np.diff(found.divergence) < 0).all()
    assert (found.divergence_low <= found.divergence).all()
    assert "layer" not in found.dims


def test_a_series_of_one_step_is_refused() -> None:
    with pytest.raises(BadInput, match="is 1 step: give a series"):
        checkpoint_drift(open_checkpoints("builtin:induction/seed0@16"))
