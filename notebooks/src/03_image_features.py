# %% [markdown]
# # 03 · Image features: what a cover says, in numbers
#
# **Aim** Turn pictures into rows of numbers for colour, shape and detail, first by hand and then with
# the package. Look at the neighbours they find, measure what they contain, break them, and rank
# cold-start items from covers alone.<br>
# **Time** {minutes} minutes, exercises 30 to 75 more.<br>
# **Needs** Lessons 01 and 02. Nothing is downloaded.

# %% tags=["slide-three-covers"]
from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, show_items

mosaic = load_mosaic()
show_items(mosaic.items, ["t077", "t127", "t047"])

# %% [markdown]
# Which two of these covers are alike? The first and the second, if you look at what is drawn. The
# first and the third, if you look at the colours. Both answers are right. Before a computer can
# compare pictures, you have to say what it should compare. A feature says that.
#
# ## The idea
#
# A **descriptor** $f$ turns a picture into a row of numbers $x_i$, always the same number of them,
# whatever the size of the picture:
#
# $$x_i = f(\text{picture}_i), \qquad s_{ij} = \frac{x_i \cdot x_j}{\lVert x_i \rVert\, \lVert x_j \rVert}$$
#
# In words: the **item–item similarity** $s_{ij}$ is the *cosine* of the two rows, 1 if they point in the
# same direction. Everything depends on $f$: what it drops, no later step can find again.
#
# ## Colour, by hand
#
# Take the first cover. **HSV** describes a colour by *hue* (which colour), *saturation* (how strong) and
# *value* (how light). Cut hue into 8 parts, the others into 3 each, and count the pixels in each of
# the 8 · 3 · 3 bins. This is a **colour histogram**. (OpenCV writes hue as 0 to 179, half its degrees, so
# that it fits in a byte.)

# %%
import numpy as np

from mmrec_course.preprocessing import convert_color, load_image

cover = load_image(mosaic.items.loc["t077", "image"])
hue, saturation, value = convert_color(cover, "hsv").reshape(-1, 3).astype(int).T
pixel_bin = (hue * 8 // 180) * 9 + (saturation * 3 // 256) * 3 + value * 3 // 256
counts = np.bincount(pixel_bin, minlength=72)
print(len(counts), "bins,", (counts > 0).sum(), "of them used by", counts.sum(), "pixels")

# %% [markdown]
# Which bins are those? Each bar has the colour in the middle of its bin:

# %% tags=["slide-colour-histogram"]
import matplotlib.pyplot as plt
from matplotlib.colors import hsv_to_rgb

from mmrec_course.plotting import finish, use_style

use_style()
bins = np.stack(np.unravel_index(np.arange(72), (8, 3, 3)), axis=1)
colors = hsv_to_rgb((bins + 0.5) / (8, 3, 3))
_, ax = plt.subplots(figsize=(7, 2.8))
ax.bar(range(72), counts / counts.sum(), color=colors, edgecolor="#595959", linewidth=0.6)
ax.yaxis.set_major_formatter("{x:.0%}")
ax.set(xlabel="colour bin", xticks=[], ylabel="share of pixels")
ax.set_title("A few colours make up the whole cover")
finish(ax, alt="Histogram of 72 colour bins for one cover; a few bars are high, most are zero")

# %% [markdown]
# One dark colour fills two fifths of this cover. In a product of two rows, such a large bin drowns the small
# ones. So the last step is to take the square root of each share:
#
# $$x_b = \sqrt{n_b / \textstyle\sum_{b'} n_{b'}}$$
#
# In words: bin $b$ gets the square root of its share of the pixels. The row then has length 1. The distance between
# two such rows is, but for a factor $\sqrt 2$, the **Hellinger distance** of the two colour distributions (exercise 1).
# For SIFT, another image descriptor, the same step is called **RootSIFT**. How much of the product of a row with itself
# comes from the largest bin, with and without the root?

# %%
import cv2

from mmrec_course.features import ColorHistogram

share = counts / counts.sum()
x = np.sqrt(share)
print(f"largest bin: {(share**2).max() / (share**2).sum():.2f} without root", end=", ")
print(f"{(x**2).max() / (x**2).sum():.2f} with root")
hsv, ranges = convert_color(cover, "hsv"), [0, 180, 0, 256, 0, 256]
opencv = cv2.calcHist([hsv], [0, 1, 2], None, [8, 3, 3], ranges)
print("equal to OpenCV's counts:", np.array_equal(opencv.ravel(), counts))
print("equal to the package:", np.allclose(ColorHistogram().transform([cover])[0], x))

# %% [markdown]
# Bins have edges: two nearly equal greens may fall into different ones. **Colour moments** have no bins. They keep
# three numbers for each channel: its mean, its standard deviation and its skewness (do a few pixels lie far above the
# mean, or far below?). The channels are those of *Lab*: lightness, green to red, blue to yellow. That makes nine numbers.
# The standard image features of the package are the histogram and the moments, side by side.
# [Deeper: moments, PCA and neighbours](deeper/03_moments_and_neighbours.ipynb) computes them by hand. It also ranks
# cold-start items by the histogram with and without the square root, and finds no difference on Mosaic.
#
# ## Shape, by hand
#
# Neither of the two knows *where* a colour is. Permute all pixels of a cover, and not one number changes:

# %% tags=["predict"]
from mmrec_course.features import ColorMoments

pixels = cover.reshape(-1, 3)
permuted = np.random.default_rng(0).permutation(pixels).reshape(cover.shape)
for descriptor in (ColorHistogram(), ColorMoments()):
    print(type(descriptor).__name__, np.allclose(*descriptor.transform([cover, permuted])))

# %% [markdown]
# Shape is where brightness *changes*. For every pixel, take the difference of its neighbours to
# the right and left, and of those below and above. Together they are the **gradient**:
#
# $$g_x = I(x{+}1, y) - I(x{-}1, y), \qquad g_y = I(x, y{+}1) - I(x, y{-}1)$$
#
# In words: $g_x$ is large at a vertical edge, $g_y$ at a horizontal one. Of the three colour channels take the
# one in which the change is largest. A cover is resized to 64 × 64 and divided into 4 × 4 *cells* of 16 × 16
# pixels. Here for the four cells in the middle:

# %%
from mmrec_course.preprocessing import resize_image

small = resize_image(cover, 64).astype(float)
middle = slice(16, 48)
across = small[middle, 17:49] - small[middle, 15:47]  # (32, 32, 3)
down = small[17:49, middle] - small[15:47, middle]
largest = (across**2 + down**2).argmax(axis=2)[..., None]
g_x, g_y = (np.take_along_axis(g, largest, axis=2)[..., 0] for g in (across, down))

# %% [markdown]
# In each cell, each pixel votes for the direction of its gradient, from 0° (to the side) over 90° (up or down) to
# just below 180°. Its vote counts as much as its gradient is long. Nine bins of 20° are the cell's
# **histogram of oriented gradients**. For the upper right of the four cells:


# %%
def cell_histogram(rows, columns):
    dx, dy = g_x[rows, columns], g_y[rows, columns]
    direction = (np.degrees(np.arctan2(dy, dx)) % 180 // 20).astype(int)
    return np.bincount(direction.ravel(), np.hypot(dx, dy).ravel(), 9) / dx.size


first, second = slice(0, 16), slice(16, 32)
print(np.round(cell_histogram(first, second)).astype(int))

# %% [markdown]
# Nearly all votes are between 40° and 100°. Is that right? Look at the cover, the length of the
# gradient at every pixel, and the cell:

# %% tags=["slide-gradients"]
from mmrec_course.plotting import show_images

steep = np.hypot(*[np.abs(g).max(axis=2) for g in np.gradient(small, axis=(0, 1))])
pictures = [small.astype(np.uint8), steep / steep.max(), small[16:32, 32:48].astype(np.uint8)]
captions = ["cover, 64 × 64", "length of the gradient", "one cell"]
figure = show_images(pictures, captions, title="Shape is where brightness changes")
finish(
    figure, alt="A cover, the same cover as bright edges on black, and one of its cells enlarged"
)

# %% [markdown]
# The stripes of the cell rise to the right, so brightness changes *across* them: down and to the
# right, at about 60°. ($y$ counts downwards in a picture.) In the middle you see all that a shape feature
# knows: stripes and lettering, and no colour at all.
#
# A dark cover has short gradients and a cover with strong contrast long ones. Neither should matter, so the
# histograms are normalised, in **blocks** of 2 × 2 cells:
#
# 1. Put the histograms of the four cells in one row: 4 · 9 = 36 numbers.
# 2. Scale the row to length 1. What is left is how the four cells *differ*.
# 3. Set every number above 0.2 to 0.2, so that one strong edge does not decide alone.
# 4. Scale to length 1 again.
#
# A block may start at any of 3 × 3 cells, so that blocks overlap: 9 · 36 = 324 numbers. That is **HOG**. Here is the
# block in the middle:

# %%
from mmrec_course.features import HOG


def unit(values):
    return values / np.sqrt(values @ values + 1e-10)


cells = [cell_histogram(rows, columns) for rows in (first, second) for columns in (first, second)]
by_hand = unit(np.minimum(unit(np.concatenate(cells)), 0.2))
package = HOG().transform([cover])[0].reshape(3, 3, 36)
print("equal:", np.allclose(package[1, 1], by_hand))

# %% [markdown]
# ## Details: a bag of visual words
#
# A text can be described by the words in it (lesson 04). Has a picture words? Look for its *corners*:
# positions that look like no position next to them. **ORB** finds them and describes each by 256
# comparisons: is this pixel near the corner brighter than that one? Where are the corners of our cover?

# %%
large = resize_image(cover, 256)
marked = large.copy()
for corner in cv2.ORB.create(nfeatures=300).detect(convert_color(large, "gray")):
    centre = tuple(round(c) for c in corner.pt)
    cv2.circle(marked, centre, round(corner.size / 4), (255, 0, 255), 1)
figure = show_images([large, marked], ["cover", "its corners"], title="Where ORB finds corners")
finish(figure, alt="A cover, and the same cover with circles around the corners that ORB found")

# %% [markdown]
# Most corners sit on letters, a few where a stripe bends. Now divide the corners of many covers into 16 groups of
# similar ones. **k-means** does that: each corner belongs to the group whose mean is nearest. The mean of a group is a
# **visual word**, and a cover is described by how often it has each word, a **bag of visual words**. Words that most
# covers have count less (*idf*, lesson 04).
#
# `BagOfVisualWords` *learns* words and idf. At the end of this page we test on five splits, each with other cold-start
# items. k-means takes seconds, so we learn once, from every third of the covers that are training items in all five:

# %%
from mmrec_course.evaluation import cold_item_split
from mmrec_course.features import BagOfVisualWords

splits = [cold_item_split(mosaic.ratings, fraction=0.2, rng=seed) for seed in range(5)]
held_out = np.concatenate([split.candidates for split in splits])
covers = {i: load_image(path) for i, path in mosaic.items["image"].dropna().items()}
train_covers = [picture for item_id, picture in covers.items() if item_id not in held_out]
bag = BagOfVisualWords(n_words=16).fit(train_covers[::3])
word_rows = bag.transform(covers.values())
print(len(train_covers[::3]), "covers to learn from; rows for all covers:", word_rows.shape)

# %% [markdown]
# A row by hand: find the nearest word of each corner, count, weight by idf, scale to length 1.

# %%
from mmrec_course.features import orb_descriptors

bits = np.unpackbits(orb_descriptors(cover), axis=1)  # (n_corners, 256)
distance = ((bits[:, None, :] - bag.words_) ** 2).sum(axis=2)
weighted = np.bincount(distance.argmin(axis=1), minlength=16) * bag.idf_
by_hand = weighted / np.linalg.norm(weighted)
print("equal:", np.allclose(word_rows[list(covers).index("t077")], by_hand))

# %% [markdown]
# ## The package: one block for each descriptor
#
# `extract_features` runs a descriptor over the whole catalogue. It returns a `FeatureBlock`: rows that know which item
# they belong to, and which items have none. For rows of your own, make a block yourself; `align` adds the items without
# a cover as absent.
#
# HOG and moments get **standardisation** here, by `extract_features`: each column has mean 0 and standard deviation 1,
# so that columns with large numbers do not decide alone. Until we rank, mean and standard deviation are those of *all*
# items: we only look, and predict no rating. (Later, standardising again with the training items' mean and standard
# deviation gives what standardising the raw columns with these would give, so nothing of the first step is left.)

# %%
from mmrec_course.features import FeatureBlock, extract_features


def extract(descriptor):
    return extract_features(mosaic, ["image"], extractors={"image": descriptor})["image"]


def block_of(rows, names):
    present = np.ones(len(covers), bool)
    labels = {"item_ids": list(covers), "present": present, "names": names}
    return FeatureBlock(modality="image", values=rows, **labels).align(mosaic.items.index)


# %% tags=["slide-blocks"]
descriptors = {"histogram": ColorHistogram(), "moments": ColorMoments(), "HOG": HOG()}
blocks = {name: extract(descriptor) for name, descriptor in descriptors.items()}
blocks["visual words"] = block_of(word_rows, bag.get_feature_names_out())
for name, block in blocks.items():
    print(f"{name:12} {block.values.shape[1]:3} columns, {block.present.sum()} items have a cover")

# %% [markdown]
# Which covers are nearest to the first one in **colour**, and which in **shape**?


# %%
def show_neighbours(name, item_id):
    nearest = blocks[name].nearest(item_id, k=4)
    captions = ["query", *(f"similarity {fixed(s)}" for s in nearest["similarity"])]
    show_items(mosaic.items, [item_id, *nearest["item_id"]], captions=captions)


show_neighbours("histogram", "t077")

# %% tags=["predict"]
show_neighbours("HOG", "t077")

# %% [markdown]
# By colour: dark greens and turquoise, whatever is drawn. By shape: bands across the cover, mostly with
# letters below, in any colour. The nearest has the same zigzag *and* its title in the same position. To HOG, letters
# and pictures are both edges.
#
# ## What do features contain?
#
# Four neighbours prove nothing. Mosaic is made up, so its makers know each cover's true hue, lightness,
# vividness and ornament, and the *motif* that is drawn on it, one of eight. A **linear probe** asks: can a linear model
# predict this fact from the features, for covers of other artists? $R^2$ is 1 if perfectly, 0 if no better than the
# mean, below 0 if worse. For labels (motif, genre) the score is the share of correct predictions; *chance* always names
# the most frequent label. In brackets: a 95 % interval, by a bootstrap over covers (lesson 01). (Hue is
# a circle, so it comes as cosine and sine; we probe the cosine.) As a control, a fact about the *music*: the genre.

# %% tags=["predict"]
import pandas as pd

from mmrec_course.display import interval, print_table
from mmrec_course.evaluation import probe

truth = mosaic.ground_truth()
facts = pd.DataFrame(truth["look"].astype(float), truth["item_ids"], truth["look_names"])
facts = facts.assign(motif=truth["motif"], genre=truth["genre"])
artist = pd.Series(truth["artist"], truth["item_ids"])
probed = facts.drop(columns="hue_sin")
scores = pd.DataFrame(index=probed.columns)
for name, block in blocks.items():
    result = probe(block, probed, groups=artist)
    scores[name] = [interval(row.score, row.low, row.high) for row in result.itertuples()]
print_table(scores.assign(chance=result["chance"]))

# %% [markdown]
# - **Hue, lightness, vividness**: the colour features contain them, HOG does not. The histogram is better at hue and
#   vividness, the moments are better at lightness: the histogram knows only "dark, middle, light", a mean knows how dark.
# - **Motif**: HOG predicts 0.38 of the covers correctly. The interval is far above chance, 0.17, and still it is only
#   two covers in five. No other descriptor is above chance.
# - **Visual words**: no motif (on our cover, most corners were letters), but lightness. A possible reason, not checked
#   here: their bits compare brightness, and white letters on black give the opposite bits of black letters on white.
# - **Ornament**, how busy a cover is: hardly anything, in any of them.
# - **Genre**: no interval is above chance. Nothing here says that a cover shows how the music sounds.
#
# Why is ornament missing? Perhaps because HOG brings every block to one contrast: a block with one faint edge looks as
# busy as any other. Ask for it directly: what *share* of the pixels is an edge? Three numbers, at three sizes of the cover:


# %%
def edge_shares(picture):
    grays = [convert_color(resize_image(picture, size), "gray") for size in (160, 80, 40)]
    return [(cv2.Canny(gray, 50, 150) > 0).mean() for gray in grays]


rows = [edge_shares(picture) for picture in covers.values()]
edges = block_of(rows, ("edges 160", "edges 80", "edges 40"))
ornament = probe(edges, facts[["ornament"]], groups=artist)
print_table(ornament[["score", "low", "high"]])

# %% [markdown]
# Three numbers have more than twice the score of HOG's 324, 0.06, though the two intervals overlap. A feature contains
# what its recipe asks for, and no model can add what is not in it. So probe your features before you train a model on
# them. But a probe answers only one of two questions, as the end of this page shows.
#
# ## What breaks it
#
# Shops crop, blur and tint their pictures. Take every ninth cover, change it, and ask which of the
# originals is nearest to the changed copy. How often is it the right one?


# %%
def crop(picture, share):
    kept = round(160 * (1 - share))
    return resize_image(picture[:kept, :kept], 160)


def blur(picture, sigma):
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def tint(picture, share):
    warm = picture * np.array([1 + share, 1, 1 - share])
    return np.clip(np.round(warm), 0, 255).astype(np.uint8)


# %% [markdown]
# Rows are centred on the mean of the originals, not standardised as above, and compared by cosine.

# %%
sample = list(covers.values())[::9]
print(len(sample), "covers")
originals = {name: descriptor.transform(sample) for name, descriptor in descriptors.items()}


def unit_rows(rows, mean):
    return (rows - mean) / np.linalg.norm(rows - mean, axis=1, keepdims=True)


def share_found(name, changed_pictures):
    mean = originals[name].mean(axis=0)
    changed = unit_rows(descriptors[name].transform(changed_pictures), mean)
    similarity = changed @ unit_rows(originals[name], mean).T
    return np.mean(similarity.argmax(axis=1) == np.arange(len(sample)))


# %% [markdown]
# Each change with four strengths, for each descriptor:

# %%
shares = (0.05, 0.1, 0.2, 0.4)
rows = []
for change, strengths in ((crop, shares), (blur, (1, 2, 4, 8)), (tint, shares)):
    for strength in strengths:
        changed = [change(picture, strength) for picture in sample]
        for name in descriptors:
            rows.append((change.__name__, name, strength, share_found(name, changed)))
found = pd.DataFrame(rows, columns=["change", "descriptor", "strength", "found"])

# %% tags=["predict", "slide-what-breaks"]
from mmrec_course.plotting import PALETTE

figure, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, (change, curves) in zip(axes, found.groupby("change", sort=False), strict=True):
    for number, (name, curve) in enumerate(curves.groupby("descriptor", sort=False)):
        x, y = [0, *curve["strength"]], [1, *curve["found"]]  # an unchanged cover finds itself
        ax.plot(x, y, "osD"[number] + "-", color=PALETTE[number], label=name)
    ax.set_title(change, fontsize=10)
    ax.set_xlabel("blur in pixels" if change == "blur" else "share")
axes[0].set_ylabel("share found")
axes[0].legend()
figure.suptitle("Cropping breaks shape, tinting breaks colour", x=0.02, ha="left", weight="bold")
alt = "Three panels, share of covers found after a crop, a blur and a tint, by descriptor"
finish(figure, alt=alt)

# %%
strongest = found.groupby(["change", "descriptor"], sort=False, as_index=False).last()
print_table(strongest.pivot_table(index="change", columns="descriptor", values="found"))

# %% [markdown]
# (The table has the right end of each curve.) Colour and shape fail in different places. A crop that cuts two fifths of
# the height and of the width moves most edges out of their cells: HOG finds few covers, while most colours are still
# there. A tint moves hues into other bins: the histogram fails at once, earlier than the moments, which have no bins.
# HOG does not notice. A blur hurts the moments most: it mixes colours, and six of the nine moments say how much pixels
# differ. If your shop's pictures come from different cameras, be careful with colour; if cropped differently, with shape.
#
# ## A first recommender from pictures alone
#
# A **content-based recommender** scores items by their features, and by how the user rated items with similar
# features. So it can rank cold-start items. `ContentRidge` is the one of lesson 00: for each listener, a ridge
# regression from features to centred ratings. Mosaic's listeners are simulated, and some of them do look at covers.
#
# ### The running table
#
# From here to lesson 11, content on cold-start items is measured in one way. Five times, another fifth of the tracks is
# held out with all their ratings. Features are learned from the training items. The strength of regularisation, `reg`,
# is chosen on *validation items*, a part of the training items (lesson 06, "The idea"). The rest is `cold_start_results`.
# First the standard image features:

# %%
from mmrec_course.extras.cold_start import cold_start_results, running_table


def blocks_of(items):
    return extract_features(mosaic, ["image"], fit_items=items)


results = cold_start_results(mosaic.ratings, blocks_of)
print_table(running_table(results), digits=3)

# %% [markdown]
# `low` and `high` are a 95 % interval over splits: how much would the mean change if *other tracks* were held out? The
# five tests share tracks, so they are not independent. The share of tracks in each test, 0.2 (`test_share`), widens the
# interval for that (lesson 06, trap 2). The last two columns are the interval of *above chance*. Covers rank
# cold-start items above chance. Lessons 04 and 05 add rows for words and sounds.
#
# ### Which descriptor?
#
# Now each descriptor alone, by the same protocol. Mean and standard deviation of HOG's columns are learned, so
# `standardize` gets the training items. A histogram learns nothing.


# %% tags=["predict", "slide-ranking"]
def descriptor_blocks(items):
    return {
        "histogram": blocks["histogram"],
        "HOG": blocks["HOG"].standardize(items),
        "visual words": blocks["visual words"],
    }


results |= cold_start_results(mosaic.ratings, descriptor_blocks)
print_table(running_table(results), digits=3)

# %% [markdown]
# Is any of them better or worse than the histogram?

# %%
from mmrec_course.evaluation import compare_splits

against = compare_splits(results, test_share=0.2, baseline="histogram")
rows = ["image", "visual words", "HOG"]
print_table(against.loc[rows, ["difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# The moments add nothing to the histogram that five splits could show. (Differences are rounded after subtracting.)
# Visual words, which contain lightness, are a little above chance. And HOG? The interval of its lead over *chance*
# contains zero.
#
# ### Why does shape not help?
#
# HOG predicts the motif, and yet its ranking cannot be told from chance. Do Mosaic's listeners care about motifs at
# all? The true utility of each listener has a part for looks (lesson 01). How much of its variance is
# explained by the covers' true colour, ornament and motif?

# %%
from sklearn.linear_model import LinearRegression

looks = truth["part_looks"].astype(float).T  # (n_items, n_users)
true_facts = {
    "true colour": facts[["hue_cos", "hue_sin", "lightness", "vividness"]],
    "true motif": pd.get_dummies(facts["motif"]).astype(float),
    "true ornament": facts[["ornament"]],
}
for name, columns in true_facts.items():
    r2 = LinearRegression().fit(columns, looks).score(columns, looks)
    print(f"{name:13} explains {r2:.2f} of the variance of taste in looks")

# %% [markdown]
# Motifs do matter, but colour matters three times as much. (The shares add up to a little more than 1: each is from a
# regression of its own. By construction the motif is a sixth of looks: lesson 01.) How well would the true facts rank,
# as if a descriptor read them off the covers without error?


# %%
def true_blocks(items):
    rows = {name: true_facts[name].loc[list(covers)] for name in ("true colour", "true motif")}
    return {name: block_of(x.to_numpy(), tuple(x)).standardize(items) for name, x in rows.items()}


results |= cold_start_results(mosaic.ratings, true_blocks)
names = ["true colour", "histogram", "true motif", "HOG"]
print_table(running_table(results).loc[names], digits=3)

# %% [markdown]
# So there are two reasons. Taste for motifs is a small part of taste: even the *true* motif ranks at 0.111 only, where
# the true colour reaches 0.188. And HOG predicts the motif of only two covers in five. Little of a small part is left,
# too little for five splits to show.
#
# A **probe says what features contain, not what users care about**. A recommender needs both. The first you can
# measure before any model is trained. The second only a ranking of held-out ratings can tell.
#
# ## Hand-made or learned?
#
# All features so far are recipes that people wrote. The other way is to let a network learn them from photographs.
# [Deeper: learned features](deeper/03_learned_features.ipynb) does so. They predict the motif in three of four covers and
# hardly the hue, and rank Mosaic's cold-start items worse than 72 counts of pixels do.
#
# ## What goes wrong
#
# - **Learning from all covers.** Visual words, mean and standard deviation, and PCA are learned. In an
#   evaluation give `fit_items` (exercise 4). (**PCA**, principal component analysis, keeps the few directions in which
#   rows vary most: `block.reduce(32, fit_items)`. It is in the first of the deeper notebooks.)
# - **Pictures of another type.** A picture of floats in 0 to 1 looks the same and would give nonsense. Every
#   descriptor passes its pictures through `check_picture`, which accepts only bytes in RGB.
# - **Rows matched by position.** 29 tracks have no cover. A `FeatureBlock` knows its ids; a bare array does not.
# - **Trusting four neighbours.** Ours were convincing for shape, and yet its ranking could not be told from
#   chance.
#
# ## Your turn
#
# 1. Change `"t077"` to `"t062"` in both calls of `show_neighbours`. What do colour and shape agree on?
# 2. Give `HOG` more cells (`cell=8`) in `descriptors`. Does it contain more of the motif? More ornament?
# 3. What happens to the three curves if you rotate the covers by 90° (`np.rot90`)? Predict first.
#
# [Exercises 03](exercises/03_image_features.ipynb) have checks, [solutions
# 03](solutions/03_image_features.ipynb) say why.
#
# ## Recap
#
# - A descriptor keeps something and drops the rest. Colour histograms and moments drop the position; HOG drops
#   colour and contrast; a bag of visual words drops the position as well.
# - The square root of a histogram makes distances Hellinger distances. HOG normalises overlapping blocks of cells.
# - Cropping breaks shape, tinting breaks colour, and a strong blur hurts both.
# - A linear probe says what features contain. It does not say what users care about.
# - On Mosaic, whose listeners are simulated, covers rank cold-start items above chance by their colours. For
#   shape we cannot say so: taste for motifs is a small part, and HOG reads few of them.
#
# ## Sources
#
# - Swain and Ballard (1991), *Color indexing*, IJCV 7(1): colour histograms to find pictures.
# - Stricker and Orengo (1995), *Similarity of color images*, SPIE 2420: colour moments.
# - Arandjelović and Zisserman (2012), *Three things everyone should know to improve object retrieval*,
#   CVPR: RootSIFT, the square root.
# - Dalal and Triggs (2005), *Histograms of oriented gradients for human detection*, CVPR: HOG.
# - Rublee, Rabaud, Konolige and Bradski (2011), *ORB: an efficient alternative to SIFT or SURF*, ICCV.
# - Csurka, Dance, Fan, Willamowski and Bray (2004), *Visual categorization with bags of keypoints*;
#   Sivic and Zisserman (2003), *Video Google*, ICCV: visual words and their idf.
# - Canny (1986), *A computational approach to edge detection*, IEEE PAMI 8(6): what counts as an edge.
# - Alain and Bengio (2016), *Understanding intermediate layers using linear classifier probes*.
