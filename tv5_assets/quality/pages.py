"""Rules on pages: that everything is shown which should be, and that pictures show something.

What does not belong here: how a page is made (reports/).
"""

import base64
import binascii
import io
from collections.abc import Iterable
from html.parser import HTMLParser

from tv5_assets.quality.verdict import Verdict

_PICTURE = "data:image/png;base64,"


def everything_is_shown(page: str, keys: Iterable[str]) -> Verdict:
    """Ask that a page has a section for each table, with plots where it has rows, and something to see in each plot.

    Args:
        page: HTML, in which the section of a table has its key as ``id`` and its number of rows as ``data-rows``.
        keys: the tables.
    """
    wanted = list(keys)
    sections = _Sections()
    sections.feed(page)
    missing = [key for key in wanted if key not in sections.pictures]
    bare = [key for key, pictures in sections.pictures.items() if sections.rows[key] and not pictures]
    blank = [key for key, pictures in sections.pictures.items() if not all(map(_shows_something, pictures))]
    faults = [
        *(f"{key} is missing" for key in missing),
        *(f"{key} has rows and no plot" for key in bare),
        *(f"{key} has a plot in which there is nothing" for key in blank),
    ]
    return Verdict(
        passed=not faults,
        facts={
            "tables": len(wanted),
            "missing": len(missing),
            "without_plots": len(bare),
            "with_blank_plots": len(blank),
            "plots": sum(map(len, sections.pictures.values())),
        },
        description="; ".join(faults) or "every table is shown",
    )


class _Sections(HTMLParser):
    """Collects the addresses of the pictures in each section, and its number of rows, by the section's id."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "section" and (key := given.get("id")):
            self.pictures[key] = []
            self.rows[key] = int(given.get("data-rows") or 0)
        if tag == "img" and self.pictures:
            next(reversed(self.pictures.values())).append(given.get("src") or "")


def _shows_something(address: str) -> bool:
    """Tell whether an address holds a PNG image of more than one colour."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(_PICTURE), validate=True))).convert("L")
    except (binascii.Error, UnidentifiedImageError):
        return False
    darkest, lightest = image.getextrema()
    return darkest != lightest
