import json
from pathlib import Path

import pytest
import torch

from neuronscope.instruments import (
    Op,
    Question,
    add,
    answer,
    harvest,
    interventions,
    linearise,
    logit_direction,
    put,
    run,
    scale,
    stream,
    sweep,
    zero,
)
from neuronscope.instruments.interventions import Interventions, load, read, save
from neuronscope.instruments.metrics import AnswerLogProbability
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.instruments.test_sweep import assert_alike, difference, one_by_one, residual_cells
from tests.models.tiny import shared, some_tokens

WRITTEN = [
    "mlp_act.1.17 zero",
    "mlp_act.3.17@2:5 scale=0.5",
    "z.2.1@-1 mean",
    "z.2.1 resample seed=3",
    "resid_post.2 add=-0.25",
    "resid_mid.2 put=1e-20",
    "resid_post.1 noise=0.5 seed=7",
    "module.transformer.h.0.mlp:out zero",
    'resid_post.2 add=3*(token " the" - token "; ")',
    'resid_post.2 add=token " the"',
    "resid_post.2 add=-2*random 11",
    'resid_post.2 project_out=token "\\"quoted\\""',
]
STACK = ["resid_post.0 scale=0.5", "z.1.1@-1 zero", "k.1 scale=2", "mlp_act.1@1: add=0.1", "pattern.0.1 zero"]


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_written_reads_back_as_it_stands(text: str) -> None:
    assert read(text).texts == (text,)
    assert read([text]) == read(text)
    assert interventions.from_json(json.loads(json.dumps(interventions.to_json(text)))) == read(text)


def test_changes_behind_one_another_are_parted_by_semicolons_outside_quotation_marks() -> None:
    assert read("; ".join(WRITTEN)) == read(WRITTEN)
    assert len(read(" ; ")) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mlp_act.3.17", "SITE OP"),
        ("mlp_act.3.17 double=2", "There is no op 'double'.*zero, scale, add"),
        ("mlp_act.3.17 scal=2", "scale"),
        ("mlp_ac.3.17 zero", "There is no site 'mlp_ac'.*mlp_act"),
        ("mlp_act.* zero", "a change is made in one"),
        ("mlp_act.3 scale", "takes a number, such as scale=0.5"),
        ("mlp_act.3 zero=1", "takes no value"),
        ("mlp_act.3 scale=nan", "finite"),
        ("mlp_act.3 noise=-1", "0 or more"),
        ("mlp_act.3 zero seed=1", "draws nothing"),
        ("resid_post.1 add=Paris", "neither a number nor a direction"),
        ('resid_post.1 add=3*(token " a" token " b")', "neither a number nor a direction"),
        ("resid_post.1 project_out=2", "takes a direction"),
        ('mlp_act.1 add=token " a"', "lies in the residual stream"),
        ('resid_post.1 add=token " a', "quotation mark"),
        ("z.2.1@subject zero", "names a span"),
        ("result.2.1 zero", "derived"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(text)


def test_a_file_keeps_changes_and_leaves_out_those_that_are_switched_off(tmp_path: Path) -> None:
    file = save(WRITTEN, tmp_path / "stack.json")
    assert load(file) == read(WRITTEN)
    told = json.loads(file.read_text())
    assert told["format"] == "neuronscope-interventions"
    told["ops"][0]["on"] = False
    file.write_text(json.dumps(told))
    assert load(file) == read(WRITTEN[1:])


@pytest.mark.parametrize(
    "told", ["[]", "{", '{"format": "neuronscope-interventions", "version": 2, "ops": []}']
)
def test_a_file_of_something_else_is_refused(told: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(told)
    with pytest.raises(BadInput, match=r"format|JSON|version"):
        load(tmp_path / "x.json")


def test_a_model_under_nothing_is_the_bare_one_bit_for_bit(scribe: Model) -> None:
    assert scribe.under(read([])) is scribe
    assert scribe.under(read("z.0.0 zero")).under(read([])) is scribe


def test_under_takes_interventions_and_says_how_they_are_made(scribe: Model) -> None:
    with pytest.raises(BadInput, match=r"neuronscope\.interventions\.read"):
        scribe.under(["z.0.0 zero"])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("family", ["gpt2", "llama", "gpt_neox parallel"])
def test_a_run_under_changes_is_a_run_that_makes_them(family: str) -> None:
    model, tokens = shared(family), some_tokens(rows=2)
    ops = [scale("resid_post.0", 0.5), zero("z.1.1@-1"), scale("k.1", 2)]
    ops += [add("mlp_act.1@1:", 0.1), zero("pattern.0.1")]
    assert torch.equal(run(model.under(read(STACK)), tokens).logits, run(model, tokens, do=ops).logits)


def test_changes_at_one_site_are_made_in_their_order() -> None:
    model, tokens = shared("gpt2"), some_tokens(rows=1)
    for first, second, expected in [("scale=0.5", "add=1", 0.5), ("add=1", "scale=0.5", 0.5)]:
        seen = run(
            model.under(read([f"resid_pre.0 {first}", f"resid_pre.0 {second}"])), tokens, get="resid_pre.0"
        )
        bare = run(model, tokens, get="resid_pre.0")["resid_pre.0"]
        wanted = bare * expected + 1 if first.startswith("scale") else (bare + 1) * expected
        torch.testing.assert_close(seen["resid_pre.0"], wanted, rtol=0, atol=1e-12)


def test_ops_of_a_run_come_after_the_changes_that_the_model_is_under() -> None:
    model, tokens, doubled = shared("gpt2"), some_tokens(rows=1), scale("resid_post.0", 2)
    changed = run(model.under(read("resid_post.0 add=1")), tokens, do=doubled).logits
    assert torch.equal(changed, run(model, tokens, do=[add("resid_post.0", 1), doubled]).logits)


@pytest.mark.parametrize("text", ["mlp_act.1 noise=0.5 seed=2", "z.0.1 resample", "z.1.0@-1 mean", *STACK])
def test_padding_and_the_company_of_a_prompt_change_nothing(scribe: Model, text: str) -> None:
    model = scribe.under(read(text))
    prompts = ["The cat", "The cat sat on the mat by the door"]
    together = run(model, prompts)
    for row, prompt in enumerate(prompts):
        alone = run(model, prompt).logits[0]
        torch.testing.assert_close(together.logits[row][together.batch.own(row)], alone, rtol=0, atol=1e-4)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
@pytest.mark.parametrize(
    "change", [*STACK, "resid_pre.1 scale=0.5", "resid_post.1@-1 scale=3", "embed scale=2"]
)
def test_a_sweep_under_changes_equals_the_loop(family: str, change: str) -> None:
    model = shared(family, torch.float64).under(read(change))
    clean, corrupt = some_tokens(rows=1, seed=1), some_tokens(rows=1, seed=2)
    cells = [*residual_cells(model, clean), zero("z.1.0"), scale("mlp_act.0.3", 4)]
    assert_alike(sweep(model, corrupt, cells, difference).values, one_by_one(model, corrupt, cells), 1e-9)


def test_a_sweep_over_padded_prompts_under_changes_equals_each_prompt_alone(scribe: Model) -> None:
    model = scribe.under(read(["mlp_act.1@2 scale=3", "z.2.1 noise=1", "resid_post.3@-1 scale=0.7"]))
    prompts = ["The cat sat", "The cat sat on the mat by the door"]
    cells = [zero("z.3.1"), zero("mlp_act.2"), scale("resid_mid.4", 0.5)]
    together = sweep(model, prompts, cells, difference).values
    for row, prompt in enumerate(prompts):
        torch.testing.assert_close(
            together[:, row], sweep(model, prompt, cells, difference).values[:, 0], rtol=0, atol=1e-3
        )


@pytest.mark.parametrize("change", ["resid_post.1 add=2", "k.1 scale=2", "z.1.0 zero", "mlp_act.0 noise=1"])
def test_a_stream_under_changes_writes_what_whole_passes_would(change: str) -> None:
    model, written = shared("gpt2", torch.float64).under(read(change)), some_tokens(rows=1)
    for step in stream(model, written, 3):
        torch.testing.assert_close(step.logits, run(model, written).logits[0, -1], rtol=0, atol=1e-9)
        written = torch.cat([written, torch.tensor([[step.token]])], 1)


def test_the_newest_token_of_a_stream_stays_changed_in_what_is_kept() -> None:
    bare, tokens = shared("gpt2", torch.float64), some_tokens(rows=1)
    length = tokens.shape[1]
    steps = list(stream(bare.under(read("resid_post.0@-1 scale=3")), tokens, 2))
    both = torch.cat([tokens, torch.tensor([[steps[0].token]])], 1)
    made = [scale(f"resid_post.0@{at}", 3) for at in (length - 1, length)]
    torch.testing.assert_close(steps[1].logits, run(bare, both, do=made).logits[0, -1], rtol=0, atol=1e-9)


def test_gradients_are_those_of_the_changed_model() -> None:
    tokens, under = some_tokens(rows=1), shared("gpt2", torch.float64).under(read("resid_post.1 scale=0.5"))
    seen = run(under, tokens, get="resid_post.0", grad=lambda logits: logits[0, -1, 7])
    slopes = seen.grad["resid_post.0"]
    step = torch.randn(slopes.shape, dtype=slopes.dtype, generator=torch.Generator().manual_seed(0)) * 1e-5
    there, back = (
        run(under, tokens, do=add("resid_post.0", sign * step)).logits[0, -1, 7] for sign in (1, -1)
    )
    assert float((there - back) / 2) == pytest.approx(float((slopes * step).sum()), rel=1e-5)


def test_answers_and_harvests_are_those_of_the_changed_model(scribe: Model, tmp_path: Path) -> None:
    under = scribe.under(read("resid_post.2 scale=0.2"))
    question = [Question(prompt="The capital of France is", right=([5],))]
    told, bare = (answer(model, question)[0].written for model in (under, scribe))
    assert told != bare
    kept = harvest(under, ["The cat sat on the mat."], "resid_post.2", tmp_path / "kept")
    seen = run(under, "The cat sat on the mat.", get="resid_post.2")["resid_post.2"]
    rows = torch.cat(list(kept.site("resid_post.2")))
    torch.testing.assert_close(rows.float(), seen[0, -len(rows) :].float(), rtol=0, atol=1e-2)
    with pytest.raises(BadInput):
        harvest(scribe, ["The cat sat on the mat."], "resid_post.2", tmp_path / "kept")


def test_a_linear_account_is_exact_under_changes_within_parts_and_refused_under_others(scribe: Model) -> None:
    prompt = "The cat sat on the"
    under = scribe.under(read("z.1.0 zero; mlp_act.2.7 scale=3; pattern.3.1 zero"))
    shares = linearise(under, prompt).direct(logit_direction(under, 5, 7))
    assert float(shares.remainder.abs().max()) < 1e-3
    assert float(shares.head[0, 1, 0]) == 0
    with pytest.raises(BadInput, match="not the sum"):
        linearise(scribe.under(read("resid_post.1 scale=0.5")), prompt)
    with pytest.raises(BadInput, match="second order"):
        linearise(under, prompt, order=2)
    with pytest.raises(BadInput, match="output head"):
        scribe.under(read("logits scale=2")).unembed(torch.zeros(scribe.width))


def test_an_answer_of_several_tokens_is_measured_under_the_changes(scribe: Model) -> None:
    under, metric = scribe.under(read("z.2.1 scale=0")), AnswerLogProbability(torch.tensor([5, 6]))
    swept = sweep(under, "The cat", [scale("z.0.0", 1.0)], metric)
    expected = sweep(scribe, "The cat", [zero("z.2.1")], AnswerLogProbability(torch.tensor([5, 6])))
    assert float(swept.base) != pytest.approx(float(expected.base), abs=1e-6)


def test_what_is_done_is_part_of_the_fingerprint_and_its_order_too(scribe: Model) -> None:
    one, other = "z.2.1 zero", "mlp_act.1 scale=0.5"
    models = [scribe, *(scribe.under(read(ops)) for ops in ([one], [other], [one, other], [other, one]))]
    assert len({model.fingerprint for model in models}) == len(models)
    assert scribe.under(read([one])).fingerprint == models[1].fingerprint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mlp_act.9.1 zero", "out of range"),
        ("z.0.99 zero", "out of range"),
        ("mlp_up.0 zero", "mlp_up"),
        ('resid_post.1 add=token "no such long token"', "tokens for this model"),
        ('resid_post.1 add=token "a" - token "a"', "cancel"),
    ],
)
def test_a_place_or_word_that_the_model_lacks_is_refused_when_it_is_put_under(
    scribe: Model, text: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        scribe.under(read(text))


def test_a_position_that_no_prompt_has_is_refused_and_that_of_some_is_changed(
    scribe: Model,
) -> None:
    under = scribe.under(read("resid_post.1@5 zero"))
    with pytest.raises(BadInput, match="no prompt has such a position"):
        run(under, "The cat")
    long = "The cat sat on the mat by the door"
    both = run(under, ["The cat", long])
    torch.testing.assert_close(
        both.logits[0][both.batch.own(0)], run(scribe, "The cat").logits[0], rtol=0, atol=1e-4
    )
    assert not torch.allclose(both.logits[1][both.batch.own(1)], run(scribe, long).logits[0], atol=1e-2)


def test_ops_made_in_python_stand_too_and_one_for_some_rows_does_not(scribe: Model) -> None:
    value = torch.randn(scribe.width, generator=torch.Generator().manual_seed(0))
    under = scribe.under(read([add("resid_post.1", value), "z.2.1 zero"]))
    same = run(scribe, "The cat", do=[add("resid_post.1", value), zero("z.2.1")])
    assert torch.equal(run(under, "The cat").logits, same.logits)
    with pytest.raises(BadInput, match="made in Python"):
        interventions.to_json([add("resid_post.1", value)])
    with pytest.raises(BadInput, match="some rows"):
        read([put("z.0.0", 1.0, rows=0)])


def test_a_direction_of_tokens_raises_their_difference_by_its_coefficient(scribe: Model) -> None:
    first, second = scribe.token_text(300), scribe.token_text(400)
    words = f"token {json.dumps(first)} - token {json.dumps(second)}"
    before = run(scribe, "The cat", get="resid_post.5")
    after = run(scribe.under(read(f"resid_post.5 add=2*({words})")), "The cat", get="resid_post.5")
    moved = after["resid_post.5"] - before["resid_post.5"]
    torch.testing.assert_close(moved.norm(dim=-1), torch.full(moved.shape[:-1], 2.0), rtol=0, atol=1e-4)
    gap = [one.logits[0, -1, 300] - one.logits[0, -1, 400] for one in (before, after)]
    assert gap[1] > gap[0]


def test_interventions_are_a_sequence() -> None:
    ops = read(WRITTEN)
    assert isinstance(ops[0:2], Interventions)
    assert not isinstance(ops[0], Op)
