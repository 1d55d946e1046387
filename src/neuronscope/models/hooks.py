"""How are the taps of one pass put on a network, each seen only by the pass that asked?"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn

from neuronscope.models.attention import ACTIVE, STAGES, Place, Taps, Visit, stages_seen
from neuronscope.models.parts.additions import replaced, watched
from neuronscope.models.parts.anatomy import Absence, Anatomy, Tap
from neuronscope.models.parts.derived import Derived
from neuronscope.models.parts.experts import INSIDE, experts_seen
from neuronscope.models.parts.taps import Addition
from neuronscope.models.parts.tracing import reads_outcome
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


class Watcher(ABC):
    """A visit that says of itself what spares work: that it only reads, and which part of a derived site."""

    @property
    @abstractmethod
    def only_reads(self) -> bool:
        """Return whether the model goes on with what it had, of which this visit keeps no reference."""

    @abstractmethod
    def read(self, derived: Derived) -> None:
        """Take what is wanted of a value that is worked out beside the model."""


def hold(anatomy: Anatomy, taps: Taps, stack: ExitStack) -> None:
    """Put a hook at every place that the taps visit; closing the stack takes them away again.

    Raises `BadInput` for a place that the network does not have.
    """
    additions: dict[nn.Module, list[tuple[Addition, Place]]] = {}
    for place, visit in taps.visits.items():
        found = anatomy.find(place)
        if isinstance(found, Addition) and _only_reads(visit):
            reader = reads_outcome(found)
            found = found if reader is None else Tap(reader, "in")
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
    for module, (at, products) in anatomy.unrouted.items():
        if any(Place(name, *at) in taps.visits for name in STAGES):
            stack.enter_context(replaced(module, stages_seen(module.forward, taps, at, products)))
    for module, at in anatomy.experts.items():
        if any(Place(name, *at) in taps.visits for name in INSIDE):
            stack.enter_context(replaced(module, experts_seen(module.forward, module, taps, at)))


def _only_reads(visit: Visit) -> bool:
    return isinstance(visit, Watcher) and visit.only_reads


def _hooked(taps: Taps, place: Place, tap: Tap) -> Any:
    """Put a hook on the side of a module that a tap shows."""
    if tap.derive is not None or _only_reads(taps.visits[place]):
        return _read(taps, place, tap)

    def seen(tensor: Tensor) -> Tensor:
        shown = tensor if tap.show is None else tap.show(tensor, taps.rows)
        given = taps.visit(place, shown)
        if given is shown:
            return tensor.clone() if tap.copied else tensor
        return given if tap.show is None else given.reshape(tensor.shape)

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _with_input(args, kwargs, seen, place) if ACTIVE.get() is taps else None

    def after(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        return _with_output(output, tap.item, seen, place) if ACTIVE.get() is taps else None

    if tap.side == "in":
        return tap.module.register_forward_pre_hook(before, with_kwargs=True)
    return tap.module.register_forward_hook(after)


def _read(taps: Taps, place: Place, tap: Tap) -> Any:
    """Put a hook on that shows what passes and gives nothing back."""
    visit = taps.visits[place]

    def seen(passing: Tensor) -> None:
        shown = passing if tap.show is None else tap.show(passing, taps.rows)
        taps.fired.add(place)
        if tap.derive is None:
            visit(shown)
            return
        derived = Derived(tap, shown)
        if isinstance(visit, Watcher):
            visit.read(derived)
        else:
            visit(derived.part())

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if ACTIVE.get() is taps:
            seen(_tensor(args[0], place) if args else kwargs[_named(kwargs, place)])

    def after(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if ACTIVE.get() is taps:
            seen(_tensor(_item(output, tap.item), place))

    if tap.side == "in":
        return tap.module.register_forward_pre_hook(before, with_kwargs=True)
    return tap.module.register_forward_hook(after)


def _item(output: Any, item: Any) -> Any:
    at = _key(output, item)
    return output if at is None else output[at]


def _with_output(output: Any, item: Any, seen: Any, place: Place) -> Any:
    given = seen(_tensor(_item(output, item), place))
    at = _key(output, item)
    if at is None:
        return given
    if isinstance(output, tuple):
        return (*output[:at], given, *output[at + 1 :])
    if isinstance(output, list):
        return [*output[:at], given, *output[at + 1 :]]
    output[at] = given
    return output


def _key(output: Any, item: Any) -> Any:
    """Return under which index or name an output holds the item, None where it is the item."""
    if isinstance(item, str) or isinstance(output, tuple | list):
        return item
    return list(output)[item] if isinstance(output, Mapping) and output else None


def _with_input(
    args: tuple[Any, ...], kwargs: dict[str, Any], seen: Any, place: Place
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if args:
        return (seen(_tensor(args[0], place)), *args[1:]), kwargs
    name = _named(kwargs, place)
    return args, {**kwargs, name: seen(kwargs[name])}


def _named(kwargs: Mapping[str, Any], place: Place) -> str:
    """Return which of the named inputs of a module is its own."""
    named = [name for name, value in kwargs.items() if isinstance(value, Tensor)]
    name = "hidden_states" if "hidden_states" in named else next(iter(named), None)
    if name is None:
        raise BadInput(f"{place.name} shows no tensor: the module takes none as its input.")
    return name


def _tensor(value: Any, place: Place) -> Tensor:
    if not isinstance(value, Tensor):
        raise BadInput(f"{place.name} shows a {type(value).__name__}, not a tensor: choose another module.")
    return value
