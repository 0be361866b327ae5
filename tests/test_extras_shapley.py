"""What each modality is worth: by hand, Shapley's axioms, placebos, intervals."""

import numpy as np
import pytest

from mmrec_course.extras.shapley import modality_shapley

USERS = 60
TABLE = {
    (): 0.0,
    ("a",): 4.0,
    ("b",): 2.0,
    ("c",): 0.0,
    ("a", "b"): 5.0,
    ("a", "c"): 4.0,
    ("b", "c"): 3.0,
    ("a", "b", "c"): 7.0,
}


def objective(subset):
    """On each of two splits the table's value, give or take a personal part that subsets share."""
    return TABLE[subset] + np.random.default_rng(0).normal(size=(2, USERS))


def value(table, measure):
    return table[table["measure"] == measure].set_index("modality")["value"].to_dict()


def test_a_game_of_three_by_hand():
    found = modality_shapley(objective, ["a", "b", "c"], test_share=0.2)
    assert value(found, "alone") == pytest.approx({"a": 4, "b": 2, "c": 0})
    assert value(found, "left out") == pytest.approx({"a": 4, "b": 3, "c": 2})
    # c joins: after nobody 0 (2 of 6 orders), after a 0, after b 1 (1 of 6 each), last 2 (2 of 6).
    assert value(found, "Shapley")["c"] == pytest.approx((0 * 2 + 0 + 1 + 2 * 2) / 6)
    assert value(found, "Shapley")["a"] == pytest.approx((4 * 2 + 3 + 4 + 4 * 2) / 6)


def test_shapley_values_add_up_to_all_minus_nothing():
    found = modality_shapley(objective, ["a", "b", "c"], test_share=0.2)
    assert sum(value(found, "Shapley").values()) == pytest.approx(7)
    assert sum(value(found, "alone").values()) != pytest.approx(7)


def test_a_modality_that_never_matters_is_worth_nothing_and_twins_are_worth_the_same():
    rng = np.random.default_rng(2)
    base = rng.normal(size=(2, USERS))

    def game(subset):
        return base + 3.0 * ("x" in subset or "y" in subset)

    found = modality_shapley(game, ["x", "y", "idle"], test_share=0.2)
    shapley = value(found, "Shapley")
    assert shapley["idle"] == pytest.approx(0)
    assert shapley["x"] == pytest.approx(shapley["y"]) == pytest.approx(1.5)
    assert value(found, "left out")["x"] == pytest.approx(0), "its twin stands in"


def test_every_subset_is_asked_for_once_and_in_order():
    asked = []

    def listening(subset):
        asked.append(subset)
        return objective(subset)

    modality_shapley(listening, ["a", "b", "c"], test_share=0.2)
    assert sorted(asked) == sorted(TABLE)


def test_several_splits_have_an_interval_over_splits():
    shift = [0.1, -0.1, 0.3, 0.1]

    def game(subset):
        return [np.full(5 + j, 1.0 + s * len(subset)) for j, s in enumerate(shift)]

    found = modality_shapley(game, ["m"], test_share=0.2)
    row = found[found["measure"] == "alone"].iloc[0]
    error = 3.182446 * np.std(shift, ddof=1) * np.sqrt(1 / 4 + 0.25)
    assert row["value"] == pytest.approx(0.1)
    assert row["high"] == pytest.approx(0.1 + error, rel=1e-5)


def test_a_placebo_is_measured_against_the_others_alone():
    def fake(m):
        return objective(tuple(n for n in "abc" if n != m)) - 0.25

    found = modality_shapley(objective, list("abc"), placebos={"shuffled": fake}, test_share=0.2)
    assert value(found, "shuffled") == pytest.approx({"a": -0.25, "b": -0.25, "c": -0.25})
    assert found["measure"].unique().tolist() == ["alone", "left out", "Shapley", "shuffled"]
    assert found["modality"].tolist() == list("abc") * 4


@pytest.mark.parametrize("modalities", [[], ["a", "a"]])
def test_no_modality_and_one_given_twice_are_named(modalities):
    with pytest.raises(ValueError, match="give at least one, and none twice"):
        modality_shapley(objective, modalities, test_share=0.2)


def test_other_users_or_splits_in_one_place_are_an_error():
    for other in (np.ones((2, 3)), np.ones((3, USERS))):
        with pytest.raises(ValueError, match=r"broadcast|shorter|longer"):
            modality_shapley(
                lambda s, other=other: other if s else objective(s), ["a"], test_share=0.2
            )
