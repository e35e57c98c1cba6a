"""Numbers of a set of prompts: known answers, published figures, and the table of one row per prompt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench.evaluation import (
    anti_steerable,
    matching_share,
    mean_effect,
    p_matching,
    prompt_table,
    slope_bound,
    spurious_variance,
    steerability,
)
from workbench.types import Card, Concept, Pair, Site, SweepCube, WorkbenchError

DOSES = (-1.0, -0.5, 0.0, 0.5, 1.0)


def cube(slope_own: np.ndarray, seed: int = 0) -> SweepCube:
    """Straight curves with the given slopes for "own", and small random ones for "random-0", "random-1"."""
    rng = np.random.default_rng(seed)
    n = len(slope_own)
    base = rng.normal(size=n)
    every = np.stack([slope_own, rng.normal(size=n) * 0.1, rng.normal(size=n) * 0.1])
    values = base[:, None, None] + every.T[:, :, None] * np.array(DOSES)
    return SweepCube(
        values[:, None], tuple(f"p{i}" for i in range(n)), tuple(f"g{i // 4}" for i in range(n)), (Site(1),),
        ("own", "random-0", "random-1"), DOSES, {"toward": "aligned", "lengths": list(range(10, 10 + n))},
    )  # fmt: skip


def concept(n: int) -> Concept:
    pairs = tuple(Pair(f"p{i}", f"g{i // 4}", f"q{i}", *(" Yes", " No")[:: 1 if i % 2 else -1]) for i in range(n))
    return Concept("toy", pairs, Card("toy", "Toy"))


def test_steerability_is_the_mean_slope_with_an_interval_over_groups():
    slope = np.linspace(-1, 3, 20)
    curve = cube(slope).curve(Site(1), "own")
    found = steerability(curve, DOSES, cube(slope).groups)
    assert found.estimate == pytest.approx(1.0) and found.n == 20 and found.n_groups == 5
    assert found.low < 1 < found.high
    assert mean_effect(curve, DOSES, -1.0).estimate == pytest.approx(-1.0)


def test_anti_steerable_in_three_definitions():
    slope = np.array([1.0, 0.02, 0.0, -0.05, -2.0])
    curve = 0.5 + slope[:, None] * np.array(DOSES)
    found = anti_steerable(curve, DOSES, epsilon=0.1)
    assert {k: v.estimate for k, v in found.items()} == pytest.approx({"tan": 0.6, "braun": 0.4, "eps": 0.2})
    assert set(anti_steerable(curve[:, 1:4], DOSES[1:4])) == {"tan"}


def test_without_effect_half_are_anti_steerable_by_chance_and_epsilon_says_none():
    rng = np.random.default_rng(3)
    noise = cube(rng.normal(size=400) * 0.1)
    epsilon = slope_bound(noise, Site(1), ["random-0", "random-1"])
    assert epsilon == pytest.approx(0.1 * 2.24, rel=0.1)  # the 97.5 % quantile of |N(0, .1)|
    found = anti_steerable(noise.curve(Site(1), "own"), DOSES, epsilon=epsilon)
    assert 0.4 < found["tan"].estimate < 0.6 and found["eps"].estimate < 0.03
    with pytest.raises(WorkbenchError, match="random-7"):
        slope_bound(noise, Site(1), ["random-7"])


def test_spurious_variance_finds_the_planted_factor_and_only_it():
    rng = np.random.default_rng(0)
    answer = np.array(["Yes", "No"] * 40)
    covariates = pd.DataFrame({"positive": answer, "length": rng.integers(5, 30, 80)})
    slope = np.where(answer == "Yes", 2.0, -1.0) + rng.normal(size=80) * 0.5
    found = spurious_variance(slope, covariates, draws=50)
    assert found["positive"].estimate > 0.85 and found["length"].estimate < 0.1
    assert found["all"].estimate >= found["positive"].estimate
    import statsmodels.api as sm

    inputs = sm.add_constant(np.column_stack([answer == "Yes", covariates["length"]]).astype(float))
    assert found["all"].estimate == pytest.approx(sm.OLS(slope, inputs).fit().rsquared, abs=1e-12)
    assert spurious_variance(np.ones(80), covariates, draws=5)["all"].estimate == 0.0
    with pytest.raises(WorkbenchError, match="one complete row per prompt"):
        spurious_variance(slope[:-1], covariates)


@pytest.mark.parametrize("behaviour", ["refusal", "sycophancy"])
def test_p_matching_equals_the_published_means(shared, behaviour):
    items = pd.read_csv(shared / "reference" / "caa" / f"{behaviour}_7b_L13_mult+1.0_ab_items.csv")
    published = pd.read_csv(shared / "reference" / "caa" / "p_matching_layer13_7b_ab.csv")
    plain = published.system_prompt.fillna("None") == "None"
    row = published[(published.behavior == behaviour) & (published.multiplier == 1) & plain]
    is_a = items.matching_letter == "A"
    match, other = np.where(is_a, items.a_prob, items.b_prob), np.where(is_a, items.b_prob, items.a_prob)
    assert p_matching(match, other).estimate == pytest.approx(float(row.p_matching.iloc[0]), abs=1e-12)
    assert np.allclose(matching_share(np.log(match) - np.log(other)), match / (match + other), atol=1e-14)


def test_p_matching_refuses_what_is_no_probability():
    with pytest.raises(WorkbenchError, match="one each per item"):
        p_matching(np.ones(3), np.ones(2))
    with pytest.raises(WorkbenchError, match="not both 0"):
        p_matching(np.array([0.0, 0.5]), np.array([0.0, 0.5]))


def test_prompt_table_has_one_complete_row_per_prompt_and_direction():
    slope = np.linspace(-1, 3, 8)
    table = prompt_table(cube(slope), concept(8))
    assert len(table) == 8 * 3 and table.columns.is_unique
    own = table[table.direction == "own"]
    assert np.allclose(own.slope, slope) and np.allclose(own.delta_plus, slope) and np.allclose(own.delta_minus, -slope)
    assert np.allclose(own.odd, slope) and np.allclose(own.even, 0) and np.allclose(own.curvature, 0, atol=1e-9)
    assert own.positive.tolist() == ["No", "Yes"] * 4 and own.length.tolist() == list(range(10, 18))
    assert np.allclose(own.base, cube(slope).values[:, 0, 0, 2])
    flips = np.abs(own.base) < np.abs(slope)
    assert own.flips.tolist() == flips.tolist() and flips.any() and not flips.all()
    assert prompt_table(cube(slope), concept(8), toward="unaligned").positive.tolist()[:2] == ["Yes", "No"]
    only = prompt_table(cube(slope), directions=["random-1"], lengths={f"p{i}": 3 for i in range(8)})
    assert set(only.direction) == {"random-1"} and set(only.length) == {3}


def test_prompt_table_refuses_another_concept():
    with pytest.raises(WorkbenchError, match="not pairs of concept"):
        prompt_table(cube(np.ones(8)), concept(4))
    with pytest.raises(WorkbenchError, match="were not swept"):
        prompt_table(cube(np.ones(8)), directions=["other"])


def test_a_cube_shows_itself_with_its_axes_and_escaped_names():
    shown = replace(cube(np.ones(8)), directions=("<b>own</b>", "random-0", "random-1"))._repr_html_()
    assert "&lt;b&gt;own" in shown and "<b>own" not in shown
    assert "3 directions" in shown and shown.count("<tr>") == 1 + 3
