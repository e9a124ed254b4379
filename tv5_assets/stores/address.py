"""How a store's address is shown to a person: never with its credentials, always with the setting that holds it."""

from urllib.parse import urlsplit

from tv5_assets.errors import StoreRefusedError, StoreUnavailableError


def without_credentials(url: str) -> str:
    """Return ``scheme://host:port/path`` of a URL, without user, password and query.

    A PostgreSQL URL of a unix socket keeps its folder, which is all that tells it apart.
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    socket = "".join(f"?{item}" for item in parts.query.split("&") if item.startswith("host="))
    return f"{parts.scheme}://{host}{parts.path}{socket}"


def unavailable(store: str, url: str, setting: str) -> StoreUnavailableError:
    """Return the error of a store that does not answer at ``url``."""
    return StoreUnavailableError(
        f"{store} does not answer at {without_credentials(url)}; "
        f"start the embedded servers with `tv5 services up`, or correct {setting}"
    )


def refused(store: str, url: str, setting: str, reason: str) -> StoreRefusedError:
    """Return the error of a store that answered at ``url`` and said no."""
    return StoreRefusedError(f"{store} at {without_credentials(url)} refused: {reason.strip()}; correct {setting}")
