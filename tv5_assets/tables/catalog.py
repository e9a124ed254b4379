"""The media catalog's table, whose columns follow from its schema file (TV5_CATALOG_SCHEMA, or the bundled one).

What does not belong here: the fields themselves, which stand in the file, and how a column follows from a field
(declared.py).
"""

from tv5_assets.settings import catalog_schema
from tv5_assets.tables.catalog_schema import BUNDLED, catalog_declaration
from tv5_assets.tables.declared import declared_table
from tv5_assets.tables.table import Table

DECLARATION = catalog_declaration(catalog_schema() or BUNDLED)

Catalog: type[Table] = declared_table(
    DECLARATION,
    "Catalog",
    key="synthetic/catalog",
    owner="team:catalog",
    about=(
        "One row per item of an invented media catalog: videos, images, sounds and documents, as a schema file "
        "declares them. An item's words, sizes and times agree with its type and subject."
    ),
)
