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

PLOTS: dict[str, Callable[..., Axes]] = {
    "comparison": lambda: plotting.plot_comparison(TABLE, title="T", chance=0.02),
    "long_tail": lambda: plotting.plot_long_tail([1, 9, 4, 2], title="T"),
    "waveform": lambda **kw: plotting.plot_waveform(np.zeros(100), 50, title="T", **kw),
    "spectrogram": lambda **kw: plotting.plot_spectrogram(
        np.zeros((8, 20)), 8000, 400, title="T", **kw
    ),
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
def test_a_plot_is_titled_at_the_left_with_labels(name: str) -> None:
    ax = PLOTS[name]()
    assert ax.get_title(loc="left") == "T"
    assert ax.get_xlabel()
    assert ax.get_ylabel() or name == "comparison"


@pytest.mark.parametrize("name", ["waveform", "spectrogram"])
def test_sound_is_drawn_into_given_axes(name: str) -> None:
    _, ax = plt.subplots()
    assert PLOTS[name](ax=ax) is ax


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
    intervals, dots = ax.collections
    assert np.allclose([s[:, 0] for s in intervals.get_segments()], TABLE[["low", "high"]])
    assert np.allclose(dots.get_offsets(), list(zip(TABLE["mean"], range(3), strict=True)))
    colors = [to_hex(color) for color in dots.get_facecolors()]
    assert colors[0] == MODALITY_COLORS["image"] and colors[2] == MODALITY_COLORS["fused"]
    left, right = ax.get_xlim()
    assert left == pytest.approx(0) and right > TABLE["high"].max()
    assert any(text.get_text() == "chance" for text in ax.texts)


def test_the_head_of_a_long_tail_is_counted() -> None:
    ax = plotting.plot_long_tail([10] * 8 + [60] * 2, title="T")
    assert ax.texts[0].get_text() == "20% of the items hold\n60% of the ratings"


def test_sound_is_drawn_over_seconds() -> None:
    wave = plotting.plot_waveform(np.sin(np.arange(200)), 50, title="T")
    assert wave.get_xlim() == pytest.approx((0, 4))
    spectrum = plotting.plot_spectrogram(np.zeros((8, 20)), 8000, 400, title="T")
    assert spectrum.get_xlim() == pytest.approx((0, 1), abs=0.05)  # to half a frame
    bottom, top = spectrum.get_ylim()
    assert bottom <= 0 and 4000 <= top < 5000
    with pytest.raises(ValueError, match="one channel"):
        plotting.plot_waveform(np.zeros((2, 50)), 50, title="T")


def test_images_are_shown_as_they_are() -> None:
    grey = np.array([[0, 128]], dtype=np.uint8)
    figure = plotting.show_images([grey, np.zeros((2, 2, 3)), grey / 255.0], list("abc"), columns=2)
    assert len(figure.axes) == 4
    drawn = [ax.images[0] for ax in figure.axes[:3]]
    assert drawn[0].get_clim() == (0, 255) and drawn[2].get_clim() == (0, 1)
    assert figure.axes[1].get_title(loc="left") == "b"
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
        plotting.finish(PLOTS["long_tail"](), " \n")
    plotting.finish(plotting.show_images([np.zeros((2, 2, 3))], [""]), "A black square.")
    assert len(shown) == 2


def test_the_same_figure_gives_the_same_bytes(shown: list[Any]) -> None:
    for _ in range(2):
        plotting.finish(PLOTS["long_tail"](), "Bars.")
    assert shown[0].png == shown[2].png


def test_nothing_is_written_to_stderr_where_fonts_are_new(tmp_path: Any) -> None:
    code = (
        "import mmrec_course.plotting as p, numpy as np\n"
        "import matplotlib.font_manager as f, logging\n"
        "logging.getLogger('matplotlib.font_manager').warning('building the font cache')\n"
        "p.finish(p.plot_waveform(np.zeros(9), 3, title='T'), 'A flat line.')"
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
