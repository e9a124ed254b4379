"""Schemas of measurements."""

import dataframely as dy

from tv5_assets.tables.queries import QUERY_KINDS
from tv5_assets.tables.synthetic import LANGUAGES
from tv5_assets.tables.table import Table


class Latency(Table):
    """How fast the stores answer."""

    key = "benchmarks/latency"
    owner = "team:data-platform"
    about = "One row per kind of query: its percentiles over warmed-up runs by one client, beside its target."

    query = dy.String(primary_key=True, description="Kind of query")
    target_ms = dy.Float64(min=0, description="What its 99th percentile should stay under, in milliseconds")
    p50_ms = dy.Float64(min=0, description="Median, in milliseconds")
    p95_ms = dy.Float64(min=0, description="95th percentile, in milliseconds")
    p99_ms = dy.Float64(min=0, description="99th percentile, in milliseconds")
    runs = dy.Int32(min=1, description="Measured runs")


class QueriesFound(Table):
    """How well search answers."""

    key = "benchmarks/queries"
    owner = "team:search"
    about = (
        "One row per language and kind of query: how many of a sample of synthetic/queries find a movie that they "
        "should, among as many results as they ask for, and how far up the first one is."
    )

    language = dy.Enum(LANGUAGES, primary_key=True, description="Language of the queries")
    kind = dy.Enum(QUERY_KINDS, primary_key=True, description="What they ask by")
    model = dy.String(min_length=1, description="Text model of queries and movies")
    queries = dy.Int32(min=1, description="Queries that were asked")
    hits = dy.Int32(min=0, description="Queries that found a movie that they should")
    hit_rate = dy.Float64(min=0, max=1, description="Share of those that found one")
    mean_reciprocal_rank = dy.Float64(
        min=0, max=1, description="Mean of 1 / place of the first such movie, 0 where none was found"
    )


class CatalogSearch(Table):
    """How the two vector engines search the media catalog."""

    key = "benchmarks/catalog_search"
    owner = "team:search"
    about = (
        "One row per engine, with and without a filter on type and date: the share of the ten true nearest items that "
        "it finds, and the percentiles of its times for single queries by one warm client. Both serve the same vectors "
        "and answer the same queries."
    )

    engine = dy.String(primary_key=True, description="milvus or postgres (pgvector)")
    filtered = dy.Bool(primary_key=True, description="With a filter on type and a range of dates")
    recall = dy.Float64(min=0, max=1, description="Share of the ten nearest that were found")
    p50_ms = dy.Float64(min=0, description="Median, in milliseconds")
    p95_ms = dy.Float64(min=0, description="95th percentile, in milliseconds")
    p99_ms = dy.Float64(min=0, description="99th percentile, in milliseconds")
    queries = dy.Int32(min=1, description="Measured queries")


class RecommendationLoad(Table):
    """How fast whole recommendations come under load."""

    key = "benchmarks/recommendation"
    owner = "team:data-platform"
    about = (
        "One row per way of asking: by one client or eight that ask again as soon as they are answered, for computed "
        "and for kept answers, and at fixed rates that wait for no answer, so that queueing shows. Times run from when "
        "a recommendation was due."
    )

    answers = dy.String(primary_key=True, description="computed anew, or kept in Redis")
    clients = dy.Int32(primary_key=True, min=1, description="Clients, each with connections of its own")
    arrivals = dy.String(primary_key=True, description="When the next question comes")
    asked_per_second = dy.Float64(nullable=True, min=0, description="Questions in a second, at a fixed rate")
    answered_per_second = dy.Float64(min=0, description="Answers in a second")
    p50_ms = dy.Float64(min=0, description="Median, in milliseconds")
    p95_ms = dy.Float64(min=0, description="95th percentile, in milliseconds")
    p99_ms = dy.Float64(min=0, description="99th percentile, in milliseconds")
    runs = dy.Int32(min=1, description="Measured recommendations")
