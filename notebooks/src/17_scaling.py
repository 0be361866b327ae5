# %% [markdown]
# # 17 · Scaling: what grows with what, and what breaks at a million items
#
# **Aim** Compute what each step of the course costs, in operations and in memory. Replace what grows
# too fast: blocks instead of whole matrices, a cluster instead of one process, approximate search
# instead of exact.<br>
# **Time** {minutes} minutes, exercises 20 to 50 more.<br>
# **Needs** Lessons 02 (extraction), 07 (EASE, iALS) and 11 (the final model); Dask and faiss:
# `make lab-extras`. Nothing is downloaded.

# %%
import faiss
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table
from mmrec_course.evaluation import compare, evaluate, temporal_split

faiss.omp_set_num_threads(1)  # one thread builds the same index each time
mosaic = load_mosaic()
split = temporal_split(mosaic.ratings)
train, items, users = split.train_valid, mosaic.items.index, mosaic.users.index
print(f"{len(users)} users, {len(items)} tracks, {len(mosaic.ratings):,} ratings")

# %% [markdown]
# ## The idea
#
# Mosaic is small: every lesson so far ran in seconds. A large shop has a million items, ten million
# users and a hundred million ratings. Which steps of this course would still work there?
#
# Count operations. Let $U$ be the number of users, $I$ of items, $N$ of ratings, $d$ of feature columns,
# $f$ of latent factors. Ignore constants: what matters is how the cost **grows**. This is called the
# **time complexity** of a step, written $O(\dots)$:
#
# - EASE inverts an $I \times I$ matrix: $O(I^3)$ operations, $O(I^2)$ numbers in memory.
# - One sweep of iALS: $O(N f^2 + (U + I) f^3)$, linear in the ratings. Memory: ratings and factors.
# - The content ridge: $O(I d^2 + d^3)$ if there are more items than columns, otherwise $O(I^2 d + I^3)$.
# - k nearest neighbours compare all pairs of items: $O(I^2 d)$.
# - Extraction looks at each file once: $O(I)$.
# - To score all items for all users: $O(U I f)$ operations, and $U I$ scores.
#
# For Mosaic and for the large shop (*calculated*, not measured):


# %%
def costs(U, I, N, d=460, f=32):  # noqa: E741  # the symbols of the formulas
    operations = {
        "EASE": I**3,
        "iALS, one sweep": N * f**2 + (U + I) * f**3,
        "content ridge": I * d**2 + d**3,
        "k nearest neighbours": I**2 * d,
        "all scores": U * I * f,
    }
    numbers = [I**2, 2 * N + (U + I) * f, I * d, I * d, U * I]
    table = pd.DataFrame({"operations": operations.values()}, index=operations)
    table["GB"] = [8 * n / 1e9 for n in numbers]  # 8 bytes a number
    return table.map(lambda x: f"{x:.0e}")


for name, sizes in {"Mosaic": (600, 480, 25_000), "large": (10**7, 10**6, 10**8)}.items():
    print_table(costs(*sizes).rename_axis(name))
    print()

# %% [markdown]
# A core does some $10^{10}$ operations per second. So for the large shop one sweep of iALS takes a minute,
# the ridge half a minute, all neighbours half a day, all scores nine hours. EASE would take years, and
# 8,000 GB for one of its matrices; all scores at once need 80,000 GB.
#
# ## Is it true? Slopes on a log–log scale
#
# If a cost grows as $n^s$, its logarithm grows by $s$ for each unit of $\log n$. Draw both axes with
# logarithmic scales, and the cost is a straight line with **slope** $s$. Slope 1: twice the data, twice the
# cost. Slope 3: twice the data, eight times the cost.
#
# `make_world` made Mosaic. Draw three worlds, each with twice as many tracks, users and ratings as the last:

# %%
from mmrec_course.datasets.synthetic import draw_tracks, make_world


def draw_world(n_items):
    tracks = draw_tracks(n_items, n_artists=n_items // 3)
    tracks.insert(0, "item_id", [f"t{j:05d}" for j in range(n_items)])
    return make_world(tracks, n_users=n_items, n_ratings=50 * n_items)


worlds = {n: draw_world(n).ratings for n in (200, 400, 800)}
print({n: len(ratings) for n, ratings in worlds.items()})

# %% [markdown]
# `tracemalloc`, a module of Python, says how much memory a call needed at most. What are the slopes?

# %%
import tracemalloc

from mmrec_course.recommenders import EASE, ImplicitALS


def peak_mb(function, *arguments):
    tracemalloc.start()
    function(*arguments)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def slope(sizes, values):
    return np.polyfit(np.log(sizes), np.log(values), 1)[0]


# %%
X = {n: ImplicitALS(iterations=1).fit(ratings).histories_ for n, ratings in worlds.items()}
ease_mb = [peak_mb(EASE().fit_matrix, X[n]) for n in X]
ratings_mb = [(X[n].data.nbytes + X[n].indices.nbytes) / 1e6 for n in X]
print("memory of EASE, slope over items:", fixed(slope(list(X), ease_mb), 1))
print("memory of the ratings, slope over items:", fixed(slope(list(X), ratings_mb), 1))

# %% [markdown]
# The slopes are those of the formula.
#
# And time? Seconds depend on the machine. They were measured once, up to a million ratings, by
# `benchmarks/scaling.py`. It draws its ratings in a simpler way, as `make_world` needs $O(UI)$ memory.

# %%
measured = pd.read_csv("../benchmarks/scaling.csv")
growth = measured[measured["part"] == "growth"]
expected = {"EASE, items": 3, "iALS, ratings": 1, "ridge, items": 1, "kNN, items": 2}
rows = []
for step, theory in expected.items():
    last = growth[growth["what"] == step].tail(3)  # the largest
    rows.append({"step": step, "theory": theory, "slope": slope(last["size"], last["seconds"])})
print_table(pd.DataFrame(rows), digits=1, index=False)

# %% tags=["slide-growth-lines"]
import matplotlib.pyplot as plt

from mmrec_course.plotting import PALETTE, finish, use_style

use_style()
figure, ax = plt.subplots(figsize=(7, 3.8))
for color, step in zip(PALETTE, expected, strict=False):
    rows = growth[growth["what"] == step]
    ax.loglog(rows["size"], rows["seconds"], "o-", color=color, label=step)
ax.set(xlabel="size (of what the label names)", ylabel="seconds to fit, measured once")
ax.set_title("EASE is the steepest line")
ax.legend()
finish(
    ax,
    alt="Seconds to fit against size, both axes logarithmic: EASE rises most steeply, then k nearest neighbours; the ridge and iALS rise in proportion",
)

# %% [markdown]
# The slopes are near the theory. A slope falls short of it while smaller parts still count: in EASE, those
# that pass over the Gram matrix once, $O(I^2)$.
#
# ## Blocks: never hold the whole matrix
#
# The scores of all users for all items are the product $P Q^\top$. To list ten items for each user, is
# the whole product needed at one time? No: a user's list needs the user's row alone. Compute the scores of
# a **block** of users, keep the ten best, forget the scores, go on. By hand, then whole, then from the
# package:

# %%
from mmrec_course.extras.retrieval import exact_top_k

rng = np.random.default_rng(0)
P, Q = rng.normal(size=(2000, 16)), rng.normal(size=(3000, 16))


def top_ten_in_blocks(P, Q, size):
    lists = []
    for start in range(0, len(P), size):
        scores = P[start : start + size] @ Q.T  # (size, n_items)
        lists.append(np.argsort(-scores, axis=1)[:, :10].copy())  # a view would keep all
    return np.vstack(lists)


whole = np.argsort(-(P @ Q.T), axis=1)[:, :10]
by_hand, ours = top_ten_in_blocks(P, Q, 100), exact_top_k(P, Q, 10)
print("equal:", (by_hand == whole).all(), (ours == whole).all())

# %% tags=["predict"]
print(f"the whole matrix: {8 * len(P) * len(Q) / 1e6:.0f} MB")
print(f"needed in blocks of 100 users: {peak_mb(top_ten_in_blocks, P, Q, 100):.0f} MB")

# %% [markdown]
# The same lists, and a fraction of the memory. (To rank scores takes further arrays of their
# size, in both ways.) Here is the memory of a process over time, for 10,000 users and 10,000 items, from the benchmark (a GiB is $2^{30}$ bytes, 1.07 GB):

# %% tags=["slide-memory"]
memory = measured[measured["part"] == "memory"]
figure, ax = plt.subplots(figsize=(7, 3.2))
for color, (way, rows) in zip(PALETTE, memory.groupby("what", sort=False), strict=False):
    ax.plot(rows["seconds"], rows["gib"], color=color, label=way)
ax.set(xlabel="seconds", ylabel="memory of the process, GiB", ylim=(0, None))
ax.set_title("Blocks need as little at the end as at the start")
ax.legend()
finish(
    ax,
    alt="Memory over time: with the whole matrix it climbs to nearly 2 GiB until the lists are done; in blocks it stays near 0.3 GiB",
)
print_table(memory.groupby("what", sort=False)["gib"].max().rename("GiB at most"), digits=1)

# %% [markdown]
# `recommend` and `evaluate` work in such blocks, too.
#
# ## A cluster: partitions, tasks, workers
#
# *Dask* is a Python library that runs one computation on many processes or machines. It has four ideas:
#
# - A **partition** is a part of a table that fits into memory.
# - Computations are **lazy**: calling a function only writes down a **task**. The tasks and what they
#   need of each other are the **task graph**.
# - A **scheduler** gives tasks whose inputs are there to **workers**, which are processes.
# - If a worker dies, its results are lost. The scheduler still has the task graph, so it knows how to
#   compute them again, on another worker.
#
# A task graph by hand. Nothing is computed until `compute`:

# %%
from dask import delayed

square = delayed(lambda x: x**2)
total = delayed(sum)([square(2), square(3)])
print(len(dict(total.__dask_graph__())), "tasks; result:", total.compute())

# %% [markdown]
# By default Dask uses threads of this process. A `Client` starts workers instead, on your machine. With an
# address, `Client("tcp://…:8786")`, it connects to a cluster, and all that follows stays the same.
# `client.dashboard_link` is the address of a page that shows every task. (In a script, `Client` must stand
# under `if __name__ == "__main__":`.)

# %%
from dask.distributed import Client

client = Client(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
print(len(client.scheduler_info()["workers"]), "workers")

# %% [markdown]
# ### Ratings in partitions
#
# The format for large tables is *Parquet*: compressed columns, in several files. Write Mosaic's ratings as
# three files, and read them as a Dask DataFrame: like one of pandas, but lazy:

# %%
import tempfile
from pathlib import Path

import dask.dataframe as dd

folder = Path(tempfile.mkdtemp()) / "ratings"
dd.from_pandas(mosaic.ratings.reset_index(drop=True), npartitions=3).to_parquet(folder)
ratings = dd.read_parquet(folder)
liked = ratings[ratings["rating"] >= 4]
popularity = liked.groupby("item_id").size().compute()
here = mosaic.ratings.query("rating >= 4").groupby("item_id").size()
equal = popularity.sort_index().to_dict() == here.to_dict()
print(ratings.npartitions, "partitions; equal:", equal)

# %% [markdown]
# Each partition counted its own likes, and only the counts were sent and added: popularity scales.
#
# A temporal split needs each user's ratings in order. If all ratings of a user lie in one partition, each
# partition can be split without the others. Bringing them there is a **shuffle**: every partition sends rows
# to every other. It is expensive, so it is done once: `persist` computes now and leaves the parts on the workers.

# %%
from mmrec_course.extras.scale import DaskALS, temporal_parts

parts = temporal_parts(ratings.shuffle("user_id")).persist()
counts = parts["part"].value_counts().compute()
print({part: int(counts[part]) for part in ("train", "valid", "test")})
print({part: len(getattr(split, part)) for part in ("train", "valid", "test")})

# %% [markdown]
# ### iALS in blocks
#
# Recall lesson 07: hold $Q$ fixed, and each user's factors are a ridge regression of their own. No user needs
# another user. So a half-sweep may be cut into blocks of users, and the same for items. All blocks need the
# other side's factors. They are sent to every worker, a **broadcast**. By hand, one half-sweep in two
# tasks. `solve_factors` is lesson 07's `solve_rows` for sparse confidences, where an entry means $t_{ui} = 1$:

# %%
from mmrec_course.recommenders.collaborative import solve_factors

ials = ImplicitALS(factors=16, alpha=4.0, reg=10.0, iterations=10).fit(train)
likes = ials.histories_ >= 1.5  # (n_users, n_items) sparse; 1.5 is a centred 4
confidence = likes + 4.0 * ials.histories_ * likes  # 1 + α x for likes alone
Q = delayed(ials.item_factors_)
tasks = [delayed(solve_factors)(block, Q, 10.0) for block in (confidence[:300], confidence[300:])]
P = np.vstack(delayed(tasks).compute())
print("equal:", np.allclose(P, ials.user_factors_, atol=1e-8))

# %% [markdown]
# `DaskALS` is this, for all sweeps. The ratings are shuffled by user and by item, and stay on the workers.
# Evaluation and lists are tasks, too, one for each block of users.

# %%
model = ImplicitALS(factors=16, alpha=4.0, reg=10.0, iterations=10)
als = DaskALS(model, n_blocks=4).fit(parts[parts["part"] != "test"])
print("equal:", np.allclose(als.item_factors_, ials.item_factors_, atol=1e-8))
per_user = als.evaluate(parts[parts["part"] == "test"], metrics=["ndcg"])
ndcg = evaluate(ials, split, metrics=["ndcg"])["ndcg"].mean()
print("NDCG@10 on Dask and here:", fixed(per_user["ndcg"].mean()), fixed(ndcg))

# %%
lists = als.recommend(10).compute()
here = ials.recommend(ials.user_ids_, 10)
print("equal lists:", (lists["item_id"].to_numpy() == here["item_id"].to_numpy()).all())

# %% [markdown]
# The same numbers. The benchmark does the same with 12,000, a million and five
# million drawn ratings, beside `ImplicitALS` and *implicit*, a library in C++, in one process (– is not
# measured). Seconds are those of the fit, memory is the largest process's:

# %% tags=["predict"]
runs = measured[measured["part"] == "ials"].copy()
runs["way"] = runs["what"].replace({"1 worker": "Dask, 1 worker", "2 worker": "Dask, 2 workers"})
for column, digits in {"seconds": 0, "gib": 1, "ndcg": 2}.items():
    table = runs.pivot_table(column, "way", "ratings", sort=False)
    table.columns = [f"{n / 1e6:.2g} million" for n in table.columns]
    print_table(table.rename_axis(column), digits=digits)
    print()

# %% [markdown]
# In a column the NDCG is the same, and nearly that of *implicit*, which has another random start. (It falls
# from left to right, as there are more items.) With five million ratings a worker stays under 2 GiB, and needs
# about half as much as one process. But Dask's fit takes **more than twice as long**. As long as the data fit
# into one process, use one process.
#
# What would a hundred million ratings of ten million users need? Calculated: the factors of all users, which are
# broadcast, are $10^7 \times 32$ numbers or 2.6 GB on each worker. They are the next limit.
#
# ### The same calls: extraction
#
# `extract_features` runs its work through *joblib*, a library that has exchangeable backends. Name
# Dask's, and the workers read and describe the files. Nothing else changes (a terminal shows a bar):

# %%
import joblib

from mmrec_course.datasets import Dataset
from mmrec_course.features import extract_features

covers = mosaic.items[["image"]].dropna().head(40)
few = Dataset(items=covers, ratings=mosaic.ratings.head(0))
with joblib.parallel_config(backend="dask"):
    there = extract_features(few, cache=False)["image"]
here = extract_features(few, cache=False)["image"]
print("equal:", np.allclose(there.values, here.values, atol=1e-6))

# %% [markdown]
# On a real cluster the files lie in a shared store, and an item has an address in place of a path:
# `s3://bucket/cover.jpg` (with the package s3fs) or `gs://…` (gcsfs). *fsspec* opens it on the worker. In an
# items.csv, `load_folder(…, addresses="s3://bucket/")` allows it. A test does the same with `file://`.
#
# What if a worker dies? The benchmark copies Mosaic's covers and sounds to 5,000 files and kills a worker
# when half of them are done:

# %%
killed = measured[(measured["part"] == "extraction") & measured["what"].str.contains("killed")]
killed = killed.rename(columns={"size": "files", "present": "described"}).set_index("run")
print_table(killed[["files", "described", "same"]], digits=0)

# %% [markdown]
# Every file was described, with the same features (the last column). The benchmark also checks that a new
# worker took the dead one's place. A test kills a worker in the middle of iALS: the factors are equal.
#
# ## Amdahl's law: what two workers bring
#
# A share $p$ of the work can be divided, the rest cannot: start, reading, sending, the last sum. With $n$
# workers the time falls to $(1 - p) + p / n$ of what it was. The **speed-up** is
#
# $$S(n) = \frac{1}{(1 - p) + p / n}$$
#
# This is **Amdahl's law**. How much do 1,000 workers bring?

# %% tags=["predict"]
speed_up = pd.DataFrame(
    {f"p = {p}": {n: 1 / ((1 - p) + p / n) for n in (2, 8, 64, 1000)} for p in (0.5, 0.9, 0.99)}
)
print_table(speed_up.rename_axis("workers"), digits=1)

# %% [markdown]
# If a tenth cannot be divided, a thousand workers are ten times as fast as one. And the law is too kind: each
# task and each result must also be sent. Measured on small work, 240 covers and Mosaic's number of users:

# %%
small = measured[(measured["part"] == "extraction") & (measured["size"] == 240)]
tiny = runs[runs["ratings"] < 20_000].set_index("way")["seconds"]
print("covers, seconds relative to one thread:")
print_table((small.set_index("what")["seconds"] / small["seconds"].iloc[0]), digits=1)
print("iALS, seconds relative to ImplicitALS:")
print_table((tiny / tiny["ImplicitALS"]), digits=1)

# %% [markdown]
# Compare with 0.5, which two would bring if all could be divided: on so few covers two workers take longer than one thread.
# On a small table of ratings, most of the time is Dask's own. (Measured once: read large differences only.)
#
# **When is a cluster worth it?** When the data do not fit, or when the work takes many minutes and divides
# well, as extraction does. Before that: fewer columns, blocks, a faster library.

# %%
client.close()

# %% [markdown]
# ## Retrieval: do not score every item
#
# iALS scores a track by the inner product $p_u^\top q_i$. To find the ten largest of a million such products,
# must all be computed? This problem is **maximum inner product search**. An **approximate** search looks at
# a few candidates and may miss some of the best. The share of the exact ten that it finds is its **recall
# against exact search**.
#
# One way is the **inverted file index** (IVF). Sort the items into lists of similar ones by k-means,
# once. For a query, find the lists whose centres have the largest product with it, and look into these
# alone. By hand, on drawn vectors of 20,000 items in 200 groups:

# %%
from sklearn.cluster import KMeans

centres = rng.normal(size=(200, 16))
vectors = centres[rng.integers(200, size=20_000)] + 0.5 * rng.normal(size=(20_000, 16))
queries = centres[rng.integers(200, size=500)] + 0.5 * rng.normal(size=(500, 16))
exact = exact_top_k(queries, vectors, 10)
kmeans = KMeans(100, n_init=1, max_iter=10, random_state=4).fit(vectors)
list_of = kmeans.labels_  # (n_items,) the list of each item

# %%
rows = []
for n_probes in (1, 4, 20, 100):
    nearest_lists = exact_top_k(queries, kmeans.cluster_centers_, n_probes)
    found = (list_of[exact][:, :, None] == nearest_lists[:, None, :]).any(axis=2)  # (n_queries, 10)
    rows.append({"lists": n_probes, "of 100": n_probes / 100, "recall": found.mean()})
print_table(pd.DataFrame(rows), digits={"recall": 1}, index=False)

# %% [markdown]
# A fifth of the lists is enough for nearly all of the exact ten. How many are looked into is a parameter, a choice
# between recall and time, made on queries like yours.
#
# *faiss* is the library for it. `build_index` and `search_index` call it. "flat" compares everything. "ivf" is
# the above, here with 512 lists, and its effort is how many are looked into. "hnsw", a **hierarchical navigable
# small-world graph**, links each item to some neighbours. A search walks along the links to better and better
# items; its effort is how many candidates it keeps.

# %%
from mmrec_course.extras.retrieval import build_index, recall_of, search_index

rows = []
for kind, effort in (("flat", 0), ("ivf", 4), ("ivf", 32), ("hnsw", 16), ("hnsw", 128)):
    found = search_index(build_index(vectors, kind), queries, 10, effort=effort)
    rows.append({"index": kind, "effort": effort, "recall": recall_of(found, exact)})
print_table(pd.DataFrame(rows), digits={"recall": 1}, index=False)

# %% [markdown]
# ### When does it pay?
#
# The benchmark measures queries per second, on one thread. At each size it takes of each index the least effort
# (8, 32 or 128) with a recall of at least 0.95. So the effort may differ between sizes:

# %%
retrieval = measured[(measured["part"] == "retrieval") & (measured["recall"] >= 0.95)]
fastest = retrieval.groupby(["kind", "size"], sort=False).first().reset_index()
for column, title in (("qps", "queries per second"), ("gib", "GiB")):
    table = fastest.pivot_table(column, "kind", "size", sort=False)
    print_table(table.map(lambda x: f"{x:,.0f}" if x >= 10 else f"{x:.2g}").rename_axis(title))
    print()

# %% [markdown]
# - **At 480 items** exact search answers tens of thousands of queries per second or more: no need for an index.
# - **From 100,000** on both indices answer more than "flat", at a million many times as many. At 10,000 it
#   depends on data, effort and machine (each was measured once).
# - **HNSW needs most memory**, for its links. faiss stores 4 bytes a number, the exact matrix 8.
#
# ### Filters
#
# A list must not contain what the user has rated, nor what is sold out. With exact search both are
# masked before ranking. An index returns ten items, and only then are some dropped. What is left?

# %% tags=["predict"]
Q, seen = ials.item_factors_, ials.histories_
index = build_index(Q, "hnsw")
available = rng.random(len(Q)) < 0.7
found = search_index(index, ials.user_factors_, 10)
user = np.arange(len(users))[:, None]  # (n_users, 1) beside (n_users, 10) found
left = (~seen.toarray().astype(bool)[user, found] & available[found]).sum(axis=1)
print(f"left of ten: {fixed(left.mean(), 0)} on average")

# %% [markdown]
# Almost nothing: what a user has rated has the highest scores. There are two remedies, and `search_index` has
# both. Tell the index which items are available, to pass over the others *during* the search. And fetch as many
# more as the user has rated, then drop those:

# %%
found = search_index(index, ials.user_factors_, 10, seen=seen, available=available)
exact = exact_top_k(ials.user_factors_, Q, 10, seen=seen, available=available)
print("full lists:", (found >= 0).all(), "recall:", fixed(recall_of(found, exact), 1))

# %% [markdown]
# ## What breaks first in the final model
#
# The first table said it: EASE breaks first, by far. So `MultimodalRecommender` leaves EASE out above 6,000
# rated items: then $c$ is iALS alone, as with `als_weight=1`. What does that cost? On Mosaic we can measure both:

# %% tags=["predict", "slide-without-ease"]
from mmrec_course.recommenders import MultimodalRecommender

blocks = extract_features(mosaic, fit_items=train["item_id"].unique())
results = {}
for name, weight in {"with EASE": 0.65, "iALS alone": 1.0}.items():
    final = MultimodalRecommender(als_weight=weight).fit(train, blocks)
    results[name] = evaluate(final, split, metrics=["ndcg"])
table = compare(results, baseline="with EASE")
print_table(table[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# The interval contains zero, but a loss of 0.01 is not excluded. And the memory, at 100,000 items?

# %%
capstone = measured[measured["part"] == "capstone"].iloc[0]
print(f"{capstone['ratings']:,.0f} ratings: {fixed(capstone['gib'] * 2**30 / 1e9, 1)} GB")

# %% [markdown]
# That is as much as some ten copies of the 460 feature columns (0.37 GB each). A million items would need ten
# times as much: calculated, some 40 GB. So features break next.
#
# | part | at a million items | instead |
# |---|---|---|
# | EASE | 8,000 GB a matrix | iALS; or EASE of the few thousand most popular items |
# | features | some ten copies, 40 GB | fewer columns, float32, sums over partitions (exercise 3) |
# | k nearest neighbours | $10^{12}$ pairs | an index of faiss |
# | scores of all items | nine hours for all users | retrieve a few hundred by an index, rank those by the final model |
# | extraction | a second a file is twelve days | workers, each with its files |
#
# The last row but one is how large shops do it, **two-stage recommendation**: first a cheap retrieval, then
# an expensive ranking of few candidates.
#
# ## What goes wrong
#
# Blocks of the same number of items need not be the same amount of work: some items have far more
# ratings than others. All wait for the slowest block. How uneven is it, by popularity and by id?

# %% tags=["slide-skew"]
n_ratings = train.groupby("item_id").size().sort_values(ascending=False)
for name, ordered in {"by popularity": n_ratings, "by id": n_ratings.sort_index()}.items():
    work = np.array([block.sum() for block in np.array_split(ordered.to_numpy(), 4)])
    print(f"{name}: {(work / work.sum()).round(2).tolist()}")

# %% [markdown]
# By popularity, the first block has half of the ratings. Four workers would then be at most twice as fast
# as one. Such a **skew** is a common reason for a slow cluster. `DaskALS` takes the blocks by id.
#
# ## Your turn
#
# [Exercises 17](exercises/17_scaling.ipynb), with [solutions](solutions/17_scaling.ipynb):
#
# 1. How many items until EASE does not fit?
# 2. Amdahl backwards: what share can be divided?
# 3. A ridge regression that never sees all its rows.
# 4. The popularity of partitions.
#
# ## Recap
#
# - **Time complexity** says how a cost grows. On a log–log scale it is the **slope**.
# - **Blocks** replace whole matrices: the same lists, in a fraction of the memory.
# - A cluster has a **scheduler** and **workers**; tables have **partitions**, computations are **lazy** and
#   form a **task graph**. A **shuffle** is expensive, a **broadcast** sends one array to all workers.
# - iALS divides by users and by items and gives the same numbers. `extract_features` runs on any
#   backend of joblib.
# - **Amdahl's law** bounds the **speed-up**; small work is slower on a cluster.
# - **Maximum inner product search** with **IVF** or **HNSW** gives up recall for time. Filter during the
#   search, and fetch more than you show.
# - EASE breaks first at a million items. iALS, an index and **two stages** replace it.
#
# ## Sources
#
# - Amdahl (1967), *Validity of the single processor approach to achieving large scale computing
#   capabilities*, AFIPS: the law.
# - Rocklin (2015), *Dask: parallel computation with blocked algorithms and task scheduling*, SciPy.
# - Hu, Koren and Volinsky (2008), *Collaborative filtering for implicit feedback datasets*, ICDM: iALS, and
#   why it is linear in the ratings.
# - Zhou, Wilkinson, Schreiber and Pan (2008), *Large-scale parallel collaborative filtering for the Netflix
#   Prize*, AAIM: ALS on blocks of users and items.
# - Steck (2019), *Embarrassingly shallow autoencoders for sparse data*, WWW: EASE.
# - Jégou, Douze and Schmid (2011), *Product quantization for nearest neighbor search*, IEEE TPAMI 33(1):
#   inverted lists.
# - Malkov and Yashunin (2020), *Efficient and robust approximate nearest neighbor search using hierarchical
#   navigable small world graphs*, IEEE TPAMI 42(4).
# - Douze et al. (2024), *The Faiss library*.
# - Covington, Adams and Sargin (2016), *Deep neural networks for YouTube recommendations*, RecSys: two
#   stages.
