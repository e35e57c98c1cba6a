"""The defence study end to end on a few questions: a record, a page, holes that are named, and the same twice."""

from pathlib import Path

import pytest

from workbench.attacks import attack_names, find_attack
from workbench.records import load, save
from workbench.report.defence_page import defence_page
from workbench.studies.defence import Config, run
from workbench.studies.defence_cells import dose_of, effort_of, ladder_of, plain
from workbench.types import WorkbenchError

ATTACKS = ("instruction", "known", "test_ladder:raising")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A study of a one-sided floor on the embedded model, three attacks of which one raises."""
    out = tmp_path_factory.mktemp("defence")
    config = Config(concepts=("power",), attacks=ATTACKS, search=4, items=6, neutral=2, draws=1, steps=1, cap=9.0,
                    curve=(0.5,), workers=1, out=str(out))  # fmt: skip
    return config, run(config), run(config)


def test_a_study_gives_every_table_and_names_what_is_missing(small, tmp_path: Path):
    _, record, again = small
    assert again.digest == record.digest and set(record.tables["rungs"]["attack"]) == set(ATTACKS[:2])
    assert record.tables["failures"]["line"].tolist() == ["ValueError: nothing to add"]
    tiers = record.tables["tiers"]
    assert tiers["tier"].tolist() == ["T0", "T1"] and set(tiers["verdict"]) <= {"holds", "fails", "undetermined"}
    assert record.results["certificates"]["power, T1"].startswith("no certificate")
    assert {"curve", "searches"} <= set(record.tables) and any("two that agree" in line for line in record.warnings)
    save(record, tmp_path)
    assert load(tmp_path).digest == record.digest


def test_the_page_holds_verdicts_certificates_and_what_is_not_covered(small):
    _, record, _ = small
    page = defence_page(record)
    for words in ("Does the defence resist?", "no certificate", "One-minute summary", "known",
                  "not listed", "ValueError: nothing to add"):  # fmt: skip
        assert words in page, words


def test_a_ladder_survives_json(small):
    import json

    config, _, _ = small
    (cell,) = [json.loads(path.read_text()) for path in (Path(config.out) / "cells").glob("*.json")]
    assert plain(ladder_of(cell)) == {key: cell[key] for key in ("concept", "rungs", "missing", "unknown")}
    # the groups that are fitted, searched and scored on
    assert len(cell["groups"]) == 3 and cell["dose"] == 1.0


@pytest.mark.parametrize("change, words", [
    ({"defence": "flor"}, "did you mean 'floor'"), ({"attacks": ("knwn",)}, "'knwn' is unknown"),
    ({"kind": "watts"}, "'watts' is unknown"), ({"concepts": ()}, "no concept was named"),
])  # fmt: skip
def test_bad_settings_stop_before_anything_runs(tmp_path, change, words):
    with pytest.raises(WorkbenchError, match=words):
        run(Config(out=str(tmp_path / "run"), **change))
    assert not (tmp_path / "run").exists()


def test_the_dose_is_the_most_that_fits(gpt2_model, small_concept):
    from workbench.controls import find_method

    veto = find_method("veto")(gpt2_model, small_concept, "aligned")
    dose = dose_of(veto, 0.0, gpt2_model, (small_concept,) * 3)
    assert dose in veto.doses and dose_of(veto, 1.0, gpt2_model, (small_concept,) * 3) == 1.0
    assert effort_of(Config(kind="kl", level=0.02)).reach == 0.1


def test_every_attack_of_the_folder_is_found_with_its_tier():
    for name in attack_names():
        known = {"random_phrases": "T0", "trigger_search": "T0", "relearning": "T3"}
        assert find_attack(name).tier == known.get(name, "T1")
    assert find_attack("few_shot").tier == "T0" and find_attack("lda").tier == "T1"
