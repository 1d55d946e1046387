"""What does a neuron respond to, in words, and how far do the words tell where it fires?

An explainer reads excerpts and writes an explanation; a simulator reads the explanation alone and says what
the neuron should do on other excerpts; a scorer compares that with what it did (Bills et al. 2023).
"""
