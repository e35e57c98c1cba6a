"""Defence: other weights of the same model, as a fine-tuned checkpoint: what training did is attacked like a hook."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from workbench.models import Model, load
from workbench.types import Concept, Control, Pole, WorkbenchError


@dataclass(frozen=True)
class Checkpoint:
    """``weights`` (an organism, a folder, a hub name) in place of the model's own. There is one strength, 1."""

    weights: str
    doses: tuple[float, ...] = (1.0,)

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The checkpoint behind the model's hooks and turns; strength 0 is the model itself."""
        if strength not in (0.0, 1.0):
            raise WorkbenchError(f"strength {strength:g} is no checkpoint; expected 1, or 0 for the model itself")
        if not strength:
            yield model
            return
        other = loaded(self.weights, str(model.device), model.dtype)
        fits(model, other)
        note = f"checkpoint {other.digest}"
        yield replace(model.altered(note), bridge=other.bridge, folder=other.folder, source="")


@lru_cache(maxsize=2)
def loaded(weights: str, device: str, dtype) -> Model:
    """The checkpoint, loaded once."""
    return load(weights, device=device, dtype=dtype)


def fits(model: Model, other: Model) -> None:
    """WorkbenchError unless both have the same layers, width and tokens: else no vector of one means anything in the
    other.
    """
    for what, mine, theirs in (
        ("layers", model.n_layers, other.n_layers), ("dimensions", model.d_model, other.d_model),
        ("vocabulary", model.tokenizer.get_vocab(), other.tokenizer.get_vocab()),
    ):  # fmt: skip
        if mine != theirs:
            told = f"{theirs} {what}, {mine}" if isinstance(mine, int) else "another vocabulary, the same"
            raise WorkbenchError(f"checkpoint {other.name} has {told} expected: give weights of {model.name}'s shape")


def control(model: Model, concept: Concept, toward: Pole, *, weights: str = "") -> Control:
    """The same for every concept and pole; ``--defence checkpoint --set 'options={weights="my-model"}'``.

    WorkbenchError where no weights are named, or they are not of the model's shape.
    """
    if not weights:
        raise WorkbenchError("a checkpoint needs weights: an organism or a folder, as options={weights='my-model'}")
    other = loaded(weights, str(model.device), model.dtype)
    fits(model, other)
    return Checkpoint(weights)
