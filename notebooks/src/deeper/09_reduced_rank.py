# %% [markdown]
# # 09 · deeper: W + Δ as one ridge regression, and reduced rank
#
# **Aim** Derive two ways to share parameters in small steps, and check each step with numbers. Compare
# all ways to share of [lesson 09](../09_multitask_fusion.ipynb) by two measures.<br>
# **Time** {minutes} minutes.<br>
# **Needs** Lesson 09. The singular value decomposition of lesson 04. Nothing is downloaded.
#
# ## The same start as in the lesson
#
# Features $F_m$, item factors $Q$, an encoder for each modality, and rows $Z_m$ of the shared latent
# space. Here each modality keeps only the rows of the training items that have it. (Mosaic's listeners
# are simulated.)

# %%
import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features, unit_rows

mosaic = load_mosaic()
items = mosaic.items.index
split = cold_item_split(mosaic.ratings, fraction=0.2, rng=0)


def centred_ratings(ratings):
    table = ratings.pivot_table(index="item_id", columns="user_id", values="rating")
    return table.sub(2.5).fillna(0.0)


targets = centred_ratings(split.train_valid)
centred = (targets - targets.mean()).to_numpy()
blocks = extract_features(mosaic, ["image", "audio"], fit_items=targets.index)

# %%
k, reg = 32, 10.0
P = np.linalg.svd(centred, full_matrices=False)[2][:k].T
Z, T, has = {}, {}, {}
for m, block in blocks.items():
    rows = block.align(targets.index)
    has[m] = rows.present
    F = unit_rows(rows, has[m])[has[m]]
    T[m] = centred[has[m]]
    Z[m] = F @ np.linalg.solve(F.T @ F + 10.0 * np.eye(F.shape[1]), F.T @ (T[m] @ P))
    print(f"{m:6}", "Z:", Z[m].shape, " T:", T[m].shape)

# %% [markdown]
# ## W + Δ as one ridge regression
#
# The lesson's problem has two regularisation strengths:
#
# $$\min_{W, \Delta_m} \sum_m \lVert T_m - Z_m (W + \Delta_m) \rVert^2
# + \lambda \lVert W \rVert^2 + \mu \sum_m \lVert \Delta_m \rVert^2$$
#
# ($T_m$ are the targets, without the listeners' means.) Ordinary ridge regression has one. Three steps lead from the one
# to the other.
#
# **Step 1: rename.** Write $\Delta_m = s\,D_m$ with a number $s$ that we choose later. Then
#
# $$Z_m (W + \Delta_m) = Z_m W + (s Z_m) D_m .$$
#
# **Step 2: choose $s$.** The second penalty becomes
# $\mu \lVert \Delta_m \rVert^2 = \mu s^2 \lVert D_m \rVert^2$. With $s = \sqrt{\lambda / \mu}$ it is
# $\lambda \lVert D_m \rVert^2$. Now $W$ and all $D_m$ have the *same* strength $\lambda$.
#
# **Step 3: one system for all.** Put the unknowns under each other, $W$, then $D_\text{image}$, then
# $D_\text{audio}$. The prediction for an image row is $(z,\; s z,\; 0)$ times this tall matrix, and for an
# audio row $(z,\; 0,\; s z)$. So write each row three times side by side and solve one ridge regression.


# %%
def ridge(x, y, reg):
    return np.linalg.solve(x.T @ x + reg * np.eye(x.shape[1]), x.T @ y)


mu = 100.0
s = np.sqrt(reg / mu)
wide_image = np.hstack([Z["image"], s * Z["image"], 0 * Z["image"]])
wide_audio = np.hstack([Z["audio"], 0 * Z["audio"], s * Z["audio"]])
wide = np.vstack([wide_image, wide_audio])
print("rows:", wide.shape)

solution = ridge(wide, np.vstack([T["image"], T["audio"]]), reg)
W, D_image, D_audio = np.split(solution, 3)
W_own = {"image": W + s * D_image, "audio": W + s * D_audio}

# %% [markdown]
# The package finds the same, without wide rows. (It eliminates $\Delta_m$: exercise 2 of the lesson shows
# the first half of this.)

# %%
from mmrec_course.extras.multitask import MultitaskRidge

settings = {"n_components": k, "projection_reg": 10.0, "reg": reg, "n_folds": 2}


def same_predictions(model, W):
    predicted = model.fit(blocks, targets).predict(blocks, targets.index)
    mean = targets.mean().to_numpy()
    return {m: np.allclose(predicted[m][has[m]], Z[m] @ W[m] + mean) for m in Z}


model = MultitaskRidge(sharing="shared+own", own_reg=mu, **settings)
print("equal:", same_predictions(model, W_own))

# %% [markdown]
# ## Reduced rank: why?
#
# $W + \Delta$ shares a whole matrix and allows corrections. There is another compromise. Each modality has
# a matrix of its own, but all of them use the same few *directions in which listeners differ*:
#
# $$W_m = A_m D, \qquad D \text{ has } r \text{ rows}, \text{ one column for each listener.}$$
#
# In words: a modality first computes $r$ numbers for a track ($A_m$), and the shared $D$ says how each
# listener reacts to them. If $r$ is small, noise in the other directions is left out. Written under each
# other, all $W_m$ form a matrix of rank $r$ at most. This is **reduced-rank regression** (Izenman 1975).
#
# ## Reduced rank, in steps
#
# We want the $W_m$ with the least loss
# $\sum_m \lVert T_m - Z_m W_m \rVert^2 + \lambda \lVert W_m \rVert^2$, among those of rank $r$.
#
# **Step 1: how much worse than ridge?** Without the rank, ridge regression is best:
# $\hat W_m = G_m^{-1} Z_m^\top T_m$ with $G_m = Z_m^\top Z_m + \lambda I$. The loss is a parabola with its
# lowest point there. So the loss of any other $W_m$ is the lowest loss plus
#
# $$\operatorname{tr}\bigl[(W_m - \hat W_m)^\top G_m (W_m - \hat W_m)\bigr].$$
#
# **Step 2: make it a squared distance.** Take a matrix $S_m$ with $S_m^\top S_m = G_m$ (the Cholesky
# decomposition has one). Then the extra loss is $\lVert S_m W_m - S_m \hat W_m \rVert^2$. Check both steps
# with a matrix that is not the best one:

# %%
G = {m: Z[m].T @ Z[m] + reg * np.eye(k) for m in Z}
W_ridge = {m: ridge(Z[m], T[m], reg) for m in Z}
S = {m: np.linalg.cholesky(G[m]).T for m in Z}


def loss(m, W):
    return ((T[m] - Z[m] @ W) ** 2).sum() + reg * (W**2).sum()


for m in Z:
    other = 0.5 * W_ridge[m]
    extra = ((S[m] @ (other - W_ridge[m])) ** 2).sum()
    print(f"{m:6}", "equal:", np.isclose(loss(m, other), loss(m, W_ridge[m]) + extra))

# %% [markdown]
# **Step 3: put together and cut.** Write the $S_m W_m$ of all modalities under each other, and the
# $S_m \hat W_m$ too. The extra loss is the squared distance of these two tall matrices. $S_m$ is
# invertible, so the rank is at most $r$ for the $W_m$ exactly when it is for the $S_m W_m$. Which matrix of
# rank $r$ is nearest to a given one? The truncated singular value decomposition (Eckart and Young 1936).
# Its $r$ right singular vectors are the rows of $D$, and
#
# $$W_m = \hat W_m D^\top D .$$

# %%
r = 8
tall = np.vstack([S[m] @ W_ridge[m] for m in Z])
D = np.linalg.svd(tall, full_matrices=False)[2][:r]
W_low = {m: W_ridge[m] @ D.T @ D for m in Z}
print("D:", D.shape, " rank of all W:", np.linalg.matrix_rank(np.vstack(list(W_low.values()))))

model = MultitaskRidge(sharing="low_rank", rank=r, **settings)
print("equal:", same_predictions(model, W_low))

# %% [markdown]
# ## All ways to share, by two measures
#
# Three modalities, all data, five splits, cold-start items. *No sharing* is late fusion of lesson 08 over
# 32 principal components of each modality. *Early fusion* is one ridge regression over 40 principal
# components of each modality, side by side. All rows choose $\lambda$, $\mu$, rank and fusion weights by
# the squared error of out-of-fold predictions on the same folds.
#
# The first measure is NDCG@10. The second is the correlation with the true utility of all cold-start
# items, which only a simulated catalogue has.

# %%
import pandas as pd

from mmrec_course.evaluation import ScoreTable, evaluate
from mmrec_course.fusion import early_fusion, standardize_scores

truth = mosaic.ground_truth()
utility = pd.DataFrame(
    truth["utility"].astype(float), index=truth["user_ids"], columns=truth["item_ids"]
)


def evaluate_scores(scores, split, users):
    """Return NDCG@10 and the correlation with the truth of each user; scores are (users, items)."""
    table = ScoreTable(scores, users, split.candidates)
    per_user = evaluate(table, split, metrics=("ndcg",))
    products = standardize_scores(scores) * standardize_scores(utility.loc[users, split.candidates])
    return per_user, pd.DataFrame({"r": products.mean(axis=1)}, index=users)


# %%
SHARING = {"separate W": "separate", "shared W": "shared", "W + Δ": "shared+own"}
SHARING["reduced rank"] = "low_rank"


def fused_scores(split, targets):
    blocks = extract_features(mosaic, fit_items=targets.index)
    early = {"early": early_fusion(blocks, fit_items=targets.index)}
    options = {"sharing": "separate", "n_folds": 2}
    late_model = MultitaskRidge(projection="pca", **options).fit(blocks, targets)
    early_model = MultitaskRidge(projection="pca", n_components=None, **options).fit(early, targets)
    scores = {
        "no sharing": late_model.predict(blocks, split.candidates)["fused"].T,
        "early fusion": early_model.predict(early, split.candidates)["fused"].T,
    }
    model = MultitaskRidge(**options).fit(blocks, targets)
    for row, sharing in SHARING.items():
        model.refit(sharing=sharing)
        scores[row] = model.predict(blocks, split.candidates)["fused"].T
    return scores


# %% [markdown]
# By which of the two measures will the rows differ?

# %%
from collections import defaultdict

from mmrec_course.display import print_table
from mmrec_course.evaluation import compare_splits

ndcg, correlation = defaultdict(list), defaultdict(list)
for seed in range(5):
    split = cold_item_split(mosaic.ratings, fraction=0.2, rng=seed)
    targets = centred_ratings(split.train_valid)
    for row, scores in fused_scores(split, targets).items():
        per_user, r = evaluate_scores(scores, split, targets.columns)
        ndcg[row].append(per_user)
        correlation[row].append(r)

columns = ["mean", "difference", "diff_low", "diff_high"]
for metric, results in {"ndcg": ndcg, "r": correlation}.items():
    table = compare_splits(results, metric, test_share=0.2, baseline="separate W")
    print("by", metric)
    print_table(table[columns], digits=3)

# %%
from mmrec_course.plotting import finish, plot_comparison

title = "With all data the ways to share hardly differ"
ax = plot_comparison(table, title=title, label="correlation with the truth")
finish(
    ax,
    alt="Correlation with the truth, with intervals: no sharing and early fusion lowest, with wide intervals; separate W,"
    " shared W, W + Δ and reduced rank close together above them",
)

# %% [markdown]
# By NDCG@10 no row differs from *separate W*: all intervals include zero. (*Early fusion* has 0.264 in
# the running table. There NDCG on the validation items chooses $\lambda$, here the squared error.)
#
# By correlation, *shared W* is lower than *separate W*: with all data its bias costs a little. *W + Δ* and
# *reduced rank* do not differ from *separate W*. The two rows without a latent space are lowest, but five
# splits cannot tell them from *separate W*. For audio alone the lesson could tell: with all sounds
# *separate W* is above *no sharing*. What helps there is the **latent space**, whose factors come from
# the ratings of all tracks, and not the shared matrix.
#
# ## Recap
#
# - $W + \Delta_m$ with strengths $\lambda$ and $\mu$ is ridge regression on wide rows, with
#   $s = \sqrt{\lambda / \mu}$.
# - Reduced rank: the ridge solution, projected on $r$ shared directions of listeners.
# - On Mosaic with all data, neither changes NDCG by anything that could be told from zero.
#
# Back to [lesson 09](../09_multitask_fusion.ipynb), or on to [auxiliary tasks](09_auxiliary_tasks.ipynb).
#
# ## Sources
#
# - Evgeniou and Pontil (2004), *Regularized multi-task learning*, KDD: shared and own parts with two
#   regularisation strengths.
# - Daumé III (2007), *Frustratingly easy domain adaptation*, ACL: the wide rows.
# - Izenman (1975), *Reduced-rank regression for the multivariate linear model*, Journal of Multivariate
#   Analysis 5: the closed form.
# - Eckart and Young (1936), *The approximation of one matrix by another of lower rank*, Psychometrika 1.
