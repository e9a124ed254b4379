from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tv5_assets.synthetic.clocks import Clocks
from tv5_assets.synthetic.places import CITIES

ZONES = sorted({city.timezone for city in CITIES})


def test_clocks_show_what_the_zone_data_of_python_says() -> None:
    draw = np.random.default_rng(0)
    zone = draw.integers(0, len(ZONES), 3_000)
    changes = [int(datetime(year, 3, 25, tzinfo=UTC).timestamp()) for year in range(1996, 2030)]
    seconds = draw.choice(changes, 3_000) + draw.integers(-10 * 86_400, 10 * 86_400, 3_000)
    expected = [
        datetime.fromtimestamp(int(second), ZoneInfo(ZONES[number])).utcoffset().total_seconds()
        for number, second in zip(zone, seconds, strict=True)
    ]
    assert Clocks(ZONES).offset(zone, seconds).tolist() == expected


def test_there_and_back() -> None:
    draw = np.random.default_rng(1)
    zone, seconds = draw.integers(0, len(ZONES), 10_000), draw.integers(10**9, 2 * 10**9, 10_000)
    clocks = Clocks(ZONES)
    back = clocks.utc(zone, seconds + clocks.offset(zone, seconds))
    off = np.abs(back - seconds)
    assert (off == 0).mean() > 0.999
    assert off.max() <= 3_600  # an hour that is shown twice


@pytest.mark.parametrize("year", [1970, 2200])
def test_far_off_moments_have_an_offset(year: int) -> None:
    moment = np.array([int(datetime(year, 1, 15, tzinfo=UTC).timestamp())])
    assert Clocks(["Europe/Paris"]).offset(np.array([0]), moment).tolist() == [3_600]
