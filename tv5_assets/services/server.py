"""What an embedded server is to the supervisor: how to prepare, launch, ask and stop it.

What does not belong here: anything about one product; each has a module of its own.
"""

import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tv5_assets.services.endpoints import Endpoints, Store

HOST = "127.0.0.1"
"""Embedded servers are reached from this machine only."""


@dataclass(frozen=True)
class Launch:
    """How a server's process is started.

    Attributes:
        command: the program and its arguments; never a secret, since every user can list them.
        folder: its working folder.
        first_line: written to its standard input, which then stays open; the place for a secret.
        user: the system user that it runs as, where that is not the present one.
        environment: variables besides those of the supervisor.
    """

    command: list[str]
    folder: Path
    first_line: str = field(default="", repr=False)
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


class Server(ABC):
    """One embedded server, with its data in a folder of the home."""

    name: ClassVar[Store]
    product: ClassVar[str]
    """Which server it is: a store may have a small one from pip and the one that production uses."""
    folder_name: ClassVar[str] = ""
    """Folder of its data in the home, where that is not the store's name: products do not read each other's."""
    stop_signal: ClassVar[signal.Signals | None] = signal.SIGINT
    """What makes it close its data and end; None where that is the end of its standard input."""
    ports_needed: ClassVar[int] = 1

    def __init__(self, home: Path, password: str):
        self.folder = home / (self.folder_name or self.name)
        self.password = password

    @classmethod  # noqa: B027  most come with the platform, and have nothing to do
    def require_installed(cls) -> None:
        """Do nothing, or raise where the server is not installed.

        Raises:
            InputError: it is not; the message says how to install it.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Make the folder, and mend what a crash left in it. It is called before every launch."""

    @abstractmethod
    def launch(self, ports: list[int]) -> Launch:
        """Return how it is started, to listen on loopback at ``ports``."""

    @abstractmethod
    def endpoints(self, ports: list[int]) -> dict[str, str]:
        """Return the fields of Endpoints that it serves."""

    @staticmethod
    @abstractmethod
    def ask(endpoints: Endpoints) -> None:
        """Send the server, embedded or not, one query.

        Raises:
            Exception: whatever its client raises where it does not answer within a few seconds.
        """
