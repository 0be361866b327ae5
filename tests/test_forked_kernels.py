"""A forked kernel is like a new one, but for the libraries that it has already."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import forked_kernels
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

LOOK = """
import os, signal, sys
print(__name__, sys.argv[0], sys.path, os.getcwd(), signal.getsignal(signal.SIGCHLD))
print(sorted(f"{k}={v}" for k, v in os.environ.items() if k != "JPY_PARENT_PID"))
print(sorted(name for name in sys.modules if name.startswith("mmrec_course")))
"""


def asked(code: str, folder: Path, **changes: str) -> tuple[str, bool]:
    """What a kernel prints, and whether it has pandas from its start."""
    env = {**os.environ, **changes}
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder), env=env)
    said: list[str] = []
    try:
        for cell in ("import sys; print('pandas' in sys.modules)", code):
            client.execute_interactive(cell, output_hook=lambda m: said.append(_text(m)))
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not manager.is_alive()
    first, _, rest = "".join(said).partition("\n")
    return rest, first == "True"


def _text(message: dict[str, Any]) -> str:
    return message["content"].get("text", "")


def test_a_fork_sees_what_a_new_kernel_sees(tmp_path: Path) -> None:
    forked, has_pandas = asked(LOOK, tmp_path, COURSE="x=1\n")
    new, new_has_pandas = asked(LOOK, tmp_path, COURSE="x=1\n", NPY_DISABLE_CPU_FEATURES="")
    assert has_pandas
    assert not new_has_pandas  # its libraries were to be set up otherwise
    assert forked == new.replace("'NPY_DISABLE_CPU_FEATURES=', ", "")


def test_a_fork_can_be_interrupted_and_its_end_is_noticed(tmp_path: Path) -> None:
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    try:
        # Without stop_on_error=False a kernel drops what is asked right after an error.
        code = "import os, time\nprint('on')\nwhile True: time.sleep(0.01)"
        endless = client.execute(code, stop_on_error=False)
        while client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == endless
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        client.execute("os._exit(1)")
        _wait_for_end(manager)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _wait_for_end(manager: KernelManager) -> None:
    for _ in range(300):
        if not manager.is_alive():
            return
        time.sleep(0.1)
    raise AssertionError("its end is not noticed")


def test_a_library_that_warns_when_it_is_imported_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text("import warnings\nwarnings.warn('old', stacklevel=1)\n")
    code = "import forked_kernels as f; f.LIBRARIES = ('noisy',); f.serve()"
    path = os.pathsep.join([str(tmp_path), str(Path(forked_kernels.__file__).parent)])
    said = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 1
    assert "UserWarning: old" in said.stderr
