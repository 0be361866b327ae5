"""The cold-start protocol: the course's own model and splits, put together as a lesson would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from small_world import BLOCKS, RATINGS

from mmrec_course.evaluation import cold_item_split, evaluate, grid_search
from mmrec_course.extras.cold_start import GRID, cold_start_results, running_table
from mmrec_course.features import FeatureBlock
from mmrec_course.recommenders import ContentRidge


def blocks_of(items: Any) -> Mapping[str, FeatureBlock]:
    """A block that is told which items it may learn from: it centres on their mean."""
    block = BLOCKS["text"]
    mean = block.values[np.isin(block.item_ids, items)].mean(axis=0)
    return {"words": replace(block, modality="text", values=block.values - mean)}


def test_each_split_tunes_on_its_validation_items_and_is_evaluated_on_held_out_ones() -> None:
    results = cold_start_results(RATINGS, blocks_of)
    assert list(results) == ["chance", "words"]
    assert [len(tables) for tables in results.values()] == [5, 5]
    split = cold_item_split(RATINGS, fraction=0.2, rng=3)
    block = blocks_of(split.train_valid["item_id"].unique())["words"]
    model, _ = grid_search(ContentRidge(modality="text"), GRID, split, {"text": block})
    assert_frame_equal(results["words"][3], evaluate(model, split, metrics=["ndcg"]))


def test_the_running_table_has_means_and_paired_leads_over_chance() -> None:
    results = cold_start_results(RATINGS, blocks_of)
    table = running_table(results)
    means = {name: np.mean([t["ndcg"].mean() for t in found]) for name, found in results.items()}
    assert table["NDCG@10"].to_dict() == pytest.approx(means)
    assert table.loc["words", "above chance"] == pytest.approx(means["words"] - means["chance"])
    assert table.loc["words", "diff_low"] > 0
