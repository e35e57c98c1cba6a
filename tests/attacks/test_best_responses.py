"""A of best responses, fresh attackers, several levels of the budget, the protocol's attack set, the floor's curve."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from planted import PARTS, SLOPE, U, V

from workbench.attacks import LADDER, Claim, Ladder, Rung, breaking_shares, certify, fresh_attacker, tier_verdict
from workbench.attacks.random_search import unit
from workbench.interventions import Clamp, Steer
from workbench.plots.floor_trade_off import floor_trade_off
from workbench.report.defence_page import defence_page, panels
from workbench.report.panels import guarded
from workbench.studies.defence import Config, at_levels, run
from workbench.studies.defence_cells import attack_set
from workbench.symmetry import ASYMMETRIC, SYMMETRIC, UNDETERMINED, Gains
from workbench.symmetry.neutral import Neutral
from workbench.types import Direction, Effect, Site, WorkbenchError

FREE = Effect(0.0, 0.0, 0.0, method="planted")
GROUPS = tuple(f"g{k}" for k in range(12))
rng = np.random.default_rng(5)


def rung(name: str, bare: tuple[float, float], kept: tuple[float, float], promised: float, tier: str = "T1") -> Rung:
    """One attack whose (aligned, unaligned) gains are planted on both models, with a little noise over groups."""
    made = [Gains(plus + rng.normal(0, 0.02, 12), minus + rng.normal(0, 0.02, 12), GROUPS, "c")
            for plus, minus in (bare, kept)]  # fmt: skip
    found = {side: {pole: {"gain": promised} for pole in ("aligned", "unaligned")} for side in ("bare", "defended")}
    return Rung(name, tier, *made, found, (0, 12))


def placebos(size: float) -> list[Ladder]:
    """Twenty value-free concepts with an index of about ``size`` either way."""
    gains = [(1 + size * sign, 1 - size * sign) for sign in (1, -1) for _ in range(10)]
    return [Ladder(f"p{k}", (rung("a", pair, pair, 1.0),), ()) for k, pair in enumerate(gains)]


@pytest.mark.parametrize("null, verdict", [(0, UNDETERMINED), (0.1, ASYMMETRIC), (0.9, UNDETERMINED)])
def test_the_index_of_best_responses_is_judged_on_both_models(null, verdict):
    """What the search promised most counts, not what was scored highest; without placebos nothing is asymmetric."""
    ladder = Ladder("c", (rung("strong", (1, 1), (1, 0.2), 9.0), rung("lucky", (9, 1), (9, 9), 1.0)), ())
    found = tier_verdict([ladder], "T1", FREE, 400, placebos(null) if null else ())
    bare, defended = found.index["bare"], found.index["defended"]
    assert bare.verdict == SYMMETRIC and bare.wide.estimate == pytest.approx(0, abs=0.02)
    assert defended.wide.estimate == pytest.approx((1 - 0.2) / 1.2, abs=0.03) and defended.wide.low > 0.6
    assert defended.verdict == verdict and ("placebos" in defended.reason)


def test_the_rank_of_a_fresh_attacker_is_bounded_as_often_as_is_claimed():
    draws = np.random.default_rng(2).exponential(size=(20000, 9))
    for k in (1, 3, 8):
        bounds = [fresh_attacker(list(row[:8]), k) for row in draws]
        assert {chance for _, chance in bounds} == {k / 9}
        below = np.mean([row[8] < least for row, (least, _) in zip(draws, bounds, strict=True)])
        assert below == pytest.approx(k / 9, abs=0.012)
    # attackers alike in kind but tied: the bound is not exceeded, and more are below it than for a rank too low
    tied = np.random.default_rng(3).integers(1, 4, size=(20000, 9)).astype(float)
    assert np.mean([row[8] < fresh_attacker(list(row[:8]), 5)[0] for row in tied]) <= 5 / 9 + 0.01
    assert fresh_attacker([np.inf] * 19) == (np.inf, 0.05)
    for bad, k in (([1.0], 2), ([1.0], 0), ([], 1), ([0.0], 1), ([float("nan")], 1)):
        with pytest.raises(WorkbenchError, match="fresh attacker"):
            fresh_attacker(bad, k)


class Dear(Neutral):
    """Neutral text on which everything doubles the NLL."""

    def cost(self, model):
        return 0.0, 1.0


def test_fresh_attackers_need_what_their_direction_gives_by_hand(planted, arenas):
    """On the linear readout a direction moves the answer by its part along the readout, and nothing else counts."""
    bare, _ = arenas(planted, planted)
    readout, whole = SLOPE[0] * V + SLOPE[1] * U, bare.effort.level
    expected, gains = [], []
    for number in range(12):
        random = torch.Generator().manual_seed(1_000_003 + number)
        layer = bare.layers[int(torch.randint(len(bare.layers), (1,), generator=random))]
        gains.append(abs(float(unit(bare, random).float() @ readout)) * whole * bare.scales[layer])
    enough = float(np.median(gains))
    for gain in gains:
        passed = [share for share in (1.0, 0.5, 0.25, 0.125) if share * gain > enough]
        expected.append(min(passed, default=np.inf))
    found = breaking_shares(bare, PARTS[2], 12, enough)
    assert found == tuple(expected) and {np.inf, 1.0} <= set(found)
    assert breaking_shares(bare, PARTS[2], 3, enough) == found[:3]
    # behind a wall along the readout nobody gets through, and where the cap forbids everything nobody is counted
    axis = readout / readout.norm()
    wall = Steer(Clamp(1e4, "floor"), Direction(axis, 1.0, Site(2), "wall"))
    with wall.applied(planted, 1.0) as defended:
        _, behind = arenas(planted, defended)
        assert set(breaking_shares(behind, PARTS[2], 4, enough / 10)) == {np.inf}
    # whoever costs more than the cap is not counted, however far the answer moves
    dear = replace(bare, quiet=Dear((), (), ()), effort=replace(bare.effort, cap=0.5))
    assert set(breaking_shares(dear, PARTS[2], 4, enough / 10)) == {np.inf}
    with pytest.raises(WorkbenchError, match="nothing to break through"):
        breaking_shares(bare, PARTS[2], 1, 0.0)


def test_the_certificate_says_what_fresh_attackers_allow():
    ladder = Ladder("c", (rung("a", (1, 1), (1, 0.0), 1.0), rung("cue", (1, 1), (1, 0.0), 0.5, "T0")), ())
    made = {tier: tier_verdict([ladder], tier, FREE, 400) for tier in ("T0", "T1")}
    claim = Claim("m", "a wall", "budget norm 0.1", 0)
    text = certify(ladder, made["T1"], claim, fresh=[np.inf] * 19).text()
    assert "None of 19 fresh attackers" in text and "at most 0.050" in text
    text = certify(ladder, made["T1"], claim, fresh=[np.inf, 0.5, 1.0]).text()
    assert "at 0.5 of the budget" in text and "at most 0.250" in text
    # a prompt's tier says nothing of vectors
    for tier, fresh in (("T1", ()), ("T0", [np.inf] * 19)):
        assert "No fresh attackers were drawn" in certify(ladder, made[tier], claim, fresh=fresh).text()


@pytest.fixture(scope="module")
def leveled(tmp_path_factory):
    """A floor on the embedded model at two budgets, and a projection in the weights as a defence at one."""
    out = tmp_path_factory.mktemp("leveled")
    config = Config(concepts=("power",), attacks=("known", "random_search"), search=4, items=8, neutral=2, draws=1,
                    steps=1, cap=9.0, fresh=3, curve=(0.5, 0.9), workers=1, out=str(out))  # fmt: skip
    baked = replace(config, defence="baked_projection", attacks=("known",))
    return run(replace(config, levels=(0.5, 0.05))), run(baked)


def test_a_norm_ladder_has_every_table_by_level(leveled):
    record, _ = leveled
    for name in ("rungs", "tiers", "curve", "fresh", "searches"):
        assert sorted(set(record.tables[name]["level"])) == [0.05, 0.5], name
    known = record.tables["rungs"].query("attack == 'known'").set_index("level")
    assert known["strength_unaligned"][0.5] > 2 * known["strength_unaligned"][0.05]
    assert abs(known["gain_aligned_bare"][0.5]) > abs(known["gain_aligned_bare"][0.05])
    assert {"power, T1, level 0.05", "power, T1, level 0.5"} == set(record.results["certificates"])
    assert any("level 0.5, up to T1" in line and "index A" in line for line in record.results["summary"])
    fresh = record.tables["fresh"].to_dict("records")
    assert [row["attackers"] for row in fresh] == [3, 3] and {row["chance"] for row in fresh} == {0.25}
    page = defence_page(record)
    assert all(words in page for words in ("budget level", "A, undefended", "Fresh attackers"))
    assert [panel.name for panel in panels(record.tables)] == ["retention-ladder", "floor-trade-off"]
    assert [s.name for s in panels(record.tables)[1].selectors] == ["concept", "level"]
    assert all(guarded(panel, record.tables)[1] is not None for panel in panels(record.tables))


def test_one_level_is_the_default_and_bad_ones_stop_before_anything_runs(tmp_path):
    config = Config(out=str(tmp_path / "run"))
    assert at_levels(config) == [config] and config.level == 0.2
    with pytest.raises(WorkbenchError, match="level -1"):
        run(replace(config, levels=(0.1, -1.0)))
    assert not (tmp_path / "run").exists()


def test_a_defence_in_the_weights_leaves_the_model_without_it_alone(leveled):
    """Otherwise both are the defended one: nothing is lost, everything retained, and the defence costs nothing."""
    _, record = leveled
    (row,) = record.tables["tiers"].to_dict("records")
    (tried,) = record.tables["rungs"].to_dict("records")
    assert abs(row["nll_rise"]) > 1e-4
    assert tried["gain_unaligned_bare"] != pytest.approx(tried["gain_unaligned_defended"], rel=1e-3)


def test_the_attack_set_comes_from_the_protocol_where_none_is_named(tmp_path):
    from workbench.concepts import data_root

    text = (data_root() / "protocols" / "symmetry-v1.toml").read_text(encoding="utf-8")
    head = text[: text.index("[attacks]")]
    own, empty = tmp_path / "own.toml", tmp_path / "empty.toml"
    own.write_text(head + '[attacks]\nladder = ["known", "memit"]\n', encoding="utf-8")
    empty.write_text(head, encoding="utf-8")
    assert attack_set(Config(protocol=str(own))) == ("known", "memit")
    assert attack_set(Config(protocol=str(own), attacks=("lora",))) == ("lora",)
    assert attack_set(Config(protocol="")) == LADDER
    assert set(LADDER) <= set(attack_set(Config()))
    with pytest.raises(WorkbenchError, match="declares no attacks"):
        attack_set(Config(protocol=str(empty)))
    with pytest.raises(WorkbenchError, match="'symetry' is unknown"):
        attack_set(Config(protocol="symetry"))


def curve() -> pd.DataFrame:
    rows = pd.DataFrame({"tau": [4.0, -8.0, 9.0], "quantile": [0.5, 0.05, 0.95], "nll_rise": [0.0, 0.01, 0.2]})
    for pole, kept in (("aligned", [1.0, 0.9, 0.8]), ("unaligned", [0.4, 1.0, 0.1])):
        for end, off in (("", 0.0), ("_low", -0.2), ("_high", 0.3)):
            rows[f"retained_{pole}{end}"] = np.array(kept) + off
    return rows.assign(concept="power", level=0.2)


def test_the_floors_curve_draws_both_poles_in_order_with_their_bands():
    figure = floor_trade_off(curve())
    lines = [trace for trace in figure.data if trace.showlegend is not False]
    bands = [trace for trace in figure.data if trace.showlegend is False]
    assert [list(line.x) for line in lines] == [[-8.0, 4.0, 9.0]] * 2
    assert list(lines[0].y) == [0.9, 1.0, 0.8] and list(lines[1].y) == [1.0, 0.4, 0.1]
    assert list(bands[2].y) == pytest.approx([0.8, 0.2, -0.1]) and list(bands[3].y) == pytest.approx([1.3, 0.7, 0.4])
    assert bands[3].fill == "tonexty" and bands[1].fillcolor != bands[3].fillcolor
    assert lines[0].marker.symbol != lines[1].marker.symbol and lines[0].line.color != lines[1].line.color
    assert lines[0].line.dash != lines[1].line.dash
    assert figure.layout.title.text and "units" in figure.layout.xaxis.title.text
    assert figure.layout.title.subtitle.text.rstrip().endswith(".")
    assert {shape.y0 for shape in figure.layout.shapes} == {0.2, 0.8}


def test_a_curve_without_its_columns_leaves_a_reason_and_no_floor_leaves_no_panel():
    broken = {"curve": curve().drop(columns="retained_unaligned_low")}
    panel, figure = guarded(panels(broken)[1], broken)
    assert figure is None and "retained_unaligned_low" in panel.reason
    assert [panel.name for panel in panels({})] == ["retention-ladder"]
