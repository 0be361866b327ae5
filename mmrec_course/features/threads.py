"""Limit the linear algebra libraries to one thread."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import scipy.linalg  # noqa: F401  # loads the libraries that are to be limited
from threadpoolctl import ThreadpoolController


def single_threaded_blas() -> AbstractContextManager[Any]:
    """Compute linear algebra in one thread: the same bits on any machine.

    On small matrices this is also the fastest; threads wait for each other there. The limit
    belongs to the whole process, so only the main thread sets it and lifts it.
    """
    if threading.current_thread() is not threading.main_thread():
        return nullcontext()
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks through every loaded library: 3 ms, so once is enough
