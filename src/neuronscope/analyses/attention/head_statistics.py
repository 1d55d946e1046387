"""Head statistics: how wide, how far and where to does each head look?"""

import xarray as xr
from numpy import ndarray

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.heads.estimates import estimated
from neuronscope.instruments.heads.reading import Patterns, attending_layers, measured_heads
from neuronscope.maths.attention_measures import MEASURES, head_measures
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import OnePrompt, PassageCount, PassageLength, Seed
from neuronscope.words.attention import FirstToken, MassShare


@analysis(kind="grid", cites="clark2019bert")
def head_statistics(
    model: Model,
    corpus: Corpus | None = None,
    *,
    prompt: OnePrompt = "",
    n_passages: PassageCount = 16,
    n_tokens: PassageLength = 48,
    first_token: FirstToken = "keep",
    mass: MassShare = 0.9,
    seed: Seed = 0,
) -> xr.Dataset:
    """Measure how every head spreads its attention over passages of a corpus, or over one prompt.

    Returns over layer and head, each with its 95 % interval over passages: ``normalised_entropy``, 1 for
    even attention and 0 for one key, and ``entropy`` in nats; ``sparsity``, the share of the visible keys
    that hold ``mass`` of the attention; ``largest``, the attention to the key attended most; ``distance``
    in tokens; and the attention to the ``first`` token, to the query's own (``self``) and to the one before
    (``previous``). Each is a mean over the queries that see two keys or more. A special token that the
    tokenizer puts first is the first token. Without a corpus, passages are of Python's reference; one
    prompt has no interval. Works on models that read both ways. Raises ``BadInput`` where a prompt has no
    token with a choice.

    >>> from neuronscope import open_model
    >>> found = head_statistics(open_model("builtin:scribe"), prompt="The keys to the cabinet")
    >>> found.entropy.dims
    ('layer', 'head')
    """
    if prompt:
        prompts = [model.tokenize(prompt)]
    else:
        prompts = passages(model, corpus, n=n_passages, n_tokens=min(n_tokens, model.n_positions), seed=seed)

    def measure(part: Patterns) -> dict[str, ndarray]:
        return head_measures(
            part.pattern, part.visible[:, None, None], without_first=first_token == "leave_out", mass=mass
        )

    seen = measured_heads(model, prompts, measure)
    names = ["normalised_entropy", *(name for name in MEASURES if name != "normalised_entropy")]
    variables = {}
    for name in names:
        long_name, units = MEASURES[name]
        told = {"long_name": long_name, "units": units, "signed": False}
        variables |= estimated(name, seen[name], told, first=name == names[0])
    found = label({"layer": attending_layers(model), "head": range(model.n_heads)}, **variables)
    return placed(found, **dict.fromkeys(names, "z.{layer}.{head}")).assign_attrs(
        n=len(prompts), n_unit="prompts" if prompt else "passages", first_token=first_token
    )
