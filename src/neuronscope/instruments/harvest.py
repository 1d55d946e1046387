"""What does a model compute on every token of a corpus, kept on disk for all that is trained on it later?"""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import torch

from neuronscope.instruments.harvested.claim import claimed
from neuronscope.instruments.harvested.documents import Corpus, Portion, documents_of, passes_of, portions_of
from neuronscope.instruments.harvested.gathering import Gathering
from neuronscope.instruments.harvested.ledger import Ledger
from neuronscope.instruments.harvested.reader import Harvest
from neuronscope.instruments.harvested.shards import DTYPES
from neuronscope.instruments.run import check_fired, wanted
from neuronscope.models.forward import holding
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.results import track
from neuronscope.words import BadInput, nearest


def harvest(
    model: Model,
    corpus: Corpus,
    sites: str | Site | Iterable[str | Site],
    folder: str | os.PathLike[str],
    *,
    dtype: str = "float32",
    tokens_per_shard: int = 65_536,
    tokens_per_pass: int = 4096,
) -> Harvest:
    """Keep what a model computes at some sites on every token of a corpus, and return it as a `Harvest`.

    ``corpus`` holds documents: prompts, token ids, or a tensor of them [document position]. ``sites`` may
    name a unit and, all the same, positions: ``resid_post.6@1:`` leaves each first token out. ``dtype`` is
    float64, float32, float16 or bfloat16. A row a token goes to shards of about ``tokens_per_shard`` rows;
    documents run in their order, as many together as fit ``tokens_per_pass``, and no further than the last
    site. Padding is never stored. Up to two shards are held in memory: one fills while one is written.

    What runs together depends on the corpus alone, and a shard is written whole or not at all. Killed and
    called again with the same arguments, a harvest goes on after its last whole shard, and its files are
    those of one that was never killed, bit for bit (on the same machine and versions). A finished one is
    checked against the corpus and returned; a shard that went missing is made anew. Raises `BadInput` for
    another model, corpus or settings than the folder's, for documents that the model cannot read, where the
    folder cannot be written, and while another harvest writes to it.
    """
    reads = _checked(model, sites)
    if dtype not in DTYPES:
        raise BadInput(f"dtype is {dtype!r}, but must be one of {', '.join(DTYPES)}{nearest(dtype, DTYPES)}.")
    for name, size in {"tokens_per_shard": tokens_per_shard, "tokens_per_pass": tokens_per_pass}.items():
        if size < 1:
            raise BadInput(f"{name} is {size}, but must be at least 1.")
    settings = {
        "model": model.fingerprint,
        "sites": [str(site) for site in reads],
        "dtype": dtype,
        "tokens_per_shard": tokens_per_shard,
        "tokens_per_pass": tokens_per_pass,
    }
    passes = passes_of(model, documents_of(model, corpus), reads[0], tokens_per_pass)
    portions = portions_of(passes, tokens_per_shard)
    place = Path(folder).expanduser()
    with claimed(place):
        ledger = Ledger(place, settings, model.name)
        done = _harvested(model, portions, ledger, Gathering(reads, DTYPES[dtype]))
        with closing(done):  # so that hooks go at once when the listener cancels
            deque(track(done, "documents", len(corpus) if isinstance(corpus, Sized) else None), maxlen=0)
    return Harvest(place)


def _harvested(
    model: Model, portions: Iterator[Portion], ledger: Ledger, gathering: Gathering
) -> Generator[int, None, None]:
    """Harvest shard by shard, yielding the number of each document that is done."""
    visits = gathering.visits()
    portion, pending = None, None
    with ThreadPoolExecutor(1) as writer, holding(model.anatomy, visits) as one_pass:
        for portion in portions:
            there = ledger.has(portion)
            for one in portion.passes:
                if one.n_rows and not there:
                    batch = gathering.begin(model, one)
                    with torch.no_grad():
                        done = one_pass(batch)
                    check_fired(visits, done.fired, stopped=False)
                yield from range(one.first, one.first + len(one.documents))
            if portion.n_rows and not there:
                _finish(pending)
                pending = writer.submit(ledger.write, portion, gathering.hand_over(), gathering.axes())
        _finish(pending)
    if portion is None or not ledger.records:
        raise BadInput(
            "The corpus gives no row: it is empty, or no document reaches the positions asked for."
        )
    ledger.close(portion)


def _finish(pending: Future[None] | None) -> None:
    if pending is not None:
        pending.result()


def _checked(model: Model, sites: str | Site | Iterable[str | Site]) -> list[Site]:
    check_evaluation_mode(model.hf)
    reads = wanted(model, sites)
    if not reads:
        raise BadInput("A harvest needs a site: name one, such as resid_post.6.")
    for site in reads:
        model.check(site)
        if site.kind.words and site.kind.words[:2] != ("batch", "position"):
            raise BadInput(f"{site} has no row for each token, so it cannot be harvested: read it with run.")
        if isinstance(site.position, str):
            raise BadInput(f"{site} names a span, but a corpus has none: write positions such as @1: or @-1.")
        if site.position != reads[0].position:
            raise BadInput(
                f"{reads[0]} and {site} name different positions, but a row holds all sites of one token: "
                "harvest them apart."
            )
    return reads
