"""From a data set to one feature block a modality, with a cache and without leakage.

In: a Dataset. Out: dict modality → FeatureBlock, rows in the order of ``ds.items``.

Notebook: 00_start_here
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import joblib
import numpy as np
import pandas as pd
import soundfile
from numpy.typing import NDArray

from mmrec_course.datasets import Dataset
from mmrec_course.features.audio import MFCCStatistics
from mmrec_course.features.block import FeatureBlock
from mmrec_course.features.cache import (
    Description,
    cache_folder,
    file_digest,
    read_cache,
    write_cache,
)
from mmrec_course.features.image import ColorHistogram
from mmrec_course.features.text import TfidfText
from mmrec_course.preprocessing import MediaError, load_audio, load_image
from mmrec_course.preprocessing.media import quiet_decoders

__all__ = ["extract_features", "media_problems"]

# Raise it when a descriptor changes its numbers without changing its parameters.
VERSION = 1


@dataclass(frozen=True)
class Descriptor:
    """How files of one modality become rows, and what the numbers depend on."""

    load: Callable[[str], NDArray[Any]]
    transformer: Any
    libraries: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(name) for name in self.transformer.get_feature_names_out())

    def describe(self, path: str) -> Description:
        """Numbers of one file, or why there are none."""
        try:
            return Description(self.transformer.transform([self.load(path)])[0])
        except MediaError as error:
            return Description(None, error.reason)

    def cache_file(self, modality: str) -> Path:
        """A name that changes with whatever may change the numbers."""
        recipe = f"{VERSION} {self.transformer!r} {self.names} {self.libraries}"
        return cache_folder() / f"{modality}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.npz"


def _descriptors() -> dict[str, Descriptor]:
    return {
        "image": Descriptor(load_image, ColorHistogram(), f"opencv {cv2.__version__}"),
        "audio": Descriptor(
            load_audio,
            MFCCStatistics(),
            f"librosa {version('librosa')}, libsndfile {soundfile.__libsndfile_version__}",
        ),
    }


def extract_features(
    ds: Dataset,
    modalities: Sequence[str] | None = None,
    fit_items: Iterable[Any] | None = None,
    n_jobs: int | None = None,
    cache: bool = True,
) -> dict[str, FeatureBlock]:
    """Features of every item from its media: colours, words, timbre.

    *image*: :class:`ColorHistogram`, which learns nothing. *text*: :class:`TfidfText`, whose
    vocabulary and idf come from fit_items. *audio*: :class:`MFCCStatistics`, standardised with
    mean and standard deviation of fit_items. A modality of which ``ds.features`` has a block
    already is taken from there.

    Parameters
    ----------
    ds
        A data set.
    modalities
        Which; all that it has if not given.
    fit_items
        Ids that may be learned from, the training items; repetitions do not matter. None means
        all items, held-out ones among them: fine to look around, leakage in an evaluation.
    n_jobs
        How many files to decode at the same time, in threads (the decoders do not hold Python's
        lock); −1 for one a processor. None is one of two: 2 where there are two processors,
        else 1. The numbers do not depend on it.
    cache
        Keep what was computed from each file in the user's cache folder (or in the folder that
        the environment variable MMREC_CACHE names), under the file's bytes and the descriptor's
        parameters. What is learned from fit_items is never kept.

    Returns
    -------
    dict modality → FeatureBlock with rows for ``ds.items.index``, in that order. An item is
    absent where nothing is listed, where a file cannot be used, and where a text has no word
    that the vocabulary knows; ``block.reasons`` says why for all but the first, problems found
    at loading included. :func:`media_problems` makes a table of them.

    Raises
    ------
    ValueError
        If a modality or one of fit_items is unknown, or fit_items is empty. Never for a bad
        media file.

    Notes
    -----
    In a new environment the first sound compiles librosa's kernels, 10–20 s, once.

    Notebook: 00_start_here
    """
    if isinstance(modalities, str):
        raise ValueError(f"modalities: one string; pass ({modalities!r},)")
    wanted = ds.modalities if modalities is None else tuple(modalities)
    for modality in wanted:
        if modality not in ds.modalities:
            raise ValueError(f"modalities: {modality!r} is not among {ds.modalities}")
    learn = _fit_mask(ds.items.index, fit_items)
    blocks = {}
    for modality in wanted:
        if modality in ds.features:
            blocks[modality] = ds.features[modality].align(ds.items.index)
        elif modality == "text":
            blocks[modality] = _text_block(ds, learn)
        else:
            blocks[modality] = _file_block(ds, modality, n_jobs, cache)
        if modality == "audio" and modality not in ds.features:
            blocks[modality] = blocks[modality].standardize(ds.items.index[learn])
    return blocks


def media_problems(blocks: Mapping[str, FeatureBlock]) -> pd.DataFrame:
    """Everything listed that did not become features, with its reason.

    Parameters
    ----------
    blocks
        As :func:`extract_features` returns them.

    Returns
    -------
    DataFrame item_id, modality, reason, like ``ds.problems`` and including those.

    Notebook: 02_preprocessing
    """
    rows = [
        (item, modality, reason)
        for modality, block in blocks.items()
        for item, reason in block.reasons.items()
    ]
    return pd.DataFrame(rows, columns=["item_id", "modality", "reason"])


def _fit_mask(items: pd.Index, fit_items: Iterable[Any] | None) -> NDArray[np.bool_]:
    """(n,) which items may be learned from."""
    if fit_items is None:
        return np.ones(len(items), bool)
    ids = pd.Index(list(fit_items))
    unknown = ids[~ids.isin(items)]
    if len(unknown):
        raise ValueError(f"fit_items: {unknown[0]!r} is not among the items")
    if len(ids) == 0:
        raise ValueError("fit_items: empty; there is nothing to learn from. None takes all items")
    return np.asarray(items.isin(ids))


def _known_reasons(ds: Dataset, modality: str) -> dict[Any, str]:
    """What loading found wrong."""
    mine = ds.problems[ds.problems["modality"] == modality]
    return dict(zip(mine["item_id"], mine["reason"], strict=True))


def _text_block(ds: Dataset, learn: NDArray[np.bool_]) -> FeatureBlock:
    texts = ds.items["text"]
    listed = texts.notna().to_numpy(dtype=bool)
    reasons = _known_reasons(ds, "text")
    try:
        tfidf = TfidfText().fit(texts[listed & learn])
    except ValueError:
        # Two or three texts may be too few to learn from; that is no reason to stop a catalogue.
        reason = f"no word is in {TfidfText().min_df} of the texts to learn from"
        reasons |= dict.fromkeys(ds.items.index[listed], reason)
        return _assemble(ds, "text", listed & False, np.zeros((len(texts), 0)), (), reasons)
    values = np.zeros((len(texts), len(tfidf.get_feature_names_out())))
    values[listed] = tfidf.transform(texts[listed]).toarray()
    present = listed & values.any(axis=1)
    reasons |= dict.fromkeys(
        ds.items.index[listed & ~present], "the text has no word that the vocabulary knows"
    )
    names = tuple(str(name) for name in tfidf.get_feature_names_out())
    return _assemble(ds, "text", present, values, names, reasons)


def _file_block(ds: Dataset, modality: str, n_jobs: int | None, cache: bool) -> FeatureBlock:
    descriptor = _descriptors()[modality]
    names = descriptor.names
    paths = ds.items[modality]
    listed = np.flatnonzero(paths.notna())
    described = _describe_files(descriptor, modality, list(paths.iloc[listed]), n_jobs, cache)
    values = np.zeros((len(paths), len(names)))
    present = np.zeros(len(paths), bool)
    reasons = _known_reasons(ds, modality)
    for row, description in zip(listed, described, strict=True):
        if description.numbers is None:
            error = MediaError(paths.iloc[row], description.reason)
            reasons[ds.items.index[row]] = str(error)
        else:
            values[row], present[row] = description.numbers, True
    return _assemble(ds, modality, present, values, names, reasons)


def _assemble(
    ds: Dataset,
    modality: str,
    present: NDArray[np.bool_],
    values: NDArray[np.float64],
    names: tuple[str, ...],
    reasons: dict[Any, str],
) -> FeatureBlock:
    return FeatureBlock(
        modality=modality,
        item_ids=ds.items.index.to_numpy(),
        values=values,
        present=present,
        names=names,
        reasons=reasons,
    )


def _describe_files(
    descriptor: Descriptor, modality: str, paths: list[str], n_jobs: int | None, cache: bool
) -> list[Description]:
    """Descriptions in the order of the paths; same bytes are described once."""
    place = descriptor.cache_file(modality)
    width = len(descriptor.names)
    known = read_cache(place, width) if cache else {}
    digests = [_digest(path) for path in paths]
    todo = {
        digest: path
        for digest, path in zip(digests, paths, strict=True)
        if digest is not None and digest not in known
    }
    if todo:
        if n_jobs is None:
            n_jobs = min(2, os.cpu_count() or 1)
        with quiet_decoders():
            new = joblib.Parallel(n_jobs=n_jobs, prefer="threads")(
                joblib.delayed(descriptor.describe)(path) for path in todo.values()
            )
        known |= dict(zip(todo, new, strict=True))
        if cache:
            # Read again: another process may have added to the file while we computed.
            write_cache(place, read_cache(place, width) | known, width)
    return [
        # A file that cannot even be read has no fingerprint; its reason is found anew each time.
        descriptor.describe(path) if digest is None else known[digest]
        for digest, path in zip(digests, paths, strict=True)
    ]


def _digest(path: str) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None
