"""Every benchmark, one after another: `make bench`.

In: nothing. Out: the tables of the files beside this one. Each runs in a process of
its own, since peak memory is counted from what a process already holds.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run the files beside this one that can be run; return how many of them failed."""
    folder = Path(__file__).resolve().parent
    failed = []
    for path in sorted(folder.glob("*.py")):
        if '__name__ == "__main__"' not in path.read_text(encoding="utf-8") or path.samefile(
            __file__
        ):
            continue
        print(f"\n== {path.name}", flush=True)
        if subprocess.run([sys.executable, str(path)], check=False).returncode:
            failed.append(path.name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
