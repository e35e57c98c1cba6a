"""Every notebook runs from top to bottom on the embedded model (the sources are plain Python), and defines nothing."""

import ast
import runpy
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs(path, capsys):
    runpy.run_path(str(path))
    assert "instructed aligned" in capsys.readouterr().out or path.stem != "01-first-steering"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_defines_nothing(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]


def test_there_is_one():
    assert NOTEBOOKS
