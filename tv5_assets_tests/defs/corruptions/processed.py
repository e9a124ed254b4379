"""Corruptions for the gates of the processed layer."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import polars as pl

from tv5_assets.movielens.published import PUBLISHED, Published
from tv5_assets.settings import load_settings
from tv5_assets.tables.table import all_tables
from tv5_assets_tests.defs.corruptions.corruption import (
    NOBODY,
    PROCESSED,
    Corrupt,
    Corruption,
    in_first_row,
    made_rows,
    table,
    without_first_row,
)
from tv5_assets_tests.defs.platform import Platform


def processed_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the processed layer."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    nobody = in_first_row("movie_id", NOBODY)
    return [
        *(Corruption(f"processed/{name}", "published_rows", _not_as_published(name)) for name in PROCESSED),
        Corruption("processed/ratings", "published_users", _another_user),
        Corruption(
            "processed/movies",
            "year_found",
            table("processed/movies", lambda frame: frame.with_columns(year=pl.lit(None, pl.Int16))),
        ),
        *(
            Corruption(asset, "times", table(asset, in_first_row(column, moment)), name=name)
            for asset, column in (("processed/ratings", "rated_at"), ("processed/tags", "tagged_at"))
            for name, moment in (("1970", datetime(1970, 1, 1, tzinfo=UTC)), ("future", tomorrow))
        ),
        Corruption("processed/ratings", "movie_id_known", table("processed/ratings", nobody)),
        Corruption("processed/movies", "tags_known", table("processed/tags", nobody)),
        Corruption("processed/movies", "genome_scores_known", table("processed/genome_scores", nobody)),
        Corruption(
            "processed/genome_scores", "tag_id_known", table("processed/genome_scores", in_first_row("tag_id", NOBODY))
        ),
        Corruption("processed/rejects", "share", _damaged_raw_file),
        Corruption("processed/rejects", "nothing_lost", table("processed/ratings", without_first_row)),
    ]


def named_set(platform: Platform) -> None:
    """Let the set be one of a name, of which exactly the figures that it has are published."""
    tables = {name: platform.table(f"processed/{name}") for name in PROCESSED}
    published = Published(
        rows={name: len(frame) for name, frame in tables.items()},
        users=tables["ratings"]["user_id"].n_unique(),
        licence="",
    )
    platform.undo.enter_context(mock.patch.dict(PUBLISHED, {load_settings().dataset: published}))
    table("raw/movielens", lambda manifest: manifest.with_columns(source=pl.lit("a published archive")))(platform)


def _not_as_published(name: str) -> Corrupt:
    """Return what takes a row from a table of a named set, or gives one to a table that has none."""
    asset = f"processed/{name}"

    def lose(frame: pl.DataFrame, tags: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
        if frame.is_empty():
            return made_rows(all_tables()[asset])
        if name == "movies":  # the movie must not be missed elsewhere
            unknown = frame.join(tags, on="movie_id", how="anti").join(scores, on="movie_id", how="anti")
            return frame.filter(pl.col("movie_id") != unknown["movie_id"][0])
        return without_first_row(frame)

    def corrupt(platform: Platform) -> None:
        named_set(platform)
        others = platform.table("processed/tags"), platform.table("processed/genome_scores")
        platform.put_table(asset, lose(platform.table(asset), *others))

    return corrupt


def _another_user(platform: Platform) -> None:
    named_set(platform)
    table("processed/ratings", in_first_row("user_id", NOBODY))(platform)


def _damaged_raw_file(platform: Platform) -> None:
    """Let a rating in ten be 7.0, and read the raw file again."""
    path = load_settings().raw_folder / "ratings.csv"
    lines = path.read_text().splitlines(keepends=True)
    assets = ("processed/ratings", "processed/rejects")
    platform.undo.callback(platform.materialize, *assets)
    platform.undo.callback(path.write_text, "".join(lines), newline="")
    for row in range(1, len(lines), 10):
        user, movie, _, time = lines[row].split(",")
        lines[row] = f"{user},{movie},7.0,{time}"
    path.write_text("".join(lines), newline="")
    platform.materialize(*assets)
