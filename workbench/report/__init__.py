"""Records as pages that open anywhere: one HTML file, no network, figures and data beside it.

``write_report(record, folder)`` writes the report of a study, ``write_comparison(a, b, path)`` two records side by
side, ``write_replication(records, path)`` what holds in each of several; ``reliability_page``, ``symmetry_page``,
``causal_page``, ``compare_page`` and ``replication_page`` give the HTML itself.
"""

from workbench.report.causal_page import causal_page
from workbench.report.compare import compare_page
from workbench.report.drawn import figures_of
from workbench.report.reliability_page import reliability_page
from workbench.report.replication_page import replication_page
from workbench.report.symmetry_page import symmetry_page
from workbench.report.write import write_comparison, write_replication, write_report

__all__ = [
    "causal_page",
    "compare_page",
    "figures_of",
    "reliability_page",
    "replication_page",
    "symmetry_page",
    "write_comparison",
    "write_replication",
    "write_report",
]
