"""Mistakes in how the overlay understands: envelopes, task ids, tasks in every spelling, waiting."""

from .in_overlay import overlay

ANSWERS = ("tests/unit/overlay/test_envelope.py", "tests/unit/overlay/test_envelope_any.py")
TASK = ("tests/unit/overlay/test_task.py",)
IDS = ("tests/unit/overlay/test_ids.py", "tests/unit/overlay/test_envelope.py")
WAITS = ("tests/unit/overlay/test_tasks.py",)


IN_ANSWERS = [
    overlay(
        "_protocol/envelope",
        "code-200",
        "SUCCESS_CODES = (0, 200)",
        "SUCCESS_CODES = (0,)",
        "status 200 is a refusal",
        ANSWERS,
    ),
    overlay(
        "_protocol/envelope",
        "word-ok",
        'SUCCESS_WORDS = ("success", "ok")',
        'SUCCESS_WORDS = ("success",)',
        'status "ok" is a refusal',
        ANSWERS,
    ),
    overlay(
        "_protocol/envelope",
        "success-false",
        'if self.fields.get("success") is False:',
        'if self.fields.get("success") is None:',
        "a flag that says no is overlooked",
        ANSWERS,
    ),
    overlay(
        "_protocol/envelope",
        "message-order",
        '("msg", "message", "desc")',
        '("desc", "message", "msg")',
        "the short word hides the message",
        ANSWERS,
    ),
    overlay(
        "_protocol/envelope",
        "http-ignored",
        "return self.is_http_success and (self.verdict",
        "return (self.verdict",
        "a 4xx with status 0 is a success",
        ANSWERS,
    ),
    overlay(
        "_protocol/envelope",
        "code-outranked",
        "_hinted(envelope) or CODES.get(envelope.code or 0) or HTTP.get(envelope.http_status)",
        "_hinted(envelope) or HTTP.get(envelope.http_status) or CODES.get(envelope.code or 0)",
        "the status line outranks the code",
        ANSWERS,
    ),
    overlay(
        "_protocol/envelope",
        "id-name",
        '_ID_NAMES = ("task_ids", "taskIds", "task_id", "taskId")',
        '_ID_NAMES = ("task_ids", "taskIds", "task_id")',
        "a paid task named taskId is lost",
        IDS,
    ),
    overlay(
        "_protocol/envelope",
        "id-cut",
        "if isinstance(raw, str):\n        return _unique([_id",
        "if not raw:\n        return _unique([_id",
        "a task id in a cut answer is lost",
        IDS,
    ),
    overlay(
        "_protocol/envelope",
        "content-1002",
        "case 1002 if _CONTENT.search(message):",
        "case 1003 if _CONTENT.search(message):",
        "moderation is told as a wrong parameter",
        ANSWERS,
    ),
    overlay(
        "_protocol/envelope",
        "key-1002",
        "case 1002 if _KEY.search(message):",
        "case 1003 if _KEY.search(message):",
        "a wrong key is told as a wrong parameter",
        ANSWERS,
    ),
    overlay(
        "_protocol/task_reader",
        "case",
        "WORDS.get(word.strip().lower(), TaskState.UNKNOWN)",
        "WORDS.get(word.strip(), TaskState.UNKNOWN)",
        "SUCCESS is waited for until the end",
        TASK,
    ),
    overlay(
        "_task",
        "ended",
        "in (TaskState.SUCCEEDED, TaskState.FAILED)",
        "is TaskState.SUCCEEDED",
        "a failed task is waited for until the end",
        WAITS,
    ),
    overlay(
        "_protocol/task_reader", "nested", "(part, *nested)", "(part,)", "videos in output.videos are not found", TASK
    ),
    overlay(
        "_protocol/task_reader",
        "src",
        '("url", "video_url", "src")',
        '("url", "video_url")',
        "a video under src is not found",
        TASK,
    ),
    overlay(
        "_protocol/task_reader",
        "camel",
        '_first_text(part, "task_status", "taskStatus")',
        '_first_text(part, "task_status")',
        "taskStatus is not read",
        TASK,
    ),
    overlay(
        "_protocol/task_reader",
        "other",
        'raise ContractError(f"the answer tells of other tasks than {task_id}", raw=envelope.raw)',
        "pass",
        "another task's video is taken",
        TASK,
    ),
    overlay("_resources/tasks", "dots", 'or not task_id.strip(".")', "", "the id .. reaches another operation", WAITS),
    overlay(
        "_resources/tasks", "no-cache", '{"Cache-Control": "no-cache"}', "{}", "an old state is seen for ever", WAITS
    ),
    overlay(
        "_resources/polling",
        "missed",
        "return isinstance(error, TransportError | ServerError | ContractError)",
        "return isinstance(error, TransportError | ServerError)",
        "an unreadable look ends the wait",
        WAITS,
    ),
    overlay(
        "_resources/tasks",
        "no-video",
        "if task.state is TaskState.SUCCEEDED and task.videos:",
        "if task.state is TaskState.SUCCEEDED:",
        "a success without a video is a success",
        WAITS,
    ),
]
