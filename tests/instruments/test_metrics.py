from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from neuronscope.instruments.metrics import answer_token, measure
from neuronscope.models import open_model
from neuronscope.words import BadInput
from tests.models.tiny import shared


def test_the_metrics_are_what_their_names_say() -> None:
    logits = torch.tensor([[1.0, 3.0, 2.0], [0.0, 0.0, 5.0]])
    probabilities = logits.softmax(-1)
    found = {
        name: measure(name, target=1, distractor=2)(logits)
        for name in ("logit_difference", "probability_difference", "log_probability")
    }
    torch.testing.assert_close(found["logit_difference"], torch.tensor([1.0, -5.0]))
    torch.testing.assert_close(found["probability_difference"], probabilities[:, 1] - probabilities[:, 2])
    torch.testing.assert_close(found["log_probability"], probabilities[:, 1].log())


def test_an_unknown_metric_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(BadInput, match="There is no metric called 'loss'; choose one of logit_difference, "):
        measure("loss", target=1, distractor=2)


def test_an_answer_is_one_token_with_a_space_where_that_makes_it_one(
    test_data: Callable[[str], Path],
) -> None:
    model = open_model(str(test_data("stories260k/hf")))
    assert model.token_text(answer_token(model, "time")).strip() == "time"
    with pytest.raises(BadInput, match="tokens for this model"):
        answer_token(model, "hippopotamus")


def test_an_answer_for_a_model_without_tokenizer_is_a_token_id() -> None:
    assert answer_token(shared("gpt2"), "17") == 17
    for text in ("97", "word"):
        with pytest.raises(BadInput, match=f"'{text}' is not a token id; this model has no tokenizer"):
            answer_token(shared("gpt2"), text)
