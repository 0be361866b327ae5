# %% [markdown]
# # Exercises 16 · TensorFlow and Keras
#
# Four exercises on [lesson 16](../16_tensorflow.ipynb), from one line to one idea: 20 to 50 minutes. Write
# your answer where it says so, then run the cell below it. It is silent if all is well, and otherwise says
# what to look at. Each exercise needs only the cell before it and the first one.
# [Solutions](../solutions/16_tensorflow.ipynb). You need Keras: `make lab-extras`.

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

# A batch of four pairs (user, liked item): row u, column i. Pair j has its own item in column j.
scores = np.array([[2.0, 0.5, 1.0, 0.5], [0.0, 1.0, 0.0, 1.0], [1.0, 0, 3.0, 0], [0, 2.0, 0, 2.0]])
item_ids = np.array([7, 3, 9, 3])  # item 3 is in two pairs
p = np.array([0.02, 0.5, 0.02, 0.5])  # share of each item among all pairs


def check_shape(value, shape, meaning):
    assert value is not None, "nothing was returned: end with `return …`"
    assert np.shape(value) == shape, f"shape {np.shape(value)}, expected {shape}: {meaning}"


# %% [markdown]
# ## 1 · The in-batch softmax
#
# Return the loss of each pair, an array with one number for each row: −log of the softmax probability of
# the right item. `scores` is (n, n); the right item of row $j$ is in column $j$.


# %% exercise="softmax"
def batch_loss(scores):
    ### BEGIN SOLUTION
    return np.log(np.exp(scores).sum(axis=1)) - np.diag(scores)
    ### END SOLUTION


# %% check="softmax"
_loss = batch_loss(scores)
check_shape(_loss, (4,), "one loss for each pair, no mean yet")
_expected = -np.log(np.diag(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)))
_columns = -np.log(np.diag(np.exp(scores) / np.exp(scores).sum(axis=0, keepdims=True)))
assert not np.allclose(_loss, -_expected), "the sign: a loss is −log of a probability"
assert not np.allclose(_loss, _columns), (
    "each *user* (row) chooses among the items: sum over axis 1"
)
assert np.allclose(_loss, _expected), (
    "exponentiate, divide each row by its sum, take the diagonal, then −log"
)

# %% [markdown]
# *Equal scores in a row of n give the loss log n. A model that learns nothing has the mean loss log n.*
#
# ## 2 · The logQ correction
#
# Return the corrected scores. `p` is the probability with which each column's item is drawn.


# %% exercise="logq"
def correct(scores, p):
    ### BEGIN SOLUTION
    return scores - np.log(p)
    ### END SOLUTION


# %% check="logq"
_corrected = correct(scores, p)
check_shape(_corrected, (4, 4), "scores keep their shape; `p` belongs to the columns")
assert not np.allclose(_corrected, scores + np.log(p)), (
    "this adds log p, which lowers the scores of *rare* items: the wrong sign"
)
assert not np.allclose(_corrected, scores - np.log(p)[:, None]), (
    "this corrects the rows: p belongs to the items, which are columns"
)
assert not np.allclose(_corrected, scores / p), "subtract the logarithm; do not divide the score"
assert np.allclose(_corrected, scores - np.log(p)), "subtract log p from each column"

# %% [markdown]
# *After the correction a rare rival (p = 0.02) has a larger score than before, compared with a popular one.
# So the model must push rare items down harder, and popular ones less. Why is this right? An item with
# p = 0.02 is drawn once in fifty pairs, so when it is drawn it must count for fifty.*
#
# ## 3 · Accidental hits
#
# Two pairs may have the same item. In row 1 the right item is 3 (column 1), and item 3 is also in column 3.
# There it must not count as a rival. Return a copy of `scores` in which such cells are −∞. The diagonal
# stays as it is, and so does `scores` itself.


# %% exercise="hits"
def remove_hits(scores, item_ids):
    ### BEGIN SOLUTION
    item_ids = np.asarray(item_ids)
    same = item_ids[:, None] == item_ids[None, :]
    same &= ~np.eye(len(item_ids), dtype=bool)
    return np.where(same, -np.inf, scores)
    ### END SOLUTION


# %% check="hits"
_before = scores.copy()
_masked = remove_hits(scores, item_ids)
check_shape(_masked, (4, 4), "a copy of the scores")
assert np.array_equal(scores, _before), "`scores` itself was changed: copy it first"
assert np.isfinite(np.diag(_masked)).all(), "the diagonal is the right answer: keep it"
_rows, _columns = np.nonzero(np.isneginf(_masked))
assert len(_rows), "no cell is −∞: compare the item of each row with the item of each column"
assert {(int(r), int(c)) for r, c in zip(_rows, _columns, strict=True)} == {(1, 3), (3, 1)}, (
    "only rows 1 and 3 have the same item"
)
assert np.array_equal(remove_hits(scores, [7, 3, 9, 3]), _masked), "a list of ids works, too"
assert np.array_equal(remove_hits(scores, [1, 2, 3, 4]), scores), "without a repeated item all stay"

# %% [markdown]
# *The model is no longer told that item 3 beats item 3.*
#
# ## 4 · A head for each modality
#
# In the lesson the encoders were known, and only $W$ was learned. Now learn both. Return a Keras model with
# one input for each modality (its name and its number of features are in `widths`), one **encoder** for each
# (a `Dense` layer with `k` outputs), and *one* `Dense` layer with `n_users` outputs that all share. The
# outputs are a dict with the same names. No layer has a bias or an activation function.

# %%
widths = {"image": 5, "text": 7, "audio": 3}


# %% exercise="heads"
def build(widths, k, n_users):
    ### BEGIN SOLUTION
    shared = keras.layers.Dense(n_users, use_bias=False)
    inputs = {m: keras.Input((width,), name=m) for m, width in widths.items()}
    outputs = {m: shared(keras.layers.Dense(k, use_bias=False)(x)) for m, x in inputs.items()}
    return keras.Model(inputs, outputs)
    ### END SOLUTION


# %% check="heads"
_network = build(widths, 2, 4)
assert isinstance(_network, keras.Model), "return keras.Model(inputs, outputs)"
_count = _network.count_params()  # encoders (5 + 7 + 3) · 2, shared matrix 2 · 4
assert _count != 54, "each modality has a last layer of its own: create it once, before the loop"
assert _count not in (42, 44, 48), "a layer has a bias: use_bias=False"
assert _count == 38, f"{_count} weights; expected 30 for the encoders and 8 for the shared matrix"
_rows = {m: np.ones((6, width), dtype="float32") for m, width in widths.items()}
_predicted = _network(_rows)
assert isinstance(_predicted, dict), "the outputs are a dict: modality → predictions"
assert set(_predicted) == set(widths), "one output for each modality, with the same names"
check_shape(_predicted["text"], (6, 4), "items × users")
_double = _network({m: 2 * x for m, x in _rows.items()})["text"]
assert np.allclose(_double, 2 * np.asarray(_predicted["text"]), atol=1e-5), (
    "doubling the features must double the prediction: no activation function"
)

# %% [markdown]
# *Encoder times shared matrix, $E_m W$, is again a matrix, of rank $k$ at most. Without an activation function
# a deep network is still a linear model. What training adds is that encoders and $W$ are learned together; lesson 09 learns them one after
# the other.*
