"""Erasers do what their theorems say, equal their reference, and leave a model as they found it."""

import numpy as np
import pytest
import torch

from workbench.erasure import Baked, Erase, leace, mean_projection, subspace_projection
from workbench.interventions import Ablate, Steer
from workbench.models import encode, forward, hooked
from workbench.types import Direction, Site, WorkbenchError

SITE = Site(1)


@pytest.fixture(scope="module")
def classes() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    mixing, shift = torch.randn(12, 12).double(), torch.randn(12).double()
    labels = torch.arange(300) % 2
    return torch.randn(300, 12).double() @ mixing + 2.0 * labels[:, None] * shift, labels


def linear_accuracy(rows: torch.Tensor, labels: torch.Tensor) -> float:
    from sklearn.linear_model import LogisticRegression

    return float(
        LogisticRegression(max_iter=2000).fit(rows.numpy(), labels.numpy()).score(rows.numpy(), labels.numpy())
    )


def test_no_linear_classifier_is_left_after_leace_and_one_was_before(classes):
    rows, labels = classes
    eraser = leace(rows, labels, SITE, shrinkage=False)
    erased = eraser(rows)
    assert linear_accuracy(rows, labels) > 0.9 and abs(linear_accuracy(erased, labels) - 0.5) < 0.02
    centred = labels.double() - labels.double().mean()
    assert float((erased.T @ centred).abs().max()) < 1e-8 * float((rows.T @ centred).abs().max())
    assert torch.allclose(erased.mean(0), rows.mean(0)) and torch.allclose(eraser(erased), erased)


@pytest.mark.parametrize("kind", ["bin", "onehot3"])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shrinkage", [True, False])
def test_leace_equals_the_authors_outputs(shared, kind, affine, shrinkage):
    path = shared / "reference" / "leace" / "concept_erasure_reference.npz"
    if not path.is_file():
        pytest.skip(f"no reference outputs at {path}")
    kept = np.load(path)
    name = f"{kind}_leace_affine{int(affine)}_shrink{int(shrinkage)}"
    rows, labels = torch.tensor(kept["X"]), torch.tensor(kept["labels"]).long()
    labels = labels % 3 if kind == "onehot3" else binary(kept, labels)
    eraser = leace(rows, labels, SITE, affine=affine, shrinkage=shrinkage)
    assert np.allclose(eraser.projection.numpy(), kept[f"P_{name}"], atol=1e-8)
    assert np.allclose(eraser(rows).numpy(), kept[f"Xerased_{name}"], atol=1e-7)


def binary(kept, labels: torch.Tensor) -> torch.Tensor:
    """The two classes of the reference."""
    return labels if int(labels.max()) == 1 else (labels > 0).long()


def test_projections_remove_exactly_their_subspace(classes):
    rows, labels = classes
    one = mean_projection(rows[labels == 1], rows[labels == 0], SITE)
    erased = one(rows)
    assert float((erased[labels == 1].mean(0) - erased[labels == 0].mean(0)).norm()) < 1e-10
    three = subspace_projection(rows[labels == 1] - rows[labels == 0], 3, SITE)
    left = three(rows[labels == 1]) - three(rows[labels == 0])
    assert torch.linalg.matrix_rank(left, rtol=1e-9) == 9 and torch.linalg.matrix_rank(three.projection) == 9
    with pytest.raises(WorkbenchError, match="rank 13"):
        subspace_projection(rows, 13, SITE)
    with pytest.raises(WorkbenchError, match="same mean"):
        mean_projection(rows, rows, SITE)
    with pytest.raises(WorkbenchError, match="two classes"):
        leace(rows, torch.zeros(300, dtype=torch.long), SITE)


@pytest.fixture
def prompt(any_model):
    return encode(any_model, ["The door is open and", "Yes."])


def test_a_hooked_mean_projection_is_directional_ablation(any_model, prompt):
    torch.manual_seed(1)
    rows = torch.randn(2, 9, any_model.d_model).double()
    eraser = mean_projection(rows[0], rows[1], SITE)
    direction = Direction(eraser.left[:, 0].float(), 1.0, SITE, "mean")
    for strength in (0.4, 1.0):
        with Erase((eraser,)).applied(any_model, strength) as one:
            first = forward(one, prompt)
        with Steer(Ablate(), direction).applied(any_model, strength) as other:
            second = forward(other, prompt)
        assert torch.allclose(first[prompt.real], second[prompt.real], atol=1e-4)
        assert one.digest not in (any_model.digest, other.digest)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_baked_projection_equals_projecting_every_writer_by_hooks(any_model, prompt, strength):
    torch.manual_seed(2)
    basis = torch.linalg.qr(torch.randn(any_model.d_model, 2)).Q.T

    def project(activation, hook):
        return activation - strength * (activation @ basis.T) @ basis

    layers = range(any_model.n_layers)
    names = ["blocks.0.hook_resid_pre", *(f"blocks.{k}.hook_{part}_out" for k in layers for part in ("attn", "mlp"))]
    with hooked(any_model, [(name, project) for name in names]):
        wanted = forward(any_model, prompt)
    before = {name: value.clone() for name, value in any_model.bridge.original_model.state_dict().items()}
    with Baked(basis).applied(any_model, strength) as baked:
        found = forward(baked, prompt)
    assert torch.allclose(found[prompt.real], wanted[prompt.real], atol=2e-4)
    assert not torch.allclose(found[prompt.real], forward(any_model, prompt)[prompt.real], atol=1e-2)
    assert all(torch.equal(value, before[name]) for name, value in any_model.bridge.original_model.state_dict().items())


def test_weights_and_ties_come_back_after_an_exception(gpt2_model):
    bridge = gpt2_model.bridge
    shared, before = bridge.unembed.original_component.weight, bridge.embed.original_component.weight.clone()
    basis = torch.eye(gpt2_model.d_model)[:1]
    with pytest.raises(ZeroDivisionError), Baked(basis).applied(gpt2_model, 1.0):
        raise ZeroDivisionError
    assert bridge.unembed.original_component.weight is shared
    assert torch.equal(bridge.embed.original_component.weight, before)
    with pytest.raises(WorkbenchError, match="not orthonormal"):
        Baked(2 * basis)


def test_a_family_with_norms_behind_its_writers_is_refused(tiny_module, byte_tokenizer):
    from workbench.models import load

    model = load(tiny_module("gpt_neox", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="tiny-neox")
    with pytest.raises(WorkbenchError, match="cannot be baked"), Baked(torch.eye(32)[:1]).applied(model, 1.0):
        pass
