"""Saved models: what comes back, and which folders are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from mmrec_course.recommenders import storage
from mmrec_course.recommenders.storage import read_folder, write_folder

ARRAYS = {
    "ids": np.array(["ä", "b b", "c"], dtype=object),
    "numbers": np.arange(4.0),
    "none": np.zeros((0, 3)),
    "table": sp.csr_array(([1.0, 0.0], ([0, 1], [2, 0])), shape=(2, 3)),
}
VALUES = {"weights": {"image": 0.5}, "nothing": None, "third": 1 / 3, "pairs": (("a", 1), ())}


@pytest.fixture
def saved(tmp_path):
    return write_folder(tmp_path / "model", "Thing", ARRAYS, VALUES)


def test_what_goes_in_comes_out(saved):
    arrays, values = read_folder(saved, "Thing")
    assert values == VALUES
    assert set(arrays) == set(ARRAYS)
    assert arrays["ids"].dtype == object
    assert arrays["ids"].tolist() == ["ä", "b b", "c"]
    assert arrays["none"].shape == (0, 3)
    assert arrays["table"].nnz == 2, "an explicit zero is kept"
    np.testing.assert_array_equal(arrays["table"].toarray(), ARRAYS["table"].toarray())


def test_numpy_scalars_come_out_as_the_same_plain_values(tmp_path):
    given = {
        "whole": np.int64(3),
        "small": np.uint8(7),
        "real": np.float32(0.5),
        "flag": np.bool_(True),
        "text": np.str_("word"),
        "names": (np.int64(0), (np.str_("a"), np.float64(2.5)), None),
        "inside": {np.str_("key"): [np.int32(1)]},
    }
    values = read_folder(write_folder(tmp_path / "model", "Thing", {}, given), "Thing")[1]
    assert values == {**given, "inside": {"key": (1,)}}
    assert {type(values[name]) for name in ("whole", "small")} == {int}
    assert [type(values[name]) for name in ("real", "flag", "text")] == [float, bool, str]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rng": np.random.default_rng(0)}, r"values\['rng'\]: Generator.* cannot be saved; use"),
        ({"names": ("a", np.datetime64("2024-01-01"))}, r"values\['names'\]\[1\]: .*2024-01-01"),
        ({"names": {"text": [{1, 2}]}}, r"values\['names'\]\['text'\]\[0\]: .* \(set\)"),
        ({"z": np.complex128(1j)}, r"values\['z'\]: .* \(complex"),
        ({1: "a"}, "values: the key 1 cannot be saved; use text"),
    ],
)
def test_what_cannot_be_saved_is_named_before_anything_is_written(tmp_path, value, message):
    with pytest.raises(TypeError, match=message):
        write_folder(tmp_path / "folder" / "model", "Thing", ARRAYS, value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["arrays.npz", "values.json"])
def test_a_changed_byte_a_cut_and_a_missing_file_are_refused(saved, name):
    path = saved / name
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    with pytest.raises(ValueError, match=f"{name}: was changed or cut off"):
        read_folder(saved, "Thing")
    path.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=f"{name}: was changed or cut off"):
        read_folder(saved, "Thing")
    path.unlink()
    with pytest.raises(ValueError, match=f"{name}: missing"):
        read_folder(saved, "Thing")


def test_foreign_newer_and_other_folders_are_refused(saved, tmp_path):
    with pytest.raises(ValueError, match="not a saved model"):
        read_folder(tmp_path, "Thing")
    with pytest.raises(ValueError, match="a saved 'Thing', not a 'Other'"):
        read_folder(saved, "Other")
    seal = json.loads((saved / "seal.json").read_text())
    (saved / "seal.json").write_text(json.dumps({**seal, "format": storage.FORMAT + 1}))
    with pytest.raises(ValueError, match="format 2, this version reads 1"):
        read_folder(saved, "Thing")
    for broken in ("{", "[]", "{}", json.dumps({**seal, "sha256": 3})):
        (saved / "seal.json").write_text(broken)
        with pytest.raises(ValueError, match="not a saved model"):
            read_folder(saved, "Thing")


def test_pickles_are_never_read(saved):
    np.savez(saved / "arrays.npz", ids=np.array([{"a": 1}], dtype=object))
    seal = json.loads((saved / "seal.json").read_text())
    seal["sha256"]["arrays.npz"] = storage._sum(saved / "arrays.npz")
    (saved / "seal.json").write_text(json.dumps(seal))
    with pytest.raises(ValueError, match="cannot be read"):
        read_folder(saved, "Thing")


def test_a_save_replaces_a_save_but_nothing_else(saved, tmp_path):
    write_folder(saved, "Thing", {"numbers": np.ones(1)}, {})
    assert list(read_folder(saved, "Thing")[0]) == ["numbers"]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"meow")
    with pytest.raises(ValueError, match="holds something that is not a saved model"):
        write_folder(tmp_path / "photos", "Thing", ARRAYS, VALUES)
    assert (tmp_path / "photos" / "cat.png").read_bytes() == b"meow"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "arrays.npz").write_bytes(b"measured for years")
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "own", tmp_path / "file"):
        with pytest.raises(ValueError, match="holds something that is not a saved model"):
            write_folder(folder, "Thing", ARRAYS, VALUES)
    assert (tmp_path / "own" / "arrays.npz").read_bytes() == b"measured for years"
    (tmp_path / "empty").mkdir()
    assert read_folder(write_folder(tmp_path / "empty", "Thing", {}, {}), "Thing") == ({}, {})


def test_a_broken_save_is_replaced(saved):
    (saved / "arrays.npz").unlink()
    (saved / "values.json").write_text("{")
    write_folder(saved, "Thing", {"numbers": np.ones(1)}, {})
    assert list(read_folder(saved, "Thing")[0]) == ["numbers"]


def test_a_new_model_that_cannot_take_the_old_one_s_place_leaves_it(saved, monkeypatch, tmp_path):
    replace = Path.replace

    def refuse(self, target):
        if self.name == "new":
            raise PermissionError(f"{target}: read-only")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError, match="read-only"):
        write_folder(saved, "Thing", {"numbers": np.ones(1)}, {})
    assert set(read_folder(saved, "Thing")[0]) == set(ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_crash_while_saving_leaves_the_old_model(saved, monkeypatch, tmp_path):
    def crash(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", crash)
    for folder in (saved, tmp_path / "new"):
        with pytest.raises(OSError, match="no space left"):
            write_folder(folder, "Thing", {"numbers": np.ones(1)}, {})
    assert set(read_folder(saved, "Thing")[0]) == set(ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["model"], "and no litter"
