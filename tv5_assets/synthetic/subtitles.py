"""What a movie's subtitles are like: invented, but as its genres, themes and running time would have it.

Genres set how hard the words are and how the mood moves from beginning to end; genres and themes suggest the topics;
the movie's own language gives the culture that it refers to. All depends on the seed, the movie and the language alone.
What does not belong here: single lines of dialogue (segments.py).
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.draws.choices import Pools, choose, gather
from tv5_assets.draws.streams import uniform
from tv5_assets.synthetic.phrases.books import BOOKS
from tv5_assets.synthetic.topics import suggested_topics
from tv5_assets.tables.subtitles import ARC_POINTS, TOPICS, Subtitles
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import polars_schema

COMPLEXITY = {
    "Action": 0.45, "Adventure": 0.50, "Animation": 0.40, "Children": 0.30, "Comedy": 0.55, "Crime": 0.60,
    "Documentary": 0.85, "Drama": 0.75, "Fantasy": 0.60, "Film-Noir": 0.70, "Horror": 0.45, "IMAX": 0.60,
    "Musical": 0.50, "Mystery": 0.70, "Romance": 0.55, "Sci-Fi": 0.80, "Thriller": 0.60, "War": 0.60, "Western": 0.45,
}  # fmt: skip
"""Vocabulary complexity of each genre; five of them from the original data generation plan, the others between."""
USUAL_COMPLEXITY = 0.6
"""That of a movie without genres, from the same plan."""
LEAST_OF_DOCUMENTARIES, MOST_OF_ACTION = 0.75, 0.65
"""However its genres are mixed, a documentary's words are no easier than the first and an action film's no harder than
the second, but for what languages differ by."""
COMPLEXITY_SPREAD = 0.04
"""How far a language's subtitles may lie from the movie's; less than half of what parts documentaries from action."""

SHAPES = {
    "rising": ("Comedy", "Children", "Animation", "Musical", "Romance"),
    "dipping": (
        "Thriller", "Horror", "Mystery", "Crime", "Action", "Adventure", "Sci-Fi", "Fantasy", "Western",
    ),
    "falling": ("Drama", "War", "Film-Noir"),
    "level": (),
}  # fmt: skip
"""How the mood moves by genre; the first shape with a genre of the movie counts, and the last for what has none."""
_ARCS = np.array(
    [
        [-0.05, 0.10, 0.15, 0.20, 0.20, 0.10, -0.05, 0.05, 0.40, 0.60],
        [0.20, 0.15, 0.05, -0.10, -0.20, -0.30, -0.45, -0.40, -0.05, 0.25],
        [0.30, 0.25, 0.20, 0.10, 0.00, -0.15, -0.20, -0.35, -0.45, -0.50],
        [0.10, 0.10, 0.15, 0.10, 0.10, 0.05, 0.10, 0.10, 0.15, 0.15],
    ]
)
_STRENGTH = (0.8, 1.2)
_OFFSET_SPREAD = 0.15
_POINT_SPREAD = 0.07

_SHORTEST_SENTENCE, _WORDS_OF_COMPLEXITY, _SENTENCE_SPREAD = 4.0, 14.0, 3.0
"""Words of a sentence of the plainest text, how many the hardest words add, and how many more there may be."""
_SHARES_TRANSLATED = {"en": 0.85, "fr": 0.60, "es": 0.45, "de": 0.40, "it": 0.30}
"""Share of movies of another language that have subtitles in each; a movie whose own is none of these has English."""
_MOST_TOPICS = 5
_TOPIC_SPREAD = 1.5
"""How much chance weighs against a genre, which weighs 1, when topics are chosen."""
_WORDINESS = {"en": 1.0, "fr": 1.05, "es": 1.05, "de": 1.2, "it": 1.05}
"""Different words of a text, relative to English: German compounds and inflections make more of them."""

REFERENCES = {
    "en": ("Shakespeare", "the Moon landing", "Thanksgiving", "Wall Street", "the Beatles", "the Super Bowl"),
    "fr": ("Molière", "Mai 68", "le Tour de France", "la Nouvelle Vague", "Édith Piaf", "le 14 juillet"),
    "es": ("Cervantes", "la Movida", "el flamenco", "la Transición", "Goya", "el Camino de Santiago"),
    "de": ("Goethe", "der Mauerfall", "das Bauhaus", "Beethoven", "das Wirtschaftswunder", "der Karneval"),
    "it": ("Dante", "la dolce vita", "Verdi", "il neorealismo", "il Palio", "Pinocchio"),
    "": ("the Silk Road", "the Olympic Games", "the Cold War", "Chaplin", "the Nobel Prize", "the Moon landing"),
}
"""What a movie of each language refers to; the last are understood everywhere."""
_REFERENCE_COUNT_SHARES = (0.35, 0.30, 0.20, 0.15)
"""Share of movies with no reference, one, two and three."""


_ROUNDING = 0.002
_ROUNDING_OF_SENTENCES = 0.06

RULES = (
    Rule(
        "sentiment_of_arc",
        "The overall sentiment is the mean of the sentiment arc.",
        lambda: (pl.col("overall_sentiment") - pl.col("sentiment_arc").arr.mean()).abs() <= _ROUNDING,
    ),
    Rule(
        "topics_once",
        "No topic is named twice.",
        lambda: pl.col("key_topics").list.n_unique() == pl.col("key_topics").list.len(),
    ),
    Rule(
        "sentences_as_hard_as_words",
        "Sentences are longer where words are harder.",
        lambda: (
            pl.col("avg_sentence_length") - _SHORTEST_SENTENCE - _WORDS_OF_COMPLEXITY * pl.col("vocabulary_complexity")
        ).is_between(-_ROUNDING_OF_SENTENCES, _SENTENCE_SPREAD + _ROUNDING_OF_SENTENCES),
    ),
)
"""What every row must keep; rules that need other tables are in quality/subtitles.py."""


def follows_shape(shape: pl.Expr, arc: pl.Expr) -> pl.Expr:
    """Tell whether an arc moves as its shape says; null for a shape that says nothing."""
    first, last, lowest = arc.arr.first(), arc.arr.last(), arc.arr.min()
    return (
        pl.when(shape == "rising")
        .then(last > first)
        .when(shape == "falling")
        .then(last < first)
        .when(shape == "dipping")
        .then((lowest < first) & (lowest < last))
    )


def shape_of(genres: pl.Expr) -> pl.Expr:
    """Return the name of the arc's shape, one of SHAPES, for a column of genre lists."""
    names = genres.cast(pl.List(pl.String))
    shape: pl.Expr = pl.lit(list(SHAPES)[-1])
    for name, members in reversed(SHAPES.items()):
        shape = pl.when(names.list.eval(pl.element().is_in(members)).list.any()).then(pl.lit(name)).otherwise(shape)
    return shape


def complexity_of(genres: pl.Expr) -> pl.Expr:
    """Return how hard the words of a movie are: the mean of its genres, within the bounds of two of them."""
    names = genres.cast(pl.List(pl.String))
    mean = names.list.eval(pl.element().replace_strict(COMPLEXITY, default=USUAL_COMPLEXITY)).list.mean()
    bounded = (
        pl.when(names.list.contains("Documentary"))
        .then(mean.clip(lower_bound=LEAST_OF_DOCUMENTARIES))
        .when(names.list.contains("Action"))
        .then(mean.clip(upper_bound=MOST_OF_ACTION))
        .otherwise(mean)
    )
    return bounded.fill_null(USUAL_COMPLEXITY)


def subtitles(movies: pl.DataFrame, details: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return what each movie's subtitles are like, sorted by movie and language.

    Args:
        movies: the catalogue, of tables.processed.Movies.
        details: language, duration_minutes and dialogue_density of each, of tables.media.MediaDetails.
        seed: the seed of everything random.

    Returns:
        A frame of the schema of tables.subtitles.Subtitles; every movie has one row or more.
    """
    catalogue = (
        movies.select("movie_id", "genres", shape=shape_of(pl.col("genres")))
        .join(
            details.select("movie_id", pl.col("language").cast(pl.String), "duration_minutes", "dialogue_density"),
            on="movie_id",
        )
        .sort("movie_id")
    )
    ids = catalogue["movie_id"].to_numpy()
    own = _own_language(catalogue["language"])
    movie, language = np.nonzero(_has_subtitles(ids, own, seed))
    arcs = _arcs(ids, catalogue["shape"], seed)
    complexity = catalogue.select(complexity_of(pl.col("genres"))).to_series().to_numpy()[movie]
    topics = _key_topics(movies, seed)
    first, second = (topics["topics"].list.get(place).to_numpy()[movie] for place in (0, 1))
    rows = ids[movie].astype(np.int64) * len(LANGUAGES) + language

    def draw(what: str) -> npt.NDArray[np.float64]:
        return uniform(seed, rows, "subtitles", what)

    complexity = (complexity + COMPLEXITY_SPREAD * (2 * draw("complexity") - 1)).round(3)
    minutes = catalogue["duration_minutes"].to_numpy()[movie]
    wordiness = np.array([_WORDINESS[name] for name in LANGUAGES])[language]
    spoken = catalogue["dialogue_density"].to_numpy()[movie] * minutes
    return pl.DataFrame(
        {
            "movie_id": ids[movie],
            "language": gather(LANGUAGES, language),
            "is_original": own[movie] == language,
            "key_topics": _named(topics["topics"]).gather(movie),
            "key_phrases": _key_phrases(language, first, second),
            "cultural_references": _references(ids, own, seed).gather(movie),
            "overall_sentiment": arcs.mean(axis=1).round(3)[movie],
            "sentiment_arc": pl.Series(arcs[movie], dtype=pl.Array(pl.Float64, ARC_POINTS)),
            "vocabulary_complexity": complexity,
            "dialogue_density": catalogue["dialogue_density"].gather(movie),
            "avg_sentence_length": (
                _SHORTEST_SENTENCE + _WORDS_OF_COMPLEXITY * complexity + _SENTENCE_SPREAD * draw("sentence")
            ).round(1),
            # Heaps' law: different words grow with the square root, or so, of all words.
            "unique_word_count": wordiness * (96 + 304 * complexity) * np.sqrt(1 + spoken) * (1 + 0.5 * draw("words")),
        }
    ).cast(polars_schema(Subtitles))


def _own_language(languages: pl.Series) -> npt.NDArray[np.intp]:
    """Return the place in LANGUAGES of each movie's own language, -1 for any other."""
    return languages.replace_strict({name: place for place, name in enumerate(LANGUAGES)}, default=-1).to_numpy()


def _has_subtitles(ids: npt.NDArray[np.int32], own: npt.NDArray[np.intp], seed: int) -> npt.NDArray[np.bool_]:
    """Tell which languages each movie has subtitles in, shape (movies, LANGUAGES)."""
    cells = ids[:, None].astype(np.int64) * len(LANGUAGES) + np.arange(len(LANGUAGES))
    chosen = uniform(seed, cells, "subtitles", "language") < [_SHARES_TRANSLATED[name] for name in LANGUAGES]
    chosen |= own[:, None] == np.arange(len(LANGUAGES))
    chosen[own < 0, LANGUAGES.index("en")] = True
    return np.asarray(chosen)


def _arcs(ids: npt.NDArray[np.int32], shapes: pl.Series, seed: int) -> npt.NDArray[np.float64]:
    """Return the sentiment arc of each movie, shape (movies, ARC_POINTS): its shape, stronger or weaker, with noise."""
    points = ids[:, None].astype(np.int64) * ARC_POINTS + np.arange(ARC_POINTS)
    least, most = _STRENGTH
    strength = least + (most - least) * uniform(seed, ids, "subtitles", "arc strength")
    offset = _OFFSET_SPREAD * (2 * uniform(seed, ids, "subtitles", "arc offset") - 1)
    noise = _POINT_SPREAD * (2 * uniform(seed, points, "subtitles", "arc point") - 1)
    shape = shapes.replace_strict({name: place for place, name in enumerate(SHAPES)}).to_numpy()
    arcs = _ARCS[shape] * strength[:, None] + offset[:, None] + noise
    return np.asarray(np.clip(arcs, -1, 1).round(3))


def _key_topics(movies: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return two to five of the topics that each movie suggests, as places in TOPICS, the weightiest first."""
    suggested = suggested_topics(movies)
    ids = suggested["movie_id"].to_numpy().astype(np.int64)
    luck = uniform(seed, ids * len(TOPICS) + suggested["topic"].to_numpy(), "subtitles", "topic")
    count = 2 + (uniform(seed, ids, "subtitles", "topics") * (_MOST_TOPICS - 1)).astype(np.int64)
    return (
        suggested.with_columns(score=pl.col("weight") + _TOPIC_SPREAD * pl.Series(luck), count=pl.Series(count))
        .sort("movie_id", "score", "topic", descending=[False, True, False])
        .group_by("movie_id", maintain_order=True)
        .agg(topics=pl.col("topic").head(pl.col("count").first()))
    )


def _named(topics: pl.Series) -> pl.Series:
    """Return lists of places in TOPICS as lists of their names."""
    return topics.list.eval(pl.element().replace_strict(dict(enumerate(TOPICS))))


def _key_phrases(
    language: npt.NDArray[np.intp], first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> pl.Series:
    """Return phrases about the first two topics of each row, in its language."""
    count = len(TOPICS)
    cores = gather([book.core.format(about) for book in BOOKS for about in book.topics_about], language * count + first)
    pairs = gather(
        [book.pair.format(one, other) for book in BOOKS for one in book.topics for other in book.topics],
        (language * count + first) * count + second,
    )
    return pl.DataFrame({"core": cores, "pair": pairs}).select(pl.concat_list("core", "pair")).to_series()


def _references(ids: npt.NDArray[np.int32], own: npt.NDArray[np.intp], seed: int) -> pl.Series:
    """Return the references of each movie: none to three of its own culture's, each choice being equally likely."""
    counts = len(_REFERENCE_COUNT_SHARES)
    pools = [
        [list(choice) for choice in combinations(REFERENCES[name], count)]
        for name in (*LANGUAGES, "")
        for count in range(counts)
    ]
    count = choose(uniform(seed, ids, "subtitles", "reference count"), _REFERENCE_COUNT_SHARES)
    culture = np.where(own < 0, len(LANGUAGES), own)
    return Pools(pools).gather(culture * counts + count, uniform(seed, ids, "subtitles", "references"))
