"""Tables survive the way into a page: decoded here as the page's script decodes them."""

import base64
import json

import numpy as np
import pandas as pd
import pytest

from workbench.report.columns import column, encoded
from workbench.report.listing import shown_columns
from workbench.report.markup import Html, script_json, tag


def decoded(packed: dict) -> list:
    raw = base64.b64decode(packed["bytes"])
    if packed["form"] != "codes":
        return np.frombuffer(raw, dtype="<f2" if packed["form"] == "half" else "<f4").tolist()
    codes = np.frombuffer(raw, dtype=f"<u{packed['width']}")
    if "runs" in packed:
        codes = np.repeat(codes, np.frombuffer(base64.b64decode(packed["runs"]), dtype="<u4"))
    return [packed["values"][code] for code in codes]


@pytest.mark.parametrize(
    "values",
    [["a", None, "b", "a"], [True, False, True], ["x"] * 500 + ["y"] * 500, [f"n{i}" for i in range(300)], []],
    ids=["missing", "flags", "runs", "two bytes", "empty"],
)
def test_codes_come_back(values):
    assert decoded(column(pd.Series(values, dtype=object))) == values


def test_long_runs_are_stored_once():
    assert len(column(pd.Series(["x"] * 5000 + ["y"] * 5000))["bytes"]) <= 4


def test_numbers_keep_three_digits_in_long_tables_and_seven_in_short_ones():
    numbers = np.random.default_rng(0).normal(0, 3, 6000)
    long, brief = column(pd.Series(numbers)), column(pd.Series(numbers[:100]))
    assert (long["form"], brief["form"]) == ("half", "single")
    assert np.allclose(decoded(long), numbers, rtol=1e-3, atol=1e-4)
    assert np.allclose(decoded(brief), numbers[:100], rtol=1e-6)
    assert column(pd.Series(numbers * 1e6))["form"] == "single"


def test_numbers_that_are_not_finite_are_kept_apart():
    got = decoded(column(pd.Series([1.0, np.nan, np.inf, -np.inf])))
    assert got[0] == 1 and np.isnan(got[1]) and got[2:] == [np.inf, -np.inf]


def test_mixed_layers_stay_numbers_and_words():
    assert decoded(column(pd.Series(["all", 1, 2], dtype=object))) == ["all", 1, 2]


def test_only_named_columns_travel():
    packed = encoded(pd.DataFrame({"a": [1], "b": [2]}), ["b", "c"])
    assert packed["n"] == 1 and set(packed["columns"]) == {"b"}


def test_json_cannot_leave_its_script():
    text = script_json({"</script><script>": "<!-- & \u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"</script><script>": "<!-- & \u2028"}


def test_markup_escapes_everything_but_markup():
    assert tag("p", "<b>", Html("<i>"), title='"&') == '<p title="&quot;&amp;">&lt;b&gt;<i></p>'


def test_an_interval_shares_the_cell_of_its_quantity():
    names = ["concept", "odd", "odd_low", "odd_high", "random_low", "random_high", "rho", "low", "high", "partial_rho",
             "partial_low", "partial_high", "row"]  # fmt: skip
    shown = {c["label"]: (c["name"], c["span"]) for c in shown_columns(pd.DataFrame(columns=names))}
    assert shown["odd effect at multiplier 1"] == ("odd", ["odd_low", "odd_high"])
    assert shown["random directions, 95 %"] == (None, ["random_low", "random_high"])
    assert shown["ρ"] == ("rho", ["low", "high"]) and shown["partial ρ"] == (
        "partial_rho",
        ["partial_low", "partial_high"],
    )
    assert len(shown) == 5
