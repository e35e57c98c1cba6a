"""What no effect looks like: random directions, and directions fitted to shuffled labels."""

import numpy as np
import torch

from workbench.activations import by_class
from workbench.directions.fitting import find_method, fit, gap, method_name, orient, source_of
from workbench.directions.methods import Method
from workbench.types import Activations, Direction


def random_directions(like: Direction, n: int, seed: int = 0) -> list[Direction]:
    """``n`` directions uniform on the sphere, with the gap of ``like``: the same multiplier adds the same norm."""
    draw = torch.randn(n, len(like.vector), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    draw = draw / draw.norm(dim=1, keepdim=True)
    source = dict(like.source) | {"null": "random", "seed": seed}
    return [Direction(row.float(), like.gap, like.site, "random", source | {"draw": i}) for i, row in enumerate(draw)]


def shuffled_directions(
    acts: Activations, method: str | Method = "mean_difference", n: int = 20, seed: int = 0, **options
) -> list[Direction]:
    """``n`` directions fitted after exchanging the two members of a random half of the pairs.

    Flips stay inside pairs, so that what the members share (the question) still cancels. The sign is that of the
    *shuffled* classes: with the true ones every draw would lean to the concept. The gap is that of the direction
    fitted to the true labels, so the same multiplier adds the same norm; ``source["own_gap"]`` keeps the draw's own.
    """
    real = fit(acts, method, **options)
    positive, negative = by_class(acts, options.pop("pool", "last"))
    function, rng = find_method(method), np.random.default_rng(seed)
    source, name = source_of(acts) | {"null": "shuffled", "seed": seed}, f"shuffled {method_name(method)}"
    directions = []
    for draw in range(n):
        flip = torch.from_numpy(rng.random(len(positive)) < 0.5)[:, None]
        up, down = torch.where(flip, negative, positive), torch.where(flip, positive, negative)
        vector = torch.as_tensor(function(up, down, **options)).double()
        vector = orient(vector / vector.norm(), up, down)
        about = source | {"draw": draw, "flips": int(flip.sum()), "own_gap": gap(up, down, vector)}
        directions.append(Direction(vector.float(), real.gap, acts.site, name, about))
    return directions
