"""A record's pictures as figures, for notebooks and for export."""

from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.report.panels import captioned, guarded, rows_of
from workbench.report.write import parts_of, printable


def figures_of(record: Any) -> tuple[dict[str, Figure], dict[str, pd.DataFrame]]:
    """(figures by name, as printed; the rows that each shows) of a record's report, whatever its study.

    A picture that the record's tables cannot fill is left out, as in the report.
    """
    tables, shown, _ = parts_of(record)
    drawn = [(panel, figure) for panel, figure in (guarded(p, tables) for p in shown) if figure is not None]
    figures = {panel.name: printable(captioned(panel, figure, tables), panel.name) for panel, figure in drawn}
    return figures, {panel.name: rows_of(panel, tables) for panel, _ in drawn}
