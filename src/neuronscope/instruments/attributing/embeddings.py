"""What does the model answer as a function of the embeddings of a prompt's tokens?"""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.attributing.row_metrics import RowMetric
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.metrics import last_logits
from neuronscope.instruments.run import check_fired, run
from neuronscope.models.attention import Place
from neuronscope.models.forward import forward
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput, nearest

BASELINES = ("mean", "zero", "padding")
_TOKENS_PER_PASS = 4096


@final
class EmbeddedPrompt:
    """The metric after one prompt, as a function of what the token embedding looks up for it.

    Positions and everything else that the network adds stay as they are. `score` may be differentiated.
    """

    def __init__(self, model: Model, pairs: PromptPairs, row: int, metric: RowMetric) -> None:
        check_evaluation_mode(model.hf)
        model.check(Site("embed"))
        self.model, self.row, self.metric = model, row, metric
        self.batch = prepare(model, pairs.clean[row])
        self.actual: Float[Tensor, "batch position width"] = run(model, self.batch, get="embed", stop=True)[
            "embed"
        ]

    def score(self, embedded: Float[Tensor, "cell position width"]) -> Float[Tensor, " cell"]:
        """Return the metric where the tokens look like this, one number a row."""
        rows = max(1, _TOKENS_PER_PASS // embedded.shape[1])
        return torch.cat([self._passed(part) for part in embedded.split(rows)])

    def _passed(self, embedded: Tensor) -> Tensor:
        batch = self.batch.picked([0] * len(embedded))
        place = Place("embed")
        done = forward(self.model.anatomy, batch.inputs, {place: embedded.to}, keep=1)
        check_fired([place], done.fired, stopped=False)
        if done.logits is None:
            raise BadInput(f"{self.model.name} gives no logits, so there is no answer to share out.")
        return self.metric([self.row] * len(embedded))(last_logits(done.logits, batch, 1))


def embedding_baseline(model: Model, baseline: str = "mean") -> Float[Tensor, " width"]:
    """Return what a token that says nothing looks like: [width].

    ``mean`` is the mean over the vocabulary, ``zero`` zeros, ``padding`` the embedding of the tokenizer's
    padding token, or else of its end-of-text token. Raises `BadInput` for another name, and where the
    tokenizer has neither token.
    """
    if baseline not in BASELINES:
        near = nearest(baseline, BASELINES) or f"; there are {', '.join(BASELINES)}."
        raise BadInput(f"There is no baseline called {baseline!r}{near}")
    if baseline == "zero":
        return torch.zeros(model.width, dtype=model.dtype, device=model.device)
    embedding = model.anatomy.embedding
    if embedding is None:
        raise BadInput(f"{model.name} embeds no tokens: choose a model that reads text.")
    if baseline == "mean":
        with torch.no_grad():
            parts = [
                embedding(part).double().sum(0, keepdim=True)
                for part in torch.arange(model.vocab_size, device=model.device).split(2**14)
            ]
        return (torch.cat(parts).sum(0) / model.vocab_size).to(model.dtype)
    known = [getattr(model.tokenizer, name, None) for name in ("pad_token_id", "eos_token_id")]
    token = next((token for token in known if token is not None), None)
    if token is None:
        raise BadInput(
            f"{model.name} has no padding or end-of-text token to look like: take the baseline mean or zero."
        )
    with torch.no_grad():
        return embedding(torch.tensor(token, device=model.device)).clone()
