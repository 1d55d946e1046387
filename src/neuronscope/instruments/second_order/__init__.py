"""What do neurons add to an answer through later attention heads, exactly and for all of them?"""

from neuronscope.instruments.second_order.effects import neuron_effects
from neuronscope.instruments.second_order.factored import carried, grams, paths, strengths, vectors
from neuronscope.instruments.second_order.passes import held_passes, neuron_sites
from neuronscope.instruments.second_order.problems import Problems, problems_of
from neuronscope.instruments.second_order.reading import reading_of

__all__ = [
    "Problems",
    "carried",
    "grams",
    "held_passes",
    "neuron_effects",
    "neuron_sites",
    "paths",
    "problems_of",
    "reading_of",
    "strengths",
    "vectors",
]
