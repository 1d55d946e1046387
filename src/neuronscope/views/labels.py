"""Words on a figure: axis titles, tokens with visible spaces, numbers with three figures."""

import html
import math
from typing import Any

import numpy as np
import xarray as xr

AXIS_TITLES = {
    "depth": "depth (blocks passed)",
    "direction": "direction of the patch",
    "key": "key (token attended to)",
    "query": "query (token that attends)",
    "position": "position (token)",
    "other": "compared with",
    "rank": "rank (1 is best)",
    "bound": "bound (lower, upper)",
}
TICK = 11  # pixels of the type on axes
LINE_ENDS = {ord("\n"): "⏎", ord("\t"): "⇥", ord("\r"): "␍"}
WHITE_SPACE = {**LINE_ENDS, ord(" "): "·", ord("\u00a0"): "⍽"}


def visible(token: str) -> str:
    r"""Write a token so that its spaces and line ends can be seen and no control character is left.

    >>> visible(" the\n")
    '·the⏎'
    """
    return printable(token.translate(WHITE_SPACE)) or "∅"


def printable(text: str, *, keep: str = "") -> str:
    r"""Write characters that no page or picture may hold as their codes, except those to keep.

    >>> printable("a\x00b")
    'a\\x00b'
    """
    return "".join(c if c.isprintable() or c in keep else f"\\x{ord(c):02x}" for c in text)


def escaped(text: str) -> str:
    """Escape what Plotly would read as markup; :func:`plain` undoes it for matplotlib.

    >>> escaped("<br>")
    '&lt;br&gt;'
    """
    return html.escape(text, quote=False)


def plain(text: str) -> str:
    """Return the text that Plotly would show for a label, without markup.

    >>> plain("&lt;br&gt;")
    '<br>'
    """
    return html.unescape(text)


def shortened(text: str, length: int) -> str:
    """Cut a text to a length and say so with an ellipsis.

    >>> shortened("Washington", 5)
    'Wash…'
    """
    return text if len(text) <= length else text[: max(length - 1, 0)] + "…"


def number(value: float) -> str:
    """Write a number with three significant figures, as a reader would.

    >>> number(0.12345), number(-12.0), number(1903), number(0.0000123)
    ('0.123', '−12', '1,903', '1.23e−5')
    """
    value = float(value)
    if math.isnan(value):
        return "no value"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e7):
        mantissa, exponent = f"{value:.2e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    if size >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    written = f"{value:.3g}"
    return written.replace("-", "−")


def in_words(name: str) -> str:
    """Turn an identifier into words.

    >>> in_words("logit_difference")
    'logit difference'
    """
    return name.replace("_", " ").strip()


def text_attr(array: xr.DataArray | xr.Dataset, name: str) -> str:
    """Return a text attribute, or an empty string where there is none."""
    value = array.attrs.get(name, "")
    return printable(" ".join(value.split())) if isinstance(value, str) else ""


def axis_title(result: xr.Dataset, axis: str) -> str:
    """Return an axis in the field's words with its units."""
    coord = result.coords.get(axis)
    if coord is None:
        return AXIS_TITLES.get(axis, in_words(axis))
    words = text_attr(coord, "long_name") or AXIS_TITLES.get(axis, in_words(axis))
    units = text_attr(coord, "units")
    return f"{words} ({units})" if units and units != "1" else words


def called(array: xr.DataArray) -> tuple[str, str]:
    """Return a variable's name in the field's words, and what its long name says after a colon.

    >>> called(xr.DataArray(0.0, name="effect", attrs={"long_name": "logit difference: 1 = clean"}))
    ('logit difference', '1 = clean')
    """
    name, _, reading = text_attr(array, "long_name").partition(": ")
    return name or in_words(str(array.name or "value")), reading


def value_title(array: xr.DataArray) -> str:
    """Return a variable in the field's words with its units.

    >>> value_title(xr.DataArray(0.0, name="entropy", attrs={"units": "nats"}))
    'entropy (nats)'
    """
    words, units = called(array)[0], text_attr(array, "units")
    return f"{words} ({units})" if units not in ("", "1", words) else words


def in_line(value: Any) -> str:
    r"""Write one value on a single line.

    >>> in_line("a\nb")
    'a⏎b'
    """
    return written(value).translate(LINE_ENDS)


def is_text(values: np.ndarray) -> bool:
    """Say whether an array holds strings."""
    if values.dtype.kind == "O":
        return all(isinstance(v, str | bytes | type(None)) for v in values.ravel()[:1000])
    return values.dtype.kind in "USTV"


def written(value: Any) -> str:
    """Write one value: a number shortly, anything else as text that keeps its lines."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(int(value)).replace("-", "−")
    if isinstance(value, float | np.floating):
        return number(float(value))
    return printable(str(value), keep="\n\t\r\u00a0")
