"""The receiving side of webhooks, served on loopback, and somebody who delivers to it as the service would."""

import contextlib
import json
import socket
import threading
import wsgiref.simple_server
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal
from wsgiref.validate import validator

import httpx
import uvicorn

from fakes.answers import TASK, envelope
from weryai.webhooks import Receiver, asgi_app, wsgi_app

Kind = Literal["asgi", "wsgi"]
SECRET = "a secret of the tests, with + and &"
VIDEO = "https://cdn.example.com/v.mp4"
#: With so long between two looks, a wait that ends within a minute was ended by a delivery.
HOUR = 3600.0


def delivery(task_id: str = TASK, word: str = "succeed", **data: Any) -> dict[str, Any]:
    """What the service posts when a task has this state."""
    videos = {"videos": [VIDEO]} if word == "succeed" else {}
    return envelope({"task_id": task_id, "task_status": word, **videos, **data})


def receiver(port: int = 80, **options: Any) -> Receiver:
    """A receiver that is reached on this machine."""
    return Receiver(f"http://127.0.0.1:{port}/hooks/weryai?tenant=7", **{"secret": SECRET, **options})


def deliver(url: str, body: Any) -> int:
    """Post a delivery, which is JSON or bytes as they are, and return how it was answered."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(url, content=content, headers={"Content-Type": "text/plain"}, trust_env=False).status_code


def while_waiting(work: Callable[[], Any], meanwhile: Callable[[], Any]) -> Any:
    """Do something in another thread while this one works; return what the work returns."""
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(meanwhile)
        try:
            return work()
        finally:
            other.result(20)


class _Quiet(wsgiref.simple_server.WSGIRequestHandler):
    """Writes no access log."""

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(kind: Kind, on_event: Callable[..., Any] | None = None) -> Iterator[Receiver]:
    """Serve a receiver by a real server in a thread of its own; the WSGI one checks that the protocol is kept."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        made = receiver(listener.getsockname()[1])
        if kind == "asgi":
            run, stop = _uvicorn(asgi_app(made, on_event=on_event), listener)
        else:
            run, stop = _wsgiref(wsgi_app(made, on_event=on_event), listener)
        thread = threading.Thread(target=run, name="hooks", daemon=True)
        thread.start()
        try:
            yield made
        finally:
            stop()
            thread.join(10)
            assert not thread.is_alive(), "the server of the webhooks goes on"


def _uvicorn(app: Any, listener: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None, access_log=False, ws="none"))

    def stop() -> None:
        server.should_exit = True

    return lambda: server.run([listener]), stop


def _wsgiref(app: Any, listener: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
    server = wsgiref.simple_server.WSGIServer(listener.getsockname(), _Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = listener.getsockname()
    server.setup_environ()
    server.set_app(validator(app))
    return lambda: server.serve_forever(0.02), server.shutdown
