"""On what do two models meet? The same texts, where both have read exactly the same characters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

_TOKENS_PER_PASS = 2048
_MOST_UNKNOWN = 0.05


@dataclass(frozen=True)
class Places:
    """Texts as one model's tokens, and which positions of each count: equally many of every text."""

    tokens: tuple[Tensor, ...]
    positions: tuple[tuple[int, ...], ...]

    @property
    def groups(self) -> Float[np.ndarray, " item"]:
        """Return the number of the text that each place is in."""
        return np.repeat(np.arange(len(self.tokens)), len(self.positions[0]))


def readable_passages(
    model: Model, corpus: Corpus | None, *, n: int, n_tokens: int, seed: int = 0
) -> tuple[list[Tensor], str]:
    """Return passages of a corpus as token ids, and what they are.

    Without a corpus they are of Python's language reference, or of tokens drawn at random for a model whose
    vocabulary does not hold its words. Passages are cut to the context. Raises `BadInput` as `passages` does.
    """
    length = min(n_tokens, model.n_positions)
    if model.tokenizer is not None:
        found = passages(model, corpus, n=n, n_tokens=length, seed=seed)
        unknown = getattr(model.tokenizer, "unk_token_id", None)
        share = float((torch.stack(found) == unknown).float().mean()) if unknown is not None else 0.0
        if share <= _MOST_UNKNOWN:
            return found, "reference" if corpus is None else corpus.name
        if corpus is not None:
            raise BadInput(
                f"{share:.0%} of the tokens of {corpus.name!r} are unknown to {model.name}: choose a corpus "
                "in its own words."
            )
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(model.vocab_size, (n, length), generator=generator)
    return list(drawn.to(model.device)), "random tokens"


def meeting_places(
    model: Model,
    other: Model,
    corpus: Corpus | None,
    *,
    n: int = 32,
    n_tokens: int = 64,
    n_places: int = 16,
    seed: int = 0,
) -> tuple[Places, Places, str]:
    """Return the same texts for two models with the places at which they meet, and what the texts are.

    A place is a token at whose end both models have read the same characters, so that words which one of
    them cuts in two count once, where they end. Of each text ``n_places`` are taken, spread evenly, or as
    many as the text with the fewest has; the first token counts for nothing. Raises `BadInput` where a text
    has no place, and as `passages` does.
    """
    found, said = readable_passages(model, corpus, n=n, n_tokens=n_tokens, seed=seed)
    if model.words_fingerprint == other.words_fingerprint or said == "random tokens":
        if other.vocab_size < model.vocab_size and said == "random tokens":
            raise BadInput(f"{other.name} has fewer tokens than {model.name}, and neither reads a text.")
        shared = [[(place, place) for place in range(1, min(len(ids), other.n_positions))] for ids in found]
        others = [ids[: other.n_positions].to(other.device) for ids in found]
    else:
        texts = [model.tokenizer.decode(ids, skip_special_tokens=True) for ids in found]
        found, ends = zip(*(_tokens_and_ends(model, text) for text in texts), strict=True)
        others, other_ends = zip(*(_tokens_and_ends(other, text) for text in texts), strict=True)
        shared = [_shared(one, two) for one, two in zip(ends, other_ends, strict=True)]
    fewest = min(map(len, shared))
    if not fewest:
        raise BadInput(f"{model.name} and {other.name} never end a token at the same place of some text.")
    kept = [_spread(places, min(n_places, fewest)) for places in shared]
    sides = [tuple(tuple(pair[side] for pair in places) for places in kept) for side in (0, 1)]
    return Places(tuple(found), sides[0]), Places(tuple(others), sides[1]), said


def _tokens_and_ends(model: Model, text: str) -> tuple[Tensor, dict[int, int]]:
    """Return a text's tokens and, for each place in the text where one ends, the token's position."""
    if not getattr(model.tokenizer, "is_fast", False):
        raise BadInput(
            f"The tokenizer of {model.name} does not say where its tokens end, so texts do not align."
        )
    read = model.tokenizer(text, add_special_tokens=True, return_offsets_mapping=True, verbose=False)
    kept = slice(model.n_positions)
    ends: dict[int, int] = {}
    for position, (start, end) in enumerate(read["offset_mapping"][kept]):
        if end > start:
            ends[end] = position  # of tokens that share a character's bytes, the last has read it all
    return torch.tensor(read["input_ids"][kept], device=model.device), ends


def _shared(ends: dict[int, int], others: dict[int, int]) -> list[tuple[int, int]]:
    places = [(ends[end], others[end]) for end in sorted(ends) if end in others]
    return [pair for pair in places if min(pair) > 0]


def _spread(places: Sequence[tuple[int, int]], n: int) -> list[tuple[int, int]]:
    chosen = np.linspace(0, len(places) - 1, n).round().astype(int)
    return [places[number] for number in chosen]


def representations(
    model: Model, places: Places, sites: Sequence[str]
) -> dict[str, Float[np.ndarray, "item width"]]:
    """Return what a model holds at some sites at each place, texts one after the other.

    Sites have one vector a token, as the residual stream and the neurons of a layer have.
    """
    found: dict[str, list[np.ndarray]] = {site: [np.empty(0)] * len(places.tokens) for site in sites}
    for rows in _together(places.tokens):
        asked = [places.tokens[row] for row in rows]
        seen = run(model, asked, get=[Site.parse(site) for site in sites], stop=True)
        for site in sites:
            for number, row in enumerate(rows):
                own = seen[site][number, seen.batch.own(number)][list(places.positions[row])]
                found[site][row] = own.double().flatten(1).cpu().numpy()
    return {site: np.concatenate(parts) for site, parts in found.items()}


def _together(tokens: Sequence[Tensor]) -> Iterator[list[int]]:
    """Yield the numbers of the texts that run together, texts of like length side by side."""
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    found: list[int] = []
    for row in order:
        if found and (len(found) + 1) * len(tokens[row]) > _TOKENS_PER_PASS:
            yield found
            found = []
        found.append(row)
    if found:
        yield found
