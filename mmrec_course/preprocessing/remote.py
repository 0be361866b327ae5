"""Media that lie elsewhere: a file with an address such as ``s3://…`` is copied when it is read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mmrec_course.preprocessing.media import MediaError


@contextmanager
def local_copy(path: str) -> Iterator[str]:
    """Yield a path on this machine; the copy of an address is removed afterwards.

    An address has ``://`` in it and is opened by fsspec: ``file://``, ``s3://`` (with the package
    s3fs), ``gs://`` (gcsfs) and others. Items have addresses where a `Dataset` was made with them,
    or `load_folder` was told to allow them. MediaError if it cannot be read; ImportError, which
    names the package, if one is missing.

    Notebook: 17_scaling
    """
    if "://" not in path:
        yield path
        return
    import fsspec  # comes with Dask; paths do not need it

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / PurePosixPath(path).name
        try:
            with fsspec.open(path, "rb") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target)
        except ImportError:
            raise
        except Exception as error:  # each kind of storage has errors of its own
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise MediaError(path, f"cannot be read ({reason})") from None
        yield str(copy)
