"""Bulk runs: from ten pictures to a million, each paid for once (extra `bulk`)."""

from ._engine import Limits, Run, arun, run
from ._events import Event, Outcome
from ._exporting import export
from ._job import Job, JobState, NewJob
from ._ledger import Ledger
from ._loading import Loaded, ManifestError, Shard, load_manifest
from ._looking import open_ledger
from ._performing import Patience
from ._plan import Plan, plan
from ._prices import Prices, read_prices
from ._report import report
from ._resolving import Requeued, adopt, give_up, resubmit, retry
from ._status import Group, Status, status

__all__ = [
    "Event",
    "Group",
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
    "Requeued",
    "Run",
    "Shard",
    "Status",
    "adopt",
    "arun",
    "export",
    "give_up",
    "load_manifest",
    "open_ledger",
    "plan",
    "read_prices",
    "report",
    "resubmit",
    "retry",
    "run",
    "status",
]
