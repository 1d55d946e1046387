"""A direction that was planted is found in the model's states, on prompts that were held out."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.second_order.correctness_direction import correctness_direction
from neuronscope.data.tasks import TASKS
from neuronscope.instruments.comparing.pairs import first_tokens
from neuronscope.instruments.linear import logit_direction
from neuronscope.models import Model, open_model
from neuronscope.results import label
from neuronscope.words import BadInput

N, DEPTHS = 120, 3


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


def planted(size: float = 4.0, *, seed: int = 0, **more: Any) -> tuple[xr.Dataset, np.ndarray]:
    """Representations whose last depth parts by being right, along a direction that is given back."""
    rng = np.random.default_rng(seed)
    way = rng.normal(size=160)
    way /= np.linalg.norm(way)
    correct = rng.random(N) < 0.6
    rows = rng.normal(size=(N, DEPTHS, 160))
    rows[:, -1] += size * correct[:, None] * way
    about = {"correct": correct, "n_tokens": rng.integers(5, 12, N), "operand_size": rng.random(N)} | more
    found = label(
        {"prompt": range(N), "depth": range(DEPTHS)},
        representation=("prompt depth width", rows),
        **{name: ("prompt", values) for name, values in about.items()},
    )
    return found, way


@pytest.mark.parametrize("method", ["mean_difference", "shrunken_lda", "logistic"])
def test_a_planted_direction_is_found_at_its_depth_alone(scribe: Model, method: str) -> None:
    given, way = planted()
    found = correctness_direction(scribe, given, method=method, n_permutations=99)
    assert float(found.auroc[-1]) > 0.9
    assert float(found.auroc_low[-1]) > 0.8
    assert float(found.p[-1]) < 0.05 <= float(found.p[:-1].min())
    assert float(found.direction[-1].values @ way) > 0.7
    np.testing.assert_allclose(np.linalg.norm(found.direction, axis=-1), 1)
    assert (found.auroc_low[:-1] < 0.5).all()
    assert (found.auroc_high[:-1] > 0.5).all()


def test_in_sample_noise_looks_like_a_direction_and_held_out_it_does_not(scribe: Model) -> None:
    found = correctness_direction(scribe, planted(0.0)[0], n_permutations=0)
    assert (found.in_sample_auroc > 0.9).all()
    assert (abs(found.auroc - 0.5) < 0.15).all()
    assert "p" not in found


def test_the_score_is_higher_for_right_answers_and_of_other_folds_than_the_own(scribe: Model) -> None:
    given, _ = planted()
    found = correctness_direction(scribe, given, n_permutations=0)
    right, wrong = (found.score[:, -1].values[given.correct.values == kind] for kind in (True, False))
    assert right.mean() > 0 > wrong.mean()
    assert float(found.agreement[-1]) > 0.9 > float(found.agreement[0])


def test_a_number_is_split_at_its_median_and_prompts_without_one_are_left_out(scribe: Model) -> None:
    quality = np.random.default_rng(1).normal(size=N)
    quality[:10] = np.nan
    given, _ = planted(quality=quality)
    found = correctness_direction(scribe, given, outcome="quality", n_permutations=0)
    assert found.sizes["prompt"] == N - 10
    assert found.attrs["n_with"] == found.attrs["n_without"] == 55
    assert found.outcome.values.tolist() == (quality[10:] > np.median(quality[10:])).tolist()


def test_a_direction_that_is_the_length_alone_is_shown_to_be(scribe: Model) -> None:
    rng = np.random.default_rng(2)
    given, way = planted(0.0)
    length = rng.integers(0, 5, N)
    given["n_tokens"] = ("prompt", length)
    given["correct"] = ("prompt", rng.random(N) < 0.1 + 0.2 * length)
    given["representation"][:, -1] += 6 * length[:, None] * way
    found = correctness_direction(scribe, given, n_permutations=0)
    assert float(found.auroc[-1]) > 0.7
    assert float(found.covariate_auroc_low.sel(item="n_tokens")) > 0.6
    within = found.sel(item="n_tokens").isel(depth=-1)
    assert float(within.adjusted_auroc_low) < 0.5 < float(within.adjusted_auroc_high)
    other = found.sel(item="operand_size").isel(depth=-1)
    assert float(other.adjusted_auroc) > 0.7


def test_templates_are_held_out_whole(scribe: Model) -> None:
    template = np.array([f"t{number % 6}" for number in range(N)])
    marked = np.array([one in ("t0", "t1", "t2") for one in template])
    given, _ = planted(0.0, correct=marked, template=template)
    own = np.random.default_rng(3).normal(size=(6, 160))
    given["representation"][:, -1] += 5 * own[[int(one[1]) for one in template]]
    by_prompt = correctness_direction(scribe, given, n_permutations=0, n_folds=3)
    by_template = correctness_direction(scribe, given, n_permutations=0, n_folds=3, groups="template")
    assert float(by_prompt.auroc[-1]) > 0.95  # it knows the templates again
    assert float(by_template.auroc[-1]) < 0.9


def test_the_probe_on_the_logits_of_the_answers_reads_nothing_else(scribe: Model) -> None:
    found = correctness_direction(scribe, method="answer_logits", n_permutations=0, n_prompts=40)
    pairs = list(TASKS["two-digit-arithmetic"].pairs(40, scribe.tokenizer))
    texts = [pair.clean for pair in pairs] * 2
    answers = [pair.answer for pair in pairs] + [pair.distractor for pair in pairs]
    readers = logit_direction(scribe, first_tokens(scribe, texts, answers)).vectors.double().numpy(force=True)
    way = found.direction[-1].values
    left = way - readers.T @ np.linalg.lstsq(readers.T, way, rcond=None)[0]
    assert np.linalg.norm(left) < 1e-9
    assert np.linalg.matrix_rank(readers) < 40


def test_one_kind_of_answers_alone_is_refused_with_the_counts(scribe: Model) -> None:
    given, _ = planted(correct=np.ones(N, dtype=bool))
    with pytest.raises(BadInput, match="By 'correct' 120 of 120 prompts are one way and 0 the other"):
        correctness_direction(scribe, given)
    few, _ = planted(correct=np.arange(N) < 3)
    with pytest.raises(BadInput, match="3 prompts have the label and 117 have not, but 5 folds need 5"):
        correctness_direction(scribe, few)


def test_what_is_no_label_and_what_is_no_result_are_refused(scribe: Model) -> None:
    given, _ = planted()
    with pytest.raises(
        BadInput, match="There is no number or truth 'right' over prompt; choose one of correct"
    ):
        correctness_direction(scribe, given, outcome="right")
    with pytest.raises(BadInput, match="give a result of representations"):
        correctness_direction(scribe, given.drop_vars("representation"))
    with pytest.raises(BadInput, match=r"The representations have width 8, but builtin:scribe has 160"):
        correctness_direction(scribe, given.isel(width=slice(8)))
    with pytest.raises(BadInput, match="do not say of which template"):
        correctness_direction(scribe, given, groups="template")
    with pytest.raises(BadInput, match="do not say what the answers are"):
        correctness_direction(scribe, given, method="answer_logits")
    with pytest.raises(BadInput, match="bring their own prompts"):
        correctness_direction(scribe, given, TASKS["capital"])
