"""HuggingFace folders, hub names and modules. Only safetensors are read; nothing is unpickled."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from workbench.types import WorkbenchError

# a device, or a HuggingFace device map
Place = torch.device | str | Mapping[str, Any]
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tokenizer_config.json")


def read_folder(folder: Path, tokenizer: Any, device: Place, dtype: torch.dtype | None) -> tuple[Any, Any]:
    """(HuggingFace module, tokenizer) of a local folder, checked for completeness first."""
    if not (folder / "config.json").is_file():
        raise WorkbenchError(f"folder {str(folder)!r} has no config.json; expected a HuggingFace model folder")
    if not list(folder.glob("*.safetensors")):
        raise WorkbenchError(f"folder {str(folder)!r} has no .safetensors weights; save the model with save_pretrained")
    if tokenizer is None and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise WorkbenchError(f"folder {str(folder)!r} has no tokenizer; save one there or pass tokenizer=")
    return _read(str(folder), tokenizer, device, dtype, local=True)


def read_hub(name: str, tokenizer: Any, device: Place, dtype: torch.dtype | None, known: str) -> tuple[Any, Any]:
    """(HuggingFace module, tokenizer) of a hub name: from the local cache, else over the network."""
    offline = os.environ.get("HF_HUB_OFFLINE", "0") not in ("0", "") or not _reachable()
    try:
        return _read(name, tokenizer, device, dtype, local=offline)
    except (OSError, ValueError) as error:
        why = "the hub cannot be reached" if offline else f"the hub says: {_first_line(error)}"
        raise WorkbenchError(f"model {name!r} is neither embedded ({known}) nor a folder, and {why}; "
                             "check the name or give the path of a downloaded folder") from error


def _read(source: str, tokenizer: Any, device: Place, dtype: torch.dtype | None, local: bool) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet():
        if tokenizer is None:
            tokenizer = _attempt(source, "tokenizer", AutoTokenizer.from_pretrained, source, local_files_only=local)
        mapped = not isinstance(device, torch.device)
        wanted = dtype or ("auto" if mapped or device.type != "cpu" else torch.float32)
        module, report = _attempt(
            source, "weights", AutoModelForCausalLM.from_pretrained, source, dtype=wanted, use_safetensors=True,
            attn_implementation="eager", local_files_only=local, output_loading_info=True,
            **({"device_map": device} if mapped else {}),
        )  # fmt: skip
    if report["missing_keys"]:
        first = sorted(report["missing_keys"])[0]
        raise WorkbenchError(f"{source!r} lacks {len(report['missing_keys'])} weights, such as {first!r}; expected all "
                             "of them: the missing ones would be random")
    if not mapped:
        return module.to(device), tokenizer
    on_cpu = all(weight.device.type == "cpu" for weight in module.parameters())
    return module.float() if dtype is None and on_cpu else module, tokenizer


def _attempt(source: str, what: str, read: Any, *args: Any, **options: Any) -> Any:
    try:
        return read(*args, **options)
    except Exception as error:
        if os.path.isdir(source):
            raise WorkbenchError(f"the {what} in {source!r} cannot be read: {_first_line(error)}") from error
        raise


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _reachable() -> bool:
    """False if the network is away, and asking the hub would only mean waiting for its time-outs."""
    import socket
    from urllib.parse import urlparse

    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        return True
    hub = urlparse(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        socket.create_connection((hub.hostname, hub.port or 443), timeout=3).close()
    except OSError:
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no log lines of the library; a notebook shows results only."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
