"""Second-order report: were the hopes for the second order met, and what are its strongest neurons?

Each of the answers of a chain says one thing. Here they are held against limits that were set before, each
met or missed in words, with its number and its interval.
"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.instruments.reporting.costs import costs
from neuronscope.instruments.reporting.criteria import (
    accuracy,
    background,
    concentration,
    layer_share,
    rank_one,
    separates,
    sparsity,
)
from neuronscope.instruments.reporting.findings import Finding
from neuronscope.instruments.reporting.listed import Listed, Separation, case_of, listed, separation, spread
from neuronscope.results import label
from neuronscope.results.provenance import stamped
from neuronscope.words import BadInput, Seed, TopK
from neuronscope.words.neurons import RankResamples

_PROMPTS_A_CASE = 4


@analysis(kind="ranking", cites="gandelsman2024secondorder delong1988comparing")
def second_order_report(
    effects: Result,
    components: Result | None = None,
    ablation: Result | None = None,
    texts: Result | None = None,
    evaluation: Result | None = None,
    correctness: Result | None = None,
    *,
    top_k: TopK = 5,
    n_resamples: RankResamples = 200,
    seed: Seed = 0,
) -> xr.Dataset:
    """Hold the answers of a second-order chain against limits set before, and say each in words.

    Over item: the ``finding`` in words, its ``status`` (met, missed, no limit, not measured), its ``value``
    with 95 % interval and ``limit``: that neurons act on fewer than 5 % of the prompts, by participation, by
    the prompts that hold nine tenths of the squared effects and by how many effects accuracy needs; that
    three layers hold more than 80 % of the variance; that accuracy drops by less than 1 % with significant
    effects alone, with one direction a neuron and with its words; and, without a limit, how many neurons keep
    to one direction or part right from wrong answers. Over neuron: those numbers of each (``participation``,
    ``needed_share``, ``auroc`` with interval and p). Over layer, ``layer_share`` of the variance. Over rank,
    ``case``: the strongest neurons with their words, prompts and outcomes. Over source, what each answer
    took: ``seconds``, ``peak_memory_mb``, ``size_mb`` and its ``largest`` table.

    All but ``effects`` may be left out, and what needs them is then said not to be measured. Raises
    `BadInput` for results of other analyses.
    """
    _check(components, "component", "components", "second_order_components")
    _check(ablation, "accuracy_change", "ablation", "second_order_ablation")
    _check(texts, "description", "texts", "text_decomposition")
    if "variance" not in effects:
        raise BadInput("effects has no variance: give a result of second_order_effects.")
    found = listed(effects, components)
    parts = separation(found)
    findings = [
        *sparsity(found, ablation, n_resamples=n_resamples, seed=seed),
        concentration(effects, components),
        *accuracy(ablation),
        rank_one(components),
        separates(found, parts),
        *background(evaluation, correctness),
    ]
    given = {
        "evaluation": evaluation,
        "correctness": correctness,
        "effects": effects,
        "components": components,
        "texts": texts,
        "ablation": ablation,
    }
    took, shares = costs(given), layer_share(effects, components)
    return label(
        {
            "item": [one.name for one in findings],
            "layer": shares["layer"].values,
            "address": ("neuron", list(found.addresses)),
            "source": [one.name for one in took],
        },
        **_said(findings),
        **_neurons(found, parts),
        **_layers(shares, components),
        case=("rank", _cases(found, parts, components, texts, top_k), {"long_name": "case"}),
        seconds=("source", [one.seconds for one in took], {"long_name": "time taken", "units": "s"}),
        peak_memory_mb=("source", [one.peak_memory_mb for one in took], {"units": "MB"}),
        size_mb=("source", [one.size_mb for one in took], {"long_name": "size of the answer", "units": "MB"}),
        largest=("source", [one.largest for one in took], {"long_name": "largest table"}),
    ).assign_attrs(
        n=found.effect.shape[1],
        n_unit="prompts",
        model=stamped(effects).get("models", {}).get("model", {}).get("name", ""),
        meaning="limits were set before anything was measured",
    )


def _check(given: xr.Dataset | None, needed: str, subject: str, name: str) -> None:
    if given is not None and needed not in given:
        raise BadInput(f"{subject} has no {needed}: give a result of {name}.")


def _said(findings: list[Finding]) -> dict[str, Any]:
    return {
        "finding": ("item", [one.sentence for one in findings], {"long_name": "findings"}),
        "status": ("item", [one.status for one in findings], {"long_name": "status"}),
        "value": ("item", [one.value for one in findings], {"long_name": "value"}),
        "value_low": ("item", [one.low for one in findings]),
        "value_high": ("item", [one.high for one in findings]),
        "limit": ("item", [one.limit for one in findings], {"long_name": "limit"}),
    }


def _neurons(found: Listed, parts: Separation | None) -> dict[str, Any]:
    shares = spread(found)
    names = {
        "participation": "share of prompts that take part in a neuron's effects",
        "needed_share": "share of prompts with nine tenths of a neuron's squared effects",
    }
    made: dict[str, Any] = {
        name: ("neuron", shares[name], {"long_name": said, "units": "1"}) for name, said in names.items()
    }
    if parts is None:
        return made
    return made | {
        "auroc": ("neuron", parts.auroc, {"long_name": "AUROC of right against wrong answers"}),
        "auroc_low": ("neuron", parts.low),
        "auroc_high": ("neuron", parts.high),
        "auroc_null": ("neuron", np.full(len(parts.auroc), 0.5)),
        "auroc_p": ("neuron", parts.p, {"long_name": "p of Mann and Whitney, corrected"}),
    }


def _layers(shares: xr.DataArray, components: xr.Dataset | None) -> dict[str, Any]:
    about = {
        "long_name": "share of the variance",
        "meaning": "of the effects of all neurons; dotted: the layer's share of the later heads",
    }
    made: dict[str, Any] = {"layer_share": ("layer", shares.values, about)}
    if components is not None:
        ends = ("low", "high", "null")
        made |= {f"layer_share_{end}": ("layer", components[f"layer_share_{end}"].values) for end in ends}
    return made


def _cases(
    found: Listed,
    parts: Separation | None,
    components: xr.Dataset | None,
    texts: xr.Dataset | None,
    n_cases: int,
) -> list[str]:
    """Return the first neurons in words, which are those of the strongest effects."""
    words: dict[str, str] = {}
    if texts is not None and "address" in texts.coords:
        addresses = texts["address"].values
        words = {
            str(one): str(said) for one, said in zip(addresses, texts["description"].values, strict=True)
        }
    return [
        case_of(row, found, parts, components, words.get(found.addresses[row], ""), n_prompts=_PROMPTS_A_CASE)
        for row in range(min(n_cases, len(found.addresses)))
    ]
