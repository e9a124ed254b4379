import errno
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tv5_assets.errors import InputError
from tv5_assets.movielens import download as module
from tv5_assets.movielens.archive import ArchiveUnavailableError, obtain
from tv5_assets.movielens.download import download, md5_in
from tv5_assets_tests.movielens.sets import write_csv_set
from tv5_assets_tests.movielens.test_archive import beside, zipped

CONTENT = bytes(range(256)) * 8_192  # 2 MiB


class Server(ThreadingHTTPServer):
    """A server of files in memory, which can be told to misbehave."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.etag = '"1"'
        self.cut_after: list[int] = []  # bytes after which an answer is cut, one for each of the next requests
        self.statuses: list[int] = []  # status of the next requests
        self.ranges: list[str | None] = []  # Range of each request for a file that is there

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        if content is None:
            return self.answer(404, b"")
        if self.server.statuses:
            return self.answer(self.server.statuses.pop(0), b"")
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if wanted is None or self.headers.get("If-Range") != self.server.etag:
            return self.answer(200, content)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return self.answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        return self.answer(206, content[start:], {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"})

    def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), "ETag": self.server.etag, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        cut = self.server.cut_after.pop(0) if self.server.cut_after and content else None
        self.wfile.write(content[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT", lambda state: 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "downloads/set.zip"


def assert_only(path: Path) -> None:
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_whole(server: Server, path: Path) -> None:
    server.files["/set.zip"] = CONTENT
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT
    assert_only(path)


def test_nothing_is_downloaded_twice(server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"there")
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == b"there"
    assert server.ranges == []


def test_a_cut_connection_is_resumed(server: Server, path: Path) -> None:
    server.files["/set.zip"] = CONTENT
    server.cut_after = [1_000_000, 500_000]
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT
    first, *resumed = server.ranges
    assert first is None
    assert len(resumed) == 2
    assert all(wanted is not None for wanted in resumed)


def test_a_later_run_resumes(server: Server, path: Path) -> None:
    server.files["/set.zip"] = CONTENT
    server.cut_after = [400_000] * module.ATTEMPTS
    with pytest.raises(ArchiveUnavailableError):
        download(f"{server.url}/set.zip", path)
    assert not path.exists()
    have = path.with_name("set.zip.part").stat().st_size
    assert have > 0
    server.cut_after, server.ranges = [], []
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={have}-"]
    assert_only(path)


def test_a_file_that_changed_meanwhile_is_started_over(server: Server, path: Path) -> None:
    server.files["/set.zip"] = b"old" * 400_000
    server.cut_after = [300_000] * module.ATTEMPTS
    with pytest.raises(ArchiveUnavailableError):
        download(f"{server.url}/set.zip", path)
    server.files["/set.zip"], server.etag, server.cut_after = CONTENT, '"2"', []
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT


def test_killed_after_the_last_byte(server: Server, path: Path) -> None:
    server.files["/set.zip"] = CONTENT
    path.parent.mkdir()
    path.with_name("set.zip.part").write_bytes(CONTENT)
    path.with_name("set.zip.part.validator").write_text(server.etag)
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT
    assert len(server.ranges) == 1


def test_a_part_longer_than_the_file_is_started_over(server: Server, path: Path) -> None:
    server.files["/set.zip"] = CONTENT
    path.parent.mkdir()
    path.with_name("set.zip.part").write_bytes(CONTENT + b"more")
    path.with_name("set.zip.part.validator").write_text(server.etag)
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT


def test_checksum_that_matches(server: Server, path: Path) -> None:
    digest = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    server.files |= {"/set.zip": CONTENT, "/set.zip.md5": f"{digest}  set.zip\n".encode()}
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT


def test_checksum_that_does_not_match(server: Server, path: Path) -> None:
    server.files |= {"/set.zip": CONTENT, "/set.zip.md5": b"MD5 (set.zip) = " + b"ab" * 16}
    with pytest.raises(InputError, match=r"published is (ab){16}"):
        download(f"{server.url}/set.zip", path)
    assert list(path.parent.iterdir()) == []


def test_a_server_that_is_busy_is_asked_again(server: Server, path: Path) -> None:
    server.files["/set.zip"] = CONTENT
    server.statuses = [503, 429]
    download(f"{server.url}/set.zip", path)
    assert path.read_bytes() == CONTENT


def test_a_server_that_stays_busy(server: Server, path: Path) -> None:
    server.files["/set.zip"] = CONTENT
    server.statuses = [503] * 10
    with pytest.raises(ArchiveUnavailableError, match="503 Service Unavailable"):
        download(f"{server.url}/set.zip", path)
    assert len(server.statuses) == 10 - module.ATTEMPTS


def test_not_there(server: Server, path: Path) -> None:
    with pytest.raises(ArchiveUnavailableError, match="404 Not Found; check TV5_DOWNLOAD_URL"):
        download(f"{server.url}/set.zip", path)
    assert list(path.parent.iterdir()) == []


def test_server_down(server: Server, path: Path) -> None:
    url = f"{server.url}/set.zip"
    server.server_close()
    with pytest.raises(ArchiveUnavailableError, match=r"cannot be downloaded .*check the network"):
        download(url, path)


def test_full_disk_leaves_nothing(server: Server, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_client: object, _url: str, part: Path) -> None:
        part.write_bytes(b"as much as went on it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_fetch", no_room)
    with pytest.raises(OSError, match="No space left"):
        download(f"{server.url}/set.zip", path)
    assert list(path.parent.iterdir()) == []


def test_obtaining_a_set_that_is_only_on_the_server(server: Server, tmp_path: Path) -> None:
    made = zipped(write_csv_set(tmp_path / "made/ml-latest-small"), tmp_path / "made.zip").read_bytes()
    server.files["/ml-latest-small.zip"] = made
    target = tmp_path / "data/raw/movielens"
    manifest = obtain("ml-latest-small", target, search=[tmp_path / "empty"], download_url=f"{server.url}/")
    assert manifest["source"].unique().to_list() == [f"{server.url}/ml-latest-small.zip"]
    assert beside(target) == ["movielens"]
    again = obtain("ml-latest-small", target, search=[], download_url=server.url)
    assert again.equals(manifest)
    assert len(server.ranges) == 1


def test_a_damaged_archive_on_the_server_leaves_nothing(server: Server, tmp_path: Path) -> None:
    made = zipped(write_csv_set(tmp_path / "made/ml-latest-small"), tmp_path / "made.zip").read_bytes()
    server.files["/ml-latest-small.zip"] = made[:-100]
    target = tmp_path / "data/raw/movielens"
    with pytest.raises(InputError, match="damaged or cut short"):
        obtain("ml-latest-small", target, search=[], download_url=server.url)
    assert beside(target) == []


def test_checksum_files_as_they_are_written() -> None:
    digest = "d41d8cd98f00b204e9800998ecf8427e"
    assert md5_in(f"{digest}  ml-25m.zip\n") == digest
    assert md5_in(f"MD5 (ml-1m.zip) = {digest.upper()}") == digest
    assert md5_in("<html>") is None
