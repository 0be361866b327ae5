# %% [markdown]
# # Playground: who gets what, and why
#
# 480 tracks of the made-up music shop *Mosaic*. A fifth of them are cold-start tracks: the model
# has not seen a single rating of theirs. Choose a listener, or be a new one and pick up to five
# tracks. Move the weights, listen, and read why each track is there. (Listeners are simulated.
# Lesson 11 of the course builds the model.)

# %% tags=["nbval-ignore-output"]
# Output not compared: the page lives in the session that made it.
from playground import Playground

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import extract_features
from mmrec_course.recommenders import MultimodalRecommender

mosaic = load_mosaic()
blocks = extract_features(mosaic)
train = cold_item_split(mosaic.ratings, rng=0).train_valid
Playground(MultimodalRecommender().fit(train, blocks), mosaic, blocks).choose("u416")

# %% [markdown]
# Covers, words and music are made up, too, and may be shared under CC BY 4.0.
