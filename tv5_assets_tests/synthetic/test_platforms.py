from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tv5_assets.coherence import Rule
from tv5_assets.errors import InputError
from tv5_assets.quality.frames import every_row
from tv5_assets.quality.offers import available_share, beside_languages
from tv5_assets.synthetic.platforms import OFFER_COUNT_SHARES, PLATFORMS, RULES, SHARE_OFFERED, platforms
from tv5_assets.tables.synthetic import FILM_LANGUAGES, Platforms
from tv5_assets_tests.synthetic.statistics import fits

AS_OF = datetime(2019, 11, 21, 9, 15, 3, tzinfo=UTC)
MOVIES = 30_000


@pytest.fixture(scope="module")
def catalogue() -> pl.DataFrame:
    """Every fourth movie is old, some have no year."""
    number = pl.int_range(1, MOVIES + 1)
    return pl.select(
        movie_id=number.cast(pl.Int32),
        year=pl.when(number % 4 == 0).then(1950).when(number % 7 != 0).then(2005).cast(pl.Int16),
    )


@pytest.fixture(scope="module")
def details(catalogue: pl.DataFrame) -> pl.DataFrame:
    """Every third movie is in French, every fifth of the others in Japanese, the rest in English."""
    number = pl.col("movie_id")
    language = (
        pl.when(number % 3 == 0).then(pl.lit("fr")).when(number % 5 == 0).then(pl.lit("ja")).otherwise(pl.lit("en"))
    )
    return catalogue.select("movie_id", language=language.cast(pl.Enum(FILM_LANGUAGES)))


@pytest.fixture(scope="module")
def offers(catalogue: pl.DataFrame, details: pl.DataFrame) -> pl.DataFrame:
    return platforms(catalogue, details, seed=42, as_of=AS_OF)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_offer_agrees_with_itself(offers: pl.DataFrame, rule: Rule) -> None:
    verdict = every_row(offers.lazy(), [rule])[rule.name]
    assert verdict.passed, verdict.description


def test_offers_agree_with_the_languages_of_their_movies(
    offers: pl.DataFrame, details: pl.DataFrame, catalogue: pl.DataFrame
) -> None:
    verdicts = beside_languages(offers.lazy(), details.lazy())
    assert all(verdict.passed for verdict in verdicts.values()), verdicts
    assert available_share(offers.lazy(), catalogue.lazy()).passed
    for number in range(20):  # as few as 120 movies must not fail by chance
        some = pl.col("movie_id").is_between(120 * number, 120 * number + 119)
        few = beside_languages(offers.filter(some).lazy(), details.filter(some).lazy())
        assert all(verdict.passed for verdict in few.values()), few


def test_the_frame_is_as_its_schema_says(offers: pl.DataFrame) -> None:
    Platforms.validate(offers)
    assert offers["movie_id"].is_sorted()


def test_the_share_of_movies_on_none_one_two_and_three_platforms(catalogue: pl.DataFrame, offers: pl.DataFrame) -> None:
    counts = catalogue.join(offers.group_by("movie_id").len(), on="movie_id", how="left")["len"].fill_null(0)
    shares = {"0": 1 - SHARE_OFFERED} | {
        f"{count}": SHARE_OFFERED * share for count, share in enumerate(OFFER_COUNT_SHARES, start=1)
    }
    assert fits(counts, shares)


def test_all_five_platforms_offer_under_their_names(offers: pl.DataFrame) -> None:
    names = dict(offers.select("platform_id", "name").unique().iter_rows())
    assert names == {one.id: one.name for one in PLATFORMS}
    assert len(names) == 5


def test_only_rentals_and_purchases_have_a_price(offers: pl.DataFrame) -> None:
    to_pay = offers["availability_type"].cast(pl.String).is_in(["rental", "purchase"])
    assert to_pay.any()
    assert (offers["price"].is_not_null() == to_pay).all()
    ranges = dict(offers.drop_nulls("price").group_by("availability_type").agg(pl.col("price").mean()).iter_rows())
    assert ranges["rental"] < ranges["purchase"]
    tv5 = offers.filter(pl.col("platform_id") == "tv5monde")
    assert set(tv5["availability_type"].cast(pl.String)) == {"free"}


def test_the_currency_is_the_region_s(offers: pl.DataFrame) -> None:
    pairs = set(offers.select(pl.col("region", "currency").cast(pl.String)).unique().iter_rows())
    assert pairs == {("US", "USD"), ("FR", "EUR"), ("EU", "EUR"), ("Global", "USD")}


def test_a_french_movie_leans_to_tv5monde(offers: pl.DataFrame) -> None:
    french = pl.col("movie_id") % 3 == 0
    shares = dict(offers.group_by(french=french).agg((pl.col("platform_id") == "tv5monde").mean()).iter_rows())
    assert shares[True] > 3 * shares[False]


def test_the_original_can_nearly_always_be_heard_and_france_hears_french(
    offers: pl.DataFrame, details: pl.DataFrame
) -> None:
    audio = pl.col("audio_tracks").cast(pl.List(pl.String))
    both = offers.join(details, on="movie_id")
    assert 0.97 < both.select(audio.list.contains(pl.col("language").cast(pl.String)).mean()).item() < 1
    dubbed = both.filter(pl.col("language") != "fr").group_by("region").agg(audio.list.contains("fr").mean())
    shares = dict(dubbed.cast({"region": pl.String}).iter_rows())
    assert shares["FR"] > 0.4 > shares["EU"] > shares["Global"] > shares["US"] == 0
    on_mubi = both.filter((pl.col("platform_id") == "mubi") & (pl.col("region") == "FR") & (pl.col("language") != "fr"))
    assert on_mubi.select(audio.list.contains("fr").mean()).item() < 0.2


def test_the_price_of_a_classic_is_never_the_dearest(offers: pl.DataFrame) -> None:
    dearest = offers.group_by("availability_type", old=pl.col("movie_id") % 4 == 0).agg(pl.col("price").max())
    prices = {(kind, old): price for kind, old, price in dearest.iter_rows()}
    assert prices["rental", True] < prices["rental", False]
    assert prices["purchase", True] < prices["purchase", False]


def test_a_movie_without_details_is_named(catalogue: pl.DataFrame, details: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="movie_id 7 is not in synthetic/media_details"):
        platforms(catalogue, details.filter(pl.col("movie_id") != 7), seed=1, as_of=AS_OF)


def test_old_movies_lean_to_criterion_and_to_plainer_pictures(offers: pl.DataFrame) -> None:
    old = pl.col("movie_id") % 4 == 0
    sums = offers.group_by(old=old).agg(
        criterion=(pl.col("platform_id") == "criterion").mean(),
        ultra=pl.col("quality").cast(pl.List(pl.String)).list.contains("4K").mean(),
    )
    shares = {row["old"]: row for row in sums.iter_rows(named=True)}
    assert shares[True]["criterion"] > 1.5 * shares[False]["criterion"]
    assert shares[True]["ultra"] < shares[False]["ultra"]


def test_links_are_unique_and_lead_nowhere(offers: pl.DataFrame) -> None:
    assert offers["deep_link"].is_unique().all()
    assert offers["deep_link"].str.contains(r"^https://\w+\.example/watch/ml_\d+$").all()


def test_offers_were_seen_within_the_day_before(offers: pl.DataFrame) -> None:
    seen = offers["updated_at"]
    assert seen.max() <= AS_OF
    assert seen.min() > AS_OF - timedelta(days=1)


def test_equal_seeds_make_equal_offers_and_a_movie_s_do_not_depend_on_others(
    catalogue: pl.DataFrame, details: pl.DataFrame
) -> None:
    few = catalogue.filter(pl.col("movie_id") % 50 == 0)
    all_of_them = platforms(catalogue, details, seed=42, as_of=AS_OF)
    assert platforms(few.reverse(), details, seed=42, as_of=AS_OF).equals(
        all_of_them.filter(pl.col("movie_id") % 50 == 0)
    )
    assert not platforms(few, details, seed=43, as_of=AS_OF).equals(platforms(few, details, seed=42, as_of=AS_OF))


def test_a_moment_without_time_zone_is_refused(catalogue: pl.DataFrame, details: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="has no time zone"):
        platforms(catalogue, details, seed=42, as_of=AS_OF.replace(tzinfo=None))
