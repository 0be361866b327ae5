# %% [markdown]
# # 13 · Real people: what content adds where nothing is simulated
#
# **Aim** Take the course's models to 100,000 ratings that people gave to films. See where content
# helps, where it does not, what a split can make of a model, and what is known from larger data.<br>
# **Time** 60 minutes, exercises 30 more.<br>
# **Needs** Lessons 06 to 08. The ratings are downloaded once (2 to 5 MB): by the first cell, or
# beforehand with `make movielens`. Where they cannot be had, all but the last part of this lesson
# has to wait.

# %% tags=["needs-movielens"]
from mmrec_course.datasets import load_movielens

films = load_movielens("100k")
ratings, items = films.ratings, films.items
print(f"\n{len(ratings):,} ratings by {len(films.users)} people of {len(items):,} films")

# %% [markdown]
# Since lesson 00 every result on listeners came with the words "are simulated". From here on nobody
# is: these are visitors of the site MovieLens, in 1997 and 1998. Read the licence above. It is why
# the ratings are not part of this course, and why you see a few titles and many averages on this
# page, but no table of who rated what.
#
# ## Look first
#
# What is there of content?

# %% tags=["needs-movielens"]
from mmrec_course.display import print_table

print_table(items.loc[["1", "50", "181"], ["title", "year", "genres"]])
words = items["text"].str.split().str.len()
print(
    f"\n{films.modalities} of {items['text'].notna().sum():,} films; median {words.median():.0f} words"
)
print("the text of film 1:", items.loc["1", "text"])

# %% [markdown]
# A title, a year, some genres: five words, where Mosaic's descriptions had 40 to 90, and neither
# pictures nor sounds. Content is *poor* here. Keep that in mind when it loses.
#
# Next, the long tail of lesson 01. What share of the ratings does the first fifth of the films have?

# %% tags=["needs-movielens"]
from mmrec_course.plotting import PALETTE, finish, plot_long_tail, use_style

use_style()
counts = ratings["item_id"].value_counts()
share = counts.head(len(items) // 5).sum() / len(ratings)
print("the five most rated:", ", ".join(items.loc[counts.index[:5], "title"]))
print(f"five ratings or fewer: {(counts <= 5).sum()} films")
ax = plot_long_tail(counts, title=f"A fifth of the films has {share:.0%} of the ratings")
finish(
    ax, alt="Ratings of each film, most rated first: a steep head and a tail of films rated once"
)

# %% [markdown]
# And time? In the figure each line is a person, each dot a rating. On the left are twelve of Mosaic's
# made-up listeners, on the right twelve people. Do you see why "what next?" may be another question
# on the right?

# %% tags=["needs-movielens"]
import matplotlib.pyplot as plt

from mmrec_course.datasets import load_mosaic

figure, axes = plt.subplots(1, 2, figsize=(9, 3.4))
both = {"Mosaic": load_mosaic().ratings, "MovieLens": ratings}
for ax, (name, table) in zip(axes, both.items(), strict=True):
    people = table["user_id"].drop_duplicates().sample(12, random_state=1).tolist()
    rows = table[table["user_id"].isin(people)]
    ax.plot(rows["timestamp"], rows["user_id"].map(people.index), "o", markersize=4, alpha=0.4)
    ax.set(title=name, yticks=[], ylabel="one line a person")
    ax.tick_params(axis="x", rotation=30)
alt = "Twelve people each: Mosaic's ratings spread over two years, most of MovieLens' in one spot"
finish(figure, alt)

# %% tags=["needs-movielens"]
import pandas as pd

times = ratings.groupby("user_id")["timestamp"]
span = times.max() - times.min()
print(f"all within an hour: {(span < pd.Timedelta(hours=1)).mean():.0%} of the people;", end=" ")
print(f"within a day: {(span < pd.Timedelta(days=1)).mean():.0%}")
same_second = ratings.duplicated(["user_id", "timestamp"], keep=False).mean()
print(f"in the same second as another by the same person: {same_second:.0%} of the ratings")

# %% [markdown]
# Most people came once, and rated what the site showed them, page by page. So these are not films as
# they were *watched*; "what next?" means "which page came next?". If that is so, neighbours in time
# should be alike, and the first films that people rate should be the well-known ones. Is it so? Take
# the share of pairs of films, one rated right after the other, that have a genre in common. Then
# the same after shuffling each person's ratings. (Those of one second stand in the order of their ids; an
# order drawn at random, tried once, hardly changes the answers.)

# %% tags=["needs-movielens"]
genres = items["genres"].str.get_dummies("|")
ordered = ratings.sort_values(["user_id", "timestamp", "item_id"], kind="stable")
mixed = ordered.sample(frac=1, random_state=0).sort_values("user_id", kind="stable")


def alike(table):
    g, who = genres.loc[table["item_id"]].to_numpy(), table["user_id"].to_numpy()
    pair = who[1:] == who[:-1]
    common = pd.Series((g[1:] & g[:-1]).any(axis=1)[pair], who[1:][pair])
    return common.groupby(level=0).mean().to_frame("alike")


# %% tags=["needs-movielens"]
from mmrec_course.display import interval
from mmrec_course.evaluation import compare

bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
table = compare({"shuffled": alike(mixed), "as rated": alike(ordered)}, "alike")
for name, row in table.iterrows():
    print(f"{name:10}", interval(*row[bounds[:3]]))
print("difference", interval(*table.loc["as rated", bounds[3:]]))
early = ordered.groupby("user_id").cumcount() < 5
n = ordered["item_id"].map(counts)
print(
    f"\na film among somebody's first five has {n[early].mean():.0f} ratings, on average;", end=" "
)
print(f"a later one {n[~early].mean():.0f}")

# %% [markdown]
# Both hold: neighbours in time are more alike than chance, and people begin with films that
# everybody rates. Others have found the same in larger MovieLens data (Fan and others 2024): they
# record how people use *MovieLens*. Every number below is about such visits.
#
# ## Films that have ratings
#
# The question of most papers: each person's last tenth is hidden (`temporal_split`), everything else
# is known. Does content help?

# %% tags=["needs-movielens"]
from dataclasses import replace

from mmrec_course.evaluation import temporal_split
from mmrec_course.features import LatentSemanticAnalysis, extract_features

split = temporal_split(ratings)
print_table(split.describe()[["n_ratings", "n_candidates", "n_ranked", "n_skipped"]])


def describe_films(known):
    text = extract_features(films, fit_items=known)["text"]
    lsa = {"text": LatentSemanticAnalysis()}
    topics = extract_features(films, fit_items=known, extractors=lsa)["text"]
    return {"text": text, "topics": replace(topics, modality="topics")}


blocks = describe_films(split.train_valid["item_id"])
print({name: block.values.shape for name, block in blocks.items()})

# %% [markdown]
# `text` is TF-IDF, `topics` are its latent semantic directions (lesson 04). Every opponent gets its
# `grid_search` on the validation part, as in lesson 07. The grids are small, to save your time, but each
# goes on beyond its best value. (Surprise's SVD comes with biases; without them it ranked better in
# lesson 07, so both are tried. Twice or four times the factors cost time and bring 0.006 on the
# validation part: not enough to change its place.)

# %% tags=["needs-movielens"]
from surprise import SVD

from mmrec_course.evaluation import grid_search
from mmrec_course.extras.surprise_models import SurpriseRecommender
from mmrec_course.recommenders import EASE, ContentKNN, ContentRidge, ImplicitALS, Popularity

near = {"modality": ["text", "topics"], "n_neighbors": [5, 10, 30]}
svd = [SVD(n_factors=100, biased=biased, random_state=0) for biased in (True, False)]
grids = {
    "popularity": (Popularity(), {"half_life": [None, 90, 30]}),
    "neighbours": (ContentKNN(modality="text"), near),
    "ridge": (ContentRidge(modality="text"), {"reg": [3.0, 10.0, 30.0]}),
    "SVD": (SurpriseRecommender(SVD()), {"algo": svd}),
    "EASE": (EASE(), {"reg": [200.0, 400.0, 800.0]}),
    "iALS": (ImplicitALS(factors=32, reg=10.0, iterations=8), {"alpha": [0.1, 0.3, 1.0]}),
}
tuned, found = {}, {}
for name, (model, grid) in grids.items():
    tuned[name], found[name] = grid_search(model, grid, split, blocks)

# %% [markdown]
# What was chosen (`nan`: no half-life, all of the past counts alike), and how good was it on the
# validation part? Two of the six look at content alone (neighbours, ridge). Where do you expect them?

# %% tags=["needs-movielens"]
from mmrec_course.display import fixed

for name, tried in found.items():
    setting = tried.iloc[0].drop("ndcg").to_dict()
    if name == "SVD":
        setting = {"biased": setting["algo"].biased}
    print(f"{name:10} {fixed(tried['ndcg'].iloc[0], 3)}", setting)

# %% [markdown]
# Now the final model of lesson 11. `MultimodalRecommenderCV` chooses its hyperparameters by
# cross-validation on `split.train_valid`: once with the text, and once without, so that the difference is
# what the text brings. What does it choose?

# %% tags=["needs-movielens"]
from mmrec_course.recommenders import MultimodalRecommender, MultimodalRecommenderCV

text = {"text": blocks["text"]}
final = MultimodalRecommenderCV().fit(split.train_valid, text)
no_text = MultimodalRecommenderCV().fit(split.train_valid)
chosen = {"final": final.best_params_, "final, no text": no_text.best_params_}
print(pd.DataFrame(chosen).to_string(float_format="{:.3g}".format, na_rep="–"))

# %% [markdown]
# The collaborative part looks much the same with text and without: three quarters iALS, one quarter EASE
# (`als_weight`), and a strong recency decay (more on it below). `cf_weight` leaves about a sixth of the
# score of a warm film to its content. (`ease__side_weight` says how much the features count inside EASE;
# without features it does nothing.)
#
# Then all of them, on the test part:

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import evaluate
from mmrec_course.recommenders import Random

models = {
    "chance": Random().fit(split.train_valid),
    **tuned,
    "final, no text": no_text,
    "final": final,
}
results = {name: evaluate(model, split, metrics=["ndcg"]) for name, model in models.items()}
table = compare(results, baseline="EASE")
print_table(table[[*bounds, "p_holm"]], digits=3)

# %% tags=["needs-movielens"]
from mmrec_course.plotting import plot_comparison

title, chance = "Content alone ranks below plain popularity", table.loc["chance", "mean"]
ax = plot_comparison(table, title=title, chance=chance)
alt = "NDCG@10 of nine models: the final model with and without text lead, then EASE and iALS, popularity and SVD; neighbours and ridge, which know only the text, are near chance"
finish(ax, alt)
last = compare({name: results[name] for name in ("final, no text", "final")}).iloc[1]
print("final, with − without text:", interval(*last[bounds[3:]], 3))
for name in ("SVD", "ridge"):
    row = compare({one: results[one] for one in ("popularity", name)}).iloc[1]
    print(f"{name} − popularity:", interval(*row[bounds[3:]], 3))

# %% [markdown]
# NDCG@10 with 95 % intervals; differences in the table are to tuned EASE. Four things to read:
#
# - **The text does not help people who have a history.** With it the mean is even a little lower, and the
#   interval of the difference contains zero: a gain of more than 0.002 is not to be expected. To what a
#   history says about a person (nobody here gave fewer than twenty ratings), five words for each film add
#   nothing.
# - **Content alone** (ridge, neighbours) is above chance, and far below popularity.
# - **SVD**, tuned, is below popularity too. On Mosaic it was among the best. A made-up world teaches
#   what methods do. It does not teach their order.
# - **The final model** is ahead of EASE. Not because of its text, as we know. What then?
#
# ## What the lead is made of
#
# Two things in its collaborative part are not in EASE. It takes every rating for a choice, a small one if
# the film was not liked (two stars count *against* a film in EASE; the **implicit preference** of 1 … 5
# stars is a number between 0 and 1, for the film was chosen, after all). And what a person rated long ago
# counts less, a **recency decay**: with $a$ ratings since, a preference counts $(1 + a)^{-d}$.
#
# By hand, on top of EASE. How many ratings came later is a rank; ratings of one second share one:

# %% tags=["needs-movielens"]
import numpy as np

from mmrec_course.recommenders.collaborative import implicit_preference

stars = np.arange(1, 6)
print("preference of 1 to 5 stars:", np.round(implicit_preference(stars - 2.5), 2))
age = ordered.groupby("user_id")["timestamp"].rank(ascending=False) - 1
print("a of somebody's last six ratings:", age.groupby(ordered["user_id"]).tail(6).head(6).tolist())

# %% tags=["needs-movielens"]
from scipy.sparse import csr_array


class DecayedEASE(EASE):
    def __init__(self, *, reg=100.0, decay=0.0):
        super().__init__(reg=reg)
        self.decay = decay

    def _fit(self, ratings, blocks):
        row = pd.Index(self.user_ids_).get_indexer(ratings["user_id"])
        column = pd.Index(self.item_ids_).get_indexer(ratings["item_id"])
        p = implicit_preference(ratings["rating"] - 2.5)
        age = ratings.groupby("user_id")["timestamp"].rank(ascending=False) - 1
        shape = self.histories_.shape
        self.fit_matrix(csr_array((p, (row, column)), shape))  # B from all preferences alike
        self.histories_ = csr_array((p * (1 + age) ** -self.decay, (row, column)), shape)  # scored


# %% [markdown]
# The class learns $B$ without decay; only the histories that are scored, $x_u$ in $x_u^\top B$, have it.
#
# Three steps from EASE to the final model, each tuned on the validation part. Which one makes the
# difference?

# %% tags=["needs-movielens"]
steps = {"EASE": results["EASE"]}
regs = {"reg": [12.5, 25.0, 50.0, 100.0, 200.0, 400.0]}
implicit, tried = grid_search(DecayedEASE(), regs, split)
decays = {"decay": [0.25, 0.5, 1.0]}
decayed, tried = grid_search(DecayedEASE(reg=implicit.reg), decays, split)
print("λ:", implicit.reg, " d:", decayed.decay)
for name, model in {"every choice": implicit, "and decay": decayed}.items():
    steps[name] = evaluate(model, split, metrics=["ndcg"])
steps["final, no text"] = results["final, no text"]
for one, two in zip(list(steps), list(steps)[1:], strict=False):
    row = compare({name: steps[name] for name in (one, two)}).iloc[1]
    print(f"{two:14} {fixed(row['mean'], 3)}, gained", interval(*row[bounds[3:]], 3))

# %% [markdown]
# Above all the decay: one line of NumPy, and more than half of the lead. Counting every choice alone
# cannot be told from nothing, for its interval contains zero. (The last step is the rest: iALS beside
# EASE, and shrinkage.) Recency decay answers "which page comes next?", for neighbours in time are alike.
# Useful, if that is your question. With another question it may be otherwise.
#
# ## The same models, another split
#
# Lesson 06 said that models change places between splits. Are people any different? Three splits, each
# model tuned for each of them. *EASE* is now the one that counts every choice; *EASE, decay* has its
# $\lambda$, and on every split the $d = 0.5$ chosen above; the final model goes without the text, which
# brought nothing, and `MultimodalRecommenderCV` tunes it on each training part.

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import global_time_split, random_split


def on_split(s):
    models = {"popularity": grid_search(*grids["popularity"], s)[0]}
    models["EASE"] = grid_search(DecayedEASE(), regs, s)[0]
    models["EASE, decay"] = DecayedEASE(reg=models["EASE"].reg, decay=0.5).fit(s.train_valid)
    models["final"] = MultimodalRecommenderCV().fit(s.train_valid)
    return {name: evaluate(model, s, metrics=["ndcg"]) for name, model in models.items()}


splits = {"random": random_split(ratings), "global": global_time_split(ratings)}
per_person = {"popularity": results["popularity"], "EASE": steps["every choice"]}
per_person |= {"EASE, decay": steps["and decay"], "final": results["final, no text"]}
by_split = {"per person": per_person} | {name: on_split(s) for name, s in splits.items()}

# %% tags=["needs-movielens"]
shown, gaps = {}, {}
for name, tables in by_split.items():
    table = compare(tables, baseline="EASE")
    shown[name] = [interval(*row[bounds[:3]], 3) for _, row in table.iterrows()]
    gaps[name] = [interval(*row[bounds[3:]], 3) for _, row in table.iterrows()]
order = ["random", "per person", "global"]
print_table(pd.DataFrame(shown, index=list(tables))[order])
print("\ndifference to EASE")
print_table(pd.DataFrame(gaps, index=list(tables)).drop("EASE")[order])
asked = by_split["global"]["EASE"].index
new = ~asked.isin(splits["global"].train_valid["user_id"])
print(f"\nglobal: {len(asked)} people judged, {new.sum()} of them new")
row = compare({name: by_split["global"][name] for name in ("popularity", "final")}).iloc[1]
print("global, final − popularity:", interval(*row[bounds[3:]]))

# %% [markdown]
# Read down the columns; levels of different columns do not compare.
#
# - **Random**: EASE is first. Decay *costs*, and the final model is clearly **behind** EASE. It is tuned for
#   "what next?" (inside `fit` each person's last tenth is held out), and was then asked to fill gaps in
#   the middle.
# - **Per person**: decay *gains*, and both models that use it are ahead. Popularity is far behind.
# - **Global**: decay gains once more, and the final model is ahead of EASE, by an interval that begins at
#   about zero. But popularity is as high as any: few people are left after the date, half of them are new,
#   and people begin with films that everybody rates. (With so few, its intervals, against EASE and against
#   the final model, are wide and contain zero.)
#
# So one could write three papers with these four models, praise recency decay in two of them and warn of
# it in the third, and all would be correct. A split is a question; say which one you ask.

# %% [markdown]
# ## Films that nobody has rated
#
# Here content has no rival. Divide the films at random into four **folds**. Each fold in turn is the cold-start
# test; the next one serves as validation, to choose settings with:

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import Split

fold = pd.Series(np.random.default_rng(0).permutation(len(items)) % 4, items.index)


def cold_fold(j):
    of = ratings["item_id"].map(fold)
    new, next_one = of == j, of == (j + 1) % 4
    ids = [fold.index[fold == k] for k in (j, (j + 1) % 4)]
    parts = {"train": ratings[~new & ~next_one], "valid": ratings[next_one], "test": ratings[new]}
    return Split(**parts, candidates=ids[0], valid_candidates=ids[1])


# %% [markdown]
# First something small, by hand: what does one person think of *genres*? Ridge regression as in lesson
# 08, on eighteen columns that one can read. Each film's row of genres is centred and scaled to length
# 1; $x$ is how much the person liked each film. $w = (F^\top F + \lambda I)^{-1} F^\top x$, one
# number a genre:

# %% tags=["needs-movielens"]
from mmrec_course.features import FeatureBlock

known, new = cold_fold(0).train_valid, cold_fold(0).candidates
G = genres.to_numpy(dtype=float)
learn, has = items.index.isin(known["item_id"]), G.any(axis=1)
learn &= has
F = (G - G[learn].mean(axis=0)) * has[:, None]
F /= np.maximum(np.linalg.norm(F, axis=1, keepdims=True), 1e-12)
person = known["user_id"].value_counts()[lambda n: n == 100].index.min()
mine = known[known["user_id"] == person].set_index("item_id")["rating"]
x = (mine - 2.5).reindex(items.index, fill_value=0.0).to_numpy()
w = np.linalg.solve(F[learn].T @ F[learn] + 10 * np.eye(18), F[learn].T @ x[learn])
by_hand = F[items.index.get_indexer(new)] @ w

names = {"item_ids": items.index.to_numpy(), "names": tuple(genres), "modality": "genre"}
block = FeatureBlock(values=G, present=has, **names)
package = ContentRidge(modality="genre", reg=10.0).fit(known, {"genre": block})
print("equal:", np.allclose(package.score([person], new)[0], by_hand))

# %% tags=["needs-movielens"]
taste = pd.Series(w, genres.columns).sort_values()
figure, ax = plt.subplots(figsize=(6, 4))
ax.barh(taste.index, taste)
ax.set(
    xlabel="weight w", title=f"One person's taste: more {taste.index[-1]}, less {taste.index[0]}"
)
finish(figure, "Bars, one a genre: the weights of one person's ridge regression, largest on top")
best = new[np.argsort(-by_hand, kind="stable")[:5]]
print("first among the new films:", "; ".join(items.loc[best, "title"]))

# %% [markdown]
# A profile one can read, from a hundred ratings, and a list from it. But is it *personal* taste
# that ranks new films well? One could do it with no taste at all: predict from the words, the year and the
# genres **how many people will like a film**, and give everybody the same list. This opponent, *predicted
# popularity*, is rarely in the table, so build it. A recommender needs two methods:

# %% tags=["needs-movielens"]
from sklearn.linear_model import Ridge

from mmrec_course.recommenders import Recommender


class PredictedPopularity(Recommender):
    def __init__(self, *, reg=3.0):
        self.reg = reg

    def _fit(self, ratings, blocks):
        rated, values = self.n_ratings_ > 0, blocks["text"].values
        likes = np.log1p((self.histories_ >= 1.5).sum(axis=0))
        self.predicted_ = Ridge(alpha=self.reg).fit(values[rated], likes[rated]).predict(values)

    def _score(self, histories, columns):
        return np.tile(self.predicted_[columns], (histories.shape[0], 1))


# %% [markdown]
# Now all four folds, every simple content model tuned on the next fold, with a grid that goes on beyond
# its best value. The final model has its default hyperparameters. EASE is there to show what knows nothing
# of new films.

# %% tags=["needs-movielens"]
cold = {
    "predicted popularity": (PredictedPopularity(), {"reg": [0.1, 1.0, 10.0, 100.0]}),
    "neighbours": (ContentKNN(modality="topics"), {"n_neighbors": [5, 10, 30, 100]}),
    "ridge": (ContentRidge(modality="text"), {"reg": [3.0, 10.0, 30.0, 100.0]}),
}


def on_fold(j):
    s = cold_fold(j)
    described = describe_films(s.train_valid["item_id"])
    fitted = {"chance": Random(rng=j).fit(s.train_valid, described)}
    fitted["EASE"] = EASE(reg=400.0).fit(s.train_valid, described)
    fitted |= {
        name: grid_search(model, grid, s, described)[0] for name, (model, grid) in cold.items()
    }
    fitted["final"] = MultimodalRecommender().fit(s.train_valid, {"text": described["text"]})
    return {name: evaluate(model, s, metrics=["ndcg"]) for name, model in fitted.items()}


# %% tags=["needs-movielens"]
folds = [on_fold(j) for j in range(4)]
fresh = {name: [tables[name] for tables in folds] for name in folds[0]}

# %% [markdown]
# Which films are new is a matter of luck, so each fold counts as one observation (`compare_splits`; no
# two folds share a film, hence `test_share=0`):

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import compare_splits

print_table(compare_splits(fresh, test_share=0)[bounds], digits=3)
print("\nthe same pair by pair")
level = pd.DataFrame({name: [t["ndcg"].mean() for t in fresh[name]] for name in fresh})
pairs = [(name, "final") for name in cold] + [("predicted popularity", "ridge")]
for one, two in pairs:
    row = compare_splits({name: fresh[name] for name in (one, two)}, test_share=0).iloc[1]
    ahead = f" ahead in {(level[two] > level[one]).sum()} of 4"
    print(f"{two:5} − {one:20}", interval(*row[bounds[3:]], 3), ahead)

# %% [markdown]
# - **Content helps new films, and a lot**: ridge, neighbours and the final model have about three times
#   the NDCG of chance, and the intervals of all three differences to chance are above zero. For these
#   films EASE has nothing to go by. (Its folds differ so much because its list, those with the lowest
#   ids, is well-known films in one fold and not in another.)
# - The final model is ahead of *ridge* and *neighbours* on every fold. The intervals begin just above
#   zero and at about zero: a small lead, from four folds only.
# - **How much of it is personal taste?** The impersonal list, *predicted popularity*, has on average most
#   of the lead over chance that a ridge regression for each person has. Four folds tell it neither from
#   *ridge* or *final* nor, quite, from chance (all three intervals contain zero). So much of what one
#   learns from genres and years may be which *kind* of film is liked by everybody. Ask for this row when
#   somebody shows you a cold-start result. (Exercise 5 asks in another way: how good is the list of
#   somebody else?)
#
# ## New users
#
# The third question: a person has told us nothing yet, or about one film, three, five. 189 people (a
# fifth) are **cold-start users**, and 94 others serve as validation. From each of them the models get the
# first $k$ ratings, and are asked for what that person liked *after the fifth*, so that the question is
# the same for every $k$.

# %% tags=["needs-movielens"]
ids = np.random.default_rng(0).permutation(films.users.index.to_numpy())
new_users, valid_users = ids[:189], ids[189:283]
nth = ordered.groupby("user_id").cumcount()
is_new, is_valid = (ordered["user_id"].isin(group) for group in (new_users, valid_users))


def after(k):
    told = ordered[~(is_new | is_valid) | (nth < k)]
    later = {"valid": ordered[is_valid & (nth >= 5)], "test": ordered[is_new & (nth >= 5)]}
    return Split(train=told, **later, candidates=items.index, valid_candidates=items.index)


# %% [markdown]
# EASE's score is $x^\top B$. With $k = 1$ only one row of $B$ is left in it: the neighbours of that one
# film. What else do we know of a new user? That they are a person. So let everybody start as an
# average one: with $\bar x$ the mean of all histories, the score is
#
# $$(x + h\, \bar x)^\top B$$
#
# In words: what you said, plus $h$ average people, who are outvoted once you have said enough. Statisticians
# call $h$ a *pseudo-count*, and the effect **shrinkage** to the mean; $\lambda$ does it to a track's mean
# in lesson 07. One line; and the validation people, after three ratings each, say how large $h$ should be:


# %% tags=["needs-movielens"]
class PlusAverage(EASE):
    def __init__(self, *, reg=400.0, h=0.0):
        super().__init__(reg=reg)
        self.h = h

    def _score(self, histories, columns):
        average = (self.mean_history_ @ self.weights_)[columns]
        return super()._score(histories, columns) + self.h * average


plus_average, tried = grid_search(PlusAverage(), {"h": [0.1, 1.0, 10.0, 100.0, 1000.0]}, after(3))
print_table(tried[["h", "ndcg"]], digits={"h": 1, "ndcg": 3}, index=False)
top = plus_average.recommend(new_users, k=10, exclude_seen=False)["item_id"]
print(f"\nh = {plus_average.h:g}: {top.nunique()} different films in {len(new_users)} lists of ten")

# %% [markdown]
# From 10 on it hardly matters how large $h$ is: the average outvotes everybody, and nearly all get the
# same list. That is a finding, and not what one hopes for.
#
# The final model starts everybody as an average person, too. With $n$ ratings given, a person's own
# collaborative scores count $n^2 / (n^2 + s^2)$ and the average person's the rest. So $s$,
# `user_shrinkage`, is the number of ratings after which both count half. `MultimodalRecommenderCV`
# chooses it by simulated cold starts, among other things: it leaves up to a fifth of its training users
# out of a fit and folds in their first one, three and five ratings. (The last tenth of everybody else's
# ratings has a say as well, so that $s$ does not serve new users alone.) We fit it without our new
# users; then `partial_fit` folds in what they say. Beside it stands the same model with $s = 0$, no
# shrinkage.
#
# How many ratings does it take until knowing a person is worth more than popularity, which knows nobody?

# %% tags=["needs-movielens"]
from copy import copy

from sklearn.base import clone

text = extract_features(films, fit_items=after(0).train_valid["item_id"])
ridge, tried = grid_search(*grids["ridge"], after(3), text)
searched = MultimodalRecommenderCV().fit(after(0).train_valid, text)
final = MultimodalRecommender().set_params(**searched.best_params_)
final.fit(after(0).train_valid, text)
tried = searched.cv_results_.set_index("parameter").loc["user_shrinkage"]
columns = ["value", "ndcg", "within_one_error"]
print_table(tried[columns], digits={"value": 0, "ndcg": 3}, index=False)
fewest = ratings["user_id"].value_counts().min()
print(f"s = {final.user_shrinkage:g}; in these data nobody gave under {fewest} ratings")

# %% tags=["needs-movielens"]
first, asked = {}, after(5)
for k in (0, 1, 3, 5):
    seen = after(k).train_valid
    models = {"popularity": Popularity().fit(seen), "ridge": clone(ridge).fit(seen, text)}
    models["EASE + average"] = clone(plus_average).fit(seen)
    models["EASE"] = copy(models["EASE + average"]).set_params(h=0.0)
    models["final"] = copy(final).partial_fit(ordered[is_new & (nth < k)])
    models["final, s = 0"] = models["final"].refitted("user_shrinkage", 0.0)
    first[k] = {name: evaluate(m, asked, metrics=["ndcg"]) for name, m in models.items()}

# %% tags=["needs-movielens"]
figure, ax = plt.subplots(figsize=(7, 4))
gaps, told = {}, list(first)
for color, name in zip(PALETTE, models, strict=False):
    rows = pd.DataFrame({k: compare(first[k]).loc[name] for k in told})
    gaps[name] = [interval(*rows.loc[bounds[3:], k], 3) for k in told]
    low, mean, high = rows.loc[["low", "mean", "high"]].to_numpy(float)
    ax.plot(told, mean, "o-", color=color, label=name)
    ax.fill_between(told, low, high, color=color, alpha=0.12)
ax.set(xlabel="ratings the new user has given", ylabel="NDCG@10", xticks=told, ylim=(0, None))
ax.set_title("One rating misleads whoever takes it for the person")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
alt = "NDCG@10 over 0, 1, 3 and 5 ratings: popularity, EASE plus average and the final model stay close together on top; EASE, and the final model with s = 0, fall by half after one rating and climb slowly; ridge falls lowest and stays there"
finish(figure, alt)
print_table(pd.DataFrame(gaps, index=[f"k = {k}" for k in told]).T.drop("popularity"))

# %% [markdown]
# (The last table has the differences to popularity.) Perhaps the largest surprise of the page:
#
# - **One rating does harm, to a model that believes it.** EASE is as good as popularity *before* a
#   new user says anything: it then lists what suits the average person. After one rating it takes one
#   film for the whole person. After five it is still far behind popularity.
# - **Up to five ratings, no list is better than an impersonal one.** *EASE + average* is ahead of
#   popularity from the first rating on, by little, with all three intervals above zero. But we saw how:
#   it gives nearly everybody the same ten films. The first five that people rate are mostly films that
#   everybody rates, and say little about who rates them. (In Mosaic, which is simulated, the first
#   choices told much more: lesson 10.)
# - **The final model** is a little behind popularity before the first rating, and cannot be told from it
#   after one and three, for with $s = 8$ a person's own scores count 2 % after one rating and 12 % after
#   three. After five it is 28 %, and the mean is below popularity; the interval reaches zero. After twenty
#   ratings it is 86 %. Without shrinkage, $s = 0$, the model falls as EASE does: it learns from people with
#   twenty ratings and more (others were left out when this data set was made), and nothing in long
#   histories says how little a single rating tells. Hence the simulated cold starts.
#
# And content (the row *ridge*) is furthest behind at every $k$. Words help with films that are new, not
# with users who are.
#
# ## What larger data say
#
# MovieLens is one small data set, poor in content. Pictures and texts together are usually judged on
# products of Amazon (*Baby*, *Sports*, *Clothing*) and on videos (*MicroLens*). We did not run these;
# here is what others report, and what others say about such reports. Before you believe a line, ask
# what this page taught you to ask: which split, whose tuning, which interval, which placebo?
#
# | who | what they report | what to ask, or to note |
# |---|---|---|
# | He and McAuley 2016, VBPR | features of product pictures inside a factorisation; AUC 0.78 on Tradesy, 0.76 on its cold items | AUC looks at all ranks, not at the first ten (lesson 06) |
# | Zhou, X., and others 2023, BM3 | better than earlier multimodal models on three Amazon sets, and 2 to 9 times as fast to train | with which interval? |
# | Zhou and Shen 2023, FREEDOM | a graph of similar items, fixed *before* training, is on average 19 % better than LATTICE, which learns it; NDCG@20 0.042 on Baby, 0.048 on Sports, 0.042 on Clothing | the less it learned, the better |
# | Guo and others 2024, LGMRec | better still on the same three | which split: which column of our table? |
# | Raj and Saha 2025, table 3 | Recall@20 on Baby: LightGCN, which sees no content, 0.070; VBPR 0.049; BM3 0.080 | a good graph without pictures is above a simple model with them |
# | Ferrari Dacrema and others 2019 | of 18 neural recommenders 7 could be reproduced, and 6 of these were often behind simple methods | who tuned the opponents? |
# | Krichene and Rendle 2020 | ranking a liked item against a few drawn others can turn an order round | are all items ranked? |
# | Zhou, H., and others 2025 | against strong traditional models, content helps most where ratings are few | which people, which items? |
# | Ye and others 2025 | 14 models with their features knocked out, by constants or noise: many gain from content; VBPR and BM3 little; text alone is mostly as good as text and pictures | where is the placebo? |
# | Pomo and others 2025 | calls it unclear whether gains come from understanding content or from a more complex model | is it the content? |
# | Fan and others 2024 | MovieLens records how people use MovieLens | what produced these ratings? |
#
# Two camps, and not really a contradiction. Content helps where there is nothing else. Where people have
# left many traces, it takes a strong opponent and a placebo to see whether it helps at all. Our page
# says the same of people and films: nothing to be seen on films with ratings, three times chance and more
# on those without.
#
# ## Other people's data, by path
#
# The published files of those benchmarks come in two forms, those of the libraries MMRec and RecBole, and
# `load_atomic` reads both from a folder. MMRec's: an `.inter` table whose `x_label` says which part a row
# belongs to, and ready-made features, a row an item. Here is such a folder in small; yours would be
# `load_atomic("baby")`:

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mmrec_course.datasets import load_atomic

place = TemporaryDirectory()
folder = Path(place.name)
table = "userID\titemID\tx_label\n7\t0\t0\n7\t1\t2\n8\t1\t0\n8\t2\t1\n"
(folder / "tiny.inter").write_text(table)
np.save(folder / "image_feat.npy", np.array([[0.2, 0.1], [0.4, 0.3], [0.0, 0.0]]))
tiny = load_atomic(folder)
print(tiny.ratings[["user_id", "item_id", "part"]].to_string(index=False))
print(tiny.features["image"].values.shape, "present:", tiny.features["image"].present)

# %% [markdown]
# The split of the file stays (`part`), so that your number can stand beside theirs; the features arrive
# as a `FeatureBlock`, in which an item with nothing but zeros is *absent* (most code takes such zeros
# for a picture). There were no ratings, so each row counts as a 5; `tiny.notes` says so. Arrays under
# other names are named: `load_atomic(folder, features={"audio": "vggish.npy"})`. From there all is as in
# lesson 08. RecBole's form has typed columns in `.inter`, `.item` and `.user`; `read_atomic_table` reads
# one of them:

# %%
from mmrec_course.extras.atomic import read_atomic_table

rows = "item_id:token\tclass:token_seq\tyear:float\na\tDrama War\t1995\nb\t\t\n"
(folder / "films.item").write_text(rows)
print(read_atomic_table(folder / "films.item").to_string())

# %% [markdown]
# Two things to know about files from elsewhere. An array may hold Python objects, and loading those
# *runs* what they hold: `load_atomic` refuses. And a download may be another file than the one you
# meant: `load_movielens` knows a fingerprint of each (`check_sha256` compares it), and unpacks only
# the members it knows and none that points out of its folder. See both refuse:

# %%
from mmrec_course.extras.download import check_sha256

np.save(folder / "text_feat.npy", np.array([{"run": "me"}, None, 1]), allow_pickle=True)
for trial in (lambda: load_atomic(folder), lambda: check_sha256(folder / "tiny.inter", 64 * "0")):
    try:
        trial()
    except ValueError as error:
        print("ValueError:", str(error)[:64], "…")
place.cleanup()

# %% [markdown]
# ## Your turn
#
# Five exercises, from one line to one idea: [exercises/13_real_people.ipynb](exercises/13_real_people.ipynb).
#
# 1. How many ratings came later?
# 2. Popular on the day you came.
# 3. What a new user rated first.
# 4. You, and $h$ average people.
# 5. Somebody else's taste: is it personal?
#
# ## Recap
#
# - 943 people, 1,682 films, nothing simulated. Most people came once; neighbours in time are alike.
# - **People with a history**: text adds nothing that could be seen. The final model's lead over EASE is
#   above all the *recency decay* of old choices.
# - **Splits**: decay gains in two of three, and costs in the random one. Know your question.
# - **New films**: content has three times the NDCG of chance and more. A list that is the same for
#   everybody, predicted from the same words, may have a large part of that: four folds cannot say.
# - **New users**: up to five ratings, nothing beats a good impersonal list, and a model that takes one
#   film for the whole person is far worse. Shrinkage to the mean user, chosen by simulated cold starts,
#   prevents that.
# - Larger data say much the same; read them with the questions of lesson 06.
#
# ## Sources
#
# - Harper and Konstan (2015), *The MovieLens datasets: history and context*, ACM TiiS 5(4).
# - Fan, Ji, Zhang and Sun (2024), *Our model achieves excellent performance on MovieLens: what does it
#   mean?*, ACM TOIS 42(6): why neighbours in time are alike.
# - Meng, McCreadie, Macdonald and Ounis (2020), *Exploring data splitting strategies for the evaluation
#   of recommendation models*, RecSys.
# - Steck (2019), EASE; Hu, Koren and Volinsky (2008), iALS (lesson 07).
# - He and McAuley (2016), *VBPR: visual Bayesian personalized ranking from implicit feedback*, AAAI; the
#   two figures as the package vbpr-pytorch quotes them.
# - Zhou, X., and others (2023), *Bootstrap latent representations for multi-modal recommendation*, WWW.
# - Zhou and Shen (2023), *A tale of two graphs: freezing and denoising graph structures for multimodal
#   recommendation*, ACM Multimedia.
# - Guo and others (2024), *LGMRec: local and global graph learning for multimodal recommendation*, AAAI.
# - Raj and Saha (2025), *Unlocking latent features of users and items: empowering multi-modal
#   recommendation systems*, Scientific Reports 15, doi 10.1038/s41598-025-95872-4.
# - Ferrari Dacrema, Cremonesi and Jannach (2019), *Are we really making much progress?*, RecSys.
# - Krichene and Rendle (2020), *On sampled metrics for item recommendation*, KDD.
# - Zhou, H., Zhang, Sun and Shen (2025), *Does multimodality improve recommender systems as expected?*,
#   arXiv 2508.05377.
# - Ye, Fu, Song, Zheng and Jose (2025), *Are multimodal embeddings truly beneficial for recommendation?*,
#   arXiv 2508.07399.
# - Pomo, Attimonelli, Danese, Narducci and Di Noia (2025), *Do recommender systems really leverage
#   multimodal content?*, CIKM.
# - Zhou (2023), *MMRec: simplifying multimodal recommendation*, arXiv 2302.03497; Zhao and others (2021),
#   *RecBole*, CIKM: the two file formats.
