"""One pass in which every receiver gets an input of its own: what edges are cut, mixed or differentiated with.

The model's own pass goes on as always; only where a head or MLP *reads* the residual stream is its input replaced.
Queries, keys and values are recomputed from the replaced input by the layer's own norm and weights, so attention,
rotary positions and grouped heads stay the model's. What is patched at an edge therefore travels on through its
receiver, and through nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.circuits.contrast import CleanCorrupt, Injection
from workbench.circuits.graph import LOGITS, READS, Graph
from workbench.models import Batch, Hook, Model, forward
from workbench.types import WorkbenchError

# (which receivers, the residual stream there, outputs so far) -> an input per receiver [row position receiver d_model]
Mix = Callable[[slice, Tensor, Tensor], Tensor]
# how far sums may be from what they must equal, relative to the size of their parts
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}


@dataclass
class Wiring:
    """The hooks of one pass, and what the senders wrote in it: ``outputs`` [row position sender d_model], in order."""

    model: Model
    mix: Mix
    injection: Injection | None = None
    parts: list[Tensor] = field(default_factory=list)
    entering: list[Tensor] = field(default_factory=list)

    @property
    def outputs(self) -> Tensor:
        return torch.cat(self.parts, 2)

    def hooks(self) -> list[Hook]:
        graph, found = Graph.of(self.model), []
        for layer in range(graph.n_layers):
            base = f"blocks.{layer}"
            found.append((f"{base}.hook_resid_pre", self._enter(layer)))
            found += [(f"{base}.attn.hook_{read}", self._project(layer, read)) for read in READS]
            found.append((f"{base}.attn.hook_z", self._heads(layer)))
            found.append((f"{base}.ln2.hook_in", self._read(graph.receiving("mlp", layer))))
            found.append((f"{base}.hook_mlp_out", self._write))
        return [*found, ("ln_final.hook_in", self._finish)]

    def _enter(self, layer: int) -> Callable:
        def enter(activation: Tensor, hook: Any) -> Tensor:
            if layer == 0:
                self._write(activation, hook)
            if self.injection is not None and layer == self.injection.entry:
                activation = activation + self._write(self.injection.values.to(activation), hook)
            self.entering.append(activation)
            return activation

        return enter

    def _write(self, activation: Tensor, hook: Any) -> Tensor:
        self.parts.append(activation[:, :, None])
        return activation

    def _heads(self, layer: int) -> Callable:
        def write(activation: Tensor, hook: Any) -> Tensor:
            self.parts.append(head_outputs(self.model, layer, activation))
            return activation

        return write

    def _read(self, which: slice) -> Callable:
        def read(activation: Tensor, hook: Any) -> Tensor:
            return self.mix(which, activation, self.outputs)[:, :, 0]

        return read

    def _finish(self, activation: Tensor, hook: Any) -> Tensor:
        if activation.ndim == 3:  # a family that runs as a whole comes by twice; what is unembedded is the last token
            return activation
        which = Graph.of(self.model).receiving(LOGITS)
        return self.mix(which, activation[:, None], self.outputs[:, -1:])[:, 0, 0]

    def _project(self, layer: int, read: str) -> Callable:
        which = Graph.of(self.model).receiving(read, layer)

        def project(activation: Tensor, hook: Any) -> Tensor:
            mixed = self.mix(which, self.entering[-1], self.outputs)
            return projected(self.model, layer, read, mixed).view(activation.shape)

        return project


def head_outputs(
    model: Model, layer: int, z: Float[Tensor, "row position head d_head"]
) -> Float[Tensor, "row position head d_model"]:
    """What each head adds to the residual stream, without the layer's bias."""
    weight = model.bridge.blocks[layer].attn.W_O
    return torch.einsum("bphe,hed->bphd", z, weight)


def projected(
    model: Model, layer: int, read: str, inputs: Float[Tensor, "row position head d_model"]
) -> Float[Tensor, "row position head d_head"]:
    """Queries, keys or values, each head's from its own residual input, before rotary positions."""
    block, name = model.bridge.blocks[layer], read.upper()
    weight, bias = getattr(block.attn, f"W_{name}"), getattr(block.attn, f"b_{name}")
    out = torch.einsum("bphd,hde->bphe", block.ln1(inputs), weight)
    return out if bias is None else out + bias.reshape(weight.shape[0], -1)


def log_odds(
    model: Model, pairs: CleanCorrupt, mix: Mix | None = None, extra: Sequence[Hook] = (), grad: bool = False
) -> Float[Tensor, " row"]:
    """The propensity of every clean prompt, in nats: logit of its first answer minus that of its second.

    ``mix`` says what every receiver reads (None: the plain pass, steered where the pairs are); ``extra`` hooks run
    before those of the wiring.
    """
    plainly = mix is None and pairs.injection is None
    hooks = [] if plainly else Wiring(model, mix or plain, pairs.injection).hooks()
    logits = forward(model, pairs.clean, hooks=[*extra, *hooks], positions="last", columns=pairs.answers, grad=grad)
    return logits[:, 0] - logits[:, 1]


def plain(which: slice, resid: Tensor, outputs: Tensor) -> Tensor:
    """A :data:`Mix`: every receiver reads the residual stream as it is."""
    return resid[:, :, None].expand(-1, -1, which.stop - which.start, -1)


def masked(corrupt: Float[Tensor, "row position sender d_model"], mask: Float[Tensor, "sender receiver"]) -> Mix:
    """A :data:`Mix`: every edge carries the share ``mask`` of the corrupt value; at 0 the pass stays as it is."""

    def mix(which: slice, resid: Tensor, outputs: Tensor) -> Tensor:
        positions, upstream = outputs.shape[1:3]
        other = corrupt[:, -positions:, :upstream]
        change = torch.einsum("bpsd,sr->bprd", other - outputs, mask[:upstream, which])
        return resid[:, :, None] + change

    return mix


def both_outputs(model: Model, pairs: CleanCorrupt) -> tuple[Tensor, Tensor]:
    """:func:`sender_outputs` of the clean and of the corrupt run; where the clean one is steered, the other is not."""
    undone = None if pairs.injection is None else pairs.injection.scaled(0)
    return sender_outputs(model, pairs.clean, pairs.injection), sender_outputs(model, pairs.corrupt, undone)


def sender_outputs(
    model: Model, batch: Batch, injection: Injection | None = None
) -> Float[Tensor, "row position sender d_model"]:
    """What every sender writes in the plain pass, with something injected or not.

    Raises WorkbenchError for families whose residual stream is not input + heads + MLPs (norms after the sublayer,
    attention and MLP side by side), of which edges would be wrong.
    """
    if "blocks.0.hook_resid_mid" not in model.bridge.hook_dict:
        raise WorkbenchError(f"{model.name} runs attention and MLP side by side; expected one after the other")
    wiring, finals = Wiring(model, plain, injection), []

    def last(activation: Tensor, hook: Any) -> Tensor:
        finals.append(activation)
        return activation

    writes = [hook for hook in wiring.hooks() if hook[0].endswith(("resid_pre", "hook_z", "mlp_out"))]
    reads = [hook for hook in wiring.hooks() if hook[0].endswith("hook_q")]
    checks = [(name, _same(model, fn)) for name, fn in reads]
    forward(model, batch, hooks=[*writes, *checks, ("ln_final.hook_in", last)], positions="last", columns=[0])
    outputs = wiring.outputs.clone()
    biases = sum(b for b in (block.attn.b_O for block in model.bridge.blocks) if b is not None)
    whole = finals[-1]  # at the last position, which is what is unembedded
    check_sum(model, outputs[:, -1].sum(1) + biases, whole, outputs[:, -1].abs().sum(1))
    return outputs


def check_sum(model: Model, got: Tensor, expected: Tensor, size: Tensor) -> None:
    """A WorkbenchError unless ``got`` equals ``expected`` within :data:`TOLERANCE` of ``size`` (the parts' sizes)."""
    allowed = TOLERANCE.get(got.dtype, 3e-2)
    off = float(((got - expected).detach().abs() / size.clamp(min=torch.finfo(got.dtype).tiny)).max())
    if not off <= allowed:
        raise WorkbenchError(f"in {model.name} the parts miss the whole by {off:.2g} of their size (allowed "
                             f"{allowed:g}): this family norms a sublayer's output, or a hook adds to it")  # fmt: skip


def _same(model: Model, fn: Callable) -> Callable:
    def check(activation: Tensor, hook: Any) -> Tensor:
        again = fn(activation, hook)
        check_sum(model, again, activation, activation.abs().amax(-1, keepdim=True).expand_as(activation))
        return activation

    return check
