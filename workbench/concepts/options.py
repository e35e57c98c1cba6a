"""Questions that hold their own two options, ``... (A) first`` and ``(B) second`` on lines of their own."""

import re
from dataclasses import dataclass

LAST_OPTIONS = re.compile(
    r"(?P<stem>.*\n)[ \t]*\(A\)[ \t]*(?P<first>.*?)[ \t]*\n[ \t]*\(B\)[ \t]*(?P<second>.*)", re.DOTALL
)


@dataclass(frozen=True)
class TwoOptions:
    """A question cut at its options. ``stem`` ends with a line end ("...?\\n\\nChoices:\\n")."""

    stem: str
    first: str
    second: str

    @property
    def text(self) -> str:
        return f"{self.stem} (A) {self.first}\n (B) {self.second}"

    def swapped(self) -> "TwoOptions":
        return TwoOptions(self.stem, self.second, self.first)


def find_options(question: str) -> TwoOptions | None:
    """The last (A)/(B) lines of a question, without outer blanks, or None where there are not two different ones."""
    match = LAST_OPTIONS.fullmatch(question)
    if match is None:
        return None
    first, second = match["first"].strip(), match["second"].strip()
    usable = first and second and first != second and "(C)" not in second
    return TwoOptions(match["stem"], first, second) if usable else None
