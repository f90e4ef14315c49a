"""Python imports this at its start wherever the folder is on PYTHONPATH: so the network guard reaches every child."""

import sys
from typing import Any

import network_guard

network_guard.install()
# A command line of httpx's own, with rich and pygments: a third of what a child of the tests would load.
_MODULES: dict[str, Any] = sys.modules
_MODULES["httpx._main"] = None
