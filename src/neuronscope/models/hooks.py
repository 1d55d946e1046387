"""How are the taps of one pass put on a network, each seen only by the pass that asked?"""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn

from neuronscope.models.attention import ACTIVE, STAGES, Place, Taps, stages_seen
from neuronscope.models.parts.additions import replaced, watched
from neuronscope.models.parts.anatomy import Absence, Anatomy, Tap
from neuronscope.models.parts.taps import Addition
from neuronscope.words import BadInput


def check_evaluation_mode(network: nn.Module) -> None:
    """Raise `BadInput` where any module of a network is in training mode."""
    seen: set[nn.Module | None] = {None}
    waiting: list[nn.Module | None] = [network]
    while waiting:  # nested generators, as in modules(), take four times as long
        module = waiting.pop()
        if module in seen:
            continue
        assert module is not None
        if module.training:
            raise BadInput(
                "The model is in training mode, where dropout adds noise: call model.hf.eval() first."
            )
        seen.add(module)
        waiting.extend(module._modules.values())


def hold(anatomy: Anatomy, taps: Taps, stack: ExitStack) -> None:
    """Put a hook at every place that the taps visit; closing the stack takes them away again.

    Raises `BadInput` for a place that the network does not have.
    """
    additions: dict[nn.Module, list[tuple[Addition, Place]]] = {}
    for place in taps.visits:
        found = anatomy.find(place)
        if isinstance(found, Tap):
            stack.callback(_hooked(taps, place, found).remove)
        elif isinstance(found, Addition):
            additions.setdefault(found.block, []).append((found, place))
        elif isinstance(found, Absence):
            raise BadInput(
                f"There is no {place.name} here: {found.reason}; the nearest site is {found.instead}."
            )
    for block, wanted in additions.items():
        points: dict[int, dict[int, Place]] = {}
        for addition, place in wanted:
            points.setdefault(addition.call, {})[addition.operand] = place
        stack.enter_context(replaced(block, watched(block.forward, taps, points, wanted[0][0].calls)))
    for module, at in anatomy.unrouted.items():
        if any(Place(name, *at) in taps.visits for name in STAGES):
            stack.enter_context(replaced(module, stages_seen(module.forward, taps, at)))


def _hooked(taps: Taps, place: Place, tap: Tap) -> Any:
    def seen(tensor: Tensor) -> Tensor:
        shown = tensor if tap.show is None else tap.show(tensor, taps.rows)
        if tap.derive is not None:
            taps.visit(place, tap.derive(shown))
            return tensor
        given = taps.visit(place, shown)
        if given is shown:
            return tensor.clone() if tap.copied else tensor
        return given if tap.show is None else given.reshape(tensor.shape)

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _with_input(args, kwargs, seen, place) if ACTIVE.get() is taps else None

    def after(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        if ACTIVE.get() is not taps:
            return None
        if tap.side == "whole":
            assert tap.derive is not None
            taps.visit(place, tap.derive(output, taps.rows))
            return None
        return _with_output(output, tap.item, seen, place)

    if tap.side == "in":
        return tap.module.register_forward_pre_hook(before, with_kwargs=True)
    return tap.module.register_forward_hook(after)


def _with_output(output: Any, item: int | str, seen: Any, place: Place) -> Any:
    if isinstance(item, str):
        output[item] = seen(_tensor(output[item], place))
        return output
    if isinstance(output, tuple):
        return (*output[:item], seen(_tensor(output[item], place)), *output[item + 1 :])
    if isinstance(output, list):
        return [*output[:item], seen(_tensor(output[item], place)), *output[item + 1 :]]
    if isinstance(output, Mapping) and output:
        name = list(output)[item]
        return _with_output(output, str(name), seen, place)
    return seen(_tensor(output, place))


def _with_input(
    args: tuple[Any, ...], kwargs: dict[str, Any], seen: Any, place: Place
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if args:
        return (seen(_tensor(args[0], place)), *args[1:]), kwargs
    named = [name for name, value in kwargs.items() if isinstance(value, Tensor)]
    name = "hidden_states" if "hidden_states" in named else next(iter(named), None)
    if name is None:
        raise BadInput(f"{place.name} shows no tensor: the module takes none as its input.")
    return args, {**kwargs, name: seen(kwargs[name])}


def _tensor(value: Any, place: Place) -> Tensor:
    if not isinstance(value, Tensor):
        raise BadInput(f"{place.name} shows a {type(value).__name__}, not a tensor: choose another module.")
    return value
