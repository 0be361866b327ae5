"""Re-ranking: diversity at its ends, by hand, and what it costs."""

import numpy as np
import pandas as pd
import pytest

from mmrec_course.evaluation import intra_list_diversity
from mmrec_course.extras.reranking import rerank
from mmrec_course.features import FeatureBlock

ITEMS = ["a", "b", "c", "d"]
LISTS = pd.DataFrame({"user_id": "u", "item_id": ITEMS, "score": [4.0, 3.0, 2.0, 0.0]})
BLOCK = FeatureBlock(
    modality="text",
    item_ids=ITEMS,
    values=[[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.6, 0.8]],
    present=[True] * 4,
    names=("x", "y"),
)


def test_without_diversity_the_list_stays() -> None:
    table = rerank(LISTS, BLOCK, k=3, diversity=0.0)
    assert table["item_id"].tolist() == ["a", "b", "c"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["score"].tolist() == [4.0, 3.0, 2.0]


def test_marginal_relevance_by_hand() -> None:
    # scaled scores 1, .75, .5, 0; after a: b .375 − .5, c .25 − 0, d 0 − .3; then b −.125, d 0 − .4
    assert rerank(LISTS, BLOCK, k=3, diversity=0.5)["item_id"].tolist() == ["a", "c", "b"]
    # At the other end only dissimilarity counts, once the first of equals has been taken.
    assert rerank(LISTS, BLOCK, k=4, diversity=1.0)["item_id"].tolist() == ["a", "c", "d", "b"]


def test_more_diversity_costs_score() -> None:
    rng = np.random.default_rng(0)
    ids = np.arange(60)
    block = FeatureBlock(
        modality="image",
        item_ids=ids,
        values=rng.normal(size=(60, 4)),
        present=np.ones(60, bool),
        names=tuple("abcd"),
    )
    lists = pd.concat(
        pd.DataFrame({"user_id": u, "item_id": rng.permutation(ids)[:40], "score": -np.arange(40)})
        for u in range(20)
    )
    diversities, scores = [], []
    for diversity in (0.0, 0.3, 0.7):
        table = rerank(lists, block, k=10, diversity=diversity)
        diversities.append(intra_list_diversity(table, block).mean())
        scores.append(table["score"].mean())
    assert diversities == sorted(diversities)
    assert diversities[0] < diversities[2]
    assert scores == sorted(scores, reverse=True)


def test_users_are_ranked_by_themselves_and_short_lists_stay_short() -> None:
    two = pd.concat([LISTS.assign(user_id="v").iloc[:2], LISTS])
    table = rerank(two, BLOCK, k=3, diversity=0.5)
    assert table["user_id"].tolist() == ["v", "v", "u", "u", "u"]
    assert table["item_id"].tolist() == ["a", "b", "a", "c", "b"]
    assert rerank(LISTS.iloc[:0], BLOCK, k=3, diversity=0.5).empty


def test_items_without_features_are_like_nothing() -> None:
    known = BLOCK.align(["a", "b"])
    assert rerank(LISTS, known, k=2, diversity=0.5)["item_id"].tolist() == ["a", "c"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"diversity": 1.5}, "diversity: 1.5 is outside"),
        ({"diversity": float("nan")}, "diversity: nan is outside"),
        ({"k": 0}, "k: 0 is below 1"),
    ],
)
def test_bad_options_are_named(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rerank(LISTS, BLOCK, **{"diversity": 0.5} | options)
