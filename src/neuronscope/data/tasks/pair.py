"""What is one question of a task? A clean prompt and a corrupt twin of equal length whose answer differs.

The twin is what makes a claim about a circuit testable: whatever carries the answer must differ between the
two runs, and whatever does not differ cannot carry it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal, TypeVar, overload

from neuronscope.data.texts.problem import Span, Templates, fill, pool
from neuronscope.data.texts.problem import Split as Wording
from neuronscope.words import BadInput

Split = Literal["unseen", "seen", "train", "validation"]
"""Which problems: those that `builtin:scribe` never read, those that it read, or two parts of the former."""

SEEDS_APART = 2**20
"""How far the seeds of one set lie from those of the next."""

Word = TypeVar("Word")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A clean prompt with its answer, and a corrupt prompt whose answer is the distractor.

    Both have equally many tokens under the tokenizer that they were drawn for. `accepted` and `rejected` hold
    further right and wrong answers of the clean prompt. Spans are characters; a span marks the same place in
    both prompts and is named by what it is in the clean one. A task without a twin leaves `corrupt` and
    `distractor` empty.
    """

    task: str
    template: str
    seed: int
    clean: str
    corrupt: str
    answer: str
    distractor: str
    accepted: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    corrupt_spans: tuple[Span, ...] = ()

    def span(self, name: str, *, corrupt: bool = False) -> str:
        """Return the characters of the span called `name`, in the clean or the corrupt prompt."""
        text, spans = (self.corrupt, self.corrupt_spans) if corrupt else (self.clean, self.spans)
        for span in spans:
            if span.name == name:
                return text[span.start : span.end]
        raise BadInput(
            f"There is no span {name!r} in this pair of {self.task}; it has {[s.name for s in spans]}."
        )


@dataclass(frozen=True)
class Pairs(Sequence[Pair]):
    """The pairs that were drawn, how many seeds were asked, and how many of them the tokenizer refused.

    `repeated` counts the seeds that gave a pair which was there already.
    """

    pairs: tuple[Pair, ...]
    refused: int
    asked: int
    repeated: int = 0

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Pair, ...]: ...
    def __getitem__(self, index: int | slice) -> Pair | tuple[Pair, ...]:
        return self.pairs[index]

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)


def solvable(pairs: Sequence[Pair], right: Sequence[bool], *, wanted: int) -> Pairs:
    """Return the first `wanted` pairs that a model gets right, `right` saying which.

    Raises `BadInput` with the count where there are fewer.
    """
    kept = tuple(pair for pair, is_right in zip(pairs, right, strict=True) if is_right)
    if len(kept) < wanted:
        task = pairs[0].task if pairs else "this task"
        raise BadInput(
            f"The model gets {len(kept)} of {len(pairs)} pairs of {task} right, fewer than {wanted}; "
            f"ask for at most {len(kept)}, draw more pairs or choose a task that the model can do."
        )
    refused = pairs.refused if isinstance(pairs, Pairs) else 0
    asked = pairs.asked if isinstance(pairs, Pairs) else len(pairs)
    return Pairs(kept[:wanted], refused, asked)


@dataclass(frozen=True)
class Dice:
    """What a task draws one pair with: a generator of chance, the split, and which attempt it is, from 0."""

    task: str
    split: Split
    seed: int
    attempt: int
    rng: Random

    @property
    def tight(self) -> bool:
        """Return whether to replace a word by one of as many characters, as every second attempt does.

        Tokenizers that spell words out find their pairs so.
        """
        return self.attempt % 2 == 1

    @property
    def wording(self) -> Wording:
        """Return the split of the text generator: what it trains models on, or what it keeps back."""
        return "train" if self.split == "seen" else "unseen"

    def words(self, words: tuple[Word, ...], fold: int) -> tuple[Word, ...]:
        """Return the words of a list that the split may use; `fold` is the seventh that is kept back."""
        return pool(words, fold, self.wording)

    def filler(self, words: Sequence[str], fold: int) -> str:
        """Return a word that does not matter: any of the list, or any that training used if `seen`."""
        return self.rng.choice(self.words(tuple(words), fold) if self.split == "seen" else words)

    def template(self, templates: Templates) -> tuple[str, str]:
        """Return one template of the split with its name."""
        return templates.pick(self.rng, self.wording)

    def row(self, n_rows: int) -> int:
        """Return which of the rows of a file the seed stands for: the order of the file, or one shuffled.

        The low digits of a seed count the rows, the high ones choose the order; 0 is that of the file.
        """
        order, place = divmod(self.seed, SEEDS_APART)
        return _order(n_rows, order)[place % n_rows]

    def another(self, word: str, words: Sequence[str]) -> str:
        """Return a word that is not this one; in a tight draw one of as many characters if there is any."""
        others = [other for other in words if other != word]
        even = [other for other in others if len(other) == len(word)] if self.tight else []
        return self.rng.choice(even or others)

    def twins(
        self,
        chosen: tuple[str, str],
        clean: dict[str, str],
        corrupt: dict[str, str],
        *,
        answer: str,
        distractor: str,
        accepted: tuple[str, ...] = (),
        rejected: tuple[str, ...] = (),
    ) -> Pair:
        """Return the pair that one template states, the slots of the twin changed by `corrupt`."""
        text, spans = fill(chosen[0], clean)
        twin, twin_spans = fill(chosen[0], clean | corrupt)
        return Pair(
            task=self.task,
            template=chosen[1],
            seed=self.seed,
            clean=text,
            corrupt=twin,
            answer=answer,
            distractor=distractor,
            accepted=accepted,
            rejected=rejected,
            spans=spans,
            corrupt_spans=twin_spans,
        )


@lru_cache(maxsize=8)
def _order(n_rows: int, seed: int) -> tuple[int, ...]:
    rows = list(range(n_rows))
    if seed:
        Random(f"rows/{seed}").shuffle(rows)
    return tuple(rows)
