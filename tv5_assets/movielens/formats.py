"""How each MovieLens set is written: its files, separators, encodings, headers and columns, as data.

ml-25m and the latest sets are CSV with a header, with or without a tag genome; ml-1m is Latin-1 separated by ``::``;
ml-100k is Latin-1 separated by tabs and ``|``. Sources: each set's own README. What does not belong here: reading
rows (records.py) and what becomes of them (parse.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tv5_assets.errors import InputError

SIMULATED_MARK = "SIMULATED.txt"
"""A file of this name in a set's folder says that the set is simulated."""

ML_100K_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The genre flags of ml-100k's ``u.item``, in the order of its last 19 fields."""

ML_1M_OCCUPATIONS = (
    "other", "academic/educator", "artist", "clerical/admin", "college/grad student", "customer service",
    "doctor/health care", "executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer", "programmer",
    "retired", "sales/marketing", "scientist", "self-employed", "technician/engineer", "tradesman/craftsman",
    "unemployed", "writer",
)  # fmt: skip
"""The occupations that ml-1m's ``users.dat`` gives as numbers, from 0."""


@dataclass(frozen=True)
class RawFile:
    """One file of a set.

    Attributes:
        name: file name.
        table: table of the processed layer that its rows become; ``links`` become columns of movies.
        columns: the platform's name and the type of each field, in the file's order.
        header: the first line's fields; None where the file starts with data.
        separator: what stands between two fields.
        latin1: encoded in Latin-1, not UTF-8.
        free_text: fields hold free text, so that quotes and encoding matter; otherwise all are numbers.
    """

    name: str
    table: str
    columns: Mapping[str, type[pl.DataType]]
    header: tuple[str, ...] | None = None
    separator: str = ","
    latin1: bool = False
    free_text: bool = False

    @property
    def quoted(self) -> bool:
        """Fields may be quoted as in RFC 4180: so in the CSV sets, never in the older ones."""
        return self.free_text and self.separator == ","

    @property
    def header_lines(self) -> int:
        """Lines before the first row."""
        return 0 if self.header is None else 1


@dataclass(frozen=True)
class SetFormat:
    """The files of a set, in the order in which they are listed in manifests and rejects."""

    name: str
    files: tuple[RawFile, ...]

    def file(self, table: str) -> RawFile | None:
        """Return the file that feeds a table; None where the set has none."""
        return next((file for file in self.files if file.table == table), None)


_INTERACTION = {"user_id": pl.Int32, "movie_id": pl.Int32}
_RATING = {**_INTERACTION, "rating": pl.Float32, "timestamp": pl.Int64}
_MOVIE = {"movie_id": pl.Int32, "title": pl.String, "genres": pl.String}

CSV = SetFormat(
    "CSV",
    (
        RawFile("movies.csv", "movies", _MOVIE, ("movieId", "title", "genres"), free_text=True),
        RawFile(
            "links.csv",
            "links",
            # As text: imdbId is zero-led, and a tmdbId that is no number must be seen, not read as missing.
            {"movie_id": pl.Int32, "imdb": pl.String, "tmdb": pl.String},
            ("movieId", "imdbId", "tmdbId"),
            free_text=True,
        ),
        RawFile("ratings.csv", "ratings", _RATING, ("userId", "movieId", "rating", "timestamp")),
        RawFile(
            "tags.csv",
            "tags",
            {**_INTERACTION, "tag": pl.String, "timestamp": pl.Int64},
            ("userId", "movieId", "tag", "timestamp"),
            free_text=True,
        ),
    ),
)
CSV_WITH_GENOME = SetFormat(
    "CSV with tag genome",
    (
        *CSV.files,
        RawFile(
            "genome-tags.csv",
            "genome_tags",
            {"tag_id": pl.Int16, "genome_tag": pl.String},
            ("tagId", "tag"),
            free_text=True,
        ),
        RawFile(
            "genome-scores.csv",
            "genome_scores",
            {"movie_id": pl.Int32, "tag_id": pl.Int16, "relevance": pl.Float32},
            ("movieId", "tagId", "relevance"),
        ),
    ),
)
ML_1M = SetFormat(
    "ml-1m",
    (
        RawFile("movies.dat", "movies", _MOVIE, separator="::", latin1=True, free_text=True),
        RawFile("ratings.dat", "ratings", _RATING, separator="::", latin1=True),
        RawFile(
            "users.dat",
            "demographics",
            {
                "user_id": pl.Int32,
                "gender": pl.String,
                "age": pl.Int16,
                "occupation_code": pl.Int16,
                "zip_code": pl.String,
            },
            separator="::",
            latin1=True,
            free_text=True,
        ),
    ),
)
ML_100K = SetFormat(
    "ml-100k",
    (
        RawFile(
            "u.item",
            "movies",
            {
                "movie_id": pl.Int32,
                "title": pl.String,
                "release_date": pl.String,
                "video_release_date": pl.String,
                "imdb_url": pl.String,
                **dict.fromkeys(ML_100K_GENRES, pl.Int8),
            },
            separator="|",
            latin1=True,
            free_text=True,
        ),
        RawFile("u.data", "ratings", _RATING, separator="\t", latin1=True),
        RawFile(
            "u.user",
            "demographics",
            {
                "user_id": pl.Int32,
                "age": pl.Int16,
                "gender": pl.String,
                "occupation": pl.String,
                "zip_code": pl.String,
            },
            separator="|",
            latin1=True,
            free_text=True,
        ),
    ),
)

FORMATS: Mapping[str, SetFormat | None] = {
    "ml-25m": CSV_WITH_GENOME,
    "ml-latest-small": CSV,
    "ml-1m": ML_1M,
    "ml-100k": ML_100K,
    "simulated": None,
}
"""The format of each dataset; None where only its files can tell."""


def format_of(dataset: str) -> SetFormat | None:
    """Return the format that a dataset must have; None where only its files can tell.

    Raises:
        InputError: there is no such dataset.
    """
    if dataset not in FORMATS:
        raise InputError(f"there is no dataset {dataset!r}; choose one of {', '.join(FORMATS)}")
    return FORMATS[dataset]


def is_set(folder: Path) -> bool:
    """Tell whether a folder holds any file of a MovieLens set."""
    return any((folder / file.name).is_file() for known in (CSV_WITH_GENOME, ML_1M, ML_100K) for file in known.files)


def detect(folder: Path) -> SetFormat:
    """Return the format of the set in a folder, judged by the names of its files.

    Raises:
        InputError: the folder holds no file of any known format.
    """
    if not is_set(folder):
        raise InputError(f"{folder} holds no MovieLens set: neither movies.csv nor movies.dat nor u.item is there")
    present = {path.name for path in folder.iterdir()}
    for known in (ML_1M, ML_100K):
        if any(file.name in present for file in known.files):
            return known
    genome = {file.name for file in CSV_WITH_GENOME.files} - {file.name for file in CSV.files}
    return CSV_WITH_GENOME if genome & present else CSV


def check(folder: Path, expected: SetFormat | None = None) -> SetFormat:
    """Check that a folder holds a whole set: every file there, none empty, each header as it should be.

    Args:
        folder: folder of the set.
        expected: the format it must have; None detects it.

    Raises:
        InputError: names the file at fault, with the header that was found and the one that was expected.
    """
    found = expected or detect(folder)
    for file in found.files:
        check_file(folder, file)
    return found


def check_file(folder: Path, file: RawFile) -> Path:
    """Return the path of a set's file after checking that it is there, is not empty and has the right header.

    Raises:
        InputError: names the file, and the header that was found and the one that was expected.
    """
    path = folder / file.name
    if not path.is_file():
        raise InputError(f"{path} is missing; the set is not whole, obtain it again")
    with path.open("rb") as lines:
        first = lines.readline().decode("latin-1" if file.latin1 else "utf-8", errors="replace").rstrip("\r\n")
    if not first:
        raise InputError(f"{path} is empty; obtain the set again")
    if file.header is not None and first != file.separator.join(file.header):
        raise InputError(f"{path} has the header {first!r}, expected {file.separator.join(file.header)!r}")
    if file.header is None and first.count(file.separator) != len(file.columns) - 1:
        raise InputError(
            f"{path} has {first.count(file.separator) + 1} fields in its first line, expected {len(file.columns)} "
            f"separated by {file.separator!r}"
        )
    return path


def file_named(name: str) -> RawFile | None:
    """Return the file of any known format by its name; None where no format has it."""
    return next(
        (file for known in (CSV_WITH_GENOME, ML_1M, ML_100K) for file in known.files if file.name == name), None
    )
