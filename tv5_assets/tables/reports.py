"""Schemas of reports that compare what was published with what it came from."""

import dataframely as dy

from tv5_assets.tables.table import Table


class Reconciliation(Table):
    """Every store against its source."""

    key = "reports/reconciliation"
    owner = "team:data-platform"
    about = (
        "One row per published dataset: how many ids and rows the source has, how many the store has, how many ids are "
        "missing or too many, and how many sampled values differ. All differences are zero, or the gate fails."
    )

    store = dy.String(primary_key=True, description="milvus, neo4j, postgres or redis")
    dataset = dy.String(primary_key=True, description="What was published there, such as movies")
    source = dy.String(description="Asset it was published from")
    source_rows = dy.Int64(min=0, description="Rows of the source")
    store_rows = dy.Int64(min=0, description="Rows in the store")
    missing_ids = dy.Int64(min=0, description="Ids of the source that the store lacks")
    surplus_ids = dy.Int64(min=0, description="Ids of the store that the source lacks")
    sampled = dy.Int64(min=0, description="Rows whose values were read back and compared")
    differing = dy.Int64(min=0, description="Compared rows with a value that differs")
