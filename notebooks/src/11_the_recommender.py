# %% [markdown]
# # 11 · The recommender: warm and cold-start items in one list, and why
#
# **Aim** Build the final model by hand from parts you know, choose its hyperparameters, read its
# lists and its reasons, find out what it shows to whom, keep it up to date, and answer the course's
# question in one table.<br>
# **Time** 90 minutes: the score by hand 30, hyperparameters 10, the mixed list 15, to whom 5, new
# tracks and users 10, the table 20. Sections marked *further* may be skipped: 20 more.<br>
# **Needs** Lessons 06 (intervals), 07 (EASE, iALS) and 08 (early fusion, weights); 10 helps.
# Nothing is downloaded.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
ratings, items = mosaic.ratings, mosaic.items.index
split = cold_item_split(ratings, rng=0)
cold, warm = split.candidates, items[~items.isin(split.candidates)]
blocks = extract_features(mosaic, fit_items=warm)
print(f"{len(warm)} warm tracks, {len(cold)} cold-start, {len(split.train_valid):,} ratings")

# %% [markdown]
# ## The idea
#
# A shop has tracks that hundreds have rated, and tracks that came in this morning. Its visitors want
# *one* list. Collaborative models (lesson 07) are the best on warm tracks and know nothing of
# cold-start ones. Content models (08 to 10) score any track, and add little where there are ratings.
# A **hybrid recommender** uses each where it knows most:
#
# $$\hat y_{ui} = \begin{cases}
# \kappa \, c_{ui} + (1 - \kappa) \big( \sum_m y_{m,ui} + v \, \hat p_i \big) & \text{warm items} \\
# (1 - \delta) \big( \sum_m y_{m,ui} + v \, \hat p_i \big) & \text{cold-start items}
# \end{cases}$$
#
# In words: the score of a warm item $i$ for user $u$ is a mixture of a **collaborative part** $c$ and a
# **content part**, with the **mixing weight** $\kappa$ (`cf_weight`). A cold-start item has the content
# part alone, lowered by the **cold-item discount** $\delta$ (`cold_discount`). The content part is a sum
# over the modalities $m$, plus $v$ times the **popularity prior** $\hat p_i$: how popular items with
# such features usually are.
#
# `MultimodalRecommender` is this formula. Its numbers are **hyperparameters**: arguments that `fit`
# does not learn. It learns from the warm tracks; then `add_items` brings in this morning's. One of
# them, `today`, stays in its box until later.

# %%
from mmrec_course.recommenders import EASE, MultimodalRecommender

listener, today = "u416", "t063"
warm_blocks = {m: b.align(warm) for m, b in blocks.items()}
ease = EASE(reg=50, side_weight=30)  # the default is side_weight = 0; explained below
model = MultimodalRecommender(ease=ease).fit(split.train_valid, warm_blocks)
morning = cold[cold != today]
model.add_items({m: b.align(morning) for m, b in blocks.items()})
print("weights of the modalities:", {m: f"{w:.2f}" for m, w in model.weights_.items()})

# %% [markdown]
# ## The score by hand
#
# **Implicit preference.** Somebody who rated a track also *chose* it. So every rating counts, and high
# ones count more: `implicit_preference` turns a centred rating into a number between 0 and 1. The matrix
# $X$ holds these, users in rows.

# %%
from mmrec_course.recommenders.collaborative import implicit_preference

stars = np.arange(1, 6)
print("preference of 1 to 5 stars:", np.round(implicit_preference(stars - 2.5), 2))
log = split.train_valid.assign(p=implicit_preference(split.train_valid["rating"] - 2.5))
X = log.pivot_table(index="user_id", columns="item_id", values="p", fill_value=0.0)
print("users × warm tracks:", X.shape)

# %% [markdown]
# **EASE, with side information.** EASE (lesson 07) learns item–item weights $B$ from $X^\top X$, how
# often two items were chosen by the same people. Features can help as **side information**: add
# $\alpha F F^\top$, how similar two items' features are. $F$ holds the early-fused rows of lesson 08:
# each modality's unit rows times $\sqrt{w_m}$, the weights renormalised over the present modalities.

# %%
rows, present = model.rows_, model.present_
w = pd.DataFrame({m: model.weights_[m] * present[m] for m in rows})  # (n_items, M)
w = w.div(w.sum(axis=1), axis=0)
F = np.hstack([np.sqrt(w[[m]].to_numpy()) * rows[m] for m in rows])  # (n_items, d)
F_warm = F[model.rated_]  # (n_warm, d)

gram = X.T @ X + ease.side_weight * F_warm @ F_warm.T
P = np.linalg.inv(gram + ease.reg * np.eye(len(warm)))
B = -P / np.diag(P)
np.fill_diagonal(B, 0.0)
print("equal to the package:", np.allclose(B, model.ease_.weights_))

# %% [markdown]
# **EASE and iALS, shrunk to the mean user.** iALS (lesson 07) is matrix factorisation of the same $X$.
# The scores of both become z-scores and are mixed, $(1 - \beta)$ EASE $+\ \beta$ iALS. With few
# ratings these scores are noisy. **Shrinkage** helps: a part $\rho$ is the user's own, $1 - \rho$ that of
# the *mean user*,
#
# $$\rho = \frac{n_u^2}{n_u^2 + \text{user\_shrinkage}^2}$$
#
# How many ratings does it take until the user's own part is the larger one?

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
figure, ax = plt.subplots(figsize=(7, 2.8))
n = np.arange(0, 31)
for color, shrinkage in zip(PALETTE, (1, 3, 10), strict=False):
    ax.plot(n, n**2 / (n**2 + shrinkage**2), color=color, label=f"user_shrinkage = {shrinkage}")
ax.set(xlabel="ratings of the user, n", ylabel="own part, ρ", ylim=(0, 1))
ax.set_title("The more ratings, the more a user's own scores count")
ax.legend(loc="lower right")
finish(figure, alt="Three curves rise from 0 towards 1; the smaller user_shrinkage, the faster")

# %% [markdown]
# As many as the constant: it acts like so many ratings of a mean user. The squares let go of the mean
# user soon. (The mixing weight could grow with an item's ratings in the same way. Tried on Mosaic and
# MovieLens, this brought no gain, so it is one number.)

# %%
import scipy.sparse as sp
from sklearn.base import clone

from mmrec_course.fusion import standardize_scores

mine = log[log["user_id"] == listener].sort_values("timestamp")
x = np.vstack([X.loc[listener], X.mean()])  # the user, the mean user
z_ease = standardize_scores(x @ B)
als = clone(model.als).fit_preference(sp.csr_array(X))
z_als = standardize_scores(als.score_preference(sp.csr_array(x)))
mixed = (1 - model.als_weight) * z_ease + model.als_weight * z_als
rho = len(mine) ** 2 / (len(mine) ** 2 + model.user_shrinkage**2)
c = rho * mixed[0] + (1 - rho) * mixed[1]
user = np.flatnonzero(model.user_ids_ == listener)
print("equal to the package:", np.allclose(c, model.lasting_scores(user)))

# %% [markdown]
# **Recency decay.** What somebody chose lately says more about the next choice. So for warm tracks a
# preference after which the user rated $a$ others counts $(1 + a)^{-\text{decay}}$:

# %%
from mmrec_course.display import print_table

a = mine["timestamp"].rank(ascending=False) - 1
decayed = mine.assign(decayed=mine["p"] * (1 + a) ** -model.decay)
print_table(decayed[["item_id", "rating", "p", "decayed"]].tail(3), index=False)

# %% [markdown]
# **Content: one ridge regression.** In lesson 08 each modality's ridge learned from the user's own
# ratings. Here *one* ridge on the fused rows learns from $c$ (without decay), what the collaborative
# part says of *every* warm track. The literature calls this an *attribute-to-feature mapping*:
#
# $$y = (c\,L)\,F^\top, \qquad
# L = F_\text{warm} \, (F_\text{warm}^\top F_\text{warm} + \lambda I)^{-1}$$
#
# A warm track's own $c$ must not take part in its $y$: the leave-one-out formula of lesson 08 takes it
# out, with the leverage $h$. The columns of each modality give its $y_m$.

# %%
eye = np.eye(F.shape[1])
L = F_warm @ np.linalg.inv(F_warm.T @ F_warm + model.content_reg * eye)  # (n_warm, d)
y = c @ L @ F.T  # (n_items,)
h = (L * F_warm).sum(axis=1)
y[model.rated_] = (y[model.rated_] - h * c) / (1 - h)
y /= y[model.rated_].std()
p = model.components(user, np.arange(len(y)))
print("equal to the package:", np.allclose(y, sum(p.content.values())))

# %% [markdown]
# Read $y = c \, (L F^\top)$ once more: the score of a cold-start track is a weighted sum of $c$ over
# the warm tracks, and its column of $L F^\top$ holds the weights. So you can ask of any track: *which
# rated tracks does its score come from?*

# %%
from mmrec_course.display import show_items, show_track

track = "t088"
show_track(mosaic.items, track)
weight = pd.Series(L @ F[model.item_ids_ == track][0], index=warm)
largest = weight.sort_values(ascending=False).head(3)
show_items(mosaic.items, largest.index, captions=[f"weight {x:.3f}" for x in largest])

# %% [markdown]
# The track has no cover, so words and sound decide. Read the texts and play the clips: would you have
# chosen the same three?
#
# **Everything together.** The package keeps the ingredients as `p = model.components(…)` and weighs
# them in a function `combine`. This is all of it (the last row of `p.ease` and `p.als` is the mean
# user):


# %%
def combine(p, model):
    """Part → (n_users, n_items) what it adds to the score."""
    mixed = (1 - model.als_weight) * p.ease + model.als_weight * p.als
    rho = (p.n_user**2 / (p.n_user**2 + model.user_shrinkage**2))[:, None]
    warm = p.n_item > 0
    c = rho * mixed[:-1] + (1 - rho) * mixed[-1:]
    parts = {"collaborative": np.where(warm, model.cf_weight, 0) * c}
    rest = np.where(warm, 1 - model.cf_weight, 1 - model.cold_discount)
    for m, y in p.content.items():
        parts[m] = rest * y
    parts["popularity"] = rest * model.popularity_weight * p.prior[None]
    return parts


# %%
chosen = [track, "t227", "t116"]
p = model.components(user, pd.Index(model.item_ids_).get_indexer(chosen))
by_hand = pd.DataFrame({part: s[0] for part, s in combine(p, model).items()}, index=chosen)
score = model.score([listener], chosen)[0]
print("equal to explain:", np.allclose(by_hand, model.explain(listener, chosen)))
print("rows add up to the scores:", np.allclose(by_hand.sum(axis=1), score))
print_table(by_hand.assign(ratings=p.n_item, score=score).rename_axis("track"))

# %% [markdown]
# The first two as sums, with all their terms:

# %%
kappa, delta, v = model.cf_weight, model.cold_discount, model.popularity_weight
y = sum(p.content.values())[0]
c_ui = by_hand["collaborative"].iloc[1] / kappa
print(f"{1 - delta:.2f} · ({y[0]:.2f} + {v} · ({p.prior[0]:.2f})) = {score[0]:.2f}")
print(f"{kappa} · ({c_ui:.2f}) + {1 - kappa:.2f} · ({y[1]:.2f} + {v} · ({p.prior[1]:.2f}))", end="")
print(f" = {score[1]:.2f}")

# %% [markdown]
# The parts of `explain` are the terms of the sum; nothing is explained afterwards. (One caveat: EASE saw the features as
# side information, and the part *collaborative* does not show it.)
#
# ## Choosing the hyperparameters
#
# The model has a dozen hyperparameters. Some are **regularisation** strengths, such as `content_reg`:
# they keep weights small, against *overfitting*. So far you chose by **grid search**, every combination
# on held-out ratings. For so many that is too much. `MultimodalRecommenderCV`, a counterpart of
# scikit-learn's `RidgeCV`, does **coordinate search**: one hyperparameter after the other, each on
# held-out ratings of the kind it serves. Collaborative ones are judged by users' last ratings, content by
# folds of tracks without ratings (**cross-validation**), `user_shrinkage` by users with one to five
# known ratings.

# %%
from mmrec_course.recommenders import MultimodalRecommenderCV

searched = MultimodalRecommenderCV().fit(split.train_valid, warm_blocks)
tried = searched.cv_results_.groupby("parameter", sort=False)
print(len(searched.cv_results_), f"values tried; a full grid: {tried.size().prod():,} combinations")
table = tried.get_group("content_reg")
print_table(table[["parameter", "value", "ndcg", "std_error"]], index=False, digits=3)

# %% [markdown]
# `std_error` says how noisy a mean over these users is. The highest of many noisy means is partly luck,
# and its NDCG is too good to be true: the **winner's curse**. So the choice is not the best value but
# the average of all values whose loss to the best is within one standard error of that loss:
# **one-standard-error averaging**. Beside the defaults:

# %%
default = pd.Series(MultimodalRecommender().get_params())
choice = pd.DataFrame({"default": default, "chosen": searched.best_params_})
print_table(choice.dropna().astype(float).rename_axis("hyperparameter"))

# %% [markdown]
# (The defaults were set with Mosaic among the catalogues looked at. Your own deserves the search.)
#
# ## How many cold-start tracks should a list hold?
#
# Is a score of 1 from three modalities worth as much as a score of 1 from two hundred ratings? The
# cold-item discount $\delta$ decides. First ask held-out ratings, by `grid_search`. The split is lesson 07's, each user's last ratings. (120 users,
# `is_new`, are kept out of it; they come in later as cold-start users.)

# %%
from mmrec_course.evaluation import grid_search, temporal_split

count = ratings["user_id"].value_counts()
new_users = np.random.default_rng(0).choice(np.sort(count.index[count >= 15]), 120, replace=False)
is_new = ratings["user_id"].isin(new_users)
past = temporal_split(ratings[~is_new])
past_blocks = extract_features(mosaic, fit_items=past.train_valid["item_id"])
discounts = {"cold_discount": [0.0, 0.25, 0.5, 0.7]}
_, table = grid_search(MultimodalRecommender(), discounts, past, past_blocks)
print_table(table.sort_values("cold_discount")[["cold_discount", "ndcg"]], index=False)

# %% [markdown]
# They cannot tell: people rated what they came across, and that was hardly ever a track without
# ratings. But Mosaic's users are simulated, so for once we can look up the **ground truth**: what would
# they think of the ten tracks if they heard them all? `refitted` returns a copy with one hyperparameter
# changed.

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS
from mmrec_course.display import fixed, interval

truth = mosaic.ground_truth()
utility = pd.DataFrame(truth["utility"], truth["user_ids"], truth["item_ids"])
likes = utility > RATING_STEPS[2]  # would give four stars or five


def mean_of(values, digits=2):
    """The mean over users with its 95 % interval."""
    reach = 1.96 * values.std() / np.sqrt(len(values))
    return interval(values.mean(), values.mean() - reach, values.mean() + reach, digits)


# %%
lists = []
for discount in discounts["cold_discount"]:
    ten = model.refitted("cold_discount", discount).recommend(model.user_ids_, k=10)
    lists.append(ten.assign(cold_discount=discount))
lists = pd.concat(lists)
lists["cold"] = lists["item_id"].isin(cold)
row, column = likes.index.get_indexer(lists["user_id"]), likes.columns.get_indexer(lists["item_id"])
lists["liked"] = likes.to_numpy()[row, column]
per_user = lists.pivot_table(index="user_id", columns="cold_discount", values=["cold", "liked"])
table = pd.DataFrame({"cold-start": per_user["cold"].agg(mean_of)})
table["truly liked"] = per_user["liked"].agg(mean_of)
table["difference to 0.5"] = per_user["liked"].sub(per_user["liked", 0.5], axis=0).agg(mean_of)
print_table(table)

# %% [markdown]
# (Shares of the ten tracks, mean over 600 users.) A fifth of the catalogue is cold-start. Without a
# discount such tracks fill more than half of a list, and users like fewer of the ten: content scores are
# as large as collaborative ones, and less reliable. With 0.7 hardly anybody sees one, and the lists are
# no better for it. The default, 0.5, lists a little less than one in ten.
#
# No shop has this truth. So the discount is a *decision*: how much attention should releases get?
#
# ## One list
#
# First, tracks to which `u416` gave five stars; then their list. Look at the bars: which parts are
# long for a track with many ratings, and which for one without?

# %%
from mmrec_course.display import show_list

top = model.recommend([listener], k=10)["item_id"]
n_ratings = pd.Series(model.n_ratings_, index=model.item_ids_)
captions = [f"{n} ratings" for n in n_ratings[top]]
show_items(mosaic.items, mine[mine["rating"] == 5]["item_id"].tail(5))
show_list(mosaic.items, top, captions=captions, parts=model.explain(listener, top))

# %% [markdown]
# A warm track has one long bar, *collaborative*. A cold-start one has up to three, one for each
# modality; where a modality is missing, the others carry its weight. A bar to the left counts against
# the track.
#
# ## Further: where it is wrong
#
# For each user, the correlation of score and ground truth over the cold-start tracks. What does it depend
# on?

# %%
score = pd.DataFrame(model.score(model.user_ids_, morning), model.user_ids_, morning)
correlation = score.corrwith(utility.loc[score.index, morning], axis=1)
n_mine = split.train_valid["user_id"].value_counts().reindex(score.index)
groups = pd.cut(n_mine, [0, 20, 40, 80, 1000], labels=["1–20", "21–40", "41–80", "more"])
table = correlation.groupby(groups, observed=True).agg(["size", mean_of])
print_table(table.rename_axis("ratings given").set_axis(["users", "correlation"], axis=1))
for name in ("sound", "words", "looks", "scene"):
    part = pd.DataFrame(truth[f"part_{name}"], truth["user_ids"], truth["item_ids"])
    print(f"with the part {name}:", mean_of(score.corrwith(part.loc[score.index, morning], axis=1)))

# %% [markdown]
# Two causes of errors. **Too little is known**: the more ratings a user gave, the better the score
# follows the truth. And **it cannot be seen**: the truth has parts, how a user feels about a track's
# sound, words, looks and *scene* (who plays it, who goes there). The scene is hardly found, for no
# modality shows it; only ratings can.
#
# ## What it shows, and to whom
#
# Back to warm tracks, with tuned hyperparameters. Does the model show everybody the hits? Put the users
# into three groups by how popular the tracks are that they chose themselves:

# %%
from mmrec_course.evaluation import average_recommendation_popularity, coverage

best = MultimodalRecommenderCV().fit(past.train_valid, past_blocks).best_params_
final = MultimodalRecommender().set_params(**best).fit(past.train_valid, past_blocks)
fifty = final.recommend(final.user_ids_, k=50)
ten = fifty[fifty["rank"] <= 10]
popularity = pd.DataFrame()
for name, table in {"chose": past.train_valid, "later": past.test, "shown": ten}.items():
    popularity[name] = average_recommendation_popularity(table, past.train_valid)
popularity["shown − later"] = popularity["shown"] - popularity["later"]
third = pd.qcut(popularity["chose"], 3, labels=["niche", "in between", "hits"])
table = popularity.groupby(third, observed=True).agg(lambda x: mean_of(x.dropna(), 0))
print_table(table.rename_axis("users who choose"))
print(f"tracks in anybody's ten: {coverage(ten, items):.0%}")

# %% [markdown]
# (Mean number of ratings of a track.) Every group is shown more popular tracks than it *later* chooses.
# This is **popularity bias**, and it feeds itself: what is shown gets rated, and what is rated is shown.
# Do not compare with *chose*: that column made the groups, and some users are in the niche group by
# luck. What they choose later is less extreme: **regression to the mean**.
#
# ## Further: diversity and its price
#
# `rerank` is **MMR re-ranking** (maximal marginal relevance). It picks ten of the fifty best, one after
# another, each with the largest $(1 - \lambda)\, s_i - \lambda \max_{j\;\text{picked}} \cos(f_i, f_j)$:
# a good score $s_i$, and features $f_i$ unlike those already picked. (By hand in exercise 4.) What does
# it bring, and what does it cost in NDCG@10?

# %%
from mmrec_course.evaluation import ScoreTable, compare, evaluate, intra_list_diversity
from mmrec_course.extras.reranking import rerank
from mmrec_course.fusion import early_fusion

warm_ids = past.train_valid["item_id"].unique()
fused = early_fusion(past_blocks, n_components=None, fit_items=warm_ids)
tables, diversity = {}, {}
for lam in (0.0, 0.5, 0.8, 0.9):
    lists = rerank(fifty, fused, k=10, diversity=lam)
    rank = lists.pivot_table(index="user_id", columns="item_id", values="rank")
    ranking = ScoreTable((1 / rank).fillna(0.0).to_numpy(), rank.index, rank.columns)
    tables[lam] = evaluate(ranking, past, metrics=["ndcg"])
    diversity[lam] = intra_list_diversity(lists, fused).mean()
table = compare(tables)[["difference", "diff_low", "diff_high"]]
print_table(table.assign(diversity=pd.Series(diversity)).rename_axis("λ"))

# %% [markdown]
# *Diversity* is the mean of $1 - \cos$ over the pairs of a list (above 1 where cosines are
# negative). Some diversity is free; from 0.8 on the loss is clear. Whether it is worth its price, old
# ratings cannot say: a track that was not rated counts as wrong.
#
# ## Keeping it up to date
#
# **A new track.** Open the box with today's release:

# %%
model.add_items({m: b.align([today]) for m, b in blocks.items()})
lists = model.recommend(model.user_ids_, k=10)
reached = lists.loc[lists["item_id"] == today, "user_id"]
show_items(mosaic.items, [today])
print(f"listed at once, without a new fit, for {len(reached)} of 600 users;")
n_likes = likes.loc[reached, today].sum(), likes[today].sum()
print(f"{n_likes[0]} of these would like it, and {n_likes[1]} of all 600")

# %% [markdown]
# By content alone it finds users who would like it. (One release is an example; the table below has all.)
#
# **A new user.** `partial_fit` folds in what somebody has chosen; nothing is learned anew. *You* give
# two folk tracks five stars. What is on your list now, and why? Of $c$, a part $\rho = 2^2 / (2^2 + 3^2)$
# is your own, the rest the mean user's. The bars show the two apart:

# %%
from copy import copy

picks = mosaic.items.index[mosaic.items["title"].isin(["Very Small Bicycle", "Crab Tea For One"])]
now = ratings["timestamp"].max() + pd.Timedelta(seconds=1)
two = pd.DataFrame({"user_id": "you", "item_id": picks, "rating": 5, "timestamp": now})
visited = copy(model).partial_fit(two)
listed = visited.recommend(["you"], k=5)["item_id"]
reasons = visited.explain("you", listed)
rho = 2**2 / (2**2 + visited.user_shrinkage**2)
reasons["mean user"] = (1 - rho) * visited.explain("unknown user", listed)["collaborative"]
reasons["your picks"] = reasons.pop("collaborative") - reasons["mean user"]
show_items(mosaic.items, picks)
show_list(mosaic.items, listed, parts=reasons)

# %% [markdown]
# Much of this list is what everybody likes. A long bar *your picks* says: those who chose your tracks chose
# this one, too. With every further rating $\rho$ grows, and the list becomes yours.
#
# ## Further: save and load
#
# `save` writes one file: arrays and JSON, nothing that can be executed. Its checksums let `load` refuse
# a file that was changed on the way:

# %%
import tempfile
from pathlib import Path

file = model.save(Path(tempfile.mkdtemp()) / "shop") / "model.npz"
same = MultimodalRecommender.load(file.parent).score([listener], items)
print("same scores:", np.allclose(same, model.score([listener], items)))
changed = bytearray(file.read_bytes())
changed[len(changed) // 2] ^= 1  # one bit of one byte
file.write_bytes(changed)
try:
    MultimodalRecommender.load(file.parent)
except ValueError as error:
    print("refused:", str(error).partition("model.npz: ")[2].partition(":")[0])

# %% [markdown]
# ## The course's question: multimodal against traditional
#
# What does all this add to a recommender that only looks at who rated what? Four situations:
#
# - **warm items**: each user's last ratings are held out (lesson 07).
# - **cold-start items**: a fifth of the tracks has no ratings; five splits.
# - **half missing**: the same, and each modality of a cold-start track is missing with probability ½.
# - **cold-start users**: of 120 users only the first five ratings are known. What will they like later?
#
# The rivals are tuned by `grid_search`. *Joint ridge* is the best simple content model, lesson 08's
# ridge on early-fused rows. *Collaborative only* is the final model, tuned in the same way, without
# features; *image only* and so on have all weight on one modality; *default* is the final model without
# a search.

# %%
from mmrec_course.recommenders import ContentRidge, ImplicitALS, Popularity, Random

grids = {
    "popularity": (Popularity(), {"half_life": [None, 240, 120, 60, 30]}),
    "EASE": (EASE(), {"reg": [100, 200, 400]}),
    "EASE + features": (EASE(), {"reg": [200, 400], "side_weight": [30, 100, 300]}),
    "iALS": (ImplicitALS(factors=32, iterations=10), {"reg": [10, 30, 100], "alpha": [4, 8]}),
}
rivals = {"chance": Random().fit(past.train_valid)}
for name, (rival, grid) in grids.items():
    rivals[name], _ = grid_search(rival, grid, past, past_blocks)
joint = {"fused": early_fusion(blocks, fit_items=warm)}
ridge, _ = grid_search(ContentRidge(modality="fused"), {"reg": [1, 3, 10, 30]}, split, joint)


# %%
def joint_ridge(train, blocks):
    joint = {"fused": early_fusion(blocks, fit_items=train["item_id"].unique())}
    return clone(ridge).fit(train, joint)


def variants(default, tuned):
    models = {}
    for m in blocks:
        models[f"{m} only"] = tuned.refitted("weights", {k: float(k == m) for k in blocks})
    return models | {"default": default, "final": tuned}


# %%
results = []


def keep(situation, models, split, number=0):
    """Add the NDCG@10 of each model and user to `results`."""
    for name, m in models.items():
        table = evaluate(m, split, metrics=["ndcg"]).reset_index()
        results.append(table.assign(situation=situation, model=name, split=number))


rivals["collaborative only"] = MultimodalRecommenderCV().fit(past.train_valid)
rivals["joint ridge"] = joint_ridge(past.train_valid, past_blocks)
finals = variants(MultimodalRecommender().fit(past.train_valid, past_blocks), final)
keep("warm items", rivals | finals, past)

# %% [markdown]
# On cold-start items popularity, EASE, iALS and *collaborative only* score 0, every track alike. One row
# stands for all of them. In all five splits the tuned model takes the hyperparameters chosen above, on
# the first one. (Ratings of the other splits' test tracks took part in that choice, but eleven numbers
# cannot memorise them.)

# %%
for seed in range(5):
    fold = cold_item_split(ratings, rng=seed)
    train, new = fold.train_valid, fold.candidates
    features = extract_features(mosaic, fit_items=train["item_id"])
    trained = {m: b.align(train["item_id"].unique()) for m, b in features.items()}
    default = MultimodalRecommender().fit(train, trained)
    tuned = clone(default).set_params(**searched.best_params_).fit(train, trained)
    models = variants(default, tuned)
    others = {"chance": Random(rng=seed).fit(train, features)}
    others["collaborative only"] = EASE().fit(train)
    rng = np.random.default_rng(seed)
    half = {m: b.mask(new[rng.random(len(new)) < 0.5]) for m, b in features.items()}
    for situation, known in {"cold-start items": features, "half missing": half}.items():
        others["joint ridge"] = joint_ridge(train, known)
        arrived = {m: b.align(new) for m, b in known.items()}
        extended = {name: copy(m).add_items(arrived) for name, m in models.items()}
        keep(situation, others | extended, fold, seed)

# %% [markdown]
# For cold-start users the rivals are fitted again, with their five ratings among all others. The final
# model takes these in by `partial_fit`, as a shop has to.

# %%
from mmrec_course.evaluation import Split

start = is_new & (ratings.groupby("user_id").cumcount() < 5)
first, later = ratings[start], ratings[is_new & ~start]
everybody = pd.concat([past.train_valid, first])
every = {"candidates": items, "valid_candidates": items}
asked = Split(train=everybody, valid=ratings.head(0), test=later, **every)
models = {}
for name in ("chance", *grids):
    models[name] = clone(rivals[name]).fit(everybody, past_blocks)
models["joint ridge"] = joint_ridge(everybody, past_blocks)
for name in ("collaborative only", *finals):
    models[name] = copy((rivals | finals)[name]).partial_fit(first)
keep("cold-start users", models, asked)

# %% [markdown]
# The table: NDCG@10 with its 95 % interval, and below it *final minus the row*. Where that interval is
# above zero, the final model is better.

# %%
from mmrec_course.evaluation import compare_splits


def verdict(table):
    """Means, and differences to the final model, with intervals."""
    models = {}
    for name, rows in table.groupby("model", sort=False):
        models[name] = [one.set_index("user_id") for _, one in rows.groupby("split")]
    if len(models["final"]) > 1:
        return compare_splits(models, test_share=0.2, baseline="final")
    return compare({name: tables[0] for name, tables in models.items()}, baseline="final")


# %%
by_situation = pd.concat(results).groupby("situation", sort=False)
table = by_situation[["model", "split", "user_id", "ndcg"]].apply(verdict)
gain = -table[["difference", "diff_high", "diff_low"]]
table["NDCG@10"] = [interval(*row) for row in table[["mean", "low", "high"]].to_numpy()]
table["final minus"] = [interval(*row, 3) for row in gain.to_numpy()]
order, situations = [*rivals, *finals], list(by_situation.groups)
for column in ("NDCG@10", "final minus"):
    wide = table.pivot_table(column, "model", "situation", aggfunc="first")
    print_table(wide.loc[order, situations].rename_axis(column))
    print()

# %%
figure, axes = plt.subplots(1, 4, figsize=(11, 3.4), sharey=True)
for ax, situation in zip(axes, situations, strict=True):
    rows = gain.loc[situation].reindex(order[1:-1])
    ax.hlines(range(len(rows)), rows["diff_high"], rows["diff_low"], PALETTE[0], linewidth=2.5)
    ax.plot(rows["difference"], range(len(rows)), "o", color=PALETTE[0])
    ax.axvline(0, color="#767676", linestyle="--", linewidth=1.2)
    ax.set(title=situation, xlabel="final minus row")
    ax.set_yticks(range(len(rows)), rows.index)
axes[0].invert_yaxis()
finish(figure, alt="Four panels, NDCG@10 of the final model minus each rival, with intervals")

# %% [markdown]
# Read it column by column:
#
# - **Warm items: features add nothing that can be told.** The final model is above tuned EASE. From
#   iALS, and from itself without features, it cannot be told. (The ablation below finds a small gain
#   on Mosaic, but with the defaults, which are not tuned for a model without features. Here both are.)
# - **Cold-start items: everything.** For a traditional recommender all these tracks are alike. The final
#   model is far above chance and clearly above each single modality. From the *joint ridge* it cannot be
#   told: to rank new releases alone, the ridge of lesson 08 is enough, and learning from $c$ instead of
#   the user's own ratings makes no visible difference.
# - **Half missing: most of that.** Whether it is above *text only*, five splits cannot say.
# - **Cold-start users: nothing that can be told.** Five ratings tell collaborative models a lot, too.
#
# In each column a simpler model is level with the final one, but none is in all four: iALS has nothing
# to say about a new track, and the joint ridge falls far behind where there are ratings. That is what
# the hybrid is for: one list, with reasons, for every kind of item and user. Its gain over a traditional
# recommender is where ratings are *missing*, and in a shop that is every release. If somebody reports a
# large gain on warm items, ask how the baselines were tuned.
#
# All of it on simulated users, in a world where looks, words and sound matter by construction.
# [Lesson 13](13_real_people.ipynb) asks the same of real people.
#
# ## Which ingredients help: ablations
#
# An **ablation** takes one ingredient out of the model and measures the loss. `benchmarks/ablation.py`
# does so for every ingredient, on more ratings and splits than a lesson has time for. All else stays at
# its default. NDCG@10 with the ingredient minus without it; a star: the 95 % interval excludes zero.

# %%
ablation = pd.read_csv("../benchmarks/ablation.csv")
star = np.where((ablation["low"] > 0) | (ablation["high"] < 0), "*", " ")
ablation["effect"] = [fixed(x, 3) for x in ablation["difference"]] + star
for catalogue, rows in ablation.groupby("catalogue", sort=False):
    table = rows.pivot_table("effect", "ingredient", "regime", aggfunc="first", sort=False)
    print_table(table.rename_axis(catalogue))
    print()

# %% [markdown]
# A star without a minus: the ingredient helps there. Without any star, the catalogue could do without it.
# Few ingredients help everywhere, and some cost a little on one catalogue: a default is a compromise, and
# a reason to search on your own. (EASE's side information and multitask fusion are options, off by
# default: neither has shown a gain.)
#
# ## A page to play with
#
# All of this on one page, with no code around it: `make app` opens it.
#
# ![The playground: controls for listener, weights, tracks and diversity at the left; ten cards with cover, player, reasons in words and bars at the right](../docs/images/playground.png)
#
# Choose a listener, or be a new one and pick up to five tracks. Move the weights of the modalities, list
# only cold-start tracks, turn the $\lambda$ of re-ranking. Each card says in words what its bars say.
# Every control works by keyboard and with a screen reader. To show your own catalogue, change the line
# in [its notebook](../apps/playground/playground.ipynb) that loads the data set.
#
# ## Your turn
#
# Five exercises in [exercises/11_the_recommender.ipynb](exercises/11_the_recommender.ipynb): shrinkage;
# what would be listed without a part; how far a list leads away from what somebody chose; the
# next track of a varied list; and a shop's rule for new releases, measured.
#
# ## Recap
#
# - A **hybrid recommender** mixes a collaborative and a content part. The score is a sum, so its parts
#   are its reasons.
# - Users with few ratings are shrunk to the mean user. A cold-start item's score can be traced to the rated items it comes from.
# - Each hyperparameter is chosen on held-out ratings of the kind it serves, averaged within one standard
#   error against the winner's curse. How many cold-start items a list should hold is a decision.
# - Every group is shown more popular tracks than it goes on to choose.
# - New tracks (`add_items`) and new users (`partial_fit`) come in without a new fit.
# - Multimodal against traditional: where ratings are missing, everything; where they are plenty, nothing
#   that can be told here. In each situation a simpler model is as good, in all of them none.
#
# ## Sources
#
# - Burke (2002), *Hybrid recommender systems*, User Modeling and User-Adapted Interaction 12(4).
# - EASE and iALS: lesson 07. Jeunen, Van Balen and Goethals (2020), *Closed-form models for collaborative
#   filtering with side-information*, RecSys.
# - Gantner, Drumond, Freudenthaler, Rendle and Schmidt-Thieme (2010), *Learning attribute-to-feature
#   mappings for cold-start recommendations*, ICDM: the content part.
# - Bühlmann (1967), *Experience rating and credibility*, ASTIN Bulletin 4(3): shrinkage.
# - Breiman, Friedman, Olshen and Stone (1984), *Classification and regression trees*: one standard error.
# - Carbonell and Goldstein (1998), *The use of MMR, diversity-based reranking*, SIGIR.
# - Abdollahpouri, Mansoury, Burke and Mobasher (2019), *The unfairness of popularity bias in
#   recommendation*, RMSE workshop at RecSys: to whom the hits are shown.
