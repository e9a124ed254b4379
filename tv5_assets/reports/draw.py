"""Plots as PNG images: bars, stacked bars, histograms, curves, heat maps, points and cells, all in one quiet style.

The same data gives the same bytes; where there are none to draw, there are no bytes. What is drawn is aggregated
elsewhere (world.py, the notebooks). matplotlib is imported by the function that draws, since it is slow to import.
"""

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#1d5b79", "#e08e45", "#468b97", "#c05746", "#7a6c9d", "#8a9a5b", "#3d405b", "#d4a5a5")
_SIZE = (5.6, 3.2)
_LARGE = (8.4, 5.6)
_DOTS_PER_INCH = 130
_SHADES = 48
"""Colours of an image; with so few a plot takes about 10 kB."""
_COLUMNS_WITH_ROOM = 12
"""Of more columns than these a heat map has no values written into its fields, but a scale beside them."""
_LINES_WITH_ROOM = 4
"""Of more curves than these the names stand beside the plot."""
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": "#9aa5b1",
    "axes.labelcolor": "#3e4c59",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e4e7eb",
    "grid.linewidth": 0.8,
    "xtick.color": "#3e4c59",
    "ytick.color": "#3e4c59",
    "legend.frameon": False,
    "legend.fontsize": 8,
}

Draw = Callable[["Axes"], None]


def bars(
    values: Mapping[str, float], unit: str, expected: Mapping[str, float] | None = None, mark: str = "declared"
) -> bytes:
    """Draw a horizontal bar for each value, the first one on top.

    Args:
        values: by name.
        unit: what the values are; ``%`` for shares of 1, which are shown as percentages.
        expected: what the values should be, as a mark on each bar.
        mark: what such a mark is.
    """
    if not values:
        return b""
    factor = 100 if unit == "%" else 1

    def draw(axes: "Axes") -> None:
        places = np.arange(len(values))
        axes.barh(places, [value * factor for value in values.values()], color=COLOURS[0], height=0.68, label="found")
        if expected is not None:
            axes.plot([expected.get(name, 0) * factor for name in values], places, "D", color=COLOURS[1], label=mark)
            axes.legend(loc="lower right")
        axes.set_yticks(places, [_short(name) for name in values])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(unit)

    return _png(draw)


def intervals(values: Mapping[str, tuple[float, float, float]], unit: str, marked: Collection[str] = ()) -> bytes:
    """Draw a point with its interval for each value, the first one on top.

    Args:
        values: value, lower and upper end by name.
        unit: what the values are.
        marked: names in another colour.
    """
    if not values:
        return b""

    def draw(axes: "Axes") -> None:
        for place, (name, (value, low, high)) in enumerate(values.items()):
            colour = COLOURS[1 if name in marked else 0]
            axes.plot([low, high], [place, place], color=colour, linewidth=1.6)
            axes.plot([value], [place], "o", color=colour)
        axes.set_yticks(range(len(values)), [_short(name) for name in values])
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_xlabel(unit)

    return _png(draw)


def stacked(values: Mapping[str, Mapping[str, float]], unit: str) -> bytes:
    """Draw a horizontal bar for each name, made of parts: ``values[name][part]``."""
    if not values:
        return b""
    parts = list(dict.fromkeys(part for row in values.values() for part in row))

    def draw(axes: "Axes") -> None:
        places, left = np.arange(len(values)), np.zeros(len(values))
        for number, part in enumerate(parts):
            width = np.array([row.get(part, 0) for row in values.values()])
            axes.barh(places, width, left=left, color=COLOURS[number % len(COLOURS)], height=0.68, label=_short(part))
            left += width
        axes.set_yticks(places, [_short(name) for name in values])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(unit)
        axes.legend(
            loc="lower center",
            bbox_to_anchor=(0.45, 1),
            ncols=len(parts),
            columnspacing=0.9,
            handlelength=1,
            fontsize=7,
        )

    return _png(draw)


def histogram(
    counts: Sequence[float], edges: Sequence[float], label: str, *, unit: str = "rows", log: bool = False
) -> bytes:
    """Draw how often values fall between neighbouring edges; ``log`` is for edges that are powers of ten.

    Args:
        counts: how many fall between each edge and the next.
        edges: one more than counts.
        label: what the values are.
        unit: what is counted.
        log: the first axis grows by powers of ten.
    """
    if not counts:
        return b""

    def draw(axes: "Axes") -> None:
        axes.bar(
            edges[:-1], counts, width=np.diff(edges), align="edge", color=COLOURS[0], edgecolor="white", linewidth=0.5
        )
        if log:
            axes.set_xscale("log")
        axes.set_xlabel(label)
        axes.set_ylabel(unit)
        axes.grid(visible=False, axis="x")

    return _png(draw)


def curves(
    lines: Mapping[str, tuple[Sequence[Any], Sequence[float]]],
    x_label: str,
    y_label: str,
    marks: Mapping[str, tuple[Sequence[Any], Sequence[float]]] | None = None,
    *,
    dots: bool = False,
    log: bool = False,
    log_x: bool = False,
) -> bytes:
    """Draw a curve for each name.

    Args:
        lines: by name, the places on both axes.
        x_label: what the first axis shows.
        y_label: what the second axis shows.
        marks: points on a curve that are pointed out, by the curve's name.
        dots: mark every point of the curves.
        log: both axes grow by powers of ten.
        log_x: the first axis alone does.
    """
    if not lines:
        return b""

    def draw(axes: "Axes") -> None:
        for number, (name, (x, y)) in enumerate(lines.items()):
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(
                x, y, color=colour, linewidth=1.6, marker="o" if dots else None, markersize=3.5, label=_short(name)
            )
            if marks and name in marks:
                axes.plot(*marks[name], "o", color=colour, markersize=5, markeredgecolor="white")
        if log or log_x:
            axes.set_xscale("log")
        if log:
            axes.set_yscale("log")
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.tick_params(axis="x", labelrotation=0)
        if len(lines) > _LINES_WITH_ROOM:
            axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        elif len(lines) > 1:
            axes.legend(loc="best")

    return _png(draw)


def heat(
    values: npt.ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    form: Callable[[float], str] = "{:.2f}".format,
    *,
    large: bool = False,
) -> bytes:
    """Draw a matrix, shape (rows, columns), as coloured fields with their values in them, as ``form`` writes them.

    A matrix of many columns has a scale beside it instead of values in its fields. What is not a number is left white.
    """
    matrix = np.asarray(values, dtype=float)
    if not matrix.size:
        return b""
    crowded = len(columns) > _COLUMNS_WITH_ROOM

    def draw(axes: "Axes") -> None:
        fields = axes.imshow(matrix, cmap="YlGnBu", aspect="auto")
        axes.set_xticks(range(len(columns)), [_short(name) for name in columns])
        axes.set_yticks(range(len(rows)), [_short(name) for name in rows])
        axes.grid(visible=False)
        if len(columns) > 6:
            axes.tick_params(axis="x", labelrotation=90 if crowded and max(map(len, columns)) > 2 else 40)
        if crowded:
            axes.figure.colorbar(fields, ax=axes, shrink=0.8).outline.set_visible(False)
            return
        middle = (np.nanmin(matrix) + np.nanmax(matrix)) / 2
        for (row, column), value in np.ndenumerate(matrix):
            if not np.isnan(value):
                colour = "white" if value > middle else "#1f2933"
                axes.text(column, row, form(value), ha="center", va="center", fontsize=7, color=colour)

    return _png(draw, _LARGE if large else _SIZE)


def points(
    groups: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]], names: Mapping[str, tuple[float, float]]
) -> bytes:
    """Draw points on a plane, a colour for each group, and names at places among them; the axes mean nothing."""
    if not groups:
        return b""

    def draw(axes: "Axes") -> None:
        from matplotlib.patheffects import withStroke

        for number, (name, (x, y)) in enumerate(groups.items()):
            axes.scatter(x, y, s=9, alpha=0.75, linewidths=0, color=COLOURS[number % len(COLOURS)], label=_short(name))
        for name, place in names.items():
            halo = [withStroke(linewidth=2.5, foreground="white")]
            axes.annotate(_short(name), place, fontsize=7, ha="center", color="#1f2933", path_effects=halo)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)

    return _png(draw, _LARGE)


def cells(filled: npt.ArrayLike, x_label: str, y_label: str) -> bytes:
    """Draw a matrix of truth values, shape (rows, columns): dark cells on white."""
    matrix = np.asarray(filled, dtype=bool)
    if not matrix.size:
        return b""

    def draw(axes: "Axes") -> None:
        axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1.2, aspect="auto", interpolation="nearest")
        axes.grid(visible=False)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)

    return _png(draw, _LARGE)


def _png(draw: Draw, size: tuple[float, float] = _SIZE) -> bytes:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout="constrained")
        draw(figure.subplots())
        # The canvas itself, not savefig, which draws everything twice and writes its version into the file.
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    written = io.BytesIO()
    image.quantize(_SHADES, dither=Image.Dither.NONE).save(written, "png", optimize=True)
    return written.getvalue()


def _short(name: str) -> str:
    words = str(name).replace("_", " ")
    return words if len(words) <= 26 else words[:25] + "…"
