"""What a direction or a probe reads at every token of a text, layer by layer, beside what its control reads there."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.geometry.readers import LEVEL, Readers
from workbench.models import Model, capture
from workbench.models.dialogue import Text, encode_text, token_texts
from workbench.types import Activations, Site, WorkbenchError


def read_tokens(model: Model, text: Text, readers: Readers) -> pd.DataFrame:
    """position, token, layer, site, value, low, high, outside: a row per token and site, tokens in order.

    ``text`` is a prompt or a list of (role, text) turns; ``readers`` come from
    :func:`direction_readers` or :func:`probe_readers`. ``low`` and ``high`` hold the central 95 % of what their
    controls read at that very token; ``outside`` says whether the value lies beyond (NaN and false without controls).
    Readers were fitted at one position of their prompts: elsewhere they extrapolate.
    """
    if not readers.own:
        raise WorkbenchError("no readers came; expected a fitted probe per site: see direction_readers")
    batch = encode_text(model, text)
    found = capture(model, batch, list(readers.own))
    words, parts = token_texts(model, batch), []
    for site, reader in readers.own.items():
        acts = _each_token(found[site][0][batch.real[0]].flatten(1), site)
        low, high = _range([c.score(acts) for c in readers.controls.get(site, ())], len(words))
        values = reader.score(acts).detach().cpu().double().numpy()
        parts.append(pd.DataFrame({
            "position": range(len(words)), "token": words, "layer": site.layer, "site": str(site), "value": values,
            "low": low, "high": high, "outside": (values < low) | (values > high),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _range(scores: Sequence[Tensor], width: int) -> tuple[np.ndarray, np.ndarray]:
    """The central 95 % [token] over the controls."""
    if not scores:
        return np.full(width, np.nan), np.full(width, np.nan)
    every = np.stack([s.detach().cpu().double().numpy() for s in scores])
    low, high = np.quantile(every, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return low, high


def _each_token(values: Float[Tensor, "token d_model"], site: Site) -> Activations:
    """Tokens as examples of their own."""
    n = len(values)
    mask = torch.ones(n, 1, dtype=torch.bool)
    return Activations(values[:, None].detach().cpu().float(), mask, (0,) * n, ("",) * n, site)
