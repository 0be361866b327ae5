# %% [markdown]
# # 08 · Weighted fusion: from three weights to weights that mean something
#
# **Aim** Fuse what a track looks, reads and sounds like, early (features) and late (scores). Find out
# what must be done before anything may be added up, where weights come from, and what each
# modality is worth.<br>
# **Time** 75 minutes: why the sum fails 10, a model for each modality 15, early and late 15,
# weights 15, the comparison 10, what each is worth 10.<br>
# **Needs** Lessons 00 and 06 (splits, NDCG, intervals); 07 for the opponent. Nothing is downloaded.

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.features import extract_features

mosaic = load_mosaic()
users, items = mosaic.users.index, mosaic.items.index
blocks = {m: block.align(items) for m, block in extract_features(mosaic).items()}
for m, block in blocks.items():
    print(f"{m:6}", block.values.shape, "present:", block.present.sum())

# %% [markdown]
# ## The idea
#
# Three modalities, three weights, a sum:
#
# $$f = \sum_m w_m \, f_m \qquad\text{or}\qquad \hat y = \sum_m w_m \, y_m$$
#
# In words: either add up the *features* $f_m$ of the modalities and give the sum to a model
# (*early* fusion), or give each modality a model of its own and add up their *scores* $y_m$
# (*late* fusion). The well-known snippet does the first,
# `fused = 0.4 * image + 0.3 * text + 0.3 * audio`. On vectors such as `[1, 2, 3]` it works. On this
# track?

# %%
from mmrec_course.display import show_track

track = "t268"
show_track(mosaic.items, track)
image, text, audio = (block.values[items.get_loc(track)] for block in blocks.values())
try:
    fused = 0.4 * image + 0.3 * text + 0.3 * audio
except ValueError as error:
    print("ValueError:", str(error).strip())

# %% [markdown]
# A cover and a text do not have the same number of numbers. One can cut all three to the shortest,
# and then it runs. Is it right, now that it runs? Look at what is being added in three of the
# columns:

# %%
import pandas as pd

from mmrec_course.display import fixed, print_table

shortest = min(block.values.shape[1] for block in blocks.values())
columns = [2, 30, 60]
names = {m: [block.names[j] for j in columns] for m, block in blocks.items()}
print("columns in the shortest block:", shortest)
print_table(pd.DataFrame(names, index=[f"column {j}" for j in columns]))
largest = {
    m: block.values[block.present].std(axis=0)[:shortest].max() for m, block in blocks.items()
}
print("largest spread of a column:", {m: fixed(s, 2) for m, s in largest.items()})

# %% [markdown]
# Each row adds things that have nothing to do with each other: something about pixels, one word
# from the beginning of the alphabet, something about sound. Nobody would add a price to a phone
# number because both stand in column 3. And the last line, the largest standard deviation that a
# column has in each modality, says who will be heard: whoever has the largest numbers.
#
# "It fails" should be a measurement. For that we need a model.
#
# ## A model for one modality
#
# Take one listener $u$ and one modality. $x_{ui}$ is how much they liked track $i$: the rating
# minus 2.5, or 0 without a rating. $f_i$ are the track's features, a row of $F$. **Ridge
# regression** looks for weights $W_u$ with which features add up to liking, and keeps them small:
#
# $$\min_{W_u} \; \lVert F W_u - x_u \rVert^2 + \lambda \lVert W_u \rVert^2
# \quad\Rightarrow\quad W = (F^\top F + \lambda I)^{-1} F^\top X^\top$$
#
# In words: one column of $W$ for each listener, all from one small system of equations. $\lambda$
# says how hard the weights are held back (the package calls it `reg`). A new track gets the score
# $y_{ui} = W_u^\top f_i$.
#
# As always: a fifth of the tracks is new, nobody has rated them.

# %%
import numpy as np

from mmrec_course.evaluation import cold_item_split


def matrix(ratings, value):
    table = np.zeros((len(users), len(items)))
    table[users.get_indexer(ratings["user_id"]), items.get_indexer(ratings["item_id"])] = value
    return table


splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
known, new = splits[0].train_valid, items.isin(splits[0].candidates)
X = matrix(known, known["rating"] - 2.5)
print(f"{len(known):,} ratings of {known['item_id'].nunique()} tracks;", new.sum(), "new tracks")

# %% [markdown]
# Two preparations: subtract from each row the mean over the known tracks (so that 0 means "as
# usual"), and scale each row to length 1 (so that a long text does not count more than a short
# one). Then the formula, and the package's `ContentRidge`:


# %%
def unit_rows(block, known):
    centred = block.values - block.values[block.present & known].mean(axis=0)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.where(block.present[:, None], centred / np.maximum(length, 1e-12), 0.0)


from mmrec_course.recommenders import ContentRidge

block = blocks["audio"]
rated = items.isin(known["item_id"])
learn = rated & block.present
F = unit_rows(block, rated)
W = np.linalg.solve(F[learn].T @ F[learn] + 10 * np.eye(F.shape[1]), F[learn].T @ X[:, learn].T)
package = ContentRidge(modality="audio", reg=10.0).fit(known, blocks)
print("equal:", np.allclose(package.score(users, items[new]), (F[new] @ W).T))

# %% [markdown]
# For text, $F^\top F$ has 2,300 rows. The same scores come out of a system with one row a *track*:
#
# $$y_u = x_u \, (K + \lambda I)^{-1} K_{\text{new}}, \qquad K = F F^\top$$
#
# $x_u$ is the listener's row of $X$, and $K$ holds the similarity (cosine) of every two tracks. So
# a score is a sum over the tracks that the listener rated, each speaking for the tracks that are
# like it. We shall use this form:


# %%
def ridge(K, X, learn, ask, reg):
    A = K[np.ix_(learn, learn)] + reg * np.eye(learn.sum())
    return X[:, learn] @ np.linalg.solve(A, K[np.ix_(learn, ask)])


print("equal:", np.allclose(ridge(F @ F.T, X, learn, new, 10.0), (F[new] @ W).T))

# %% [markdown]
# ## Scores of tracks that are hidden
#
# We shall choose $\lambda$ and weights. On what? Not on the new tracks, that is the test. Not on
# scores of tracks the model was trained on. So *pretend*: hide a fifth of the known tracks, score
# it from the other four fifths, and do this five times. Now every known track has a score from a
# model that never saw it, as a new track will have (*out-of-fold*). Each fifth is ranked by
# itself.
#
# (For tracks it was trained on, `ContentRidge` returns *leave-one-out* scores, which come for free:
# what it would have said without that one track. They are fair for showing a score, but not for
# ranking: every track is scored by another model, tilted against its own answer. Within a fifth,
# all tracks have the same model.)
#
# `ndcg_objective` makes a function from weights to mean NDCG@10; here it has one modality to
# weigh. It is rounded, so that a tie is a tie on every machine.

# %%
from mmrec_course.fusion import ndcg_objective

fold = np.random.default_rng(0).permutation(len(items)) % 5


def guess(block, known):
    X, liked = matrix(known, known["rating"] - 2.5), matrix(known, known["rating"] >= 4) > 0
    learn, new = items.isin(known["item_id"]) & block.present, ~items.isin(known["item_id"])
    F = unit_rows(block, learn)
    K, best = F @ F.T, (-1.0, None)
    for reg in (4.0, 20.0, 100.0):
        y = np.zeros_like(X)
        for part in range(5):
            y[:, fold == part] = ridge(K, X, learn & (fold != part), fold == part, reg)
        quality = ndcg_objective({"": y[:, learn]}, liked[:, learn], groups=fold[learn])
        if (found := round(quality({"": 1.0}), 9)) > best[0]:
            best, scores, chosen = (found, reg), y, reg
    scores[:, new] = ridge(K, X, learn, new, chosen)
    return scores


# %% [markdown]
# `guess` returns scores of all tracks, hidden ones and new ones. (For any model, without a choice of
# $\lambda$, the package has `out_of_fold_scores`.) To judge scores, `evaluate` (lesson 06) wants
# something that has `score`; a `ScoreTable` has it. One run for each split: five draws of which tracks
# are new, because on new tracks the luck lies in the tracks (`compare_splits`).

# %%
from mmrec_course.evaluation import ScoreTable, compare_splits, evaluate


def judge(name, scores, split):
    table = ScoreTable(scores, users, items)
    results.setdefault(name, []).append(evaluate(table, split, metrics=["ndcg"]))


def show(names, baseline, digits=3):
    chosen = {name: results[name] for name in names}
    table = compare_splits(chosen, test_share=0.2, baseline=baseline)
    print_table(
        table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=digits
    )


# %%
everywhere = np.ones(len(items), bool)
results, guesses = {}, []
for split in splits:
    guesses.append({m: guess(block, split.train_valid) for m, block in blocks.items()})
    for m, y in guesses[-1].items():
        judge(m, y, split)

# %% [markdown]
# ## Early fusion, step by step
#
# Now the snippet, cut to the shortest, can be measured: add up, fit the same ridge regression,
# rank. Beside it, the same after standardising every column (mean 0, standard deviation 1 over the
# known tracks), which takes care of the scales. And the words alone, cut as the sum cuts them. What
# do you expect?

# %%
from dataclasses import replace

snippet = {"image": 0.4, "text": 0.3, "audio": 0.3}


def add_up(blocks):
    values = sum(snippet[m] * block.values[:, :shortest] for m, block in blocks.items())
    return replace(blocks["image"], values=values, present=everywhere)


# %%
words = blocks["text"]
cut = replace(words, values=words.values[:, :shortest], names=words.names[:shortest])
for split in splits:
    seen = items[items.isin(split.train_valid["item_id"])]
    scaled = {m: block.standardize(seen) for m, block in blocks.items()}
    judge("snippet, cut", guess(add_up(blocks), split.train_valid), split)
    judge("snippet, scaled", guess(add_up(scaled), split.train_valid), split)
    judge("text, cut", guess(cut, split.train_valid), split)

show([*blocks, "snippet, cut", "snippet, scaled"], baseline="text")
all_words, left = (np.mean([t["ndcg"].mean() for t in results[m]]) for m in ("text", "text, cut"))
print("text, cut / text:", fixed(left / all_words, 1))

# %% [markdown]
# (NDCG@10 on new tracks, with 95 % intervals over the five splits; differences are to *text*, the
# best single modality. Mosaic's listeners are simulated, here and in all that follows.)
#
# Neither sum is above words alone; by the means both are below, and for one of them the interval
# says so too. The cut threw away 2,219 of 2,300 word columns (those that are left do half as well
# as all of them: the last line), and the rest are added to strangers. Scaling does not mend it: it
# was never only the scales.
#
# Two ways out. First, at least do not throw columns away: *reduce* each block to its 40 directions
# of largest variance (principal components, PCA; lesson 03), scale each row to length 1, and add
# up the rows. That is a fair test of adding. Second, do not add at all: put the columns **side by
# side**.
#
# $$f_i = \left(\sqrt{w_1}\, f_{i1}, \; \sqrt{w_2}\, f_{i2}, \; \sqrt{w_3}\, f_{i3}\right)$$
#
# Why the roots? The similarity of two tracks is then
# $f_i^\top f_j = \sum_m w_m \, f_{im}^\top f_{jm}$:
# the weighted sum of how alike they look, read and sound. So a weighted *concatenation*
# of features is a weighted *sum* after all, of similarities. The sum of features, instead, has
# $f_i^\top f_j = \sum_{m,n} w_m w_n\, f_{im}^\top f_{jn}$: it also compares the look of one track
# with the words of the other.
#
# And gaps? A track without a cover has zeros in the cover's columns, and its weights are divided by
# the sum of those that are left, 1/2 and 1/2: its row is as long as any other. By hand:

# %%
from mmrec_course.fusion import early_fusion

seen = items[items.isin(known["item_id"])]
present = {m: block.present for m, block in blocks.items()}
complete = np.all(list(present.values()), axis=0)
has = np.column_stack(list(present.values()))
share = has / np.maximum(has.sum(axis=1, keepdims=True), 1)
parts = [block.reduce(40, seen).values for block in blocks.values()]
parts = [f / np.maximum(np.linalg.norm(f, axis=1, keepdims=True), 1e-12) for f in parts]
by_hand = np.hstack([np.sqrt(share[:, [j]]) * f for j, f in enumerate(parts)])
package = early_fusion(blocks, n_components=40, fit_items=seen)
print("equal:", np.allclose(package.values, by_hand))
cosines, both = sum(f @ f.T for f in parts) / 3, np.ix_(complete, complete)
print("sum of cosines:", np.allclose((by_hand @ by_hand.T)[both], cosines[both]))

# %% [markdown]
# `early_fusion` (`fit_items` are the tracks it may learn means and directions from) also takes
# `method="sum"`. Beside the two, one more that is often seen: all columns side by side *as they
# are*, by `FeatureBlock.concatenate`. It counts a track as present where all modalities are; so
# that nobody is lost, each block is first said to be present everywhere, with zeros in its gaps.
# (PCA is done once for each split and kept in `reduced`.)

# %%
from mmrec_course.features import FeatureBlock

raw = FeatureBlock.concatenate([replace(b, present=everywhere) for b in blocks.values()])
reduced = []
for split in splits:
    seen = items[items.isin(split.train_valid["item_id"])]
    reduced.append({m: block.reduce(40, seen) for m, block in blocks.items()})
    added = early_fusion(reduced[-1], method="sum", fit_items=seen)
    beside = early_fusion(reduced[-1], fit_items=seen)
    judge("side by side, raw", guess(raw, split.train_valid), split)
    judge("sum of 40", guess(added, split.train_valid), split)
    judge("early, equal", guess(beside, split.train_valid), split)

show(["text", "snippet, cut", "side by side, raw", "sum of 40", "early, equal"], baseline="text")

# %% [markdown]
# Read the differences. Raw side by side, the block with the largest numbers drowns the others. The
# sum of reduced rows does no better than words alone, either. Only the weighted concatenation, in
# which every block has the same say, is above the best single modality, and clearly so.
#
# ## Late fusion, step by step
#
# Late fusion waits: every modality has its own model, and only the *scores* are added. They all
# mean the same thing, how much this listener will like this track. Can they be added as they are?

# %%
y, z = guesses[0], {}
print("spread:", {m: fixed(y[m][:, new & present[m]].std(), 3) for m in y})

# %% [markdown]
# The same meaning, but not the same units. Scores differ in spread, through $\lambda$ and through
# the features, and the bold shout the timid down. So each listener's scores are brought to a common
# scale: a **z-score** (minus the mean, divided by the standard deviation), where the scale comes
# from the known tracks that have the modality. By hand, then `standardize_scores`, which is
# `normalize_scores` with its first method:

# %%
from mmrec_course.fusion import normalize_scores, standardize_scores


def scale(y, known, method="zscore"):
    rated = items.isin(known["item_id"])
    return {m: normalize_scores(y[m], method, y[m][:, rated & present[m]]) for m in y}


z = scale(y, known)
reference = y["text"][:, rated & present["text"]]
mean, sd = reference.mean(axis=1, keepdims=True), reference.std(axis=1, keepdims=True)
print("equal:", np.allclose((y["text"] - mean) / sd, standardize_scores(y["text"], reference)))
print("equal:", np.allclose((y["text"] - mean) / sd, z["text"]))

# %% [markdown]
# And a track without a cover? Its cover's score is nothing, not 0. `weighted_sum` divides by the
# weights of what is there ($a_{im}$ is 1 where track $i$ has modality $m$, else 0):
#
# $$\hat y_{ui} = \frac{\sum_m a_{im}\, w_m\, z_{m,ui}}{\sum_m a_{im}\, w_m}$$
#
# In words: a weighted mean of the guesses that exist. For a track with a gap, by hand:

# %%
from mmrec_course.fusion import weighted_sum

equal = dict.fromkeys(blocks, 1 / 3)
i = np.flatnonzero(~present["image"] & present["text"] & present["audio"])[0]
by_hand = (z["text"][:, i] + z["audio"][:, i]) / 2
print("equal:", np.allclose(weighted_sum(z, equal, present)[:, i], by_hand))

# %% [markdown]
# Every step measured, and two other scales: *rank* (the share of known tracks that score lower)
# and *min–max* (0 for the lowest known track, 1 for the highest). The last column asks how often
# tracks with a gap stand in the top ten, as a multiple of how many there are: 1 would be neither
# punished nor favoured.

# %%
from mmrec_course.evaluation import rank_items

shown = {}
for split, y in zip(splits, guesses, strict=True):
    new, z = items.isin(split.candidates), scale(y, split.train_valid)
    steps = {"raw scores, gaps are 0": weighted_sum(y, equal)}
    gap_is_0 = {m: np.where(present[m], z[m], 0.0) for m in z}
    steps["z-scores, gaps are 0"] = weighted_sum(gap_is_0, equal)
    steps["late, equal"] = weighted_sum(z, equal, present)
    for method in ("rank", "minmax"):
        steps[method] = weighted_sum(scale(y, split.train_valid, method), equal, present)
    for name, scores in steps.items():
        judge(name, scores, split)
        top = rank_items(scores[:, new], 10)
        shown.setdefault(name, []).append((~complete[new])[top].mean() / (~complete[new]).mean())
show(["text", *steps], baseline="text", digits=2)
print_table(pd.Series({name: np.mean(share) for name, share in shown.items()}, name="gaps shown"))

# %% [markdown]
# Raw scores gain least by the means, their interval is the widest, and it includes zero: the
# boldest modality decides, whether it is right or not. With z-scores the gain is about three times
# as large, and clear. Ranks forget *how much* better one track is than the next, and by the means
# that costs something. (Min–max depends on the two most extreme tracks of all; here it does no
# harm.)
#
# The last column is about gaps. Count a gap as 0, and tracks with gaps stand in the top ten about
# half as often as they should: 0 is the middle of the scale, and with it the mean of what is there
# is pulled to the middle. That is the punishment. With weights handed on there is none: the track
# has the very score it would have if the missing modality agreed with the others. It has even a
# small bonus, 1.25 instead of 1, for a mean of two guesses is less smoothed than a mean of three,
# and at the top of a list stand the extremes. NDCG hardly notices, as most tracks have no gap.
# Lesson 10 goes on from here.
#
# ## Where weights come from
#
# So far all weights were equal. There are 66 ways to share out 1 in steps of 0.1 (`weight_grid`).
# Try them all on the hidden tracks of the first split, and look where the ranking is best:

# %%
from mmrec_course.fusion import learn_weights, weight_grid


def hidden(z, ratings):
    at = items.isin(ratings["item_id"])
    liked = matrix(ratings, ratings["rating"] >= 4)[:, at] > 0
    return {m: z[m][:, at] for m in z}, liked, {m: present[m][at] for m in z}


z = scale(guesses[0], known)
groups = fold[items.isin(known["item_id"])]
quality = ndcg_objective(*hidden(z, known), groups=groups)
grid = weight_grid(3, step=0.1)
found = np.array([quality(dict(zip(z, w, strict=True))) for w in grid])
best = dict(zip(z, grid[np.argmax(found.round(9))].tolist(), strict=True))
searched = learn_weights(*hidden(z, known), groups=groups)
print("best of", len(grid), best, "equal to learn_weights:", best == searched)

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import finish, use_style

use_style()
_, ax = plt.subplots(figsize=(6.4, 4.4))
x, height = grid[:, 1] + grid[:, 2] / 2, grid[:, 2] * np.sqrt(3) / 2
drawn = ax.scatter(x, height, c=found, s=190, cmap="viridis")
top = np.argmax(found.round(9))
ax.scatter(x[top], height[top], s=330, facecolors="none", edgecolors="#d55e00", linewidths=2.5)
for name, place in zip(z, [(0, -0.1), (1, -0.1), (0.5, 0.93)], strict=True):
    ax.annotate(f"{name} alone", place, ha="center", va="center")
ax.set(xlim=(-0.15, 1.15), ylim=(-0.16, 1), aspect="equal")
ax.set_axis_off()
ax.get_figure().colorbar(drawn, ax=ax, label="NDCG@10 on hidden tracks")
ax.set_title("A flat top in the middle, lowest at image alone")
finish(ax, alt="Triangle of 66 weights with NDCG: best in the middle, lowest at image alone")

# %% [markdown]
# Each dot is one way to share out the weight; the corners give it all to one modality. The ringed
# one is best. Look at how little changes around it. That is good news twice: the weights need not
# be exact, and *equal weights*, the centre, are a hard opponent.
#
# The second way to learn weights needs no grid. Which sum of scores comes nearest to what happened
# ($t$ is 1 where the listener liked the track, 0 elsewhere), if no weight may be negative?
#
# $$\min_{w \ge 0} \; \sum_{u,i} \Big(t_{ui} - \sum_m w_m z_{m,ui}\Big)^2$$
#
# This is *stacking* with non-negative least squares. By hand with SciPy, on complete tracks,
# everything centred on each listener's mean in each fifth; then `stack_weights`:

# %%
from scipy.optimize import nnls

from mmrec_course.fusion import stack_weights

scores, liked, has = hidden(z, known)
full = np.all(list(has.values()), axis=0)
A, t = [], []
for f in range(5):
    at = full & (groups == f)
    A.append(np.stack([scores[m][:, at] for m in z], axis=-1))
    A[-1] = (A[-1] - A[-1].mean(axis=1, keepdims=True)).reshape(-1, 3)
    t.append((liked[:, at] - liked[:, at].mean(axis=1, keepdims=True)).ravel())
w, _ = nnls(np.vstack(A), np.concatenate(t))
stacked = stack_weights(scores, liked, has, groups=groups)
print({m: f"{value:.2f}" for m, value in stacked.items()})
print("equal:", np.allclose(w / w.sum(), list(stacked.values())))

# %% [markdown]
# The third way: listeners differ. Some buy by the cover, some by the sound, so give **each their
# own weights**. But a listener has some forty ratings, too few to learn three weights well. So
# pull each listener's weights towards the common ones, $\bar w$, with a strength $\tau$:
#
# $$w_u = \arg\min_{w \ge 0} \sum_i \Big(t_{ui} - \sum_m w_m z_{m,ui}\Big)^2 + \tau\,\lVert w - \bar w\rVert^2$$
#
# With $\tau = 0$ all are on their own, with $\tau = \infty$ all are alike. This is *shrinkage*:
# believe one listener's few data in part, and everybody's for the rest. One $\tau$ for all is
# chosen on the split's validation tracks, which took no part in anything so far:

# %%
from mmrec_course.fusion import learn_user_weights

split = splits[0]
train_z = scale({m: guess(block, split.train) for m, block in blocks.items()}, split.train)
train = hidden(train_z, split.train)
quality = ndcg_objective(*hidden(train_z, split.valid))
train_groups = fold[items.isin(split.train["item_id"])]
for tau in (0.0, 100.0, 1000.0, np.inf):
    w, _ = learn_user_weights(*train, groups=train_groups, strengths=[tau])
    print(f"strength {tau:6.0f}  NDCG@10 on validation tracks", fixed(quality(w), 3))

# %% [markdown]
# Somewhere between "all on their own" and "all alike" looks best here: on one set of 48 validation
# tracks, and by little. Does it hold on the test?
#
# ## Everything, on new tracks
#
# All ways to weigh, learned on each split's known tracks. And rows that keep us honest: the *tuned
# collaborative* opponent of lesson 07 (EASE), which knows nothing of a new track; the *genre* that
# the shop writes beside every track (metadata, for which no cover need be looked at); and two that
# nobody can have. *Best weights* are searched on the test tracks themselves. *True attention*
# weighs by how much each simulated listener really cares about each modality.

# %%
from mmrec_course.recommenders import EASE, Random

genres = pd.get_dummies(mosaic.items["genre"])
genre = replace(blocks["text"], values=genres.to_numpy(float), names=tuple(genres.columns))
genre = replace(genre, present=everywhere)
truth = mosaic.ground_truth()
care = dict(zip(("audio", "text", "image"), truth["attention"].T, strict=True))
learned = []
for split, y in zip(splits, guesses, strict=True):
    z, at = scale(y, split.train_valid), items.isin(split.train_valid["item_id"])
    w = {"late, the snippet's weights": snippet}
    w["late, least squares"] = stack_weights(*hidden(z, split.train_valid), groups=fold[at])
    w["late, searched"] = learn_weights(*hidden(z, split.train_valid), groups=fold[at])
    w["late, best weights (oracle)"] = learn_weights(*hidden(z, split.test))
    w["late, true attention (oracle)"] = care
    learned.append(w)
    for name, weights in w.items():
        judge(name, weighted_sum(z, weights, present), split)

# %%
for split, y, w, small in zip(splits, guesses, learned, reduced, strict=True):
    zt = scale({m: guess(block, split.train) for m, block in blocks.items()}, split.train)
    groups = fold[items.isin(split.train["item_id"])]
    valid = hidden(zt, split.valid)
    _, tau = learn_user_weights(*hidden(zt, split.train), groups=groups, valid=valid)
    z, groups = scale(y, split.train_valid), fold[items.isin(split.train_valid["item_id"])]
    options = {"groups": groups, "common": w["late, searched"], "strengths": [tau]}
    own, _ = learn_user_weights(*hidden(z, split.train_valid), **options)
    judge("late, personal", weighted_sum(z, own, present), split)
    seen = items[items.isin(split.train_valid["item_id"])]
    early = early_fusion(small, w["late, searched"], fit_items=seen)
    judge("early, searched", guess(early, split.train_valid), split)
    y = {m: guess(block, split.train_valid) for m, block in small.items()}
    judge("late, reduced", weighted_sum(scale(y, split.train_valid), equal, present), split)
    judge("genre alone", guess(genre, split.train_valid), split)
    judge("EASE", EASE().fit(split.train_valid).score(users, items), split)
    judge("chance", Random(rng=1).fit(split.train_valid, blocks).score(users, items), split)

# %% [markdown]
# First against the best single modality:

# %%
order = ["chance", "EASE", "genre alone", *blocks, "late, equal", "early, equal"]
show(order, baseline="text")
ratio = np.mean([t["ndcg"].mean() for t in results["late, equal"]])
ratio /= np.mean([t["ndcg"].mean() for t in results["text"]])
print("late, equal / text:", fixed(ratio, 2))


from mmrec_course.plotting import plot_comparison

table = compare_splits({name: results[name] for name in order}, test_share=0.2)
ax = plot_comparison(table, title="Fused, three modalities beat each of them, and the genre")
finish(
    ax, alt="NDCG@10 with intervals: chance and EASE lowest, then single modalities, fused on top"
)

# %% [markdown]
# EASE says 0 of every new track, so its list is in order of id, and it is at chance. The genre
# alone, for which nobody needs to look at anything, is no worse than the covers by the means:
# always ask for that row. Fused late, the three are about a third above the best of them, and they
# are above the genre.
#
# Then the weights among each other. The baseline is now *late, equal*:

# %%
order = ["late, equal", *learned[0], "late, personal", "late, reduced", "early, equal"]
show([*order, "early, searched"], baseline="late, equal")

# %% [markdown]
# Look at the differences and their intervals:
#
# - **Learned weights: no difference from equal ones is visible.** All their intervals include zero,
#   and even the best weights, searched on the test tracks, gain next to nothing: in this world all
#   three modalities matter about equally, so there is little to learn. It is worth knowing, and one
#   only knows after learning them.
# - **Personal weights** looked slightly better on one validation set; on the test, no gain is
#   visible. From so few ratings, what a listener cares about is guessed badly. That there *is*
#   something to gain, the true attention shows: its interval is above zero. It is small.
# - **Early** fusion is ahead of late by a little. With equal weights its interval is just above
#   zero, with searched ones it just includes it. Hardly any of that is the reduction: late fusion
#   of the reduced blocks gains next to nothing. It may be that one model sees all similarities at
#   once, so that what one modality says of a track is not said again by the next.
#
# ## The wrong regime
#
# All weights above were learned on hidden tracks, for use on new ones. On tracks that many have
# rated, a fourth part joins: *people* (EASE). As in lesson 07, each listener's last ratings are
# hidden; $\lambda$ and weights are chosen on the ratings before them. What weights do you expect?

# %%
from mmrec_course.evaluation import compare, grid_search, temporal_split

past = temporal_split(mosaic.ratings)
ease, _ = grid_search(EASE(), {"reg": [50, 100, 200, 400]}, past)
content = {
    m: grid_search(ContentRidge(modality=m), {"reg": [4, 20, 100]}, past, features=blocks)[0]
    for m in blocks
}
has = {"people": everywhere, **present}


def parts_of(known):
    models = {"people": ease, **content}
    y = {m: model.fit(known, blocks).score(users, items) for m, model in models.items()}
    rated = items.isin(known["item_id"])
    return {m: standardize_scores(y[m], y[m][:, rated & has[m]]) for m in has}


# %%
rated_already = matrix(past.train, 1.0) > 0
scores = {m: np.where(rated_already, -1e6, z) for m, z in parts_of(past.train).items()}
liked = matrix(past.valid, past.valid["rating"] >= 4) > 0
warm = learn_weights(scores, liked, has)
print("learned on known tracks:", warm)

parts = parts_of(past.train_valid)
choices = {"people only": {"people": 1, "image": 0, "text": 0, "audio": 0}}
choices["equal"] = dict.fromkeys(has, 1)
choices["content, equal"] = {"people": 0, "image": 1, "text": 1, "audio": 1}
choices["learned"] = warm
known_results = {
    name: evaluate(ScoreTable(weighted_sum(parts, w, has), users, items), past, metrics=["ndcg"])
    for name, w in choices.items()
}
table = compare(known_results)
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# On known tracks, people know most. Content with small weights adds a little to them, and the
# interval says so. *Content, equal* is what one gets with weights from new tracks, on which people
# have nothing to say: here it throws away nearly half. That is one wrong regime.
#
# And the other way round? Take the content part of these weights, 0.1, 0.2 and 0, to new tracks.
# Beside it a common mistake: weights learned from the scores of tracks that the models *were
# trained on*.

# %%
for split, y in zip(splits, guesses, strict=True):
    z = scale(y, split.train_valid)
    rated = items.isin(split.train_valid["item_id"])
    X, fitted = matrix(split.train_valid, split.train_valid["rating"] - 2.5), {}
    for m, block in blocks.items():
        F, learn = unit_rows(block, rated), rated & block.present
        fitted[m] = ridge(F @ F.T, X, learn, items.isin(items), content[m].reg)
    judge("weights of known tracks", weighted_sum(z, {m: warm[m] for m in z}, present), split)
    w = stack_weights(
        *hidden(scale(fitted, split.train_valid), split.train_valid), groups=fold[rated]
    )
    judge("weights of training scores", weighted_sum(z, w, present), split)
print("from training scores, last split:", {m: fixed(value, 2) for m, value in w.items()})
order = ["late, least squares", "weights of known tracks", "weights of training scores"]
show(order, baseline="late, least squares")

# %% [markdown]
# Both are costly; both intervals are far below zero. On known tracks, beside people, sounds got
# nothing; on new tracks they are missed. In the scores of tracks it was trained on, the modality
# with the most columns fits best, having learned them by heart, and gets most of the weight; of new
# tracks it knows hardly more than the others. So: **learn weights in the regime in which they are
# used**, from scores of tracks that the models have not seen.
#
# ## What is each modality worth?
#
# *Alone* is one answer: what a modality can do without the others. *Left out* is another: what
# goes when it goes. They differ where two modalities know the same thing: each can do it alone,
# and neither is missed. Let the modalities join one after another instead. What does text add when
# it joins? That depends on who is there already, so take the mean over all six orders. That mean
# is the **Shapley value**. For every set of modalities the weights are fitted anew (by least
# squares, for speed):


# %%
from functools import cache


def fuse(z, split):
    if not z:
        return Random(rng=1).fit(split.train_valid, blocks).score(users, items)
    w = stack_weights(
        *hidden(z, split.train_valid), groups=fold[items.isin(split.train_valid["item_id"])]
    )
    return weighted_sum(z, w, present)


@cache
def ndcg_with(subset, fake=lambda j: {}):
    values = []
    for j, split in enumerate(splits):
        y = {m: guesses[j][m] for m in subset} | fake(j)
        table = ScoreTable(fuse(scale(y, split.train_valid), split), users, items)
        values.append(evaluate(table, split, metrics=["ndcg"])["ndcg"].to_numpy())
    return values


# %%
from itertools import permutations

from mmrec_course.extras.shapley import modality_shapley


def worth(joined):
    subset = tuple(m for m in blocks if m in joined)
    return np.mean([values.mean() for values in ndcg_with(subset)])


gains = []
for joining in permutations(blocks):
    before = joining[: joining.index("text")]
    gains.append(worth((*before, "text")) - worth(before))
    print(" → ".join(joining).ljust(24), "text adds", fixed(gains[-1], 3))
print("Shapley value of text", fixed(np.mean(gains), 3))

# %% [markdown]
# Text adds most where it joins first, and least where sound is there already: part of what it
# knows, the others know, too. `modality_shapley` asks all these questions for all modalities, with
# intervals. And it takes **placebos**: a fake that takes a modality's place, beside the two real
# others. One has the same rows dealt out anew among the tracks (`FeatureBlock.shuffle`), one is
# Gaussian noise. What should they add?


# %%
def shuffled(m):
    def fake(j):
        return {m: guess(blocks[m].shuffle(rng=j), splits[j].train_valid)}

    return ndcg_with(tuple(other for other in blocks if other != m), fake)


def gaussian(m):
    def fake(j):
        noise = np.random.default_rng(j).normal(size=blocks[m].values.shape)
        return {m: guess(replace(blocks[m], values=noise), splits[j].train_valid)}

    return ndcg_with(tuple(other for other in blocks if other != m), fake)


placebos = {"shuffled rows": shuffled, "Gaussian noise": gaussian}
values = modality_shapley(ndcg_with, list(blocks), placebos=placebos, test_share=0.2)
shapley = values[(values["measure"] == "Shapley") & (values["modality"] == "text")]
print("equal:", np.isclose(shapley["value"].item(), np.mean(gains)))

# %%
from mmrec_course.plotting import MODALITY_COLORS

_, ax = plt.subplots(figsize=(7, 4))
ax.axvline(0, color="#595959", linewidth=1.2)
for j, (modality, rows) in enumerate(values.groupby("modality", sort=False)):
    place, color = np.arange(len(rows)) + 0.2 * (j - 1), MODALITY_COLORS[modality]
    ax.hlines(place, rows["low"], rows["high"], color=color, linewidth=2.5)
    ax.plot(rows["value"], place, "osD"[j], color=color, label=modality)
ax.set_yticks(range(len(rows)), rows["measure"])
ax.invert_yaxis()
ax.set(xlabel="gain in NDCG@10, mean and 95 % interval")
ax.set_title("All three are worth something, fakes are worth nothing")
ax.legend(loc="lower right")
finish(
    ax, alt="Gains by modality: alone largest, left out smallest, Shapley between, fakes at zero"
)

# %%
print_table(values, digits=3, index=False)
print_table(values.groupby("measure", sort=False)["value"].sum().head(3), digits=3)
fakes = values[values["measure"].isin(list(placebos))]
print("all fakes include 0:", ((fakes["low"] <= 0) & (fakes["high"] >= 0)).all())

# %% [markdown]
# Every modality is worth something, by each of the three measures: their intervals are above zero.
# Which one is worth most depends on the question. *Alone*, words are ahead. *Left out*, covers are
# missed about as much as words, although alone they do least; words and sounds can stand in for
# each other in part.
#
# The sums, below the table, say why Shapley's values are the ones to share out a gain with.
# *Alone*, what several know is counted several times; *left out*, it is not counted at all; the
# Shapley values add up to exactly what fusion gains over chance. And the fakes add nothing: every
# interval includes zero.
#
# ## A world where content means nothing
#
# A last suspicion: perhaps this machinery finds something in any data. So make worlds in which
# nothing that media show matters to anybody (`media_signal=False`), five of them, each with its own
# listeners and tracks. The models are the same; the features are now noisy facts of a track,
# without gaps. For comparison, three worlds like it in which media do matter: if nothing were found
# there, finding nothing in the others would say nothing.

# %%
from mmrec_course.datasets.synthetic import make_world
from mmrec_course.features.synthetic import fact_blocks

mosaic_present, present = present, dict.fromkeys(blocks, everywhere)
for signal, draws in {True: 3, False: 5}.items():
    controls = {}
    for seed in range(1, draws + 1):
        world = make_world(media_signal=signal, rng=seed)
        facts = fact_blocks(world.tracks, noise=0.5, rng=seed)
        split = cold_item_split(world.ratings, rng=seed)
        y = {m: guess(block.align(items), split.train_valid) for m, block in facts.items()}
        scores = {"fused": fuse(scale(y, split.train_valid), split), "chance": fuse({}, split), **y}
        for name, s in scores.items():
            table = evaluate(ScoreTable(s, users, items), split, metrics=["ndcg"])
            controls.setdefault(name, []).append(table)
    table = compare_splits(controls, test_share=0.0, baseline="chance")
    print("media matter:", signal)
    print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)
present = mosaic_present

# %% [markdown]
# Where media matter, *fused* is far above chance. Where they do not, nothing: *fused*, like each
# modality, has an interval of the difference to chance that includes zero.
#
# ## Why this track?
#
# A fused score is a sum, so it can be taken apart. `contributions` gives each modality's share,
# after gaps have handed their weights on. For one listener and the new tracks that would be listed
# first, with what the listener said of them later:

# %%
from mmrec_course.display import show_items, stars
from mmrec_course.fusion import contributions

split, listener = splits[0], users.get_loc("u416")
z = scale(guesses[0], split.train_valid)
w = learned[0]["late, searched"]
fused, new = weighted_sum(z, w, present), np.flatnonzero(items.isin(split.candidates))
best = new[rank_items(fused[listener, new], 5)[0]]
parts = {m: part[listener, best] for m, part in contributions(z, w, present).items()}
parts = pd.DataFrame(parts, index=items[best])
print("parts add up to the scores:", np.allclose(parts.sum(axis=1), fused[listener, best]))
later = split.test[split.test["user_id"] == "u416"].set_index("item_id")["rating"]
captions = [stars(later[i]) if i in later.index else "not rated" for i in items[best]]
show_items(mosaic.items, items[best], parts=parts, captions=captions)

# %% [markdown]
# A part is in units of z-scores, weighted: above 0 speaks for the track. 0.00 stands where a
# modality is missing, or where it has nothing to say for or against. Where a cover is missing,
# words and sound carry the whole score.
#
# ## Your turn
#
# Five exercises in [exercises/08_weighted_fusion.ipynb](exercises/08_weighted_fusion.ipynb): scale
# scores, hand weights on, find out what a sum of features compares, shrink a listener's weights,
# and share out the gain among modalities.
#
# ## Recap
#
# - Features of different modalities cannot be added: their columns mean nothing to each other.
#   Scaled, reduced and *side by side*, they can be fused early. That is a weighted sum after all,
#   of similarities.
# - Scores of different modalities mean the same and can be added, on a common scale, with the
#   weights of what is missing handed on.
# - Weights come from search on the metric, from non-negative least squares, or a listener's own,
#   shrunk to the common ones. Here no difference from equal weights was visible on new tracks. On
#   known ones, people must have most of the weight: learn weights where they are used.
# - A modality's worth depends on who else is there. Shapley values share the gain out; placebos
#   and worlds with and without a signal show that the gain is real.
#
# All of it on simulated listeners: it shows that the methods do what is claimed of them.
#
# ## Sources
#
# - Hoerl and Kennard (1970), *Ridge Regression*, Technometrics 12(1): the model of each modality.
# - Allen (1974), Technometrics 16(1): leave-one-out from one fit.
# - Wolpert (1992), *Stacked Generalization*, Neural Networks 5(2): weights from out-of-fold
#   scores.
# - Breiman (1996), *Stacked Regressions*, Machine Learning 24: why these weights should not be
#   negative.
# - Morris (1983), *Parametric Empirical Bayes Inference*, JASA 78: shrinking many small estimates
#   to a common one.
# - Shapley (1953), *A Value for n-Person Games*: how to share out what a team earns.
