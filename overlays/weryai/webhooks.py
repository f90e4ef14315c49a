"""Receive what the service posts when a task ends: know it, read it, and never trust it.

A `Receiver` makes the URL to submit with, takes deliveries and wakes waits: `tasks.wait(id, webhook=receiver)`.
`asgi_app` and `wsgi_app` mount it in a web application, its `receive` fits any other place, `read_delivery` only reads.
"""

from __future__ import annotations

import sys

from ._webhooks.access_logs import SecretFilter
from ._webhooks.apps import AsgiApp, EventCallback, WsgiApp, take_either_slash
from ._webhooks.delivery import WebhookEvent, read_delivery
from ._webhooks.receiver import Receiver
from .errors import WebhookError

__all__ = ["Receiver", "SecretFilter", "WebhookError", "WebhookEvent", "asgi_app", "read_delivery", "wsgi_app"]


def asgi_app(receiver: Receiver, *, on_event: EventCallback | None = None) -> AsgiApp:
    """Make an ASGI application that takes the receiver's deliveries, at whatever path it is mounted.

    It answers at once; `on_event`, async or plain, is called after that with each WebhookEvent that is new. A plain
    function runs in a thread. What it raises is logged. Mounted or routed in FastAPI or Starlette, it answers with and
    without a slash at the end of its path: the other spelling would else be redirected, and no delivery follows.
    """
    take_either_slash()
    return AsgiApp(receiver, on_event)


def wsgi_app(receiver: Receiver, *, on_event: EventCallback | None = None) -> WsgiApp:
    """Make a WSGI application that takes the receiver's deliveries, at whatever path it is mounted.

    It answers at once; `on_event`, a plain function, is called after that with each WebhookEvent that is new, in the
    server's own thread. What it raises is logged.
    """
    if "starlette" in sys.modules:
        # It may be mounted there, inside a middleware from WSGI.
        take_either_slash()
    return WsgiApp(receiver, on_event)
