"""Topics for texts that come without groups, so that near-duplicates stay on one side of a split."""

from collections.abc import Sequence
from typing import Any

import numpy as np

CLUSTERS = 24
DIMENSIONS = 32
# halves of contractions as the tokenizer cuts them, and the words that every question with options holds
IDLE_WORDS = ("don", "doesn", "didn", "isn", "wouldn", "shouldn", "ve", "ll", "choices", "choice", "options", "option")


def group_texts(texts: Sequence[str], clusters: int = CLUSTERS) -> list[str]:
    """A topic name per text, from k-means on a reduced TF-IDF matrix; equal texts share one.

    Names are ``"07 power control"``: number in order of appearance, then the two most typical words. Fewer than
    ``2 * clusters`` different texts make half as many topics as texts, and texts of the same words share one.
    Deterministic (fixed seed), up to the rounding of the machine's linear algebra.
    """
    unique = list(dict.fromkeys(texts))
    count = min(clusters, len(unique) // 2)
    if count < 2:
        return ["01"] * len(texts) if len(unique) < 2 else [f"{unique.index(t) + 1:02d}" for t in texts]
    matrix, words = _tfidf(unique)
    labels = _kmeans(matrix, count)
    order = list(dict.fromkeys(labels))
    names = {label: _name(order.index(label) + 1, matrix[labels == label], words) for label in order}
    topic = {text: names[label] for text, label in zip(unique, labels, strict=True)}
    return [topic[t] for t in texts]


def _tfidf(texts: Sequence[str]) -> tuple[Any, np.ndarray]:
    """A sparse matrix [text word] and its words."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    idle = sorted(ENGLISH_STOP_WORDS.union(IDLE_WORDS))
    for vectorizer in (
        TfidfVectorizer(sublinear_tf=True, stop_words=idle, min_df=2),
        TfidfVectorizer(sublinear_tf=True, stop_words=idle),
        TfidfVectorizer(sublinear_tf=True, analyzer="char"),
    ):
        try:  # short or wordless texts have no vocabulary after pruning: then the next, more lenient, features
            matrix = vectorizer.fit_transform(texts)
        except ValueError:
            continue
        if min(matrix.shape) > 1 and matrix.getnnz(axis=1).mean() >= 1:
            break
    return matrix, vectorizer.get_feature_names_out()


def _kmeans(matrix: Any, count: int) -> np.ndarray:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    width = min(DIMENSIONS, min(matrix.shape) - 1)
    reduced = TruncatedSVD(width, n_iter=3, random_state=0).fit_transform(matrix) if width > 0 else matrix.toarray()
    points = np.asarray(normalize(reduced))
    count = min(count, len(np.unique(points.round(9), axis=0)))
    return KMeans(count, n_init="auto", max_iter=50, random_state=0).fit_predict(points)


def _name(number: int, rows: Any, words: np.ndarray) -> str:
    weights = np.asarray(rows.sum(axis=0)).ravel()
    best = [str(words[i]) for i in np.argsort(-weights, kind="stable")[:2] if weights[i] > 0]
    return " ".join([f"{number:02d}", *best])
