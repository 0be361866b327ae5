# %% [markdown]
# # 14 · LightFM: matrix factorisation with features
#
# **Aim** Understand LightFM from the inside: a score as a sum of embeddings, three losses, identity and
# content features, dense features, cold-start items. See when features help, when they hurt, and what a
# score means.<br>
# **Time** {minutes} minutes, exercises 20 to 50 more.<br>
# **Needs** Lessons 06 (intervals), 07 (matrix factorisation) and 08 (early fusion, permutation control).
# LightFM: `make lab-extras` installs it (see README). Nothing is downloaded.
#
# ## The idea: an item is the sum of its features
#
# Matrix factorisation (lesson 07) gives each track a vector $q_i$, learned from its ratings. So a track
# without ratings has none. **LightFM** (Kula 2015) makes a small change: it learns a vector $e_f$, an
# **embedding**, for each *feature* $f$, and a track's vector is a sum:
#
# $$q_i = \sum_f F_{if}\, e_f, \qquad s_{ui} = p_u^\top q_i + b_u + b_i, \qquad b_i = \sum_f F_{if}\, b_f$$
#
# In words: row $i$ of the feature matrix $F$ says which features track $i$ has, and how strongly. Their
# embeddings are added, with these weights; so are their biases. The score is the dot product with the
# user's vector $p_u$, plus two biases. What is a feature? "Is folk" can be one. "Is track t062" can be
# one, too: the **identity feature** of this track alone. With identity features only, $F$ is the identity
# matrix, $q_i = e_i$, and LightFM is plain matrix factorisation. With both kinds it is a hybrid.

# %%
import numpy as np
import pandas as pd
import scipy.sparse as sp

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import temporal_split

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
warm = temporal_split(mosaic.ratings)  # the test set: each user's last ratings

# %% [markdown]
# Mosaic's listeners are simulated. LightFM wants a sparse matrix of positive pairs: here a track with 4 or
# 5 stars. And it wants $F$, here with two kinds of features: identity, and the genre as **one-hot** columns.


# %%
def positive_pairs(ratings):
    liked = ratings[ratings["rating"] >= 4]
    row, column = users.get_indexer(liked["user_id"]), items.get_indexer(liked["item_id"])
    ones = np.ones(len(liked), dtype="float32")
    return sp.coo_matrix((ones, (row, column)), shape=(len(users), len(items)))


genre = pd.get_dummies(mosaic.items["genre"], dtype=float)
names = [*items, *genre.columns]
F = sp.hstack([sp.identity(len(items)), genre.to_numpy()], format="csr", dtype="float32")
print("F:", F.shape, " features of t062:", [names[f] for f in F[items.get_loc("t062")].indices])

# %% [markdown]
# ## By hand: one user, one track
#
# Fit the model, and compute one score from the learned embeddings. The library numbers users and tracks by
# position, in the order of the matrices' rows.

# %%
from lightfm import LightFM

pairs = positive_pairs(warm.train_valid)
model = LightFM(no_components=8, loss="warp", random_state=0).fit(pairs, item_features=F, epochs=10)

u, i = users.get_loc("u416"), items.get_loc("t062")
weights = F[i].toarray()[0]  # (n_features,)
q, b_i = weights @ model.item_embeddings, weights @ model.item_biases
by_hand = model.user_embeddings[u] @ q + model.user_biases[u] + b_i
library = model.predict([u], [i], item_features=F)[0]
print("by hand equals the library:", np.isclose(by_hand, library, rtol=1e-4))

# %% [markdown]
# Since $q_i$ is a sum, the score splits into one part for each feature, $F_{if}\,(p_u^\top e_f + b_f)$, and
# the user's bias. This is an **additive explanation**, as in lesson 11.

# %%
parts = weights * (model.item_embeddings @ model.user_embeddings[u] + model.item_biases)
total = parts.sum() + model.user_biases[u]
print("parts:", [names[f] for f in np.flatnonzero(parts)], " add up:", np.isclose(total, library))

# %% [markdown]
# ## Three losses
#
# What should the scores be trained for? LightFM offers three answers. $\sigma(s) = 1 / (1 + e^{-s})$ is the
# **logistic** function; it turns a score into a number between 0 and 1.
#
# - **Logistic**: predict yes or no for each *given* pair. It needs negatives: with positive pairs alone,
#   "always yes" is perfect. We give it the tracks that a user rated below 4.
# - **BPR** (Bayesian personalised ranking): draw another track $j$ for each positive pair $(u, i)$ and
#   lower $-\log \sigma(s_{ui} - s_{uj})$. This is a **pairwise loss**: only the difference counts.
# - **WARP** (weighted approximate-rank pairwise): draw tracks until one *violates* the order, $s_{uj} >
#   s_{ui} - 1$. Then take a step, and a larger one if the violation was found soon. Why? If one of
#   $n$ tracks violates at the first draw, probably many do, and track $i$ is far down the list.
#
# After $k$ draws WARP estimates that $(n - 1) / k$ tracks are above $i$, rounded down, and weights the
# step with the logarithm. For Mosaic:

# %%
for k in (1, 2, 5, 10):
    above = (len(items) - 1) // k
    print(f"{k:2} draws: {above:3} tracks above, weight {np.log(above):.2f}")

# %% [markdown]
# After `max_sampled=10` draws without a violation WARP gives up: this pair is good enough. So it spends its
# steps where the top of the list is wrong. [Deeper: inside WARP](deeper/14_inside_warp.ipynb) repeats
# one epoch of BPR by hand, and shows from where each loss draws its negatives.
#
# `LightFMRecommender` is LightFM with the contract of this course
# (`mmrec_course/extras/lightfm_model.py`, 150 lines to read beside this lesson). First without features. On
# validation data no loss gains much after 20 epochs (the deeper notebook draws the curves); BPR, slower than WARP at
# first, gets 40. By default the class first trains with a tenth held out, to choose the number of epochs (*early
# stopping*), then on everything; here this is off. Training is random, so each model is trained with three seeds,
# and a user's NDCG is the mean of the three.

# %%
from mmrec_course.evaluation import evaluate
from mmrec_course.extras.lightfm_model import LightFMRecommender


def over_seeds(seeds, features=None, permute=False, **options):
    """Mean NDCG@10 of each user over several trainings."""
    tables, blocks = [], features or {}
    for seed in seeds:
        if permute:
            blocks = {m: block.shuffle(rng=seed) for m, block in features.items()}
        model = LightFMRecommender(early_stopping=False, rng=seed, **options)
        tables.append(evaluate(model.fit(warm.train_valid, blocks), warm, metrics=("ndcg",)))
    return pd.concat(tables).groupby("user_id").mean()


# %%
from mmrec_course.evaluation import compare

losses = {
    "WARP": over_seeds(range(3), loss="warp", n_epochs=20),
    "BPR": over_seeds(range(3), loss="bpr", n_epochs=40),
    "logistic": over_seeds(range(3), loss="logistic", n_epochs=20),
}


def print_intervals(comparison, baseline):
    low, high = comparison["diff_low"], comparison["diff_high"]
    side = np.select([low > 0, high < 0], ["is above 0", "is below 0"], "contains 0")
    for name, text in pd.Series(side, comparison.index).drop(baseline).items():
        print(f"{name} − {baseline}: the interval {text}")


print_intervals(compare(losses, baseline="logistic"), "logistic")

# %% tags=["slide-losses"]
from mmrec_course.plotting import finish, plot_comparison, use_style

use_style()
differences = compare(losses, baseline="WARP")[["difference", "diff_low", "diff_high"]]
differences.columns = ["mean", "low", "high"]
title, label = "The logistic loss is far behind", "NDCG@10 minus that of WARP"
ax = plot_comparison(differences.drop("WARP"), title=title, label=label)
finish(ax, alt="Difference to WARP with intervals: BPR 0.01 below, near 0; logistic 0.07 below")

# %% [markdown]
# The logistic loss learned to tell liked from disliked tracks *among rated ones*. A list is made of tracks that
# are not rated, and that is another task (lesson 07 says why). BPR has a lower mean than WARP, but the
# interval contains 0 (barely: other seeds may move its end). So we name no winner between the two.
#
# ## Content features, and what became of the identity
#
# Now the covers, texts and sounds. A common surprise: give LightFM a feature matrix, and the identity is
# *gone*, since it was only the default for $F$ (lightfm#201). If you want both, put both into $F$. `Dataset`,
# the library's helper, does so by default.
#
# `Dataset` also does something else by default: it divides each row of $F$ by its sum (`normalize=True`).
# What happens to TF-IDF weights then? Take the tracks with the smallest and the largest vocabulary:

# %%
from lightfm.data import Dataset

from mmrec_course.features import extract_features

training_items = warm.train_valid["item_id"].unique()
blocks = extract_features(mosaic, fit_items=training_items)
text = blocks["text"].align(items)
n_words = np.where(text.present, (text.values > 0).sum(axis=1), np.nan)
two = np.array([np.nanargmin(n_words), np.nanargmax(n_words)])

# %% tags=["predict"]
dataset = Dataset()
dataset.fit(users, items[two], item_features=text.names)
tfidf = [dict(zip(text.names, text.values[i], strict=True)) for i in two]
built = dataset.build_item_features(zip(items[two], tfidf, strict=True), normalize=True)
for i, row in zip(two, built.toarray(), strict=True):
    own = 1 / (1 + text.values[i].sum())  # the identity's weight, the largest of the row
    equal = np.isclose(row.max(), own)
    print(f"{items[i]}: {n_words[i]:.0f} words, weight of its identity {own:.2f}, equal: {equal}")

# %% [markdown]
# Before, the identity has weight 1 and the TF-IDF weights of a track have length 1. After, each row sums to
# 1. Three things change:
#
# 1. **A long text takes weight from its track's identity**: 0.14 is left, not 0.22.
# 2. **All weights become small**, so all steps do. A gradient for $e_f$ is multiplied with $F_{if}$.
# 3. **Without identity features, the scale is lost.** A row and ten times this row become the same. So weights that
#    differ by a factor give the same model (compare lightfm#714).
#
# Does it matter? Train on text and identity, with and without row normalisation, and rank cold-start items,
# which have no identity feature. `fit_partial` trains further, so we can measure as we go:

# %%
from sklearn.preprocessing import normalize

from mmrec_course.evaluation import ScoreTable, cold_item_split

cold = cold_item_split(mosaic.ratings, fraction=0.2, rng=0)
rated = np.flatnonzero(items.isin(cold.train_valid["item_id"]))
cold_pairs = positive_pairs(cold.train_valid).tocsc()


def score_table(model, F):
    b_item, Q = model.get_item_representations(F)
    b_user, P = model.get_user_representations()
    return ScoreTable((P @ Q.T + b_user[:, None] + b_item).astype(float), users, items)


# %%
def curve_on_cold_items(F, n_epochs=24, every=4):
    model, values = LightFM(no_components=32, loss="warp", random_state=0), []
    for _ in range(n_epochs // every):
        model.fit_partial(cold_pairs[:, rated], item_features=F[rated], epochs=every)
        values.append(evaluate(score_table(model, F), cold, metrics=("ndcg",))["ndcg"].mean())
    return values


fit_items = items[rated]
cold_blocks = extract_features(mosaic, fit_items=fit_items)
tfidf = cold_blocks["text"].align(items).values
identity = np.eye(len(items))[:, rated]  # a cold-start item's row is zero
raw = np.hstack([tfidf, identity])
curves = {"TF-IDF and identity": raw, "rows divided by their sum": normalize(raw, norm="l1")}
curves = {name: curve_on_cold_items(sp.csr_matrix(F, dtype="f4")) for name, F in curves.items()}

# %%
import matplotlib.pyplot as plt

_, ax = plt.subplots(figsize=(7, 3.2))
for (name, values), style in zip(curves.items(), ["-", "--"], strict=True):
    ax.plot(np.arange(4, 25, 4), values, style, label=name)
ax.set(xlabel="epoch", xticks=range(4, 25, 4), ylabel="NDCG@10, cold-start items", ylim=(0, None))
ax.set_title("Normalised rows learn more slowly")
ax.legend(loc="lower right")
finish(
    ax,
    alt="NDCG@10 on cold-start items against the epoch, TF-IDF with and without row normalisation. The"
    " normalised one starts lower and catches up within 24 epochs",
)

# %% [markdown]
# On this split the normalised rows need many more epochs to get as far. They do not end lower. So scale is a
# hyperparameter, like the learning rate. (`LightFMRecommender` does not
# divide by the sum; its content rows have the length `content_weight`, by default 1.)
#
# ## Dense features
#
# "May I use embeddings or sound features?" is asked again and again, and seldom answered (lightfm#713,
# #598). You may. $F_{if}$ can be any number, also a negative one. A column is a direction in feature space,
# $e_f$ its embedding. With a dense row $x_i$ the content part of $q_i$ is $E^\top x_i$: a linear map (as in
# lesson 16).
#
# What it costs: in every step LightFM reads and changes the embedding of *every non-zero feature* of both
# tracks. A tag matrix has few of them. How many do our features have?

# %%
for m, block in blocks.items():
    used = (block.values[block.present] != 0).sum(axis=1).mean()
    print(f"{m:6} {len(block.names):5} columns, {used:4.0f} of them non-zero for a track")

# %% [markdown]
# Text is sparse: many columns, few non-zero. Sound is dense: every column, for every track. So reduce
# first. `LightFMRecommender` uses the early fusion of lesson 08, with `n_components` directions of each
# modality: 16 make at most 48 non-zero features for a track, not hundreds. What 16 lose against 40 is measured below.
#
# ## Cold-start items
#
# How does one score a track that was not in training (lightfm#556)? With the *same columns*. Make a row for
# it: its content, and zero in all identity columns. Pass these rows to `predict`, where the number of a track
# is its row in the matrix that you pass. By hand, for `LightFMRecommender`:

# %%
from mmrec_course.fusion import early_fusion

model = LightFMRecommender(early_stopping=False, n_epochs=10)
model.fit(cold.train_valid, cold_blocks)
liked = cold.train_valid.query("rating >= 4")["item_id"].unique()
content = early_fusion(cold_blocks, n_components=16, fit_items=liked).align(cold.candidates)
no_identity = np.zeros((len(cold.candidates), len(liked)))
F_cold = sp.csr_matrix(np.hstack([content.values, no_identity]), dtype="float32")
u = np.full(len(cold.candidates), users.get_loc("u416"))
library = model.model_.predict(u, np.arange(len(u)), item_features=F_cold)
print("equal:", np.allclose(model.score(["u416"], cold.candidates)[0], library, atol=1e-4))

# %% [markdown]
# Now five cold-item splits. The opponents: the same with 40 directions, the permutation control (each track
# gets the features of another one), and the ridge regression on early-fused features of lesson 08, which has 40
# directions, too. To save time LightFM trains for 10 epochs.

# %%
from mmrec_course.evaluation import compare_splits, grid_search
from mmrec_course.recommenders import ContentRidge


def cold_start_models(split, seed, **options):
    fit_items = split.train_valid["item_id"].unique()
    blocks = extract_features(mosaic, fit_items=fit_items)
    permuted = {m: block.shuffle(rng=seed) for m, block in blocks.items()}
    fused = {"fused": early_fusion(blocks, fit_items=fit_items)}
    ridge, grid = ContentRidge(modality="fused"), {"reg": [1, 10]}
    few, again, many = (LightFMRecommender(n_components=n, **options) for n in (16, 16, 40))
    return {
        "16 directions": few.fit(split.train_valid, blocks),
        "16, permuted": again.fit(split.train_valid, permuted),
        "40 directions": many.fit(split.train_valid, blocks),
        "joint ridge": grid_search(ridge, grid, split, fused)[0],
    }


# %%
options = {"early_stopping": False, "n_epochs": 10}
results = {name: [] for name in ("16 directions", "16, permuted", "40 directions", "joint ridge")}
for seed in range(5):
    split = cold_item_split(mosaic.ratings, fraction=0.2, rng=seed)
    for name, model in cold_start_models(split, seed, **options).items():
        results[name].append(evaluate(model, split, metrics=("ndcg",)))

# %% tags=["predict", "slide-cold-start"]
for baseline in ("16 directions", "40 directions"):
    comparison = compare_splits(results, test_share=0.2, baseline=baseline)
    print_intervals(comparison, baseline)
ax = plot_comparison(comparison, title="Fewer directions cost quality", chance=0.08)
finish(
    ax,
    alt="NDCG@10 on cold-start items: 40 directions and joint ridge at about 0.26, 16 directions lower,"
    " permuted features at the level of chance, 0.08",
)

# %% [markdown]
# Content is what counts: permuted features fall to the level of chance (the running table of lesson 03). Sixteen
# directions instead of forty cost quality: the interval is above 0. Forty cost two and a half times the work
# in each step. With forty, LightFM cannot be told apart from the ridge regression, which needs no training
# loop.
#
# ### The trap: cold-start items as negatives
#
# It is convenient to make one matrix for *all* tracks, once, and pass it to `fit`. But BPR draws its negatives
# from the tracks in the pairs, and WARP draws them from *all rows of the feature matrix*. A cold-start track is
# in no positive pair. So WARP meets it as a negative only. What happens in a list of
# warm and cold-start tracks together? (A fifth of all tracks are cold-start here.)

# %%
from mmrec_course.evaluation import rank_items

fused = early_fusion(cold_blocks, n_components=16, fit_items=liked).align(items).values
seen = positive_pairs(cold.train_valid.assign(rating=5)).toarray() > 0  # all rated pairs


def cold_share(F, rows):
    """Fit on these rows of F; the share of cold-start tracks among each user's first ten."""
    F = sp.csr_matrix(F, dtype="float32")
    model = LightFM(no_components=32, loss="warp", random_state=0)
    model.fit(cold_pairs[:, rows], item_features=F[rows], epochs=10)
    top = rank_items(np.where(seen, -np.inf, score_table(model, F).values), 10)
    return np.isin(top, rated, invert=True).mean()


# %% tags=["predict", "slide-trap"]
everything = np.arange(len(items))
shares = {
    "rows of warm tracks": cold_share(np.hstack([fused, identity]), rated),
    "all rows": cold_share(np.hstack([fused, identity]), everything),
    "all rows and identities": cold_share(np.hstack([fused, np.eye(len(items))]), everything),
}
for name, share in shares.items():
    print(f"{name:24} above 5 %: {share > 0.05!s:6} below 2 %: {share < 0.02}")

# %% [markdown]
# With the warm rows alone, cold-start tracks get some of the positions. With all rows in `fit`, with an
# identity of their own or without, they nearly disappear, although no rating says that they are disliked. So fit
# on the rows that have ratings, and pass all rows when you score. `LightFMRecommender` does that.
#
# ## Why features can hurt
#
# Users of LightFM report again and again that a model with features is *worse* than without (lightfm#551;
# its author tried permuted features, as lesson 08 does). Let us ask on warm items. Four models, each with three
# seeds and 15 epochs:

# %% tags=["predict"]
seeds = range(3)
features = {
    "identity alone": over_seeds(seeds, n_epochs=15),
    "identity and content": over_seeds(seeds, blocks, n_epochs=15),
    "identity, permuted content": over_seeds(seeds, blocks, permute=True, n_epochs=15),
    "content alone": over_seeds(seeds, blocks, identity=False, n_epochs=15),
}
comparison = compare(features)
print_intervals(comparison, "identity alone")

# %% tags=["slide-warm"]
ax = plot_comparison(comparison, title="No gain from content, and noise hurts")
finish(
    ax,
    alt="NDCG@10 on warm items: identity alone and identity with content about 0.12, with permuted"
    " content about 0.09, content alone about 0.07",
)

# %% [markdown]
# Read it row by row:
#
# - **Content alone** is far behind. Whoever passes a feature matrix and forgets the identity gets this row.
# - **Permuted content** hurts, too. The sum $q_i$ now has a part that is noise: it moves tracks together that
#   have nothing in common, and the identity part has to work against it.
# - **Right content**: neither a gain nor a loss can be seen; the interval contains 0. So it is
#   in lesson 11's final model; lessons 08 and 15 measure small gains for EASE and VBPR.
#
# So check three causes, in this order: a lost identity, rows on the wrong scale, and features that say nothing
# about taste. The permutation control shows the last one: if your features do no better than permuted ones,
# they are noise to this model.
#
# ## What a score means
#
# A score of LightFM is no rating and, with WARP and BPR, no probability. Apply $\sigma$ to the scores of held-out
# *rated* pairs. If they were probabilities of a like, their mean would be near the share of likes:

# %% tags=["predict"]
test = warm.test
u, i = users.get_indexer(test["user_id"]), items.get_indexer(test["item_id"])
print("share of likes:", round((test["rating"] >= 4).mean(), 1))
for loss in ("warp", "bpr", "logistic"):
    model = LightFMRecommender(loss=loss, n_epochs=20, early_stopping=False)
    scores = model.fit(warm.train_valid).score(users, items)[u, i]
    negative = (model.user_vectors_[:, -1] < 0).all()  # the last column holds the biases
    mean = (1 / (1 + np.exp(-scores))).mean()
    print(f"{loss:9} mean σ(score) {mean:.1f}, all user biases negative: {negative}")

# %% [markdown]
# The logistic loss is trained to predict probabilities, and its mean is not far from the share. With WARP and BPR
# it is far below. Only the *order* within one user's list has a meaning.
#
# In a difference $s_{ui} - s_{uj}$ the user's bias cancels, so a pairwise loss cannot
# learn it. LightFM lowers it in every step all the same: all biases are negative. They do not change any list.
# But they make scores of two users incomparable. So do not look for the users with the highest score for a
# track.
#
# ## One thread for the same result
#
# For speed, `num_threads=2` lets two threads change the same embeddings without waiting for each other
# (*Hogwild*; Recht et al. 2011). Who comes first is chance, so two runs may differ. With one thread
# and a seed the model is the same:

# %%
options = {"no_components": 32, "loss": "warp", "random_state": 0}
first, second = [LightFM(**options).fit(pairs, epochs=5, num_threads=1) for _ in range(2)]
print("same model:", np.array_equal(first.item_embeddings, second.item_embeddings))

# %% [markdown]
# This holds on *one machine*. Another processor may round otherwise, and training amplifies the last digit. That
# is why this lesson prints signs and rounded numbers.
#
# ## The table
#
# The models of lessons 14 to 16 and their rivals on Mosaic. Each tries six settings on the validation
# part: its defaults, and others drawn at random from its grid (*chance*, *popularity* and *final model, default*
# stay untuned; tuned popularity has 0.061 in lesson 07). Differences are to the tuned final model of lesson 11.
# The file is written by `make bench-extras` (`benchmarks/frameworks.py`), which takes about an hour.

# %%
from mmrec_course.display import print_table

table = pd.read_csv("../benchmarks/frameworks.csv")
for situation, rows in table.groupby("situation", sort=False):
    print(situation)
    columns = ["model", "ndcg", "difference", "diff_low", "diff_high", "seconds"]
    digits = {"ndcg": 3, "difference": 3, "diff_low": 3, "diff_high": 3, "seconds": 1}
    print_table(rows[columns], digits=digits, index=False)

# %% [markdown]
# LightFM is below the final model on warm items and on cold-start items; both intervals exclude zero, the second
# one barely. Its 0.242 is not the 0.262 of 40 directions above: that setting is not among its six. VBPR and the
# two-towers come in lessons 15 and 16. *Seconds* are those of one fit with the defaults; LightFM and the networks
# train twice in it (early stopping).
#
# ## What goes wrong
#
# - **The identity is lost** as soon as you pass features.
# - **`normalize=True`.** Rows are divided by their sum, and TF-IDF weights shrink. Without identity features, the
#   sum of a track without content is 0: `ValueError`.
# - **Cold-start rows in `fit`.** WARP draws them as negatives.
# - **A word that no training track has.** No step changes its embedding. The random start stays, noise for a
#   cold-start track. Drop such columns. (PCA, learned from training tracks, has none.)
# - **A score as a probability**, or compared between users.
#
# ## Your turn
#
# [Four exercises](exercises/14_lightfm.ipynb), with [solutions](solutions/14_lightfm.ipynb): from one score by
# hand to scores of cold-start items.
#
# ## Recap
#
# - In **LightFM** an item is the sum of its features' **embeddings**. With **identity features** alone it is matrix
#   factorisation; with both kinds it is a hybrid recommender.
# - **BPR** and **WARP** are **pairwise losses**: they compare a liked track with a drawn one. WARP weights a step by
#   how soon a violation is found. The logistic loss needs real negatives.
# - Row normalisation changes scale, and so the speed of learning. Dense features work; each non-zero feature costs
#   work in every step.
# - A cold-start item uses the same columns with zeros for identity, and must not be in `fit`.
# - On Mosaic (simulated listeners) content ranks cold-start items, and no gain on warm ones can be seen.
# - With WARP and BPR a score orders one user's list, and says nothing else.
#
# ## Sources
#
# - Kula (2015), *Metadata embeddings for user and item cold-start recommendations*, CBRecSys: LightFM. The
#   library: lyst/lightfm; its maintained fork: lightfm-next.
# - Rendle, Freudenthaler, Gantner and Schmidt-Thieme (2009), *BPR: Bayesian personalized ranking from implicit
#   feedback*, UAI.
# - Weston, Bengio and Usunier (2011), *Wsabie: scaling up to large vocabulary image annotation*, IJCAI: WARP.
# - Rendle (2010), *Factorization machines*, ICDM: sums of feature embeddings in general.
# - Recht, Ré, Wright and Niu (2011), *Hogwild!: a lock-free approach to parallelizing stochastic gradient descent*,
#   NeurIPS.
# - lyst/lightfm, issues 201, 551, 556, 598, 713 and 714: the questions of this lesson.
