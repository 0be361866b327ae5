# %% [markdown]
# # Exercises 01 · The catalogue
#
# Five exercises on [lesson 01](../01_the_catalogue.ipynb), from one line to one idea. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise
# says what to look at. The [solutions](../solutions/01_the_catalogue.ipynb) also say what to learn from
# each answer. Mosaic's listeners are simulated, here as everywhere.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import print_table

mosaic = load_mosaic()
ratings, items, users = mosaic.ratings, mosaic.items.index, mosaic.users.index

# %% [markdown]
# ## 1 · How full?
#
# One line. Return the **density** of a table of ratings: the share of all listener–track places
# that hold a rating.


# %% exercise="density"
def density(ratings, n_users, n_items):
    ### BEGIN SOLUTION
    # A listener without any rating is a row of the matrix all the same. Who counts only the ids
    # that occur in `ratings` finds a shop with newcomers fuller than it is: in `tiny` below 3 of 4
    # places instead of 3 of 12.
    return len(ratings) / (n_users * n_items)
    ### END SOLUTION


# %% check="density"
tiny = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": ["x", "y", "x"], "rating": [5, 1, 3]})
assert density(tiny, n_users=3, n_items=4) == 3 / 12, (
    "3 ratings, 3 × 4 places: count the places of listeners and tracks without any rating, too"
)
assert f"{density(ratings, 600, 480):.3f}" == "0.087", "Mosaic has 600 × 480 places"

# %% [markdown]
# ## 2 · How few tracks hold half of the ratings?
#
# The lesson asked what share the top tenth holds. Turn the question round: what is the *smallest*
# number of tracks that together hold at least `share` of all ratings? `counts` has a number of
# ratings for each track, in any order. `np.cumsum` helps.


# %% exercise="head_size"
def head_size(counts, share):
    ### BEGIN SOLUTION
    # In Mosaic, half of the ratings lie on 122 of 480 tracks, about a quarter, and the last quarter
    # of the ratings is spread over the other half of the shop: 242 tracks. That is where a model
    # that counts has the least to count.
    most_first = np.sort(counts)[::-1]
    held = np.cumsum(most_first)
    return int((held < share * held[-1]).sum()) + 1
    ### END SOLUTION


# %% check="head_size" points=2
assert head_size([1, 8, 1], 0.5) == 1, (
    "one track of three holds 8 of 10: sort the most rated first; a position counts from 0, a"
    " number of tracks from 1"
)
assert head_size([4, 2, 2, 2], 0.6) == 2, "4 + 2 of 10 are exactly 0.6, and that is enough"
assert head_size([1] * 10, 1.0) == 10, (
    "ten times 0.1 adds up to a little less than 1, so that no place of the sum reaches it: add up"
    " the whole numbers and compare with share · total"
)
assert head_size([1, 2, 3, 4], 0.9) == 3, (
    "4 + 3 + 2 of 10 are 0.9: sort *all* tracks, the most rated first, not only the first place"
)

# %%
per_track = ratings["item_id"].value_counts().reindex(items, fill_value=0).to_numpy()
for share in (0.25, 0.5, 0.75, 1.0):
    print(f"{share:4.0%} of the ratings: {head_size(per_track, share)} tracks of {len(items)}")

# %% [markdown]
# ## 3 · Which tracks lack exactly two modalities?
#
# `present` is a table of True and False, tracks × modalities. Return the ids of the tracks that
# lack exactly `n` modalities, as a list in the table's order. It must work for any number of
# modalities.


# %% exercise="lacking"
def lacking(present, n):
    ### BEGIN SOLUTION
    # With three modalities "lacks two" and "has one" are the same tracks, so counting what is there
    # would do. With four it would not, and a shop that adds videos would get a wrong list without
    # any error. So count what the question asks for: ~ turns "has" into "lacks".
    return list(present.index[(~present).sum(axis=1) == n])
    ### END SOLUTION


# %% check="lacking"
four = pd.DataFrame(
    {"image": [1, 1, 0, 0], "text": [1, 0, 0, 1], "audio": [1, 0, 0, 1], "video": [1, 1, 0, 1]},
    index=["a", "b", "c", "d"],
).astype(bool)
assert lacking(four, 1) == ["d"], "count what is lacking, not what is there"
assert lacking(four, 2) == ["b"], "exactly two: track c lacks four, track b two"
assert lacking(four, 0) == ["a"], "lacking nothing is also an answer"
assert len(lacking(mosaic.present(), 2)) == 6, "six tracks in Mosaic lack two"

# %%
for n in range(4):
    print("lack", n, "modalities:", len(lacking(mosaic.present(), n)))

# %% [markdown]
# ## 4 · A shop in which gaps are not drawn by lot
#
# The shop below has Mosaic's tracks and ratings, but a designer who saves time: the worse a track
# is liked, the more likely it has no cover. The number of gaps looks harmless:

# %%
mean_rating = ratings.groupby("item_id")["rating"].mean().reindex(items).to_numpy()
has_cover = mosaic.present()["image"].to_numpy()
dislike = 1 - pd.Series(mean_rating).rank(pct=True).to_numpy()  # 0 best liked … 1 worst
lazy_shop = np.random.default_rng(0).random(len(items)) >= 0.4 * dislike**6
print("tracks without a cover:", (~has_cover).sum(), "in Mosaic,", (~lazy_shop).sum(), "here")

# %% [markdown]
# Write the test that tells the two shops apart. Return three numbers: the mean of `values` where
# `has` is True minus the mean where it is False, and the ends of a 95 % bootstrap interval for it.
# Draw the tracks *with* again among those with, and the tracks *without* among those without, each
# as many as there are.


# %% exercise="gap"
def gap(values, has, n_boot=2000, rng=0):
    rng = np.random.default_rng(rng)
    ### BEGIN SOLUTION
    # In Mosaic the interval contains zero. In the lazy shop it is far from it: tracks without a
    # cover are liked less, by 0.45 to 0.74 stars, so the gap itself is information. Dropping them
    # hardly moves the average (3.49 to 3.51 stars), because they are only 22 of 480. But all are from
    # the worse half of the shop, and an average cover, filled in, makes bad tracks look ordinary.
    # (An interval that contains zero does not prove that lots were drawn.)
    a, b = values[has], values[~has]
    again = [rng.choice(a, len(a)).mean() - rng.choice(b, len(b)).mean() for _ in range(n_boot)]
    low, high = np.quantile(again, [0.025, 0.975])
    return a.mean() - b.mean(), low, high
    ### END SOLUTION


# %% check="gap" points=2
coins = np.array([0.0, 1.0] * 250)
first_50 = np.arange(500) < 50
values = np.where(first_50, 3 * coins, coins)  # means 1.5 and 0.5, variances 2.25 and 0.25
expected = 2 * 1.96 * np.sqrt(2.25 / 50 + 0.25 / 450)
for has, difference in ((first_50, 1), (~first_50, -1)):
    estimate, low, high = gap(values, has)
    assert abs(estimate - difference) < 1e-9, "those with minus those without, means of values"
    assert low < difference < high, "the interval should lie around the difference"
    assert abs((high - low) / expected - 1) < 0.1, (
        f"the interval is {high - low:.3f} wide, expected about {expected:.3f}: draw with"
        " replacement from *both* groups, from each as many as it has (here 50 and 450), and take"
        " the middle 95 % of the differences"
    )

# %%
rows = {"Mosaic": gap(mean_rating, has_cover), "lazy shop": gap(mean_rating, lazy_shop)}
print_table(pd.DataFrame(rows, index=["difference", "low", "high"]).T)
kept = mean_rating[lazy_shop]
print(f"average of all tracks {mean_rating.mean():.2f}, of those with a cover {kept.mean():.2f}")

# %% [markdown]
# Which of the two shops drew lots? And if the average hardly moves, is it then harmless to drop the
# tracks without a cover?

# %% [markdown]
# ## 5 · How much does the average rating flatter?
#
# The average of the 25,000 ratings is 3.63 stars. (Exercise 4 printed 3.49, the average of the 480
# tracks' averages: there a track with two ratings counts as much as one with 325, here each *rating*
# counts the same, and much-rated tracks are liked more.) What would it be if every listener rated
# *every* track? Only a made-up world can tell. Without the mood of the day a rating is 1, plus 1 for each
# of the `steps` that utility exceeds (`np.searchsorted` counts them).
#
# Return the observed average minus that average over all places.


# %% exercise="flattery"
def flattery(observed, utility, steps):
    ### BEGIN SOLUTION
    # 1.52 of the 3.63 stars are flattery: the shop's honest average is 2.11. It is not the mood, for
    # on the places that were rated the steps alone give the same average within 0.02 stars. It is
    # choice: people rate what they expect to like. A model that is trained and tested on ratings
    # never meets the other 91 % of the places; lesson 06 asks what that does to a test.
    everything = 1 + np.searchsorted(steps, utility)
    return np.mean(observed) - everything.mean()
    ### END SOLUTION


# %% check="flattery" points=2
tiny_utility = np.array([[-2.0, 0.0], [1.0, 4.0]])
tiny_steps = (-0.6, 0.8, 2.1, 3.4)
assert abs(flattery([5, 3], tiny_utility, tiny_steps) - (4 - 2.75)) < 1e-9, (
    "the four places would get 1, 2, 3 and 5 stars, 2.75 on average: one star is for nothing, and"
    " every place counts, rated or not"
)

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS

utility = mosaic.ground_truth()["utility"].astype(float)
u, i = users.get_indexer(ratings["user_id"]), items.get_indexer(ratings["item_id"])
calm = 1 + np.searchsorted(RATING_STEPS, utility[u, i])
print(f"all places: {flattery(ratings['rating'], utility, RATING_STEPS):.2f} stars too good")
print(f"rated places only: {ratings['rating'].mean() - calm.mean():.2f} stars")

# %% [markdown]
# Two numbers, two possible causes: the mood of the day, and people's choice of what to rate. Which
# of them does the second number rule out?
