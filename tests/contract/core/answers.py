"""Answers: judged by the document, and made as requests, because generators make bodies of requests alone."""

from collections.abc import Mapping
from typing import Any

from .document import Document, Operation, Schema, is_json, media
from .strict import Twins


def as_requests(schemas: Mapping[str, Schema], components: dict[str, Any]) -> dict[str, Any]:
    """Return a made-up document that takes each schema as the body of a POST to its path.

    Give it the strict twin's `components`: of "a task, or anything" a generator makes nothing at all.
    """
    paths = {
        path: {
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                "responses": {"200": {"description": "any"}},
            }
        }
        for path, schema in sorted(schemas.items())
    }
    head = {"openapi": "3.1.0", "info": {"title": "Answers", "version": "1"}}
    return {**head, "paths": paths, "components": {"schemas": components.get("schemas", {})}}


class Answers:
    """Judges answers by a document."""

    def __init__(self, raw: dict[str, Any]) -> None:
        """Take the document as a dictionary."""
        self._document, self._twins = Document(raw), Twins(raw)

    def problems(self, one: Operation, status: int, media_type: str, body: Any, *, strict: bool = False) -> list[str]:
        """Return what is wrong with an answer: status, media type, body.

        `body` is the parsed value of JSON, else text or bytes; nothing at all is None, an empty text or no bytes.
        `strict`: what only the strict twin refuses is wrong too. Use it where you know the service, as of a fake.
        """
        described = self._document.answer(one, status)
        if described is None:
            return [f"HTTP {status} is not documented"]
        if not described:
            return [] if body in (None, "", b"") else [f"HTTP {status} has a body, and none is documented"]
        schema = media(described, media_type)
        if schema is None:
            return [f"HTTP {status} is {media_type or 'of no type'}, documented are {', '.join(described)}"]
        if not is_json(media_type):
            return []
        return self._twins.failures(schema, body) or (self._twins.drift(schema, body) if strict else [])
