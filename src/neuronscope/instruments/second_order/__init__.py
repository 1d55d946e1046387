"""What do neurons add to an answer through later attention heads, exactly and for all of them?"""

from neuronscope.instruments.second_order.captured import all_orders, captured_sites
from neuronscope.instruments.second_order.effects import neuron_effects
from neuronscope.instruments.second_order.factored import carried, grams, paths, strengths, vectors
from neuronscope.instruments.second_order.later_heads import LaterHeads, later_heads
from neuronscope.instruments.second_order.passes import held_passes, neuron_sites
from neuronscope.instruments.second_order.problems import Problems, problems_of
from neuronscope.instruments.second_order.reading import reading_of
from neuronscope.instruments.second_order.terms import TERMS, Terms, nine_terms, term_sites

__all__ = [
    "TERMS",
    "LaterHeads",
    "Problems",
    "Terms",
    "all_orders",
    "captured_sites",
    "carried",
    "grams",
    "held_passes",
    "later_heads",
    "neuron_effects",
    "neuron_sites",
    "nine_terms",
    "paths",
    "problems_of",
    "reading_of",
    "strengths",
    "term_sites",
    "vectors",
]
