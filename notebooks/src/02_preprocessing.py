# %% [markdown]
# # 02 · Preprocessing: from raw files to clean arrays and words
#
# **Aim** Know what is in a picture file, a text and a sound file, bring all of them to one form
# without spoiling them, and load a messy folder of your own in which every broken file has a reason.<br>
# **Time** 75 minutes (pictures 20, words 15, sounds 15, broken files 10, leakage and cache 15),
# exercises 30 more.<br>
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
# everything between the file and the first number that means something:
#
# $$\text{bytes} \;\xrightarrow{\text{decode}}\; \text{array or characters}
# \;\xrightarrow{\text{clean}}\; \text{the same form for every item}$$
#
# In words: first undo how the file was packed, then undo every difference that says something about the
# *file* and nothing about the *item*: its size, its format, which way up the camera was held, how loud
# somebody exported it. Whatever is not undone here, a model will learn.

# %%
raw = Path(row["image"]).read_bytes()
print("first bytes:", raw[:4])
print(f"{len(raw):,} bytes for {160 * 160 * 3:,} colour values")

# %% [markdown]
# `FF D8 FF` is how every JPEG begins. There are far fewer bytes than colour values, because a JPEG does not
# store them: it stores, for each patch of 8 × 8 pixels, how much of which wave pattern is in it, and
# rounds what the eye hardly sees. `load_image` decodes it, and always returns the same kind of array.

# %%
from mmrec_course.preprocessing import load_image

cover = load_image(row["image"])
print(cover.shape, cover.dtype, "from", cover.min(), "to", cover.max())
print("top left pixel, red green blue:", cover[0, 0])

# %% [markdown]
# How much is lost by the rounding? Save the cover again, ever more coarsely, and look at the edges.

# %%
import tempfile

import numpy as np
from PIL import Image

from mmrec_course.plotting import finish, show_images

folder = Path(tempfile.mkdtemp())
for quality in (90, 10, 2):
    Image.fromarray(cover).save(folder / f"q{quality}.jpg", quality=quality)
saved = [load_image(folder / f"q{quality}.jpg") for quality in (90, 10, 2)]
off = [int(np.abs(s.astype(int) - cover).mean() + 0.5) for s in saved]
captions = [
    "original",
    *(f"quality {q}: off by {o}" for q, o in zip((90, 10, 2), off, strict=True)),
]
figure = show_images([cover, *saved], captions, title="The fewer bytes, the more squares")
finish(
    figure, alt="One cover four times; at low JPEG quality it falls into squares of 8 × 8 pixels"
)

# %% [markdown]
# *Off by* is the mean difference of a colour value, of 255. Quality 90 is next to nothing; quality 2
# is squares. A shop that recompresses its pictures may so give all of one supplier's covers the same
# squares, and a fine-grained feature would see the supplier. Keep originals.
#
# ## Pictures: one form for all
#
# People's folders hold every kind of picture. Here are five that look harmless: a photograph from a
# camera held sideways, a logo with a transparent ground, a grey scan, a scan with 16 bits, and a JPEG for
# print (cyan, magenta, yellow, black).

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
# What would you get without care? A picture on its side, a fourth channel, a missing one, numbers up to
# 65,535, and colours inverted. `load_image` gives (height, width, 3), 8 bits, red green blue, upright:

# %%
names = ["sideways.jpg", "glass.png", "grey.png", "deep.png", "print.jpg"]
raw_modes = [Image.open(folder / name) for name in names]
images = [load_image(folder / name) for name in names]
for name, before, after in zip(names, raw_modes, images, strict=True):
    print(
        f"{name:13} stored as {before.mode:5} {before.size}  loaded as {after.shape} {after.dtype}"
    )
figure = show_images(images, names, title="Five kinds of files, one kind of array")
finish(
    figure,
    alt="Five pictures: turned upright, laid on white, two grey ones, one from print colours",
)

# %% [markdown]
# (PIL, which wrote the files, says width first; arrays say height first.) The first was stored 160 wide and 120 high,
# and is loaded 120 wide and 160 high: upright, as the file's header says which way up it was held. Transparency is
# laid on white. By hand, with opacity $a$ from 0 to 1, that is $a \cdot \text{colour} + (1 - a) \cdot 255$:

# %%
a = alpha[:, :, None] / 255
on_white = a * cover + (1 - a) * 255
print("largest difference:", int(np.abs(np.rint(on_white) - images[1]).max()))
print("grey and 16-bit grey agree:", (images[2] == images[3]).all())

# %% [markdown]
# ### Smaller, by hand
#
# Features need pictures of one size. To halve a picture twice, you could keep every fourth pixel. Or you
# could take the mean of each 4 × 4 block. Is there a difference?

# %%
from mmrec_course.preprocessing import resize_image

blocks_of_16 = cover.reshape(40, 4, 40, 4, 3)
by_hand = blocks_of_16.mean(axis=(1, 3))
by_package = resize_image(cover, 40)
print("mean of blocks and resize_image differ by at most", np.abs(by_hand - by_package).max())

# %% [markdown]
# At most half a step of brightness: rounding. So `resize_image` shrinks by averaging areas. Now a picture in
# which it matters: stripes, four pixels from one to the next, a little tilted.

# %%
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
print("contrast (sd): picked", round(picked.std()), "averaged", round(averaged.std()))

# %% [markdown]
# Picking pixels kept the full contrast and made *broad* stripes out of fine ones. This is **aliasing**:
# what is finer than the new grid does not vanish, it comes back as something coarser. Averaging turns it into
# grey, as your eye does from afar. The same happens to sounds below.
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
# *stretch* keeps everything and bends shapes: fine for colours, bad for edges. *contain* keeps shapes and adds
# bars, which a colour histogram counts as white. *cover* fills the square and loses the sides, and `center_crop`
# does not resize at all. None is right for all; use one for *all* pictures.
#
# ### Other numbers for the same colours
#
# Red, green and blue are what a screen needs. By hand, brightness is a weighted sum, with most weight on
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
# In RGB, all three numbers of the two blues differ. In HSV (hue, saturation, value) only the last one does: same
# blue, less light. That is why lesson 03 counts colours in HSV. In Lab, distances are about what the eye
# finds different.

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
# then words. By hand, with the standard library:

# %%
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
# The *Café* and the *CAFÉ* have become one word, and *caffe* stays another. `NFKC` made one *é* of two and *ff* of the
# ligature *ﬀ*; `casefold` is lower case that also knows *ß*; the last pattern takes words of letters, with apostrophes
# inside. Digits are dropped, so *80s* is lost. The package has the steps as functions, with
# the corner cases (tags that are never closed, invisible characters, a word of a million letters):

# %%
from mmrec_course.preprocessing import normalize_text, strip_markup, tokenize

clean = strip_markup(page)
print(clean)
print(normalize_text(clean))
assert tokenize(clean) == by_hand

# %% [markdown]
# `tokenize` normalises by itself; `strip_markup` is for you to call, as only you know whether your texts have any.
#
# ### Which words, and which forms of them?
#
# *Stop words* are in every text and tell none from another. *Stemming* cuts endings so that *nets* and *net*
# are one word. What do they do to the whole shop?

# %%
import pandas as pd

from mmrec_course.display import print_table

texts = mosaic.items["text"].dropna()
options = {
    "all words": {},
    "no stop words": {"stop_words": "english"},
    "stems": {"stop_words": "english", "stem": "english"},
}
tokens = {name: [tokenize(t, **kind) for t in texts] for name, kind in options.items()}
rows = {
    name: {"tokens": sum(map(len, lists)), "different": len({t for ts in lists for t in ts})}
    for name, lists in tokens.items()
}
print_table(pd.DataFrame(rows).T)

# %% [markdown]
# Nearly half of all tokens are stop words, and there are fewer than 300 different ones. Stems make the
# vocabulary smaller again. But a stemmer follows rules and understands nothing:

# %%
print(
    tokenize("nets netting netted", stem="english"), tokenize("universe university", stem="english")
)
print(tokenize("The Who play at the end", stop_words="english"))
print(tokenize("the 80s on mp3"))
print(tokenize("1984年の歌 สวัสดี Москва"))

# %% [markdown]
# *The Who* are gone: a list that is right for most texts is wrong for this band. *Universe* and *university* have
# become one. The *80s* are gone with their digits, and *mp3* is now *mp*. And the last line: Japanese and Thai have
# no spaces between words, so the package takes overlapping pairs of characters. Two texts that share a word share its
# pairs. Whether any of this helps a recommender, lesson 04 measures.

# %% [markdown]
# ## Sounds: one channel, one rate, one loudness
#
# A sound file is a row of air pressures, *rate* of them a second, often two rows: left and right. `load_audio`
# averages the channels and brings every file to 22,050 numbers a second.

# %%
import soundfile

from mmrec_course.preprocessing import load_audio

t = np.arange(2 * 44100) / 44100
tone = 0.5 * np.sin(2 * np.pi * 440 * t)
soundfile.write(folder / "stereo.wav", np.column_stack([tone, tone]), 44100)
soundfile.write(folder / "turned.wav", np.column_stack([tone, -tone]), 44100)
for name in ("stereo.wav", "turned.wav"):
    wave = load_audio(folder / name)
    print(name, "to", wave.shape, f"loudest sample {np.abs(wave).max():.1f}")

# %% [markdown]
# The second file is the trap of mono: where left and right are each other's opposite, their mean is silence.
# Real recordings are seldom as bad, but wide ones do get thinner.
#
# ### Fewer samples, by hand
#
# To halve the rate, you could keep every second sample. You know what happened to the stripes. What becomes of a
# tone of 9,000 Hz, if you go from 22,050 to 11,025 numbers a second? Read the strongest pitch off the spectrum:

# %%
import librosa


def strongest(wave, rate):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return round(float(np.fft.rfftfreq(len(wave), 1 / rate)[spectrum.argmax()]))


high = 0.5 * np.sin(2 * np.pi * 9000 * np.arange(22050) / 22050)
picked = high[::2]
filtered = librosa.resample(high, orig_sr=22050, target_sr=11025)
print("before:", strongest(high, 22050), "Hz; every second sample:", strongest(picked, 11025), "Hz")
print(
    f"loudest sample: picked {np.abs(picked).max():.2f}, resampled {np.abs(filtered[500:-500]).max():.2f}"
)

# %% [markdown]
# 11,025 numbers a second can say nothing above half of that, 5,512 Hz. Picking made a new tone, 11,025 − 9,000 =
# 2,025 Hz, as loud as the old one and entirely made up: aliasing again. Resampling filters first, and what cannot
# be said is left out.
#
# ### Silence, loudness, length
#
# Three more differences that belong to the file and not to the music: silence around it, how loud it was exported,
# how long the excerpt is. A real clip with a second of silence on both sides:

# %%
from mmrec_course.preprocessing import fix_length, normalize_loudness, trim_silence
from mmrec_course.preprocessing.audio import measure_loudness

clip = load_audio(row["audio"])
second = np.zeros(22050, np.float32)
quiet = 0.1 * np.concatenate([second, clip, second])
trimmed = trim_silence(quiet)
print(f"{len(quiet) / 22050:.0f} s, trimmed {len(trimmed) / 22050:.0f} s")
for name, wave in {
    "original": clip,
    "quiet": trimmed,
    "level": normalize_loudness(trimmed),
}.items():
    print(f"{name:9} {measure_loudness(wave):6.1f} LUFS")
print("made", len(fix_length(trimmed, 3 * 22050)) / 22050, "s long: the middle")

# %% [markdown]
# LUFS are the decibels of broadcasting: weighted as the ear hears, without the pauses. A tenth of the amplitude is 20
# decibels less, by hand $20 \log_{10} 0.1 = -20$. After `normalize_loudness` every clip has −23, unless a sample
# would then leave −1 … 1: such a clip is made as loud as it can be without. What for? A feature that hears loudness
# would otherwise sort a shop by who mastered the record. Whether to remove it is a choice: in some music, loudness is
# the message.

# %% [markdown]
# ## What goes wrong: files
#
# Now the folder as somebody would really send it. Every way to be broken, one line each:

# %%
import zlib

good = raw
(folder / "good.jpg").write_bytes(good)
(folder / "empty.jpg").write_bytes(b"")
(folder / "page.jpg").write_bytes(b"<html>404 Not Found</html>")
(folder / "cut.jpg").write_bytes(good[:2000])
size = (60_000).to_bytes(4) * 2
bomb = (folder / "grey.png").read_bytes()
header = bomb[12:16] + size + bomb[24:29]  # a PNG says its width and height here
checksum = zlib.crc32(header).to_bytes(4)
(folder / "bomb.png").write_bytes(bomb[:12] + header + checksum + bomb[33:])
(folder / "cut.ogg").write_bytes(Path(row["audio"]).read_bytes()[:60])
soundfile.write(folder / "nothing.wav", np.zeros(0), 22050)
soundfile.write(folder / "broken.wav", np.full(9000, np.nan, np.float32), 22050, subtype="FLOAT")
print(len(list(folder.iterdir())), "files in the folder")
width, height = int.from_bytes(header[4:8]), int.from_bytes(header[8:12])
print(f"bomb.png: about {round((folder / 'bomb.png').stat().st_size, -4):,} bytes", end=" ")
print(f"claim {width:,} × {height:,} pixels, {width * height * 3 / 1e9:.1f} GB decoded")

# %% [markdown]
# Of *bomb.png* only the header was changed, and the checksum that goes with it. To read it costs nothing; to
# believe it costs your memory. The list that comes with the folder has its own ideas, too: a file that does not
# exist, one outside of the folder.

# %%
listed = {
    "good.jpg": "stereo.wav", "empty.jpg": "cut.ogg", "page.jpg": "nothing.wav",
    "cut.jpg": "broken.wav", "bomb.png": "turned.wav", "gone.jpg": "", "../secret.jpg": "",
    "sideways.jpg": "", "glass.png": "", "print.jpg": "",
}  # fmt: skip
table = pd.DataFrame({"sku": [f"p{i}" for i in range(10)], "photo": list(listed)})
table["sound"] = list(listed.values())
table["about"] = [page, None, *texts[:8]]
table.to_csv(folder / "items.csv", index=False, sep=";")

# %% [markdown]
# `load_folder` reads a folder of your own: a table items.csv, the media that it lists, and ratings.csv if there is
# one. Columns may be called anything; say what is what. A broken *table* is an error, with file, row, column and
# value. A broken *file* is never one:

# %%
from mmrec_course.datasets import load_folder

try:
    load_folder(folder, item_id="sku", image="photo", audio="sound", text="about")
except ValueError as error:
    print(error)
own = load_folder(folder, item_id="sku", image="photo", audio="sound", text="about", separator=";")
print(own)

# %%
print_table(own.problems, index=False, max_width=70)

# %% [markdown]
# So far files have only been looked at from outside: is there one, is it inside the folder, does it
# begin like a picture or a sound? (What its name says does not matter: shops deliver WebP under `.jpg`.)
# In the place of the others stands `<NA>`, and the reason is kept. What is
# broken *inside* shows when it is decoded. Each loader raises a `MediaError`, never anything else, and
# `extract_features` turns it into an absent row with a reason. `media_problems` lists them all:

# %%
from mmrec_course.features import extract_features, media_problems

blocks = extract_features(own, cache=False)
print_table(media_problems(blocks), index=False, max_width=70)

# %% [markdown]
# Nothing stopped, and nothing was silently replaced. The bomb never went off: its size was read before any pixel. The
# rest of each item lives on:

# %%
present = pd.DataFrame({m: b.present for m, b in blocks.items()}, index=own.items.index)
print_table(present.replace({True: "yes", False: "-"}))

# %% [markdown]
# One *yes* may surprise you: p4's sound is *turned.wav*, whose mean is silence. Silence counts as present: *yes*
# says that a file could be decoded, not that there is anything to hear.
#
# ## What goes wrong: leakage
#
# Some cleaning *learns*: which words to keep, the mean and spread of a column. If it learns from tracks that are meant
# to be new, it has seen what it should not: **leakage**. `fit_items` says which items may be learned from. How many
# words of the vocabulary are there only because of tracks that are "not out yet"? And does it change the result?

# %%
from mmrec_course.evaluation import cold_item_split, compare, evaluate
from mmrec_course.recommenders import ContentRidge

split = cold_item_split(mosaic.ratings, rng=0)
results, vocabulary = {}, {}
for name, fit_items in {"training": split.train_valid["item_id"].unique(), "all": None}.items():
    words = extract_features(mosaic, ["text"], fit_items=fit_items)
    vocabulary[name] = set(words["text"].names)
    model = ContentRidge(modality="text", reg=10.0).fit(split.train_valid, words)
    results[name] = evaluate(model, split, k=10)
known, leaked = vocabulary["training"], vocabulary["all"]
print(f"words: {len(known)} from training tracks, {len(leaked)} from all;", end=" ")
print("only the leak knows", len(leaked - known))
compared = compare(results, metric="ndcg", rng=0)[["mean", "difference", "diff_low", "diff_high"]]
print_table(compared, digits=3)

# %% [markdown]
# 357 words of 2,300 too many, and a difference that the interval cannot tell from zero: here the leak did not even
# help. (Mosaic's listeners are simulated; NDCG is lesson 06's measure of a ranking, higher is better.) Do not
# conclude that leaks are harmless. A step that looks at the *answers* is another matter. Toss a coin for every track,
# call it "liked", and keep the 30 words that go best with it. There is nothing to find. What does a model find?

# %%
from sklearn.linear_model import RidgeClassifier

x = extract_features(mosaic, ["text"])["text"].values
n, accuracy = len(x), {"training": [], "all": []}
for seed in range(40):
    rng = np.random.default_rng(seed)
    coin, test = rng.integers(0, 2, n), rng.permutation(n) < n // 5
    for name, learn in (("training", ~test), ("all", np.ones(n, bool))):
        link = np.abs(x[learn].T @ (coin[learn] - coin[learn].mean()))
        best = np.argsort(-np.round(link, 9), kind="stable")[:30]
        model = RidgeClassifier().fit(x[~test][:, best], coin[~test])
        accuracy[name].append(model.score(x[test][:, best], coin[test]))

# %%
from mmrec_course.display import interval

for name, values in accuracy.items():
    mean, half = np.mean(values), 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))
    print(f"words chosen on {name:8} right: {interval(mean, mean - half, mean + half)}")

# %% [markdown]
# Half right is what a coin deserves, and what the honest choice gets. The leak seems to predict coins, with an
# interval far from one half. So: everything that learns gets `fit_items`, without asking each time how bad it would be.

# %% [markdown]
# ## The cache: decode once
#
# What a step computes from one file alone depends on that file and on nothing else. So it need not be computed
# twice. It is kept under a fingerprint of the file's *bytes*, in a cache file named after the *transformer* (the object
# that turns files into numbers, here a colour histogram), its parameters and the versions of the libraries. Steps that
# learn are never kept. Try it in a folder of its own:

# %%
import os

from mmrec_course.features import ColorHistogram
from mmrec_course.features.cache import cache_folder, file_digest, read_cache

before = os.environ.get("MMREC_CACHE")
os.environ["MMREC_CACHE"] = str(folder / "cache")
(folder / "copy.jpg").write_bytes(good)
print(
    "same bytes, same fingerprint:", file_digest(folder / "copy.jpg") == file_digest(row["image"])
)
colours = {"image": ColorHistogram()}
first = extract_features(own, extractors=colours)["image"]
(kept,) = cache_folder().glob("image-*.npz")
known = read_cache(kept)
for item, path in own.items["image"].dropna().items():
    entry = known[file_digest(path)]
    shown = entry if isinstance(entry, str) else f"{len(entry)} numbers"
    print(item, f"{Path(path).name:13}", shown)

# %% [markdown]
# Each entry is an array of numbers, or the reason why there is none, so that a broken file is not tried again
# either. But is the cache really read the next time? Plant a lie in it: every picture, the broken ones too, all of
# one colour. If the lie comes back, nothing was decoded.

# %%
from mmrec_course.features.cache import add_to_cache

lie = np.eye(72)[0]  # everything in the first of 72 bins
add_to_cache(kept, dict.fromkeys(known, lie))
told = extract_features(own, extractors=colours)["image"]
print("present:", int(first.present.sum()), "before,", int(told.present.sum()), "now")
print("all of them the lie:", np.allclose(told.values[told.present], lie))

# %% [markdown]
# Even the two broken pictures are believed: no file was opened as a picture. And if the disk damages the cache?

# %%
kept.write_bytes(kept.read_bytes()[:500])
print("entries believed in a damaged file:", len(read_cache(kept)))
again = extract_features(own, extractors=colours)["image"]
print("same features:", np.allclose(again.values, first.values))
if before is None:
    del os.environ["MMREC_CACHE"]
else:
    os.environ["MMREC_CACHE"] = before

# %% [markdown]
# A damaged cache is computed again, and the lie is gone with it. With this the messy folder has become what every
# later lesson starts from: one block of numbers for each modality, rows that know their items, and a reason for each
# gap. One last look: p0 is the cover itself, p7 its sideways photograph, p8 behind glass, p9 for print. Which are
# nearest to p0?

# %%
import shutil

for modality, block in blocks.items():
    print(f"{modality:6}", block.values.shape, "present:", int(block.present.sum()))
print_table(blocks["image"].nearest("p0", k=3), index=False)
shutil.rmtree(folder)

# %% [markdown]
# 81 columns of a picture are 72 shares of colours and 9 summaries of its three colour channels (lesson 03); 19 are the
# words, stop words aside, that at least two of the texts share (lesson 04); 225 are statistics of a sound (lesson 05).
#
# The one for print and the one on its side are all but the same picture again: four inks and a quarter turn are
# undone. Behind glass half of the cover is nearly white, and that is no accident of the file. It is what a
# customer sees on a white page, so it stays a difference.

# %% [markdown]
# ## Your turn
#
# Five exercises, from one line to one idea: [exercises/02_preprocessing.ipynb](exercises/02_preprocessing.ipynb).
#
# 1. Transparent pixels on black.
# 2. A new size without a new shape.
# 3. Where does a tone land?
# 4. As loud as each other.
# 5. A scaler that keeps to its items.
#
# ## Recap
#
# - Decode, then clean: remove what says something about the file and nothing about the item.
# - Pictures: upright, three channels, 8 bits, one size. Shrink by averaging; picking pixels invents patterns.
# - Words: markup out, one Unicode form, case folded, then tokens. Stop words and stems are choices with a price.
# - Sounds: one channel, one rate (filtered first), silence trimmed, loudness and length fixed if they are no message.
# - A broken table is an error that names its place; a broken file is an absent row with a reason.
# - What learns, learns from `fit_items`. What does not is cached under the bytes of its file.
#
# ## Sources
#
# - Shannon (1949), *Communication in the presence of noise*, Proceedings of the IRE 37: why half the rate is the limit.
# - Wallace (1991), *The JPEG still picture standard*, Communications of the ACM 34(4): what is in the bytes.
# - Porter and Duff (1984), *Compositing digital images*, SIGGRAPH: transparency as a weighted sum.
# - Porter (1980), *An algorithm for suffix stripping*, Program 14(3): stemming by rules.
# - Unicode Standard Annex #15, *Unicode normalization forms*: NFC and NFKC.
# - Recommendation ITU-R BS.1770, *Algorithms to measure audio programme loudness*: LUFS.
# - Kaufman, Rosset, Perlich and Stitelman (2012), *Leakage in data mining*, ACM TKDD 6(4): what leakage is.
# - Ambroise and McLachlan (2002), *Selection bias in gene extraction*, PNAS 99(10): columns chosen on all the data.
