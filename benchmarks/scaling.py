"""What each step costs as the data grow, and what Dask and approximate search give and cost.

In: nothing; ratings are drawn, media are Mosaic's. Out: tables, printed and written to scaling.csv.
Run: python benchmarks/scaling.py [growth memory ials extraction retrieval capstone], or a part of
a measurement's name as in RUNS; without one all of them, which takes half an hour. Every
measurement has a process of its own, and replaces its own rows. Column "load": how many cores
other programs kept busy meanwhile; "gib_each": peaks of each worker and of the client.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import psutil
import scipy.sparse as sp

from mmrec_course.datasets import Dataset, load_mosaic
from mmrec_course.evaluation import evaluate, rank_items, temporal_split
from mmrec_course.features import FeatureBlock, extract_features
from mmrec_course.recommenders import (
    EASE,
    ContentKNN,
    ContentRidge,
    ImplicitALS,
    MultimodalRecommender,
)

TABLE = Path(__file__).resolve().with_name("scaling.csv")
N_GROUPS = 50
GIB = 2**30
EVALUATED = 20_000  # users, of more every second, third, … is taken
ALS = {"factors": 16, "alpha": 4.0, "reg": 10.0, "iterations": 5}


def drawn_ratings(users: range, n_items: int, each: int, seed: int = 0) -> pd.DataFrame:
    """About ``each`` ratings of each user; users and items belong to one of 50 groups.

    Seven in ten are of items of the user's own group, and most of these are liked. In each group
    some items are far more popular than others.
    """
    rng = np.random.default_rng([seed, users.start])
    user = np.repeat(np.arange(users.start, users.stop), each)
    group = np.where(
        rng.random(len(user)) < 0.7, user % N_GROUPS, rng.integers(N_GROUPS, size=len(user))
    )
    item = (n_items // N_GROUPS * rng.random(len(user)) ** 2).astype(int) * N_GROUPS + group
    likes = rng.random(len(user)) < np.where(group == user % N_GROUPS, 0.8, 0.2)
    rating = np.where(likes, rng.integers(4, 6, len(user)), rng.integers(1, 4, len(user)))
    table = pd.DataFrame({"user_id": user, "item_id": item, "rating": rating})
    table["timestamp"] = rng.integers(10**9, size=len(user))
    return table.drop_duplicates(["user_id", "item_id"])


def drawn_block(n_items: int, d: int, modality: str = "image") -> FeatureBlock:
    """Features with 16 common factors and noise; a tenth of the items have none."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n_items, 16)) @ rng.normal(size=(16, d))
    values += rng.normal(size=(n_items, d))
    present = rng.random(n_items) < 0.9
    names = tuple(map(str, range(d)))
    return FeatureBlock(
        modality=modality, item_ids=np.arange(n_items), values=values, present=present, names=names
    )


def peak() -> float:
    """GiB that this process held at most."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    (line,) = (row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / GIB


def start_client(n_workers: int) -> Any:
    from dask.distributed import Client

    return Client(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )


def seconds_of(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# --- what one measurement does, in a process of its own ------------------------------------------


def growth(step: str, size: int) -> dict[str, Any]:
    """Fit one model; ``size`` is of items (EASE, kNN, ridge), ratings (iALS) or columns."""
    if step == "iALS, ratings":
        ratings = drawn_ratings(range(size // 20), max(500, size // 80), 20)
        model, blocks = ImplicitALS(**{**ALS, "iterations": 2}), None
    elif step == "ridge, columns":
        ratings = drawn_ratings(range(2000), 10_000, 20)
        model, blocks = ContentRidge(modality="image"), {"image": drawn_block(10_000, size)}
    else:
        ratings = drawn_ratings(range(size), size, 20)
        model = {
            "EASE, items": EASE(),
            "ridge, items": ContentRidge(modality="image"),
            "kNN, items": ContentKNN(modality="image", n_neighbors=20),
        }[step]
        blocks = None if step.startswith("EASE") else {"image": drawn_block(size, 100)}
    before = peak()
    took = min(seconds_of(lambda: model.fit(ratings, blocks)) for _ in range(3))
    return {"seconds": took, "gib": peak() - before}


def memory(way: str, n_users: int, n_items: int) -> list[dict[str, Any]]:
    """Sample this process's memory while the ten best items of each user are found."""
    rng = np.random.default_rng(0)
    P, Q = rng.normal(size=(n_users, 16)), rng.normal(size=(n_items, 16))
    process, samples, done = psutil.Process(), [], threading.Event()

    def sample() -> None:
        start = time.perf_counter()
        while not done.is_set():
            row = {"seconds": time.perf_counter() - start, "gib": process.memory_info().rss / GIB}
            samples.append(row)
            time.sleep(0.1)

    watcher = threading.Thread(target=sample)
    watcher.start()
    time.sleep(0.3)
    if way == "blocks":
        from mmrec_course.extras.retrieval import exact_top_k

        exact_top_k(P, Q, 10)
    else:
        rank_items(P @ Q.T, 10)
    time.sleep(0.3)
    done.set()
    watcher.join()
    return samples


def write_ratings(folder: Path, n_users: int, n_items: int, each: int) -> None:
    """Parquet files of 10,000 users each, so that the whole table is never in memory."""
    folder.mkdir()
    for start in range(0, n_users, 10_000):
        users = range(start, min(start + 10_000, n_users))
        drawn_ratings(users, n_items, each).to_parquet(folder / f"part.{start // 10_000}.parquet")


def ials(way: str, n_users: int, n_items: int, each: int) -> dict[str, Any]:
    """Split, fit, evaluate and list the ten best, from Parquet files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings"
        write_ratings(path, n_users, n_items, each)
        return _on_dask(int(way[0]), path) if way.endswith("worker") else _alone(way, path)


def _every(last_user: int) -> int:
    return max(1, (last_user + 1) // EVALUATED)


def _on_dask(n_workers: int, path: Path) -> dict[str, Any]:
    import dask.dataframe as dd

    from mmrec_course.extras.scale import DaskALS, temporal_parts

    with start_client(n_workers) as client:
        start = time.perf_counter()
        ratings = dd.read_parquet(path).shuffle("user_id")
        parts = temporal_parts(ratings).persist()
        train, test = parts[parts["part"] != "test"], parts[parts["part"] == "test"]
        n_ratings, split_done = len(parts), time.perf_counter()
        test = test[test["user_id"] % _every(parts["user_id"].max().compute()) == 0]
        als = DaskALS(ImplicitALS(**ALS), n_blocks=16).fit(train)
        fitted = time.perf_counter()
        ndcg = als.evaluate(test, metrics=["ndcg"])["ndcg"].mean()
        evaluated = time.perf_counter()
        als.recommend(10).to_parquet(path.with_name("lists"))
        end = time.perf_counter()
        workers = sorted(client.run(peak).values())
    return {
        "ratings": n_ratings, "split": split_done - start, "seconds": fitted - split_done,
        "evaluate": evaluated - fitted, "lists": end - evaluated, "gib": workers[-1],
        "gib_client": peak(), "gib_each": _each(workers), "ndcg": ndcg,
    }  # fmt: skip


def _each(workers: Iterable[float]) -> str:
    """Peaks of the workers and of this process, GiB."""
    return " ".join(f"{gib:.3g}" for gib in (*workers, peak()))


def _alone(way: str, path: Path) -> dict[str, Any]:
    start = time.perf_counter()
    ratings = pd.read_parquet(path)
    split = temporal_split(ratings)
    split_done = time.perf_counter()
    asked = split.test[split.test["user_id"] % _every(ratings["user_id"].max()) == 0]
    if way == "ImplicitALS":
        model: Any = ImplicitALS(**ALS).fit(split.train_valid)
        items = model.item_ids_
        seen, P, Q = model.histories_, model.user_factors_, model.item_factors_
    else:
        from implicit.cpu.als import AlternatingLeastSquares

        users, items = (np.unique(ratings[name]) for name in ("user_id", "item_id"))
        train = split.train_valid
        at = np.searchsorted(users, train["user_id"]), np.searchsorted(items, train["item_id"])
        centred = train["rating"].to_numpy(float) - 2.5
        seen = sp.csr_matrix((np.ones(len(train)), at), shape=(len(users), len(items)))
        liked = np.where(centred >= 1.5, 1 + ALS["alpha"] * centred, 0.0)
        confidence = sp.csr_matrix((liked, at), shape=seen.shape)
        confidence.eliminate_zeros()
        theirs = AlternatingLeastSquares(
            factors=ALS["factors"], regularization=ALS["reg"], iterations=ALS["iterations"],
            random_state=0, num_threads=2,
        )  # fmt: skip
        theirs.fit(confidence, show_progress=False)
        P, Q = theirs.user_factors, theirs.item_factors

        class Scorer:
            def score(self, user_ids: Any, item_ids: Any) -> Any:
                return P[np.searchsorted(users, user_ids)] @ Q[np.searchsorted(items, item_ids)].T

        model = Scorer()
    fitted = time.perf_counter()
    ndcg = evaluate(model, replace(split, test=asked), metrics=["ndcg"])["ndcg"].mean()
    evaluated = time.perf_counter()
    if way == "ImplicitALS":
        model.recommend(model.user_ids_, 10)
    else:
        theirs.recommend(np.arange(len(P)), seen, N=10)
    return {
        "ratings": len(ratings), "split": split_done - start, "seconds": fitted - split_done,
        "evaluate": evaluated - fitted, "lists": time.perf_counter() - evaluated, "gib": peak(),
        "ndcg": ndcg,
    }  # fmt: skip


def _copies(folder: Path, modality: str, n: int) -> Dataset:
    """Mosaic's files again and again, each with other last bytes, so that none is in the cache."""
    paths = load_mosaic().items[modality].dropna().tolist()
    copies = []
    for j in range(n):
        source = Path(paths[j % len(paths)])
        copies.append(folder / f"{j}{source.suffix}")
        shutil.copyfile(source, copies[-1])
        with copies[-1].open("ab") as file:
            file.write(f"copy {j}".encode())
    items = pd.DataFrame({modality: [str(path) for path in copies]}).rename_axis("item_id")
    return Dataset(ratings=load_mosaic().ratings[:0], items=items)


def extraction(way: str, modality: str, n: int) -> dict[str, Any]:
    """Features of n files by threads or by workers, of whom one is killed half-way."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ds = _copies(folder, modality, n)
        os.environ["MMREC_CACHE"] = str(folder / "cache")
        # File j and file j + n_different are the same but for their last bytes.
        n_different = min(n, len(load_mosaic().items[modality].dropna()))
        few = Dataset(ratings=ds.ratings, items=ds.items[:n_different])
        extract = partial(extract_features, ds, fit_items=few.items.index)
        if way.endswith("threads"):
            start = time.perf_counter()
            block = extract(n_jobs=int(way[0]))[modality]
            took, each = time.perf_counter() - start, _each([])
        else:
            with start_client(int(way[0])) as client:
                client.run(lambda: __import__("mmrec_course.features"))  # before the clock starts
                with _one_killed(client, n) if "killed" in way else nullcontext():
                    start = time.perf_counter()
                    with joblib.parallel_config(backend="dask"):
                        block = extract()[modality]
                    took = time.perf_counter() - start
                each = _each(client.run(peak).values())
        alone = extract_features(few, cache=False)[modality]
    same = np.allclose(block.values, alone.values[np.arange(n) % n_different], atol=1e-6)
    present = int(block.present.sum())
    return {"seconds": took, "present": present, "same": same, "gib_each": each}


@contextmanager
def _one_killed(client: Any, n: int) -> Iterator[None]:
    """End a worker's process when half of the files are in the cache; see that it is replaced."""
    victim = next(iter(client.run(os.getpid).values()))
    killer = threading.Thread(target=_kill_half_way, args=(victim, n), daemon=True)
    killer.start()
    yield
    killer.join()
    client.wait_for_workers(2)
    assert victim not in client.run(os.getpid).values()


def _kill_half_way(victim: int, n: int) -> None:
    folder = Path(os.environ["MMREC_CACHE"])
    while sum(_entries(path) for path in folder.glob("*.npz")) < n // 2:
        time.sleep(0.2)
    os.kill(victim, signal.SIGKILL)


def _entries(path: Path) -> int:
    from mmrec_course.features.cache import read_cache

    return len(read_cache(path))


def retrieval(n_items: int) -> list[dict[str, Any]]:
    """Recall, queries a second, memory and building time, on one thread."""
    import faiss

    from mmrec_course.extras.retrieval import (
        build_index,
        exact_top_k,
        index_bytes,
        recall_of,
        search_index,
    )

    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(1000, 32))

    def drawn(n: int) -> Any:
        return 0.8 * centres[rng.integers(len(centres), size=n)] + 0.6 * rng.normal(size=(n, 32))

    items, queries = drawn(n_items), drawn(1000)
    items *= np.exp(0.2 * rng.normal(size=(n_items, 1)))  # some are more popular
    exact = exact_top_k(queries, items, 10)
    took = min(seconds_of(lambda: exact_top_k(queries, items, 10)) for _ in range(3))
    rows = [
        {"kind": "exact, in blocks", "recall": 1.0, "qps": 1000 / took, "gib": items.nbytes / GIB}
    ]
    for kind in ("flat", "ivf", "hnsw"):
        made: list[Any] = []
        build = seconds_of(lambda kind=kind, made=made: made.append(build_index(items, kind)))
        for effort in (8, 32, 128) if kind != "flat" else (0,):
            found = search_index(made[0], queries, 10, effort=effort)
            took = min(
                seconds_of(
                    lambda e=effort, index=made[0]: search_index(index, queries, 10, effort=e)
                )
                for _ in range(3)
            )
            row = {"kind": kind, "effort": effort, "recall": recall_of(found, exact)}
            row |= {"qps": 1000 / took, "gib": index_bytes(made[0]) / GIB, "seconds": build}
            rows.append(row)
    return rows


def capstone(n_items: int, n_users: int) -> dict[str, Any]:
    """The final model without EASE, which more than 6,000 items leave out."""
    ratings = drawn_ratings(range(n_users), n_items, 20)
    columns = {"image": 60, "text": 300, "audio": 100}
    blocks = {m: drawn_block(n_items, d, m) for m, d in columns.items()}
    start = time.perf_counter()
    model = MultimodalRecommender().fit(ratings, blocks)
    fitted = time.perf_counter()
    model.recommend(np.arange(100), 10)
    end = time.perf_counter()
    return {
        "seconds": fitted - start,
        "lists": end - fitted,
        "gib": peak(),
        "ratings": len(ratings),
    }


# --- all of them --------------------------------------------------------------------------------

RUNS: dict[str, list[tuple[Any, ...]]] = {
    "growth": [
        *(("EASE, items", n) for n in (500, 1000, 2000, 4000)),
        *(("iALS, ratings", n) for n in (10_000, 30_000, 100_000, 300_000, 1_000_000)),
        *(("ridge, items", n) for n in (2000, 4000, 8000, 16_000)),
        *(("ridge, columns", d) for d in (100, 200, 400, 800)),
        *(("kNN, items", n) for n in (1000, 2000, 4000, 8000)),
    ],
    "memory": [("whole matrix", 10_000, 10_000), ("blocks", 10_000, 10_000)],
    "ials": [
        (way, *size)
        for size in ((600, 480, 40), (20_000, 5_000, 62), (200_000, 20_000, 27))
        for way in ("1 worker", "2 worker", "ImplicitALS", "implicit")
        if (way, size[0]) != ("1 worker", 200_000)
    ],
    "extraction": [
        ("1 threads", "image", 240),
        ("2 threads", "image", 240),
        ("1 worker", "image", 240),
        ("2 worker", "image", 240),
        ("2 worker, one killed", "image", 2500),
        ("2 worker, one killed", "audio", 2500),
    ],
    "retrieval": [(n,) for n in (480, 10_000, 100_000, 1_000_000)],
    "capstone": [(100_000, 50_000)],
}


def measured(name: str, run: tuple[Any, ...]) -> list[dict[str, Any]]:
    """One measurement in a process of its own; rows for the table."""
    command = [sys.executable, __file__, "--one", json.dumps([name, *run])]
    busy, start = _busy_elsewhere(), time.perf_counter()
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    load = (_busy_elsewhere() - busy) / (time.perf_counter() - start)
    rows = json.loads(result.stdout.splitlines()[-1])
    rows = rows if isinstance(rows, list) else [rows]
    what = " ".join(map(str, run))
    about = {"part": name, "what": run[0], "size": run[-1], "run": what, "load": max(0.0, load)}
    return [about | row for row in rows]


def _busy_elsewhere() -> float:
    """Seconds that all cores were busy, without what this process and its children did."""
    cores, own = psutil.cpu_times(), os.times()
    busy = sum(cores) - cores.idle - getattr(cores, "iowait", 0.0)
    return busy - sum(own[:4])


def main(names: list[str]) -> None:
    """Make the measurements that have one of the names; print and replace their rows."""
    for part, runs in RUNS.items():
        for run in runs:
            label = " ".join(map(str, (part, *run)))
            if names and not any(name in label for name in names):
                continue
            rows = pd.DataFrame(measured(part, run))
            last = rows.dropna(axis=1).iloc[-1].to_dict()
            if "gib" in last:
                last["gib"] = rows["gib"].max()
            print({k: f"{x:.3g}" if isinstance(x, float) else x for k, x in last.items()})
            old = pd.read_csv(TABLE) if TABLE.exists() else rows[:0]
            replaced = (old["part"] == part) & (old["run"] == rows["run"].iloc[0])
            table = pd.concat([old[~replaced], rows])
            order = [" ".join(map(str, r)) for runs in RUNS.values() for r in runs]
            table = table.sort_values("run", key=lambda run: run.map(order.index), kind="stable")
            table.to_csv(TABLE, index=False, float_format="%.4g")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        name, *run = json.loads(sys.argv[2])
        print(json.dumps(globals()[name](*run), default=float))
    else:
        try:
            import dask.distributed  # noqa: F401
            import faiss  # noqa: F401
        except ImportError:
            print("\ndask and faiss are not installed: not measured (see `make bench-extras`)")
        else:
            main(sys.argv[1:])
