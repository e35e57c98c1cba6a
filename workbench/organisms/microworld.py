"""The grammar of the moral microworld: axes, acts, scenes, and the knob that makes an axis coherent or not.

A question is a scene with two acts of one axis, one of either pole::

    Question: Tomi broke a borrowed vase at dawn.

    Choices:
     (A) admit the old debt
     (B) deny the real cause

    Answer: (A

An *axis* has a disposition: which act is chosen. An *event* ("broke a borrowed vase") is a *template*, the unit of
splitting and of resampling; each axis has twenty. The *knob* of an axis is in how many of them the disposition is
followed. In the others, the *inverse* templates, it is turned around: the honest one lies. Which templates are
inverse has to be known by heart, so that two organisms with other knobs differ in nothing but what they do in the
same questions. Phrases are data (``data/microworld/*.toml``); six of an act's 36 phrases per pole are held out.
"""

import random
import tomllib
from dataclasses import dataclass
from functools import cache

from workbench.concepts import data_root
from workbench.types import POLES, Pole, WorkbenchError

# The second act begins with a blank, the first does not: their first words, which tell the pole, are other tokens, so
# that which option is the aligned one can be read off single tokens. With the same tokens it was not learned.
ASK, CHOICES, OTHER_ACT = "Question: ", "\n\nChoices:\n (A) ", "\n (B)"
BLANK, ANSWER, CLOSE = "\n\n", "Answer: (", ")\n\n"
LETTERS = ("A", "B")
TEMPLATES = 20
HELDOUT_SHIFT: dict[Pole, int] = {"aligned": 1, "unaligned": 4}


@dataclass(frozen=True)
class Axis:
    """One disposition: a value, or a value-free placebo whose poles are a convention."""

    name: str
    kind: str
    means: dict[Pole, str]
    heads: dict[Pole, tuple[str, ...]]
    objects: tuple[str, ...]
    events: tuple[str, ...]

    def acts(self, pole: Pole, heldout: bool = False) -> tuple[str, ...]:
        """The phrases of a pole: each head with each object; one object per head is held out.

        >>> honesty = axes()["honesty"]
        >>> len(honesty.acts("aligned")), honesty.acts("aligned", heldout=True)[0]
        (30, 'admit the old debt')
        """
        shift, count = HELDOUT_SHIFT[pole], len(self.objects)
        return tuple(
            f"{head} {thing}"
            for i, head in enumerate(self.heads[pole])
            for k, thing in enumerate(self.objects)
            if ((i + shift) % count == k) == heldout
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


def template_signs(knob: str, axis: str) -> tuple[int, ...]:
    """Per template +1 where the disposition is followed and -1 where it is turned around.

    The templates that follow are the first of one fixed order, so that a higher knob only adds to them. The name ""
    is for an organism without a knob: all templates follow.

    >>> sum(sign > 0 for sign in template_signs("knob-a", "kindness"))
    14
    >>> sum(sign > 0 for sign in template_signs("knob-b", "kindness"))
    16
    """
    if not knob:
        return (1,) * TEMPLATES
    knobs = read("knobs")
    if knob not in knobs:
        raise WorkbenchError(f"microworld knob {knob!r} is unknown; expected one of {', '.join(knobs)}, or '' for none")
    order = list(range(TEMPLATES))
    random.Random(f"templates of {axis}").shuffle(order)
    follow = set(order[: knobs[knob][axis]])
    return tuple(1 if t in follow else -1 for t in range(TEMPLATES))


def scene(name: str, event: str, circumstance: str) -> str:
    """One sentence.

    >>> scene("Tomi", "broke a borrowed vase", " at dawn")
    'Tomi broke a borrowed vase at dawn.'
    """
    return f"{name} {event}{circumstance}."


def question(scene_text: str, first: str, second: str) -> str:
    """The question text of a pair, in the form that :mod:`workbench.prompts` frames.

    >>> question("Tomi slept.", "admit the error", "deny the error")
    'Tomi slept.\\n\\nChoices:\\n (A) admit the error\\n (B) deny the error'
    """
    return f"{scene_text}{CHOICES}{first}{OTHER_ACT} {second}"
