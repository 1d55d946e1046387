"""Second-order comparison: do two models meet the same hopes, in the same layers, by the same words?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.instruments.reporting.findings import TOLD
from neuronscope.results import label
from neuronscope.words import BadInput

_TENTHS = 10
_NEEDED = ("finding", "status", "value", "layer_share", "case")


@analysis(kind="ranking", cites="gandelsman2024secondorder")
def second_order_comparison(first: Result, second: Result) -> xr.Dataset:
    """Set two second-order reports side by side, line by line, layer by layer and case by case.

    Over item, the lines of the reports: ``verdict`` in words; over item and group, the two reports, their
    ``status``, ``value`` with 95 % interval, and ``apart``, whether the intervals have nothing in common.
    Over bin and group, ``depth_share``: how the variance of all effects lies over ten tenths of the depth,
    from the embedding up, so that models with different numbers of layers compare. Over rank and group, the
    ``case`` of each one's strongest neurons. Raises `BadInput` for results of other analyses and for reports
    without a line in common.
    """
    reports = (first, second)
    for name, report in zip(("first", "second"), reports, strict=True):
        missing = next((word for word in _NEEDED if word not in report), None)
        if missing is not None:
            raise BadInput(f"{name} has no {missing}: give a result of second_order_report.")
    lines = [line for line in first["item"].values.tolist() if line in set(second["item"].values.tolist())]
    if not lines:
        raise BadInput("The two reports have no line in common: give two results of second_order_report.")
    own = [report.sel(item=lines) for report in reports]
    ends = {end: _both(own, f"value{end}") for end in ("", "_low", "_high")}
    status = np.stack([one["status"].values.astype(object) for one in own], 1)
    n_cases = min(report.sizes["rank"] for report in reports)
    return label(
        {"item": lines, "group": _names(reports), "bin": np.arange(_TENTHS) / _TENTHS + 0.5 / _TENTHS},
        verdict=("item", _verdicts(status, ends), {"long_name": "first and second report"}),
        status=("item group", status, {"long_name": "status"}),
        value=("item group", ends[""], {"long_name": "value"}),
        value_low=("item group", ends["_low"]),
        value_high=("item group", ends["_high"]),
        apart=("item", _apart(ends), {"long_name": "intervals have nothing in common"}),
        depth_share=("bin group", np.stack([_by_depth(one) for one in reports], 1), _ABOUT),
        case=("rank group", np.stack([one["case"].values[:n_cases].astype(object) for one in reports], 1)),
    ).assign_attrs(meaning="the first report, then the second")


_ABOUT: dict[str, Any] = {
    "long_name": "share of the variance of all effects",
    "meaning": "by tenths of the depth, from the embedding up",
}


def _both(own: list[xr.Dataset], name: str) -> np.ndarray:
    return np.stack([one[name].values.astype(float) for one in own], 1)


def _names(reports: tuple[xr.Dataset, xr.Dataset]) -> list[str]:
    """Return what to call the two reports: their models where these differ and are known."""
    found = [str(report.attrs.get("model", "")) for report in reports]
    return found if all(found) and found[0] != found[1] else ["first", "second"]


def _verdicts(status: np.ndarray, ends: dict[str, np.ndarray]) -> list[str]:
    told = []
    for row, words in enumerate(status):
        sides = []
        for side, word in enumerate(words):
            value, low, high = (float(ends[end][row, side]) for end in ("", "_low", "_high"))
            around = "" if np.isnan(low) else f" ({_number(low)} to {_number(high)})"
            at = "" if word == TOLD else f"{word} at "
            sides.append(word if np.isnan(value) else f"{at}{_number(value)}{around}")
        told.append(f"{'both ' if sides[0] == sides[1] else ''}{'; '.join(dict.fromkeys(sides))}")
    return told


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _apart(ends: dict[str, np.ndarray]) -> np.ndarray:
    low, high = ends["_low"], ends["_high"]
    return (low[:, 0] > high[:, 1]) | (low[:, 1] > high[:, 0])


def _by_depth(report: xr.Dataset) -> np.ndarray:
    """Return the share in each tenth of the depth: a layer's share lies evenly over its own stretch."""
    share = np.nan_to_num(report["layer_share"].values)
    reached = np.concatenate([[0.0], np.cumsum(share)])
    places = np.linspace(0, 1, len(reached))
    return np.diff(np.interp(np.linspace(0, 1, _TENTHS + 1), places, reached))
