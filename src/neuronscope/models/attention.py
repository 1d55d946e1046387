"""How are heads and attention patterns reached in an unchanged Hugging Face model?

transformers looks its attention function up in a public registry. One function of ours stands there under
our own key and hands the work to the family's own eager function, so queries, keys and values arrive
already split and rotated. Scores and patterns are caught by a tap on the softmax inside that one call, open
only when asked.
"""

import inspect
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface, eager_mask
from transformers.modeling_utils import AttentionInterface

KEY = "neuronscope"
_NAMED = re.compile(r'_attn_implementation in \("eager"')
STAGES = ("q", "k", "v", "scores", "pattern", "z")


class Place(NamedTuple):
    """Where a tensor passes: site name, layer where it has one, and stack where there are several."""

    name: str
    layer: int | None = None
    stack: str | None = None


Visit = Callable[[Tensor], Tensor]
Products = tuple[int, int] | None
PRODUCTS = ("matmul", "bmm", "baddbmm")
_SOFTMAX: Collection[Any] = (nn.functional.softmax, torch.softmax, torch.Tensor.softmax)


class Taps:
    """The visits of one forward pass: which function sees the tensor of which place, and what has fired."""

    def __init__(
        self, visits: Mapping[Place, Visit], layer_of: Mapping[nn.Module, tuple[int, str | None]]
    ) -> None:
        self.visits = dict(visits)
        self.layer_of = layer_of
        self.fired: set[Place] = set()
        self.rows = 1

    def visit(self, place: Place, tensor: Tensor) -> Tensor:
        """Show a tensor to its visit, where there is one, and return what the model goes on with."""
        if place not in self.visits:
            return tensor
        self.fired.add(place)
        return self.visits[place](tensor)


ACTIVE: ContextVar[Taps | None] = ContextVar("neuronscope_taps", default=None)
"""The taps of the forward pass that runs in this thread."""


class _SoftmaxTap(TorchFunctionMode):
    """Catch the one softmax of an attention call; columns beyond the keys, such as sinks, stay outside.

    Families that fold batch and heads into one axis are shown [batch head query key] all the same.
    """

    def __init__(self, taps: Taps, at: tuple[int, str | None], rows: int, n_keys: int | None) -> None:
        super().__init__()
        self.taps, self.at, self.rows, self.n_keys = taps, at, rows, n_keys
        self.dims = (3, 4) if n_keys is None else (4,)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in _SOFTMAX or args[0].dim() not in self.dims:
            return func(*args, **(kwargs or {}))
        weights = func(self._seen("scores", args[0]), *args[1:], **(kwargs or {}))
        return self._seen("pattern", weights)

    def _seen(self, name: str, tensor: Tensor) -> Tensor:
        if Place(name, *self.at) not in self.taps.visits:
            return tensor
        with torch._C.DisableTorchFunction():
            square = self._by_head(tensor)
            n_keys = self.n_keys or square.shape[-1]
            shown = square[..., :n_keys] if n_keys < square.shape[-1] else square
            seen = self.taps.visit(Place(name, *self.at), shown)
            if seen is shown:
                return tensor
            if n_keys < square.shape[-1]:
                seen = torch.cat([seen, square[..., n_keys:]], dim=-1)
            return seen.reshape(tensor.shape)

    def _by_head(self, tensor: Tensor) -> Tensor:
        return tensor if tensor.dim() == 4 else tensor.unflatten(0, (self.rows, -1))


def batched(left: Sequence[int], right: Sequence[int]) -> bool:
    """Return whether a product of two such shapes is one for each head, not that of a linear map."""
    return len(left) in (3, 4) and len(right) in (3, 4)


class _StagesTap(_SoftmaxTap):
    """Show the softmax, and also what the two products around it read and give.

    ``products`` are the numbers, among the products of the module, of that of queries and keys and of that of
    pattern and values.
    """

    def __init__(self, taps: Taps, at: tuple[int, str | None], rows: int, products: Products) -> None:
        super().__init__(taps, at, rows, None)
        self.products, self.count = products, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "").strip("_") not in PRODUCTS:
            return super().__torch_function__(func, types, args, kwargs)
        given = {**dict(enumerate(args)), **(kwargs or {})}
        left, right = [key for key, value in given.items() if isinstance(value, Tensor)][-2:]
        if not batched(given[left].shape, given[right].shape):
            return func(*args, **(kwargs or {}))
        number, self.count = self.count, self.count + 1
        if self.products is None or number not in self.products:
            return func(*args, **(kwargs or {}))
        before = number == self.products[0]
        if before:
            given[left] = self._shown("q", given[left])
            given[right] = self._shown("k", given[right], (-1, -2))
        else:
            given[right] = self._shown("v", given[right])
        options = {key: value for key, value in given.items() if isinstance(key, str)}
        outcome = func(*(given[at] for at in range(len(args))), **options)
        return outcome if before else self._shown("z", outcome, (1, 2))

    def _shown(self, name: str, tensor: Tensor, turned: tuple[int, int] | None = None) -> Tensor:
        """Show a tensor by head, with two of its axes turned, and return what to go on with as it was."""
        if Place(name, *self.at) not in self.taps.visits:
            return tensor
        with torch._C.DisableTorchFunction():
            shown = self._by_head(tensor)
            shown = shown if turned is None else shown.transpose(*turned)
            seen = self.taps.visit(Place(name, *self.at), shown)
            if seen is shown:
                return tensor
            return (seen if turned is None else seen.transpose(*turned)).reshape(tensor.shape)


def stages_seen(
    own: Callable[..., Any], taps: Taps, at: tuple[int, str | None], products: Products
) -> Callable[..., Any]:
    """Return an attention module's forward that shows the stages of it while these taps are active."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        if ACTIVE.get() is not taps:
            return own(*args, **kwargs)
        with _StagesTap(taps, at, taps.rows, products):
            return own(*args, **kwargs)

    return forward


def eager_of(module: nn.Module) -> Callable[..., tuple[Tensor, Tensor | None]]:
    """Return the family's own eager attention function for one of its attention modules."""
    # GPT-2 has a second eager path, which it chooses only under the key "eager".
    if getattr(module, "reorder_and_upcast_attn", False):
        return _reordered
    for kind in type(module).__mro__:
        function = getattr(sys.modules.get(kind.__module__), "eager_attention_forward", None)
        if function is not None:
            return function
    raise NotImplementedError(f"{type(module).__name__} has no eager attention function of its own.")


def route(network: PreTrainedModel) -> None:
    """Let a network look its attention up under our key, or leave it its own where that would change it.

    Some families know only their own names. Others mask differently unless the name is "eager", which then
    stays. The softmax of either is tapped at the module.
    """
    sources = {sys.modules[type(module).__module__] for module in network.modules()}
    by_name = any(_NAMED.search(inspect.getsource(source)) for source in sources if _has_source(source))
    with suppress(KeyError, ValueError):
        network.set_attn_implementation("eager" if by_name else KEY)


def _has_source(module: Any) -> bool:
    return str(getattr(module, "__file__", "")).endswith(".py") and module.__name__.startswith(
        "transformers.models"
    )


def _reordered(
    module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **_: Any
) -> tuple[Tensor, Tensor]:
    return module._upcast_and_reordered_attn(query, key, value, mask)


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None = None,
    *args: Any,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    eager, taps = eager_of(module), ACTIVE.get()
    at = None if taps is None else taps.layer_of.get(module)
    if taps is None or at is None:
        return eager(module, query, key, value, attention_mask, *args, **kwargs)
    query = taps.visit(Place("q", *at), query)
    key = taps.visit(Place("k", *at), key)
    value = taps.visit(Place("v", *at), value)
    if Place("scores", *at) in taps.visits or Place("pattern", *at) in taps.visits:
        with _SoftmaxTap(taps, at, len(query), key.shape[-2]):
            z, weights = eager(module, query, key, value, attention_mask, *args, **kwargs)
    else:
        z, weights = eager(module, query, key, value, attention_mask, *args, **kwargs)
    return taps.visit(Place("z", *at), z), weights


def _mask(*args: Any, **kwargs: Any) -> Tensor | None:
    mask = eager_mask(*args, **kwargs)
    if mask is None or mask.dtype != torch.float64:
        return mask
    # Most families take the softmax in single precision, where the lowest double is −∞ and a padded query,
    # which may attend to nothing, would become NaN and spread.
    nothing = (mask < torch.finfo(torch.float32).min).all(-1, keepdim=True)
    return torch.where(nothing, torch.finfo(torch.float32).min / 2, mask)  # half, for more may be added


AttentionInterface.register(KEY, _attention)
AttentionMaskInterface.register(KEY, _mask)
