"""What does a model compute on this prompt, site by site, and what follows when I change some of it?"""

from collections.abc import Callable, Iterable
from typing import Any, final
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import Readings, cut, without_padding
from neuronscope.instruments.visits import Gathered, gradients, in_words, visits_of
from neuronscope.models.attention import Place
from neuronscope.models.batch import Batch
from neuronscope.models.forward import forward
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import Inputs, Spans, prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

_LAYERS: "WeakKeyDictionary[nn.Module, dict[tuple[str, str | None], list[int]]]" = WeakKeyDictionary()


@final
class Run(Readings):
    """One forward pass: its batch, its logits, and the sites that were asked for.

    ``run["z.9"]`` gives a tensor with the batch axis kept, ``run["z.9.6@-1"]`` a part of it, and
    ``run["resid_post.*"]`` all layers stacked as [layer batch position width]. ``output`` is all that the
    network returned where it gives no logits.
    """

    def __init__(
        self,
        model: Model,
        batch: Batch,
        logits: Tensor | None,
        values: dict[Site, Tensor],
        slopes: dict[Site, Tensor] | None,
        output: Any = None,
    ) -> None:
        layers = layers_of(model, values)
        super().__init__(values, layers, batch)
        self.batch, self.output = batch, output
        self._logits = logits
        self._slopes = None if slopes is None else Readings(slopes, layers, batch)

    @property
    def tokens(self) -> Int[Tensor, "batch position"]:
        """Return the token ids, padding included; raises `BadInput` where the inputs hold none."""
        return self.batch.tokens

    @property
    def logits(self) -> Float[Tensor, "batch position vocab"]:
        """Return the scores of the next token, NaN at padding.

        Raises `BadInput` when the run was stopped before them, and for a network that gives none.
        """
        if self._logits is None and self.output is not None:
            fields = ", ".join(self.output) if hasattr(self.output, "keys") else type(self.output).__name__
            raise BadInput(f"This network gives no logits: run.output holds what it gives, {fields:.80}.")
        if self._logits is None:
            raise BadInput("This run stopped at its last site, before the logits: run it with stop=False.")
        return self._logits

    @property
    def grad(self) -> Readings:
        """Return the gradients of the score by address; raises `BadInput` when no score was given."""
        if self._slopes is None:
            raise BadInput("This run took no gradients: give it grad=, a function from logits to one number.")
        return self._slopes

    def __repr__(self) -> str:
        size = (
            f"{len(self.batch)} x {self.batch.width} tokens" if self.batch.lengths else f"{len(self.batch)}"
        )
        return f"Run({size}, {len(self.sites)} sites)"


def run(  # noqa: PLR0913 - what goes in, what is done, and how it comes out
    model: Model,
    inputs: Inputs,
    *,
    get: str | Site | Iterable[str | Site] = (),
    do: Op | Iterable[Op] = (),
    grad: Callable[[Tensor], Tensor] | None = None,
    stop: bool = False,
    spans: Spans | None = None,
    bos: bool | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Run:
    """Run a model once, reading and changing sites, and return what was read.

    ``inputs`` are a prompt, prompts of any length, token ids, the network's own arguments by name, or a batch
    from `prepare`, which also tells of ``spans`` and ``bos``. ``get`` names the sites to read, with ``*`` for
    every layer. ``do`` lists changes, made in that order; a reading at a changed site shows the change.
    ``grad`` takes the logits to one number, whose gradients then stand in ``run.grad``. ``stop`` ends the
    pass after the last site read, without logits. Readings are cut inside the pass, and moved at once to
    ``dtype`` and ``device`` where these are given.

    Reading changes no bit of the logits. Nothing stays on the model afterwards, also after an error. Raises
    `BadInput` for a model in training mode, for sites that it lacks or never reaches, and for values that
    do not fit.
    """
    check_evaluation_mode(model.hf)
    batch = prepare(model, inputs, bos=bos, spans=spans)
    reads = wanted(model, get)
    ops = [do] if isinstance(do, Op) else list(do)
    if grad is not None:
        _check_gradient(reads, stop)
    gathered = Gathered(set(), dtype=dtype, device=device)
    visits = visits_of(model, reads, ops, gathered, with_graph=grad is not None, stop=stop, batch=batch)
    with torch.set_grad_enabled(grad is not None):
        done = forward(model.anatomy, batch.inputs, visits)
    check_fired(visits, done.fired, stop)
    logits = None if done.logits is None else _own_logits(done.logits, batch)
    if grad is None:
        return Run(model, batch, logits, gathered.values, None, done.output if logits is None else None)
    if logits is None:
        raise BadInput("A gradient needs logits, but this network gives none: open it with its output head.")

    def finished(site: Site, tensor: Tensor) -> Tensor:
        shown = in_words(site.name, tensor)
        kept = gathered.kept(cut(shown, site, site.kind.words, batch), shown)
        return without_padding(kept, site, site.kind.words, batch)

    with torch.enable_grad():
        values, slopes = gradients(gathered, _score(grad, logits), finished)
    return Run(model, batch, logits.detach(), values, slopes)


def _own_logits(logits: Tensor, batch: Batch) -> Tensor:
    site = Site("logits")
    return without_padding(logits, site, site.kind.words, batch)


def wanted(model: Model, get: str | Site | Iterable[str | Site]) -> list[Site]:
    """Return the addresses to read, wildcards spelt out layer by layer, each once."""
    asked = [get] if isinstance(get, str | Site) else list(get)
    spelt: dict[Site, None] = {}
    for site in map(Site.parse, asked):
        layers = _every(model, site) if site.layer == "*" else [site.layer]
        for layer in layers:
            spelt[site if layer is None else site.at(layer)] = None  # pyright: ignore[reportArgumentType]
    return list(spelt)


def layers_of(model: Model, sites: Iterable[Site]) -> dict[tuple[str, str | None], list[int]]:
    """Return for each name and stack among some sites the layers that a wildcard stands for."""
    return {(site.name, site.stack): _every(model, site) for site in sites if site.layer is not None}


def _every(model: Model, site: Site) -> list[int]:
    known = _LAYERS.setdefault(model.hf, {})
    key = (site.name, site.stack)
    if key not in known:
        model.check(site)
        known[key] = model.layers(*key)
    return known[key]


def check_fired(asked: Iterable[Place], fired: Iterable[Place], stopped: bool) -> None:
    """Raise `BadInput` when a site that was asked for was never reached in the pass."""
    missed = sorted(
        str(Site(place.name, place.layer, stack=place.stack)) for place in set(asked) - set(fired)
    )
    if missed and stopped:
        raise BadInput(f"{missed[0]} comes after the last site read, where this run stops: use stop=False.")
    if missed:
        raise BadInput(
            f"{missed[0]} was never reached in the forward pass: its module does not run in this model."
        )


def _check_gradient(reads: list[Site], stop: bool) -> None:
    if stop:
        raise BadInput("A gradient needs the logits, so grad and stop=True cannot be asked together.")
    if not reads:
        raise BadInput("A gradient needs a site to be taken at: name one in get.")
    derived = next((site for site in reads if site.kind.derived), None)
    if derived is not None:
        raise BadInput(
            f"{derived} is worked out beside the model, so it has no gradient: read it in a run without grad."
        )


def _score(grad: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    score = grad(logits)
    if not isinstance(score, Tensor) or score.numel() != 1:
        raise BadInput("grad must take the logits to one number, a tensor with a single entry.")
    if not score.requires_grad:
        raise BadInput(
            "The score does not depend on the logits, so it has no gradient: use the logits it is given."
        )
    return score.reshape(())
