"""What does a model compute on this prompt, site by site, and what follows when I change some of it?"""

from collections.abc import Callable, Iterable, Sequence
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import Readings, cut
from neuronscope.instruments.visits import Gathered, gradients, in_words, visits_of
from neuronscope.models.attention import Place
from neuronscope.models.forward import forward
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

Inputs = Tensor | str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]]


@final
class Run(Readings):
    """One forward pass: its tokens, its logits, and the sites that were asked for.

    ``run["z.9"]`` gives a tensor with the batch axis kept, ``run["z.9.6@-1"]`` a part of it, and
    ``run["resid_post.*"]`` all layers stacked as [layer batch position width].
    """

    def __init__(
        self,
        model: Model,
        tokens: Tensor,
        logits: Tensor | None,
        values: dict[Site, Tensor],
        slopes: dict[Site, Tensor] | None,
    ) -> None:
        super().__init__(values, model.n_layers)
        self.tokens = tokens
        self._logits = logits
        self._slopes = None if slopes is None else Readings(slopes, model.n_layers)

    @property
    def logits(self) -> Float[Tensor, "batch position vocab"]:
        """Return the scores of the next token; raises `BadInput` when the run was stopped before them."""
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
        rows, positions = self.tokens.shape
        return f"Run({rows} x {positions} tokens, {len(self.sites)} sites)"


def run(
    model: Model,
    inputs: Inputs,
    *,
    get: str | Site | Iterable[str | Site] = (),
    do: Op | Iterable[Op] = (),
    grad: Callable[[Tensor], Tensor] | None = None,
    stop: bool = False,
) -> Run:
    """Run a model once, reading and changing sites, and return what was read.

    ``inputs`` are token ids [position] or [batch position], a prompt, or prompts of equal token length.
    ``get`` names the sites to read, with ``*`` for every layer. ``do`` lists changes, made in that order; a
    reading at a changed site shows the change. ``grad`` takes the logits to one number, whose gradients
    then stand in ``run.grad``. ``stop`` ends the pass after the last site read, without logits.

    Reading changes no bit of the logits. Nothing stays on the model afterwards, also after an error. Raises
    `BadInput` for a model in training mode, for sites that it lacks or never reaches, and for values that
    do not fit.
    """
    tokens = token_batch(model, inputs)
    _check_evaluation_mode(model)
    reads = wanted(model, get)
    ops = [do] if isinstance(do, Op) else list(do)
    if grad is not None:
        _check_gradient(reads, stop)
    gathered = Gathered(set())
    visits = visits_of(model, reads, ops, gathered, with_graph=grad is not None, stop=stop)
    with torch.set_grad_enabled(grad is not None):
        done = forward(model.anatomy, tokens, visits)
    check_fired(visits, done.fired, stop)
    logits = done.logits
    if grad is None:
        gathered.check_unchanged()
        return Run(model, tokens, logits, gathered.values, None)
    assert logits is not None
    with torch.enable_grad():
        values, slopes = gradients(gathered, _score(grad, logits), _finished)
    return Run(model, tokens, logits.detach(), values, slopes)


def token_batch(model: Model, inputs: Inputs) -> Int[Tensor, "batch position"]:
    """Return inputs of any accepted form as token ids on the model's device.

    Raises `BadInput` for what `Model.tokenize` refuses and for prompts of different token length.
    """
    if isinstance(inputs, str):
        return model.tokenize(inputs)[None]
    if isinstance(inputs, Tensor) and (inputs.dim() not in (1, 2) or inputs.dtype.is_floating_point):
        shape = f"{inputs.dtype} {list(inputs.shape)}"
        raise BadInput(f"Token ids are whole numbers [position] or [batch position], not {shape}.")
    rows = list(inputs)
    nested = isinstance(inputs, Tensor) and inputs.dim() == 2
    if not nested and not (rows and isinstance(rows[0], str | Sequence)):
        return model.tokenize(inputs)[None]  # pyright: ignore[reportArgumentType]
    each = [model.tokenize(row) for row in rows]  # pyright: ignore[reportArgumentType]
    lengths = sorted({len(row) for row in each})
    if len(lengths) != 1:
        counts = " and ".join(str(length) for length in lengths) or "no"
        raise BadInput(
            f"These prompts have {counts} tokens: prompts that run together need equal token length."
        )
    return torch.stack(each)


def wanted(model: Model, get: str | Site | Iterable[str | Site]) -> list[Site]:
    """Return the addresses to read, wildcards spelt out layer by layer, each once."""
    asked = [get] if isinstance(get, str | Site) else list(get)
    spelt: dict[Site, None] = {}
    for site in map(Site.parse, asked):
        layers = range(model.n_layers) if site.layer == "*" else [site.layer]
        for layer in layers:
            spelt[site if layer is None else site.at(layer)] = None  # pyright: ignore[reportArgumentType]
    return list(spelt)


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


def _check_evaluation_mode(model: Model) -> None:
    if any(module.training for module in model.hf.modules()):
        raise BadInput("The model is in training mode, where dropout adds noise: call model.hf.eval() first.")


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


def _finished(site: Site, tensor: Tensor) -> Tensor:
    piece = cut(in_words(site.name, tensor), site, site.kind.words)
    return piece if piece.numel() == tensor.numel() else piece.clone()
