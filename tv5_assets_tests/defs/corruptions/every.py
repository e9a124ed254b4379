"""One corruption or more for every gate of the graph: what is done to its subject, and which checks must see it."""

from tv5_assets_tests.defs.corruptions.catalog import catalog_corruptions
from tv5_assets_tests.defs.corruptions.features import feature_corruptions
from tv5_assets_tests.defs.corruptions.learning import learning_corruptions
from tv5_assets_tests.defs.corruptions.media import media_corruptions
from tv5_assets_tests.defs.corruptions.processed import processed_corruptions
from tv5_assets_tests.defs.corruptions.queries import query_corruptions
from tv5_assets_tests.defs.corruptions.recommenders import recommender_corruptions, recommender_warnings
from tv5_assets_tests.defs.corruptions.reports import report_corruptions, slow_queries
from tv5_assets_tests.defs.corruptions.schemas import table_corruptions
from tv5_assets_tests.defs.corruptions.sequences import sequence_corruptions
from tv5_assets_tests.defs.corruptions.stores import store_corruptions
from tv5_assets_tests.defs.corruptions.subtitles import subtitle_corruptions
from tv5_assets_tests.defs.corruptions.synthetic import synthetic_corruptions
from tv5_assets_tests.defs.corruptions.viewing import viewing_corruptions

BLOCKING = [
    *table_corruptions(),
    *processed_corruptions(),
    *synthetic_corruptions(),
    *catalog_corruptions(),
    *media_corruptions(),
    *viewing_corruptions(),
    *subtitle_corruptions(),
    *query_corruptions(),
    *learning_corruptions(),
    *feature_corruptions(),
    *sequence_corruptions(),
    *recommender_corruptions(),
    *store_corruptions(),
    *report_corruptions(),
]
WARNING = [*slow_queries(), *recommender_warnings()]
