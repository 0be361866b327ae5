"""Is one model better than another, and by how much? Per-user results, and their comparison.

In: fitted models and a split. Out: a table a user, then means, intervals and differences.

Two kinds of luck stand between a result and the truth, and each function covers one:

- *Which users?* :func:`compare`, on one split: would other listeners, given these items and this
  training data, say the same?
- *Which items?* :func:`compare_splits`, over several splits: would other items say the same?
  On cold items this is often the larger of the two: one good list can serve everybody, so the
  users agree with each other, and all of them depend on the few items that were drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats

from mmrec_course.evaluation.metrics import METRICS, auc, rank_items, tie_tolerance
from mmrec_course.evaluation.splits import Split, liked

__all__ = ["Scorer", "compare", "compare_splits", "evaluate"]

Floats = NDArray[np.float64]

# Scores are computed for as many users at a time as make 32 MB of them; with a model's own
# arrays and the ranking's, a few times that, however many users and items there are.
BLOCK_CELLS = 2**22


class Scorer(Protocol):
    """All that evaluation knows of a recommender.

    Notebook: 06_evaluation
    """

    def score(self, user_ids: Any, item_ids: Any) -> Floats:
        """(n_users, n_items) scores, higher is better; −∞ for what must not be listed."""


def check_metrics(names: Sequence[str]) -> None:
    """Refuse a metric that :func:`evaluate` does not have."""
    for name in names:
        if name not in METRICS and name != "auc":
            raise ValueError(f"metrics: {name!r} is unknown; there are {[*METRICS, 'auc']}")


def _pairs(ratings: pd.DataFrame, users: NDArray[Any], items: NDArray[Any]) -> sp.csr_array:
    """(n_users, n_items) True where the table has that pair; other pairs are passed over."""
    row = pd.Index(users).get_indexer(np.asarray(ratings["user_id"]))
    column = pd.Index(items).get_indexer(np.asarray(ratings["item_id"]))
    known = (row >= 0) & (column >= 0)
    ones = np.ones(np.count_nonzero(known), bool)
    return sp.csr_array((ones, (row[known], column[known])), shape=(len(users), len(items)))


def _scores(model: Scorer, users: NDArray[Any], items: NDArray[Any]) -> Floats:
    """The model's scores, as an array of our own that may be masked in place."""
    scores = np.array(model.score(users, items), dtype=np.float64)
    if scores.shape != (len(users), len(items)):
        raise ValueError(
            f"{type(model).__name__}.score: shape {scores.shape}, expected"
            f" ({len(users)}, {len(items)})"
        )
    if np.isnan(scores.min()):
        row, column = np.argwhere(np.isnan(scores))[0]
        raise ValueError(
            f"{type(model).__name__}.score: user {users[row]}, item {items[column]} is NaN;"
            " a model must score everything, −inf for what it would never list"
        )
    return scores


def evaluate(
    model: Scorer,
    split: Split,
    k: int = 10,
    *,
    positive: float = 4.0,
    part: str = "test",
    metrics: Sequence[str] = (*METRICS, "auc"),
) -> pd.DataFrame:
    """Rank every candidate for every user and compare with what the user went on to like.

    Full ranking, no sampled negatives. What train and valid hold is masked, for the test part;
    for the validation part, what train holds. Relevant are the part's ratings of at least
    ``positive`` among the candidates. Scores tie that differ by less than 10⁻⁵ of the standard
    deviation of a user's scores (features hold few more digits); the lower item id comes first.
    ``recommend`` orders such scores by their value. An item at −∞ is not listed: the list is
    shorter, and k stays the denominator of precision.

    Works in blocks of users, so that memory does not grow with their number.

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
    metrics
        Which columns to compute, any of ndcg, recall, precision, mrr, map, hit_rate (all at k)
        and auc (over all candidates; the one that costs time).

    Returns
    -------
    DataFrame indexed by user_id (sorted), the columns asked for (float in [0, 1]) and n_relevant
    (int), for users with a relevant item. How many users of the part have none, and so cannot be
    judged, is in :meth:`Split.describe`, and here in ``attrs["n_skipped"]``, which pandas may
    lose on the way. auc is NaN for a user who likes every unmasked candidate.

    Raises
    ------
    ValueError
        If the part or a metric is unknown, nobody has anything relevant in the part, or the
        model's scores have the wrong shape or a NaN (user and item are named).

    Notebook: 06_evaluation
    """
    if part not in ("test", "valid"):
        raise ValueError(f"part: {part!r} is neither 'test' nor 'valid'")
    check_metrics(metrics)
    held_out = split.test if part == "test" else split.valid
    known = split.train_valid if part == "test" else split.train
    items = split.candidates if part == "test" else split.valid_candidates
    wanted = liked(held_out, items, positive)
    users = np.unique(np.asarray(wanted["user_id"]))
    if not len(users):
        raise ValueError(f"{part}: no candidate has a rating of {positive:g} or more")
    masked, relevant = _pairs(known, users, items), _pairs(wanted, users, items)
    size = max(1, BLOCK_CELLS // len(items))
    tables = []
    for start in range(0, len(users), size):
        block = slice(start, start + size)
        scores = _scores(model, users[block], items)
        scores[masked[block].nonzero()] = -np.inf
        good = relevant[block].toarray()
        best = rank_items(scores, k, tie_tolerance(scores))
        listed = np.take_along_axis(scores, best, axis=1) > -np.inf
        hits = np.zeros((len(best), k), bool)
        hits[:, : best.shape[1]] = np.take_along_axis(good, best, axis=1) & listed
        n_relevant = good.sum(axis=1)
        columns = {
            name: METRICS[name](hits, n_relevant) if name in METRICS else auc(scores, good)
            for name in metrics
        }
        tables.append(pd.DataFrame({**columns, "n_relevant": n_relevant}, index=users[block]))
    table = pd.concat(tables).rename_axis("user_id")
    table.attrs["n_skipped"] = int(held_out["user_id"].nunique() - len(table))
    return table


def _chosen(results: Mapping[str, Any], baseline: str | None, level: float) -> int:
    """The baseline's row, after what both comparisons check."""
    if not results:
        raise ValueError("results: nothing to compare")
    if baseline is not None and baseline not in results:
        raise ValueError(f"baseline: {baseline!r} is not among {list(results)}")
    if not 0 < level < 1:
        raise ValueError(f"level: {level} is outside (0, 1)")
    return 0 if baseline is None else list(results).index(baseline)


def _values(tables: Mapping[str, pd.DataFrame], metric: str, where: str = "results") -> Floats:
    """(n_users, n_models) of one metric, after a look at whether they can be compared."""
    first = next(iter(tables))
    for name, table in tables.items():
        if metric not in table.columns:
            raise ValueError(f"{where}[{name!r}]: no column {metric!r}; has {list(table.columns)}")
        same = table.index.equals(tables[first].index)
        if same and "n_relevant" in table.columns and "n_relevant" in tables[first].columns:
            same = table["n_relevant"].equals(tables[first]["n_relevant"])
        if not same:
            raise ValueError(
                f"{where}[{name!r}]: its users, or what is relevant to them, are not those of"
                f" {first!r}; evaluate every model on the same split with the same settings"
            )
    values = np.column_stack([table[metric].to_numpy(float) for table in tables.values()])
    absent = np.isnan(values)
    if (absent != absent[:, :1]).any():
        raise ValueError(f"{where}: {metric} is NaN for a user of one model and not of another")
    kept: Floats = values[~absent[:, 0]]
    if not len(kept):
        raise ValueError(f"{where}: no user has a {metric}")
    return kept


def _holm(p: Floats) -> Floats:
    """Holm's step-down correction; NaN stays NaN and does not count as a test."""
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN sorts last
    steps = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * steps), 1.0)
    return adjusted


def compare(
    results: Mapping[str, pd.DataFrame],
    metric: str = "ndcg",
    *,
    baseline: str | None = None,
    n_boot: int = 2000,
    level: float = 0.95,
    rng: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Means with intervals, and paired differences to a baseline, by bootstrap over users.

    The same resampled users serve every row (paired), so what makes a user easy or hard for
    all models cancels in a difference. The interval is the percentile interval. p is two-sided,
    from swapping the two models' results user by user at random (paired permutation test, with
    the +1 of Phipson and Smyth so that it is never 0).

    Covers the luck of which users were asked, given this split: its items and its training data
    are taken as they are. For the luck of the items, see :func:`compare_splits`. With fewer than
    about 50 users the intervals are too narrow. O(n_boot · n_users · n_models); memory does not
    grow with n_boot.

    Parameters
    ----------
    results
        name → table of :func:`evaluate`, all of the same users.
    metric
        A column of the tables. Users for whom it is NaN (in all tables) are left out.
    baseline
        The row that the others are compared with; the first, if not given.
    n_boot
        Bootstrap samples and permutations; no p can be below 1 / (n_boot + 1).
    level
        Of the intervals, in (0, 1).
    rng
        Seed or generator.

    Returns
    -------
    DataFrame indexed by model: mean, low, high, difference, diff_low, diff_high, p, p_holm,
    n_users. Differences are row minus baseline; the baseline's are 0, its p NaN. p_holm is p
    after Holm's correction for as many tests as there are other rows: the chance of even one
    false alarm among them stays below what one reads off it.

    Raises
    ------
    ValueError
        If there is nothing to compare, a name, the level or n_boot is not possible, or users,
        relevant items or NaNs differ between the tables.

    Notes
    -----
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13; Smucker, Allan and
    Carterette (2007), CIKM; Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9(1); Holm
    (1979), Scand. J. Statist. 6(2).

    Notebook: 06_evaluation
    """
    row = _chosen(results, baseline, level)
    if n_boot < 1:
        raise ValueError(f"n_boot: {n_boot} is below 1")
    values = _values(results, metric)
    gaps = values - values[:, [row]]
    n, generator = len(values), np.random.default_rng(rng)
    boot, swapped = np.empty((n_boot, len(results))), np.empty((n_boot, len(results)))
    size = max(1, BLOCK_CELLS // (4 * n))
    for start in range(0, n_boot, size):
        block = slice(start, min(start + size, n_boot))
        # How often each user is drawn stands for the drawn users themselves.
        draws = generator.integers(n, size=(block.stop - start, n))
        weights = np.array([np.bincount(draw, minlength=n) for draw in draws], np.float64)
        boot[block] = weights @ values / n
        signs = 2.0 * generator.integers(2, size=weights.shape, dtype=np.int8) - 1
        swapped[block] = signs @ gaps / n
    tail = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(boot, tail, axis=0)
    diff_low, diff_high = np.quantile(boot - boot[:, [row]], tail, axis=0)
    difference = gaps.mean(axis=0)
    # A swap that leaves the difference as it was must count, whatever the rounding of its sum.
    slack = 1e-9 * np.abs(gaps).mean(axis=0)
    p = (1 + (np.abs(swapped) >= np.abs(difference) - slack).sum(axis=0)) / (1 + n_boot)
    p[row] = np.nan
    columns = {"mean": values.mean(axis=0), "low": low, "high": high}
    columns |= {"difference": difference, "diff_low": diff_low, "diff_high": diff_high}
    columns |= {"p": p, "p_holm": _holm(p)}
    return pd.DataFrame({**columns, "n_users": n}, index=pd.Index(list(results), name="model"))


def compare_splits(
    results: Mapping[str, Sequence[pd.DataFrame]],
    metric: str = "ndcg",
    *,
    test_share: float,
    baseline: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Means with intervals, and paired differences to a baseline, over several splits.

    A split counts as one observation v_j, its mean over users. Splits drawn from one catalogue
    share items, so their results are alike, and v̄ ± t·s/√J would be too sure, the more so the
    more splits one draws. The corrected interval is

        v̄ ± t_{J−1} · s · √(1/J + share / (1 − share)),

    s² the variance of the v_j over J splits. p is from the t-test with the same standard error.

    Covers the luck of which items (or ratings) were held out, and of what was left to train on;
    the users are taken as they are. For the luck of the users, see :func:`compare`.

    Parameters
    ----------
    results
        name → one table of :func:`evaluate` a split, the same splits in the same order, say
        ``[evaluate(model.fit(s.train), s) for s in splits]`` with
        ``splits = [cold_item_split(ratings, rng=seed) for seed in range(10)]``.
    metric
        A column of the tables.
    test_share
        The share held out for the test in every split, in [0, 1): ``fraction`` of
        :func:`~mmrec_course.evaluation.splits.cold_item_split`. 0 where no two splits share a
        test item (folds, or data sets made independently), which drops the correction.
    baseline
        The row that the others are compared with; the first, if not given.
    level
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame indexed by model: mean, low, high, difference, diff_low, diff_high, p, p_holm,
    n_splits, read as in :func:`compare`; the baseline's p is NaN. Bounds are not clipped to the
    range of the metric.

    Raises
    ------
    ValueError
        If there are fewer than two splits, their number differs between models, test_share is
        out of range, or as in :func:`compare`.

    Notes
    -----
    Nadeau and Bengio (2003), Inference for the Generalization Error, Machine Learning 52, sect.
    4 (their n_2/n_1 is share / (1 − share)).

    Notebook: 06_evaluation
    """
    row = _chosen(results, baseline, level)
    if not 0 <= test_share < 1:
        raise ValueError(f"test_share: {test_share} is outside [0, 1)")
    lengths = {name: len(tables) for name, tables in results.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"results: the number of splits differs: {lengths}")
    n = next(iter(lengths.values()))
    if n < 2:
        raise ValueError(f"results: {n} split; it takes at least 2 to see how splits differ")
    values = np.array(
        [
            _values(
                {name: tables[j] for name, tables in results.items()}, metric, f"split {j}: results"
            ).mean(axis=0)
            for j in range(n)
        ]
    )
    gaps = values - values[:, [row]]
    scale = np.sqrt(1 / n + test_share / (1 - test_share))
    t = stats.t.ppf((1 + level) / 2, n - 1)
    mean, difference = values.mean(axis=0), gaps.mean(axis=0)
    error, diff_error = (scale * v.std(axis=0, ddof=1) for v in (values, gaps))
    # Two models that never differ: no evidence (p = 1); that always differ alike: t is infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0, 0.0, np.abs(difference) / diff_error)
    p = 2 * stats.t.sf(ratio, n - 1)
    p[row] = np.nan
    columns = {"mean": mean, "low": mean - t * error, "high": mean + t * error}
    columns |= {"difference": difference}
    columns |= {"diff_low": difference - t * diff_error, "diff_high": difference + t * diff_error}
    columns |= {"p": p, "p_holm": _holm(p)}
    return pd.DataFrame({**columns, "n_splits": n}, index=pd.Index(list(results), name="model"))
