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
# # First steering
#
# Load a model and a concept, fit a direction on one half of the topics, steer the other half's questions along it,
# and read the effect beside random directions of the same norm. To use your own model, change the next cell.

# %%
import workbench as wb
from workbench.directions import random_directions
from workbench.evaluation import anti_steerable, odd_even

MODEL = "persona"
CONCEPT = "art"

# %%
model = wb.load(MODEL)
model

# %%
concept = wb.load_concept(CONCEPT)
concept

# %% [markdown]
# The split is by topic: no topic is in two parts.

# %%
shots, fit, test = wb.split_concept(concept, shares=(0.1, 0.45, 0.45), seed=0)
site = wb.Site(layer=1)
acts = wb.extract(model, fit, prompt_type="instruction", sites=[site])[site]
direction = wb.fit(acts, method="mean_difference")
direction

# %% [markdown]
# Multiplier 1 adds the mean difference once, at every position. Propensities are log-odds of the aligned answer.

# %%
directions = {"own": direction} | {f"random {i}": d for i, d in enumerate(random_directions(direction, 5))}
cube = wb.sweep(model, test, directions, sites=[site], multipliers=(-1, -0.5, 0, 0.5, 1))
wb.steerability(cube.curve(site, "own"), cube.multipliers, cube.groups)

# %% [markdown]
# The odd part of the effect is control; random directions show what any perturbation of this norm does. With
# `persona-inert`, the negative control, the same lines show a vector that does next to nothing.

# %%
for name in directions:
    doses, odd, even = odd_even(cube.curve(site, name), cube.multipliers)
    print(f"{name:9s} odd effect at 1: {odd[:, -1].mean():+.3f}   even: {even[:, -1].mean():+.3f} log-odds")

# %%
anti_steerable(cube.curve(site, "own"), cube.multipliers, cube.groups)["braun"]

# %% [markdown]
# An instruction, on the same questions, for comparison.

# %%
from workbench.prompts import build_prompt

for pole in ("aligned", "unaligned"):
    cued = wb.sweep(model, test, {"own": direction}, sites=[site], multipliers=(0,),
                    prompt=lambda pair, card, pole=pole: build_prompt(pair, card, "instruction", pole))
    print(f"instructed {pole:9s}: mean log-odds of the aligned answer {cued.values.mean():+.2f}")

# %% [markdown]
# The same by hand: turn the knobs and see what the model writes and answers, unsteered, toward the aligned pole and
# toward the unaligned one. The curve's grey band is what random directions of the same norm do; a warning names what is
# wrong with *this* direction, dose and question.

# %%
from workbench.widgets import Steering, SteeringPanel, answers, as_code, notices

steering = Steering(model, [CONCEPT])
panel = SteeringPanel(steering)
panel

# %% [markdown]
# Whatever the panel shows, a script can compute:

# %%
setting = panel.setting
for notice in notices(steering, setting, answers(steering, setting)):
    print("warning" if notice.warn else "fine   ", notice.about, "·", notice.text)

# %% [markdown]
# and these lines give the same numbers without the panel:

# %%
print(as_code(steering, setting))

# %% [markdown]
# On a large model, sweep all layers once and keep the cube: what it covers is read from it, and the sliders are quick:
# `Steering(model, CONCEPTS, cube=load_cube(save_cube(steering.sweep(setting), "sweep")))`, both from `workbench.sweep`.
