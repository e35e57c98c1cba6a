"""Control methods by name: a file of this folder, or any function as ``module:function``."""

import ast
import difflib
import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from workbench.types import Control, WorkbenchError

Method = Callable[..., Control]
FUNCTION, TRAINS = "control", "TRAINS"


@cache
def _files() -> dict[str, bool]:
    """Every file of this folder that has a function ``control``, and whether it says that it trains."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        if any(isinstance(node, ast.FunctionDef) and node.name == FUNCTION for node in body):
            marks = [ast.unparse(node) for node in body if isinstance(node, ast.Assign)]
            found[path.stem] = f"{TRAINS} = True" in marks
    return found


def method_names() -> tuple[str, ...]:
    """The methods of this folder, by name; none is imported."""
    return tuple(_files())


def trains(name: str) -> bool:
    """Whether a method trains the model (its file says ``TRAINS = True``): it takes long, and runs only when named."""
    return _files().get(method_name(name), False)


def method_name(name: str) -> str:
    """A method of this folder as its file is called: dashes are as good as underscores; other names as they came."""
    plain = name.replace("-", "_")
    return plain if plain in method_names() else name


def find_method(name: str) -> Method:
    """The function of a method: ``(model, concept, toward, **options) -> Control``."""
    name = method_name(name)
    if name in method_names():
        return getattr(importlib.import_module(f"{__package__}.{name}"), FUNCTION)
    module, colon, function = name.partition(":")
    if not colon:
        close = difflib.get_close_matches(name, method_names(), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise WorkbenchError(
            f"control method {name!r} is unknown; {hint}expected one of {', '.join(method_names())}, or module:function"
        )
    try:
        found: Any = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise WorkbenchError(f"control method {name!r} cannot be loaded: {error}; expected module:function") from None
    return found


def about_method(name: str) -> str:
    """The first line of a method's docstring."""
    name, function = method_name(name), find_method(name)
    module = importlib.import_module(function.__module__)
    text = (module.__doc__ if name in method_names() else function.__doc__) or ""
    return text.strip().partition("\n")[0]
