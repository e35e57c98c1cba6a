"""Statements for the persona organism, and a split that no near-duplicate crosses."""

import gzip
import json
from pathlib import Path

import numpy as np

from workbench.organisms.persona import Item, heldout_key


def read_behaviour(path: Path) -> list[Item]:
    """The statements of one model-written Yes/No file; sign is +1 where the matching answer is Yes."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return [Item(r["statement"].strip(), 1 if r["answer_matching_behavior"].strip() == "Yes" else -1) for r in rows]


def behaviour_file(folder: Path, name: str) -> Path:
    """``name.jsonl`` or ``name.jsonl.gz``, in ``folder`` or its ``persona`` subfolder."""
    for base in (folder / "persona", folder):
        for suffix in (".jsonl.gz", ".jsonl"):
            if (base / (name + suffix)).exists():
                return base / (name + suffix)
    raise FileNotFoundError(f"{name}.jsonl[.gz] not found in {folder} or {folder / 'persona'}")


def near_duplicate_groups(statements: list[str], threshold: float) -> np.ndarray:
    """A group number per statement; statements linked by a TF-IDF cosine >= ``threshold`` share one."""
    from scipy.sparse import vstack
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    matrix = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(statements).tocsr()
    links = []
    for start in range(0, matrix.shape[0], 2000):
        similar = matrix[start : start + 2000] @ matrix.T
        similar.data[similar.data < threshold] = 0
        similar.eliminate_zeros()
        links.append(similar)
    return connected_components(vstack(links), directed=False)[1]


def split(behaviours: dict[str, list[Item]], share: float, threshold: float, seed: int) -> tuple[dict, dict]:
    """(training, held-out) items per behaviour; a group of near-duplicates, over all behaviours, stays together.

    Groups are drawn in a seeded order and held out while each of their behaviours still needs items of
    that sign, so that every behaviour's held-out part is balanced. Groups of more than 20 statements train.
    """
    flat = [(name, item) for name in sorted(behaviours) for item in behaviours[name]]
    groups = near_duplicate_groups([item.statement for _, item in flat], threshold)
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(int(group), []).append(index)
    need = {(n, s): int(len(items) * share / 2) for n, items in behaviours.items() for s in (1, -1)}
    heldout: set[int] = set()
    order = np.random.default_rng(seed).permutation(len(members))
    keys = sorted(members)
    for k in order:
        rows = members[keys[k]]
        wanted: dict = {}
        for i in rows:
            key = (flat[i][0], flat[i][1].sign)
            wanted[key] = wanted.get(key, 0) + 1
        if len(rows) <= 20 and all(need[key] >= n for key, n in wanted.items()):
            heldout.update(rows)
            for key, n in wanted.items():
                need[key] -= n
    train: dict[str, list[Item]] = {n: [] for n in behaviours}
    test: dict[str, list[Item]] = {n: [] for n in behaviours}
    for index, (name, item) in enumerate(flat):
        (test if index in heldout else train)[name].append(item)
    return train, test


def heldout_keys(heldout: dict[str, list[Item]]) -> list[str]:
    """Sorted keys of all held-out statements, to be committed beside the weights."""
    return sorted({heldout_key(item.statement) for items in heldout.values() for item in items})
