# %% [markdown]
# # 04 · Text features: what do the words of a description tell?
#
# **Aim** Turn descriptions into numbers by hand (TF-IDF, cosine, latent semantic analysis), find out
# what these numbers see and what they miss, and recommend new tracks by words alone.<br>
# **Time** 70 minutes (counting by hand 15, tokens 15, the catalogue 15, latent directions 15,
# recommending 10), exercises 30 more.<br>
# **Needs** NumPy's matrix products, intervals as in [lesson 01](01_the_catalogue.ipynb), `FeatureBlock` and
# probes as in [lesson 03](03_image_features.ipynb).

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.display import show_items

mosaic = load_mosaic()
texts = mosaic.items["text"].dropna()
show_items(mosaic.items, ["t268", "t206"], words=True)

# %% [markdown]
# Read both. One is jazz, the other rock, and still you would say that they have a subject in common. Which
# words told you?
#
# A computer can do part of this without understanding anything. It counts.
#
# ## The idea
#
# A text becomes a row of numbers, one for each word $t$ that the catalogue uses. The number is large
# if the word occurs often *here* and rarely *elsewhere*:
#
# $$x_{it} = \underbrace{(1 + \ln n_{it})}_{\text{often here}} \cdot
# \underbrace{\Big(1 + \ln \frac{1 + N}{1 + N_t}\Big)}_{\text{rare elsewhere}}$$
#
# In words: $n_{it}$ is how often word $t$ occurs in text $i$ (a word that does not occur gives 0).
# $N$ is the number of texts and $N_t$ the number of those that have the word. The first factor is called
# *term frequency*, TF, the second *inverse document frequency*, IDF. Two texts are alike if their rows
# point the same way: the *cosine* of the angle between them, 1 for the same direction and 0 for no
# word in common.
#
# ## By hand
#
# Four texts are enough to see every step. First count.

# %%
import numpy as np

four = [
    "Slow waves, slow piano by the sea.",
    "A boat on the sea, slow waves.",
    "Fast drums, fast city.",
    "A city at night: drums, piano.",
]
words = [text.lower().replace(",", "").replace(".", "").replace(":", "").split() for text in four]
vocabulary = [
    "city",
    "drums",
    "piano",
    "sea",
    "slow",
    "waves",
]  # in two texts or more, no "a", "the"
counts = np.array([[row.count(word) for word in vocabulary] for row in words])
print(counts)

# %% [markdown]
# A row a text, a column a word. *Boat* is left out: a word in a single text cannot say that two texts
# are alike. Now weigh the counts, and scale each row to length 1, so that a long text is not alike to
# everything just because it is long.

# %%
often = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0)
idf = 1 + np.log((1 + len(four)) / (1 + (counts > 0).sum(axis=0)))
x = often * idf
x = x / np.linalg.norm(x, axis=1, keepdims=True)
print(np.round(x @ x.T, 2))

# %% [markdown]
# With rows of length 1, the product of the matrix with its own transpose holds all cosines. Which pair
# is most alike? Counted from 0: texts 0 and 1 (the sea, slowly), then 2 and 3 (drums in the city). One *piano*
# ties 0 to 3 a little. Texts 0 and 2 have nothing in common: 0.
#
# The package does the same, and so does scikit-learn:

# %%
from sklearn.feature_extraction.text import TfidfVectorizer

from mmrec_course.features import TfidfText

tfidf = TfidfText()
theirs = TfidfVectorizer(vocabulary=vocabulary, sublinear_tf=True).fit_transform(four).toarray()
print(tfidf.fit(four).get_feature_names_out())
assert np.allclose(tfidf.transform(four).toarray(), x)
assert np.allclose(theirs, x)

# %% [markdown]
# ## What is a word?
#
# We cheated: three `replace` calls do not make words of real texts. Look at what shops export. Six
# ways to mention a café: before you run the cell, guess how many different words plain `split` makes of them.

# %%
from mmrec_course.preprocessing import normalize_text, strip_markup, tokenize

ways = ["café", "CAFÉ", "cafe\u0301", "“café!”", "<b>caf&eacute;</b>", "ca\u00adfé"]
print("as they are:", len({way.split()[0] for way in ways}))
print("normalised: ", len({normalize_text(way) for way in ways}))
print("tokenised:  ", {word for way in ways for word in tokenize(strip_markup(way))})

# %% [markdown]
# Six, of course, though three of them look the same on the screen. The third writes *é* as an *e* with an
# accent put on top of it, the last one hides a *soft hyphen*. Three functions put this right:
#
# - `normalize_text` writes in one way what looks the same (Unicode's form NFKC), folds case, and takes out
#   what cannot be seen;
# - `strip_markup` takes out tags, scripts, web and e-mail addresses, and turns `&eacute;` into é;
# - `tokenize` keeps runs of letters.
#
# What about words without letters, or letters without spaces between words?

# %%
for text in ("a 1980s hit 🎵 ♥", "naïve, don't!", "Straße STRASSE", "静かな海辺の歌", "海辺で聴く"):
    print(f"{text:18} → {tokenize(text)}")

# %% [markdown]
# Digits, symbols and emoji are dropped: that is a rule of this package, and a loss where a heart says it all.
#
# Japanese, Chinese, Thai and some other scripts put no spaces between words. Taken as one long word, the last two
# texts would have nothing in common. Neighbouring *pairs* of characters need no dictionary, and
# 海辺, the seaside, is in both. Most pairs are no words. Those in one text get no column; those in many weigh little.
#
# Two more choices. *Stop words* such as *the* say nothing about the subject. A *stemmer* cuts endings, so
# that *waves* and *wave* meet:

# %%
sentence = "It's the sound of waves, slowly breaking; she waves at the waving boats."
print(tokenize(sentence, stop_words="english"))
print(tokenize(sentence, stop_words="english", stem="english"))

# %% [markdown]
# All three kinds of waving have become one, the sea's among them. A stemmer knows endings, not meanings. It is
# made for one language, too, so `TfidfText` uses it only when you say `stem="english"`.
#
# ## The catalogue
#
# All 461 descriptions at once:

# %%
tfidf = TfidfText().fit(texts)
x = tfidf.transform(texts)
names, idf = tfidf.get_feature_names_out(), tfidf.vectorizer_.idf_
print("texts × words:", x.shape, " words a text:", round(x.nnz / len(texts)))
print("common:", names[np.argsort(idf, kind="stable")[:8]])
print("rare:  ", names[np.argsort(-idf, kind="stable")[:8]])
print(f"in two or three texts: {(np.bincount(x.indices) <= 3).mean():.0%} of the words")

# %% [markdown]
# 2,300 columns, and a row has about 27 numbers that are not 0. That is why it is kept *sparse*: the zeros are
# not stored. The common words are mostly about the music. The rare ones (of equals, the first in the alphabet) are about
# anything. Most words are in two or three texts only. Of a larger catalogue, the 5,000 most frequent
# words are kept (`max_features`).
#
# Which words make the first track of this page what it is?


# %%
def heaviest(row, k=7):
    order = np.argsort(-row.round(4), kind="stable")[:k]
    return [str(names[j]) for j in order if row[j] > 0]


place = texts.index.get_indexer(["t268", "t206"])
pair = x[place].toarray()
print("t268:", heaviest(pair[0]))
print("t206:", heaviest(pair[1]))
print("both:", heaviest(pair[0] * pair[1]), " cosine", round(pair[0] @ pair[1], 2))

# %% [markdown]
# The product of two rows, word by word, shows *why* two texts count as alike: this is a feature that explains
# itself. But look how small the cosine is. They share five words, and neither *boats* nor *trawler* is among them: each text
# has its own word for the thing, so the two do not meet.
#
# `extract_features` makes a block of such rows (`FeatureBlock`, lesson 03) for all tracks, those without a description
# included. Ask it for the track nearest to t268, and for three neighbours of a track about a farewell. Would you have chosen these?

# %%
from mmrec_course.features import extract_features

block = extract_features(mosaic, ["text"])["text"]
print("nearest to t268:", block.nearest("t268", k=1)["item_id"].item())
near = block.nearest("t002", k=3)
captions = ["asked for", *(f"cosine {s:.2f}" for s in near["similarity"])]
show_items(mosaic.items, ["t002", *near["item_id"]], captions=captions, words=True)

# %% [markdown]
# ## Latent directions
#
# Can a machine find out that *boat* and *ship* are about the same, without a dictionary? Look at seven tiny texts.
# No text has both words. But both keep the same company.

# %%
seven = ["boat sea", "ship sea", "boat harbour", "ship harbour", *3 * ["drum solo"]]
small = TfidfText()
matrix = small.fit_transform(seven).toarray()
u, s, vt = np.linalg.svd(matrix, full_matrices=False)
print("strength of the directions:", np.abs(s).round(2))
rows = matrix @ vt[:2].T
rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
print(
    "boat sea, ship harbour: cosine",
    abs((matrix @ matrix.T)[0, 3]),
    "→",
    round((rows @ rows.T)[0, 3], 2),
)

# %% [markdown]
# The *singular value decomposition* writes the matrix as $X = U S V^\top$: directions (rows of $V^\top$), each
# with a strength in $S$. Keep the two strongest and forget the rest: the best picture of all
# texts that two numbers a text can give. Scale these rows to length 1 again, as the cell does. Now “boat sea” and “ship harbour” are the same, although they share no
# word. This is **latent semantic analysis**, LSA. In the picture, look where *boat* and *ship* are:

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import finish, use_style

use_style()
figure, ax = plt.subplots(figsize=(5, 3.2))
place_of = {}
for word, at in zip(small.get_feature_names_out(), np.abs(vt[:2].T).round(2), strict=True):
    place_of.setdefault(tuple(at), []).append(str(word))
for at, together in place_of.items():
    ax.plot(*at, "o")
    ax.annotate(", ".join(together), at, xytext=(8, 4), textcoords="offset points")
ax.set(title="Words of one company share one place", xlabel="direction 1", ylabel="direction 2")
ax.set(xlim=(-0.05, 1.05), ylim=(-0.05, 0.65))
finish(
    ax,
    alt="Two points: drum and solo on one axis; boat, harbour, sea and ship together on the other",
)

# %% [markdown]
# `LatentSemanticAnalysis` does this for any number of directions. Of every direction the largest entry is made
# positive: a singular vector is as good upside down, and the sign must not depend on the machine.

# %%
from mmrec_course.features import LatentSemanticAnalysis

lsa = LatentSemanticAnalysis(n_components=2).fit(seven)
assert np.allclose(np.abs(lsa.components_), np.abs(vt[:2]))
assert np.allclose(np.abs(lsa.transform(seven)), np.abs(rows))
lsa = LatentSemanticAnalysis(n_components=50).fit(texts)
for component in range(5):
    print(component, lsa.component_words(component, 7)["word"].tolist())

# %% [markdown]
# Fifty directions for the catalogue, counted from 0. Number 0 begins with what is common everywhere, number 4 is snow,
# frost and ice. The others begin with instruments and genres, and
# some words in them pull the other way (`loading` below 0 in the table that `component_words` gives). Which words
# keep the company of *harbour*, of *goodbye*, of *ghost*?

# %%
vectors = lsa.components_.T * lsa.singular_values_
vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
for word in ("harbour", "goodbye", "ghost"):
    alike = vectors @ vectors[list(names).index(word)]
    print(f"{word:8}", names[np.argsort(-alike.round(6), kind="stable")[1:6]])

# %% [markdown]
# The harbour has tide, salt and brine. Goodbye has leaving, a suitcase and a dog: that dog is an accident of a small
# catalogue, and so is most of ghost's company. LSA was made for thousands of texts, and we have 461.
#
# ## What do words see?
#
# Mosaic's world is made up, so we know the facts behind every track (`truth`). A *probe* asks whether a linear model can read a
# fact off the features, for tracks whose artist it has not seen: accuracy for labels, $R^2$ for numbers (1 perfect, 0 no better than
# the mean). What would you expect for the theme? The genre? The cover's lightness?

# %%
import pandas as pd

from mmrec_course.display import interval, print_table
from mmrec_course.evaluation import probe

truth = mosaic.ground_truth()
facts = pd.DataFrame(truth["sound"], truth["item_ids"], truth["sound_names"])[["energy", "valence"]]
for fact in ("theme", "genre", "lead", "motif", "quality"):
    facts[fact] = truth[fact]
artist = pd.Series(truth["artist"], truth["item_ids"])
facts["lightness"] = truth["look"][:, 2]

# %%
makers = {
    "words": TfidfText(),
    "stems": TfidfText(stem="english"),
    "LSA 50": LatentSemanticAnalysis(n_components=50),
}
seen = {}
for name, maker in makers.items():
    features = extract_features(mosaic, ["text"], extractors={"text": maker})["text"]
    table = probe(features, facts, groups=artist, standardize=False)
    seen[name] = [interval(*row) for row in table[["score", "low", "high"]].to_numpy()]
print_table(pd.DataFrame({**seen, "chance": table["chance"]}, index=table.index))

# %% [markdown]
# Theme and genre are nearly an open book: the description says them. The leading instrument often, energy and
# mood (*valence*) in part: they are adjectives, and every writer has their own. The cover's motif and lightness, and the quality of the track: not at
# all; the shop's writers never mention them. No number of words will make them appear.
#
# LSA reads the leading instrument clearly less well: its name is a single word, and fifty directions have no room for each. Stems
# look better at the theme, and LSA at the energy, which is spread over many words; but those intervals overlap, and intervals of two cells are
# no interval of their difference.
#
# ## What breaks it?
#
# A typing error makes a new word. How fast do neighbours get worse? Let two letters change places inside some words of four
# letters or more:

# %%
import re


def misspell(text, share, rng):
    def maybe(match):
        word = match[0]
        if rng.random() >= share:
            return word
        j = rng.integers(1, len(word) - 2)  # two neighbouring letters, neither first nor last
        return word[:j] + word[j + 1] + word[j] + word[j + 2 :]

    return re.sub(r"\b[A-Za-z]{4,}\b", maybe, text)


print(misspell("The boat goes out at night.", 1, np.random.default_rng(0)))

# %% [markdown]
# Take every third text, misspell a share of its words, and look at its five nearest (as they were, by other artists): how many have its
# theme? Three families compete: words, LSA, and *pieces* of three to five characters (`analyzer="char_wb"`), for of a misspelt word
# some pieces survive.

# %%
families = {"words": TfidfText(), "LSA 50": LatentSemanticAnalysis(n_components=50)}
families["pieces"] = TfidfText(analyzer="char_wb")
theme, by = facts["theme"].loc[texts.index].to_numpy(), artist.loc[texts.index].to_numpy()
third = np.arange(0, len(texts), 3)


def on_theme(maker, queries):
    alike = maker.transform(queries) @ maker.transform(texts).T
    alike = alike if isinstance(alike, np.ndarray) else alike.toarray()
    alike[by[third][:, None] == by] = -2.0
    near = np.argsort(-alike.round(9), axis=1, kind="stable")[:, :5]
    return (theme[near] == theme[third][:, None]).mean(axis=1)


# %%
shares, found = (0, 0.25, 0.5, 0.75, 1), {}
rng = np.random.default_rng(0)
damaged = [[misspell(text, share, rng) for text in texts.iloc[third]] for share in shares]
for name, maker in families.items():
    maker.fit(texts)
    found[name] = np.array([on_theme(maker, queries) for queries in damaged])
chance = np.mean([(theme == name).mean() for name in theme])
print("of all texts with its theme:", round(chance, 2))

# %% [markdown]
# That is chance here: the share of random texts with the same theme. (The probe's 0.07 was another chance: always to name the
# most frequent theme of the tracks learned from.) In the figure, look at how steeply each line falls.

# %%
figure, ax = plt.subplots(figsize=(5.5, 3.4))
for name, values in found.items():
    ax.plot(shares, values.mean(axis=1), "o-", label=name)
ax.axhline(chance, color="#595959", linestyle=":", label="chance")
ax.set(title="Misspelt: LSA holds out better than words", xlabel="share of words misspelt")
ax.set(ylabel="neighbours with the theme", ylim=(0, 0.55))
ax.legend(frameon=False, fontsize=9)
finish(
    ax,
    alt="The share of neighbours on theme falls: words by nearly half, pieces and LSA by a third",
)

# %% [markdown]
# Is the lead more than luck? The difference to words in neighbours on theme, with an interval over texts:

# %%
deal = np.random.default_rng(0).integers(len(third), size=(2000, len(third)))
rows = {}
for name in ("LSA 50", "pieces"):
    differences = found[name] - found["words"]
    bounds = [np.quantile(d[deal].mean(axis=1), [0.025, 0.975]) for d in differences]
    rows[f"{name} − words"] = [
        interval(d.mean(), *b) for d, b in zip(differences, bounds, strict=True)
    ]
print_table(pd.DataFrame(rows, index=pd.Index([f"{s:.0%}" for s in shares], name="misspelt")))

# %% [markdown]
# With no errors, the three are too close to call. The more errors, the fewer neighbours on theme, for all of them.
# *Pieces* were made for this, and disappoint: they lose less only when most words are damaged, and even then the interval holds 0. Two
# letters that change places spoil most pieces of a short word (exercise 3 counts them). LSA is what holds out better: a few
# words that are still whole point to a direction, and the direction stands for many others.
#
# ## A recommender that reads
#
# Now recommend new tracks, by words alone. A fifth of the tracks is hidden. Vocabulary and IDF are learned from the training tracks (`train`,
# as `fit_items`): a word that only the hidden tracks use must not get a column, or the test would help to make the features. Some tracks are
# kept back to tune on; `seen` is both, all that is not hidden.

# %%
from mmrec_course.evaluation import cold_item_split

split = cold_item_split(mosaic.ratings, rng=0)
train = split.train["item_id"].unique()
honest = extract_features(mosaic, ["text"], fit_items=train)["text"]
print("columns:", len(honest.names), "learned from training items,", len(block.names), "from all")

# %% [markdown]
# The simplest recommender: what I have liked is a text too. Add up the rows of a listener's liked tracks, and you have a
# *profile* of words. Which words does our listener's begin with?

# %%
listener = "u416"
mine = split.train_valid.query("user_id == @listener and rating >= 4")["item_id"]
profile = honest.align(mine).values.sum(axis=0)
top = np.argsort(-profile.round(9), kind="stable")[:10]
print("liked:", len(mine), " profile:", [honest.names[j] for j in top])

# %%
new = honest.align(split.candidates)
scores = new.values @ profile
best = np.lexsort((new.item_ids, -scores.round(9)))[:4]
show_items(mosaic.items, new.item_ids[best], columns=4, words=True)

# %% [markdown]
# Four times bossa nova, whatever the subject: the genre is what this profile begins with. A list that you can argue with, for you see
# why each track is there. But *good*, *like* and *tried* are in the
# profile beside *guitar*, whether or not they have to do with the liking. `ContentRidge` (lesson 08) learns a weight for each word instead of adding all of them up. Does that help? We tune its
# one setting on validation tracks, for each family in the same way; the *profile* has none. Two controls: *chance*, and the *placebo*, the same
# rows of words dealt out anew among the tracks.

# %%
from types import SimpleNamespace

from mmrec_course.evaluation import compare_splits, evaluate, grid_search
from mmrec_course.recommenders import ContentRidge, Random


def reader(features, split):
    grid = {"reg": [10.0, 30.0, 100.0]}
    return grid_search(ContentRidge(modality="text"), grid, split, {"text": features})[0]


# %% [markdown]
# The profiles of all listeners at once are a matrix product, and so are their scores:


# %%
def profiles(features, split):
    likes = split.train_valid.query("rating >= 4")
    liked = pd.crosstab(likes["user_id"], likes["item_id"])
    taste = liked @ features.align(liked.columns).values

    def score(users, items):
        rows = features.align(items).values
        return (taste.reindex(users, fill_value=0).to_numpy() @ rows.T).round(9)

    return SimpleNamespace(score=score)


# %% [markdown]
# Five times, another fifth of the tracks is hidden:

# %%
splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
results = {name: [] for name in (*makers, "profile", "placebo", "chance")}
for seed, split in enumerate(splits):
    models = {"chance": Random(rng=seed).fit(split.train_valid, {"text": block})}
    for name, maker in makers.items():
        features = extract_features(
            mosaic, ["text"], split.train["item_id"].unique(), extractors={"text": maker}
        )["text"]
        models[name] = reader(features, split)
        if name == "words":
            models["profile"] = profiles(features, split)
            models["placebo"] = reader(features.shuffle(rng=seed), split)
    for name, model in models.items():
        results[name].append(evaluate(model, split, metrics=["ndcg"]))

# %%
from mmrec_course.plotting import plot_comparison

table = compare_splits(results, test_share=0.2, baseline="words")
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)
ax = plot_comparison(
    table, title="Words alone rank new tracks far above chance", chance=table.loc["chance", "mean"]
)
finish(
    ax,
    alt="NDCG@10: stems, LSA and words, then the profile, all far to the right of placebo and chance",
)

# %% [markdown]
# The placebo is at chance: it is the words that count. All three families are far above. Stems beat words, by an interval that stays
# above 0; for LSA it does not, with 50 columns instead of nearly two thousand. `TfidfText` still does not stem unless told to: its
# columns should be words that one can read, of any language. On a catalogue of your own, try it.
#
# The profile, with nothing learned but the words themselves, is far above chance too. It comes out below the ridge, but the interval of the difference
# just reaches 0: learning a weight for each word probably helps, and five splits do not prove it.
#
# The intervals allow for the luck of which tracks were hidden. Mosaic's listeners are simulated, and made to care about themes: this shows that
# the method works as claimed, not that real people choose music by its description.
#
# ## Counted or learned?
#
# All of this knows only 461 descriptions. `TextEncoder` brings knowledge from outside: 256 numbers for each piece of a
# word, trained by others on a large part of the web (the extra `encoders`; without it, read on: the two cells below show
# the stored results). They are read from their file as plain numbers; nothing
# in it is executed. Does it know that a sea is an ocean?

# %% tags=["needs-encoders"]
from mmrec_course.extras.encoders import TextEncoder, encoders_available

if encoders_available():
    for a, b in (("sea", "ocean"), ("snow", "frost"), ("sea", "guitar")):
        first, second = TextEncoder().transform([a, b])
        print(f"{a} – {b}: {first @ second:.2f}")
else:
    print("skipped: the extra `encoders` is not installed")

# %% [markdown]
# Counting says 0 to all three pairs. So the encoder should read better. Should it recommend better, on the same splits, tuned in the same way?

# %% tags=["needs-encoders"]
if encoders_available():
    features = extract_features(mosaic, ["text"], extractors={"text": TextEncoder()})["text"]
    learned = {"words": results["words"], "stems": results["stems"]}
    learned["encoder"] = [
        evaluate(reader(features, split), split, metrics=["ndcg"]) for split in splits
    ]
    table = compare_splits(learned, test_share=0.2)
    print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)
    table = probe(features, facts, groups=artist, standardize=False)
    print_table(table.loc[["theme", "genre", "lead", "energy"], ["score", "low", "high"]])
else:
    print("skipped: the extra `encoders` is not installed")

# %% [markdown]
# It knows some synonyms, and recommends no better. The probes suggest why: it reads the theme as well as words do, but the genre and the
# leading instrument less well. Its row is the mean over all pieces of a text, so one telling word, *bossa* or *banjo*, is one among
# all. TF-IDF lets a rare word speak up, and these writers name genre and instrument. On other texts, short ones for instance, it may
# well be the other way round. There was no way to know without measuring.
#
# ## What goes wrong
#
# - **Learning the vocabulary from everything.** 551 of the 2,300 columns were there only because of tracks outside the training part.
# - **Trusting a count of columns.** 2,300 words are not 2,300 facts.
# - **Reading a neighbour as a proof.** t206 is the nearest to t268, at a cosine of only 0.15. Somebody is always nearest.
# - **Forgetting what is not said.** Nobody wrote about the cover. The next lessons look and listen.
#
# ## Your turn
#
# Five exercises with checks: [exercises 04](exercises/04_text_features.ipynb), solutions [here](solutions/04_text_features.ipynb).
#
# ## Recap
#
# - TF-IDF: often here, rare elsewhere, rows of length 1. The cosine of two rows is a sum over the words they share, so it explains itself.
# - What a word is, is a decision: form, case, markup, digits, scripts without spaces, stop words, stems.
# - LSA keeps the strongest directions of the matrix: words of one company meet. It needs many texts.
# - Words see what is written. Each probe says how much, with an interval.
# - On new tracks, words alone ranked far above chance and a placebo, for simulated listeners.
#
# ## Sources
#
# - Spärck Jones (1972), *A statistical interpretation of term specificity and its application in retrieval*, Journal of Documentation
#   28(1): the inverse document frequency.
# - Salton and Buckley (1988), *Term-weighting approaches in automatic text retrieval*, Information Processing & Management 24(5): ways to weigh
#   term frequency, and length.
# - Deerwester, Dumais, Furnas, Landauer and Harshman (1990), *Indexing by latent semantic analysis*, Journal of the American Society for
#   Information Science 41(6).
# - Porter (1980), *An algorithm for suffix stripping*, Program 14(3): the stemmer whose successor, Snowball, is used here.
# - Unicode Standard Annex #15, *Unicode normalization forms*.
# - Pazzani and Billsus (2007), *Content-based recommendation systems*, in: The Adaptive Web: profiles of words.
