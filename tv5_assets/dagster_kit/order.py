"""Which steps go first where more are ready than can run.

Without it they go in the order in which they became ready, and what takes longest, line by line of dialogue, would be
embedded and loaded last, while one of the cores has nothing left to do. What does not belong here: how many steps run
at a time (defs/jobs.py, pools.py).
"""

from collections.abc import Iterable

LONG_WAYS = frozenset(
    {
        # to the collection with the most rows
        "processed/movies",
        "synthetic/media_details",
        "synthetic/subtitles",
        "synthetic/subtitle_segments",
        "embeddings/subtitle_segments",
        "milvus/subtitle_segments",
        # to the model that is served
        "processed/ratings",
        "features/split",
        "embeddings/movies",
        "models/tuning",
        "models/two_tower",
        "embeddings/tower_movies",
        "milvus/tower_movies",
    }
)
"""Assets on the ways through the graph that take longest."""


def priority(keys: Iterable[str]) -> dict[str, str]:
    """Return the tags of a step that makes, or checks, assets of these keys."""
    return {"dagster/priority": "1"} if not LONG_WAYS.isdisjoint(keys) else {}
