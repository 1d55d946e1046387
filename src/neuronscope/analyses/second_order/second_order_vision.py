"""Second-order vision: what do neurons of an image tower do through later heads, in the words of captions?

The lens was found on CLIP. Here it is turned back on a small one, whose images and captions ship with the
package, so that what is done for language models can be held to what was done first.
"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.digits import NAMES, Digits, digits
from neuronscope.instruments.second_order.images import VISION, Shown, ablated_embeddings, shown
from neuronscope.maths.geometry.rank_one import Principal
from neuronscope.maths.resampling import mean_interval, wilson_interval
from neuronscope.maths.significance import sign_flip_p
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import BadInput, LayerIndex, Seed, TopK
from neuronscope.words.second_order import CaptionTemplate, EffectSplitting, SignificantShare


@analysis(kind="profile", cites="gandelsman2024secondorder")
def second_order_vision(
    model: Model,
    *,
    layer: LayerIndex = -1,
    compat: EffectSplitting = "exact",
    significant_share: SignificantShare = 100 / 5124,
    caption: CaptionTemplate = "a photo of the handwritten digit {name}",
    top_k: TopK = 20,
    seed: Seed = 0,
) -> xr.Dataset:
    """Ablate the second-order effects of a layer of an image tower and put its neurons into captions.

    Images are the handwritten digits: means, thresholds and components come from the training part, all
    else from the held-out one. Over way, ``accuracy`` is the share of images whose own caption of ten is the
    nearest, with its interval, and ``change`` what it loses of the original's, paired by image, with interval
    and p: all effects at their mean (``mean``), those beyond a neuron's threshold or those within it
    (``without_significant``, ``without_insignificant``), or all but the part along the neuron's component
    (``rank_one``). Over item, the neurons of the largest mean effect: ``explained``, what the component
    explains of the significant effects, ``explained_all`` of all, ``nearest``, the digit whose caption the
    component is nearest to, and over choice ``caption_cosine``, ``digit_effect``: the mean effect along each
    caption on images of that digit, less that on the others. ``split_difference`` is how far the effects less
    their mean are from those under the other sharing of means and biases, relative to their length, and
    ``split_correlation`` their correlation.

    ``layer`` is of the image tower, −1 the last but one, and the class token is read out. Raises `BadInput`
    for a model that does not put images of this size and captions in one place. (Gandelsman et al. 2024.)
    """
    depth = len(model.anatomy.stacks[VISION].blocks) if VISION in model.anatomy.stacks else model.n_layers
    at = depth - 2 if layer < 0 else layer
    if not 0 <= at < depth - 1:
        raise BadInput(f"No head reads after layer {at}: choose one from 0 to {depth - 2}, or -1.")
    captions = [caption.format(name=name) for name in NAMES]
    train, held_out = digits("train"), digits("held-out")
    learned, judged = (
        shown(model, part.images, captions, layer=at, compat=compat) for part in (train, held_out)
    )
    other = shown(model, held_out.images, captions, layer=at, compat="exact" if compat == "clip" else "clip")
    n_significant = max(2, round(significant_share * len(train)))
    ways, found = ablated_embeddings(judged, learned, n_significant=n_significant)
    size = np.linalg.norm(judged.effect, axis=-1).mean(0)
    best = np.argsort(-size, kind="stable")[:top_k]
    addresses = [f"{VISION}/mlp_act.{at}.{neuron}" for neuron in best]
    nearest = [NAMES[k] for k in (found.coefficient[best] @ judged.caption.T).argmax(1)]
    result = label(
        {
            "way": list(ways),
            "choice": list(NAMES),
            "item": [f"{at}.{neuron} {name}" for neuron, name in zip(best, nearest, strict=True)],
            "address": ("item", addresses),
            "nearest": ("item", nearest, {"long_name": "nearest caption"}),
        },
        **_accuracies(ways, judged, held_out, seed),
        **_neurons(judged, other, found, held_out, best),
    ).assign_attrs(
        n=len(held_out),
        n_unit="images",
        n_train=len(train),
        layer=at,
        compat=compat,
        n_significant=n_significant,
    )
    return placed(result, explained="{address}")


def _accuracies(ways: dict[str, np.ndarray], judged: Shown, part: Digits, seed: int) -> dict[str, Any]:
    right = np.stack([(found @ judged.caption.T).argmax(1) == part.labels for found in ways.values()], 1)
    low, high = wilson_interval(right.sum(0), np.full(right.shape[1], len(right)))
    lost = right.astype(float) - right[:, :1]
    change = mean_interval(lost, seed=seed)
    return {
        "accuracy": ("way", right.mean(0), {"long_name": "images called by their own caption", "units": "1"}),
        "accuracy_low": ("way", low),
        "accuracy_high": ("way", high),
        "change": (
            "way",
            change.estimate,
            {"long_name": "change of the accuracy", "units": "1", "signed": True},
        ),
        "change_low": ("way", change.low),
        "change_high": ("way", change.high),
        "change_p": ("way", sign_flip_p(lost, seed=seed), {"long_name": "p of no change, signs turned"}),
    }


def _neurons(judged: Shown, other: Shown, found: Principal, part: Digits, best: np.ndarray) -> dict[str, Any]:
    effect = judged.effect[:, best]
    mine, theirs = (one - one.mean(0) for one in (effect, other.effect[:, best]))
    apart = np.linalg.norm(mine - theirs, axis=(0, 2)) / np.linalg.norm(mine, axis=(0, 2))
    together = (mine * theirs).sum((0, 2)) / np.sqrt((mine**2).sum((0, 2)) * (theirs**2).sum((0, 2)))
    cosine = found.coefficient[best] @ judged.caption.T
    along = effect @ judged.caption.T
    own = part.labels[:, None] == np.arange(len(NAMES))
    of_digit = np.stack(
        [along[own[:, k], :, k].mean(0) - along[~own[:, k], :, k].mean(0) for k in range(len(NAMES))], 1
    )
    return {
        "explained": (
            "item",
            found.explained[best],
            {"long_name": "significant effects in one direction", "units": "1"},
        ),
        "explained_all": (
            "item",
            found.explained_all[best],
            {"long_name": "all effects in one direction", "units": "1"},
        ),
        "magnitude": (
            "item",
            np.linalg.norm(effect, axis=-1).mean(0),
            {"long_name": "mean length of the effect"},
        ),
        "caption_cosine": (
            "item choice",
            cosine,
            {"long_name": "cosine of component and caption", "signed": True},
        ),
        "digit_effect": (
            "item choice",
            of_digit,
            {"long_name": "effect on images of the digit, less others", "signed": True},
        ),
        "split_difference": (
            "item",
            apart,
            {"long_name": "distance of exact and even sharing", "units": "1"},
        ),
        "split_correlation": (
            "item",
            together,
            {"long_name": "correlation of exact and even sharing", "units": "1"},
        ),
    }
