"""Rules on search queries: what they should find, and how much of it a search finds.

What does not belong here: searching (retrieval/).
"""

import polars as pl

from tv5_assets.embeddings.languages import languages_of
from tv5_assets.quality.verdict import Fact, Verdict
from tv5_assets.synthetic.queries import expected

LEAST_HIT_RATE = 0.6
LEAST_P = 1e-6
"""A sample strays below what it was drawn from; the rule fails where chance alone would in one case of a million."""


def expected_matches(queries: pl.DataFrame, movies: pl.DataFrame) -> Verdict:
    """Ask that each query expects exactly the movies that have what it asks for and pass its filters."""
    right = expected(queries.select("query_id", "asks_for", "filters"), movies).rename({"expected": "right"})
    wrong = queries.join(right, on="query_id", how="left").filter(pl.col("expected").ne_missing(pl.col("right")))
    return Verdict(
        passed=wrong.is_empty() and not queries.is_empty(),
        facts={"queries": len(queries), "wrong": len(wrong)},
        description=f"{len(wrong)} of {len(queries)} queries do not expect what the movies say"
        + (f", such as number {wrong.item(0, 'query_id')}" if len(wrong) else ""),
    )


def queries_found(found: pl.DataFrame) -> Verdict:
    """Ask that, in every language that the model understands, LEAST_HIT_RATE of the queries find what they should.

    Args:
        found: of tables.benchmarks.QueriesFound.
    """
    from scipy.stats import binom  # takes two seconds to import, which loading the graph must not

    required = {language for model in found["model"].unique() for language in languages_of(model)}
    totals = found.group_by("language").agg(pl.col("queries", "hits").sum()).sort("language")
    facts: dict[str, Fact] = {"least_hit_rate": LEAST_HIT_RATE}
    failing = sorted(required - set(totals["language"].cast(pl.String)))
    for language, queries, hits in totals.iter_rows():
        facts |= {f"{language} hit rate": hits / queries, f"{language} queries": queries}
        if language in required and binom.cdf(hits, queries, LEAST_HIT_RATE) < LEAST_P:
            failing.append(language)
    rates = ", ".join(
        f"{language} {hits / queries:.0%} of {queries}{'' if language in required else ' (not demanded)'}"
        for language, queries, hits in totals.iter_rows()
    )
    return Verdict(
        passed=bool(required) and not failing,
        facts=facts,
        description=f"queries that found what they should: {rates}"
        + (f"; too few in {', '.join(failing)}" if failing else ""),
    )
