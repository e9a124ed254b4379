"""What a movie is likely to talk about: the topics that its genres and its themes suggest.

What does not belong here: which of them it does talk about (subtitles.py) and how topics are worded (phrases/).
"""

import polars as pl

from tv5_assets.tables.subtitles import TOPICS

GENRE_TOPICS = {
    "Action": ("conflict", "survival", "power"),
    "Adventure": ("journey", "discovery", "survival"),
    "Animation": ("friendship", "childhood", "magic"),
    "Children": ("childhood", "family", "friendship"),
    "Comedy": ("laughter", "love", "friendship"),
    "Crime": ("crime", "justice", "money"),
    "Documentary": ("history", "science", "nature"),
    "Drama": ("loss", "family", "redemption"),
    "Fantasy": ("magic", "journey", "power"),
    "Film-Noir": ("betrayal", "crime", "mystery"),
    "Horror": ("fear", "death", "survival"),
    "IMAX": ("nature", "discovery", "journey"),
    "Musical": ("music", "love", "triumph"),
    "Mystery": ("mystery", "betrayal", "discovery"),
    "Romance": ("love", "loss", "freedom"),
    "Sci-Fi": ("science", "future", "discovery"),
    "Thriller": ("fear", "betrayal", "mystery"),
    "War": ("war", "death", "history"),
    "Western": ("frontier", "revenge", "justice"),
}
ANY_MOVIE = ("family", "friendship", "journey")
"""Topics of a movie that has neither a genre nor a theme that suggests any."""

THEME_WORDS = {
    "love": r"love|romance|romantic|wedding|marriage|couple|affair|kiss",
    "conflict": r"fight|duel|battle|martial arts|rival|conflict|boxing|showdown|class conflict",
    "discovery": r"explor|expedition|discover|treasure|archaeolog|quest",
    "loss": r"grief|loss|divorce|lonel|mourning|illness|cancer|farewell|tear",
    "triumph": r"underdog|sport|champion|contest|triumph|inspir|feel.good",
    "betrayal": r"betray|double cross|undercover|spy|espionage|traitor|infidelity|twist",
    "redemption": r"redemption|second chance|addiction|forgiv|religion|faith",
    "mystery": r"myster|detective|whodunit|locked room|amnesia|missing|cold case|noir|private eye",
    "science": r"scien|space|alien|robot|artificial intelligence|math|physics|technolog|clone|android",
    "history": r"histor|true story|biograph|biopic|world war|period piece|medieval|ancient",
    "war": r"\bwar\b|military|soldier|army|nazi|vietnam|trench|submarine|resistance",
    "justice": r"justice|court|lawyer|trial|police|cops?\b|prison|sheriff",
    "crime": r"crime|criminal|mafia|gangster|heist|murder|killer|robbery|drugs|thief|con artist",
    "money": r"money|business|wall street|greed|gambl|casino|poverty|capitalism|blackmail",
    "family": r"family|father|mother|brother|sister|parent|daughter|coming home|siblings",
    "friendship": r"friend|buddy|road trip|roommate|high school|summer camp",
    "freedom": r"freedom|escape|slavery|hostage|prisoners|rebel|revolution|independen",
    "fear": r"horror|scary|creepy|haunted|ghost|monster|slasher|possession|stalker|suspense|zombie|vampire",
    "death": r"death|dead|dying|suicide|funeral|grave|afterlife|undead",
    "journey": r"journey|travel|road|voyage|pirates|sea\b|train|mountaineering|desert",
    "magic": r"magic|wizard|witch|dragon|fair(y|ies)|fantasy|mytholog|sword and sorcery|chosen one",
    "music": r"music|song|singing|dance|jazz|opera|rock band|show tunes|concert",
    "nature": r"nature|animal|deep sea|landscape|environment|wilderness|penguin|forest",
    "revenge": r"reveng|vengeance|vigilante|bounty",
    "power": r"power|politic|president|king\b|dictator|conspiracy|corrupt|superhero|surveillance",
    "future": r"future|dystopia|cyberpunk|time travel|apocaly|utopia|virtual reality",
    "childhood": r"child|kids|toys|coming of age|bedtime|teen|school|puppets|disney|pixar",
    "laughter": r"comedy|funny|humor|satire|slapstick|parody|deadpan|hilarious|quirky",
    "survival": r"surviv|island|disaster|stranded|rescue|wilderness",
    "frontier": r"western|frontier|cowboy|outlaw|gunfight|cattle|border",
}
"""What a theme holds that suggests a topic."""


def suggested_topics(movies: pl.DataFrame) -> pl.DataFrame:
    """Return every topic that something about a movie suggests, and how strongly.

    Args:
        movies: rows of ``processed/movies``.

    Returns:
        A frame of movie_id, topic (its place in TOPICS) and weight: one for each genre that suggests it, and the
        relevance of each such theme. Every movie has three topics or more. Sorted by movie and topic.
    """
    of_genres = (
        movies.lazy()
        .select("movie_id", genre=pl.col("genres").cast(pl.List(pl.String)))
        .explode("genre")
        .join(_topics_of_genres(), on="genre")
        .select("movie_id", "topic", weight=pl.lit(1.0))
    )
    themes = movies.lazy().select("movie_id", theme="themes").explode("theme").unnest("theme").drop_nulls("tag")
    of_tags = _topics_of_tags(themes.select(pl.col("tag").unique()))
    of_themes = themes.join(of_tags, on="tag").select("movie_id", "topic", weight=pl.col("relevance").cast(pl.Float64))
    suggested = pl.concat([of_genres, of_themes]).group_by("movie_id", "topic").agg(pl.col("weight").sum())
    few = (
        movies.lazy()
        .select("movie_id")
        .join(suggested.group_by("movie_id").len(), on="movie_id", how="left")
        .filter(pl.col("len").fill_null(0) < len(ANY_MOVIE))
        .select("movie_id", topic=pl.lit([TOPICS.index(topic) for topic in ANY_MOVIE]))
        .explode("topic")
        .select("movie_id", pl.col("topic").cast(pl.Int64), weight=pl.lit(0.0))
    )
    return (
        pl.concat([suggested, few]).group_by("movie_id", "topic").agg(pl.col("weight").sum()).sort("movie_id", "topic")
    ).collect()


def _topics_of_genres() -> pl.LazyFrame:
    pairs = [(genre, TOPICS.index(topic)) for genre, topics in GENRE_TOPICS.items() for topic in topics]
    return pl.LazyFrame(pairs, schema={"genre": pl.String, "topic": pl.Int64}, orient="row")


def _topics_of_tags(tags: pl.LazyFrame) -> pl.LazyFrame:
    """Return the topics of each distinct tag: columns tag and topic."""
    return pl.concat(
        [
            tags.filter(pl.col("tag").str.to_lowercase().str.contains(THEME_WORDS[topic])).with_columns(
                topic=pl.lit(place, pl.Int64)
            )
            for place, topic in enumerate(TOPICS)
        ]
    )
