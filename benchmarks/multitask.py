"""How learning a shared W grows with items and features, and beside scikit-learn's Ridge.

In: made-up features and likings. Out: seconds, log–log slopes, ratios.

    python benchmarks/multitask.py     # best on a machine with nothing else to do
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from fitting import growth
from sklearn.linear_model import Ridge
from timing import best_of, show

from mmrec_course.extras.multitask import MultitaskRidge
from mmrec_course.features import FeatureBlock

N_USERS = 600
REGS = {"reg": 10.0, "projection_reg": 10.0}


def drawn(n_items: int, n_features: int) -> tuple[dict[str, FeatureBlock], pd.DataFrame]:
    """Three modalities and a row of likings for every item."""
    rng = np.random.default_rng(0)
    ids = np.arange(n_items)
    blocks = {
        m: FeatureBlock(
            modality=m,
            item_ids=ids,
            values=rng.normal(size=(n_items, n_features)),
            present=np.ones(n_items, bool),
            names=tuple(str(j) for j in range(n_features)),
        )
        for m in ("image", "text", "audio")
    }
    return blocks, pd.DataFrame(rng.normal(size=(n_items, N_USERS)), index=ids)


def once(n_items: int, n_features: int, **options: Any) -> Callable[[], Any]:
    """One fit with everything given and nothing hidden: the closed form alone."""
    blocks, targets = drawn(n_items, n_features)
    model = MultitaskRidge(weights=dict.fromkeys(blocks, 1.0), **options)
    return lambda: model.fit(blocks, targets, folds=np.zeros(n_items))


def beside_scikit_learn() -> None:
    """The separate problem, solved by us and by scikit-learn: same features, same answer.

    Ours also centres rows and scales them to length 1; scikit-learn is given them so.
    """
    rows = [["items × features, three modalities", "ours / scikit-learn's Ridge"]]
    for n_items, n_features in ((400, 100), (400, 2000), (2400, 100)):
        blocks, targets = drawn(n_items, n_features)
        equal = dict.fromkeys(blocks, 1.0)
        ours = MultitaskRidge(
            sharing="separate", projection="pca", n_components=None, reg=10.0, weights=equal
        )
        t = (targets - targets.mean()).to_numpy()
        x = [block.values - block.values.mean(axis=0) for block in blocks.values()]
        x = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in x]

        def theirs(x: list[Any] = x, t: Any = t) -> list[Any]:
            ridge = Ridge(alpha=10.0, fit_intercept=False)
            return [ridge.fit(z, t).coef_.T for z in x]

        def mine(blocks: Any = blocks, targets: Any = targets, ours: Any = ours) -> list[Any]:
            ours.fit(blocks, targets, folds=np.zeros(len(targets)))
            return [ours.space_.projections_[m] @ ours.coef_[m] for m in blocks]

        for one, other in zip(mine(), theirs(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-8)
        seconds = best_of({"ours": mine, "theirs": theirs}, repeats=3)
        ratio = seconds["ours"] / seconds["theirs"]
        rows.append([f"{n_items:,} × {n_features:,}", f"{ratio:.1f}"])
    show("separate W_m, one λ", rows)


def sharings() -> None:
    """Learning everything, choices too, on a catalogue of Mosaic's size: in units of separate."""
    blocks, targets = drawn(480, 200)
    ways = {
        sharing: lambda sharing=sharing: MultitaskRidge(sharing=sharing).fit(blocks, targets)
        for sharing in ("separate", "shared", "shared+own", "low_rank")
    }
    seconds = best_of(ways, repeats=2)
    rows = [["sharing, all choices inside", "seconds", "/ separate"]]
    for name, took in seconds.items():
        rows.append([name, f"{took:.2f}", f"{took / seconds['separate']:.1f}"])
    show("480 items × 200 features × 600 users, three modalities, five folds", rows)


if __name__ == "__main__":
    growth(
        "shared W over the number of items, 100 features (theory: 2 to 3 below 600 items, then 1)",
        [300, 600, 1200, 2400],
        lambda n: once(n, 100, sharing="shared", **REGS),
    )
    growth(
        "shared W over the number of features, 400 items (theory: 1 above 400 features)",
        [500, 1000, 2000],
        lambda d: once(400, d, sharing="shared", **REGS),
    )
    beside_scikit_learn()
    sharings()
