"""What do the neurons of an image tower do to the place where images and captions meet?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.instruments.linear import Linearised, linearise
from neuronscope.instruments.second_order.factored import strengths, vectors
from neuronscope.instruments.second_order.uniform import uniform_effects
from neuronscope.maths.geometry.rank_one import Principal, principal
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.results import track
from neuronscope.words import BadInput

VISION = "vision"
_AT_ONCE = 64
Compat = Literal["exact", "clip"]


@dataclass(frozen=True, eq=False)
class Shown:
    """Images as an image tower and its captions meet them, one layer's second-order effects among them.

    ``embedding`` is of length one; ``effect`` is what each neuron of the layer gives it through later heads,
    the length held. ``caption`` are the captions' directions.
    """

    embedding: Float[np.ndarray, "prompt output"]
    effect: Float[np.ndarray, "prompt neuron output"]
    caption: Float[np.ndarray, "choice output"]


def shown(
    model: Model,
    images: Float[np.ndarray, "batch channel row column"],
    captions: Sequence[str],
    *,
    layer: int,
    compat: Compat = "exact",
) -> Shown:
    """Show images to a model of two towers and return embeddings, captions and a layer's effects.

    ``exact`` gives each neuron its own share of what norms take away and no bias; ``clip`` shares means and
    biases out evenly as the first code did. All effects are held at once. Raises `BadInput` for a model that
    has no image tower beside a text tower, and for images that it does not take.
    """
    projection = getattr(model.hf, "visual_projection", None)
    if VISION not in model.anatomy.stacks or not isinstance(projection, nn.Linear) or model.tokenizer is None:
        raise BadInput(
            f"{model.name} does not put images and captions in one place: choose a CLIP, such as "
            "builtin:digits-clip."
        )
    words = cast(Any, model.tokenizer)(list(captions), return_tensors="pt", padding=True)
    later = range(layer + 1, len(model.anatomy.stacks[VISION].blocks))
    keep = [f"{VISION}/mlp_act.{layer}", *(f"{VISION}/resid_pre.{at}" for at in later)]
    rows, texts = [], None
    for start in track(range(0, len(images), _AT_ONCE), "batches of images"):
        inputs = {"pixel_values": images[start : start + _AT_ONCE], **words}
        seen = linearise(model, inputs, at=0, order=2, stack=VISION, keep=keep)
        rows.append(_met(model, seen, projection, layer, compat))
        texts = cast(Any, seen.seen.output).text_embeds
    embeddings, effects = zip(*rows, strict=True)
    return Shown(_plain(torch.cat(embeddings)), _plain(torch.cat(effects)), _plain(cast(Tensor, texts)))


def _plain(values: Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()


def _met(
    model: Model, seen: Linearised, projection: nn.Linear, layer: int, compat: Compat
) -> tuple[Tensor, Tensor]:
    if compat == "clip":
        effect = uniform_effects(seen, layer)
    else:
        static = vectors(model, layer, stack=VISION)
        effect = torch.einsum("bpn,npw->bnw", strengths(seen, layer).to(static), static)
    weights = matrix(projection).detach()
    whole = seen.parts.final(seen.last) @ weights
    length = whole.norm(dim=-1)
    return whole / length[:, None], (effect @ weights) / length[:, None, None]


def ablated_embeddings(
    judged: Shown, learned: Shown, *, n_significant: int
) -> tuple[dict[str, Float[np.ndarray, "prompt output"]], Principal]:
    """Return embeddings with second-order effects ablated in four ways, and the neurons' components.

    Means, thresholds and components come from ``learned`` images. With δ an effect less its mean, an effect
    is significant beyond the ``n_significant``-th longest. ``mean`` takes out all δ, ``without_significant``
    and ``without_insignificant`` some, ``rank_one`` keeps δ along the component (Gandelsman et al. 2024).
    """
    held, width = np.swapaxes(learned.effect, 0, 1), learned.effect.shape[-1]
    found = principal(
        held, np.broadcast_to(np.eye(width), (len(held), width, width)), n_selected=n_significant
    )
    off = judged.effect - learned.effect.mean(0)
    beyond = np.linalg.norm(off, axis=-1) > found.threshold
    base = judged.embedding - off.sum(1)
    along = np.einsum("bnw,nw->bn", off, found.coefficient)
    return {
        "original": judged.embedding,
        "mean": base,
        "without_significant": base + (off * ~beyond[..., None]).sum(1),
        "without_insignificant": base + (off * beyond[..., None]).sum(1),
        "rank_one": base + along @ found.coefficient,
    }, found
