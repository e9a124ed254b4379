"""A command that needs the servers, to be killed: ``python -m tv5_assets_tests.services.holder HOME [STORE...]``.

It starts the embedded servers of the stores named, or all, prints ``up`` and waits for the end of its input.
"""

import sys
from pathlib import Path

from tv5_assets.services.embedded import running
from tv5_assets_tests.servers import embedded_settings

if __name__ == "__main__":
    with running(embedded_settings(Path(sys.argv[1]), *sys.argv[2:])):
        print("up", flush=True)
        sys.stdin.read()
