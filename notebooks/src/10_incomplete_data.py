# %% [markdown]
# # 10 · Incomplete data: tracks without covers, tracks without listeners, listeners without a past
#
# **Aim** Decide what a recommender does where something is missing: a cover, a clip, all ratings of
# a new track, the history of a new listener. Write each choice by hand, and measure what it costs.<br>
# **Time** 75 minutes: gaps by hand 10, six choices 20, curves 15, cold start 20, what goes wrong
# 10.<br>
# **Needs** Lessons 06 (splits, intervals), 08 (ridge, z-scores, weights). Nothing is downloaded.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, interval, print_table
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
full = {m: block.align(items) for m, block in extract_features(mosaic).items()}
has = pd.DataFrame({m: block.present for m, block in full.items()}, index=items)
patterns = has.replace({True: "yes", False: "–"}).value_counts().rename("tracks")
print_table(patterns.reset_index(), index=False)

# %% [markdown]
# ## The idea
#
# Most tracks have everything. About a fifth lack something, mostly the clip; nobody lacks all. In
# the notation: $a_{im}$ is 1 where track $i$ has modality $m$, else 0. Real catalogues are full of
# such gaps. Here is one that you can look at:

# %%
from mmrec_course.display import show_track

split = cold_item_split(mosaic.ratings, rng=0)
track = items[~has["image"] & has["text"] & has["audio"] & items.isin(split.candidates)][0]
show_track(mosaic.items, track)

# %% [markdown]
# No cover. The track is new, too: nobody has rated it. What score should it get?
#
# We need scores first, and a quick model. As in lesson 08: a fifth of the tracks is new; one ridge
# regression a modality turns features into scores; scores become z-scores. Each block is cut to 40
# columns, so that all that follows is fast: the 40 directions in which the known tracks are
# largest. (`shorten` centres nothing, so there a row of zeros stays a row of zeros; `unit_rows`, just
# before the ridge regression, does. The directions are found before we hide anything, as if from an
# older, complete catalogue, and are the same for every method.) `task` puts together what one experiment needs: what is known, which tracks are asked
# for, and who liked them later.

# %%
from dataclasses import replace
from types import SimpleNamespace


def matrix(ratings, value):
    table = np.zeros((len(users), len(items)))
    table[users.get_indexer(ratings["user_id"]), items.get_indexer(ratings["item_id"])] = value
    return table


def task(ratings, later, candidates):
    X, known = matrix(ratings, ratings["rating"] - 2.5), items.isin(ratings["item_id"])
    ask = items.isin(candidates)
    liked = matrix(later, later["rating"] >= 4)[:, ask] > 0
    return SimpleNamespace(ratings=ratings, X=X, known=known, ask=ask, liked=liked)


# %%
def shorten(block, known, k=40):
    taught = block.values[block.present & known]
    axes = np.linalg.svd(taught, full_matrices=False)[2][:k]
    names = tuple(f"direction {j}" for j in range(k))
    return replace(block, values=block.values @ axes.T, names=names)


def unit_rows(block, known):
    x = block.values - block.values[block.present & known].mean(axis=0)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    # A row on the mean itself has no direction: it stays zero.
    return np.where(block.present[:, None] & (length > 1e-9), x / np.maximum(length, 1e-9), 0.0)


# %%
from mmrec_course.fusion import standardize_scores


def guess(block, t, reg, ask):
    learn, F = t.known & block.present, unit_rows(block, t.known)
    A = F[learn].T @ F[learn] + reg * np.eye(F.shape[1])
    y = np.linalg.solve(A, (t.X[:, learn] @ F[learn]).T).T @ F.T
    return standardize_scores(y[:, ask], y[:, learn])


test = task(split.train_valid, split.test, split.candidates)
blocks = {m: shorten(block, test.known) for m, block in full.items()}
z = {m: guess(block, test, 20.0, test.ask) for m, block in blocks.items()}
print("listeners, new tracks:", z["text"].shape)

# %% [markdown]
# Now the track, and one listener. Equal weights. The missing part can be *counted as zero*, or it
# can be left out and the weights that remain be scaled up (*renormalized*):
#
# $$\text{zero: } \sum_m w_m a_m y_m \qquad\qquad
# \text{renormalized: } \frac{\sum_m w_m a_m y_m}{\sum_m w_m a_m}$$

# %%
from mmrec_course.fusion import weighted_sum

i, u = np.flatnonzero(items[test.ask] == track)[0], users.get_loc("u416")
y = np.array([z[m][u, i] for m in z])
a, w = np.array([0, 1, 1]), np.ones(3) / 3
zero, renormalized = (w * a * y).sum(), (w * a * y).sum() / (w * a).sum()
print("words", fixed(y[1]), " sound", fixed(y[2]))
print("zero", fixed(zero), " renormalized", fixed(renormalized))

equal = dict.fromkeys(z, 1 / 3)
present = {m: block.present[test.ask] for m, block in blocks.items()}
filled = {m: np.where(present[m], z[m], 0.0) for m in z}
scores = {"zero": weighted_sum(filled, equal), "renormalized": weighted_sum(z, equal, present)}
print("equal:", np.allclose([zero, renormalized], [y[u, i] for y in scores.values()]))

# %% [markdown]
# Zero is a third smaller: the missing cover votes, and it votes for the middle. What does that do to
# lists? Count those listeners who have this track among their first ten of the 96 new ones, and then
# all tracks with a gap:

# %%
from mmrec_course.evaluation import rank_items

gap = ~np.all(list(present.values()), axis=0)
for name, y in scores.items():
    top = rank_items(y, 10)
    lists, share = (top == i).any(axis=1).sum(), gap[top].mean() / gap.mean()
    wide = fixed(y[:, gap].std() / y[:, ~gap].std(), 1)
    print(f"{name:13} {track} on {lists:3} lists; gaps: places {fixed(share, 1)}, spread {wide}")

# %% [markdown]
# (*Places* is a ratio: 1 means as many places as tracks with a gap would get by lot. *Spread* is how
# widely their scores vary, as a multiple of those of complete tracks.) Counted as zero, they are pushed
# out of the lists. Renormalized, they get more than their share: a mean of two parts varies more than a
# mean of three, and lists are made of extremes. Is one of them *right*? That takes a measurement, and
# some more choices.
#
# ## Six choices
#
# To have something to fill, hide half of everything. By hand it is one `&`; the package's word is
# `FeatureBlock.mask`:

# %%
hidden = np.random.default_rng(0).random((len(items), 3)) < 0.5
gappy = {m: blocks[m].mask(items[hidden[:, j]]) for j, m in enumerate(blocks)}
print(
    "equal:", all((gappy[m].present == (has[m] & ~hidden[:, j])).all() for j, m in enumerate(has))
)
left = np.sum([block.present for block in gappy.values()], axis=0)
print("tracks with 0, 1, 2, 3 modalities:", np.bincount(left).tolist())

# %% [markdown]
# **Drop** the incomplete: only tracks that have everything remain. **Zero**: a missing row is a row
# of zeros. **Mean**: a missing row is the mean of the known tracks that have one.

# %%
image, known = gappy["image"], test.known
complete = items[np.all([block.present for block in gappy.values()], axis=0)]
zeros = np.where(image.present[:, None], image.values, 0.0)
mean = image.values[image.present & known].mean(axis=0)
means = np.where(image.present[:, None], image.values, mean)
print("complete tracks:", len(complete), "of", len(items))

# %% [markdown]
# **Neighbours' mean**: not the mean of all, but of the ten tracks that the same people chose. How
# alike two tracks are in that is the cosine of their columns of interactions. Only *training*
# interactions: who will choose a track is what we want to find out.

# %%
taught = np.flatnonzero(image.present & known)
C = matrix(split.train_valid, 1.0)
C /= np.maximum(np.linalg.norm(C, axis=0), 1.0)
neighbours = means.copy()
for gap_at in np.flatnonzero(~image.present & known):
    alike = C[:, gap_at] @ C[:, taught]
    best = rank_items(alike[None], 10)[0]
    neighbours[gap_at] = image.values[taught[best[alike[best] > 0]]].mean(axis=0)

# %% [markdown]
# All of them, and *renormalize*, which fills nothing, are one word for `impute_missing`:

# %%
from mmrec_course.extras.missing import impute_missing

options = {"fit_items": items[known], "ratings": split.train_valid}
by_hand = {"zero": zeros, "mean": means, "neighbours": neighbours, "renormalize": image.values}
for method, values in by_hand.items():
    block = impute_missing(gappy, method, **options)["image"]
    print(
        f"{method:12} equal:", np.allclose(block.values, values), " present:", block.present.sum()
    )
kept = impute_missing(gappy, "drop")["image"].item_ids
print("drop         equal:", set(kept) == set(complete), " present:", len(kept))

# %% [markdown]
# Look twice at two of them. The *mean* row, centred on the mean, is a row of zeros: the model is not
# taught by it and says 0 about it. So filling with the mean is very nearly *counting the missing part
# as zero*. And *zero* is not neutral at all: an empty text or a cover without any colour, far from
# every real one. (Sounds were standardised when they were extracted: there, zero happens to be the
# mean. What zero means depends on the block. Always look.)
#
# **Modality dropout** does not fill. It changes the training: hide modalities at random, again and
# again, so that the model never comes to rely on one. For a linear model nobody has to toss coins.
# Put the columns of all modalities side by side, and let a coin $d_m$ (1 with probability $1-p$)
# decide whether the model sees $f_m$. The mean over all coins of the squared error is the error of
# the mean guess, plus the variance of the guess:
#
# $$\mathbb E \Big\lVert t - \sum_m d_m f_m W_m \Big\rVert^2
# = \Big\lVert t - (1-p) \sum_m f_m W_m \Big\rVert^2 + p\,(1-p) \sum_m \lVert f_m W_m \rVert^2$$
#
# The last term is a *penalty* on each modality's own vote: where two would say the same thing, it is
# cheaper to let each say a part of it. Sum over tracks, add $\lambda \lVert W \rVert^2$, set the
# derivative to zero, and there is a ridge regression with something extra in the blocks on the
# diagonal:
#
# $$\Big[(1-p)^2 F^\top F + p\,(1-p)\,\mathrm{blocks}(F_m^\top F_m) + \lambda I\Big]\, W
# = (1-p)\, F^\top T$$

# %%
p, reg, T = 0.5, 20.0, test.X[:, known].T
rows = {m: replace(b, values=unit_rows(b, known)).align(items[known]) for m, b in gappy.items()}
F, owner = np.hstack([b.values for b in rows.values()]), np.repeat(range(3), 40)
blocks_of = F.T @ F * (owner[:, None] == owner)
A = (1 - p) ** 2 * F.T @ F + p * (1 - p) * blocks_of + reg * np.eye(120)
W = np.linalg.solve(A, (1 - p) * F.T @ T)

from mmrec_course.extras.missing import dropout_ridge

package = dropout_ridge(rows, T, reg=reg, rate=p)
print("equal:", np.allclose(np.vstack(list(package.values())), W))

# %% [markdown]
# And with real coins? Two hundred rounds:

# %%
rng, rounds, gram, hit = np.random.default_rng(1), 200, 0.0, 0.0
for _ in range(rounds):
    seen = F * (rng.random((len(F), 3)) >= p)[:, owner]
    gram, hit = gram + seen.T @ seen / rounds, hit + seen.T @ T / rounds
tossed = np.linalg.solve(gram + reg * np.eye(120), hit)
distance = np.linalg.norm(tossed - W) / np.linalg.norm(W)
print("relative difference to the closed form:", fixed(distance))

# %% [markdown]
# ## What does dropout buy?
#
# Dropout is a penalty, and ridge has one already, $\lambda$. So ask both at once. Known tracks are
# complete, new tracks lose half of everything: what dropout is made for. NDCG@10 on new tracks, mean
# of three splits: a look at the whole landscape, not a choice, for nothing below uses it. (Mosaic's
# listeners are simulated, here and in all that follows.)

# %%
from mmrec_course.evaluation.metrics import ndcg


def joint(blocks, t, reg, rate):
    rows = {m: replace(b, values=unit_rows(b, t.known)) for m, b in blocks.items()}
    taught = {m: row.align(items[t.known]) for m, row in rows.items()}
    W = dropout_ridge(taught, t.X[:, t.known].T, reg=reg, rate=rate)
    return np.sum([W[m].T @ rows[m].values[t.ask].T for m in W], axis=0)


def judge(scores, t):
    who = t.liked.any(axis=1)
    scores, liked = scores[who].round(9), t.liked[who]  # equal in all that matters: a tie
    best = rank_items(scores, 10)
    listed = np.take_along_axis(scores, best, axis=1) > -np.inf
    hits = np.take_along_axis(liked, best, axis=1) & listed
    return pd.DataFrame({"ndcg": ndcg(hits, liked.sum(axis=1))}, index=users[who])


# %%
splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
tasks = [task(split.train_valid, split.test, split.candidates) for split in splits]
shorts = [{m: shorten(block, t.known) for m, block in full.items()} for t in tasks]
dropped = {}
for j, (t, short) in enumerate(zip(tasks[:3], shorts, strict=False)):
    lost = np.random.default_rng(j).random((3, len(items))) < 0.5
    new = {m: b.mask(items[t.ask & cut]) for (m, b), cut in zip(short.items(), lost, strict=True)}
    for reg in (0.1, 1.0, 10.0, 100.0):
        for rate in (0.0, 0.25, 0.5):
            dropped.setdefault((reg, rate), []).append(judge(joint(new, t, reg, rate), t))
grid = {}
for (reg, rate), tables in dropped.items():
    grid.setdefault(f"rate {rate}", {})[reg] = np.mean([d["ndcg"].mean() for d in tables])
print_table(pd.DataFrame(grid).rename_axis("reg"), digits=3)

# %% [markdown]
# Read along the first row: with a small $\lambda$, dropout helps a lot. Read along the third: with a
# fair $\lambda$ there is nothing left for it to do. Is that so, with an interval? A *paired bootstrap*
# over listeners (`compare`, lesson 06), each listener's mean over the three splits:

# %%
from mmrec_course.evaluation import compare


def pooled(tables):
    return pd.concat(tables).groupby(level=0)[["ndcg"]].mean()


for reg in (0.1, 10.0):
    pair = {f"rate {rate}, reg {reg}": pooled(dropped[reg, rate]) for rate in (0.0, 0.5)}
    row = compare(pair).iloc[1]
    gain = [fixed(row[name], 3) for name in ("difference", "diff_low", "diff_high")]
    print("reg {}: rate 0.5 against 0: {} [{}, {}]".format(reg, *gain))

# %% [markdown]
# Dropout is known to save large networks, which are hard to hold back otherwise. A ridge regression
# whose $\lambda$ was chosen with care is held back already. Keep that in mind when a paper compares
# its dropout with a model that nobody tuned.
#
# ## Curves
#
# Now all choices, with more and more missing, from 0 (only Mosaic's own gaps) to 80 % of everything.
# *Which* tracks lack something matters as much as how much is missing. Two worlds:
#
# - **at random**: every modality of every track has the same chance to be missing;
# - **by popularity**: the chance is larger, the less often the track will have been rated. Nobody
#   draws covers for what nobody buys. The share is the same.

# %%
often = mosaic.ratings["item_id"].value_counts().reindex(items, fill_value=0)
unpopular = often.rank(ascending=False, method="first").to_numpy() / len(items)


def hide(blocks, share, by_popularity, rng):
    chance = share + by_popularity * min(share, 1 - share) * (2 * unpopular - 1)
    lost = np.random.default_rng(rng).random((len(blocks), len(items))) < chance
    return {m: b.mask(items[cut]) for (m, b), cut in zip(blocks.items(), lost, strict=True)}


WAYS = {"at random": False, "by popularity": True}
for way, by_popularity in WAYS.items():
    there = np.mean([b.present for b in hide(full, 0.5, by_popularity, rng=0).values()], axis=0)
    for name, third in (("most", unpopular < 1 / 3), ("least", unpopular > 2 / 3)):
        print(f"{way:13}  {name:5} popular third has", fixed(there[third].mean()))

# %% [markdown]
# The methods. Each is a function of blocks, a task and its options, and returns scores of the new tracks:
#
# - `late` is the model from above: a guess a modality, z-scores, equal weights, *renormalized*. With
#   $\beta$ it becomes *count*, a spy: it adds $\beta$ for every modality that a track has, whatever is in it.
# - `fill` fills the gaps by one of the methods above, then does the same. Tracks that were *dropped* get
#   $-\infty$: they are never listed.
# - `joint`, which you know, is one ridge of all columns: *dropout* with rate ½, and *one ridge*, which is
#   dropout with rate 0, so that we see what is dropout's merit and what is not.
#
# `chosen` sets what each has to choose ($\lambda$, for *count* also $\beta$): `best` tries every option on the
# split's *validation* tracks, with half of everything missing in the same way, and keeps the one with
# the highest NDCG.

# %%
REGS = (4.0, 20.0, 100.0)


def late(blocks, t, reg, beta=0.0):
    z = {m: guess(b, t, reg, t.ask) for m, b in blocks.items() if (b.present & t.known).any()}
    has = {m: block.present[t.ask] for m, block in blocks.items()}
    fused = weighted_sum(z, equal, has) if z else np.zeros(t.liked.shape)
    return fused + beta * np.sum(list(has.values()), axis=0)


def fill(blocks, t, reg, method):
    filled = impute_missing(blocks, method, fit_items=items[t.known], ratings=t.ratings)
    filled = {m: block.align(items) for m, block in filled.items()}
    whole = np.all([block.present[t.ask] for block in filled.values()], axis=0)
    return np.where(whole, late(filled, t, reg), -np.inf)  # dropped: never listed


choices = {"renormalize": (late, {})}
choices |= {m: (fill, {"method": m}) for m in ("drop", "zero", "mean", "neighbours")}
choices |= {"one ridge": (joint, {"rate": 0.0}), "dropout": (joint, {"rate": 0.5})}


# %%
def chosen(blocks, t):
    def best(method, options):
        found = [round(judge(method(blocks, t, **o), t)["ndcg"].mean(), 9) for o in options]
        return method, options[int(np.argmax(found))]

    made = {
        name: best(method, [{"reg": reg, **extra} for reg in REGS])
        for name, (method, extra) in choices.items()
    }
    reg = made["renormalize"][1]["reg"]
    return made | {"count": best(late, [{"reg": reg, "beta": b} for b in (0.0, 0.3, 1.0, 3.0)])}


# %%
SHARES = {"at random": (0.0, 0.2, 0.5, 0.8), "by popularity": (0.2, 0.5, 0.8)}
results, ready = {}, {}
for j, (split, t, short) in enumerate(zip(splits, tasks, shorts, strict=True)):
    valid = task(split.train, split.valid, split.valid_candidates)
    for way, by_popularity in WAYS.items():
        ready[j, way] = chosen(hide(short, 0.5, by_popularity, rng=100 + j), valid)
        for share in SHARES[way]:
            gappy = hide(short, share, by_popularity, rng=j)
            for name, (method, option) in ready[j, way].items():
                tables = results.setdefault((way, share), {}).setdefault(name, [])
                tables.append(judge(method(gappy, t, **option), t))
means = {
    f"{way.split()[-1]} {share:.0%}": {
        n: np.mean([d["ndcg"].mean() for d in v]) for n, v in r.items()
    }
    for (way, share), r in results.items()
}
print_table(pd.DataFrame(means), digits=2)

# %% [markdown]
# (*popularity 20 %* and so on: the same, with gaps by popularity.) In a picture, with bootstrap
# intervals over listeners. Look first at the left panel: who falls fastest? Then at the right one,
# in which nothing but *which* tracks have the gaps is different.

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
drawn = ("renormalize", "drop", "zero", "mean", "dropout", "count")
alt = "At random all methods fall, drop fastest. By popularity only renormalize falls early"
for ax, way in zip(axes, WAYS, strict=True):
    for name, color, mark in zip(drawn, PALETTE, "osv^DP", strict=False):
        found = [results["at random", 0.0], *(results[way, share] for share in (0.2, 0.5, 0.8))]
        line = compare({str(j): pooled(tables[name]) for j, tables in enumerate(found)})
        bars = np.abs(line[["low", "high"]].T - line["mean"]).to_numpy()
        ax.errorbar([0, 20, 50, 80], line["mean"], bars, color=color, marker=mark, label=name)
    ax.set(xlabel=f"missing {way} (%)")
axes[0].set(ylabel="NDCG@10, new tracks", title="At random, all fall")
axes[1].set(title="By popularity, most hold until half is gone")
axes[1].legend(fontsize=8)
finish(figure, alt)

# %% [markdown]
# Bars overlap, but what counts are *paired* differences: all methods had the same splits and the same
# gaps. Against *renormalize*, with two intervals: the bootstrap over listeners, and the one over splits
# (`compare_splits`), for other tracks could have been the new ones. Here for 50 % at random:

# %%
from mmrec_course.evaluation import compare_splits


def both(found):
    table = compare({name: pooled(tables) for name, tables in found.items()})
    other = compare_splits(found, test_share=0.2)[["diff_low", "diff_high"]].add_prefix("splits ")
    return table[["mean", "difference", "diff_low", "diff_high"]].join(other)


print_table(both(results["at random", 0.5]), digits=3)

# %% [markdown]
# Which differences are real? For all shares and both worlds, say so only where *both* intervals do: `+`
# above *renormalize*, `−` below it, `·` not to be told from luck.

# %%
real = {}
for (way, share), found in results.items():
    table = both(found).round(3)
    low, high = table.filter(like="low").min(axis=1), table.filter(like="high").max(axis=1)
    real[f"{way.split()[-1]} {share:.0%}"] = np.where(low > 0, "+", np.where(high < 0, "−", "·"))
print_table(pd.DataFrame(real, index=[*choices, "count"]).drop("renormalize"))

# %% [markdown]
# **At random.** One thing is clear: *drop* is bad at any share. It lists complete tracks only, and with
# half of everything gone there are few. Between the others, hardly any difference survives both
# intervals. At 50 % the listeners' interval puts *mean* and the two ridges of all columns ahead by
# 0.01 and more, and *zero* and *neighbours* behind by as much; but with other tracks it might be the
# other way round. With 0 % hidden *dropout* is ahead, and *one ridge* all but: that is early against
# late fusion, which lesson 08 has measured. *Dropout* is where *one ridge* is: with gaps in the
# training tracks, every fit is a round of dropout already. And *neighbours* cannot help a new track at
# all: nobody has chosen it, so it gets the mean. It differs from *mean* only in what known tracks teach
# the model, and averages of other covers teach it no better.
#
# **By popularity.** At 20 and 50 % *renormalize*, the fair one, is clearly below everybody, even below
# *drop*; and all others are no worse with half of everything gone than with nothing gone. Has filling
# become so good? Look at the spy. *Count* fills nothing: it renormalizes, and adds something for each
# modality that is there; and it is as good as the best. So what helps is not what is put into the
# gap. It is that **the gap itself says something**: a track with gaps is one that few will want.
# *Mean* and *zero* push such tracks down the list (we saw it with the very first track), and here that
# happens to be rewarded.
#
# Statisticians call the left world *missing completely at random*. In the right one gaps depend on
# how many people will choose a track, the very thing that is to be predicted: *not at random* (Rubin,
# 1976). Which world one lives in cannot be seen from the gaps alone (only from the gaps beside known
# tracks' numbers of ratings), and it decides which method looks best. We come back to it under *What goes wrong*.
#
# ## Cold start: a new track
#
# A new track, a *cold-start item*, is a track with a gap, too. What it lacks is what tells most: ratings,
# and with them all *collaborative* scores. Lesson 08 learned weights where tracks have ratings, and found
# that the collaborative scores must have most of the weight ([the wrong
# regime](08_weighted_fusion.ipynb)). What becomes of new tracks under such weights, in one list with the
# *warm* ones, those with ratings? The two rules from above, once more:

# %%
from mmrec_course.recommenders import EASE

t, everywhere = tasks[0], np.ones(len(items), bool)
z = {m: guess(block, t, 20.0, everywhere) for m, block in shorts[0].items()}
y = EASE(reg=200.0).fit(t.ratings).score(users, items)
z = {"collaborative": standardize_scores(y, y[:, t.known]), **z}
present = {"collaborative": t.known} | {m: block.present for m, block in shorts[0].items()}
warm = {"collaborative": 0.7, "image": 0.1, "text": 0.1, "audio": 0.1}
lists = {
    "gap is 0": weighted_sum({m: np.where(present[m], z[m], 0.0) for m in z}, warm),
    "renormalized": weighted_sum(z, warm, present),
}

# %% [markdown]
# And the final model of lesson 11, with its default hyperparameters. It renormalizes, too: a new track's
# content gets the weight of the collaborative part. Then it multiplies the scores of new tracks by
# 1 − `cold_discount`, the **cold-item discount**. Three values of it; `refitted` returns a copy of a
# fitted model with one parameter changed:

# %%
from mmrec_course.recommenders import MultimodalRecommender

model = MultimodalRecommender().fit(t.ratings, full)
for discount in (0.0, 0.5, 0.7):
    lists[f"final, discount {discount}"] = model.refitted("cold_discount", discount).score(
        users, items
    )

rated = matrix(t.ratings, 1.0) > 0
print("of all tracks, new:", fixed((~t.known).mean()))
for name, y in lists.items():
    top = rank_items(np.where(rated, -np.inf, y), 10)
    wide = fixed(y[:, ~t.known].std() / y[t.known & ~rated].std(), 1)
    print(f"{name:19} new in the first ten: {fixed((~t.known)[top].mean())}  deviation: {wide}")

# %% [markdown]
# A fifth of all tracks is new. (The last column is the standard deviation of new tracks' scores, as a
# multiple of that of the warm tracks which the listener has not rated yet.) Under weights learned on
# warm tracks, with the gap counted as zero, new tracks are as good as invisible. Renormalized, they get
# more places than their number: their scores are spread more widely than those of the warm tracks they
# compete with, although less is known about them, and nothing tells the list so. In the final model the
# discount decides how many places they get, from more than half down to nearly none. Which number is
# *best*, held-out ratings can hardly say: they know only what people came across. Lesson 11 asks the
# truth.
#
# The other way to give a new track what it lacks is to *fill* it: imputation once more. Not with a mean,
# for what would the mean of all listeners' histories say? But with a prediction from content. iALS (lesson
# 07) has a few *factors* for each track, learned from ratings. Learn a map from features to factors **on
# the warm tracks**, by ridge regression, and let it predict the factors of a new one. Gantner and others
# (2010) call it an *attribute-to-feature mapping*. $F$ has all columns side by side (`early_fusion`, lesson
# 08), $V$ the tracks' factors, $U$ the listeners':
#
# $$B = (F^\top F + \lambda I)^{-1} F^\top V, \qquad \hat v_i = B^\top f_i, \qquad y_{ui} = u_u^\top \hat v_i$$


# %%
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import ImplicitALS


def ridge_map(F, target, learn, ask):
    def answer(learn, ask, reg):
        A = F[learn].T @ F[learn] + reg * np.eye(F.shape[1])
        return F[ask] @ np.linalg.solve(A, F[learn].T @ target[learn])

    fold = np.random.default_rng(0).permutation(len(F)) % 5
    errors = []
    for reg in (1.0, 4.0, 20.0, 100.0):  # a fifth of the known tracks hidden at a time
        parts = [(learn & (fold != f), learn & (fold == f)) for f in range(5)]
        errors.append(sum(((answer(a, b, reg) - target[b]) ** 2).sum() for a, b in parts))
    return answer(learn, ask, (1.0, 4.0, 20.0, 100.0)[int(np.argmin(np.round(errors, 6)))])


# %%
cold = {"ridge on ratings": [], "ridge on factors": [], "iALS as it is": [], "final model": []}
for t, short in zip(tasks, shorts, strict=True):
    F = early_fusion(short, fit_items=items[t.known]).align(items).values
    ials = ImplicitALS(factors=32, reg=30.0, alpha=4.0, iterations=10).fit(t.ratings)
    V = np.zeros((len(items), 32))
    V[items.get_indexer(ials.item_ids_)] = ials.item_factors_
    U = np.tile(ials.mean_factors_, (len(users), 1))
    U[users.get_indexer(ials.user_ids_)] = ials.user_factors_
    cold["ridge on ratings"].append(judge(ridge_map(F, t.X.T, t.known, t.ask).T, t))
    cold["ridge on factors"].append(judge(U @ ridge_map(F, V, t.known, t.ask).T, t))
    cold["iALS as it is"].append(judge(U @ V[t.ask].T, t))
    final = MultimodalRecommender().fit(t.ratings, full)
    cold["final model"].append(judge(final.score(users, items[t.ask]), t))
table = compare_splits(cold, test_share=0.2)
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# *iALS as it is* knows nothing of new tracks: nobody likes them, so their factors are zero and the list
# is in order of id. With factors predicted from content it can rank them, far better. Is the detour over
# factors better than the direct ridge, from features to ratings? Not visibly. What it brings is another
# thing: a new track lives in the *same space* as the warm ones, next to those it is like, and joins
# the collaborative model as soon as it is released. Lesson 09 learned such a map for each modality.
#
# The *final model* is a ridge regression as well. It learns from neither ratings nor factors but from
# collaborative *scores* (lesson 11): every listener has one for every warm track, so little is missing
# there. Its mean is the highest, and its interval contains zero: five splits do not tell it from the
# direct ridge.
#
# ## Cold start: a new listener
#
# 120 listeners, drawn at random, take no part in fitting. Then they arrive: **cold-start users**. The
# final model learns from the others; `partial_fit` folds in what the 120 chose, without learning anything
# anew. After 0, 1, 3 and 5 choices: how well does it predict what they liked *later*? Against it,
# *popularity*, the same list for everybody; *iALS*, as in the last section, fitted anew with these
# choices; and *content alone*: a ridge regression from the very same choices, which needs no other people
# at all. Each has one number to choose, on 120 other listeners: popularity whether old likes lose weight,
# content its $\lambda$, and the final model `user_shrinkage`, $s$. After $n$ ratings
# $n^2 / (n^2 + s^2)$ of a collaborative score is the listener's own, and the rest is the average
# listener's. (iALS keeps the setting of the last section.)

# %%
from copy import copy

from mmrec_course.evaluation import Split, evaluate
from mmrec_course.recommenders import Popularity

t = tasks[0]
F = early_fusion(shorts[0], fit_items=items[t.known]).align(items).values
K = F @ F.T


class Content:
    def __init__(self, ratings, reg):
        X, k = matrix(ratings, ratings["rating"] - 2.5), t.known
        A = K[np.ix_(k, k)] + reg * np.eye(k.sum())
        self.scores = pd.DataFrame(X[:, k] @ np.linalg.solve(A, K[k]), users, items)

    def score(self, user_ids, item_ids):
        return self.scores.loc[list(user_ids), list(item_ids)].to_numpy()


# %%
def arrive(who):
    own = t.ratings[t.ratings["user_id"].isin(who)].sort_values("timestamp", kind="stable")
    nth = own.groupby("user_id").cumcount()
    rest = t.ratings[~t.ratings["user_id"].isin(who)]
    none, shop = rest.iloc[:0], items[t.known]
    train = pd.concat([rest, own[nth < 5]])
    every = {"candidates": shop, "valid_candidates": none["item_id"]}
    split = Split(train=train, valid=none, test=own[nth >= 5], **every)
    return own, nth, rest, split


def ndcg_of(model, split):
    return evaluate(model, split, metrics=["ndcg"])


shuffled = np.random.default_rng(0).permutation(len(users))
newcomers, trial, _ = (users[np.sort(part)] for part in np.split(shuffled, [120, 240]))

# %% [markdown]
# First the 120 trial listeners: what suits these three best?


# %%
def best(options, make, split):
    return max(options, key=lambda o: round(ndcg_of(make(o), split)["ndcg"].mean(), 9))


own, nth, rest, trying = arrive(trial)
regs, counts = (1.0, 4.0, 20.0, 100.0), (1, 3, 5)
best_reg = {n: best(regs, lambda reg, n=n: Content(own[nth < n], reg), trying) for n in counts}
half_life = best((None, 90.0, 365.0), lambda days: Popularity(half_life=days).fit(rest), trying)
base = MultimodalRecommender().fit(rest, full)
told = [copy(base).partial_fit(own[nth < n]) for n in counts]
by_shrinkage = {
    s: np.mean([ndcg_of(m.refitted("user_shrinkage", s), trying)["ndcg"].mean() for m in told])
    for s in (0.0, 1.0, 3.0, 10.0)
}
shrinkage = max(by_shrinkage, key=lambda s: round(by_shrinkage[s], 9))
print("content's reg after 1, 3, 5 choices:", best_reg, " popularity's half-life:", half_life)
print(
    "the final model's NDCG@10 by user_shrinkage:", {s: fixed(y) for s, y in by_shrinkage.items()}
)

# %% [markdown]
# Then the new listeners. The intervals are a paired bootstrap over these 120, and differences are to
# *popularity*:

# %%
own, nth, rest, arrived = arrive(newcomers)
popular = ndcg_of(Popularity(half_life=half_life).fit(rest), arrived)
model = MultimodalRecommender(user_shrinkage=shrinkage).fit(rest, full)
curve, before, ends = {}, 0, ["difference", "diff_low", "diff_high"]
for n in (0, *counts):
    model.partial_fit(own[(nth >= before) & (nth < n)])
    before = n
    tables = {"popularity": popular, "final model": ndcg_of(model, arrived)}
    if n:
        mixed = pd.concat([rest, own[nth < n]])
        ials = ImplicitALS(factors=32, reg=30.0, alpha=4.0, iterations=10).fit(mixed)
        tables["iALS"] = ndcg_of(ials, arrived)
        tables["content alone"] = ndcg_of(Content(own[nth < n], best_reg[n]), arrived)
        direct = compare({name: tables[name] for name in ("iALS", "final model")}).iloc[1]
        print(f"{n} choices, final model − iALS:", interval(*direct[ends]))
    curve[n] = compare(tables)
shown = pd.concat({f"{n} choices": table for n, table in curve.items()})
shown.index = [f"{name}, {n}" for n, name in shown.index]
print_table(shown[["mean", "difference", "diff_low", "diff_high"]].drop_duplicates(), digits=2)

# %%
_, ax = plt.subplots(figsize=(6, 3.6))
for name, color, mark in zip(curve[1].index, PALETTE, "sovD", strict=False):
    line = pd.DataFrame({n: table.loc[name] for n, table in curve.items() if name in table.index}).T
    bars = np.abs(line[["low", "high"]].T - line["mean"]).to_numpy(float)
    y = line["mean"].to_numpy(float)
    ax.errorbar(line.index, y, bars, color=color, marker=mark, label=name)
ax.set(xlabel="choices of a new listener", ylabel="NDCG@10, later likes", xticks=[0, 1, 3, 5])
ax.set(title="New listeners: others' choices help, content alone does not", ylim=(0, None))
ax.legend()
finish(
    ax,
    alt="Final model starts at popularity's level and rises above it, and so does iALS; content alone"
    " stays below",
)

# %% [markdown]
# Without any choice the final model takes a new listener for the average one, and does what popularity
# does. With the first one it leaves popularity behind: the interval is above zero. *Content alone* starts
# below popularity and is still no better after five choices. Five tracks say little about a taste if one
# only looks at what they are like; what *others* who chose them went on to choose says more. *iALS*,
# without any content, leaves popularity behind as well, from three choices on. Shrinkage to the average
# listener pays at the first choice, where the final model is ahead of iALS; after three the two cannot be
# told apart. So, for new tracks it is content that helps, and for new listeners it is what others chose.
# (These listeners are simulated. Among real people the first choices told far less: lesson 13.)
#
# ## What goes wrong
#
# **A leak.** `impute_missing` wants to know `fit_items` and *training* ratings. What if one gives it
# everything, as is so easily done in a notebook that begins with "clean the data"? Half of everything
# missing, at random; filled with neighbours' means, once from training ratings, once from all ratings,
# those of the test included.

# %%
leaks = {"neighbours": [], "neighbours, all ratings": []}
for j, (t, short) in enumerate(zip(tasks, shorts, strict=True)):
    gappy = hide(short, 0.5, False, rng=j)
    option = ready[j, "at random"]["neighbours"][1]
    leaks["neighbours"].append(judge(fill(gappy, t, **option), t))
    leaky = impute_missing(gappy, "neighbours", fit_items=items[t.known], ratings=mosaic.ratings)
    leaks["neighbours, all ratings"].append(judge(late(leaky, t, option["reg"]), t))
print_table(both(leaks), digits=3)

# %% [markdown]
# It more than doubles, and every bit of the gain is false. With all ratings, a new track's missing cover
# is filled with covers of tracks that the *same people* chose: the answers of the test, written into
# the features, where nobody looks for them. A lift like this one is always worth a suspicion.
# (`fit_items` guards against a smaller leak, of features: a mean over all tracks has looked at the new
# ones, although not at who liked them.)
#
# **The mask knows something.** Forget the content. Rank new tracks by nothing but *how many* of their
# modalities are there:

# %%
alone, places = {"chance": []}, {}
for j, (t, short) in enumerate(zip(tasks, shorts, strict=True)):
    noise = np.random.default_rng(j).random(t.liked.shape)
    alone["chance"].append(judge(noise, t))
    for way, by_popularity in WAYS.items():
        gappy = hide(short, 0.5, by_popularity, rng=j)
        n = np.sum([block.present[t.ask] for block in gappy.values()], axis=0)
        alone.setdefault(way, []).append(judge(n + 0.001 * noise, t))
        for name in ("renormalize", "mean", "count"):
            method, option = ready[j, way][name]
            top = rank_items(method(gappy, t, **option).round(9), 10)
            ratio = (n[top] < 2).mean() / (n < 2).mean()
            places.setdefault(way, {}).setdefault(name, []).append(ratio)
print_table(both(alone), digits=3)
print_table(pd.DataFrame(places).map(np.mean))

# %% [markdown]
# Where gaps go by popularity, a list that has looked at nothing but their number is clearly above
# chance: the mask predicts popularity. A model that is given the mask, openly as *count* or in disguise
# as *mean*, will use it. The second table shows what this means for a track of which at most one
# modality is there: how many places in the first tens such tracks get, as a multiple of their number.
# *Renormalize* is near 1 in both worlds. *Count* has learned to list hardly any of them. NDCG applauds,
# for it counts the likes that there were. In a shop that lives by such lists, these tracks would find
# no listeners, stay unpopular, and never get their cover.
#
# **Tomorrow's gaps are others.** Choose everything where gaps go by popularity, then meet new tracks
# whose gaps are at random: a label that delivers its covers late, say.

# %%
moved = {}
for j, (t, short) in enumerate(zip(tasks, shorts, strict=True)):
    old, new = (hide(short, 0.5, by_popularity, rng=j) for by_popularity in (True, False))
    gappy = {
        m: replace(b, present=np.where(t.ask, new[m].present, old[m].present))
        for m, b in short.items()
    }
    for name in ("renormalize", "mean", "one ridge", "count"):
        method, option = ready[j, "by popularity"][name]
        moved.setdefault(name, []).append(judge(method(gappy, t, **option), t))
print_table(both(moved), digits=3)

# %% [markdown]
# *Count*, as it was learned yesterday, now falls behind: the listeners' interval is below zero (with
# other tracks, the wide interval over splits says, it may end differently). *Mean* and *one ridge* lose
# what the gaps told them as well, but stay at or above *renormalize*. In no column of the table of signs was either of them below *renormalize*; what *mean* costs
# is in the small table above, the places of tracks that have little to show.
#
# So what should you do? Fill with the mean or take one ridge of everything, if lists must be good
# today. Renormalize, if tracks must not be punished for what their label did not deliver. In
# either case look at why things are missing, and at who is not on the lists any more.
#
# ## Your turn
#
# Five exercises in [exercises/10_incomplete_data.ipynb](exercises/10_incomplete_data.ipynb): fill
# with the mean of a genre, weigh who is on the lists, put a price on dropout, guess a cover from words
# and sound, and find out who peeks.
#
# ## Recap
#
# - Counting a missing part as zero pulls a track to the middle of the list; with renormalized weights
#   its other parts decide, and it gets somewhat more than its share of places. Filling with the mean
#   is the former in disguise.
# - Neighbours' means come from training interactions, and do nothing for a track that has none.
# - Modality dropout in a linear model is a ridge regression with an extra penalty. It mends a
#   $\lambda$ that is too small; beside one that was chosen, no gain was visible.
# - With gaps at random only *drop* was clearly bad. With gaps by popularity the order turned round,
#   because the gaps themselves predict. Ask *why* something is missing before you choose.
# - A new track lacks ratings: predict its collaborative scores or factors from content. A new listener's
#   few choices go far in Mosaic, by way of what others chose; among real people it took more (lesson 13).
#
# All of it on simulated listeners: it shows what the methods do in this world.
#
# ## Sources
#
# - Rubin (1976), *Inference and Missing Data*, Biometrika 63(3): when one may ignore why something
#   is missing.
# - Little and Rubin, *Statistical Analysis with Missing Data*, Wiley: filling in, and what it does.
# - Gantner, Drumond, Freudenthaler, Rendle and Schmidt-Thieme (2010), *Learning Attribute-to-Feature
#   Mappings for Cold-Start Recommendations*, ICDM: from content to factors.
# - Neverova, Wolf, Taylor and Nebout (2016), *ModDrop: Adaptive Multi-Modal Gesture Recognition*,
#   IEEE TPAMI 38(8): modality dropout.
# - Bishop (1995), *Training with Noise is Equivalent to Tikhonov Regularization*, Neural Computation
#   7(1); Wager, Wang and Liang (2013), *Dropout Training as Adaptive Regularization*, NIPS; van der
#   Maaten, Chen, Tyree and Weinberger (2013), *Learning with Marginalized Corrupted Features*, ICML:
#   noise in training is a penalty, and can be averaged over without drawing it.
