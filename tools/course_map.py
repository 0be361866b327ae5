"""The lessons of the course, in order: the one list that builder, tests and docstrings agree on."""

from importlib.util import find_spec
from pathlib import Path

LESSONS = (
    "00_start_here",
    "01_the_catalogue",
    "02_preprocessing",
    "03_image_features",
    "04_text_features",
    "05_audio_features",
    "06_evaluation",
    "07_collaborative_filtering",
    "08_weighted_fusion",
    "09_multitask_fusion",
    "10_incomplete_data",
    "11_the_recommender",
    "12_real_content",
    "13_real_people",
    "14_lightfm",
    "15_pytorch",
    "16_tensorflow",
    "17_scaling",
)

# Number of a lesson → the module that its notebooks import and the core does not install.
FRAMEWORKS = {"14": "lightfm", "15": "torch", "16": "keras_rs", "17": "distributed"}


def missing_framework(notebook: Path) -> str:
    """Return the module that a notebook needs and that is not installed, or ""."""
    name = FRAMEWORKS.get(notebook.name[:2], "")
    return name if name and find_spec(name) is None else ""
