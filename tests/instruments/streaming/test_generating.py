"""Every token comes with what the model computed as it read it, and a model can be changed on the way."""

import pytest
import torch

from neuronscope.instruments import interventions, run, stream
from neuronscope.instruments.streaming.changes import read_changes, written_changes
from neuronscope.instruments.streaming.generating import Course, Instant, followed, generate
from neuronscope.instruments.streaming.sampling import Sampling
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

PROMPT = "The capital of France is"
DRAWN = Sampling(temperature=1.0, seed=5)


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model("builtin:scribe", dtype="float64")


def written(model: Model, course: Course) -> list[Instant]:
    return list(generate(model, PROMPT, course))


def same(one: Instant, other: Instant) -> bool:
    return (
        one.token == other.token
        and one.log_probability == other.log_probability
        and all((one.arrays[name] == other.arrays[name]).all() for name in one.arrays)
    )


def test_each_token_shows_what_one_run_of_the_whole_text_shows(model: Model) -> None:
    instants = written(model, Course(4, detail="f32", patterns=True))
    tokens = torch.tensor([instant.token for instant in instants])
    seen = run(model, tokens, get=["mlp_act.*", "resid_pre.0", "resid_post.*", "pattern.*"])
    chances = seen.logits[0].log_softmax(-1)
    for place, instant in enumerate(instants):
        assert instant.position == place
        torch.testing.assert_close(
            torch.tensor(instant.arrays["activation"]),
            seen["mlp_act.*"][:, 0, place].float(),
            rtol=1e-5,
            atol=1e-6,
        )
        norms = [seen["resid_pre.0"][0, place].norm(), *seen["resid_post.*"][:, 0, place].norm(dim=-1)]
        torch.testing.assert_close(torch.tensor(instant.arrays["stream_norm"]), torch.stack(norms).float())
        pattern = seen["pattern.*"][:, 0, :, place, : place + 1]
        torch.testing.assert_close(torch.tensor(instant.arrays["pattern"]), pattern.half())
        assert instant.log_probability == pytest.approx(float(chances[place, instant.follows]), abs=1e-5)
        assert instant.candidates == tuple(chances[place].topk(5).indices.tolist())
        assert instant.entropy == pytest.approx(
            float(-(chances[place].exp() * chances[place]).sum()), abs=1e-5
        )
    assert [instant.follows for instant in instants[:-1]] == tokens[1:].tolist()


@pytest.mark.parametrize("sampling", [Sampling(), DRAWN], ids=["greedy", "drawn"])
def test_the_tokens_are_those_of_a_stream(model: Model, sampling: Sampling) -> None:
    steps = stream(model, PROMPT, 6, temperature=sampling.temperature, seed=sampling.seed)
    told = [instant.token for instant in written(model, Course(6, sampling)) if instant.written]
    assert told == [step.token for step in steps]


def test_it_ends_after_a_token_that_ends_it(model: Model) -> None:
    instants = written(model, Course(20))
    stop = instants[-3].token
    early = written(model, Course(20, ends=frozenset([stop])))
    assert [instant.token for instant in early] == [instant.token for instant in instants[:-2]]


def test_a_model_sent_on_the_way_is_the_change_that_is_asked_for(model: Model) -> None:
    begun = len(model.tokenize(PROMPT)) + 1
    change = [f"{begun}: resid_post.2 scale=0.5"]
    asked = written(model, Course(5, DRAWN, changes=read_changes(model, change)))
    other = model.under(interventions.read("resid_post.2 scale=0.5"))
    generator = generate(model, PROMPT, Course(5, DRAWN))
    sent = [next(generator)]
    while sent[-1].position < asked[-1].position:
        sent.append(generator.send(other if sent[-1].position == begun - 1 else None))
    generator.close()
    assert all(same(one, two) for one, two in zip(asked, sent, strict=True))
    plain = written(model, Course(5, DRAWN))
    assert all(same(one, two) for one, two in zip(asked[:begun], plain[:begun], strict=True))
    assert not same(asked[begun], plain[begun])


def test_a_change_to_nothing_goes_on_bare(model: Model) -> None:
    other = model.under(interventions.read("resid_post.2 scale=0.5"))
    begun = len(model.tokenize(PROMPT))
    asked = written(other, Course(3, DRAWN, changes=read_changes(other, [f"{begun}:"])))
    always = written(other, Course(3, DRAWN))
    assert all(same(one, two) for one, two in zip(asked[:begun], always[:begun], strict=True))
    assert not same(asked[begun], always[begun])


def test_a_stream_cannot_go_on_in_another_model(model: Model) -> None:
    steps = stream(model, PROMPT, 3)
    next(steps)
    with pytest.raises(BadInput, match="cannot go on in"):
        steps.send(open_model("builtin:induction"))


def test_what_was_followed_is_not_computed_again(model: Model) -> None:
    instants = written(model, Course(2))
    with followed(instants):
        assert written(model, Course(2)) == instants
        assert list(generate(model, "", Course(2))) == instants


def test_changes_come_back_as_they_are_written(model: Model) -> None:
    lines = ("7: mlp_act.3.17 scale=0; z.2.1 zero", "9:")
    found = read_changes(model, lines)
    assert written_changes({position: other.do for position, other in found.items()}) == lines
    assert found[9] is model.bare


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["mlp_act.0 zero"], "is no change"),
        (["x: mlp_act.0 zero"], "is no change"),
        (["7:", "7: mlp_act.0 zero"], "Two changes begin at position 7"),
        (["7: nonsense"], "nonsense"),
    ],
)
def test_a_line_that_is_no_change_is_refused(model: Model, lines: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_changes(model, lines)


def test_what_has_no_room_is_refused(model: Model) -> None:
    with pytest.raises(BadInput, match="has room for 25"):
        written(model, Course(1000))
    with pytest.raises(BadInput, match="lies in the prompt"):
        written(model, Course(3, changes=read_changes(model, ["1:"])))
