"""The files around the course agree with each other, and the package keeps to its floor plan."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import course_map
import pytest
import yaml
from check_wheels import PYTHONS as RELEASES
from check_wheels import SYSTEMS, applicable
from nbformat.v4 import new_markdown_cell, new_notebook
from notebook_rules import broken_links
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import mmrec_course

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mmrec_course"
PYTHONS = ("3.11", "3.12", "3.13")
# Lock → the extras that it holds beside the dependencies.
LOCKS = {
    "requirements.lock": (),
    "requirements-dev.lock": ("dev",),
    "requirements-extras.lock": ("encoders", "data"),
    "requirements-frameworks.lock": ("dev", "frameworks"),
    "requirements-scale.lock": ("dev", "scale"),
    "requirements-site.lock": ("dev", "site"),
}
# What the lessons on frameworks, and the models they use, may import beside the core.
FRAMEWORKS = {"keras", "keras_rs", "lightfm", "safetensors", "tensorflow", "torch"}
FRAMEWORKS |= {"dask", "faiss", "fsspec", "pyarrow"}
FRAMEWORK_MODELS = (
    "lightfm_model",
    "torch_models",
    "torch_networks",
    "torch_training",
    "keras_models",
    "vectors",
    "remote",
    "retrieval",
    "scale",
)
PAGES = ("", "teaching/", "slides/")  # of docs, links as in the file; docs/site is Sphinx's
MIB = 1024 * 1024

# Each room imports only from rooms above it. Evaluation stands above what it judges: it knows a
# recommender only through `score`, and fusion and recommenders tune by the metrics it defines.
ROOMS = (
    "datasets",
    "preprocessing",
    "features",
    "evaluation",
    "fusion",
    "recommenders",
    "extras",
    "display",
    "plotting",
)
# The order already keeps display and plotting, which come last, out of rooms that compute.
# Extras use every room above them, so no other room imports them when it is loaded. These files
# import them later, inside a function:
LATE_IMPORTS = {
    "datasets/__init__.py",  # load_atomic and load_movielens are public names of datasets
    "recommenders/__init__.py",  # SurpriseRecommender is a public name of recommenders
    "recommenders/content.py",  # fusion="multitask" fits MultitaskRidge; nothing else needs it
}

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def lines(lock: str) -> list[str]:
    return (ROOT / lock).read_text(encoding="utf-8").splitlines()


@cache
def locked(lock: str, system: str, python: str) -> dict[str, Version]:
    """Every locked version that applies there; a name locked twice is an error."""
    versions: dict[str, Version] = {}
    for requirement in applicable(lines(lock), system, python):
        (pin,) = requirement.specifier
        assert pin.operator == "==", f"{lock}: {requirement}"
        assert requirement.name not in versions, f"{lock}: {requirement.name} is locked twice"
        versions[requirement.name] = Version(pin.version)
    return versions


def dependencies(extras: tuple[str, ...]) -> list[str]:
    """What pyproject.toml asks for, with extras; an extra may name others as mmrec-course[…]."""
    project = PYPROJECT["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        for text in project["optional-dependencies"][extra]:
            own = Requirement(text)
            if own.name == project["name"]:
                wanted += dependencies(tuple(own.extras))
            else:
                wanted.append(text)
    return wanted


# --- environments -------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", RELEASES)
def test_each_lock_satisfies_its_dependencies(lock: str, system: str, python: str) -> None:
    versions = locked(lock, system, python)
    for requirement in applicable(dependencies(LOCKS[lock]), system, python):
        assert requirement.name in versions, f"{requirement.name} is not locked; run `make lock`"
        assert versions[requirement.name] in requirement.specifier, f"{requirement}: `make lock`"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", RELEASES)
def test_every_lock_holds_the_core_and_a_package_in_one_version(system: str, python: str) -> None:
    core, dev, extras, frameworks, scale, site = (locked(lock, system, python) for lock in LOCKS)
    assert core.items() <= dev.items() <= frameworks.items()
    assert core.items() <= extras.items()
    assert dev.items() <= scale.items()
    assert dev.items() <= site.items()
    for one, other in ((dev, extras), (frameworks, scale)):
        both = one.keys() & other.keys()
        assert {name: one[name] for name in both} == {name: other[name] for name in both}


def test_the_core_builds_the_package_without_isolation() -> None:
    (requirement,) = map(Requirement, PYPROJECT["build-system"]["requires"])
    for system in SYSTEMS:
        for python in RELEASES:
            version = locked("requirements.lock", system, python)[requirement.name]
            assert version in requirement.specifier


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_markers_and_no_address(lock: str) -> None:
    for line in lines(lock):
        pattern = r"[a-z0-9][a-z0-9._-]*==[\w.+!]+( ; .+)?"
        assert re.fullmatch(pattern, line), f"{lock}: {line!r}"
        if " ; " in line:
            Marker(line.split(" ; ")[1])
        assert "+" not in line.split(" ; ")[0], f"{line}: a local version exists on one host only"


def test_learners_install_no_framework_and_no_tool_of_the_makers() -> None:
    names = {Requirement(line).name for line in lines("requirements.lock")}
    frameworks = {"torch", "tensorflow", "tensorflow-cpu", "keras", "jax", "lightfm-next"}
    tools = {"nbgrader", "jupytext", "ruff", "mypy", "hypothesis", "implicit", "ranx", "wordllama"}
    assert not names & (frameworks | tools)


def test_lightfm_and_wordllama_are_left_out_where_they_have_no_wheel() -> None:
    def has(name: str, system: str, python: str, extra: str = "frameworks") -> bool:
        return name in locked(f"requirements-{extra}.lock", system, python)

    assert has("lightfm-next", "Linux x86-64", "3.12.0")
    assert not has("lightfm-next", "Linux x86-64", "3.11.99")
    assert not has("lightfm-next", "Windows", "3.13.0")
    assert not has("lightfm-next", "Linux x86-64", "3.12.0", "dev")  # or two commands test it
    assert has("wordllama", "Windows", "3.11.0", "dev")
    assert not has("wordllama", "Linux ARM", "3.13.0", "dev")


def test_package_and_lessons_import_only_what_the_core_installs() -> None:
    core = {Requirement(line).name for line in lines("requirements.lock")}
    installed = importlib.metadata.packages_distributions()
    apps = {path.stem: path for path in ROOT.glob("apps/*/*.py")}
    sources = [*ROOT.glob("notebooks/src/**/*.py"), *ROOT.glob("apps/*/src/*.py")]
    for path in [*PACKAGE.rglob("*.py"), *apps.values(), *sources]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        modules |= {
            node.module or ""
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level == 0
        }
        for module in {name.split(".")[0] for name in modules}:
            if module in sys.stdlib_module_names or module == PACKAGE.name:
                continue
            if module in FRAMEWORKS and needs_a_framework(path):
                continue
            if module in apps:
                where = apps[module].parent
                assert path.is_relative_to(where), f"{path.relative_to(ROOT)}: imports {module}"
                continue
            names = {canonicalize_name(name) for name in installed.get(module, ())}
            assert names & core, f"{path.relative_to(ROOT)}: {module} is not in requirements.lock"


def needs_a_framework(path: Path) -> bool:
    return path.stem in FRAMEWORK_MODELS or path.stem[:2] in course_map.FRAMEWORKS


def test_no_lock_holds_what_only_a_graphics_card_needs() -> None:
    names = [Requirement(line).name for lock in LOCKS for line in lines(lock)]
    assert not [n for n in names if n.startswith(("nvidia", "cuda", "triton"))]


def test_a_notebook_that_needs_a_framework_is_skipped_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(course_map.FRAMEWORKS, "15", "no_such_module")
    assert course_map.missing_framework(Path("notebooks/deeper/15_graph.ipynb")) == "no_such_module"
    monkeypatch.setitem(course_map.FRAMEWORKS, "15", "numpy")
    assert course_map.missing_framework(Path("notebooks/15_pytorch.ipynb")) == ""
    assert course_map.missing_framework(Path("notebooks/13_real_people.ipynb")) == ""


def test_conda_takes_python_and_pip_from_conda_forge_and_the_rest_from_the_lock() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert conda["name"] == PYPROJECT["project"]["name"]
    assert conda["channels"][0] == "conda-forge"
    *names, pip = conda["dependencies"]
    (python,) = re.findall(r"^python=(3\.\d+)$", names[0])  # Binder takes no range
    assert python in PYTHONS and names[1:] == ["pip"]
    assert pip == {"pip": ["-r requirements.lock", "-e ."]}
    assert (ROOT / conda["variables"]["JUPYTER_CONFIG_PATH"] / "jupyter_lab_config.py").exists()


def test_pyproject_the_workflow_and_the_check_name_the_same_pythons() -> None:
    wanted = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}" in wanted] == list(PYTHONS)
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    assert job["strategy"]["matrix"]["python-version"] == list(PYTHONS)
    assert job["timeout-minutes"] <= 60
    assert job["steps"][-1]["run"] == ".ci/run"
    assert {release.rpartition(".")[0] for release in RELEASES} == set(PYTHONS)
    check = (ROOT / "tools/check_python.py").read_text(encoding="utf-8")
    assert "OLDEST, NEWEST = (3, 11), (3, 13)" in check
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + PYTHONS[0].replace(".", "")


def test_make_has_the_commands_and_ci_runs_one_of_them() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## \S", makefile, flags=re.MULTILINE))
    assert {"help", "lab", "app", "test", "notebooks", "data", "bench", "lock", "wheels"} <= targets
    needs = dict(re.findall(r"^([a-z-]+): (\$\(\w+\))  ##", makefile, flags=re.MULTILINE))
    assert {needs[name] for name in ("lab", "app", "movielens", "data")} == {"$(READY)"}
    assert {needs[name] for name in ("test", "notebooks", "bench")} == {"$(DEV)"}
    assert (needs["lab-extras"], needs["site"]) == ("$(XREADY)", "$(SITE)")
    assert {needs[f"{name}-extras"] for name in ("test", "notebooks", "bench")} == {"$(XDEV)"}
    ci = ROOT / ".ci" / "run"
    commands = ["make test", "make test-extras", "make test-site"]
    assert ci.read_text(encoding="utf-8").splitlines()[-3:] == commands
    assert ci.stat().st_mode & 0o111, ".ci/run cannot be executed"


def test_both_licences_are_there() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    content = (ROOT / "LICENSE-content").read_text(encoding="utf-8")
    assert "Creative Commons Attribution 4.0 International Public License" in content
    assert PYPROJECT["project"]["license-files"] == ["LICENSE", "LICENSE-content"]


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("*.md"), *sorted(p for d in PAGES for p in ROOT.glob(f"docs/{d}*.md"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_of_pages_lead_somewhere(path: Path) -> None:
    text = re.sub(r"!\[\]\(output:.*\)", "", path.read_text(encoding="utf-8"))  # slides' own
    assert broken_links(new_notebook(cells=[new_markdown_cell(text)]), path.parent) == []


def test_the_readme_leads_to_every_lesson() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lessons = sorted(path.name for path in ROOT.glob("notebooks/*.ipynb"))
    missing = [name for name in lessons if f"notebooks/{name}" not in readme]
    assert not missing, f"the course map in README.md has no link to {missing}"


# --- size ---------------------------------------------------------------------------------------


def project_files() -> list[Path]:
    """What a clone holds: tracked files and new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listing.returncode != 0:
        pytest.skip("not a git clone: no list of the project's files")
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_a_clone_is_small() -> None:
    sizes = {path: path.stat().st_size for path in project_files()}
    assert sum(sizes.values()) <= 40 * MIB
    mosaic = ROOT / "data" / "mosaic"
    assert sum(size for path, size in sizes.items() if mosaic in path.parents) <= 20 * MIB
    big = [str(path) for path, size in sizes.items() if size > 1.5 * MIB]
    assert [name for name in big if not name.startswith(str(ROOT / "data"))] == []


# --- the house ----------------------------------------------------------------------------------


def imported_modules(path: Path, package: Path) -> set[tuple[str, bool]]:
    """What a file imports from the package: dotted names, and whether inside a function.

    Relative and type-only imports are included.
    """
    here = [package.name, *path.relative_to(package).parent.parts]
    names: set[tuple[str, bool]] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {node for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        late = node in inside
        if isinstance(node, ast.Import):
            names.update((alias.name, late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names.update((f"{source}.{alias.name}", late) for alias in node.names)
    return {(name, late) for name, late in names if name.split(".")[0] == package.name}


def layering_problems(package: Path) -> list[str]:
    """Say which file imports from a room that is not above its own."""
    problems = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        room = place.parts[0].removesuffix(".py")
        if room == "__init__":
            room = ROOMS[0]  # the front door may not lead anywhere: it would load every room
        if room not in ROOMS:
            problems.append(f"{place}: {room!r} is not a room of the house")
            continue
        for name, late in sorted(imported_modules(path, package)):
            other = name.removeprefix(package.name).lstrip(".").split(".")[0]
            if other not in ROOMS or other == room:
                continue
            if other == "extras" and late and place.as_posix() in LATE_IMPORTS:
                continue
            if ROOMS.index(other) > ROOMS.index(room):
                problems.append(f"{place}: imports {name}, but {room} may not use {other}")
    return problems


def test_each_room_imports_only_from_rooms_above_it() -> None:
    problems = layering_problems(PACKAGE)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("place", "statement", "allowed"),
    [
        ("features/image.py", "from mmrec_course.preprocessing.image import read", True),
        ("features/image.py", "from ..preprocessing import image", True),
        ("features/image.py", "from .block import FeatureBlock", True),
        ("datasets/mosaic.py", "from mmrec_course.features import FeatureBlock", False),
        ("datasets/mosaic.py", "def f():\n    from ..features.block import FeatureBlock", False),
        ("datasets/mosaic.py", "from mmrec_course import features", False),
        ("datasets/mosaic.py", "from .. import features", False),
        ("evaluation/metrics.py", "import mmrec_course.recommenders.base", False),
        ("evaluation/metrics.py", "from mmrec_course.fusion.weighted import weighted_sum", False),
        ("recommenders/base.py", "from mmrec_course.evaluation.metrics import rank_items", True),
        ("recommenders/base.py", "from mmrec_course.display import card", False),
        ("recommenders/base.py", "from mmrec_course.extras.missing import impute_missing", False),
        ("datasets/__init__.py", "def f():\n    from ..extras.atomic import load_atomic", True),
        ("datasets/__init__.py", "from ..extras.atomic import load_atomic", False),
        ("datasets/folder.py", "def f():\n    from ..extras.atomic import load_atomic", False),
        ("extras/missing.py", "from mmrec_course.recommenders import EASE", True),
        ("extras/missing.py", "from mmrec_course.display import card", False),
        ("display.py", "from mmrec_course.datasets import Dataset", True),
        ("plotting.py", "from mmrec_course.display import COLORS", True),
        ("display.py", "from mmrec_course.plotting import COLORS", False),
        ("plotting.py", "from mmrec_course.recommenders import MultimodalRecommender", True),
        ("recommenders/base.py", "from mmrec_course.plotting import finish", False),
        ("helpers.py", "import numpy", False),
        ("__init__.py", "from mmrec_course.recommenders import EASE", False),
    ],
)
def test_the_floor_plan_is_enforced(
    tmp_path: Path, place: str, statement: str, allowed: bool
) -> None:
    path = tmp_path / "mmrec_course" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(statement + "\n")
    assert (layering_problems(tmp_path / "mmrec_course") == []) is allowed


def test_every_module_has_a_test_file_of_its_name() -> None:
    tests = {path.name for path in (ROOT / "tests").glob("test_*.py")}
    silent = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = "_".join(path.relative_to(PACKAGE).with_suffix("").parts)
        if path.name != "__init__.py" and f"test_{name}.py" not in tests:
            silent.append(f"tests/test_{name}.py")
    assert not silent, f"missing: {', '.join(silent)}"


UNSAFE = re.compile(r"allow_pickle\s*=\s*True|(?<!allow_)pickle\b|joblib\.load|\bdill\b")


def unsafe_code(source: str) -> list[str]:
    """Lines of code, comments and strings left out, that would execute what a file says."""
    if not UNSAFE.search(source):
        return []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return [line for line in ast.unparse(tree).splitlines() if UNSAFE.search(line)]


def test_no_file_is_read_by_executing_it() -> None:
    for path in sorted([*PACKAGE.rglob("*.py"), *ROOT.glob("apps/*/*.py")]):
        assert unsafe_code(path.read_text(encoding="utf-8")) == [], path.name


@pytest.mark.parametrize(
    ("source", "safe"),
    [
        ("import pickle", False),
        ("x = np.load(path, allow_pickle=True)", False),
        ("x = joblib.load(path)", False),
        ("from pickle import load", False),
        ("x = pd.read_pickle(path)", False),
        ("x = np.load(path, allow_pickle=False)", True),
        ('"""Never pickle."""  # pickle', True),
    ],
)
def test_unsafe_code_is_recognised(source: str, safe: bool) -> None:
    assert (unsafe_code(source) == []) is safe


def test_datasets_and_recommenders_hand_out_names_of_extras() -> None:
    for room, module, name in (
        ("datasets", "atomic", "load_atomic"),
        ("datasets", "movielens", "load_movielens"),
        ("recommenders", "surprise_models", "SurpriseRecommender"),
    ):
        package = importlib.import_module(f"mmrec_course.{room}")
        extra = importlib.import_module(f"mmrec_course.extras.{module}")
        assert getattr(package, name) is getattr(extra, name)
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            package.nothing  # noqa: B018


def exported_objects() -> list[tuple[str, object]]:
    """Every function and class in the `__all__` of a room's `__init__`."""
    found = []
    rooms = pkgutil.iter_modules(mmrec_course.__path__, "mmrec_course.")
    for info in (room for room in rooms if room.ispkg):
        module = importlib.import_module(info.name)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if inspect.isfunction(value) or inspect.isclass(value):
                found.append((f"{info.name}.{name}", value))
    return found


def test_what_a_room_exports_has_a_docstring_that_names_its_lesson() -> None:
    problems = [
        name
        for name, value in exported_objects()
        if not re.search(r"^\s*Notebook: \d\d_\w+", value.__doc__ or "", flags=re.MULTILINE)
    ]
    assert not problems, "no `Notebook: NN_name` line in " + ", ".join(problems)


def test_each_module_of_extras_names_its_lesson() -> None:
    silent = [
        path.name
        for path in (PACKAGE / "extras").glob("*.py")
        if path.name != "__init__.py"
        and "\nNotebook: " not in (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    ]
    assert not silent, f"no `Notebook: NN_name` line at the top of extras/{silent[0]}"


def test_the_reading_order_has_ten_files_that_exist() -> None:
    files = re.findall(r"``(\w+/\w+\.py)``", mmrec_course.__doc__ or "")
    assert len(files) == 10
    assert [name for name in files if not (PACKAGE / name).is_file()] == []
    assert files == sorted(files, key=lambda name: ROOMS.index(name.split("/")[0]))


def test_every_room_on_the_way_says_what_it_offers() -> None:
    rooms = [PACKAGE / room for room in ROOMS[:6] if (PACKAGE / room).is_dir()]
    silent = [
        room.name
        for room in rooms
        if any(path.name != "__init__.py" for path in room.glob("*.py"))
        and "__all__" not in (room / "__init__.py").read_text(encoding="utf-8")
    ]
    assert not silent, f"no __all__ in mmrec_course/{silent[0]}/__init__.py"
