"""The platform's own errors, by what the caller can do about them.

Permanent and transient failures are different types, because one must never be retried and the other should be.
A message names the file, row or setting at fault and says what to do. What does not belong here: anything that
knows Dagster (see dagster_kit/failures.py) and errors of one module only.
"""


class TV5Error(Exception):
    """Base of every error that the platform raises on purpose; its message is written for a person."""


class InputError(TV5Error):
    """Permanent: a file, row, argument or setting is wrong. Trying again changes nothing."""


class StoreRefusedError(TV5Error):
    """Permanent: a store answered and said no (wrong password, missing right, wrong version)."""


class StoreUnavailableError(TV5Error):
    """Transient: a store does not answer, or dropped the connection. Trying again may succeed."""
