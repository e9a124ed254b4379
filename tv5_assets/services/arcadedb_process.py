"""The process of the embedded graph server: ``python -m tv5_assets.services.arcadedb_process DATABASE HOST BOLT HTTP``.

It works in the present folder, reads the password from the first line of its standard input, and serves until that
closes. What does not belong here: who starts it and when (arcadedb.py, supervisor.py).
"""

import os
import sys
from pathlib import Path

import psutil

_LARGEST_HEAP_MIB = 5120  # with which the whole process stays below 6 GB
_COMPILED_LATE = (
    "-XX:Tier4InvocationThreshold=25000",
    "-XX:Tier4MinInvocationThreshold=3000",
    "-XX:Tier4CompileThreshold=75000",
    "-XX:Tier4BackEdgeThreshold=200000",
)
"""The JVM's second compiler takes a method when it has run five times as often as usual. Of 40 s of a processor that
ml-latest-small cost this process, 19 were that compiler's, and 14 are."""


def serve(database: str, host: str, bolt_port: int, http_port: int) -> None:
    """Serve ``database``, made if need be, until standard input closes."""
    from arcadedb_embedded.server import ArcadeDBServer

    server = ArcadeDBServer(
        str(Path.cwd()),
        root_password=sys.stdin.readline().rstrip("\n"),
        config={
            "mode": "production",
            "host": host,
            "http_port": http_port,
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt_port": bolt_port,
        },
        # As an argument and not as heap_size, so that a larger -Xmx in ARCADEDB_JVM_ARGS prevails.
        jvm_kwargs={"heap_size": None, "jvm_args": [f"-Xmx{_heap_mib()}m", *_COMPILED_LATE]},
    )
    with server:
        server.create_database(database)
        sys.stdin.read()


def _heap_mib() -> int:
    """Return a quarter of the memory, as the JVM itself would take, within bounds."""
    return min(max(psutil.virtual_memory().total // 4 // 2**20, 1024), _LARGEST_HEAP_MIB)


if __name__ == "__main__":
    name, address, bolt, http = sys.argv[1:]
    serve(name, address, int(bolt), int(http))
    # The server is down and its data on disk. The JVM's own end is not waited for: at times a thread of a connection
    # that had not been closed kept it from ending.
    os._exit(0)
