"""Bulk runs: from ten pictures to a million, each paid for once (extra `bulk`)."""

from ._engine import Limits, Run, arun, run
from ._events import Event, Outcome
from ._job import Job, JobState, NewJob
from ._ledger import Ledger
from ._loading import Loaded, ManifestError, Shard, load_manifest
from ._performing import Patience
from ._plan import Plan, plan
from ._prices import Prices, read_prices

__all__ = [
    "Event",
    "Job",
    "JobState",
    "Ledger",
    "Limits",
    "Loaded",
    "ManifestError",
    "NewJob",
    "Outcome",
    "Patience",
    "Plan",
    "Prices",
    "Run",
    "Shard",
    "arun",
    "load_manifest",
    "plan",
    "read_prices",
    "run",
]
