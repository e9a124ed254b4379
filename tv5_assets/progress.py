"""Progress of long work, through the log: a line every few seconds with rate and time left.

A log line reaches the terminal, a file and the Dagster UI alike, which a redrawn bar does not. The counting and the
arithmetic are tqdm's.
"""

import logging
from typing import Any

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 5.0
_LINE = "{desc}: {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"
"""A bar of fixed width: tqdm's own gives way to what stands beside it, down to nothing."""
_LINE_WITHOUT_RATE = "{desc}: {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class _LogLines:
    """A file-like object that turns what tqdm writes into log records."""

    def __init__(self, logger: logging.Logger):
        self._logger = logger

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        if line:
            self._logger.info("%s", line)

    def flush(self) -> None:
        """Do nothing: log handlers flush themselves."""


def progress(logger: logging.Logger, what: str, total: int, unit: str, alike: bool = True) -> "tqdm[Any]":
    """Return a tqdm counter that logs to ``logger``; call ``update(n)``, use it as a context manager.

    Args:
        logger: where the lines go.
        what: what is being done, the line's first words.
        total: how many units make it whole.
        unit: the name of one unit, such as ``"row"``.
        alike: whether one unit takes about as long as another; only then do a rate and the time left mean something.
    """
    return tqdm(
        total=total,
        desc=what,
        unit=f" {unit}",
        unit_scale=alike,
        file=_LogLines(logger),
        mininterval=SECONDS_BETWEEN_LINES,
        delay=SECONDS_BETWEEN_LINES,  # work that is over sooner needs no line
        maxinterval=SECONDS_BETWEEN_LINES,
        ascii=True,
        bar_format=_LINE if alike else _LINE_WITHOUT_RATE,
    )
