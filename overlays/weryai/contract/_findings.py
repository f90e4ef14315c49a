"""What the answers of a run show: what of the contract was exercised, why the rest was not, and what it does not know.

Against the emulator a part without a reason fails the run, and so does a reason that no longer explains anything. Drift
is counted by the walker that users have as well.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from weryai import Drift
from weryai._flow.effects import Reply
from weryai._protocol.drift import find_drifts
from weryai.contract._reading import (
    CONTRACT,
    Operation,
    breaches,
    described,
    described_json,
    form_fields,
    operation,
    operations,
    parts_of,
    resolve,
    says,
    snake_case,
    validator,
)
from weryai.contract._record import Exchange

KINDS = ("operation", "request field", "keyword kept", "keyword broken", "status", "response field")
_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")
_JUDGED = ("pattern", "format", "type", "enum")


@dataclass(frozen=True, order=True)
class Item:
    kind: str
    operation: str
    what: str


def exercised(exchanges: Iterable[Exchange]) -> Counter[Item]:
    seen: Counter[Item] = Counter()
    for exchange in exchanges:
        if exchange.operation is not None:
            seen.update(set(_of_exchange(exchange.operation, exchange)))
    return seen


def everything() -> list[Item]:
    return sorted({item for one in operations() for item in _of_operation(one)})


def _of_operation(one: Operation) -> Iterator[Item]:
    yield Item("operation", one.name, "")
    for place, schema, is_required in _inputs(one):
        yield Item("request field", one.name, place)
        for word in _keywords(schema, is_required=is_required):
            yield from (Item(kind, one.name, f"{place} {word}") for kind in ("keyword kept", "keyword broken"))
    if "requestBody" in one.spec:
        yield from (Item(kind, one.name, "/ additionalProperties") for kind in ("keyword kept", "keyword broken"))
    for status, answer in one.spec["responses"].items():
        yield Item("status", one.name, status)
        schema = resolve(answer)["content"]["application/json"]["schema"]
        yield from (Item("response field", one.name, f"{status} {place}") for place in fields_of(schema))


def _of_exchange(one: Operation, exchange: Exchange) -> Iterator[Item]:
    yield Item("operation", one.name, "")
    status = str(exchange.http_status)
    status = status if status in one.spec["responses"] else "default"
    yield Item("status", one.name, status)
    yield from (Item("response field", one.name, f"{status} {place}") for place in places_in(exchange.said))
    sent = _sent(one, exchange)
    if sent is None:
        return
    for place, schema, is_required in _inputs(one):
        name = place[1:]
        is_there = name in sent
        if is_there:
            yield Item("request field", one.name, place)
        for word in _keywords(schema, is_required=is_required):
            outcome = is_there if word == "required" else is_there and _outcome(schema, word, sent[name])
            if outcome is not None and (is_there or word == "required"):
                yield Item("keyword kept" if outcome else "keyword broken", one.name, f"{place} {word}")
    if "requestBody" in one.spec:
        known = {place[1:] for place, *_ in _inputs(one)}
        yield Item("keyword kept" if set(sent) <= known else "keyword broken", one.name, "/ additionalProperties")


def _inputs(one: Operation) -> Iterator[tuple[str, dict[str, Any], bool]]:
    for parameter in map(resolve, one.spec.get("parameters", [])):
        yield f"/{parameter['name']}", parameter["schema"], False
    for content in one.spec.get("requestBody", {}).get("content", {}).values():
        schema = resolve(content["schema"])
        for name, value in schema["properties"].items():
            yield f"/{name}", value, name in schema.get("required", [])


def _keywords(schema: dict[str, Any], *, is_required: bool) -> Iterator[str]:
    """The constraints of an input and of an array's items; of an open list of words those of the last choice."""
    if is_required:
        yield "required"
    narrowed = schema["anyOf"][-1] if "anyOf" in schema else schema
    for word in (*_SIZES, *_JUDGED):
        if word in narrowed and narrowed.get(word) != "binary" and not (word == "format" and narrowed[word] == "int64"):
            yield word
    for word in (*_SIZES, *_JUDGED) if "items" in narrowed else ():
        if word in narrowed["items"]:
            yield f"items {word}"
    if "anyOf" in schema:
        yield "known words"


def _outcome(schema: dict[str, Any], word: str, value: Any) -> bool | None:
    """Whether a value keeps a constraint (a size: just so), breaks it, or says nothing about it."""
    if word == "known words":
        return value in resolve(schema["anyOf"][0])["enum"] if isinstance(value, str) else None
    narrowed = schema["anyOf"][-1] if "anyOf" in schema else schema
    if word.startswith("items "):
        if not isinstance(value, list) or not value:
            return None
        each = [_outcome(narrowed["items"], word.removeprefix("items "), item) for item in value]
        return None if None in each and False not in each else False not in each
    if word != "type" and not validator({"type": narrowed["type"]}).is_valid(value):
        return None
    is_kept = bool(validator({word: narrowed[word]}).is_valid(value))
    if not is_kept or word not in _SIZES:
        return is_kept
    size = len(value) if isinstance(value, list | str) else value
    return True if size == narrowed[word] else None


def _sent(one: Operation, exchange: Exchange) -> dict[str, Any] | None:
    """The inputs of a request; None if they cannot be read, so that they say nothing."""
    sent: dict[str, Any] = dict(exchange.path_parameters)
    if "requestBody" not in one.spec:
        return sent
    media_type = next(iter(one.spec["requestBody"]["content"]))
    if exchange.content_type.partition(";")[0] != media_type:
        return None
    try:
        if media_type == "application/json":
            body = json.loads(exchange.body)
        else:
            body = form_fields(exchange.content_type, exchange.body)
    except (ValueError, RecursionError):
        return None
    return {**sent, **body} if isinstance(body, dict) else None


def fields_of(schema: dict[str, Any], place: str = "", above: tuple[int, ...] = ()) -> Iterator[str]:
    """Every named place of a schema, as JSON pointers with `*` for the places of an array."""
    resolved = resolve(schema)
    if id(schema) in above:
        return
    above = (*above, id(schema))
    for option in resolved.get("anyOf", ()):
        yield from fields_of(option, place, above)
    for name, value in resolved.get("properties", {}).items():
        yield f"{place}/{name}"
        yield from fields_of(value, f"{place}/{name}", above)
    if "items" in resolved:
        yield from fields_of(resolved["items"], f"{place}/*", above)


def places_in(value: Any) -> set[str]:
    """Return every named place of a JSON value, in the same spelling."""
    return {place for place, _ in parts_of(value) if place and not place.endswith("/*")}


@dataclass(frozen=True)
class Reason:
    """Why items of a kind are not exercised; operation and what are regular expressions."""

    kind: str
    operation: str
    what: str
    why: str

    def explains(self, item: Item) -> bool:
        is_meant = re.fullmatch(self.operation, item.operation) and re.fullmatch(self.what, item.what)
        return item.kind == self.kind and is_meant is not None


_NO_FAULTS = "the emulator fails only when a scenario tells it to, and this run asks for none"
_BY_200 = "the emulator says it with HTTP 200, as the service is reported to"
_ONE_SPELLING = "the emulator speaks as the endpoint's page does; every other spelling is proved without a network"
_OTHER_PRODUCTS = "a field of products that the contract has no operation for"
_NO_FAILURES = "no task of the emulator fails unless a scenario says so"
_NOT_LISTED = "no source tells it of any model in the contract's copy of the registry"
_TEXT = "what stands in a path or a form is always text, and never empty in a path"

_STATUS = "get(Task|Batch)Status"

REASONS = [
    Reason("status", ".*", "429|500|504|default", _NO_FAULTS),
    Reason("response field", ".*", "(429|500|504|default) .*", _NO_FAULTS),
    Reason("status", _STATUS, "404", _BY_200),
    Reason("response field", _STATUS, "404 .*", _BY_200),
    Reason("keyword broken", _STATUS, "/(task|batch)Id (type|minLength)", _TEXT),
    Reason("keyword broken", "uploadFile", "/(file|batch_no|fixed) type", _TEXT),
    Reason("response field", ".*", "[0-9]+ /(msg|success|desc|message)", _ONE_SPELLING),
    Reason("response field", "submit.*", "200 /data/(task_id|task_status)", _ONE_SPELLING),
    Reason("response field", "getBalance", "200 /data/balance", _ONE_SPELLING),
    Reason("response field", "getTaskStatus", r"200 /data/\*/.*", _ONE_SPELLING),
    Reason("response field", "getBatchStatus", r"200 /data/(?!\*).*", _ONE_SPELLING),
    Reason("response field", _STATUS, r"200 /data/(\*/)?(output|task_result|video|video_url|videos/).*", _ONE_SPELLING),
    Reason("response field", _STATUS, r"200 /data/(\*/)?msg", _NO_FAILURES),
    Reason("response field", _STATUS, r"200 /data/(\*/)?(images|cover_url|content_status).*", _OTHER_PRODUCTS),
    Reason("response field", "listVideoModels", "200 /data/.*", _NOT_LISTED),
]


_RARE = "a service refuses for its load, or fails, only when it does; no run makes it"
_ONE_EXAMPLE = "the live set sends the contract's first example of each operation, and nothing at its limits"
_NOTHING_WRONG = "the live set sends nothing that breaks the contract"
_NO_ORDER = "no order of the live set may be accepted: it is refused for its key, before anything else is looked at"
_NO_TASK = "the live set has no task of its own to look at"
_AS_IT_SHOULD = "the live set asks as the contract says, and for ids that nobody has"
_ORDERS = "submit.*|uploadFile"
# At any service: what no run can make it do.
ANYWHERE = [
    Reason("status", ".*", "429|500|504|default", _RARE),
    Reason("response field", ".*", "(429|500|504|default) .*", _RARE),
    Reason("keyword broken", _STATUS, "/(task|batch)Id (type|minLength)", _TEXT),
    Reason("keyword broken", "uploadFile", "/(file|batch_no|fixed) type", _TEXT),
]
# What the live set cannot reach without spending a credit.
LIVE = [
    *ANYWHERE,
    Reason("request field", _ORDERS, ".*", _ONE_EXAMPLE),
    Reason("keyword kept", ".*", ".*", _ONE_EXAMPLE),
    Reason("keyword broken", ".*", ".*", _NOTHING_WRONG),
    Reason("status", _ORDERS, "(?!40[13]).*", _NO_ORDER),
    Reason("response field", _ORDERS, "(?!40[13] ).*", _NO_ORDER),
    Reason("response field", _STATUS, "200 /data/.*", _NO_TASK),
    Reason("status", "(get|list).*", "400", _AS_IT_SHOULD),
    Reason("response field", "(get|list).*", "400 .*", _AS_IT_SHOULD),
]


def unexplained(items: Iterable[Item], reasons: Iterable[Reason] = tuple(REASONS)) -> list[str]:
    """Say which items have no reason, and which reasons have no item."""
    missing, known = list(items), list(reasons)
    bare = [item for item in missing if not any(reason.explains(item) for reason in known)]
    stale = [reason for reason in known if not any(map(reason.explains, missing))]
    return [
        *(f"{item.kind}: {item.operation} {item.what} is not exercised, and no reason says why" for item in bare),
        *(
            f"stale reason: {one.kind}: {one.operation} {one.what}: everything it explains is exercised"
            for one in stale
        ),
    ]


def explaining(reasons: Iterable[Reason], only: frozenset[str] = frozenset()) -> Callable[[Item], str]:
    known = list(reasons)

    def why(item: Item) -> str:
        if only and item.operation not in only:
            return "another operation was asked for with --only"
        return next((reason.why for reason in known if reason.explains(item)), "")

    return why


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
