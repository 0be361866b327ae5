# %% [markdown]
# # 00 · Start here: from pictures, words and sounds to ten recommendations
#
# **Aim** See the whole course on one page: raw media become numbers, the numbers are fused, and a
# listener gets ten recommendations that you can look at, play and question.<br>
# **Time** 20 minutes.<br>
# **Needs** Python and NumPy. Nothing is downloaded.

# %%
from mmrec_course.datasets import load_mosaic

mosaic = load_mosaic()
mosaic

# %%
from mmrec_course.display import show_track

track = "t268"
show_track(mosaic.items, track)

# %% [markdown]
# You have just met one track of *Mosaic*, a small music shop. You can look at its cover, read
# what the shop says about it and press play. Three kinds of data about one item: this is what
# **multimodal** means.
#
# Mosaic is made up: its artists, its music and its listeners. A result here shows that a method
# does what is claimed of it. It does not show that real people behave so. Lesson 01 tells how
# this world was made.

# %% [markdown]
# ## The idea
#
# A *recommender* guesses how much a listener will like an item. With several modalities there are
# several guesses: one from the cover, one from the words, one from the sound. **Weighted fusion**
# adds them up:
#
# $$\hat y = \sum_m w_m \, y_m$$
#
# In words: the fused guess $\hat y$ is the sum, over the modalities $m$, of weight $w_m$ times
# guess $y_m$. Many tutorials show it like this:

# %%
import numpy as np

weights = np.array([0.3, 0.4, 0.3])
image, text, audio = np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([7, 8, 9])
print(weights @ np.array([image, text, audio]))

# %% [markdown]
# The arithmetic is right, and that is all one can say for it. The three vectors mean nothing, so
# their sum means nothing. And the usual next line, `model.predict(fused)`, calls a model that was
# never made. The rest of this page makes the idea true, in four steps:
#
# **preprocess** each modality → **extract features** → **fuse** → **recommend**.

# %% [markdown]
# ## Step 1: raw files become arrays and words
#
# What does a computer get when it opens this track?

# %%
from mmrec_course.preprocessing import load_audio, load_image, tokenize

row = mosaic.items.loc[track]
cover, wave = load_image(row["image"]), load_audio(row["audio"])
words = tokenize(row["text"])
print("cover", cover.shape, cover.dtype, "first pixel", cover[0, 0])
print("sound", wave.ndim, wave.dtype, "samples a second: 22050")
print("words", len(words), words[:8])

# %% [markdown]
# A cover is a grid of 160 × 160 pixels with three colours each. A sound is a long row of air
# pressures, 22,050 for every second. Words are words. You cannot add those up; you cannot even
# compare two tracks with them directly. (Lesson 02 is about this step.)
#
# ## Step 2: arrays and words become features
#
# A *feature* is a number that says something about the item. Start with the simplest one for a
# picture: how much of it has which colour. By hand, for hues:

# %%
import cv2

hue, saturation, value = cv2.split(cv2.cvtColor(cover, cv2.COLOR_RGB2HSV))
counts, _ = np.histogram(hue, bins=8, range=(0, 180))
print(np.round(counts / counts.sum(), 2))

# %% [markdown]
# The package does a little more in the same spirit. For each modality it has one extractor to
# begin with: for pictures a histogram of hue, saturation and brightness; for words TF-IDF, which
# counts words and discounts those that every text has; for sounds MFCCs, which describe timbre.
# The picture shows what the audio extractor looks at: which pitches sound, when.

# %%
import librosa

from mmrec_course.plotting import finish, plot_spectrogram

mel = librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=22050, hop_length=512))
ax = plot_spectrogram(mel, sr=22050, hop=512, title="Six seconds of trumpet, bass and ride cymbal")
finish(ax, alt="Log-mel spectrogram of one track: time to the right, pitch upwards")

# %%
from mmrec_course.features import extract_features

blocks = extract_features(mosaic)
for modality, block in blocks.items():
    print(f"{modality:6}", block.values.shape, "missing:", int((~block.present).sum()))

# %% [markdown]
# Every track is now three rows of numbers, one a modality. Some tracks lack a modality, as in
# any real shop, and the blocks say which.
#
# Are these numbers any good? Ask each modality which tracks are most like ours. *Cosine
# similarity* compares the directions of two rows: 1 is the same direction, 0 none in common.

# %%
def neighbours(block, item_id, k=4):
    x = block.values - block.values[block.present].mean(axis=0)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    similarity = np.where(block.present, x @ x[block.item_ids == item_id][0], -1)
    return block.item_ids[np.argsort(-similarity, kind="stable")[1 : k + 1]]

# %%
from mmrec_course.display import show_items

show_items(mosaic.items, neighbours(blocks["image"], track), columns=4)

# %% [markdown]
# Covers of the same colours, whatever the music. Now by words, then by sound (play them):

# %%
show_items(mosaic.items, neighbours(blocks["text"], track), columns=4)

# %%
show_items(mosaic.items, neighbours(blocks["audio"], track), columns=4)
