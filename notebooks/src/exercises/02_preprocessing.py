# %% [markdown]
# # Exercises 02 · Preprocessing
#
# Five exercises on [lesson 02](../02_preprocessing.ipynb), from one line to one idea, in 25 to 60 minutes. Write your
# answer where it says so, then run the cell below it: it is silent if all is well, and otherwise says what to look
# at. The [solutions](../solutions/02_preprocessing.ipynb) also say what to learn from each answer.

# %%
import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import fixed
from mmrec_course.features import ColorHistogram, extract_features

mosaic = load_mosaic()

# %% [markdown]
# ## 1 · Transparent pixels on black
#
# One line. `rgba` is a (height, width, 4) array of bytes; the fourth channel is the opacity, 0 to 255. The package
# lays it on white. Lay it on **black**, as a page in dark mode would, and return (height, width, 3) numbers
# between 0 and 255 (floats will do).


# %% exercise="on_black"
def on_black(rgba):
    ### BEGIN SOLUTION
    # Black adds nothing, so only opacity · colour is left. The trap is arithmetic with bytes: in uint8,
    # 200 · 128 is 0, because only what is left over after division by 256 is kept. Divide first: it
    # makes floats.
    return rgba[:, :, :3] * (rgba[:, :, 3:] / 255)
    ### END SOLUTION


# %% check="on_black"
glass = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)
shown = np.asarray(on_black(glass), dtype=float)
assert shown.shape == (1, 3, 3), f"return (height, width, 3), here (1, 3, 3), not {shown.shape}"
assert np.allclose(shown[0, 0], [200, 100, 0]), "an opaque pixel keeps its colour"
assert np.allclose(shown[0, 1], 0), "a fully transparent pixel shows what is behind it: black"
assert np.allclose(shown[0, 2], [40, 20, 0]), (
    "opacity 51 of 255 is a fifth: 40, 20, 0; if yours are odd, think of what a byte can hold"
)

# %% [markdown]
# ## 2 · A new size without a new shape
#
# A picture of `height` × `width` pixels is to fit into a square of `size`, its **longer** side exactly `size`, its
# shape kept as well as whole pixels allow. Return the new (height, width). No side may vanish.


# %% exercise="fit_inside"
def fit_inside(height, width, size):
    ### BEGIN SOLUTION
    # One factor for both sides. Rounded, a very flat picture would get a height of 0 pixels, and
    # the next step would fail on a picture that is perfectly good: such corner cases are most of
    # the work of preprocessing.
    factor = size / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))
    ### END SOLUTION


# %% check="fit_inside"
assert np.shape(fit_inside(160, 160, 40)) == (2,), "return two numbers: (height, width)"
for given, expected, hint in [
    ((160, 160, 40), (40, 40), "a square stays a square"),
    ((100, 300, 60), (20, 60), "the longer side is 60, and a third of it is 20"),
    ((300, 100, 60), (60, 20), "here the height is the longer side"),
    ((30, 20, 60), (60, 40), "a small picture grows to fit"),
    ((2, 3, 4), (3, 4), "two thirds of 4 is 2.67: the nearest whole number is 3"),
    ((4, 9, 5), (2, 5), "four ninths of 5 is 2.22: the nearest whole number is 2"),
    ((2, 30_000, 160), (1, 160), "2 of 30,000 pixels round to 0; keep at least one"),
]:
    answer = tuple(fit_inside(*given))
    assert answer == expected, f"fit_inside{given} is {answer}: {hint}"

# %% [markdown]
# ## 3 · Where does a tone land?
#
# You keep every second sample, or every tenth, without a filter, and end up with `rate` samples per second. A tone
# of `frequency` hertz now sounds at a frequency between 0 and the Nyquist frequency, rate / 2. Which? In the lesson,
# at 11,025 samples per second, 9,000 Hz became 2,025 Hz. The spectrum repeats after every `rate` hertz. Within each
# repetition it is mirrored in the middle: `rate - f` sounds like `f`.


# %% exercise="landing"
def landing(frequency, rate):
    ### BEGIN SOLUTION
    # First take off whole rates: a wave that makes one more turn between two samples passes
    # through the same points. What is left is mirrored at half of the rate. So a wrong rate does not
    # just lose the high tones, it adds low ones, and no later step can tell which were made up.
    rest = frequency % rate
    return min(rest, rate - rest)
    ### END SOLUTION


# %% check="landing" points=2
assert isinstance(landing(9000, 11_025), (int, float, np.number)), "return one number, in hertz"
assert landing(9000, 11_025) == 2025, "the lesson's tone: 11,025 − 9,000"
assert landing(440, 22_050) == 440, "below half of the rate a tone stays where it is"
assert landing(12_000, 11_025) == 975, "above the rate: the spectrum begins again at 11,025"
assert landing(20_000, 11_025) == 2050, (
    "20,000 − 11,025 is 8,975, still above the middle: mirror it"
)
for tone in (1234, 7000, 15_000):
    picked = np.sin(2 * np.pi * tone * np.arange(44_100) / 44_100)[::6]
    heard = np.abs(np.fft.rfft(picked)).argmax()
    assert landing(tone, 7350) == heard, f"{tone} Hz at 7,350 a second is heard at {heard} Hz"

# %% [markdown]
# ## 4 · Loudness normalisation without clipping
#
# `level(wave, loudness, target)` multiplies a wave by one number so that its loudness, now `loudness` decibels,
# becomes `target`. A factor $g$ adds $20 \log_{10} g$ decibels. But each sample must stay between −1 and 1: where the
# target would push one out, take the largest factor that does not. Silence, whose loudness is −∞, stays silence.


# %% exercise="level"
def level(wave, loudness, target):
    ### BEGIN SOLUTION
    # Turn the formula round: g = 10^((target − loudness) / 20). Cutting off what sticks out would
    # change the waveform, which one hears as a crackle and a feature sees as high pitches that
    # nobody played. One smaller factor keeps the sound as it is, only not quite as loud. Silence has
    # no largest sample to divide by, and no factor makes it louder.
    peak = np.abs(wave).max()
    if peak == 0:
        return wave
    return wave * min(10 ** ((target - loudness) / 20), 1 / peak)
    ### END SOLUTION


# %% check="level" points=2
soft = np.array([0.01, -0.02, 0.005])
assert np.shape(level(soft, -40, -20)) == (3,), (
    "return a wave with as many samples as the given one"
)
assert np.allclose(level(soft, -40, -20), 10 * soft), (
    "20 decibels are a factor of 10, not of 20 or 100"
)
assert np.allclose(level(soft, -20, -26), soft * 10 ** (-6 / 20)), "a lower target makes it softer"
peaky = np.array([0.1, -0.5, 0.2])
assert np.allclose(level(peaky, -40, -20), 2 * peaky), (
    "a factor of 10 would push −0.5 to −5: the largest one allowed is 2, for all samples alike"
)
assert np.allclose(level(-peaky, -40, -20), -2 * peaky), (
    "now the sample farthest from 0 is +0.5: look at both ends, −1 and 1"
)
assert np.array_equal(level(np.zeros(3), -np.inf, -20), np.zeros(3)), (
    "silence stays silence: what becomes of your factor if the largest sample is 0?"
)

# %% [markdown]
# ## 5 · A scaler that keeps to its items
#
# The idea of the lesson's last part. Subtract from each column of `values` its mean and divide by its standard
# deviation. Compute both **only** on rows that are `present` *and* in `learn` (two arrays of booleans). Rows that
# are not present become 0. A column that does not vary among those rows is only centred.


# %% exercise="scaled"
def scaled(values, present, learn):
    ### BEGIN SOLUTION
    # Three traps in four lines: absent rows are zeros and would pull the mean down; held-out rows
    # must not be looked at; and a constant column would divide by zero. Held-out rows are scaled with
    # the training items' numbers, so their own mean is not 0, and should not be.
    use = present & learn
    mean, sd = values[use].mean(axis=0), values[use].std(axis=0)
    scaled_values = (values - mean) / np.where(sd > 0, sd, 1)
    return scaled_values * present[:, None]
    ### END SOLUTION


# %% check="scaled" points=3
values = np.array([[1.0, 7.0], [3.0, 7.0], [0.0, 0.0], [100.0, 9.0]])
present = np.array([True, True, False, True])
learn = np.array([True, True, True, False])
answer = scaled(values, present, learn)
assert np.shape(answer) == (4, 2), "return an array of the same shape as values, here (4, 2)"
assert np.isfinite(answer).all(), "the second column does not vary among the first two: no division"
assert np.allclose(answer[:2], [[-1, 0], [1, 0]]), (
    "the first column has mean 2 and standard deviation 1 in rows 0 and 1, the only ones that are"
    " present and in learn: did you use another row?"
)
assert np.allclose(answer[2], 0), "an absent row stays 0, which now means: average"
assert np.allclose(answer[3], [98, 2]), "the held-out row is scaled with the others' numbers"
# Shares of colours: they come from each cover alone, so that nothing has been learned yet.
covers = extract_features(mosaic, ["image"], extractors={"image": ColorHistogram()})["image"]
training = np.arange(len(covers)) % 5 > 0
block = covers.standardize(covers.item_ids[training])
assert np.allclose(scaled(covers.values, covers.present, training), block.values, atol=1e-6), (
    "right on four rows and not on all covers: compare your means and standard deviations with those"
    " of covers.values[covers.present & training]"
)

# %% [markdown]
# How would you find out that somebody else's scaler leaks? Look at the mean of each column over *all* present rows.
# What do you expect of a scaler that keeps to its items, and of one that leaks?

# %%
for name, learn in {"honest": training, "leaky": np.ones(len(covers), bool)}.items():
    means = scaled(covers.values, covers.present, learn)[covers.present].mean(axis=0)
    print(f"{name:6} largest |mean| of a column: {fixed(np.abs(means).max())}")

# %% [markdown]
# A mean of 0 in every column gives the leak away: the held-out covers are part of what was subtracted. After an honest
# scaler a remainder is left, because the held-out covers differ from the training ones.
