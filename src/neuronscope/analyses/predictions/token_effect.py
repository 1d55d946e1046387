"""Token effect: which tokens of the prompt make the model prefer this answer to that one?

Each token is taken out in several ways, and what the preference loses is the token's effect: it is deleted,
its embedding is replaced by a mean one or by those of other tokens that are as common, or the gradient
foretells the replacement by the mean. Where the ways disagree, the effect is not one number.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.instruments import put, run, sweep
from neuronscope.instruments.comparing.reference import reference_prompts
from neuronscope.instruments.comparing.stand_ins import mean_embedding, similar_tokens, token_embeddings
from neuronscope.instruments.metrics import LastMetric, answer_token, logit_difference
from neuronscope.maths.ranking import spearman
from neuronscope.maths.resampling import mean_interval
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import AnswerToken, BadInput, Prompt, Seed
from neuronscope.words.predictions import DrawCount, EmbeddingReference

WAYS = ("removal", "mean", "sample", "gradient")


@analysis(kind="grid", cites="li2016erasure")
def token_effect(
    model: Model,
    prompt: Prompt,
    *,
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    reference: EmbeddingReference = "common_prompts",
    n_draws: DrawCount = 12,
    seed: Seed = 0,
) -> xr.Dataset:
    """Measure what each token of the prompt adds to the logit of the target minus that of the distractor.

    Returns ``effect`` over way and position in logits: the difference after the whole prompt minus that
    without the token; positive where the token speaks for the target. Way ``removal`` deletes the
    token, so that later ones move up by a position; ``mean`` puts the mean embedding of the reference in its
    place; ``sample`` puts ``n_draws`` tokens there that are about as common in the reference and begin
    with a space if it does, and averages, ``effect_low`` and ``effect_high`` being the 95 % interval over
    draws (the other ways draw nothing: their ends are the value itself); ``gradient`` multiplies the
    gradient by the embedding minus the mean one. ``agreement`` over way and other is the rank correlation
    of two ways over positions, where there are three or more; NaN where a way gives all tokens one effect.

    Left empty, target and distractor are the model's first and second choice. Of a prompt of one token the
    removal leaves the tokenizer's beginning or end of text. Raises ``BadInput`` where target and distractor
    are one token.

    >>> from neuronscope import open_model
    >>> found = token_effect(open_model("builtin:scribe"), "The keys to the cabinet", target="are")
    >>> found.effect.dims
    ('way', 'position')
    """
    tokens = model.tokenize(prompt)
    answers = _answers(model, tokens, target, distractor)
    score = logit_difference(*answers)
    read = reference_prompts(model, reference)
    mean = mean_embedding(model, read)
    drawn = similar_tokens(model, tokens, read, n=n_draws, seed=seed)
    cells = [put(f"embed@{place}", mean) for place in range(len(tokens))]
    vectors = token_embeddings(model, drawn.flatten()).unflatten(0, drawn.shape)
    cells += [put(f"embed@{place}", one) for place, own in enumerate(vectors) for one in own]
    swept = sweep(model, tokens, cells, score)
    base = float(swept.base)
    lost = (base - swept.values[:, 0]).cpu().numpy()
    sampled = mean_interval(lost[len(tokens) :].reshape(len(tokens), -1), axis=1, seed=seed)
    effects = {
        "removal": base - _without_each(model, tokens, score),
        "mean": lost[: len(tokens)],
        "sample": sampled.estimate,
        "gradient": _foretold(model, tokens, mean, score),
    }
    found = np.stack([effects[way] for way in WAYS])
    low, high = found.copy(), found.copy()
    low[WAYS.index("sample")], high[WAYS.index("sample")] = sampled.low, sampled.high
    texts = model.token_texts(answers)
    told = {"long_name": f"effect on {texts[0]!r} minus {texts[1]!r}", "units": "logits", "signed": True}
    variables: dict[str, tuple[Any, ...]] = {
        "effect": ("way position", found, {**told, "n": n_draws, "n_unit": "draws of each token"}),
        "effect_low": ("way position", low),
        "effect_high": ("way position", high),
        "null": ("", 0.0, {"long_name": "no effect"}),
    }
    coords: dict[str, Any] = {"way": list(WAYS), "token": ("position", model.token_texts(tokens))}
    if len(tokens) > 2:
        coords["other"] = list(WAYS)
        ranks = {"long_name": "rank correlation over tokens", "units": "1"}
        variables["agreement"] = ("way other", spearman(found), ranks)
    attributes = {
        "logit_difference": base,
        "target": texts[0],
        "distractor": texts[1],
        "reference": reference,
    }
    return label(coords, **variables).assign_attrs(attributes)


def _answers(model: Model, tokens: Tensor, target: str, distractor: str) -> list[int]:
    """Return the target and the distractor, by default the likeliest tokens that are not the other one."""
    given = [answer_token(model, text) if text else None for text in (target, distractor)]
    best = run(model, tokens).logits[0, -1].topk(min(3, model.vocab_size)).indices.tolist()
    first = given[0] if given[0] is not None else next(one for one in best if one != given[1])
    second = given[1] if given[1] is not None else next(one for one in best if one != first)
    if first == second:
        raise BadInput(
            f"token_effect: target and distractor are both {model.token_text(first)!r}; name two tokens."
        )
    return [first, second]


def _without_each(model: Model, tokens: Tensor, score: LastMetric) -> np.ndarray:
    """Return the score after the prompt without each of its tokens in turn."""
    if len(tokens) == 1:
        ends = (getattr(model.tokenizer, f"{end}_token_id", None) for end in ("bos", "eos"))
        empty = next((end for end in ends if end is not None), None)
        if empty is None:
            raise BadInput(
                "token_effect: nothing is left of a prompt of one token, and this model's tokenizer has no "
                "token for the beginning of a text: give two tokens or more."
            )
        rows = torch.tensor([[empty]], device=tokens.device)
    else:
        rows = torch.stack([torch.cat([tokens[:place], tokens[place + 1 :]]) for place in range(len(tokens))])
    return sweep(model, rows, [], score).base.cpu().numpy()


def _foretold(model: Model, tokens: Tensor, mean: Tensor, score: LastMetric) -> np.ndarray:
    """Return to first order what the score loses when each embedding becomes the mean one."""
    seen = run(model, tokens, get="embed", grad=lambda logits: score(logits[:, -1]).sum())
    return ((seen["embed"] - mean) * seen.grad["embed"])[0].double().sum(-1).cpu().numpy()
