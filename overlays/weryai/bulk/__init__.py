"""Bulk runs: from ten pictures to a million, each paid for once (extra `bulk`)."""

from ._address import is_database
from ._engine import Limits, Run, arun, run
from ._events import Event, Outcome
from ._exporting import export
from ._job import Job, JobState, NewJob
from ._ledger import Ledger
from ._loading import Loaded, ManifestError, Shard, load_manifest
from ._looking import name_of, open_ledger
from ._performing import Patience
from ._plan import Plan, plan
from ._postgres import PostgresLedger
from ._prices import Prices, read_prices
from ._report import report
from ._resolving import Requeued, adopt, give_up, resubmit, retry
from ._status import Group, Status, status
from ._working import awork, limits_in_force, work

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
    "PostgresLedger",
    "Prices",
    "Requeued",
    "Run",
    "Shard",
    "Status",
    "adopt",
    "arun",
    "awork",
    "export",
    "give_up",
    "is_database",
    "limits_in_force",
    "load_manifest",
    "name_of",
    "open_ledger",
    "plan",
    "read_prices",
    "report",
    "resubmit",
    "retry",
    "run",
    "status",
    "work",
]
