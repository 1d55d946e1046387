"""Graphs show the strongest edges, say what they leave out, and never run an edge through a node."""

import numpy as np

from neuronscope.results import label
from neuronscope.views import figure
from neuronscope.views.theme import THEMES
from tests.views.examples import graph


def test_nodes_are_named_and_coloured_by_their_score() -> None:
    nodes = figure(graph())["data"][-1]
    assert nodes["text"] == ["embed", "head", "neuron", "logits"]
    assert nodes["marker"]["color"] == [0.1, 0.2, 0.3, 0.4]
    heights = dict(zip(nodes["text"], nodes["y"], strict=True))
    assert heights["embed"] < heights["head"] == heights["neuron"] < heights["logits"]


def test_the_width_is_the_size_and_the_colour_the_sign_of_a_weight() -> None:
    lines = [trace for trace in figure(graph())["data"] if trace["mode"] == "lines"]
    theme = THEMES["light"]
    widest = max(lines, key=lambda trace: trace["line"]["width"])
    assert widest["line"]["color"] == theme.signed[-2]
    assert theme.signed[1] in [trace["line"]["color"] for trace in lines]
    assert sum(x is None for trace in lines for x in trace["x"]) == 4


def test_an_edge_that_would_pass_through_a_node_is_bent() -> None:
    chain = label(
        {"from_node": ("edge", [0, 1, 0]), "to_node": ("edge", [1, 2, 2]), "node": [0, 1, 2]},
        score=("node", [1.0, 1.0, 1.0]),
    )
    lengths = []
    for trace in figure(chain)["data"]:
        if trace["mode"] == "lines":
            ways = "".join("|" if x is None else "x" for x in trace["x"]).split("|")
            lengths += [len(way) for way in ways if way]
    assert sorted(lengths) == [2, 2, 25]


def test_given_coordinates_are_kept() -> None:
    placed = graph().assign_coords(x=("node", [0.0, 1.0, 2.0, 4.0]), y=("node", [0.0, 0.0, 3.0, 3.0]))
    nodes = figure(placed)["data"][-1]
    assert nodes["x"] == [0.0, 0.25, 0.5, 1.0]
    assert nodes["y"] == [0.0, 0.0, 1.0, 1.0]


def test_nodes_of_one_place_stand_side_by_side() -> None:
    stacked = label(
        {"position": ("node", [0, 0, 1]), "layer": ("node", [0, 0, 1])}, score=("node", [1.0, 2.0, 3.0])
    )
    nodes = figure(stacked)["data"][-1]
    assert len(set(nodes["x"])) == 3
    assert nodes["y"] == [0.0, 0.0, 1.0]


def test_only_the_strongest_edges_are_drawn_and_a_note_says_out_of_how_many() -> None:
    count = 1000
    rng = np.random.default_rng(0)
    big = label(
        {"from_node": ("edge", rng.integers(0, 20, count)), "to_node": ("edge", rng.integers(20, 40, count))},
        weight=("edge", np.arange(count, dtype=float)),
    )
    drawn = figure(big)
    said = " ".join(note["text"] for note in drawn["layout"]["annotations"])
    assert "the 300 strongest of 1,000 edges" in said
    lines = [trace for trace in drawn["data"] if trace["mode"] == "lines"]
    assert sum(x is None for trace in lines for x in trace["x"]) == 300


def test_an_edge_to_nowhere_is_counted_and_left_out() -> None:
    lost = graph().assign_coords(to_node=("edge", ["head", "neuron", "logits", "nowhere"]))
    drawn = figure(lost)
    said = " ".join(note["text"] for note in drawn["layout"]["annotations"])
    assert "1 edges name no node of the graph and are not drawn" in said
    lines = [trace for trace in drawn["data"] if trace["mode"] == "lines"]
    assert sum(x is None for trace in lines for x in trace["x"]) == 3


def test_nodes_without_edges_are_drawn() -> None:
    drawn = figure(label({}, score=("node", [1.0, 2.0])))
    assert [trace["mode"] for trace in drawn["data"]] == ["markers+text"]


def test_edges_without_ends_have_no_picture_and_say_so() -> None:
    drawn = figure(label({}, weight=("edge", [1.0, 2.0])))
    assert drawn["data"] == []
    assert drawn["layout"]["annotations"][0]["text"] == "Nothing to draw: the graph has no nodes."


def test_nodes_take_the_names_that_they_are_given() -> None:
    named = label(
        {"node_name": ("node", ["a", "b"]), "from_node": ("edge", [0]), "to_node": ("edge", [1])},
        weight=("edge", [1.0]),
        score=("node", [1.0, 2.0]),
    )
    assert figure(named)["data"][-1]["text"] == ["a", "b"]
