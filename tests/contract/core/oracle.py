"""Judges a request on the wire by a document alone: nothing of a client is used.

An API says what no document can be asked for: how a key is shown (`keys`), which headers its HTTP library adds, and
readers of media types and styles that are not known here.
"""

import email
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit

import httpx

from .document import Document, Operation, Parameter, Schema, is_json, media
from .keys import Credential
from .validators import Validators

#: Headers that an HTTP library and good manners add; documents do not name them.
USUAL_HEADERS = frozenset(
    {
        *("host", "accept", "accept-encoding", "connection", "user-agent", "authorization", "content-type"),
        *("content-length", "cache-control", "cookie", "transfer-encoding"),
    }
)
Reader = Callable[[httpx.Request, Schema], Any]
_BREAKS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def same(left: Any, right: Any) -> bool:
    """Say whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


class Oracle:
    """Judges requests by a document."""

    def __init__(
        self,
        raw: dict[str, Any],
        credential: Callable[[Operation], Credential],
        *,
        usual_headers: Collection[str] = USUAL_HEADERS,
        readers: Mapping[str, Reader] | None = None,
    ) -> None:
        """Take the document, and what each operation must show; `readers` read media types that are not known here."""
        self.document = Document(raw)
        self._validators = Validators(raw)
        self._credential, self._usual, self._readers = credential, usual_headers, dict(readers or {})
        self._last: tuple[bytes, Any] = (b"", None)

    def judge(self, request: httpx.Request) -> tuple[Operation | None, list[str]]:
        """Return the operation that a request is, and everything about it that the document does not allow."""
        one, _ = self.match(request)
        if one is None:
            return None, [f"{request.method} {request.url} is no operation of the contract"]
        shown = self._credential(one)
        problems = [
            *self._server_problems(request, one),
            *shown.problems(request),
            *self._parameter_problems(request, one, shown.places),
            *self._body_problems(request, one),
        ]
        return one, [f"{one.name}: {problem}" for problem in problems]

    def match(self, request: httpx.Request) -> tuple[Operation | None, dict[str, str]]:
        """Return the operation that a request is by method and path, and the parameters in its path, unquoted."""
        one, raw = self.document.match(request.method, request.url.raw_path.decode().partition("?")[0])
        return one, {name: unquote(value) for name, value in raw.items()}

    def parameters(self, request: httpx.Request, one: Operation) -> dict[tuple[str, str], Any]:
        """Return every documented parameter that was sent, by its place and name, typed; raises ValueError."""
        found: dict[tuple[str, str], Any] = {}
        for parameter in self.document.parameters(one):
            if sent := list(self._sent(request, parameter)):
                found[parameter.where, parameter.name] = self._value(parameter, sent)
        return found

    def meanings(self, one: Operation, where: str, name: str, value: Any) -> list[Any]:
        """Return what a value of a case may mean for a parameter: itself, and what its text spells."""
        known = {(it.where, it.name): it for it in self.document.parameters(one)}
        if not isinstance(value, str) or (where, name) not in known:
            return [value]
        return [value, *(self._value(known[where, name], [(name, text)]) for text in (value, quote(value, safe="")))]

    def read_body(self, request: httpx.Request, one: Operation) -> Any:
        """Read a body by its media type; raises ValueError. A file counts as the word "file"."""
        media_type = request.headers.get("content-type", "")
        schema = media(self.document.bodies(one), media_type)
        named = media_type.partition(";")[0].strip().lower()
        if reader := self._readers.get(named):
            return reader(request, {} if schema is None else schema)
        if is_json(named):
            return _json(request.content)
        if named == "multipart/form-data":
            return self._form(request, {} if schema is None else schema)
        if named == "application/x-www-form-urlencoded":
            pairs = parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=bool(request.content))
            return self._fields({} if schema is None else schema, pairs)
        return request.content.decode() if named.startswith("text/") else "file"

    def typed(self, text: str, schema: Schema) -> Any:
        """Return what a text means where JSON is not spoken: the first reading that the schema takes.

        If it takes none, the reading of its type, so that the complaint is about the value; else the text.
        """
        readings: list[Any] = [{"true": True, "false": False, "null": None}[text]] if text in _WORDS else []
        if re.fullmatch(r"-?\d+", text, re.ASCII):
            readings.append(int(text))
        elif re.fullmatch(r"-?\d+\.?\d*([eE][+-]?\d+)?", text, re.ASCII):
            readings.append(float(text))
        readings.append(text)
        kinds = self._part(schema, "type") or []
        named = [kinds] if isinstance(kinds, str) else kinds
        meant = (it for it in readings if set(_KINDS[type(it)]) & set(named))
        return next((it for it in readings if not self._validators.errors(schema, it)), next(meant, text))

    def _server_problems(self, request: httpx.Request, one: Operation) -> Iterator[str]:
        server = self.document.server(one)
        wanted = urlsplit(server)
        sent, header = f"{request.url.scheme}://{request.url.netloc.decode()}", request.headers.get("host", "")
        if wanted.netloc and (sent, header) != (f"{wanted.scheme}://{wanted.netloc}", wanted.netloc):
            yield f"sent to {sent} (Host: {header}), not to {server}"
        if request.url.userinfo:
            yield "the URL has a user or a password in it"

    def _parameter_problems(
        self, request: httpx.Request, one: Operation, shown: Collection[tuple[str, str]]
    ) -> Iterator[str]:
        known = self.document.parameters(one)
        for it in known:
            sent = list(self._sent(request, it))
            if not sent and it.required:
                yield f"{it.where} parameter {it.name} is missing"
            if sent:
                try:
                    value = self._value(it, sent)
                except ValueError as error:
                    yield f"{it.where} parameter {it.name} cannot be read: {error}"
                    continue
                yield from (f"{it.where} parameter {it.name}{line}" for line in self._lines(it.schema, value))
        names = {(it.where, it.name.lower() if it.where == "header" else it.name) for it in known}
        objects = {it.name for it in known if it.style == "deepObject"}
        for name in sorted({unquote_plus(name) for name, _ in _query(request)}):
            known_here = {("query", name), ("query", name.lower())} & {*names, *shown}
            if not known_here and name.partition("[")[0] not in objects:
                yield f"query {name!r} is not documented"
        for name in sorted(set(request.headers) - set(self._usual)):
            if ("header", name) not in {*names, *shown}:
                yield f"header {name} is not documented"
        for name in SimpleCookie(request.headers.get("cookie", "")):
            if not {("cookie", name), ("cookie", name.lower())} & {*names, *shown}:
                yield f"cookie {name} is not documented"

    def _sent(self, request: httpx.Request, it: Parameter) -> Iterator[tuple[str, str]]:
        """Yield what was sent under a parameter's name, as it was spelt: name and value."""
        if it.where == "path":
            _, found = self.document.match(request.method, request.url.raw_path.decode().partition("?")[0])
            yield from ((name, value) for name, value in found.items() if name == it.name)
        elif it.where == "query":
            for raw_name, value in _query(request):
                name = unquote_plus(raw_name)
                if name == it.name or (it.style == "deepObject" and name.startswith(f"{it.name}[")):
                    yield name, value
        elif it.where == "header":
            yield from ((it.name, value) for value in request.headers.get_list(it.name))
        else:
            cookies = SimpleCookie(request.headers.get("cookie", ""))
            yield from ((name, one.value) for name, one in cookies.items() if name == it.name)

    def _value(self, it: Parameter, sent: list[tuple[str, str]]) -> Any:
        if it.style not in {*_BREAKS, "deepObject"}:
            raise ValueError(f"no reader for style {it.style}")
        read = unquote_plus if it.where == "query" else unquote if it.where == "path" else str
        if it.style == "deepObject":
            return self._fields(
                it.schema, [(name.partition("[")[2].removesuffix("]"), read(one)) for name, one in sent]
            )
        if it.media_type is None and self._is_array(it.schema):
            pieces = [one for _, one in sent]
            if not (it.explode and it.where in ("query", "cookie")):
                if len(pieces) > 1:
                    raise ValueError("it stands there more than once")
                pieces = _pieces(pieces[0], _BREAKS[it.style])
            items = self._part(it.schema, "items")
            return [self.typed(read(one).strip(), items) for one in pieces]
        if len(sent) > 1:
            raise ValueError("it stands there more than once")
        text = read(sent[0][1])
        return _json(text.encode()) if it.media_type and is_json(it.media_type) else self.typed(text, it.schema)

    def _body_problems(self, request: httpx.Request, one: Operation) -> list[str]:
        content_type, described = request.headers.get("content-type", ""), self.document.bodies(one)
        if not described:
            return ["a body was sent, the contract has none"] if request.content or content_type else []
        if not request.content and not content_type and not self.document.needs_body(one):
            return []
        schema = media(described, content_type)
        options = (part.strip().lower() for part in content_type.split(";")[1:])
        foreign = [it for it in options if it != "charset=utf-8" and not it.startswith("boundary=")]
        if schema is None or foreign:
            return [f"Content-Type is {content_type!r}, not {' or '.join(described)}"]
        try:
            body = self.read_body(request, one)
        except ValueError as error:
            return [f"the body cannot be read: {error}"]
        return [f"body{line}" for line in self._lines(schema, body)]

    def _lines(self, schema: Schema, value: Any) -> list[str]:
        return [
            f"{''.join(f'.{step}' for step in error.instance_path)}: {error.message}"
            for error in self._validators.errors(schema, value)
        ]

    def _part(self, schema: Schema, word: str) -> Any:
        """Return what stands under a word in a schema, or in the first of its alternatives that has it; else `{}`."""
        schema = self.document.resolve(schema)
        if not isinstance(schema, Mapping):
            return {}
        inner = (self._part(it, word) for choice in ("allOf", "anyOf", "oneOf") for it in schema.get(choice, ()))
        return schema[word] if word in schema else next((it for it in inner if it), {})

    def _is_array(self, schema: Schema) -> bool:
        kinds = self._part(schema, "type")
        return "array" in ([kinds] if isinstance(kinds, str) else list(kinds)) or bool(self._part(schema, "items"))

    def _fields(self, schema: Schema, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Read the fields of a form or an object by their types; a field that is a list may stand there often."""
        properties, fields = self._part(schema, "properties"), dict[str, Any]()
        for name, text in pairs:
            described = properties.get(name, {})
            if self._is_array(described):
                fields.setdefault(name, []).append(self.typed(text, self._part(described, "items")))
            elif name in fields:
                raise ValueError(f"field {name!r} stands there twice")
            else:
                fields[name] = self.typed(text, described)
        return fields

    def _form(self, request: httpx.Request, schema: Schema) -> dict[str, Any]:
        """Read a form; the last is remembered, because it is judged and then compared with what was meant."""
        message = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode() + request.content
        if self._last[0] == message:
            return dict(self._last[1])
        properties, fields = self._part(schema, "properties"), dict[str, Any]()
        for part in email.message_from_bytes(message).get_payload():
            name = part.get_param("name", header="content-disposition")
            content, described = part.get_payload(decode=True), properties.get(name, {})
            many = self._is_array(described)
            if not isinstance(name, str) or not isinstance(content, bytes) or (name in fields and not many):
                raise ValueError(f"part {name!r} is unnamed, or stands there twice")
            item = self._part(described, "items") if many else described
            value = _file(part) if is_file(self.document.resolve(item)) else self._of_part(part, content, item)
            fields[name] = [*fields.get(name, ()), value] if many else value
        self._last = message, fields
        return dict(fields)

    def _of_part(self, part: Any, content: bytes, schema: Schema) -> Any:
        return _json(content) if is_json(part.get_content_type()) else self.typed(content.decode(), schema)


_WORDS = ("true", "false", "null")
_KINDS: dict[type, tuple[str, ...]] = {
    bool: ("boolean",), int: ("integer", "number"), float: ("number",), str: ("string",), type(None): ("null",),
}  # fmt: skip


def is_file(schema: Schema) -> bool:
    """Whether a part of a form is a file."""
    binary = isinstance(schema, Mapping) and (schema.get("format") == "binary" or "contentMediaType" in schema)
    return bool(binary) and "contentEncoding" not in schema


def _file(part: Any) -> str:
    if not part.get_filename() or "content-type" not in part:
        raise ValueError("the file part lacks its filename or its Content-Type")
    return "file"


def _pieces(text: str, mark: str) -> list[str]:
    """Split a list at the marks between its items; where there are none, an encoded mark counts as one."""
    found = text.split("+" if mark == " " and "+" in text else mark)
    return found if len(found) > 1 else re.split(re.escape(quote(mark, safe="")), text, flags=re.IGNORECASE)


def _query(request: httpx.Request) -> list[tuple[str, str]]:
    """Return the query as it was spelt, in pairs."""
    pairs = (piece.partition("=") for piece in request.url.query.decode().split("&") if piece)
    return [(name, value) for name, _, value in pairs]


def _json(content: bytes) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a field stands there twice")
        return dict(pairs)

    return json.loads(content.decode("utf-8", errors="strict"), object_pairs_hook=unique, parse_constant=_refuse)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
