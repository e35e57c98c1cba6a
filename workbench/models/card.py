"""What the card of an organism says about prompts: where its cues stood in training."""

import tomllib
from pathlib import Path
from typing import Literal


def world_of(folder: Path | str | None) -> dict:
    """The table ``[world]`` of an organism's card; empty for a model that is none.

    >>> world_of(None)
    {}
    """
    path = Path(folder) / "card.toml" if folder else None
    if path is None or not path.exists():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8")).get("world", {})


def cue_place(folder: Path | str | None) -> Literal["before", "after"]:
    """Where the cue stood in training: "before" the options unless the organism's card says "after".

    >>> cue_place(None)
    'before'
    """
    return "after" if world_of(folder).get("cue_place") == "after" else "before"
