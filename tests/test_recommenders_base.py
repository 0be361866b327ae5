"""What all recommenders share: ids, histories, unknown users and items, lists."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from surprise import SVD, KNNWithZScore

from mmrec_course.datasets.synthetic import make_world
from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import (
    EASE,
    ContentKNN,
    ContentRidge,
    ImplicitALS,
    MultimodalRecommender,
    Popularity,
    Random,
    SurpriseRecommender,
    base,
)
from mmrec_course.recommenders.base import Recommender


def table(rows: list[tuple[Any, Any, float]]) -> pd.DataFrame:
    """Ratings of these (user, item, rating), one a day."""
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    days = pd.to_timedelta(np.arange(len(rows)), unit="D")
    return frame.assign(timestamp=pd.Timestamp("2024-01-01") + days)


def block(item_ids: list[Any], modality: str = "image") -> FeatureBlock:
    """Random features of two columns for these items."""
    values = np.random.default_rng(0).normal(size=(len(item_ids), 2))
    return FeatureBlock(
        modality=modality,
        item_ids=np.array(item_ids),
        values=values,
        present=np.ones(len(item_ids), bool),
        names=("a", "b"),
    )


class Identity(Recommender):
    """Scores are the histories themselves: what goes in can be read from what comes out."""

    def __init__(self, *, positive: float = 4.0) -> None:
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        self.blocks_ = blocks

    def _score(self, histories: sp.csr_array, columns: Any) -> Any:
        return histories.toarray()[:, columns]


RATINGS = table(
    [("u1", "a", 5), ("u1", "b", 1), ("u2", "b", 4), ("u2", "c", 2), ("u3", "a", 3), ("u3", "d", 5)]
)
EVERY = [
    Random(),
    Popularity(),
    ContentKNN(modality="audio", n_neighbors=5),
    ContentRidge(modality="audio"),
    EASE(),
    ImplicitALS(factors=4, iterations=2),
    SurpriseRecommender(algo=SVD(n_factors=4, n_epochs=2)),
]
# Also the models that are slower to fit, on a few ratings.
ALL = pytest.mark.parametrize(
    "model",
    [
        *EVERY,
        ContentKNN(modality="audio"),
        ImplicitALS(factors=2, reg=0.1),
        Popularity(half_life=3.0),
        Popularity(window=3.0),
        SurpriseRecommender(algo=KNNWithZScore()),
        MultimodalRecommender(),
        MultimodalRecommender(fusion="multitask"),
    ],
    ids=lambda model: type(model).__name__,
)


@pytest.fixture(scope="module")
def world() -> Any:
    return make_world(n_users=200, n_ratings=6000, rng=3)


@pytest.fixture(scope="module")
def fitted(world: Any) -> list[Recommender]:
    blocks = fact_blocks(world.tracks)
    return [clone(model).fit(world.ratings, blocks) for model in EVERY]


def test_a_history_is_the_rating_above_what_is_neither_liked_nor_disliked() -> None:
    model = Identity().fit(RATINGS)
    assert model.score(["u1"], ["a", "b", "c"]).tolist() == [[2.5, -1.5, 0.0]]
    assert Identity(positive=3.0).fit(RATINGS).score(["u1"], ["a"]).tolist() == [[3.5]]


def test_items_of_ratings_and_features_are_known_together() -> None:
    model = Identity().fit(RATINGS, {"image": block(["z", "a"]), "text": block(["b"], "text")})
    assert model.item_ids_.tolist() == ["a", "b", "c", "d", "z"]
    assert model.n_ratings_.tolist() == [2, 2, 1, 1, 0]
    assert model.blocks_["image"].present.tolist() == [True, False, False, False, True]


def test_unknown_users_are_the_average_listener_and_unknown_items_score_zero() -> None:
    model = Identity().fit(RATINGS)
    scores = model.score(["x", "u3", "y", "u1"], ["d", "new", "a"])
    known = model.score(model.user_ids_, ["d", "new", "a"])
    np.testing.assert_allclose(scores[[0, 2]], [known.mean(axis=0)] * 2)
    np.testing.assert_array_equal(scores[[1, 3]], known[[2, 0]])
    assert (scores[:, 1] == 0).all()
    assert model.score(["u1"], ["new"]).tolist() == [[0.0]]


def test_every_model_scores_pairs_alike_whoever_and_whatever_else_is_asked(
    fitted: list[Recommender],
) -> None:
    for model in fitted:
        users = [*model.user_ids_[[5, 3, 5]], "nobody"]
        items = [*model.item_ids_[[9, 400, 2]], "nothing", model.item_ids_[9]]
        whole = model.score(model.user_ids_, model.item_ids_)
        part = model.score(users, items)
        assert part.shape == (4, 5)
        assert part.dtype == np.float64
        np.testing.assert_allclose(part, model.score(users, items), rtol=1e-9)
        np.testing.assert_allclose(
            part[:3][:, [0, 1, 2, 4]], whole[np.ix_([5, 3, 5], [9, 400, 2, 9])], atol=1e-9
        )
        assert np.isfinite(part).all()


def test_the_average_listener_s_score_is_the_average_score_of_the_linear_models(
    fitted: list[Recommender],
) -> None:
    for model in fitted:
        if isinstance(model, EASE | ContentKNN | ContentRidge | ImplicitALS | Popularity):
            everybody = model.score(model.user_ids_, model.item_ids_)
            nobody = model.score(["nobody"], model.item_ids_)
            np.testing.assert_allclose(nobody[0], everybody.mean(axis=0), atol=1e-9)


def test_every_model_clones_and_refits_to_the_same_scores(
    world: Any, fitted: list[Recommender]
) -> None:
    blocks = fact_blocks(world.tracks)
    for model in fitted:
        again = clone(model)
        with pytest.raises(NotFittedError):
            again.score(["u1"], ["a"])
        with pytest.raises(NotFittedError):
            again.recommend(["u1"])
        assert set(again.get_params()) == set(model.get_params())
        again.set_params(**model.get_params()).fit(world.ratings, blocks)
        users, items = model.user_ids_[:20], model.item_ids_
        np.testing.assert_allclose(again.score(users, items), model.score(users, items), rtol=1e-9)


def test_every_fitted_model_survives_pickling(fitted: list[Recommender]) -> None:
    for model in fitted:
        again = pickle.loads(pickle.dumps(model))
        users, items = model.user_ids_[:5], model.item_ids_
        np.testing.assert_allclose(again.score(users, items), model.score(users, items), rtol=1e-9)


def test_a_model_that_scores_users_by_id_says_so_when_given_a_history(
    fitted: list[Recommender],
) -> None:
    with pytest.raises(NotImplementedError, match="Random scores users by id"):
        fitted[0]._score(fitted[0].histories_, np.array([0]))


def test_lists_are_ranked_and_leave_out_what_was_rated() -> None:
    ratings = table([("u1", "a", 5), ("u1", "b", 1), ("u2", "b", 4), ("u2", "c", 2)])
    listed = Identity().fit(ratings).recommend(["u2", "u1"], k=5, exclude_seen=False)
    assert listed["user_id"].tolist() == ["u2"] * 3 + ["u1"] * 3
    assert listed["rank"].tolist() == [1, 2, 3] * 2
    assert listed["item_id"].tolist() == ["b", "a", "c", "a", "c", "b"]
    assert listed["score"].tolist() == [1.5, 0.0, -0.5, 2.5, 0.0, -1.5]
    fresh = Identity().fit(ratings).recommend(["u2", "u1"], k=5)
    assert fresh[["user_id", "rank", "item_id"]].to_numpy().tolist() == [
        ["u2", 1, "a"],
        ["u1", 1, "c"],
    ]


def test_a_rating_whose_liking_is_zero_still_counts_as_seen() -> None:
    ratings = table([("u1", "a", 2.5), ("u2", "b", 4.0)])
    model = Identity().fit(ratings)
    assert model.score(["u1"], ["a"]).tolist() == [[0.0]]
    assert model.recommend(["u1"])["item_id"].tolist() == ["b"]


def test_lists_are_those_of_a_plain_loop(fitted: list[Recommender]) -> None:
    for model in fitted:
        users = model.user_ids_[40:60]
        candidates = model.item_ids_[::-3]
        listed = model.recommend(users, k=7, candidates=candidates).groupby("user_id")
        items = np.sort(candidates)
        scores = model.score(users, items)
        for row, user in enumerate(users):
            place = int(np.flatnonzero(model.user_ids_ == user)[0])
            seen = model.item_ids_[model.histories_[[place]].indices]
            allowed = [i for i in range(len(items)) if items[i] not in seen]
            best = sorted(allowed, key=lambda i: (-scores[row, i], i))[:7]
            assert listed.get_group(user)["item_id"].tolist() == items[best].tolist()


def test_blocks_do_not_change_lists(
    fitted: list[Recommender], monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [*fitted[0].user_ids_[:50], "nobody"]
    for model in fitted:
        whole = model.recommend(users, k=5)
        with monkeypatch.context() as patch:
            patch.setattr(base, "BLOCK_CELLS", 7 * len(model.item_ids_))
            pieces = model.recommend(users, k=5)
        assert (whole["item_id"] == pieces["item_id"]).all()
        np.testing.assert_allclose(whole["score"], pieces["score"], atol=1e-9)


def test_no_more_scores_are_held_than_a_block_has(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Popularity().fit(table([(u, i, 4) for u in range(9) for i in range(10)]))
    shapes: list[tuple[int, int]] = []

    def ranked(scores: Any, k: int) -> Any:
        shapes.append(scores.shape)
        return rank_items(scores, k)

    monkeypatch.setattr(base, "rank_items", ranked)
    monkeypatch.setattr(base, "BLOCK_CELLS", 40)
    assert len(model.recommend(model.user_ids_, exclude_seen=False)) == 90
    assert shapes == [(4, 10), (4, 10), (1, 10)]


def test_a_user_with_fewer_candidates_left_than_k_gets_fewer_or_none() -> None:
    model = Identity().fit(RATINGS)
    assert len(model.recommend(["u1"], k=100)) == 2
    assert len(model.recommend(["u1"], k=100, candidates=["a", "b"])) == 0
    listed = model.recommend(["u1", "u2"], candidates=["a", "b"])
    assert listed[["user_id", "item_id"]].to_numpy().tolist() == [["u2", "a"]]


def test_candidates_repeated_unordered_or_unknown() -> None:
    model = Identity().fit(RATINGS)
    listed = model.recommend(["u1"], candidates=["new", "c", "b", "c", "older"], exclude_seen=False)
    assert listed["item_id"].tolist() == ["c", "new", "older", "b"]
    assert listed["score"].tolist() == [0.0, 0.0, 0.0, -1.5]
    assert model.recommend(["u1"], candidates=["new"])["item_id"].tolist() == ["new"]


def test_nobody_asked_or_nothing_allowed_gives_an_empty_table() -> None:
    model = Identity().fit(RATINGS)
    for empty in (model.recommend([]), model.recommend(["u1"], candidates=[])):
        assert len(empty) == 0
        assert list(empty) == ["user_id", "rank", "item_id", "score"]
        assert empty["rank"].dtype.kind == "i"
        assert empty["score"].dtype == np.float64
    assert model.score([], ["a"]).shape == (0, 1)
    assert model.score(["u1"], []).shape == (1, 0)


def test_a_repeated_user_gets_the_list_again() -> None:
    model = Identity().fit(RATINGS)
    twice = model.recommend(["u1", "u1"])
    once = model.recommend(["u1"])
    pd.testing.assert_frame_equal(twice, pd.concat([once, once], ignore_index=True))


def test_a_single_user_and_a_single_item_are_enough(fitted: list[Recommender]) -> None:
    features = {"audio": block(["t1", "t2"], "audio")}
    for model in fitted:
        lone = clone(model).fit(table([("u1", "t1", 5)]), features)
        assert np.isfinite(lone.score(["u1", "u2"], ["t1", "t2", "t3"])).all()
        assert lone.recommend(["u1"])["item_id"].tolist() == ["t2"]


def test_integer_ids_stay_integers(fitted: list[Recommender], world: Any) -> None:
    to_user = {user: 10 * n for n, user in enumerate(world.user_ids)}
    to_item = {item: 7 + n for n, item in enumerate(np.sort(world.tracks["item_id"]))}
    ratings = world.ratings.assign(
        user_id=world.ratings["user_id"].map(to_user),
        item_id=world.ratings["item_id"].map(to_item),
    )
    audio = fact_blocks(world.tracks)["audio"]
    numbered = FeatureBlock(
        modality="audio",
        item_ids=np.array([to_item[item] for item in audio.item_ids]),
        values=audio.values,
        present=audio.present,
        names=audio.names,
    )
    for model in fitted:
        if isinstance(model, Random):
            continue
        numeric = clone(model).fit(ratings, {"audio": numbered})
        assert numeric.item_ids_.dtype == np.int64
        users = model.user_ids_[:30]
        expected = model.recommend(users, k=5)
        listed = numeric.recommend([to_user[user] for user in users], k=5)
        assert listed["item_id"].tolist() == expected["item_id"].map(to_item).tolist()
        assert listed["user_id"].tolist() == expected["user_id"].map(to_user).tolist()


@pytest.mark.parametrize(
    ("ratings", "features", "message"),
    [
        (RATINGS.iloc[:0], None, "ratings: no rows"),
        (RATINGS.drop(columns="rating"), None, "'rating' is missing"),
        (table([("u1", "a", 5), ("u1", "a", 4)]), None, "has rated 'a' before"),
        (table([("u1", "a", 5), ("u1", 3, 4)]), None, r"'item_id': ids .* 3 \(int\), 'a' \(str\)"),
        (table([("u1", "a", 5), (3, "a", 4)]), None, r"'user_id': ids .* 3 \(int\), 'u1' \(str\)"),
        (table([(0.5, "a", 5)]), None, r"'user_id': ids must be .* 0.5 \(float\)"),
        (
            RATINGS,
            {"image": block([1, 2])},
            r"image'\].item_ids: 1 is not among .* are text \('a'\)",
        ),
        (table([(2**63, "a", 5)]), None, "9223372036854775808"),
        (table([("u1", -(2**70), 5)]), None, "-1180591620717411303424"),
        (
            table([("u1", 1, 5)]),
            {"image": block(["1"])},
            r"'1' is not among the ids in fit; .* are text \('1'\), .* are numbers \(1\)",
        ),
    ],
)
def test_bad_input_to_fit_is_named(ratings: pd.DataFrame, features: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Identity().fit(ratings, features)


def test_features_that_are_no_blocks_are_named() -> None:
    with pytest.raises(TypeError, match="features: FeatureBlock, expected modality → F"):
        Identity().fit(RATINGS, block(["a"]))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"features\['image'\]: list, expected text → FeatureBlock"):
        Identity().fit(RATINGS, {"image": [1]})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match=r"features\[1\]: FeatureBlock, expected text"):
        Identity().fit(RATINGS, {1: block(["a"])})  # type: ignore[dict-item]


def test_an_empty_block_of_whatever_type_is_no_trouble() -> None:
    empty = FeatureBlock(
        modality="image", item_ids=np.array([]), values=np.zeros((0, 1)), present=[], names=("a",)
    )
    model = Identity().fit(RATINGS, {"image": empty})
    assert model.item_ids_.tolist() == ["a", "b", "c", "d"]
    assert not model.blocks_["image"].present.any()


def test_bad_calls_are_named() -> None:
    model = Identity().fit(RATINGS)
    for k in (0, -3, 2.5, "5", None, True, np.nan):
        with pytest.raises(ValueError, match=f"k: {k!r} is not a whole number"):
            model.recommend(["u1"], k=k)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="user_ids: 'u1' is not a one-dimensional list"):
        model.recommend("u1")
    with pytest.raises(ValueError, match="item_ids: 'a' is not a one-dim"):
        model.score(["u1"], "a")
    with pytest.raises(ValueError, match=r"user_ids: \[\['u1', 'u2'\]\] is not a one"):
        model.score([["u1", "u2"]], ["a"])
    with pytest.raises(ValueError, match=r"candidates: ids must be .* 1 \(int\), 'a' \(str\)"):
        model.recommend(["u1"], candidates=["a", 1])
    for positive in (float("nan"), np.inf, "4", None):
        with pytest.raises(ValueError, match=f"positive: {positive!r} is not a finite rating"):
            Identity(positive=positive).fit(RATINGS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (None, "None is not a one-dimensional list or array of ids"),
        (iter(["a"]), "list_iterator .* is not a one-dimensional list"),
        ({"a"}, "{'a'} is not a one-dimensional list"),
        (7, "7 is not a one-dimensional list"),
        ([["a"], ["b", "c"]], r"ids must be .*; has \['a'\] \(list\)"),
        (["a", None], r"ids must be .* 'a' \(str\)"),
        ([1.5], r"ids must be .* 1.5 \(float\)"),
        ([1], r"1 is not among .* the known ids are text \('[ua]1?'\): convert one side"),
        ([2**63], "9223372036854775808 does not fit into 64 bits; use text"),
    ],
)
def test_ids_that_cannot_be_looked_up_are_named(ids: Any, message: str) -> None:
    model = Identity().fit(RATINGS)
    for name, call in (
        ("user_ids", lambda: model.score(ids, ["a"])),
        ("item_ids", lambda: model.score(["u1"], ids)),
        ("user_ids", lambda: model.recommend(ids)),
        ("candidates", lambda: model.recommend(["u1"], candidates=ids)),
    ):
        if name == "candidates" and ids is None:
            continue
        with pytest.raises(ValueError, match=f"{name}: .*{message}"):
            call()


def test_text_is_not_taken_for_a_number() -> None:
    model = Identity().fit(table([(10, 1, 5), (10, 2, 1)]))
    for users in (["10"], np.array(["10"])):
        with pytest.raises(ValueError, match=r"'10' is not among .* the known ids are numbers"):
            model.score(users, [1])
    with pytest.raises(ValueError, match=r"has 10 \(int\), '10' \(str\)"):
        model.score([10, "10"], [1])
    far = np.array([2**64 - 1, 1], dtype=np.uint64)
    with pytest.raises(ValueError, match="item_ids: 18446744073709551615 does not fit"):
        model.score([10], far)
    np.testing.assert_array_equal(model.score([10], far[1:]), [[2.5]])


def test_fit_leaves_the_callers_table_alone() -> None:
    before = RATINGS.copy()
    Popularity(half_life=3.0).fit(RATINGS)
    pd.testing.assert_frame_equal(RATINGS, before)


POOR = {
    "implicit, rating 1": [("u1", "a", 1), ("u1", "b", 1), ("u2", "b", 1), ("u3", "c", 1)],
    "0 and 1": [("u1", "a", 0), ("u1", "b", 1), ("u2", "b", 1), ("u3", "c", 0)],
    "all ratings equal": [("u1", "a", 5), ("u1", "b", 5), ("u2", "b", 5), ("u3", "c", 5)],
    "nobody likes anything": [("u1", "a", 3), ("u1", "b", 1), ("u2", "b", 2), ("u3", "c", 3)],
    "one user": [("u1", "a", 5), ("u1", "b", 2), ("u1", "c", 4)],
    "one item": [("u1", "a", 5), ("u2", "a", 2), ("u3", "a", 4)],
    "one rating": [("u1", "a", 4)],
}


@ALL
@pytest.mark.parametrize("name", POOR)
@pytest.mark.filterwarnings("ignore:ratings. none reaches")
def test_poor_ratings_give_lists_of_finite_float64(model: Recommender, name: str) -> None:
    items = ["a", "b", "c", "d"]
    lone = clone(model).fit(table(POOR[name]), {"audio": block(items, "audio")})
    for wanted in (items, [*items, "new"]):
        scores = lone.score(["u1", "nobody"], wanted)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()
    fresh = lone.recommend(["u1"])["item_id"]
    assert set(fresh) == set(items) - {i for u, i, _ in POOR[name] if u == "u1"}
    listed = lone.recommend(["u1", "nobody"], k=4, exclude_seen=False)
    assert listed["score"].dtype == np.float64
    assert sorted(listed["item_id"]) == sorted(2 * items)
    if (lone.score(["nobody"], items) == 0).all():
        assert listed.loc[listed["user_id"] == "nobody", "item_id"].tolist() == items, "ties"


def test_a_subclass_may_score_in_whole_numbers() -> None:
    class Length(Identity):
        def _score(self, histories: sp.csr_array, columns: Any) -> Any:
            return np.ones((histories.shape[0], len(columns)), dtype=int)

    model = Length().fit(RATINGS)
    assert model.score(["u1"], ["a"]).dtype == np.float64
    assert model.recommend(["u1"])["item_id"].tolist() == ["c", "d"]


@ALL
def test_known_scores_stay_as_they_are_beside_unknown_ids(model: Recommender) -> None:
    fitted = clone(model).fit(RATINGS, {"audio": block(["a", "b", "c", "d", "e"], "audio")})
    items = fitted.item_ids_
    alone = fitted.score(["u1", "u3"], items)
    for wanted in (["a", "new"], ["new", "a", "b", "c"], ["e", "new"], ["new", "newer", "a"]):
        scores = fitted.score(["nobody", "u1", "no one", "u3"], wanted)
        known = [j for j, item in enumerate(wanted) if item in items]
        column = np.searchsorted(items, np.array(wanted, dtype=object)[known])
        np.testing.assert_allclose(
            scores[[1, 3]][:, known], alone[:, column], rtol=1e-9, atol=1e-12
        )
        assert np.isfinite(scores).all()
        listed = fitted.recommend(["u1"], candidates=wanted, exclude_seen=False)
        by_item = listed.set_index("item_id")["score"][[wanted[j] for j in known]]
        np.testing.assert_allclose(by_item, alone[0, column], rtol=1e-9, atol=1e-12)


@ALL
def test_fit_says_so_if_no_rating_reaches_positive(model: Recommender) -> None:
    features = {"audio": block(["a", "b", "c"], "audio")}
    implicit = table(POOR["implicit, rating 1"])
    if "positive" not in model.get_params():
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            clone(model).fit(implicit, features)
        return
    with pytest.warns(
        UserWarning, match=r"none reaches positive=4, the highest is 1, .* to 5"
    ) as said:
        clone(model).fit(implicit, features)
    assert {warning.filename for warning in said} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for remedy in (implicit.assign(rating=5), table(POOR["all ratings equal"])):
            clone(model).fit(remedy, features)
        clone(model).set_params(positive=1).fit(implicit, features)
