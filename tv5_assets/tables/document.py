"""The generated page docs/datasets.md: every table of the registry, in words and column by column."""

import sys
from itertools import groupby
from pathlib import Path

import dataframely as dy

from tv5_assets.tables.table import Table, all_tables, is_synthetic, type_name

_HEAD = """\
# Datasets

Made from `tv5_assets/tables/` by `make docs`; edit the schemas there, not this page. A key is the path of the file
under `<data>/<dataset>/`. Columns marked * are synthetic: generated, not observed.
"""


def datasets_page() -> str:
    """Return the page as Markdown."""
    layers = groupby(all_tables().values(), key=lambda table: table.key.split("/")[0])
    return "\n".join([_HEAD, *(f"## {layer}\n\n" + "\n".join(map(_section, tables)) for layer, tables in layers)])


def _section(table: type[Table]) -> str:
    columns = "\n".join(_row(name, column) for name, column in table.columns().items())
    return (
        f"### {table.key}\n\n{table.about}\n\nOwner: {table.owner}. Key: {', '.join(table.primary_key())}.\n\n"
        f"| column | type | null | what it is |\n|---|---|---|---|\n{columns}\n"
    )


def _row(name: str, column: dy.Column) -> str:
    mark, null = "*" if is_synthetic(column) else "", "yes" if column.nullable else ""
    words = (column.description or "").replace("|", "\\|")
    return f"| {name}{mark} | {type_name(column.dtype)} | {null} | {words} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(datasets_page(), encoding="utf-8")
