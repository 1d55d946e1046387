"""Components from strengths and inner products, held to the effects written out as vectors."""

import numpy as np
import pytest
import torch

from neuronscope.instruments import logit_direction
from neuronscope.instruments.second_order import held_passes, neuron_effects, paths, strengths, vectors
from neuronscope.instruments.second_order.chosen import Chosen, choose, held_strengths
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.instruments.second_order.rank_one import Sizes, neuron_components
from neuronscope.instruments.second_order.survey import survey
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.models.tiny import shared, some_tokens

FAMILIES = ["gpt2", "gpt_neox parallel", "llama", "gemma2"]
SIZES = Sizes(n_selected=5, n_null=3, n_resamples=4, n_kept=2)


def made(n: int = 12) -> Problems:
    tokens = some_tokens(rows=n, length=7)
    words = tuple(str(row) for row in range(n))
    target = torch.arange(n) * 5 % 40 + 3
    return Problems(tuple(tokens), target, target + 11, words, words, words, words)


def written_out(model: Model, problems: Problems, layer: int) -> np.ndarray:
    """Write every effect of a layer as a vector: [neuron prompt width]."""
    every = torch.cat([strengths(seen, layer) for _, seen in held_passes(model, problems)])
    return torch.einsum("bpn,npw->nbw", every, vectors(model, layer)).detach().numpy()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layer", [0, 1])
def test_components_are_the_singular_vectors_of_the_effects_written_out(family: str, layer: int) -> None:
    model, problems = shared(family, torch.float64), made()
    chosen = Chosen(np.full(4, layer), np.array([5, 0, 17, 33]))
    reading = logit_direction(model, problems.target, problems.distractor)
    found = neuron_components(model, problems, reading, chosen, SIZES)
    every = written_out(model, problems, layer)
    for item, neuron in enumerate(chosen.number):
        effect = every[neuron]
        np.testing.assert_allclose(found.mean_vector[item], effect.mean(0), atol=1e-12)
        off = effect - effect.mean(0)
        length = np.linalg.norm(off, axis=1)
        np.testing.assert_allclose(found.length[item], length, atol=1e-10)
        longest = np.argsort(-length)[:5]
        sizes, right = np.linalg.svd(off[longest])[1:]
        np.testing.assert_allclose(abs(found.component[item] @ right[0]), 1, rtol=1e-8)
        np.testing.assert_allclose(found.explained[item], sizes[0] ** 2 / (sizes**2).sum(), rtol=1e-8)
        np.testing.assert_allclose(found.threshold[item], length[longest[-1]], rtol=1e-8)
        assert found.strongest(3)[item].tolist() == longest[:3].tolist()
        read = (effect * reading.vectors.detach().numpy()).sum(1)
        np.testing.assert_allclose(found.effect[item], read, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(found.resampled, axis=-1), 1, rtol=1e-8)
    assert (np.einsum("isw,iw->is", found.resampled, found.component) >= 0).all()


def test_neurons_of_all_layers_keep_their_own_paths_and_the_order_asked() -> None:
    model, problems = shared("gpt2", torch.float64), made()
    reading = logit_direction(model, 3, 5)
    chosen = Chosen(np.array([1, 0, 1]), np.array([2, 2, 40]))
    found = neuron_components(model, problems, reading, chosen, SIZES)
    assert found.paths == paths(model, 0)
    assert np.isnan(found.mean_strength[[0, 2], :4]).all()
    assert np.isfinite(found.mean_strength[1]).all()
    alone = neuron_components(model, problems, reading, Chosen(chosen.layer[2:], chosen.number[2:]), SIZES)
    np.testing.assert_allclose(alone.component[0], found.component[2], atol=1e-12)


def test_memory_that_is_short_changes_nothing_but_the_number_of_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, problems = shared("gpt2", torch.float64), made(5)
    chosen = choose(model, np.arange(3 * 192.0).reshape(3, 192), top_k=6, names="")

    def held() -> dict[str, torch.Tensor]:
        found = {}
        for block, strength in held_strengths(model, problems, chosen):
            for place, number in enumerate(block.numbers.tolist()):
                found[f"{block.layer}.{number}"] = strength[..., place]
        return found

    whole = held()
    monkeypatch.setattr("neuronscope.instruments.second_order.chosen._HELD", 100)
    monkeypatch.setattr("neuronscope.instruments.second_order.chosen._AT_ONCE", 1000)
    parts = held()
    assert len(whole) == 12
    assert all(torch.equal(parts[name], whole[name]) for name in whole)


def test_a_survey_gives_the_mean_size_of_each_effect_and_the_share_of_each_layer() -> None:
    model, problems = shared("gpt2", torch.float64), made()
    reading = logit_direction(model, problems.target, problems.distractor)
    found = survey(model, problems, reading, n_resamples=50)
    ((_, seen),) = held_passes(model, problems)
    effect = neuron_effects(seen, reading).numpy()
    np.testing.assert_allclose(found.magnitude, np.abs(effect).mean(0), atol=1e-14)
    spread = effect.var(0).sum(-1)
    np.testing.assert_allclose(found.layer_share, spread / spread.sum())
    assert found.layer_share[2] == 0
    assert (found.low <= found.layer_share + 0.2).all()
    assert (found.low <= found.high).all()
    two = np.sort(found.layer_share)[-2:].sum()
    second = np.argsort(-found.layer_share)[1]
    np.testing.assert_allclose(found.stronger_share[second], two)
    np.testing.assert_allclose(found.stronger_low[second], 1)
    strongest = np.argmax(found.layer_share)
    assert found.stronger_low[strongest] == found.low[strongest]


def test_the_largest_of_each_layer_are_chosen_and_listed_from_the_largest() -> None:
    model = shared("gpt2", torch.float64)
    magnitude = np.zeros((3, 192))
    magnitude[0, [4, 9]], magnitude[1, 7], magnitude[2, 3] = [3.0, 1.0], 2.0, 9.0
    found = choose(model, magnitude, top_k=1, names="")
    assert found.addresses == ["mlp_act.0.4", "mlp_act.1.7"]
    assert len(choose(model, magnitude, top_k=0, names="")) == 2 * 192
    assert choose(model, magnitude, top_k=1, names="1.3, 0.8").addresses == ["mlp_act.0.8", "mlp_act.1.3"]


def test_a_neuron_that_no_head_reads_is_refused_in_words() -> None:
    model = shared("gpt2", torch.float64)
    with pytest.raises(BadInput, match=r"No head reads after neuron 2\.5"):
        choose(model, np.zeros((3, 192)), top_k=1, names="2.5")
    hidden = np.full((3, 192), np.nan)
    with pytest.raises(BadInput, match=r"Neuron 1\.5 does not write straight"):
        choose(model, hidden, top_k=1, names="1.5")
    with pytest.raises(BadInput, match="has no neuron that a later head reads"):
        choose(model, hidden, top_k=1, names="")
