"""MovieLens titles taken apart: ``Matrix, The (1999)`` into title, year and ``The Matrix``.

What does not belong here: how titles are read from files, and anything else about movies.
"""

import polars as pl

_INVISIBLE = r"[\p{Cc}\p{Cf}]"  # zero-width characters, marks of direction, control characters
_YEAR = r"(?:18[7-9]\d|19\d\d|20\d\d)"
# As MovieLens writes them: "(1995)" and "(1995) (1995)". A range such as "(2006-2007)", of a series, is no year.
_AT_END = rf"(?:\s*\(\s*({_YEAR})\s*\))+$"
_ANYWHERE = rf"\s*\(({_YEAR})\)"

_ARTICLES = (
    "The", "A", "An",
    "Le", "La", "Les", "Un", "Une", "Des",
    "Der", "Die", "Das", "Den", "Dem", "Ein", "Eine",
    "El", "Los", "Las", "Lo", "Una", "Unos", "Unas",
    "Il", "I", "Gli", "Uno",
    "O", "Os", "As", "Um", "Uma",
    "De", "Het", "Een", "Det", "En", "Ett", "Et", "Az",
)  # fmt: skip
"""Articles that MovieLens moves behind a title: English, French, German, Spanish, Italian, Portuguese, Dutch,
Scandinavian, Hungarian."""
_ELIDED = ("L'", "L\u2019", "Un'", "Un\u2019")
_WORD = rf"(?i:({'|'.join(_ARTICLES)}))"
_JOINED = rf"(?i:({'|'.join(_ELIDED)}))"


def take_apart(original: pl.Expr) -> dict[str, pl.Expr]:
    """Return the columns that follow from a column of titles as they are in the file.

    A year counts where it ends the title; one in the middle counts where it is the only one. Where years end the title
    twice, the last counts; of a range, the first. Without its year a title may be empty (``(1995)``): then it keeps it.

    Returns:
        ``title`` without the year, ``title_sort`` with its articles in front again (also those of the names in
        parentheses), ``year`` (Int16, null where the title has none).
    """
    clean = original.str.replace_all(r"\s+", " ").str.replace_all(_INVISIBLE, "").str.strip_chars()
    at_end = clean.str.extract(_AT_END)
    in_middle = pl.when(clean.str.count_matches(_ANYWHERE) == 1).then(clean.str.extract(_ANYWHERE))
    without = (
        pl.when(at_end.is_not_null())
        .then(clean.str.replace(_AT_END, ""))
        .when(in_middle.is_not_null())
        .then(clean.str.replace(_ANYWHERE, "").str.strip_chars())
        .otherwise(clean)
    )
    title = pl.when(without == "").then(clean).otherwise(without)
    return {
        "title": title,
        "title_sort": _articles_in_front(title),
        "year": pl.coalesce(at_end, in_middle).cast(pl.Int16),
    }


def _articles_in_front(title: pl.Expr) -> pl.Expr:
    """Undo ``Matrix, The``, for the title and for each name in parentheses behind it."""
    return (
        title.str.replace(rf"^([^()]+?), ?{_JOINED}( \(.*)?$", "${2}${1}${3}")
        .str.replace(rf"^([^()]+?), {_WORD}( \(.*)?$", "${2} ${1}${3}")
        .str.replace_all(rf"\(((?:a\.?k\.?a\.?:? )?)([^()]+?), ?{_JOINED}\)", "(${1}${3}${2})")
        .str.replace_all(rf"\(((?:a\.?k\.?a\.?:? )?)([^()]+?), {_WORD}\)", "(${1}${3} ${2})")
    )
