"""Answers made as requests: generators make bodies of requests alone, so each answer is given out as one."""

from collections.abc import Mapping
from typing import Any


def as_requests(schemas: Mapping[str, str], components: dict[str, Any]) -> dict[str, Any]:
    """Return a made-up document that takes each schema, by its reference, as the body of a POST to a path.

    Give it the strict twin's `components`: of "a task, or anything" a generator makes nothing at all.
    """
    paths = {
        path: {
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": schema}}}},
                "responses": {"200": {"description": "any"}},
            }
        }
        for schema, path in sorted(schemas.items())
    }
    head = {"openapi": "3.1.0", "info": {"title": "Answers", "version": "1"}}
    return {**head, "paths": paths, "components": {"schemas": components["schemas"]}}
