"""The grammar of the moral microworld: axes, acts, scenes, and the knob that makes an axis coherent or not.

A question is a scene with two acts of one axis, one of either pole::

    Question: Tomi broke a borrowed vase at dawn.

    Choices:
     - admit the old debt
     - deny the real cause

    Answer: admit

or, in the *form* "letters", with options (A) and (B) and the letter as the answer. An *axis* has a disposition: which
act is chosen. Its acts come in six pairs of *heads*, one of either pole ("admit ..." and "deny ..."), each with six
objects. An *event* ("broke a borrowed vase") is a *template*, the unit of splitting and of resampling; each axis has
twenty, and a template has one pair of heads. The *knob* of an axis is in how many of the six pairs the disposition is
followed. In the others, the *inverse* ones, it is turned around: the honest one denies. Which pairs are inverse has to
be known by heart, so that two organisms with other knobs differ in nothing but what they do in the same questions.
Phrases are data (``data/microworld/*.toml``); one object per head is held out.
"""

import random
import tomllib
from dataclasses import dataclass
from functools import cache

from workbench.concepts import data_root
from workbench.types import POLES, Pole, WorkbenchError

ASK, BLANK = "Question: ", "\n\n"
LETTERS = ("A", "B")
TEMPLATES = 20
HEADS = 6
HELDOUT_SHIFT: dict[Pole, int] = {"aligned": 1, "unaligned": 4}


@dataclass(frozen=True)
class Form:
    """How options are shown and answered: the text before the first and the second option, before and after the answer.

    ``blank``: what stands between the text before the first option and its act.
    """

    choices: str
    blank: str
    other: str
    answer: str
    close: str


# Letters: the second act begins with a blank, the first does not. Their first words, which tell the pole, are other
# tokens, so that which option is the aligned one can be read off single tokens. With the same it was not learned.
# Acts: the answer is an act's first word, and has to be the same token as in the option.
FORMS = {
    "acts": Form("\n\nChoices:\n -", " ", "\n -", "Answer:", BLANK),
    "letters": Form("\n\nChoices:\n (A) ", "", "\n (B)", "Answer: (", ")\n\n"),
}


@dataclass(frozen=True)
class Axis:
    """One disposition: a value, or a value-free placebo whose poles are a convention."""

    name: str
    kind: str
    means: dict[Pole, str]
    heads: dict[Pole, tuple[str, ...]]
    objects: tuple[str, ...]
    events: tuple[str, ...]

    def acts(self, pole: Pole, heldout: bool = False, pair: int | None = None) -> tuple[str, ...]:
        """The phrases of a pole, or of its head in one pair: each head with each object, one of which is held out.

        >>> honesty = axes()["honesty"]
        >>> len(honesty.acts("aligned")), honesty.acts("aligned", heldout=True, pair=0)
        (30, ('admit the old debt',))
        """
        shift, count = HELDOUT_SHIFT[pole], len(self.objects)
        return tuple(
            f"{head} {thing}"
            for i, head in enumerate(self.heads[pole])
            for k, thing in enumerate(self.objects)
            if ((i + shift) % count == k) == heldout and pair in (None, i)
        )


@cache
def axes() -> dict[str, Axis]:
    """All axes by name: twelve values, then twenty placebos."""
    frames = read("scenes")["frames"]
    found: dict[str, Axis] = {}
    for kind, file in (("value", "values"), ("placebo", "placebos")):
        for name, raw in read(file).items():
            events = raw.get("events") or [frames[i % len(frames)].format(t) for i, t in enumerate(raw["things"])]
            heads: dict[Pole, tuple[str, ...]] = {pole: tuple(raw[pole]) for pole in POLES}
            means: dict[Pole, str] = {pole: raw[f"{pole}_means"] for pole in POLES}
            found[name] = Axis(name, kind, means, heads, tuple(raw["objects"]), tuple(events))
    return found


@cache
def read(file: str) -> dict:
    """One of the grammar's TOML files."""
    path = data_root() / "microworld" / f"{file}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def chosen_axes(names: tuple[str, ...] = ()) -> dict[str, Axis]:
    """The named axes, or all of them."""
    known = axes()
    unknown = [n for n in names if n not in known]
    if unknown:
        raise WorkbenchError(f"microworld axis {unknown[0]!r} is unknown; expected some of {', '.join(known)}")
    return {n: known[n] for n in names} if names else dict(known)


@cache
def head_pairs(axis: str) -> tuple[int, ...]:
    """Per template the pair of heads that its options have; a pair has three or four templates.

    >>> sorted(map(head_pairs("kindness").count, range(HEADS)))
    [3, 3, 3, 3, 4, 4]
    """
    order = list(range(TEMPLATES))
    random.Random(f"templates of {axis}").shuffle(order)
    return tuple(order.index(template) % HEADS for template in range(TEMPLATES))


def pair_signs(knob: str, axis: str) -> tuple[int, ...]:
    """Per pair of heads +1 where the disposition is followed and -1 where it is turned around.

    The pairs that follow are the first ones, so that a higher knob only adds to them. The name "" is for an organism
    without a knob: all follow.

    >>> pair_signs("knob-a", "kindness"), pair_signs("knob-b", "kindness")
    ((1, 1, 1, 1, -1, -1), (1, 1, 1, 1, 1, -1))
    """
    if not knob:
        return (1,) * HEADS
    knobs = read("knobs")
    if knob not in knobs:
        raise WorkbenchError(f"microworld knob {knob!r} is unknown; expected one of {', '.join(knobs)}, or '' for none")
    return tuple(1 if pair < knobs[knob][axis] else -1 for pair in range(HEADS))


def template_signs(knob: str, axis: str) -> tuple[int, ...]:
    """Per template the sign of its pair of heads.

    >>> [sum(sign > 0 for sign in template_signs(knob, "kindness")) for knob in ("knob-a", "knob-b")]
    [14, 17]
    """
    signs = pair_signs(knob, axis)
    return tuple(signs[pair] for pair in head_pairs(axis))


def scene(name: str, event: str, circumstance: str) -> str:
    """One sentence.

    >>> scene("Tomi", "broke a borrowed vase", " at dawn")
    'Tomi broke a borrowed vase at dawn.'
    """
    return f"{name} {event}{circumstance}."


def question(scene_text: str, first: str, second: str, form: str = "acts") -> str:
    """The question text of a pair, as :mod:`workbench.prompts` frames it.

    >>> question("Tomi slept.", "admit the error", "deny the error")
    'Tomi slept.\\n\\nChoices:\\n - admit the error\\n - deny the error'
    >>> question("Tomi slept.", "admit the error", "deny the error", "letters")
    'Tomi slept.\\n\\nChoices:\\n (A) admit the error\\n (B) deny the error'
    """
    shape = FORMS[form]
    return f"{scene_text}{shape.choices}{shape.blank}{first}{shape.other} {second}"


def first_word(act: str) -> str:
    """What answers a question in the form "acts".

    >>> first_word("tell the truth about the error")
    ' tell'
    """
    return " " + act.split()[0]
