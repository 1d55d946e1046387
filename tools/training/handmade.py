"""Writes `builtin:handmade-induction`: two layers of attention that continue a repeated string, by hand.

Every weight is 0, 1, 10 or 60, so the whole algorithm can be read off: a head of layer 0 copies each token
to the place after it, and a head of layer 1 looks for the place whose previous token is the present one.
"""

from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.models.open import open_model

from . import known
from .recipe import Wanted

SIZES: dict[str, int] = {}
LETTERS = list("abcdefghijkl")
N_TOKENS = len(LETTERS) + 1
CONTEXT = 2 * len(LETTERS) + 2
SHARP = 60.0  # exp(-60) is nothing beside 1, even in double precision
LOUD = 10.0
HEAD_WIDTH = CONTEXT
N_MEASURED = 500
MEASURE_SEED = 2026

TOKEN = slice(0, N_TOKENS)
POSITION = slice(TOKEN.stop, TOKEN.stop + CONTEXT)
PREVIOUS = slice(POSITION.stop, POSITION.stop + N_TOKENS)
NEXT = slice(PREVIOUS.stop, PREVIOUS.stop + N_TOKENS)
SCRATCH = slice(NEXT.stop, NEXT.stop + N_TOKENS)
WIDTH = SCRATCH.stop

RESAMPLE = [
    "resid_pre.0 -> v.0.0",
    "z.0.0 -> k.1.0",
    "resid_pre.0 -> q.1.0",
    "resid_pre.0 -> v.1.0",
    "z.1.0 -> logits",
]
TRUE_EDGES = {
    "resample": sorted(RESAMPLE),
    "mean": sorted(RESAMPLE),
    "zero": sorted([*RESAMPLE, "resid_pre.0 -> q.0.0", "resid_pre.0 -> k.0.0"]),
}
ROLES = {
    "z.0.0": "previous-token head: attends one place back, writes that token into `previous`",
    "z.0.1": "decoy: attends one place back as z.0.0 does, but writes into `scratch`, which nothing reads "
    "on the way to the logits",
    "z.0.2": "decoy: attends to <bos> and writes it into `scratch`",
    "z.0.3": "decoy: attends to its own place and writes the token into `scratch`",
    "z.1.0": "induction head: attends to the place whose previous token is the present token, and writes "
    "the token of that place into `next`",
    "z.1.1": "decoy: the very pattern of the induction head, but it writes into `scratch`",
    "z.1.2": "decoy: averages `scratch` over all places and writes it back into `scratch`",
    "z.1.3": "blank: every weight is zero",
}


def make_model() -> PlainTransformer:
    """Return the network with its weights written in."""
    model = PlainTransformer(
        PlainConfig(
            vocab_size=N_TOKENS,
            hidden_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            head_dim=HEAD_WIDTH,
            max_position_embeddings=CONTEXT,
            norm="none",
            attention_only=True,
            attention_scale=1.0,
            biases=[],
            bos_token_id=0,
            pad_token_id=0,
        )
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        _write(model.wte.weight, range(N_TOKENS), TOKEN)
        _write(model.wpe.weight, range(CONTEXT), POSITION)
        for head, target in ((0, PREVIOUS), (1, SCRATCH)):
            _look_back(model, head)
            _carry(model, 0, head, TOKEN, target)
        _look_at_the_beginning(model, 2)
        _carry(model, 0, 2, TOKEN, SCRATCH)
        _match(model, 0, 3, TOKEN, TOKEN)
        _carry(model, 0, 3, TOKEN, SCRATCH)
        for head, target, weight in ((0, NEXT, LOUD), (1, SCRATCH, 1.0)):
            _match(model, 1, head, TOKEN, PREVIOUS)
            _carry(model, 1, head, TOKEN, target, weight)
        _carry(model, 1, 2, SCRATCH, SCRATCH)
        model.lm_head.weight[:, NEXT] = torch.eye(N_TOKENS)
    return model.eval()


def _write(weight: Tensor, rows: range, columns: slice) -> None:
    weight[rows.start : rows.stop, columns] = torch.eye(len(rows))


def _rows(head: int, n_rows: int) -> slice:
    return slice(head * HEAD_WIDTH, head * HEAD_WIDTH + n_rows)


def _look_back(model: PlainTransformer, head: int) -> None:
    """Let the key of each place answer the query of the next."""
    attention: Any = model.h[0].attn
    attention.q_proj.weight[_rows(head, CONTEXT), POSITION] = SHARP * torch.eye(CONTEXT)
    attention.k_proj.weight[_rows(head, CONTEXT), POSITION] = torch.eye(CONTEXT).roll(1, 0).tril(-1)


def _look_at_the_beginning(model: PlainTransformer, head: int) -> None:
    attention: Any = model.h[0].attn
    attention.q_proj.weight[head * HEAD_WIDTH, POSITION] = SHARP
    attention.k_proj.weight[head * HEAD_WIDTH, POSITION.start] = 1.0


def _match(model: PlainTransformer, layer: int, head: int, asked: slice, answering: slice) -> None:
    """Let each place attend where one part of the stream equals its own other part."""
    attention: Any = model.h[layer].attn
    attention.q_proj.weight[_rows(head, N_TOKENS), asked] = SHARP * torch.eye(N_TOKENS)
    attention.k_proj.weight[_rows(head, N_TOKENS), answering] = torch.eye(N_TOKENS)


def _carry(
    model: PlainTransformer, layer: int, head: int, read: slice, written: slice, weight: float = 1.0
) -> None:
    attention: Any = model.h[layer].attn
    attention.v_proj.weight[_rows(head, N_TOKENS), read] = torch.eye(N_TOKENS)
    attention.o_proj.weight[written, _rows(head, N_TOKENS)] = weight * torch.eye(N_TOKENS)


def tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer: letters between spaces, after a token for the beginning."""
    return known.word_tokenizer(LETTERS, context=CONTEXT)


def prompts(count: int, *, seed: int, period: int | None = None) -> list[tuple[str, str]]:
    """Return texts that break off within their second round, each with the letter that goes on."""
    rng = Random(f"handmade-induction/{seed}")
    made = []
    for _ in range(count):
        letters = rng.sample(LETTERS, period or rng.randint(2, len(LETTERS)))
        n_given = rng.randint(1, len(letters) - 1)
        made.append((" ".join(letters + letters[:n_given]), letters[n_given]))
    return made


@torch.no_grad()
def right(model: PlainTransformer, asked: list[tuple[str, str]]) -> list[bool]:
    """Return whether the model's first choice is the letter that goes on, text by text."""
    words = tokenizer()
    rows = {text: words(text)["input_ids"] for text, _ in asked}
    found: dict[str, int] = {}
    for length in {len(row) for row in rows.values()}:
        texts = [text for text, row in rows.items() if len(row) == length]
        logits = model(input_ids=torch.tensor([rows[text] for text in texts])).logits
        found |= dict(zip(texts, logits[:, -1].argmax(-1).tolist(), strict=True))
    return [words.decode([found[text]]) == answer for text, answer in asked]


def every_edge() -> list[tuple[str, str]]:
    """Return every writer and reader with a residual stream between them, in order."""
    heads = [f"z.{layer}.{head}" for layer, head in product(range(2), range(4))]
    edges = []
    for reader in [f"{site}.{layer}.{head}" for layer, site, head in product(range(2), "qkv", range(4))]:
        before = int(reader.split(".")[1])
        edges += [(writer, reader) for writer in ("resid_pre.0", *heads[: 4 * before])]
    return edges + [(writer, "logits") for writer in ("resid_pre.0", *heads)]


def variants(_: Wanted) -> tuple[str, ...]:
    """Return that there is one network."""
    return ("",)


def train(_: Wanted, out: Path, __: str) -> None:
    """Make the folder and leave it empty: nothing is trained."""
    out.mkdir(parents=True, exist_ok=True)


def export(_: Wanted, __: Path, folder: Path, ___: str) -> None:
    """Write configuration, tokenizer and weights."""
    known.write_network(make_model(), folder, tokenizer())


def write_card(wanted: Wanted, _: Path, folder: Path, __: str) -> None:
    """Write the card, measured on the weights in the folder."""
    model: Any = open_model(str(folder)).hf
    asked = prompts(N_MEASURED, seed=MEASURE_SEED)
    known.write_card(
        folder,
        {
            "name": f"builtin:{wanted.name}",
            "title": "Induction by hand",
            "summary": "Two layers of attention that continue a repeated string of letters; every weight is "
            "written by hand, so every edge of the circuit is known.",
            "architecture": known.architecture(model, folder),
            "training": {
                "command": "python tools/train_builtin.py handmade-induction --out FOLDER --export",
                "method": "weights written by hand; nothing is trained and nothing is drawn",
                "steps": 0,
                **known.surroundings(),
            },
            "aims": {"second round": "1.0", "edges": "the declared ones alone, to 1e-12 in float64"},
            "accuracy": {"second round": known.share(right(model, asked))},
            "inside": inside(),
        },
    )


def inside() -> dict[str, Any]:
    """Return what is known of the network, as plain data."""
    return {
        "task": "continue a string of different letters in its second round: `a b c a` goes on with `b`",
        "metric": "log-probability of the letter that goes on, after the last token",
        "ablations": {
            "resample": "the edge carries what it carries on a prompt of the same length with other letters",
            "zero": "the edge carries nothing",
            "mean": "the edge carries its mean over prompts of the same length, place by place",
        },
        "writers": "resid_pre.0 is the embedding of token and place together; the heads write z",
        "edges": TRUE_EDGES,
        "n_edges": len(every_edge()),
        "heads": ROLES,
        "parts_of_the_stream": {
            name: [part.start, part.stop]
            for name, part in (
                ("token", TOKEN),
                ("position", POSITION),
                ("previous", PREVIOUS),
                ("next", NEXT),
                ("scratch", SCRATCH),
            )
        },
    }
