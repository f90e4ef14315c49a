"""Mistakes that the real world meets: signals, dead output, waits that say nothing, moved images, other manifests."""

from .edits import Lose, Swap
from .mutant import Edit, Mutant

ENDING, OUTPUT = ("test_ending",), ("test_command_output",)
TASKS, CONTENT, RULES = ("test_tasks",), ("test_content",), ("test_manifest_rules",)


def survival(name: str, edit: Edit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake that only shows where the world is not as in most tests."""
    return Mutant(f"overlay.survival.{name}", edit, claim, first)


SIGNALS = [
    survival("signal.term", Lose("SIGNALS", item="signal.SIGTERM"), "a stopped container loses tasks", ENDING),
    survival(
        "signal.foreign",
        Swap("heeding", old="A and signal.getsignal(number) in _DEFAULTS", new="A"),
        "a program's own handler is replaced",
        ENDING,
    ),
    survival("signal.hangup", Lose("_NAMES", item="'SIGHUP'"), "a dropped connection hides a paid task", OUTPUT),
    survival("signal.code", Swap("exit_code", old="128 + _caught", new="130"), "SIGTERM ends like Ctrl-C", OUTPUT),
    survival(
        "signal.nohup",
        Swap("_handling", old="found is signal.SIG_DFL or A", new="True"),
        "nohup does not outlive its terminal",
        OUTPUT,
    ),
]
FAILING_OUTPUT = [
    survival(
        "output.raised",
        Swap("_Stream._unfailing", old="self.lost = self.lost or error", new="raise"),
        "a dead pipe ends a paid command",
        OUTPUT,
    ),
    survival(
        "output.work",
        Swap("begin_work", old="_is_working = True", new="_is_working = False"),
        "lost words make paid work a failure",
        OUTPUT,
    ),
    survival("output.spelled", Swap("_json_line", old="line.encode(A)", new="line"), "JSON is none", OUTPUT),
    survival("output.lost", Swap("check_shown", old="raise OutputLostError(A)", new="None"), "nothing is fine", OUTPUT),
]
SILENT_WAITS = [
    survival(
        "wait.why",
        Swap("poll_until_ended", old="A if A.error else None", new="None"),
        "the last error of a wait says no reason",
        TASKS,
    ),
    survival(
        "wait.second",
        Swap("Missed.add", old="self._in_a_row == TOLD_MISSES and A", new="self._in_a_row == 200 and A"),
        "a wait is silent for half an hour",
        TASKS,
    ),
    survival("wait.count", Swap("Missed.add", old="self.count += 1", new="self.count = 1"), "one was missed", TASKS),
]
CONTENT_OF_JOBS = [
    survival(
        "content.replaced",
        Swap("is_same_image", old="bool(A == known['image_sha256'])", new="True"),
        "another image under an old name counts as done",
        CONTENT,
    ),
    survival(
        "content.signed",
        Swap("digest_of", old="unsigned(A)", new="A"),
        "a URL that is signed anew is another job",
        CONTENT,
    ),
    survival(
        "content.version",
        Swap("unsigned", old="signature in there and A", new="signature in there"),
        "two images of one address are one job",
        CONTENT,
    ),
    survival(
        "content.moved",
        Swap("_Load.find_moved", old="if (known := A) is not None: ..."),
        "a folder that was moved is bought again",
        CONTENT,
    ),
]
OTHER_MANIFESTS = [
    survival(
        "manifest.deleted",
        Swap("start_load", old="db.execute('update run set first_load = ?', A)"),
        "rows that were deleted are bought",
        RULES,
    ),
    survival(
        "manifest.late",
        Swap("weryai.bulk._ledger.transitions:", old="A['load'] < A['first_load'] or B", new="B"),
        "what was read before a load is sent after it",
        RULES,
    ),
    survival("manifest.share", Swap("share", old="A / parts", new="A"), "parts spend a budget each", RULES),
    survival(
        "manifest.price",
        Swap("_Load.put", old="_PRICE if A else B", new="B"),
        "prices that rise are not counted",
        RULES,
    ),
]
SURVIVAL = [*SIGNALS, *FAILING_OUTPUT, *SILENT_WAITS, *CONTENT_OF_JOBS, *OTHER_MANIFESTS]
