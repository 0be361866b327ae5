# %% [markdown]
# # 05 · Audio features: from air pressure to a row of numbers
#
# **Aim** Turn a clip into a spectrogram, the spectrogram into features, and find out what they can
# hear, what they cannot, and what breaks them.<br>
# **Time** 70 minutes: spectrogram 15, mel and MFCC 15, harmony, spectrum and rhythm 10, neighbours
# and probes 10, what breaks it 10, recommender 10. Exercises 30 more.<br>
# **Needs** Lesson 00; NumPy. Loudspeakers or headphones.

# %%
from mmrec_course.datasets import load_mosaic
from mmrec_course.display import show_items

mosaic = load_mosaic()
calm, busy = "t042", "t460"
show_items(mosaic.items, [calm, busy])

# %% [markdown]
# Play both. A child can tell them apart, and tell you how: one is dark and still, the other bright
# and busy. How would a program know? Here is all that it gets.

# %%
import matplotlib.pyplot as plt
import numpy as np

from mmrec_course.plotting import PALETTE, finish, plot_spectrogram, plot_waveform, use_style
from mmrec_course.preprocessing import load_audio

use_style()
sr, n_fft, hop = 22050, 2048, 512
waves = {track: load_audio(mosaic.items.audio[track], sr=sr) for track in (calm, busy)}
figure, axes = plt.subplots(1, 2, figsize=(9, 2.4), layout="constrained")
for ax, (track, wave) in zip(axes, waves.items(), strict=True):
    plot_waveform(wave, sr, ax, title=mosaic.items.title[track])
finish(figure, alt="Two waveforms: the calm track swells slowly, the busy one has dense spikes")

# %% [markdown]
# A **waveform** is air pressure, 22,050 numbers a second. You see when it is loud. You do not see
# pitch, instrument or chord, and shifting a clip by a thousandth of a second changes every number.
# Features must not depend on that. So ask another question: *which frequencies* sound, and *when*?
#
# ## A spectrogram by hand
#
# Cut the wave into overlapping **frames** of 2,048 samples (93 ms), one every 512 (23 ms). Fade each
# in and out with a *window* $w$, and let the Fourier transform say how strong each frequency is:
#
# $$S_{f,t} = \Big|\sum_{n=0}^{N-1} w_n \, y_{tH+n} \, e^{-2\pi i f n / N}\Big|$$
#
# In words: multiply frame $t$ with the window, compare it with a wave of frequency $f$, and keep
# the size of what matches. $N$ is the frame's length, $H$ the step (*hop*). Try it on one frame of a
# sound whose answer you know, a tone of 440 Hz:

# %%
window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
frequencies = np.arange(1 + n_fft // 2) * sr / n_fft
tone = np.sin(2 * np.pi * 440 * np.arange(sr) / sr)
strength = np.abs(np.fft.rfft(window * tone[:n_fft]))
print(f"strongest at {frequencies[strength.argmax()]:.0f} Hz, steps of {sr / n_fft:.1f} Hz")

# %% [markdown]
# As near as the steps allow. A longer frame would have finer steps and blur time more. Now all
# frames: the short-time Fourier transform, **STFT**. Half a frame of silence is put before and
# after, so that frame $t$ is centred on sample $tH$.


# %%
def stft(wave):
    padded = np.pad(wave, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    return np.fft.rfft(frames * window).T


# %%
import librosa

spectra = {track: stft(wave) for track, wave in waves.items()}
print("frequencies × frames:", spectra[calm].shape)
print("equals librosa:", np.allclose(spectra[calm], librosa.stft(waves[calm]), atol=1e-3))

# %% [markdown]
# Three lines, and equal to the library that everybody uses. From here on, power is $P = S^2$.
#
# ## Hearing is not linear: mel and decibels
#
# Between 100 and 200 Hz lies an octave; between 8,000 and 8,100 Hz you hear no difference. The **mel**
# scale spaces frequencies as people do: evenly up to 1,000 Hz, and by equal factors above it. A *mel
# filter bank* is a set of triangles, equally wide in mel, that sum the power near their tips.


# %%
def mel_to_hz(mel):
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def mel_filters(n_mels):
    top = 15 + 27 * np.log(sr / 2 / 1000) / np.log(6.4)
    left, tip, right = (
        mel_to_hz(np.linspace(0, top, n_mels + 2))[i : n_mels + i, None] for i in range(3)
    )
    rise, fall = (frequencies - left) / (tip - left), (right - frequencies) / (right - tip)
    return np.maximum(0, np.minimum(rise, fall)) * 2 / (right - left)


# %%
filters = mel_filters(128)
expected = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=128)
print(filters.shape, "equals librosa:", np.allclose(filters, expected, atol=1e-6))

# %% [markdown]
# The last factor makes wide triangles lower, so that noise looks flat. Only eight of them:

# %%
figure, ax = plt.subplots(figsize=(7, 2.4))
ax.plot(frequencies, mel_filters(8).T, color=PALETTE[0])
ax.set(xlabel="frequency (Hz)", ylabel="weight", title="Narrow where the ear is fine, wide above")
finish(
    ax, alt="Eight triangles over frequency, narrow and high on the left, wide and low on the right"
)

# %% [markdown]
# Loudness is not linear either: ten times the power sounds about twice as loud. **Decibels**,
# $10 \log_{10} P$, turn factors into steps. What is 80 dB under the loudest band is cut off there:
# nobody hears it.


# %%
def log_mel(spectrum):
    level = 10 * np.log10(np.maximum(filters @ np.abs(spectrum) ** 2, 1e-10))
    return np.maximum(level, level.max() - 80)


mels = {track: log_mel(spectrum) for track, spectrum in spectra.items()}
figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for ax, (track, levels) in zip(axes, mels.items(), strict=True):
    plot_spectrogram(levels, sr, hop, ax, title=mosaic.items.title[track])
finish(figure, alt="Log-mel spectrograms: slow low bands beside a grid of beats up to the top")

# %% [markdown]
# Play the clips again and follow with your finger. Left, horizontal lines: held notes, and nothing
# above. Right, vertical lines: drum strokes, which have all frequencies at once. Does the
# package agree? `LogMelStatistics` keeps, of each band, mean and standard deviation over the frames. With
# 128 bands that is 256 columns; by default it has 40 bands, so you will meet it with 80 below.

# %%
from mmrec_course.features import LogMelStatistics

row = LogMelStatistics(n_mels=128).transform([waves[calm]])[0]
by_hand = np.concatenate([mels[calm].mean(axis=1), mels[calm].std(axis=1)])
print(row.shape, "equals by hand:", np.allclose(row, by_hand, atol=0.01))

# %% [markdown]
# ## MFCC: the shape of the spectrum
#
# Neighbouring bands say nearly the same. A **cosine transform** (DCT) describes their curve by few
# numbers instead: coefficient 0 is the average level, 1 the tilt from low to high, 2 a bend, and so
# on. These are the *mel-frequency cepstral coefficients*, MFCC, the workhorse of audio description
# for forty years. The curve's shape is most of what we hear as **timbre**, the colour of a sound: what
# sets a flute apart from a violin on the same note. With $B$ bands,
#
# $$c_k = \sqrt{\tfrac{2}{B}} \sum_b L_b \cos\Big(\tfrac{\pi k}{B} (b + \tfrac12)\Big),
# \qquad c_0 \text{ divided by } \sqrt 2 .$$

# %%
k, b = np.arange(20)[:, None], np.arange(128)
dct = np.sqrt(2 / 128) * np.cos(np.pi * k / 128 * (b + 0.5))
dct[0] /= np.sqrt(2)
mfcc = {track: dct @ levels for track, levels in mels.items()}
print(
    "equals librosa:",
    np.allclose(mfcc[calm], librosa.feature.mfcc(y=waves[calm], sr=sr), atol=0.05),
)
for track in (calm, busy):
    print(f"{mosaic.items.title[track]:18} mean tilt {mfcc[track][1].mean():5.0f}")

# %% [markdown]
# A large coefficient 1 means that the lows are stronger: dark. A clip is many frames; means and
# deviations say what it is like as a whole. The *slopes* of the coefficients over nine frames, the
# **deltas**, add how it moves. `MFCCStatistics` has means and deviations of both:

# %%
from mmrec_course.features import MFCCStatistics

statistics = MFCCStatistics()
row = statistics.transform([waves[calm]])[0]
delta = librosa.feature.delta(mfcc[calm])
parts = [f(x, axis=1) for x in (mfcc[calm], delta) for f in (np.mean, np.std)]
print(row.shape, "equals by hand:", np.allclose(row, np.concatenate(parts), atol=0.05))
print(statistics.get_feature_names_out()[[0, 1, 20, 40, 60]].tolist())

# %% [markdown]
# ## Harmony, spectrum, rhythm
#
# MFCCs blur pitch on purpose. **Chroma** keeps it, and drops the octave: each frequency adds its
# power to the nearest of twelve pitch classes, 12 an octave from A = 440 Hz. By hand, for a chord of
# A, C# and E:

# %%
from mmrec_course.features import ChromaStatistics

chord = sum(np.sin(2 * np.pi * f * np.arange(sr) / sr) for f in (440.0, 554.37, 659.26))
power = np.abs(stft(chord)).mean(axis=1) ** 2
pitch = np.round(12 * np.log2(frequencies[1:] / 440) + 9).astype(int) % 12
classes = np.bincount(pitch, weights=power[1:], minlength=12)
chroma = ChromaStatistics()
means = chroma.transform([chord])[0, :12]
print("by hand, strongest three:", sorted(np.argsort(-classes)[:3].tolist()))
print("the package's:", chroma.get_feature_names_out()[np.sort(np.argsort(-means)[:3])].tolist())

# %% [markdown]
# Counting from C as 0, the numbers 1, 4 and 9 are C#, E and A: the same answer. (The package lets a
# frequency count for both neighbours, so shares differ a little.) Its last two columns ask how well
# the twelve fit a major and a minor key.
#
# `SpectralStatistics` has numbers with names: centre of mass (brightness), width, roll-off (the
# frequency under which 85 % of the strength lie), flatness (noise or tone) and contrast (how far peaks
# stand over valleys, octave by octave: clear notes or noise). The centre of mass, by hand:

# %%
from mmrec_course.features import SpectralStatistics

spectral = SpectralStatistics()
names = spectral.get_feature_names_out().tolist()
for track in (calm, busy):
    size = np.abs(spectra[track])
    centroid = (frequencies @ size / size.sum(axis=0)).mean()
    same = np.isclose(
        centroid, spectral.transform([waves[track]])[0, names.index("centroid_mean")], rtol=1e-3
    )
    print(f"{mosaic.items.title[track]:18} {centroid:5.0f} Hz, the package's equal: {same}")

# %% [markdown]
# **Rhythm**: how much louder the bands have become since the frame before is the *onset strength*;
# its peaks are beginnings of notes. Compare it with itself, shifted: where it matches again, something
# repeats. That shift is the beat. Look for the peaks, then for their distance:

# %%
strength = librosa.onset.onset_strength(S=mels[busy], sr=sr)
centred = strength - strength.mean()
match = np.correlate(centred, centred, "full")[len(centred) - 1 :]
figure, axes = plt.subplots(1, 2, figsize=(10, 2.6), layout="constrained")
axes[0].plot(np.arange(len(strength)) * hop / sr, strength, color=PALETTE[0], linewidth=1)
axes[0].set(xlabel="time (s)", ylabel="onset strength (dB)", title="Strokes stand out")
axes[1].plot(np.arange(90) * hop / sr, match[:90] / match[0], color=PALETTE[1])
axes[1].set(xlabel="shift (s)", ylabel="autocorrelation", title="They come at equal distances")
finish(
    figure,
    alt="Onset strength with regular peaks; its autocorrelation peaks at multiples of the beat",
)

# %% [markdown]
# A shift of 10 frames is 258 beats a minute, one of 64 frames is 40: only between these do we look for
# the best match, about the range in which people tap.

# %%
from mmrec_course.features import RhythmStatistics

lags = np.arange(10, 65)
best = lags[match[lags].argmax()]
rhythm = RhythmStatistics()
names = rhythm.get_feature_names_out().tolist()
print(f"by hand: {60 * sr / hop / best:.0f} beats a minute")
for track in (calm, busy):
    x = rhythm.transform([waves[track]])[0]
    print(f"{mosaic.items.title[track]:18} tempo {x[names.index('tempo')]:.0f},", end=" ")
    print(f"onsets a second {x[names.index('onset_rate')]:.1f},", end=" ")
    print(f"spread of their strength {x[names.index('onset_strength_sd')]:.2f} dB")

# %% [markdown]
# By hand we get 235, the package 117: half of it. Both repeat; which of them is *the* beat is a matter
# of taste, and the package leans towards 120, as people do. Even for the calm track it names a tempo,
# because something always repeats best. Only silence has none (0). And why has a track of held notes
# 2.8 onsets a second? An onset is a peak that stands out *in its own clip*, however small, and held
# chords swell and change. How much the strength goes up and down tells the two apart: 0.35 dB against
# 2.06. `RhythmStatistics` also keeps the match at twelve tempi, the **tempogram**.
#
# ## All of it from one spectrogram
#
# Every family begins with the same STFT. `AudioDescriptor` computes it once and puts the families side
# by side.

# %%
from mmrec_course.features import AudioDescriptor, extract_features
from mmrec_course.features.audio import FAMILIES

block = extract_features(mosaic, ("audio",), extractors={"audio": AudioDescriptor()})["audio"]
columns = {name: tuple(family().get_feature_names_out()) for name, family in FAMILIES.items()}
families = {name: block.select(chosen) for name, chosen in columns.items()}
print({name: len(family.names) for name, family in families.items()})
print("tracks × columns:", block.values.shape, "without sound:", int((~block.present).sum()))

# %% [markdown]
# Hertz, decibels and beats cannot be added up, so `extract_features` brought each column to mean 0 and
# standard deviation 1. Can one *hear* what is near? The four nearest to a piece of jazz:

# %%
near = block.nearest("t268", 4)
show_items(mosaic.items, ["t268", *near["item_id"]], columns=5)

# %% [markdown]
# One track is an anecdote. Of all clips, how many have a nearest neighbour of their own genre? An
# artist has one genre, and knows only a few sounds, so leave the same artist out, or the answer is too
# easy:

# %%
genre, artist = (mosaic.items[c].to_numpy()[block.present] for c in ("genre", "artist"))


def same_genre(block):
    x = block.values[block.present]
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    near = np.where(artist[:, None] == artist, -2, np.round(x @ x.T, 12)).argmax(axis=1)
    return genre[near] == genre


# %%
from mmrec_course.display import interval

rng = np.random.default_rng(0)
sample = rng.integers(len(genre), size=(2000, len(genre)))
for name, family in {**families, "all": block, "placebo": block.shuffle(rng=0)}.items():
    hit = same_genre(family)
    low, high = np.percentile(hit[sample].mean(axis=1), [2.5, 97.5])
    print(f"{name:9}", interval(hit.mean(), low, high))

# %% [markdown]
# There are ten genres. The placebo, the same rows dealt out anew, finds fewer than one in ten: chance,
# a little below 0.10 because the same artist is left out. Every family hears genre, MFCCs (timbre: the
# colour of a sound) far better than chroma (harmony), and all together do best.
#
# ## What sound can tell, and what it cannot
#
# Mosaic is made up, so we may open the box: every track has five hidden facts about its sound. A
# **probe** asks whether a *linear* model can read a fact off the features of tracks by artists it has not
# met. $R^2$ is 1 if it can, 0 if it might as well say the mean:

# %%
import pandas as pd

from mmrec_course.evaluation.probing import probe

truth = mosaic.ground_truth()
facts = pd.DataFrame(truth["sound"], index=truth["item_ids"], columns=truth["sound_names"])
groups = pd.Series(truth["artist"], index=truth["item_ids"])
scores = {n: probe(f, facts, groups=groups) for n, f in {**families, "all": block}.items()}
for name, table in scores.items():
    cells = [interval(r.score, r.low, r.high) for r in table.itertuples()]
    print(f"{name:9}" + "".join(f"{cell:>21}" for cell in cells))
print(" " * 9 + "".join(f"{fact:>21}" for fact in facts))

# %% [markdown]
# Energy is easiest for MFCCs and log-mel; chroma cannot read brightness. Tempo is read by all of them, it
# seems, and valence (gay or sad) hardly by any. But beware: folk is acoustic, house is fast. A probe may
# read the *genre* and guess the rest. So take from each fact the mean of its genre, and ask again about
# what is left:

# %%
kinds = pd.Series(truth["genre"], index=truth["item_ids"])
left = facts - facts.groupby(kinds).transform("mean")
figure, ax = plt.subplots(figsize=(7.5, 3.4))
for shift, (name, family) in enumerate({**families, "all": block}.items()):
    table = probe(family, left, groups=groups)
    place = np.arange(len(left.columns)) + 0.12 * (shift - 2.5)
    ax.vlines(place, table["low"], table["high"], color=PALETTE[shift % len(PALETTE)], linewidth=2)
    ax.plot(place, table["score"], "o", color=PALETTE[shift % len(PALETTE)], label=name)
ax.axhline(0, color="black", linewidth=0.8)
ax.set_xticks(range(5), left.columns)
ax.set(
    ylabel="R² within genre", title="Within a genre, sound tells energy, some brightness and tempo"
)
ax.legend(ncols=3, fontsize=8)
finish(
    ax,
    alt="Probes within genre: energy highest, then brightness and tempo; valence, acoustic near 0",
)

# %% [markdown]
# Much is gone. What the probes had read of *acoustic* was genre. *Tempo within a genre* only the rhythm
# family hears (and "all", which holds it): means and spreads of MFCCs forget order, and tempo is order.
# *Valence* stays unheard. But chroma has two columns made for it, major and minor! Are they worthless, or
# drowned by the other 24? They were chosen for what they mean, not for their score, so we may ask them
# alone:

# %%
for names in (columns["chroma"], ("major_fit", "minor_fit")):
    r = probe(families["chroma"].select(names), left[["valence"]], groups=groups).loc["valence"]
    print(f"{len(names):2} columns:", interval(r.score, r.low, r.high))

# %% [markdown]
# The two alone read a little; with 24 more columns to fit on some 430 tracks, the probe finds nothing that
# it can tell from 0. It stays little: a gay song may well have minor chords. "The features carry it" and
# "a probe reads it" are different claims: a low score is about *these* columns, *so many* tracks and a
# *linear* reader.
#
# ## What breaks it
#
# The same recording, somewhat damaged, should stay where it was. So measure how far its row moves, in
# units of the typical distance between two different tracks. At 1, the damage is as large as being
# another track. Twenty clips, three kinds of damage: hiss, a lower volume, a lower sampling rate.


# %%
def hiss(wave, db):
    noise = np.random.default_rng(0).standard_normal(len(wave))
    return wave + noise * wave.std() / noise.std() * 10 ** (-db / 20)


def quieter(wave, db):
    return wave * 10 ** (-db / 20)


def narrower(wave, rate):
    low = librosa.resample(wave, orig_sr=sr, target_sr=rate)
    return librosa.resample(low, orig_sr=rate, target_sr=sr)[: len(wave)]


damages = {
    "hiss, dB below the music": (hiss, (60, 40, 20, 10)),
    "volume, dB lower": (quieter, (3, 6, 12, 24)),
    "sampling rate, Hz": (narrower, (16000, 11025, 8000, 4000)),
}

# %%
some = [load_audio(path) for path in mosaic.items.audio.dropna()[:20]]
kinds_of = {"mfcc": MFCCStatistics(), "chroma": ChromaStatistics(), "rhythm": RhythmStatistics()}


def moved(rows, damaged):
    scale = np.maximum(rows.std(axis=0), 1e-9)
    x, z = rows / scale, damaged / scale
    typical = np.median(np.linalg.norm(x[:, None] - x, axis=2)[np.triu_indices(len(x), 1)])
    return np.median(np.linalg.norm(z - x, axis=1)) / typical


# %% [markdown]
# How bad does hiss sound? The same piece of the calm track four times, with hiss 60, 40, 20 and 10 dB below
# the music. Where do *you* begin to hear it?

# %% tags=["nbval-ignore-output"]
# Output not compared: the last bit of a sample may differ from processor to processor.
from IPython.display import Audio

excerpt = waves[calm][2 * sr : 2 * sr + 3 * sr // 4]
Audio(np.concatenate([hiss(excerpt, db) for db in (60, 40, 20, 10)]), rate=sr)

# %% [markdown]
# And where do the features?

# %%
clean = {name: descriptor.transform(some) for name, descriptor in kinds_of.items()}
figure, axes = plt.subplots(1, 3, figsize=(10, 2.9), sharey=True, layout="constrained")
for ax, (label, (damage, strengths)) in zip(axes, damages.items(), strict=True):
    damaged = [[damage(wave, strength) for wave in some] for strength in strengths]
    for color, (name, descriptor) in zip(PALETTE, kinds_of.items(), strict=False):
        ys = [moved(clean[name], descriptor.transform(waves)) for waves in damaged]
        ax.plot(range(len(strengths)), ys, "o-", color=color, label=name)
    ax.axhline(1, color="black", linestyle="--", linewidth=0.8)
    ax.set_xticks(range(len(strengths)), [str(strength) for strength in strengths])
    ax.set_xlabel(label)
axes[0].set_ylabel("distance moved")
axes[0].legend(fontsize=8)
figure.suptitle("Hiss and missing treble move a track; volume moves only MFCCs")
finish(
    figure, alt="How far rows move under hiss, lower volume and lower rate; damage grows rightwards"
)

# %% [markdown]
# Left: hiss 40 dB under the music moves the MFCCs by about 0.2, because decibels give the quiet bands as
# much say as the loud ones. At 20 dB they and the rhythm have gone half the way to another track; at 10 dB
# the rhythm has gone nearly all of it, because beginnings of notes drown. Middle: volume moves MFCCs, by
# 0.3 at 24 dB, and neither chroma nor rhythm. It is coefficient 0, the level, that moves. Right: without
# the treble the spectrum has another shape, and even 16,000 Hz is too few for MFCCs that were made at
# 22,050. Chroma stands these three best, but heard genre worst: robust is not informative.
#
# Volume has a remedy: bring all clips to one **loudness** first. `normalize_loudness` measures it as
# broadcasters do (ITU-R BS.1770) and applies one gain. Is it free? Ask every third track for the
# level (the mean of coefficient 0) and the hidden energy:

# %%
from mmrec_course.preprocessing import normalize_loudness

timbre = MFCCStatistics().transform
lower = [quieter(wave, 24) for wave in some]
level = [normalize_loudness(wave, sr) for wave in some]
level_lower = [normalize_loudness(wave, sr) for wave in lower]
print(f"24 dB lower: moved by {moved(timbre(some), timbre(lower)):.2f}")
print(f"both levelled:        {moved(timbre(level), timbre(level_lower)):.2f}")

# %%
ids = block.item_ids[block.present][::3]
heard = [load_audio(path) for path in mosaic.items.audio[ids]]
level = [normalize_loudness(wave, sr) for wave in heard]
energy = facts.loc[ids, "energy"]
for name, clips in {"as mastered": heard, "levelled": level}.items():
    loud = MFCCStatistics(n_mfcc=1).transform(clips)[:, 0]
    print(f"{name:12} correlation of level and energy: {np.corrcoef(loud, energy)[0, 1]:.2f}")

# %% [markdown]
# It is not free. In Mosaic loud tracks are energetic ones, and levelling takes part of that away with
# the nuisance. (Not all: the mean of decibels is not the loudness that was made equal.)
# Where recordings come from everywhere, volume may say more about who mastered them than about music:
# level them. Where one studio made all, as here, levelling may cost you information: test it.
#
# ## A recommender that only listens
#
# New tracks again (lesson 00): a fifth of the tracks is hidden with all its ratings, so the model has
# nothing but their features to rank them by. Everything that is learned is learned from the other
# tracks. The model is `MultimodalRecommender` with its default hyperparameters and sound alone: on new
# tracks, a ridge regression on the features (lessons 08 and 11). Lessons 03 and 04 used other models
# and numbers of splits, so do not compare levels across lessons: lesson 08 has all modalities in one
# table. Four rivals, three splits: the usual MFCCs, all families, the placebo, and chance.

# %%
from mmrec_course.evaluation import cold_item_split, evaluate
from mmrec_course.recommenders import MultimodalRecommender, Random

inputs = {"mfcc": MFCCStatistics(), "all families": AudioDescriptor()}
results = {name: [] for name in ("chance", *inputs, "placebo")}
for seed in range(3):
    split = cold_item_split(mosaic.ratings, rng=seed)
    known = mosaic.items.index.difference(split.candidates)
    heard = {
        n: extract_features(mosaic, ("audio",), known, extractors={"audio": d})
        for n, d in inputs.items()
    }
    models = {
        n: MultimodalRecommender().fit(split.train_valid, given) for n, given in heard.items()
    }
    permuted = {"audio": heard["all families"]["audio"].shuffle(rng=seed)}
    models["placebo"] = MultimodalRecommender().fit(split.train_valid, permuted)
    models["chance"] = Random(rng=seed).fit(split.train_valid, permuted)
    for name in results:
        results[name].append(evaluate(models[name], split, metrics=("ndcg",)))

# %%
from mmrec_course.display import print_table
from mmrec_course.evaluation import compare_splits

table = compare_splits(results, test_share=0.2, baseline="chance")
print_table(table[["mean", "low", "high", "difference", "diff_low", "diff_high"]])
direct = compare_splits({n: results[n] for n in inputs}, test_share=0.2).loc["all families"]
print("all families − mfcc:", interval(direct.difference, direct.diff_low, direct.diff_high, 3))

# %% [markdown]
# Sound alone doubles chance for tracks that nobody has rated, and the interval of the placebo's
# difference contains 0. Do all families beat MFCCs? The interval in the last line contains 0 too: three
# splits cannot tell. These listeners are simulated and care about the facts that we probed; real ones
# also care about what no clip holds.
#
# ## Your turn
#
# [Exercises](exercises/05_audio_features.ipynb): frames, pitch classes, a chroma that ignores the key,
# tempo and its octaves, what means forget. [Solutions](solutions/05_audio_features.ipynb).
#
# ## Recap
#
# - A spectrogram says which frequencies sound when; mel and decibels make it as people hear.
# - MFCC: timbre. Chroma: harmony. Spectral statistics: brightness and noise. Onsets and tempogram: rhythm.
# - Plain means forget order; deltas and onsets keep a little. Tempo needs features that keep it.
# - Much of what a probe reads is genre. Take the genre away before you say what was heard.
# - Hiss and lost treble move features; volume can be levelled, at a price.
#
# ## Sources
#
# - Davis and Mermelstein (1980), IEEE TASSP 28: MFCCs and their rivals, compared on speech.
# - Tzanetakis and Cook (2002), IEEE TSAP 10: means and spreads over a clip as a description of genre.
# - Fujishima (1999), ICMC: chroma for recognising chords.
# - Grosche, Müller and Kurth (2010), ICASSP: tempograms.
# - McFee et al. (2015), SciPy: librosa.
# - ITU-R BS.1770: how loudness is measured.
# - Alain and Bengio (2016): linear probes.
