# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Circuits of control
#
# A vector is added toward one pole, then toward the other, and one side gains more. Why? This notebook takes both runs
# apart: which heads and MLPs write the direction, which read it, and where the two runs part. To use your own model,
# change the next cell.

# %%
import workbench as wb
from workbench.circuits import cue_pairs, effect_table, faithfulness, faithfulness_curve, pole_circuits, written
from workbench.directions import random_directions
from workbench.evaluation import deltas
from workbench.plots import circuit_nodes, circuit_overlap, circuit_poles, circuit_writers
from workbench.prompts import bare_prompt
from workbench.widgets import CircuitView, Steering, attention_heads, head_names, sizes_of

MODEL = "persona"
CONCEPT = "art"

# %%
model = wb.load(MODEL)
concept = wb.load_concept(CONCEPT)
fit, test = wb.split_concept(concept, shares=(0.45, 0.45), seed=0)
site = wb.Site(layer=1)
direction = wb.fit(wb.extract(model, fit, prompt_type="instruction", sites=[site])[site])

# %% [markdown]
# ## Who writes the direction?
#
# An instruction toward the one pole against the same toward the other, on questions that the direction was not fitted
# on. The stream is a sum, so each head and MLP has an exact share of the distance between the two.

# %%
pairs = cue_pairs(model, test)
parts = effect_table(written(model, pairs, direction).effects(pairs.groups), "part")
circuit_writers(parts)

# %% [markdown]
# ## Is control symmetric here?
#
# The same vector, added and subtracted, on bare questions. *Measured* is the gain toward each pole; *read* is the sum
# over everything that reads the vector, found by gradients along the dose (EAP-IG). The two must agree.

# %%
circuits = pole_circuits(model, test, direction, steps=3)
effect_table(circuits.account(), "what").round(3)

# %% [markdown]
# For comparison: vectors of the same norm that mean nothing. Their difference is what any perturbation does.

# %%
drawn = {f"random {i}": d for i, d in enumerate(random_directions(direction, 10))}
cube = wb.sweep(model, test, drawn, sites=[site], multipliers=(-1, 0, 1))
for name in drawn:
    down, _, up = deltas(cube.curve(site, name), cube.multipliers).mean(0)
    print(f"{name:9s} toward aligned {up:+.2f}, toward unaligned {-down:+.2f}, difference {up + down:+.2f} nats")

# %% [markdown]
# ## Where does the difference arise?
#
# What the nodes read of the vector sums to its effect. A node with a star reads more in one sense than in the other:
# that is where plus and minus the vector part.

# %%
circuit_nodes(circuits.nodes())

# %%
circuit_poles(circuits.edges(), top=20)

# %% [markdown]
# ## One circuit or two?
#
# The edges that matter most toward both poles: more alike than chance, but less than a circuit is like itself between
# two halves of the groups?

# %%
sizes = sizes_of(circuits)
circuit_overlap(circuits.overlap(sizes, draws=60))

# %%
effect_table(circuits.correlation(draws=100), "rank correlation").round(2)

# %% [markdown]
# What a circuit claims can be tried: keep its edges steered and all others not. Random edges keep nothing.

# %%
kept = faithfulness(model, circuits.pairs["unaligned"], circuits.gains["unaligned"], sizes[1:3], draws=3)
faithfulness_curve(kept, draws=100).round(2)

# %% [markdown]
# What the heads that read most of the vector look at, in a bare question (hover or click a head, then a token):

# %%
nodes = circuits.nodes().query("role == 'reads'").sort_values("aligned", key=abs, ascending=False)
attention_heads(model, bare_prompt(test.pairs[0], test.card), head_names(nodes["node"])[:4])

# %% [markdown]
# The same as a view, for any concept, layer, method and dose:

# %%
CircuitView(Steering(model, [CONCEPT]))
