# %% [markdown]
# # Exercises 10 · Incomplete data
#
# Five exercises on [lesson 10](../10_incomplete_data.ipynb), from one line to one idea. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise
# says what to look at. Mosaic's listeners are simulated, here as everywhere.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import cold_item_split, compare, evaluate, rank_items
from mmrec_course.extras.missing import dropout_ridge, impute_missing
from mmrec_course.features import extract_features
from mmrec_course.fusion import standardize_scores, weighted_sum
from mmrec_course.recommenders import ContentRidge

# %%
mosaic = load_mosaic()
split = cold_item_split(mosaic.ratings, rng=0)
items, users = mosaic.items.index.to_numpy(), mosaic.users.index
seen = np.unique(split.train_valid["item_id"])
known = np.isin(items, seen)
blocks = {m: block.align(items).reduce(40, seen) for m, block in extract_features(mosaic).items()}
print("known", known.sum(), " new", (~known).sum())


class Table:
    """A model that says what stands in a table."""

    def __init__(self, scores):
        self.frame = pd.DataFrame(scores, users, split.candidates)

    def score(self, user_ids, item_ids):
        return self.frame.loc[list(user_ids), list(item_ids)].to_numpy()


# %% [markdown]
# ## 1 · The mean of its kind
#
# One line. The lesson filled a gap with the mean of *all* known tracks. A metal track may be better
# served by the mean of metal. `values` has a row a track; rows of tracks that lack the modality
# (`present` is False) are zeros that mean nothing. Return the row for gaps in the genre `kind`: the mean
# of those **known** tracks of this genre that have the modality. (`genre` has one word a track.)


# %% exercise="genre_mean"
def genre_mean(values, present, known, genre, kind):
    ### BEGIN SOLUTION
    return values[present & known & (genre == kind)].mean(axis=0)
    ### END SOLUTION


# %% check="genre_mean"
x = np.array([[1.0, 2.0], [3.0, 4.0], [8.0, 0.0], [0.0, 0.0], [8.0, 9.0], [50.0, 60.0]])
there, old = np.array([1, 1, 1, 0, 1, 1]) > 0, np.array([1, 1, 1, 1, 0, 1]) > 0
kinds = np.array(["metal", "metal", "metal", "metal", "metal", "soul"])
row = np.asarray(genre_mean(x, there, old, kinds, "metal"))
assert row.shape == (2,), "one number a column: the mean along axis 0"
assert not np.allclose(row, [15.5, 16.5]), "the last track is soul: only those of the same genre"
assert not np.allclose(row, [5, 3.75]), "the fifth track is new: it must not be looked at"
assert not np.allclose(row, [3, 1.5]), "a gap's zeros are not a track: leave them out"
assert not np.allclose(row, [3, 2]), "(3, 2) is the median; the mean is asked for"
assert np.allclose(row, [4, 2]), "the mean of the first three: present, known, and metal"
assert np.allclose(genre_mean(x, there, old, kinds, "soul"), [50, 60]), "for soul, the last track"

# %%
text, genre = blocks["text"], mosaic.items["genre"].to_numpy()
there = text.present & (np.random.default_rng(0).random(len(items)) < 0.5)  # half are hidden
hidden, everyone = text.present & ~there, np.full(len(items), "all")
of_all = genre_mean(text.values, there, known, everyone, "all")
same = impute_missing({"text": text.mask(items[~there])}, "mean", fit_items=seen)["text"]
print("one kind, 'all': equal to impute_missing:", np.allclose(same.values[hidden], of_all))
of_kind = np.array([genre_mean(text.values, there, known, genre, kind) for kind in genre[hidden]])
errors = [((text.values[hidden] - guess) ** 2).sum() for guess in (of_kind, of_all)]
print("squared error, genre's mean over mean of all:", fixed(errors[0] / errors[1], 2))

# %% [markdown]
# *Why known tracks only?* The new ones stand for tracks that do not exist yet. A mean that has looked
# at them cannot be had on the day the model is built. With means the harm is small; make it a habit
# before it is large (exercise 5, and the lesson's leak).

# %% [markdown]
# ## 2 · Who is at the top of the lists?
#
# The lesson counted places, each the same. But the first place is seen by more people than the tenth:
# NDCG gives place $j$ the weight $1 / \log_2(j + 1)$ (lesson 06). `scores` is (listeners × tracks), `gap`
# is True for tracks that lack something. Return the share of tracks with a gap in the *weights* of the
# listeners' first `k` places, divided by their share among all tracks. (`rank_items(scores, k)` gives the
# columns of the first `k`, a row a listener.)


# %% exercise="exposure"
def exposure(scores, gap, k):
    ### BEGIN SOLUTION
    weight = 1 / np.log2(np.arange(k) + 2)
    seen_by = (gap[rank_items(scores, k)] * weight).sum(axis=1) / weight.sum()
    return seen_by.mean() / gap.mean()
    ### END SOLUTION


# %% check="exposure" points=2
y = np.array([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
one, two = np.array([True, False, False, False]), np.array([True, True, False, False])
last = np.array([False, True, False, False])
assert not np.isclose(exposure(y, one, 1), 0.5), "divide by the share of such tracks, here 1/4"
assert np.isclose(exposure(y, one, 1), 2), "half of the first places, a quarter of the tracks: 2"
assert np.isclose(exposure(y, two, 2), 1), "all of one list, none of the other: 1, as by lot"
assert not np.isclose(exposure(y[:1], last, 2), 2), "every place counts the same here: weigh them"
assert not np.isclose(exposure(y[:1], last, 2), 4), (
    "this asks whether such a track is on the list at all; how much of the list is asked for"
)
assert np.isclose(exposure(y[:1], last, 2), 4 * 0.63093 / 1.63093, atol=1e-4), (
    "second of two places: weight 0.63 of 1 + 0.63, divided by a quarter of the tracks"
)
assert np.isclose(exposure(y[:1], one, 2), 4 / 1.63093, atol=1e-4), "first: weight 1 of 1 + 0.63"

# %%
z = {}
for m, block in blocks.items():
    model = ContentRidge(modality=m, reg=20.0).fit(split.train_valid, {m: block})
    z[m] = standardize_scores(model.score(users, split.candidates))
has = {m: block.align(split.candidates).present for m, block in blocks.items()}
gap, equal = ~np.all(list(has.values()), axis=0), dict.fromkeys(blocks, 1.0)
zero = weighted_sum({m: np.where(has[m], z[m], 0.0) for m in z}, equal)
print("counted as zero:", fixed(exposure(zero, gap, 10), 1))
print("renormalized:   ", fixed(exposure(weighted_sum(z, equal, has), gap, 10), 1))

# %% [markdown]
# *What it says.* A part that is counted as zero is a vote for the middle, and the middle is not on the
# first page. 1 means that such tracks are seen as much as tracks drawn by lot would be; with the weights
# of what is missing handed on it is more, for the reason that the lesson gives. NDCG says none of this.

# %% [markdown]
# ## 3 · What dropout costs
#
# One track, one listener. `parts` holds each modality's part of the guess, $f_m W_m$: one number a
# modality. Each is hidden by its own coin, with probability `p`, and then counts 0. The truth is
# `t`. Return the squared error that is to be expected over all coins: the squared error of the mean
# guess, plus the guess's variance.


# %% exercise="expected_error"
def expected_error(parts, t, p):
    ### BEGIN SOLUTION
    mean = (1 - p) * parts.sum()
    variance = p * (1 - p) * (parts**2).sum()
    return (t - mean) ** 2 + variance
    ### END SOLUTION


# %% check="expected_error" points=2
a = np.array([1.0, 3.0])
assert np.isclose(expected_error(a, 4.0, 0.0), 0), "without coins the guess is 4, and so is t"
assert not np.isclose(expected_error(a, 4.0, 0.5), 4.0), (
    "4 is the error of the mean guess, 2; the variance is missing"
)
assert not np.isclose(expected_error(a, 4.0, 0.5), 9.0), (
    "the variance of a coin that is 1 with probability 1 − p is p (1 − p), not p"
)
assert not np.isclose(expected_error(a, 4.0, 0.5), 8.0), (
    "every modality has its own coin: add up the squares, do not square the sum"
)
assert np.isclose(expected_error(a, 4.0, 0.5), 6.5), "(4 − 2)² + ¼ (1 + 9); or list the four cases"
assert np.isclose(expected_error(a, 4.0, 1.0), 16), "with p = 1 nothing is seen: the guess is 0"
assert np.isclose(expected_error(a, 1.0, 0.5), 3.5), (
    "(1 − 2)² + ¼ (1 + 9): the mean guess is half of the sum of the parts, whatever t is"
)
assert np.isclose(expected_error(np.array([1.0, -2.0, 4.0]), 2.0, 0.25), 4), (
    "(2 − ¾ · 3)² + ¾ · ¼ · (1 + 4 + 16): parts may have either sign, and p need not be ½"
)

# %%
rows = {m: block.align(seen) for m, block in blocks.items()}
liking = split.train_valid.assign(liking=split.train_valid["rating"] - 2.5)
T = liking.pivot_table(index="item_id", columns="user_id", values="liking").fillna(0.0)
sizes = {}
for p in (0.0, 0.25, 0.5, 0.75):
    W = dropout_ridge(rows, T.loc[seen].to_numpy(), reg=1.0, rate=p)
    parts = np.stack([(1 - p) * rows[m].values @ W[m] for m in rows])
    sizes[p] = {"each alone": (parts**2).sum(axis=0).mean(), "sum": (parts.sum(axis=0) ** 2).mean()}
table = pd.DataFrame(sizes).T
print_table((table["each alone"] / table["sum"]).rename("parts / sum").rename_axis("p"), digits=2)

# %% [markdown]
# *What it says.* The penalty is on the squares of the single parts. To make the same sum with smaller
# squares, one shares it out among all modalities that can say it, instead of letting one shout and
# another contradict. The table has the squares of the parts, over the square of their sum: the more
# dropout, the smaller. With three parts that always agree it would be a third.

# %% [markdown]
# ## 4 · Guess the cover from words and sound
#
# *Mean* fills every gap with the same row. But a track without a cover has words and a sound, and bossa
# nova looks different from metal. Write a ridge regression. `others` has a row a track: words and sound
# side by side. `image` has a row a track; where `have` is False, it is not known. Learn
# $B = (O^\top O + \lambda I)^{-1} O^\top M$ on the tracks that have a cover, and return $O B$ for those
# that do not. (All columns are centred.)


# %% exercise="guess_covers"
def guess_covers(others, image, have, reg):
    ### BEGIN SOLUTION
    o = others[have]
    b = np.linalg.solve(o.T @ o + reg * np.eye(o.shape[1]), o.T @ image[have])
    return others[~have] @ b
    ### END SOLUTION


# %% check="guess_covers" points=3
o = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [2.0, -1.0]])
m = np.array([[2.0], [5.0], [70.0], [-90.0]])  # the last two are what is to be guessed
have = np.array([True, True, False, False])
made = guess_covers(o, m, have, 1e-9)
assert np.shape(made) == (2, 1), "a row for each track without a cover, and only for those"
blind = guess_covers(o, np.where(have[:, None], m, 0.0), have, 1e-9)
assert np.allclose(made, blind), (
    "other hidden covers, other guess: O′M must be of the known rows only"
)
assert not np.allclose(made, guess_covers(o, m, have, 1.0)), "reg must do something: add reg · I"
assert np.allclose(made, [[5.0], [1.0]], atol=1e-6), (
    "learn from rows 0 and 1 only, O′O as well as O′M: B is (2, 3), so 2 + 3 and 4 − 3"
)
assert np.allclose(guess_covers(o, m, have, 1.0), [[3.4], [2.0]]), (
    "solve (O′O + reg · I) B = O′M; columns of O go together, so do not divide one by one"
)


# %%
def unit(values):
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)


complete = np.all([block.present for block in blocks.values()], axis=0)
lost = complete & (~known | (np.random.default_rng(0).random(len(items)) < 0.3))
have = complete & ~lost
covers = unit(blocks["image"].values)
others = np.hstack([unit(blocks[m].values) for m in ("text", "audio")])
for reg in (1.0, 10.0, 100.0, 1000.0):
    made = np.zeros_like(covers)
    made[~have] = guess_covers(others, covers, have, reg)
    error = ((covers[lost] - made[lost]) ** 2).sum()
    error /= ((covers[lost] - covers[have].mean(axis=0)) ** 2).sum()
    print(f"reg {reg:6}: squared error as a multiple of the mean's", fixed(error, 2))

# %% [markdown]
# (On complete tracks; the covers of all new ones and of three known ones in ten are hidden.) Hardly
# better than the mean, and worse with a small `reg`. Now let the guessed covers of the new tracks
# vote, beside their words and sounds:

# %%
made = np.zeros_like(covers)
made[~have] = guess_covers(others, covers, have, 100.0)
new = ~known
block = blocks["image"]
values = np.where(new[:, None], made, covers)
guessed = replace(block, values=values, present=block.present | new)
y = ContentRidge(modality="image", reg=20.0).fit(split.train_valid, {"image": guessed})
three = z | {"image": standardize_scores(y.score(users, split.candidates))}
two = {m: z[m] for m in ("text", "audio")}
everywhere = has | {"image": np.ones(new.sum(), bool)}
tables = {
    "two modalities": evaluate(Table(weighted_sum(two, equal, has)), split, metrics=["ndcg"]),
    "and guessed covers": evaluate(
        Table(weighted_sum(three, equal, everywhere)), split, metrics=["ndcg"]
    ),
}
print_table(compare(tables)[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# *What it says.* With the best of these `reg` the guess is 1 % better than the mean: in this shop, words
# and sounds do not say what a cover looks like. And even a good guess could not have told the list
# anything new: what is computed from words and sound is something that words and sound know already.
# The guessed cover only takes a third of the vote, and no gain is visible; by the mean it costs
# something. A gap can be filled with *numbers*, not with *knowledge*. (Where listeners' taste acts on
# the looks alone, and words tell them well, it may pay: the known tracks' covers then teach the
# model what the words stand for.)

# %% [markdown]
# ## 5 · Does it peek?
#
# Somebody hands you a function that fills gaps: `fill(block, ratings)` returns a block without gaps. It
# is handed everything: `block` has the new tracks' features, `ratings` their ratings too, and it ought to
# learn from known tracks only. You need not read it. There are two ways to look where one must not, so
# change two things, one at a time:
#
# - the new tracks' **features**: then nothing may change in the rows of *known* tracks;
# - the new tracks' **ratings** (take them away): then nothing may change in *any* row.
#
# Return True if it peeks. (`block.item_ids` are the ids, `new` the ids of new tracks;
# `replace(block, values=...)` makes a changed copy.)


# %% exercise="peeks"
def peeks(fill, block, ratings, new):
    ### BEGIN SOLUTION
    is_new = np.isin(block.item_ids, new)
    changed = replace(block, values=block.values + 100.0 * is_new[:, None])
    past = ratings[~ratings["item_id"].isin(new)]
    before = fill(block, ratings).values
    features, people = fill(changed, ratings).values, fill(block, past).values
    return not (np.allclose(before[~is_new], features[~is_new]) and np.allclose(before, people))
    ### END SOLUTION


# %% [markdown]
# Six functions to try yours on:


# %%
def by(method, only_seen=False, **options):
    """A function that fills one block, by a method of impute_missing."""

    def fill(block, ratings):
        used = ratings[ratings["item_id"].isin(seen)] if only_seen else ratings
        return impute_missing({"audio": block}, method, ratings=used, **options)["audio"]

    return fill


def median_of_all(block, ratings):
    middle = np.median(block.values[block.present], axis=0)
    values = np.where(block.present[:, None], block.values, middle)
    return replace(block, values=values, present=np.ones_like(block.present))


fillers = {"mean of known": by("mean", fit_items=seen), "mean of all": by("mean")}
fillers |= {"median of all": median_of_all, "zero": by("zero")}
fillers |= {"neighbours": by("neighbours", only_seen=True, fit_items=seen)}
fillers |= {"neighbours, all ratings": by("neighbours", fit_items=seen)}

# %% check="peeks" points=3
sound, new, everything = blocks["audio"], split.candidates, mosaic.ratings
untouched = sound.values.copy()
assert peeks(fillers["mean of all"], sound, everything, new), (
    "a mean over all tracks changes when new ones do; compare the filled rows of known tracks too,"
    " not only those that were there before"
)
assert peeks(fillers["median of all"], sound, everything, new), (
    "so does a median: do not compare with a mean of your own, change something and look"
)
assert not peeks(fillers["mean of known"], sound, everything, new), (
    "when features change, new tracks' own rows change, of course; compare the known ones only"
)
assert not peeks(fillers["zero"], sound, everything, new), "zeros look at nothing"
assert peeks(fillers["neighbours, all ratings"], sound, everything, new), (
    "the lesson's leak: it comes through ratings, and into the new tracks' rows"
)
assert not peeks(fillers["neighbours"], sound, everything, new), (
    "this one leaves the new tracks' ratings alone: take away those only, and keep the others"
)
assert np.array_equal(sound.values, untouched), "change a copy, not the block you were given"

# %%
print({name: peeks(fill, sound, everything, new) for name, fill in fillers.items()})

# %% [markdown]
# *What it says.* Nothing in a filled block shows that it peeks: one has to ask, and in the right place. A
# test with changed features alone passes *neighbours, all ratings*, the lesson's leak, which comes in
# through ratings. The same question works for any step that learns (scalers, PCA, vocabularies): change
# what should not matter, and look whether it does.
