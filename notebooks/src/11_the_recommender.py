# %% [markdown]
# # 11 · The recommender: warm and cold-start items in one list, and why
#
# **Aim** Build the final model's score by hand, choose its hyperparameters, read its lists and its
# reasons, find out where it is wrong, keep it up to date, and answer the course's question in two
# tables.<br>
# **Time** {minutes} minutes, exercises 25 to 70 more.<br>
# **Needs** Lessons 06 (intervals), 07 (EASE, iALS) and 08 (early fusion, weights); 10 helps.
# Nothing is downloaded.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, interval, print_table, show_items, show_list
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
ratings, items = mosaic.ratings, mosaic.items.index
split = cold_item_split(ratings, fraction=0.2, rng=0)
train, cold = split.train_valid, split.candidates
blocks = extract_features(mosaic, fit_items=train["item_id"].unique())
print(f"{train['item_id'].nunique()} warm tracks, {len(cold)} cold-start, {len(train):,} ratings")

# %% [markdown]
# ## The idea
#
# A shop has tracks that hundreds have rated, and tracks that came in this morning. Its users want
# *one* list. Collaborative models (lesson 07) are the best on warm tracks and know nothing of
# cold-start ones. Content models (lessons 08 to 10) score any track, but add little where there are
# ratings. A **hybrid recommender** uses each where it knows most:
#
# $$\hat y_{ui} = \begin{cases}
# \kappa \, c_{ui} + (1 - \kappa) \big( \sum_m y_{m,ui} + v \, \hat p_i \big) & \text{warm items} \\
# (1 - \delta) \big( \sum_m y_{m,ui} + v \, \hat p_i \big) & \text{cold-start items}
# \end{cases}$$
#
# In words: the score of a warm item $i$ for user $u$ is a mixture of a **collaborative part** $c$ and
# a **content part**. The **mixing weight** $\kappa$ (`cf_weight`) says how much of each. A cold-start
# item has the content part alone, lowered by the **cold-item discount** $\delta$ (`cold_discount`).
# The content part is a sum over the modalities $m$, plus $v$ times the **popularity prior**
# $\hat p_i$: how popular items with such features usually are.
#
# `MultimodalRecommender` is this formula; the numbers in it are hyperparameters. We fit it on the warm
# tracks' ratings and on all features. One track, `today`, we keep back for later.
#
# How much does each modality count? Its weight is learned: $w_m \propto (R^2_m)^2$. Here $R^2_m$ is the
# share of the variance of the iALS item factors (lesson 07) that the modality explains alone; the first
# column divides it by the sum of the three. The square, `weight_power`, favours strong modalities.

# %%
from mmrec_course.recommenders import MultimodalRecommender

today = "t063"
shop = items[items != today]
model = MultimodalRecommender().fit(train, {m: block.align(shop) for m, block in blocks.items()})
weights = pd.DataFrame({"R² / sum": model.explained_, "weight": model.weights_})
squares = weights["R² / sum"] ** 2
print_table(weights.assign(by_hand=squares / squares.sum()))

# %% [markdown]
# ## The score by hand
#
# We compute three scores of one user, `u481`. To make every term visible we turn two hyperparameters
# up: $v$ from 0.1 to 0.5, and `user_shrinkage` from 3 to 6. (`refitted` returns a copy with one
# hyperparameter changed. The rest stays the same.) The tracks are a warm one, a
# popular one, and a cold-start one:

# %% tags=["slide-three-tracks"]
example = model.refitted("popularity_weight", 0.5).refitted("user_shrinkage", 6.0)
user, tracks = "u481", ["t474", "t261", "t190"]
row = pd.Index(example.user_ids_).get_indexer([user])
column = pd.Index(example.item_ids_).get_indexer(tracks)
p = example.components(row, column)  # all ingredients of the scores
show_items(mosaic.items, tracks, captions=[f"{n} ratings" for n in p.n_item])
names = ["cf_weight", "als_weight", "cold_discount", "popularity_weight", "user_shrinkage", "decay"]
print_table(pd.Series(example.get_params())[names].astype(float).rename("value").to_frame().T)

# %% [markdown]
# **Implicit preference and recency weighting.** Somebody who rated a track also *chose* it. So every rating
# counts as an implicit preference between 0 and 1, and high ratings count more (lesson 07). What
# somebody chose lately says more about the next choice. So a preference after which the user rated $a$
# other tracks is multiplied by $(1 + a)^{-\gamma}$; the exponent $\gamma$ is `decay`.

# %%
from mmrec_course.recommenders.collaborative import implicit_preference

mine = train[train["user_id"] == user].sort_values("timestamp")
mine = mine.assign(preference=implicit_preference(mine["rating"] - 2.5))
rated_later = mine["timestamp"].rank(ascending=False) - 1
mine["decayed"] = mine["preference"] * (1 + rated_later) ** -example.decay
print_table(mine[["item_id", "rating", "preference", "decayed"]].tail(4), index=False)

# %% [markdown]
# **EASE and iALS.** Both predict from these decayed preferences. (Lesson 07 builds both by hand from
# ratings; [its deeper notebook](deeper/07_inside_ease_and_ials.ipynb) puts graded preferences into iALS.)
# EASE multiplies them with its item–item weights $B$. iALS is matrix factorisation. Their scores have
# different scales, so each becomes a z-score over the warm tracks:

# %%
import scipy.sparse as sp

from mmrec_course.fusion import standardize_scores

warm = pd.Index(example.item_ids_[example.rated_])
x = mine.set_index("item_id")["decayed"].reindex(warm, fill_value=0.0).to_numpy()[None]
z_ease = standardize_scores(x @ example.ease_.weights_)  # (1, n_warm)
z_als = standardize_scores(example.als_.score_preference(sp.csr_array(x)))
by_hand = np.vstack([z_ease, z_als])[:, warm.get_indexer(tracks[:2])]
print("equal to the package:", np.allclose(by_hand, [p.ease[0, :2], p.als[0, :2]]))

# %% [markdown]
# **Shrinkage to the mean user.** The two are mixed, $(1 - \beta)$ EASE $+\ \beta$ iALS, with $\beta$ =
# `als_weight`. With few ratings these scores are noisy. So a part $\rho$ of $c$ comes from the user's
# own scores, and the rest from the scores of the *mean user*:
#
# $$c_{ui} = \rho_u \, \text{own}_{ui} + (1 - \rho_u) \, \text{mean user}_i, \qquad
# \rho_u = \frac{n_u^2}{n_u^2 + s^2}$$
#
# Here $n_u$ is the number of the user's ratings and $s$ is `user_shrinkage`. With $n_u = s$, half of
# $c$ is the user's own.
#
# **Content: one ridge regression.** Lesson 08 fused early: it put each modality's rows, weighted by
# $\sqrt{w_m}$, side by side in one matrix $F$. There a ridge learned from the user's own ratings. Here
# it learns from $c$, what the collaborative part says of *every* warm track. (Here $c$ is taken without
# decay: which features suit a user is a matter of lasting taste.) The literature calls this an
# **attribute-to-feature mapping**:
#
# $$y = (c\,L)\,F^\top, \qquad
# L = F_\text{warm} \, (F_\text{warm}^\top F_\text{warm} + \lambda I)^{-1}$$
#
# A warm track's own $c_i$ must not take part in its $y_i$. How much does it? $y_i$ is a weighted sum of
# all $c_j$. The weight of $c_i$ itself is the **leverage** $h_i$ of item $i$: how strongly an item's own
# value pulls its own prediction. We want $y_i'$, the prediction of a ridge fitted without item $i$. An item
# whose value *equals* its prediction pulls nothing. So put $y_i'$ in the place of $c_i$, and the fit
# is the one without the item:
#
# $$y_i' = y_i - h_i c_i + h_i y_i', \qquad \text{so} \qquad y_i' = \frac{y_i - h_i c_i}{1 - h_i}$$

# %%
from mmrec_course.fusion.early import fused_rows

F = np.hstack(list(fused_rows(example.rows_, example.present_, example.weights_).values()))
F_warm = F[example.rated_]  # (n_warm, d)
gram = F_warm.T @ F_warm + example.content_reg * np.eye(F.shape[1])  # (d, d)
L = F_warm @ np.linalg.inv(gram)  # (n_warm, d)
c = example.lasting_scores(row)  # (1, n_warm), without decay
y = c @ L @ F.T  # (1, n_items)
h = (L * F_warm).sum(axis=1)  # (n_warm,) leverages
y[:, example.rated_] = (y[:, example.rated_] - h * c) / (1 - h)

# %% [markdown]
# Is this really the ridge without the item? Fit one without `t474`. At the end $y$ is divided by its
# standard deviation over the warm tracks:

# %%
from sklearn.linear_model import Ridge

others = warm != "t474"
refit = Ridge(alpha=example.content_reg, fit_intercept=False).fit(F_warm[others], c[0, others])
print("fitted without t474:", np.allclose(refit.predict(F[column[:1]]), y[:, column[0]]))
y /= y[:, example.rated_].std()
print("equal to the package:", np.allclose(y[:, column], sum(p.content.values())))

# %% [markdown]
# Read $y = c \, (L F^\top)$ once more. The score of a cold-start track is a weighted sum of $c$ over
# the warm tracks, and its column of $L F^\top$ holds the weights. So you can ask: *which warm tracks
# count most for `t190`?*

# %%
weight = pd.Series(L @ F[column[2]], index=warm)
largest = weight.sort_values(ascending=False).head(4)
show_items(mosaic.items, largest.index, captions=[f"weight {w:.3f}" for w in largest])

# %% [markdown]
# Three of the four are house, like `t190`.
#
# **Everything together.** Now the ingredients are there: EASE and iALS of the user and of the mean
# user; $y$, in three parts $y_m$, for a sum over the columns of $F$ is a sum over the modalities; and the
# popularity prior $\hat p$, which we take from the package (a ridge from the features to the log of
# popularity, as a z-score).

# %% tags=["slide-ingredients"]
ingredients = {
    "EASE, own": p.ease[0],
    "iALS, own": p.als[0],
    "EASE, mean user": p.ease[1],
    "iALS, mean user": p.als[1],
    **{f"y {m}": scores[0] for m, scores in p.content.items()},
    "popularity prior": p.prior,
}
print(f"ratings of the user: {p.n_user[0]}")
print_table(pd.DataFrame(ingredients, index=tracks).T)

# %% [markdown]
# The package weighs them in `combine`. This is all of it:


# %%
def combine(p, model):
    """Part → (n_users, n_items) what it adds to the score."""
    own = (p.n_user**2 / (p.n_user**2 + model.user_shrinkage**2))[:, None]  # ρ, (n_users, 1)
    mixed = (1 - model.als_weight) * p.ease + model.als_weight * p.als  # (n_users + 1, n_items)
    users, mean_user = mixed[:-1], mixed[-1:]  # the last row is the mean user
    c = own * users + (1 - own) * mean_user
    warm = p.n_item > 0  # (n_items,)
    rest = np.where(warm, 1 - model.cf_weight, 1 - model.cold_discount)
    parts = {"collaborative": model.cf_weight * warm * c}
    for m, y in p.content.items():
        parts[m] = rest * y
    parts["popularity"] = rest * model.popularity_weight * p.prior[None]
    return parts


# %% tags=["predict", "slide-scores-by-hand"]
parts = combine(p, example)
by_hand = pd.DataFrame({name: scores[0] for name, scores in parts.items()}, index=tracks)
score = example.score([user], tracks)[0]
print("equal to explain:", np.allclose(by_hand, example.explain(user, tracks)))
print("rows add up to the scores:", np.allclose(by_hand.sum(axis=1), score))
print_table(by_hand.assign(score=score).rename_axis("track"))

# %% [markdown]
# Check two of them with a pencil. `u481` gave 11 ratings, so $\rho = 11^2 / (11^2 + 6^2) = 0.77$. For the
# warm track `t474`, with $\beta = 0.65$, $\kappa = 0.85$ and $v = 0.5$:
#
# $$c = 0.77 \, (0.35 \cdot 4.98 + 0.65 \cdot 2.84) + 0.23 \, (0.35 \cdot 1.31 + 0.65 \cdot 1.40) = 3.08$$
#
# $$\hat y = 0.85 \cdot 3.08 + 0.15 \, (1.12 + 0.77 + 0.52 + 0.5 \cdot 1.85) = 3.12$$
#
# And for the cold-start track `t190`, with $\delta = 0.5$:
#
# $$\hat y = (1 - 0.5) \, (0.93 + 1.32 + 1.50 + 0.5 \cdot 2.44) = 2.48$$
#
# The popular `t261` shows what shrinkage does. The user's own scores say nothing in its favour:
# $0.35 \cdot (-0.62) + 0.65 \cdot 0.30 = -0.02$. But the mean user's score is
# $0.35 \cdot 7.49 + 0.65 \cdot 4.92 = 5.82$, and 0.23 of that stays. Its collaborative part is
#
# $$\kappa \, c = 0.85 \, \big(0.77 \cdot (-0.02) + 0.23 \cdot 5.82\big) = 1.12$$
#
# The parts that `explain` returns are the terms of this sum: an **additive explanation**.
#
# ## Choosing the hyperparameters
#
# The model has about a dozen hyperparameters. **Grid search** tries every combination on held-out
# ratings. For so many that is too much. `MultimodalRecommenderCV`, a counterpart of scikit-learn's
# `RidgeCV`, does **coordinate search**: it chooses one hyperparameter after the other. Each is chosen
# on held-out ratings of the kind that it serves: the collaborative ones, $\kappa$ and $\delta$ on each
# user's last ratings, the content ones by cross-validation over folds of tracks without ratings,
# `user_shrinkage` on users with one to five known ratings.
#
# The ratings are those of lesson 07, without each user's last ones, which will be the test. (120 users
# are kept out as well: a deeper notebook, below, brings them in as cold-start users.)

# %%
from mmrec_course.evaluation import temporal_split
from mmrec_course.recommenders import MultimodalRecommenderCV

n_ratings = ratings["user_id"].value_counts()
often = np.sort(n_ratings.index[n_ratings >= 15])
new_users = np.random.default_rng(0).choice(often, 120, replace=False)
past = temporal_split(ratings[~ratings["user_id"].isin(new_users)])
past_blocks = extract_features(mosaic, fit_items=past.train_valid["item_id"].unique())
final = MultimodalRecommenderCV().fit(past.train_valid, past_blocks)

# %%
search = final.cv_results_
grid_size = search.groupby("parameter").size().prod()
print(f"{len(search)} values tried; a full grid has {grid_size:,} combinations")
mixing_weight = search[search["parameter"] == "cf_weight"].drop(columns="parameter")
print_table(mixing_weight, index=False, digits=3)

# %% [markdown]
# These are the rows for the mixing weight $\kappa$. NDCG hardly changes, and each mean is noisy
# (`std_error`). So the highest mean is partly luck: the **winner's curse** (lesson 07). The
# **one-standard-error rule** treats all values as equal whose loss to the best is within one standard error
# *of that loss*. The search takes their average. (0.7 is out, though it loses only 0.006: two values are
# compared on the same users, and such a paired difference has a much smaller error than each mean.) All
# choices, beside the defaults:

# %%
defaults = pd.Series(MultimodalRecommender().get_params())
choices = pd.DataFrame({"default": defaults, "chosen": final.best_params_})
print_table(choices.dropna().astype(float).rename_axis("hyperparameter"))

# %% [markdown]
# The search gave more weight to iALS, forgets more slowly, and uses no popularity prior. It also
# switched on `ease__side_weight`: EASE then gets the features as **side information**
# ([by hand in a deeper notebook](deeper/11_more_situations.ipynb)). So in this fit the part
# *collaborative* knows a little content, too. (The defaults were set with Mosaic among the catalogues.)
#
# Do not trust $\delta$. Hardly any held-out ratings are of tracks that had none before (counted in a deeper
# notebook, below). So they cannot tell how many cold-start tracks to show.
#
# ## One list
#
# Back to the model with its defaults, and to the user of lesson 00. First the tracks to which `u416`
# gave five stars, then the list. Which parts are long for a track with many ratings, and which for one without?

# %% tags=["predict"]
user = "u416"
liked = train[(train["user_id"] == user) & (train["rating"] == 5)].sort_values("timestamp")
top = model.recommend([user], k=10)["item_id"]
captions = [f"{n} ratings" for n in train["item_id"].value_counts().reindex(top, fill_value=0)]
reasons = model.explain(user, top)
show_items(mosaic.items, liked["item_id"])
show_list(mosaic.items, top, captions=captions, parts=reasons)

# %% [markdown]
# A warm track has one long bar, *collaborative*. A cold-start track has up to three, one for each
# modality. Where it lacks a modality, the weights are renormalised over the present ones. A negative
# part counts against the track.
#
# How many cold-start tracks should a list hold ($\delta$), and how varied should it be?
# [Deeper: what a list shows](deeper/11_diversity.ipynb) measures the cold-item discount against the
# ground truth, says what more variety costs (**MMR re-ranking**), and which tracks get the attention.
# The measures are those of [lesson 06, deeper](deeper/06_beyond_accuracy.ipynb).
#
# ## Where it is wrong
#
# Mosaic's users are simulated, so we can look up the **ground truth**: what would everybody think of
# each cold-start track? Scores and truth become z-scores for each user, and all pairs of user and
# track go into five groups by score. Are the best as good as they look?

# %% tags=["predict", "slide-best-too-high"]
truth = mosaic.ground_truth()
utility = pd.DataFrame(truth["utility"], truth["user_ids"], truth["item_ids"])
users, new = model.user_ids_, cold[cold != today]
predicted = standardize_scores(model.score(users, new))
true = standardize_scores(utility.loc[users, new].to_numpy())
pairs = pd.DataFrame({"predicted": predicted.ravel(), "true": true.ravel()})
fifth = pd.qcut(pairs["predicted"], 5, labels=["lowest", "low", "middle", "high", "highest"])
print_table(pairs.groupby(fifth, observed=True).mean().rename_axis("score"))
print(f"correlation: {(predicted * true).mean():.2f}")

# %% [markdown]
# The order is right, but the size is not. In the highest group the score is 1.44 above the mean, and the
# truth only 0.69; in the lowest, −1.37 and −0.63. This is **regression to the mean**. A track comes
# first because it suits the user *and* because the error of its score happens to be in its favour. Only
# the first reason lasts. (The winner's curse is the same effect.) For z-scores, the truth to expect is the
# score times the correlation: $0.47 \cdot 1.44 = 0.68$. So do not read a score as a rating.
#
# Why is the correlation not higher? The truth is a sum of parts: how a user feels about a track's sound,
# words, looks and *scene* (who plays it, who goes there), and its quality. Which of the first four does
# each score follow?

# %%
column = pd.Index(model.item_ids_).get_indexer(new)
content = model.components(np.arange(len(users)), column).content
scores = {"score": predicted} | {f"y {m}": standardize_scores(y) for m, y in content.items()}
correlations = {}
for name in ("sound", "words", "looks", "scene"):
    part = pd.DataFrame(truth[f"part_{name}"], truth["user_ids"], truth["item_ids"])
    part = standardize_scores(part.loc[users, new].to_numpy())
    correlations[name] = {of: (z * part).mean() for of, z in scores.items()}
print_table(pd.DataFrame(correlations).T.rename_axis("part of the truth"))

# %% [markdown]
# - **The scene cannot be seen.** No modality shows it, so the model hardly finds it. Only ratings can.
# - **Words are found worst** of the visible parts, 0.15, though text has the largest weight. The text
#   score follows the words (0.28) and the sound (0.20). It seems that a description tells of both, and
#   the weight rewards both.
#
# ## Keeping it up to date
#
# **A new track.** Now comes the release that we kept back. `add_items` makes it recommendable;
# nothing is learned anew.

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS

model.add_items({m: block.align([today]) for m, block in blocks.items()})
lists = model.recommend(users, k=10)
reached = lists.loc[lists["item_id"] == today, "user_id"]
likes = utility[today] > RATING_STEPS[2]  # would give four stars or five
show_items(mosaic.items, [today])
print(f"listed for {len(reached)} of {len(users)} users")
print(f"{likes[reached].sum()} of these would like it, and {likes[users].sum()} of all")

# %% [markdown]
# By content alone, it finds users who would like it. (One release is only an example; a table is below.)
#
# **A new user.** `partial_fit` is a **fold-in**: it scores for a new user, while all that was learned
# stays as it is. *You* give five stars to two folk tracks. Of your $c$, a part
# $\rho = 2^2 / (2^2 + 3^2) = 0.31$ is your own, the rest is the mean user's. We show the two apart:

# %%
from copy import copy

picks = mosaic.items.index[mosaic.items["title"].isin(["Very Small Bicycle", "Crab Tea For One"])]
now = ratings["timestamp"].max() + pd.Timedelta(seconds=1)
two = pd.DataFrame({"user_id": "you", "item_id": picks, "rating": 5, "timestamp": now})
visited = copy(model).partial_fit(two)
your_list = visited.recommend(["you"], k=6)["item_id"]

# %% tags=["predict"]
own = 2**2 / (2**2 + visited.user_shrinkage**2)
reasons = visited.explain("you", your_list)
mean_user = (1 - own) * visited.explain("unknown user", your_list)["collaborative"]
reasons.insert(0, "mean user", mean_user)
reasons.insert(1, "your picks", reasons.pop("collaborative") - mean_user)
show_items(mosaic.items, picks)
show_list(mosaic.items, your_list, parts=reasons)

# %% [markdown]
# - *Three Sips of Lemonade* is there because of you: 1.10 from your picks, 0.84 from the mean user.
# - For the five others the mean user says more than your picks, and for *The Lodger In Wallpaper* your picks
#   even count a little against it, −0.10.
# - You picked folk, and no folk track is on the list: two ratings say little.
#
# With each further rating $\rho$ grows, and the list becomes yours.
# [Lesson 10](10_incomplete_data.ipynb) measures how fast on Mosaic. On real people ten ratings do not
# beat popularity, and twenty are level with it ([lesson 13](13_real_people.ipynb)).
#
# (`save` and `load` keep a model in one file: [deeper](deeper/11_the_search.ipynb).)
#
# ## The course's question: multimodal against traditional
#
# What does all this add to a recommender that only looks at who rated what? First **warm items**: each
# user's last ratings are held out. The rivals are tuned by `grid_search`. *Early fusion* is lesson 08's
# joint ridge on the user's own ratings. *Collaborative only* is the final model without features, tuned
# in the same way.

# %%
from mmrec_course.evaluation import compare, compare_splits, evaluate, grid_search
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import EASE, ContentRidge, ImplicitALS, Popularity

fused = early_fusion(past_blocks, fit_items=past.train_valid["item_id"].unique())
ridge = ContentRidge(modality="early fusion")
grids = {
    "popularity": (Popularity(), {"half_life": [None, 240, 120, 60, 30]}),
    "EASE": (EASE(), {"reg": [100, 200, 400]}),
    "iALS": (ImplicitALS(factors=32, iterations=10), {"reg": [10, 30, 100], "alpha": [4, 8]}),
    "early fusion": (ridge, {"reg": [1, 10, 100, 1000]}),
}

# %%
warm_models = {}
for name, (rival, grid) in grids.items():
    warm_models[name], _ = grid_search(rival, grid, past, {"early fusion": fused})
warm_models["collaborative only"] = MultimodalRecommenderCV().fit(past.train_valid)
warm_models["final model"] = final
warm_results = {name: evaluate(m, past, metrics=["ndcg"]) for name, m in warm_models.items()}


# %% tags=["predict"]
def difference_table(comparison):
    """NDCG@10 of each model, and final model minus model, with 95 % intervals."""
    ndcg = comparison[["mean", "low", "high"]]
    gain = -comparison[["difference", "diff_high", "diff_low"]]
    table = pd.DataFrame({"NDCG@10": [interval(*row, 3) for row in ndcg.to_numpy()]})
    table["final minus row"] = [interval(*row, 3) for row in gain.to_numpy()]
    return table.set_index(comparison.index)


warm_comparison = compare(warm_results, baseline="final model")
print_table(difference_table(warm_comparison))

# %% [markdown]
# The final model is above popularity, tuned EASE and early fusion. It is *level* with tuned iALS, that is,
# not told apart, and with itself without features: **on warm items, features add 0.001 [−0.009, 0.011]**,
# nothing that can be told apart from zero.
#
# Other lessons have other numbers for content on warm items. Lesson 06 and lesson 08 added content to EASE
# alone and gained a little (0.014 in lesson 08); here iALS already brings it. Lesson 00 (0.007) and the
# ablation below (0.004) have EASE and iALS, but with defaults, which were not tuned for a model without
# features. If somebody reports a large gain on warm items, ask how the baselines were tuned.
#
# ### The running table: cold-start items
#
# Now the protocol of lessons 03 to 10: five splits, and a fifth of the tracks has no ratings. For
# popularity, EASE and iALS all of these are alike, so *chance* stands for them. The final model takes
# the hyperparameters that were chosen above. This is a leak: ratings of test tracks took part in the
# choice. How large is it? [Deeper: a leak in the search](deeper/11_the_search.ipynb) chooses
# again without them on the first split, and cannot tell the result from this one.

# %%
from mmrec_course.extras.cold_start import cold_start_results, running_table


def blocks_of(items):
    blocks = extract_features(mosaic, fit_items=items)
    return blocks | {"early fusion": early_fusion(blocks, fit_items=items)}


cold_results = cold_start_results(ratings, blocks_of)
cold_results["final model"] = []
for seed in range(5):
    fold = cold_item_split(ratings, fraction=0.2, rng=seed)
    features = extract_features(mosaic, fit_items=fold.train_valid["item_id"].unique())
    tuned = MultimodalRecommender().set_params(**final.best_params_)
    tuned.fit(fold.train_valid, features)
    cold_results["final model"].append(evaluate(tuned, fold, metrics=["ndcg"]))
print_table(running_table(cold_results), digits=3)

# %% [markdown]
# As differences to the final model:

# %%
cold_comparison = compare_splits(cold_results, test_share=0.2, baseline="final model")
print_table(difference_table(cold_comparison)[["final minus row"]])

# %% tags=["slide-two-tables"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
titles = ("Warm: level with iALS", "Cold-start: level with early fusion")
for ax, title, comparison in zip(axes, titles, (warm_comparison, cold_comparison), strict=True):
    rows = -comparison.drop("final model")
    ax.hlines(rows.index, rows["diff_high"], rows["diff_low"], PALETTE[0], linewidth=2.5)
    ax.plot(rows["difference"], rows.index, "o", color=PALETTE[0])
    ax.axvline(0, color="#767676", linestyle="--", linewidth=1.2)
    ax.set(title=title, xlabel="NDCG@10, final model minus row")
    ax.invert_yaxis()
alt = "Differences in NDCG@10 with intervals, final model minus rivals. Warm items: above zero for popularity, EASE and early fusion; around zero for iALS and collaborative only. Cold-start items: above zero for chance, image, text and audio; around zero for early fusion."
finish(figure, alt)

# %% [markdown]
# - **On cold-start items features are all there is.** The final model is far above chance and clearly
#   above each single modality.
# - **The final model is not told apart from early fusion**: 0.019 [−0.006, 0.044]. To rank new
#   releases alone, the joint ridge of lesson 08 is enough.
#
# So what is the big model for? iALS is level with it on warm items and cannot rank cold-start ones. Early
# fusion is level on cold-start items and far behind on warm ones. No *single* simpler model is level in
# both. But a **switch** is: iALS ranks the warm items, early fusion the cold-start ones. In the two
# tables it has iALS's row and early fusion's row. To make *one* list of both it needs a common scale and a
# discount, too. [Deeper: what a list shows](deeper/11_diversity.ipynb) builds it, and cannot tell its lists
# from the final model's. What the hybrid has beyond a switch: content for items with a single rating
# (next section), and a score whose parts are its reasons.
#
# [Deeper: more situations](deeper/11_more_situations.ipynb) adds tracks that lack half their
# modalities and users with five ratings. All this is measured on simulated users, in a world where
# looks, words and sound matter by construction. [Lesson 13](13_real_people.ipynb) asks real people.
#
# ## Which terms earn their place
#
# An **ablation** (lesson 08) takes one ingredient out of the model and measures the loss.
# `benchmarks/ablation.py` does so on Mosaic and on MovieLens (real people and films, lesson 13), with
# more splits than a lesson has time for. All else stays at its default. The table shows NDCG@10 with the
# ingredient minus without it; a star says that the 95 % interval excludes zero. The columns:
#
# - *last ratings*: each user's last ratings are the test;
# - *cold-start items*: ten splits as above;
# - *items with one rating*: the same test tracks, each with its first rating known;
# - *cold-start users*: a fifth of the users, known by three ratings.
#
# A dash: not measured, as the ingredient does not act there or there is one modality only.

# %%
ablation = pd.read_csv("../benchmarks/ablation.csv")
star = np.where((ablation["low"] > 0) | (ablation["high"] < 0), "*", " ")
ablation["effect"] = [fixed(x, 3) for x in ablation["difference"]] + star
for catalogue, rows in ablation.groupby("catalogue", sort=False):
    table = rows.pivot_table("effect", "ingredient", "regime", aggfunc="first", sort=False)
    print_table(table.rename_axis(catalogue))
    print()

# %% [markdown]
# No ingredient helps everywhere, and each that is on by default has a star somewhere:
#
# - **Content for warm items** ($\kappa$ below 1) helps most where an item has a single rating: 0.100, 0.076.
# - **iALS** helps on Mosaic, and on both catalogues' cold-start items, since content learns from $c$.
# - **EASE** and **recency decay** help on MovieLens; decay costs a little on Mosaic.
# - **User shrinkage** helps MovieLens' cold-start users.
# - **The cold-item discount** helps the lists of warm items on both catalogues.
# - **The popularity prior** helps on MovieLens and costs a little on Mosaic.
# - **Learned weights** (against equal ones) help when one modality is worthless: in the second table the
#   covers are permuted.
# - **Off by default**: side information in EASE, which has shown no gain, and costs Mosaic's cold-start
#   users 0.011; and `fusion="multitask"`. On cold-start items multitask fusion cannot be told from early
#   fusion (lesson 09: −0.005 [−0.027, 0.017]).
#
# ## A page to play with
#
# All of this is on one page: `make app` opens it.
#
# ![The playground: controls for listener, weights, tracks and diversity at the left; ten cards with cover, player, reasons in words and bars at the right](../docs/images/playground.png)
#
# To show your own catalogue, change the line in [its notebook](../apps/playground/playground.ipynb)
# that loads the data set.
#
# ## Your turn
#
# Five exercises in [exercises/11_the_recommender.ipynb](exercises/11_the_recommender.ipynb), with
# [solutions](solutions/11_the_recommender.ipynb): shrinkage; the list without one part; how popular
# the shown tracks are; the next track of a varied list; and a shop's rule for new releases.
#
# ## Recap
#
# - A **hybrid recommender** mixes a collaborative and a content part. The score is a sum, so its parts
#   are its reasons.
# - Users with few ratings are shrunk to the mean user.
# - Each hyperparameter is chosen on held-out ratings of the kind that it serves, and averaged within
#   one standard error against the winner's curse.
# - The highest scores are too high: **regression to the mean**.
# - Cold-start items (`add_items`) and new users (`partial_fit`) come in without a new fit.
# - On cold-start items features are all there is. On warm items they add nothing here that can be told
#   apart from zero. In each situation a simpler model is level with the final one; no single one is in
#   both, but a switch between two of them is.
#
# ## Sources
#
# - Burke (2002), *Hybrid recommender systems*, User Modeling and User-Adapted Interaction 12(4).
# - EASE and iALS: lesson 07.
# - Gantner, Drumond, Freudenthaler, Rendle and Schmidt-Thieme (2010), *Learning attribute-to-feature
#   mappings for cold-start recommendations*, ICDM: the content part.
# - Bühlmann (1967), *Experience rating and credibility*, ASTIN Bulletin 4(3): shrinkage.
# - Breiman, Friedman, Olshen and Stone (1984), *Classification and regression trees*: one standard
#   error.
# - Galton (1886), *Regression towards mediocrity in hereditary stature*, Journal of the Anthropological
#   Institute 15: regression to the mean.
