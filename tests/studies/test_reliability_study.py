"""The study runs from names to a record, twice the same, resumes from its cells, and refuses bad settings."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.studies.assemble import inert
from workbench.studies.outcomes import band_of
from workbench.studies.reliability import Config, run
from workbench.studies.summary import inert_line, rho_text, warnings_of
from workbench.types import WorkbenchError

ROOT = Path(__file__).parent.parent.parent
SMALL = Config(concepts=("art", "power"), prompt_types=("prefilled", "instruction"), layers=(1,), max_pairs=12,
               max_eval=12, random_directions=3, shuffled_directions=2, workers=1)  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return folder, run(replace(SMALL, out=str(folder)))


def test_every_table_is_there_and_complete(small):
    tables = small[1].tables
    cells = tables["cells"]
    assert len(cells) == 2 * 2 * 1
    wanted = {"curves", "prompts", "patching", "probes", "cosines_concepts", "correlations", "recommendation"}
    assert wanted <= set(tables)
    bands = ("random_high", "random_matched_high", "shuffled_high")
    for name in ("c_heldout", "d_prime_split", "odd", "odd_low", *bands, "transplant_odd"):
        assert np.isfinite(cells[name]).all(), name
    assert len(tables["prompts"]) == 2 * 2 * 12


def test_evaluation_prompts_are_balanced_and_not_those_of_the_vectors(small):
    prompts = small[1].tables["prompts"]
    for _, part in prompts.groupby(["concept", "prompt_type"]):
        assert (part["positive_answer"] == "Yes").mean() == 0.5


def test_the_same_seed_gives_the_same_record_and_finished_cells_are_read(small, tmp_path):
    folder, first = small
    times = {p: p.stat().st_mtime_ns for p in (folder / "cells").iterdir()}
    assert run(replace(SMALL, out=str(folder))).digest == first.digest
    assert {p: p.stat().st_mtime_ns for p in (folder / "cells").iterdir()} == times
    assert run(replace(SMALL, out=str(tmp_path))).digest == first.digest


@pytest.mark.parametrize("change, words", [
    ({"model": "nobody"}, "neither embedded"), ({"layers": (9,)}, "layers 0 to 3"),
    ({"prompt_types": ("six-shot",)}, "unknown"),
    ({"concepts": ("a/b",)}, "no slash"), ({"data": "/nowhere"}, "no .jsonl"),
])  # fmt: skip
def test_bad_settings_are_one_line(change, words, tmp_path):
    with pytest.raises(WorkbenchError, match=words) as error:
        run(replace(SMALL, out=str(tmp_path / "run"), **change))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_inert_needs_decodable_and_idle():
    base = {"d_prime_split_low": 1.0, "random_matched_high": 0.05, "headroom": 3.0}
    base |= {"odd_matched_high": 0.1, "beats_random": False}
    changes = ({}, {"d_prime_split_low": -1.0}, {"beats_random": True}, {"odd_matched_high": 0.5})
    rows = [{**base, **change} for change in changes]
    assert inert(pd.DataFrame(rows)).tolist() == [True, False, False, False]


def test_control_band_is_symmetric_and_covers_the_draws_it_was_made_from():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(400):
        draws = rng.normal(size=7)
        band = band_of(draws[:6].tolist(), "random")
        assert band["random_low"] == -band["random_high"]
        inside.append(abs(draws[6]) < band["random_high"])
    assert 0.92 < np.mean(inside) < 0.98


def test_the_example_of_the_readme_runs(capsys):
    code = re.search(r"## Steer a model in ten lines\n\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert code
    exec(code[1], {})
    assert re.search(r"[+-]\d\.\d\d \[", capsys.readouterr().out)


def inert_cells(shares: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"concept": [f"c{i}" for i in range(len(shares))], "inert": True, "patch_share": shares})


def test_inert_sites_are_counted_by_what_patching_says_of_them():
    line = inert_line(inert_cells([0.05, 0.1, 0.15, 0.8, float("nan")]))
    assert line.startswith("Decodable but inert: 5 of 5 cells")
    assert "less than a fifth of a cue's effect in 3 of 4 (the site does nothing) and more in 1 " in line
    assert "on average 28% [" in line
    assert inert_line(inert_cells([]).astype({"inert": bool})).startswith("No cell is decodable and inert")


def test_too_few_concepts_have_no_interval_and_that_is_said():
    row = pd.Series({"rho": -0.5, "low": -np.inf, "high": np.inf})
    assert rho_text(row) == "-0.50 (too few concepts for an interval)"


def test_sets_that_the_model_does_not_know_are_counted(small, tmp_path):
    for k in range(3):
        (tmp_path / f"set-{k}.jsonl").write_text("{}")
    tables = small[1].tables
    config = replace(SMALL, data=str(tmp_path), concepts=())
    assert any(note.startswith("2 of the 3 sets in the data folder") for note in warnings_of(config, [0, 1], tables))
    assert not any("data folder" in note for note in warnings_of(SMALL, [0, 1], tables))


def test_bad_names_are_said_before_a_model_is_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr("workbench.models.load", lambda *a, **k: pytest.fail("loaded"))
    for change, words in [({"concepts": ("nothing-like-it",)}, "nothing-like-it"), ({"engine": "steam"}, "steam"),
                          ({"prompt_types": ("six-shot",)}, "six-shot")]:  # fmt: skip
        with pytest.raises(WorkbenchError, match=words):
            run(replace(SMALL, out=str(tmp_path), **change))
