"""SQL statements with names in them, quoted. Values never stand in a statement: they are bound."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg.sql import Composed


def sql(template: str, *names: str | tuple[str, ...]) -> "Composed":
    """Return a statement with quoted identifiers in its places; a tuple becomes a list of them."""
    from psycopg.sql import SQL, Identifier

    quoted = [Identifier(name) if isinstance(name, str) else SQL(", ").join(map(Identifier, name)) for name in names]
    return SQL(template).format(*quoted)
