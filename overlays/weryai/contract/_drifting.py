"""What the answers of a run hold that the contract does not know, counted; by the walker that users have as well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from weryai import Drift
from weryai._flow.effects import Reply
from weryai._protocol.drift import find_drifts
from weryai.contract._coverage import places_in
from weryai.contract._reading import (
    CONTRACT,
    breaches,
    described,
    described_json,
    operation,
    parts_of,
    resolve,
    says,
    snake_case,
)
from weryai.contract._record import Exchange

# What every server and every gateway may send.
USUAL_HEADERS = {
    "allow", "alt-svc", "cache-control", "connection", "content-encoding", "content-length", "content-type", "date",
    "etag", "expires", "keep-alive", "last-modified", "location", "pragma", "server", "strict-transport-security",
    "transfer-encoding", "vary", "via",
}  # fmt: skip
# Of web pages, and of the emulator's own.
OTHERS = ("access-control-", "x-emulator-")


# Where the registry names what requests may hold, and the list of the contract that has the known ones.
REGISTRY_WORDS = {"model_key": "KnownModel", "aspect_ratios": "KnownAspectRatio", "resolutions": "KnownResolution"}
# What the contract says of its own example of a model: flags that no source has shown.
ILLUSTRATIVE = ("support_multiple_images", "support_first_last_frame", "upload_image_limit")
# Other names that the contract knows for the same.
SPELLINGS = (
    {"msg", "message", "desc"}, {"task_id", "task_ids"},
    {"videos", "video", "video_url", "video_urls", "output", "task_result"},
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """What an answer has otherwise than the contract says, and the client's walker does not tell."""

    kind: str
    operation: str
    http_status: int
    pointer: str
    value: str

    @property
    def identity(self) -> tuple[str, ...]:
        value = self.value if self.kind in ("content type", "word", "missing field") else ""
        return self.kind, self.operation, str(self.http_status), self.pointer, value


def head_drifts(exchange: Exchange) -> Iterator[Difference]:
    one, status = exchange.operation, exchange.http_status
    if one is None or status >= 500:
        return  # A gateway's own answer says nothing about the API.
    answer = described(one, status)
    media_type = exchange.answer_headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in answer.get("content", {}):
        yield Difference("content type", one.name, status, "content-type", media_type or "none")
    known = {name.lower() for name in answer.get("headers", {})} | USUAL_HEADERS
    for name, value in exchange.answer_headers.items():
        if name.lower() not in known and not name.lower().startswith(OTHERS):
            yield Difference("header", one.name, status, name.lower(), value[:80])


def body_drifts(exchange: Exchange) -> Iterator[Difference]:
    """Compare a body with the strict contract, and the registry with the words that it knows."""
    one, status, body = exchange.operation, exchange.http_status, exchange.said
    if one is None or status >= 500 or not isinstance(body, dict):
        return
    if says(body) is False:
        if 200 <= status < 300 and body.get("data") not in (None, {}, [], ""):
            yield Difference("data of a refusal", one.name, status, "/data", json.dumps(body["data"])[:80])
        return
    schema = described_json(one, status).get("schema")
    if schema is not None and not exchange.breaches:
        for pointer, message in breaches(schema, body, strict=True):
            yield Difference("against the strict contract", one.name, status, pointer, message[:80])
    if one.name == "listVideoModels":
        yield from (Difference("word", one.name, status, *found) for found in _new_words(body))


def _new_words(body: Any) -> Iterator[tuple[str, str]]:
    for place, part in parts_of(body):
        name = place.rpartition("/")[2]
        if name in REGISTRY_WORDS:
            known = CONTRACT["components"]["schemas"][REGISTRY_WORDS[name]]["enum"]
            words = part if isinstance(part, list) else [part]
            yield from ((place, word) for word in words if isinstance(word, str) and word not in known)


def missing_fields(exchanges: Iterable[Exchange]) -> Iterator[Difference]:
    """Say what every example of a success has, and no answer: of each operation, status and task state.

    Where an answer has no object, nothing in it is missing; another spelling will do.
    """
    met: dict[tuple[str, int, str], set[str]] = {}
    objects: dict[tuple[str, int, str], set[str]] = {}
    for exchange in exchanges:
        body = exchange.said
        if exchange.operation is not None and 200 <= exchange.http_status < 300 and says(body) is not False:
            key = exchange.operation.name, exchange.http_status, _state_of(body)
            met.setdefault(key, set()).update(places_in(body))
            objects.setdefault(key, set()).update(place for place, part in parts_of(body) if isinstance(part, dict))
    for (name, status, state), places in met.items():
        examples = described_json(operation(name), status).get("examples", {})
        values = [resolve(example)["value"] for example in examples.values()]
        shown = [places_in(_filled(value)) for value in values if says(value) and _state_of(value) == state]
        new = places.difference(*shown)
        for place in sorted(set.intersection(*shown) - places) if shown else ():
            above, _, word = place.rpartition("/")
            spelt = {f"{above}/{other}" for group in SPELLINGS if word in group for other in group}
            if above in objects[name, status, state] and not spelt & new and word not in ILLUSTRATIVE:
                yield Difference("missing field", name, status, place, state and f"of a task: {state}")


def gone_models(exchanges: Iterable[Exchange]) -> Iterator[Difference]:
    """Say which models of the contract's snapshot no answer lists any more: of each kind that some answer has."""
    one = operation("listVideoModels")
    listed: dict[str, set[str]] = {}
    for exchange in exchanges:
        body = exchange.said
        if exchange.operation == one and exchange.http_status == 200 and says(body) is not False:
            for kind, models in _registry_of(body):
                listed.setdefault(kind, set()).update(models)
    for kind, models in _registry_of({"data": one.spec["x-snapshot"]}):
        gone = [name for name in models if kind in listed and name not in listed[kind]]
        if gone:
            yield Difference("model gone", one.name, 200, f"/data/{kind}/*/model_key", ", ".join(gone))


def _registry_of(body: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield each kind of work that a registry has a list for, with the keys of its models."""
    data = body.get("data") if isinstance(body, dict) else None
    for kind, rows in data.items() if isinstance(data, dict) else ():
        if isinstance(rows, list):
            yield kind, [str(row.get("model_key")) for row in rows if isinstance(row, dict)]


def _filled(value: Any) -> Any:
    """Leave out what is empty: an example's empty list shows nothing that must be there."""
    if isinstance(value, list):
        return [_filled(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {name: _filled(part) for name, part in value.items() if part not in (None, [], {})}


def _state_of(body: Any) -> str:
    """Return the state of the first task in an answer; nothing if there is none."""
    states = [part.get("task_status") for _, part in parts_of(body) if isinstance(part, dict)]
    return next((state.strip().lower() for state in states if isinstance(state, str) and state.strip()), "")


@dataclass
class DriftCount:
    """One kind of drift: how many answers had it, which parts of the suite met it, and the first sample."""

    drift: Drift | Difference
    count: int = 0
    met_by: set[str] = field(default_factory=set)
    sample: Exchange | None = None

    def as_json(self) -> dict[str, object]:
        drift = self.drift
        where = {"operation": drift.operation, "http_status": drift.http_status}
        return {**where, "count": self.count, "sample": drift.value}


def count_drift(exchanges: Iterable[Exchange], *, is_mock: bool = False) -> list[Place]:
    """Return the drift of all answers by place; a mock has no registry of its own."""
    counts: dict[tuple[str, ...], DriftCount] = {}
    known = [exchange for exchange in exchanges if exchange.operation is not None]
    for exchange in known:
        for drift in _drifts(exchange):
            entry = counts.setdefault(drift.identity, DriftCount(drift))
            entry.count += 1
            entry.met_by.add(exchange.who)
            entry.sample = entry.sample or exchange
    for missing in (*missing_fields(known), *(() if is_mock else gone_models(known))):
        alike = [one for one in known if one.operation and one.operation.name == missing.operation]
        of = [one for one in alike if one.http_status == missing.http_status]
        counts[missing.identity] = DriftCount(missing, len(of), {one.who for one in of}, of[0])
    return _by_pointer(counts[one] for one in sorted(counts, key=lambda it: (it[1], it[2], it[3], it[0], it[4])))


def _drifts(exchange: Exchange) -> Iterator[Drift | Difference]:
    """What one answer tells, each place once; what breaks the contract is for the checks to tell."""
    name = snake_case(exchange.operation.name) if exchange.operation else ""
    broken, body = {pointer for pointer, _ in exchange.breaches}, json.dumps(exchange.said).encode()
    own = {drift.identity: drift for drift in body_drifts(exchange) if drift.pointer not in broken}
    whole = tuple(f"{drift.pointer}/" for drift in own.values() if drift.kind == "data of a refusal")
    found = [
        drift
        for drift in find_drifts(name, Reply(exchange.http_status, exchange.answer_headers, body))
        if not (drift.kind == "type" and drift.pointer in broken) and not drift.pointer.startswith(whole)
    ]
    yield from found
    yield from head_drifts(exchange)
    told = {drift.pointer for drift in found}
    yield from (drift for drift in own.values() if drift.kind == "word" or drift.pointer not in told)


@dataclass
class Place:
    """The same at the same place, told once with the operations and statuses that have it."""

    kind: str
    pointer: str
    counts: list[DriftCount]

    @property
    def count(self) -> int:
        return sum(one.count for one in self.counts)

    @property
    def where(self) -> str:
        grouped: dict[str, list[str]] = {}
        for one in self.counts:
            grouped.setdefault(str(one.drift.http_status), []).append(one.drift.operation)
        return "; ".join(f"HTTP {status}: {', '.join(dict.fromkeys(names))}" for status, names in grouped.items())

    @property
    def met_by(self) -> list[str]:
        return sorted({who for one in self.counts for who in one.met_by})

    @property
    def sample(self) -> Exchange | None:
        return self.counts[0].sample

    @property
    def value(self) -> str:
        return self.counts[0].drift.value

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.counts[0].drift.kind,
            "pointer": self.pointer,
            "count": self.count,
            "sample": self.value,
            "met_by": self.met_by,
            "operations": [one.as_json() for one in self.counts],
        }

    def __str__(self) -> str:
        what = f"{self.kind} {self.pointer}".strip()
        return f"{what}: {self.value} ({self.count} times; {self.where})"


def _by_pointer(counts: Iterable[DriftCount]) -> list[Place]:
    """Group by place; what stands there counts only where it is a word, a code or a status."""
    grouped: dict[tuple[str, str, str], Place] = {}
    for one in counts:
        kind, *_, value = one.drift.identity
        status = str(one.drift.http_status) if kind == "http_status" else ""
        kind = kind.replace("http_", "HTTP ")
        place = grouped.setdefault((kind, one.drift.pointer, value + status), Place(kind, one.drift.pointer, []))
        place.counts.append(one)
    return list(grouped.values())
