import errno
import os
import shutil
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from tv5_assets.errors import InputError
from tv5_assets.movielens import archive, extract
from tv5_assets.movielens.archive import ArchiveUnavailableError, find, obtain
from tv5_assets.tables.raw import RawMovieLens
from tv5_assets_tests.movielens.sets import RATINGS, write_csv_set, write_ml_1m, write_ml_100k

NOWHERE = "http://127.0.0.1:9/datasets"  # the discard port: nothing listens


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tv5_assets.movielens.download.WAIT", lambda state: 0)


def zipped(folder: Path, to: Path, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Zip a set's folder as GroupLens does: all its files in a folder of the set's name."""
    with zipfile.ZipFile(to, "w", compression) as opened:
        for path in sorted(folder.iterdir()):
            opened.write(path, f"{folder.name}/{path.name}")
    return to


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Return a folder that holds a good ml-latest-small.zip."""
    zipped(write_csv_set(tmp_path / "made/ml-latest-small"), tmp_path / "ml-latest-small.zip")
    folder = tmp_path / "shelf"
    folder.mkdir()
    (tmp_path / "ml-latest-small.zip").rename(folder / "ml-latest-small.zip")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data/ml-latest-small/raw/movielens"


def obtained(target: Path, *search: Path, dataset: str = "ml-latest-small") -> pl.DataFrame:
    manifest = obtain(dataset, target, search=search, download_url=NOWHERE)
    RawMovieLens.validate(manifest)
    return manifest


def beside(target: Path) -> list[str]:
    """Return what lies beside the target, the target included, the empty lock excluded."""
    return sorted(path.name for path in target.parent.iterdir() if path.name != f".{target.name}.lock")


def refused(target: Path, *search: Path, dataset: str = "ml-latest-small", match: str) -> None:
    """Expect an error, and that it leaves nothing behind."""
    with pytest.raises(InputError, match=match):
        obtain(dataset, target, search=search, download_url=NOWHERE)
    assert not target.parent.exists() or beside(target) == []


class TestFind:
    def test_in_the_order_of_the_folders_and_folder_before_zip(self, tmp_path: Path, shelf: Path) -> None:
        other = tmp_path / "other"
        write_csv_set(other / "ml-latest-small")
        (other / "ml-latest-small.zip").touch()
        assert find("ml-latest-small", [shelf, other]) == shelf / "ml-latest-small.zip"
        assert find("ml-latest-small", [other, shelf]) == other / "ml-latest-small"
        assert find("ml-latest-small", [tmp_path / "absent"]) is None

    def test_a_folder_of_that_name_without_a_set_does_not_count(self, shelf: Path) -> None:
        (shelf / "ml-latest-small/processed").mkdir(parents=True)
        assert find("ml-latest-small", [shelf]) == shelf / "ml-latest-small.zip"

    def test_unknown_dataset(self) -> None:
        with pytest.raises(InputError, match="no dataset 'ml-9'"):
            find("ml-9", [])


class TestObtain:
    def test_from_a_zip(self, shelf: Path, target: Path) -> None:
        manifest = obtained(target, shelf)
        assert dict(manifest.select("name", "rows").iter_rows()) == {
            "README.txt": None,
            "links.csv": 4,
            "movies.csv": 4,
            "ratings.csv": 4,
            "tags.csv": 5,
        }
        ratings = manifest.row(by_predicate=pl.col("name") == "ratings.csv", named=True)
        assert ratings["bytes"] == (target / "ratings.csv").stat().st_size == len(RATINGS) + RATINGS.count("\n")
        assert ratings["source"] == str(shelf / "ml-latest-small.zip")
        assert "no commercial use" in ratings["licence"]
        assert (target / "ratings.csv").read_bytes() == RATINGS.replace("\n", "\r\n").encode()

    def test_from_a_folder(self, tmp_path: Path, target: Path) -> None:
        write_csv_set(tmp_path / "there/ml-latest-small")
        from_folder = obtained(target, tmp_path / "there")
        assert from_folder["source"].unique().to_list() == [str(tmp_path / "there/ml-latest-small")]
        assert (target / "movies.csv").read_bytes() == (tmp_path / "there/ml-latest-small/movies.csv").read_bytes()

    @pytest.mark.parametrize(
        ("dataset", "write", "rows"),
        [
            ("ml-1m", write_ml_1m, {"movies.dat": 3, "ratings.dat": 3, "users.dat": 2}),
            ("ml-100k", write_ml_100k, {"u.data": 2, "u.item": 3, "u.user": 2, "u.genre": None}),
        ],
    )
    def test_older_sets(self, tmp_path: Path, target: Path, dataset: str, write, rows: dict[str, int | None]) -> None:
        write(tmp_path / dataset)
        assert dict(obtained(target, tmp_path, dataset=dataset).select("name", "rows").iter_rows()) == rows

    def test_simulated_says_so(self, tmp_path: Path, target: Path) -> None:
        write_csv_set(tmp_path / "simulated")
        refused(target, tmp_path, dataset="simulated", match=r"has no SIMULATED\.txt")
        (tmp_path / "simulated/SIMULATED.txt").write_text("seed 42\n")
        manifest = obtained(target, tmp_path, dataset="simulated")
        assert manifest["licence"].str.starts_with("Simulated").all()
        assert manifest["source"].str.ends_with("(simulated)").all()

    def test_an_unchanged_set_is_left_alone(self, shelf: Path, target: Path) -> None:
        first = obtained(target, shelf)
        before = {path: path.stat().st_ino for path in target.iterdir()}
        assert obtained(target, shelf).equals(first)
        assert {path: path.stat().st_ino for path in target.iterdir()} == before

    def test_it_is_kept_when_its_source_is_gone(self, shelf: Path, target: Path) -> None:
        first = obtained(target, shelf)
        assert obtained(target).equals(first)
        (target / "ratings.csv").write_text(RATINGS + "9,9,1.0,9\n")
        with pytest.raises(ArchiveUnavailableError):
            obtained(target)

    def test_a_changed_file_is_put_right(self, shelf: Path, target: Path) -> None:
        first = obtained(target, shelf)
        (target / "ratings.csv").write_bytes((target / "ratings.csv").read_bytes().replace(b"4.0", b"1.0"))
        (target / "surplus.csv").write_text("x\n")
        assert obtained(target, shelf).equals(first)
        assert not (target / "surplus.csv").exists()
        assert beside(target) == ["movielens"]

    def test_a_newer_archive_replaces(self, tmp_path: Path, shelf: Path, target: Path) -> None:
        obtained(target, shelf)
        newer = write_csv_set(tmp_path / "newer/ml-latest-small", ratings=RATINGS + "9,1,1.0,9\n")
        zipped(newer, shelf / "ml-latest-small.zip")
        rows = dict(obtained(target, shelf).select("name", "rows").iter_rows())
        assert rows["ratings.csv"] == 5

    @pytest.mark.parametrize("left", [".movielens.partial", ".movielens.old"])
    def test_what_a_killed_run_left_is_removed(self, shelf: Path, target: Path, left: str) -> None:
        obtained(target, shelf)
        (target.parent / left).mkdir()
        (target.parent / left / "movies.csv").write_text("half a fi")
        obtained(target, shelf)
        assert beside(target) == ["movielens"]

    def test_a_run_killed_while_replacing(self, shelf: Path, target: Path) -> None:
        first = obtained(target, shelf)
        target.rename(target.with_name(".movielens.old"))
        assert obtained(target).equals(first)

    def test_two_at_once_do_not_disturb_each_other(self, shelf: Path, target: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            manifests = list(pool.map(lambda _: obtained(target, shelf), range(16)))
        assert all(manifest.equals(manifests[0]) for manifest in manifests)
        assert beside(target) == ["movielens"]


class TestRefused:
    def test_truncated_zip(self, shelf: Path, target: Path) -> None:
        whole = (shelf / "ml-latest-small.zip").read_bytes()
        (shelf / "ml-latest-small.zip").write_bytes(whole[: len(whole) // 2])
        refused(target, shelf, match=r"ml-latest-small\.zip is damaged or cut short")

    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_a_flipped_byte(self, tmp_path: Path, shelf: Path, target: Path, compression: int) -> None:
        path = zipped(tmp_path / "made/ml-latest-small", shelf / "ml-latest-small.zip", compression)
        content = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as opened:
            start = opened.getinfo("ml-latest-small/ratings.csv").header_offset
        content[start + 70] ^= 0xFF
        path.write_bytes(content)
        refused(target, shelf, match=r"ml-latest-small\.zip is damaged or cut short")

    def test_wrong_checksum(self, shelf: Path, target: Path) -> None:
        (shelf / "ml-latest-small.zip.md5").write_text(f"MD5 (ml-latest-small.zip) = {'0' * 32}\n")
        refused(target, shelf, match=r"ml-latest-small\.zip has the MD5 \w{32}, published is 0{32}")

    def test_not_a_zip(self, shelf: Path, target: Path) -> None:
        (shelf / "ml-latest-small.zip").write_text("<html>not found</html>")
        refused(target, shelf, match="damaged or cut short")

    def test_another_set_in_the_zip(self, shelf: Path, target: Path) -> None:
        (shelf / "ml-latest-small.zip").rename(shelf / "ml-25m.zip")
        refused(target, shelf, dataset="ml-25m", match="holds no folder ml-25m/")

    def test_missing_file(self, tmp_path: Path, shelf: Path, target: Path) -> None:
        made = tmp_path / "made/ml-latest-small"
        (made / "movies.csv").unlink()
        zipped(made, shelf / "ml-latest-small.zip")
        refused(target, shelf, match=r"movies\.csv is missing")

    def test_empty_file(self, tmp_path: Path, shelf: Path, target: Path) -> None:
        zipped(write_csv_set(tmp_path / "made/ml-latest-small", tags=""), shelf / "ml-latest-small.zip")
        refused(target, shelf, match=r"tags\.csv is empty")

    def test_renamed_column(self, tmp_path: Path, target: Path) -> None:
        write_csv_set(tmp_path / "there/ml-latest-small", ratings=RATINGS.replace("rating,", "score,"))
        refused(
            target,
            tmp_path / "there",
            match=r"ratings\.csv has the header 'userId,movieId,score,timestamp', expected 'userId,movieId,rating",
        )

    def test_missing_column(self, tmp_path: Path, target: Path) -> None:
        write_csv_set(tmp_path / "there/ml-latest-small", links="movieId,imdbId\n1,2\n")
        refused(target, tmp_path / "there", match=r"links\.csv has the header 'movieId,imdbId', expected")

    def test_not_utf_8(self, tmp_path: Path, shelf: Path, target: Path) -> None:
        made = write_csv_set(tmp_path / "made/ml-latest-small", ratings=RATINGS.encode() + b"\xe9,1,1.0,5\n")
        zipped(made, shelf / "ml-latest-small.zip")
        refused(target, shelf, match=r"ratings\.csv, line 6: byte 0xe9 is not UTF-8")

    def test_unknown_dataset(self, shelf: Path, target: Path) -> None:
        refused(target, shelf, dataset="ml-9", match="no dataset 'ml-9'; choose one of")

    def test_full_disk(self, shelf: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_room(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(extract, "measure", no_room)
        refused(target, shelf, match="the disk of .* is full")

    def test_to_be_had_nowhere(self, tmp_path: Path, target: Path) -> None:
        with pytest.raises(
            ArchiveUnavailableError, match=r"ml-latest-small\.zip cannot be downloaded .*TV5_ARCHIVE_DIR"
        ):
            obtain("ml-latest-small", target, search=[tmp_path], download_url=NOWHERE)
        with pytest.raises(ArchiveUnavailableError, match=r"no set 'simulated' in .*tv5 simulate"):
            obtain("simulated", target, search=[tmp_path], download_url=NOWHERE)
        assert beside(target) == []


class TestUnsafe:
    @pytest.fixture
    def opened(self, shelf: Path):
        with zipfile.ZipFile(shelf / "ml-latest-small.zip", "a") as opened:
            yield opened

    @pytest.mark.parametrize(
        "name", ["../escaped.csv", "ml-latest-small/../../escaped.csv", "/escaped.csv", "ml-latest-small\\x", "C:x"]
    )
    def test_paths_that_leave_the_folder(self, shelf: Path, target: Path, opened, name: str) -> None:
        opened.writestr(name, "x")
        opened.close()
        refused(target, shelf, match="outside its folder")
        assert not list(target.parents[3].rglob("escaped.csv"))

    def test_link(self, shelf: Path, target: Path, opened) -> None:
        link = zipfile.ZipInfo("ml-latest-small/passwords")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
        opened.close()
        refused(target, shelf, match="a link or a special file")

    def test_bomb(self, shelf: Path, target: Path, opened) -> None:
        opened.writestr("ml-latest-small/zeros.csv", bytes(20_000_000), zipfile.ZIP_DEFLATED)
        opened.close()
        refused(target, shelf, match=r"would unpack from [\d,]+ to 20,\d+,\d+ bytes")

    def test_too_large_in_all(self, shelf: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(extract, "MOST_BYTES", 100)
        refused(target, shelf, match="would unpack")

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_name_twice(self, shelf: Path, target: Path, opened) -> None:
        opened.writestr("ml-latest-small/movies.csv", "x")
        opened.close()
        refused(target, shelf, match=r"holds ml-latest-small/movies\.csv twice")

    def test_what_lies_beside_the_folder_is_not_taken(self, shelf: Path, target: Path, opened) -> None:
        opened.writestr("__MACOSX/ml-latest-small/movies.csv", "x")
        opened.writestr("ml-latest-small/deeper/movies.csv", "x")
        opened.close()
        assert "movies.csv" in obtained(target, shelf)["name"]
        assert sorted(path.name for path in target.iterdir() if path.is_dir()) == []


def test_replacing_survives_a_failure_before_it(shelf: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    obtained(target, shelf)
    before = (target / "ratings.csv").read_bytes()
    shutil.copy(shelf / "ml-latest-small.zip", shelf / "copy.zip")
    (shelf / "ml-latest-small.zip").write_bytes((shelf / "copy.zip").read_bytes()[:-40])
    with pytest.raises(InputError):
        obtained(target, shelf)
    assert (target / "ratings.csv").read_bytes() == before
    assert beside(target) == ["movielens"]
    assert archive.find("ml-latest-small", [shelf]) is not None
