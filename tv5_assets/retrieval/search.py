"""Search: from a text in anybody's words to movies, by the cosine of their vectors.

Without Milvus, movies are found whose titles have the text's words. What does not belong here: whom the movies suit
(recommend.py).
"""

from collections.abc import Mapping

from tv5_assets.embeddings.encoder import Encoder
from tv5_assets.errors import InputError
from tv5_assets.ids import media_id, media_id_expr
from tv5_assets.retrieval.answers import LARGEST_K, Answer, Movie, kept
from tv5_assets.retrieval.stores import STORE_ERRORS, Stores
from tv5_assets.stores import milvus, neo4j
from tv5_assets.stores.documents import query_key
from tv5_assets.tables.processed import GENRES


class Hit(Movie, frozen=True):
    """A movie that was found, and its cosine to the text; without Milvus, the share of the words in its title."""

    score: float


class SearchAnswer(Answer, frozen=True):
    """What was found, best first."""

    hits: tuple[Hit, ...]


def search(
    stores: Stores,
    encoder: Encoder,
    text: str,
    *,
    k: int = 10,
    genre: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> SearchAnswer:
    """Find the ``k`` movies whose vectors are nearest to that of ``text``. Answers are kept for five minutes.

    Args:
        stores: Milvus, or the graph where that is missing; Redis where it is there.
        encoder: the model that the movies were embedded with.
        text: what is looked for, in words.
        k: how many movies.
        genre: only movies of this genre, in any case of letters.
        since: only movies of this year or later.
        until: only movies of this year or earlier. Movies without a year pass neither limit.

    Raises:
        InputError: the text is empty, ``k`` or the years are out of range, there is no such genre, nothing is
            published yet, or the movies were embedded with a model of another dimension.
        StoreUnavailableError: neither Milvus nor the graph answers.
    """
    text = " ".join(text.split())
    if not text:
        raise InputError("there is nothing to search for; give a text such as 'space opera with robots'")
    require_k(k)
    expression, parameters = filter_of(genre, since, until)
    try:
        version = live_version(stores, milvus.MOVIES)
    except (InputError, *STORE_ERRORS) as error:
        return _by_title(stores, text, k, parameters, error)

    def find() -> SearchAnswer:
        vector = encoder.encode([text])[0]
        require_dimension(stores, encoder, len(vector))
        rows = milvus.search_rows(stores.need_milvus(), milvus.MOVIES, vector, k, expression, parameters)
        return SearchAnswer(
            version=version, hits=tuple(Hit(**row) for row in rows.with_columns(media_id_expr()).to_dicts())
        )

    query = {"text": text, "model": encoder.model, "filters": parameters, "k": k, "version": version}
    try:
        return kept(stores, query_key(query), SearchAnswer, find)
    except STORE_ERRORS as error:  # it went away in between
        return _by_title(stores, text, k, parameters, error)


_BY_TITLE = f"""
MATCH (movie:Movie)
WITH movie, size([word IN $words WHERE toLower(movie.title) CONTAINS word]) AS found
WHERE found > 0 AND ($since IS NULL OR movie.year >= $since) AND ($until IS NULL OR movie.year <= $until)
OPTIONAL MATCH (movie)-[has:HAS_GENRE]->(genre:Genre), {neo4j.MOVIE_GENRES.live("load").removeprefix("MATCH ")}
WHERE has.version = load.version
WITH movie, found, collect(genre.name) AS genres WHERE $genre IS NULL OR $genre IN genres
RETURN movie.movie_id AS movie_id, movie.title AS title, movie.year AS year, genres, found
ORDER BY found DESC, movie_id LIMIT $k
"""


def _by_title(
    stores: Stores, text: str, k: int, filters: Mapping[str, milvus.Value], reason: Exception
) -> SearchAnswer:
    """Find movies by the words of their titles, and say why it is not by their vectors.

    Raises:
        StoreUnavailableError: the graph is not there either.
        InputError: nothing is published in it either.
    """
    try:
        graph = stores.need_graph()
        version = neo4j.live_version(graph, neo4j.MOVIES)
        if version is None:
            raise reason
        words = text.lower().split()
        parameters = {"genre": None, "since": None, "until": None, **filters, "words": words, "k": k}
        rows = neo4j.query(graph, _BY_TITLE, parameters)
    except STORE_ERRORS:
        raise reason from None
    hits = tuple(Hit(**row, media_id=media_id(row["movie_id"]), score=row.pop("found") / len(words)) for row in rows)
    note = f"only titles with these words are found: {str(reason).splitlines()[0]}"
    return SearchAnswer(version=version, hits=hits, notes=(note,))


def live_version(stores: Stores, collection: milvus.CollectionSpec) -> str:
    """Return the version that a collection serves.

    Raises:
        InputError: nothing is published there yet.
        StoreUnavailableError: Milvus does not answer.
    """
    version = milvus.live_version(stores.need_milvus(), collection.name)
    if version is None:
        raise InputError(f"Milvus has no {collection.name} yet; publish them first, with `tv5 run`")
    return version


def require_dimension(stores: Stores, encoder: Encoder, dimension: int) -> None:
    """Refuse a model that cannot be the movies' own; a server may take minutes to say so.

    Raises:
        InputError: its vectors are not as long as the movies'.
        StoreUnavailableError: Milvus does not answer.
    """
    published = milvus.dimension(stores.need_milvus(), milvus.MOVIES.name)
    if dimension != published:
        raise InputError(
            f"the movies were embedded in {published} dimensions, but TV5_TEXT_MODEL={encoder.model} has {dimension}; "
            "set it to the model that they were embedded with, or publish them anew with `tv5 run`"
        )


def require_k(k: int) -> None:
    """Refuse a number of results that makes no sense.

    Raises:
        InputError: it is not from 1 to LARGEST_K.
    """
    if not 1 <= k <= LARGEST_K:
        raise InputError(f"k is {k}; ask for 1 to {LARGEST_K} results")


def filter_of(genre: str | None, since: int | None, until: int | None) -> tuple[str, Mapping[str, milvus.Value]]:
    """Return a filter of the collection of movies and its parameters; see :func:`search`.

    Raises:
        InputError: there is no such genre, or the years are in the wrong order.
    """
    if since is not None and until is not None and since > until:
        raise InputError(f"no year is both {since} or later and {until} or earlier; exchange the two")
    wanted = {
        "array_contains(genres, {genre})": ("genre", None if genre is None else _genre(genre)),
        "year >= {since}": ("since", since),
        "year <= {until}": ("until", until),
    }
    conditions = [condition for condition, (_, value) in wanted.items() if value is not None]
    return " and ".join(conditions), {name: value for name, value in wanted.values() if value is not None}


def _genre(name: str) -> str:
    for genre in GENRES:
        if genre.casefold() == name.strip().casefold():
            return genre
    raise InputError(f"there is no genre {name!r}; choose one of {', '.join(GENRES)}")
