"""How often something is renewed, declared once.

A trend's schedule, its freshness policy and its TTL in Redis derive from the same constant here, so that they can
never disagree; likewise for platforms. What does not belong here: anything that knows Dagster or Redis.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Cadence:
    """A renewal interval and all that follows from it.

    Attributes:
        every: time between two renewals; also the time to live of what is cached.
        cron: the same interval as a cron expression.
    """

    every: timedelta
    cron: str

    @property
    def ttl_seconds(self) -> int:
        """Seconds after which a cached value expires."""
        return int(self.every.total_seconds())

    @property
    def warn_after(self) -> timedelta:
        """Age at which a late renewal is worth a warning: a third over the interval."""
        return self.every * 4 / 3

    @property
    def fail_after(self) -> timedelta:
        """Age at which a late renewal is a failure: three intervals."""
        return self.every * 3


TRENDS = Cadence(every=timedelta(minutes=15), cron="*/15 * * * *")
PLATFORMS = Cadence(every=timedelta(days=1), cron="0 3 * * *")
POLICIES = Cadence(every=timedelta(days=1), cron="0 3 * * *")
ANSWERS = Cadence(every=timedelta(minutes=5), cron="*/5 * * * *")
"""How long the answer to a query is kept, be it a search, a recommendation or an explanation."""
