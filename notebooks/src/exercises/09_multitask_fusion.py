# %% [markdown]
# # Exercises 09 · Multitask fusion
#
# Five exercises on [lesson 09](../09_multitask_fusion.ipynb), from one line to one idea: 20 to 55
# minutes. Write your answer where it says so, then run the cell below it. It is silent if all is well,
# and otherwise says what to look at. After the first two code cells, each exercise runs by itself.
# [Solutions](../solutions/09_multitask_fusion.ipynb).
#
# The world here is small and simulated. Two modalities have the same four latent axes, `z`, and the same
# true matrix. 100 training items have an image, 8 of them have audio too, 20 more are cold-start items.

# %%
from dataclasses import replace

import numpy as np

from mmrec_course.display import fixed
from mmrec_course.extras.multitask import MultitaskRidge
from mmrec_course.features import FeatureBlock

rng = np.random.default_rng(0)
ids, names = np.arange(120), ["a", "b", "c", "d"]
z = rng.normal(size=(120, 4))  # (n_items, n_axes)
truth = z @ rng.normal(size=(4, 10))  # (n_items, n_users)
observed = truth + 2 * rng.normal(size=truth.shape)
has = {"image": ids < 100, "audio": (ids >= 92) & (ids < 100)}
blocks = {
    m: FeatureBlock(modality=m, item_ids=ids, values=z, present=has[m], names=names) for m in has
}

# %% [markdown]
# Two functions for later: `fit_model` fits the lesson's model on the 100 training items, and `predict_audio`
# predicts the 20 cold-start items from their audio.


# %%
def fit_model(sharing, training_blocks=blocks, own_reg=5.0):
    model = MultitaskRidge(
        sharing=sharing, projection=None, fit_intercept=False, reg=3.0, own_reg=own_reg
    )
    return model.fit(training_blocks, observed[:100], item_ids=ids[:100])


def predict_audio(model, values=z):
    everywhere = replace(blocks["audio"], values=values, present=np.ones(120, dtype=bool))
    return model.predict({"audio": everywhere}, ids[100:])["audio"]


def check_shape(value, shape, meaning):
    assert value is not None, "nothing was returned: end with `return …`"
    assert np.shape(value) == shape, f"shape {np.shape(value)}, expected {shape}: {meaning}"


# %% [markdown]
# ## 1 · How good is a prediction?
#
# One line. `predicted` and `true` are arrays of the same shape. Return the share of the variance explained,
# $R^2 = 1 - \sum (\text{predicted} - \text{true})^2 / \sum \text{true}^2$. Both sums go over all cells.


# %% exercise="explained"
def explained(predicted, true):
    ### BEGIN SOLUTION
    return 1 - ((predicted - true) ** 2).sum() / (true**2).sum()
    ### END SOLUTION


# %% check="explained"
_true = np.array([[1.0, 2.0], [3.0, -1.0]])
_predicted = _true + np.array([[1.0, -1.0], [0.0, 1.0]])
_r2 = explained(_predicted, _true)
check_shape(_r2, (), "one number; sum over rows and columns")
assert not np.isclose(_r2, 0.75), (
    "this is the mean of one R² for each column: sum over everything first, then divide once"
)
assert not np.isclose(_r2, 0.2), "this is the share that is NOT explained: subtract it from 1"
assert np.isclose(_r2, 0.8), (
    "here the squared errors add up to 3 and the squares of `true` to 15: 1 − 3/15"
)
assert np.isclose(explained(_true, _true), 1), "a perfect prediction explains all"
assert np.isclose(explained(-_true, _true), -3), "R² can be negative: a bad prediction gives 1 − 4"

# %%
for sharing in ("separate", "shared", "shared+own"):
    r2 = explained(predict_audio(fit_model(sharing)), truth[100:])
    print(f"{sharing:10} R² from audio:", fixed(r2, 2))

# %% [markdown]
# *Why is shared W best here?* Eight noisy items give separate W much variance. The 100 images estimate
# the same matrix far better, and both true matrices are equal, so sharing adds no bias.
#
# ## 2 · One W from two modalities
#
# One line. `G` and `B` are dicts: for each modality, $G_m = Z_m^\top Z_m$ and $B_m = Z_m^\top T_m$, where
# $T_m$ are the targets (here `observed`) of the items that have modality $m$. Sums over stacked rows are sums
# over modalities. Return the shared matrix $W$ of the stacked rows, without stacking any rows.


# %%
G = {m: z[present].T @ z[present] for m, present in has.items()}
B = {m: z[present].T @ observed[present] for m, present in has.items()}
print({m: (G[m].shape, B[m].shape) for m in G})


# %% exercise="shared"
def shared_matrix(G, B, reg):
    identity = np.eye(len(G["image"]))
    ### BEGIN SOLUTION
    return np.linalg.solve(sum(G.values()) + reg * identity, sum(B.values()))
    ### END SOLUTION


# %% check="shared"
_W = shared_matrix(G, B, 3.0)
check_shape(_W, (4, 10), "W has one row for each axis, one column for each user")
_mean = np.mean([np.linalg.solve(G[m] + 3.0 * np.eye(4), B[m]) for m in G], axis=0)
_twice = np.linalg.solve(sum(G.values()) + 6.0 * np.eye(4), sum(B.values()))
assert not np.allclose(_W, _mean), (
    "this is the mean of two separate matrices, in which 8 items count as much as 100: add up the"
    " G and the B first, then solve once"
)
assert not np.allclose(_W, _twice), "there is one W, so add `reg` once, not once for each modality"
assert np.allclose(_W, fit_model("shared").shared_), (
    "stacked rows have the sum of all G as their Gram matrix, and the sum of all B as their"
    " cross-product: W = (ΣG + reg·I)⁻¹ ΣB"
)

# %% [markdown]
# *Why.* $\sum_i z_i z_i^\top$ does not ask which modality a row came from. Each modality counts as much as
# it has rows: here 100 images against 8 sounds.
#
# ## 3 · The correction
#
# One line. $W$ is fixed. Return the $\Delta_m$ that minimises
# $\lVert T_m - Z_m (W + \Delta_m) \rVert^2 + \mu \lVert \Delta_m \rVert^2$, from
# $G_m = Z_m^\top Z_m$ and $B_m = Z_m^\top T_m$. (What does ridge regression have left to explain,
# once $Z_m W$ is subtracted?)


# %% exercise="correction"
def correction(G_m, B_m, W, own_reg):
    ### BEGIN SOLUTION
    return np.linalg.solve(G_m + own_reg * np.eye(len(G_m)), B_m - G_m @ W)
    ### END SOLUTION


# %% check="correction"
_model, _z = fit_model("shared+own"), z[has["audio"]]
_G, _B = _z.T @ _z, _z.T @ observed[has["audio"]]
_delta = correction(_G, _B, _model.shared_, 5.0)
check_shape(_delta, (4, 10), "Δ is as large as W: one row for each axis, one column for each user")
assert not np.allclose(_delta, np.linalg.solve(_G + 5.0 * np.eye(4), _B)), (
    "this is the separate matrix: first subtract what W explains already, B_m − G_m W"
)
assert not np.allclose(_delta, _model.coef_["audio"]), "this is W + Δ: return Δ alone"
assert np.allclose(_delta, _model.own_["audio"]), (
    "a ridge regression on what is left: its right-hand side is B_m − G_m W, its strength own_reg"
)

# %%
for own_reg in (0.1, 5.0, 1000.0):
    corrections = fit_model("shared+own", own_reg=own_reg).own_
    norms = {m: fixed(np.linalg.norm(delta), 1) for m, delta in corrections.items()}
    print(f"μ = {own_reg:6}: norm of Δ", norms)

# %% [markdown]
# *Why.* The larger $\mu$, the smaller the corrections. Both true matrices are equal here, so whatever the
# corrections hold is noise.
#
# ## 4 · An encoder
#
# Two or three lines. `F` (n_items, d) are features, `Q` (n_items, k) item factors, and `learn` (n_items,) says
# which items are training items that have the modality. Fit the encoder on these items by ridge regression
# with strength `reg`, and return $Z$ for *all* items.


# %% exercise="encode"
def encode(F, Q, learn, reg):
    ### BEGIN SOLUTION
    gram = F[learn].T @ F[learn] + reg * np.eye(F.shape[1])
    E = np.linalg.solve(gram, F[learn].T @ Q[learn])
    return F @ E
    ### END SOLUTION


# %% check="encode"
_rng = np.random.default_rng(1)
_F, _learn = _rng.normal(size=(30, 5)), np.arange(30) < 20
_Q = (_F @ _rng.normal(size=(5, 3))) * _learn[:, None]  # cold-start items have no factors: zeros
_Z = encode(_F, _Q, _learn, 2.0)
assert np.shape(_Z) != (5, 3), "this is the encoder E: return its output for all items, F @ E"
assert np.shape(_Z) != (20, 3), "return Z for all items: cold-start items need a row as well"
check_shape(_Z, (30, 3), "one row for each item, one column for each factor")
_all = _F @ np.linalg.solve(_F.T @ _F + 2.0 * np.eye(5), _F.T @ _Q)
_free = _F @ np.linalg.lstsq(_F[_learn], _Q[_learn], rcond=None)[0]
assert not np.allclose(_Z, _all), (
    "the rows that are not in `learn` took part in the fit: their factors are zeros, not knowledge"
)
assert not np.allclose(_Z, _free), "this is least squares without regularisation: add reg·I"
_gram = _F[_learn].T @ _F[_learn] + 2.0 * np.eye(5)
assert np.allclose(_Z, _F @ np.linalg.solve(_gram, _F[_learn].T @ _Q[_learn])), (
    "E = (FᵀF + reg·I)⁻¹ FᵀQ over the rows in `learn`, then Z = F E"
)

# %% [markdown]
# *Why.* Cold-start items have features, so they get a place in the latent space. They have no ratings, so
# their rows of $Q$ must not take part in the fit.
#
# ## 5 · One encoder flips every sign
#
# An idea, and `audio_error` to test it: the mean squared error of the predictions from audio.


# %%
def audio_error(sharing, audio=blocks["audio"], values=z):
    model = fit_model(sharing, blocks | {"audio": audio})
    return np.square(predict_audio(model, values) - truth[100:]).mean()


# %% [markdown]
# Suppose the audio encoder measures every axis the other way round: what was $z$ is $-z$ now.
# Nothing is lost. Make `flipped`, a block like the one it is given, with values of the opposite sign
# (`dataclasses.replace` is imported). Then predict which model is hurt: `"separate"` or `"shared"`?


# %% exercise="flipped"
def flipped(block):
    ### BEGIN SOLUTION
    return replace(block, values=-block.values)
    ### END SOLUTION


hurt = ""  # "separate" or "shared"
### BEGIN SOLUTION
hurt = "shared"
### END SOLUTION

# %% check="flipped" points=2
_other = replace(blocks["audio"], values=z + np.arange(4), present=ids % 2 == 0)
_flipped = flipped(_other)
assert isinstance(_flipped, FeatureBlock), "return a block: replace(block, values=…)"
assert not np.allclose(_flipped.values[::2], -z[::2]), (
    "flip the values of the block that the function is given, not z"
)
assert np.allclose(_flipped.values[::2], -_other.values[::2]), "every value with the opposite sign"
assert np.array_equal(_flipped.present, _other.present), "the same items have it as before"
assert hurt in ("separate", "shared"), "hurt is 'separate' or 'shared'"
_before = audio_error(hurt)
_after = audio_error(hurt, flipped(blocks["audio"]), -z)
assert _after > 1.1 * _before, (
    f"the mean squared error of {hurt} is {_before:.1f} before and {_after:.1f} after the flip:"
    " can this model take the opposite sign too?"
)

# %%
for sharing in ("separate", "shared"):
    after = audio_error(sharing, flipped(blocks["audio"]), -z)
    print(f"{sharing:9} mean squared error:", fixed(audio_error(sharing), 1), "→", fixed(after, 1))

# %% [markdown]
# *Why.* A separate matrix takes the opposite sign too, and the predictions stay the same. A shared matrix
# cannot: it fits the images, and reads every sound backwards. That is what "the axes must mean the same"
# means.
