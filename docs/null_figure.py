"""The figure of docs/definitions.md: coherence figures of 400 concepts that do not exist (python docs/null_figure.py).

Activations are anisotropic noise in 20 groups, the labels mean nothing. In-sample figures are far from zero, their
held-out twins are not, and the twins' 95 % intervals cover zero as often as they should.
"""

from pathlib import Path

import numpy as np
from plotly.subplots import make_subplots

from workbench.geometry import coherence

RUNS, PAIRS, WIDTH = 400, 40, 192
rng = np.random.default_rng(0)
groups = np.repeat([f"topic {i}" for i in range(20)], PAIRS // 20)
scale = np.geomspace(3, 0.3, WIDTH)
rows = []
for run in range(RUNS):
    positive, negative = rng.normal(size=(2, PAIRS, WIDTH)) * scale
    rows.append(coherence(positive, negative, groups, seed=run))

pictures = make_subplots(1, 2, subplot_titles=("directional agreement c", "discriminability d′"))
for column, (inside, outside) in enumerate((("c", "c_heldout"), ("d_prime", "d_prime_split")), start=1):
    twin = [getattr(r, outside) for r in rows]
    cover = np.mean([e.covers(0.0) for e in twin])
    pictures.add_histogram(x=[getattr(r, inside) for r in rows], nbinsx=40, marker_color="#D55E00", row=1, col=column,
                           name="in-sample (published form)", showlegend=column == 1)
    pictures.add_histogram(x=[e.estimate for e in twin], nbinsx=40, marker_color="#0072B2", row=1, col=column,
                           name="held-out twin", showlegend=column == 1)
    pictures.add_vline(x=0, line_dash="dot", row=1, col=column)
    pictures.update_xaxes(title=f"value without any concept; twin's intervals cover 0: {cover:.0%}", row=1, col=column)
pictures.update_yaxes(title=f"runs (of {RUNS})", row=1, col=1)
pictures.update_layout(template="plotly_white", barmode="overlay", width=1000, height=360, legend_orientation="h",
                       legend_y=1.25, margin={"l": 60, "r": 20, "t": 70, "b": 60})
Path(__file__).with_name("img").mkdir(exist_ok=True)
pictures.write_image(Path(__file__).with_name("img") / "null.png", scale=1.5)
