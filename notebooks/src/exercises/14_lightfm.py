# %% [markdown]
# # Exercises 14 · LightFM
#
# Four exercises on [lesson 14](../14_lightfm.ipynb), from one line to one idea: 20 to 50 minutes. Write your
# answer where it says so, then run the cell below it. It is silent if all is well, and otherwise says what
# to look at. Each exercise needs only the cell before it and the first one.
# [Solutions](../solutions/14_lightfm.ipynb). You need LightFM: `make lab-extras`.

# %%
import numpy as np
import scipy.sparse as sp
from lightfm import LightFM

rng = np.random.default_rng(0)
E = rng.normal(size=(5, 3))  # embeddings: three identity features, then "folk" and "loud"
b = rng.normal(size=5)  # biases of the features
p, b_u = rng.normal(size=3), 0.5  # a user's embedding and bias
row = np.array([0.0, 1.0, 0.0, 1.0, 0.3])  # the features of one track


def check_shape(value, shape, meaning):
    assert value is not None, "nothing was returned: end with `return …`"
    assert np.shape(value) == shape, f"shape {np.shape(value)}, expected {shape}: {meaning}"


# %% [markdown]
# ## 1 · A score by hand
#
# Return the score of a track for a user, a number. `row` (n_features,) holds the weights of the track's features,
# `E` (n_features, n_factors) their embeddings, `b` (n_features,) their biases.


# %% exercise="score"
def score(row, E, b, p, b_u):
    ### BEGIN SOLUTION
    return p @ (row @ E) + row @ b + b_u
    ### END SOLUTION


# %% check="score"
_score = score(row, E, b, p, b_u)
check_shape(_score, (), "one number for one user and one track")
_full = sum(row[f] * (E[f] @ p + b[f]) for f in range(5)) + b_u
assert not np.isclose(_score, _full - b_u), "the user's bias is missing"
assert not np.isclose(_score, _full - row @ b), "the biases of the features are missing"
assert not np.isclose(_score, _full - row @ b + (row > 0) @ b), (
    "a bias has the weight of its feature"
)
assert not np.isclose(_score, ((row > 0) @ E) @ p + row @ b + b_u), (
    "each embedding is multiplied with its weight in `row`, not only added"
)
assert np.isclose(_score, _full), "p · (sum of weighted embeddings) + sum of weighted biases + b_u"

# %% [markdown]
# *Twice the weight of "folk" adds the folk part once more: the score is linear in the features.*
#
# ## 2 · The weight of a WARP step
#
# `positive` is the score of a liked item. `drawn` holds the scores of drawn negatives, in the order of the draws.
# Take the first one that violates the order: score > positive − 1. It is draw number $k$ (the first draw is
# number 1). Return $\log \lfloor (n - 1) / k \rfloor$, where $n$ is `n_items`, but at least 0. Without a violation
# there is no step: return 0.


# %% exercise="warp"
def warp_weight(positive, drawn, n_items):
    ### BEGIN SOLUTION
    for k, score in enumerate(drawn, start=1):
        if score > positive - 1:
            return float(np.log(max(1, (n_items - 1) // k)))
    return 0.0
    ### END SOLUTION


# %% check="warp"
_first = warp_weight(2.0, [1.5, 3.0], 480)
check_shape(_first, (), "one number")
assert not np.isclose(_first, np.log(239)), (
    "1.5 violates already: the margin is 1, so compare with positive − 1"
)
assert not np.isclose(_first, np.log(480)), "n − 1 other items, not n"
assert not np.isclose(_first, 479), "the logarithm is missing"
assert np.isclose(_first, np.log(479)), "a violation at the first draw: log of n − 1"
assert np.isclose(warp_weight(2.0, [0.0, 0.5, 1.1], 480), np.log(159)), (
    "the third draw violates: k = 3, and 479 / 3 is rounded down to 159"
)
assert warp_weight(2.0, [0.0, 0.5], 480) == 0, "no violation, no step: return 0"
assert warp_weight(2.0, [0.0, 0.0, 1.5], 3) == 0, "2 // 3 is 0, and log 0 is −∞: at least log 1"
assert np.isclose(warp_weight(2.0, np.array([1.5, 3.0]), 480), np.log(479)), "arrays work, too"

# %% [markdown]
# *The weight falls with the number of draws: a liked item near the top gets small steps, or none.*
#
# ## 3 · Normalise the content, keep the identity
#
# `Dataset` divides whole rows by their sum, so a long text takes weight from the identity. Do better: return the
# matrix (n, d + n) with the content rows, scaled to *length* 1, on the left, and the identity with weight 1 on the
# right. `content` is an array (n, d). A row of zeros (a track without content) stays zero; no warning, no NaN.

# %%
content = np.array([[3.0, 4.0], [0.0, 0.0], [-1.0, 0.0]])


# %% exercise="rows"
def feature_rows(content):
    ### BEGIN SOLUTION
    length = np.linalg.norm(content, axis=1, keepdims=True)
    scaled = content / np.where(length > 0, length, 1)
    return np.hstack([scaled, np.eye(len(content))])
    ### END SOLUTION


# %% check="rows"
_before = content.copy()
_rows = feature_rows(content)
_rows = _rows.toarray() if sp.issparse(_rows) else _rows
check_shape(_rows, (3, 5), "two content columns, then three identity columns")
assert np.array_equal(content, _before), "`content` itself was changed: work on a copy"
assert np.isfinite(_rows).all(), "a row of zeros was divided by its length, 0"
assert np.array_equal(_rows[:, 2:], np.eye(3)), "the identity stands on the right, with weight 1"
assert not np.allclose(_rows[0, :2], np.array([3, 4]) / 7), (
    "this divides by the sum; the *length* of (3, 4) is 5"
)
assert np.allclose(_rows[0, :2], [0.6, 0.8]), "divide each content row by its length"
assert np.allclose(_rows[1, :2], 0), "a track without content has a row of zeros"
assert np.allclose(_rows[2, :2], [-1, 0]), "a negative feature keeps its sign"

# %% [markdown]
# *Now the length of a text changes nothing. A weight in front of the content part says how much content counts
# beside identity: `content_weight` in the lesson.*
#
# ## 4 · Score cold-start items
#
# A model was fitted on four tracks: two content columns, then four identity columns. Three cold-start tracks arrive, with
# content alone. Return their scores for all users, an array (n_users, 3), from the fitted model. Use
# `model.get_item_representations(F)`, which returns biases and embeddings for the rows of a sparse float32 matrix,
# and `model.get_user_representations()`.

# %%
_liked = sp.coo_matrix(np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]], dtype="float32"))
_content = np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0], [0.1, 1.0]])
_F = sp.csr_matrix(np.hstack([_content, np.eye(4)]), dtype="float32")
model = LightFM(no_components=3, loss="bpr", random_state=0).fit(
    _liked, item_features=_F, epochs=30
)
new_content = np.array([[1.0, 0.1], [0.0, 0.9], [0.0, 0.0]])


# %% exercise="cold"
def score_new(model, new_content, n_identity=4):
    ### BEGIN SOLUTION
    rows = np.hstack([new_content, np.zeros((len(new_content), n_identity))])
    b_items, Q = model.get_item_representations(sp.csr_matrix(rows, dtype="float32"))
    b_users, P = model.get_user_representations()
    return P @ Q.T + b_users[:, None] + b_items
    ### END SOLUTION


# %% check="cold"
_scores = score_new(model, new_content)
check_shape(_scores, (3, 3), "users × cold-start tracks")
assert np.isfinite(_scores).all(), "a score is not finite"
_P, _b = model.user_embeddings, model.user_biases
assert not np.allclose(_scores[:, 2], 0), "the users' biases are missing"
assert np.allclose(_scores[:, 2], _b, atol=1e-5), (
    "the third track has no content: only the user's bias is left, so its identity columns must be 0"
)
_Q = new_content @ model.item_embeddings[:2]
assert not np.allclose(_scores, _P @ _Q.T + _b[:, None], atol=1e-5), (
    "the biases of the features are missing: get_item_representations returns them first"
)
_expected = _P @ _Q.T + _b[:, None] + new_content @ model.item_biases[:2]
assert np.allclose(_scores, _expected, atol=1e-5), "content on the left, zeros on the right"

# %% [markdown]
# *User 0 liked the two tracks with a large first feature, so the first of them should be ahead of the second
# one for this user. Is it? `score_new(model, new_content)[0]` tells: yes, by about 0.8. The third track gets the
# bias alone, which is the same for all items.*
