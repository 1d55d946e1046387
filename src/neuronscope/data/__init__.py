"""What the models read: prompts, tasks, corpora, the text generator and its packing.

Nothing here needs a model; everything is a pure function of its seed.
"""
