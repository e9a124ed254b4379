"""Schemas of measurements."""

import dataframely as dy

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
