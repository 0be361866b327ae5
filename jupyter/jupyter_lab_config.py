"""Settings of JupyterLab for `make lab`; your own stay in force beside them.

JupyterLab writes the kernel's name and exact Python version into every notebook that it opens,
and then marks it as changed. A lesson stores no version: it must read the same on every Python.
So JupyterLab is handed a lesson as it would write it, and the file keeps what it had.
"""

from ipykernel.ipkernel import IPythonKernel
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

KERNEL = KernelSpecManager().get_kernel_spec("python3")
IN_THE_FILE = {  # as NOTEBOOK_METADATA in tools/build_notebooks.py
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"},
}
IN_JUPYTERLAB = {
    "kernelspec": {
        "display_name": KERNEL.display_name,
        "language": KERNEL.language,
        "name": "python3",
    },
    "language_info": IPythonKernel.language_info,
}


def replace_metadata(model: dict, old: dict, new: dict) -> None:
    """Replace a notebook's metadata if they are the old ones; other files are left alone."""
    if model.get("type") == "notebook" and model.get("content"):
        metadata = model["content"]["metadata"]
        if old == {key: metadata.get(key) for key in old}:
            metadata.update(new)


class LessonManager(AsyncLargeFileManager):
    """Reads and writes files as JupyterLab always does, lessons with the metadata above."""

    async def get(self, *args, **kwargs) -> dict:
        """Return a file or folder as JupyterLab wants it."""
        model = await super().get(*args, **kwargs)
        replace_metadata(model, IN_THE_FILE, IN_JUPYTERLAB)
        return model

    async def save(self, model: dict, path: str = "") -> dict:
        """Write a file as the course stores it."""
        replace_metadata(model, IN_JUPYTERLAB, IN_THE_FILE)
        return await super().save(model, path)


c = get_config()  # noqa: F821  (JupyterLab defines it)
c.ServerApp.contents_manager_class = LessonManager
