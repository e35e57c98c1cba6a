"""Cells on a Ray cluster: the record of the in-process run, nothing twice, and a lost worker costs its cell only."""

import importlib.util
import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from workbench.models import load
from workbench.studies.pool import grid
from workbench.studies.reliability import Config, run
from workbench.types import WorkbenchError

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed (extra cluster)")
SMALL = Config(concepts=("art", "power"), prompt_types=("prefilled",), layers=(1,), max_pairs=8, max_eval=8,
               random_directions=2, shuffled_directions=2, workers=2)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A configuration as the pool sees it."""

    engine: str = "ray"
    workers: int = 2
    address: str = ""


@dataclass(frozen=True)
class Named:
    name: str
    digest: str


def count_layers(model, config, named, marks: str, dies: bool = False) -> dict:
    """A cell that leaves a mark whenever it runs; one that ``dies`` takes its worker along the first time."""
    mark = Path(marks) / named.name
    times = len(mark.read_text()) if mark.exists() else 0
    mark.write_text("x" * (times + 1))
    if dies and not times:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"name": named.name, "layers": model.n_layers}


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray", reason="ray is not installed (extra cluster)")
    address = os.environ.get("RAY_ADDRESS")
    own = {"address": address} if address else {"num_cpus": 2, "include_dashboard": False}
    ray.init(**own, log_to_driver=False)
    # this file is no module that a worker could import
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield ray
    ray.shutdown()


def jobs(folder: Path, *fatal: str) -> list:
    return [(Asked(), Named(n, n), str(folder), n in fatal) for n in "abcd"]


@needs_ray
def test_a_killed_worker_costs_its_cell_only_and_a_second_run_does_none(ray, tmp_path):
    model, marks, told = load("persona-inert"), tmp_path / "marks", []
    marks.mkdir()
    found = grid(count_layers, jobs(marks, "c"), model, tmp_path / "cells", lambda *said: told.append(said), "counting")
    assert found == [{"name": n, "layers": 4} for n in "abcd"]
    assert {p.name: len(p.read_text()) for p in marks.iterdir()} == {"a": 1, "b": 1, "c": 2, "d": 1}
    assert [said[1:] for said in told] == [(i, 4) for i in range(5)]
    assert grid(count_layers, jobs(marks, "c"), model, tmp_path / "cells", lambda *_: None, "counting") == found
    assert sum(len(p.read_text()) for p in marks.iterdir()) == 5


@needs_ray
def test_the_record_is_that_of_the_run_in_this_process(ray, tmp_path):
    here = run(replace(SMALL, out=str(tmp_path / "here"), workers=1))
    there = run(replace(SMALL, out=str(tmp_path / "there"), engine="ray"))
    assert here.digest == there.digest


class StandIn:
    """Ray's calls that the engine makes, run in this process: tasks last in, first out; ``lost`` ones never come."""

    class exceptions:  # noqa: N801 - as ray names it
        class RayError(Exception):
            pass

        class RayTaskError(RayError):
            pass

    def __init__(self, lost: str = ""):
        self.lost, self.asked, self.cancelled = lost, [], []

    def is_initialized(self) -> bool:
        return True

    def remote(self, **options):
        self.options = options

        def bound(function):
            def submit(*given):
                self.asked.append(lambda: function(*given) if given[2][1].name != self.lost else None)
                return len(self.asked) - 1

            return type("Task", (), {"remote": staticmethod(submit)})

        return bound

    def wait(self, tasks, num_returns):
        return [tasks[-1]], tasks[:-1]

    def get(self, task):
        found = self.asked[task]()
        if found is None:
            raise self.exceptions.RayError("the worker died")
        return found

    def cancel(self, task, force):
        self.cancelled.append(task)


def test_cells_are_tasks_with_their_gpus_filed_in_order_of_the_jobs(tmp_path, monkeypatch):
    standing, model = StandIn(), load("persona-inert")
    monkeypatch.setitem(sys.modules, "ray", standing)
    found = grid(count_layers, jobs(tmp_path), model, tmp_path / "cells", lambda *_: None, "counting")
    assert [cell["name"] for cell in found] == list("abcd")
    assert standing.options == {"num_cpus": 1, "num_gpus": 0.0, "max_retries": 3} and standing.cancelled == []
    grid(count_layers, jobs(tmp_path), model, tmp_path / "cells", lambda *_: None, "counting")
    assert len(standing.asked) == 4, "a second run does no cell again"


def test_a_cell_lost_too_often_keeps_the_others_and_stops_what_waits(tmp_path, monkeypatch):
    standing, model = StandIn(lost="b"), load("persona-inert")
    monkeypatch.setitem(sys.modules, "ray", standing)
    with pytest.raises(WorkbenchError, match="cell 1 was lost 4 times.*run again to go on"):
        grid(count_layers, jobs(tmp_path), model, tmp_path / "cells", lambda *_: None, "counting")
    assert len(list((tmp_path / "cells").glob("*.json"))) == 2 and standing.cancelled == [0]


def test_a_worker_with_other_files_is_refused(tmp_path):
    from workbench.studies.cluster import cell

    with pytest.raises(WorkbenchError, match="put the same files on every machine"):
        cell(count_layers, ("persona-inert", "", "", "another"), (Asked(), Named("a", "a"), str(tmp_path)))


def test_no_jobs_give_no_results(gpt2_model, tmp_path):
    told = []
    assert grid(count_layers, [], gpt2_model, tmp_path / "cells", lambda *said: told.append(said), "none") == []
    assert told == [("none", 0, 0)]


def test_without_ray_or_with_another_engine_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WorkbenchError, match="cluster"):
        run(replace(SMALL, out=str(tmp_path), engine="ray"))
    with pytest.raises(WorkbenchError, match="engine 'spark' is unknown; expected one of local, ray"):
        run(replace(SMALL, out=str(tmp_path), engine="spark"))


def test_a_model_that_no_worker_can_load_is_refused(gpt2_model, tmp_path):
    with pytest.raises(WorkbenchError, match="give a name or a folder"):
        grid(count_layers, jobs(tmp_path), gpt2_model, tmp_path / "cells", lambda *_: None, "counting")
