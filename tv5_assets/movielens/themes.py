"""What a movie is about: the tags that fit it, strongest first.

From the tag genome where a set has one, from the users' own tags otherwise. What does not belong here: reading either
from files.
"""

import polars as pl

THRESHOLD = 0.5
"""A tag is a theme of a movie when its relevance is over this."""
MOST_FROM_TAGS = 20
"""Themes of one movie at most, when they come from the users' tags."""


def from_genome(genome_scores: pl.LazyFrame, genome_tags: pl.DataFrame) -> pl.LazyFrame:
    """Return each movie's themes by the tag genome: columns movie_id and themes.

    Args:
        genome_scores: movie_id, tag_id, relevance.
        genome_tags: tag_id, tag.
    """
    strong = genome_scores.filter(pl.col("relevance") > THRESHOLD)
    return _gathered(strong.join(genome_tags.lazy(), on="tag_id"))


def from_tags(tags: pl.LazyFrame) -> pl.LazyFrame:
    """Return each movie's themes by the tags that users gave it: columns movie_id and themes.

    A tag's relevance is ``0.5 + 0.5 * n / (N + 1)``, where n of the movie's N taggers used it: every tag that was given
    fits, the better the more of them agree. The imagined tagger who never agrees keeps one person's word (0.75) below
    that of nine in ten (0.91). Equal texts count as one tag whatever their case and spacing.

    Args:
        tags: movie_id, user_id, tag_normalized.
    """
    given = tags.filter(pl.col("tag_normalized") != "")
    taggers = given.group_by("movie_id").agg(taggers=pl.col("user_id").n_unique())
    share = pl.col("agreeing") / (pl.col("taggers") + 1)
    strong = (
        given.group_by("movie_id", tag="tag_normalized")
        .agg(agreeing=pl.col("user_id").n_unique())
        .join(taggers, on="movie_id")
        .select("movie_id", "tag", relevance=(THRESHOLD + (1 - THRESHOLD) * share).cast(pl.Float32))
    )
    return _gathered(strong).with_columns(pl.col("themes").list.head(MOST_FROM_TAGS))


def _gathered(strong: pl.LazyFrame) -> pl.LazyFrame:
    return (
        strong.sort(["movie_id", "relevance", "tag"], descending=[False, True, False])
        .group_by("movie_id", maintain_order=True)
        .agg(themes=pl.struct("tag", "relevance"))
    )
