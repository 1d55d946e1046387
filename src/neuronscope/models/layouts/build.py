"""How do the tensors of a checkpoint become the parameters of a network, none lost and none made up?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import RLock
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from neuronscope.models.layouts.axes import Shaped, bind
from neuronscope.models.layouts.configuration import BIASES
from neuronscope.models.layouts.facts import read_facts
from neuronscope.models.layouts.mapping import Mapping as LayoutMapping
from neuronscope.models.layouts.mapping import TensorRule
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.words import BadInput

LOADING = RLock()
"""Held while a network is made or loaded: transformers changes its own classes meanwhile, and puts back what
it found, so that two loads at once would leave every later network with weights that are not tied."""

_BRACES = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Found:
    """One tensor for the network: its stored name (the first of those stacked), its rule and its layer."""

    name: str
    tensor: Tensor
    rule: TensorRule
    layer: str | None


def build(
    mapping: LayoutMapping,
    tensors: Mapping[str, Tensor],
    configuration: Mapping[str, Any] | None = None,
    *,
    dtype: torch.dtype = torch.float32,
) -> PreTrainedModel:
    """Return the network of a mapping with the tensors of a checkpoint as its parameters.

    Raises `BadInput` that names the tensor, its shape and what was expected, for a shape that does not fit,
    a tensor without use, a parameter without tensor, and what `read_facts` raises.
    """
    facts = read_facts(mapping, configuration or {})
    found = _found(mapping, tensors)
    sizes = _sizes(mapping, facts, found)
    fields = {field: sizes[axis] for axis, field in mapping.axes.items() if axis in sizes}
    config: Any = AutoConfig.for_model(mapping.network, **facts, **fields)
    given = {target for piece in found for target in _targets(piece)}
    if mapping.network == "plain":
        config.biases = [name for name in BIASES if not _left_out(mapping, name, given)]
    with LOADING:
        plain = mapping.network == "plain"
        network: Any = PlainTransformer(config) if plain else AutoModelForCausalLM.from_config(config)
    network.to(dtype)
    _fill(mapping, network, found, sizes)
    return network


def _found(mapping: LayoutMapping, tensors: Mapping[str, Tensor]) -> list[Found]:
    """Match every stored name with its rule, and stack the tensors that differ in more than the layer."""
    rules = {pattern: _pattern(pattern) for pattern in mapping.tensors}
    groups: dict[tuple[str, str | None], list[tuple[tuple[int, ...], str]]] = {}
    for name in tensors:
        if any(fnmatchcase(name, ignored) for ignored in mapping.ignored):
            continue
        pattern, match = next(
            ((pattern, match) for pattern, rule in rules.items() if (match := rule.fullmatch(name))),
            (None, None),
        )
        if pattern is None or match is None:
            raise BadInput(
                f"The mapping has no use for {name} {[*tensors[name].shape]}: name it in tensors or ignored."
            )
        numbers = match.groupdict()
        layer = numbers.pop("layer", None)
        groups.setdefault((pattern, layer), []).append((tuple(map(int, numbers.values())), name))
    found = []
    for (pattern, layer), members in groups.items():
        names = [name for _, name in sorted(members)]
        stacked = [axis for axis in _BRACES.findall(pattern) if axis != "layer"]
        tensor = torch.stack([tensors[name] for name in names]) if stacked else tensors[names[0]]
        found.append(Found(names[0], tensor, mapping.tensors[pattern], layer))
    return found


def _pattern(text: str) -> re.Pattern[str]:
    pieces = _BRACES.split(text)
    return re.compile("".join(rf"(?P<{p}>\d+)" if i % 2 else re.escape(p) for i, p in enumerate(pieces)))


def _sizes(mapping: LayoutMapping, facts: dict[str, Any], found: list[Found]) -> dict[str, int]:
    """Return the size of every axis, from the facts, the number of layers and the shapes."""
    stated = {
        axis: int(facts.pop(field)) for axis, field in mapping.axes.items() if facts.get(field) is not None
    }
    for field in mapping.axes.values():
        facts.pop(field, None)
    layers = sorted({int(piece.layer) for piece in found if piece.layer is not None})
    n_layers = stated.setdefault("layer", len(layers))
    if layers and layers != list(range(n_layers)):
        raise BadInput(f"The weights hold the layers {layers}, but {n_layers} from 0 on were expected.")
    shaped = [Shaped(piece.name, piece.tensor.shape, piece.rule.axes) for piece in found]
    for piece in found:
        if len(piece.rule.to) > 1:
            stated[piece.rule.axes.wanted[0][0]] = len(piece.rule.to)
    return bind(shaped, stated)


def _targets(piece: Found) -> list[str]:
    return [target.replace("{layer}", str(piece.layer)) for target in piece.rule.to]


def _left_out(mapping: LayoutMapping, name: str, given: set[str]) -> bool:
    """Tell whether the checkpoint has no bias of this kind and the mapping allows that."""
    ends = f"{name}.bias"
    if any(target.endswith(ends) for target in given):
        return False
    rules = [rule for rule in mapping.tensors.values() if any(target.endswith(ends) for target in rule.to)]
    return not rules or any(rule.absent == "leave out" for rule in rules)


def _fill(mapping: LayoutMapping, network: Any, found: list[Found], sizes: dict[str, int]) -> None:
    wanted = dict(network.named_parameters(remove_duplicate=False))
    filled: dict[str, str] = {}
    with torch.no_grad():
        for piece in found:
            parts = piece.rule.axes.rearrange(piece.tensor, sizes)
            parts = list(parts) if len(piece.rule.to) > 1 else [parts]
            for target, part in zip(_targets(piece), parts, strict=True):
                if target not in wanted:
                    raise BadInput(
                        f"The network has no {target} for {piece.name} {[*piece.tensor.shape]}: "
                        "correct the facts, or name it in ignored."
                    )
                if wanted[target].shape != part.shape:
                    raise BadInput(
                        f"{piece.name} {[*piece.tensor.shape]} becomes {[*part.shape]}, but {target} is "
                        f"{[*wanted[target].shape]}: correct the facts."
                    )
                values = part.to(wanted[target].dtype)
                values = values if piece.rule.times is None else values * piece.rule.times
                wanted[target].copy_(values if piece.rule.add is None else values + piece.rule.add)
                filled[target] = piece.name
        _settle(mapping, network, wanted, set(filled))


def _settle(mapping: LayoutMapping, network: Any, wanted: dict[str, Tensor], filled: set[str]) -> None:
    """Give zeros where the mapping says so, leave tied parameters to their owners, and refuse the rest."""
    tied = {id(wanted[name]) for name in filled}
    for name, parameter in wanted.items():
        if name in filled or id(parameter) in tied:
            continue
        general = re.sub(r"\.\d+\.", ".{layer}.", name, count=1)
        sources = {
            source: rule for source, rule in mapping.tensors.items() if general in rule.to or name in rule.to
        }
        if any(rule.absent == "zeros" for rule in sources.values()):
            parameter.zero_()
            continue
        named = " or ".join(sources) or "no tensor that the mapping names"
        raise BadInput(
            f"The weights lack {name} {list(parameter.shape)} of the network, which comes from {named}."
        )
