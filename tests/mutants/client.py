"""Mistakes in the client: its settings, its checks, what it reads from answers and how it waits."""

from .edits import Lose, Swap, Text
from .mutant import Edit, Mutant

SETTINGS, LIMITS, TASK, TASKS = ("test_settings",), ("test_limits",), ("test_task",), ("test_tasks",)
ENVELOPE, IDS = ("test_envelope", "test_envelope_any"), ("test_ids", "test_envelope")
UPLOADS, IMAGE = ("test_upload_answers",), ("test_picture",)


def client(name: str, edit: Edit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in the client."""
    return Mutant(f"overlay.{name}", edit, claim, first)


IN_SETTINGS = [
    client("settings.base-url", Text("BASE_URL", old="//api.", new="//www."), "orders go to the web site", SETTINGS),
    client(
        "settings.plain-http",
        Swap("_checked_url", old="A == 'http' and not is_loopback(B) and C", new="A == 'http' and not B and C"),
        "the key travels in clear",
        SETTINGS,
    ),
    client(
        "settings.order",
        Swap("_addresses", old="A('base_url', B) or C", new="A('base_url') or A('base_url', B) or C"),
        "the environment outranks the argument",
        SETTINGS,
    ),
    client(
        "settings.models-origin",
        Lose("Settings.__post_init__", item="origin(self.models_base_url)"),
        "the registry is asked without a key",
        SETTINGS,
    ),
    client(
        "settings.key-space",
        Swap("_checked_key", old="return A.strip()", new="return A"),
        "a key that was copied with its line end cannot be sent",
        SETTINGS,
    ),
    client("settings.timeout", Swap("TIMEOUT", old="60.0", new="6.0"), "slow answers count as lost", SETTINGS),
]
IN_REQUESTS = [
    client(
        "validation.longest",
        Swap("_text_problems", old="A > B.get('maxLength', A)", new="A >= B.get('maxLength', A + 1)"),
        "2,000 characters are refused",
        LIMITS,
    ),
    client(
        "validation.bool",
        Swap("_is_of", old="isinstance(A, B) and C", new="isinstance(A, B)"),
        "True counts as one video",
        LIMITS,
    ),
    client(
        "validation.bytes",
        Swap("_text_problems", old="len(A) > B.get('maxLength', C)", new="len(A.encode()) > B.get('maxLength', C)"),
        "a Chinese prompt has a third of the length",
        LIMITS,
    ),
    client(
        "endpoint.ascii", Swap("endpoint:_WRITE", old="allow_nan=False", new="allow_nan=True"), "NaN is sent", LIMITS
    ),
    client(
        "endpoint.extra",
        Swap("call_paid", old="{**A, **B}", new="{**B, **A}"),
        "extra_body is outranked by the request",
        LIMITS,
    ),
    client(
        "videos.omitted",
        Swap("Operation.request", old="Written(A)", new="Written({'generate_audio': False, **A})"),
        "sound is sent to models that know none",
        ("test_requests",),
    ),
    client("videos.duration", Swap("DURATION", old="5", new="10"), "a video costs twice as much", LIMITS),
    client("videos.ratio", Text("ASPECT_RATIO", old="16:9", new="9:16"), "videos are upright", LIMITS),
    client(
        "videos.one-video",
        Swap("generate_video", old="(A or 1) != 1", new="(A or 1) < 1"),
        "generate pays for videos that it does not fetch",
        ("test_resources",),
    ),
    client(
        "videos.asked-ratio",
        Swap("_fit_ratio", old="isinstance(A, DefaultRatio)", new="bool(A)"),
        "a ratio that was asked for is exchanged",
        ("test_models",),
    ),
    client(
        "files.suffix",
        Swap("upload_image", old="name = A", new="name = 'picture.png'"),
        "the service refuses jpg images",
        UPLOADS,
    ),
    client("files.second", Swap("_read_address", old="has_host(A)", new="A"), "a word is taken for a URL", UPLOADS),
    client("image.webp", Swap("_sniff", old="b'WEBP'", new="b'WAVE'"), "a sound is uploaded as an image", IMAGE),
    client(
        "image.limit",
        Swap("image:", old="A > _most(convert=B) and C", new="A > 2 * _most(convert=B) and C"),
        "10 MB are exceeded",
        IMAGE,
    ),
]
IN_ANSWERS = [
    client("envelope.code-200", Lose("SUCCESS_CODES", item="200"), "status 200 is a refusal", ENVELOPE),
    client("envelope.word-ok", Lose("SUCCESS_WORDS", item="'ok'"), 'status "ok" is a refusal', ENVELOPE),
    client(
        "envelope.success-false",
        Swap("Envelope.verdict", old="A is False", new="A is None"),
        "a flag that says no is overlooked",
        ENVELOPE,
    ),
    client(
        "envelope.message-order",
        Swap("read_envelope", old="('msg', 'message', 'desc')", new="('desc', 'message', 'msg')"),
        "the short word hides the message",
        ENVELOPE,
    ),
    client(
        "envelope.http-ignored",
        Lose("Envelope.is_success", item="self.is_http_success"),
        "a 4xx with status 0 is a success",
        ENVELOPE,
    ),
    client(
        "envelope.code-outranked",
        Swap("refusal", old="A or CODES.get(B) or HTTP.get(C)", new="A or HTTP.get(C) or CODES.get(B)"),
        "the status line outranks the code",
        ENVELOPE,
    ),
    client(
        "envelope.id-name",
        Swap("values_named", old="A.replace('_', '')", new="A"),
        "a paid task named task_id is lost",
        IDS,
    ),
    client(
        "envelope.id-cut",
        Swap("find_task_ids", old="if isinstance(A, str): return _unique(B)", new="if not A: return _unique(B)"),
        "a task id in a cut answer is lost",
        IDS,
    ),
    client(
        "envelope.content-1002",
        Swap("_hinted", old="re.search(_CONTENT, A)", new="A == ''"),
        "moderation is told as a wrong parameter",
        ENVELOPE,
    ),
    client(
        "envelope.key-1002",
        Swap("_hinted", old="re.search(_KEY, A)", new="A == ''"),
        "a wrong key is told as a wrong parameter",
        ENVELOPE,
    ),
    client(
        "task_reader.case",
        Swap("classify", old="A.strip().lower()", new="A.strip()"),
        "SUCCESS is waited for until the end",
        TASK,
    ),
    client("task.ended", Lose("Task.ended", item="TaskState.FAILED"), "a failed task is waited for to the end", TASKS),
    client(
        "task_reader.nested", Swap("_videos", old="(A, *B)", new="(A,)"), "videos in output.videos are not found", TASK
    ),
    client("task_reader.src", Lose("_link", item="'src'"), "a video under src is not found", TASK),
    client("task_reader.camel", Lose("read_part", item="'taskStatus'"), "taskStatus is not read", TASK),
    client(
        "task_reader.other",
        Swap("read_task", old="if len(A) > 1 and any(B) and C not in D: raise E"),
        "another task's video is taken",
        TASK,
    ),
    client("tasks.dots", Lose("check_task_id", item="not A.strip('.')"), "the id .. reaches another operation", TASKS),
    client("tasks.no-cache", Lose("NO_CACHE", item="'Cache-Control'"), "an old state is seen for ever", TASKS),
    client(
        "polling.missed",
        Swap("_is_missed_poll", old="A | B | ContractError", new="A | B"),
        "an unreadable poll ends the wait",
        TASKS,
    ),
    client("tasks.no-video", Lose("_succeeded", item="A.videos"), "a success without a video is a success", TASKS),
]
CLIENT = [*IN_SETTINGS, *IN_REQUESTS, *IN_ANSWERS]
