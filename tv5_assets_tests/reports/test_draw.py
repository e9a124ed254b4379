"""Plots: small PNG images that show something, the same bytes for the same data."""

import io
from datetime import date

import pytest
from PIL import Image

from tv5_assets.reports.draw import bars, curves, heat, histogram, stacked

DAYS = [date(2020, 1, day) for day in range(1, 11)]
PLOTS = {
    "bars": lambda: bars({"a": 0.25, "b_c": 0.75}, "%", expected={"a": 0.3, "b_c": 0.7}),
    "stacked": lambda: stacked({"a": {"x": 1, "y": 2}, "b": {"y": 3}}, "rows"),
    "histogram": lambda: histogram([1, 5, 2], [0, 1, 2, 3], "minutes"),
    "curves": lambda: curves({"a": (DAYS, range(10)), "b": (DAYS, range(10, 0, -1))}, "day", "views", {"a": ([], [])}),
    "curves, log": lambda: curves({str(n): ([1, 10], [n, 9]) for n in range(1, 6)}, "x", "y", dots=True, log=True),
    "heat": lambda: heat([[0.0, 0.5], [1.0, float("nan")]], ["a", "b"], ["c", "d"]),
}


@pytest.mark.parametrize("draw", PLOTS.values(), ids=PLOTS)
def test_a_plot_is_a_small_image_of_the_same_bytes_each_time(draw):
    png = draw()
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.size == (728, 416)
    assert len(image.convert("RGB").getcolors()) > 4
    assert not image.info.keys() & {"Software", "date:create"}
    assert len(png) < 30_000
    assert png == draw()


def test_other_data_are_another_plot():
    assert bars({"a": 1}, "rows") != bars({"a": 2}, "rows")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: bars({}, "rows"),
        lambda: stacked({}, "rows"),
        lambda: histogram([], [], "x"),
        lambda: curves({}, "x", "y"),
        lambda: heat([], [], []),
    ],
)
def test_nothing_is_not_drawn(draw):
    assert draw() == b""
