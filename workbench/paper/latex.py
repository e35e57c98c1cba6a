r"""Text as LaTeX: what comes from data is shown, not obeyed; figures, tables and headings as their environments.

Written for pdfLaTeX with graphicx, booktabs and longtable. Names in scripts other than Latin need LuaLaTeX or XeLaTeX.
"""

import re
import unicodedata
from collections.abc import Sequence

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}", "’": "'", "‘": "`", "“": "``", "”": "''", "–": "--",
    "—": "---", "…": r"\ldots{}", "\u00a0": "~", "\u202f": r"\,",
}  # fmt: skip
MATHS = {
    "−": "-", "×": r"\times", "±": r"\pm", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∞": r"\infty",
    "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "·": r"\cdot", "√": r"\surd", "‖": r"\Vert", "′": "'",
    "₊": "_{+}", "₋": "_{-}", "⁺": "^{+}", "⁻": "^{-}", "²": "^{2}", "ᵢ": "_{i}", "₀": "_{0}", "Δ": r"\Delta",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "η": r"\eta", "θ": r"\theta",
    "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau",
    "φ": r"\varphi", "χ": r"\chi", "ω": r"\omega", "Σ": r"\Sigma", "Ω": r"\Omega",
}  # fmt: skip
NAMES = SPECIAL | {sign: rf"\ensuremath{{{name}}}" for sign, name in MATHS.items()}


def escaped(text: object) -> str:
    """One line of LaTeX that prints ``text``. Line ends become spaces; control and direction marks are dropped."""
    line = re.sub(r"[ \t\r\n\f\v\u2028\u2029]+", " ", str(text)).strip(" ")
    return "".join(NAMES.get(c, c) for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))


def cell(text: object) -> str:
    r"""A table's cell: after ``\\`` a leading bracket or star would be read as the command's own argument."""
    made = escaped(text)
    return "{}" + made if made.startswith(("[", "*")) else made


def key(text: str) -> str:
    """A name for ``\\label``: letters, digits and dashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or "it"


def figure(name: str, caption: str, width: str) -> str:
    r"""The figure environment of a picture ``name`` (no ending: LaTeX finds .pdf or .png beside the snippet).

    ``width`` is "single" or "double" (``figure*``: both columns of a page that has two). ``\figurefolder`` says where
    the picture lies, seen from the main document; set before, it stays.
    """
    star, measure = ("*", r"\textwidth") if width == "double" else ("", r"\columnwidth")
    return "\n".join((
        r"% needs \usepackage{graphicx}, and the picture as PDF or PNG", r"\providecommand{\figurefolder}{.}",
        rf"\begin{{figure{star}}}[tp]", r"  \centering",
        rf"  \includegraphics[width={measure}]{{\figurefolder/{name}}}", rf"  \caption{{{caption}}}",
        rf"  \label{{fig:{key(name)}}}", rf"\end{{figure{star}}}", "",
    ))  # fmt: skip


def titled(title: str, text: str) -> str:
    """A caption: the title in bold, then the text; both are plain text."""
    return rf"\textbf{{{escaped(stopped(title))}}} {escaped(text)}"


def paragraph(title: str, text: str) -> str:
    """A titled paragraph of plain text."""
    return rf"\paragraph{{{escaped(stopped(title))}}} {escaped(text)}"


def stopped(title: str) -> str:
    """The title with a stop, unless it asks."""
    return title if title.endswith(("?", "!", ".")) else f"{title}."


def main(figures: Sequence[tuple[str, bool]], tables: Sequence[str], title: str) -> str:
    """The fragment that inputs everything; a picture that was not drawn (False) is left as a comment."""
    lines = [
        r"% A fragment: \input it into a document that has \usepackage{graphicx,booktabs,longtable}.",
        r"% From another folder, say before where it lies: \newcommand{\paperfolder}{path/to/this/folder}",
        r"\providecommand{\paperfolder}{.}", r"\providecommand{\figurefolder}{\paperfolder/figures}",
        rf"\section{{{escaped(title)}}}", r"\input{\paperfolder/results.tex}",
        *(rf"\input{{\paperfolder/tables/{name}.tex}}" for name in tables),
        *(rf"{'' if drawn else '% not drawn: '}\input{{\paperfolder/figures/{name}.tex}}" for name, drawn in figures),
        r"\section{In plain words}", r"\input{\paperfolder/plain-words.tex}",
    ]  # fmt: skip
    return "\n".join([*lines, ""])
