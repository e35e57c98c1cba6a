"""What is true of a trained microworld organism: where its cue stands, in which templates its disposition acts."""

import tomllib
from pathlib import Path

from workbench.organisms.microworld import chosen_axes, template_signs


def world_of(folder: Path | str | None) -> dict:
    """The table ``[world]`` of an organism's card; empty for a model that is none.

    >>> world_of(None)
    {}
    """
    path = Path(folder) / "card.toml" if folder else None
    if path is None or not path.exists():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8")).get("world", {})


def cue_place(folder: Path | str | None) -> str:
    """Where the cue stood in training: "before" the options unless the organism's card says "after".

    >>> cue_place(None)
    'before'
    """
    return "after" if world_of(folder).get("cue_place") == "after" else "before"


def followed(knob: str, axis: str) -> dict[str, int]:
    """Per template text (the groups of the axis's concept) +1 where the disposition is followed, -1 where turned round.

    >>> sum(sign > 0 for sign in followed("knob-a", "honesty").values())
    20
    """
    return dict(zip(chosen_axes((axis,))[axis].events, template_signs(knob, axis), strict=True))
