# %% [markdown]
# # Exercises 07 · Collaborative filtering
#
# Five exercises on [lesson 07](../07_collaborative_filtering.ipynb), from one line to one idea: 25 to 70
# minutes, with [solutions](../solutions/07_collaborative_filtering.ipynb). Write your answer where it
# says so, then run the cell below it: it is silent if all is well, and otherwise says what to look at.
# After the first cell, each exercise runs by itself. Mosaic's listeners are simulated.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table, show_items
from mmrec_course.evaluation import compare, evaluate, temporal_split
from mmrec_course.recommenders import EASE, ImplicitALS, Popularity

mosaic = load_mosaic()
split = temporal_split(mosaic.ratings)
past, items, users = split.train_valid, mosaic.items.index, mosaic.users.index

# %% [markdown]
# ## 1 · A damped mean that does not trust two ratings
#
# One line. A track has a few ratings, and the mean of all tracks' ratings is `mean`. Return the track's
# **damped mean**: `mean`, plus the sum of (rating − `mean`), divided by the number of ratings *plus*
# `reg`. Negative terms count, too. (With `reg = 10`, Surprise uses it for the biases of the tracks.)


# %% exercise="damped_mean"
def damped_mean(ratings, mean, reg):
    ratings = np.asarray(ratings, dtype=float)
    ### BEGIN SOLUTION
    return mean + (ratings - mean).sum() / (reg + len(ratings))
    ### END SOLUTION


# %% check="damped_mean"
value = damped_mean(pd.Series([5, 5]), mean=3.5, reg=10)
assert value is not None and np.ndim(value) == 0, f"return one number; this is {value!r}"
assert abs(value - 0.25) > 1e-9, "this is the bias alone: add the mean"
assert abs(value - 5) > 1e-9, "this is the plain mean: add reg to the number of ratings"
assert abs(value - 3.75) < 1e-9, (
    "two ratings, each 1.5 above the mean: 3 divided by 10 + 2, on top of 3.5"
)
assert abs(damped_mean([1, 5], mean=3.5, reg=8) - 3.4) < 1e-9, (
    "1 star is 2.5 below the mean, 5 are 1.5 above it: −1 divided by 8 + 2, on top of 3.5"
)
assert damped_mean([], mean=3.5, reg=10) == 3.5, "without a rating, only the mean is left"

# %%
by_track = past.groupby("item_id")["rating"]
table = pd.DataFrame({"ratings": by_track.size(), "mean": by_track.mean()})
table["damped"] = by_track.apply(damped_mean, mean=past["rating"].mean(), reg=10)
for column in ("mean", "damped"):
    print_table(table.sort_values(column, ascending=False, kind="stable").head(5))

# %% [markdown]
# *What it says.* Two of the first five leave, with nine and seven ratings. Two tracks with 310 and 147
# ratings take their positions. Among many tracks with few ratings, a few have a high mean by chance. That
# is the winner's curse, and damping is a remedy. The track at the top has 30 ratings and stays there:
# against `reg=10` they are enough.

# %% [markdown]
# ## 2 · One step of matrix factorisation
#
# Without biases, SVD predicts $\hat r = p^\top q$. For one rating, the error is $e = r - p^\top q$. Return
# the new `p` and the new `q`. Each moves by `step` times ($e$ times the other one, minus
# `reg` times itself), as in the lesson.


# %% exercise="svd_step"
def svd_step(p, q, rating, step, reg):
    ### BEGIN SOLUTION
    error = rating - p @ q
    return p + step * (error * q - reg * p), q + step * (error * p - reg * q)
    ### END SOLUTION


# %% check="svd_step" points=2
p_start, q_start = np.array([1.0, 0.0]), np.array([2.0, 1.0])
moved = svd_step(p_start, q_start, rating=4.0, step=0.1, reg=0.0)
assert isinstance(moved, tuple | list) and [np.shape(v) for v in moved] == [(2,), (2,)], (
    "return two vectors of the same length as p and q: the new p, the new q"
)
assert np.array_equal(p_start, [1, 0]) and np.array_equal(q_start, [2, 1]), (
    "return new arrays and leave p and q as they were: write p + …, not p += …"
)
assert np.allclose(moved[0], [1.4, 0.2]), "the error is 4 − 2 = 2; p moves by 0.1 · 2 · q"
assert not np.allclose(moved[1], [2.28, 1.04]), "q moves with the old p, not with the new one"
assert np.allclose(moved[1], [2.2, 1.0]), "q moves by 0.1 · 2 · p"
moved = svd_step(p_start, q_start, rating=2.0, step=0.1, reg=0.5)
assert np.allclose(moved[0], [0.95, 0.0]), "no error here, so only reg is left: p gets shorter"
assert np.allclose(moved[1], [1.9, 0.95]), "reg makes q shorter, too, by 0.1 · 0.5 of itself"

# %%
p, q = np.array([0.1, -0.1]), np.array([0.1, 0.1])
for n_steps in (0, 100, 200, 300):
    print(f"after {n_steps:3} steps {fixed(p @ q, 3)} stars")
    for _ in range(100):
        p, q = svd_step(p, q, rating=4.0, step=0.02, reg=0.1)

# %% [markdown]
# *Why 3.9 and not 4?* The product comes to rest where no step changes anything: where
# $e\,q = 0.1\,p$ and $e\,p = 0.1\,q$, which is at $e = 0.1$. This is the bias that regularisation adds: it
# holds the factors back, so the prediction never reaches the single rating. *Why the old* $p$ *in the
# step of* $q$? Both steps follow the slope at the same point. A $q$ that uses the new $p$ follows the slope
# at another point.

# %% [markdown]
# ## 3 · Because you liked …
#
# EASE's score for a listener and a track is a sum with one part for each rated track:
# $\hat y_{ui} = \sum_j \tilde r_{uj} B_{ji}$. Return the `k` largest parts for `item`, largest first, as a
# Series indexed by the track $j$. `centred` is a Series, the listener's centred rating of every track (0
# without a rating). `B` is a DataFrame of tracks × tracks.


# %% exercise="because"
def because(centred, B, item, k):
    ### BEGIN SOLUTION
    return (centred * B[item]).sort_values(ascending=False, kind="stable").head(k)
    ### END SOLUTION


# %% check="because" points=2
small_B = pd.DataFrame([[0, 1, 2], [3, 0, 4], [5, 6, 0]], index=list("abc"), columns=list("abc"))
small_centred = pd.Series([1.5, -1.0, 2.0], index=list("abc"))
parts = because(small_centred, small_B, "a", 2)
assert isinstance(parts, pd.Series), f"return a Series; this is a {type(parts).__name__}"
assert len(parts) == 2, f"k = 2 asks for two parts; there are {len(parts)}"
assert parts.to_dict() != {"c": 4.0, "a": 0.0}, "the weights for a stand in its column, not its row"
assert parts.to_dict() != {"b": -3.0, "a": 0.0}, "sort the parts, the largest first"
assert list(parts.index) == ["c", "a"], (
    "2.0 · 5 from c comes first, then a, which has no weight for itself"
)
assert because(small_centred, small_B, "c", 3).to_dict() == {"a": 3.0, "c": 0.0, "b": -4.0}, (
    "b is disliked: −1.0 · 4 is a part, too, the last one"
)
assert abs(because(small_centred, small_B, "b", 3).sum() - 13.5) < 1e-9, (
    "all parts together are the score"
)

# %%
model = EASE(reg=200).fit(past)
weights = pd.DataFrame(model.weights_, model.item_ids_, model.item_ids_)
rated = past[past["user_id"] == "u449"].set_index("item_id")["rating"]
centred = (rated - 2.5).reindex(weights.index, fill_value=0.0)
first = model.recommend(["u449"], k=1).loc[0]
parts = because(centred, weights, first["item_id"], 3)
print("score", fixed(first["score"]), "of which three tracks", fixed(parts.sum()))
captions = [f"{rated[j]:.0f} stars, part {fixed(part)}" for j, part in parts.items()]
listed = [first["item_id"], *parts.index]
show_items(mosaic.items, listed, captions=["recommended", *captions], columns=4)

# %% [markdown]
# *What it says.* Three tracks out of a long history make up about half of the score, and the listener
# gave five stars to each. Every recommendation of EASE has its reasons, and they add up. Lesson 11 does
# the same for a model with content. (Why the column? $B$ is not symmetric: column $i$ is the regression
# that predicts $i$ from the others.)

# %% [markdown]
# ## 4 · A new user for iALS
#
# A new user has liked a few tracks. iALS need not be fitted again. With the tracks' factors $Q$ fixed,
# the user's factors are one ridge regression over **all** tracks, as in the lesson:
#
# $$p = (Q^\top C\, Q + \lambda I)^{-1} Q^\top C\, t$$
#
# `c` has the confidences and `t` the targets, both (n_items,): $1 + \alpha \tilde r_i$ and 1 for a liked track,
# otherwise 1 and 0. $C$ is diagonal with `c`. Return $p$. `reg` is $\lambda$.


# %% exercise="new_user"
def new_user(t, c, Q, reg):
    ### BEGIN SOLUTION
    left = (Q.T * c) @ Q + reg * np.eye(Q.shape[1])
    return np.linalg.solve(left, Q.T @ (c * t))
    ### END SOLUTION


# %% check="new_user" points=2
rng = np.random.default_rng(0)
small_Q = rng.random((6, 2))
small_t, small_c = np.array([1.0, 0, 0, 1, 0, 0]), np.array([8.5, 1, 1, 5.5, 1, 1])
p = new_user(small_t, small_c, small_Q, reg=2.0)
assert p is not None and np.shape(p) == (2,), f"return (2,), one number a factor, not {np.shape(p)}"
right, liked = small_Q.T @ (small_c * small_t), small_t > 0
plain, ridge = small_Q.T @ small_Q, 2.0 * np.eye(2)
left = (small_Q.T * small_c) @ small_Q
own = (small_Q[liked].T * small_c[liked]) @ small_Q[liked]
for wrong, message in (
    (np.linalg.solve(own + ridge, right), "tracks with target 0 count, too, with confidence 1"),
    (np.linalg.solve(plain + ridge, right), "C is missing on the left side: Qᵀ C Q"),
    (np.linalg.solve(left + ridge, small_Q.T @ small_t), "C is missing on the right side: Qᵀ C t"),
    (np.linalg.solve(left, right), "the regularisation is missing: reg on the diagonal"),
    (np.linalg.solve(left + 2.0, right), "reg stands on the diagonal only: reg * np.eye(…)"),
):
    assert not np.allclose(p, wrong), message
assert np.allclose(p, np.linalg.solve(left + ridge, right)), "compare with the formula"

# %%
ials = ImplicitALS(factors=32, reg=30, alpha=4, iterations=10).fit(past)
Q = pd.DataFrame(ials.item_factors_, ials.item_ids_).loc[items]
chosen = ["t062", "t413", "t131"]
t = items.isin(chosen).astype(float)
c = 1 + 4 * 2.5 * t  # five stars each
scores = Q @ new_user(t, c, Q.to_numpy(), reg=30)
listed = scores.drop(chosen).sort_values(ascending=False, kind="stable").index[:5]
theme = pd.Series(mosaic.ground_truth()["theme"], items)
print("chosen:", set(theme[chosen]), "listed:", list(theme[listed]))
show_items(mosaic.items, listed)

# %% [markdown]
# *What it says.* The new user chose three tracks about childhood. The five listed ones are about
# childhood, too, and they have four genres. No word was read and nothing was fitted again. Without the
# cells with target 0, the regression would have only three targets, all of them 1, and many $p$ come near
# them. The zeros say what $p$ should keep away from.

# %% [markdown]
# ## 5 · How many ratings until EASE beats popularity?
#
# New *users* are the other cold start. Take every second listener and keep only the first `n`
# ratings of each. How well are their last ratings ranked?
#
# Write the first part: return `ratings` with only the first `n` ratings, **in time**, of each
# listener in `group`, and all ratings of all others. The rows may come in any order.


# %% exercise="keep_first"
def keep_first(ratings, group, n):
    ### BEGIN SOLUTION
    ordered = ratings.sort_values("timestamp", kind="stable")
    number = ordered.groupby("user_id").cumcount()
    return ordered[(number < n) | ~ordered["user_id"].isin(group)]
    ### END SOLUTION


# %% check="keep_first" points=2
days = pd.to_datetime(["2024-03-01", "2024-03-01", "2024-01-01", "2024-02-01", "2024-01-01"])
small = pd.DataFrame(
    {"user_id": list("abaab"), "item_id": list("xxyzy"), "rating": [5, 4, 3, 2, 1]}
)
small["timestamp"] = days
kept = keep_first(small, pd.Index(["a"]), 2)
assert isinstance(kept, pd.DataFrame) and list(kept.columns) == list(small.columns), (
    "return a DataFrame with the columns of ratings, no more and no fewer"
)
assert list(small["rating"]) == [5, 4, 3, 2, 1], "leave the table that came in as it was"
assert set(kept.loc[kept["user_id"] == "a", "item_id"]) == {"y", "z"}, (
    "a's first two in time are y and z: look at timestamp, not at the order of the rows"
)
kept = keep_first(small, ["a"], 1)
assert (kept["user_id"] == "b").sum() == 2, "b is not in the group and keeps everything"
kept = keep_first(small, ["a", "b"], 1)
assert sorted(zip(kept["user_id"], kept["item_id"], strict=True)) == [("a", "y"), ("b", "y")], (
    "n = 1 leaves one row for EACH listener of the group, not one for the group"
)
assert len(keep_first(small, ["a", "b"], 0)) == 0, "n = 0 leaves nothing of the group"

# %%
group = users[::2]
rows = []
for n in (0, 1, 3, 10, 30):
    known = keep_first(past, group, n)
    models = {"popularity": Popularity(half_life=60), "EASE": EASE(reg=200)}
    results = {}
    for name, model in models.items():
        per_user = evaluate(model.fit(known), split, metrics=["ndcg"])
        results[name] = per_user[per_user.index.isin(group)]
    table = compare(results)
    bounds = table.loc["EASE", ["difference", "diff_low", "diff_high"]].to_dict()
    rows.append({"known ratings": n, **table["mean"].to_dict(), **bounds})
print_table(pd.DataFrame(rows), digits=3, index=False)

# %% [markdown]
# *What it says.* With up to three known ratings, EASE cannot be told apart from popularity: the interval of
# the difference contains zero. (One thing is new here: for a user without any rating, `EASE` takes the
# mean of all users' centred ratings, so all such users get the same list.) With ten, the interval lies
# above zero, and the difference goes on growing. For collaborative filtering, cold-start users are a smaller problem than cold-start items: ten
# ratings of a user help already, but a track that nobody sees is never rated.
#
# Lesson 10 measures new users with content, lesson 13 with real people, for whom five ratings do not yet
# beat popularity.
#
# (The tracks that the group rated in the past are never ranked, whatever `n` is, so all rows answer the
# same question.)
