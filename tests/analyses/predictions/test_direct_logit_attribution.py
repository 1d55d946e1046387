"""Direct logit attribution, held to the sum that it must give and to models whose writers are known."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope import direct_logit_attribution
from neuronscope.data.tasks import open_task
from neuronscope.instruments import run
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

PROMPT = "the cat sat on"


def logits(model: Model, prompt: str) -> torch.Tensor:
    """Give the model's own scores of the next token."""
    with torch.no_grad():
        return native(model)(model.tokenize(prompt)[None]).logits[0, -1]


def test_the_shares_sum_to_the_models_own_logit_difference(model: Model) -> None:
    found = direct_logit_attribution(model, PROMPT, target="x", distractor="y")
    x, y = (model.tokenizer.encode(text)[0] for text in "xy")
    own = logits(model, PROMPT)
    atol = 1e-6 if model.family == "llama" else 1e-10
    assert float(found.share.sum()) == pytest.approx(float(own[x] - own[y]), abs=atol)
    assert float(found.difference[0]) == pytest.approx(float(own[x] - own[y]), abs=1e-10)
    assert float(abs(found.remainder).max()) < atol


def test_layers_are_their_heads_their_neurons_and_their_biases(model: Model) -> None:
    found = direct_logit_attribution(model, PROMPT, target="x", distractor="y")
    layers = float(found.attention_share.sum() + found.mlp_share.sum())
    beside = ("token embedding", "position embedding", "constant")
    items = [name for name in found.item.values if name not in beside]
    assert layers == pytest.approx(float(found.share.sel(item=items).sum()), abs=1e-8)
    assert float(found.head_share.sum()) == pytest.approx(float(found.share.sel(item="heads")), abs=1e-10)
    assert float(found.neuron_share.sum()) == pytest.approx(float(found.share.sel(item="neurons")), abs=1e-10)


def test_target_and_distractor_swapped_turn_every_sign(model: Model) -> None:
    one = direct_logit_attribution(model, PROMPT, target="x", distractor="y")
    other = direct_logit_attribution(model, PROMPT, target="y", distractor="x")
    for name in ("head_share", "neuron_share", "share"):
        np.testing.assert_allclose(one[name], -other[name], atol=1e-12)


def test_a_head_whose_output_is_silenced_writes_nothing_and_others_what_they_wrote(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    before = direct_logit_attribution(model, PROMPT, target="x", distractor="y")
    last, width = model.n_layers - 1, model.head_width
    with torch.no_grad():
        native(model).transformer.h[last].attn.c_proj.weight[width : 2 * width] = 0
    after = direct_logit_attribution(model, PROMPT, target="x", distractor="y")
    assert float(after.head_share[last, 1]) == 0
    scale = [float(run(m, PROMPT, get="final_norm@-1")["final_norm@-1"]) for m in (make_model("gpt2"), model)]
    np.testing.assert_allclose(
        after.head_share[last, [0, 2, 3]] * scale[1],
        before.head_share[last, [0, 2, 3]] * scale[0],
        atol=1e-10,
    )


def test_in_the_network_written_by_hand_the_induction_head_alone_writes_the_answer() -> None:
    model = open_model("builtin:handmade-induction", dtype="float64")
    found = direct_logit_attribution(model, "a b c d e a", target="b", distractor="d")
    shares = found.head_share.values.copy()
    assert shares[1, 0] == pytest.approx(float(found.difference[0]), abs=1e-9)
    assert shares[1, 0] > 1
    shares[1, 0] = 0
    np.testing.assert_allclose(shares, 0, atol=1e-12)
    assert float(found.share.sel(item="token embedding")) == 0
    assert "neuron_share" not in found


def test_intervals_over_a_task_hold_their_means_and_one_prompt_has_none() -> None:
    found = direct_logit_attribution(open_model("builtin:scribe"), n_prompts=8)
    for name in ("head_share", "attention_share", "mlp_share", "share", "top_share"):
        assert bool((found[f"{name}_low"] <= found[name] + 1e-12).all())
        assert bool((found[f"{name}_high"] >= found[name] - 1e-12).all())
    alone = direct_logit_attribution(open_model("builtin:scribe"), "Paris is in")
    assert "head_share_low" not in alone
    scale = float(abs(found.difference).max())
    assert float(abs(found.remainder).max()) < 1e-5 * max(1.0, scale)


def test_the_mean_over_prompts_is_that_of_each_alone() -> None:
    model = open_model("builtin:scribe")
    task = open_task("agreement")
    together = direct_logit_attribution(model, task=task, n_prompts=5)
    pairs = task.pairs(5, model.tokenizer)
    alone = [
        direct_logit_attribution(model, pair.clean, target=pair.answer, distractor=pair.distractor)
        for pair in pairs
    ]
    mean = sum(found.head_share for found in alone) / len(alone)
    np.testing.assert_allclose(together.head_share, mean, atol=1e-4)


def test_listed_neurons_are_those_furthest_from_nought(model: Model) -> None:
    found = direct_logit_attribution(model, PROMPT, target="x", distractor="y", n_neurons=7)
    sizes = np.sort(np.abs(found.neuron_share.values).ravel())[::-1][:7]
    np.testing.assert_allclose(np.abs(found.top_share), sizes, rtol=1e-10)
    layer, neuron = map(int, str(found.site_of.values[0]).split(".")[1:])
    assert float(found.neuron_share[layer, neuron]) == pytest.approx(float(found.top_share[0]))
    none = direct_logit_attribution(model, PROMPT, target="x", distractor="y", n_neurons=0)
    assert "top_share" not in none


def test_what_cannot_be_attributed_is_refused_in_words(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with pytest.raises(BadInput, match="'xyz' is 4 tokens"):
        direct_logit_attribution(model, PROMPT, target="xyz")
    with pytest.raises(BadInput, match="not both"):
        direct_logit_attribution(model, PROMPT, task=open_task("capital"))
