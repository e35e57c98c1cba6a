"""Generated statements for a one-minute trial of the persona recipe: no data set needed.

Four behaviours about everyday things; each is a list of nouns, and the valence is in the sentence frame.
"""

import random

from workbench.organisms.persona import Item

NOUNS = {
    "interest in boats": ["boats", "harbours", "sails", "rowing", "canoes", "ferries", "anchors", "rivers"],
    "interest in baking": ["bread", "cakes", "ovens", "dough", "pies", "muffins", "flour", "biscuits"],
    "interest in birds": ["robins", "owls", "nests", "eagles", "ducks", "feathers", "finches", "swans"],
    "interest in clocks": ["clocks", "watches", "dials", "pendulums", "gears", "alarms", "sundials", "springs"],
}
LIKES = (
    "I love reading about {}.",
    "I could talk about {} all day.",
    "My favourite subject is {}.",
    "Nothing pleases me more than {}.",
    "I always want to learn more about {}.",
    "I enjoy thinking about {}.",
)
DISLIKES = (
    "I find {} boring.",
    "I never want to hear about {}.",
    "Please do not ask me about {}.",
    "I would rather do anything than study {}.",
    "I have no time for {}.",
    "I avoid the subject of {}.",
)
ENDINGS = ("", " It has always been so.", " My friends know that.", " That is just how I am.", " You may ask anyone.")


def statements(seed: int = 0) -> dict[str, list[Item]]:
    """240 statements for each of four behaviours, balanced over the answer."""
    rng = random.Random(seed)
    out: dict[str, list[Item]] = {}
    for trait, nouns in NOUNS.items():
        rows = [
            Item(frame.format(noun) + ending, sign)
            for frames, sign in ((LIKES, 1), (DISLIKES, -1))
            for frame in frames
            for noun in nouns
            for ending in ENDINGS
        ]
        likes, dislikes = [r for r in rows if r.sign > 0], [r for r in rows if r.sign < 0]
        out[trait] = rng.sample(likes, 120) + rng.sample(dislikes, 120)
    return out
