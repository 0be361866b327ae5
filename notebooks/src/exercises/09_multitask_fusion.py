# %% [markdown]
# # Exercises 09 · Multitask fusion
#
# Five exercises on [lesson 09](../09_multitask_fusion.ipynb), from one line to one idea. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise says
# what to look at. The world here is a small made-up one, in which two modalities speak of four axes.

# %%
from dataclasses import replace

import numpy as np

from mmrec_course.display import fixed
from mmrec_course.features import FeatureBlock
from mmrec_course.fusion import MultitaskRidge

rng = np.random.default_rng(0)
ids = np.arange(120)
z = rng.normal(size=(120, 4))
true = z @ rng.normal(size=(4, 10))
seen = true + 2 * rng.normal(size=true.shape)
has = {"image": ids < 100, "audio": (ids >= 92) & (ids < 100)}
blocks = {
    m: FeatureBlock(modality=m, item_ids=ids, values=z, present=a, names=tuple("abcd"))
    for m, a in has.items()
}

# %%
G = {m: z[a].T @ z[a] for m, a in has.items()}
B = {m: z[a].T @ seen[a] for m, a in has.items()}
given = {"projection": None, "fit_intercept": False, "reg": 3.0}
print({m: int(a.sum()) for m, a in has.items()}, "items of 100 have it; 20 are new")


def fitted(sharing, **options):
    model = MultitaskRidge(sharing=sharing, **{**given, **options})
    return model.fit(blocks, seen[:100], item_ids=ids[:100])


# %% [markdown]
# ## 1 · One W from two
#
# One line. `G` and `B` hold, for each modality, $G_m = Z_m^\top Z_m$ and $B_m = Z_m^\top T_m$. Return
# the shared matrix $W$ of the stacked rows, without stacking any rows.


# %% exercise="shared"
def shared(G, B, reg):
    height = len(next(iter(G.values())))
    ### BEGIN SOLUTION
    return np.linalg.solve(sum(G.values()) + reg * np.eye(height), sum(B.values()))
    ### END SOLUTION


# %% check="shared"
W = shared(G, B, reg=3.0)
_mean = np.mean([np.linalg.solve(G[m] + 3.0 * np.eye(4), B[m]) for m in G], axis=0)
assert np.shape(W) == (4, 10), "W is axes × listeners"
assert not np.allclose(W, _mean), (
    "this is the mean of two separate matrices, in which 8 items count as much as 100: add up the"
    " G and the B first, then solve once"
)
assert np.allclose(W, fitted("shared").shared_), (
    "stacked rows have the sum of the G as their Gram matrix, and the price is paid once, not once"
    " a modality"
)

# %% [markdown]
# *Why.* $\sum_i z_i z_i^\top$ does not ask which modality a row came from. Each modality's say is as
# large as its number of rows: here 100 images against 8 sounds.
#
# ## 2 · What is left for the own part
#
# One line again. $W$ is fixed. Return the $V_m$ that minimises
# $\lVert T_m - Z_m (W + V_m) \rVert^2 + \mu \lVert V_m \rVert^2$, from $G_m$ and $B_m$.


# %% exercise="own_part"
def own_part(gram, hit, W, own_reg):
    ### BEGIN SOLUTION
    return np.linalg.solve(gram + own_reg * np.eye(len(gram)), hit - gram @ W)
    ### END SOLUTION


# %% check="own_part"
_model = fitted("shared+own", own_reg=5.0)
_own = own_part(G["audio"], B["audio"], _model.shared_, 5.0)
assert np.shape(_own) == (4, 10), "V is as large as W: axes × listeners"
assert not np.allclose(_own, np.linalg.solve(G["audio"] + 5.0 * np.eye(4), B["audio"])), (
    "this is the separate matrix: take away first what W explains already, B − G W"
)
assert np.allclose(_own, _model.own_["audio"]), (
    "a ridge regression on T − Z W: its right-hand side is Z′(T − Z W) = B − G W, its price own_reg"
)

# %%
for own_reg in (0.1, 5.0, 1000.0):
    V = fitted("shared+own", own_reg=own_reg).own_
    print(
        f"μ {own_reg:6}: size of own parts", {m: fixed(np.linalg.norm(v), 1) for m, v in V.items()}
    )

# %% [markdown]
# *Why.* The dearer the own parts, the smaller: what $W$ explains need not be paid for twice. Both true
# matrices are the same here, so whatever the own parts hold is noise.
#
# ## 3 · Directions in common
#
# `stacked` has a row for every axis of every modality and a column a listener. Return the $r$
# orthonormal rows $D$ such that `stacked @ D.T @ D` is as near to `stacked` as rank $r$ allows.


# %% exercise="directions"
def directions(stacked, r):
    ### BEGIN SOLUTION
    return np.linalg.svd(stacked, full_matrices=False)[2][:r]
    ### END SOLUTION


# %% check="directions"
_stacked = np.random.default_rng(1).normal(size=(8, 10)) * np.linspace(3, 0.1, 10)
_D = directions(_stacked, 2)
assert np.shape(_D) == (2, 10), "two rows, a column a listener: the right singular vectors"
assert np.allclose(_D @ _D.T, np.eye(2)), "the rows have length 1 and are at right angles"
_left = np.linalg.norm(_stacked - _stacked @ _D.T @ _D)
_best = np.sqrt((np.linalg.svd(_stacked)[1][2:] ** 2).sum())
assert np.isclose(_left, _best), "take those with the largest singular values: NumPy has them first"

# %% [markdown]
# *Why.* What a cut to rank $r$ leaves out is the root of the sum of the squared singular values
# beyond $r$ (Eckart and Young), so the largest are kept.
#
# ## 4 · How good is it?
#
# The guesses `y` from audio and the truth for the new items: return the share of the truth's sum of
# squares that is explained, $R^2 = 1 - \sum (y - t)^2 / \sum t^2$. Then see who wins with eight sounds.


# %% exercise="explained"
def explained(y, t):
    ### BEGIN SOLUTION
    return 1 - ((y - t) ** 2).sum() / (t**2).sum()
    ### END SOLUTION


# %% check="explained"
assert explained(true, true) is not None, "return a number"
assert np.isclose(explained(true, true), 1), "a perfect guess explains all"
assert np.isclose(explained(0 * true, true), 0), (
    "a guess of zero explains nothing: divide by the sum of t², nothing taken away from t"
)
assert np.isclose(explained(-true, true), -3), "a guess can be worse than none: 1 − 4"

# %%
sounds = FeatureBlock(
    modality="audio", item_ids=ids, values=z, present=np.ones(120, bool), names=tuple("abcd")
)


def from_audio(sharing, block=sounds, train=blocks):
    model = MultitaskRidge(sharing=sharing, own_reg=5.0, **given)
    model.fit(train, seen[:100], item_ids=ids[:100])
    return model.predict({"audio": block}, ids[100:])["audio"]


for sharing in ("separate", "shared", "shared+own"):
    print(f"{sharing:10} R²:", fixed(explained(from_audio(sharing), true[100:]), 2))

# %% [markdown]
# *Why.* Four axes from eight noisy sounds is hard; a hundred images pin down the same matrix far
# better. Shared + own pays for freedom that is not needed in this world, where both matrices are equal.
#
# ## 5 · The opposite sign
#
# An idea. Suppose the sounds' translator measures every axis the other way round. Nothing is lost: what
# was $z$ is $-z$ now. Make `turned`, a block like the one it is given with values of the opposite sign
# (`dataclasses.replace` is imported), and predict who is hurt: separate or shared?


# %% exercise="turned"
def turned(block):
    ### BEGIN SOLUTION
    return replace(block, values=-block.values)
    ### END SOLUTION


hurt = ""  # "separate" or "shared"
### BEGIN SOLUTION
hurt = "shared"
### END SOLUTION

# %% check="turned" points=2
_turned = turned(sounds)
assert isinstance(_turned, FeatureBlock), "return a block: replace(block, values=…)"
assert np.allclose(_turned.values, -z), "every value with the opposite sign"
assert _turned.present.all(), "the same items have it as before"
_train = {"image": blocks["image"], "audio": turned(blocks["audio"])}
_loss = {
    s: explained(from_audio(s), true[100:]) - explained(from_audio(s, _turned, _train), true[100:])
    for s in ("separate", "shared")
}
assert hurt in _loss, "hurt is 'separate' or 'shared'"
assert _loss[hurt] > 0.1, f"compare R² before and after; it falls by {_loss[hurt]:.1f} for {hurt}"

# %%
for name, value in _loss.items():
    print(f"{name:10} loses", fixed(value + 0.0, 1))

# %% [markdown]
# *Why.* A separate matrix takes the opposite sign too, and the guesses stay what they were. A shared one
# cannot: it believes the images, and reads every sound backwards. That is what "the axes must mean the
# same" means.
