"""Gates of the pages that people look at."""

from functools import partial

from tv5_assets.dagster_kit.checks import Gate, rule_gate
from tv5_assets.quality.pages import (
    every_chapter_is_shown,
    everything_is_shown,
    ratings_are_quoted,
    vectors_are_quoted,
)
from tv5_assets.reports.world import synthetic_tables

EDA = (
    *("rating_distribution", "user_activity", "movie_popularity", "genres", "temporal_patterns", "sparsity"),
    "data_quality",
)
EMBEDDINGS = ("nearest_neighbours", "genre_clusters", "similarity_distributions", "cold_start")


def report_gates() -> list[Gate]:
    """Return the gates of the pages."""
    return [
        rule_gate(
            "reports/world",
            "every_table_shown",
            "Every synthetic table is on the page, with plots that show something.",
            partial(everything_is_shown, keys=tuple(synthetic_tables())),
            reads={"page": "reports/world"},
        ),
        _chapters_shown("reports/eda", EDA),
        rule_gate(
            "reports/eda",
            "figures_agree",
            "The numbers of ratings, users and movies, and the mean rating, are those of the tables.",
            ratings_are_quoted,
            reads={"page": "reports/eda", "ratings": "processed/ratings", "movies": "processed/movies"},
        ),
        _chapters_shown("reports/embeddings", EMBEDDINGS),
        rule_gate(
            "reports/embeddings",
            "figures_agree",
            "The numbers of vectors and their dimension are those of the embeddings.",
            vectors_are_quoted,
            reads={"page": "reports/embeddings", "movies": "embeddings/movies", "users": "embeddings/users"},
        ),
    ]


def _chapters_shown(asset: str, chapters: tuple[str, ...]) -> Gate:
    return rule_gate(
        asset,
        "every_chapter_shown",
        "Every analysis is on the page, with plots that show something.",
        partial(every_chapter_is_shown, chapters=chapters),
        reads={"page": asset},
    )
