"""Draw figures in one style and show them with a description.

Every title stands at the left and says what is to be seen; axes have units; colours can be told
apart by colour-blind readers.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

# A new machine's first figure would store "building the font cache" in the notebook.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

import librosa.display  # noqa: E402
import matplotlib as mpl  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from cycler import cycler  # noqa: E402
from IPython.display import display  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import AutoLocator  # noqa: E402
from numpy.typing import ArrayLike  # noqa: E402

from mmrec_course.display import MODALITY_COLORS as MODALITY_COLORS  # noqa: E402
from mmrec_course.display import TextAndHtml  # noqa: E402

# Okabe and Ito (2008), Color Universal Design; yellow left out: too pale for lines on white.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#222222")
INK = "#222222"
SOFT = "#595959"

STYLE: dict[Any, Any] = {
    "figure.figsize": (7.0, 3.6),
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    # Comes with Matplotlib, so that figures look alike everywhere and nothing is searched for.
    "font.family": ["DejaVu Sans"],
    "text.color": INK,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlepad": 12,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": "#8c8c8c",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
    "legend.fontsize": 9,
}
_styled = mpl.rc_context(STYLE)


def use_style() -> None:
    """Draw figures in the course's style from here on; the functions below always do."""
    plt.rcParams.update(STYLE)


@dataclass(repr=False)
class _Picture:
    """A drawn figure with its alt text."""

    png: bytes
    alt: str

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        return self.png, {"alt": self.alt}

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def finish(figure: Figure | Axes, alt: str) -> None:
    """Show a figure, given it or one of its axes, with its description, and close it.

    ``alt`` says what a reader who cannot see it should know: kind of figure, what stands out. It is
    stored as the picture's metadata and plain text, which documentation tools use as alt text.
    JupyterLab does not, so it stands below the picture as well, folded.
    """
    alt = " ".join(alt.split())
    if not alt:
        raise ValueError("alt: is empty; say in a sentence what the figure shows")
    whole = figure.get_figure(root=True)
    assert whole is not None
    stream = io.BytesIO()
    # Matplotlib's version in the file would change it with every upgrade.
    whole.savefig(stream, format="png", dpi=100, metadata={"Software": None})
    plt.close(whole)
    summary = '<details style="font-size:12px;opacity:0.8;max-width:700px"><summary>This figure in'
    folded = f"{summary} words</summary>{escape(alt)}</details>"
    for output in (_Picture(stream.getvalue(), alt), TextAndHtml(alt, folded)):
        display(output)  # type: ignore[no-untyped-call]


@_styled
def plot_comparison(
    table: pd.DataFrame, *, title: str, chance: float | None = None, label: str = "NDCG@10"
) -> Axes:
    """Draw a dot with its interval for every model, the table's first row on top.

    ``table`` is that of :func:`mmrec_course.evaluation.compare`: mean, low, high, indexed by model.
    A dashed line is drawn at ``chance``, the mean of a random ranking; ``label`` is the metric.
    """
    n = len(table)
    places = np.arange(n)
    colors = [MODALITY_COLORS.get(str(name).lower(), PALETTE[0]) for name in table.index]
    _, ax = plt.subplots(figsize=(7.0, 1.5 + 0.42 * n))
    ax.hlines(places, table["low"], table["high"], color=colors, linewidth=2.5, alpha=0.75)
    ax.scatter(table["mean"], places, color=colors, s=64, zorder=3)
    note: dict[str, Any] = {"textcoords": "offset points", "fontsize": 9, "color": SOFT}
    for place, row in enumerate(table.itertuples()):
        ax.annotate(f"{row.mean:.3f}", (row.high, place), xytext=(8, 0), va="center", **note)
    if chance is not None:
        ax.axvline(chance, color=MODALITY_COLORS["chance"], linestyle="--", linewidth=1.2)
        ax.annotate("chance", (chance, n - 0.45), xytext=(4, 0), va="bottom", **note)
    ax.set_yticks(places, [str(name) for name in table.index])
    ax.set_ylim(n - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelsize=10, labelcolor=INK)
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    left, high = min(0.0, 1.05 * table["low"].min()), table["high"].max()
    ax.set_xlim(left, high + 0.12 * (high - left))
    ax.set(title=title, xlabel=f"{label}, mean and 95 % interval")
    return ax


@_styled
def plot_long_tail(counts: ArrayLike, *, title: str) -> Axes:
    """Draw the ratings of each item, most rated first, and the share of the first fifth.

    ``counts`` are (n_items,) numbers of ratings, in any order.
    """
    ordered = np.sort(np.asarray(counts, dtype=np.float64))[::-1]
    ranks = np.arange(1, len(ordered) + 1)
    head = max(1, round(0.2 * len(ordered)))
    share = ordered[:head].sum() / ordered.sum()
    _, ax = plt.subplots()
    ax.fill_between(ranks, ordered, step="mid", color=PALETTE[0], alpha=0.2, linewidth=0)
    ax.fill_between(ranks[:head], ordered[:head], step="mid", color=PALETTE[1], linewidth=0)
    ax.step(ranks, ordered, where="mid", color=PALETTE[0], linewidth=1.2)
    note: dict[str, Any] = {"textcoords": "offset points", "color": PALETTE[1]}
    text, place = f"20% of the items hold\n{share:.0%} of the ratings", (head, ordered[head - 1])
    ax.annotate(text, place, xytext=(14, 18), fontweight="bold", **note)
    ax.set(xlim=(0.5, len(ordered) + 0.5), xlabel="item, the most rated first")
    ax.set(title=title, ylim=(0, None), ylabel="ratings")
    return ax


@_styled
def plot_waveform(wave: ArrayLike, sr: int, ax: Axes | None = None, *, title: str) -> Axes:
    """Draw (n_samples,) samples, usually within −1 … 1, at sr Hz, in ``ax`` or a new figure."""
    samples = np.asarray(wave, dtype=np.float64)
    if samples.ndim != 1:
        raise ValueError(f"wave: shape {samples.shape}; expected one channel, (n_samples,)")
    ax = ax or plt.subplots(figsize=(7.0, 2.4))[1]
    ax.plot(np.arange(len(samples)) / sr, samples, color=MODALITY_COLORS["audio"], linewidth=0.5)
    peak = 1.05 * max(1.0, np.abs(samples).max(initial=0.0))
    ax.set(title=title, xlim=(0, len(samples) / sr), xlabel="time (s)")
    ax.set(ylim=(-peak, peak), ylabel="amplitude")
    return ax


@_styled
def plot_spectrogram(
    decibels: ArrayLike, sr: int, hop: int, ax: Axes | None = None, *, title: str
) -> Axes:
    """Draw a log-mel spectrogram: (n_mels, n_frames) levels in dB, a frame every hop samples.

    The bands are librosa's from 0 to sr / 2 Hz; ``ax`` is as for :func:`plot_waveform`.
    """
    ax = ax or plt.subplots(figsize=(7.0, 3.2))[1]
    scales: dict[str, Any] = {"sr": sr, "hop_length": hop, "x_axis": "s", "y_axis": "mel"}
    drawn = librosa.display.specshow(np.asarray(decibels, float), ax=ax, cmap="magma", **scales)
    ax.xaxis.set_major_locator(AutoLocator())
    ax.set(title=title, xlabel="time (s)", ylabel="frequency (Hz, mel scale)")
    ax.grid(visible=False)
    ax.figure.colorbar(drawn, ax=ax, label="level (dB)", pad=0.02)
    return ax


@_styled
def show_images(
    images: Sequence[ArrayLike], captions: Sequence[str], *, columns: int = 5, title: str = ""
) -> Figure:
    """Draw pictures side by side, each with a caption above it; :func:`finish` shows the figure.

    Each is (height, width, 3) RGB or (height, width) grey, as bytes or floats in 0 to 1.
    """
    if not len(images) or len(captions) != len(images):
        raise ValueError(f"captions: {len(captions)} for {len(images)} images; give one each")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    size = (1.75 * columns, 2.0 * rows + 0.4 * bool(title))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, caption in zip(axes.flat, map(np.asarray, images), captions, strict=False):
        top = 255 if image.dtype.kind in "iu" else 1
        ax.imshow(image, cmap="gray", vmin=0, vmax=top)
        ax.set_title(caption, fontsize=9, fontweight="normal", pad=4)
    if title:
        figure.suptitle(title, x=0.012, ha="left", fontsize=12, fontweight="bold")
    return figure
