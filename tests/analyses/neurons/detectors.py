"""A small model in which one neuron is active at one token and nowhere else."""

from collections.abc import Callable

import torch

from neuronscope.data.corpora import Corpus
from neuronscope.models import Model

NEURON, LETTER = 7, "q"
WORDS = ("quick", "query", "equal", "acquire", "banana", "delta", "omega", "table", "marble", "quite")


def detector(make_model: Callable[..., Model], letter: str = LETTER, neuron: int = NEURON) -> Model:
    """Set one neuron of layer 0 to read the embedding of a letter; positions and attention say nothing."""
    model = make_model("gpt2")
    network = model.hf.transformer
    block = network.h[0]
    token = int(model.tokenize(letter)[0])
    with torch.no_grad():
        network.wpe.weight.zero_()
        block.attn.c_proj.weight.zero_()
        block.attn.c_proj.bias.zero_()
        direction = block.ln_2(network.wte.weight[token])
        others = block.ln_2(network.wte.weight) @ direction
        others[token] = -torch.inf
        block.mlp.c_fc.weight[:, neuron] = direction
        block.mlp.c_fc.bias[neuron] = -(others.max() + direction @ direction) / 2
    return model


def corpus(n_documents: int = 30) -> Corpus:
    """Return documents of words with and without the letter."""
    texts = [
        " ".join(WORDS[(first + 3 * place + place * place) % len(WORDS)] for place in range(6))
        for first in range(n_documents)
    ]
    return Corpus("words", lambda: [f"{number} {text}" for number, text in enumerate(texts)])
