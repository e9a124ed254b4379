"""The generators of the synthetic world against a plain loop that makes one row after the other with Faker.

The loop makes the fields that the original data generation plan and media gateway pipeline name, and writes JSON lines,
as the plan does; ours makes as many or more, that agree with one another, and writes Parquet. Each side runs in a fresh
process, which treats memory as a step's does and reports its seconds and its peak memory; imports, and the inputs that
a generator reads, are not timed, nor is making the Faker. The loop makes a sample: its rows a second are what the
speed-up is the ratio to.

    python -m benchmarks.generators <folder of a set> [share of the full size]
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.timing import peak_mb
from tv5_assets.bench import SpeedUp
from tv5_assets.dagster_kit import fork_server

CATALOG_TARGET, TARGET = 50.0, 100.0
SEED = 42
_LOOP_SECONDS = 1.0
"""How long the loop runs at least."""
_LOCALES = ["en_US", "fr_FR", "es_ES", "de_DE", "it_IT"]
_DAYS = 365


class Generator(NamedTuple):
    """What is compared.

    Attributes:
        rows: made at full size.
        make: returns a frame of so many rows; given the folder of the inputs, which are read at once.
        loop: returns one row, as a plain loop makes it with a Faker; given the number of the row.
        target: least speed-up.
    """

    rows: int
    make: Callable[[Path], Callable[[int], Any]]
    loop: Callable[[Any, int], dict[str, Any]]
    target: float | None


def run(raw: Path, share: float = 1.0, repeats: int = 2) -> list[SpeedUp]:
    """Return one measurement per generator, the best of some repeats of each side.

    Args:
        raw: folder of a set, whose movies and ratings the world is made around.
        share: of the full size, from 0 to 1; interactions are made around at most 4,000,000 ratings.
        repeats: runs of each side, taken in turns so that a busy machine slows both.
    """
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder)
        _in_fresh_process("inputs", str(raw), str(inputs))
        for name, generator in GENERATORS.items():
            rows = max(1, round(generator.rows * share))
            runs = [
                (_in_fresh_process("make", name, str(inputs), str(rows)), _in_fresh_process("loop", name))
                for _ in range(repeats)
            ]
            best = max((ours for ours, _ in runs), key=_rate)
            loop = max((bare for _, bare in runs), key=_rate)
            measured.append(
                SpeedUp(
                    name=f"generators/{name}",
                    rows=best["rows"],
                    rows_per_second=_rate(best),
                    loop_rows=loop["rows"],
                    loop_rows_per_second=_rate(loop),
                    speed_up=_rate(best) / _rate(loop),
                    target_speed_up=generator.target,
                    peak_mb=max(ours["peak_mb"] for ours, _ in runs),
                )
            )
    return measured


def _rate(run: dict[str, Any]) -> float:
    return run["rows"] / run["seconds"]


def _in_fresh_process(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603  this very module
        [sys.executable, "-m", "benchmarks.generators", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**fork_server.MEMORY, **os.environ},
    )
    return json.loads(done.stdout.splitlines()[-1])


# --- Ours ---


def _table(inputs: Path, name: str) -> Any:
    import polars as pl

    return pl.read_parquet(inputs / f"{name}.parquet")


def _write_inputs(raw: Path, inputs: Path) -> None:
    import numpy as np
    import polars as pl

    from tv5_assets.movielens import parse
    from tv5_assets.synthetic.contexts import contexts
    from tv5_assets.synthetic.media_details import media_details
    from tv5_assets.synthetic.subtitles import subtitles
    from tv5_assets.synthetic.users import users

    parse.ratings(raw).sink_parquet(inputs / "ratings.parquet")
    parse.tags(raw).sink_parquet(inputs / "tags.parquet")
    ratings = pl.scan_parquet(inputs / "ratings.parquet")
    movies = parse.movies(
        raw,
        tags=pl.scan_parquet(inputs / "tags.parquet"),
        genome_tags=parse.genome_tags(raw),
        genome_scores=parse.genome_scores(raw),
    )
    details = media_details(movies, ratings, SEED)
    raters = ratings.select(pl.col("user_id").unique()).collect().to_series().to_numpy()
    tables = {
        "movies": movies,
        "details": details,
        "subtitles": subtitles(movies, details, SEED),
        "users": users(np.sort(raters), SEED),
        "contexts": contexts(5_000, SEED).collect(),
    }
    for name, table in tables.items():
        table.write_parquet(inputs / f"{name}.parquet")


def _catalog(inputs: Path) -> Callable[[int], Any]:
    from tv5_assets.synthetic.catalog.items import items
    from tv5_assets.tables.catalog import DECLARATION

    return lambda rows: items(DECLARATION, rows, SEED)


def _users(inputs: Path) -> Callable[[int], Any]:
    import numpy as np

    from tv5_assets.synthetic.users import users

    return lambda rows: users(np.arange(1, rows + 1, dtype=np.int32), SEED).lazy()


def _segments(inputs: Path) -> Callable[[int], Any]:
    from tv5_assets.synthetic.segments import segments

    subtitles, details = _table(inputs, "subtitles"), _table(inputs, "details")
    return lambda rows: segments(subtitles, details, SEED, rows)


def _contexts(inputs: Path) -> Callable[[int], Any]:
    from tv5_assets.synthetic.contexts import contexts

    return lambda rows: contexts(rows, SEED)


def _interactions(inputs: Path) -> Callable[[int], Any]:
    import polars as pl

    from tv5_assets.synthetic.interactions import interactions

    ratings = pl.scan_parquet(inputs / "ratings.parquet")
    users, contexts, details, movies = (_table(inputs, name) for name in ("users", "contexts", "details", "movies"))
    return lambda rows: interactions(ratings.head(rows), users, contexts, details, movies, SEED)


def _trends(inputs: Path) -> Callable[[int], Any]:
    import polars as pl

    from tv5_assets.synthetic.trends import trends

    ratings = pl.scan_parquet(inputs / "ratings.parquet")
    return lambda rows: trends(ratings, SEED, movies=max(1, rows // _DAYS), days=_DAYS).lazy()


# --- The plain loop ---


def _loop_item(fake: Any, number: int) -> dict[str, Any]:
    kind = random.choices(["video", "image", "audio", "document"], [0.4, 0.3, 0.2, 0.1])[0]
    item: dict[str, Any] = {
        "id": fake.uuid4(),
        "type": kind,
        "title": fake.sentence(nb_words=6),
        "description": fake.paragraph(nb_sentences=3),
        "tags": [fake.word() for _ in range(random.randint(2, 8))],
        "creator": fake.name(),
        "created_at": fake.date_time_between(start_date="-5y", end_date="now").isoformat(),
        "file_size": random.randint(10, 10_000) * 1024,
        "language": "en",
    }
    match kind:
        case "video":
            item |= {
                "format": random.choice(["mp4", "mov", "avi", "mkv"]),
                "duration": random.randint(30, 7_200),
                "resolution": random.choice(["720p", "1080p", "4K", "8K"]),
                "topic": fake.word(),
                "views": random.randint(0, 1_000_000),
                "likes": random.randint(0, 50_000),
            }
        case "image":
            item |= {
                "format": random.choice(["jpg", "png", "webp", "tiff"]),
                "resolution": f"{random.choice([1920, 2560, 3840])}x{random.choice([1080, 1440, 2160])}",
                "category": fake.word(),
                "camera_model": fake.company(),
                "iso": random.choice([100, 200, 400, 800, 1600, 3200]),
            }
        case "audio":
            item |= {
                "format": random.choice(["mp3", "wav", "flac", "aac", "ogg"]),
                "duration": random.randint(60, 3_600),
                "genre": fake.word(),
                "bitrate": random.choice([128, 192, 256, 320]),
                "sample_rate": random.choice([44_100, 48_000, 96_000]),
            }
        case _:
            item |= {
                "format": random.choice(["pdf", "docx", "txt", "md", "html"]),
                "page_count": random.randint(1, 500),
                "word_count": random.randint(100, 50_000),
            }
    item["content_text"] = " ".join([item["title"], item["description"], kind, *item["tags"], item["creator"]])
    return item


def _loop_user(fake: Any, number: int) -> dict[str, Any]:
    return {
        "user_id": f"user_{number:08d}",
        "name": fake.name(),
        "age_range": random.choice(["18-24", "25-34", "35-44", "45-54", "55-64", "65+"]),
        "country": random.choice(["US", "FR", "DE", "ES", "IT", "CA", "UK"]),
        "city": fake.city(),
        "timezone": fake.timezone(),
        "languages": random.sample(["en", "fr", "es", "de", "it"], random.randint(1, 3)),
        "cultural_context": random.sample(["art_house", "mainstream", "classic", "trending"], 2),
        "archetype": random.choices(["cinephile", "casual", "family", "senior"], [0.2, 0.4, 0.3, 0.1])[0],
        "viewing_time_patterns": {
            time: random.uniform(0.1, 0.9) for time in ("weekday_evening", "weekend_afternoon", "late_night")
        },
        "device_preferences": {device: random.uniform(0.2, 0.9) for device in ("tv", "mobile", "laptop")},
        "mood_preferences": random.sample(["funny", "dark", "poetic", "relaxing"], 2),
        "genre_preferences": random.sample(["Drama", "Comedy", "Action", "Horror", "Romance"], random.randint(2, 3)),
        "pacing": random.choices(["slow", "moderate", "fast"], [0.2, 0.5, 0.3])[0],
        "tolerance": random.choices(["low", "medium", "high"], [0.3, 0.4, 0.3])[0],
        "weekly_hours": round(random.uniform(3, 30), 1),
    }


def _loop_segment(fake: Any, number: int) -> dict[str, Any]:
    start = random.randint(0, 7_000_000)
    return {
        "segment_id": number,
        "movie_id": number // 16,
        "language": random.choice(["en", "fr", "es", "de", "it"]),
        "start_ms": start,
        "end_ms": start + random.randint(1_000, 5_000),
        "speaker": fake.first_name(),
        "text": fake.sentence(nb_words=9),
        "sentiment": random.uniform(-1, 1),
        "topics": random.sample(["love", "conflict", "loss", "war", "family", "crime"], random.randint(0, 3)),
    }


def _loop_context(fake: Any, number: int) -> dict[str, Any]:
    day = fake.date_between(start_date="-1y", end_date="today")
    return {
        "context_id": f"ctx_{number:08d}",
        "date": day.isoformat(),
        "season": random.choice(["spring", "summer", "fall", "winter"]),
        "day_of_week": day.strftime("%a"),
        "time_of_day": random.choice(["morning", "afternoon", "evening", "night", "late_night"]),
        "is_holiday": random.random() < 0.1,
        "weather": random.choice(["clear", "cloudy", "rain", "snow"]),
        "viewing_mode": random.choice(["alone", "family", "friends", "date", "party"]),
        "group_size": random.randint(1, 6),
        "mood": random.choice(["relaxed", "energetic", "curious", "romantic"]),
        "occasion": random.choice(["casual", "special_event", "education", "focused"]),
        "time_budget": random.choice(["short", "medium", "long", "binge"]),
    }


def _loop_interaction(fake: Any, number: int) -> dict[str, Any]:
    watched = random.random()
    return {
        "interaction_id": f"int_{number}",
        "user_id": f"user_{number // 150:08d}",
        "media_id": f"ml_{random.randint(1, 60_000)}",
        "event": random.choice(["view", "search", "favorite", "share", "skip"]),
        "occurred_at": datetime.fromtimestamp(random.randint(1_000_000_000, 1_600_000_000), UTC).isoformat(),
        "device": random.choice(["tv", "mobile", "laptop"]),
        "context_id": random.randint(0, 100_000),
        "completion_rate": watched,
        "watch_seconds": int(watched * 6_000),
        "pauses": random.randint(0, 5),
        "rewinds": random.randint(0, 3),
    }


def _loop_trend(fake: Any, number: int) -> dict[str, Any]:
    popularity = max(0.0, min(1.0, random.gauss(0.4, 0.2)))
    return {
        "media_id": f"ml_{number // _DAYS}",
        "date": datetime.fromtimestamp(1_500_000_000 + 86_400 * (number % _DAYS), UTC).date().isoformat(),
        "popularity_score": popularity,
        "view_count_estimate": int(popularity * random.randint(100, 10_000)),
        "search_volume": int(popularity * random.randint(50, 5_000)),
    }


GENERATORS = {
    "catalog": Generator(1_000_000, _catalog, _loop_item, CATALOG_TARGET),
    "users": Generator(162_541, _users, _loop_user, TARGET),
    "segments": Generator(1_000_000, _segments, _loop_segment, TARGET),
    "contexts": Generator(100_000, _contexts, _loop_context, None),
    "interactions": Generator(4_000_000, _interactions, _loop_interaction, None),
    "trends": Generator(1_825_000, _trends, _loop_trend, None),
}


def _make(name: str, inputs: Path, rows: int) -> dict[str, Any]:
    import polars as pl

    from tv5_assets.engine import PARQUET

    make, path = GENERATORS[name].make(inputs), inputs / f"{name}.made.parquet"
    make(1).sink_parquet(path, **PARQUET)  # what is loaded when it is first asked for is there before the clock runs
    started = time.perf_counter()
    make(rows).sink_parquet(path, **PARQUET)  # as assets are written
    seconds = time.perf_counter() - started
    made = pl.scan_parquet(path).select(pl.len()).collect().item()
    path.unlink()
    return {"rows": made, "seconds": seconds, "peak_mb": peak_mb()}


def _loop(name: str) -> dict[str, Any]:
    from faker import Faker

    fake, made = Faker(_LOCALES), 0
    fake.seed_instance(SEED)
    row = GENERATORS[name].loop
    row(fake, 0)  # what Faker loads when it is first asked is there before the clock runs
    with tempfile.TemporaryFile("w", encoding="utf-8") as file:
        started = time.perf_counter()
        while (seconds := time.perf_counter() - started) < _LOOP_SECONDS:
            for number in range(made, made + 100):
                file.write(json.dumps(row(fake, number), ensure_ascii=False) + "\n")
            made += 100
    return {"rows": made, "seconds": seconds}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["inputs", raw, inputs]:
            _write_inputs(Path(raw), Path(inputs))
            print("{}")
        case ["make", name, inputs, rows]:
            print(json.dumps(_make(name, Path(inputs), int(rows))))
        case ["loop", name]:
            print(json.dumps(_loop(name)))
        case [raw, *share]:
            for line in run(Path(raw), float(share[0]) if share else 1.0):
                print(line)
