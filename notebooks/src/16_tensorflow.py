# %% [markdown]
# # 16 · TensorFlow and Keras
#
# **Aim** Write lesson 09's shared matrix as a Keras network and train it to the known solution. Then train
# a two-tower recommender with keras-rs, retrieve with it, and use content for cold-start items.<br>
# **Time** {minutes} minutes, exercises 20 to 50 more.<br>
# **Needs** Lessons 06 (intervals), 08 (early fusion) and 09 (multitask fusion); lesson 15 helps. Keras,
# keras-rs, TensorFlow, and PyTorch for one cell: `make lab-extras` installs them. Nothing is downloaded.
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

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # or "torch", as below
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
# In words: in every modality, predict the targets $T$ (centred ratings minus each listener's mean) from the
# latent rows; keep $W$ small. This has a closed form, so we know the right answer. First compute it with the
# package of lesson 09. `shared_` is $W$, `intercept_` holds the listeners' means, and `space_` computes $Z_m$.

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
# matrix. Each modality has its own output, a **head** (here without weights of its own).

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
# $\lambda$ would mean something else. So we write our own. Items without a
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
# a bowl: steep in some directions, flat in others. The eigenvalues of $\sum_m Z_m^\top Z_m + \lambda I$
# measure the steepness. A step that is too large overshoots in the steepest direction, and a step that is
# right there is small for the flattest. The largest eigenvalue divided by the smallest is the **condition
# number**. *Momentum* adds a part of the last step to the next. For a bowl, the best step and the best
# momentum $\beta$ are known (Polyak 1964). With $a$ and $b$, the square roots of the smallest and the
# largest steepness:
#
# $$\text{step} = \frac{4}{(a + b)^2}, \qquad \beta = \Big(\frac{b - a}{b + a}\Big)^2$$
#
# In the long run each step multiplies the distance to the smallest loss by about $\beta$.

# %% tags=["predict"]
import numpy as np

gram = sum((Z[m] * present[m][:, None]).T @ Z[m] for m in Z)
steepness = 2 * (np.linalg.eigvalsh(gram) + 10.0)  # ascending; the gradient has a factor 2
a, b = np.sqrt(steepness[[0, -1]])
step, momentum = 4 / (a + b) ** 2, ((b - a) / (b + a)) ** 2
condition = steepness[-1] / steepness[0]
for number in (condition, 10 * condition):
    beta = ((number**0.5 - 1) / (number**0.5 + 1)) ** 2
    steps = np.log(1000) / -np.log(beta)
    print(f"condition number {number:.0f}: β {beta:.1f}, {steps:.0f} steps divide by 1,000")

# %% [markdown]
# With features that are ten times worse conditioned, training takes three times as many steps. Train: all
# items are one batch, so an epoch is one step.

# %%
network.compile(optimizer=keras.optimizers.SGD(step, momentum), loss=losses)
history = network.fit(
    Z, dict.fromkeys(Z, T), sample_weight=present, batch_size=len(T), epochs=60, verbose=0
)
W = np.asarray(shared.kernel)
print("equal to the closed form:", np.allclose(W, ridge.shared_, atol=1e-3))

# %% [markdown]
# Sixty steps find the closed form. How far above the smallest possible loss is each step? (The smallest loss
# is computed from the closed form. The figure ends at 0.1.)

# %% tags=["slide-steps"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import finish, use_style

residuals = [((T - Z[m] @ ridge.shared_) ** 2).sum(axis=1) @ present[m] for m in Z]
best_loss = sum(residuals) + 10.0 * (ridge.shared_**2).sum()
use_style()
figure, ax = plt.subplots()
ax.semilogy(np.maximum(np.array(history.history["loss"]) - best_loss, 0.1))
ax.set(
    title="After a slow start every step divides the distance",
    xlabel="step",
    ylabel="loss − smallest loss",
)
finish(
    ax,
    alt="Loss above the smallest possible loss, on a logarithmic axis, against the step: level for five"
    " steps, then a nearly straight line down from ten thousand to 0.1 at step 30, where it is cut",
)

# %% [markdown]
# From step 10 on the line is nearly straight: about 15 steps divide the distance by 1,000, not far from the 12 of
# the long run. Where a closed form exists, training finds the same answer, with more work. Training is for models
# *without* a closed form. Here is one.
#
# ## Two towers
#
# A **two-tower model** has one network for users and one for items. Each ends in a vector, and the score is
# their dot product:
#
# $$s_{ui} = u_u^\top v_i, \qquad v_i = A x_i + e_i$$
#
# The user tower here is an **embedding**: a table with one learned row $u_u$ for each user. The item tower
# adds two parts. $A x_i$ comes from the features $x_i$, the early fusion of lesson 08; $A$ is a matrix to be
# learned. $e_i$ is an embedding of the item itself. It begins at 0 and is only learned where there are
# likes. So a cold-start item has $v_i = A x_i$: content, and nothing else. (keras-rs' own retrieval
# examples have no features, and users ask for them: keras-rs issue 175.) In Keras the towers are three layers:

# %%
from mmrec_course.fusion import early_fusion

fused = early_fusion(blocks, fit_items=training_items).align(mosaic.items.index)
x = fused.values.astype("float32")  # (n_items, d)
users = keras.layers.Embedding(600, 32)
own = keras.layers.Embedding(len(x), 32, embeddings_initializer="zeros")
content = keras.layers.Dense(32, use_bias=False)  # A

user, item = np.array([0, 1, 2]), np.array([5, 9, 5])  # a batch of three pairs
u, v = users(user), own(item) + content(x[item])
s = keras.ops.matmul(u, keras.ops.transpose(v))
print("users:", tuple(u.shape), " items:", tuple(v.shape), " scores:", tuple(s.shape))

# %% [markdown]
# ## The loss: softmax over a batch
#
# Which items should score high? Those that the user liked (4 or 5 stars), above all others. The **softmax**
# turns a user's scores for all items into probabilities, and the loss is −log of the liked item's:
#
# $$L = -\log \frac{\exp(s_{ui})}{\sum_j \exp(s_{uj})}$$
#
# With millions of items the sum over $j$ is too long. The **in-batch sampled softmax** takes a batch of pairs
# (user, liked item). For each user, the items of the *other* pairs are the negatives.
#
# But popular items are in many pairs, so they are negatives too often, and the model learns
# to score them too low. The remedy is the **logQ correction** (Bengio and Senécal 2003; for two towers Yi et
# al. 2019): subtract $\log p_j$ from the score of each item $j$ of the batch, also the right one. $p_j$ is
# the item's share of all pairs ($q_j$ in lesson 15). By hand, for three pairs, without and with it:

# %% tags=["predict"]
scores = np.array([[2.0, 1.0, 0.0], [0.5, 1.5, 0.0], [1.0, 1.0, 1.0]])  # users × items of the batch
p = np.array([0.10, 0.01, 0.01])  # the first item is popular


def softmax_loss(scores):
    return np.log(np.exp(scores).sum(axis=1)) - np.diag(scores)


by_hand = softmax_loss(scores - np.log(p))
print("without:", softmax_loss(scores).round(2), " corrected:", by_hand.round(2))

# %% [markdown]
# keras-rs has the correction as a layer, and Keras has the loss. The right item of pair $j$ stands in
# column $j$, so the labels are 0, 1, 2:

# %%
from keras_rs.layers import SamplingProbabilityCorrection

logits = SamplingProbabilityCorrection()(scores, p[None, :])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
print("equal:", np.allclose(loss(np.arange(3), logits), by_hand))

# %% [markdown]
# For pair 0, whose item is popular, the corrected loss is larger: among its rare negatives each stands for many
# that were not drawn, so the popular item must score still higher. The sign matters: with the other one,
# popular items would be punished twice. (TensorFlow Recommenders had a bug report about this sign:
# tensorflow/recommenders#219. Lesson 15 measures what the correction does to lists.)
#
# One more trap: two pairs of a batch may have the *same* item. Then the right answer is also a negative, an
# **accidental hit**, and should not count. keras-rs has a layer for this, too. Try it on scores of 0, where
# pairs 0 and 2 have item 7:

# %% tags=["predict", "slide-accidental-hits"]
import keras_rs
from keras_rs.layers import RemoveAccidentalHits

hits = RemoveAccidentalHits()(
    np.zeros((3, 3), "float32"), np.eye(3, dtype="float32"), np.array([7, 5, 7])
)
print("keras-rs", keras_rs.__version__, "largest change:", float(np.abs(hits).max().round(3)))

# %% [markdown]
# Nothing that counts changed! The layer adds a number next to zero, where a very large negative one was meant.
# (A correction is proposed, and says why the library's own test could not fail: keras-rs#206.) Test a part of
# a library on a case whose answer you know, before you build on it. `KerasTwoTower` masks these cells by
# itself; in exercise 3 you do.
#
# ## Train it
#
# `KerasTwoTower` has these towers and this loss, in about 150 lines to read beside the lesson:
# `mmrec_course/extras/keras_models.py`. The optimiser is Adam, a batch has 512 pairs, and embeddings are
# regularised. With `early_stopping` it holds out a tenth of its training data, trains until NDCG@10 on them has
# not risen for `patience` epochs, and then trains again from the start on everything, for the best number of
# epochs. We hold out *items* here, because cold-start items are what we want to rank.

# %%
from mmrec_course.extras.keras_models import KerasTwoTower

towers = KerasTwoTower(hold_out="items", patience=8).fit(split.train_valid, blocks)
curve = towers.history_  # one row for each epoch: epoch, loss, ndcg

# %% tags=["slide-curves"]
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
# After the best epoch (dashed) the loss still falls, and NDCG on held-out items is level: more
# training brings nothing. (NDCG is higher here than below, because fewer items compete.)
#
# ## By hand: what the trained model computes
#
# After `fit` the model keeps two matrices, and a score is a dot product.

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
# than ten and remove them afterwards; `recommend` leaves them out. (Cold-start items have no ratings, so here
# nothing had to be removed.)
#
# ## Does content help, and is it content?
#
# Five cold-item splits, as in all lessons. The permutation control of lesson 08 gives each track the
# features of another one. The ridge regression on the same early-fused features (lesson 08) is the simplest
# rival. Its λ is tuned; the networks have their defaults and ten epochs, to save time. (The table at the end
# tunes all alike.)

# %%
from mmrec_course.display import print_table
from mmrec_course.evaluation import compare_splits, evaluate, grid_search
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


# %% tags=["predict", "slide-cold-start"]
results = {"joint ridge": [], "two towers": [], "permuted": []}
for seed in range(5):
    fold = cold_item_split(mosaic.ratings, fraction=0.2, rng=seed)
    for name, model in cold_start_models(fold, seed).items():
        results[name].append(evaluate(model, fold, metrics=("ndcg",)))

table = compare_splits(results, test_share=0.2, baseline="two towers")
print_table(table[["mean", "difference", "diff_low", "diff_high"]])

# %% [markdown]
# The permuted control is below the two towers, at the level of chance (0.08, lesson 03). So what they learned is
# content. Between joint ridge and two towers the interval includes zero: on this catalogue no difference can
# be seen.
#
# And on warm items? The last tenth of each user's ratings is held out (lesson 06), and early stopping holds
# out ratings. Without features only the embeddings are left: matrix factorisation with another loss. The
# last row is iALS with the hyperparameters that lesson 07 chose.

# %% tags=["predict"]
from mmrec_course.evaluation import compare, temporal_split
from mmrec_course.recommenders import ImplicitALS

warm = temporal_split(mosaic.ratings)
warm_blocks = extract_features(mosaic, fit_items=warm.train_valid["item_id"].unique())
variants = {
    "embeddings and content": warm_blocks,
    "embeddings alone": {},
    "content permuted": {m: block.shuffle(rng=0) for m, block in warm_blocks.items()},
}
models = {n: KerasTwoTower().fit(warm.train_valid, f) for n, f in variants.items()}
ials = ImplicitALS(factors=32, reg=30, alpha=4, iterations=10)
models["iALS"] = ials.fit(warm.train_valid)
tables = {name: evaluate(model, warm, metrics=("ndcg",)) for name, model in models.items()}
table = compare(tables, baseline="embeddings alone")
print_table(table[["mean", "difference", "diff_low", "diff_high"]])

# %% [markdown]
# Between embeddings with content and embeddings alone the interval includes zero, and permuted content is no
# better. iALS is ahead of the embeddings; its interval is above zero. Lessons 08 and 15
# saw small gains from content over one weaker model, lesson 11 none over two good ones; here none can be seen.
#
# ## Another backend
#
# The model imports Keras and no backend. So the same file runs on PyTorch. The backend is chosen when Keras
# is imported, so this needs a new process:

# %%
import subprocess
import sys

program = """
import keras
from mmrec_course.datasets import load_mosaic
from mmrec_course.extras.keras_models import KerasTwoTower
model = KerasTwoTower(early_stopping=False, n_epochs=1).fit(load_mosaic().ratings)
print(keras.backend.backend(), model.item_vectors_.shape)
"""
environment = os.environ | {"KERAS_BACKEND": "torch"}
command = [sys.executable, "-c", program]
done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
print(done.stdout.strip())

# %% [markdown]
# PyTorch trained the same class. (The numbers differ: each backend draws other random numbers. On one
# backend the same `rng` gives the same model.)
#
# ## The table
#
# The models of lessons 14 to 16 and their rivals on Mosaic. Each tries six settings on the validation
# part: its defaults, and others drawn at random from its grid (*chance*, *popularity* and *final model, default*
# stay untuned; tuned popularity has 0.061 in lesson 07). Differences are to the tuned final model of lesson 11.
# The file is written by `make bench-extras` (`benchmarks/frameworks.py`), which takes about an hour.

# %%
import pandas as pd

table = pd.read_csv("../benchmarks/frameworks.csv")
for situation, rows in table.groupby("situation", sort=False):
    print(situation)
    columns = ["model", "ndcg", "difference", "diff_low", "diff_high", "seconds"]
    digits = {"ndcg": 3, "difference": 3, "diff_low": 3, "diff_high": 3, "seconds": 1}
    print_table(rows[columns], digits=digits, index=False)

# %% [markdown]
# On warm items the Keras two-tower is below the final model, and the interval excludes zero. On cold-start items
# it is level: so are the joint ridge and the two towers of lesson 15. No trained model is ahead of the final
# model anywhere, and the closed forms need a fraction of the seconds (of one fit with the defaults). Mosaic
# is small and its listeners are simulated; the table does not say what a network gains from a million users.
#
# ## What goes wrong
#
# - **The wrong sign of logQ**, or none: lesson 15 shows the lists.
# - **Accidental hits**, and trust in a layer that should remove them.
# - **Correcting when you serve.** $\log p_i$ belongs to training. At serving, use the plain dot product.
# - **Stopping on the wrong thing.** The loss on training pairs still falls when nothing is gained. Hold out
#   what you want to rank: ratings for warm items, whole items for cold-start ones.
# - **Means and sums.** With Keras' mean losses, λ has another meaning than in a formula with sums.
#
# ## Your turn
#
# [Four exercises](exercises/16_tensorflow.ipynb), with [solutions](solutions/16_tensorflow.ipynb): from the
# softmax of a batch to an encoder and a head for each modality.
#
# ## Recap
#
# - Keras is where you write, TensorFlow is one of the backends that compute, keras-rs has parts for
#   recommenders.
# - A shared layer is lesson 09's shared $W$. Gradient descent finds its closed form; the condition number
#   says in how many steps.
# - A two-tower model scores with a dot product. Its item tower takes features, so it ranks cold-start items.
# - The in-batch softmax takes its negatives from the batch, and the logQ correction makes up for their
#   popularity.
# - On Mosaic (simulated listeners) two towers cannot be told from a joint ridge on cold-start items; on warm
#   ones they are behind the final model.
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
