# %% [markdown]
# # 10 · deeper: modality dropout is a regularisation
#
# **Aim** See, in small steps, what training with randomly removed modalities does to a linear model,
# and measure what it gains.<br>
# **Time** {minutes} minutes<br>
# **Needs** [Lesson 10](../10_incomplete_data.ipynb) and ridge regression from lesson 08.
#
# Lesson 10 changes the *data*: it imputes, or renormalises weights. **Modality dropout** changes the
# *training*: remove modalities at random, again and again, so that the model never relies on one of
# them. It was proposed for neural networks (Neverova and others, 2016). In a linear model we can see
# exactly what it does.
#
# ## One item, one user
#
# The predicted score is a sum of parts, one for each modality: $b_m = f_m W_m$. Say two modalities have
# the parts 1 and 3, and the target is $t = 4$. Each modality is removed with probability $p = ½$, and then its
# part counts 0. There are four cases, all equally likely:

# %%
from itertools import product

import numpy as np
import pandas as pd

from mmrec_course.display import print_table

parts, target, p = np.array([1.0, 3.0]), 4.0, 0.5
cases = pd.DataFrame(list(product((0, 1), repeat=2)), columns=["first", "second"])
cases["prediction"] = cases[["first", "second"]].to_numpy() @ parts
cases["squared error"] = (target - cases["prediction"]) ** 2
print_table(cases, index=False)
print("mean squared error:", cases["squared error"].mean())

# %% [markdown]
# With more modalities the list of cases gets long. Here is a shorter way, in four steps.
#
# **Step 1: the mean prediction.** Each part is there with probability $1 - p$. So the mean prediction is
# $(1 - p) \sum_m b_m$, here 2.
#
# **Step 2: the variance of one part.** It is $b_m$ with probability $1 - p$, and else 0. Its mean is
# $(1 - p)\, b_m$ and the mean of its square is $(1 - p)\, b_m^2$. The variance is the mean square minus the
# squared mean:
#
# $$(1 - p)\, b_m^2 - (1 - p)^2\, b_m^2 = p\,(1 - p)\, b_m^2$$
#
# **Step 3: the variance of the prediction.** Modalities are removed independently, so variances add up:
# $p\,(1 - p) \sum_m b_m^2$, here ¼ · (1 + 9) = 2.5.
#
# **Step 4: the mean squared error** is the squared error of the mean, plus the variance:
#
# $$\Big(t - (1 - p) \sum_m b_m\Big)^2 + p\,(1 - p) \sum_m b_m^2$$

# %%
squared_bias = (target - (1 - p) * parts.sum()) ** 2
variance = p * (1 - p) * (parts**2).sum()
print(f"{squared_bias} + {variance} = {squared_bias + variance}")

# %% [markdown]
# The same 6.5. The first term is the error of a model that sees everything, only with smaller parts. The
# second term is a **penalty** on the square of each part. Two modalities that say the same should share
# the sum: 2 and 2 have the squares 4 + 4, which is less than 1 + 9.
#
# ## All items, all users
#
# Now sum over items (rows of $F_m$) and over users (columns of $T$). The penalty becomes
#
# $$p\,(1 - p) \sum_m \lVert F_m W_m \rVert^2.$$
#
# Ridge regression adds $\lambda \sum_m \lVert W_m \rVert^2$. We want the $W$ for which the whole is least, so set
# the derivative with respect to each $W_m$ to zero. The derivative of each term, divided by 2:
#
# - of the squared bias: $-(1 - p)\, F_m^\top \big(T - (1 - p) \sum_n F_n W_n\big)$
# - of the penalty: $p\,(1 - p)\, F_m^\top F_m W_m$
# - of the ridge term: $\lambda W_m$
#
# Put everything with $W$ on the left. For each $m$:
#
# $$(1 - p)^2 \sum_n F_m^\top F_n W_n + p\,(1 - p)\, F_m^\top F_m W_m + \lambda W_m = (1 - p)\, F_m^\top T$$
#
# In the first sum the term $n = m$ has the factor $(1 - p)^2$. The second term adds $p\,(1 - p)$, and
# $(1 - p)^2 + p\,(1 - p) = 1 - p$. So we have an ordinary ridge system with two factors: $1 - p$ for columns of
# the same modality, and $(1 - p)^2$ for columns of two modalities. What two modalities say *together* counts
# less.
#
# The real features: five splits as in lesson 10, with 40 columns for each modality.

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features, unit_rows

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
stars = mosaic.ratings.pivot_table(index="user_id", columns="item_id", values="rating")
R = (stars.reindex(index=users, columns=items) - 2.5).fillna(0.0).to_numpy()
splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
features, trainings = [], []  # of each split: modality → FeatureBlock, and a mask of training items
for split in splits:
    fit_items = split.train_valid["item_id"].unique()
    blocks = extract_features(mosaic, fit_items=fit_items)
    features.append({m: block.reduce(40, fit_items) for m, block in blocks.items()})
    trainings.append(items.isin(fit_items))

# %% [markdown]
# By hand, then the package's `dropout_ridge`:

# %%
from dataclasses import replace

from mmrec_course.extras.missing import dropout_ridge


def training_rows(blocks, training):
    """Return modality → FeatureBlock of unit rows, for the training items."""
    rows = {m: replace(block, values=unit_rows(block, training)) for m, block in blocks.items()}
    return {m: block.align(items[training]) for m, block in rows.items()}


reg, training = 10.0, trainings[0]
rows = training_rows(features[0], training)
F, T = np.hstack([block.values for block in rows.values()]), R[:, training].T
modality = np.repeat([0, 1, 2], 40)  # of each column
same = modality[:, None] == modality
A = F.T @ F * np.where(same, 1 - p, (1 - p) ** 2) + reg * np.eye(120)
W = np.linalg.solve(A, (1 - p) * F.T @ T)
package = dropout_ridge(rows, T, reg=reg, rate=p)
print("equal:", np.allclose(np.vstack(list(package.values())), W))

# %% [markdown]
# Is this what random removal does? Remove modalities of items at random, 300 times, and solve the ridge
# system of all 300 rounds together:

# %%
rng = np.random.default_rng(1)
gram, cross, n_rounds = np.zeros((120, 120)), np.zeros((120, len(users))), 300
for _ in range(n_rounds):
    kept = F * (rng.random((len(F), 3)) >= p)[:, modality]
    gram += kept.T @ kept / n_rounds
    cross += kept.T @ T / n_rounds
sampled = np.linalg.solve(gram + reg * np.eye(120), cross)
print(f"relative difference: {np.linalg.norm(sampled - W) / np.linalg.norm(W):.2f}")

# %% [markdown]
# ## What does it gain?
#
# Dropout is a penalty, and ridge regression has one already: $\lambda$. So we measure both at once. Training items
# are complete but for Mosaic's own gaps. Cold-start items lose half of all modalities, completely at random:
# the case that dropout is made for. Rate 0 is ridge regression. (Mosaic's listeners are simulated.)

# %%
from mmrec_course.evaluation import ScoreTable, evaluate


def remove_from_cold(blocks, training, seed):
    """Mark half of the modalities of the cold-start items as missing, completely at random."""
    rng = np.random.default_rng(seed)
    lost = {m: ~training & (rng.random(len(items)) < 0.5) for m in blocks}
    return {m: block.mask(items[lost[m]]) for m, block in blocks.items()}


# %%
results = []
for j, split in enumerate(splits):
    blocks = remove_from_cold(features[j], trainings[j], seed=j)
    rows = training_rows(blocks, trainings[j])
    values = {m: unit_rows(block, trainings[j]) for m, block in blocks.items()}
    for reg, rate in product((0.1, 1.0, 10.0, 100.0), (0.0, 0.25, 0.5)):
        W = dropout_ridge(rows, R[:, trainings[j]].T, reg=reg, rate=rate)
        scores = sum(values[m] @ W[m] for m in W).T
        table = evaluate(ScoreTable(scores, users, items), split, metrics=["ndcg"])
        results.append(table[["ndcg"]].assign(split=j, reg=reg, rate=rate))
results = pd.concat(results)
per_split = results.groupby(["reg", "rate", "split"], as_index=False)["ndcg"].mean()
print_table(per_split.pivot_table(index="reg", columns="rate", values="ndcg"), digits=3)

# %% [markdown]
# Read along the first row: with a small $\lambda$, dropout helps a lot. Read along the third: $\lambda = 10$
# is the best value at rate 0, and there is little left to gain. Paired differences of rate ½ to rate 0, with
# 95 % intervals over the five splits:

# %%
from mmrec_course.display import interval
from mmrec_course.evaluation import compare_splits

for reg, group in results.groupby("reg"):
    tables = {}
    for rate in (0.0, 0.5):
        chosen = group[group["rate"] == rate]
        tables[rate] = [table[["ndcg"]] for _, table in chosen.groupby("split")]
    row = compare_splits(tables, test_share=0.2).loc[0.5]
    gain = interval(row["difference"], row["diff_low"], row["diff_high"], 3)
    print(f"reg {reg:5}: rate 0.5 − rate 0: {gain}")

# %% [markdown]
# With a small $\lambda$ the gain is real. With $\lambda = 10$ the interval contains 0. With $\lambda = 100$ dropout does
# harm: there is too much regularisation already.
#
# Large networks are hard to regularise in other ways, and there dropout is known to help. But when
# a paper compares its dropout with a model without it, ask whether that model's $\lambda$ was tuned.
#
# ## Recap
#
# - The mean squared error under modality dropout is the squared error of the mean prediction plus the
#   variance of the prediction.
# - The variance is a penalty on each modality's own part. In a linear model it needs no random numbers.
# - On Mosaic dropout makes up for a $\lambda$ that is too small. Beside a well-chosen one, no gain could be
#   told apart from zero.
#
# ## Sources
#
# - Neverova, Wolf, Taylor and Nebout (2016), *ModDrop: Adaptive Multi-Modal Gesture Recognition*, IEEE
#   TPAMI 38(8): modality dropout.
# - Bishop (1995), *Training with Noise is Equivalent to Tikhonov Regularization*, Neural Computation
#   7(1): noise in training is a penalty.
# - Wager, Wang and Liang (2013), *Dropout Training as Adaptive Regularization*, NIPS.
# - van der Maaten, Chen, Tyree and Weinberger (2013), *Learning with Marginalized Corrupted Features*,
#   ICML: the mean over all noise in closed form.
