"""What is a task? A way to draw pairs: the same pair for the same seed, split and tokenizer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from random import Random

from neuronscope.words import BadInput

from .fitting import Tokenizer, fitted
from .pair import SEEDS_APART, Dice, Pair, Pairs, Split

TRIES = 40

_BATCH = 64
# So many seeds in a row without a new pair end the search, whatever number was asked.
_PATIENCE = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """A question that is asked again and again: `draw` throws the dice and returns one pair.

    `splits` holds how many different problems each split has, or `None` where nobody counted. `metric` is the
    measure that fits: `logit_difference` of answer and distractor, or `probability_difference` of all right
    and all wrong answers. `source` is where the task and its corruption come from. A task that is `listed`
    reads its pairs from a file and takes each once at most; `content` is the digest of that file. `tries` is
    how often a seed is drawn anew until the tokenizer can express it.
    """

    name: str
    summary: str
    draw: Callable[[Dice], Pair]
    source: str = ""
    metric: str = "logit_difference"
    has_twin: bool = True
    splits: Mapping[str, int | None]
    listed: bool = False
    tries: int = TRIES
    content: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """Return a digest of what the task draws, and of the file that it reads, as hexadecimal digits."""
        whole = sha256(f"{self.source}\n{self.metric}\n{self.content}".encode())
        for split in () if self.listed else self.splits:
            for seed in range(32):
                for attempt in range(2):
                    whole.update(repr(self._throw(seed, attempt, split)).encode())
        return whole.hexdigest()

    def pair(self, seed: int, tokenizer: Tokenizer, *, split: Split = "unseen") -> Pair | None:
        """Return the pair of a seed, or nothing where the tokenizer cannot express it."""
        return self.drawn([seed], tokenizer, split=split)[0]

    def drawn(
        self, seeds: Iterable[int], tokenizer: Tokenizer, *, split: Split = "unseen"
    ) -> list[Pair | None]:
        """Return the pair of each seed, or nothing where the tokenizer cannot express it.

        A seed is drawn anew until both prompts have equally many tokens and answer and
        distractor differ in their first one.
        """
        self._check(split)
        wanted = list(seeds)
        found: list[Pair | None] = [None] * len(wanted)
        left = list(range(len(wanted)))
        for attempt in range(self.tries):
            thrown = fitted([self._throw(wanted[place], attempt, split) for place in left], tokenizer)
            for place, pair in zip(left, thrown, strict=True):
                found[place] = pair
            left = [place for place in left if found[place] is None]
            if not left:
                break
        return found

    def pairs(self, n: int, tokenizer: Tokenizer, *, seed: int = 0, split: Split = "unseen") -> Pairs:
        """Return `n` different pairs.

        Raises `BadInput` with the counts where the tokenizer cannot express the task or there are too few.
        """
        if n < 1:
            raise BadInput(f"{n} pairs cannot be drawn; ask for at least 1.")
        self._check(split)
        kept: dict[tuple[str, str], Pair] = {}
        refused = repeated = asked = latest = 0
        most = self.splits[split] if self.listed else None
        while len(kept) < n and asked != most and (most or asked - latest < (_PATIENCE if kept else _BATCH)):
            batch = min(_BATCH, max(16, n - len(kept)), most - asked if most else _BATCH)
            seeds = [seed * SEEDS_APART + asked + index for index in range(batch)]
            for pair in self.drawn(seeds, tokenizer, split=split):
                if len(kept) == n:
                    break
                asked += 1
                if pair is None:
                    refused += 1
                elif (pair.clean, pair.corrupt) in kept:
                    repeated += 1
                else:
                    kept[pair.clean, pair.corrupt] = pair
                    latest = asked
        if not kept:
            raise BadInput(
                f"{self.name} cannot be written with this tokenizer: none of {asked} seeds gives prompts of "
                "equal length with answers that part at their first token; choose another task or model."
            )
        if len(kept) < n:
            raise BadInput(
                f"{self.name} gives {len(kept)} different pairs with this tokenizer, fewer than {n} "
                f"({refused} of {asked} seeds refused, {repeated} repeated); ask for at most {len(kept)}."
            )
        return Pairs(tuple(kept.values()), refused, asked, repeated)

    def _check(self, split: str) -> None:
        if split not in self.splits:
            raise BadInput(
                f"{self.name} has no split {split!r}; it has {', '.join(self.splits)}; choose one of these."
            )

    def _throw(self, seed: int, attempt: int, split: str) -> Pair:
        return self.draw(
            Dice(
                task=self.name,
                split=split,  # pyright: ignore[reportArgumentType]
                seed=seed,
                attempt=attempt,
                rng=Random(f"{self.content or self.name}/{split}/{seed}/{attempt}"),
            )
        )
