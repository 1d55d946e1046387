"""Twins share their weights and nothing else, so two threads run them side by side."""

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from neuronscope.instruments import interventions
from neuronscope.instruments.run import run
from neuronscope.instruments.streaming.stream import stream
from neuronscope.models import Model
from tests.models.tiny import FAMILIES, WIDER, opened, plain_logits, some_tokens

EVERY = [*FAMILIES, *WIDER]
SITES = ["mlp_act.*", "pattern.0", "z.*", "resid_post.*"]


@pytest.mark.parametrize("family", EVERY)
def test_a_twin_holds_the_very_weights_in_modules_of_its_own(family: str) -> None:
    model = opened(family)
    twin = model.twin()
    for held in (PreTrainedModel.parameters, PreTrainedModel.buffers):
        pairs = list(zip(held(model.hf), held(twin.hf), strict=True))
        assert all(one.data_ptr() == two.data_ptr() for one, two in pairs)
    assert not set(model.hf.modules()) & set(twin.hf.modules())
    assert twin.hf.config is not model.hf.config
    assert twin.fingerprint == model.fingerprint
    tokens = some_tokens()
    assert torch.equal(plain_logits(twin.hf, tokens), plain_logits(model.hf, tokens))


def test_what_is_known_of_a_model_is_known_of_its_twin() -> None:
    model = opened("gpt2")
    pattern = model.twin()
    assert pattern.certificate == model.certificate
    assert pattern.twin(known=model).certificate is model.certificate


def test_a_twin_is_bare_and_takes_interventions_of_its_own() -> None:
    model = opened("gpt2").under(interventions.read("mlp_act.1 scale=0"))
    twin = model.twin()
    assert twin.do == ()
    assert twin.under(interventions.read("z.0.1 scale=0")).do == ("z.0.1 scale=0",)
    assert model.do == ("mlp_act.1 scale=0",)


def streamed(model: Model) -> list[Tensor]:
    model = model.under(interventions.read("mlp_act.1 scale=0.5"))
    steps = stream(model, list(range(1, 9)), 16, get=SITES, temperature=1.0, seed=2, stop=())
    return [step[site].clone() for step in steps for site in SITES]


def swept(model: Model) -> list[Tensor]:
    rounds = []
    for layer in range(model.n_layers):
        for head in range(model.n_heads):
            changed = model.under(interventions.read(f"z.{layer}.{head} scale=0"))
            found = run(changed, some_tokens().tolist(), get=SITES)
            rounds += [found[site] for site in SITES]
    return rounds


@pytest.mark.parametrize("family", ["gpt2", "llama", "gpt_neox parallel", "gemma2", "mixtral", "falcon"])
def test_streams_and_sweeps_side_by_side_give_the_bits_that_they_give_alone(family: str) -> None:
    model = opened(family)
    works: dict[str, Callable[[Model], list[Tensor]]] = {"a": streamed, "b": streamed, "sweep": swept}
    alone = {name: work(model) for name, work in works.items()}
    together: dict[str, list[Tensor]] = {}
    begin = threading.Barrier(len(works))
    twins = {name: model.twin() for name in works}

    def go(name: str) -> None:
        begin.wait(20)
        together[name] = works[name](twins[name])

    threads = [threading.Thread(target=go, args=(name,)) for name in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name, found in alone.items():
        assert len(together[name]) == len(found)
        assert all(torch.equal(one, two) for one, two in zip(together[name], found, strict=True))
