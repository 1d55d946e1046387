"""A result in the terminal: a table for lists, a small picture in colour for grids, digits without."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.style import Style
from rich.table import Table
from rich.text import Text

from neuronscope.views.cut import Axis, Cut, cut
from neuronscope.views.figure import empty
from neuronscope.views.frame import count_note, header
from neuronscope.views.heat import RANDOM
from neuronscope.views.kinds.grid import RISING
from neuronscope.views.kinds.ranking import names_of
from neuronscope.views.labels import is_text, number, shortened, visible, written
from neuronscope.views.scale import Scale, is_signed, scale_of
from neuronscope.views.theme import THEMES, ink_on

MOST_ROWS = 40
TEXTUAL = {"position", "key", "query"}
WIDEST_NAME = 30
WIDEST_BAR = 32
COMPANIONS = {"low", "high", "interval", "null", "p"}
EIGHTHS = " ▏▎▍▌▋▊▉█"
SPARKS = "▁▂▃▄▅▆▇█"
THEME = THEMES["dark"]
"""The colours of cells; they bring their own background, so they read on any terminal."""


def terminal(
    result: xr.Dataset | xr.DataTree,
    *,
    variable: str | None = None,
    select: Mapping[str, int] | None = None,
    width: int | None = None,
) -> RenderableType:
    """Return a result as something that a rich console prints, as wide as the console or ``width``.

    Lists become tables with bars, grids and attention small pictures, profiles a line of sparks and a
    table, tokens coloured text. Without colour (``NO_COLOR``, a file) cells show numbers instead. The
    last lines say which slice is shown and how to see others.

    Raises :class:`~neuronscope.words.BadInput` as :func:`~neuronscope.views.figure` does.
    """
    part = cut(result, variable=variable, select=select)
    title, _ = header(part)
    head = [Text(title, style="bold")]
    if part.reading:
        head.append(Text(part.reading))
    why = empty(part)
    body = [Text(why)] if why else list(_body(part))
    return Group(*head, *(Sized(item, width) for item in body), *_caption(part))


@dataclass(frozen=True)
class Sized:
    """Something printed no wider than a number of columns."""

    item: RenderableType
    width: int | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self.item, options.update(width=self.width) if self.width else options)


def _body(part: Cut) -> Iterator[RenderableType]:
    """Yield the picture or table of a cut."""
    if part.kind == "graph":
        yield _edges(part)
    elif len(part.axes) == 2 and part.kind in ("points", "trajectory") and not is_text(part.values):
        yield _coordinates(part)
    elif len(part.axes) == 2:
        yield Picture(part)
    elif is_text(part.values):
        yield _words(part)
    elif part.kind == "tokens":
        yield Strip(part)
    elif part.kind == "ranking":
        yield _bars(part, names_of(part)[0])
    elif part.axes[0].size > MOST_ROWS:
        yield Sparks(part)
    else:
        yield _bars(part, part.axes[0].labels)


def _caption(part: Cut) -> Iterator[RenderableType]:
    """Yield what is shown, what else there is, and how to see it."""
    count = count_note(part)
    if count:
        yield Text(count, style="dim")
    if part.sliders:
        yield Text(f"Shown: {part.shown}", style="dim")
        ranges = []
        for slider in part.sliders:
            axis = slider["axis"]
            coord = part.result.coords.get(axis)
            labels = (
                [str(i) for i in range(slider["size"])] if coord is None else list(map(str, coord.values))
            )
            span = ", ".join(labels) if len(labels) <= 3 else f"{labels[0]} … {labels[-1]}"
            ranges.append(f"--at {axis}={labels[-1]} ({span})" if labels else axis)
        yield Text(f"Others: {'  '.join(ranges)}", style="dim")
    names = list(map(str, part.result.data_vars))
    more = [name for name in names if name != part.variable and not _companion(name, names)]
    if more:
        yield Text(f"More: {'  '.join(f'--variable {name}' for name in more)}", style="dim")


def _companion(name: str, names: Collection[str]) -> bool:
    """Say whether a variable is the interval, chance or p-value of another, which its picture shows."""
    stem, _, end = name.rpartition("_")
    return end in COMPANIONS and (not stem or stem in names)


def _plain_table() -> Table:
    return Table(box=None, show_header=True, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))


def _words(part: Cut) -> Table:
    """Return a list of words: the name of each place and its text."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", max_width=WIDEST_NAME)
    table.add_column(overflow="fold")
    for label, value in zip(part.axes[0].labels, part.values.tolist(), strict=True):
        table.add_row(Text(label), Text(written(value)))
    return table


def _bars(part: Cut, names: list[str]) -> RenderableType:
    """Return names, values, intervals and bars; what is not distinct from random is dimmed and said."""
    values, interval, dim = part.values, part.interval(), part.indistinct()
    table = _plain_table()
    table.add_column(part.axes[0].name, max_width=WIDEST_NAME, no_wrap=True)
    table.add_column(part.title, justify="right")
    if interval is not None:
        table.add_column("interval", justify="right", no_wrap=True)
    table.add_column("")
    largest = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    for i in range(min(len(names), MOST_ROWS)):
        hidden = dim is not None and bool(dim[i])
        cells: list[RenderableType] = [
            Text(shortened(names[i], WIDEST_NAME)),
            Text(number(values[i]), no_wrap=True),
        ]
        if interval is not None:
            cells.append(Text(f"{number(interval[0][i])} … {number(interval[1][i])}"))
        cells.append(_bar(float(values[i]), largest, signed=is_signed(part.array)))
        table.add_row(*cells, style="dim" if hidden else "")
    notes = []
    if len(names) > MOST_ROWS:
        notes.append(f"first {MOST_ROWS} of {len(names):,}")
    if dim is not None and dim.any():
        notes.append(f"dim: {RANDOM} ({', '.join(shortened(names[i], 12) for i in np.flatnonzero(dim)[:8])})")
    return Group(table, *(Text(note, style="dim") for note in notes))


@dataclass(frozen=True)
class Bar:
    """A bar as long as its share of the column, which gives way to names and numbers."""

    share: float
    colour: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, WIDEST_BAR)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        eighths = round(self.share * min(options.max_width, WIDEST_BAR) * 8)
        drawn = EIGHTHS[-1] * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")
        yield Text(drawn, style=Style(color=self.colour))


def _bar(value: float, largest: float, *, signed: bool) -> RenderableType:
    """Return a bar in eighths of a column; the sign is in the number, the colour repeats it."""
    if not np.isfinite(value) or not largest:
        return Text("")
    colour = THEME.categories[0] if not signed else THEME.signed[1 if value < 0 else -2]
    return Bar(abs(value) / largest, colour)


def _coordinates(part: Cut) -> RenderableType:
    """Return the coordinates of points or of a path as a table."""
    rows, columns = part.axes
    table = _plain_table()
    table.add_column(rows.name)
    shown = min(columns.size, 6)
    for label in columns.labels[:shown]:
        table.add_column(label if columns.numbers is None else f"component {label}", justify="right")
    for i in range(min(rows.size, MOST_ROWS)):
        table.add_row(Text(rows.labels[i]), *(number(value) for value in part.values[i, :shown].tolist()))
    kept = f"first {MOST_ROWS} of {rows.size:,}" if rows.size > MOST_ROWS else f"{rows.size} places"
    return Group(table, Text(f"{kept}, {shown} of {columns.size} components", style="dim"))


def _edges(part: Cut) -> RenderableType:
    """Return a graph as a table of what the drawn axis holds: its labels and every value along it."""
    axis = part.axes[0]
    names = [str(n) for n, a in part.sliced.variables.items() if a.dims == (axis.name,) and n != axis.name]
    table = _plain_table()
    table.add_column(axis.name)
    for name in names:
        table.add_column(name)
    values = part.values
    order = (
        np.argsort(-np.abs(np.nan_to_num(values)), kind="stable") if not is_text(values) else range(axis.size)
    )
    for i in list(order)[:MOST_ROWS]:
        cells = [part.sliced[name].values[i] for name in names]
        table.add_row(Text(axis.labels[i]), *(Text(written(cell)) for cell in cells))
    kept = (
        f"{MOST_ROWS} of {axis.size:,}, the largest first" if axis.size > MOST_ROWS else "the largest first"
    )
    return Group(table, Text(kept, style="dim"))


@dataclass(frozen=True)
class Sparks:
    """A profile as one line of eight heights, each the mean of its stretch."""

    part: Cut

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        values = self.part.values
        stretches = np.array_split(values, min(options.max_width, len(values)))
        means = [float(np.mean(s[np.isfinite(s)])) if np.isfinite(s).any() else np.nan for s in stretches]
        low, high = float(np.nanmin(means)), float(np.nanmax(means))
        step = (high - low) or 1.0
        marks = [" " if np.isnan(m) else SPARKS[min(int((m - low) / step * 8), 7)] for m in means]
        yield Text("".join(marks), style=Style(color=THEME.categories[0]))
        per = f", each column the mean of {len(stretches[0])}" if len(stretches) < len(values) else ""
        axis, best = self.part.axes[0], np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
        yield Text(f"{self.part.title}: {number(low)} to {number(high)}{per}", style="dim")
        yield Text(f"{axis.name} {axis.labels[0]} to {axis.labels[-1]}; the ten largest:", style="dim")
        for i in best[:10].tolist():
            yield Text(f"  {axis.labels[i]:<12} {number(float(values[i]))}")


@dataclass(frozen=True)
class Strip:
    """Tokens on the colours of their values; a table where there is no colour."""

    part: Cut

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not has_colour(console):
            yield _bars(self.part, self.part.axes[0].labels)
            return
        scale, text = scale_of(self.part.array), Text()
        for label, value in zip(self.part.axes[0].labels, self.part.values.tolist(), strict=True):
            text.append(label, style=_on(scale.colour(value, THEME)))
            text.append(" ")
        yield text
        yield _legend(scale, self.part.title)


@dataclass(frozen=True)
class Picture:
    """A heatmap of character cells: words or numbers where they fit, else colour, else tenths as digits."""

    part: Cut

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        part, colour = self.part, has_colour(console)
        rows, columns = part.axes
        words = part.values if is_text(part.values) else part.words_beside()
        scale = scale_of(part.scaled) if not is_text(part.values) else None
        edge = min(max(map(len, rows.labels)), 14) + 1
        room = max(options.max_width - edge, 8)
        least = 2 if colour and words is None else 3 if not colour and words is None else 4
        shown = min(columns.size, max(room // least, 1))
        wide = min(room // shown, 12 if words is not None else 7)
        across, down = _kept(columns, shown), _kept(rows, MOST_ROWS)
        down = down[::-1] if rows.name in RISING else down
        if columns.tokens or columns.even or wide >= 5:
            yield _line("", edge, [_fit(columns.labels[j], wide) for j in across], style="dim")
        for i in down:
            line = Text(f"{shortened(rows.labels[i], 14):>{edge - 1}} ")
            for j in across:
                word = None if words is None else visible(written(words[i, j]))
                line.append(*self._cell(i, j, wide, word, scale, colour=colour))
            yield line
        yield Text(f"across: {_said(columns, shown)}, down: {_said(rows, MOST_ROWS)}", style="dim")
        yield from self._notes(scale, colour=colour, wide=wide, worded=words is not None)

    def _cell(
        self, i: int, j: int, wide: int, word: str | None, scale: Scale | None, *, colour: bool
    ) -> tuple[str, Style]:
        """Return the text of a cell, as wide as the column, and its style."""
        if scale is None:
            return _fit(word or "", wide), Style()
        value = float(self.part.values[i, j])
        if word is not None:
            text = _fit(word, wide)
        elif wide >= 5:
            text = _fit(_brief(value), wide)
        else:
            text = " " * wide if colour else f"{_tenths(value, scale):>{wide}}"
        return text, _on(scale.colour(value, THEME)) if colour else Style()

    def _notes(
        self, scale: Scale | None, *, colour: bool, wide: int, worded: bool
    ) -> Iterator[RenderableType]:
        if scale is None:
            return
        if colour:
            yield _legend(scale, self.part.title)
        elif wide < 5 and not worded:
            ends = f"{number(scale.low)} to {number(scale.high)}"
            yield Text(
                f"{self.part.title}, {ends}, in tenths of the largest: 9 is most, . is none", style="dim"
            )
        elif worded:
            yield Text(f"cells: the words; {self.part.title} is left out without colour", style="dim")
        masked = self.part.indistinct()
        if masked is not None and masked.any():
            yield Text(f"{int(masked.sum())} of {masked.size} values are {RANDOM}", style="dim")


def _kept(axis: Axis, most: int) -> list[int]:
    """Return the places of an axis that are shown: the last tokens of a text, the first of all else."""
    places = list(range(axis.size))
    return places[-most:] if axis.name in TEXTUAL else places[:most]


def _said(axis: Axis, most: int) -> str:
    """Name an axis, and how much of it is shown where that is not all."""
    end = "last" if axis.name in TEXTUAL else "first"
    return axis.name if axis.size <= most else f"{axis.name} (the {end} {most} of {axis.size:,})"


def has_colour(console: Console) -> bool:
    """Say whether a console shows colour: not into a file and not under ``NO_COLOR``."""
    return console.color_system is not None and not console.no_color


def _on(colour: str) -> Style:
    return Style(color=ink_on(colour), bgcolor=colour)


def _fit(text: str, wide: int) -> str:
    kept = text[: wide - 1] if wide <= 4 else shortened(text, wide - 1)
    return f"{kept:<{wide}}"


def _line(name: str, edge: int, cells: list[str], *, style: str) -> Text:
    return Text(f"{name:>{edge - 1}} " + "".join(cells), style=style)


def _brief(value: float) -> str:
    """Return a number in at most five characters, as near as they allow."""
    if not np.isfinite(value):
        return "–"
    for form in (".2f", ".1f", ".0f", ".0e"):
        text = f"{value:{form}}"
        if len(text) <= 5:
            return text.replace("-", "−")
    return "…"


def _tenths(value: float, scale: Scale) -> str:
    """Return a value in tenths of the largest, 0 to 9, with its sign; a dot for none."""
    if not np.isfinite(value):
        return "?"
    size = abs(value) / scale.high if scale.signed else scale.share(value)
    digit = min(int(size * 10), 9)
    return "." if digit == 0 else f"{'−' if scale.signed and value < 0 else ''}{digit}"


def _legend(scale: Scale, title: str) -> Text:
    """Return the colour scale with the numbers at its ends."""
    text = Text(f"{title}  {number(scale.low)} ")
    for i in range(12):
        text.append(
            " ", style=Style(bgcolor=scale.colour(scale.low + (scale.high - scale.low) * i / 11, THEME))
        )
    text.append(f" {number(scale.high)}")
    note: Any = scale.note()
    return text.append(f"; {note}", style="dim") if note else text
