"""A finished run as the parts of a paper: figures with captions, tables, results in prose, a summary in plain words.

``write_paper(record, folder)`` writes all of it; ``pictures(record)`` gives the figures with their captions,
``write_captions`` puts captions and LaTeX snippets beside exported figures, ``tables_of(record)`` gives the tables that
a paper wants, ``as_latex`` and ``as_csv`` print any table.
"""

from workbench.paper.chosen import tables_of
from workbench.paper.pictures import Picture, pictures, write_captions
from workbench.paper.tabular import Table, as_csv, as_latex
from workbench.paper.write import Paper, write_paper

__all__ = ["Paper", "Picture", "Table", "as_csv", "as_latex", "pictures", "tables_of", "write_captions", "write_paper"]
