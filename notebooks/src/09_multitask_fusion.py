# %% [markdown]
# # 09 · Multitask fusion: one W for all modalities
#
# **Aim** Let covers, words and sounds learn from each other: give each a translator into a common
# space, and share the matrix that turns this space into likings. See when sharing helps, when it
# costs, and what lies between.<br>
# **Time** 75 minutes.<br>
# **Needs** Lessons 06 (NDCG, intervals) and 08 (weighted fusion, ridge regression). Nothing is
# downloaded.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
blocks = extract_features(mosaic)
split = cold_item_split(mosaic.ratings, fraction=0.2, rng=0)
print(len(split.train_valid), "ratings to learn from;", len(split.candidates), "new tracks to rank")

# %% [markdown]
# A fifth of the tracks is new: all their ratings are hidden. Only content can say who will like
# them. (Mosaic's listeners are simulated: what follows shows what methods do, not what people do.)
#
# ## The idea
#
# Look at two of the tracks to learn from, and play them.

# %%
from mmrec_course.display import show_items

complete = np.all([block.present for block in blocks.values()], axis=0)
show_items(mosaic.items, blocks["image"].item_ids[complete][:2])

# %% [markdown]
# Lesson 08 asked each modality by itself who will like a track, and added the answers. The model of
# the covers never learned anything from the sounds, nor the other way round. But it is *one* set of
# listeners that likes both. If two listeners agree about sounds, they may agree about covers. A
# modality that few tracks have could borrow that from one that all have.
#
# **Multitask learning** is learning several things with something in common. Here the things are
# "guess likings from the cover", "… from the words", "… from the sound":
#
# $$y_m = f(x_m, W)$$
#
# In words: the guess $y_m$ of modality $m$ is computed from its features $x_m$ with a matrix $W$ that
# belongs to *all* modalities. (Features of covers and sounds are not alike, so inside $f$ each modality
# has a *translator* $P_m$ of its own, in front of $W$; we shall need it soon.) We begin with two of the
# modalities, and without sharing.
#
# ## Separate, by hand
#
# What is to be guessed, the *targets* $T$: a row a track, a column a listener, in it rating − 2.5, and
# 0 where there is no rating. Each column is centred.


# %%
def likings(ratings):
    table = ratings.pivot_table(index="item_id", columns="user_id", values="rating")
    return table.sub(2.5).fillna(0.0)


T = likings(split.train_valid)
t = (T - T.mean()).to_numpy()
print("tracks × listeners:", T.shape)

# %% [markdown]
# What guesses: feature rows, centred on the tracks to learn from and scaled to length 1, as in lesson
# 08. Then a ridge regression a modality: $W_m = (X_m^\top X_m + \lambda I)^{-1} X_m^\top T_m$.


# %%
def unit_rows(block, train, items):
    x = block.align(train)
    centre = x.values[x.present].mean(axis=0)
    rows = block.align(items)
    x = (rows.values - centre) * rows.present[:, None]
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12), rows.present


X, has = {}, {}
for m in ("image", "audio"):
    X[m], has[m] = unit_rows(blocks[m], T.index, T.index)
    print(f"{m:6}", X[m].shape, "present:", has[m].sum())


# %%
def ridge(x, target, reg):
    return np.linalg.solve(x.T @ x + reg * np.eye(x.shape[1]), x.T @ target)


separate = {m: ridge(X[m][has[m]], t[has[m]], reg=10.0) for m in X}
for m, W in separate.items():
    print(f"{m:6}", W.shape)

# %% [markdown]
# One column of $W_m$ is one listener's taste in this modality. The package has it as
# `MultitaskRidge(sharing="separate")`. It first turns features onto their *principal axes* (lesson
# 03), which changes nothing as long as all axes are kept:

# %%
from mmrec_course.extras.multitask import MultitaskRidge

two = {m: blocks[m] for m in X}
model = MultitaskRidge(sharing="separate", projection="pca", n_components=None, reg=10.0)
guess = model.fit(two, T).predict(two, split.candidates)
for m, W in separate.items():
    by_hand = unit_rows(blocks[m], T.index, split.candidates)[0] @ W + T.mean().to_numpy()
    print(f"{m:6} equal:", np.allclose(guess[m], by_hand))

# %% [markdown]
# ## A common space
#
# Now share. The two matrices have different heights, so they cannot be the same one. Could you keep
# 32 principal axes of each? The heights would agree, but nothing else. The strongest axis of covers
# may be *dark or light*, that of sounds *loud or soft*. A listener's taste for dark covers would be
# taken for a taste for loud music.
#
# **Sharing needs axes that mean the same in every modality.** Where could such axes come from? From
# what all modalities try to guess. A *singular value decomposition* (lesson 07) of the targets,
# $T \approx C V^\top$, gives every track a few numbers, its *factors*: a row of $C$. Whoever describes a
# track, factor 1 means the same thing, namely a direction in which listeners differ.

# %%
k = 32
left, size, right = np.linalg.svd(t, full_matrices=False)
C, V = left[:, :k] * size[:k], right[:k].T
print("factors of a track:", C.shape, " of a listener:", V.shape)

# %% [markdown]
# A *translator* $P_m$ a modality guesses the factors from the features, by ridge regression again:
# $z_m = P_m^\top x_m$. It works for new tracks, too, which have features but no factors yet.

# %%
new, Z, Z_new = {}, {}, {}
for m in X:
    P = ridge(X[m][has[m]], C[has[m]], reg=10.0)
    new[m] = unit_rows(blocks[m], T.index, split.candidates)
    Z[m], Z_new[m] = X[m] @ P, new[m][0] @ P
    print(f"{m:6}", Z[m].shape, "new:", Z_new[m].shape)

# %% [markdown]
# Do the axes mean the same? Ask the separate matrices. Row $j$ of $W_m$ says who likes what lies far
# out on axis $j$. If axis $j$ of the covers means what axis $j$ of the sounds means, then row $j$ of one
# matrix points where row $j$ of the other does. Compute the cosine between every row of the one and
# every row of the other, once over principal axes, once over factors. Look for the diagonal.


# %%
def cosines(projection, n_axes=6):
    model = MultitaskRidge(sharing="separate", projection=projection).fit(two, T)
    a, b = (model.coef_[m][:n_axes] for m in ("image", "audio"))
    return (a @ b.T) / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))


panels = {"principal axes": cosines("pca"), "factors": cosines("factors")}
for name, r in panels.items():
    print(f"{name:15}", "mean cosine on the diagonal:", fixed(np.diag(r).mean(), 1))

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import finish, use_style

use_style()
figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
for ax, (name, r) in zip(axes, panels.items(), strict=True):
    picture = ax.imshow(r, vmin=-1, vmax=1, cmap="PuOr")
    ax.set(title=f"Rows of W over {name}", xlabel="axis of the sound", ylabel="axis of the cover")
    ax.set(xticks=range(6), xticklabels=range(1, 7), yticks=range(6), yticklabels=range(1, 7))
    ax.grid(visible=False)
figure.colorbar(picture, ax=axes, label="cosine")
finish(
    figure,
    alt="Two heat maps of cosines between rows of the covers' and the sounds' W. Over principal axes"
    " no diagonal; over factors the diagonal is dark and the rest pale",
)

# %% [markdown]
# Over principal axes there is no diagonal: a row of the one looks no more like its namesake than like any
# other. (Nor could it. Turn an axis round, and it is as good an axis as before.) Over factors the two
# matrices agree row by row. Only there does one $W$ for both make sense.
#
# ## One W, by hand
#
# In this space, write the rows of both modalities under each other, and the targets too, once for each
# modality that a track has. Then it is plain ridge regression:

# %%
rows = np.vstack([Z[m][has[m]] for m in Z])
targets = np.vstack([t[has[m]] for m in Z])
gram = rows.T @ rows
W = np.linalg.solve(gram + 10.0 * np.eye(k), rows.T @ targets)
print("stacked rows:", rows.shape, " W:", W.shape)

# %% [markdown]
# Four lines; in the package, `sharing="shared"`. Was the common space worth the trouble? Share $W$ once
# over principal axes, once over factors, each time beside separate matrices over the *same* axes. Every
# $\lambda$ is chosen inside `fit`: it hides a third of the tracks at a time and takes what has the least
# squared error there. `refit` keeps the space and learns the matrices anew, which saves time. `Guesses`
# only makes a table of numbers look like a recommender.

# %%
from mmrec_course.evaluation import compare, evaluate


class Guesses:
    def __init__(self, y, users, items):
        self.table = pd.DataFrame(y.T, index=users, columns=items)

    def score(self, users, items):
        return self.table.loc[users, items].to_numpy()


def judged(y, cut, users):
    return evaluate(Guesses(y, users, cut.candidates), cut, metrics=("ndcg",))


# %%
columns = ["mean", "difference", "diff_low", "diff_high"]
for projection, axes_of in (("pca", "principal axes"), ("factors", "factors")):
    results = {}
    model = MultitaskRidge(sharing="separate", projection=projection, n_folds=3).fit(blocks, T)
    for sharing in ("separate", "shared"):
        y = model.refit(sharing=sharing).predict(blocks, split.candidates)
        results[sharing] = judged(y["fused"], split, T.columns)
    print("over", axes_of)
    print_table(compare(results)[columns], digits=2)

# %% [markdown]
# (`"fused"` is the weighted mean of the modalities' guesses, with weights learned on hidden tracks. The
# intervals are over listeners, on this one split.) Principal axes are not to blame: with a matrix for
# each modality they do nearly as well as factors. *Sharing* over them is: over axes that mean nothing
# to each other, one $W$ loses a lot; over factors, next to nothing.
#
# ## Shared and own
#
# One $W$ for all says that a factor means the same for listeners, whoever reports it. Perhaps almost:
# give each modality a correction $V_m$ of its own, and make corrections cost something.
#
# $$\min_{W, V_m} \sum_m \lVert T_m - Z_m (W + V_m) \rVert^2 + \lambda \lVert W \rVert^2
# + \mu \sum_m \lVert V_m \rVert^2$$
#
# In words: fit all modalities, keep the shared part small at price $\lambda$ and the own parts small
# at price $\mu$. By hand it is one ridge regression again. Write each row several times, side by
# side: once for everybody, and once in its modality's own place, times $s = \sqrt{\lambda / \mu}$.

# %%
reg, mu = 10.0, 100.0
s = np.sqrt(reg / mu)
zero = {m: np.zeros_like(Z[m][has[m]]) for m in Z}
wide = {
    "image": np.hstack([Z["image"][has["image"]], s * Z["image"][has["image"]], zero["image"]]),
    "audio": np.hstack([Z["audio"][has["audio"]], zero["audio"], s * Z["audio"][has["audio"]]]),
}
shared, *own = np.split(ridge(np.vstack(list(wide.values())), targets, reg), 3)
both = {m: shared + s * v for m, v in zip(Z, own, strict=True)}

# %% [markdown]
# (The package, `sharing="shared+own"`, does not build wide rows: its solver has a closed form with
# matrices of the height of $W$ only.) What do the prices do at their ends? Make the shared part
# unaffordable, then the own parts.


# %%
settings = {"n_components": k, "projection_reg": 10.0, "reg": 10.0}


def coef(sharing, **options):
    return MultitaskRidge(sharing=sharing, **{**settings, **options}).fit(two, T).coef_["audio"]


no_shared = coef("shared+own", reg=1e9, own_reg=10.0)
no_own = coef("shared+own", own_reg=1e9)
print("λ → ∞ leaves separate:", np.allclose(no_shared, coef("separate"), atol=1e-5))
print("μ → ∞ leaves shared:  ", np.allclose(no_own, coef("shared"), atol=1e-5))

# %% [markdown]
# Everything between is a compromise, and hidden tracks can choose it.
#
# ## Reduced rank
#
# There is a second way to share (`low_rank` in the package and the tables). Leave every modality its own
# matrix, but demand that all of them together have *rank* $r$: $W_m = A_m D$, with $D$ ($r$ × listeners)
# shared. Each modality reads its own axes ($A_m$); what is common is in which $r$ directions listeners
# differ.
#
# Which $D$ is best? Let $G_m = Z_m^\top Z_m$ and $B_m = Z_m^\top T_m$. Whatever $W_m$ one takes, its loss
# is that of the ridge solution, plus
# $\lVert (G_m + \lambda I)^{1/2} W_m - (G_m + \lambda I)^{-1/2} B_m \rVert^2$. So the task is to come near to
# the matrices $(G_m + \lambda I)^{-1/2} B_m$, all under each other, with rank $r$; and the nearest is what
# a singular value decomposition cuts off after $r$.


# %%
def inverse_root(gram, reg):
    length, q = np.linalg.eigh(gram)
    return (q / np.sqrt(length + reg)) @ q.T


r = 8
G = {m: Z[m][has[m]].T @ Z[m][has[m]] for m in Z}
B = {m: Z[m][has[m]].T @ t[has[m]] for m in Z}
stacked = np.vstack([inverse_root(G[m], reg) @ B[m] for m in G])
D = np.linalg.svd(stacked, full_matrices=False)[2][:r]
low = {m: np.linalg.solve(G[m] + reg * np.eye(k), B[m]) @ D.T @ D for m in G}
print("rank of all W_m together:", np.linalg.matrix_rank(np.vstack(list(low.values()))))

# %% [markdown]
# Shared, shared + own, reduced rank: the package beside what you wrote by hand, for both modalities.

# %%
mine = {"shared": dict.fromkeys(Z, W), "shared+own": both, "low_rank": low}
extra = {"shared+own": {"own_reg": mu}, "low_rank": {"rank": r}}
for sharing, by_hand in mine.items():
    model = MultitaskRidge(sharing=sharing, **settings, **extra.get(sharing, {}))
    guess = model.fit(two, T).predict(two, split.candidates)
    equal = [np.allclose(guess[m], Z_new[m] @ by_hand[m] + T.mean().to_numpy()) for m in Z]
    print(f"{sharing:10} equal:", all(equal))

# %% [markdown]
# ## When does sharing help? A world with a dial
#
# In a small made-up world we know what is true. Two modalities, image and audio, speak of the same six
# axes. 200 items have an image, few have audio. The true matrices of the two are alike to a degree that
# we set: `apart` 0 means equal, 1 means unrelated. How good is the guess from *audio* on items that
# nobody rated, in share of variance explained ($R^2$)?

# %%
from itertools import product

from mmrec_course.features import FeatureBlock


def small_world(n_audio, apart, rng, n_image=200, n_axes=6, n_users=20):
    rng = np.random.default_rng(rng)
    common, of_image, of_audio = rng.normal(size=(3, n_axes, n_users))
    z = rng.normal(size=(n_image + n_audio + 200, n_axes))
    is_audio = np.arange(len(z)) >= n_image
    mixed = [np.sqrt(1 - apart) * common + np.sqrt(apart) * w for w in (of_image, of_audio)]
    true = np.where(is_audio[:, None], z @ mixed[1], z @ mixed[0])
    ids, names = np.arange(len(z)), [f"axis {j}" for j in range(n_axes)]
    has = {"image": ~is_audio, "audio": is_audio}
    made = {
        m: FeatureBlock(modality=m, item_ids=ids, values=z, present=has[m], names=names)
        for m in has
    }
    return made, true, true + 3 * rng.normal(size=true.shape), n_image + n_audio


# %%
def explained(n_audio, apart, seed):
    made, true, seen, n = small_world(n_audio, apart, rng=seed)
    model = MultitaskRidge(sharing="separate", projection=None, fit_intercept=False, n_folds=3)
    model.fit(made, seen[:n], item_ids=np.arange(n))
    y = {sharing: model.refit(sharing=sharing).predict(made)["audio"] for sharing in sharings}
    return {s: 1 - ((y[s] - true)[n:] ** 2).sum() / (true[n:] ** 2).sum() for s in y}


sharings, counts, dials = ("separate", "shared", "shared+own"), (5, 20, 80, 160), (0.0, 0.15, 0.6)
runs = {}
for apart, n in product(dials, counts):
    worlds = [explained(n, apart, seed) for seed in range(8)]
    runs |= {(apart, sharing, n): [world[sharing] for world in worlds] for sharing in sharings}

# %% [markdown]
# Each point is the mean over eight worlds with its 95 % interval. Where does the line of *shared* cross
# that of *separate*?

# %%
from mmrec_course.plotting import PALETTE

figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
for ax, apart in zip(axes, dials, strict=True):
    for color, sharing in zip(PALETTE, sharings, strict=False):
        values = np.array([runs[apart, sharing, n] for n in counts])
        half = 2.36 * values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
        ax.errorbar(counts, values.mean(axis=1), half, color=color, label=sharing, marker="o")
    ax.set(title=f"apart {apart}", xlabel="items with audio", xscale="log", ylim=(-0.6, 1))
    ax.set(xticks=counts, xticklabels=counts)
    ax.minorticks_off()
axes[0].set(ylabel="R² of the guess from audio")
axes[0].legend(loc="lower right")
figure.suptitle("Shared wins with few items, if the modalities are alike", fontsize=11)
finish(
    figure,
    alt="R² against the number of items with audio, one panel a dial. Apart 0: shared on top"
    " everywhere. 0.15: shared above separate with few items, below with many. 0.6: shared loses."
    " Shared and own is near the better of the two throughout",
)


# %%
def verdict(apart, n):
    d = np.subtract(runs[apart, "shared", n], runs[apart, "separate", n])
    half = 2.36 * d.std(ddof=1) / np.sqrt(len(d))
    return "shared" if d.mean() > half else "separate" if d.mean() < -half else "undecided"


better = {f"apart {apart}": {n: verdict(apart, n) for n in counts} for apart in dials}
print_table(pd.DataFrame(better))
mean = {
    f"{sharing}, apart {apart}": {n: np.mean(runs[apart, sharing, n]) for n in counts}
    for apart in dials
    for sharing in sharings
}
print_table(pd.DataFrame(mean).T.rename_axis("mean R²"), digits=2)

# %% [markdown]
# (Each word says who is better by an interval of the difference that excludes zero.) That is the whole
# story of sharing. **Separate** pays for every item it lacks: from 5 items to 160, what it leaves
# unexplained ($1 - R^2$) shrinks to less than a tenth. **Shared** pays for every difference that it denies.
# More items lower that price more slowly, to about a third (`apart` 0.15 and 0.6). In the middle panel
# the first is dearer with few items, the second with many, and the lines cross where the prices are
# equal. On the left nothing is denied, and sharing costs nothing; on the right too much is, and in this
# range sharing never pays. **Shared + own** comes near the better of the two, without being told which it
# is (the farthest from it: 5 items and equal matrices).
#
# ## The same on Mosaic
#
# Now with real features. The covers stay; the *sounds* of most tracks to learn from are taken away,
# until a tenth of the tracks still has one. New tracks are then judged by their sound alone. This time
# measure against the truth, which a made-up world has: the correlation $r$, for each listener, between
# the guess and what the listener really thinks of the new tracks. All tracks count in it, not ten, so it
# needs fewer splits to tell two models apart. (Real listeners would not let you look.)

# %%
truth = mosaic.ground_truth()
utility = pd.DataFrame(
    truth["utility"].astype(float), index=truth["user_ids"], columns=truth["item_ids"]
)


def nearness(y, cut, users, among):
    true = utility.loc[users, cut.candidates].to_numpy()[:, among]
    guess = y.T[:, among] - y.T[:, among].mean(axis=1, keepdims=True)
    true = true - true.mean(axis=1, keepdims=True)
    length = np.linalg.norm(guess, axis=1) * np.linalg.norm(true, axis=1)
    return pd.DataFrame({"r": (guess * true).sum(axis=1) / np.maximum(length, 1e-12)}, index=users)


# %%
def scarce(block, train, share, seed):
    having = block.item_ids[block.present & np.isin(block.item_ids, train)]
    gone = np.random.default_rng(seed).permutation(having)[round(share * len(having)) :]
    return block.mask(gone)


def from_sound(model, cut, users):
    y = model.predict({"audio": blocks["audio"]}, cut.candidates)["audio"]
    return nearness(y, cut, users, blocks["audio"].align(cut.candidates).present)


cuts = [cold_item_split(mosaic.ratings, fraction=0.2, rng=seed) for seed in range(6)]
to_learn = [likings(cut.train_valid) for cut in cuts]

# %% [markdown]
# Four ways: *nothing shared* is plain ridge regression from the sounds (principal axes, all of them);
# *separate* uses the common space, whose factors come from all tracks' ratings, and a matrix of its own;
# then *shared* and *shared + own*, which learn from the covers too. All choose their $\lambda$ on hidden
# tracks. (Only the sound's own guess is asked for, so fusion weights do not matter; they are set by hand,
# which saves time.) Six splits, so that the intervals are about *which tracks* are new.

# %%
from mmrec_course.evaluation import compare_splits

base = {"n_folds": 3, "sharing": "separate", "weights": {"image": 1, "audio": 1}}
shares, found = (0.1, 0.5, 1.0), {}
for share in shares:
    found[share] = {name: [] for name in ("nothing shared", *sharings)}
    for seed, (cut, targets) in enumerate(zip(cuts, to_learn, strict=True)):
        given = {"audio": scarce(blocks["audio"], targets.index, share, seed)}
        model = MultitaskRidge(projection="pca", n_components=None, **base).fit(given, targets)
        found[share]["nothing shared"].append(from_sound(model, cut, targets.columns))
        model = MultitaskRidge(**base).fit({"image": blocks["image"], **given}, targets)
        for sharing in sharings:
            model.refit(sharing=sharing)
            found[share][sharing].append(from_sound(model, cut, targets.columns))

# %%
tables = {}
for share in shares:
    options = {"metric": "r", "test_share": 0.2}
    tables[share] = compare_splits(found[share], baseline="separate", **options)
    print(f"sounds of {share:.0%} of the tracks")
    print_table(tables[share][columns], digits=3)
    two_rows = {name: found[share][name] for name in ("nothing shared", "shared")}
    print_table(compare_splits(two_rows, **options)[columns].tail(1), digits=3)

# %%
figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for color, name, shift in zip(PALETTE[1:], ("shared", "shared+own"), (0.98, 1.02), strict=False):
    rows = pd.DataFrame({share: tables[share].loc[name] for share in shares}).T
    bars = [rows["difference"] - rows["diff_low"], rows["diff_high"] - rows["difference"]]
    at = np.array(shares) * shift
    ax.errorbar(at, rows["difference"], bars, color=color, marker="o", label=name, capsize=3)
ax.axhline(0, color="#222222", linewidth=1)
ax.set(xscale="log", xticks=shares, xticklabels=[f"{s:.0%}" for s in shares])
ax.minorticks_off()
ax.set(xlabel="share of the tracks that have a sound", ylabel="correlation, minus separate")
ax.set(title="Sharing helps while sounds are scarce, and then stops")
ax.legend()
finish(
    ax,
    alt="Difference to separate against the share of tracks with sound. Shared is above zero"
    " with its interval at a tenth and at zero when all have sound",
)

# %% [markdown]
# (The last line of each table compares *shared* once more, with *nothing shared*.) With a tenth of the
# sounds, *shared* is nearer to the truth than *separate*, and the interval of the difference is above
# zero. At a half it still is. With all of them the gain is gone: about 350 tracks can find out by
# themselves. Somewhere between is the point where sharing stops helping. *Shared + own* stays nearer to
# separate than the world with a dial let you hope: it has two prices to choose, and few hidden tracks with
# a sound to choose them by.
#
# Look also at *nothing shared*. With all sounds it is below *separate*, with its interval: the
# common space helps even where no $W$ is shared. Its factors come from everybody's ratings, and 32 of
# them are easier to guess than 600 listeners. With a tenth of the sounds this help is not there: by the
# means, 35 tracks translate worse than they guess directly. What sharing wins there has to make up for it
# first, and *shared* against *nothing shared* is undecided, its interval includes zero. At a half and with
# all sounds it is above zero.
#
# ## Against weighted fusion
#
# Now everything: three modalities, nobody's sounds taken away, new tracks. The opponents are the two
# fusions of lesson 08. *Late* is a ridge regression a modality and a weighted sum of the guesses: just
# like *separate*, but over 32 principal axes of each modality instead of 32 factors. *Early* is one ridge
# regression over all blocks side by side, 40 principal axes of each. All six rows are tuned alike: each
# $\lambda$, $\mu$, rank and weight by squared error on the same hidden tracks. By which of the two
# measures, the list of ten or the nearness to the truth, will they differ?

# %%
from collections import defaultdict

from mmrec_course.fusion import early_fusion

third = {"n_folds": 3, "sharing": "separate"}
lists, near = defaultdict(list), defaultdict(list)
for cut, targets in zip(cuts, to_learn, strict=True):
    late = MultitaskRidge(projection="pca", **third).fit(blocks, targets)
    rows = {"late fusion": late.predict(blocks, cut.candidates)}
    beside = {"early": early_fusion(blocks, n_components=40, fit_items=targets.index)}
    early = MultitaskRidge(projection="pca", n_components=None, **third).fit(beside, targets)
    rows["early fusion"] = early.predict(beside, cut.candidates)
    model = MultitaskRidge(**third).fit(blocks, targets)
    for sharing in (*sharings, "low_rank"):
        rows[sharing] = model.refit(sharing=sharing).predict(blocks, cut.candidates)
    for name, y in rows.items():
        lists[name].append(judged(y["fused"], cut, targets.columns))
        near[name].append(nearness(y["fused"], cut, targets.columns, slice(None)))

# %%
from mmrec_course.plotting import plot_comparison

for metric, results in {"ndcg": lists, "r": near}.items():
    table = compare_splits(results, metric=metric, test_share=0.2, baseline="separate")
    print("by", metric)
    print_table(table[columns], digits=3)
title = "The common space is nearer to the truth, W shared or not"
ax = plot_comparison(table, title=title, label="correlation with the truth")
finish(
    ax,
    alt="Correlation with the truth, with intervals: late and early fusion lowest; separate, shared,"
    " shared and own, and low rank close together above them",
)

# %% [markdown]
# By NDCG@10, six splits cannot tell any row from *separate*: all intervals include zero. Multitask fusion
# is no better than early fusion at filling a list of ten. By nearness to the truth there is a difference,
# but look which. *Separate* is above late fusion, from which nothing but the axes tells it apart, and it
# shares no $W$ at all: what helps is the common space. Sharing $W$ on top, when all modalities have nearly
# all tracks, even costs a little: the interval of *shared* is below zero. *Shared + own* takes the loss
# back, and *reduced rank* is no different from *separate*.
#
# So on Mosaic: translate into a common space, and share the matrix where a modality is scarce. (The final
# model of lesson 11 has *shared + own* as an option, `MultimodalRecommender(fusion="multitask")`: each
# modality predicts the factors of its collaborative part. Its default is early fusion.)
#
# Is it the content that counts, or the machinery? Two worlds in which it must rank like chance: the
# *placebo*, Mosaic with the rows of every block dealt out anew among the tracks, and a *control world*, in
# which nothing that media show matters to anybody. And one where it must not: a world made like the
# control, but media matter.

# %%
from mmrec_course.datasets.synthetic import make_world
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import Random


def beside_chance(given, cut):
    targets = likings(cut.train_valid)
    model = MultitaskRidge(sharing="shared", n_folds=3).fit(given, targets)
    y = model.predict(given, cut.candidates)["fused"]
    chance = evaluate(Random(rng=0).fit(cut.train_valid, given), cut, metrics=("ndcg",))
    return {"chance": chance, "one W": judged(y, cut, targets.columns)}


# %%
from functools import partial


def made_up(media_signal, seed):
    world = make_world(media_signal=media_signal, rng=seed)
    cut = cold_item_split(world.ratings, fraction=0.2, rng=seed)
    return fact_blocks(world.tracks, noise=0.5, rng=seed), cut


def dealt_out(seed):
    return {m: block.shuffle(rng=seed) for m, block in blocks.items()}, cuts[seed]


# %%
worlds = {"placebo": dealt_out}
worlds |= {f"media matter: {yes}": partial(made_up, yes) for yes in (False, True)}
rows = {}
for name, world in worlds.items():
    pairs = [beside_chance(*world(seed)) for seed in range(3 if "media" in name else 5)]
    results = {row: [pair[row] for pair in pairs] for row in pairs[0]}
    share = 0.2 if name == "placebo" else 0.0
    rows[name] = compare_splits(results, test_share=share).loc["one W"]
print_table(pd.DataFrame(rows).T[columns], digits=3)

# %% [markdown]
# Dealt-out features bring nothing, and neither do true features in a world that does not care for them:
# both intervals of the difference to chance include zero. Where media matter, the same machinery is far
# above chance, so it could have found something.
#
# ## An auxiliary task
#
# A matrix could learn more than likings: say, the genre, which nobody asked for, but which might
# teach the model something on the way. An *auxiliary task* is a few more columns of targets. Try it
# twice: with the space and $\lambda$ fixed, and where the space itself is learned.

# %%
genres = pd.get_dummies(mosaic.items["genre"], dtype=float).loc[T.index]
genres -= genres.mean()
size = np.sqrt((t**2).sum() / (genres**2).to_numpy().sum())  # they now vary as the targets do


def with_genres(weight):
    return pd.concat([T, np.sqrt(weight) * size * genres], axis=1)


fixed_space = {m: blocks[m].reduce(20, fit_items=T.index) for m in ("image", "audio")}
in_it = MultitaskRidge(sharing="shared", projection=None, reg=10.0)
for name, model, given in (("fixed space", in_it, fixed_space), ("factors", MultitaskRidge(), two)):
    without = model.fit(given, T).coef_["audio"]
    along = model.fit(given, with_genres(0.1)).coef_["audio"][:, : T.shape[1]]
    print(f"{name:12} same W with genres:", np.allclose(along, without))

# %% [markdown]
# In a fixed space, every column of $W$ is a regression by itself. A further column changes nothing.
# **A task can only help another where they share something they both shape**: here the factors, or
# $D$. Does it help on Mosaic?

# %%
results = {}
for weight in (0.0, 0.1, 1.0):
    model = MultitaskRidge(sharing="shared", n_folds=3).fit(two, with_genres(weight))
    y = model.predict(two, split.candidates)["fused"][:, : T.shape[1]]
    results[f"genre, weight {weight}"] = judged(y, split, T.columns)
table = compare(results)
print_table(table[columns], digits=3)

# %% [markdown]
# Not with these: with a small weight the interval of the difference includes zero, with a large one the
# list gets worse. Perhaps factors that tell genres apart take places, of 32, from factors that told
# listeners apart. (Again one split, with intervals over listeners. Three weights on the test tracks are
# shown to see a pattern; a weight to *use* would be chosen on hidden tracks.)
#
# ## What goes wrong
#
# - **Sharing over axes that mean nothing to each other.** Equal widths are not equal meanings. Over
#   principal axes one $W$ was far worse than separate matrices; over factors it was not.
# - **Sharing what differs.** In the world with a dial, a shared matrix over unlike modalities was worse
#   than no sharing even for few items, and stayed so with many.
# - **Expecting help from a task that shares nothing.** In a fixed space, genres changed no number.
# - **Factors from ratings that should be hidden.** The factors are learned from targets. Had the new
#   tracks' ratings been among them, every number on this page would be too good. `fit` sees training
#   tracks only, and learns the factors anew for every group that it hides.
#
# ## Your turn
#
# [Five exercises](exercises/09_multitask_fusion.ipynb): from one line, the shared matrix, to the
# question what happens when one modality speaks with the opposite sign.
#
# ## Recap
#
# - Multitask fusion is $y_m = f(x_m, W)$. A translator a modality leads into a common space; a matrix
#   leads from there to likings.
# - The axes must mean the same for all. The factors of the ratings do; principal axes do not.
# - Separate, shared, shared + own, reduced rank: all in closed form, and `MultitaskRidge` is equal to
#   what you wrote by hand.
# - Sharing trades variance (few items) against bias (modalities that differ). On Mosaic one $W$ helped
#   clearly with half of the sounds; with a tenth only against *separate*, and with all of them no longer.
# - An auxiliary task helps only through what is shared, and only if it knows something new.
#
# ## Sources
#
# - Caruana (1997), *Multitask learning*, Machine Learning 28: the idea, and auxiliary tasks.
# - Evgeniou and Pontil (2004), *Regularized multi-task learning*, KDD: shared plus own, with two
#   prices.
# - Daumé III (2007), *Frustratingly easy domain adaptation*, ACL: the wide rows.
# - Izenman (1975), *Reduced-rank regression for the multivariate linear model*, Journal of Multivariate
#   Analysis 5: the closed form of the rank.
