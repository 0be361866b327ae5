# %% [markdown]
# # 07 · Collaborative filtering: the thing to beat
#
# **Aim** Build and tune the recommenders that look only at who rated what: popularity, biases,
# neighbours, SVD, EASE and iALS. See which ranks best, why a small rating error is not yet a good
# list, and where all of them know nothing.<br>
# **Time** 60 minutes.<br>
# **Needs** Lesson 06 (splits, NDCG, intervals). Nothing is downloaded.

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import temporal_split

mosaic = load_mosaic()
split = temporal_split(mosaic.ratings)
past, items, users = split.train_valid, mosaic.items.index, mosaic.users.index
print_table(split.describe()[["n_ratings", "n_candidates", "n_ranked"]])

# %% [markdown]
# Each listener's last ratings are the test part, those before them the validation part. Every
# choice on this page is made on the validation part. Mosaic's listeners are simulated, so what
# follows shows what the models do, not what people do.
#
# ## The idea
#
# Forget covers, words and sounds for an hour. A listener is a row of a matrix now, a track a column,
# a rating the number where they meet. Here is one listener, and the other one whose ratings agree
# best. (These two are unusually alike, so that you can see it.)

# %%
import numpy as np
import pandas as pd

R = past.pivot_table("rating", "user_id", "item_id").reindex(users, columns=items)
liking = (R - 2.5).fillna(0.0)
me = "u449"
twin = (liking @ liking.loc[me]).drop(me).idxmax()
shared = (R.loc[me] >= 4) & (R.loc[twin] >= 4)
print(f"{twin} likes {shared.sum()} of the {(R.loc[me] >= 4).sum()} tracks that {me} likes")

# %%
from mmrec_course.display import show_history_and_list

unheard = R.loc[twin][(R.loc[twin] == 5) & R.loc[me].isna()].index[:5]
titles = ("Five that both like", f"Five stars by {twin}, not rated by {me}")
show_history_and_list(mosaic.items, items[shared][:5], unheard, titles=titles)

# %% [markdown]
# The first five are liked by both, the other five are loved by the one and not rated by the other.
# Would you recommend those? Then you do **collaborative filtering**: guess the empty places of the
# matrix $R$ from the filled ones, with no idea what a track sounds like.
#
# $$\hat y_{ui} = f(R)_{ui}$$
#
# In words: the score $\hat y$ of listener $u$ for track $i$ is computed from everybody's ratings and
# from nothing else. Six such $f$ follow, from a count to the inverse of a matrix.
#
# ## Two baselines
#
# **Popularity** has one list for everybody: how many listeners liked the track (4 or 5 stars)? By
# hand, then the package's:

# %%
from mmrec_course.recommenders import Popularity

liked = past[past["rating"] >= 4]
count = liked["item_id"].value_counts().reindex(items, fill_value=0)
print("equal:", np.array_equal(Popularity().fit(past).score([me], items)[0], count))

# %% [markdown]
# A hit of two years ago counts as much as one of last week. Let a liking fade, so that after
# `half_life` days it counts half:

# %%
age = (past["timestamp"].max() - liked["timestamp"]) / pd.Timedelta(days=1)
recent = (0.5 ** (age / 60)).groupby(liked["item_id"]).sum().reindex(items, fill_value=0.0)
print("equal:", np.allclose(Popularity(half_life=60).fit(past).score([me], items)[0], recent))

# %% [markdown]
# Sixty days, or thirty? Fading, or simply the last so many days (`window`)? A baseline deserves the
# same care as the favourite, or the favourite wins for no reason of its own. `grid_search` fits every
# setting on `split.train`, ranks the validation part with it, and fits the best one again on both.
# The test part stays closed.

# %%
from mmrec_course.evaluation import grid_search

days = [30, 60, 120, 240, 365]
grid = [{"half_life": [None, *days]}, {"window": days}]
best, found = grid_search(Popularity(), grid, split)
tuned = {"popularity": best}
digits = {"half_life": 0, "window": 0, "ndcg": 3}
print_table(found[list(digits)], digits=digits, index=False)

# %% [markdown]
# The plain count, the row without a number of days, is next to last. Most others are close together.
#
# The second baseline predicts *stars*. Some listeners are generous, some tracks are good:
#
# $$\hat r_{ui} = \mu + b_u + b_i, \qquad
# b_i = \frac{\sum_u (r_{ui} - \mu - b_u)}{\lambda + n_i}$$
#
# In words: the mean $\mu$ of all ratings, plus what the listener gives above it, plus what the track
# gets above it. Such a **bias** is a mean, but with $\lambda$ added to the number of ratings $n_i$: a
# track with two ratings is not believed yet. $b_u$ is the same from the listener's side, so the two
# take turns. By hand, against *Surprise*, a library of algorithms that predict ratings:

# %%
from surprise import BaselineOnly

from mmrec_course.recommenders import SurpriseRecommender

mu, b_u = past["rating"].mean(), pd.Series(0.0, users)
for _ in range(10):
    above = (past["rating"] - mu - past["user_id"].map(b_u)).groupby(past["item_id"])
    b_i = (above.sum() / (10 + above.size())).reindex(items, fill_value=0.0)
    above = (past["rating"] - mu - past["item_id"].map(b_i)).groupby(past["user_id"])
    b_u = above.sum() / (15 + above.size())
stars = np.clip(mu + np.add.outer(b_u.to_numpy(), b_i.to_numpy()), 1, 5)
package = SurpriseRecommender(BaselineOnly()).fit(past)
print("equal:", np.allclose(package.score(users, items), stars))

# %% [markdown]
# `SurpriseRecommender` takes any algorithm of Surprise and makes it a `Recommender` like all others
# here, with `fit`, `score` and `recommend`. Its scores are predicted stars. We shall look inside.
#
# ## Neighbours and SVD, with Surprise
#
# **Neighbours** do what you did with two listeners, with many. Which listeners $v$, of those who
# rated track $i$, are most like $u$? How far above expectation did they rate it?
#
# $$\hat r_{ui} = b_{ui} + \frac{\sum_{v} s_{uv}\,(r_{vi} - b_{vi})}{\sum_{v} s_{uv}},
# \qquad b_{ui} = \mu + b_u + b_i$$
#
# $s_{uv}$ says how much $u$ and $v$ are alike: here, how their ratings, as far as above or below
# $b$, correlate; shrunk towards 0 if they have few tracks in common. The sums run over the 40 most
# alike. First as in Surprise's own manual, for one pair:

# %%
from surprise import Dataset, KNNBaseline, Reader

by_listener = {"name": "pearson_baseline", "user_based": True}
table = Dataset.load_from_df(past[["user_id", "item_id", "rating"]], Reader(rating_scale=(1, 5)))
trainset = table.build_full_trainset()
knn = KNNBaseline(sim_options=by_listener, verbose=False).fit(trainset)
track = unheard[4]
print(fixed(knn.predict(me, track).est, 3), "stars")

# %% [markdown]
# Now by hand, from the similarities that it found. (Surprise has its own numbers for ids, called
# *inner* ids.) The last line asks `SurpriseRecommender`, which computes the stars of all pairs at
# once, since a ranking needs all:

# %%
u, i = trainset.to_inner_uid(me), trainset.to_inner_iid(track)
raters = sorted(trainset.ir[i], key=lambda pair: -knn.sim[u, pair[0]])[:40]
v, r = np.array([pair[0] for pair in raters]), np.array([pair[1] for pair in raters])
s = np.maximum(knn.sim[u, v], 0)
b = mu + knn.bi[i] + knn.bu
print(fixed(b[u] + s @ (r - b[v]) / s.sum(), 3), "stars, by hand")
course = SurpriseRecommender(KNNBaseline(sim_options=by_listener)).fit(past)
print(fixed(course.score([me], [track])[0, 0], 3), "stars, as a Recommender")

# %% [markdown]
# **SVD**, as recommenders use the word, gives every listener and every track a few numbers, its
# *factors*. Their product says what biases cannot: whether these two go together.
#
# $$\hat r_{ui} = \mu + b_u + b_i + p_u^\top q_i$$
#
# It learns by walking over the ratings. At each it looks at its error $e$ and moves all that took
# part a small step $\gamma$ to where the error is smaller: $p_u$ by
# $\gamma\,(e\,q_i - \lambda\,p_u)$, and likewise $q_i$, $b_u$ and $b_i$. A walk over all ratings is
# an *epoch*. One epoch by hand, from the same random start as Surprise's:

# %%
from surprise import SVD

start = SVD(n_factors=5, n_epochs=0, random_state=0).fit(trainset)
p, q, b_u, b_i = start.pu.copy(), start.qi.copy(), start.bu.copy(), start.bi.copy()
step, reg = 0.005, 0.02
for u, i, r in trainset.all_ratings():
    e = r - (mu + b_u[u] + b_i[i] + p[u] @ q[i])
    b_u[u] += step * (e - reg * b_u[u])
    b_i[i] += step * (e - reg * b_i[i])
    p[u], q[i] = p[u] + step * (e * q[i] - reg * p[u]), q[i] + step * (e * p[u] - reg * q[i])
surprise = SVD(n_factors=5, n_epochs=1, random_state=0).fit(trainset)
print("equal:", np.allclose(p, surprise.pu) and np.allclose(q, surprise.qi))

# %% [markdown]
# Now the search, for all three. A helper turns a grid of settings into algorithms and keeps a table:

# %%
from sklearn.model_selection import ParameterGrid


def tune(kind, grid, **same):
    settings = list(ParameterGrid(grid))
    algos = [kind(**same, **setting) for setting in settings]
    best, found = grid_search(SurpriseRecommender(BaselineOnly()), {"algo": algos}, split)
    return best, pd.DataFrame(settings).assign(ndcg=found["ndcg"])


options = [{"reg_u": a, "reg_i": b} for a in (5, 15, 50) for b in (5, 10, 25)]
tuned["biases"], found = tune(BaselineOnly, {"bsl_options": options})
low, high = found["ndcg"].min(), found["ndcg"].max()
print(f"nine settings, NDCG@10 from {fixed(low, 3)} to {fixed(high, 3)}")

# %% [markdown]
# For the biases, settings hardly matter. (A search chooses. It proves nothing, so its tables need no
# intervals; the comparisons below have them.) For neighbours: shall listeners be compared with listeners,
# or tracks with tracks? And how many neighbours must there be, at least, before they are believed
# (`min_k`; below it, the bias alone is used)?

# %%
by_track = {"name": "pearson_baseline", "user_based": False}
grid = {"sim_options": [by_listener, by_track], "min_k": [1, 10, 20]}
tuned["neighbours"], found = tune(KNNBaseline, grid)
found["compared"] = ["listeners" if o["user_based"] else "tracks" for o in found["sim_options"]]
print_table(found.pivot_table("ndcg", "min_k", "compared"), digits=3)

# %% [markdown]
# `min_k = 1` is what one gets without asking, and the worst of each column. For SVD: with the biases
# or without them, and which step $\gamma$ (`lr_all`) and $\lambda$ (`reg_all`)?

# %%
grid = {"biased": [True, False], "lr_all": [0.005, 0.02], "reg_all": [0.02, 0.1]}
_, found = tune(SVD, grid, n_factors=100)
found["b"] = found["biased"].map({True: "with biases", False: "without"})
print_table(
    found.pivot_table("ndcg", ["lr_all", "reg_all"], "b").reset_index(), index=False, digits=3
)

# %% [markdown]
# The larger of each is best in both columns. Keep these two, and ask how many factors it needs:

# %%
grid = {"biased": [True, False], "n_factors": [20, 100, 400]}
tuned["SVD"], found = tune(SVD, grid, lr_all=0.02, reg_all=0.1)
found["b"] = found["biased"].map({True: "with biases", False: "without"})
print_table(found.pivot_table("ndcg", "n_factors", "b"), digits=3)

# %% [markdown]
# *Without* biases, SVD ranks far better than with them, though with them is how it is usually
# taught, and what Surprise does unless told otherwise. Keep that in mind; the reason comes further
# down. (400 factors are almost one for each of the 480 tracks; there is little room for more.)
#
# ## EASE: tracks that vote for tracks
#
# The next model does not care for stars. Let $X$ hold everybody's likings: the rating minus 2.5, and
# 0 where there is no rating. **EASE** guesses each column of $X$ from all the other columns:
#
# $$\min_B \; \lVert X - XB \rVert^2 + \lambda \lVert B \rVert^2
# \quad\text{with}\quad B_{ii} = 0$$
#
# In words: find weights $B$ such that everybody's likings, times $B$, give the same likings back;
# keep the weights small; and let no track vote for itself. Each column of $B$ is a *ridge regression*:
# least squares, plus $\lambda$ times the squared weights, so that no weight grows large without need.
# There is an exact solution for all columns at once:

# %%
from mmrec_course.recommenders import EASE

X = liking.to_numpy()
inverse = np.linalg.inv(X.T @ X + 200 * np.eye(len(items)))
B = -inverse / np.diag(inverse)
np.fill_diagonal(B, 0)
print("equal:", np.allclose(EASE(reg=200).fit(past).score(users, items), X @ B))

# %% [markdown]
# Four lines. A score is a sum of votes, $\hat y_{ui} = \sum_j x_{uj} B_{ji}$, so column $i$ of $B$ says
# who votes for track $i$. Below is one track, and under it the five with the largest votes for it.
# Read the titles, look at the genres, press play. What do they have in common?

# %%
from mmrec_course.display import show_items, show_track

track = "t062"
show_track(mosaic.items, track)
votes = pd.Series(B[:, items.get_loc(track)], items).sort_values(ascending=False, kind="stable")
captions = [f"weight {fixed(weight, 3)}" for weight in votes[:5]]
show_items(mosaic.items, votes.index[:5], captions=captions)

# %% [markdown]
# Not the genre, not the colours. Mosaic's makers kept a note of what each track is about:

# %%
truth = mosaic.ground_truth()
theme = pd.Series(truth["theme"], items)
print(theme[[track, *votes.index[:5]]].to_dict())

# %% [markdown]
# EASE has never read a word. It has seen that the same people like these tracks.
#
# That was a good example, and picked for it. How is it on average, and is it more than counting who
# likes both? Make a list of five for every track, once from plain counts and once from $B$. How
# many different tracks occur in the lists, and in how many lists is the most frequent one? How
# often do the five share the track's artist, genre or theme, which neither of the two knows?

# %%
likes = (X >= 1.5).astype(float)
counts = likes.T @ likes - 999 * np.eye(len(items))
facts = {name: truth[name] for name in ("artist", "genre", "theme")}
rows, agree = {}, {}
for name, weights in {"counts": counts, "EASE": B}.items():
    near = np.argsort(-weights, axis=0, kind="stable")[:5]
    times = np.bincount(near.ravel(), minlength=len(items))
    rows[name] = {"different": (times > 0).sum(), "most frequent": times.max()}
    agree[name] = pd.DataFrame({fact: (x[near] == x).mean(axis=0) for fact, x in facts.items()})
    rows[name] |= agree[name].mean()
others = ~np.eye(len(items), dtype=bool)
rows["any two"] = {fact: (x[:, None] == x)[others].mean() for fact, x in facts.items()}
whole = {"different": 0, "most frequent": 0}
print_table(pd.DataFrame.from_dict(rows, orient="index"), digits=whole)

# %%
from mmrec_course.display import interval
from mmrec_course.evaluation import compare

for fact in facts:
    gain = compare(agree, metric=fact).loc["EASE", ["difference", "diff_low", "diff_high"]]
    print(f"{fact:6} EASE − counts {interval(*gain)}")

# %% [markdown]
# By counts, one track that many like is in more than half of the 480 lists. In EASE none is in more
# than 15. Why? A count looks at two tracks alone, and a hit is liked along with everything. EASE's
# regression looks at all tracks at once, and each gets weight only for what the others do not say
# already. A listener who likes the hit is much like all others, so it helps little to guess this one
# track; a track that only some like, and those like this one too, helps more. What stays are
# tracks that belong together, and all three intervals are above zero. (In Mosaic taste was *made* to
# depend on sound, words and looks. With real people one would have to see.)
#
# ## iALS: factors, with zeros on purpose
#
# The last model has factors $p_u$ and $q_i$ like SVD, and looks at *all* places like EASE. It does not
# predict stars but a target $t_{ui}$: 1 where the listener liked the track, 0 everywhere else. A like
# counts more than its absence: its *confidence* $c_{ui}$ is $1 + \alpha x_{ui}$, that of all other
# places 1.
#
# $$\min_{P,Q} \; \sum_{u,i} c_{ui}\,(t_{ui} - p_u^\top q_i)^2
# + \lambda\,(\lVert P\rVert^2 + \lVert Q\rVert^2)$$
#
# The rows of $P$ are the listeners' factors, those of $Q$ the tracks' ($U$ and $V$ in the
# package's documentation; here they keep the letters of SVD). Hold $Q$ still, and each
# listener's $p_u$ is a ridge regression again, now of a few unknowns: which $p_u$, not too large,
# comes nearest to this listener's targets, each weighted with its confidence? Hold $P$ still, and
# each track's $q_i$ is one. So take turns: *alternating least squares*. By hand, one turn of listeners
# and tracks, and then the listeners once more; against the package (which does the same faster: it
# computes $Q^\top Q$ once for all, and adds what the few likes of each listener change):

# %%
from mmrec_course.recommenders import ImplicitALS


def half_turn(C, T, Q, reg):
    ridge = reg * np.eye(Q.shape[1])
    each = zip(C, T, strict=True)
    return np.array([np.linalg.solve((Q.T * c) @ Q + ridge, Q.T @ (c * t)) for c, t in each])


C = 1 + 1.0 * X * likes
Q = np.random.default_rng(0).random((len(items), 16)) * 0.01
P = half_turn(C, likes, Q, reg=10.0)
Q = half_turn(C.T, likes.T, P, reg=10.0)
P = half_turn(C, likes, Q, reg=10.0)
ials = ImplicitALS(factors=16, reg=10.0, alpha=1.0, iterations=1, rng=0).fit(past)
print("equal:", np.allclose(ials.user_factors_, P) and np.allclose(ials.item_factors_, Q))

# %% [markdown]
# Both get their search:

# %%
tuned["EASE"], found = grid_search(EASE(), {"reg": [50, 100, 200, 400, 800]}, split)
print_table(found[["reg", "ndcg"]], digits={"ndcg": 3}, index=False)
large = {"factors": [32], "reg": [10, 30], "alpha": [1, 4]}
small = {"factors": [16], "reg": [30], "alpha": [4]}
tuned["iALS"], found = grid_search(ImplicitALS(iterations=10), [large, small], split)
print_table(found[["factors", "reg", "alpha", "ndcg"]], digits={"ndcg": 3}, index=False)
further = [{"factors": [48, 64], "reg": [30], "alpha": [4]}, {"reg": [30, 60], "alpha": [8]}]
_, found = grid_search(ImplicitALS(factors=32, iterations=10), further, split)
print("further out:", found["ndcg"].map(lambda x: fixed(x, 3)).tolist())

# %% [markdown]
# EASE hardly minds. iALS does: between its best and its worst setting lies more than between many
# models. A paper that compares itself with the worst one could report a splendid gain. As its best
# lies at the edge of the grid, four more were tried: 48 and 64 factors, and $\alpha = 8$ with two
# $\lambda$ (the last line, best first). The best of them gains 0.001: we stay with 32 factors.
#
# ## All of them
#
# Everything is chosen, so open the test part.

# %%
from mmrec_course.evaluation import evaluate
from mmrec_course.recommenders import Random

models = {"chance": Random().fit(past), **tuned}
results = {name: evaluate(model, split) for name, model in models.items()}
table = compare(results, metric="ndcg", baseline="popularity")
columns = ["mean", "low", "high", "difference", "diff_low", "diff_high", "p_holm"]
print_table(table[columns], digits=3)

# %% [markdown]
# Differences are to tuned popularity; `p_holm` is corrected for six comparisons. In the figure, look
# for groups:

# %%
from mmrec_course.plotting import finish, plot_comparison

title = "iALS, EASE and tuned SVD rank far ahead of the rest"
ax = plot_comparison(table, title=title, chance=table.loc["chance", "mean"])
finish(ax, alt="NDCG@10: iALS, EASE, SVD, then a gap, then neighbours, popularity and biases")

# %% [markdown]
# Three are ahead. Is the first of them really the first? Its differences to the other two:

# %%
best_three = {name: results[name] for name in ("iALS", "EASE", "SVD")}
print_table(compare(best_three)[columns], digits=3)

# %% [markdown]
# Three things to read, about simulated listeners:
#
# - **Biases and neighbours** cannot be told from popularity: the intervals of their differences
#   contain zero. (The fault is not in the idea of neighbours, as EASE shows.)
# - **SVD**, tuned and without biases, has about twice the NDCG of popularity.
# - **EASE and iALS** have the highest means, and for these listeners and this split iALS is ahead of
#   both others: neither interval contains zero. It is ahead of EASE by little, and another split may
#   see it differently; lesson 06 showed how much that can do.
#
# So iALS is slightly better. But EASE has one setting, no random start and a solution in four lines.
# EASE is the opponent in the next lessons, and iALS the one that the final model has to beat.
#
# ## Rating error against ranking quality
#
# Surprise's algorithms predict stars, and for many years recommenders were judged by how well they do
# it: by the **RMSE** or the **MAE** of held-out ratings (lesson 06: the root of the mean squared error,
# the mean absolute error). Does a smaller error make a better list?
#
# EASE, iALS and popularity do not predict stars. To be fair, turn every model's score into stars by
# the straight line that fits the validation part best. And bring in SVD as it comes out of the box:

# %%
from sklearn.base import clone

models["SVD, untuned"] = SurpriseRecommender(SVD()).fit(past)
results["SVD, untuned"] = evaluate(models["SVD, untuned"], split)


def scores_at(model, part):
    matrix = model.score(users, items)
    return matrix[users.get_indexer(part["user_id"]), items.get_indexer(part["item_id"])]


def predict_stars(model):
    earlier = clone(model).fit(split.train)
    slope, level = np.polyfit(scores_at(earlier, split.valid), split.valid["rating"], 1)
    return np.clip(level + slope * scores_at(model, split.test), 1, 5)


# %%
from mmrec_course.evaluation import rmse

given, who = split.test["rating"], split.test["user_id"]
guesses = {name: predict_stars(model) for name, model in models.items()}
off = pd.DataFrame(guesses, given.index).sub(given, axis=0).abs().groupby(who).mean()
misses = {name: column.to_frame("mae") for name, column in off.items()}
error = pd.DataFrame({"RMSE": {name: rmse(guess, given) for name, guess in guesses.items()}})
for column, tables, metric, digits in (("MAE", misses, "mae", 2), ("NDCG@10", results, "ndcg", 3)):
    judged = compare(tables, metric=metric, baseline="popularity")
    error[column] = judged["mean"]
    gaps = judged[["difference", "diff_low", "diff_high"]].to_numpy()
    error[f"{column} − popularity's"] = [interval(*gap, digits) for gap in gaps]
error = error.sort_values("RMSE")
print_table(error, digits=3)
rank = error[["RMSE", "MAE"]].rank().corrwith(error["NDCG@10"].rank())
print("rank correlation with NDCG@10:", {name: fixed(r, 2) for name, r in rank.items()})
gap = compare({name: misses[name] for name in ("SVD", "iALS")}, metric="mae").loc["iALS"]
print("MAE, iALS − SVD", interval(*gap[["difference", "diff_low", "diff_high"]], 3))

# %% [markdown]
# The rows are sorted by error. Is NDCG@10 sorted too? Look for models at the same height, and
# for models one above the other:

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import use_style

use_style()
figure, ax = plt.subplots(figsize=(7, 4.2))
ax.plot(error["RMSE"], error["NDCG@10"], "o", markersize=8)
for name, row in error.iterrows():
    place = (7, -14 if name == "SVD, untuned" else 4)
    ax.annotate(name, (row["RMSE"], row["NDCG@10"]), xytext=place, textcoords="offset points")
ax.margins(0.14)
ax.set(
    xlabel="RMSE of held-out ratings, in stars (left is better)", ylabel="NDCG@10 (up is better)"
)
ax.set_title("The smallest error does not make the best list")
finish(ax, alt="NDCG@10 over RMSE: SVD has the smallest error, iALS and EASE the best lists")

# %% [markdown]
# No, in three ways:
#
# - *The smallest error, not the best list.* SVD's errors are the smallest of the table (its MAE cannot
#   be told from iALS's: the interval contains zero), and its list is the third.
# - *The same error, another list.* Neighbours and iALS have the same RMSE within 0.01, and iALS has
#   twice the NDCG.
# - *A smaller error, no better list.* Biases and untuned SVD predict stars better than popularity
#   does (the intervals in the middle are below zero) and rank no better (the last ones contain it).
#
# The two are not strangers: the rank correlations are far below zero, and chance is last in both. The
# error orders the lists roughly, but not at the top, which is where one chooses.
#
# **Why?** Ratings are missing *not at random* (lesson 01): people rate what they expect to like.
# In a made-up world we can ask how many stars *every* listener would give to *every* track. Utility
# passes a step for each star:

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS

true_stars = 1 + np.searchsorted(RATING_STEPS, truth["utility"].astype(float))
seen, later, later_liked = (np.zeros(true_stars.shape, bool) for _ in range(3))
good = split.test[split.test["rating"] >= 4]
for mask, part in ((seen, past), (later, split.test), (later_liked, good)):
    mask[users.get_indexer(part["user_id"]), items.get_indexer(part["item_id"])] = True
never = ~(seen | later)
means = [fixed(true_stars[mask].mean(), 1) for mask in (~never, never)]
print("rated:", means[0], "stars; never rated:", means[1])
low = (past["rating"] <= 2).mean(), (true_stars[never] <= 2).mean()
print(f"at most 2 stars: {low[0]:.0%} of the past's ratings, {low[1]:.0%} of the never rated")
print("never rated by a listener:", fixed(never.sum(axis=1).mean(), 0), "of 480 tracks")

# %% [markdown]
# An error is measured on places of the first kind. A list is made from places of the second kind,
# more than 400 a listener. A model that learned from rated places alone has seen few places worth
# 2 stars, and only those that somebody chose to rate. It answers the question: how many stars, *if*
# this listener rates it?
#
# The table asks each model five things. What does it predict, on average, where nothing was ever
# rated? How many stars does it *promise* for the ten that it would list? How many *true* stars would
# those ten get? Then two questions like AUC's: of two tracks that the listener rated later, is
# the *liked first*? And of a track that was rated later and one that was not, is the *rated first*?

# %%
from mmrec_course.evaluation import auc, rank_items

rows, lists = {}, {}
for name, model in models.items():
    scores = model.score(users, items)
    free = np.where(seen, -np.inf, scores)
    top = rank_items(free, 10)
    true = np.take_along_axis(true_stars, top, axis=1).mean(axis=1)
    liked_first = auc(np.where(later, scores, -np.inf), later_liked)
    lists[name] = pd.DataFrame({"true stars": true, "liked first": liked_first}, users)
    lists[name]["rated first"] = auc(free, later)
    if isinstance(model, SurpriseRecommender):
        promised = np.take_along_axis(scores, top, axis=1).mean()
        rows[name] = {"never rated": scores[never].mean(), "promised": promised}
told = pd.DataFrame.from_dict(rows, orient="index").reindex(list(models))
for metric in lists["chance"]:
    means = compare(lists, metric=metric)[["mean", "low", "high"]].to_numpy()
    told[metric] = [interval(*row) for row in means]
print_table(told, digits=1)

# %%
pairs = {name: lists[name] for name in ("SVD", "EASE", "iALS")}
for metric in ("liked first", "rated first"):
    for name, gap in compare(pairs, metric=metric).iloc[1:].iterrows():
        print(metric, name, "− SVD", interval(*gap[["difference", "diff_low", "diff_high"]], 3))

# %% [markdown]
# - *Never rated*: biases, neighbours and untuned SVD expect 3.6 stars where the truth is 2.0. All
#   three carry on as if these places were like the rated ones.
# - *Promised and true*: a list takes the ten highest guesses, and the highest of many wrong guesses
#   are the most wrong. Untuned SVD promises 4.4 stars, and its tracks are worth 2.5.
# - *Liked first*, given that both were rated: neither EASE nor iALS can be told from SVD (below the
#   table, both intervals contain zero). Errors, too, are measured among rated tracks only.
# - *Rated first*: here both are ahead of SVD, in the order of their NDCG. EASE and iALS have learned from
#   the empty places what a listener leaves alone.
#
# Does NDCG itself mislead us, as it knows only what was rated? Compare *true stars* with the
# column NDCG@10 above: the order is the same, all the way down. (Three are too close to call in both.)
# No real data set would let us check that.
#
# Now the riddle of SVD's biases. With them, a listener and a track that have nothing to do with each
# other get $\mu + b_u + b_i$, about 3.6. Without them, their product starts near 0, and only
# ratings pull it up. It ends at 3.0 where nothing was rated: nearer to the truth, though nobody told
# it so.
#
# If that is the reason, then going all the way should help more: the same kind of model, but with a
# zero in *every* empty place of $X$. It is one decomposition of a matrix, and a good opportunity to
# make a `Recommender` of your own. It needs two methods. `_fit` finds $X$ in `histories_`, listeners ×
# tracks (`blocks` would be covers, words and sounds; not today). `svds` gives three matrices whose
# product is nearest to $X$; the last of them, `[2]`, holds the tracks' factors. `_score` gets the
# `histories` of the listeners who ask, rows like those of $X$, and the `columns` of the tracks asked
# for: from likings to factors, and from factors back to tracks. The rest is inherited: before them,
# `fit` has checked ids and features, and `score` has looked up where the ids stand.

# %%
from scipy.sparse.linalg import svds

from mmrec_course.recommenders import Recommender


class ZeroSVD(Recommender):
    def __init__(self, *, factors=20):
        self.factors = factors

    def _fit(self, ratings, blocks):
        start = np.ones(min(self.histories_.shape))
        self.factors_ = svds(self.histories_, k=self.factors, v0=start)[2]

    def _score(self, histories, columns):
        return histories @ self.factors_.T @ self.factors_[:, columns]


# %%
zeros, found = grid_search(ZeroSVD(), {"factors": [10, 20, 40]}, split)
results["SVD with zeros"] = evaluate(zeros, split)
names = ["SVD, untuned", "SVD", "SVD with zeros", "EASE"]
against_svd = compare({name: results[name] for name in names}, baseline="SVD")
print_table(against_svd[columns], digits=3)

# %% [markdown]
# Differences are to tuned SVD here. SVD with zeros comes to where EASE is, at more than twice the NDCG
# of untuned SVD. Was it the zeros? Its mean is above tuned SVD's, as the reason predicts, but the
# interval of that difference contains zero: a hint, no proof. EASE's contains it too. (Other things
# differ as well: likings instead of stars, an exact solution instead of steps.) An empty place is no dislike. It is not
# nothing, either.
#
# ## The cold shelf
#
# Everything above lives on ratings, so take them away. A fifth of the tracks are new: nobody has rated
# them. How many different scores does each model give to a listener's new tracks? How well are they
# ranked? And if new and known tracks compete for ten places, how many places do the new ones get?

# %%
from mmrec_course.evaluation import cold_item_split

cold = cold_item_split(mosaic.ratings, rng=0)
rows = {}
for name in tuned:
    model = clone(tuned[name]).fit(cold.train_valid)
    scores = model.score(users, cold.candidates)
    mixed = model.recommend(users, k=10, candidates=items)["item_id"]
    rows[name] = {"different scores": max(len(np.unique(row)) for row in scores)}
    rows[name] |= evaluate(model, cold, metrics=["auc", "ndcg"]).mean()[["auc", "ndcg"]]
    rows[name]["new, in a mixed list"] = f"{mixed.isin(cold.candidates).mean():.0%}"
print_table(pd.DataFrame.from_dict(rows, orient="index"), digits=3)

# %% [markdown]
# One score for all new tracks, from every model, for every listener. AUC is 0.5, exactly. As ties go
# to the lower id, everybody gets the same ten tracks, and NDCG is the same number six times. In a mixed
# list, new tracks get no place at all, except from SVD: it gives what it does not know the mean of all
# ratings, and that is more than the 3.0 stars it expects of a known track on average.
#
# Is that NDCG of 0.048 any different from chance? It hangs on ten tracks, so take ten splits. As all
# six lists are the same, EASE can speak for all. (`Random` is fitted on all ratings for their ids
# alone; it would know no new tracks otherwise.)

# %%
from mmrec_course.evaluation import compare_splits

splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(10)]
chances = [Random(rng=seed).fit(mosaic.ratings) for seed in range(10)]
fitted = [clone(tuned["EASE"]).fit(s.train_valid) for s in splits]
new = {
    name: [evaluate(m, s, metrics=["ndcg"]) for m, s in zip(group, splits, strict=True)]
    for name, group in {"chance": chances, "EASE": fitted}.items()
}
print_table(compare_splits(new, test_share=0.2)[columns[:-1]], digits=3)

# %% [markdown]
# The interval of the difference contains zero. That alone would not make it chance; the table before
# does: no score tells the new tracks apart, only the ids order them. And no tuning will help, since
# the matrix has no numbers there. This shelf is what covers, words and sounds are for, and why the
# course goes on.
#
# ## What goes wrong
#
# **Believing one neighbour.** How many ratings have the tracks that neighbours list, if one neighbour
# is enough, and if it takes twenty? And how many of the 6,000 places promise 5 stars exactly?

# %%
for min_k in (1, 20):
    model = SurpriseRecommender(KNNBaseline(sim_options=by_listener, min_k=min_k)).fit(past)
    top = model.recommend(users)
    n, full = pd.Series(model.n_ratings_, model.item_ids_), (top["score"] == 5).sum()
    print(f"min_k {min_k:2}: median {n[top['item_id']].median():.0f} ratings, {full} at 5 stars")
print(f"all tracks: median {n.median():.0f} ratings")

# %% [markdown]
# If one neighbour is enough, lists are filled with tracks that few have rated, and about every sixth
# place promises the full five stars. Those tie, and go by id. (Surprise cuts its predictions at the
# ends of the scale; `SurpriseRecommender(…, clip=False)` does not, and tells them apart.)
#
# - **Leaving opponents at their defaults.** SVD went from 0.051 to 0.117 by its settings alone, and
#   iALS had settings at 0.091 and at 0.149 on the validation part. A new model that beats the lower
#   numbers has shown nothing.
# - **A best setting at the edge of its grid.** SVD's best has the most factors, the largest step and
#   the largest $\lambda$ that we tried. Look where the best one lies, and go on if you can. We did so
#   for popularity (365 days) and for iALS; for SVD it costs time, and factors end at 480.
# - **Judging lists by the error of stars.** See above.
# - **Asking a collaborative model about the new.** It answers, with a number like any other.
#
# ## Your turn
#
# Five exercises, from one line to one idea:
# [exercises/07_collaborative_filtering.ipynb](exercises/07_collaborative_filtering.ipynb).
#
# 1. Means that do not believe two ratings.
# 2. One step of SVD.
# 3. Because you liked …: EASE explains itself.
# 4. A new user for iALS.
# 5. How many ratings until EASE beats popularity?
#
# ## Recap
#
# - **Collaborative filtering** sees who rated what and nothing else. Popularity and biases are its
#   baselines; neighbours, SVD, EASE and iALS its models; `grid_search` tunes each of them alike.
# - Models that look at *all* places of the matrix, iALS and EASE, have the highest means in Mosaic.
#   iALS is ahead of EASE and of tuned SVD; these two cannot be told apart. SVD as it comes ranks no
#   better than popularity.
# - **RMSE and NDCG disagree** about the best: ratings are missing *not* at random, and predicting
#   stars, *given* that somebody rates, is another question than choosing ten of 480.
# - **New tracks** have no ratings, so no collaborative model can rank them.
# - All of it among simulated listeners. Lesson 13 asks real ones.
#
# ## Sources
#
# - Resnick, Iacovou, Suchak, Bergstrom and Riedl (1994), *GroupLens*, CSCW: neighbours among people.
# - Sarwar, Karypis, Konstan and Riedl (2001), *Item-based collaborative filtering recommendation
#   algorithms*, WWW: neighbours among items.
# - Koren (2010), *Factor in the neighbors: scalable and accurate collaborative filtering*, ACM TKDD
#   4(1): biases, and neighbours on top of them.
# - Koren, Bell and Volinsky (2009), *Matrix factorization techniques for recommender systems*, IEEE
#   Computer 42(8): SVD by small steps.
# - Hu, Koren and Volinsky (2008), *Collaborative filtering for implicit feedback datasets*, ICDM: iALS.
# - Rendle, Krichene, Zhang and Koren (2022), *Revisiting the performance of iALS on item
#   recommendation benchmarks*, RecSys: how strong it is once tuned.
# - Steck (2019), *Embarrassingly shallow autoencoders for sparse data*, WWW: EASE.
# - Cremonesi, Koren and Turrin (2010), *Performance of recommender algorithms on top-n recommendation
#   tasks*, RecSys: error against ranking, and SVD with zeros (PureSVD).
# - Steck (2010), *Training and testing of recommender systems on data missing not at random*, KDD;
#   Marlin and Zemel (2009), *Collaborative prediction and ranking with non-random missing data*,
#   RecSys: why they disagree.
# - Ferrari Dacrema, Cremonesi and Jannach (2019), *Are we really making much progress?*, RecSys: what
#   remains of new models when the opponents are tuned.
# - Hug (2020), *Surprise: a Python library for recommender systems*, JOSS 5(52).
