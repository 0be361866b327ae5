# %% [markdown]
# # 03 · deeper: moments, PCA and nearest neighbours
#
# **Aim** Compute colour moments and principal components by hand, rank cold-start items by nearest neighbours, and
# ask whether a second descriptor or fewer columns help.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lesson 03](../03_image_features.ipynb). Mosaic's listeners are simulated.

# %%
from dataclasses import replace

import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import print_table
from mmrec_course.evaluation import cold_item_split, compare_splits, evaluate
from mmrec_course.extras.cold_start import cold_start_results
from mmrec_course.features import HOG, ColorHistogram, ColorMoments, extract_features
from mmrec_course.preprocessing import convert_color, load_image
from mmrec_course.recommenders import ContentKNN

mosaic = load_mosaic()
cover = load_image(mosaic.items.loc["t077", "image"])


def extract(descriptor, items=None):
    return extract_features(mosaic, ["image"], items, extractors={"image": descriptor})["image"]


# %% [markdown]
# ## Colour moments by hand
#
# For each channel of Lab: the mean, the standard deviation, and the cube root of the third moment, which is
# positive if a few pixels lie far above the mean:
#
# $$\mu = \frac1N \sum_p v_p, \qquad \sigma = \sqrt{\frac1N \sum_p (v_p - \mu)^2}, \qquad
# s = \sqrt[3]{\frac1N \sum_p (v_p - \mu)^3}$$
#
# In words: the average over the $N$ pixels of their values $v_p$, of the squared and of the cubed deviations.

# %%
channels = convert_color(cover, "lab").reshape(-1, 3) / 255
mean = channels.mean(axis=0)
deviation = channels - mean
moments = [mean, np.sqrt((deviation**2).mean(axis=0)), np.cbrt((deviation**3).mean(axis=0))]
by_hand = np.stack(moments, axis=1).ravel()
print("equal to the package:", np.allclose(ColorMoments().transform([cover])[0], by_hand))

# %% [markdown]
# ## Fewer columns: PCA by hand
#
# HOG has 324 columns, and most repeat each other: an edge in one block is in its neighbours too. **PCA** (principal
# component analysis) finds the directions in which rows vary most, and keeps the first few. It is a singular value
# decomposition of the rows with their mean subtracted. (Here all covers are used, since nothing is predicted.)

# %%
shape = extract(HOG())
rows = shape.values[shape.present]
centred = rows - rows.mean(axis=0)
_, lengths, directions = np.linalg.svd(centred, full_matrices=False)
reduced = shape.reduce(32)
same = np.allclose(np.abs(centred @ directions[:32].T), np.abs(reduced.values[reduced.present]))
print("equal to the package, but for the signs:", same)
explained = (lengths[:32] ** 2).sum() / (lengths**2).sum()
print(f"32 of 324 directions have {explained:.0%} of the variance")

# %% [markdown]
# (A direction and its opposite are equally good, so signs are arbitrary.) The directions are *learned*. In an
# evaluation `reduce` and `standardize` get the training items: exercise 4.
#
# ## Nearest neighbours: nothing to fit
#
# `ContentKNN` has no coefficients to learn. An item's score is a weighted sum over the items $j$ that the listener has
# rated: the similarity $s_{ij}$ of the two covers, if it is positive, times the centred rating of $j$. Which of these
# ranks cold-start items better than the histogram with ridge regression: neighbours, a second descriptor beside it, or
# HOG in 32 columns? And what does the histogram lose without its square root?


# %%
def blocks_of(items):
    histogram = extract(ColorHistogram(), items)
    return {
        "histogram": histogram,
        "histogram, no root": replace(histogram, values=histogram.values**2),
        "moments": extract(ColorMoments(), items),
        "histogram + moments": extract([ColorHistogram(), ColorMoments()], items),
        "HOG": extract(HOG(), items),
        "HOG, 32 columns": extract(HOG(), items).reduce(32, items),
    }


results = cold_start_results(mosaic.ratings, blocks_of)

# %% [markdown]
# `ContentKNN` has no regularisation to choose, so it is fitted once for each of the same five splits:

# %%
results["histogram, neighbours"] = []
for seed in range(5):
    split = cold_item_split(mosaic.ratings, fraction=0.2, rng=seed)
    histogram = {"image": extract(ColorHistogram(), split.train_valid["item_id"])}
    model = ContentKNN(modality="image").fit(split.train_valid, histogram)
    results["histogram, neighbours"].append(evaluate(model, split))
table = compare_splits(results, test_share=0.2, baseline="histogram")
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# Neighbours are well above chance with nothing fitted, and their difference to ridge regression cannot be told from
# zero. Neither can that of the moments, alone or beside the histogram. The square root (Hellinger, RootSIFT) changes the
# similarity of two covers, but the difference in NDCG@10 cannot be told from zero. HOG has nearly the same mean
# in 32 columns as in 324: their number was hardly to blame.
#
# *Histogram + moments* are the standard image features, the row *image* of the running table. Moments contain lightness
# better (lesson 03), and beside words and sounds that may count; exercise 5 lets you ask.
#
# ## Recap
#
# - Colour moments are three averages for each channel. PCA is a singular value decomposition of centred rows.
# - Neighbours rank cold-start items above chance with nothing to fit.
# - On Mosaic the moments add nothing to the histogram that five splits could show.
# - Back to [lesson 03](../03_image_features.ipynb).
#
# ## Sources
#
# - Stricker and Orengo (1995), *Similarity of color images*, SPIE 2420: colour moments.
# - Pearson (1901), *On lines and planes of closest fit to systems of points in space*: PCA.
# - Sarwar, Karypis, Konstan and Riedl (2001), *Item-based collaborative filtering recommendation algorithms*, WWW:
#   the weighted sum over similar items.
