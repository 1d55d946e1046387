"""Which neurons are joined by their weights: held to the composition of named pairs."""

import numpy as np
import pytest

from neuronscope.analyses.neurons.neuron_connections import neuron_connections
from neuronscope.analyses.neurons.neuron_interactions import neuron_interactions
from neuronscope.data.tasks import open_task
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput


def test_a_connection_is_the_composition_of_the_pair(model: Model) -> None:
    found = neuron_connections(model, neurons="1.3", top_k=3)
    reads, read = (found.sel(item=f"1.3 {side}") for side in ("reads", "is read"))
    before, after = (str(side.partner.values[0]) for side in (reads, read))
    task = open_task("two-digit-arithmetic")
    pairs = neuron_interactions(
        model, task, neurons=f"{before} 1.3 {after}", n_prompts=2, n_tokens=12, n_passages=4, n_null=19
    )
    for side, writer, reader in ((reads, before, "1.3"), (read, "1.3", after)):
        pair = pairs.sel(item=writer, other=reader)
        assert float(side.cosine[0]) == pytest.approx(float(pair.composition_cosine), abs=1e-6)
        assert float(side.product[0]) == pytest.approx(float(pair.composition), rel=1e-5, abs=1e-9)


def test_the_closest_come_first_and_only_from_the_layers_on_that_side(model: Model) -> None:
    found = neuron_connections(model, neurons="1.3 0.2", top_k=6)
    size = np.abs(found.cosine.values)
    assert (np.diff(size) <= 1e-12).all()
    for item in found.item.values:
        side = found.sel(item=item)
        own = int(side.item_layer)
        later = "is read" in str(item)
        assert ((side.partner_layer > own) if later else (side.partner_layer < own)).all()
        names = [
            f"{layer}.{unit}"
            for layer, unit in zip(side.partner_layer.values, side.partner_neuron.values, strict=True)
        ]
        assert side.partner.values.tolist() == names


def test_the_first_layer_reads_no_neuron_and_the_last_is_read_by_none(model: Model) -> None:
    last = model.layers("mlp_act")[-1]
    items = neuron_connections(model, neurons=f"0.1 {last}.1").item.values.tolist()
    assert all(("is read" in item) == item.startswith("0.1") for item in items)


def test_few_random_weights_pass_for_joined(model: Model) -> None:
    found = neuron_connections(model, neurons="1.0 1.1 1.2 1.3", top_k=5)
    assert (found.p.values < 0.05).mean() < 0.25


def test_left_to_itself_it_takes_the_neuron_of_the_middle_that_writes_most() -> None:
    found = neuron_connections(open_model("builtin:scribe"), top_k=5)
    assert set(found.item_layer.values.tolist()) == {3}
    assert found.compared.values.tolist() == [3 * 640, 2 * 640]
    assert (found.p < 0.05).any()


def test_what_has_no_neighbour_is_refused() -> None:
    with pytest.raises(BadInput, match="several layers"):
        neuron_connections(open_model("builtin:grokking"))
    with pytest.raises(BadInput, match=r"names no neuron"):
        neuron_connections(open_model("builtin:scribe"), neurons="three")
