"""What does one neuron do? An example notebook in percent format."""

# %% [markdown]
# # What does this neuron do?
#
# Run time: 25 s of CPU. `python tools/run_notebooks.py neurons` runs it and writes it with its figures.
#
# A neuron's story is easily told and hard to earn: it fires on *the*, so it is "a *the* neuron". Here the
# story is told in the order in which it may fail: where it fires, whether saying so predicts where it fires
# in other texts, what it writes, and whether anything is lost without it. The neuron is the input of the
# MLP's output matrix, its activation one number a token.

# %%
import neuronscope

model = neuronscope.open_model("builtin:scribe")
record = neuronscope.neuron_examples(model, n_tokens=20_000)
statistics = neuronscope.neuron_statistics(model, record=record)
print(f"{record.attrs['n_tokens']} tokens, {record.sizes['layer'] * record.sizes['neuron']} neurons")
dead = dict(enumerate(statistics.dead_share.values.round(3).tolist()))
print("share of neurons never active, by layer:", dead)

# %% [markdown]
# One pass over the text kept for every neuron its strongest examples and what each token does to it. A
# neuron that is never active in twenty thousand tokens may be active in the next: *dead* is a statement
# about this text.
#
# ## Which neurons answer to a word?

# %%
answered = neuronscope.reverse_query(model, record=record, query=" the", top_k=5)
for rank in range(5):
    one = answered.isel(rank=rank)
    print(
        f"neuron {int(one.top_layer)}.{int(one.top_neuron)}: {float(one.effect):.1f} standard deviations"
        f" above its mean [{float(one.low):.1f}, {float(one.high):.1f}]"
    )
layer, neuron = int(answered.top_layer[0]), int(answered.top_neuron[0])
print(f"beyond chance at ' the': {answered.attrs['n_activated']} neurons")
assert float(answered.effect[0]) > 3

# %% [markdown]
# One word moves hundreds of neurons beyond chance. The strongest is taken as the example from here on:
# chosen because it looks clean, which is how most published neurons were chosen too.

# %%
neuronscope.show(record, at={"layer": layer, "neuron": neuron})

# %%
asked = neuronscope.neuron_query(model, record=record, layer=layer, neuron=neuron, longest=1, top_k=8)
for rank in range(asked.sizes["rank"]):
    one = asked.isel(rank=rank)
    mean, count = float(one.mean_activation), int(one["count"])
    print(f"{str(one.ngram_text.values)!r:>12}  mean activation {mean:6.2f}  of {count} occurrences")

# %% [markdown]
# ## Does the explanation predict?
#
# An explanation is worth what it foretells on texts that it was not made from. The score is the correlation
# between what it says and what the neuron does; beside it stands a table of token means, which explains
# nothing and is the bar to clear.

# %%
explained = neuronscope.neuron_explanations(model, record=record, neurons=f"{layer}.{neuron}, 2.40, 4.100")
for place, told in enumerate(explained.explanation.values.ravel()):
    score, bar = (float(explained[name].values.ravel()[place]) for name in ("score", "baseline_score"))
    print(f"{told}: score {score:.2f}, table of tokens {bar:.2f}")
assert float(explained.score.values.ravel()[0]) > 0.7

# %% [markdown]
# The chosen neuron is explained well, the two that nobody chose less so, and the table of tokens does at
# least as well each time: what is said here in terms says no more than which tokens count.
#
# ## Is it typical?

# %%
measured = neuronscope.polysemanticity(model, layer=layer)
agreement = measured.rank_correlation.to_series()
apart = agreement[[one != other for one, other in agreement.index]]
print(
    f"ten measures of 'one thing or several': rank correlations from {apart.min():.2f} to {apart.max():.2f}"
)
neuronscope.show(measured, variable="rank_correlation")

# %%
clusters = neuronscope.neuron_clusters(model, layer=2)
low, high = float(clusters.stability_low), float(clusters.stability_high)
sizes = clusters["size"].values.tolist()
print(
    f"clusters of layer 2: sizes {sizes}, stability {float(clusters.stability):.2f} [{low:.2f}, {high:.2f}]"
)

# %% [markdown]
# The measures do not agree on which neurons are clean, so a neuron is clean *by a measure*. The clusters of
# a layer hardly come back in other texts (1 would be the same clusters again, 0 chance): a map of neurons
# always shows groups.
#
# ## What does it write, and is it needed?

# %%
written = neuronscope.neuron_logits(model, neurons=f"{layer}.{neuron}", top_k=5)
for item, texts in zip(written["item"].values, written.text.values, strict=True):
    print(item, texts.tolist())

# %%
ablated = neuronscope.component_ablation(
    model,
    task=neuronscope.open_task("indirect-object"),
    parts="neurons",
    chosen=f"mlp_act.{layer}.{neuron}",
    n_random=50,
)
own, p = float(ablated.together), float(ablated.together_p)
print(
    f"without neuron {layer}.{neuron} the answer changes by {own:+.3f}"
    f" of {ablated.attrs['metric']:.1f} logits"
)
print(f"[{float(ablated.together_low):+.3f}, {float(ablated.together_high):+.3f}]")
print(f"share of random neurons of the layer that change it as much: {p:.2f}")
assert abs(own) < 0.2 * ablated.attrs["metric"]

# %% [markdown]
# A neuron with a clean story, and on this task, whose prompts hold *the* several times, no more needed than
# one drawn at random. Its direct writing is no help either: the tokens that it raises are not a word
# family.
#
# ## What this does not show
#
# - That the neuron is about *the*. It is active there in documentation of Python; other text was not asked.
# - That a neuron is the unit to explain. A direction across neurons may be cleaner than any of them.
# - What it does for the model. It writes in layer 0, so later layers read it before the vocabulary does,
#   and its direct effect on the logits says little. Ablating one of many that answer to one word takes
#   little away.
# - That what is true of a neuron chosen for its clean look is true of neurons: see the two that were not
#   chosen.
