"""Extract one FeatureBlock for each modality of a data set, with a cache and without leakage."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import joblib
import librosa
import numpy as np
import pandas as pd
import PIL
import scipy.sparse as sp
import soundfile
from sklearn.base import clone
from sklearn.utils import get_tags
from tqdm import tqdm

from mmrec_course.datasets import Dataset
from mmrec_course.datasets.validation import _other_kind, _shown
from mmrec_course.features.audio import AudioDescriptor
from mmrec_course.features.block import FeatureBlock, Floats
from mmrec_course.features.cache import Entry, add_to_cache, cache_folder, file_digest, read_cache
from mmrec_course.features.image import ColorHistogram, ColorMoments
from mmrec_course.features.stateless import StatelessTransformer
from mmrec_course.features.text import TfidfText
from mmrec_course.features.threads import single_threaded_blas
from mmrec_course.preprocessing import MediaError, load_audio, load_image
from mmrec_course.preprocessing.media import quiet_decoders
from mmrec_course.preprocessing.remote import local_copy

DEFAULT_EXTRACTORS: Mapping[str, tuple[Any, ...]] = {
    "image": (ColorHistogram(), ColorMoments()),
    "text": (TfidfText(),),
    "audio": (AudioDescriptor(),),
}
LOADERS: dict[str, Callable[[str], Any]] = {"image": load_image, "text": str, "audio": load_audio}
VERSION = 4  # raise it when our own code gives other numbers: cached ones are then not used
LIBRARIES = (np, PIL, cv2, librosa, soundfile)  # nor are those of other versions of these
BATCH = 64  # files between two visits to the disk, or an eighth of those in the cache
KEPT_BYTES = 2**28  # of decoded media in memory while a transformer learns from them

# librosa compiles at its first use; two threads that do so at once are warned, and nothing is lost.
warnings.filterwarnings("ignore", "Compilation requested for previously compiled argument types")

Family = tuple[FeatureBlock, bool]  # the columns of a transformer, whether they share a scale


def extract_features(
    ds: Dataset,
    modalities: Sequence[str] | None = None,
    fit_items: Iterable[Any] | None = None,
    n_jobs: int = 2,
    cache: bool = True,
    extractors: Mapping[str, Any] | None = None,
) -> dict[str, FeatureBlock]:
    """Compute the features of every item from its media: modality → FeatureBlock.

    An item is absent where nothing is listed, a file cannot be used (never an error), or a text
    has no known word; ``block.reasons`` says why. ``modalities`` are by default all that ``ds``
    has; blocks in ``ds.features`` are taken as they are. Vocabularies, scales and components are
    learned from ``fit_items``, the training items (None: all, which is leakage in an evaluation).
    ``extractors``, modality → a scikit-learn transformer or a list of them, replace the defaults;
    they get lists of pictures, waveforms or texts. With the tag ``requires_fit=False`` they are
    applied file by file, in ``n_jobs`` threads, and with ``cache`` kept in the folder MMREC_CACHE;
    their columns are standardised, unless rows have length 1. Several transformers get the same
    total variance each (compare multiple factor analysis: Escofier and Pagès 1990).

    ``with joblib.parallel_config(backend="dask"):`` the workers of a Dask cluster do this work;
    they read the files, and the cache is this process's. In place of a path, an item may have an
    address that fsspec opens: ``file://``, ``s3://`` and others. A terminal shows a progress bar.

    Notebook: 00_start_here
    """
    wanted = ds.modalities if modalities is None else tuple(modalities)
    for modality in wanted:
        if modality not in ds.modalities:
            raise ValueError(f"modalities: {modality!r} is not among {ds.modalities}")
    given = _checked_extractors(ds, extractors)
    train = _training_items(ds.items.index, fit_items)
    blocks = {}
    with quiet_decoders(), single_threaded_blas():
        for modality in wanted:
            if modality in ds.features and modality not in given:
                blocks[modality] = ds.features[modality].align(ds.items.index)
                continue
            # A modality's files are hashed once for all of its transformers.
            describe = partial(_described, modality, n_jobs=n_jobs, cache=cache, digests={})
            families = [
                _family(ds, modality, clone(transformer), train, describe, modality in given)
                for transformer in given.get(modality) or DEFAULT_EXTRACTORS[modality]
            ]
            blocks[modality] = _side_by_side(families, train)
    return blocks


def media_problems(blocks: Mapping[str, FeatureBlock]) -> pd.DataFrame:
    """List what did not become features: item_id, modality, reason.

    Notebook: 02_preprocessing
    """
    rows = [(item, m, why) for m, block in blocks.items() for item, why in block.reasons.items()]
    return pd.DataFrame(rows, columns=["item_id", "modality", "reason"])


@dataclass(frozen=True)
class _Media(Sequence[Any]):
    """Images, sounds or texts; those that are still paths are decoded when they are asked for."""

    load: Callable[[str], Any]
    media: list[Any]

    def __len__(self) -> int:
        return len(self.media)

    def __getitem__(self, index: Any) -> Any:
        medium = self.media[index]
        return self.load(medium) if isinstance(medium, str) else medium


def _checked_extractors(ds: Dataset, extractors: Mapping[str, Any] | None) -> dict[str, list[Any]]:
    """modality → list of transformers, checked as far as possible before any file is read."""
    given: dict[str, list[Any]] = {}
    for modality, value in (extractors or {}).items():
        where = f"extractors: {modality!r}"
        if modality not in DEFAULT_EXTRACTORS or modality not in ds.items:
            raise ValueError(f"{where} has no media in the data set")
        given[modality] = list(value) if isinstance(value, list | tuple) else [value]
        for transformer in given[modality]:
            if isinstance(transformer, type) or not hasattr(transformer, "transform"):
                raise ValueError(f"{where}: {transformer!r} is no transformer; pass an object")
            if isinstance(transformer, StatelessTransformer):
                transformer.fit()  # only checks the parameters
    return given


def _training_items(items: pd.Index, fit_items: Iterable[Any] | None) -> pd.Index:
    """The items that may be learned from."""
    if fit_items is not None and not pd.api.types.is_list_like(fit_items):
        raise ValueError(f"fit_items: {_shown(fit_items)} is one id; pass a list of ids")
    ids = items if fit_items is None else pd.Index(list(fit_items))
    unknown = ids[~ids.isin(items)]
    if len(unknown):
        remedy = _other_kind(unknown, items)
        raise ValueError(f"fit_items: {_shown(unknown[0])} is not among the items{remedy}")
    if fit_items is not None and not len(ids):
        raise ValueError("fit_items: empty; there is nothing to learn from. None takes all items")
    return ids


def _family(
    ds: Dataset, modality: str, transformer: Any, train: pd.Index,
    describe: Callable[[Any, list[str]], Iterator[Any]], strict: bool,
) -> Family:  # fmt: skip
    """Compute the columns of one transformer; ``strict``: ValueError if it cannot learn."""
    name, learns = type(transformer).__name__, get_tags(transformer).requires_fit
    column = ds.items[modality].dropna().astype(str)
    items, listed = column.index.tolist(), column.tolist()  # (n,) ids, paths or texts
    results = _loaded(partial(_load, modality), listed) if learns else describe(transformer, listed)
    known = ds.problems[ds.problems["modality"] == modality]
    reasons = dict(zip(known["item_id"], known["reason"], strict=True))
    found = {}  # item id → row or medium
    for item, result in zip(items, results, strict=True):
        if isinstance(result, MediaError):
            reasons[item] = result.reason if modality == "text" else str(result)
        else:
            found[item] = result
    media = partial(_Media, partial(_load, modality))
    if learns:
        trained = set(train)
        learn = [result for item, result in found.items() if item in trained]
        try:
            transformer.fit(media(learn))
        except ValueError as error:
            problem = f"{name} cannot learn from {len(learn)} items: {error}"
            if strict and learn:
                raise ValueError(f"extractors: {modality!r}: {problem}") from error
            # Two or three texts may be too few for the defaults; that must not stop a catalogue.
            reasons |= dict.fromkeys(found, problem)
            found = {}
    values, names = np.zeros((len(ds.items), 0)), []
    if found:
        rows = [*found.values()]
        given = transformer.transform(media(rows)) if learns else rows
        numbers = _dense(given, len(found), f"extractors: {modality!r}: {name}")
        values = np.zeros((len(ds.items), numbers.shape[1]))
        values[ds.items.index.get_indexer(pd.Index(found))] = numbers
        names = [f"{name.lower()}{j}" for j in range(values.shape[1])]
        with suppress(AttributeError, ValueError, TypeError):
            names = transformer.get_feature_names_out()
    block = FeatureBlock(
        modality=modality, item_ids=ds.items.index.to_numpy(), values=values,
        present=ds.items.index.isin(found), names=tuple(names), reasons=reasons,
    )  # fmt: skip
    if learns:
        return block, True
    lengths = np.linalg.norm(values, axis=1)
    return block, bool(np.all((abs(lengths - 1) < 1e-3) | (lengths == 0)))


def _loaded(load: Callable[[str], Any], listed: Iterable[str]) -> Iterator[Any]:
    """Yield media, paths once KEPT_BYTES are spent, and errors for what cannot be loaded."""
    room = KEPT_BYTES
    for given in listed:
        try:
            medium = load(given)
            room -= np.asarray(medium).nbytes
            yield medium if room > 0 else given
        except MediaError as error:
            yield error


def _described(
    modality: str, transformer: Any, listed: list[str], n_jobs: int, cache: bool,
    digests: dict[str, str],
) -> Iterator[Any]:  # fmt: skip
    """Yield a row, or an error, for each path or text; equal content is described once.

    ``digests``, path or text → SHA-256, is filled for a modality's first transformer.
    """
    file = _cache_file(modality, transformer) if cache else None
    known = read_cache(file) if file else {}
    # Threads here, or what `joblib.parallel_config` names, such as the workers of a Dask cluster.
    pool = partial(joblib.Parallel, prefer="threads", return_as="generator")
    if not digests:  # a local file is hashed before a thread starts; an address is copied first
        different, digest = dict.fromkeys(listed), joblib.delayed(partial(_digest, modality))
        n_threads = n_jobs if any("://" in given for given in different) else 1
        done = pool(n_threads, batch_size=8)(map(digest, different))
        digests |= zip(different, done, strict=True)
    todo = {d: given for given, d in digests.items() if d and d not in known}
    describe = partial(_describe, modality, transformer)
    entries = pool(n_jobs)(map(joblib.delayed(describe), todo.values()))
    disable = None if len(todo) > BATCH else True  # None: unless it is a terminal
    bar = tqdm(entries, modality, len(todo), file=sys.stdout, disable=disable, leave=False)
    new: dict[str, Entry] = {}
    try:
        for key, entry in zip(todo, bar, strict=True):
            new[key] = entry
            # The file is written whole, so the more it holds, the more must be new.
            if file and len(new) >= max(BATCH, len(known) // 8):
                add_to_cache(file, new)
                known |= new
                new = {}
    finally:  # whatever stopped it
        if file and new:
            add_to_cache(file, new)
    known |= new
    for given in listed:
        # A file that cannot be read has no digest: its reason is found anew each time.
        entry = known[digests[given]] if digests[given] else describe(given)
        yield MediaError(given, entry) if isinstance(entry, str) else entry


def _load(modality: str, given: str) -> Any:
    """Image, sound or text; MediaError if it cannot be used."""
    if modality == "text":
        return LOADERS[modality](given)
    with local_copy(given) as path:
        return LOADERS[modality](path)


def _describe(modality: str, transformer: Any, given: str) -> Entry:
    """Numbers of one file or text, or the reason why there are none."""
    try:
        with quiet_decoders(), single_threaded_blas():
            row = transformer.transform([_load(modality, given)])
    except MediaError as error:
        return error.reason
    except ValueError as error:
        return f"cannot be described: {error}"
    (numbers,) = _dense(row, 1, f"extractors: {modality!r}: {type(transformer).__name__}")
    return numbers if np.isfinite(numbers).all() else "cannot be described: numbers are not finite"


def _digest(modality: str, given: str) -> str:
    """SHA-256 of the content; "" for a file that cannot be read."""
    if modality == "text":
        return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
    with suppress(OSError, ValueError, MediaError), local_copy(given) as path:
        return file_digest(path)
    return ""


def _cache_file(modality: str, transformer: Any) -> Path | None:
    """Name a file after all that the numbers depend on; None if that is not known."""
    kind = type(transformer)
    package = kind.__module__.partition(".")[0]
    version = getattr(sys.modules[package], "__version__", None)
    if version is None and package != __name__.partition(".")[0]:
        return None  # a class without a version may change under the same name
    recipe = [VERSION, *(library.__version__ for library in LIBRARIES), kind.__module__]
    recipe += [kind.__qualname__, version, sorted(transformer.get_params().items())]
    if " at 0x" in repr(recipe) or "..." in repr(recipe):
        return None  # so may a function; and of a long array not every number is shown
    key = hashlib.sha256(repr(recipe).encode()).hexdigest()[:16]
    return cache_folder() / f"{modality}-{key}.npz"


def _side_by_side(families: list[Family], train: pd.Index) -> FeatureBlock:
    """Join the columns of all transformers of a modality, so that none dominates the others."""
    # Where nothing could be learned there are no columns, and no say in which items are present.
    families = [family for family in families if family[0].names] or families[:1]
    blocks = [block if scaled else block.standardize(train) for block, scaled in families]
    block = blocks[0]
    if len(blocks) > 1:
        block = FeatureBlock.concatenate([_equal_variance(part, train) for part in blocks])
    if block.modality != "text":
        return block
    known = np.any([raw.values.any(axis=1) for raw, _ in families], axis=0)
    silent = block.item_ids[block.present & ~known].tolist()
    why = dict.fromkeys(silent, "the text has no word that the vocabulary knows")
    return replace(block, present=block.present & known, reasons={**block.reasons, **why})


def _equal_variance(block: FeatureBlock, train: pd.Index) -> FeatureBlock:
    """Divide by the root of the total variance over the present training items."""
    use = block._learnable(train)
    total = block.values[use].var(axis=0).sum() if use.any() else 0.0
    return replace(block, values=block.values / np.sqrt(total)) if total > 0 else block


def _dense(rows: Any, n: int, where: str) -> Floats:
    """Return the (n, d) numbers of a transformer; ValueError if they have another shape."""
    numbers = np.asarray(rows.toarray() if sp.issparse(rows) else rows, dtype=np.float64)
    if numbers.ndim != 2 or len(numbers) != n:
        raise ValueError(f"{where} returned {numbers.shape}, expected ({n}, d)")
    return numbers
