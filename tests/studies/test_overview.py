"""The main job: the cells of the reliability study, a symmetric part beside them, one record and one page."""

from dataclasses import replace

import pytest

from workbench.records import load, save
from workbench.report import write_report
from workbench.studies import overview, reliability
from workbench.studies.overview import Config, chosen, run
from workbench.types import WorkbenchError

SMALL = Config(concepts=("art", "power"), prompt_types=("instruction",), layers=(1,), max_pairs=12, max_eval=12,
               random_directions=3, shuffled_directions=2, level_directions=3, methods=("instruction", "clamp"),
               workers=1)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overview")
    record = run(replace(SMALL, out=str(folder)))
    save(record, folder)
    return folder, record


def test_one_record_holds_both_studies_and_ten_sentences_at_most(made):
    folder, record = made
    kept = {path.name for path in (folder / "cells").iterdir()}
    alone = reliability.run(reliability.Config(
        concepts=SMALL.concepts, prompt_types=SMALL.prompt_types, layers=SMALL.layers, max_pairs=12, max_eval=12,
        random_directions=3, shuffled_directions=2, level_directions=3, workers=1, out=str(folder),
    ))  # fmt: skip
    assert {path.name for path in (folder / "cells").iterdir()} == kept, "both studies share their cells"
    assert record.tables["cells"].equals(alone.tables["cells"])
    other = load(folder / "symmetry")
    assert record.tables["symmetry_results"].equals(other.tables["results"])
    assert set(other.tables["results"]["method"]) == {"instruction", "clamp"} and len(record.results["summary"]) <= 10
    said = " ".join(record.results["summary"])
    assert "Is control symmetric? 2 methods × 2 concepts" in said and "ways of making vectors" in said
    # one value concept has no pool, so no line may claim something over the value concepts
    assert "Over the value concepts" not in said
    assert any(line.startswith("Symmetry: ") and "placebo" in line for line in record.warnings)
    assert record.study == "overview" and record.config["protocol"] == "symmetry-brief-v1"


def test_the_same_call_computes_nothing_anew_and_finds_the_same(made):
    folder, record = made
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("cells/*.json")}
    assert run(replace(SMALL, out=str(folder))).digest == record.digest and len(times) > 6
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("cells/*.json")} == times


def test_the_page_has_both_chapters_and_every_picture_of_the_second(made, tmp_path):
    page = write_report(load(made[0]), tmp_path, formats=()).read_text(encoding="utf-8")
    assert "Is control symmetric?" in page and "What to use" in page and 'href="#symmetry"' in page
    for name in ("symmetry-methods", "symmetry-concepts", "dose-response", "cost-frontier"):
        assert f'id="{name}"' in page and (tmp_path / "figures" / f"{name}.csv").exists()
    assert page.count("This picture is empty: ") < 4


def test_what_cannot_be_controlled_leaves_the_reliability_part_and_says_why(made, monkeypatch):
    def none(config, tell):
        raise WorkbenchError("no budget could be matched")

    monkeypatch.setattr(overview.symmetry, "run", none)
    record = run(replace(SMALL, out=str(made[0])))
    assert "symmetry_results" not in record.tables and len(record.tables["cells"]) == 2
    assert any("was not measured: no budget could be matched" in line for line in record.results["summary"])


def test_concepts_are_the_values_and_four_placebos_unless_named_or_the_models_own():
    assert {"power", "art", "music"} <= set(chosen(Config())) and "cooking" not in chosen(Config())
    assert chosen(Config(model="knob-a")) == () and chosen(Config(data="somewhere")) == ()


@pytest.mark.parametrize("change, words", [
    ({"methods": ("ad",)}, "did you mean 'add'"), ({"protocol": "symmetry-v9"}, "unknown"),
    ({"prompt_types": ("six-shot",)}, "unknown"), ({"engine": "cloud"}, "local, ray"),
])  # fmt: skip
def test_bad_settings_are_one_line_before_anything_is_measured(change, words, tmp_path):
    with pytest.raises(WorkbenchError, match=words) as error:
        run(replace(SMALL, out=str(tmp_path), **change))
    assert "\n" not in str(error.value) and not list(tmp_path.rglob("*.json"))
