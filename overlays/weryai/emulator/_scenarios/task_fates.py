"""Scenarios of a task: what becomes of it after it was accepted and paid for."""

from __future__ import annotations

from weryai.emulator._scenarios.effects import Fate, Scenario

_REASONS = {
    "fail-content-moderation": "Content moderation",
    "fail-image-audit": "Image asset audit",
    "fail-copyright": "Copyright restrictions",
    "fail-workflow": "工作流系统异常",
}
_WORDS = {
    "succeed": ("SUCCEED", "SUCCESS", "success", "completed", "complete"),
    "failed": ("FAILED", "fail", "canceled", "error"),
}

FATES = (
    Scenario("stay-waiting", "The task never leaves the queue.", "task", Fate(stays="waiting")),
    Scenario("stay-processing", "The task is processed for ever.", "task", Fate(stays="processing")),
    *(
        Scenario(name, f"The task fails: {reason}.", "task", Fate(ends="failed", reason=reason))
        for name, reason in _REASONS.items()
    ),
    Scenario("fail-without-reason", "The task fails, and no message says why.", "task", Fate(ends="failed")),
    Scenario("succeed-without-url", "The task succeeds, but names no video.", "task", Fate(has_video=False)),
    *(
        Scenario(
            f"word-{word}",
            f"The task ends in {state}, spelt {word}.",
            "task",
            Fate(ends=state, word=word, reason="Content moderation" if state == "failed" else None),
        )
        for state, words in _WORDS.items()
        for word in words
    ),
)
