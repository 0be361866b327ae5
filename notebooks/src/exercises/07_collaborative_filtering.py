# %% [markdown]
# # Exercises 07 · Collaborative filtering
#
# Five exercises on [lesson 07](../07_collaborative_filtering.ipynb), from one line to one idea. Write
# your answer where it says so, then run the cell below it: it is silent if all is well, and
# otherwise says what to look at. Mosaic's listeners are simulated, here as everywhere.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table, show_items
from mmrec_course.evaluation import compare, evaluate, temporal_split
from mmrec_course.recommenders import EASE, ImplicitALS, Popularity

mosaic = load_mosaic()
split = temporal_split(mosaic.ratings)
past, items = split.train_valid, mosaic.items.index

# %% [markdown]
# ## 1 · Means that do not believe two ratings
#
# One line. A track has a few ratings, and the mean of all tracks' ratings is `mean`. Return its
# **damped mean**: `mean`, plus the sum of (rating − `mean`), negative ones included, divided by the
# number of ratings *plus* `reg`.
# (It is the bias $b_i$ of the lesson, without listeners' biases, and with $\mu$ added.)


# %% exercise="damped_mean"
def damped_mean(ratings, mean, reg):
    ratings = np.asarray(ratings, dtype=float)
    ### BEGIN SOLUTION
    return mean + (ratings - mean).sum() / (reg + len(ratings))
    ### END SOLUTION


# %% check="damped_mean"
assert damped_mean([], mean=3.5, reg=10) == 3.5, "without a rating, all that is left is the mean"
assert abs(damped_mean([5, 5], mean=3.5, reg=10) - 3.75) < 1e-9, (
    "two ratings, each 1.5 above the mean: 3 divided by 10 + 2, on top of 3.5"
)
assert abs(damped_mean([1, 5], mean=3.5, reg=8) - 3.4) < 1e-9, (
    "1 star is 2.5 below the mean, 5 are 1.5 above it: −1 divided by 8 + 2, on top of 3.5"
)
assert abs(damped_mean([5, 5], mean=3.5, reg=0) - 5) < 1e-9, "with reg 0 it is the plain mean"

# %%
mu = past["rating"].mean()
by_track = past.groupby("item_id")["rating"]
table = pd.DataFrame({"ratings": by_track.size(), "mean": by_track.mean()})
table["damped"] = by_track.apply(lambda r: damped_mean(r, mu, reg=10))
for column in ("mean", "damped"):
    print_table(table.sort_values(column, ascending=False, kind="stable").head(5))

# %% [markdown]
# *What it says.* Two of the first five, with nine and seven ratings, leave; they make room for tracks
# with 310 and 147. A mean of seven ratings is not wrong, but it is not known to be high either, and
# among many tracks with few ratings a few always happen to look splendid. The track at the top has
# 30 ratings and stays there: 30 against 10 is enough to be believed.

# %% [markdown]
# ## 2 · One step of SVD
#
# Without biases, SVD predicts $\hat r = p^\top q$. It meets a rating, and its error is
# $e = r - p^\top q$. Return the new `p` and the new `q`: each moves by `step` times
# ($e$ times the other one, minus `reg` times itself), as in the lesson.


# %% exercise="svd_step"
def svd_step(p, q, rating, step, reg):
    ### BEGIN SOLUTION
    e = rating - p @ q
    return p + step * (e * q - reg * p), q + step * (e * p - reg * q)
    ### END SOLUTION


# %% check="svd_step" points=2
p0, q0 = np.array([1.0, 0.0]), np.array([2.0, 1.0])
p1, q1 = svd_step(p0, q0, rating=4.0, step=0.1, reg=0.0)
assert np.allclose(p1, [1.4, 0.2]), "the error is 4 − 2 = 2; p moves by 0.1 · 2 · q"
assert np.allclose(q1, [2.2, 1.0]), "q moves by 0.1 · 2 · p, and p is the old one, not the new one"
assert np.array_equal(p0, [1.0, 0.0]), "return new arrays and leave those that came in alone"
p1, q1 = svd_step(p0, q0, rating=2.0, step=0.1, reg=0.5)
assert np.allclose(p1, [0.95, 0.0]), "no error here, so only reg is left: it makes p shorter"
assert np.allclose(q1, [1.9, 0.95]), "reg makes q shorter as well, by 0.1 · 0.5 of itself"

# %%
p, q = np.array([0.1, -0.1]), np.array([0.1, 0.1])
for rounds in range(4):
    print(f"after {100 * rounds:3} steps {fixed(p @ q, 3)} stars")
    for _ in range(100):
        p, q = svd_step(p, q, rating=4.0, step=0.02, reg=0.1)

# %% [markdown]
# *Why 3.9 and not 4?* The product comes to rest where no step changes anything any more: where
# $e\,q = 0.1\,p$ and $e\,p = 0.1\,q$, which is at $e = 0.1$. That is the price of `reg`: it holds
# factors back, so that a single rating never gets all it asks for. And *why the old* $p$ *in the step
# of* $q$? Both steps follow the slope at the place where we stand. A $q$ that uses the new $p$ follows
# the slope of another place.

# %% [markdown]
# ## 3 · Because you liked …
#
# EASE's score for a listener and a track is a sum of votes, one from each track in the history:
# $\hat y_{ui} = \sum_j x_{uj} B_{ji}$. Return the `k` largest votes for `item`, largest first, as a
# Series indexed by the track that casts the vote. `x` is a Series, the listener's liking of every
# track (0 where there is no rating); `B` is a frame, tracks × tracks.


# %% exercise="because"
def because(x, B, item, k):
    ### BEGIN SOLUTION
    return (x * B[item]).sort_values(ascending=False, kind="stable").head(k)
    ### END SOLUTION


# %% check="because" points=2
tiny_B = pd.DataFrame([[0, 1, 2], [3, 0, 4], [5, 6, 0]], index=list("abc"), columns=list("abc"))
tiny_x = pd.Series([1.5, -1.0, 2.0], index=list("abc"))
votes = because(tiny_x, tiny_B, "a", 2)
assert votes.to_dict() != {"c": 4.0, "a": 0.0}, "votes FOR a stand in its column, not in its row"
assert list(votes.index) == ["c", "a"], (
    "2.0 · 5 from c comes first, then a, which has no vote for itself"
)
assert because(tiny_x, tiny_B, "c", 3).to_dict() == {"a": 3.0, "c": 0.0, "b": -4.0}, (
    "b is disliked, and so votes against: −1.0 · 4 is a vote too, the last one"
)
assert abs(because(tiny_x, tiny_B, "b", 3).sum() - 13.5) < 1e-9, "all votes add up to the score"

# %%
model = EASE(reg=200).fit(past)
B = pd.DataFrame(model.weights_, model.item_ids_, model.item_ids_)
mine = past[past["user_id"] == "u449"].set_index("item_id")["rating"]
x = (mine - 2.5).reindex(B.index, fill_value=0.0)
best = model.recommend(["u449"], k=1).loc[0]
votes = because(x, B, best["item_id"], 3)
print("score", fixed(best["score"]), "of which three tracks", fixed(votes.sum()))
captions = [f"{mine[j]:.0f} stars, vote {fixed(vote)}" for j, vote in votes.items()]
show_items(
    mosaic.items, [best["item_id"], *votes.index], captions=["recommended", *captions], columns=4
)

# %% [markdown]
# *What it says.* Three tracks out of a history of many cast about half of the score, and the listener
# gave five stars to each. A model this simple can be questioned: every recommendation has its reasons,
# and they add up. Lesson 11 does the same for a model with content. (Why the column? $B$ is not symmetric:
# column $i$ is the regression that predicts $i$ from the others.)

# %% [markdown]
# ## 4 · A new user for iALS
#
# Somebody has just come in and liked a few tracks. iALS need not be fitted again: with the tracks'
# factors $Q$ held still, a listener's factors are one ridge regression over **all** tracks, as in the
# lesson,
#
# $$p = (Q^\top C\, Q + \lambda I)^{-1} Q^\top C\, t,$$
#
# with $t$ 1 for the liked tracks (liking at least 1.5) and 0 for all others, and the diagonal of
# $C$ $1 + \alpha x$ for the liked ones and 1 for all others. Return $p$. `x` is (n_items,), the likings.


# %% exercise="new_user"
def new_user(x, Q, alpha, reg):
    ### BEGIN SOLUTION
    t = (x >= 1.5).astype(float)
    c = 1 + alpha * x * t
    return np.linalg.solve((Q.T * c) @ Q + reg * np.eye(Q.shape[1]), Q.T @ (c * t))
    ### END SOLUTION


# %% check="new_user" points=2
for alpha, reg in ((1.0, 10.0), (3.0, 20.0)):
    ials = ImplicitALS(factors=8, alpha=alpha, reg=reg, iterations=3).fit(past)
    Q = ials.item_factors_
    for row in (0, 1):
        x = ials.histories_[[row]].toarray()[0]
        p = new_user(x, Q, alpha=alpha, reg=reg)
        likes = x >= 1.5
        c = 1 + alpha * x[likes]
        only = np.linalg.solve((Q[likes].T * c) @ Q[likes] + reg * np.eye(8), Q[likes].T @ c)
        assert not np.allclose(p, only), "tracks that are not liked count too, with t = 0 and c = 1"
        assert np.allclose(p, ials.user_factors_[row]), (
            f"alpha {alpha}, reg {reg}: for listeners that it knows, the model has the same factors:"
            " t is 0 or 1; c is 1 + alpha · x for likes alone, so a disliked track has c = 1;"
            " reg stands on the diagonal"
        )

# %%
ials = ImplicitALS(factors=32, reg=30.0, alpha=4.0).fit(past)
chosen = ["t062", "t413", "t131"]
x = np.where(np.isin(ials.item_ids_, chosen), 2.5, 0.0)
scores = ials.item_factors_ @ new_user(x, ials.item_factors_, alpha=4.0, reg=30.0)
scores[np.isin(ials.item_ids_, chosen)] = -np.inf
theme = pd.Series(mosaic.ground_truth()["theme"], items)
top = ials.item_ids_[np.argsort(-scores, kind="stable")[:5]]
print("chosen:", set(theme[chosen]), "listed:", set(theme[top]))
show_items(mosaic.items, top)

# %% [markdown]
# *What it says.* The new user chose three tracks about childhood, a jazz, a folk and a dub one. The five
# that come back are about childhood too, and of four genres, though no word has been read and nothing
# fitted again. Without the places that are *not* liked, the regression would only have to give 1 for
# three tracks, and many $p$ do that; the zeros say what $p$ should keep away from.

# %% [markdown]
# ## 5 · How many ratings until EASE beats popularity?
#
# New *listeners* are the other cold start. Take every second listener, pretend that we know only the
# first `n` ratings of each, and see how well their last ratings are ranked.
#
# Write the first part: return `ratings` with only the first `n` ratings, **in time**, of each
# listener in `group`, and all ratings of all others. The rows may come in any order.


# %% exercise="keep_first"
def keep_first(ratings, group, n):
    ### BEGIN SOLUTION
    ordered = ratings.sort_values("timestamp", kind="stable")
    place = ordered.groupby("user_id").cumcount()
    return ordered[(place < n) | ~ordered["user_id"].isin(group)]
    ### END SOLUTION


# %% check="keep_first" points=2
days = pd.to_datetime(["2024-03-01", "2024-03-01", "2024-01-01", "2024-02-01", "2024-01-01"])
tiny = pd.DataFrame({"user_id": list("abaab"), "item_id": list("xxyzy"), "rating": [5, 4, 3, 2, 1]})
tiny["timestamp"] = days
only_one = keep_first(tiny, ["a"], 1)
assert (only_one["user_id"] == "b").sum() == 2, "b is not in the group and keeps everything"
kept = keep_first(tiny, ["a"], 2)
assert set(kept.loc[kept["user_id"] == "a", "item_id"]) == {"y", "z"}, (
    "a's first two in time are y and z: look at timestamp, not at the order of the rows"
)
first = keep_first(tiny, ["a", "b"], 1)
assert sorted(zip(first["user_id"], first["item_id"], strict=True)) == [("a", "y"), ("b", "y")], (
    "n = 1 leaves one row for EACH listener of the group, not one for the group"
)
assert len(keep_first(tiny, ["a", "b"], 0)) == 0, "n = 0 leaves nothing of the group"
assert list(tiny["rating"]) == [5, 4, 3, 2, 1], "leave the table that came in as it was"

# %%
group = mosaic.users.index[::2]
rows = {}
for n in (0, 1, 3, 10, 30):
    known = keep_first(past, group, n)
    models = {"popularity": Popularity(window=240).fit(known), "EASE": EASE(reg=200).fit(known)}
    results = {name: evaluate(m, split, metrics=["ndcg"]) for name, m in models.items()}
    table = compare({name: r[r.index.isin(group)] for name, r in results.items()})
    rows[n] = {"popularity": table.loc["popularity", "mean"], "EASE": table.loc["EASE", "mean"]}
    rows[n] |= table.loc["EASE", ["difference", "diff_low", "diff_high"]].to_dict()
print_table(pd.DataFrame.from_dict(rows, orient="index").rename_axis("known ratings"), digits=3)

# %% [markdown]
# *What it says.* Of a listener known by nothing or by one rating, EASE makes no more than popularity
# does, as far as we can tell: the interval of the difference contains zero. (Without any rating nothing
# votes. `EASE` then puts the mean of all listeners' likings in the place of $x$: one list for
# everybody.) From three ratings on, the interval is above zero, and the difference goes on growing. New
# listeners are a far smaller trouble to collaborative filtering than new tracks: a listener's first
# three clicks help at once, while a track that nobody can see is never clicked.
#
# (What the listeners of the group rated in the past is not ranked, whatever `n`, so that all rows
# answer the same question. Popularity gains a little as well: with the group's ratings it counts
# more people.)
