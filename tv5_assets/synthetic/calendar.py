"""The days of the generated contexts: public holidays and festivities of the French-speaking world, and the seasons.

Public holidays are France's, from the holidays package; festivities that move from year to year have the days that are
usual for them. What does not belong here: what people do on those days (contexts.py).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.tables.contexts import CULTURAL_EVENTS, PUBLIC_HOLIDAYS, SEASONS

FIRST_DAY, LAST_DAY = date(1996, 1, 1), date(2023, 12, 31)
"""Contexts lie in these 28 years, in which every date falls on each day of the week four times."""
KNOWN_FROM, KNOWN_TO = date(1990, 1, 1), date(2059, 12, 31)
"""Days of which the events are known; views lie among them."""

_HOLIDAYS = {
    "New Year's Day": "new_year", "Easter Monday": "easter", "Labor Day": "labour_day", "Victory Day": "victory_day",
    "Ascension Day": "ascension", "Pentecost Monday": "pentecost", "National Day": "bastille_day",
    "Assumption Day": "assumption", "All Saints' Day": "all_saints", "Armistice Day": "armistice_day",
    "Christmas Day": "christmas",
}  # fmt: skip
"""Our names of France's public holidays, by the English names in the holidays package."""
_FESTIVITIES = {
    "berlinale": ((2, 9), (2, 19)),
    "valentines_day": ((2, 14), (2, 14)),
    "cesar_awards": ((2, 22), (2, 28)),
    "francophonie_day": ((3, 20), (3, 20)),
    "cannes_festival": ((5, 14), (5, 25)),
    "fete_de_la_musique": ((6, 21), (6, 21)),
    "venice_festival": ((8, 28), (9, 7)),
    "halloween": ((10, 31), (10, 31)),
    "christmas_season": ((12, 1), (12, 26)),
    "new_years_eve": ((12, 31), (12, 31)),
}
"""First and last day of each, as (month, day)."""


@cache
def events_by_day(first: date = FIRST_DAY, last: date = LAST_DAY) -> Mapping[date, tuple[str, ...]]:
    """Return the events of every day from the first to the last, in the order of CULTURAL_EVENTS."""
    from holidays import country_holidays  # takes two seconds to import, which loading the graph must not

    public = country_holidays("FR", years=range(first.year, last.year + 1), language="en_US")

    def on(day: date) -> tuple[str, ...]:
        found = {
            # Two holidays on one day are one entry, with both names.
            *(_HOLIDAYS[name] for name in public.get_list(day)),
            *(name for name, (begin, end) in _FESTIVITIES.items() if begin <= (day.month, day.day) <= end),
        }
        return tuple(name for name in CULTURAL_EVENTS if name in found)

    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {day: on(day) for day in days}


def event_bits(events: pl.Expr) -> pl.Expr:
    """Return lists of CULTURAL_EVENTS as whole numbers, with a bit for each event."""
    names = events.cast(pl.List(pl.String))
    return pl.sum_horizontal(
        names.list.contains(name).cast(pl.Int64) * (1 << bit) for bit, name in enumerate(CULTURAL_EVENTS)
    )


HOLIDAY_BITS = sum(1 << CULTURAL_EVENTS.index(name) for name in PUBLIC_HOLIDAYS)


@cache
def events_of_days() -> pl.DataFrame:
    """Return ``date, events`` of each day from KNOWN_FROM to KNOWN_TO, events being those of event_bits."""
    known = events_by_day(KNOWN_FROM, KNOWN_TO)
    bits = [sum(1 << CULTURAL_EVENTS.index(name) for name in events) for events in known.values()]
    return pl.DataFrame({"date": list(known), "events": bits}, schema={"date": pl.Date, "events": pl.Int64})


Months = TypeVar("Months", pl.Expr, npt.NDArray[np.int64])


def season_of(month: Months) -> Months:
    """Return the season of a month from 1 to 12, as its place in SEASONS: December begins the winter."""
    return (month % 12) // (12 // len(SEASONS))
