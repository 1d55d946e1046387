"""What is this place called in TransformerLens, and what does one of its hook names mean here?

Hook names are those of TransformerLens 4.3, and older ones where they meant the same. Values were compared on
equal weights (`tests/parity`); a name that holds other numbers than any site is refused with the difference.
"""

import re

from neuronscope.models.model import Model
from neuronscope.models.sites import SITES, Site
from neuronscope.models.translations.indices import index_text, one_layer, part, split
from neuronscope.words import BadInput, nearest

_HOOKS = {
    "embed": "hook_embed",
    "resid_pre": "hook_resid_pre",
    "resid_mid": "hook_resid_mid",
    "resid_post": "hook_resid_post",
    "attn_norm": "ln1.hook_scale",
    "attn_in": "attn.hook_in",
    "v": "attn.hook_v",
    "scores": "attn.hook_attn_scores",
    "pattern": "attn.hook_pattern",
    "z": "attn.hook_z",
    "result": "attn.hook_result",
    "attn_out": "attn.hook_out",
    "attn_add": "hook_attn_out",
    "mlp_norm": "ln2.hook_scale",
    "mlp_in": "mlp.hook_in",
    "mlp_pre": "mlp.hook_pre",
    "mlp_up": "mlp.hook_pre_linear",
    "mlp_act": "mlp.hook_post",
    "mlp_out": "mlp.hook_out",
    "mlp_add": "hook_mlp_out",
    "final_norm": "ln_final.hook_scale",
    "final": "ln_final.hook_out",
    "logits": "unembed.hook_out",
}
_ALSO = {
    "hook_in": "resid_pre",
    "hook_out": "resid_post",
    "ln1.hook_out": "attn_in",
    "ln2.hook_out": "mlp_in",
    "attn.v.hook_out": "v",
    "attn.o.hook_in": "z",
    "mlp.out.hook_in": "mlp_act",
    "mlp.out.hook_out": "mlp_out",
    "mlp.gate.hook_out": "mlp_pre",
    "embed.hook_out": "embed",
    "unembed.hook_in": "final",
    "hook_unembed": "logits",
}
_TURNED = {"attn.hook_rot_q": "q", "attn.hook_rot_k": "k"}
_UNTURNED = {"attn.hook_q": "q", "attn.hook_k": "k", "attn.q.hook_out": "q", "attn.k.hook_out": "k"}
_SITE_OF = {hook: name for name, hook in _HOOKS.items()} | _ALSO | _TURNED

_COPY = "is a copy of the stream before the norm, made for each head"
_NORM = "is before the gain of the norm in TransformerLens 4 and after it in earlier releases"
_PLACES = "is the embedding of positions alone, which has no name of its own"
_ALONE = "has the numbers of the stream, but only the norm takes it, so a change here is another"
_UNEQUAL = {
    "ln1.hook_in": (_ALONE, "resid_pre"),
    "ln2.hook_in": (_ALONE, "resid_mid"),
    "ln_final.hook_in": (_ALONE, "final"),
    "hook_q_input": (_COPY, "q"),
    "hook_k_input": (_COPY, "k"),
    "hook_v_input": (_COPY, "v"),
    "hook_attn_in": (_COPY, "attn_in"),
    "hook_mlp_in": ("is a copy of the stream before the norm, made for the MLP alone", "mlp_in"),
    "ln1.hook_normalized": (_NORM, "attn_in"),
    "ln2.hook_normalized": (_NORM, "mlp_in"),
    "ln_final.hook_normalized": (_NORM, "final"),
    "mlp.in.hook_out": ("is mlp_pre in a plain MLP but mlp_up in a gated one", "mlp_pre"),
    "mlp.hook_expert_weights": ("weighs every expert, before the best are chosen", "router"),
    "hook_pos_embed": (_PLACES, "resid_pre.0"),
    "pos_embed.hook_out": (_PLACES, "resid_pre.0"),
    "hook_full_embed": ("is the sum of all embeddings", "resid_pre.0"),
    "hook_tokens": ("holds token ids, not an activation; a run keeps them as .tokens", "embed"),
    "embed.hook_in": ("holds token ids, not an activation; a run keeps them as .tokens", "embed"),
}
_OTHER_NUMBERS = {
    "bloom": ("embed", "attn_out", "attn_add", "mlp_out"),
    "codegen": ("q", "k", "result", "mlp_norm"),
    "falcon": ("q", "k", "mlp_norm"),
    "gemma2": ("logits",),
    "gpt_neo": ("scores", "result"),
    "gpt_neox": ("q", "k"),
    "gptj": ("scores",),
    "granite": ("embed", "result", "logits"),
    "mpt": ("mlp_out",),
    "opt": ("q", "scores"),
    "phi": ("mlp_norm",),
    "t5": ("embed", "attn_norm", "mlp_norm", "final_norm", "result", "decoder/scores"),
    "vit": ("embed", "scores", "result"),
}
"""Sites whose hook was missing or held other numbers in TransformerLens 4.3, by family, where compared."""
_STACKED = ("t5",)
"""Families whose encoder and decoder were compared."""
_IN_DECODER = {"attn.": "self_attn.", "ln2.": "ln3.", "hook_resid_mid": "hook_resid_mid2"}
"""How hooks begin in a block of a decoder that reads an encoder, where cross-attention stands between."""
_BETWEEN = ("cross_attn.", "hook_cross_attn_out", "ln2.", "hook_resid_mid")
_ROTATION = ("rope_parameters", "rope_theta", "rotary_dim", "rotary_pct")
_HOOK_NAME = re.compile(r"(?:(?P<stack>encoder|decoder)_)?(?:blocks\.(?P<layer>\d+)\.)?(?P<hook>[\w.]+)")


def to_transformerlens(site: str | Site, *, model: Model | None = None) -> str:
    """Return the hook name of a site in TransformerLens, with the index of its part where it names one.

    ``model`` tells whether queries and keys are rotated, and is asked whether it has the site. Scales of
    norms have one axis more there, of size one. Blocks of an encoder and a decoder are ``encoder_blocks.3``
    and ``decoder_blocks.3``. Raises `BadInput` for a site that TransformerLens lacks, for ``q`` and ``k``
    without a model, and for a wildcard.

    >>> to_transformerlens("z.9.6@-1")
    'blocks.9.attn.hook_z[:, -1, 6]'
    """
    place = one_layer(site, model)
    foreign = place.stack not in (None, "encoder", "decoder")
    if place.module or foreign or place.name not in _HOOKS.keys() | {"q", "k"}:
        what = "stack" if foreign else "site"
        raise BadInput(
            f"{place} has no hook name: TransformerLens names no such {what} alike in every model."
        )
    _check_family(place, model)
    hook = _HOOKS.get(place.name) or _query_hook(place, model)
    if place.stack == "decoder":
        start = next((start for start in _IN_DECODER if hook.startswith(start)), "")
        hook = _IN_DECODER.get(start, "") + hook.removeprefix(start)
    stack = "" if place.stack is None else f"{place.stack}_"
    prefix = "" if place.layer is None else f"blocks.{place.layer}."
    return f"{stack}{prefix}{hook}{index_text(place, None)}"


def from_transformerlens(name: str, *, model: Model | None = None) -> Site:
    """Return the site of a TransformerLens hook name, which an index may follow as in ``…hook_z[:, -1, 6]``.

    ``model`` decides what ``hook_q`` and ``hook_k`` are: ``q`` and ``k`` where the model rotates none. Raises
    `BadInput` for an unknown name, and for one that holds other numbers than any site, with the difference
    and the nearest site.

    >>> from_transformerlens("blocks.3.hook_attn_out")
    Site('attn_add.3')
    """
    text, index = split(name)
    match = _HOOK_NAME.fullmatch(text)
    stack, layer, hook = match.groups() if match else (None, None, text)
    if stack == "decoder":
        hook = _of_decoder(text, hook)
    short = hook if hook in _UNEQUAL else hook.removeprefix("attn.")
    if short in _UNEQUAL:
        reason, near = _UNEQUAL[short]
        at = f"{near}.{layer}" if layer else near
        raise BadInput(f"{text} {reason}: the nearest site is {at}.")
    site_name = _unturned(text, hook, layer, model) if hook in _UNTURNED else _SITE_OF.get(hook)
    if site_name is None or SITES[site_name].layered != (layer is not None):
        known = [
            f"blocks.{layer or 0}.{key}" if SITES[value].layered else key for key, value in _SITE_OF.items()
        ]
        raise BadInput(f"{text!r} is no hook name that is known here{nearest(text, known)}")
    site = Site(site_name, None if layer is None else int(layer), stack=stack)
    _check_family(site, model)
    return one_layer(part(site, index, None), model)


def _of_decoder(text: str, hook: str) -> str:
    """Return what a hook of a decoder's block would be called in a block without cross-attention."""
    for usual, here in _IN_DECODER.items():
        if hook.startswith(here):
            return usual + hook.removeprefix(here)
    if hook.startswith(_BETWEEN):
        raise BadInput(
            f"{text} is of cross-attention, which no site is named after: read its module as "
            "module.<dotted.name>:in or :out."
        )
    return "" if hook.startswith("attn.") else hook


def _check_family(site: Site, model: Model | None) -> None:
    if model is None:
        return
    if any(stack.blocks and stack.wiring(0).post_norm for stack in model.anatomy.stacks.values()):
        raise BadInput(
            f"{model.name} normalises after it adds, where hooks of TransformerLens hold other numbers: "
            f"there is no translation, use {site} here."
        )
    if site.stack is not None and model.family not in _STACKED:
        raise BadInput(
            f"In {model.family} the hooks of stacks were not compared with TransformerLens: "
            f"there is no translation, use {site} here."
        )
    if {site.name, f"{site.stack}/{site.name}"} & {*_OTHER_NUMBERS.get(model.family, ())}:
        raise BadInput(
            f"In {model.family} no hook of TransformerLens holds the numbers of {site} (4.3, measured): "
            f"there is no translation, use {site} here."
        )


def _rotates(model: Model) -> bool:
    stated = any(getattr(model.hf.config, name, None) for name in _ROTATION)
    return stated or any("rotary" in type(module).__name__.lower() for module in model.hf.modules())


def _query_hook(place: Site, model: Model | None) -> str:
    name = place.name
    if model is None:
        raise BadInput(
            f"{place} is hook_rot_{name} in a model that rotates and hook_{name} in one that does not: "
            "give model=."
        )
    return f"attn.hook_rot_{name}" if _rotates(model) else f"attn.hook_{name}"


def _unturned(text: str, hook: str, layer: str | None, model: Model | None) -> str:
    name = _UNTURNED[hook]
    if model is None:
        raise BadInput(
            f"{text} is before rotation and {name}.{layer} after it: give model= to see if they agree."
        )
    if _rotates(model):
        raise BadInput(
            f"{text} is before rotation, which has no site: the nearest is {name}.{layer}, after it "
            f"(blocks.{layer}.attn.hook_rot_{name})."
        )
    return name
