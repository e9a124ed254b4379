from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tv5_assets.errors import InputError
from tv5_assets.synthetic.platforms import OFFER_COUNT_SHARES, PLATFORMS, SHARE_OFFERED, platforms
from tv5_assets.tables.synthetic import Platforms
from tv5_assets_tests.synthetic.statistics import fits

AS_OF = datetime(2019, 11, 21, 9, 15, 3, tzinfo=UTC)
MOVIES = 30_000


@pytest.fixture(scope="module")
def catalogue() -> pl.DataFrame:
    """Every third movie has a French title, every fourth is old, some have no year."""
    number = pl.int_range(1, MOVIES + 1)
    return pl.select(
        movie_id=number.cast(pl.Int32),
        original_title=pl.when(number % 3 == 0).then(pl.lit("Été, L' (1990)")).otherwise(pl.lit("Summer (1990)")),
        year=pl.when(number % 4 == 0).then(1950).when(number % 7 != 0).then(2005).cast(pl.Int16),
    )


@pytest.fixture(scope="module")
def offers(catalogue: pl.DataFrame) -> pl.DataFrame:
    return platforms(catalogue, seed=42, as_of=AS_OF)


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


def test_everyone_in_the_region_can_hear_or_read_a_language_of_theirs(offers: pl.DataFrame) -> None:
    understood = pl.concat_list("audio_tracks", "subtitles").cast(pl.List(pl.String))
    french = pl.col("region") == "FR"
    assert offers.select((~french | understood.list.contains("fr")).all()).item()
    assert offers.select((french | (pl.col("platform_id") == "tv5monde") | understood.list.contains("en")).all()).item()
    on_tv5 = pl.col("platform_id") == "tv5monde"
    assert offers.select((~on_tv5 | understood.list.contains("fr")).all()).item()


def test_a_french_movie_sounds_french_and_leans_to_tv5monde(offers: pl.DataFrame) -> None:
    french = pl.col("movie_id") % 3 == 0
    sounds = offers.select(french=french, hears=pl.col("audio_tracks").cast(pl.List(pl.String)).list.contains("fr"))
    assert sounds.filter("french")["hears"].all()
    shares = dict(offers.group_by(french=french).agg((pl.col("platform_id") == "tv5monde").mean()).iter_rows())
    assert shares[True] > 2 * shares[False]


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


def test_equal_seeds_make_equal_offers_and_a_movie_s_do_not_depend_on_others(catalogue: pl.DataFrame) -> None:
    few = catalogue.filter(pl.col("movie_id") % 50 == 0)
    all_of_them = platforms(catalogue, seed=42, as_of=AS_OF)
    assert platforms(few.reverse(), seed=42, as_of=AS_OF).equals(all_of_them.filter(pl.col("movie_id") % 50 == 0))
    assert not platforms(few, seed=43, as_of=AS_OF).equals(platforms(few, seed=42, as_of=AS_OF))


def test_a_moment_without_time_zone_is_refused(catalogue: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="has no time zone"):
        platforms(catalogue, seed=42, as_of=AS_OF.replace(tzinfo=None))
