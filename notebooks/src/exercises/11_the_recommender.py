# %% [markdown]
# # Exercises 11 · The recommender
#
# Five exercises on [lesson 11](../11_the_recommender.ipynb), from one line to one idea. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise says
# what to look at. Mosaic's listeners are simulated, here as everywhere.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.datasets.synthetic import RATING_STEPS
from mmrec_course.display import interval, print_table, show_items
from mmrec_course.evaluation import average_recommendation_popularity, cold_item_split
from mmrec_course.extras.reranking import rerank
from mmrec_course.features import FeatureBlock, extract_features
from mmrec_course.recommenders import MultimodalRecommender

mosaic = load_mosaic()
split = cold_item_split(mosaic.ratings, rng=0)
cold = split.candidates
blocks = extract_features(mosaic, fit_items=split.train_valid["item_id"])
model = MultimodalRecommender().fit(split.train_valid, blocks)
users = model.user_ids_

# %% [markdown]
# ## 1 · Shrinkage
#
# One line. `n` is an array, how many ratings each user has given. Return how much of the collaborative
# part is each user's own: $\rho = n^2 / (n^2 + \text{user\_shrinkage}^2)$.


# %% exercise="own_part"
def own_part(n, user_shrinkage):
    ### BEGIN SOLUTION
    return n**2 / (n**2 + user_shrinkage**2)
    ### END SOLUTION


# %% check="own_part"
several = np.array([0, 4, 12])
assert np.shape(own_part(several, 4.0)) == (3,), "return one number for each user"
assert own_part(several, 4.0)[0] == 0, "without ratings everything is the mean user's"
assert np.isclose(own_part(several, 4.0)[1], 0.5), "with n = user_shrinkage, half is the user's own"
assert not np.isclose(own_part(several, 4.0)[2], 0.75), "0.75 = 12 / (12 + 4): square both numbers"
assert np.allclose(own_part(several, 4.0), [0.0, 0.5, 0.9]), "144 / (144 + 16) for the last one"

# %%
n = np.array([0, 1, 2, 5, 20, 100])
table = {f"user_shrinkage {h}": own_part(n, h) for h in (1, 3, 10)}
print_table(pd.DataFrame(table, index=pd.Index(n, name="ratings")))

# %% [markdown]
# *What it says.* With 1, the first rating is worth as much as the mean user. With 10, it takes ten; at
# twenty the mean user still has a fifth. Which number is best depends on how much one rating tells in
# *this* shop, so held-out ratings decide.

# %% [markdown]
# ## 2 · Without its words
#
# `parts` is what `explain` returns: a row for each track, a column for each part of the score. A reason
# is convincing if taking it away would change something. Return a list: the ids of the `k` tracks that come first when the part
# `name` is left out of the sums, best first. Of equal sums, the row that stands higher in `parts` comes
# first.


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
assert without_part(tiny, "text", 1) != ["b"], "b is first because of its words; leave those out"
assert without_part(tiny, "text", 2) == ["a", "c"], "collaborative alone: a, then c"
assert without_part(tiny, "collaborative", 2) == ["b", "c"], (
    "words alone: b 4.0, c 0.5, d 0.0, a −1.0"
)
assert without_part(tiny, "collaborative", 9) == ["b", "c", "d", "a"], (
    "there may be fewer than k tracks"
)
equal = pd.DataFrame(0.0, index=range(40, 0, -1), columns=["collaborative", "text"])
assert without_part(equal, "text", 3) == [40, 39, 38], "all equal: keep the order"
assert list(tiny.columns) == ["collaborative", "text"], "`parts` itself must stay as it was"

# %%
long = model.recommend(["u416"], k=60)["item_id"]
parts = model.explain("u416", long)
stays = {}
for name in parts.columns:
    left = without_part(parts, name, 10)
    stays[name] = len(set(left) & set(long[:10]))
print("of the first ten, still there without:", stays)

# %% [markdown]
# *What it says.* The smaller the number, the more this list leans on the part; 10 means that all ten
# would stay. This is a *counterfactual*: "it would not be here if…". It answers another question than
# the bar. A long bar may change nothing, when the track would be listed all the same; and a part with
# short bars may decide who stands tenth and who eleventh. (A track that *has* no words is another case:
# there the other modalities carry their weight, too.)

# %% [markdown]
# ## 3 · Led away
#
# `lists` and `history` are tables with user_id and item_id, `counts` a Series: track → number of ratings.
# Return a Series: for each listener *of the lists*, the mean of `counts` over what is listed, minus
# its mean over what they chose themselves.


# %% exercise="led_away"
def led_away(lists, history, counts):
    ### BEGIN SOLUTION
    shown = lists["item_id"].map(counts).groupby(lists["user_id"]).mean()
    chosen = history["item_id"].map(counts).groupby(history["user_id"]).mean()
    return shown - chosen.reindex(shown.index)
    ### END SOLUTION


# %% check="led_away" points=2
counts = pd.Series({"hit": 100, "b": 20, "c": 10, "d": 30})
history = pd.DataFrame({"user_id": ["u", "u", "v", "w"], "item_id": ["b", "c", "hit", "c"]})
lists = pd.DataFrame({"user_id": ["v", "u", "u", "u"], "item_id": ["b", "hit", "b", "d"]})
answer = led_away(lists, history, counts)
assert set(answer.index) == {"u", "v"}, "w has no list, so there is nothing to say about w"
assert answer["u"] != -35, "the other way round: shown minus chosen"
assert answer["u"] == 35, "u is shown (100 + 20 + 30) / 3 and chose (20 + 10) / 2"
assert answer["v"] == -80, "v loves the hit and is shown b: 20 − 100"

# %%
counts = split.train_valid["item_id"].value_counts()
known_only = model.recommend(users, k=10, candidates=np.unique(split.train_valid["item_id"]))
moved = led_away(known_only, split.train_valid, counts)
package = average_recommendation_popularity(
    known_only, split.train_valid
) - average_recommendation_popularity(split.train_valid, split.train_valid)
print("equal to average_recommendation_popularity:", np.allclose(moved, package[moved.index]))
print(f"shown better-known tracks than they choose: {(moved > 0).mean():.0%} of the listeners")

# %% [markdown]
# *What it says.* Most listeners are led towards the better-known. The model is not to blame alone:
# it lists what is *likely* to be liked, and of well-known tracks it knows more. But likely is not the same
# as wanted, and a shop that shows everybody the same tracks has the others for nothing. (Here the
# comparison is with the past. Before comparing *groups* of listeners, remember the lesson: with what
# they chose later.)

# %% [markdown]
# ## 4 · The next track
#
# `scores` holds one number for each track (0 to 1), `similarity` the cosines of every two tracks, `picked` the
# places of those already on the list. Return the place of the next one: the largest
# $(1 - \lambda)\, s_i - \lambda \max_{j\;\text{picked}} \cos_{ij}$, never one that is picked already. With
# nothing picked yet, nothing is subtracted.


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
assert next_track(s, cos, [], 0.5) == 0, "nothing is picked: the best one"
assert next_track(s, cos, [0], 0.0) == 1, "λ = 0: the best one that is not picked yet"
assert next_track(s, cos, [0], 0.5) == 2, "track 1 is a twin of track 0: 0.45 − 0.5; track 2 wins"
assert next_track(s, cos, [0], 1.0) == 3, "with λ = 1 only the difference counts"
s2 = np.array([1.0, 0.9, 0.8, 0.78])
cos2 = np.array([[1, 0, 0.9, 0.5], [0, 1, 0, 0.5], [0.9, 0, 1, 0], [0.5, 0.5, 0, 1.0]])
assert next_track(s2, cos2, [0, 1], 0.5) == 3, (
    "the *nearest* of those picked counts, not their mean: track 2 is nearly a twin of track 0"
    " (0.40 − 0.45), track 3 is half like both (0.39 − 0.25)"
)
assert next_track(s2, cos2, [1, 0], 0.5) == 3, "the order of those picked does not matter"
assert (s == before).all(), "leave `scores` as they were: somebody else may need them"

# %%
fifty = model.recommend(["u416"], k=50)
fifty = fifty[blocks["audio"].align(fifty["item_id"]).present]  # only what can be heard
sound = blocks["audio"].standardize(np.unique(split.train_valid["item_id"])).align(fifty["item_id"])
f = sound.values / np.maximum(np.linalg.norm(sound.values, axis=1, keepdims=True), 1e-12)
s = fifty["score"].to_numpy()
s, places = (s - s.min()) / (s.max() - s.min()), []
while len(places) < 10:
    places.append(next_track(s, f @ f.T, places, 0.4))
block = FeatureBlock(
    modality="audio",
    item_ids=sound.item_ids,
    values=f,
    present=sound.present,
    names=sound.names,
)
package = rerank(fifty, block, k=10, diversity=0.4)["item_id"]
print("equal to rerank:", list(fifty["item_id"].iloc[places]) == list(package))
show_items(mosaic.items, package[:5])

# %% [markdown]
# *What it says.* Here only the *sound* counts as alike: play the five, they are chosen to differ. The
# maximum, not the mean, is what makes it work. By the mean, a twin of one picked track would pass as long
# as it is unlike the other eight.

# %% [markdown]
# ## 5 · A rule for new releases
#
# The cold-item discount is one way to say how many cold-start tracks a list should hold. Shops often have
# a plainer one: *at least so many of the ten*. `ranked` is a list of ids, best first, `is_new` a set of
# ids. Return the first `k` of `ranked` if at least `quota` of them are new. Otherwise let the best new
# tracks take the place of the *worst warm ones*, until the quota is met, or there are no more new
# tracks, or no more warm ones in the list. Keep the order of `ranked` throughout.


# %% exercise="with_quota"
def with_quota(ranked, is_new, k, quota):
    ### BEGIN SOLUTION
    fresh = [item for item in ranked if item in is_new]
    n_new = max(sum(item in is_new for item in ranked[:k]), min(quota, k, len(fresh)))
    warm = [item for item in ranked if item not in is_new]
    kept = set(fresh[:n_new]) | set(warm[: k - n_new])
    return [item for item in ranked if item in kept]
    ### END SOLUTION


# %% check="with_quota" points=3
ranked = ["a", "b", "N1", "c", "d", "N2", "e", "N3"]
fresh = {"N1", "N2", "N3"}
assert with_quota(ranked, fresh, 4, 1) == ["a", "b", "N1", "c"], "the quota is met: nothing changes"
assert with_quota(ranked, fresh, 4, 0) == ["a", "b", "N1", "c"], "a quota is a minimum, no maximum"
assert len(with_quota(ranked, fresh, 4, 2)) == 4, "the list must not become longer"
assert with_quota(ranked, fresh, 4, 2) == ["a", "b", "N1", "N2"], (
    "c, the worst warm one, makes room"
)
assert with_quota(ranked, fresh, 4, 3) == ["a", "N1", "N2", "N3"], (
    "b makes room as well; keep order"
)
assert with_quota(["a", "b", "c"], fresh, 2, 2) == ["a", "b"], (
    "no new tracks at all: the list stays"
)
assert with_quota(["N1", "N2", "a"], fresh, 2, 1) == ["N1", "N2"], "both may be new"
assert with_quota(ranked, fresh, 4, 9) == ["a", "N1", "N2", "N3"], (
    "more than there are: all of them"
)
assert with_quota(ranked, fresh, 2, 3) == ["N1", "N2"], "more than the list is long: only new ones"

# %%
truth = mosaic.ground_truth()
likes = pd.DataFrame(truth["utility"], truth["user_ids"], truth["item_ids"]) > RATING_STEPS[2]
cautious = model.refitted("cold_discount", 0.9)
ranked = cautious.recommend(users, k=len(mosaic.items)).groupby("user_id")["item_id"].agg(list)
rows = {}
for quota in (0, 1, 2, 4, 6):
    lists = ranked.map(lambda one, q=quota: with_quota(one, set(cold), 10, q))
    liked = np.array([likes.loc[user, one].mean() for user, one in lists.items()])
    share = np.isin(np.concatenate(lists.to_list()), cold).mean()
    reach = 1.96 * liked.std() / np.sqrt(len(liked))
    rows[quota] = [
        f"{share:.0%}",
        interval(liked.mean(), liked.mean() - reach, liked.mean() + reach),
    ]
print_table(pd.DataFrame(rows, index=["cold-start", "truly liked"]).T.rename_axis("quota"))

# %% [markdown]
# *What it says.* A model with a high discount, and a rule on top of it. One or two new tracks of ten cost
# nothing that listeners would truly like; with six it shows, because the sixth best new track is not
# as good as the warm one that it pushes out. A quota promises everybody the same number. With a
# discount, the scores decide who gets how many. Which one a shop wants is not a question of accuracy.
