"""The store: what is put comes back, memory-mapped; nothing half-written, damaged or misnamed ever does."""

import json
import os
import warnings

import pytest
import torch

from workbench import store as store_module
from workbench.store import Store
from workbench.types import Activations, Site, WorkbenchError, digest_of


def some_activations(n=6, positions=2, d=8, seed=0):
    values = torch.randn(n, positions, d, generator=torch.Generator().manual_seed(seed))
    mask = torch.ones(n, positions, dtype=torch.bool)
    mask[0, 0] = False
    labels = (1,) * (n // 2) + (-1,) * (n // 2)
    return Activations(values, mask, labels, tuple("ab" * (n // 2)), Site(3), {"model": "m", "rule": "last_k:2"})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def blob_of(store, key):
    return store.root / "blobs" / json.loads((store.root / f"{key}.json").read_text())["blob"]


def test_round_trip_is_exact(store):
    acts, key = some_activations(), digest_of("x")
    store.put(key, acts)
    back = store.get(key)
    assert torch.equal(back.values, acts.values) and torch.equal(back.mask, acts.mask)
    assert (back.labels, back.groups, back.site, back.source) == (acts.labels, acts.groups, acts.site, acts.source)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_dtype_is_kept(store, dtype):
    acts = some_activations()
    store.put("k", Activations(acts.values.to(dtype), acts.mask, acts.labels, acts.groups, acts.site))
    assert store.get("k").values.dtype == dtype


def test_unknown_key_is_none(store):
    assert store.get("nothing") is None
    assert store.ls() == []


def test_other_key_is_never_answered(store):
    store.put(digest_of(["model a", "concept"]), some_activations())
    assert store.get(digest_of(["model b", "concept"])) is None


def test_renamed_manifest_is_refused(store):
    path = store.put("one", some_activations())
    os.rename(path, path.with_name("two.json"))
    with pytest.warns(UserWarning, match="damaged"):
        assert store.get("two") is None


def test_read_is_memory_mapped(store):
    """The tensor's memory lies inside a mapping of the blob: nothing was copied."""
    store.put("k", some_activations(n=64, positions=16, d=64))
    values = store.get("k").values
    address = values.data_ptr()
    with open("/proc/self/maps") as maps:
        spans = [line.split() for line in maps if str(blob_of(store, "k")) in line]
    assert any(int(lo, 16) <= address < int(hi, 16) for lo, hi in (span[0].split("-") for span in spans))


def test_writing_into_what_was_read_leaves_the_store_alone(store):
    acts = some_activations()
    store.put("k", acts)
    store.get("k").values.zero_()
    store_module._checked.clear()
    assert torch.equal(store.get("k").values, acts.values)


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "manifest", "labels"])
def test_damaged_shard_is_none_with_a_warning_and_can_be_put_again(store, damage):
    acts = some_activations()
    path = store.put("k", acts)
    blob = blob_of(store, "k")
    raw = blob.read_bytes()
    if damage == "truncate":
        blob.write_bytes(raw[: len(raw) // 2])
    elif damage == "flip":
        blob.write_bytes(raw[:-3] + bytes([raw[-3] ^ 255]) + raw[-2:])
    elif damage == "remove":
        blob.unlink()
    elif damage == "manifest":
        path.write_text(path.read_text()[:40])
    else:
        manifest = json.loads(path.read_text())
        path.write_text(json.dumps(manifest | {"labels": [1]}))
    with pytest.warns(UserWarning, match="damaged"):
        assert store.get("k") is None
    store.put("k", acts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(store.get("k").values, acts.values)


@pytest.mark.parametrize("at", ["blob", "manifest"])
def test_half_written_is_never_visible(store, monkeypatch, at):
    real = os.replace

    def interrupted(source, target):
        if (at == "manifest") == str(target).endswith(".json"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(store_module.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.put("k", some_activations())
    assert store.get("k") is None and store.ls() == []
    assert not list(store.root.rglob(".writing-*"))


def test_interrupted_rewrite_keeps_the_old_shard(store, monkeypatch):
    old = some_activations(seed=1)
    store.put("k", old)

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr(store_module, "save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        store.put("k", some_activations(seed=2))
    assert torch.equal(store.get("k").values, old.values)


def test_listing(store):
    store.put("k2", Activations(*(vars(some_activations()) | {"site": Site(1)}).values()))
    store.put("k1", some_activations())
    shards = store.ls()
    assert [(s.key, s.site) for s in shards] == [("k2", Site(1)), ("k1", Site(3))]
    assert shards[0].shape == (6, 2, 8) and "rule last_k:2" in str(shards[0])


def test_bad_input_is_one_line(store):
    with pytest.raises(WorkbenchError, match="digest_of") as caught:
        store.put("../k", some_activations())
    assert "\n" not in str(caught.value)
    acts = some_activations()
    with pytest.raises(WorkbenchError, match="JSON"):
        store.put("k", Activations(acts.values, acts.mask, acts.labels, acts.groups, acts.site, {"x": object()}))
    assert store.get("k") is None
