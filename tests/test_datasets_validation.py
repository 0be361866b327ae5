"""The door: what is wrong with a table is named with file, row, column and value."""

import datetime as dt
import os
import re

import numpy as np
import pandas as pd
import pytest

from mmrec_course.datasets.validation import check_ids, check_ratings, read_table

HEADER = "user_id,item_id,rating,timestamp\n"
GOOD = "u1,t1,5,2024-05-01 10:20:30\n"


@pytest.fixture
def table(tmp_path):
    """Write bytes or text to ratings.csv and read it."""

    def read(content, required=("user_id",)):
        path = tmp_path / "ratings.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, required=required)

    return read


@pytest.fixture
def checked(table):
    """Read and check ratings of items t1, t2 by listeners u1, u2."""

    def check(rows, header=HEADER):
        raw = table(header + rows)
        return check_ratings(raw, items=["t1", "t2"], users=["u1", "u2"], name="ratings.csv")

    return check


def test_a_good_table_is_read_as_text(table):
    read = table(HEADER + GOOD + "u1,t2,,x\n")
    assert list(read.columns) == ["user_id", "item_id", "rating", "timestamp"]
    assert read["rating"].iloc[0] == "5"
    assert pd.isna(read["rating"].iloc[1])
    assert list(read.index) == [2, 3]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf\xef\xbb\xbfuser_id, x\nu1,\xc3\xa9\n",
        b"\xef\xbb\xbfuser_id,x\nu1,\xc3\xa9\n",
        b"user_id,x\r\nu1,\xc3\xa9\r\n",
        b"user_id,x\ru1,\xc3\xa9\r",
        b"user_id,x\nu1,\xc3\xa9",
        b'user_id,x\n\n"u1","\xc3\xa9"\n\n',
    ],
    ids=[
        "two marks and a blank",
        "byte order mark",
        "Windows",
        "old Mac",
        "no last line end",
        "blank lines",
    ],
)
def test_harmless_variants_are_read_alike(table, content):
    assert table(content).to_numpy().tolist() == [["u1", "é"]]


def test_ids_that_look_like_something_else_stay_as_they_are(table):
    assert table("user_id\n007\nNA\nnull\n1e3\n")["user_id"].tolist() == [
        "007",
        "NA",
        "null",
        "1e3",
    ]


def test_blank_cells_are_missing(table):
    assert table('user_id,x\nu1,"  "\nu2,\n')["x"].isna().all()


def test_rows_are_lines_of_the_file_even_after_a_line_break_in_a_cell(table):
    raw = table('user_id,x\nu1,"one\ntwo\nthree"\n\nu2,a\n')
    assert list(raw.index) == [2, 6]


def test_a_very_long_cell_is_read(table):
    assert len(table("user_id,x\nu1," + "a" * 300_000)["x"].iloc[0]) == 300_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ratings.csv: row 1: the file is empty"),
        (b"\n\n", "ratings.csv: row 1: the file is empty"),
        (b"user_id,x\n", "ratings.csv: row 2: there is nothing below the header"),
        (b"a,b\n1,2\n", "ratings.csv: row 1: column 'user_id' is missing; it has ['a', 'b']"),
        (b"user_id,x,user_id\n1,2,3\n", "ratings.csv: row 1: column 'user_id' is there twice"),
        (b"user_id,x\nu1,a\nu2,b,c\n", "ratings.csv: row 3: 3 cells, expected 2"),
        (b"user_id,x\nu1,a,b\nu2,c,d\n", "ratings.csv: row 2: 3 cells, expected 2"),
        (b"user_id,x\nu1,a\nu2\n", "ratings.csv: row 3: 1 cells, expected 2"),
        (b"user_id,x\nu1,caf\xe9\n", r"row 2: b'u1,caf\xe9' is not UTF-8; save the file as CSV in"),
        ("user_id,x\nu1,a\n".encode("utf-16"), r"row 1: b'\xff\xfeu\x00s"),
        (b'user_id,x\nu1,a\nu2,"b\n', "ratings.csv: row 3: not a CSV table"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_place(table, content, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        table(content)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        read_table(tmp_path / "nowhere.csv", required=())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(FileNotFoundError, match=rf"{path.name}: .*no regular one"):
            read_table(path)


def test_ratings_are_parsed(checked):
    ratings = checked(GOOD + "u2,t1,3,2024-05-01T12:00:00+02:00\n")
    assert ratings["rating"].tolist() == [5, 3]
    assert ratings["rating"].dtype == np.int64
    assert ratings["timestamp"].dtype == "datetime64[us]"
    assert ratings["timestamp"].tolist() == [
        pd.Timestamp("2024-05-01 10:20:30"),
        pd.Timestamp("2024-05-01 10:00:00"),
    ]


def test_half_stars_stay_halves(checked):
    assert checked("u1,t1,4.5,0\n")["rating"].tolist() == [4.5]


def test_unix_seconds_are_times(checked):
    assert checked("u1,t1,4,1714558830\n")["timestamp"].tolist() == [
        pd.Timestamp("2024-05-01 10:20:30")
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("u1,t1,4,x", "row 3, column 'timestamp': 'x' is not a time"),
        ("u1,t1,4,2024-02-30", "row 3, column 'timestamp': '2024-02-30' is not a time"),
        ("u1,t1,4,", "row 3, column 'timestamp': <NA> is not a time"),
        ("u1,t1,9,2024-05-01", "row 3, column 'rating': 9 is outside 1–5"),
        ("u1,t1,0.5,2024-05-01", "row 3, column 'rating': 0.5 is outside 1–5"),
        ("u1,t1,,2024-05-01", "row 3, column 'rating': <NA> is not a number"),
        ("u1,t1,nan,2024-05-01", "row 3, column 'rating': 'nan' is not a number"),
        ("u1,t1,inf,2024-05-01", "row 3, column 'rating': 'inf' is not a number"),
        ("u1,t1,good,2024-05-01", "row 3, column 'rating': 'good' is not a number"),
        ("u1,t9,4,2024-05-01", "row 3, column 'item_id': 't9' is not among the items"),
        ("u9,t1,4,2024-05-01", "row 3, column 'user_id': 'u9' is not among the users"),
        (",t1,4,2024-05-01", "row 3, column 'user_id': <NA>: the id is missing"),
        ("u1,,4,2024-05-01", "row 3, column 'item_id': <NA>: the id is missing"),
        (
            "u1,t2,1,2024-06-01",
            "row 3, column 'item_id': the same user has rated 't2' before, in row 2",
        ),
    ],
)
def test_a_bad_rating_is_refused_with_its_place(checked, row, message):
    with pytest.raises(ValueError, match=re.escape("ratings.csv: " + message)):
        checked("u1,t2,1,2024-05-01\n" + row + "\n")


def test_a_bad_rating_below_a_cell_with_line_breaks_has_its_own_line(checked):
    header = "user_id,item_id,rating,timestamp,note\n"
    with pytest.raises(ValueError, match="row 4, column 'rating'"):
        checked('u1,t1,4,1,"two\nlines"\nu1,t2,7,2,x\n', header=header)


def frame(**changes):
    columns = {"user_id": [1, 2], "item_id": [7, 7], "rating": [4, 5], "timestamp": [10, 20]}
    return pd.DataFrame(columns | changes)


def test_a_frame_from_elsewhere_is_counted_as_if_below_a_header():
    shuffled = frame(rating=[4, 6]).set_axis([9, 9])
    with pytest.raises(ValueError, match="ratings: row 3, column 'rating': 6 is outside"):
        check_ratings(shuffled)


def test_the_frame_passed_in_is_not_changed():
    before = frame()
    check_ratings(before)
    pd.testing.assert_frame_equal(before, frame())


def test_times_with_a_zone_become_utc():
    zoned = frame(
        timestamp=pd.DatetimeIndex(["2024-05-01 12:00", "2024-05-02 12:00"]).tz_localize("CET")
    )
    assert check_ratings(zoned)["timestamp"].iloc[0] == pd.Timestamp("2024-05-01 10:00")


def test_an_empty_id_in_a_frame_is_missing():
    with pytest.raises(ValueError, match="row 2, column 'user_id': '': the id is missing"):
        check_ratings(frame(user_id=["", "u"]))


@pytest.mark.parametrize("ids", [("1", " 1"), ("é", "e\u0301"), ("u", "u\u00a0"), (1, "1")])
def test_two_ids_that_look_alike_are_refused(ids):
    with pytest.raises(ValueError, match=r"row 3, column 'user_id': .* differs from an id above"):
        check_ratings(frame(user_id=ids))


@pytest.mark.parametrize("known", ["A", "a ", "\ufb01", "1"])
def test_an_unknown_id_that_looks_like_a_known_one_is_named_with_it(known):
    given = {"\ufb01": "FI"}.get(known, known.strip().lower() + "\t")
    with pytest.raises(ValueError, match=f"is not among the items; it differs from '{known}' only"):
        check_ratings(frame(item_id=given), items=["b", known])


def test_a_message_has_an_end():
    for table in (frame(item_id="x" * 10**6), pd.DataFrame(columns=[str(j) for j in range(10**5)])):
        with pytest.raises(ValueError, match="…") as caught:
            check_ratings(table, items=["b"])
        assert len(str(caught.value)) < 500


def test_a_column_without_any_id_is_refused():
    with pytest.raises(ValueError, match=r"row 2, column 'user_id': .*: the id is missing"):
        check_ratings(frame(user_id=[None, None]))


def test_an_empty_frame_is_no_error_here():
    assert check_ratings(frame().iloc[:0]).empty


def test_a_frame_with_a_column_twice_is_refused():
    doubled = pd.concat([frame(), frame()[["rating"]]], axis=1)
    with pytest.raises(ValueError, match="column 'rating' is there twice"):
        check_ratings(doubled)


def test_items_are_indexed_in_order_with_their_dates():
    table = pd.DataFrame({"item_id": ["b", "a"], "released": ["2024", None], "title": ["B", "A"]})
    items = check_ids(table, "item_id", dates=("released",))
    assert list(items.index) == ["b", "a"]
    assert items["released"].iloc[0] == pd.Timestamp("2024-01-01")
    assert pd.isna(items["released"].iloc[1])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"title": ["A"]}, "items: row 1: column 'item_id' is missing; it has ['title']"),
        ({"item_id": ["a", None]}, "items: row 3, column 'item_id'"),
        ({"item_id": ["a", "b", "a"]}, "row 4, column 'item_id': 'a' occurs before, in row 2"),
        (
            {"item_id": ["a"], "released": ["soon"]},
            "items: row 2, column 'released': 'soon' is not a time such as 2024-05-01",
        ),
    ],
)
def test_bad_items_are_refused_with_their_place(columns, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_ids(pd.DataFrame(columns), "item_id", dates=("released",) * ("released" in columns))


# --- times --------------------------------------------------------------------------------------

MAY_1 = pd.Timestamp("2024-05-01 10:20:30")
SECONDS = 1714558830


def times(*values, **more):
    ids = range(len(values))
    table = pd.DataFrame({"user_id": 1, "item_id": ids, "rating": 5, "timestamp": values})
    return check_ratings(table.assign(**more))["timestamp"].tolist()


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [int, float, str, "Int64", object, "category"])
def test_numbers_are_unix_times_in_the_unit_of_their_size(factor, kind):
    given = pd.Series([SECONDS * factor, (SECONDS + 1) * factor])
    read = times(0, 0, timestamp=given.astype(kind))
    assert [t.round("ms") for t in read] == [MAY_1, MAY_1 + pd.Timedelta(seconds=1)]


def test_small_numbers_are_an_order_in_seconds_from_1970():
    start = pd.Timestamp(0)
    for given in ([0, 1, 2], ["0", "1", "2"], [0.0, 1.0, 2.0], [0, 10**7, 3 * 10**7]):
        assert times(*given) == [start + pd.Timedelta(seconds=float(t)) for t in given]
    assert times(2019, 2021) == times("2019", "2021")


def test_unix_seconds_are_read_after_2030_too():
    # One in a hundred could also be a date and an hour.
    given = [1_950_000_000, 1951010110, 1_960_000_000]
    assert times(*given) == [pd.Timestamp(second, unit="s") for second in given]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([20240501, 20240502], ["2024-05-01", "2024-05-02"]),
        (["20240501", "20240502"], ["2024-05-01", "2024-05-02"]),
        ([20240501102030], ["2024-05-01 10:20:30"]),
        (["202405011020"], ["2024-05-01 10:20"]),
        (["20240501", "2024-05-02"], ["2024-05-01", "2024-05-02"]),
        ([dt.date(2024, 5, 1), dt.date(2024, 5, 2)], ["2024-05-01", "2024-05-02"]),
        (pd.period_range("2024-05", periods=2, freq="M"), ["2024-05-01", "2024-06-01"]),
        ([np.datetime64("2024-05-01"), np.datetime64("2024-05-02")], ["2024-05-01", "2024-05-02"]),
        ([" 2024-05-01 "], ["2024-05-01"]),
        (
            [pd.Timestamp("2024-05-01 12:00", tz="Asia/Tokyo"), pd.Timestamp("2024-05-01 12:00Z")],
            ["2024-05-01 03:00", "2024-05-01 12:00"],
        ),
        (["2024-05-01T12:00+02:00", "2024-05-01T12:00Z"], ["2024-05-01 10:00", "2024-05-01 12:00"]),
    ],
)  # fmt: skip
def test_dates_of_every_form_are_read(given, expected):
    assert times(*given) == [pd.Timestamp(time) for time in expected]


@pytest.mark.parametrize(
    ("given", "row", "value"),
    [
        ([SECONDS, SECONDS, SECONDS * 1000], 4, "1714558830000"),
        ([SECONDS * 1000, 0, SECONDS * 1000], 3, "0"),
        ([SECONDS, 0, SECONDS], 3, "0"),
        ([SECONDS, SECONDS, -1], 4, "-1"),
        ([SECONDS, None, SECONDS], 3, "nan"),
        ([SECONDS, "yesterday"], 3, "'yesterday'"),
        ([str(SECONDS), "yesterday", str(SECONDS)], 3, "'yesterday'"),
        (["soon", str(SECONDS), str(SECONDS)], 2, "'soon'"),
        (["2024-05-01", ""], 3, "''"),
        (["2024-05-01", str(SECONDS)], 3, "'1714558830'"),
        ([20240501, 20240502, 20240230], 4, "20240230"),
        ([20240501, 20240502, SECONDS], 4, "1714558830"),
        ([20240501, 20240502, 20240502.5], 4, "20240502.5"),
        ([2024050110, 2024050111], 2, "2024050110"),
        (["9/1/2024", "10/1/2024"], 2, "'9/1/2024'"),
        (["now"], 2, "'now'"),
        (["today"], 2, "'today'"),
        (["12:30"], 2, "'12:30'"),
        (["1856-01-01"], 2, "'1856-01-01'"),
        ([5_000_000_000], 2, "5000000000"),
        ([np.inf], 2, "inf"),
        ([2**64 - 1], 2, "18446744073709551615"),
        ([True, False], 2, "True"),
        ([pd.Timedelta("1h")], 2, "0 days 01:00:00"),
        ([pd.Timestamp("2024-05-01"), pd.NaT], 3, "NaT"),
        ([pd.Timestamp("2369-09-26")], 2, "23.*"),
        (pd.to_datetime([SECONDS, SECONDS + 9]), 2, "1970-01-01 00:00:01.714558830"),
        (pd.to_datetime([1714471200000] * 2), 2, "1970-01-01 00:28:34.471200"),
        (["31012024", "15022024", "01032024"], 2, "'31012024'"),
        ([1032024, 31012024, 15022024], 2, "1032024"),
        (["01312024", "02152024"], 2, "'01312024'"),
        ([310120241020], 2, "310120241020"),
        ([202405, 202406], 2, "202405"),
        ([20241301, 20241401], 2, "20241301"),
        ([{"a": 1}], 2, r"\{'a': 1\}"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_named_in_its_own_row(given, row, value):
    with pytest.raises(ValueError, match=f"row {row}, column 'timestamp': ({value}) is not a time"):
        times(*given)


def test_an_empty_or_wrong_time_among_unix_seconds_is_named_in_its_own_row(checked):
    for cell, value in (("", "<NA>"), ("soon", "'soon'")):
        with pytest.raises(ValueError, match=f"row 3, column 'timestamp': {value} is not a time"):
            checked(f"u1,t1,5,{SECONDS}\nu1,t2,5,{cell}\nu2,t1,5,{SECONDS}\n")


def test_a_checked_table_is_the_same_checked_again():
    for given in ([0.5, 1.25], [SECONDS, SECONDS + 1], ["2024-05-01", "2024-05-02"]):
        once = check_ratings(frame(timestamp=given))
        pd.testing.assert_frame_equal(check_ratings(once), once)


def test_dates_of_items_may_be_older_and_years_alone():
    table = pd.DataFrame({"item_id": range(4), "released": [1503, 1999, np.nan, 2024]})
    dates = check_ids(table, "item_id", dates=("released",))["released"]
    assert dates.dt.year.tolist()[:2] == [1503, 1999]
    assert dates.isna().tolist() == [False, False, True, False]


# --- tables of other kinds ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (frame().to_dict("list"), "ratings: dict, expected a DataFrame with user_id, item_id, ra"),
        ([(1, 2, 3, 4)], "ratings: list, expected"),
        ("ratings.csv", "ratings: str, .*read_csv"),
        (None, "ratings: NoneType, .*to_pandas"),
    ],
)
def test_what_is_no_table_is_refused_with_the_remedy(table, message):
    with pytest.raises(TypeError, match=message):
        check_ratings(table)
    with pytest.raises(TypeError, match=r"items: .* expected a DataFrame with item_id"):
        check_ids(table, "item_id")


@pytest.mark.parametrize("ids", [np.array([2**63 + 1, 2], np.uint64), [2**70, 2], [2**70, "a"]])
def test_whole_ids_beyond_64_bits_are_named(ids):
    with pytest.raises(ValueError, match=r"row 2, column 'user_id': \d+ does not fit 64 bits"):
        check_ratings(frame(user_id=pd.Series(ids)))


def test_unsigned_ids_that_fit_are_all_right():
    assert check_ratings(frame(user_id=np.array([1, 2], np.uint64)))["user_id"].tolist() == [1, 2]


def test_text_ids_and_numbers_never_meet_in_silence():
    for column, name in (("items", "item_id"), ("users", "user_id")):
        ours = frame()[name]
        with pytest.raises(ValueError, match=rf"row 2, column '{name}'.*astype\(str\)"):
            check_ratings(frame(), **{column: ours.astype(str)})
        with pytest.raises(ValueError, match=rf"row 2, column '{name}'.*astype\(int\)"):
            check_ratings(frame(**{name: ours.astype(str)}), **{column: ours})


@pytest.mark.parametrize("scale", [(5, 1), (1, 1), (np.nan, 5), 5, (1, 5, 2), ("1", "5")])
def test_a_scale_is_lowest_and_highest(scale):
    with pytest.raises(ValueError, match=r"scale: .* is not \(lowest, highest\)"):
        check_ratings(frame(), scale=scale)


@pytest.mark.parametrize("columns", ["user_id,x", "user_id,x,y"])
def test_another_separator_is_seen_even_if_nothing_but_the_required_columns_is_there(
    table, columns
):
    with pytest.raises(ValueError, match="the table seems to have ';' between cells, not ','"):
        table(columns.replace(",", ";") + "\n1;2\n", required=("user_id", "x"))


@pytest.mark.parametrize("rating", [pd.Timestamp("2024-05-01"), pd.Timedelta("1h"), 10**400, 4j])
def test_a_rating_of_another_kind_is_no_number(rating):
    with pytest.raises(ValueError, match=r"row 2, column 'rating': .* is not a number"):
        check_ratings(frame(rating=[rating, rating]), scale=None)


def test_equal_ids_are_one_object():
    texts = [f"u{number}" for number in (1, 2, 1)]
    frame = pd.DataFrame({"user_id": texts, "item_id": ["a", "b", "b"], "rating": 3})
    clean = check_ratings(frame.assign(timestamp="2024-05-01"))
    first, _, third = clean["user_id"]
    assert first is third
    assert clean["user_id"].tolist() == texts
