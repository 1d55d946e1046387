"""When does a model know its answer? An example notebook in percent format."""

# %% [markdown]
# # When does the model know that the keys *are*?
#
# Run time: 25 s of CPU. `python tools/run_notebooks.py lenses` runs it and writes it with its figures.
#
# *The keys to the cabinet* asks for a verb that agrees with *keys*, while *cabinet* stands next to it. A
# lens reads the residual stream after each block as if it were the last, and so shows an answer forming.
# What it shows depends on the lens. This notebook reads one prompt with two lenses, many passages with
# both, and then asks what wrote the answer.

# %%
import tempfile
from pathlib import Path

import neuronscope

model = neuronscope.open_model("builtin:scribe")
prompt = "The keys to the cabinet"
lens = neuronscope.logit_lens(model, prompt, tokens=[" are", " is"])
neuronscope.show(lens)

# %%
verb = lens.isel(position=-1)
for depth in lens.depth.values:
    here = verb.isel(depth=depth)
    are, other = (float(p) for p in here.choice_probability)
    print(f"depth {depth}: {str(here.candidate.values[0])!r:>12}   are {are:.3f}   is {other:.3f}")
assert str(verb.candidate.values[-1, 0]) == " are"

# %% [markdown]
# Read by the model's own unembedding, *are* is nowhere until the last block, and *is* comes before it.
# Before saying that the model decides in its last block: the stream at depth 4 was never trained to be read
# by this unembedding. A tuned lens (Belrose et al. 2023) learns for each depth a linear map that makes it
# read as the last one does, from plain text, without seeing this prompt. The one here is trained for a few
# seconds only.

# %%
folder = Path(tempfile.mkdtemp()) / "lens"
neuronscope.tuned_lens(model, out=folder, context=64, rows=4, steps=80)
tuned = neuronscope.ask("logit_lens", model=model, prompt=prompt, lens=str(folder), tokens=[" are", " is"])
for depth in tuned.depth.values:
    are, other = (float(p) for p in tuned.choice_probability.isel(depth=depth, position=-1))
    print(
        f"depth {depth}: {str(tuned.candidate.values[depth, -1, 0])!r:>12}   are {are:.3f}   is {other:.3f}"
    )
neuronscope.show(tuned)

# %% [markdown]
# ## Is the tuned lens better, and what does better mean?
#
# Over passages of documentation: how far is each reading from the final answer (in nats), and on how many
# tokens is the answer settled for good?

# %%
curves = {
    "logit lens": neuronscope.prediction_depth(model),
    "tuned lens": neuronscope.ask("prediction_depth", model=model, lens=str(folder)),
}
for name, curve in curves.items():
    print(f"{name}: divergence {curve.divergence.values.round(2).tolist()} nats")
    low, high = curve.attrs["mean_depth_low"], curve.attrs["mean_depth_high"]
    mean = curve.attrs["mean_depth"]
    print(f"    settled after {mean:.1f} of {model.n_layers} blocks [{low:.1f}, {high:.1f}]")
own, learned = curves.values()
assert (learned.divergence.values[:-1] < own.divergence.values[:-1]).all()
assert learned.attrs["mean_depth"] < own.attrs["mean_depth"]

# %%
neuronscope.show(learned, variable="divergence")

# %% [markdown]
# The tuned lens is closer at every depth, and settles earlier: part of what the logit lens calls *late* is
# a matter of reading. It is closer on text like that which it was trained on; on the prompt above it does
# not help: *are* is as far away as before. Neither reading is what the model "thinks": the tuned lens may
# even know more than the model makes use of.
#
# ## What writes the verb?
#
# The last stream is a sum, so the logit of *are* minus that of *is* is one too, exactly.

# %%
parts = neuronscope.direct_logit_attribution(model, prompt=prompt, target=" are", distractor=" is")
total = float(parts.difference[0])
print(
    {
        str(name): round(float(value), 2)
        for name, value in zip(parts["item"].values, parts.share.values, strict=True)
    }
)
print("attention by layer", parts.attention_share.values.round(2).tolist())
print("MLP by layer      ", parts.mlp_share.values.round(2).tolist())
print(f"sum {float(parts.share.sum()):.4f}, logit difference {total:.4f}")
assert abs(float(parts.share.sum()) - total) < 1e-3

# %%
neuronscope.show(parts, variable="mlp_share")

# %% [markdown]
# Most is written by the last two layers, as the lens said. Written there does not mean decided there: the
# number of the noun has to be carried to the verb's place before. Which word it comes from is a question to
# the prompt.

# %%
words = neuronscope.token_effect(model, prompt, target=" are", distractor=" is")
for way in words.way.values:
    told = zip(words.token.values, words.effect.sel(way=way).values, strict=True)
    print(f"{way:>9}", {str(token): round(float(value), 1) for token, value in told})
assert (words.effect.argmax("position") == 1).all()

# %% [markdown]
# First of all it is *keys*, by all four ways. But every other word seems to matter as well, *The* by two
# thirds of that: with any word replaced the sentence is an odd one, and an odd sentence is less sure of its
# verb. The ways disagree on *cabinet*, and the gradient sees only the slope where the prompt stands.
#
# ## What this does not show
#
# - Where the decision is made. A lens reads, and does not intervene; `neuronscope.activation_patching` on
#   the task `agreement` does.
# - That a depth at which the lens fails holds nothing. It holds nothing that *this lens* can read.
# - More than one prompt, except for the curves over passages; the intervals there are over passages of one
#   kind of text.
# - What a lens of a longer training would say: eighty steps are a sketch.
