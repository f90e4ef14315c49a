"""WeryAI on localhost: knows the contract, never the client.

`Emulator` runs in a thread beside a test, `serve` in the foreground, `create_app` is the ASGI application by itself.
The extra's packages are loaded when one of these names is first used.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weryai.emulator._app import create_app as create_app
    from weryai.emulator._request_log import SeenRequest as SeenRequest
    from weryai.emulator._server import Emulator as Emulator
    from weryai.emulator._server import serve as serve
    from weryai.emulator._tasks import ManualClock as ManualClock

__all__ = ["Emulator", "ManualClock", "SeenRequest", "create_app", "serve"]

_HOMES = {
    "Emulator": "_server",
    "ManualClock": "_tasks",
    "SeenRequest": "_request_log",
    "create_app": "_app",
    "serve": "_server",
}
_PACKAGES_OF_THE_EXTRA = ("starlette", "uvicorn", "python_multipart", "jsonschema_rs", "av")


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    missing = [package for package in _PACKAGES_OF_THE_EXTRA if find_spec(package) is None]
    if missing:
        raise ImportError(f'the emulator needs {", ".join(missing)}: pip install "weryai[emulator]"')
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
