# %% [markdown]
# # Exercises 04 · Text features
#
# Five exercises on [lesson 04](../04_text_features.ipynb), from one line to one idea: 20 to 50
# minutes. Write your answer where it says so, then run the cell below it: it is silent if all is
# well, and otherwise says what to look at. Each exercise needs only the next cell. The
# [solutions](../solutions/04_text_features.ipynb) also say what to learn from each.

# %%
import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.features import LatentSemanticAnalysis, TfidfText
from mmrec_course.preprocessing import tokenize

mosaic = load_mosaic()
texts = mosaic.items["text"].dropna()
seven = ["boat sea", "ship sea", "boat harbour", "ship harbour", *3 * ["drum solo"]]

# %% [markdown]
# ## 1 · How rare is a word?
#
# One line. `n_with` says how many of `n_texts` texts have a word: one number, or an array with one
# number for each word. Return the IDF as the lesson defines it, in the same shape (`np.log` works for
# both).


# %% exercise="idf"
def idf(n_with, n_texts):
    ### BEGIN SOLUTION
    return 1 + np.log((1 + n_texts) / (1 + np.asarray(n_with)))
    ### END SOLUTION


# %% check="idf"
assert np.isclose(idf(9, 9), 1), (
    "a word that every text has weighs 1: the logarithm of 1 is 0, plus 1"
)
assert np.isclose(idf(1, 9), 1 + np.log(5)), (
    "the natural logarithm of a fraction, with 1 added to both counts inside it, and 1 outside"
)
many = idf(np.array([1, 4, 9]), 9)
assert np.shape(many) == (3,), "for an array of counts the result must be an array: use np.log"
assert np.allclose(many, [idf(1, 9), idf(4, 9), idf(9, 9)]), "each count has its own IDF"
tfidf = TfidfText().fit(texts)
n_with = np.bincount(tfidf.transform(texts).indices)
assert np.allclose(idf(n_with, len(texts)), tfidf.vectorizer_.idf_), "compare with the lesson"

# %% [markdown]
# *Why the ones?* Without the 1 in the fraction, a word that no text has would divide by zero. Without
# the 1 in front, a word that all texts have would weigh nothing, and a text made of such words alone
# would have no direction at all.

# %% [markdown]
# ## 2 · The nearest text
#
# Return the *position* (counted from 0) of the text with the largest cosine to text `i`. The rows of
# `x` are sparse and have length 1, so the cosines are one matrix product (`.toarray()` makes it
# dense). A text is not its own neighbour.


# %% exercise="nearest"
def nearest(x, i):
    ### BEGIN SOLUTION
    cosines = (x @ x[i].T).toarray().ravel()
    cosines[i] = -1
    return int(np.argmax(cosines))
    ### END SOLUTION


# %% check="nearest"
x = TfidfText().fit(texts).transform(texts)
i = texts.index.get_loc("t268")
assert isinstance(nearest(x, i), int | np.integer), (
    "return one position, a whole number: no id, and no array. np.argmax of a flat array gives it"
)
assert nearest(x, i) != i, "every text is nearest to itself: leave i out"
assert texts.index[nearest(x, i)] == "t206", (
    "the nearest text has the largest cosine, not the smallest"
)
assert nearest(x[:3], 1) in (0, 2), "it must work for any matrix, also one of three rows"
twins = x[[3, 0, 3]]
assert (nearest(twins, 0), nearest(twins, 2)) == (2, 0), (
    "rows 0 and 2 are equal, so each is the other's neighbour: leave out position i, not the largest"
)

# %% [markdown]
# *What it does.* For rows of length 1, the largest cosine and the smallest distance name the same
# neighbour, because ‖a − b‖² = 2 − 2 a·b.

# %% [markdown]
# ## 3 · Character n-grams
#
# Put a blank before and behind a word, and return its runs of `n` characters, from left to right, as
# a list: the character 3-grams of *sea* are `" se"`, `"sea"`, `"ea "`. How many n-grams of *harbour*
# survive in *harbuor*?


# %% exercise="character_ngrams"
def character_ngrams(word, n):
    ### BEGIN SOLUTION
    padded = f" {word} "
    return [padded[j : j + n] for j in range(len(padded) - n + 1)]
    ### END SOLUTION


# %% check="character_ngrams" points=2
assert isinstance(character_ngrams("sea", 3), list), "return a list of strings"
assert character_ngrams("sea", 3) == [" se", "sea", "ea "], (
    "put a blank on both sides, then slide a window of n"
)
assert character_ngrams("sea", 5) == [" sea "], (
    "the last window ends with the last blank: mind the + 1 in range"
)
assert character_ngrams("sea", 6) == [], "a word shorter than the window has no such n-gram"
assert character_ngrams("banana", 3) == [" ba", "ban", "ana", "nan", "ana", "na "], (
    "all n-grams in their order: one that occurs twice is there twice"
)
columns = TfidfText(analyzer="char_wb", ngram_range=(4, 4), min_df=1).fit(["harbour"])
assert sorted(set(character_ngrams("harbour", 4))) == list(columns.get_feature_names_out()), (
    "compare with the columns of TfidfText(analyzer='char_wb', ngram_range=(4, 4))"
)

# %%
for n in (3, 4, 5):
    before, after = set(character_ngrams("harbour", n)), set(character_ngrams("harbuor", n))
    print(f"n = {n}: {len(before & after)} of {len(before)} survive")

# %% [markdown]
# *In words.* Of seven 3-grams, three survive; of five 5-grams, one. Two letters that change places touch up
# to n + 1 n-grams, so short n-grams survive more often, and mean less. The default, 3 to 5, has some of both.

# %% [markdown]
# ## 4 · A stop list that goes too far
#
# A colleague adds to the English stop words every word that more than a tenth of the texts have.
# Return the set of these words. Take the words from `tokenize(text, stop_words="english")`, and count
# a word once for each text. Then look at the set: what would you lose?


# %% exercise="too_common"
def too_common(texts, share=0.1):
    ### BEGIN SOLUTION
    counts = {}
    for text in texts:
        for word in set(tokenize(text, stop_words="english")):
            counts[word] = counts.get(word, 0) + 1
    return {word for word, n in counts.items() if n > share * len(texts)}
    ### END SOLUTION


# %% check="too_common" points=2
tiny = ["sea sea sea", "sea boat", "boat drum", "drum", "night"]
assert isinstance(too_common(tiny, 0.3), set), "return a set of words"
assert too_common(tiny, 0.3) == {"sea", "boat", "drum"}, (
    "share is of the texts: with five of them, more than 1.5 must have the word"
)
assert too_common(tiny, 0.4) == set(), (
    "two of five texts are not *more* than 0.4; and three times in one text is one text"
)
tfidf = TfidfText().fit(texts)
names, n_with = tfidf.get_feature_names_out(), np.bincount(tfidf.transform(texts).indices)
for share in (0.1, 0.05):
    assert too_common(texts, share) == set(names[n_with > share * len(texts)]), (
        "words as tokenize finds them; leave out English stop words, all of them"
    )

# %%
print(sorted(too_common(texts)))

# %% [markdown]
# *What would be lost.* The guitar and dub, slow and bright, dark and warm: what these descriptions
# are about. Which words are of no use depends on the question. IDF gives common words a small weight
# and leaves the rest to the model. So it is rarely worth it to extend a stop list.

# %% [markdown]
# ## 5 · How many directions?
#
# In the lesson, two directions made “boat sea” and “ship harbour” equal. Return the cosine of texts
# `i` and `j` (counted from 0) of a list, in LSA with `k` directions learned from this list. Then
# watch what happens as k grows. (Rows of `LatentSemanticAnalysis` have length 1.)


# %% exercise="cosine_with"
def cosine_with(k, texts, i, j):
    ### BEGIN SOLUTION
    rows = LatentSemanticAnalysis(n_components=k).fit(texts).transform(texts)
    return float(rows[i] @ rows[j])
    ### END SOLUTION


# %% check="cosine_with" points=2
assert np.ndim(cosine_with(2, seven, 0, 3)) == 0, "one number: the product of row i and row j"
assert np.isclose(cosine_with(2, seven, 0, 3), 1), "one direction for the sea, one for the drums"
full = TfidfText().fit(seven).transform(seven).toarray()
for i, j in ((0, 3), (0, 1), (0, 4), (5, 6)):
    assert np.isclose(cosine_with(6, seven, i, j), full[i] @ full[j], atol=1e-4), (
        "with all directions nothing is forgotten: the cosine is that of TF-IDF. Use i and j"
    )
some = list(texts[:60])
full = TfidfText().fit(some).transform(some).toarray()
directions = np.linalg.svd(full, full_matrices=False)[2]
for k in (5, 20):
    rows = full @ directions[:k].T
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.isclose(cosine_with(k, some, 7, 8), rows[7] @ rows[8], atol=1e-4), (
        f"sixty descriptions, k = {k}: pass k on, fit on the given texts, and scale rows to length 1"
    )

# %% [markdown]
# One, two, four and six directions:

# %%
for k in (1, 2, 4, 6):
    print(f"k = {k}: cosine {abs(float(cosine_with(k, seven, 0, 3))):.2f}")

# %% [markdown]
# *The idea.* Dropping directions is what makes the two texts meet. With every direction kept, LSA is
# TF-IDF in other coordinates, and 0 stays 0. With too few, some texts vanish: with k = 1 only drums
# are left. (Three is not asked: the third and the fourth singular value are equal, see the lesson, so
# which direction comes third is arbitrary.) k is a *hyperparameter*: a number that is not learned but
# chosen, on validation data.
