# %% [markdown]
# # 02 · Preprocessing: from raw files to clean arrays and words
#
# **Aim** Know what is in a picture file, a text and a sound file, bring all of them to one form
# without spoiling them, and load a messy folder of your own in which every broken file has a reason.<br>
# **Time** {minutes} minutes, exercises 25 to 60 more.<br>
# **Needs** NumPy: slices, means, broadcasting. [Lesson 00](00_start_here.ipynb) for where this leads.

# %%
from pathlib import Path

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import show_track

mosaic = load_mosaic()
row = mosaic.items.loc["t268"]
show_track(mosaic.items, "t268")

# %% [markdown]
# A cover, some words, a clip. You see, read and hear them at once. What does your computer get?
#
# ## The idea
#
# A file is a row of bytes, and none of its bytes is a colour, a word or a pitch. **Preprocessing** is
# everything between the file and the numbers that a model can use:
#
# $$\text{bytes} \;\xrightarrow{\text{decode}}\; \text{array or characters}
# \;\xrightarrow{\text{clean}}\; \text{the same form for every item}$$
#
# In words: first undo how the file was packed. Then undo every difference that says something about the
# *file* and nothing about the *item*: its size, its format, which way up the camera was held, how loud
# somebody exported it. A model can learn from any difference that is left.

# %%
raw = Path(row["image"]).read_bytes()
print("first bytes:", raw[:4])
print(f"{len(raw):,} bytes for {160 * 160 * 3:,} colour values")

# %% [markdown]
# `FF D8 FF` is how every JPEG begins. There are far fewer bytes than colour values. A JPEG stores, for each
# patch of 8 × 8 pixels, how much of which wave pattern is in it, and rounds what the eye hardly sees.
# `load_image` decodes it:

# %%
from mmrec_course.preprocessing import load_image

cover = load_image(row["image"])
print(cover.shape, cover.dtype, "top left pixel, red green blue:", cover[0, 0])

# %% [markdown]
# How much is lost by the rounding? Save the cover again, ever more coarsely, and look at the edges.

# %%
import tempfile

import numpy as np
from PIL import Image

from mmrec_course.plotting import finish, show_images

folder = Path(tempfile.mkdtemp())
captions, saved = ["original"], []
for quality in (90, 10, 2):
    path = folder / f"q{quality}.jpg"
    Image.fromarray(cover).save(path, quality=quality)
    saved.append(load_image(path))
    error = np.abs(saved[-1].astype(int) - cover).mean()
    captions.append(f"quality {quality}: error {error:.0f}")
figure = show_images([cover, *saved], captions, title="The fewer bytes, the more squares")
finish(figure, alt="One cover four times; at low JPEG quality it falls into squares of 8 × 8")

# %% [markdown]
# *Error* is the mean absolute difference of a colour value, on a scale of 255. At quality 90 it is small;
# at quality 2 you see the squares. If a shop compresses all pictures of one supplier again, a
# fine-grained feature may see the supplier and not the cover. Keep the originals.
#
# ## Pictures: one form for all
#
# Here are five kinds of pictures that you will meet: a photograph from a camera held sideways, a logo with
# a transparent background, a grey scan, a scan with 16 bits, and a JPEG for print (cyan, magenta, yellow,
# black).

# %%
photo = cover[:, 20:140]
Image.fromarray(np.rot90(photo)).save(folder / "sideways.jpg", quality=95)
marked = Image.open(folder / "sideways.jpg")
exif = marked.getexif()
exif[274] = 6  # EXIF's tag "orientation": turn by a quarter, clockwise
marked.save(folder / "sideways.jpg", quality=95, exif=exif)
alpha = np.tile(np.linspace(0, 255, 160).astype(np.uint8), (160, 1))
Image.fromarray(np.dstack([cover, alpha])).save(folder / "glass.png")
grey = Image.fromarray(cover).convert("L")
grey.save(folder / "grey.png")
Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(folder / "deep.png")
Image.fromarray(cover).convert("CMYK").save(folder / "print.jpg", quality=95)

# %% [markdown]
# One lies on its side, one has a fourth channel, one a single channel, one numbers up to 65,535, and one the
# four ink colours of print. `load_image` gives (height, width, 3), 8 bits, red green blue, upright:

# %% tags=["slide-five-files"]
names = ["sideways.jpg", "glass.png", "grey.png", "deep.png", "print.jpg"]
images = [load_image(folder / name) for name in names]
for name, image in zip(names, images, strict=True):
    stored = Image.open(folder / name)
    print(
        f"{name:13} stored as {stored.mode:5} {stored.size}, loaded as {image.shape} {image.dtype}"
    )
figure = show_images(images, names, title="Five kinds of files, one kind of array")
finish(
    figure,
    alt="Five pictures: turned upright, laid on white, two grey ones, one from print colours",
)

# %% [markdown]
# (PIL says width first; arrays say height first.) The first was stored 160 wide and 120 high, and is loaded
# upright, 120 wide and 160 high: the file's header says how the camera was held. Transparent pixels are
# laid on white. By hand, with opacity from 0 to 1, that is
# $\text{opacity} \cdot \text{colour} + (1 - \text{opacity}) \cdot 255$:

# %%
opacity = alpha[:, :, None] / 255
on_white = opacity * cover + (1 - opacity) * 255
print("largest difference:", int(np.abs(np.rint(on_white) - images[1]).max()))

# %% [markdown]
# ### Smaller, by hand
#
# Features need pictures of one size. To make a picture four times smaller, you could keep every fourth
# pixel, or take the mean of each block of 4 × 4 pixels. `resize_image` takes the mean:

# %%
from mmrec_course.preprocessing import resize_image

by_hand = cover.reshape(40, 4, 40, 4, 3).mean(axis=(1, 3))  # (40, 40, 3)
print("largest difference:", np.abs(by_hand - resize_image(cover, 40)).max())

# %% [markdown]
# Half a step of brightness is rounding. Does the choice matter? Here are stripes, about four pixels from one to
# the next, a little tilted:

# %% tags=["predict", "slide-stripes"]
x, y = np.meshgrid(np.arange(160), np.arange(160))
stripes = (127.5 + 127.5 * np.sin(2 * np.pi * (0.26 * x + 0.02 * y))).astype(np.uint8)
picked, averaged = stripes[::4, ::4], resize_image(stripes, 40)
figure = show_images(
    [stripes, picked, averaged],
    ["160 × 160", "every 4th pixel", "means of 4 × 4"],
    title="Picking pixels invents stripes that were never there",
)
finish(
    figure,
    alt="Fine stripes; picked, they become broad dark stripes; averaged, almost an even grey",
)
print("contrast (sd), left to right:", [round(x.std()) for x in (stripes, picked, averaged)])

# %% [markdown]
# Picking pixels kept the full contrast and made *broad* stripes out of fine ones. This is **aliasing**:
# detail that is too fine for the new grid comes back as a coarse pattern that was never there. Averaging turns
# it into grey, as your eye does from a distance. The same happens to sounds below.
#
# ### A new shape
#
# A wide picture into a square: squeeze it, leave bars, or cut it?

# %%
from mmrec_course.preprocessing import center_crop

wide = np.hstack([load_image(path) for path in mosaic.items["image"].dropna()[:3]])
modes = ["stretch", "contain", "cover"]
squares = [resize_image(wide, 120, mode=mode) for mode in modes]
figure = show_images([*squares, center_crop(wide, 120)], [*modes, "center_crop"], columns=4)
finish(
    figure,
    alt="Three covers in a row: squeezed, with bars, the middle one, a part of the middle one",
)

# %% [markdown]
# *stretch* keeps everything and changes shapes: fine for colours, bad for edges. *contain* keeps shapes and adds
# bars (**letterboxing**), which a colour histogram counts as white. *cover* fills the square and loses the sides, and
# `center_crop` does not resize at all. None is right for every shop. Choose one, and use it for *all* pictures.
#
# ### Other numbers for the same colours
#
# Red, green and blue are what a screen needs. Brightness is a weighted sum of them, with most weight on
# green, where the eye is most sensitive:

# %%
from mmrec_course.preprocessing import convert_color

by_hand = cover @ np.array([0.299, 0.587, 0.114])
print("differ by at most one:", np.abs(by_hand - convert_color(cover, "gray")).max() <= 1)
two_blues = np.array([[[40, 60, 200], [10, 15, 50]]], np.uint8)
for space in ("rgb", "hsv", "lab"):
    print(f"{space}  light blue {convert_color(two_blues, space)[0, 0]}  dark blue", end=" ")
    print(convert_color(two_blues, space)[0, 1])

# %% [markdown]
# In RGB, all three numbers of the two blues differ. In **HSV** (hue, saturation, value) only the last one does: same
# blue, less light. That is why lesson 03 counts colours in HSV. In **Lab**, the distance between two colours is
# roughly how different they look.

# %% [markdown]
# ## Words: one way to write the same thing
#
# Here is what a shop's export may hold. How many different words for *café* are in it?

# %%
page = (
    "<p>Caf\u00e9 jazz &amp; slow <b>r</b>ock</p><!-- SKU 17 --><p>A CAFE\u0301 at night: don\u2019t miss "
    "the ca\ufb00e, it's the 80s!</p><script>track()</script> www.example.org \U0001f3b7"
)
print(page)
print("equal?", "caf\u00e9" == "cafe\u0301", "lengths", len("caf\u00e9"), len("cafe\u0301"))

# %% [markdown]
# The two *é* look alike and are different strings: one is a single character, the other an *e* followed by an
# accent that is put on top of it. Unicode has a *normal form* for that. First the markup, then the normal form,
# then **tokens**: the units of a text, here words. By hand, with the standard library:

# %% tags=["predict"]
import html
import re
import unicodedata

text = re.sub(r"<!--.*?-->|<script>.*?</script>", " ", page)
text = re.sub(r"</?b>", "", text)  # a tag within a word leaves no gap
text = html.unescape(re.sub(r"<[^>]+>|www\S+", " ", text))
text = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
by_hand = re.findall(r"(?<![^\W_])[^\W\d_]+(?:'[^\W\d_]+)*", text)
print(by_hand)

# %% [markdown]
# So there are two: the *Café* and the *CAFÉ* are one word, *caffe* is another. `NFKC` makes one *é* of two characters,
# and *ff* of the ligature *ﬀ*. `casefold` is lower case that also knows *ß*. The last pattern reads: a letter that does
# not follow a letter or digit, more letters, and an apostrophe only if letters follow it. (`[^\W\d_]` is "a word
# character, but no digit and no underscore": a letter of any alphabet.) So digits are dropped, and *80s* is lost. The
# package has the steps as functions:

# %%
from mmrec_course.preprocessing import normalize_text, strip_markup, tokenize

clean = strip_markup(page)
print(clean)
print(normalize_text(clean))
assert tokenize(clean) == by_hand

# %% [markdown]
# `tokenize` normalises by itself. You call `strip_markup`, because only you know whether your texts have markup.
#
# ### Which words, and which forms of them?
#
# **Stop words** are very frequent words with little meaning of their own. **Stemming** cuts endings, so that *nets*
# and *net* count as one word. The **vocabulary** is the list of different words. What happens to it?

# %%
import pandas as pd

from mmrec_course.display import print_table

texts = mosaic.items["text"].dropna()
options = {
    "all words": {},
    "no stop words": {"stop_words": "english"},
    "stems": {"stop_words": "english", "stem": "english"},
}
rows = []
for kind in options.values():
    tokens = [token for text in texts for token in tokenize(text, **kind)]
    rows.append({"tokens": len(tokens), "vocabulary": len(set(tokens))})
print_table(pd.DataFrame(rows, index=list(options)))

# %% [markdown]
# Half of all tokens are stop words, and there are fewer than 300 different ones. Stems make the
# vocabulary smaller again. But both follow rules and understand nothing:

# %% tags=["slide-lost-words"]
print(tokenize("nets netting netted universe university", stem="english"))
print(tokenize("The Who play at the end", stop_words="english"))
print(tokenize("the 80s on mp3"))
print(tokenize("1984年の歌 สวัสดี Москва"))

# %% [markdown]
# *Universe* and *university* have become one. *The Who* are gone: the list is right for most texts and wrong for this
# band. The *80s* are gone with their digits, and *mp3* is now *mp*. The last line: Japanese and Thai have no spaces
# between words, so the package takes overlapping pairs of characters. Two texts that share a word share its
# pairs. Lesson 04 measures whether stems help a recommender.

# %% [markdown]
# ## Sounds: one channel, one rate, one loudness
#
# A sound file holds a **waveform**: air pressure over time, as a row of *samples*. Stereo has two rows, left and right.
# The **sampling rate** is the number of samples for each second of sound, in hertz (Hz). `load_audio` averages the
# channels and brings every file to 22,050 samples per second.

# %% tags=["predict"]
import soundfile

from mmrec_course.preprocessing import load_audio

seconds = np.arange(2 * 44100) / 44100
tone = 0.5 * np.sin(2 * np.pi * 440 * seconds)
soundfile.write(folder / "stereo.wav", np.column_stack([tone, tone]), 44100)
soundfile.write(folder / "inverted.wav", np.column_stack([tone, -tone]), 44100)
for name in ("stereo.wav", "inverted.wav"):
    wave = load_audio(folder / name)
    print(name, "to", wave.shape, f"loudest sample {np.abs(wave).max():.1f}")

# %% [markdown]
# In the second file right is the opposite of left, so that their mean is silence.
#
# ### Fewer samples, by hand
#
# To halve the sampling rate, you could keep every second sample. You know what happened to the stripes. Sampling theory
# says: a sound with $r$ samples per second can hold only frequencies below $r / 2$. This limit is the **Nyquist
# frequency**. At 11,025 samples per second it is 5,512 Hz. So what becomes of a tone of 9,000 Hz, if you keep every
# second of 22,050 samples? Read the strongest frequency off the spectrum:

# %% tags=["predict", "slide-new-tone"]
import librosa


def strongest_frequency(wave, rate):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return round(float(np.fft.rfftfreq(len(wave), 1 / rate)[spectrum.argmax()]))


high = 0.5 * np.sin(2 * np.pi * 9000 * np.arange(22050) / 22050)
picked = high[::2]
filtered = librosa.resample(high, orig_sr=22050, target_sr=11025)[500:-500]  # without the ends
print("before:", strongest_frequency(high, 22050), "Hz")
print("every second sample:", strongest_frequency(picked, 11025), "Hz")
print(f"loudest sample: picked {np.abs(picked).max():.2f}, resampled {np.abs(filtered).max():.2f}")

# %% [markdown]
# Picking made a new tone at 11,025 − 9,000 = 2,025 Hz. It is as loud as the old one and was never played: aliasing
# again. Resampling first filters out what lies above the Nyquist frequency, and nothing is left of the tone.
#
# ### Silence, loudness, length
#
# Three more differences belong to the file and not to the music: silence around it, how loud it was exported,
# how long the excerpt is. Loudness is measured in **LUFS** (loudness units relative to full scale): decibels, with the
# frequencies weighted as the ear hears them, and pauses left out. 0 is about the loudest that a file can hold, and
# lower numbers are softer. Below, a real clip gets a tenth of its amplitude, which is
# $20 \log_{10} 0.1 = -20$ decibels, and a second of silence on both sides. Can both be undone?

# %%
from mmrec_course.preprocessing import normalize_loudness, trim_silence
from mmrec_course.preprocessing.audio import measure_loudness

clip = load_audio(row["audio"])
silence = np.zeros(22050, np.float32)
quiet = np.concatenate([silence, 0.1 * clip, silence])
trimmed = trim_silence(quiet)
print(f"{len(quiet) / 22050:.0f} seconds, trimmed {len(trimmed) / 22050:.0f} seconds")
waves = {"original": clip, "quiet": trimmed, "normalised": normalize_loudness(trimmed)}
for name, wave in waves.items():
    print(f"{name:10} {measure_loudness(wave):6.1f} LUFS")

# %% [markdown]
# **Loudness normalisation** multiplies each clip by a factor that brings it to −23 LUFS. Without it, a feature that
# measures loudness would sort a shop by who recorded the clips, not by the music. Samples must stay between −1 and 1:
# where the factor would push a sample out, `normalize_loudness` takes the largest factor that does not. Whether to remove loudness is
# a choice: in some music it is the message. (`fix_length` gives all clips one length: their middle part.)

# %% [markdown]
# ## What goes wrong: files
#
# Now the folder as somebody would really send it. Each kind of broken file, one line each:

# %%
(folder / "good.jpg").write_bytes(raw)
(folder / "empty.jpg").write_bytes(b"")
(folder / "page.jpg").write_bytes(b"<html>404 Not Found</html>")
(folder / "cut.jpg").write_bytes(raw[:2000])
Image.new("1", (9000, 9000)).save(folder / "bomb.png")  # all pixels black
(folder / "cut.ogg").write_bytes(Path(row["audio"]).read_bytes()[:60])
soundfile.write(folder / "nothing.wav", np.zeros(0), 22050)
soundfile.write(folder / "broken.wav", np.full(9000, np.nan, np.float32), 22050, subtype="FLOAT")
size = (folder / "bomb.png").stat().st_size
print(f"bomb.png: about {round(size, -4):,} bytes, {9000 * 9000 * 3 / 1e6:.0f} million decoded")

# %% [markdown]
# *bomb.png* is a decompression bomb: a small file that fills your memory when it is decoded. The table that comes with
# the folder has faults of its own: it lists a file that does not exist, and one outside of the folder.

# %%
table = pd.DataFrame({"sku": [f"p{i}" for i in range(10)]})
table["photo"] = [
    "good.jpg", "empty.jpg", "page.jpg", "cut.jpg", "bomb.png",
    "gone.jpg", "../secret.jpg", "sideways.jpg", "glass.png", "print.jpg",
]  # fmt: skip
sounds = ["stereo.wav", "cut.ogg", "nothing.wav", "broken.wav", "inverted.wav"]
table["sound"] = [*sounds, *[None] * 5]
table["about"] = [page, None, *texts[:8]]
table.to_csv(folder / "items.csv", index=False, sep=";")

# %% [markdown]
# `load_folder` reads a folder of your own: a table items.csv, the media that it lists, and ratings.csv if there is
# one. Columns may have any names; say which is which. A broken *table* is an error that names file and row. A broken
# *file* stops nothing:

# %%
from mmrec_course.datasets import load_folder

try:
    load_folder(folder, item_id="sku", image="photo", audio="sound", text="about")
except ValueError as error:
    print(error)
own = load_folder(folder, item_id="sku", image="photo", audio="sound", text="about", separator=";")
print(own)

# %% tags=["slide-reasons"]
print_table(own.problems, index=False, max_width=70)

# %% [markdown]
# So far files have only been looked at from outside: is there one, is it inside the folder, does it
# begin like a picture or a sound? A file that fails here counts as missing, and the reason is kept. What is
# broken *inside* shows when it is decoded: the loader raises a `MediaError`, and `extract_features` turns it into an
# absent row with a reason. `media_problems` lists the reasons:

# %%
from mmrec_course.features import extract_features, media_problems

blocks = extract_features(own, cache=False)
print_table(media_problems(blocks), index=False, max_width=70)

# %% [markdown]
# Nothing stopped, and nothing was silently replaced. The bomb was never decoded: its size is read before any pixel.
# What is left of each item?

# %%
present = pd.DataFrame({m: b.present for m, b in blocks.items()}, index=own.items.index)
print_table(present.replace({True: "yes", False: "-"}))

# %% [markdown]
# One *yes* may surprise you: p4's sound is *inverted.wav*, whose mean is silence. *Yes* says that a file could be
# decoded, not that there is anything to hear.
#
# With this the messy folder has become what every later lesson starts from: one block of numbers for each modality,
# rows that know their items, and a reason for each file that could not be used. One last look: p0 is the cover itself,
# p7 its sideways photograph, p8 the transparent logo, p9 the file for print. Which are nearest to p0 (cosine
# similarity, here without subtracting a mean)?

# %%
import shutil

for modality, block in blocks.items():
    print(f"{modality:6}", block.values.shape, "present:", int(block.present.sum()))
print_table(blocks["image"].nearest("p0", k=3), index=False)
shutil.rmtree(folder)

# %% [markdown]
# The columns are colours (lesson 03), the words that at least two of the texts share (lesson 04), and statistics of a
# sound (lesson 05). The file for print and the sideways photograph are nearly the same picture as p0 again. p8 fades
# to white. That is what a customer sees on a white page, so it stays a difference.
#
# Decoding takes time, and a step that computes from one file alone gives the same numbers every time. So
# `extract_features` keeps them in a cache, under a fingerprint of the file's bytes. What it *learns* from many items it
# never keeps. [Deeper: the cache](deeper/02_cache.ipynb) shows what is in it, and that a damaged one does no harm.

# %% [markdown]
# ## What goes wrong: leakage
#
# Some preprocessing *learns*: which words to keep, the mean and standard deviation of a column. If it learns from
# cold-start items, which the model must not know yet, information from the test reaches the model. This is **data
# leakage**. `fit_items` says which items may be learned from. How many words of the vocabulary are there only because
# of cold-start items? And does it change the result?

# %%
from mmrec_course.evaluation import cold_item_split, compare, evaluate
from mmrec_course.recommenders import ContentRidge

split = cold_item_split(mosaic.ratings, rng=0)
training_items = split.train_valid["item_id"].unique()
text_blocks = {
    "training items": extract_features(mosaic, ["text"], fit_items=training_items),
    "all items": extract_features(mosaic, ["text"]),
}
for name, features in text_blocks.items():
    print(f"{name:14} vocabulary of {features['text'].values.shape[1]} words")

# %%
results = {}
for name, features in text_blocks.items():
    model = ContentRidge(modality="text", reg=10.0).fit(split.train_valid, features)
    results[name] = evaluate(model, split)
table = compare(results, metric="ndcg")
print_table(table[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# 357 of 2,300 words are too many. The interval of the difference contains zero: here the leak did not even
# help. (Mosaic's listeners are simulated; NDCG@10, from lesson 00, is higher for better lists.) Do not
# conclude that leaks are harmless. A step that looks at the *answers* is another matter.
#
# Toss a coin for every track and call heads "liked". There is nothing to find. Keep the 30 words that go best with
# the coin, fit a classifier on the training items, and measure it on the test items. Two rows, and **they differ only
# in the choice of the 30 words**: on the training items, or on all items. The classifier is always fitted
# on training items alone.

# %%
from sklearn.linear_model import RidgeClassifier

x = text_blocks["all items"]["text"].values  # (n_items, n_words)
n_items = len(x)


def test_accuracy(choose_on_all_items, seed):
    rng = np.random.default_rng(seed)
    coin, test = rng.integers(0, 2, n_items), rng.permutation(n_items) < n_items // 5
    chosen_on = np.ones(n_items, bool) if choose_on_all_items else ~test
    covariance = x[chosen_on].T @ (coin[chosen_on] - coin[chosen_on].mean())
    words = np.argsort(-np.abs(covariance).round(9), kind="stable")[:30]
    classifier = RidgeClassifier().fit(x[~test][:, words], coin[~test])
    return classifier.score(x[test][:, words], coin[test])


# %% tags=["predict", "slide-coins"]
from mmrec_course.display import interval

for name, choose_on_all_items in {"training items": False, "all items": True}.items():
    accuracy = [test_accuracy(choose_on_all_items, seed) for seed in range(40)]
    mean, half = np.mean(accuracy), 1.96 * np.std(accuracy, ddof=1) / np.sqrt(len(accuracy))
    print(f"words chosen on {name:14} accuracy {interval(mean, mean - half, mean + half)}")

# %% [markdown]
# A coin can be predicted in half of the cases, and the honest choice gets that. With the leak the classifier seems to
# predict coins, and its interval is far from one half. So the rule of this course: everything that learns gets
# `fit_items`, without asking each time how bad it would be.

# %% [markdown]
# ## Your turn
#
# Five exercises, from one line to one idea: [exercises](exercises/02_preprocessing.ipynb), and their
# [solutions](solutions/02_preprocessing.ipynb).
#
# 1. Transparent pixels on black.
# 2. A new size without a new shape.
# 3. Where does a tone land?
# 4. Loudness normalisation without clipping.
# 5. A scaler that learns from training items only.
#
# ## Recap
#
# - Decode, then clean: remove what says something about the file and nothing about the item.
# - Pictures: upright, three channels, 8 bits, one size. Shrink by averaging; picking pixels invents patterns.
# - Words: markup out, one Unicode form, case folded, then tokens. Stop words and stems are choices that also lose words.
# - Sounds: one channel, one sampling rate (filtered first: Nyquist), silence trimmed, loudness and length fixed if
#   they are no message.
# - A broken table is an error that names its place; a broken file is an absent row with a reason.
# - What learns, learns from `fit_items`.
#
# ## Sources
#
# - Shannon (1949), *Communication in the presence of noise*, Proceedings of the IRE 37: the Nyquist frequency.
# - Wallace (1991), *The JPEG still picture standard*, Communications of the ACM 34(4): what is in the bytes.
# - Porter and Duff (1984), *Compositing digital images*, SIGGRAPH: transparency as a weighted sum.
# - Porter (1980), *An algorithm for suffix stripping*, Program 14(3): stemming by rules.
# - Unicode Standard Annex #15, *Unicode normalization forms*: NFC and NFKC.
# - Recommendation ITU-R BS.1770, *Algorithms to measure audio programme loudness*: LUFS.
# - Kaufman, Rosset, Perlich and Stitelman (2012), *Leakage in data mining*, ACM TKDD 6(4): what leakage is.
# - Ambroise and McLachlan (2002), *Selection bias in gene extraction*, PNAS 99(10): columns chosen on all the data.
