# %% [markdown]
# # Exercises 15 · PyTorch
#
# Four exercises on [lesson 15](../15_pytorch.ipynb), from one line to one idea: 20 to 60 minutes. Write your
# answer where it says so, then run the cell below it. It is silent if all is well, and otherwise says what to
# look at. After the first two code cells, each exercise runs by itself.
# [Solutions](../solutions/15_pytorch.ipynb). Needs PyTorch: `make lab-extras`.

# %%
import numpy as np
import torch
from torch.nn.functional import cross_entropy, logsigmoid

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
users = torch.randn(6, 4)  # six listeners' vectors
items = torch.randn(9, 4)  # nine tracks' vectors
user = torch.tensor([0, 1, 1, 2, 3, 4, 5])  # positive pairs: listener user[p] likes track item[p]
item = torch.tensor([0, 1, 2, 3, 1, 8, 1])
q = torch.bincount(item, minlength=9) / len(item)  # each track's share of the pairs

# %% [markdown]
# A function for the checks:


# %%
def check_tensor(value, shape, meaning):
    assert value is not None, "nothing was returned: end with `return …`"
    assert isinstance(value, torch.Tensor), f"return a tensor, not {type(value).__name__}"
    assert tuple(value.shape) == shape, f"shape {tuple(value.shape)}, expected {shape}: {meaning}"


# %% [markdown]
# ## 1 · The gradient of BPR
#
# One line. For one triple, the score is $s_{ui} = p_u^\top q_i$ and the loss is $-\log \sigma(s_{ui} -
# s_{uj})$. Return the gradient with respect to $q_j$. All three vectors have four numbers.


# %% exercise="bpr"
def bpr_gradient(p_u, q_i, q_j):
    ### BEGIN SOLUTION
    return torch.sigmoid(p_u @ (q_j - q_i)) * p_u
    ### END SOLUTION


# %% check="bpr"
_q = items[1].clone().requires_grad_()
(-logsigmoid(users[0] @ (items[0] - _q))).backward()
_by_hand = bpr_gradient(users[0], items[0], items[1])
check_tensor(_by_hand, (4,), "as many numbers as q_j has")
assert not torch.allclose(_by_hand, -_q.grad), (
    "the sign: a step goes *against* the gradient, and must lower the score of track j"
)
_for_p = torch.sigmoid(users[0] @ (items[1] - items[0])) * (items[1] - items[0])
assert not torch.allclose(_by_hand, _for_p), "this is the gradient with respect to p_u"
_wrong = torch.sigmoid(users[0] @ (items[0] - items[1])) * users[0]
assert not torch.allclose(_by_hand, _wrong), (
    "d is large if the order is wrong: σ(s_uj − s_ui), not σ(s_ui − s_uj)"
)
assert torch.allclose(_by_hand, _q.grad), "d p_u, with d = σ(s_uj − s_ui)"

# %% [markdown]
# *Why.* If the order is right by a wide margin, $d$ is near 0 and nothing moves. BPR learns from triples that
# are in the wrong order, or nearly.
#
# ## 2 · A gate
#
# Two lines. `logits` (n_items, M) are real numbers, `present` (n_items, M) is True where an item has the
# modality. Return the softmax over the *present* modalities of each item: 0 for a missing one. An item
# without any modality gets zeros.


# %% exercise="gate"
def gate(logits, present):
    ### BEGIN SOLUTION
    exp = torch.exp(logits) * present
    return exp / exp.sum(1, keepdim=True).clamp(min=1e-12)
    ### END SOLUTION


# %% check="gate"
_logits = torch.tensor([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
_present = torch.tensor([[True, True, True], [True, True, False], [False, False, False]])
_g = gate(_logits, _present)
check_tensor(_g, (3, 3), "a row for each item, a column for each modality")
assert not torch.isnan(_g).any(), "an item without modalities gives 0/0: avoid dividing by 0"
assert (_g[~_present] == 0).all(), "a missing modality has weight 0"
assert not torch.allclose(_g[1], torch.softmax(_logits, 1)[1] * _present[1]), (
    "weights of the second item must add up to 1: take the softmax over the present ones only"
)
assert torch.allclose(_g[:2].sum(1), torch.ones(2)), (
    "each item's weights add up to 1 (over the row)"
)
assert torch.allclose(_g[0], torch.softmax(_logits[0], 0)), "where all are present: the softmax"

# %% [markdown]
# *Why.* These are lesson 08's renormalised weights, but from the item's own features.
#
# ## 3 · The in-batch softmax, corrected
#
# Three lines. For a batch of positive pairs, return the mean softmax loss in which each pair's
# negatives are the items of the other pairs, with the logQ correction. `users` and `items` are all
# vectors, `q` the items' shares. `cross_entropy(logits, target)` is the mean of −log softmax in the columns
# `target`. (Leave aside that the *same* item in another pair is no negative.)


# %% exercise="logq"
def corrected_loss(users, items, user, item, q):
    ### BEGIN SOLUTION
    logits = users[user] @ items[item].T - torch.log(q[item])
    return cross_entropy(logits, torch.arange(len(item)))
    ### END SOLUTION


# %% check="logq"
_loss = corrected_loss(users, items, user, item, q)
check_tensor(_loss, (), "one number, the mean over the batch")
_scores, _at = users[user] @ items[item].T, torch.arange(len(item))
_wrong = {
    "the uncorrected loss: log q is missing, or in the rows instead of the columns": cross_entropy(
        _scores, _at
    ),
    "the sign: subtract log q": cross_entropy(_scores + torch.log(q[item]), _at),
    "subtract the log of q, not q": cross_entropy(_scores - q[item], _at),
    "the mean, not the sum": cross_entropy(_scores - torch.log(q[item]), _at, reduction="sum"),
}
for _message, _value in _wrong.items():
    assert not torch.isclose(_loss, _value), _message
assert torch.isclose(_loss, cross_entropy(_scores - torch.log(q[item]), _at)), (
    "logits are users[user] @ items[item].T − log q[item]; the positive of row p stands in column p"
)

# %% [markdown]
# *What if $\log q$ is subtracted from the rows, with `[:, None]`?* Then nothing changes: a softmax over a
# row does not see what is added to the whole row. That is also why the bias of a *user* never matters for
# a ranking.
#
# ## 4 · Which loss made this list?
#
# An idea. Two models were trained on the same pairs, one with the full softmax, the other with the
# uncorrected in-batch loss. You get the scores of both, `a` and `b` (n_users, n_items), and the items' shares
# `q`. Return `"a"` or `"b"`: the name of the *uncorrected* one. (What did it learn instead of $s$?)


# %%
def simulated_scores(rng):
    """Return true scores and what the uncorrected loss would learn, with noise, and shares q."""
    rng = np.random.default_rng(rng)
    q = rng.dirichlet(np.full(200, 0.5)) + 1e-4
    q = q / q.sum()
    s = np.log(q) + rng.normal(size=(50, 200))  # popular items have higher scores
    noise = 0.5 * rng.normal(size=(2, 50, 200))
    return s + noise[0] + 3.0, s - np.log(q) + noise[1], q


# %% exercise="which"
def uncorrected_one(a, b, q):
    ### BEGIN SOLUTION
    correlation = {}
    for name, scores in {"a": a, "b": b}.items():
        correlation[name] = np.corrcoef(scores.mean(axis=0), np.log(q))[0, 1]
    return min(correlation, key=correlation.get)
    ### END SOLUTION


# %% check="which" points=2
for _seed in range(6):
    _full, _uncorrected, _q = simulated_scores(_seed)
    for _a, _b, _answer in ((_full, _uncorrected, "b"), (_uncorrected, _full, "a")):
        _given = uncorrected_one(_a, _b, _q)
        assert _given in ("a", "b"), f'return "a" or "b", not {_given!r}'
        assert _given == _answer, (
            "the uncorrected model learned s − log q: its scores are less related to popularity than the other's"
        )
        _given = uncorrected_one(_a - 9.0, _b, _q)
        assert _given == _answer, (
            "a constant added to all scores changes no list: do not compare their sizes"
        )

# %% [markdown]
# *Why.* Neither accuracy nor ground truth was needed. Scores without $\log q$ have lost the popularity
# of the items, so their mean over users does not rise with $\log q$. You can make this test on any model
# whose training you have not seen.
