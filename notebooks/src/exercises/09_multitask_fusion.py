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
from mmrec_course.extras.multitask import MultitaskRidge
from mmrec_course.features import FeatureBlock

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
# ## 3 · How many directions?
#
# Reduced rank wants an $r$. `table` has a column a listener; a cut to rank $r$ keeps its $r$ largest
# singular values. What it leaves out, in squares, is the sum of the squares of the others (Eckart and
# Young). Return the least $r$ that leaves out at most `share` of the sum of all squares of the table.
# (`np.linalg.svd(table, compute_uv=False)` gives the singular values, largest first.)


# %% exercise="rank_for"
def rank_for(table, share):
    ### BEGIN SOLUTION
    squares = np.linalg.svd(table, compute_uv=False) ** 2
    left_out = 1 - np.cumsum(squares) / squares.sum()
    return int(np.argmax(left_out <= share)) + 1
    ### END SOLUTION


# %% check="rank_for"
_rng = np.random.default_rng(1)
_q, _p = (np.linalg.qr(_rng.normal(size=(n, 3)))[0] for n in (8, 10))
_table = _q @ np.diag([3.0, 2.0, 1.0]) @ _p.T  # squares 9, 4, 1: leaves out 5/14, then 1/14
assert rank_for(_table, 0.4) is not None, "return a number"
assert rank_for(_table, 0.4) == 1, (
    "rank 1 leaves out 5 of 14, less than 0.4: take squares of the singular values; and the first"
    " place of an array is 0, but it stands for rank 1"
)
assert rank_for(_table, 0.3) == 2, (
    "5/14 is more than 0.3: a second direction, too; it leaves out 1/14"
)
assert rank_for(_table, 0.05) == 3, "1/14 is more than 0.05: all three"
assert rank_for(10 * _table, 0.3) == 2, "a share: divide by the sum of all squares"

# %%
for name, table in (("true likings", true), ("seen, with noise", seen)):
    print(f"{name:16} directions for all but 1 %:", rank_for(table, 0.01))

# %% [markdown]
# *Why.* The truth has four axes, so four directions hold all of it. Noise points everywhere: to describe
# it, too, takes as many directions as there are listeners. So a low rank can leave noise out; and it
# is hidden tracks that should choose it, not a share of what was seen.
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
_t = np.array([[1.0, 2.0], [3.0, -1.0]])
_y = _t + np.array([[1.0, -1.0], [0.0, 1.0]])
assert not np.isclose(explained(_y, _t), 0.75), (
    "this is the mean of one R² a listener: sum over everything first, then divide once"
)
assert np.isclose(explained(_y, _t), 0.8), (
    "here the errors' squares add up to 3, the truth's to 15: 1 − 3/15. Take the differences y − t,"
    " not a product of y and t"
)

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
_half = replace(sounds, values=z + np.arange(4), present=ids % 2 == 0)
assert np.allclose(turned(_half).values[::2], -_half.values[::2]), (
    "turn the values of the block that you are given, not z: another block has others"
)
assert np.array_equal(turned(_half).present, _half.present), "the same items have it as before"
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
