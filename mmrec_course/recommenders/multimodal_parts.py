"""What the final model is put together with: gates, and the judging of what it chooses.

In: scores, counts, what was liked. Out: shares of the parts, and how well a list ranks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.evaluation.metrics import ndcg, rank_items, tie_tolerance
from mmrec_course.recommenders.base import Floats, Indices

__all__ = [
    "average_of_the_best",
    "clearly_best",
    "each_ndcg",
    "first_of_the_best",
    "gates",
    "ndcg_by_fold",
    "seconds",
    "towards",
    "without",
]

Option = TypeVar("Option")


def seconds(ratings: pd.DataFrame) -> NDArray[np.int64]:
    """(n,) times in whole seconds."""
    times = ratings["timestamp"].to_numpy().astype("datetime64[s]")
    return np.asarray(times.astype(np.int64))


def gates(n: NDArray[np.int_], share: float, half: float, caution: float) -> tuple[Floats, Floats]:
    """What the collaborative part counts for items with n ratings, and what content counts."""
    unknown = np.asarray(half / (n + half), dtype=np.float64)
    g = np.asarray(share * (1 - unknown), dtype=np.float64)
    return g, np.asarray((1 - g) * (1 - caution * unknown), dtype=np.float64)


def without(x: sp.csr_array, hide: NDArray[np.bool_]) -> sp.csr_array:
    """These interests, without any in the hidden items."""
    kept = x.copy()
    kept.data[hide[kept.indices]] = 0.0
    kept.eliminate_zeros()
    return kept


def towards(scores: Floats, average: Floats, n_user: NDArray[np.int_], half: float) -> Floats:
    """ρ c_u + (1 − ρ) c̄ with ρ = n_u³ / (n_u³ + half³): the less is known, the more average.

    The cubes let go of the average soon: whoever has chosen a multiple of ``half`` is served by
    their own choices.
    """
    known = n_user**3 / np.maximum(n_user**3 + half**3, 1e-9)
    return np.asarray(known[:, None] * scores + (1 - known)[:, None] * average)


def ndcg_by_fold(
    scores: Floats, liked: NDArray[np.bool_], present: NDArray[np.bool_], fold: Indices
) -> Floats:
    """Mean NDCG@10 in each fold, ranked by itself, among the items that are present.

    Folds in which nothing is liked are left out; rounded, so that the last digits of a
    processor's arithmetic decide nothing.
    """
    columns = [np.flatnonzero(present & (fold == f)) for f in np.unique(fold)]
    means = [_mean_ndcg(scores[:, c], liked[:, c]) for c in columns if liked[:, c].any()]
    return np.round(means, 9)


def clearly_best(judged: Mapping[Option, Floats]) -> Option:
    """The first option, unless the best in the mean beats it by more than chance would.

    That is, by more than the standard error of the difference. What is best on five handfuls of
    items, or for some hundred people, is otherwise mostly what was lucky there.

    Parameters
    ----------
    judged
        Option → quality in each fold, or for each user.
    """
    first = next(iter(judged))
    if len(judged[first]) < 2:
        return first
    best = max(judged, key=lambda option: round(float(np.mean(judged[option])), 9))
    gain = judged[best] - judged[first]
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return best if round(float(gain.mean() - error), 9) > 0 else first


def first_of_the_best(judged: Mapping[Option, Floats]) -> Option:
    """The first option that cannot be told from the best one: the rule of one standard error.

    Parameters
    ----------
    judged
        Option → quality for each user; the options from the mildest on.
    """
    best = max(judged, key=lambda option: round(float(np.mean(judged[option])), 9))
    for option, quality in judged.items():
        loss = judged[best] - quality
        error = loss.std(ddof=1) / np.sqrt(len(loss)) if len(loss) > 1 else 0.0
        if round(float(loss.mean() - error), 9) <= 0:
            return option
    return best


def average_of_the_best(options: Floats, judged: Floats) -> Floats:
    """The mean of all options that cannot be told from the best one.

    That is, whose mean quality lies within the standard error of its difference to the best.

    Parameters
    ----------
    options
        (n_options, d).
    judged
        (n_options, n_folds) quality.

    Returns
    -------
    (d,) rounded to nine digits.
    """
    best = int(np.argmax(np.round(judged.mean(axis=1), 9)))
    loss = judged[best] - judged
    error = loss.std(axis=1, ddof=1) / np.sqrt(judged.shape[1]) if judged.shape[1] > 1 else 0.0
    alike = np.round(loss.mean(axis=1) - error, 9) <= 0
    return np.asarray(options[alike].mean(axis=0).round(9))


def each_ndcg(scores: Floats, liked: NDArray[np.bool_], k: int = 10) -> Floats:
    """(n_users,) NDCG@k, rounded; NaN where nothing is liked."""
    hits = np.take_along_axis(liked, rank_items(scores, k, tie_tolerance(scores)), axis=1)
    return np.round(ndcg(hits, liked.sum(axis=1)), 9)


def _mean_ndcg(scores: Floats, liked: NDArray[np.bool_], k: int = 10) -> float:
    """Of all rows in which something is liked; 0 if there are none."""
    return float(np.nanmean(each_ndcg(scores, liked, k))) if liked.any() else 0.0
