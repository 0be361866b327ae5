# %% [markdown]
# # Exercises 01 · The catalogue
#
# Five exercises on [lesson 01](../01_the_catalogue.ipynb), from one line to one idea. **Time** 20 to 65
# minutes. Each needs only the first cell. Write your answer where it says so, then run the cell below it:
# it is silent if all is well, and otherwise says what to look at. The
# [solutions](../solutions/01_the_catalogue.ipynb) also say what to learn from each answer. Mosaic's
# listeners are simulated, here as everywhere.

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
# One line. Return the **density** of a table of ratings: the share of the cells of the user–item matrix
# that hold a rating.


# %% exercise="density"
def density(ratings, n_users, n_items):
    ### BEGIN SOLUTION
    # A listener without any rating is a row of the matrix all the same. Counting only the ids that
    # occur in `ratings` would give too much: in `tiny` below 3 of 4 cells instead of 3 of 15.
    return len(ratings) / (n_users * n_items)
    ### END SOLUTION


# %% check="density"
tiny = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": ["x", "y", "x"], "rating": [5, 1, 3]})
answer = density(tiny, n_users=3, n_items=5)
assert np.isscalar(answer), f"return one number, not a {type(answer).__name__}"
assert answer != 3 / 3 * 5, "parentheses: a / b * c is (a / b) · c; write a / (b * c)"
assert answer != 3 / 4, (
    "count also the listeners and tracks without a rating: 3 × 5 cells, not 2 × 2"
)
assert not np.isclose(answer, 1 - 3 / 15), "that is the sparsity, 1 − density"
assert np.isclose(answer, 3 / 15), f"3 ratings in 3 × 5 cells are 0.20, not {answer:.2f}"
assert f"{density(ratings, 600, 480):.3f}" == "0.087", "use the arguments, not numbers of `tiny`"

# %% [markdown]
# ## 2 · How few tracks hold half of the ratings?
#
# The lesson asked what share the top tenth holds. Now the other way round: what is the *smallest*
# number of tracks that together hold at least `share` of all ratings? `counts` has the number of
# ratings of each track, in any order: a list, an array or a Series. `np.sort` and `np.cumsum` take all
# three. Return a whole number.
#
# One trap: `0.55 * 100` is a little more than 55 in floating point. Let a cumulative sum that is within
# `1e-9` of the target count as enough.


# %% exercise="head_size"
def head_size(counts, share):
    ### BEGIN SOLUTION
    # In Mosaic, half of the ratings belong to 122 of 480 tracks, about a quarter. The last quarter of
    # the ratings belongs to the other half of the shop: 242 tracks. There a model that learns from
    # ratings has the least to learn from. The tolerance is needed because `share` is a fraction: 0.55
    # has no exact binary form, and its product with 100 comes out above 55.
    most_first = np.sort(counts)[::-1]
    cumulative = np.cumsum(most_first)
    target = share * cumulative[-1] - 1e-9
    return int(np.sum(cumulative < target)) + 1
    ### END SOLUTION


# %% check="head_size" points=2
for counts in (np.array([1, 8, 1]), [1, 8, 1], pd.Series([1, 8, 1], ["a", "b", "c"])):
    try:
        answer = head_size(counts, 0.5)
    except (AttributeError, TypeError, KeyError) as error:
        problem = f"a list, an array or a Series ({error}): begin with np.sort(counts)"
        raise AssertionError(problem) from None
    assert np.isscalar(answer) and float(answer).is_integer(), "return one whole number"
    assert answer != 0, "a position counts from 0, a number of tracks from 1: add 1"
    assert answer != 2, "sort first, the most rated first: the track with 8 of 10 is enough"
    assert answer == 1, f"one track has 8 of 10 ratings, more than half; not {answer} tracks"
answer = head_size(np.array([1, 2, 3, 4]), 0.9)
assert answer == 3, "4 + 3 + 2 of 10 are 0.9: sort *all* tracks, the most rated first"
answer = head_size(np.array([4, 2, 2, 2]), 0.6)
assert answer == 2, "4 + 2 of 10 are exactly 0.6, and “at least” means that this is enough"
answer = head_size(np.array([55, 45]), 0.55)
assert answer == 1, "55 of 100 are exactly 0.55, but 0.55 · 100 > 55 in floating point: allow 1e-9"
assert head_size(np.ones(10, dtype=int), 1.0) == 10, "all ratings are those of all ten tracks"

# %%
per_track = ratings["item_id"].value_counts().reindex(items, fill_value=0)
for share in (0.25, 0.5, 0.75, 1.0):
    print(f"{share:4.0%} of the ratings: {head_size(per_track, share)} tracks of {len(items)}")

# %% [markdown]
# ## 3 · Which tracks lack exactly *n* modalities?
#
# `present` is a table of True and False, tracks × modalities. Return the ids of the tracks that
# lack exactly `n` modalities, in the table's order: a list, an array or an Index. It must work for any
# number of modalities.


# %% exercise="lacking"
def lacking(present, n):
    ### BEGIN SOLUTION
    # With three modalities "lacks two" and "has one" are the same tracks, so counting what is there
    # would do. With four it would not, and a shop that adds videos would get a wrong list without
    # any error. So count what the question asks for: ~ turns "has" into "lacks".
    return present.index[(~present).sum(axis=1) == n]
    ### END SOLUTION


# %% check="lacking"
four = pd.DataFrame(
    {"image": [1, 1, 0, 0], "text": [1, 0, 0, 1], "audio": [1, 0, 0, 1], "video": [1, 1, 0, 1]},
    index=["a", "b", "c", "d"],
).astype(bool)
answers = [lacking(four, n) for n in range(4)]
for answer in answers:
    assert isinstance(answer, (list, tuple, np.ndarray, pd.Index)), (
        f"return the ids (a list, an array or an Index), not a {type(answer).__name__}"
    )
    assert set(answer) <= set(four.index), "return ids, of the table's index, not True and False"
assert list(answers[1]) == ["d"], (
    f"d lacks one modality, its image; you have {list(answers[1])}: count what is lacking, in rows"
)
assert list(answers[2]) == ["b"], f"b lacks exactly two, c four; you have {list(answers[2])}"
assert list(answers[0]) == ["a"], "a lacks nothing, and 0 is a number, too"
assert list(answers[3]) == [], "no track lacks three: the answer is an empty list"
assert len(lacking(mosaic.present(), 2)) == 6, "six tracks in Mosaic lack two"

# %%
for n in range(4):
    print("lack", n, "modalities:", len(lacking(mosaic.present(), n)))

# %% [markdown]
# ## 4 · A shop in which covers are missing not at random
#
# The shop below has Mosaic's tracks and ratings, but a designer who saves time. She listens first, and
# the worse a track is, the more likely she makes no cover. So a gap depends on the track's true *quality*,
# which is not in the shop's data: only the ground truth has it. The number of gaps looks harmless:

# %%
mean_rating = ratings.groupby("item_id")["rating"].mean().reindex(items).to_numpy()
has_cover = mosaic.present()["image"].to_numpy()
quality = pd.Series(mosaic.ground_truth()["quality"])
rank_from_top = 1 - quality.rank(pct=True).to_numpy()  # 0 best … 1 worst
has_cover_lazy = np.random.default_rng(0).random(len(items)) >= 0.4 * rank_from_top**6
print("no cover:", (~has_cover).sum(), "tracks in Mosaic,", (~has_cover_lazy).sum(), "here")

# %% [markdown]
# Nobody can look at quality, but mean ratings go with it. Write the test that tells the two shops apart by
# them. `values` and `has` are arrays of the same length. Return
# three numbers: the mean of `values` where `has` is True minus the mean where it is False, and the low and
# the high end of a 95 % bootstrap interval for it. Resample the tracks *with* and the tracks *without*
# separately, each group as large as it is. The lesson's `bootstrap` does this for any groups; you may copy
# it, or write the few lines for this case.


# %% exercise="difference_with_interval"
def difference_with_interval(values, has, n_boot=2000, rng=0):
    rng = np.random.default_rng(rng)
    ### BEGIN SOLUTION
    # In Mosaic the interval contains zero, which does not prove that there is nothing. In the lazy
    # shop tracks without a cover have lower ratings, by 0.28 to 0.63 stars.
    # Answers: in the lazy shop covers are missing not at random, because a gap depends on quality, which
    # is not observed. The test alone cannot show that. Had the designer looked at mean ratings, which are
    # observed, covers would be missing *at random*, and there would be a difference, too. The test shows
    # that gaps are not *completely* at random; the rest we know because we made them.
    # Dropping is not harmless. The average hardly moves, because only 23 of 480 tracks are dropped. But
    # these are mostly bad tracks: a recommender fitted without them knows nothing of them. And
    # giving them an average cover would make them look ordinary.
    a, b = values[has], values[~has]
    differences = []
    for _ in range(n_boot):
        differences.append(rng.choice(a, len(a)).mean() - rng.choice(b, len(b)).mean())
    low, high = np.quantile(differences, [0.025, 0.975])
    return a.mean() - b.mean(), low, high
    ### END SOLUTION


# %% check="difference_with_interval" points=2
values = np.array([0.0, 3.0] * 25 + [0.0, 1.0] * 225)  # means 1.5 and 0.5
first_50 = np.arange(500) < 50
answer = difference_with_interval(values, first_50)
problem = "return three numbers, the difference, low, high (of a dict its .values())"
assert not np.isscalar(answer) and not isinstance(answer, dict) and len(answer) == 3, problem
expected_width = 2 * 1.96 * np.sqrt(2.25 / 50 + 0.25 / 450)
for has, expected in ((first_50, 1.0), (~first_50, -1.0)):
    estimate, low, high = difference_with_interval(values, has)
    problem = "the mean of values[has] minus the mean of the others, not of a resample"
    assert np.isclose(estimate, expected), f"{estimate:.2f} should be {expected:g}: {problem}"
    assert low < expected < high, "the interval, low end first, should lie around the difference"
    width = (high - low) / expected_width
    assert 0.9 < width < 1.1, (
        f"the interval is {width:.2f} times as wide as it should be: draw as many tracks as each"
        " group has (here 50 and 450), from both groups, and take the quantiles 0.025 and 0.975"
    )
answer = difference_with_interval(np.array([0.0, 2.0, 1.0]), np.array([True, True, False]))
problem = "resample the groups separately: in a joint one the only track without can be absent"
assert np.isfinite(list(answer)).all(), problem

# %%
rows = {
    "Mosaic": list(difference_with_interval(mean_rating, has_cover)),
    "lazy shop": list(difference_with_interval(mean_rating, has_cover_lazy)),
}
print_table(pd.DataFrame(rows, index=["difference", "low", "high"]).T)
kept = mean_rating[has_cover_lazy]
print(f"average of all tracks {mean_rating.mean():.2f}, of those with a cover {kept.mean():.2f}")

# %% [markdown]
# In which shop are covers missing not at random, and can the test alone show it? And if the average hardly
# moves, is it then harmless to drop the tracks without a cover? Say it in three sentences; then read the
# start of the solution.

# %% [markdown]
# ## 5 · How much too high is the average rating?
#
# The average of the 25,000 ratings is 3.63 stars. (Exercise 4 printed 3.49, the average of the 480
# tracks' averages. There each *track* counts the same, here each *rating* does, and much-rated tracks have
# higher ratings.) What would it be if every listener rated *every* track? Only a made-up world can tell.
# Without the mood of the day, a rating is 1, plus 1 for each of the `steps` that utility exceeds:
# `1 + np.searchsorted(steps, utility)`, for a whole matrix at once.
#
# Return the mean of the observed ratings minus the mean over all cells. `observed` is a list, an array or
# a Series; `utility` is a matrix, `steps` are sorted.


# %% exercise="overestimate"
def overestimate(observed, utility, steps):
    ### BEGIN SOLUTION
    # The average is 1.52 stars too high: over all cells it is 2.11, not 3.63. A model that is trained
    # and tested on ratings never meets the other 91 % of the cells; lesson 06 asks what that does
    # to a test.
    #
    # Answer to the question below: it rules out the mood. On the rated cells, ratings with and without
    # mood have the same average within 0.02 stars. What is left is choice: listeners rate what they
    # expect to like.
    everything = 1 + np.searchsorted(steps, utility)
    return np.mean(observed) - everything.mean()
    ### END SOLUTION


# %% check="overestimate" points=2
tiny_utility = np.array([[-2.0, 0.0], [1.0, 4.0]])  # without mood: 1, 2, 3 and 5 stars
tiny_steps = (-0.6, 0.8, 2.1, 3.4)
try:
    of_list = overestimate([5, 3], tiny_utility, tiny_steps)
except (AttributeError, TypeError) as error:
    raise AssertionError(f"observed may be a list ({error}): use np.mean(observed)") from None
except ValueError as error:
    raise AssertionError(
        f"{error}: np.searchsorted wants the sorted steps first, then the utilities"
    ) from None
assert np.isscalar(of_list), "return one number: two means, then their difference"
assert not np.isclose(of_list, 4 - 1.75), "a rating is 1 *plus* the number of steps: one star more"
assert not np.isclose(of_list, 2.75 - 4), "observed minus all cells, not the other way round"
assert np.isclose(of_list, 4 - 2.75), (
    f"observed 4, all four cells (1 + 2 + 3 + 5) / 4 = 2.75, difference 1.25; you have {of_list:.2f}"
)
assert np.isclose(overestimate(pd.Series([5, 3], ["a", "b"]), tiny_utility, tiny_steps), 1.25)

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS

utility = mosaic.ground_truth()["utility"].astype(float)
u, i = users.get_indexer(ratings["user_id"]), items.get_indexer(ratings["item_id"])
without_mood = 1 + np.searchsorted(RATING_STEPS, utility[u, i])
print(f"all cells: {overestimate(ratings['rating'], utility, RATING_STEPS):.2f} stars too high")
print(f"rated cells only: {ratings['rating'].mean() - without_mood.mean():.2f} stars")

# %% [markdown]
# Two causes are possible: the mood of the day, and listeners' choice of what to rate. Which of them does
# the second number rule out, and what is left? Say it in one sentence; then read the end of the solution.
