"""Temporary hooks, safely: known names only, never resid_mid, removed whatever happens.

A hook is ``fn(activation, hook)`` and returns the new activation, or None to leave it. A function that also has a
parameter named ``batch`` is given the :class:`Batch` that is running (padding, prompt lengths, cache offset).
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from torch.nn.modules import module as every_module
from torch.utils.hooks import RemovableHandle

from workbench.models.batch import Batch
from workbench.models.exclusive import exclusive
from workbench.models.model import Hook, Model
from workbench.types import WorkbenchError

_running: ContextVar[Batch | None] = ContextVar("running batch", default=None)
_points: WeakKeyDictionary = WeakKeyDictionary()
# by bridge: how many hooks torch had ever registered when nobody listened in its blocks
_quiet_at: WeakKeyDictionary = WeakKeyDictionary()
TORCH_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
# where the libraries' own hooks are made, which serve hook points and asked-for outputs and change nothing
PLUMBING = ("transformer_lens.model_bridge.generalized_components.", "transformers.utils.output_capturing")


@contextmanager
def hooked(model: Model, hooks: Mapping[str, Callable] | Sequence[Hook]) -> Iterator[Model]:
    """Attach hooks for the duration of a ``with``; on leaving, also by an exception, the old state is back.

    Raises WorkbenchError, before anything is attached, for a name the model lacks and for ``resid_mid``, whose
    hook reaches the MLP branch only in TransformerLens 4.3 (read it, and intervene at attn_out or resid_post).
    """
    pairs = list(hooks.items()) if isinstance(hooks, Mapping) else list(hooks)
    for name, _ in pairs:
        if name.endswith("hook_resid_mid"):
            raise WorkbenchError(f"hook {name!r} would reach the MLP branch only; intervene at resid_pre, attn_out, "
                                 "mlp_out or resid_post instead (resid_mid may be read)")
    with attached(model, pairs):
        yield model


@contextmanager
def attached(model: Model, pairs: Sequence[Hook]) -> Iterator[None]:
    """:func:`hooked` without the refusal of resid_mid: for reading. Other threads wait until it is left."""
    with exclusive(model):
        yield from _attached(model, pairs)


def _attached(model: Model, pairs: Sequence[Hook]) -> Iterator[None]:
    points = [(hook_point(model, name), fn) for name, fn in pairs]
    for (point, fn), (name, _) in zip(points, pairs, strict=True):
        _check_fires(model, point, name, fn)
    handles = []
    try:
        for point, fn in points:
            # straight to the point: bridge.hooks() calls a hook once per alias of the point in compatibility mode
            handles.append((point, point.add_hook(_with_batch(fn))))
        yield
    finally:
        for point, handle in handles:
            handle.hook.remove()
            point.fwd_hooks[:] = [kept for kept in point.fwd_hooks if kept is not handle]


@contextmanager
def running(model: Model, batch: Batch) -> Iterator[None]:
    """Says which batch is in the model, for hooks that ask; no other thread is in it meanwhile."""
    with exclusive(model):
        token = _running.set(batch)
        try:
            yield
        finally:
            _running.reset(token)


def hook_point(model: Model, name: str) -> Any:
    """The TransformerLens hook point of that name, aliases included."""
    points = points_of(model)
    if name not in points:
        points = _points[model.bridge] = dict(model.bridge.hook_dict)
    if name not in points:
        raise WorkbenchError(f"hook {name!r} is unknown to {model.name} ({model.n_layers} layers, counted from 0); "
                             "expected a name such as 'blocks.0.hook_resid_post'")
    return points[name]


def points_of(model: Model) -> dict[str, Any]:
    """All hook points of a model by name, as they were when first asked for."""
    if model.bridge not in _points:
        _points[model.bridge] = dict(model.bridge.hook_dict)
    return _points[model.bridge]


def listened_to(model: Model) -> bool:
    """Whether any hook but the libraries' own is attached in the blocks: at a hook point, or by torch on a module.

    The modules are walked only when torch has registered a hook anywhere since nobody listened here.
    """
    registered = RemovableHandle.next_id
    if _quiet_at.get(model.bridge) == registered:
        return False
    if _hooked_points(model) or _hooked_modules(model):
        return True
    _quiet_at[model.bridge] = registered
    return False


def _hooked_points(model: Model) -> bool:
    return any(point.fwd_hooks or point.bwd_hooks for point in points_of(model).values())


def _hooked_modules(model: Model) -> bool:
    if every_module._has_any_global_hook():
        return True
    kept = (getattr(module, kind) for module in model.bridge.blocks.modules() for kind in TORCH_HOOKS)
    # a callable object has no module of its own, its class has
    return any(not (getattr(fn, "__module__", None) or "").startswith(PLUMBING)
               for some in kept if some for fn in some.values())


def _check_fires(model: Model, point: Any, name: str, fn: Callable) -> None:
    try:
        model.bridge.check_hooks_to_add(point, name, fn)
    except ValueError as error:
        raise WorkbenchError(f"hook {name!r} would never fire: {error}") from error


def _with_batch(fn: Callable) -> Callable:
    if "batch" not in inspect.signature(fn).parameters:
        return fn

    def hook_with_batch(activation: Any, hook: Any) -> Any:
        batch = _running.get()
        if batch is None:
            raise WorkbenchError("a hook asked for the running batch outside a pass; use forward, capture or generate")
        return fn(activation, hook, batch=batch)

    return hook_with_batch
