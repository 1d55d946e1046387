"""Chains of questions: each asked once, none lost, and a bad one stopping no other."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from neuronscope.chains.chain import Chain, Check
from neuronscope.chains.checking import verdict
from neuronscope.chains.filling import filled, works
from neuronscope.chains.reading import chain_of, read_chain, recipe_names, recipe_text
from neuronscope.chains.running import run_chain
from neuronscope.doors import notebook
from neuronscope.instruments import interventions
from neuronscope.models import open_model
from neuronscope.results import WorkerProcesses, digest, label, load, provenance
from neuronscope.words import BadInput

CHAIN: dict[str, Any] = {
    "title": "Two lenses",
    "with": {"k": 2},
    "over": {"prompt": ["Paris is in", "Two and two"], "model": ["builtin:scribe"]},
    "steps": [
        {
            "name": "lens",
            "ask": "logit-lens",
            "with": {"model": "{model}", "prompt": "{prompt}", "top_k": "{k}"},
        },
        {"name": "card", "ask": "model_card", "with": {"model": "{model}"}},
    ],
}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "home"))


def chain(**changes: Any) -> Chain:
    return Chain.model_validate(CHAIN | changes)


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_step_is_asked_once_for_the_values_that_it_depends_on() -> None:
    lens, card = works(chain(), {"k": 2})
    assert [work.place for work in lens] == ["prompt1-model1", "prompt2-model1"]
    assert [work.place for work in card] == ["model1"]


def test_what_builds_on_a_step_depends_on_its_values() -> None:
    later = {"name": "later", "ask": "logit-lens", "with": {"model": "{model}", "prompt": "{lens}"}}
    *_, last = works(chain(steps=[*CHAIN["steps"], later]), {"k": 2})
    assert [work.place for work in last] == ["prompt1-model1", "prompt2-model1"]
    assert last[1].needs == {"lens": "prompt2-model1"}


def test_a_value_alone_keeps_its_type_and_doubled_braces_stay() -> None:
    assert filled(["{n}", "{n} of {{n}}"], {"n": 3}) == [3, "3 of {n}"]


def test_every_answer_is_in_the_folder_with_its_digest(tmp_path: Path) -> None:
    outcomes = run_chain(chain(), tmp_path / "out")
    assert [outcome.problem for outcome in outcomes] == ["", "", ""]
    for outcome in outcomes:
        result = load(outcome.file)
        assert digest(result) == outcome.digest
        assert not provenance(result)["derived"]
    assert load(outcomes[0].file).sizes["rank"] == 2
    log = json.loads((tmp_path / "out" / "log.json").read_text())
    assert [row["digest"] for row in log["questions"]] == [outcome.digest for outcome in outcomes]
    again = Chain.model_validate(log["chain"])
    assert again == chain()
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("<svg") >= 2 * len(outcomes)
    assert "<script" not in page


CHANGE = "z.2.1 scale=0"
LENS = {"ask": "logit-lens", "with": {"model": "builtin:scribe", "prompt": "The king"}}


def test_the_model_of_every_question_is_under_the_chains_changes_unless_a_step_has_its_own(
    tmp_path: Path,
) -> None:
    own = "z.3.0 zero"
    steps = [{"name": "changed", **LENS}, {"name": "untouched", **LENS, "do": []}]
    steps += [{"name": "other", **LENS, "do": [own]}, {"name": "again", **LENS}]
    asked = Chain.model_validate({"title": "With and without", "do": [CHANGE], "steps": steps})
    outcomes = run_chain(asked, tmp_path / "out")
    found = {outcome.step: outcome for outcome in outcomes}
    assert [outcome.problem for outcome in outcomes] == [""] * 4
    plain = found["untouched"].arguments
    assert [outcome.arguments for outcome in outcomes] == [
        {**plain, "do": [CHANGE]},
        plain,
        {**plain, "do": [own]},
        {**plain, "do": [CHANGE]},
    ]
    for name, do in (("changed", [CHANGE]), ("untouched", []), ("other", [own])):
        machine = provenance(load(found[name].file))["models"]["model"]
        assert machine.get("do", []) == do
        model = open_model("builtin:scribe")
        same = notebook.ask(
            "logit_lens", store=False, model=model.under(interventions.read(do)), prompt="The king"
        )
        assert digest(same) == found[name].digest
    assert found["again"].digest == found["changed"].digest
    assert len({outcome.digest for outcome in outcomes}) == 3
    log = json.loads((tmp_path / "out" / "log.json").read_text())
    assert Chain.model_validate(log["chain"]) == asked


def test_a_chain_runs_through_changes() -> None:
    step = {"name": "lens", **LENS, "do": ["z.{head} zero"]}
    asked = Chain.model_validate({"title": "Heads", "over": {"head": ["2.1", "3.0"]}, "steps": [step]})
    [lens] = works(asked, {})
    assert [work.values["head"] for work in lens] == ["2.1", "3.0"]
    assert [work.place for work in lens] == ["head1", "head2"]


@pytest.mark.parametrize(
    ("do", "step", "words"),
    [
        ("[z.2.1 zeroed]", "ask: logit-lens", "step 1: .*zero"),
        ('["z.{head} zero"]', "ask: logit-lens", r"\{head\} of 'do' is no parameter"),
        ("[z.2.1 zero]", "make: language-model", "opens no single model to intervene in"),
        ("z.2.1 zero", "ask: logit-lens", "do input should be a valid list"),
    ],
)
def test_changes_that_are_none_are_refused_before_anything_is_asked(do: str, step: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        chain_of(f"title: X\nsteps:\n  - {step}\n    do: {do}\n", name="mine")


def test_asked_again_it_is_looked_up(tmp_path: Path) -> None:
    first = run_chain(chain(), tmp_path / "one")
    second = run_chain(chain(), tmp_path / "two")
    created = [[provenance(load(o.file))["created"] for o in outcomes] for outcomes in (first, second)]
    assert created[0] == created[1]


def test_a_question_that_fails_stops_those_that_build_on_it_and_no_other(tmp_path: Path) -> None:
    steps = [
        {"name": "bad", "ask": "logit-lens", "with": {"model": "{model}", "prompt": "x", "top_k": 3000}},
        {"name": "next", "ask": "logit-lens", "with": {"model": "{model}", "prompt": "{bad}"}},
        *CHAIN["steps"],
    ]
    problems = {o.step: o.problem for o in run_chain(chain(steps=steps), tmp_path / "out")}
    assert "top_k" in problems["bad"]
    assert problems["next"] == "Not asked, for bad was not answered."
    assert problems["lens"] == problems["card"] == ""
    assert "Not asked, for bad" in (tmp_path / "out" / "index.html").read_text()


def test_a_check_or_picture_of_what_is_not_there_says_so_and_loses_no_answer(tmp_path: Path) -> None:
    lens, card = CHAIN["steps"]
    words = {"of": "sureness", "above": 0, "met": "good", "missed": "bad"}
    shown = [{"variable": "sureness"}, {"at": {"rank": 7}}]
    steps = [{**lens, "check": [words], "show": shown}, card]
    outcomes = run_chain(chain(steps=steps), tmp_path / "out")
    assert [outcome.problem for outcome in outcomes] == ["", "", ""]
    page = (tmp_path / "out" / "index.html").read_text()
    assert "A check asks for &#x27;sureness&#x27;, which the answer does not have" in page
    assert "A picture asks for &#x27;sureness&#x27;, which the answer does not have" in page
    assert "rank has no place 7" in page
    log = json.loads((tmp_path / "out" / "log.json").read_text(), parse_constant=pytest.fail)
    assert log["questions"][0]["checks"][0] | {"words": ""} == {"met": False, "value": None, "words": ""}


def test_pictures_and_checks_lie_at_the_places_that_parameters_name(tmp_path: Path) -> None:
    words = {"of": "probability", "at": {"rank": "{k}"}, "above": 0, "met": "good", "missed": "bad"}
    lens = {**CHAIN["steps"][0], "check": [words], "show": [{"at": {"rank": "{k}"}}]}
    told: list[Any] = []
    run_chain(chain(steps=[lens]), tmp_path, tell=lambda outcome, found: told.append((outcome, found)))
    for outcome, (found,) in told:
        assert found.value == pytest.approx(float(load(outcome.file).probability.sel(rank=2).mean()))


class Ended:
    """An executor whose process is ended after the first answer."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], what: str) -> Iterator[Any]:
        """Answer one question and break."""
        yield function(next(iter(items)))
        raise BrokenProcessPool


def test_a_worker_that_is_ended_is_told_in_words_and_what_was_answered_is_in_the_log(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="A worker process was ended from outside"):
        run_chain(chain(), tmp_path, executor=Ended())
    assert len(json.loads((tmp_path / "log.json").read_text())["questions"]) == 1
    assert [outcome.problem for outcome in run_chain(chain(), tmp_path)] == ["", "", ""]


def test_what_was_made_is_not_made_again_and_stays_in_the_folder(tmp_path: Path) -> None:
    toys = {"n_features": 3, "n_dimensions": 2, "steps": 4, "rows": 4, "densities": [0.5]}
    steps = [{"name": "toys", "make": "toy-superposition", "with": toys}]
    made = chain(steps=steps, over={}, **{"with": {}})
    first, again = run_chain(made, tmp_path), run_chain(made, tmp_path)
    assert [outcome.problem for outcome in (*first, *again)] == ["", ""]
    assert first[0].file == again[0].file == str(tmp_path / "made" / "toys")


@pytest.mark.slow
def test_several_processes_give_the_same_answers(tmp_path: Path) -> None:
    here = run_chain(chain(), tmp_path / "one")
    there = run_chain(chain(), tmp_path / "two", executor=WorkerProcesses(2))
    assert [outcome.digest for outcome in here] == [outcome.digest for outcome in there]


def test_checks_hold_one_number_against_a_limit() -> None:
    result = label({"item": ["a", "b"]}, share=("item", [0.2, 0.9]))
    words = {"of": "share", "met": "good", "missed": "bad"}
    assert verdict(Check.model_validate({**words, "at": {"item": "b"}, "above": 0.5}), result).words == "good"
    assert verdict(Check.model_validate({**words, "take": "smallest", "above": 0.5}), result).words == "bad"
    assert verdict(Check.model_validate({**words, "at": {"item": -1}, "below": 0.5}), result).value == 0.9
    missing = label({"item": ["a"]}, share=("item", [float("nan")]))
    assert not verdict(Check.model_validate({**words, "above": -1}), missing).met
    with pytest.raises(BadInput, match="'shares', which the answer does not have; did you mean 'share'"):
        verdict(Check.model_validate({**words, "of": "shares", "above": 1}), result)
    with pytest.raises(BadInput, match="item has no place 'c'; it has a, b"):
        verdict(Check.model_validate({**words, "at": {"item": "c"}, "above": 1}), result)


def test_lines_and_files_beside_the_chain_are_values(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("Paris is in\n\nOne more\n")
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "a.txt").write_text("a")
    text = (
        "title: t\nover: {prompt: {lines: prompts.txt}, corpus: {files: '?.txt'}}\n"
        "steps:\n  - {ask: logit-lens, with: {model: builtin:scribe, prompt: '{prompt}'}}\n"
        "  - {ask: neuron-map, with: {model: builtin:scribe, corpus: '{corpus}'}}"
    )
    over = read_chain(written(tmp_path, text)).over
    assert over["prompt"] == ["Paris is in", "One more"]
    assert over["corpus"] == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]


STEP = "title: t\nsteps:\n  - ask: logit-lens\n    with: "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: [", "is no YAML"),
        ("- a", "says nothing to do"),
        ("title: t", "steps field required"),
        ("title: t\nsteps: []", "steps list should have at least 1 item"),
        ("title: t\nstep: []", "step is no word that a chain knows|steps field required"),
        ("title: t\nsteps: [{show: []}]", "steps 1 a step needs either 'ask' or 'make'"),
        ("title: t\nsteps: [{ask: logit-lense}]", "did you mean 'logit_lens'"),
        ("title: t\nsteps: [{make: logit-lens}]", "logit-lens is for 'ask', not 'make'"),
        (STEP + "{promt: x}", "no argument 'promt'; did you mean 'prompt'"),
        (STEP + "{prompt: '{who}'}", "{who} is no parameter or earlier step; there are none"),
        ("title: t\nwith: {logit-lens: 1}\n" + STEP[9:] + "{prompt: a}", "names two things"),
        ("title: t\nwith: {idle: 1}\n" + STEP[9:] + "{prompt: a}", "no step mentions {idle}"),
        ("title: t\nover: {idle: [1]}\n" + STEP[9:] + "{prompt: a}", "no step mentions {idle}"),
        (STEP + "{prompt: a}\n    show: [{at: {rank: '{k}'}}]", "{k} of a picture or check is no parameter"),
        ("title: t\nsteps: [{make: toy-superposition, with: {out: /x}}]", "has no argument 'out'"),
        (
            "title: t\nover: {prompt: {lines: ../a.txt}}\n" + STEP[9:] + "{prompt: a}",
            "is not beside the chain",
        ),
        ("title: t\nover: {prompt: {files: /etc/*}}\n" + STEP[9:] + "{prompt: a}", "is not beside the chain"),
        ("title: t\nover: {prompt: {files: ''}}\n" + STEP[9:] + "{prompt: a}", "is not beside the chain"),
        ("title: t\nover: {prompt: []}\n" + STEP[9:] + "{prompt: a}", "over prompt has no values"),
        ("title: t\nover: {prompt: {lines: none.txt}}\n" + STEP[9:] + "{prompt: a}", "cannot be read"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_chain(written(tmp_path, text))


def test_unknown_names_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no recipe 'indirect-objekt'; did you mean 'indirect-object'"):
        read_chain("indirect-objekt")
    with pytest.raises(BadInput, match="cannot be read: give a text file in YAML"):
        read_chain(str(tmp_path / "none.yaml"))
    with pytest.raises(BadInput, match="no parameter 'kk'; did you mean 'k'"):
        run_chain(chain(), tmp_path, given={"kk": 1})
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        run_chain(chain(), tmp_path / "file" / "below")


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_are_well_made_and_say_what_they_are_for(name: str, tmp_path: Path) -> None:
    recipe = read_chain(name)
    assert recipe.summary
    assert "model" in recipe.given
    assert all(step.prose for step in recipe.steps)
    assert any(step.check for step in recipe.steps)
    copy = tmp_path / "copy.yaml"
    copy.write_text(recipe_text(name), encoding="utf-8")
    assert read_chain(str(copy)) == recipe


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [1]\nb: [*a, *a]", "aliases are not read here"),
        ("a: &a [*a]", "aliases are not read here"),
        ("[" * 20_000, "is nested too deeply"),
    ],
)
def test_a_text_that_stands_for_more_than_it_says_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        chain_of(text, name="yours")
