"""Bulk runs: from ten images to a million, each paid for once (extra `bulk`).

    from weryai import bulk

    with bulk.Ledger("photos.ledger.db") as ledger:
        bulk.load_manifest(ledger, "photos/", {"prompt": "The sea begins to move"})
        outcome = bulk.run(ledger, output="videos", limits=bulk.Limits(budget_tasks=100))

The same program goes on after a crash: what the ledger knows as paid for is never submitted again.
"""

from ._ledger.ledger import Ledger, PostgresLedger, is_database
from ._ledger.queries import name_of, open_ledger
from ._ledger.transitions import Job, JobState, NewJob
from ._manifest.loading import Loaded, ManifestError, Plan, Shard, load_manifest, plan
from ._manifest.validation import Prices, read_prices
from ._results.export import export
from ._results.report import report
from ._results.status import Group, Requeued, Status, adopt, give_up, refetch, resubmit, retry, status
from ._running.dispatcher import Run, arun, run
from ._running.gate import Event, Outcome
from ._running.job_runner import Patience
from ._running.throttle import Limits
from ._running.worker import awork, limits_in_force, work

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
    "refetch",
    "report",
    "resubmit",
    "retry",
    "run",
    "status",
    "work",
]
