"""The two ways in which the service is known to speak: as its pages print it, and as public clients report it.

Nobody here has heard the service itself. A client that is right in both dialects need not know which one is real.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from weryai.emulator._scenarios import Reshaped, Stage

DialectName = Literal["page", "seen"]
Body = dict[str, Any]

#: What the service says in Chinese. The first two were read by a client in production; the others are translations of
#: ours, since whoever gets one localised message must expect the rest.
CHINESE = {
    1001: "请求频率超限",
    6001: "工作流系统异常",
    0: "成功",
    1003: "任务不存在",
    1006: "模型不存在",
    1007: "队列已满",
    1011: "积分不足",
    6002: "工作流请求频率超限",
    6010: "并发任务数已达上限",
    6101: "已超过每日限额",
}
#: From here on an HTTP status tells of trouble, not of a refusal.
TROUBLE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """What a dialect does otherwise than the page, who reported it, and how sure that is."""

    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way to speak: shapes of what is granted, statuses of what is refused, and what is understood."""

    name: DialectName
    shapes: tuple[tuple[Stage, Reshaped], ...] = ()
    refuses_with_200: bool = False
    understands_text_booleans: bool = False
    words: Mapping[int, str] | None = None
    differences: tuple[Difference, ...] = ()

    def refused(self, http_status: int, body: Body) -> tuple[int, Body]:
        """Return the HTTP status and the body of a refusal as this dialect has them."""
        status = 200 if self.refuses_with_200 and http_status < TROUBLE else http_status
        return status, self.localised(body)

    def localised(self, body: Body) -> Body:
        """Return a refusal with its message in the caller's language, where this dialect has one for its code."""
        code = body.get("status")
        words = (self.words or {}).get(code) if isinstance(code, int) else None
        return body if words is None or "message" not in body else {**body, "message": words}

    def understood(self, sent: Any, properties: Mapping[str, Any]) -> Any:
        """Return a JSON body with what this dialect understands put as the contract has it."""
        if not self.understands_text_booleans or not isinstance(sent, dict):
            return sent
        texts = {"true": True, "false": False}
        booleans = [name for name, schema in properties.items() if schema.get("type") == "boolean"]
        return {**sent, **{name: texts[sent[name]] for name in booleans if sent.get(name) in ("true", "false")}}


def one_task_id(body: Body) -> Body:
    """Return a submission of one video as its task_id alone; of several as the page has it, since none was seen."""
    task_ids = body["data"]["task_ids"]
    return {**body, "data": {"task_id": task_ids[0]}} if len(task_ids) == 1 else body


def one_waiting_task(body: Body) -> Body:
    """Return a submission of one video as some pages print it; of several as the other pages have it."""
    told = one_task_id(body)
    return told if told is body else {**told, "data": {**told["data"], "task_status": "waiting"}}


def said_to_succeed(body: Body) -> Body:
    """Return a success that says so in one more way, and in Chinese."""
    return {**body, "message": CHINESE[0], "success": True}


SEEN = (
    Difference(
        "A submission of one video is told as `task_id` alone, with `success: true`.",
        "koko1056-inv/influencer-ai, commit abc7670 of 2026-03-26, which mends its client for it; a second client "
        "reads `task_id` and `success` only, a third looks at `task_id` first (third party). Several videos at once: "
        "nobody has reported that, so the page's shape stays (our guess).",
    ),
    Difference(
        "Every refusal comes with HTTP 200, and its code in the body.",
        "A client in production raises for the HTTP status before it reads 1001, 6001 and 6002, so it met them with "
        "2xx; the official library reads a 1002 where the HTTP status is not 400 (inference from two sources). That "
        "it holds for a wrong key as well is our guess.",
    ),
    Difference(
        "Booleans are taken as the texts `true` and `false` too.",
        "Two clients send `generate_audio` so in production (third party).",
    ),
    Difference(
        "Status words are lower-case, in webhooks too, whatever `webhook_words` says.",
        "Every client that compares exact strings compares with waiting, processing, succeed and failed; SUCCESS "
        "and PENDING stand in prose and examples only (inference). The page dialect takes the page's own enumeration, "
        "which is lower-case as well; its webhooks follow `webhook_words`.",
    ),
    Difference(
        "Messages are Chinese where there is one for the code.",
        'The documentation calls `message` a "multi-language message" (official); 1001 and 6001 were read in Chinese '
        "(third party). The other sentences are translations of ours.",
    ),
)
DIALECTS: dict[DialectName, Dialect] = {
    "page": Dialect("page"),
    "seen": Dialect(
        "seen",
        shapes=(
            ("submit", Reshaped(one_task_id, family="submission")),
            ("any", Reshaped(said_to_succeed, family="envelope")),
        ),
        refuses_with_200=True,
        understands_text_booleans=True,
        words=CHINESE,
        differences=SEEN,
    ),
}
