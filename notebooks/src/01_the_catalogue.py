# %% [markdown]
# # 01 · The catalogue: what the data are, and how they came about
#
# **Aim** Read a multimodal data set before any model does: what it holds, what is missing, which
# ratings exist and why, and how this data set was made.<br>
# **Time** {minutes} minutes, exercises 20 to 65 more.<br>
# **Needs** NumPy and pandas. [Lesson 00](00_start_here.ipynb) shows where all this leads.

# %%
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic

mosaic = load_mosaic()
mosaic

# %% [markdown]
# That line is the whole shop: 480 tracks, 600 listeners, 25,000 ratings. It also says that not
# every track has everything. We take it apart step by step.
#
# ## One track, three modalities
#
# Here are two songs about the road. Look, read, press play. What told you first that they are not
# for the same evening?

# %% tags=["slide-two-roads"]
from mmrec_course.display import show_track

fast, slow = "t005", "t032"
show_track(mosaic.items, fast)
show_track(mosaic.items, slow)

# %% [markdown]
# The texts say that both are about driving. The covers and the sounds could hardly be further apart.
#
# - A **modality** is a kind of data with its own form: a picture, words, sound. **Multimodal data**
#   are several modalities of the same item.
# - **Metadata** are facts that somebody typed into a field: title, artist, genre, release date. They
#   need no decoding, and they are only as good as the fields.
# - **Interactions** are what users did with the items: here, ratings.
#
# What is in one row of the catalogue?

# %%
from mmrec_course.display import print_table

row = mosaic.items.loc[fast]
files = {name: Path(row[name]).name for name in ("image", "audio")}
print_table(pd.Series({**row, **files}, name=fast))

# %% [markdown]
# Four fields of metadata, then the modalities. A table cannot hold a picture, so `image` and
# `audio` hold the path of a file, and `text` holds the words themselves. (The sound file is a *clip*: a few
# seconds of the track.) What does a computer get
# when it opens them? And how many tracks have them?

# %%
from mmrec_course.preprocessing import load_audio, load_image, tokenize

cover, wave, words = load_image(row["image"]), load_audio(row["audio"]), tokenize(row["text"])
meaning = ["rows × columns × red, green, blue", "words in order", "air pressures in order"]
shapes = [cover.shape, (len(words),), wave.shape]
table = pd.DataFrame({"once decoded": meaning, "shape": shapes}, index=list(mosaic.modalities))
print_table(table.assign(tracks=mosaic.present().sum()))

# %% [markdown]
# The three shapes do not fit together, and none of the three modalities covers the whole shop.
# Lessons 02 to 05 turn them into numbers that can be compared.
#
# ## Who rated what
#
# The other half of the data set are the interactions. One row is one rating:

# %%
ratings = mosaic.ratings
print_table(ratings.head(), index=False)

# %% [markdown]
# Four columns: who, what, how many stars, when. In this course ratings always come so. The same data
# can be written as a **user–item matrix**, $R$: a row for each user, a column for each item, and the
# rating in the cell. It has $U$ rows and $I$ columns. Here are twelve listeners and ten tracks:

# %%
users, items = mosaic.users.index, mosaic.items.index
R = ratings.pivot_table(index="user_id", columns="item_id", values="rating")
R = R.reindex(index=users, columns=items)  # (n_users, n_items), NaN where there is no rating
print_table(R.iloc[:12, :10], digits=0)

# %% [markdown]
# Mostly dashes. How full is it? The **density** is the number of ratings over the number of cells.
# The **sparsity** is the rest: the share of user–item pairs without a rating.
#
# $$\text{density} = \frac{\text{ratings}}{U \cdot I}, \qquad \text{sparsity} = 1 - \text{density}$$

# %%
density = len(ratings) / R.size
print(f"{len(ratings):,} ratings in {R.size:,} cells")
print(f"density {density:.1%}, sparsity {1 - density:.1%}")

# %% [markdown]
# Fewer than one cell in eleven is filled, and that is much. With ten times as many tracks, and the same
# number of ratings, it would be fewer than one in a hundred. Which stars do listeners give?

# %%
from mmrec_course.display import stars

counts = ratings["rating"].value_counts().sort_index()
shares = pd.DataFrame({"ratings": counts, "share": counts / len(ratings)})
print_table(shares.rename(index=stars))

# %% [markdown]
# More praise than blame. This does not show that the shop's music is good, as you will see below.
#
# To recommend, we often need less than stars: did the listener **like** the track? In this course a
# rating of 4 or 5 is a like. That gives a second matrix, `liked`: 1 where the rating is at least 4, and 0
# everywhere else.

# %% tags=["predict", "slide-zeros"]
liked = R >= 4
n_liked, n_lower, n_unrated = liked.sum().sum(), (R < 4).sum().sum(), R.isna().sum().sum()
print(f"liked {n_liked:,}, rated lower {n_lower:,}, never rated {n_unrated:,}")
print(f"never rated: {n_unrated / (n_unrated + n_lower):.0%} of the zeros in liked")

# %% [markdown]
# Read these zeros with care. Some ten thousand mean "did not like it much". Over a quarter of a million
# mean "never rated it". In the matrix both are 0, and every model of lesson 07 that learns from such a
# matrix has to deal with that.
#
# ## The long tail
#
# Are ratings equally frequent for all tracks? Sort the tracks by their number of ratings and look at
# the top tenth. A second number sums up the whole curve. The **Gini coefficient** is a measure of
# inequality. With counts $c_1 \le \dots \le c_n$,
#
# $$G = \frac{\sum_j (2j - n - 1)\, c_j}{n \sum_j c_j}.$$
#
# It is 0 if all tracks have equally many ratings, and nearly 1 if one track has them all.

# %% tags=["predict"]
per_track, per_user = R.count(), R.count(axis=1)
c = np.sort(per_track)
n = len(c)
top_tenth = c[-(n // 10) :].sum() / c.sum()
gini = (2 * np.arange(1, n + 1) - n - 1) @ c / (n * c.sum())
print(f"top tenth: {top_tenth:.0%} of the ratings, Gini {gini:.2f}")

# %% [markdown]
# A tenth of the tracks has a quarter of the ratings. For a feeling of 0.37: $G$ would be the same if 37 %
# of the tracks had no rating at all and the others had equally many. In the figure, look at how
# steeply the curve falls, and how long it stays low.

# %% tags=["slide-long-tail"]
from mmrec_course.plotting import finish, plot_long_tail

ax = plot_long_tail(per_track, title="A fifth of the tracks has 43 % of the ratings")
finish(
    ax,
    alt="Ratings per track, sorted: from 325 down to 2. The top fifth of the tracks hold "
    "43 % of the ratings; the second half of the tracks, 25 %.",
)

# %% [markdown]
# This shape is called the **long tail**: few items have a large share of the ratings, and many items have
# few. Are listeners as unequal as tracks? In the table, the row 50% is the median: half of them stay at
# or below it.

# %%
both = pd.DataFrame({"ratings per track": per_track.describe()})
both["ratings per listener"] = per_user.describe()
print_table(both.loc[["min", "25%", "50%", "75%", "max"]], digits=0)

# %% [markdown]
# Less so: quartiles and ends lie closer together. Every listener has given at least twelve
# ratings. But there are tracks of which ratings say next to nothing. What exactly is known about the
# track with the fewest?

# %%
rarest = per_track.idxmin()
its_ratings = ratings[ratings["item_id"] == rarest]
print_table(its_ratings.assign(rating=its_ratings["rating"].map(stars)), index=False)
show_track(mosaic.items, rarest)

# %% [markdown]
# The two lines at the top are *everything* that a recommender can know of this track if it only
# sees ids and ratings: two listeners, who do not agree. Below them is what *you* can know of it.
# Slow dub, deep bass, a goodbye that ends well. You could name somebody who would like it, and you
# did not need anybody's rating. That is the case for content, in one track.
#
# Lesson 00 called an item without ratings a **cold-start item**. With one or two ratings an item is
# hardly better off, so here count the tracks with fewer than five. How many are there as time goes by?
# And how many of those are *old*, in the shop since it opened?


# %%
def count_tracks(date):
    released = mosaic.items["released"] < date
    n_ratings = ratings.loc[ratings["timestamp"] < date, "item_id"].value_counts()
    few = released & (n_ratings.reindex(items, fill_value=0) < 5)
    old = few & (mosaic.items["released"] < "2023-01-01")  # there when the shop opened
    return {"date": date, "released": released.sum(), "fewer than 5": few.sum(), "old": old.sum()}


dates = pd.date_range("2023-04-01", "2025-01-01", freq="QS")
print_table(pd.DataFrame([count_tracks(date) for date in dates]), index=False)

# %% [markdown]
# At first nearly all tracks have few ratings, because the shop itself is new. That passes, but not for all.
# At the end of 2024, two of the four are old: hardly anybody ever took them. In between, many are
# releases: 13 of 16 in July 2024. How long does a release wait for its fifth rating?

# %%
nth = ratings.groupby("item_id").cumcount()  # 0 for a track's first rating; rows are in time order
fifth = ratings[nth == 4].set_index("item_id")["timestamp"]
releases = mosaic.items.loc[mosaic.items["released"] >= "2023-01-01", "released"]
days = (fifth.reindex(releases.index) - releases).dt.days
print(len(releases), "releases,", days.isna().sum(), "still wait; days for the others:")
print_table(days.quantile([0.25, 0.5, 0.75]).rename("days"), digits=0)

# %% [markdown]
# Half of the releases need more than three weeks, and a quarter two months or more. Each of them was a
# cold-start item first. Lesson 10 is about them.
#
# ## What is missing
#
# `present()` is the matrix $a_{im}$: 1 if item $i$ has modality $m$. How many tracks have which
# combination?

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import use_style

use_style()
present = mosaic.present()
combination = present.apply(lambda has: " + ".join(present.columns[has]), axis=1)
n_tracks = combination.value_counts()
_, ax = plt.subplots(figsize=(7, 3))
bars = ax.barh(n_tracks.index, n_tracks)
ax.bar_label(bars, padding=3)
ax.invert_yaxis()
ax.grid(visible=False, axis="y")
ax.set(xlabel="tracks", title="Four tracks in five have all three modalities")
finish(
    ax,
    alt="Tracks by combination of modalities: 390 have all three, 43 lack only sound, 25 "
    "only the cover, 16 only words, and 6 lack two. No track lacks all three.",
)

# %% [markdown]
# A model that needs complete tracks would lose 90 of 480. Here are the six that have only one modality
# left. Nothing on a card marks a missing text, so the caption says what the track has:

# %%
from mmrec_course.display import show_items

single = present[present.sum(axis=1) == 1]
captions = [f"has only {modality}" for modality in single.idxmax(axis=1)]
show_items(mosaic.items, single.index, captions=captions, columns=3)

# %% [markdown]
# What you may do about gaps depends on *why* something is missing. The field has three names, and
# lesson 10 works with them:
#
# - **missing completely at random**: the gap depends on nothing.
# - **missing at random**: the gap depends only on what is observed, say on the year of release.
# - **missing not at random**: the gap depends on what is not observed, say on how much listeners
#   would like the track.
#
# In Mosaic some data are missing by design, and completely at random: 6 % of the covers, 4 % of the texts
# and 10 % of the clips. Can the data confirm it? If gaps depended on how good a track is, tracks with and
# without a cover would have different mean ratings. So compute the difference. It is an estimate: with
# other tracks of the same kind it would be another number. How far could it move?
#
# A **bootstrap** gives an interval around the observed difference. Take the tracks with a cover, and
# draw as many again from them, with replacement. Do the same, separately, with the tracks without a cover.
# Compute the difference again. Repeat this two thousand times: the middle 95 % of the results are the
# interval.


# %% tags=["slide-gaps-in-media"]
def bootstrap(statistic, *groups, n_boot=2000, rng=0):
    rng = np.random.default_rng(rng)
    results = []
    for _ in range(n_boot):
        resampled = [rng.choice(group, len(group)) for group in groups]
        results.append(statistic(*resampled))
    low, high = np.quantile(results, [0.025, 0.975])
    return {"estimate": statistic(*groups), "low": low, "high": high}


def mean_difference(a, b):
    return a.mean() - b.mean()


mean_rating = R.mean()
rows = [
    {"modality": m, **bootstrap(mean_difference, mean_rating[has], mean_rating[~has])}
    for m, has in present.items()
]
print_table(pd.DataFrame(rows), index=False)

# %% [markdown]
# All three intervals contain zero: we see no sign that gaps and ratings have to do with each other. Two
# warnings. An interval that contains zero does not prove that there is nothing: the first two would also
# allow a difference of 0.29 stars. And **in real shops gaps are seldom completely at random**: old tracks
# lack covers, small labels send no sound. In exercise 4 covers are missing not at random.
#
# ## How Mosaic was made
#
# Mosaic is invented: no such artist, track or listener exists. That has one great use: we *know*
# what is true, and can ask how much of it a model finds out. It was made in four steps:
#
# 1. **facts**: each track gets a genre, a sound, a look, themes, a quality, a fame;
# 2. **media**: cover, words and clip are made from the facts, each with variations of its own;
# 3. **tastes**: each listener likes some facts and not others;
# 4. **ratings**: listeners come to the shop over two years and rate what they come across.
#
# One rule matters above all: listeners rate by the *facts*, and never by a feature that a lesson
# extracts from the media. So no feature is favoured: no listener's rating was computed from, say, lesson
# 03's colour histogram, which a model of that histogram would then find again.
#
# `ground_truth()` has what the makers know. First the facts behind the two songs about the road:

# %%
truth = mosaic.ground_truth()
categories = ("genre", "lead", "theme", "second_theme", "motif")
facts = pd.DataFrame({name: truth[name] for name in categories}, index=truth["item_ids"])
facts[truth["sound_names"]] = truth["sound"].astype(float)
facts[truth["look_names"]] = truth["look"].astype(float)
print_table(facts.loc[[fast, slow]].T, digits=1)

# %% [markdown]
# The numbers are in standard deviations from the average track. Only hue is not: it is an angle on the
# colour wheel, given as cosine and sine, each from −1 to 1. *Lead* is the leading instrument, *motif* the
# family of shapes on the cover. *Brightness* is a fact of the sound here: much energy at high pitches.
# *Valence* says how cheerful the music is.
#
# Check them: scroll up to the two covers and press play again. One is vivid, light and ornate, the other
# dark and bare; one is fast and loud, the other neither.
#
# Does a medium show a fact exactly? Compare the fact *lightness* of the look with the average pixel of
# each cover, 0 black to 1 white:

# %%
cover_paths = mosaic.items["image"].dropna()
mean_pixel = [load_image(path).mean() / 255 for path in cover_paths]
lightness = facts["lightness"].loc[cover_paths.index]
print(f"{len(mean_pixel)} covers, correlation {np.corrcoef(mean_pixel, lightness)[0, 1]:.1f}")

# %% [markdown]
# Close, not equal. This is why feature extraction can work here, and why it cannot be perfect.
#
# ### Tastes
#
# A listener's taste has four parts. Each is a taste for certain facts:
#
# | part | facts that it depends on | where they can be seen |
# |---|---|---|
# | sound | genre; tempo, energy, brightness, valence, acoustic | clip; the texts often name the genre |
# | words | theme and second theme | text |
# | looks | hue, lightness, vividness, ornament, motif | cover |
# | scene | four numbers: where a record was made, who knows whom | nowhere |
#
# The leading instrument is in none of them: one can hear it, and no listener cares.
#
# How much does each fact count in its part? Numbers like tempo are used as they are. A category like
# the motif needs **one-hot encoding**: a column for each category, 1 in the column of the track's own
# category and 0 elsewhere. A listener has one coefficient for each column, drawn at random. A column that
# hardly varies between tracks makes little difference to anybody. So a fact's share is, on average, the
# variance of its columns. For looks, the makers multiplied hue by 1.4 and ornament by 0.7:

# %%
look_columns = facts[truth["look_names"]] * [1.4, 1.4, 1, 1, 0.7]
motif_columns = pd.get_dummies(facts["motif"], dtype=float)
print_table(motif_columns.loc[[fast, slow]], digits=0)
variance = look_columns.var().rename({"hue_cos": "hue", "hue_sin": "hue"})
variance = variance.groupby(level=0, sort=False).sum()
variance["motif"] = motif_columns.var().sum()
print_table((variance / variance.sum()).rename("share of looks"))

# %% [markdown]
# Hue, lightness and vividness are three quarters of a taste in looks. The motif is a sixth, and it is
# divided over eight columns. Remember this in lesson 03: a feature that reads motifs and no colours knows
# little of what listeners care about.
#
# How much listener $u$ would like track $i$ is called **utility**:
#
# $$\text{utility}_{ui} = 2.6 \sum_{p} \text{attention}_{up} \, \text{fit}_{pui} +
# 0.6 \, \text{fit}_{\text{scene},ui} + 0.55 \, \text{quality}_i$$
#
# In words: add up the parts $p$ (sound, words, looks), then scene and quality. Quality is no part of
# a taste: it is the same for everybody. The others:
#
# - *Fit* says how well part $p$ of track $i$ fits the taste of $u$ (mean 0, standard deviation 1 for
#   each listener). For each part it is a matrix, listeners × tracks.
# - *Attention* is how much $u$ attends to that part, and sums to 1. It is a matrix, listeners × parts.
#
# The makers chose 2.6, 0.6 and 0.55. What do the first three listeners pay attention to?

# %%
attention = pd.DataFrame(truth["attention"], truth["user_ids"], ["sound", "words", "looks"])
print_table(attention.head(3).astype(float))

# %% [markdown]
# They differ: the second listener hardly looks at covers, the other two look more than anything. A
# single set of fusion weights is a compromise between them. [Deeper: weights in
# detail](deeper/08_weights_in_detail.ipynb), of lesson 08, returns to that.
#
# Now compute the formula by hand and compare it with what the makers stored (in two-byte numbers,
# so agreement is up to 0.01). How much does each summand count? Take its variance over the tracks,
# averaged over the listeners:

# %%
summands = {}  # each (n_users, n_items), but quality (n_items,)
for part in attention:
    a = attention[[part]].to_numpy()  # (n_users, 1)
    summands[part] = 2.6 * a * truth[f"part_{part}"].astype(float)
summands["scene"] = 0.6 * truth["part_scene"].astype(float)
summands["quality"] = 0.55 * truth["quality"].astype(float)
utility = pd.DataFrame(truth["utility"].astype(float), truth["user_ids"], truth["item_ids"])
print("equal up to 0.01:", np.allclose(sum(summands.values()), utility, rtol=0, atol=0.01))

variance = pd.Series({part: x.var(axis=-1).mean() for part, x in summands.items()})
print_table((variance / utility.var(axis=1).mean()).rename("share of utility"))

# %% [markdown]
# Sound, words and looks count about a quarter each. So the motif, a sixth of looks, is only some 4 % of
# utility. Scene and quality are together a fifth. The makers put nothing of them into covers, texts or
# clips, so no feature can measure them. Other listeners' ratings can still show them. Here is a first
# reason for using both.
#
# ### Ratings
#
# Which track does a listener take next? The chances are higher for tracks at the front of the shop
# (which is sorted by sales), for famous ones, for new ones, and for those of high utility to this
# listener. The stars are 1, plus 1 for each step that utility plus the *mood of the day* (random,
# standard deviation 0.6) exceeds. Without the mood, how often do the steps alone give the rating?

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS

without_mood = 1 + np.searchsorted(RATING_STEPS, utility)  # (n_users, n_items)
error = (R - without_mood).abs().to_numpy()[R.notna()]  # of the rated cells
print("steps:", RATING_STEPS)
print(f"equal {(error == 0).mean():.0%}, at most one star off {(error <= 1).mean():.1%}")

# %% [markdown]
# So nearly a third of the ratings are a star off by mood alone. No model can predict moods; an
# error of zero would be a reason for suspicion.
#
# Gaps in the media were at random. Are the gaps in $R$, too? For each listener, take the mean utility of
# the rated tracks minus that of the others:

# %% tags=["predict", "slide-gaps-in-ratings"]
mean_rated = utility.where(R.notna()).mean(axis=1)
mean_other = utility.where(R.isna()).mean(axis=1)
print(f"rated {mean_rated.mean():.2f}, not rated {mean_other.mean():.2f}")
difference = bootstrap(np.mean, (mean_rated - mean_other).to_numpy())
print_table(pd.DataFrame(difference, index=["rated minus not rated"]))
print("positive for", (mean_rated > mean_other).sum(), "of", len(users), "listeners")

# %% [markdown]
# That is 2.7 units of utility. Neighbouring steps are 1.3 or 1.4 apart, so that is about two
# steps, and the sign is the same for every single listener. Listeners rate what they chose, and they
# choose what they expect to like. So ratings are **missing not at random**. That is why there was more
# praise than blame above.
#
# Choice is not all. Users rate what they were shown, so items that were shown more have more ratings,
# whatever their quality. This is **exposure bias**. Fame is an example: it brings a track to the front,
# and it is not part of utility at all. Below are rank correlations over the tracks: 1 is the same order, 0 no
# relation, −1 the opposite order.

# %% tags=["predict"]
tracks = pd.DataFrame({"number of ratings": per_track, "mean rating": mean_rating})
tracks["utility where rated"] = utility.where(R.notna()).mean()
columns = tracks.columns
tracks = tracks.assign(fame=truth["fame"], quality=truth["quality"], utility=utility.mean())
ranks = tracks.rank()
print_table(ranks.corr().loc[["fame", "quality", "utility"], columns])


def correlation(pairs):
    return np.corrcoef(pairs.T)[0, 1]


fame_and_rating = bootstrap(correlation, ranks[["fame", "mean rating"]].to_numpy())
print_table(pd.DataFrame(fame_and_rating, index=["fame and mean rating"]))

# %% [markdown]
# Famous tracks have more ratings, but not better ones. Their mean rating is even slightly lower, and the
# interval excludes zero. The last column fits that: more famous tracks tend to have lower utility
# for those who rated them. The number of ratings goes with both quality and fame, and a model that learns
# from it learns both.
#
# ### What this means for every later result
#
# - **Listeners are simulated.** When a model does better on Mosaic, it shows that the model does
#   what is claimed of it, in a world where looks, words and sound matter. It does not show that
#   they matter to people. Lesson 13 goes to real people.
# - **The ground truth is known.** We can rank by `utility` itself and see how far a model is from the best
#   that is possible. No real data set offers that. And no model may look at it.
# - **There is a second world.** In `make_world(media_signal=False)`, utility has scene and quality only. A
#   method that claims to gain from tastes in pictures, words and sounds has nothing to find there. If it
#   still gains, look for what else it has found. This is a **negative control**; lesson 08's [deeper
#   notebook on Shapley values](deeper/08_shapley_values.ipynb) runs it.
#
# ## Multimodal against traditional
#
# Which kind of recommender can see what?
#
# | | who rated what | metadata | cover, words, sound |
# |---|---|---|---|
# | popularity | counts only | – | – |
# | collaborative filtering | yes | – | – |
# | content-based, traditional | the user's own ratings | yes | – |
# | content-based, multimodal | the user's own ratings | if you like | yes |
# | hybrid (lesson 11's multimodal recommender) | yes | if you like | yes |
#
# You can test what a model looks at without opening it: change something, and see whether it
# notices. Take a **collaborative** model, EASE (lesson 07). It learns, for each pair of tracks, how
# much a high rating of the one says about the other. Permute the names of the tracks at random. Does it
# notice?

# %% tags=["predict"]
from mmrec_course.recommenders import EASE

permuted = np.random.default_rng(0).permutation(items.to_numpy())
new_names = pd.Series(permuted, index=items)  # old name → new name
renamed = ratings.assign(item_id=ratings["item_id"].map(new_names))
before = EASE().fit(ratings).score(users, items)
after = EASE().fit(renamed).score(users, new_names)  # the same tracks, in the same order
print("same scores:", np.allclose(before, after))

# %% [markdown]
# Not at all. To EASE a track is a name: you could swap all covers and clips, and it would not
# notice. So it has nothing to say about a name that has no ratings yet. That is why it gave zero to all
# cold-start items in lesson 00.
#
# Content has something to say there. But is it the *media* that help? Genre is metadata, and costs
# nothing to decode. The deeper notebook [Metadata or media?](deeper/01_metadata_or_media.ipynb) compares
# popularity, EASE, genre, cover, words and sound, on warm and on cold-start items. Genre alone is hard to
# beat there, and media add to it.
#
# ## What goes wrong
#
# **The average rating is trusted.** It is an average over what listeners chose to rate. Exercise 5
# finds out how far it is too high.
#
# **Gaps are treated as zeros.** A zero in `liked` is mostly a track that was never rated. A missing cover is no
# black cover.
#
# **A table is wrong, and nobody notices.** So tables are checked when they are read. Put a rating of 9 into
# row 17 of a copy:

# %%
from mmrec_course.datasets.validation import check_ratings

wrong = ratings.copy()
wrong.loc[15, "rating"] = 9  # row 17 of a file whose first row is the header
try:
    check_ratings(wrong)
except ValueError as error:
    print(error)

# %% [markdown]
# Column, row, value, and what would be right. Use `check_ratings` on your own data, too. Broken *files* are
# the subject of lesson 02.
#
# ## Your turn
#
# Five [exercises](exercises/01_the_catalogue.ipynb), from one line to one idea, and their
# [solutions](solutions/01_the_catalogue.ipynb):
#
# 1. How full is a matrix?
# 2. How few tracks hold half of the ratings?
# 3. Which tracks lack exactly *n* modalities?
# 4. A shop in which covers are missing *not* at random.
# 5. How much too high is the average rating?
#
# ## Recap
#
# - Multimodal data are several modalities of one item (cover, words, sound), beside metadata and
#   interactions. A `Dataset` holds `items`, `ratings`, `users`, `present()` and, only because Mosaic is
#   made up, `ground_truth()`.
# - The user–item matrix is sparse (8.7 % of the cells are filled), and the ratings have a long tail (a
#   tenth of the tracks has a quarter of them).
# - Mosaic's media are missing completely at random. Its ratings are missing not at random: listeners rate
#   what they expect to like, and what they were shown.
# - Mosaic was made from facts to media, from tastes to utility, from utility to ratings. A fifth of
#   utility is in none of the media. Its listeners are simulated.
# - Collaborative models know names and users; content-based models know metadata, pictures, words, sounds.
#
# ## Sources
#
# - Harper and Konstan (2015), *The MovieLens datasets: history and context*, ACM TiiS 5(4): how a
#   well-known set of ratings came about, and why one should know.
# - Anderson (2006), *The long tail*, Hyperion: the name and the picture.
# - Rubin (1976), *Inference and missing data*, Biometrika 63: the three kinds of missing data.
# - Marlin and Zemel (2009), *Collaborative prediction and ranking with non-random missing data*,
#   RecSys: ratings of chosen items against ratings of random ones.
# - Steck (2010), *Training and testing of recommender systems on data missing not at random*, KDD:
#   what that does to training and tests.
# - Baltrušaitis, Ahuja and Morency (2019), *Multimodal machine learning: a survey and taxonomy*,
#   IEEE TPAMI 41(2): what a modality is.
# - Schedl, Zamani, Chen, Deldjoo and Elahi (2018), *Current challenges and visions in music
#   recommender systems research*, IJMIR 7(2): cold start and incompleteness, for music.
# - Efron and Tibshirani (1993), *An introduction to the bootstrap*, Chapman & Hall.
# - Lex, Gehlenborg, Strobelt, Vuillemot and Pfister (2014), *UpSet*, IEEE TVCG 20(12): the figure of
#   combinations.
