from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from tv5_assets.quality import media
from tv5_assets.synthetic.credits import CRAFTS, LEAST_AGE, MOST_AGE, Makers, makers
from tv5_assets.synthetic.influences import MOST_PER_MOVIE, STRONG_THEME, influences
from tv5_assets.synthetic.media_details import media_details
from tv5_assets.synthetic.names import are_usual, full_names, name_pools
from tv5_assets.tables.media import ROLES, Credits, Influences, People
from tv5_assets.tables.processed import Movies
from tv5_assets.tables.table import polars_schema
from tv5_assets_tests.synthetic.catalogue import made_movies, made_ratings

MOVIES = made_movies(12_000)
DETAILS = media_details(MOVIES, made_ratings(MOVIES), seed=42)


@pytest.fixture(scope="module")
def made() -> Makers:
    return makers(MOVIES, DETAILS, seed=42)


@pytest.fixture(scope="module")
def known(made: Makers) -> pl.DataFrame:
    """Every credit beside its movie and its person."""
    return made.credits.join(MOVIES, on="movie_id").join(made.people, on="person_id")


def directed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("role").cast(pl.String) == "director")


# --- People and credits ---


def test_the_frames_are_as_their_schemas_say(made: Makers) -> None:
    People.validate(made.people)
    Credits.validate(made.credits)
    assert made.people["person_id"].to_list() == list(range(1, len(made.people) + 1))
    assert set(made.credits["person_id"]) == set(made.people["person_id"])
    assert set(made.credits["movie_id"]) <= set(MOVIES["movie_id"])
    assert made.credits["movie_id"].is_sorted()


def test_there_are_three_to_four_credits_a_movie_in_the_declared_numbers(made: Makers) -> None:
    assert 3 < len(made.credits) / len(MOVIES) < 4
    for craft in CRAFTS:
        if craft.role == "actor":
            continue  # a documentary has one at most
        counts = (
            MOVIES.select("movie_id")
            .join(made.credits.filter(pl.col("role").cast(pl.String) == craft.role), on="movie_id", how="left")
            .group_by("movie_id")
            .agg(pl.col("person_id").count())["person_id"]
        )
        # Who is drawn twice counts once, so that a few of those with two have one.
        assert counts.max() == len(craft.counts) - 1
        for number, share in enumerate(craft.counts):
            assert (counts == number).mean() == pytest.approx(share, abs=0.03), (craft.role, number)


def test_every_movie_has_a_director_and_gapless_billing(made: Makers) -> None:
    assert media.every_movie_directed(MOVIES.lazy(), made.credits.lazy()).passed
    assert media.billing_contiguous(made.credits.lazy()).passed


def test_nobody_works_too_young_or_too_old(known: pl.DataFrame, made: Makers) -> None:
    verdicts = media.ages_plausible(made.credits.lazy(), MOVIES.lazy(), made.people.lazy())
    assert all(verdict.passed for verdict in verdicts.values())
    ages = known.drop_nulls("year").with_columns(age=pl.col("year") - pl.col("born"))
    for role, least in LEAST_AGE.items():
        of_role = ages.filter(pl.col("role").cast(pl.String) == role)["age"]
        assert least <= of_role.min() and of_role.max() <= MOST_AGE
    actors = ages.filter(pl.col("role").cast(pl.String) == "actor")["age"]
    assert 0.005 < (actors < 16).mean() < 0.06
    assert directed(ages)["age"].min() >= 23


def test_a_career_keeps_to_a_genre_and_to_some_years(known: pl.DataFrame, made: Makers) -> None:
    assert media.careers_coherent(made.credits.lazy(), MOVIES.lazy()).passed
    careers = directed(known).group_by("person_id").agg(pl.len(), span=pl.col("year").max() - pl.col("year").min())
    busy = careers.filter(pl.col("len") >= 8)
    assert len(busy) > 50
    assert busy["span"].max() <= 35 < MOVIES["year"].max() - MOVIES["year"].min()
    assert busy["span"].median() >= 5


def test_a_few_people_have_made_a_lot_and_most_a_little(made: Makers) -> None:
    for role in ROLES:
        of_role = made.credits.filter(pl.col("role").cast(pl.String) == role)
        sizes = of_role.group_by("person_id").len()["len"].sort(descending=True)
        assert (sizes == 1).mean() > 0.3, role
        assert sizes[0] >= 6 * sizes.mean(), role
        # In a power law there are fewer the more they have made, and no size at which they end at once.
        tail = [(sizes >= size).sum() for size in (1, 2, 4, 8)]
        assert all(0 < after < 0.75 * before for before, after in pairwise(tail)), (role, tail)


def test_people_come_from_where_the_movie_does_mostly(known: pl.DataFrame, made: Makers) -> None:
    verdict = media.directed_from_home(made.credits.lazy(), DETAILS.lazy(), made.people.lazy())
    assert verdict.passed
    assert 0.90 < verdict.facts["share"] < 0.995
    abroad = known.join(DETAILS.select("movie_id", "countries"), on="movie_id").filter(
        ~pl.col("countries").cast(pl.List(pl.String)).list.contains(pl.col("country").cast(pl.String))
    )
    assert len(abroad) > 100


def test_names_are_usual_in_the_country(made: Makers) -> None:
    assert media.names_agree(made.people, seed=42).passed
    assert not media.names_agree(made.people, seed=43).passed
    moved = made.people.with_columns(country=pl.lit("JP", made.people.schema["country"]))
    verdict = media.names_agree(moved, seed=42)
    assert verdict.facts["strange"] == (made.people["country"].cast(pl.String) != "JP").sum()
    assert made.people["name"].n_unique() > 0.8 * len(made.people)
    japanese = made.people.filter(pl.col("country").cast(pl.String) == "JP")["name"]
    assert japanese.str.contains(r"^[A-Za-z' -]+$").all()


def test_directors_write_and_produce_some_of_their_movies(made: Makers) -> None:
    first = made.credits.filter(pl.col("billing") == 1).with_columns(pl.col("role").cast(pl.String))
    directors = first.filter(pl.col("role") == "director").select("movie_id", director="person_id")
    same = first.join(directors, on="movie_id").group_by("role").agg((pl.col("person_id") == pl.col("director")).mean())
    shares = dict(same.iter_rows())
    for craft in CRAFTS[1:]:
        assert shares[craft.role] == pytest.approx(craft.is_director, abs=0.03)


def test_equal_seeds_make_equal_people_and_other_seeds_others() -> None:
    few, details = MOVIES.head(500), DETAILS.head(500)
    one, again, other = (makers(few, details, seed) for seed in (1, 1, 2))
    assert one.people.equals(again.people) and one.credits.equals(again.credits)
    assert not one.people["name"].head(50).equals(other.people["name"].head(50))
    assert not one.credits.equals(other.credits)


def test_the_order_of_the_movies_does_not_matter() -> None:
    few = MOVIES.head(500)
    one = makers(few, DETAILS, seed=1)
    shuffled = makers(few.sample(fraction=1, shuffle=True, seed=3), DETAILS.reverse(), seed=1)
    assert one.people.equals(shuffled.people) and one.credits.equals(shuffled.credits)


def test_one_movie_more_leaves_nearly_everybody_where_they_were() -> None:
    fewer, all_of_them = makers(MOVIES.head(5_999), DETAILS, seed=1), makers(MOVIES.head(6_000), DETAILS, seed=1)

    def cast(made: Makers) -> set[tuple[object, ...]]:
        named = made.credits.join(made.people, on="person_id")
        return set(named.select("movie_id", "role", "billing", "name", "born").cast({"role": pl.String}).iter_rows())

    kept = cast(fewer) & cast(all_of_them)
    assert len(kept) > 0.97 * len(fewer.credits)


def test_no_movies_have_no_makers() -> None:
    nothing = makers(MOVIES.clear(), DETAILS.clear(), seed=1)
    People.validate(nothing.people)
    Credits.validate(nothing.credits)
    assert nothing.people.is_empty() and nothing.credits.is_empty()


# --- Names ---


def test_names_are_of_their_locale_and_common_ones_come_more_often() -> None:
    draws = np.random.default_rng(1).random((2, 5_000))
    locale = np.repeat([0, 1], 2_500)
    names = full_names(["fr_FR", "de_DE"], locale, *draws, seed=7)
    french = pl.DataFrame({"name": names, "locales": [["fr_FR"]] * 5_000})
    usual = are_usual(french, seed=7)
    assert usual.head(2_500).all()
    assert usual.tail(2_500).mean() < 0.05
    assert are_usual(french.with_columns(locales=pl.lit(["de_DE", "fr_FR"])), seed=7).all()
    assert are_usual(french.with_columns(name=pl.lit("Nobody")), seed=7).sum() == 0
    assert len(are_usual(french.clear(), seed=7)) == 0
    assert names.head(2_500).n_unique() > 2_000
    assert name_pools("fr_FR", 7) == name_pools("fr_FR", 7) != name_pools("fr_FR", 8)


# --- Influences ---


@pytest.fixture(scope="module")
def influenced(made: Makers) -> pl.DataFrame:
    return influences(MOVIES, made.credits, themes_required=False)


def test_influences_are_as_their_schema_says_and_agree_with_both_movies(influenced: pl.DataFrame, made: Makers) -> None:
    Influences.validate(influenced)
    assert len(influenced) > 5_000
    no_genome, genome = pl.LazyFrame({"tag_id": []}), pl.LazyFrame({"tag_id": [1]})
    verdicts = media.influences_agree(influenced.lazy(), MOVIES.lazy(), no_genome)
    assert all(verdict.passed for verdict in verdicts.values())
    assert all(verdict.facts["rows"] == len(influenced) for verdict in verdicts.values())
    assert media.directors_shared(influenced.lazy(), made.credits.lazy()).passed
    assert media.influences_bounded(influenced.lazy()).passed
    assert influenced.group_by("newer_id").len()["len"].max() == MOST_PER_MOVIE
    assert not media.influences_agree(influenced.lazy(), MOVIES.lazy(), genome)["themes_named"].passed


def test_with_a_genome_strong_themes_are_required(influenced: pl.DataFrame, made: Makers) -> None:
    strict = influences(MOVIES, made.credits, themes_required=True)
    assert 0 < len(strict) < len(influenced)
    verdicts = media.influences_agree(strict.lazy(), MOVIES.lazy(), pl.LazyFrame({"tag_id": [1]}))
    assert all(verdict.passed for verdict in verdicts.values())
    without = influenced.filter(pl.col("themes").list.len() == 0)
    assert without["strength"].max() <= 0.4
    assert strict["strength"].mean() > without["strength"].mean()


def test_themes_genres_and_time_make_the_strength() -> None:
    schema, columns = polars_schema(Movies), ("movie_id", "year", "genres", "themes")
    strong, weak = {"tag": "heist", "relevance": 0.8}, {"tag": "paris", "relevance": STRONG_THEME - 0.05}
    rows = [
        (1, 1980, ["Crime", "Drama"], [strong, weak]),
        (2, 1995, ["Crime"], [strong, weak]),  # half of the genres, all of the strong themes, 15 years later
        (3, 1995, ["Comedy"], [strong]),  # no genre in common
        (4, None, ["Crime"], [strong]),  # nobody knows when
    ]
    movies = pl.DataFrame(rows, schema={name: schema[name] for name in columns}, orient="row", strict=False)
    directed_all = pl.DataFrame(
        [(number, 7, "director", 1) for number in (1, 2, 3, 4)], schema=polars_schema(Credits), orient="row"
    )
    (only,) = influences(movies, directed_all, themes_required=True).to_dicts()
    assert (only["newer_id"], only["older_id"], only["person_id"]) == (2, 1, 7)
    assert (only["genres"], only["themes"]) == (["Crime"], ["heist"])
    assert only["strength"] == pytest.approx(0.6 * 1 + 0.25 / 2 + 0.15 / 2)
    untagged = movies.with_columns(themes=pl.lit([], dtype=schema["themes"]))
    (weaker,) = influences(untagged, directed_all, themes_required=False).to_dicts()
    assert weaker["strength"] == pytest.approx(0.25 / 2 + 0.15 / 2)
    assert influences(untagged, directed_all, themes_required=True).is_empty()
    acted = directed_all.with_columns(role=pl.lit("actor", directed_all.schema["role"]))
    assert influences(movies, acted, themes_required=False).is_empty()


def test_influences_are_the_same_in_parts(
    monkeypatch: pytest.MonkeyPatch, influenced: pl.DataFrame, made: Makers
) -> None:
    monkeypatch.setattr("tv5_assets.synthetic.influences._PAIRS_AT_ONCE", 777)
    assert influences(MOVIES, made.credits, themes_required=False).equals(influenced)


def test_no_credits_make_no_influences() -> None:
    nothing = influences(MOVIES, pl.DataFrame(schema=polars_schema(Credits)), themes_required=False)
    Influences.validate(nothing)
    assert nothing.is_empty()
