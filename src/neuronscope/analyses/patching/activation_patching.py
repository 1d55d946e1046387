"""Activation patching: where does the model keep what decides its answer?

Two prompts that differ in one thing are run; then the residual stream of one is put into the other,
one depth and one position at a time. Where that turns the answer, the deciding information is there.
"""

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.instruments import put, run, sweep
from neuronscope.instruments.metrics import LastMetric, answer_token, measure
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import AnswerToken, BadInput, CorruptPrompt, Metric, Prompt


@analysis(kind="grid", cites="meng2022rome")
def activation_patching(
    model: Model,
    prompt: Prompt,
    corrupt: CorruptPrompt,
    *,
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    metric: Metric = "logit_difference",
) -> xr.Dataset:
    """Swap the residual stream between two prompts, place by place, and see whose answer comes out.

    Returns over direction, depth and position the ``effect``, on the scale where 1 is the clean
    prompt's own answer and 0 the corrupt prompt's, and the raw ``metric``. In direction ``denoise`` the
    clean stream is put into the corrupt run, so that 1 says that this place is enough; in ``noise``
    the corrupt stream is put into the clean run, so that 0 says that this place was needed. Depth d
    follows block d−1, and the last depth feeds the unembedding. Left empty, target and distractor
    are the model's own favourites after the clean and the corrupt prompt. Raises ``BadInput`` where
    the prompts differ in token length or give the same metric.
    """
    clean, corrupted = model.tokenize(prompt), model.tokenize(corrupt)
    _comparable(model, clean, corrupted)
    last = run(model, torch.stack([clean, corrupted])).logits[:, -1]
    answers = [
        answer_token(model, text) if text else int(row.argmax())
        for text, row in zip((target, distractor), last, strict=True)
    ]
    if callable(metric):
        score: LastMetric = metric
    else:
        score = measure(metric, target=answers[0], distractor=answers[1])
    ends = score(last)
    span = float(ends[0] - ends[1])
    if abs(span) < 1e-6:
        raise BadInput(
            f"activation_patching: both prompts score {float(ends[0]):.4g}, so nothing can be restored; "
            "choose prompts, a target or a distractor that the model tells apart."
        )
    raw = torch.stack([_swept(model, clean, corrupted, score), _swept(model, corrupted, clean, score)])
    texts = model.token_texts(torch.tensor(answers))
    name = metric if isinstance(metric, str) else "metric"
    found = label(
        {
            "direction": ["denoise", "noise"],
            "depth": range(model.n_layers + 1),
            "token": ("position", model.token_texts(clean)),
            "corrupt_token": ("position", model.token_texts(corrupted)),
        },
        effect=(
            "direction depth position",
            (raw - ends[1]) / span,
            {"long_name": f"{name.replace('_', ' ')}: 1 = clean, 0 = corrupt", "units": "1"},
        ),
        metric=("direction depth position", raw, {"long_name": name.replace("_", " ")}),
    )
    return found.assign_attrs(
        clean_metric=float(ends[0]), corrupt_metric=float(ends[1]), target=texts[0], distractor=texts[1]
    )


def _comparable(model: Model, clean: Tensor, corrupted: Tensor) -> None:
    if len(clean) != len(corrupted):
        raise BadInput(
            f"activation_patching needs prompts of equal token length: the prompt has {len(clean)} tokens, "
            f"the corrupt one {len(corrupted)}; reword one of them."
        )
    if torch.equal(clean, corrupted):
        raise BadInput(
            "activation_patching: prompt and corrupt are the same text; change one token of the corrupt."
        )


def _swept(model: Model, source: Tensor, base: Tensor, score: LastMetric) -> Float[Tensor, "depth position"]:
    """Measure the base run with each place of its stream, in turn, taken from the source run."""
    sites = [*(f"resid_pre.{layer}" for layer in range(model.n_layers)), f"resid_post.{model.n_layers - 1}"]
    streams = run(model, source, get=sites)
    cells = [put(f"{site}@{place}", streams[site][0, place]) for site in sites for place in range(len(base))]
    return sweep(model, base, cells, score).values.reshape(len(sites), len(base))
