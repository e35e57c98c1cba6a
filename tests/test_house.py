"""The house keeps its promises: versions agree, imports are declared, the wheel has what it needs, the CLI is light."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import workbench

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = ("torch", "transformers", "transformer_lens", "plotly", "pandas", "numpy", "scipy", "sklearn")
# where the name to import is not the name to install
INSTALLED_AS = {"sklearn": "scikit-learn"}


def names(requirements: list[str]) -> set[str]:
    """Normalised distribution names of a list of requirements."""
    return {re.split(r"[\[<>=~! ;]", r)[0].lower().replace("_", "-") for r in requirements}


def fresh(code: str) -> str:
    """What a fresh interpreter prints."""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom workbench.cli import app\n"
        "for words in (['--help'], ['study', '--help'], ['list', 'studies']):\n"
        "    result = CliRunner().invoke(app, words)\n    assert result.exit_code == 0, result.output\n"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert fresh(code) == "[]"


def test_every_command_teaches_with_an_example():
    from typer.testing import CliRunner

    from workbench.cli import app

    commands = [c.name for c in app.registered_commands]
    assert commands == ["study", "train-organism", "import", "list", "show", "export", "paper", "compare", "lab"]
    for name in commands:
        shown = CliRunner().invoke(app, [name, "--help"], terminal_width=200)
        assert shown.exit_code == 0 and "Example" in shown.output and f"workbench {name}" in shown.output, name


def test_import_workbench_is_free_and_its_names_resolve_when_used():
    loaded = fresh(f"import sys, workbench\nprint([m for m in {HEAVY} if m in sys.modules], workbench.__version__)")
    assert loaded == f"[] {workbench.__version__}"
    with pytest.raises(AttributeError, match="no attribute 'steeer'"):
        _ = workbench.steeer
    assert {"load", "extract", "fit", "steer", "generate", "intervene", "Site", "Record"} <= set(dir(workbench))
    for name in workbench.__all__:
        assert getattr(workbench, name) is not None, name


@pytest.mark.parametrize("first", ["pass", "import workbench.sweep", "from workbench.sweep import sweep"])
def test_a_verb_named_like_its_module_is_both(first):
    code = (
        f"{first}\nimport workbench as wb\nverb = wb.sweep\nfrom workbench.sweep import sweep\n"
        "import sys\nmodule = sys.modules['workbench.sweep']\n"
        "module.sweep = lambda x, y=0: x + y\nprint(wb.sweep(1, y=2), wb.sweep.__name__, verb is wb.sweep)"
    )
    assert fresh(code) == "3 workbench.sweep True"


def test_public_names_shared_with_modules_are_callable_functions_of_that_module():
    modules = {p.stem if p.suffix == ".py" else p.name for p in (ROOT / "workbench").iterdir()}
    assert modules & set(workbench.__all__) == {"sweep"}


def test_version_and_licence_agree_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {workbench.__version__}\n" in citation and "license: MIT" in citation
    assert f"## {workbench.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert PROJECT["project"]["license"] == "MIT" and PROJECT["project"]["requires-python"] == ">=3.11"


def test_every_package_imported_is_declared():
    declared = names(PROJECT["project"]["dependencies"])
    optional = declared.union(*(names(v) for v in PROJECT["project"]["optional-dependencies"].values()))
    for path in [*ROOT.glob("workbench/**/*.py"), *ROOT.glob("probes/**/*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            found = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            found += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            for top in {name.split(".")[0] for name in found} - {"workbench", "probes"} - sys.stdlib_module_names:
                package = INSTALLED_AS.get(top, top).lower().replace("_", "-")
                inside = node not in tree.body
                assert package in (optional if inside else declared), f"{path.name} imports {top}"


def test_constraints_pin_every_dependency_and_no_place():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pinned = names(lines)
    extras = PROJECT["project"]["optional-dependencies"]
    needed = names([*PROJECT["project"]["dependencies"], *extras["dev"], *extras["notebook"], *extras["figures"]])
    assert needed <= pinned, needed - pinned


def test_the_makefile_and_ci_do_what_they_say():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("study", "test", "lint", "lab"):
        assert re.search(rf"^{target}: \$\(INSTALLED\)", makefile, re.M), target
    assert ("bench:" in makefile) == (ROOT / "benchmarks").is_dir()
    assert os.access(ROOT / ".ci" / "run", os.X_OK) and "make lint test" in (ROOT / ".ci" / "run").read_text()
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


def test_nothing_unsafe_is_loaded_and_no_place_of_a_machine_is_named():
    unsafe = r"import pickle|pickle\.load|torch\.(save|load)\(|allow_pickle=True|(?<![.\w])eval\("
    code = [*ROOT.glob("workbench/**/*.py"), *ROOT.glob("probes/**/*.py")]
    for path in [*code, ROOT / "Makefile", ROOT / "pyproject.toml"]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(unsafe, text), path
        assert not re.search(r"(?<![\w.])/(?:work|root|home)/", text), path


@pytest.mark.slow
def test_the_wheel_carries_code_data_and_the_command(tmp_path: Path):
    build = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), "."],
        cwd=ROOT, capture_output=True, text=True,
    )
    assert build.returncode == 0, build.stderr[-2000:]
    (wheel,) = tmp_path.glob("asymmetric_control_workbench-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        commands = next(archive.read(n).decode() for n in inside if n.endswith("entry_points.txt"))
    data = {p.relative_to(ROOT / "data").as_posix() for p in (ROOT / "data").rglob("*") if p.is_file()}
    assert {f"workbench/_data/{name}" for name in data} <= inside
    for package in ("workbench", "probes"):
        kept = [p for p in (ROOT / package).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        assert {p.relative_to(ROOT).as_posix() for p in kept} <= inside
    assert "workbench = workbench.cli:main" in commands and not any(n.startswith("tests/") for n in inside)
    assert wheel.stat().st_size < 60e6  # the weights alone may take 90 MB
