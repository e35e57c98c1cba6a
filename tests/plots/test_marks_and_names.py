"""What a reader cannot know stands nowhere in a picture, and the mean of a heat map carries its marks."""

import pandas as pd
import pytest

from workbench.plots.binding import select
from workbench.plots.layer_heatmap import MEAN, layer_heatmap, with_mean
from workbench.plots.patching_bars import positions
from workbench.plots.published_dots import named


@pytest.fixture
def cells() -> pd.DataFrame:
    """Four concepts at three places: random directions reach none, half and all of them."""
    reached = {0: 0, 1: 2, 2: 4}
    return pd.DataFrame([
        {"concept": f"c{i}", "prompt_type": "prefilled", "layer": layer, "odd": float(i), "beats_random": i >= count}
        for layer, count in reached.items() for i in range(4)
    ])  # fmt: skip


def test_the_mean_is_marked_where_random_directions_reach_half_of_the_concepts(cells):
    table = with_mean(cells, ["odd", "absent"])
    mean = select(table, concept=MEAN).set_index("layer")
    assert mean["mark"].to_dict() == {0: "", 1: " ×", 2: " ×"} and (mean["odd"] == 1.5).all()
    one = select(table, concept="c1").set_index("layer")
    assert one["mark"].to_dict() == {0: "", 1: " ×", 2: " ×"}
    assert select(table, concept="c3", layer=1)["mark"].item() == ""
    figure = layer_heatmap(select(table, concept=MEAN))
    assert [row[0] for row in figure.data[0].text] == ["", " ×", " ×"]
    assert "half of the concepts" in figure.layout.title.subtitle.text.replace("<br>", " ")
    assert (with_mean(cells.drop(columns="beats_random"), ["odd"])["mark"] == "").all()


def test_names_of_columns_and_rules_are_words():
    assert named("ρ of d_prime with anti_braun") == "ρ of discriminability d′, in-sample with anti-steerable, Δ(1) < 0"
    assert named("lowest mean cosine") == "lowest mean cosine"
    said = [positions(rule) for rule in ("last", "all", "last_k:3", "<b>")]
    assert said == ["last position", "all positions", "last 3 positions", "&lt;b&gt; position"]
