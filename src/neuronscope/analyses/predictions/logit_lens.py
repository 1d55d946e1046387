"""Logit lens: what would the model say if it stopped here?

At every depth the residual stream is read through the model's own final norm and unembedding, or first
through the translators of a tuned lens. The lower rows show a guess forming; the top row is the answer that
the model really gives.
"""

from typing import Any

import torch
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.instruments import residual_stream
from neuronscope.instruments.comparing.components import streams
from neuronscope.instruments.comparing.pairs import check_goes_on
from neuronscope.instruments.metrics import answer_token
from neuronscope.learned.lenses import Lens, divergence, readings
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import BadInput, Prompt, TopK
from neuronscope.words.predictions import ChosenTokens


@analysis(kind="grid", cites="nostalgebraist2020logitlens", version=2)
def logit_lens(
    model: Model, prompt: Prompt, lens: Lens | None = None, *, top_k: TopK = 5, tokens: ChosenTokens = ()
) -> xr.Dataset:
    """Decode the residual stream at every depth into its likeliest next tokens.

    Returns ``probability`` and ``candidate`` over depth, position and rank; the ``entropy`` of the
    whole next-token distribution and the ``divergence`` of the last depth's from it
    (Kullback–Leibler), both in nats over depth and position. Depth 0 is the embedding; the last depth is
    the model's own answer. Tokens that are named get over depth, position and choice their
    ``choice_probability``, ``choice_log_probability`` in nats and ``choice_rank``, 1 being the likeliest.
    A tuned lens translates each depth but the last before it is read. Raises ``BadInput`` for a model
    that reads both ways, a lens of another shape, more candidates than tokens, and a text that is not one
    token.

    >>> from neuronscope import open_model
    >>> lens = logit_lens(open_model("builtin:scribe"), "The keys to the cabinet", top_k=1)
    >>> lens.probability.dims
    ('depth', 'position', 'rank')
    """
    check_goes_on(model)
    ids = model.tokenize(prompt)
    if top_k > model.vocab_size:
        raise BadInput(f"logit_lens: top_k={top_k} is more than the model's {model.vocab_size} tokens.")
    chosen = torch.tensor([answer_token(model, text) for text in tokens], dtype=torch.long)
    stream = residual_stream(model, ids)
    if lens is not None:
        lens.check(model)
        stream = lens.translated(stream)
    read = _read(model, stream, top_k, chosen.to(stream.device))
    where = "depth position"
    nats, share = {"units": "nats"}, {"units": "1"}
    variables: dict[str, tuple[Any, ...]] = {
        "probability": (
            f"{where} rank",
            read["best"].exp(),
            {**share, "long_name": "probability of the next token"},
        ),
        "candidate": (f"{where} rank", _texts(model, read["candidate"]), {"long_name": "next token"}),
        "entropy": (where, read["entropy"], {**nats, "long_name": "entropy"}),
        "divergence": (where, read["divergence"], {**nats, "long_name": "divergence from the final answer"}),
    }
    coords: dict[str, Any] = {
        **streams(model).coords,
        "rank": range(1, top_k + 1),
        "token": ("position", model.token_texts(ids)),
    }
    if len(chosen):
        log_p, place = read["choice"], f"{where} choice"
        coords["choice"] = model.token_texts(chosen)
        variables |= {
            "choice_probability": (
                place,
                log_p.exp(),
                {**share, "long_name": "probability of the chosen token"},
            ),
            "choice_log_probability": (
                place,
                log_p,
                {**nats, "long_name": "log-probability of the chosen token"},
            ),
            "choice_rank": (place, read["choice_rank"], {"long_name": "rank of the chosen token"}),
        }
    return placed(label(coords, **variables), **dict.fromkeys(variables, "{address}@{position}"))


def _read(model: Model, stream: Tensor, top_k: int, chosen: Tensor) -> dict[str, Tensor]:
    """Return what is kept of each reading, the whole distributions being let go part by part."""
    kept: dict[str, Tensor] = {}
    for part, log_p, said in readings(model, stream):
        best = log_p.topk(top_k)
        named = log_p[..., chosen]
        found = {
            "best": best.values,
            "candidate": best.indices,
            "entropy": -(log_p.exp() * log_p).sum(-1),
            "divergence": divergence(log_p, said),
            "choice": named,
            "choice_rank": torch.stack([1 + (log_p > one[..., None]).sum(-1) for one in named.unbind(-1)], -1)
            if len(chosen)
            else named,
        }
        for name, values in found.items():
            if name not in kept:
                kept[name] = values.new_empty(*stream.shape[:2], *values.shape[2:])
            kept[name][part] = values
    return kept


def _texts(model: Model, tokens: Tensor) -> list[Any]:
    """Return the text of each token, each different one decoded once."""
    different, places = tokens.unique(return_inverse=True)
    texts = model.token_texts(different)
    return [[[texts[place] for place in row] for row in rows] for rows in places.tolist()]
