"""How does a run of training a language model go, from a corpus to a folder that opens as a model?"""

import copy
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from neuronscope.data.corpora import BOUNDARY, Corpus, split
from neuronscope.learned.folder import CONFIG, METRICS, RUN, card, claim, measured, write_model, write_words
from neuronscope.learned.language import Reading, reading, scores, written
from neuronscope.learned.loop import Run, train
from neuronscope.learned.schedule import Schedule, log_spaced
from neuronscope.learned.shapes import Size, new_model
from neuronscope.learned.vocabulary import byte_pair_tokenizer, character_tokenizer
from neuronscope.models import Model
from neuronscope.results import log, save, stamp
from neuronscope.words import BadInput


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a language model is to be and how it learns; the fields are the parameters of the maker."""

    shape: str = "gpt2"
    layers: int = 4
    heads: int = 4
    width: int = 128
    context: int = 128
    tokens: str = "bpe"
    n_tokens: int = 2048
    dropout: float = 0.0
    steps: int = 2000
    rows: int = 16
    learning_rate: float = 1e-3
    keep: str = "log"
    n_kept: int = 16
    validation_share: float = 0.1
    seed: int = 0
    train_on: str = "cpu"


OF_A_NEW_MODEL = ("shape", "layers", "heads", "width", "tokens", "n_tokens", "dropout")
"""The choices that a model that is trained further has made already."""


@dataclass(frozen=True, kw_only=True)
class _Beginning:
    """What a run begins with: how to make its model, its tokenizer, and the token between documents."""

    make_model: Callable[[], PreTrainedModel]
    tokenizer: PreTrainedTokenizerBase
    boundary: int


def learn(corpus: Corpus, start: Model | None, choice: Choice, out: Path) -> Path:
    """Train in the folder, going on where a killed run stopped, and return it as the folder of a model.

    Raises `BadInput` where corpus, choices and start do not fit one another, or the folder holds another run.
    """
    folder = out.expanduser()
    if start is not None:
        choice = _fitted(choice, start)
    _available(choice.train_on)
    parts = split(corpus, choice.validation_share, seed=choice.seed)
    if start is None:
        # Sizes that do not fit one another are refused before the folder is claimed.
        new_model(choice.shape, replace(_size(choice, choice.n_tokens), layers=1), boundary=0)
    claim(folder, _settings(corpus, start, choice))
    try:
        begun = _anew(choice, parts[0], folder) if start is None else _further(start)
        read = reading(
            (parts[0].documents(), parts[1].documents()),
            begun.tokenizer,
            boundary=begun.boundary,
            context=choice.context,
            rows=choice.rows,
            seed=choice.seed,
        )
    except BadInput:
        if not (folder / CONFIG).exists():  # nothing was learned here, so other settings may follow
            (folder / RUN).unlink()
        raise
    if not (folder / CONFIG).exists():
        with torch.random.fork_rng():
            write_words(begun.make_model(), begun.tokenizer, folder)
    model = train(
        _run(choice, begun, read),
        _schedule(choice),
        folder,
        save_every=max(1, min(100, choice.steps // 10)),
        measure_every=max(25, choice.steps // 20),
        device=choice.train_on,
        tell=log.info,
    )
    _finish(model, read, corpus, start, choice, folder)
    return folder


def _settings(corpus: Corpus, start: Model | None, choice: Choice) -> dict[str, Any]:
    asked = {**asdict(choice), "corpus": corpus.fingerprint}
    return asked if start is None else {**asked, "start": start.fingerprint}


def _fitted(choice: Choice, start: Model) -> Choice:
    """Return the choices with the context that a given model can read; refuse those that it has made."""
    if not isinstance(start.tokenizer, PreTrainedTokenizerBase):
        raise BadInput(
            f"{start.name!r} has no Hugging Face tokenizer, and so cannot be trained further here."
        )
    for name in OF_A_NEW_MODEL:
        if getattr(choice, name) != getattr(Choice(), name):
            raise BadInput(
                f"{name}={getattr(choice, name)!r} does not go with start: a model that is trained further "
                f"keeps its own {name}; leave it out."
            )
    return replace(choice, context=min(choice.context, start.n_positions or choice.context))


def _available(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise BadInput(f"It cannot be trained on {device!r}, which is not there: choose cpu.") from error


def _size(choice: Choice, n_tokens: int) -> Size:
    size = {field.name: getattr(choice, field.name) for field in fields(Size)}
    return Size(**{**size, "n_tokens": n_tokens})


def _anew(choice: Choice, training: Corpus, folder: Path) -> _Beginning:
    if (folder / CONFIG).exists():  # it comes last, so that the tokenizer is whole
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    elif choice.tokens == "character":
        tokenizer = character_tokenizer(training.documents(), context=choice.context)
    else:
        tokenizer = byte_pair_tokenizer(
            training.documents(), n_tokens=choice.n_tokens, context=choice.context
        )
    boundary = _number(tokenizer, BOUNDARY)
    make = partial(new_model, choice.shape, _size(choice, len(tokenizer)), boundary=boundary)
    return _Beginning(make_model=make, tokenizer=tokenizer, boundary=boundary)


def _further(start: Model) -> _Beginning:
    tokenizer = start.tokenizer
    token = tokenizer.bos_token or tokenizer.eos_token
    if token is None:
        raise BadInput(f"The tokenizer of {start.name!r} has no token for the beginning or end of a text.")

    def make_model() -> PreTrainedModel:
        model = copy.deepcopy(start.hf)
        model.set_attn_implementation("eager")
        model.config.use_cache = False
        return model.float().requires_grad_(True)

    return _Beginning(make_model=make_model, tokenizer=tokenizer, boundary=_number(tokenizer, str(token)))


def _number(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    number: Any = tokenizer.convert_tokens_to_ids(token)
    return int(number)


def _schedule(choice: Choice) -> Schedule:
    return Schedule(
        steps=choice.steps,
        learning_rate=choice.learning_rate,
        warm_up=max(1, choice.steps // 20),
        decay=max(1, choice.steps // 5),
    )


def _run(choice: Choice, begun: _Beginning, read: Reading) -> Run:
    def measure(model: PreTrainedModel) -> dict[str, Any]:
        sample = written(
            model, begun.tokenizer, boundary=begun.boundary, context=choice.context, seed=choice.seed
        )
        return {**scores(model, read), "sample": sample}

    keep = {
        "log": log_spaced(choice.steps, choice.n_kept),
        "epoch": frozenset(
            {0, *range(read.steps_per_epoch, choice.steps + 1, read.steps_per_epoch), choice.steps}
        ),
        "none": frozenset(),
    }
    return Run(
        seed=choice.seed,
        make_model=begun.make_model,
        batch=read.batch,
        measure=measure,
        keep=keep[choice.keep],
    )


def _finish(
    model: PreTrainedModel,
    read: Reading,
    corpus: Corpus,
    start: Model | None,
    choice: Choice,
    folder: Path,
) -> None:
    """Write what a finished run leaves: weights, metrics and card."""
    write_model(model, folder)
    settings = json.loads((folder / RUN).read_text(encoding="utf-8"))
    made = stamp(
        measured(folder),
        analysis="language_model",
        arguments=asdict(choice),
        models={} if start is None else {"start": {"name": start.name, "fingerprint": start.fingerprint}},
        sources={"corpus": {"name": corpus.name, "fingerprint": settings["corpus"]}},
        seed=choice.seed,
    )
    save(made, folder / METRICS)
    parent = "" if start is None else f", begun as {start.name}"
    card(
        folder,
        title=f"A language model of {Path(corpus.name).name}",
        summary=f"A {model.config.model_type} model trained for {choice.steps:,} steps{parent}.",
        command=f"neuronscope make language-model --corpus {corpus.name} --out FOLDER; settings in {RUN}",
        seed=choice.seed,
        n_tokens=int(read.looked_at["validation"][:, 1:].numel()),
    )
