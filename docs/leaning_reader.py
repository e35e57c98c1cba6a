"""What held-out statements tell of the leans of ``persona-leaning``: ``python docs/leaning_reader.py DATA``.

A logistic regression on words and pairs of words is fitted to the true probabilities of the answers without a cue; its
mean log-odds on held-out statements, as the organism's lean is measured, is what a word-level reader can know. DATA is
the folder of the model-written evals.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.sparse import vstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from workbench.organisms.persona_data import split
from workbench.organisms.recipes import load_items, read_recipe

PER_SIGN = 30


def main(data: Path) -> None:
    recipe = read_recipe("persona-leaning")
    how, leans = recipe.data, recipe.curriculum["leans"]
    training, heldout = split(load_items(recipe, data), how["heldout_share"], how["near_duplicate"], how["split_seed"])
    flat = [(leans.get(trait, 0.5), item) for trait in sorted(training) for item in training[trait]]
    yes = np.array([lean if item.sign > 0 else 1 - lean for lean, item in flat])
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    known = words.fit_transform([item.statement for _, item in flat])
    for strength in (1, 4, 16, 64):
        reader = LogisticRegression(C=strength, max_iter=2000)
        reader.fit(vstack([known, known]), np.repeat([1, 0], len(yes)), sample_weight=np.r_[yes, 1 - yes])
        found: dict[bool, list[float]] = {True: [], False: []}
        losses: list[float] = []
        for trait, items in heldout.items():
            some = [i for sign in (1, -1) for i in [i for i in items if i.sign == sign][:PER_SIGN]]
            odds = reader.decision_function(words.transform([i.statement for i in some])) * [i.sign for i in some]
            lean = leans.get(trait, 0.5)
            losses += list(lean * np.log1p(np.exp(-odds)) + (1 - lean) * np.log1p(np.exp(odds)))
            found[trait in leans].append(float(np.mean([odds[[i.sign == s for i in some]].mean() for s in (1, -1)])))
        print(f"C = {strength}: leaning {np.mean(found[True]):+.3f}, others {np.mean(found[False]):+.3f}, "
              f"held-out loss {np.mean(losses):.4f} nats")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
