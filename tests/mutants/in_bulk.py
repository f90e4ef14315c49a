"""Mistakes in bulk runs: what is paid twice, lost, or bought beyond the budget."""

from .mutant import OVERLAY, Mutant

RUNS = ("tests/bulk/test_runs.py",)
FILE = ("tests/bulk/test_ledger_file.py",)
CRASHES = ("tests/bulk/test_crash_points.py",)
MANIFESTS = ("tests/bulk/test_manifest.py",)
SERVER = ("tests/bulk/test_postgres_ledger.py",)
WORKERS = ("tests/bulk/test_workers.py", "tests/bulk/test_queue.py")


def bulk(module: str, name: str, old: str, new: str, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in a module of bulk runs."""
    return Mutant(
        f"overlay.bulk.{module.rpartition('/')[2]}.{name}", f"{OVERLAY}bulk/{module}.py", old, new, claim, first
    )


IN_BULK = [
    bulk(
        "_ledger/transitions",
        "budget",
        "submits < budget_tasks",
        "submits <= budget_tasks",
        "one task beyond the budget",
        RUNS,
    ),
    bulk(
        "_ledger/transitions",
        "credits",
        "credits + ? <= budget_credits",
        "credits <= budget_credits",
        "credits beyond it",
        RUNS,
    ),
    bulk(
        "_ledger/transitions",
        "refund",
        "is OrderState.QUEUED:\n        _refund",
        "is OrderState.DONE:\n        _refund",
        "a refusal is spent",
        RUNS,
    ),
    bulk(
        "_ledger/transitions",
        "fence",
        "if db.execute(statement, given).rowcount != 1:",
        "if db.execute(statement, given).rowcount > 1:",
        "a job is changed wherever it stands",
        FILE,
    ),
    bulk(
        "_ledger/transitions",
        "key",
        'if tied["key"] != key:',
        'if tied["key"] == "":',
        "another key goes on with the ledger",
        RUNS,
    ),
    bulk(
        "_ledger/transitions",
        "service",
        'if tied["base_url"] != base_url:',
        'if tied["base_url"] == "":',
        "emulator and service mix",
        RUNS,
    ),
    bulk(
        "_ledger/transitions",
        "named",
        '" ".join(attempt.task_ids[1:]) or None',
        "None",
        "a second task id is lost",
        FILE,
    ),
    bulk(
        "_ledger/ledger",
        "bury",
        "self.write(lambda db: steps.recover_orphans(db, CRASHED)).result()",
        "0",
        "a try that a crash left open stays open",
        CRASHES,
    ),
    bulk(
        "_ledger/ledger",
        "lock",
        "exclusive=True, kind=LEDGER",
        "exclusive=False, kind=LEDGER",
        "two runs share a ledger",
        FILE,
    ),
    bulk(
        "_ledger/copy_guard", "behind", "starts >= beside", "starts >= 0", "an old copy that was put back goes on", FILE
    ),
    bulk(
        "_running/job_runner",
        "again",
        "is_repeatable(error, paid=paid)",
        "is_repeatable(error, paid=False)",
        "what may be billed is sent again",
        RUNS,
    ),
    bulk(
        "_running/job_runner",
        "ambiguous",
        "if isinstance(error, OutcomeUnknownError) or",
        "if",
        "an unknown outcome is a failure",
        RUNS,
    ),
    bulk(
        "_running/stop_reasons",
        "credits",
        "case InsufficientCreditsError():",
        "case TaskFailedError():",
        "without credits every job fails",
        RUNS,
    ),
    bulk(
        "_running/job_runner",
        "upload",
        "if known is not None:\n            return known",
        "if known == '':\n            return known",
        "a picture is uploaded for each job",
        RUNS,
    ),
    bulk(
        "_running/job_runner",
        "lost",
        "await self.note(lambda db: steps.remark(db, job.row, task_id, str(error)[:1000], kind))",
        "await self._fail(job, str(error), kind, task_id)",
        "a video that could not be fetched is given up",
        RUNS,
    ),
    bulk(
        "_running/dispatcher",
        "resume",
        "(JobState.SUBMITTED, JobState.QUEUED):",
        "(JobState.QUEUED,):",
        "what was paid for before a crash is not fetched",
        CRASHES,
    ),
    bulk(
        "_running/throttle",
        "flight",
        "self.in_flight < self.limit",
        "self.in_flight >= 0",
        "more are in flight than allowed",
        RUNS,
    ),
    bulk(
        "_running/file_names",
        "outside",
        'part).strip(" .")',
        'part).strip(" ")',
        "a video leaves its folder",
        ("tests/bulk/test_naming.py",),
    ),
    bulk(
        "_manifest/loading",
        "problems",
        "        if problems.many:\n",
        "        if problems.many > 100:\n",
        "a manifest with problems is bought",
        MANIFESTS,
    ),
    bulk(
        "_manifest/loading",
        "shard",
        "% self.count == self.index - 1",
        "% self.count >= self.index - 1",
        "two shards buy the same job",
        MANIFESTS,
    ),
    bulk(
        "_manifest/validation",
        "there",
        "return name in self._folders[folder]",
        "return bool(name)",
        "a picture that is not there is no problem",
        MANIFESTS,
    ),
    bulk(
        "_ledger/transitions",
        "late_refusal",
        '(OrderState.SUBMITTING, OrderState.AMBIGUOUS), {"worker": worker}, **values)',
        "(OrderState.SUBMITTING, OrderState.AMBIGUOUS), **values)",
        "a worker taken for dead ends the try of another one",
        SERVER,
    ),
    bulk(
        "_ledger/transitions",
        "late_answer",
        "            change(db, row, (OrderState.QUEUED,), **values)\n            return\n",
        "            pass\n",
        "what a late answer accepted is sent once more",
        SERVER,
    ),
    bulk("_ledger/database_url", "masked", '"(password=)[^&]*"', '"(password=)[&]*"', "a password is shown", SERVER),
    bulk(
        "_ledger/postgres",
        "deadlock",
        "attempt <= 10\n",
        "attempt <= 0\n",
        "workers that wait for each other stop",
        SERVER,
    ),
    bulk(
        "_running/shared_throttle",
        "gap",
        "others.many < ? ",
        "others.many <= ? ",
        "one task more than may be in flight",
        SERVER,
    ),
    bulk(
        "_running/shared_throttle",
        "sending",
        "most - sending, gap",
        "most, gap",
        "what is being sent has no place",
        SERVER,
    ),
    bulk(
        "_running/shared_throttle",
        "postpone",
        '{_NOW} + ?)"',
        '{_NOW})"',
        "other workers go on after a refusal",
        SERVER,
    ),
    bulk(
        "_running/queue_sql",
        "living",
        "one.last_heartbeat > now() -",
        "one.last_heartbeat > now() +",
        "a worker that lives is taken for dead",
        WORKERS,
    ),
    bulk(
        "_running/queue",
        "take_over",
        "                await manager.retry_job(entry, queue=queue, priority=1)",
        "                pass",
        "the jobs of a worker that is gone are never done",
        WORKERS,
    ),
    bulk(
        "_running/queue",
        "calm",
        "if self._is_ending() and await self._is_calm():",
        "if self._is_ending():",
        "paid videos stay",
        WORKERS,
    ),
    bulk(
        "_ledger/transitions",
        "task",
        "        if value is not None:\n            statement, given",
        "        if value is None:\n            statement, given",
        "what became of an older task ends a job that has a newer one",
        FILE,
    ),
]
