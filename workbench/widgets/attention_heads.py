"""Attention patterns by circuitsvis, from its local source: nothing is asked of a network, and tokens stay text.

circuitsvis' own notebook output asks an internet host whether it is online, and writes tokens into a script as they
are. Here its component is given the same properties in a frame of its own that may run scripts and nothing else, with
every "<" of the data written as an escape, so that no token can end the script.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files

import ipywidgets as ip

from workbench.circuits import attention_patterns
from workbench.models import Model, encode, token_texts
from workbench.plots.token_heatmap import visible
from workbench.types import WorkbenchError

# a frame's page is text inside an attribute: its size grows with heads × tokens²
MOST_TOKENS = 200
PAGE = """<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"
content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<style>body {{ font-family: sans-serif; margin: 8px;
background: #fff; color: #1b1f24; }}</style><div id="heads"></div>
<script type="module">{library}
CircuitsVis.render("heads", CircuitsVis.AttentionHeads, {props})</script>"""


def attention_heads(model: Model, text: str, heads: Sequence[tuple[int, int]], height: int = 640) -> ip.HTML:
    """What chosen heads, (layer, head) each, attend to in a text: show it by naming it in a cell.

    Numbers: :func:`workbench.circuits.attention_patterns`. Hover or click a head to see its pattern (rows are the
    tokens that look, columns those looked at), then a token. The frame is light in dark pages too.

    Raises WorkbenchError without heads, for a head that the model lacks, and for a text of more than 200 tokens.
    """
    if not heads:
        raise WorkbenchError("no heads came; expected (layer, head) pairs, such as [(1, 0)]")
    batch = encode(model, [text])
    words = [visible(token) for token in token_texts(model, batch)]
    if len(words) > MOST_TOKENS:
        raise WorkbenchError(f"a text of {len(words)} tokens came; expected at most {MOST_TOKENS}: shorten it")
    patterns = attention_patterns(model, batch, heads)[0].round(4)
    props = {"tokens": words, "attention": patterns.tolist(), "attentionHeadNames": [f"L{i}H{j}" for i, j in heads]}
    page = PAGE.format(library=_library(), props=json.dumps(props).replace("<", "\\u003c"))
    return ip.HTML(f'<iframe sandbox="allow-scripts" title="attention patterns" srcdoc="{escape(page)}" '
                   f'style="width: 100%; height: {int(height)}px; border: 0; background: #fff"></iframe>')  # fmt: skip


def head_names(nodes: Iterable[str]) -> list[tuple[int, int]]:
    """The heads among nodes of a circuit, as (layer, head), each once: "h2.1" is (2, 1); MLPs and logits are none.

    >>> head_names(["h2.1", "m0", "logits", "h2.1", "h0.3"])
    [(2, 1), (0, 3)]
    """
    found = [node[1:].split(".")[:2] for node in nodes if node.startswith("h") and "." in node]
    return list(dict.fromkeys((int(layer), int(head)) for layer, head in found))


@cache
def _library() -> str:
    source = (files("circuitsvis") / "dist" / "cdn" / "iife.js").read_text(encoding="utf-8")
    return source.replace("</script", "<\\/script")
