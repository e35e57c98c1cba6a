"""A cell is kept by what its settings stand for, and what was not foreseen is tried again."""

import json
import sys

import pytest

from workbench.studies.defence import Config
from workbench.studies.named import stands_for
from workbench.studies.pool import cell_key, grid
from workbench.types import WorkbenchError


def cell(model, config, concept):
    """What the cells below compute."""
    return {"value": 1}


def test_code_of_others_is_known_by_its_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "their_methods.py"
    file.write_text("def control(model, concept, toward): ...\n")
    jobs = [("their_methods:control", "power"), ("add", "power")]
    before = [cell_key(cell, job, "m") for job in jobs]
    assert before == [cell_key(cell, job, "m") for job in jobs]
    climb = Config(attacks=("their_methods:control",)).digest
    file.write_text("def control(model, concept, toward): return None\n")
    sys.modules.pop("their_methods", None)
    after = [cell_key(cell, job, "m") for job in jobs]
    assert after[0] != before[0] and after[1] == before[1]
    assert Config(attacks=("their_methods:control",)).digest != climb
    assert stands_for(["add", "no_such_module:x", "a/b", "", 3, {"k": "power"}]) == []


def test_weights_in_a_folder_are_known_by_their_content(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"one")
    named = {"weights": str(tmp_path)}
    before = Config(defence="checkpoint", options=named).digest
    assert Config(defence="checkpoint", options=named).digest == before
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert Config(defence="checkpoint", options=named).digest != before


class Job:
    """A setting and a concept in one: what the grid asks of both."""

    workers, name, digest = 1, "power", "d"


@pytest.mark.parametrize("unforeseen", [True, False])
def test_what_was_not_foreseen_is_tried_again(tmp_path, gpt2_model, unforeseen):
    from workbench.studies.symmetry_cells import failure

    calls = []

    def breaks(model, config, concept):
        calls.append(1)
        return failure(OSError("no space left") if unforeseen else WorkbenchError("one pole only"))

    for _ in range(2):
        (found,) = grid(breaks, [(Job(), Job())], gpt2_model, tmp_path, lambda *_: None, "measuring")
        assert found["failed"] == ("OSError: no space left" if unforeseen else "one pole only")
    assert len(calls) == (2 if unforeseen else 1)
    assert len([json.loads(path.read_text()) for path in tmp_path.glob("*.json")]) == 1
