"""Mistakes in the emulator: the key, the parameters, the states of a task, credits, what is not found."""

from .edits import Lose, Swap
from .mutant import Edit, Mutant

OPERATIONS, TASKS, UPLOADS = ("test_operations",), ("test_tasks",), ("test_uploads",)
REQUESTS = ("test_requests",)


def emulator(name: str, edit: Edit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in the emulator."""
    return Mutant(f"emulator.{name}", edit, claim, first)


EMULATOR = [
    emulator("requests.any-key", Swap("check_key", old="raise wrong_key()"), "any key is accepted", REQUESTS),
    emulator("requests.scheme", Lose("check_key", item="A != 'bearer'"), "a password is taken for a key", REQUESTS),
    emulator(
        "requests.path",
        Swap("check_parameters", old="raise wrong_parameter(PARAMETER_ERRORS.get(A, B))", new="return"),
        "a path parameter is not checked",
        REQUESTS,
    ),
    emulator(
        "requests.body",
        Swap("read_sent", old="if A: raise wrong_parameter(B)", new="if not A: raise wrong_parameter(B)"),
        "right requests are refused, wrong ones taken",
        OPERATIONS,
    ),
    emulator("requests.nan", Lose("parsed_json", item="parse_constant=A"), "NaN is taken", REQUESTS),
    emulator(
        "requests.part-twice",
        Swap("read_form", old="if A in B: raise wrong_parameter(C)", new="if not A: raise wrong_parameter(C)"),
        "a part may be sent twice",
        UPLOADS,
    ),
    emulator(
        "tasks.waiting",
        Swap("TaskStore.state", old="A < self._starts", new="A <= self._starts"),
        "a task waits too long",
        TASKS,
    ),
    emulator(
        "tasks.processing",
        Swap("TaskStore.state", old="A < self._ends", new="A < self._starts"),
        "no task is at work",
        TASKS,
    ),
    emulator("tasks.word", Swap("SUCCEEDED", old="'succeed'", new="'succeeded'"), "success has no known word", TASKS),
    emulator("tasks.free", Swap("TaskStore.submit", old="self.left -= A"), "tasks cost nothing", TASKS),
    emulator(
        "tasks.last-credits",
        Swap("TaskStore.submit", old="A > self.balance", new="A >= self.balance"),
        "the last credits cannot be spent",
        TASKS,
    ),
    emulator(
        "tasks.price",
        Swap("TaskStore.submit", old="A * CREDITS_PER_TASK", new="CREDITS_PER_TASK"),
        "four videos cost as much as one",
        TASKS,
    ),
    emulator(
        "operations.lost",
        Swap("task_status", old="unknown(A)", new="refusal(1002, A, 400)"),
        "an unknown task is a wrong parameter",
        OPERATIONS,
    ),
    emulator(
        "operations.one-task",
        Swap("Operations.submit", old="number_in(A, 'video_number', 1)", new="1"),
        "one video whatever is ordered",
        OPERATIONS,
    ),
    emulator(
        "operations.paid",
        Swap("read_operation", old="paid=A", new="paid=False"),
        "no operation costs anything",
        OPERATIONS,
    ),
    emulator(
        "operations.batch-name",
        Swap("Operations.submit", old="'batch_id'", new="'batchId'"),
        "no batch id is told",
        OPERATIONS,
    ),
    emulator(
        "media.early",
        Lose("media_routes", item="A == SUCCEEDED"),
        "a video is there before it is made",
        ("test_videos",),
    ),
    emulator(
        "contract.security",
        Swap("read_operation", old="needs_key=A", new="needs_key=False"),
        "no operation asks for the key",
        REQUESTS,
    ),
    emulator(
        "contract.formats",
        Lose("validator_for", item="validate_formats=True"),
        "what is no URL is taken for one",
        REQUESTS,
    ),
]
