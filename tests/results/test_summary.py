"""A summary tells everything about a result but its values, as plain JSON."""

import json

import numpy as np
import xarray as xr
from hypothesis import HealthCheck, given, settings

from neuronscope.results import digest, kind_of, label, provenance, stamp, summary
from neuronscope.words import BadInput
from tests.results.drawn import datasets, trees

PROMPT = "When Mary and John went to the shop, John gave a drink to"


def lens() -> xr.Dataset:
    made = label(
        {"rank": [1, 2], "token": ("position", ["Paris", " is", ""])},
        probability=(
            "depth position rank",
            np.linspace(0, 1, 12, dtype="f4").reshape(2, 3, 2),
            {"units": "1", "long_name": "probability", "meaning": "high where the guess is sure"},
        ),
        candidate=("depth position rank", np.full((2, 3, 2), "été")),
        entropy=("depth position", [[1.0, np.nan, np.inf], [0.5, 2.0, 3.0]], {"units": "nats"}),
        sure=("depth", [True, False]),
    )
    models = {"model": {"name": "builtin:scribe", "fingerprint": "ab12"}}
    arguments = {"prompt": PROMPT, "top_k": 2, "target": ""}
    made.attrs = {"clean_metric": np.float32(2.5), "odds": np.inf}
    return stamp(made, analysis="logit_lens", models=models, arguments=arguments)


def test_a_summary_says_what_is_in_a_result() -> None:
    result = lens()
    told = summary(result)
    assert told["digest"] == digest(result)
    assert (told["analysis"], told["kind"]) == ("logit_lens", "grid")
    assert told["title"] == f"logit_lens · builtin:scribe · {PROMPT} · top_k=2"
    assert told["dims"] == {"depth": 2, "position": 3, "rank": 2}
    assert told["axes"] == {"x": "position", "y": "depth", "sliders": ["rank"]}
    assert told["variables"][0] == {
        "name": "probability",
        "axes": ["depth", "position", "rank"],
        "dtype": "float32",
        "units": "1",
        "long_name": "probability",
        "meaning": "high where the guess is sure",
        "site": "",
        "minimum": 0.0,
        "maximum": 1.0,
    }
    rest = {
        entry["name"]: (entry["dtype"], entry["minimum"], entry["maximum"]) for entry in told["variables"]
    }
    assert rest["candidate"] == ("text", None, None)
    assert rest["entropy"] == ("float64", 0.5, 3.0)
    assert rest["sure"] == ("bool", None, None)
    assert told["coords"]["token"] == {"axes": ["position"], "dtype": "text", "values": ["Paris", " is", ""]}
    assert told["attrs"] == {"clean_metric": 2.5, "odds": None}
    assert told["provenance"] == provenance(result)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(datasets() | trees())
def test_every_summary_is_strict_json(result: xr.Dataset | xr.DataTree) -> None:
    try:
        kind_of(result)
    except BadInput:
        return
    told = summary(result)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_labels_too_many_to_read_are_left_out() -> None:
    many = label({"vocab": range(10_001)}, value=("vocab", np.zeros(10_001)))
    assert summary(many)["coords"]["vocab"]["values"] is None
    assert summary(many.isel(vocab=slice(10_000)))["coords"]["vocab"]["values"] == list(range(10_000))


def test_a_tree_tells_its_parts_by_group() -> None:
    tree = xr.DataTree.from_dict({"/circuit": label({}, weight=("edge", [1.0])), "/scores": lens()})
    told = summary(tree)
    assert told["kind"] == "graph"
    assert [entry["name"] for entry in told["variables"]][:2] == ["circuit/weight", "scores/probability"]
    assert told["coords"]["scores/token"]["values"] == ["Paris", " is", ""]
    assert told["dims"] == {"edge": 1, "depth": 2, "position": 3, "rank": 2}
    assert told["title"] == "derived result"


def test_a_title_keeps_to_one_line() -> None:
    made = stamp(label({}, v=("item", [1])), analysis="card", arguments={"prompt": "one\ntwo  " + "x " * 100})
    title = summary(made)["title"]
    assert title.startswith("card · one two x x")
    assert "\n" not in title
    assert len(title) < 80
