# %% [markdown]
# # 11 · deeper: More situations
#
# **Aim** Give EASE the features as side information, by hand. Then measure the final model where its
# data are thin: on cold-start tracks that lack half their modalities, and for users of whom only five
# ratings are known.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lesson 11](../11_the_recommender.ipynb).
#
# In this notebook the final model has its defaults: nothing in it is tuned. Its rivals have the
# hyperparameters that `grid_search` chose in the lesson, the ridges those of most of its splits.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import interval, print_table
from mmrec_course.evaluation import compare, evaluate, grid_search, temporal_split
from mmrec_course.features import extract_features
from mmrec_course.recommenders import EASE, ImplicitALS, MultimodalRecommender, Popularity

mosaic = load_mosaic()
ratings = mosaic.ratings
n_ratings = ratings["user_id"].value_counts()
often = np.sort(n_ratings.index[n_ratings >= 15])
new_users = np.random.default_rng(0).choice(often, 120, replace=False)
is_new = ratings["user_id"].isin(new_users)
past = temporal_split(ratings[~is_new])  # as in the lesson
blocks = extract_features(mosaic, fit_items=past.train_valid["item_id"].unique())
model = MultimodalRecommender().fit(past.train_valid, blocks)

# %% [markdown]
# ## EASE with side information
#
# EASE (lesson 07) learns item–item weights $B$ from $X^\top X$: how often two items were chosen by the
# same people. Features can take part as **side information**: add $\alpha F F^\top$, how similar two
# items' features are. $F$ holds the early-fused rows. A pair that few people chose then gets its weight
# from what the two items look, read and sound like.

# %%
from mmrec_course.fusion.early import fused_rows
from mmrec_course.recommenders.collaborative import implicit_preference

log = past.train_valid
log = log.assign(preference=implicit_preference(log["rating"] - 2.5))
X = log.pivot_table(index="user_id", columns="item_id", values="preference", fill_value=0.0)
side_weight, reg = 30.0, 50.0
F = np.hstack(list(fused_rows(model.rows_, model.present_, model.weights_).values()))
F_warm = F[model.rated_]

gram = X.T @ X + side_weight * F_warm @ F_warm.T
H = np.linalg.inv(gram + reg * np.eye(X.shape[1]))
B = -H / np.diag(H)
np.fill_diagonal(B, 0.0)

package = MultimodalRecommender(ease=EASE(reg=reg, side_weight=side_weight))
package.fit(past.train_valid, blocks)
print("equal to the package:", np.allclose(B, package.ease_.weights_))

# %% [markdown]
# $H$ is the inverse of a Gram matrix, as in lesson 07. Does it help? Both are tuned on validation
# ratings; the test is each user's last ratings.

# %%
plain, _ = grid_search(EASE(), {"reg": [100, 200, 400]}, past)
side, _ = grid_search(EASE(reg=200), {"side_weight": [30, 100, 300]}, past, blocks)
models = {"EASE": plain, "EASE + features": side}
tables = {name: evaluate(m, past, metrics=["ndcg"]) for name, m in models.items()}
comparison = compare(tables, baseline="EASE")
difference = comparison.loc["EASE + features", ["difference", "diff_low", "diff_high"]]
print_table(comparison[["mean", "low", "high"]], digits=3)
print("EASE + features minus EASE:", interval(*difference, 3))

# %% [markdown]
# The mean is higher, but the interval of the difference includes zero: as side information, features
# have shown no gain here. So `side_weight` is 0 by default. (Lesson 08 adds content *scores* to EASE's;
# there the interval excludes zero.)
#
# ## Half the modalities missing
#
# Cold-start items as in the lesson, five splits, with one change: each modality of a cold-start track
# is missing with probability ½. The final model renormalises the weights over the present modalities.
# Early fusion does the same. The row *nothing missing* is the same final model with all modalities:
# it is fitted once, on warm tracks, and gets the cold-start tracks by `add_items`.

# %%
from copy import copy

from mmrec_course.evaluation import cold_item_split, compare_splits
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import ContentRidge, Random


def masked(features, cold, seed):
    """Each modality of a cold-start track is missing with probability ½."""
    rng = np.random.default_rng(seed)
    return {m: block.mask(cold[rng.random(len(cold)) < 0.5]) for m, block in features.items()}


def with_cold_start(model, features, cold):
    return copy(model).add_items({m: block.align(cold) for m, block in features.items()})


# %%
results = []
for seed in range(5):
    fold = cold_item_split(ratings, fraction=0.2, rng=seed)
    train, cold, trained = fold.train_valid, fold.candidates, fold.train_valid["item_id"].unique()
    features = extract_features(mosaic, fit_items=trained)
    half = masked(features, cold, seed)
    half["early fusion"] = early_fusion(half, fit_items=trained)
    final = MultimodalRecommender().fit(train, {m: b.align(trained) for m, b in features.items()})
    models = {
        "chance": Random(rng=seed).fit(ratings),  # looks at ids alone
        "text": ContentRidge(modality="text", reg=1000).fit(train, half),
        "early fusion": ContentRidge(modality="early fusion", reg=10).fit(train, half),
        "final model": with_cold_start(final, {m: half[m] for m in features}, cold),
        "final model, nothing missing": with_cold_start(final, features, cold),
    }
    results.append({name: evaluate(m, fold, metrics=["ndcg"]) for name, m in models.items()})


# %% [markdown]
# The means over the splits, and the differences to the final model:


# %%
def difference_table(comparison):
    """NDCG@10 of each model, and final model minus model, with 95 % intervals."""
    ndcg = comparison[["mean", "low", "high"]]
    gain = -comparison[["difference", "diff_high", "diff_low"]]
    table = pd.DataFrame({"NDCG@10": [interval(*row) for row in ndcg.to_numpy()]})
    table["final minus row"] = [interval(*row, 3) for row in gain.to_numpy()]
    return table.set_index(comparison.index)


by_model = pd.DataFrame(results).to_dict("list")  # name → one table for each split
print_table(difference_table(compare_splits(by_model, test_share=0.2, baseline="final model")))

# %% [markdown]
# Without half of the modalities the same model loses 0.064 [0.034, 0.094], about a quarter, and is still far
# above chance. Text alone is below it, but only just. Early fusion is level with it, as in the lesson.
#
# ## Cold-start users
#
# Of 120 users only the first five ratings are known. What will they like later? The rivals are fitted
# again, with these five ratings among all others. The final model takes them in by `partial_fit`, as a
# shop has to.

# %%
from mmrec_course.evaluation import Split

start = is_new & (ratings.groupby("user_id").cumcount() < 5)
first, later = ratings[start], ratings[is_new & ~start]
everybody = pd.concat([past.train_valid, first])
every = {"candidates": mosaic.items.index, "valid_candidates": mosaic.items.index}
asked = Split(train=everybody, valid=ratings.head(0), test=later, **every)

fused = early_fusion(blocks, fit_items=past.train_valid["item_id"].unique())
ridge = ContentRidge(modality="early fusion", reg=10)
models = {
    "popularity": Popularity(half_life=120).fit(everybody),
    "EASE": EASE(reg=200).fit(everybody),
    "iALS": ImplicitALS(factors=32, iterations=10, reg=30, alpha=4).fit(everybody),
    "early fusion": ridge.fit(everybody, {"early fusion": fused}),
    "collaborative only": MultimodalRecommender().fit(past.train_valid).partial_fit(first),
    "final model": model.partial_fit(first),
}
tables = {name: evaluate(m, asked, metrics=["ndcg"]) for name, m in models.items()}
print_table(difference_table(compare(tables, baseline="final model")))

# %% [markdown]
# (The 120 users are simulated, as all of Mosaic's.) Popularity and early fusion fall far behind. EASE,
# iALS and the final model without features cannot be told apart from it: five ratings tell
# collaborative models a lot, and content adds nothing that can be shown. On real people five ratings
# tell less: see [lesson 13](../13_real_people.ipynb).
#
# ## Recap
#
# - EASE takes features as side information: $\alpha F F^\top$ is added to the Gram matrix. No gain could
#   be shown here.
# - With half the modalities missing, content still ranks cold-start items far above chance.
# - For users with five ratings, simple collaborative models are level with the final one.
#
# ## Sources
#
# - Jeunen, Van Balen and Goethals (2020), *Closed-form models for collaborative filtering with
#   side-information*, RecSys: EASE with features.
# - Steck (2019), *Embarrassingly shallow autoencoders for sparse data*, WWW: EASE.
