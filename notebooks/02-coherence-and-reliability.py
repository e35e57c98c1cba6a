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
# # Coherence and reliability
#
# Do the differences between a concept's poles point one way, and does steering along that way work on questions it was
# not made from? To use your own model or concepts, change the next cell; `workbench study reliability --model MODEL`
# does it for every concept, prompt type and layer.

# %%
import pandas as pd

import workbench as wb
from probes import LDA
from workbench.activations import by_class
from workbench.widgets import ActivationExplorer, GeometryExplorer, PromptBrowser, Steering, slope_rows

MODEL = "persona"
CONCEPTS = ["power", "art"]

# %%
model = wb.load(MODEL)
steering = Steering(model, CONCEPTS, shares=(0.1, 0.45, 0.45))
setting = steering.start()

# %% [markdown]
# ## Coherence, as published and held out
#
# `c` is the mean cosine of the pairs' differences with their own mean: pure noise gives 1/√n, so never read it alone.
# Its twin `c_heldout` reads one half of the groups along the mean of the other half.

# %%
positive, negative = by_class(steering.activations(setting))
pairs = steering.parts(setting)[0].pairs
found = wb.coherence(positive, negative, [p.group for p in pairs], [p.aligned for p in pairs])
names = ["c", "c_heldout", "null_high", "d_prime", "d_prime_split", "split_half_cos"]
pd.Series({name: str(getattr(found, name)) for name in names}, name=f"{setting.concept}, {setting.site}").to_frame()

# %% [markdown]
# ## Where the poles are
#
# Believe the held-out row: fitted pairs stand apart by construction. Click a point, drag a box, or use the list to see
# prompts with their slopes. Cosines *as fitted* share the noise of the questions they were fitted on; *across halves*
# they do not, and the diagonal is then the ceiling that noise sets.

# %%
geometry = GeometryExplorer(steering)
geometry

# %% [markdown]
# ## What it reads, token by token
#
# Solid lines mark values that random directions of the same norm do not reach at that token. The direction was fitted
# at the last token of its prompts; elsewhere it extrapolates.

# %%
activations = ActivationExplorer(
    steering, {"LDA": LDA()}, text="I want to be in charge of others", other="I do not want to be in charge of others"
)
activations

# %% [markdown]
# ## On whom it backfires
#
# The mean hides prompts that steering moves the wrong way. Sort by any column; the chosen question's curve and tokens
# follow.

# %%
browser = PromptBrowser(steering)
browser

# %% [markdown]
# The same as a table, for a script:

# %%
slope_rows(steering, setting)[["question", "slope", "anti", "beyond", "bound"]].head()

# %% [markdown]
# ## Does coherence predict reliability?
#
# With two concepts nobody can say; these are the two numbers side by side, each with its interval. The study answers
# the question over all concepts, with transplanted vectors as control.

# %%
for concept in CONCEPTS:
    at = wb.widgets.Setting(concept, setting.layer)
    cube = steering.curves(at)
    positive, negative = by_class(steering.activations(at))
    pairs = steering.parts(at)[0].pairs
    held = wb.coherence(positive, negative, [p.group for p in pairs], [p.aligned for p in pairs]).c_heldout
    print(f"{concept:12s} coherence held out {held}   steerability "
          f"{wb.steerability(cube.curve(at.site, 'own'), cube.multipliers, cube.groups)} log-odds per multiplier")
