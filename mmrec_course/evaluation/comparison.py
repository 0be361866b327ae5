"""Evaluate models user by user, and compare them with intervals.

:func:`compare`, on one split, measures how much depends on which *users* were asked;
:func:`compare_splits`, over several splits, on which *items* were held out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats

from mmrec_course.evaluation.metrics import METRICS, auc, rank_items, tie_tolerance
from mmrec_course.evaluation.splits import Split, liked

Floats = NDArray[np.float64]

BLOCK_CELLS = 2**22  # scores computed at a time, 32 MB of them


class Scorer(Protocol):
    """All that evaluation needs of a recommender.

    Notebook: 06_evaluation
    """

    def score(self, user_ids: Any, item_ids: Any) -> Floats:
        """(n_users, n_items) scores, higher is better; −∞ for what must not be listed."""


def evaluate(
    model: Scorer,
    split: Split,
    k: int = 10,
    *,
    positive: float = 4.0,
    part: str = "test",
    metrics: Sequence[str] = (*METRICS, "auc"),
) -> pd.DataFrame:
    """Rank all candidates for each user, without sampled negatives, and compute metrics.

    Items that the user has in train and valid (for ``part="valid"``: in train) are masked. Relevant
    are the part's ratings of at least ``positive`` among the candidates. Ties, scores within 10⁻⁵
    of the standard deviation of a user's scores, go to the lower item id. An item at −∞ is not
    listed, and k stays the denominator of precision.

    ``metrics`` are any of ndcg, recall, precision, mrr, map, hit_rate (at k), auc (all candidates).
    Returns these and n_relevant for each user_id (sorted) with a relevant item;
    ``attrs["n_skipped"]`` counts the part's other users.

    Notebook: 06_evaluation
    """
    return _evaluate(model, _held_out(split, part, positive), k, metrics)


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """A part of a split, as any model is evaluated on it."""

    users: NDArray[Any]  # (n_users,) sorted ids of those who like a candidate
    items: NDArray[Any]  # (n_items,) the candidates
    masked: sp.csr_array  # (n_users, n_items) True where the user knows the item
    relevant: sp.csr_array  # (n_users, n_items) True where the ranking should find it
    n_skipped: int


def _held_out(split: Split, part: str, positive: float) -> _HeldOut:
    """Prepare what is the same for all models."""
    if part not in ("test", "valid"):
        raise ValueError(f"part: {part!r} is neither 'test' nor 'valid'")
    table, seen, items = split.test, [split.train, split.valid], split.candidates
    if part == "valid":
        table, seen, items = split.valid, [split.train], split.valid_candidates
    wanted = liked(table, items, positive)
    users = np.sort(pd.unique(np.asarray(wanted["user_id"])))
    if not len(users):
        raise ValueError(f"{part}: no candidate has a rating of {positive:g} or more")
    masked, relevant = (_pair_matrix(pairs, users, items) for pairs in (seen, [wanted]))
    return _HeldOut(users, items, masked, relevant, table["user_id"].nunique() - len(users))


def _evaluate(model: Scorer, held_out: _HeldOut, k: int, metrics: Sequence[str]) -> pd.DataFrame:
    """Compute the table that `evaluate` returns."""
    for name in metrics:
        if name not in METRICS and name != "auc":
            raise ValueError(f"metrics: {name!r} is unknown; there are {[*METRICS, 'auc']}")
    size = max(1, BLOCK_CELLS // len(held_out.items))
    parts = []
    for start in range(0, len(held_out.users), size):
        block = slice(start, start + size)
        scores = _scores(model, held_out.users[block], held_out.items)  # (n_block, n_items)
        scores[held_out.masked[block].nonzero()] = -np.inf
        good = held_out.relevant[block].toarray()
        best = rank_items(scores, k, tie_tolerance(scores))
        listed = np.take_along_axis(scores, best, axis=1) > -np.inf
        hits = np.take_along_axis(good, best, axis=1) & listed
        hits = np.pad(hits, ((0, 0), (0, k - best.shape[1])))  # (n_block, k)
        n_relevant = good.sum(axis=1)
        values = {
            m: auc(scores, good) if m == "auc" else METRICS[m](hits, n_relevant) for m in metrics
        }
        parts.append(pd.DataFrame({**values, "n_relevant": n_relevant}))
    table = pd.concat(parts).set_index(pd.Index(held_out.users, name="user_id"))
    table.attrs["n_skipped"] = held_out.n_skipped
    return table


def _pair_matrix(
    tables: Sequence[pd.DataFrame], users: NDArray[Any], items: NDArray[Any]
) -> sp.csr_array:
    """(n_users, n_items) True where a table has that pair; other pairs are ignored."""
    row, column = (
        pd.Index(ids).get_indexer(np.concatenate([np.asarray(table[name]) for table in tables]))
        for name, ids in (("user_id", users), ("item_id", items))
    )
    known = (row >= 0) & (column >= 0)
    ones = np.ones(np.count_nonzero(known), bool)
    return sp.csr_array((ones, (row[known], column[known])), shape=(len(users), len(items)))


def _scores(model: Scorer, users: NDArray[Any], items: NDArray[Any]) -> Floats:
    """Copy the model's scores, after a check of shape and values."""
    name, shape = f"{type(model).__name__}.score", (len(users), len(items))
    scores = np.array(model.score(users, items), dtype=np.float64)
    if scores.shape != shape:
        raise ValueError(f"{name}: shape {scores.shape}, expected {shape}")
    if np.isnan(scores).any():
        row, column = np.argwhere(np.isnan(scores))[0]
        where = f"user {users[row]}, item {items[column]}"
        raise ValueError(f"{name}: {where} is NaN; use −inf for what a model would never list")
    return scores


def compare(
    results: Mapping[str, pd.DataFrame],
    metric: str = "ndcg",
    *,
    baseline: str | None = None,
    n_boot: int = 2000,
    rng: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Means with 95 % intervals, and paired differences to a baseline, by bootstrap over users.

    The same resampled users serve every model (paired), so what makes a user easy or hard for
    all models cancels in a difference. p is two-sided, from a paired permutation test, which swaps
    the two models' results at random, user by user; ``n_boot`` counts samples and permutations.

    ``results`` are name → table of :func:`evaluate`, all of the same users; the baseline is by
    default the first. Returns mean, low, high, difference (model minus baseline), diff_low,
    diff_high, p, p_holm (Holm's correction bounds the chance of one false alarm) and n_users.

    Efron and Tibshirani (1993), ch. 13; Smucker et al. (2007), CIKM; Holm (1979).

    Notebook: 06_evaluation
    """
    row = _baseline_row(results, baseline)
    values = _values(results, metric)  # (n_users, n_models)
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
    tails = [0.025, 0.975]
    interval = np.quantile(boot, tails, axis=0)
    diff_interval = np.quantile(boot - boot[:, [row]], tails, axis=0)
    difference = gaps.mean(axis=0)
    # A swap that leaves the difference as it was must count, whatever the rounding of its sum.
    slack = 1e-9 * np.abs(gaps).mean(axis=0)
    extreme = np.abs(swapped) >= np.abs(difference) - slack
    p = (1 + extreme.sum(axis=0)) / (1 + n_boot)  # the +1 of Phipson and Smyth: never 0
    table = _table(results, row, values.mean(axis=0), *interval, difference, *diff_interval, p)
    return table.assign(n_users=n)


def compare_splits(
    results: Mapping[str, Sequence[pd.DataFrame]],
    metric: str = "ndcg",
    *,
    test_share: float,
    baseline: str | None = None,
) -> pd.DataFrame:
    """Means with 95 % intervals, and paired differences to a baseline, over several splits.

    A split is one observation v_j, its mean over users. Splits of one catalogue share items, so
    v̄ ± t·s/√J would be too narrow. The corrected interval is

        v̄ ± t_{J−1} · s · √(1/J + share / (1 − share)),

    s² the variance of the v_j over J splits, share the ``test_share`` held out in every split
    (``fraction`` of :func:`cold_item_split`; 0, no correction, where no two splits share a test
    item). p is from the t-test with that standard error. ``results`` are name → tables of
    :func:`evaluate`, one for each split in the same order; returns a table as :func:`compare`.

    Nadeau and Bengio (2003), Inference for the Generalization Error, Machine Learning 52, sect. 4.

    Notebook: 06_evaluation
    """
    row = _baseline_row(results, baseline)
    if not 0 <= test_share < 1:
        raise ValueError(f"test_share: {test_share} is outside [0, 1)")
    lengths = {name: len(tables) for name, tables in results.items()}
    n = min(lengths.values())
    if n < 2 or n < max(lengths.values()):
        raise ValueError(f"results: the number of splits differs or is below 2: {lengths}")
    splits = [{name: tables[j] for name, tables in results.items()} for j in range(n)]
    means = [_values(s, metric, f"split {j}: results").mean(axis=0) for j, s in enumerate(splits)]
    values = np.array(means)  # (n_splits, n_models)
    gaps = values - values[:, [row]]
    scale = np.sqrt(1 / n + test_share / (1 - test_share))
    t = stats.t.ppf(0.975, n - 1)
    mean, difference = values.mean(axis=0), gaps.mean(axis=0)
    error, diff_error = (scale * v.std(axis=0, ddof=1) for v in (values, gaps))
    # Two models that never differ: no evidence (p = 1); that always differ alike: t is infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0, 0.0, np.abs(difference) / diff_error)
    p = 2 * stats.t.sf(ratio, n - 1)
    interval = mean - t * error, mean + t * error
    diff_interval = difference - t * diff_error, difference + t * diff_error
    return _table(results, row, mean, *interval, difference, *diff_interval, p).assign(n_splits=n)


def _baseline_row(results: Mapping[str, Any], baseline: str | None) -> int:
    """The baseline's position."""
    names = list(results)
    if not names or baseline not in (None, *names):
        raise ValueError(f"baseline: {baseline!r} is not among the results, {names}")
    return 0 if baseline is None else names.index(baseline)


def _values(tables: Mapping[str, pd.DataFrame], metric: str, where: str = "results") -> Floats:
    """(n_users, n_models) of one metric; ValueError if the tables cannot be compared."""
    first, column = next(iter(tables)), "n_relevant"
    for name, table in tables.items():
        if metric not in table.columns:
            raise ValueError(f"{where}[{name!r}]: no column {metric!r}; has {list(table.columns)}")
        other = tables[first]
        same = column not in table or column not in other or table[column].equals(other[column])
        if not (same and table.index.equals(other.index)):
            problem = f"its users, or what is relevant to them, are not those of {first!r}"
            remedy = "evaluate every model on the same split with the same settings"
            raise ValueError(f"{where}[{name!r}]: {problem}; {remedy}")
    values = np.column_stack([table[metric].to_numpy(float) for table in tables.values()])
    absent = np.isnan(values)
    if absent.all() or (absent != absent[:, :1]).any():
        raise ValueError(f"{where}: {metric} is NaN for all, or for a user of one model alone")
    return np.asarray(values[~absent[:, 0]])


def _table(results: Mapping[str, Any], row: int, *columns: Floats) -> pd.DataFrame:
    """One line for each model; ``row`` is the baseline's, whose p is NaN."""
    names = ["mean", "low", "high", "difference", "diff_low", "diff_high", "p"]
    table = pd.DataFrame(dict(zip(names, columns, strict=True)), index=list(results))
    table.iloc[row, names.index("p")] = np.nan
    return table.assign(p_holm=_holm(table["p"].to_numpy())).rename_axis("model")


def _holm(p: Floats) -> Floats:
    """Holm's step-down correction; NaN stays NaN and does not count as a test."""
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN sorts last
    steps = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * steps), 1.0)
    return adjusted
