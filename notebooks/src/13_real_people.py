# %% [markdown]
# # 13 · Real people: what content adds where nothing is simulated
#
# **Aim** Take the course's models to 100,000 ratings that people gave to films. See where content
# helps and where it does not, how the split decides which model is best, how many ratings a new user
# must give, and what is known from larger data.<br>
# **Time** {minutes} minutes.<br>
# **Needs** Lessons 06 to 08; 11 helps. The ratings are downloaded once (2 to 5 MB), by the first cell
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
# course, and why this page shows averages but no table of who rated what.
#
# ## Look first
#
# What content is there?

# %% tags=["needs-movielens"]
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

# %% tags=["needs-movielens"]
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
finish(figure, "Ratings of twelve users: over two years on Mosaic, on one day on MovieLens")

# %% tags=["needs-movielens"]
ordered = ratings.sort_values(["user_id", "timestamp", "item_id"])
nth = ordered.groupby("user_id").cumcount()  # 0 for a user's first rating
times = ordered.groupby("user_id")["timestamp"]
span = times.max() - times.min()
print(f"all ratings within an hour: {(span < pd.Timedelta(hours=1)).mean():.0%} of the people")
same_second = ordered.duplicated(["user_id", "timestamp"], keep=False).mean()
print(f"in the same second as another rating: {same_second:.0%} of the ratings")
n_ratings = ordered["item_id"].map(ratings["item_id"].value_counts())
print(f"ratings of a film: {n_ratings[nth < 5].mean():.0f} if it is among somebody's first five,")
print(f"{n_ratings[nth >= 5].mean():.0f} if later; fewest ratings: {times.size().min()}")

# %% [markdown]
# Most people came once, and rated what the site showed them, page by page. So the order of these ratings
# is not the order in which films were *watched*: "what next?" means "which page came next?" And people
# begin with films that nearly everybody rates. Both facts come back below. Fan and others (2024) found
# the same in larger MovieLens data. [Deeper: what the ratings
# record](deeper/13_what_the_ratings_record.ipynb) shows that films rated one after the other are alike.
#
# ## Warm films: does content help?
#
# This is the question of most papers. Each person's last tenth of ratings is held out
# (`temporal_split`), and everything before it is for training. Every baseline gets a small
# `grid_search` on the validation part, as in lesson 07.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import evaluate, grid_search, temporal_split
from mmrec_course.features import extract_features
from mmrec_course.recommenders import EASE, ContentRidge, ImplicitALS, Popularity, Random

split = temporal_split(ratings)
blocks = extract_features(films, fit_items=split.train_valid["item_id"].unique())
half_lives = {"half_life": [None, 30, 15, 7]}
grids = {
    "popularity": (Popularity(), half_lives),
    "content": (ContentRidge(modality="text"), {"reg": [3.0, 10.0, 30.0]}),
    "EASE": (EASE(), {"reg": [200.0, 400.0, 800.0]}),
    "iALS": (ImplicitALS(factors=32, iterations=8), {"alpha": [0.1, 0.3, 1.0]}),
}
tuned = {"chance": Random().fit(split.train_valid)}
for name, (model, grid) in grids.items():
    tuned[name], tried = grid_search(model, grid, split, blocks)
    first = tried.iloc[0].to_dict()
    print(f"{name:10} NDCG@10 {fixed(first.pop('ndcg'), 3)} on the validation part with", first)

# %% [markdown]
# Each chosen value lies inside its grid, so the grids are wide enough (lesson 07). `nan`, no half-life, is a
# natural end of its grid: all of the past counts alike.
#
# Now the final model of lesson 11 in three versions: with the text, without it (*collaborative-only*), and
# with **permuted** text. Permuted means that each film gets the row of another film: the control of
# lesson 08. The final model keeps its default hyperparameters here, while its opponents are tuned. (The
# defaults were chosen on Mosaic and on MovieLens, but nothing is tuned on this split.) Its recency decay is off
# for now, because no other row has one.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import compare
from mmrec_course.recommenders import MultimodalRecommender


def evaluate_ndcg(model, split, part="test"):
    return evaluate(model, split, part=part, metrics=["ndcg"])


def knock_out(split, blocks):
    """Evaluate the final model with features, with permuted features, and without any."""
    permuted = {m: block.shuffle(rng=0) for m, block in blocks.items()}
    versions = {"final": blocks, "permuted": permuted, "collaborative-only": None}
    results = {}
    for name, features in versions.items():
        model = MultimodalRecommender(decay=0.0).fit(split.train_valid, features)
        results[name] = evaluate_ndcg(model, split)
    return results


# %% tags=["needs-movielens"]
film_knockout = knock_out(split, blocks)
warm_results = {name: evaluate_ndcg(model, split) for name, model in tuned.items()}
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(compare(warm_results | film_knockout, baseline="EASE")[bounds], digits=3)


# %% tags=["needs-movielens"]
def print_differences(results, pairs, digits=3):
    for name, baseline in pairs:
        row = compare({n: results[n] for n in (baseline, name)}).loc[name]
        print(f"{name} − {baseline}:", interval(*row[bounds[3:]], digits))


pairs = [("final", "collaborative-only"), ("final", "permuted"), ("collaborative-only", "permuted")]
print_differences(film_knockout, pairs)

# %% [markdown]
# NDCG@10 with 95 % intervals; the differences in the table are to tuned EASE. Read three things:
#
# - **The text adds nothing that can be shown** for people with twenty and more ratings: 0.001
#   [−0.003, 0.006] over *collaborative-only*. Lesson 11 found the same on Mosaic, 0.001 [−0.009, 0.011]. Lesson 08 found a small
#   gain over EASE *alone*. The second collaborative model already brings what content would have.
# - **Permuted text does harm**: 0.006 [0.001, 0.011] is lost against the true text, and 0.005 [0.001, 0.008]
#   against no text at all. The model gives its content part a fixed weight, and noise gets that weight, too. Keep this in mind for the end of the lesson.
# - **Content alone** is above chance and far below popularity.
#
# ## Recency weighting, for everybody
#
# The final model can give recent ratings more weight: **recency weighting** (time decay, lesson 11). A
# preference after which the user rated $a$ other films counts $(1 + a)^{-\gamma}$, and $\gamma$ is `decay`.
# Ratings of the same second share a mean $a$. By hand, for somebody's last six ratings:


# %% tags=["needs-movielens"]
def recency_weights(ratings, gamma):
    rated_later = ratings.groupby("user_id")["timestamp"].rank(ascending=False) - 1
    return (1 + rated_later) ** -gamma


one_user = ordered[ordered["user_id"] == "1"].tail(6)
for gamma in (0.0, 0.5, 1.0):
    print(f"γ = {gamma}:", np.round(recency_weights(one_user, gamma), 2).tolist())

# %% [markdown]
# A model with decay should not be compared with a model without. So both opponents get it, too. Inside the
# final model `als_weight` 0 is EASE alone and 1 is iALS alone, and `refitted` changes one hyperparameter
# of a fitted model. Which $\gamma$ does the validation part choose for each?

# %% tags=["needs-movielens"]
PARTS = {"EASE": 0.0, "iALS": 1.0, "EASE + iALS": 0.65}  # als_weight


def vary(model, part, gamma):
    return model.refitted("als_weight", PARTS[part]).refitted("decay", gamma)


rows = []
fitted = MultimodalRecommender().fit(split.train)
for part in PARTS:
    for gamma in (0.0, 0.25, 0.5, 1.0, 2.0):
        table = evaluate_ndcg(vary(fitted, part, gamma), split, "valid")
        rows.append({"model": part, "gamma": gamma, "ndcg": table["ndcg"].mean()})
validation = pd.DataFrame(rows).pivot_table(index="model", columns="gamma", values="ndcg")
print_table(validation, digits=3)

# %% tags=["needs-movielens"]
fitted = MultimodalRecommender().fit(split.train_valid)
for part, gamma in validation.idxmax(axis=1).items():
    results = {g: evaluate_ndcg(vary(fitted, part, g), split) for g in (0.0, gamma)}
    row = compare(results).loc[gamma]
    gain = interval(*row[bounds[3:]], 3)
    print(f"{part:12} γ = {gamma}: NDCG@10 {fixed(row['mean'], 3)}, gained {gain}")

# %% [markdown]
# All three gain, and all intervals are above zero. With this one line EASE reaches 0.161. Without it, EASE and
# iALS together reach 0.147. So recency weighting matters more here than the choice of model, and far more than
# content. It answers "which page comes next?", for films that are rated one after the other are alike. With
# another question it may be otherwise.
#
# ## Four models, three splits, three papers
#
# Lesson 06 said that models change places between splits. Are real people any different? We take
# popularity (its half-life is chosen on each split's validation part), EASE, EASE with decay, and EASE and
# iALS with decay. $\gamma$ is 0.5 everywhere. The three splits hold out a random tenth of the ratings, each
# person's last tenth, and the last tenth of all ratings.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import global_time_split, random_split


def evaluate_four(split):
    popularity, _ = grid_search(Popularity(), half_lives, split)
    print("half-life in days:", popularity.half_life)
    fitted = MultimodalRecommender().fit(split.train_valid)
    models = {
        "EASE": vary(fitted, "EASE", 0.0),
        "popularity": popularity,
        "EASE, decay": vary(fitted, "EASE", 0.5),
        "EASE + iALS, decay": vary(fitted, "EASE + iALS", 0.5),
    }
    return {name: evaluate_ndcg(model, split) for name, model in models.items()}


# %% tags=["needs-movielens"]
last_tenth = global_time_split(ratings)
splits = {"random": random_split(ratings), "per person": split, "global": last_tenth}
by_split = {name: evaluate_four(s) for name, s in splits.items()}

# %% [markdown]
# Which model would you praise on each split?

# %% tags=["needs-movielens"]
levels, gaps = {}, {}
for name, results in by_split.items():
    table = compare(results)
    levels[name] = [interval(*row, 3) for row in table[bounds[:3]].to_numpy()]
    gaps[name] = [interval(*row, 3) for row in table[bounds[3:]].to_numpy()]
print_table(pd.DataFrame(levels, index=table.index))
print("\ndifference to EASE")
print_table(pd.DataFrame(gaps, index=table.index).drop("EASE"))

# %% tags=["needs-movielens"]
new = ~by_split["global"]["EASE"].index.isin(last_tenth.train_valid["user_id"])
print(f"global: {len(new)} people get a list, {new.sum()} of them are new")
print_differences(by_split["global"], [("EASE + iALS, decay", "popularity")])

# %% [markdown]
# Read down the columns; levels of different columns do not compare.
#
# - **Random**: EASE is first. Decay *costs* 0.076, for there is no "next" in this question: held-out ratings
#   lie in the middle of the others.
# - **Per person**: decay *gains*, and both models that use it are ahead. Popularity is far behind.
# - **Global**: popularity, with a half-life of 15 days, has the highest mean of all, and *EASE + iALS, decay*
#   cannot be told apart from it. Few people are left after the date, half of them are new, and people begin
#   with films that everybody rates. *EASE + iALS, decay* is ahead of EASE, by an interval that begins just
#   above zero. For EASE alone no gain of decay can be shown.
#
# So one could write three papers with these four models. The first warns of recency weighting, the second
# praises it, and the third finds that popularity is enough. All three would be correct. A split is a question:
# say which one you ask.
#
# ## Cold-start films
#
# On films that nobody has rated, content has no rival. Or has it? *Content* means a ridge regression for
# each person: words that this person liked before. One could do it with no personal taste at all: predict
# from the words **how many people will like a film**, and give everybody the same list. This opponent,
# **predicted popularity**, is rarely in the table of a paper. So build it. A recommender needs two methods:

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
# validation items. The final model has its default hyperparameters.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import cold_item_split, compare_splits
from mmrec_course.extras.cold_start import cold_start_results


def blocks_of(items):
    return extract_features(films, fit_items=items)


cold_results = cold_start_results(ratings, blocks_of)
rivals = {"predicted popularity": PredictedPopularity(), "final": MultimodalRecommender()}
for name, model in rivals.items():
    cold_results[name] = []
    for seed in range(5):
        cold = cold_item_split(ratings, fraction=0.2, rng=seed)
        model.fit(cold.train_valid, blocks_of(cold.train_valid["item_id"].unique()))
        cold_results[name].append(evaluate_ndcg(model, cold))
print_table(compare_splits(cold_results, test_share=0.2)[bounds], digits=3)

# %% tags=["needs-movielens"]
levels = pd.DataFrame({n: [t["ndcg"].mean() for t in ts] for n, ts in cold_results.items()})
print_table(levels.rename_axis("split"), digits=3)
against = compare_splits(cold_results, test_share=0.2, baseline="predicted popularity")
for name in ("text", "final"):
    print(f"{name} − predicted popularity:", interval(*against.loc[name, bounds[3:]], 3))

# %% [markdown]
# - **One list for everybody cannot be told apart from a personal ridge regression**: *text* − *predicted
#   popularity* is −0.008 [−0.087, 0.071]. The interval is wide, for one list is right or wrong for all at once: the
#   impersonal list is ahead on two splits, behind on two, and level on one.
# - **Content helps cold-start films**: all three models have three times the NDCG of chance or more, and all
#   differences to chance are above zero.
# - The final model has the highest mean. It cannot be told apart from predicted popularity either. (It
#   contains one: the popularity prior of lesson 11.)
#
# So much of what is learned from genres and years is which *kind* of film is liked by everybody. Ask for this
# row when somebody shows you a cold-start result. Exercise 5 asks in another way: how good is the list of
# another person?
#
# ## New users
#
# The third question: a person has given $k$ ratings, and nothing else is known. **How many ratings does it
# take until a personal list beats popularity?** 189 people, a fifth, are the new users, and 94 others
# serve for validation. Of each of them the models get the first $k$ ratings. They are evaluated on what
# the person liked *after the twentieth* rating, so that the question is the same for every $k$.

# %% tags=["needs-movielens"]
from copy import copy

from mmrec_course.evaluation import Split

COUNTS = (0, 1, 3, 5, 10, 20)
people = np.random.default_rng(0).permutation(films.users.index.to_numpy())
is_test, is_valid = (ordered["user_id"].isin(p) for p in (people[:189], people[189:283]))
is_new = is_test | is_valid


def split_after(k):
    later = {"valid": ordered[is_valid & (nth >= 20)], "test": ordered[is_test & (nth >= 20)]}
    candidates = {"candidates": items.index, "valid_candidates": items.index}
    return Split(train=ordered[~is_new | (nth < k)], **later, **candidates)


known = {k: split_after(k) for k in COUNTS}


# %% [markdown]
# The final model is fitted without the new users. Then `partial_fit` folds in their first ratings.
#
# One number matters here: **user shrinkage**, $s$. Of a user with $n$ ratings, $n^2 / (n^2 + s^2)$ of the
# collaborative score is the user's own, and the rest is the mean user's (lesson 11). We choose $s$ on the
# validation people:

# %% tags=["needs-movielens"]
train = ordered[~is_new]
text = extract_features(films, fit_items=train["item_id"].unique())
start = MultimodalRecommender().fit(train, text)
folded = {k: copy(start).partial_fit(ordered[is_new & (nth < k)]) for k in COUNTS}
rows = []
for k in COUNTS[1:]:
    for s in (0.0, 8.0, 16.0, 32.0, 64.0):
        model = folded[k].refitted("user_shrinkage", s)
        ndcg = evaluate_ndcg(model, known[k], "valid")["ndcg"].mean()
        rows.append({"k": k, "s": s, "ndcg": ndcg})
validation = pd.DataFrame(rows).pivot_table(index="s", columns="k", values="ndcg")
print_table(validation.assign(mean=validation.mean(axis=1)).reset_index(), digits=3, index=False)
s = validation.mean(axis=1).idxmax()

# %% tags=["needs-movielens"]
from sklearn.base import clone

tables = []
for k in COUNTS:
    models = {
        "popularity": Popularity().fit(known[k].train),
        f"final, s = {s:.0f}": folded[k].refitted("user_shrinkage", s),
        "final, no shrinkage": folded[k].refitted("user_shrinkage", 0.0),
        "content": clone(tuned["content"]).fit(known[k].train, text),
    }
    results = {name: evaluate_ndcg(model, known[k]) for name, model in models.items()}
    tables.append(compare(results).assign(k=k))
curves = pd.concat(tables).reset_index()
gaps = [interval(*row, 3) for row in curves[bounds[3:]].to_numpy()]
gaps = curves.assign(gap=gaps).pivot_table("gap", "k", "model", aggfunc="first", sort=False)
print_table(gaps.drop(columns="popularity"))

# %% tags=["needs-movielens"]
figure, ax = plt.subplots(figsize=(7, 3.8))
for color, (name, rows) in zip(PALETTE, curves.groupby("model", sort=False), strict=False):
    position = np.arange(len(rows))
    ax.plot(position, rows["mean"], "o-", color=color, label=name)
    ax.fill_between(position, rows["low"], rows["high"], color=color, alpha=0.12)
ax.set(xlabel="ratings the new user has given", ylabel="NDCG@10", ylim=(0, None))
ax.set_xticks(np.arange(len(COUNTS)), COUNTS)
ax.set_title("Twenty ratings beat popularity, ten do not")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
alt = "NDCG@10 over the number of ratings: popularity and the shrunk final model stay together on top; without shrinkage the model falls by half and catches up at twenty; content is lowest"
finish(figure, alt)

# %% [markdown]
# The table shows differences to popularity.
#
# - **One rating does harm to a model that believes it.** Without shrinkage the final model falls by half after
#   the first rating, and is still behind popularity after ten. It takes one film for the whole person.
# - **With shrinkage it is level with popularity from one to ten ratings**: all these intervals contain zero.
#   After ten ratings only $10^2 / (10^2 + 32^2)$, 9 %, of the
#   collaborative score is the user's own. (Before the first rating,
#   popularity is 0.030 ahead of the mean user's list.)
# - **Twenty ratings are enough**: 0.027 [0.009, 0.046] above popularity. In between we did not look.
# - **Content is furthest behind** at every $k$. Words help with cold-start films, not with new users.
#
# The validation table shows why no single $s$ is perfect: with one to five ratings a large $s$ is best, with
# twenty a small one. The largest mean lies inside the grid.
#
# [Lesson 10](10_incomplete_data.ipynb) found the opposite on Mosaic: there one rating beats popularity. But
# Mosaic's users are simulated, and their taste decides what they rate from the first track on. Here people
# begin with the films that the site shows to everybody. Those films say little about who rates them.
#
# ## What larger data say
#
# MovieLens is one small data set, poor in content. Multimodal models are usually compared on products of
# Amazon: *Baby*, *Sports*, *Clothing*. We did not run these. The sharpest test on them is a **knockout**:
# replace the features by noise, train again, and see what is lost. We did the same above with permuted
# text, so our own numbers can stand beside. Here is Mosaic (simulated users), in the same way:

# %% tags=["needs-movielens"]
mosaic_split = temporal_split(mosaic.ratings)
mosaic_blocks = extract_features(mosaic, fit_items=mosaic_split.train_valid["item_id"].unique())
knockouts = {"films": film_knockout, "Mosaic": knock_out(mosaic_split, mosaic_blocks)}
for name, results in knockouts.items():
    table = compare(results)
    percent = 100 * table[bounds[3:]] / table.loc["final", "mean"]
    for version in ("permuted", "collaborative-only"):
        print(f"{name:7} {version}, change in %:", interval(*percent.loc[version], 1))

# %% [markdown]
# On films the noise costs more than the absence of features: −4.1 % against −1.0 % (the interval of the
# difference was above zero, for this one permutation). So a knockout by noise can overstate what features add:
# part of the loss is the harm that noise does. Before you believe a line, ask what this page taught you: which split, whose tuning, which interval, which control?
#
# | who | what they report | how it was obtained, and what to ask |
# |---|---|---|
# | Ye and others 2025 | all features replaced by noise, change of NDCG@10: Baby −20 %, Clothing −39 %, Sports −20 %. Image noise alone: −0.3 %, −4.5 %, −2.0 % | our means over the 14 models of their appendix, tables 5 and 7; from −65 % (LGMRec, Clothing) to +6 % (VBPR, Baby); no intervals. Pictures beside text hardly matter |
# | this page | warm films, text permuted: −4.1 % [−7.4, −0.7]; removed: −1.0 % [−3.9, 2.1] | 943 people, five words for each film; last tenth held out, one permutation |
# | this page | warm tracks of Mosaic, all features permuted: −4.5 % [−10.0, 0.8]; removed: −3.4 % [−7.8, 1.2] | simulated users; the same protocol |
# | Zhou and Shen 2023, FREEDOM | Baby: NDCG@10 0.0330, Recall@20 0.099 | the authors' table; random split of each user's ratings, one number |
# | ItemKNN, tuned | Baby: NDCG@10 0.033, Recall@20 0.085 | not from a paper, and not a run of this course: treat it as a claim to test. It would be level with FREEDOM on one metric and behind on the other |
# | Zhou, H., and others 2025 | against strong baselines, content helps most where ratings are few | which users, which items? |
# | Pomo and others 2025 | unclear whether gains come from content or from a more complex model | the same question as our permuted text |
# | Ferrari Dacrema and others 2019 | of 18 neural recommenders 7 could be reproduced; 6 of these were often behind simple methods | who tuned the baselines? |
#
# The Amazon figures are larger than ours. Their users have few ratings (about eight on Baby), their features are
# rich, and many of these models draw their item graph from the features, so noise harms the graph. There is no
# contradiction: content helps where there is little else. Where people have left many ratings, it takes tuned
# baselines and a control to see whether it helps at all.
#
# ## Your turn
#
# Five exercises, from one line to one idea: [exercises](exercises/13_real_people.ipynb), with
# [solutions](solutions/13_real_people.ipynb).
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
# - 943 people, 1,682 films, nothing simulated. Most people came once and rated page by page.
# - **Warm films**: text adds nothing that can be shown. Recency weighting does, for every collaborative model.
# - **Splits** decide: decay costs on the random split and gains on the per-person one; on the global one
#   popularity is enough.
# - **Cold-start films**: content is far above chance, but one impersonal list, predicted from the same words,
#   cannot be told apart from a personal ridge regression.
# - **New users**: ten ratings do not beat popularity, twenty do. A model without shrinkage takes one film for
#   the whole person.
# - **Larger data**: knockouts by noise cost 20 to 39 % on Amazon, about 4 % here; noise costs more than
#   absence.
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
