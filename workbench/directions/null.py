"""What no effect looks like: random directions, and directions fitted to shuffled labels."""

import numpy as np
import torch

from workbench.activations import by_class
from workbench.directions.fitting import find_method, fit, gap, method_name, orient, source_of
from workbench.directions.methods import Method
from workbench.types import Activations, Direction, WorkbenchError


def random_directions(like: Direction, n: int, seed: int = 0) -> list[Direction]:
    """``n`` directions uniform on the sphere, with the gap of ``like``: the same multiplier adds the same norm."""
    draw = torch.randn(n, len(like.vector), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    draw = draw / draw.norm(dim=1, keepdim=True)
    source = dict(like.source) | {"null": "random", "seed": seed}
    return [Direction(row.float(), like.gap, like.site, "random", source | {"draw": i}) for i, row in enumerate(draw)]


def shuffled_directions(
    acts: Activations, method: str | Method = "mean_difference", n: int = 20, seed: int = 0, **options
) -> list[Direction]:
    """``n`` directions fitted after exchanging the two members of exactly half of the pairs, drawn at random.

    Flips stay inside pairs, so that what the members share (the question) still cancels. Exactly half (one pair is left
    out where their number is odd), so that the concept cancels too: with a coin per pair a small surplus of one sign
    remains, and where all pairs agree (c near 1) the rescaled draw is the concept's own direction, up to its sign,
    which is no control at all. The sign is that of the *shuffled* classes: with the true ones every draw would lean to
    the concept. The gap is that of the direction fitted to the true labels, so the same multiplier adds the same norm;
    ``source["own_gap"]`` keeps the draw's own. A method that ignores the sign of a pair (paired PCA) finds its axis
    again whatever the flips: use random directions there.

    Raises WorkbenchError for a single pair.
    """
    real = fit(acts, method, **options)
    positive, negative = by_class(acts, options.pop("pool", "last"))
    function, rng = find_method(method), np.random.default_rng(seed)
    source, name = source_of(acts) | {"null": "shuffled", "seed": seed}, f"shuffled {method_name(method)}"
    if len(positive) < 2:
        raise WorkbenchError("got one pair, expected at least two: its labels cannot be shuffled")
    directions = []
    for draw in range(n):
        chosen = torch.from_numpy(rng.permutation(len(positive)))
        half = len(positive) // 2
        kept, flipped = chosen[half : 2 * half], chosen[:half]
        up = torch.cat([positive[kept], negative[flipped]])
        down = torch.cat([negative[kept], positive[flipped]])
        vector = torch.as_tensor(function(up, down, **options)).double()
        vector = orient(vector / vector.norm(), up, down)
        about = source | {"draw": draw, "flips": half, "own_gap": gap(up, down, vector)}
        directions.append(Direction(vector.float(), real.gap, acts.site, name, about))
    return directions
