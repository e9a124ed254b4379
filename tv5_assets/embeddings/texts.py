"""What of a movie is put into words before it is embedded.

What does not belong here: the model that turns the words into a vector (encoder.py).
"""

import polars as pl

THEMES_IN_TEXT = 10
"""Themes that a movie's text names, strongest first; more would crowd title and genres out of the vector."""


def movie_texts(movies: pl.DataFrame) -> pl.Series:
    """Return one text per movie: title, year, genres and its strongest themes, as in
    ``Heat (1995). Genres: Action, Crime. Themes: heist, detective``. What a movie does not have is left out.

    Args:
        movies: rows of ``processed/movies``; ``themes`` is sorted, strongest first.

    Returns:
        Strings named ``text``, in the order of the rows.
    """
    title = pl.col("title_sort") + pl.format(" ({})", "year").fill_null("")
    genres = pl.col("genres").cast(pl.List(pl.String))
    themes = pl.col("themes").list.head(THEMES_IN_TEXT).list.eval(pl.element().struct.field("tag"))
    return movies.select(
        pl.concat_str(
            title, _listed("Genres", genres), _listed("Themes", themes), separator=". ", ignore_nulls=True
        ).alias("text")
    ).to_series()


def _listed(label: str, words: pl.Expr) -> pl.Expr:
    """Return ``label: word, word``, or null where there is no word."""
    return pl.when(words.list.len() > 0).then(pl.format(f"{label}: {{}}", words.list.join(", ")))
