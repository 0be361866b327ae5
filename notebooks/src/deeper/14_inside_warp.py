# %% [markdown]
# # 14 · deeper: inside WARP
#
# **Aim** Repeat one epoch of a pairwise loss by hand, see from where BPR and WARP draw their negatives, and what
# this does to popular tracks and to the users' biases. Choose the number of epochs.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lesson 14](../14_lightfm.ipynb), LightFM (`make lab-extras`). Nothing is downloaded.
#
# ## One epoch by hand
#
# Both pairwise losses draw a negative item at random. Take a tiny world in which chance decides nothing: two users
# and two items, and each user likes one of them. So the other one is the negative.

# %%
from copy import deepcopy

import numpy as np
import scipy.sparse as sp
from lightfm import LightFM

liked = sp.coo_matrix(np.array([[1, 0], [0, 1]], dtype="float32"))
model = LightFM(no_components=4, loss="bpr", learning_rate=0.05, random_state=0)
model.fit(liked, epochs=0)  # random start, no training yet
users = np.column_stack([model.user_embeddings, model.user_biases]).astype(float)
items = np.column_stack([model.item_embeddings, model.item_biases]).astype(float)

# %% [markdown]
# Each bias is one more column here. For a pair $(u, i)$ and a negative $j$, BPR's loss is $-\log \sigma(s_{ui} -
# s_{uj})$. With $L = 1 - \sigma(s_{ui} - s_{uj})$ its gradients are
#
# $$\nabla_{q_i} = -L\,p_u, \qquad \nabla_{q_j} = L\,p_u, \qquad \nabla_{p_u} = L\,(q_j - q_i)$$
#
# and for the items' biases $-L$ and $L$. So $L$ is large where the order is wrong. WARP takes the *same* steps with
# another $L$: the logarithm of the lesson if $s_{uj} > s_{ui} - 1$, and else no step.
#
# LightFM does not take plain steps. **AdaGrad** divides each number's learning rate by the root of the sum of its
# squared gradients so far, so what was changed often changes less. The sum begins at 1.

# %%
user_sums, item_sums = np.ones_like(users), np.ones_like(items)


def step(vectors, sums, row, gradient):
    vectors[row] -= 0.05 / np.sqrt(sums[row]) * gradient
    sums[row] += gradient**2


def score(user, item):
    return user[:-1] @ item[:-1] + user[-1] + item[-1]


# %%
order = np.arange(liked.nnz)
deepcopy(model.random_state).shuffle(order)  # the order in which LightFM will take the pairs
for pair in order:
    u, i = liked.row[pair], liked.col[pair]
    j = 1 - i
    difference = score(users[u], items[i]) - score(users[u], items[j])
    L = 1 - 1 / (1 + np.exp(-difference))
    p = np.append(users[u, :-1], 1)  # the gradient of a score with respect to an item
    q = np.append(items[j, :-1] - items[i, :-1], 1)
    step(items, item_sums, i, -L * p)
    step(items, item_sums, j, L * p)
    step(users, user_sums, u, L * q)

# %%
model.fit_partial(liked, epochs=1, num_threads=1)
library = np.column_stack([model.item_embeddings, model.item_biases])
print("items equal:", np.allclose(items, library, atol=1e-5))
library = np.column_stack([model.user_embeddings, model.user_biases])
print("users equal:", np.allclose(users, library, atol=1e-5))

# %% [markdown]
# Look at the last number of the user's gradient, the 1 in `q`. The user's bias is in both scores, so it cancels
# in $s_{uj} - s_{ui}$, and its gradient should be 0. LightFM uses $L$ instead. So each step lowers the bias of the
# user. No list changes, as the bias is the same for all items.
#
# ## What do the users' biases say?
#
# On Mosaic (simulated listeners): if each step lowers a bias, users with many likes should have the lowest one.

# %%
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import temporal_split
from mmrec_course.extras.lightfm_model import LightFMRecommender

mosaic = load_mosaic()
warm = temporal_split(mosaic.ratings)
options = {"early_stopping": False, "n_epochs": 20}
model = LightFMRecommender(loss="warp", **options).fit(warm.train_valid)
good = warm.train_valid.query("rating >= 4")
likes = good["user_id"].value_counts().reindex(model.user_ids_, fill_value=0).to_numpy()
bias = pd.Series(model.user_vectors_[:, -1])
print("all negative:", (bias < 0).all())
print(
    "rank correlation with likes below −0.9:", bias.corr(pd.Series(likes), method="spearman") < -0.9
)

# %% [markdown]
# So the bias of a user counts how often this user was trained.
#
# ## From where do the negatives come?
#
# BPR draws its negative from the *pairs*: a popular track is in many pairs, so it is drawn often. WARP draws it from
# the *rows* of the feature matrix: each track is as likely as any other. How many likes has a negative, on average?

# %%
counts = good["item_id"].value_counts().reindex(mosaic.items.index, fill_value=0).to_numpy()
print("BPR: ", round((counts * counts).sum() / counts.sum()), "likes")
print("WARP:", round(counts.mean()), "likes, before it looks for a violation")

# %% [markdown]
# A popular track that is drawn as a negative gets a lower bias. What does that do to the lists? Count the likes of
# the ten tracks that each model lists:

# %%
listed = {}
for loss in ("warp", "bpr"):
    model = LightFMRecommender(loss=loss, **options).fit(warm.train_valid)
    top = model.recommend(model.user_ids_)["item_id"]
    listed[loss] = pd.Series(counts, mosaic.items.index)[top].mean()
print("WARP's listed tracks have more likes, by over 5 %:", listed["warp"] > 1.05 * listed["bpr"])

# %% [markdown]
# BPR's way to draw negatives acts against popular tracks. (In lesson 15 a correction, logQ, undoes such an effect.)
# In a service, look at the popularity of your lists before you choose the loss.
#
# ## How many epochs?
#
# Train on the training set, with three seeds, and measure NDCG@10 on the validation set after each fourth epoch:

# %%
from mmrec_course.evaluation import ScoreTable, evaluate

users, items = mosaic.users.index, mosaic.items.index
signs = warm.train.assign(value=np.where(warm.train["rating"] >= 4, 1.0, -1.0))


def validation_curve(loss, seed, n_epochs=60, every=4):
    pairs = signs if loss == "logistic" else signs[signs["value"] > 0]
    place = users.get_indexer(pairs["user_id"]), items.get_indexer(pairs["item_id"])
    matrix = sp.coo_matrix((pairs["value"], place), shape=(len(users), len(items)))
    model, values = LightFM(no_components=32, loss=loss, random_state=seed), []
    for _ in range(n_epochs // every):
        model.fit_partial(matrix, epochs=every)
        scores = model.user_embeddings @ model.item_embeddings.T + model.item_biases
        table = ScoreTable(scores.astype(float), users, items)
        result = evaluate(table, warm, part="valid", metrics=("ndcg",))
        values.append(result["ndcg"].mean())
    return values


# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import finish, use_style

use_style()
_, ax = plt.subplots(figsize=(7, 3.4))
for loss, style in {"warp": "-", "bpr": "--", "logistic": ":"}.items():
    curves = [validation_curve(loss, seed) for seed in range(3)]
    ax.plot(np.arange(4, 61, 4), np.mean(curves, axis=0), style, label=loss)
ax.set(xlabel="epoch", ylabel="NDCG@10, validation set", ylim=(0, None))
ax.set_title("WARP rises sooner than BPR; logistic stays low")
ax.legend()
finish(
    ax,
    alt="NDCG@10 on the validation set against the epoch: WARP starts high and is nearly flat after"
    " 16 epochs, BPR starts low and is nearly flat after 20, a little below WARP; logistic is at half of it",
)

# %% [markdown]
# These are means of three seeds. After 8 epochs WARP is far ahead of BPR; after 20 neither gains much. The lesson
# gives BPR 40, more than enough. (A user's bias is left out: it changes no list.)
#
# ## Recap
#
# - BPR and WARP take the same gradient steps with different weights: one from the score difference, one from how
#   soon a violation was found. **AdaGrad** gives each number a learning rate of its own.
# - LightFM also lowers the user's bias in each pairwise step. It counts steps and means nothing.
# - BPR draws popular tracks as negatives, WARP draws all tracks alike. So WARP's lists are more popular.
#
# ## Sources
#
# - Weston, Bengio and Usunier (2011), *Wsabie: scaling up to large vocabulary image annotation*, IJCAI: WARP.
# - Rendle, Freudenthaler, Gantner and Schmidt-Thieme (2009), *BPR: Bayesian personalized ranking from implicit
#   feedback*, UAI.
# - Duchi, Hazan and Singer (2011), *Adaptive subgradient methods for online learning and stochastic optimization*,
#   JMLR: AdaGrad.
# - lyst/lightfm, `_lightfm_fast.pyx.template`: from where negatives are drawn, and what a step changes.
