"""On Dask the numbers are those of one process, whoever computes them and whoever dies."""

import os
import signal
import threading
import time
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
from mosaic_like import make_catalogue, write_cover

distributed = pytest.importorskip("dask.distributed")

import dask.dataframe as dd  # noqa: E402

from mmrec_course.datasets import Dataset, load_mosaic  # noqa: E402
from mmrec_course.evaluation import evaluate, temporal_split  # noqa: E402
from mmrec_course.extras import scale  # noqa: E402
from mmrec_course.extras.scale import PARTS, DaskALS, temporal_parts  # noqa: E402
from mmrec_course.features import extract, extract_features  # noqa: E402
from mmrec_course.features.cache import read_cache  # noqa: E402
from mmrec_course.features.stateless import StatelessTransformer  # noqa: E402
from mmrec_course.recommenders import ImplicitALS  # noqa: E402
from mmrec_course.recommenders.collaborative import solve_factors  # noqa: E402

__version__ = "1"  # without it, what a transformer of this file computes would not be cached
ALS = ImplicitALS(factors=8, alpha=4.0, iterations=4)


def start_client(n_workers):
    return distributed.Client(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=50,
    )


@pytest.fixture(scope="module")
def client():
    with start_client(2) as client:
        yield client


@pytest.fixture(scope="module")
def mosaic():
    return load_mosaic()


@pytest.fixture(scope="module")
def reference(mosaic):
    """Lists and metrics of one process, for an outcome to be compared with."""
    split = temporal_split(mosaic.ratings)
    model = ImplicitALS(**ALS.get_params()).fit(split.train_valid)
    return model, evaluate(model, split), model.recommend(model.user_ids_, 5)


def partitioned(ratings, n=3):
    return dd.from_pandas(ratings, npartitions=n).shuffle("user_id")


def assert_like_one_process(ratings, reference, n_blocks=4):
    model, metrics, lists = reference
    parts = temporal_parts(partitioned(ratings))
    als = DaskALS(ALS, n_blocks=n_blocks).fit(parts[parts["part"] != "test"])
    assert als.user_ids_.tolist() == model.user_ids_.tolist()
    np.testing.assert_allclose(als.item_factors_, model.item_factors_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(als.mean_factors_, model.mean_factors_, rtol=0, atol=1e-8)
    found = als.evaluate(parts[parts["part"] == "test"])
    pd.testing.assert_frame_equal(found, metrics, rtol=1e-8, check_index_type=False)
    ours = als.recommend(5).compute()
    assert ours["user_id"].tolist() == lists["user_id"].tolist()
    assert ours["item_id"].tolist() == lists["item_id"].tolist()
    np.testing.assert_allclose(ours["score"], lists["score"], atol=1e-8)


# --- ratings ------------------------------------------------------------------------------------


def test_threads_give_what_one_process_gives(mosaic, reference):
    assert_like_one_process(mosaic.ratings, reference)


def test_two_workers_give_what_one_process_gives(mosaic, reference, client):
    assert_like_one_process(mosaic.ratings, reference)


def test_one_worker_gives_what_one_process_gives(mosaic, reference):
    with start_client(1):
        assert_like_one_process(mosaic.ratings, reference, n_blocks=3)


def test_parts_are_those_of_the_split(mosaic):
    split = temporal_split(mosaic.ratings, valid=0.2, test=0.05)
    table = temporal_parts(partitioned(mosaic.ratings), valid=0.2, test=0.05).compute()
    assert len(table) == len(mosaic.ratings)
    for part in PARTS:
        ours, theirs = table[table["part"] == part], getattr(split, part)
        assert set(zip(ours["user_id"], ours["item_id"], strict=True)) == set(
            zip(theirs["user_id"], theirs["item_id"], strict=True)
        )


@pytest.mark.parametrize("n_blocks", [1, 2, 50])
def test_ids_may_be_numbers_and_blocks_few_or_many(n_blocks):
    rng = np.random.default_rng(0)
    pair = rng.permutation(30 * 20)[:250]
    ratings = pd.DataFrame({"user_id": 7 * (pair // 20), "item_id": 100 - pair % 20})
    ratings["rating"], ratings["timestamp"] = rng.integers(1, 6, 250), rng.integers(0, 99, 250)
    one = ImplicitALS(**ALS.get_params()).fit(ratings)
    als = DaskALS(ALS, n_blocks=n_blocks).fit(dd.from_pandas(ratings, npartitions=2))
    np.testing.assert_allclose(als.item_factors_, one.item_factors_, atol=1e-10)
    lists = als.recommend(3).compute()
    assert lists["item_id"].tolist() == one.recommend(one.user_ids_, 3)["item_id"].tolist()
    assert lists["user_id"].dtype == np.int64


def test_partitions_may_come_from_parquet_and_be_empty(tmp_path, mosaic, reference):
    ratings = mosaic.ratings
    dd.from_pandas(ratings, npartitions=3).to_parquet(tmp_path / "ratings")
    stored = dd.read_parquet(tmp_path / "ratings").shuffle("user_id", npartitions=5)
    few = temporal_parts(stored[stored["user_id"] == ratings["user_id"].iloc[0]])
    assert len(few) == (ratings["user_id"] == ratings["user_id"].iloc[0]).sum()


def test_the_model_that_was_given_is_not_changed(mosaic):
    als = ImplicitALS(factors=2, iterations=1)
    DaskALS(als, n_blocks=2).fit(partitioned(mosaic.ratings))
    assert not hasattr(als, "item_factors_")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: pd.concat([table, table[:1]]), "more than once"),
        (lambda table: table.assign(rating=np.nan), "not finite"),
        (lambda table: table[:0], "no rows"),
    ],
)
def test_malformed_ratings_are_errors(mosaic, change, message):
    ratings = change(mosaic.ratings[:200]).reset_index(drop=True)
    with pytest.raises(ValueError, match=message):
        DaskALS(ALS).fit(dd.from_pandas(ratings, npartitions=1))


def test_held_out_ratings_that_nobody_likes_are_an_error(mosaic):
    ratings = mosaic.ratings
    als = DaskALS(ALS, n_blocks=2).fit(partitioned(ratings[:3000]))
    low = ratings[3000:][lambda table: table["rating"] < 4]
    with pytest.raises(ValueError, match="held_out: no rating of 4"):
        als.evaluate(dd.from_pandas(low, npartitions=1))


def test_without_a_block_or_a_fit_there_are_no_lists(mosaic):
    with pytest.raises(ValueError, match="n_blocks: 0"):
        DaskALS(ALS, n_blocks=0).fit(partitioned(mosaic.ratings))
    with pytest.raises(ValueError, match="not fitted"):
        DaskALS(ALS).recommend()


def kill_half_way(log, n):
    """Once ``log`` has n // 2 lines, end the process of the last; returns thread and outcome."""
    killed = []

    def kill():
        lines = []
        while len(lines) < n // 2:
            time.sleep(0.01)
            lines = log.read_text().split("\n")[:-1] if log.exists() else []
        killed.append((len(lines), int(lines[-1].split()[0])))
        os.kill(killed[0][1], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    return killer, killed


def solve_slowly(log, *arguments):
    """`solve_factors`; writes down which process calls it."""
    with open(log, "a") as file:  # noqa: PTH123
        file.write(f"{os.getpid()}\n")
    time.sleep(0.03)
    return solve_factors(*arguments)


def test_a_worker_that_dies_in_the_middle_of_a_fit_changes_no_factor(
    tmp_path, monkeypatch, mosaic, client
):
    log, n_blocks = tmp_path / "log", 4
    monkeypatch.setattr(scale, "solve_factors", partial(solve_slowly, str(log)))
    n_calls = n_blocks * (2 * ALS.iterations + 1)
    ratings = mosaic.ratings[::5]
    one = ImplicitALS(**ALS.get_params()).fit(ratings)
    killer, killed = kill_half_way(log, n_calls)
    als = DaskALS(ALS, n_blocks=n_blocks).fit(partitioned(ratings))
    killer.join(timeout=60)
    ((n_before, victim),) = killed
    assert n_calls // 2 <= n_before < n_calls <= len(log.read_text().splitlines())
    np.testing.assert_allclose(als.item_factors_, one.item_factors_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(als.mean_factors_, one.mean_factors_, rtol=0, atol=1e-8)
    client.wait_for_workers(2)
    assert victim not in client.run(os.getpid).values()


# --- media --------------------------------------------------------------------------------------


def assert_same(first, second):
    assert list(first) == list(second)
    for modality, block in first.items():
        np.testing.assert_allclose(block.values, second[modality].values, rtol=1e-6, atol=1e-9)
        assert block.present.tolist() == second[modality].present.tolist()
        assert block.reasons == second[modality].reasons


def test_workers_extract_what_threads_extract(tmp_path, monkeypatch, client):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path / "cache"))
    ds = load_mosaic(make_catalogue(tmp_path / "mosaic"))
    (tmp_path / "mosaic/images/t1.png").write_bytes(b"no picture")
    here = extract_features(ds, cache=False)
    assert "t1" in here["image"].reasons
    with joblib.parallel_config(backend="dask"):
        assert_same(extract_features(ds), here)
    assert len(list((tmp_path / "cache").glob("*.npz"))) == 3  # image twice, audio


def test_an_address_is_read_where_the_worker_is(tmp_path, client):
    write_cover(tmp_path / "a.png", hue=30)
    paths = [str(tmp_path / "a.png"), str(tmp_path / "none.png")]
    local = pd.DataFrame({"image": paths}, index=pd.Index(["a", "b"], name="item_id"))
    remote = local.assign(image=["file://" + path for path in paths])
    ratings = pd.DataFrame({"user_id": [], "item_id": [], "rating": [], "timestamp": []})
    with joblib.parallel_config(backend="dask"):
        there = extract_features(Dataset(ratings=ratings, items=remote), cache=False)["image"]
    here = extract_features(Dataset(ratings=ratings, items=local), cache=False)["image"]
    assert there.present.tolist() == [True, False]
    assert there.reasons["b"].startswith("none.png: cannot be read")
    np.testing.assert_allclose(there.values, here.values, rtol=1e-6)


class Slow(StatelessTransformer):
    """The mean colour; writes down which process looked at which picture."""

    def __init__(self, log=""):
        self.log = log

    def _describe(self, item, index):
        time.sleep(0.02)
        mean = item.mean(axis=(0, 1))
        with open(self.log, "a") as file:  # noqa: PTH123
            file.write(f"{os.getpid()} {mean[0]:.6f} {mean[1]:.6f} {mean[2]:.6f}\n")
        return mean

    def _names(self):
        return ["red", "green", "blue"]


def test_a_worker_that_dies_is_replaced_and_no_picture_is_lost_or_done_twice(
    tmp_path, monkeypatch, client
):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(extract, "BATCH", 8)
    n, log = 150, tmp_path / "log"
    for j in range(n):
        write_cover(tmp_path / f"{j}.png", hue=j)
    items = pd.DataFrame({"image": [str(tmp_path / f"{j}.png") for j in range(n)]})
    ratings = pd.DataFrame({"user_id": [], "item_id": [], "rating": [], "timestamp": []})
    ds = Dataset(ratings=ratings, items=items.rename_axis("item_id"))
    client.wait_for_workers(2)
    client.run(lambda: __import__("mmrec_course.features"))  # both must be ready to take part
    killer, killed = kill_half_way(log, n)
    with joblib.parallel_config(backend="dask"):
        block = extract_features(ds, extractors={"image": Slow(str(log))})["image"]
    killer.join(timeout=60)
    ((n_before, victim),) = killed
    assert n // 2 <= n_before < n
    lines = log.read_text().splitlines()
    done = pd.DataFrame([line.split() for line in lines], columns=["pid", "r", "g", "b"])
    assert str(victim) in set(done["pid"])
    pictures = done[["r", "g", "b"]].agg(" ".join, axis=1)
    assert pictures.nunique() == n
    # Only what the dead worker had in hand, and had not yet sent, was done again.
    again = done[pictures.duplicated(keep=False)]
    assert len(done) - n < n // 4
    assert again.empty or str(victim) in set(again["pid"])
    (file,) = (tmp_path / "cache").glob("*.npz")
    assert len(read_cache(file)) == n
    assert block.present.all()
    alone = extract_features(ds, extractors={"image": Slow(str(tmp_path / "other"))})["image"]
    np.testing.assert_allclose(block.values, alone.values, rtol=1e-9)
    client.wait_for_workers(2)
    assert victim not in client.run(os.getpid).values()
