"""Mistakes in the emulator: the key, the parameters, the states of a task, credits, what is not found."""

from .mutant import EMULATOR, Mutant

REQUESTS = ("tests/unit/emulator/test_requests.py",)
OPERATIONS = ("tests/unit/emulator/test_operations.py",)
TASKS = ("tests/unit/emulator/test_tasks.py",)
UPLOADS = ("tests/unit/emulator/test_uploads.py",)


def emulator(module: str, name: str, old: str, new: str, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in a module of the emulator."""
    return Mutant(f"emulator.{module.rpartition('/')[2]}.{name}", f"{EMULATOR}{module}.py", old, new, claim, first)


IN_EMULATOR = [
    emulator("_handlers/request_validation", "any-key", "raise wrong_key()", "return", "any key is accepted", REQUESTS),
    emulator(
        "_handlers/request_validation",
        "scheme",
        'if scheme.lower() != "bearer" or not given',
        "if not given",
        "a password is taken for a key",
        REQUESTS,
    ),
    emulator(
        "_handlers/request_validation",
        "path",
        "raise wrong_parameter(PARAMETER_ERRORS.get(parameter.name, text))",
        "return",
        "a path parameter is not checked",
        REQUESTS,
    ),
    emulator(
        "_handlers/request_validation",
        "body",
        "    if found:\n        raise wrong_parameter(found[0][1])",
        "    if not found:\n        raise wrong_parameter(found[0][1])",
        "right requests are refused, wrong ones taken",
        OPERATIONS,
    ),
    emulator(
        "_handlers/request_validation",
        "nan",
        "parse_constant=not_json",
        "parse_constant=float",
        "NaN is taken",
        REQUESTS,
    ),
    emulator(
        "_handlers/request_validation",
        "part-twice",
        "if name in sent:",
        "if not name:",
        "a part that is sent twice is taken",
        UPLOADS,
    ),
    emulator(
        "_state/tasks",
        "waiting",
        "if age < self._starts or",
        "if age <= self._starts or",
        "a task waits one look longer",
        TASKS,
    ),
    emulator(
        "_state/tasks",
        "processing",
        "PROCESSING if age < self._ends or",
        "PROCESSING if age < self._starts or",
        "no task is ever at work",
        TASKS,
    ),
    emulator(
        "_state/tasks",
        "word",
        '= "waiting", "processing", "succeed", "failed"',
        '= "waiting", "processing", "succeeded", "failed"',
        "success has no known word",
        TASKS,
    ),
    emulator("_state/tasks", "free", "self.left -= price", "self.left -= 0 * price", "tasks cost nothing", TASKS),
    emulator(
        "_state/tasks",
        "last-credits",
        "if price > self.balance:",
        "if price >= self.balance:",
        "the last credits cannot be spent",
        TASKS,
    ),
    emulator(
        "_state/tasks",
        "price",
        "price = count * CREDITS_PER_TASK",
        "price = CREDITS_PER_TASK",
        "four videos cost as much as one",
        TASKS,
    ),
    emulator(
        "_handlers/operations",
        "lost",
        'raise unknown("task not exist")',
        'raise refusal(1002, "task not exist", 400)',
        "an unknown task is a wrong parameter",
        OPERATIONS,
    ),
    emulator(
        "_handlers/operations",
        "one-task",
        'int(visit.sent.get("video_number", 1))',
        "1",
        "one video whatever is ordered",
        OPERATIONS,
    ),
    emulator(
        "_handlers/media",
        "early",
        "ended = task is not None and world.tasks.state(task) == SUCCEEDED",
        "ended = task is not None",
        "a video is there before it is made",
        ("tests/unit/emulator/test_videos.py",),
    ),
    emulator(
        "_handlers/operations",
        "batch-name",
        '"batch_id": tasks[0].batch_id',
        '"batchId": tasks[0].batch_id',
        "no batch id is told",
        OPERATIONS,
    ),
    emulator(
        "_protocol/contract",
        "security",
        "needs_key=bool(security) and {} not in security",
        "needs_key=False",
        "no operation asks for the key",
        REQUESTS,
    ),
    emulator(
        "_protocol/contract",
        "formats",
        "Draft202012Validator(whole, validate_formats=True)",
        "Draft202012Validator(whole)",
        "what is no address is taken for one",
        REQUESTS,
    ),
]
