# %% [markdown]
# # Exercises 06 · Evaluation
#
# Five exercises on [lesson 06](../06_evaluation.ipynb), from one line to one idea: 35 to 90 minutes.
# Run the first two cells; after them, each exercise stands by itself. Write your answer where it says so,
# then run the cell below it: it is silent if all is well, and otherwise says what to look at.
# [Solutions](../solutions/06_evaluation.ipynb). Mosaic's listeners are simulated, here as everywhere.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import interval, print_table
from mmrec_course.evaluation import (
    Split,
    cold_item_split,
    compare_splits,
    evaluate,
    global_time_split,
    ndcg,
    random_split,
    temporal_split,
)
from mmrec_course.features import extract_features
from mmrec_course.recommenders import EASE, ContentRidge, Popularity

# %%
mosaic = load_mosaic()
ratings = mosaic.ratings
split = temporal_split(ratings)


def small_ratings(*rows):
    """Ratings from rows of user, item, rating and day."""
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])
    days = pd.to_timedelta(table["timestamp"].astype(float), unit="D")
    return table.assign(timestamp=pd.Timestamp("2024-01-01") + days)


def small_split(train, test, valid=()):
    """A split of such rows."""
    parts = {"train": train, "valid": valid, "test": test}
    parts = {name: small_ratings(*rows) for name, rows in parts.items()}
    items = np.array(["w", "x", "y", "z"])
    return Split(**parts, candidates=items, valid_candidates=items)


# %% [markdown]
# ## 1 · A list that is too short
#
# Two lines. `top` is a list of item ids, the first rank first; `liked` is the set of all relevant items.
# Return a pair, (precision@k, recall@k). A model may list fewer than `k` items, and it may list more:
# then only the first `k` count.


# %% exercise="precision_recall"
def precision_recall(top, liked, k):
    ### BEGIN SOLUTION
    hits = sum(item in liked for item in top[:k])
    return hits / k, hits / len(liked)
    ### END SOLUTION


# %% check="precision_recall"
answer = precision_recall(["a", "b", "c", "d"], {"a", "d", "x"}, k=4)
assert np.shape(answer) == (2,), "return two numbers: precision, recall"
assert np.any(answer), (
    "there are two hits, and you found none: np.isin does not look into a set."
    " Use `item in liked`, or np.isin with list(liked)"
)
assert np.isclose(answer[0], 2 / 4), "two hits in four positions: precision is 2 / 4"
assert np.isclose(answer[1], 2 / 3), "two hits of three relevant items: recall is 2 / 3"
answer = precision_recall(["a", "b", "c", "d"], {"a", "d", "x"}, k=2)
assert np.allclose(answer, (1 / 2, 1 / 3)), "with k = 2 the fourth item is not in the list"
answer = precision_recall(["a"], {"a", "d"}, k=10)
assert np.allclose(answer, (1 / 10, 1 / 2)), (
    "the denominator of precision is k, also for a short list: nine positions were left empty"
)

# %% [markdown]
# *Why k, and not the length of the list?* A model that lists one sure item and stops would have
# precision 1. With k, the nine empty positions count. That is a choice, and other libraries choose
# otherwise; it only has to be stated.

# %% [markdown]
# ## 2 · NDCG for somebody who likes a lot
#
# `hits` is an array of True and False, one for each rank, of any length; `n_liked` is the number of tracks that the
# listener likes in all. Return the NDCG of this list. Take care of the perfect list: how many hits can it
# hold?


# %% exercise="my_ndcg"
def my_ndcg(hits, n_liked):
    ### BEGIN SOLUTION
    discount = 1 / np.log2(np.arange(2, len(hits) + 2))
    return discount[hits].sum() / discount[:n_liked].sum()  # stops at the end of the list
    ### END SOLUTION


# %% check="my_ndcg" points=2
answer = my_ndcg(np.arange(10) == 0, 1)
assert np.shape(answer) == (), "return one number"
assert np.isclose(answer, 1), "one relevant item, at rank 1: a perfect list"
assert np.isclose(my_ndcg(np.arange(10) < 2, 2), 1), (
    "two relevant items, at ranks 1 and 2: perfect, so 1. Divide by the DCG of the perfect list"
)
assert np.isclose(my_ndcg(np.arange(10) == 2, 1), 0.5), "a hit at rank 3 is worth 1 / log2(3 + 1)"
assert np.isclose(my_ndcg(np.arange(10) == 0, 2), 1 / (1 + 1 / np.log2(3))), (
    "two relevant items, one hit: the perfect list has both, whatever this list has"
)
assert np.isclose(my_ndcg(np.ones(10, bool), 40), 1), (
    "ten hits in ten positions are perfect, though 40 tracks are liked: no list of ten holds more"
)
try:
    answer = my_ndcg(np.array([False, False, True]), 1)
except (IndexError, ValueError):
    raise AssertionError("a list may have three ranks: count to len(hits), not to 10") from None
assert np.isclose(answer, ndcg([[False, False, True]], [1])[0]), "a hit at rank 3 of 3 is worth 1/2"

# %%
table = evaluate(EASE().fit(split.train_valid), split, k=3, metrics=["ndcg"])
print("listeners who like more than three:", (table["n_relevant"] > 3).sum(), "of", len(table))

# %% [markdown]
# *What it does.* With `k = 3` one listener in eleven likes more than fits. If the perfect list had a position
# for each of their liked tracks, none of them could reach 1, and their numbers would say less about the
# model than about how much they like. (`discount` has one entry for each position, so
# `discount[:n_liked]` ends with the list, however large `n_liked` is.)

# %% [markdown]
# ## 3 · Its own future
#
# Return the share of test ratings for which training (`split.train`) holds a *later* rating by the *same*
# listener. `groupby(...).max()` and `map` help. A listener who is not in training has no future there.


# %% exercise="own_future"
def own_future(split):
    ### BEGIN SOLUTION
    last = split.train.groupby("user_id")["timestamp"].max()
    return (split.test["timestamp"] < split.test["user_id"].map(last)).mean()
    ### END SOLUTION


# %% check="own_future" points=2
answer = own_future(small_split([("ann", "x", 5, 9)], [("ann", "y", 4, 5)]))
assert np.shape(answer) == (), "return one number, a share"
assert answer == 1, "ann's test rating is of day 5, her training rating of day 9: that is later"
assert own_future(small_split([("ann", "x", 5, 1)], [("ann", "y", 4, 5)])) == 0, (
    "ann's training rating is of day 1, before her test rating of day 5: that is no future"
)
assert own_future(small_split([("ann", "x", 5, 5)], [("ann", "y", 4, 5)])) == 0, (
    "both of ann's ratings are of the same moment: the one in training is not *later*"
)
assert own_future(small_split([("ann", "x", 5, 9)], [("cem", "y", 4, 5)])) == 0, (
    "the rating of day 9 is ann's, the test rating is cem's: look for the same listener"
)
with_valid = small_split([("bob", "x", 3, 2)], [("bob", "z", 4, 5)], [("bob", "y", 3, 9)])
assert own_future(with_valid) == 0, "bob's later rating is in validation: use split.train only"
two = small_split([("ann", "x", 5, 9)], [("ann", "y", 4, 5), ("bob", "y", 4, 5)])
assert own_future(two) == 1 / 2, "one of two test ratings: the share, of all test ratings"

# %%
kinds = {"random": random_split, "temporal": temporal_split, "global time": global_time_split}
for name, make_split in kinds.items():
    print(f"{name:12} {own_future(make_split(ratings)):.0%}")

# %% [markdown]
# *What it says.* Two lines tell you whether a split respects time, also that of a benchmark you
# downloaded. If they say 90 % or more, its ratings were split without regard to time, and its numbers
# are about filling gaps in a history, not about what comes next.

# %% [markdown]
# ## 4 · A paired bootstrap of your own
#
# `a` and `b` are one metric of two models, for the same listeners in the same order, as arrays or Series.
# Return three numbers: the mean difference a − b, and the ends of its 95 % interval from `n_boot`
# bootstrap samples of *listeners*.


# %% exercise="paired"
def paired(a, b, n_boot=2000, rng=0):
    rng = np.random.default_rng(rng)
    ### BEGIN SOLUTION
    difference = np.asarray(a) - np.asarray(b)
    sampled = rng.integers(len(difference), size=(n_boot, len(difference)))
    low, high = np.quantile(difference[sampled].mean(axis=1), [0.025, 0.975])
    return difference.mean(), low, high
    ### END SOLUTION


# %% check="paired" points=2
normal = np.random.default_rng(1).normal
b = normal(0, 1, 400)  # how easy each listener is, for both models
a = b + 0.1 + normal(0, 0.1, 400)
answer = paired(a, b)
assert len(answer) == 3, "return three numbers: the difference and two ends"
estimate, low, high = answer
assert np.isclose(estimate, (a - b).mean()), "the first number is a minus b, on average"
expected = 2 * 1.96 * (a - b).std() / 20
assert high - low < 3 * expected, (
    f"the interval is {high - low:.2f} wide, expected {expected:.2f}: both models need the same"
    " sampled listeners, so sample once for both"
)
assert abs(high - low - expected) < expected / 10, (
    f"the interval is {high - low:.4f} wide, expected about {expected:.4f}: sample with replacement,"
    " as many as there are; take the mean of each sample; then the 2.5 % and 97.5 % quantiles"
)
try:
    paired(*(pd.Series(x, [f"u{j}" for j in range(400)]) for x in (a, b)))
except Exception:
    raise AssertionError("a and b may be Series: begin with np.asarray(a), np.asarray(b)") from None

# %%
half_life = {}
for days in (None, 30, 60):
    model = Popularity(half_life=days).fit(split.train_valid)
    half_life[days] = evaluate(model, split, metrics=["ndcg"])["ndcg"]
for days in (None, 30):
    print(f"half-life 60 − {days}:", interval(*paired(half_life[60], half_life[days]), 3))

# %% [markdown]
# *What it says.* That recent popularity is better than plain, the interval supports. That 60 days are
# better than 30, it does not. "60" in the lesson's grid search means "60 was the highest on validation": a
# choice, not a finding.

# %% [markdown]
# ## 5 · A feature made of ratings, without the leak
#
# "People like this artist" would be a useful column, for cold-start items too: an artist's other tracks
# have ratings. Such a column is made of ratings, and so it can leak in two ways: through test ratings, and
# through a track's *own* ratings, which a cold-start item does not have.
#
# Return, for each track in `artist` (a Series: item id → artist), the mean of all ratings in `train` of
# the *other* tracks by that artist. Where there are none, return the mean of all of `train`.
#
# The first line is there: `own` has a row for each track, with the sum and the number of its ratings in
# `train`. `own.groupby(artist).transform("sum")` gives each track the totals of its artist. What is left
# to subtract?


# %% exercise="artist_mean"
def artist_mean(train, artist):
    own = train.groupby("item_id")["rating"].agg(["sum", "size"])
    own = own.reindex(artist.index, fill_value=0)
    ### BEGIN SOLUTION
    others = own.groupby(artist).transform("sum") - own
    mean = others["sum"] / others["size"].where(others["size"] > 0)
    return mean.fillna(train["rating"].mean())
    ### END SOLUTION


# %% check="artist_mean" points=3
artist_of = pd.Series({"x": "Ada", "y": "Ada", "z": "Ada", "w": "Bo"})
train = small_ratings(("u", "x", 5, 1), ("v", "x", 3, 1), ("u", "y", 1, 1), ("v", "w", 5, 1))
answer = artist_mean(train, artist_of)
assert isinstance(answer, pd.Series), "return a Series: item id → mean rating"
assert list(answer.index) == list(artist_of.index), "one number for each track, in their order"
assert np.isclose(answer["z"], 3), (
    "z has no ratings, and Ada's other tracks have 5, 3 and 1, mean 3: that is what the column is for"
)
assert not np.allclose(answer[["x", "y"]], 3), (
    "a track's own ratings must not count: subtract `own` from the totals of the artist"
)
assert np.allclose(answer[["x", "y"]], [1, 4]), "for x only y's 1 counts, for y only x's 5 and 3"
assert not np.isnan(answer["w"]), "Bo has no other track: 0 / 0. Use the mean of all of `train`"
assert np.isclose(answer["w"], 3.5), "Bo has no other track: the mean of all of `train` is 14 / 4"

# %% [markdown]
# What is it worth? Five cold-item splits, and beside it the same column made of *all* ratings, the
# track's own among them, as it might come in a file:


# %%
def with_column(block, column):
    column = column.reindex(block.item_ids).to_numpy(float)
    column = 0.1 * (column - column.mean()) / column.std()
    values = np.column_stack([block.values, column])
    return replace(block, values=values, names=(*block.names, "artist"))


artist = mosaic.items["artist"]
all_ratings_mean = ratings.groupby(ratings["item_id"].map(artist))["rating"].mean()
results = {"text": [], "artist, clean": [], "artist, of all ratings": []}
for seed in range(5):
    cold = cold_item_split(ratings, rng=seed)
    text = extract_features(mosaic, ["text"], fit_items=cold.train_valid["item_id"])["text"]
    clean = with_column(text, artist_mean(cold.train_valid, artist))
    leaky = with_column(text, artist.map(all_ratings_mean))
    for name, block in zip(results, (text, clean, leaky), strict=True):
        model = ContentRidge(modality="text", reg=10.0).fit(cold.train_valid, {"text": block})
        results[name].append(evaluate(model, cold, metrics=["ndcg"]))

# %%
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(compare_splits(results, test_share=0.2)[bounds], digits=3)

# %% [markdown]
# *What it says.* Made of all ratings, the column seems to lift the text model by 0.029. Made of what one may
# know, it adds 0.005: a little, and the interval excludes zero. So five sixths of the gain was test
# ratings: with three tracks for each artist, "the artist's mean" is to a third the track's own mean. Such a
# column is never called `test_ratings`. It is called `artist_score`, and comes in a file.
#
# One warning about our own table. The 0.1 in `with_column` is a hyperparameter, and we have seen this test
# before we chose it: that is trap 5. Try 0.3: the clean column's interval then contains zero. Trust the gap
# between the columns more than the 0.005.
