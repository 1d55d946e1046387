"""How is one change in a model written: where, what, and with which number or along which direction?

``SITE OP[=VALUE][ seed=N]``, such as ``mlp_act.3.17 scale=0`` or
``resid_post.2 add=3*(token " Paris" - token " London")``.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from neuronscope.instruments.ops import Op
from neuronscope.models.sites import Site
from neuronscope.words import BadInput, nearest

TAKES = {
    "zero": "",
    "scale": "number",
    "add": "number or direction",
    "put": "number",
    "noise": "number",
    "mean": "",
    "resample": "",
    "project_out": "direction",
}
"""Every op that can be written, and what stands behind its ``=``."""
DRAWN = ("noise", "resample")
_EXAMPLE = {"number": "0.5", "number or direction": '3*token " Paris"', "direction": 'token " Paris"'}
_ONE = re.compile(
    r"(?P<site>\S+)\s+(?P<op>[a-z_]+)\s*(?:=\s*(?P<value>.*?))?(?:\s+seed=(?P<seed>\d+))?", re.DOTALL
)
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TERM = re.compile(rf"\s*(?P<sign>[+-])?\s*(?:token\s+(?P<text>{_QUOTED})|random\s+(?P<seed>\d+))\s*")
_WEIGHTED = re.compile(r"\s*(?P<number>[-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*\*\s*(?P<rest>.*)", re.DOTALL)
_PIECES = re.compile(rf"(?:{_QUOTED}|[^;\"])+")


@dataclass(frozen=True)
class Term:
    """One part of a direction: the direction of a token's logit, or one drawn at random with a seed."""

    sign: int
    text: str | None = None
    seed: int | None = None

    def __str__(self) -> str:
        return (
            f"random {self.seed}"
            if self.text is None
            else f"token {json.dumps(self.text, ensure_ascii=False)}"
        )


@dataclass(frozen=True)
class Along:
    """A direction of the residual stream: its terms summed and brought to length 1, times a coefficient."""

    coefficient: float
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        first, *others = self.terms
        words = ("-" if first.sign < 0 else "") + str(first)
        words += "".join(f" {'-' if term.sign < 0 else '+'} {term}" for term in others)
        if self.coefficient == 1:
            return words
        return f"{_number(self.coefficient)}*{f'({words})' if others or first.sign < 0 else words}"


@dataclass(frozen=True)
class Intervention:
    """One change as it is written: where, what, and with which number or direction."""

    site: Site
    op: str
    value: float | Along | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.op not in TAKES:
            near = nearest(self.op, TAKES) or f"; there are {', '.join(TAKES)}."
            raise BadInput(f"There is no op {self.op!r} for {self.site}{near}")
        self._check_value()
        if isinstance(self.site.position, str):
            raise BadInput(f"{self.site} names a span, which no other prompt has: name positions by number.")
        Op("zero", self.site)  # refuses what no op can be made at
        needs_stream = isinstance(self.value, Along)
        if needs_stream and not (self.site.kind.words and self.site.kind.words[-1] == "width"):
            raise BadInput(
                f"A direction lies in the residual stream: give it at resid_post, not at {self.site}."
            )

    def _check_value(self) -> None:
        takes = TAKES[self.op]
        fits = {
            "": self.value is None,
            "number": isinstance(self.value, float),
            "number or direction": self.value is not None,
            "direction": isinstance(self.value, Along),
        }[takes]
        if not fits:
            way = f"a {takes}, such as {self.op}={_EXAMPLE[takes]}" if takes else f"no value: write {self.op}"
            raise BadInput(f"{self.site} {self.op} takes {way}.")
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise BadInput(f"{self.site} {self.op} takes a finite number, not {self.value}.")
        if self.op == "noise" and float(self.value or 0) < 0:  # pyright: ignore[reportArgumentType]
            raise BadInput(f"The standard deviation of noise is 0 or more, not {self.value}.")
        if self.seed and self.op not in DRAWN:
            raise BadInput(
                f"{self.site} {self.op} draws nothing, so it has no seed; {' and '.join(DRAWN)} have."
            )

    def __str__(self) -> str:
        value = "" if self.value is None else f"={self.written_value()}"
        return f"{self.site} {self.op}{value}{f' seed={self.seed}' if self.seed else ''}"

    def written_value(self) -> str:
        """Return the number or direction as it stands behind the ``=``, empty where there is none."""
        if self.value is None:
            return ""
        return str(self.value) if isinstance(self.value, Along) else _number(self.value)

    def to_json(self) -> dict[str, Any]:
        """Return the change as a file holds it."""
        value = self.value if isinstance(self.value, float) else self.written_value() or None
        parts = {"site": str(self.site), "op": self.op, "value": value, "seed": self.seed or None}
        return {name: part for name, part in parts.items() if part is not None}


def each_written(text: str) -> Iterator[Intervention]:
    """Yield the changes of a text, parted by semicolons; raises `BadInput` for what is none."""
    if '"' in _PIECES.sub("", text):
        raise BadInput(f"{text!r:.80} opens a quotation mark that it does not close.")
    yield from (_read_one(part) for part in _PIECES.findall(text) if part.strip())


def _read_one(text: str) -> Intervention:
    match = _ONE.fullmatch(text.strip())
    if match is None:
        raise BadInput(
            f"{text.strip()!r:.80} is no intervention: write SITE OP[=VALUE], such as mlp_act.3.17 scale=0."
        )
    value = None if match["value"] is None else read_value(match["value"])
    return Intervention(Site.parse(match["site"]), match["op"], value, int(match["seed"] or 0))


def read_value(text: str) -> float | Along:
    """Return the number or the direction that a text says; raises `BadInput` where it says neither."""
    try:
        return float(text)
    except ValueError:
        pass
    weighted = _WEIGHTED.fullmatch(text)
    coefficient, rest = (weighted["number"], weighted["rest"].strip()) if weighted else ("1", text.strip())
    try:
        factor = float(coefficient)
    except ValueError:
        raise _no_direction(text) from None
    if rest.startswith("(") and rest.endswith(")"):
        rest = rest[1:-1]
    terms, at = [], 0
    while at < len(rest):
        match = _TERM.match(rest, at)
        if match is None or (terms and not match["sign"]):
            raise _no_direction(text)
        try:
            word = None if match["text"] is None else json.loads(match["text"])
        except ValueError:
            raise _no_direction(text) from None
        terms.append(
            Term(-1 if match["sign"] == "-" else 1, word, int(match["seed"]) if match["seed"] else None)
        )
        at = match.end()
    if not terms or not math.isfinite(factor):
        raise _no_direction(text)
    return Along(factor, tuple(terms))


def _no_direction(text: str) -> BadInput:
    return BadInput(
        f"{text!r:.80} is neither a number nor a direction: "
        'write 0.5, 3*(token " Paris" - token " London") or 3*random 1.'
    )


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
