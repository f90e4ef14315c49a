"""Mistakes in bulk runs: what a job costs, what a ledger holds, what many workers do beside each other."""

from .edits import Lose, Swap, Text
from .mutant import Edit, Mutant

RUNS, LEDGER, CRASHES, MANIFEST = ("test_runs",), ("test_ledger_file",), ("test_crash_points",), ("test_manifest",)
OUTAGE, LATE, HEALTH = ("test_outage",), ("test_late_answers",), ("test_health",)
THROTTLE, POSTGRES, WORKERS = ("test_throttle",), ("test_postgres_ledger",), ("test_workers", "test_queue")


def bulk(name: str, edit: Edit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in a bulk run."""
    return Mutant(f"overlay.bulk.{name}", edit, claim, first)


IN_LEDGER = [
    bulk("budget", Text("begin", old="submits < budget", new="submits <= budget"), "one task beyond the budget", RUNS),
    bulk("credits", Text("begin", old="credits + ? <= ", new="credits <= "), "credits beyond it", RUNS),
    bulk(
        "refund",
        Swap("end", old="if A is OrderState.QUEUED: _refund(B, C)"),
        "a refusal is spent",
        RUNS,
    ),
    bulk("fence", Swap("change", old="A != 1", new="A > 1"), "a job is changed wherever it stands", LEDGER),
    bulk("key", Swap("belong", old="A['key'] != B", new="A['key'] == ''"), "another key goes on", RUNS),
    bulk(
        "service",
        Swap("belong", old="service_of(A['base_url']) != B", new="A['base_url'] == ''"),
        "services are mixed",
        RUNS,
    ),
    bulk("named", Swap("end", old="' '.join(A[1:]) or None", new="None"), "a second task id is lost", LEDGER),
    bulk(
        "orphans",
        Swap("Ledger.__init__", old="self.left_open = A", new="self.left_open = 0"),
        "a try that a crash left open stays open",
        CRASHES,
    ),
    bulk("lock", Swap("Ledger.__init__", old="exclusive=True", new="exclusive=False"), "runs share a ledger", LEDGER),
    bulk(
        "behind",
        Swap("refuse_copy", old="A is not None and B >= A and C", new="A is not None and B >= 0 and C"),
        "an old copy that was put back goes on",
        LEDGER,
    ),
    bulk("late_refusal", Lose("end", item="{'worker': A}"), "a worker ends the try of another one", POSTGRES),
    bulk(
        "late_answer",
        Swap("_come_late", old="change(A, B, 'end in time', ...)\nreturn True"),
        "what a late answer accepted is sent once more",
        POSTGRES,
    ),
    bulk("late_id", Swap("_come_late", old="not A.task_ids", new="True"), "a late task is lost", LATE),
    bulk("refund_credits", Swap("_refund", old="A or 0.0", new="0.0"), "refused credits are spent", LATE),
    bulk(
        "task",
        Swap("change", old="(A or {}).items()", new="{}.items()"),
        "what became of an older task ends a job that has a newer one",
        LEDGER,
    ),
    bulk("masked", Swap("masked", old="_IN_URL.sub(A, B)", new="B"), "a password is shown", POSTGRES),
    bulk("deadlock", Swap("mend", old="return A and B <= 10", new="return A and B <= 0"), "workers stop", POSTGRES),
]
IN_RUNS = [
    bulk(
        "again",
        Swap("job_runner:", old="is_repeatable(A, paid=B)", new="is_repeatable(A, paid=False)"),
        "sent again",
        RUNS,
    ),
    bulk(
        "ambiguous",
        Swap("is_unknown", old="A is errors.Outcome.UNKNOWN", new="A is errors.Outcome.ACCEPTED"),
        "an unknown outcome is a failure",
        RUNS,
    ),
    bulk(
        "stop.credits",
        Swap("why_stop", old="InsufficientCreditsError", new="BudgetExceededError"),
        "without credits every job fails",
        RUNS,
    ),
    bulk(
        "upload",
        Swap("job_runner:", old="if A is not None: return A", new="if A == '': return A"),
        "an image is uploaded for each job",
        RUNS,
    ),
    bulk(
        "lost",
        Swap(
            "job_runner:",
            old="await self.ledger.note(lambda db: steps.remark(db, A, B, C, D))",
            new="await self._fail(job, C, D, B)",
        ),
        "a video that could not be fetched is given up",
        RUNS,
    ),
    bulk(
        "resume",
        Lose("_dispatch", item="JobState.SUBMITTED"),
        "what was paid for before a crash is not fetched",
        CRASHES,
    ),
    bulk(
        "flight",
        Swap("LocalThrottle.place", old="A < self._allowance.limit", new="A >= 0"),
        "more in flight than allowed",
        RUNS,
    ),
    bulk(
        "outside",
        Swap("_part", old="return A.strip(' .')", new="return shortened(part, most)"),
        "a video leaves its folder",
        ("test_naming",),
    ),
    bulk(
        "problems",
        Swap("loading:", old="if A.many: ..."),
        "a manifest with problems is bought",
        MANIFEST,
    ),
    bulk("shard", Swap("Shard.holds", old="A == B - 1", new="A >= B - 1"), "two shards buy the same job", MANIFEST),
    bulk(
        "there",
        Swap("_found", old="os.stat(path)", new="os.stat(os.__file__)"),
        "a lost image is no problem",
        MANIFEST,
    ),
]
PACE = [
    bulk(
        "pace.idle",
        Swap("SubmissionPace.accepted", old="A or B > C or D", new="A or D"),
        "a pause makes the next ones faster than was tried",
        THROTTLE,
    ),
    bulk(
        "pace.pause",
        Swap("SubmissionPace.refused", old="self.refusals - 1", new="0"),
        "a service that goes on refusing is asked as often as ever",
        THROTTLE,
    ),
    bulk(
        "pace.chance",
        Swap("SubmissionPace._is_by_chance", old="accepted >= 2 and accepted >= 2 * refused", new="False"),
        "refusals by chance make a run as slow as can be",
        THROTTLE,
    ),
    bulk(
        "pace.limit",
        Swap("SubmissionPace._is_by_chance", old="slower_accepted < 2 * slower_refused", new="False"),
        "a limit is taken for chance",
        THROTTLE,
    ),
    bulk(
        "pace.shared",
        Swap("heed_acceptance", old="pace.gap != before", new="False"),
        "a new pace begins one turn late",
        POSTGRES,
    ),
]
MANY_WORKERS = [
    bulk("gap", Text("take_turn", old="others.many < ?", new="others.many <= ?"), "one task too many", POSTGRES),
    bulk("sending", Swap("take_turn", old="most - sending", new="most"), "what is being sent has no place", POSTGRES),
    bulk("postpone", Text("postpone", old="{NOW} + ?", new="{NOW}"), "other workers go on after a refusal", POSTGRES),
    bulk(
        "living",
        Text("worker:recover_orphans", old="> now() -", new="> now() +"),
        "a worker that lives counts as dead",
        WORKERS,
    ),
    bulk(
        "take_over",
        Swap("_take_over", old="await A.retry_job(B, ...)"),
        "the jobs of a worker that is gone are never done",
        WORKERS,
    ),
    bulk("calm", Swap("worker:", old="A and await self._is_calm()", new="A"), "paid videos stay", WORKERS),
]
IN_OUTAGES = [
    bulk("outage.bound", Swap("may_start", old="A < self.allowed", new="A >= 0"), "POSTs are not bounded", HEALTH),
    bulk("outage.long", Swap("may_start", old="A <= LONG_OPEN", new="A >= 0"), "POSTs start beside a hang", HEALTH),
    bulk("outage.row", Swap("throttle:", old="IN_A_ROW = 3", new="IN_A_ROW = 30"), "an outage burns a run", HEALTH),
    bulk("outage.alone", Swap("was_asked", old="A >= IN_A_ROW", new="A < 0"), "many go after an outage", HEALTH),
    bulk("outage.lone", Swap("started", old="A is Stage.ALONE", new="False"), "one after the other is burnt", HEALTH),
    bulk(
        "outage.late",
        Swap("answered", old="max(0, A - B)", new="0"),
        "what was sent before an outage hides its beginning",
        HEALTH,
    ),
    bulk(
        "outage.first",
        Swap("Health.begin", old="Stage.ASKING", new="Stage.OPEN"),
        "a service that never answers is sent orders",
        OUTAGE,
    ),
    bulk(
        "outage.page",
        Swap("why_unanswered", old="TransportError | ContractError", new="TransportError"),
        "a page counts as the service",
        OUTAGE,
    ),
    bulk(
        "outage.failed",
        Swap("_order", old="isinstance(A, NotSentError) or B", new="False"),
        "what was not sent fails in the end",
        OUTAGE,
    ),
    bulk(
        "outage.late_task",
        Swap("_wait", old="A != B or self.gate.is_away", new="False"),
        "an outage is the fault of a task",
        OUTAGE,
    ),
]
BULK = [*IN_LEDGER, *IN_RUNS, *PACE, *MANY_WORKERS, *IN_OUTAGES]
