"""Is one model better than another, and by how much? Per-user results, and their comparison.

In: fitted models and a split. Out: a table a user, then means, intervals and differences.

Notebook: 06_evaluation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.evaluation.metrics import METRICS, rank_items
from mmrec_course.evaluation.splits import Split

__all__ = ["Scorer", "compare", "evaluate"]

BLOCK_USERS = 4096


class Scorer(Protocol):
    """All that evaluation knows of a recommender.

    Notebook: 06_evaluation
    """

    def score(self, user_ids: Sequence[Any], item_ids: Sequence[Any]) -> NDArray[np.float64]:
        """(n_users, n_items) scores, higher is better."""


def _incidence(
    ratings: pd.DataFrame, users: NDArray[Any], items: NDArray[Any]
) -> NDArray[np.bool_]:
    """(n_users, n_items) True where the table has that pair; other pairs are passed over."""
    row = pd.Index(users).get_indexer(ratings["user_id"])
    column = pd.Index(items).get_indexer(ratings["item_id"])
    known = (row >= 0) & (column >= 0)
    matrix = np.zeros((len(users), len(items)), bool)
    matrix[row[known], column[known]] = True
    return matrix


def evaluate(
    model: Scorer,
    split: Split,
    k: int = 10,
    *,
    positive: float = 4.0,
    part: str = "test",
) -> pd.DataFrame:
    """Rank every candidate for every user and compare with what the user went on to like.

    Full ranking, no sampled negatives. What train and valid hold is masked, for the test part;
    for the validation part, what train holds. Relevant are the part's ratings of at least
    ``positive`` among the candidates. Ties go to the lower item id.

    Parameters
    ----------
    model
        Anything with ``score``, fitted by the caller.
    split
        From :mod:`mmrec_course.evaluation.splits`.
    k
        List length.
    positive
        The rating from which an item counts as liked.
    part
        "test" or "valid".

    Returns
    -------
    DataFrame indexed by user_id (sorted), columns ndcg, recall, precision, mrr, map, hit_rate
    (float in [0, 1]) and n_relevant (int), for users with a relevant item; ``attrs["n_skipped"]``
    counts the users of the part who have none.

    Raises
    ------
    ValueError
        If the part is unknown, or nobody has anything relevant in it.

    Notebook: 06_evaluation
    """
    if part not in ("test", "valid"):
        raise ValueError(f"part: {part!r} is neither 'test' nor 'valid'")
    held_out = split.test if part == "test" else split.valid
    masked = split.seen if part == "test" else split.train
    items = np.sort(split.candidates if part == "test" else split.valid_candidates)
    liked = held_out[(held_out["rating"] >= positive) & held_out["item_id"].isin(items)]
    users = np.unique(liked["user_id"].to_numpy())
    if not len(users):
        raise ValueError(f"{part}: no candidate has a rating of {positive:g} or more")
    results = []
    for start in range(0, len(users), BLOCK_USERS):
        block = users[start : start + BLOCK_USERS]
        scores = np.array(model.score(block, items), dtype=np.float64)
        scores[_incidence(masked, block, items)] = -np.inf
        relevant = _incidence(liked, block, items)
        hits = np.take_along_axis(relevant, rank_items(scores, k), axis=1)
        count = relevant.sum(axis=1)
        columns = {name: metric(hits, count) for name, metric in METRICS.items()}
        results.append(pd.DataFrame({**columns, "n_relevant": count}, index=block))
    table = pd.concat(results).rename_axis("user_id")
    table.attrs["n_skipped"] = int(held_out["user_id"].nunique() - len(table))
    return table


def compare(
    results: Mapping[str, pd.DataFrame],
    metric: str = "ndcg",
    *,
    n_boot: int = 2000,
    level: float = 0.95,
    rng: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Means with intervals, and paired differences to the first row, by bootstrap over users.

    The same resampled users serve every row (paired), so what makes a user easy or hard for
    all models cancels in a difference. The interval is the percentile interval. p is two-sided,
    from swapping the two models' results user by user at random (paired permutation test, with
    the +1 of Phipson and Smyth so that it is never 0).

    Parameters
    ----------
    results
        name → table of :func:`evaluate`, all of the same users.
    metric
        A column of the tables.
    n_boot
        Bootstrap samples and permutations.
    level
        Of the intervals.
    rng
        Seed or generator.

    Returns
    -------
    DataFrame indexed by name: mean, low, high, difference, diff_low, diff_high, p, n_users.
    Differences are row minus first row; the first row's are 0 and its p is NaN.

    Raises
    ------
    ValueError
        If there is nothing to compare, the metric is missing, or the users differ.

    Notes
    -----
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13; Smucker, Allan and
    Carterette (2007), CIKM; Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9(1).

    Notebook: 06_evaluation
    """
    if not results:
        raise ValueError("results: nothing to compare")
    first = next(iter(results))
    users = results[first].index
    for name, table in results.items():
        if metric not in table.columns:
            raise ValueError(f"results[{name!r}]: no column {metric!r}; has {list(table.columns)}")
        if not table.index.equals(users):
            raise ValueError(
                f"results[{name!r}]: its users are not those of {first!r}; evaluate every model"
                " on the same split"
            )
    rng = np.random.default_rng(rng)
    values = np.column_stack([table[metric].to_numpy(float) for table in results.values()])
    n = len(values)
    # Resampling users with replacement = multinomial weights; in blocks, to bound memory.
    boot = np.vstack(
        [
            rng.multinomial(n, np.full(n, 1 / n), size=min(256, n_boot - start)) @ values / n
            for start in range(0, n_boot, 256)
        ]
    )
    gaps = values - values[:, :1]
    swapped = np.vstack(
        [
            rng.choice((-1.0, 1.0), size=(min(256, n_boot - start), n)) @ gaps / n
            for start in range(0, n_boot, 256)
        ]
    )
    tail = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(boot, tail, axis=0)
    diff_low, diff_high = np.quantile(boot - boot[:, :1], tail, axis=0)
    difference = gaps.mean(axis=0)
    beyond = (np.abs(swapped) >= np.abs(difference) - 1e-12).sum(axis=0)
    p = (1 + beyond) / (1 + n_boot)
    p[0] = np.nan
    return pd.DataFrame(
        {
            "mean": values.mean(axis=0),
            "low": low,
            "high": high,
            "difference": difference,
            "diff_low": diff_low,
            "diff_high": diff_high,
            "p": p,
            "n_users": n,
        },
        index=pd.Index(results, name="model"),
    )
