# %% [markdown]
# # Exercises 13 · Real people
#
# Five exercises on [lesson 13](../13_real_people.ipynb), from one line to one idea: 25 to 70 minutes. Write
# your answer where it says so, then run the cell below it: it is silent if all is well, and otherwise says
# what to look at. Each exercise needs only the first two cells. The checks work on a handful of ratings; the
# cells after them need MovieLens. Worked answers are in the
# [solutions](../solutions/13_real_people.ipynb).

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
print_table(few, index=False)

# %% tags=["needs-movielens"]
from mmrec_course.datasets import load_movielens
from mmrec_course.evaluation import (
    cold_item_split,
    compare,
    compare_splits,
    evaluate,
    temporal_split,
)
from mmrec_course.features import extract_features
from mmrec_course.recommenders import ContentRidge

films = load_movielens("100k")
ratings, items = films.ratings, films.items
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]

# %% [markdown]
# ## 1 · How many ratings came later?
#
# One line. `ratings` has user_id and timestamp. Return a Series with a number for every row, in the order of
# the rows: how many ratings the same person gave *afterwards*. Ratings of the same moment share a mean: if two
# of them have 2 and 3 ratings after them, both get 2.5.


# %% exercise="came_later"
def came_later(ratings):
    ### BEGIN SOLUTION
    return ratings.groupby("user_id")["timestamp"].rank(ascending=False) - 1
    ### END SOLUTION


# %% check="came_later"
answer = came_later(few)
assert np.shape(answer) == (7,), "return one number for each of the 7 rows"
numbers = [float(x) for x in answer]
assert numbers[4:] != [3, 2, 1], (
    "rank begins with 1, but after the last rating nothing came: subtract 1"
)
assert numbers[4:] != [0, 1, 2], "these ratings came *before*; rank in descending order"
assert numbers[3] == 0, "each person's own ratings count: after a's last one nothing came from a"
assert numbers[4:] == [2, 1, 0], "person b: two came after the first, none after the last"
assert numbers[0] == numbers[1], "a's first two have the same timestamp, so they share a mean"
assert numbers[:2] == [2.5, 2.5], "2 and 3 have the mean 2.5: not 2 for both and not 3 for both"
backwards = [float(x) for x in came_later(few.iloc[::-1])]
assert backwards == numbers[::-1], "go by the timestamps, and answer in the order of the rows"

# %% tags=["needs-movielens"]
later = came_later(ratings)
whole = (later == later.round()).mean()
print(f"{whole:.0%} of the ratings have a whole number")

# %% [markdown]
# *Why it matters.* Nearly half of the ratings have a number that ends in .5, because they share a second with
# an odd number of others. If you sort instead and number the rows, the order of the file decides what is
# "recent".

# %% [markdown]
# ## 2 · Popular on the day you came
#
# A few lines. Return a Series, item_id → number of likes (4 stars or more) that the item got from *anybody* in
# the `days` days before the moment `when`. What came exactly `days` days before counts; what came at `when` or
# after it does not. Leave out items without any.


# %% exercise="popular_before"
def popular_before(ratings, when, days):
    ### BEGIN SOLUTION
    ago = when - ratings["timestamp"]
    recent = (ago > pd.Timedelta(0)) & (ago <= pd.Timedelta(days=days))
    return ratings.loc[recent & (ratings["rating"] >= 4), "item_id"].value_counts()
    ### END SOLUTION


# %% check="popular_before" points=2
day = pd.Timestamp("2026-01-05")
answer = popular_before(few, day, 30)
assert isinstance(answer, pd.Series), "return a Series; value_counts() of the item_id makes one"
answer = answer[answer > 0].to_dict()
assert "y" not in answer, "two stars are no like: keep ratings of at least 4"
assert answer.get("z") != 3, "z: count only what came before `when`, neither at it nor after it"
assert answer.get("z") != 2, "z: the like at the moment `when` itself does not count"
assert answer.get("x") != 2, "x: the second like came after `when`"
assert answer == {"w": 1, "x": 1, "z": 1}, "w, x and z have one like each before 5 January"
answer = popular_before(few, day, 3)
answer = answer[answer > 0].to_dict()
assert answer == {"z": 1}, "w and x were liked four days ago, more than 3: use `days`"
answer = popular_before(few, day, 4)
assert answer[answer > 0].to_dict() == {"w": 1, "x": 1, "z": 1}, "exactly `days` days ago counts"
answer = popular_before(few, pd.Timestamp("2026-01-03"), 1)
assert answer[answer > 0].to_dict() == {"z": 1}, "z came 12 hours before: compare with pd.Timedelta"
answer = popular_before(few, pd.Timestamp("2026-02-01"), 40)
answer = answer[answer > 0].to_dict()
assert answer == {"w": 1, "x": 2, "z": 2}, "both persons liked x and z: count likes, not items"

# %% tags=["needs-movielens"]
split = temporal_split(ratings)
arrived = split.train_valid.groupby("user_id")["timestamp"].max().dt.normalize()


class PopularOnTheDay:
    def __init__(self, days):
        dates = arrived.unique()
        self.counts = {date: popular_before(split.train_valid, date, days) for date in dates}

    def score(self, user_ids, item_ids):
        rows = [self.counts[arrived[user]].reindex(item_ids, fill_value=0) for user in user_ids]
        return np.array(rows, dtype=float)


tables = {}
for window in (400, 7):
    tables[f"{window} days"] = evaluate(PopularOnTheDay(window), split, metrics=["ndcg"])
print_table(compare(tables)[bounds], digits=3)

# %% [markdown]
# *What it says.* 400 days are all of the past before that day. The last week alone is worse, and the interval
# says so: it holds far fewer ratings, so noise takes away what is gained by being fresh. On the
# global split of the lesson, a short half-life was chosen. There, too, the split decides.

# %% [markdown]
# ## 3 · What a new user rated first
#
# Return two DataFrames: the first `n` ratings of every user in `users`, in order of time, and all their later
# ones. Ratings of the same moment are in order of item_id. The rows of `ratings` may come in any order.


# %% exercise="first_and_later"
def first_and_later(ratings, users, n):
    ### BEGIN SOLUTION
    theirs = ratings[ratings["user_id"].isin(users)]
    theirs = theirs.sort_values(["user_id", "timestamp", "item_id"])
    place = theirs.groupby("user_id").cumcount()
    return theirs[place < n], theirs[place >= n]
    ### END SOLUTION


# %% check="first_and_later" points=2
upside_down = few.iloc[::-1]
answer = first_and_later(upside_down, ["a", "b"], 1)
assert isinstance(answer, tuple | list) and len(answer) == 2, "return two tables: first, later"
first, later = answer
assert isinstance(first, pd.DataFrame), "both parts are DataFrames, rows of `ratings`"
assert len(first) != 1, "count within each user: group by user_id"
assert len(first) != 4, "with `cumcount` the first rating has number 0: keep numbers below n"
assert len(first) == 2, "one first rating for each of the two users"
items_of = dict(zip(first["user_id"], first["item_id"], strict=True))
assert items_of["b"] == "z", "sort by time before you count: b's first is z"
assert items_of["a"] == "w", (
    "of a's two ratings of one moment, w comes before x: sort by item_id, too"
)
assert len(later) == 5, "what is not among the first n is later"
first, later = first_and_later(few, ["b"], 2)
assert set(later["user_id"]) == {"b"} == set(first["user_id"]), "keep only the users asked for"
assert list(first["item_id"]) == ["z", "x"], "the first two of b, in order of time"
assert list(later["item_id"]) == ["w"], "two of b's three are the first ones"

# %% tags=["needs-movielens"]
first, later = first_and_later(ratings, ratings["user_id"].unique(), 5)
popular = ratings["item_id"].value_counts().index[:100]
share = [f"{part['item_id'].isin(popular).mean():.0%}" for part in (first, later)]
print(f"one of the 100 most rated films: {share[0]} of the first five, {share[1]} of the others")

# %% [markdown]
# *What it says.* Somebody's first films are more popular than the later ones, so they tell less about *this*
# person. (Ties go by id here, and low ids are popular films. The lesson breaks ties at random, and the
# difference stays.) If a shop may choose what it asks a new user, which items should it ask about? About those that
# divide people: an answer that everybody gives says nothing.

# %% [markdown]
# ## 4 · One list for everybody, predicted from words
#
# `F` holds the feature rows of the rated items, (n_items, d), `likes` how many people liked each of them,
# (n_items,), and `F_cold` the feature rows of cold-start items. With $y = \log(1 + \text{likes})$ and its mean
# $\bar y$, return the ridge prediction for the cold-start items,
#
# $$\bar y + F_\text{cold}\, w, \qquad w = (F^\top F + \lambda I)^{-1} F^\top (y - \bar y).$$


# %% exercise="predict_popularity"
def predict_popularity(F, likes, F_cold, reg):
    ### BEGIN SOLUTION
    y = np.log1p(likes)
    gram = F.T @ F + reg * np.eye(F.shape[1])
    w = np.linalg.solve(gram, F.T @ (y - y.mean()))
    return y.mean() + F_cold @ w
    ### END SOLUTION


# %% check="predict_popularity" points=2
F_small = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
cold_small = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
likes_small = np.array([9, 4, 1, 0])
answer = predict_popularity(F_small, likes_small, cold_small, 1.0)
assert np.shape(answer) == (3,), "return one number for each cold-start item"
assert np.isfinite(answer).all(), "log(1 + likes), not log(likes): nobody liked the last item"
assert np.argmax(answer) == 0, "items with the first word were liked most, so it is first"
mean = np.log1p(likes_small).mean()
assert not np.isclose(answer[2], 0), "an item without words gets the mean of y, not 0: add it"
assert not np.isclose(answer[2], likes_small.mean()), "take log(1 + likes) first"
assert np.isclose(answer[2], mean), "an item without words gets the mean of y"
unshrunk = np.log1p(likes_small[:2]).mean()
assert not np.isclose(answer[0], unshrunk), "λ is missing: add reg times the identity matrix"
assert np.isclose(answer[0], 1.688, atol=1e-3), (
    "the first word: λ on the diagonal only (np.eye), and F.T @ (y minus its mean)"
)
strong = predict_popularity(F_small, likes_small, cold_small, 1e9)
assert np.allclose(strong, mean), "with a very large λ all predictions are the mean: use `reg`"
as_series = predict_popularity(F_small, pd.Series(likes_small), cold_small, 1.0)
assert np.allclose(as_series, answer), "`likes` may be a Series"

# %% tags=["needs-movielens"]
cold = cold_item_split(ratings, fraction=0.2, rng=0)
train_items = cold.train_valid["item_id"].unique()
text = extract_features(films, fit_items=train_items)["text"]
liked = cold.train_valid[cold.train_valid["rating"] >= 4]["item_id"].value_counts()
likes = liked.reindex(train_items, fill_value=0)
rows, cold_rows = text.align(train_items).values, text.align(cold.candidates).values
predicted = pd.Series(predict_popularity(rows, likes, cold_rows, 3.0), cold.candidates)
for item in predicted.sort_values(ascending=False).index[:5]:
    print(f"{np.expm1(predicted[item]):5.1f} likes predicted: {items.loc[item, 'text']}")

# %% [markdown]
# *What it says.* Words such as a series' name and genres such as War or Romance predict how many people will
# like a film, with no word about who *you* are. This list is the baseline that a personal content model
# should beat.

# %% [markdown]
# ## 5 · Somebody else's taste
#
# A control for people. Scores are people × items. Return a copy in which every person has the scores of
# *another* person, each row used once. (So move all rows on by one, say, or shuffle until nobody has their
# own.) If a model ranks as well with somebody else's scores, its gain is not personal.


# %% exercise="somebody_else"
def somebody_else(scores):
    ### BEGIN SOLUTION
    return np.roll(scores, 1, axis=0)
    ### END SOLUTION


# %% check="somebody_else" points=2
S0 = np.arange(15.0).reshape(5, 3)
moved = somebody_else(S0)
assert moved is not None, "return the copy"
assert np.array_equal(S0, np.arange(15.0).reshape(5, 3)), "return a copy and leave the scores alone"
assert np.shape(moved) == S0.shape, "as many people and items as before"
assert np.array_equal(np.diff(moved, axis=1), np.ones((5, 2))), "rows stay whole: move people"
assert sorted(moved[:, 0]) == [0, 3, 6, 9, 12], "each row is used once"
for n in range(2, 9):
    S = np.arange(3.0 * n).reshape(n, 3)
    own = (somebody_else(S) == S).all(axis=1)
    assert not own.any(), f"of {n} people somebody still has their own scores"


# %% tags=["needs-movielens"]
class Swapped:
    def __init__(self, model):
        self.model = model

    def score(self, user_ids, item_ids):
        return somebody_else(self.model.score(user_ids, item_ids))


# %% [markdown]
# Five splits with cold-start films, as in the lesson:

# %% tags=["needs-movielens"]
results = {"somebody else's": [], "own": []}
for seed in range(5):
    cold = cold_item_split(ratings, fraction=0.2, rng=seed)
    text = extract_features(films, fit_items=cold.train_valid["item_id"].unique())
    own = ContentRidge(modality="text", reg=10.0).fit(cold.train_valid, text)
    for name, model in {"somebody else's": Swapped(own), "own": own}.items():
        results[name].append(evaluate(model, cold, metrics=["ndcg"]))
table = compare_splits(results, test_share=0.2)
for name, row in table.iterrows():
    print(f"{name:16}", interval(*row[bounds[:3]], 3))
print("own − somebody else's", interval(*table.loc["own", bounds[3:]], 3))
share = table["mean"].iloc[0] / table["mean"].iloc[1]
print(f"not personal: {share:.0%} of it")

# %% [markdown]
# *What it says.* Somebody else's list has about half of the NDCG of one's own, and the interval of the
# difference is above zero. So content does carry *personal* taste to cold-start films. The other half needs
# none: some of it is chance, and most people like what is liked by most. The lesson's *predicted popularity* is
# made for that, and cannot be told apart from the personal model there.
