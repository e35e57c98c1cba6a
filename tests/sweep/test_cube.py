"""A sweep on disk comes back exactly, and damage is noticed."""

import json

import numpy as np
import pytest

from workbench.sweep import load_cube, save_cube
from workbench.types import Site, SweepCube, WorkbenchError


@pytest.fixture
def cube() -> SweepCube:
    values = np.random.default_rng(0).normal(size=(2, 2, 1, 3))
    values[0, 0, 0, 0] = np.inf
    sites = (Site(1), Site(2, "z", 3))
    source = {"model": "ab", "lengths": [3, 4]}
    return SweepCube(values, ("p", "q"), ("g", "h"), sites, ("own",), (-1.0, 0.0, 1.0), source)


def test_round_trip_is_exact(cube, tmp_path):
    save_cube(cube, tmp_path / "runs" / "one.v2")
    found = load_cube(tmp_path / "runs" / "one.v2")
    assert np.array_equal(found.values, cube.values) and found.values.dtype == np.float64
    for name in ("prompts", "groups", "sites", "directions", "multipliers", "source"):
        assert getattr(found, name) == getattr(cube, name), name
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["one.v2.json", "one.v2.safetensors"]
    assert np.array_equal(load_cube(tmp_path / "runs" / "one.v2.json").values, cube.values)


def test_damage_and_mixed_halves_are_refused(cube, tmp_path):
    save_cube(cube, tmp_path / "a")
    other = SweepCube(cube.values + 1, cube.prompts, cube.groups, cube.sites, cube.directions, cube.multipliers)
    save_cube(other, tmp_path / "b")
    (tmp_path / "a.safetensors").write_bytes((tmp_path / "b.safetensors").read_bytes())
    with pytest.raises(WorkbenchError, match="does not belong"):
        load_cube(tmp_path / "a")
    (tmp_path / "b.json").write_text(json.dumps({"format": "other"}))
    with pytest.raises(WorkbenchError, match="not a sweep"):
        load_cube(tmp_path / "b")
    with pytest.raises(WorkbenchError, match="lacks none.safetensors"):
        load_cube(tmp_path / "none")


def test_a_failed_write_leaves_the_old_cube(cube, tmp_path, monkeypatch):
    save_cube(cube, tmp_path / "a")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_cube(SweepCube(cube.values + 1, *(getattr(cube, n) for n in
                            ("prompts", "groups", "sites", "directions", "multipliers"))), tmp_path / "a")
    monkeypatch.undo()
    assert np.array_equal(load_cube(tmp_path / "a").values, cube.values)
    assert len(list(tmp_path.iterdir())) == 2
