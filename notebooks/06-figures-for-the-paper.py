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
# # Figures for the paper
#
# A finished run's pictures in the sizes that papers and slides have, each with its data. `RUN` is the folder of a run
# (`workbench study reliability` prints it); left empty, a small run is made here.

# %%
from pathlib import Path
from tempfile import mkdtemp

from workbench.figures import SIZES, export, sized, themed
from workbench.records import load
from workbench.report import figures_of
from workbench.studies.reliability import Config, run

RUN = ""
OUT = Path(mkdtemp()) / "figures"
SMALL = Config(model="persona", concepts=("power", "art", "empathy"), prompt_types=("instruction", "prefilled"),
               layers=(2,), random_directions=3, level_directions=3, shuffled_directions=1, max_pairs=24, max_eval=16,
               workers=1, out=mkdtemp())

# %%
record = load(RUN) if RUN else run(SMALL)
figures, data = figures_of(record)
list(figures)

# %% [markdown]
# Captions take their numbers from the record; what the run cannot show is left out and said in its report.

# %%
for line in record.results["summary"]:
    print("·", line)

# %%
figures["propensity-curve"]

# %% [markdown]
# ## Sizes and themes
#
# One column, a text width, a slide; light for print, dark for a talk. Colours are told apart by every kind of colour
# vision, and marks and dashes differ too.

# %%
SIZES

# %%
sized(figures["propensity-curve"], "column")

# %%
themed(sized(figures["cosines-concepts"], "slide"), "dark")

# %% [markdown]
# ## Files
#
# PDF and SVG are drawn by the system's Chromium; without one the CSV files are written all the same and the message
# says what is missing. From a shell: `workbench export RUN --figure all --format pdf --width single`, which writes a
# caption and a LaTeX snippet beside each; `workbench paper RUN` adds tables and the results in prose.

# %%
chosen = ["propensity-curve"]
small = {name: sized(figures[name], "column") for name in chosen}
written = export(small, OUT, data={name: data[name] for name in chosen}, formats=("pdf",))
print(*(path.name for path in written.paths), written.message, sep="\n")
