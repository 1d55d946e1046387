"""Task evaluation: what it counts is what single runs say, and what it keeps is enough to count again."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope import open_model, task_evaluation
from neuronscope.contract import Result, analysis, ask
from neuronscope.data.tasks import open_task
from neuronscope.instruments import residual_stream, run
from neuronscope.maths.calibration import expected_calibration_error
from neuronscope.maths.resampling import wilson_interval
from neuronscope.models import Model
from neuronscope.results import Store, digest, kind_of, label, open_store, provenance
from neuronscope.words import BadInput

SUMS = "two-digit-arithmetic"


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def found(scribe: Model) -> xr.Dataset:
    return task_evaluation(scribe, "indirect-object", n_prompts=40)


@analysis(kind="profile")
def answer_lengths(evaluation: Result) -> xr.Dataset:
    """Measure the right answers of an evaluation, in letters."""
    right = evaluation.written.values[evaluation.correct.values]
    return label({}, n_letters=("prompt", [len(text) for text in right.tolist()]))


def test_accuracy_is_the_share_of_correct_prompts_with_its_wilson_interval(found: xr.Dataset) -> None:
    correct = found.correct.values
    assert kind_of(found) == "ranking"
    assert next(iter(found.data_vars)) == "accuracy"
    assert found.item.values[0] == "all"
    assert float(found.accuracy[0]) == correct.mean()
    np.testing.assert_array_equal(found.accuracy_interval[0], wilson_interval(correct.sum(), 40))
    assert float(found.forced_accuracy[0]) == found.prefers_right.values.mean()
    for item in found.item.values.tolist()[1:]:
        rows = found.template.values == item
        assert float(found.accuracy.sel(item=item)) == correct[rows].mean()
        assert int(found.n_asked.sel(item=item)) == rows.sum() > 1


def test_scribe_gives_the_recipient_and_the_twin_turns_the_metric(found: xr.Dataset) -> None:
    assert float(found.accuracy[0]) > 0.8
    for row in np.flatnonzero(found.correct.values):
        assert found.written.values[row].startswith(found.answer.values[row])
    assert float(found.metric.mean()) > 1 > -1 > float(found.corrupt_metric.mean())
    low, high = found.mean_metric_interval.values[0]
    assert low < float(found.mean_metric[0]) < high
    assert float(found.mean_metric[0]) == pytest.approx(float(found.metric.mean()))


def test_the_metric_of_single_tokens_is_the_difference_of_their_logits(
    scribe: Model, found: xr.Dataset
) -> None:
    for row in (0, 7):
        for prompt, metric in (("clean", "metric"), ("corrupt", "corrupt_metric")):
            logits = run(scribe, str(found[prompt].values[row])).logits[0, -1]
            answer, distractor = (
                scribe.tokenizer(str(found[name].values[row]))["input_ids"]
                for name in ("answer", "distractor")
            )
            if len(answer) == len(distractor) == 1:
                expected = float(logits[answer[0]] - logits[distractor[0]])
                assert float(found[metric][row]) == pytest.approx(expected, abs=1e-4)


def test_calibration_comes_from_the_confidence_of_each_prompt(found: xr.Dataset) -> None:
    stated, correct = found.confidence.values, found.correct.values
    assert found.attrs["calibration_error"] == pytest.approx(expected_calibration_error(stated, correct))
    assert found.attrs["calibration_error_low"] <= found.attrs["calibration_error_high"]
    assert 0 < found.attrs["calibration_error_p"] <= 1
    assert int(found.bin_n.sum()) == 40
    filled = found.bin_n.values > 0
    share = (found.reliability * found.bin_n).values[filled].sum() / 40
    assert share == pytest.approx(correct.mean())
    assert np.isnan(found.reliability.values[~filled]).all()


def test_every_token_of_every_listed_answer_is_there(make_model: object) -> None:
    assert callable(make_model)
    model = make_model("gpt2")
    result = task_evaluation(model, SUMS, n_prompts=6)
    for row in range(6):
        texts = [text for text in result.candidate_text.values[row].tolist() if text]
        assert texts == [result.answer.values[row], result.distractor.values[row]]
        assert int(result.n_right_candidates[row]) == 1
        prompt = model.tokenize(str(result.clean.values[row]))
        for place, text in enumerate(texts):
            tokens = torch.tensor(model.tokenizer(text)["input_ids"])
            logits = run(model, torch.cat([prompt, tokens])).logits[0, len(prompt) - 1 : -1]
            own = logits.gather(1, tokens[:, None])[:, 0]
            kept = result.candidate_logit.values[row, place]
            np.testing.assert_allclose(kept[: len(tokens)], own, atol=1e-9)
            assert np.isnan(kept[len(tokens) :]).all()
            total = logits.log_softmax(-1).gather(1, tokens[:, None]).sum()
            assert float(result.candidate_log_probability[row, place]) == pytest.approx(
                float(total), abs=1e-9
            )
        log_odds = result.candidate_log_probability.values[row]
        assert float(result.metric[row]) == pytest.approx(log_odds[0] - log_odds[1], abs=1e-9)


def test_a_random_model_is_wrong_and_the_interval_says_how_sure_that_is(model: Model) -> None:
    result = task_evaluation(model, SUMS, n_prompts=8)
    assert float(result.accuracy[0]) == 0.0
    assert result.accuracy_interval.values[0].tolist() == pytest.approx([0.0, 0.3244], abs=1e-4)


def test_the_streams_are_those_of_single_runs(make_model: object) -> None:
    assert callable(make_model)
    model = make_model("llama")
    last = task_evaluation(model, SUMS, n_prompts=5, representations="answer", precision="float32")
    whole = task_evaluation(model, SUMS, n_prompts=5, representations="all")
    assert last.residual.dims == ("prompt", "depth", "width")
    assert whole.residual.dims == ("prompt", "depth", "position", "width")
    assert whole.residual.dtype == np.float16
    for row in range(5):
        stream = residual_stream(model, model.tokenize(str(last.clean.values[row])))
        np.testing.assert_allclose(last.residual[row], stream[:, -1], atol=1e-4, rtol=1e-4)
        n = stream.shape[1]
        np.testing.assert_allclose(whole.residual[row, :, :n], stream, atol=2e-2, rtol=2e-3)
        assert np.isnan(whole.residual.values[row, :, n:]).all()


def test_several_right_answers_are_weighed_as_the_task_says(scribe: Model) -> None:
    result = task_evaluation(scribe, "greater-than", n_prompts=5)
    probability = np.exp(result.candidate_log_probability.values)
    for row in range(5):
        n_right = int(result.n_right_candidates[row])
        right, wrong = np.nansum(probability[row, :n_right]), np.nansum(probability[row, n_right:])
        assert float(result.metric[row]) == pytest.approx(right - wrong, abs=1e-6)
        assert n_right + len(set(result.candidate_text.values[row, n_right:]) - {""}) == 100


def test_a_task_without_a_twin_and_its_last_number(scribe: Model, tmp_path: Path) -> None:
    questions = [f"{a} + {b} =" for a, b in ((3, 4), (5, 2), (6, 1))]
    lines = [json.dumps({"question": q, "answer": "so #### 7"}) for q in questions]
    (tmp_path / "sums.jsonl").write_text("\n".join(lines))
    task = open_task(f"gsm8k:{tmp_path / 'sums.jsonl'}")
    result = task_evaluation(scribe, task, n_prompts=3, written_tokens=6, answer_place="last_number")
    assert "corrupt_metric" not in result
    assert (result.metric.values < 0).all()
    for text, correct in zip(result.written.values.tolist(), result.correct.values.tolist(), strict=True):
        numbers = [word.strip(".,;") for word in text.split() if word.strip(".,;").isdigit()]
        assert correct == (bool(numbers) and numbers[-1] == "7")


def test_pairs_of_your_own_in_a_file(scribe: Model, tmp_path: Path) -> None:
    rows = ["clean,corrupt,answer,distractor"]
    rows += [f"{a} + 3 =,{b} + 3 =, {a + 3}, {b + 3}" for a, b in ((1, 5), (2, 6), (4, 5))]
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    result = ask(
        task_evaluation.definition,
        {"model": "builtin:scribe", "task": str(tmp_path / "mine.csv"), "n_prompts": 3},
    )
    assert result.item.values.tolist() == ["all"]  # a template of one prompt has no accuracy of its own
    assert provenance(result)["sources"]["task"]["name"] == str(tmp_path / "mine.csv")


def test_an_evaluation_is_a_subject_of_later_analyses() -> None:
    store = open_store()
    asked = {"model": "builtin:scribe", "task": "capital", "n_prompts": 6}
    parent = ask(task_evaluation.definition, asked, store=store)
    child = ask(answer_lengths.definition, {"evaluation": digest(parent)}, store=store)
    assert child.sizes["prompt"] == int(parent.correct.sum()) > 0
    assert provenance(child)["parents"] == {"evaluation": digest(parent)}


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of this system's kind alone")
def test_a_killed_evaluation_goes_on_and_gives_the_same_answer(home_of_its_own: Path) -> None:
    asked = {"model": "builtin:scribe", "task": "capital", "n_prompts": 150}
    code = f"from neuronscope.doors.notebook import ask; ask('task_evaluation', **{asked!r})"
    # As many threads as here, since sums over other threads round otherwise.
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    begun, files = time.monotonic(), []
    while not files and process.poll() is None and time.monotonic() - begun < 100:
        kept = home_of_its_own.glob("store/unfinished/*/answers-*.jsonl")
        files = [file for file in kept if file.stat().st_size]
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    (file,) = files
    n_done = file.read_bytes().count(b"\n")
    assert 0 < n_done < 300
    undisturbed = ask(task_evaluation.definition, asked, store=Store(home_of_its_own / "other"))
    resumed = ask(task_evaluation.definition, asked, store=open_store())
    assert digest(resumed) == digest(undisturbed)
    assert not list(home_of_its_own.glob("store/unfinished/*"))


def test_what_cannot_be_asked_is_refused(scribe: Model, make_model: object, tmp_path: Path) -> None:
    assert callable(make_model)
    with pytest.raises(BadInput, match="There is no task 'indirect'"):
        task_evaluation(scribe, "indirect")
    (tmp_path / "one.csv").write_text("clean,corrupt,answer,distractor\n1 + 3 =,2 + 3 =, 4, 5")
    with pytest.raises(BadInput, match="fewer than 2"):
        task_evaluation(scribe, str(tmp_path / "one.csv"), n_prompts=2)
    with pytest.raises(BadInput, match="has no split 'train'"):
        task_evaluation(scribe, "capital", split="train")
    with pytest.raises(BadInput, match=r"None of 4 prompts leaves room for its answer in the 40 tokens"):
        task_evaluation(make_model("gpt2"), "docstring", n_prompts=4)
    with pytest.raises(BadInput, match="has no tokenizer, so it cannot read a task"):
        task_evaluation(Model(make_model("gpt2").hf, name="bare"), SUMS)


def test_prompts_that_do_not_fit_are_counted(make_model: object) -> None:
    assert callable(make_model)
    short = open_task("capital")
    result = task_evaluation(make_model("gpt2"), replace(short, name="capital"), n_prompts=60)
    assert result.sizes["prompt"] + result.attrs["too_long"] == 60
    assert 0 < result.attrs["too_long"] < 60


def test_a_model_that_reads_both_ways_is_refused(reader: Model) -> None:
    with pytest.raises(BadInput, match="reader reads both ways, so nothing follows a prompt"):
        task_evaluation(reader, open_task("one-digit-arithmetic"), n_prompts=2)
