"""From activations to a :class:`~workbench.types.Direction`: method, unit length, sign, gap."""

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.activations import by_class
from workbench.directions.methods import METHODS, Method
from workbench.types import Activations, Direction, WorkbenchError

ROUNDING = 1e-5  # differences below this share of the activations' norm are rounding


def fit(acts: Activations, method: str | Method = "mean_difference", *, pool: str = "last", **options) -> Direction:
    """The direction that ``method`` finds between the classes of ``acts``.

    The vector has unit length and the sign with which the positive class lies above the negative; the gap is the
    distance of the class means along it. So multiplier 1.0 adds exactly the mean difference's projection on the
    direction, which for "mean_difference" is the mean difference itself.

    ``method`` is a name in :data:`METHODS`, ``"module:function"``, or a function (positive, negative) -> vector;
    ``options`` go to it. ``pool`` says what stands for an example with several positions: its "last" or their "mean".
    """
    positive, negative = by_class(acts, pool)
    _check_apart(positive, negative, acts)
    vector = _unit(find_method(method)(positive, negative, **options), method_name(method), acts)
    vector = orient(vector, positive, negative)
    source = source_of(acts) | {"pool": pool} | {k: v for k, v in options.items() if isinstance(v, str | int | float)}
    return Direction(vector.float(), gap(positive, negative, vector), acts.site, method_name(method), source)


def gap(
    positive: Float[Tensor, "pair d_model"], negative: Float[Tensor, "pair d_model"], unit: Float[Tensor, " d_model"]
) -> float:
    """Distance of the class means along ``unit``: mean(positive @ unit) - mean(negative @ unit)."""
    return float((positive.mean(0) - negative.mean(0)).double() @ unit.double())


def orient(
    vector: Float[Tensor, " d_model"], positive: Float[Tensor, "pair d_model"], negative: Float[Tensor, "pair d_model"]
) -> Float[Tensor, " d_model"]:
    """``vector`` or its opposite, whichever has the positive class above the negative."""
    return -vector if gap(positive, negative, vector) < 0 else vector


def find_method(method: str | Method) -> Method:
    """The function a method's name stands for: a key of :data:`METHODS` or ``"module:function"``."""
    if not isinstance(method, str):
        return method
    if method in METHODS:
        return METHODS[method]
    module, _, function = method.partition(":")
    try:
        if function:
            return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise WorkbenchError(f"direction method {method!r} cannot be loaded: {error}") from None
    raise WorkbenchError(f"direction method {method!r} is unknown; expected one of {', '.join(METHODS)}, "
                         "or module:function")


def method_name(method: str | Method) -> str:
    """What a direction's ``method`` field says."""
    return method if isinstance(method, str) else getattr(method, "__name__", str(method))


def source_of(acts: Activations) -> dict[str, Any]:
    """Where activations come from, short: lists (the pair ids) become their number."""
    source: Mapping[str, Any] = acts.source
    return {(f"n_{k}" if isinstance(v, list | tuple) else k): (len(v) if isinstance(v, list | tuple) else v)
            for k, v in source.items()}


def _check_apart(
    positive: Float[Tensor, "pair d_model"], negative: Float[Tensor, "pair d_model"], acts: Activations
) -> None:
    # Where both prompts are the same up to this token, only rounding differs; a direction fitted to it looks like any.
    apart, size = (positive - negative).norm(dim=1).max(), positive.norm(dim=1).median()
    if apart <= ROUNDING * size:
        rule = acts.source.get("rule", "unknown")
        raise WorkbenchError(f"both classes are the same at {acts.site} (token rule {rule!r}): nothing to fit; "
                             "read a later position, or use another prompt type")


def _unit(vector: Any, method: str, acts: Activations) -> Float[Tensor, " d_model"]:
    vector = torch.as_tensor(vector).detach().double()
    width = acts.values.shape[-1]
    if vector.shape != (width,):
        raise WorkbenchError(f"direction method {method!r} returned shape {list(vector.shape)}; expected [{width}]")
    norm = float(vector.norm())
    if not 0 < norm < float("inf"):
        raise WorkbenchError(f"direction method {method!r} found none at {acts.site} (norm {norm:g}); "
                             "choose another method or site")
    return vector / norm
