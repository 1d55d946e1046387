"""What is this place called in nnsight, and what does one of its paths mean here?

A path of nnsight 0.8 is the module's own name with ``.output`` or ``.input``. Whether an output is a tuple is
seen by calling the module, since ``[0]`` then picks the stream and otherwise the first prompt.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from neuronscope.models.attention import STAGES, Place, Visit
from neuronscope.models.forward import forward
from neuronscope.models.model import Model
from neuronscope.models.parts.taps import Tap
from neuronscope.models.parts.towers import specimen
from neuronscope.models.sites import SITES, Site
from neuronscope.models.translations.indices import index_text, one_layer, part, split
from neuronscope.words import BadInput, nearest

_VALUE = re.compile(r"(?:(?P<path>.+)\.)?(?P<value>input|output(?:\[\d+\]|\.[a-z_]+)?)")


def to_nnsight(model: Model, site: str | Site) -> str:
    """Return the path of a site in nnsight, as in ``transformer.h[9].attn.output[0]``, its index included.

    Heads lie side by side in nnsight, so one head of ``z`` becomes a slice of the last axis. Runs the model
    on a few tokens, to see that the path holds the very numbers of the site. Raises `BadInput` for a site
    that no module takes or returns, and for a wildcard.
    """
    place = one_layer(site, model)
    for tap, head_width in _taps(model, place):
        call = _called(model, tap.module, place)
        value = call.holding(tap.side) if call else None
        if value:
            path = _path_of(model, tap.module)
            return f"{path}{'.' if path else ''}{value}{index_text(place, head_width)}"
    raise BadInput(f"{place} is worked out {_where(place)}, so no module takes or returns it.")


def _where(place: Site) -> str:
    if place.name in STAGES:
        return "inside the attention function (.source of that module)"
    if place.name == "resid_mid":
        return "between two modules (the second norm takes it, but takes a change for itself alone)"
    return "between modules"


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
    dotted = re.sub(r"\[(\d+)\]", r".\1", match["path"] or "")
    if dotted not in modules:
        raise BadInput(f"This model has no module {match['path']!r}{nearest(dotted, modules)}")
    _check_value(text, match["value"], _called(model, modules[dotted]))
    site, head_width = _named(model, modules[dotted], text)
    if site is None:
        site = Site(f"module.{dotted}:{'in' if match['value'] == 'input' else 'out'}")
        if not _leads_to(model, site, text):
            raise BadInput(f"{text} has no address here: {site} holds another tensor of that module.")
    return part(site, index, head_width)


@dataclass
class _Call:
    """What one module was first given and returned, and what the visit of a site saw in the same pass."""

    first: Any
    output: Any
    ours: Tensor | None = None

    def values(self, side: str) -> list[tuple[str, Any]]:
        """Return how nnsight writes what the module takes or returns, with the tensors."""
        if side == "in":
            return [("input", self.first)]
        if isinstance(self.output, Tensor):
            return [("output", self.output)]
        if isinstance(self.output, Mapping):
            return [(f"output.{name}", value) for name, value in self.output.items()]
        return [(f"output[{number}]", value) for number, value in enumerate(self.output)]

    def holding(self, side: str) -> str | None:
        """Return which of them holds the very numbers of the site, or None."""
        ours = self.ours
        if ours is None:
            return None
        sized = [
            (name, tensor)
            for name, tensor in self.values(side)
            if isinstance(tensor, Tensor) and tensor.numel() == ours.numel()
        ]
        return next((name for name, tensor in sized if torch.equal(tensor.reshape(ours.shape), ours)), None)


def _called(model: Model, module: nn.Module, place: Site | None = None) -> _Call | None:
    """Run the model on a specimen and return how the module was called first; None where it was not."""
    calls: list[_Call] = []
    seen: list[Tensor] = []

    def kept(tensor: Tensor) -> Tensor:
        seen.append(tensor.clone())
        return tensor

    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        calls.append(_Call(args[0] if args else next(iter(kwargs.values()), None), output))

    visits: dict[Place, Visit] = {}
    if place is not None:
        visits[Place(place.name, cast(int | None, place.layer), place.stack)] = kept
    with model.anatomy.lock, torch.no_grad():
        handle = module.register_forward_hook(hook, with_kwargs=True)
        try:
            forward(model.anatomy, specimen(model.hf), visits)
        finally:
            handle.remove()
    if not calls:
        return None
    calls[0].ours = seen[0] if seen else None
    return calls[0]


def _taps(model: Model, place: Site) -> list[tuple[Tap, int | None]]:
    """Return the taps that may hold a site, with the width of a head where heads lie side by side."""
    anatomy, layer = model.anatomy, cast(int | None, place.layer)
    if place.module:
        return [(anatomy.module_tap(place), None)]
    if place.name == "z" and layer is not None:
        stack = anatomy.stacks.get(place.stack, anatomy.main)
        output = stack.output(layer)
        return [] if output is None else [(Tap(output, "in"), stack.wiring(layer).head_width)]
    found = anatomy.tap(place.name, layer, place.stack)
    taps = [found] if isinstance(found, Tap) and found.derive is None else []
    if place.name == "logits" and anatomy.head is not None:
        taps.insert(0, Tap(anatomy.head, "out"))
    return [(tap, None) for tap in taps]


def _path_of(model: Model, module: nn.Module) -> str:
    dotted = next(name for name, known in model.hf.named_modules() if known is module)
    return re.sub(r"\.(\d+)", r"[\1]", dotted)


def _named(model: Model, module: nn.Module, text: str) -> tuple[Site | None, int | None]:
    """Return the named site that has this path, with the width of its heads; None where none has."""
    for stack in model.anatomy.stacks:
        for name in SITES:
            for layer in model.anatomy.layers(name, stack):
                place = Site(name, layer, stack=stack)
                for tap, head_width in _taps(model, place):
                    if tap.module is module and _leads_to(model, place, text):
                        return place, head_width
    return None, None


def _leads_to(model: Model, site: Site, path: str) -> bool:
    with suppress(BadInput):
        return _normal(to_nnsight(model, site)) == _normal(path)
    return False


def _normal(path: str) -> str:
    return re.sub(r"\[(\d+)\]", r".\1", path)


def _check_value(text: str, value: str, call: _Call | None) -> None:
    if call is None:
        raise BadInput(
            f"The module of {text} is never called in a forward pass, so it takes and returns nothing."
        )
    there = [
        name
        for name, tensor in call.values("in" if value == "input" else "out")
        if isinstance(tensor, Tensor)
    ]
    if value in there:
        return
    plain = text.removesuffix("[0]")
    if value.endswith("]") and there == ["output"]:
        raise BadInput(f"{plain} is a tensor, whose [0] picks the first prompt: write {plain}.")
    owner = text.removesuffix(value)
    if not there:
        raise BadInput(f"{text} is no tensor: choose a module that takes or returns one.")
    raise BadInput(f"{text} is no tensor in nnsight: write {owner}{there[0]}.")
