"""What runs `builtin:rnn-decision` and its kin? A rate network in continuous time, stepped by Euler."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

from neuronscope.words import BadInput

Stimuli = Float[Tensor, "batch time channel"]
State = Float[Tensor, "batch unit"]
_RATES: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "softplus": nn.Softplus}


class RecurrentConfig(PreTrainedConfig):
    """The choices that make one rate network.

    ``hidden_size`` units of ``time_constant`` ms are stepped by ``time_step`` ms; ``activation`` (relu, tanh
    or softplus) makes rates of states. With ``excitatory_share`` Dale's law holds: so many of the units, the
    first, only excite, the others only inhibit, and only the first are read out; None leaves all signs free.
    ``noise`` is the spread of what is added to a state in a time constant, in training only. ``channels``
    and ``outputs`` name the inputs and outputs. A trial has at most ``n_moments`` time steps.
    """

    model_type = "recurrent"

    def __init__(
        self,
        *,
        channels: tuple[str, ...] = ("input",),
        outputs: tuple[str, ...] = ("output",),
        hidden_size: int = 64,
        time_step: float = 20.0,
        time_constant: float = 100.0,
        activation: str = "relu",
        excitatory_share: float | None = None,
        noise: float = 0.0,
        n_moments: int = 512,
        **further: Any,
    ) -> None:
        self.channels, self.outputs = list(channels), list(outputs)
        self.hidden_size, self.activation = hidden_size, activation
        self.time_step, self.time_constant = time_step, time_constant
        self.excitatory_share, self.noise, self.n_moments = excitatory_share, noise, n_moments
        super().__init__(**further)

    @property
    def n_excitatory(self) -> int | None:
        """Return how many units only excite, or None where Dale's law is not asked for."""
        share = self.excitatory_share
        return None if share is None else round(share * self.hidden_size)


@dataclass
class RecurrentOutput(ModelOutput):
    """Outputs as ``logits`` [batch time output] and ``states`` [batch time unit]."""

    logits: Tensor | None = None
    states: Tensor | None = None


class Connections(nn.Module):
    """A matrix [to from] whose columns keep a sign where Dale's law is asked for.

    What is learned is ``weight``; what acts is `effective`, in which the law holds whatever was learned.
    ``inhibitory`` says what becomes of columns of inhibitory units: they are negative, or silent.
    """

    def __init__(
        self, n_to: int, n_from: int, n_excitatory: int | None, *, inhibitory: str = "negative"
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_to, n_from))
        self.n_excitatory, self.inhibitory = n_excitatory, inhibitory

    def effective(self) -> Float[Tensor, "to_node from_node"]:
        """Return the weights that act: by Dale's law the size of what was learned, the sign of its column."""
        if self.n_excitatory is None:
            return self.weight
        column = torch.arange(self.weight.shape[1], device=self.weight.device)
        excites = (column < self.n_excitatory).to(self.weight.dtype)
        if self.inhibitory == "silent":
            return self.weight * excites
        return self.weight.abs() * (2 * excites - 1)

    def forward(self, rates: Float[Tensor, "*batch from_node"]) -> Float[Tensor, "*batch to_node"]:
        """Return what arrives at each unit."""
        return rates @ self.effective().T


class RecurrentNetwork(PreTrainedModel):
    """A rate network: tau dx/dt = -x + W f(x) + B u + b, stepped by Euler; outputs C f(x) + c.

    Song, Yang & Wang, "Training excitatory-inhibitory recurrent neural networks for cognitive tasks", 2016,
    equations 1 to 3 and 8.

    Its addresses are `module.moments.T:out`, the states [batch unit] after time step T, where a write changes
    all that follows; `module.states:out`, all states [batch time unit], and `module.rates:out`, the rates
    that are read out, where a write changes the outputs alone; `module.inputs:out` is what the stimuli bring
    to each unit. Raises `BadInput` for an activation or a share that there is not.
    """

    config: RecurrentConfig  # pyright: ignore[reportIncompatibleVariableOverride]
    config_class = RecurrentConfig
    base_model_prefix = ""
    main_input_name = "stimuli"

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config)
        if config.activation not in _RATES:
            raise BadInput(f"activation cannot be {config.activation!r}: choose {', '.join(_RATES)}.")
        if config.excitatory_share is not None and not 0 < config.excitatory_share < 1:
            raise BadInput(f"excitatory_share is {config.excitatory_share}: give a share between 0 and 1.")
        n_units, n_excitatory = config.hidden_size, config.n_excitatory
        self.inputs = nn.Linear(len(config.channels), n_units)
        self.recurrent = Connections(n_units, n_units, n_excitatory)
        self.moments = nn.ModuleList(nn.Identity() for _ in range(config.n_moments))
        self.states = nn.Identity()
        self.rates = _RATES[config.activation]()
        self.readout = Connections(len(config.outputs), n_units, n_excitatory, inhibitory="silent")
        self.offset = nn.Parameter(torch.zeros(len(config.outputs)))
        self.activate = _RATES[config.activation]()
        self.post_init()

    @property
    def dummy_inputs(self) -> dict[str, Tensor]:
        """Return two short trials of even stimuli, for whoever must try the network without a task."""
        return {"stimuli": torch.ones(2, min(8, self.config.n_moments), len(self.config.channels))}

    @property
    def leak(self) -> float:
        """Return the share of a state that one time step replaces, the time step over the time constant."""
        return self.config.time_step / self.config.time_constant

    def step(self, state: State, drive: State) -> State:
        """Return the next state, given what the stimulus brings to each unit; no noise."""
        return (1 - self.leak) * state + self.leak * (self.recurrent(self.activate(state)) + drive)

    def forward(
        self, stimuli: Stimuli | None = None, initial_state: State | None = None, **_: Any
    ) -> RecurrentOutput:
        """Return outputs and states of every trial, from rest or from ``initial_state``.

        Raises `BadInput` for what is no stimulus of this network's channels, or one that lasts too long.
        """
        stimuli = self._checked(stimuli)
        drives, connections = self.inputs(stimuli), self.recurrent.effective().T
        state = torch.zeros_like(drives[:, 0]) if initial_state is None else initial_state
        spread = self.config.noise * sqrt(2 * self.leak) if self.training else 0.0
        states = []
        for moment in range(stimuli.shape[1]):
            arriving = self.activate(state) @ connections + drives[:, moment]
            state = (1 - self.leak) * state + self.leak * arriving
            if spread:
                state = state + spread * torch.randn_like(state)
            state = self.moments[moment](state)
            states.append(state)
        seen = self.states(torch.stack(states, dim=1))
        return RecurrentOutput(logits=self.readout(self.rates(seen)) + self.offset, states=seen)

    def _checked(self, stimuli: Stimuli | None) -> Stimuli:
        names, most = self.config.channels, self.config.n_moments
        if stimuli is None or stimuli.dim() != 3 or stimuli.shape[-1] != len(names):
            given = "nothing" if stimuli is None else list(stimuli.shape)
            raise BadInput(
                f"This network takes stimuli [batch, time, {len(names)}], its channels {', '.join(names)}, "
                f"not {given}."
            )
        if not 0 < stimuli.shape[1] <= most:
            raise BadInput(f"These stimuli last {stimuli.shape[1]} time steps: give from 1 to {most}.")
        return stimuli

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=1 / sqrt(module.in_features))
            nn.init.zeros_(module.bias)
        elif isinstance(module, Connections):
            n_from = module.weight.shape[1]
            if module.n_excitatory is None or module.inhibitory == "silent":
                nn.init.normal_(module.weight, std=1 / sqrt(n_from))
            else:
                _balance(module.weight, module.n_excitatory)


def _balance(weight: nn.Parameter, n_excitatory: int) -> None:
    """Draw sizes so that excitation and inhibition balance and the largest eigenvalue has size 1.5.

    Song, Yang & Wang 2016, section "Initialization".
    """
    n_units = weight.shape[1]
    ratio = n_excitatory / (n_units - n_excitatory)
    with torch.no_grad():
        sizes = torch.distributions.Gamma(2.0, 1.0).sample(weight.shape)
        sizes[:, n_excitatory:] *= ratio
        signs = torch.ones(n_units)
        signs[n_excitatory:] = -1
        radius = torch.linalg.eigvals(sizes * signs).abs().max()
        weight.copy_(1.5 * sizes / radius)


AutoConfig.register("recurrent", RecurrentConfig)
AutoModel.register(RecurrentConfig, RecurrentNetwork)
