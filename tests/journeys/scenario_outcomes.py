"""What each scenario must end in for somebody who uses the client, typed by hand: the promises of the README."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How a story ends: in a video or in an error, after how many submissions, with how many paid tasks.

    `says` is a part of the error's text, `along` another scenario without which this one cannot happen, `warns` a part
    of the warning that comes with it.
    """

    error: str | None = None
    posts: int = 1
    tasks: int = 1
    says: str = ""
    along: str = ""
    warns: str | None = None
    answer: Any = None


#: One submission and its video, whatever was odd on the way.
VIDEO = Outcome()
#: Refused in words that mean "later": submitted again, and one video is paid for.
AGAIN = Outcome(posts=2)
#: The answer was lost: nobody knows, so nothing is sent again, whether the service made a task or not.
LOST = Outcome("OutcomeUnknownError", tasks=0, says="may have been billed")
LOST_AND_PAID = replace(LOST, tasks=1)
#: The answer came and says nothing.
UNREADABLE_AND_PAID = Outcome("ContractError", says="may have been billed")
UNREADABLE = replace(UNREADABLE_AND_PAID, tasks=0)
#: The task goes on, but nobody waits for it any more.
PATIENCE_ENDS = Outcome("TaskTimeoutError", says="resume with tasks.wait")


def refused(error: str, says: str = "") -> Outcome:
    """Return a plain no to the submission: nothing started, nothing repeated."""
    return Outcome(error, tasks=0, says=says)


def unsent(error: str, says: str = "") -> Outcome:
    """Return a no to what comes before the submission."""
    return Outcome(error, posts=0, tasks=0, says=says)


def failed(reason: str) -> Outcome:
    """Return the failure of a task that was accepted and paid for."""
    return Outcome("TaskFailedError", says=reason)


def halted(error: str, says: str = "") -> Outcome:
    """Return an error on the way to a video that was paid for."""
    return Outcome(error, says=says)


def anywhere(submit: Outcome, **others: Outcome) -> dict[str, Outcome]:
    """Return what comes of a scenario of any stage: a free request is repeated, so elsewhere it is a video."""
    return {"submit": submit, "status": VIDEO, "upload": VIDEO, "download": VIDEO, **others}


def told(*stages: str) -> dict[str, Outcome]:
    """Return the outcome of an odd answer that is understood all the same."""
    return dict.fromkeys(stages, VIDEO)


KEY = "AuthenticationError"
INVALID = "InvalidRequestError"
REJECTED = "ContentRejectedError"
DOWNLOAD = "DownloadError"
A_REASON = failed("Content moderation")
#: A look that names no state: the waiting goes on, and says so.
NO_WORD = replace(VIDEO, warns="(none)")
UNDERSTOOD = told("submit", "status", "upload")

OUTCOMES: dict[str, dict[str, Outcome]] = {
    # What becomes of a task.
    "stay-waiting": {"task": PATIENCE_ENDS},
    "stay-processing": {"task": PATIENCE_ENDS},
    "fail-content-moderation": {"task": A_REASON},
    "fail-image-audit": {"task": failed("Image asset audit")},
    "fail-copyright": {"task": failed("Copyright restrictions")},
    "fail-workflow": {"task": failed("工作流系统异常")},
    "fail-without-reason": {"task": failed("no reason")},
    "succeed-without-url": {"task": failed("without a video")},
    **dict.fromkeys(("word-SUCCEED", "word-SUCCESS", "word-success", "word-completed", "word-complete"), told("task")),
    **{word: {"task": A_REASON} for word in ("word-FAILED", "word-fail", "word-canceled", "word-error")},
    # The service says no to a submission.
    "rate-limit": {"submit": AGAIN},
    "rate-limit-chinese": {"submit": AGAIN},
    "rate-limit-retry-after": {"submit": AGAIN},
    "queue-full": {"submit": AGAIN},
    "workflow-error": {"submit": AGAIN},
    "workflow-rate-limit": {"submit": AGAIN},
    "concurrency-limit": {"submit": AGAIN},
    "daily-cap": {"submit": refused("RateLimitError", "daily limit")},
    "parameter-1001": {"submit": refused(INVALID, "duration 3 is not supported")},
    "parameter-1002": {"submit": refused(INVALID, "duration 3 is not supported")},
    "ratio-missing": {"submit": refused(INVALID, "aspect ratio cannot be empty")},
    "caller-unknown": {"submit": refused(INVALID, "callerid not exist")},
    "image-format": {"submit": refused(INVALID, "only support jpg")},
    "refusal-in-msg": {"submit": refused(INVALID, "duration 3 is not supported")},
    "refusal-in-desc": {"submit": refused(INVALID, "duration 3 is not supported")},
    "refusal-success-false": {"submit": refused(INVALID, "duration 3 is not supported")},
    "no-credits": {"submit": refused("InsufficientCreditsError", "1011")},
    "no-credits-1004": {"submit": refused("InsufficientCreditsError", "1004")},
    "moderation-1002": {"submit": refused(REJECTED, "1002")},
    "moderation-1005": {"submit": refused(REJECTED, "1005")},
    "image-moderated": {"submit": refused(REJECTED, "2001")},
    "prompt-moderated": {"submit": refused(REJECTED, "2003")},
    "model-gone": {"submit": refused("ModelUnavailableError", "1006")},
    "permission-denied": {"submit": refused("PermissionDeniedError", "1009")},
    "subscription-needed": {"submit": refused("PermissionDeniedError", "1017")},
    "service-issue": {"submit": refused("ServerError", "5000")},
    "credits-not-deducted": {"submit": refused("ServerError", "6003")},
    "generation-refused": {"submit": refused("ServerError", "6004")},
    # It says no to an upload, or to a look.
    "upload-too-large": {"upload": unsent(INVALID, "less than 10mb")},
    "upload-daily-limit": {"upload": unsent("RateLimitError", "daily upload limit")},
    "upload-limit": {"upload": VIDEO},
    "upload-failed": {"upload": VIDEO},
    "task-not-found": told("status"),
    "data-not-found": told("status"),
    # Statuses of HTTP, each with a page.
    "http-400": {
        "submit": refused(INVALID, "HTTP 400"),
        "status": halted(INVALID, "HTTP 400"),
        "upload": unsent(INVALID, "HTTP 400"),
        "download": halted(DOWNLOAD, "HTTP 400"),
    },
    "http-401": {
        "submit": refused(KEY, "HTTP 401"),
        "status": halted(KEY, "HTTP 401"),
        "upload": unsent(KEY, "HTTP 401"),
        "download": halted(DOWNLOAD, "HTTP 401"),
    },
    "http-403": {
        "submit": refused("PermissionDeniedError", "HTTP 403"),
        "status": halted("PermissionDeniedError", "HTTP 403"),
        "upload": unsent("PermissionDeniedError", "HTTP 403"),
        "download": halted(DOWNLOAD, "HTTP 403"),
    },
    "http-404": anywhere(refused("NotFoundError", "HTTP 404"), upload=unsent("NotFoundError", "HTTP 404")),
    "http-408": anywhere(replace(LOST, says="HTTP 408")),
    "http-429": anywhere(AGAIN),
    "http-429-retry-after": {"submit": AGAIN, "status": VIDEO},
    "http-500": anywhere(replace(LOST, says="HTTP 500")),
    "http-502": anywhere(replace(LOST, says="HTTP 502")),
    "http-503": anywhere(replace(LOST, says="HTTP 503")),
    "http-504": anywhere(replace(LOST, says="HTTP 504")),
    "server-error": anywhere(replace(LOST, says="HTTP 500")),
    # The key is refused in three ways.
    "key-1002": {
        "submit": refused(KEY, "1002"),
        "status": halted(KEY, "1002"),
        "upload": unsent(KEY, "1002"),
        "download": VIDEO,
    },
    "key-401": {"submit": refused(KEY, "401"), "status": halted(KEY, "401"), "upload": unsent(KEY, "401")},
    "key-403": {"submit": refused(KEY, "403"), "status": halted(KEY, "403"), "upload": unsent(KEY, "403")},
    # The way between.
    "slow": anywhere(VIDEO),
    "reset-before": anywhere(LOST),
    "close-before": anywhere(LOST),
    "reset-after": anywhere(LOST_AND_PAID),
    "close-after": anywhere(LOST_AND_PAID),
    "cut-reply": anywhere(LOST_AND_PAID),
    # The video on its way.
    "link-expired": {"download": halted(DOWNLOAD, "HTTP 403")},
    "link-gone": {"download": halted(DOWNLOAD, "HTTP 410")},
    "link-asks-for-key": {"download": halted(DOWNLOAD, "HTTP 401")},
    "cold-cdn": told("download"),
    "download-cut": told("download"),
    "download-reset": told("download"),
    "download-wrong-length": told("download"),
    "download-wrong-type": told("download"),
    # Success in every spelling.
    **dict.fromkeys(("status-200", "status-text-0", "status-text-200", "status-success", "status-ok"), UNDERSTOOD),
    **dict.fromkeys(("status-null", "status-missing", "success-true", "success-true-200"), UNDERSTOOD),
    "message-chinese": UNDERSTOOD,
    "task-id-alone": told("submit"),
    "task-id-and-ids": told("submit"),
    "batch-id-text": told("submit"),
    "no-batch-id": told("submit"),
    "submission-array": told("submit"),
    "order-status-error": {"submit": replace(LOST_AND_PAID, says="6001")},
    "no-task-id": {"submit": UNREADABLE_AND_PAID},
    **dict.fromkeys(("word-WAITING", "word-PENDING", "word-pending"), told("status")),
    **dict.fromkeys(("word-PROCESSING", "word-running", "word-RUNNING"), told("status")),
    "word-queueing": {"status": replace(VIDEO, warns="queueing")},
    **dict.fromkeys(("video-url", "video-video-url", "video-src", "bare-video-url", "bare-video"), told("status")),
    **dict.fromkeys(("output-videos", "output-after-empty", "result-videos", "result-video-url"), told("status")),
    **dict.fromkeys(("video-urls", "video-urls-beside-empty"), told("status")),
    "status-array": told("status"),
    "status-camel-case": told("status"),
    "status-cached": told("status"),
    "status-without-word": {"status": NO_WORD},
    "reason-in-result": {"status": replace(failed("Copyright restrictions"), along="fail-copyright")},
    # Success without anything that can be read.
    "html-page": {
        "submit": UNREADABLE,
        "status": VIDEO,
        "upload": unsent("ContractError"),
        "download": VIDEO,
    },
    "answer-empty": {"submit": UNREADABLE_AND_PAID, "status": VIDEO, "upload": unsent("ContractError")},
    "answer-not-json": {"submit": UNREADABLE_AND_PAID, "status": VIDEO, "upload": unsent("ContractError")},
    "data-null": {"submit": UNREADABLE_AND_PAID, "status": NO_WORD, "upload": unsent("ContractError")},
    # Free questions.
    "balance-object": {"balance": Outcome(posts=0, tasks=0, answer=1000)},
    "models-without-multi": {"models": Outcome(posts=0, tasks=0, answer="WERYAI_VIDEO_1_0")},
}

#: What a receiver is told of the end of a task.
DELIVERIES: dict[str, list[str]] = {
    "webhook-never": [],
    "webhook-twice": ["succeed", "succeed"],
    "webhook-out-of-order": ["succeed", "processing"],
    "webhook-uppercase": ["SUCCESS"],
}
