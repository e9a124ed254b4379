"""Who made the movies: invented people, and what they did in which movie.

A career is a place in the world: a craft, a country and language, a genre, and one of the lanes that run through time
side by side there. In each lane one person follows another, each working for some years; a movie draws the lane of
everybody it needs, low lanes much more often, so that a few people have made a lot and most a little. Who a movie gets
so depends on the movie, the seed, and how many movies there are of its kind; who a person is, on the seed and their
place. What does not belong here: influences (influences.py) and the graph (graph/).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import choose, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.media_details import genre_shares
from tv5_assets.synthetic.names import full_names
from tv5_assets.synthetic.origins import ORIGINS
from tv5_assets.tables.media import ROLES, Credits, People
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.table import polars_schema

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNKNOWN_YEAR = 2000
"""Year that the makers of a movie are drawn for where its own is unknown."""


@dataclass(frozen=True)
class Craft:
    """How people of a role work.

    Attributes:
        role: one of tables.media.ROLES.
        counts: share of the movies that credit none, one, two and so on of them.
        credits_of_a_lane: about how many credits a lane has in all the years together, on average.
        least_years: years that a career spans at least.
        most_years: years that it spans at most.
        least_age: age at the beginning of a career, at least.
        most_age: the same, at most.
        is_director: chance that the first of them is the movie's director.
    """

    role: str
    counts: tuple[float, ...]
    credits_of_a_lane: int
    least_years: int
    most_years: int
    least_age: int
    most_age: int
    is_director: float = 0.0


CRAFTS = (
    Craft("director", (0.0, 0.94, 0.06), 14, 8, 35, 23, 38),
    Craft("writer", (0.50, 0.38, 0.12), 12, 8, 35, 21, 38, is_director=0.40),
    Craft("actor", (0.25, 0.25, 0.30, 0.20), 24, 6, 40, 18, 32, is_director=0.04),
    Craft("producer", (0.68, 0.32), 18, 10, 35, 26, 42, is_director=0.15),
)
"""About 3.4 credits a movie: some 200,000 for the movies of ml-25m."""
_UNACTED = "Documentary"
_SHARE_OF_CHILDREN = 0.04
_CHILD_AGES = (6, 12)
LEAST_AGE = {"director": 18, "writer": 18, "actor": 5, "producer": 18}
"""Nobody is credited younger, by role."""
MOST_AGE = 90
LONGEST_CAREER = 40
"""Years between the first and the last credit of a person in one role, at most."""

AT_HOME = 0.90
"""Share of credits that go to somebody from the movie's main country; the others come from the country it is made with,
or from anywhere."""
DIRECTED_FROM_HOME = 0.80
"""At least so many movies have a director from one of their countries."""

_SKEW = 1.5
"""A lane's number is the ``_SKEW``-th power of a uniform draw: loads follow a power law of exponent 1 - 1 / _SKEW."""
_MOST_PER_ROLE = 8
# Bits of a person's key: craft, origin, genre, lane, turn.
_LANE_BITS, _TURN_BITS = 20, 10


@dataclass(frozen=True)
class Makers:
    """Who made the movies.

    Attributes:
        people: of the schema of tables.media.People, sorted by id.
        credits: of the schema of tables.media.Credits, sorted by movie, role and billing.
    """

    people: pl.DataFrame
    credits: pl.DataFrame


def makers(movies: pl.DataFrame, details: pl.DataFrame, seed: int) -> Makers:
    """Return the people behind the movies and their credits.

    Args:
        movies: of tables.processed.Movies.
        details: of tables.media.MediaDetails, of the same movies.
        seed: the seed of everything random.
    """
    movies = movies.sort("movie_id")
    details = movies.select("movie_id").join(details, on="movie_id", how="left", maintain_order="left")
    cast = _cast(movies, details, seed)
    keys = cast["person"].unique().sort()
    ids = pl.DataFrame({"person": keys, "person_id": range(1, len(keys) + 1)})
    known = cast.join(ids, on="person", how="left", maintain_order="left")
    return Makers(
        people=_people(keys.to_numpy(), seed),
        credits=known.select(polars_schema(Credits).names()).cast(polars_schema(Credits)),
    )


def _cast(movies: pl.DataFrame, details: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return ``movie_id, person, role, billing`` of every credit, ``person`` being a key."""
    genres = genre_shares(movies)
    countries = _origins_of(details)
    parts = []
    directors: Ints | None = None
    for number, craft in enumerate(CRAFTS):
        row, place = _slots(movies, genres, craft, seed)
        slot = movies["movie_id"].to_numpy().astype(np.int64)[row] * _MOST_PER_ROLE + place
        years = movies["year"].fill_null(UNKNOWN_YEAR).to_numpy().astype(np.int64)[row]
        person = _persons(number, craft, slot, genres[row], countries[row], years, seed)
        if directors is None:
            directors = person[place == 0]  # every movie has a first one, in the order of the movies
        else:
            again = (place == 0) & (uniform(seed, slot, "credits", craft.role, "is director") < craft.is_director)
            person = np.where(again, directors[row], person)
        parts.append(pl.DataFrame({"row": row, "place": place, "person": person, "role": np.full(len(row), number)}))
    return (
        pl.concat(parts)
        .sort("row", "role", "place")
        .unique(["row", "role", "person"], keep="first", maintain_order=True)  # who is drawn twice counts once
        .with_columns(billing=pl.int_range(1, pl.len() + 1).over("row", "role"))
        .select(
            pl.lit(movies["movie_id"]).gather("row").alias("movie_id"),
            "person",
            pl.lit(pl.Series(ROLES)).gather("role").alias("role"),
            "billing",
        )
    )


def _slots(movies: pl.DataFrame, genres: Floats, craft: Craft, seed: int) -> tuple[Ints, Ints]:
    """Return the row of the movie, ascending, and the place from 0 on of each credit of one role."""
    counts = choose(uniform(seed, movies["movie_id"].to_numpy(), "credits", craft.role, "count"), craft.counts)
    if craft.role == "actor":
        counts = np.where(genres[:, GENRES.index(_UNACTED)] > 0, np.minimum(counts, 1), counts)
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)


def _persons(number: int, craft: Craft, slot: Ints, genres: Floats, countries: Ints, years: Ints, seed: int) -> Ints:
    """Return the key of whom each slot is given to."""

    def draw(what: str) -> Floats:
        return uniform(seed, slot, "credits", craft.role, what)

    anywhere = choose(draw("anywhere"), [origin.share for origin in ORIGINS])
    where = choose(draw("where"), [AT_HOME, 0.6 * (1 - AT_HOME), 0.4 * (1 - AT_HOME)])
    origin = np.choose(where, [countries[:, 0], countries[:, 1], anywhere])
    genre = choose(draw("genre"), genres)
    group = (number * len(ORIGINS) + origin) * len(GENRES) + genre
    # Powers of two, so that a few movies more or less leave nearly everybody in their lanes.
    loads = np.bincount(group, minlength=1)[group] / craft.credits_of_a_lane
    lanes = 2.0 ** np.maximum(np.round(np.log2(loads)), 0)
    lane = group << _LANE_BITS | (lanes * draw("lane") ** _SKEW).astype(np.int64)
    span, offset = _turns(lane, seed)
    return lane << _TURN_BITS | ((years + offset) // span).astype(np.int64)


def _turns(lane: Ints, seed: int) -> tuple[Floats, Floats]:
    """Return how many years each turn in a lane takes, and by how many turns are shifted against the year 0."""
    craft = (lane >> _LANE_BITS) // (len(ORIGINS) * len(GENRES))
    least, most = (np.array([getattr(one, name) for one in CRAFTS])[craft] for name in ("least_years", "most_years"))
    span = (least + (most - least) * uniform(seed, lane, "people", "span")).round()
    return span, (span * uniform(seed, lane, "people", "offset")).round()


def _people(keys: Ints, seed: int) -> pl.DataFrame:
    """Return the people of the keys, numbered from 1 in their order."""

    def draw(what: str) -> Floats:
        return uniform(seed, keys, "people", what)

    lane, turn = keys >> _TURN_BITS, keys & ((1 << _TURN_BITS) - 1)
    group = lane >> _LANE_BITS
    craft, origin = group // (len(ORIGINS) * len(GENRES)), group // len(GENRES) % len(ORIGINS)
    span, offset = _turns(lane, seed)
    least, most = (np.array([getattr(one, name) for one in CRAFTS])[craft] for name in ("least_age", "most_age"))
    child = (np.array([one.role for one in CRAFTS])[craft] == "actor") & (draw("child") < _SHARE_OF_CHILDREN)
    least, most = np.where(child, _CHILD_AGES[0], least), np.where(child, _CHILD_AGES[1], most)
    locales = [one.locale for one in ORIGINS]
    return pl.DataFrame(
        {
            "person_id": np.arange(1, len(keys) + 1),
            "name": full_names(locales, origin, draw("first_name"), draw("last_name"), seed),
            "country": gather([one.country for one in ORIGINS], origin),
            "born": (turn * span - offset - least - ((most - least) * draw("age")).round()).astype(np.int64),
        }
    ).cast(polars_schema(People))


def _origins_of(details: pl.DataFrame) -> Ints:
    """Return where each movie's makers come from: its main country, and the one it is made with; shape (n, 2).

    A movie that is made in one country alone has it twice; of a country with several languages, the movie's own counts
    or else the first.
    """
    by_language = {(one.country, one.language): number for number, one in reversed(list(enumerate(ORIGINS)))}
    by_country = {one.country: number for number, one in reversed(list(enumerate(ORIGINS)))}
    pairs = details.select(
        language=pl.col("language").cast(pl.String),
        first=pl.col("countries").list.first().cast(pl.String),
        last=pl.col("countries").list.last().cast(pl.String),
    )
    kinds = pairs.unique(maintain_order=True)
    numbers = kinds.with_columns(
        pl.Series(
            column,
            [by_language.get((row[column], row["language"]), by_country[row[column]]) for row in kinds.to_dicts()],
            dtype=pl.Int64,
        ).alias(f"{column} origin")
        for column in ("first", "last")
    )
    known = pairs.join(numbers, on=["language", "first", "last"], how="left", maintain_order="left")
    return known.select("first origin", "last origin").to_numpy()


def _plausible_age() -> pl.Expr:
    least = pl.col("role").cast(pl.String).replace_strict(LEAST_AGE, return_dtype=pl.Int16)
    return (pl.col("year") - pl.col("born")).is_between(least, MOST_AGE)


RULES = (
    Rule(
        "plausible_age",
        f"Who makes a movie is {LEAST_AGE['director']} to {MOST_AGE} years old; actors may be {LEAST_AGE['actor']}.",
        _plausible_age,
    ),
)
"""Rules on the rows of tables.media.Credits, each beside its movie's ``year`` and its person's ``born``."""
