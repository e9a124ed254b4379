"""The embedded servers' passwords: random, made once, kept in ``<TV5_HOME>/services`` for its owner only."""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from tv5_assets.errors import InputError
from tv5_assets.services.state import services_folder, write_private


def passwords(home: Path, servers: Sequence[str]) -> dict[str, str]:
    """Return the password of each server, made at first use; its letters need no quoting in a URL.

    Raises:
        InputError: the file of passwords cannot be read as one.
    """
    path = services_folder(home) / "credentials.json"
    try:
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    except ValueError:
        raise InputError(f"{path} is damaged; restore it, since the data of the servers needs its passwords") from None
    missing = [server for server in servers if server not in known]
    if missing:
        known |= {server: secrets.token_urlsafe(24) for server in missing}
        write_private(path, json.dumps(known, indent=2))
    return {server: known[server] for server in servers}
