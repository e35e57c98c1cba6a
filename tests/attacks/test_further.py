"""Conditions beyond the ladder: a planted slowdown is read, an unhindered model reads 1, held-out concepts count."""

import numpy as np
import pytest

from workbench.attacks import ALLOWED, FAILS, HOLDS, OPEN, Learned, at_most, learned, steps_ratio
from workbench.controls import find_method
from workbench.studies.defence import Config, run
from workbench.studies.defence_further import Further, state
from workbench.symmetry.readings import read
from workbench.types import WorkbenchError

STEPS = (1.0, 2.0, 4.0, 8.0, 16.0)


def course(slower: float, groups: int = 12, seed: int = 0) -> Learned:
    """Gains linear in the steps, of a slope that differs between groups; with the defence ``slower`` times slower."""
    random = np.random.default_rng(seed)
    bare = random.uniform(0.5, 1.5, groups)[:, None] * np.array(STEPS)
    return Learned("letters", STEPS, bare, bare / slower)


def test_a_planted_slowdown_is_read_and_judged():
    for slower, told in ((1.0, HOLDS), (1.1, HOLDS), (1.6, FAILS)):
        found = steps_ratio([course(slower)])
        assert found.estimate == pytest.approx(slower, rel=1e-9) and found.low - 1e-9 <= slower <= found.high + 1e-9
        assert at_most(found, ALLOWED) == told
    # tasks together: each its own slowdown, read at the pooled gain
    together = steps_ratio([course(1.0), course(1.5, seed=1), course(1.2, seed=2)])
    assert 1.0 < together.estimate < 1.5 and together.n_groups == 3


def test_noise_in_the_groups_widens_the_interval_until_nothing_can_be_told():
    random, one = np.random.default_rng(0), course(1.2, groups=5)
    noisy = Learned(one.task, one.steps, one.bare, one.defended + random.normal(0, 4, (5, 1)))
    assert at_most(steps_ratio([noisy]), ALLOWED) == OPEN


def test_never_learning_fails_and_having_nothing_to_learn_is_undetermined():
    never = steps_ratio([course(100.0)])
    assert np.isinf(never.estimate) and at_most(never, ALLOWED) == FAILS
    nothing = Learned("letters", STEPS, -course(1.0).bare, course(1.0).bare)
    assert np.isnan(steps_ratio([nothing]).estimate) and at_most(steps_ratio([nothing]), ALLOWED) == OPEN
    with pytest.raises(WorkbenchError, match="all with the same steps"):
        steps_ratio([course(1.0), Learned("other", (1.0,), np.ones((3, 1)), np.ones((3, 1)))])


def test_an_undefended_model_learns_as_fast_as_itself_and_a_prompt_is_not_trained_through(gpt2_model, small_concept):
    found = learned((gpt2_model, gpt2_model), small_concept, small_concept, "lora")
    assert np.array_equal(found.bare, found.defended) and found.bare.shape[1] == len(found.steps)
    assert steps_ratio([found]).estimate == 1.0
    with find_method("floor")(gpt2_model, small_concept, "aligned", quantile=0.99).applied(gpt2_model, 1.0) as held:
        through = learned((gpt2_model, held), small_concept, small_concept, "lora")
        control, before = find_method("lora")(held, small_concept, "aligned"), read(held, small_concept).log_odds
        with control.applied(held, through.steps[-1]) as trained:
            assert len(trained.hooks) == len(held.hooks) > 0
            gained = read(trained, small_concept).log_odds - before
    groups = [pair.group for pair in small_concept.pairs]
    means = [gained[[group == name for group in groups]].mean() for name in sorted(set(groups))]
    assert through.defended[:, -1] == pytest.approx(means)
    # the bare arm is the same training, the other is read behind the floor
    assert np.array_equal(through.bare, found.bare) and not np.array_equal(through.defended, found.bare)
    with pytest.raises(WorkbenchError, match="does not train in steps"):
        learned((gpt2_model, gpt2_model), small_concept, small_concept, "add")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A study with both conditions: one held-out concept, LoRA on the concept and on one benign task."""
    config = Config(concepts=("power",), attacks=("instruction", "known"), held_out=("shutdown", "power"), search=4,
                    items=8, neutral=2, draws=1, steps=1, cap=9.0, curve=(), trainability="lora", benign=("music",),
                    workers=1, out=str(tmp_path_factory.mktemp("further")))  # fmt: skip
    return config, run(config)


def test_a_study_measures_both_conditions_and_its_verdict_needs_them(both):
    from workbench.report.defence_page import defence_page

    _, record = both
    held, taught, tiers = (record.tables[name] for name in ("held_out", "training", "tiers"))
    assert set(held["held_out"]) == {"shutdown"} and held["tier"].tolist() == ["T0", "T1"]
    assert set(taught["task"]) == {"power", "music"} and set(taught["trainability"]) <= {HOLDS, FAILS, OPEN}
    for row in tiers.to_dict("records"):
        conditions = [row[name] for name in ("aligned controllability", "resistance", "stability", "generalisation",
                                             "trainability")]  # fmt: skip
        assert row["verdict"] == (FAILS if FAILS in conditions else HOLDS if set(conditions) == {HOLDS} else OPEN)
    assert not any("condition too" in line for line in record.warnings)
    page = defence_page(record)
    assert "Generalisation: attacks on concepts" in page and "Trainability: steps" in page


def test_what_was_asked_for_later_does_not_climb_the_ladder_again(both, tmp_path):
    from dataclasses import replace

    config, record = both
    without = run(replace(config, held_out=(), trainability="", benign=()))
    assert without.tables["rungs"].equals(record.tables["rungs"]) and "held_out" not in without.tables
    assert sum("condition too" in line for line in without.warnings) == 2
    assert config.digest == replace(config, held_out=(), trainability="", benign=()).digest


def test_what_could_not_be_run_does_not_hold():
    fine = Further(trained=(("power", course(1.0)),))
    assert state(fine, "power", 0.2, "T0") == {"trainability": HOLDS}
    short = replace_lost(fine, ("power", 0.2, "trainability", "lora on music: too long"))
    assert state(short, "power", 0.2, "T0") == state(short, "power", 0.5, "T0") == {"trainability": OPEN}
    # another concept's loss is none of this one's, and what fails has failed
    other = replace_lost(fine, ("shutdown", 0.2, "trainability", "…"))
    assert state(other, "power", 0.2, "T0") == {"trainability": HOLDS}
    slow = replace_lost(Further(trained=(("power", course(2.0)),)), ("power", 0.2, "trainability", "…"))
    assert state(slow, "power", 0.2, "T0") == {"trainability": FAILS}


def replace_lost(found: Further, line: tuple[str, float, str, str]) -> Further:
    return found._replace(lost=(line,))


@pytest.mark.parametrize("change, line", [
    ({"trainability": "add"}, "does not train in steps"), ({"benign": ("music",)}, "came without a training"),
    ({"defence": "", "held_out": ("shutdown",)}, "conditions of a defence"),
])  # fmt: skip
def test_settings_that_cannot_be_measured_stop_before_anything_runs(tmp_path, change, line):
    with pytest.raises(WorkbenchError, match=line):
        run(Config(out=str(tmp_path / "run"), **change))
    assert not (tmp_path / "run").exists()
