"""Runs a benchmark and prints its measurements, a JSON object a line: ``python -m benchmarks NAME RAW RATINGS``.

``tv5 bench`` runs them all and prints them as a table. What does not belong here: how each is measured (its own
module).
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from tv5_assets.bench import BENCHMARKS, ML_25M_RATINGS, Measurement, SpeedUp

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
    sizes: dict[str, tuple[Any, ...]] = {
        "raw_to_processed": (raw,),
        "features": (raw,),
        "generators": (raw, share),
        "postgres_loads": (share,),
        "redis_load": (users,),
        "encoding": (),
        "evaluation": (share,),
        "training": (share,),
        "user_vectors": (ratings, users, movies),
        "similarity": (share,),
        "milvus_load": (share,),
        "graph_load": (share,),
    }
    # Only this one is imported: memory is told of what is measured, not of what the others need.
    measured: Iterable[Measurement | SpeedUp] = import_module(f"benchmarks.{arguments.name}").run(
        *sizes[arguments.name]
    )
    for one in measured:
        print(json.dumps(asdict(one)), flush=True)


if __name__ == "__main__":
    main()
