"""The recipe of `builtin:scribe`: a GPT-2 of our own, on Python's documentation and the generator's texts."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerFast

from neuronscope.data.corpora import BOUNDARY
from neuronscope.data.documentation import documentation_split
from neuronscope.data.packing import pack, window
from neuronscope.data.texts.countries import COUNTRIES
from neuronscope.data.texts.mix import STRUCTURES, document, problems
from neuronscope.data.texts.problem import pool
from neuronscope.data.texts.words import LEXICON
from neuronscope.learned.loop import CHECKPOINT, Run, Schedule, next_token_nats
from neuronscope.learned.loop import train as learn
from neuronscope.learned.vocabulary import saved_tokenizer

from .answers import right_answers
from .card import measured_card, training_facts, write_weights
from .phases import PHASES, Phase
from .readme import write_readme
from .recipe import Wanted

SEED = 7
CONTEXT = 256
BATCH_TOKENS = 2048
SIZES = {"layers": 6, "width": 160, "heads": 5, "tokens": 2560}
SCHEDULE = Schedule(
    steps=15_250,
    learning_rate=3e-3,
    warm_up=300,
    decay=4000,
    stretched_from=12_250,
    stretched_by=500,
    cycles=((14_000, 1e-3),),
    bfloat16=True,
)
_TOKENIZER_TEXTS = 20_000
# Often enough that each word of the lexicon becomes one token.
_LEXICON_REPEATS = 400


def _tokenizer_texts() -> Iterator[str]:
    for page in documentation_split(validation=False):
        yield page.text
    rng = Random(f"{SEED}/tokenizer")
    for _ in range(_TOKENIZER_TEXTS):
        yield document(rng, dict(PHASES[0].weights))
    countries = [row.country for row in COUNTRIES]
    for _ in range(_LEXICON_REPEATS):
        yield "".join(f" {word}" for word in (*LEXICON, *countries))


def tokenizer_in(folder: Path, *, n_tokens: int = SIZES["tokens"]) -> PreTrainedTokenizerFast:
    """Return the tokenizer in the folder, trained first where there is none."""
    return saved_tokenizer(folder, _tokenizer_texts(), n_tokens=n_tokens, context=CONTEXT)


def make_model(**sizes: int) -> PreTrainedModel:
    """Return a new GPT-2 with random weights.

    On a processor the fused form of GPT-2's own activation is the fastest, and so is attention written out.
    """
    size = {**SIZES, **sizes}
    options: dict[str, Any] = {
        "n_layer": size["layers"],
        "n_embd": size["width"],
        "n_head": size["heads"],
        "vocab_size": size["tokens"],
        "n_positions": CONTEXT,
        "activation_function": "gelu_pytorch_tanh",
        "attn_implementation": "eager",
        "bos_token_id": 0,
        "eos_token_id": 0,
        "embd_pdrop": 0.1,
        "resid_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "use_cache": False,
    }
    return GPT2LMHeadModel(GPT2Config(**options))


class Mix:
    """The training tokens: batches that are a function of the step, and the documentation they draw on."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, *, seed: int, phases: tuple[Phase, ...] = PHASES
    ) -> None:
        self.tokenizer, self.seed, self.phases = tokenizer, seed, phases
        self.boundary = tokenizer.get_vocab()[BOUNDARY]
        pages = tokenizer([page.text for page in documentation_split(validation=False)], verbose=False)[
            "input_ids"
        ]
        unseen = [text for word in pool(LEXICON, 0, "unseen") for text in (word, f" {word}")]
        held_out = {token for tokens in tokenizer(unseen)["input_ids"] for token in tokens}
        self.free = [token for token in range(len(tokenizer)) if token not in {self.boundary} | held_out]
        self.comma = tuple(tokenizer(",")["input_ids"])
        self.stream = np.array([token for page in pages for token in (self.boundary, *page)], dtype=np.int64)

    def phase(self, step: int) -> Phase:
        """Return the phase that a step belongs to."""
        return [phase for phase in self.phases if phase.start <= step][-1]

    def string(self, rng: Random) -> list[int]:
        """Return random tokens three times over, after an opening cut out of the documentation.

        The whole vocabulary is drawn from, but for the words that `repetition` holds out: what is learned
        from such strings is to copy whatever stands there, and not which words are copied.
        """
        tokens = rng.sample(self.free, min(rng.randint(2, 16), rng.randint(2, 16)))
        length = rng.choice((0, 0, rng.randint(1, 10)))
        start = rng.randrange(len(self.stream) - length)
        separator = rng.choice(((), (), self.comma, (rng.choice(self.free),)))
        string = [token for word in tokens for token in (word, *separator)]
        return self.stream[start : start + length].tolist() + 3 * string

    def _documents(self, step: int) -> Iterator[list[int]]:
        rng = Random(f"{self.seed}/{step}")
        phase = self.phase(step)
        weights = dict(phase.weights)
        while True:
            texts = [document(rng, weights) for _ in range(64)]
            for tokens in self.tokenizer(texts)["input_ids"]:
                # Without strings the draws are those of a phase that has none.
                is_string = phase.strings_share and rng.random() < phase.strings_share
                yield self.string(rng) if is_string else tokens

    def batch(self, step: int) -> np.ndarray:
        """Return the token ids of a step (row, position); every fourth batch is long and low."""
        length = CONTEXT if step % 4 == 3 else CONTEXT // 2
        n_rows = BATCH_TOKENS // length
        n_pages = round(self.phase(step).documentation_share * n_rows)
        pages = [window(self.stream, step * n_pages + row, length, seed=self.seed) for row in range(n_pages)]
        texts = pack(self._documents(step), n_rows - n_pages, length, boundary=self.boundary)
        return np.concatenate([np.stack(pages), texts])


@cache
def _unseen(count: int) -> dict[str, tuple]:
    return {name: problems(name, count, seed=SEED) for name in STRUCTURES}


@torch.no_grad()
def page_loss(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, n_pages: int = 24) -> float:
    """Return a quick validation loss in nats per token: the opening of some documentation pages."""
    pages = documentation_split(validation=True)[:n_pages]
    losses, counts = [], []
    for page in pages:
        tokens = torch.tensor([tokenizer(page.text, verbose=False)["input_ids"][:CONTEXT]])
        losses.append(float(next_token_nats(model(input_ids=tokens).logits, tokens)) * (tokens.numel() - 1))
        counts.append(tokens.numel() - 1)
    return sum(losses) / sum(counts)


def scribe_run(
    folder: Path, *, seed: int = SEED, sizes: Mapping[str, int] | None = None, count: int = 40
) -> Run:
    """Return what is trained: model, batches, and accuracy on `count` unseen problems of every structure."""
    size = {**SIZES, **(sizes or {})}
    tokenizer = tokenizer_in(folder, n_tokens=size["tokens"])
    mix = Mix(tokenizer, seed=seed)

    def measure(model: PreTrainedModel) -> dict[str, Any]:
        accuracy = {
            name: round(float(np.mean(right_answers(model, tokenizer, asked))), 3)
            for name, asked in _unseen(count).items()
        }
        return {"page_loss": round(page_loss(model, tokenizer), 4), "accuracy": accuracy}

    return Run(seed=seed, make_model=partial(make_model, **size), batch=mix.batch, measure=measure)


def _seed(wanted: Wanted) -> int:
    return SEED if wanted.seed is None else wanted.seed


def variants(_: Wanted) -> tuple[str, ...]:
    """Return that there is one scribe."""
    return ("",)


def train(wanted: Wanted, out: Path, _: str) -> None:
    """Train scribe in a folder of tokenizer, checkpoint and log."""
    learn(
        scribe_run(out, seed=_seed(wanted), sizes=wanted.sizes),
        replace(SCHEDULE, steps=wanted.steps or SCHEDULE.steps),
        out,
        stop_after=wanted.stop_after,
        measure_every=wanted.measure_every or 1000,
    )


def export(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write the model's folder: rounded weights and tokenizer."""
    model = make_model(**wanted.sizes)
    model.load_state_dict(torch.load(out / CHECKPOINT, weights_only=True)["model"])
    write_weights(model, tokenizer_in(out), folder)


def write_card(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write the card and the page, measured on the weights in the folder."""
    card = measured_card(folder, training_facts(out, facts(_seed(wanted))), wanted.name)
    write_readme(folder, card)


def facts(seed: int) -> dict[str, Any]:
    """Return how scribe is trained, as plain data for its card."""
    mix = {name: weight for name, (_, weight) in STRUCTURES.items()}
    return {
        "command": "python tools/train_builtin.py scribe --out FOLDER --export",
        "seed": seed,
        "batch_tokens": BATCH_TOKENS,
        "schedule": asdict(SCHEDULE),
        "mix": mix,
        "phases": [{**asdict(phase), "weights": dict(phase.weights)} for phase in PHASES],
    }
