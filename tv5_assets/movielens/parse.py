"""From a raw MovieLens folder to the tables of the processed layer, one function each.

Interaction-scale tables come as lazy frames that stream from the file when they are written; the small ones come
whole. What cannot be understood is left out and listed by ``rejects``: nothing is dropped unseen. What does not belong
here: how files are written (formats.py), which records are good (records.py), writing tables.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import narwhals as nw
import polars as pl

from tv5_assets.engine import PolarsEngine
from tv5_assets.movielens import records, themes
from tv5_assets.movielens.formats import ML_1M_OCCUPATIONS, ML_100K_GENRES, RawFile, detect
from tv5_assets.movielens.moments import with_moment
from tv5_assets.movielens.titles import take_apart
from tv5_assets.tables.processed import Demographics, GenomeScores, GenomeTags, Movies, Ratings, Rejects, Tags
from tv5_assets.tables.table import Table, polars_schema


def has_genome(raw: Path) -> bool:
    """Tell whether the set has a tag genome; without one, themes come from the users' tags.

    Raises:
        InputError: the folder holds no MovieLens set.
    """
    return detect(raw).file("genome_scores") is not None


def movies(raw: Path, *, tags: pl.LazyFrame, genome_tags: pl.DataFrame, genome_scores: pl.LazyFrame) -> pl.DataFrame:
    """Return the catalogue.

    Args:
        raw: folder of the set.
        tags, genome_tags, genome_scores: the tables that themes come from: the genome, or the users' tags where
            ``genome_tags`` is empty.

    Raises:
        InputError: a file is missing, empty, has another header, or is not in its encoding.
    """
    of_movies = themes.from_tags(tags) if genome_tags.is_empty() else themes.from_genome(genome_scores, genome_tags)
    catalogue = (
        records.understood(raw, _file(raw, "movies"))
        .with_columns(genres=_genres(raw), original_title="title")
        .with_columns(**take_apart(pl.col("original_title")))
        .join(_links(raw), on="movie_id", how="left", maintain_order="left")
        .join(of_movies, on="movie_id", how="left", maintain_order="left")
        .with_columns(pl.col("themes").fill_null([]))
    )
    return _as(Movies, catalogue).collect(engine="streaming")


def ratings(raw: Path) -> pl.LazyFrame:
    """Return every rating, in the file's order, in one streamed scan.

    Raises:
        InputError: the file is missing, empty, or has another header.
    """
    understood = records.understood(raw, _file(raw, "ratings")).rename({"timestamp": "rated_at"})
    timed = with_moment(nw.from_native(understood), PolarsEngine(), seconds="rated_at")
    return _as(Ratings, cast(pl.LazyFrame, nw.to_native(timed)))


def tags(raw: Path) -> pl.LazyFrame:
    """Return every application of a free-text tag; none for sets without tags.

    Raises:
        InputError: the file is missing, empty, has another header, or is not in its encoding.
    """
    file = detect(raw).file("tags")
    if file is None:
        return _none(Tags)
    normalized = (
        pl.col("tag")
        .str.replace_all(r"\s{2,}|[\s&&[^ ]]", " ")  # all but single spaces, which most tags have and would be copied
        .str.replace_all(r"[\p{Cc}\p{Cf}]", "")
        .str.strip_chars()
        .str.to_lowercase()
    )
    tagged_at = (pl.col("timestamp") * 1000).cast(pl.Datetime("ms", "UTC"))
    return _as(Tags, records.understood(raw, file).with_columns(tag_normalized=normalized, tagged_at=tagged_at))


def genome_tags(raw: Path) -> pl.DataFrame:
    """Return the vocabulary of the tag genome; empty for sets without one.

    Raises:
        InputError: the file is missing, empty, has another header, or is not in its encoding.
    """
    file = detect(raw).file("genome_tags")
    found = _none(GenomeTags) if file is None else records.understood(raw, file).rename({"genome_tag": "tag"})
    return _as(GenomeTags, found).collect()


def genome_scores(raw: Path) -> pl.LazyFrame:
    """Return how well each genome tag fits each movie, in one streamed scan; none for sets without a genome.

    Raises:
        InputError: the file is missing, empty, or has another header.
    """
    file = detect(raw).file("genome_scores")
    return _none(GenomeScores) if file is None else _as(GenomeScores, records.understood(raw, file))


def demographics(raw: Path) -> pl.DataFrame:
    """Return what ml-1m and ml-100k say of their users; empty for other sets.

    Raises:
        InputError: the file is missing or empty.
    """
    file = detect(raw).file("demographics")
    if file is None:
        return _none(Demographics).collect()
    users = records.understood(raw, file)
    if "occupation_code" in file.columns:
        names = pl.lit(pl.Series(ML_1M_OCCUPATIONS))
        users = users.with_columns(occupation=names.gather(pl.col("occupation_code")))
    return _as(Demographics, users).collect()


def rejects(raw: Path, written: Mapping[str, int]) -> pl.DataFrame:
    """Return every raw row that could not be understood, with file, line, reason and text.

    A file is read again only where fewer rows were written than it holds, and always the small file of links, which has
    no table of its own.

    Args:
        raw: folder of the set.
        written: rows of each processed table that was made from it, by the table's name, such as ``ratings``.

    Raises:
        InputError: a file is missing, empty, has another header, or is not in its encoding.
    """
    found = [
        records.rejected(raw, file)
        for file in detect(raw).files
        if written.get(file.table) != records.count_rows(raw / file.name, file)
    ]
    return pl.concat([_none(Rejects).collect(), *found]).select(polars_schema(Rejects).names())


def _file(raw: Path, table: str) -> RawFile:
    file = detect(raw).file(table)
    assert file is not None, f"every set has {table}"  # noqa: S101  # a property of formats.py, not of the input
    return file


def _genres(raw: Path) -> pl.Expr:
    """Return the genres as a list, from either way of writing them."""
    if set(ML_100K_GENRES) <= set(_file(raw, "movies").columns):
        flagged = [pl.when(pl.col(name) == 1).then(pl.lit(name)) for name in ML_100K_GENRES]
        listed = pl.concat_list(flagged).list.drop_nulls()
    else:
        listed = pl.col("genres").str.split("|")
    named = pl.element().replace(records.GENRE_SPELLINGS)
    return listed.list.eval(named.filter(~named.is_in(records.NO_GENRES)))


def _links(raw: Path) -> pl.LazyFrame:
    file = detect(raw).file("links")
    if file is None:
        return pl.LazyFrame(schema={"movie_id": pl.Int32, "imdb_id": pl.String, "tmdb_id": pl.Int64})
    return records.understood(raw, file).select(
        "movie_id",
        imdb_id=pl.when(pl.col("imdb") != "").then("tt" + pl.col("imdb").str.zfill(7)),
        tmdb_id=pl.when(pl.col("tmdb") != "").then("tmdb").cast(pl.Int64),
    )


def _as(table: type[Table], frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return a frame with the table's columns, in its order and types."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in polars_schema(table).items())


def _none(table: type[Table]) -> pl.LazyFrame:
    return pl.LazyFrame(schema=polars_schema(table))
