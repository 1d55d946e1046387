"""What neurons write to and read from the vocabulary, held to changes of the stream and planted ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Phi3Config, Phi3ForCausalLM

from neuronscope.analyses.neurons.neuron_logits import neuron_logits
from neuronscope.instruments import run
from neuronscope.instruments.meaning.vocabulary import connections, written_tokens
from neuronscope.instruments.meaning.weights import named_neurons, neuron_outputs
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.analyses.conftest import byte_tokenizer, native


def test_what_a_neuron_writes_is_by_how_much_the_logits_move_while_the_scale_is_held(model: Model) -> None:
    norm = model.anatomy.final_norm
    stream = run(model, "the cat", get="resid_post.2")["resid_post.2"][0, -1]
    vector, alpha = neuron_outputs(model, 1)[7], 2.5
    centre = (lambda x: x - x.mean()) if model.family != "llama" else (lambda x: x)
    eps = getattr(norm, "eps", None) or norm.variance_epsilon  # pyright: ignore
    scale = (centre(stream).square().mean() + eps).sqrt()
    gain = norm.weight  # pyright: ignore
    normed = [gain * centre(x) / scale for x in (stream, stream + alpha * vector)]
    moved = native(model).get_output_embeddings()(normed[1] - normed[0]).detach()
    found = neuron_logits(model, neurons="1.7", top_k=5, n_null=19)
    writes = found.sel(item="1.7 writes")
    np.testing.assert_allclose(
        writes.connection * alpha / float(scale), moved[writes.token.values], atol=1e-9
    )
    order = np.argsort(-moved.numpy())
    np.testing.assert_array_equal(writes.token, [*order[:5], *order[-5:]])


def test_a_detector_of_a_token_reads_that_token_first(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    letter = model.tokenizer.encode("q")[0]
    vector = native(model).transformer.wte.weight[letter]
    with torch.no_grad():
        native(model).transformer.h[1].ln_2.weight.fill_(1.0)
        native(model).transformer.h[1].mlp.c_fc.weight[:, 3] = vector * 4
        native(model).transformer.h[1].mlp.c_proj.weight[3] = native(model).lm_head.weight[letter]
    found = neuron_logits(model, neurons="1.3", top_k=3, n_null=99)
    assert found.text.sel(item="1.3 reads")[0] == "q"
    assert float(found.p.sel(item="1.3 reads")[0]) == pytest.approx(0.01)


def test_a_gated_neuron_reads_by_two_branches(make_model: Callable[..., Model]) -> None:
    found = neuron_logits(make_model("llama"), neurons="0.1, 2.3", n_null=19)
    sides = ["writes", "reads", "reads (up)"]
    assert found.item.values.tolist() == [f"{name} {side}" for name in ("0.1", "2.3") for side in sides]
    assert found.item_layer.values.tolist() == [0, 0, 0, 2, 2, 2]


def test_the_push_of_a_neuron_is_the_difference_of_what_it_writes_to_two_tokens(model: Model) -> None:
    found = neuron_logits(model, target="x", distractor="y", top_k=8, n_null=19)
    written = written_tokens(model)
    x, y = (model.tokenizer.encode(text)[0] for text in "xy")
    for layer in range(model.n_layers):
        logits = neuron_outputs(model, layer) @ written.T
        np.testing.assert_allclose(found.push[layer], logits[:, x] - logits[:, y], atol=1e-10)
    size = np.sort(np.abs(found.push.values.ravel()))[::-1]
    np.testing.assert_allclose(np.abs(found.top_push), size[:8])
    assert found.item.values[0] == f"{found.pusher.values[0]} writes"


def test_the_order_of_the_tokens_is_the_same_however_long_the_neurons_vector_is(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    before = neuron_logits(model, neurons="2.9", n_null=50)
    with torch.no_grad():
        native(model).transformer.h[2].mlp.c_proj.weight[9] *= 7
    after = neuron_logits(model, neurons="2.9", n_null=50)
    writes = {"item": "2.9 writes"}
    assert before.text.sel(writes).values.tolist() == after.text.sel(writes).values.tolist()
    np.testing.assert_allclose(7 * before.connection.sel(writes), after.connection.sel(writes))
    np.testing.assert_array_equal(before.p.sel(writes), after.p.sel(writes))
    assert float(before.kurtosis.sel(writes)) == pytest.approx(float(after.kurtosis.sel(writes)))


def test_random_vectors_have_a_largest_connection_as_rare_as_their_p_says() -> None:
    model = open_model("builtin:scribe")
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        rows = native(model).transformer.h[0].mlp.c_proj.weight
        rows.copy_(torch.randn(rows.shape, generator=generator))
    text = ", ".join(f"0.{neuron}" for neuron in range(150))
    found = neuron_logits(model, neurons=text, top_k=1, n_null=199)
    writes = found.sel(item=found.item.str.endswith("writes").values)
    p = writes.p.min("rank").values
    for level in (0.1, 0.3, 0.5, 0.8):
        assert abs((p <= level).mean() - level) < 3.5 * np.sqrt(level * (1 - level) / len(p)) + 0.03


def test_without_names_the_most_selective_writers_are_taken() -> None:
    model = open_model("builtin:scribe")
    found = neuron_logits(model, layer=3, n_neurons=3)
    assert set(found.item_layer.values.tolist()) == {3}
    chosen = found.kurtosis.sel(item=found.item.str.endswith("writes").values).values
    assert (np.diff(chosen) <= 0).all()
    every = connections(model, named_neurons(model, "3.0 3.1 3.2"), written_tokens(model), n_null=19)
    others = [one.tokens.double() for one in every if one.side == "writes"]
    tails = [float(((x - x.mean()) ** 4).mean() / ((x - x.mean()) ** 2).mean() ** 2) for x in others]
    assert max(tails) <= chosen[0]


def test_where_input_weights_are_fused_only_what_is_written_is_told_and_the_result_says_so() -> None:
    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
    }
    network = Phi3ForCausalLM(Phi3Config(**sizes, vocab_size=256, pad_token_id=0, eos_token_id=0))
    found = neuron_logits(Model(network, name="fused", tokenizer=byte_tokenizer()), n_null=19)
    assert found.item.str.endswith("writes").all()
    assert "only what they write is told" in found.attrs["meaning"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"distractor": "x"}, "a distractor needs a target"),
        ({"layer": 3}, "layer=3 is beyond the model's last, 2"),
        ({"neurons": "9.1"}, "out of range"),
        ({"target": "xyz"}, "'xyz' is 4 tokens"),
    ],
)
def test_what_there_is_not_is_refused_in_words(
    model: Model, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        neuron_logits(model, **arguments)
