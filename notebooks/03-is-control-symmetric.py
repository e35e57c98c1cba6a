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
# # Is control symmetric?
#
# Is it as easy to push a model away from alignment as toward it, by the same method at the same budget? Gains are in
# log-odds, both poles spend alike, and a verdict is one of symmetric, asymmetric and undetermined. To use your own
# model or concepts, change the next cell; `art` is a value-free placebo.

# %%
from tempfile import mkdtemp

from workbench.plots import dose_response, select, symmetry_forest
from workbench.studies.symmetry import Config, run

MODEL = "persona"
METHODS = ("add", "instruction")
CONCEPTS = ("power", "art")

# %% [markdown]
# A run is cached cell by cell in `out`; name a folder of your own to go on after an interruption. Twelve items per
# concept keep this short: the study's protocol takes 40, and every shipped concept.

# %%
config = Config(model=MODEL, methods=METHODS, concepts=CONCEPTS, items=12, workers=1, out=mkdtemp())
record = run(config)
for line in record.results["summary"]:
    print("·", line)

# %% [markdown]
# What limits the run comes before its pictures: with fewer than twenty placebos no verdict can be *asymmetric*.

# %%
for line in record.warnings:
    print("warning ·", line)

# %%
columns = ["method", "concept", "budget", "index", "index_low", "index_high", "verdict", "reason"]
record.tables["results"][columns].round(2)

# %% [markdown]
# ## The index
#
# A is the difference of the two gains over their sum. A whole interval inside the grey strip is symmetric control; no
# control at all is *undetermined*, never symmetric.

# %%
results = record.tables["results"]
symmetry_forest(results[results["concept"].isin(CONCEPTS)])

# %% [markdown]
# ## Gains of both poles over the budget

# %%
first = results[results["concept"] == CONCEPTS[0]].iloc[0]
dose_response(select(record.tables["curves"], method=first["method"], concept=CONCEPTS[0], budget=first["budget"]))

# %% [markdown]
# ## Is it the lean?
#
# A model that already leans to one side looks easier to push to the other. What the protocol's corrections make of it:

# %%
record.tables["corrections"].round(2) if "corrections" in record.tables else "too few concepts to correct for the lean"
