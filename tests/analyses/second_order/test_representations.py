"""What is kept of each prompt is what the model's own last norm makes of its streams."""

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.analyses.second_order.representations import representations
from neuronscope.analyses.tasks.task_evaluation import task_evaluation
from neuronscope.data.tasks import TASKS
from neuronscope.instruments import residual_stream, run
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

N = 12


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe", dtype="float64")


@pytest.fixture(scope="module")
def evaluated(scribe: Model) -> xr.Dataset:
    return task_evaluation(scribe, TASKS["two-digit-arithmetic"], n_prompts=N)


def final(model: Model, text: str) -> np.ndarray:
    """The stream of every depth at every token, behind the last norm."""
    norm = model.anatomy.final_norm
    assert norm is not None
    with torch.no_grad():
        return norm(residual_stream(model, model.tokenize(text))).numpy()


def test_the_last_depth_is_what_the_output_head_reads(scribe: Model, evaluated: xr.Dataset) -> None:
    found = representations(scribe, evaluated)
    for row, text in enumerate(evaluated.clean.values):
        read = run(scribe, scribe.tokenize(str(text)), get="final")["final"][0, -1]
        np.testing.assert_allclose(found.representation[row, -1], read, atol=1e-5)


def test_every_depth_goes_through_the_same_norm(scribe: Model, evaluated: xr.Dataset) -> None:
    found = representations(scribe, evaluated).representation
    for row, text in enumerate(evaluated.clean.values[:4]):
        np.testing.assert_allclose(found[row], final(scribe, str(text))[:, -1], atol=1e-5)


def test_prompts_of_a_task_are_answered_as_an_evaluation_does(scribe: Model, evaluated: xr.Dataset) -> None:
    asked, given = representations(scribe, n_prompts=N), representations(scribe, evaluated)
    for name in ("correct", "written", "clean", "answer", "distractor", "template", "n_tokens"):
        assert asked[name].values.tolist() == given[name].values.tolist()
    np.testing.assert_allclose(asked.metric, given.metric, rtol=1e-5)
    np.testing.assert_allclose(asked.representation, given.representation, atol=1e-5)
    assert asked.attrs["task"] == given.attrs["task"] == "two-digit-arithmetic"


def test_the_last_positions_are_those_of_the_answer_that_was_written(
    scribe: Model, evaluated: xr.Dataset
) -> None:
    found = representations(scribe, evaluated, n_last=2)
    for row in range(4):
        whole = str(evaluated.clean.values[row]) + str(evaluated.written.values[row])
        np.testing.assert_allclose(found.representation[row], final(scribe, whole)[:, -2:].mean(1), atol=1e-5)


def test_no_position_before_the_answer_is_read(scribe: Model, evaluated: xr.Dataset) -> None:
    found = representations(scribe, evaluated, n_last=4000)
    text, written = str(evaluated.clean.values[0]), str(evaluated.written.values[0])
    start = len(scribe.tokenize(text)) - 1
    np.testing.assert_allclose(
        found.representation[0], final(scribe, text + written)[:, start:].mean(1), atol=1e-5
    )


def test_single_precision_and_half_agree_to_its_rounding(scribe: Model, evaluated: xr.Dataset) -> None:
    single, half = (representations(scribe, evaluated, precision=p) for p in ("float32", "float16"))
    assert half.representation.dtype == np.float16
    np.testing.assert_allclose(half.representation, single.representation, rtol=1e-3, atol=1e-3)


def test_the_length_and_the_largest_number_are_told(scribe: Model, evaluated: xr.Dataset) -> None:
    found = representations(scribe, evaluated)
    assert found.n_tokens.values.tolist() == [len(scribe.tokenize(str(t))) for t in evaluated.clean.values]
    assert found.operand_size[0] == 94  # of 65 + 94
    assert np.isnan(representations(scribe, task=TASKS["indirect-object"], n_prompts=4).operand_size).all()


def test_the_last_depth_is_like_itself_and_one_that_is_the_same_everywhere_like_nothing(
    scribe: Model, evaluated: xr.Dataset
) -> None:
    found = representations(scribe, evaluated)
    np.testing.assert_allclose(found.likeness[:, -1], 1)
    ends = [(len(ids := scribe.tokenize(str(text))), int(ids[-1])) for text in evaluated.clean.values]
    alike = [row for row, end in enumerate(ends) if end == ends[0]]
    assert len(alike) > 2
    same = representations(scribe, evaluated.isel(prompt=alike))
    assert np.isnan(same.likeness[:, 0]).all()  # the embedding of the same last token at the same place


def test_an_evaluation_and_a_task_are_refused_together(scribe: Model, evaluated: xr.Dataset) -> None:
    with pytest.raises(BadInput, match="brings its own prompts: give it or 'capital', not both"):
        representations(scribe, evaluated, TASKS["capital"])
    with pytest.raises(BadInput, match="evaluation has no variable 'correct' over prompt"):
        representations(scribe, evaluated.drop_vars("correct"))
    with pytest.raises(BadInput, match="does not say what was written"):
        representations(scribe, evaluated.drop_vars("written"), n_last=1)
