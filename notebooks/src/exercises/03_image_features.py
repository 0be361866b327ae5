# %% [markdown]
# # Exercises 03 · Image features
#
# Five exercises on [lesson 03](../03_image_features.ipynb), from one line to one idea. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise
# says what to look at. Mosaic's listeners are simulated, here as everywhere.

# %%
from types import SimpleNamespace

import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import cold_item_split, compare_splits, evaluate
from mmrec_course.features import HOG, ColorHistogram, ColorMoments, TfidfText, extract_features
from mmrec_course.fusion import standardize_scores, weighted_sum
from mmrec_course.preprocessing import load_image
from mmrec_course.recommenders import ContentRidge

mosaic = load_mosaic()
covers = {i: load_image(path) for i, path in mosaic.items["image"].dropna().items()}

# %% [markdown]
# ## 1 · How far apart are two colour distributions?
#
# One line. `p` and `q` are shares, each summing to 1. Return their **Hellinger distance**
#
# $$\sqrt{1 - \textstyle\sum_b \sqrt{p_b q_b}}.$$


# %% exercise="hellinger"
def hellinger(p, q):
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    ### BEGIN SOLUTION
    return np.sqrt(max(0.0, 1 - np.sqrt(p * q).sum()))
    ### END SOLUTION


# %% check="hellinger"
assert hellinger([1, 0], [0, 1]) == 1, "nothing in common: the sum is 0, the distance 1"
assert abs(hellinger([0.5, 0.5], [0.5, 0.5])) < 1e-6, "a distribution is at distance 0 from itself"
assert abs(hellinger([1, 0], [0.25, 0.75]) - np.sqrt(0.5)) < 1e-9, (
    "the sum is √(1 · 0.25) = 0.5, so the distance is √(1 − 0.5): did you take both roots?"
)

# %%
a, b = ColorHistogram().transform([covers["t077"], covers["t047"]])
print(fixed(hellinger(a**2, b**2)), "=", fixed(np.linalg.norm(a - b) / np.sqrt(2)))

# %% [markdown]
# *Why the same?* $\lVert x - y \rVert^2 = \lVert x \rVert^2 + \lVert y \rVert^2 - 2\, x \cdot y$. Rows
# of `ColorHistogram` are roots of shares, so both lengths are 1 and $x \cdot y$ is the sum
# $\sum_b \sqrt{p_b q_b}$: half the squared distance is 1 minus that sum. The square root in the lesson was no
# trick: it makes ordinary distance the right one for distributions.

# %% [markdown]
# ## 2 · One cell of HOG
#
# `g_x` and `g_y` are the changes at the pixels of a cell. Return its histogram of `n_bins` directions
# between 0° and 180°: each pixel votes with the *length* of its change, and the result is divided by the
# number of pixels.


# %% exercise="cell_histogram"
def cell_histogram(g_x, g_y, n_bins):
    ### BEGIN SOLUTION
    angle = np.degrees(np.arctan2(g_y, g_x)) % 180
    place = np.minimum(angle * n_bins // 180, n_bins - 1).astype(int)
    votes = np.hypot(g_x, g_y)
    return np.bincount(place.ravel(), votes.ravel(), n_bins) / g_x.size
    ### END SOLUTION


# %% check="cell_histogram" points=2
right, down = np.array([[3.0, 0.0]]), np.array([[4.0, 0.0]])
found = cell_histogram(right, down, 9)
assert len(found) == 9, "a bin for each direction, also those without a vote"
assert np.argmax(found) == 2, "atan2(4, 3) is 53°, the third bin of 20°: is g_y the first argument?"
assert abs(found.sum() - 2.5) < 1e-9, "the vote is the length, 5, and there are two pixels"
assert np.allclose(found, cell_histogram(-right, -down, 9)), (
    "light on dark and dark on light are the same: take the angle modulo 180°"
)
g_x, g_y = np.array([[4.0, 6.0], [-9.0, -16.0]]), np.array([[3.0, 8.0], [12.0, 12.0]])
found = cell_histogram(g_x, g_y, 4)
assert len(found) == 4 and np.allclose(found, [1.25, 2.5, 3.75, 5]), (
    "37°, 53°, 127° and 143° are in four different bins of 45°: use n_bins; and divide by all four pixels"
)

# %%
ramp = np.tile(np.arange(0, 160, 10.0), (16, 1))
g = np.zeros_like(ramp)
g[:, 1:-1] = ramp[:, 2:] - ramp[:, :-2]
print(cell_histogram(g, np.zeros_like(g), 9))

# %% [markdown]
# *What it says.* Brightness rises by 10 a pixel, so two neighbours of a pixel differ by 20. The outer columns have
# only one neighbour and do not vote: 14 of 16 columns vote 20 each, which is 17.5 a pixel, all of it at 0°.

# %% [markdown]
# ## 3 · Give colour a place
#
# A histogram does not know a red sky from a red floor. Return one that does: the histograms of the
# upper and of the lower half of the rows, one after the other, scaled so that the whole row has length 1 and
# both halves count the same.


# %% exercise="halves"
def halves(picture):
    ### BEGIN SOLUTION
    middle = len(picture) // 2
    upper, lower = ColorHistogram().transform([picture[:middle], picture[middle:]])
    return np.concatenate([upper, lower]) / np.sqrt(2)
    ### END SOLUTION


# %% check="halves" points=2
flag = np.zeros((6, 4, 3), np.uint8)
flag[:3, :, 0], flag[3:, :, 2] = 255, 255
found = halves(flag)
assert found.shape == (144,), "72 bins for each half"
assert abs(np.linalg.norm(found) - 1) < 1e-4, "each half has length 1, so both together have √2"
assert found @ halves(flag[::-1]) < 1e-9, "upside down, no colour is where it was: cut rows"
assert abs(found @ halves(flag[:, ::-1]) - 1) < 1e-4, "left and right do not matter here"
cover = covers["t077"]
quarters = ColorHistogram(layout=2).transform([cover]).reshape(2, 2, 72)
assert np.allclose(np.linalg.norm(halves(cover).reshape(2, 72), axis=1), np.sqrt(0.5)), (
    "on a real cover too, both halves have the same length: scale each by itself"
)
assert np.allclose(halves(cover).reshape(2, 72) ** 2, (quarters**2).sum(axis=1)), (
    "half the rows of *this* picture, and the root of each share, as ColorHistogram has it"
)

# %%
plain = extract_features(mosaic, ["image"], extractors={"image": ColorHistogram()})["image"]
four = extract_features(mosaic, ["image"], extractors={"image": ColorHistogram(layout=2)})["image"]


def rank_new(block, split):
    model = ContentRidge(modality="image", reg=10.0).fit(split.train_valid, {"image": block})
    return evaluate(model, split, metrics=["ndcg"])


splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
results = {
    "whole": [rank_new(plain, split) for split in splits],
    "quarters": [rank_new(four, split) for split in splits],
}
table = compare_splits(results, test_share=0.2)
print_table(table[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# *Does it help?* No: the interval of the difference contains zero. There are four times as many columns to
# learn from the same covers, and in this shop it does not matter to anybody *where* on a cover a colour is. A
# feature that knows more is not better; it has to know more of what matters.

# %% [markdown]
# ## 4 · Learn from the training items only
#
# `seen` are ids of training items. Return the block with every column standardised and then reduced to `k`
# directions, both learned from the items in `seen` only. (The check does the same by hand.)


# %% exercise="reduce_honestly"
def reduce_honestly(block, seen, k):
    ### BEGIN SOLUTION
    return block.standardize(seen).reduce(k, seen)
    ### END SOLUTION


# %% check="reduce_honestly"
shape = extract_features(mosaic, ["image"], extractors={"image": HOG()})["image"]
seen = np.unique(splits[0].train_valid["item_id"])
honest = reduce_honestly(shape, seen, 16)
learned_from = honest.present & np.isin(honest.item_ids, seen)
assert honest.values.shape == (480, 16), "keep all items, also the new ones, and k columns"
assert np.allclose(honest.values[learned_from].mean(axis=0), 0), (
    "over the items in `seen`, and only over them, every column has mean 0: give `seen` to reduce"
)
assert not np.allclose(
    np.abs(honest.values), np.abs(shape.standardize().reduce(16, seen).values)
), "first standardise. That learns too, mean and standard deviation: give it `seen` as well"
train = shape.values[learned_from]
z, zs = ((v - train.mean(axis=0)) / train.std(axis=0) for v in (shape.values, train))
directions = np.linalg.svd(zs, full_matrices=False)[2]
for k in (16, 5):
    found = reduce_honestly(shape, seen, k).values[shape.present]
    by_hand = (z @ directions[:k].T)[shape.present]
    assert found.shape == by_hand.shape and np.allclose(np.abs(found), np.abs(by_hand)), (
        f"k = {k}: standardise, then reduce, then nothing more; `seen` in both, and no other items"
    )

# %% [markdown]
# *Why bother?* No rating is in this leak, only means, deviations and directions, and nothing on this
# page would look suspicious with it. That is why it is so easy to leave in. Lesson 06 shows leaks that do
# look splendid. So make it a habit: whatever is *learned* gets `fit_items`.

# %% [markdown]
# ## 5 · Is a second family worth its columns?
#
# From covers alone, moments added nothing to the histogram. And beside words and sound? Return all three blocks
# for a split, with the image extractors given; learn all that is learned from the tracks in `split.train_valid`. (A
# list of extractors stands side by side. `extract_features` takes the ids in `fit_items`.)


# %% exercise="blocks_for"
def blocks_for(split, image_extractors):
    ### BEGIN SOLUTION
    seen = split.train_valid["item_id"]
    return extract_features(mosaic, fit_items=seen, extractors={"image": image_extractors})
    ### END SOLUTION


# %% check="blocks_for" points=2
one = blocks_for(splits[0], [ColorHistogram()])
two = blocks_for(splits[0], [ColorHistogram(), ColorMoments()])
assert set(two) == {"image", "text", "audio"}, "all three modalities, not the image alone"
assert one["image"].values.shape[1] == 72, "use the extractors that are given"
assert two["image"].values.shape[1] == 81, "72 columns and 9, side by side"
for place, found in ((0, two), (1, blocks_for(splits[1], [ColorHistogram()]))):
    known = mosaic.items.loc[splits[place].train_valid["item_id"].unique(), "text"].dropna()
    assert list(found["text"].names) == list(TfidfText().fit(known).get_feature_names_out()), (
        "words that only new tracks have are not known yet: give fit_items the seen items"
    )

# %%
families = {
    "histogram": [ColorHistogram()],
    "histogram + moments": [ColorHistogram(), ColorMoments()],
}
weights = {"image": 0.3, "text": 0.4, "audio": 0.3}


def fused_model(blocks, split):
    models = {m: ContentRidge(modality=m, reg=10.0).fit(split.train_valid, blocks) for m in blocks}

    def score(users, items):
        present = {m: blocks[m].align(items).present for m in blocks}
        scores = {m: standardize_scores(models[m].score(users, items)) for m in blocks}
        return weighted_sum(scores, weights, present)

    return SimpleNamespace(score=score)


# %% [markdown]
# Ten splits, twice three ridge regressions each, fused as in lesson 00 with the weights from there:

# %%
fused = {name: [] for name in families}
for split in [cold_item_split(mosaic.ratings, rng=seed) for seed in range(10)]:
    for name, extractors in families.items():
        model = fused_model(blocks_for(split, extractors), split)
        fused[name].append(evaluate(model, split, metrics=["ndcg"]))
table = compare_splits(fused, test_share=0.2)
print_table(table[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# *What it says.* Undecided. The mean is a little higher, and the interval of the difference contains zero: the gain
# is at most 0.007 with these weights, if there is one. "I cannot tell" is an answer too. Nine more columns that need no
# learning are cheap, so one may well keep them; but nobody should say that this table proved them right.
