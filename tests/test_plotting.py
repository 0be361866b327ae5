"""Figures show the numbers they are given, in the course's style, with a description."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

import mmrec_course.plotting as plotting
from mmrec_course.display import MODALITY_COLORS

TABLE = pd.DataFrame(
    {"mean": [0.12, 0.19, 0.25], "low": [0.1, 0.17, 0.23], "high": [0.14, 0.2, 0.28]},
    index=pd.Index(["image", "EASE", "fused"], name="model"),
)
PRESENT = pd.DataFrame(
    {"image": [1, 1, 1, 0, 1], "text": [1, 1, 1, 1, 1], "audio": [1, 1, 0, 1, 1]}
).astype(bool)
RATINGS = pd.DataFrame(
    {"timestamp": pd.to_datetime(["2024-01-03", "2024-01-30", "2024-03-01", "2024-04-02"])}
)

PLOTS: dict[str, Callable[..., Axes]] = {
    "comparison": lambda **kw: plotting.plot_comparison(TABLE, title="T", chance=0.02, **kw),
    "long_tail": lambda **kw: plotting.plot_long_tail([1, 9, 4, 2], title="T", **kw),
    "presence": lambda **kw: plotting.plot_presence(PRESENT, title="T", **kw),
    "waveform": lambda **kw: plotting.plot_waveform(np.zeros(100), 50, title="T", **kw),
    "spectrogram": lambda **kw: plotting.plot_spectrogram(
        np.zeros((8, 20)), 8000, 400, title="T", **kw
    ),
    "colors": lambda **kw: plotting.plot_histogram_of_colors(
        [0.5, 0.5], [[1, 0, 0], [0, 0, 1]], title="T", **kw
    ),
    "time": lambda **kw: plotting.plot_ratings_over_time(RATINGS, title="T", **kw),
}


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """Leave neither figures nor style behind."""
    with mpl.rc_context():
        plt.switch_backend("agg")
        yield
        plt.close("all")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was displayed."""
    outputs: list[Any] = []
    monkeypatch.setattr(plotting, "display", outputs.append)
    return outputs


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_takes_axes_and_returns_them_titled_at_the_left_with_labels(name: str) -> None:
    _, ax = plt.subplots()
    assert PLOTS[name](ax=ax) is ax
    own = PLOTS[name]()
    assert own is not ax
    assert own.get_title(loc="left") == "T"
    assert own.get_xlabel() or name == "presence"
    assert own.get_ylabel() or name == "comparison"


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_leaves_the_callers_style_alone_and_has_the_courses(name: str) -> None:
    before = dict(mpl.rcParams)
    ax = PLOTS[name]()
    assert dict(mpl.rcParams) == before
    assert not ax.spines["top"].get_visible()
    assert ax.title.get_fontfamily() == ["DejaVu Sans"]


def test_use_style_stays() -> None:
    plotting.use_style()
    assert mpl.rcParams["axes.titlelocation"] == "left"
    assert mpl.rcParams["figure.dpi"] == 100


def test_a_comparison_keeps_the_order_first_on_top_and_shows_every_interval() -> None:
    ax = PLOTS["comparison"]()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["image", "EASE", "fused"]
    bottom, top = ax.get_ylim()
    assert bottom > top
    intervals = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2]
    assert np.allclose(intervals[:3], TABLE[["low", "high"]])
    dots = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o"]
    assert dots == pytest.approx(TABLE["mean"].tolist())
    colors = [to_hex(line.get_color()) for line in ax.lines if line.get_marker() == "o"]
    assert colors[0] == MODALITY_COLORS["image"] and colors[2] == MODALITY_COLORS["fused"]
    left, right = ax.get_xlim()
    assert left == pytest.approx(0) and right > TABLE["high"].max()
    assert any(text.get_text() == "chance" for text in ax.texts)


def test_the_head_of_a_long_tail_is_counted() -> None:
    ax = plotting.plot_long_tail([10] * 8 + [60] * 2, title="T", head=0.2)
    assert ax.texts[0].get_text() == "20% of the items hold\n60% of the ratings"


def test_presence_counts_every_combination_most_frequent_first() -> None:
    ax = PLOTS["presence"]()
    assert [round(bar.get_height()) for bar in ax.patches] == [3, 1, 1]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    grid = np.array([to_hex(dot.get_color()) != plotting.FAINT for dot in dots]).reshape(3, 3)
    # Rows image, text, audio; the two rare combinations lack image and audio.
    assert grid.tolist() == [[True, False, True], [True, True, True], [True, True, False]]
    assert [label.get_text() for label in ax.get_yticklabels()][-3:] == [
        "has image",
        "has text",
        "has audio",
    ]


def test_presence_fits_into_its_figure() -> None:
    ax = PLOTS["presence"]()
    ax.figure.canvas.draw()
    width, height = ax.figure.canvas.get_width_height()
    box = ax.get_tightbbox()
    assert box is not None
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height


def test_sound_is_drawn_over_seconds() -> None:
    wave = plotting.plot_waveform(np.sin(np.arange(200)), 50)
    assert wave.get_xlim() == pytest.approx((0, 4))
    spectrum = plotting.plot_spectrogram(np.zeros((8, 20)), 8000, 400)
    left, right, _, _ = spectrum.images[0].get_extent()
    assert (left, right) == pytest.approx((0, 1))
    assert [label.get_text() for label in spectrum.get_yticklabels()][-1] == "4 000"
    with pytest.raises(ValueError, match="one channel"):
        plotting.plot_waveform(np.zeros((2, 50)), 50)
    with pytest.raises(ValueError, match="n_mels, n_frames"):
        plotting.plot_spectrogram(np.zeros(5), 8000, 400)


def test_frequencies_stand_where_librosa_puts_its_mel_bands() -> None:
    librosa = pytest.importorskip("librosa")
    for hz in (0.0, 440.0, 1000.0, 5000.0):
        assert plotting._mel(hz) == pytest.approx(float(librosa.hz_to_mel(hz)))


def test_a_colour_histograms_bars_carry_their_colours() -> None:
    ax = PLOTS["colors"]()
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == ["#ff0000", "#0000ff"]
    with pytest.raises(ValueError, match="divide 8-bit colours by 255"):
        plotting.plot_histogram_of_colors([1.0], [[255, 0, 0]], title="T")
    with pytest.raises(ValueError, match=r"expected \(2, 3\)"):
        plotting.plot_histogram_of_colors([0.5, 0.5], [[1, 0, 0]], title="T")


def test_months_without_ratings_keep_their_place() -> None:
    ax = PLOTS["time"]()
    assert [round(bar.get_height()) for bar in ax.patches] == [2, 0, 1, 1]


def test_images_are_shown_as_they_are() -> None:
    grey = np.array([[0, 128]], dtype=np.uint8)
    figure = plotting.show_images([grey, np.zeros((2, 2, 3)), grey / 255.0], list("abc"), columns=2)
    assert len(figure.axes) == 4
    drawn = [ax.images[0] for ax in figure.axes[:3]]
    assert drawn[0].get_clim() == (0, 255) and drawn[2].get_clim() == (0, 1)
    assert figure.axes[1].get_title(loc="left") == "b"
    with pytest.raises(ValueError, match="nothing to show"):
        plotting.show_images([])
    with pytest.raises(ValueError, match="1 for 2 images"):
        plotting.show_images([grey, grey], ["a"])


def test_finish_shows_a_picture_with_its_description_and_closes_it(shown: list[Any]) -> None:
    ax = PLOTS["comparison"]()
    alt = 'Three dots;\n  "fused" < 0.3 & leads.'
    assert plotting.finish(ax, alt) is None
    assert plt.get_fignums() == []
    picture, words = shown
    png, metadata = picture._repr_png_()
    assert plt.imread(io.BytesIO(png)).shape[1] == 700
    assert metadata == {"alt": 'Three dots; "fused" < 0.3 & leads.'}
    assert repr(picture) == 'Figure: Three dots; "fused" < 0.3 & leads.'
    assert "Three dots; &quot;fused&quot; &lt; 0.3 &amp; leads.</details>" in words._repr_html_()
    assert "object at 0x" not in repr(words)


def test_finish_takes_figures_and_insists_on_words(shown: list[Any]) -> None:
    with pytest.raises(ValueError, match="alt: is empty"):
        plotting.finish(PLOTS["time"](), " \n")
    plotting.finish(plotting.show_images([np.zeros((2, 2, 3))]), "A black square.")
    assert len(shown) == 2


def test_the_same_figure_gives_the_same_bytes(shown: list[Any]) -> None:
    for _ in range(2):
        plotting.finish(PLOTS["presence"](), "Bars.")
    assert shown[0].png == shown[2].png


def test_nothing_is_written_to_stderr_where_fonts_are_new(tmp_path: Any) -> None:
    code = (
        "import mmrec_course.plotting as p, numpy as np\n"
        "import matplotlib.font_manager as f, logging\n"
        "logging.getLogger('matplotlib.font_manager').warning('building the font cache')\n"
        "p.finish(p.plot_waveform(np.zeros(9), 3), 'A flat line.')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert ran.stdout.startswith("Figure: A flat line.")
