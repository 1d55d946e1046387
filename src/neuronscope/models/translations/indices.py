"""How is the part of a tensor that an address names written as an index behind a peer's name?"""

import re
from collections.abc import Sequence

from neuronscope.models.model import Model
from neuronscope.models.sites import Position, Site
from neuronscope.words import BadInput

_WITH_INDEX = re.compile(r"(?P<name>.*?)(?:\[(?P<index>:[-\d:, ]*)\])?")


def one_layer(site: str | Site, model: Model | None) -> Site:
    """Return a site after checking it on the model, where there is one; raises `BadInput` for a wildcard."""
    place = Site.parse(site)
    if place.layer == "*":
        raise BadInput(
            f"{place} names every layer, and a peer's name is of one: translate {place.at(0)} and so on."
        )
    return place if model is None else model.check(place)


def split(name: str) -> tuple[str, str]:
    """Return a peer's name and the index that follows it, which begins with the whole batch."""
    match = _WITH_INDEX.fullmatch(name.strip())
    assert match is not None
    return match["name"], match["index"] or ""


def index_text(place: Site, flat: int | None) -> str:
    """Return the index of the part that a site names; ``flat`` is the width of heads side by side."""
    words = place.kind.words
    items = [":"] * len(words)
    if place.position is not None:
        items[_position_axis(words)] = _number(place.position, place)
    if place.unit is not None and flat:
        items[words.index("head")] = f"{place.unit * flat}:{(place.unit + 1) * flat}"
    elif place.unit is not None:
        items[words.index(place.kind.unit or "")] = str(place.unit)
    while items and items[-1] == ":":
        items.pop()
    return f"[{', '.join(items)}]" if items else ""


def _number(position: Position, place: Site) -> str:
    if isinstance(position, slice):
        start, stop = ("" if end is None else end for end in (position.start, position.stop))
        return f"{start}:{stop}"
    if isinstance(position, int):
        return str(position)
    raise BadInput(
        f"{place} names a span of text, which has no numbers before a prompt is read: give positions."
    )


def _position_axis(words: Sequence[str]) -> int:
    return words.index("query" if "query" in words else "position")


def part(whole: Site, index: str, flat: int | None) -> Site:
    """Return the part of a site that an index names; raises `BadInput` where no address can say it."""
    if not index:
        return whole
    words, unit, position = whole.kind.words, None, None
    items = [item.strip() for item in index.split(",")]
    allowed = bool(words) and len(items) <= len(words)
    for axis, item in enumerate(items if allowed else ()):
        if item == ":":
            continue
        if axis == _position_axis(words):
            position = Site.parse(f"resid_pre.0@{item}").position
        elif words[axis] == whole.kind.unit and (head := _unit(item, flat)) is not None:
            unit = head
        else:
            allowed = False
    if not allowed:
        raise BadInput(
            f"[{index}] picks no position and no unit of {whole}, whose axes are {whole.kind.axes}."
        )
    return Site(whole.name, whole.layer, unit, position, whole.stack)


def _unit(item: str, flat: int | None) -> int | None:
    if flat is None:
        return int(item) if item.isdigit() else None
    start, _, stop = item.partition(":")
    whole_head = (
        start.isdigit() and stop.isdigit() and int(start) % flat == 0 and int(stop) - int(start) == flat
    )
    return int(start) // flat if whole_head else None
