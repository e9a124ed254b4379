"""Writes a MovieLens-shaped raw folder of any size: the same files, headers, quoting and quirks as ml-25m.

Two latent tastes a movie and four a user (simulation/tastes.py) decide genres, genome, who rates what and how high, so
that a recommender has something to learn; titles and tags are put together from word lists. Nothing in it is taken from
a MovieLens set but its shape: counts, shares and formats. What does not belong here: reading such a folder
(formats.py, parse.py).
"""

import logging
import shutil
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from tv5_assets.ahead import one_ahead
from tv5_assets.draws.streams import stream
from tv5_assets.errors import InputError
from tv5_assets.movielens.formats import SIMULATED_MARK
from tv5_assets.movielens.simulation.activity import activity
from tv5_assets.movielens.simulation.catalogue import Catalogue, catalogue
from tv5_assets.movielens.simulation.interactions import Audience
from tv5_assets.movielens.simulation.tagging import Taggers, genome_movies, relevance
from tv5_assets.movielens.simulation.tastes import GENOME_TAGS, Tastes, tastes
from tv5_assets.movielens.simulation.titles import titles
from tv5_assets.progress import progress
from tv5_assets.tables.processed import GENRES

logger = logging.getLogger(__name__)

_FEWEST_MOVIES = 20
_TAGS_PER_RATING = 1_093_360 / 25_000_095
_SHARE_WITHOUT_TMDB = 107 / 62_423
_SHARE_SHARING_TMDB = 35 / 62_423
_USERS_AT_A_TIME = 2_048
_MOVIES_AT_A_TIME = 512

_README = """Summary
=======

This is a simulated dataset in the shape of MovieLens 25M. It contains {ratings} ratings and {tags} tag applications
across {movies} movies by {users} users, {scores} genome scores, and was made from the seed {seed}. No person, rating or
tag in it is real, and nothing in it was copied from a MovieLens dataset. It says nothing about MovieLens or its users.

The files are movies.csv, ratings.csv, tags.csv, links.csv{genome_files}: comma-separated, with a header, UTF-8,
lines ended by CR LF, fields quoted where they hold a comma or a double quote.
"""


def simulate(
    target: Path,
    *,
    users: int,
    movies: int,
    ratings: int,
    seed: int,
    tags: int | None = None,
    genome: bool = True,
    users_at_a_time: int = _USERS_AT_A_TIME,
) -> Path:
    """Write a simulated MovieLens folder and return it.

    The folder appears when it is complete; one that was simulated before is replaced.

    Args:
        target: the folder to write.
        users: exact number of users, each with at least 20 ratings.
        movies: exact number of movies; as in ml-25m, some of them remain unrated.
        ratings: exact number of ratings.
        seed: the seed of everything random; equal arguments give equal bytes.
        tags: exact number of tags; by default as many for each rating as ml-25m has.
        genome: whether the tag genome is written too, for the share of movies that ml-25m has it for.
        users_at_a_time: users that are held in memory at once; changes no byte.

    Raises:
        InputError: the numbers do not fit each other, or the target is something else than a simulated folder.
    """
    if movies < _FEWEST_MOVIES:
        raise InputError(f"{movies} movies are too few: each user rates at least {_FEWEST_MOVIES}")
    if target.exists() and not (target / SIMULATED_MARK).is_file():
        raise InputError(f"{target} is there already and is not a simulated set; remove it or choose another folder")
    tags = round(ratings * _TAGS_PER_RATING) if tags is None else tags
    counts = activity(users, movies, ratings, seed)

    partial, replaced = (target.with_name(f".{target.name}.{state}") for state in ("partial", "replaced"))
    for left_by_a_killed_process in (partial, replaced):
        shutil.rmtree(left_by_a_killed_process, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        world = tastes(seed)
        known = catalogue(world, movies, seed)
        _write_movies(partial, known, seed)
        scores = _write_genome(partial, world, known, seed) if genome else 0
        audience = Audience(world, known, counts, seed)
        taggers = Taggers(world, known, users, tags, seed)
        _write_interactions(partial, known, audience, taggers, users, ratings, users_at_a_time)
        _write_texts(partial, users=users, movies=movies, ratings=ratings, tags=tags, scores=scores, seed=seed)
        if target.exists():
            target.rename(replaced)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)
    return target


def _write_movies(folder: Path, movies: Catalogue, seed: int) -> None:
    """Write movies.csv and links.csv."""
    genre_lists = [
        "|".join(genre for genre, has in zip(GENRES, row, strict=True) if has) or "(no genres listed)"
        for row in movies.genres.tolist()
    ]
    _write(
        folder / "movies.csv",
        pl.DataFrame({"movieId": movies.ids, "title": titles(movies, seed), "genres": genre_lists}),
    )
    draw = stream(seed, "simulate", "links")
    imdb, tmdb = (draw.permutation(np.cumsum(draw.integers(1, gap, len(movies)))) for gap in (200, 12))
    sharing = draw.random(len(movies)) < _SHARE_SHARING_TMDB
    tmdb[sharing] = np.roll(tmdb, 1)[sharing]
    links = pl.DataFrame({"movieId": movies.ids, "imdbId": imdb, "tmdbId": tmdb}).with_columns(
        pl.col("imdbId").cast(pl.String).str.zfill(7),
        pl.when(pl.Series(draw.random(len(movies)) >= _SHARE_WITHOUT_TMDB)).then("tmdbId"),
    )
    _write(folder / "links.csv", links)


def _write_genome(folder: Path, tastes: Tastes, movies: Catalogue, seed: int) -> int:
    """Write genome-tags.csv and genome-scores.csv and return the number of scores."""
    tag_ids = np.arange(1, GENOME_TAGS + 1)
    _write(folder / "genome-tags.csv", pl.DataFrame({"tagId": tag_ids, "tag": tastes.tags}))
    covered = genome_movies(movies)
    scores = len(covered) * GENOME_TAGS
    with (
        (folder / "genome-scores.csv").open("wb") as sink,
        progress(logger, "simulate genome scores", scores, "score") as done,
    ):
        sink.write(b"movieId,tagId,relevance\r\n")
        for begin in range(0, len(covered), _MOVIES_AT_A_TIME):
            some = covered[begin : begin + _MOVIES_AT_A_TIME]
            frame = pl.DataFrame(
                {
                    "movieId": np.repeat(movies.ids[some], GENOME_TAGS),
                    "tagId": np.tile(tag_ids, len(some)),
                    "relevance": relevance(tastes, movies, some, seed).ravel(),
                }
            )
            _append(sink, frame)
            done.update(len(frame))
    return scores


def _write_interactions(
    folder: Path,
    movies: Catalogue,
    audience: Audience,
    taggers: Taggers,
    users: int,
    ratings: int,
    users_at_a_time: int,
) -> None:
    """Write ratings.csv and tags.csv, some users at a time."""
    chunks = (
        audience.ratings(first, min(first + users_at_a_time - 1, users))
        for first in range(1, users + 1, users_at_a_time)
    )
    with (
        (folder / "ratings.csv").open("wb") as rating_sink,
        (folder / "tags.csv").open("wb") as tag_sink,
        progress(logger, "simulate ratings", ratings, "rating") as done,
    ):
        rating_sink.write(b"userId,movieId,rating,timestamp\r\n")
        tag_sink.write(b"userId,movieId,tag,timestamp\r\n")
        for chunk in one_ahead(chunks):
            frame = pl.DataFrame(
                {
                    "userId": chunk.user,
                    "movieId": movies.ids[chunk.movie],
                    "rating": chunk.half_stars / 2,
                    "timestamp": chunk.seconds,
                }
            )
            _append(rating_sink, frame)
            _append(tag_sink, taggers.tags(chunk))
            done.update(len(frame))


def _write_texts(folder: Path, *, scores: int, **counts: int) -> None:
    genome_files = ", genome-tags.csv and genome-scores.csv" if scores else ""
    text = _README.format(scores=scores, genome_files=genome_files, **counts)
    for name in ("README.txt", SIMULATED_MARK):
        (folder / name).write_text(text, encoding="utf-8", newline="\r\n")


def _write(path: Path, frame: pl.DataFrame) -> None:
    frame.write_csv(path, line_terminator="\r\n")


def _append(sink: IO[bytes], frame: pl.DataFrame) -> None:
    frame.write_csv(sink, include_header=False, line_terminator="\r\n")
