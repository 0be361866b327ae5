# %% [markdown]
# # 06 · Evaluation: which of two recommenders is better, and how would you know?
#
# **Aim** Split ratings into training and test, measure a list, compare two models with an interval,
# and recognise six ways to fool yourself.<br>
# **Time** {minutes} minutes, exercises 35 to 90 more.<br>
# **Needs** NumPy and pandas; the bootstrap of [lesson 01](01_the_catalogue.ipynb). `ContentRidge` is
# the model that measured features in lessons 03 to 05.

# %% tags=["slide-two-lists"]
from mmrec_course.datasets import load_mosaic
from mmrec_course.display import show_items
from mmrec_course.recommenders import Popularity

mosaic = load_mosaic()
ratings = mosaic.ratings  # in order of time
for model in (Popularity(), Popularity(half_life=60)):
    top = model.fit(ratings).recommend(["a new user"], k=5)
    show_items(mosaic.items, top["item_id"])

# %% [markdown]
# Two recommenders of one line each. The first list, *plain*, shows what most listeners have liked.
# The second, *recent*, does the same, but a like counts half after 60 days. Which one would you put
# on the shop's front page? Vote before you read on.
#
# We shall measure four times, each time with correct code. One measurement says that plain is more than
# twice as good. Two say that recent is better. The fourth cannot tell them apart. So a measurement
# is not yet an answer. (Mosaic's listeners are simulated, in every number below. The methods are the
# same on other data; the sizes are not.)

# %% [markdown]
# ## The idea: hold ratings out, and ask for them
#
# Hold some ratings out, let the model learn from the others, and see whether it finds them. A split
# has three parts:
#
# - **training set**: the model learns from it;
# - **validation set**: hyperparameters, numbers set before fitting such as the half-life,
#   are chosen on it;
# - **test set**: the final models are compared on it, once.
#
# *What* is held out? Four ways:

# %%
from mmrec_course.evaluation import cold_item_split, global_time_split, random_split, temporal_split

splits = {"random": random_split(ratings), "temporal": temporal_split(ratings)}
splits["global time"] = global_time_split(ratings)
splits["cold-item"] = cold_item_split(ratings)

# %% [markdown]
# In the next figure each line is a listener, each mark is a rating, and time runs to the right. Orange
# diamonds are the test. Where does a diamond have training dots to its right?

# %% tags=["slide-four-splits"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
users_shown = ratings["user_id"].drop_duplicates().iloc[5:85:8].tolist()
styles = {"train": ("o", "#9ecae1"), "valid": ("^", PALETTE[2]), "test": ("D", PALETTE[1])}
figure, axes = plt.subplots(2, 2, figsize=(9, 5.6), sharex=True, sharey=True)
for ax, (name, split) in zip(axes.flat, splits.items(), strict=True):
    for part, (marker, color) in styles.items():
        rows = getattr(split, part).query("user_id in @users_shown")
        ax.plot(rows["timestamp"], rows["user_id"].map(users_shown.index), marker, color=color)
    ax.set(title=name, yticks=range(len(users_shown)), yticklabels=users_shown)
    ax.tick_params(axis="x", rotation=30)
figure.legend(styles, loc="outside right upper")
alt = "Ratings of ten listeners over time under four splits. Random: the test lies anywhere. Temporal: the last on each line. Global time: right of one date for all. Cold-item: anywhere."
finish(figure, alt)

# %% [markdown]
# - **Random split**: any rating may be held out. The model must predict March and has seen April.
# - **Temporal split**: the last tenth of each listener's ratings, rounded down. No model sees a
#   listener's *own* future. But one listener's test may lie before another's training.
# - **Global time split**: one date for everybody, and no future at all. Not all listeners are still
#   there after that date.
# - **Cold-item split**: a fifth of the tracks is held out with all their ratings. Only these
#   **cold-start items** are ranked. It asks another question: who will like this release? Tracks with
#   training ratings are **warm items**.
#
# How much future is in each split? For every test rating, look for a later one in training, by the same
# listener or by anybody.

# %%
import pandas as pd

from mmrec_course.display import print_table

facts = pd.DataFrame({name: split.describe().loc["test"] for name, split in splits.items()}).T
for name, split in splits.items():
    train, test_time = split.train_valid, split.test["timestamp"]
    own_last = split.test["user_id"].map(train.groupby("user_id")["timestamp"].max())
    facts.loc[name, "own future"] = f"{(test_time < own_last).mean():.0%}"
    facts.loc[name, "anybody's"] = f"{(test_time < train['timestamp'].max()).mean():.0%}"
print_table(facts[["n_ratings", "n_ranked", "n_candidates", "own future", "anybody's"]])

# %% [markdown]
# `n_ranked` counts the listeners who like at least one track of the test (four stars or more). For the
# others there is nothing to find. `n_candidates` counts the tracks to rank. (`split.train_valid` is
# training and validation together; the final models learn from both.)
#
# In the random split, almost every test rating has its listener's own future in training. Only the
# global time split has no future at all.
#
# The cold-item split has as much future as the random one. Why may this course use it? It asks *which*
# track, not *when*: no rating of a test track is in training, and no model here but *recent* looks at the
# order of time. What leaks is taste that a listener showed later, with other tracks. A stricter split
# would hold out the tracks released after one date, and train on the ratings before it.
#
# Now ask all four. The metric is NDCG@10: 1 if all that a listener likes stands on top of a list of
# ten, 0 if none of it is listed. Of the five models, *chance* is a random order and *text* the
# `ContentRidge` of lesson 04. **EASE** learns from ratings alone: a listener's score for a track is a
# weighted sum of their ratings of the other tracks. The weights come from a ridge regression of each
# track's ratings on those of all others, with regularisation strength $\lambda$ (`reg`). Lesson 07
# writes it in four lines. (The values 60, 100 and 200 are chosen further down, on the validation part of
# the temporal split. Some of those ratings are test ratings of the other splits, whose columns may
# therefore be a little too high.)

# %%
from mmrec_course.evaluation import compare, evaluate
from mmrec_course.features import extract_features
from mmrec_course.recommenders import EASE, ContentRidge, Random

models = {"chance": Random(), "plain": Popularity(), "recent": Popularity(half_life=60)}
models |= {"text": ContentRidge(modality="text", reg=100.0), "EASE": EASE(reg=200.0)}


def compare_models(split):
    text = extract_features(mosaic, ["text"], fit_items=split.train_valid["item_id"])
    tables = {}
    for name, model in models.items():
        tables[name] = evaluate(model.fit(split.train_valid, text), split, metrics=["ndcg"])
    return compare(tables, baseline="plain")


# %% tags=["predict"]
from mmrec_course.display import interval


def side_by_side(comparisons, model):
    columns = {}
    for name, table in comparisons.items():
        means = [interval(*row, 3) for row in table[["mean", "low", "high"]].to_numpy()]
        difference = table.loc[model, ["difference", "diff_low", "diff_high"]]
        columns[name] = [*means, interval(*difference, 3)]
    return pd.DataFrame(columns, [*table.index, f"{model}, difference"])


comparisons = {name: compare_models(split) for name, split in splits.items()}
print_table(side_by_side(comparisons, "recent"))

# %% [markdown]
# Brackets hold 95 % intervals. The last row is recent − plain. Each column has other test ratings, so
# compare *orders*, down each column:
#
# - **Random** says: plain is better than recent, more than twofold. In a random split the last 60 days
#   are the end of 2024, and most of the test is earlier.
# - **Temporal** and **global time** say: recent is better, and the interval of the difference lies above
#   zero. They ask the question of a front page: what next?
# - **Cold-item** cannot tell them apart, and EASE, far ahead everywhere else, is level with both. Nobody
#   has rated these tracks, so all three give every track the score zero and list them in the order of
#   their ids. These ten happen to be poor (trap 6). Only text can rank them.
#
# A split is a question: ask the one that your shop has. This course uses the temporal split for warm
# items and the cold-item split for cold-start items.
#
# ## A metric by hand
#
# One listener, one list. EASE has learned from everything but the test. Score all tracks for `u212`,
# mask those they had already rated, and take the ten best.

# %%
import numpy as np

split, user = splits["temporal"], "u212"
ease = EASE(reg=200.0).fit(split.train_valid)

scores = ease.score([user], split.candidates)[0]
rated = split.train_valid.loc[split.train_valid["user_id"] == user, "item_id"]
scores[np.isin(split.candidates, rated)] = -np.inf
top10 = split.candidates[np.argsort(-scores, kind="stable")[:10]]

# %% [markdown]
# And what did `u212` rate afterwards? The last line of each card says what became of it:

# %%
from mmrec_course.display import stars

later = split.test[split.test["user_id"] == user].set_index("item_id")["rating"]
liked = later.index[later >= 4]
outcome = {i: ("HIT " if i in liked else "not liked ") + stars(r) for i, r in later.items()}
show_items(mosaic.items, top10, captions=[outcome.get(item, "not rated") for item in top10])
print(len(liked), "liked tracks could have been found")

# %% [markdown]
# The **relevant items** are the three liked tracks of the test. Two of them are listed, at ranks 1 and
# 8: two **hits**. Another one was rated and not liked. The other seven were not rated and count as
# wrong. Are they? The last section compares with the truth.
#
# Metrics of such a list differ in their denominators. Let $\text{rel}_r = 1$ if there is a hit at rank
# $r$, otherwise 0.
#
# - **Precision at k**: hits / $k$.
# - **Recall at k**: hits / number of relevant items.
# - **Reciprocal rank**: 1 / rank of the first hit, 0 without a hit. Its mean over listeners is the
#   **MRR**.
# - **NDCG@k**, normalised discounted cumulative gain: every hit counts, but less further down. The sum
#   is divided by that of the best possible list.
#
# $$\text{DCG} = \sum_{r=1}^{k} \frac{\text{rel}_r}{\log_2(r+1)}, \qquad
# \text{NDCG} = \frac{\text{DCG}}{\text{DCG of a perfect list}}$$
#
# In words: a hit at rank 1 is worth 1, at rank 3 a half, at rank 7 a third. A perfect list
# has all its hits on top.

# %%
hits, ranks = np.isin(top10, liked), np.arange(1, 11)
discount = 1 / np.log2(ranks + 1)
by_hand = {"precision": hits.sum() / 10, "recall": hits.sum() / len(liked)}
by_hand["mrr"] = 1 / ranks[hits][0]
by_hand["ndcg"] = discount[hits].sum() / discount[: len(liked)].sum()
print(hits.astype(int), {name: f"{value:.2f}" for name, value in by_hand.items()})

# %% [markdown]
# `discount[: len(liked)]` belongs to the perfect list: three hits at ranks 1 to 3. For a listener with
# twelve liked tracks it would be ten hits, because the list has only ten positions.
#
# For many listeners at once, `evaluate` ranks the candidates with `rank_items` (equal scores in the order
# of the ids) and calls `precision`, `recall`, `reciprocal_rank` (its column is `mrr`) and `ndcg`. Two more
# are **hit rate** (`hit_rate`: is there any hit?) and `average_precision` (the precisions at the ranks of
# the hits, added up, divided by the number of relevant items). A model needs only a method `score`; the
# package calls this type `Scorer`.

# %%
from mmrec_course.evaluation import rank_items

per_user = evaluate(ease, split)
assert (split.candidates[rank_items(scores, 10)[0]] == top10).all()
assert all(np.isclose(per_user.loc[user, name], by_hand[name]) for name in by_hand)
print(len(per_user), "evaluated,", per_user.attrs["n_skipped"], "without a relevant item")
quantiles = per_user[["ndcg", "recall", "mrr"]].quantile([0.25, 0.5, 0.75, 1])
print_table(quantiles.rename_axis("quantile"))

# %% [markdown]
# At least half of the listeners have no hit at all. The mean rests on a minority: it needs an interval.
#
# Older literature measures how well *ratings* are predicted, by their errors (`rmse`, `mae`). But a
# model with a smaller error need not rank better (lesson 07). This course measures rankings.

# %% [markdown]
# ## From one listener to a conclusion
#
# Here is the comparison that every later lesson repeats: one split, the same listeners, and every model
# with hyperparameters chosen on the *validation* part. `grid_search` fits each setting on `split.train`,
# evaluates it on `split.valid`, and fits the best one again on `split.train_valid`. It never touches
# the test.

# %%
from mmrec_course.evaluation import grid_search

text = extract_features(mosaic, ["text"], fit_items=split.train_valid["item_id"])
grids = [
    ("popularity", Popularity(), {"half_life": [None, 240.0, 120.0, 60.0, 30.0]}),
    ("text", ContentRidge(modality="text"), {"reg": [1.0, 10.0, 100.0, 1000.0]}),
    ("EASE", EASE(), {"reg": [1.0, 20.0, 50.0, 100.0, 200.0, 400.0, 800.0]}),
]
tuned = {"chance": Random().fit(split.train_valid)}
for name, model, grid in grids:
    tuned[name], table = grid_search(model, grid, split, text)
    print(f"{name:10} best of {len(table)}:", table[list(grid)].iloc[0].to_dict())

# %% [markdown]
# A fifth model uses ratings *and* content, a **hybrid**: the scores of EASE plus $w$ times the scores of
# text. As in lesson 00, both are z-scores first. Here the search for the hyperparameter $w$ is
# written out. (`ScoreTable` turns a matrix of scores into a model that `evaluate` accepts.)

# %%
from mmrec_course.evaluation import ScoreTable
from mmrec_course.fusion import standardize_scores

users, items = tuned["EASE"].user_ids_, split.candidates


def hybrid(train, w):
    by_ratings = EASE(reg=200.0).fit(train).score(users, items)  # (n_users, n_items)
    by_text = ContentRidge(modality="text", reg=100.0).fit(train, text).score(users, items)
    z_scores = standardize_scores(by_ratings) + w * standardize_scores(by_text)
    return ScoreTable(z_scores, users, items)


for w in (0.0, 0.1, 0.2, 0.5):
    table = evaluate(hybrid(split.train, w), split, part="valid", metrics=["ndcg"])
    print(f"w = {w}: NDCG@10 {table['ndcg'].mean():.3f} on the validation part")

# %% [markdown]
# So $w = 0.2$; $w = 0$ is EASE alone. Now the test. (A second EASE, with $\lambda = 1$, is for trap 4.)

# %%
tuned["EASE + 0.2 text"] = hybrid(split.train_valid, 0.2)
tuned["EASE, λ = 1"] = EASE(reg=1.0).fit(split.train_valid)
results = {name: evaluate(model, split) for name, model in tuned.items()}
a, b = results["EASE + 0.2 text"]["ndcg"].to_numpy(), results["EASE"]["ndcg"].to_numpy()
print(f"hybrid {a.mean():.3f}, EASE {b.mean():.3f}, difference {(a - b).mean():.3f}")

# %% [markdown]
# (Each number is rounded by itself.) Is the hybrid better, or did it have lucky listeners? The bootstrap
# of lesson 01 asks: sample the listeners again, with replacement, and see how the number moves. Both
# models were evaluated on the *same* listeners, so sample them *together*. Some listeners are easy for
# every model, and in a **paired comparison** that cancels. How much does it matter?

# %% tags=["predict"]
sampled = np.random.default_rng(0).integers(len(a), size=(2000, len(a)))
resampled = np.random.default_rng(1).integers(len(a), size=(2000, len(a)))
differences = {"paired": (a[sampled] - b[sampled]).mean(axis=1)}
differences["unpaired"] = a[sampled].mean(axis=1) - b[resampled].mean(axis=1)
for name, values in differences.items():
    print(f"{name:8}", interval((a - b).mean(), *np.quantile(values, [0.025, 0.975]), 3))

# %% [markdown]
# Paired, the interval lies above zero. Unpaired, it is several times as wide and contains zero.
#
# `compare` does this for all models at once. Its interval is yours:

# %%
table = compare(results, metric="ndcg", baseline="EASE")
low, high = np.quantile(differences["paired"], [0.025, 0.975])
assert np.isclose(table.loc["EASE + 0.2 text", "diff_low"], low)
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(table[bounds], digits=3)

# %% [markdown]
# This is **the table** that you will meet from here on: `mean` with its interval, and the `difference`
# to a **baseline**, a simple model that any other should beat. Read the interval of the difference. The
# intervals of EASE and the hybrid overlap, and still that of their difference lies above zero. (`compare`
# also returns p-values; [deeper: intervals over splits](deeper/06_intervals_over_splits.ipynb) computes them by hand.)
#
# And this is **the figure**. How far are the dots from the dashed line, and from each other?

# %% tags=["slide-comparison"]
from mmrec_course.plotting import plot_comparison

title, chance = "On warm items, ratings say nearly all", table["mean"]["chance"]
ax = plot_comparison(table.drop("EASE, λ = 1"), title=title, chance=chance)
alt = "NDCG@10 on each listener's last ratings, with intervals: chance 0.02, popularity 0.06, text 0.05, EASE 0.13, EASE with text 0.14."
finish(ax, alt)

# %% [markdown]
# EASE is more than twice as good as popularity or text. Text with a small weight adds a little to it.
#
# That is half of a story. [Lesson 08](08_weighted_fusion.ipynb) adds all three modalities to EASE: again a
# little is gained, and the interval excludes zero. [Lesson 11](11_the_recommender.ipynb) adds them to EASE
# *and* iALS, the collaborative part of the final model: no gain is left that can be told apart from
# zero. Perhaps the second collaborative model already brings what content would. Lesson 13 asks
# real people. On cold-start items content is all there is.
#
# NDCG rewards hits and nothing else. [Deeper: beyond accuracy](deeper/06_beyond_accuracy.ipynb)
# measures what a shop also wants: coverage, novelty, diversity and calibration.

# %% [markdown]
# ## What goes wrong: a gallery of six traps
#
# Traps 1 to 5 have been found in published work (see Sources). The sixth is in our own first table.
#
# ### Trap 1: a split that lets the future in
#
# Take the test from the *middle* of the two years: ratings 10,000 to 12,500. One model learns from what
# came before, another also from what came after, as in a random split. All else is the same: what a
# listener rated before or after is masked in every list. (`evaluate` masks `train` and `valid`, so
# `valid` gets the ratings that are not in `train`.)

# %%
from mmrec_course.evaluation import Split

past, test, future = ratings[:10_000], ratings[10_000:12_500], ratings[12_500:]
both = pd.concat([past, future])
catalogue = {"candidates": mosaic.items.index, "valid_candidates": mosaic.items.index}
trainings = {"past": past, "past and future": both}
trainings["as many from both"] = both.sample(len(past), random_state=0)


def compare_trainings(model):
    tables = {}
    for name, train in trainings.items():
        middle = Split(train=train, valid=both.drop(train.index), test=test, **catalogue)
        tables[name] = evaluate(model.fit(train), middle, metrics=["ndcg"])
    return compare(tables, baseline="past")


# %%
comparisons = {name: compare_trainings(models[name]) for name in ("plain", "recent", "EASE")}
long = pd.concat(comparisons, names=["recommender", "training"]).reset_index()
print_table(long[["recommender", "training", *bounds]], digits=3, index=False)

# %% [markdown]
# With the future, EASE looks 49 % better than with the past alone, and *recent* loses two thirds.
# Neither is what the shop would see on that day.
#
# Why does EASE gain? In its last row it learns from only as many ratings as in *past*, sampled from both
# sides. The gain is gone; it is even a little *worse*. Ratings from the future are not worth more to
# EASE. There are simply more of them, and *on that day they did not exist*. *Recent* loses in both rows,
# because its last 60 days now lie at the end of 2024. *Plain* hardly changes: its intervals include
# zero.

# %% [markdown]
# ### Trap 2: features that have seen the test
#
# `extract_features` learns a vocabulary and how much each word counts. Let it read *all* descriptions,
# those of the held-out tracks too, and something of the test has leaked. How bad is that?
#
# A second leak: somebody adds one harmless column to the text features, the number of listeners who
# liked the track, counted for the whole shop before anybody thought of a split.

# %%
from dataclasses import replace


def with_likes(block, known_ratings):
    likes = known_ratings[known_ratings["rating"] >= 4].groupby("item_id").size()
    likes = likes.reindex(block.item_ids)
    z = ((likes - likes.mean()) / likes.std()).fillna(0)  # no ratings: the average
    values = np.column_stack([block.values, 0.3 * z])  # 0.3: one column among many small ones
    return replace(block, values=values, names=(*block.names, "likes"))


# %% [markdown]
# Which tracks are held out is a matter of luck, so repeat it with five splits. `compare_splits` is
# `compare` for several splits: each split is one observation, and the interval says how much the mean
# depends on *which tracks* were held out. The splits overlap, so they are not independent;
# `test_share`, the share of the tracks in each test, widens the interval for that.

# %% tags=["predict", "slide-leaks"]
from mmrec_course.evaluation import compare_splits

all_texts = extract_features(mosaic, ["text"])["text"]
leaks = {"clean": [], "words of all texts": [], "likes, training": [], "likes, whole shop": []}
for seed in range(5):
    cold = cold_item_split(ratings, rng=seed)
    clean = extract_features(mosaic, ["text"], fit_items=cold.train_valid["item_id"])["text"]
    blocks = [clean, all_texts, with_likes(clean, cold.train_valid), with_likes(clean, ratings)]
    for name, block in zip(leaks, blocks, strict=True):
        model = ContentRidge(modality="text", reg=100.0).fit(cold.train_valid, {"text": block})
        leaks[name].append(evaluate(model, cold, metrics=["ndcg"]))
print_table(compare_splits(leaks, test_share=0.2)[bounds], digits=3)

# %% [markdown]
# (*Clean* is the row *text* of the running table that began in lesson 03, but for one thing: there `reg`
# is chosen on each split's validation part, here it is fixed.)
#
# The first leak is too small to be seen. Close it all the same: it costs one argument, and nobody knows
# beforehand whether a leak is small. The second is huge: one column made of *test ratings* lifts the
# model by 60 %, on tracks that "nobody has rated". Counted in training alone, it brings nothing that
# five splits could show.
#
# The rule: whatever you compute from ratings, compute from training ratings. Of columns that came with
# the data (sales, chart position, average stars), ask when they were counted.

# %% [markdown]
# ### Trap 3: a few sampled rivals instead of all
#
# **Sampled metrics** are a common short cut: rank each liked track against 100 or 20 sampled others
# (*negatives*), and compute NDCG@10 on those. Try it on EASE with four values of $\lambda$. First sample
# 100 negatives for each liked track of the test, among the tracks that the listener never rated:

# %%
liked_test = split.test[split.test["rating"] >= 4]
rated_by_user = ratings.groupby("user_id")["item_id"].agg(list)
rng, negatives, n_rivals = np.random.default_rng(0), [], []
for user in liked_test["user_id"]:
    never_rated = np.setdiff1d(items, rated_by_user[user])
    negatives.append(rng.choice(never_rated, 100, replace=False))
    n_rivals.append(len(never_rated))
print(f"{np.mean(n_rivals):.0f} rivals for each liked track, on average")
negatives = np.searchsorted(items, negatives)  # (n_liked, 100) positions among the items
positives = np.searchsorted(items, liked_test["item_id"])  # (n_liked,)

# %% [markdown]
# The rank of a liked track is one plus the number of negatives with a higher score. There is one hit to
# find, so NDCG is its discount:


# %%
def sampled_ndcg(model, n_negatives):
    scores = model.score(liked_test["user_id"], items)  # (n_liked, n_items)
    positive = np.take_along_axis(scores, positives[:, None], axis=1)
    negative = np.take_along_axis(scores, negatives[:, :n_negatives], axis=1)
    rank = 1 + (negative > positive).sum(axis=1)
    gain = np.where(rank <= 10, 1 / np.log2(rank + 1), 0)
    return pd.DataFrame({"ndcg": gain}).groupby(liked_test["user_id"].to_numpy()).mean()


# %% [markdown]
# The last column is **AUC**: take one relevant track and one other; how often does the relevant one
# score higher? AUC looks at *all* ranks alike.

# %% tags=["predict"]
eases = {f"λ = {reg}": EASE(reg=reg).fit(split.train_valid) for reg in (20, 200, 1000, 5000)}
full = {name: evaluate(model, split, metrics=["ndcg", "auc"]) for name, model in eases.items()}
comparisons = {"all others": compare(full)}
for n in (100, 20):
    tables = {name: sampled_ndcg(model, n) for name, model in eases.items()}
    comparisons[f"{n} sampled"] = compare(tables)
comparisons["AUC"] = compare(full, "auc")
print_table(side_by_side(comparisons, "λ = 5000"))

# %% [markdown]
# Look at the last row, $\lambda = 5000$ minus $\lambda = 20$. Against all others, 5000 is clearly worse
# than 20. Against 100, the interval contains zero. Against 20, 5000 is clearly *better*. Same models,
# same listeners.
#
# Why? Let 99 of these 431 rivals be ahead of a track. Of 20 sampled ones, $99 \cdot 20 / 431 = 4.6$ are
# ahead, on average. So it is mostly "in the top ten", where in truth it is at rank 100. The metric has
# turned into something like AUC: how good is the *middle* of the ranking? Nobody scrolls there. This
# course always ranks all tracks.

# %% [markdown]
# ### Trap 4: a tuned favourite against untuned baselines
#
# $\lambda = 1$ looks harmless: it is the default of scikit-learn's ridge regression. Above, the last row of
# *the table* is an EASE that was left there. "Twice as good as EASE!" is true of the hybrid beside this
# row (0.142 against 0.072). But most of that step is EASE's own tuning: one number, seven tries. Beside
# the tuned EASE, 7 % are left. Give every model the same care.
#
# ### Trap 5: choosing on the test
#
# Make 20 random orders. Keep the one that does best on half of the listeners. How good is it, there and
# for the other half?

# %%
ndcg_by_model = pd.DataFrame()
for seed in range(20):
    model = Random(rng=seed).fit(split.train_valid)
    ndcg_by_model[seed] = evaluate(model, split, metrics=["ndcg"])["ndcg"]
half = ndcg_by_model.sample(frac=0.5, random_state=0)  # rows are listeners
chosen = half.mean().idxmax()
for name, part in {"chosen on": half, "other half": ndcg_by_model.drop(half.index)}.items():
    print(f"{name:10}: chosen {part[chosen].mean():.3f}, all 20 {part.mean().mean():.3f}")

# %% [markdown]
# Where it was chosen, the chosen order looks much better than the twenty on average. Elsewhere it is
# not. This is **overfitting** to the test: one of twenty orders fitted the noise of these ratings best.
# An interval knows nothing of the nineteen that lost. Choose on validation, and look at the test once.
#
# ### Trap 6: an interval that answers another question
#
# In the first comparison EASE was below chance on cold-start items, and the two intervals did not
# overlap. Yet it knew nothing of these tracks. It shows everybody the same ten. If these are poor, they
# are poor for everybody, and more listeners only make one surer about *these ten*.
#
# So: `compare` for the luck of *who* was asked, `compare_splits` for the luck of *what* was held out.
# [Deeper: intervals over splits](deeper/06_intervals_over_splits.ipynb) holds out other tracks ten times.
# Over these splits, the interval of EASE minus chance includes zero.

# %% [markdown]
# ## What no test can see
#
# All tests above count as wrong what the listener did not rate, and people rate what they come across and
# expect to like (lesson 01). Mosaic is made up, so we have the **ground truth**: what `u212` *would* think
# of the ten tracks of EASE.

# %% tags=["predict"]
from mmrec_course.datasets.synthetic import RATING_STEPS

truth = mosaic.ground_truth()
utility = pd.DataFrame(truth["utility"], truth["user_ids"], truth["item_ids"])
would_like = utility > RATING_STEPS[2]  # the step from three stars to four
captions = would_like.loc["u212", top10].map({True: "would like", False: "would not"})
show_items(mosaic.items, top10, captions=captions.tolist())
print(would_like.loc["u212", top10].sum(), "of 10")

# %% [markdown]
# Two hits in the test, six in truth. Now for four models and all listeners with a relevant item:
# precision in the test, and the share of the lists that would truly be liked.

# %%
truly_liked = would_like.melt(ignore_index=False, var_name="item_id", value_name="precision")
truly_liked = truly_liked.set_index("item_id", append=True)  # one row for each (user, item)
evaluated = results["EASE"].index
true_results = {}
for name in ("chance", "popularity", "text", "EASE"):
    lists = tuned[name].recommend(evaluated, k=10)
    lists = lists.join(truly_liked, on=["user_id", "item_id"])
    true_results[name] = lists.groupby("user_id")[["precision"]].mean()
test_results = {name: results[name] for name in true_results}
comparisons = {
    "in the test": compare(test_results, "precision", baseline="popularity"),
    "in truth": compare(true_results, "precision", baseline="popularity"),
}
print_table(side_by_side(comparisons, "text"))

# %%
lists = tuned["EASE"].recommend(evaluated, k=10)
rated_later = lists.merge(split.test, on=["user_id", "item_id"])
perfect = results["EASE"]["n_relevant"].clip(upper=10).mean() / 10
print(f"precision of a perfect list in the test: {perfect:.2f}")
print(f"of what EASE lists, rated in the test: {len(rated_later) / len(lists):.0%}")

# %% [markdown]
# Two things to take home:
#
# - The **level** is far too low. EASE's lists look 96 % wrong in the test, and more than half of what they
#   show would be liked. Listeners have about two relevant tracks in the test, so even a perfect list
#   of ten would look 80 % wrong. And 94 % of what EASE lists was not rated in the test, and counts as
#   wrong.
# - The test can miss an **order**. In the test, text and popularity cannot be told apart. In truth text is
#   ahead, by seven tracks in a hundred. A likely cause, not shown here: people come across what is popular
#   (lesson 01), and then a test favours popularity. (The seven models of lesson 07 keep their order.)
#
# Outside a made-up world nobody knows the truth. A shop can ask: show some listeners one list and some
# the other, and count. This lesson's tests choose what is worth that experiment.
#
# ## Your turn
#
# Five exercises, from one line to one idea: [exercises](exercises/06_evaluation.ipynb) and
# [solutions](solutions/06_evaluation.ipynb).
#
# ## Recap
#
# - A split is a question: filling gaps (random), what next (temporal, global time), who will like this
#   (cold-item). The order of models depends on it.
# - Each metric has its denominator: precision $k$, recall the relevant items, NDCG the perfect list.
# - Compare models **paired**, listener by listener: `compare`. Over splits: `compare_splits`.
# - Six traps: the future; ratings inside features; sampled rivals; an untuned baseline; choosing on the
#   test; the wrong interval.
# - A test counts what people came across. It chooses what to try on people.
#
# ## Sources
#
# - Järvelin and Kekäläinen (2002), *Cumulated gain-based evaluation of IR techniques*: DCG.
# - Meng and others (2020), *Exploring data splitting strategies*, RecSys: the order depends on the split.
# - Efron and Tibshirani (1993), *An introduction to the bootstrap*.
# - Ji and others (2023), *A critical study on data leakage*, ACM TOIS 41(3): trap 1.
# - Kaufman and others (2012), *Leakage in data mining*, ACM TKDD 6(4): trap 2.
# - Krichene and Rendle (2020), *On sampled metrics for item recommendation*, KDD: trap 3, with the proof.
# - Ferrari Dacrema and others (2019), *Are we really making much progress?*, RecSys: trap 4.
# - Cawley and Talbot (2010), *On over-fitting in model selection*, JMLR 11: trap 5.
# - Cañamares and Castells (2018), *Should I follow the crowd?*, SIGIR: when a test favours popularity.
