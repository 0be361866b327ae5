"""Every figure's style in one place: functions that take `ax=` and return it, and `finish`.

In: arrays and frames as the package computes them. Out: a Matplotlib Axes, title at the left
saying what is to be seen, units on the axes, colours that colour-blind readers can tell apart.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

# A new machine's first figure would store "building the font cache" in the notebook.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from cycler import cycler  # noqa: E402
from IPython.display import HTML, display  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: E402
from numpy.typing import ArrayLike  # noqa: E402

from mmrec_course.display import MODALITY_COLORS  # noqa: E402

__all__ = [
    "MODALITY_COLORS",
    "PALETTE",
    "STYLE",
    "finish",
    "plot_comparison",
    "plot_histogram_of_colors",
    "plot_long_tail",
    "plot_modality_values",
    "plot_presence",
    "plot_ratings_over_time",
    "plot_spectrogram",
    "plot_waveform",
    "show_images",
    "use_style",
]

# Okabe and Ito (2008), Color Universal Design; yellow left out: too pale for lines on white.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#222222")
INK = "#222222"
SOFT = "#595959"
FAINT = "#d9d9d9"

STYLE: dict[Any, Any] = {
    "figure.figsize": (7.0, 3.6),
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    # Comes with Matplotlib, so that figures look alike everywhere and nothing is searched for.
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlepad": 12,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 10,
    "axes.edgecolor": "#8c8c8c",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "image.cmap": "viridis",
}


def use_style() -> None:
    """Give figures drawn from here on the course's look; the functions below have it anyway."""
    plt.rcParams.update(STYLE)


@contextmanager
def _styled() -> Iterator[None]:
    with plt.rc_context(STYLE):
        yield


class _Picture:
    """A drawn figure as Jupyter wants it, its description wherever a reader may look for it."""

    def __init__(self, png: bytes, alt: str) -> None:
        self.png = png
        self.alt = alt

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        return self.png, {"alt": self.alt}

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def finish(figure: Figure | Axes, alt: str) -> None:
    """Show a figure with its description, and close it.

    The description is stored where each reader looks for it. MyST-NB and nbsphinx make the
    output's metadata the picture's alt text, MyST the plain text (which says what the figure
    shows instead of its size in pixels). JupyterLab and nbconvert's page give pictures no alt
    text, so it stands below the picture as well, folded. Notebook tests compare the words and
    not the picture.

    Parameters
    ----------
    figure
        What to show, or one of its axes.
    alt
        What a reader who cannot see it should know: kind of figure, what stands out. Round
        numbers with :func:`mmrec_course.display.fixed`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    alt = " ".join(alt.split())
    if not alt:
        raise ValueError("alt: is empty; say in a sentence what the figure shows")
    whole = figure.get_figure(root=True) if isinstance(figure, Axes) else figure
    if whole is None:
        raise ValueError("figure: these axes have been removed from their figure")
    stream = io.BytesIO()
    # Matplotlib's version in the file would change it with every upgrade.
    whole.savefig(stream, format="png", dpi=100, metadata={"Software": None})
    plt.close(whole)
    display(_Picture(stream.getvalue(), alt))  # type: ignore[no-untyped-call]
    folded = (
        '<details style="font-size:12px;opacity:0.8;max-width:700px"><summary>This figure in'
        f" words</summary>{escape(alt)}</details>"
    )
    display(_Words(folded, alt))  # type: ignore[no-untyped-call]


class _Words(HTML):
    """HTML whose plain-text twin can be read, where IPython's own says only what class it is."""

    def __init__(self, html: str, text: str) -> None:
        super().__init__(html)  # type: ignore[no-untyped-call]
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _axes(ax: Axes | None, size: tuple[float, float] | None = None) -> Axes:
    return ax if ax is not None else plt.subplots(figsize=size)[1]


@_styled()
def plot_comparison(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str,
    chance: float | None = None,
    label: str = "NDCG@10",
) -> Axes:
    """A dot with its interval for every model, in the table's order, first on top.

    Parameters
    ----------
    table
        Of :func:`mmrec_course.evaluation.compare`: mean, low, high, indexed by model.
    ax
        Where; None makes a figure.
    title
        What is to be seen.
    chance
        What random ranking gets, as a dashed line.
    label
        The metric, for the axis.

    Returns
    -------
    The axes.
    """
    names = [str(name) for name in table.index]
    ax = _axes(ax, (7.0, 1.5 + 0.42 * len(names)))
    for place, (name, row) in enumerate(zip(names, table.itertuples(), strict=True)):
        color = MODALITY_COLORS.get(name.lower(), PALETTE[0])
        ax.plot([row.low, row.high], [place, place], color=color, linewidth=2.5, alpha=0.75)
        ax.plot([row.mean], [place], "o", color=color, markersize=8)
        ax.annotate(
            f"{row.mean:.3f}",
            (row.high, place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=SOFT,
        )
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelsize=10, labelcolor=INK)
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    if chance is not None:
        ax.axvline(chance, color=MODALITY_COLORS["chance"], linestyle="--", linewidth=1.2)
        ax.annotate(
            "chance",
            (chance, len(names) - 0.45),
            xytext=(4, 0),
            textcoords="offset points",
            fontsize=9,
            color=SOFT,
            va="bottom",
        )
    low, high = float(table["low"].min()), float(table["high"].max())
    left = min(0.0, 1.05 * low)
    ax.set_xlim(left, high + 0.12 * (high - left))
    ax.set_xlabel(f"{label}, mean and 95 % interval")
    ax.set_title(title)
    return ax


@_styled()
def plot_long_tail(
    counts: ArrayLike, ax: Axes | None = None, *, title: str, head: float = 0.2
) -> Axes:
    """Ratings of every item, the most rated first, and what share the head holds.

    Parameters
    ----------
    counts
        (n_items,) ratings an item, any order.
    ax
        Where; None makes a figure.
    title
        What is to be seen.
    head
        The share of items that counts as head, 0 to 1.

    Returns
    -------
    The axes.
    """
    ordered = np.sort(np.asarray(counts, dtype=np.float64))[::-1]
    cut = max(1, round(head * len(ordered)))
    ranks = np.arange(1, len(ordered) + 1)
    ax = _axes(ax)
    ax.fill_between(ranks, ordered, step="mid", color=PALETTE[0], alpha=0.2, linewidth=0)
    ax.fill_between(ranks[:cut], ordered[:cut], step="mid", color=PALETTE[1], linewidth=0)
    ax.step(ranks, ordered, where="mid", color=PALETTE[0], linewidth=1.2)
    share = ordered[:cut].sum() / ordered.sum()
    ax.annotate(
        f"{head:.0%} of the items hold\n{share:.0%} of the ratings",
        (cut, float(ordered[cut - 1])),
        xytext=(14, 18),
        textcoords="offset points",
        color=PALETTE[1],
        fontweight="bold",
        fontsize=10,
    )
    ax.set_xlim(0.5, len(ordered) + 0.5)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("item, the most rated first")
    ax.set_ylabel("ratings")
    ax.set_title(title)
    return ax


@_styled()
def plot_presence(present: pd.DataFrame, ax: Axes | None = None, *, title: str) -> Axes:
    """How many items have which combination of modalities, as bars over a table of dots.

    Parameters
    ----------
    present
        Items × modalities, bool.
    ax
        Where; None makes a figure.
    title
        What is to be seen.

    Returns
    -------
    The axes: bars above zero, dots below.

    Source: Lex et al. (2014), UpSet, IEEE TVCG 20(12).
    """
    modalities = list(present.columns)
    patterns = pd.Series([tuple(map(bool, row)) for row in present.to_numpy()])
    counts = patterns.value_counts()
    # Equal counts would come in the order of their first items otherwise.
    order = sorted(counts.index, key=lambda pattern: (-counts[pattern], pattern))
    heights = [int(counts[pattern]) for pattern in order]
    top = max(heights)
    ax = _axes(ax, (7.0, 3.0 + 0.4 * len(modalities)))
    bars = ax.bar(range(len(order)), heights, width=0.62, color=INK)
    ax.bar_label(bars, padding=3, fontsize=9, color=INK)
    ax.axhline(0, color=SOFT, linewidth=1)
    # Dots and bars share the axes, the dots below zero, so that columns stay in line.
    rows = [-0.16 * top * (row + 0.8) for row in range(len(modalities))]
    for row, modality in zip(rows, modalities, strict=True):
        color = MODALITY_COLORS.get(str(modality), PALETTE[0])
        for column, pattern in enumerate(order):
            has = pattern[modalities.index(modality)]
            ax.plot([column], [row], "o", markersize=11, color=color if has else FAINT)
    ticks = [tick for tick in MaxNLocator(5, integer=True).tick_values(0, top) if 0 <= tick <= top]
    labels = [f"{tick:.0f}" for tick in ticks] + [f"has {modality}" for modality in modalities]
    ax.set_yticks([*ticks, *rows], labels)
    for tick in ax.yaxis.get_major_ticks()[len(ticks) :]:
        tick.gridline.set_visible(False)
        tick.label1.set_color(INK)
    ax.tick_params(length=0, labelbottom=False)
    ax.set_xlim(-0.6, len(order) - 0.4)
    ax.set_ylim(rows[-1] - 0.13 * top, 1.12 * top)
    ax.grid(visible=False, axis="x")
    ax.spines[:].set_visible(False)
    ax.set_ylabel("items", loc="top")
    ax.set_title(title)
    return ax


@_styled()
def plot_waveform(
    wave: ArrayLike, sr: int, ax: Axes | None = None, *, title: str = "Waveform"
) -> Axes:
    """Air pressure over time.

    Parameters
    ----------
    wave
        (n_samples,) samples, usually within −1 … 1.
    sr
        Samples a second (Hz).
    ax
        Where; None makes a figure.
    title
        What is to be seen.

    Returns
    -------
    The axes.
    """
    samples = np.asarray(wave, dtype=np.float64)
    if samples.ndim != 1:
        raise ValueError(f"wave: shape {samples.shape}; expected one channel, (n_samples,)")
    ax = _axes(ax, (7.0, 2.4))
    seconds = np.arange(len(samples)) / sr
    ax.plot(seconds, samples, color=MODALITY_COLORS["audio"], linewidth=0.5)
    peak = max(1.0, float(np.abs(samples).max(initial=0.0)))
    ax.set_ylim(-1.05 * peak, 1.05 * peak)
    ax.set_xlim(0, len(samples) / sr)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("amplitude")
    ax.set_title(title)
    return ax


@_styled()
def plot_spectrogram(
    decibels: ArrayLike,
    sr: int,
    hop: int,
    ax: Axes | None = None,
    *,
    title: str = "Log-mel spectrogram",
    fmin: float = 0.0,
    fmax: float | None = None,
) -> Axes:
    """Which pitches sound when, and how loud.

    Parameters
    ----------
    decibels
        (n_mels, n_frames) levels in dB, lowest band first, on Slaney's mel scale (librosa's).
    sr
        Samples a second (Hz).
    hop
        Samples from one frame to the next.
    ax
        Where; None makes a figure.
    title
        What is to be seen.
    fmin, fmax
        The bands' range in Hz; None: sr / 2.

    Returns
    -------
    The axes.
    """
    levels = np.asarray(decibels, dtype=np.float64)
    if levels.ndim != 2:
        raise ValueError(f"decibels: shape {levels.shape}; expected (n_mels, n_frames)")
    top = sr / 2 if fmax is None else fmax
    ax = _axes(ax, (7.0, 3.2))
    low, high = _mel(fmin), _mel(top)
    drawn = ax.imshow(
        levels,
        origin="lower",
        aspect="auto",
        cmap="magma",
        interpolation="nearest",
        extent=(0.0, levels.shape[1] * hop / sr, low, high),
    )
    pitches = [hz for hz in (0, 250, 500, 1000, 2000, 4000, 8000, 16000) if fmin <= hz <= top]
    ax.set_yticks([_mel(hz) for hz in pitches], [f"{hz:,}".replace(",", " ") for hz in pitches])
    ax.grid(visible=False)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("frequency (Hz, mel scale)")
    ax.set_title(title)
    figure = ax.get_figure()
    assert figure is not None
    figure.colorbar(drawn, ax=ax, label="level (dB)", pad=0.02)
    return ax


def _mel(hz: float) -> float:
    """Slaney's scale: 200/3 Hz a mel up to 1 kHz, then 27 mels for each factor of 6.4."""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))


@_styled()
def plot_histogram_of_colors(
    shares: ArrayLike, colors: ArrayLike, ax: Axes | None = None, *, title: str
) -> Axes:
    """A colour histogram whose bars carry their colours.

    Parameters
    ----------
    shares
        (n_bins,) share of the picture's pixels in each bin, 0 to 1.
    colors
        (n_bins, 3) each bin's colour, RGB in 0 to 1.
    ax
        Where; None makes a figure.
    title
        What is to be seen.

    Returns
    -------
    The axes.
    """
    heights = np.asarray(shares, dtype=np.float64)
    paint = np.asarray(colors, dtype=np.float64)
    if paint.shape != (len(heights), 3):
        raise ValueError(f"colors: shape {paint.shape}; expected ({len(heights)}, 3)")
    if paint.size and not 0 <= paint.min() <= paint.max() <= 1:
        raise ValueError("colors: outside 0–1; divide 8-bit colours by 255")
    ax = _axes(ax, (7.0, 2.8))
    ax.bar(
        range(len(heights)), heights, width=0.9, color=list(paint), edgecolor=SOFT, linewidth=0.6
    )
    ax.set_xlim(-0.7, len(heights) - 0.3)
    ax.set_xticks([])
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    ax.set_xlabel("colour bin")
    ax.set_ylabel("share of pixels")
    ax.set_title(title)
    return ax


@_styled()
def plot_ratings_over_time(ratings: pd.DataFrame, ax: Axes | None = None, *, title: str) -> Axes:
    """Ratings a month.

    Parameters
    ----------
    ratings
        With a column timestamp, datetime64.
    ax
        Where; None makes a figure.
    title
        What is to be seen.

    Returns
    -------
    The axes.
    """
    months = pd.DatetimeIndex(ratings["timestamp"]).to_period("M")
    span = pd.period_range(months.min(), months.max(), freq="M")
    counts = pd.Series(months).value_counts().reindex(span, fill_value=0)
    ax = _axes(ax, (7.0, 2.8))
    ax.bar(range(len(span)), counts.to_numpy(), width=0.85, color=PALETTE[0])
    step = max(1, -(-len(span) // 8))
    shown = range(0, len(span), step)
    ax.set_xticks(shown, [span[place].strftime("%b\n%Y") for place in shown])
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.grid(visible=False, axis="x")
    ax.set_xlabel("month")
    ax.set_ylabel("ratings")
    ax.set_title(title)
    return ax


@_styled()
def show_images(
    images: Sequence[ArrayLike],
    captions: Sequence[str] | None = None,
    *,
    columns: int = 5,
    title: str | None = None,
) -> Figure:
    """Pictures side by side, for arrays that have no file.

    Parameters
    ----------
    images
        Each (height, width, 3) RGB or (height, width) grey; bytes, or floats in 0 to 1. A grey
        picture of floats beyond that range is stretched to it.
    captions
        A line above each.
    columns
        Pictures a row.
    title
        What is to be seen.

    Returns
    -------
    The figure, for :func:`finish`.

    Raises
    ------
    ValueError
        If there is no picture, or captions do not match.
    """
    if not len(images):
        raise ValueError("images: nothing to show")
    if captions is not None and len(captions) != len(images):
        raise ValueError(f"captions: {len(captions)} for {len(images)} images; give one each")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    size = (1.75 * columns, 2.0 * rows + 0.4 * (title is not None))
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for place, ax in enumerate(grid.flat):
        ax.set_axis_off()
        if place >= len(images):
            continue
        pixels = np.asarray(images[place])
        if pixels.ndim == 2:
            is_wide = pixels.dtype.kind == "f" and (pixels.min() < 0 or pixels.max() > 1)
            limits = (None, None) if is_wide else (0, 255 if pixels.dtype.kind in "iu" else 1)
            ax.imshow(pixels, cmap="gray", vmin=limits[0], vmax=limits[1])
        else:
            ax.imshow(pixels)
        if captions is not None:
            ax.set_title(captions[place], fontsize=9, fontweight="normal", pad=4)
    if title is not None:
        figure.suptitle(title, x=0.012, ha="left", fontsize=12, fontweight="bold")
    return figure


@_styled()
def plot_modality_values(
    table: pd.DataFrame, ax: Axes | None = None, *, title: str, label: str = "NDCG@10"
) -> Axes:
    """What each modality is worth, asked in several ways: a dot with its interval for each.

    Parameters
    ----------
    table
        Of `modality_shapley`: measure, modality, value, low, high.
    ax
        Where; None makes a figure.
    title
        What is to be seen.
    label
        The metric, for the axis.

    Returns
    -------
    The axes: a band a measure, in it a row a modality.
    """
    measures, modalities = (list(dict.fromkeys(table[c])) for c in ("measure", "modality"))
    ax = _axes(ax, (7.0, 1.3 + 0.3 * len(table) + 0.15 * len(measures)))
    band = len(modalities) + 0.6
    for row in table.itertuples():
        place = measures.index(row.measure) * band + modalities.index(row.modality)
        color = MODALITY_COLORS.get(str(row.modality), PALETTE[0])
        ax.plot([row.low, row.high], [place, place], color=color, linewidth=2.5, alpha=0.75)
        ax.plot([row.value], [place], "o", color=color, markersize=7)
        offset: dict[str, Any] = {"xytext": (7, 0), "textcoords": "offset points", "va": "center"}
        ax.annotate(str(row.modality), (row.high, place), fontsize=9, color=color, **offset)
    middle = (len(modalities) - 1) / 2
    ax.set_yticks([j * band + middle for j in range(len(measures))], measures)
    for j in range(1, len(measures)):
        ax.axhline(j * band - 0.8, color=FAINT, linewidth=0.8)
    ax.axvline(0, color=SOFT, linewidth=1.2)
    ax.set_ylim(len(measures) * band - 0.9, -0.7)
    ax.tick_params(axis="y", length=0, labelsize=10, labelcolor=INK)
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    low, high = min(0.0, float(table["low"].min())), max(0.0, float(table["high"].max()))
    ax.set_xlim(low - 0.04 * (high - low), high + 0.15 * (high - low))
    ax.set_xlabel(f"gain in {label}, mean and 95 % interval")
    ax.set_title(title)
    return ax
