"""Rules on subtitles and lines of dialogue that need more than one row, or more than one table.

What does not belong here: what one row must keep by itself (RULES of synthetic/subtitles.py and synthetic/segments.py).
"""

import polars as pl

from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.subtitles import COMPLEXITY_SPREAD, REFERENCES, complexity_of, follows_shape, shape_of
from tv5_assets.synthetic.topics import suggested_topics
from tv5_assets.tables.subtitles import TOPICS

_ROUNDING = 0.001
LEAST_DISTINCT = 0.6
"""Least share of different texts among the lines: a fifth are stock lines, and fewer are by chance the same."""


def harder_in_documentaries(subtitles: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    """Ask that the words of documentaries are harder than those of action films, on average.

    A movie that is both counts for neither; where one kind is missing there is nothing to compare.
    """
    names = pl.col("genres").cast(pl.List(pl.String))
    documentary, action = (names.list.contains(genre) for genre in ("Documentary", "Action"))
    complexity = pl.col("vocabulary_complexity")
    found = (
        subtitles.join(movies.select("movie_id", "genres"), on="movie_id")
        .select(
            documentaries=(documentary & ~action).sum(),
            action=(action & ~documentary).sum(),
            of_documentaries=complexity.filter(documentary & ~action).mean(),
            of_action=complexity.filter(action & ~documentary).mean(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    of_documentaries, of_action = found["of_documentaries"], found["of_action"]
    if of_documentaries is None or of_action is None:
        return Verdict(True, found | {"of_documentaries": 0.0, "of_action": 0.0}, "there is nothing to compare")
    return Verdict(
        passed=of_documentaries > of_action,
        facts=found,
        description=f"complexity is {of_documentaries:.3f} in documentaries and {of_action:.3f} in action films",
    )


def complexity_of_genres(subtitles: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    """Ask that words are as hard as the genres of their movie have it, in each language."""
    expected = movies.select("movie_id", expected=complexity_of(pl.col("genres")))
    away = (pl.col("vocabulary_complexity") - pl.col("expected")).abs()
    rows, strays = (
        subtitles.join(expected, on="movie_id")
        .select(pl.len(), strays=(away > COMPLEXITY_SPREAD + _ROUNDING).sum())
        .collect(engine="streaming")
        .row(0)
    )
    return Verdict(
        passed=strays == 0,
        facts={"rows": rows, "strays": strays},
        description=f"the words of {strays} of {rows} subtitles are harder or easier than their genres have it",
    )


def as_the_movie(subtitles: pl.LazyFrame, details: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold subtitles to their movie.

    Returns:
        The verdicts ``density_of_movie`` (as much is said as in the movie, in every language) and
        ``references_of_culture`` (what is referred to belongs to the culture of the movie's own language).
    """
    language = pl.col("language").cast(pl.String)
    known = language.replace_strict({name: list(known) for name, known in REFERENCES.items()}, default=None)
    elsewhere = pl.lit(list(REFERENCES[""]), dtype=pl.List(pl.String))
    of_movies = details.select("movie_id", density="dialogue_density", known=known.fill_null(elsewhere))
    strange = pl.col("cultural_references").list.set_difference(pl.col("known")).list.len() > 0
    other = (pl.col("dialogue_density") - pl.col("density")).abs() > _ROUNDING
    rows, others, foreign = (
        subtitles.join(of_movies, on="movie_id")
        .select(pl.len(), others=other.sum(), foreign=strange.sum())
        .collect(engine="streaming")
        .row(0)
    )
    return {
        "density_of_movie": Verdict(
            others == 0,
            {"rows": rows, "others": others},
            f"{others} of {rows} subtitles have another density than their movie",
        ),
        "references_of_culture": Verdict(
            foreign == 0,
            {"rows": rows, "foreign": foreign},
            f"{foreign} of {rows} subtitles refer to another culture than that of their movie",
        ),
    }


def arcs_follow_genres(subtitles: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    """Ask that the mood of each movie moves as its genres have it: comedies rise, dramas fall, thrillers dip."""
    shapes = movies.select("movie_id", shape=shape_of(pl.col("genres")))
    follows = follows_shape(pl.col("shape"), pl.col("sentiment_arc"))
    judged, strays = (
        subtitles.join(shapes, on="movie_id")
        .select(judged=follows.is_not_null().sum(), strays=(~follows).sum())
        .collect(engine="streaming")
        .row(0)
    )
    return Verdict(
        passed=strays == 0,
        facts={"judged": judged, "strays": strays},
        description=f"{strays} of {judged} arcs do not move as the genres have it",
    )


def topics_suggested(subtitles: pl.DataFrame, movies: pl.DataFrame) -> Verdict:
    """Ask that the genres or the themes of a movie suggest each of its key topics; unknown movies do not count."""
    topics = pl.col("key_topics").cast(pl.List(pl.String)).alias("topic")
    known = subtitles.join(movies, on="movie_id", how="semi")
    named = known.select("movie_id", topics).explode("topic").drop_nulls("topic").unique()
    place = named["topic"].replace_strict({topic: place for place, topic in enumerate(TOPICS)}, return_dtype=pl.Int64)
    strange = len(named.with_columns(place).join(suggested_topics(movies), on=["movie_id", "topic"], how="anti"))
    return Verdict(
        passed=strange == 0,
        facts={"strange_topics": strange},
        description=f"{strange} key topics that neither a genre nor a theme of the movie suggests",
    )


def original_language(subtitles: pl.LazyFrame, details: pl.LazyFrame) -> Verdict:
    """Ask that exactly the subtitles in a movie's own language are marked as original."""
    own = details.select("movie_id", own=pl.col("language").cast(pl.String))
    marked = pl.col("is_original") != (pl.col("language").cast(pl.String) == pl.col("own"))
    rows, wrong = (
        subtitles.join(own, on="movie_id").select(pl.len(), wrong=marked.sum()).collect(engine="streaming").row(0)
    )
    return Verdict(
        passed=wrong == 0,
        facts={"rows": rows, "wrong": wrong},
        description=f"{wrong} of {rows} rows say wrongly whether their language is the movie's own",
    )


def lines_within(segments: pl.LazyFrame, details: pl.LazyFrame) -> Verdict:
    """Ask that no line is shown after the movie's end."""
    end = pl.col("duration_minutes").cast(pl.Int64) * 60_000
    rows, late = (
        segments.join(details.select("movie_id", "duration_minutes"), on="movie_id")
        .select(pl.len(), late=(pl.col("end_ms") > end).sum())
        .collect(engine="streaming")
        .row(0)
    )
    return Verdict(
        passed=late == 0,
        facts={"rows": rows, "late": late},
        description=f"{late} of {rows} lines are shown after the movie's end",
    )


def lines_of_subtitles(segments: pl.LazyFrame, subtitles: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold lines to the subtitles that they belong to.

    Returns:
        The verdicts ``language_offered`` (the movie has subtitles in the line's language) and ``topics_of_movie`` (a
        line's topics are among the movie's key topics).
    """
    offered = subtitles.select("movie_id", "language", "key_topics")
    strange = pl.col("topics").list.set_difference(pl.col("key_topics")).list.len() > 0
    rows, elsewhere, off_topic = (
        segments.join(offered, on=["movie_id", "language"], how="left")
        .select(pl.len(), elsewhere=pl.col("key_topics").is_null().sum(), off_topic=strange.sum())
        .collect(engine="streaming")
        .row(0)
    )
    return {
        "language_offered": Verdict(
            passed=elsewhere == 0,
            facts={"rows": rows, "elsewhere": elsewhere},
            description=f"{elsewhere} of {rows} lines are in a language that the movie has no subtitles in",
        ),
        "topics_of_movie": Verdict(
            passed=off_topic == 0,
            facts={"rows": rows, "off_topic": off_topic},
            description=f"{off_topic} of {rows} lines are about what is no key topic of the movie",
        ),
    }


def mostly_distinct(segments: pl.LazyFrame) -> Verdict:
    """Ask that most lines are said only here."""
    rows, distinct = segments.select(pl.len(), distinct=pl.col("text").n_unique()).collect(engine="streaming").row(0)
    share = distinct / rows if rows else 0.0
    return Verdict(
        passed=share >= LEAST_DISTINCT,
        facts={"rows": rows, "distinct": distinct, "share": share, "least_share": LEAST_DISTINCT},
        description=f"{distinct} of {rows} texts are different ({share:.1%}), at least {LEAST_DISTINCT:.0%} expected",
    )
