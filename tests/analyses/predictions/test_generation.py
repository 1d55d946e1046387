"""A generation holds what was written, how sure the model was, and what every neuron did."""

import numpy as np
import pytest
import torch

from neuronscope import open_model
from neuronscope.analyses.predictions.generation import generation
from neuronscope.instruments import interventions, run, stream
from neuronscope.models import Model
from neuronscope.results import digest
from neuronscope.words import BadInput

PROMPT = "The capital of France is"


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


def test_the_text_is_the_prompt_and_what_a_stream_writes(scribe: Model) -> None:
    found = generation(scribe, PROMPT, n_tokens=3)
    steps = [step.token for step in stream(scribe, PROMPT, 3)]
    assert found.token_id.values.tolist() == scribe.tokenize(PROMPT).tolist() + steps
    assert found.written.values.tolist() == [False] * 5 + [True] * 3
    assert "".join(found.token.values.tolist()).startswith(PROMPT)


@pytest.mark.parametrize(("detail", "tolerance"), [("f32", 1e-5), ("f16", 1e-2), ("int8", 0.1)])
def test_activations_are_those_of_a_run_within_what_is_kept(
    scribe: Model, detail: str, tolerance: float
) -> None:
    found = generation(scribe, PROMPT, n_tokens=2, detail=detail)
    seen = run(scribe, torch.tensor(found.token_id.values), get="mlp_act.*")["mlp_act.*"][:, 0]
    kept = found.activation.values.astype(np.float32)
    if detail == "int8":
        kept = kept * found.scale.values[..., None]
    np.testing.assert_allclose(kept, seen.transpose(0, 1).numpy(), atol=tolerance)


def test_probabilities_rank_and_attention_sums_to_one(scribe: Model) -> None:
    found = generation(scribe, PROMPT, n_tokens=2, candidates=3, patterns=True)
    assert (np.diff(found.probability.values, axis=1) <= 0).all()
    np.testing.assert_allclose(found.pattern.values.sum(-1), 1, atol=5e-3)
    assert found.pattern.values[0, :, :, 1:].max() == 0
    likeliest = found.candidate_id.values[:, 0]
    assert found.follows.values[4:-1].tolist() == likeliest[4:-1].tolist()
    np.testing.assert_allclose(
        np.exp(found.log_probability.values[4:]), found.probability.values[4:, 0], rtol=1e-6
    )


def test_one_seed_draws_one_text(scribe: Model) -> None:
    texts = [generation(scribe, PROMPT, n_tokens=8, temperature=1.5, seed=seed) for seed in (1, 1, 2)]
    assert digest(texts[0]) == digest(texts[1])
    assert texts[0].token_id.values.tolist() != texts[2].token_id.values.tolist()


def test_a_token_may_end_it(scribe: Model) -> None:
    whole = generation(scribe, PROMPT, n_tokens=6)
    stop = str(whole.token.values[6])
    found = generation(scribe, PROMPT, n_tokens=6, stop=(stop,))
    assert found.token.values.tolist() == whole.token.values[:7].tolist()


def test_it_tells_what_was_changed(scribe: Model) -> None:
    changed = scribe.under(interventions.read("resid_post.1 scale=0.5"))
    found = generation(changed, PROMPT, n_tokens=3, changes=("6:",))
    assert found.attrs["do"] == ["resid_post.1 scale=0.5"]
    assert found.attrs["changes"] == ["6:"]
    with pytest.raises(BadInput, match="lies in the prompt"):
        generation(scribe, PROMPT, changes=("0: resid_post.1 zero",))


def test_a_text_longer_than_the_context_is_refused(scribe: Model) -> None:
    with pytest.raises(BadInput, match="has room for 251"):
        generation(scribe, PROMPT, n_tokens=252)
