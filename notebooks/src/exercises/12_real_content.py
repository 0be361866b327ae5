# %% [markdown]
# # Exercises 12 · Real content
#
# Five exercises on [lesson 12](../12_real_content.ipynb), from two lines to one idea: 25 to 65 minutes.
# Write your answer where it says so, then run the cell below it. It is silent if all is well, and otherwise
# says what to look at. After the set-up cells, each exercise runs by itself. The
# [solutions](../solutions/12_real_content.ipynb) explain the answers.

# %%
import numpy as np
import pandas as pd
from sklearn.model_selection import KFold

from mmrec_course.datasets import load_stamps
from mmrec_course.display import fixed, print_table, show_items
from mmrec_course.evaluation import compare
from mmrec_course.features import HOG, ColorHistogram, TfidfText, extract_features
from mmrec_course.fusion import standardize_scores
from mmrec_course.preprocessing import load_image

# %%
stamps = load_stamps()
items, category = stamps.items, stamps.items["category"].to_numpy()
classes = np.unique(category)
Y = (category[:, None] == classes).astype(float)
extractors = {
    "image": [ColorHistogram(), HOG()],
    "text": [TfidfText(), TfidfText(analyzer="char_wb")],
}
blocks = extract_features(stamps, ["image", "text"], extractors=extractors)

# %% [markdown]
# Kernels as in the lesson, and six made-up stamps, on which your answers are compared with models that are
# fitted again:


# %%
def unit_length(values):
    """Subtract the mean row, and scale each row to length 1."""
    x = values - values.mean(axis=0)
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def hat(K, reg):
    """Return H: it turns the categories Y into predictions H @ Y."""
    return np.linalg.solve(K + reg * np.eye(len(K)), K)


# %%
S = {m: unit_length(block.values) @ unit_length(block.values).T for m, block in blocks.items()}
small = np.random.default_rng(0).standard_normal((6, 3))
small_K, small_Y = 1 + small @ small.T, np.eye(6)[[0, 1, 0, 2, 1, 3]]
small_H = hat(small_K, 1.0)


def fit_without(rows):
    """Predict these rows of the small example by a model fitted on the others."""
    rest = np.setdiff1d(np.arange(6), rows)
    K = small_K[np.ix_(rest, rest)] + np.eye(len(rest))
    return small_K[np.ix_(rows, rest)] @ np.linalg.solve(K, small_Y[rest])


# %% [markdown]
# ## 1 · Leave one out
#
# Two lines. `H` is the matrix that turns categories into predictions, `H @ Y`. `Y` has one row for each stamp
# and one column for each category. Return each stamp's prediction by a model without this stamp:
# $(\hat y_i - h_{ii}\, y_i) / (1 - h_{ii})$, all rows at once. $h_{ii}$ is the diagonal of $H$.


# %% exercise="leave_one_out"
def leave_one_out(H, Y):
    ### BEGIN SOLUTION
    h = np.diag(H)[:, None]
    return (H @ Y - h * Y) / (1 - h)
    ### END SOLUTION


# %% check="leave_one_out"
y = leave_one_out(small_H.copy(), small_Y.copy())
assert np.shape(y) == (6, 6), "return one row for each stamp and one column for each category"
assert not np.allclose(y, small_H @ small_Y), "this is H @ Y, by the model that has seen the stamp"
h = np.diag(small_H)
assert not np.allclose(y, small_H @ small_Y - h[:, None] * small_Y), "divide by 1 − h as well"
assert not np.allclose(y, (small_H @ small_Y - h * small_Y) / (1 - h)), (
    "each row has its own h_ii, but yours are used by column: np.diag(H)[:, None]"
)
for i in range(6):
    assert np.allclose(y[i], fit_without([i])), (
        f"row {i} is not the prediction of a model fitted without stamp {i}; see the formula"
    )

# %%
for m, s in S.items():
    H = hat(np.exp(s), 0.3)
    predictions = {"training": H @ Y, "leave-one-out": leave_one_out(H, Y)}
    for name, y in predictions.items():
        print(f"{m:6} {name:14} right: {np.mean(np.argmax(y, 1) == Y.argmax(1)):.2f}")

# %% [markdown]
# *What it says.* On the training stamps nearly every prediction is right. This says nothing, because the model
# has seen the answers. The difference to leave-one-out is what the model only remembers: *overfitting*.

# %% [markdown]
# ## 2 · Choose without the test item
#
# `right[s, i]` is 1 if setting `s` predicts stamp `i` right, and 0 if not. For every stamp, take the setting
# that is right most often for all *other* stamps (of equals the first). Return whether this setting is right
# for the stamp itself: an array with one entry for each stamp.


# %% exercise="choose_by_others"
def choose_by_others(right):
    ### BEGIN SOLUTION
    others = right.sum(axis=1, keepdims=True) - right
    return right[others.argmax(axis=0), np.arange(right.shape[1])]
    ### END SOLUTION


# %% check="choose_by_others" points=2
three = np.array([[0, 0, 1], [0, 1, 0], [1, 1, 1]])
chosen = choose_by_others(three.copy())
assert np.shape(chosen) == (3,), "return one entry for each stamp"
assert not np.array_equal(chosen, [2, 2, 2]), (
    "these are the settings; return whether the chosen setting is right: right[setting, stamp]"
)
assert np.array_equal(chosen, [1, 1, 1]), "the third setting is best without any of the stamps"
two = np.array([[1, 1, 1, 0], [0, 1, 0, 1]])
assert np.array_equal(choose_by_others(two.copy()), [1, 1, 1, 0]), (
    "setting 0 is right more often, also without stamp 3, and it is wrong for stamp 3"
)
tie = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
assert not np.array_equal(choose_by_others(tie.copy()), [1, 0, 1, 0]), (
    "without stamp 0, setting 0 is right once and setting 1 twice: leave the stamp out of the sum"
)
assert np.array_equal(choose_by_others(tie.copy()), [0, 0, 0, 0]), (
    "each stamp's own entry must not take part in the choice of its setting"
)

# %%
rng = np.random.default_rng(0)
rows = []
for _ in range(2000):
    coins = rng.integers(2, size=(60, len(items)))
    rows.append((coins.mean(axis=1).max(), np.mean(choose_by_others(coins))))
best, nested = np.mean(rows, axis=0)
print("best of 60 coins:", fixed(best, 2), " chosen by the others:", fixed(nested, 2))

# %% [markdown]
# *What it says.* Sixty settings that all toss coins: the best of them seems to predict 0.55 right. This is the
# winner's curse, and no new stamp would agree. Chosen by the other stamps, the result is at chance again. That is
# the idea of nested cross-validation.

# %% [markdown]
# ## 3 · Leave out a group
#
# `group` is an array of row numbers. Return the predictions for these rows by a model without any of them: $y_G$
# minus the errors $e_G^{(-G)} = (I - H_{GG})^{-1} e_G$, where $e = y - \hat y$ are the errors of the model that has
# seen all stamps.


# %% exercise="leave_group_out"
def leave_group_out(H, Y, group):
    ### BEGIN SOLUTION
    errors = (Y - H @ Y)[group]
    within = np.eye(len(group)) - H[np.ix_(group, group)]
    return Y[group] - np.linalg.solve(within, errors)
    ### END SOLUTION


# %% check="leave_group_out" points=2
pair = np.array([1, 4])
y = leave_group_out(small_H.copy(), small_Y.copy(), pair)
assert np.shape(y) == (2, 6), "return the rows of the group only, one column for each category"
h = np.diag(small_H)[:, None]
singly = ((small_H @ small_Y - h * small_Y) / (1 - h))[pair]
diagonal = small_Y[pair] - np.linalg.solve(
    np.eye(2) - small_H[pair, pair], (small_Y - small_H @ small_Y)[pair]
)
assert not (np.allclose(y, singly) or np.allclose(y, diagonal)), (
    "H_GG has entries beside its diagonal: take H[np.ix_(group, group)]"
)
refitted = fit_without(pair)
assert not np.allclose(y, small_Y[pair] - refitted), (
    "these are the errors; the predictions are y − e"
)
assert not np.allclose(y, (small_H @ small_Y)[pair]), "this is H @ Y, by the model that has seen G"
assert np.allclose(y, refitted), "not the prediction of a model fitted without rows 1 and 4"

# %%
oranges = np.flatnonzero(items["title"].str.lower().str.endswith("orange"))
H = hat(np.exp(S["text"]), 0.3)
for name, groups in {"one at a time": oranges[:, None], "all at once": [oranges]}.items():
    y = np.vstack([leave_group_out(H, Y, group) for group in groups])
    print(f"{len(oranges)} oranges, left out {name}: {classes[y.argmax(1)].tolist()}")

# %% [markdown]
# *What it says.* With four other oranges in training, an orange is food. Without any, the model has never seen the
# word *orange*. For four of the five it predicts the most frequent category, animals, and the fifth has other
# words that help. Which of the two your shop will meet decides which number you should report.

# %% [markdown]
# ## 4 · Mirror images
#
# A horse that looks to the left and one that looks to the right have different gradients, and both are horses. `x`
# holds features, one row for each picture. `mirrored` holds those of the same pictures in a mirror. All rows have
# length 1. Return rows, again of length 1, that are the same for a picture and its mirror image: the sum of the two
# rows, scaled.


# %% exercise="mirror_invariant"
def mirror_invariant(x, mirrored):
    ### BEGIN SOLUTION
    both = x + mirrored
    return both / np.linalg.norm(both, axis=1, keepdims=True)
    ### END SOLUTION


# %% check="mirror_invariant"
left = np.array([[1.0, 0.0, 0.0], [0.6, 0.0, 0.8], [0.0, 1.0, 0.0]])
right = left[:, [1, 0, 2]]
rows = mirror_invariant(left.copy(), right.copy())
assert np.shape(rows) == (3, 3), "return as many rows and columns as came in"
assert np.allclose(rows, mirror_invariant(right.copy(), left.copy())), (
    "if x and mirrored are exchanged, the result must not change"
)
total = left + right
assert not np.allclose(rows, total / np.linalg.norm(total)), (
    "each row must have length 1: use np.linalg.norm with axis=1 and keepdims=True"
)
assert np.allclose(np.linalg.norm(rows, axis=1), 1), (
    "each row must have length 1: divide it by its own length (axis=1, keepdims=True)"
)
assert np.allclose(rows, total / np.linalg.norm(total, axis=1, keepdims=True)), (
    "row 1 should point where (0.6, 0.6, 1.6) points: add the two rows up"
)

# %%
pictures = [load_image(path) for path in items["image"]]
hog = HOG().transform(pictures)
hog_mirrored = HOG().transform([np.ascontiguousarray(picture[:, ::-1]) for picture in pictures])
x, mirrored = np.split(unit_length(np.vstack([hog, hog_mirrored])), 2)
invariant = np.asarray(mirror_invariant(x, mirrored))
similarities = {"HOG": x @ x.T, "mirror-invariant": invariant @ invariant.T}
similarities["larger of two"] = np.maximum(x @ x.T, x @ mirrored.T)

# %% [markdown]
# Beside the two, a third idea: of two similarities, to the picture and to its mirror image, take the larger one.
# Ten-fold cross-validation with $\lambda = 0.3$:

# %%
folds = list(KFold(10, shuffle=True, random_state=0).split(x))
results = {}
for name, s in similarities.items():
    K, right = np.exp(s), np.zeros(len(x))
    for train, test in folds:
        system = K[np.ix_(train, train)] + 0.3 * np.eye(len(train))
        y = K[np.ix_(test, train)] @ np.linalg.solve(system, Y[train])
        right[test] = y.argmax(axis=1) == Y[test].argmax(axis=1)
    results[name] = pd.DataFrame({"right": right})
    print(f"{name:16} smallest eigenvalue of K: {fixed(np.linalg.eigvalsh(K)[0], 2)}")
print_table(compare(results, "right").loc[:, "mean":"diff_high"])

# %% [markdown]
# *What it says.* A sensible idea, and 454 stamps cannot show that it helps: the interval of the difference
# contains 0. Beware of the other sensible idea, the *larger* of the two similarities. It is no dot product of any
# rows, so $K$ gets a negative eigenvalue, close to $-\lambda = -0.3$. Then $K + \lambda I$ has an eigenvalue close to
# 0, and its inverse becomes very large. A kernel for ridge regression must not have negative eigenvalues. Dot products
# of features, and the exponential of dot products, never have them.

# %% [markdown]
# ## 5 · More than one interest
#
# A user clicks on three stamps of three kinds. With the mean similarity, one click can fill the whole list. Let the
# clicks **take turns** instead. `rankings` has one list for each click, best first. The first click takes its best
# stamp. Then the second click takes *its* best stamp that is not yet taken, then the third, then the first again,
# until there are `k` stamps (there are always enough). Return the stamps in the order in which they were taken.


# %% exercise="take_turns"
def take_turns(rankings, k):
    ### BEGIN SOLUTION
    taken = []
    while len(taken) < k:
        ranking = rankings[len(taken) % len(rankings)]
        taken.append(next(stamp for stamp in ranking if stamp not in taken))
    return taken
    ### END SOLUTION


# %% check="take_turns" points=2
three = take_turns([["a", "b", "c", "d"], ["a", "c", "d", "b"]], 3)
assert np.shape(three) == (3,), "return a list of k stamps"
assert len(set(three)) == 3, "a stamp can be taken once"
assert list(three) == ["a", "c", "b"], (
    "first a; c is the best that is left for the second click; then the first click takes b"
)
five = take_turns([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 5)
assert list(five) == [1, 4, 7, 2, 5], "with three clicks: 1, 4, 7, then the first click again"
same = [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [9, 1, 8, 7, 2, 3]]
assert list(take_turns(same, 7)) == [1, 2, 9, 3, 4, 8, 5], (
    "a click whose best stamp is taken does not lose its turn: it takes its next best"
)

# %%
z = sum(standardize_scores(s) for s in S.values()).round(9)  # one row for each click


def ranking(scores, clicked):
    """Return all stamps that were not clicked, best first."""
    order = np.argsort(-scores, kind="stable")
    return order[~np.isin(order, clicked)].tolist()


def lists(clicked, k=10):
    """Return the list by the mean of the clicks, and the list by turns."""
    mean = ranking(z[clicked].mean(axis=0), clicked)[:k]
    return {"mean": mean, "turns": take_turns([ranking(z[c], clicked) for c in clicked], k)}


clicked = items.index.get_indexer(["docks", "carrot", "penguin"])
for name, rows in lists(clicked).items():
    print(name)
    show_items(items, items.index[rows[:5]], captions=list(category[rows[:5]]))

# %% [markdown]
# Now for 200 simulated users, who click on stamps of three categories: how many of the three categories are among
# the ten?

# %%
rng = np.random.default_rng(0)
large = [c for c in classes if (category == c).sum() >= 13]
rows = []
for _ in range(200):
    kinds = rng.choice(large, 3, replace=False)
    clicked = [rng.choice(np.flatnonzero(category == c)) for c in kinds]
    for name, listed in lists(clicked).items():
        rows.append((name, float(len(np.intersect1d(category[listed], kinds)))))
counts = pd.DataFrame(rows, columns=["list", "categories"])
results = {name: table.reset_index(drop=True) for name, table in counts.groupby("list")}
print_table(compare(results, "categories").loc[:, "mean":"diff_high"])

# %% [markdown]
# *What it says.* By turns, more of the three categories are found, and the interval of the difference is above 0. In
# the example, look at both lists: by the mean, four of five have *penguin* in their text. By turns, every click
# gets its part, but no better than its own ranking. Turns are fairer and not more accurate. And whether a user
# *wants* a part for each click, no stamp can say: one of the clicks may have been a mistake.
