"""Every gate of the platform, layer by layer. A gate blocks what is downstream unless it says that it only warns."""

import dagster as dg

from tv5_assets.dagster_kit.checks import build_checks, table_gate
from tv5_assets.defs.gates.benchmarks import latency_gates
from tv5_assets.defs.gates.catalog import catalog_gates
from tv5_assets.defs.gates.features import feature_gates
from tv5_assets.defs.gates.learning import learning_gates
from tv5_assets.defs.gates.media import media_gates
from tv5_assets.defs.gates.processed import processed_gates
from tv5_assets.defs.gates.queries import query_gates
from tv5_assets.defs.gates.recommenders import recommender_gates
from tv5_assets.defs.gates.reports import report_gates
from tv5_assets.defs.gates.sequences import sequence_gates
from tv5_assets.defs.gates.stores import store_gates
from tv5_assets.defs.gates.subtitles import subtitle_gates
from tv5_assets.defs.gates.synthetic import synthetic_gates
from tv5_assets.defs.gates.viewing import viewing_gates
from tv5_assets.tables.table import all_tables


@dg.definitions
def gates() -> dg.Definitions:
    """All gates, those of the table schemas first."""
    return dg.Definitions(
        asset_checks=build_checks(
            [
                *(table_gate(table) for table in all_tables().values()),
                *processed_gates(),
                *synthetic_gates(),
                *catalog_gates(),
                *media_gates(),
                *viewing_gates(),
                *subtitle_gates(),
                *query_gates(),
                *learning_gates(),
                *feature_gates(),
                *sequence_gates(),
                *recommender_gates(),
                *store_gates(),
                *report_gates(),
                *latency_gates(),
            ]
        )
    )
