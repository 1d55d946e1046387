"""What is a neuron like? A row of numbers for each: what it does on text, or what it reads and writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.meaning.weights import input_weights, neuron_inputs, neuron_outputs
from neuronscope.instruments.run import run
from neuronscope.models import Model
from neuronscope.results import track
from neuronscope.words import BadInput

MOST_BYTES = 2 * 2**30
"""How much memory the numbers of all neurons may take together."""
_TOKENS_PER_PASS = 2048
TOKEN_CLASSES = ("word", "name", "piece", "number", "punctuation", "space", "line end", "other")


@dataclass(frozen=True)
class Profiles:
    """Neurons, one a row, with what describes each.

    ``values`` is [item feature]. Where features are tokens, ``passage`` [feature] tells of which passage, and
    ``tokens`` [feature] which; both are empty where features are weights.
    """

    layer: Int[np.ndarray, " item"]
    neuron: Int[np.ndarray, " item"]
    values: Float[np.ndarray, "item feature"]
    passage: Int[np.ndarray, " feature"]
    tokens: Int[np.ndarray, " feature"]

    def of(self, items: Int[np.ndarray, " item"]) -> "Profiles":
        """Return some of the neurons, by their rows."""
        return replace(self, layer=self.layer[items], neuron=self.neuron[items], values=self.values[items])

    @property
    def names(self) -> list[str]:
        """Return the neurons as LAYER.NEURON."""
        return [f"{layer}.{neuron}" for layer, neuron in zip(self.layer, self.neuron, strict=True)]


def layers_with_neurons(model: Model, layer: int) -> list[int]:
    """Return a layer, or every layer with neurons for -1; raises `BadInput` where there is none."""
    if layer >= model.n_layers:
        raise BadInput(f"layer={layer} is beyond the model's last, {model.n_layers - 1}.")
    if layer >= 0:
        return [layer]
    found = model.layers("mlp_act")
    if not found:
        raise BadInput(f"{model.name} has no layer whose neurons can be read.")
    return found


def activation_profiles(
    model: Model, passages: Sequence[Tensor], layers: Sequence[int], *, effects: bool = False
) -> Profiles:
    """Return the activation of every neuron of some layers at every token of passages but the first.

    With ``effects`` an activation is multiplied by the gradient there of the log-probability of the passage:
    to first order, how much would be lost without it. The first position is left out, since many models park
    attention and very large activations there. Raises `BadInput` where the numbers would take more than
    2 GiB, and where no passage has two tokens.
    """
    sites = [f"mlp_act.{layer}" for layer in layers]
    sizes = [model.anatomy.main.n_neurons(layer) for layer in layers]
    long = [ids for ids in passages if len(ids) > 1]
    n_tokens = sum(len(ids) - 1 for ids in long)
    if not n_tokens:
        raise BadInput("A profile needs passages of two tokens or more, but there are none.")
    precision = np.dtype(np.float64 if model.dtype == torch.float64 else np.float32)
    if sum(sizes) * n_tokens * precision.itemsize > MOST_BYTES:
        raise BadInput(
            f"{sum(sizes):,} neurons at {n_tokens:,} tokens are more than {MOST_BYTES // 2**30} GiB: "
            "ask for one layer, or for fewer or shorter passages."
        )
    values = np.empty((sum(sizes), n_tokens), dtype=precision)
    place = 0
    for batch in track(list(_batches(long)), "passages"):
        if effects:
            read = run(model, batch, get=sites, grad=lambda logits, b=batch: _text_score(logits, b))
            found = [read[site] * read.grad[site] for site in sites]
        else:
            read = run(model, batch, get=sites, stop=True)
            found = [read[site] for site in sites]
        rows = torch.cat([part[:, 1:].flatten(0, 1) for part in found], dim=-1).cpu().double().numpy()
        values[:, place : place + len(rows)] = rows.T
        place += len(rows)
    return Profiles(
        *_addresses(layers, sizes),
        values,
        passage=np.repeat(np.arange(len(long)), [len(ids) - 1 for ids in long]),
        tokens=torch.cat([ids[1:] for ids in long]).cpu().numpy(),
    )


def contexts(model: Model, passages: Sequence[Tensor], layers: Sequence[int]) -> list[np.ndarray]:
    """Return what the MLP of each layer reads at the tokens of `activation_profiles`, as [position width]."""
    parts: list[list[np.ndarray]] = [[] for _ in layers]
    sites = [f"mlp_in.{layer}" for layer in layers]
    for batch in track(list(_batches([ids for ids in passages if len(ids) > 1])), "passages"):
        read = run(model, batch, get=sites, stop=True)
        for part, site in zip(parts, sites, strict=True):
            part.append(read[site][:, 1:].flatten(0, 1).cpu().double().numpy())
    return [np.concatenate(part) for part in parts]


def strongest(activity: Profiles, n_examples: int) -> Int[np.ndarray, "item rank"]:
    """Return the columns of each neuron's strongest tokens, at most one of each passage, strongest first."""
    starts = np.flatnonzero(np.diff(activity.passage, prepend=-1))
    ends = [*starts[1:], len(activity.passage)]
    best = np.stack(
        [start + activity.values[:, start:end].argmax(1) for start, end in zip(starts, ends, strict=True)],
        axis=1,
    )
    size = np.take_along_axis(activity.values, best, 1)
    order = np.argsort(-size, axis=1, kind="stable")[:, :n_examples]
    return np.take_along_axis(best, order, 1)


def drawn_tokens(
    activity: Profiles, n_examples: int, n_null: int, rng: np.random.Generator
) -> Int[np.ndarray, "trial rank"]:
    """Return columns drawn at random, each row one token of each of so many passages."""
    own = [np.flatnonzero(activity.passage == each) for each in range(int(activity.passage.max()) + 1)]
    rows = [rng.permutation(len(own))[:n_examples] for _ in range(n_null)]
    return np.array([[rng.choice(own[each]) for each in row] for row in rows], dtype=int).reshape(n_null, -1)


def described(model: Model, activity: Profiles, features: str) -> Profiles:
    """Return what describes the neurons of some activity: it itself, by class of token, or weights instead.

    ``features`` is activations or effects, which take the activity as it is, token_classes, input_weights or
    output_weights.
    """
    if features == "token_classes":
        return class_profiles(model, activity)
    if features.endswith("_weights"):
        layers = np.unique(activity.layer).tolist()
        return weight_profiles(model, layers, side=features.removesuffix("_weights"))
    return activity


def resampled(activity: Profiles, rng: np.random.Generator) -> Profiles:
    """Return activity on passages drawn anew with replacement, each whole."""
    n = int(activity.passage.max()) + 1
    columns = [np.flatnonzero(activity.passage == each) for each in rng.integers(n, size=n)]
    taken = np.concatenate(columns)
    return replace(
        activity,
        values=activity.values[:, taken],
        passage=activity.passage[taken],
        tokens=activity.tokens[taken],
    )


def class_profiles(model: Model, activations: Profiles) -> Profiles:
    """Return the mean activation of each neuron on each class of tokens that the passages hold."""
    number = token_classes(model, activations.tokens)
    means = [activations.values[:, number == each].mean(1) for each in np.unique(number)]
    return Profiles(activations.layer, activations.neuron, np.stack(means, axis=1), *_no_tokens())


def weight_profiles(model: Model, layers: Sequence[int], *, side: str) -> Profiles:
    """Return what every neuron of some layers reads from the stream, or writes to it for ``output``.

    Raises `BadInput` where a layer's weights are hidden.
    """
    vectors = neuron_outputs if side == "output" else neuron_inputs
    rows = [vectors(model, layer).cpu().double().numpy() for layer in layers]
    return Profiles(*_addresses(layers, [len(part) for part in rows]), np.concatenate(rows), *_no_tokens())


def input_biases(model: Model, layer: int) -> Float[np.ndarray, " neuron"]:
    """Return what each neuron of a layer reads from a stream of zeros: its bias and that of the norm.

    Raises `BadInput` where a layer's weights are hidden.
    """
    weights, norm = input_weights(model, layer), model.anatomy.second_norm(layer)
    own = getattr(model.anatomy.pre(layer), "bias", None)
    with torch.no_grad():
        shift = torch.zeros(1, model.width, dtype=weights.dtype, device=weights.device)
        read = (shift if norm is None else norm(shift)) @ weights
    return (read[0] if own is None else read[0] + own).detach().cpu().double().numpy()


def token_classes(model: Model, tokens: Int[np.ndarray, " position"]) -> Int[np.ndarray, " position"]:
    """Return for each token the number of its class in `TOKEN_CLASSES`, by the look of its text alone."""
    known, back = np.unique(tokens, return_inverse=True)
    found = [TOKEN_CLASSES.index(token_class(model.token_text(int(token)))) for token in known]
    return np.array(found)[back]


@cache
def token_class(text: str) -> str:
    r"""Return the class of a token by its text: whole word, name, piece of a word, number or other.

    >>> [token_class(text) for text in (" the", " Paris", "ing", " 12", ",", " ", "\n")]
    ['word', 'name', 'piece', 'number', 'punctuation', 'space', 'line end']
    """
    bare = text.strip()
    if not bare:
        return "line end" if "\n" in text else "space"
    if bare.isalpha():
        begins = text[0].isspace()
        return "name" if bare[0].isupper() else "word" if begins else "piece"
    if any(letter.isalpha() for letter in bare):
        return "other"
    return "number" if any(letter.isdigit() for letter in bare) else "punctuation"


def standardised(values: Float[np.ndarray, "item feature"], by: str) -> Float[np.ndarray, "item feature"]:
    """Return features with mean 0 and deviation 1 by ``neuron`` (row), by ``feature`` (column), or as given.

    What does not vary becomes 0.
    """
    if by == "none":
        return values
    axis = 1 if by == "neuron" else 0
    middle = values - values.mean(axis, keepdims=True)
    spread = middle.std(axis, keepdims=True)
    still = spread <= 1e-6 * np.abs(values).max(axis, keepdims=True, initial=0)
    return np.divide(middle, spread, out=np.zeros_like(middle), where=~still)


def _batches(passages: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Put neighbours of one length together, as many as fit a pass, so that nothing is padded."""
    for length, group in groupby(passages, key=len):
        together, size = list(group), max(1, _TOKENS_PER_PASS // length)
        yield from (together[start : start + size] for start in range(0, len(together), size))


def _text_score(logits: Tensor, batch: list[Tensor]) -> Tensor:
    """Return the log-probability of all tokens of a batch but the first of each row."""
    following = torch.stack(list(batch))[:, 1:, None].to(logits.device)
    return logits[:, :-1].log_softmax(-1).gather(-1, following).sum()


def _addresses(layers: Sequence[int], sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(layers, sizes), np.concatenate([np.arange(size) for size in sizes])


def _no_tokens() -> tuple[np.ndarray, np.ndarray]:
    return np.empty(0, dtype=int), np.empty(0, dtype=int)
