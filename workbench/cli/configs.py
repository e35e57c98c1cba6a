"""Studies by name, and their settings.

A study is a module with a dataclass ``Config`` and a function ``run(config, progress) -> Record``.
"""

import ast
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module, util
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, get_args, get_type_hints

PACKAGE = "workbench.studies"


def bad(message: str) -> Exception:
    """A WorkbenchError, imported only when there is something to say."""
    from workbench.types import WorkbenchError

    return WorkbenchError(message)


def choose(what: str, name: str, known: Iterable[str], hint: str = "") -> Exception:
    """The error for an unknown name: it names the closest known one, and all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return bad(f"{what} {name!r} is unknown; {meant}expected one of: {', '.join(known) or 'none'}{hint}")


def study_files() -> dict[str, Path]:
    """The studies of the folder ``workbench/studies``: every module with a ``Config`` and a ``run``, not imported.

    A study is named as one writes it, with hyphens: ``causal-coherence`` is ``causal_coherence.py``.
    """
    spec = util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = {m.name: Path(folder) / f"{m.name}.py" for folder in folders for m in iter_modules([folder]) if not m.ispkg}
    return {
        name.replace("_", "-"): path for name, path in sorted(found.items()) if defines(path) >= {"Config", "run"}
    }


def defines(path: Path) -> set[str]:
    """Names of the classes and functions at the top of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}


def about(path: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def find_study(name: str) -> ModuleType:
    """A study of the folder by its name, or any importable module by its dotted name.

    Raises WorkbenchError for an unknown name and for a module without ``Config`` or ``run``.
    """
    if "." in name:
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            raise bad(f"study {name!r} cannot be imported: {error}") from None
    elif (path := study_files().get(name.replace("_", "-"))) is not None:
        module = import_module(f"{PACKAGE}.{path.stem}")
    else:
        raise choose("study", name, study_files(), " (several concepts are written --concepts a,b)")
    kind = getattr(module, "Config", None)
    if not (is_dataclass(kind) and hasattr(kind, "out") and callable(getattr(module, "run", None))):
        raise bad(f"study {name!r} needs a dataclass Config with a field out, and a function run(config, progress)")
    return module


def read_toml(path: Path) -> dict[str, Any]:
    """The keys of a TOML file. Raises WorkbenchError where it is absent or broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise bad(f"config {path} cannot be read: {error.strerror}; give a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise bad(f"config {path} is no TOML: {error}") from None


def assigned(pairs: Iterable[str]) -> dict[str, Any]:
    """``["max_eval=20", "where=last"]`` as TOML would read it; what is no TOML value is text."""
    values = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not (equals and key.strip().isidentifier()):
            raise bad(f"--set {pair!r} is no assignment; expected KEY=VALUE, as in --set where=last")
        try:
            values[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[key.strip()] = text.strip()
    return values


def build(kind: type, values: Mapping[str, Any], where: str) -> Any:
    """A ``Config`` from plain values. Raises WorkbenchError for an unknown key or a value of another type."""
    hints = get_type_hints(kind)
    known = {f.name: hints[f.name] for f in fields(kind)}
    for name in values:
        if name not in known:
            raise choose(f"{where} key", name, known)
    checked = {name: fitted(value, known[name], f"{where} key {name!r}") for name, value in values.items()}
    return kind(**checked)


def fitted(value: Any, hint: Any, where: str) -> Any:
    """``value`` as the type of a field: lists become tuples, whole numbers may stand for floats, no more."""
    kind = getattr(hint, "__origin__", hint)
    if kind is tuple:
        if not isinstance(value, list | tuple):
            raise bad(f"{where} is {value!r}; expected a list, as in [{value!r}]")
        inner = get_args(hint)[0] if get_args(hint) else Any
        return tuple(fitted(v, inner, where) for v in value)
    if kind is float and type(value) is int:
        return float(value)
    flag_for_number = isinstance(value, bool) and kind is not bool
    if isinstance(kind, type) and kind is not object and (flag_for_number or not isinstance(value, kind)):
        raise bad(f"{where} is {value!r}; expected {kind.__name__}")
    return value
