"""Provenance: what was run, on what, with which versions, and everything that came out.

A :class:`Record` is written as ``record.json`` beside one CSV per table (and a parquet for large ones). Its
digest says *what* was found: two runs of the same study on the same inputs have the same digest, on whatever
day, machine and folder. Reading back what was written gives the same digest; a table that was changed by hand
is refused.
"""

from workbench.records.files import load, save
from workbench.records.plain import plain, unplain
from workbench.records.record import Record, versions
from workbench.records.tables import table_digest

__all__ = ["Record", "load", "plain", "save", "table_digest", "unplain", "versions"]
