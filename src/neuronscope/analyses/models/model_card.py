"""Model card: what is this model made of, where does it come from, and what can be read exactly?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.models import Model, describe
from neuronscope.results import label


@analysis(kind="ranking", cites="mitchell2019cards")
def model_card(model: Model) -> xr.Dataset:
    """List a model's architecture, sizes, equations, training, usage, limits and certificate.

    Returns over item the ``value`` of each fact as text with the ``group`` of the card that it belongs
    to; ``equation`` over line, the blocks as they are computed (none for a family that is not known);
    and over site its ``site_status`` (exact, reduced or refused), ``site_reason`` and
    ``site_difference``, the largest difference that the probe found, NaN where nothing could be
    compared. Facts that the model's folder does not tell are left out.
    """
    described = describe(model)
    facts = [("architecture", name, str(value)) for name, value in described.facts.items()]
    facts += _facts_of(model.card)
    rows = model.certificate.rows
    return label(
        {"item": [name for _, name, _ in facts], "site": [row.site for row in rows]},
        value=("item", [value for _, _, value in facts], {"long_name": "value"}),
        group=("item", [group for group, _, _ in facts], {"long_name": "part of the card"}),
        equation=("line", np.array(described.equations, dtype=str), {"long_name": "equation"}),
        site_status=("site", [row.status for row in rows], {"long_name": "status"}),
        site_reason=("site", [row.reason for row in rows], {"long_name": "reason"}),
        site_difference=(
            "site",
            [float("nan") if row.worst is None else row.worst for row in rows],
            {"long_name": "worst difference"},
        ),
    )


def _facts_of(card: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Flatten a card: its sections are groups, and what lies deeper is named by its path."""
    for section, content in card.items():
        group = section if isinstance(content, Mapping) else "about"
        for path, value in _leaves(content, () if isinstance(content, Mapping) else (section,)):
            yield group, " ".join(path).replace("_", " "), value


def _leaves(content: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(content, Mapping):
        for name, inner in content.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(content, list | tuple):
        yield path, ", ".join(str(entry) for entry in content)
    elif content is not None:
        yield path, f"{content:.6g}" if isinstance(content, float) else str(content)
