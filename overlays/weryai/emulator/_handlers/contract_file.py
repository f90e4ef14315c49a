"""The contract itself, with this emulator as its only server, for tools that read one from a URL."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from weryai.emulator._http.middleware import CONTRACT_PATH, home_of
from weryai.emulator._protocol.contract import path_prefix


def contract_route(contract: Mapping[str, Any]) -> Route:
    """Return the route of the contract; it needs no key."""

    async def give(request: Request) -> Response:
        return JSONResponse(served_from(contract, home_of(request)))

    return Route(CONTRACT_PATH, give)


def served_from(contract: Mapping[str, Any], home: str) -> dict[str, Any]:
    """Return a copy of the contract whose operations all are at this URL."""
    made = copy.deepcopy(dict(contract))
    made["paths"] = {path_prefix(contract, item, {}) + path: item for path, item in made["paths"].items()}
    made["servers"] = [{"url": home}]
    for item in made["paths"].values():
        item.pop("servers", None)
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("servers", None)
    return made
