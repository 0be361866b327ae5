# %% [markdown]
# # Exercises 05 · Audio features
#
# Five exercises on [lesson 05](../05_audio_features.ipynb), from one line to one idea: 20 to 50
# minutes. Write your answer where it says so, then run the cell below it: it is silent if all is
# well, and otherwise says what to look at. Each exercise needs only the next cell. The
# [solutions](../solutions/05_audio_features.ipynb) also say what to learn from each.

# %%
import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.features import ChromaStatistics, RhythmStatistics
from mmrec_course.preprocessing import load_audio

mosaic = load_mosaic()
sr = 22050

# %% [markdown]
# ## 1 · How many frames?
#
# One line. Frame $t$ is centred on sample $t \cdot$ `hop`. How many frames have their centre inside a
# clip of `n_samples`, or right at its end?


# %% exercise="n_frames"
def n_frames(n_samples, hop):
    ### BEGIN SOLUTION
    # Centres lie at 0, hop, 2 hop, …; the frame's length plays no part, because half a frame of
    # silence is added at both ends. Six seconds at 22,050 Hz and 512: 259 columns for 132,300 samples.
    return 1 + n_samples // hop
    ### END SOLUTION


# %% check="n_frames"
assert n_frames(1000, 100) != 10, "centres 0, 100, …, 1000 are eleven: count the first one, too"
assert isinstance(n_frames(1000, 512), int | np.integer), (
    "a number of frames is whole: // rounds down"
)
assert n_frames(1, 512) == 1, "even one sample has the frame that is centred on sample 0"
assert n_frames(1024, 512) == 3, "centres 0, 512 and 1024: count the first one too"
assert n_frames(1023, 512) == 2, "1024 is beyond the end: round down"
assert n_frames(1000, 100) == 11, "centres 0, 100, …, 1000: divide by `hop`, whatever it is"

# %% [markdown]
# ## 2 · Which note?
#
# Return the pitch class of a frequency, 0 for C up to 11 for B. A (class 9) is 440 Hz, and an octave
# has twelve equal steps.


# %% exercise="pitch_class"
def pitch_class(frequency):
    ### BEGIN SOLUTION
    # Equal steps of pitch are equal *factors* of frequency, so the logarithm counts them. The
    # remainder after twelve forgets the octave: 220, 440 and 880 Hz are all A.
    return round(12 * np.log2(frequency / 440) + 9) % 12
    ### END SOLUTION


# %% check="pitch_class"
assert pitch_class(445) == round(pitch_class(445)), "a pitch class is a whole number: round"
assert pitch_class(440) == 9, "440 Hz is A, and A is class 9 when C is 0"
assert pitch_class(220) == 9 and pitch_class(1760) == 9, "octaves do not matter: the rest after 12"
assert pitch_class(261.63) == 0, "261.63 Hz is C: twelve steps to a factor of two, so use log2"
assert pitch_class(445) == 9, "a little too high is still A: round to the nearest, not up"
assert pitch_class(435) == 9, "a little too low is still A: round to the nearest, not down"

# %% [markdown]
# ## 3 · A chroma that does not care about the key
#
# The same song three semitones higher has its twelve chroma numbers rotated by three positions. Bring
# any rotation to the same form: rotate so that the strongest comes first. Keep the order. Return an
# array of twelve numbers.


# %% exercise="from_strongest"
def from_strongest(chroma):
    ### BEGIN SOLUTION
    # Sorting would forget which intervals sound: {C, E, G} and {C, D, E} have the same sorted row.
    # Rotation keeps the intervals and forgets only where they begin. It depends on one number, the
    # strongest, so a song whose two strongest classes are nearly equal may jump.
    chroma = np.asarray(chroma)
    return np.roll(chroma, -int(chroma.argmax()))
    ### END SOLUTION


# %% check="from_strongest" points=2
song = np.array([5, 0, 1, 0, 3, 0, 0, 4, 0, 0, 0, 0])
assert np.shape(from_strongest(song)) == (12,), "return an array of twelve numbers"
for up in range(12):
    assert from_strongest(np.roll(song, up))[0] == 5, "the strongest, here 5, comes first"
    assert list(from_strongest(np.roll(song, up))) == song.tolist(), (
        f"{up} semitones higher must give the same: rotate back by the position of the largest"
    )
other = np.array([5, 4, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0])
assert list(from_strongest(other)) != list(from_strongest(song)), (
    "two chords with the same strengths at other intervals must differ: rotate, do not sort"
)

# %%
x = ChromaStatistics().transform([load_audio(mosaic.items.audio["t268"])])[0, :12]
print("first three, from the strongest:", np.round(from_strongest(x)[:3], 1))

# %% [markdown]
# ## 4 · Is this tempo right?
#
# Return True if an estimate lies within 8 % of the true tempo. With `octaves=True`, half, double, a
# third and three times the true tempo count as well, each within 8 % of that multiple: people tap at
# all of them.


# %% exercise="tempo_is_right"
def tempo_is_right(estimate, truth, octaves=False):
    ### BEGIN SOLUTION
    # The tolerance is a share of the tempo that is compared with: 8 % of 60 are 5 beats, of 240 they
    # are 19. Research reports both numbers (accuracy 1 and 2); the distance between them says how
    # often a method has the pulse and misses the level.
    factors = (1, 2, 3, 1 / 2, 1 / 3) if octaves else (1,)
    return any(abs(estimate - f * truth) <= 0.08 * f * truth for f in factors)
    ### END SOLUTION


# %% check="tempo_is_right" points=2
assert tempo_is_right(105, 100) and not tempo_is_right(110, 100), "within 8 % of the truth"
assert tempo_is_right(93, 100), "too slow by 7 % is right too: take the absolute difference"
assert not tempo_is_right(50, 100), "half the tempo is wrong unless octaves=True"
assert tempo_is_right(100, 100, octaves=True), "the true tempo itself counts with octaves, too"
for estimate in (50, 200, 33, 300):
    assert tempo_is_right(estimate, 100, octaves=True), (
        f"{estimate} for 100: half, double, a third and three times all count with octaves=True"
    )
assert tempo_is_right(212, 100, octaves=True), "212 is within 8 % of 200: scale the tolerance"
assert not tempo_is_right(56, 100, octaves=True), "56 is 12 % over 50: 8 % of 50, not of 100"
assert not tempo_is_right(140, 100, octaves=True), "one and a half times is not an octave"

# %% [markdown]
# Clicks at eight tempi, each with a weaker click halfway between two. How often is the estimate right?

# %%
names = RhythmStatistics().get_feature_names_out().tolist()
right = {False: 0, True: 0}
for bpm in (50, 60, 75, 90, 110, 130, 160, 200):
    clip = np.zeros(8 * sr)
    for n, at in enumerate(np.arange(0.1, 7.9, 30 / bpm)):
        clip[int(at * sr) :][:200] = 0.9 if n % 2 == 0 else 0.3
    tempo = RhythmStatistics().transform([clip])[0, names.index("tempo")]
    for octaves in right:
        right[octaves] += bool(tempo_is_right(tempo, bpm, octaves))
print("right:", right[False], "of 8; with octaves:", right[True], "of 8")

# %% [markdown]
# ## 5 · What do means forget?
#
# Return a second clip with exactly the samples of the first, in another order. The chroma's means and
# standard deviations should hardly change, and yet nobody would call it the same music: it is loud
# and quiet at other times. (One line. Return an array of the same length.)


# %% exercise="same_means"
def same_means(wave):
    ### BEGIN SOLUTION
    # Backwards, every frame has the same spectrum as before, and the frames only change their order: means and
    # standard deviations cannot tell, except for the sign of the slopes. Strokes that decay now swell: the
    # curves of loudness correlate at 0.4 only. Half a clip's shift, np.roll, does it too; blocks of 2,048
    # samples in any order nearly do it, because their seams click.
    return np.asarray(wave)[::-1].copy()
    ### END SOLUTION


# %% check="same_means"
wave = load_audio(mosaic.items.audio["t268"])[: 512 * 200 + 1]
backup = wave.copy()
reordered = np.asarray(same_means(wave))
assert np.array_equal(wave, backup), "leave the first clip as it is: change a copy"
assert np.shape(reordered) == wave.shape, "return an array of the same length"
assert sorted(reordered.tolist()) == sorted(wave.tolist()), (
    "the same samples: only their order may change"
)
assert not np.array_equal(reordered, wave), "another order"
a, b = (ChromaStatistics().transform([w])[0] for w in (wave, reordered))
assert np.abs(a - b).max() < 0.08, (
    "the means moved: mixing samples makes noise. Which order leaves the content of each frame alone?"
)
loud, reordered_loud = (
    np.sqrt((w[:-1].reshape(-1, 512) ** 2).mean(axis=1)) for w in (wave, reordered)
)
assert np.corrcoef(loud, reordered_loud)[0, 1] < 0.7, (
    "still the same music, loud and quiet at the same times: move more than a few samples, and further"
)

# %% [markdown]
# Features that forget order are a choice. For the question "what does it sound like" it is a good
# one, for "how does it go on" it is not.
