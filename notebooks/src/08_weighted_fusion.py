# %% [markdown]
# # 08 · Weighted fusion: from three weights to weights that mean something
#
# **Aim** Fuse what a track looks, reads and sounds like: early (features) and late (scores). Find out
# what must be done before anything may be added up, where weights come from, and what each modality
# adds.<br>
# **Time** {minutes} minutes, exercises 20 to 55 more.<br>
# **Needs** Lessons 03 (the protocol for cold-start items) and 06 (splits, NDCG, intervals); 07 for
# EASE. Nothing is downloaded.

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
features = []  # of each split, learned from its training items
for split in splits:
    features.append(extract_features(mosaic, fit_items=split.train_valid["item_id"].unique()))

# %% [markdown]
# ## The idea
#
# Three modalities, three weights, a sum:
#
# $$f = \sum_m w_m \, f_m \qquad\text{or}\qquad \hat y = \sum_m w_m \, y_m$$
#
# In words: add up the *features* $f_m$ of the modalities, and give the fused row $f$ to one model
# (**early fusion**). Or give each modality its own model and add up their *scores* $y_m$ (**late fusion**).
# The snippet of lesson 00 does the first, written out: `fused = 0.3 * image + 0.4 * text + 0.3 * audio`.
# It works on vectors such as `[1, 2, 3]`. Does it work on this track?

# %% tags=["slide-three-rows"]
from mmrec_course.display import show_track

blocks = features[0]
row = items.get_loc("t268")
show_track(mosaic.items, "t268")
image, text, audio = (block.values[row] for block in blocks.values())
try:
    fused = 0.3 * image + 0.4 * text + 0.3 * audio
except ValueError as error:
    print("ValueError:", str(error).strip())

# %% [markdown]
# The three rows differ in length. One can cut all of them to the shortest, and then the line runs.
# Is it right? Look at what is added in three columns, and at the largest standard deviation of a column:

# %% tags=["slide-added-columns"]
import pandas as pd

from mmrec_course.display import print_table

names = pd.DataFrame({m: block.names[:81] for m, block in blocks.items()}).loc[[2, 30, 60]]
print_table(names.rename(index="column {}".format))
for m, block in blocks.items():
    largest = block.values[block.present].std(axis=0).max()
    print(f"{m:6} {len(block.names):4} columns, largest standard deviation {largest:.2f}")

# %% [markdown]
# Each line adds a colour, a word and a property of the sound. Nobody would add a price to a phone
# number because both stand in column 3. The standard deviations show a second fault: the sum follows
# the modality with the largest numbers.
#
# "It fails" should be a measurement. For that we need a model.
#
# ## A content model for each modality
#
# Take one modality. $F$ (training tracks × $d$) has the features of each track, $f_i$, as a row.
# $\tilde R$ (users × training tracks) has the centred ratings: the rating minus 2.5, and 0 where there
# is none. **Ridge regression** looks for coefficients $W$ ($d$ × users) with which features predict
# centred ratings. **Regularisation** keeps these coefficients small:
#
# $$\min_{W} \; \lVert F W - \tilde R^\top \rVert^2 + \lambda \lVert W \rVert^2
# \quad\Rightarrow\quad W = (F^\top F + \lambda I)^{-1} F^\top \tilde R^\top$$
#
# In words: all columns of $W$ come from one small system of equations. The *hyperparameter*
# $\lambda$ (`reg`) says how strongly they are pulled towards 0. With $W_u$, the column of
# user $u$, a cold-start track gets the score $y_{ui} = f_i \cdot W_u$.
#
# `unit_rows` prepares the features: it subtracts the mean over the training tracks and scales each
# row to length 1, so that a long text does not count more than a short one. By hand, then with the
# package:

# %%
import numpy as np

from mmrec_course.features import unit_rows
from mmrec_course.recommenders import ContentRidge

stars = mosaic.ratings.pivot_table("rating", "user_id", "item_id")
stars = stars.reindex(index=users, columns=items)
R_centred = (stars - 2.5).fillna(0).to_numpy()  # (n_users, n_items)
liked = (stars >= 4).to_numpy()
split, block = splits[0], blocks["audio"]
cold = items.isin(split.candidates)
F = unit_rows(block, ~cold)
train = ~cold & block.present  # so no test rating is used below
gram = F[train].T @ F[train]
W = np.linalg.solve(gram + 10 * np.eye(len(gram)), F[train].T @ R_centred[:, train].T)
model = ContentRidge(modality="audio", reg=10.0).fit(split.train_valid, blocks)
print("equal:", np.allclose(model.score(users, items[cold]), (F[cold] @ W).T))

# %% [markdown]
# For text, $F^\top F$ has 1,943 rows. The same scores come from a system with one row for each
# *track*. This is the **dual form** of ridge regression, also called **kernel ridge regression**:
#
# $$y_u = \tilde r_u \, (K + \lambda I)^{-1} K_{\text{cold}}, \qquad K = F F^\top$$
#
# The kernel $K$ holds the similarity (the cosine) of every two training tracks, $K_\text{cold}$ that
# of training tracks (rows) and cold-start tracks (columns), and $\tilde r_u$ is the user's row of
# $\tilde R$. So a score is a sum over the tracks that the user rated, and each of them counts for the
# tracks that are similar to it.

# %%
K = F @ F.T
system = K[np.ix_(train, train)] + 10 * np.eye(train.sum())
dual = R_centred[:, train] @ np.linalg.solve(system, K[np.ix_(train, cold)])
print("system:", system.shape, " equal:", np.allclose(dual, (F[cold] @ W).T))

# %% [markdown]
# Which form is cheaper? With $n$ tracks and $d$ features, the first needs about $n d^2$
# multiplications to build its system and $d^3$ to solve it, the second $n^2 d$ and $n^3$. So take the
# smaller system: here the dual form for text, the other form for image and audio. With a million
# tracks $K$ alone would have $10^{12}$ numbers. So in a large catalogue one reduces the columns and
# takes the first form.
#
# Now the protocol of lesson 03: five splits, a fifth of the tracks is cold-start in each, and
# $\lambda$ is chosen by **grid search** on the split's validation tracks. `cold_start_results` does
# the same, but returns no models, and late fusion needs the models.

# %%
from mmrec_course.evaluation import compare_splits, evaluate, grid_search
from mmrec_course.extras.cold_start import GRID


def tune(block, split):
    """Return the ContentRidge of a block; λ is chosen on the split's validation items."""
    model = ContentRidge(modality=block.modality)
    return grid_search(model, GRID, split, {block.modality: block})[0]


def evaluate_all(models):
    pairs = zip(models, splits, strict=True)
    return [evaluate(model, split, metrics=["ndcg"]) for model, split in pairs]


# %%
def show(names, baseline):
    chosen = {name: results[name] for name in names}
    table = compare_splits(chosen, test_share=0.2, baseline=baseline)
    print_table(table.loc[:, "mean":"diff_high"], digits=3)


# %%
models, results = {}, {}
for m in blocks:
    models[m] = [tune(f[m], split) for f, split in zip(features, splits, strict=True)]
    results[m] = evaluate_all(models[m])
    print(f"{m:6} λ in five splits:", [int(model.reg) for model in models[m]])

# %% [markdown]
# For text and image, 1000 is often chosen, the largest value of the grid. Lesson 07 warns of this: a
# better one may lie outside. Does a larger one help on the validation tracks of the first split?

# %%
print("grid:", GRID)
for m in ("image", "text"):
    wider = {"reg": [100, 1000, 10_000]}
    _, search = grid_search(ContentRidge(modality=m), wider, splits[0], features[0])
    print(f"{m:6}", search.set_index("reg")["ndcg"].sort_index().round(3).to_dict())

# %% [markdown]
# No: the top is flat. If $\lambda$ is much larger than the eigenvalues of $F^\top F$, then
# $W \approx F^\top \tilde R^\top / \lambda$: a larger $\lambda$ makes all scores smaller, and their order
# stays.
#
# ## Early fusion, step by step
#
# Now a sum of features can be measured. Principal component analysis (PCA,
# [deeper 03](deeper/03_moments_and_neighbours.ipynb)) reduces each block to its 40 directions of largest
# variance. Each row is scaled to length 1, so that no modality has larger numbers. Then the rows are added
# (`early_fusion` with `method="sum"`; a missing modality takes no part) and given to the same ridge
# regression. What do you expect?

# %% tags=["predict"]
from mmrec_course.fusion import early_fusion

training_items = [split.train_valid["item_id"].unique() for split in splits]
reduced, summed, concatenated = [], [], []
for f, ids in zip(features, training_items, strict=True):
    reduced.append({m: block.reduce(40, ids) for m, block in f.items()})
    summed.append(early_fusion(reduced[-1], method="sum", fit_items=ids))
    concatenated.append(early_fusion(reduced[-1], fit_items=ids))
results["text, 40 columns"] = evaluate_all(map(tune, [b["text"] for b in reduced], splits))
results["sum of features"] = evaluate_all(map(tune, summed, splits))
show([*blocks, "text, 40 columns", "sum of features"], baseline="text, 40 columns")

# %% [markdown]
# The numbers are NDCG@10 on cold-start tracks, with 95 % intervals over the five splits. The
# differences are to *text*, reduced in the same way. Mosaic's listeners are simulated, here and in all
# that follows.
#
# The sum of all three shows no gain over text alone: the interval of the difference includes zero.
# (The reduction itself helps text a little.)
#
# There is another way. Put the features $f_{im}$ of each modality **side by side**:
#
# $$f_i = \left(\sqrt{w_1}\, f_{i1}, \; \sqrt{w_2}\, f_{i2}, \; \sqrt{w_3}\, f_{i3}\right)$$
#
# Why the square roots? The similarity of two tracks is then
# $f_i^\top f_j = \sum_m w_m \, f_{im}^\top f_{jm}$:
# the weighted sum of how similar they look, read and sound. So a weighted *concatenation* of
# features is a weighted *sum* after all, of similarities. The sum of features, instead, has
# $f_i^\top f_j = \sum_{m,n} w_m w_n\, f_{im}^\top f_{jn}$: it also compares the look of one track
# with the words of the other.
#
# What about missing modalities? A track without a cover has zeros in the cover's columns, and its
# weights are **renormalised over the present modalities**: each is divided by their sum, which gives
# 1/2 and 1/2. So its row is as long as any other. By hand:

# %%
from sklearn.preprocessing import normalize

present = {m: block.present for m, block in blocks.items()}
has = np.column_stack(list(present.values()))  # (n_items, 3)
share = has / np.maximum(has.sum(axis=1, keepdims=True), 1)
parts = [normalize(block.values) for block in reduced[0].values()]
by_hand = np.hstack([np.sqrt(share[:, [j]]) * part for j, part in enumerate(parts)])
print("equal:", np.allclose(concatenated[0].values, by_hand))

# %% [markdown]
# And is the similarity of two rows the weighted sum of three cosines? Compare all pairs of complete
# tracks. Then fit the ridge regression.

# %%
complete = has.all(axis=1)
similarity = (by_hand @ by_hand.T)[np.ix_(complete, complete)]
cosines = sum(part @ part.T for part in parts) / 3
print("equal:", np.allclose(similarity, cosines[np.ix_(complete, complete)]))
results["early fusion"] = evaluate_all(map(tune, concatenated, splits))
show(["sum of features", "early fusion"], baseline="sum of features")

# %% [markdown]
# The same 40 columns of each modality, the same ridge regression: the weighted concatenation is ahead
# of the sum by 0.075, and the interval excludes zero.
#
# ## Late fusion, step by step
#
# In late fusion each modality has its own model, and only the *scores* are added. All say how much
# this user will like this track. Can they be added as they are?

# %% tags=["predict"]
for m in blocks:
    y = models[m][0].score(users, items[cold & present[m]])
    print(f"{m:6} λ = {models[m][0].reg:<6.0f} standard deviation of the scores {y.std():.4f}")

# %% [markdown]
# No. A strong regularisation makes scores small, but image and text have the same $\lambda$ and differ,
# too. In this split the scores of audio vary most by far, so a plain sum would nearly be audio alone,
# whether audio is right or not. So each user's scores are brought to a common scale, the **z-score**:
# minus the mean, divided by the standard deviation (`standardize_scores`).
#
# Mean and standard deviation over which tracks? We take the training tracks. But a model fits
# ratings that it has learned from better than it predicts those of a cold-start track. So we use
# **cross-validation** over tracks: divide the training tracks into five folds, and score each fold by
# a model that was fitted on the four others. Such scores are called **out-of-fold**. Weights will be
# learned from them, too.

# %%
from mmrec_course.evaluation import ScoreTable, out_of_fold_scores
from mmrec_course.fusion import standardize_scores


def predict(model, block, split):
    """Score all tracks: out-of-fold where they are training tracks (fold ≥ 0)."""
    held_out = out_of_fold_scores(model, split.train_valid, {block.modality: block})
    scores, folds = held_out.score(users, items), np.full(len(items), -1)
    training = items.isin(held_out.item_ids)
    scores[:, ~training] = model.score(users, items[~training])
    folds[training] = held_out.folds
    return ScoreTable(scores, users, items, folds)


def standardize(tables):
    """Return z-scores: modality → (n_users, n_items)."""
    return {
        m: standardize_scores(table.values, table.values[:, (table.folds >= 0) & present[m]])
        for m, table in tables.items()
    }


# %%
predictions = []  # for each split: modality → ScoreTable
for j, split in enumerate(splits):
    predictions.append({m: predict(models[m][j], features[j][m], split) for m in blocks})
folds = [tables["text"].folds for tables in predictions]  # the same for all modalities
z = [standardize(tables) for tables in predictions]

# %% [markdown]
# And a track without a cover? Its row in $F$ is 0, so the image model gives it 0. That is no prediction, so
# fusion should leave it out. `weighted_sum` renormalises the weights ($a_{im}$ is 1 where track $i$ has modality $m$, else 0):
#
# $$\hat y_{ui} = \frac{\sum_m a_{im}\, w_m\, z_{m,ui}}{\sum_m a_{im}\, w_m}$$
#
# In words: a weighted mean of the scores that exist. By hand, for a track without a cover:

# %%
from mmrec_course.fusion import weighted_sum

equal = {"image": 1 / 3, "text": 1 / 3, "audio": 1 / 3}
late_scores = weighted_sum(z[0], equal, present)
track = np.flatnonzero(~present["image"] & present["text"] & present["audio"])[0]
by_hand = (z[0]["text"][:, track] + z[0]["audio"][:, track]) / 2
print("equal:", np.allclose(late_scores[:, track], by_hand))

# %% [markdown]
# Now every step is measured: raw scores with renormalised weights; the same with z-scores (*late, equal*);
# z-scores with a 0 where a modality is missing.


# %%
def table_of(scores):
    return ScoreTable(scores, users, items)


steps = {"raw scores": [], "z-scores, missing is 0": [], "late, equal": []}
for tables, y in zip(predictions, z, strict=True):
    raw = {m: table.values for m, table in tables.items()}
    zeros = {m: np.where(present[m], y[m], 0.0) for m in y}
    steps["raw scores"].append(table_of(weighted_sum(raw, equal, present)))
    steps["z-scores, missing is 0"].append(table_of(weighted_sum(zeros, equal)))
    steps["late, equal"].append(table_of(weighted_sum(y, equal, present)))

# %%
results |= {name: evaluate_all(tables) for name, tables in steps.items()}
show(["text", *steps], baseline="text")

# %% [markdown]
# The sum of raw scores shows no gain over text: its interval is wide and contains zero. With z-scores, the
# only change from *raw scores* to *late, equal*, the gain over text is large and clear.
#
# How missing modalities are treated changes NDCG by 0.001 only. So look at the incomplete tracks: what
# is their share of the top ten, divided by their share of the candidates? 1 would be fair.

# %%
from mmrec_course.evaluation import rank_items


def share_of_incomplete(table, split):
    cold = items.isin(split.candidates)
    top = rank_items(table.values[:, cold], 10)  # (n_users, 10) positions
    return (~complete[cold])[top].mean() / (~complete[cold]).mean()


print(f"complete tracks: {complete.mean():.0%}")
for name, tables in steps.items():
    shares = [share_of_incomplete(t, split) for t, split in zip(tables, splits, strict=True)]
    print(f"{name:23}", np.mean(shares).round(1))

# %% [markdown]
# With zeros, incomplete tracks stand in the top ten far too rarely: 0 is the middle of the scale, and
# it pulls their mean to the middle. With renormalised weights a track has the
# score that it would have if the missing modality agreed with the others.
#
# It even gets a small bonus: a mean of two scores varies more than a mean of three, and the top of a
# list takes the extremes. Lesson 10 goes on from here.
#
# ## Where weights come from
#
# So far all weights were equal. In steps of 0.1, there are 66 ways to divide 1 among three
# modalities (`weight_grid`). Try them all on the out-of-fold scores of the first split. Each fold
# is ranked by itself, since its scores come from one model (`groups`).

# %%
from mmrec_course.fusion import ndcg_objective, weight_grid


def on_training_tracks(function, j, scores):
    """Call ndcg_objective or stack_weights with the out-of-fold scores of split j."""
    training = folds[j] >= 0
    part = {m: y[:, training] for m, y in scores.items()}
    has = {m: present[m][training] for m in scores}
    return function(part, liked[:, training], has, groups=folds[j][training])


objective = on_training_tracks(ndcg_objective, 0, z[0])
grid = weight_grid(3, step=0.1)
ndcg = np.array([objective(dict(zip(blocks, w, strict=True))) for w in grid])
print("best of", len(grid), dict(zip(blocks, grid[ndcg.argmax()].tolist(), strict=True)))

# %% tags=["slide-flat-top"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import finish, use_style

use_style()
_, ax = plt.subplots(figsize=(6.4, 4.4))
x, height = grid[:, 1] + grid[:, 2] / 2, grid[:, 2] * np.sqrt(3) / 2
points = ax.scatter(x, height, c=ndcg, s=190, cmap="viridis")
top = np.argmax(ndcg.round(9))
ax.scatter(x[top], height[top], s=330, facecolors="none", edgecolors="#d55e00", linewidths=2.5)
for name, place in zip(blocks, [(0, -0.1), (1, -0.1), (0.5, 0.93)], strict=True):
    ax.annotate(f"{name} alone", place, ha="center", va="center")
ax.set(xlim=(-0.15, 1.15), ylim=(-0.16, 1), aspect="equal")
ax.set_axis_off()
ax.get_figure().colorbar(points, ax=ax, label="NDCG@10, out-of-fold")
ax.set_title("The best weights are near the centre, and the top is flat")
finish(ax, alt="Triangle of 66 weights coloured by NDCG: high and flat around the centre")

# %% [markdown]
# Each dot is one way to divide the weight; a corner gives all of it to one modality. The ringed dot
# is the best: by chance, the snippet's weights. Look at how little changes around it: *equal weights*,
# the centre, are hard to beat.
#
# The second way needs no grid. Which sum of scores comes nearest to what happened ($t$ is 1 where
# the user liked the track, 0 elsewhere), if no weight may be negative?
#
# $$\min_{w \ge 0} \; \sum_{u,i} \Big(t_{ui} - \sum_m w_m z_{m,ui}\Big)^2$$
#
# Learning weights from the out-of-fold predictions of other models is called **stacking**, and
# `stack_weights` does it with non-negative least squares. It takes complete tracks only, subtracts each
# user's mean in each fold from $t$ and $z$, and divides the weights by their sum.
# [Deeper: weights in detail](deeper/08_weights_in_detail.ipynb) does it by hand. It also shows other
# scales (ranks, min–max), weights for each user, and the cost of learning from the wrong scores.
#
# Are learned weights better than equal ones? Learn them in each split:


# %% tags=["predict"]
from mmrec_course.fusion import stack_weights


def fuse(j, scores):
    """Late fusion of z-scores of split j, with weights by stacking."""
    learned = on_training_tracks(stack_weights, j, scores)
    return learned, table_of(weighted_sum(scores, learned, present))


fused = [fuse(j, z[j]) for j in range(5)]
print("first split:", {m: f"{w:.2f}" for m, w in fused[0][0].items()})
results["late fusion"] = evaluate_all(table for _, table in fused)
show(["late, equal", "late fusion"], baseline="late, equal")

# %% [markdown]
# No difference is visible, as the flat top suggested. We keep the learned weights, and soon see what they
# protect from.
#
# ## The running table
#
# *Late fusion* has the weights learned by stacking.

# %% tags=["slide-running-table"]
from mmrec_course.extras.cold_start import running_table
from mmrec_course.recommenders import Random

results["chance"] = evaluate_all([Random(rng=j).fit(mosaic.ratings) for j in range(5)])
rows = ["chance", *blocks, "early fusion", "late fusion"]
print_table(running_table({name: results[name] for name in rows}), digits=3)

# %% [markdown]
# Both fusions are far above every single modality. Can they be told apart?

# %%
show(["late fusion", "early fusion"], baseline="late fusion")

# %% [markdown]
# No: the interval of the difference includes zero.
#
# They differ in three ways, and [Deeper: early or late](deeper/08_early_or_late.ipynb) tries one at a
# time. Early fusion fits all modalities jointly: that changes nothing visible. It reduces their rows: its
# mean is higher than without, but the interval includes zero. It has no z-score for each user: late fusion
# on reduced rows gains if one standard deviation serves all, which keeps how strongly each user
# responds to a modality.
#
# ## What does each modality add?
#
# How good a modality is *alone* stands in the running table. **Leave-one-out ablation** asks how much is
# lost without it. The weights of the others are learned again:

# %%
for m in blocks:
    tables = []
    for j in range(5):
        rest = {other: y for other, y in z[j].items() if other != m}
        tables.append(fuse(j, rest)[1])
    results[f"without {m}"] = evaluate_all(tables)
show(["late fusion", *(f"without {m}" for m in blocks)], baseline="late fusion")

# %% [markdown]
# Without any one of them NDCG falls: all three intervals are below zero. Note that images have the
# lowest mean alone, and still leaving them out costs the most on average. (That it costs more than
# leaving out text is not shown.)
#
# But what exactly was lost? Ablation takes away two things at once: what the texts say, *and* one
# more model, which could help by itself. Ablation cannot rule this out.
#
# A **permutation control** (a *placebo*) can. `FeatureBlock.shuffle` permutes the rows of a block
# among the tracks that have one. All numbers, the missing texts and the third model stay, and weights
# are learned as before. Only *which text belongs to which track* is lost.

# %%
permuted, permuted_equal, text_weights = [], [], []
for j, split in enumerate(splits):
    block = features[j]["text"].shuffle(rng=j)
    model = ContentRidge(modality="text", reg=models["text"][j].reg)
    model.fit(split.train_valid, {"text": block})
    tables = {**predictions[j], "text": predict(model, block, split)}
    scores = standardize(tables)
    learned, table = fuse(j, scores)
    text_weights.append(learned["text"])
    permuted.append(table)
    permuted_equal.append(table_of(weighted_sum(scores, equal, present)))
print("largest weight of permuted text:", round(max(text_weights), 2))

# %% tags=["predict", "slide-permuted-text"]
results["text permuted"] = evaluate_all(permuted)
results["text permuted, equal"] = evaluate_all(permuted_equal)
show(["without text", "text permuted", "text permuted, equal"], baseline="without text")

# %% [markdown]
# With learned weights, permuted text adds nothing to image and audio: the interval is narrow and
# includes zero. So the gain from text is what the texts say of their tracks.
#
# The last row shows what learned weights protect from. With equal weights, permuted text has a third of
# the weight, and the list is clearly worse than without it.
#
# ## Content on warm items
#
# So far nobody had rated the tracks in the list. On warm items a fourth source of scores joins: the
# collaborative model EASE (lesson 07). As in lesson 07, each user's last ratings are held out.
# Content is early fusion as above (`early_fusion` itself reduces each block to 40 components); its
# $\lambda$ and its weight are chosen on validation ratings. What weight do you expect?

# %%
from mmrec_course.evaluation import compare, temporal_split
from mmrec_course.recommenders import EASE, ImplicitALS

past = temporal_split(mosaic.ratings)
ids = past.train_valid["item_id"].unique()
content = early_fusion(extract_features(mosaic, fit_items=ids), fit_items=ids)
ease = EASE(reg=200)  # as tuned in lesson 07
ridge = tune(content, past)

# %%
from sklearn.base import clone


def warm_scores(ratings):
    """Fit EASE and content; return their z-scores over all tracks, as all are warm here."""
    fitted = [clone(ease).fit(ratings), clone(ridge).fit(ratings, {"fused": content})]
    return [standardize_scores(model.score(users, items)) for model in fitted]


def mix(scores, weight):
    return table_of((1 - weight) * scores[0] + weight * scores[1])


# %% tags=["predict"]
scores, validation = warm_scores(past.train), pd.Series(dtype=float)
for weight in np.linspace(0, 1, 11).round(1):
    table = evaluate(mix(scores, weight), past, part="valid", metrics=["ndcg"])
    validation[weight] = table["ndcg"].mean()
weight = validation.idxmax()
print("content weight", weight, " validation NDCG@10", validation.max().round(3))

scores = warm_scores(past.train_valid)
choices = {"EASE": 0.0, "EASE and content": weight, "content": 1.0}
tables = {name: evaluate(mix(scores, w), past, metrics=["ndcg"]) for name, w in choices.items()}
ials = ImplicitALS(factors=32, iterations=10, reg=30, alpha=4)  # tuned there, too
tables["iALS"] = evaluate(ials.fit(past.train_valid), past, metrics=["ndcg"])
print_table(compare(tables).loc[:, "mean":"diff_high"], digits=3)

# %% [markdown]
# Content with a small weight adds a little to EASE, and the interval excludes zero. Content alone is
# far below EASE.
#
# But iALS, which sees no content, is about as far ahead of EASE. What does content add to *both*? Lesson
# 11 measures it in the final model: nothing that can be told apart from zero. Lesson 13 asks the same of
# real people. On cold-start items content is all there is.
#
# Weight 1 on cold-start items, a small weight on warm ones: **learn weights on the kind of items for
# which they are used**.
#
# ## What goes wrong
#
# - **Adding scores on different scales.** The sum of raw scores showed no gain over text.
# - **A missing modality as 0.** NDCG hardly shows it, but incomplete tracks are too rare in the lists.
# - **Ablation as the only evidence.** It cannot tell what a modality says from one more model.
#
# ## Your turn
#
# Five [exercises](exercises/08_weighted_fusion.ipynb) with
# [solutions](solutions/08_weighted_fusion.ipynb): scale scores, see what a sum of features compares,
# renormalise weights, shrink a user's estimate, and divide a gain among modalities.
#
# Ablation has a weakness: where two modalities know the same thing, leaving out one costs little.
# [Deeper: Shapley values](deeper/08_shapley_values.ipynb) divides the gain fairly, with permutation
# controls for all modalities and worlds in which content means nothing.
#
# ## Recap
#
# - A sum of features of different modalities showed no gain. Reduced, scaled and *side by side* they
#   can be fused early: a weighted sum of similarities.
# - Scores mean the same in all modalities. They can be added on a common scale, with weights
#   renormalised over the present modalities.
# - Weights are learned from out-of-fold scores. Here they are no better than equal ones, unless a
#   modality says nothing.
# - Ablation says what is lost without a modality. A permutation control says whether the gain comes
#   from what the modality says of its tracks.
# - On warm items content adds a little to one collaborative model.
#
# ## Sources
#
# - Hoerl and Kennard (1970), *Ridge Regression*, Technometrics 12(1): the model of each modality.
# - Saunders, Gammerman and Vovk (1998), *Ridge Regression Learning Algorithm in Dual Variables*,
#   ICML: the dual form.
# - Wolpert (1992), *Stacked Generalization*, Neural Networks 5(2): weights from out-of-fold scores.
# - Breiman (1996), *Stacked Regressions*, Machine Learning 24: why these weights should not be
#   negative.
# - Ojala and Garriga (2010), *Permutation Tests for Studying Classifier Performance*, JMLR 11: what a
#   permutation of rows tests.
