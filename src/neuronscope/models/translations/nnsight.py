"""What is this place called in nnsight, and what does one of its paths mean here?

A path of nnsight 0.8 is the module's own name with ``.output`` or ``.input``. Whether an output is a tuple is
seen by calling the module, since ``[0]`` then picks the stream and otherwise the first prompt.
"""

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from neuronscope.models.anatomy import Tap
from neuronscope.models.attention import STAGES
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.models.translations.indices import index_text, one_layer, part, split
from neuronscope.words import BadInput, nearest

_VALUE = re.compile(r"(?P<path>.+)\.(?P<side>input|output)(?P<first>\[0\])?")


def to_nnsight(model: Model, site: str | Site) -> str:
    """Return the path of a site in nnsight, as in ``transformer.h[9].attn.output[0]``, its index included.

    Heads lie side by side in nnsight, so one head of ``z`` becomes a slice of the last axis. Runs the model
    on one token, to see whether the module returns a tuple. Raises `BadInput` for a site that no module
    takes or returns, and for a wildcard.
    """
    place = one_layer(site, model)
    tap, flat = _tap(model, place)
    path = _path_of(model, tap.module)
    call = _called(model, tap.module)
    if tap.side == "in" and call is not None and not call.stream_first:
        raise BadInput(
            f"{place} is not the first argument of {path}: pick it out of {path}.inputs in nnsight."
        )
    picked = "output[0]" if call is not None and call.returns_tuple else "output"
    value = "input" if tap.side == "in" else picked
    return f"{path}.{value}{index_text(place, flat)}"


def from_nnsight(model: Model, path: str) -> Site:
    """Return the site of an nnsight path: a named one where there is one, else a ``module.`` address.

    Where two names share a module, as ``attn_out`` and ``attn_add`` do in GPT-2, the raw output is meant.
    Raises `BadInput` for an unknown module, for ``.source`` and ``.inputs``, and where ``[0]`` would pick a
    prompt of the batch or is missing from a tuple.
    """
    text, index = split(path)
    match = _VALUE.fullmatch(text)
    if match is None:
        raise BadInput(f"{text!r} is no path that is read here: end it in .input, .output or .output[0].")
    modules = dict(model.hf.named_modules())
    dotted = re.sub(r"\[(\d+)\]", r".\1", match["path"])
    if dotted not in modules:
        raise BadInput(f"This model has no module {match['path']!r}{nearest(dotted, modules)}")
    module, side = modules[dotted], "in" if match["side"] == "input" else "out"
    _check_first(text, match, _called(model, module))
    site, flat = _named(model, module, side) or (Site(f"module.{dotted}:{side}"), None)
    return part(site, index, flat)


@dataclass(frozen=True)
class _Call:
    """How one module is called: whether it returns a tuple, and whether the stream is its first argument."""

    returns_tuple: bool
    stream_first: bool


def _called(model: Model, module: nn.Module) -> _Call | None:
    """Run the model on one token and return how the module was called; None where it was not."""
    calls: list[_Call] = []

    def seen(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        first = "" if args else next(iter(kwargs), "")
        tensors = [name for name, value in kwargs.items() if isinstance(value, Tensor)]
        stream = "hidden_states" if "hidden_states" in tensors else next(iter(tensors), "")
        calls.append(_Call(isinstance(output, tuple), bool(args) or first == stream))

    token = torch.zeros(1, 1, dtype=torch.long, device=model.device)
    with model.anatomy.lock, torch.no_grad():
        hook = module.register_forward_hook(seen, with_kwargs=True)
        try:
            model.hf(input_ids=token, use_cache=False)
        finally:
            hook.remove()
    return calls[0] if calls else None


def _tap(model: Model, place: Site) -> tuple[Tap, int | None]:
    """Return the tap of a site, and the width of one head where the module has the heads side by side."""
    assert not isinstance(place.layer, str)
    if place.module:
        return model.anatomy.module_tap(place), None
    tap = model.anatomy.tap(place.name, place.layer)
    if place.name == "z" and place.layer is not None:
        output = model.anatomy.output(place.layer)
        tap = tap if output is None else Tap(output, "in")
    if isinstance(tap, Tap) and tap.derive is None:
        return tap, model.head_width if place.name == "z" else None
    where = "inside the attention function" if place.name in STAGES else "from its neighbours"
    instead = (
        "use .source of the attention module there" if place.name in STAGES else "work it out there likewise"
    )
    raise BadInput(f"{place} is worked out {where}, so no module takes or returns it: {instead}.")


def _path_of(model: Model, module: nn.Module) -> str:
    dotted = next(name for name, known in model.hf.named_modules() if known is module)
    return re.sub(r"\.(\d+)", r"[\1]", dotted)


def _named(model: Model, module: nn.Module, side: str) -> tuple[Site, int | None] | None:
    for name in model.sites():
        for layer in model.anatomy.layers(name):
            place = Site(name, layer)
            try:
                tap, flat = _tap(model, place)
            except BadInput:
                continue
            if tap.module is module and tap.side == side:
                return place, flat
    return None


def _check_first(text: str, match: re.Match[str], call: _Call | None) -> None:
    if call is None:
        raise BadInput(f"{match['path']} is never called in a forward pass, so it has no input or output.")
    plain = text.removesuffix("[0]")
    if match["side"] == "output" and call.returns_tuple and not match["first"]:
        raise BadInput(f"{plain} is a tuple in nnsight: write {plain}[0].")
    if match["first"] and not (match["side"] == "output" and call.returns_tuple):
        raise BadInput(f"{plain} is a tensor, whose [0] picks the first prompt: write {plain}.")
