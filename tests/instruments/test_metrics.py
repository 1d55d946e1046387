from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from neuronscope.instruments import run, sweep, zero
from neuronscope.instruments.metrics import AnswerLogProbability, answer_token, log_probability, measure
from neuronscope.models import open_model
from neuronscope.words import BadInput
from tests.models.tiny import shared, some_tokens


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


def test_an_answer_of_one_token_is_its_log_probability() -> None:
    model, tokens = shared("gpt2"), some_tokens()
    cells = [zero("z.1.0")]
    whole = sweep(model, tokens, cells, AnswerLogProbability(torch.tensor([5])))
    torch.testing.assert_close(whole.values, sweep(model, tokens, cells, log_probability(5)).values)


def test_an_answer_follows_the_position_ids_that_were_given() -> None:
    model, tokens, answer = shared("gpt2"), some_tokens(rows=1), torch.tensor([3, 4])
    placed = torch.arange(tokens.shape[1])[None] + 2
    base = sweep(model, {"input_ids": tokens, "position_ids": placed}, [], AnswerLogProbability(answer)).base
    further = torch.cat([placed, placed[:, -1:] + 1], 1)
    logits = run(
        model, {"input_ids": torch.cat([tokens, answer[None, :1]], 1), "position_ids": further}
    ).logits
    expected = logits[0, -2:].log_softmax(-1).gather(-1, answer[:, None]).sum()
    torch.testing.assert_close(base[0].float(), expected)
