"""The platform's errors in Dagster's terms: a permanent failure stays one, and only a transient one is retried."""

import functools
from collections.abc import Callable
from typing import Any

import dagster as dg

from tv5_assets.errors import StoreUnavailableError, TV5Error

RETRIES = 3
FIRST_WAIT_SECONDS = 2


def translating_failures(body: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a step's body so that its platform errors carry their message into the UI and their nature into retries.

    A store that does not answer asks for a retry with growing waits, all other platform errors fail at once and for
    good. Errors that are not the platform's pass unchanged, with their trace.
    """

    @functools.wraps(body)
    def step(*args: Any, **kwargs: Any) -> Any:
        try:
            return body(*args, **kwargs)
        except StoreUnavailableError as error:
            attempt = dg.OpExecutionContext.get().retry_number
            if attempt >= RETRIES:
                raise dg.Failure(description=f"{error} (tried {attempt + 1} times)", allow_retries=False) from error
            raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=FIRST_WAIT_SECONDS * 2**attempt) from error
        except TV5Error as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error

    return step
