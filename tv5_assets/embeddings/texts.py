"""What is put into words before it is embedded: of a movie, a viewing context, a line of dialogue, a catalog item.

What does not belong here: the model that turns the words into a vector (encoder.py).
"""

import polars as pl

THEMES_IN_TEXT = 10
"""Themes that a movie's text names, strongest first; more would crowd title and genres out of the vector."""


def movie_texts(movies: pl.LazyFrame) -> pl.LazyFrame:
    """Return one text per movie: title, year, genres and its strongest themes, as in
    ``Heat (1995). Genres: Action, Crime. Themes: heist, detective``: ``id`` and ``text``. What a movie does not have is
    left out.

    Args:
        movies: rows of ``processed/movies``; ``themes`` is sorted, strongest first.
    """
    title = pl.col("title_sort") + pl.format(" ({})", "year").fill_null("")
    genres = pl.col("genres").cast(pl.List(pl.String))
    themes = pl.col("themes").list.head(THEMES_IN_TEXT).list.eval(pl.element().struct.field("tag"))
    return movies.select(
        id="movie_id",
        text=pl.concat_str(
            title, _listed("Genres", genres), _listed("Themes", themes), separator=". ", ignore_nulls=True
        ),
    )


def _listed(label: str, words: pl.Expr) -> pl.Expr:
    """Return ``label: word, word``, or null where there is no word."""
    return pl.when(words.list.len() > 0).then(pl.format(f"{label}: {{}}", words.list.join(", ")))


def context_texts(contexts: pl.LazyFrame) -> pl.LazyFrame:
    """Return one text per viewing context, as in ``relaxed friday evening in winter, christmas, rain. family at home:
    child, adult. casual, medium``: ``id`` and ``text``.

    The parts that say most about what to watch come first. Left out are the date, which no one could search for, and
    the numbers (group size, intensity), which a text model does not read as such; the group's members are named once
    each. Contexts that agree in all of this have equal texts and so equal vectors.

    Args:
        contexts: rows of tables.contexts.Contexts.
    """
    words = {
        name: pl.col(name).cast(pl.String).str.replace_all("_", " ")
        for name in (
            *("mood", "day_of_week", "time_of_day", "season", "weather"),
            *("viewing_mode", "location_type", "occasion", "time_budget"),
        )
    }
    events, group = (
        pl.col(name).cast(pl.List(pl.String)).list.unique(maintain_order=True).list.join(", ").str.replace_all("_", " ")
        for name in ("cultural_events", "group_demographics")
    )
    moment = pl.concat_str(
        pl.format("{} {} {} in {}", *(words[name] for name in ("mood", "day_of_week", "time_of_day", "season"))),
        pl.when(events != "").then(events),
        words["weather"],
        separator=", ",
        ignore_nulls=True,
    )
    company = pl.format("{} at {}: {}", words["viewing_mode"], words["location_type"], group)
    aim = pl.format("{}, {}", words["occasion"], words["time_budget"])
    return contexts.select(id="context_id", text=pl.concat_str(moment, company, aim, separator=". "))


def segment_texts(segments: pl.LazyFrame) -> pl.LazyFrame:
    """Return each line of dialogue as it is spoken: ``id`` and ``text``.

    Args:
        segments: rows of tables.subtitles.SubtitleSegments.
    """
    return segments.select(id="segment_id", text="text")


def catalog_texts(catalog: pl.LazyFrame) -> pl.LazyFrame:
    """Return one text per catalog item, as in ``Ferries at dawn. video: fjords, harbours``: ``id`` and ``text``.

    It is title, type and tags, 27 tokens. ``content_text`` has 81, and a model's time goes by the tokens; but of what
    it has more, creator, running time and numbers of pages say nothing of what an item is about, and the description
    says in sentences what title and tags name. Its first sentence alone would make it 40 tokens.

    Args:
        catalog: rows of tables.catalog.Catalog.
    """
    tags = pl.when(pl.col("tags").list.len() > 0).then(pl.col("tags").list.join(", "))
    kind = pl.concat_str(pl.col("type").cast(pl.String), tags, separator=": ", ignore_nulls=True)
    return catalog.select(id="item_id", text=pl.concat_str("title", kind, separator=". "))
