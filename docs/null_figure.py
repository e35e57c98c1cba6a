"""The figure of docs/definitions.md: figures of 1000 concepts that are not there (python docs/null_figure.py).

Topics shift whole groups, activations are anisotropic, and the labels of every pair are shuffled, as in
tests/test_null_calibration.py. In-sample figures are far from zero and the intervals that one would draw around them do
not cover it; their held-out twins do in as many runs as they should.
"""

import sys
from pathlib import Path

import numpy as np
from plotly.subplots import make_subplots

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.test_null_calibration import NAMES, RUNS, shuffled
from workbench.geometry import agreement, d_prime_along, heldout_agreement, split_d_prime, split_groups
from workbench.stats import t_interval

rng = np.random.default_rng(0)
rows = []
for seed in range(RUNS):
    positive, negative = shuffled(rng)
    differences, first = positive - negative, split_groups(NAMES, seed=seed)
    rows.append({
        "c": t_interval(agreement(differences), groups=NAMES),
        "c_heldout": heldout_agreement(differences, NAMES, first),
        "d_prime": d_prime_along(positive, negative, differences.mean(0), NAMES),
        "d_prime_split": split_d_prime(positive, negative, NAMES, first),
    })  # fmt: skip

pictures = make_subplots(1, 2, subplot_titles=("directional agreement c", "discriminability d′"))
kinds = (("c", "d_prime"), "#D55E00", "in-sample (published form)"), (("c_heldout", "d_prime_split"), "#0072B2",
         "held-out twin")  # fmt: skip
for column in (1, 2):
    cover = {}
    for names, colour, title in kinds:
        found = [row[names[column - 1]] for row in rows]
        cover[title] = np.mean([effect.covers(0.0) for effect in found])
        pictures.add_histogram(x=[effect.estimate for effect in found], nbinsx=40, marker_color=colour, row=1,
                               col=column, name=title, showlegend=column == 1)  # fmt: skip
    pictures.add_vline(x=0, line_dash="dot", row=1, col=column)
    inside, twin = cover.values()
    text = f"value with shuffled labels<br>95 % intervals that cover 0: in-sample {inside:.1%}, twin {twin:.1%}"
    pictures.update_xaxes(title=text, row=1, col=column)
pictures.update_yaxes(title=f"runs (of {RUNS})", row=1, col=1)
pictures.update_layout(template="plotly_white", barmode="overlay", width=1000, height=380, legend_orientation="h",
                       legend_y=1.25, margin={"l": 60, "r": 20, "t": 70, "b": 80})  # fmt: skip
Path(__file__).with_name("img").mkdir(exist_ok=True)
pictures.write_image(Path(__file__).with_name("img") / "null.png", scale=1.5)
