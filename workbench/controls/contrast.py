"""What steering and erasing methods are fitted on: activations of both poles, and of neither, at chosen layers."""

from collections.abc import Sequence
from functools import lru_cache

from jaxtyping import Float
from torch import Tensor

from workbench.activations import by_class, extract, extract_texts
from workbench.directions import fit
from workbench.models import Model
from workbench.prompts import bare_prompt
from workbench.types import Activations, Concept, Direction, Pole, Site, WorkbenchError

Rows = Float[Tensor, "row d_model"]


def default_layers(model: Model, layers: Sequence[int] = ()) -> tuple[int, ...]:
    """The layers asked for, negative ones from the end, or the one in the middle (of four layers: 1, from 0)."""
    chosen = [layer + model.n_layers if layer < 0 else layer for layer in layers]
    return tuple(chosen) or ((model.n_layers - 1) // 2,)


@lru_cache(maxsize=4)
def _contrast(model: Model, concept: Concept, prompt_type: str, layers: tuple[int, ...]) -> dict[Site, Activations]:
    # keyed by the model itself: another model, or the same under a control, never finds these
    return extract(model, concept, prompt_type=prompt_type, sites=[Site(layer) for layer in layers])


def contrast(
    model: Model, concept: Concept, prompt_type: str = "prefilled", layers: Sequence[int] = ()
) -> dict[Site, Activations]:
    """Activations of both poles (aligned positive) at the last token, per site; the latest few are kept."""
    return _contrast(model, concept, prompt_type, default_layers(model, layers))


def directions(
    model: Model,
    concept: Concept,
    toward: Pole,
    *,
    method: str = "mean_difference",
    prompt_type: str = "prefilled",
    layers: Sequence[int] = (),
) -> list[Direction]:
    """A direction per layer pointing to ``toward``; fitted on both poles, so the other pole's is its opposite."""
    found = [fit(acts, method) for acts in contrast(model, concept, prompt_type, layers).values()]
    return found if toward == "aligned" else [turned(direction) for direction in found]


def turned(direction: Direction) -> Direction:
    """The same line the other way."""
    return Direction(-direction.vector, direction.gap, direction.site, direction.method, direction.source)


def pole_rows(model: Model, concept: Concept, pole: Pole, layers: Sequence[int] = ()) -> dict[Site, tuple[Rows, Rows]]:
    """Per site: activations under a cue toward one pole, and of the bare questions, at the last token of each.

    The other pole is not looked at: what is fitted on these is that pole's own.
    """
    card = concept.card
    if not (card.trait or card.instruction_aligned):
        raise WorkbenchError(
            f"concept {concept.name!r} has no cue for one pole alone; add a trait or instructions to "
            "its card, or use a method that contrasts both poles"
        )
    chosen = default_layers(model, layers)
    cued = contrast(model, concept, "instruction", chosen)
    bare = _bare(model, concept, chosen)
    return {site: (by_class(acts)[0 if pole == "aligned" else 1], bare[site].last().double())
            for site, acts in cued.items()}  # fmt: skip


@lru_cache(maxsize=4)
def _bare(model: Model, concept: Concept, layers: tuple[int, ...]) -> dict[Site, Activations]:
    texts = [bare_prompt(pair, concept.card) for pair in concept.pairs]
    return extract_texts(model, texts, [Site(layer) for layer in layers])


def pole_directions(model: Model, concept: Concept, pole: Pole, layers: Sequence[int] = ()) -> list[Direction]:
    """Per layer the direction from neither pole to ``pole``, from that pole's own data."""
    found = []
    for site, (cued, bare) in pole_rows(model, concept, pole, layers).items():
        difference = cued.mean(0) - bare.mean(0)
        gap = float(difference.norm())
        if not 0 < gap < float("inf"):
            raise WorkbenchError(f"a cue toward {pole} changes nothing at {site}; read another layer")
        found.append(Direction((difference / gap).float(), gap, site, "pole mean", {"pole": pole}))
    return found
