# %% [markdown]
# # Exercises 11 · The recommender
#
# Five exercises on [lesson 11](../11_the_recommender.ipynb), from one line to one idea: 25 to 70
# minutes. Write your answer where it says so, then run the cell below it: it is silent if all is well,
# and otherwise says what to look at. Each exercise needs only the first code cell. Worked answers are in
# the [solutions](../solutions/11_the_recommender.ipynb). Mosaic's users are simulated, here as
# everywhere.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.datasets.synthetic import RATING_STEPS
from mmrec_course.display import interval, print_table, show_items
from mmrec_course.evaluation import average_recommendation_popularity, cold_item_split
from mmrec_course.extras.reranking import rerank
from mmrec_course.features import extract_features
from mmrec_course.recommenders import MultimodalRecommender

mosaic = load_mosaic()
split = cold_item_split(mosaic.ratings, fraction=0.2, rng=0)
train, cold = split.train_valid, split.candidates
warm = train["item_id"].unique()
blocks = extract_features(mosaic, fit_items=warm)
model = MultimodalRecommender().fit(train, blocks)
users = model.user_ids_

# %% [markdown]
# ## 1 · Shrinkage
#
# One line. `n` is an array: how many ratings each user has given. Return which part of the collaborative
# score is each user's own: $\rho = n^2 / (n^2 + \text{user\_shrinkage}^2)$.


# %% exercise="own_part"
def own_part(n, user_shrinkage):
    ### BEGIN SOLUTION
    return n**2 / (n**2 + user_shrinkage**2)
    ### END SOLUTION


# %% check="own_part"
answer = own_part(np.array([0, 4, 12]), 4.0)
assert np.shape(answer) == (3,), "return one number for each user, an array like `n`"
assert not np.allclose(answer, [1, 0.5, 0.1]), "this is the mean user's part; the own part is asked"
assert not np.allclose(answer, [0, 0.5, 0.75]), "0.75 = 12 / (12 + 4): square both numbers"
assert not np.allclose(answer, [0, 0.8, 144 / 148]), "square `user_shrinkage`, too"
assert not np.allclose(answer, [0, 0.25, 0.5625]), "square first, then add: n² + s², not (n + s)²"
assert answer[0] == 0, "without ratings everything is the mean user's"
assert np.isclose(answer[1], 0.5), "with n = user_shrinkage, half is the user's own"
assert np.allclose(answer, [0.0, 0.5, 0.9]), "144 / (144 + 16) for the last one"

# %%
n = np.array([0, 1, 2, 5, 20, 100])
table = {f"user_shrinkage {s}": own_part(n, s) for s in (1, 3, 10)}
print_table(pd.DataFrame(table, index=pd.Index(n, name="ratings")))

# %% [markdown]
# *What it says.* With 1, the first rating counts as much as the mean user. With 10, it takes ten
# ratings; with twenty, the mean user still has a fifth. Which number is best depends on how much one
# rating tells in *this* shop, so held-out ratings decide.

# %% [markdown]
# ## 2 · The list without one part
#
# `parts` is a table as `explain` returns it: a row for each track, a column for each part of the score.
# Leave the column `name` out, add up the others, and return the ids of the `k` tracks with the largest
# sums: a list, best first. Of equal sums, the row that stands higher in `parts` comes first.


# %% exercise="without_part"
def without_part(parts, name, k):
    ### BEGIN SOLUTION
    rest = parts.drop(columns=name).sum(axis=1)
    return list(rest.sort_values(ascending=False, kind="stable").index[:k])
    ### END SOLUTION


# %% check="without_part" points=2
tiny = pd.DataFrame(
    {"collaborative": [3.0, 0.0, 1.0, 1.0], "text": [-1.0, 4.0, 0.5, 0.0]},
    index=["a", "b", "c", "d"],
)
answer = without_part(tiny, "text", 2)
assert isinstance(answer, list), f"return a list of ids, not {type(answer).__name__}"
assert list(tiny.columns) == ["collaborative", "text"], "`parts` itself must stay as it was"
assert answer != ["b", "a"], "b is first because of its words; leave the column `name` out"
assert answer != ["b", "c"], "sort in descending order, by the sum of all columns but `name`"
assert answer == ["a", "c"], "collaborative alone: a 3, then c 1 (it stands above d)"
assert without_part(tiny, "collaborative", 2) == ["b", "c"], "text alone: b 4.0, then c 0.5"
assert without_part(tiny, "collaborative", 9) == ["b", "c", "d", "a"], (
    "k may be larger than the table"
)
equal = pd.DataFrame({"image": 0, "text": np.arange(90) % 3}, index=range(90, 0, -1))
assert without_part(equal, "image", 3) == [88, 85, 82], (
    "many sums are equal, so the order of the rows must stay: sort_values(kind='stable')"
)

# %%
long_list = model.recommend(["u416"], k=60)["item_id"]
parts = model.explain("u416", long_list)
still_there = {}
for name in parts.columns:
    still_there[name] = np.isin(long_list[:10], without_part(parts, name, 10)).sum()
print_table(pd.Series(still_there, name="of the first ten, still there").rename_axis("without"))

# %% [markdown]
# *What it says.* The smaller the number, the more this list depends on the part; 10 means that all ten
# would stay. This is a *counterfactual* explanation: "it would not be here if…". It answers another
# question than the bar. A long bar may change nothing, when the track would be listed all the same.
# And a short bar may decide which track is tenth and which is eleventh.

# %% [markdown]
# ## 3 · How popular are the shown tracks?
#
# `lists` and `history` are tables with the columns user_id and item_id. `counts` is a Series: track →
# number of ratings. Return a Series: for each user *in* `lists`, the mean of `counts` over the listed
# tracks, minus its mean over the tracks of the user's `history`.


# %% exercise="popularity_gap"
def popularity_gap(lists, history, counts):
    ### BEGIN SOLUTION
    shown = lists["item_id"].map(counts).groupby(lists["user_id"]).mean()
    chosen = history["item_id"].map(counts).groupby(history["user_id"]).mean()
    return shown - chosen.reindex(shown.index)
    ### END SOLUTION


# %% check="popularity_gap" points=2
counts = pd.Series({"hit": 100, "b": 20, "c": 10, "d": 30})
history = pd.DataFrame({"user_id": ["u", "u", "v", "w"], "item_id": ["b", "c", "hit", "c"]})
lists = pd.DataFrame({"user_id": ["v", "u", "u", "u"], "item_id": ["b", "hit", "b", "d"]})
answer = popularity_gap(lists, history, counts)
assert isinstance(answer, pd.Series), f"return a Series user → number, not {type(answer).__name__}"
assert set(answer.index) <= {"u", "v", "w"}, "the index of the answer must be the user ids"
assert set(answer.index) == {"u", "v"}, "w has no list: the answer is for the users in `lists`"
assert answer["u"] != -35, "the other way round: shown minus chosen"
assert answer["u"] != 120, "the mean for each user, not the sum"
assert answer["u"] == 35, "u is shown (100 + 20 + 30) / 3 and chose (20 + 10) / 2"
assert answer["v"] == -80, "v chose the hit and is shown b: 20 − 100"

# %%
ten = model.recommend(users, k=10, candidates=warm)
gap = popularity_gap(ten, train, train["item_id"].value_counts())
shown = average_recommendation_popularity(ten, train)
chosen = average_recommendation_popularity(train, train)
print("equal to the package:", np.allclose(gap, (shown - chosen)[gap.index]))
print(f"shown more popular tracks than they chose: {(gap > 0).mean():.0%} of the users")

# %% [markdown]
# *What it says.* Most users are shown tracks that are more popular than those they chose:
# **popularity bias**. The model lists what is *likely* to be liked, and of popular tracks it knows more.
# Here the comparison is with the past. Before you compare *groups* of users, compare with what they
# choose later ([deeper](../deeper/11_diversity.ipynb)): groups that were made by past choices move
# towards the mean by themselves.

# %% [markdown]
# ## 4 · The next track
#
# One step of MMR re-ranking ([deeper](../deeper/11_diversity.ipynb)). `scores` is an array with one
# number for each track (0 to 1), `similarity` the matrix of cosines of every two tracks, `picked` a list
# of the positions that are already chosen. Return the position of the next one: the largest
# $(1 - \lambda)\, s_i - \lambda \max_{j\;\text{picked}} \cos_{ij}$, where $\lambda$ is `diversity`. Never
# return one that is picked already. With nothing picked yet, nothing is subtracted.


# %% exercise="next_track"
def next_track(scores, similarity, picked, diversity):
    ### BEGIN SOLUTION
    nearest = similarity[:, picked].max(axis=1) if len(picked) else np.zeros(len(scores))
    value = (1 - diversity) * scores - diversity * nearest
    value[list(picked)] = -np.inf
    return int(np.argmax(value))
    ### END SOLUTION


# %% check="next_track" points=3
s = np.array([1.0, 0.9, 0.5, 0.1])
cos = np.array([[1, 1, 0.2, 0], [1, 1, 0.2, 0], [0.2, 0.2, 1, 0.9], [0, 0, 0.9, 1.0]])
before = s.copy()
answer = next_track(s, cos, [0], 0.5)
assert isinstance(answer, int | np.integer), f"return one position, not {type(answer).__name__}"
assert (s == before).all(), "leave `scores` as they were: the next step needs them"
assert answer != 0, "track 0 is picked already: give it a value that can never win"
assert answer == 2, "values: 1 (a twin of 0) has 0.45 − 0.5, 2 has 0.25 − 0.1, 3 has 0.05 − 0"
assert next_track(s, cos, [0], 0.0) == 1, "λ = 0: the best one that is not picked yet"
assert next_track(s, cos, [0], 1.0) == 3, "with λ = 1 only the similarity counts"
s2 = np.array([1.0, 0.9, 0.8, 0.78])
cos2 = np.array([[1, 0, 0.9, 0.5], [0, 1, 0, 0.5], [0.9, 0, 1, 0], [0.5, 0.5, 0, 1.0]])
answer = next_track(s2, cos2, [0, 1], 0.5)
assert answer == 3, "the largest cosine counts, not the mean: 2 has 0.40 − 0.45, 3 has 0.39 − 0.25"
try:
    first = next_track(s, cos, [], 0.5)
except (ValueError, IndexError):
    raise AssertionError("`picked` may be empty: then there is no maximum to subtract") from None
assert first == 0, "nothing is picked: the best one"

# %%
fifty = model.recommend(["u416"], k=50)
fifty = fifty[blocks["audio"].align(fifty["item_id"]).present]  # only what can be heard
sound = blocks["audio"].standardize(warm).align(fifty["item_id"])
rows = sound.values / np.linalg.norm(sound.values, axis=1, keepdims=True)
scaled = fifty["score"].to_numpy()
scaled = (scaled - scaled.min()) / (scaled.max() - scaled.min())
picked = []
while len(picked) < 10:
    picked.append(next_track(scaled, rows @ rows.T, picked, 0.4))
package = rerank(fifty, sound, k=10, diversity=0.4)["item_id"]
print("equal to rerank:", list(fifty["item_id"].iloc[picked]) == list(package))
show_items(mosaic.items, package[:5])

# %% [markdown]
# *What it says.* Here only the *sound* counts as similarity: play the five, they are chosen to differ.
# The maximum, not the mean, makes it work. By the mean, a twin of one picked track would pass as long as
# it is unlike the other eight.

# %% [markdown]
# ## 5 · A rule for cold-start tracks
#
# The cold-item discount is one way to say how many cold-start tracks a list should hold. Shops often have
# a plainer rule: *at least so many of the ten*. `ranked` is a list of ids, best first, and `is_cold` a
# set of ids. Return a list of the first `k` of `ranked` if at least `quota` of them are cold-start.
# Otherwise let the best cold-start tracks take the place of the *worst warm ones*, until the quota is
# met, or no cold-start track is left, or no warm one is left in the list. Keep the order of `ranked`.
#
# A hint: first decide how many cold-start tracks the list will hold. Then pick those, fill up with the
# best warm ones, and put all in the order of `ranked`.


# %% exercise="with_quota"
def with_quota(ranked, is_cold, k, quota):
    ### BEGIN SOLUTION
    cold_ranked = [item for item in ranked if item in is_cold]
    warm_ranked = [item for item in ranked if item not in is_cold]
    n_cold = sum(item in is_cold for item in ranked[:k])
    n_cold = max(n_cold, min(quota, k, len(cold_ranked)))
    kept = set(cold_ranked[:n_cold]) | set(warm_ranked[: k - n_cold])
    return [item for item in ranked if item in kept]
    ### END SOLUTION


# %% check="with_quota" points=3
ranked = ["a", "b", "C1", "d", "e", "C2", "f", "C3"]
is_cold = {"C1", "C2", "C3"}
answer = with_quota(ranked, is_cold, 4, 2)
assert isinstance(answer, list), f"return a list of ids, not {type(answer).__name__}"
assert len(answer) == 4, f"the list must have k = 4 tracks, yours has {len(answer)}"
assert "C2" in answer, "one of the first four is cold-start and two are asked: C2 must come in"
assert "d" not in answer, "the worst warm one, d, makes room"
assert answer == ["a", "b", "C1", "C2"], "keep the order of `ranked`"
assert with_quota(ranked, is_cold, 4, 1) == ["a", "b", "C1", "d"], "the quota is met: no change"
assert with_quota(ranked, is_cold, 4, 0) == ["a", "b", "C1", "d"], (
    "a quota is a minimum, no maximum"
)
assert with_quota(ranked, is_cold, 4, 3) == ["a", "C1", "C2", "C3"], "b makes room as well"
assert with_quota(ranked, is_cold, 4, 9) == ["a", "C1", "C2", "C3"], "there are only three of them"
assert with_quota(ranked, is_cold, 2, 3) == ["C1", "C2"], "not more than the list is long"
assert with_quota(["a", "b", "d"], is_cold, 2, 2) == ["a", "b"], "none at all: the list stays"
assert with_quota(["C1", "C2", "a"], is_cold, 2, 1) == ["C1", "C2"], "both may be cold-start"
assert ranked == ["a", "b", "C1", "d", "e", "C2", "f", "C3"], "leave `ranked` as it was"

# %%
truth = mosaic.ground_truth()
likes = pd.DataFrame(truth["utility"], truth["user_ids"], truth["item_ids"]) > RATING_STEPS[2]
discounted = model.refitted("cold_discount", 0.9).recommend(users, k=len(mosaic.items))
ranked_lists = discounted.groupby("user_id")["item_id"].agg(list)
rows = {}
for quota in (0, 1, 2, 4, 6):
    lists = {
        user: with_quota(ranked, set(cold), 10, quota) for user, ranked in ranked_lists.items()
    }
    share = np.mean([np.isin(ten, cold).mean() for ten in lists.values()])
    liked = np.array([likes.loc[user, ten].mean() for user, ten in lists.items()])
    reach = 1.96 * liked.std() / np.sqrt(len(liked))
    rows[quota] = [
        f"{share:.0%}",
        interval(liked.mean(), liked.mean() - reach, liked.mean() + reach),
    ]
print_table(pd.DataFrame(rows, index=["cold-start", "truly liked"]).T.rename_axis("quota"))

# %% [markdown]
# *What it says.* This is a model with a high discount, and a rule on top of it. Up to two cold-start tracks
# of ten cost nothing that these (simulated) users would truly like. With six it shows: the sixth best
# cold-start track is not as good as the warm one that makes room. A quota gives everybody the same
# number; with a discount, the scores decide who gets how many. Which one a shop wants is not a question
# of accuracy.
