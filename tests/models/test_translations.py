from contextlib import suppress

import pytest
import torch
from transformers import Gemma2Config, Gemma2ForCausalLM

from neuronscope.instruments import run
from neuronscope.models import (
    SITES,
    Model,
    Site,
    from_nnsight,
    from_transformerlens,
    to_nnsight,
    to_transformerlens,
)
from neuronscope.models.translations import transformerlens
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, LAYERS, shared, some_tokens

PATHS = ["gpt2", "gpt_neox parallel", "llama"]


def addresses(family: str) -> list[Site]:
    model = shared(family)
    return [
        Site(name, layer)
        for name in model.sites()
        for layer in ([LAYERS - 1] if SITES[name].layered else [None])
    ]


def no_hook(family: str) -> set[str]:
    """What was seen to have no hook with its numbers, stack by stack."""
    return {
        "gpt_neox parallel": {"q", "k"},
        "gpt_neox sequential": {"q", "k"},
        "falcon": {"q", "k", "mlp_norm"},
        "granite": {"embed", "result", "logits"},
        "gpt_neo": {"scores", "result"},
        "vit": {"embed", "scores", "result"},
    }.get(family, set())


@pytest.mark.parametrize("family", [*FAMILIES, "falcon", "granite", "gpt_neo", "vit"])
def test_every_site_of_a_model_has_one_hook_name_that_leads_back_or_a_refusal(family: str) -> None:
    model = shared(family)
    names = {}
    for site in addresses(family):
        if site.name in no_hook(family):
            with pytest.raises(BadInput, match=r"no hook of TransformerLens holds the numbers of .*measured"):
                to_transformerlens(site, model=model)
        else:
            names[site] = to_transformerlens(site, model=model)
    assert len(set(names.values())) == len(names) > 12
    assert {site: from_transformerlens(name, model=model) for site, name in names.items()} == {
        site: site for site in names
    }


@pytest.mark.parametrize(
    ("site", "name"),
    [
        ("encoder/z.1.2@3", "encoder_blocks.1.attn.hook_z[:, 3, 2]"),
        ("encoder/q.0", "encoder_blocks.0.attn.hook_q"),
        ("encoder/scores.2", "encoder_blocks.2.attn.hook_attn_scores"),
        ("encoder/resid_mid.1", "encoder_blocks.1.hook_resid_mid"),
        ("encoder/final", "encoder_ln_final.hook_out"),
        ("decoder/z.1", "decoder_blocks.1.self_attn.hook_z"),
        ("decoder/k.1", "decoder_blocks.1.self_attn.hook_k"),
        ("decoder/resid_mid.1", "decoder_blocks.1.hook_resid_mid2"),
        ("decoder/mlp_in.2", "decoder_blocks.2.mlp.hook_in"),
        ("decoder/attn_add.0", "decoder_blocks.0.hook_attn_out"),
        ("decoder/final@-1", "decoder_ln_final.hook_out[:, -1]"),
        ("logits", "unembed.hook_out"),
    ],
)
def test_blocks_of_an_encoder_and_a_decoder_have_names_of_their_own(site: str, name: str) -> None:
    model = shared("t5")
    assert to_transformerlens(site, model=model) == name
    assert str(from_transformerlens(name, model=model)) == site
    assert str(from_transformerlens("decoder_blocks.2.ln3.hook_out", model=model)) == "decoder/mlp_in.2"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("decoder_blocks.1.cross_attn.hook_z", "of cross-attention, which no site is named after: read its"),
        ("decoder_blocks.1.hook_resid_mid", "of cross-attention, which no site is named after"),
        ("decoder_blocks.1.ln2.hook_out", "of cross-attention, which no site is named after"),
        ("decoder_blocks.1.attn.hook_z", "no hook name that is known here"),
        ("decoder_blocks.1.self_attn.hook_attn_scores", "holds the numbers of decoder/scores.1"),
        ("encoder_blocks.1.ln1.hook_scale", "holds the numbers of encoder/attn_norm.1"),
        ("blocks.1.attn.hook_z", "leaves open which stack is meant"),
    ],
)
def test_a_name_of_a_stack_that_is_no_site_is_refused(name: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        from_transformerlens(name, model=shared("t5"))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "address", ["z.2.3@-1", "pattern.1.0@2:5", "mlp_act.0.70", "resid_post.1@3", "logits@-1", "attn_norm.1@4"]
)
def test_the_part_that_an_address_names_travels_as_an_index(address: str) -> None:
    name = to_transformerlens(address)
    assert str(from_transformerlens(name)) == address
    picked = run(shared("gpt2"), some_tokens(), get=[address, str(Site.parse(address).whole)])
    seen = picked[Site.parse(address).whole]
    assert torch.equal(eval(f"seen{name[name.index('[') :]}", {"seen": seen}), picked[address])


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("blocks.9.attn.hook_z", "z.9"),
        ("blocks.9.attn.hook_z[:, -1, 6]", "z.9.6@-1"),
        ("blocks.3.hook_resid_pre", "resid_pre.3"),
        ("blocks.3.hook_attn_out", "attn_add.3"),
        ("blocks.3.attn.hook_out", "attn_out.3"),
        ("blocks.2.mlp.hook_post", "mlp_act.2"),
        ("blocks.2.ln1.hook_scale", "attn_norm.2"),
        ("blocks.2.attn.hook_rot_q", "q.2"),
        ("hook_embed", "embed"),
        ("ln_final.hook_scale", "final_norm"),
        ("hook_unembed", "logits"),
    ],
)
def test_hook_names_are_read_as_the_field_writes_them(name: str, site: str) -> None:
    assert str(from_transformerlens(name)) == site


def test_stacks_that_were_not_compared_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformerlens, "_STACKED", ())
    with pytest.raises(BadInput, match="In t5 the hooks of stacks were not compared with TransformerLens"):
        to_transformerlens("encoder/z.1", model=shared("t5"))


def test_queries_before_rotation_are_ours_only_where_nothing_rotates() -> None:
    assert str(from_transformerlens("blocks.1.attn.hook_q", model=shared("gpt2"))) == "q.1"
    assert to_transformerlens("k.1.0", model=shared("gpt2")) == "blocks.1.attn.hook_k[:, :, 0]"
    assert to_transformerlens("k.1", model=shared("llama")) == "blocks.1.attn.hook_rot_k"
    with pytest.raises(
        BadInput, match=r"hook_q is before rotation, which has no site: the nearest is q\.1, after it"
    ):
        from_transformerlens("blocks.1.attn.hook_q", model=shared("llama"))
    with pytest.raises(BadInput, match=r"hook_k is before rotation and k\.1 after it: give model="):
        from_transformerlens("blocks.1.attn.hook_k")
    with pytest.raises(BadInput, match="hook_rot_q in a model that rotates and hook_q in one that does not"):
        to_transformerlens("q.1")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("blocks.3.hook_mlp_in", r"stream before the norm, made for the MLP alone: .* is mlp_in\.3\.$"),
        ("blocks.3.hook_q_input", r"stream before the norm, made for each head: the nearest site is q\.3\.$"),
        ("blocks.3.attn.hook_v_input", r"the nearest site is v\.3\.$"),
        ("blocks.3.ln2.hook_in", r"only the norm takes it, .* the nearest site is resid_mid\.3\.$"),
        ("blocks.3.ln2.hook_normalized", r"before the gain of the norm in TransformerLens 4 .* mlp_in\.3\.$"),
        ("hook_pos_embed", r"the embedding of positions alone.* resid_pre\.0\.$"),
        ("blocks.0.hook_resid_past", r"no hook name that is known here; .*'blocks.0.hook_resid_post'\?$"),
        ("hook_resid_pre", r"no hook name that is known here"),
        ("blocks.0.hook_resid_pre[:, :, 3]", r"picks no position and no unit of resid_pre\.0, whose axes"),
        ("blocks.0.attn.hook_z[:, 1:3, 2:4]", r"picks no position and no unit of z\.0"),
    ],
)
def test_a_name_that_holds_other_numbers_is_refused_with_the_difference(name: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        from_transformerlens(name)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ("z.*", r"z\.\* names every layer, and a peer's name is of one: translate z\.0 and so on"),
        ("module.lm_head:out", "has no hook name: TransformerLens names no such site alike in every model"),
        ("vision/z.1", "has no hook name: TransformerLens names no such stack"),
    ],
)
def test_a_site_without_a_hook_name_says_so(site: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        to_transformerlens(site)


def test_a_model_is_asked_whether_it_has_the_place() -> None:
    with pytest.raises(BadInput, match="gpt2 has no mlp_up: this MLP has no gate"):
        from_transformerlens("blocks.0.mlp.hook_pre_linear", model=shared("gpt2"))
    with pytest.raises(BadInput, match="layers run from 0 to 2"):
        to_transformerlens("z.9", model=shared("gpt2"))


@pytest.mark.parametrize("family", PATHS)
def test_an_nnsight_path_leads_back_to_the_same_tensor(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    translated = {}
    for site in addresses(family):
        with suppress(BadInput):
            translated[site] = to_nnsight(model, site)
    kept = {site.name for site in translated}
    assert kept >= {"embed", "resid_pre", "resid_post", "z", "attn_out", "mlp_out", "mlp_act", "logits"}
    back = {site: from_nnsight(model, path) for site, path in translated.items()}
    seen = run(model, tokens, get={*back, *back.values()})
    assert all(torch.equal(seen[site], seen[other]) for site, other in back.items())
    assert all(to_nnsight(model, other) == translated[site] for site, other in back.items())


@pytest.mark.parametrize("family", PATHS)
def test_an_nnsight_path_names_what_the_module_takes_or_returns(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    for site in addresses(family):
        path = ""
        with suppress(BadInput):
            path = to_nnsight(model, site)
        if not path:
            continue
        ours = run(model, tokens, get=site)[site]
        assert torch.equal(as_nnsight(model.hf, path, tokens).reshape(ours.shape), ours)


def as_nnsight(network: torch.nn.Module, path: str, tokens: torch.Tensor) -> torch.Tensor:
    """Read a path as nnsight does: what a module is first given, or what it gives back."""
    module, _, value = path.partition(".output" if ".output" in path else ".input")
    seen: dict[str, object] = {}

    def keep(_: object, args: tuple[object, ...], kwargs: dict[str, object], output: object) -> None:
        seen.update(input=args[0] if args else next(iter(kwargs.values())), output=output)

    owner = eval(f"network.{module}", {"network": network})
    hook = owner.register_forward_hook(keep, with_kwargs=True)
    with torch.no_grad():
        network(tokens, use_cache=False)
    hook.remove()
    side = "output" if ".output" in path else "input"
    return eval(f"seen{value}", {"seen": seen[side]})


def test_the_paths_of_gpt2_are_those_of_its_modules() -> None:
    model = shared("gpt2")
    assert to_nnsight(model, "attn_out.2") == "transformer.h[2].attn.output[0]"
    assert to_nnsight(model, "resid_post.1@-1") == "transformer.h[1].output[:, -1]"
    assert to_nnsight(model, "z.2.1") == "transformer.h[2].attn.c_proj.input[:, :, 12:24]"
    assert to_nnsight(model, "mlp_act.0.7@2") == "transformer.h[0].mlp.c_proj.input[:, 2, 7]"
    assert to_nnsight(model, "module.transformer.h.1.ln_1:out") == "transformer.h[1].ln_1.output"
    assert str(from_nnsight(model, "transformer.h.2.attn.output[0]")) == "attn_out.2"
    assert str(from_nnsight(model, "transformer.h[2].attn.c_proj.input[:, :, 12:24]")) == "z.2.1"
    assert str(from_nnsight(model, "transformer.h[1].ln_1.output")) == "module.transformer.h.1.ln_1:out"
    assert str(from_nnsight(model, "lm_head.output")) == "logits"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("transformer.h[2].attn.output", r"is no tensor in nnsight: write .*attn\.output\[0\]\.$"),
        ("transformer.h[2].mlp.output[0]", r"is a tensor, whose \[0\] picks the first prompt: write"),
        (
            "transformer.h[2].attn.output[1]",
            r"has no address here: module.* holds another tensor of that module",
        ),
        ("transformer.h[2].output.logits", r"is no tensor in nnsight: write transformer\.h\[2\]\.output\.$"),
        ("transformer.h[2].attn.source", r"is no path that is read here: end it in \.input, \.output"),
        ("transformer.h[2].atn.output", r"no module 'transformer\.h\[2\]\.atn'; did you mean"),
        ("transformer.h[2].attn.c_proj.input[:, :, 3:9]", r"picks no position and no unit of z\.2"),
        ("transformer.h[2].ln_1.output[:, 1]", "picks no position and no unit of module"),
    ],
)
def test_an_nnsight_path_that_would_pick_something_else_is_refused(path: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        from_nnsight(shared("gpt2"), path)


@pytest.mark.parametrize("site", ["pattern.0", "q.1", "result.1", "attn_norm.0", "resid_mid.1"])
def test_what_no_module_holds_has_no_path(site: str) -> None:
    with pytest.raises(BadInput, match="so no module takes or returns it"):
        to_nnsight(shared("gpt2"), site)


def test_a_hook_that_was_seen_to_hold_other_numbers_in_a_family_is_refused() -> None:
    config = Gemma2Config(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        intermediate_size=24,
    )
    model = Model(Gemma2ForCausalLM(config), name="gemma")
    with pytest.raises(BadInput, match="In gemma2 no hook of TransformerLens holds the numbers of logits"):
        to_transformerlens("logits", model=model)
    assert to_transformerlens("attn_add.0", model=model) == "blocks.0.hook_attn_out"
