"""Rate networks do what their equation says, keep Dale's law, and are read and written moment by moment."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import put, run, scale, zero
from neuronscope.models import open_model, open_module
from neuronscope.models.layouts.recurrent import Connections, RecurrentConfig, RecurrentNetwork
from neuronscope.words import BadInput

CHANNELS, OUTPUTS = ("fixation", "left", "right"), ("left", "right")
STIMULI = torch.randn(2, 9, 3, generator=torch.Generator().manual_seed(1)).double()


def network(**choices: Any) -> RecurrentNetwork:
    torch.manual_seed(0)
    given = {"channels": CHANNELS, "outputs": OUTPUTS, "hidden_size": 10, "n_moments": 12, **choices}
    return RecurrentNetwork(RecurrentConfig(**given)).double().eval()


@pytest.mark.parametrize("activation", ["relu", "tanh", "softplus"])
@pytest.mark.parametrize("share", [None, 0.8])
def test_a_trial_follows_the_equation_step_by_step(activation: str, share: float | None) -> None:
    plain = network(activation=activation, excitatory_share=share, time_step=10.0, time_constant=40.0)
    rates = {"relu": torch.relu, "tanh": torch.tanh, "softplus": torch.nn.functional.softplus}[activation]
    acting = plain.recurrent.effective()
    state = torch.zeros(2, 10).double()
    wanted: list[Tensor] = []
    for moment in range(9):
        arriving = rates(state) @ acting.T + STIMULI[:, moment] @ plain.inputs.weight.T + plain.inputs.bias
        state = state + 0.25 * (arriving - state)
        wanted.append(rates(state) @ plain.readout.effective().T + plain.offset)
    found = plain(STIMULI)
    torch.testing.assert_close(found.logits, torch.stack(wanted, 1), rtol=0, atol=1e-12)
    torch.testing.assert_close(found.states[:, -1], state, rtol=0, atol=1e-12)


def test_the_single_step_is_the_step_of_a_trial() -> None:
    plain = network()
    states = plain(STIMULI).states
    stepped = plain.step(states[:, 3], plain.inputs(STIMULI[:, 4]))
    torch.testing.assert_close(stepped, states[:, 4], rtol=0, atol=1e-12)


def test_dales_law_holds_whatever_the_weights_have_learned() -> None:
    plain = network(excitatory_share=0.8).float().train()
    torch.nn.init.normal_(plain.recurrent.weight, std=0.3)
    assert bool((plain.recurrent.weight < 0).any())
    optimiser = torch.optim.SGD(plain.parameters(), lr=3.0)
    for _ in range(5):
        plain(STIMULI.float()).logits.square().mean().backward()
        assert plain.recurrent.weight.grad is not None
        assert bool(plain.recurrent.weight.grad.any())
        optimiser.step()
        optimiser.zero_grad()
        acting = plain.recurrent.effective()
        assert bool((acting[:, :8] >= 0).all())
        assert bool((acting[:, 8:] <= 0).all())
        assert torch.equal(acting.abs(), plain.recurrent.weight.abs())


def test_only_units_that_excite_are_read_out() -> None:
    plain = network(excitatory_share=0.8)
    assert not bool(plain.readout.effective()[:, 8:].any())
    assert torch.equal(plain.readout.effective()[:, :8], plain.readout.weight[:, :8])


def test_without_dales_law_what_was_learned_is_what_acts() -> None:
    free = Connections(4, 5, None)
    torch.nn.init.normal_(free.weight)
    assert torch.equal(free.effective(), free.weight)


def test_balanced_weights_have_the_spectral_radius_that_was_asked_for() -> None:
    acting = network(excitatory_share=0.8, hidden_size=50).float().recurrent.effective().detach()
    assert float(torch.linalg.eigvals(acting).abs().max()) == pytest.approx(1.5, rel=1e-4)


def test_moments_are_the_states_and_rates_are_made_of_them() -> None:
    model = open_module(network())
    asked = [f"module.moments.{moment}:out" for moment in range(9)]
    seen = run(model, STIMULI, get=[*asked, "module.states:out", "module.rates:out"])
    assert torch.equal(torch.stack([seen[site] for site in asked], 1), seen["module.states:out"])
    assert torch.equal(seen["module.states:out"].relu(), seen["module.rates:out"])


def test_writing_a_state_changes_what_follows_and_nothing_before() -> None:
    model = open_module(network())
    plain = run(model, STIMULI, get="module.states:out")
    site = "module.moments.4:out"
    changed = run(model, STIMULI, get="module.states:out", do=scale(site, 1.5))
    before, after = ((changed.logits - plain.logits)[:, part].abs() for part in (slice(4), slice(4, None)))
    assert float(before.max()) == 0
    assert bool((after.amax(-1) > 1e-4).all())
    assert torch.equal(changed["module.states:out"][:, 4], 1.5 * plain["module.states:out"][:, 4])


def test_a_trial_given_the_state_of_another_goes_on_as_that_other() -> None:
    model, site = open_module(network()), "module.moments.4:out"
    both = torch.cat([STIMULI[:1], STIMULI[1:]])
    both[1, 5:] = both[0, 5:]
    seen = run(model, both, get=site)
    swapped = run(model, both, do=put(site, seen[site].flip(0)))
    torch.testing.assert_close(swapped.logits[:, 5:], seen.logits.flip(0)[:, 5:], rtol=0, atol=1e-12)


def test_writing_the_rates_changes_the_outputs_alone() -> None:
    plain = network()
    done = run(open_module(plain), STIMULI, get="module.states:out", do=zero("module.rates:out"))
    assert torch.equal(done.logits, plain.offset.detach().expand(2, 9, 2))
    assert torch.equal(done["module.states:out"], plain(STIMULI).states)


def test_a_trial_in_two_parts_is_the_trial_in_one() -> None:
    plain = network()
    whole, first = plain(STIMULI), plain(STIMULI[:, :5])
    rest = plain(STIMULI[:, 5:], initial_state=first.states[:, -1])
    assert torch.equal(torch.cat([first.logits, rest.logits], 1), whole.logits)


def test_noise_is_there_in_training_alone_and_by_the_seed() -> None:
    plain = network(noise=0.5)
    assert torch.equal(plain(STIMULI).logits, plain(STIMULI).logits)
    plain.train()
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(plain(STIMULI).logits)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("share", [None, 0.8])
def test_a_saved_network_opens_by_its_folder_and_says_the_same(tmp_path: Path, share: float | None) -> None:
    plain = network(excitatory_share=share).float()
    plain.save_pretrained(tmp_path)
    model = open_model(str(tmp_path))
    assert torch.equal(run(model, STIMULI.float()).logits, plain(STIMULI.float()).logits)
    assert model.family == "recurrent"


def test_bad_choices_and_bad_stimuli_are_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match=r"^activation cannot be 'step': choose relu, tanh, softplus\.$"):
        network(activation="step")
    with pytest.raises(BadInput, match=r"^excitatory_share is 1\.5: give a share between 0 and 1\.$"):
        network(excitatory_share=1.5)
    model = open_module(network())
    with pytest.raises(
        BadInput, match=r"stimuli \[batch, time, 3\], its channels fixation, left, right, not"
    ):
        run(model, STIMULI[..., :2])
    with pytest.raises(BadInput, match=r"^These stimuli last 18 time steps: give from 1 to 12\.$"):
        run(model, torch.cat([STIMULI, STIMULI], 1))
    with pytest.raises(BadInput, match=r"module\.moments\.11:out was never reached"):
        run(model, STIMULI, get="module.moments.11:out")
    with pytest.raises(BadInput, match=r"reads no text: give its stimuli as a tensor"):
        run(model, "left or right?")
