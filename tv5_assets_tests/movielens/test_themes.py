import polars as pl
import pytest

from tv5_assets.movielens import themes


def given_tags(*rows: tuple[int, int, str]) -> pl.LazyFrame:
    return pl.LazyFrame(
        rows, schema={"movie_id": pl.Int32, "user_id": pl.Int32, "tag_normalized": pl.String}, orient="row"
    )


def test_relevance_from_tags_grows_with_agreement() -> None:
    found = themes.from_tags(
        given_tags((1, 1, "a"), (1, 2, "a"), (1, 3, "a"), (1, 3, "b"), (1, 3, "b"), (1, 4, "c"), (2, 9, "z"))
    ).collect()
    assert found["movie_id"].to_list() == [1, 2]
    # Movie 1 has four taggers: three say a, one b (twice, which counts once), one c.
    assert [(theme["tag"], theme["relevance"]) for theme in found["themes"][0]] == [
        ("a", pytest.approx(0.8)),
        ("b", pytest.approx(0.6)),
        ("c", pytest.approx(0.6)),
    ]
    assert found["themes"][1].to_list() == [{"tag": "z", "relevance": 0.75}]


def test_at_most_twenty_from_tags_and_all_over_the_threshold() -> None:
    many = themes.from_tags(given_tags(*((1, user, f"tag {tag:02}") for user in range(50) for tag in range(user + 1))))
    found = many.collect()["themes"][0].struct.unnest()
    assert found["tag"].to_list() == [f"tag {tag:02}" for tag in range(themes.MOST_FROM_TAGS)]
    assert found["relevance"].is_between(themes.THRESHOLD, 1, closed="right").all()


def test_empty_tags_are_no_themes() -> None:
    assert themes.from_tags(given_tags((1, 1, ""))).collect().is_empty()
