"""A direction that was put together from words is taken apart into the same words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.analyses.second_order.text_decomposition import text_decomposition
from neuronscope.instruments.linear import linearise, logit_direction
from neuronscope.instruments.meaning.atoms import Atoms, atoms_of, centred_head
from neuronscope.instruments.meaning.matching import agreement, token_means
from neuronscope.models import Model, open_model
from neuronscope.models.sites import Site
from neuronscope.results import label
from neuronscope.words import BadInput

QUICK: dict[str, Any] = {"n_passages": 0, "n_null": 0}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def vocabulary(scribe: Model) -> Atoms:
    return atoms_of(scribe, "vocabulary")


def components(vectors: np.ndarray, **more: Any) -> xr.Dataset:
    """A result as second_order_components gives it."""
    sites = [f"mlp_act.2.{number}" for number in range(len(vectors))]
    return label(
        {"item": [site.removeprefix("mlp_act.") for site in sites], "address": ("item", sites)},
        component=("item width", vectors),
        **more,
    )


def planted(atoms: Atoms, n: int, size: int) -> tuple[list[set[str]], np.ndarray]:
    rng = np.random.default_rng(0)
    support = np.stack([rng.choice(len(atoms), size, replace=False) for _ in range(n)])
    weights = rng.uniform(1, 2, support.shape) * rng.choice([-1, 1], support.shape)
    names = [{atoms.names[one] for one in row} for row in support]
    return names, np.einsum("is,isd->id", weights, atoms.vectors[support])


def test_planted_words_are_found_with_nothing_left_unsaid(scribe: Model, vocabulary: Atoms) -> None:
    names, vectors = planted(vocabulary, 60, 2)
    found = text_decomposition(scribe, components(vectors), sizes=(1, 2), **QUICK)
    right = [len(own & set(row)) / 2 for own, row in zip(names, found.atom.values, strict=True)]
    assert np.mean(right) >= 0.99
    kept = np.array(right) == 1
    np.testing.assert_allclose(found.reconstruction.values[kept], vectors[kept], atol=1e-5)
    assert (found.residual.sel(size=2).values[kept] < 1e-5).all()
    assert (found.residual.sel(size=1) > 0.1).all()


def test_five_planted_words_of_a_lexicon_of_few_are_found(scribe: Model, tmp_path: Path) -> None:
    words = "red dog seven river music window glass never paper moon salt king cold bridge".split()
    (tmp_path / "own.txt").write_text("\n".join(words), encoding="utf-8")
    atoms = atoms_of(scribe, str(tmp_path / "own.txt"))
    names, vectors = planted(atoms, 60, 5)
    found = text_decomposition(
        scribe, components(vectors), lexicon=str(tmp_path / "own.txt"), sizes=(5,), **QUICK
    )
    right = [len(own & set(row)) / 5 for own, row in zip(names, found.atom.values, strict=True)]
    assert np.mean(right) >= 0.99


def test_the_heaviest_word_comes_first_and_the_description_says_which_way(
    scribe: Model, vocabulary: Atoms
) -> None:
    one, other = (vocabulary.names.index(name) for name in (" river", " king"))
    vector = vocabulary.vectors[one] - 3 * vocabulary.vectors[other]
    found = text_decomposition(scribe, components(vector[None]), sizes=(2,), **QUICK)
    assert found.description.values.tolist() == ["−king, river"]
    assert found.weight.values[0] == pytest.approx([-3, 1], abs=1e-4)


def test_weights_that_may_not_fall_below_zero_do_not(scribe: Model, vocabulary: Atoms) -> None:
    _, vectors = planted(vocabulary, 5, 6)
    found = text_decomposition(scribe, components(vectors), sizes=(4, 8), non_negative=True, **QUICK)
    assert (found.weight >= 0).all()


def test_a_vector_twice_as_long_has_the_same_words(scribe: Model) -> None:
    vectors = np.random.default_rng(1).normal(size=(4, 160))
    one, other = (text_decomposition(scribe, components(c * vectors), sizes=(8,), **QUICK) for c in (1, 2))
    assert (one.atom.values == other.atom.values).all()
    np.testing.assert_allclose(other.weight, 2 * one.weight)
    np.testing.assert_allclose(other.residual, one.residual)


def test_random_directions_are_no_better_said_than_random_directions(
    scribe: Model, vocabulary: Atoms
) -> None:
    rng = np.random.default_rng(2)
    vectors = np.concatenate([rng.normal(size=(40, 160)), planted(vocabulary, 1, 2)[1]])
    found = text_decomposition(scribe, components(vectors), sizes=(4,), n_passages=0, n_null=99)
    assert (found.residual_p[:40] >= 0.05).all()
    assert (found.weight_p.values == found.residual_p.values).all()
    assert float(found.residual_p[40, 0]) >= 0.01
    assert (found.residual[:, 0] < found.residual_null[:, 0]).values[40]


def test_stability_is_the_share_of_words_that_resamples_keep(scribe: Model, vocabulary: Atoms) -> None:
    _, vectors = planted(vocabulary, 2, 2)
    noise = np.random.default_rng(3).normal(size=(2, 3, 160))
    resampled = np.stack([np.repeat(vectors[:1], 3, 0), noise[1]])
    found = text_decomposition(
        scribe,
        components(vectors, component_resampled=("item resample width", resampled)),
        sizes=(2,),
        **QUICK,
    )
    assert found.stability.values[:, 0] == pytest.approx([1, 0], abs=0.2)
    assert found.kept_share.values[0].tolist() == [1, 1]
    assert (found.kept_share.values[1] < 0.5).all()


def test_without_components_it_is_what_the_neuron_writes_straight_to_the_answer(scribe: Model) -> None:
    found = text_decomposition(scribe, neurons="3.17, 5.94", sizes=(160,), **QUICK)
    assert found.address.values.tolist() == ["mlp_act.3.17", "mlp_act.5.94"]
    direction = logit_direction(scribe, int(scribe.tokenize(" Mary")[-1]))
    seen = linearise(scribe, "Anna gave the ring to", keep=["mlp_act.5"])
    active = seen.seen["mlp_act.5"][0, -1, 94] / seen.final_scale[0]
    told = float(found.reconstruction.values[1] @ direction.vectors[0].double().numpy(force=True))
    share = float(seen.direct(direction).neuron[0, 5, 94])
    assert told * float(active) == pytest.approx(share, rel=1e-3)


def test_phrases_are_the_mean_of_their_tokens_behind_a_space(scribe: Model, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("cold river\nking\ncold river \nking\n", encoding="utf-8")
    atoms = atoms_of(scribe, str(tmp_path / "own.txt"))
    assert atoms.names == ("cold river", "king")
    rows = centred_head(scribe)
    np.testing.assert_allclose(rows.mean(0), 0, atol=1e-5)
    ids = scribe.tokenizer(" cold river", add_special_tokens=False)["input_ids"]
    mean = rows[ids].mean(0)
    np.testing.assert_allclose(atoms.vectors[0], mean / np.linalg.norm(mean), rtol=1e-5)


def test_worked_solutions_serve_as_a_lexicon(scribe: Model, test_data: Callable[[str], Path]) -> None:
    path = str(test_data("gsm8k/train.jsonl"))
    found = text_decomposition(scribe, neurons="5.94", lexicon=path, n_phrases=200, sizes=(4,), **QUICK)
    assert 150 < found.attrs["n_atoms"] <= 200
    assert found.attrs["n_atoms"] + found.attrs["n_left_out"] == 200


def test_mean_activations_by_token_are_those_of_single_runs(scribe: Model) -> None:
    ids = scribe.tokenize("The king saw the river and the king saw the river and the king saw the river")
    seen = token_means(scribe, [Site("mlp_act", 1, 5), Site("mlp_act", 3, 7)], [ids, ids])
    active = linearise(scribe, ids[None], keep=["mlp_act.3"]).seen["mlp_act.3"][0, :, 7]
    king = int(scribe.tokenize(" king")[-1])
    places = [place for place, token in enumerate(ids.tolist()) if token == king and place]
    row = seen.token.tolist().index(king)
    assert seen.mean[row, 1] == pytest.approx(float(active[places].mean()), abs=1e-5)


def test_words_that_order_tokens_as_the_neuron_does_agree_and_others_do_not() -> None:
    rng = np.random.default_rng(4)
    active = rng.normal(size=(300, 20))
    found = agreement(active, np.exp(active))
    np.testing.assert_allclose(np.diag(found.every), 1)
    assert (found.low > 0.99).all()
    others = agreement(active, rng.normal(size=(300, 20)))
    assert np.mean((others.low <= 0) & (others.high >= 0)) >= 0.8
    assert np.abs(others.every).max() < 0.3


def test_p_of_the_words_of_others_is_uniform_where_words_mean_nothing(scribe: Model) -> None:
    vectors = np.random.default_rng(5).normal(size=(40, 160))
    found = text_decomposition(scribe, components(vectors), sizes=(4,), n_null=0, n_passages=12)
    assert (found.agreement_p > 0.05).all()
    assert found.agreement.attrs["n_unit"] == "tokens"
    assert (found.agreement_low <= found.agreement).all()


def test_what_cannot_be_described_is_refused(scribe: Model, tmp_path: Path) -> None:
    vectors = np.random.default_rng(6).normal(size=(2, 160))
    given = components(vectors)
    with pytest.raises(BadInput, match="components has no component over item and width"):
        text_decomposition(scribe, given.drop_vars("component"), **QUICK)
    with pytest.raises(BadInput, match="have width 7, but builtin:scribe has 160"):
        text_decomposition(scribe, given.isel(width=slice(7)), **QUICK)
    with pytest.raises(BadInput, match=r"components does not have mlp_act\.5\.94"):
        text_decomposition(scribe, given, neurons="5.94", **QUICK)
    with pytest.raises(BadInput, match="None of these neurons has a direction"):
        text_decomposition(scribe, components(0 * vectors), **QUICK)
    with pytest.raises(BadInput, match=r"sizes=\(0, 4\) are numbers of words: give some from 1 up"):
        text_decomposition(scribe, given, sizes=(0, 4), **QUICK)
    (tmp_path / "own.txt").write_text("king\nriver\nred\n", encoding="utf-8")
    with pytest.raises(BadInput, match="64 atoms cannot be told apart: 3 of width 160 allow 1 to 3"):
        text_decomposition(scribe, given, lexicon=str(tmp_path / "own.txt"), **QUICK)


def test_neurons_without_a_direction_are_left_out(scribe: Model) -> None:
    vectors = np.random.default_rng(7).normal(size=(3, 160))
    vectors[1] = np.nan
    found = text_decomposition(scribe, components(vectors), sizes=(2,), **QUICK)
    assert found.address.values.tolist() == ["mlp_act.2.0", "mlp_act.2.2"]
    assert torch.isfinite(torch.from_numpy(found.weight.values)).all()
