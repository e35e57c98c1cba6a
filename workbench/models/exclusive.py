"""One thread in a model at a time.

JupyterLab answers sliders and buttons in a thread beside the one that runs cells (kernel subshells). Two passes through
one model at once would meet each other's hooks and edited weights: at best an error, at worst wrong numbers.
"""

from threading import Lock, RLock
from typing import Any
from weakref import WeakKeyDictionary

from workbench.models.model import Model

_locks: WeakKeyDictionary = WeakKeyDictionary()
_making = Lock()


def exclusive(model: Model) -> Any:
    """The lock of a model and of all its alterations, for a ``with``; a thread that holds it may take it again.

    Passes, attached hooks and edited weights take it themselves. Hold it around several of them that belong together.
    """
    with _making:
        return _locks.setdefault(model.bridge, RLock())
