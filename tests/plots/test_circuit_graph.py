"""The circuits' pictures: the strongest edges, poles told apart without colour, nodes in their layers."""

import pandas as pd
import pytest

from workbench.plots import circuit_nodes, circuit_overlap, circuit_poles, circuit_writers
from workbench.plots.circuit_graph import circuit_graph
from workbench.plots.palette import POLES
from workbench.types import WorkbenchError

EDGES = pd.DataFrame(
    [("input", "h0.1.v", -1.0), ("h0.1", "h1.2.k", -2.0), ("m0", "logits", 0.5), ("h1.2", "logits", 0.01)],
    columns=["sender", "receiver", "score"],
)


def test_edges_nodes_and_poles():
    figure = circuit_graph(EDGES, top=3)
    lines = figure.data
    assert [line.text.split(":")[0] for line in lines] == ["h0.1 → h1.2.k", "input → h0.1.v", "m0 → logits"]
    assert [line.line.color for line in lines] == [POLES["aligned"]] * 2 + [POLES["unaligned"]]
    assert [line.line.dash for line in lines] == ["solid", "solid", "dash"]
    assert lines[0].line.width > lines[1].line.width > lines[2].line.width
    at = {box.text: box.y for box in figure.layout.annotations}
    assert at == {"h0.1": 0, "h1.2": 1, "input": -1, "m0": 0.5, "logits": 2.1}
    assert figure.layout.yaxis.title.text and figure.layout.xaxis.title.text


def test_a_table_that_does_not_fit_is_refused():
    with pytest.raises(WorkbenchError, match="lacks"):
        circuit_graph(EDGES[["sender"]])
    with pytest.raises(WorkbenchError, match="empty"):
        circuit_graph(EDGES.iloc[:0])


POLE_EDGES = pd.DataFrame(
    [("steering", "h2.1.v", 0.5, 0.1, 0.4, 0.3, 0.5), ("h2.1", "logits", 0.4, 0.5, -0.1, -0.3, 0.1),
     ("steering", "logits", -0.3, 0.2, -0.5, -0.6, -0.4), ("steering", "m2", 0.0, 0.4, -0.4, -0.5, -0.3)],
    columns=["sender", "receiver", "aligned", "unaligned", "difference", "low", "high"],
)  # fmt: skip
NODES = POLE_EDGES.assign(role=["reads", "passes on", "reads", "reads"], node=["h2.1", "h2.1", "logits", "m2"],
                          aligned_low=-1.0, aligned_high=1.0, unaligned_low=-1.0, unaligned_high=1.0)  # fmt: skip


def lines_of(figure, axis):
    return {line.text.split("<br>")[0]: line for line in figure.data if line.text and line.xaxis == axis}


def test_both_poles_stand_in_the_same_places_and_lines_say_what_they_are():
    figure = circuit_poles(POLE_EDGES, top=2)
    first, second, apart = (lines_of(figure, axis) for axis in ("x", "x2", "x3"))
    assert list(first) == ["steering → h2.1.v", "h2.1 → logits"] and "steering → m2" in second
    assert first["h2.1 → logits"].line.dash == second["h2.1 → logits"].line.dash == "solid"
    assert first["steering → h2.1.v"].line.dash == "dash"
    assert apart["steering → logits"].line.dash == "dash" and apart["steering → h2.1.v"].line.dash == "solid"
    boxes = figure.layout.annotations
    at = [{(box.text, box.x, box.y) for box in boxes if box.xref == axis} for axis in ("x", "x2", "x3")]
    assert at[0] == at[1] == at[2] and ("steering", 0, 1.5) in at[0] and len({name for name, *_ in at[0]}) == 4
    wide = circuit_poles(POLE_EDGES, top=4, panels=["aligned", "difference"])
    assert lines_of(wide, "x")["steering → logits"].line.dash == "dot"
    assert lines_of(wide, "x2")["h2.1 → logits"].opacity < 1 == lines_of(wide, "x2")["steering → m2"].opacity
    with pytest.raises(WorkbenchError, match="panels of aligned"):
        circuit_poles(POLE_EDGES, panels=["both"])


def test_nodes_writers_and_overlap_show_their_intervals():
    aligned, unaligned = circuit_nodes(NODES).data
    assert list(aligned.text) == ["* h2.1", "* logits", "* m2"] and aligned.marker.symbol != unaligned.marker.symbol
    assert aligned.error_x.array[0] == pytest.approx(0.5) and unaligned.x[2] == 0.4
    with pytest.raises(WorkbenchError, match="no role 'writes'"):
        circuit_nodes(NODES, "writes")
    parts = pd.DataFrame({"part": ["m0", "h1.0"], "estimate": [0.1, -2.0], "low": [0.0, -3.0], "high": [0.2, -1.0]})
    drawn = circuit_writers(parts)
    assert list(drawn.data[0].text) == ["h1.0", "m0"] and "-1.90" in drawn.layout.title.subtitle.text
    curve = pd.DataFrame({"size": [5, 10], "iou": [0.5, 0.6], "chance_low": 0.0, "chance_high": 0.2, "across": 0.5,
                          "within_low": 0.7, "within_high": 0.9})  # fmt: skip
    chance, within, *_ = circuit_overlap(curve).data
    assert max(chance.y) == 0.2 and min(within.y) == 0.7
