"""Does a head that attends to a token make it likelier next? Read off what its values write to the logits."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import rankdata
from torch import Tensor

from neuronscope.instruments.heads.matrices import HeadMatrices
from neuronscope.instruments.heads.repeated import RepeatedStrings, letters
from neuronscope.instruments.linear.fixed import Layer, fixed, head_weights
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.taps import Absence
from neuronscope.words import BadInput

_MOST = 256


@dataclass(frozen=True)
class Copying:
    """What attending to each of some tokens does to the logits of all of them.

    ``place`` says where the logit of one token is raised among those of the others, from −1 (lowered most)
    to 1 (raised most), over the token attended to and the token raised; ``own`` is its diagonal, a token's
    effect on itself. ``raised`` is that effect in logits, beyond the mean over the tokens: a place says
    nothing of size, and of a head that writes next to nothing it is an accident.
    """

    place: Float[ndarray, "item other layer head"]
    raised: Float[ndarray, "item layer head"]

    @property
    def own(self) -> Float[ndarray, "item layer head"]:
        """Return where each token's own logit is raised among the others."""
        return np.moveaxis(np.diagonal(self.place, axis1=0, axis2=1), -1, 0)


def copying(model: Model, strings: RepeatedStrings) -> Copying:
    """Return what each head writes to the logits when it attends to a token of the strings' first rounds.

    The head reads the token as it stands there, with all that earlier blocks made of it. Effects are taken
    against the mean over the tokens attended to, so that what a head always writes counts for nothing, and
    ranked among the tokens, where the scale of the last norm cancels. In logits that scale, and that of a
    norm behind attention, is its mean over the strings, and the head attends to nothing else. Each token
    counts once, where it first stands, and 256 at most. (The copying of Elhage et al. 2021 and Olsson et
    al. 2022, "the head's output increases the logit of the attended-to token", measured directly.)
    """
    layers = fixed(model).layers
    rows, columns = _first_places(strings)
    tokens = strings.tokens[rows, columns].cpu().numpy()
    scaled = {number: layer for number, layer in enumerate(layers) if layer.attention_after.module}
    last = f"resid_post.{model.n_layers - 1}"
    seen = run(model, strings.tokens, get=["v.*", last, *(f"attn_out.{number}" for number in scaled)])
    read_out = unembedding(model)[:, tokens]
    final = _one_over(fixed(model).final, seen[last])
    place = np.empty((len(tokens), len(tokens), model.n_layers, model.n_heads), dtype=np.float32)
    raised = np.empty((len(tokens), model.n_layers, model.n_heads))
    for number, (layer, by_key) in enumerate(zip(layers, seen["v.*"], strict=True)):
        written = written_rows(model, layer, number) @ read_out
        own = by_key[rows, columns].double().cpu()
        values = own.repeat_interleave(model.n_heads // own.shape[1], dim=1)
        after = _one_over(layer.attention_after, seen[f"attn_out.{number}"]) if number in scaled else 1.0
        for head in range(model.n_heads):
            effect = (values[:, head] @ written[head]).numpy()
            effect -= effect.mean(0)
            place[:, :, number, head] = _places(effect)
            raised[:, number, head] = (effect.diagonal() - effect.mean(1)) * (after * final)
    return Copying(place, raised)


def positive_eigenvalues(
    model: Model, matrices: HeadMatrices, tokens: ndarray
) -> Float[ndarray, "layer head"]:
    """Return Σλ / Σ|λ| of W_E · W_V · W_O · W_U over some tokens: 1 where all eigenvalues are positive.

    It reads weights alone: a token is its bare embedding, normalised as the first block would. The
    eigenvalues are those of the product taken the other way round, which is as small as a head is wide.
    (Elhage et al. 2021, "summarizing OV/QK matrices".)
    """
    embedded = _embedded(model, tokens, centred=matrices.centred)
    read_out = unembedding(model)[:, tokens]
    read_out = read_out - read_out.mean(1, keepdim=True)
    product = (matrices.output @ read_out) @ (embedded @ matrices.value)
    values = torch.linalg.eigvals(product)
    size = values.abs().sum(-1)
    return torch.where(size > 0, values.real.sum(-1) / size, 0.0).numpy()


def sampled(model: Model, n: int, *, seed: int = 0) -> ndarray:
    """Return so many tokens that stand for a text, drawn at random, or all where there are no more."""
    known = letters(model)
    return known if len(known) <= n else np.random.default_rng(seed).choice(known, n, replace=False)


def unembedding(model: Model) -> Float[Tensor, "width vocab"]:
    """Return the directions of the stream that raise logits, the gain of the last norm folded in.

    Raises `BadInput` for a model without a plain output head.
    """
    parts = fixed(model)
    if isinstance(parts.head, Absence):
        raise BadInput(f"{model.name} has no logits that heads could raise: {parts.head.reason}.")
    return parts.final.back(matrix(parts.head).double().cpu().T).T * parts.logits


def written_rows(model: Model, layer: Layer, number: int) -> Float[Tensor, "head head_width width"]:
    """Return what each head of a layer writes to the stream for each entry of its values."""
    if isinstance(layer.output, Absence):
        raise BadInput(
            f"The heads of layer {number} of {model.name} cannot be told apart: {layer.output.reason}."
        )
    return layer.attention_after.forth(head_weights(layer).double().cpu())


def _first_places(strings: RepeatedStrings) -> tuple[ndarray, ndarray]:
    """Return row and column of each different token of the strings, where it first stands."""
    found: dict[int, tuple[int, int]] = {}
    for row, tokens in enumerate(strings.tokens.tolist()):
        for column in range(strings.first, strings.first + int(strings.period[row])):
            found.setdefault(tokens[column], (row, column))
    places = np.array(list(found.values())[:_MOST])
    return places[:, 0], places[:, 1]


def _one_over(norm: Held, stream: Tensor) -> float:
    """Return what a norm multiplies by, its scale alone, as the mean over the positions of a stream."""
    return float((1 / norm.scale(stream).double()).mean())


def _places(effect: ndarray) -> ndarray:
    """Return the place of each entry in its row, from −1 to 1; rows of one value are all 0."""
    size = np.abs(effect).max()
    # Rounding must not order what is equal.
    ranks = rankdata(np.round(effect / size, 9) if size > 0 else effect, axis=-1)
    return 2 * (ranks - 1) / max(1, effect.shape[-1] - 1) - 1


def _embedded(model: Model, tokens: ndarray, *, centred: bool) -> Tensor:
    ids = torch.tensor(tokens, device=model.device)[:, None]
    found = run(model, ids, get="embed", stop=True)["embed"][:, 0].double().cpu()
    before = fixed(model).layers[0].before
    if not (isinstance(before, Held) and before.module is not None):
        return found
    found = found - found.mean(-1, keepdim=True) if centred else found
    return found / found.square().mean(-1, keepdim=True).sqrt().clamp_min(1e-12)
