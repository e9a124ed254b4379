"""What GroupLens says its sets hold: rows of each file, users, and terms of use.

Figures and terms are those of each set's own README (files.grouplens.org/datasets/movielens). What does not belong
here: how the files are written (formats.py) and how they are obtained (archive.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

_RESEARCH_ONLY = (
    "GroupLens: research use with acknowledgement (Harper and Konstan 2015, doi:10.1145/2827872); no commercial use "
    "without GroupLens's permission; "
)
_NOT_REDISTRIBUTABLE = _RESEARCH_ONLY + "no redistribution without permission"
SIMULATED_LICENCE = "Simulated by this platform: no row comes from MovieLens, free of its terms"


@dataclass(frozen=True)
class Published:
    """The published figures of one set.

    Attributes:
        rows: rows of each table of the processed layer, by the table's name; a table that the set lacks has none.
        users: users who rated.
        licence: terms of use, in one sentence.
    """

    rows: Mapping[str, int]
    users: int
    licence: str


PUBLISHED: Mapping[str, Published] = {
    "ml-25m": Published(
        rows={
            "movies": 62_423,
            "ratings": 25_000_095,
            "tags": 1_093_360,
            "genome_tags": 1_128,
            "genome_scores": 15_584_448,
            "demographics": 0,
        },
        users=162_541,
        licence=_NOT_REDISTRIBUTABLE,
    ),
    "ml-latest-small": Published(
        rows={
            "movies": 9_742,
            "ratings": 100_836,
            "tags": 3_683,
            "genome_tags": 0,
            "genome_scores": 0,
            "demographics": 0,
        },
        users=610,
        licence=_RESEARCH_ONLY + "redistribution under the same terms",
    ),
    "ml-1m": Published(
        rows={
            "movies": 3_883,
            "ratings": 1_000_209,
            "tags": 0,
            "genome_tags": 0,
            "genome_scores": 0,
            "demographics": 6_040,
        },
        users=6_040,
        licence=_NOT_REDISTRIBUTABLE,
    ),
    "ml-100k": Published(
        rows={
            "movies": 1_682,
            "ratings": 100_000,
            "tags": 0,
            "genome_tags": 0,
            "genome_scores": 0,
            "demographics": 943,
        },
        users=943,
        licence=_NOT_REDISTRIBUTABLE,
    ),
}
"""The named sets. A simulated set has no entry: nothing is published about it."""
