"""The days of the generated contexts: public holidays and festivities of the French-speaking world, and the seasons.

Public holidays are France's, from the holidays package; festivities that move from year to year have the days that are
usual for them. What does not belong here: what people do on those days (contexts.py).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

import polars as pl

from tv5_assets.tables.contexts import CULTURAL_EVENTS, SEASONS

FIRST_DAY, LAST_DAY = date(2016, 1, 1), date(2019, 12, 31)
"""Contexts lie in these four years: a whole leap cycle, in which every day of the week is as frequent as the others."""

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
def events_by_day() -> Mapping[date, tuple[str, ...]]:
    """Return the events of every day from FIRST_DAY to LAST_DAY, in the order of CULTURAL_EVENTS."""
    from holidays import country_holidays  # takes two seconds to import, which loading the graph must not

    public = country_holidays("FR", years=range(FIRST_DAY.year, LAST_DAY.year + 1), language="en_US")

    def on(day: date) -> tuple[str, ...]:
        found = {
            # Two holidays on one day are one entry, with both names.
            *(_HOLIDAYS[name] for name in public.get_list(day)),
            *(name for name, (first, last) in _FESTIVITIES.items() if first <= (day.month, day.day) <= last),
        }
        return tuple(name for name in CULTURAL_EVENTS if name in found)

    days = (FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))
    return {day: on(day) for day in days}


def season_of(month: pl.Expr) -> pl.Expr:
    """Return the season of a month from 1 to 12, as its place in SEASONS: December begins the winter."""
    return (month % 12) // (12 // len(SEASONS))
