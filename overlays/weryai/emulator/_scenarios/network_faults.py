"""Scenarios of the way between: late responses, broken connections, downloads that lose their end, stray deliveries."""

from __future__ import annotations

from weryai.emulator._scenarios.effects import Broken, Delivered, Headed, Late, Scenario

MISHAPS = (
    Scenario("slow", "The response comes late.", "any", Late()),
    Scenario("reset-before", "The connection is reset, and nothing was done.", "any", Broken("reset", before=True)),
    Scenario("close-before", "The connection ends, and nothing was done.", "any", Broken("close", before=True)),
    Scenario("reset-after", "The request is done and paid for, then the connection is reset.", "any", Broken("reset")),
    Scenario("close-after", "The request is done and paid for, then the connection ends.", "any", Broken("close")),
    Scenario("cut-reply", "The request is done and paid for, and half of the response arrives.", "any", Broken("half")),
    Scenario("download-cut", "Half of the video arrives.", "download", Broken("half")),
    Scenario("download-reset", "The connection is reset instead of the video.", "download", Broken("reset")),
    Scenario("download-wrong-length", "The video is shorter than announced.", "download", Broken("longer")),
    Scenario(
        "download-wrong-type",
        "The video is said to be an image.",
        "download",
        Headed({"content-type": "image/png"}),
    ),
    Scenario("webhook-never", "The end is never told.", "webhook", Delivered(copies=0)),
    Scenario("webhook-twice", "The end is told twice.", "webhook", Delivered(copies=2)),
    Scenario(
        "webhook-out-of-order",
        "The end is told, and after it that the task is being processed.",
        "webhook",
        Delivered(stale=True),
    ),
    Scenario(
        "webhook-uppercase",
        "The end is told as SUCCESS or FAILED.",
        "webhook",
        Delivered(words={"succeed": "SUCCESS", "failed": "FAILED"}),
    ),
)
