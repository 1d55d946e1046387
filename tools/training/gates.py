"""Writes `builtin:gates`: OR and AND of two bits, each carried by two heads, with weights by hand.

Because either head of a bit suffices, and either bit suffices for OR, what a single patch shows depends on
the gate and on the direction of the patch, while joint patches find the truth.
"""

from itertools import product
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.models.open import open_model

from . import known
from .recipe import Wanted

SIZES: dict[str, int] = {}
WORDS = ["0", "1", "or", "and"]
N_TOKENS = len(WORDS) + 1
CONTEXT = 8  # four are used
N_HEADS = 4
HEAD_WIDTH = 4
SHARP = 60.0
LOUD = 10.0
ONE, OR, AND = 2, 3, 4  # the tokens, and the directions of the stream that say which token is here
PLACE = N_TOKENS  # the first of the directions that say which place this is
FIRST, SECOND, HAS_FIRST, HAS_SECOND, ANSWER = range(PLACE + CONTEXT, PLACE + CONTEXT + 5)
WIDTH = ANSWER + 1

SENDS = {0: (1, FIRST), 1: (2, SECOND), 2: (1, FIRST), 3: (2, SECOND)}
ROLES = {
    "z.0.0": "carries the first bit to the gate",
    "z.0.1": "carries the second bit to the gate",
    "z.0.2": "carries the first bit too: a copy of z.0.0",
    "z.0.3": "carries the second bit too: a copy of z.0.1",
    "mlp_out.0": "one where at least one head brought a one, for each bit",
    "mlp_out.1": "the gate: OR where the last word is or, AND where it is and",
    "z.1.*": "blank: every weight is zero",
}
MINIMAL_SETS = {
    "or": {
        "noising": [["z.0.0", "z.0.1", "z.0.2", "z.0.3"]],
        "denoising": [["z.0.0"], ["z.0.1"], ["z.0.2"], ["z.0.3"]],
    },
    "and": {
        "noising": [["z.0.0", "z.0.2"], ["z.0.1", "z.0.3"]],
        "denoising": [
            ["z.0.0", "z.0.1"],
            ["z.0.0", "z.0.3"],
            ["z.0.1", "z.0.2"],
            ["z.0.2", "z.0.3"],
        ],
    },
}
"""The smallest sets of heads that, patched together, turn the answer: between `1 1 GATE` and `0 0 GATE`."""


def make_model() -> PlainTransformer:
    """Return the network with its weights written in."""
    model = PlainTransformer(
        PlainConfig(
            vocab_size=N_TOKENS,
            hidden_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=N_HEADS,
            head_dim=HEAD_WIDTH,
            intermediate_size=4,
            max_position_embeddings=CONTEXT,
            norm="none",
            attention_scale=1.0,
            activation="relu",
            biases=["mlp.up_proj", "lm_head"],
            bos_token_id=0,
            pad_token_id=0,
        )
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.wte.weight[:, :N_TOKENS] = torch.eye(N_TOKENS)
        model.wpe.weight[:, PLACE : PLACE + CONTEXT] = torch.eye(CONTEXT)
        for head, (place, written) in SENDS.items():
            _carry(model, head, place, written)
        _count(model)
        _gate(model)
        _answer(model)
    return model.eval()


def _carry(model: PlainTransformer, head: int, place: int, written: int) -> None:
    """Let a head of layer 0 look at one place from everywhere, and write 1 where that place is a one."""
    attention: Any = model.h[0].attn
    row = head * HEAD_WIDTH
    attention.q_proj.weight[row, PLACE : PLACE + CONTEXT] = SHARP
    attention.k_proj.weight[row, PLACE + place] = 1.0
    attention.v_proj.weight[row, ONE] = 1.0
    attention.o_proj.weight[written, row] = 1.0


def _count(model: PlainTransformer) -> None:
    """Let MLP 0 write min(1, heads that brought a one) for each bit, as relu(n) - relu(n - 1)."""
    mlp: Any = model.h[0].mlp
    for bit, (read, written) in enumerate(((FIRST, HAS_FIRST), (SECOND, HAS_SECOND))):
        for neuron, bias, sign in ((2 * bit, 0.0, 1.0), (2 * bit + 1, -1.0, -1.0)):
            mlp.up_proj.weight[neuron, read] = 1.0
            mlp.up_proj.bias[neuron] = bias
            mlp.down_proj.weight[written, neuron] = sign


def _gate(model: PlainTransformer) -> None:
    """Let MLP 1 write min(1, n) of the n bits at `or` and relu(n - 1) at `and`, and nothing elsewhere."""
    mlp: Any = model.h[1].mlp
    for neuron, (word, threshold, sign) in enumerate(((OR, 0, 1.0), (OR, 1, -1.0), (AND, 1, 1.0))):
        mlp.up_proj.weight[neuron, [HAS_FIRST, HAS_SECOND]] = 1.0
        mlp.up_proj.weight[neuron, word] = 4.0
        mlp.up_proj.bias[neuron] = -4.0 - threshold
        mlp.down_proj.weight[ANSWER, neuron] = sign


def _answer(model: PlainTransformer) -> None:
    head: Any = model.lm_head
    head.weight[ONE, ANSWER], head.bias[ONE] = 2 * LOUD, -LOUD
    head.weight[ONE - 1, ANSWER], head.bias[ONE - 1] = -2 * LOUD, LOUD
    head.bias[[0, OR, AND]] = -3 * LOUD


def tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer: 0, 1, or, and, after a token for the beginning."""
    return known.word_tokenizer(WORDS, context=CONTEXT)


def prompts() -> list[tuple[str, str]]:
    """Return all eight questions with their answers."""
    made = []
    for first, second, gate in product((0, 1), (0, 1), ("or", "and")):
        true = (first or second) if gate == "or" else (first and second)
        made.append((f"{first} {second} {gate}", str(int(bool(true)))))
    return made


@torch.no_grad()
def right(model: PlainTransformer, asked: list[tuple[str, str]]) -> list[bool]:
    """Return whether the model's first choice is the answer, question by question."""
    words = tokenizer()
    tokens = torch.tensor([words(text)["input_ids"] for text, _ in asked])
    found = model(input_ids=tokens).logits[:, -1].argmax(-1).tolist()
    return [words.decode([token]) == answer for token, (_, answer) in zip(found, asked, strict=True)]


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
    known.write_card(
        folder,
        {
            "name": f"builtin:{wanted.name}",
            "title": "OR and AND with spare heads",
            "summary": "Two bits and a gate, by hand: each bit comes by two heads, so that single patches "
            "miss what joint patches find.",
            "architecture": known.architecture(model, folder),
            "training": {
                "command": "python tools/train_builtin.py gates --out FOLDER --export",
                "method": "weights written by hand; nothing is trained and nothing is drawn",
                "steps": 0,
                **known.surroundings(),
            },
            "aims": {"all questions": "1.0"},
            "accuracy": {"all questions": known.share(right(model, prompts()))},
            "inside": {
                "task": "`1 0 or` goes on with 1, `1 0 and` with 0",
                "metric": "logit of 1 minus logit of 0, after the last token: 20 or -20",
                "parts": ROLES,
                "directions": {
                    "noising": "`1 1 GATE` runs, and heads are given what they had on `0 0 GATE`",
                    "denoising": "`0 0 GATE` runs, and heads are given what they had on `1 1 GATE`",
                },
                "minimal_sets": MINIMAL_SETS,
            },
        },
    )
