"""The notebook builder refuses what would print other digits on another processor."""

import contextlib
import copy
import io
from pathlib import Path

import build_notebooks
import nbformat
import pytest
from nbformat import NotebookNode

from mmrec_course.datasets import load_mosaic

LESSON = """\
# %% [markdown]
# # A small lesson

# %%
import numpy as np
import pandas as pd
from mmrec_course.datasets import Dataset
from mmrec_course.features import ColorMoments, FeatureBlock, extract_features
from mmrec_course.preprocessing import load_audio

items = pd.DataFrame({"text": ["slow"]}, index=["a"])
ratings = pd.DataFrame({"user_id": [], "item_id": [], "rating": [], "timestamp": []})
# A block that is there already passes through extraction alone, and through no transformer.
ready = FeatureBlock(modality="text", item_ids=["a"], values=[[0.3]], present=[True], names=["w"])
shop = Dataset(ratings=ratings, items=items, features={"text": ready})
word = extract_features(shop)["text"].values[0, 0]
mean = ColorMoments().transform([np.arange(48, dtype=np.uint8).reshape(4, 4, 3)])[0, 0]
level = np.abs(load_audio("CLIP")).mean(dtype=np.float64)

# %%
print(f"word {word:.14f}")

# %%
print(f"mean {mean:.14f}")

# %%
print(f"level {level:.14f}")

# %%
print(f"{word:.2f} {mean:.2f} {level:.2f}")
"""


def execute_here(notebook: NotebookNode) -> NotebookNode:
    """Run a notebook that only prints, in this process: a kernel would import all of it again."""
    notebook, namespace = copy.deepcopy(notebook), {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(cell.source, "<cell>", "exec", dont_inherit=True), namespace)
            if text := printed.getvalue():
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    return notebook


def test_a_cell_whose_digits_depend_on_the_processor_is_refused_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = load_mosaic().items["audio"].dropna().iloc[0]
    monkeypatch.setattr(build_notebooks, "JITTER", {7: "Nehalem"})
    in_a_kernel = build_notebooks.execute
    monkeypatch.setattr(
        build_notebooks,
        "execute",
        lambda notebook, *given: (
            in_a_kernel(notebook, *given) if given[1:] else execute_here(notebook)
        ),
    )
    (tmp_path / "notebooks/src").mkdir(parents=True)
    (tmp_path / "notebooks/src/00_small.py").write_text(LESSON.replace("CLIP", clip))
    # Extracted features, a transformer's numbers, a decoded clip; two digits of each hold.
    problems = [p for p in build_notebooks.build(tmp_path, []) if "1e-6" in p]
    for cell, problem in zip((2, 3, 4), problems, strict=True):
        assert problem.startswith(f"notebooks/00_small.ipynb: code cell {cell}: prints '")
        assert "seed 7" in problem
    assert not (tmp_path / "notebooks/00_small.ipynb").exists()
