import polars as pl
import pytest

from tv5_assets.embeddings.languages import languages_of
from tv5_assets.quality.queries import LEAST_HIT_RATES, queries_found
from tv5_assets.tables.benchmarks import QueriesFound
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import polars_schema

ENGLISH, ALL = "all-MiniLM-L6-v2", "paraphrase-multilingual-MiniLM-L12-v2"


def found(model: str, **hits: tuple[int, int]) -> pl.DataFrame:
    """Return figures from hits and queries by language, each over two kinds."""
    rows = [
        {
            "language": language,
            "kind": kind,
            "model": model,
            "queries": part[1],
            "hits": part[0],
            "hit_rate": part[0] / part[1],
            "mean_reciprocal_rank": 0.5,
        }
        for language, (hit, asked) in hits.items()
        for kind, part in (("title", (hit // 2, asked // 2)), ("plot", (hit - hit // 2, asked - asked // 2)))
    ]
    return pl.DataFrame(rows, schema=polars_schema(QueriesFound))


def test_a_model_of_english_has_to_find_english_queries_only() -> None:
    assert queries_found(found(ENGLISH, en=(90, 100), fr=(5, 100))).passed
    verdict = queries_found(found(ENGLISH, en=(5, 100), fr=(90, 100)))
    assert not verdict.passed
    assert verdict.description.endswith("too few in en")
    assert verdict.facts["en hit rate"] == pytest.approx(0.05)


def test_a_multilingual_model_has_to_find_those_of_every_language() -> None:
    well = dict.fromkeys(LANGUAGES, (90, 100))
    assert queries_found(found(ALL, **well)).passed
    assert queries_found(found(ALL, **{**well, "it": (5, 100)})).description.endswith("too few in it")
    del well["de"]
    assert not queries_found(found(ALL, **well)).passed


def test_a_few_queries_may_miss_by_chance_and_many_may_not() -> None:
    """Two thirds of the bar are nothing unusual of 10 queries; of 1,000 they are no accident."""
    bar = (LEAST_HIT_RATES["title"] + LEAST_HIT_RATES["plot"]) / 2
    for queries, passed in ((10, True), (1_000, False)):
        hits = round(queries * bar * 2 / 3)
        assert queries_found(found(ENGLISH, en=(hits, queries))).passed is passed


def test_without_english_queries_nothing_was_shown() -> None:
    assert not queries_found(found(ENGLISH, fr=(90, 100))).passed
    assert not queries_found(found(ENGLISH)).passed


@pytest.mark.parametrize(
    ("model", "languages"),
    [
        (ENGLISH, ("en",)),
        (ALL, LANGUAGES),
        ("sentence-transformers/LaBSE", LANGUAGES),
        ("intfloat/multilingual-e5-small", LANGUAGES),
        ("/models/multilingual/all-mpnet-base-v2", ("en",)),
        ("/models/BAAI/bge-m3/", LANGUAGES),
    ],
)
def test_a_models_name_says_which_languages_it_understands(model: str, languages: tuple[str, ...]) -> None:
    assert languages_of(model) == languages
