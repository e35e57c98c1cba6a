"""Readers and cosines: κ as a probe, controls that know nothing, halves that share no group."""

import numpy as np
import pytest
import torch

from workbench.directions import fit
from workbench.geometry import (
    Projection,
    cosine_table,
    direction_readers,
    halved,
    pca_view,
    place,
    point_table,
    probe_readers,
    project_line,
    read_tokens,
    reader_auc,
)
from workbench.geometry.readers import relabelled
from workbench.models import encode_dialogue, turns_of
from workbench.types import Activations, Direction, Site, WorkbenchError


def activations(seed=0, n=24, width=48, apart=0.0, shared=0.0):
    """Pairs in six groups: unit noise, ``apart`` between the poles along axis 0, ``shared`` noise by ``seed`` // 10."""
    draw = torch.randn(2 * n, width, generator=torch.Generator().manual_seed(seed))
    draw += shared * torch.randn(2 * n, width, generator=torch.Generator().manual_seed(900 + seed // 10))
    draw[:n, 0] += apart
    source = {"pairs": [str(i) for i in range(n)], "toward": "aligned"}
    groups = tuple(f"g{i % 6}" for i in range(n)) * 2
    mask = torch.ones(2 * n, 1, dtype=torch.bool)
    return Activations(draw[:, None], mask, (1,) * n + (-1,) * n, groups, Site(1), source)


def test_a_projection_is_the_line():
    acts = activations(apart=3.0)
    direction = fit(acts)
    np.testing.assert_allclose(Projection(direction).fit(acts).score(acts), project_line(acts, direction), atol=1e-6)
    with pytest.raises(WorkbenchError, match="gap 0"):
        Projection(Direction(direction.vector, 0.0, Site(1), "x"))
    with pytest.raises(WorkbenchError, match="expected the same site"):
        Projection(direction).score(activations(width=7))


def test_heldout_auroc_is_chance_without_a_concept_while_in_sample_it_is_not():
    inside, outside = [], []
    for seed in range(12):
        reader = Projection(fit(activations(seed))).fit(activations(seed))
        inside.append(reader_auc(reader, activations(seed)).estimate)
        outside.append(reader_auc(reader, activations(seed + 500)))
    assert np.mean(inside) > 0.8 and abs(np.mean([e.estimate for e in outside]) - 0.5) < 0.06
    assert sum(e.covers(0.5) for e in outside) >= 9
    assert reader_auc(reader, activations(7, apart=0)).n_groups == 6


def test_relabelling_keeps_pairs_together_and_exchanges_half():
    acts = activations()
    labels = np.asarray(relabelled(acts, 3).labels)
    assert (labels[:24] == -labels[24:]).all() and (labels[:24] == -1).sum() == 12
    with pytest.raises(WorkbenchError, match="positives first"):
        relabelled(Activations(acts.values, acts.mask, (1,) * 48, acts.groups, acts.site))


def test_shared_noise_raises_the_cosine_but_not_across_halves():
    """Two contrasts without any concept that share noise look alike as fitted; across halves they do not."""
    fitted, across = [], []
    for seed in range(0, 200, 10):
        table = cosine_table({name: halved(activations(seed + k, shared=2.0)) for k, name in enumerate("ab")})
        row = table[(table["a"] == "a") & (table["b"] == "b")].iloc[0]
        fitted.append(row["cosine"])
        across.append(row["across"])
    assert np.mean(fitted) > 0.6 and abs(np.mean(across)) < 0.1
    with pytest.raises(WorkbenchError, match="one width"):
        cosine_table({})


def test_points_of_others_lie_in_the_given_plane():
    acts, others = activations(apart=4.0), activations(3, apart=4.0)
    view, line = pca_view(acts, 3), Projection(fit(acts)).fit(acts)
    np.testing.assert_allclose(place(view, acts), view.points, atol=1e-6)
    table = point_table(others, line, view)
    assert list(table["pole"]) == ["aligned"] * 24 + ["unaligned"] * 24 and {"pc1", "pc2", "pc3"} <= set(table)
    np.testing.assert_allclose(table["kappa"], line.score(others).numpy())
    with pytest.raises(WorkbenchError, match="name 0 pairs"):
        point_table(Activations(acts.values, acts.mask, acts.labels, acts.groups, acts.site), line, view)


def test_readers_read_each_token_beside_their_controls(gpt2_model):
    site = Site(1)
    acts = {site: activations(width=32, apart=3.0)}
    found = direction_readers(acts, {site: fit(acts[site])}, draws=30)
    table = read_tokens(gpt2_model, [("user", "Hi")], found)
    assert "".join(table["token"]) == "<|endoftext|>User: Hi" and len(table) == len("User: Hi") + 1
    assert (table["low"] < table["high"]).all()
    bare = read_tokens(gpt2_model, "Hi", type(found)(found.own, {}, found.unit))
    assert bare["low"].isna().all() and not bare["outside"].any()
    probes = probe_readers(Projection(fit(acts[site])), acts, draws=3)
    assert len(probes.controls[site]) == 3
    with pytest.raises(WorkbenchError, match="no readers"):
        read_tokens(gpt2_model, "Hi", type(found)({}, {}, ""))


def test_a_dialogue_is_told_from_a_text(gpt2_model):
    said = "User: Tea?\n\nAssistant: No: never"
    assert turns_of(said) == [("user", "Tea?"), ("assistant", "No: never")]
    assert turns_of("A: b\n\nUser: c") == "A: b\n\nUser: c" and turns_of("plain") == "plain"
    ids = encode_dialogue(gpt2_model, turns_of(said)).ids[0]
    assert gpt2_model.tokenizer.decode(ids.tolist()[1:]) == said
    for bad, words in (([], "no turns"), ([("robot", "x")], "'robot'")):
        with pytest.raises(WorkbenchError, match=words):
            encode_dialogue(gpt2_model, bad)
