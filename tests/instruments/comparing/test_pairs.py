"""Prompts to ask about, held to the task that they come from."""

import pytest
import torch

from neuronscope.data.tasks import open_task
from neuronscope.instruments import run
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

CLEAN = "When Mary and John went to the shop, John gave a drink to"
CORRUPT = "When Mary and John went to the shop, Mary gave a drink to"


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.mark.parametrize("name", ["indirect-object", "capital", "agreement", "brackets"])
def test_the_answers_of_a_task_are_the_tokens_that_follow_its_prompts(scribe: Model, name: str) -> None:
    task = open_task(name)
    asked = prompt_pairs(scribe, task, n_prompts=12, seed=3)
    assert len(asked) == 12
    for row, pair in enumerate(task.pairs(12, scribe.tokenizer, seed=3)):
        whole = scribe.tokenize(pair.clean + pair.answer)
        assert torch.equal(whole[: len(asked.clean[row])], asked.clean[row])
        assert whole[len(asked.clean[row])] == asked.target[row] != asked.distractor[row]
        assert len(asked.clean[row]) == len(asked.corrupt[row])


def test_spans_are_the_tokens_that_hold_the_words(scribe: Model) -> None:
    asked = prompt_pairs(scribe, open_task("indirect-object"), n_prompts=8)
    for row, pair in enumerate(asked.pairs):
        for name in ("recipient", "subject", "giver"):
            tokens = asked.clean[row][list(asked.spans[row][name])]
            assert pair.span(name) in "".join(scribe.token_texts(tokens))
        assert asked.spans[row]["end"] == range(len(asked.clean[row]) - 1, len(asked.clean[row]))
    assert asked.shared_spans[-1] == "end"
    assert {"recipient", "subject", "giver"} <= {*asked.shared_spans}


def test_a_part_of_the_pairs_is_measured_as_in_the_whole(scribe: Model) -> None:
    asked = prompt_pairs(scribe, open_task("indirect-object"), n_prompts=6)
    whole = asked.metric("logit_difference")(run(scribe, asked.clean).logits[:, -1])
    part = asked[2:5].metric("logit_difference")(run(scribe, asked.clean[2:5]).logits[:, -1])
    torch.testing.assert_close(part, whole[2:5])
    assert asked[2:5].pairs == asked.pairs[2:5]


def test_answers_left_empty_are_what_the_model_says(scribe: Model) -> None:
    asked = prompt_pairs(scribe, prompt=CLEAN, corrupt=CORRUPT)
    assert scribe.token_texts(torch.cat([asked.target, asked.distractor])) == [" Mary", " John"]
    alone = prompt_pairs(scribe, prompt=CLEAN)
    best = run(scribe, CLEAN).logits[0, -1].topk(2).indices
    assert [int(alone.target), int(alone.distractor)] == best.tolist()
    turned = prompt_pairs(scribe, prompt=CLEAN, target=" John")
    assert [int(turned.target), int(turned.distractor)] == [int(asked.distractor), int(best[0])]
    against = prompt_pairs(scribe, prompt=CLEAN, distractor=" Mary")
    assert [int(against.distractor), int(against.target)] == best.tolist()
    assert alone.corrupt == ()


def test_a_model_that_reads_both_ways_is_refused(reader: Model) -> None:
    with pytest.raises(BadInput, match="reader reads both ways, so nothing follows a prompt"):
        prompt_pairs(reader, prompt="a b")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "nothing to ask about"),
        ({"prompt": CLEAN, "corrupt": CLEAN}, "are the same tokens"),
        ({"prompt": CLEAN, "corrupt": "Mary"}, "need equal token length"),
        (
            {"prompt": CLEAN, "target": "John", "distractor": " John"},
            "are both ' John', which differ in nothing",
        ),
        ({"prompt": CLEAN, "task": "capital"}, "give 'capital' or a prompt, not both"),
        ({"target": " Mary", "task": "capital"}, "The answers of 'capital' are its own"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(scribe: Model, given: dict[str, str], words: str) -> None:
    task = open_task(given.pop("task")) if "task" in given else None
    with pytest.raises(BadInput, match=words):
        prompt_pairs(scribe, task, **given)  # pyright: ignore[reportArgumentType]
