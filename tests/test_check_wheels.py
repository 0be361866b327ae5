"""The check of wheels reads markers and file names right; nothing is asked of an index here."""

from __future__ import annotations

import pytest
from check_wheels import PYTHONS, SYSTEMS, applicable, missing_wheels

EVERYWHERE = [f"{system} 3.{minor}" for system in SYSTEMS for minor in (11, 12, 13)]


def places(file: str, marker: str = "") -> list[str]:
    """Where a package with this one wheel cannot be installed."""
    line = "thing==1.0" + (f" ; {marker}" if marker else "")
    return missing_wheels([line], {("thing", "1.0"): [file]}).get("thing 1.0", [])


@pytest.mark.parametrize(
    ("tags", "installable"),
    [
        ("py3-none-any", EVERYWHERE),
        ("py2.py3-none-any", EVERYWHERE),
        ("cp311-cp311-manylinux_2_28_x86_64", ["Linux x86-64 3.11"]),
        ("cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64", ["Linux ARM 3.11"]),
        ("cp310-abi3-win_amd64", [place for place in EVERYWHERE if "Windows" in place]),
        ("cp312-abi3-macosx_11_0_arm64", ["macOS ARM 3.12", "macOS ARM 3.13"]),
        ("cp313-cp313-macosx_10_13_universal2", ["macOS ARM 3.13"]),
        ("cp312-cp312-manylinux_2_39_x86_64", []),  # a newer glibc than most have
        ("cp312-cp312-musllinux_1_2_x86_64", []),
        ("cp313-cp313t-win_amd64", []),  # the build without the global lock
        ("cp312-cp312-macosx_10_13_x86_64", []),
        ("cp312-cp312-macosx_15_0_arm64", []),
        ("cp312-cp312-win32", []),
        ("cp314-cp314-win_amd64", []),
    ],
)
def test_a_wheel_is_found_where_pip_would_take_it(tags: str, installable: list[str]) -> None:
    assert places(f"thing-1.0-{tags}.whl") == [x for x in EVERYWHERE if x not in installable]


def test_a_marker_leaves_a_requirement_out() -> None:
    windows = "thing-1.0-cp311-cp311-win_amd64.whl"
    marker = "sys_platform == 'win32' and platform_machine == 'AMD64'"
    assert places(windows, marker) == ["Windows 3.12", "Windows 3.13"]
    assert places(windows, f"{marker} and python_full_version < '3.12'") == []


def test_markers_see_the_release_of_a_python() -> None:
    lines = ["a==1 ; python_full_version < '3.11.5'", "b==1 ; python_full_version >= '3.11.5'"]
    names = {python: applicable(lines, "Linux ARM", python)[0].name for python in PYTHONS[:3]}
    assert names == {"3.11.0": "a", "3.11.99": "b", "3.12.0": "b"}


def test_a_package_without_any_wheel_is_missing_everywhere() -> None:
    assert missing_wheels(["Thing_x==1.0"], {}) == {"Thing_x 1.0": EVERYWHERE}


def test_names_are_compared_as_the_index_writes_them() -> None:
    wheels = {("thing-x", "1.0"): ["thing_x-1.0-py3-none-any.whl"]}
    assert missing_wheels(["Thing_x==1.0"], wheels) == {}
