"""What counts as exercised, and that whatever is not has a reason."""

import json
from typing import Any

import pytest

from weryai.contract._findings import (
    ANYWHERE,
    LIVE,
    REASONS,
    Item,
    Reason,
    everything,
    exercised,
    explaining,
    unexplained,
)
from weryai.contract._reading import CONTRACT, operation, operations, validator
from weryai.contract._record import Checks, Exchange, Secret
from weryai.contract._report import Run

I2V = operation("submitImageToVideo")
ORDER = {"model": "SORA_2", "prompt": "wave", "image": "https://e.com/p.jpg", "duration": 5}
GOOD_URI = "https://e.com"


def ordered(changes: dict[str, Any], *without: str) -> set[tuple[str, str]]:
    """What an order with some changes exercises, by kind."""
    body = {name: value for name, value in {**ORDER, **changes}.items() if name not in without}
    sent = Exchange(
        "t", "POST", f"https://e.com{I2V.path}", "application/json", json.dumps(body).encode(), 200, {}, b"{}"
    )
    return {(item.kind, item.what) for item in exercised([sent])}


KEYWORDS: list[tuple[dict[str, Any], tuple[str, ...], str, str | None]] = [
    ({}, (), "/prompt required", "kept"),
    ({}, ("prompt",), "/prompt required", "broken"),
    ({"prompt": "x"}, (), "/prompt minLength", "kept"),
    ({"prompt": "xx"}, (), "/prompt minLength", None),
    ({"prompt": ""}, (), "/prompt minLength", "broken"),
    ({"prompt": "x" * 2000}, (), "/prompt maxLength", "kept"),
    ({"prompt": "x" * 1999}, (), "/prompt maxLength", None),
    ({"prompt": "x" * 2001}, (), "/prompt maxLength", "broken"),
    ({"prompt": 5}, (), "/prompt maxLength", None),
    ({"prompt": 5}, (), "/prompt type", "broken"),
    ({"duration": 1}, (), "/duration minimum", "kept"),
    ({"duration": 0}, (), "/duration minimum", "broken"),
    ({"duration": 2}, (), "/duration minimum", None),
    ({"duration": True}, (), "/duration minimum", None),
    ({"video_number": 4}, (), "/video_number maximum", "kept"),
    ({"video_number": 5}, (), "/video_number maximum", "broken"),
    ({"image": GOOD_URI}, (), "/image format", "kept"),
    ({"image": "https://e.com/a b"}, (), "/image format", "broken"),
    ({"image": "ftp://e.com"}, (), "/image pattern", "broken"),
    ({"model": "SORA_2"}, (), "/model known words", "kept"),
    ({"model": "MINE"}, (), "/model known words", "broken"),
    ({"generate_audio": "true"}, (), "/generate_audio type", "broken"),
    ({}, (), "/ additionalProperties", "kept"),
    ({"seed": 1}, (), "/ additionalProperties", "broken"),
    ({}, (), "/seed type", None),
]


@pytest.mark.parametrize(("changes", "without", "what", "outcome"), KEYWORDS)
def test_a_keyword_is_kept_at_its_boundary_or_broken(
    changes: dict[str, Any], without: tuple[str, ...], what: str, outcome: str | None
) -> None:
    """A limit counts as kept exactly at it and as broken beyond it; a value of another type says nothing."""
    seen = {kind for kind, name in ordered(changes, *without) if name == what and kind.startswith("keyword")}
    assert seen == ({f"keyword {outcome}"} if outcome else set())


def test_items_of_an_array_count() -> None:
    """The limits of an array, and those of what it holds, are counted for the array."""
    body = {**ORDER, "images": [GOOD_URI] * 3}
    path = operation("submitMultiImageToVideo").path
    sent = Exchange("t", "POST", f"https://e.com{path}", "application/json", json.dumps(body).encode(), 400, {}, b"{}")
    seen = {(item.kind, item.what) for item in exercised([sent])}
    assert {("keyword kept", "/images maxItems"), ("keyword kept", "/images items format")} <= seen
    assert ("keyword kept", "/images minItems") not in seen


def test_answers_count_by_status_and_field() -> None:
    """A field counts under the status that it came with, one that is not listed under the default."""
    body = {"status": 0, "data": {"videos": [{"url": "x"}], "unknown": 1}}
    found = set()
    for status in (200, 418):
        content = json.dumps(body).encode()
        sent = Exchange("t", "GET", "https://e.com/v1/generation/t1/status", "", b"", status, {}, content)
        found |= set(exercised([sent]))
    statuses = {item.what for item in found if item.kind == "status"}
    fields = {item.what for item in found if item.kind == "response field"}
    assert statuses == {"200", "default"}
    assert {"200 /status", "200 /data/videos/*/url", "default /status"} <= fields


def test_what_is_no_request_of_the_contract_counts_for_nothing() -> None:
    """Another path, another method and a body that cannot be read exercise nothing of a request."""
    other = Exchange("t", "PUT", f"https://e.com{I2V.path}", "application/json", b"{}", 405, {}, b"{}")
    assert exercised([other]) == {}
    broken = Exchange("t", "POST", f"https://e.com{I2V.path}", "application/json", b"{", 400, {}, b"{}")
    assert not [item for item in exercised([broken]) if item.kind.startswith(("keyword", "request"))]


def test_every_constraint_of_the_contract_is_an_item() -> None:
    """Read anew from the schemas: each limiting keyword of each field of a request is counted, kept and broken."""
    whats = {item.what for item in everything() if item.operation == I2V.name and item.kind == "keyword broken"}
    for name, field in CONTRACT["components"]["schemas"]["ImageToVideoRequest"]["properties"].items():
        for word in ("minLength", "maxLength", "minimum", "maximum", "pattern", "type"):
            assert (f"/{name} {word}" in whats) == (word in field or word in field.get("anyOf", [{}])[-1]), (name, word)
    assert {item.operation for item in everything()} == {one.name for one in operations()}
    assert validator({"type": "integer"}).is_valid(5.0)


def test_a_gap_without_a_reason_is_told() -> None:
    """So is a reason that has nothing left to explain."""
    gap = Item("status", "getBalance", "429")
    rule = Reason("status", "getBalance", "429", "because")
    assert unexplained([gap], [rule]) == []
    assert "no reason says why" in unexplained([gap], [])[0]
    assert "stale reason" in unexplained([], [rule])[0]
    assert "no reason says why" in unexplained([gap, Item("status", "getBalance", "4290")], [rule])[0]


def test_every_reason_explains_something_of_the_contract() -> None:
    """No reason is about something that the contract does not have."""
    for reasons in (REASONS, ANYWHERE, LIVE):
        assert [one for one in reasons if not any(map(one.explains, everything()))] == []
        assert [one for one in reasons if not one.why] == []


def test_a_live_run_is_counted_net_of_what_it_cannot_reach() -> None:
    """What would cost a credit, or needs a task of its own, has a reason; a balance that nobody has seen has none."""
    why = explaining(LIVE)
    assert why(Item("status", "submitImageToVideo", "200")) and why(Item("keyword kept", "uploadFile", "/file type"))
    assert why(Item("response field", "getTaskStatus", "200 /data/videos"))
    for item in (Item("status", "getBalance", "200"), Item("response field", "getBalance", "200 /data")):
        assert item in everything() and not why(item)
    assert not why(Item("status", "submitImageToVideo", "401"))
    only = explaining(LIVE, frozenset({"getBalance"}))
    assert "--only" in only(Item("status", "listVideoModels", "200"))
    run = Run("https://e.com", "live set", "today", 1.0, [], Checks(Secret("sk-secret-0123456789")), [], why=why)
    met, of, explained = run.shares["responses"]
    assert met == 0 < of and explained > 0


def test_another_service_is_not_excused_by_the_emulator() -> None:
    """A spelling that the emulator does not speak has a reason there, and none at another service."""
    spelling = Item("response field", "getBalance", "200 /msg")
    assert explaining(REASONS)(spelling) and not explaining(ANYWHERE)(spelling)
