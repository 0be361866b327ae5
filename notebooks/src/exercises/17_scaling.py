# %% [markdown]
# # Exercises 17 · Scaling
#
# Four exercises on [lesson 17](../17_scaling.ipynb), from one line to one idea: 20 to 50 minutes, with
# [solutions](../solutions/17_scaling.ipynb). Write your answer where it says so, then run the cell below it: it
# is silent if all is well, and otherwise says what to look at. After the first cell, each exercise runs by
# itself. They need Dask: `make lab-extras`.

# %%
import dask.dataframe as dd
import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed, print_table

mosaic = load_mosaic()

# %% [markdown]
# ## 1 · How many items until EASE does not fit?
#
# One line. While it fits, EASE holds three matrices of `n_items` × `n_items` numbers of 8 bytes: the Gram
# matrix, its inverse, and the weights. Return the largest number of items, a whole number, that fits into
# `gigabytes` (1 GB = $10^9$ bytes).


# %% exercise="largest_ease"
def largest_ease(gigabytes):
    ### BEGIN SOLUTION
    return int((gigabytes * 1e9 / (3 * 8)) ** 0.5)
    ### END SOLUTION


# %% check="largest_ease"
n = largest_ease(8)
assert isinstance(n, int | np.integer), f"return a whole number; this is {n!r}"
assert n != int((8e9 / 8) ** 0.5), "there are three matrices, not one"
assert n != int((8e9 / 3) ** 0.5), "a number has 8 bytes"
assert n != int(8e9 / 24), "a matrix has n_items squared numbers: take the root"
assert n == 18257, "3 matrices × n² numbers × 8 bytes = gigabytes × 10⁹: solve for n"
assert largest_ease(0.000024) == 31, "24,000 bytes are room for n = 31: 3 × 31² × 8 = 23,064"

# %%
table = pd.Series({gb: largest_ease(gb) for gb in (4, 8, 32, 128, 512)}, name="items")
print_table(table.rename_axis("GB"))

# %% [markdown]
# *What it says.* Four times the memory holds twice the items. To reach a million items, the machine with 512 GB
# would have to grow by a factor of nearly fifty. Time grows even faster. Buying memory does not help against $n^2$.

# %% [markdown]
# ## 2 · Amdahl backwards
#
# You measured `speed_up`, how many times as fast `n_workers` workers are as one. Solve Amdahl's law for $p$, the
# share of the work that can be divided:
#
# $$S = \frac{1}{(1 - p) + p / n}$$


# %% exercise="divisible_share"
def divisible_share(speed_up, n_workers):
    ### BEGIN SOLUTION
    return (1 - 1 / speed_up) / (1 - 1 / n_workers)
    ### END SOLUTION


# %% check="divisible_share"
p = divisible_share(1.6, 2)
assert p is not None and np.ndim(p) == 0, f"return one number; this is {p!r}"
assert abs(p - 0.8) > 1e-9, "0.8 is the speed-up per worker, not the share"
assert abs(p - 0.75) < 1e-9, "1 / 1.6 = (1 − p) + p / 2: solve for p"
assert abs(divisible_share(1, 4)) < 1e-9, "no speed-up: nothing was divided"
assert abs(divisible_share(4, 4) - 1) < 1e-9, "four times as fast with four: all was divided"

# %%
p = divisible_share(1.6, 2)
for n in (4, 16, 1000):
    print(f"{n} workers: {fixed(1 / ((1 - p) + p / n), 1)} times as fast")

# %% [markdown]
# *What it says.* With two workers 1.6 looks good. It means that a quarter of the work cannot be divided. So no
# number of workers makes it more than four times as fast. Measure with two before you rent a thousand.

# %% [markdown]
# ## 3 · A ridge regression that never sees all its rows
#
# The content ridge needs $F^\top F$, $(d, d)$, and $F^\top y$, $(d,)$. Both are sums over items. So each
# partition of items can send its two small sums, and nobody needs all rows.
#
# `parts` is a list of pairs `(F, y)`, with `F` (n_part, d) and `y` (n_part,). Return the weights of the ridge
# regression on all of them, $(F^\top F + \lambda I)^{-1} F^\top y$, without stacking the rows.


# %% exercise="ridge_from_parts"
def ridge_from_parts(parts, reg):
    ### BEGIN SOLUTION
    gram = sum(F.T @ F for F, _ in parts)
    right = sum(F.T @ y for F, y in parts)
    return np.linalg.solve(gram + reg * np.eye(len(gram)), right)
    ### END SOLUTION


# %% check="ridge_from_parts" points=2
small = np.random.default_rng(0)
small_parts = [(small.normal(size=(n, 3)), small.normal(size=n)) for n in (5, 2, 9)]
w = ridge_from_parts(small_parts, 2.0)
assert w is not None and np.shape(w) == (3,), f"return (d,) weights, not shape {np.shape(w)}"
each = [np.linalg.solve(F.T @ F + 2 * np.eye(3), F.T @ y) for F, y in small_parts]
assert not np.allclose(w, np.mean(each, axis=0)), "a mean of regressions is not the regression"
assert not np.allclose(w, np.sum(each, axis=0)), "add FᵀF and Fᵀy, not the weights"
F_all, y_all = (np.concatenate(rows) for rows in zip(*small_parts, strict=True))
gram = F_all.T @ F_all
often = np.linalg.solve(gram + 6 * np.eye(3), F_all.T @ y_all)
assert not np.allclose(w, often), "λ is added once, after the sum"
assert np.allclose(w, np.linalg.solve(gram + 2 * np.eye(3), F_all.T @ y_all)), (
    "add FᵀF and Fᵀy of all parts, add λ to the diagonal, and solve once"
)

# %%
rng = np.random.default_rng(1)
true_w = rng.normal(size=50)


def draw_part(n_items):
    F = rng.normal(size=(n_items, 50))
    return F, F @ true_w + rng.normal(size=n_items)


w = ridge_from_parts([draw_part(1000) for _ in range(100)], reg=1.0)
print("100,000 items; correlation with the true weights:", fixed(np.corrcoef(w, true_w)[0, 1]))

# %% [markdown]
# *What it says.* Nothing is approximate: the sums are the same numbers in another order. The memory is that of
# one part and of a $d \times d$ matrix, whatever the number of items. This is how the content ridge reaches a
# million items. (Why not EASE? There $d$ is the number of items.)

# %% [markdown]
# ## 4 · The popularity of partitions
#
# `ratings` is a Dask DataFrame. Return the mean rating of each item with at least `n` ratings, as a pandas Series
# indexed by item_id. A mean of the partitions' means would be wrong where they have different numbers of
# ratings: let Dask's `groupby` do it, with both `mean` and `count`. Call `compute()` once.


# %% exercise="mean_ratings"
def mean_ratings(ratings, n):
    ### BEGIN SOLUTION
    table = ratings.groupby("item_id")["rating"].agg(["mean", "count"]).compute()
    return table.loc[table["count"] >= n, "mean"]
    ### END SOLUTION


# %% check="mean_ratings" points=2
small_table = pd.DataFrame({"item_id": list("aaabbc"), "rating": [5.0, 1, 3, 4, 2, 5]})
small_dask = dd.from_pandas(small_table, npartitions=2)
means = mean_ratings(small_dask, 2)
assert means is not None, "return the means"
assert isinstance(means, pd.Series), (
    f"return a Series of pandas, after compute(); this is a {type(means).__name__}"
)
assert "c" not in means.index, "c has one rating only, and n is 2"
assert set(means.index) == {"a", "b"}, "a has three ratings and b has two: both have at least 2"
assert abs(means["a"] - 3) < 1e-9, "a has 5, 1 and 3, in two partitions: 3"
assert set(mean_ratings(small_dask, 1).index) == {"a", "b", "c"}, "n = 1 leaves all"

# %%
ratings = dd.from_pandas(mosaic.ratings, npartitions=5)
means = mean_ratings(ratings, 50).sort_values(ascending=False)
here = mosaic.ratings.groupby("item_id")["rating"].mean()
print(len(means), "tracks; equal:", np.allclose(means, here[means.index]))

# %% [markdown]
# *What it says.* Dask sends the sum and the count of each partition, and divides at the end. A sum and a count
# can be added over partitions, a mean or a median cannot. Before you use a cluster, ask which numbers can be
# added.
