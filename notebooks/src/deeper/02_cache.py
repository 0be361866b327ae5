# %% [markdown]
# # 02 · deeper: the cache
#
# **Aim** See what `extract_features` keeps on disk, find out whether it is really read the next time, and what
# happens when it is damaged.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lesson 02](../02_preprocessing.ipynb).
#
# Decoding pictures and sounds and computing their features takes time. What a step computes from one
# file alone depends on that file's bytes and on nothing else, so it need not be computed twice.
#
# Here is a folder with three files: two equal covers, and a file that is broken. The cache gets a folder of its
# own, so that this page does not touch yours.

# %%
import os
import tempfile
from pathlib import Path

from mmrec_course.datasets import load_folder, load_mosaic

folder = Path(tempfile.mkdtemp())
user_cache = os.environ.get("MMREC_CACHE")
os.environ["MMREC_CACHE"] = str(folder / "cache")
cover = Path(load_mosaic().items.loc["t268", "image"]).read_bytes()
(folder / "cover.jpg").write_bytes(cover)
(folder / "copy.jpg").write_bytes(cover)
(folder / "cut.jpg").write_bytes(cover[:2000])
(folder / "items.csv").write_text(
    "item_id,image\na,cover.jpg\nb,copy.jpg\nc,cut.jpg\n", encoding="utf-8"
)
shop = load_folder(folder)

# %% [markdown]
# ## What is kept
#
# Extract features once, then look into the folder. How many cache files are there, and how many entries?

# %%
from mmrec_course.features import ColorHistogram, extract_features
from mmrec_course.features.cache import cache_folder, file_digest, read_cache

first = extract_features(shop, extractors={"image": ColorHistogram()})["image"]
(cache_file,) = cache_folder().glob("image-*.npz")
entries = read_cache(cache_file)
print("entries:", len(entries), "for", len(shop.items), "pictures")
for item_id, path in shop.items["image"].items():
    entry = entries[file_digest(path)]
    print(item_id, entry if isinstance(entry, str) else f"{len(entry)} numbers")

# %% [markdown]
# Two entries for three pictures. The key of an entry is the **SHA-256 fingerprint** of the file's bytes, so
# that equal files share one entry, whatever their names and dates. Change one byte, and the key is another.
#
# An entry is a row of numbers, or the reason why there is none. A broken file is not tried again either.
#
# And if you ask for other features? The *name* of the cache file is a fingerprint too: of the transformer, its
# parameters, and the versions of the libraries. With four bins of hue in place of eight:

# %%
extract_features(shop, extractors={"image": ColorHistogram(bins=(4, 3, 3))})
print(len(list(cache_folder().glob("image-*.npz"))), "cache files")

# %% [markdown]
# A second file: old numbers are never taken for new ones.
#
# ## Is it read?
#
# Replace all entries by a wrong one: every picture, the broken one too, has all of its pixels in the first of
# 72 bins. If the next extraction gives these numbers, no file was decoded.

# %%
import numpy as np

from mmrec_course.features.cache import add_to_cache

add_to_cache(cache_file, dict.fromkeys(entries, np.eye(72)[0]))
second = extract_features(shop, extractors={"image": ColorHistogram()})["image"]
print("present:", int(first.present.sum()), "before,", int(second.present.sum()), "now")
print("all of them the wrong entry:", np.allclose(second.values, np.eye(72)[0]))

# %% [markdown]
# Yes: even the broken picture is present now.
#
# ## What if the disk damages it?
#
# Cut the cache file off, as a full disk would:

# %%
import shutil

cache_file.write_bytes(cache_file.read_bytes()[:500])
print("entries in the damaged file:", len(read_cache(cache_file)))
third = extract_features(shop, extractors={"image": ColorHistogram()})["image"]
print("same features as the first time:", np.allclose(third.values, first.values))
shutil.rmtree(folder)
if user_cache is None:
    del os.environ["MMREC_CACHE"]
else:
    os.environ["MMREC_CACHE"] = user_cache

# %% [markdown]
# A damaged cache counts as empty, and everything is computed again.
#
# One thing is never kept: what is *learned* from many items, such as a vocabulary or a column's mean. It
# depends on `fit_items`, so it is learned again for each split.
#
# ## Recap
#
# - The key is the fingerprint of a file's bytes; the cache file's name is the fingerprint of the transformer.
# - Broken files are kept with their reason. A damaged cache is computed again.
# - What learns from many items is not cached.
# - Back to [lesson 02](../02_preprocessing.ipynb).
#
# ## Sources
#
# - NIST (2015), *Secure hash standard*, FIPS 180-4: SHA-256.
