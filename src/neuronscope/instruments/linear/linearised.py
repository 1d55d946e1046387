"""What did one pass hold: the coefficients of every writer, the patterns and the scales of the norms?"""

from collections.abc import Iterable
from typing import Any, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.instruments.linear.direct import Direct
from neuronscope.instruments.linear.fixed import Fixed, Layer, bias_of, fixed, head_weights, missing
from neuronscope.instruments.linear.onward import Onward
from neuronscope.instruments.linear.readout import Direction, as_direction, head_directions
from neuronscope.instruments.run import Run, run
from neuronscope.models.inputs import Inputs, prepare
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.taps import Absence
from neuronscope.words import BadInput


@final
class Linearised:
    """One pass of a model, linear in whatever writes to its stream: patterns and norm scales are held.

    Made by `linearise`. ``seen`` holds what was read, ``at`` is the position that is read out, ``parts`` are
    the maps that stay whatever is read.
    """

    def __init__(self, model: Model, seen: Run, *, at: int, order: int, stack: str | None = None) -> None:
        self.model, self.seen, self.at, self.order = model, seen, at, order
        self.parts: Fixed = fixed(model, stack)

    @property
    def logits(self) -> Float[Tensor, "prompt vocab"]:
        """Return the model's own logits at the position that is read out, before the cap where one stands."""
        batch = self.seen.batch
        if not batch.lengths:
            raise BadInput("No token was read, so no logits belong to a position: use seen.output instead.")
        places = zip(batch.starts, batch.lengths, strict=True)
        columns = torch.tensor([start + self.at % length for start, length in places])
        logits, cap = self.seen.logits[torch.arange(len(columns)), columns], self.parts.cap
        return logits if cap is None else cap * torch.atanh(logits / cap)

    @property
    def final_scale(self) -> Float[Tensor, " prompt"]:
        """Return what the last norm divides by at the position that is read out."""
        return self.parts.final.scale(self.last)

    @property
    def last(self) -> Float[Tensor, "prompt width"]:
        """Return the stream after the last block at the position that is read out."""
        return self.at_place(f"resid_post.{len(self.parts.layers) - 1}")

    def at_place(self, site: str) -> Tensor:
        """Return a site of the stack at the position that is read out."""
        return self.seen[f"{self.parts.address(site)}@{self.at}"]

    def direct(self, direction: Direction | Tensor) -> Direct:
        """Return what every writer adds straight to a reading: the first-order shares, which sum to it.

        ``direction`` comes from `logit_direction`, or is vectors [width] or [prompt width] that read the
        normalised stream.
        """
        reading, norm = as_direction(self.parts, direction), self.parts.final
        v, scale = norm.back(reading.vectors), self.final_scale
        rows = [self._layer(number, layer, v, scale) for number, layer in enumerate(self.parts.layers)]
        begins = self.at_place("resid_pre.0")
        token = self.at_place("embed") if self.parts.placed else begins
        total = (norm_of(self.parts, self.last) * reading.vectors).sum(-1) + reading.constant
        constant = (norm.added(reading.vectors) + reading.constant).expand(len(begins))
        stacked = [_stacked([row[at] for row in rows]) for at in range(6)]
        return Direct(
            constant, _dot(token, v) / scale, _dot(begins - token, v) / scale, *stacked, total=total
        )

    def _layer(self, number: int, layer: Layer, v: Tensor, scale: Tensor) -> tuple[Tensor, ...]:
        """Return attention, heads and their bias, MLP, neurons and their bias, of one layer."""
        n, gone = len(scale), torch.full((len(scale), 1), torch.nan, dtype=v.dtype, device=v.device)
        none = v.new_zeros(n)
        attention, head, head_bias = none, gone[:, :0], none
        if layer.attends:
            attention, head, head_bias = (
                _dot(self.at_place(f"attn_add.{number}"), v) / scale,
                gone,
                gone[:, 0],
            )
        if layer.attends and not isinstance(layer.output, Absence):
            rows, after = head_weights(layer), layer.attention_after
            gains = (after.back(v) @ rows.flatten(0, 1).T).unflatten(-1, rows.shape[:2])
            own = scale * self.scale_after(after, f"attn_out.{number}")
            head = (self.at_place(f"z.{number}") * gains).sum(-1) / own[:, None]
            head_bias = _biases(after, bias_of(layer.output), v, own, scale)
        mlp, neuron, mlp_bias = none, gone[:, :0], none
        if layer.has_mlp:
            mlp, neuron, mlp_bias = _dot(self.at_place(f"mlp_add.{number}"), v) / scale, gone, gone[:, 0]
        if layer.has_mlp and not isinstance(layer.down, Absence):
            after = layer.mlp_after
            own = scale * self.scale_after(after, f"mlp_out.{number}")
            gains = after.back(v) @ matrix(layer.down).T
            neuron = self.at_place(f"mlp_act.{number}") * gains / own[:, None]
            mlp_bias = _biases(after, bias_of(layer.down), v, own, scale)
        return attention, head, head_bias, mlp, neuron, mlp_bias

    def scale_after(self, after: Held, address: str) -> Tensor:
        """Return the scale of a norm after attention or MLP, 1 where none stands there."""
        return self.final_scale.new_ones(1) if after.module is None else after.scale(self.at_place(address))

    def written(
        self,
        coefficients: Float[Tensor, "prompt unit"],
        vectors: Float[Tensor, "unit width"],
        direction: Direction | Tensor,
    ) -> Float[Tensor, "prompt unit"]:
        """Return what any writers add straight to a reading: each writes its vector times its coefficient.

        For features of a dictionary, directions, whatever lies in the stream at the position read out.
        """
        v = self.parts.final.back(as_direction(self.parts, direction).vectors)
        return coefficients * (v @ vectors.to(v).T) / self.final_scale[:, None]

    def neuron_writers(
        self, layer: int
    ) -> tuple[Float[Tensor, "prompt position neuron"], Float[Tensor, "neuron width"]]:
        """Return the neurons of a layer as writers: coefficients at every position, and vectors.

        A norm after the MLP is gone through. Needs ``linearise(..., order=2, keep=["mlp_act.LAYER"])``, with
        ``mlp_out.LAYER`` besides where such a norm stands. Raises `BadInput` where neurons are hidden.
        """
        found = self.parts.layers[layer]
        if isinstance(found.down, Absence):
            raise BadInput(f"The neurons of layer {layer} are hidden: {found.down.reason}.")
        active, after = self.everywhere(f"mlp_act.{layer}"), found.mlp_after
        if after.module is not None:
            active = active / after.scale(self.everywhere(f"mlp_out.{layer}"))[..., None]
        rows = matrix(found.down)
        return active, rows if after == Held() else after.forth(rows)

    def everywhere(self, site: str) -> Tensor:
        """Return a site of the stack at all positions, zero at padding."""
        value = self.seen[self.parts.address(site)]
        return value.nan_to_num() if self.seen.batch.padded else value

    def weights_of(self, layer: int) -> Float[Tensor, "prompt head position"]:
        """Return how strongly each head of a layer takes each position to where it is read out.

        The pattern's row over the scale of the norm before attention, and that of a norm after it.
        """
        if self.order < 2:
            raise BadInput("This pass was kept for direct effects alone: linearise it with order=2.")
        found = self.parts.layers[layer]
        if why := missing([found.output, found.values, found.before]):
            raise BadInput(f"The heads of layer {layer} cannot be followed back: {why}.")
        # Some families hold patterns in single precision, whatever they compute in besides.
        pattern = self.at_place(f"pattern.{layer}").to(self.final_scale.dtype)
        before, after = cast(Held, found.before), found.attention_after
        if before.module is not None:
            scale = self.seen[self.parts.address(f"attn_norm.{layer}")].nan_to_num(nan=1.0)
            pattern = pattern / scale[:, None]
        return pattern / self.scale_after(after, f"attn_out.{layer}")[:, None, None]

    def second_order(
        self,
        coefficients: Float[Tensor, "prompt position unit"],
        vectors: Float[Tensor, "unit width"],
        layer: int,
        direction: Direction | Tensor,
    ) -> Onward:
        """Return what writers in a layer add to a reading through each later head.

        Coefficients are over all positions, zero at padding, vectors lie in the stream; layer −1 is the
        embedding. Raises `BadInput` where ``order`` was 1.
        """
        v = self.parts.final.back(as_direction(self.parts, direction).vectors)
        later = [at for at in range(layer + 1, len(self.parts.layers)) if self.parts.layers[at].attends]
        if not later:
            none = coefficients.new_zeros(len(coefficients), 0, coefficients.shape[-1])
            return Onward(none, none, ())
        weights = [self.weights_of(at) for at in later]
        read = [head_directions(self.model, at, v, stack=self.parts.stack) for at in later]
        omega = torch.cat(weights, 1).to(coefficients.dtype) / self.final_scale[:, None, None]
        paths = [(at, head) for at, one in zip(later, weights, strict=True) for head in range(one.shape[1])]
        return Onward(omega @ coefficients, torch.cat(read, 1) @ vectors.to(v).T, tuple(paths))


def linearise(
    model: Model,
    inputs: Inputs,
    *,
    at: int = -1,
    order: int = 1,
    keep: Iterable[str] = (),
    stack: str | None = None,
) -> Linearised:
    """Run prompts once and keep what makes the answer at one position linear in whatever is written.

    Attention patterns and the scales that norms divide by stay what they were in this pass, so each head,
    neuron, embedding and bias has an exact share of any reading of the last stream. ``at`` is a position of
    each prompt, the last by default. ``order`` 2 keeps what second-order effects need besides: the
    patterns' rows at that position and the norm scales everywhere. ``keep`` names further sites to read.
    ``stack`` says which stack of blocks is meant in a model that has several, such as vision; a class token
    is read out with ``at=0``.

    Raises `BadInput` as `run` does, and for a model whose stream is no sum, such as one that normalises
    after each addition.
    """
    if order not in (1, 2):
        raise BadInput(f"order is 1, straight to the answer, or 2, through one later head; not {order}.")
    moved = set() if model.standing is None else model.standing.names() & {"attn_in", "v", "z"}
    if order == 2 and moved:
        raise BadInput(
            f"{model.name} is under an intervention at {min(moved)}, so its heads pass on other than they "
            "read: second order goes with changes of pattern, scores or neurons."
        )
    parts, batch = fixed(model, stack), prepare(model, inputs)
    sites = ["resid_pre.0", f"resid_post.{len(parts.layers) - 1}"]
    sites += ["embed"] if parts.placed else []
    for number, layer in enumerate(parts.layers):
        sites += _sites(number, layer)
    wanted = [f"{site}@{at}" for site in sites]
    if order == 2:
        for number, layer in enumerate(parts.layers):
            if not missing([layer.output, layer.values, layer.before]):
                wanted.append(f"pattern.{number}@{at}")
                wanted += [f"attn_norm.{number}"] if cast(Held, layer.before).module is not None else []
    seen = run(model, batch, get=[*map(parts.address, wanted), *keep])
    return Linearised(model, seen, at=at, order=order, stack=stack)


def _sites(number: int, layer: Layer) -> list[str]:
    found = [f"attn_add.{number}"] if layer.attends else []
    if layer.attends and not isinstance(layer.output, Absence):
        found.append(f"z.{number}")
        found += [f"attn_out.{number}"] if layer.attention_after.module is not None else []
    found += [f"mlp_add.{number}"] if layer.has_mlp else []
    if layer.has_mlp and not isinstance(layer.down, Absence):
        found.append(f"mlp_act.{number}")
        found += [f"mlp_out.{number}"] if layer.mlp_after.module is not None else []
    return found


def norm_of(parts: Fixed, stream: Tensor) -> Tensor:
    """Return what the model's own last norm makes of a stream."""
    norm: Any = parts.final.module
    return stream * parts.final.factor if norm is None else norm(stream)


def _dot(vectors: Tensor, directions: Tensor) -> Tensor:
    return (vectors * directions).sum(-1)


def _biases(after: Held, bias: Tensor | None, v: Tensor, own: Tensor, scale: Tensor) -> Tensor:
    """Return what a bias before, and the bias of a norm after, add along the direction."""
    added = after.added(v) / scale
    return added if bias is None else (after.back(v) @ bias.to(v)) / own + added


def _stacked(rows: list[Tensor]) -> Tensor:
    """Return layers side by side; where one has fewer units, or none, NaN fills its row."""
    if rows[0].dim() == 1:
        return torch.stack(rows, 1)
    most = max(row.shape[-1] for row in rows)
    filled = [nn.functional.pad(row, (0, most - row.shape[-1]), value=torch.nan) for row in rows]
    return torch.stack(filled, 1)
