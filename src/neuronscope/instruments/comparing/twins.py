"""What becomes of the answer when part of one run is put into its twin's? Measured exactly, or estimated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.components import Components
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.metrics import LastMetric, last_logits, measured
from neuronscope.instruments.ops import Op, put
from neuronscope.instruments.readings import Readings, position_axis, words_left
from neuronscope.instruments.run import Run, run
from neuronscope.instruments.sweep import sweep
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

Direction = Literal["denoise", "noise"]
DIRECTIONS: tuple[Direction, Direction] = ("denoise", "noise")
"""Which way a patch runs: from the clean into the corrupt run, or from the corrupt into the clean one."""
NO_INFLUENCE = {"denoise": 0.0, "noise": 1.0}
"""The normalised effect of a part that plays no role, by direction."""

Tokens = Sequence[range] | None
"""Which tokens of each prompt are patched; all of them where it says nothing."""

COMMON_TASK = "indirect-object"
_TOKENS_PER_PASS = 4096


@dataclass(frozen=True, eq=False)
class Twins:
    """The clean and the corrupt runs of the same pairs, with all that is to be patched between them."""

    model: Model
    pairs: PromptPairs
    metric: str | LastMetric
    clean: Run
    corrupt: Run
    clean_metric: Float[Tensor, " prompt"]
    corrupt_metric: Float[Tensor, " prompt"]

    @property
    def span(self) -> Float[Tensor, " prompt"]:
        """Return by how much the metric of each clean prompt is above that of its twin."""
        return self.clean_metric - self.corrupt_metric

    def ends(self, direction: Direction) -> tuple[Run, Run]:
        """Return the run that a patch comes from and the run that it goes into."""
        return (self.clean, self.corrupt) if direction == "denoise" else (self.corrupt, self.clean)

    def unpatched(self, direction: Direction) -> Float[Tensor, " prompt"]:
        """Return the metric of the run that patches go into."""
        return self.corrupt_metric if direction == "denoise" else self.clean_metric

    def patched(
        self, cells: Iterable[tuple[Site, Tokens]], direction: Direction
    ) -> Float[Tensor, "cell prompt"]:
        """Return the metric after each patch alone, by one sweep."""
        source, base = self.ends(direction)
        ops = [patch(site, source, base, tokens) for site, tokens in cells]
        return sweep(self.model, base.batch, ops, scored(self.pairs, self.metric)).values.cpu()

    def estimated(
        self, parts: Components, places: Sequence[Tokens], direction: Direction
    ) -> Float[Tensor, "component span prompt"]:
        """Return by how much each patch would move the metric if the model were linear, by one backward pass.

        Of every part, the difference between the runs times the gradient of the metric in the run that the
        patch goes into, summed over tokens and entries (attribution patching, Nanda 2023; Syed et al. 2023).
        """
        source, base = self.ends(direction)
        found = torch.zeros(len(parts), len(places), len(self.pairs), dtype=torch.float64)
        by_site: dict[Site, list[int]] = {}
        for number, part in enumerate(parts):
            by_site.setdefault(part.whole, []).append(number)
        rows = max(1, _TOKENS_PER_PASS // base.batch.width)
        for first in range(0, len(self.pairs), rows):
            chunk = slice(first, first + rows)
            slopes = self._slopes(base, chunk, list(by_site))
            for site, numbers in by_site.items():
                units = [parts[number].unit for number in numbers]
                values = (source.each(site)[chunk], base.each(site)[chunk], slopes.each(site))
                for prompt, (new, old, slope) in enumerate(zip(*values, strict=True), first):
                    gain = _by_token(site, (new.double() - old.double()) * slope.double())
                    for at, tokens in enumerate(places):
                        here = gain if tokens is None else gain[tokens[prompt].start : tokens[prompt].stop]
                        total = here.sum(0).cpu()
                        found[numbers, at, prompt] = total if total.dim() == 0 else total[units]
        return found

    def _slopes(self, base: Run, chunk: slice, sites: Sequence[Site]) -> Readings:
        """Return the gradients of the summed metric of some prompts, so that each has its own."""
        rows = list(range(len(self.pairs)))[chunk]
        batch = base.batch.picked(rows)
        score = scored(self.pairs[chunk], self.metric)
        return run(
            self.model, batch, get=sites, grad=lambda logits: score(last_logits(logits, batch, 1)).sum()
        ).grad


def ways(direction: str) -> list[Direction]:
    """Return the directions that a name stands for: one, or both."""
    return [way for way in DIRECTIONS if direction in (way, "both")]


def twin_pairs(
    model: Model,
    task: Task | None,
    *,
    prompt: str,
    corrupt: str,
    target: str,
    distractor: str,
    n_prompts: int,
    seed: int,
) -> PromptPairs:
    """Return the pair in words or the pairs of the task, of a common one where neither is given.

    Raises `BadInput` as `prompt_pairs` does, and where prompts have no twin.
    """
    if task is None and not (prompt or corrupt):
        task = TASKS[COMMON_TASK]
    if corrupt and not prompt:
        raise BadInput("There is a corrupt prompt without a clean one: give a prompt too.")
    pairs = prompt_pairs(
        model,
        task,
        prompt=prompt,
        corrupt=corrupt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
    )
    if not pairs.corrupt:
        what = f"{task.name} has no twins" if task is not None else "the prompt has no twin"
        raise BadInput(f"A patch needs a clean and a corrupt prompt, but {what}: give corrupt, or a task.")
    return pairs


def twin_runs(
    model: Model, pairs: PromptPairs, metric: str | LastMetric, sites: Iterable[str | Site]
) -> Twins:
    """Run the prompts and their twins, reading these sites.

    Raises `BadInput` where both score the same on average, since no part of the way can be measured then.
    """
    sites, score = list(sites), scored(pairs, metric)
    clean, corrupt = (run(model, list(prompts), get=sites) for prompts in (pairs.clean, pairs.corrupt))
    ends = [measured(score, last_logits(one.logits, one.batch, 1)).double().cpu() for one in (clean, corrupt)]
    if abs(float((ends[0] - ends[1]).mean())) < 1e-6:
        raise BadInput(
            f"Clean and corrupt prompts both score {float(ends[0].mean()):.4g}, so nothing can be restored; "
            "choose prompts, a target or a distractor that the model tells apart."
        )
    return Twins(model, pairs, metric, clean, corrupt, *ends)


def scored(pairs: PromptPairs, metric: str | LastMetric) -> LastMetric:
    """Return a metric of these prompts, from its name or as it is given."""
    return metric if callable(metric) else pairs.metric(metric)


def patch(site: Site, source: Run, base: Run, tokens: Tokens) -> Op:
    """Return the op that puts a part of the source run, at some tokens of each prompt, into the base run."""
    if tokens is None:
        return put(site, source)
    new, batch = source[site], base.batch
    axis, places = words_left(site).index(position_axis(site.kind)), source.places(site)
    first = tokens[0]
    if places is None and all(own == first for own in tokens):
        here = replace(site, position=slice(first.start, first.stop))
        return put(here, new.narrow(axis, first.start, len(first)))
    mask = torch.zeros(len(batch), batch.width, dtype=torch.bool, device=new.device)
    for row, own in enumerate(tokens):
        mask[row, batch.starts[row] + own.start : batch.starts[row] + own.stop] = True
    shape = [1] * new.dim()
    shape[0], shape[axis] = mask.shape
    return Op("put", site, new.where(mask.reshape(shape), base[site]), places=places)


def _by_token(site: Site, values: Tensor) -> Tensor:
    """Return the values of one prompt [position unit] summed over all else; [position] without units."""
    words = list(site.kind.words[1:])
    kept = (position_axis(site.kind), site.kind.unit)
    over = [axis for axis, word in enumerate(words) if word not in kept]
    left = [word for word in words if word in kept]
    return (values.sum(over) if over else values).movedim(left.index(kept[0]), 0)
