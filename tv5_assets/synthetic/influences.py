"""Which movie stands on which older one: they share a director, a genre and strong themes.

The directors are invented, so the influences are too; genres and themes are real. What does not belong here: who
directed what (credits.py) and the graph (graph/).
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.tables.media import Influences
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import polars_schema

MOST_PER_MOVIE = 5
"""Influences of one movie at most, the strongest."""
STRONG_THEME = 0.6
"""Relevance from which a theme counts as strong."""
_STRONGEST_THEMES = 20
"""Strong themes of one movie that are compared at most, the strongest; with a genome some movies have over 100."""
_HALF_LIFE_YEARS = 15.0
"""Years after which what one movie means to the next has lost half."""
_THEMES, _GENRES, _TIME = 0.6, 0.25, 0.15
"""What themes, genres and time weigh in the strength."""
_MOST_DIRECTED = 300
"""Movies of one director among which pairs are looked for, the latest; keeps what is joined within bounds."""
_PAIRS_AT_ONCE = 100_000


def influences(movies: pl.DataFrame, credits: pl.DataFrame, *, themes_required: bool) -> pl.DataFrame:  # noqa: A002
    """Return which older movies influenced each movie.

    The strength is 0.6 times the share of the strong themes that are common to both, weighted by relevance, plus 0.25
    times the share of the genres that are, plus 0.15 times what is left of the influence after the years between (half
    after 15 years). In a set with a tag genome a pair has to share a strong theme. Without one only movies that
    somebody tagged have themes at all: themes are no condition then, and a pair without common ones is at most 0.4
    strong.

    Args:
        movies: of tables.processed.Movies; one of which the year is unknown has no influences.
        credits: of tables.media.Credits.
        themes_required: whether a pair has to share strong themes: where the set has a tag genome.

    Returns:
        A frame of the schema of tables.media.Influences, sorted by the newer movie, the strongest first.
    """
    pairs = _pairs(_directed(movies, credits))
    schema = polars_schema(Influences)
    if pairs.is_empty():
        return schema.to_frame()
    themes = _strong_themes(movies)
    weighed = pl.concat([_weighed(part, themes) for part in pairs.iter_slices(_PAIRS_AT_ONCE)])
    if themes_required:
        weighed = weighed.filter(pl.col("themes").list.len() > 0)
    return (
        weighed.sort("newer_id", "strength", "older_id", "person_id", descending=[False, True, True, False])
        .unique(["newer_id", "older_id"], keep="first", maintain_order=True)  # two directors may share both movies
        .filter(pl.int_range(pl.len()).over("newer_id") < MOST_PER_MOVIE)
        .select(schema.names())
        .cast(schema)
    )


def _directed(movies: pl.DataFrame, credits: pl.DataFrame) -> pl.DataFrame:  # noqa: A002
    """Return ``person_id, movie_id, year`` and a bit for each genre in ``bits``, for each director's movies."""
    bits = pl.element().cast(pl.String).replace_strict({genre: 1 << bit for bit, genre in enumerate(GENRES)})
    dated = movies.drop_nulls("year").select(
        "movie_id", pl.col("year").cast(pl.Int32), bits=pl.col("genres").list.eval(bits).list.sum().cast(pl.Int32)
    )
    return (
        credits.filter(pl.col("role").cast(pl.String) == "director")
        .join(dated, on="movie_id")
        .filter(pl.col("bits") > 0)
        .sort("person_id", "year", "movie_id", descending=[False, True, True])
        .filter(pl.int_range(pl.len()).over("person_id") < _MOST_DIRECTED)
        .select("person_id", "movie_id", "year", "bits")
    )


def _pairs(directed: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that share a director and a genre: ``person_id, newer_id, older_id, years, common, either``."""
    return (
        directed.lazy()
        .join(directed.lazy(), on="person_id", suffix="_older")
        .filter((pl.col("year_older") < pl.col("year")) & (pl.col("bits") & pl.col("bits_older") > 0))
        .select(
            "person_id",
            newer_id="movie_id",
            older_id="movie_id_older",
            years=pl.col("year") - pl.col("year_older"),
            common=pl.col("bits") & pl.col("bits_older"),
            either=pl.col("bits") | pl.col("bits_older"),
        )
        .sort("newer_id", "older_id", "person_id")
        .collect(engine="streaming")
    )


def _strong_themes(movies: pl.DataFrame) -> pl.DataFrame:
    """Return ``movie_id, tag, relevance`` of the strong themes of each movie, and ``total``, their sum of relevance."""
    return (
        movies.select("movie_id", themes=pl.col("themes").list.head(_STRONGEST_THEMES))
        .filter(pl.col("themes").list.len() > 0)
        .explode("themes")
        .unnest("themes")
        .filter(pl.col("relevance") >= STRONG_THEME)
        .with_columns(pl.col("relevance").cast(pl.Float64))
        .with_columns(total=pl.col("relevance").sum().over("movie_id"))
    )


def _weighed(pairs: pl.DataFrame, themes: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs with the columns of tables.media.Influences."""
    shared = (
        pairs.select("newer_id", "older_id", "person_id")
        .join(themes, left_on="newer_id", right_on="movie_id")
        .join(themes, left_on=["older_id", "tag"], right_on=["movie_id", "tag"], suffix="_older")
        .with_columns(least=pl.min_horizontal("relevance", "relevance_older"))
        .sort("newer_id", "older_id", "person_id", "least", "tag", descending=[False, False, False, True, False])
        .group_by("newer_id", "older_id", "person_id", maintain_order=True)
        .agg(
            themes="tag",
            # Both sets weighed: what is in common over what is in either (Ruzicka).
            alike=pl.col("least").sum()
            / (pl.col("total").first() + pl.col("total_older").first() - pl.col("least").sum()),
        )
    )
    genres = pl.Series(_lists_by_bits(pairs["common"]), dtype=polars_schema(Influences)["genres"])
    genres_alike = pl.col("common").bitwise_count_ones() / pl.col("either").bitwise_count_ones()
    return (
        pairs.with_columns(genres.alias("genres"))
        .join(shared, on=["newer_id", "older_id", "person_id"], how="left", maintain_order="left")
        .with_columns(
            pl.col("themes").fill_null([]),
            strength=_THEMES * pl.col("alike").fill_null(0.0)
            + _GENRES * genres_alike
            + _TIME * 0.5 ** (pl.col("years") / _HALF_LIFE_YEARS),
        )
        .drop("alike", "common", "either", "years")
    )


def _lists_by_bits(bits: pl.Series) -> pl.Series:
    """Return the genres that each number stands for."""
    kinds = bits.unique().sort()
    lists = [[genre for bit, genre in enumerate(GENRES) if kind >> bit & 1] for kind in kinds]
    return pl.Series(lists, dtype=polars_schema(Influences)["genres"]).gather(np.searchsorted(kinds, bits))


def _in_both(column: str, of_a_movie: Callable[[str], pl.Expr]) -> pl.Expr:
    """Return whether all of a list is in the list that ``of_a_movie`` returns, for the newer and the older movie."""
    mine = pl.col(column).cast(pl.List(pl.String))
    return pl.all_horizontal(mine.list.set_difference(of_a_movie(end)).list.len() == 0 for end in ("newer", "older"))


def _tags(end: str) -> pl.Expr:
    return pl.col(f"{end}_themes").list.eval(pl.element().struct.field("tag"))


RULES = (
    Rule(
        "older_before_newer",
        "The influence is from an earlier year than the movie.",
        lambda: pl.col("older_year") < pl.col("newer_year"),
    ),
    Rule(
        "genres_shared",
        "Both movies have the genres that they are said to share.",
        lambda: _in_both("genres", lambda end: pl.col(f"{end}_genres").cast(pl.List(pl.String))),
    ),
    Rule(
        "themes_shared", "Both movies have the themes that they are said to share.", lambda: _in_both("themes", _tags)
    ),
)
"""Rules on the rows of tables.media.Influences, each beside year, genres and themes of both its movies."""
