"""What are the places inside a model called, and how is one of them written down as an address?

An address is ``[stack/]name[.layer[.unit]][@position]``: ``resid_post.6``, ``z.9.6@-1``, ``pattern.5.*``,
``mlp_act.10.2078``, ``resid_post.*@-1``. Anything else is reached as ``module.<dotted.name>:in`` or ``:out``.
The same string is the argument at every door, the cache key and the link in the workbench.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from neuronscope.words import BadInput, nearest

Position = int | slice | str | None


@dataclass(frozen=True)
class SiteKind:
    """What one site name stands for on every model.

    ``axes`` are the axis words of the tensor in order, batch first. ``unit`` is the axis that a unit number
    of the address picks. ``derived`` sites are worked out from what the model computed and can only be read.
    """

    axes: str
    meaning: str
    unit: str | None = None
    layered: bool = True
    derived: bool = False

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return the axis words in order."""
        return tuple(self.axes.split())


_STREAM = "batch position width"
_HEADS = "batch position head head_width"
_KEY_HEADS = "batch position key_head head_width"
_SQUARE = "batch head query key"
_NEURONS = "batch position neuron"
_SCALE = "batch position"

SITES: dict[str, SiteKind] = {
    "embed": SiteKind(_STREAM, "what the token embedding looks up", layered=False),
    "resid_pre": SiteKind(_STREAM, "residual stream that enters the block"),
    "resid_mid": SiteKind(_STREAM, "residual stream between attention and MLP"),
    "resid_post": SiteKind(_STREAM, "residual stream that leaves the block"),
    "attn_norm": SiteKind(_SCALE, "scale that the norm before attention divides by", derived=True),
    "attn_in": SiteKind(_STREAM, "normalised stream that attention reads"),
    "q": SiteKind(_HEADS, "queries as used in the dot product, after rotation and query norm", "head"),
    "k": SiteKind(_KEY_HEADS, "keys as used in the dot product, after rotation and key norm", "key_head"),
    "v": SiteKind(_KEY_HEADS, "values that the pattern averages", "key_head"),
    "scores": SiteKind(_SQUARE, "scaled dot products with the mask added, just before the softmax", "head"),
    "pattern": SiteKind(_SQUARE, "attention of each query to each key, just after the softmax", "head"),
    "z": SiteKind(_HEADS, "values averaged by the pattern, one vector a head", "head"),
    "result": SiteKind(
        "batch position head width", "what each head adds to the stream, bias apart", "head", derived=True
    ),
    "attn_out": SiteKind(_STREAM, "raw output of the attention module"),
    "attn_add": SiteKind(_STREAM, "what attention adds to the residual stream"),
    "mlp_norm": SiteKind(_SCALE, "scale that the norm before the MLP divides by", derived=True),
    "mlp_in": SiteKind(_STREAM, "normalised stream that the MLP reads"),
    "mlp_pre": SiteKind(_NEURONS, "neurons before the activation function", "neuron"),
    "mlp_up": SiteKind(_NEURONS, "linear branch that multiplies the activated gate", "neuron"),
    "mlp_act": SiteKind(_NEURONS, "neurons as the output matrix reads them", "neuron"),
    "mlp_out": SiteKind(_STREAM, "raw output of the MLP module"),
    "mlp_add": SiteKind(_STREAM, "what the MLP adds to the residual stream"),
    "router": SiteKind("batch position expert", "scores of the experts, before any softmax", "expert"),
    "expert_weight": SiteKind(
        "batch position expert",
        "weight of each expert's output, zero where not chosen",
        "expert",
    ),
    "final_norm": SiteKind(_SCALE, "scale that the last norm divides by", layered=False, derived=True),
    "final": SiteKind(_STREAM, "normalised stream that the output head reads", layered=False),
    "logits": SiteKind("batch position vocab", "scores of the next token", layered=False),
}
"""Every site name, in the order in which a token passes it."""

_MODULE = SiteKind("", "input or output of one module of the network", layered=False)
_ADDRESS = re.compile(
    r"(?:(?P<stack>[a-z]+)/)?(?P<name>[a-z_]+)(?:\.(?P<layer>\d+|\*))?(?:\.(?P<unit>\d+|\*))?(?:@(?P<position>[-\d:]+|[A-Za-z_]\w*))?"
)
_MODULE_ADDRESS = re.compile(r"module\.(?P<path>[\w.]+):(?P<side>in|out)")


@dataclass(frozen=True)
class Site:
    """An address inside a model; ``str(site)`` gives it back in its shortest form.

    ``layer`` is a block from 0, or ``"*"`` for every block (reads only). ``unit`` is a head, a key head, an
    expert or a neuron; where each expert has m neurons, neuron n of expert e is number e · m + n.
    ``position`` is a token index, negative from the end, a slice, or the name of a span. For
    ``module.<dotted.name>:in`` the name holds the whole address.
    """

    name: str
    layer: int | str | None = None
    unit: int | None = None
    position: Position = None
    stack: str | None = None

    @staticmethod
    def parse(text: "str | Site") -> "Site":
        """Read an address.

        Raises `BadInput` when the text is no address, the name is unknown, or the layer or unit does not
        suit it.

        >>> Site.parse("z.9.6@-1")
        Site('z.9.6@-1')
        >>> Site.parse("resid_post.*@1:4").position
        slice(1, 4, None)
        """
        if isinstance(text, Site):
            return text
        if _MODULE_ADDRESS.fullmatch(text):
            return Site(text)
        if text.startswith("module."):
            raise BadInput(
                f"{text!r} is no module site: write module.<dotted.name>:in or :out, without a position."
            )
        match = _ADDRESS.fullmatch(text)
        if not match:
            raise BadInput(f"{text!r} is no site: write name[.layer[.unit]][@position], such as z.9.6@-1.")
        layer, unit = match["layer"], match["unit"]
        site = Site(
            match["name"],
            layer if layer in (None, "*") else int(layer),
            None if unit in (None, "*") else int(unit),
            _position(match["position"], text),
            match["stack"],
        )
        site._check(unit is not None)
        return site

    def _check(self, with_unit: bool) -> None:
        kind = SITES.get(self.name)
        if kind is None:
            known = nearest(self.name, SITES) or f"; the names are {', '.join(SITES)}"
            raise BadInput(f"There is no site {self.name!r}{known}")
        if kind.layered and self.layer is None:
            raise BadInput(
                f"{self.name} needs a layer: write {self.name}.0, or {self.name}.* for every layer."
            )
        if not kind.layered and self.layer is not None:
            raise BadInput(f"{self.name} is there once, not in every layer: write {self.name}.")
        if with_unit and kind.unit is None:
            raise BadInput(
                f"{self.name} has no heads or neurons to pick from: write {self.name}.{self.layer}."
            )

    @property
    def kind(self) -> SiteKind:
        """Return what the name stands for."""
        return SITES.get(self.name, _MODULE)

    @property
    def whole(self) -> "Site":
        """Return the same site without unit and position."""
        return Site(self.name, self.layer, stack=self.stack)

    @property
    def module(self) -> tuple[str, str] | None:
        """Return the dotted module name and its side, for a ``module.`` address only."""
        match = _MODULE_ADDRESS.fullmatch(self.name)
        return (match["path"], match["side"]) if match else None

    def at(self, layer: int) -> "Site":
        """Return the same site in one layer, for an address with a wildcard."""
        return Site(self.name, layer, self.unit, self.position, self.stack)

    def __str__(self) -> str:
        numbers = "".join(f".{number}" for number in (self.layer, self.unit) if number is not None)
        at = self.position
        if isinstance(at, slice):
            span = f"@{'' if at.start is None else at.start}:{'' if at.stop is None else at.stop}"
        else:
            span = "" if at is None else f"@{at}"
        return f"{f'{self.stack}/' if self.stack else ''}{self.name}{numbers}{span}"

    def __repr__(self) -> str:
        return f"Site({str(self)!r})"

    def __hash__(self) -> int:
        at = self.position
        where = (at.start, at.stop, at.step) if isinstance(at, slice) else at  # a slice has no hash
        return hash((self.name, self.layer, self.unit, where, self.stack))


def _position(text: str | None, address: str) -> Position:
    if text is None:
        return None
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"(-?\d+)?:(-?\d+)?", text):
        start, _, stop = text.partition(":")
        return slice(int(start) if start else None, int(stop) if stop else None)
    if text.isidentifier():
        return text
    raise BadInput(f"{address!r} has no readable position: write @3, @-1, @2:5 or a span such as @subject.")
