"""Rounding by the interval's width, and text that LaTeX prints and does not obey."""

import re

import pandas as pd
import pytest

from workbench.paper import Table, as_csv, as_latex
from workbench.paper.latex import cell, escaped, figure, titled
from workbench.paper.numbers import alone, band, fixed, places, spanned
from workbench.types import WorkbenchError

FRAME = pd.DataFrame(
    {
        "concept": ["a_b & c", "[x]"], "layer": [2, 3], "odd": [0.91834, -0.002], "odd_low": [0.7311, -0.3],
        "odd_high": [1.1055, float("inf")], "auc": [0.51239, float("nan")], "random_low": [-0.2, -0.2],
        "random_high": [0.2, 0.2], "inert": [True, False],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.91834, 0.7311, 1.1055), "0.92 [0.73, 1.11]"), ((1.96, 1.11, 2.81), "2.0 [1.1, 2.8]"),
        ((123.4, 101.0, 145.0), "123 [101, 145]"), ((-0.004, -0.5, 0.49), "0.0 [−0.5, 0.5]"),
        ((0.5, 0.004, 1.1), "0.500 [0.004, 1.100]"), ((0.5, float("-inf"), float("inf")), "0.50 (no interval)"),
        ((float("nan"), 0.0, 1.0), "–"),
    ],
)  # fmt: skip
def test_digits_follow_the_interval(numbers, text):
    assert spanned(*numbers) == text


def test_numbers_without_an_interval():
    assert alone(27.0) == "27" and alone(0.76) == "0.76" and alone(0.12345) == "0.123" and alone(1234.5) == "1234"
    assert fixed(-0.001, 2, signed=True) == "0.00" and band(-0.2, 0.2) == "[−0.20, 0.20]" and places(1.0, 1.0) == 2


def test_special_characters_are_printed_not_obeyed():
    assert escaped(r"50 % of a_b & {c} $x$ #1 ~ ^ \input{/etc/passwd}") == (
        r"50 \% of a\_b \& \{c\} \$x\$ \#1 \textasciitilde{} \textasciicircum{} \textbackslash{}input\{/etc/passwd\}"
    )
    assert escaped("ρ ≤ −1\n\nnew‮ é") == r"\ensuremath{\rho} \ensuremath{\le} \ensuremath{-}1 new é"
    assert cell("[x]") == "{}[x]" and cell("*") == "{}*" and cell("x") == "x"


def test_a_snippet_follows_the_width():
    double = figure("one", "c", "double")
    assert r"\begin{figure*}[tp]" in double and r"width=\textwidth" in double
    single = figure("one", titled("What?", "5 %"), "single")
    assert r"\begin{figure}[tp]" in single and r"width=\columnwidth" in single
    assert r"\caption{\textbf{What?} 5 \%}" in single and r"\label{fig:one}" in single


def test_any_table_becomes_latex_and_csv():
    table = Table("t_1", "A title", FRAME, note="n = 2")
    text, lines = as_latex(table), as_csv(table).splitlines()
    assert lines[1] == 'a_b & c,2,"0.92 [0.73, 1.11]",0.512,"[-0.20, 0.20]",yes'
    assert lines[2] == '[x],3,0.00 (no interval),–,"[-0.20, 0.20]",no'
    assert lines[0].startswith("concept,layer (0-based),odd effect at multiplier 1 (log-odds),")
    assert r"a\_b \& c & 2 & 0.92 [0.73, 1.11]" in text and r"{}[x] & 3" in text and r"\label{tab:t-1}" in text
    assert r"\begin{tabular}{lrrrrl}" in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {5}


def test_a_table_with_chosen_columns_and_headings():
    table = Table("t", "T", FRAME, {"odd": "effect", "concept": ""})
    assert as_csv(table).splitlines()[:2] == ["effect,concept", '"0.92 [0.73, 1.11]",a_b & c']
    with pytest.raises(WorkbenchError, match="no column 'even'"):
        as_csv(Table("t", "T", FRAME, {"even": ""}))


def test_a_long_table_breaks_over_pages():
    text = as_latex(Table("t", "T", pd.concat([FRAME] * 30)))
    assert r"\begin{longtable}" in text and r"\endhead" in text and "tabular" not in text
