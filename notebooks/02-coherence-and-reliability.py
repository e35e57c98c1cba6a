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
# # The steering panel
#
# Turn the knobs of a steering vector and see what the model writes and answers: unsteered, toward the aligned pole and
# toward the unaligned one. To use your own model, change the next cell.

# %%
import workbench as wb
from workbench.widgets import Steering, SteeringPanel, answers, as_code, notices

MODEL = "persona"
CONCEPTS = ["power", "art"]

# %%
model = wb.load(MODEL)
steering = Steering(model, CONCEPTS)
panel = SteeringPanel(steering)
panel

# %% [markdown]
# Directions are fitted on one part of a concept's topics; questions and curve come from another. The curve's grey band
# is what random directions of the same norm do: a blue line inside it is no evidence of steering. The triangles are the
# doses that the sliders say. A warning names what is wrong with *this* direction, dose and question.
#
# Whatever the panel shows, a script can compute:

# %%
setting = steering.start()
answers(steering, setting)

# %%
for notice in notices(steering, setting, answers(steering, setting)):
    print("warning" if notice.warn else "fine   ", notice.about, "·", notice.text)

# %% [markdown]
# and these lines give the same numbers without the panel:

# %%
print(as_code(steering, setting))

# %% [markdown]
# A sweep of all layers, kept on disk, makes the sliders quick on a large model: what it covers is read from it.

# %%
from tempfile import mkdtemp

from workbench.sweep import load_cube, save_cube

path = save_cube(steering.sweep(setting), f"{mkdtemp()}/sweep")
quick = Steering(model, CONCEPTS, cube=load_cube(path))
quick.covers(setting)
