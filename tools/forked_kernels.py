"""Kernels for nbval, forked from a process that has imported the numerical libraries once.

Importing them takes a new kernel longer than many notebooks take to run. `mmrec_course` itself is
imported by each notebook. Builders, and tests that set up libraries otherwise, start new kernels;
so does all of pytest with JUPYTER_DEFAULT_PROVISIONER_NAME=local-provisioner.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import runpy
import select
import subprocess
import sys
from contextlib import redirect_stderr, suppress
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

LIBRARIES = (
    "ipykernel.kernelapp", "ipywidgets", "matplotlib_inline.backend_inline", "matplotlib.pyplot",
    "pandas", "scipy.stats", "sklearn.decomposition", "sklearn.feature_extraction.text",
    "sklearn.linear_model", "sklearn.model_selection", "librosa.display", "librosa.effects",
    "librosa.feature.rhythm", "cv2", "jinja2", "pooch", "regex", "soundfile", "tqdm.auto",
)  # fmt: skip
AT_IMPORT = ("OMP_", "OPENBLAS_", "NUMBA_", "NPY_")  # what libraries read when they are imported


def install() -> None:
    """Let this process fork its kernels on Linux, unless the user has named a provisioner."""
    factory = KernelProvisionerFactory.instance()
    if sys.platform == "linux" and factory.default_provisioner_name_env not in os.environ:
        entry = EntryPoint("forking", "forked_kernels:ForkingProvisioner", factory.GROUP_NAME)
        factory.provisioners[entry.name] = entry
        factory.default_provisioner_name = entry.name


class ForkingProvisioner(LocalProvisioner):
    """Starts a kernel by a fork, or anew where its libraries are to be set up otherwise."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Start the kernel and return how to connect to it."""
        env, ours = options["env"], os.environ
        if any(env.get(v) != ours.get(v) for v in {*env, *ours} if v.startswith(AT_IMPORT)):
            return await super().launch_kernel(cmd, **options)
        self.process: Any = _Fork(cmd, str(Path(options.get("cwd") or ".").absolute()), env)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


class _Fork:
    """What `LocalProvisioner` uses of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, cmd: list[str], cwd: str, env: dict[str, str]) -> None:
        server = _server()
        assert server.stdin and server.stdout
        server.stdin.write(json.dumps({"cmd": cmd, "cwd": cwd, "env": env}) + "\n")
        server.stdin.flush()
        self.pid = int(server.stdout.readline())

    def poll(self) -> int | None:
        """0 once it has ended: the server waits for it, and then its number is free."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    wait = poll  # asked for when it has ended

    def send_signal(self, number: int) -> None:
        """Signal the kernel, if there is one."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@cache
def _server() -> subprocess.Popen[str]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, __file__]
    server = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
    atexit.register(server.communicate)  # ends its input, and so the server
    return server


def serve() -> None:
    """Fork a kernel for each line of the input, and say its number."""
    with redirect_stderr(io.StringIO()) as said:
        for library in LIBRARIES:
            importlib.import_module(library)
    if said.getvalue():  # forks would not repeat it, and nbval compares what a notebook says
        sys.exit(said.getvalue())
    gc.freeze()  # kernels need not look through the libraries for garbage
    line = "."
    while line:
        # A handler of SIGCHLD would be late where a kernel ends just before the reading begins.
        ready, _, _ = select.select([sys.stdin], [], [], 0.05)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if ready and (line := sys.stdin.readline()):
            if pid := os.fork():
                print(pid, flush=True)
            else:
                _become_kernel(**json.loads(line))


def _become_kernel(cmd: list[str], cwd: str, env: dict[str, str]) -> None:
    """Run `python -m module arguments`, and exit."""
    os.setsid()
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    os.chdir(cwd)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    sys.path[0] = ""
    _, _, module, *sys.argv[1:] = cmd
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        os._exit(0)


if __name__ == "__main__":
    serve()
