"""Situations in which movies are watched: when and where, with whom, in what mood and with how much time.

The hour and the day are drawn first; they shift where people are and with whom; the company shifts mood, occasion and
time to spare. What must agree in every row is declared in RULES. A context depends on the seed and on its number alone.
What does not belong here: who watches what in which context (interactions.py).
"""

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import choose, gather, gather_several
from tv5_assets.draws.chunks import CHUNK_ROWS, chunked
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.calendar import events_by_day, season_of
from tv5_assets.tables.contexts import (
    CONTEXT_MOODS,
    DEMOGRAPHICS,
    LOCATION_TYPES,
    OCCASIONS,
    PUBLIC_HOLIDAYS,
    SEASONS,
    TIME_BUDGETS,
    VIEWING_MODES,
    WEATHERS,
    Contexts,
)
from tv5_assets.tables.processed import DAYS_OF_WEEK, TIMES_OF_DAY
from tv5_assets.tables.table import polars_schema

TIME_SHARES = (0.12, 0.20, 0.36, 0.22, 0.10)
"""Share of contexts by TIMES_OF_DAY."""
HOLIDAY_SHARE = 0.10
"""Share of contexts on a public holiday, from the original data generation plan; the calendar has 3 %."""

_CHILD, _TEEN = DEMOGRAPHICS.index("child"), DEMOGRAPHICS.index("teen")
_ALONE, _FAMILY, _, _DATE, _ = range(len(VIEWING_MODES))
_COMMUTE = LOCATION_TYPES.index("commute")
_LATE_NIGHT = TIMES_OF_DAY.index("late_night")
_WORKING_DAYS = 5

# By working day (no, yes) and TIMES_OF_DAY: shares of LOCATION_TYPES.
_LOCATION_SHARES = np.array(
    [
        [[0.90, 0.00, 0.10], [0.86, 0.00, 0.14], [0.92, 0.00, 0.08], [0.94, 0.00, 0.06], [0.95, 0.00, 0.05]],
        [[0.50, 0.42, 0.08], [0.70, 0.18, 0.12], [0.83, 0.12, 0.05], [0.94, 0.00, 0.06], [0.95, 0.00, 0.05]],
    ]
)
# By working day (no, yes) and TIMES_OF_DAY: shares of VIEWING_MODES, but for the commute, which is alone.
_MODE_SHARES = np.array(
    [
        [
            [0.55, 0.38, 0.05, 0.02, 0.00],
            [0.30, 0.42, 0.18, 0.07, 0.03],
            [0.22, 0.32, 0.20, 0.18, 0.08],
            [0.30, 0.16, 0.22, 0.18, 0.14],
            [0.55, 0.02, 0.20, 0.08, 0.15],
        ],
        [
            [0.82, 0.16, 0.02, 0.00, 0.00],
            [0.68, 0.22, 0.08, 0.02, 0.00],
            [0.36, 0.34, 0.14, 0.14, 0.02],
            [0.44, 0.16, 0.16, 0.18, 0.06],
            [0.70, 0.02, 0.14, 0.08, 0.06],
        ],
    ]
)
# By working day (no, yes) and TIMES_OF_DAY: shares of TIME_BUDGETS; then what VIEWING_MODES multiply them by.
_BUDGET_SHARES = np.array(
    [
        [
            [0.30, 0.45, 0.20, 0.05],
            [0.10, 0.48, 0.30, 0.12],
            [0.06, 0.50, 0.32, 0.12],
            [0.08, 0.42, 0.32, 0.18],
            [0.22, 0.32, 0.20, 0.26],
        ],
        [
            [0.72, 0.28, 0.00, 0.00],
            [0.40, 0.45, 0.13, 0.02],
            [0.15, 0.62, 0.20, 0.03],
            [0.16, 0.50, 0.26, 0.08],
            [0.30, 0.34, 0.16, 0.20],
        ],
    ]
)
_BUDGET_OF_MODE = np.array([[1, 1, 1, 1], [0.8, 1, 1, 0.4], [0.5, 1, 1, 1], [0, 1, 0.6, 0], [0, 1, 1, 0.8]])
# By VIEWING_MODES: shares of CONTEXT_MOODS, of OCCASIONS, of the age group of who leads the group, and of its size.
_MOOD_SHARES = np.array(
    [
        [0.26, 0.08, 0.14, 0.18, 0.06, 0.12, 0.16],
        [0.34, 0.16, 0.02, 0.16, 0.02, 0.26, 0.04],
        [0.24, 0.26, 0.03, 0.12, 0.04, 0.24, 0.07],
        [0.24, 0.08, 0.05, 0.08, 0.42, 0.07, 0.06],
        [0.10, 0.56, 0.01, 0.06, 0.05, 0.20, 0.02],
    ]
)
_OCCASION_SHARES = np.array(
    [
        [0.38, 0.04, 0.14, 0.20, 0.24],
        [0.58, 0.16, 0.14, 0.08, 0.04],
        [0.60, 0.18, 0.04, 0.10, 0.08],
        [0.52, 0.30, 0.02, 0.04, 0.12],
        [0.24, 0.52, 0.00, 0.24, 0.00],
    ]
)
_HOLIDAY_OCCASIONS = np.array([1, 3, 0.5, 1, 1])
"""What a holiday multiplies the shares of OCCASIONS by."""
_LEADER_SHARES = np.array(
    [
        [0.00, 0.10, 0.32, 0.42, 0.16],
        [0.00, 0.00, 0.10, 0.75, 0.15],
        [0.00, 0.20, 0.45, 0.27, 0.08],
        [0.00, 0.05, 0.45, 0.40, 0.10],
        [0.00, 0.18, 0.55, 0.25, 0.02],
    ]
)
_FAMILY_SHARES = np.array([0.40, 0.25, 0.05, 0.25, 0.05])
"""Shares of DEMOGRAPHICS among the third and further members of a family; the second is a child or a teen."""
_LIKE_THE_LEADER = 0.8
"""Chance that another member of a group of friends is of its leader's age group."""
_SIZES = ((1,), (3, 3, 3, 4, 4, 4, 5, 6), (3, 3, 4, 4, 5, 6), (2,), (5, 6, 6, 7, 8, 8, 9, 10, 12))
"""By VIEWING_MODES: sizes of a group, each equally likely."""
_LARGEST = max(max(sizes) for sizes in _SIZES)

# By month from January: shares of WEATHERS, roughly as in Paris, and no snow from April to October.
_WEATHER_SHARES = np.array(
    [
        [0.20, 0.34, 0.26, 0.04, 0.08, 0.08, 0.00],
        [0.24, 0.34, 0.24, 0.04, 0.06, 0.08, 0.00],
        [0.32, 0.33, 0.24, 0.05, 0.03, 0.03, 0.00],
        [0.40, 0.31, 0.22, 0.06, 0.01, 0.00, 0.00],
        [0.44, 0.28, 0.19, 0.09, 0.00, 0.00, 0.00],
        [0.50, 0.22, 0.13, 0.08, 0.00, 0.00, 0.07],
        [0.48, 0.18, 0.10, 0.10, 0.00, 0.00, 0.14],
        [0.48, 0.19, 0.11, 0.09, 0.00, 0.00, 0.13],
        [0.46, 0.29, 0.19, 0.05, 0.01, 0.00, 0.00],
        [0.34, 0.34, 0.24, 0.03, 0.05, 0.00, 0.00],
        [0.22, 0.37, 0.27, 0.03, 0.08, 0.03, 0.00],
        [0.18, 0.38, 0.27, 0.04, 0.07, 0.06, 0.00],
    ]
)
_WEATHER_UNKNOWN = 0.05
_SNOW_MONTHS = (11, 12, 1, 2, 3)
_HEAT_MONTHS = (6, 7, 8)

_INTENSITY_OF_MOOD = np.array([0.30, 0.80, 0.40, 0.45, 0.40, 0.75, 0.50])
_INTENSITY_OF_TIME = np.array([-0.10, 0.00, 0.00, 0.05, 0.05])
_INTENSITY_SPREAD = 0.15


def contexts(count: int, seed: int, chunk_rows: int = CHUNK_ROWS) -> pl.LazyFrame:
    """Return as many contexts, numbered from 0, of the schema of tables.contexts.Contexts.

    Args:
        count: number of contexts.
        seed: the seed of everything random.
        chunk_rows: contexts made at once; it changes no byte.
    """
    return chunked(count, lambda numbers: _contexts(numbers, seed), polars_schema(Contexts), chunk_rows)


def _contexts(numbers: npt.NDArray[np.int64], seed: int) -> pl.DataFrame:
    def draw(what: str | int) -> npt.NDArray[np.float64]:
        return uniform(seed, numbers, "contexts", what)

    time = choose(draw("time_of_day"), TIME_SHARES)
    holiday = draw("is_holiday") < HOLIDAY_SHARE
    day = _days()[_day(holiday, draw("date"))]
    month, weekday = (day[name].to_numpy().astype(np.intp) for name in ("month", "weekday"))
    working = ((weekday < _WORKING_DAYS) & ~holiday).astype(np.intp)
    location = choose(draw("location_type"), _LOCATION_SHARES[working, time])
    mode = np.where(location == _COMMUTE, _ALONE, choose(draw("viewing_mode"), _MODE_SHARES[working, time]))
    size = gather([size for sizes in _SIZES for size in sizes], _size(mode, draw("group_size"))).to_numpy()
    mood = choose(draw("mood"), _MOOD_SHARES[mode])
    occasions = _OCCASION_SHARES[mode] * np.where(holiday[:, None], _HOLIDAY_OCCASIONS, 1)
    budgets = _BUDGET_SHARES[working, time] * _BUDGET_OF_MODE[mode]
    budget = np.where(location == _COMMUTE, TIME_BUDGETS.index("short"), _choose_weighted(draw("budget"), budgets))
    weather = gather(WEATHERS, choose(draw("weather"), _WEATHER_SHARES[month - 1]))
    noise = _INTENSITY_SPREAD * (2 * draw("intensity") - 1)
    intensity = np.clip(_INTENSITY_OF_MOOD[mood] + _INTENSITY_OF_TIME[time] + noise, 0, 1)
    group = _group(mode, time == _LATE_NIGHT, size, [draw(f"member {number}") for number in range(_LARGEST)])
    return (
        day.select(
            "date",
            pl.col("season").replace_strict(dict(enumerate(SEASONS))),
            "month",
            pl.col("weekday").replace_strict(dict(enumerate(DAYS_OF_WEEK))).alias("day_of_week"),
            "cultural_events",
            context_id=numbers,
            time_of_day=gather(TIMES_OF_DAY, time),
            is_holiday=holiday,
            weather=pl.when(pl.lit(pl.Series(draw("weather known"))) >= _WEATHER_UNKNOWN).then(pl.lit(weather)),
            location_type=gather(LOCATION_TYPES, location),
            viewing_mode=gather(VIEWING_MODES, mode),
            group_size=size,
            group_demographics=group,
            mood=gather(CONTEXT_MOODS, mood),
            occasion=gather(OCCASIONS, _choose_weighted(draw("occasion"), occasions)),
            time_budget=gather(TIME_BUDGETS, budget),
            intensity=intensity.round(3),
        )
        .select(polars_schema(Contexts).names())
        .cast(polars_schema(Contexts))
    )


@cache
def _days() -> pl.DataFrame:
    """Return ``date, month, season, weekday, cultural_events, is_holiday`` of each day, public holidays first."""
    days = pl.DataFrame(
        {"date": list(events_by_day()), "cultural_events": [list(events) for events in events_by_day().values()]},
        schema_overrides={"cultural_events": pl.List(pl.String)},
    )
    public = pl.col("cultural_events").list.set_intersection(list(PUBLIC_HOLIDAYS)).list.len() > 0
    return days.with_columns(
        month=pl.col("date").dt.month(),
        season=season_of(pl.col("date").dt.month()),
        weekday=pl.col("date").dt.weekday() - 1,
        is_holiday=public,
    ).sort("is_holiday", "date", descending=[True, False])


def _day(holiday: npt.NDArray[np.bool_], draws: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the row in _days() of each context."""
    days, holidays = len(events_by_day()), int(_days()["is_holiday"].sum())
    return np.where(holiday, draws * holidays, holidays + draws * (days - holidays)).astype(np.intp)


def _size(mode: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the place of each group's size among all of _SIZES."""
    counts = np.array([len(sizes) for sizes in _SIZES])
    starts = np.cumsum(counts) - counts
    return starts[mode] + (draws * counts[mode]).astype(np.intp)


def _choose_weighted(draws: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the choice of each draw by weights of shape (n, k) that need not sum to 1."""
    return choose(draws, weights / weights.sum(axis=1, keepdims=True))


def _group(
    mode: npt.NDArray[np.intp],
    late: npt.NDArray[np.bool_],
    size: npt.NDArray[np.intp],
    draws: list[npt.NDArray[np.float64]],
) -> pl.Series:
    """Return the age groups of the members of each group, who leads it first."""
    leader = choose(draws[0], _LEADER_SHARES[mode])
    # The rest of a draw that was used to choose is as good as another: the one for being unlike the leader is reused.
    unlike = [np.clip((one - _LIKE_THE_LEADER) / (1 - _LIKE_THE_LEADER), 0, 1 - 1e-9) for one in draws]
    members = [leader]
    for number, one in enumerate(draws[1:], start=1):
        other = np.where(one < _LIKE_THE_LEADER, leader, choose(unlike[number], _LEADER_SHARES[mode]))
        relative = choose(one, [0.7, 0.3]) if number == 1 else choose(one, _FAMILY_SHARES)
        member = np.where(mode == _FAMILY, relative, other)
        member = np.where(mode == _DATE, leader, member)
        members.append(np.where(late & (member == _CHILD), _TEEN, member))
    return gather_several(DEMOGRAPHICS, np.stack(members, axis=1), size)


def _is(column: str, *values: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).is_in(values)


def _implies(premise: pl.Expr, conclusion: pl.Expr) -> pl.Expr:
    return ~premise | conclusion


def _has(*demographics: str) -> pl.Expr:
    people = pl.col("group_demographics").cast(pl.List(pl.String))
    return pl.any_horizontal(people.list.contains(one) for one in demographics)


def _working() -> pl.Expr:
    return ~_is("day_of_week", "Sat", "Sun") & ~pl.col("is_holiday")


def _events_of_day() -> pl.Expr:
    events = {day: ",".join(names) for day, names in events_by_day().items()}
    return pl.col("date").replace_strict(events, default="outside the calendar", return_dtype=pl.String)


RULES = (
    Rule(
        "season_of_month",
        "The season is the month's, on the northern hemisphere.",
        lambda: pl.col("season").to_physical() == season_of(pl.col("month")),
    ),
    Rule(
        "month_and_weekday_of_date",
        "Month and day of the week are the date's.",
        lambda: (
            (pl.col("month") == pl.col("date").dt.month())
            & (pl.col("day_of_week").to_physical() == pl.col("date").dt.weekday() - 1)
        ),
    ),
    Rule(
        "events_of_date",
        "Cultural events are those of the date.",
        lambda: pl.col("cultural_events").cast(pl.List(pl.String)).list.join(",") == _events_of_day(),
    ),
    Rule(
        "holiday_has_its_event",
        "A day is a holiday where a public holiday is among its events, and only there.",
        lambda: (
            pl.col("is_holiday")
            == pl.any_horizontal(
                pl.col("cultural_events").cast(pl.List(pl.String)).list.contains(name) for name in PUBLIC_HOLIDAYS
            )
        ),
    ),
    Rule(
        "weather_of_season",
        "It snows from November to March only, and heat is in summer only.",
        lambda: (
            _implies(_is("weather", "snow"), pl.col("month").is_in(_SNOW_MONTHS))
            & _implies(_is("weather", "heat"), pl.col("month").is_in(_HEAT_MONTHS))
        ),
    ),
    Rule(
        "group_size_of_mode",
        "Alone is one, a date is two, family and friends are three or more, a party is five or more.",
        lambda: (
            _implies(_is("viewing_mode", "alone"), pl.col("group_size") == 1)
            & _implies(_is("viewing_mode", "date"), pl.col("group_size") == 2)
            & _implies(_is("viewing_mode", "family", "friends"), pl.col("group_size") >= 3)
            & _implies(_is("viewing_mode", "party"), pl.col("group_size") >= 5)
        ),
    ),
    Rule(
        "demographics_of_each",
        "The group has as many age groups as people.",
        lambda: pl.col("group_demographics").list.len() == pl.col("group_size"),
    ),
    Rule(
        "demographics_of_mode",
        "A family has an adult and someone under age, the other groups have no child, a date is of one age group.",
        lambda: (
            _implies(
                _is("viewing_mode", "family"),
                _has("child", "teen") & _has("young_adult", "adult", "senior"),
            )
            & _implies(~_is("viewing_mode", "family"), ~_has("child"))
            & _implies(_is("viewing_mode", "date"), pl.col("group_demographics").list.n_unique() == 1)
        ),
    ),
    Rule(
        "children_in_bed",
        "No child is there late at night.",
        lambda: _implies(_is("time_of_day", "late_night"), ~_has("child")),
    ),
    Rule(
        "commute",
        "Whoever commutes is alone, on a working day between morning and evening, and has little time.",
        lambda: _implies(
            _is("location_type", "commute"),
            _is("viewing_mode", "alone")
            & _working()
            & _is("time_of_day", "morning", "afternoon", "evening")
            & _is("time_budget", "short"),
        ),
    ),
    Rule(
        "time_to_spare",
        "Nobody has hours on the morning of a working day; a date takes a movie, a party a movie or more.",
        lambda: (
            _implies(_working() & _is("time_of_day", "morning"), _is("time_budget", "short", "medium"))
            & _implies(_is("viewing_mode", "date"), _is("time_budget", "medium", "long"))
            & _implies(_is("viewing_mode", "party"), ~_is("time_budget", "short"))
        ),
    ),
    Rule(
        "occasion_of_party",
        "A party is neither for education nor for watching with focus.",
        lambda: _implies(_is("viewing_mode", "party"), ~_is("occasion", "education", "focused")),
    ),
)
"""What must agree in every context."""
