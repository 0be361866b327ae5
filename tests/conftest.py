"""Fixtures for more than one test file."""

from pathlib import Path

import pytest
from hypothesis import settings

# Nothing is timed in a test, and the same run tries the same examples on every machine.
settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("course")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root folder."""
    return Path(__file__).resolve().parent.parent
