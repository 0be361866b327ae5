# %% [markdown]
# # 07 · Collaborative filtering: the models to beat
#
# **Aim** Build and tune the recommenders that use ratings alone: popularity, k nearest neighbours,
# matrix factorisation, EASE and iALS. See which one ranks best, why a smaller rating error need not make
# a better list, and where all of them fail.<br>
# **Time** {minutes} minutes, exercises 25 to 70 more.<br>
# **Needs** Lesson 06 (splits, NDCG, intervals). Nothing is downloaded.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import temporal_split

mosaic = load_mosaic()
split = temporal_split(mosaic.ratings)
past, items, users = split.train_valid, mosaic.items.index, mosaic.users.index
print_table(split.describe()[["n_ratings", "n_candidates", "n_ranked"]])

# %% [markdown]
# Each listener's last ratings are the test set, and those before them are the validation set. Every
# choice in this lesson is made on the validation set. Mosaic's listeners are simulated: the results
# show what the models do, not what people do.
#
# ## The idea
#
# Forget covers, texts and sounds for now. The ratings are a matrix: each listener has a row, each track
# has a column. Take one listener, and the most similar other one: multiply their centred ratings
# (rating − 2.5) track by track, and look for the largest sum. (We picked a close pair.)

# %%
R = past.pivot_table("rating", "user_id", "item_id").reindex(users, columns=items)
centred = (R - 2.5).fillna(0.0)
me = "u449"
twin = (centred @ centred.loc[me]).drop(me).idxmax()
shared = (R.loc[me] >= 4) & (R.loc[twin] >= 4)
print(f"{twin} likes {shared.sum()} of the {(R.loc[me] >= 4).sum()} tracks that {me} likes")

# %% tags=["slide-two-listeners"]
from mmrec_course.display import show_history_and_list

unheard = R.columns[(R.loc[twin] == 5) & R.loc[me].isna()]
titles = ("Five that both like", f"Five stars by {twin}, not rated by {me}")
show_history_and_list(mosaic.items, items[shared][:5], unheard[:5], titles=titles)

# %% [markdown]
# Both like the first five tracks. `u126` loves the other five, which `u449` has not rated.
# Would you recommend those? Then you do **collaborative filtering**: predict the empty cells of the
# matrix from the filled ones, without looking at the tracks.
#
# There are two kinds of data. **Explicit feedback** is what users say, such as stars. **Implicit
# feedback** is what users do: they play, click or buy. It contains no dislike, only absence. Ratings
# contain both: the stars are explicit, and the choice to rate a track at all is implicit.
#
# We shall use two matrices of listeners × tracks. $R$ holds the **ratings** and has empty cells.
# $\tilde R$ holds the **centred ratings**, rating − 2.5, and 0 in empty cells. The middle of the stars
# is 3. We subtract less, so that three stars become +0.5: to have chosen a track counts a little. One or
# two stars are negative.
#
# ## The baseline: popularity
#
# **Popularity** shows everybody the same list: the tracks that most listeners liked. A like of two
# years ago can count less than one of last week. With a `half_life` of 60 days, a like counts half after
# 60 days. By hand, and from the package:

# %%
from mmrec_course.recommenders import Popularity

liked = past[past["rating"] >= 4]
age = (past["timestamp"].max() - liked["timestamp"]) / pd.Timedelta(days=1)
recent = (0.5 ** (age / 60)).groupby(liked["item_id"]).sum().reindex(items, fill_value=0.0)
print("equal:", np.allclose(Popularity(half_life=60).fit(past).score([me], items)[0], recent))

# %% [markdown]
# This list has a **popularity bias**: popular tracks are listed more often than the tastes of single
# listeners would justify.
#
# Why 60 days? The half-life is a **hyperparameter**, a number that is set before fitting. **Grid
# search** tries all given values, measures each on the validation set, and keeps the best. `grid_search`
# then fits the best model again on training and validation set together. A baseline deserves the
# same care as your favourite model. Otherwise the favourite may win only because it was tuned.

# %%
from mmrec_course.evaluation import grid_search

tuned = {}
grid = {"half_life": [None, 240, 120, 60, 30, 15]}
tuned["popularity"], search = grid_search(Popularity(), grid, split)
print_table(search, digits={"half_life": 0, "ndcg": 3}, index=False)

# %% [markdown]
# The best value, 60 days, lies inside the grid. If it lay at an end, a better one might lie outside, and
# we would have to extend the grid.
#
# ## Item k nearest neighbours
#
# How many stars would listener $u$ give to track $i$? Take the tracks that $u$ has rated and look for
# those most similar to $i$, its **k nearest neighbours**. How far above expectation did $u$ rate them?
#
# $$\hat r_{ui} = b_{ui} + \frac{\sum_{j} s_{ij}\,(r_{uj} - b_{uj})}{\sum_{j} s_{ij}},
# \qquad b_{ui} = \mu + b_u + b_i$$
#
# In words: the expectation $b_{ui}$ is the mean rating $\mu$, plus the **bias** of the listener (some are
# generous), plus the bias of the track (some are good). To it, add the weighted mean of what the
# listener gave to the neighbours $j$ above *their* expectation.
#
# The weight $s_{ij}$ is the similarity of the two tracks: the correlation of their ratings above or below
# $b$, shrunk to 0 where few listeners have rated both. Negative similarities are set to 0. What the
# tracks sound like plays no part.
#
# *Surprise* is a library of models that predict ratings. First as in its manual, for one pair, then by
# hand from its biases and similarities. (Surprise numbers the ids again and calls the numbers *inner*
# ids.)

# %%
from surprise import Dataset, KNNBaseline, Reader

table = Dataset.load_from_df(past[["user_id", "item_id", "rating"]], Reader(rating_scale=(1, 5)))
trainset = table.build_full_trainset()
by_item = {"name": "pearson_baseline", "user_based": False}
knn = KNNBaseline(k=40, sim_options=by_item, verbose=False).fit(trainset)
track = unheard[1]
print(fixed(knn.predict(me, track).est, 3), "stars")

# %%
u, i = trainset.to_inner_uid(me), trainset.to_inner_iid(track)
rated, ratings = np.array(trainset.ur[u]).T
rated = rated.astype(int)
b = trainset.global_mean + knn.bu[u] + knn.bi  # (n_items,)
similarity = np.maximum(knn.sim[i, rated], 0)
nearest = np.argsort(-similarity, kind="stable")[:40]
weights, above = similarity[nearest], (ratings - b[rated])[nearest]
print(fixed(b[i] + weights @ above / weights.sum(), 3), "stars, by hand")

# %% [markdown]
# `SurpriseRecommender` takes any model of Surprise and gives it the methods of this course, `fit`,
# `score` and `recommend`. Its scores are predicted ratings. Now the grid search: how many neighbours
# must a track have, at least (`min_k`)? With fewer, $b_{ui}$ alone is used.

# %%
from mmrec_course.recommenders import SurpriseRecommender

models = [KNNBaseline(sim_options=by_item, min_k=min_k) for min_k in (1, 10, 20)]
tuned["item kNN"], search = grid_search(SurpriseRecommender(models[0]), {"algo": models}, split)
search["min_k"] = [algo.min_k for algo in search["algo"]]
print_table(search[["min_k", "ndcg"]], digits={"ndcg": 3}, index=False)

# %% [markdown]
# `min_k = 1` is the library's default, and it is the worst: then a single neighbour may decide.
# [Deeper: predicting ratings](deeper/07_predicting_ratings.ipynb) shows what such lists contain. It
# also computes the biases by hand and tries neighbours among listeners.
#
# ## Matrix factorisation
#
# **Matrix factorisation** gives each listener a vector $p_u$ and each track a vector $q_i$. Their
# numbers are **latent factors**: nobody names them, they are learned. The matrix is approximated by
# the product of a thin listener matrix $P$ and a thin track matrix $Q$:
#
# $$\hat r_{ui} = p_u^\top q_i$$
#
# Surprise calls this model `SVD`. (The singular value decomposition of lesson 04 needs every cell of
# a matrix. This one is fitted to the filled cells alone.) It learns by **stochastic gradient descent**:
# take one rating, compute the error $e = r - p_u^\top q_i$, and move both vectors a small step to where
# the error is smaller: $p_u$ by $\gamma\,(e\,q_i - \lambda\,p_u)$, and $q_i$ likewise. $\gamma$ is the
# *learning rate* (`lr_all`). The term with $\lambda$ (`reg_all`) is the **regularisation**, which keeps
# the factors small. One pass over all ratings is an *epoch*. One epoch by hand, from Surprise's random
# start and with its default values:

# %%
from surprise import SVD

start = SVD(n_factors=5, n_epochs=0, biased=False, random_state=0).fit(trainset)
P, Q = start.pu.copy(), start.qi.copy()
rate, reg = 0.005, 0.02
for u, i, r in trainset.all_ratings():
    error = r - P[u] @ Q[i]
    p_step, q_step = error * Q[i] - reg * P[u], error * P[u] - reg * Q[i]
    P[u], Q[i] = P[u] + rate * p_step, Q[i] + rate * q_step
one_epoch = SVD(n_factors=5, n_epochs=1, biased=False, random_state=0).fit(trainset)
print("equal:", np.allclose(P, one_epoch.pu) and np.allclose(Q, one_epoch.qi))

# %% [markdown]
# How much regularisation? The number of factors and the learning rate are fixed here. The same deeper
# notebook varies the factors on the validation set. It also shows why SVD ranks better without the
# biases of $b_{ui}$, as here.

# %%
options = {"n_factors": 400, "lr_all": 0.02, "biased": False}
models = [SVD(reg_all=reg, **options) for reg in (0.05, 0.1, 0.2)]
tuned["SVD"], search = grid_search(SurpriseRecommender(models[0]), {"algo": models}, split)
search["λ"] = [algo.reg_pu for algo in search["algo"]]
print_table(search[["λ", "ndcg"]], digits={"ndcg": 3}, index=False)

# %% [markdown]
# ## EASE: a linear model of tracks
#
# The models so far learn from filled cells alone. The next one also learns from the empty ones. **EASE**
# predicts each column of $\tilde R$ from all other columns:
#
# $$\min_B \; \lVert \tilde R - \tilde R B \rVert^2 + \lambda \lVert B \rVert^2
# \quad\text{with}\quad B_{ii} = 0$$
#
# In words: find item–item weights $B$ such that the centred ratings, times $B$, reproduce themselves. Keep
# the weights small, and give no track a weight for itself. Each column of $B$ is a ridge regression, and
# one inverse solves all of them: with $H = (\tilde R^\top \tilde R + \lambda I)^{-1}$, $B_{ij} = -H_{ij} /
# H_{jj}$. ([Deeper: inside EASE and iALS](deeper/07_inside_ease_and_ials.ipynb) derives it in three
# lines.) The value $\lambda = 200$ is chosen further down:

# %%
from mmrec_course.recommenders import EASE

R_centred = centred.to_numpy()
H = np.linalg.inv(R_centred.T @ R_centred + 200 * np.eye(len(items)))
B = -H / np.diag(H)
np.fill_diagonal(B, 0)
print("equal:", np.allclose(EASE(reg=200).fit(past).score(users, items), R_centred @ B))

# %% [markdown]
# Four lines. A score is a weighted sum of the listener's own centred ratings, $\hat y_{ui} = \sum_j \tilde
# r_{uj} B_{ji}$, so column $i$ of $B$ says which tracks predict track $i$. Below is one track, and
# under it the five tracks with the largest weights for it. What do they have in common?

# %%
from mmrec_course.display import show_items, show_track

track = "t062"
weights = pd.Series(B[:, items.get_loc(track)], items).sort_values(ascending=False, kind="stable")
show_track(mosaic.items, track)
captions = [f"weight {fixed(weight, 3)}" for weight in weights[:5]]
show_items(mosaic.items, weights.index[:5], captions=captions)
theme = pd.Series(mosaic.ground_truth()["theme"], items)
print(theme[[track, *weights.index[:5]]].to_dict())

# %% [markdown]
# The first track is jazz. The five are soul, dub, ambient, and two house tracks by one artist. Mosaic's
# ground truth says what each track is about: all six are about childhood. EASE has never read a word. It
# has seen that the same listeners like these tracks. (We picked this example. The same deeper notebook
# asks whether EASE does more than count.)
#
# ### Why must the diagonal be zero?
#
# Without the condition $B_{ii} = 0$ there is a perfect answer that is useless: $B = I$. Each track
# predicts itself, and no track predicts another. Only the penalty $\lambda$ works against it. Fit $B$ with
# and without the condition on the training set, with different $\lambda$. How large is the mean diagonal
# without it? (`histories_` holds the centred ratings that EASE has learned from.)

# %% tags=["predict"]
from mmrec_course.evaluation import ScoreTable, evaluate

rows = []
for reg in (1, 50, 200, 400, 800):
    ease = EASE(reg=reg).fit(split.train)
    gram = (ease.histories_.T @ ease.histories_).toarray()
    ridge_B = np.linalg.solve(gram + reg * np.eye(len(gram)), gram)
    ridge = ScoreTable(ease.histories_ @ ridge_B, ease.user_ids_, ease.item_ids_)
    row = {"λ": reg, "diagonal": np.diag(ridge_B).mean()}
    for name, model in {"no condition": ridge, "zero diagonal": ease}.items():
        row[name] = evaluate(model, split, part="valid", metrics=["ndcg"])["ndcg"].mean()
    rows.append(row)
print_table(pd.DataFrame(rows), digits=3, index=False)

# %% [markdown]
# With $\lambda = 1$ the $B$ without the condition is near $I$, and its NDCG is 0.019; with a zero diagonal it
# is four times as high. With a large $\lambda$, the penalty alone keeps the diagonal small. At 400 the
# $B$ without the condition is as good as any EASE. (We come back to it on the test set.) EASE depends
# less on $\lambda$. Its best value, 200, lies inside the grid.
#
# What limits EASE is the number of items $n$. $B$ has $n^2$ numbers of 8 bytes, and the inverse takes about
# $n^3$ multiplications. With 10,000 items $B$ needs 0.8 GB, with 100,000 it needs 80 GB, and the inverse
# takes a thousand times as long.
#
# ## iALS: factors for implicit feedback
#
# **iALS** is matrix factorisation for implicit feedback. It has factors like SVD, and it uses *all*
# cells like EASE. Each cell gets a target $t_{ui}$ and a confidence $c_{ui}$:
#
# $$\min_{P,Q} \; \sum_{u,i} c_{ui}\,(t_{ui} - p_u^\top q_i)^2
# + \lambda\,(\lVert P\rVert^2 + \lVert Q\rVert^2)$$
#
# - A liked track (four or five stars) has target 1 and confidence $1 + \alpha\,\tilde r_{ui}$. The
#   **confidence weight** $\alpha$ says how much more it counts than an empty cell.
# - Every other cell has target 0 and confidence 1: perhaps the listener does not know the track.
#
# So a track with one star counts like an empty cell: iALS was made for data without dislikes.
#
# How are $P$ and $Q$ found? By **alternating least squares**, in small steps:
#
# 1. Start with small random $Q$.
# 2. Hold $Q$ fixed. Then each $p_u$ is a ridge regression with few unknowns: which small $p_u$ comes
#    nearest to the targets of this listener, each weighted with its confidence? With $C$, a diagonal
#    matrix of the listener's $c_{ui}$:
#    $$p_u = (Q^\top C\, Q + \lambda I)^{-1} Q^\top C\, t_u$$
# 3. Hold $P$ fixed. Each $q_i$ is the same regression, over listeners instead of tracks.
# 4. Repeat 2 and 3.

# %%
from mmrec_course.recommenders import ImplicitALS

T = (R >= 4).to_numpy().astype(float)  # targets, (n_users, n_items)
C = 1 + 4.0 * T * R_centred  # confidences with α = 4


def solve_rows(T, C, Q, reg):
    P = np.zeros((len(T), Q.shape[1]))
    for row, (t, c) in enumerate(zip(T, C, strict=True)):
        P[row] = np.linalg.solve((Q.T * c) @ Q + reg * np.eye(Q.shape[1]), Q.T @ (c * t))
    return P


# %%
Q = np.random.default_rng(0).random((len(items), 16)) * 0.01
for _ in range(2):
    P = solve_rows(T, C, Q, reg=10.0)
    Q = solve_rows(T.T, C.T, P, reg=10.0)
P = solve_rows(T, C, Q, reg=10.0)
ials = ImplicitALS(factors=16, alpha=4.0, reg=10.0, iterations=2).fit(past)
print("equal:", np.allclose(ials.score(users, items), P @ Q.T))

# %% [markdown]
# Now choose $\lambda$ and $\alpha$:

# %%
grid = {"reg": [10, 30, 100], "alpha": [1, 4, 16]}
tuned["EASE"] = EASE(reg=200).fit(past)
tuned["iALS"], search = grid_search(ImplicitALS(factors=32, iterations=10), grid, split)
print_table(search.pivot_table("ndcg", "reg", "alpha"), digits=3)

# %% [markdown]
# Both best values lie inside the grid. See how much tuning matters: the best cell has three times the
# NDCG of the worst. (The deeper notebook varies the factors.)
#
# Lesson 11 puts another matrix, $X$, into EASE and into the equations of iALS: graded **implicit
# preferences** $x_{ui}$ between 0 and 1, with $x = 1 / (1 + 4^{\,1 - \tilde r})$. That is $\frac12$ at
# $\tilde r = 1$, half-way between three and four stars. An empty cell has $x = 0$. The deeper notebook explains why,
# and compares both versions of iALS.
#
# ## All of them
#
# Everything is chosen, so open the test set.

# %% tags=["predict"]
from mmrec_course.evaluation import compare
from mmrec_course.recommenders import Random

models = {"chance": Random().fit(past), **tuned}
scores = {name: model.score(users, items) for name, model in models.items()}
results = {name: evaluate(ScoreTable(scores[name], users, items), split) for name in scores}
comparison = compare(results, metric="ndcg", baseline="popularity")
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(comparison[bounds], digits=3)

# %% [markdown]
# Differences are to tuned popularity. Look for groups:

# %% tags=["slide-comparison"]
from mmrec_course.plotting import finish, plot_comparison

title = "iALS, EASE and tuned SVD rank far ahead of the rest"
ax = plot_comparison(comparison, title=title, chance=comparison.loc["chance", "mean"])
finish(
    ax, alt="NDCG@10: chance 0.02, popularity 0.06, item kNN 0.07, SVD 0.12, EASE 0.13, iALS 0.15"
)

# %% [markdown]
# Three models are ahead. How do they compare with each other? Here the differences are to EASE, and the
# $B$ without the condition joins, with its best $\lambda$:

# %%
gram = R_centred.T @ R_centred
ridge_B = np.linalg.solve(gram + 400 * np.eye(len(items)), gram)
leaders = {name: results[name] for name in ("EASE", "SVD", "iALS")}
leaders["no condition"] = evaluate(ScoreTable(R_centred @ ridge_B, users, items), split)
print_table(compare(leaders, baseline="EASE")[bounds], digits=3)

# %% [markdown]
# For these simulated listeners and this split:
#
# - **Item kNN** cannot be told apart from popularity: the interval of the difference contains zero.
# - **SVD** has about twice the NDCG of popularity. It cannot be told apart from EASE.
# - **iALS** is ahead of EASE by 0.015; the interval does not contain zero.
# - **No condition** is ahead of EASE, too, by 0.009. The condition $B_{ii} = 0$ protects against a poor
#   $\lambda$. With a tuned $\lambda$ it is too strict here. Steck (2020) proposes weaker ones.
#
# Which of them is the baseline in other lessons? Where a lesson asks what content adds to *one*
# collaborative model (06, 08), it is EASE: one hyperparameter, no random start, well known. Where the final
# model is compared with the best others (11), iALS takes part, because its mean is the highest.
#
# ## Rating error against ranking quality
#
# Surprise's models predict ratings. For many years recommenders were measured by that: by the **RMSE**,
# the root of the mean squared error of the test ratings, or by the **MAE**, the mean absolute error. Does
# a smaller error make a better list?
#
# Popularity, EASE and iALS do not predict ratings. To compare them, turn every model's scores into stars
# with a straight line: fit the model on the training set, and the line on the validation set. One model is
# added: SVD with Surprise's default hyperparameters. (The RMSE is over all test ratings. The MAE is
# averaged for each listener first, because the interval below is over listeners.)

# %%
from sklearn.base import clone

models["SVD, untuned"] = SurpriseRecommender(SVD()).fit(past)
scores["SVD, untuned"] = models["SVD, untuned"].score(users, items)
results["SVD, untuned"] = evaluate(models["SVD, untuned"], split)


def values_at(matrix, table):  # one value for each row of the table
    return matrix[users.get_indexer(table["user_id"]), items.get_indexer(table["item_id"])]


def predict_ratings(name):
    valid_scores = clone(models[name]).fit(split.train).score(users, items)
    slope, level = np.polyfit(values_at(valid_scores, split.valid), split.valid["rating"], 1)
    return np.clip(level + slope * scores[name], 1, 5)


# %% tags=["predict"]
from mmrec_course.evaluation import rmse

ratings, absolute_errors, rows = split.test["rating"], {}, {}
for name in models:
    error = values_at(predict_ratings(name), split.test) - ratings
    by_user = error.abs().groupby(split.test["user_id"]).mean()
    absolute_errors[name] = by_user.to_frame("mae")
    ndcg = results[name]["ndcg"].mean()
    rows[name] = {"RMSE": rmse(error + ratings, ratings), "MAE": by_user.mean(), "NDCG@10": ndcg}
errors = pd.DataFrame(rows).T.sort_values("RMSE")
print_table(errors, digits=3)

# %% [markdown]
# The rows are sorted by RMSE. Is NDCG@10 sorted, too? Look for models at the same height, and for
# models one above the other:

# %% tags=["slide-error-and-ranking"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import use_style

use_style()
figure, ax = plt.subplots(figsize=(7, 4.2))
ax.plot(errors["RMSE"], errors["NDCG@10"], "o", markersize=8)
for name, row in errors.iterrows():
    ax.annotate(name, (row["RMSE"], row["NDCG@10"]), (7, 4), textcoords="offset points")
ax.margins(0.2)
ax.set(xlabel="RMSE of test ratings, in stars (left is better)", ylabel="NDCG@10 (up is better)")
ax.set_title("By error and by NDCG, the models have different orders")
finish(ax, alt="NDCG@10 over RMSE: SVD has the smallest RMSE, iALS and EASE have the highest NDCG")

# %%
from mmrec_course.display import interval

for name, baseline in (("SVD", "iALS"), ("SVD, untuned", "popularity")):
    for metric, tables in {"mae": absolute_errors, "ndcg": results}.items():
        pair = {model: tables[model] for model in (baseline, name)}
        row = compare(pair, metric=metric).loc[name, ["difference", "diff_low", "diff_high"]]
        print(f"{name} − {baseline}, {metric}: {interval(*row, 3)}")

# %% [markdown]
# It is not sorted:
#
# - SVD and iALS cannot be told apart by their MAE: the interval contains zero. By NDCG, SVD is clearly
#   behind.
# - Item kNN and iALS have the same RMSE within 0.01, and iALS has twice the NDCG.
# - Untuned SVD predicts ratings better than popularity does: the interval of the MAE lies below zero. It
#   does not rank better.
#
# Error and ranking are related: chance is last in both. But an error is no substitute for a ranking metric.
#
# ### Why?
#
# Ratings are missing *not at random* (lesson 01): people rate what they expect to like. Mosaic is made up,
# so we can ask how many stars *every* listener would give to *every* track:

# %% tags=["predict"]
from mmrec_course.datasets.synthetic import RATING_STEPS

utility = mosaic.ground_truth()["utility"].astype(float)
true_stars = 1 + np.searchsorted(RATING_STEPS, utility)  # (n_users, n_items)
everything = mosaic.ratings.pivot_table("rating", "user_id", "item_id")
never = everything.reindex(users, columns=items).isna().to_numpy()
for name, cells in {"rated": ~never, "never rated": never}.items():
    low = (true_stars[cells] <= 2).mean()
    print(f"{name}: {fixed(true_stars[cells].mean(), 1)} stars, {low:.0%} have at most 2")
print("never rated:", fixed(never.sum(axis=1).mean(), 0), "of 480 tracks per listener")

# %% [markdown]
# An error is measured on cells of the first kind. A list is made mostly of cells of the second kind. A model
# that learned from filled cells alone answers this question: how many stars, *if* the listener rates the
# track?
#
# What does a model of ratings predict on average where nothing was rated? What does it predict for the ten
# tracks that it lists? And how many stars would those ten truly get? (The last question is for all models.)

# %%
rows, true_means = {}, {}
for name, model in models.items():
    lists = model.recommend(users)
    by_user = pd.Series(values_at(true_stars, lists)).groupby(lists["user_id"]).mean()
    true_means[name] = by_user.to_frame("stars")
    if isinstance(model, SurpriseRecommender):
        never_rated = scores[name][never].mean()
        rows[name] = {"predicted, never rated": never_rated, "listed": lists["score"].mean()}
truth = compare(true_means, metric="stars")[["mean", "low", "high"]]
predicted = pd.DataFrame(rows).T
print_table(predicted.join(truth.rename(columns={"mean": "listed, truly"}), how="right"))

# %% [markdown]
# Untuned SVD predicts 4.4 stars for the ten tracks that it lists. They are worth 2.5. There are two causes:
#
# - **Missing not at random.** Where nothing was rated it expects 3.6 stars, and the truth is 2.0. It has
#   learned from chosen tracks and continues as if all were like those.
# - **The winner's curse.** A list takes the highest of many predictions, and each prediction has an error. The
#   highest ones were chosen for being high, so they are too high on average: the gap grows from 1.6 to 1.9.
#   (Tuned SVD has smaller errors, and its gap does not grow. A grid search has the curse, too: its
#   best value is too high on average.)
#
# The tracks that EASE and iALS list are truly worth 0.3 to 0.4 stars more than those of tuned SVD, and
# about one star more than those of untuned SVD. Is it because they learn from the empty cells, too?
# [Deeper: predicting ratings](deeper/07_predicting_ratings.ipynb) fills them with zeros, and finds a hint
# and no proof.
#
# Does NDCG mislead us, too? It knows only what was rated. Compare the means *listed, truly* with the NDCG
# above: the seven models have the same order (popularity and untuned SVD are close in both). That is no
# rule: in [lesson 06](06_evaluation.ipynb) the test misses that text is ahead of
# popularity.
#
# ## Where all of them fail: cold-start items
#
# Everything above needs ratings. Now a fifth of the tracks are **cold-start items**: nobody has rated them.
# How many different scores does each model give to a listener's cold-start tracks? How well are they ranked?
# And if cold-start and warm tracks compete for ten positions, how many positions do the cold-start
# tracks get?

# %% tags=["predict", "slide-cold-start"]
from mmrec_course.evaluation import cold_item_split

cold = cold_item_split(mosaic.ratings, rng=0)
rows = {}
for name, model in tuned.items():
    model = clone(model).fit(cold.train_valid)
    different = max(len(np.unique(row)) for row in model.score(users, cold.candidates))
    mixed = model.recommend(users, k=10, candidates=items)["item_id"]
    auc = evaluate(model, cold, metrics=["auc"])["auc"].mean()
    share = f"{mixed.isin(cold.candidates).mean():.0%}"
    rows[name] = {"different scores": different, "AUC": auc, "share of the mixed list": share}
print_table(pd.DataFrame(rows).T)

# %% [markdown]
# Each model gives all cold-start tracks of a listener one and the same score, so AUC is exactly 0.5: nothing is
# ranked. In the mixed list, cold-start tracks get no position at all, except from SVD. Is that good? It is
# an accident of the scale. For a track without ratings, SVD without biases predicts the mean of all
# ratings, 3.6, and item kNN predicts $\mu + b_u$. With SVD, some listeners have fewer than ten warm tracks
# with a higher prediction. The other positions go to cold-start tracks, those with the lowest ids.
#
# No tuning helps: the matrix has no numbers there. Covers, texts and sounds are **side information**, data
# about the items beside the ratings. For cold-start items they are all there is, and the next lessons use
# them.
#
# ## What goes wrong
#
# - **Baselines with default hyperparameters.** SVD went from 0.051 to 0.117: no biases, 400 factors instead
#   of 100, learning rate 0.02 instead of 0.005, $\lambda = 0.1$ instead of 0.02. A new model that beats 0.051
#   has shown nothing.
# - **The best value at the end of its grid.** Extend the grid if you can. The deeper notebook tries up to
#   1,600 factors of SVD, and the best is at the end again: there we stopped because of the cost.
# - **Choosing a recommender by its rating error.** It is measured on rated cells; lists hold mostly others.
# - **Asking a collaborative model about cold-start items.** It answers with a number like any other.
#
# ## Your turn
#
# Five exercises, from one line to one idea:
# [exercises/07_collaborative_filtering.ipynb](exercises/07_collaborative_filtering.ipynb), with
# [solutions](solutions/07_collaborative_filtering.ipynb).
#
# 1. A damped mean that does not trust two ratings.
# 2. One step of matrix factorisation.
# 3. Because you liked …: EASE explains itself.
# 4. A new user for iALS.
# 5. How many ratings until EASE beats popularity?
#
# ## Recap
#
# - **Collaborative filtering** uses ratings and nothing else: **explicit** and **implicit feedback**.
# - **Matrix factorisation** (SVD, iALS) learns **latent factors**; **EASE** learns item–item weights in
#   closed form, with a zero diagonal, for up to some ten thousand items.
# - **Hyperparameters** are chosen by **grid search** on the validation set, for baselines, too.
# - iALS and EASE use the empty cells, too. iALS is ahead; EASE and tuned SVD cannot be told apart.
# - **RMSE and NDCG order the models differently.** Ratings are missing not at random, and the highest
#   predictions suffer from the **winner's curse**.
# - **Cold-start items** have no ratings, so no collaborative model can rank them.
# - All of it with simulated listeners. Lesson 13 asks real people.
#
# ## Sources
#
# - Sarwar, Karypis, Konstan and Riedl (2001), *Item-based collaborative filtering recommendation
#   algorithms*, WWW: item k nearest neighbours.
# - Koren, Bell and Volinsky (2009), *Matrix factorization techniques for recommender systems*, IEEE
#   Computer 42(8).
# - Steck (2019), *Embarrassingly shallow autoencoders for sparse data*, WWW: EASE.
# - Steck (2020), *Autoencoders that don't overfit towards the identity*, NeurIPS: what to do about the
#   diagonal instead.
# - Hu, Koren and Volinsky (2008), *Collaborative filtering for implicit feedback datasets*, ICDM: iALS.
# - Rendle, Krichene, Zhang and Koren (2022), *Revisiting the performance of iALS on item
#   recommendation benchmarks*, RecSys: how good it is once tuned.
# - Cremonesi, Koren and Turrin (2010), *Performance of recommender algorithms on top-n recommendation
#   tasks*, RecSys: rating error against ranking.
# - Marlin and Zemel (2009), *Collaborative prediction and ranking with non-random missing data*,
#   RecSys.
# - Smith and Winkler (2006), *The optimizer's curse*, Management Science 52(3): the winner's curse.
# - Ferrari Dacrema, Cremonesi and Jannach (2019), *Are we really making much progress?*, RecSys: what
#   remains of recent models when the baselines are tuned.
# - Hug (2020), *Surprise: a Python library for recommender systems*, JOSS 5(52).
