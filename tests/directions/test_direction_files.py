"""Directions survive the disk; another model's is refused; others' dictionaries and control vectors are read."""

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from workbench.directions import fit, from_dictionary, load, read_gguf, save, write_gguf
from workbench.types import Direction, Site, WorkbenchError


@pytest.fixture
def direction(planted):
    return fit(planted()[0], "lda")


def at_layer(direction, layer, stream="resid_post", scale=1.0):
    return Direction(direction.vector, direction.gap * scale, Site(layer, stream), direction.method, direction.source)


def same(a, b, gap=0.0):
    assert torch.allclose(a.vector, b.vector, atol=1e-6)
    assert a.gap == pytest.approx(b.gap, rel=gap)
    assert (a.site, a.method) == (b.site, b.method)


def test_round_trip(direction, tmp_path):
    path = save(direction, tmp_path / "new" / "d.safetensors")
    back = load(path, model_digest="abc")
    assert torch.equal(back.vector, direction.vector) and back.gap == direction.gap
    assert (back.site, back.method, back.source) == (direction.site, direction.method, direction.source)
    assert [p.name for p in path.parent.iterdir()] == ["d.safetensors"]


def test_head_site_round_trip(direction, tmp_path):
    headed = Direction(direction.vector, 1.5, Site(4, "z", 2), "m", {})
    assert load(save(headed, tmp_path / "d")).site == Site(4, "z", 2)


def test_another_model_is_refused_in_one_line(direction, tmp_path):
    path = save(direction, tmp_path / "d.safetensors")
    with pytest.raises(WorkbenchError, match="model abc, expected model xyz") as caught:
        load(path, model_digest="xyz")
    assert "\n" not in str(caught.value)
    load(path)  # knowingly


def test_a_direction_of_unknown_model_is_refused_too(direction, tmp_path):
    path = save(Direction(direction.vector, 1.0, Site(1), "m", {}), tmp_path / "d")
    with pytest.raises(WorkbenchError, match="model None"):
        load(path, model_digest="xyz")


@pytest.mark.parametrize("content", [None, b"", b"not a tensor file", "other"])
def test_what_is_no_direction_file(content, tmp_path):
    path = tmp_path / "d.safetensors"
    if content == "other":
        save_file({"weight": torch.ones(3)}, path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(WorkbenchError, match="is not a direction file") as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["W_dec", "decoder.weight", "decoder", "my_matrix"])
@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_dictionary_feature(tmp_path, name, suffix):
    matrix = torch.randn(11, 7, generator=torch.Generator().manual_seed(0))
    tensors = {name: matrix.T.contiguous() if name == "decoder.weight" else matrix, "b_dec": torch.ones(7)}
    path = tmp_path / f"sae.{suffix}"
    if suffix == "npz":
        np.savez(path, **{k: v.numpy() for k, v in tensors.items()})
    else:
        save_file(tensors, path)
    direction = from_dictionary(path, 5, Site(3))
    torch.testing.assert_close(direction.step, matrix[5], rtol=1e-5, atol=1e-6)
    assert direction.site == Site(3) and direction.source["feature"] == 5
    assert from_dictionary(path, 5, Site(3), gap=2.0).gap == 2.0
    bias = from_dictionary(path, "b_dec", Site(3))
    torch.testing.assert_close(bias.step, torch.ones(7))


def test_dictionary_errors(tmp_path):
    path = tmp_path / "sae.safetensors"
    save_file({"W_dec": torch.eye(4) * torch.tensor([1.0, 1, 0, 1]), "a": torch.ones(4), "W_enc": torch.eye(4)}, path)
    for feature, options, message in [
        (4, {}, "it has 4, counted from 0"), (-1, {}, "counted from 0"), (2, {}, "alive"),
        ("b", {}, "one-axis tensors there: a"), (0, {"tensor": "nothing"}, "tensor="),
    ]:
        with pytest.raises(WorkbenchError, match=message):
            from_dictionary(path, feature, Site(0), **options)
    save_file({"x": torch.eye(4), "y": torch.eye(4)}, path)
    with pytest.raises(WorkbenchError, match="no clear decoder"):
        from_dictionary(path, 0, Site(0))
    with pytest.raises(WorkbenchError, match="cannot be read"):
        from_dictionary(tmp_path / "missing.npz", 0, Site(0))


def test_pickled_arrays_are_not_loaded(tmp_path):
    np.savez(tmp_path / "bad.npz", W_dec=np.array([{"a": 1}], dtype=object))
    with pytest.raises(WorkbenchError, match="cannot be read"):
        from_dictionary(tmp_path / "bad.npz", 0, Site(0))


def test_gguf_is_what_llama_cpp_and_repeng_read(direction, tmp_path):
    """Read back with the gguf package alone, as repeng's import does."""
    path = write_gguf([at_layer(direction, 5, scale=2), at_layer(direction, 1)], tmp_path / "v.gguf", "llama")
    reader = gguf.GGUFReader(path)
    fields = {name: reader.get_field(name).contents() for name in (
        "general.architecture", "controlvector.model_hint", "controlvector.layer_count")}
    assert fields == {"general.architecture": "controlvector", "controlvector.model_hint": "llama",
                      "controlvector.layer_count": 2}
    assert [t.name for t in reader.tensors] == ["direction.1", "direction.5"]
    assert all(t.tensor_type == gguf.GGMLQuantizationType.F32 and list(t.shape) == [32] for t in reader.tensors)
    np.testing.assert_allclose(reader.tensors[1].data, direction.step.numpy() * 2, rtol=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["v.gguf"]


def test_gguf_round_trip(direction, tmp_path):
    written = [at_layer(direction, 2), at_layer(direction, 7, scale=0.5)]
    back = read_gguf(write_gguf(written, tmp_path / "v.gguf", "qwen2"))
    for a, b in zip(back, written, strict=True):
        same(a, b, gap=1e-6)
        assert a.source == b.source | {"model_hint": "qwen2"}


def test_gguf_of_other_writers(direction, tmp_path):
    """llama.cpp's own generator: no model hint of ours, no source, all layers, some of them zero."""
    path = tmp_path / "other.gguf"
    writer = gguf.GGUFWriter(path, "controlvector")
    writer.add_int32("controlvector.layer_count", 2)
    writer.add_tensor("direction.1", np.zeros(4, np.float32))
    writer.add_tensor("direction.2", np.array([0, 3, 0, 4], np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (only,) = read_gguf(path)
    assert only.site == Site(2) and only.gap == 5 and only.vector.tolist() == pytest.approx([0, 0.6, 0, 0.8])


def test_gguf_errors(direction, tmp_path):
    path = tmp_path / "v.gguf"
    for directions, message in [
        ([], "no direction"), ([at_layer(direction, 0)], "layers >= 1"),
        ([at_layer(direction, 3, "mlp_out")], "resid_post"),
        ([at_layer(direction, 3), at_layer(direction, 3)], "two directions"),
    ]:
        with pytest.raises(WorkbenchError, match=message):
            write_gguf(directions, path, "llama")
    assert not path.exists()
    path.write_bytes(b"something else entirely")
    with pytest.raises(WorkbenchError, match="not a GGUF file"):
        read_gguf(path)
    writer = gguf.GGUFWriter(path, "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(WorkbenchError, match="expected a control vector"):
        read_gguf(path)
