# %% [markdown]
# # 04 · deeper: more text features
#
# **Aim** [Lesson 04](../04_text_features.ipynb) measured words, stems and LSA on cold-start tracks. Four
# others, by the same protocol: word pairs, character n-grams, a user profile without learned weights, and
# an encoder that was trained on other texts.<br>
# **Time** {minutes} minutes<br>
# **Needs** Lesson 04. For the encoder, the extra `encoders`; without it, read the stored results.

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.features import TfidfText, extract_features

mosaic = load_mosaic()


def text_block(extractor, fit_items=None):
    """Extract the text features of all tracks, learned from some of them."""
    chosen = {"text": extractor}
    return extract_features(mosaic, ["text"], fit_items=fit_items, extractors=chosen)["text"]


# %% [markdown]
# ## Word pairs and character n-grams
#
# Each pair of neighbouring words that at least two texts have gets a column. *Bossa nova* is then
# more than *bossa* and *nova*. Character 3-grams join *boats* and *boat*. Do they rank cold-start
# tracks better than single words?

# %%
from mmrec_course.display import print_table
from mmrec_course.evaluation import compare_splits
from mmrec_course.extras.cold_start import cold_start_results

characters = TfidfText(analyzer="char_wb", ngram_range=(3, 3))


def blocks_of(items):
    return {
        "text": text_block(TfidfText(), items),
        "words and pairs": text_block(TfidfText(ngram_range=(1, 2)), items),
        "character 3-grams": text_block(characters, items),
    }


def show(results):
    """Print means and differences to *text*, with 95 % intervals."""
    table = compare_splits(results, test_share=0.2, baseline="text")
    print_table(table.loc[:, "mean":"diff_high"], digits=3)


# %%
for name, block in blocks_of(mosaic.items.index).items():
    print(f"{name:18} columns from all texts: {len(block.names)}")
results = cold_start_results(mosaic.ratings, blocks_of)
show(results)

# %% [markdown]
# Pairs bring 445 more columns and no gain. Character 3-grams have a slightly higher mean than words,
# but the interval of the difference includes 0. In lesson 04, stems do better than words, and they do
# by rule what character n-grams do without one: *boats* and *boat* come together. Where texts have
# many typing errors, or are written in a language without a stemmer, character n-grams are worth a
# trial.
#
# ## A user profile, without learned weights
#
# Lesson 04 added up the rows of the tracks that one user liked. The profiles of all users at once are a
# matrix product, and so are their scores. Nothing is learned but the vocabulary and the IDF. How far does
# it come?

# %%
import pandas as pd

from mmrec_course.evaluation import ScoreTable, cold_item_split, evaluate


def evaluate_profiles(split):
    """Score the cold-start tracks of a split by user profiles, and evaluate the scores."""
    train = split.train_valid
    block = text_block(TfidfText(), train["item_id"].unique())
    liked = train[train["rating"] >= 4]
    liked = pd.crosstab(liked["user_id"], liked["item_id"])
    liked = liked.reindex(mosaic.users.index, fill_value=0)  # (n_users, n_liked_items)
    profiles = liked.to_numpy() @ block.align(liked.columns).values  # (n_users, n_words)
    scores = (profiles @ block.values.T).round(9)
    return evaluate(ScoreTable(scores, liked.index, block.item_ids), split)


splits = [cold_item_split(mosaic.ratings, rng=seed) for seed in range(5)]
results["user profile"] = [evaluate_profiles(split) for split in splits]
show({name: results[name] for name in ("chance", "text", "user profile")})

# %% [markdown]
# Far above chance: adding up rows is a recommender. Its mean is below that of the ridge regression,
# and the interval of the difference just reaches 0. Learning a weight for each word probably helps,
# and five splits do not prove it.
#
# ## An encoder: knowledge from other texts
#
# Everything so far knows only 461 descriptions. `TextEncoder` brings knowledge from outside: 256
# numbers for each *subword*, which is a word or a part of one, trained by others on a large part of
# the web. A text gets the mean of its subwords' rows. The numbers are read from their file as plain
# numbers; nothing in it is executed. Does it know that a sea is an ocean?

# %% tags=["needs-encoders"]
from mmrec_course.extras.encoders import TextEncoder, encoders_available

if encoders_available():
    for first, second in (("sea", "ocean"), ("snow", "frost"), ("sea", "guitar")):
        rows = TextEncoder().transform([first, second])
        print(f"{first} – {second}: cosine {rows[0] @ rows[1]:.2f}")
else:
    print("skipped: the extra `encoders` is not installed")

# %% [markdown]
# TF-IDF says 0 to all three pairs. So the encoder should read better. Should it also recommend better?

# %% tags=["needs-encoders"]
if encoders_available():
    encoder_block = text_block(TextEncoder())  # it learns nothing from Mosaic
    results |= cold_start_results(mosaic.ratings, lambda items: {"encoder": encoder_block})
    show({name: results[name] for name in ("text", "encoder")})
else:
    print("skipped: the extra `encoders` is not installed")

# %% [markdown]
# It recommends no better, as far as five splits can tell. A linear probe may say why:

# %% tags=["needs-encoders"]
from mmrec_course.display import interval
from mmrec_course.evaluation import probe

if encoders_available():
    truth = mosaic.ground_truth()
    facts = pd.DataFrame({f: truth[f] for f in ("theme", "genre", "lead")}, truth["item_ids"])
    artist, scores = pd.Series(truth["artist"], facts.index), pd.DataFrame(index=facts.columns)
    for name, block in {"text": text_block(TfidfText()), "encoder": encoder_block}.items():
        table = probe(block, facts, groups=artist, standardize=False)
        scores[name] = [interval(row.score, row.low, row.high) for row in table.itertuples()]
    print_table(scores)
else:
    print("skipped: the extra `encoders` is not installed")

# %% [markdown]
# The encoder reads the theme as well as words do, but the genre and the leading instrument less well.
# Its row is a mean over all subwords of a text, so one telling word, *bossa* or *banjo*, is one among
# many. TF-IDF gives a rare word a large number, and these writers name genre and instrument. On other
# texts, short ones for instance, it may well be the other way round. Measure it.
#
# ## Recap
#
# - Word pairs brought nothing here, character 3-grams nothing that five splits can tell from 0.
# - A user profile, the sum of the liked rows, ranks far above chance without learned weights.
# - The encoder knows synonyms and shows no gain over TF-IDF. Perhaps a mean over subwords blurs the words
#   that name genre and instrument.
#
# ## Sources
#
# - Cavnar and Trenkle (1994), *N-gram-based text categorization*, SDAIR: character n-grams.
# - Pazzani and Billsus (2007), *Content-based recommendation systems*, in: The Adaptive Web: user profiles of
#   words.
# - Arora, Liang and Ma (2017), *A simple but tough-to-beat baseline for sentence embeddings*, ICLR: means of
#   word vectors, and why frequent words should count less.
