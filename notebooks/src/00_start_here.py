# %% [markdown]
# # 00 · Start here: from pictures, words and sounds to ten recommendations
#
# **Aim** See the whole course on one page: raw media become numbers, the numbers are fused, and a
# listener gets ten recommendations that you can look at, play and question.<br>
# **Time** 20 minutes.<br>
# **Needs** Python and a little NumPy; this course's environment. Nothing is downloaded.

# %%
from mmrec_course.datasets import load_mosaic

mosaic = load_mosaic()
mosaic

# %%
from mmrec_course.display import show_track

track = "t268"
show_track(mosaic.items, track)

# %% [markdown]
# You have just met one track of *Mosaic*, a small music shop. You can look at its cover, read
# what the shop says about it and press play. Three kinds of data about one item: this is what
# **multimodal** means.
#
# Mosaic is made up: its artists, its music and its listeners. A result here shows that a method
# does what is claimed of it. It does not show that real people behave so. Lesson 01 tells how
# this world was made.

# %% [markdown]
# ## The idea
#
# Listeners rate tracks with one to five stars; four or five count as *liked*. A *recommender*
# guesses how much a listener will like a track that they have not rated yet. With several
# modalities there are several guesses: one from the cover, one from the words, one from the sound.
# **Weighted fusion** adds them up:
#
# $$\hat y = \sum_m w_m \, y_m$$
#
# In words: the fused guess $\hat y$ is the sum, over the modalities $m$, of weight $w_m$ times
# guess $y_m$. Many tutorials show it like this:

# %%
import numpy as np

weights = np.array([0.3, 0.4, 0.3])
image, text, audio = np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([7, 8, 9])
print(weights @ np.array([image, text, audio]))

# %% [markdown]
# The arithmetic is right, and that is all one can say for it. The three vectors mean nothing, so
# their sum means nothing. And the usual next line, `model.predict(fused)`, calls a model that was
# never made. The rest of this page makes the idea true, in four steps:
#
# **preprocess** each modality → **extract features** → **fuse** → **recommend**.

# %% [markdown]
# ## Step 1: raw files become arrays and words
#
# What does a computer get when it opens this track?

# %%
from mmrec_course.preprocessing import load_audio, load_image, tokenize

row = mosaic.items.loc[track]
cover, wave = load_image(row["image"]), load_audio(row["audio"])
words = tokenize(row["text"])
print("cover", cover.shape, cover.dtype, "first pixel", cover[0, 0])
print("sound", wave.shape, wave.dtype, f"{len(wave) / 22050:.1f} seconds")
print("words", len(words), words[:8])

# %% [markdown]
# A cover is a grid of 160 × 160 pixels with three colours each. A sound is a long row of air
# pressures, 22,050 for every second. Words are words. You cannot add those up; you cannot even
# compare two tracks with them directly. (Lesson 02 is about this step.)
#
# ## Step 2: arrays and words become features
#
# A *feature* is a number that says something about the item. Start with the simplest one for a
# picture: how much of it has which colour. By hand, for eight hues from red (first) through green
# and blue back to red:

# %%
import cv2

hue, saturation, value = cv2.split(cv2.cvtColor(cover, cv2.COLOR_RGB2HSV))
counts, _ = np.histogram(hue, bins=8, range=(0, 180))
print(np.round(counts / counts.sum(), 2))

# %% [markdown]
# Nearly all of this cover is in the fifth bin: blue. The package does a little more in the same
# spirit. For pictures: a histogram of hue, saturation and brightness, and mean, spread and
# skewness of the colours. For words: TF-IDF, which counts words and discounts those that most
# texts have. For sounds: harmony, rhythm, and above all *timbre*, which is how the energy is
# spread from low to high pitches. A spectrogram shows that spread, moment by moment:

# %%
import librosa

from mmrec_course.plotting import finish, plot_spectrogram

mel = librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=22050, hop_length=512))
ax = plot_spectrogram(mel, sr=22050, hop=512, title=f"What sounds in “{row['title']}”, and when")
finish(ax, alt="Log-mel spectrogram of one track: time to the right, pitch upwards")

# %%
from mmrec_course.features import extract_features

blocks = extract_features(mosaic)
for modality, block in blocks.items():
    print(f"{modality:6}", block.values.shape, "missing:", int((~block.present).sum()))

# %% [markdown]
# Every track now has up to three rows of numbers: 81 for its cover, 2,300 for its words, 225 for
# its sound. Some tracks lack a modality, as in any real shop, and the blocks say which.
#
# Are these numbers any good? Ask each modality which tracks are most like ours. *Cosine
# similarity* compares the directions of two rows: 1 is the same, 0 unrelated, −1 opposite.


# %%
def neighbours(block, item_id, k=4):
    x = block.values - block.values[block.present].mean(axis=0)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    similarity = np.where(block.present, x @ x[block.item_ids == item_id][0], -1)
    return block.item_ids[np.argsort(-similarity, kind="stable")[1 : k + 1]]


# %%
from mmrec_course.display import show_items

show_items(mosaic.items, neighbours(blocks["image"], track), columns=4)

# %% [markdown]
# Covers of the same colours, whatever the music. Now by words, then by sound (play them):

# %%
show_items(mosaic.items, neighbours(blocks["text"], track), columns=4)

# %%
show_items(mosaic.items, neighbours(blocks["audio"], track), columns=4)

# %% [markdown]
# By words: boats and harbours, in any genre. By sound: jazz, whatever it is about. Each modality
# sees something of its own. That is the reason to hope that together they know more than each
# alone.
#
# ## Step 3: from features to guesses, and their weighted sum
#
# Hope is not a measurement, so set up a test: **new releases**. A fifth of the tracks is hidden,
# with all their ratings, as if they came out tomorrow. Who will like which of them?

# %%
from mmrec_course.evaluation import cold_item_split

split = cold_item_split(mosaic.ratings, rng=0)
print(
    f"{len(split.train_valid):,} ratings to learn from,",
    len(split.candidates),
    "new tracks to rank",
)

# %% [markdown]
# A *collaborative* recommender, one that only looks at who liked what, has nothing to go on here:
# nobody has rated these tracks. Ask one, EASE (lesson 07), what it thinks of them:

# %%
from mmrec_course.recommenders import EASE

people_only = EASE().fit(split.train_valid)
print(np.unique(people_only.score(people_only.user_ids_, split.candidates)))

# %% [markdown]
# Zero, for every listener and every new track. *Content* (covers, words, sounds) can do better. For
# each modality, a *ridge regression* learns from a listener's past ratings which features go with liking
# (`ContentRidge`; lesson 08 builds it; `reg` keeps it from trusting few ratings too much). It then
# gives every new track a guess $y_m$. It is not in stars: 0 is neutral, higher is a better match.
# Here are the guesses for one listener and three tracks:

# %%
from mmrec_course.recommenders import ContentRidge

listener = "u416"
models = {m: ContentRidge(modality=m, reg=10.0).fit(split.train_valid, blocks) for m in blocks}
guesses = {m: model.score([listener], split.candidates) for m, model in models.items()}
for m, y in guesses.items():
    print(f"{m:6}", np.round(y[0, :3], 2), f"spread {y.std():.2f}")

# %% [markdown]
# Before adding, look at the spreads. All three guess the same thing, but some more boldly than
# others, and a bold one would drown the rest: a weight of 0.4 would mean little. So first bring
# each to the same scale (subtract the mean, divide by the standard deviation: a *z-score*), then
# take the weighted sum. The weights are those of the snippet, chosen before looking at any result;
# lesson 08 learns them from data. For the first new track:

# %%
w = {"image": 0.3, "text": 0.4, "audio": 0.3}
z = {m: (y - y.mean()) / y.std() for m, y in guesses.items()}
fused = sum(w[m] * z[m] for m in w)
print(" + ".join(f"{w[m]} · {z[m][0, 0]:.2f}" for m in w), f"= {fused[0, 0]:.2f}")

# %% [markdown]
# That is all of weighted fusion. A fused score is not a number of stars: 0 is an average new track
# for this listener, 1 is clearly better than average.
#
# The package does the same, and one thing more. Where a track has no cover, the plain sum counts
# the cover as a 0. `weighted_sum` passes its weight on to the modalities that are there. So both
# must agree for complete tracks, and differ for the others:

# %%
from mmrec_course.fusion import standardize_scores, weighted_sum

present = {m: blocks[m].align(split.candidates).present for m in blocks}
scaled = {m: standardize_scores(y) for m, y in guesses.items()}
complete = np.all(list(present.values()), axis=0)
same = np.isclose(weighted_sum(scaled, w, present), fused)[0]
print(int(complete.sum()), "complete tracks, all equal:", same[complete].all())
print(int((~complete).sum()), "with a gap, equal:", int(same[~complete].sum()))

# %% [markdown]
# Now the same for any listener and any tracks, and the ten best for ours. Which of them did the
# listener go on to like, as the hidden ratings tell?


# %%
from types import SimpleNamespace

from mmrec_course.display import show_items, stars


def fuse(models, blocks):
    def score(user_ids, item_ids):
        y = {m: model.score(user_ids, item_ids) for m, model in models.items()}
        present = {m: block.align(item_ids).present for m, block in blocks.items()}
        return weighted_sum({m: standardize_scores(y[m]) for m in y}, w, present)

    return SimpleNamespace(score=score)


models["fused"] = fuse(dict(models), blocks)
best = np.argsort(-models["fused"].score([listener], split.candidates)[0], kind="stable")
ten = split.candidates[best[:10]]
hidden = split.test[split.test["user_id"] == listener].set_index("item_id")["rating"]
captions = [stars(hidden[i]) if i in hidden.index else "not rated" for i in ten]
show_items(mosaic.items, ten, captions=captions)

# %% [markdown]
# Two hits; what the listener would have said of the other eight, nobody knows. A measure makes this
# precise. **NDCG@10** is 1 if the list begins with the tracks that the listener liked, 0 if it has
# none of them, and a hit counts for more the nearer it is to the top. Tracks that were not rated
# count as misses, so even good lists score far below 1: compare with chance. **Recall** is the
# share of the liked tracks that made the list.

# %%
from mmrec_course.evaluation import compare, evaluate

results = {name: evaluate(model, split) for name, model in models.items()}
mine = results["fused"].loc[listener]
print(f"NDCG@10 {mine['ndcg']:.2f}, recall {mine['recall']:.2f} of {mine['n_relevant']:.0f} liked")

# %% [markdown]
# One listener is an anecdote. Is the sum better than its parts for everybody, on average?
#
# Two more rows keep us honest. *Chance* ranks at random. The *placebo* is the same weighted sum,
# but with the features dealt out anew among the tracks, like a deck of cards: same numbers, wrong
# tracks. If the placebo did well too, our features would be decoration.

# %%
from mmrec_course.recommenders import Random

shuffled = {m: block.shuffle(rng=1) for m, block in blocks.items()}
decoys = {m: ContentRidge(modality=m, reg=10.0).fit(split.train_valid, shuffled) for m in shuffled}
models["placebo"] = fuse(decoys, shuffled)
models["chance"] = Random().fit(split.train_valid, blocks)
for name in ("placebo", "chance"):
    results[name] = evaluate(models[name], split)

# %%
from mmrec_course.display import print_table

table = compare(results, metric="ndcg", baseline="text")
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]])

# %% [markdown]
# `low` and `high` are a 95 % interval for the mean: with other listeners of the same kind and the
# same tracks, it would lie about there. `difference` is each row minus *text*, the highest single
# modality here, with its own interval (computed before rounding).

# %%
from mmrec_course.plotting import plot_comparison

ax = plot_comparison(
    table,
    title="Three modalities together rank new tracks better than any one",
    chance=table.loc["chance", "mean"],
)
finish(ax, alt="NDCG@10 with intervals: fused first, then text, audio, image; placebo at chance")

# %% [markdown]
# Read it from the bottom. The placebo is at chance, so it is the content that counts and not the
# machinery. Each modality alone beats chance. The fused model beats the best of them, and the
# interval of the difference stays above zero.
#
# Which modality is the best alone? The intervals of those differences reach zero, so do not crown
# one. Did you expect more of sound, after its convincing neighbours? Neighbours of one track are an
# anecdote too. And remember what the figure shows: in a made-up world in which looks, words and
# sound all matter, fusion finds that out. It does not show that covers matter to people.
#
# ## Step 4: a recommender
#
# In a real shop most tracks are not new, and what other listeners did says a lot about them.
# `MultimodalRecommender` (lesson 11) adds two parts up. The **collaborative part** scores a track by
# who else chose it (lesson 07), so it has nothing to say about new tracks. The **content part** is a
# ridge regression from features to scores, like the three of step 3, with two differences. It is one
# regression on all three modalities, with weights learned from the training ratings. And it learns
# from the scores of the collaborative part, which every listener has for every rated track, not from
# the few ratings of one listener. Where a track has ratings, the collaborative part counts for most of
# the score; a new track has its content alone.
#
# Does content still help where tracks have ratings (*warm* items, in the field's words; new ones are
# *cold-start* items)? This time each listener's last tenth of ratings is held out, and all 480 tracks
# are ranked, not only 96, so every number is smaller. `MultimodalRecommenderCV` is the same model,
# but chooses its settings by cross-validation on the training ratings, once with and once without
# content, so that the comparison is fair:

# %%
from mmrec_course.evaluation import temporal_split
from mmrec_course.recommenders import MultimodalRecommenderCV, Popularity

past = temporal_split(mosaic.ratings)
warm = {
    "collaborative only": MultimodalRecommenderCV().fit(past.train_valid),
    "with content": MultimodalRecommenderCV().fit(past.train_valid, blocks),
    "popularity": Popularity().fit(past.train_valid),
    "chance": Random().fit(past.train_valid),
}
warm_table = compare({name: evaluate(model, past) for name, model in warm.items()})
print_table(warm_table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# With content the mean is a little higher, but the interval of the difference includes zero: for
# these 600 listeners' warm tracks, content has not been shown to help. For new tracks it was all
# there was. The course will measure this again and again: content matters most where ratings are few.
#
# A shop has warm tracks and new ones, and wants *one* list of both. So learn from what was known
# before the new releases of step 3, and rank all 480 tracks for our listener. `cold_discount` lowers
# the scores of tracks without ratings. Between 0 and 1, it decides how much attention new releases get;
# old ratings can hardly say what is best, for they know only what people came across (lesson 11). We
# take 0.5, the default. How many of the ten will be new?

# %%
from mmrec_course.recommenders import MultimodalRecommender

model = MultimodalRecommender(cold_discount=0.5).fit(split.train_valid, blocks)
top = model.recommend([listener], k=10)
parts = model.explain(listener, top["item_id"])
print("parts sum to the scores:", np.allclose(parts.sum(axis=1), top["score"]))
everybody = model.recommend(model.user_ids_, k=10)["item_id"]
for who, listed in {"this listener": top["item_id"], "everybody": everybody}.items():
    print(f"new tracks in the list of {who}: {listed.isin(split.candidates).mean():.0%}")

# %%
from mmrec_course.display import show_history_and_list

rated = split.train_valid[split.train_valid["user_id"] == listener].sort_values("timestamp")
history = rated[rated["rating"] == 5].tail(6)
counts = split.train_valid["item_id"].value_counts()
captions = [f"{counts[i]} ratings" if i in counts else "new" for i in top["item_id"]]
later = [f", then {stars(hidden[i])}" if i in hidden.index else "" for i in top["item_id"]]
captions = np.char.add(captions, later).tolist()
show_history_and_list(mosaic.items, history, top, parts, captions=captions)

# %% [markdown]
# First the tracks that the listener had given five stars, then ten that the model would show next, each
# with its score split into parts: *collaborative* (0 for a new track), what the sound, the cover and the
# words say (about 0 where the track lacks them), and *popularity*, how popular tracks with such
# features usually are. The parts add up to the score, so you can see which part put a track where it is.
#
# Warm tracks owe their place to what listeners did; their content adds or takes a little. New ones owe
# it to their content alone. Three of the ten are new. Over everybody's lists it is one in eleven, where
# a fifth of the shop is new. Stars are what the held-out ratings tell: one of the three got five, the
# other two were not rated. Scores are for comparing tracks within this list. Play some, and judge for
# yourself.
#
# ## What goes wrong
#
# - **Adding what has no common scale.** The snippet at the top did. Here, z-scores came first.
# - **Being impressed by a number without its interval.** Both tables on this page have intervals; one
#   listener's NDCG and four neighbours are anecdotes.
# - **Taking the training data for the test.** A model that had seen the new tracks' ratings would
#   look splendid. Lesson 06 shows this trap and five more at work.
# - **Expecting too much.** On warm tracks content added nothing that we could show. Lesson 11 gives the
#   whole answer in one table.
#
# ## Your turn
#
# 1. In the second cell, set `track = "t413"` and run all cells. Which modality finds the neighbours
#    that you would have chosen?
# 2. In step 3, try `w = {"image": 1.0, "text": 0.0, "audio": 0.0}`. Which row of the table is
#    *fused* now close to, and why?
# 3. Set `listener = "u124"` where step 3 first names one. Which part has the longest bars in their
#    list?
# 4. Draw a figure of your own, say a histogram of `mosaic.ratings["rating"]`: call `use_style()` from
#    `mmrec_course.plotting` first, and `finish` with a description last.
#
# What the numbers mean is the work of the next lessons, and from [lesson
# 01](01_the_catalogue.ipynb) on each has exercises with checks.
#
# ## Recap
#
# - *Multimodal* data are several kinds of data about the same item: here a cover, words, a sound.
# - Four steps: preprocess → extract features → fuse → recommend.
# - *Weighted fusion* is $\hat y = \sum_m w_m y_m$, after all $y_m$ are on one scale, with weights
#   passed on where a modality is missing.
# - On new tracks, which nobody has rated, three modalities together ranked better than the best
#   single one. A placebo ranked like chance. On warm tracks content was not shown to help.
#
# ## Sources
#
# - Baltrušaitis, Ahuja and Morency (2019), *Multimodal machine learning: a survey and taxonomy*,
#   IEEE TPAMI 41(2): the ways to fuse, of which this page used one (*late* fusion, of guesses).
# - Deldjoo, Schedl, Cremonesi and Pasi (2020), *Recommender systems leveraging multimedia
#   content*, ACM Computing Surveys 53(5): what content brings to recommenders.
# - Steck (2019), *Embarrassingly shallow autoencoders for sparse data*, WWW: the EASE model.
# - Hu, Koren and Volinsky (2008), *Collaborative filtering for implicit feedback datasets*, ICDM:
#   the iALS model. Both are in the collaborative part.
# - Hoerl and Kennard (1970), *Ridge regression*, Technometrics 12(1).
