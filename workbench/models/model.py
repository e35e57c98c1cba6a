"""What a loaded model is, and how a chat model's turns are written. State only; the verbs are beside it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import torch

from workbench.types import WorkbenchError, digest_of

Hook = tuple[str, Callable[..., Any]]


@dataclass(frozen=True)
class ChatFormat:
    """How prompts become turns: the tokenizer's chat template, with an optional system prompt.

    ``system_in_user`` is true where the template knows no system role (Gemma): the system prompt then opens
    the user turn.
    """

    system_prompt: str | None = None
    system_in_user: bool = False

    def wrap(self, tokenizer: Any, text: str) -> str:
        """``text`` as the user's turn, ending where the assistant's turn begins."""
        turns = [{"role": "user", "content": text}]
        if self.system_prompt is not None and self.system_in_user:
            turns = [{"role": "user", "content": f"{self.system_prompt}\n\n{text}"}]
        elif self.system_prompt is not None:
            turns.insert(0, {"role": "system", "content": self.system_prompt})
        return tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)


@dataclass(frozen=True, eq=False)
class Model:
    """A language model ready to be read and steered.

    ``digest`` names weights, config, tokenizer, dtype and turns; whatever is stored about a model is filed under
    it. ``hooks`` are ``(hook name, function)`` pairs that every pass through this package honours: a steered
    model is the same ``bridge`` with hooks and another digest (:meth:`altered`). ``bos_rule`` says what stands
    before a prompt ("prepend" or "none"); ``weights_mode`` is "raw", or "folded" after compatibility mode. ``source``
    is what :func:`load` was given, if a name or folder: another process can load the same model from it; ``folder`` is
    the directory it was read from, with whatever lies beside the weights.
    """

    bridge: Any
    tokenizer: Any
    name: str
    digest: str
    weights_mode: str = "raw"
    chat: ChatFormat | None = None
    bos_rule: str = "none"
    hooks: tuple[Hook, ...] = ()
    source: str = ""
    folder: str = ""

    @property
    def config(self) -> Any:
        """The HuggingFace config (of the native config, for a bridge without one)."""
        return getattr(self.bridge.original_model, "config", None) or self.bridge.cfg

    @property
    def device(self) -> torch.device:
        """Where prompts go in and readings come out: the device of the embedding."""
        return next(iter(self.bridge.embed.parameters()), self._weight).device

    @property
    def dtype(self) -> torch.dtype:
        return self._weight.dtype

    @property
    def n_layers(self) -> int:
        return int(self.bridge.cfg.n_layers)

    @property
    def d_model(self) -> int:
        return int(self.bridge.cfg.d_model)

    @property
    def n_heads(self) -> int:
        return int(self.bridge.cfg.n_heads)

    @property
    def n_kv_heads(self) -> int:
        """Heads of ``hook_k`` and ``hook_v``: fewer than ``n_heads`` on grouped-query models."""
        return int(getattr(self.bridge.cfg, "n_key_value_heads", None) or self.n_heads)

    @property
    def n_vocab(self) -> int:
        return int(self.bridge.unembed.W_U.shape[1])

    @property
    def context(self) -> int:
        """The most tokens one sequence may have."""
        return int(self.bridge.cfg.n_ctx)

    @property
    def _weight(self) -> torch.Tensor:
        return self.bridge.unembed.W_U

    def altered(self, note: str, hooks: tuple[Hook, ...] = ()) -> "Model":
        """The same weights under another digest, with ``hooks`` added: what a control yields.

        ``note`` must say everything that changes behaviour (direction, strength, where): two alterations with
        the same note share a digest, and therefore stored results.
        """
        if not note:
            raise WorkbenchError("an altered model got an empty note; say what was changed, the digest depends on it")
        return replace(self, digest=digest_of([self.digest, note]), hooks=self.hooks + tuple(hooks))

    def _repr_html_(self) -> str:
        about = f"{self.n_layers} layers × {self.d_model}, {self.n_heads} heads, {self.weights_mode} weights"
        chat = "chat" if self.chat else "base"
        return (f"<b>{escape(self.name)}</b> {about}, {chat}, {escape(str(self.dtype))} on {escape(str(self.device))} "
                f"<small>{escape(self.digest)}, {len(self.hooks)} hooks</small>")

    def __repr__(self) -> str:
        return f"Model({self.name!r}, layers={self.n_layers}, d_model={self.d_model}, digest={self.digest!r})"
