# %% [markdown]
# # 13 · deeper: your own files, and other people's
#
# **Aim** Read the published files of multimodal benchmarks, and your own in the same form. See what a
# loader must refuse, and go from files to a result.<br>
# **Time** {minutes} minutes<br>
# **Needs** [Lesson 13](../13_real_people.ipynb). Nothing is downloaded.
#
# ## Two forms of files
#
# The benchmarks of lesson 13's table come in two forms: those of the libraries MMRec and RecBole.
# `load_atomic` reads both from a folder. MMRec's form is an `.inter` table and ready-made features. In the
# table the column `x_label` says to which part a row belongs: 0 is training, 1 validation, 2 test. The
# features are arrays with one row for each item. Here is such a folder in small; yours would be
# `load_atomic("baby")`:

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_atomic

temporary = TemporaryDirectory()
folder = Path(temporary.name)
table = "userID\titemID\tx_label\n7\t0\t0\n7\t1\t2\n8\t1\t0\n8\t2\t1\n"
(folder / "tiny.inter").write_text(table)
np.save(folder / "image_feat.npy", np.array([[0.2, 0.1], [0.4, 0.3], [0.0, 0.0]]))
tiny = load_atomic(folder)
print(tiny.ratings[["user_id", "item_id", "part"]].to_string(index=False))

# %% [markdown]
# The split of the file stays, in the column `part`. Keep it, so that your number can stand beside theirs.
#
# What became of the features, and what does the loader tell you about them?

# %%
image = tiny.features["image"]
print(image.values.shape, "present:", image.present)
print(tiny.notes)

# %% [markdown]
# The features arrive as a `FeatureBlock`. An item with nothing but zeros is *absent*. Most code takes such
# zeros for a picture, and all items without one then look alike (lesson 10). The table had no ratings, so
# each row counts as a 5; `notes` says so. Arrays under other names are named by you:
# `load_atomic(folder, features={"audio": "vggish.npy"})`.
#
# RecBole's form has typed columns in `.inter`, `.item` and `.user`. `read_atomic_table` reads one of them:

# %%
from mmrec_course.extras.atomic import read_atomic_table

rows = "item_id:token\tclass:token_seq\tyear:float\na\tDrama War\t1995\nb\t\t\n"
(folder / "films.item").write_text(rows)
print(read_atomic_table(folder / "films.item").to_string())

# %% [markdown]
# ## From files to a result
#
# Your own data in MMRec's form is about ten lines of code away from an experiment. Here we write Mosaic's
# (simulated) training and test ratings and its image features to a folder, as if somebody had sent them:

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.display import interval
from mmrec_course.evaluation import temporal_split
from mmrec_course.features import extract_features

mosaic = load_mosaic()
split = temporal_split(mosaic.ratings)
train_items = split.train_valid["item_id"].unique()
block = extract_features(mosaic, ["image"], fit_items=train_items)["image"]
shop = folder / "shop"
shop.mkdir()
np.save(shop / "image_feat.npy", block.values * block.present[:, None])
parts = [split.train, split.valid, split.test]
table = pd.concat([part.assign(x_label=label) for label, part in enumerate(parts)])
table["userID"] = table["user_id"]
table["itemID"] = pd.Index(block.item_ids).get_indexer(table["item_id"])  # the row in the array
table["timestamp"] = table["timestamp"].astype("datetime64[s]").astype("int64")  # seconds
columns = ["userID", "itemID", "rating", "timestamp", "x_label"]
table[columns].to_csv(shop / "shop.inter", sep="\t", index=False)

# %% [markdown]
# And read them back. The parts of the file become a `Split`, and a model is fitted and evaluated as in
# every lesson:

# %%
from mmrec_course.evaluation import Split, compare, evaluate
from mmrec_course.recommenders import EASE, MultimodalRecommender, Popularity

data = load_atomic(shop)
part = {name: rows.drop(columns="part") for name, rows in data.ratings.groupby("part")}
items = data.items.index
shop_split = Split(**part, candidates=items, valid_candidates=items)
models = {"popularity": Popularity(), "EASE": EASE(), "final": MultimodalRecommender()}
results = {}
for name, model in models.items():
    model.fit(shop_split.train_valid, data.features)
    results[name] = evaluate(model, shop_split, metrics=["ndcg"])
direct = evaluate(EASE().fit(split.train_valid), split, metrics=["ndcg"])
print(compare(results)[["mean", "low", "high"]].round(2).to_string())
print(
    "EASE from files equals EASE without:",
    np.isclose(results["EASE"]["ndcg"].mean(), direct["ndcg"].mean()),
)

# %% [markdown]
# The last line is the test to make whenever data change their form: one simple model, before and after.
#
# ## What a loader must refuse
#
# An array file may hold Python objects, and loading such objects *runs* what they hold. `load_atomic`
# refuses them. And a download may be another file than the one you meant. `load_movielens` knows a
# fingerprint, a SHA-256 checksum, of each file that it downloads, and `check_sha256` compares it. Of an
# archive it unpacks only the members it knows, and none that points out of its folder. See both refuse:

# %%
from mmrec_course.extras.download import check_sha256

np.save(folder / "text_feat.npy", np.array([{"run": "me"}, None, 1]), allow_pickle=True)
try:
    load_atomic(folder)
except ValueError as error:
    print("ValueError:", str(error)[:64], "…")

# %%
try:
    check_sha256(folder / "tiny.inter", 64 * "0")
except ValueError as error:
    print("ValueError:", str(error)[:64], "…")
temporary.cleanup()

# %% [markdown]
# ## A knockout on Mosaic
#
# Lesson 13 takes the text away from the final model, or permutes it. Here is the same for Mosaic (simulated
# users), with all three modalities and the mean of four permutations:

# %%
blocks = extract_features(mosaic, fit_items=train_items)


def evaluate_final(features):
    model = MultimodalRecommender(decay=0.0).fit(split.train_valid, features)
    return evaluate(model, split, metrics=["ndcg"])


knockout = {"final": evaluate_final(blocks)}
tables = []
for seed in range(4):
    tables.append(evaluate_final({m: block.shuffle(rng=seed) for m, block in blocks.items()}))
mean = pd.concat(tables).groupby("user_id")["ndcg"].mean()
knockout["permuted"] = tables[0].assign(ndcg=mean)
knockout["removed"] = evaluate_final(None)

# %%
table = compare(knockout)
percent = 100 * table[["difference", "diff_low", "diff_high"]] / table.loc["final", "mean"]
for version in ("permuted", "removed"):
    print(f"{version}, change in %:", interval(*percent.loc[version], 1))
table = compare({version: knockout[version] for version in ("permuted", "removed")})
row = table.loc["removed", ["difference", "diff_low", "diff_high"]]
print("removed − permuted:", interval(*row, 3))

# %% [markdown]
# Permuted features cost something, and that removed ones cost anything cannot be shown. Whether noise does
# more harm than absence cannot be shown either: the last interval contains zero. On the films of lesson 13 it
# lies above zero.
#
# ## What has been reported on such files
#
# With the files of *Baby* you can test lesson 13's table yourself. Fit ItemKNN or EASE on the parts 0 and
# 1, rank all items for part 2, and compare. Further claims that are made on these files:
#
# | who | what they report | what to ask |
# |---|---|---|
# | He and McAuley 2016, VBPR | picture features inside a factorisation; AUC 0.78 on Tradesy, 0.76 on its cold-start items | AUC looks at all ranks, not at the first ten (lesson 06) |
# | Zhou, X., and others 2023, BM3 | better than earlier multimodal models on three Amazon sets, and 2 to 9 times as fast to train | with which interval? |
# | Zhou and Shen 2023, FREEDOM | a graph of similar items, fixed *before* training, is on average 19 % better than LATTICE, which learns it | which change brings the gain? |
# | Guo and others 2024, LGMRec | better still on the same three | on which split? |
# | Raj and Saha 2025 | Recall@20 on Baby: LightGCN, which sees no content, 0.070; VBPR, with pictures, 0.049; BM3, with pictures and text, 0.080 | their table 3: content alone does not decide: one model with content is below LightGCN and one is above |
# | Krichene and Rendle 2020 | to rank a liked item against a few sampled others can turn an order of models round | are all items ranked? |
#
# ## Recap
#
# - MMRec's files carry their own split and ready-made features; RecBole's have typed columns.
# - An item of zeros is absent, not an item with a black picture.
# - Test one simple model before and after each change of form.
# - Never load pickled objects from strangers; compare a checksum of what you download.
# - Back to [lesson 13](../13_real_people.ipynb).
#
# ## Sources
#
# - Zhou (2023), *MMRec: simplifying multimodal recommendation*, arXiv 2302.03497; Zhao and others (2021),
#   *RecBole*, CIKM: the two file formats.
# - He and McAuley (2016), *VBPR: visual Bayesian personalized ranking from implicit feedback*, AAAI; the two
#   figures as the package vbpr-pytorch quotes them.
# - Zhou, X., and others (2023), *Bootstrap latent representations for multi-modal recommendation*, WWW.
# - Zhou and Shen (2023), *A tale of two graphs*, ACM Multimedia.
# - Guo and others (2024), *LGMRec: local and global graph learning for multimodal recommendation*, AAAI.
# - Raj and Saha (2025), *Unlocking latent features of users and items: empowering multi-modal recommendation
#   systems*, Scientific Reports 15, doi 10.1038/s41598-025-95872-4.
# - Krichene and Rendle (2020), *On sampled metrics for item recommendation*, KDD.
