import json
from datetime import UTC, date, datetime

import polars as pl

from tv5_assets.stores import documents

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


def decoded(frame: pl.DataFrame) -> dict[str, dict]:
    return {key: json.loads(value) for key, value in frame.iter_rows()}


def test_platforms_are_grouped_by_movie():
    platforms = pl.DataFrame(
        {
            "movie_id": [296, 296, 1],
            "platform_id": ["netflix", "mubi", "mubi"],
            "price": [None, 3.5, None],
            "quality": [["HD", "4K"], ["SD"], ["SD"]],
            "updated_at": [NOW] * 3,
        },
        schema_overrides={"quality": pl.List(pl.Enum(["SD", "HD", "4K"])), "price": pl.Float32},
    )

    found = decoded(documents.platform_documents(platforms))

    assert list(found) == ["platform:ml_1", "platform:ml_296"]
    assert found["platform:ml_296"] == {
        "media_id": "ml_296",
        "platforms": [
            {"platform_id": "mubi", "price": 3.5, "quality": ["SD"], "updated_at": "2026-01-02T03:15:00+00:00"},
            {
                "platform_id": "netflix",
                "price": None,
                "quality": ["HD", "4K"],
                "updated_at": "2026-01-02T03:15:00+00:00",
            },
        ],
    }


def test_trends_have_a_document_per_scope_and_one_of_now():
    ranks = list(range(1, 151))
    trends = pl.DataFrame(
        {
            "scope": ["global"] * 150 + ["region:FR"],
            "rank": [*ranks, 1],
            "movie_id": [*ranks, 7],
            "score": [0.5] * 151,
            "velocity": [0.0] * 151,
            "peak_at": [date(2026, 1, 1)] * 151,
            "demographic_breakdown": [{"18-24": 1.0}] * 151,
            "as_of": [NOW] * 151,
        }
    ).sample(fraction=1, shuffle=True, seed=1)
    topics = pl.DataFrame(
        {
            "kind": ["genre", "theme", "genre"],
            "rank": [2, 1, 1],
            "topic": ["Drama", "dark", "War"],
            "score": [1.0, 3.0, 2.0],
            "movies": [1, 2, 3],
            "as_of": [NOW] * 3,
        }
    )

    found = decoded(documents.trend_documents(trends, topics))

    assert sorted(found) == ["trend:global", "trend:now", "trend:region:FR"]
    assert found["trend:region:FR"] == {
        "scope": "region:FR",
        "as_of": "2026-01-02T03:15:00+00:00",
        "movies": [
            {
                "rank": 1,
                "media_id": "ml_7",
                "score": 0.5,
                "velocity": 0.0,
                "peak_at": "2026-01-01",
                "demographic_breakdown": {"18-24": 1.0},
            }
        ],
    }
    assert [movie["rank"] for movie in found["trend:now"]["movies"]] == ranks[: documents.TREND_MOVIES]
    assert found["trend:now"]["movies"] == found["trend:global"]["movies"]
    assert [genre["topic"] for genre in found["trend:now"]["genres"]] == ["War", "Drama"]
    assert found["trend:now"]["themes"] == [{"rank": 1, "topic": "dark", "score": 3.0, "movies": 2}]


def test_a_policy_keeps_the_best_actions_of_each_state():
    values = [
        {"action": action, "mean": mean, "variance": 1.0, "visits": 1}
        for action, mean in [("Drama", 0.5), ("War", 0.25), ("none", 0.125), ("Comedy", 0.0)]
    ]
    policies = pl.DataFrame(
        {
            "user_id": [2, 1, 2],
            "state_hash": ["b" * 16, "a" * 16, "a" * 16],
            "q_values": [values, values[:1], values[1:2]],
        }
    )

    assert decoded(documents.policy_documents(policies)) == {
        "policy:1": {"user_id": 1, "states": {"a" * 16: [{"action": "Drama", "mean": 0.5}]}},
        "policy:2": {
            "user_id": 2,
            "states": {
                "a" * 16: [{"action": "War", "mean": 0.25}],
                "b" * 16: [
                    {"action": "Drama", "mean": 0.5},
                    {"action": "War", "mean": 0.25},
                    {"action": "none", "mean": 0.125},
                ],
            },
        },
    }


def test_keys():
    assert documents.platform_key(296) == "platform:ml_296"
    assert documents.trend_key("region:FR") == "trend:region:FR"
    assert documents.policy_key(7) == "policy:7"
    assert documents.user_vector_key(7) == "uservec:7"
    assert documents.recommendations_key(7, "abc") == "rec:7:abc"


def test_equal_queries_have_equal_keys():
    assert documents.query_key({"text": "robots", "k": 10}) == documents.query_key({"k": 10, "text": "robots"})
    assert documents.query_key({"text": "robots", "k": 10}) != documents.query_key({"text": "robots", "k": 11})
