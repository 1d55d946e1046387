"""Many paths at once: the same numbers as one at a time, on models with and without MLPs and norms."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import (
    Edge,
    each_edge,
    mean,
    noise,
    path_patch,
    put,
    resample,
    run,
    sweep_edges,
    zero,
)
from neuronscope.instruments.metrics import AnswerLogProbability, log_probability, logit_difference
from neuronscope.models import Model, Site, prepare
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.results import Progress, listening
from neuronscope.words import BadInput
from tests.models.test_forward import traces
from tests.models.tiny import HEADS, LAYERS, opened, shared, some_tokens

N_TOKENS = 7
BASE, OTHER = some_tokens(seed=1, length=N_TOKENS), some_tokens(seed=2, length=N_TOKENS)
BARE: dict[str, dict[str, Any]] = {
    "attention only": {"attention_only": True},
    "attention only, no norm": {"attention_only": True, "norm": "none", "positions": "shortformer"},
    "no norm": {"norm": "none", "positions": "sinusoidal"},
}
WHOLE = ["gpt2", "gpt_neox parallel", "opt"]


@cache
def model_of(kind: str) -> Model:
    if kind not in BARE:
        return shared(kind, torch.float64)
    torch.manual_seed(3)
    network = PlainTransformer(
        PlainConfig(num_hidden_layers=LAYERS, num_attention_heads=HEADS, vocab_size=97, **BARE[kind])
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return Model(network.double().eval(), name=kind)


def difference(logits: Tensor) -> Tensor:
    return logits[:, 7] - logits[:, 8]


def one_by_one(
    model: Model,
    inputs: Any,
    edges: Sequence[Edge],
    metric: Any,
    *,
    mlps: str = "frozen",
    heads: str = "frozen",
) -> Tensor:
    """Two plain runs an edge: what receivers read while all else is held, and that put into the base run."""
    prompts = prepare(model, inputs)
    layers = model.layers("mlp_out")
    held = [("z", layer) for layer in range(model.n_layers) if heads == "frozen"]
    held += [("mlp_out", layer) for layer in layers if mlps == "frozen"]
    seen = run(model, prompts, get=[Site(*place) for place in [*held, *(("mlp_act", n) for n in layers)]])
    values = []
    for edge in edges:
        within = {op.site.layer for op in edge.do if op.site.name == "mlp_act"}
        inner = [("mlp_act", n) if name == "mlp_out" and n in within else (name, n) for name, n in held]
        first = [*(put(Site(*place), seen) for place in inner), *edge.do]
        if edge.to[0].name == "logits":
            found = run(model, prompts, do=first)
        else:
            reached = run(model, prompts, get=edge.to, do=first)
            found = run(model, prompts, do=[put(site, reached) for site in edge.to])
        values.append(metric(found.logits[torch.arange(len(prompts)), torch.tensor(prompts.last)]))
    return torch.stack(values).double()


def every_edge(model: Model, source: Any = OTHER) -> list[Edge]:
    """Senders of every sort, each to heads of every layer and to the answer."""
    other = run(model, source, get=["embed", "z.*", *(["mlp_out.*"] if model.layers("mlp_out") else [])])
    ops = [put("embed", other), zero("z.0.1"), put("z.0.2@3", other), mean("z.1", other), put("z.1.3", other)]
    to = [f"{name}.{layer}.{head}" for name in "qkv" for layer in (1, 2) for head in (0, 1)]
    if model.layers("mlp_out"):
        ops += [put("mlp_out.0", other), zero("mlp_act.1.5"), zero("mlp_act.0.2@-1")]
        to += ["mlp_in.2"]
    return each_edge(model, ops, [*to, "attn_in.2@-1", "logits"])


def in_prompt(site: Site) -> Site:
    """Write the positions of an address so that tokens behind the prompt are none of them."""
    if site.name == "logits":
        return site
    position = slice(0, N_TOKENS) if site.position is None else site.position
    return replace(site, position=N_TOKENS - 1 if position == -1 else position)


def assert_alike(found: Tensor, expected: Tensor) -> None:
    assert (found - expected).abs().max() < 1e-12 * expected.abs().max()


@pytest.mark.parametrize("kind", [*BARE, *WHOLE])
@pytest.mark.parametrize("mlps", ["frozen", "free"])
def test_many_edges_at_once_are_each_what_two_plain_runs_give(kind: str, mlps: Any) -> None:
    model = model_of(kind)
    edges = every_edge(model)
    swept = sweep_edges(model, BASE, edges, difference, mlps=mlps, tokens_per_pass=5 * N_TOKENS)
    assert_alike(swept.values, one_by_one(model, BASE, edges, difference, mlps=mlps))
    assert_alike(swept.base, difference(run(model, BASE).logits[:, -1]).double())
    assert (swept.effect != 0).any(-1).float().mean() > 0.6


def test_with_heads_free_an_edge_goes_through_the_heads_between() -> None:
    model = model_of("gpt2")
    edges = every_edge(model)
    swept = sweep_edges(model, BASE, edges, difference, mlps="free", heads="free")
    assert_alike(swept.values, one_by_one(model, BASE, edges, difference, mlps="free", heads="free"))
    held = sweep_edges(model, BASE, edges, difference, mlps="free")
    assert not torch.allclose(swept.values, held.values)


@pytest.mark.parametrize("kind", ["attention only", "gpt2"])
def test_what_is_drawn_is_drawn_as_in_a_run(kind: str) -> None:
    model = model_of(kind)
    other = run(model, some_tokens(rows=5, seed=8, length=7), get=["z.0", "embed"])
    ops = [
        resample("z.0.1", other, seed=3),
        noise("embed", 0.5, seed=4),
        resample("embed@2:5", other, seed=1),
    ]
    edges = each_edge(model, ops, ["q.1.0", "v.2.1", "logits"])
    tokens = some_tokens(rows=3, seed=9, length=7)
    swept = sweep_edges(model, tokens, edges, difference, tokens_per_pass=N_TOKENS)
    assert_alike(swept.values, one_by_one(model, tokens, edges, difference))


@pytest.mark.parametrize("heads", ["frozen", "free"])
def test_prompts_of_many_lengths_keep_their_own_numbers(heads: Any) -> None:
    model = model_of("gpt2")
    prompts = [some_tokens(rows=1, length=n, seed=n)[0].tolist() for n in (4, 7, 5)]
    others = [some_tokens(rows=1, length=n, seed=n + 20)[0].tolist() for n in (4, 7, 5)]
    other = run(model, others, get=["embed", "z.0"])
    ops = [put("embed", other), put("z.0.1", other), zero("z.1.2@-1"), mean("z.0.3", other)]
    edges = each_edge(model, ops, ["q.2.1", "k.1.0", "v.2.0@-1", "logits"])
    options: dict[str, Any] = {"heads": heads}
    swept = sweep_edges(model, prompts, edges, difference, tokens_per_pass=14, **options)
    assert_alike(swept.values, one_by_one(model, prompts, edges, difference, **options))
    alone = [sweep_edges(model, [prompts[0]], edges[-1:], difference).values, swept.values[-1:, :1]]
    assert heads == "free" or torch.allclose(*alone, rtol=0, atol=1e-12)


def test_tokens_of_each_prompt_and_any_metric_of_a_sweep_measure_a_path() -> None:
    model = model_of("gpt2")
    edges = every_edge(model)[::5]
    targets = torch.tensor([4, 9])
    for metric in (log_probability(targets), logit_difference(targets, 3)):
        assert_alike(sweep_edges(model, BASE, edges, metric).values, one_by_one(model, BASE, edges, metric))


@pytest.mark.parametrize("kind", ["gpt2", "attention only"])
def test_the_answer_of_several_tokens_is_measured_behind_the_prompt(kind: str) -> None:
    model, answers = model_of(kind), torch.tensor([[5, 11, 2], [7, 1, 30]])
    edges = every_edge(model)
    swept = sweep_edges(model, BASE, edges, AnswerLogProbability(answers), tokens_per_pass=4 * N_TOKENS)
    whole = torch.cat([BASE, answers[:, :-1]], 1)

    def answered(logits: Tensor) -> Tensor:
        return AnswerLogProbability(answers)(logits[:, BASE.shape[1] - 1 :])

    layers = model.layers("mlp_out")
    held = [f"z.{n}" for n in range(LAYERS)] + [f"mlp_out.{n}" for n in layers]
    seen = run(model, whole, get=[*held, *(f"mlp_act.{n}" for n in layers)])
    for edge, values in zip(edges, swept.values, strict=True):
        op, receiver = edge.do[0], in_prompt(edge.to[0])
        inner = [
            site.replace("out", "act") if f"mlp_act.{site[-1]}" in str(op.site) else site for site in held
        ]
        value = op.value[:, :N_TOKENS] if op.kind == "put" and op.site.position is None else op.value  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]
        first = [*(put(site, seen) for site in inner), replace(op, site=in_prompt(op.site), value=value)]
        if receiver.name != "logits":
            first = [put(receiver, run(model, whole, get=receiver, do=first))]
        assert_alike(values, answered(run(model, whole, do=first).logits).double())


def test_where_a_change_does_not_reach_the_unchanged_numbers_stand_exactly() -> None:
    model = model_of("gpt2")
    same = run(model, BASE, get="z.0")
    second = some_tokens(seed=2, length=7)
    second[0] = BASE[0]
    half = run(model, second, get=["z.0"])
    ops = [put("z.0.1", same), put("z.0.1@5", half), put("z.0.2", half)]
    edges = [Edge(ops[0], "q.2.1"), Edge(ops[0], "logits"), Edge(ops[1], "k.2.0@3"), Edge(ops[1], "logits")]
    edges += [Edge(op, to) for op in ops[1:] for to in ("v.1.0", "q.2.3@4:6")]
    swept = sweep_edges(model, BASE, edges, difference)
    assert torch.equal(swept.effect[:4], torch.zeros(4, 2).double())
    assert torch.equal(swept.effect[4:, 0], torch.zeros(4).double())
    assert (swept.effect[4:, 1] != 0).all()


def test_edges_that_begin_alike_share_their_first_pass() -> None:
    model, heard = opened("gpt2"), list[Progress]()
    op, rows = zero("z.0.1"), list[int]()
    to = [f"{name}.{layer}.{head}" for name in "qkv" for layer in (1, 2) for head in range(HEADS)]
    sweep_edges(model, BASE, [Edge(op, to[0])], difference)
    handle = model.anatomy.blocks[0].register_forward_hook(lambda _, args, out: rows.append(len(args[0])))
    one = sweep_edges(model, BASE, [Edge(op, to[0])], difference)
    one_alone = len(rows)
    with listening(heard.append):
        many = sweep_edges(model, BASE, each_edge(model, [op], to), difference)
    handle.remove()
    assert {step.total for step in heard if step.what == "senders"} == {1}
    assert len(rows) <= 2 * one_alone + 1
    assert torch.allclose(many.values[0], one.values[0], atol=1e-5)
    assert traces(model.hf) == 0


def test_a_path_is_an_edge_whose_change_is_read_from_another_prompt() -> None:
    model = model_of("gpt2")
    path = path_patch(model, BASE, OTHER, ["z.0.1", "mlp_out.0"], ["q.2.1", "k.1.0"], difference)
    other = run(model, OTHER, get=["z.0.1", "mlp_out.0"])
    edge = Edge([put("z.0.1", other), put("mlp_out.0", other)], ["q.2.1", "k.1.0"])
    assert torch.equal(path.values, sweep_edges(model, BASE, [edge], difference, mlps="free").values[0])


def test_neurons_reach_on_though_mlps_are_held() -> None:
    model = model_of("gpt2")
    path = path_patch(model, BASE, OTHER, "mlp_act.0.5", "q.2.1", difference, mlps="frozen")
    assert (path.effect != 0).all()


def test_every_edge_leads_from_a_change_to_what_is_read_after_it() -> None:
    model = model_of("attention only")
    edges = each_edge(model, [zero("embed"), zero("z.0.1"), zero("z.1.0")], ["q.0.0", "k.1.2", "logits"])
    assert [(str(edge.do[0].site), str(edge.to[0])) for edge in edges] == [
        *(("embed", "q.0.0"), ("embed", "k.1.2"), ("embed", "logits")),
        *(("z.0.1", "k.1.2"), ("z.0.1", "logits"), ("z.1.0", "logits")),
    ]
    beside = each_edge(model_of("gpt_neox parallel"), [zero("z.1.0")], ["mlp_in.1", "mlp_in.2"])
    assert [str(edge.to[0]) for edge in beside] == ["mlp_in.2"]


@pytest.mark.parametrize(
    ("edge", "said"),
    [
        (lambda: Edge((), "logits"), "A path needs at least one sender"),
        (lambda: Edge(zero("z.0"), ()), "A path needs at least one receiver"),
        (lambda: Edge(zero("z.0.1", rows=1), "logits"), "names rows, but every path has rows of its own"),
        (lambda: Edge(zero("z.1"), "q.1.0"), "q.1.0 is read before z.1 is written, so no path leads there"),
        (lambda: Edge(zero("q.0.1"), "logits"), "q.0.1 cannot be a sender: choose among embed"),
    ],
)
def test_an_edge_that_cannot_be_is_refused(edge: Any, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        sweep_edges(model_of("gpt2"), BASE, [edge()], difference)
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 200
