# %% [markdown]
# # 10 · deeper: missing indicators
#
# **Aim** Give a model the gap itself as a feature, and see when this helps and what it costs. Check that
# the regularisation strength does not decide the comparison of lesson 10.<br>
# **Time** {minutes} minutes<br>
# **Needs** [Lesson 10](../10_incomplete_data.ipynb).
#
# In lesson 10 mean imputation was ahead of renormalised weights where gaps were not at random. The reason
# given there: the gap is information. If that is true, a model should do as well that imputes nothing and
# gets the gap openly. Statisticians call this a **missing indicator**: one more column for each modality,
# 1 where it is missing.
#
# The set-up of lesson 10, in short:

# %%
from itertools import product

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
stars = mosaic.ratings.pivot_table(index="user_id", columns="item_id", values="rating")
R = (stars.reindex(index=users, columns=items) - 2.5).fillna(0.0).to_numpy()
splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
training_items = [split.train_valid["item_id"].unique() for split in splits]
features = []
for fit_items in training_items:
    blocks = extract_features(mosaic, fit_items=fit_items)
    features.append({m: block.reduce(40, fit_items) for m, block in blocks.items()})

# %%
n_ratings = mosaic.ratings["item_id"].value_counts().reindex(items, fill_value=0)
unpopularity = n_ratings.rank(ascending=False, method="first").to_numpy() / len(items)  # 0 to 1
mechanisms = ("completely at random", "not at random")


def remove(blocks, share, mechanism, seed):
    """Mark this share of all modalities as missing."""
    chance = np.full(len(items), share)
    if mechanism == "not at random":
        chance = chance + min(share, 1 - share) * (2 * unpopularity - 1)
    rng = np.random.default_rng(seed)
    return {m: block.mask(items[rng.random(len(items)) < chance]) for m, block in blocks.items()}


# %% [markdown]
# ## The model
#
# Side by side: the early-fused row with renormalised weights, and the indicators, centred and multiplied by
# a number $\gamma$. Ridge regression penalises all columns alike, so $\gamma$ says how freely the model may use the
# indicators: with $\gamma = 0$ not at all.

# %%
from sklearn.linear_model import Ridge

from mmrec_course.extras.missing import impute_missing
from mmrec_course.fusion import early_fusion


def design(blocks, method, fit_items, gamma=0.0):
    """Return (n_items, 123) early-fused rows and the missing indicators times gamma."""
    imputed = impute_missing(blocks, method, fit_items=fit_items)
    fused = early_fusion(imputed, n_components=None, fit_items=fit_items).align(items)
    missing = np.column_stack([~block.present for block in blocks.values()]).astype(float)
    missing -= missing[items.isin(fit_items)].mean(axis=0)
    return np.hstack([fused.values, gamma * missing])


def ridge_scores(rows, fit_items, reg=10.0):
    learn = items.isin(fit_items)
    ridge = Ridge(alpha=reg, fit_intercept=False).fit(rows[learn], R[:, learn].T)
    return ridge.predict(rows).T


# %% [markdown]
# One table for everything that follows: half of all modalities missing, both mechanisms, four methods.
# (Mosaic's listeners are simulated.)

# %%
from mmrec_course.evaluation import ScoreTable, evaluate

METHODS = {
    "renormalize": ("renormalize", 0.0),
    "mean": ("mean", 0.0),
    "indicator, γ = 0.3": ("renormalize", 0.3),
    "indicator, γ = 1": ("renormalize", 1.0),
}
REGS = (1.0, 3.0, 10.0, 30.0, 100.0)


# %%
def evaluate_scores(scores, split):
    table = evaluate(ScoreTable(scores, users, items), split, metrics=["ndcg"])
    return table[["ndcg"]].reset_index()


tables = []
for j, mechanism, name in product(range(5), mechanisms, METHODS):
    gappy = remove(features[j], 0.5, mechanism, seed=j)
    rows = design(gappy, METHODS[name][0], training_items[j], METHODS[name][1])
    for reg in REGS if name in ("mean", "renormalize") else (10.0,):
        table = evaluate_scores(ridge_scores(rows, training_items[j], reg), splits[j])
        tables.append(table.assign(split=j, mechanism=mechanism, method=name, reg=reg))
results = pd.concat(tables)

# %% [markdown]
# ## What the indicator does
#
# Differences to *renormalize* with $\lambda = 10$, and 95 % intervals over the five splits:

# %%
from mmrec_course.display import print_table
from mmrec_course.evaluation import compare_splits


def compare_methods(rows, baseline):
    tables = {}
    for method, group in rows.groupby("method"):
        tables[method] = [t.set_index("user_id")[["ndcg"]] for _, t in group.groupby("split")]
    return compare_splits(tables, test_share=0.2, baseline=baseline).loc[:, "mean":"diff_high"]


for mechanism, rows in results[results["reg"] == 10].groupby("mechanism"):
    print(mechanism)
    print_table(compare_methods(rows, "renormalize"), digits=3)

# %% [markdown]
# **Not at random**, the indicator gains as much as *mean* did, 0.03, and nothing was imputed. So the explanation of
# lesson 10 holds: the gain comes from the gap, not from what stands in it.
#
# **Completely at random**, the gap says nothing. The indicator costs a little: the model learns from chance patterns
# in the training items. The more freely it may use them (γ = 1), the more it costs.
#
# ## What it costs
#
# Exposure, as in lesson 10: the share of places on the first ten that cold-start items with at most one
# modality get, divided by their share of the cold-start items.

# %%
from mmrec_course.evaluation import rank_items


def exposure(scores, group, k=10):
    return group[rank_items(scores, k)].mean() / group.mean()


rows = []
for j, mechanism, name in product(range(5), mechanisms, METHODS):
    gappy = remove(features[j], 0.5, mechanism, seed=j)
    few = np.sum([block.present for block in gappy.values()], axis=0) <= 1
    method, gamma = METHODS[name]
    scores = ridge_scores(design(gappy, method, training_items[j], gamma), training_items[j])
    cold = items.isin(splits[j].candidates)
    rows.append((mechanism, name, exposure(scores[:, cold], few[cold])))
exposures = pd.DataFrame(rows, columns=["mechanism", "method", "exposure"])
table = exposures.pivot_table(index="method", columns="mechanism", values="exposure")
print_table(table.loc[list(METHODS)], digits=2)

# %% [markdown]
# Where gaps are not at random, the indicator with γ = 1 gives such items a quarter of the places that their
# number would give them: even fewer than *mean*, which gives them a third. Where gaps are completely at random, the
# indicator leaves their exposure as it was, while *mean* lowers it to a half. So the indicator lowers exposure
# only where it has learned a reason, and *mean* always does.
#
# ## Does the regularisation strength decide?
#
# Lesson 10 used $\lambda = 10$ throughout. Here are five values, for the two methods without indicators:

# %%
two = results[results["method"].isin(["mean", "renormalize"])]
per_split = two.groupby(["mechanism", "method", "reg", "split"], as_index=False)["ndcg"].mean()
by_reg = per_split.pivot_table(index=["mechanism", "method"], columns="reg", values="ndcg")
print_table(by_reg, digits=3)

# %% [markdown]
# Not at random, *mean* leads *renormalize* by about 0.03 in each column: $\lambda$ does not decide the
# comparison. Completely at random, the means are 0.002 to 0.008 apart, and lesson 10 could not tell the two
# methods apart. (Half of all modalities are missing here; *drop* was not measured.) For three of the four rows 10
# is the best value, and for the fourth it is within 0.001 of the best.
#
# ## Tomorrow's gaps have another reason
#
# The training items miss modalities not at random. The cold-start items miss them completely at random: a
# record company delivers covers late. Does *mean* still lead?

# %%
from dataclasses import replace

tables = []
for j, split in enumerate(splits):
    old = remove(features[j], 0.5, "not at random", seed=j)
    new = remove(features[j], 0.5, "completely at random", seed=j)
    is_cold, gappy = items.isin(split.candidates), {}
    for m, block in features[j].items():
        gappy[m] = replace(block, present=np.where(is_cold, new[m].present, old[m].present))
    for method in ("mean", "renormalize"):
        rows = design(gappy, method, training_items[j])
        table = evaluate_scores(ridge_scores(rows, training_items[j]), split)
        tables.append(table.assign(split=j, method=method))
print_table(compare_methods(pd.concat(tables), "renormalize"), digits=3)

# %% [markdown]
# The lead of *mean*, 0.03 when both had gaps not at random, is gone: 0.001 [−0.007, 0.010].
#
# ## Recap
#
# - A missing indicator gives the model the gap as a feature. Not at random it gains as much as mean
#   imputation, 0.03: the gap itself predicts popularity.
# - Completely at random the gap says nothing, and the indicator costs a little.
# - Mean imputation acts like an indicator with a fixed effect: it says nothing about the missing content, and
#   always moves the scores of items with gaps towards 0, and so the items down.
# - Not at random, mean leads renormalised weights by about 0.03 for each $\lambda$ from 1 to 100. When new
#   items have gaps for another reason, this lead is gone.
#
# ## Sources
#
# - Little and Rubin (2019), *Statistical Analysis with Missing Data*, Wiley: mechanisms, imputation,
#   indicators.
# - Josse, Chen, Prost, Varoquaux and Scornet (2024), *On the consistency of supervised learning with missing
#   values*, Statistical Papers: why imputing a constant can be right for prediction.
