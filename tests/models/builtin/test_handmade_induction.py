"""Of the network written by hand everything is known: what it answers, and along which edges."""

from functools import cache

import pytest
import torch

from neuronscope.instruments import each_edge, mean, put, run, sweep_edges, zero
from neuronscope.instruments.metrics import log_probability
from neuronscope.maths.repetition import prefix_matching
from neuronscope.models import Model, open_model
from tools.training import handmade

NAME = "builtin:handmade-induction"
HEADS = [f"z.{layer}.{head}" for layer in range(2) for head in range(4)]
READERS = [f"{site}.{layer}.{head}" for layer in range(2) for site in "qkv" for head in range(4)]
PERIOD = 8
NOTHING = 1e-12


@cache
def model() -> Model:
    return open_model(NAME, dtype="float64")


def effects(ablation: str) -> dict[str, float]:
    """The largest change of the answer's log-probability over prompts, edge by edge."""
    asked = handmade.prompts(48, seed=5, period=PERIOD)
    texts = [text for text, _ in asked if len(text.split()) == len(asked[0][0].split())]
    answers = dict(asked)
    others = [
        " ".join(letters[:PERIOD] + letters[: len(texts[0].split()) - PERIOD])
        for letters in (text.split() for text, _ in handmade.prompts(len(texts), seed=6, period=PERIOD))
    ]
    target = torch.tensor([model().tokenizer.encode(answers[text])[-1] for text in texts])
    other = run(model(), others, get=["resid_pre.0", "z.*"])
    changes = {
        "zero": zero,
        "mean": lambda site: mean(site, other, across=("batch",)),
        "resample": lambda site: put(site, other),
    }
    edges = each_edge(
        model(), [changes[ablation](site) for site in ("resid_pre.0", *HEADS)], [*READERS, "logits"]
    )
    swept = sweep_edges(model(), texts, edges, log_probability(target))
    moved = (swept.values - swept.base).abs().amax(-1)
    return {f"{edge.do[0].site} -> {edge.to[0]}": float(m) for edge, m in zip(edges, moved, strict=True)}


@pytest.mark.parametrize("ablation", ["resample", "mean", "zero"])
def test_an_exhaustive_sweep_finds_the_declared_edges_and_nothing_elsewhere(ablation: str) -> None:
    inside = model().card["inside"]
    found = effects(ablation)
    assert len(found) == inside["n_edges"]
    assert sorted(edge for edge, moved in found.items() if moved > NOTHING) == inside["edges"][ablation]
    assert min(found[edge] for edge in inside["edges"][ablation]) > 0.1


def test_the_true_edges_differ_between_kinds_of_ablation() -> None:
    edges = {kind: set(found) for kind, found in model().card["inside"]["edges"].items()}
    assert edges["zero"] - edges["resample"] == {"resid_pre.0 -> q.0.0", "resid_pre.0 -> k.0.0"}
    assert edges["mean"] == edges["resample"]


def test_the_card_s_accuracy_is_what_its_weights_give() -> None:
    found = handmade.known.share(
        handmade.right(open_model(NAME).hf, handmade.prompts(handmade.N_MEASURED, seed=handmade.MEASURE_SEED))
    )
    assert found == model().card["accuracy"]["second round"]
    assert found["value"] == 1.0


def test_without_the_beginning_it_is_unsure_where_the_first_letter_returns() -> None:
    texts = ["a b c d a", "c a l e c", "f b k a f"]
    tokens = torch.stack([model().tokenize(text) for text in texts])
    answers = tokens[:, 2]
    with torch.no_grad():
        whole, bare = (
            model().hf(input_ids=rows).logits[:, -1].softmax(-1).gather(-1, answers[:, None])
            for rows in (tokens, tokens[:, 1:])
        )
    assert float(whole.min()) > 0.99
    assert float(bare.max()) < 0.6


def test_a_decoy_has_the_pattern_of_an_induction_head_and_no_effect() -> None:
    letters = "c a l e"
    text = f"{letters} {letters}"
    pattern = run(model(), text, get=["pattern.1"])["pattern.1"][0].numpy()
    score = prefix_matching(pattern[:, None], torch.tensor([4]).numpy(), first=1)
    assert score[:2] == pytest.approx([1.0, 1.0])
    unchanged = run(model(), text).logits
    assert torch.equal(run(model(), text, do=[zero("z.1.1")]).logits, unchanged)
    assert not torch.equal(run(model(), text, do=[zero("z.1.0")]).logits, unchanged)


def test_every_weight_is_one_of_four_numbers() -> None:
    values = {float(value) for weight in model().hf.parameters() for value in weight.unique()}
    assert values == {0.0, 1.0, 10.0, 60.0}
