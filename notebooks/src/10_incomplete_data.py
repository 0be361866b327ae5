# %% [markdown]
# # 10 · Incomplete data: missing modalities, cold-start items, new users
#
# **Aim** Decide what a recommender does where something is missing: a cover, a clip, all ratings of
# a track, the history of a user. Write each method by hand, and measure what it costs.<br>
# **Time** {minutes} minutes, exercises 25 to 65 more.<br>
# **Needs** Lessons 06 (splits, intervals) and 08 (ridge regression, early fusion, renormalised
# weights). Nothing is downloaded.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import print_table
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
training_items = [split.train_valid["item_id"].unique() for split in splits]
present = mosaic.present()
combinations = present.replace({True: "yes", False: "–"})
print_table(combinations.value_counts().rename("tracks").reset_index(), index=False)

# %% [markdown]
# ## What is missing, and why it matters
#
# Most tracks have everything. About a fifth lacks something, mostly the audio clip. No track lacks all three.
# $a_{im}$ is 1 where item $i$ has modality $m$, else 0. Here is a gap that you can see:

# %% tags=["slide-track-without-cover"]
from mmrec_course.display import show_track

cold = items.isin(splits[0].candidates)  # cold-start items of the first split
no_cover = ~present["image"] & present["text"] & present["audio"]
track = items[no_cover & cold][0]
show_track(mosaic.items, track)

# %% [markdown]
# This track has no cover. In the first split it is a cold-start item as well: nobody has rated it.
# What should a model put in the place of the cover?
#
# The answer depends on *why* something is missing. Since Rubin (1976), three **mechanisms** are told apart:
#
# - **Missing completely at random** (MCAR): the gap depends on nothing. A disk failed, and one cover in
#   twenty was lost.
# - **Missing at random** (MAR): the gap depends only on what we observe. Old tracks lack covers, and
#   the year stands in the table. Given the year, the gap says nothing more. So give the model the year.
# - **Missing not at random** (MNAR): the gap depends on what we do not observe. Nobody draws a cover
#   for a track that nobody will buy. Then the gap itself says something about the very thing that we
#   want to predict.
#
# Mosaic's own gaps are completely at random (lesson 01). In this lesson we remove more, by the first and
# the third mechanism.
#
# ## Gaps by hand
#
# We use the model of lesson 08: early fusion and ridge regression. First the features of each split,
# learned from its training items only. Each modality is reduced to 40 columns, for speed.

# %%
features = []  # of each split: modality → FeatureBlock
for fit_items in training_items:
    blocks = extract_features(mosaic, fit_items=fit_items)
    features.append({m: block.reduce(40, fit_items) for m, block in blocks.items()})

# %% [markdown]
# To write a value where there is none is called **imputation**. Three such methods, and deletion, on the
# covers of the first split, of which we remove half:
#
# - **Deletion** (*drop*): only complete tracks remain.
# - **Zero imputation**: a missing row becomes a row of zeros.
# - **Mean imputation**: a missing row becomes the mean of the training items that have a cover.
# - **Neighbours' mean**: not the mean of all, but of the ten tracks that the same users chose.

# %%
ids = training_items[0]
training = items.isin(ids)
image = features[0]["image"]
gappy = image.mask(items[np.random.default_rng(0).random(len(items)) < 0.5])
dropped = gappy.values[gappy.present]
zero_imputed = np.where(gappy.present[:, None], gappy.values, 0.0)
mean_row = gappy.values[gappy.present & training].mean(axis=0)
mean_imputed = np.where(gappy.present[:, None], gappy.values, mean_row)
print("covers left:", gappy.present.sum(), "of", image.present.sum())

# %% [markdown]
# For the neighbours, the similarity of two tracks is the cosine of their columns of interactions. Only
# *training* interactions may count: who will choose a track is what we want to find out. A track
# without interactions has no neighbours and gets the mean of all.

# %%
from sklearn.preprocessing import normalize

from mmrec_course.evaluation import rank_items

train = splits[0].train_valid
chosen = pd.crosstab(train["item_id"], train["user_id"]).reindex(items, fill_value=0)
similarity = normalize(chosen) @ normalize(chosen).T  # (n_items, n_items)
donors = np.flatnonzero(gappy.present & training)
similarity_to_donors = np.asarray(similarity)[:, donors]  # (n_items, n_donors)
nearest = donors[rank_items(similarity_to_donors, 10)]  # (n_items, 10)
neighbours_imputed = mean_imputed.copy()
for row in np.flatnonzero(~gappy.present & training):
    chosen_together = nearest[row][similarity[row, nearest[row]] > 0]
    neighbours_imputed[row] = gappy.values[chosen_together].mean(axis=0)

# %% [markdown]
# `impute_missing` has all four:

# %%
from mmrec_course.extras.missing import impute_missing

by_hand = {"drop": dropped, "zero": zero_imputed}
by_hand |= {"mean": mean_imputed, "neighbours": neighbours_imputed}
for method, values in by_hand.items():
    imputed = impute_missing({"image": gappy}, method, fit_items=ids, ratings=train)["image"]
    print(f"{method:10} equal:", np.allclose(imputed.values, values))

# %% [markdown]
# The fifth method imputes nothing. It uses **renormalised weights** (lesson 08): the weights of the
# modalities that a track has are divided by their sum.
#
# $$w_{im} = \frac{a_{im}\, w_m}{\sum_n a_{in}\, w_n}$$
#
# What do the methods do to our track? `early_fusion` puts three rows of length 1 side by side, each times
# the root of its weight. Look at the squared length of each part. (Here with all columns of the
# features, since zero has another meaning after a reduction.)

# %% tags=["predict", "slide-row-lengths"]
from mmrec_course.fusion import early_fusion

raw = extract_features(mosaic, fit_items=ids)
modality = np.repeat(list(raw), [len(block.names) for block in raw.values()])  # of each column
lengths = {}
for method in ("zero", "mean", "renormalize"):
    imputed = impute_missing(raw, method, fit_items=ids)
    rows = early_fusion(imputed, n_components=None, fit_items=ids)
    squares = pd.Series(rows.align([track]).values[0] ** 2)
    lengths[method] = squares.groupby(modality).sum()[list(raw)]
print_table(pd.DataFrame(lengths).T)

# %% [markdown]
# Three methods, three meanings:
#
# - *Zero* is not neutral. After centring, the row of zeros points away from the mean, and scaling makes
#   it as long as any other. So all tracks without a cover look alike, as if "no cover" were a style.
# - *Mean* becomes 0 when the mean is subtracted. The missing part adds nothing to the score. But it keeps
#   its third of the weight. The whole row is shorter, and the score is closer
#   to 0. So *mean* says nothing about the cover, but the length of the row still shows the gap.
# - *Renormalize* gives the weight of the missing part to the two others. The row has length 1.
#
# The reduced features of `features` are centred already. There zero and mean are nearly the same, so we follow
# the mean only.
#
# ## What a shorter row does to the lists
#
# `ridge_scores` is the model: early fusion, then ridge regression to the centred ratings
# $\tilde R$. (`ContentRidge` would scale each fused row to length 1 again, and the shorter rows would be
# gone. So we take scikit-learn's `Ridge` on the rows as they are.)
#
# The regularisation strength is $\lambda = 10$. Would another value change the comparison of *mean* and
# *renormalize*? A deeper notebook, linked below, measures five.

# %%
from sklearn.linear_model import Ridge

stars = mosaic.ratings.pivot_table(index="user_id", columns="item_id", values="rating")
R = (stars.reindex(index=users, columns=items) - 2.5).fillna(0.0).to_numpy()


def ridge_scores(blocks, j):
    """Return (n_users, n_items) scores, learned from the training items of split j."""
    fit_items = training_items[j]
    fused = early_fusion(blocks, n_components=None, fit_items=fit_items).align(items)
    learn = fused.present & items.isin(fit_items)
    ridge = Ridge(alpha=10.0, fit_intercept=False).fit(fused.values[learn], R[:, learn].T)
    return ridge.predict(fused.values).T


# %% [markdown]
# How often do cold-start items with a gap stand among the users' first ten? **Exposure** here is their
# share of these places, divided by their share of the cold-start items. It is 1 if they are listed as often
# as the others. A first look, at one split:

# %% tags=["predict", "slide-exposure"]
gap = ~present.to_numpy().all(axis=1)[cold]


def exposure(scores, group, k=10):
    """Return the share of the first k places that a group of items gets, over its share of items."""
    share_of_places = group[rank_items(scores, k)].mean()
    return share_of_places / group.mean()


for method in ("mean", "renormalize"):
    scores = ridge_scores(impute_missing(features[0], method, fit_items=ids), 0)
    print(f"{method:12} exposure of items with a gap: {exposure(scores[:, cold], gap):.1f}")

# %% [markdown]
# Lists are made of the highest scores, and under mean imputation the scores of such tracks are closer to 0.
# They get 0.6 times the places that their number would give them. With renormalised weights they get as
# many as others. Which is *right*? That takes a measurement.
#
# ## The curves
#
# How much does a missing modality cost, and which method costs least? We remove more and more:
#
# - **completely at random**: each modality of each track is missing with the same chance (MCAR).
# - **not at random**: the chance is larger for a track that gets few ratings, and the held-out
#   ratings count too (MNAR). The mean chance is the same. With 25 and 50 % missing, the chance grows
#   evenly from 0 for the most popular track to twice the share for the least popular one. With 75 % it
#   grows from 50 to 100 %.

# %%
n_ratings = mosaic.ratings["item_id"].value_counts().reindex(items, fill_value=0)
unpopularity = n_ratings.rank(ascending=False, method="first").to_numpy() / len(items)  # 0 to 1


def remove(blocks, share, mechanism, seed):
    """Mark this share of all modalities as missing."""
    chance = np.full(len(items), share)
    if mechanism == "not at random":
        chance = chance + min(share, 1 - share) * (2 * unpopularity - 1)
    rng = np.random.default_rng(seed)
    return {m: block.mask(items[rng.random(len(items)) < chance]) for m, block in blocks.items()}


mechanisms = ("completely at random", "not at random")
for mechanism in mechanisms:
    gappy = remove(features[0], 0.5, mechanism, seed=0)
    left = np.mean([block.present for block in gappy.values()], axis=0)
    most, least = left[unpopularity < 1 / 3].mean(), left[unpopularity > 2 / 3].mean()
    print(f"{mechanism:20} most popular third has {most:.2f}, least popular third {least:.2f}")

# %% [markdown]
# Each result goes into one long table: a row for each user, split, mechanism, share and method. Training
# items lose modalities as well. A track that was dropped gets the score $-\infty$: it is never
# listed. (*Neighbours* comes back below; a cold-start track has none and gets the mean.) Mosaic's
# listeners are simulated, here and in everything that follows.

# %%
from itertools import product

from mmrec_course.evaluation import ScoreTable, evaluate


def evaluate_scores(scores, split):
    """Return the NDCG@10 of each user."""
    table = evaluate(ScoreTable(scores, users, items), split, metrics=["ndcg"])
    return table[["ndcg"]].reset_index()


def evaluate_method(blocks, method, j):
    """Impute, fit on the training items of split j, and evaluate on its cold-start items."""
    imputed = impute_missing(blocks, method, fit_items=training_items[j])
    scores = ridge_scores(imputed, j)
    if method == "drop":
        scores[:, ~items.isin(imputed["image"].item_ids)] = -np.inf
    return evaluate_scores(scores, splits[j]).assign(split=j, method=method)


# %% tags=["predict"]
tables = []
conditions = list(product(mechanisms, (0.0, 0.25, 0.5, 0.75)))
for j, (mechanism, share) in product(range(5), conditions):
    gappy = remove(features[j], share, mechanism, seed=j)
    for method in ("drop", "mean", "renormalize"):
        table = evaluate_method(gappy, method, j)
        tables.append(table.assign(mechanism=mechanism, share=share))
results = pd.concat(tables)

keys = ["mechanism", "method", "share", "split"]
per_split = results.groupby(keys, as_index=False)["ndcg"].mean()
curves = per_split.pivot_table(index=["mechanism", "method"], columns="share", values="ndcg")
print_table(curves.rename(columns="{:.0%}".format), digits=3)

# %% tags=["slide-curves"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
titles = ["Completely at random: drop is far behind", "Not at random: mean is ahead"]
for ax, title, (mechanism, group) in zip(axes, titles, curves.groupby("mechanism"), strict=True):
    for (_, method), color, marker in zip(group.index, PALETTE, "ovs", strict=False):
        line = group.loc[(mechanism, method)]
        ax.plot(100 * line.index, line, color=color, marker=marker, label=method)
    ax.set(title=title, xlabel=f"share missing {mechanism} (%)", ylim=(0, 0.3))
axes[0].set(ylabel="NDCG@10, cold-start items")
axes[1].legend()
alt = "NDCG against the share of missing modalities. Completely at random, mean and renormalize fall together from 0.26 to 0.13, and drop falls to 0.01. Not at random, all three hold until half is missing, mean above the others; at 75 % all fall, drop furthest."
finish(figure, alt)

# %% [markdown]
# Left: the more is missing, the worse. *Drop* falls fastest: it has fewer tracks to learn from, and fewer
# to list. Right: with half of all modalities gone, all three lose little or nothing. How can that be? The
# gaps are where few users will look. The most popular third keeps 0.78 of its modalities, and NDCG counts
# the tracks that users liked.
#
# *Mean* even rises, from 0.263 to 0.273. Which differences are real? All methods had the same splits and
# the same gaps, so we compare in pairs. The table has the difference to *renormalize* and its 95 %
# interval over the five splits (`compare_splits`, lesson 06):

# %%
from mmrec_course.display import interval
from mmrec_course.evaluation import compare_splits


def compare_methods(rows, baseline):
    """Return means and differences to the baseline, with 95 % intervals over the splits."""
    tables = {}
    for method, group in rows.groupby("method"):
        tables[method] = [t.set_index("user_id")[["ndcg"]] for _, t in group.groupby("split")]
    return compare_splits(tables, test_share=0.2, baseline=baseline).loc[:, "mean":"diff_high"]


# %%
rows = []
for (mechanism, share), group in results[results["share"] > 0].groupby(["mechanism", "share"]):
    table = compare_methods(group, "renormalize").loc[["drop", "mean"], "difference":"diff_high"]
    rows += [(mechanism, f"{share:.0%}", m, interval(*table.loc[m], 3)) for m in table.index]
table = pd.DataFrame(rows, columns=["mechanism", "share", "method", "difference"])
table = table.pivot_table("difference", ["mechanism", "share"], "method", aggfunc="first")
print_table(table)

# %% [markdown]
# **Completely at random**, *drop* is clearly worse at every share. *Mean* and *renormalize* cannot be told
# apart: all three intervals contain 0.
#
# **Not at random**, *mean* is ahead of *renormalize* at 25 and 50 %. The imputed row still says nothing
# about the cover. But *mean* puts tracks with a gap lower on the lists, and now these are tracks that few
# users will choose. Below, "The mask knows something" measures both.
#
# Two deeper notebooks go on from here:
#
# - [Missing indicators](deeper/10_missing_indicator.ipynb): a model that gets the gap as a feature of its own
#   gains as much as *mean* does. And with half of all modalities missing not at random, *mean* leads
#   *renormalize* by about 0.03 for each $\lambda$ from 1 to 100.
# - [Modality dropout](deeper/10_modality_dropout.ipynb): to remove modalities at random in training is a
#   regularisation. Beside a well-chosen $\lambda$ it gains nothing that we could measure.
#
# ## Cold-start items in the running table
#
# A cold-start item is an item with a gap, too. It lacks what tells most: ratings, and with them every
# *collaborative* score. Content is all there is. Here is the running table (lesson 03): the same five
# splits, with Mosaic's own gaps only.

# %%
from mmrec_course.extras.cold_start import cold_start_results, running_table


def blocks_of(fit_items):
    blocks = extract_features(mosaic, fit_items=fit_items)
    return blocks | {"early fusion": early_fusion(blocks, fit_items=fit_items)}


print_table(running_table(cold_start_results(mosaic.ratings, blocks_of)), digits=3)

# %% [markdown]
# Early fusion has 0.264, about 3.4 times chance. The 0 % column of the curves has 0.263 for the same
# features. Two things differ: there $\lambda$ is 10 in all splits, here it is chosen for each split; and
# `ContentRidge` centres the fused rows and scales them to length 1 once more.
#
# Imputation can also work on the *collaborative* side: predict the missing item factors from content.
# Lesson 09 calls such a map an encoder, and the literature an *attribute-to-feature mapping*. The final
# model of lesson 11 predicts collaborative *scores* from content, with one ridge regression.
#
# ## New users
#
# A **cold-start user** is a user without a history. 120 users, drawn by lot, take no part in fitting.
# After 0, 1, 3 and 5 ratings: how well does a model predict what they like *later*?
#
# Here we need one model before it is explained: the **final model** of lesson 11 adds collaborative
# scores and content scores, and `partial_fit` gives it the ratings of new users without learning anything
# anew. Beside it stand:
#
# - **popularity**: the same list for everybody;
# - **content-only**: early fusion and `ContentRidge`, which learns from the user's own ratings alone;
# - **collaborative-only**: the final model with all weight on its collaborative part, an **ablation**
#   (lesson 08).
#
# All tracks are warm items here, so features are learned from all.

# %%
from mmrec_course.evaluation import Split

new_users = np.random.default_rng(0).choice(users, 120, replace=False)
is_new = mosaic.ratings["user_id"].isin(new_users)
others = mosaic.ratings[~is_new]
own = mosaic.ratings[is_new].sort_values(["timestamp", "item_id"])
position = own.groupby("user_id").cumcount()  # 0 for a user's first rating
known, test = pd.concat([others, own[position < 5]]), own[position >= 5]
everything = {"candidates": items, "valid_candidates": items}
later = Split(train=known, valid=own[:0], test=test, **everything)

# %%
from copy import copy

from mmrec_course.evaluation import compare
from mmrec_course.recommenders import ContentRidge, MultimodalRecommender, Popularity

blocks = extract_features(mosaic)
fused = {"fused": early_fusion(blocks)}
fitted = MultimodalRecommender().fit(others, blocks)
popularity = Popularity().fit(others)
new_user_tables = {}
for n in (0, 1, 3, 5):
    first = own[position < n]
    final = copy(fitted).partial_fit(first)
    models = {"popularity": popularity, "final": final}
    models["collaborative-only"] = final.refitted("cf_weight", 1.0)
    content = ContentRidge(modality="fused", reg=10.0)
    models["content-only"] = content.fit(pd.concat([others, first]), fused)
    new_user_tables[n] = {m: evaluate(models[m], later, metrics=["ndcg"]) for m in models}

# %% [markdown]
# How many ratings are needed until the final model is better than popularity? And does content add
# anything to its collaborative part? Differences in NDCG@10, with bootstrap intervals over the 120 users
# (without ratings, content-only lists tracks in the order of their ids):

# %% tags=["predict"]
differences = {}
pairs = [("final", "popularity"), ("content-only", "popularity"), ("final", "collaborative-only")]
for name, baseline in pairs:
    lines = {n: compare(t, baseline=baseline).loc[name] for n, t in new_user_tables.items()}
    lines = pd.DataFrame(lines).T.loc[:, "difference":"diff_high"]
    differences[f"{name} − {baseline}"] = [interval(*line, 3) for line in lines.to_numpy()]
print_table(pd.DataFrame(differences, index=list(new_user_tables)).rename_axis("ratings"))

# %% [markdown]
# **One rating is enough** to be better than popularity: 0.014 [0.004, 0.024]. With three ratings the gain is
# 0.135, with five 0.158. *Content-only* is below popularity even after five. Five tracks say little about a
# taste if one looks only at their features; what *others* who chose them chose as well says more.
#
# Were the two rivals at their best? NDCG@10 on the *test*, which is more than fair, for several
# half-lives of popularity (in days, lesson 07), and for several $\lambda$ of content-only with five ratings.

# %%
rivals = [(Popularity(half_life=days), others) for days in (None, 1000, 240, 60)]
rivals += [(ContentRidge(modality="fused", reg=reg), known) for reg in (1, 10, 100)]
for rival, ratings in rivals:
    ndcg = evaluate(rival.fit(ratings, fused), later, metrics=["ndcg"])["ndcg"].mean()
    print(f"{rival!s:40} {ndcg:.2f}")

# %% [markdown]
# No value changes the picture. (Recency helped popularity in lesson 07, where the test was each user's
# *last* ratings. These users' ratings come from both years.)
#
# And content inside the final model? Each interval of *final* − *collaborative-only* contains 0 and is
# narrow: at most 0.011 in either direction. So content shows no gain for new users, on warm items.
#
# Lesson 11 shows a list after two likes, with the reason for each track.
#
# These listeners are simulated. **On real people ten ratings do not beat popularity, and twenty
# only draw level** ([lesson 13](13_real_people.ipynb)): people begin with popular films, which say little about
# who rates them. And there text does harm to new users: up to ten ratings it costs 0.012 to 0.017.
#
# ## What goes wrong
#
# **A leak through the neighbours' means.** `impute_missing` asks for `fit_items` and for *training*
# ratings. What if it gets all ratings? That happens easily in a notebook that begins with "clean the
# data". Half of everything is missing completely at random. We impute neighbours' means twice: from the training
# ratings, and from all ratings, those of the test included. *Mean* is the row of the curves.

# %% tags=["predict", "slide-leak"]
rows = [results.query("mechanism == 'completely at random' and share == 0.5 and method == 'mean'")]
for j, split in enumerate(splits):
    gappy = remove(features[j], 0.5, "completely at random", seed=j)
    sources = {"neighbours": split.train_valid, "neighbours, all ratings": mosaic.ratings}
    for method, ratings in sources.items():
        fit_items = training_items[j]
        imputed = impute_missing(gappy, "neighbours", fit_items=fit_items, ratings=ratings)
        table = evaluate_scores(ridge_scores(imputed, j), split)
        rows.append(table.assign(split=j, method=method))
print_table(compare_methods(pd.concat(rows), "neighbours"), digits=3)

# %% [markdown]
# With all ratings the NDCG more than doubles, and every bit of the gain is false. A cold-start track's missing
# cover is now imputed from covers of tracks that the *same users* chose. These choices are the answers of
# the test, written into the features.
#
# The honest row is below *mean*. A cold-start track has no neighbours and gets the mean anyway. What
# changes is the training items: averages of other covers were worse to learn from than one mean.
#
# `fit_items` prevents another leak: a mean over all tracks has seen the features of cold-start items, though
# not their ratings. Such a leak was too small to be seen in [lesson 06](06_evaluation.ipynb) (trap 2).
#
# **The mask knows something.** Rank the cold-start items by nothing but *how many*
# modalities they have, with ties in random order:

# %%
rows = []
for j, split in enumerate(splits):
    noise = np.random.default_rng(j).random((len(users), len(items)))
    rankings = {"chance": noise}
    for mechanism in mechanisms:
        gappy = remove(features[j], 0.5, mechanism, seed=j)
        n_present = np.sum([block.present for block in gappy.values()], axis=0)
        rankings[mechanism] = n_present + 0.001 * noise
    for name, scores in rankings.items():
        rows.append(evaluate_scores(scores, split).assign(split=j, method=name))
print_table(compare_methods(pd.concat(rows), "chance"), digits=3)

# %% [markdown]
# Where gaps are not at random, this list reaches 0.154, twice chance, without any content. The **mask**, the
# table of all $a_{im}$, predicts popularity. How much does a model use this? Look at the exposure of the
# cold-start items that have at most one modality left:

# %%
rows = []
for j, mechanism, method in product(range(5), mechanisms, ("mean", "renormalize")):
    gappy = remove(features[j], 0.5, mechanism, seed=j)
    n_present = np.sum([block.present for block in gappy.values()], axis=0)
    scores = ridge_scores(impute_missing(gappy, method, fit_items=training_items[j]), j)
    is_cold = items.isin(splits[j].candidates)
    value = exposure(scores[:, is_cold], n_present[is_cold] <= 1)
    rows.append((mechanism, method, value))
exposures = pd.DataFrame(rows, columns=["mechanism", "method", "exposure"])
print_table(exposures.pivot_table(index="method", columns="mechanism", values="exposure"), digits=1)

# %% [markdown]
# Under *mean*, such tracks get a third to a half of the places that their number would give them;
# under *renormalize* it is 0.6 to 0.8. (Tracks that lack all three have the score 0 under both.) NDCG rewards
# the former where gaps are not at random: it counts the likes that there were. But think of a shop that
# lives by such lists. Tracks without a cover find no listeners, stay unpopular, and never get their cover.
# And tomorrow's gaps may have another reason: a record company that delivers covers late. Then the lead of
# *mean* is gone, as [the deeper notebook](deeper/10_missing_indicator.ipynb) measures.
#
# ## What should you do?
#
# First ask *why* something is missing. On your training items you can compare the mask with the number
# of ratings. Here is their rank correlation, for Mosaic as it is and for our two mechanisms:

# %%
n_known = splits[0].train_valid["item_id"].value_counts()[ids]
masks = {"Mosaic's own gaps": features[0]}
masks |= {mechanism: remove(features[0], 0.5, mechanism, seed=0) for mechanism in mechanisms}
for name, gappy in masks.items():
    n_present = sum(block.present.astype(int) for block in gappy.values())
    correlation = pd.Series(n_present, items)[ids].corr(n_known, method="spearman")
    print(f"{name:20} {correlation:.2f}")

# %% [markdown]
# (Chance alone gives up to ±0.1 with 384 tracks.) A correlation far from 0 says: not at random, or at random
# given something that goes with popularity. Then, from the tables:
#
# 1. Do not delete items. *Drop* was never clearly better, and clearly worse in four of six conditions.
# 2. If the gap depends on something that you know (the year), give it to the model.
# 3. If only NDCG counts, mean imputation is safe here: in no table was it clearly below renormalised weights,
#    and where the same gaps will predict popularity tomorrow, it gains up to 0.03. A missing indicator
#    does this openly.
# 4. If items must not lose places for what a record company did not deliver, renormalise. The price is up to
#    0.03 where gaps are not at random, and nothing that we could measure where they are completely so.
# 5. Take neighbours' means from training ratings only, and only if a measurement shows a gain.
#
# ## Your turn
#
# Five exercises in [exercises/10_incomplete_data.ipynb](exercises/10_incomplete_data.ipynb) (25 to 65
# minutes): the mean of a genre, renormalised weights, exposure by position, a cover predicted from text and
# audio, and a test that finds leaks. [Solutions](solutions/10_incomplete_data.ipynb).
#
# ## Recap
#
# - Gaps are missing completely at random, at random, or not at random. Not at random, the gap itself
#   is information.
# - A row of zeros is not neutral. A mean row says nothing about the missing content, but it moves the score
#   towards 0. Renormalised weights let the other modalities decide.
# - Completely at random, mean imputation and renormalised weights could not be told apart, and deletion was
#   clearly worse. Not at random, mean was ahead at 25 and 50 %, because unpopular tracks have more gaps.
# - Cold-start items need content. Cold-start users need a few ratings and other users: in Mosaic one
#   rating beats popularity; on real people not even twenty do (lesson 13).
# - Neighbours' means from all ratings carry the answers of the test into the features.
#
# ## Sources
#
# - Rubin (1976), *Inference and Missing Data*, Biometrika 63(3): the three mechanisms.
# - Little and Rubin (2019), *Statistical Analysis with Missing Data*, Wiley: imputation, and what it does.
# - Malitesta and others (2024), *Do We Really Need to Drop Items with Missing Modalities in Multimodal
#   Recommendation?*, CIKM: imputation instead of deletion.
# - Gantner and others (2010), *Learning Attribute-to-Feature Mappings for Cold-Start Recommendations*, ICDM:
#   item factors from content.
# - Schein, Popescul, Ungar and Pennock (2002), *Methods and Metrics for Cold-Start Recommendations*, SIGIR:
#   the name of the problem.
