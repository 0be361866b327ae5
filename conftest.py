"""What every run of pytest needs before a test or a notebook's kernel starts."""

import os

# Kernels inherit these. Lessons print what holds on any thread count; the default is for speed.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "2")

# Blanks must fail and sources are not modules; a test in tests/ looks after both.
collect_ignore = ["notebooks/exercises", "notebooks/src", "tools", "benchmarks", "docs"]
