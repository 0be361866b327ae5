# %% [markdown]
# # Exercises 10 · Incomplete data
#
# Five exercises on [lesson 10](../10_incomplete_data.ipynb), from one line to one idea: 25 to 65 minutes.
# Run the first two cells; after them, each exercise stands by itself. Write your answer where it says so,
# then run the cell below it: it is silent if all is well, and otherwise says what to look at.
# [Solutions](../solutions/10_incomplete_data.ipynb). Mosaic's listeners are simulated, here as everywhere.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.preprocessing import normalize

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import cold_item_split, compare, evaluate, rank_items
from mmrec_course.extras.missing import impute_missing
from mmrec_course.features import extract_features
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import ContentRidge

# %%
mosaic = load_mosaic()
split = cold_item_split(mosaic.ratings, rng=0)
items, users = mosaic.items.index.to_numpy(), mosaic.users.index.to_numpy()
training_items = split.train_valid["item_id"].unique()
training = np.isin(items, training_items)
blocks = extract_features(mosaic, fit_items=training_items)
blocks = {m: block.reduce(40, training_items) for m, block in blocks.items()}
print("training items:", training.sum(), " cold-start items:", (~training).sum())

# %% [markdown]
# ## 1 · The mean of a genre
#
# One line. The lesson imputed the mean of *all* training items. A metal track may be better served by the
# mean of metal. Return the row to impute for the genre `wanted`: the mean of the rows of `values` that
# belong to **training** items of this genre which have the modality.
#
# `values` is (n_items, d). `present`, `training` (both Boolean) and `genre` (text) are (n_items,). Rows
# of `values` where `present` is False mean nothing. (Combine Boolean arrays with `&`, not with `and`.)


# %% exercise="genre_mean"
def genre_mean(values, present, training, genre, wanted):
    ### BEGIN SOLUTION
    return values[present & training & (genre == wanted)].mean(axis=0)
    ### END SOLUTION


# %% check="genre_mean"
x = np.array([[1.0, 2.0], [3.0, 4.0], [8.0, 0.0], [0.0, 0.0], [8.0, 9.0], [50.0, 60.0]])
has, old = np.array([1, 1, 1, 0, 1, 1]) > 0, np.array([1, 1, 1, 1, 0, 1]) > 0
genres = np.array(["metal", "metal", "metal", "metal", "metal", "soul"])
row = np.asarray(genre_mean(x, has, old, genres, "metal"))
assert row.shape == (2,), f"shape {row.shape}: one number for each column, the mean along axis 0"
assert not np.allclose(row, [15.5, 16.5]), "the last track is soul: take only those of the genre"
assert not np.allclose(row, [5, 3.75]), "the fifth track is no training item: leave it out"
assert not np.allclose(row, [3, 1.5]), "the fourth track lacks the modality: leave its zeros out"
assert not np.allclose(row, [3, 2]), "(3, 2) is the median; the mean is asked for"
assert np.allclose(row, [4, 2]), "the mean of the first three: present, training, and metal"
assert np.allclose(genre_mean(x, has, old, genres, "soul"), [50, 60]), "for soul: the last track"

# %%
text, genre = blocks["text"], mosaic.items["genre"].to_numpy()
gappy = text.mask(items[np.random.default_rng(0).random(len(items)) < 0.5])
removed = text.present & ~gappy.present
mean = impute_missing({"text": gappy}, "mean", fit_items=training_items)["text"].values[removed]
by_genre = [genre_mean(gappy.values, gappy.present, training, genre, g) for g in genre[removed]]
errors = [((text.values[removed] - row) ** 2).sum() for row in (np.array(by_genre), mean)]
print("squared error, genre's mean over mean of all:", fixed(errors[0] / errors[1], 2))

# %% [markdown]
# *Why training items only?* The others stand for tracks that do not exist yet. A mean that has seen their
# features cannot be had on the day when the model is built. With means the harm is small; with ratings
# it is not (exercise 5).

# %% [markdown]
# ## 2 · Renormalised weights
#
# Two or three lines. `present` is a Boolean array (n_items, M), `weights` an array (M,). Return the array
# (n_items, M) of renormalised weights:
#
# $$w_{im} = \frac{a_{im}\, w_m}{\sum_n a_{in}\, w_n}$$
#
# An item without any modality gets zeros, not NaN, and no warning.


# %% exercise="renormalized"
def renormalized(present, weights):
    ### BEGIN SOLUTION
    kept = present * weights
    total = kept.sum(axis=1, keepdims=True)
    return kept / np.where(total > 0, total, 1.0)
    ### END SOLUTION


# %% check="renormalized"
has, w = (
    np.array([[True, True, True], [False, True, True], [False, False, True]]),
    np.array([2, 1, 1]),
)
shares = renormalized(has, w)
assert isinstance(shares, np.ndarray) and shares.shape == (3, 3), "return an array (n_items, M)"
assert not np.allclose(shares[0], [2, 1, 1]), "divide by the sum, also where nothing is missing"
assert not np.allclose(shares.sum(axis=0), 1), "divide each row by its own sum: axis=1"
assert np.allclose(shares[0], [0.5, 0.25, 0.25]), (
    f"first row: {shares[0]}, expected each weight over the sum, 4 (keepdims=True keeps rows apart)"
)
assert not np.allclose(shares[1], [0, 0.25, 0.25]), (
    "the sum is over the modalities that the item has: here 2, not 4"
)
assert np.allclose(shares[1:], [[0, 0.5, 0.5], [0, 0, 1]]), (
    "0 where missing, and each row sums to 1"
)
none = renormalized(np.array([[False, False]]), np.array([1.0, 1.0]))
assert np.allclose(none, [[0, 0]]), f"an item without any modality gets zeros, not {none[0]}"

# %%
present = np.column_stack([block.present for block in blocks.values()])
rows = early_fusion(blocks, n_components=None, fit_items=training_items).align(items).values
squared_lengths = (rows**2).reshape(len(items), 3, 40).sum(axis=2)
shares = renormalized(present, np.array([1.0, 1.0, 1.0]))
print("squared lengths in early_fusion equal:", np.allclose(squared_lengths, shares))

# %% [markdown]
# *What it says.* In `early_fusion` each part is a row of length 1, times the root of its renormalised weight.
# So the squared length of a part is that weight, and all rows have the same length, with or without gaps.

# %% [markdown]
# ## 3 · Exposure by position
#
# Three lines. The lesson's exposure counts each of the first ten places the same. But more users see the
# first place than the tenth. NDCG gives place $j$ the weight $1 / \log_2(j + 1)$ (lesson 06). `scores` is
# (n_users, n_items); `group` is Boolean, (n_items,). Return the share of the *weights* of the first `k`
# places that goes to items of the group, divided by the group's share of all items.
# (`rank_items(scores, k)` gives the columns of the first `k` items, one row for each user.)


# %% exercise="exposure"
def exposure(scores, group, k):
    ### BEGIN SOLUTION
    weights = 1 / np.log2(np.arange(k) + 2)
    share_of_weights = (group[rank_items(scores, k)] * weights).sum(axis=1) / weights.sum()
    return share_of_weights.mean() / group.mean()
    ### END SOLUTION


# %% check="exposure" points=2
y = np.array([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
one, two = np.array([True, False, False, False]), np.array([True, True, False, False])
second = np.array([False, True, False, False])
value = exposure(y, one, 1)
assert isinstance(value, float | np.floating), "return one number: the mean over users"
assert not np.isclose(value, 0.5), "divide by the group's share of the items, here 1/4"
assert np.isclose(value, 2), (
    f"{value}: half of the first places, a quarter of the items, so 2 (place 1 has j = 1: log2(2))"
)
assert np.isclose(exposure(y, two, 2), 1), "all of one list, nothing of the other: 1"
value = exposure(y[:1], second, 2)
assert not np.isclose(value, 2), "every place counts the same here: weigh them"
assert not np.isclose(value, 4), "how much of the list, not whether the item is on it at all"
assert not np.isclose(value, 4 * 0.63093), "divide by the sum of the weights, 1 + 0.63"
assert np.isclose(value, 4 * 0.63093 / 1.63093, atol=1e-4), (
    "second of two places: weight 0.63 of 1 + 0.63, divided by a quarter of the items"
)

# %%
incomplete = np.any([~block.present for block in blocks.values()], axis=0)
stars = split.train_valid.pivot_table(index="item_id", columns="user_id", values="rating")
targets = (stars.reindex(items[training]) - 2.5).fillna(0.0).to_numpy()
for method in ("mean", "renormalize"):
    imputed = impute_missing(blocks, method, fit_items=training_items)
    rows = early_fusion(imputed, n_components=None, fit_items=training_items).align(items).values
    ridge = Ridge(alpha=10.0, fit_intercept=False).fit(rows[training], targets)
    scores = ridge.predict(rows[~training]).T
    print(f"{method:12}", fixed(exposure(scores, incomplete[~training], 10), 1))

# %% [markdown]
# *What it says.* With renormalised weights, tracks with a gap are seen as much as others. Under mean
# imputation they are seen about half as much: their rows are shorter, and their scores closer to 0.
# NDCG shows none of this.

# %% [markdown]
# ## 4 · Predict the cover from text and audio
#
# *Mean* imputes the same row everywhere. But a track without a cover has a text and a clip, and bossa nova
# looks different from metal. Imputation by a model that predicts the missing columns from the others is
# called **regression imputation**. Write it with ridge regression, in three lines.
#
# `others`, $O$, is (n_items, p): text and audio side by side. `image`, $M$, is (n_items, q), and `has`
# (Boolean) says which rows of `image` are known. Learn $B = (O^\top O + \lambda I)^{-1} O^\top M$ from the rows that have a
# cover, and return $O B$ for the rows that have none. All columns are centred; use no intercept.


# %% exercise="predict_covers"
def predict_covers(others, image, has, reg):
    ### BEGIN SOLUTION
    o = others[has]
    b = np.linalg.solve(o.T @ o + reg * np.eye(o.shape[1]), o.T @ image[has])
    return others[~has] @ b
    ### END SOLUTION


# %% check="predict_covers" points=3
o = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [2.0, -1.0]])
m = np.array([[2.0], [5.0], [70.0], [-90.0]])  # the last two are to be predicted
has = np.array([True, True, False, False])
predicted = np.asarray(predict_covers(o, m, has, 1e-9))
assert predicted.shape == (2, 1), (
    f"shape {predicted.shape}, expected (2, 1): a row for each track without a cover, only for those"
)
blind = predict_covers(o, np.where(has[:, None], m, 0.0), has, 1e-9)
assert np.allclose(predicted, blind), "O′M must use only the rows whose cover is known"
assert not np.allclose(predicted, predict_covers(o, m, has, 1.0)), "reg does nothing: add reg · I"
assert np.allclose(predicted, [[5.0], [1.0]], atol=1e-6), (
    "learn O′O, too, from rows 0 and 1 only: B is (2, 3), so the answers are 2 + 3 and 4 − 3"
)
assert np.allclose(predict_covers(o, m, has, 1.0), [[3.4], [2.0]]), (
    "solve (O′O + reg · I) B = O′M, with reg on the diagonal only and no intercept"
)

# %%
complete = np.all([block.present for block in blocks.values()], axis=0)
lost = complete & (~training | (np.random.default_rng(0).random(len(items)) < 0.3))
covers = normalize(blocks["image"].values)
others = np.hstack([normalize(blocks[m].values) for m in ("text", "audio")])
mean = covers[complete & ~lost].mean(axis=0)
for reg in (1.0, 10.0, 100.0, 1000.0):
    predicted = predict_covers(others[complete], covers[complete], ~lost[complete], reg)
    error = ((covers[lost] - predicted) ** 2).sum() / ((covers[lost] - mean) ** 2).sum()
    print(f"reg {reg:6}: squared error over that of the mean:", fixed(error, 2))

# %% [markdown]
# On complete tracks; the covers of all cold-start items and of three training items in ten were removed.
# Hardly better than the mean, and worse with a small `reg`. Do the predicted covers help to rank
# cold-start items whose covers are missing?

# %%
image = blocks["image"].mask(items[~training])
values = image.values.copy()
values[~image.present] = predict_covers(others, blocks["image"].values, image.present, 100.0)
regression = replace(image, values=values, present=np.full(len(items), True))
tables = {}
for name, block in {"no covers": image, "predicted covers": regression}.items():
    fused = early_fusion(blocks | {"image": block}, n_components=None, fit_items=training_items)
    model = ContentRidge(modality="fused", reg=10.0).fit(split.train_valid, {"fused": fused})
    tables[name] = evaluate(model, split, metrics=["ndcg"])
print_table(compare(tables)[["mean", "difference", "diff_low", "diff_high"]])

# %% [markdown]
# *What it says.* At its best `reg` the prediction is 1 % better than the mean: in this shop text and audio say
# almost nothing about a cover. And even a good prediction could not bring anything new: whatever is
# computed from text and audio, text and audio contain already. Here it does harm, for the predicted cover
# takes a third of the weight from what is known. Imputation adds *numbers*, not *knowledge*. Could it help
# elsewhere? Yes, where taste acts on the looks alone and the text tells them well: the training items' covers
# then teach the model which words matter.

# %% [markdown]
# ## 5 · Does it leak?
#
# Somebody gives you a function that imputes: `impute(block, ratings)` returns a block without gaps. It gets
# everything: `block` has the features of cold-start items, `ratings` has their ratings. It should learn from
# training items only. You need not read its code. It can leak in two ways, so change two things, one at a
# time, and impute again:
#
# - the **features** of cold-start items: then no row of a *training* item may change;
# - the **ratings** of cold-start items (leave them out): then *no* row may change.
#
# Return True if it leaks. `cold` are the ids of the cold-start items, `block.item_ids` all ids.
# `replace(block, values=...)` makes a changed copy of a block.


# %% exercise="leaks"
def leaks(impute, block, ratings, cold):
    ### BEGIN SOLUTION
    is_cold = np.isin(block.item_ids, cold)
    changed = replace(block, values=block.values + 100.0 * is_cold[:, None])
    without = ratings[~ratings["item_id"].isin(cold)]
    before = impute(block, ratings).values
    other_features, fewer_ratings = impute(changed, ratings).values, impute(block, without).values
    same_features = np.allclose(before[~is_cold], other_features[~is_cold])
    return not (same_features and np.allclose(before, fewer_ratings))
    ### END SOLUTION


# %% [markdown]
# Six functions to try yours on. First the two of the lesson, with options:


# %%
def imputer(method, only_training=False, **options):
    """Return a function that imputes one block by a method of impute_missing."""

    def impute(block, ratings):
        if only_training:
            ratings = ratings[ratings["item_id"].isin(training_items)]
        return impute_missing({"audio": block}, method, ratings=ratings, **options)["audio"]

    return impute


# %% [markdown]
# Then a median, and all six together:


# %%
def median_of_all(block, ratings):
    median = np.median(block.values[block.present], axis=0)
    values = np.where(block.present[:, None], block.values, median)
    return replace(block, values=values, present=np.ones_like(block.present))


imputers = {
    "mean of training items": imputer("mean", fit_items=training_items),
    "mean of all items": imputer("mean"),
    "median of all items": median_of_all,
    "zero": imputer("zero"),
    "neighbours": imputer("neighbours", only_training=True, fit_items=training_items),
    "neighbours, all ratings": imputer("neighbours", fit_items=training_items),
}

# %% check="leaks" points=3
audio, cold = blocks["audio"], split.candidates
untouched = audio.values.copy()
answers = {name: leaks(f, audio, mosaic.ratings, cold) for name, f in imputers.items()}
assert np.array_equal(audio.values, untouched), "change a copy, not the block that you got"
assert isinstance(answers["zero"], bool | np.bool_), f"True or False, not {answers['zero']!r}"
assert not (answers["zero"] or answers["mean of training items"]), (
    "if features of cold-start items change, their own rows change: compare training items only"
)
assert answers["mean of all items"], (
    "a mean of all items changes when cold-start features do; compare the *imputed* rows, too"
)
assert answers["median of all items"], (
    "so does a median: change features by much, and do not compare with a mean of your own"
)
assert answers["neighbours, all ratings"], (
    "the lesson's leak: it comes through ratings, and into the rows of cold-start items"
)
assert not answers["neighbours"], (
    "this one ignores ratings of cold-start items: leave out only those, and keep all others"
)

# %%
print_table(pd.Series(answers, name="leaks").rename_axis("imputation"))

# %% [markdown]
# *What it says.* An imputed block does not show that it leaks. One has to test for it, and in the right
# place: a test that changes features alone passes *neighbours, all ratings*. The same test works for any step
# that learns (scalers, PCA, vocabularies): change what should not matter, and see whether it does.
