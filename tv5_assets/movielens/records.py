"""From the text of a raw file to typed records, and which of them can be understood.

One line is one record, always: a quote that is not closed on its line spoils that line and no other. What does not
belong here: what the columns mean for the processed tables (parse.py, titles.py).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tv5_assets.errors import InputError
from tv5_assets.movielens.formats import ML_1M_OCCUPATIONS, ML_100K_GENRES, RawFile, check_file
from tv5_assets.tables.processed import GENRES

ROW = "row"
"""Number of a record in its file, counted from 0 after the header."""

_SURPLUS = "surplus"
_CHUNK = 1 << 22
_UNIT_SEPARATOR = "\x1f"  # stands in for ``::``, since Polars separates by one byte
_WELL_QUOTED = r'^(?:[^",]*|"(?:[^"]|"")*")(?:,(?:[^",]*|"(?:[^"]|"")*"))*$'
_LAST_SECOND = 253_402_300_799  # of the year 9999
NO_GENRES = ("(no genres listed)", "unknown")
GENRE_SPELLINGS = {"Children's": "Children"}


@dataclass(frozen=True)
class Rule:
    """What a field must fulfil for its record to be understood.

    Attributes:
        holds: true for a good value; null counts as false.
        fault: what is wrong otherwise.
    """

    holds: pl.Expr
    fault: str


def _id(column: str, what: str) -> Rule:
    return Rule(pl.col(column) >= 1, f"{what} is missing or not a positive number that fits")


def _genres_known() -> pl.Expr:
    one = "|".join(genre.replace("-", r"\-") for genre in (*GENRES, *GENRE_SPELLINGS))
    none = "|".join(name.replace("(", r"\(").replace(")", r"\)") for name in NO_GENRES)
    return pl.col("genres").str.contains(rf"^(?:{none}|(?:{one})(?:\|(?:{one}))*)$")


_RULES: dict[str, Rule] = {
    "user_id": _id("user_id", "user id"),
    "movie_id": _id("movie_id", "movie id"),
    "tag_id": _id("tag_id", "tag id"),
    "rating": Rule(
        pl.col("rating").is_between(0.5, 5.0) & ((pl.col("rating") * 2) % 1 == 0),
        "rating is not a half star from 0.5 to 5.0",
    ),
    "timestamp": Rule(
        pl.col("timestamp").is_between(0, _LAST_SECOND), "timestamp is missing or not a number of seconds since 1970"
    ),
    "title": Rule(pl.col("title").str.contains(r"[^\s\p{C}]"), "title is empty"),
    "genres": Rule(_genres_known(), "genres are missing or hold one that is not known"),
    "imdb": Rule(pl.col("imdb").str.contains(r"^\d*$"), "IMDb id is not a number"),
    "tmdb": Rule(pl.col("tmdb").str.contains(r"^(?:|[1-9]\d{0,17})$"), "TMDB id is not a positive number"),
    "genome_tag": Rule(pl.col("genome_tag").str.contains(r"\S"), "tag is empty"),
    "relevance": Rule(pl.col("relevance").is_between(0, 1), "relevance is not a number from 0 to 1"),
    "age": Rule(pl.col("age").is_between(0, 120), "age is not a number from 0 to 120"),
    "gender": Rule(pl.col("gender").is_in(["F", "M"]), "gender is neither F nor M"),
    "occupation": Rule(pl.col("occupation").str.contains(r"\S"), "occupation is empty"),
    "occupation_code": Rule(
        pl.col("occupation_code").is_between(0, len(ML_1M_OCCUPATIONS) - 1), "occupation is not a known number"
    ),
    **{name: Rule(pl.col(name).is_in([0, 1]), f"flag of genre {name} is neither 0 nor 1") for name in ML_100K_GENRES},
}
_NO_SURPLUS = Rule(pl.col(_SURPLUS).fill_null("") == "", "there are too many fields")


def understood(raw: Path, file: RawFile) -> pl.LazyFrame:
    """Return the good records of a file, typed as its format says, with their row.

    A file of numbers is streamed; a file of free text is held in memory, as bytes.

    Raises:
        InputError: the file is missing, empty, has another header, or is not in its encoding.
    """
    return _typed(raw, file).filter(*(_holds(rule) for rule in _rules(file))).drop(_SURPLUS)


def rejected(raw: Path, file: RawFile) -> pl.DataFrame:
    """Return what ``understood`` left out: columns file, line (from 1, header included), reason, text.

    Raises:
        InputError: as ``understood``, for files of numbers too.
    """
    path = raw / file.name
    check_encoding(path, file)
    rules = _rules(file)
    reason = pl.coalesce(pl.when(~_holds(rule)).then(pl.lit(rule.fault)) for rule in rules)
    faulty = (
        _typed(raw, file)
        .filter(~pl.all_horizontal(_holds(rule) for rule in rules))
        .select(line=pl.col(ROW) + 1 + file.header_lines, reason=reason)
        .collect(engine="streaming")
    )
    source = io.BytesIO(path.read_bytes().decode("latin-1").encode()) if file.latin1 else path
    lines = (
        pl.scan_lines(source, name="text", row_index_name="line", row_index_offset=1)
        # Not a join, which would hold every line of the file in memory.
        .filter(pl.col("line").is_in(faulty["line"].implode()))
        .with_columns(pl.col("text").str.strip_suffix("\r"))
        .collect(engine="streaming")
    )
    ill_quoted = ~pl.col("text").str.contains(_WELL_QUOTED) if file.quoted else pl.lit(False)
    return (
        faulty.join(lines, on="line")
        .select(
            file=pl.lit(file.name),
            line=pl.col("line").cast(pl.Int64),
            reason=pl.when(pl.col("text") == "")
            .then(pl.lit("line is empty"))
            .when(ill_quoted)
            .then(pl.lit("quotes are not closed or not doubled"))
            .otherwise("reason"),
            text="text",
        )
        .sort("line")
    )


def count_rows(path: Path, file: RawFile) -> int:
    """Return how many records a file holds: its lines without the header."""
    lines = pl.scan_csv(
        path,
        has_header=False,
        skip_rows=file.header_lines,
        schema={"line": pl.String},
        separator=_UNIT_SEPARATOR,
        quote_char=None,
    )
    return lines.select(pl.len()).collect(engine="streaming").item()


def check_encoding(path: Path, file: RawFile) -> None:
    """Check that a file is in its encoding. Every sequence of bytes is Latin-1, so only UTF-8 can fail.

    Raises:
        InputError: names the file, the line and the byte.
    """
    if file.latin1:
        return
    decoder = LineDecoder(str(path))
    for chunk in _chunks(path):
        decoder.feed(chunk)
    decoder.feed(b"", final=True)


class LineDecoder:
    """Checks that bytes which arrive in pieces are UTF-8, and counts their lines."""

    def __init__(self, name: str):
        self._name = name
        self._rest = b""
        self.newlines = 0

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Take the next piece.

        Raises:
            InputError: the bytes so far are not UTF-8; names the file, the line and the byte.
        """
        chunk = self._rest + chunk
        try:
            chunk.decode()
            self._rest = b""
        except UnicodeDecodeError as error:
            cut_short = error.reason == "unexpected end of data" and not final
            if not cut_short:
                line = self.newlines + chunk.count(b"\n", 0, error.start) + 1
                raise InputError(
                    f"{self._name}, line {line}: byte 0x{chunk[error.start]:02x} is not UTF-8; obtain the set again"
                ) from None
            self._rest = chunk[error.start :]
        self.newlines += chunk.count(b"\n", 0, len(chunk) - len(self._rest))


def _rules(file: RawFile) -> list[Rule]:
    return [*(_RULES[column] for column in file.columns if column in _RULES), _NO_SURPLUS]


def _holds(rule: Rule) -> pl.Expr:
    return rule.holds.fill_null(False)


def _typed(raw: Path, file: RawFile) -> pl.LazyFrame:
    """Return every record, with null in place of each field that has another type than it should."""
    path = check_file(raw, file)
    return pl.scan_csv(
        io.BytesIO(_as_csv(path, file)) if file.free_text or file.latin1 else path,
        has_header=False,
        skip_rows=file.header_lines,
        # One field more than there should be, so that a record with too many is seen.
        schema={**file.columns, _SURPLUS: pl.String},
        missing_columns="insert",
        extra_columns="ignore",  # of a first record with even more fields, by which Polars counts the columns
        truncate_ragged_lines=True,
        separator=_UNIT_SEPARATOR if file.separator == "::" else file.separator,
        quote_char='"' if file.quoted else None,
        empty_string_is_null=False,
        ignore_errors=True,
        # In a file of numbers a stray byte spoils its record only; one of free text has been checked.
        encoding="utf8-lossy",
        row_index_name=ROW,
    )


def _as_csv(path: Path, file: RawFile) -> bytes:
    """Return a file's bytes as UTF-8 with one-byte separators, and with every ill-quoted line made empty."""
    check_encoding(path, file)
    content = path.read_bytes()
    if file.latin1:
        content = content.decode("latin-1").replace("::", _UNIT_SEPARATOR).encode()
    if not file.quoted or b'"' not in content:
        return content
    text = pl.col("text").str.strip_suffix("\r")
    ill_quoted = (
        pl.scan_lines(io.BytesIO(content), name="text", row_index_name="line")
        .filter(text.str.contains('"', literal=True), ~text.str.contains(_WELL_QUOTED))
        .collect()["line"]
        .to_list()
    )
    if not ill_quoted:
        return content
    lines = content.split(b"\n")
    for line in ill_quoted:
        lines[line] = b""
    return b"\n".join(lines)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
