"""Schemas of what is said in the movies: subtitles as a whole, and lines of dialogue out of them.

They belong to the synthetic layer. Columns marked SYNTHETIC are invented; no quality figure may rest on one.
"""

import dataframely as dy

from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import SYNTHETIC, Table

TOPICS = (
    "love", "conflict", "discovery", "loss", "triumph", "betrayal", "redemption", "mystery", "science", "history",
    "war", "justice", "crime", "money", "family", "friendship", "freedom", "fear", "death", "journey", "magic", "music",
    "nature", "revenge", "power", "future", "childhood", "laughter", "survival", "frontier",
)  # fmt: skip
"""What dialogue is about; the first ten are those of the original data generation plan."""
ARC_POINTS = 10
"""Points of a sentiment arc, evenly spaced from a movie's beginning to its end."""


def _sentiment() -> dy.Float32:
    return dy.Float32(min=-1, max=1)


class Subtitles(Table):
    """What a movie's subtitles are like as a whole."""

    key = "synthetic/subtitles"
    owner = "team:subtitles"
    about = (
        "One row per movie and language that it has subtitles in: its own, where that is one of the users', and "
        "others. Genres and themes shape the words and the rise and fall of the mood; a documentary's words are harder "
        "than an action film's."
    )

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    language = dy.Enum(LANGUAGES, primary_key=True, metadata=SYNTHETIC, description="Language of the subtitles")
    is_original = dy.Bool(metadata=SYNTHETIC, description="It is the language that the movie is spoken in")
    key_topics = dy.List(
        dy.Enum(TOPICS),
        min_length=2,
        max_length=5,
        metadata=SYNTHETIC,
        description="What is talked about most; the movie's genres or themes suggest each",
    )
    key_phrases = dy.List(
        dy.String(min_length=1),
        min_length=1,
        metadata=SYNTHETIC,
        description="Phrases that come back again and again, about the topics, in the language",
    )
    cultural_references = dy.List(
        dy.String(min_length=1),
        metadata=SYNTHETIC,
        description="Names that viewers are expected to know, of the movie's own culture; may be empty",
    )
    overall_sentiment = dy.Float32(
        min=-1, max=1, metadata=SYNTHETIC, description="Mean of the sentiment arc, from -1 (sad) to 1 (happy)"
    )
    sentiment_arc = dy.Array(
        _sentiment(),
        ARC_POINTS,
        metadata=SYNTHETIC,
        description="Sentiment at ten moments from beginning to end; comedies rise, dramas fall, thrillers dip",
    )
    vocabulary_complexity = dy.Float32(
        min=0, max=1, metadata=SYNTHETIC, description="How hard the words are, from the genres, 0 to 1"
    )
    dialogue_density = dy.Float32(
        min=0, max=1, metadata=SYNTHETIC, description="Share of the movie's time in which is spoken"
    )
    avg_sentence_length = dy.Float32(min=1, max=60, metadata=SYNTHETIC, description="Words of a sentence, on average")
    unique_word_count = dy.Int32(min=1, metadata=SYNTHETIC, description="Different words in the whole movie")


class SubtitleSegments(Table):
    """Lines of dialogue."""

    key = "synthetic/subtitle_segments"
    owner = "team:subtitles"
    about = (
        "One row per line of dialogue, four of each movie unless set otherwise, 1,000,000 at full scale: when it is "
        "spoken, by whom, in a language that the movie has subtitles in, and what it is about. Lines of a movie ascend "
        "and never overlap; stock lines come back in many movies. In a silent film they are title cards."
    )

    segment_id = dy.Int32(primary_key=True, min=0, metadata=SYNTHETIC, description="Number of the line, from 0")
    movie_id = dy.Int32(min=1, description="MovieLens id of the movie")
    language = dy.Enum(LANGUAGES, metadata=SYNTHETIC, description="Language of the text")
    start_ms = dy.Int32(min=0, metadata=SYNTHETIC, description="When it appears, milliseconds from the beginning")
    end_ms = dy.Int32(min=1, metadata=SYNTHETIC, description="When it is gone, milliseconds from the beginning")
    text = dy.String(min_length=1, max_length=120, metadata=SYNTHETIC, description="The line")
    sentiment = dy.Float32(
        min=-1, max=1, metadata=SYNTHETIC, description="How its words sound, from -1 (sad) to 1 (happy)"
    )
    topics = dy.List(
        dy.Enum(TOPICS), metadata=SYNTHETIC, description="Topics that the text names, of the movie's; may be empty"
    )
    speaker = dy.String(min_length=1, metadata=SYNTHETIC, description="First name of the character who says it")
