"""One pass over a corpus that sees every neuron: examples, distributions and tables, in bounded memory."""

from neuronscope.instruments.neurons.gathering import gather_neurons
from neuronscope.instruments.neurons.merging import merge_records

__all__ = ["gather_neurons", "merge_records"]
