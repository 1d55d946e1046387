"""What a run leaves behind is whole, opens as any model, and says nothing twice."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from neuronscope.learned.keeping import keep_log_up_to, write_step
from neuronscope.learned.loop import Run, Schedule, train
from neuronscope.learned.schedule import log_spaced
from neuronscope.models import open_checkpoints


def test_steps_of_a_run_open_as_a_series_with_the_weights_of_their_moment(tmp_path: Path) -> None:
    moments: dict[int, torch.Tensor] = {}

    def make_model() -> GPT2LMHeadModel:
        return GPT2LMHeadModel(
            GPT2Config(
                n_layer=1, n_embd=8, n_head=2, vocab_size=12, n_positions=8, bos_token_id=0, eos_token_id=0
            )
        )

    def measure(model: GPT2LMHeadModel) -> dict[str, float]:
        moments[len(moments)] = model.transformer.wte.weight.detach().clone()
        return {}

    run = Run(
        seed=1,
        make_model=make_model,
        batch=lambda step: torch.randint(12, (4, 8)),
        measure=measure,
        keep=frozenset({0, 3, 5}),
    )
    model = train(
        run, Schedule(steps=7, learning_rate=0.01, warm_up=1, decay=1), tmp_path, tell=lambda _: None
    )
    model.config.save_pretrained(tmp_path)
    series = open_checkpoints(str(tmp_path))
    assert series.steps == (0, 3, 5)
    for place, (_, opened) in enumerate(series):
        assert torch.equal(opened.hf.state_dict()["transformer.wte.weight"], moments[place])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("checkpoint.pt", "config.json", "log.jsonl", "steps"),
    ]


def test_tied_weights_are_written_once_and_halves_are_halves(tmp_path: Path) -> None:
    model = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=2, vocab_size=12, n_positions=8))
    stored = load_file(write_step(model, tmp_path, 7, half=True))
    assert "lm_head.weight" not in stored
    assert {weight.dtype for weight in stored.values()} == {torch.float16}
    assert torch.equal(stored["transformer.wte.weight"], model.lm_head.weight.half())


def test_any_network_is_kept(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    stored = load_file(write_step(network, tmp_path, 0, half=True))
    assert stored.keys() == network.state_dict().keys()
    assert stored["1.num_batches_tracked"].dtype == torch.int64
    assert [path.name for path in (tmp_path / "steps").iterdir()] == ["000000.safetensors"]


@pytest.mark.parametrize(("step", "kept"), [(0, []), (20, [10, 20]), (25, [10, 20]), (40, [10, 20, 30])])
def test_the_log_keeps_what_was_done_and_drops_a_torn_line(
    tmp_path: Path, step: int, kept: list[int]
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps({"step": there}) + "\n" for there in (10, 20, 30)) + '{"step": 4')
    keep_log_up_to(log, step)
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == kept


@pytest.mark.parametrize(("steps", "n"), [(1, 5), (10, 16), (1000, 4), (12_345, 16), (7, 2)])
def test_log_spaced_steps_go_from_before_training_to_its_end(steps: int, n: int) -> None:
    found = sorted(log_spaced(steps, n))
    assert found[0] == 0
    assert found[-1] == steps
    assert len(found) <= n + 1
    gaps = [after - before for before, after in pairwise(found)]
    assert all(wider >= gap - 1 for gap, wider in pairwise(gaps))
