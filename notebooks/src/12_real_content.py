# %% [markdown]
# # 12 · Real content: pictures, words and sounds that nobody made for us
#
# **Aim** Put the features of lessons 03–05, unchanged, on things that people drew, wrote and recorded.
# Look for similar ones by picture, word and sound; measure what each modality knows and what fusing
# them adds; then run a shop that has no customers yet.<br>
# **Time** 60 minutes: the stock 5, similar stamps 10, guessing the category 20, close relatives 5,
# missing sounds 10, the shop 10. Exercises 30 more.<br>
# **Needs** Lessons 03–05 (features), 06 (intervals), 08 (weighted fusion) and the missing modalities of
# [lesson 10](10_incomplete_data.ipynb). Nothing is downloaded.

# %%
from mmrec_course.datasets import load_stamps
from mmrec_course.display import show_items

stamps = load_stamps()
items = stamps.items
show_items(items, ["horse", "fruit-lemon", "5-jupiter", "bee", "hammer"])

# %% [markdown]
# These are *stamps* of Tux Paint, a drawing program for children. Many people have drawn,
# photographed, described and recorded them since 2002 ([who, and under which
# licence](../data/stamps/README.md)). Nothing in this catalogue is simulated. And nobody has rated anything: there are no
# listeners, no clicks, no NDCG.
#
# What can we measure, then? Each stamp lies in a folder of its makers, *animals*, *food*, *town*. A
# feature that knows what a stamp is should know its folder.
#
# ## The stock
#
# How many are there of each kind, and what do they lack?

# %%
import pandas as pd

from mmrec_course.display import print_table

category = items["category"].to_numpy()
sounds = items["audio"].notna().to_numpy()
table = pd.DataFrame({"stamps": 1, "with sound": sounds.astype(int)}).groupby(category).sum()
table = table.rename_axis("category").sort_values(["stamps", "with sound"], ascending=False)
print_table(table)
print("all:", len(items), " with sound:", sounds.sum())
print("words a stamp, median:", int(items["text"].str.split().str.len().median()))

# %% [markdown]
# Three things that Mosaic did not have. The classes are *unequal*: nearly a third are animals, and some
# categories have three stamps. The texts are *short*, three words where Mosaic has dozens. And four
# fifths have *no sound*, which is no accident: animals make noises, houses do not. Whoever
# merely knows that a stamp has a sound can already guess what it is. We shall come back to this.
#
# The features are those of lessons 03–05, with the parameters they had there: four families for
# pictures, whole words and pieces of words (of three words, most are rare; pieces let *apples* meet
# *apple*), all families of sound.

# %%
from mmrec_course.features import (
    HOG,
    AudioDescriptor,
    BagOfVisualWords,
    ColorHistogram,
    ColorMoments,
    TfidfText,
    extract_features,
    media_problems,
)

extractors = {
    "image": [ColorHistogram(), ColorMoments(), HOG(), BagOfVisualWords()],
    "text": [TfidfText(), TfidfText(analyzer="char_wb")],
    "audio": AudioDescriptor(),
}
blocks = extract_features(stamps, extractors=extractors)
for m, block in blocks.items():
    print(f"{m:6}", block.values.shape, "present:", block.present.sum())
print_table(media_problems(blocks), index=False)

# %% [markdown]
# Two stamps have words with which nothing can be done. No other stamp has *eye*, or a piece of it that is three letters long;
# and *mine* is on the list of words to skip, as in *yours and mine* (lesson 04). They count as having none.
#
# (What these features learn, means, vocabulary, visual words, they learn from all 454 stamps. No
# category takes part in it, and in a shop one has the pictures before one has to sort them.)
#
# ## Stamps that are alike
#
# Ask each modality for the five nearest. First the **picture**. What will be near a basketball?


# %%
def neighbours(modality, item_id):
    near = blocks[modality].nearest(item_id, k=5)["item_id"]
    show_items(
        items, [item_id, *near], captions=list(items["category"][[item_id, *near]]), columns=6
    )


neighbours("image", "basketball")

# %% [markdown]
# Jupiter. Then whatever is round and brown: ginger, a mushroom, a walnut, an almond. To colours and edges this is
# no mistake at all; they see how things look, and not what they are for. Now the **words**, for a
# horse:

# %%
neighbours("text", "horse")

# %% [markdown]
# A seahorse, because of the whole word in it; a hornet and two party *horns*, which begin like *horse*; and a
# Holm oak, which begins with *ho*. A text of one word leaves little to go by. (The seahorse is an animal, but
# for the wrong reason.) Last the **sound**. Press play on the bee, then on the others:

# %%
neighbours("audio", "bee")

# %% [markdown]
# A moth (*Xanthia*) and a hornet are insects like the bee. And a penguin? Play it and judge for yourself: sounds may be alike
# where animals are not.
# Each modality is fooled in its own way. That is what makes fusion promising: **errors that are
# not the same can correct each other**. Whether they do is a question for a number.
#
# ## Guessing the category, by hand
#
# Hide one stamp, learn from the other 453, guess its category; do so for every stamp. That is
# *leave-one-out*: no stamp is wasted, and none is guessed by a model that has seen its answer.
#
# The model is ridge regression on similarities, as in lesson 08. With the cosines $S$ of every two stamps (the mean
# stamp subtracted), 1 added to each for "how frequent is this category anyway", and $Y$ with a column a
# category (1 if the stamp is in it):
#
# $$K = S + 1, \qquad \hat Y = H\,Y, \qquad H = K\,(K + \lambda I)^{-1}$$
#
# In words: each guess is a weighted vote of all stamps, the alike ones loudest; the category with
# the largest $\hat y$ wins. ($\lambda$ is `reg` in the code, and `hat` adds the 1 itself.)

# %%
import numpy as np

classes = np.unique(category)
Y = (category[:, None] == classes).astype(float)


def similarity(block):
    x = block.values - block.values[block.present].mean(axis=0)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return (x @ x.T) * np.outer(block.present, block.present)


def hat(similar, reg):
    K = similar + 1
    return np.linalg.solve(K + reg * np.eye(len(K)), K)


S = {m: similarity(block) for m, block in blocks.items()}
H = hat(S["image"], 1.0)
print("right, on what it has learned:", f"{np.mean((H @ Y).argmax(1) == Y.argmax(1)):.2f}")

# %% [markdown]
# Far too good: each stamp voted for itself. Its own vote has the weight $h_{ii}$, the diagonal of $H$. Take it out
# and scale up the rest:
#
# $$\hat y_i^{(-i)} = \frac{\hat y_i - h_{ii}\, y_i}{1 - h_{ii}}$$
#
# In words: what would have been said of $i$, had it not been there. It is exact, and costs nothing. Is it the same as really leaving
# one out? Try it with stamp 200:

# %%
h = np.diag(H)[:, None]
without = (H @ Y - h * Y) / (1 - h)
rest = np.arange(len(items)) != 200
K = S["image"] + 1
again = K[200, rest] @ np.linalg.solve(K[np.ix_(rest, rest)] + np.eye(rest.sum()), Y[rest])
print("equal:", np.allclose(without[200], again))
print("right, left out:", f"{np.mean(without.argmax(1) == Y.argmax(1)):.2f}")

# %% [markdown]
# ### A choice that has not seen the answer
#
# $\lambda$ has to be chosen. Choose the best by leave-one-out and report that number, and it is too good: the stamp
# that is judged took part in the choice. So for every stamp $i$, choose what is best for *the others*, and guess
# each other $j$ without $j$ **and** without $i$. These are 454 × 453 models; but for leaving out two there is a formula as
# well, found in the same way (take it as given: the next cells check it). With the errors $e = y - \hat y$:
#
# $$e_j^{(-ij)} = \frac{(1 - h_{ii})\, e_j + h_{ij}\, e_i}{(1 - h_{ii})(1 - h_{jj}) - h_{ij}^2}$$
#
# `right_without_both` says for every $i$ how many of the others are guessed right. It goes category by category and keeps
# the highest guess (`best`) and the guess for the category that is the answer (`true`).


# %%
def right_without_both(H, Y):
    h, E = np.diag(H), Y - H @ Y
    shrunk = np.outer(1 - h, 1 - h) - H**2
    np.fill_diagonal(shrunk, 1.0)
    best, true = np.full(H.shape, -np.inf), np.zeros(H.shape)
    for c in range(Y.shape[1]):
        # y[i, j]: the guess for stamp j by a model that has seen neither i nor j.
        y = Y[:, c] - (np.outer(1 - h, E[:, c]) + H * E[:, [c]]) / shrunk
        best, true = np.maximum(best, y), np.where(Y[:, c] == 1, y, true)
    right = true >= best
    np.fill_diagonal(right, False)
    return right.sum(axis=1)


# %% [markdown]
# Check it once, the long way: leave out stamp 200, and each of the others with it.

# %%
left = hat(S["image"][np.ix_(rest, rest)], 1.0)
h = np.diag(left)[:, None]
others = (left @ Y[rest] - h * Y[rest]) / (1 - h)
long_way = (others.argmax(1) == Y[rest].argmax(1)).sum()
print("equal:", long_way == right_without_both(H, Y)[200])

# %% [markdown]
# `judge` puts it together: of all candidates (similarities and a $\lambda$ each) it takes, for every stamp, the one
# that is best for the others, and returns the stamp's guess by it, and the number of the candidate taken.

# %%
REGS = (0.01, 0.1, 1.0, 3.0, 10.0)


def judge(candidates, Y):
    guesses, quality = [], []
    for similar in candidates:
        for reg in REGS:
            H = hat(similar, reg)
            h = np.diag(H)[:, None]
            guesses.append(((H @ Y - h * Y) / (1 - h)).argmax(axis=1))
            quality.append(right_without_both(H, Y))
    chosen = np.argmax(quality, axis=0)
    return np.array(guesses)[chosen, np.arange(len(Y))], chosen


# %% [markdown]
# ### "Yellow" and "long" is not "yellow *and* long"
#
# One more candidate. A linear model adds up: some votes for yellow, some for long. But a banana is yellow *and*
# long. Products of features can say *and*, and there is a way to have all of them without computing a single one: bend
# the similarities by $e^{s}$.
#
# $$e^{s_{ij}} = 1 + s_{ij} + \tfrac12 s_{ij}^2 + \dots, \qquad
# s_{ij}^2 = \sum_{a, b} (x_{ia} x_{ib}) (x_{ja} x_{jb})$$
#
# In words: the square of a similarity is the similarity of all products of two features. So there are straight
# candidates and bent ones. Which are taken?


# %%
def bend(block):
    return np.exp(similarity(block)) * np.outer(block.present, block.present)


bent, guess, often = {m: bend(block) for m, block in blocks.items()}, {}, {}
for m in ("image", "text"):
    guess[m], chosen = judge([S[m], bent[m]], Y)
    straight, _ = judge([S[m]], Y)
    often[m] = REGS[np.bincount(chosen).argmax() % len(REGS)]
    share = [np.mean(g == Y.argmax(1)) for g in (straight, guess[m])]
    print(f"{m:6} straight {share[0]:.2f}, chosen {share[1]:.2f};", end=" ")
    print(f"bent for {(chosen >= len(REGS)).sum()} of 454, mostly with reg {often[m]:g}")

# %% [markdown]
# Every stamp's own choice, made without it, falls on *bent*, for pictures and for words; it is the pictures that
# gain by it. We keep it wherever a category is guessed.
#
# ### Fused
#
# Side by side, with weights (lesson 08), which is a weighted sum of similarities. Where a modality is missing its weight goes to
# the others ([lesson 10](10_incomplete_data.ipynb)): $w_{im} = a_{im} w_m / \sum_n a_{in} w_n$, where $a_{im}$ is 1 if stamp $i$
# has modality $m$ and else 0; two stamps are compared with the weight $\sqrt{w_{im} w_{jm}}$.
# By hand, and for straight similarities equal to the package:


# %%
def fuse(weights, similar):
    w = np.column_stack([weights[m] * blocks[m].present for m in weights])
    w = np.sqrt(w / np.maximum(w.sum(axis=1, keepdims=True), 1e-12))
    return sum(np.outer(w[:, j], w[:, j]) * similar[m] for j, m in enumerate(weights))


from mmrec_course.fusion import early_fusion

weights = {"image": 0.4, "text": 0.4, "audio": 0.2}
package = early_fusion(blocks, weights, n_components=None).align(items.index)
print("equal:", np.allclose(package.values @ package.values.T, fuse(weights, S)))

# %% [markdown]
# Four weights are tried for picture and words, and chosen like $\lambda$: without the stamp that is judged. The
# **placebo** deals the words out anew among the stamps, so each picture gets somebody else's.

# %%
two = [{"image": w, "text": 1 - w} for w in (0.3, 0.5, 0.7, 0.9)]
guess["fused"], chosen = judge([fuse(w, bent) for w in two], Y)
wrong = dict(bent, text=bend(blocks["text"].shuffle(rng=0)))
guess["placebo"], _ = judge([fuse(w, wrong) for w in two], Y)
counts = np.bincount(chosen // len(REGS), minlength=len(two))
print("the picture's weight:", {w["image"]: int(n) for w, n in zip(two, counts, strict=True)})
usual, often["fused"] = two[counts.argmax()], REGS[np.bincount(chosen).argmax() % len(REGS)]
print("mostly with reg", often["fused"])

# %% [markdown]
# (0.01 is the smallest $\lambda$ on offer. Put smaller ones into `REGS` and run again: the table below stays as it is.)
#
# Now the table. Two rows for scale: always saying *animals*, and guessing at random with the frequencies of the categories.
# `compare` (lesson 06) does not mind that its rows are stamps and not listeners.

# %%
from mmrec_course.evaluation import compare

right = {name: (g == Y.argmax(1)).astype(float) for name, g in guess.items()}
right["always animals"] = (category == "animals").astype(float)
right["chance"] = (Y @ Y.sum(axis=0) - 1) / (len(Y) - 1)


def table_of(names, baseline, keep=slice(None), right=right):
    frames = {name: pd.DataFrame({"right": right[name][keep]}) for name in names}
    return compare(frames, "right", baseline=baseline)


def show(*arguments, **options):
    columns = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
    print_table(table_of(*arguments, **options)[columns])


# %%
rivals = ["chance", "always animals", "image", "text", "placebo", "fused"]
show(rivals, "text")

# %% [markdown]
# (Share of 454 stamps whose category is guessed right, with 95 % intervals; differences are to *text*.)
#
# Pictures and words, each alone, get about two in three right, and nobody can say which is better: the interval of their difference
# holds 0. **Together they are better than either, by about a tenth of all stamps**: even to words, the better of the
# two, the interval of the difference is far from 0. The placebo, which has the
# same pictures with somebody else's words, is where pictures alone are. So it is not the larger
# model: it is that the words belong to the picture.

# %%
from mmrec_course.plotting import finish, plot_comparison

ax = plot_comparison(
    table_of(rivals, "text"),
    title="Picture and words correct each other",
    label="share of categories guessed right",
)
finish(ax, alt="Share right: chance and always animals low, picture and words alike, fused highest")

# %% [markdown]
# Where does it come from? The same, category by category. Look for rows in which picture and words are far apart.
# (Where you see two marks only, one lies on another.)

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import MODALITY_COLORS, use_style

use_style()
large = [c for c in classes if (category == c).sum() >= 10]
large = sorted(large, key=lambda c: right["fused"][category == c].mean())
figure, ax = plt.subplots(figsize=(7, 4))
for name, mark in {"image": "s", "text": "D", "fused": "o"}.items():
    share = [right[name][category == c].mean() for c in large]
    ax.plot(share, range(len(large)), mark, color=MODALITY_COLORS[name], label=name)
ax.set_yticks(range(len(large)), [f"{c} ({(category == c).sum()})" for c in large])
ax.set(xlabel="share guessed right", title="Buildings are seen, planets are read")
ax.legend(loc="lower right")
finish(ax, alt="Dots by category: town is better by picture, space and sports by words, fused high")

# %% [markdown]
# *Town* is a picture's business: houses look like houses, but every one has a name of its own. *Space* and *sports* are for
# words: a planet is a ball and a ball is a fruit. *Household*, from teapot to toolbox, has little in common to see or to read, and is hard for
# everybody. (With few stamps a row is uncertain; sports has ten.)
#
# How often does the fusion side with the one that is right? And are there stamps that both get wrong and the fusion gets right?

# %%
each = [right[name] == 1 for name in ("image", "text", "fused")]
saved = items.index[~each[0] & ~each[1] & each[2]]
said = {i: [classes[guess[m][items.index.get_loc(i)]] for m in ("image", "text")] for i in saved}
captions = [f"picture: {a}, words: {b}" for a, b in (said[i] for i in saved[:5])]
print("one of the two right:", (each[0] ^ each[1]).sum(), end=", ")
print("of these right together:", ((each[0] ^ each[1]) & each[2]).sum())
print("wrong twice, right together:", len(saved))
show_items(items, saved[:5], captions=captions)

# %% [markdown]
# Most of the gain is this: where only one of the two is right, the fusion is right in about four of five cases. And at times two
# wrong guesses make a right one: fusion is no vote between two guesses, it adds up all that each holds possible.
#
# ## Close relatives
#
# Before you believe a number of this kind, ask what is *near* in the data. There are five oranges. Leave one out, and four others
# tell the answer: *orange* is *food*. That is no understanding of fruit. How much of the success is such kinship? Call
# stamps **kin** if their titles end with the same word, and leave out all kin together. For leaving out a set $G$ there
# is a formula, too: $e_G^{(-G)} = (I - H_{GG})^{-1} e_G$.

# %%
kin = items["title"].str.lower().str.findall(r"[a-z]+").str[-1].fillna("").to_numpy()
many = pd.Series(kin).duplicated(keep=False).to_numpy()


def without_kin(K, reg):
    H = hat(K, reg)
    E = Y - H @ Y
    for name in np.unique(kin):
        g = np.flatnonzero(kin == name)
        E[g] = np.linalg.solve(np.eye(len(g)) - H[np.ix_(g, g)], E[g])
    return ((Y - E).argmax(axis=1) == Y.argmax(axis=1)).astype(float)


alone = {m: without_kin(bent[m], often[m]) for m in ("image", "text")}
alone["fused"] = without_kin(fuse(usual, bent), often["fused"])
print("stamps with kin:", many.sum())
for name, hit in alone.items():
    print(
        f"{name:6} with kin known {right[name][many].mean():.2f}, kin left out {hit[many].mean():.2f}"
    )

# %% [markdown]
# ($\lambda$ and the weight are the ones that most stamps chose above.) Over all stamps, and with intervals:

# %%
show(["text", "image", "fused"], "image", right=alone)

# %% [markdown]
# Words lose most: of the stamps with kin they had guessed nine in ten, and now fewer than half. Much of what they "know" is
# "this is called like that one". Pictures lose little, and are now ahead of words. Fused is still ahead of both, and less high than it looked. Which of the
# two numbers is right? Both. If your shop gets its sixth orange, the first; if it gets its
# first, the second. Say which one you report.
#
# ## When four fifths are missing
#
# What does sound add? The question makes sense only where there is one: among the 85. Three shares for the
# sound are tried, chosen as before; the others keep the rest. Placebo: the same sounds, dealt out anew among the 85.

# %%
three = [{"image": (1 - v) / 2, "text": (1 - v) / 2, "audio": v} for v in (0.1, 0.2, 1 / 3)]
guess["with sound"], _ = judge([fuse(w, bent) for w in three], Y)
other = dict(bent, audio=bend(blocks["audio"].shuffle(rng=0)))
guess["placebo sound"], _ = judge([fuse(w, other) for w in three], Y)
right |= {n: (g == Y.argmax(1)).astype(float) for n, g in guess.items()}
show(["fused", "with sound", "placebo sound", "always animals"], "fused", keep=sounds)

# %% [markdown]
# Read the last row first. Among stamps with a sound, "always animals" is right in seven of ten: these 85 are not
# like the other 369. That is *missing not at random*. And sound on top of picture and
# words? No gain; and with somebody else's sounds it is hardly different.
#
# Is sound worthless, or is there nothing left to correct? Ask it alone, among the 85, for what it should know:
# *is this an animal?*

# %%
heard = items.index[sounds]
animal = (items["category"][heard] == "animals").to_numpy()
A = np.column_stack([animal, ~animal]).astype(float)
calls = {"always animals": animal.astype(float)}
for name in ("audio", "image"):
    K = bend(blocks[name].align(heard))
    calls[name] = (judge([K], A)[0] == A.argmax(1)).astype(float)
K = bend(blocks["audio"].align(heard).shuffle(rng=0))
calls["placebo"] = (judge([K], A)[0] == A.argmax(1)).astype(float)
show(list(calls), "always animals", right=calls)

# %% [markdown]
# It does hear animals: clearly better than the constant guess, as far as one can tell as well as
# the picture sees them, and the placebo does not. But the picture has seen them too. A modality's worth
# depends on who is there already (lesson 08), and on how many have it.
#
# ## A shop without customers
#
# A new shop, its first visitor clicks on three things. Nobody has clicked before, so there is nothing collaborative to learn from.
# By content alone: how alike is a stamp to the three, in each modality? The mean similarity to those clicks that have the modality,
# on one scale (z-scores), then the weighted sum with missing weights handed on; `contributions` (lesson 08) keeps its parts. Nothing
# is trained here, so similarities stay straight.
#
# A trap: if none of the three has a sound, sound has nothing to say about *anything*, and must have no weight for this visitor, or
# stamps with a sound would be drawn towards the middle.

# %%
from mmrec_course.fusion import contributions, standardize_scores

present = {m: block.present for m, block in blocks.items()}
position = {item: k for k, item in enumerate(items.index)}


def parts_of(clicks, weights, similar=S):
    scores, say = {}, {}
    for m in weights:
        known = clicks * present[m]
        alike = known @ similar[m] / np.maximum(known.sum(axis=1, keepdims=True), 1)
        scores[m] = standardize_scores(alike, alike[:, present[m]])
        say[m] = weights[m] * (known.sum(axis=1) > 0)
    return contributions(scores, say, present)


# %%
def recommend(clicks, weights, similar=S):
    scores = np.sum(list(parts_of(clicks, weights, similar).values()), axis=0)
    scores = np.where(clicks > 0, -np.inf, scores).round(9)
    return np.argsort(-scores, axis=1, kind="stable")[:, :10]


# %% [markdown]
# A visitor clicks on a cow, a pig and a hen, all of which have a sound. Equal weights. What would *you* show?


# %%
def visit(clicked, weights, k=5):
    clicks = np.zeros((1, len(items)))
    clicks[0, [position[i] for i in clicked]] = 1
    best = recommend(clicks, weights)[0, :k]
    parts = pd.DataFrame({m: p[0] for m, p in parts_of(clicks, weights).items()}, items.index)
    show_items(items, items.index[best], parts=parts, captions=list(items["category"].iloc[best]))


equal = {"image": 1.0, "text": 1.0, "audio": 1.0}
visit(["cow", "pig", "hen"], equal)

# %% [markdown]
# Two pigs, another cow, a horse: not bad for a shop that has never seen anybody. And a potato, on top! The
# bars say why. The stamp of the hen is called *Brown hen*, that of the potato *Brown potato*, no other text
# has *brown* in it, and a word that matches at all is so rare that one match outweighs whatever picture
# and sound say. You can see the error, so you can argue with it.
#
# ### Is it any good?
#
# There are no clicks to test against. The best we can do: made-up visitors who click on three stamps of **one category**. Does the list of ten
# hold more of it? That asks whether content finds *what is of the same kind*; whether anybody would
# want it, it does not ask. Deal the stamps of each category into threes, so that every stamp is clicked at
# most once (and take categories of at least 13, so that ten others can be found). Weights are equal, set
# beforehand.

# %%
rng = np.random.default_rng(0)
rows = []
for c in classes[Y.sum(axis=0) >= 13]:
    own = rng.permutation(np.flatnonzero(category == c))
    rows += list(own[: len(own) // 3 * 3].reshape(-1, 3))
rows = np.array(rows)
clicks = np.zeros((len(rows), len(items)))
np.put_along_axis(clicks, rows, 1.0, axis=1)
wanted, has_sound = category[rows[:, 0]], sounds[rows].sum(axis=1) >= 2


def found(weights, similar=S, who=slice(None)):
    shown = category[recommend(clicks[who], weights, similar)]
    return (shown == wanted[who, None]).mean(axis=1)


print("visitors:", len(rows), " two sounds or more among their clicks:", has_sound.sum())

# %%
hits = {"chance": (Y @ Y.sum(axis=0) - 3)[rows[:, 0]] / (len(items) - 3)}
hits |= {m: found({m: 1.0}) for m in ("image", "text")}
hits["image + text"] = found({"image": 1.0, "text": 1.0})
hits["all three"] = found(equal)
hits["placebo"] = found(equal, {m: similarity(b.shuffle(rng=1)) for m, b in blocks.items()})
show(list(hits), "image + text", right=hits)

# %% [markdown]
# (Share of the ten that are of the clicked category; intervals over visitors.) Six of ten, where chance finds between one and
# two. Picture and words together beat each of them alone, with intervals far from 0, and this time nothing was trained: nobody told
# the recommender that there are categories. The placebo is at chance.
#
# Does it depend on the weights? From words alone (left) to pictures alone (right); dashed is chance:

# %%
steps = np.linspace(0, 1, 11)
curve = [found({"image": w, "text": 1 - w}) for w in steps]
draws = np.random.default_rng(0).integers(len(rows), size=(1000, len(rows)))
low, high = np.percentile([hit[draws].mean(axis=1) for hit in curve], [2.5, 97.5], axis=1)
figure, ax = plt.subplots(figsize=(7, 3.2))
ax.fill_between(steps, low, high, color=MODALITY_COLORS["fused"], alpha=0.15, linewidth=0)
ax.plot(steps, [hit.mean() for hit in curve], "o-", color=MODALITY_COLORS["fused"])
ax.axhline(hits["chance"].mean(), color=MODALITY_COLORS["chance"], linestyle="--")
ax.set(xlabel="weight of the picture", ylabel="share of the category", ylim=(0, None))
ax.set_title("The middle finds most, and there the weight hardly matters")
finish(ax, alt="Share found over the picture's weight: an arch with a flat top, far over chance")

# %% [markdown]
# The top is flat: between 0.5 and 0.7 the bands overlap almost wholly. Equal weights were a good guess, and without customers a
# guess is all one has.
#
# ### A modality that seems to shine
#
# And sound? Look only at visitors with two sounds or three among their clicks, and at a shop that does nothing but listen:

# %%
some = {name: hits[name][has_sound] for name in ("chance", "image + text", "all three")}
dealt = {"audio": similarity(blocks["audio"].shuffle(rng=0))}
for name, similar in {"sound alone": S, "placebo sound": dealt}.items():
    some[name] = found({"audio": 1.0}, similar, has_sound)
show(list(some), "placebo sound", right=some)
print("of these visitors, with animals:", int((wanted[has_sound] == "animals").sum()))

# %% [markdown]
# Sound alone finds eight of ten, picture and words six. Should the shop throw its pictures away? Look at the placebo:
# *somebody else's* sounds do as well as picture and words together. A list made by sound holds only stamps that have
# one. Of those, seven in ten are animals, and nearly all of these visitors had clicked on animals. Being *there* is most of the
# success. (Not all: the real sounds are above the placebo. They hear animals, as we saw. With 25 visitors,
# take the interval as somewhat too narrow.) Beside picture and words, one voice in three, sound changes nothing.
#
# ## What content cannot know
#
# A visitor clicks on a hammer, a saw and a wrench. A shop assistant would go and fetch pliers, a measuring tape, the toolbox. Here are
# the first five; and the places of those three among the 451:

# %%
tools, fetched = ["hammer", "saw", "wrench"], ["plyers", "measuring-tape", "toolbox"]
visit(tools, equal)
one = np.isin(items.index, tools)[None].astype(float)
scores = np.where(one > 0, -np.inf, sum(parts_of(one, equal).values()))[0]
print({i: int((scores > scores[position[i]]).sum()) + 1 for i in fetched})

# %% [markdown]
# Two wrenches: more of the same. Then Santa Claus, whose name begins like *saw*, a clothespin and a syringe, which are
# long and lie aslant. The pliers come 24th, the measuring tape 183rd, and the toolbox 443rd of 451: it is a box, and looks like
# one. **What goes together need not look, read or sound alike.** Who buys what with what, what is liked, what is good, what
# one has already: that is in people's behaviour and nowhere else (lesson 07). Everybody who clicks on these three
# gets this list, for ever, until somebody comes and clicks on something else.
#
# ## Hand-made or learned?
#
# A network that has learned from 1.3 million photographs of a thousand kinds of things (lesson 03), and 256 numbers for
# each piece of a word that were learned from the web (lesson 04): what do they know of stamps? They need the extra
# `encoders`; without it the next two cells say so and do nothing. So that it takes seconds, both are judged on every third
# stamp, by the same steps; fused are their similarities, half and half.

# %% tags=["needs-encoders"]
from dataclasses import replace

from mmrec_course.extras.encoders import encoders_available

third, duel = slice(None, None, 3), {}
if encoders_available():
    from mmrec_course.extras.encoders import ImageEncoder, TextEncoder

    few = replace(stamps, items=items[third])
    trained = {"image": ImageEncoder(), "text": TextEncoder()}
    learned = extract_features(few, ["image", "text"], extractors=trained)
    for maker, made in {"hand-made": blocks, "learned": learned}.items():
        K = {m: bend(made[m].align(items.index[third])) for m in ("image", "text")}
        K["fused"] = (K["image"] + K["text"]) / 2
        for name in K:
            said, _ = judge([K[name]], Y[third])
            duel[name, maker] = (said == Y[third].argmax(1)).astype(float)
    print("stamps:", len(few.items), " columns:", {m: len(b.names) for m, b in learned.items()})
else:
    print("skipped: the extra `encoders` is not installed")

# %% tags=["needs-encoders"]
if encoders_available():
    for name in ("image", "text", "fused"):
        pair = {f"{name}, {maker}": duel[name, maker] for maker in ("hand-made", "learned")}
        show(list(pair), f"{name}, hand-made", right=pair)
else:
    print("skipped: the extra `encoders` is not installed")

# %% [markdown]
# (Without the extra, read on: these are the stored results.) The hand-made figures are lower than above, because there is only a third of the stamps to
# learn from. The network's pictures are far ahead of the hand-made ones. On Mosaic's covers it was the
# other way round (lesson 03), and that is no contradiction: there colours mattered, which whoever names things has learned to
# overlook; here we ask for the names of things. The learned words are ahead, too: with so few stamps, fewer share a word, and the
# encoder has met most words elsewhere. Fused, the learned features keep their lead.
#
# ## What goes wrong
#
# - **Choosing on what is judged.** The best of many numbers is too good. Choose without the stamp that is judged;
#   with ridge regression there is a formula for it (exercise 2 shows how much is at stake).
# - **Relatives on both sides.** Five oranges make a classifier look wise. Leave out kin together, or say that you did not.
# - **A modality that is present for a reason.** "Has a sound" means "animal" in seven of ten cases. A score from sound
#   alone looked like the best recommender of all. Compare with a placebo that is missing in the same places.
# - **A mask on one side only.** If the *visitor* has no sound, sound must lose its weight too.
# - **Rare matches that shout.** One word in common outweighed picture and sound. Look at the bars.
# - **Calling this recommendation quality.** No line of this lesson says whether anybody would want anything. That takes people:
#   [lesson 13](13_real_people.ipynb).
#
# ## Your turn
#
# Five exercises in [exercises/12_real_content.ipynb](exercises/12_real_content.ipynb): leave one out by algebra, choose
# without the judged, leave out kin, look at stamps in a mirror, and serve a visitor with more than one
# interest. [Solutions](solutions/12_real_content.ipynb).
#
# ## Recap
#
# - The features of 03–05 work on content that was not made for them, by the same calls.
# - Guessing the category: picture and words are equally good as far as one can tell, and fused they are better than either by about a tenth of all stamps. Shuffled
#   words bring nothing, so it is the content that does it.
# - Part of it is kinship. With all kin left out the figures are lower, and the fused one is still highest.
# - Sound hears animals. Picture and words know them already, and 85 stamps do not show that sound adds anything to these two. In a
#   list, its *presence* did more than its content.
# - Without any customer, content finds more of the same kind in six of ten places. What goes together, what is good and what is
#   wanted, it cannot know.
#
# ## Sources
#
# - The stamps: Tux Paint and its contributors, under the GPL, version 2; see [data/stamps](../data/stamps/README.md).
# - Allen (1974), Technometrics 16(1): leave-one-out from one fit.
# - Stone (1974), *Cross-validatory choice and assessment of statistical predictions*, JRSS B 36: choosing and judging by
#   leaving out, and why one needs both.
# - Cook and Weisberg (1982), *Residuals and Influence in Regression*: leaving out several at once.
# - Varma and Simon (2006), *Bias in error estimation when using cross-validation for model selection*, BMC Bioinformatics 7.
# - Rifkin, Yeo and Poggio (2003), *Regularized least-squares classification*: ridge regression as a classifier.
# - Schölkopf and Smola (2002), *Learning with Kernels*: similarities that contain all products.
# - Rubin (1976), *Inference and missing data*, Biometrika 63: missing at random, and not.
# - Pazzani and Billsus (2007), *Content-based recommendation systems*, in: The Adaptive Web.
