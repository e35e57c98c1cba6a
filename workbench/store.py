"""Activations on disk: safetensors shards found by the digest of everything they depend on.

A shard is two files. ``blobs/<sha256>.safetensors`` holds the tensors and is named by its content;
``<key>.json`` is the manifest: it names the blob, carries labels, groups and source, and is written last.
A shard without a manifest does not exist, so a half-written one is never seen; two processes that write the
same key at once leave one of two whole shards.
"""

import hashlib
import json
import os
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workbench.types import Activations, Site, WorkbenchError

FORMAT = 1
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Shard:
    """One line of :meth:`Store.ls`: what a shard is, without its tensors. ``shape`` is [example position d_model]."""

    key: str
    site: Site
    shape: tuple[int, int, int]
    bytes: int
    source: dict[str, Any]

    def __str__(self) -> str:
        about = ", ".join(f"{k} {v}" for k, v in self.source.items() if isinstance(v, str | int | float))
        return f"{self.key}  {self.site}  {'×'.join(map(str, self.shape))}  {self.bytes / 1e6:.1f} MB  {about}"


@dataclass(frozen=True)
class Store:
    """A folder of activation shards.

    ``key`` is for the caller to make, with :func:`workbench.types.digest_of`, from *everything* the values depend on:
    model digest, weights mode, concept, prompt type, cue, site, token rule, seed (:func:`workbench.activations.extract`
    does). The store adds nothing to it and forgets nothing by itself.
    """

    root: Path | str

    def put(self, key: str, activations: Activations) -> Path:
        """Write a shard under ``key`` and return its manifest's path; an older shard of that key is replaced whole."""
        _check_key(key)
        blob, sha = self._write_blob(activations)
        manifest = {
            "format": FORMAT, "key": key, "blob": blob.name, "sha256": sha, "bytes": blob.stat().st_size,
            "site": asdict(activations.site), "shape": list(activations.values.shape),
            "labels": list(activations.labels), "groups": list(activations.groups), "source": dict(activations.source),
        }
        try:
            text = json.dumps(manifest, indent=1)
        except TypeError as error:
            raise WorkbenchError(f"source of activations at {activations.site} cannot be written as JSON ({error}); "
                                 "keep to text, numbers and lists") from None
        with temporary_in(Path(self.root)) as temporary:
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, self._manifest(key))
        return self._manifest(key)

    def get(self, key: str) -> Activations | None:
        """The shard under ``key``, its tensors memory-mapped, or None if there is none.

        A damaged shard (missing, truncated or altered file) counts as none, with a warning: the caller computes
        it again. The blob's sha256 is checked when this process first opens it.
        """
        _check_key(key)
        path = self._manifest(key)
        if not path.is_file():
            return None
        try:
            return self._open(json.loads(path.read_text(encoding="utf-8")), key)
        except (OSError, ValueError, KeyError, TypeError, WorkbenchError, SafetensorError) as error:
            warnings.warn(f"stored activations {path} are damaged ({error}); they are computed again", stacklevel=2)
            return None

    def ls(self) -> list[Shard]:
        """Every readable manifest, by site and key; tensors are not opened."""
        shards = []
        for path in Path(self.root).glob("*.json"):
            try:
                m = json.loads(path.read_text(encoding="utf-8"))
                shards.append(Shard(m["key"], Site(**m["site"]), tuple(m["shape"]), m["bytes"], m["source"]))
            except (OSError, ValueError, KeyError, TypeError, WorkbenchError):
                continue
        return sorted(shards, key=lambda shard: (shard.site.layer, shard.site.stream, shard.key))

    def _manifest(self, key: str) -> Path:
        return Path(self.root) / f"{key}.json"

    def _write_blob(self, activations: Activations) -> tuple[Path, str]:
        blobs = Path(self.root) / "blobs"
        tensors = {"values": activations.values.detach().cpu().contiguous(),
                   "mask": activations.mask.detach().cpu().contiguous()}
        with temporary_in(blobs) as temporary:
            save_file(tensors, temporary)
            sha = _sha256(temporary)
            target = blobs / f"{sha}.safetensors"
            os.replace(temporary, target)
        return target, sha

    def _open(self, manifest: dict[str, Any], key: str) -> Activations:
        if manifest["format"] != FORMAT or manifest["key"] != key:
            raise WorkbenchError(f"manifest is of format {manifest['format']}, key {manifest['key']}")
        blob = Path(self.root) / "blobs" / Path(manifest["blob"]).name
        _check_blob(blob, manifest["sha256"])
        with safe_open(blob, framework="pt") as file:
            values, mask = file.get_tensor("values"), file.get_tensor("mask")
        if list(values.shape) != manifest["shape"] or not (
            len(values) == len(mask) == len(manifest["labels"]) == len(manifest["groups"])
        ):
            raise WorkbenchError(f"tensor of shape {list(values.shape)} does not fit its manifest")
        return Activations(values, mask.to(torch.bool), tuple(manifest["labels"]), tuple(manifest["groups"]),
                           Site(**manifest["site"]), manifest["source"])


# Blobs whose content this process has checked, by file and time of change: hashing on every read would bring the
# whole file into memory, which is what the memory map avoids.
_checked: set[tuple[str, int, int, int, str]] = set()


def _check_blob(blob: Path, sha: str) -> None:
    status = blob.stat()
    stamp = (str(blob), status.st_ino, status.st_size, status.st_mtime_ns, sha)
    if stamp in _checked:
        return
    if _sha256(blob) != sha:
        raise WorkbenchError(f"{blob.name} is not what its manifest says")
    _checked.add(stamp)


def _check_key(key: str) -> None:
    if not key or not key.replace("-", "").replace("_", "").isalnum():
        raise WorkbenchError(f"store key {key!r} is not a plain name; make it with digest_of")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def temporary_in(folder: Path) -> Iterator[Path]:
    """A path in ``folder`` to write to and then ``os.replace`` over the real one; whatever is left of it is removed.

    In the same folder because a move is atomic only inside one file system.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".writing-{uuid.uuid4().hex}"
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
