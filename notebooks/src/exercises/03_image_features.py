# %% [markdown]
# # Exercises 03 · Image features
#
# Five exercises on [lesson 03](../03_image_features.ipynb), from one line to one idea, in 30 to 75 minutes. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise says what to look
# at. The [solutions](../solutions/03_image_features.ipynb) also say why. Mosaic's listeners are simulated, here as
# everywhere.

# %%
import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import cold_item_split, compare_splits
from mmrec_course.extras.cold_start import cold_start_results
from mmrec_course.features import (
    HOG,
    ColorHistogram,
    ColorMoments,
    FeatureBlock,
    TfidfText,
    extract_features,
)
from mmrec_course.fusion import early_fusion
from mmrec_course.preprocessing import load_image

# %%
mosaic = load_mosaic()
covers = {i: load_image(mosaic.items.loc[i, "image"]) for i in ("t077", "t047")}
split = cold_item_split(mosaic.ratings, fraction=0.2, rng=0)
training_items = np.unique(split.train_valid["item_id"])
shape = extract_features(mosaic, ["image"], extractors={"image": HOG()})["image"]

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
assert np.shape(hellinger([1, 0], [0, 1])) == () and hellinger([1, 0], [0, 1]) is not None, (
    "return one number: sum over the bins b"
)
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
# of `ColorHistogram` are square roots of shares, so both lengths are 1 and $x \cdot y$ is the sum
# $\sum_b \sqrt{p_b q_b}$: half the squared distance is 1 minus that sum. So after the square root the ordinary
# (Euclidean) distance is, but for the factor $\sqrt 2$, the Hellinger distance.

# %% [markdown]
# ## 2 · One cell of HOG
#
# `g_x` and `g_y` are the gradients at the pixels of a cell. Return its histogram of `n_bins` directions
# between 0° and 180°: each pixel votes with the *length* of its gradient, and the result is divided by the
# number of pixels.


# %% exercise="cell_histogram"
def cell_histogram(g_x, g_y, n_bins):
    ### BEGIN SOLUTION
    angle = np.degrees(np.arctan2(g_y, g_x)) % 180
    direction = np.minimum(angle * n_bins // 180, n_bins - 1).astype(int)
    votes = np.hypot(g_x, g_y)
    return np.bincount(direction.ravel(), votes.ravel(), n_bins) / g_x.size
    ### END SOLUTION


# %% check="cell_histogram" points=2
right, down = np.array([[3.0, 0.0]]), np.array([[4.0, 0.0]])
found = cell_histogram(right, down, 9)
assert np.shape(found) == (9,), "return nine numbers: a bin for each direction, also without a vote"
assert np.argmax(found) == 2, "atan2(4, 3) is 53°, the third bin of 20°: is g_y the first argument?"
assert abs(np.sum(found) - 2.5) < 1e-9, "the vote is the length, 5, and there are two pixels"
assert np.allclose(found, cell_histogram(-right, -down, 9)), (
    "light on dark and dark on light are the same: take the angle modulo 180°"
)
g_x, g_y = np.array([[4.0, 6.0], [-9.0, -16.0]]), np.array([[3.0, 8.0], [12.0, 12.0]])
found = cell_histogram(g_x, g_y, 4)
assert np.shape(found) == (4,) and np.allclose(found, [1.25, 2.5, 3.75, 5]), (
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
# A histogram cannot tell a red sky from a red floor. Return one that can: the `ColorHistogram` of the upper half of
# the picture's rows, then that of the lower half, in one array. Scale it so that its length is 1 and both halves count
# the same.


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
row = np.asarray(halves(flag))
assert row.shape == (144,), f"return one row, 72 bins for each half, not shape {row.shape}"
assert abs(np.linalg.norm(row) - 1) < 1e-4, "each half has length 1, so both together have √2"
assert row @ halves(flag[::-1]) < 1e-9, "upside down, no colour is where it was: cut rows"
cover = covers["t077"]
by_half = np.reshape(halves(cover), (2, 72))
assert np.allclose(np.linalg.norm(by_half, axis=1), np.sqrt(0.5)), (
    "on a real cover too, both halves have the same length: scale each by itself"
)
quarters = ColorHistogram(layout=2).transform([cover]).reshape(2, 2, 72)
assert np.allclose(by_half**2, (quarters**2).sum(axis=1)), (
    "half the rows of *this* picture, and the root of each share, as ColorHistogram has it"
)

# %%
whole, quarters = (
    extract_features(mosaic, ["image"], extractors={"image": ColorHistogram(layout=n)})["image"]
    for n in (1, 2)
)
results = cold_start_results(mosaic.ratings, lambda items: {"whole": whole, "quarters": quarters})
table = compare_splits(results, test_share=0.2, baseline="whole")
print_table(table.drop("chance")[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# *Does it help?* (The table compares the whole cover with `layout=2`: a histogram for each quarter.) Not that we can
# tell: the interval of the difference contains zero. There are four times as many columns to learn from the same covers, and in Mosaic
# nobody's taste depends on *where* on a cover a colour is. More information helps only if users care about it.

# %% [markdown]
# ## 4 · Learn from the training items only
#
# `seen` are ids of training items. Return the block with every column standardised and then reduced to `k`
# principal components, both learned from the items in `seen` only: `FeatureBlock` has the methods `standardize` and
# `reduce`. (The check does the same by hand.)


# %% exercise="reduce_honestly"
def reduce_honestly(block, seen, k):
    ### BEGIN SOLUTION
    return block.standardize(seen).reduce(k, seen)
    ### END SOLUTION


# %% check="reduce_honestly"
seen = training_items
honest = reduce_honestly(shape, seen, 16)
assert isinstance(honest, FeatureBlock), "return the block, as standardize and reduce do"
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
# *Why bother?* No rating is in this leak, only means, standard deviations and directions. No result on this
# page would look suspicious with it, so it is easily overlooked. Lesson 06 shows leaks that make results look
# much better than they are. So make it a habit: whatever is *learned* gets `fit_items`.

# %% [markdown]
# ## 5 · Is a second family worth its columns?
#
# From covers alone, moments added nothing to the histogram. And beside words and sounds? Return the blocks of all three
# modalities, with the given image extractors, learned from `training_items` only. (A list of extractors stands side by
# side in one block.)


# %% exercise="blocks_for"
def blocks_for(training_items, image_extractors):
    ### BEGIN SOLUTION
    extractors = {"image": image_extractors}
    return extract_features(mosaic, fit_items=training_items, extractors=extractors)
    ### END SOLUTION


# %% check="blocks_for" points=2
one = blocks_for(training_items, [ColorHistogram()])
assert isinstance(one, dict), "return what extract_features returns: modality → block"
assert set(one) == {"image", "text", "audio"}, "all three modalities, not the image alone"
assert one["image"].values.shape[1] == 72, "use the extractors that are given"
two = blocks_for(training_items, [ColorHistogram(), ColorMoments()])
assert two["image"].values.shape[1] == 81, "72 columns and 9, side by side"
few = blocks_for(training_items[:200], [ColorHistogram()])
for items, answer in ((training_items, one), (training_items[:200], few)):
    texts = mosaic.items.loc[items, "text"].dropna()
    known = list(TfidfText().fit(texts).get_feature_names_out())
    assert list(answer["text"].names) == known, (
        "the vocabulary has words of other items than the given ones: pass them as fit_items"
    )

# %% [markdown]
# Now with and without moments, on the five splits of the running table. `early_fusion` puts the three blocks side by side
# in one (lesson 08):


# %%
def fused_blocks(items):
    extractors = {"histogram": [ColorHistogram()]}
    extractors["histogram + moments"] = [ColorHistogram(), ColorMoments()]
    return {
        name: early_fusion(blocks_for(items, families), fit_items=items)
        for name, families in extractors.items()
    }


results = cold_start_results(mosaic.ratings, fused_blocks)
table = compare_splits(results, test_share=0.2, baseline="histogram")
print_table(table.drop("chance")[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# *What it says.* Beside words and sounds the moments help a little: 0.008, and the interval just excludes zero. (The row
# *histogram + moments* is the row *early fusion* of the running table.) From covers alone the lesson could not tell the
# difference from zero. So a descriptor that seems useless alone may still be worth its columns beside other modalities.
# But an interval that just excludes zero, for one of several questions that we asked, is weak evidence.
