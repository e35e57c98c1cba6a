"""What a facts organism recalls: per relation, in phrasings it read of a subject and in phrasings it did not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workbench.editing.fact_files import FactRecord
from workbench.organisms.facts_documents import FactsWorld
from workbench.stats import proportion
from workbench.training.loop import Document, collate
from workbench.types import Effect

SETS = ("trained", "withheld", "unseen")


@dataclass(frozen=True)
class Recall:
    """One row per prompt: the fact (an index), which set of phrasings, and what the most likely next token is."""

    facts: tuple[FactRecord, ...]
    fact: np.ndarray
    set: np.ndarray
    taught: np.ndarray
    other: np.ndarray

    def rows(self, name: str, relation: str = "", taught: bool | None = None) -> np.ndarray:
        """A mask of the prompts of a set, of a relation (default all), taught truly (True), falsely (False) or both."""
        kept = [(not relation or r.relation == relation) and taught in (None, r.taught) for r in self.facts]
        return np.array(kept)[self.fact] & (self.set == name)

    def share(self, rows: np.ndarray, said: str = "taught") -> Effect:
        """How often the ``taught`` object, or the fact's ``other`` one, is the most likely token.

        The interval is over subjects.
        """
        flags = getattr(self, said)[rows]
        return proportion(flags.astype(float), [self.facts[i].fact.group for i in self.fact[rows]])

    def commonest(self, rows: np.ndarray) -> float:
        """The share that the relation's most frequent object would reach: what is known without knowing subjects."""
        counts = Counter(self.facts[i].answer for i in self.fact[rows])
        return max(counts.values()) / int(rows.sum())


@torch.inference_mode()
def measure_facts(model, world: FactsWorld, batch_tokens: int = 8000) -> Recall:
    """Recall of every fact in every phrasing, over the whole vocabulary."""
    asked = [(i, name, p) for i, r in enumerate(world.records) for name in SETS for p in getattr(r, name)]
    best = most_likely(model, [[world.bos, *world.encode(p)] for *_, p in asked], batch_tokens)
    fact = np.array([i for i, *_ in asked])
    right = np.array([world.answers[world.records[i].answer] for i in fact])
    wrong = np.array([world.answers[world.records[i].fact.answer(not world.records[i].taught)] for i in fact])
    return Recall(tuple(world.records), fact, np.array([name for _, name, _ in asked]), best == right, best == wrong)


def most_likely(model, prompts: Sequence[Sequence[int]], batch_tokens: int) -> np.ndarray:
    """The most likely next token of every prompt."""
    out, order = np.empty(len(prompts), dtype=int), sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    while order:
        size = max(1, batch_tokens // len(prompts[order[-1]]))
        batch, order = order[-size:], order[:-size]
        ids, _ = collate([Document(prompts[i], []) for i in batch], model.config.pad_token_id)
        hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        last = torch.tensor([len(prompts[i]) - 1 for i in batch])
        out[batch] = model.get_output_embeddings()(hidden[torch.arange(len(batch)), last]).argmax(-1).numpy()
    return out


def recall_rows(recall: Recall) -> list[dict]:
    """One row per relation and set: share recalled with its interval over subjects, and what guessing would give.

    Facts taught falsely have rows of their own, whose ``other`` is the share that says the truth all the same.
    """
    rows = []
    for relation in dict.fromkeys(r.relation for r in recall.facts):
        for name in SETS:
            for taught in (True, False):
                chosen = recall.rows(name, relation, taught)
                if not chosen.any():
                    continue
                share, other = recall.share(chosen), recall.share(chosen, "other")
                rows.append({
                    "relation": relation, "phrasings": name, "taught": "true" if taught else "false",
                    "facts": len(set(recall.fact[chosen])), "prompts": int(chosen.sum()),
                    "recalled": share.estimate, "recalled_low": share.low, "recalled_high": share.high,
                    "commonest": recall.commonest(chosen), "other": other.estimate, "other_high": other.high,
                })  # fmt: skip
    return [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
