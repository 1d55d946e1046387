"""Where does a model keep what decides its answer? An example notebook in percent format."""

# %% [markdown]
# # Where does a model keep who gets the drink?
#
# Run time: 8 s of CPU. `python tools/run_notebooks.py patching` runs it and writes it with its figures.
#
# *When Mary and John went to the shop, John gave a drink to* is followed by *Mary*: the name that came
# once, the indirect object. Put the other name into the last clause and it is *John*. Two prompts that
# differ in one token and in the answer are all that patching needs: run both, carry one state over, see
# whose answer comes out. The question is where, on the way from the name to the end of the prompt, the
# deciding information lies, and what carries it.

# %%
import neuronscope

model = neuronscope.open_model("builtin:scribe")
task = neuronscope.open_task("indirect-object")
judged = neuronscope.task_evaluation(model, task, n_prompts=50)
print(f"right on {float(judged.accuracy.sel(item='all')):.0%} of {judged.attrs['n']} prompts")
assert float(judged.accuracy.sel(item="all")) > 0.8

# %% [markdown]
# The model does the task; otherwise there would be nothing to explain.
#
# ## Which state decides, at which depth?
#
# Each cell below carries the residual stream at one depth and one part of the prompt from the clean run
# into the corrupt one. 1 is the clean answer in full, 0 the corrupt one.

# %%
patched = neuronscope.activation_patching(model, task=task, n_prompts=16)
neuronscope.show(patched)

# %%
restored = patched.effect.sel(direction="denoise")
giver = restored.isel(span=list(patched.span.values).index("giver"))
end = restored.isel(span=list(patched.span.values).index("end"))
for depth in patched.depth.values:
    print(f"depth {depth}: giver {float(giver[depth]):5.2f}   end {float(end[depth]):5.2f}")
assert float(giver[0]) > 0.95
assert float(end[-1]) > 0.95
assert (end > 0.5).values.argmax() == (giver < 0.5).values.argmax()

# %% [markdown]
# Up to depth 2 the whole difference sits where the second name was written. In the blocks 2 and 3 it moves
# to the end of the prompt, and from depth 4 on it is there alone. The first row and the last are no
# discovery: at depth 0 the prompts differ in that token only, and the last depth at the end *is* the
# answer. What is found is where they meet.
#
# ## What moves it?
#
# Between positions only attention carries anything, so heads come next, each swapped at all positions at
# once. Attribution patching guesses every head from one backward pass; the exact answer swaps each.

# %%
heads = neuronscope.activation_patching(model, task=task, sites="z", n_prompts=8)
guess = neuronscope.attribution_patching(model, task=task, sites="z", n_prompts=8)
exact, estimate = (found.effect.sel(direction="denoise") for found in (heads, guess))
for place in exact.stack(place=["layer", "head"]).to_series().sort_values(ascending=False).index[:5]:
    layer, head = int(place[0]), int(place[1])
    both = {"layer": layer, "head": head}
    low, high = (float(heads[end].sel(direction="denoise", **both)) for end in ("low", "high"))
    print(
        f"head {layer}.{head}: restores {float(exact.sel(both)):5.2f} [{low:.2f}, {high:.2f}],"
        f" guessed {float(estimate.sel(both)):5.2f}"
    )
top = exact.where(exact == exact.max(), drop=True)
agreement = float(exact.to_series().corr(estimate.to_series(), "spearman"))
print(f"rank agreement of guess and swap: {agreement:.2f}")
assert int(top.layer[0]) == 3
assert agreement > 0.7

# %%
neuronscope.show(heads)

# %% [markdown]
# The head that restores most is in block 3, where the map above says that the information moves. The heads
# of block 5 come after the move: what they read at the end is there already, and they turn it into a name.
# The guess has the order right and the sizes too small, by half for the strongest head: it follows the
# slope at one of the two prompts, and the way between them is not straight.
#
# ## Is it needed?
#
# Restoring says what is enough. Ablating says what is needed, and the two need not agree: where one head
# does the work and another can stand in for it, either is enough and neither is needed. Here each head's
# output is replaced by its mean over prompts of the task, and, to see whether this choice matters, by that
# over plain text.

# %%
for reference in ("common_prompts", "documentation"):
    lost = neuronscope.component_ablation(model, task=task, n_prompts=16, reference=reference)
    ranked = lost.effect.stack(place=["layer", "head"]).to_series().sort_values()
    kept = lost.attrs["metric"]
    most = {f"{layer}.{head}": f"{value / kept:+.0%}" for (layer, head), value in ranked.head(4).items()}
    print(reference, most)
    assert ranked.index[0] == (3, 4)

# %%
neuronscope.show(lost)

# %% [markdown]
# Head 3.4 is needed by both measures, and it is the one that restores most. Below it the two disagree:
# heads 1.4 and 0.1 seem to matter a great deal when their output is replaced by what is usual in plain
# text, and not when it is replaced by what is usual in such prompts. They do something that all these
# prompts need alike; whether that counts as part of the answer is a choice of words, and the reference
# makes it for you.
#
# ## Do other prompts tell the same?

# %%
for seed in (1, 2):
    again = neuronscope.activation_patching(model, task=task, n_prompts=8, seed=seed, direction="denoise")
    moved = float(abs(again.effect.sel(direction="denoise") - restored).max())
    print(f"seed {seed}: largest change of a cell {moved:.2f}")
    assert moved < 0.5

# %% [markdown]
# ## What this does not show
#
# - Which *information* moves. The pairs differ in which name came twice, so anything that follows from it,
#   a name, a position, "the other one", would light the same cells. Telling them apart needs other pairs.
# - How the heads know where to look. Path patching (`neuronscope.path_patching`) follows what feeds them.
# - Anything about larger models. The circuit in GPT-2 small has name movers, their backups and negative
#   name movers in late layers (Wang et al. 2023); a model of six layers trained on templates may well do it
#   in another way.
# - That a head with effect 0 is idle: two that stand in for each other both look like it.
