"""What is searched for, and what should be found: queries in five languages.

A query is made from a movie, which is therefore among those that it should find; the others are all movies that have
the same title, the same genre and decade, or the same themes, and pass the same filters. No search engine has a say in
it. A query depends on the seed, its number, the movies and the users alone. What does not belong here: the words
(phrases/search.py), searching (retrieval/search.py) and how well it is done (retrieval/queries.py).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import Pools, choose, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.errors import InputError
from tv5_assets.synthetic.phrases.search import SEARCH_WORDS
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.queries import QUERY_KINDS, Queries
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import polars_schema

LANGUAGE_SHARES = (0.40, 0.24, 0.12, 0.12, 0.12)
"""Share of queries in each language, in the order of LANGUAGES."""
KIND_SHARES = (0.35, 0.25, 0.20, 0.20)
"""Share of queries of each kind, in the order of QUERY_KINDS. A set without themes has but the first two."""
USER_SHARE, FILTER_SHARE = 0.5, 1 / 3
"""Share of queries that a user asks, and that filters narrow."""
K_SHARES = {5: 0.2, 10: 0.6, 20: 0.2}
"""Share of queries by the number of results asked for."""
SLIP_SHARE = 0.3
"""Share of titles in which two neighbouring letters have changed places, where there are two such letters."""
_LEAST_SLIP_LETTERS = 8
"""Letters of a title in which a slip leaves enough to know it by."""
_SMALL_LETTERS_SHARE = 0.5
_NO_ARTICLE_SHARE = 0.3
_GENRE_FILTER_SHARE, _NO_YEARS_FILTER_SHARE = 0.7, 0.4
"""Share of filters with a genre, and of those without years; the others have both."""
_STRONGEST = 5
"""Themes of a movie that a query may name, the strongest."""
_YEARS_AROUND = 12
"""Most years that a filter leaves on either side of a movie."""

_NAME = r"^([^(]*[^( ]) *\(.*$"
"""A title before the other names that stand in parentheses behind it."""
_TWO_LETTERS = r"^\p{Ll}{2}$"
_ARTICLE_BEHIND = r", ?[\p{L}']{1,4}$"
_NAMEABLE = r"^[a-z][a-z' -]{2,28}[a-z]$"
_NO_THEME = (
    r"netflix|dvd|vhs|imdb|afi\b|\bbd\b|clv|queue|library|watch|\bseen|\bown|\bsee\b|owned|rent|\bbuy|\bmy\b|oscar|"
    r"criterion|top \d|bad|good|great|boring|overrated|underrated|^movies?$|^film$|nudity|predictable|stupid"
)
"""Tags that say something of a tagger rather than of a movie, which nobody searches for."""

RULES = (
    Rule(
        "years_in_order",
        "The first year of a filter is not after its last.",
        lambda: pl.col("filters").struct.field("since") <= pl.col("filters").struct.field("until"),
    ),
    Rule(
        "expected_once",
        "A query expects each movie once, in ascending order.",
        lambda: pl.col("expected") == pl.col("expected").list.unique().list.sort(),
    ),
)
"""What every row must keep; what a query should find is :func:`expected`."""

Draw = Callable[[str], npt.NDArray[np.float64]]


def queries(movies: pl.DataFrame, users: pl.Series, seed: int, rows: int) -> pl.DataFrame:
    """Return search queries, sorted by number.

    Args:
        movies: the catalogue, of tables.processed.Movies.
        users: ids of the users who may ask.
        seed: the seed of everything random.
        rows: number of queries.

    Returns:
        A frame of the schema of tables.queries.Queries.

    Raises:
        InputError: no movie has both a genre and a year, so that there is nothing to ask for.
    """
    numbers = np.arange(rows)

    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, numbers, "queries", what)

    language = choose(draw("language"), LANGUAGE_SHARES)
    kind = choose(draw("kind"), KIND_SHARES)
    asked = _asked(movies, language, kind, draw("subject"))
    made = pl.DataFrame(
        {
            "query_id": numbers,
            "text": _texts(asked, language, draw),
            "language": gather(LANGUAGES, language),
            "kind": asked["kind"],
            "asks_for": asked.select(pl.struct("title", "genre", "decade", "themes")).to_series(),
            "user_id": users.unique().sort().gather((draw("user") * users.n_unique()).astype(np.int64)),
            "filters": _filters(asked, draw),
            "k": gather(list(K_SHARES), choose(draw("k"), list(K_SHARES.values()))),
        }
    ).with_columns(
        pl.when(pl.Series(draw("has user") < USER_SHARE)).then("user_id"),
        pl.when(pl.Series(draw("has filters") < FILTER_SHARE)).then("filters"),
    )
    schema = polars_schema(Queries)
    made = made.cast({name: dtype for name, dtype in schema.items() if name != "expected"})
    return made.join(expected(made, movies), on="query_id", maintain_order="left").select(schema.names()).cast(schema)


def expected(queries: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """Return what each query should find: every movie that has all it asks for and passes its filters.

    Args:
        queries: query_id, asks_for and filters.
        movies: rows of ``processed/movies``.

    Returns:
        query_id and expected, ascending ids; a query that no movie answers has no row.
    """
    year = pl.col("year")
    catalogue = movies.lazy().select(
        "movie_id", year, genres=pl.col("genres").list.eval(_bit(pl.element())).list.sum(), title=plain_title()
    )
    of_genre = (
        movies.lazy()
        .select("movie_id", genre=pl.col("genres").list.eval(_bit(pl.element())), decade=_decade(year))
        .explode("genre")
    )
    of_theme = movies.lazy().select("movie_id", theme=_tags()).explode("theme")
    asks, filters = pl.col("asks_for").struct, pl.col("filters").struct
    themes = asks.field("themes")
    wanted = queries.lazy().select(
        "query_id",
        asks.field("title", "decade"),
        theme=themes.list.get(0, null_on_oob=True),
        other=themes.list.get(1, null_on_oob=True),
        genre=_bit(asks.field("genre")),
    )
    passing = queries.lazy().select(
        "query_id",
        filters.field("since", "until"),
        genre=_bit(asks.field("genre")),
        only=_bit(filters.field("genre")),
    )
    # Each query asks by one of these; a join carries as little as it can, since a genre may have thousands of movies.
    by_title = wanted.select("query_id", "title").drop_nulls().join(catalogue.select("movie_id", "title"), on="title")
    by_decade = wanted.select("query_id", "genre", "decade").drop_nulls().join(of_genre, on=["genre", "decade"])
    by_theme = wanted.select("query_id", "theme", "other").drop_nulls("theme").join(of_theme, on="theme")
    by_one = by_theme.filter(pl.col("other").is_null())
    by_both = by_theme.drop_nulls("other").join(
        of_theme, left_on=["movie_id", "other"], right_on=["movie_id", "theme"], how="semi"
    )
    has_genres = pl.all_horizontal(
        pl.col(bit).is_null() | (pl.col("genres") & pl.col(bit) != 0) for bit in ("genre", "only")
    )
    return (
        pl.concat([found.select("query_id", "movie_id") for found in (by_title, by_decade, by_one, by_both)])
        .join(passing, on="query_id")
        .join(catalogue.select("movie_id", "genres", year), on="movie_id")
        .filter(
            has_genres,
            pl.col("since").is_null() | (year >= pl.col("since")).fill_null(False),
            pl.col("until").is_null() | (year <= pl.col("until")).fill_null(False),
        )
        .group_by("query_id")
        .agg(expected=pl.col("movie_id").sort())
        .sort("query_id")
        .collect(engine="streaming")
    )


def _bit(genre: pl.Expr) -> pl.Expr:
    """Return a genre as a number of which one bit is set, so that the genres of a movie are a sum."""
    bits = {name: 1 << place for place, name in enumerate(GENRES)}
    return genre.cast(pl.String).replace_strict(bits, default=None, return_dtype=pl.Int32)


def plain_title() -> pl.Expr:
    """Return the name that a movie is asked for by: its title with the article in front, without other names."""
    return pl.col("title_sort").str.replace(_NAME, "${1}")


def _without_article() -> pl.Expr:
    """Return the plain title without the article that MovieLens writes behind it."""
    return (
        pl.when(pl.col("title") == pl.col("title_sort"))
        .then(plain_title())
        .otherwise(pl.col("title").str.replace(_NAME, "${1}").str.replace(_ARTICLE_BEHIND, ""))
    )


def _tags() -> pl.Expr:
    """Return the names of a movie's themes, each once."""
    return pl.col("themes").list.eval(pl.element().struct.field("tag")).list.unique(maintain_order=True)


def _asked(
    movies: pl.DataFrame, language: npt.NDArray[np.intp], kind: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]
) -> pl.DataFrame:
    """Return what each query asks for, and of the movie it is made from year, genres and bare title.

    Queries of which no movie has the kind (no themes, or none that the language has words for) ask for a title.
    """
    pools = {
        (language, kind): pool
        for language in range(len(LANGUAGES))
        for kind, pool in zip(QUERY_KINDS, _pools(movies, language), strict=True)
    }
    parts = []
    for number in range(len(LANGUAGES)):
        for place, name in enumerate(QUERY_KINDS):
            rows = np.nonzero((language == number) & (kind == place))[0]
            pool = pools[number, name]
            if pool.is_empty():
                pool, name = pools[number, "title"], "title"
            if pool.is_empty():
                raise InputError("no movie has a genre and a year, so there is nothing to search for")
            subject = pool[(draws[rows] * len(pool)).astype(np.int64)]
            parts.append(subject.with_columns(row=pl.Series(rows), kind=pl.lit(name)))
    return pl.concat(parts).sort("row")


def _pools(movies: pl.DataFrame, language: int) -> list[pl.DataFrame]:
    """Return what queries of each kind may ask for in a language, a row for each movie that it can be asked by.

    Movies without a genre or a year, of which there are few, are never asked by.
    """
    words = SEARCH_WORDS[language].themes
    tag = pl.element()
    nameable = tag.is_in(list(words)) if words else tag.str.contains(_NAMEABLE) & ~tag.str.contains(_NO_THEME)
    known = (
        movies.filter(pl.col("year").is_not_null(), pl.col("genres").list.len() > 0)
        .sort("movie_id")
        .select(
            "year",
            pl.col("genres").cast(pl.List(pl.String)),
            plain_title().alias("name"),
            _without_article().alias("bare_title"),
            _tags().list.head(_STRONGEST).list.eval(tag.filter(nameable)).alias("tags"),
        )
    )
    of_genre = known.with_columns(one="genres").explode("one")
    # Each theme once: drawn movie by movie, a few popular ones would be most of what is asked for.
    of_theme = known.with_columns(theme="tags").explode("theme").drop_nulls("theme").unique("theme", keep="first")
    theme, other = pl.col("theme"), pl.col("other")
    of_pair = of_genre.with_columns(theme="tags", other="tags").explode("theme").explode("other").filter(theme < other)
    asked: list[tuple[pl.DataFrame, dict[str, pl.Expr]]] = [
        (known, {"title": pl.col("name")}),
        (of_genre, {"genre": pl.col("one"), "decade": _decade(pl.col("year"))}),
        (of_theme.sort("theme"), {"themes": pl.concat_list(theme)}),
        (of_pair, {"genre": pl.col("one"), "themes": pl.concat_list(theme, other)}),
    ]
    nothing = {
        "title": pl.lit(None, pl.String),
        "genre": pl.lit(None, pl.String),
        "decade": pl.lit(None, pl.Int16),
        "themes": pl.lit([], pl.List(pl.String)),
    }
    return [frame.select("year", "genres", "bare_title", **(nothing | asks)) for frame, asks in asked]


def _decade(year: pl.Expr) -> pl.Expr:
    """Return the first year of a year's decade."""
    return year // 10 * 10


def _texts(asked: pl.DataFrame, language: npt.NDArray[np.intp], draw: Draw) -> pl.Series:
    """Return what is typed for each query."""
    kinds = len(QUERY_KINDS)
    kind = asked["kind"].replace_strict({name: place for place, name in enumerate(QUERY_KINDS)}).to_numpy()
    patterns = [words.patterns[name] for words in SEARCH_WORDS for name in QUERY_KINDS]
    genres = {f"{w.language} {genre}": name for w in SEARCH_WORDS for genre, name in zip(GENRES, w.genres, strict=True)}
    themes = {f"{w.language} {tag}": name for w in SEARCH_WORDS for tag, name in w.themes.items()}

    def in_words(what: pl.Expr, words: dict[str, str]) -> pl.Expr:
        return (pl.col("language") + " " + what).replace_strict(words, default=what)

    fillings = {
        "title": _typed(draw),
        "genre": in_words(pl.col("genre"), genres),
        "decade": pl.col("decade").cast(pl.String),
        "theme": in_words(pl.col("themes").list.get(0, null_on_oob=True), themes),
        "other": in_words(pl.col("themes").list.get(1, null_on_oob=True), themes),
    }
    text = pl.col("pattern")
    for slot, filling in fillings.items():
        text = text.str.replace(f"{{{slot}}}", filling.fill_null(""), literal=True)
    return (
        asked.with_columns(
            gather(LANGUAGES, language).alias("language"),
            Pools(patterns).gather(language * kinds + kind, draw("pattern")).alias("pattern"),
        )
        .select(text)
        .to_series()
    )


def _typed(draw: Draw) -> pl.Expr:
    """Return titles as people type them: some without the article, some in small letters, some with a slip."""
    article, slip, small = (pl.Series(draw(what)) for what in ("article", "slip", "small letters"))
    title = pl.when(article < _NO_ARTICLE_SHARE).then("bare_title").otherwise("title")
    letters = title.str.len_chars()
    at = (1 + pl.Series(draw("slip at")) * (letters - 3)).cast(pl.Int64)
    slipped = pl.concat_str(
        title.str.slice(0, at), title.str.slice(at + 1, 1), title.str.slice(at, 1), title.str.slice(at + 2)
    )
    slips = (slip < SLIP_SHARE) & (letters >= _LEAST_SLIP_LETTERS) & title.str.slice(at, 2).str.contains(_TWO_LETTERS)
    typed = pl.when(slips).then(slipped).otherwise(title)
    return pl.when(small < _SMALL_LETTERS_SHARE).then(typed.str.to_lowercase()).otherwise(typed)


def _filters(asked: pl.DataFrame, draw: Draw) -> pl.Series:
    """Return filters that the movie each query was made from passes: a genre, years or both."""
    what = pl.Series(draw("filters"))
    of_genre, of_years = what < _GENRE_FILTER_SHARE, what > _NO_YEARS_FILTER_SHARE
    place = (pl.Series(draw("filter genre")) * pl.col("genres").list.len()).cast(pl.Int64)
    before, after = ((pl.Series(draw(side)) * _YEARS_AROUND).cast(pl.Int16) for side in ("years before", "years after"))
    return asked.select(
        pl.struct(
            genre=pl.when(of_genre).then(pl.col("genres").list.get(place)),
            since=pl.when(of_years).then(pl.col("year") - before),
            until=pl.when(of_years).then(pl.col("year") + after),
        )
    ).to_series()
