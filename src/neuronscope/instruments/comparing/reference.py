"""What does an ablation put in the place of a value? A mean over named prompts, a drawn one, or zero."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from neuronscope.data.prompts import common_prompts
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.draws import drawn_row
from neuronscope.instruments.ops import Op, put, resample, zero
from neuronscope.instruments.readings import words_left
from neuronscope.instruments.run import run
from neuronscope.models.batch import Batch
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput, nearest

REFERENCES = ("prompts", "common_prompts", "documentation")
ABLATIONS = ("mean", "resample", "zero")
_TOKENS_PER_PASS = 4096
_DRAWN = 64


def reference_prompts(
    model: Model, reference: str, pairs: PromptPairs | None = None, *, n_prompts: int = 32, seed: int = 0
) -> list[Tensor]:
    """Return the prompts that a mean ablation averages over, as token ids.

    ``prompts`` are those that are asked about, clean and corrupt; ``common_prompts`` those that ship with
    the package, clean and corrupt; ``documentation`` ``n_prompts`` passages of Python's language reference of
    64 tokens, or of half the context where that is shorter. Raises `BadInput` for another name, and for
    ``prompts`` where there are none.
    """
    if reference == "prompts":
        if pairs is None:
            raise BadInput("There are no prompts to average over: choose common_prompts or documentation.")
        return [*pairs.clean, *pairs.corrupt]
    if reference == "common_prompts":
        return [model.tokenize(text) for one in common_prompts() for text in (one.clean, one.corrupt)]
    if reference == "documentation":
        return passages(model, None, n=n_prompts, n_tokens=min(64, model.n_positions // 2), seed=seed)
    near = nearest(reference, REFERENCES) or f"; there are {', '.join(REFERENCES)}."
    raise BadInput(f"There is no reference called {reference!r}{near}")


def ablations(
    model: Model,
    sites: Iterable[str | Site],
    reference: Sequence[Any],
    *,
    ablation: str = "mean",
    seed: int = 0,
) -> dict[Site, Op]:
    """Return for each site the op that takes out what it says of this prompt, in the order of the sites.

    ``mean`` puts the mean over all tokens of the reference prompts but the first of each, where models keep
    what belongs to no word; ``resample`` puts the value of one such token, drawn for each row with the seed;
    ``zero`` puts 0. Sites may name a unit, as ``z.2.3`` and ``mlp_act.1.40``, and a position. The reference
    runs once, whatever the number of sites. Raises `BadInput` for another ablation, for a site without a
    value at each token, and for a reference without prompts.
    """
    asked = [model.check(Site.parse(site)) for site in sites]
    if ablation not in ABLATIONS:
        near = nearest(ablation, ABLATIONS) or f"; there are {', '.join(ABLATIONS)}."
        raise BadInput(f"There is no ablation called {ablation!r}{near}")
    if ablation == "zero":
        return {site: zero(site) for site in asked}
    for site in asked:
        if site.kind.words[:2] != ("batch", "position"):
            raise BadInput(f"{site} has no value at each token, so it has no {ablation}: set it to zero.")
    whole = {site: Site(site.name, site.layer, stack=site.stack) for site in asked}
    batches = _batches(model, reference)
    if ablation == "mean":
        means = _means(model, list(dict.fromkeys(whole.values())), batches)
        return {site: put(site, _placed(site, _of_unit(site, means[whole[site]]))) for site in asked}
    drawn = _drawn(model, list(dict.fromkeys(whole.values())), batches, seed)
    return {
        site: resample(site, _placed(site, _of_unit(site, drawn[whole[site]]), n_rows=True), seed=seed)
        for site in asked
    }


def _batches(model: Model, reference: Sequence[Any]) -> list[Batch]:
    """Return the reference prompts, those of like length together."""
    prompts = sorted((model.tokenize(prompt) for prompt in reference), key=len)
    if not prompts:
        raise BadInput("An ablation by other prompts needs at least one: the reference is empty.")
    found: list[list[Tensor]] = []
    for prompt in prompts:
        if not found or (len(found[-1]) + 1) * len(prompt) > _TOKENS_PER_PASS:
            found.append([])
        found[-1].append(prompt)
    return [prepare(model, one) for one in found]


def _tokens(model: Model, sites: Sequence[Site], batches: Iterable[Batch]) -> Iterator[tuple[Site, Tensor]]:
    """Yield each site's values [token ...] of one batch after another, the first of each prompt left out."""
    for batch in batches:
        seen = run(model, batch, get=sites, stop=True)
        kept = torch.zeros(len(batch), batch.width, dtype=torch.bool, device=model.device)
        for row, n_tokens in enumerate(batch.lengths):
            own = batch.own(row)
            kept[row, own.start + min(1, n_tokens - 1) : own.stop] = True
        for site in sites:
            yield site, seen[site][kept]


def _means(model: Model, sites: Sequence[Site], batches: Iterable[Batch]) -> dict[Site, Tensor]:
    total: dict[Site, Tensor] = {}
    count = dict.fromkeys(sites, 0)
    for site, values in _tokens(model, sites, batches):
        summed = values.double().sum(0)
        total[site] = total[site] + summed if site in total else summed
        count[site] += len(values)
    return {site: (total[site] / count[site]).to(model.dtype) for site in sites}


def _drawn(model: Model, sites: Sequence[Site], batches: Sequence[Batch], seed: int) -> dict[Site, Tensor]:
    """Return the values [token ...] of a few tokens of the reference, the same tokens at every site."""
    n_tokens = sum(length - min(1, length - 1) for batch in batches for length in batch.lengths)
    wanted = torch.tensor([drawn_row(seed, number, n_tokens) for number in range(_DRAWN)])
    found: dict[Site, Tensor] = {}
    passed = dict.fromkeys(sites, 0)
    for site, values in _tokens(model, sites, batches):
        if site not in found:
            found[site] = values.new_empty(_DRAWN, *values.shape[1:])
        here = (wanted >= passed[site]) & (wanted < passed[site] + len(values))
        found[site][here] = values[wanted[here] - passed[site]]
        passed[site] += len(values)
    return found


def _of_unit(site: Site, values: Tensor) -> Tensor:
    """Return the part of a layer's values that a unit has, in the same axes without that of the unit."""
    words = site.kind.words[2:]
    if site.unit is None or site.kind.unit not in words:
        return values
    axis = values.dim() - len(words) + words.index(site.kind.unit)
    return values.select(axis, site.unit)


def _placed(site: Site, value: Tensor, *, n_rows: bool = False) -> Tensor:
    """Return a value with the axes of batch and position that the address has, each of length 1."""
    value = value if n_rows else value[None]
    return value[:, None] if "position" in words_left(site) else value
