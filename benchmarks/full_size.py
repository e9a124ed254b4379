"""How fast the graph and vector search answer at ml-25m's size, with one client and with eight, each warm.

The graph is filled by the import tool where Neo4j is installed; vectors are random, since only their number and length
decide how long a search takes, and drawn in two ways, since their shape decides what an approximate search finds:
``sphere`` evenly, where each is about as far from every other, the hardest case there is, and ``families``, where
neighbours are near, as those of texts are. It takes minutes, so `tv5 bench` leaves it out.

    python -m benchmarks.full_size <folder of a set, such as tv5 simulate --like ml-25m writes> <folder of its own>
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pymilvus import MilvusClient

from benchmarks.similarity import families
from tv5_assets.embeddings.vectors import Vectors
from tv5_assets.graph import edges, nodes
from tv5_assets.movielens import parse
from tv5_assets.quality.latency import measure
from tv5_assets.quality.recall import recall_at_k, sample_queries
from tv5_assets.retrieval import two_hops
from tv5_assets.services.embedded import running
from tv5_assets.services.installed import installation
from tv5_assets.services.neo4j_import import import_graph
from tv5_assets.settings import Settings, load_settings
from tv5_assets.stores import milvus, neo4j
from tv5_assets.stores.graph_parts import Part
from tv5_assets.stores.load import Load

DIMENSION = 384
BREADTHS = (16, 32, 64, 128, 256, 512, 1024)
"""Values of ef that are measured."""
CLIENTS = (1, 8)
_K = 10
_QUERIES = 500
_SIMILAR = 20
_SEED = 42
_SPAN = 1_000_003
"""A prime, by whose multiples neighbours are drawn."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_size", description=__doc__)
    parser.add_argument("raw", type=Path, help="folder of a set")
    parser.add_argument("home", type=Path, help="folder that keeps the servers' data; it is filled where it is empty")
    parser.add_argument("--only", choices=["graph", "milvus"], help="one of the two")
    arguments = parser.parse_args()
    settings = load_settings(
        home=arguments.home.resolve(),
        neo4j_uri="",
        milvus_uri="",
        neo4j_server="neo4j" if installation("neo4j") else "arcadedb",
        milvus_server="milvus" if installation("milvus") else "milvus-lite",
    )
    measured = {"graph": lambda: graph(settings, arguments.raw), "milvus": lambda: vector_search(settings)}
    for name, lines in measured.items():
        if arguments.only in (None, name):
            for line in lines():
                print(json.dumps(line), flush=True)


def graph(settings: Settings, raw: Path) -> Iterator[dict[str, Any]]:
    """Yield how long the graph took to load, and how long its questions take."""
    if not (settings.home / "loaded.graph").exists():
        started = time.perf_counter()
        loads = _load_graph(settings, raw)
        seconds = time.perf_counter() - started
        (settings.home / "loaded.graph").touch()
        yield {
            "what": "load",
            "server": settings.neo4j_server,
            "seconds": seconds,
            **{x.dataset: x.rows for x in loads},
        }
    with (
        running(settings, ["neo4j"]) as at,
        closing(
            neo4j.connect(at.neo4j_uri, at.neo4j_user, at.neo4j_password, at.neo4j_database, at.neo4j_bulk_url)
        ) as connected,
    ):
        users = neo4j.ids(connected, neo4j.USERS)
        busiest = pl.DataFrame(neo4j.degrees(connected, neo4j.RATINGS)).top_k(100, by="degree")["user_id"].to_list()
        drawn = np.random.default_rng(_SEED).choice(users, _QUERIES, replace=False).tolist()
        for who, asked in (("any user", drawn), ("100 busiest users", busiest)):
            for what, ask in (("interests", two_hops.interests), ("like_the_best", two_hops.like_the_best)):
                for clients in CLIENTS:
                    times = _measured(partial(ask, connected), asked, clients)
                    yield {"what": what, "who": who, "server": settings.neo4j_server, "clients": clients, **times}


def _load_graph(settings: Settings, raw: Path) -> list[Load]:
    if settings.neo4j_server == "neo4j":
        return import_graph(settings, _parts(raw))
    with (
        running(settings, ["neo4j"]) as at,
        closing(
            neo4j.connect(at.neo4j_uri, at.neo4j_user, at.neo4j_password, at.neo4j_database, at.neo4j_bulk_url)
        ) as connected,
    ):
        return [
            neo4j.publish_nodes(connected, part.spec, part.frame, part.version)
            if isinstance(part.spec, neo4j.NodeSpec)
            else neo4j.publish_relationships(connected, part.spec, part.frame, part.version)
            for part in _parts(raw)
        ]


def _parts(raw: Path) -> Iterator[Part]:
    """Yield the parts of the graph that are asked about."""
    tags = parse.tags(raw).collect()
    movies = parse.movies(
        raw, tags=tags.lazy(), genome_tags=parse.genome_tags(raw), genome_scores=parse.genome_scores(raw)
    )
    yield Part.of(neo4j.MOVIES, nodes.movie_nodes(movies))
    yield Part.of(neo4j.GENRES, nodes.genre_nodes(movies))
    yield Part.of(neo4j.THEMES, nodes.theme_nodes(movies))
    yield Part.of(neo4j.MOVIE_GENRES, edges.has_genre(movies))
    yield Part.of(neo4j.MOVIE_THEMES, edges.has_theme(movies))
    yield Part.of(neo4j.SIMILAR, _similar(movies["movie_id"]))
    ratings = edges.rated(parse.ratings(raw)).collect(engine="streaming")
    users = ratings.select("user_id").unique().sort("user_id")
    made_up = users.with_columns(
        user_key=pl.format("user_{}", "user_id"), archetype=pl.lit("casual"), country=pl.lit("FR")
    )
    yield Part.of(neo4j.USERS, made_up)
    yield Part.of(neo4j.RATINGS, ratings)


def _similar(movie_ids: pl.Series) -> pl.DataFrame:
    """Return twenty neighbours of every movie, drawn without regard to what they are."""
    count = len(movie_ids)
    row = np.repeat(np.arange(count), _SIMILAR)
    other = (row + 1 + np.tile(np.arange(_SIMILAR), count) * _SPAN) % count
    score = np.random.default_rng(_SEED).uniform(0.8, 1, len(row)).astype(np.float32)
    ids = movie_ids.to_numpy()
    return pl.DataFrame({"movie_id": ids[row], "similar_id": ids[other], "score": score, "source": "text"})


def vector_search(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield how long two collections took to load, and what a search finds at each breadth, and how fast."""
    matrix = np.random.default_rng(_SEED).standard_normal((62_423, DIMENSION), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    sphere = Vectors(np.arange(1, len(matrix) + 1, dtype=np.int32), matrix, "random")
    with (
        running(settings, ["milvus"]) as at,
        closing(milvus.connect(at.milvus_uri, at.milvus_token)) as client,
    ):
        for shape, vectors in (("families", families(62_423, DIMENSION, _SEED)), ("sphere", sphere)):
            spec = milvus.CollectionSpec(shape, key="movie_id")
            load = milvus.publish(client, spec, vectors, pl.DataFrame({"movie_id": vectors.ids}), "fullsize")
            if load.changed:
                yield {"what": "load", "server": settings.milvus_server, "shape": shape, "seconds": load.seconds}
            queries = sample_queries(vectors, _QUERIES, np.random.default_rng(_SEED))
            for breadth in BREADTHS:
                hits = milvus.search(client, spec, queries, _K, ef=breadth)
                found = {"ef": breadth, "recall": recall_at_k(vectors, queries, hits.ids, _K)}
                for clients in CLIENTS:
                    times = _measured(
                        partial(_search, client, spec, breadth),
                        list(queries),
                        clients,
                    )
                    yield {"what": "search", "shape": shape, "server": settings.milvus_server, **found,
                           "clients": clients, **times}  # fmt: skip


def _search(client: MilvusClient, spec: milvus.CollectionSpec, breadth: int, query: np.ndarray) -> object:
    return milvus.search(client, spec, query[None], _K, ef=breadth)


def _measured(ask: Callable[[Any], object], asked: list[Any], clients: int) -> dict[str, float]:
    """Return percentiles of so many clients' calls, in milliseconds, and how many they make together in a second."""

    def one(client: int) -> list[float]:
        calls = cycle(asked[client::clients] if len(asked) >= clients else asked)
        times = []
        for _ in range(_QUERIES // clients):
            argument = next(calls)
            started = time.perf_counter_ns()
            ask(argument)
            times.append((time.perf_counter_ns() - started) / 1e6)
        return times

    warm = cycle(asked)
    measure(lambda: ask(next(warm)), runs=1, warm_up=min(200, len(asked)))
    with ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        times = [value for values in pool.map(one, range(clients)) for value in values]
        seconds = time.perf_counter() - started
    p50, p95, p99 = np.percentile(times, [50, 95, 99]).tolist()
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "runs": len(times), "per_second": len(times) / seconds}


if __name__ == "__main__":
    main()
