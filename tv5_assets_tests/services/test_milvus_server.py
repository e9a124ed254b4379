from pathlib import Path

import pytest

from tv5_assets.errors import StoreUnavailableError
from tv5_assets.services import milvus_server


def test_garbage_is_collected_seldom_and_addresses_are_of_loopback() -> None:
    given = "proxy:\n  ip: 0.0.0.0\n\nqueryNode:\n  stats: 1\n"
    assert milvus_server._own_settings(given, Path("template")) == (
        "proxy:\n  ip: 127.0.0.1\n\nqueryNode:\n  gchelper:\n    maximumGoGC: 2000\n  stats: 1\n"
    )


def test_a_configuration_of_another_layout_is_told() -> None:
    with pytest.raises(StoreUnavailableError, match="template has no section queryNode"):
        milvus_server._own_settings("proxy:\n  port: 1\n", Path("template"))
