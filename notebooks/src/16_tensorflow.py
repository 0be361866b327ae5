# %% [markdown]
# # 16 · TensorFlow and Keras
#
# **Aim** Write lesson 09's shared matrix as a Keras network and train it to the known solution. Then train
# a two-tower recommender with keras-rs, retrieve with it, and use content for cold-start items.<br>
# **Time** {minutes} minutes, exercises 20 to 50 more.<br>
# **Needs** Lessons 06 (intervals), 08 (early fusion) and 09 (multitask fusion); lesson 15 helps. Keras,
# keras-rs and TensorFlow: `make lab-extras` installs them. Nothing is downloaded.
#
# ## Which of these names do you need?
#
# - **Keras** is the library in which you write networks: layers, losses, a `fit` method.
# - **TensorFlow** computes. For Keras it is one of three **backends**; PyTorch and JAX are the others. One
#   environment variable chooses, before the first import, and the code stays the same.
# - **keras-rs** is Keras' own package for recommender systems. Its predecessor, TensorFlow Recommenders
#   (TFRS), still needs Keras 2 and only receives maintenance. Old tutorials use it; new code need not.
#
# The questions of this lesson: does training find what a closed form finds? And what does a two-tower
# network gain over a ridge regression?

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # "torch" and "jax" work, too
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no notes about this processor

import keras

print("backend:", keras.backend.backend())

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
split = cold_item_split(mosaic.ratings, fraction=0.2, rng=0)
training_items = split.train_valid["item_id"].unique()
blocks = extract_features(mosaic, fit_items=training_items)
print(len(split.train_valid), "training ratings;", len(split.candidates), "cold-start items")

# %% [markdown]
# As in lesson 09, a fifth of the tracks are cold-start items. Mosaic's listeners are simulated.
#
# ## Lesson 09 as a network
#
# In lesson 09 each modality $m$ has rows $Z_m$ in one latent space, and one matrix $W$ leads from there to
# predicted ratings, $y_m = Z_m W$. All modalities share $W$:
#
# $$\min_W \sum_m \lVert T_m - Z_m W \rVert^2 + \lambda \lVert W \rVert^2$$
#
# In words: in every modality, predict the targets $T$ (centred ratings) from the latent rows; keep $W$
# small. This has a closed form, so we know the right answer. First compute it with the package of lesson
# 09, and take its latent rows.

# %%
from mmrec_course.extras.multitask import MultitaskRidge

two = {m: blocks[m] for m in ("image", "audio")}
targets = split.train_valid.pivot_table("rating", "item_id", "user_id").sub(2.5).fillna(0.0)
ridge = MultitaskRidge(sharing="shared", n_components=32, projection_reg=10.0, reg=10.0)
ridge.fit(two, targets)

aligned = {m: block.align(targets.index) for m, block in two.items()}
Z = ridge.space_.transform(aligned)  # modality → (n_items, 32)
present = {m: block.present.astype("float32") for m, block in aligned.items()}
T = targets.to_numpy() - ridge.intercept_  # (n_items, n_users)
print("W:", ridge.shared_.shape, " T:", T.shape)

# %% [markdown]
# Now the network. It has an input for each modality, and *one* layer, used twice: calling the same layer
# object on two inputs shares its weights. A layer without bias and without activation function is a
# matrix. Each modality has its own output, a **head**.

# %%
shared = keras.layers.Dense(
    T.shape[1],
    use_bias=False,
    kernel_initializer="zeros",
    kernel_regularizer=keras.regularizers.L2(10.0),
    name="W",
)
inputs = {m: keras.Input((32,), name=m) for m in Z}
network = keras.Model(inputs, {m: shared(rows) for m, rows in inputs.items()})
print("weights to learn:", network.count_params(), "= 32 ×", T.shape[1])

# %% [markdown]
# The loss of the formula is a *sum* of squares. Keras' own `MeanSquaredError` takes means, and then
# $\lambda$ would mean something else. Writing a loss of your own takes two lines. Items that lack a
# modality get the sample weight 0 in its head.


# %%
class SumOfSquares(keras.losses.Loss):
    def call(self, true, predicted):
        return keras.ops.sum((true - predicted) ** 2, axis=-1)


losses = {m: SumOfSquares(reduction="sum") for m in Z}

# %% [markdown]
# ## Training, and how fast it can go
#
# **Gradient descent** moves $W$ against the gradient, again and again. How large may a step be? The loss is
# a bowl. Along some directions it is steep, along others flat; the eigenvalues of
# $\sum_m Z_m^\top Z_m + \lambda I$ say how steep. A step that is too large overshoots along the steepest
# direction. Their ratio, the **condition number** $\kappa$, says how long the flattest one takes.
# *Momentum* adds a part of the last step to the next. For a bowl, the best step and momentum are known
# (Polyak 1964):

# %%
import numpy as np

gram = sum((Z[m] * present[m][:, None]).T @ Z[m] for m in Z)
steepness = 2 * (np.linalg.eigvalsh(gram) + 10.0)  # ascending
low, high = np.sqrt(steepness[[0, -1]])
step, momentum = 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2
print(f"condition number {steepness[-1] / steepness[0]:.0f}, momentum {momentum:.1f}")

# %%
network.compile(optimizer=keras.optimizers.SGD(step, momentum), loss=losses)
history = network.fit(
    Z, dict.fromkeys(Z, T), sample_weight=present, batch_size=len(T), epochs=60, verbose=0
)
W = np.asarray(shared.kernel)
print("equal to the closed form:", np.allclose(W, ridge.shared_, atol=1e-3))

# %% [markdown]
# Sixty steps over all items at once find the closed form. How far away is each step from the smallest
# possible loss? (The best loss is computed from the closed form.)

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import finish, use_style

residuals = [((T - Z[m] @ ridge.shared_) ** 2).sum(axis=1) @ present[m] for m in Z]
best_loss = sum(residuals) + 10.0 * (ridge.shared_**2).sum()
use_style()
figure, ax = plt.subplots()
ax.semilogy(np.maximum(np.array(history.history["loss"]) - best_loss, 0.1))
ax.set(title="Every step divides the distance", xlabel="step", ylabel="loss − smallest loss")
finish(
    ax,
    alt="Loss above the smallest possible loss, on a logarithmic axis, against 60 steps: a falling,"
    " nearly straight line, from ten thousand down to 0.1",
)

# %% [markdown]
# The line on the logarithmic axis is nearly straight: a step divides the distance by a constant. (It ends
# at 0.1: below that, the digits of 32-bit numbers are used up.) So where a
# closed form exists, training gives the same answer later. Training is for models *without* a closed form.
# Here is one.
#
# ## Two towers
#
# A **two-tower model** has one network for users and one for items. Each ends in a vector, and the score is
# their dot product:
#
# $$s_{ui} = u_u^\top v_i, \qquad v_i = W x_i + e_i$$
#
# The user tower here is an **embedding**: a table with one learned row $u_u$ for each user. The item tower
# adds two parts. $W x_i$ comes from the features, the early fusion of lesson 08. $e_i$ is an embedding of
# the item itself. It begins at 0 and is only learned where there are ratings. So a cold-start item has
# $v_i = W x_i$: content, and nothing else. keras-rs' own retrieval examples have no such part, and users
# ask for it (keras-rs issue 175).
#
# ## The loss: softmax over a batch
#
# Which items should score high? Those that the user liked (4 or 5 stars), above all others. A **softmax**
# over all items turns a user's scores into probabilities, and the loss is −log of the liked item's
# probability. With millions of items this sum is too long. The **in-batch sampled softmax** takes a batch
# of pairs (user, liked item). For each user, the items of the *other* pairs are the rivals.
#
# One thing goes wrong: popular items are in many pairs, so they are rivals too often, and the model learns
# to score them too low. The remedy is the **logQ correction** (Bengio and Senécal 2003; for two towers Yi et
# al. 2019): subtract from each item's score the logarithm of the probability with which it is drawn,
# $\log p_i$. By hand, for three pairs:

# %%
scores = np.array([[2.0, 1.0, 0.0], [0.5, 1.5, 0.0], [1.0, 1.0, 1.0]])  # users × items of the batch
p = np.array([0.10, 0.01, 0.01])  # the first item is popular
corrected = scores - np.log(p)
softmax = np.exp(corrected) / np.exp(corrected).sum(axis=1, keepdims=True)
by_hand = -np.log(np.diag(softmax))
print("loss of each pair:", by_hand.round(2))

# %% [markdown]
# keras-rs has the correction as a layer, and Keras has the loss. The right item of pair $j$ stands in
# column $j$, so the labels are 0, 1, 2:

# %%
from keras_rs.layers import SamplingProbabilityCorrection

logits = SamplingProbabilityCorrection()(scores, p[None, :])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
print("equal:", np.allclose(loss(np.arange(3), logits), by_hand))

# %% [markdown]
# The sign matters. $-\log p_i$ is large for a *rare* item, so a rare rival counts for the many that were not
# drawn. With the wrong sign popular items would be punished twice. (TensorFlow Recommenders had a bug report
# about this sign: tensorflow/recommenders#219. Lesson 15 measures what the correction does.)
#
# One more trap: two pairs of a batch may have the *same* item. Then the right answer is also a rival, an
# **accidental hit**, and should not count. keras-rs has a layer for this, too. Try it on equal scores, where
# pairs 0 and 2 have item 7:

# %%
from keras_rs.layers import RemoveAccidentalHits

hits = RemoveAccidentalHits()(
    np.zeros((3, 3), "float32"), np.eye(3, dtype="float32"), np.array([7, 5, 7])
)
print("changed by more than 0.001:", bool((np.abs(np.asarray(hits)) > 0.001).any()))

# %% [markdown]
# Nothing changed! The layer of keras-rs 0.4.0 adds the *smallest* number above zero, where a very large
# negative one was meant. Its own test compared the result with that same number, so it could not fail.
# (A correction is proposed: keras-rs#206.) Test a library's part on a case whose answer you know, before you
# build on it. `KerasTwoTower` masks these cells by itself; exercise 3 lets you do it.
#
# ## Train it
#
# `KerasTwoTower` has these two towers and this loss in 200 lines, which are to be read beside this lesson:
# `mmrec_course/extras/keras_models.py`. It follows the contract of all recommenders of the course. With
# `early_stopping` it holds out a tenth of its training data, trains until NDCG@10 on them no longer rises,
# and then trains anew on everything, for the best number of epochs. We hold out *items* here, because
# cold-start items are what we want to rank.

# %%
from mmrec_course.extras.keras_models import KerasTwoTower

towers = KerasTwoTower(hold_out="items", patience=8).fit(split.train_valid, blocks)
curve = towers.history_  # one row for each epoch: epoch, loss, ndcg

# %%
figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
for ax in axes:
    ax.xaxis.get_major_locator().set_params(integer=True)
axes[0].plot(curve["epoch"], curve["loss"])
axes[0].set(title="Training loss", xlabel="epoch", ylabel="in-batch softmax")
axes[1].plot(curve["epoch"], curve["ndcg"])
axes[1].axvline(towers.n_epochs_, color="#222222", linestyle="--", linewidth=1)
axes[1].set(title="Held-out items", xlabel="epoch", ylabel="NDCG@10", ylim=(0, None))
finish(
    figure,
    alt="Two curves against the epoch. Left: the training loss falls all the time. Right: NDCG@10 on"
    " held-out items rises within a few epochs, then stays level and falls a little; a dashed line marks"
    " the best epoch",
)

# %% [markdown]
# The loss still falls when NDCG on held-out items has stopped rising: **overfitting**. The dashed line is
# where training stops.
#
# ## By hand: what the trained model computes
#
# After `fit` the model keeps two matrices. A score is a dot product, and an item without ratings has the
# content part alone. So a track without any modality scores 0 for everybody.

# %%
U, V = towers.user_vectors_, towers.item_vectors_
row = np.flatnonzero(towers.user_ids_ == "u416")[0]
columns = np.searchsorted(towers.item_ids_, split.candidates)
equal = np.allclose(towers.score(["u416"], split.candidates)[0], V[columns] @ U[row])
print("users:", U.shape, " items:", V.shape, " score = dot product:", equal)

# %% [markdown]
# ## Retrieval
#
# In a service, users × items scores are never computed all at once. The item vectors are stored, a user's
# vector is the query, and a **retrieval** step returns the $k$ items with the largest dot product. keras-rs
# has `BruteForceRetrieval`, which compares with every item; lesson 17 has faster ways. Does it find what
# `recommend` finds?

# %%
from keras_rs.layers import BruteForceRetrieval

retrieval = BruteForceRetrieval(candidate_embeddings=V[columns].astype("float32"), k=10)
_, places = retrieval(U[[row]].astype("float32"))
found = split.candidates[np.asarray(places)[0]]
listed = towers.recommend(["u416"], k=10, candidates=split.candidates)["item_id"]
print("the same ten tracks:", list(found) == list(listed))

# %%
from mmrec_course.display import show_items

show_items(mosaic.items, listed[:5])

# %% [markdown]
# Retrieval returns items that the user has rated already, if they are among the candidates. Ask for more
# than ten and remove them afterwards, as `recommend` does. (Cold-start items have no ratings, so here
# nothing had to be removed.)
#
# ## Does content help, and is it content?
#
# Five cold-item splits, as in all lessons. The permutation control of lesson 08 gives each track the
# features of another one. The ridge regression on the same early-fused features (lesson 08) is the simplest
# rival. To save time, every network trains for ten epochs.

# %%
from mmrec_course.display import print_table
from mmrec_course.evaluation import compare_splits, evaluate, grid_search
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import ContentRidge


def cold_start_models(split, seed):
    items = split.train_valid["item_id"].unique()
    blocks = extract_features(mosaic, fit_items=items)
    permuted = {m: block.shuffle(rng=seed) for m, block in blocks.items()}
    fused = {"fused": early_fusion(blocks, fit_items=items)}
    grid = {"reg": [1.0, 10.0, 100.0]}
    options = {"early_stopping": False, "n_epochs": 10}
    return {
        "joint ridge": grid_search(ContentRidge(modality="fused"), grid, split, fused)[0],
        "two towers": KerasTwoTower(**options).fit(split.train_valid, blocks),
        "permuted": KerasTwoTower(**options).fit(split.train_valid, permuted),
    }


# %%
results = {"joint ridge": [], "two towers": [], "permuted": []}
for seed in range(5):
    split = cold_item_split(mosaic.ratings, fraction=0.2, rng=seed)
    for name, model in cold_start_models(split, seed).items():
        results[name].append(evaluate(model, split, metrics=("ndcg",)))

table = compare_splits(results, test_share=0.2)
print_table(table[["mean", "difference", "diff_low", "diff_high"]])

# %% [markdown]
# The two towers rank cold-start items far above the permuted control, so what they learned is content.
# Against the joint ridge the interval of the difference includes zero: on this catalogue no gain of the
# network can be seen, and none of the ridge either.
#
# And on warm items? The last tenth of each user's ratings is held out (lesson 06). Without features only the
# embeddings are left: matrix factorisation with another loss. The third row has permuted features.

# %%
from mmrec_course.evaluation import compare, temporal_split

warm = temporal_split(mosaic.ratings)
warm_blocks = extract_features(mosaic, fit_items=warm.train_valid["item_id"].unique())
variants = {
    "embeddings and content": warm_blocks,
    "embeddings alone": {},
    "content permuted": {m: block.shuffle(rng=0) for m, block in warm_blocks.items()},
}
tables = {}
for name, features in variants.items():
    model = KerasTwoTower(early_stopping=False, n_epochs=10).fit(warm.train_valid, features)
    tables[name] = evaluate(model, warm, metrics=("ndcg",))

print_table(compare(tables)[["mean", "difference", "diff_low", "diff_high"]])

# %% [markdown]
# Right content beats permuted content. But between embeddings with content and embeddings alone the interval
# includes zero. Lesson 11 tells the same story: on warm items a good collaborative model leaves little for
# content to add. Permuted features do harm.
#
# ## Another backend
#
# The model imports Keras and no backend. So the same file runs on PyTorch. The backend is chosen when Keras
# is imported, so this needs a new process:

# %%
import subprocess
import sys

program = """
import keras, numpy as np
from keras_rs.layers import SamplingProbabilityCorrection
scores, p = np.array([[2.0, 1.0], [0.5, 1.5]]), np.array([[0.1, 0.01]])
logits = SamplingProbabilityCorrection()(keras.ops.convert_to_tensor(scores), p)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
print(keras.backend.backend(), round(float(loss(np.arange(2), logits)), 3))
"""
for backend in ("tensorflow", "torch"):
    environment = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    print(done.stdout.strip())

# %% [markdown]
# The same numbers give the same loss. A *training* does not give the same digits on two backends: they draw
# other random numbers. On one backend, the same `rng` gives the same model, whatever the number of threads.
#
# ## The table
#
# The models of lessons 14 to 16 and their rivals on Mosaic. Each tries twelve settings on the validation
# part: its defaults, and others drawn at random from its grid (*chance*, *popularity* and the final model
# with its defaults have nothing to choose). The file is written by `make bench-extras`
# (`benchmarks/frameworks.py`), which takes about an hour. Differences are to the tuned final model of
# lesson 11.

# %%
import pandas as pd

table = pd.read_csv("../benchmarks/frameworks.csv")
for situation, rows in table.groupby("situation", sort=False):
    print(situation)
    columns = ["model", "ndcg", "difference", "diff_low", "diff_high", "seconds"]
    digits = {"ndcg": 3, "difference": 3, "diff_low": 3, "diff_high": 3, "seconds": 1}
    print_table(rows[columns], digits=digits, index=False)

# %% [markdown]
# TABLE_TEXT
#
# ## What goes wrong
#
# - **The wrong sign of logQ**, or none. The loss falls all the same; only the lists show it.
# - **Accidental hits**, and trust in a layer that should remove them.
# - **Correcting when you serve.** $\log p_i$ belongs to training. At serving, use the plain dot product.
# - **Stopping on the wrong thing.** The loss on training pairs falls for ever. Early stopping on random
#   ratings chooses for warm items; for cold-start items hold out whole items.
# - **Means and sums.** With Keras' mean losses, λ has another meaning than in a formula with sums.
#
# ## Your turn
#
# [Four exercises](exercises/16_tensorflow.ipynb), with [solutions](solutions/16_tensorflow.ipynb): from the
# softmax of a batch to a head for a new modality.
#
# ## Recap
#
# - Keras is where you write, TensorFlow is one of the backends that compute, keras-rs has parts for
#   recommenders.
# - A shared layer is lesson 09's shared $W$. Gradient descent finds its closed form; the condition number
#   says how fast.
# - A two-tower model scores with a dot product. Its item tower takes features, so it ranks cold-start items.
# - The in-batch softmax takes its rivals from the batch, and the logQ correction makes up for their
#   popularity.
# - On Mosaic (simulated listeners) two towers cannot be told from a joint ridge on cold-start items.
#
# ## Sources
#
# - Chollet and others (2015–), *Keras*, and the Keras team (2025–), *Keras Recommenders* (keras-rs).
# - Abadi and others (2016), *TensorFlow: A system for large-scale machine learning*, OSDI.
# - Polyak (1964), *Some methods of speeding up the convergence of iteration methods*: step and momentum.
# - Covington, Adams and Sargin (2016), *Deep neural networks for YouTube recommendations*, RecSys:
#   retrieval with a softmax over videos.
# - Bengio and Senécal (2003), *Quick training of probabilistic neural nets by importance sampling*,
#   AISTATS: the correction.
# - Yi and others (2019), *Sampling-bias-corrected neural modeling for large corpus item recommendations*,
#   RecSys: two towers with in-batch softmax and the correction.
