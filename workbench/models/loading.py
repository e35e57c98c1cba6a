"""``load``: an embedded organism, a folder, a hub name, a HuggingFace module or a bridge, to a Model."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from workbench.models.hf import Place, read_folder, read_hub
from workbench.models.model import ChatFormat, Model
from workbench.models.placement import Device, check_place, is_map
from workbench.types import WorkbenchError, digest_of


def load(  # noqa: PLR0913
    source: Any,
    *,
    tokenizer: Any = None,
    name: str | None = None,
    device: Device = None,
    dtype: torch.dtype | None = None,
    system_prompt: str | None = None,
) -> Model:
    """A model ready to be read and steered, from wherever it is.

    Args:
        source: the name of an embedded organism, a HuggingFace folder, a hub name (cached or online), a HuggingFace
            module (with ``tokenizer``; it is wrapped in place: save it before) or a TransformerBridge.
        device: default: where a module is, otherwise the CPU. "auto" (or a mapping of modules to devices) splits a
            model larger than one GPU over several, as transformers' ``device_map``.
        dtype: default float32 on the CPU, elsewhere the stored one.
        system_prompt: for chat models, written before every prompt.

    Raises:
        WorkbenchError: unknown name, incomplete folder, NaN weights, weights that are on no device (left on disk by a
            device map), or a system prompt without a chat template.
    """
    if isinstance(source, (str, Path)):
        module, tokenizer, found = _read_named(str(source), tokenizer, placed(device), dtype)
    elif hasattr(source, "original_model"):
        module, found, tokenizer = source.original_model, str(source.cfg.model_name), tokenizer or source.tokenizer
    elif isinstance(source, torch.nn.Module) and hasattr(source, "config"):
        module, found = moved(source, device, dtype), type(source).__name__
    else:
        raise WorkbenchError(f"load got a {type(source).__name__}; expected a name, a folder, a HuggingFace module or "
                             "a TransformerBridge")
    if tokenizer is None:
        raise WorkbenchError(f"{found} came without a tokenizer; pass tokenizer=")
    check_place(module, found)
    check_finite(module, found)
    chat, bos = chat_format(tokenizer, system_prompt), bos_rule(tokenizer)
    folded = bool(getattr(source, "compatibility_mode", False))
    digest = digest_of([weights_digest(module), _config(module), _tokenizer_digest(tokenizer), bos,
                        None if chat is None else [chat.system_prompt, chat.system_in_user], folded])
    bridge = source if hasattr(source, "original_model") else wrap(module, found)
    model = Model(bridge, tokenizer, name or found, digest, "folded" if folded else "raw", chat, bos)
    plain = isinstance(source, (str, Path)) and device is None and dtype is None and system_prompt is None
    return replace(model, source=str(source) if plain else "", folder=folder_of(source))


def placed(device: Device) -> Place:
    """A device, by default the CPU, or a device map as it is."""
    return device if is_map(device) else torch.device(device or "cpu")  # pyright: ignore


def moved(module: Any, device: Device, dtype: torch.dtype | None) -> Any:
    """A module where it is wanted; only a loader can split one."""
    if is_map(device):
        raise WorkbenchError(f"device {device!r} came for a module that is loaded already; give the name or folder, or "
                             "load the module with that device_map")
    return module.to(device=device, dtype=dtype) if device is not None or dtype is not None else module


def folder_of(source: Any) -> str:
    """The directory that a name or path stands for; empty for modules, bridges and hub names."""
    if not isinstance(source, (str, Path)):
        return ""
    for path in (_organisms() / str(source), Path(source).expanduser()):
        if path.is_dir():
            return str(path.resolve())
    return ""


def embedded_names() -> list[str]:
    """The organisms that come with the workbench."""
    folder = _organisms()
    return sorted(path.parent.name for path in folder.glob("*/config.json")) if folder.is_dir() else []


def _organisms() -> Path:
    from workbench.concepts import data_root

    return Path(data_root()) / "organisms"


def chat_format(tokenizer: Any, system_prompt: str | None) -> ChatFormat | None:
    """The turns of a chat model; None for a base model (a tokenizer without a chat template)."""
    if getattr(tokenizer, "chat_template", None) is None:
        if system_prompt is not None:
            raise WorkbenchError("a system prompt came for a model whose tokenizer has no chat template; leave it out")
        return None
    if system_prompt is None:
        return ChatFormat()
    turns = ChatFormat(system_prompt)
    try:
        written = system_prompt.strip() in turns.wrap(tokenizer, "x")
    except Exception:  # templates refuse a role by raising whatever jinja raises
        written = False
    return ChatFormat(system_prompt, system_in_user=not written)


def bos_rule(tokenizer: Any) -> str:
    """ "prepend" if the tokenizer has a beginning-of-sequence token and was not told to leave it out, else "none"."""
    explicit = getattr(tokenizer, "init_kwargs", {}).get("add_bos_token")
    return "none" if tokenizer.bos_token_id is None or explicit is False else "prepend"


def check_finite(module: torch.nn.Module, name: str) -> None:
    """A WorkbenchError if a weight is NaN or infinite."""
    for key, weight in module.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise WorkbenchError(f"weight {key!r} of {name} has NaN or infinite values; expected finite ones: "
                                 "the file or its training is broken")


def weights_digest(module: torch.nn.Module) -> str:
    """sha256 of all weights with their names and dtypes; tied ones once."""
    total, seen = hashlib.sha256(), set()
    for key, weight in sorted(module.state_dict().items()):
        place = (str(weight.device), weight.data_ptr())
        if place in seen:
            continue
        seen.add(place)
        total.update(f"{key} {tuple(weight.shape)} {weight.dtype}".encode())
        total.update(weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return total.hexdigest()


def _read_named(
    source: str, tokenizer: Any, device: Place, dtype: torch.dtype | None
) -> tuple[torch.nn.Module, Any, str]:
    known = embedded_names()
    if source in known:
        return *read_folder(_organisms() / source, tokenizer, device, dtype), source
    folder = Path(source).expanduser()
    if source and folder.is_dir():
        return *read_folder(folder, tokenizer, device, dtype), folder.resolve().name
    listed = ", ".join(known) or "none"
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", source):
        raise WorkbenchError(f"model {source!r} is no folder; expected one, a hub name, or an embedded name ({listed})")
    return *read_hub(source, tokenizer, device, dtype, listed), source


def wrap(module: Any, name: str) -> Any:
    """The module as a bridge: wrapped in place, in eval mode, with eager attention. WorkbenchError if it cannot be."""
    from transformer_lens.model_bridge.sources import build_bridge_from_module

    # hooks on attention patterns need the eager implementation
    module.eval().set_attn_implementation("eager")
    try:
        return build_bridge_from_module(module, type(module).__name__, hf_config=module.config, model_name=name)
    except (ValueError, KeyError) as error:
        raise WorkbenchError(f"{name} is a {type(module).__name__}, which TransformerLens cannot wrap: "
                             f"{str(error).splitlines()[0][:200]}") from error


def _config(module: torch.nn.Module) -> Any:
    config: Any = getattr(module, "config", None) or getattr(module, "cfg", None)
    settings = config.to_dict() if hasattr(config, "to_dict") else vars(config)
    volatile = ("_name_or_path", "transformers_version", "dtype", "torch_dtype", "architectures")
    return {k: str(v) for k, v in settings.items() if k not in volatile and "attn_implementation" not in k}


def _tokenizer_digest(tokenizer: Any) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    rules = json.loads(backend.to_str()) if backend is not None else tokenizer.get_vocab()
    # padding and truncation are left over from earlier calls, not part of the tokenizer
    rules = {key: value for key, value in rules.items() if key not in ("padding", "truncation")}
    specials = {key: str(value) for key, value in tokenizer.special_tokens_map.items()}
    return digest_of([rules, specials, getattr(tokenizer, "chat_template", None)])
