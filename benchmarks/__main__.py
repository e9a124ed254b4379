"""Runs a benchmark and prints its measurements, a JSON object a line: ``python -m benchmarks NAME RAW RATINGS``.

``tv5 bench`` runs them all and prints them as a table. What does not belong here: how each is measured (its own
module).
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import (
    encoding,
    evaluation,
    features,
    generators,
    graph_load,
    milvus_load,
    postgres_loads,
    raw_to_processed,
    redis_load,
    similarity,
    training,
    user_vectors,
)
from tv5_assets.bench import BENCHMARKS, ML_25M_RATINGS

_ML_25M_USERS, _ML_25M_MOVIES = 162_541, 62_423


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=BENCHMARKS, help="which benchmark")
    parser.add_argument("raw", type=Path, help="folder of a set, for raw_to_processed, features and generators")
    parser.add_argument("ratings", type=int, help="ratings of the made sets")
    arguments = parser.parse_args()
    raw, ratings = arguments.raw, arguments.ratings
    share = min(1.0, ratings / ML_25M_RATINGS)
    users, movies = max(1, int(_ML_25M_USERS * share)), max(100, int(_ML_25M_MOVIES * share))
    run: dict[str, Callable[[], Iterable[Any]]] = {
        "raw_to_processed": lambda: raw_to_processed.run(raw),
        "features": lambda: features.run(raw),
        "generators": lambda: generators.run(raw, share),
        "postgres_loads": lambda: postgres_loads.run(share),
        "redis_load": lambda: redis_load.run(users),
        "encoding": encoding.run,
        "evaluation": lambda: evaluation.run(share),
        "training": lambda: training.run(share),
        "user_vectors": lambda: user_vectors.run(ratings, users=users, movies=movies),
        "similarity": lambda: similarity.run(share),
        "milvus_load": lambda: milvus_load.run(share),
        "graph_load": lambda: graph_load.run(share),
    }
    for measurement in run[arguments.name]():
        print(json.dumps(measurement), flush=True)


if __name__ == "__main__":
    main()
