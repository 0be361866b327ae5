"""From a data set to one feature block a modality, with a cache and without leakage.

In: a Dataset, and for each modality one transformer or several. Out: dict modality →
FeatureBlock, rows in the order of ``ds.items``.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
import soundfile
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from mmrec_course.datasets import Dataset
from mmrec_course.datasets.validation import _other_kind, _shown
from mmrec_course.features.audio import AudioDescriptor
from mmrec_course.features.block import FeatureBlock
from mmrec_course.features.cache import (
    Description,
    add_to_cache,
    cache_folder,
    file_digest,
    read_cache,
)
from mmrec_course.features.image import ColorHistogram, ColorMoments
from mmrec_course.features.text import TfidfText
from mmrec_course.features.threads import single_threaded_blas
from mmrec_course.preprocessing import MediaError, load_audio, load_image
from mmrec_course.preprocessing.media import quiet_decoders

__all__ = ["DEFAULT_EXTRACTORS", "extract_features", "media_problems"]

# What becomes of each modality where nothing else is asked for; several stand side by side.
DEFAULT_EXTRACTORS: Mapping[str, tuple[Any, ...]] = {
    "image": (ColorHistogram(), ColorMoments()),
    "text": (TfidfText(),),
    "audio": (AudioDescriptor(),),
}

# Raise it when numbers change for a reason that no recipe sees (see `_recipe`).
VERSION = 2
# Files between two looks at the clock, and seconds between two looks at the disk: of an
# extraction that is killed, at most so much is lost.
BATCH = 32
SAVE_EVERY = 5.0

LOADERS: Mapping[str, Callable[[str], Any]] = {
    "image": load_image,
    "text": str,
    "audio": load_audio,
}
# Packages whose version may change what comes out of a file; those of a transformer's own module
# come on top.
LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "image": ("numpy", "scipy", "pillow"),
    "text": ("numpy", "scipy", "regex"),
    "audio": ("numpy", "scipy", "librosa", "soxr"),
}

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def extract_features(
    ds: Dataset,
    modalities: Sequence[str] | None = None,
    fit_items: Iterable[Any] | None = None,
    n_jobs: int | None = None,
    cache: bool = True,
    extractors: Mapping[str, Any] | None = None,
) -> dict[str, FeatureBlock]:
    """Features of every item from its media: colours, words, timbre.

    By default (:data:`DEFAULT_EXTRACTORS`), *image*: :class:`ColorHistogram` and
    :class:`ColorMoments`; *text*: :class:`TfidfText`, whose vocabulary and idf come from
    fit_items; *audio*: :class:`AudioDescriptor`. A modality of which ``ds.features`` has a block
    already is taken from there, unless extractors names it.

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
        the environment variable MMREC_CACHE names), under the file's bytes, the transformer's
        parameters and source, and the versions of the libraries. What is learned from fit_items
        is never kept.
    extractors
        modality → a scikit-learn transformer or a list of them, instead of the defaults; of
        modalities not named here the defaults stay. A transformer takes a list of what
        :func:`load_image` or :func:`load_audio` return, or of texts, and gives a row each.

    Returns
    -------
    dict modality → FeatureBlock with rows for ``ds.items.index``, in that order. An item is
    absent where nothing is listed, where a file cannot be used, and where a text has no word
    that the vocabulary knows; ``block.reasons`` says why for all but the first, problems found
    at loading included. :func:`media_problems` makes a table of them.

    Raises
    ------
    ValueError
        If a modality or one of fit_items is unknown, fit_items is empty, or a transformer in
        extractors cannot be fitted or has a parameter that is out of range. Never for a bad
        media file.

    Notes
    -----
    *Learning.* A transformer that needs no fitting (scikit-learn's tag ``requires_fit`` is
    False) is applied file by file, and its numbers are cached. One that learns is fitted on
    fit_items alone. In a ``Pipeline`` the steps before the first that learns are cached:
    ``make_pipeline(ColorMoments(), StandardScaler(), PCA(5))`` decodes each file once.

    *Scale.* Columns that learned a scale keep it, and so do rows of length 1 (histograms,
    embeddings): their columns share one unit. Other columns that learn nothing, such as the
    statistics of MFCCs in decibels, are standardised on fit_items.

    *Several transformers of one modality.* So that none drowns the others, each family of
    columns is divided by the root of its total variance over fit_items (of d standardised
    columns, by √d), after which each adds the same to squared distances between items, however
    wide it is (Escofier and Pagès 1990 divide by the root of the first variance instead, in
    multiple factor analysis). An item is present where every family has a row for it; a text,
    where at least one family has a number other than 0. Names that occur twice get the
    transformer's name in front: ``colorhistogram-2__hue0…``.

    *A new environment.* The first sound compiles librosa's kernels, 10–20 s, once.

    Notebook: 00_start_here
    """
    if isinstance(modalities, str):
        raise ValueError(f"modalities: one string; pass ({modalities!r},)")
    wanted = ds.modalities if modalities is None else tuple(modalities)
    for modality in wanted:
        if modality not in ds.modalities:
            raise ValueError(f"modalities: {modality!r} is not among {ds.modalities}")
    given = _given_extractors(ds, extractors)
    learn = _fit_mask(ds.items.index, fit_items)
    blocks = {}
    for modality in wanted:
        if modality in ds.features and modality not in given:
            blocks[modality] = ds.features[modality].align(ds.items.index)
        else:
            transformers = given.get(modality) or DEFAULT_EXTRACTORS[modality]
            descriptors = [_Descriptor.of(modality, clone(t)) for t in transformers]
            strict = modality in given
            families = [_family(ds, d, learn, n_jobs, cache, strict) for d in descriptors]
            blocks[modality] = _side_by_side(ds, families, learn)
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


@dataclass(frozen=True)
class _Descriptor:
    """How what is listed of one modality becomes rows, and what the numbers depend on.

    ``fixed`` are the steps that learn nothing, ``learned`` the rest or None.
    """

    modality: str
    transformer: Any
    fixed: tuple[Any, ...]
    learned: Any

    @classmethod
    def of(cls, modality: str, transformer: Any) -> _Descriptor:
        """Part a transformer, a pipeline at its first step that learns."""
        pipeline = isinstance(transformer, Pipeline)
        steps = transformer.steps if pipeline else [("", transformer)]
        steps = [(name, step) for name, step in steps if step not in (None, "passthrough")]
        learns = [get_tags(step).requires_fit for _, step in steps]
        first = learns.index(True) if any(learns) else len(steps)
        rest = steps[first:]
        learned = None if not rest else Pipeline(rest) if pipeline else rest[0][1]
        return cls(modality, transformer, tuple(step for _, step in steps[:first]), learned)

    @property
    def names(self) -> tuple[str, ...] | None:
        """Columns after the fixed steps, if they can say so without data."""
        return _names(self.fixed)

    def load(self, given: str) -> Any:
        return LOADERS[self.modality](given)

    def reason(self, given: str, problem: str) -> str:
        return problem if self.modality == "text" else str(MediaError(given, problem))

    def digest(self, given: str) -> str | None:
        """Fingerprint of the content; None of a file that cannot be read."""
        if self.modality == "text":
            return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            return file_digest(given)
        except OSError:
            return None

    def describe(self, given: str) -> Description:
        """Numbers of one file or text, or why there are none."""
        try:
            row: Any = [self.load(given)]
            for step in self.fixed:
                row = step.transform(row)
        except MediaError as error:
            return Description(None, error.reason)
        except ValueError as error:
            return Description(None, f"cannot be described: {error}")
        numbers = _dense(row)[0]
        if not np.isfinite(numbers).all():
            return Description(None, "cannot be described: the numbers are not finite")
        return Description(numbers)

    def cache_file(self) -> Path | None:
        """A name that changes with whatever may change the numbers; None if that is unknown."""
        try:
            steps = " ".join(_recipe(step) for step in self.fixed)
        except TypeError:
            return None
        recipe = f"{VERSION} {steps} {self.names} {_libraries(self.modality)}"
        digest = hashlib.sha256(recipe.encode()).hexdigest()[:16]
        return cache_folder() / f"{self.modality}-{digest}.npz"


@dataclass(frozen=True)
class _Numbers:
    """What came of everything listed: rows, and for each "" or why its row means nothing."""

    values: Floats
    problems: list[str]
    names: tuple[str, ...]

    @property
    def sound(self) -> Mask:
        return np.array([not problem for problem in self.problems], dtype=bool)


@dataclass(frozen=True)
class _Family:
    """The columns of one transformer, and whether they share a scale already."""

    name: str
    block: FeatureBlock
    scaled: bool


class _Media(Sequence[Any]):
    """Files or texts, decoded when looked at; ``load`` may remember them."""

    def __init__(self, load: Callable[[str], Any], given: Sequence[str]) -> None:
        self.load, self.given = load, given

    def __len__(self) -> int:
        return len(self.given)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, list | slice):
            some = [self.given[p] for p in place] if isinstance(place, list) else self.given[place]
            return _Media(self.load, some)
        return self.load(self.given[place])


def _remembering(load: Callable[[str], Any], budget: int = 2**28) -> Callable[[str], Any]:
    """Load, and keep what was loaded until a budget of bytes is spent: a catalogue of small
    files is decoded once, and one of large files does not fill the memory."""
    kept: dict[str, Any] = {}
    spent = 0

    def remembered(given: str) -> Any:
        nonlocal spent
        if given in kept:
            return kept[given]
        loaded = load(given)
        size = getattr(loaded, "nbytes", len(loaded))
        if spent + size <= budget:
            spent += size
            kept[given] = loaded
        return loaded

    return remembered


def _given_extractors(ds: Dataset, extractors: Mapping[str, Any] | None) -> dict[str, list[Any]]:
    """modality → list of transformers, checked as far as possible without data."""
    given = {}
    for modality, value in (extractors or {}).items():
        if modality not in DEFAULT_EXTRACTORS or modality not in ds.items.columns:
            known = tuple(m for m in DEFAULT_EXTRACTORS if m in ds.items.columns)
            raise ValueError(f"extractors: {modality!r} is not among {known}")
        given[modality] = list(value) if isinstance(value, list | tuple) else [value]
        if not given[modality]:
            raise ValueError(f"extractors: {modality!r} has no transformer; leave it out")
        for transformer in given[modality]:
            if isinstance(transformer, type) or not hasattr(transformer, "transform"):
                raise ValueError(
                    f"extractors: {modality!r}: {transformer!r} is no transformer; pass an"
                    " object such as ColorHistogram()"
                )
    return given


def _fit_mask(items: pd.Index, fit_items: Iterable[Any] | None) -> Mask:
    """(n,) which items may be learned from."""
    if fit_items is None:
        return np.ones(len(items), bool)
    if isinstance(fit_items, str):
        raise ValueError(f"fit_items: one string; pass [{fit_items!r}]")
    ids = pd.Index(list(fit_items))
    unknown = ids[~ids.isin(items)]
    if len(unknown):
        remedy = _other_kind(unknown, items)
        raise ValueError(f"fit_items: {_shown(unknown[0])} is not among the items{remedy}")
    if len(ids) == 0:
        raise ValueError("fit_items: empty; there is nothing to learn from. None takes all items")
    return np.asarray(items.isin(ids))


def _family(
    ds: Dataset, descriptor: _Descriptor, learn: Mask, n_jobs: int | None, cache: bool, strict: bool
) -> _Family:
    """The columns of one transformer, for all items."""
    modality = descriptor.modality
    listed = np.flatnonzero(ds.items[modality].notna())
    given = [str(value) for value in ds.items[modality].iloc[listed]]
    numbers = _describe_all(descriptor, given, n_jobs, cache) if descriptor.fixed else None
    if descriptor.learned is not None:
        numbers = _learn(descriptor, given, numbers, learn[listed], strict)
    assert numbers is not None, "a transformer has at least one step"
    values = np.zeros((len(ds.items), len(numbers.names)))
    values[listed] = numbers.values
    present = np.zeros(len(ds.items), bool)
    present[listed] = numbers.sound
    known = ds.problems[ds.problems["modality"] == modality]
    reasons = dict(zip(known["item_id"], known["reason"], strict=True))
    reasons |= {
        ds.items.index[row]: problem
        for row, problem in zip(listed, numbers.problems, strict=True)
        if problem
    }
    block = FeatureBlock(
        modality=modality,
        item_ids=ds.items.index.to_numpy(),
        values=values,
        present=present,
        names=numbers.names,
        reasons=reasons,
    )
    scaled = descriptor.learned is not None or _unit_rows(block)
    return _Family(type(descriptor.transformer).__name__.lower(), block, scaled)


def _side_by_side(ds: Dataset, families: list[_Family], learn: Mask) -> FeatureBlock:
    """The families of one modality as one block, none drowning the others."""
    train = ds.items.index[learn]
    # A family that found nothing to learn has no columns, and no say in who is present.
    families = [f for f in families if f.block.names] or families[:1]
    blocks = [f.block if f.scaled else f.block.standardize(train) for f in families]
    if len(blocks) > 1:
        blocks = [_equal_variance(block, learn) for block in blocks]
        names = Counter(name for block in blocks for name in block.names)
        if max(names.values()) > 1:
            blocks = [
                replace(b, names=tuple(f"{f.name}-{i}__{name}" for name in b.names))
                for i, (f, b) in enumerate(zip(families, blocks, strict=True), start=1)
            ]
    block = FeatureBlock.concatenate(blocks) if len(blocks) > 1 else blocks[0]
    if block.modality != "text":
        return block
    known = np.any([f.block.values.any(axis=1) for f in families], axis=0)
    silent = block.item_ids[block.present & ~known].tolist()
    why = dict.fromkeys(silent, "the text has no word that the vocabulary knows")
    return replace(block, present=block.present & known, reasons={**block.reasons, **why})


def _equal_variance(block: FeatureBlock, learn: Mask) -> FeatureBlock:
    """The block with a total variance of 1 over the present items that may be learned from."""
    use = block.present & learn
    total = float(block.values[use].var(axis=0).sum()) if use.any() else 0.0
    return replace(block, values=block.values / np.sqrt(total)) if total > 0 else block


def _unit_rows(block: FeatureBlock) -> bool:
    """Whether every row has length 1, or is all zeros."""
    lengths = np.linalg.norm(block.values[block.present], axis=1)
    return bool(np.all((np.abs(lengths - 1) < 1e-3) | (lengths == 0)))


def _learn(
    descriptor: _Descriptor, given: list[str], numbers: _Numbers | None, learn: Mask, strict: bool
) -> _Numbers:
    """Fit the steps that learn on what may be learned from, and apply them to everything."""
    problems = [""] * len(given) if numbers is None else list(numbers.problems)
    inputs: Any = (
        _Media(_remembering(descriptor.load), given) if numbers is None else numbers.values
    )
    if numbers is None:
        for place in range(len(given)):
            try:
                inputs[place]
            except MediaError as error:
                problems[place] = str(error)
    sound = [place for place, problem in enumerate(problems) if not problem]
    train = [place for place in sound if learn[place]]
    with quiet_decoders():
        failed = _fit(descriptor, inputs[train], strict)
        if failed:
            problems = [problem or failed for problem in problems]
            return _Numbers(np.zeros((len(given), 0)), problems, ())
        parts = []
        for start in range(0, len(sound), 8 * BATCH):
            places = sound[start : start + 8 * BATCH]
            parts.append(_dense(descriptor.learned.transform(inputs[places])))
    names = _names((descriptor.learned,), None if numbers is None else numbers.names)
    width = parts[0].shape[1] if parts else len(names or ())
    values = np.zeros((len(given), width))
    values[sound] = np.vstack(parts) if parts else 0.0
    return _Numbers(values, problems, names or _numbered(descriptor, width))


def _fit(descriptor: _Descriptor, train: Any, strict: bool) -> str:
    """Fit on the spot; "" or why there was too little to learn from."""
    if len(train) == 0:
        return "there is nothing to learn from among fit_items"
    try:
        descriptor.learned.fit(train)
    except ValueError as error:
        if strict:
            raise ValueError(
                f"extractors: {descriptor.modality!r}: {descriptor.transformer!r} cannot learn"
                f" from {len(train)} items: {error}"
            ) from error
        # Two or three texts may be too few for the defaults; that must not stop a catalogue.
        if isinstance(descriptor.learned, TfidfText):
            return f"no word is in {descriptor.learned.min_df} of the texts to learn from"
        return f"{type(descriptor.transformer).__name__} cannot learn: {error}"
    return ""


def _describe_all(
    descriptor: _Descriptor, given: list[str], n_jobs: int | None, cache: bool
) -> _Numbers:
    """What the steps that learn nothing make of everything listed, in its order."""
    _check_parameters(descriptor)
    described = _described(descriptor, given, n_jobs, cache)
    rows = [d.numbers for d in described]
    names = descriptor.names
    width = len(names) if names is not None else next((len(r) for r in rows if r is not None), 0)
    nothing = np.zeros(width)
    values = np.array([nothing if row is None else row for row in rows], dtype=np.float64)
    problems = [
        descriptor.reason(what, d.reason) if d.numbers is None else ""
        for what, d in zip(given, described, strict=True)
    ]
    if names is None:
        names = _numbered(descriptor, width)
    return _Numbers(values.reshape(len(given), width), problems, names)


def _check_parameters(descriptor: _Descriptor) -> None:
    """A parameter out of range is the caller's slip and no file's fault: say it once, at once."""
    try:
        descriptor.fixed[0].fit(None)
    except ValueError as error:
        raise ValueError(
            f"extractors: {descriptor.modality!r}: {descriptor.transformer!r}: {error}"
        ) from error
    except (TypeError, AttributeError):
        pass  # somebody else's transformer that wants data; it is asked when there are some


def _described(
    descriptor: _Descriptor, given: list[str], n_jobs: int | None, cache: bool
) -> list[Description]:
    """Descriptions in the order of what is given; same content is described once."""
    place = descriptor.cache_file() if cache else None
    width = None if descriptor.names is None else len(descriptor.names)
    known = read_cache(place, width) if place else {}
    digests = [descriptor.digest(what) for what in given]
    todo = {
        digest: what
        for digest, what in zip(digests, given, strict=True)
        if digest is not None and digest not in known
    }
    new: dict[str, Description] = {}
    saved, when = 0, time.monotonic()
    try:
        for batch in _computed(descriptor, todo, n_jobs):
            new |= batch
            if place and time.monotonic() - when >= SAVE_EVERY:
                add_to_cache(place, new, width)
                saved, when = len(new), time.monotonic()
    finally:
        if place and len(new) > saved:
            add_to_cache(place, new, width)
    known |= new
    return [
        # A file that cannot even be read has no fingerprint; its reason is found anew each time.
        descriptor.describe(what) if digest is None else known[digest]
        for digest, what in zip(digests, given, strict=True)
    ]


def _computed(
    descriptor: _Descriptor, todo: Mapping[str, str], n_jobs: int | None
) -> Iterable[dict[str, Description]]:
    """digest → Description, batch by batch; the first alone, as it may load a model."""
    digests = list(todo)
    if n_jobs is None:
        n_jobs = min(2, os.cpu_count() or 1)
    # Files are shared out among threads already; BLAS threads inside them would only wait.
    with (
        single_threaded_blas(),
        quiet_decoders(),
        joblib.Parallel(n_jobs=n_jobs, prefer="threads") as pool,
    ):
        starts = [0, *range(1, len(digests), BATCH)]
        for start, stop in zip(starts, [*starts[1:], len(digests)], strict=True):
            batch = digests[start:stop]
            described = pool(joblib.delayed(descriptor.describe)(todo[d]) for d in batch)
            yield dict(zip(batch, described, strict=True))


def _dense(rows: Any) -> Floats:
    return np.asarray(rows.toarray() if sp.issparse(rows) else rows, dtype=np.float64)


def _names(steps: Iterable[Any], names: Any = None) -> tuple[str, ...] | None:
    """Columns after these steps, or None if a step cannot say."""
    for step in steps:
        try:
            names = step.get_feature_names_out(names)
        except (AttributeError, ValueError, TypeError):
            return None
    return None if names is None else tuple(str(name) for name in names)


def _numbered(descriptor: _Descriptor, width: int) -> tuple[str, ...]:
    """Names for columns of a transformer that has none."""
    return tuple(f"{type(descriptor.transformer).__name__.lower()}{j}" for j in range(width))


def _recipe(value: Any) -> str:
    """Everything about a transformer that its numbers may depend on, the same in any process.

    Raises TypeError for what has no such description, a function, say, or a class written in a
    notebook: another cell may change it under the same name.
    """
    if isinstance(value, BaseEstimator):
        parameters = ", ".join(f"{k}={_recipe(v)}" for k, v in sorted(value.get_params().items()))
        return f"{_origin(type(value))}({parameters})"
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufUS":
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"array({value.dtype}, {value.shape}, {content})"
    if isinstance(value, dict):
        return f"dict({sorted((_recipe(k), _recipe(v)) for k, v in value.items())})"
    if isinstance(value, set | frozenset):
        return f"set({sorted(_recipe(v) for v in value)})"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(_recipe(v) for v in value)})"
    if isinstance(value, type) and value.__module__ != "__main__":
        return f"type({value.__module__}.{value.__qualname__})"
    if value is None or isinstance(value, str | bytes | bool | int | float | np.generic | Path):
        return repr(value)
    raise TypeError(f"no recipe for {type(value).__name__}")


def _origin(kind: type) -> str:
    """A class with the source that defines it and the version of its package."""
    module = sys.modules.get(kind.__module__)
    if module is None or module.__name__ == "__main__" or not getattr(module, "__file__", None):
        raise TypeError(f"{kind.__name__} is in no file")
    package = module.__name__.partition(".")[0]
    # What was installed as a whole is known by its version; what may be edited, by its source.
    installed = _version(package) if package != __name__.partition(".")[0] else ""
    return f"{module.__name__}.{kind.__qualname__} {installed or _sources(module)}"


@lru_cache(maxsize=256)
def _sources(module: ModuleType) -> str:
    """Fingerprint of a module's source and of what it uses from its own package."""
    package = module.__name__.partition(".")[0]
    seen = {module.__name__: module}
    todo = [module]
    while todo:
        for value in list(vars(todo.pop()).values()):
            name = value.__name__ if isinstance(value, ModuleType) else ""
            name = name or getattr(value, "__module__", None) or ""
            used = sys.modules.get(name) if isinstance(name, str) else None
            if used is not None and name not in seen and name.startswith(package + "."):
                seen[name] = used
                todo.append(used)
    digest = hashlib.sha256()
    for name in sorted(seen):
        if path := getattr(seen[name], "__file__", None):
            digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=64)
def _version(package: str) -> str:
    try:
        return version({"sklearn": "scikit-learn"}.get(package, package))
    except PackageNotFoundError:
        return ""


@lru_cache(maxsize=8)
def _libraries(modality: str) -> str:
    """Everything that decodes and computes, with its version, and our own loader."""
    parts = [f"{name} {_version(name)}" for name in LIBRARIES[modality]]
    if modality == "image":
        parts.append(f"opencv {cv2.__version__}")
    if modality == "audio":
        parts.append(f"libsndfile {soundfile.__libsndfile_version__}")
    if modality != "text":
        parts.append(_sources(sys.modules[LOADERS[modality].__module__]))
    return ", ".join(parts)
