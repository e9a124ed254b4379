from pathlib import Path

import pytest

from tv5_assets.errors import InputError
from tv5_assets.movielens import formats
from tv5_assets.movielens.published import PUBLISHED
from tv5_assets.settings import DATASETS
from tv5_assets_tests.movielens.sets import write_csv_set, write_genome_set, write_ml_1m, write_ml_100k


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (write_csv_set, formats.CSV),
        (write_genome_set, formats.CSV_WITH_GENOME),
        (write_ml_1m, formats.ML_1M),
        (write_ml_100k, formats.ML_100K),
    ],
)
def test_each_format_is_recognised(tmp_path: Path, write, expected: formats.SetFormat) -> None:
    folder = write(tmp_path / "set")
    assert formats.is_set(folder)
    assert formats.check(folder) is expected


def test_every_dataset_of_the_settings_has_a_format() -> None:
    assert tuple(formats.FORMATS) == DATASETS
    assert set(PUBLISHED) == set(DATASETS) - {"simulated"}


def test_unknown_dataset() -> None:
    with pytest.raises(InputError, match=r"no dataset 'ml-9'; choose one of ml-25m"):
        formats.format_of("ml-9")


def test_half_a_genome_is_not_whole(tmp_path: Path) -> None:
    folder = write_genome_set(tmp_path / "set")
    (folder / "genome-tags.csv").unlink()
    with pytest.raises(InputError, match=r"genome-tags\.csv is missing"):
        formats.check(folder)


def test_a_named_set_must_have_its_own_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"genome-tags\.csv is missing"):
        formats.check(write_csv_set(tmp_path / "set"), formats.format_of("ml-25m"))


def test_a_file_without_header_must_have_its_fields(tmp_path: Path) -> None:
    folder = write_ml_100k(tmp_path / "set")
    (folder / "u.data").write_text("196,1,3,881250949\n")
    with pytest.raises(InputError, match=r"u\.data has 1 fields in its first line, expected 4"):
        formats.check(folder)


def test_files_are_known_by_name() -> None:
    assert formats.file_named("u.item") is formats.ML_100K.file("movies")
    assert formats.file_named("README.txt") is None
