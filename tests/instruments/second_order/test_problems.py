"""Problems come from an evaluation or a task, and each is read out in its own direction."""

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.data.tasks import TASKS
from neuronscope.instruments import logit_direction, run
from neuronscope.instruments.comparing.pairs import answer_tokens
from neuronscope.instruments.second_order import (
    Problems,
    held_passes,
    neuron_effects,
    problems_of,
    reading_of,
)
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def drawn(scribe: Model) -> Problems:
    return problems_of(scribe, evaluation=None, task=TASKS["capital"], n_prompts=12)


def evaluated(problems: Problems) -> xr.Dataset:
    words = {"clean": problems.texts, "answer": problems.answers, "distractor": problems.wrong}
    found = {name: ("prompt", list(texts)) for name, texts in words.items()}
    return xr.Dataset({**found, "correct": ("prompt", np.arange(len(problems)) % 2 == 0)})


def test_an_evaluation_gives_the_same_problems_as_its_task(scribe: Model, drawn: Problems) -> None:
    again = problems_of(scribe, evaluation=evaluated(drawn), task=None, n_prompts=5)
    assert len(again) == 5
    assert all(torch.equal(*both) for both in zip(again.prompts, drawn.prompts, strict=False))
    assert torch.equal(again.target, drawn.target[:5])
    assert torch.equal(again.distractor, drawn.distractor[:5])
    assert again.correct is not None
    assert again.correct.tolist() == [True, False, True, False, True]
    assert len(problems_of(scribe, evaluation=evaluated(drawn), task=None, n_prompts=0)) == 12


def test_rows_are_taken_by_number_or_by_truth(drawn: Problems) -> None:
    chosen = np.arange(12) % 3 == 0
    assert drawn[chosen].texts == drawn.texts[::3]
    assert torch.equal(drawn[2:4].target, drawn.target[2:4])
    assert drawn[chosen].correct is None


def test_readings_are_the_logits_that_they_name(scribe: Model, drawn: Problems) -> None:
    seen = run(scribe, list(drawn.prompts), get=["final@-1"])
    logits = torch.stack([row[own] for row, own in zip(seen.logits, seen.batch.last, strict=True)])
    final, rows = seen["final@-1"], torch.arange(12)

    def read(reading: str) -> torch.Tensor:
        found = reading_of(scribe, drawn, reading=reading, direction=None)  # pyright: ignore[reportArgumentType]
        return (final * found.vectors).sum(-1) + found.constant

    right = logits[rows, drawn.target]
    torch.testing.assert_close(read("difference"), right - logits[rows, drawn.distractor], rtol=0, atol=2e-4)
    torch.testing.assert_close(read("answer"), right - logits.mean(-1), rtol=0, atol=2e-4)
    each = reading_of(scribe, drawn, reading="difference", direction=None)
    mean = reading_of(scribe, drawn, reading="mean_difference", direction=None)
    torch.testing.assert_close(mean.vectors[0], each.vectors.mean(0))


def test_a_given_direction_is_read_at_its_last_depth(scribe: Model, drawn: Problems) -> None:
    vectors = np.random.default_rng(0).normal(size=(3, scribe.width))
    given = xr.Dataset({"direction": (("depth", "width"), vectors)})
    found = reading_of(scribe, drawn, reading="difference", direction=given)
    np.testing.assert_allclose(found.vectors[0].numpy(), vectors[-1], rtol=1e-6)
    short = xr.Dataset({"direction": (("depth", "width"), vectors[:, :7])})
    with pytest.raises(BadInput, match=r"direction has 7 entries, but builtin:scribe has width 160"):
        reading_of(scribe, drawn, reading="difference", direction=short)


def test_batches_cover_every_problem_once_and_change_no_effect(scribe: Model, drawn: Problems) -> None:
    reading = reading_of(scribe, drawn, reading="difference", direction=None)
    parts = [(rows, neuron_effects(seen, reading.picked(rows))) for rows, seen in held_passes(scribe, drawn)]
    effect = torch.cat([part for _, part in parts])
    assert effect.shape == (12, 6, 640)
    one, seen = next(held_passes(scribe, drawn[3:4]))
    alone = neuron_effects(seen, logit_direction(scribe, drawn.target[3:4], drawn.distractor[3:4]))
    torch.testing.assert_close(alone[0], effect[3], rtol=0, atol=2e-5)
    assert one.start == 0
    kept = next(held_passes(scribe, drawn, layers=[2]))[1]
    assert neuron_effects(kept, reading)[:, 2].isfinite().all()
    assert neuron_effects(kept, reading)[:, 3].isnan().all()


def test_what_gives_no_problems_is_refused(scribe: Model, drawn: Problems) -> None:
    with pytest.raises(BadInput, match="brings its own problems"):
        problems_of(scribe, evaluation=evaluated(drawn), task=TASKS["capital"], n_prompts=4)
    with pytest.raises(BadInput, match="no variable 'distractor' over prompt"):
        problems_of(scribe, evaluation=evaluated(drawn).drop_vars("distractor"), task=None, n_prompts=4)
    right_alone = evaluated(drawn).assign(distractor=("prompt", [""] * 12))
    with pytest.raises(BadInput, match="has right answers alone"):
        problems_of(scribe, evaluation=right_alone, task=None, n_prompts=4)


def test_a_later_token_of_the_answer_is_read_behind_those_before_it(scribe: Model) -> None:
    task = TASKS["two-digit-arithmetic"]
    drawn = problems_of(scribe, evaluation=None, task=task, n_prompts=8)
    later = problems_of(scribe, evaluation=None, task=task, n_prompts=8, answer_token=1)
    right, wrong = (answer_tokens(scribe, drawn.texts, own) for own in (drawn.answers, drawn.wrong))
    pairs = list(zip(right, wrong, strict=True))
    kept = [row for row, (one, other) in enumerate(pairs) if one[1:2] and other[1:2] and one[1] != other[1]]
    assert 0 < len(kept) < 8
    assert later.answers == tuple(drawn.answers[row] for row in kept)
    assert later.target.tolist() == [right[row][1] for row in kept]
    assert later.distractor.tolist() == [wrong[row][1] for row in kept]
    for row, prompt, text in zip(kept, later.prompts, later.texts, strict=True):
        assert prompt.tolist() == [*drawn.prompts[row].tolist(), right[row][0]]
        assert text == drawn.texts[row]  # so that others know on which problems something was found
    with pytest.raises(BadInput, match=r"answer_token is 7, but no right answer .* longest has 3 tokens"):
        problems_of(scribe, evaluation=None, task=task, n_prompts=8, answer_token=7)
