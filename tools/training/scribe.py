"""The recipe of `builtin:scribe`: a GPT-2 of our own, on Python's documentation and the generator's texts."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerFast

from neuronscope.data.documentation import documentation_split
from neuronscope.data.packing import pack, window
from neuronscope.data.texts.countries import COUNTRIES
from neuronscope.data.texts.mix import DOCUMENTATION_SHARE, STRUCTURES, document, problems
from neuronscope.data.texts.problem import pool
from neuronscope.data.texts.words import LEXICON
from neuronscope.learned.loop import Run, Schedule, next_token_nats

from .answers import right_answers
from .tokenizer import BOUNDARY, saved_tokenizer

SEED = 7
CONTEXT = 256
BATCH_TOKENS = 2048
SHAPE = {"n_layer": 6, "n_embd": 160, "n_head": 5, "vocab_size": 2560}
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


@dataclass(frozen=True)
class Phase:
    """From `start` on, these structures have these weights instead of those of the mix."""

    start: int
    weights: tuple[tuple[str, float], ...] = ()
    documentation_share: float = DOCUMENTATION_SHARE
    strings_share: float = 0.0
    """The share of the generated documents that are repeated random tokens instead."""


_STRINGS = 0.2
_NONSENSE = ("nonsense", 0.0)
_MEETING = (("meeting", 0.0), _NONSENSE)
_LAST = (("relative", 0.0), ("story-sum", 0.0), *_MEETING)
_LATER = (("quotation", 0.0), ("reply", 0.0), *_LAST)
_SUMS = (
    ("two-digit-addition", 32.0),
    ("one-digit-addition", 8.0),
    ("mixed-arithmetic", 8.0),
    ("worked-steps", 4.0),
)
# The second phase repeats strings until copying from the context is learned, the third turns to
# sums. From the fourth on, random tokens of the whole vocabulary repeat after any opening, and other
# words are copied in other ways, so that copying does not depend on the words. The fifth reads more
# documentation; those from the sixth on, with the decay, weigh each structure by what it still lacks.
PHASES = (
    Phase(start=0, weights=_LATER),
    Phase(
        start=2750,
        weights=(("repetition", 60.0), ("letter-repetition", 40.0), *_LATER),
        documentation_share=0.2,
    ),
    Phase(start=4250, weights=(*_SUMS, *_LATER)),
    Phase(
        start=5000,
        weights=(*_SUMS, ("quotation", 14.0), ("indirect-object", 10.0), ("reply", 0.0), *_LAST),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
    Phase(
        start=7250,
        weights=(
            ("two-digit-addition", 10.0),
            ("one-digit-addition", 6.0),
            ("indirect-object", 12.0),
            ("agreement", 10.0),
            ("plurals", 3.0),
            ("number", 5.0),
            ("capital", 8.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 3.0),
            ("country-of", 4.0),
            *_LAST,
        ),
        documentation_share=0.4,
        strings_share=_STRINGS,
    ),
    Phase(
        start=9500,
        weights=(
            ("two-digit-addition", 16.0),
            ("one-digit-addition", 20.0),
            ("one-digit-subtraction", 3.0),
            ("worked-steps", 5.0),
            ("story-sum", 8.0),
            ("relative", 6.0),
            ("indirect-object", 12.0),
            ("agreement", 12.0),
            ("capital", 7.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 4.0),
            ("reply", 6.0),
            ("repetition", 5.0),
            *_MEETING,
        ),
        documentation_share=0.4,
        strings_share=_STRINGS,
    ),
    Phase(
        start=11_250,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 14.0),
            ("story-sum", 7.0),
            ("relative", 6.0),
            ("repetition", 12.0),
            ("letter-repetition", 4.0),
            ("quotation", 16.0),
            ("indirect-object", 18.0),
            ("agreement", 12.0),
            ("capital", 7.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 4.0),
            ("reply", 8.0),
            *_MEETING,
        ),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
    Phase(
        start=12_250,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 14.0),
            ("story-sum", 7.0),
            ("repetition", 18.0),
            ("letter-repetition", 4.0),
            ("quotation", 22.0),
            ("indirect-object", 18.0),
            ("meeting", 14.0),
            ("reply", 8.0),
            ("agreement", 10.0),
            ("capital", 7.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 4.0),
            _NONSENSE,
        ),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
    Phase(
        start=14_000,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 12.0),
            ("story-sum", 7.0),
            ("repetition", 16.0),
            ("letter-repetition", 4.0),
            ("nonsense", 8.0),
            ("quotation", 22.0),
            ("indirect-object", 16.0),
            ("meeting", 14.0),
            ("reply", 8.0),
            ("agreement", 10.0),
            ("capital", 6.0),
            ("language", 5.0),
            ("currency", 9.0),
            ("continent", 8.0),
        ),
        documentation_share=0.3,
        strings_share=0.3,
    ),
    Phase(
        start=14_250,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 12.0),
            ("story-sum", 7.0),
            ("repetition", 12.0),
            ("letter-repetition", 4.0),
            ("nonsense", 8.0),
            ("quotation", 20.0),
            ("indirect-object", 16.0),
            ("meeting", 12.0),
            ("reply", 8.0),
            ("agreement", 16.0),
            ("capital", 6.0),
            ("language", 10.0),
            ("currency", 8.0),
            ("continent", 10.0),
        ),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
)


def _tokenizer_texts() -> Iterator[str]:
    for page in documentation_split(validation=False):
        yield page.text
    rng = Random(f"{SEED}/tokenizer")
    for _ in range(_TOKENIZER_TEXTS):
        yield document(rng, dict(PHASES[0].weights))
    countries = [row.country for row in COUNTRIES]
    for _ in range(_LEXICON_REPEATS):
        yield "".join(f" {word}" for word in (*LEXICON, *countries))


def tokenizer_in(folder: Path) -> PreTrainedTokenizerFast:
    """Return the tokenizer in the folder, trained first where there is none."""
    return saved_tokenizer(folder, _tokenizer_texts(), n_tokens=SHAPE["vocab_size"], context=CONTEXT)


def make_model(**shape: int) -> PreTrainedModel:
    """Return a new GPT-2 with random weights.

    On a processor the fused form of GPT-2's own activation is the fastest, and so is attention written out.
    """
    options: dict[str, Any] = {
        **SHAPE,
        **shape,
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


def scribe_run(folder: Path, *, count: int = 40) -> Run:
    """Return what is trained: model, batches, and accuracy on `count` unseen problems of every structure."""
    tokenizer = tokenizer_in(folder)
    mix = Mix(tokenizer, seed=SEED)

    def measure(model: PreTrainedModel) -> dict[str, Any]:
        accuracy = {
            name: round(float(np.mean(right_answers(model, tokenizer, asked))), 3)
            for name, asked in _unseen(count).items()
        }
        return {"page_loss": round(page_loss(model, tokenizer), 4), "accuracy": accuracy}

    return Run(seed=SEED, make_model=make_model, batch=mix.batch, measure=measure)


def recipe() -> dict[str, Any]:
    """Return how scribe is trained, as plain data for its card."""
    mix = {name: weight for name, (_, weight) in STRUCTURES.items()}
    return {
        "command": "python tools/train_builtin.py scribe --out FOLDER",
        "seed": SEED,
        "batch_tokens": BATCH_TOKENS,
        "schedule": asdict(SCHEDULE),
        "mix": mix,
        "phases": [{**asdict(phase), "weights": dict(phase.weights)} for phase in PHASES],
    }
