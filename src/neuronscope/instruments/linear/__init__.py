"""What does each part of a model add to its answer, once patterns and norm scales are held?"""

from neuronscope.instruments.linear.direct import Direct
from neuronscope.instruments.linear.linearised import Linearised, linearise
from neuronscope.instruments.linear.onward import Onward
from neuronscope.instruments.linear.pairs import Shares, direct_shares
from neuronscope.instruments.linear.readout import (
    Direction,
    head_directions,
    logit_direction,
    neuron_gains,
    pulled_back,
)

__all__ = [
    "Direct",
    "Direction",
    "Linearised",
    "Onward",
    "Shares",
    "direct_shares",
    "head_directions",
    "linearise",
    "logit_direction",
    "neuron_gains",
    "pulled_back",
]
