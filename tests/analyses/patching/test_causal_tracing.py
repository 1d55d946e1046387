"""Causal tracing, held to the network whose path is known and to runs made by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from neuronscope import causal_tracing
from neuronscope.data.tasks import open_task
from neuronscope.instruments import Op, put, run
from neuronscope.instruments.draws import drawn_noise
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

CLEAN, CORRUPT = "the cat sat on", "the dog sat on"
ANSWERS = {"target": "x", "distractor": "y"}


def difference(model: Model, prompt: str, *ops: Op) -> float:
    """Give the logit difference of x and y after a prompt, with changes."""
    x, y = (model.tokenizer.encode(text)[0] for text in "xy")
    logits = run(model, prompt, do=ops).logits[0, -1]
    return float(logits[x] - logits[y])


def test_in_a_hand_built_copy_the_path_restores_all_and_other_places_nothing() -> None:
    model = open_model("builtin:handmade-induction", dtype="float64")
    found = causal_tracing(model, "a b c d a", "a f c d a", target="b", distractor="f")
    changed = int((found.token.values != found.corrupt_token.values).argmax())
    last = found.sizes["position"] - 1
    path = np.zeros(found.effect.shape)
    path[:2, changed], path[2, last] = 1, 1
    np.testing.assert_allclose(found.effect, path, atol=1e-9)


def test_all_restored_is_the_clean_run_and_nothing_restored_the_corrupted_one(model: Model) -> None:
    found = causal_tracing(model, "a cat sat", "a bat sat", **ANSWERS)
    np.testing.assert_allclose(found.effect[0, 2], 1, atol=1e-10)  # the only token that differs
    np.testing.assert_array_equal(found.effect[:, :2], 0)  # nothing differs yet
    np.testing.assert_allclose(found.effect[-1, :-1], 0, atol=1e-12)  # nothing reads it any more
    np.testing.assert_allclose(found.effect[-1, -1], 1, atol=1e-10)
    own = difference(model, "a cat sat") - difference(model, "a bat sat")
    assert float(found.total_effect[0]) == pytest.approx(own, abs=1e-10)


@pytest.mark.parametrize(("restored", "site"), [("mlp", "mlp_add"), ("attention", "attn_add")])
@pytest.mark.parametrize("window", [1, 2, 10])
def test_a_window_is_one_run_with_its_outputs_put_back(
    make_model: Callable[..., Model], restored: str, site: str, window: int
) -> None:
    model = make_model("gpt_neox")
    found = causal_tracing(model, CLEAN, CORRUPT, **ANSWERS, restored=restored, window=window)
    clean = run(model, CLEAN, get=f"{site}.*")
    for middle, place in [(0, 5), (1, 13), (2, 6)]:
        start = middle - window // 2
        layers = [layer for layer in range(3) if start <= layer < start + window]
        own = difference(model, CORRUPT, *(put(f"{site}.{layer}@{place}", clean) for layer in layers))
        rise = own - difference(model, CORRUPT)
        assert float(found.indirect_effect[middle, place]) == pytest.approx(rise, abs=1e-10)


@pytest.mark.parametrize(("severed", "site"), [("mlp", "mlp_add"), ("attention", "attn_add")])
def test_severed_outputs_stay_corrupted_at_the_restored_token(model: Model, severed: str, site: str) -> None:
    found = causal_tracing(model, CLEAN, CORRUPT, **ANSWERS, severed=severed)
    clean = run(model, CLEAN, get="resid_pre.*")
    corrupt = run(model, CORRUPT, get=f"{site}.*")
    for depth, place in [(0, 5), (1, 6), (2, 13)]:
        ops = [put(f"{site}.{layer}@{place}", corrupt) for layer in range(depth, 3)]
        own = difference(model, CORRUPT, put(f"resid_pre.{depth}@{place}", clean), *ops)
        rise = own - difference(model, CORRUPT)
        assert float(found.indirect_effect[depth, place]) == pytest.approx(rise, abs=2e-6)


def test_without_mlps_nothing_is_lost_by_severing_them(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.mlp.c_proj.weight.zero_()
    whole = causal_tracing(model, CLEAN, CORRUPT, **ANSWERS)
    cut = causal_tracing(model, CLEAN, CORRUPT, **ANSWERS, severed="mlp")
    np.testing.assert_allclose(whole.effect, cut.effect, atol=1e-10)


@pytest.mark.parametrize("restored", ["residual", "mlp"])
def test_noise_is_that_of_one_run_for_each_draw_and_the_same_for_every_cell(
    make_model: Callable[..., Model], restored: str
) -> None:
    model = make_model("gpt2")
    asked = {"subject": "cat", "corruption": "noise", "n_samples": 3, "seed": 4, "restored": restored}
    found = causal_tracing(model, CLEAN, **ANSWERS, **asked)
    clean = run(model, CLEAN, get=["embed", "resid_pre.*", "mlp_add.*"])
    subject = clean["embed"][0, 4:7]
    std = 3.0 * float(subject.std())
    assert found.attrs["noise"] == pytest.approx(std)
    back, taken = [], []
    for sample in range(3):
        noisy = clean["embed"].clone()
        noisy[:, 4:7] += std * drawn_noise(noisy[:, 4:7], 1, 4, [sample], [4, 5, 6])
        site = "resid_pre.1@5" if restored == "residual" else "mlp_add.1@5"
        corrupted = difference(model, CLEAN, put("embed", noisy))
        back.append(difference(model, CLEAN, put("embed", noisy), put(site, clean)) - corrupted)
        taken.append(difference(model, CLEAN) - corrupted)
    assert float(found.total_effect[0]) == pytest.approx(np.mean(taken), abs=1e-9)
    assert float(found.indirect_effect[1, 5]) == pytest.approx(np.mean(back), abs=1e-9)
    assert float(found.effect[1, 5]) == pytest.approx(np.mean(back) / np.mean(taken), abs=1e-8)


def test_another_seed_is_another_noise_and_the_same_seed_the_same(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    taken = [
        float(
            causal_tracing(
                model, CLEAN, **ANSWERS, subject="cat", corruption="noise", n_samples=2, seed=seed
            ).total_effect[0]
        )
        for seed in (0, 1, 2**31, 2**32 - 1, 0)
    ]
    assert taken[0] == taken[-1]
    assert len(set(taken)) == 4


def test_a_noisy_subject_of_one_token_comes_back_whole_at_the_embedding(model: Model) -> None:
    found = causal_tracing(model, "a b c d", subject="b", corruption="noise", n_samples=2, **ANSWERS)
    np.testing.assert_allclose(found.effect[0], [0, 0, 1, 0, 0, 0, 0], atol=2e-6)


def test_prompts_together_give_the_mean_of_each_alone() -> None:
    model, task = open_model("builtin:scribe"), open_task("agreement")
    together = causal_tracing(model, task=task, n_prompts=4)
    rises = []
    for pair in task.pairs(4, model.tokenizer):
        given = {"target": pair.answer, "distractor": pair.distractor}
        alone = causal_tracing(model, pair.clean, pair.corrupt, **given)
        differ = np.flatnonzero(alone.token.values != alone.corrupt_token.values)
        after = min(differ[-1] + 1, alone.sizes["position"] - 1)
        rises.append(alone.indirect_effect.values[:, [differ[0], differ[-1], after, -1]])
    np.testing.assert_allclose(together.indirect_effect, np.mean(rises, 0), atol=2e-4)
    assert bool((together.effect_low <= together.effect + 1e-9).all())


@pytest.mark.parametrize("corruption", ["noise", "replacement"])
def test_published_facts_are_traced_by_their_named_subject(
    test_data: Callable[[str], Path], corruption: str
) -> None:
    files = [str(test_data(f"gpt2_tokenizer/{name}")) for name in ("vocab.json", "merges.txt")]
    torch.manual_seed(0)
    network = GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=16, n_head=2)).double()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=ByteLevelBPETokenizer(*files)._tokenizer)
    task = open_task(f"known-facts:{test_data('facts_known1000/known_1000.json')}")
    found = causal_tracing(
        Model(network, tokenizer=tokenizer),
        task=task,
        subject="subject",
        corruption=corruption,
        n_samples=2,
        n_prompts=6,
    )
    np.testing.assert_allclose(found.effect[0, 2:], 0, atol=1e-8)
    np.testing.assert_allclose(found.effect.sel(depth=2, span="last token"), 1, atol=1e-8)
    assert bool(found.effect[0, :2].any())


def test_probability_is_measured_where_it_is_asked_for(model: Model) -> None:
    found = causal_tracing(model, CLEAN, CORRUPT, **ANSWERS, metric="probability")
    x = model.tokenizer.encode("x")[0]
    own = [float(run(model, text).logits[0, -1].softmax(-1)[x]) for text in (CLEAN, CORRUPT)]
    assert float(found.total_effect[0]) == pytest.approx(own[0] - own[1], abs=1e-10)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"subject": "horse"}, "'horse' does not stand in the prompt"),
        ({"corrupt": ""}, "A replacement needs the corrupt prompt"),
        ({"corrupt": "", "corruption": "noise"}, "The subject is not named"),
        ({"target": "x", "distractor": "x"}, "are both 'x', which differ in nothing"),
        ({"corrupt": "the horse sat on"}, "14 tokens, the corrupt one 16"),
    ],
)
def test_what_cannot_be_traced_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, str], words: str
) -> None:
    given = {"prompt": CLEAN, "corrupt": CORRUPT, **ANSWERS, **arguments}
    with pytest.raises(BadInput, match=words):
        causal_tracing(make_model("gpt2"), **given)


def test_a_model_that_hears_nothing_is_refused_in_words(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        native(model).transformer.ln_f.weight.zero_()
    with pytest.raises(BadInput, match=r"both score .*, so nothing can be restored"):
        causal_tracing(model, CLEAN, CORRUPT, **ANSWERS)
