"""Does a training read better as an animation or as small multiples? A reader with little memory tries both.

    python tools/animation_or_multiples.py --json docs/studies/animation-or-multiples.json

No people took part: the reader is simulated. What it can and cannot do is written down in `Reader`; all that
it looks at is real, the steps that the built-in models kept of their training. The assumptions, the numbers
and what they cannot show stand in `docs/studies/animation-or-multiples.md`.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

import neuronscope

SEED = 0
SHOWN = 12
"""How many small multiples the atlas shows."""
HEIGHT = {"animation": 380, "multiples": 116, "traces": 156}
"""How many pixels high the atlas draws a value's range in each."""
CANDIDATES = 8
READERS = 6
SETS = 200


@dataclass(frozen=True)
class Reader:
    """What the simulated reader can do."""

    held: int = 4
    """Things followed, or compared, at once."""
    error: float = 3.0
    """Standard deviation in pixels of one reading of a place."""
    forgetting: float = 2.0
    """How many times as large the error of a remembered place is."""
    plays: int = 1
    """How many times the animation is played; small multiples get as much time."""

    def reads(
        self, values: np.ndarray, how: str, rng: np.random.Generator, *, remembered: bool
    ) -> np.ndarray:
        """Return values as seen, those of an animation as remembered a frame later where that is asked."""
        size = self.error / HEIGHT[how] * np.ptp(values)
        return values + rng.normal(0, size * (self.forgetting if remembered else 1.0), values.shape)


def shown_steps(n_steps: int, how: str) -> np.ndarray:
    """Return the steps that are on screen: all in an animation and in traces, some in small multiples."""
    if how != "multiples" or n_steps <= SHOWN:
        return np.arange(n_steps)
    return np.round(np.linspace(0, n_steps - 1, SHOWN)).astype(int)


def seen_changes(
    values: np.ndarray, how: str, reader: Reader, rng: np.random.Generator, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes [interval item] that the reader sees between steps on screen, and those steps.

    In an animation the frame before is gone, so it is remembered; elsewhere both stand side by side.
    """
    steps = shown_steps(len(values), how)
    part = np.concatenate([values[steps], np.broadcast_to(scale, (2, values.shape[1]))])
    now = reader.reads(part, how, rng, remembered=False)[:-2]
    before = reader.reads(part, how, rng, remembered=how == "animation")[:-2]
    return now[1:] - before[:-1], steps


def followed(places: np.ndarray, how: str, reader: Reader, rng: np.random.Generator) -> np.ndarray:
    """Return which point the reader takes for each item at each step on screen [step item], without marks.

    ``places`` is [step item 2], each coordinate from 0 to 1. From one step to the next all points are matched
    one to one so that they move as little as they can together (Ullman 1979), which is more than people can.
    """
    steps = shown_steps(len(places), how)
    size = reader.error / HEIGHT[how] * (reader.forgetting if how == "animation" else 1.0)
    found = [np.arange(places.shape[1])]
    for before, now in pairwise(steps):
        was = places[before] + rng.normal(0, size, places[before].shape)
        far = ((was[:, None] - places[now][None]) ** 2).sum(-1)
        found.append(linear_sum_assignment(far)[1][found[-1]])
    return np.stack(found)


def when_most(
    values: np.ndarray, item: int, path: np.ndarray, how: str, reader: Reader, rng: np.random.Generator
) -> bool:
    """Say whether the reader finds when a neuron changed most, to within one step."""
    truth = int(np.abs(np.diff(values[:, item])).argmax())
    steps = shown_steps(len(values), how)
    line = np.full((len(values), 1), np.nan)
    line[steps, 0] = values[steps, path]
    scale = np.array([[values.min()], [values.max()]])
    change, _ = seen_changes(line, how, reader, rng, scale)
    place = int(np.abs(change[:, 0]).argmax())
    return bool(abs((steps[place] + steps[place + 1] - 1) / 2 - truth) <= 1)


def which_together(
    values: np.ndarray, items: np.ndarray, how: str, reader: Reader, rng: np.random.Generator
) -> bool:
    """Say whether the reader finds the two of some marked neurons whose changes go together most.

    A pair takes a reading of both at every step on screen. Of an animation the reader follows ``held``
    neurons a play and compares ``held`` pairs of them; the others may be looked at as long, pair after pair.
    """
    chosen = values[:, items]
    pairs = list(combinations(range(len(items)), 2))
    truth = max(pairs, key=lambda pair: _together(np.diff(chosen, axis=0), pair))
    scale = np.array([np.full(len(items), values.min()), np.full(len(items), values.max())])
    change, steps = seen_changes(chosen, how, reader, rng, scale)
    tried: list[tuple[int, int]] = []
    if how == "animation":
        for _ in range(reader.plays):
            kept = np.sort(rng.permutation(len(items))[: reader.held])
            among = list(combinations(kept.tolist(), 2))
            tried += [among[at] for at in rng.permutation(len(among))[: reader.held]]
    else:
        looks = len(values) * reader.held * reader.plays
        tried = [pairs[at] for at in rng.permutation(len(pairs))[: max(1, looks // (2 * len(steps)))]]
    return max(tried, key=lambda pair: _together(change, pair)) == truth


def _together(change: np.ndarray, pair: tuple[int, int]) -> float:
    return float(np.corrcoef(change[:, pair[0]], change[:, pair[1]])[0, 1])


def which_first(values: np.ndarray, how: str, reader: Reader, rng: np.random.Generator) -> bool:
    """Say whether the reader finds which depth first comes half of its way to the last step."""
    steps = shown_steps(len(values), how)
    seen = reader.reads(values, how, rng, remembered=how == "animation")[steps]
    if values.shape[1] > reader.held:
        lost = rng.permutation(values.shape[1])[reader.held :]
        seen[:, lost] = seen[0, lost]
    return _first(seen, rng) == _first(values, None)


def _first(values: np.ndarray, rng: np.random.Generator | None) -> int | None:
    half = (values[0] + values[-1]) / 2
    onset = (values >= half).argmax(0)
    found = np.flatnonzero(onset == onset.min())
    if len(found) > 1:
        return None if rng is None else int(rng.choice(found))
    return int(found[0])


def interval(right: np.ndarray, rng: np.random.Generator) -> list[float]:
    """Return the share of right answers and the ends of its 95 % interval, rows resampled."""
    means = right.mean(1)
    drawn = means[rng.integers(0, len(means), (2000, len(means)))].mean(1)
    return [round(float(one), 3) for one in (means.mean(), *np.quantile(drawn, [0.025, 0.975]))]


def study(reader: Reader, data: dict[str, np.ndarray], seed: int = SEED) -> dict[str, dict[str, list[float]]]:
    """Return by task and presentation the share of right answers with its interval."""
    rng = np.random.default_rng(seed)
    values, places = data["values"], data["places"]
    sets = [rng.permutation(values.shape[1])[:CANDIDATES] for _ in range(SETS)]
    series = [
        one for name, one in data.items() if name.startswith("depths") and _first(one, None) is not None
    ]

    paths = {
        how: [followed(places, how, reader, rng) for _ in range(READERS)]
        for how in ("animation", "multiples")
    }

    def unmarked(item: int, how: str) -> bool:
        path = paths[how][int(rng.integers(READERS))][:, item]
        return when_most(values, item, path, how, reader, rng)

    def marked(item: int, how: str) -> bool:
        path = np.full(len(shown_steps(len(values), how)), item)
        return when_most(values, item, path, how, reader, rng)

    def rows(units: range | list, answer: Callable[..., bool], how: str, n: int) -> list[float]:
        return interval(np.array([[answer(one, how) for _ in range(n)] for one in units], float), rng)

    neurons = range(values.shape[1])
    static = ("animation", "multiples")
    return {
        "when, unmarked": {how: rows(neurons, unmarked, how, READERS) for how in static},
        "when, pinned": {how: rows(neurons, marked, how, READERS) for how in (*static, "traces")},
        "together, pinned": {
            how: rows(sets, lambda items, one: which_together(values, items, one, reader, rng), how, 1)
            for how in (*static, "traces")
        },
        "first depth": {
            how: rows(series, lambda one, name: which_first(one, name, reader, rng), how, 60)
            for how in static
        },
    }


def trainings() -> dict[str, np.ndarray]:
    """Return what the built-in models kept: neurons of grokking, depths of three inductions."""
    grokking = neuronscope.checkpoint_drift("builtin:grokking@*")
    values = grokking.activation_correlation.values[:, 0]
    plane = np.stack([grokking.weight_cosine.values[:, 0], values], -1)
    # A neuron that never varies at some step correlates with nothing there, and is not on the atlas's plane.
    known = np.isfinite(plane).all((0, 2))
    values, plane = values[:, known], plane[:, known]
    low, high = plane.min((0, 1)), plane.max((0, 1))
    found = {"values": values, "places": (plane - low) / (high - low)}
    for seed in range(3):
        drift = neuronscope.checkpoint_drift(f"builtin:induction/seed{seed}@*")
        found[f"depths {seed}"] = drift.similarity.values
    return found


READERS_TRIED = {
    "as assumed": Reader(),
    "three plays": Reader(plays=3),
    "holds 2": Reader(held=2),
    "holds 6": Reader(held=6),
    "sharp, 1 pixel": Reader(error=1.0),
    "blunt, 6 pixels": Reader(error=6.0),
    "forgets nothing": Reader(forgetting=1.0),
}


def main() -> None:
    """Run the study and print, or write, the share of right answers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file to write the numbers to")
    chosen = parser.parse_args()
    data = trainings()
    told = {
        name: {"reader": asdict(reader), "right": study(reader, data)}
        for name, reader in READERS_TRIED.items()
    }
    n = {"neurons": data["values"].shape[1], "steps": len(data["values"])}
    text = json.dumps({"seed": SEED, "n": n, "shown": SHOWN, "height": HEIGHT, "readers": told}, indent=1)
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(f"{text}\n")
    for name, one in told.items():
        for task, right in one["right"].items():
            shares = "  ".join(f"{how} {a:.2f} [{b:.2f}, {c:.2f}]" for how, (a, b, c) in right.items())
            print(f"{name:16} {task:18} {shares}")


if __name__ == "__main__":
    main()
