"""The page on the generated world: every synthetic table in a few plots, each with the sentence that says what to see.

A table without plots of its own here gets a general profile, so that none is left out. What does not belong here: how
a plot looks (draw.py) and whether what it shows is right (the gates).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from tv5_assets.reports.draw import bars, curves, heat, histogram, stacked
from tv5_assets.reports.page import Page, Plot, Section
from tv5_assets.synthetic.clocks import local_time
from tv5_assets.tables.media import CONTENT_RATINGS, ROLES
from tv5_assets.tables.subtitles import ARC_POINTS
from tv5_assets.tables.synthetic import ARCHETYPE_SHARES, ARCHETYPES
from tv5_assets.tables.table import Table, all_tables, polars_schema

Tables = Mapping[str, pl.LazyFrame]
MOVIES, RATINGS = "processed/movies", "processed/ratings"

_SAMPLE_ROWS = 5
_BINS = 24
_PROFILE_PLOTS = 4
_JOINED_RATINGS = 1_000_000
"""Ratings, from the first, that are joined with what was invented around them; more would show the same curve."""
_SHOWN_GENRES = ("Action", "Comedy", "Documentary", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller")


def synthetic_tables() -> dict[str, type[Table]]:
    """Return the tables that the page is about, by key."""
    return {key: table for key, table in all_tables().items() if key.startswith("synthetic/")}


def world_page(tables: Tables, dataset: str) -> Page:
    """Return the page.

    Args:
        tables: every table of synthetic_tables, and MOVIES and RATINGS, by key.
        dataset: name of the dataset that the world was made around.
    """
    return Page(
        title="The generated world",
        about=(
            f"What was invented around {dataset}: its distributions and its first rows. Nothing on this page is "
            "observed unless it says so, and no quality figure rests on it."
        ),
        sections=[_section(table, tables) for table in synthetic_tables().values()],
    )


def _section(table: type[Table], tables: Tables) -> Section:
    frame = tables[table.key]
    rows = frame.select(pl.len()).collect(engine="streaming").item()
    own = _PLOTS.get(table.key)
    plots = own(tables) if own else _profile(table, frame)
    shown = [plot for plot in plots if plot.png] if rows else []
    return Section(table.key, table.about, rows, shown, frame.head(_SAMPLE_ROWS).collect())


# --- Who watches, and when ---


def _users(tables: Tables) -> Iterator[Plot]:
    users = tables["synthetic/users"]
    yield Plot(
        "Archetypes",
        "Share of users of each kind of viewer, beside the share that the table registry declares.",
        bars(_shares(users, "archetype"), "%", expected=dict(zip(ARCHETYPES, ARCHETYPE_SHARES, strict=True))),
    )
    yield Plot(
        "Countries",
        "Where users live; the city gives the time zone, the first language and the names that are usual there.",
        bars(_by_count(_counts(users, "country")), "users"),
    )
    for title, column, words in (
        ("Viewing times", "viewing_time_patterns", "Young adults and cinephiles watch late, families on weekends."),
        ("Devices", "device_preferences", "Seniors and families like the television, young adults their phones."),
    ):
        means = users.group_by("archetype").agg(pl.col(column).struct.unnest().mean()).collect(engine="streaming")
        means = means.sort("archetype")
        names = means.columns[1:]
        yield Plot(
            title,
            f"Mean preference of each archetype, from 0 to 1. {words}",
            heat(means.select(names).to_numpy(), means["archetype"].to_list(), names),
        )
    yield Plot(
        "Ages",
        "The archetype decides which ages are likely: young adults are under 35, seniors over 54.",
        stacked(_crossed(users, "archetype", "age_range"), "users"),
    )


def _contexts(tables: Tables) -> Iterator[Plot]:
    contexts = tables["synthetic/contexts"]
    yield Plot(
        "With whom",
        "Viewing mode by time of day: parties and dates are in the evening and at night.",
        stacked(_crossed(contexts, "time_of_day", "viewing_mode"), "contexts"),
    )
    sizes = contexts.group_by("viewing_mode").agg(pl.col("group_size").cast(pl.Float64).mean())
    yield Plot(
        "Group size",
        "Mean number of people by viewing mode: one alone, two on a date.",
        bars(_pairs(sizes), "people"),
    )
    yield Plot(
        "Weather",
        "Weather by season, of the contexts in which it is known: it snows in winter and is hot in summer.",
        stacked(_crossed(contexts.drop_nulls("weather"), "season", "weather"), "contexts"),
    )
    yield Plot("Moods", "What viewers are in the mood for.", bars(_by_count(_counts(contexts, "mood")), "contexts"))


def _interactions(tables: Tables) -> Iterator[Plot]:
    events = tables["synthetic/interactions"]
    yield Plot(
        "Events", "How often each kind of event happens around the ratings.", bars(_counts(events, "event"), "events")
    )
    stars = tables[RATINGS].filter(pl.col("row") < _JOINED_RATINGS).select("row", "rating")
    watched = (
        events.filter((pl.col("event") == "view") & (pl.col("rating_row") < _JOINED_RATINGS))
        .join(stars, left_on="rating_row", right_on="row")
        .group_by("rating")
        .agg(pl.col("completion_rate").mean())
        .sort("rating")
        .collect(engine="streaming")
    )
    yield Plot(
        "Completion by rating",
        "Mean share of the movie that was watched: who liked it saw more of it.",
        curves({"completion": _xy(watched)}, "stars (real)", "share watched", dots=True),
    )
    yield Plot(
        "Devices",
        "On which device each kind of event happens; what a user prefers is likely.",
        stacked(_crossed(events, "event", "device"), "events"),
    )
    viewers = tables["synthetic/users"].select("user_id", "timezone", "archetype")
    zones = viewers.select(pl.col("timezone").unique().sort()).collect().to_series()
    views = (
        events.filter((pl.col("event") == "view") & (pl.col("rating_row") < _JOINED_RATINGS))
        .join(viewers, on="user_id")
        .group_by("archetype", hour=local_time(zones).dt.hour())
        .len()
        .with_columns(share=pl.col("len") / pl.col("len").sum().over("archetype"))
        .sort("archetype", "hour")
        .collect(engine="streaming")
    )
    yield Plot(
        "Hours",
        "Share of each archetype's views that begin at each hour where the viewers live: young adults watch late at "
        "night, families on afternoons and evenings.",
        curves(
            {
                kind: _xy(views.filter(pl.col("archetype") == kind).select("hour", "share"))
                for kind in ARCHETYPES
                if kind in views["archetype"]
            },
            "hour there",
            "share of views",
        ),
    )


# --- What there is to watch ---


def _media_details(tables: Tables) -> Iterator[Plot]:
    details = tables["synthetic/media_details"]
    yield Plot("Running times", "Minutes of a movie.", _histogram(details, pl.col("duration_minutes"), "minutes"))
    by_genre = details.select("movie_id", "content_rating", "moods").join(_genres(tables), on="movie_id")
    shares = _matrix(by_genre, "genres", "content_rating", CONTENT_RATINGS)
    yield Plot(
        "Content ratings",
        "Share of a genre's movies with each rating, from all ages to adults only.",
        heat(shares[1], shares[0], CONTENT_RATINGS),
    )
    languages = _by_count(_counts(details, "language"), 12)
    yield Plot("Languages", "Original languages; title and themes say what is likely.", bars(languages, "movies"))
    moods = by_genre.explode("moods")
    common = list(_by_count(_counts(moods, "moods"), 8))
    fields = _matrix(moods, "genres", "moods", common)
    yield Plot(
        "Moods",
        "Share of each mood among a genre's: thrillers are suspenseful, comedies funny.",
        heat(fields[1], fields[0], common),
    )


def _people(tables: Tables) -> Iterator[Plot]:
    people = tables["synthetic/people"]
    yield Plot("Countries", "Where people come from.", bars(_by_count(_counts(people, "country"), 12), "people"))
    decade = (pl.col("born") // 10 * 10).alias("decade")
    born = people.group_by(decade).len().sort("decade").collect(engine="streaming")
    yield Plot("Born", "Decade of birth.", curves({"people": _xy(born)}, "decade", "people", dots=True))


def _credits(tables: Tables) -> Iterator[Plot]:
    made = tables["synthetic/credits"]
    yield Plot("Roles", "Credits by role.", bars(_counts(made, "role"), "credits"))
    careers = (
        made.group_by("role", "person_id")
        .len("credits")
        .group_by("role", "credits")
        .len("people")
        .sort("role", "credits")
        .collect(engine="streaming")
    )
    lines = {role: _xy(careers.filter(pl.col("role") == role).drop("role")) for role in ROLES}
    yield Plot(
        "Careers",
        "How many people have how many credits: a few have many, most have few.",
        curves({role: line for role, line in lines.items() if line[0]}, "credits", "people", dots=True, log=True),
    )


def _influences(tables: Tables) -> Iterator[Plot]:
    pairs = tables["synthetic/influences"]
    years = tables[MOVIES].select("movie_id", "year")
    apart = (
        pairs.join(years, left_on="newer_id", right_on="movie_id")
        .join(years, left_on="older_id", right_on="movie_id", suffix="_older")
        .select(years=(pl.col("year") - pl.col("year_older")).cast(pl.Float64))
        .drop_nulls()
    )
    yield Plot(
        "Years between",
        "How much older the movie is that influenced another.",
        _histogram(apart, pl.col("years"), "years"),
    )
    yield Plot("Strength", "How strong influences are.", _histogram(pairs, pl.col("strength"), "strength"))


def _platforms(tables: Tables) -> Iterator[Plot]:
    offers = tables["synthetic/platforms"]
    yield Plot(
        "Offers",
        "What each platform offers, and how: TV5MONDE is free, the others are paid for.",
        stacked(_crossed(offers, "name", "availability_type"), "offers"),
    )
    spoken = offers.select("name", "audio_tracks").explode("audio_tracks")
    yield Plot(
        "Sound",
        "Languages that can be heard; no other platform has as large a share of French as TV5MONDE.",
        stacked(_crossed(spoken, "name", "audio_tracks"), "audio tracks"),
    )
    prices = offers.drop_nulls("price").group_by(pl.col("price").round(2).cast(pl.String)).len()
    by_price = dict(sorted(_pairs(prices).items(), key=lambda price: float(price[0])))
    yield Plot("Prices", "Prices of what is rented or bought.", bars(by_price, "offers"))


# --- What is said ---


def _subtitles(tables: Tables) -> Iterator[Plot]:
    subtitles = tables["synthetic/subtitles"]
    by_genre = subtitles.join(_genres(tables), on="movie_id")
    means = by_genre.group_by("genres").agg(pl.col("vocabulary_complexity").mean())
    yield Plot(
        "Complexity by genre",
        "Mean difficulty of the words, 0 to 1: documentaries are hard, action films easy.",
        bars(_by_count(_pairs(means)), "complexity"),
    )
    points = [pl.col("sentiment_arc").arr.get(point).mean().alias(str(point)) for point in range(ARC_POINTS)]
    arcs = by_genre.filter(pl.col("genres").is_in(_SHOWN_GENRES)).group_by("genres").agg(points).sort("genres")
    places = np.linspace(0, 1, ARC_POINTS).tolist()
    lines = {row[0]: (places, list(row[1:])) for row in arcs.collect(engine="streaming").rows()}
    yield Plot(
        "Sentiment arcs",
        "Mean sentiment from a movie's beginning (0) to its end (1), by genre.",
        curves(lines, "place in the movie", "sentiment"),
    )
    yield Plot(
        "Languages", "Languages that there are subtitles in.", bars(_by_count(_counts(subtitles, "language")), "movies")
    )


def _segments(tables: Tables) -> Iterator[Plot]:
    lines = tables["synthetic/subtitle_segments"]
    yield Plot("Languages", "Language of the lines.", bars(_by_count(_counts(lines, "language")), "lines"))
    topics = _by_count(_counts(lines.select("topics").explode("topics").drop_nulls(), "topics"), 14)
    yield Plot("Topics", "What is talked about most.", bars(topics, "lines"))
    seconds = ((pl.col("end_ms") - pl.col("start_ms")) / 1000).alias("seconds")
    yield Plot("Length", "How long a line is shown.", _histogram(lines, seconds, "seconds"))
    yield Plot(
        "Sentiment",
        "How lines sound, from sad (-1) to happy (1).",
        _histogram(lines, pl.col("sentiment"), "sentiment", -1, 1),
    )


# --- What is popular ---


def _trends(tables: Tables) -> Iterator[Plot]:
    trends = tables["synthetic/trends"]
    ranked = (
        trends.group_by("movie_id")
        .agg(peak=(pl.col("popularity") * pl.col("is_viral")).max())
        .sort("peak", "movie_id", descending=[True, False])
        .head(3)
        .select("movie_id")
        .join(tables[MOVIES].select("movie_id", "title_sort"), on="movie_id", how="left", maintain_order="left")
        .collect(engine="streaming")
    )
    days = trends.join(ranked.lazy(), on="movie_id").sort("movie_id", "date").collect(engine="streaming")
    lines, marks = {}, {}
    for movie, title in ranked.iter_rows():
        own = days.filter(pl.col("movie_id") == movie)
        name = title or str(movie)
        lines[name] = _xy(own.select("date", "popularity"))
        marks[name] = _xy(own.filter("is_viral").select("date", "popularity"))
    yield Plot(
        "Viral moments",
        "Popularity of the three movies with the highest viral moments; a dot is a day on which one was under way.",
        curves(lines, "day", "popularity", marks),
    )
    daily = (
        trends.group_by("date")
        .agg(pl.col("view_count").cast(pl.Float64).sum(), pl.col("search_volume").cast(pl.Float64).sum())
        .sort("date")
        .collect(engine="streaming")
    )
    yield Plot(
        "Every day",
        "Views and searches of all tracked movies together.",
        curves(
            {"views": _xy(daily.select("date", "view_count")), "searches": _xy(daily.select("date", "search_volume"))},
            "day",
            "count",
        ),
    )
    season = trends.group_by("date").agg(pl.col("season_factor").mean()).sort("date").collect(engine="streaming")
    yield Plot(
        "Seasons",
        "What the season multiplies popularity by, on average over all movies.",
        curves({"season": _xy(season)}, "day", "factor"),
    )


def _trends_now(tables: Tables) -> Iterator[Plot]:
    now = tables["synthetic/trends_now"]
    names = tables[MOVIES].select("movie_id", "title_sort")
    first = (
        now.filter((pl.col("scope") == "global") & (pl.col("rank") <= 12))
        .sort("rank")
        .join(names, on="movie_id", how="left", maintain_order="left")
        .select(pl.format("{}. {}", "rank", "title_sort"), "score")
    )
    yield Plot("Most popular", "The global ranking of this moment.", bars(_pairs(first), "score"))
    scopes = now.group_by("scope").len("movies").sort("scope")
    yield Plot("Scopes", "Movies ranked in each scope.", bars(_pairs(scopes), "movies"))


def _trending_topics(tables: Tables) -> Iterator[Plot]:
    topics = tables["synthetic/trending_topics"]
    for kind in ("genre", "theme"):
        first = topics.filter((pl.col("kind") == kind) & (pl.col("rank") <= 12)).sort("rank").select("topic", "score")
        words = f"The {kind}s that are rising, strongest first."
        yield Plot(f"{kind.capitalize()}s", words, bars(_pairs(first), "popularity"))


# --- The catalog, and what is looked for ---


def _catalog(tables: Tables) -> Iterator[Plot]:
    # A catalog's fields are declared by whoever uses the platform, but for those that every catalog has.
    catalog = tables["synthetic/catalog"]
    columns = catalog.collect_schema()
    yield Plot("Types", "Share of each type of item.", bars(_by_count(_shares(catalog, "type")), "%"))
    month = pl.col("created_at").dt.truncate("1mo").alias("month")
    months = catalog.group_by("type", month).len().sort("type", "month").collect(engine="streaming")
    lines = {
        name: _xy(months.filter(pl.col("type") == name).drop("type"))
        for name in months["type"].unique(maintain_order=True)
    }
    yield Plot("Dates", "Items by the month in which they were made.", curves(lines, "month", "items"))
    if columns.get("file_size") is not None:
        sizes = catalog.select("type", size=pl.col("file_size").cast(pl.Float64)).drop_nulls()
        quartiles = [pl.col("size").quantile(share).truediv(1e6).alias(str(share)) for share in (0.25, 0.5, 0.75)]
        table = sizes.group_by("type").agg(quartiles).sort("type").collect()
        yield Plot(
            "File sizes",
            "Megabytes: a quarter of the items are smaller than the first number, half of them than the second.",
            heat(
                np.log10(table.drop("type").to_numpy()),
                table["type"].to_list(),
                ["¼", "½", "¾"],
                lambda size: f"{10**size:,.1f}",
            ),
        )
    yield from _profile_of(catalog, [name for name in ("subject", "format", "language") if name in columns])


def _queries(tables: Tables) -> Iterator[Plot]:
    queries = tables["synthetic/queries"]
    columns = queries.collect_schema()
    yield Plot("Languages", "Language of the queries.", bars(_by_count(_counts(queries, "language")), "queries"))
    optional = {
        name: queries.select(pl.col(name).is_not_null().mean()).collect(engine="streaming").item()
        for name in ("user_id", "filters")
        if name in columns
    }
    yield Plot("Who and what", "Share of queries that have a user, and that have filters.", bars(optional, "%"))
    expected = queries.group_by(pl.col("expected").list.len().alias("expected")).len("queries").sort("expected")
    yield Plot(
        "Answers", "How many movies a query should find.",
        curves({"queries": _xy(expected.collect(engine="streaming"))}, "movies", "queries", dots=True),
    )  # fmt: skip


_PLOTS: Mapping[str, Callable[[Tables], Iterator[Plot]]] = {
    "synthetic/users": _users,
    "synthetic/contexts": _contexts,
    "synthetic/interactions": _interactions,
    "synthetic/media_details": _media_details,
    "synthetic/people": _people,
    "synthetic/credits": _credits,
    "synthetic/influences": _influences,
    "synthetic/platforms": _platforms,
    "synthetic/subtitles": _subtitles,
    "synthetic/subtitle_segments": _segments,
    "synthetic/trends": _trends,
    "synthetic/trends_now": _trends_now,
    "synthetic/trending_topics": _trending_topics,
    "synthetic/catalog": _catalog,
    "synthetic/queries": _queries,
}


def _profile(table: type[Table], frame: pl.LazyFrame) -> Iterator[Plot]:
    """Yield plots of a table of which nothing more is known: its categories, and then its numbers."""
    keys = set(table.primary_key())
    types = {name: dtype for name, dtype in polars_schema(table).items() if name not in keys}
    categories = [name for name, dtype in types.items() if isinstance(dtype, pl.Enum) or dtype == pl.Boolean]
    numbers = [name for name, dtype in types.items() if dtype.is_numeric()]
    yield from _profile_of(frame, [*categories, *numbers][:_PROFILE_PLOTS])


def _profile_of(frame: pl.LazyFrame, columns: list[str]) -> Iterator[Plot]:
    for column in columns:
        found = frame.drop_nulls(column)
        if found.select(pl.col(column).n_unique()).collect(engine="streaming").item() < 2:
            continue
        title = column.replace("_", " ").capitalize()
        if frame.collect_schema()[column].is_numeric():
            yield Plot(title, f"Distribution of {column}.", _histogram(found, pl.col(column), column))
        else:
            counts = _by_count(_counts(found, column), 14)
            yield Plot(title, f"Rows by {column}, the most frequent first.", bars(counts, "rows"))


# --- From rows to a few figures ---


def _genres(tables: Tables) -> pl.LazyFrame:
    return tables[MOVIES].select("movie_id", "genres").explode("genres").drop_nulls()


def _counts(frame: pl.LazyFrame, column: str) -> dict[str, float]:
    """Return how many rows have each value, in the order of the values."""
    return _pairs(frame.group_by(column).len().sort(column))


def _shares(frame: pl.LazyFrame, column: str) -> dict[str, float]:
    counts = _counts(frame, column)
    rows = sum(counts.values())
    return {name: count / rows for name, count in counts.items()}


def _by_count(counts: Mapping[str, float], most: int | None = None) -> dict[str, float]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])


def _pairs(frame: pl.LazyFrame) -> dict[str, float]:
    """Return a frame's first column as names, its second as values."""
    return {str(name): value for name, value in frame.collect(engine="streaming").rows() if value is not None}


def _crossed(frame: pl.LazyFrame, rows: str, columns: str) -> dict[str, dict[str, float]]:
    """Return how many rows have each pair of values, all in the order of the values."""
    counts = frame.group_by(rows, columns).len().sort(rows, columns).collect(engine="streaming")
    order = counts.select(pl.col(columns).unique().sort().cast(pl.String)).to_series().drop_nulls().to_list()
    crossed: dict[str, dict[str, float]] = {}
    for row, column, count in counts.rows():
        crossed.setdefault(str(row), dict.fromkeys(order, 0.0))[str(column)] = count
    return crossed


def _matrix(frame: pl.LazyFrame, rows: str, columns: str, wanted: Any) -> tuple[list[str], Any]:
    """Return, for genres that are shown, the share of each wanted value among a row's values."""
    crossed = {name: row for name, row in _crossed(frame, rows, columns).items() if name in _SHOWN_GENRES}
    values = [[row.get(name, 0) / (sum(row.values()) or 1) for name in wanted] for row in crossed.values()]
    return list(crossed), values


def _histogram(
    frame: pl.LazyFrame, value: pl.Expr, label: str, low: float | None = None, high: float | None = None
) -> bytes:
    """Draw how values are distributed; what few are outside of all but one in 200 counts to the outermost bins."""
    values = frame.select(value.cast(pl.Float64).alias("value")).drop_nulls()
    if low is None or high is None:
        low, high = (
            values.select(low=pl.col("value").quantile(0.005), high=pl.col("value").quantile(0.995)).collect().row(0)
        )
    if low is None or high is None:
        return b""
    width = ((high - low) or 1.0) / _BINS
    place = ((pl.col("value") - low) / width).floor().clip(0, _BINS - 1).cast(pl.Int32).alias("bin")
    found = dict(values.group_by(place).len().collect(engine="streaming").rows())
    edges = [low + width * number for number in range(_BINS + 1)]
    return histogram([found.get(number, 0) for number in range(_BINS)], edges, label)


def _xy(frame: pl.DataFrame) -> tuple[list[Any], list[float]]:
    return frame.to_series(0).to_list(), frame.to_series(1).to_list()
