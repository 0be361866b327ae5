# %% [markdown]
# # 06 · deeper: beyond accuracy
#
# **Aim** Measure what NDCG does not see: coverage, popularity bias, novelty, intra-list diversity and
# calibration; each by hand first.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lesson 06](../06_evaluation.ipynb). Mosaic's listeners are simulated.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import print_table, show_items
from mmrec_course.evaluation import temporal_split
from mmrec_course.features import extract_features
from mmrec_course.recommenders import EASE, ContentRidge, Popularity, Random

mosaic = load_mosaic()
split = temporal_split(mosaic.ratings)
train = split.train_valid
blocks = extract_features(mosaic, ["image", "text"], fit_items=train["item_id"])

# %% [markdown]
# ## Three lists for one listener
#
# NDCG rewards hits and nothing else. Here is what three models would show `u212`: one that looks only at
# covers, EASE, and popularity. Which list would you call varied? Which would surprise somebody?

# %%
models = {
    "chance": Random(),
    "popularity": Popularity(half_life=60.0),
    "image": ContentRidge(modality="image", reg=100.0),
    "text": ContentRidge(modality="text", reg=100.0),
    "EASE": EASE(reg=200.0),
}
lists = {}
for name, model in models.items():
    lists[name] = model.fit(train, blocks).recommend(model.user_ids_, k=10)
for name in ("image", "EASE", "popularity"):
    show_items(mosaic.items, lists[name].query("user_id == 'u212'")["item_id"].head(5))

# %% [markdown]
# The last list is what everybody gets, less what they have already rated. What could one measure?
#
# ## All lists together: coverage, inequality, popularity bias
#
# - **Coverage**: the share of the tracks that stand in anybody's list.
# - The **Gini coefficient** of lesson 01 asks how unequally the tracks share the positions: 0 if each is
#   listed equally often, close to 1 if a few fill all lists.
# - **Popularity bias**: are the listed tracks rated more often than those that people choose themselves?

# %%
from mmrec_course.evaluation import average_recommendation_popularity, coverage, gini

n_ratings = train["item_id"].value_counts()
for name in ("EASE", "popularity"):
    listed = lists[name]["item_id"]
    by_hand = [listed.nunique() / len(split.candidates), listed.map(n_ratings).mean()]
    packaged = [
        coverage(lists[name], split.candidates),
        average_recommendation_popularity(lists[name], train).mean(),
    ]
    assert np.allclose(by_hand, packaged)
    print(f"{name:10} {listed.nunique()} tracks with {by_hand[1]:.0f} ratings each, on average")

# %% [markdown]
# Popularity fills 600 lists with 26 tracks.
#
# ## One list: novelty, diversity, calibration
#
# - **Novelty**: how surprising is it that somebody knows this track? In bits, $-\log_2 p_i$, with $p_i$ the
#   share of listeners who have rated it. By hand, for EASE's list for `u212` (the $+1$ keeps an unrated
#   track finite):

# %%
from mmrec_course.evaluation import novelty

user_list = lists["EASE"].query("user_id == 'u212'")
share = (n_ratings[user_list["item_id"]] + 1) / (train["user_id"].nunique() + 1)
bits = -np.log2(share).mean()
assert np.isclose(bits, novelty(user_list, train)["u212"])
print(f"novelty {bits:.1f} bits: such a track is known to one listener in {2**bits:.0f}")

# %% [markdown]
# - **Intra-list diversity**: how different are the tracks of one list? One minus the cosine, averaged over
#   the 45 pairs of ten tracks. It depends on the modality: a list may look alike and read mixed.

# %%
from mmrec_course.evaluation import intra_list_diversity

rows = blocks["image"].align(user_list["item_id"]).values  # (10, n_columns)
rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
cosines = (rows @ rows.T)[np.triu_indices(10, k=1)]  # (45,)
diversity = 1 - cosines.mean()
assert np.isclose(diversity, intra_list_diversity(user_list, blocks["image"])["u212"])
print(f"intra-list diversity of the covers {diversity:.2f}")

# %% [markdown]
# - **Calibration**: somebody who likes 70 % folk and 30 % dub should not get folk alone. How far is the
#   list's distribution of genres $q$ from the distribution $p$ of what the listener liked? The
#   **miscalibration** is the Kullback–Leibler divergence,
#
# $$\sum_g p_g \ln \frac{p_g}{\tilde q_g}, \qquad \tilde q = 0.99\, q + 0.01\, p$$
#
# In words: add up, over the genres that the listener likes, how much too rare each is in the list. 0 is the
# same distribution. With $\tilde q$ a genre that the list lacks does not make it infinite.

# %%
from mmrec_course.evaluation import calibration

genre, liked = mosaic.items["genre"], train[train["rating"] >= 4]
user_liked = liked.query("user_id == 'u212'")
p = genre[user_liked["item_id"]].value_counts(normalize=True)
q = genre[user_list["item_id"]].value_counts(normalize=True).reindex(p.index, fill_value=0)
divergence = (p * np.log(p / (0.99 * q + 0.01 * p))).sum()
assert np.isclose(divergence, calibration(user_list, liked, genre)["u212"])
print_table(pd.DataFrame({"liked": p, "listed": q}).head(5))
print(f"miscalibration {divergence:.2f}")

# %% [markdown]
# ## All models
#
# Now everything for all models and listeners. The last row is what people chose themselves, later. Which
# column would you want to be high, and which low?

# %%
rows = {}
for name, table in {**lists, "own choice": split.test}.items():
    rows[name] = {
        "coverage": coverage(table, split.candidates),
        "Gini": gini(table, split.candidates),
        "popularity": average_recommendation_popularity(table, train).mean(),
        "novelty": novelty(table, train).mean(),
        "cover diversity": intra_list_diversity(table, blocks["image"]).mean(),
        "miscalibration": calibration(table, liked, genre).mean(),
    }
print_table(pd.DataFrame(rows).T, digits={"popularity": 0, "novelty": 1})

# %% [markdown]
# - **Popularity bias**: EASE spreads over 60 % of the catalogue, and still lists tracks with 106 ratings
#   where people choose ones with 64. Yet its NDCG is above chance, popularity and text (lesson 06).
# - *Chance* has perfect coverage and as much novelty as any, and is useless. None of these numbers is a goal
#   in itself. They say what an accuracy costs.
# - *Image* lists covers that look alike: diversity 0.45, where chance has 0.92. A model that knows one
#   modality repeats it.
# - The miscalibration of *own choice* is the largest, though people surely follow their own taste. They have
#   fewer than four ratings each in the test, and so few tracks cannot show a distribution. Compare
#   lists of the same length only.
#
# A number alone says nothing about luck. Each measure of a list has one value for each listener, so
# `compare` gives it an interval. Are EASE's lists really better calibrated than those of text?

# %%
from mmrec_course.evaluation import compare

miscalibration = {
    name: calibration(lists[name], liked, genre).to_frame("miscalibration")
    for name in ("text", "EASE", "popularity")
}
table = compare(miscalibration, "miscalibration")
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]])

# %% [markdown]
# EASE's lists match the listeners' genres better than those of the model that reads descriptions, for
# these simulated listeners: the interval of the difference lies below zero. (Each number is rounded by
# itself.)
#
# What would more diversity cost in NDCG? That question needs a way to trade one for the other: re-ranking,
# in [lesson 11](../11_the_recommender.ipynb).
#
# ## Recap
#
# - Coverage and the Gini coefficient describe all lists together; novelty, diversity and calibration one list.
# - None of them is a goal in itself: chance is first in three of six.
# - A short list cannot show a distribution, so miscalibration has a floor that depends on the length.
# - Back to [lesson 06](../06_evaluation.ipynb).
#
# ## Sources
#
# - Shani and Gunawardana (2011), *Evaluating recommendation systems*, in Recommender Systems Handbook:
#   the map of what can be measured.
# - Ziegler, McNee, Konstan and Lausen (2005), *Improving recommendation lists through topic
#   diversification*, WWW: intra-list similarity.
# - Zhou and others (2010), PNAS 107(10): novelty as self-information.
# - Steck (2018), *Calibrated recommendations*, RecSys.
