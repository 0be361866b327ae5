# %% [markdown]
# # 06 · deeper: intervals over splits
#
# **Aim** See two splits that "prove" opposite things, compute p-values and Holm's correction by hand, and
# derive the interval of `compare_splits`.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lesson 06](../06_evaluation.ipynb). Mosaic's listeners are simulated.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import interval, print_table
from mmrec_course.evaluation import cold_item_split, compare, compare_splits, evaluate
from mmrec_course.features import ColorHistogram, MFCCStatistics, extract_features
from mmrec_course.recommenders import EASE, ContentRidge, Random

mosaic = load_mosaic()
ratings = mosaic.ratings
cold_splits = [cold_item_split(ratings, rng=seed) for seed in range(10)]

# %% [markdown]
# ## Two splits, two truths
#
# Which ranks cold-start items better: the colours of covers, or the timbres of sounds? Both as ridge
# regressions with $\lambda = 10$. (We picked this pair because it is close. It says nothing about covers
# and sounds in general: lessons 03 and 05 use many more columns and tune $\lambda$.)
#
# Ten times a fifth of the tracks is held out, each time another one. `compare` looks at each split by
# itself:

# %%
simple = {"image": ColorHistogram(), "audio": MFCCStatistics()}
blocks = extract_features(mosaic, extractors=simple)
results = {"colours": [], "timbres": []}
for split in cold_splits:
    audio = blocks["audio"].standardize(split.train_valid["item_id"])  # columns on one scale
    features = {"image": blocks["image"], "audio": audio}
    for name, modality in (("colours", "image"), ("timbres", "audio")):
        model = ContentRidge(modality=modality, reg=10.0).fit(split.train_valid, features)
        results[name].append(evaluate(model, split, metrics=["ndcg"]))

# %%
rows = []
for colours, timbres in zip(results["colours"], results["timbres"], strict=True):
    rows.append(compare({"colours": colours, "timbres": timbres}).loc["timbres"])
by_split = pd.DataFrame(rows, index=pd.RangeIndex(10, name="split"))
print_table(by_split[["difference", "diff_low", "diff_high", "p"]], digits=3)

# %% [markdown]
# In split 0 colours are better, p = 0.022. In split 4 timbres are better, p = 0.046. Each covers
# *other listeners*, with these 96 tracks. Neither covers *other tracks*. With one split, you might have
# published either.
#
# ## The p-value: a permutation test by hand
#
# The column `p` asks: if the two models were equally good, how often would the difference be at least this
# large? Then it would not matter which of a listener's two results belongs to which model. So swap them at
# random, listener by listener, and compute the mean difference again. That is a **permutation test**.

# %%
rng = np.random.default_rng(0)
difference = (results["timbres"][0]["ndcg"] - results["colours"][0]["ndcg"]).to_numpy()
signs = rng.choice([-1, 1], size=(2000, len(difference)))  # −1: swapped
permuted = (signs * difference).mean(axis=1)  # (2000,)
n_extreme = (np.abs(permuted) >= abs(difference.mean())).sum()
p = (1 + n_extreme) / (1 + len(permuted))
print(f"split 0: by hand {p:.2f}, compare {by_split['p'][0]:.2f}")

# %% [markdown]
# (The $+1$ counts the data themselves as one of the permutations, so that p is never 0.)
#
# ## Ten questions, one false alarm: Holm's correction
#
# A p-value below 0.05 comes once in twenty times even where there is nothing to find. We asked ten times.
# **Holm's correction**, or Holm correction, bounds the probability of even *one* false alarm: multiply the
# smallest p by the number of tests, the next by one less, and so on. None may become smaller than the one
# before it, and none larger than 1.

# %%
smallest = by_split["p"].sort_values()
factors = np.arange(len(smallest), 0, -1)  # 10, 9, …, 1
holm = (smallest * factors).cummax().clip(upper=1)
print_table(
    pd.DataFrame({"p": smallest, "times": factors, "p_holm": holm}).head(4),
    digits={"p": 2, "p_holm": 1},
)

# %% [markdown]
# Nothing is left of either "proof". In the table of `compare` the column `p_holm` does the same for the
# models of one table.
#
# But ten separate answers are not what we want to know. We want *one* answer about all tracks.
#
# ## Each split as one observation
#
# Let $v_j$ be the mean difference in split $j$. Average them, and ask how much they vary. The **standard
# error** of a mean of $J$ *independent* numbers is $s / \sqrt J$, with $s$ their standard deviation. These
# are not independent: all ten models of one kind learn from nearly the same tracks. What happens then?
#
# Say that any two of the $v_j$ have the correlation $\rho$, and each has the variance $\sigma^2$. Two
# textbook facts:
#
# - The mean varies *more*: $\operatorname{Var}(\bar v) = \sigma^2 \left(\frac1J + \frac{J-1}{J} \rho \right)$.
#   What the splits have in common does not average out.
# - They differ from each other *less*: the expected value of $s^2$ is $\sigma^2 (1 - \rho)$. What they have
#   in common does not show in $s$ at all.
#
# Divide the first by the second. As $\frac1J + \frac{J-1}{J}\rho = \frac{1-\rho}{J} + \rho$,
#
# $$\frac{\operatorname{Var}(\bar v)}{\operatorname{E}(s^2)} = \frac1J + \frac{\rho}{1-\rho},
# \qquad\text{so}\qquad \bar v \pm t \cdot s \cdot \sqrt{\frac1J + \frac{\rho}{1-\rho}}$$
#
# with $t$ the 97.5 % quantile of Student's distribution with $J - 1$ degrees of freedom. That is where
# $\rho / (1 - \rho)$ comes from. It does not shrink with more splits: a hundred splits of one catalogue
# are still one catalogue.
#
# And $\rho$? It cannot be estimated from the $v_j$. Nadeau and Bengio's proposal is to take the share of
# the items that is held out. By hand:

# %%
from scipy import stats


def corrected_interval(v, rho):
    scale = np.sqrt(1 / len(v) + rho / (1 - rho))
    half_width = stats.t.ppf(0.975, len(v) - 1) * np.std(v, ddof=1) * scale
    return np.mean(v), np.mean(v) - half_width, np.mean(v) + half_width


v = by_split["difference"]
table = compare_splits(results, test_share=0.2)
row = table.loc["timbres", ["difference", "diff_low", "diff_high"]].astype(float)
assert np.allclose(corrected_interval(v, 0.2), row)
print("as if independent:", interval(*corrected_interval(v, 0), 3))
print("corrected:        ", interval(*corrected_interval(v, 0.2), 3))

# %% [markdown]
# Colours and timbres: no difference that ten splits could show. The corrected interval is nearly twice as
# wide as the naive one.
#
# Is the correction needed? Try both intervals where the truth is known: 2,000 times ten numbers with
# correlation 0.2 and true mean 0. A 95 % interval should contain 0 in 95 % of them.

# %%
n_worlds, n_splits, rho = 2_000, 10, 0.2
rng = np.random.default_rng(0)
common, own = rng.normal(size=(n_worlds, 1)), rng.normal(size=(n_worlds, n_splits))
worlds = np.sqrt(rho) * common + np.sqrt(1 - rho) * own  # (n_worlds, n_splits)
for name, assumed in {"as if independent": 0.0, "corrected": rho}.items():
    covered = 0
    for values in worlds:
        _, low, high = corrected_interval(values, assumed)
        covered += low < 0 < high
    print(f"{name:18} contains the truth in {covered / n_worlds:.0%}")

# %% [markdown]
# The naive interval misses the truth in a quarter of the worlds instead of a twentieth. The corrected one
# keeps its promise. (In real data nobody knows $\rho$; the correction is a good rule, not a theorem.)
#
# ## Choosing on the test, once more
#
# Trap 5 chose among random orders. Here is the same mistake with a reasonable idea: the image block has 72
# columns, one for each colour. Perhaps some of them only disturb? Try 20 random subsets, keep the one that
# does best on the test, and report it. Half of the cold-start items serve as that test; the other half
# shows what the choice is worth.


# %%
def evaluate_colours(split, kept, halves):
    block = replace(blocks["image"], values=blocks["image"].values * kept)
    model = ContentRidge(modality="image", reg=10.0).fit(split.train_valid, {"image": block})
    ndcg = {}
    for half, candidates in halves.items():
        table = evaluate(model, replace(split, candidates=candidates), metrics=["ndcg"])
        ndcg[half] = table["ndcg"].mean()
    return ndcg


# %%
records = []
for seed, split in enumerate(cold_splits[:5]):
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(split.candidates)
    halves = {"chosen on": shuffled[:48], "other half": shuffled[48:]}
    subsets = rng.random((20, 72)) < 0.7
    for number, kept in enumerate([np.ones(72), *subsets]):  # number 0 keeps all 72
        ndcg = evaluate_colours(split, kept, halves)
        records.append({"split": seed, "subset": number, **ndcg})
scores = pd.DataFrame(records).set_index(["split", "subset"])

# %%
all_colours = scores.xs(0, level="subset")  # (5 splits, 2 halves)
tried = scores.drop(index=0, level="subset")
chosen = tried.loc[tried["chosen on"].groupby("split").idxmax()].droplevel("subset")
for name, table in {"chosen": chosen, "average of the 20": tried.groupby("split").mean()}.items():
    for half in ("chosen on", "other half"):
        gain = table[half] - all_colours[half]
        mean, low, high = corrected_interval(gain, 0.1)  # 48 of 480 items are held out
        side = "above zero" if low > 0 else "below zero" if high < 0 else "contains zero"
        print(f"{name:17} minus all 72, {half:10}: {mean:.3f}, interval {side}")

# %% [markdown]
# On the tracks it was chosen on, the chosen subset beats all 72 colours, and the interval is above zero. On
# other cold-start tracks of the same shop it is *worse*, and the interval is below zero. So is the average of
# the twenty: fewer colours rank a little worse, and having been chosen does not help. The interval is no
# protection: it knows nothing of the nineteen subsets that lost.
#
# ## The riddle: below chance without knowing anything
#
# In the lesson's first comparison, EASE was below chance on cold-start items, although it gives all of
# them the same score. It shows everybody the same ten tracks, those with the lowest ids. Look at all ten
# splits: in how many is EASE below chance by `compare`, and in how many above?

# %%
blind = {"chance": [], "EASE": []}
for seed, split in enumerate(cold_splits):
    for name, model in (("chance", Random(rng=seed)), ("EASE", EASE())):
        fitted = model.fit(split.train_valid, blocks)  # blocks: their ids, so that all are known
        blind[name].append(evaluate(fitted, split, metrics=["ndcg"]))
rows = []
for chance, ease in zip(blind["chance"], blind["EASE"], strict=True):
    rows.append(compare({"chance": chance, "EASE": ease}).loc["EASE"])
rows = pd.DataFrame(rows)
item_ids = np.unique(ratings["item_id"])
last = max(np.searchsorted(item_ids, split.candidates[9]) + 1 for split in cold_splits)
print(f"the ten listed tracks are always among the first {last} of {len(item_ids)} ids")
print("below chance:", (rows["diff_high"] < 0).sum(), " above:", (rows["diff_low"] > 0).sum())
bounds = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
print_table(compare_splits(blind, test_share=0.2)[bounds], digits=3)

# %% [markdown]
# By `compare`, EASE is below chance in half of the splits. By `compare_splits`, the interval of the
# difference includes zero. The ten lists are all from the beginning of the catalogue, so these splits have even more
# in common than the correction assumes: a poor track may stand in several lists. EASE itself knows
# nothing of these tracks, in every split.
#
# ## Recap
#
# - `compare`: the luck of *who* was asked. `compare_splits`: the luck of *what* was held out.
# - A permutation test swaps the two models' results; Holm's correction pays for asking often.
# - Splits of one catalogue share what they learn from. The mean varies more than $s / \sqrt J$ says, by
#   $\rho / (1 - \rho)$ under the root.
# - Back to [lesson 06](../06_evaluation.ipynb).
#
# ## Sources
#
# - Nadeau and Bengio (2003), *Inference for the generalization error*, Machine Learning 52: the corrected
#   interval.
# - Smucker, Allan and Carterette (2007), *A comparison of statistical significance tests for information
#   retrieval evaluation*, CIKM: paired tests for ranking.
# - Holm (1979), *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of
#   Statistics 6(2).
# - Phipson and Smyth (2010), *Permutation p-values should never be zero*: the $+1$.
