# %% [markdown]
# # 08 · deeper: scales and weights in detail
#
# **Aim** Do stacking by hand, compare scales and ways to learn weights, give each user their own weights,
# see what it costs to learn weights from the wrong scores, and take a score apart.<br>
# **Time** {minutes} minutes<br>
# **Needs** [Lesson 08](../08_weighted_fusion.ipynb). Nothing is downloaded.

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
unreduced, features = [], []
for split in splits:
    ids = split.train_valid["item_id"].unique()
    unreduced.append(extract_features(mosaic, fit_items=ids))
    features.append({m: block.reduce(40, ids) for m, block in unreduced[-1].items()})
modalities = list(features[0])
present = {m: block.present for m, block in features[0].items()}

# %% [markdown]
# ## The setting
#
# It is late fusion as in the lesson, on cold-start tracks. Three things are simpler, to be quick: each
# block is reduced to 40 principal components, $\lambda$ is 10 everywhere, and out-of-fold scores have
# three folds. So the numbers differ a little from the lesson's. Mosaic's listeners are simulated.

# %%
import numpy as np

from mmrec_course.evaluation import ScoreTable, out_of_fold_scores
from mmrec_course.recommenders import ContentRidge

ratings = mosaic.ratings.pivot_table("rating", "user_id", "item_id")
ratings = ratings.reindex(index=users, columns=items)  # ratings, NaN where there is none
R, liked = (ratings - 2.5).fillna(0).to_numpy(), (ratings >= 4).to_numpy()  # (n_users, n_items)


def predict(block, ratings):
    """Score all tracks: out-of-fold where these ratings have them (fold ≥ 0)."""
    model = ContentRidge(modality=block.modality, reg=10.0)
    held_out = out_of_fold_scores(model, ratings, {block.modality: block}, n_folds=3)
    training = items.isin(held_out.item_ids)
    scores = model.fit(ratings, {block.modality: block}).score(users, items)
    folds = np.full(len(items), -1)
    scores[:, training] = held_out.score(users, items[training])
    folds[training] = held_out.folds
    return ScoreTable(scores, users, items, folds)


# %%
from mmrec_course.fusion import normalize_scores


def scale(tables, method="zscore"):
    """Normalise the scores of each modality; the reference are the training tracks."""
    return {
        m: normalize_scores(table.values, method, table.values[:, (table.folds >= 0) & present[m]])
        for m, table in tables.items()
    }


# %%
predictions = []
for blocks, split in zip(features, splits, strict=True):
    predictions.append({m: predict(block, split.train_valid) for m, block in blocks.items()})
folds = [tables["text"].folds for tables in predictions]
z = [scale(tables) for tables in predictions]

# %% [markdown]
# ## Which scale?
#
# Besides z-scores there are the *rank* (the share of training tracks with a lower score) and *min–max*
# (0 for the lowest training track, 1 for the highest). `normalize_scores` has all three
# (`standardize_scores` is its z-score).

# %%
from mmrec_course.display import print_table
from mmrec_course.evaluation import compare_splits, evaluate
from mmrec_course.fusion import weighted_sum

equal = dict.fromkeys(modalities, 1.0)


def evaluate_all(scores):
    """Evaluate one array of scores for each split."""
    tables = [ScoreTable(y, users, items) for y in scores]
    pairs = zip(tables, splits, strict=True)
    return [evaluate(table, split, metrics=["ndcg"]) for table, split in pairs]


def show(results, baseline):
    table = compare_splits(results, test_share=0.2, baseline=baseline)
    print_table(table.loc[:, "mean":"diff_high"], digits=3)


# %%
results = {}
for method in ("zscore", "rank", "minmax"):
    scaled = [scale(tables, method) for tables in predictions]
    results[method] = evaluate_all(weighted_sum(y, equal, present) for y in scaled)
show(results, baseline="zscore")

# %% [markdown]
# Ranks are worse, and the interval is below zero: they forget *how much* better one track is than the
# next. Min–max cannot be told apart from z-scores here, but it depends on the two most extreme tracks.
#
# ## Stacking by hand
#
# Stacking looks for the non-negative weights whose sum of scores comes nearest to what happened. Take
# complete tracks only, and centre everything on each user's mean in each fold. Then it is least
# squares with three unknowns:

# %%
from scipy.optimize import nnls

from mmrec_course.fusion import learn_weights, stack_weights


def learn(learner, j, scores, **options):
    """Call a learner of weights with the scores of the training tracks of split j."""
    training = folds[j] >= 0
    part = {m: y[:, training] for m, y in scores.items()}
    has = {m: present[m][training] for m in scores}
    return learner(part, liked[:, training], has, groups=folds[j][training], **options)


# %%
complete = np.all(list(present.values()), axis=0)
columns, targets = [], []
for fold in range(3):
    at = complete & (folds[0] == fold)
    scores = np.stack([y[:, at] for y in z[0].values()], axis=-1)  # (n_users, n_at, 3)
    columns.append((scores - scores.mean(axis=1, keepdims=True)).reshape(-1, 3))
    targets.append((liked[:, at] - liked[:, at].mean(axis=1, keepdims=True)).ravel())
w, _ = nnls(np.vstack(columns), np.concatenate(targets))
stacked = learn(stack_weights, 0, z[0])
print({m: f"{weight:.2f}" for m, weight in stacked.items()})
print("equal:", np.allclose(w / w.sum(), list(stacked.values())))

# %% [markdown]
# ## Three ways to learn common weights
#
# Stacking needs no grid. `learn_weights` searches a grid for the largest NDCG. For comparison, an
# *oracle* searches the same grid on the test tracks, which nobody can do.


# %%
def oracle(j):
    cold = folds[j] < 0
    scores = {m: y[:, cold] for m, y in z[j].items()}
    has = {m: a[cold] for m, a in present.items()}
    return learn_weights(scores, liked[:, cold], has, step=0.2)


weights = {"equal": [equal] * 5}
weights["stacking"] = [learn(stack_weights, j, z[j]) for j in range(5)]
weights["grid"] = [learn(learn_weights, j, z[j], step=0.2) for j in range(5)]
weights["oracle"] = [oracle(j) for j in range(5)]
results = {}
for name, by_split in weights.items():
    results[name] = evaluate_all(weighted_sum(z[j], by_split[j], present) for j in range(5))
show(results, baseline="equal")

# %% [markdown]
# No way is visibly better than equal weights, not even the oracle: the top of the triangle in the
# lesson is flat.
#
# ## Weights from the wrong scores
#
# Why so much care with out-of-fold scores? Here is a common mistake: weights learned from scores of
# tracks that the models *were trained on*. The blocks are not reduced this time, so the modalities
# differ in their number of columns. Which modality will get most of the weight?

# %%
from mmrec_course.features import unit_rows


def scores_after_training(block, j):
    """Scores of all tracks by one ridge regression; training tracks were learned from."""
    training = folds[j] >= 0
    F = unit_rows(block, training)
    K, learn = F @ F.T, training & block.present
    system = K[np.ix_(learn, learn)] + 10 * np.eye(learn.sum())
    scores = R[:, learn] @ np.linalg.solve(system, K[learn])
    return ScoreTable(scores, users, items, folds[j])


# %%
fitted = []
for j, blocks in enumerate(unreduced):
    fitted.append(scale({m: scores_after_training(block, j) for m, block in blocks.items()}))
wrong = [learn(stack_weights, j, fitted[j]) for j in range(5)]
print("first split:", {m: f"{weight:.2f}" for m, weight in wrong[0].items()})
names = {"weights by stacking": weights["stacking"], "weights from training scores": wrong}
by_weights = {}
for name, by_split in names.items():
    by_weights[name] = evaluate_all(weighted_sum(fitted[j], by_split[j], present) for j in range(5))
show(by_weights, baseline="weights by stacking")

# %% [markdown]
# Text has by far the most columns. It reproduces the ratings that it was trained on best, and gets 0.92
# of the weight. On cold-start tracks the list is far worse than with the weights by stacking from
# above. So learn weights from out-of-fold scores.
#
# ## Weights for each user
#
# Users differ: some attend to the cover, some to the sound. But one user has some forty ratings, too
# few to learn three weights well. So pull each user's weights towards the common ones, $\bar w$, with
# a strength $\tau$:
#
# $$w_u = \arg\min_{w \ge 0} \sum_i \Big(t_{ui} - \sum_m w_m z_{m,ui}\Big)^2 + \tau\,\lVert w - \bar w\rVert^2$$
#
# With $\tau = 0$ each user is alone, with $\tau = \infty$ all have the same weights. This is **shrinkage**.
# For each user it is one small system of equations. (Negative weights are set to 0 afterwards.) We try
# three strengths and show all of them. The last row is an oracle again: it weighs by how much each simulated
# user really attends to each modality.


# %%
def normal_equations(j):
    """Z_uᵀZ_u (n_users, 3, 3) and Z_uᵀt_u (n_users, 3) of each user, on complete training tracks."""
    gram, cross = 0, 0
    for fold in range(3):
        at = complete & (folds[j] == fold)
        scores = np.stack([y[:, at] for y in z[j].values()], axis=-1)
        scores = scores - scores.mean(axis=1, keepdims=True)
        target = liked[:, at] - liked[:, at].mean(axis=1, keepdims=True)
        gram = gram + scores.transpose(0, 2, 1) @ scores
        cross = cross + np.einsum("uim,ui->um", scores, target)
    return gram, cross


def user_weights(j, tau):
    gram, cross = normal_equations(j)
    common = np.linalg.solve(gram.sum(axis=0), cross.sum(axis=0))
    w = np.linalg.solve(gram + tau * np.eye(3), (cross + tau * common)[:, :, None])[:, :, 0]
    w = np.maximum(w, 0)
    w[w.sum(axis=1) == 0] = np.maximum(common, 0)
    return dict(zip(z[j], w.T, strict=True))


# %%
attention = mosaic.ground_truth()["attention"]  # (n_users, 3)
true_weights = dict(zip(("audio", "text", "image"), attention.T, strict=True))
for tau in (10, 100, 1000):
    own = [weighted_sum(z[j], user_weights(j, tau), present) for j in range(5)]
    results[f"for each user, τ = {tau}"] = evaluate_all(own)
results["true attention (oracle)"] = evaluate_all(weighted_sum(y, true_weights, present) for y in z)
rows = ["stacking", *(row for row in results if "user" in row), "true attention (oracle)"]
show({name: results[name] for name in rows}, baseline="stacking")

# %% [markdown]
# With little shrinkage no difference to *stacking* can be told from zero: from some forty ratings, what a user
# attends to is estimated badly. With τ = 1000 the lead is 0.005 [0.002, 0.009]. But this is the best of three
# strengths, seen on the test tracks, so it flatters (the winner's curse, lesson 07). That there *is* something
# to gain, the true attention shows, 0.011 [0.006, 0.015]. [Deeper: early or late](08_early_or_late.ipynb)
# finds a simple way to a part of this gain: one scale for all users instead of a z-score for each.
#
# ## Why this track?
#
# A fused score is a sum, so it can be taken apart. `contributions` gives each modality's part after the
# weights are renormalised. For one user and the five cold-start tracks that would be listed first:

# %%
import pandas as pd

from mmrec_course.display import show_items, stars
from mmrec_course.evaluation import rank_items
from mmrec_course.fusion import contributions

user, cold = users.get_loc("u416"), np.flatnonzero(folds[0] < 0)
fused = weighted_sum(z[0], stacked, present)
top = cold[rank_items(fused[user, cold], 5)[0]]
parts = contributions(z[0], stacked, present)
parts = pd.DataFrame({m: part[user, top] for m, part in parts.items()}, index=items[top])
print("parts add up to the scores:", np.allclose(parts.sum(axis=1), fused[user, top]))
later = ratings.loc["u416", items[top]]
captions = ["not rated" if np.isnan(rating) else stars(rating) for rating in later]
show_items(mosaic.items, items[top], parts=parts, captions=captions)

# %% [markdown]
# A part is a weighted z-score: above 0 it counts for the track. The captions are what the user said of
# the track later. Where a modality is missing, its part is 0.00 and the others carry the whole score.
#
# ## Recap
#
# - z-scores and min–max keep how much better one track is than the next. Ranks lose it, and that costs
#   something.
# - Stacking is least squares with three non-negative unknowns. Here no way to learn common weights is
#   better than equal ones.
# - Weights learned from scores of training tracks favour the modality with the most columns. That costs
#   0.042 [0.032, 0.053] of NDCG.
# - Weights for each user need strong shrinkage to the common ones: with little, nothing is gained.
#
# ## Sources
#
# - Breiman (1996), *Stacked Regressions*, Machine Learning 24: stacking with non-negative weights.
# - Morris (1983), *Parametric Empirical Bayes Inference*, JASA 78: shrinking many small estimates
#   to a common one.
# - Wolpert (1992), *Stacked Generalization*, Neural Networks 5(2): weights from out-of-fold scores.
