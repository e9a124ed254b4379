from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from tv5_assets.coherence import Rule
from tv5_assets.quality.audience import drawn_as_declared, names_usual
from tv5_assets.quality.frames import every_row
from tv5_assets.synthetic.places import CITIES, COUNTRY_SHARES
from tv5_assets.synthetic.users import RULES, users
from tv5_assets.tables.synthetic import ARCHETYPE_SHARES, ARCHETYPES, COUNTRIES, LANGUAGES, Users
from tv5_assets_tests.synthetic.statistics import fits


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return users(np.arange(1, 50_001, dtype=np.int32), seed=42)


def test_the_frame_is_as_its_schema_says(many: pl.DataFrame) -> None:
    Users.validate(many)
    assert len(many) == 50_000


def test_archetypes_and_countries_have_their_shares(many: pl.DataFrame) -> None:
    assert fits(many["archetype"], dict(zip(ARCHETYPES, ARCHETYPE_SHARES, strict=True)))
    assert fits(many["country"], COUNTRY_SHARES)
    assert sum(COUNTRY_SHARES.values()) == pytest.approx(1)


def test_the_places_are_real_and_their_shares_whole() -> None:
    for country in COUNTRIES:
        assert sum(city.share for city in CITIES if city.country == country) == pytest.approx(1)
    for city in CITIES:
        assert ZoneInfo(city.timezone)
        assert city.language in LANGUAGES
    assert len({city.name for city in CITIES}) == len(CITIES)


def test_country_city_time_zone_and_first_language_belong_together(many: pl.DataFrame) -> None:
    combinations = many.select("country", "city", "timezone", pl.col("languages").list.first().cast(pl.String)).unique()
    assert set(combinations.cast({"country": pl.String}).iter_rows()) == {
        (city.country, city.name, city.timezone, city.language) for city in CITIES
    }
    canadian = many.filter(pl.col("country") == "CA")["languages"].list.first().cast(pl.String)
    assert set(canadian) == {"en", "fr"}


def test_nobody_speaks_a_language_twice_and_internationals_speak_several(many: pl.DataFrame) -> None:
    languages = many["languages"]
    assert (languages.list.n_unique() == languages.list.len()).all()
    count_by_archetype = dict(many.group_by("archetype").agg(pl.col("languages").list.len().min()).iter_rows())
    assert count_by_archetype["international"] == 2
    assert count_by_archetype["casual"] == 1


def test_age_follows_the_archetype(many: pl.DataFrame) -> None:
    ages = many.group_by("archetype").agg(pl.col("age_range").cast(pl.String).unique())
    by_archetype = {archetype: set(brackets) for archetype, brackets in ages.iter_rows()}
    assert by_archetype["senior"] == {"55-64", "65+"}
    assert by_archetype["young_adult"] == {"18-24", "25-34"}
    assert len(by_archetype["casual"]) == 6


def test_viewing_times_and_devices_follow_the_archetype(many: pl.DataFrame) -> None:
    means = {
        row["archetype"]: row
        for row in many.unnest("viewing_time_patterns", "device_preferences")
        .group_by("archetype")
        .agg(pl.col("late_night", "weekend_afternoon", "tv", "mobile").mean())
        .iter_rows(named=True)
    }
    assert means["young_adult"]["late_night"] > 3 * means["family"]["late_night"]
    assert means["family"]["weekend_afternoon"] > means["young_adult"]["weekend_afternoon"]
    assert means["senior"]["tv"] > means["young_adult"]["tv"]
    assert means["young_adult"]["mobile"] > means["senior"]["mobile"]


def test_culture_follows_the_archetype(many: pl.DataFrame) -> None:
    cultures = many.explode("cultural_context").group_by("archetype").agg(pl.col("cultural_context").unique().sort())
    assert dict(cultures.iter_rows())["casual"] == ["mainstream", "popular_culture"]
    assert (many["cultural_context"].list.n_unique() == many["cultural_context"].list.len()).all()
    assert (many["mood_preferences"].list.len() >= 2).all()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_profile_agrees_with_itself(many: pl.DataFrame, rule: Rule) -> None:
    verdict = every_row(many.lazy(), [rule])[rule.name]
    assert verdict.passed, verdict.description


def test_users_are_drawn_as_declared_be_they_many_or_few(many: pl.DataFrame) -> None:
    for rows in (len(many), 1_000, 30, 2):
        for name, verdict in drawn_as_declared(many.head(rows).lazy()).items():
            assert verdict.passed, (rows, name, verdict.description)
    swapped = many.with_columns(pl.col("archetype").shift(1).fill_null("casual"))
    failing = {name for name, verdict in drawn_as_declared(swapped.lazy()).items() if not verdict.passed}
    assert failing == {"age_shares", "genre_shares"}


def test_names_are_usual_in_the_city(many: pl.DataFrame) -> None:
    assert names_usual(many[:5_000], seed=42).passed
    moved = many[:5_000].with_columns(city=pl.lit("Roma"))
    assert names_usual(moved, seed=42).facts["strange"] > 4_000


def test_genres_pace_and_tolerance_follow_the_archetype(many: pl.DataFrame) -> None:
    liked = pl.col("genre_preferences").cast(pl.List(pl.String))
    means = {
        row["archetype"]: row
        for row in many.group_by("archetype")
        .agg(
            children=liked.list.contains("Children").mean(),
            horror=liked.list.contains("Horror").mean(),
            slow=(pl.col("pacing") == "slow").mean(),
            hardened=(pl.col("tolerance") == "high").mean(),
            hours=pl.col("weekly_hours").mean(),
        )
        .iter_rows(named=True)
    }
    assert means["family"]["horror"] == 0
    assert means["family"]["children"] > 5 * means["young_adult"]["children"]
    assert means["genre_specialist"]["horror"] > 2 * means["cinephile"]["horror"]
    assert means["cinephile"]["slow"] > 3 * means["young_adult"]["slow"]
    assert means["genre_specialist"]["hardened"] > 10 * means["family"]["hardened"]
    assert means["senior"]["hours"] > 2 * means["casual"]["hours"]


def test_names_are_of_the_country(many: pl.DataFrame) -> None:
    of_city = {
        city: set(many.filter(pl.col("city") == city)["name"]) for city in ("Paris", "Roma", "Montréal", "Toronto")
    }
    assert not of_city["Paris"] & of_city["Roma"]
    assert not of_city["Montréal"] & of_city["Toronto"]
    assert len(of_city["Paris"]) > 2_000


def test_equal_seeds_make_equal_users_and_other_seeds_others() -> None:
    ids = np.arange(1, 200, dtype=np.int32)
    assert users(ids, seed=1).equals(users(pl.Series(ids), seed=1))
    assert not users(ids, seed=1).equals(users(ids, seed=2))


def test_a_user_is_the_same_whoever_else_is_there() -> None:
    everyone = users(np.arange(1, 500, dtype=np.int32), seed=3)
    some = users(np.array([450, 7, 123, 7], dtype=np.int32), seed=3)
    assert some.equals(everyone.filter(pl.col("user_id").is_in([7, 123, 450])))


def test_no_users_make_an_empty_frame() -> None:
    nobody = users(np.array([], dtype=np.int32), seed=1)
    Users.validate(nobody)
    assert nobody.is_empty()
