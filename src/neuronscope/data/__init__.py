"""What the models read: prompts, the text generator, the documentation corpus and its packing.

Nothing here needs a model; everything is a pure function of its seed.
"""
