"""A result as one page: its figures, its values, where it came from; no network, no script."""

import html
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results import provenance
from neuronscope.views.cut import Cut, cut
from neuronscope.views.draw import picture
from neuronscope.views.figure import figure
from neuronscope.views.frame import header
from neuronscope.views.labels import in_words, is_text, number, value_title, visible, written
from neuronscope.views.theme import MONO, SANS, THEMES, Theme, theme_named
from neuronscope.words import BadInput

MOST_ROWS = 500
MOST_MULTIPLES = 12
FEWEST_MULTIPLES = 2
LEAST_SHARE = 0.8  # several figures stand side by side where each keeps this share of its width

STYLE = f"""
:root {{ color-scheme: light dark; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 24px; max-width: 1080px; font: 14px/1.5 {SANS};
  background: var(--background); color: var(--text); }}
h1 {{ font-size: 20px; line-height: 1.3; margin: 0; }}
h2 {{ font-size: 14px; margin: 32px 0 8px; padding-top: 12px; border-top: 1px solid var(--hairline); }}
p {{ margin: 4px 0; }}
.quiet, caption, dt, th {{ color: var(--muted); }}
figure {{ margin: 16px 0; overflow-x: auto; }}
figure svg {{ max-width: 100%; height: auto; }}
.several {{ display: grid; gap: 8px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--least)), 1fr)); }}
.table {{ overflow: auto; max-height: 480px; border: 1px solid var(--hairline); border-radius: 4px; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; padding: 4px 8px; }}
th {{ text-align: left; font-weight: 500; position: sticky; top: 0; background: var(--background); }}
th, td {{ padding: 2px 8px; border-bottom: 1px solid var(--hairline); vertical-align: top; }}
td.number {{ text-align: right; white-space: nowrap; }}
th.number {{ text-align: right; }}
td.token, dd.code {{ font-family: {MONO}; font-size: 12px; white-space: pre-wrap;
  overflow-wrap: anywhere; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
"""


def page(
    result: xr.Dataset | xr.DataTree,
    *,
    theme: str | None = None,
) -> str:
    """Return a result as a page of HTML that needs no network and runs no script.

    It holds the figure of every variable that has one (for the first variable one figure for each place
    of its slider where there are at most twelve, else the first slice), the values as tables of at most
    500 rows that say how many there are, and the provenance. Left out, ``theme`` follows the reader's
    system; ``light`` or ``dark`` fixes it.
    """
    names = [theme] if theme else list(THEMES)
    themes = [theme_named(name) for name in names]
    title, _ = _heading(result)
    body = [*_head(result), *_pictures(result, themes), *_tables(result), *_origin(result)]
    return _document(title, "\n".join(body), themes)


def document(title: str, body: str) -> str:
    """Return a page of HTML around a body, in the style of a result's page and the reader's theme.

    No network is needed and no script runs. The title is plain text, the body HTML.
    """
    return _document(title, body, [theme_named(name) for name in THEMES])


def drawing(
    result: xr.Dataset | xr.DataTree, *, variable: str | None = None, select: dict[str, int] | None = None
) -> str:
    """Return one figure of a result as HTML for the body of a page, in both themes.

    Raises `BadInput` as `figure` does.
    """
    part = cut(result, variable=variable, select=select)
    return _picture(result, part.variable, select or {}, [theme_named(name) for name in THEMES], part)


def _document(title: str, body: str, themes: list[Theme]) -> str:
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">",
        f"<title>{html.escape(title)}</title>",
        f"<style>{_colours(themes)}{STYLE}</style></head><body>",
        body,
        "</body></html>",
    ]
    return "\n".join(parts)


def _heading(result: xr.Dataset | xr.DataTree) -> tuple[str, Cut | None]:
    """Return the title of a result and the cut of its first variable, if it can be drawn."""
    try:
        first = cut(result)
    except BadInput:
        return "Result", None
    return header(first)[0], first


def _colours(themes: list[Theme]) -> str:
    """Return the colours as CSS variables; the reader's system chooses where there are two themes."""
    rules = []
    for theme in themes:
        values = "".join(
            f"--{key}: {getattr(theme, key)}; " for key in ("background", "text", "muted", "hairline")
        )
        others = [other for other in THEMES if other != theme.name]
        hidden = " ".join(f".{other} {{ display: none; }}" for other in others)
        rule = f":root {{ {values}}} {hidden}"
        if len(themes) == 2:
            rule = f"@media (prefers-color-scheme: {theme.name}) {{ {rule} }}"
        rules.append(rule)
    return "\n".join(rules)


def _head(result: xr.Dataset | xr.DataTree) -> Iterator[str]:
    title, first = _heading(result)
    yield f"<header><h1>{html.escape(title)}</h1>"
    if first is not None and first.reading:
        yield f"<p>{html.escape(first.reading)}</p>"
    facts = provenance(result)
    models = facts.get("models") or {}
    named = [str(m["name"] if isinstance(m, dict) and "name" in m else m) for m in models.values()]
    said = [*named, *(_words(value) for value in (facts.get("arguments") or {}).values())]
    if said:
        yield f'<p class="quiet">{html.escape(" · ".join(filter(None, dict.fromkeys(said))))}</p>'
    yield "</header>"


def _words(value: Any) -> str:
    """Return an argument as a reader may want it at the top of the page: texts only, on one line."""
    return " ".join(written(value).split()) if isinstance(value, str) else ""


def _pictures(result: xr.Dataset | xr.DataTree, themes: list[Theme]) -> Iterator[str]:
    """Yield the figures: every place of the first variable's slider, then each further variable once."""
    for order, name in enumerate(_variables(result)):
        try:
            part = cut(result, variable=name)
        except BadInput:
            continue  # a single number: the table holds it
        selections = [{slider["axis"]: slider["index"] for slider in part.sliders if slider["size"]}]
        if order == 0 and len(part.sliders) == 1:
            (slider,) = part.sliders
            if FEWEST_MULTIPLES <= slider["size"] <= MOST_MULTIPLES:
                selections = [{slider["axis"]: place} for place in range(slider["size"])]
        elif order and not _worth_drawing(part):
            continue
        drawn = [_picture(result, name, selection, themes, part) for selection in selections]
        if len(drawn) > 1:
            yield f'<div class="several" style="--least: {LEAST_SHARE * _width(part):.0f}px">'
            yield from drawn
            yield "</div>"
            continue
        yield from drawn
        if part.sliders and part.values.size:
            axes = ", ".join(f"{s['axis']} ({s['size']})" for s in part.sliders)
            yield f'<p class="quiet">This is one slice: {html.escape(part.shown)}. Further axes: {axes}.</p>'


def _width(part: Cut) -> int:
    """Return the pixels that a figure of this cut is wide."""
    select = {slider["axis"]: slider["index"] for slider in part.sliders}
    return figure(part.result, variable=part.variable, select=select)["layout"]["meta"]["width"]


def _worth_drawing(part: Cut) -> bool:
    """Say whether a further variable is drawn: numbers that are not the ends of another's interval."""
    companions = ("low", "high", "p", "null", "interval")
    own = part.variable in companions or part.variable.endswith(tuple(f"_{word}" for word in companions))
    return not own and not is_text(part.values)


def _variables(result: xr.Dataset | xr.DataTree) -> list[str]:
    if isinstance(result, xr.Dataset):
        return [str(name) for name in result.data_vars]
    return [
        f"{node.path.strip('/')}/{name}".lstrip("/") for node in result.subtree for name in node.data_vars
    ]


def _picture(
    result: xr.Dataset | xr.DataTree,
    variable: str,
    select: dict[str, int],
    themes: list[Theme],
    part: Cut,
) -> str:
    """Return one figure in each theme; the page shows the one that fits."""
    drawn = []
    label = html.escape(f"{part.title} over {', '.join(axis.name for axis in part.axes)}", quote=True)
    for theme in themes:
        spec = figure(result, variable=variable, select=select, theme=theme.name)
        svg = picture(spec, format="svg").decode()
        svg = svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
        drawn.append(f'<div class="{theme.name}">{svg}</div>')
    return f"<figure>{''.join(drawn)}</figure>"


def _tables(result: xr.Dataset | xr.DataTree) -> Iterator[str]:
    """Yield the values: one table for all variables over the same axes."""
    yield "<h2>Values</h2>"
    groups: dict[tuple[str, tuple[str, ...]], list[xr.DataArray]] = {}
    nodes = (
        [("", result)]
        if isinstance(result, xr.Dataset)
        else [(n.path, n.to_dataset()) for n in result.subtree]
    )
    for path, dataset in nodes:
        for array in dataset.data_vars.values():
            groups.setdefault((path, tuple(map(str, array.dims))), []).append(array)
    for (path, axes), arrays in groups.items():
        yield _table(path.strip("/"), axes, arrays)
    if not groups:
        yield "<p>The result holds no values.</p>"


def _table(group: str, axes: tuple[str, ...], arrays: list[xr.DataArray]) -> str:
    """Return the values of variables over the same axes, a row for each place, 500 rows at most."""
    shape = tuple(arrays[0].sizes[axis] for axis in axes)
    total = int(np.prod(shape)) if shape else 1
    first = arrays[0]
    along = {axis: [c for c in first.coords if first[c].dims == (axis,) and c != axis] for axis in axes}
    labels = [name for axis in axes for name in along[axis]]
    heads = [(axis, axis not in first.coords or not is_text(first[axis].values)) for axis in axes]
    heads += [(str(name), not is_text(first[name].values)) for name in labels]
    heads += [(value_title(array), not is_text(array.values)) for array in arrays]
    rows = []
    for place in islice(np.ndindex(shape), MOST_ROWS):
        index = dict(zip(axes, place, strict=True))
        cells = [_cell(first[axis].values[i] if axis in first.coords else i) for axis, i in index.items()]
        cells += [_cell(first[name].values[index[axis]]) for axis in axes for name in along[axis]]
        cells += [_cell(array.transpose(*axes).values[place], exact=True) for array in arrays]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    kept = f"{total:,} rows" if total <= MOST_ROWS else f"first {MOST_ROWS} of {total:,} rows"
    named = f"{html.escape(group)}: " if group else ""
    top = "".join(
        f'<th scope="col"{" class=number" if numeric else ""}>{html.escape(in_words(name))}</th>'
        for name, numeric in heads
    )
    body = "\n".join(rows)
    return (
        f'<div class="table" tabindex="0"><table><caption>{named}{kept}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div><p></p>"
    )


def _cell(value: Any, *, exact: bool = False) -> str:
    """Return one value as a cell; words show their spaces where they begin or end with one."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool | int | float | complex):
        text = number(value) if isinstance(value, float) and exact else written(value)
        return f'<td class="number">{html.escape(text)}</td>'
    text = written(value)
    shown = visible(text) if text != text.strip() or not text else text
    return f'<td class="token">{html.escape(shown)}</td>'


def _origin(result: xr.Dataset | xr.DataTree) -> Iterator[str]:
    """Yield where the result came from, and whether it was changed since."""
    facts = provenance(result)
    yield "<h2>Where it came from</h2>"
    if "analysis" not in facts:
        yield "<p>Nobody knows: the result carries no provenance.</p>"
        return
    if facts.get("derived"):
        yield "<p>These values were changed after the analysis made them.</p>"
    rows = []
    for name, value in facts.items():
        if value in (None, {}, [], "") or name == "derived":
            continue
        text = written(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        rows.append(f'<dt>{html.escape(in_words(name))}</dt><dd class="code">{html.escape(text)}</dd>')
    yield f"<dl>{''.join(rows)}</dl>"
