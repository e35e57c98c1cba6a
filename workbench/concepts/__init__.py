"""Concepts: read, check, split, import and write contrasts. A new concept is a folder under ``data/concepts``.

============== ==========================================================
load.py        data_root, list_concepts, load_concept
split.py       split_concept, balance_pairs
neutral.py     neutral_texts, unrelated_choices
write.py       save_concept
importers.py   import_any and one importer per outside format
checks.py      what every concept must satisfy
============== ==========================================================
"""

from workbench.concepts.checks import check_concept
from workbench.concepts.importers import (
    import_any,
    import_caa,
    import_hf,
    import_mwe,
    import_pairs,
    import_true_false,
    import_truthfulqa,
)
from workbench.concepts.load import data_root, list_concepts, load_concept
from workbench.concepts.neutral import neutral_texts, unrelated_choices
from workbench.concepts.split import balance_pairs, split_concept
from workbench.concepts.write import save_concept

__all__ = [
    "balance_pairs", "check_concept", "data_root", "import_any", "import_caa", "import_hf", "import_mwe",
    "import_pairs", "import_true_false", "import_truthfulqa", "list_concepts", "load_concept", "neutral_texts",
    "save_concept", "split_concept", "unrelated_choices",
]
