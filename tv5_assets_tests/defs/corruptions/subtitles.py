"""Corruptions for the gates of subtitles and lines of dialogue."""

import polars as pl

from tv5_assets.synthetic.subtitles import shape_of
from tv5_assets_tests.defs.corruptions.corruption import (
    NOBODY,
    Corruption,
    in_first_row,
    in_first_where,
    table,
)
from tv5_assets_tests.defs.platform import Platform

SUBTITLES, SEGMENTS = "synthetic/subtitles", "synthetic/subtitle_segments"
BEHIND_ALL = 2**31 - 1  # no movie has this id, and none a higher one


def subtitle_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of subtitles and lines of dialogue."""
    about_something = pl.col("topics").list.len() > 0
    named = pl.col("key_topics").list.first()
    complexity = pl.col("vocabulary_complexity")
    one_line = pl.lit("We had a wonderful night.")
    return [
        Corruption(
            SUBTITLES,
            "movie_id_known",
            table(SUBTITLES, lambda frame: frame.vstack(in_first_row("movie_id", NOBODY)(frame[:1]))),
        ),
        Corruption(
            SUBTITLES,
            "every_movie",
            table(SUBTITLES, lambda frame: frame.filter(pl.col("movie_id") != frame["movie_id"][0])),
        ),
        Corruption(SUBTITLES, "sentiment_of_arc", table(SUBTITLES, in_first_row("overall_sentiment", 1.0))),
        Corruption(
            SUBTITLES,
            "topics_once",
            table(SUBTITLES, lambda frame: frame.with_columns(key_topics=pl.concat_list(named, named))),
        ),
        Corruption(
            SUBTITLES,
            "harder_in_documentaries",
            table(SUBTITLES, lambda frame: frame.with_columns(vocabulary_complexity=1 - complexity)),
            also=("complexity_of_genres", "sentences_as_hard_as_words"),
        ),
        Corruption(
            SUBTITLES,
            "complexity_of_genres",
            table(SUBTITLES, in_first_row("vocabulary_complexity", 0.999)),
            also=("sentences_as_hard_as_words",),
        ),
        Corruption(SUBTITLES, "sentences_as_hard_as_words", table(SUBTITLES, in_first_row("avg_sentence_length", 1.0))),
        Corruption(SUBTITLES, "density_of_movie", table(SUBTITLES, in_first_row("dialogue_density", 1.0))),
        Corruption(
            SUBTITLES, "references_of_culture", table(SUBTITLES, in_first_row("cultural_references", ["Tatooine"]))
        ),
        Corruption(SUBTITLES, "arcs_follow_genres", _backwards),
        Corruption(SUBTITLES, "topics_suggested", _strange_topics),
        Corruption(
            SUBTITLES,
            "original_language",
            table(SUBTITLES, in_first_where(pl.col("is_original"), "is_original", False)),
        ),
        Corruption(
            SEGMENTS,
            "movie_id_known",
            table(SEGMENTS, lambda frame: in_first_row("movie_id", BEHIND_ALL)(frame.reverse()).reverse()),
            also=("language_offered",),
        ),
        Corruption(SEGMENTS, "shown", table(SEGMENTS, in_first_row("start_ms", 90_000_000))),
        Corruption(SEGMENTS, "in_order", table(SEGMENTS, lambda frame: frame.reverse())),
        Corruption(
            SEGMENTS,
            "sentiment_of_words",
            table(SEGMENTS, lambda frame: frame.with_columns(-pl.col("sentiment"))),
        ),
        Corruption(
            SEGMENTS,
            "topics_in_text",
            table(
                SEGMENTS, in_first_where(about_something & (pl.col("sentiment").abs() < 0.1), "text", "Wait for me.")
            ),
        ),
        Corruption(
            SEGMENTS,
            "within_the_movie",
            table(SEGMENTS, lambda frame: in_first_row("end_ms", 90_000_000)(frame.reverse()).reverse()),
        ),
        Corruption(SEGMENTS, "language_offered", _not_offered),
        Corruption(SEGMENTS, "topics_of_movie", _off_topic),
        Corruption(
            SEGMENTS,
            "mostly_distinct",
            table(SEGMENTS, lambda frame: frame.with_columns(text=one_line, topics=pl.col("topics").list.head(0))),
            also=("sentiment_of_words",),
        ),
    ]


def _backwards(platform: Platform) -> None:
    """Let every movie that should rise or fall do the opposite."""
    shapes = platform.table("processed/movies").select("movie_id", shape=shape_of(pl.col("genres")))
    arc = pl.col("sentiment_arc")

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        straight = pl.col("shape").is_in(["rising", "falling"])
        backwards = pl.when(straight).then(arc.arr.reverse()).otherwise(arc)
        return frame.join(shapes, on="movie_id").with_columns(sentiment_arc=backwards).drop("shape")

    table(SUBTITLES, change)(platform)


def _strange_topics(platform: Platform) -> None:
    """Let every movie talk about two topics of which few movies would."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        topics = pl.lit(["frontier", "money"], dtype=pl.List(pl.String)).cast(frame.schema["key_topics"])
        return frame.with_columns(key_topics=topics)

    table(SUBTITLES, change)(platform)


def _not_offered(platform: Platform) -> None:
    """Take the subtitles in a language from the movies that have lines in it."""
    assets = platform.table(SUBTITLES)
    offered = assets.group_by("movie_id").agg(pl.col("language").cast(pl.String))

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        lacking = frame.join(
            offered.rename({"language": "offered"}), on="movie_id", maintain_order="left"
        ).with_columns(
            other=pl.lit(["en", "fr", "es", "de", "it"]).list.set_difference("offered").list.sort().list.first()
        )
        silent = pl.col("topics").list.len() == 0
        row = lacking.with_row_index().filter(silent & pl.col("other").is_not_null())["index"][0]
        return in_first_where(pl.int_range(pl.len()) == row, "language", lacking["other"][row])(frame)

    table(SEGMENTS, change)(platform)


def _off_topic(platform: Platform) -> None:
    """Let a movie's subtitles be about two topics of which its line is not."""
    lines = platform.table(SEGMENTS)
    line = lines.filter(pl.col("topics").list.len() > 0).row(0, named=True)
    others = [topic for topic in ("love", "war", "money") if topic not in line["topics"]][:2]
    its = (pl.col("movie_id") == line["movie_id"]) & (pl.col("language") == line["language"])
    table(SUBTITLES, in_first_where(its, "key_topics", others))(platform)
