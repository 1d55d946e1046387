"""The benchmark runs, and the code that it calls the first one computes what that one is known to compute."""

import copy
import json
from dataclasses import replace

import pytest
import torch

from benchmarks.speed.second_order import first_code, main
from benchmarks.speed.subjects import TINY, subject
from neuronscope.instruments import linearise
from neuronscope.instruments.second_order import neuron_sites
from neuronscope.instruments.second_order.uniform import uniform_effects
from neuronscope.models import Model


def test_a_quick_run_gives_both_costs_and_the_first_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["capturing"]["value"] > 0
    assert said["extra_megabytes"] >= said["capturing_megabytes"] > 0
    assert said["one_layer_by_count"] > 100
    assert 0 < said["first_code_share_run"] < 1


def test_the_first_code_is_the_one_that_shares_out_evenly() -> None:
    on = subject("gpt2", replace(TINY, layers=4, rows=1))
    model = Model(copy.deepcopy(on.plain).double(), name="gpt2")
    dice = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weights in model.hf.named_parameters():
            if name.endswith("bias"):
                weights.copy_(torch.randn(weights.shape, generator=dice, dtype=weights.dtype))
    keep = [*neuron_sites(model), "pattern.*", "resid_pre.*"]
    seen = linearise(model, on.tokens[:1], order=2, keep=keep)
    for layer in range(3):
        torch.testing.assert_close(
            first_code(seen, layer, 7), uniform_effects(seen, layer)[0, :7], rtol=1e-9, atol=1e-9
        )
