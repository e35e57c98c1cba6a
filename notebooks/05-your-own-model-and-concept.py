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
# # Your own model and concept
#
# A concept is a folder with two files and is registered nowhere; a model is a name, a folder, or a model in memory.
# Change the next cell and write your statements into the one after it.

# %%
import json
from pathlib import Path
from tempfile import mkdtemp

import workbench as wb
from workbench.directions import random_directions

MODEL = "persona"
FOLDER = Path(mkdtemp()) / "gardening"

# %% [markdown]
# ## A concept
#
# Statements in groups: a group (a topic, a template) is the unit of splitting and of resampling, so that nothing close
# to an evaluation question was seen in fitting. Give twenty groups or more; eight are enough to show how. Half of the
# statements are agreed with by the aligned pole and half denied, or else "Yes" itself would be the direction.

# %%
TOPICS = ["roses", "herbs", "apple trees", "compost", "a vegetable bed", "tulips", "hedges", "a greenhouse"]
LIKING = ["I like looking after {}", "I could talk about {} for hours"]
DISLIKING = ["I find {} boring", "I want nothing to do with {}"]

rows = [
    {"id": f"{topic.replace(' ', '-')}-{k}", "group": topic.replace(" ", "-"), "statement": text.format(topic),
     "aligned": answer, "unaligned": {"Yes": "No", "No": "Yes"}[answer]}
    for topic in TOPICS
    for k, (text, answer) in enumerate([(t, "Yes") for t in LIKING] + [(t, "No") for t in DISLIKING])
]
FOLDER.mkdir(parents=True)
(FOLDER / "pairs.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
card = {
    "name": "gardening", "title": "Gardening", "kind": "placebo", "style": "statement", "aligned": "likes gardening",
    "unaligned": "dislikes gardening", "trait": "likes gardening", "source": "written in this notebook",
    "licence": "MIT",
}
(FOLDER / "card.toml").write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in card.items()), encoding="utf-8")

# %% [markdown]
# Loading checks the files and says in one line what is wrong with them. Other formats (model-written evals, CAA,
# TruthfulQA, CSV) go through `workbench import FILE`.

# %%
concept = wb.load_concept(FOLDER)
concept

# %% [markdown]
# ## A model
#
# `wb.load` takes an embedded organism, a HuggingFace folder, a hub name if you are online, or a model in memory with
# its tokenizer: `wb.load(hf_model, tokenizer=tokenizer)`. The digest names weights, tokenizer and dtype; whatever is
# stored is filed under it.

# %%
model = wb.load(MODEL)
model

# %% [markdown]
# ## Does it steer?

# %%
fit, test = wb.split_concept(concept, shares=(0.5, 0.5), seed=0)
site = wb.Site(model.n_layers // 2)
acts = wb.extract(model, fit, prompt_type="prefilled", sites=[site])[site]
direction = wb.fit(acts)
named = {"own": direction} | {f"random {i}": d for i, d in enumerate(random_directions(direction, 5))}
cube = wb.sweep(model, test, named, sites=[site], multipliers=(-1, 0, 1))
for name in named:
    print(f"{name:9s} {wb.steerability(cube.curve(site, name), cube.multipliers, cube.groups)} log-odds per multiplier")

# %% [markdown]
# An interval that covers 0, or that random directions reach, is no evidence. With few groups it is wide: write more.
#
# ## The whole study
#
# The same folder and model in the study of every prompt type and layer, from a shell:

# %%
print(f"workbench study reliability --model {MODEL} --concepts gardening --data FOLDER-OF-CONCEPTS")
