"""Which heads continue what repeats? An example notebook in percent format."""

# %% [markdown]
# # Heads that continue what repeats
#
# Run time: 8 s of CPU. `python tools/run_notebooks.py attention` runs it and writes it with its figures.
#
# After *lamp river chair lamp river* a language model says *chair*, and it would after any other three
# words. The heads that do this are called induction heads (Olsson et al. 2022): they look from a token to
# what came after its last occurrence, and copy it. `builtin:induction/seed0` is a model of two layers with
# two heads each, without MLPs, kept at nineteen steps of its training, so that one can watch them come; in
# `builtin:scribe` one has to find them.

# %%
import neuronscope

checkpoints = neuronscope.open_checkpoints("builtin:induction/seed0@*")
grown = neuronscope.attention_evolution(checkpoints)
neuronscope.show(grown)

# %%
loss = grown.repeated_loss
for step in grown.step.values[::3]:
    scores = grown.induction.sel(step=step).to_series().round(2).to_dict()
    print(f"step {int(step):5d}: loss on repeats {float(loss.sel(step=step)):5.2f} nats, induction {scores}")
for site in ("z.1.0", "z.1.1"):
    told = grown.sel(site=site)
    print(
        f"{site} rises by {float(told.rise):.2f}"
        f" between steps {float(told.rise_from):.0f} and {float(told.rise_to):.0f}"
    )
    assert float(told.rise) > 0.5
assert float(loss[0]) > 3
assert float(loss[-1]) < 0.5

# %% [markdown]
# For a hundred steps nothing seems to happen, then both heads of the second layer turn to what followed,
# and the loss falls in the same stretch. Two curves that bend together are not yet a cause. Scores first,
# then the knife.

# %%
tiny = "builtin:induction/seed0"
found = neuronscope.induction_heads(tiny)
neuronscope.show(found)

# %%
print("found:", found.attrs["found_heads"])
for item in found.item.values:
    print(f"ablating the {item} costs {float(found.loss_increase.sel(item=item)):.2f} nats")
assert found.attrs["found_heads"] == "z.1.0 z.1.1"
assert float(found.loss_increase[0]) > 1

# %% [markdown]
# Ablating the found heads costs several nats, and ablating two others costs *more*. This looks like a
# refutation and is not: a model with four heads has only the two of the first layer left to serve as
# others, and the second layer reads what they write. Random heads are a control only where most heads have
# nothing to do with the matter. Whether the first layer feeds the second can be asked of the weights alone.

# %%
fed = neuronscope.head_composition(tiny)
for way in ("q", "k", "v"):
    early = fed.debiased.sel(site=way, item=["0.0", "0.1"], other=["1.0", "1.1"])
    told = early.to_series()
    print(way, {f"{writer} to {reader}": round(value, 2) for (writer, reader), value in told.items()})

# %% [markdown]
# The numbers are what the weights compose beyond chance. One path stands out among the keys: head 0.1 feeds
# what both heads of the second layer look for, as the textbook has it. The value path from 0.0 is as large,
# and no textbook says so; four numbers a way are too few to make much of it.
#
# ## A model with more heads
#
# `builtin:scribe` has thirty. Here random heads are a fair control.

# %%
scribe = neuronscope.open_model("builtin:scribe")
several = neuronscope.induction_heads(scribe)
cost, control = (float(several.loss_increase.sel(item=item)) for item in ("found heads", "random heads"))
print("found:", several.attrs["found_heads"])
p = float(several.loss_increase_p[0])
print(f"ablating them costs {cost:.2f} nats, as many random others {control:.2f}; p = {p:.3f}")
assert cost > control

# %%
neuronscope.show(several)

# %% [markdown]
# Here the control is what it should be: without as many other heads the repeats are said no worse. With 19
# random sets p cannot be below 0.05, so that is what it is.
#
# The score says where heads look and the ablation says what depends on it. A third account sorts all heads
# by what they do on random strings and on sentences, each against its own chance:

# %%
sorts = neuronscope.head_taxonomy(scribe)
for layer in sorts.layer.values:
    print(f"layer {layer}:", "  ".join(f"{word!s:>11}" for word in sorts.sort.sel(layer=layer).values))
named = sorts.sort.to_series()
sorted_so = {f"z.{layer}.{head}" for layer, head in named.index[named.str.contains("induction")]}
found_so = set(several.attrs["found_heads"].split())
shared = sorted_so & found_so
print(f"called induction heads by both: {sorted(shared)}; by one only: {sorted(sorted_so ^ found_so)}")
assert shared

# %% [markdown]
# And on a text of words rather than of random tokens, one of them at work:

# %%
patterns = neuronscope.attention_patterns(scribe, "Words: lamp river chair lamp river chair lamp river")
strongest = several.induction.stack(place=["layer", "head"]).to_series().idxmax()
neuronscope.show(patterns, at={"layer": int(strongest[0]), "head": int(strongest[1])})

# %% [markdown]
# ## What this does not show
#
# - That these heads do nothing else. The score is measured on random tokens, where there is nothing else to
#   do.
# - That attention to a token is use of it. A head may look at a place and write nothing; the pattern is not
#   multiplied by the values (`neuronscope.attention_rollout` with method `flow` is one attempt at that).
# - That the rise of the heads caused the fall of the loss. They happen in one stretch of one run; other
#   seeds (`builtin:induction/seed1`) show the same order, and interventions during training would be needed
#   for more.
# - In the small model, whether the found heads matter more than others: there are no others to compare
#   with.
