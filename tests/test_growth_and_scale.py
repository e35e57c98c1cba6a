"""The benchmark's arithmetic: how growth is read from repetitions, and what a study is said to cost."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import growth, scale


@pytest.fixture
def planted() -> pd.DataFrame:
    """Cost that grows with the square root of prompts and in proportion to the rest; two repetitions, one slower."""
    lines = []
    for point in growth.points(growth.NARROW):
        cost = point.value ** (0.5 if point.axis == "prompts" else 1.0)
        about = {"model": point.model, "row": point.row, "axis": point.axis, "value": point.value, "peak": 600.0}
        lines += [about | {"repetition": i, "cpu": slower * cost} for i, slower in enumerate((1.0, 1.2))]
    return pd.DataFrame(lines)


def test_the_exponent_of_planted_growth_is_found_and_written(planted):
    for axis, wanted in (("prompts", 0.5), ("length", 1.0)):
        some = planted[(planted["row"] == "all positions") & (planted["axis"] == axis)]
        assert np.allclose(growth.exponents(some), wanted)
    lines = [line for line in growth.table(planted) if "| prompts |" in line]
    assert len(lines) == 2 and all("0.50 [0.50, 0.50]" in line and "| 8 | 64 |" in line for line in lines)
    assert len(growth.draw(planted).to_dict()["data"]) == 2 * len(growth.STEPS) * 3


def test_a_stopped_measurement_goes_on_where_it_was(planted, tmp_path, monkeypatch):
    asked = []

    def measured(some, repeats):
        asked.append(list(some))
        for at, point in enumerate(some):
            if len(asked) == 1 and at == 3:
                raise KeyboardInterrupt
            yield point, [{"model": point.model, "row": point.row, "axis": point.axis, "value": point.value,
                           "repetition": i, "cpu": 1.0, "peak": 1.0} for i in range(repeats)]  # fmt: skip

    monkeypatch.setattr(growth, "_measured", measured)
    with pytest.raises(KeyboardInterrupt):
        growth.measure_growth(growth.NARROW, tmp_path / "kept.json", 2)
    found = growth.measure_growth(growth.NARROW, tmp_path / "kept.json", 2)
    assert asked[1] == asked[0][3:] and len(found) == 2 * len(growth.points(growth.NARROW))


def test_every_size_is_a_task_with_the_layers_in_the_middle():
    for point in growth.points(growth.NARROW):
        made = point.task()
        assert point.axis != "layers" or len(made.layers) == point.value
        assert abs(np.mean(made.layers) - (growth.N_LAYERS - 1) / 2) <= 0.5
        assert 0.0 not in made.multipliers and len(set(made.multipliers)) == len(made.multipliers)


def test_costs_follow_the_measured_share_and_nothing_is_said_where_none_was_measured():
    device = scale.Device("one", 1e12, 80, 2.0)
    assert scale.cost(3600e12, device, 0.5) == "2 ($4)"
    assert scale.cost(3600e12, device, float("nan")) == "–"
    study, shape = scale.Study(), scale.MODELS[1]
    assert scale.useful(shape, "all positions", study, 79) < 0.51 * scale.plain(shape, study, 79)
    ratio = scale.useful(shape, "all positions", study, 79) / scale.useful(shape, "answer token", study, 79)
    assert 0.9 * study.length < ratio < study.length
    assert sum(1 - (k + 1) / 12 for k in scale.spread(12, 12)) == pytest.approx(5.5), "all layers, the last included"
