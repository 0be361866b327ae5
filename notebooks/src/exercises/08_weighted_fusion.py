# %% [markdown]
# # Exercises 08 · Weighted fusion
#
# Five exercises on [lesson 08](../08_weighted_fusion.ipynb), from one line to one idea. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise
# says what to look at. Mosaic's listeners are simulated, here as everywhere.

# %%
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import cold_item_split, compare, evaluate
from mmrec_course.features import extract_features
from mmrec_course.fusion import standardize_scores, weighted_sum
from mmrec_course.recommenders import ContentRidge

# %%
mosaic = load_mosaic()
blocks = extract_features(mosaic)
split = cold_item_split(mosaic.ratings, rng=0)
users, new = np.unique(split.test["user_id"]), split.candidates
guesses = {
    m: ContentRidge(modality=m, reg=10.0).fit(split.train_valid, blocks).score(users, new)
    for m in blocks
}


class Table:
    """A model that says what stands in a table."""

    def __init__(self, scores):
        self.frame = pd.DataFrame(scores, users, new)

    def score(self, user_ids, item_ids):
        return self.frame.loc[list(user_ids), list(item_ids)].to_numpy()


# %% [markdown]
# ## 1 · On one scale
#
# One line. `scores` is (listeners × tracks). Return each listener's **z-scores**: minus the
# listener's own mean, divided by the listener's own standard deviation.


# %% exercise="zscores"
def zscores(scores):
    ### BEGIN SOLUTION
    return (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
    ### END SOLUTION


# %% check="zscores"
tiny = np.array([[1.0, 3.0], [10.0, 30.0]])
assert np.shape(zscores(tiny)) == (2, 2), "return as many numbers as came in"
assert not np.allclose(zscores(tiny), np.array([[-1, 1], [-1, 1]]) / np.sqrt(2)), (
    "divide by the standard deviation with n, which is NumPy's default (ddof=0)"
)
assert np.allclose(zscores(tiny), [[-1, 1], [-1, 1]]), (
    "every listener by themselves: mean and standard deviation along axis 1, with keepdims=True"
)
assert np.allclose(zscores(guesses["text"]), standardize_scores(guesses["text"])), (
    "right on the tiny table; compare with standardize_scores on one listener of guesses['text']"
)

# %%
for name, scale in {"as they are": lambda y: y, "z-scores": zscores}.items():
    share = {m: np.abs(scale(y)).mean() for m, y in guesses.items()}
    total = sum(share.values())
    print(f"{name:12}", {m: fixed(value / total, 2) for m, value in share.items()})

# %% [markdown]
# *What it says.* Each modality's part of all that is being added, if the weights are equal. As
# they are, the boldest modality has nearly half of the say and the most timid one an eighth,
# before any weight is chosen. With z-scores a third is a third. Nothing about a modality's *worth*
# has gone into this yet: that is the weights' business, and now it can be.

# %% [markdown]
# ## 2 · Hand the weight on
#
# One track, one listener. `scores`, `weights` and `present` are arrays with one entry a modality;
# where `present` is False, the score is not a guess at all, whatever stands there. Return the
# weighted mean of the guesses that exist, and 0.0 if there are none. The weights need not add up
# to 1.


# %% exercise="weighted_mean"
def weighted_mean(scores, weights, present):
    ### BEGIN SOLUTION
    total = weights[present].sum()
    return float(weights[present] @ scores[present] / total) if total > 0 else 0.0
    ### END SOLUTION


# %% check="weighted_mean" points=2
y, w = np.array([2.0, 1.0, 9.0]), np.array([0.2, 0.6, 0.2])
every, gap = np.array([True, True, True]), np.array([True, True, False])
assert np.isclose(weighted_mean(y, w, every), 2.8), "with everything there: 0.4 + 0.6 + 1.8"
assert not np.isclose(weighted_mean(y, w, gap), 1.0), (
    "0.4 + 0.6 counts the gap as a 0; divide by the weights that are left, 0.8"
)
assert np.isclose(weighted_mean(y, w, gap), 1.25), "(0.2 · 2 + 0.6 · 1) / (0.2 + 0.6)"
assert np.isclose(weighted_mean(y, np.ones(3), gap), 1.5), (
    "weights 1, 1, 1: two guesses are left, 2 and 1; divide by the weights that are left"
)
hole = np.array([2.0, 1.0, np.nan])
assert np.isclose(weighted_mean(hole, w, gap), 1.25), (
    "a gap may hold NaN, and 0 · NaN is NaN: take scores[present] before you add anything up"
)
assert weighted_mean(y, w, ~every) == 0.0, "without any modality there is nothing to say: 0.0"

# %%
z = {m: standardize_scores(y) for m, y in guesses.items()}
present = {m: blocks[m].align(new).present for m in blocks}
fused = weighted_sum(z, {"image": 0.3, "text": 0.4, "audio": 0.3}, present)
mine = [
    weighted_mean(
        np.array([z[m][0, i] for m in z]),
        np.array([0.3, 0.4, 0.3]),
        np.array([present[m][i] for m in z]),
    )
    for i in range(len(new))
]
print("the first listener, all new tracks, equal to weighted_sum:", np.allclose(fused[0], mine))

# %% [markdown]
# *Why a mean?* Ask what the score of a track with a gap should be compared with: with those of
# complete tracks, in the same list. A sum of two parts is on another scale than a sum of three; a
# mean is on the same. It says what the sum would be if the missing modality agreed with the
# others, which is the best guess if all one knows is what the others say.

# %% [markdown]
# ## 3 · What does a sum of features compare?
#
# Two tracks, $i$ and $j$, each with a row for its picture and one for its words: `image_i`,
# `text_i`, `image_j`, `text_j`. Add up each track's two rows, and take the dot product of the two
# sums. It falls into four terms. Return two numbers: the part that compares *like with like*
# (picture with picture, words with words), and the part that compares picture with words.


# %% exercise="terms_of_a_sum"
def terms_of_a_sum(image_i, text_i, image_j, text_j):
    ### BEGIN SOLUTION
    like = image_i @ image_j + text_i @ text_j
    across = image_i @ text_j + text_i @ image_j
    return like, across
    ### END SOLUTION


# %% check="terms_of_a_sum" points=2
a, b, c, d = np.array([1.0, 2.0]), np.array([0.0, 3.0]), np.array([3.0, 1.0]), np.array([4.0, 3.0])
like, across = terms_of_a_sum(a, b, c, d)
assert np.isclose(like + across, (a + b) @ (c + d)), "together they are the dot product of the sums"
assert not np.isclose(like, 13), "the first number is like with like, the second across"
assert np.isclose(like, 14), "picture · picture is 1·3 + 2·1 = 5, words · words is 3·3 = 9"
assert np.isclose(across, 13), "picture of i · words of j is 10, words of i · picture of j is 3"

# %%
seen = np.unique(split.train_valid["item_id"])
rows = {}
for m in ("image", "text"):
    x = blocks[m].reduce(40, seen).align(new).values
    rows[m] = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
pairs = [(i, j) for i in range(len(new)) for j in range(i)]


def all_pairs(image, text):
    return np.array([terms_of_a_sum(image[i], text[i], image[j], text[j]) for i, j in pairs]).T


like, across = all_pairs(rows["image"], rows["text"])
print("variance of like with like:", fixed(like.var(), 3), " across:", fixed(across.var(), 3))
like_turned, across_turned = all_pairs(rows["image"], -rows["text"])
print("words turned round: like with like the same:", np.allclose(like_turned, like))
print("words turned round: across the opposite:    ", np.allclose(across_turned, -across))

# %% [markdown]
# *What it says.* The part across compares the picture of one track with the words of another, in
# coordinates that have nothing to do with each other, and it varies nearly as much as the part we
# wanted. Its size does not show that it means nothing; the last two lines do. A principal
# component has no sign: one may turn all directions of the words round, and no track has changed.
# Like with like stays as it is, as it should. Every number across becomes its opposite: what
# "agreed" now disagrees. More data would not help. Side by side, this part is not there at all.

# %% [markdown]
# ## 4 · Believe a listener in part
#
# A listener's own estimate `own` comes from `n` ratings; everybody's together is `common`. Shrink:
# return the mean of the two, weighted `n` for the listener's own and `tau` for the common one.
# With `tau` infinite, return the common one. `own` and `n` may be arrays, one entry a listener.


# %% exercise="shrink"
def shrink(own, common, n, tau):
    ### BEGIN SOLUTION
    if np.isinf(tau):
        return common
    return (n * own + tau * common) / (n + tau)
    ### END SOLUTION


# %% check="shrink" points=2
assert shrink(0.9, 0.4, n=10, tau=0) == 0.9, "with strength 0 the listener alone decides"
assert np.isclose(shrink(0.9, 0.4, n=0, tau=5), 0.4), (
    "without ratings, the common one is all we have"
)
assert np.isclose(shrink(0.9, 0.4, n=30, tau=10), 0.775), "(30 · 0.9 + 10 · 0.4) / 40"
two = shrink(np.array([0.9, 0.9]), 0.4, n=np.array([0, 30]), tau=10)
assert np.allclose(two, [0.4, 0.775]), "two listeners at once, with 0 and with 30 ratings"
assert shrink(0.9, 0.4, n=30, tau=np.inf) == 0.4, "∞ / ∞ is no number: return common itself"

# %%
rng = np.random.default_rng(0)
n = np.repeat([5, 20, 80], 400)
true = 0.4 + 0.1 * rng.standard_normal(1200)
own = true + rng.standard_normal(1200) / np.sqrt(n)
errors = {
    f"tau {tau:g}": pd.Series((shrink(own, 0.4, n, tau) - true) ** 2).groupby(n).mean() ** 0.5
    for tau in (0, 10, 100, 1000, np.inf)
}
print_table(pd.DataFrame(errors).rename_axis("ratings"), digits=3)

# %% [markdown]
# *What it says.* 1,200 made-up listeners whose true weight varies by 0.1 around 0.4; the table has
# the typical error. On their own (`tau` 0) listeners with 5 ratings are off by far more than they
# differ. Made all alike (`tau` ∞), everybody is off by the 0.1 that they do differ by. In between
# is a strength that is better than both in every row: noise variance over variance between
# listeners, here 1 / 0.1² = 100. In the lesson, it is chosen on validation tracks.

# %% [markdown]
# ## 5 · Share out the gain
#
# `worth` is a dict from a frozenset of modalities to a quality, for all subsets. Return the
# **Shapley value** of `m`: for every order in which `players` can join, what `m` adds when it
# joins; then the mean over the orders. (`itertools.permutations` gives the orders.)


# %% exercise="shapley"
def shapley(worth, players, m):
    ### BEGIN SOLUTION
    gains = []
    for order in permutations(players):
        before = frozenset(order[: order.index(m)])
        gains.append(worth[before | {m}] - worth[before])
    return float(np.mean(gains))
    ### END SOLUTION


# %% check="shapley" points=3
empty, a, b, ab = (frozenset(s) for s in ("", "a", "b", "ab"))
game = {empty: 0.0, a: 4.0, b: 2.0, ab: 5.0}
assert shapley(game, "ab", "a") != 4.0, "that is what a is worth alone; it may also come second"
assert shapley(game, "ab", "a") == 3.5, "first it adds 4, second 5 − 2 = 3; the mean is 3.5"
assert shapley(game, "ab", "a") + shapley(game, "ab", "b") == 5.0, "together: all minus nothing"
sets = ("", "x", "y", "z", "xy", "xz", "yz", "xyz")
three = dict(zip(map(frozenset, sets), (0, 24, 12, 6, 30, 42, 18, 54), strict=True))
assert not np.isclose(shapley(three, "xyz", "x"), 30), (
    "30 is the mean of alone and left out; x may also join second, after y or after z"
)
assert not np.isclose(shapley(three, "xyz", "x"), 28.5), (
    "28.5 is a mean over sets; count orders: x is first in two of six, and last in two"
)
assert np.isclose(shapley(three, "xyz", "x"), 29), "(2 · 24 + 18 + 36 + 2 · 36) / 6"
assert np.isclose(sum(shapley(three, "xyz", m) for m in "xyz"), 54), "together: all minus nothing"

# %%
equal = dict.fromkeys(blocks, 1.0)
tables = {}
for size in range(len(blocks) + 1):
    for subset in combinations(blocks, size):
        some = {m: z[m] for m in subset}
        scores = weighted_sum(some, equal, present) if some else 0 * z["text"]
        tables[frozenset(subset)] = evaluate(Table(scores), split, metrics=["ndcg"])
worth = {subset: table["ndcg"].mean() for subset, table in tables.items()}
values = pd.Series({m: shapley(worth, tuple(blocks), m) for m in blocks}, name="Shapley value")
print_table(values, digits=3)
whole = compare({"nothing": tables[frozenset()], "all": tables[frozenset(blocks)]}).loc["all"]
gain = [fixed(whole[column], 3) for column in ("difference", "diff_low", "diff_high")]
print("sum", fixed(values.sum(), 3), " all − nothing {} [{}, {}]".format(*gain))

# %% [markdown]
# *What it says.* The three values add up to the whole gain: that is what sets them apart from
# "alone" (which counts shared knowledge twice) and from "left out" (which does not count it at
# all). One split and equal weights here, so the numbers differ from the lesson's, which has five
# splits and fits the weights for every subset. "Nothing" is a list in order of id.
