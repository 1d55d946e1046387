"""Hard questions, held to a failure that was written into a model by hand."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.second_order.hard_questions import hard_questions
from neuronscope.data.tasks import Pair, Task, open_task
from neuronscope.data.tasks.pair import Dice
from neuronscope.instruments.answered.marking import question_of
from neuronscope.instruments.answering import answer
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.instruments.attributing.planted import ANSWER, KNOWING, KNOWN, knowing_model

SMALL: dict[str, Any] = {"n_training": 24, "n_new": 40, "n_asked": 12, "n_folds": 3, "n_null": 39}


def _draw(dice: Dice) -> Pair:
    body = "".join(dice.rng.choices("mnopq", k=5))
    last = dice.rng.choice([KNOWN, "j"])
    return Pair(
        task=dice.task,
        template="one",
        seed=dice.seed,
        clean=f"{body}7{last}",
        corrupt=f"{body}8{last}",
        answer=ANSWER,
        distractor="?",
    )


HALF_KNOWN = Task(name="half-known", summary="Always the same.", draw=_draw, splits={"unseen": None})
"""The model knows the answer behind ``k`` and nowhere else."""


@pytest.fixture(scope="module")
def model() -> Model:
    return knowing_model()


@pytest.fixture(scope="module")
def found(model: Model) -> xr.Dataset:
    return hard_questions(
        model, task=HALF_KNOWN, neurons=f"0.{KNOWING} 0.2", values="activation", seed=3, **SMALL
    )


def test_a_neuron_that_knows_tells_every_failure_before_it_is_asked(found: xr.Dataset) -> None:
    assert found.item.values.tolist() == ["hardest", "at random", "easiest"]
    assert found.accuracy.values[[0, 2]].tolist() == [0, 1]
    assert 0 < found.accuracy.values[1] < 1
    assert float(found.gap) == 1
    assert float(found.gap_p) < 0.01
    assert float(found.auroc.sel(way="neurons")) == 1
    assert float(found.training_auroc.sel(way="neurons")) == 1
    assert float(found.training_auroc_p.sel(way="neurons")) == 1 / 40
    assert found.address.values[0] == f"mlp_act.0.{KNOWING}"
    assert found.weight.values[0] < 0  # where it is active, the model is right
    assert found.alone.values[0] == 0


def test_what_is_the_same_in_every_prompt_tells_nothing(found: xr.Dataset) -> None:
    for way in ("n_tokens", "operand_size"):
        assert float(found.auroc.sel(way=way)) == 0.5
        assert float(found.auroc_p.sel(way=way)) == 1


def test_the_questions_are_new_listed_from_the_hardest_and_answered_by_the_model(
    model: Model, found: xr.Dataset
) -> None:
    assert (np.diff(found.score) <= 0).all()
    sorts = found["sort"].values
    assert sum("hardest" in one for one in sorts) == sum("easiest" in one for one in sorts) == 12
    assert sum("at random" in one for one in sorts) == 12
    assert len(set(found.question.values)) == found.sizes["prompt"]
    for row in (0, -1):
        text = str(found.question.values[row])
        pair = Pair(task="", template="", seed=0, clean=text, corrupt="", answer=ANSWER, distractor="?")
        (reply,) = answer(model, [question_of(pair, text)])
        assert found.written.values[row] == reply.text
        assert bool(found.correct.values[row]) == text.endswith(KNOWN)


def test_the_right_answers_of_new_problems_play_no_part_in_which_are_asked(model: Model) -> None:
    def turned(dice: Dice) -> Pair:
        pair = _draw(dice)
        is_new = dice.seed >= 2**20
        answers = {"answer": "?", "distractor": ANSWER} if is_new else {}
        return Pair(**{**vars(pair), **answers})

    other = Task(name="half-known", summary="Turned.", draw=turned, splits={"unseen": None})
    asked = {"neurons": f"0.{KNOWING} 0.2", "values": "activation", **SMALL}
    one, two = (hard_questions(model, task=task, **asked) for task in (HALF_KNOWN, other))
    assert one.question.values.tolist() == two.question.values.tolist()
    np.testing.assert_array_equal(one.score, two.score)
    assert one.answer.values.tolist() != two.answer.values.tolist()


def test_on_a_trained_model_the_hardest_are_failed_more_often_than_the_easiest() -> None:
    scribe = open_model("builtin:scribe")
    asked = {"n_training": 80, "n_new": 160, "n_asked": 24, "n_null": 19}
    found = hard_questions(scribe, task=open_task("two-digit-arithmetic"), **asked)
    assert found.accuracy.values[0] < found.accuracy.values[2]
    low, high = found.accuracy_low, found.accuracy_high
    assert ((low <= found.accuracy) & (found.accuracy <= high)).all()
    assert {"wording", "all of these", "confidence"} <= set(found.way.values)


def test_a_task_that_the_model_always_gets_right_is_refused() -> None:
    with pytest.raises(BadInput, match="partly right"):
        hard_questions(open_model("builtin:scribe"), task=open_task("capital"), **{**SMALL, "n_new": 8})
