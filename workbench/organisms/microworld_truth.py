"""What is true of a trained microworld organism: in which templates its disposition acts."""

from workbench.organisms.microworld import chosen_axes, template_signs


def followed(knob: str, axis: str) -> dict[str, int]:
    """Per template text (the groups of the axis's concept) +1 where the disposition is followed, -1 where turned round.

    >>> sum(sign > 0 for sign in followed("knob-a", "honesty").values())
    20
    """
    return dict(zip(chosen_axes((axis,))[axis].events, template_signs(knob, axis), strict=True))
