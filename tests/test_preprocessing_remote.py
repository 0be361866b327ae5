"""A file that lies elsewhere is copied, used and removed; a path is used as it is."""

from pathlib import Path

import pytest

from mmrec_course.preprocessing import MediaError
from mmrec_course.preprocessing.remote import local_copy


def test_a_path_is_used_as_it_is():
    with local_copy("covers/no such file.png") as path:
        assert path == "covers/no such file.png"


def test_an_address_is_copied_under_its_name_and_removed(tmp_path):
    pytest.importorskip("fsspec")
    (tmp_path / "a b.png").write_bytes(b"picture")
    with local_copy((tmp_path / "a b.png").as_uri().replace("%20", " ")) as path:
        copy = Path(path)
        assert copy.name == "a b.png"
        assert copy.read_bytes() == b"picture"
        assert copy.parent != tmp_path
    assert not copy.exists()


@pytest.mark.parametrize("address", ["file:///no/such/file.png", "nowhere://file.png"])
def test_what_cannot_be_read_is_a_media_error(address):
    pytest.importorskip("fsspec")
    with pytest.raises(MediaError, match=r"file\.png: cannot be read"), local_copy(address):
        pass


def test_a_missing_package_is_no_fault_of_the_file(monkeypatch):
    fsspec = pytest.importorskip("fsspec")

    def refuse(*_):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec, "open", refuse)
    with pytest.raises(ImportError, match="s3fs"), local_copy("s3://bucket/file.png"):
        pass
