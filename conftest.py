"""What every run of pytest needs before a test or a notebook's kernel starts."""

import contextlib
import gc
import io
import os
from collections.abc import Iterator
from pathlib import Path

import forked_kernels
import pytest
from course_map import missing_framework

# Kernels inherit these. Lessons print what holds on any thread count; the default is for speed:
# beside another worker a second thread only waits, and keeps a core busy while it does. A worker
# inherits what its controller set here, and sets it anew; what the user has set is left alone.
OURS = "MMREC_SETS_THREADS"
THREADS = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"
NUMBERS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
for variable in NUMBERS:
    if variable not in os.environ or variable in os.environ.get(OURS, "").split():
        os.environ[variable] = THREADS
        os.environ[OURS] = f"{os.environ.get(OURS, '')} {variable}"

# One cache for all lessons and tests of this clone, so that a file is decoded once; the reader's
# own, in the user's cache folder, is left alone. Surprise makes its folder when it is imported.
CACHE = Path(__file__).parent / ".cache"
os.environ.setdefault("MMREC_CACHE", str(CACHE / "features"))
os.environ.setdefault("MMREC_DATA", str(CACHE / "datasets"))
os.environ.setdefault("SURPRISE_DATA_FOLDER", str(CACHE / "surprise"))

# Stored outputs point to media by path; where one of these is set, cards embed them.
for variable in ("COLAB_RELEASE_TAG", "VSCODE_PID", "MMREC_EMBED_MEDIA"):
    os.environ.pop(variable, None)

# Blanks must fail and sources are not modules; a test in tests/ looks after both.
collect_ignore = ["notebooks/exercises", "notebooks/src", "tools", "benchmarks", "docs"]
collect_ignore_glob = ["apps/*/src"]

forked_kernels.install()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage meanwhile, and never look through what stays: modules, items, cells."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


NEEDS_ENCODERS, NEEDS_MOVIELENS = "needs-encoders", "needs-movielens"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, visibly, the notebook cells that need weights, ratings or frameworks not here."""
    for item in items:
        if hasattr(item, "cell") and (missing := missing_framework(item.path)):
            item.add_marker(pytest.mark.skip(reason=f"needs {missing}: make test-extras"))
    for tag, missing in ((NEEDS_ENCODERS, _missing_encoders), (NEEDS_MOVIELENS, _missing_ratings)):
        needy = [item for item in items if tag in _cell_tags(item)]
        # Asked for those who need it only: the imports take seconds.
        reason = missing() if needy else ""
        if reason:
            for item in needy:
                item.add_marker(pytest.mark.skip(reason=reason))


def _missing_encoders() -> str:
    from mmrec_course.extras.encoders import encoders_available

    return "" if encoders_available() else 'needs pip install "mmrec-course[encoders]"'


def _missing_ratings() -> str:
    from mmrec_course.datasets import load_movielens

    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the licence is for readers
            load_movielens("100k", download=False)
    except FileNotFoundError:
        return "needs MovieLens 100K: make movielens downloads it, once"
    except ValueError:
        pass  # there, but spoilt: the cells will say where
    return ""


def _cell_tags(item: pytest.Item) -> list[str]:
    """Tags of a notebook's cell as nbval collects it; other tests have none."""
    cell = getattr(item, "cell", None)
    return list(cell.metadata.get("tags", ())) if cell is not None else []
