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


def check_shape(value, shape, meaning):
    assert value is not None, "nothing was returned: end with `return …`"
    assert np.shape(value) == shape, f"shape {np.shape(value)}, expected {shape}: {meaning}"


# %% [markdown]
# ## 1 · The full softmax
#
# One line. In a batch the right item of pair $j$ stands in column $j$, so the lesson's code looks at the
# diagonal. Now the sum over $j$ takes *all* items of a catalogue: `scores` is (n_pairs, n_items), and the
# right item of each row is in the column that `liked` (n_pairs,) names. Return the loss of each pair, an array
# with one number for each row. Here are the same four pairs:

# %%
rows = ["0.5 0 1 2 0 1", "1 1 0 0 0.5 0", "0 1 0 1 0 3", "2 0 0.5 0 1 0"]
all_scores = np.array([row.split() for row in rows], dtype=float)  # (4 pairs, 6 items)
liked = np.array([3, 0, 5, 0])  # the column of each pair's item


# %% exercise="softmax"
def full_loss(scores, liked):
    ### BEGIN SOLUTION
    return np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(liked)), liked]
    ### END SOLUTION


# %% check="softmax"
_one_each = "one loss for each pair, no mean; scores[:, liked] takes four columns of *every* row"
_batch_loss = full_loss(scores, np.arange(4))  # as in the lesson: column j for pair j
check_shape(_batch_loss, (4,), _one_each)
assert not np.allclose(_batch_loss, np.log(np.exp(scores).sum(axis=0)) - np.diag(scores)), (
    "each *user* (row) chooses among the items: sum over axis 1"
)
_loss = full_loss(all_scores, liked)
check_shape(_loss, (4,), _one_each)
_sum = np.exp(all_scores).sum(axis=1)
_right = np.take_along_axis(all_scores, liked[:, None], axis=1)[:, 0]
_wrong = {
    "the right column of row u is liked[u], not u": np.log(_sum) - np.diag(all_scores),
    "sum over *all* columns": np.log(np.exp(all_scores[:, liked]).sum(axis=1)) - _right,
    "the sign: a loss is −log of a probability": _right - np.log(_sum),
    "this is the probability; the loss is −log of it": np.exp(_right) / _sum,
}
for _message, _value in _wrong.items():
    assert not np.allclose(_loss, _value), _message
assert np.allclose(_loss, np.log(_sum) - _right), "log of the row's sum, minus the right score"

# %% [markdown]
# *Two arrays of indices take one cell for each pair of them: cells (0, 3), (1, 0), (2, 5) and (3, 0). The
# loss is 0.80, 1.31, 0.35, 0.69; in the batch it is 0.60, 1.01, 0.21, 0.82. For the first three pairs the batch
# has a smaller loss, because it has fewer negatives. So losses with different numbers of negatives cannot be
# compared. (With equal scores the loss is log n for n items.) Why is it larger for the last pair? The batch has
# its item twice, once as a negative, with the large score 2: exercise 3.*
#
# ## 2 · The logQ correction, from the pairs
#
# A few lines. In the lesson the shares $p$ were given. Now you have the item of each training pair,
# `pair_items`, and the items of one batch, `item_ids`. Column $j$ of `scores` has item `item_ids[j]`. Return the
# corrected scores. (Begin with the share of one item.)

# %%
pair_items = np.repeat([3, 5, 7, 9], [50, 46, 2, 2])  # 100 pairs; half of them have item 3


# %% exercise="logq"
def correct(scores, item_ids, pair_items):
    ### BEGIN SOLUTION
    p = np.array([np.mean(pair_items == item) for item in item_ids])
    return scores - np.log(p)
    ### END SOLUTION


# %% check="logq"
_corrected = correct(scores, np.array([9, 5, 3, 7]), pair_items)
check_shape(_corrected, (4, 4), "scores keep their shape; each column has its own p")
_p = np.array([0.02, 0.46, 0.50, 0.02])
_wrong = {
    "adding log p lowers the scores of *rare* items: the wrong sign": scores + np.log(_p),
    "this corrects the rows: p belongs to the columns": scores - np.log(_p)[:, None],
    "subtract the logarithm of p, not p": scores - _p,
    "p is the share of *all* training pairs, not of the batch": scores - np.log(0.25),
    "keep the order of item_ids": scores - np.log([0.50, 0.46, 0.02, 0.02]),
    "p is a share: divide the count by the number of pairs": scores - np.log(100 * _p),
}
for _message, _value in _wrong.items():
    assert not np.allclose(_corrected, _value), _message
assert np.allclose(_corrected, scores - np.log(_p)), (
    "p_j: the share of the pairs that have item item_ids[j]; then subtract log p_j from column j"
)
_twice = scores - np.log([0.02, 0.50, 0.02, 0.50])
assert np.allclose(correct(scores, item_ids, pair_items), _twice), "item 3 is in two columns"

# %% [markdown]
# *After the correction a rare rival (p = 0.02) has a larger score than before, compared with a popular one.
# So the model must push rare items down harder, and popular ones less. Why is this right? An item with
# p = 0.02 is drawn once in fifty pairs, so when it is drawn it must count for fifty. The batch itself cannot tell:
# in it a rare item has the share 1/4. And counts in the place of shares? They add the same number to all scores,
# which a softmax does not see: the loss stays as it is.*
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
