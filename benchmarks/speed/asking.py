"""What do the daily analyses cost, in plain forward passes of the same batch?"""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import neuronscope
from benchmarks.speed.rows import Group, Row, Work
from benchmarks.speed.subjects import Subject
from neuronscope.instruments import harvest
from neuronscope.instruments.neurons import gather_neurons
from neuronscope.models import Model


def reader(subject: Subject) -> Model:
    """Return the model of a subject with a tokenizer whose tokens are bytes, so that it takes texts."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={byte: number for number, byte in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return Model(
        subject.model.hf, name=subject.shape, tokenizer=PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    )


def texts(subject: Subject) -> tuple[str, str]:
    """Return two prompts of as many bytes as the subject has positions, which differ in every one of them.

    So no cell of a patching map can be left out and no column shared, as twins of one changed word allow.
    """
    n = subject.size.positions
    return "the cat sat on a mat beside the door of the house"[:n], "A Dog Ran To My Hat Inside Two Rooms"[:n]


def _ids(model: Model, prompt: str) -> torch.Tensor:
    return model.tokenize(prompt)[None]


def _plain(subject: Subject, tokens: torch.Tensor) -> Callable[[], object]:
    def forward() -> object:
        with torch.no_grad():
            return subject.plain(tokens, use_cache=False).logits

    return forward


def _patching(subject: Subject, _: Path) -> Work:
    model, (clean, corrupt) = reader(subject), texts(subject)
    asked: dict[str, Any] = {"target": "a", "distractor": "b", "direction": "denoise"}
    return {
        "forward": _plain(subject, _ids(model, clean)),
        "patching.residual": lambda: neuronscope.activation_patching(model, clean, corrupt, **asked),
        "patching.heads": lambda: neuronscope.activation_patching(model, clean, corrupt, sites="z", **asked),
    }


def _reading(subject: Subject, _: Path) -> Work:
    model, (clean, _other) = reader(subject), texts(subject)
    tokens = _ids(model, clean)
    head = cast(torch.nn.Linear, subject.plain.get_output_embeddings())
    stream = torch.randn(1, tokens.shape[1], subject.size.width)

    def unembedding() -> object:
        with torch.no_grad():
            return head(stream)

    forward = _plain(subject, tokens)

    def allowance() -> None:
        forward()
        for _ in range(15):
            unembedding()

    return {
        "forward": forward,
        "forward and 15 unembeddings": allowance,
        "direct": lambda: neuronscope.direct_logit_attribution(model, clean, target="a", distractor="b"),
        "lens": lambda: neuronscope.logit_lens(model, clean),
    }


def _corpus(subject: Subject, folder: Path) -> Work:
    size, numbers = subject.size, count()
    generator = torch.Generator().manual_seed(1)
    # Enough of them that what is done once, such as the record itself, does not count for much.
    documents = torch.randint(size.vocab, (128 * size.rows, 4 * size.positions), generator=generator)
    stretches = [row.tolist() for row in documents]

    def harvested() -> object:
        place = folder / str(next(numbers))
        return harvest(subject.model, documents, "mlp_act.*", place, tokens_per_pass=2048)

    def examples() -> object:
        return gather_neurons(subject.model, stretches)

    return {"bare harvest": harvested, "neuron_examples": examples}


def _tokens(subject: Subject, _: Path) -> Work:
    model, (clean, _other) = reader(subject), texts(subject)
    work: Work = {
        "integrated": lambda: neuronscope.token_attribution(
            model, prompt=clean, target="a", distractor="b", steps=16, baseline="zero"
        )
    }
    captum: Any = import_module("captum.attr")
    tokens = _ids(model, clean)

    def score(embedded: torch.Tensor) -> torch.Tensor:
        logits = subject.plain(inputs_embeds=embedded, use_cache=False).logits[:, -1]
        return logits[:, 1] - logits[:, 2]

    def theirs() -> object:
        embedded = subject.plain.get_input_embeddings()(tokens).detach()
        gradients = captum.IntegratedGradients(score)
        return gradients.attribute(embedded, torch.zeros_like(embedded), n_steps=16)

    return {**work, "captum": theirs}


def peers(subject: Subject, folder: Path) -> Work:
    """Return the same patching by TransformerLens, where it is installed, named as our rows are."""
    if not find_spec("transformer_lens"):
        return {}
    beside: Any = import_module("benchmarks.speed.peers")
    found = beside.beside(subject, {"sweep.residual", "sweep.heads"}, folder)
    return {
        "TransformerLens patching.residual": found["TransformerLens sweep.residual"],
        "TransformerLens patching.heads": found["TransformerLens sweep.heads"],
    }


GROUPS: Sequence[Group] = (
    Group(
        (
            Row("patching.residual", "patch every depth and position of one pair", "forward", 40, 24),
            Row("patching.heads", "patch every head of one pair", "forward", 50, 30),
        ),
        5,
        _patching,
    ),
    Group(
        (
            Row("direct", "direct attribution over all heads and neurons", "forward", 1.6, 1.3),
            Row("lens", "logit lens at every depth", "forward and 15 unembeddings", 1.0, 0.9),
        ),
        15,
        _reading,
    ),
    Group(
        (Row("neuron_examples", "tokens a second, all neurons", "bare harvest", 0.6, 0.8, True),),
        3,
        _corpus,
    ),
    Group((Row("integrated", "integrated gradients, 16 steps", "captum", 1.2, 1.0),), 7, _tokens),
)
