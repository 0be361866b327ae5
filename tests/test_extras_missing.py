"""Choices for missing modalities: each by hand, and no look at what is held out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmrec_course.extras.missing import dropout_ridge, impute_missing
from mmrec_course.features import FeatureBlock

IDS = ["a", "b", "c", "d"]
IMAGE = FeatureBlock(
    modality="image",
    item_ids=IDS,
    values=[[1.0, 0.0], [3.0, 2.0], [8.0, 4.0], [0.0, 0.0]],
    present=[True, True, True, False],
    names=("x", "y"),
)
TEXT = FeatureBlock(
    modality="text",
    item_ids=IDS[::-1],
    values=[[1.0], [2.0], [0.0], [4.0]],
    present=[True, True, False, True],
    names=("word",),
)
BLOCKS = {"image": IMAGE, "text": TEXT}
# d is chosen by the people who choose b; c by somebody else.
RATINGS = pd.DataFrame({"user_id": [1, 1, 2, 2, 3, 3], "item_id": ["b", "d", "b", "d", "c", "a"]})


def test_drop_keeps_the_items_that_have_everything() -> None:
    filled = impute_missing(BLOCKS, "drop")
    assert filled["image"].item_ids.tolist() == filled["text"].item_ids.tolist() == ["a", "c"]
    assert filled["text"].values.ravel().tolist() == [4.0, 2.0]


def test_zero_and_mean_fill_the_gap_and_nothing_else() -> None:
    for method, row in (("zero", [0.0, 0.0]), ("mean", [4.0, 2.0])):
        block = impute_missing(BLOCKS, method)["image"]
        assert block.present.all()
        assert block.values[3].tolist() == row
        np.testing.assert_array_equal(block.values[:3], IMAGE.values[:3])


def test_means_look_at_the_fit_items_only() -> None:
    block = impute_missing(BLOCKS, "mean", fit_items=["a", "b"])["image"]
    assert block.values[3].tolist() == [2.0, 1.0]


def test_ids_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="block 'image': item 1 is not among the items"):
        impute_missing(BLOCKS, "mean", fit_items=[1, 2])


def test_neighbours_are_those_that_the_same_people_chose() -> None:
    block = impute_missing(BLOCKS, "neighbours", ratings=RATINGS, n_neighbors=1)["image"]
    assert block.values[3].tolist() == [3.0, 2.0]
    # nobody chose d: the mean of all
    nobody = RATINGS[RATINGS["item_id"] != "d"]
    block = impute_missing(BLOCKS, "neighbours", ratings=nobody, n_neighbors=1)["image"]
    assert block.values[3].tolist() == [4.0, 2.0]
    # asked for more neighbours than there are, it takes those that there are
    block = impute_missing(BLOCKS, "neighbours", ratings=RATINGS, n_neighbors=9)["image"]
    assert block.values[3].tolist() == [3.0, 2.0]


def test_neighbours_agree_with_cosines_by_hand() -> None:
    generator = np.random.default_rng(0)
    # users × items, some chosen by few and some by most
    x = (generator.random((60, 12)) < np.tile([0.1, 0.3, 0.8, 0.5], 3)).astype(float)
    x[:, 3] = 0.0
    user, item = np.nonzero(x)
    ratings = pd.DataFrame({"user_id": user, "item_id": item})
    ratings = pd.concat([ratings, ratings.iloc[::2]])  # chosen twice is chosen
    values, present = generator.normal(size=(12, 2)), np.arange(12) % 3 > 0
    block = FeatureBlock(
        modality="image", item_ids=np.arange(12), values=values, present=present, names=("x", "y")
    )
    taught = np.array([1, 2, 4, 5, 7])
    filled = impute_missing(
        {"image": block}, "neighbours", fit_items=taught, ratings=ratings, n_neighbors=2
    )["image"]
    unit = x / np.maximum(np.linalg.norm(x, axis=0), 1.0)
    for gap in np.flatnonzero(~present):
        alike = unit[:, gap] @ unit[:, taught]
        best = taught[np.argsort(-alike, kind="stable")[:2]]
        expected = values[best] if alike.max() > 0 else values[taught]
        np.testing.assert_allclose(filled.values[gap], expected.mean(axis=0))
    np.testing.assert_array_equal(filled.values[present], values[present])


def test_an_item_without_training_ratings_is_nobodys_neighbour() -> None:
    ratings = RATINGS[RATINGS["item_id"] != "c"]
    other = replace(IMAGE, values=IMAGE.values + 100.0 * (IMAGE.item_ids == "c")[:, None])
    for block in (IMAGE, other):
        filled = impute_missing({"image": block}, "neighbours", ratings=ratings)["image"]
        assert filled.values[3].tolist() == [3.0, 2.0]


def test_renormalize_leaves_the_gap_to_the_fusion() -> None:
    filled = impute_missing(BLOCKS, "renormalize")
    assert filled == BLOCKS
    assert filled is not BLOCKS


def test_a_modality_that_nobody_has_stays_absent() -> None:
    empty = {"image": IMAGE.align(["x", "y"])}
    for method in ("mean", "neighbours"):
        block = impute_missing(empty, method, ratings=RATINGS)["image"]
        assert not block.present.any()


def test_bad_choices_are_named() -> None:
    with pytest.raises(ValueError, match="method: 'magic' is unknown; choose one of"):
        impute_missing(BLOCKS, "magic")
    with pytest.raises(ValueError, match="ratings: 'neighbours' needs"):
        impute_missing(BLOCKS, "neighbours")


def drawn(rng: int = 0) -> tuple[dict[str, FeatureBlock], np.ndarray]:
    generator = np.random.default_rng(rng)
    shared = generator.normal(size=(40, 3))
    blocks = {
        m: FeatureBlock(
            modality=m,
            item_ids=np.arange(40),
            values=shared + 0.3 * generator.normal(size=(40, 3)),
            present=np.ones(40, bool),
            names=("a", "b", "c"),
        )
        for m in ("image", "text")
    }
    return blocks, shared @ generator.normal(size=(3, 5))


def test_dropout_in_closed_form_is_the_limit_of_many_rounds() -> None:
    blocks, targets = drawn()
    rounds, rate, reg = 4000, 0.4, 2.0
    mask = np.random.default_rng(1).random((rounds, 40, 2)) >= rate
    z = np.concatenate([block.values for block in blocks.values()], axis=1)
    gram, hits = np.zeros((6, 6)), np.zeros((6, 5))
    for kept in mask:
        seen = z * np.repeat(kept, 3, axis=1)
        gram += seen.T @ seen / rounds
        hits += seen.T @ targets / rounds
    expected = np.linalg.solve(gram + reg * np.eye(6), hits)
    learned = np.vstack(list(dropout_ridge(blocks, targets, reg=reg, rate=rate).values()))
    np.testing.assert_allclose(learned, expected, atol=0.01)


def test_without_dropout_it_is_ridge_regression() -> None:
    blocks, targets = drawn()
    z = np.concatenate([block.values for block in blocks.values()], axis=1)
    expected = np.linalg.solve(z.T @ z + 2.0 * np.eye(6), z.T @ targets)
    learned = np.vstack(list(dropout_ridge(blocks, targets, reg=2.0, rate=0.0).values()))
    np.testing.assert_allclose(learned, expected)


def test_it_does_better_when_a_modality_goes_missing() -> None:
    blocks, targets = drawn()

    def error(rate: float) -> float:
        weights = dropout_ridge(blocks, targets, reg=0.01, rate=rate)
        return float(np.mean((blocks["text"].values @ weights["text"] - targets) ** 2))

    assert error(0.4) < error(0.0)


def test_bad_arguments_of_dropout_are_named() -> None:
    blocks, targets = drawn()
    with pytest.raises(ValueError, match=r"rate: 1\.0; expected reg > 0"):
        dropout_ridge(blocks, targets, rate=1.0)
    with pytest.raises(ValueError, match=r"reg: 0, rate: 0\.5; expected reg > 0"):
        dropout_ridge(blocks, targets, reg=0)
    with pytest.raises(ValueError, match=r"blocks\['text'\]: other items"):
        dropout_ridge({**blocks, "text": blocks["text"].align(np.arange(40)[::-1])}, targets)
