"""Docker, VS Code, Colab, a stick, forms and workflows: files parse, and what they name exists.

Binder reads environment.yml (tests/test_project.py). None of these services is asked here.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import build_colab
import build_stick
import nbformat
import pytest
import yaml
from check_wheels import SYSTEMS
from course_map import LESSONS

ROOT = Path(__file__).resolve().parent.parent
GITHUB = ROOT / ".github"
TARGETS = set(
    re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)


def test_the_image_installs_as_a_user_of_its_own_and_starts_a_command_that_exists() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and line[0] != "#"]
    kinds = [kind for kind, _ in steps]
    of = dict(steps)
    python = re.fullmatch(r"python:3\.(\d+)-slim", of["FROM"])
    assert python and 11 <= int(python[1]) <= 13
    assert of["USER"] != "root" and kinds.index("USER") < kinds.index("COPY")
    assert "make .venv/.ready" in of["RUN"], "the last step installs the core"
    command = json.loads(of["CMD"])
    assert command[0] == "make" and command[1] in TARGETS
    ignored = (ROOT / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {".venv*", ".cache", "build"} <= set(ignored)
    assert not (ROOT / "Dockerfile").exists(), "on Binder it would replace environment.yml"


def test_vs_code_starts_kernels_in_the_notebooks_folder() -> None:
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    assert settings["jupyter.notebookFileRoot"] == "${fileDirname}"
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert json.loads((ROOT / ".vscode" / "extensions.json").read_text())["recommendations"]


@pytest.mark.parametrize("path", sorted(GITHUB.glob("workflows/*.yml")), ids=lambda p: p.stem)
def test_a_workflow_uses_official_actions_and_runs_what_exists(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] and workflow[True]  # YAML reads the key `on` as true
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
            for command, name in re.findall(r"\b(make|python) ([\w./-]+)", step.get("run", "")):
                exists = name in TARGETS if command == "make" else (ROOT / name).exists()
                assert exists, f"{command} {name}"


@pytest.mark.parametrize("name", ["fault", "lesson"])
def test_a_form_asks_questions(name: str) -> None:
    form = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml").read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids) >= 3
    for field in form["body"]:
        assert field["type"] in ("input", "textarea", "dropdown") and field["attributes"]["label"]


def test_a_pull_request_is_asked_what_the_review_asks() -> None:
    asked = (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8").count("- [ ] ")
    review = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").count("- [ ] ")
    assert asked >= review >= 5


def test_a_copy_for_colab_begins_with_a_badge_and_a_cell_that_fetches(tmp_path: Path) -> None:
    made = build_colab.build("somebody/course", tmp_path / "colab")
    assert [path.stem for path in made] == [name for name in LESSONS if name < "14"]
    notebook = nbformat.read(made[0], as_version=4)
    nbformat.validate(notebook)
    badge, cell = notebook.cells[:2]
    assert "somebody/course/blob/colab/00_start_here.ipynb" in badge.source
    ast.parse(cell.source)
    assert "https://github.com/somebody/course" in cell.source
    assert {"librosa", "scikit-surprise", "numpy"} <= set(build_colab.packages().split())
    assert not build_colab.LEFT_OUT & set(build_colab.packages().split())
    with pytest.raises(ValueError, match="is not OWNER/NAME"):
        build_colab.build("course", tmp_path / "colab")


def test_the_stick_has_a_folder_for_each_system() -> None:
    names = {build_stick.folder_name(system) for system in SYSTEMS}
    assert names == {"linux-x86-64", "linux-arm", "macos-arm", "windows"}
