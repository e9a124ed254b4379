import narwhals as nw
import polars as pl
import pytest

from tv5_assets.agentdb.states import SLOTS, STATE_HASHES, STATES, movie_actions, state_code, state_hash
from tv5_assets.tables.features import ACTIONS
from tv5_assets.tables.processed import DAYS_OF_WEEK, GENRES, TIMES_OF_DAY


def movies_of(*genres: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"movie_id": range(1, len(genres) + 1), "genres": genres},
        schema={"movie_id": pl.Int32, "genres": pl.List(pl.Enum(GENRES))},
    )


def test_states_are_few_distinct_and_coded_by_slot_and_genre() -> None:
    assert len(STATES) == len(set(STATES)) == len(set(STATE_HASHES)) == SLOTS * len(ACTIONS) == 200
    assert STATES[5 * len(ACTIONS) + ACTIONS.index("Drama")] == "evening|weekend|Drama"


def test_a_hash_is_16_hex_digits_and_never_changes() -> None:
    assert state_hash("evening|weekend|Drama") == "da274d6860c6486f"
    assert STATE_HASHES[STATES.index("night|weekday|none")] == state_hash("night|weekday|none")


def test_every_time_day_and_genre_makes_its_own_state() -> None:
    frame = (
        pl.DataFrame({"time": TIMES_OF_DAY}, schema={"time": pl.Enum(TIMES_OF_DAY)})
        .join(pl.DataFrame({"day": DAYS_OF_WEEK}, schema={"day": pl.Enum(DAYS_OF_WEEK)}), how="cross")
        .join(pl.DataFrame({"genre": [*ACTIONS, None]}, schema={"genre": pl.Enum(ACTIONS)}), how="cross")
        .with_columns(last=pl.col("genre").to_physical())
    )
    codes = nw.from_native(frame).select(code=state_code(nw.col("time"), nw.col("day"), nw.col("last"))).to_native()
    frame = frame.with_columns(state=pl.Series([STATES[code] for code in codes["code"]]))
    weekend = pl.col("day").is_in(["Sat", "Sun"])
    expected = pl.concat_str(
        pl.col("time").cast(pl.String),
        pl.when(weekend).then(pl.lit("weekend")).otherwise(pl.lit("weekday")),
        pl.col("genre").cast(pl.String).fill_null("none"),
        separator="|",
    )
    assert frame.filter(pl.col("state") != expected).is_empty()
    assert frame["state"].n_unique() == len(STATES)


@pytest.mark.parametrize(
    ("genres", "action"),
    [
        (["Drama", "War"], "War"),  # Drama is on three movies, War on two
        (["Comedy", "Drama"], "Comedy"),
        (["Drama"], "Drama"),
        ([], "none"),
        (["Drama", "IMAX"], "Drama"),  # IMAX is rarer, but no genre
        (["IMAX"], "IMAX"),
        (["War", "Horror"], "Horror"),  # both on two movies: the order of GENRES decides
    ],
)
def test_the_rarest_genre_stands_for_a_movie(genres: list[str], action: str) -> None:
    others = [["Drama"], ["Drama"], ["War", "Horror"], ["Comedy"]]
    balance = [g for g in (["Drama"], ["War"], ["Horror"]) if genres != [] and not set(g) & set(genres)]
    actions = movie_actions(movies_of(genres, *others, *balance))
    assert actions["action"][0] == action
    assert actions["movie_id"].to_list() == list(range(1, len(actions) + 1))
    assert actions.schema["action"] == pl.Enum(ACTIONS)
