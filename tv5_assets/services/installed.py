"""Servers that do not come with the platform but are installed beside it, by `make neo4j` and `make milvus`.

What does not belong here: how they are started (neo4j_server.py, milvus_server.py).
"""

from pathlib import Path

from tv5_assets.errors import InputError
from tv5_assets.settings import load_settings


def installation(product: str) -> Path | None:
    """Return the folder that a server is installed in, or None where it is not, or not wholly."""
    folder = load_settings().servers_dir.resolve() / product
    return folder if (folder / ".installed").exists() else None


def require(product: str) -> Path:
    """Return the folder that a server is installed in.

    Raises:
        InputError: it is not installed.
    """
    folder = installation(product)
    if folder is None:
        raise InputError(
            f"the {product} server is not installed in {load_settings().servers_dir}: run `make {product}` in a "
            f"checkout, or unset TV5_{product.upper()}_SERVER"
        )
    return folder
