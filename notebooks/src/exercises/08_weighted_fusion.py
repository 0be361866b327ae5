# %% [markdown]
# # Exercises 08 · Weighted fusion
#
# Five exercises on [lesson 08](../08_weighted_fusion.ipynb), from one line to one idea: 20 to 55
# minutes. Write your answer where it says so, then run the cell below it. It is silent if all is well,
# and otherwise says what to look at. After the first two code cells, each exercise runs by itself. The
# [solutions](../solutions/08_weighted_fusion.ipynb) explain the answers. Mosaic's listeners are
# simulated.

# %%
from itertools import combinations, permutations

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import ScoreTable, cold_item_split, compare, evaluate
from mmrec_course.features import extract_features
from mmrec_course.fusion import standardize_scores, weighted_sum
from mmrec_course.recommenders import ContentRidge

# %%
mosaic = load_mosaic()
split = cold_item_split(mosaic.ratings, rng=0)
training_items = split.train_valid["item_id"].unique()
blocks = extract_features(mosaic, fit_items=training_items)
users, cold_items = np.unique(split.test["user_id"]), split.candidates
present = {m: block.align(cold_items).present for m, block in blocks.items()}
predicted = {}  # modality → (n_users, n_items) scores of the cold-start tracks
for m in blocks:
    model = ContentRidge(modality=m, reg=10.0).fit(split.train_valid, blocks)
    predicted[m] = model.score(users, cold_items)

# %% [markdown]
# ## 1 · On one scale
#
# One line. `scores` is an array, (users × tracks). Return each user's **z-scores**: minus the user's
# own mean, divided by the user's own standard deviation.


# %% exercise="zscores"
def zscores(scores):
    ### BEGIN SOLUTION
    return (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
    ### END SOLUTION


# %% check="zscores"
tiny = np.array([[1.0, 3.0], [10.0, 30.0]])
answer = zscores(tiny)
assert np.shape(answer) == (2, 2), "return an array of the shape that came in, here (2, 2)"
assert not np.allclose(answer, np.array([[-1, 1], [-1, 1]]) / np.sqrt(2)), (
    "divide by the standard deviation with n, which is NumPy's default (ddof=0)"
)
assert np.allclose(np.mean(answer, axis=1), 0), (
    "each user's z-scores have mean 0: subtract the mean along axis 1, with keepdims=True, first"
)
assert np.allclose(answer, [[-1, 1], [-1, 1]]), (
    "divide by each user's own standard deviation: along axis 1, with keepdims=True"
)

# %%
for name, scale in {"as they are": lambda y: y, "z-scores": zscores}.items():
    sizes = pd.Series({m: np.abs(scale(y)).mean() for m, y in predicted.items()})
    print_table((sizes / sizes.sum()).rename(name).to_frame().T)

# %% [markdown]
# *What it says.* This is each modality's part of all that is added, if the weights are equal. As
# they are, the modalities have very unequal parts before any weight is chosen. With z-scores a
# third is a third. This says nothing about what a modality is *worth*. That is what weights are for,
# and now they can say it.

# %% [markdown]
# ## 2 · What does a sum of features compare?
#
# Two tracks, $i$ and $j$, each have one row for the picture and one for the words: `image_i`,
# `text_i`, `image_j`, `text_j`, all of the same length. Add up each track's two rows, and take the
# dot product of the two sums. It falls into four terms. Return two numbers: the sum of the two terms
# that compare *like with like* (picture with picture, words with words), and the sum of the two that
# compare a picture with words.


# %% exercise="terms_of_a_sum"
def terms_of_a_sum(image_i, text_i, image_j, text_j):
    ### BEGIN SOLUTION
    like = image_i @ image_j + text_i @ text_j
    across = image_i @ text_j + text_i @ image_j
    return like, across
    ### END SOLUTION


# %% check="terms_of_a_sum" points=2
a, b, c, d = np.array([1.0, 2.0]), np.array([0.0, 3.0]), np.array([3.0, 1.0]), np.array([4.0, 3.0])
answer = terms_of_a_sum(a, b, c, d)
assert isinstance(answer, tuple | list) and len(answer) == 2, "return two numbers: like, across"
assert np.ndim(answer[0]) == np.ndim(answer[1]) == 0, (
    "return two numbers, not arrays: @ is the dot product, * is not"
)
like, across = answer
assert not np.isclose(like, 13), "the first number is like with like, the second across"
assert np.isclose(like, 14), "picture · picture is 1·3 + 2·1 = 5, words · words is 3·3 = 9"
assert np.isclose(across, 13), "picture of i · words of j is 10, words of i · picture of j is 3"
assert np.isclose(like + across, (a + b) @ (c + d)), "together they are the product of the sums"

# %%
rows = {}
for m in ("image", "text"):
    rows[m] = normalize(blocks[m].reduce(40, training_items).align(cold_items).values)


def all_pairs(image, text):
    pairs = combinations(range(len(image)), 2)
    return np.array([terms_of_a_sum(image[i], text[i], image[j], text[j]) for i, j in pairs]).T


like, across = all_pairs(rows["image"], rows["text"])
print("variance of like with like:", fixed(like.var(), 3), " across:", fixed(across.var(), 3))
negated = all_pairs(rows["image"], -rows["text"])  # all signs of the words' components changed
print("like with like is the same:", np.allclose(negated[0], like))
print("across is the opposite:", np.allclose(negated[1], -across))

# %% [markdown]
# *What it says.* The part across compares the picture of one track with the words of another, in
# coordinates that have nothing to do with each other, and its variance is not small. The last two
# lines show that it means nothing. The sign of a principal component is arbitrary: one may change the
# signs of all components of the words, and no track has changed. Like with like stays as it is, as it
# should. Every number across becomes its opposite. More data would not help. In a concatenation this
# part does not exist.

# %% [markdown]
# ## 3 · Renormalise the weights
#
# One track, one user. `scores`, `weights` and `present` are arrays with one entry for each modality.
# Where `present` is False, there is no score, whatever number stands there. Return the weighted mean
# of the scores that exist, and 0.0 if there are none. The weights need not add up to 1.


# %% exercise="weighted_mean"
def weighted_mean(scores, weights, present):
    ### BEGIN SOLUTION
    total = weights[present].sum()
    return float(weights[present] @ scores[present] / total) if total > 0 else 0.0
    ### END SOLUTION


# %% check="weighted_mean" points=2
y, w = np.array([2.0, 1.0, 9.0]), np.array([0.2, 0.6, 0.2])
everything, no_audio = np.array([True, True, True]), np.array([True, True, False])
assert np.ndim(weighted_mean(y, w, everything)) == 0, "return one number, not an array"
assert np.isclose(weighted_mean(y, w, everything), 2.8), "with everything there: 0.4 + 0.6 + 1.8"
assert not np.isclose(weighted_mean(y, w, no_audio), 1.0), (
    "0.4 + 0.6 counts what is missing as a 0; divide by the weights that are left, 0.8"
)
assert np.isclose(weighted_mean(y, w, no_audio), 1.25), "(0.2 · 2 + 0.6 · 1) / (0.2 + 0.6)"
assert np.isclose(weighted_mean(y, np.ones(3), no_audio), 1.5), (
    "weights 1, 1, 1: two scores are left, 2 and 1; divide by the weights that are left"
)
with_nan = np.array([2.0, 1.0, np.nan])
assert np.isclose(weighted_mean(with_nan, w, no_audio), 1.25), (
    "a missing score may be NaN, and 0 · NaN is NaN: take scores[present] before you add anything up"
)
assert weighted_mean(y, w, ~everything) == 0.0, "without any modality there is nothing to say: 0.0"

# %%
z = {m: standardize_scores(y) for m, y in predicted.items()}
weights = {"image": 0.3, "text": 0.4, "audio": 0.3}
first_user = np.array([y[0] for y in z.values()])  # (3, n_items)
has = np.array(list(present.values()))  # (3, n_items)
w = np.array(list(weights.values()))
mine = [weighted_mean(first_user[:, i], w, has[:, i]) for i in range(len(cold_items))]
package = weighted_sum(z, weights, present)[0]
print("the first user, all cold-start tracks, equal to weighted_sum:", np.allclose(mine, package))

# %% [markdown]
# *Why a mean?* The score of an incomplete track is compared with those of complete tracks, in the
# same list. A sum of two parts is on another scale than a sum of three. A mean is on the same scale:
# it is what one would get if the missing modality agreed with the others.

# %% [markdown]
# ## 4 · Shrink a user's estimate
#
# A user's own estimate `own` comes from `n` ratings; the estimate from all users together is
# `common`. **Shrinkage** returns the mean of the two, with weight `n` for the user's own and `tau` for
# the common one. `own` and `n` may be numbers or arrays with one entry for each user, and the answer
# has the same shape. With `tau` infinite, everybody gets the common estimate.


# %% exercise="shrink"
def shrink(own, common, n, tau):
    ### BEGIN SOLUTION
    share = n / (n + tau)  # 0 if tau is infinite
    return share * own + (1 - share) * common
    ### END SOLUTION


# %% check="shrink" points=2
assert np.ndim(shrink(0.9, 0.4, n=10, tau=0)) == 0, "for numbers, return a number"
assert np.isclose(shrink(0.9, 0.4, n=10, tau=0), 0.9), "with tau 0 the user alone decides"
assert np.isclose(shrink(0.9, 0.4, n=0, tau=5), 0.4), "without ratings the common estimate is left"
assert np.isclose(shrink(0.9, 0.4, n=30, tau=10), 0.775), "(30 · 0.9 + 10 · 0.4) / 40"
own_two, n_two = np.array([0.9, 0.9]), np.array([0, 30])
answer = shrink(own_two, 0.4, n=n_two, tau=10)
assert np.shape(answer) == (2,), "for two users, return two numbers"
assert np.allclose(answer, [0.4, 0.775]), "two users at once, with 0 and with 30 ratings"
answer = shrink(own_two, 0.4, n=n_two, tau=np.inf)
assert not np.isnan(answer).any(), (
    "∞ / ∞ is not a number: compute the share n / (n + tau) first, which is 0 for an infinite tau"
)
assert np.shape(answer) == (2,) and np.allclose(answer, 0.4), (
    "with tau infinite, return the common estimate for each user"
)

# %%
rng = np.random.default_rng(0)
n = np.repeat([5, 20, 80], 400)
true = 0.4 + 0.1 * rng.standard_normal(1200)
own = true + rng.standard_normal(1200) / np.sqrt(n)
errors = pd.DataFrame()
for tau in (0, 10, 100, 1000, np.inf):
    errors[f"tau {tau:g}"] = (shrink(own, 0.4, n, tau) - true) ** 2
print_table(errors.groupby(n).mean().pow(0.5).rename_axis("ratings"), digits=3)

# %% [markdown]
# *What it says.* 1,200 invented users have true weights with mean 0.4 and standard deviation 0.1;
# the table shows the root mean squared error. On their own (`tau` 0), users with 5 ratings are wrong by
# far more than users differ. With `tau` ∞, everybody is wrong by the 0.1 that they do differ by. In
# between is a value that is better than both in every row: the variance of the noise divided by the
# variance between users, here 1 / 0.1² = 100.
# [Deeper: weights in detail](../deeper/08_weights_in_detail.ipynb) chooses it on validation tracks.

# %% [markdown]
# ## 5 · Divide the gain
#
# Which modality has earned how much? What `m` adds depends on which modalities are there already.
# The **Shapley value** of `m` is the mean over all orders in which the `players` can join: in each
# order, take what `m` adds at the moment when it joins.
#
# `worth` is a dict that gives the quality of every subset; its keys are frozensets, such as
# `frozenset(["text", "audio"])`. `players` is a tuple of names. (`itertools.permutations` gives the
# orders, and `order.index(m)` the place of `m` in one.)


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
game, two = {empty: 0.0, a: 4.0, b: 2.0, ab: 5.0}, ("a", "b")
assert np.ndim(shapley(game, two, "a")) == 0, "return one number: the mean over the orders"
assert shapley(game, two, "a") != 4, "4 is what a is worth alone; it may also come second"
assert np.isclose(shapley(game, two, "a"), 3.5), (
    "first it adds 4, second 5 − 2 = 3; the mean is 3.5"
)
assert np.isclose(shapley(game, two, "a") + shapley(game, two, "b"), 5), (
    "the values add up to the worth of all minus that of nobody"
)
sets = map(frozenset, ("", "x", "y", "z", "xy", "xz", "yz", "xyz"))
three = dict(zip(sets, (0, 24, 12, 6, 30, 42, 18, 54), strict=True))
assert not np.isclose(shapley(three, ("x", "y", "z"), "x"), 30), (
    "30 is the mean of alone and left out; x may also join second, after y or after z"
)
assert not np.isclose(shapley(three, ("x", "y", "z"), "x"), 28.5), (
    "28.5 is a mean over sets; count orders: x is first in two of six, and last in two"
)
assert np.isclose(shapley(three, ("x", "y", "z"), "x"), 29), "(2 · 24 + 18 + 36 + 2 · 36) / 6"

# %%
z = {m: standardize_scores(y) for m, y in predicted.items()}
tables = {}
for subset in [s for size in range(4) for s in combinations(blocks, size)]:
    scores = 0 * z["text"]
    if subset:
        scores = weighted_sum({m: z[m] for m in subset}, dict.fromkeys(subset, 1.0), present)
    tables[frozenset(subset)] = evaluate(ScoreTable(scores, users, cold_items), split)
worth = {subset: table["ndcg"].mean() for subset, table in tables.items()}
values = pd.Series({m: shapley(worth, tuple(blocks), m) for m in blocks}, name="Shapley value")
print_table(values, digits=3)
whole = compare({"nothing": tables[frozenset()], "all": tables[frozenset(blocks)]}).loc["all"]
print("sum", fixed(values.sum(), 3), " all − nothing", fixed(whole["difference"], 3))
print("95 % interval", fixed(whole["diff_low"], 3), fixed(whole["diff_high"], 3))

# %% [markdown]
# *What it says.* The three values add up to the whole gain. That distinguishes them from *alone*,
# which counts shared knowledge twice, and from *left out*, which does not count it at all. This is one
# split with equal weights and λ = 10 everywhere, so the numbers differ from those of
# [Deeper: Shapley values](../deeper/08_shapley_values.ipynb), which has five splits. "Nothing" is a list
# in order of id.
