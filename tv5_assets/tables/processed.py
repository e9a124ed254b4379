"""Schemas of the processed layer: MovieLens, cleaned and typed, nothing added but what follows from it."""

import dataframely as dy

from tv5_assets.tables.table import Table

TIMES_OF_DAY = ("morning", "afternoon", "evening", "night", "late_night")
DAYS_OF_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
GENRES = (
    "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir",
    "Horror", "IMAX", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The 19 genres of ml-25m; other sets' spellings (``Children's``) are mapped to these."""


class Movies(Table):
    """The catalogue of movies."""

    key = "processed/movies"
    owner = "team:catalog"
    about = "One row per movie of MovieLens: its title taken apart, its genres, its themes and its ids elsewhere."

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id")
    title = dy.String(min_length=1, description="Title without the year")
    original_title = dy.String(min_length=1, description="Title exactly as in the file")
    title_sort = dy.String(min_length=1, description="Title with its article in front again: The Matrix")
    year = dy.Int16(nullable=True, min=1870, max=2100, description="Year of release, null where the title has none")
    genres = dy.List(dy.Enum(GENRES), description="Genres; empty for (no genres listed)")
    themes = dy.List(
        dy.Struct(
            {
                "tag": dy.String(min_length=1),
                "relevance": dy.Float32(min=0, max=1),
            }
        ),
        description="Tags that fit the movie with a relevance over 0.5, strongest first; "
        "from the tag genome, or from the users' tags where a set has no genome",
    )
    imdb_id = dy.String(nullable=True, regex=r"^tt\d{7,}$", description="IMDb id, such as tt0114709")
    tmdb_id = dy.Int64(nullable=True, min=1, description="TMDB id; some movies share one")


class Ratings(Table):
    """Every rating."""

    key = "processed/ratings"
    owner = "team:interactions"
    about = "One row per rating of a movie by a user, sorted as in the file; (user_id, movie_id) is unique."

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    rating = dy.Float32(
        min=0.5, max=5.0, check=lambda rating: (rating * 2).round() == rating * 2, description="Stars, in half steps"
    )
    rated_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="When the rating was given, UTC, to the second")
    time_of_day = dy.Enum(
        TIMES_OF_DAY,
        description="morning 6-12, afternoon 12-17, evening 17-21, night 21-24, late_night 0-6 o'clock UTC",
    )
    day_of_week = dy.Enum(DAYS_OF_WEEK, description="Day of the week, UTC")
    row = dy.Int64(min=0, description="Row of the source file, counted from 0 after its header")


class Tags(Table):
    """Every application of a free-text tag."""

    key = "processed/tags"
    owner = "team:interactions"
    about = "One row per free-text tag that a user put on a movie; the same tag can be given twice at different times."

    user_id = dy.Int32(min=1, description="MovieLens user id")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    tag = dy.String(description="Tag exactly as typed")
    tag_normalized = dy.String(description="Tag in lower case, spaces collapsed, control characters removed")
    tagged_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="When the tag was given, UTC, to the second")
    row = dy.Int64(primary_key=True, min=0, description="Row of the source file, counted from 0 after its header")


class GenomeTags(Table):
    """The vocabulary of the tag genome."""

    key = "processed/genome_tags"
    owner = "team:catalog"
    about = "One row per tag of the tag genome. Sets without a genome have none."

    tag_id = dy.Int16(primary_key=True, min=1, description="Genome tag id")
    tag = dy.String(min_length=1, description="The tag")


class GenomeScores(Table):
    """How well each genome tag fits each movie."""

    key = "processed/genome_scores"
    owner = "team:catalog"
    about = "One row per movie and genome tag: how well the tag fits the movie. Sets without a genome have none."

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    tag_id = dy.Int16(primary_key=True, min=1, description="Genome tag id")
    relevance = dy.Float32(min=0, max=1, description="Relevance from 0 to 1")


class Demographics(Table):
    """What ml-1m and ml-100k really know of their users."""

    key = "processed/demographics"
    owner = "team:audience"
    about = (
        "One row per user of ml-1m or ml-100k, as the set describes them: real, and kept apart from the generated "
        "users. Other sets have none. In ml-1m an age is the lower end of its bracket."
    )

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    age = dy.Int16(min=0, max=120, description="Age in years (ml-100k) or the lower end of its bracket (ml-1m)")
    gender = dy.Enum(("F", "M"), description="Gender as the set gives it")
    occupation = dy.String(min_length=1, description="Occupation in words")
    zip_code = dy.String(description="Postal code as text: not all are numbers")


class Rejects(Table):
    """What could not be understood."""

    key = "processed/rejects"
    owner = "team:data-platform"
    about = "One row per raw row that could not be understood, with file, line and reason. Nothing is dropped unseen."

    file = dy.String(primary_key=True, description="File name inside the set")
    line = dy.Int64(primary_key=True, min=1, description="Line of the file, counted from 1, the header included")
    reason = dy.String(min_length=1, description="What is wrong with it")
    text = dy.String(description="The raw row")
