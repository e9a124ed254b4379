"""How Neo4j's programs are run: the Java that runs them, the server's jars and what they have in common.

What does not belong here: the server (neo4j_server.py) and the import (neo4j_import.py).
"""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tv5_assets.errors import InputError
from tv5_assets.services import installed

PRODUCT = "neo4j"
SERVER = "org.neo4j.server.CommunityEntryPoint"
ADMIN = "org.neo4j.cli.AdminTool"

_VERSIONS = (17, 21)
"""Java versions that Neo4j 5.26 supports."""
# What Neo4j's own launcher opens to the server's reflection (conf/neo4j.conf of its distribution).
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


def command(program: str, heap_mib: int) -> list[str]:
    """Return the start of a command line that runs one of Neo4j's programs.

    Args:
        program: SERVER or ADMIN.
        heap_mib: most heap that it may use.

    Raises:
        InputError: the server is not installed, or there is no Java that runs it.
    """
    jars = installed.require(PRODUCT) / "lib"
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
    return [java(), f"-Xmx{heap_mib}m", "-XX:+UseG1GC", *opened, "-cp", f"{jars}/*", program]


@cache
def java() -> str:
    """Return the Java program: that of JAVA_HOME, or the one on the path.

    Raises:
        InputError: there is none, or Neo4j does not support its version.
    """
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    needed = f"Neo4j needs Java {' or '.join(map(str, _VERSIONS))}"
    if program is None:
        raise InputError(f"{needed}, and there is none {'in JAVA_HOME' if home else 'on the path'}; install it")
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    match = re.search(r'version "(\d+)', told)
    if match is None or int(match.group(1)) not in _VERSIONS:
        found = told.splitlines()[0] if told else "of unknown version"
        raise InputError(f"{needed}, but {program} is {found}; set JAVA_HOME to another one")
    return program
