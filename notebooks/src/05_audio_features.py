# %% [markdown]
# # 05 · Audio features: from air pressure to a row of numbers
#
# **Aim** Turn a clip into a spectrogram, the spectrogram into features, and find out what they can
# hear, and what they cannot.<br>
# **Time** {minutes} minutes, exercises 20 to 50 more.<br>
# **Needs** Sampling rate and waveform (lesson 02), probes and the running table (lesson 03). Loudspeakers
# or headphones. Nothing is downloaded.

# %% tags=["slide-two-clips"]
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
# A waveform is air pressure over time, at a sampling rate of 22,050 numbers for each second. You see
# when it is loud. You do not see pitch, instrument or chord, and shifting a clip by a thousandth of a
# second changes every number. Features must not depend on that. So ask another question: *which
# frequencies* sound, and *when*?
#
# ## A spectrogram by hand
#
# Cut the wave into overlapping **frames** of 2,048 samples (93 ms), one every 512 (23 ms). Multiply each
# with a **Hann window** $w$: a bell-shaped weight that fades a frame in and out, so that its ends do not
# sound like clicks. Then the Fourier transform says how strong each frequency is:
#
# $$S_{f,t} = \Big|\sum_{n=0}^{N-1} w_n \, y_{tH+n} \, e^{-2\pi i f n / N}\Big|$$
#
# In words: multiply frame $t$ with the window, compare it with a wave that turns $f$ times in a frame, and
# keep the size of what matches. $N$ is the frame's length, $H$ the step (*hop*), $i$ the imaginary unit. In Hz
# the frequency is $f$ times the sampling rate over $N$. Try it on one frame of a
# sound whose answer you know, a tone of 440 Hz:

# %%
window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
frequencies = np.arange(1 + n_fft // 2) * sr / n_fft
tone = np.sin(2 * np.pi * 440 * np.arange(sr) / sr)
strength = np.abs(np.fft.rfft(window * tone[:n_fft]))
print(f"strongest at {frequencies[strength.argmax()]:.0f} Hz, steps of {sr / n_fft:.1f} Hz")

# %% [markdown]
# As near as the steps allow. A longer frame would have finer steps and blur time more. Now all
# frames: the **short-time Fourier transform**, STFT. Its magnitude $S$ is the **spectrogram**. Half a
# frame of silence is put before and after, so that frame $t$ is centred on sample $tH$ of the clip.


# %%
def stft(wave, step=hop):
    padded = np.pad(wave, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::step]
    return np.fft.rfft(frames * window).T


# %%
import librosa

spectra = {track: stft(wave) for track, wave in waves.items()}
print("frequencies × frames:", spectra[calm].shape)
print("equals librosa:", np.allclose(spectra[calm], librosa.stft(waves[calm]), atol=1e-3))

# %% [markdown]
# Equal to librosa, the library of this field. From here on, power is $P = S^2$.
#
# ## Hearing is not linear: mel and decibels
#
# Between 100 and 200 Hz lies an octave; between 8,000 and 8,100 Hz you hear hardly a difference. On
# the **mel scale** equal steps sound equal. librosa's version of it is linear up to 1,000 Hz, and
# above that equal steps are equal *factors* of frequency. A *mel filter bank* is a set of triangles
# that are equally wide in mel. Each sums the power near its tip. Here are eight of them (40 to 128
# are usual). A wide triangle is made lower, so that it does not get more power merely because it is
# wide.

# %%
figure, ax = plt.subplots(figsize=(7, 2.4))
ax.plot(frequencies, librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=8).T, color=PALETTE[0])
ax.set(xlabel="frequency (Hz)", ylabel="weight", title="Narrow where the ear is fine, wide above")
finish(
    ax, alt="Eight triangles over frequency, narrow and high on the left, wide and low on the right"
)

# %% [markdown]
# So what do 128 mel bands keep, and what do they merge? Take pairs of tones, 100 Hz apart, low and
# high. In which band is each tone strongest?

# %% tags=["predict", "slide-tones"]
import pandas as pd

from mmrec_course.display import print_table

filters = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=128)


def strongest_band(frequency):
    tone = np.sin(2 * np.pi * frequency * np.arange(n_fft) / sr)
    return int((filters @ np.abs(np.fft.rfft(window * tone)) ** 2).argmax())


low = [500, 1000, 2000, 4000, 8000]
bands = [(strongest_band(f), strongest_band(f + 100)) for f in low]
index = pd.Index([f"{f} and {f + 100} Hz" for f in low], name="tones")
print_table(pd.DataFrame(bands, index=index, columns=["band of the first", "of the second"]))

# %% [markdown]
# At 8,000 Hz both tones fall into one band: the mel scale has merged them. One octave lower, and in
# the other rows, they fall into different bands. At 500 Hz these are four bands apart. The
# bands are fine where the ear is fine.
#
# Loudness is not linear either: ten times the power sounds about twice as loud. **Decibels**, $10
# \log_{10} P$, turn factors into steps. Mel bands in decibels are a **log-mel spectrogram**. All that
# is more than 80 dB below the loudest band is set to 80 dB below it.


# %% tags=["slide-log-mel"]
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
# 128 bands that is 256 columns; by default it has 40 bands, so below it has 80 columns.

# %%
from mmrec_course.features import LogMelStatistics

row = LogMelStatistics(n_mels=128).transform([waves[calm]])[0]
by_hand = np.concatenate([mels[calm].mean(axis=1), mels[calm].std(axis=1)])
print(row.shape, "equals by hand:", np.allclose(row, by_hand, atol=0.01))

# %% [markdown]
# ## MFCC: the shape of the spectrum
#
# Neighbouring bands say nearly the same. A **cosine transform** (DCT) describes their curve by few
# numbers instead. Coefficient 0 is the level, 1 the tilt from low to high, 2 a bend, and so
# on. These are the *mel-frequency cepstral coefficients*, **MFCC**.
# The curve's shape is most of what we hear as **timbre**, the colour of a sound: what sets a flute
# apart from a violin on the same note. With $B$ bands, and $L_b$ the level of band $b$ in decibels,
# coefficient $k$ is
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
# `SpectralStatistics` describes the shape of the spectrum. The **spectral centroid** is the mean
# frequency, weighted by magnitude: high for bright sounds. Bandwidth is the width around it. Below
# the roll-off lie 85 % of the magnitude. Flatness tells noise from tone. Contrast says how far peaks
# stand above valleys, for each octave. The spectral centroid, by hand:

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
# repeats. That shift may be the beat. Look for the peaks, then for their distance:

# %% tags=["slide-beats"]
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
# A shift of 10 frames is 258 beats per minute, one of 64 frames is 40: only between these do we look for
# the best match.

# %% tags=["predict"]
from mmrec_course.features import RhythmStatistics

lags = np.arange(10, 65)
beat = lags[match[lags].argmax()]
rhythm = RhythmStatistics()
names = rhythm.get_feature_names_out().tolist()
print(f"by hand: {60 * sr / hop / beat:.0f} beats per minute")
for track in (calm, busy):
    x = rhythm.transform([waves[track]])[0]
    print(f"{mosaic.items.title[track]:18} tempo {x[names.index('tempo')]:.0f},", end=" ")
    print(f"onsets per second {x[names.index('onset_rate')]:.1f},", end=" ")
    print(f"standard deviation of their strength {x[names.index('onset_strength_sd')]:.2f} dB")

# %% [markdown]
# By hand we get 235, the package 117: half of it. The pattern repeats at both distances, so the wave alone
# cannot say which of them a listener would call the beat. A method that names the other one makes an
# *octave error*. The package gives more weight to tempi near 120. Exercise 4 counts right answers with and
# without octave errors.
#
# Even for the calm track the package names a tempo, because some shift always matches best. And why
# has a track of held notes 2.8 onsets per second? An onset is a peak that stands out *in its own
# clip*, however small, and held chords swell and change. The standard deviation of the onset strength
# tells the two apart: 0.35 dB against 2.06. `RhythmStatistics` also keeps the match at twelve tempi,
# the *tempogram*.
#
# ## All of it from one spectrogram
#
# Every family needs the same STFT. `AudioDescriptor` computes it once and puts the families
# side by side. It is the audio block of `extract_features`. Nothing is predicted yet, so we look at
# all tracks.

# %%
from mmrec_course.features import extract_features
from mmrec_course.features.audio import FAMILIES

block = extract_features(mosaic, ["audio"])["audio"]
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
# Four neighbours prove nothing. Of all clips, how many have a nearest neighbour of their own genre?
# An artist has one genre and few sounds. So leave the same artist out, or the answer is too easy.
# One more question: is the *log* of the log-mel bands needed? Here are MFCCs without deltas,
# from decibels and from power. (Every fourth frame is enough for means and deviations.)

# %%
from mmrec_course.features import FeatureBlock


def mfcc_with_and_without_log(path):
    """Means and standard deviations of MFCCs, from decibels and from power."""
    power = filters @ np.abs(stft(load_audio(path), step=4 * hop)) ** 2
    coefficients = [dct @ librosa.power_to_db(power), dct @ power]  # each (20, n_frames)
    return [np.concatenate([c.mean(axis=1), c.std(axis=1)]) for c in coefficients]


values = np.zeros((2, len(block.item_ids), 40))
for row in np.flatnonzero(block.present):
    values[:, row] = mfcc_with_and_without_log(mosaic.items.audio[block.item_ids[row]])
labels = {"item_ids": block.item_ids, "present": block.present, "names": columns["mfcc"][:40]}
no_deltas, no_log = (FeatureBlock(modality="audio", values=rows, **labels) for rows in values)

# %%
from mmrec_course.display import interval

compared = {"all": block, **families, "mfcc, no deltas": no_deltas.standardize()}
compared |= {"mfcc, no log": no_log.standardize(), "permuted": block.shuffle(rng=0)}
genre = mosaic.items["genre"].to_numpy()[block.present]
artist = mosaic.items["artist"].to_numpy()[block.present]


def same_genre(block):
    """For each clip, whether the nearest clip by another artist has its genre."""
    x = block.values[block.present]
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    similarity = np.where(artist[:, None] == artist, -2, np.round(x @ x.T, 12))
    return (genre[similarity.argmax(axis=1)] == genre).astype(float)


# %% tags=["predict", "slide-same-genre"]
hits = {name: same_genre(block) for name, block in compared.items()}
resampled = np.random.default_rng(0).integers(len(genre), size=(2000, len(genre)))


def with_interval(values):
    low, high = np.percentile(values[resampled].mean(axis=1), [2.5, 97.5])
    return interval(values.mean(), low, high, digits=3)


table = pd.DataFrame({"same genre": {name: with_interval(hit) for name, hit in hits.items()}})
table["all minus this"] = [with_interval(hits["all"] - hit) for hit in hits.values()]
print_table(table)
log_gain = with_interval(hits["mfcc, no deltas"] - hits["mfcc, no log"])
print("gain from the log:", log_gain)

# %% [markdown]
# In brackets: 95 % intervals over clips. There are ten genres, and the **permutation control** (placebo),
# the same rows permuted among the clips, is near chance: its interval contains 0.10.
#
# Every family hears genre, MFCC (timbre) far better than chroma (harmony). All together do better
# than each family: every interval of the paired difference in the second column excludes 0. But one
# row does as well as all: MFCCs without deltas.
#
# And the log is needed. Without it, the share falls from 0.933 to 0.648. A likely reason: in power the
# few loudest bands decide; decibels let the quiet bands count.
#
# ## What sound can tell, and what it cannot
#
# Mosaic is made up, so we know five facts about the sound of every track. A *linear probe* (lesson
# 03) asks whether a linear model can read a fact off the features of tracks by artists it has not
# met. $R^2$ is 1 if it can, 0 if it does no better than the mean, and negative if it does worse. Means and
# deviations of columns are from all tracks here.

# %%
from mmrec_course.evaluation import probe

truth = mosaic.ground_truth()
facts = pd.DataFrame(truth["sound"], index=truth["item_ids"], columns=truth["sound_names"])
groups = pd.Series(truth["artist"], index=truth["item_ids"])
probed = {name: families[name] for name in ("mfcc", "chroma", "rhythm")} | {"all": block}
scores = pd.DataFrame(index=facts.columns)
for name, family in probed.items():
    result = probe(family, facts, groups=groups)
    scores[name] = [interval(row.score, row.low, row.high) for row in result.itertuples()]
print_table(scores)

# %% [markdown]
# Energy is easiest for MFCCs; chroma cannot read brightness. Tempo is read by all of them, it seems,
# and valence (happy or sad) hardly by any. But beware: folk is acoustic, house is fast. Genre is a
# **confounder**: a third quantity that moves both the features and the fact, so that one seems to
# explain the other. A probe may read the *genre*, and from it the rest. So subtract from each fact
# the mean of its genre, and ask again about what is left:

# %% tags=["predict", "slide-within-genre"]
genres = pd.Series(truth["genre"], index=truth["item_ids"])
within = facts - facts.groupby(genres).transform("mean")
_, ax = plt.subplots(figsize=(7.5, 3.4))
for j, (name, family) in enumerate(probed.items()):
    result, x = probe(family, within, groups=groups), np.arange(5) + 0.13 * (j - 1.5)
    error = [result["score"] - result["low"], result["high"] - result["score"]]
    ax.errorbar(x, result["score"], yerr=error, fmt="osD^"[j], label=name)
ax.axhline(0, color="black", linewidth=0.8)
ax.set_xticks(range(5), within.columns)
title = "Within a genre, sound tells energy, some brightness and tempo"
ax.set(ylabel="R² within genre", title=title)
ax.legend(ncols=2, fontsize=8)
finish(
    ax,
    alt="Probes within genre: energy highest, then brightness and tempo; valence, acoustic near 0",
)

# %% [markdown]
# Much is gone. What the probes had read of *acoustic* was genre. *Tempo within a genre* is read, of
# these families, only by rhythm (and by "all", which holds it): means and standard deviations of
# MFCCs forget order, and deltas see nine frames, 0.2 seconds, less than a beat. *Valence* is not read by
# any. But chroma has two columns made for it, major and minor! Do the other 24 columns drown them? The
# two were chosen for what they mean, not for their score, so we may ask them alone:

# %%
for names in (columns["chroma"], ("major_fit", "minor_fit")):
    result = probe(families["chroma"].select(names), within["valence"], groups=groups)
    row = result.iloc[0]
    print(f"{len(names):2} columns:", interval(row.score, row.low, row.high))

# %% [markdown]
# The two alone read a little. With 24 more columns and some 430 tracks, the probe finds nothing that
# it can tell from 0. "The features carry it" and "a probe reads it" are different claims. A low score is
# about *these* columns, *so many* tracks and a *linear* model.
#
# ## What breaks it
#
# The same recording, somewhat damaged, should stay where it was. Hiss and lost high frequencies move
# MFCCs and rhythm far, chroma hardly. Of these three, a change of volume moves only MFCCs, and
# *loudness normalisation* (lesson 02) undoes it, at a cost. [Deeper: what breaks audio
# features](deeper/05_what_breaks_it.ipynb) lets you hear the damage and measures it.
#
# ## The running table
#
# Now recommend cold-start tracks by sound. The protocol is that of lesson 03: five splits, and mean and
# standard deviation of the columns are learned from the training items.

# %%
from mmrec_course.extras.cold_start import cold_start_results, running_table


def blocks_of(items):
    return extract_features(mosaic, fit_items=items)


results = cold_start_results(mosaic.ratings, blocks_of)
print_table(running_table(results), digits=3)

# %% [markdown]
# Sound alone is far above chance for tracks that nobody has rated. Is it better or worse than covers
# and words?

# %% tags=["predict"]
from mmrec_course.evaluation import compare_splits

against = compare_splits(results, test_share=0.2, baseline="audio")
print_table(against.loc[["image", "text"], "difference":"diff_high"], digits=3)

# %% [markdown]
# Both intervals contain 0: neither can be told from audio. Mosaic's users are simulated and care about
# the facts that we probed; real ones also care about what no clip holds.
#
# By the same protocol: MFCCs alone, with and without the log, and the permutation control. *Audio*
# has all families. What do you expect?


# %%
generator = np.random.default_rng(0)


def audio_blocks_of(items):
    audio = block.standardize(items)  # learned from training items only (lesson 03)
    return {
        "mfcc": audio.select(columns["mfcc"]),
        "mfcc, no deltas": no_deltas.standardize(items),
        "mfcc, no log": no_log.standardize(items),
        "audio permuted": audio.shuffle(rng=generator),
    }


# %%
others = {"audio": results["audio"], **cold_start_results(mosaic.ratings, audio_blocks_of)}
table = compare_splits(others, test_share=0.2, baseline="audio")
print_table(table.loc[:, "mean":"diff_high"], digits=3)
table = compare_splits(others, test_share=0.2, baseline="mfcc, no deltas")
print_table(table.loc[["mfcc, no log"], "difference":"diff_high"], digits=3)

# %% [markdown]
# The permutation control is at chance. All families together are better than MFCCs with deltas: the
# interval excludes 0. Against MFCCs without deltas it includes 0. And again the log is needed: the
# interval in the second table excludes 0.
#
# ## Your turn
#
# Five [exercises](exercises/05_audio_features.ipynb) with
# [solutions](solutions/05_audio_features.ipynb): frames, pitch classes, a chroma that ignores the
# key, tempo and its octaves, what means forget.
#
# ## Recap
#
# - A spectrogram says which frequencies sound when. Mel scale and decibels make it similar to what people hear. MFCCs
#   without the log are clearly worse.
# - MFCC: timbre. Chroma: harmony. Spectral statistics: brightness and noise. Onsets and tempogram: rhythm.
# - Plain means forget order. Tempo needs features that keep it.
# - Genre is a confounder: much of what a probe reads is genre. Take it away before you say what was heard.
#
# ## Sources
#
# - Davis and Mermelstein (1980), IEEE TASSP 28: MFCCs and their rivals, compared on speech.
# - Tzanetakis and Cook (2002), IEEE TSAP 10: means and deviations over a clip as a description of
#   genre.
# - Fujishima (1999), ICMC: chroma for recognising chords.
# - Grosche, Müller and Kurth (2010), ICASSP: tempograms.
# - McFee et al. (2015), SciPy: librosa.
# - Slaney (1998), *Auditory Toolbox*: the mel scale that librosa uses.
# - Alain and Bengio (2016): linear probes.
