# %% [markdown]
# # Exercises 06 · Evaluation
#
# Five exercises on [lesson 06](../06_evaluation.ipynb), from one line to one idea. Write your answer
# where it says so, then run the cell below it: it is silent if all is well, and otherwise says what to
# look at. Mosaic's listeners are simulated, here as everywhere.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import interval
from mmrec_course.evaluation import Split, evaluate, ndcg, temporal_split
from mmrec_course.recommenders import EASE, Popularity

mosaic = load_mosaic()
ratings = mosaic.ratings

# %% [markdown]
# ## 1 · A list that is too short
#
# Two lines. `top` is a list of item ids, best first; `liked` is the set of all that could have been
# found. Return (precision@k, recall@k). A model may list fewer than `k` items, and it may list more:
# then only the first `k` count.


# %% exercise="precision_recall"
def precision_recall(top, liked, k):
    ### BEGIN SOLUTION
    hits = sum(item in liked for item in top[:k])
    return hits / k, hits / len(liked)
    ### END SOLUTION


# %% check="precision_recall"
assert precision_recall(["a", "b", "c", "d"], {"a", "d", "x"}, k=4) == (2 / 4, 2 / 3), (
    "two hits, four places, three liked: precision is over k, recall over all liked"
)
assert precision_recall(["a", "b", "c", "d"], {"a", "d", "x"}, k=2) == (1 / 2, 1 / 3), (
    "with k = 2 the fourth item is not in the list"
)
assert precision_recall(["a"], {"a", "d"}, k=10) == (1 / 10, 1 / 2), (
    "the denominator of precision is k, also for a short list: nine places were left empty"
)

# %% [markdown]
# *Why k, and not the length of the list?* A model that lists one sure item and stops would have
# precision 1. With k it pays for the nine places it left empty. That is a choice, and other libraries
# choose otherwise; it only has to be stated.

# %% [markdown]
# ## 2 · NDCG for somebody who likes a lot
#
# `hits` is an array of 0 and 1, one a rank; `n_liked` says how many tracks the listener likes in all.
# Return NDCG for this list. Take care of the perfect list: how many hits can it hold? (The lesson's
# `worth[hits]` needs `hits` as True and False. With 0 and 1 it would take the elements *number* 0 and 1.)


# %% exercise="my_ndcg"
def my_ndcg(hits, n_liked):
    ### BEGIN SOLUTION
    worth = 1 / np.log2(np.arange(2, len(hits) + 2))
    return (worth * hits).sum() / worth[:n_liked].sum()  # stops at the end of the list
    ### END SOLUTION


# %% check="my_ndcg" points=2
assert my_ndcg(np.array([1, 0, 0]), 1) < 1.001, (
    "more than 1 cannot be: `hits` are the numbers 0 and 1, so multiply by them, do not index with them"
)
assert np.isclose(my_ndcg(np.array([1, 0, 0]), 1), 1), (
    "one liked track, on top: perfect. The perfect list has as many hits as there are liked tracks"
)
assert np.isclose(my_ndcg(np.ones(10), 40), 1), (
    "ten hits in ten places are perfect, though 40 tracks are liked: no list of ten holds more"
)
assert np.isclose(my_ndcg(np.array([0, 0, 1]), 1), 0.5), "a hit at rank 3 is worth 1 / log2(3 + 1)"
rng = np.random.default_rng(0)
for _ in range(20):
    random_hits = rng.integers(0, 2, 10)
    total = int(random_hits.sum() + rng.integers(1, 20))
    assert np.isclose(my_ndcg(random_hits, total), ndcg([random_hits], [total])[0]), (
        f"hits {random_hits}, {total} liked: the package says {ndcg([random_hits], [total])[0]:.3f}"
    )

# %%
split = temporal_split(ratings)
ease = EASE().fit(split.train_valid)
n_liked = evaluate(ease, split, k=3, metrics=["ndcg"])["n_relevant"]
print("like more tracks than three places hold:", (n_liked > 3).sum(), "of", len(n_liked))

# %% [markdown]
# *What it does.* With `k = 3` one listener in eleven likes more than fits. If the perfect list had a place
# for each of their liked tracks, none of them could reach 1, and their numbers would say less about the
# model than about how much they like. (`worth` has one entry a place, so `worth[:n_liked]` ends with the
# list, however large `n_liked` is.)

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
def rows(*quads):
    table = pd.DataFrame(quads, columns=["user_id", "item_id", "rating", "timestamp"])
    days = pd.to_timedelta(table["timestamp"], unit="D")
    return table.assign(timestamp=pd.to_datetime("2024-01-01") + days)


tiny = Split(
    train=rows(("ann", "x", 5, 1), ("ann", "y", 4, 9), ("bob", "x", 3, 2)),
    valid=rows(("bob", "y", 3, 9)),
    test=rows(("ann", "z", 4, 5), ("bob", "w", 4, 2), ("bob", "z", 4, 5), ("cem", "z", 4, 5)),
    candidates=np.array(["w", "x", "y", "z"]),
    valid_candidates=np.array(["w", "x", "y", "z"]),
)
assert own_future(tiny) == 1 / 4, (
    "only ann's test rating has a later one of hers in training. Bob's later one is in validation, his"
    " one of day 2 is of the same moment, not later, and ann's day 9 is not bob's or cem's future"
)
assert own_future(temporal_split(ratings)) == 0, "per listener in time: no test rating has any"

# %%
from mmrec_course.evaluation import global_time_split, random_split

kinds = {"random": random_split, "per listener": temporal_split, "global": global_time_split}
for name, kind in kinds.items():
    print(f"{name:12} {own_future(kind(ratings)):.0%}")

# %% [markdown]
# *What it says.* Two lines tell you whether a split respects time, also that of a benchmark you
# downloaded. If they say 90 % or more, its ratings were split without regard to time, and its numbers
# are about filling gaps in a history, not about what comes next.

# %% [markdown]
# ## 4 · A paired bootstrap of your own
#
# `a` and `b` are one metric of two models, for the same listeners in the same order. Return three
# numbers: the mean difference a − b, and the ends of its 95 % interval from `n_boot` bootstrap draws of
# *listeners*.


# %% exercise="paired"
def paired(a, b, n_boot=2000, rng=0):
    rng = np.random.default_rng(rng)
    ### BEGIN SOLUTION
    difference = np.asarray(a) - np.asarray(b)
    drawn = rng.integers(len(difference), size=(n_boot, len(difference)))
    low, high = np.quantile(difference[drawn].mean(axis=1), [0.025, 0.975])
    return difference.mean(), low, high
    ### END SOLUTION


# %% check="paired" points=2
rng = np.random.default_rng(1)
hard = rng.normal(0, 1, 400)  # how easy each listener is, for both models
a, b = hard + 0.1 + rng.normal(0, 0.1, 400), hard
estimate, low, high = paired(a, b)
assert abs(estimate - (a - b).mean()) < 1e-9, "a minus b, on average"
expected = 2 * 1.96 * (a - b).std() / 20
assert high - low < 3 * expected, (
    f"the interval is {high - low:.2f} wide, expected {expected:.2f}: both models must be asked about the"
    " same drawn listeners, so draw once for both"
)
assert abs(high - low - expected) < expected / 10, (
    f"the interval is {high - low:.4f} wide, expected about {expected:.4f}: draw with replacement, as many"
    " as there are, take the mean of each draw, and the middle 95 % of the means (2.5 % off each end)"
)
assert low < 0.1 < high, "the interval should lie around the difference"

# %%
recent = {
    days: evaluate(Popularity(half_life=days).fit(split.train_valid), split, metrics=["ndcg"])[
        "ndcg"
    ]
    for days in (None, 30, 60)
}
for days in (None, 30):
    print(f"half-life 60 − {days}:", interval(*paired(recent[60], recent[days]), 3))

# %% [markdown]
# *What it says.* That recent popularity beats plain, the interval supports. That 60 days beat 30, it does
# not. "60 is best" in the lesson's search means "60 was best on validation": a choice, not a finding.

# %% [markdown]
# ## 5 · A feature made of ratings, without the leak
#
# "People like this artist" would be a useful column, for new tracks too: an artist's other tracks have
# ratings. Such a column is made of ratings, and so it can leak in two ways: through test ratings, and
# through a track's *own* ratings, which a new track does not have.
#
# Return, for each track in `artist` (a Series: item id → artist), the mean of all ratings in `train` of
# the *other* tracks by that artist. Where there are none, the mean of all of `train`.


# %% exercise="artist_mean"
def artist_mean(train, artist):
    ### BEGIN SOLUTION
    own = train.groupby("item_id")["rating"].agg(["sum", "size"])
    own = own.reindex(artist.index, fill_value=0)
    others = own.groupby(artist).transform("sum") - own
    mean = others["sum"] / others["size"].where(others["size"] > 0)
    return mean.fillna(train["rating"].mean())
    ### END SOLUTION


# %% check="artist_mean" points=3
by = pd.Series({"x": "Ada", "y": "Ada", "z": "Ada", "w": "Bo"})
small = rows(("u", "x", 5, 1), ("v", "x", 3, 1), ("u", "y", 1, 1), ("v", "w", 5, 1))
answer = artist_mean(small, by)
assert list(answer.index) == list(by.index), "one number a track of `artist`, in its order"
assert answer["z"] == 3, (
    "z is new, and Ada's other tracks have ratings 5, 3 and 1, mean 3: that is what the column is for"
)
assert answer["x"] == 1 and answer["y"] == 4, (
    "a track's own ratings must not count: for x only y's 1, for y only x's 5 and 3"
)
assert answer["w"] == 3.5, (
    "Bo has no other track: the mean of all of `train`, 14 / 4, not w's own rating"
)

# %%
from dataclasses import replace

from mmrec_course.display import print_table
from mmrec_course.evaluation import cold_item_split, compare_splits
from mmrec_course.features import extract_features
from mmrec_course.recommenders import ContentRidge

artist = mosaic.items["artist"]
leaky_mean = ratings.groupby(ratings["item_id"].map(artist))["rating"].mean()


def with_column(block, column):
    column = column.reindex(block.item_ids).to_numpy(float)
    column = 0.3 * (column - column.mean()) / column.std()
    values = np.column_stack([block.values, column])
    return replace(block, values=values, names=(*block.names, "artist"))


# %% [markdown]
# What is it worth? Five draws of new tracks, and beside it the same column made of *all* ratings, the
# track's own among them, as it might come in a file:

# %%
results = {"text": [], "artist, clean": [], "artist, of all ratings": []}
for seed in range(5):
    shelf = cold_item_split(ratings, rng=seed)
    text = extract_features(mosaic, ["text"], fit_items=shelf.train_valid["item_id"])["text"]
    clean = with_column(text, artist_mean(shelf.train_valid, artist))
    leaky = with_column(text, artist.map(leaky_mean))
    for name, block in zip(results, (text, clean, leaky), strict=True):
        model = ContentRidge(modality="text", reg=10.0).fit(shelf.train_valid, {"text": block})
        results[name].append(evaluate(model, shelf, metrics=["ndcg"]))
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(compare_splits(results, test_share=0.2)[bounds], digits=3)

# %% [markdown]
# *What it says.* Made of all ratings, the column seems to lift the text model by a quarter. Made of what one
# may know, it adds nothing that five draws could show. The whole gain was test ratings: with
# three tracks an artist, "the artist's mean" is to a third the track's own mean. A column like this is
# never called `test_ratings`. It is called `artist_score`, and comes in a file.
