"""Surprise's algorithms, against Surprise's own predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import surprise
from sklearn.base import clone

from mmrec_course.datasets.synthetic import make_world
from mmrec_course.extras.surprise_models import SurpriseRecommender, _nearest_only
from mmrec_course.features.synthetic import fact_blocks


class SVD(surprise.SVD):  # type: ignore[misc]
    """An algorithm of somebody's own under a known name, which only ``estimate`` knows."""

    def estimate(self, u: Any, i: Any) -> float:
        """SVD's estimate, to half a star."""
        return float(np.round(2 * super().estimate(u, i)) / 2)


ALGORITHMS = {
    "baseline": surprise.BaselineOnly(),
    "baseline by SGD": surprise.BaselineOnly(bsl_options={"method": "sgd"}),
    "SVD": surprise.SVD(n_factors=6, n_epochs=8),
    "SVD without biases": surprise.SVD(n_factors=6, n_epochs=8, biased=False, init_mean=0.5),
    "SVD that overshoots": surprise.SVD(n_factors=30, n_epochs=30, lr_all=0.03, reg_all=0.0),
    "NMF": surprise.NMF(n_factors=4, n_epochs=5),
    "slope one": surprise.SlopeOne(),
    "somebody's own": SVD(n_factors=4, n_epochs=3),
} | {
    f"KNNBaseline {name} {'users' if by_user else 'items'} {k} {min_k}": surprise.KNNBaseline(
        k=k, min_k=min_k, sim_options={"name": name, "user_based": by_user}
    )
    for name, by_user, k, min_k in (
        ("msd", True, 3, 1),
        ("cosine", True, 4, 2),  # full of ties
        ("cosine", False, 5, 1),
        ("pearson", False, 40, 3),  # negative ones, and more neighbours asked for than there are
        ("pearson_baseline", True, 40, 1),
    )
}


@pytest.fixture(scope="module")
def ratings() -> Any:
    table = make_world(rng=3).ratings
    return table[table["user_id"].isin(table["user_id"].unique()[:50])]


def asked(ratings: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Every fourth user, every second item, and one of each that nobody has heard of."""
    users, items = (ratings[name].unique() for name in ("user_id", "item_id"))
    return [*users[::4], "nobody"], [*items[::2], "nothing"]


def own_predictions(algo: Any, users: list[str], items: list[str], **options: Any) -> Any:
    return np.array([[algo.predict(u, i, **options).est for i in items] for u in users])


@pytest.mark.parametrize("name", ALGORITHMS)
def test_scores_are_surprise_s_predictions(name: str, ratings: pd.DataFrame) -> None:
    users, items = asked(ratings)
    model = SurpriseRecommender(algo=ALGORITHMS[name], rng=3).fit(ratings)
    expected = own_predictions(model.algo_, users, items)
    np.testing.assert_allclose(model.score(users, items), expected, rtol=0, atol=1e-9)
    model.set_params(clip=False)
    expected = own_predictions(model.algo_, users, items, clip=False)
    np.testing.assert_allclose(model.score(users, items), expected, rtol=0, atol=1e-9)


def test_the_cases_above_do_reach_the_ends_of_the_scale(ratings: pd.DataFrame) -> None:
    users, items = asked(ratings)
    model = SurpriseRecommender(algo=ALGORITHMS["SVD that overshoots"]).fit(ratings)
    scores = model.score(users, items)
    assert {scores.min(), scores.max()} == {1.0, 5.0}
    free = model.set_params(clip=False).score(users, items)
    assert free.min() < 1
    assert free.max() > 5


@pytest.mark.parametrize("name", ["SVD", "NMF", "KNNBaseline msd users 3 1"])
def test_training_is_surprise_s_own_on_the_same_rows(name: str, ratings: pd.DataFrame) -> None:
    table = ratings[["user_id", "item_id", "rating"]]
    trainset = surprise.Dataset.load_from_df(table, surprise.Reader()).build_full_trainset()
    model = SurpriseRecommender(algo=ALGORITHMS[name], rng=11).fit(ratings)
    algo = clone(ALGORITHMS[name], safe=False)
    algo.random_state, algo.verbose = 11, False
    algo.fit(trainset)
    users, items = asked(ratings)
    np.testing.assert_allclose(
        model.score(users, items), own_predictions(algo, users, items), rtol=0, atol=1e-9
    )


def test_the_algorithm_s_own_seed_stands(ratings: pd.DataFrame) -> None:
    users, items = asked(ratings)

    def scores(rng: Any, random_state: int | None) -> Any:
        algo = surprise.SVD(n_factors=3, n_epochs=2, random_state=random_state)
        return SurpriseRecommender(algo=algo, rng=rng).fit(ratings).score(users, items)

    np.testing.assert_allclose(scores(1, 5), scores(2, 5), rtol=1e-9)
    np.testing.assert_allclose(scores(5, None), scores(0, 5), rtol=1e-9)
    assert np.abs(scores(1, None) - scores(2, None)).max() > 1e-3


def test_nothing_is_printed(ratings: pd.DataFrame, capfd: pytest.CaptureFixture[str]) -> None:
    for algo in (
        surprise.BaselineOnly(),
        surprise.KNNBaseline(sim_options={"name": "pearson_baseline"}),
        surprise.SVD(n_epochs=1, verbose=True),
        surprise.NMF(n_epochs=1, verbose=True),
    ):
        SurpriseRecommender(algo=algo).fit(ratings).recommend(["nobody"])
    assert capfd.readouterr() == ("", "")


def test_the_given_algorithm_is_left_as_it_was_and_clones(ratings: pd.DataFrame) -> None:
    algo = surprise.SVD(n_factors=3, n_epochs=2, verbose=True)
    model = SurpriseRecommender(algo=algo).fit(ratings)
    assert algo.verbose
    assert algo.random_state is None
    assert not hasattr(algo, "trainset")
    again = clone(model)
    assert again.algo is not algo
    assert again.algo.n_factors == 3
    assert not hasattr(again, "algo_")
    users, items = asked(ratings)
    refitted = again.fit(ratings).score(users, items)
    np.testing.assert_allclose(refitted, model.score(users, items), rtol=1e-9)


def test_the_scale_is_the_data_s(ratings: pd.DataFrame) -> None:
    algo = ALGORITHMS["SVD that overshoots"]
    users, items = asked(ratings)
    doubled = ratings.assign(rating=ratings["rating"] * 2)
    scores = SurpriseRecommender(algo=algo).fit(doubled).score(users, items)
    assert (scores.min(), scores.max()) == (2.0, 10.0)


def test_items_with_features_and_no_rating_are_unknown_to_surprise(ratings: pd.DataFrame) -> None:
    item = ratings["item_id"].iloc[0]
    rest = ratings[ratings["item_id"] != item]
    blocks = fact_blocks(make_world(rng=3).tracks)
    for name in ("SVD", "somebody's own", "KNNBaseline cosine users 4 2"):
        model = SurpriseRecommender(algo=ALGORITHMS[name]).fit(rest, blocks)
        user = rest["user_id"].iloc[0]
        expected = model.algo_.predict(user, item).est
        np.testing.assert_allclose(model.score([user], [item, "new"]), [[expected] * 2])


def test_only_the_nearest_keep_their_weight_and_the_first_of_equals() -> None:
    similarity = np.array(
        [
            [0.5, 0.9, 0.5, 0.5, 0.1],
            [0.0, 0.0, -1.0, 0.3, 0.0],
            [-0.1, -0.2, -0.3, -0.4, -0.5],
            [0.7, 0.7, 0.7, 0.7, 0.7],
        ]
    )
    assert _nearest_only(similarity, 3).tolist() == [
        [0.5, 0.9, 0.5, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.3, 0.0],
        [0.0] * 5,
        [0.7, 0.7, 0.7, 0.0, 0.0],
    ]
    assert _nearest_only(similarity, 5).tolist() == np.clip(similarity, 0, None).tolist()


@pytest.mark.parametrize("algo", [surprise.SVD, "SVD", None])
def test_what_is_no_algorithm_is_named(algo: Any, ratings: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match="is not an instance of a Surprise algorithm"):
        SurpriseRecommender(algo=algo).fit(ratings)


PAIRS = [("u1", "a"), ("u1", "b"), ("u2", "b"), ("u2", "c"), ("u3", "a"), ("u3", "c"), ("u4", "d")]
POOR = {
    "all 5": [(*pair, 5) for pair in PAIRS],
    "all 1": [(*pair, 1) for pair in PAIRS],
    "all 0": [(*pair, 0) for pair in PAIRS],
    "0 and 1": [(*pair, n % 2) for n, pair in enumerate(PAIRS)],
    "one user": [("u1", item, stars) for item, stars in zip("abcd", (5, 3, 1, 2), strict=True)],
    "one item": [(user, "a", stars) for user, stars in (("u1", 5), ("u2", 3), ("u3", 1))],
    "one rating": [("u1", "a", 4)],
}


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # Surprise's own 0 / 0
def test_poor_ratings_give_surprise_s_finite_predictions(name: str) -> None:
    algo = ALGORITHMS[name]
    for kind, rows in POOR.items():
        table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]).assign(timestamp=0)
        users, items = [*table["user_id"].unique(), "nobody"], [*table["item_id"].unique(), "new"]
        model = SurpriseRecommender(algo=algo)
        if "cosine" in name and "0" in kind:
            continue  # the cosine of zeros is 0 / 0, which Surprise refuses
        scores = model.fit(table).score(users, items)
        assert np.isfinite(scores).all(), kind
        assert len(model.recommend(["nobody"], k=1)) == 1
        expected = own_predictions(model.algo_, users, items)
        np.testing.assert_allclose(scores, expected, atol=1e-9, err_msg=kind)


def test_equal_ratings_are_predicted_as_they_are_without_clipping_too() -> None:
    rows = [(*pair, 3) for pair in PAIRS]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]).assign(timestamp=0)
    for clip in (True, False):
        model = SurpriseRecommender(surprise.KNNWithZScore(), clip=clip)
        scores = model.fit(table).score(["u1", "u4", "nobody"], ["a", "d", "new"])
        np.testing.assert_allclose(scores, 3.0)
