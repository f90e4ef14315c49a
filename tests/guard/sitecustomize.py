"""Python imports this at its start wherever the folder is on PYTHONPATH: so the network guard reaches every child."""

import network_guard

network_guard.install()
