"""Models whose every neuron is written by hand, so that the right attribution is known."""

import torch

from neuronscope.models import Model
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from tests.analyses.conftest import byte_tokenizer, native

N_NEURONS, KNOWING = 24, 7
KNOWN, ANSWER = "k", "!"


def plain_model(
    *, layers: int = 1, positions: str = "none", activation: str = "relu", seed: int = 0
) -> Model:
    """Make a random transformer without norms that reads bytes."""
    torch.manual_seed(seed)
    network = PlainTransformer(
        PlainConfig(
            vocab_size=256, max_position_embeddings=128, hidden_size=32, num_hidden_layers=layers,
            num_attention_heads=4, intermediate_size=N_NEURONS, norm="none", positions=positions,
            activation="relu",
        )
    ).double()  # fmt: skip
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn_like(weight) * 0.2)
    return Model(network, name="plain", tokenizer=byte_tokenizer())


def knowing_model() -> Model:
    """Make a model in which one neuron of many knows what follows ``k``, and nothing attends.

    Neuron 7 reads the one direction that the embedding of ``k`` alone has, and writes the one that the output
    reads as ``!``. The others read and write a little of everything else.
    """
    model = plain_model()
    network = native(model)
    known, answer = (int(model.tokenize(text)[0]) for text in (KNOWN, ANSWER))
    with torch.no_grad():
        block = network.h[0]
        block.attn.o_proj.weight.zero_()
        block.attn.o_proj.bias.zero_()
        network.wte.weight[:, :2] = 0
        network.wte.weight[known] = 0
        network.wte.weight[known, 0] = 1
        network.lm_head.weight[:, :2] = 0
        network.lm_head.weight[answer] = 0
        network.lm_head.weight[answer, 1] = 1
        network.lm_head.bias.zero_()
        up, down = block.mlp.up_proj, block.mlp.down_proj
        up.weight[:, :2] = 0.05
        up.bias.fill_(0.1)
        up.weight[KNOWING] = 0
        up.weight[KNOWING, 0], up.bias[KNOWING] = 1, 0
        down.weight[1] = 0
        down.weight[:, KNOWING] = 0
        down.weight[1, KNOWING] = 12
        down.bias.zero_()
    return model
