"""What a control costs elsewhere: KL and NLL on neutral text, accuracy on unrelated choices."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.models import Model, batches, capture, forward
from workbench.symmetry.readings import read
from workbench.types import Concept, Site, WorkbenchError


@dataclass(frozen=True)
class Neutral:
    """Neutral texts with the base model's predictions: ``log_probs`` [token vocab] after every token of each text."""

    texts: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]
    log_probs: tuple[Float[Tensor, "_ vocab"], ...]

    def cost(self, model: Model) -> tuple[float, float]:
        """(KL of the base to ``model``, nats per token; relative rise of the NLL) on these texts.

        Where the model puts something before every text (a prompt), the text's own tokens are compared.
        """
        ids, log_probs = predictions(model, self.texts)
        kl, base_nll, nll, count, targets = 0.0, 0.0, 0.0, 0, 0
        for old_ids, old, new_ids, new in zip(self.ids, self.log_probs, ids, log_probs, strict=True):
            k = _shared_end(old_ids, new_ids)
            if not k:
                continue
            before, after = old[len(old) - k :].double(), new[len(new) - k :].double()
            kl += float((before.exp() * (before - after)).sum())
            following = torch.tensor(old_ids[len(old_ids) - k + 1 :])[:, None]
            base_nll -= float(before[:-1].gather(1, following).sum())
            nll -= float(after[:-1].gather(1, following).sum())
            count, targets = count + k, targets + k - 1
        if not targets:
            raise WorkbenchError("neutral texts share no token with their changed version; use other neutral texts")
        return kl / count, nll / base_nll - 1


def neutral(model: Model, texts: Sequence[str]) -> Neutral:
    """The neutral texts as the unchanged model reads them."""
    if not texts:
        raise WorkbenchError("no neutral texts came; expected at least one")
    ids, log_probs = predictions(model, texts)
    return Neutral(tuple(texts), tuple(ids), tuple(log_probs))


def predictions(model: Model, texts: Sequence[str]) -> tuple[list[tuple[int, ...]], list[Float[Tensor, "_ vocab"]]]:
    """Token ids of each text (with what the model puts before it) and the log-probs after every one of them."""
    ids: list[tuple[int, ...]] = [()] * len(texts)
    found: list[Tensor] = [torch.zeros(0, 0)] * len(texts)
    for index, batch in batches(model, list(texts), None, 4096):
        rows = forward(model, batch).float().log_softmax(-1).cpu()
        for row, length, i, tokens in zip(rows, batch.lengths.tolist(), index, batch.ids.cpu(), strict=True):
            ids[i], found[i] = tuple(tokens[-length:].tolist()), row[-length:].clone()
    return ids, found


def _shared_end(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens at the end are the same."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count


def change_norm(base: Model, changed: Model, texts: Sequence[str], site: Site) -> float:
    """‖δ‖/median‖h‖ at a site on texts: root mean square change of the stream over its median norm, a share."""
    moved, norms = [], []
    for _, batch in batches(base, list(texts), None, 4096):
        before = capture(base, batch, [site], batch.real)[site].double()
        after = capture(changed, batch, [site], batch.real)[site].double()
        moved.append((after - before).square().sum(-1))
        norms.append(before.norm(dim=-1))
    return float(torch.cat(moved).mean().sqrt() / torch.cat(norms).median())


def accuracy(model: Model, asked: Concept) -> float:
    """The share of choices for which the correct answer has the higher score; chance is one half."""
    return float((read(model, asked).log_odds > 0).mean())
