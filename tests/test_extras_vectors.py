"""What all trained models share: early stopping, scores, saving, bad input. No framework trains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("safetensors")

from sklearn.base import clone
from small_world import RATINGS as MANY
from small_world import small

from mmrec_course.evaluation import grid_search, temporal_split
from mmrec_course.extras.vectors import VectorRecommender, check_number, stalled

RATINGS, FEATURES = small()


class Toy(VectorRecommender):
    """Vectors that are right in epoch `best` and noise in all others."""

    def __init__(
        self, *, best=3, n_factors=4, n_components=2, batch_size=8, n_epochs=9, patience=2,
        learning_rate=0.1, reg=0.0, early_stopping=True, hold_out="ratings", positive=4.0, rng=0,
    ):  # fmt: skip
        vars(self).update({k: v for k, v in locals().items() if k != "self"})

    def _train(self, user, item, blocks, validate):
        self.trained_on_, rows = len(user), []
        popular = np.bincount(item, minlength=len(self.item_ids_)).astype(float)
        for epoch in range(1, self.n_epochs_ + 1):
            noise = np.random.default_rng(epoch).normal(size=len(popular))
            self.item_vectors_ = (popular if epoch == self.best else noise)[:, None]
            self.user_vectors_ = np.arange(1.0, len(self.user_ids_) + 1)[:, None]
            rows.append({"epoch": epoch, "loss": 1.0, "ndcg": validate() if validate else np.nan})
            if validate and stalled([row["ndcg"] for row in rows], self.patience):
                break
        return pd.DataFrame(rows)


@pytest.mark.parametrize("hold_out", ["ratings", "items"])
def test_early_stopping_takes_the_best_epoch_and_trains_anew_on_everything(hold_out) -> None:
    best = 3 if hold_out == "ratings" else 1  # popularity says nothing of items without ratings
    model = Toy(best=best, hold_out=hold_out).fit(MANY)
    assert model.n_epochs_ == model.history_["epoch"][model.history_["ndcg"].argmax()]
    assert len(model.history_) == min(9, model.n_epochs_ + 2)
    if hold_out == "ratings":
        assert model.n_epochs_ == 3
    assert model.trained_on_ == (MANY["rating"] >= 4).sum()
    fixed = Toy(early_stopping=False, n_epochs=5).fit(MANY)
    assert fixed.n_epochs_ == len(fixed.history_) == 5


def test_unknown_users_get_the_mean_and_unknown_items_zero() -> None:
    model = Toy(early_stopping=False, best=9).fit(RATINGS, FEATURES)
    scores = model.score([*model.user_ids_, 999], [*model.item_ids_, 999])
    assert scores[-1] == pytest.approx(scores[:-1].mean(axis=0))
    assert (scores[:, -1] == 0).all()
    assert scores[:-1, :-1] == pytest.approx(model.user_vectors_ @ model.item_vectors_.T)


def test_a_saved_model_is_the_same_and_others_are_refused(tmp_path) -> None:
    for ratings in (RATINGS, MANY):  # ids: numbers, text
        model = Toy(learning_rate=np.float64(0.02)).fit(ratings)
        folder = model.save(tmp_path / str(len(ratings)))
        assert {p.name for p in folder.iterdir()} == {"weights.safetensors", "model.json"}
        loaded = Toy.load(folder)
        assert loaded.get_params() == model.get_params()
        assert loaded.history_.equals(model.history_)
        users = [*model.user_ids_[:3]]
        assert loaded.recommend(users, k=4).equals(model.recommend(users, k=4))
    other = type("Other", (Toy,), {})
    with pytest.raises(ValueError, match="not a saved model: a saved Toy, not a Other"):
        other.load(folder)
    (folder / "weights.safetensors").write_bytes(b"changed")
    with pytest.raises(ValueError, match="not a saved model"):
        Toy.load(folder)
    with pytest.raises(ValueError, match="not a saved model"):
        Toy.load(tmp_path)


def test_bad_numbers_are_named() -> None:
    for name, value in {
        "n_factors": 0,
        "n_components": "ten",
        "batch_size": 0,
        "n_epochs": None,
        "patience": 0,
        "learning_rate": np.nan,
        "reg": -1.0,
        "hold_out": "users",
    }.items():
        with pytest.raises(ValueError, match=f"^{name}: "):
            Toy(**{name: value}).fit(RATINGS)
    check_number("share", np.float32(0.5), 0, 1)
    with pytest.raises(ValueError, match=r"share: 1 is not in \[0, 1\)"):
        check_number("share", 1, 0, 1)


def test_too_few_positive_ratings_are_refused() -> None:
    low = RATINGS[RATINGS["rating"] < 4]
    with (
        pytest.warns(UserWarning, match="nothing is liked"),
        pytest.raises(ValueError, match="ratings: none reaches positive=4"),
    ):
        Toy().fit(low)
    one_liked = low.assign(rating=np.where(np.arange(len(low)) == 7, 5, low["rating"]))
    with pytest.raises(ValueError, match="early_stopping: too few ratings reach"):
        Toy().fit(one_liked)
    assert np.isfinite(Toy(early_stopping=False).fit(one_liked).score([0], [0])).all()


def test_clone_and_grid_search_take_it() -> None:
    best, table = grid_search(Toy(early_stopping=False), {"n_epochs": [2, 3]}, temporal_split(MANY))
    assert best.n_epochs == 3 == table["n_epochs"].iloc[0]  # the third epoch ranks by popularity
    assert clone(best).get_params() == best.get_params()
