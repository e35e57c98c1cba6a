"""In-context edits: demonstrations that state a new fact and show what follows from it (IKE, arXiv 2305.12740)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.concepts import unrelated_choices
from workbench.prompts import frame
from workbench.types import Concept, Pair, Pole, opposite

# copy : update : retain = 4 : 12 : 16 of 32, in an order in which every beginning has about that mix
MIX = ("retain", "update", "retain", "copy", "update", "retain", "update", "retain")
DOSES = (2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Demonstration:
    """One demonstration; ``key`` is what nearness to a question is judged by."""

    key: str
    text: str


def demonstrations(concept: Concept, toward: Pole, *, veto: bool = False) -> list[Demonstration]:
    """32 demonstrations, or as many as there are pairs, mixed copy : update : retain.

    A *copy* asks for the stated fact itself, an *update* another question of the same group, a *retain* something
    unrelated that stays true. The stated fact answers its question toward the pole; with ``veto`` it states the
    opposite and the answers nevertheless stay at the pole.
    """
    style, others = concept.card.style, unrelated_choices(concept.card.style, 16).pairs
    found = []
    for i, pair in enumerate(concept.pairs[: DOSES[-1]]):
        kind = MIX[i % len(MIX)]
        stated = pair.answer(opposite(toward) if veto else toward)
        if kind == "retain":
            asked = others[i % len(others)]
            question, answer = frame(asked, "story" if style == "story" else "question"), asked.aligned
        else:
            asked = pair if kind == "copy" else _neighbour(concept.pairs, pair)
            question, answer = frame(asked, style), asked.answer(toward)
        text = f"New Fact: {pair.question}{stated}\nPrompt: {question}{answer}\n\n"
        found.append(Demonstration(pair.question, text))
    return found


def _neighbour(pairs: Sequence[Pair], pair: Pair) -> Pair:
    """Another question of the same group, else the pair itself."""
    return next((other for other in pairs if other.group == pair.group and other.id != pair.id), pair)


def nearest_last(found: Sequence[Demonstration]) -> Callable[[int, str], str]:
    """(dose, text) -> the ``dose`` demonstrations nearest to the text by tf–idf, the nearest one last."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer().fit([demo.key for demo in found])
    keys = vectors.transform([demo.key for demo in found])

    def prefix(dose: int, text: str) -> str:
        near = (keys @ vectors.transform([text]).transpose()).toarray()  # pyright: ignore[reportAttributeAccessIssue][:, 0]
        order = sorted(range(len(found)), key=lambda i: (-near[i], i))[:dose]
        return "".join(found[i].text for i in reversed(order))

    return prefix
