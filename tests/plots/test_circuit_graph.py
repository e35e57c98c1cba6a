"""The circuit's picture: the strongest edges, poles told apart without colour, nodes in their layers."""

import pandas as pd
import pytest

from workbench.plots.circuit_graph import circuit_graph
from workbench.plots.palette import POLES
from workbench.types import WorkbenchError

EDGES = pd.DataFrame(
    [("input", "h0.1.v", -1.0), ("h0.1", "h1.2.k", -2.0), ("m0", "logits", 0.5), ("h1.2", "logits", 0.01)],
    columns=["sender", "receiver", "score"],
)


def test_edges_nodes_and_poles():
    figure = circuit_graph(EDGES, top=3)
    *lines, nodes = figure.data
    assert [line.text.split(":")[0] for line in lines] == ["h0.1 → h1.2.k", "input → h0.1.v", "m0 → logits"]
    assert [line.line.color for line in lines] == [POLES["aligned"]] * 2 + [POLES["unaligned"]]
    assert [line.line.dash for line in lines] == ["solid", "solid", "dash"]
    assert lines[0].line.width > lines[1].line.width > lines[2].line.width
    at = dict(zip(nodes.text, nodes.y, strict=True))
    assert at == {"h0.1": 0, "h1.2": 1, "input": -1, "m0": 0.4, "logits": 2}
    assert figure.layout.yaxis.title.text and figure.layout.xaxis.title.text


def test_a_table_that_does_not_fit_is_refused():
    with pytest.raises(WorkbenchError, match="lacks"):
        circuit_graph(EDGES[["sender"]])
    with pytest.raises(WorkbenchError, match="empty"):
        circuit_graph(EDGES.iloc[:0])
