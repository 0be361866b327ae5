# %% [markdown]
# # 01 · deeper: metadata or media?
#
# **Aim** Compare what six kinds of data say about a listener's next favourites: counts, other users' ratings,
# metadata, covers, words and sounds; on warm and on cold-start items.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lessons 00](../00_start_here.ipynb) (`ContentRidge`, z-scores) and
# [01](../01_the_catalogue.ipynb). Mosaic's listeners are simulated.

# %%
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import print_table
from mmrec_course.evaluation import cold_item_split, temporal_split

mosaic = load_mosaic()
items = mosaic.items.index
warm_split = temporal_split(mosaic.ratings)
cold_splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
print(len(warm_split.candidates), "candidates or", len(cold_splits[0].candidates))

# %% [markdown]
# Two tests. For *warm items*, each listener's newest tenth of ratings is held out, and all 480 tracks are
# candidates. For *cold-start items*, a fifth of the tracks is held out with all their ratings; they are the
# candidates. The second test is repeated with five random fifths.
#
# ## Features
#
# The metadata are the genre, in one-hot encoding: ten columns, 1 in the column of the track's own genre.
# (A `FeatureBlock` keeps features and ids together; lesson 03.)

# %%
from mmrec_course.features import FeatureBlock

one_hot = pd.get_dummies(mosaic.items["genre"], dtype=float)
genre = FeatureBlock(
    modality="genre",
    item_ids=items,
    values=one_hot.to_numpy(),
    present=np.ones(len(items), dtype=bool),
    names=tuple(one_hot),
)
print(genre.values.shape)

# %% [markdown]
# Cover, words and sound come from `extract_features`, as in lesson 00. What is learned there, such as a
# vocabulary, is learned from the training items. The **permutation control** gets the words of other
# tracks: the same rows, permuted.

# %%
from mmrec_course.features import extract_features


def make_blocks(split):
    blocks = extract_features(mosaic, fit_items=split.train_valid["item_id"].unique())
    return {"genre": genre, **blocks, "permuted text": blocks["text"].shuffle(rng=1)}


# %% [markdown]
# ## Models
#
# One `ContentRidge` for each block, with the same regularisation strength as in lesson 00. Nothing is tuned
# here; lesson 08 does that. Two rows are weighted sums of several models' scores. Each model's scores
# become z-scores first, for each listener, because the scores have no common scale. Mean and standard
# deviation are those of the tracks that have the modality: they are the second argument of
# `standardize_scores`. The weights are equal, and renormalised where a track lacks a modality.

# %%
from mmrec_course.fusion import standardize_scores, weighted_sum
from mmrec_course.recommenders import EASE, ContentRidge, Popularity


class EqualWeights:
    def __init__(self, models, blocks):
        self.models, self.blocks = models, blocks

    def score(self, user_ids, item_ids):
        z, present = {}, {}
        for name, model in self.models.items():
            present[name] = self.blocks[name].align(item_ids).present
            scores = model.score(user_ids, item_ids)
            z[name] = standardize_scores(scores, scores[:, present[name]])
        return weighted_sum(z, dict.fromkeys(z, 1.0), present)


# %%
def fit_models(split):
    train, blocks = split.train_valid, make_blocks(split)
    content = {name: ContentRidge(modality=name, reg=10.0).fit(train, blocks) for name in blocks}
    media = {name: content[name] for name in mosaic.modalities}
    sums = {
        "cover + words + sound": EqualWeights(media, blocks),
        "genre + all three": EqualWeights({"genre": content["genre"], **media}, blocks),
    }
    collaborative = {"popularity": Popularity().fit(train), "EASE": EASE().fit(train)}
    return collaborative | content | sums


# %% [markdown]
# A last row uses what no model may: the ground truth. It ranks by utility itself and shows what is
# possible at most.


# %%
class GroundTruth:
    def __init__(self, truth):
        self.utility = pd.DataFrame(truth["utility"], truth["user_ids"], truth["item_ids"])

    def score(self, user_ids, item_ids):
        return self.utility.loc[user_ids, item_ids].to_numpy(dtype=float)


# %% [markdown]
# ## The measure
#
# EASE gives the same score to every cold-start item. To be fair to it, take a measure in which a tie
# counts half. *Take a track that the listener went on to like, and any other candidate, mostly never rated:
# how often does the model rank the liked one higher?* This is the **AUC** (lesson 06). Chance is 0.50.

# %%
from mmrec_course.evaluation import compare, evaluate

columns = ["mean", "low", "high", "difference", "diff_low", "diff_high"]


def evaluate_models(split):
    models = fit_models(split) | {"ground truth": GroundTruth(mosaic.ground_truth())}
    return {name: evaluate(model, split, metrics=["auc"]) for name, model in models.items()}


warm = compare(evaluate_models(warm_split), metric="auc", baseline="genre")
print_table(warm[columns])

# %% [markdown]
# `difference` is each row minus *genre*, listener by listener. The intervals say how far the means would
# move with other listeners of the same kind.
#
# On warm items, what other users did says by far the most: EASE is far ahead. Popularity, the same list for
# everybody, cannot be told apart from genre.
#
# For cold-start items another kind of chance counts more: *which* tracks were held out. So the next table
# has the mean over five splits, and intervals over splits (lesson 06).

# %%
from mmrec_course.evaluation import compare_splits

tables = [evaluate_models(split) for split in cold_splits]
results = {name: [table[name] for table in tables] for name in tables[0]}
cold = compare_splits(results, metric="auc", baseline="genre", test_share=0.2)
print_table(cold[columns])

# %% [markdown]
# What to read in it, about simulated listeners and models that are not tuned:
#
# - **Popularity and EASE** are at chance, exactly: all cold-start items have the same score.
# - **Content** ranks cold-start items nearly as it ranks warm ones. It does not look at an item's ratings.
# - **Genre is hard to beat.** On cold-start items genre alone is ahead of covers, words and sounds, each
#   taken alone. (Here the genre is the makers' own fact, as clean as metadata can be, and a taste in sound
#   depends on it.)
# - **Media together are ahead of genre**, and so are genre and media together: by 0.04 and 0.05, and
#   both intervals exclude zero. On warm items, by 0.03 and 0.05. Two limits: genre is the only
#   metadata tested here, not artist or date. And the texts often name the genre, so a part of what media
#   say is the genre again.
# - The **permutation control** is at chance: the words of some other track are of no use.
# - The **ground truth** is far ahead of every model. Much is left to learn. Even the ground truth is not at
#   1.00: there are moods, and tracks that would be liked and were never met.
#
# Where items have ratings, ratings say most. Where they have none, only content says anything. A shop always
# has both kinds of item.
#
# ## Recap
#
# - A fair comparison has a simple baseline in it: metadata, here the genre in one-hot encoding.
# - Scores of several models are added after z-scores, never as they are.
# - On Mosaic covers, words and sounds together rank better than genre. Whether they do in your shop is a
#   question for your data; lessons 12 and 13 ask it of real content and of real people.
# - Back to [lesson 01](../01_the_catalogue.ipynb).
#
# ## Sources
#
# - Pilászy and Tikk (2009), *Recommending new movies: even a few ratings are more valuable than metadata*,
#   RecSys: content and ratings side by side.
# - Deldjoo, Schedl, Cremonesi and Pasi (2020), *Recommender systems leveraging multimedia content*,
#   ACM Computing Surveys 53(5): media content against metadata and interactions.
# - Nadeau and Bengio (2003), *Inference for the generalization error*, Machine Learning 52: the interval over
#   splits.
