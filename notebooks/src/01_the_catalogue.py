# %% [markdown]
# # 01 · The catalogue: what the data are, and how they came about
#
# **Aim** Read a multimodal data set before any model does: what it holds, what it lacks, who was
# asked, and how this one was made.<br>
# **Time** 60 minutes, exercises 30 more.<br>
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
# every track has everything. We take it apart piece by piece.
#
# ## One track, three modalities
#
# Here are two songs about the road. Look, read, press play: what would have told you first that
# they are not for the same evening?

# %%
from mmrec_course.display import show_track

fast, slow = "t005", "t032"
show_track(mosaic.items, fast)
show_track(mosaic.items, slow)

# %% [markdown]
# The titles say little. The words say that both are about driving. The covers and the sounds could
# hardly be further apart.
#
# - A **modality** is a kind of data with its own way in: a picture is looked at, words are read,
#   sound is heard. **Multimodal data** are several modalities of the same item.
# - **Metadata** are facts that somebody typed into a field: title, artist, genre, release date.
#   They need no decoding, and they are only as good as the fields.
# - **Interactions** are what people did with the items: here, ratings.
#
# What is in one row of the catalogue?

# %%
from mmrec_course.display import print_table

row = mosaic.items.loc[fast]
files = {name: Path(row[name]).name for name in ("image", "audio")}
print_table(pd.Series({**row, **files}, name=fast))

# %% [markdown]
# Four fields of metadata, then the modalities. A table cannot hold a picture, so `image` and
# `audio` hold the path of a file, and `text` the words themselves. What does a computer get when it
# opens them? And how many tracks have them?

# %%
from mmrec_course.preprocessing import load_audio, load_image, tokenize

cover, wave, words = load_image(row["image"]), load_audio(row["audio"]), tokenize(row["text"])
meaning = ["rows × columns × red, green, blue", "words in order", "air pressures in order"]
shapes = [cover.shape, (len(words),), wave.shape]
table = pd.DataFrame({"once decoded": meaning, "shape": shapes}, index=list(mosaic.modalities))
print_table(table.assign(tracks=mosaic.present().sum()))

# %% [markdown]
# Three shapes that do not fit together, and none of the three modalities covers the whole shop. To
# turn them into numbers that can be compared is the work of lessons 02 to 05; `present()` says who
# has what, and we come back to it below.

# %% [markdown]
# ## Who rated what
#
# The other half of the data set. One row is one rating:

# %%
ratings = mosaic.ratings
print_table(ratings.head(), index=False)

# %% [markdown]
# Four columns: who, what, how many stars, when. In this course ratings always come so. How would
# it look as a table of listeners × tracks? Take twelve listeners and ten tracks:

# %%
users, items = mosaic.users.index, mosaic.items.index
u, i = users.get_indexer(ratings["user_id"]), items.get_indexer(ratings["item_id"])
R = np.full((len(users), len(items)), np.nan)
R[u, i] = ratings["rating"]
print_table(pd.DataFrame(R[:12, :10], users[:12], items[:10]), digits=0)

# %% [markdown]
# Mostly dashes. This is $R$, the matrix of ratings, with $U$ listeners as rows and $I$ tracks as
# columns. How full is it? Its **density** is the number of ratings over the number of places:
#
# $$\text{density} = \frac{\text{ratings}}{U \cdot I}$$

# %%
n_users, n_items = R.shape
places = n_users * n_items
print(f"{len(ratings):,} ratings in {places:,} places: {len(ratings) / places:.1%}")

# %% [markdown]
# Fewer than one place in eleven is filled, and 480 tracks make it easy: with ten times as many, and
# listeners no busier, it would be fewer than one in a hundred. Which stars do people give?

# %%
from mmrec_course.display import stars

counts = ratings["rating"].value_counts().sort_index()
shares = pd.DataFrame({"ratings": counts, "share": counts / len(ratings)})
print_table(shares.rename(index=stars))

# %% [markdown]
# More praise than blame. That does not make it a shop of good music, as you will see below.
#
# To recommend we mostly need less than stars: did the listener **like** it? In this course a
# rating of 4 or 5 is a like. That gives a second matrix $X$ with
#
# $$x_{ui} = 1 \text{ if } r_{ui} \ge 4, \text{ otherwise } 0.$$

# %%
X = R >= 4
print(f"liked {X.sum():,}, rated lower {np.sum(R < 4):,}, never rated {np.isnan(R).sum():,}")
print(f"never rated: {np.isnan(R).sum() / np.sum(~X):.0%} of the zeros in X")

# %% [markdown]
# Read the zeros of $X$ with care. Some ten thousand mean "did not like it much". Over a quarter of
# a million mean "never rated it". $X$ shows both as 0, and a model trained on it has to live with
# that.

# %% [markdown]
# ## The long tail
#
# Are ratings spread evenly over the tracks? Sort the tracks by how many ratings they have and look
# at the top tenth. A second number sums up the whole curve, the **Gini coefficient**. With counts
# $c_1 \le \dots \le c_n$,
#
# $$G = \frac{\sum_j (2j - n - 1)\, c_j}{n \sum_j c_j},$$
#
# which is 0 if all tracks have equally many ratings and nearly 1 if one track has them all.

# %%
from mmrec_course.evaluation import gini

per_track = np.bincount(i, minlength=n_items)
c = np.sort(per_track)
top_tenth = c[-n_items // 10 :].sum() / c.sum()
gini_by_hand = (2 * np.arange(1, n_items + 1) - n_items - 1) @ c / (n_items * c.sum())
print(f"top tenth: {top_tenth:.0%} of the ratings, Gini {gini_by_hand:.2f}")
print("the package agrees:", np.isclose(gini(ratings, items), gini_by_hand))

# %% [markdown]
# A tenth of the tracks has a quarter of the ratings. (The package's `gini` was made for lists of
# recommendations, lesson 06; a listener's ratings are a list, too.) In the figure, look at how
# steeply it falls, and how long it stays low.

# %%
from mmrec_course.plotting import finish, plot_long_tail

ax = plot_long_tail(per_track, title="A few tracks are rated by many, most by few")
finish(
    ax,
    alt="Ratings per track, sorted: from 325 down to 2. The top fifth of the tracks hold "
    "43 % of the ratings; the second half of the tracks, 25 %.",
)

# %% [markdown]
# This shape is called the **long tail**. Are listeners as uneven as tracks? In the table, the row 0.5
# says what half of them stay at or below:

# %%
per_user = np.bincount(u, minlength=n_users)
both = {"ratings a track": pd.Series(per_track), "ratings a listener": pd.Series(per_user)}
marks = [0, 0.25, 0.5, 0.75, 1]
print_table(pd.DataFrame({k: x.quantile(marks, interpolation="lower") for k, x in both.items()}))

# %% [markdown]
# Half of the listeners gave 35 ratings or fewer, half of the tracks got 42 or fewer. So even a
# busy catalogue has tracks and listeners of whom next to nothing is known. What exactly is known
# about the track with the fewest ratings?

# %%
rarest = items[per_track.argmin()]
known = ratings[ratings["item_id"] == rarest]
print_table(known.assign(rating=known["rating"].map(stars)), index=False)
show_track(mosaic.items, rarest)

# %% [markdown]
# The two lines at the top are *everything* that a recommender can know of this track if it only
# sees ids and ratings: two listeners, who do not agree. Below them is what *you* can know of it.
# Slow dub, deep bass, a goodbye that ends well. You could name somebody who would like it, and you
# did not need anybody's rating. That is the case for content, in one track.

# %% [markdown]
# ## Time
#
# How did the ratings come in?

# %%
import matplotlib.pyplot as plt

from mmrec_course.plotting import use_style

use_style()
by_month = ratings["timestamp"].dt.to_period("M").value_counts().sort_index()
_, ax = plt.subplots(figsize=(7, 2.8))
ax.bar(by_month.index.to_timestamp(), by_month, width=26)
ax.set(xlabel="month", ylabel="ratings")
ax.set_title("Ratings grow fast in the first year, slowly in the second")
finish(
    ax,
    alt="Ratings a month, January 2023 to December 2024: 84 in the first month, 1,182 in the "
    "twelfth, then between 1,118 and 1,694.",
)

# %% [markdown]
# Tracks come out along the way. Call a track **cold** while it has fewer than five ratings. How many
# cold tracks are on sale at the end of each quarter? And among the releases of the last 90 days
# (*new*)?


# %%
def shelf(date):
    released = mosaic.items["released"]
    on_sale, fresh = released < date, released.between(date - pd.Timedelta(days=90), date, "left")
    so_far = ratings.loc[ratings["timestamp"] < date, "item_id"].value_counts()
    cold = so_far.reindex(items, fill_value=0) < 5
    return {
        "on sale": on_sale.sum(),
        "cold": (on_sale & cold).sum(),
        "new": fresh.sum(),
        "new and cold": (fresh & cold).sum(),
    }


dates = pd.date_range("2023-04-01", "2025-01-01", freq="QS")
print_table(pd.DataFrame([shelf(date) for date in dates], index=dates.rename("before")))

# %% [markdown]
# At first nearly everything is cold, because the shop itself is new: 290 of 313 tracks. That
# passes. But the last column never reaches zero: at every date, something new is on sale that
# hardly anybody knows. How long does a new track wait for its fifth rating? And how many ratings go
# to a track that is cold at that moment, or come from a listener who is?

# %%
nth = ratings.groupby("item_id").cumcount()
fifth = ratings[nth == 4].set_index("item_id")["timestamp"]
new = mosaic.items.loc[mosaic.items["released"] >= "2023-01-01", "released"]
days = (fifth.reindex(new.index) - new).dt.days
print(len(new), "releases,", days.isna().sum(), "still wait; days for the others:")
print_table(days.quantile([0.25, 0.5, 0.75]).rename("days"), digits=0)
nth_of_user = ratings.groupby("user_id").cumcount()
cold = pd.DataFrame({"track cold": nth < 5, "listener cold": nth_of_user < 5})
by_year = cold.groupby(ratings["timestamp"].dt.year.rename("year")).mean()
print_table(pd.concat([by_year, pd.DataFrame({"both": cold.mean()}).T]))

# %% [markdown]
# Half of the releases need more than three weeks, a quarter two months or more. Over both years one
# rating in ten goes to a cold track, which is mere arithmetic: five a track, 480 tracks, 25,000
# ratings. The years tell more. In 2023 it was 24 %, in 2024 only 3 %: few ratings, but every new
# release starts there, and so does every new listener. This is **cold start**; lesson 10 is about
# it.

# %% [markdown]
# ## What is missing
#
# `present()` is the matrix $a_{im}$: 1 if item $i$ has modality $m$. How many tracks have which
# combination?

# %%
present = mosaic.present()
combination = present.apply(lambda has: " + ".join(present.columns[has]), axis=1)
n_tracks = combination.value_counts()
_, ax = plt.subplots(figsize=(7, 3))
bars = ax.barh(n_tracks.index, n_tracks)
ax.bar_label(bars, padding=3)
ax.invert_yaxis()
ax.grid(visible=False, axis="y")
ax.set(xlabel="tracks", title="Four tracks in five are complete, and none has nothing")
finish(
    ax,
    alt="Tracks by combination of modalities: 390 have all three, 43 lack only sound, 25 "
    "only the cover, 16 only words, and 6 lack two. No track lacks all three.",
)

# %% [markdown]
# A model that insists on complete tracks would lose 90 of 480. Here are the six that have only one
# modality left:

# %%
from mmrec_course.display import show_items

alone = present[present.sum(axis=1) == 1]
captions = [f"has only {modality}" for modality in alone.idxmax(axis=1)]
show_items(mosaic.items, alone.index, captions=captions, columns=3)

# %% [markdown]
# The next question decides what you may do about gaps. Is *what is missing* related to *what
# people like*? If tracks without a cover were worse liked, the gap itself would be a hint, and
# dropping those tracks would bend every average.
#
# Compare the mean rating of tracks with and without, and ask how far luck alone could move the
# difference. A **bootstrap** answers that: draw the tracks again, with replacement, two thousand
# times, and see where the middle 95 % of the differences lie.


# %%
def bootstrap(statistic, *groups, n_boot=2000, rng=0):
    rng = np.random.default_rng(rng)
    again = [statistic(*(rng.choice(g, len(g)) for g in groups)) for _ in range(n_boot)]
    low, high = np.quantile(again, [0.025, 0.975])
    return {"estimate": statistic(*groups), "low": low, "high": high}


mean_rating = np.nanmean(R, axis=0)
gaps = {
    m: bootstrap(lambda a, b: a.mean() - b.mean(), mean_rating[has], mean_rating[~has])
    for m, has in present.items()
}
print_table(pd.DataFrame(gaps).T)

# %% [markdown]
# All three intervals contain zero: no sign that liking and gaps have to do with each other. That is
# as it should be, for here gaps were drawn by lot. Two warnings. An interval that contains zero
# does not prove that there is nothing: the first two would also allow 0.3 stars. And **real shops
# do not draw lots**: old stock lacks covers, small labels send no sound, and a missing text can
# mean that nobody believed in the record. The exercises have such a shop.

# %% [markdown]
# ## How this world was made
#
# Mosaic is invented: no such artist, track or listener exists. That has one great use: we *know*
# what is true, and can ask how much of it a model finds out. It was made in four steps:
#
# 1. **facts**: each track gets a genre, a sound, a look, themes, a quality, a fame;
# 2. **media**: cover, words and clip are made from the facts, each with liberties of its own;
# 3. **tastes**: each listener likes some facts and not others;
# 4. **ratings**: listeners visit the shop over two years and rate what they come across.
#
# One rule matters above all: listeners judge the *facts*, and never a feature that a lesson extracts
# from the media. No model can find its own features in the ratings.
#
# `truth()` has what the makers know. First the facts behind the two songs about the road:

# %%
truth = mosaic.ground_truth()
texts = ("genre", "lead", "theme", "second_theme", "motif")
facts = pd.DataFrame({name: truth[name] for name in texts}, index=truth["item_ids"])
for kind in ("sound", "look"):
    facts[truth[f"{kind}_names"]] = truth[kind]
print_table(facts.loc[[fast, slow]].T, digits=1)

# %% [markdown]
# The numbers are in standard deviations from the average track. Hue is an angle on the colour
# wheel, given as cosine and sine; *motif* is the family of shapes on the cover. Check them: scroll
# up to the two covers and press play again. One is vivid, light and ornate, the other dark and
# bare; one is fast and loud, the other neither.
#
# Who turns facts into media? Programs for covers and clips, in the course's folder `tools/mosaic`; the
# words were written for each track, from its facts. The other steps are in
# `mmrec_course/datasets/synthetic.py`: `draw_tracks` draws facts, `simulate_listeners` tastes,
# `simulate_ratings` ratings, and `make_world` does all three and returns a `World`; you will call it
# below.
#
# A composer needs to know how fast to write, and for which players. What do the facts of a genre say
# about both: the mean tempo of its tracks, and the instruments that may lead?

# %%
by_genre = facts.groupby("genre")
players = by_genre["lead"].unique().str.join(", ")
table = pd.DataFrame({"mean tempo": by_genre["tempo"].mean(), "may lead": players})
print_table(table.sort_values("mean tempo"), digits=1, max_width=70)

# %% [markdown]
# Ambient is the slowest genre and house the fastest; our two songs are one of each. A fast track is fast
# because its fact says so. But no modality shows the facts exactly. Compare
# the fact *lightness* with the average brightness of each cover, 0 black to 1 white. (`fixed` rounds
# as `print_table` does.)

# %%
from mmrec_course.display import fixed

covers = mosaic.items["image"].dropna()
brightness = [load_image(path).mean() / 255 for path in covers]
lightness = facts["lightness"].loc[covers.index]
print(len(covers), "covers, correlation", fixed(np.corrcoef(brightness, lightness)[0, 1], 1))

# %% [markdown]
# Close, not equal: a designer took liberties. This is why feature extraction can work here, and why
# it cannot be perfect.
#
# ### Tastes
#
# How much listener $u$ would like track $i$ is called **utility**:
#
# $$\text{utility}_{ui} = 2.6 \sum_{p} a_{up}\, s_{pui} + 0.6\, s_{\text{scene},ui} + 0.55\, q_i$$
#
# The sum goes over sound, words and looks. $s_{pui}$ says how well part $p$ of track $i$ fits the
# taste of $u$ (mean 0, standard deviation 1 for each listener), and $a_{up}$ how much attention $u$
# pays to that part; attentions sum to 1. The *scene* is a taste for something that no picture, word
# or sound shows; think of where a record was made, and who knows whom. $q_i$ is the track's quality.
#
# What do the first three listeners pay attention to?

# %%
attention = pd.DataFrame(truth["attention"], truth["user_ids"], ["sound", "words", "looks"])
print_table(attention.head(3).astype(float))

# %% [markdown]
# They differ: the second listener hardly looks at covers, the other two look more than anything. A
# single set of fusion weights is a compromise between them; lesson 08 returns to that.
#
# Now compute the formula by hand and compare it with what the makers stored (in two-byte numbers,
# so agreement is up to 0.01). `einsum("up,pui->ui")` is the sum over $p$: multiply what has the same
# letters, and add up over the letter that is gone after the arrow. And how much of a listener's
# likes and dislikes could media show at best? Take the variance of each summand over the tracks,
# averaged over the listeners:

# %%
parts = np.stack([truth[f"part_{name}"] for name in ("sound", "words", "looks")]).astype(float)
shown = 2.6 * np.einsum("up,pui->ui", truth["attention"], parts)
scene, quality = 0.6 * truth["part_scene"].astype(float), 0.55 * truth["quality"].astype(float)
utility = truth["utility"].astype(float)
print("equal up to 0.01:", np.allclose(shown + scene + quality, utility, rtol=0, atol=0.01))

names = ["shown by media", "hidden scene", "quality", "all"]
variance = np.array([x.var(axis=-1).mean() for x in (shown, scene, quality, utility)])
print_table(pd.DataFrame({"variance": variance, "share": variance / variance[-1]}, index=names))

# %% [markdown]
# A fifth is shown by no modality, however well you look, read and listen. Other people's ratings
# can still show it: those who share a taste for a scene will meet there. Here is a first reason
# for using both.
#
# ### Ratings
#
# Which track does a visitor take next? Chances are higher for tracks at the front of the shelves
# (which are sorted by sales), for famous ones, for new ones, and for those of high utility to this
# visitor. The stars are 1, plus 1 for each step that utility plus the *mood of the day* (random,
# standard deviation 0.6) exceeds. Take away the mood: how often do the steps alone give the rating?

# %%
from mmrec_course.datasets.synthetic import RATING_STEPS

calm = 1 + np.searchsorted(RATING_STEPS, utility)
gap = np.abs(calm[u, i] - ratings["rating"].to_numpy())
print("steps:", RATING_STEPS)
print(f"equal {(gap == 0).mean():.0%}, at most one star off {(gap <= 1).mean():.1%}")

# %% [markdown]
# So nearly a third of the ratings are a star off by mood alone. No model can predict moods; an
# error of zero would be a reason for suspicion.
#
# Now the question that this world was built for. Are the pairs that got *rated* like the pairs that
# did not? For each listener, the mean utility of the rated tracks minus that of the others:

# %%
rated = ~np.isnan(R)
mean_rated = np.nanmean(np.where(rated, utility, np.nan), axis=1)
mean_other = np.nanmean(np.where(rated, np.nan, utility), axis=1)
print(f"rated {mean_rated.mean():.2f}, not rated {mean_other.mean():.2f}")
more = bootstrap(np.mean, mean_rated - mean_other)
print_table(pd.DataFrame(more, index=["rated minus not rated"]))
print("positive for", (mean_rated > mean_other).sum(), "of", n_users, "listeners")

# %% [markdown]
# Nearly three units of utility. Neighbouring steps are 1.3 or 1.4 apart, so that is about two
# steps, and the sign is the same for every single listener. People rate what they chose, and they
# choose what they expect to like. Statisticians say that ratings are **missing not at random**.
# That is why there was more praise than blame above.
#
# Choice is not all. Does being famous help a track? Fame is not part of utility at all. Rank
# correlations over the tracks, 1 same order, 0 no relation, −1 opposite order:

# %%
tracks = pd.DataFrame({"number of ratings": per_track, "mean rating": mean_rating})
causes = {"fame": truth["fame"], "quality": truth["quality"], "mean utility": utility.mean(axis=0)}
ranks = {name: tracks.corrwith(pd.Series(x), method="spearman") for name, x in causes.items()}
print_table(pd.DataFrame(ranks).T)

# %% [markdown]
# Fame brings ratings and no liking. If anything, the famous are rated a little *lower*, which fits
# people who come for the name and not for the music. A count of ratings measures both quality and
# fame, and a model that learns from counts learns both.

# %% [markdown]
# ## What this means for every later result
#
# - **Listeners are simulated.** When a model does better on Mosaic, it shows that the model does
#   what is claimed of it, in a world where looks, words and sound matter. It does not show that
#   they matter to people. Lesson 13 goes to real people.
# - **Truth is a ruler.** We can rank by `utility` itself and see how far a model is from the best
#   that is possible. No real data set offers that. And no model may look at it.
# - **There is a second world.** In `make_world(media_signal=False)`, nobody cares about anything
#   that media show. Only scene and quality count, and these are dealt out anew among the tracks, so
#   that not even an artist's style gives them away. A method that claims to gain from tastes for
#   pictures, words and sounds has nothing to find there. If it still gains, look for what else it
#   has found. This is a **negative control**, and lesson 08 runs it.
#
# Make both worlds, numbers only, and ask in each: how strongly is utility related to the part that
# media show?

# %%
from mmrec_course.datasets.synthetic import make_world

for signal in (True, False):
    world = make_world(media_signal=signal, n_ratings=7200, rng=0)
    shown_part = np.einsum("up,pui->ui", world.attention, world.parts[:3])
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(world.utility, shown_part, strict=True)]
    print(f"media_signal={signal!s:5}  mean correlation", fixed(np.mean(r), 1))

# %% [markdown]
# Same rules of the shop; in the second world the media are decoration.
#
# ## Multimodal against traditional
#
# Which kind of recommender can see what?
#
# | | who rated what | metadata | cover, words, sound |
# |---|---|---|---|
# | popularity | counts only | – | – |
# | collaborative filtering | yes | – | – |
# | content, traditional | the listener's own ratings | yes | – |
# | content, multimodal | the listener's own ratings | if you like | yes |
# | multimodal recommender (lesson 11) | yes | if you like | yes |
#
# You can test what a model looks at without opening it: change something, and see whether it
# notices. First a **collaborative** model, EASE (lesson 07). It learns, for each pair of tracks,
# how much a liking of the one says about the other. Deal out the names of the tracks anew. Does it
# notice?

# %%
from mmrec_course.recommenders import EASE

name = pd.Series(np.random.default_rng(0).permutation(items.to_numpy()), items)
renamed = ratings.assign(item_id=ratings["item_id"].map(name))
before, after = EASE().fit(ratings).score(users, items), EASE().fit(renamed).score(users, name)
print("same scores:", np.allclose(before, after))

# %% [markdown]
# Not at all. To EASE a track is a name on a door: it could swap all covers and clips and not
# notice. So it cannot say anything about a door that nobody has opened yet. Two tests will show it:
#
# - For *new tracks*, hide a fifth of the tracks with all their ratings (`cold_item_split`).
# - For *known tracks*, hide each listener's newest tenth of ratings instead (`temporal_split`).
#
# Each split has the ratings that a model may learn from, `seen`, and the tracks that it is asked
# about, `candidates`: the hidden 96, or all 480. What does EASE say about the hidden ones?

# %%
from mmrec_course.evaluation import cold_item_split, temporal_split

splits = {"known tracks": temporal_split(ratings), "new tracks": cold_item_split(ratings, rng=0)}
seen, candidates = splits["new tracks"].train_valid, splits["new tracks"].candidates
scores = EASE().fit(seen).score(users, candidates)
print(scores.shape, "scores, all of them:", np.unique(scores))

# %% [markdown]
# Now **content** models. Each `ContentRidge` (lesson 08) learns, per listener, which features go with
# high ratings. One looks at metadata, the genre: ten columns, 1 for the genre of the track and 0
# else. (A `FeatureBlock` keeps features and ids together; lesson 03.)

# %%
from mmrec_course.features import FeatureBlock, extract_features

flags, all_present = pd.get_dummies(mosaic.items["genre"]), np.ones(n_items, dtype=bool)
columns = {"values": flags, "names": tuple(flags)}
genre = FeatureBlock(modality="genre", item_ids=items, present=all_present, **columns)
print(genre.values.shape)

# %% [markdown]
# Three look at a modality each, with features from `extract_features`; `fit_items` are the tracks that
# may be looked at to choose vocabulary and scales, those with ratings to learn from. The *placebo*
# gets the words dealt out anew among the tracks, like cards. Two more rows are plain sums of scores.
# *Popularity* counts likes. All have their default settings, none is tuned.

# %%
from types import SimpleNamespace

from mmrec_course.recommenders import ContentRidge, Popularity


def added(*models):
    # Rounded: tracks of one genre should tie on every computer.
    return SimpleNamespace(score=lambda u, i: sum(m.score(u, i) for m in models).round(9))


def contestants(split):
    seen = split.train_valid
    blocks = {"genre": genre, **extract_features(mosaic, fit_items=seen["item_id"].unique())}
    blocks["placebo"] = blocks["text"].shuffle(rng=1)
    one = {m: added(ContentRidge(modality=m).fit(seen, blocks)) for m in blocks}
    media = added(one["image"], one["text"], one["audio"])
    sums = {"media added": media, "genre and media": added(one["genre"], media)}
    return {"popularity": Popularity().fit(seen), "EASE": EASE().fit(seen), **one, **sums}


# %% [markdown]
# To be fair to a model that gives the same score to everything, ask a question in which a tie counts
# half. *Take a track that the listener went on to like and any other candidate, mostly never rated:
# how often does the model put the liked one first?* A coin gets 0.50. (This is the **AUC**,
# lesson 06.) The second table is the difference to genre, listener by listener:

# %%
from mmrec_course.display import interval
from mmrec_course.evaluation import evaluate


def true_scores(user_ids, item_ids):
    return utility[np.ix_(users.get_indexer(user_ids), items.get_indexer(item_ids))]


means, ahead = {}, {}
for name, split in splits.items():
    models = {**contestants(split), "truth": SimpleNamespace(score=true_scores)}
    tests = {m: evaluate(model, split, metrics=["auc"])["auc"] for m, model in models.items()}
    auc = pd.DataFrame(tests).dropna()
    means[name] = {m: interval(*bootstrap(np.mean, x).values()) for m, x in auc.items()}
    gains = auc[["text", "media added", "genre and media"]].sub(auc["genre"], axis=0)
    ahead[name] = {m: interval(*bootstrap(np.mean, x).values(), 3) for m, x in gains.items()}
print_table(pd.DataFrame(means))
print_table(pd.DataFrame(ahead))

# %% [markdown]
# What to read in it, about simulated listeners and untuned models:
#
# - On **known tracks**, what other people did says by far the most. Popularity, the same for
#   everybody, is level with genre there, and no single modality scores higher.
# - On **new tracks**, popularity and EASE fall to a coin, exactly. Content does not care whether a
#   track is new.
# - **Metadata are hard to beat.** Genre alone is ahead of the words, the best single modality, in both
#   columns. Cover, words and sound added are level with genre on known tracks, where the interval
#   contains zero, and ahead on these new ones. (Here genre is the makers' own fact, as clean as
#   metadata can be.)
# - **Media add to metadata**, in both columns: genre and media together are ahead of genre alone.
# - The **placebo** is within about a hundredth of a coin: some other track's words are of no use.
# - **Truth** is far ahead of everybody: there is a lot left to learn. (Even truth is not at 1.00:
#   there are moods, and tracks that would be liked and were never met.)
#
# The intervals cover the luck of which listeners came to the shop, not of which tracks were hidden
# or how the cards fell. With another fifth hidden (try `rng=1`), cover, words and sound added are
# only level with genre. Lesson 06 takes care of that, too.
#
# Ratings win where there are ratings. Where there are none, only content says anything, and a shop
# always has both kinds of track.

# %% [markdown]
# ## What goes wrong
#
# **Files are broken.** Mosaic's are not, so make a small shop with four tracks in which one cover
# is a text file, one is empty, one is not there, and one lies outside the shop's folder:

# %%
import tempfile

print("problems in Mosaic:", len(mosaic.problems))
folder = Path(tempfile.mkdtemp())
table = pd.read_csv(mosaic.folder / "items.csv").iloc[1:5].assign(audio=None)
table["image"] = ["text.jpg", "empty.jpg", "lost.jpg", "../elsewhere.jpg"]
(folder / "text.jpg").write_text("I am not a picture.")
(folder / "empty.jpg").touch()
sold = ratings[ratings["item_id"].isin(table["item_id"])]
tables = {"items": table, "ratings": sold, "listeners": mosaic.users.reset_index()}
for name, frame in tables.items():
    frame.to_csv(folder / f"{name}.csv", index=False)

small = load_mosaic(folder)
print(small)
print_table(small.problems, index=False, max_width=60)

# %% [markdown]
# The shop opens all the same. Each bad file counts as missing, and `problems` keeps the reason, so
# that somebody can mend it. (A file that *begins* like a picture and breaks off later is found when
# it is decoded; lesson 02.)
#
# Tables are treated more strictly, because a wrong number would not be seen again. Slip a rating of
# 9 into row 17 (counted as in the file, header first):

# %%
import shutil

wrong = sold.assign(rating=sold["rating"].where(np.arange(len(sold)) != 15, 9))
wrong.to_csv(folder / "ratings.csv", index=False)
try:
    load_mosaic(folder)
except ValueError as error:
    print(error)
shutil.rmtree(folder)

# %% [markdown]
# File, row, column, value, and what would be right. The checks are in
# `mmrec_course.datasets.validation`, take any DataFrame, and are yours to use on your own data.
#
# One trap no check can find: **trusting the average rating**. It is an average over what people chose.
# Exercise 5 finds out how much it flatters.

# %% [markdown]
# ## Your turn
#
# Five exercises, from one line to one idea:
# [exercises/01_the_catalogue.ipynb](exercises/01_the_catalogue.ipynb).
#
# 1. How full is a matrix?
# 2. How few tracks hold half of the ratings?
# 3. Which tracks lack exactly two modalities?
# 4. A shop in which gaps are *not* drawn by lot.
# 5. How much does the average rating flatter?
#
# ## Recap
#
# - Multimodal data are several modalities of one item (cover, words, sound), beside metadata and
#   interactions. A `Dataset` holds all of it: `items`, `ratings`, `listeners`, `present()`,
#   and, only because Mosaic is made up, `truth()`.
# - Ratings are few (8.7 % of all places), uneven (a tenth of the tracks has a quarter of the ratings)
#   and not a fair sample: people rate what they expect to like.
# - Some tracks are always new, and nearly a fifth lacks a modality. Both are normal.
# - Mosaic was made from facts to media, from tastes to utility, from visits to ratings. A fifth of
#   utility is shown by no modality. Its listeners are simulated.
# - Collaborative models know names and people; content models know metadata, pictures, words, sounds.
#   Ratings win where there are ratings; where there are none, only content says anything.
#
# ## Sources
#
# - Harper and Konstan (2015), *The MovieLens datasets: history and context*, ACM TiiS 5(4): how a
#   well-known set of ratings came about, and why one should know.
# - Anderson (2006), *The long tail*, Hyperion: the name and the picture.
# - Marlin and Zemel (2009), *Collaborative prediction and ranking with non-random missing data*,
#   RecSys: ratings of chosen items against ratings of random ones.
# - Steck (2010), *Training and testing of recommender systems on data missing not at random*, KDD:
#   what that does to training and tests.
# - Baltrušaitis, Ahuja and Morency (2019), *Multimodal machine learning: a survey and taxonomy*,
#   IEEE TPAMI 41(2): what a modality is.
# - Deldjoo, Schedl, Cremonesi and Pasi (2020), *Recommender systems leveraging multimedia content*,
#   ACM Computing Surveys 53(5): media content against metadata and interactions.
# - Schedl, Zamani, Chen, Deldjoo and Elahi (2018), *Current challenges and visions in music
#   recommender systems research*, IJMIR 7(2): cold start and incompleteness, for music.
# - Efron and Tibshirani (1993), *An introduction to the bootstrap*, Chapman & Hall.
# - Lex, Gehlenborg, Strobelt, Vuillemot and Pfister (2014), *UpSet*, IEEE TVCG 20(12): the figure of
#   combinations.
