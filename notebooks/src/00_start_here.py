# %% [markdown]
# # 00 · Start here: from pictures, words and sounds to ten recommendations
#
# **Aim** See the whole course on one page: raw media become numbers, the numbers are fused, and a
# listener gets ten recommendations that you can look at, play and question.<br>
# **Time** {minutes} minutes.<br>
# **Needs** Python and a little NumPy; this course's environment. Nothing is downloaded.

# %%
from mmrec_course.datasets import load_mosaic

mosaic = load_mosaic()
mosaic

# %% tags=["slide-one-track"]
from mmrec_course.display import show_track

track = "t268"
show_track(mosaic.items, track)

# %% [markdown]
# You have just met one track of *Mosaic*, a small music shop. You can look at its cover, read
# what the shop says about it and press play. Several kinds of data about one item: this is what
# **multimodal data** means.
#
# Mosaic is made up: its artists, its music and its listeners. A result here shows that a method
# does what is claimed of it. It does not show that real people behave so. Lesson 01 tells how
# this world was made.

# %% [markdown]
# ## The idea
#
# Listeners rate tracks with one to five stars; four or five count as *liked*. A **recommender
# system** predicts how much a listener, its *user*, will like a track, its *item*, that they have not
# rated yet. Each kind of data is a **modality**: the cover (image), the words (text), the sound
# (audio). So there can be three predictions, one from each modality. **Weighted fusion** adds them up:
#
# $$\hat y = \sum_m w_m \, y_m$$
#
# In words: the fused score $\hat y$ is the sum, over the modalities $m$, of weight $w_m$ times
# predicted score $y_m$. Many tutorials show it like this:

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
# A **feature** is a number that says something about the item; a row of them is a *feature vector*.
# Start with a simple one for a picture: how much of it has which colour. By hand, for eight hues from
# red (first) through green and blue back to red:

# %%
import cv2

hue, saturation, value = cv2.split(cv2.cvtColor(cover, cv2.COLOR_RGB2HSV))
counts, _ = np.histogram(hue, bins=8, range=(0, 180))  # OpenCV halves the angle
print(np.round(counts / counts.sum(), 2))

# %% [markdown]
# Nearly all of this cover is in the fifth bin: blue. The package does a little more in the same
# spirit. For pictures: a histogram of hue, saturation and brightness, and mean, standard deviation
# and skewness of the colours. For words: TF-IDF, which counts words and reduces the weight of those
# that most texts have. For sounds: harmony, rhythm, and above all *timbre*, which is how the energy is
# distributed from low to high pitches. A spectrogram shows this, moment by moment (the *mel* scale: lesson 05):

# %%
import librosa

from mmrec_course.plotting import finish, plot_spectrogram

mel = librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=22050, hop_length=512))
ax = plot_spectrogram(mel, sr=22050, hop=512, title=f"Spectrogram of “{row['title']}”")
finish(ax, alt="Log-mel spectrogram of one track: time to the right, pitch upwards")

# %% [markdown]
# Some of these features are *learned*: which words exist, and how common each is. What learns may not
# look at the items that we shall test on later. So set those aside now: 96 tracks, a fifth of the
# shop, with all their ratings, as if they came out tomorrow. An item without ratings is a **cold-start
# item**; one that has ratings is a **warm item**. In the split, `train_valid` holds the ratings to learn
# from, and `candidates` the items to rank:

# %%
from mmrec_course.evaluation import cold_item_split

split = cold_item_split(mosaic.ratings, rng=0)
train, new_releases = split.train_valid, split.candidates
print(f"{len(train):,} ratings to learn from, {len(new_releases)} cold-start items to rank")

# %%
from mmrec_course.features import extract_features

blocks = extract_features(mosaic, fit_items=train["item_id"].unique())
for modality, block in blocks.items():
    print(f"{modality:6}", block.values.shape, "missing:", int((~block.present).sum()))

# %% [markdown]
# A *feature block* is a table: a row for each track, in `block.values`, and in `block.present`
# whether the track has that modality at all. Some tracks lack one, as in any real shop.
#
# Are these numbers any good? Ask each modality which tracks are most similar to ours. **Cosine
# similarity** compares the directions of two rows: 1 is the same, 0 unrelated, −1 opposite. First
# subtract the mean row. Otherwise all rows point in much the same direction, that of the average
# track, and everything looks alike. (Here we only look around, so all tracks may take part in the mean.)


# %%
def nearest(block, item_id, k=4):
    x = block.values - block.values[block.present].mean(axis=0)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    similarity = np.where(block.present, x @ x[block.item_ids == item_id][0], -1)
    order = np.argsort(-similarity, kind="stable")
    return block.item_ids[order[1 : k + 1]]  # order[0] is the track itself


# %% tags=["predict"]
from mmrec_course.display import show_items

show_items(mosaic.items, nearest(blocks["image"], track), columns=4)

# %% [markdown]
# Covers of the same colours, whatever the music. Now by words, then by sound (play them):

# %%
show_items(mosaic.items, nearest(blocks["text"], track), columns=4)

# %% tags=["slide-neighbours-by-sound"]
show_items(mosaic.items, nearest(blocks["audio"], track), columns=4)

# %% [markdown]
# By words: boats and harbours, in any genre. By sound: jazz. Each modality shows
# something of its own. That is the reason to hope that together they know more than each
# alone.
#
# ## Step 3: from features to predicted scores, and their weighted sum
#
# Now the test. Who will like which of the 96 new releases?
#
# A model of **collaborative filtering** looks only at who rated what, and how. It has nothing to go
# on here, for nobody has rated these tracks. Ask one, EASE (lesson 07), what it predicts for them:

# %% tags=["predict"]
from mmrec_course.recommenders import EASE

ease = EASE().fit(train)
print(np.unique(ease.score(ease.user_ids_, new_releases)))

# %% [markdown]
# Zero, for every listener and every new release. *Content* (covers, words, sounds) can do better.
# `ContentRidge` learns from the ratings of a listener which features go with high ones. What it predicts
# are **centred ratings**: stars minus 2.5, and 0 for a track that the listener did not rate.
#
# The method is **ridge regression**: a linear model whose coefficients are kept small. That is needed
# because a listener has few ratings, and a track has many features. Keeping coefficients small is called
# **regularisation**; `reg` is its strength. (Lesson 08 builds the model.)
#
# There is one model for each modality. Here are the predicted scores for one listener and three new
# releases. A score of exactly 0 means that the track lacks the modality:

# %%
from mmrec_course.recommenders import ContentRidge

listener = "u416"
models = {m: ContentRidge(modality=m, reg=10.0).fit(train, blocks) for m in blocks}
scores = {m: model.score([listener], new_releases) for m, model in models.items()}
for m, y in scores.items():
    print(f"{m:6}", np.round(y[0, :3], 3), f"standard deviation {y.std():.3f}")

# %% [markdown]
# Look at the standard deviations before you add anything. All three predict the same thing, but the
# scores of audio vary three times as much as those of text. In a plain sum audio would count for more
# than its weight says. So first bring each to the same scale: subtract the mean, divide by the
# standard deviation. The result is called a *z-score*. Then take the weighted sum. The weights are
# those of the snippet, chosen before looking at any result; lesson 08 learns them from data. For the
# first new release:

# %%
w = {"image": 0.3, "text": 0.4, "audio": 0.3}
z = {m: (y - y.mean()) / y.std() for m, y in scores.items()}
fused = sum(w[m] * z[m] for m in w)
print(" + ".join(f"{w[m]} · {z[m][0, 0]:.2f}" for m in w), f"= {fused[0, 0]:.2f}")

# %% [markdown]
# That is all of weighted fusion. A fused score is not a number of stars: 0 is an average new release
# for this listener, 1 is clearly better than average.
#
# The package does the same, and one thing more. Where a track has no cover, its image score is the 0 that
# you saw above, and the plain sum uses it as if it were a prediction. `weighted_sum` leaves it out and
# renormalises the weights over the modalities that are present: they add up to 1 again. (Where no
# weighted modality is present, the fused score is 0, an average track.) Here it is for any users and
# items, as an object with a `score` method, which is all that evaluation needs of a model:

# %%
from mmrec_course.fusion import standardize_scores, weighted_sum


class LateFusion:
    def __init__(self, models, blocks, weights):
        self.models, self.blocks, self.weights = models, blocks, weights

    def score(self, user_ids, item_ids):
        scores = {m: model.score(user_ids, item_ids) for m, model in self.models.items()}
        scaled = {m: standardize_scores(y) for m, y in scores.items()}
        present = {m: self.blocks[m].align(item_ids).present for m in scores}
        return weighted_sum(scaled, self.weights, present)


late = LateFusion(models, blocks, w)
complete = np.all([blocks[m].align(new_releases).present for m in blocks], axis=0)
same = np.isclose(late.score([listener], new_releases), fused)[0]
print(complete.sum(), "complete tracks, all equal to the sum by hand:", same[complete].all())
print((~complete).sum(), "tracks with a gap, equal:", same[~complete].sum())

# %% [markdown]
# Now the ten best for our listener. Which of them did the listener go on to like, as the held-out
# ratings tell?

# %%
from mmrec_course.display import stars

order = np.argsort(-late.score([listener], new_releases)[0], kind="stable")
ten = new_releases[order[:10]]
held_out = split.test[split.test["user_id"] == listener].set_index("item_id")["rating"]
captions = [stars(held_out[i]) if i in held_out.index else "not rated" for i in ten]
show_items(mosaic.items, ten, captions=captions)

# %% [markdown]
# Two hits; what the listener would have said of the other eight, nobody knows. A measure makes this
# precise. **NDCG@10** is 1 if the list begins with the tracks that the listener liked, 0 if it has
# none of them, and a hit counts for more the nearer it is to the top. Tracks that were not rated
# count as misses, so even good lists score far below 1: compare with chance. **Recall** is the
# share of the liked tracks that are in the list.

# %%
from mmrec_course.evaluation import compare, evaluate

results = {name: evaluate(model, split) for name, model in models.items()}
results["fused"] = evaluate(late, split)
mine = results["fused"].loc[listener]
print(f"NDCG@10 {mine['ndcg']:.2f}, recall {mine['recall']:.2f} of {mine['n_relevant']:.0f} liked")

# %% [markdown]
# One listener proves nothing. Is the sum better than its parts, on average over all listeners?
#
# Two more rows keep us honest. *Chance* ranks at random. The **permutation control** is the same
# weighted sum with the rows of the features permuted among the tracks: the same numbers, on the wrong
# tracks. If it did well too, the features would not matter. (It is also called a *placebo*.)

# %%
from mmrec_course.recommenders import Random

permuted = {m: block.shuffle(rng=1) for m, block in blocks.items()}
wrong = {m: ContentRidge(modality=m, reg=10.0).fit(train, permuted) for m in permuted}
results["permuted"] = evaluate(LateFusion(wrong, permuted, w), split)
results["chance"] = evaluate(Random().fit(train, blocks), split)

# %% tags=["predict"]
from mmrec_course.display import print_table

table = compare(results, metric="ndcg", baseline="text")
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# `low` and `high` are a 95 % **confidence interval** of the mean. It says how far the mean would move
# if other listeners of the same kind had been asked about the same tracks (lesson 06). `difference`
# is each row minus *text*, the highest single modality here, with its own interval.

# %% tags=["slide-fused-and-single"]
from mmrec_course.plotting import plot_comparison

ax = plot_comparison(
    table,
    title="Three modalities together beat any one",
    chance=table.loc["chance", "mean"],
)
finish(
    ax,
    alt="NDCG@10 with intervals: image, text and audio between .17 and .20, fused .25, "
    "permuted and chance below .1",
)

# %% [markdown]
# The permutation control is not above chance, so the gain comes from the content and not from the
# method. Each modality alone beats chance. The fused model beats the best of them, and the
# interval of the difference stays above zero.
#
# Which modality is the best alone? The intervals of image and audio overlap with that of text, so look
# at the differences. Audio's interval contains zero. Image's ends just below zero, on one split. So the
# order of the three is not settled here. (From lesson 03 on, a running table asks again, on five splits.)
#
# Did you expect more of sound, after its convincing neighbours? Four neighbours of one track prove
# nothing either. And remember what the figure shows: in a made-up world in which looks, words and sound
# all matter, fusion finds that out. It does not show that covers matter to people.
#
# ## Step 4: a recommender
#
# In a real shop most items are warm, and what other users did says a lot about them. So the final
# model of this course, `MultimodalRecommender`, adds up two parts:
#
# - the **collaborative part** scores a track by who else chose it (lesson 07);
# - the **content part** predicts that collaborative score from the features, by ridge regression.
#   A cold-start item has no collaborative score, but its features give a prediction of one. The part is
#   itself a sum: a term for each modality, and a term for the popularity that the features predict.
#
# For a warm item the collaborative part has most of the weight, for a cold-start item all the weight
# is on content. Lesson 11 builds the model line by line.
#
# Does content still help where items have ratings? Now each listener's last tenth of ratings is held
# out, and all 480 tracks are ranked, not only 96, so compare no number with those above:

# %% tags=["predict", "slide-warm-items"]
from mmrec_course.evaluation import temporal_split
from mmrec_course.recommenders import MultimodalRecommender, Popularity

warm_split = temporal_split(mosaic.ratings)
warm_train = warm_split.train_valid
warm_blocks = extract_features(mosaic, fit_items=warm_train["item_id"].unique())
warm_models = {
    "collaborative only": MultimodalRecommender().fit(warm_train),
    "with content": MultimodalRecommender().fit(warm_train, warm_blocks),
    "popularity": Popularity().fit(warm_train),
}
warm_results = {name: evaluate(model, warm_split) for name, model in warm_models.items()}
warm_table = compare(warm_results)
print_table(warm_table[["mean", "low", "high", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# With content the mean is a little higher, by 0.007, and the interval of the difference begins at zero.
# Both models have default settings here, which were not tuned for a model without content. Lesson 11
# *tunes* both: it tries many settings on validation data and keeps the best. Then 0.001 [−0.009, 0.011] is
# left. So on warm items content has not been shown to help *this* model. Its collaborative part is two
# models: EASE, and iALS, which describes each user and each item by a few learned numbers (lesson 07).
# Beside EASE alone, content helps a little (lessons 06 and 08).
#
# On cold-start items content was all there was. Lesson 13 asks real people: there too, content matters
# most for items that nobody has rated.
#
# A shop has warm and cold-start items, and wants *one* list of both. So go back to the new releases of
# step 3, and rank all 480 tracks for our listener. The **cold-item discount** $\delta$ multiplies the
# scores of items without ratings by $1 - \delta$: a score that rests on features alone is less certain.
# We keep the default, 0.5. How many of the ten will be new?

# %% tags=["predict"]
model = MultimodalRecommender(cold_discount=0.5).fit(train, blocks)
top = model.recommend([listener], k=10)
parts = model.explain(listener, top["item_id"])
print("parts sum to the scores:", np.allclose(parts.sum(axis=1), top["score"]))
all_lists = model.recommend(model.user_ids_, k=10)["item_id"]
print(f"cold-start items in this list: {top['item_id'].isin(new_releases).mean():.0%}")
print(f"cold-start items in all lists: {all_lists.isin(new_releases).mean():.0%}")

# %%
from mmrec_course.display import show_history_and_list

rated = train[train["user_id"] == listener].sort_values("timestamp")
history = rated[rated["rating"] == 5].tail(6)
counts = train["item_id"].value_counts()
captions = [f"{counts[i]} ratings" if i in counts else "new" for i in top["item_id"]]
later = [f", then {stars(held_out[i])}" if i in held_out.index else "" for i in top["item_id"]]
captions = np.char.add(captions, later).tolist()
show_history_and_list(mosaic.items, history, top, parts, captions=captions)

# %% [markdown]
# First the tracks that the listener had given five stars, then ten that the model would show next. Each
# score is split into the terms of step 4, bars and numbers, that add up to it (before rounding):
# *collaborative* (0 for a cold-start item), what the sound, the cover and the words add, and *popularity*,
# how popular tracks with such features usually are. The terms of a cold-start item are those after the
# discount. A modality that a track lacks has 0.00, and so has any term that rounds to it.
#
# Warm items owe their place to what other listeners did; their content adds or takes a little.
# Cold-start items owe it to their content alone. Three of the ten are new, and one of these three got
# five stars later; the other two were not rated. In all lists it is one in eleven, where a fifth of the
# shop is new. Scores are for comparing tracks within one list. Play some, and decide for yourself.
#
# ## What goes wrong
#
# - **Adding what has no common scale.** The snippet at the top did. Here, z-scores came first.
# - **Being impressed by a number without its interval.** Both tables on this page have intervals; one
#   listener's NDCG and four neighbours prove nothing.
# - **Taking the training data for the test.** A model that had seen the ratings of the new releases
#   would look splendid. So would features that learned from them. Lesson 06 shows six traps.
# - **Expecting too much.** On warm items content added nothing that we could show to a good collaborative
#   part. Lesson 11 gives the whole answer in one table.
#
# ## Your turn
#
# 1. In the second cell, set `track = "t413"` and run all cells. Which modality finds the neighbours
#    that you would have chosen?
# 2. In step 3, try `w = {"image": 1.0, "text": 0.0, "audio": 0.0}`. Which row of the table is
#    *fused* now equal to, and why?
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
# - *Weighted fusion* is $\hat y = \sum_m w_m y_m$, after all $y_m$ are on one scale, with the weights
#   renormalised over the modalities that are present.
# - On cold-start items three modalities together ranked better than the best single one, and permuted
#   features no better than chance. On warm items content was not shown to help the final model.
#
# ## Sources
#
# - Baltrušaitis, Ahuja and Morency (2019), *Multimodal machine learning: a survey and taxonomy*,
#   IEEE TPAMI 41(2): the ways to fuse, of which this page used one (*late* fusion, of predicted scores).
# - Deldjoo, Schedl, Cremonesi and Pasi (2020), *Recommender systems leveraging multimedia
#   content*, ACM Computing Surveys 53(5): what content brings to recommenders.
# - Steck (2019), *Embarrassingly shallow autoencoders for sparse data*, WWW: the EASE model.
# - Hu, Koren and Volinsky (2008), *Collaborative filtering for implicit feedback datasets*, ICDM:
#   the iALS model. Both are in the collaborative part.
# - Hoerl and Kennard (1970), *Ridge regression*, Technometrics 12(1).
