"""Training is a function of the seed: a killed run that goes on ends with the same weights, bit for bit."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from neuronscope.learned.keeping import save_atomically
from neuronscope.learned.loop import CHECKPOINT, LOG, Run, Schedule, next_token_nats, train

SCHEDULE = Schedule(steps=12, learning_rate=1e-2, warm_up=3, decay=4, bfloat16=True)


def tiny_model() -> PreTrainedModel:
    return GPT2LMHeadModel(
        GPT2Config(
            n_layer=1,
            n_embd=16,
            n_head=2,
            vocab_size=24,
            n_positions=16,
            bos_token_id=0,
            eos_token_id=0,
            use_cache=False,
        )
    )


def batch(step: int) -> np.ndarray:
    return np.tile(np.random.default_rng(step).integers(1, 24, (4, 8)), 2)


def run(measured: dict[str, Any] | None = None) -> Run:
    return Run(seed=3, make_model=tiny_model, batch=batch, measure=lambda model: dict(measured or {}))


def told(_: str) -> None: ...


def trained(folder: Path, *stops: int) -> dict[str, torch.Tensor]:
    for stop in stops:
        train(run(), SCHEDULE, folder, save_every=4, stop_after=stop, tell=told)
    return train(run(), SCHEDULE, folder, save_every=4, tell=told).state_dict()


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    return trained(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("stops", [(1,), (5,), (4, 11), (2, 3, 7)])
def test_a_stopped_run_goes_on_to_bit_equal_weights(
    stops: tuple[int, ...], uninterrupted: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    assert equal(trained(tmp_path, *stops), uninterrupted)


def test_a_killed_run_goes_on_from_its_checkpoint_to_bit_equal_weights(
    uninterrupted: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    def killed(step: int) -> np.ndarray:
        if step == 10:
            raise KeyboardInterrupt
        return batch(step)

    with pytest.raises(KeyboardInterrupt):
        train(replace(run(), batch=killed), SCHEDULE, tmp_path, save_every=4, tell=told)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == 8
    assert equal(trained(tmp_path), uninterrupted)


def test_another_seed_ends_elsewhere(uninterrupted: dict[str, torch.Tensor], tmp_path: Path) -> None:
    other = train(replace(run(), seed=4), SCHEDULE, tmp_path, tell=told).state_dict()
    assert not equal(other, uninterrupted)


def test_the_log_has_one_line_a_report_and_none_twice(tmp_path: Path) -> None:
    schedule = replace(SCHEDULE, steps=120)
    train(run({"accuracy": {"copying": 0.5}}), schedule, tmp_path, save_every=40, stop_after=100, tell=told)
    saved = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    save_atomically({**saved, "step": 60}, tmp_path / CHECKPOINT)
    said: list[str] = []
    train(run({"accuracy": {"copying": 0.5}}), schedule, tmp_path, measure_every=100, tell=said.append)
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines] == [50, 100, 120]
    assert lines[-1]["accuracy"] == {"copying": 0.5}
    assert said[0] == "resumes at step 60"
    assert "copying 0.50" in said[-1]


def test_tokens_and_seconds_are_counted_over_all_parts(tmp_path: Path) -> None:
    trained(tmp_path, 5, 9)
    saved = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert saved["step"] == 12
    assert saved["n_tokens"] == 12 * 4 * 16
    assert saved["seconds"] > 0


def test_the_rate_warms_up_stays_and_decays() -> None:
    rates = [SCHEDULE.rate(step) for step in range(12)]
    assert rates[:3] == pytest.approx([1e-2 / 3, 2e-2 / 3, 1e-2])
    assert rates[3:9] == pytest.approx([1e-2] * 6)
    assert rates[9:] == pytest.approx([0.75e-2, 0.5e-2, 0.25e-2])


def test_a_stretched_decay_goes_on_where_it_was_and_ends_later() -> None:
    stretched = replace(SCHEDULE, steps=14, stretched_from=10, stretched_by=2)
    rates = [stretched.rate(step) for step in range(14)]
    assert rates[:10] == [SCHEDULE.rate(step) for step in range(10)]
    assert rates[10:] == pytest.approx([0.5e-2, 0.375e-2, 0.25e-2, 0.125e-2])


def test_each_cycle_starts_again_and_falls_to_zero_by_the_next() -> None:
    cycled = replace(SCHEDULE, steps=18, cycles=((12, 4e-3), (16, 2e-3)))
    rates = [cycled.rate(step) for step in range(18)]
    assert rates[:12] == [SCHEDULE.rate(step) for step in range(12)]
    assert rates[12:] == pytest.approx([4e-3, 3e-3, 2e-3, 1e-3, 2e-3, 1e-3])


def test_the_loss_is_that_of_the_next_token() -> None:
    logits = torch.zeros(1, 3, 4)
    logits[0, 0, 2] = 50.0
    tokens = torch.tensor([[1, 2, 3]])
    assert next_token_nats(logits, tokens).item() == pytest.approx(np.log(4) / 2, abs=1e-6)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    save_atomically({"step": 1}, tmp_path / "a.pt")
    save_atomically({"step": 2}, tmp_path / "a.pt")
    assert torch.load(tmp_path / "a.pt", weights_only=True) == {"step": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]
