"""Pictures from tidy tables: what is drawn, what is said, and that text from data stays text."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "report"))

import synthetic
import synthetic_symmetry

from workbench import plots
from workbench.plots.binding import filled, grid, select
from workbench.plots.correlation_forest import with_rows
from workbench.plots.cosine_matrix import clustered, mirrored
from workbench.plots.layer_heatmap import MEAN, with_mean
from workbench.plots.paired_effects import paired
from workbench.plots.palette import DARK, LIGHT, recoloured
from workbench.plots.prompt_slopes import with_ranks
from workbench.plots.read_write import joined
from workbench.plots.replication_forest import with_lines
from workbench.plots.words import label, plain, short, wrapped
from workbench.types import WorkbenchError

ONE = {"concept": "force", "prompt_type": "prefilled", "layer": 2}
SETTING = {"prompt_type": "prefilled", "layer": 2}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return synthetic.record(n=6, n_eval=12).tables


@pytest.fixture(scope="module")
def figures(tables) -> dict:
    again = synthetic.record(n=6, seed=1, n_eval=2).tables["cells"]
    cells, chosen = tables["cells"], tables["projections"]
    at = chosen.iloc[0][["concept", "prompt_type", "layer"]].to_dict()
    return {
        "coherence_scatter": plots.coherence_scatter(select(cells, **SETTING)),
        "correlation_forest": plots.correlation_forest(
            select(tables["correlations"], outcome="odd", prompt_type="all", layer="all")
        ),
        "propensity_overview": plots.propensity_overview(select(tables["curves"], **SETTING)),
        "propensity_curve": plots.propensity_curve(select(tables["curves"], **ONE)),
        "prompt_slopes": plots.prompt_slopes(select(tables["prompts"], **ONE)),
        "layer_heatmap": plots.layer_heatmap(select(with_mean(cells, ["odd"]), concept="force")),
        "projections": plots.projections(select(chosen, **at)),
        "cosine_matrix": plots.cosine_matrix(select(tables["cosines_concepts"], **SETTING)),
        "cosine_types": plots.cosine_matrix(
            select(tables["cosines_types"], concept="force", layer=2), between="prompt types"
        ),
        **explorer_figures(),
        **runs_and_attacks(),
        "read_write": plots.read_write(select(joined(tables["probes"], cells), probe="lda", **SETTING)),
        "patching_bars": plots.patching_bars(select(tables["patching"], concept="force")),
        "recommendation_forest": plots.recommendation_forest(tables["recommendation"]),
        "published_dots": plots.published_dots(tables["published"]),
        **symmetry_figures(),
        "paired_effects": plots.paired_effects(select(paired(cells, again, ["odd"]), **SETTING)),
        **circuit_figures(),
        "twin_scatter": plots.twin_scatter(pd.DataFrame({
            "seed": [0, 0, 1, 1], "concept": ["a", "b"] * 2, "kind": "value", "knob_eval": [0.5, -0.5] * 2,
            "odd_matched": [1.0, -1.0, 0.8, -0.9],
        })),
    }  # fmt: skip


def circuit_figures() -> dict:
    edges = pd.DataFrame({"sender": ["input", "h0.1"], "receiver": ["h0.1.v", "logits"], "score": [-1.0, 0.5]})
    poles = edges.assign(aligned=[1.0, 0.5], unaligned=[0.5, -0.5], difference=[0.5, 1.0], low=0.0, high=2.0)
    nodes = poles.assign(role="reads", node=["h0.1", "logits"], aligned_low=0.0, aligned_high=2.0, unaligned_low=-1.0,
                         unaligned_high=1.0)  # fmt: skip
    parts = pd.DataFrame({"part": ["m0", "h0.1"], "estimate": [0.1, -2.0], "low": [0.0, -3.0], "high": [0.2, -1.0]})
    curve = pd.DataFrame({"size": [5, 10], "iou": 0.5, "chance_low": 0.0, "chance_high": 0.2, "across": 0.5,
                          "within_low": 0.7, "within_high": 0.9})  # fmt: skip
    return {
        "circuit_graph": plots.circuit_graph(edges),
        "circuit_poles": plots.circuit_poles(poles),
        "circuit_nodes": plots.circuit_nodes(nodes),
        "circuit_writers": plots.circuit_writers(parts),
        "circuit_overlap": plots.circuit_overlap(curve),
    }


def runs_and_attacks() -> dict:
    runs = pd.DataFrame({"scope": "<b>", "run": ["one", "two"], "rho": 0.5, "low": 0.1, "high": 0.8})
    rungs = pd.DataFrame({"attack": ["prompt", "<b>"], "tier": "words"})
    poles = {f"retained_{pole}{end}": at for pole in ("aligned", "unaligned")
             for end, at in (("", 0.5), ("_low", 0.2), ("_high", 0.9))}  # fmt: skip
    curve = pd.DataFrame({"tau": [-1.0, 2.0], "quantile": [0.05, 0.5], "nll_rise": 0.0, "nll_rise_low": -0.1,
                          "nll_rise_high": 0.1})  # fmt: skip
    items = pd.DataFrame({
        "method": "add", "concept": "c", "question": ["<b>?", "b?"], "answer": "Yes", "base": 0.1,
        "gain_aligned": [1.0, -0.5], "gain_unaligned": [0.8, -0.2], "bound_aligned": 0.1, "bound_unaligned": 0.1,
        "pattern": ["follows both", "backfires toward both"],
    })  # fmt: skip
    return {
        "floor_trade_off": plots.floor_trade_off(curve.assign(**poles)),
        "item_gains": plots.item_gains(items),
        "replication_forest": plots.replication_forest(with_lines(runs)),
        "retention_ladder": plots.retention_ladder(rungs.assign(**poles)),
    }


def explorer_figures() -> dict:
    points = pd.DataFrame({
        "pair": ["p", "p", "q", "q"] * 2, "pole": ["aligned", "unaligned"] * 4,
        "condition": ["held out"] * 4 + ["steered"] * 4,
        "steered": [False] * 4 + [True] * 4, "kappa": np.arange(8.0), "question": "<b>?", "slope": 0.5,
        "pc1": np.arange(8.0), "pc2": 1.0, "pc3": 2.0,
    })  # fmt: skip
    tokens = pd.DataFrame({
        "position": [0, 1, 0, 1], "token": ["<b>", "\n"] * 2, "layer": [0, 0, 1, 1], "value": [1.0, -1.0, 0.5, 2.0],
        "outside": [True, False, False, True],
    })  # fmt: skip
    return {
        "line_points": plots.line_points(points),
        "space_points": plots.space_points(points, [0.5, 0.2, 0.1]),
        "token_heatmap": plots.token_heatmap(tokens),
    }


def test_points_carry_their_pair_and_conditions_differ_by_mark(figures):
    traces = figures["space_points"].data
    assert len({(t.marker.symbol, t.marker.color) for t in traces}) == 4 and list(traces[0].ids) == ["p", "q"]
    on_line = figures["line_points"].data
    assert {i for t in on_line for i in t.ids} == {"p", "q"} and sum(len(t.x) for t in on_line) == 8
    assert all(len(set(t.ids)) == len(t.ids) == 2 for t in on_line)  # plotly draws equal ids of a trace once
    assert not any("<b>?" in str(t.customdata) for t in [*traces, *figures["line_points"].data])


def test_token_heatmap_marks_what_controls_reach_and_escapes_tokens(figures):
    trace = figures["token_heatmap"].data[0]
    assert [list(row) for row in trace.text] == [["", "·"], ["·", ""]]
    assert figures["token_heatmap"].layout.xaxis.ticktext == ("&lt;b&gt;", "⏎")


def symmetry_figures() -> dict:
    tables = synthetic_symmetry.record().tables
    one = select(tables["curves"], method="add", concept="power", budget="kl")
    return {
        "symmetry_forest": plots.symmetry_forest(select(tables["results"], concept="all value concepts")),
        "dose_response": plots.dose_response(one),
        "index_by_dose": plots.index_by_dose(one),
        "cost_frontier": plots.cost_frontier(one),
        "lean_regression": plots.lean_regression(select(tables["lean"], method="add")),
        "frame_gains": plots.frame_gains(select(tables["frames"], method="add", concept="power")),
        "off_axis_matrix": plots.off_axis_matrix(pd.DataFrame({
            "steered": ["power", "power", "art", "art"], "read": ["power", "art", "power", "art"],
            "shift": [0.9, -0.2, 0.05, 0.7], "mark": ["", "", "×", ""]})),
    }


def test_both_poles_of_a_frame_stand_in_its_row_with_their_intervals(figures):
    aligned, unaligned = figures["frame_gains"].data
    assert list(aligned.y) == list(unaligned.y) == ["held-out templates", "dialogue"]
    assert aligned.x[0] == 2.0 and unaligned.x[1] == pytest.approx(0.18) and min(aligned.error_x.array) > 0
    assert aligned.marker.symbol != unaligned.marker.symbol and aligned.marker.color != unaligned.marker.color


def test_the_forest_tells_verdicts_apart_by_colour_and_mark(figures):
    traces = figures["symmetry_forest"].data
    assert [t.name for t in traces] == ["symmetric", "asymmetric", "undetermined"]
    assert len({(t.marker.color, t.marker.symbol) for t in traces}) == 3
    assert sorted(y for t in traces for y in t.y) == ["add", "few_shot", "leace"]


def test_every_picture_has_title_sentence_axes_and_data(figures):
    assert {name for name in plots.__all__ if name != "select"} <= set(figures)
    for name, figure in figures.items():
        assert figure.layout.title.text, name
        assert figure.layout.title.subtitle.text.rstrip().endswith("."), name
        assert figure.layout.xaxis.title.text or name in ("propensity_overview", "circuit_poles"), name
        drawn = [t for t in figure.data if t.type == "heatmap" or (t.x is not None and len(t.x))]
        assert drawn, name


def test_axis_titles_carry_units(figures):
    assert "log-odds" in figures["propensity_curve"].layout.yaxis.title.text
    assert (
        figures["coherence_scatter"].layout.xaxis.title.text
        == label("c_heldout")
        == "agreement c, held out (mean cosine)"
    )
    assert short("odd_second") == "second: odd effect at multiplier 1"
    assert label("a_new_column") == "a new column"


def test_scatter_shows_the_rows_and_both_intervals(tables, figures):
    rows = select(tables["cells"], **SETTING)
    trace = figures["coherence_scatter"].data[0]
    assert list(trace.x) == pytest.approx(rows["c_heldout"])
    assert list(trace.error_y.array) == pytest.approx(rows["odd_high"] - rows["odd"])
    assert list(trace.error_y.arrayminus) == pytest.approx(rows["odd"] - rows["odd_low"])


def test_scatter_without_intervals_draws_points_only(tables):
    trace = plots.coherence_scatter(select(tables["cells"], **SETTING), x="auc", y="even").data[0]
    assert set(trace.error_x.array) == {None} and len(trace.x) == 6


def test_an_endless_interval_is_left_out_not_drawn(tables):
    row = tables["correlations"].iloc[:1]
    assert np.isinf(row["low"]).all()
    trace = plots.correlation_forest(row).data[0]
    assert list(trace.error_x.array) == [None] and len(trace.x) == 1


def test_prompt_slopes_are_sorted_and_anti_steerable_ones_stand_out(tables):
    rows = with_ranks(select(tables["prompts"], **ONE))
    assert list(rows["rank"]) == list(range(1, 13)) and rows["slope"].is_monotonic_increasing
    with_them, against = plots.prompt_slopes(rows).data
    assert len(against.x) == rows["anti"].sum() and len(with_them.x) + len(against.x) == 12
    assert against.marker.color == LIGHT["vermillion"]
    assert with_ranks(tables["prompts"]).groupby(["concept", "prompt_type", "layer"])["rank"].max().eq(12).all()


def test_heatmap_marks_cells_that_random_directions_reach(tables, figures):
    trace = figures["layer_heatmap"].data[0]
    rows = select(tables["cells"], concept="force")
    marked = sum(text == " ×" for row in trace.text for text in row)
    assert marked == (~rows["beats_random"]).sum() and np.shape(trace.z) == (4, 7)
    mean = select(with_mean(tables["cells"], ["odd"]), concept=MEAN, **SETTING)["odd"].item()
    assert mean == pytest.approx(select(tables["cells"], **SETTING)["odd"].mean())


def test_clustering_puts_like_beside_like():
    blocks = {"a1": 0, "b1": 1, "a2": 0, "b2": 1, "a3": 0, "b3": 1}
    rows = [(p, q, 0.9 if blocks[p] == blocks[q] else -0.2) for p in blocks for q in blocks if p < q]
    found = clustered(pd.DataFrame(rows, columns=["a", "b", "cosine"]))
    letters = "".join(name[0] for name in found)
    assert letters in ("aaabbb", "bbbaaa")


def test_half_a_matrix_is_mirrored_with_a_diagonal(tables):
    half = select(tables["cosines_concepts"], **SETTING)
    whole = mirrored(half)
    assert len(whole) == 36 and len(mirrored(whole)) == 36
    matrix = whole.pivot(index="a", columns="b", values="cosine").to_numpy()
    assert np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1)


def test_unreliable_settings_are_grey_and_hollow(figures):
    grey = [t for t in figures["recommendation_forest"].data if t.marker.symbol == "circle-open"]
    assert len(grey) == 1 and len(grey[0].x) == 2 and grey[0].marker.color == LIGHT["grey"]


def test_pairing_matches_cells_whatever_the_type_of_the_layer(tables):
    cells = tables["cells"]
    table = paired(cells, cells.assign(layer=cells["layer"].astype(str)).iloc[:10], ["odd"])
    assert len(table) == 10 and (table["odd_first"] == table["odd_second"]).all()
    assert {"odd_first_low", "odd_second_high", "kind"} <= set(table)


def test_binding_refills_with_other_rows(tables):
    trace = plots.prompt_slopes(select(tables["prompts"], **ONE)).to_plotly_json()["data"][0]
    rows = select(with_ranks(tables["prompts"]), **{**ONE, "concept": "empathy"}, anti=False)
    again = filled(dict(trace), rows, {})
    assert list(again["y"]) == pytest.approx(list(rows["slope"]))
    assert again["customdata"][0][0] == wrapped(rows["question"].iloc[0])


def test_grid_leaves_holes_empty():
    table = pd.DataFrame({"v": [1.0, 2.0], "r": [1, 2], "c": ["x", "y"]})
    assert grid(table, ["v", "r", "c"], {"rows": ["1", "2"], "columns": ["x", "y"]}) == [[1.0, None], [None, 2.0]]


def test_text_from_data_is_shown_not_obeyed():
    hostile = synthetic.record(n=18, n_eval=2, hostile=True).tables
    evil = synthetic.HOSTILE
    figure = plots.cosine_matrix(select(hostile["cosines_concepts"], **SETTING))
    assert plain(evil) in figure.data[0].x and not any("<script" in str(x) for x in figure.data[0].x)
    for drawn in (
        figure,
        plots.coherence_scatter(select(hostile["cells"], **SETTING)),
        plots.prompt_slopes(select(hostile["prompts"], concept="power", **SETTING)),
        plots.propensity_overview(select(hostile["curves"], **SETTING)),
    ):
        text = str([{k: v for k, v in t.items() if k != "meta"} for t in drawn.to_plotly_json()["data"]])
        assert "<script" not in text and "<img" not in text and "<b on" not in text


def test_a_missing_column_is_named(tables):
    with pytest.raises(WorkbenchError, match="lacks odd_matched"):
        plots.coherence_scatter(tables["cells"], y="odd_matched")
    with pytest.raises(WorkbenchError, match="no column 'model'"):
        select(tables["cells"], model="x")


def test_dark_differs_and_keeps_what_it_does_not_know():
    both = recoloured({"a": LIGHT["blue"], "b": ["#123456", 3, None]}, "dark")
    assert both == {"a": DARK["blue"], "b": ["#123456", 3, None]}
    assert set(LIGHT) == set(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT), "two colours of one form could not be swapped back apart"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_and_marks_stand_out_from_the_paper(theme):
    def contrast(name: str) -> float:
        one, two = sorted((luminance(theme[name]), luminance(theme["paper"])))
        return (two + 0.05) / (one + 0.05)

    assert contrast("ink") > 12 and contrast("soft") > 4.5
    for name in ("blue", "vermillion", "green", "grey"):
        assert contrast(name) > 3, name
    for name in ("orange", "purple", "sky"):  # Okabe and Ito's light hues: never used for text
        assert contrast(name) > 2, name


def test_rows_of_the_forest_keep_the_order(tables):
    rows = with_rows(tables["correlations"])
    assert rows.loc[rows["predictor"] == "c", "row"].eq(6).all() and rows["row"].min() == 0
