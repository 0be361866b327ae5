# %% [markdown]
# # Exercises 13 · Real people
#
# Five exercises on [lesson 13](../13_real_people.ipynb), from one line to one idea. Write your answer
# where it says so, then run the cell below it: it is silent if all is well, and otherwise says what to
# look at. The checks work on a handful of ratings; the cells after them need MovieLens.

# %%
import numpy as np
import pandas as pd

from mmrec_course.display import interval, print_table

days = ["2026-01-01", "2026-01-01", "2026-01-03", "2026-01-05"]
few = pd.DataFrame({"user_id": ["a"] * 4, "item_id": ["w", "x", "y", "z"], "rating": [5, 4, 2, 4]})
few["timestamp"] = pd.to_datetime(days)
other = pd.DataFrame({"user_id": ["b"] * 3, "item_id": ["z", "x", "w"], "rating": [5, 4, 1]})
noons = ["2026-01-02 12:00", "2026-01-20 12:00", "2026-01-21 12:00"]
other["timestamp"] = pd.to_datetime(noons)
few = pd.concat([few, other], ignore_index=True)

# %% tags=["needs-movielens"]
from mmrec_course.datasets import load_movielens
from mmrec_course.evaluation import compare, evaluate, temporal_split

films = load_movielens("100k")
ratings, items = films.ratings, films.items

# %% [markdown]
# ## 1 · How many ratings came later?
#
# One line. `ratings` has user_id and timestamp. Return, for every row, how many ratings the same
# person gave *afterwards*; ratings of one moment share the mean of their places. (With the ratings of
# one second in another order, nothing may change.)


# %% exercise="came_later"
def came_later(ratings):
    ### BEGIN SOLUTION
    return ratings.groupby("user_id")["timestamp"].rank(ascending=False) - 1
    ### END SOLUTION


# %% check="came_later"
found = list(came_later(few))
assert found[4:] == [2, 1, 0], "person b: two came after the first, none after the last"
assert found[3] == 0, "each person's own ratings count: after a's last one nothing came from a"
assert found[0] == found[1], "the first two were given in the same second, so they share a place"
assert found[:2] == [2.5, 2.5], "places 2 and 3 in common are 2.5 each, not 2 and not 3"
assert list(came_later(few.iloc[::-1])) == found[::-1], (
    "go by the timestamps, not by the rows' order"
)

# %% tags=["needs-movielens"]
age = came_later(ratings)
whole = (age == age.round()).mean()
print(f"{whole:.0%} of the ratings have a whole number")

# %% [markdown]
# *Why it matters.* Nearly half of the ratings here have a place that ends in .5, because they share a
# second with an odd number of others. Whoever sorts instead, and numbers the rows, lets the order of
# the file decide what is "recent".

# %% [markdown]
# ## 2 · Popular on the day you came
#
# A few lines. Return a Series: how many likes (4 stars or more) each item got from *anybody* in the
# `days` days before the moment `when`, and not at or after it. Items without any are left out.


# %% exercise="popular_before"
def popular_before(ratings, when, days):
    ### BEGIN SOLUTION
    ago = when - ratings["timestamp"]
    recent = (ago > pd.Timedelta(0)) & (ago <= pd.Timedelta(days=days))
    return ratings.loc[recent & (ratings["rating"] >= 4), "item_id"].value_counts()
    ### END SOLUTION


# %% check="popular_before" points=2
day = pd.Timestamp("2026-01-05")
assert "y" not in popular_before(few, day, 30), "two stars are no like"
assert popular_before(few, day, 30).to_dict() == {"w": 1, "x": 1, "z": 1}, (
    "z was liked once before; the other like came at the moment itself, and x's second one after it"
)
assert popular_before(few, day, 3).to_dict() == {"z": 1}, "w and x were more than 3 days ago"
february = popular_before(few, pd.Timestamp("2026-02-01"), 40)
assert february.to_dict() == {"w": 1, "x": 2, "z": 2}, "by then both persons liked x and z: count"

# %% tags=["needs-movielens"]
split = temporal_split(ratings)
arrived = split.train_valid.groupby("user_id")["timestamp"].max().dt.normalize()


class OnTheDay:
    def __init__(self, days):
        dates = arrived.unique()
        self.counts = {date: popular_before(split.train_valid, date, days) for date in dates}

    def score(self, user_ids, item_ids):
        rows = [self.counts[arrived[user]].reindex(item_ids, fill_value=0) for user in user_ids]
        return np.array(rows, dtype=float)


tables = {f"{days} days": evaluate(OnTheDay(days), split, metrics=["ndcg"]) for days in (400, 7)}
columns = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(compare(tables)[columns], digits=3)

# %% [markdown]
# *What it says.* 400 days are all of the past before that day. The last week alone is worse, and the
# interval says so: its counts are from a few thousand ratings at most, so noise eats what is gained by
# being fresh. A baseline deserves such a try all the same; on Mosaic, a recent popularity was much
# better than a plain one.

# %% [markdown]
# ## 3 · What a new user rated first
#
# Return two DataFrames: the first `k` ratings of every user in `users`, in order of time (of one
# moment: by item_id), and all their later ones. The rows of `ratings` may come in any order.


# %% exercise="first_and_later"
def first_and_later(ratings, users, k):
    ### BEGIN SOLUTION
    theirs = ratings[ratings["user_id"].isin(users)]
    theirs = theirs.sort_values(["user_id", "timestamp", "item_id"])
    place = theirs.groupby("user_id").cumcount()
    return theirs[place < k], theirs[place >= k]
    ### END SOLUTION


# %% check="first_and_later" points=2
upside_down = few.iloc[::-1]
first, later = first_and_later(upside_down, ["a", "b"], 1)
assert len(first) == 2, "one each: count within each user"
assert dict(zip(first["user_id"], first["item_id"], strict=True)) == {"a": "w", "b": "z"}, (
    "sort before you count: b's first is z, and of a's two of one moment w comes before x"
)
assert len(later) == 5, "what is not among the first k is later"
first, later = first_and_later(few, ["b"], 2)
assert set(later["user_id"]) == {"b"}, "only the users who were asked for"
assert list(first["item_id"]) == ["z", "x"], "first: only theirs, two of them, in order of time"
assert list(later["item_id"]) == ["w"], "two of b's three are the first ones"

# %% tags=["needs-movielens"]
first, later = first_and_later(ratings, ratings["user_id"].unique(), 5)
popular = ratings["item_id"].value_counts().index[:100]
share = [f"{part['item_id'].isin(popular).mean():.0%}" for part in (first, later)]
print(f"one of the 100 most rated films: {share[0]} of the first five, {share[1]} of the others")

# %% [markdown]
# *What it says.* The first five are mostly films that everybody knows, so they tell little about *this*
# person. A shop that may choose what it asks a new user should ask about films that divide people.

# %% [markdown]
# ## 4 · You, and h average people
#
# `X` is a matrix of histories, people × items, `B` EASE's weights. Return the scores of everybody when
# `h` average people are added to each one, as pseudo-counts: $(x_u + h\,\bar x)^\top B$, with $\bar x$ the
# mean row of `X`.


# %% exercise="beside_the_average"
def beside_the_average(X, B, h):
    ### BEGIN SOLUTION
    return (X + h * X.mean(axis=0)) @ B
    ### END SOLUTION


# %% check="beside_the_average" points=2
X0, B0 = np.array([[2.0, 0.0], [4.0, 4.0]]), np.array([[0.0, 1.0], [3.0, 0.0]])
assert np.allclose(beside_the_average(X0, B0, 0), X0 @ B0), "with h = 0 everybody speaks alone"
assert np.allclose(beside_the_average(X0, B0, 2), [[12, 8], [24, 10]]), (
    "the mean row is [3, 2]: over people, not over items"
)
big = beside_the_average(X0, B0, 1e9)
assert np.allclose(big[0], big[1]), "with a huge h everybody gets the average person's list"

# %% tags=["needs-movielens"]
from mmrec_course.recommenders import EASE

first, later = first_and_later(split.train, split.train["user_id"].unique(), 3)
model = EASE(reg=400.0).fit(split.train)
likes = first.assign(x=first["rating"] - 2.5).pivot_table("x", "user_id", "item_id", fill_value=0)
X = likes.reindex(columns=model.item_ids_, fill_value=0.0).to_numpy()
for h in (0, 0.1, 1, 10):
    top = np.argsort(-beside_the_average(X, model.weights_, h), axis=1, kind="stable")[:, :10]
    print(f"h = {h:3}: {len(np.unique(top))} different films in {len(X)} lists of ten")

# %% [markdown]
# *What it says.* From three ratings alone, EASE shows hundreds of different films: it believes every
# word. The larger $h$, the more alike the lists; and in the lesson an $h$ with nearly one list for all
# was the *best* for new users. Variety is no merit of its own. (The mean here is over people with three
# ratings each, not over whole histories as in the lesson, so the numbers for $h$ do not compare.)

# %% [markdown]
# ## 5 · Somebody else's taste
#
# A placebo for people. Scores are people × items. Return a copy in which every person has the scores of
# *another* person, each row used once (so: move all rows on by one, say, or shuffle until nobody has
# their own). If a model ranks as well with somebody else's scores, its gain is not personal.


# %% exercise="somebody_else"
def somebody_else(scores):
    ### BEGIN SOLUTION
    return np.roll(scores, 1, axis=0)
    ### END SOLUTION


# %% check="somebody_else" points=2
S0 = np.arange(15.0).reshape(5, 3)
moved = somebody_else(S0)
assert np.array_equal(S0, np.arange(15.0).reshape(5, 3)), "return a copy and leave the scores alone"
assert moved.shape == S0.shape, "as many people and items as before"
assert sorted(moved[:, 0]) == [0, 3, 6, 9, 12], (
    "each row is used once, and whole: move people, not items"
)
assert np.array_equal(np.sort(moved, axis=1)[:, 2] - moved[:, 0], [2] * 5), "rows stay whole"
for n in range(2, 9):
    S = np.arange(3.0 * n).reshape(n, 3)
    own = (somebody_else(S) == S).all(axis=1)
    assert not own.any(), f"of {n} people somebody still has their own scores"

# %% tags=["needs-movielens"]
from mmrec_course.evaluation import cold_item_split, compare_splits
from mmrec_course.features import extract_features
from mmrec_course.recommenders import ContentRidge


class Swapped:
    def __init__(self, model):
        self.model = model

    def score(self, user_ids, item_ids):
        return somebody_else(self.model.score(user_ids, item_ids))


# %% [markdown]
# Five draws of new films, as `cold_item_split` makes them (lesson 06):

# %% tags=["needs-movielens"]
both = {"somebody else's": [], "own": []}
for seed in range(5):
    cold = cold_item_split(ratings, rng=seed)
    text = extract_features(films, fit_items=cold.train_valid["item_id"])
    own = ContentRidge(modality="text", reg=10.0).fit(cold.train_valid, text)
    for name, model in {"somebody else's": Swapped(own), "own": own}.items():
        both[name].append(evaluate(model, cold, metrics=["ndcg"]))
table = compare_splits(both, test_share=0.2)
for name, row in table.iterrows():
    print(f"{name:16}", interval(*row[["mean", "low", "high"]], 3))
print("own − somebody's", interval(*table.loc["own", ["difference", "diff_low", "diff_high"]], 3))
share = table["mean"].iloc[0] / table["mean"].iloc[1]
print(f"not personal: {share:.0%} of it")

# %% [markdown]
# *What it says.* Somebody else's list has about half of the NDCG of one's own, and the interval of the
# difference is above zero: so content does carry *personal* taste to new films. The other half needs
# none: some of it is chance, and most people like what is liked by most. The lesson's *predicted popularity*
# is made for that, and came nearer to *ridge* there (with more new films, so do not compare levels).
