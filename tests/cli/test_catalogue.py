"""``workbench list`` and ``workbench show``."""

from pathlib import Path

from workbench.concepts import data_root, list_concepts


def test_list_studies_names_them_without_importing_them(toy: Path, call):
    import sys

    shown = call("list", "studies").stdout
    assert "toy" in shown and "How long is a string? A toy." in shown and "reliability" in shown
    assert "part" not in shown.split() and "workbench.studies.toy" not in sys.modules


def test_list_concepts_and_methods(toy: Path, call):
    shown = call("list", "concepts").stdout
    assert all(name in shown for name in list_concepts()) and f"concepts ({len(list_concepts())})" in shown
    methods = call("list", "methods").stdout
    assert "mean_difference" in methods and "Ablate" in methods


def test_list_runs_survives_a_damaged_one(toy: Path, call):
    assert call("study", "toy").exit_code == 0
    bad = toy / "runs" / "bad" / "record.json"
    bad.parent.mkdir()
    bad.write_text("{")
    result = call("list", "runs")
    assert result.exit_code == 0 and "toy-persona" in result.stdout and "damaged" in result.stdout


def test_list_of_something_else_names_the_close_match(call):
    result = call("list", "concept")
    assert result.exit_code == 2 and "did you mean 'concepts'?" in result.stderr


def test_show_concept_run_and_model(toy: Path, call):
    name = list_concepts("value")[0]
    shown = call("show", name).stdout
    assert f"name: {name}" in shown and "digest:" in shown and "examples (5)" in shown
    assert call("show", data_root() / "concepts" / name).stdout == shown
    assert call("study", "toy").exit_code == 0
    run = call("show", "runs/toy-persona").stdout
    assert "line 0 [red]not markup[/red]" in run and "few groups" in run and "tables (1)" in run
    assert call("show", "toy-persona").stdout == run
    (toy / "tiny").mkdir()
    (toy / "tiny" / "config.json").write_text('{"n_layer": 2, "model_type": "gpt2"}')
    (toy / "tiny" / "card.toml").write_text('summary = "tiny"\ncannot = ["speak"]\n[accuracy]\ncued = 0.9\n')
    model = call("show", "tiny").stdout
    assert "n_layer: 2" in model and "summary: tiny" in model and "  cued: 0.9" in model


def test_show_unknown_is_one_line(toy: Path, call):
    result = call("show", "shutdwn")
    assert result.exit_code == 2 and "did you mean 'shutdown'?" in result.stderr
    assert len(result.stderr.splitlines()) == 1
