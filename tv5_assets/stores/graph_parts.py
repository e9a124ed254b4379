"""What the knowledge graph consists of, part by part, and which table each part is made of.

For loaders that write the whole graph at once; the assets (defs/neo4j.py) publish the same parts one by one, with the
same fingerprints.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl
from upath import UPath

from tv5_assets.errors import InputError
from tv5_assets.fingerprint import fingerprint
from tv5_assets.graph import edges, nodes
from tv5_assets.stores import neo4j
from tv5_assets.stores.neo4j import NodeSpec, RelationshipSpec


@dataclass(frozen=True)
class Part:
    """One kind of node or relationship, with its rows.

    Attributes:
        spec: the kind.
        frame: its columns.
        version: fingerprint of the frame, as that of a publication over Bolt.
    """

    spec: NodeSpec | RelationshipSpec
    frame: pl.DataFrame
    version: str

    @classmethod
    def of(cls, spec: NodeSpec | RelationshipSpec, frame: pl.DataFrame) -> "Part":
        """Return the part whose version is the frame's fingerprint."""
        return cls(spec, frame, fingerprint(frame))


@dataclass(frozen=True)
class Source:
    """Where a part comes from.

    Attributes:
        spec: the kind of node or relationship.
        table: key of the table that it is made of.
        rows: makes the part's columns of the table's rows.
    """

    spec: NodeSpec | RelationshipSpec
    table: str
    rows: Callable[[pl.DataFrame], pl.DataFrame]


def _rated(ratings: pl.DataFrame) -> pl.DataFrame:
    return edges.rated(ratings.lazy()).collect()


SOURCES: tuple[Source, ...] = (
    Source(neo4j.MOVIES, "processed/movies", nodes.movie_nodes),
    Source(neo4j.USERS, "synthetic/users", nodes.user_nodes),
    Source(neo4j.GENRES, "processed/movies", nodes.genre_nodes),
    Source(neo4j.THEMES, "processed/movies", nodes.theme_nodes),
    Source(neo4j.PLATFORMS, "synthetic/platforms", nodes.platform_nodes),
    Source(neo4j.PEOPLE, "synthetic/people", nodes.person_nodes),
    Source(neo4j.MOODS, "synthetic/media_details", nodes.mood_nodes),
    Source(neo4j.MOVIE_GENRES, "processed/movies", edges.has_genre),
    Source(neo4j.MOVIE_THEMES, "processed/movies", edges.has_theme),
    Source(neo4j.AVAILABILITY, "synthetic/platforms", edges.available_on),
    *(Source(spec, "synthetic/credits", partial(edges.credited, role=role)) for role, spec in neo4j.CREDITS.items()),
    Source(neo4j.MOVIE_MOODS, "synthetic/media_details", edges.has_mood),
    Source(neo4j.INFLUENCES, "synthetic/influences", edges.influenced_by),
    Source(neo4j.SIMILAR, "embeddings/similar_movies", edges.similar_to),
    Source(neo4j.RATINGS, "processed/ratings", _rated),
)
"""Every part of the graph; a test compares it with stores/neo4j.py's kinds."""


def materialized(dataset_root: UPath) -> Iterator[Part]:
    """Return every part, made of the materialized tables, one at a time, so that no two are held at once.

    Args:
        dataset_root: folder of the dataset.

    Raises:
        InputError: tables were never materialized; the message names each, and what materializes them.
    """
    paths = {source.table: dataset_root / f"{source.table}.parquet" for source in SOURCES}
    if absent := [table for table, path in paths.items() if not path.exists()]:
        selection = " or ".join(f'+key:"{table}"' for table in absent)
        raise InputError(
            f"{', '.join(absent)}: not in {dataset_root}; materialize first, with `tv5 run --select '{selection}'`"
        )
    return _parts(paths)


def _parts(paths: Mapping[str, UPath]) -> Iterator[Part]:
    for source in SOURCES:
        with paths[source.table].open("rb") as file:
            yield Part.of(source.spec, source.rows(pl.read_parquet(file)))
