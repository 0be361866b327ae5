"""The notebook builder refuses what would print other digits on another processor."""

from pathlib import Path

import build_notebooks
import pytest

LESSON = """\
# %% [markdown]
# # A small lesson

# %%
import numpy as np
from mmrec_course.features import ColorMoments

cover = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
mean = ColorMoments().transform([cover])[0, 0]

# %%
print(f"mean {mean:.14f}")

# %%
print(f"mean {mean:.2f}")
"""


def test_a_cell_whose_digits_depend_on_the_processor_is_refused_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_notebooks, "JITTER", {7: "Nehalem"})
    (tmp_path / "notebooks/src").mkdir(parents=True)
    (tmp_path / "notebooks/src/00_small.py").write_text(LESSON)
    (problem,) = build_notebooks.build(tmp_path, [])
    assert problem.startswith("notebooks/00_small.ipynb: code cell 2: prints '")
    assert "seed 7" in problem
    assert not (tmp_path / "notebooks/00_small.ipynb").exists()
