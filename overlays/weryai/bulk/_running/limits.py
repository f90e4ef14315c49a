"""What a run may take, and how long its parts may last."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from numbers import Real

from ...errors import ConfigurationError
from .health import OPEN_POSTS, most_ambiguous
from .pace import RATE
from .throttle import IN_FLIGHT

#: How long a service that was reached before may be away until a run ends, in seconds.
OUTAGE = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take: jobs placed per second, tasks unfinished at a time, and spent in all, restarts included.

    It begins with `start_rate` jobs per second, and goes up to `rate` while the service refuses nothing.

    Without a budget the one of an earlier start stays in force; `math.inf` lifts it. At most `open_posts` submissions
    are on their way at once, of all workers, so that an outage leaves at most `open_posts` + 3 jobs ambiguous. A
    service that was reached and is away for `outage` seconds ends the run.
    """

    rate: float = RATE
    in_flight: int = IN_FLIGHT
    budget_tasks: float | None = None
    budget_credits: float | None = None
    open_posts: int = OPEN_POSTS
    outage: float = OUTAGE
    start_rate: float = RATE

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            if isinstance(value, bool) or not isinstance(value, Real | Decimal):
                raise ConfigurationError(f"{field.name} must be a number, not {type(value).__name__}")
            # A Decimal, a fraction or a number of numpy can neither be stored nor reckoned with everywhere.
            object.__setattr__(self, field.name, value if isinstance(value, int) else float(value))
        if not self.start_rate > 0:
            raise ConfigurationError("start_rate must be more than 0 a second")
        if not 0 < self.rate <= 10_000 or not 1 <= self.in_flight <= 100_000:
            raise ConfigurationError("rate must be more than 0 and at most 10,000 a second, in_flight 1 to 100,000")
        if self.in_flight % 1 or self.open_posts % 1:
            raise ConfigurationError("in_flight and open_posts must be whole numbers")
        if not 1 <= self.open_posts <= 100 or not self.outage >= 0:
            raise ConfigurationError("open_posts must be 1 to 100, outage 0 seconds or more")
        for name in ("budget_tasks", "budget_credits"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ConfigurationError(f"{name} must be 0 or more")

    @property
    def most_ambiguous(self) -> int:
        """How many jobs one outage may make ambiguous at most."""
        return most_ambiguous(self.open_posts)
