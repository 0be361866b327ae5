# %% [markdown]
# # 06 · Evaluation: which of two recommenders is better, and how would you know?
#
# **Aim** Split ratings into past and future, measure a list, compare two models with an interval,
# and recognise six ways to fool yourself.<br>
# **Time** 75 minutes, exercises 40 more.<br>
# **Needs** NumPy and pandas; the bootstrap of [lesson 01](01_the_catalogue.ipynb). What turns covers,
# sounds and texts into numbers is used ready-made here, and so are the models.
# [Lesson 00](00_start_here.ipynb) shows where this leads.

# %%
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
# on the shop's front page?
#
# You could argue about the covers. Or you could measure. In a few minutes you will have measured it
# four times, each time with correct code. One measurement will say that plain is more than twice as
# good. Two will say that recent is better. The fourth will not be able to tell them apart.
#
# So a measurement is not yet an answer. This lesson is about what lies between the two. (Mosaic's
# listeners are simulated, in every number below. What you see of *methods* carries over to other
# data; the sizes do not.)

# %% [markdown]
# ## The idea: hide something, and ask for it
#
# To judge a recommender, hide some of the ratings, let it learn from the others, and see whether it
# finds what was hidden. The hidden part is the **test**. A second hidden part, **validation**, is
# there to choose settings with; trap 6 shows why that takes a part of its own. What remains is for
# **training**. Everything depends on *what* you hide:

# %%
from mmrec_course.evaluation import (
    cold_item_split,
    global_time_split,
    random_split,
    temporal_split,
)

splits = {
    "random": random_split(ratings),
    "per listener": temporal_split(ratings),
    "global": global_time_split(ratings),
    "new tracks": cold_item_split(ratings),
}

# %% [markdown]
# In the next figure each line is a listener, each mark a rating, and time runs to the right. Orange
# diamonds are the test. Where does a diamond have training dots to its right?

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
some = ratings["user_id"].drop_duplicates().iloc[5:85:8].tolist()
looks = {"train": ("o", "#9ecae1"), "valid": ("^", PALETTE[2]), "test": ("D", PALETTE[1])}
figure, axes = plt.subplots(2, 2, figsize=(9, 5.6), sharex=True, sharey=True)
for ax, (name, split) in zip(axes.flat, splits.items(), strict=True):
    for part, (marker, color) in looks.items():
        rows = getattr(split, part).query("user_id in @some")
        line = rows["user_id"].map(some.index)
        ax.plot(rows["timestamp"], line, marker, color=color, markersize=4, label=part)
    ax.set(title=name, yticks=range(len(some)), yticklabels=some)
    ax.tick_params(axis="x", rotation=30)
axes[0, 0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.15))
alt = "Ratings of ten listeners over time under four splits. Random: the test lies anywhere. Per listener: the last on each line. Global: right of one date for all. New tracks: anywhere."
finish(figure, alt)

# %% [markdown]
# - **Random**: any rating may be hidden. The model is asked about March and has seen April.
# - **Per listener, in time**: the last tenth of each listener's ratings. Nobody's *own* future is
#   known. But listeners stop at different times, so one listener's test may lie before another's
#   training.
# - **Global**: one date for everybody, and no future at all. The price: fewer listeners are still
#   there after that date.
# - **New tracks** (*cold items*): whole tracks are hidden, with all their ratings. That is another
#   question: not "what next?" but "who will like this release?"
#
# The second one by hand. Number each listener's ratings backwards from the last; the last tenth, and
# at least one, is the test:

# %%
import numpy as np

by_listener = ratings.sort_values(["timestamp", "item_id"]).groupby("user_id")["item_id"]
from_end = by_listener.cumcount(ascending=False)
last = from_end < np.maximum(1, by_listener.transform("size") // 10)
same = set(last.index[last]) == set(splits["per listener"].test.index)
print(last.sum(), "test ratings by hand; the package hides the same:", same)

# %% [markdown]
# How much future is in each? For every test rating ask whether there is a later one to learn from:
# of the same listener, or of anybody. And how many listeners can be judged? Who likes nothing in the
# test has nothing to be found; a `Split` counts the others with `describe`. (`split.train_valid` is training
# and validation together: what the final model learns from.)

# %%
import pandas as pd

from mmrec_course.display import print_table

facts = {}
for name, split in splits.items():
    asked, learned = split.test["timestamp"], split.train_valid["timestamp"]
    own_last = split.test["user_id"].map(learned.groupby(split.train_valid["user_id"]).max())
    judged = split.describe().loc["test", ["n_ratings", "n_ranked", "n_candidates"]]
    future = [f"{(asked < last).mean():.0%}" for last in (own_last, learned.max())]
    facts[name] = [*judged, *future]
columns = ["test ratings", "listeners judged", "tracks to rank", "own future", "anybody's future"]
print_table(pd.DataFrame(facts, index=columns).T)

# %% [markdown]
# In the random split, almost every test rating has its listener's own future in training. Per
# listener, that is gone, and what others did later remains. Only the global split has neither. (The
# new tracks have as much future around them as the random split. They ask about a track, not about a
# moment: all that is hidden is what anybody ever thought of *it*.)
#
# Now ask all four. Five models with fixed settings are fitted on each split. The number is NDCG@10,
# which the next section takes apart; for now, higher is better, and the brackets are a 95 % interval.
# (*Text* is `ContentKNN`: a track scores high if its description is like those of tracks that you liked;
# `n_neighbors` says how many similar tracks each track may count on. *EASE* learns from what others liked
# together; `reg` is its $\lambda$, how cautiously it does so.)

# %%
from mmrec_course.evaluation import compare, evaluate
from mmrec_course.features import extract_features
from mmrec_course.recommenders import EASE, ContentKNN, Random


def judge(split):
    models = {"chance": Random(), "plain": Popularity(), "recent": Popularity(half_life=60)}
    models |= {"text": ContentKNN(modality="text", n_neighbors=50), "EASE": EASE(reg=200.0)}
    texts = extract_features(mosaic, ["text"], fit_items=split.train_valid["item_id"])
    fitted = {name: model.fit(split.train_valid, texts) for name, model in models.items()}
    return {name: evaluate(model, split, metrics=["ndcg"]) for name, model in fitted.items()}


by_split = {name: judge(split) for name, split in splits.items()}

# %%
from mmrec_course.display import interval


def cells(table, kind="mean", digits=3):
    start = list(table.columns).index(kind)  # each of the two is followed by its interval
    numbers = table.iloc[:, start : start + 3].to_numpy()
    return [interval(*row, digits) for row in numbers]


tables = {name: compare(results, baseline="plain") for name, results in by_split.items()}
shown = {name: cells(table) for name, table in tables.items()}
print_table(pd.DataFrame(shown, index=by_split["random"]))
print()
for name, table in tables.items():
    print(f"{name:12} recent − plain:", *cells(table.loc[["recent"]], "difference"))

# %% [markdown]
# Do not compare numbers along a row: each column has other test ratings, and the last one ranks 96
# tracks instead of 480, so that even chance does better there. Compare *orders*, down each column:
#
# - **Random** says: plain beats recent, more than twofold. It must. Of late, in a random split, means
#   late in 2024, and most of the questions are about earlier months.
# - **Per listener** and **global** say: recent beats plain, and the interval of the difference lies
#   above zero. That is the question a front page has: what next?
# - **New tracks** says: EASE, far ahead everywhere else, is last, with the two popularities. Nobody
#   has rated these tracks, so all three give every track the same score, zero, and list them in the
#   order of their ids. Only text has something to say. (But how can one be *below* chance? Trap 5.)
#
# None of them is *the* right one. A split is a question: ask the one that your shop has. This course
# asks per listener for known tracks, and new tracks for new ones. Global is the strictest. What random
# does to a number, trap 1 shows.

# %% [markdown]
# ## A metric by hand
#
# One listener, one list. EASE (lesson 07 opens it) has learned from everything but each listener's
# last ratings. Score all tracks for `u212`, strike out what was already rated, take the ten best.
# (Why `u212`? Because in this list everything happens that can happen. It is better than most.)

# %%
split, listener = splits["per listener"], "u212"
model = EASE(reg=200.0).fit(split.train_valid)

scores = model.score([listener], split.candidates)[0]
rated = split.train_valid.loc[split.train_valid["user_id"] == listener, "item_id"]
scores[np.isin(split.candidates, rated)] = -np.inf
best = np.argsort(-scores, kind="stable")[:10]
top10 = split.candidates[best]

# %% [markdown]
# And what did `u212` rate afterwards? The last line of each card says what became of it:

# %%
from mmrec_course.display import stars

mine = split.test[split.test["user_id"] == listener].set_index("item_id")["rating"]
fate = {i: ("HIT " if r >= 4 else "not liked ") + stars(r) for i, r in mine.items()}
show_items(mosaic.items, top10, captions=[fate.get(item, "not rated") for item in top10])
print((mine >= 4).sum(), "liked tracks could have been found")

# %% [markdown]
# Two hits, at ranks 1 and 8, where three could have been found. The third was rated and not liked, so
# it is no hit. The other seven were not rated, and count as wrong. (Are they? The last section asks
# the truth.) Several numbers sum this up, each with a denominator of its own. With
# $\text{rel}_r = 1$ if there is a hit at rank $r$, otherwise 0:
#
# - **precision@k**: hits / $k$. How much of the list is right?
# - **recall@k**: hits / all liked tracks. How much of what could be found was found?
# - **reciprocal rank**: 1 / rank of the first hit, 0 if the list has none. Its mean over
#   listeners is the **MRR**.
# - **NDCG@k**: every hit counts, but less further down; then divide by the best possible list.
#
# $$\text{DCG} = \sum_{r=1}^{k} \frac{\text{rel}_r}{\log_2(r+1)}, \qquad
# \text{NDCG} = \frac{\text{DCG}}{\text{DCG of a perfect list}}$$
#
# In words: a hit at rank 1 is worth 1, at rank 3 it is worth a half, at rank 7 a third. A perfect list
# has all its hits on top.

# %%
hits, ranks = np.isin(top10, mine.index[mine >= 4]), np.arange(1, 11)
n_liked, worth = (mine >= 4).sum(), 1 / np.log2(ranks + 1)
by_hand = {"precision": hits.sum() / 10, "recall": hits.sum() / n_liked}
by_hand |= {"mrr": 1 / ranks[hits][0], "ndcg": worth[hits].sum() / worth[:n_liked].sum()}
print(hits.astype(int), {name: f"{value:.2f}" for name, value in by_hand.items()})

# %% [markdown]
# `worth[:n_liked]` is the perfect list: three hits at ranks 1 to 3. (For a listener with twelve liked
# tracks it would be ten hits: there are only ten places.)
#
# The package has the same for many listeners at once, one row of hits each. Its `rank_items` is the
# ten best with ties to the lower item id, so that equal scores give equal lists on every computer:

# %%
from mmrec_course.evaluation import ndcg, precision, rank_items, recall, reciprocal_rank

functions = {"precision": precision, "recall": recall, "mrr": reciprocal_rank, "ndcg": ndcg}
for name, function in functions.items():
    assert np.isclose(function([hits], [n_liked])[0], by_hand[name])
print("metrics equal; same ten tracks:", (rank_items(scores, 10)[0] == best).all())

# %% [markdown]
# Three more:
#
# - **Average precision**: the precision at the rank of each hit, summed, over all liked tracks. Its
#   mean over listeners is **MAP**.
# - **Hit rate**: is there any hit at all?
# - **AUC**: take one liked track and one other; how often does the liked one score higher? It looks at
#   *all* ranks, the three-hundredth as much as the first. Remember that for trap 3.

# %%
from mmrec_course.evaluation import auc, average_precision, hit_rate

good = np.isin(split.candidates, mine.index[mine >= 4])
wins = scores[good][:, None] > scores[~good & (scores > -np.inf)]
at_hits = np.cumsum(hits)[hits] / ranks[hits]
assert np.isclose(average_precision([hits], [n_liked])[0], at_hits.sum() / n_liked)
assert np.isclose(auc([scores], [good])[0], wins.mean())
assert hit_rate([hits], [n_liked])[0] == 1
print("precision at the hits", np.round(at_hits, 2), f" AUC {wins.mean():.2f}")

# %% [markdown]
# All of this for every listener is `evaluate`. Of a model it knows only the method `score` (the
# protocol `Scorer`), so anything that scores can be judged:

# %%
per_listener = evaluate(model, split)
assert all(np.isclose(per_listener.loc[listener, name], by_hand[name]) for name in by_hand)
print(len(per_listener), "judged,", per_listener.attrs["n_skipped"], "with nothing to find")
quarters = per_listener[["ndcg", "recall", "mrr"]].quantile([0.25, 0.5, 0.75, 1])
print_table(quarters.rename_axis("quantile"))

# %% [markdown]
# At least half of the listeners have no hit at all. An average over such numbers rests on a minority,
# so it is shakier than its digits look. That is why it needs an interval, and soon gets one.
#
# **And predicted stars?** Much of the older literature measures how well ratings are *guessed*: by the
# RMSE, the root of the mean squared error, or the MAE, the mean absolute error. Which of these two
# guesses of three ratings would you rather have?

# %%
from mmrec_course.evaluation import mae, rmse

actual = np.array([5.0, 4.0, 3.0])
guesses = {"timid": np.array([3.9, 4.0, 4.1]), "bold": np.array([4.0, 2.5, 1.0])}
for name, guess in guesses.items():
    assert np.isclose(rmse(guess, actual), np.sqrt(np.mean((guess - actual) ** 2)))
    errors = f"RMSE {rmse(guess, actual):.2f}, MAE {mae(guess, actual):.2f}"
    print(f"{name:5} {errors}, ranked {np.argsort(-guess)}")

# %% [markdown]
# *Timid* has about half the error and ranks the three the wrong way round (the best, number 0, comes
# last). *Bold* is far off and ranks them right. A list is made by ranking, so this course measures
# ranking. Lesson 07 shows real models that disagree like this.

# %% [markdown]
# ## From one listener to a verdict
#
# Here is the comparison that every later lesson repeats: one split, the same listeners, and every model
# with its settings chosen on the *validation* part by `grid_search`, then refitted on `split.train_valid`. `blocks`
# holds what the models may know of the tracks: one table of numbers for each modality, one row a track.

# %%
from mmrec_course.evaluation import grid_search
from mmrec_course.recommenders import MultimodalRecommenderCV

blocks = extract_features(mosaic, fit_items=split.train_valid["item_id"])
grids = {
    "popularity": (Popularity(), {"half_life": [None, 240, 120, 60, 30]}),
    "text": (ContentKNN(modality="text"), {"n_neighbors": [20, 50, None]}),
    "EASE": (EASE(), {"reg": [20.0, 50.0, 100.0, 200.0, 400.0, 800.0]}),
}
models = {"chance": Random().fit(split.train_valid)}
for name, (untuned, grid) in grids.items():
    models[name], tried = grid_search(untuned, grid, split, blocks)
    print(f"{name:10} best of {len(tried)}:", {key: tried[key].iloc[0].item() for key in grid})
models["multimodal"] = MultimodalRecommenderCV().fit(split.train_valid, blocks)
results = {name: evaluate(model, split) for name, model in models.items()}
results["no content"] = evaluate(MultimodalRecommenderCV().fit(split.train_valid), split)

# %% [markdown]
# *Chance* is `Random`, which deals each pair of listener and track a number of its own, always the same
# one. *Multimodal* is the model that you will build in lesson 11. Here it is enough to know that it is a
# *hybrid*: a collaborative part (EASE and iALS of lesson 07, added up) plus a content part (covers,
# words and sounds). The letters `CV` say that `fit` chooses its hyperparameters by cross-validation, on
# `split.train_valid` only. *No content* is the same model, tuned in the same way, without any features.
# Its mean is below that of *multimodal*, and EASE's is lower still. Two questions: is *multimodal* better
# than EASE? And does content help it? Or did it have lucky listeners?
#
# With other listeners of the same kind all means would change. The bootstrap imitates that: draw the
# listeners again, with replacement, and see how the number moves. One thing matters here. All models
# were asked about the *same* listeners, so draw them *together*. Some listeners are easy for every
# model, and in a **paired** difference that cancels.

# %%
a = results["multimodal"]["ndcg"].to_numpy()
drawn = np.random.default_rng(0).integers(len(a), size=(1000, len(a)))
others = np.random.default_rng(1).integers(len(a), size=(1000, len(a)))
for other in ("no content", "EASE"):
    b = results[other]["ndcg"].to_numpy()
    paired = (a[drawn] - b[drawn]).mean(axis=1)
    unpaired = a[drawn].mean(axis=1) - b[others].mean(axis=1)
    for name, again in {"paired": paired, "unpaired": unpaired}.items():
        ends = interval((a - b).mean(), *np.quantile(again, [0.025, 0.975]), 3)
        print(f"multimodal − {other:10} {name:8} {ends}")

# %% [markdown]
# Against EASE: paired, the interval lies above zero. Unpaired, it is twice as wide and contains zero.
# Same data, same difference: without the pairing, most of the evidence is lost.
#
# Against *no content* the pairing does even more, because the two models are so alike. Still the paired
# interval contains zero: on tracks that many have rated (*warm* items), content has not been shown to
# help. But now you know how much you may miss: hardly more than a hundredth. Unpaired, you would not
# even know that. (Lesson 00 showed the same two models, lesson 11 has them with fewer listeners.)
#
# `compare` does this for all models at once. With the same number of draws its interval is yours (its
# default is 2,000, which may move an end by a thousandth):

# %%
table = compare(results, metric="ndcg", baseline="EASE", n_boot=1000)
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
assert np.allclose(table.loc["multimodal"].iloc[4:6], np.quantile(paired, [0.025, 0.975]))
print_table(table[[*bounds, "p_holm"]], digits=3)

# %% [markdown]
# This is **the table** that you will meet from here on. `mean` with its interval, `difference` to the
# baseline with its own, which is the one to read. `p_holm`: if the two models were the same and a coin
# decided who wins each listener, how often would the difference be at least this large? Corrected (by
# Holm's method) for asking about five models at once, because who asks often gets false alarms.
#
# And this is **the figure**. Look at how far the dots are from the dashed line, and from each other:

# %%
from mmrec_course.plotting import plot_comparison

title, chance = "On warm tracks, what others did says nearly all", table["mean"]["chance"]
ax = plot_comparison(table, title=title, chance=chance)
alt = "NDCG@10 on each listener's last ratings, with intervals: chance 0.02, popularity 0.06, text 0.05, EASE 0.13, multimodal 0.15, without content 0.15."
finish(ax, alt)

# %% [markdown]
# Popularity and text are close; EASE is more than twice as good as either. *Multimodal* is ahead of EASE by
# 0.019. Their two intervals overlap, and still the paired difference lies above zero, for these simulated
# listeners. Nearly all of it is there without content, too: *no content* is ahead of EASE by 0.017. It has
# iALS beside EASE; lesson 07 shows how good that one is alone. (Is 0.019 much? Trap 4 asks.)

# %% [markdown]
# ## Beyond accuracy
#
# NDCG rewards hits and nothing else. Here is what three models would show `u212`: one that only looks
# at covers, EASE, and popularity. (The first is `ContentRidge`, a ridge regression from a track's
# features to whether you like it, for each listener.)

# %%
from mmrec_course.recommenders import ContentRidge

models["image"] = ContentRidge(modality="image", reg=10.0).fit(split.train_valid, blocks)
for name in ("image", "EASE", "popularity"):
    show_items(mosaic.items, models[name].recommend([listener], k=5)["item_id"])

# %% [markdown]
# The last list is what everybody gets, less what they know. What could one measure?
#
# - **Coverage**: which share of the tracks stands in anybody's list? The **Gini** coefficient of lesson
#   01 asks how unequally they share the places.
# - **Popularity bias**: are the listed tracks rated more often than those that people pick themselves?
# - **Novelty**: how surprising is it that somebody knows this track? In bits, $-\log_2 p_i$, with $p_i$
#   the share of listeners who have rated it.
# - **Intra-list diversity**: how different are the tracks of one list? One minus the cosine, averaged
#   over pairs. It depends on the modality: a list may look alike and sound mixed.
# - **Calibration**: who likes 70 % folk and 30 % dub should not get folk alone. How far is the list's mix
#   of genres $q$ from the mix $p$ of what the listener liked? $\sum_g p_g \ln (p_g / \tilde q_g)$, the
#   Kullback–Leibler divergence: 0 is the same mix. ($\tilde q = 0.99\, q + 0.01\, p$, so that a genre which
#   the list lacks does not make it infinite.)
#
# The first two by hand, for all listeners:

# %%
from mmrec_course.evaluation import average_recommendation_popularity, coverage

lists = {name: model.recommend(model.user_ids_, k=10) for name, model in models.items()}
known = split.train_valid["item_id"].value_counts()
for name in ("EASE", "popularity"):
    shown = lists[name]["item_id"]
    assert np.isclose(shown.nunique() / 480, coverage(lists[name], split.candidates))
    assert np.isclose(
        shown.map(known).mean(),
        average_recommendation_popularity(lists[name], split.train_valid).mean(),
    )
    print(f"{name:10} {shown.nunique()} tracks with {shown.map(known).mean():.0f} ratings each")

# %% [markdown]
# The other three by hand, for the one list of `u212`:

# %%
from mmrec_course.evaluation import calibration, intra_list_diversity, novelty

covers, genres = blocks["image"], mosaic.items["genre"]
liked = split.train_valid[split.train_valid["rating"] >= 4]
one = lists["EASE"][lists["EASE"]["user_id"] == listener]
# Diversity: the cosine of each of the 45 pairs of covers.
x = covers.align(one["item_id"]).values
x /= np.linalg.norm(x, axis=1, keepdims=True)
apart = 1 - (x @ x.T)[np.triu_indices(10, k=1)].mean()
# Novelty.
bits = -np.log2((known[one["item_id"]] + 1) / (600 + 1)).mean()  # + 1: unrated is not infinite
# Calibration: p is the mix of what u212 liked, q that of the list.
p = genres[liked.loc[liked["user_id"] == listener, "item_id"]].value_counts(normalize=True)
q = genres[one["item_id"]].value_counts(normalize=True).reindex(p.index, fill_value=0)
off = (p * np.log(p / (0.99 * q + 0.01 * p))).sum()
packaged = [intra_list_diversity(one, covers)]
packaged += [novelty(one, split.train_valid), calibration(one, liked, genres)]
print(f"covers differ {apart:.2f}, novelty {bits:.1f} bits, genres off {off:.2f};", end=" ")
print("equal:", np.allclose([apart, bits, off], [series.loc[listener] for series in packaged]))

# %% [markdown]
# And for all models and listeners. The last row is what people chose themselves, later.

# %%
from mmrec_course.evaluation import gini

rows = {}
for name, shown in {**lists, "own choice": split.test}.items():
    looks = intra_list_diversity(shown, covers)
    known = [
        average_recommendation_popularity(shown, split.train_valid).mean(),
        novelty(shown, split.train_valid).mean(),
    ]
    spread = [coverage(shown, split.candidates), gini(shown, split.candidates)]
    rows[name] = [*spread, *known, looks.mean(), calibration(shown, liked, genres).mean()]
columns = ["coverage", "Gini", "popularity", "novelty", "covers differ", "genres off"]
print_table(pd.DataFrame(rows, index=columns).T, digits={"popularity": 0, "novelty": 1})

# %% [markdown]
# - *Popularity* fills 600 lists with 26 tracks. EASE spreads over 290, and still shows tracks with 106
#   ratings where people pick ones with 64: a **popularity bias**, in the best of the simple models.
# - *Chance* has perfect coverage and as much novelty as any, and is useless. None of these numbers is a goal
#   in itself. They say what an accuracy costs.
# - The cover model's lists look alike: 0.52, where chance has 0.92. Who knows one thing repeats it.
# - The last row's mix of genres is the furthest off. Not because people have no taste: they have fewer
#   than four ratings each in the test, and so few cannot show a mix. A number can be right, and the
#   wrong thing to look at.

# %% [markdown]
# ## What goes wrong: a gallery of six traps
#
# All six have been found in published work. Each is run here, and its size shown.
#
# ### Trap 1: a split that lets the future in
#
# Take the test from the *middle* of the two years: ratings 10,000 to 12,500. One model learns from what
# came before. Another also from what came after, as in a random split. Same test, same settings, and
# also the same tracks to choose from: a track is struck out of a listener's list if they rated it before
# or after, whether the model has learned from that or not. Only the training differs. (A `Split` can be
# put together by hand; what stands in `valid` is struck out, like `train`.)

# %%
from mmrec_course.evaluation import Split

past, test, future = ratings[:10_000], ratings[10_000:12_500], ratings[12_500:]
both = pd.concat([past, future])
catalogue = {"candidates": mosaic.items.index, "valid_candidates": mosaic.items.index}


def ask(model, train):
    middle = Split(train=train, valid=both.drop(train.index), test=test, **catalogue)
    return evaluate(model.fit(train), middle, metrics=["ndcg"])


# %%
parts = {"past": past, "both": both}
parts |= {f"draw {j}": both.sample(len(past), random_state=j) for j in range(2)}
rows = {"plain": Popularity(), "recent": Popularity(half_life=60), "EASE": EASE(reg=200.0)}
for name, model in rows.items():
    t = compare({part: ask(model, train) for part, train in parts.items()})
    rows[name] = [*cells(t)[:2], *cells(t, "difference")[1:]]
columns = ["past only", "past and future", "difference", "if as many", "again"]
print_table(pd.DataFrame(rows, index=columns).T)

# %% [markdown]
# With the future, EASE looks half as good again as with the past alone, and *recent* loses two thirds.
# Neither is what the shop would see on that day. (No shop could strike out what will be rated later. So
# read the differences here, not the levels.)
#
# Why does EASE gain? In the last two columns it learns from only as many ratings as *past only*, drawn
# at random from both sides, twice. Its gain is gone: both times it is a little *worse* than with the
# past alone. So ratings from the future are not worth more to EASE. There are simply more of them,
# and *on that day they did not exist*. A random split describes a shop that knows its listeners much
# better than yours will when it has to answer. *Recent* loses in every column, for "of late" now means
# late in 2024. Only *plain* does not mind: all its intervals include zero.

# %% [markdown]
# ### Trap 2: features that have seen the test
#
# `extract_features` learns a vocabulary and how much each word counts. Let it read *all* descriptions,
# those of the hidden tracks too, and something of the test has leaked. How bad is that? The second leak
# is of another kind. Somebody adds one harmless column to the text features: how many listeners liked the
# track. Counted for the whole shop, before anybody thought of a split:

# %%
from dataclasses import replace

from mmrec_course.features import ColorHistogram, MFCCStatistics

shelves = [cold_item_split(ratings, rng=seed) for seed in range(10)]  # ten draws of new tracks
simple = {"image": ColorHistogram(), "audio": MFCCStatistics()}  # for traps 5 and 6
whole = extract_features(mosaic, extractors=simple)
clean = [
    extract_features(mosaic, ["text"], fit_items=shelf.train_valid["item_id"]) for shelf in shelves
]


def with_likes(block, known):
    likes = known[known["rating"] >= 4].groupby("item_id").size().reindex(block.item_ids)
    column = 0.3 * ((likes - likes.mean()) / likes.std()).fillna(0)  # unknown: as the average
    values = np.column_stack([block.values, column])
    return replace(block, values=values, names=(*block.names, "likes"))


# %%
from mmrec_course.evaluation import compare_splits

leaks = {"clean": [], "words of all texts": [], "likes, training": [], "likes, whole shop": []}
for shelf, features in zip(shelves[:5], clean, strict=False):
    text = features["text"]
    columns = text, whole["text"], with_likes(text, shelf.train_valid), with_likes(text, ratings)
    for name, block in zip(leaks, columns, strict=True):
        model = ContentRidge(modality="text", reg=10.0).fit(shelf.train_valid, {"text": block})
        leaks[name].append(evaluate(model, shelf, metrics=["ndcg"]))
print_table(compare_splits(leaks, test_share=0.2)[bounds], digits=3)

# %% [markdown]
# (`compare_splits` is `compare` for several splits; trap 5 explains it.) The first leak is too small to be
# seen: the interval allows half a hundredth either way. Close it all the same. It costs one argument, and
# nobody knows beforehand whether a leak is small. The second is huge: one column made of *test ratings*
# lifts the model by two thirds, on tracks that "nobody has rated". Counted in training alone, the same
# column is worth nothing here.
#
# The rule: whatever is computed from ratings is computed from training ratings. Columns that came with
# the data (sales, chart position, average stars) were counted by somebody, at some time. Ask when.

# %% [markdown]
# ### Trap 3: a few sampled rivals instead of all
#
# Ranking every track for everybody was once thought slow, and a short cut became a habit: rank each
# liked track against 100 or 20 others, drawn at random, and compute NDCG@10 on those. It looks like the
# same metric on an easier scale. Try it on four EASEs: a small $\lambda$ (its `reg`) trusts
# every coincidence in the ratings, a large one smooths them away.


# %%
def sampled(model, split, n):
    rng, users, items = np.random.default_rng(0), model.user_ids_, split.candidates
    scores, free = model.score(users, items), np.ones((len(users), len(items)), bool)
    liked = split.test["rating"] >= 4
    for part in (split.train_valid, split.test[~liked], split.test[liked]):
        u, i = np.searchsorted(users, part["user_id"]), np.searchsorted(items, part["item_id"])
        free[u, i] = False
    drawn = np.array([rng.choice(np.flatnonzero(free[row]), n, replace=False) for row in u])
    rank = 1 + (scores[u[:, None], drawn] > scores[u, i][:, None]).sum(axis=1)
    worth = pd.DataFrame({"ndcg": np.where(rank <= 10, 1 / np.log2(rank + 1), 0)})
    return worth.groupby(users[u]).mean()


# %%
eases = {reg: EASE(reg=reg).fit(split.train_valid) for reg in (20.0, 200.0, 1000.0, 5000.0)}
every = {reg: evaluate(model, split) for reg, model in eases.items()}
few = {n: {reg: sampled(model, split, n) for reg, model in eases.items()} for n in (100, 20)}
columns = {"all others": compare(every), "100 drawn": compare(few[100])}
columns |= {"20 drawn": compare(few[20]), "AUC": compare(every, "auc")}
columns = {name: [*cells(t), cells(t, "difference")[-1]] for name, t in columns.items()}
print_table(pd.DataFrame(columns, index=[*(f"λ = {reg:.0f}" for reg in eases), "5000 − 20"]))

# %% [markdown]
# Look at the last line. Against all others, $\lambda = 5000$ is clearly worse than 20. Against 100, the two
# are level. Against 20, it is clearly *better*. Same models, same listeners. And the highest of the four
# means moves from 200 to 1000: who tunes by the short cut picks another model.
#
# Why? A track at true rank 100 of some 430 has 99 rivals ahead of it. Of 20 drawn ones, $99 \cdot 20 / 430 =
# 4.6$ are ahead, on average. So it is safely "in the top ten", where in truth it is nowhere near. Even at
# rank 200 it is 9.3, about an even chance. The metric has turned into something like the AUC of the last
# column: how good is the *middle* of the ranking? Nobody scrolls there. Full ranking is cheap enough
# today, and this course does nothing else.

# %% [markdown]
# ### Trap 4: a tuned favourite against untuned baselines
#
# The easiest way to win. $\lambda = 1$ looks harmless, and is what scikit-learn's ridge regression starts
# with. Compare the tuned favourite with an EASE that was left there:

# %%
results["EASE, λ = 1"] = evaluate(EASE(reg=1.0).fit(split.train_valid), split)
three = {name: results[name] for name in ("EASE, λ = 1", "EASE", "multimodal")}
t = compare(three, baseline="EASE")
print_table(t[bounds], digits=3)
lift = t.loc["multimodal", "mean"] / t["mean"] - 1
print(f"multimodal over EASE: {lift['EASE, λ = 1']:+.0%} if untuned, {lift['EASE']:+.0%} if tuned")

# %% [markdown]
# "Twice as good as EASE!" is true of the first row and tells you little. Most of that step is EASE's own
# tuning: one number, six tries. Beside the tuned EASE, 14 % are left. Those are real, as the interval above
# zero says, and an eighth of what was claimed. Give every model the same care. That is all that `grid_search` is
# for.
#
# ### Trap 5: a mean without an interval
#
# Of the models tuned above, popularity has a mean 15 % above that of text. A better model?

# %%
t = compare({name: results[name] for name in ("text", "popularity")})
print_table(t[[*bounds, "p"]], digits=3)

# %% [markdown]
# Nobody can say. These listeners allow anything from a fifth worse to half as good again.
#
# Now something worse: an interval that answers the wrong question. Do the colours of covers or the
# timbres of sounds (trap 2 took nothing else from them) rank new tracks better, both as ridge regressions
# with $\lambda = 10$ (`reg`)? Ten times a fifth of the
# tracks was hidden, each time another one. `compare` looks at each draw by itself:

# %%
new = {"image": [], "audio": []}
for shelf in shelves:
    sounds = whole["audio"].standardize(shelf.train_valid["item_id"])  # columns on one scale
    for name, tables in new.items():
        model = ContentRidge(modality=name, reg=10.0)
        model.fit(shelf.train_valid, {"image": whole["image"], "audio": sounds})
        tables.append(evaluate(model, shelf, metrics=["ndcg"]))
draws = [compare({name: new[name][j] for name in new}).loc["audio"] for j in range(10)]
draws = pd.DataFrame(draws, index=pd.RangeIndex(10, name="draw"))
print_table(draws[[*bounds[3:], "p"]], digits=3)

# %% [markdown]
# In draw 0 colours win, p = 0.022. In draw 4 timbres win, p = 0.046. Each is right about what it covers:
# *other listeners*, and these 96 tracks. Neither covers *other tracks*. Whoever makes one draw may publish
# one or the other. (We picked this pair because it is close. It says nothing about covers and sounds in
# general: lesson 05 makes many more columns of a clip.)
#
# `compare_splits` takes each draw as one observation $v_j$ and asks how much they vary. As all draws come
# from one shop, they overlap in what they train on, and the usual standard error would be too small;
# Nadeau and Bengio's correction adds the second term under the root:
#
# $$\bar v \pm t \cdot s \cdot \sqrt{\tfrac{1}{J} + \tfrac{\rho}{1 - \rho}}$$
#
# Here $J$ is the number of draws, $\bar v$ the mean and $s$ the standard deviation of the $v_j$, $\rho$ the
# share that is hidden, and $t$ the 97.5 % quantile of Student's distribution with $J - 1$ degrees of
# freedom.

# %%
print_table(compare_splits(new, test_share=0.2)[bounds], digits=3)
blind = {"chance": [], "EASE": []}
for j, shelf in enumerate(shelves):
    for name, model in (("chance", Random(rng=j)), ("EASE", EASE())):
        model.fit(shelf.train_valid, whole)
        blind[name].append(evaluate(model, shelf, metrics=["ndcg"]))
highs = [compare({n: blind[n][j] for n in blind}).loc["EASE", "diff_high"] for j in range(10)]
print("\nEASE below chance, by compare:", sum(high < 0 for high in highs), "of 10 draws")
print_table(compare_splits(blind, test_share=0.2)[bounds], digits=3)

# %% [markdown]
# Colours and timbres: no difference that ten draws could show. And the riddle of the first section, EASE below
# chance on new tracks. EASE shows everybody the same ten, those with the lowest ids: *one* handful of
# tracks, shown 583 times. If that handful happens to be a poor one, it is poor for everybody, and asking
# more listeners only makes one surer about *these ten*. Over the draws, the interval includes zero.
#
# So: `compare` for the luck of *who* was asked, `compare_splits` for the luck of *what* was hidden.

# %% [markdown]
# ### Trap 6: choosing on the test
#
# The image block of trap 2 has 72 columns: how much of each of 72 colours a cover has. Perhaps some of them only
# disturb? Try 20 random subsets, keep the one that does best on the test, and report it. Half of the new
# tracks serve as that test. The other half, just as new, shows what the choice is worth. Five draws; the
# second row is the average of all twenty:


# %%
def colours_only(shelf, keep):
    some = replace(whole["image"], values=whole["image"].values * keep)
    return ContentRidge(modality="image", reg=10.0).fit(shelf.train_valid, {"image": some})


halves = {part: {"all 72": [], "average": [], "chosen": []} for part in ("chosen on", "other half")}
for seed, shelf in enumerate(shelves[:5]):
    rng = np.random.default_rng(seed)
    mixed, keep = rng.permutation(shelf.candidates), rng.random((20, 72)) < 0.7
    tries = [colours_only(shelf, kept) for kept in [np.ones(72), *keep]]
    for half, part in zip(halves, (mixed[:48], mixed[48:]), strict=True):
        on = replace(shelf, candidates=part)
        every, *some = [evaluate(model, on, metrics=["ndcg"]) for model in tries]
        values = np.array([table["ndcg"] for table in some])  # (20 subsets, listeners)
        best = np.argmax(values.mean(axis=1)) if half == "chosen on" else best
        average = every.assign(ndcg=values.mean(axis=0))
        for row, table in zip(halves[half], (every, average, some[best]), strict=True):
            halves[half][row].append(table)
for half, tables in halves.items():
    print_table(compare_splits(tables, test_share=0.1)[bounds].rename_axis(half), digits=3)

# %% [markdown]
# On the tracks it was chosen on, the chosen subset beats all 72 colours, and the interval is above zero.
# On other new tracks of the same shop it is *worse* than all 72, and the interval is below zero. So is
# the average of the twenty: fewer colours rank new covers a little worse, and having been chosen does not
# help. Nothing was learned about colours. Of twenty subsets, one was lucky.
#
# The interval did not help, because it knows nothing of the nineteen that lost. What helps: choose on
# validation, look at the test once. `grid_search` never touches the test.

# %% [markdown]
# ## What no test can see
#
# All tests above share one flaw. They count as wrong what the listener did not rate, and people rate what
# they come across and expect to like (lesson 01). Mosaic is made up, so for once we can ask what `u212`
# *would* think of the ten tracks:

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS

truth = mosaic.ground_truth()
utility = pd.DataFrame(truth["utility"], truth["user_ids"], truth["item_ids"])
would_like = utility > RATING_STEPS[2]  # the step from three stars to four
verdict = ["would like" if would_like.loc[listener, item] else "would not" for item in top10]
show_items(mosaic.items, top10, captions=verdict)
print(verdict.count("would like"), "of 10")

# %% [markdown]
# Two hits in the test, six in truth. Now for all listeners and five models: precision in the test, and which
# share of the lists would truly be liked.

# %%
real, five = {}, [name for name in models if name != "image"]
for name in five:
    shown = lists[name]
    user = utility.index.get_indexer(shown["user_id"])
    item = utility.columns.get_indexer(shown["item_id"])
    likes = pd.DataFrame({"precision": would_like.to_numpy()[user, item]})
    real[name] = likes.groupby(user).mean()
results = {name: evaluate(models[name], split, metrics=["precision"]) for name in five}
columns = {}
for name, tables, digits in (("in the test", results, 3), ("in truth", real, 2)):
    t = compare(tables, "precision", baseline="popularity")
    columns[name] = cells(t, digits=digits)
    print(f"{name:11} text − popularity:", *cells(t.loc[["text"]], "difference", digits))
print_table(pd.DataFrame(columns, index=five))
most = results["EASE"]["n_relevant"].clip(upper=10).mean() / 10
asked = lists["EASE"].merge(split.test, on=["user_id", "item_id"])
print(f"a perfect list in the test: {most:.2f}")
print(f"of what EASE lists, rated in the test: {len(asked) / len(lists['EASE']):.0%}")

# %% [markdown]
# (Each number is rounded by itself.) Two things to take home, about simulated listeners once more:
#
# - The **level** means little. EASE's lists look 96 % wrong in the test, and more than half of what they
#   show would be liked. Part of the gap is the ruler: listeners have about two liked tracks in the test,
#   so even a perfect list of ten would look 80 % wrong. The rest is silence: 95 % of what EASE lists was
#   not rated in the test. Nobody knows whether it would be liked, and it counts as wrong.
# - The test can miss an **order**. In the test, text and popularity cannot be told apart. In truth text is
#   ahead, by five tracks in a hundred. The test leans to the popular, because what people come across is
#   popular: it was chosen *by* popularity, and now it grades popularity.
#
# Outside a made-up world nobody knows the truth. What a shop can do is ask: show some listeners one list
# and some the other, and count. This lesson's tests are for choosing what is worth that experiment.
#
# ## Your turn
#
# Five exercises, from one line to one idea: [exercises/06_evaluation.ipynb](exercises/06_evaluation.ipynb).
#
# 1. Precision and recall of a list that is too short.
# 2. NDCG for a listener who likes more than fits.
# 3. How much of its own future does a split give away?
# 4. A paired bootstrap of your own.
# 5. A feature made of ratings, without the leak.
#
# ## Recap
#
# - A split is a question. Random split: filling gaps. Per listener in time: what next? Global: the same,
#   with no future at all. New tracks: who will like this? Models change places between them.
# - Each metric has its denominator: precision $k$, recall all that is liked, NDCG the perfect list. Most
#   listeners have few hits, so a mean needs an interval.
# - Compare models **paired**, listener by listener: `compare`. Over draws of tracks: `compare_splits`.
# - Accuracy is not everything: coverage, popularity bias, novelty, diversity, calibration.
# - The six traps, and what they did here: the future (EASE +49 %, recent −67 %); ratings inside features
#   (+70 %; a vocabulary: nothing to be seen); 20 sampled rivals (the order of two models turned round); an
#   untuned baseline (+111 % instead of +14 %); no interval, or the wrong one (p = 0.02 one
#   way, p = 0.05 the other); choosing on the test (+0.010, and −0.014 elsewhere).
# - A test counts what people came across. It chooses what to try on people; it does not replace them.
#
# ## Sources
#
# - Järvelin and Kekäläinen (2002), *Cumulated gain-based evaluation of IR techniques*, ACM TOIS 20(4):
#   DCG and its normalisation.
# - Shani and Gunawardana (2011), *Evaluating recommendation systems*, in Recommender Systems Handbook:
#   the map of what can be measured.
# - Meng, McCreadie, Macdonald and Ounis (2020), *Exploring data splitting strategies for the evaluation
#   of recommendation models*, RecSys: models change places with the split.
# - Ji, Sun, Zhang and Li (2023), *A critical study on data leakage in recommender system offline
#   evaluation*, ACM TOIS 41(3): what the future does to a test (trap 1).
# - Kaufman, Rosset, Perlich and Stitelman (2012), *Leakage in data mining*, ACM TKDD 6(4): trap 2, and
#   how to look for it.
# - Krichene and Rendle (2020), *On sampled metrics for item recommendation*, KDD: trap 3, with the proof.
# - Ferrari Dacrema, Cremonesi and Jannach (2019), *Are we really making much progress?*, RecSys: trap 4
#   in the literature.
# - Efron and Tibshirani (1993), *An introduction to the bootstrap*, Chapman & Hall. Smucker, Allan and
#   Carterette (2007), *A comparison of statistical significance tests for information retrieval
#   evaluation*, CIKM: paired tests for ranking. Holm (1979), Scandinavian Journal of Statistics 6(2).
# - Nadeau and Bengio (2003), *Inference for the generalization error*, Machine Learning 52: the
#   corrected interval over splits (trap 5).
# - Cawley and Talbot (2010), *On over-fitting in model selection*, JMLR 11: trap 6.
# - Ziegler, McNee, Konstan and Lausen (2005), WWW: intra-list similarity. Zhou and others (2010), PNAS
#   107(10): novelty as self-information. Steck (2018), *Calibrated recommendations*, RecSys.
# - Cañamares and Castells (2018), *Should I follow the crowd?*, SIGIR: when a test favours popularity, and
#   when it is right to.
