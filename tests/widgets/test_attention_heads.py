"""Attention patterns by circuitsvis: the numbers are those of the pass, and no token can leave its script."""

import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from workbench.circuits import attention_patterns
from workbench.models import encode, token_texts
from workbench.types import WorkbenchError
from workbench.widgets import attention_heads, head_names

HEADS = [(0, 1), (3, 2)]
EVIL = "a </script><img src=x onerror=alert(1)> b"


def props_of(html: str) -> dict:
    return json.loads(re.findall(r"CircuitsVis.AttentionHeads, (.*?)\)</script>$", unescape(page_of(html)))[0])


def page_of(html: str) -> str:
    """The frame's page, as the attribute has it."""
    return re.fullmatch(r'<iframe sandbox="allow-scripts" [^>]*?srcdoc="([^"]*)" style="[^"<]*"></iframe>', html)[1]


def test_the_frame_shows_the_patterns_of_the_pass(gpt2_model):
    props = props_of(attention_heads(gpt2_model, "Hi you", HEADS).value)
    batch = encode(gpt2_model, ["Hi you"])
    assert props["tokens"] == token_texts(gpt2_model, batch) and props["attentionHeadNames"] == ["L0H1", "L3H2"]
    assert np.allclose(props["attention"], attention_patterns(gpt2_model, batch, HEADS)[0], atol=1e-4)
    assert np.allclose(np.sum(props["attention"], -1), 1, atol=0.01)


def test_no_token_ends_the_script(gpt2_model):
    html = attention_heads(gpt2_model, EVIL, HEADS).value
    page = unescape(page_of(html))
    after = page[page.index('CircuitsVis.render("heads"'):]
    assert after.count("<") == 1 and after.endswith("</script>") and page.count("</script>") == 1
    assert "".join(props_of(html)["tokens"]).endswith(EVIL)


@pytest.mark.parametrize("text, heads, words", [
    ("Hi", [], "no heads came"), ("Hi", [(9, 0)], "beyond tiny-gpt2"), ("x" * 240, HEADS, "at most 200"),
])  # fmt: skip
def test_what_cannot_be_shown_is_one_line(gpt2_model, text, heads, words):
    with pytest.raises(WorkbenchError, match=words):
        attention_heads(gpt2_model, text, heads)


def test_heads_of_a_circuit_are_found_by_name():
    nodes = ["logits", "h2.1", "m3", "h2.1", "h0.3.q"]
    assert head_names(nodes) == head_names(pd.Series(nodes)) == [(2, 1), (0, 3)]
