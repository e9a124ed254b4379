"""Runs the benchmarks and prints their measurements, a JSON object a line: ``python -m benchmarks RAW RATINGS``.

``tv5 bench`` prints them as a table. What does not belong here: how each is measured (its own module).
"""

import argparse
import json
from pathlib import Path

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

_ML_25M_RATINGS, _ML_25M_USERS, _ML_25M_MOVIES = 25_000_095, 162_541, 62_423


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("raw", type=Path, help="folder of a set, for raw_to_processed, features and generators")
    parser.add_argument("ratings", type=int, help="ratings of the made set, for user_vectors")
    arguments = parser.parse_args()
    share = min(1.0, arguments.ratings / _ML_25M_RATINGS)
    measurements = [
        *raw_to_processed.run(arguments.raw),
        *features.run(arguments.raw),
        *generators.run(arguments.raw, share),
        *postgres_loads.run(share),
        *redis_load.run(max(1, int(_ML_25M_USERS * share))),
        *encoding.run(),
        *evaluation.run(share),
        *training.run(share),
        *user_vectors.run(
            arguments.ratings, users=max(1, int(_ML_25M_USERS * share)), movies=max(100, int(_ML_25M_MOVIES * share))
        ),
        *similarity.run(share),
        *milvus_load.run(share),
        *graph_load.run(share),
    ]
    for measurement in measurements:
        print(json.dumps(measurement), flush=True)


if __name__ == "__main__":
    main()
