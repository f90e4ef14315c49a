"""WeryAI on localhost: knows the contract, never the client.

`Emulator` runs in a thread beside a test, `serve` in the foreground, `create_app` is the ASGI application by itself.
The extra's packages are loaded when one of these names is first used.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weryai.emulator._clock import ManualClock as ManualClock
    from weryai.emulator._faults import Fault as Fault
    from weryai.emulator._faults import UnknownScenarioError as UnknownScenarioError
    from weryai.emulator._faults import scenarios as scenarios
    from weryai.emulator._scenarios import Scenario as Scenario
    from weryai.emulator._server import Emulator as Emulator
    from weryai.emulator._server import create_app as create_app
    from weryai.emulator._server import serve as serve
    from weryai.emulator._state.exchanges import Exchange as Exchange
    from weryai.emulator._state.exchanges import LedgerRow as LedgerRow
    from weryai.emulator._state.exchanges import SeenRequest as SeenRequest
    from weryai.emulator._state.settings import Settings as Settings
    from weryai.emulator._state.world import StateFileError as StateFileError

_HOMES = {
    "Emulator": "_server",
    "Exchange": "_state.exchanges",
    "Fault": "_faults",
    "LedgerRow": "_state.exchanges",
    "ManualClock": "_clock",
    "Scenario": "_scenarios",
    "SeenRequest": "_state.exchanges",
    "Settings": "_state.settings",
    "StateFileError": "_state.world",
    "UnknownScenarioError": "_faults",
    "create_app": "_server",
    "scenarios": "_faults",
    "serve": "_server",
}
__all__ = [
    "Emulator",
    "Exchange",
    "Fault",
    "LedgerRow",
    "ManualClock",
    "Scenario",
    "SeenRequest",
    "Settings",
    "StateFileError",
    "UnknownScenarioError",
    "create_app",
    "scenarios",
    "serve",
]

#: What everything here needs; PyAV is asked for where a video is to be rendered.
_PACKAGES = ("starlette", "uvicorn", "python_multipart", "jsonschema_rs")


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        names = ", ".join(missing)
        raise ImportError(f"the emulator needs {names}: pip install {' '.join(missing)}", name=names)
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
