# %% [markdown]
# # 13 · Real people: what content adds where nothing is simulated
#
# **Aim** Take the course's models to 100,000 ratings that people gave to films. See where content
# helps and where it does not, how the split decides which model is best, how many ratings a new user
# must give, and what is known from larger data.<br>
# **Time** {minutes} minutes, exercises 25 to 70 more.<br>
# **Needs** Lessons 06 to 08 and 11. The ratings are downloaded once (2 to 5 MB), by the first cell
# or beforehand with `make movielens`.

# %% tags=["needs-movielens"]
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_movielens
from mmrec_course.display import fixed, interval, print_table

films = load_movielens("100k")
ratings, items = films.ratings, films.items
print(f"\n{len(ratings):,} ratings by {len(films.users)} people of {len(items):,} films")

# %% [markdown]
# Since lesson 00 every result came with the words "users are simulated". These users are not. They used
# the site MovieLens in 1997 and 1998. Read the licence above. It is why the ratings are not part of this
# course. This page shows averages and, in one figure, the dates at which twelve unnamed people rated. It
# does not show who rated which film.
#
# ## Look first
#
# What content is there?

# %% tags=["needs-movielens", "slide-films"]
print_table(items.loc[["1", "50", "181"], ["title", "year", "genres"]])
words = items["text"].str.split().str.len()
print(f"\n{films.modalities} of {items['text'].notna().sum():,} films")
print(f"median {words.median():.0f} words; film 1: {items.loc['1', 'text']}")

# %% [markdown]
# A title, a year and some genres: five words, where Mosaic's descriptions have 40 to 90. There are no
# pictures and no sounds. Content is *poor* here. Keep that in mind when it loses.
#
# And time? In the figure each line is one user, and each dot is a rating. On the left are twelve of
# Mosaic's simulated users, on the right twelve people. Why might "what next?" be another question on the
# right?

# %% tags=["needs-movielens", "slide-when-they-rated"]
import matplotlib.pyplot as plt

from mmrec_course.datasets import load_mosaic
from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
mosaic = load_mosaic()
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
titles = ("Mosaic: ratings over two years", "MovieLens: most ratings at one visit")
for ax, title, table in zip(axes, titles, (mosaic.ratings, ratings), strict=True):
    users = table["user_id"].drop_duplicates().sample(12, random_state=1).tolist()
    rows = table[table["user_id"].isin(users)]
    ax.plot(rows["timestamp"], rows["user_id"].map(users.index), "o", markersize=4, alpha=0.4)
    ax.set(title=title, yticks=[], ylabel="users", xlabel="date of the rating")
    ax.tick_params(axis="x", rotation=30)
alt = "Ratings of twelve users: all over two years on Mosaic, mostly at one visit on MovieLens"
finish(figure, alt)

# %% tags=["needs-movielens", "predict"]
times = ratings.groupby("user_id")["timestamp"]
span = times.max() - times.min()
print(f"all ratings within an hour: {(span < pd.Timedelta(hours=1)).mean():.0%} of the people")
same_second = ratings.duplicated(["user_id", "timestamp"], keep=False).mean()
print(f"in the same second as another rating: {same_second:.0%} of the ratings")
n_ratings = ratings["item_id"].value_counts()  # of each film
low_id = n_ratings.index.astype(int) <= 500
low, high = n_ratings[low_id].mean(), n_ratings[~low_id].mean()
print(f"ratings of a film: {low:.0f} if its id is at most 500, {high:.0f} if above")

# %% [markdown]
# Most people gave all their ratings within an hour. So the order of these ratings is not the order in which
# films were *watched*. It may be the order in which the site showed them, page by page: Fan and others
# (2024) describe this in larger MovieLens data. ([Deeper: what the ratings
# record](deeper/13_what_the_ratings_record.ipynb) looks for a sign of it.)
#
# Which of two ratings in one second came first? Nobody knows. `temporal_split` would go by the ids, and
# these are not neutral: films with low ids are rated more. So we break ties at random. Each rating gets a
# random fraction of a second:

# %% tags=["needs-movielens"]
rng = np.random.default_rng(0)
fraction = pd.to_timedelta(rng.random(len(ratings)), unit="s")
ratings = films.ratings.assign(timestamp=films.ratings["timestamp"] + fraction)
ordered = ratings.sort_values(["user_id", "timestamp"])
nth = ordered.groupby("user_id").cumcount()  # 0 for a user's first rating
of_film = ordered["item_id"].map(n_ratings)
print(f"ratings of a film among somebody's first five: {of_film[nth < 5].mean():.0f}")
print(f"among the later ones: {of_film[nth >= 5].mean():.0f}")
print(f"fewest ratings of one person: {times.size().min()}")

# %% [markdown]
# People begin with popular films: on average three in ten of the 943 people rate such a film. This
# comes back below, with new users.
#
# ## Warm films: does content help?
#
# Each person's last tenth of ratings is held out
# (`temporal_split`), and everything before it is for training. Every baseline gets a small
# `grid_search` on the validation part, as in lesson 07. *EASE + text* is EASE with the text as side
# information ([by hand](deeper/11_more_situations.ipynb)). Its $\lambda$ is that of EASE, chosen first. For
# iALS, $\alpha$ is chosen first, then $\lambda$.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import evaluate, grid_search, temporal_split
from mmrec_course.features import extract_features
from mmrec_course.recommenders import EASE, ContentRidge, ImplicitALS, Popularity, Random

split = temporal_split(ratings)
blocks = extract_features(films, fit_items=split.train_valid["item_id"].unique())
half_lives = {"half_life": [None, 15, 5]}
als_grid = [{"reg": [10.0], "alpha": [0.03, 0.1, 0.3]}, {"reg": [3.0, 30.0], "alpha": [0.1]}]
grids = {
    "popularity": (Popularity(), half_lives),
    "content": (ContentRidge(modality="text"), {"reg": [3.0, 10.0, 30.0]}),
    "EASE": (EASE(), {"reg": [200.0, 400.0, 800.0]}),
    "EASE + text": (EASE(reg=400.0), {"side_weight": [10.0, 30.0, 100.0]}),
    "iALS": (ImplicitALS(factors=32, iterations=8), als_grid),
}

# %% tags=["needs-movielens"]
tuned = {"chance": Random().fit(split.train_valid)}
for name, (model, grid) in grids.items():
    tuned[name], tried = grid_search(model, grid, split, blocks)
    first = tried.iloc[0].to_dict()
    print(f"{name:11} NDCG@10 {fixed(first.pop('ndcg'), 3)} on the validation part with", first)

# %% [markdown]
# Each chosen value lies inside its grid, so the grids are wide enough (lesson 07). `nan`, no half-life, is
# a natural end of its grid: all of the past counts alike.
#
# Now the final model of lesson 11 in three versions: with the text, without it (*collaborative-only*), and
# with **permuted** text. Permuted means that each film gets the row of another film: the control of
# lesson 08. One permutation may be lucky, so we take the mean of four. Recency decay is off.
#
# The final model keeps its default hyperparameters. When these were set, test ratings of Mosaic and of
# MovieLens were among what was looked at. So the final model has an advantage over the tuned baselines.
# The three versions share it: the comparison between them is fair.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import compare
from mmrec_course.recommenders import MultimodalRecommender


def evaluate_ndcg(model, split, part="test"):
    return evaluate(model, split, part=part, metrics=["ndcg"])


def fit_final(split, features=None):
    return MultimodalRecommender(decay=0.0).fit(split.train_valid, features)


# %% tags=["needs-movielens", "predict", "slide-warm-films"]
collaborative_only = fit_final(split)
film_knockout = {"final": evaluate_ndcg(fit_final(split, blocks), split)}
film_knockout["collaborative-only"] = evaluate_ndcg(collaborative_only, split)
tables = []
for seed in range(4):
    permuted = {m: block.shuffle(rng=seed) for m, block in blocks.items()}
    tables.append(evaluate_ndcg(fit_final(split, permuted), split))
mean = pd.concat(tables).groupby("user_id")["ndcg"].mean()
film_knockout["permuted"] = tables[0].assign(ndcg=mean)
warm_results = {name: evaluate_ndcg(model, split) for name, model in tuned.items()}
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(compare(warm_results | film_knockout, baseline="EASE")[bounds], digits=3)


# %% tags=["needs-movielens"]
def difference(results, name, baseline):
    row = compare({n: results[n] for n in (baseline, name)}).loc[name]
    return interval(*row[bounds[3:]], 3)


for name, baseline in [("final", "collaborative-only"), ("collaborative-only", "permuted")]:
    print(f"{name} − {baseline}:", difference(film_knockout, name, baseline))

# %% [markdown]
# NDCG@10 with 95 % intervals; the differences in the table are to tuned EASE. Read four things:
#
# - **The text adds nothing that can be shown**, neither to the final model nor to EASE alone. (On Mosaic,
#   lesson 08 found a small gain over EASE alone, and lesson 11 none over two collaborative models:
#   the second one already brings what content would have.)
# - **Permuted text does harm**: it costs 0.003 [0.001, 0.005] against no text at all. The model gives its
#   content part a fixed weight, and noise gets that weight, too.
# - **The order of models changes.** iALS is behind EASE, −0.010 [−0.018, −0.002]. On Mosaic it was ahead, by
#   0.015 (lesson 07). Both are tuned, with 32 factors in both lessons. The final model without decay is level
#   with EASE: 0.001 [−0.006, 0.009].
# - **Content alone** is above chance and far below popularity.
#
# ## Recency weighting, and three splits
#
# The final model can give recent ratings more weight: **recency weighting** (time decay, lesson 11). A
# preference after which the user rated $a$ other films counts $(1 + a)^{-\gamma}$, and $\gamma$ is `decay`.
# By hand, for somebody's last six ratings:

# %% tags=["needs-movielens"]
rated_later = np.arange(5, -1, -1)  # a
for gamma in (0.0, 0.5, 1.0):
    print(f"γ = {gamma}:", np.round((1.0 + rated_later) ** -gamma, 2).tolist())

# %% [markdown]
# Does it help? Lesson 06 said that models change places between splits. So we ask on its three splits of
# warm items: *random*, *temporal* and *global time*, each with a tenth of the ratings for the test. On
# each, the validation part chooses $\gamma$ for the final model without text.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import global_time_split, random_split

splits = {"random": random_split(ratings), "temporal": split}
splits["global time"] = global_time_split(ratings)
decay_rows = []
for name, one_split in splits.items():
    fitted = MultimodalRecommender().fit(one_split.train)
    for gamma in (0.0, 0.5, 1.0):
        results = evaluate_ndcg(fitted.refitted("decay", gamma), one_split, "valid")
        decay_rows.append({"split": name, "gamma": gamma, "ndcg": results["ndcg"].mean()})
decays = pd.DataFrame(decay_rows).pivot_table("ndcg", "split", "gamma", sort=False)
print_table(decays, digits=3)
gammas = decays.idxmax(axis=1)

# %% [markdown]
# On *random* every decay costs: held-out ratings lie in the middle of the others, so there is no "next". A
# $\gamma$ brought along from another split would do harm. On *global time* the three values hardly differ.
#
# Now the test, with the chosen $\gamma$. Popularity's half-life is chosen on each split, too. Which model
# would you praise on each?


# %% tags=["needs-movielens"]
def evaluate_models(name, one_split):
    popularity, _ = grid_search(Popularity(), half_lives, one_split)
    print(f"{name}: half-life {popularity.half_life}, γ = {gammas[name]}")
    no_decay = collaborative_only if name == "temporal" else fit_final(one_split)
    models = {"no decay": no_decay, "popularity": popularity}
    models["chosen γ"] = no_decay.refitted("decay", gammas[name])
    return {model: evaluate_ndcg(models[model], one_split) for model in models}


by_split = {name: evaluate_models(name, one_split) for name, one_split in splits.items()}

# %% tags=["needs-movielens", "predict", "slide-three-splits"]
means, differences = {}, {}
for name, results in by_split.items():
    comparison = compare(results)
    means[name] = [interval(*row, 3) for row in comparison[bounds[:3]].to_numpy()]
    differences[name] = [interval(*row, 3) for row in comparison[bounds[3:]].to_numpy()]
print_table(pd.DataFrame(means, index=comparison.index))
print("\ndifference to the final model without decay")
print_table(pd.DataFrame(differences, index=comparison.index).drop("no decay"))

# %% tags=["needs-movielens"]
arrived = splits["global time"].train_valid["user_id"].unique()
is_known = by_split["global time"]["popularity"].index.isin(arrived)
print(f"global time: {len(is_known)} people get a list, {(~is_known).sum()} of them are new")
print("chosen γ − popularity:", difference(by_split["global time"], "chosen γ", "popularity"))

# %% [markdown]
# Read down the columns; levels of different columns do not compare.
#
# - **Random**: the final model is far ahead of popularity, and no decay is chosen.
# - **Temporal**: decay *gains* 0.026 [0.018, 0.035]. That is more than the second collaborative model added to
#   EASE above, and more than text added. What it predicts may only be the
#   next page.
# - **Global time**: popularity, with a half-life of 15 days, has the highest mean, and the model with decay
#   cannot be told apart from it. Few people are left after the date, and half of them are new. A gain of
#   decay cannot be shown here.
#
# So one could write three papers with these models. The first finds recency weighting useless, the second
# praises it, and the third finds that popularity is enough. All three would be correct. A split is a question:
# say which one you ask.
#
# ## Cold-start films
#
# On films that nobody has rated, only content can predict. But must the prediction be *personal*? Until now
# it was: a ridge regression for each person, on the words of the films that this person rated. One could also
# predict from the words **how many people will like a film**, and give everybody the same list. We build
# this baseline, **predicted popularity**.
#
# `Recommender` is the base class of the course's models. Its `fit` stores the matrix of centred ratings in
# `histories_` (1.5 stands for four stars) and the number of ratings of each item in `n_ratings_`. A model
# adds two methods: `_fit`, which learns, and `_score`.

# %% tags=["needs-movielens"]
from sklearn.linear_model import RidgeCV

from mmrec_course.recommenders import Recommender


class PredictedPopularity(Recommender):
    def _fit(self, ratings, blocks):
        rated, rows = self.n_ratings_ > 0, blocks["text"].values  # (n_items, d)
        likes = np.log1p((self.histories_ >= 1.5).sum(axis=0))  # log(1 + likes), (n_items,)
        ridge = RidgeCV(alphas=[0.1, 1.0, 3.0, 10.0, 100.0])  # λ by leave-one-out
        self.predicted_ = ridge.fit(rows[rated], likes[rated]).predict(rows)

    def _score(self, histories, columns):
        return np.tile(self.predicted_[columns], (histories.shape[0], 1))


# %% [markdown]
# The protocol is that of lessons 03 to 11: five splits, each with a fifth of the items held out
# (`cold_start_results`). The row *text* is the personal ridge regression, with its $\lambda$ chosen on the
# validation items.

# %% tags=["needs-movielens", "predict", "slide-cold-start-films"]
from mmrec_course.evaluation import cold_item_split, compare_splits
from mmrec_course.extras.cold_start import cold_start_results


def blocks_of(items):
    return extract_features(films, fit_items=items)


cold_results = cold_start_results(ratings, blocks_of)
cold_results["predicted popularity"] = []
for seed in range(5):
    cold = cold_item_split(ratings, fraction=0.2, rng=seed)
    features = blocks_of(cold.train_valid["item_id"].unique())
    model = PredictedPopularity().fit(cold.train_valid, features)
    cold_results["predicted popularity"].append(evaluate_ndcg(model, cold))
print_table(compare_splits(cold_results, test_share=0.2)[bounds], digits=3)
against = compare_splits(cold_results, test_share=0.2, baseline="predicted popularity")
print("\ntext − predicted popularity:", interval(*against.loc["text", bounds[3:]], 3))

# %% [markdown]
# - **Content helps cold-start films**: both models have more than three times the NDCG of chance, and both
#   differences to chance are above zero.
# - **One list for everybody cannot be told apart from a personal ridge regression.** The interval is wide,
#   for one list is right or wrong for all people at once.
#
# "Cannot be told apart" does not mean that content is impersonal. In exercise 5 each person gets the list
# of *another* person, and you measure how much of the NDCG is lost. But ask for *predicted popularity* when
# somebody shows you a cold-start result.
#
# ## New users
#
# A person has given $n$ ratings, and nothing else is known. **How many ratings does it
# take until a personal list beats popularity?** 189 people, a fifth, are the new users, and 94 others
# serve for validation. Every model is fitted on the 660 people that remain. Of the new people it gets the
# first $n$ ratings. The test is what they liked *after the twentieth* rating, the same for every $n$.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import Split

COUNTS = (0, 1, 5, 10, 20)
people = np.random.default_rng(0).permutation(films.users.index.to_numpy())
is_test = ordered["user_id"].isin(people[:189])
is_valid = ordered["user_id"].isin(people[189:283])
is_new = is_test | is_valid
train = ordered[~is_new]
warm = ordered["item_id"].isin(train["item_id"])


def first_ratings(n):
    return ordered[is_new & (nth < n) & warm]


# %% tags=["needs-movielens"]
def split_after(n):
    later = {"valid": ordered[is_valid & (nth >= 20)], "test": ordered[is_test & (nth >= 20)]}
    candidates = {"candidates": items.index, "valid_candidates": items.index}
    return Split(train=pd.concat([train, first_ratings(n)]), **later, **candidates)


known = {n: split_after(n) for n in COUNTS}

# %% [markdown]
# `partial_fit` folds the first ratings into the final model, which learns nothing else from them. One
# number matters here: **user shrinkage**, $s$. Of a user with $n \ge 1$ ratings, $n^2 / (n^2 + s^2)$ of the
# collaborative score is the user's own, and the rest is the mean user's (lesson 11). The default
# is $s = 3$. We choose $s$ on the validation people. (`cf_weight` 1 and
# `cold_discount` 1 leave the collaborative part alone: *collaborative-only*.)

# %% tags=["needs-movielens"]
from copy import copy

text = extract_features(films, fit_items=train["item_id"].unique())
final = MultimodalRecommender().fit(train, text)
without_text = final.refitted("cf_weight", 1.0).refitted("cold_discount", 1.0)
folded = {n: copy(final).partial_fit(first_ratings(n)) for n in COUNTS}
folded_without = {n: copy(without_text).partial_fit(first_ratings(n)) for n in COUNTS}


# %% tags=["needs-movielens"]
shrinkage_rows = []
for n in COUNTS[1:]:
    for s in (0.0, 3.0, 16.0, 32.0, 64.0):
        results = evaluate_ndcg(folded[n].refitted("user_shrinkage", s), known[n], "valid")
        shrinkage_rows.append({"n": n, "s": s, "ndcg": results["ndcg"].mean()})
shrinkage = pd.DataFrame(shrinkage_rows).pivot_table("ndcg", "s", "n")
shrinkage["mean"] = shrinkage.mean(axis=1)
print_table(shrinkage.reset_index(), digits=3, index=False)
s = shrinkage["mean"].idxmax()

# %% [markdown]
# With one to ten ratings a large $s$ is best, with twenty a small one. The largest mean lies inside the
# grid. Now the test people, and for twenty ratings also $s = 0$. Popularity counts all of the past, as on the
# temporal split:

# %% tags=["needs-movielens", "predict"]
popularity = Popularity().fit(train)
new_user_results = {}
for n in COUNTS:
    rankers = {
        "popularity": popularity,
        "final": folded[n].refitted("user_shrinkage", s),
        "collaborative-only": folded_without[n].refitted("user_shrinkage", s),
    }
    new_user_results[n] = {name: evaluate_ndcg(model, known[n]) for name, model in rankers.items()}
curves = pd.concat([compare(r).assign(n=n) for n, r in new_user_results.items()])
print(f"s = {s:.0f}; {len(new_user_results[0]['popularity'])} people liked a later film")
print_table(curves.pivot_table("mean", "n", "model")[list(rankers)], digits=3)

# %% tags=["needs-movielens"]
pairs = [("final", "popularity"), ("collaborative-only", "popularity")]
for name, baseline in [*pairs, ("final", "collaborative-only")]:
    print(f"{name} − {baseline}")
    for n, results in new_user_results.items():
        print(f"  n = {n:2}:", difference(results, name, baseline))
no_shrinkage = evaluate_ndcg(folded[20].refitted("user_shrinkage", 0.0), known[20])
twenty = new_user_results[20] | {"s = 0": no_shrinkage}
print("final with s = 0 − popularity, n = 20:", difference(twenty, "s = 0", "popularity"))

# %% tags=["needs-movielens", "slide-new-users"]
figure, ax = plt.subplots(figsize=(7, 3.8))
position = np.arange(len(COUNTS))
for color, (name, curve) in zip(PALETTE, curves.groupby("model", sort=False), strict=False):
    ax.plot(position, curve["mean"], "o-", color=color, label=name)
    ax.fill_between(position, curve["low"], curve["high"], color=color, alpha=0.12)
ax.set(xlabel="ratings the new user has given", ylabel="NDCG@10", ylim=(0, None))
ax.set_xticks(position, COUNTS)
ax.set_title("Ten ratings do not beat popularity, twenty draw level")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
alt = "NDCG@10 over the number of ratings: three rising lines, popularity first, then collaborative-only, then the final model, until all meet at twenty"
finish(figure, alt)

# %% [markdown]
# - **No personal list beats popularity**, not even after twenty ratings. Up to ten the final model is
#   behind, and all these intervals lie below zero. With twenty it is level: 0.005 [−0.017, 0.028]. With
#   $s = 0$, the best for twenty on the validation people, it is level, too: −0.020 [−0.061, 0.019].
# - Popularity itself rises, from 0.252 to 0.304, with one list for all $n$. Films that a person has rated
#   are masked, and others take their places.
# - **One rating does harm to a model that believes it**: without shrinkage ($s = 0$, the table of the
#   validation people) NDCG is less than half. But a large $s$ is no remedy, for the mean user's list ($n = 0$)
#   is itself 0.030 behind popularity.
# - **Text does harm to new users**: up to ten ratings the final model is behind *collaborative-only*, and all
#   intervals lie below zero. Words help with cold-start films, not with new users.
#
# [Lesson 10](10_incomplete_data.ipynb) found the opposite on Mosaic: there one rating beats popularity. But
# Mosaic's users are simulated, and their taste decides what they rate from the first track on. Here people
# begin with popular films, which may say little about who rates them.
#
# ## What larger data say
#
# MovieLens is one small data set, poor in content. Multimodal models are usually compared on products of
# Amazon: *Baby*, *Sports*, *Clothing*. We did not run these. A sharp test on them is a **knockout**:
# replace the features by noise, train again, and see what is lost. Our permuted text is a milder knockout.
# It keeps every row and breaks only the match between film and row. Here is what it cost, in percent:

# %% tags=["needs-movielens"]
comparison = compare(film_knockout)
percent = 100 * comparison[bounds[3:]] / comparison.loc["final", "mean"]
for version in ("permuted", "collaborative-only"):
    print(f"{version}, change in %:", interval(*percent.loc[version], 1))

# %% [markdown]
# Permuted text was worse than no text (above). So a knockout can overstate what features add: part of the
# loss is the harm that noise does. Before you believe a line of the table, ask what this page taught you:
# which split, whose tuning, which interval, which control?
#
# | who | what they report | how it was obtained, and what to ask |
# |---|---|---|
# | Ye and others 2025 | all features replaced by noise, change of NDCG@10: Baby −20 %, Clothing −39 %, Sports −20 %. Image noise alone: −0.3 %, −4.5 %, −2.0 % | our means over the 14 models of their appendix, tables 5 and 7; from −65 % (the model LGMRec, Clothing) to +6 % (VBPR, Baby); no intervals |
# | this page | warm films, text permuted: −0.9 % [−3.5, 1.5]; removed: 1.1 % [−1.4, 3.6] | 943 people, five words for each film; last tenth held out, mean of four permutations |
# | [deeper: your own files](deeper/13_your_own_files.ipynb) | warm tracks of Mosaic, all features permuted: −4.8 % [−9.4, −0.4]; removed: −3.4 % [−7.8, 1.2] | simulated users; the same protocol |
# | Zhou and Shen 2023, the model FREEDOM | Baby: NDCG@10 0.0330, Recall@20 0.099 | the authors' table; random split of each user's ratings, one number |
# | item kNN (lesson 07), tuned | Baby: NDCG@10 0.033, Recall@20 0.085 | reported to the authors of this course by a colleague who tuned it on the validation part of the same published split; neither in a paper nor reproduced here |
# | Zhou, H., and others 2025 | against strong baselines, content helps most where ratings are few | which users, which items? |
# | Pomo and others 2025 | unclear whether gains come from content or from a more complex model | the same question as our permuted text |
# | Ferrari Dacrema and others 2019 | of 18 neural recommenders 7 could be reproduced; 6 of these were often behind simple methods | who tuned the baselines? |
#
# The Amazon figures are larger than ours. There users have few ratings (about eight on Baby), features are
# rich, and many models link items with similar features in a graph, so that noise harms the graph as well.
# Any of these may be the reason. Few ratings alone are not enough: our new users had few, and text did harm.
# Content helped here where nobody had rated the *film*.
#
# ## Your turn
#
# Five exercises, from one line to one idea: [exercises](exercises/13_real_people.ipynb), with
# [solutions](solutions/13_real_people.ipynb). They take 25 to 70 minutes.
#
# 1. How many ratings came later?
# 2. Popular on the day you came.
# 3. What a new user rated first.
# 4. One list for everybody, predicted from words.
# 5. Somebody else's taste: is it personal?
#
# Then your own data: [Deeper: your own files](deeper/13_your_own_files.ipynb) reads ratings and features
# of other people's benchmarks, and says what to check before you trust a downloaded file.
#
# ## Recap
#
# - 943 people, 1,682 films, nothing simulated. Most people gave all their ratings within an hour.
# - **Warm films**: text adds nothing that can be shown; permuted text does harm. iALS is behind EASE here, and
#   ahead on Mosaic.
# - **Splits** decide: recency weighting is not chosen on the random split and gains on the temporal one. On the
#   global time split popularity is enough.
# - **Cold-start films**: content is far above chance, but one impersonal list, predicted from the same words,
#   cannot be told apart from a personal ridge regression.
# - **New users**: ten ratings do not beat popularity, twenty draw level. Up to ten, text does harm.
# - **Larger data**: noise as features costs 20 to 39 % on Amazon. On our films permuted text costs nothing that
#   can be shown against the true text, and something against no text.
#
# ## Sources
#
# - Harper and Konstan (2015), *The MovieLens datasets: history and context*, ACM TiiS 5(4).
# - Fan, Ji, Zhang and Sun (2024), *Our model achieves excellent performance on MovieLens: what does it mean?*,
#   ACM TOIS 42(6): how the order of ratings arises.
# - Meng, McCreadie, Macdonald and Ounis (2020), *Exploring data splitting strategies for the evaluation of
#   recommendation models*, RecSys.
# - Ye, Fu, Song, Zheng and Jose (2025), *Are multimodal embeddings truly beneficial for recommendation?*,
#   arXiv 2508.07399, ECIR 2026; the code and the appendix are in the repository MKF4MMRec.
# - Zhou and Shen (2023), *A tale of two graphs: freezing and denoising graph structures for multimodal
#   recommendation*, ACM Multimedia.
# - Zhou, H., Zhang, Sun and Shen (2025), *Does multimodality improve recommender systems as expected?*, arXiv
#   2508.05377.
# - Pomo, Attimonelli, Danese, Narducci and Di Noia (2025), *Do recommender systems really leverage multimodal
#   content?*, CIKM.
# - Ferrari Dacrema, Cremonesi and Jannach (2019), *Are we really making much progress?*, RecSys.
# - Steck (2019), EASE; Hu, Koren and Volinsky (2008), iALS (lesson 07).
