# %% [markdown]
# # 15 · PyTorch: from one gradient to two towers
#
# **Aim** Write a training loop and check its gradients by hand. Train two models of the literature that
# use features, VBPR and the two-tower, and find out which of their parts help. See how the loss decides
# whether a list is popular or obscure.<br>
# **Time** {minutes} minutes, exercises 20 to 60 more.<br>
# **Needs** Lessons 07 (matrix factorisation), 08 (early fusion) and 10 (modality dropout). PyTorch:
# `make lab-extras`. No graphics card, nothing is downloaded.

# %%
import numpy as np
import pandas as pd
import torch

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import temporal_split
from mmrec_course.features import extract_features

torch.set_num_threads(1)  # sums in one order: the same digits in each run
torch.set_default_dtype(torch.float64)
mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
split = temporal_split(mosaic.ratings)
training_items = split.train_valid["item_id"].unique()
blocks = extract_features(mosaic, fit_items=training_items)

# %% [markdown]
# Mosaic's listeners are simulated: the results show what the models do, not what people do.
#
# ## The idea
#
# EASE, iALS and ridge regression have a **closed form**: a system of equations, solved once or a few
# times. That works because their loss is a squared error and their model is linear, at least in one half
# of its parameters. Change the loss to a ranking loss, or put a nonlinear function into the model, and in
# general there is no such system.
#
# What remains is **gradient descent** (lesson 07): compute in which direction each parameter makes the
# loss smaller, take a small step, repeat. PyTorch does two things for this. **Autograd** computes the
# gradient of anything that you can compute, and an **optimiser** takes the steps. All models of this
# lesson have one loop, and one form of score: a vector for the listener, a vector for the track, and
# their dot product.
#
# ## By hand: logistic matrix factorisation
#
# Let $x_{ui}$ be 1 if listener $u$ gave track $i$ four or five stars, else 0. **Logistic matrix
# factorisation** predicts the probability of a 1 from two vectors and a bias of the track:
#
# $$\hat x_{ui} = \sigma(s_{ui}), \qquad s_{ui} = p_u^\top q_i + b_i, \qquad \sigma(s) = \frac{1}{1 + e^{-s}}$$
#
# $$L = \frac1n \sum_{u,i} c_{ui} \big(-x_{ui} \log \hat x_{ui} - (1 - x_{ui}) \log (1 - \hat x_{ui})\big)$$
#
# In words: minus the log of the probability that the model gave to what happened, times a confidence; and
# the mean over all $n$ cells. The confidence $c_{ui}$ is $1 + \alpha$ for a like and 1 for every other
# cell, nearly as in iALS.

# %%
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from mmrec_course.display import fixed, print_table


def likes(ratings):
    table = ratings[ratings["rating"] >= 4].pivot_table("rating", "user_id", "item_id")
    return torch.tensor(table.reindex(index=users, columns=items).notna().to_numpy()).double()


def logistic_loss(P, Q, b, X, alpha=10.0):
    return binary_cross_entropy_with_logits(P @ Q.T + b, X, weight=1 + alpha * X)


# %%
def start(n_factors=16):
    torch.manual_seed(0)
    P, Q = 0.1 * torch.randn(len(users), n_factors), 0.1 * torch.randn(len(items), n_factors)
    return [P.requires_grad_(), Q.requires_grad_(), torch.zeros(len(items), requires_grad=True)]


# %% [markdown]
# `requires_grad_` tells PyTorch to remember what is computed with a tensor. `backward` then goes back
# through it and writes the gradients into `.grad`.
#
# What should they be? The derivative of the loss of one cell with respect to $s_{ui}$ is short: $e_{ui} =
# c_{ui} (\hat x_{ui} - x_{ui}) / n$, the error. And $s_{ui}$ is linear in each of $p_u$, $q_i$ and $b_i$,
# so the chain rule gives
#
# $$\frac{\partial L}{\partial P} = E\,Q, \qquad \frac{\partial L}{\partial Q} = E^\top P, \qquad
# \frac{\partial L}{\partial b_i} = \sum_u e_{ui}$$

# %%
X = likes(split.train)
P, Q, b = start()
logistic_loss(P, Q, b, X).backward()
with torch.no_grad():
    E = (1 + 10 * X) * (torch.sigmoid(P @ Q.T + b) - X) / X.numel()
for name, parameter, by_hand in (("P", P, E @ Q), ("Q", Q, E.T @ P), ("b", b, E.sum(0))):
    print(name, tuple(parameter.shape), "equal:", torch.allclose(parameter.grad, by_hand))

# %% [markdown]
# Autograd agrees. The loop has the four lines of every PyTorch program: compute the loss, forget the old
# gradients, compute the new ones, take a step. One pass over all data is an **epoch**. The optimiser,
# *AdamW*, scales each parameter's step by the size of its recent gradients, and before each step it
# shrinks all parameters by the factor $1 - \gamma\lambda$. This **weight decay** is its
# regularisation; $\gamma$ is the **learning rate**.


# %%
def train(reg, n_epochs=120):
    parameters, rows = start(), []
    optimizer = torch.optim.AdamW(parameters, lr=0.03, weight_decay=reg)
    for epoch in range(1, n_epochs + 1):
        loss = logistic_loss(*parameters, X)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 5 == 0:
            rows.append({"epoch": epoch, "training loss": loss.item(), **validate(*parameters)})
    return pd.DataFrame(rows).set_index("epoch")


# %% [markdown]
# `validate` measures two things on the validation set: the same loss, over the cells that were empty in
# training, and NDCG@10.

# %%
from mmrec_course.evaluation import ScoreTable, evaluate

X_valid, empty = likes(split.valid), X == 0


@torch.no_grad()  # nothing here needs a gradient
def validate(P, Q, b):
    S, target = P @ Q.T + b, X_valid[empty]
    loss = binary_cross_entropy_with_logits(S[empty], target, 1 + 10 * target)
    scores = ScoreTable(S.numpy(), users, items)
    ndcg = evaluate(scores, split, part="valid", metrics=["ndcg"])["ndcg"].mean()
    return {"validation loss": loss.item(), "validation NDCG@10": ndcg}


# %% [markdown]
# Run it without and with weight decay. Where does the validation loss turn? Does NDCG turn there, too?

# %% tags=["predict", "slide-curves"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

curves = {f"λ = {reg}": train(reg) for reg in (0.0, 1.0)}
use_style()
figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for curve, color in zip(curves.values(), PALETTE, strict=False):
    curve.plot(subplots=True, ax=axes, legend=False, color=color)
for ax, column in zip(axes, curve.columns, strict=True):
    ax.set_title(column)
axes[0].legend(curves)
figure.suptitle("Without weight decay the validation loss turns upwards", fontsize=11)
alt = """Three curves over epochs, without and with weight decay. Training loss falls in both; without
decay the validation loss turns upwards, and NDCG stays level below that with decay"""
finish(figure, alt=alt)

# %%
for name, curve in curves.items():
    lowest, ndcg = curve["validation loss"].idxmin(), curve["validation NDCG@10"]
    print(f"{name}: lowest validation loss at epoch {lowest};", end=" ")
    print(f"NDCG@10 there {ndcg[lowest]:.2f}, at the end {ndcg.iloc[-1]:.2f}")

# %% [markdown]
# Without decay, the validation loss is lowest at epoch 75 and then rises: the model is **overfitting**.
# Its NDCG stays level: the probabilities get worse, the order does not. With decay the loss is lowest at
# the end, and NDCG ends higher (one training each, no interval). So try regularisation, and stop by the
# metric that you care about. **Early stopping** ends training when the metric on held-out ratings has not
# improved for some epochs, and keeps the best number of epochs. That number is one more hyperparameter, chosen like the others.
#
# ## VBPR: features in a ranking loss
#
# An empty cell is not a dislike. **Bayesian personalised ranking (BPR)** only asks that a liked track $i$
# scores higher than a track $j$ drawn at random from the others:
#
# $$L = -\log \sigma(s_{ui} - s_{uj})$$
#
# **VBPR** (He and McAuley 2016; the V is for *visual*) adds features to the score. With $f_i$, the features
# of track $i$:
#
# $$s_{ui} = \beta_i + \gamma_u^\top \gamma_i + \theta_u^\top (E f_i) + b^\top f_i$$
#
# In words: a bias and latent factors for each id, as before, in the paper's letters: $\gamma$ and $E$ are
# not those above. Then a matrix $E$ maps the features to a few numbers, and $\theta_u$ says how much
# listener $u$ likes each of them. $b^\top f_i$ says how popular such features are. For a cold-start track
# $\beta_i$ and $\gamma_i$ are 0, and the other two terms remain. Our $f_i$ are the early-fused rows of
# lesson 08.
#
# The gradients, for one triple $(u, i, j)$: let $d = \sigma(s_{uj} - s_{ui})$, large if the order is wrong.
# Then $\partial L / \partial \gamma_u = -d\,(\gamma_i - \gamma_j)$ and
# $\partial L / \partial E = -d\;\theta_u (f_i - f_j)^\top$; the others follow the same pattern. In
# the package's network, `users` returns $(\gamma_u, \theta_u, 1)$ and `items` returns
# $(\gamma_i, E f_i, \beta_i + b^\top f_i)$, so one dot product is the score:

# %%
from mmrec_course.extras.torch_networks import VBPRNetwork
from mmrec_course.fusion import early_fusion

fused = early_fusion(blocks, fit_items=training_items)
rows = torch.tensor(fused.align(items).values)  # (n_items, d)
user, item = X.nonzero(as_tuple=True)  # positive pairs
torch.manual_seed(0)
network = VBPRNetwork(rows, X.any(0), len(users), user, item, 8)  # any(0): has a like
u, i, j = torch.tensor([[0], [1], [2]])
margin = (network.users(u) * (network.items(i) - network.items(j))).sum()  # s_ui − s_uj
(-logsigmoid(margin)).backward()

# %%
with torch.no_grad():
    d = torch.sigmoid(-margin)
    gamma_u, theta_u = network.gamma_user[u], network.theta_user[u]
    gradients = {
        "gamma_user": (u, -d * (network.gamma_item[i] - network.gamma_item[j])),
        "theta_user": (u, -d * (rows[i] - rows[j]) @ network.encoder),
        "gamma_item": (i, -d * gamma_u),
        "beta_item": (i, -d),
        "feature_bias": (slice(None), -d * (rows[i] - rows[j]).T),
        "encoder": (slice(None), -d * (rows[i] - rows[j]).T @ theta_u),  # Eᵀ
    }
for name, (place, by_hand) in gradients.items():
    print(name, "equal:", torch.allclose(getattr(network, name).grad[place], by_hand))

# %% [markdown]
# The package trains it with the loop from above. Two things differ: a step uses a **batch** of 512 pairs
# instead of all, so an epoch has many steps; and for each pair a new $j$ is drawn. `fit` holds out a tenth
# of the ratings for early stopping, then trains anew on everything. `history_` keeps the curves, `verbose=True`
# prints them. (Held-out ratings are random ones, easier to predict than each user's last ones, the test set
# below: lesson 06.)

# %%
from mmrec_course.extras.torch_models import VBPR

history = VBPR(n_epochs=30).fit(split.train_valid, blocks).history_
figure, axes = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
axes[0].plot(history["epoch"], history["loss"])
axes[1].plot(history["epoch"], history["ndcg"])
axes[0].set(title="training loss", xlabel="epoch")
axes[1].set(title="held-out NDCG@10", xlabel="epoch")
figure.suptitle("VBPR: most is learned in the first ten epochs", fontsize=11)
alt = """VBPR: the training loss falls quickly, then slowly. NDCG of held-out ratings rises steeply
for about ten epochs and then slowly"""
finish(figure, alt=alt)

# %% [markdown]
# Do the features help? The ablation is the model without features, **BPR-MF**. The permutation control
# has the rows of each modality permuted. Start and batches are random, so another seed gives another model.
# We take the mean of three seeds.

# %%
from mmrec_course.evaluation import compare

permuted = {m: block.shuffle(rng=0) for m, block in blocks.items()}
results, training_losses = {}, {}
for name, features in {"BPR-MF": None, "VBPR": blocks, "permuted": permuted}.items():
    model, tables = VBPR(n_epochs=20, early_stopping=False), []
    for seed in range(3):
        model.set_params(rng=seed).fit(split.train_valid, features)
        tables.append(evaluate(model, split, metrics=["ndcg"]))
    results[name] = sum(tables) / 3  # of each user
    means = [table["ndcg"].mean() for table in tables]
    far = max(means) - min(means) > 0.005
    print(f"{name}: NDCG@10 {np.mean(means):.2f}, seeds differ by more than 0.005: {far}")
    training_losses[name] = model.history_["loss"].iloc[-1]  # of the last seed


# %% tags=["predict", "slide-vbpr-ablation"]
def where(row):
    return "above 0" if row["diff_low"] > 0 else "below 0" if row["diff_high"] < 0 else "includes 0"


for name, baseline in (("VBPR", "BPR-MF"), ("VBPR", "permuted"), ("permuted", "BPR-MF")):
    row = compare(results, baseline=baseline).loc[name]
    gain, lower = fixed(row["difference"], 2), training_losses[name] < training_losses[baseline]
    print(f"{name} against {baseline}: {gain}, interval {where(row)}; lower training loss: {lower}")

# %% [markdown]
# In the mean of three seeds, VBPR ranks better than the same model without features or with permuted ones.
# That points to the content, not to the additional parameters. In lesson 11 content added nothing that
# could be told from zero to EASE *and* iALS together. BPR-MF, with 0.10, is a weaker start (EASE alone: 0.13, lesson 07).
#
# ## Two towers
#
# Large shops search among millions of items. That works if a score is a dot product of one vector for the
# user and one for the item: the item vectors are computed once and kept in an index (lesson 17). Two
# networks that compute these two vectors are a **two-tower model**. Ours:
#
# ```
# listener u ─► embedding ─────────────────────────────────► u_u ┐
#                                                                 ├─► dot product
# cover ─► W_image f ┐                                            │
# words ─► W_text f  ├─► sum, weighted by the gate ─► + e_i ─► v_i ┘
# sound ─► W_audio f ┘
# ```
#
# $$v_i = \sum_m g_{im} h_{im} + e_i, \qquad h_{im} = W_m f_{im} + c_m, \qquad
# g_{im} = \operatorname{softmax}_m\big(a_m^\top \tanh h_{im} + d_m\big)$$
#
# In words: each modality is encoded by a matrix $W_m$ and a bias $c_m$ of its own. A **gate**, with a learned
# vector $a_m$ and bias $d_m$, gives weights to the present modalities: not one for the catalogue as in lesson
# 08, but for each track, by what its features look like. The **softmax** makes them positive and sum to 1.
# $e_i$ is the track's own embedding; a cold-start track has none. (An unknown user gets the mean of all.)
#
# The loss is the **full softmax**: of all tracks with a like (`known` in the code), which one did the
# listener like?
#
# $$L = -\log \frac{\exp(u_u^\top v_i)}{\sum_j \exp(u_u^\top v_j)}$$
#
# ### The gradients by hand
#
# With $\pi_{uj}$, the softmax's probability of track $j$: the error of a score is $\pi_{uj}$, minus 1 for
# the liked track. Let $\delta_i = \partial L / \partial v_i$. Then the chain rule goes two ways
# through the gate: into $h_{im}$ directly, with weight $g_{im}$, and into the gate's input $z_{im} =
# a_m^\top \tanh h_{im} + d_m$:
#
# $$\frac{\partial L}{\partial z_{im}} = g_{im} \Big(\delta_i^\top h_{im} - \sum_{m'} g_{im'}\, \delta_i^\top h_{im'}\Big)$$
#
# In words: a weight grows where its modality points into a better direction than the weighted mean does.

# %%
from mmrec_course.extras.torch_models import TwoTower
from mmrec_course.extras.torch_networks import TwoTowerNetwork

unit = [early_fusion({m: b}, fit_items=training_items).align(items) for m, b in blocks.items()]
F = [torch.tensor(block.values) for block in unit]  # M × (n_items, d_m)
present = torch.tensor(np.array([block.present for block in unit]).T)
torch.manual_seed(0)
network = TwoTowerNetwork(F, present, len(users), item, TwoTower(n_factors=8, gate=True))
network.eval()  # no dropout
network.loss(user, item).backward()

# %%
with torch.no_grad():
    h = network.encode(torch.arange(len(items)))  # (n_items, M, k)
    g, v = network.gates(h, present), network.vectors()[1]
    scores = (network.user[user] @ v.T).masked_fill(~network.known, -torch.inf)
    error = torch.softmax(scores, 1)  # (n_pairs, n_items)
    error[torch.arange(len(item)), item] -= 1
    delta = error.T @ network.user[user] / len(item)  # (n_items, k)
    along = (h * delta[:, None]).sum(2)  # δᵀh, (n_items, M)
    print("gradient of e equal:", torch.allclose(network.own.grad, delta))
    dz = g * (along - (g * along).sum(1, keepdim=True))

# %%
with torch.no_grad():
    for m, name in enumerate(blocks):
        a = network.gate[m].weight  # (1, k)
        dh = g[:, [m]] * delta + dz[:, [m]] * a * (1 - torch.tanh(h[:, m]) ** 2)
        equal_a = torch.allclose(network.gate[m].weight.grad, dz[:, m] @ torch.tanh(h[:, m]))
        equal_W = torch.allclose(network.encoders[m].weight.grad, dh.T @ F[m])
        print(f"{name:5} gradient of a equal: {equal_a}, of W: {equal_W}")

# %% [markdown]
# ### Gate and modality dropout, each against its ablation
#
# **Modality dropout** removes modalities at random in training (lesson 10), so that no weight relies on
# one of them. In the same way `id_dropout` removes $e_i$, which a cold-start track lacks. So look at
# cold-start tracks, on five splits, with and without gate and modality dropout. (Fixed settings, ten epochs;
# without gate, present modalities have equal weights.)

# %%
from mmrec_course.evaluation import cold_item_split, compare_splits

splits = [cold_item_split(mosaic.ratings, fraction=0.2, rng=seed) for seed in range(5)]
options = {"n_factors": 32, "id_dropout": 0.8, "batch_size": 1024, "learning_rate": 0.02}
options |= {"n_epochs": 10, "early_stopping": False}
variants = {
    "neither": (False, 0.0),
    "dropout": (False, 0.3),
    "gate": (True, 0.0),
    "both": (True, 0.3),
}

# %%
cold_results = {name: [] for name in variants}
for cold in splits:
    training = cold.train_valid
    cold_blocks = extract_features(mosaic, fit_items=training["item_id"].unique())
    for name, (gate, rate) in variants.items():
        model = TwoTower(gate=gate, modality_dropout=rate, **options)
        model.fit(training, cold_blocks)
        cold_results[name].append(evaluate(model, cold, metrics=["ndcg"]))

# %% tags=["predict", "slide-gate"]
table = compare_splits(cold_results, test_share=0.2)
print_table(table[["mean", "difference", "diff_low", "diff_high"]])
pairs = [("gate", "neither"), ("both", "dropout"), ("dropout", "neither"), ("both", "gate")]
for name, baseline in pairs:
    table = compare_splits(cold_results, test_share=0.2, baseline=baseline)
    print(f"{name:7} against {baseline:7}: interval", where(table.loc[name]))

# %% [markdown]
# With these settings the gate does not help: compared with equal weights, its interval lies below zero,
# with dropout and without. (The table is rounded: 0.00 lies below zero, and differences need not match the
# means.) A likely reason is overfitting: the gate may choose weights
# for each training track, and a cold-start track gets weights that no rating has tested. Modality dropout
# makes no difference that can be told from zero. ([Lesson 10, deeper](deeper/10_modality_dropout.ipynb)
# shows a case in which it helps: little other regularisation, and cold-start tracks that lack half of their
# modalities.) So the package's default is `gate=False`: equal weights.
#
# What did the gate learn? Two tracks of lesson 09, with their weights in the last model, *both*:

# %%
from mmrec_course.display import show_items

shown = ["t111", "t387"]
gates = pd.DataFrame(model.gate_, index=model.item_ids_, columns=model.modalities_)
captions = [", ".join(f"{m} {w:.1f}" for m, w in gates.loc[track].items()) for track in shown]
show_items(mosaic.items, shown, captions=captions)

# %% [markdown]
# The weights sum to 1 but for rounding, and differ from track to track. They are weights of a track's
# features, not of a listener's taste.
#
# ## The loss: who are the negatives?
#
# The full softmax needs the scores of *all* tracks for each pair. With a million items that is too much.
# The **in-batch sampled softmax** takes the items of the *other pairs in the batch* as negatives: their
# vectors have been computed anyway. But these are no uniform sample: item $j$ comes up in proportion to
# its popularity, with probability $q_j$ (a number, no vector). Popular items are punished again and again.
# The **logQ correction** subtracts what is too much:
#
# $$s'_{uj} = u_u^\top v_j - \log q_j$$
#
# In words: an item that comes up with probability $q_j$ counts $1/q_j$ times when it does, for
# $e^{s - \log q} = e^s / q$. On average the batch then stands for the whole catalogue. The sign is easy to
# get wrong: TensorFlow Recommenders once *added* $\log q$ (tensorflow/recommenders#219). Test it with random
# scores: which share of the softmax's sum do the most popular tenth of the tracks have?

# %% tags=["predict"]
rng = np.random.default_rng(0)
n_likes = likes(split.train_valid).sum(0).numpy().clip(1)  # a track without a like counts one
q, s = n_likes / n_likes.sum(), rng.normal(size=len(items))
popular = q >= np.quantile(q, 0.9)
print(f"all items:  {np.exp(s)[popular].sum() / np.exp(s).sum():.2f}")
drawn = rng.choice(len(items), size=1_000_000, p=q)  # as in many batches
for name, logits in {"s − log q": s - np.log(q), "s": s, "s + log q": s + np.log(q)}.items():
    terms = np.exp(logits)[drawn]
    print(f"{name:10}: {terms[popular[drawn]].sum() / terms.sum():.2f}")

# %% [markdown]
# The most popular tenth has 0.08 of the true sum. With $- \log q$ the batches agree. Without it, the
# popular tracks have 0.28: as negatives they are pushed down more than three times too hard. With the wrong
# sign it is 0.55, which is worse than no correction.
#
# Now train with each loss. The *full* one is the truth to approach, and another seed shows how near one can
# come. We measure the rank correlation of all scores with those of the full softmax, the mean number of
# likes of listed tracks, and NDCG@10.

# %%
from scipy.stats import spearmanr

tables = {}
model = TwoTower(n_factors=32, n_epochs=12, early_stopping=False)
for loss, seed in (("full", 0), ("full", 1), ("corrected", 0), ("uncorrected", 0)):
    model.set_params(loss=loss, rng=seed).fit(split.train_valid, blocks)
    name = "full, other seed" if seed else loss
    tables[name] = ScoreTable(model.score(users, items), users, items)
repaired = tables["uncorrected"].score(users, items) + np.log(q)
tables["uncorrected + log q"] = ScoreTable(repaired, users, items)

# %%
rows, loss_results, full = [], {}, tables["full"].score(users, items)
seen = likes(split.train_valid).numpy() > 0
for name, table in tables.items():
    scores = table.score(users, items)
    loss_results[name] = evaluate(table, split, metrics=["ndcg"])
    listed = np.argsort(np.where(seen, -np.inf, scores), axis=1)[:, -10:]
    correlations = [spearmanr(*pair).statistic for pair in zip(scores, full, strict=True)]
    row = {"rank correlation": np.mean(correlations), "likes": n_likes[listed].mean()}
    rows.append({"loss": name, **row})

# %% tags=["predict", "slide-negatives"]
print("likes of a track, mean:", round(n_likes.mean()))
digits = {"rank correlation": 1, "likes": 0}
print_table(pd.DataFrame(rows), digits=digits, index=False)
for name, row in compare(loss_results).iloc[1:].iterrows():
    print(f"NDCG@10, {name} against full: interval", where(row))

# %% [markdown]
# - **Corrected** scores agree with the full softmax, to one digit, as well as those of another seed do.
#   Listed tracks are nearly as popular, 59 and 61 likes. The interval of the NDCG includes zero.
# - **Uncorrected** lists favour the unpopular: 19 likes for a listed track, and the mean of all tracks
#   is 28. NDCG is lower, and the interval excludes zero.
# - **Add $\log q$ to the uncorrected scores**, after training, and popularity and correlation are back.
#   So the model had learned nearly $s - \log q$ in the place of $s$.
#
# Our catalogue is small: a batch has 512 pairs, more than there are tracks. Of a million items a batch
# holds few, and its estimate is noisier.
#
# ## Seconds against quality
#
# The models of lessons 14 to 16 and their rivals. Each tries six settings on the validation part: its
# defaults, and five drawn at random from its grid; rows with one trial are not tuned
# (`make bench-extras`). Differences are to the tuned final model of lesson 11, with 95 % intervals; *joint
# ridge* is early fusion of lesson 08. The seconds are of one fit with the defaults:

# %%
benchmark = pd.read_csv("../benchmarks/frameworks.csv")
shown = ["situation", "model", "ndcg", "difference", "diff_low", "diff_high", "seconds", "trials"]
print_table(benchmark[shown], digits=3, index=False)

# %% [markdown]
# On warm items VBPR is below the final model. Our two-tower has the highest mean of the trained models, and
# its interval includes zero, like that of iALS. On cold-start items VBPR is below again, and neither our
# two-tower nor the joint ridge can be told from the final model. No trained model is ahead.
#
# EASE, iALS and the joint ridge need less than a fifth of a second for a fit; a training, with early
# stopping, takes some seconds. That buys freedom: another loss, or a network in the place of a matrix. It
# costs settings: learning rate, batch size, epochs, dropout, seed. (Mosaic's listeners are simulated and
# few. The table does not say what a network gains from a million users.)
#
# ## What goes wrong
#
# - **One seed.** Three seeds of VBPR differ by more than 0.005, and it leads by about 0.01. An interval
#   over users does not cover the choice of the seed.
# - **The training loss.** Permuted features lowered it (last seed), and the interval of NDCG includes 0.
# - **No correction, or the wrong sign of logQ.** No error says so. Count how popular the listed tracks are.
# - **Negatives that could never be positive.** If cold-start tracks are drawn as negatives, the model
#   learns that their features are disliked (lesson 14 measures it). The package draws from tracks with
#   likes only.
# - **`optimizer.zero_grad()` forgotten.** Gradients add up over steps, and no error says so.
#
# ## Two more ideas: InfoNCE and the item graph
#
# [Deeper: InfoNCE](deeper/15_infonce.ipynb) adds a second task: a track's words and its sound should find
# each other among other tracks. They learn to, and the ranking gains nothing that can be told from zero.
#
# [Deeper: the item graph](deeper/15_item_graph.ipynb) learns nothing from features: it links each track to
# its nearest neighbours in each modality, as FREEDOM does, and passes vectors along the links. So a
# cold-start track gets a vector from its neighbours.
#
# ## Your turn
#
# [Four exercises](exercises/15_pytorch.ipynb), with [solutions](solutions/15_pytorch.ipynb): from a
# gradient in one line to the question which loss made a list obscure.
#
# ## Recap
#
# - A training loop has four lines: loss, forget, gradients, step. Autograd's gradients are the ones you can
#   derive by hand: an error times what it was multiplied with.
# - VBPR adds a map of features to matrix factorisation, in a ranking loss. It beat its ablation and its
#   permutation control on warm tracks.
# - A two-tower model's score is one dot product. Its gate lost to equal weights on cold-start tracks;
#   modality dropout changed nothing that could be told from zero.
# - In-batch negatives need $-\log q$. Then they approach the full softmax; without it, lists
#   hold unpopular tracks.
# - Trained models have a seed and a number of epochs. Choose by a held-out metric, and compare with
#   intervals.
#
# ## Sources
#
# - Johnson (2014), *Logistic matrix factorization for implicit feedback data*, NIPS workshop.
# - Rendle, Freudenthaler, Gantner and Schmidt-Thieme (2009), *BPR*, UAI: the ranking loss.
# - He and McAuley (2016), *VBPR: Visual Bayesian personalized ranking from implicit feedback*, AAAI.
# - Yi and others (2019), *Sampling-bias-corrected neural modeling for large corpus item recommendations*,
#   RecSys: two towers, and the logQ correction.
# - Bengio and Senécal (2008), *Adaptive importance sampling to accelerate training of a neural
#   probabilistic language model*, IEEE Transactions on Neural Networks: the sampled softmax and its
#   correction.
# - Neverova, Wolf, Taylor and Nebout (2016), *ModDrop*, TPAMI: modality dropout, with a fused network.
# - Loshchilov and Hutter (2019), *Decoupled weight decay regularization*, ICLR: AdamW.
# - tensorflow/recommenders#219: the sign of the correction, and its repair.
