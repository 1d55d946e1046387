"""The logit lens, held to what must be true of it whatever the model."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope import logit_lens
from neuronscope.instruments import residual_stream
from neuronscope.learned.lens_file import save_lens
from neuronscope.learned.lenses import Lens, new_translators
from neuronscope.models import Model
from neuronscope.results import Progress, kind_of, listening, provenance
from neuronscope.words import BadInput
from tests.analyses.conftest import native

PROMPT = "the cat sat"


def test_the_last_depth_is_what_the_model_says(model: Model) -> None:
    lens = logit_lens(model, PROMPT, top_k=7)
    with torch.no_grad():
        said = native(model)(model.tokenize(PROMPT)[None]).logits[0].softmax(-1).topk(7)
    np.testing.assert_allclose(lens.probability.values[-1], said.values.numpy(), atol=1e-12)
    assert lens.candidate.values[-1].tolist() == [model.token_texts(row) for row in said.indices]


def test_depth_zero_reads_the_embedding(make_model: Callable[..., Model]) -> None:
    model = make_model("llama")
    tokens = model.tokenize(PROMPT)
    with torch.no_grad():
        said = (
            native(model)
            .lm_head(native(model).model.norm(native(model).model.embed_tokens(tokens)))
            .softmax(-1)
        )
    lens = logit_lens(model, PROMPT, top_k=1)
    np.testing.assert_allclose(lens.probability.values[0, :, 0], said.max(-1).values.numpy(), atol=1e-12)


def test_a_model_whose_blocks_add_nothing_reads_the_same_at_every_depth(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            for out in (block.attn.c_proj, block.mlp.c_proj):
                out.weight.zero_()
                out.bias.zero_()
    lens = logit_lens(model, PROMPT)
    for depth in range(1, model.n_layers + 1):
        np.testing.assert_array_equal(lens.probability.values[depth], lens.probability.values[0])
    np.testing.assert_allclose(lens.divergence.values, 0, atol=1e-12)


def test_a_model_that_knows_nothing_is_as_unsure_as_can_be(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt_neox")
    with torch.no_grad():
        native(model).get_output_embeddings().weight.zero_()
    np.testing.assert_allclose(logit_lens(model, PROMPT).entropy.values, math.log(256), rtol=1e-12)


def test_divergence_from_the_final_answer_is_never_negative_and_ends_at_zero(model: Model) -> None:
    divergence = logit_lens(model, PROMPT).divergence
    assert (divergence.values[:-1] > 0).all()
    np.testing.assert_allclose(divergence.values[-1], 0, atol=1e-12)


def test_divergence_is_that_of_the_final_answer_from_the_reading(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    log_p = model.unembed(residual_stream(model, PROMPT)).log_softmax(-1)
    expected = (log_p[-1].exp() * (log_p[-1] - log_p)).sum(-1)
    np.testing.assert_allclose(logit_lens(model, PROMPT).divergence, expected, atol=1e-12)


def test_named_tokens_have_the_rank_and_probability_that_the_distribution_gives_them(model: Model) -> None:
    lens = logit_lens(model, PROMPT, top_k=100, tokens=("e", "!", "q"))
    log_p = model.unembed(residual_stream(model, PROMPT)).log_softmax(-1)
    for number, text in enumerate(lens.choice.values):
        here = lens.isel(choice=number)
        own = log_p[..., model.tokenize(text)]
        np.testing.assert_allclose(here.choice_log_probability, own[..., 0], atol=1e-12)
        np.testing.assert_allclose(here.choice_probability, own[..., 0].exp(), atol=1e-12)
        np.testing.assert_array_equal(here.choice_rank, 1 + (log_p > own).sum(-1))
        among = lens.candidate == text
        np.testing.assert_array_equal(among.any("rank"), here.choice_rank <= 100)
        assert (
            (lens["rank"].where(among).max("rank") == here.choice_rank).where(among.any("rank"), True).all()
        )


def test_the_probabilities_of_all_tokens_add_up_to_one(make_model: Callable[..., Model]) -> None:
    model = make_model("llama")
    native(model).resize_token_embeddings(90)
    native(model).eval()
    lens = logit_lens(model, "!!", top_k=90)
    np.testing.assert_allclose(lens.probability.sum("rank"), 1, rtol=1e-12)
    np.testing.assert_allclose(lens.entropy, -(lens.probability * np.log(lens.probability)).sum("rank"))


def test_an_untaught_lens_reads_as_the_logit_lens(model: Model) -> None:
    lens = Lens("untaught", new_translators(model.n_layers, model.width), {})
    xr.testing.assert_equal(logit_lens(model, PROMPT, lens), logit_lens(model, PROMPT))


def test_a_lens_moves_every_depth_but_the_last(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    translators = new_translators(model.n_layers, model.width, dtype=torch.float64)
    for translator in translators:
        torch.nn.init.normal_(translator.weight)  # pyright: ignore[reportArgumentType]
    tuned = logit_lens(model, PROMPT, Lens("drawn", translators, {}), top_k=100)
    stream = residual_stream(model, PROMPT)
    moved = torch.stack([here + move(here) for here, move in zip(stream[:-1], translators, strict=True)])
    best = model.unembed(moved).softmax(-1).topk(100).values
    np.testing.assert_allclose(tuned.probability[:-1], best.detach(), atol=1e-12)
    np.testing.assert_array_equal(tuned.probability[-1], logit_lens(model, PROMPT, top_k=100).probability[-1])


def test_a_lens_is_given_by_its_folder_too(make_model: Callable[..., Model], tmp_path: Path) -> None:
    model = make_model("gpt2")
    save_lens(new_translators(model.n_layers, model.width), model, tmp_path)
    lens = logit_lens(model, PROMPT, str(tmp_path), tokens=["e"])
    xr.testing.assert_equal(lens, logit_lens(model, PROMPT, tokens=["e"]))
    assert provenance(lens)["sources"]["lens"]["name"] == str(tmp_path)


def test_the_doors_may_leave_the_lens_out() -> None:
    subjects = {subject["name"]: subject for subject in logit_lens.definition.form()["subjects"]}
    assert (subjects["lens"]["type"], subjects["lens"]["required"]) == ("Lens", False)


def test_asking_for_fewer_candidates_keeps_the_best(model: Model) -> None:
    fewer, more = logit_lens(model, PROMPT, top_k=1), logit_lens(model, PROMPT, top_k=5)
    xr.testing.assert_equal(fewer.drop_attrs(), more.isel(rank=[0]).drop_attrs())


def test_later_tokens_do_not_change_earlier_readings(model: Model, rounding: float) -> None:
    short, long = logit_lens(model, PROMPT), logit_lens(model, PROMPT + " on it")
    np.testing.assert_allclose(
        long.probability.values[:, : len(PROMPT)], short.probability.values, rtol=0, atol=rounding
    )


def test_it_is_a_grid_until_a_mean_makes_it_a_profile_and_admits_it(model: Model) -> None:
    lens = logit_lens(model, PROMPT)
    mean = lens[["entropy"]].mean("position", keep_attrs=True)
    assert (kind_of(lens), kind_of(mean)) == ("grid", "profile")
    assert not provenance(lens)["derived"]
    assert provenance(mean)["derived"]


def test_more_candidates_than_tokens_are_refused_in_words(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    native(model).resize_token_embeddings(60)
    with pytest.raises(BadInput, match="top_k=70 is more than the model's 60 tokens"):
        logit_lens(model, "!!", top_k=70)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tokens": ["ee"]}, "'ee' is 3 tokens for this model"),
        ({"tokens": "e"}, "tokens='e' should be a valid tuple"),
        ({"top_k": 0}, "top_k=0 should be greater than"),
        ({"topk": 3}, "did you mean 'top_k'"),
    ],
)
def test_bounds_and_names_hold_in_plain_python_too(
    make_model: Callable[..., Model], wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        logit_lens(make_model("gpt2"), PROMPT, **wrong)


def test_a_model_that_reads_both_ways_is_refused(reader: Model) -> None:
    with pytest.raises(BadInput, match="reader reads both ways, so nothing follows a prompt"):
        logit_lens(reader, PROMPT)


def test_progress_counts_the_depths(model: Model) -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        lens = logit_lens(model, PROMPT)
    n_depths = lens.sizes["depth"]
    told = [(one.done, one.total) for one in heard if one.what == "depths"]
    assert told == [(done, n_depths) for done in range(n_depths + 1)]
