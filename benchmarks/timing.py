"""How the benchmarks take time: side by side, and the best of a few.

In: functions. Out: seconds, and a table of ratios. Seconds differ between machines and between
minutes on one machine; a ratio of two things done in turn in one run says something.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def best_of(functions: Mapping[str, Callable[[], Any]], repeats: int = 5) -> dict[str, float]:
    """Seconds of each function's fastest call, all of them called in turn.

    Parameters
    ----------
    functions
        name → function without arguments.
    repeats
        Rounds.

    Returns
    -------
    name → seconds.
    """
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def show(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows of cells in columns, under a title; the first row is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  " + "  ".join(cells).rstrip())
