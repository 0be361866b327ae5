"""JupyterLab with the course's settings leaves a lesson's file as it is and asks nothing."""

from __future__ import annotations

import asyncio
import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import build_notebooks
import pytest
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.kernelspec import KernelSpecManager
from jupyterlab_server.settings_utils import _get_overrides
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "jupyter"


@pytest.fixture(scope="module")
def settings() -> SimpleNamespace:
    """The names that the configuration file defines; `c` is what JupyterLab would hand it."""
    config = Config()
    names = runpy.run_path(
        str(SETTINGS / "jupyter_lab_config.py"), init_globals={"get_config": lambda: config}
    )
    return SimpleNamespace(**names)


def opened(settings: SimpleNamespace, folder: Path, name: str) -> dict[str, Any]:
    """A notebook as JupyterLab gets it."""
    manager = settings.c.ServerApp.contents_manager_class(root_dir=str(folder))
    return asyncio.run(manager.get(name))


def saved(settings: SimpleNamespace, folder: Path, name: str, model: dict[str, Any]) -> str:
    """The file after JupyterLab has saved `model`."""
    manager = settings.c.ServerApp.contents_manager_class(root_dir=str(folder))
    model = {"type": "notebook", "format": "json", "content": model["content"]}
    asyncio.run(manager.save(json.loads(json.dumps(model)), name))
    return (folder / name).read_text(encoding="utf-8")


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a lesson; signatures go into a folder of the test's own."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    text = (ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    path = tmp_path / "lesson.ipynb"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lesson_is_opened_with_the_metadata_that_jupyterlab_would_write(
    settings: SimpleNamespace, lesson: Path
) -> None:
    metadata = opened(settings, lesson.parent, lesson.name)["content"]["metadata"]
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert metadata["language_info"] == IPythonKernel.language_info
    assert metadata["kernelspec"] == {
        "display_name": spec.display_name,
        "language": spec.language,
        "name": "python3",
    }


def test_a_lesson_that_is_saved_unchanged_keeps_every_byte(
    settings: SimpleNamespace, lesson: Path
) -> None:
    before = lesson.read_text(encoding="utf-8")
    model = opened(settings, lesson.parent, lesson.name)
    assert saved(settings, lesson.parent, lesson.name, model) == before


def test_a_change_of_the_reader_is_saved(settings: SimpleNamespace, lesson: Path) -> None:
    model = opened(settings, lesson.parent, lesson.name)
    model["content"]["cells"][0]["source"] = "# Mine"
    stored = json.loads(saved(settings, lesson.parent, lesson.name, model))
    assert stored["cells"][0]["source"] == ["# Mine"]
    assert stored["metadata"] == build_notebooks.NOTEBOOK_METADATA


def test_a_notebook_with_other_metadata_is_left_alone(
    settings: SimpleNamespace, lesson: Path
) -> None:
    notebook = json.loads(lesson.read_text(encoding="utf-8"))
    notebook["metadata"] = {"kernelspec": {"display_name": "R", "language": "R", "name": "ir"}}
    lesson.write_text(json.dumps(notebook), encoding="utf-8")
    model = opened(settings, lesson.parent, lesson.name)
    assert model["content"]["metadata"] == notebook["metadata"]
    stored = json.loads(saved(settings, lesson.parent, lesson.name, model))
    assert stored["metadata"] == notebook["metadata"]


def test_other_files_and_folders_are_opened_as_ever(
    settings: SimpleNamespace, lesson: Path
) -> None:
    (lesson.parent / "a.txt").write_text("words")
    assert opened(settings, lesson.parent, "a.txt")["content"] == "words"
    assert {x["name"] for x in opened(settings, lesson.parent, "")["content"]} >= {"a.txt"}


def test_the_settings_know_what_lessons_store(settings: SimpleNamespace) -> None:
    assert settings.IN_THE_FILE == build_notebooks.NOTEBOOK_METADATA


def test_jupyterlab_asks_nothing_about_news_and_looks_for_no_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(SETTINGS))
    overrides, error = _get_overrides(str(tmp_path))
    assert not error
    wanted = {"fetchNews": "false", "checkForUpdates": False}
    assert overrides["@jupyterlab/apputils-extension:notification"] == wanted
