"""What pictures and sounds cost to describe, beside what cannot be avoided.

In: data/mosaic. Out: tables of ratios. Run: python benchmarks/describing.py

Sounds are compared with librosa's mel spectrogram and beat tracker on the same clips, pictures
with decoding the same files. Then the whole catalogue: into an empty cache, from the cache, and
with two threads beside one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

import librosa
from threadpoolctl import threadpool_limits
from timing import best_of, show

from mmrec_course.datasets import Dataset, load_mosaic
from mmrec_course.features import (
    HOG,
    AudioDescriptor,
    ColorHistogram,
    MFCCStatistics,
    extract_features,
)
from mmrec_course.features.audio import FAMILIES
from mmrec_course.preprocessing import load_audio, load_image

N_FILES = 40
EXTRACTORS = {"image": [ColorHistogram(), HOG()], "audio": AudioDescriptor()}


def sounds(ds: Dataset) -> None:
    """Every descriptor of sound beside librosa's two usual functions."""
    waves = [load_audio(path) for path in ds.items["audio"].dropna()[:N_FILES]]

    def bare() -> None:
        for wave in waves:
            librosa.feature.melspectrogram(y=wave)
            librosa.beat.beat_track(y=wave)

    ways: dict[str, Callable[[], Any]] = {"librosa, melspectrogram and beat_track": bare}
    for descriptor in (AudioDescriptor(), *(family() for family in FAMILIES.values())):
        ways[type(descriptor).__name__] = partial(descriptor.transform, waves)
    for way in ways.values():
        way()  # compiles librosa's kernels
    seconds = best_of(ways)
    first = next(iter(seconds.values()))
    rows = [["", "ms a clip", "ratio"]]
    for name, took in seconds.items():
        rows.append([name, f"{1000 * took / len(waves):.1f}", f"{took / first:.2f}"])
    show(f"{len(waves)} clips of Mosaic (decoded)", rows)


def pictures(ds: Dataset) -> None:
    """Descriptors of pictures beside decoding the files."""
    paths = list(ds.items["image"].dropna()[:N_FILES])
    images = [load_image(path) for path in paths]
    seconds = best_of(
        {
            "decoding": lambda: [load_image(path) for path in paths],
            "ColorHistogram": lambda: ColorHistogram().transform(images),
            "HOG": lambda: HOG().transform(images),
        }
    )
    rows = [["", "ms a picture", "ratio"]]
    for name, took in seconds.items():
        ratio = f"{took / seconds['decoding']:.2f}"
        rows.append([name, f"{1000 * took / len(paths):.2f}", ratio])
    show(f"{len(paths)} covers of Mosaic", rows)


def catalogue(ds: Dataset) -> None:
    """All of Mosaic: into an empty cache, from the cache, and by the number of threads."""
    defaults = {"image": ColorHistogram(), "audio": MFCCStatistics()}

    def extract(extractors: dict[str, Any], n_jobs: int, cache: bool) -> Callable[[], Any]:
        return lambda: extract_features(ds, n_jobs=n_jobs, cache=cache, extractors=extractors)

    seconds = best_of(
        {
            f"{name}, n_jobs={n_jobs}": extract(extractors, n_jobs, False)
            for name, extractors in (("all descriptors", EXTRACTORS), ("one each", defaults))
            for n_jobs in (1, 2)
        },
        repeats=2,
    )
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MMREC_CACHE"] = folder
        extract(EXTRACTORS, 2, True)()
        seconds |= best_of({"all descriptors, from the cache": extract(EXTRACTORS, 2, True)}, 3)
        del os.environ["MMREC_CACHE"]
    rows = [["", "seconds"], *([name, f"{took:.2f}"] for name, took in seconds.items())]
    show(f"Mosaic, {len(ds.items)} items, image, text and audio", rows)
    rows = [["", "1 thread / 2 threads"]]
    for name in ("all descriptors", "one each"):
        rows.append([name, f"{seconds[f'{name}, n_jobs=1'] / seconds[f'{name}, n_jobs=2']:.2f}"])
    show(f"speed-up ({os.cpu_count()} processors)", rows)


def main() -> None:
    """Print the three tables; the linear-algebra libraries stay on one thread."""
    ds = load_mosaic()
    with threadpool_limits(1):
        sounds(ds)
        pictures(ds)
        catalogue(ds)


if __name__ == "__main__":
    main()
