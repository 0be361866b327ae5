# %% [markdown]
# # Exercises 12 · Real content
#
# Five exercises on [lesson 12](../12_real_content.ipynb), from two lines to one idea. Write your answer where it says so, then
# run the cell below it: it is silent if all is well, and otherwise says what to look at.

# %%
import numpy as np
import pandas as pd

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
answer = Y.argmax(axis=1)
columns = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
extractors = {
    "image": [ColorHistogram(), HOG()],
    "text": [TfidfText(), TfidfText(analyzer="char_wb")],
}
blocks = extract_features(stamps, ["image", "text"], extractors=extractors)

# %% [markdown]
# Similarities as in the lesson:


# %%
def unit(values):
    x = values - values.mean(axis=0)
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def hat(similar, reg):
    K = similar + 1
    return np.linalg.solve(K + reg * np.eye(len(K)), K)


similar = {m: unit(block.values) @ unit(block.values).T for m, block in blocks.items()}

# %% [markdown]
# And six made-up stamps on which your answers are tried, the long way:

# %%
small = np.random.default_rng(0).standard_normal((6, 3))
small_Y = np.eye(2)[[0, 1, 0, 0, 1, 1]]
small_K, small_H = small @ small.T + 1, hat(small @ small.T, 1.0)


def small_without(rows):
    """What is guessed of these rows by a model fitted anew on the other ones."""
    rest = np.setdiff1d(np.arange(6), rows)
    K = small_K[np.ix_(rest, rest)] + np.eye(len(rest))
    return small_K[np.ix_(rows, rest)] @ np.linalg.solve(K, small_Y[rest])


# %% [markdown]
# ## 1 · Leave one out
#
# `H` is the matrix that turns answers into guesses, `Y` the answers (a column a category). Return what would have been
# guessed of each stamp without it: $(\hat y_i - h_{ii}\, y_i) / (1 - h_{ii})$, all rows at once.


# %% exercise="leave_one_out"
def leave_one_out(H, Y):
    ### BEGIN SOLUTION
    h = np.diag(H)[:, None]
    return (H @ Y - h * Y) / (1 - h)
    ### END SOLUTION


# %% check="leave_one_out"
guess = leave_one_out(small_H.copy(), small_Y.copy())
assert np.shape(guess) == (6, 2), "one row a stamp, one column a category"
assert not np.allclose(guess, small_H @ small_Y), "that is what it says with the stamp's own vote"
h = np.diag(small_H)[:, None]
assert not np.allclose(guess, small_H @ small_Y - h * small_Y), "scale up what is left: / (1 − h)"
for i in range(6):
    assert np.allclose(guess[i], small_without([i])), (
        f"row {i} is not what a model without stamp {i} says; each row has its own h_ii"
    )

# %%
for m, s in similar.items():
    H = hat(np.exp(s), 0.3)
    seen, unseen = (np.mean(g.argmax(1) == answer) for g in (H @ Y, leave_one_out(H, Y)))
    print(f"{m:6} right with its own vote: {seen:.2f}, left out: {unseen:.2f}")

# %% [markdown]
# *What it says.* With its own vote nearly every stamp is guessed right, which says nothing: the model was told. The difference, a third of all
# stamps for pictures and for words, is what it only remembers.

# %% [markdown]
# ## 2 · Choose without the judged
#
# `right[s, i]` is 1 where setting `s` guesses stamp `i` right. For every stamp, take the setting that is right most often for
# all *other* stamps (of equals the first), and return whether it is right for this one: an array with an entry a stamp.


# %% exercise="choose_by_others"
def choose_by_others(right):
    ### BEGIN SOLUTION
    others = right.sum(axis=1, keepdims=True) - right
    return right[others.argmax(axis=0), np.arange(right.shape[1])]
    ### END SOLUTION


# %% check="choose_by_others" points=2
two = np.array([[1, 1, 1, 0], [0, 1, 0, 1]])
assert np.shape(choose_by_others(two)) == (4,), "one entry a stamp"
assert np.array_equal(choose_by_others(two), [1, 1, 1, 0]), (
    "setting 0 is right more often; stamp 3 is its miss"
)
tie = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
assert not np.array_equal(choose_by_others(tie), [1, 0, 1, 0]), (
    "without stamp 0, setting 0 is right once and setting 1 twice: leave the stamp out of the count"
)
assert np.array_equal(choose_by_others(tie), [0, 0, 0, 0]), "each stamp's own vote must not count"
assert np.array_equal(choose_by_others(np.array([[0, 0, 1], [0, 1, 0], [1, 1, 1]])), [1, 1, 1]), (
    "three settings, and the third is best for everybody: there may be any number"
)

# %%
rng = np.random.default_rng(0)
best, honest = [], []
for _ in range(2000):
    coins = rng.integers(2, size=(60, len(items)))
    best.append(coins.mean(axis=1).max())
    honest.append(choose_by_others(coins).mean())
print("best of 60 coins:", fixed(np.mean(best), 2), " chosen by others:", fixed(np.mean(honest), 2))

# %% [markdown]
# *What it says.* Sixty settings that all toss coins, and the best of them seems to know five stamps in a hundred more than a coin. No new stamp would
# agree. Chosen by the others, it is back at chance: what is said of a stamp no longer depends on whether it is right there.

# %% [markdown]
# ## 3 · Leave out a family
#
# `group` is an array of row numbers. Return what would have been guessed of these rows without any of them: the answers
# minus $e_G^{(-G)} = (I - H_{GG})^{-1} e_G$, with $e = y - \hat y$.


# %% exercise="leave_group_out"
def leave_group_out(H, Y, group):
    ### BEGIN SOLUTION
    errors = (Y - H @ Y)[group]
    within = np.eye(len(group)) - H[np.ix_(group, group)]
    return Y[group] - np.linalg.solve(within, errors)
    ### END SOLUTION


# %% check="leave_group_out" points=2
pair = np.array([1, 4])
guess = leave_group_out(small_H.copy(), small_Y.copy(), pair)
assert np.shape(guess) == (2, 2), "rows of the group only"
h = np.diag(small_H)[:, None]
singly = ((small_H @ small_Y - h * small_Y) / (1 - h))[pair]
assert not np.allclose(guess, singly), (
    "each alone is left out, the other still votes: H_GG has entries beside its diagonal, use np.ix_"
)
again = small_without(pair)
assert not np.allclose(small_Y[pair] - guess, again), "that is the error; the guess is y − e"
assert np.allclose(guess, again), "not what a model without rows 1 and 4 says; see the formula"

# %%
oranges = np.flatnonzero(items["title"].str.lower().str.endswith("orange"))
H = hat(np.exp(similar["text"]), 0.3)
for name, groups in {"one at a time": oranges[:, None], "all at once": [oranges]}.items():
    said = np.vstack([leave_group_out(H, Y, g) for g in groups]).argmax(1)
    print(f"{len(oranges)} oranges, left out {name}: by words", classes[said].tolist())

# %% [markdown]
# *What it says.* With four other oranges in the catalogue, an orange is food. Without any, the model has never met the word, and says of
# four of them what it says of every unknown word: the most frequent category. (The fifth has other words that help.) Which of the two your shop
# will meet decides which number you should report.

# %% [markdown]
# ## 4 · In the mirror
#
# A horse that looks to the left and one that looks to the right have different gradients, and both are horses. `x` holds features, a row a
# picture, `mirrored` those of the same pictures in the mirror, both with rows of length 1. Return rows, again of length 1, that
# are the same for a picture and its mirror image: the sum of the two, scaled. (What follows the check calls your `leave_one_out`.)


# %% exercise="mirror_proof"
def mirror_proof(x, mirrored):
    ### BEGIN SOLUTION
    both = x + mirrored
    return both / np.linalg.norm(both, axis=1, keepdims=True)
    ### END SOLUTION


# %% check="mirror_proof"
seen = np.array([[1.0, 0.0, 0.0], [0.6, 0.0, 0.8]])
turned = seen[:, [1, 0, 2]]
proof = mirror_proof(seen.copy(), turned.copy())
assert np.shape(proof) == (2, 3), "as many rows and columns as came in"
assert np.allclose(proof, mirror_proof(turned.copy(), seen.copy())), (
    "who is the picture and who the mirror image must not matter"
)
assert np.allclose(np.linalg.norm(proof, axis=1), 1), (
    "each row must have length 1: divide it by its own length, the mean is shorter"
)
assert np.allclose(proof[1] / proof[1, 0], [1, 1, 8 / 3]), (
    "row 1 should point where (0.6, 0.6, 1.6) points: add the two up"
)
assert np.allclose(proof[0], [np.sqrt(0.5), np.sqrt(0.5), 0]), "row 0: (1, 1, 0), scaled"

# %%
pictures = [load_image(path) for path in items["image"]]
hog = HOG().transform(pictures)
hog_mirrored = HOG().transform([np.ascontiguousarray(picture[:, ::-1]) for picture in pictures])
x, mirrored = np.split(unit(np.vstack([hog, hog_mirrored])), 2)
proof = mirror_proof(x, mirrored)
kinds = {"HOG": x @ x.T, "mirror-proof": proof @ proof.T}
kinds["larger of two"] = np.maximum(x @ x.T, x @ mirrored.T)
hits = {}
for name, s in kinds.items():
    said = leave_one_out(hat(np.exp(s), 0.3), Y).argmax(1)
    hits[name] = pd.DataFrame({"right": (said == answer).astype(float)})
    smallest = np.linalg.eigvalsh(np.exp(s) + 1)[0]
    print(f"{name:14} smallest eigenvalue of K: {fixed(smallest, 2)}")
print_table(compare(hits, "right")[columns])

# %% [markdown]
# *What it says.* A sensible idea, and 454 stamps cannot show that it helps: the interval of the difference holds 0. Beware of the other sensible idea,
# in the last row: the *larger* of the two similarities, straight and mirrored. It is no product of any rows, so $K$ gets negative eigenvalues, one of
# them near $-\lambda = -0.3$, and $(K + \lambda I)^{-1}$ divides by almost nothing. A similarity for ridge regression must come from features, bent or
# not.

# %% [markdown]
# ## 5 · More than one interest
#
# A visitor clicks on three things of three kinds. The mean similarity lets the loudest click win: if one of them has a namesake, the list is full of
# those. Let the clicks **take turns** instead. `rankings` has a list for each click, best first. The first click takes its best stamp, then the second
# *its* best that nobody has taken, then the third, then the first again, until there are `k` (there are always enough). Return the stamps in the order in which they were taken.


# %% exercise="take_turns"
def take_turns(rankings, k):
    ### BEGIN SOLUTION
    taken = []
    while len(taken) < k:
        turn = rankings[len(taken) % len(rankings)]
        taken.append(next(stamp for stamp in turn if stamp not in taken))
    return taken
    ### END SOLUTION


# %% check="take_turns" points=2
three = take_turns([["a", "b", "c", "d"], ["a", "c", "d", "b"]], 3)
assert len(three) == 3, "return k stamps"
assert len(set(three)) == 3, "a stamp can be taken once"
assert list(three) == ["a", "c", "b"], (
    "first a; the second click's best that is left is c; then it is the first one's turn: b"
)
assert list(take_turns([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 5)) == [1, 4, 7, 2, 5], "three clicks"
same = [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [9, 1, 8, 7, 2, 3]]
assert list(take_turns(same, 7)) == [1, 2, 9, 3, 4, 8, 5], (
    "who finds the best taken does not lose the turn, but takes the next best"
)

# %%
z = sum(standardize_scores(s) for s in similar.values()).round(9)  # a row a click


def ranking(scores, clicked):
    order = np.argsort(-scores, kind="stable")
    return order[~np.isin(order, clicked)].tolist()


def shelves(clicked, k=10):
    mean = ranking(z[clicked].mean(axis=0), clicked)[:k]
    return {"mean": mean, "turns": take_turns([ranking(z[c], clicked) for c in clicked], k)}


clicked = items.index.get_indexer(["docks", "carrot", "penguin"])
for way, shelf in shelves(clicked).items():
    print(way)
    show_items(items, items.index[shelf[:5]], captions=list(category[shelf[:5]]))

# %% [markdown]
# Now for 200 made-up visitors who click on stamps of three categories: how many of the three are among the ten?

# %%
rng = np.random.default_rng(0)
large = [c for c in classes if (category == c).sum() >= 13]
found = {"mean": [], "turns": []}
for _ in range(200):
    kinds = rng.choice(large, 3, replace=False)
    visitor = [rng.choice(np.flatnonzero(category == c)) for c in kinds]
    for way, shelf in shelves(visitor).items():
        found[way].append(len(np.intersect1d(category[shelf], kinds)))
tables = {way: pd.DataFrame({"found": np.array(f, float)}) for way, f in found.items()}
print_table(compare(tables, "found")[columns], digits=3)

# %% [markdown]
# *What it says.* By turns, more of the three kinds are found, and the interval of the difference is above 0. In the example look at both
# lists: the penguin has namesakes, and the mean fills its list with them. Taking turns, every click is served, but no better than its own
# ranking: the first card is what the *docks* bring, and a doe is near them by its first two letters. Turns are fairer and not wiser. And
# whether a visitor *wants* all three kinds served, no stamp can say; one of the clicks can also have been a mistake.
