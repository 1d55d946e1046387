"""The laws of the sites on families of every make, in double precision where the family allows it."""

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import Run, put, run, zero
from neuronscope.models import SITES, Model, Site
from neuronscope.models.certificate import EXACT, REFUSED
from neuronscope.words import BadInput
from tests.models.tiny import OTHERS, WIDER, eager, opened, some_tokens

PARALLEL = {"phi", "falcon", "gptj", "codegen"}
STREAM = ("resid_pre", "resid_post", "attn_add", "mlp_add")


def _opened(family: str) -> Model:
    return opened(family, dtype=torch.float64)


def _whole(model: Model, tokens: Tensor) -> Run:
    return run(model, tokens, get=[f"{name}.*" if SITES[name].layered else name for name in model.sites()])


def _close(left: Tensor, right: Tensor) -> bool:
    return left.shape == right.shape and torch.allclose(left, right, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("family", WIDER)
def test_the_stream_and_the_heads_are_certified_exact(family: str) -> None:
    exact = set(_opened(family).certificate.of(EXACT))
    heads = {"q", "k", "v", "scores", "pattern", "z"}
    assert {*STREAM, *heads, "attn_out", "mlp_out", "embed", "logits"} <= exact
    assert ("resid_mid" in exact) == (family not in PARALLEL)


@pytest.mark.parametrize("family", WIDER)
def test_looking_at_every_site_and_writing_back_change_no_bit(family: str) -> None:
    tokens = some_tokens()
    model = _opened(family)
    network = eager(family, dtype=torch.float64)
    with torch.no_grad():
        plain = network(tokens, use_cache=False).logits
    whole = _whole(model, tokens)
    assert torch.equal(whole.logits, plain)
    writable = [site for site in whole.sites if not SITES[site.partition(".")[0]].derived]
    assert torch.equal(run(model, tokens, do=[put(site, whole) for site in writable]).logits, plain)


@pytest.mark.parametrize("family", WIDER)
def test_the_sites_add_up(family: str) -> None:
    model = _opened(family)
    seen = _whole(model, some_tokens())
    added = seen["resid_pre.*"] + seen["attn_add.*"] + seen["mlp_add.*"]
    if family != "opt after":
        assert _close(added, seen["resid_post.*"])
    assert torch.equal(seen["resid_post.*"][:-1], seen["resid_pre.*"][1:])
    assert bool((seen["pattern.*"].sum(-1) <= 1 + 1e-5).all())
    assert _close(model.unembed(seen[f"resid_post.{model.n_layers - 1}"]), seen.logits)
    v = seen["v.*"].repeat_interleave(model.n_heads // seen["v.*"].shape[-2], dim=-2)
    assert _close(torch.einsum("lbhqk,lbkhd->lbqhd", seen["pattern.*"].to(v.dtype), v), seen["z.*"])


@pytest.mark.parametrize("family", WIDER)
def test_a_head_that_attends_to_nothing_is_a_head_that_gives_nothing(family: str) -> None:
    model, tokens = _opened(family), some_tokens()
    by_pattern, by_z = (run(model, tokens, do=zero(f"{name}.1.2")).logits for name in ("pattern", "z"))
    assert _close(by_pattern, by_z)
    assert not torch.equal(by_z, run(model, tokens).logits)


@pytest.mark.parametrize("family", WIDER)
def test_what_is_written_enters_the_stream_and_nothing_before_it(family: str) -> None:
    model, tokens = _opened(family), some_tokens()
    before = run(model, tokens, get=["resid_post.*", "mlp_add.*"])
    shift = torch.randn_like(before["mlp_add.1"])
    after = run(model, tokens, get="resid_post.*", do=put("mlp_add.1", before["mlp_add.1"] + shift))
    assert torch.equal(after["resid_post.0"], before["resid_post.0"])
    if family != "opt after":
        assert _close(after["resid_post.1"], before["resid_post.1"] + shift)


@pytest.mark.parametrize("family", sorted(set(WIDER) - PARALLEL - {"opt after"}))
def test_the_stream_written_between_attention_and_mlp_is_carried_on(family: str) -> None:
    model, tokens = _opened(family), some_tokens()
    middle = torch.randn_like(run(model, tokens, get="resid_mid.1")["resid_mid.1"])
    after = run(model, tokens, get=["mlp_add.1", "resid_post.1"], do=put("resid_mid.1", middle))
    assert _close(middle + after["mlp_add.1"], after["resid_post.1"])


@pytest.mark.parametrize("family", ["mixtral", "qwen2_moe", "gpt_oss"])
def test_the_weights_of_the_experts_follow_their_scores(family: str) -> None:
    model, tokens = _opened(family), some_tokens()
    seen = run(model, tokens, get=["router.1", "expert_weight.1"])
    scores, weights = seen["router.1"], seen["expert_weight.1"]
    assert scores.shape == weights.shape == (*tokens.shape, 5)
    assert bool(((weights != 0).sum(-1) == 2).all())
    best = scores.topk(2, dim=-1).indices.sort(-1).values
    assert torch.equal(weights.topk(2, dim=-1).indices.sort(-1).values, best)
    one = run(model, tokens, get="expert_weight.1.3")["expert_weight.1.3"]
    assert torch.equal(one, weights[..., 3])
    with pytest.raises(BadInput, match="its experts run from 0 to 4"):
        run(model, tokens, get="router.1.5")


@pytest.mark.parametrize("family", OTHERS)
def test_networks_of_other_kinds_are_certified_stack_by_stack(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    exact, stacks = set(model.certificate.of(EXACT)), model.anatomy.stacks
    prefixes = [f"{name}/" if name else "" for name in stacks]
    assert len(prefixes) == {"t5": 2, "clip": 2}.get(family, 1)
    for prefix in prefixes:
        wanted = {*STREAM, "scores", "pattern", "z"}
        assert {f"{prefix}{name}" for name in wanted} <= exact


def test_where_a_decoder_attends_to_its_encoder_the_stream_gains_that_too() -> None:
    model, tokens = opened("t5", dtype=torch.float64), some_tokens()
    inputs = {"input_ids": tokens, "decoder_input_ids": tokens[:, :6]}
    across = "module.decoder.block.1.layer.1.EncDecAttention:out"
    assert across.replace("1", "0", 1) in model.certificate.row("decoder/attn_add").reason
    names = ("resid_pre", "attn_add", "resid_mid", "mlp_add", "resid_post")
    seen = run(model, inputs, get=[across, *(f"decoder/{name}.1" for name in names)])
    pre, attention, middle, mlp, post = (seen[f"decoder/{name}.1"] for name in names)
    assert _close(pre + attention + seen[across] + mlp, post)
    assert _close(pre + attention + seen[across], middle)
    without = run(model, inputs, get=["decoder/mlp_add.1", "decoder/resid_post.1"], do=zero(across))
    assert _close(pre + attention + without["decoder/mlp_add.1"], without["decoder/resid_post.1"])


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "opt after"])
def test_where_norms_stand_after_what_is_added_the_stream_is_the_normed_sum(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    wiring = model.anatomy.main.wiring(1)
    first, second = wiring.norms
    assert first is not None
    assert second is not None
    seen = run(
        model, some_tokens(), get=["resid_pre.1", "attn_add.1", "resid_mid.1", "mlp_add.1", "resid_post.1"]
    )
    assert _close(first(seen["resid_pre.1"] + seen["attn_add.1"]), seen["resid_mid.1"])
    assert _close(second(seen["resid_mid.1"] + seen["mlp_add.1"]), seen["resid_post.1"])
    assert "norms stand after" in model.certificate.row("attn_norm").reason


def test_a_model_of_two_stacks_asks_which_one_is_meant() -> None:
    model = opened("t5")
    with pytest.raises(
        BadInput, match=r"leaves open which stack is meant.*write encoder/z\.1 or decoder/z\.1"
    ):
        model.check(Site.parse("z.1"))
    with pytest.raises(BadInput, match=r"names a stack, but this model has only one: write z\.1"):
        opened("bert").check(Site.parse("encoder/z.1"))
    assert str(model.check(Site.parse("encoder/z.1.3@-1"))) == "encoder/z.1.3@-1"
    with pytest.raises(BadInput, match=r"layers run from 0 to 2; the nearest is decoder/z\.2"):
        model.check(Site.parse("decoder/z.3"))


def test_a_network_without_an_output_head_opens_and_refuses_its_logits() -> None:
    model = opened("minilm")
    assert model.certificate.row("logits").status == REFUSED
    with pytest.raises(BadInput, match="has no output head over a vocabulary"):
        model.unembed(torch.zeros(model.width))
