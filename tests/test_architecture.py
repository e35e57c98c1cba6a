"""The layers hold: a module imports only from rows below its own, and what each rule forbids is caught when planted."""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    {"types"}, {"stats", "records"}, {"concepts"}, {"prompts", "models"}, {"store"}, {"activations"}, {"directions"},
    {"geometry", "sweep"}, {"interventions", "training", "editing", "erasure"}, {"organisms", "circuits", "controls"},
    {"evaluation", "probes"}, {"reliability", "symmetry"}, {"attacks"}, {"plots"}, {"figures", "widgets"}, {"report"},
    {"paper"}, {"studies"}, {"cli"},
]
ROW = {name: row for row, names in enumerate(LAYERS) for name in names}
FILE_LINES, FUNCTION_LINES = 300, 40
# A picture is one literal with an entry per line; splitting it would only scatter it.
PICTURES, PICTURE_LINES = ("workbench/plots/", "workbench/report/pictures.py"), 60
# What is longer than that, and why. An entry that is no longer needed fails the test.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def sources(root: Path) -> Iterator[tuple[str, Path, ast.Module]]:
    """(layer name, path, tree) of every module of both packages; the package's own contents page is no layer."""
    for path in sorted([*root.glob("workbench/**/*.py"), *root.glob("probes/**/*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        name = "probes" if parts[0] == "probes" else parts[1]
        if name != "__init__":
            yield name, path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST, path: Path, root: Path) -> Iterator[str]:
    """Dotted names of everything imported anywhere in a module (in functions too), relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layer_of(dotted: str) -> str | None:
    """The layer an import reaches; None for other people's packages."""
    parts = dotted.split(".")
    return "probes" if parts[0] == "probes" else parts[1] if parts[0] == "workbench" and len(parts) > 1 else None


def faults(root: Path) -> list[str]:
    """One line per import that breaks a rule."""
    found = []
    for name, path, tree in sources(root):
        where = path.relative_to(root)
        if name not in ROW:
            found.append(f"{where}: {name!r} is in no layer: give it a row in tests/test_architecture.py")
            continue
        for dotted in imported(tree, path, root):
            target, top = layer_of(dotted), dotted.split(".")[0]
            if target and target != name and dotted != "workbench.__version__" and ROW.get(target, 99) >= ROW[name]:
                found.append(f"{where}: imports {dotted}, which is not below {name!r}")
            if target == "probes" and name not in ("probes", "studies"):
                found.append(f"{where}: imports probes; only studies may")
            if top == "transformer_lens" and name != "models":
                found.append(f"{where}: imports transformer_lens; only models may")
        if name != "cli" and any(isinstance(n, ast.Name) and n.id == "print" for n in ast.walk(tree)):
            found.append(f"{where}: prints; only cli may")
    return found


def eager(path: Path) -> set[str]:
    """Top-level packages imported when a module is imported (not inside its functions)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.Lambda) for n in ast.walk(f)}
    outside = [n for n in ast.walk(tree) if id(n) not in functions]
    names = [a.name for n in outside if isinstance(n, ast.Import) for a in n.names]
    return {*names, *(n.module or "" for n in outside if isinstance(n, ast.ImportFrom))}


def long_parts(root: Path) -> tuple[set[str], set[str]]:
    """Files and functions over the limits (a docstring does not count against a function)."""
    files, functions = set(), set()
    for path in [*root.glob("workbench/**/*.py"), *root.glob("probes/**/*.py")]:
        where, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        if text.count("\n") > FILE_LINES:
            files.add(where)
        limit = PICTURE_LINES if where.startswith(PICTURES) else FUNCTION_LINES
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and code_lines(node) > limit:
                functions.add(f"{where}:{node.name}")
    return files, functions


def code_lines(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring: what is explained well is not punished for it."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    text = first.end_lineno - first.lineno + 1 if documented else 0
    return function.end_lineno - function.lineno + 1 - text


def test_every_module_imports_only_from_below():
    assert faults(ROOT) == []


PLANTED = [
    ("workbench/stats/planted.py", "from workbench.models import load", "not below 'stats'"),
    ("workbench/types.py", "def f():\n    import workbench.cli.app", "not below 'types'"),
    ("workbench/records/planted.py", "from workbench import stats", "not below 'records'"),
    ("workbench/records/planted.py", "from workbench import load", "not below 'records'"),
    ("workbench/concepts/planted.py", "from ..report import write_report", "not below 'concepts'"),
    ("workbench/report/planted.py", "import probes.lda", "only studies may"),
    ("probes/planted.py", "from workbench.reliability import recommend", "not below 'probes'"),
    ("workbench/geometry/planted.py", "import transformer_lens", "only models may"),
    ("workbench/report/planted.py", "print(1)", "prints"),
    ("workbench/tools.py", "", "in no layer"),
]


@pytest.mark.parametrize(("path", "line", "said"), PLANTED)
def test_a_planted_fault_is_caught(tmp_path: Path, path, line, said):
    shutil.copytree(ROOT / "workbench", tmp_path / "workbench", ignore=shutil.ignore_patterns("__pycache__", "_data"))
    before = faults(ROOT)
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + f"\n{line}\n")
    new = [fault for fault in faults(tmp_path) if fault not in before]
    assert any(fault.startswith(path) and said in fault for fault in new), new


def test_imports_from_below_and_from_ones_own_package_are_fine(tmp_path: Path):
    (tmp_path / "workbench" / "stats").mkdir(parents=True)
    module = tmp_path / "workbench" / "stats" / "a.py"
    module.write_text("from .b import x\nfrom ..types import Effect\nimport numpy\n")
    assert faults(tmp_path) == []


def test_the_command_line_and_the_contents_page_import_nothing_heavy():
    light = ("typer", "rich", "workbench.cli", *__import__("sys").stdlib_module_names)
    for path in [ROOT / "workbench" / "__init__.py", *(ROOT / "workbench" / "cli").glob("*.py")]:
        heavy = {n for n in eager(path) if n not in light and n.split(".")[0] not in light
                 and not n.startswith("workbench.cli.")}
        assert heavy == set(), path.name


def test_files_and_functions_stay_short():
    files, functions = long_parts(ROOT)
    assert files == set(LONG_FILES), "files: split what is too long; drop entries that are no longer needed"
    assert functions == set(LONG_FUNCTIONS), "functions: split what is too long; drop entries no longer needed"
    assert len(LONG_FILES) + len(LONG_FUNCTIONS) <= 6


def test_the_readme_draws_these_layers():
    """Each row of the diagram, from the top, names exactly the packages of one row here."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    diagram = text.split("keeps it so.\n\n```\n")[1].split("\n```")[0].splitlines()
    drawn = [set(re.match(r"\S+(?: {3}\S+)*", row)[0].split()) for row in diagram]
    assert drawn == [row for row in reversed(LAYERS) if row]
