"""Webhooks in FastAPI, Starlette, Flask and Django: the recipes of the docs, every way to mount, and access logs."""

import contextlib
import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Host, Mount, Route, Router
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from fakes.hooks import delivery
from repository.readme_blocks import blocks
from weryai.webhooks import Receiver, SecretFilter, WebhookError, WebhookEvent, asgi_app, wsgi_app

pytestmark = pytest.mark.timeout(60)
SECRET = "a-secret-of-the-frameworks"
ADDRESS = "https://you.example/hooks/weryai"
QUERY = f"weryai_secret={SECRET}"
BODY = json.dumps(delivery()).encode()
PAGE = "docs/waiting-and-webhooks.md"


def receiver() -> Receiver:
    """A receiver behind the address of every recipe."""
    return Receiver(ADDRESS, secret=SECRET)


class Passing:
    """A middleware that changes nothing."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on."""
        await self.app(scope, receive, send)


def fastapi(add: Callable[[FastAPI, Any], object], **options: Any) -> Callable[[Any], Any]:
    """A way to have an application in FastAPI."""

    def made(app: Any) -> Any:
        outer = FastAPI(**options)
        add(outer, app)
        return outer

    return made


def included(add: Callable[[APIRouter, Any], object], prefix: str = "") -> Callable[[FastAPI, Any], object]:
    """A way to have an application in a router of FastAPI that is included."""

    def put(outer: FastAPI, app: Any) -> None:
        router = APIRouter()
        add(router, app)
        outer.include_router(router, prefix=prefix)

    return put


def starlette(*routes: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A way to have an application in Starlette."""
    return lambda app: Starlette(routes=[route(app) for route in routes])


HOOK = "/hooks/weryai"
WAYS: dict[str, Callable[[Any], Any]] = {
    "fastapi mount": fastapi(lambda outer, app: outer.mount(HOOK, app)),
    "fastapi mount with slash": fastapi(lambda outer, app: outer.mount(f"{HOOK}/", app)),
    "fastapi mount, no redirects": fastapi(lambda outer, app: outer.mount(HOOK, app), redirect_slashes=False),
    "fastapi behind middleware": fastapi(lambda outer, app: outer.mount(HOOK, Passing(Passing(app)))),
    "fastapi add_route": fastapi(lambda outer, app: outer.add_route(HOOK, app, methods=["POST"])),
    "fastapi add_route with slash": fastapi(lambda outer, app: outer.add_route(f"{HOOK}/", app)),
    "fastapi add_api_route": fastapi(lambda outer, app: outer.add_api_route(HOOK, app, methods=["POST"])),
    "fastapi routes.append": fastapi(lambda outer, app: outer.router.routes.append(Route(HOOK, app))),
    "fastapi include_router": fastapi(included(lambda router, app: router.add_route("/weryai", app), "/hooks")),
    "fastapi include_router, mount": fastapi(included(lambda router, app: router.mount(HOOK, app))),
    "fastapi, nested": fastapi(lambda outer, app: outer.mount("/hooks", Starlette(routes=[Route("/weryai", app)]))),
    "starlette mount, host": starlette(lambda app: Host("you.example", Router([Mount(HOOK, app)]))),
    "starlette mount, middleware": starlette(lambda app: Mount(HOOK, app, middleware=[Middleware(Passing)])),
    "starlette mount at the root": starlette(lambda app: Mount("/", app)),
    "starlette mount, wsgi": starlette(lambda app: Mount(HOOK, FromWsgi(app))),
    "starlette route": starlette(lambda app: Route(HOOK, app)),
    "starlette route with slash": starlette(lambda app: Route(f"{HOOK}/", app)),
    "starlette route, middleware": starlette(lambda app: Route(HOOK, app, middleware=[Middleware(Passing)])),
    "starlette route, methods": starlette(lambda app: Route(HOOK, Passing(app), methods=["POST"])),
    "starlette route, parameter": starlette(lambda app: Route("/hooks/{who}", app)),
    "starlette route, no redirects": lambda app: Router([Route(HOOK, app)], redirect_slashes=False),
    "starlette mounted routes": starlette(lambda app: Mount("/hooks", routes=[Route("/weryai", app)])),
    "starlette mounted root": starlette(lambda app: Mount(HOOK, routes=[Route("/", app)])),
    "starlette mounted mount": starlette(lambda app: Mount(HOOK, routes=[Mount("/", app)])),
    "starlette mounted application": starlette(lambda app: Mount(HOOK, Passing(Router([Route("/", app)])))),
}  # fmt: skip


class FromWsgi:
    """As a middleware from WSGI is: it has the application as `app`, and answers by it."""

    def __init__(self, app: Any) -> None:
        self.app = wsgi_app(receiver())
        self._answer = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        await self._answer(scope, receive, send)


async def post(app: Any, path: str, query: str = QUERY) -> int:
    """Post a delivery to an ASGI application, following no redirect."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://you.example") as client:
        return (await client.post(f"{path}?{query}", content=BODY)).status_code


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", [HOOK, f"{HOOK}/"])
async def test_a_receiver_answers_with_and_without_a_slash(way: str, path: str) -> None:
    """However it is put into FastAPI or Starlette, both spellings of the path take a delivery; none is redirected."""
    seen: list[WebhookEvent] = []
    app = WAYS[way](asgi_app(receiver(), on_event=seen.append))
    assert await post(app, path) == 200
    assert len(seen) == 1
    assert await post(app, path, "weryai_secret=wrong") == 400


async def test_other_routes_are_as_before() -> None:
    """Anything else still redirects to its path with the other ending, also at a path that is nearly ours."""
    ours, other = asgi_app(receiver()), Response
    outer = Starlette(
        routes=[Mount("/other", Starlette()), Route("/more", other()), Mount("/hooks", ours), Route("/in", ours)]
    )
    outer.routes.append(Route("/in/", other(status_code=202)))
    answers = [await post(outer, path) for path in ("/other", "/more/", "/hook", "/hooksX", "/in", "/in/")]
    assert answers == [307, 307, 404, 404, 200, 202]


@pytest.mark.parametrize("way", ["fastapi add_api_route", "fastapi add_route"])
def test_the_pages_of_fastapi_still_work(way: str) -> None:
    """With the receiver in it, the application still describes itself."""
    assert WAYS[way](asgi_app(receiver())).openapi()["paths"].keys() <= {HOOK}


def test_a_wsgi_receiver_is_mounted_in_flask() -> None:
    """Below a Flask application, both spellings of the path take a delivery; the rest is Flask's."""
    app = flask.Flask("app")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/hooks/weryai": wsgi_app(receiver())})  # type: ignore[method-assign]
    client = app.test_client()
    assert [client.post(f"/hooks/weryai{end}?{QUERY}", data=BODY).status_code for end in ("", "/")] == [200, 200]
    assert client.post("/hooks/weryai", data=BODY).status_code == 400
    assert client.post("/elsewhere").status_code == 404


RECIPES = ("fastapi", "starlette", "flask", "django")


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipe_takes_deliveries(name: str, tmp_path: Path) -> None:
    """Each recipe of the docs as it stands: a delivery 200, with a slash too, without the secret 400, GET 405."""
    assert serve_recipe(name, tmp_path) == [200, 200, 400, 405]


ASK = """
import json, sys
from hooks_recipe import app
query, body, is_asgi = sys.argv[1], sys.argv[2].encode(), sys.argv[3] == "asgi"
import asyncio, httpx
requests = [("POST", "/hooks/weryai", query), ("POST", "/hooks/weryai/", query), ("POST", "/hooks/weryai", ""),
            ("GET", "/hooks/weryai", query)]

async def over_asgi():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://you.example") as client:
        return [(await client.request(method, f"{path}?{query}", content=body)).status_code
                for method, path, query in requests]

def over_wsgi():
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="https://you.example") as client:
        return [client.request(method, f"{path}?{query}", content=body).status_code for method, path, query in requests]

print(json.dumps(asyncio.run(over_asgi()) if is_asgi else over_wsgi()))
"""


def serve_recipe(name: str, folder: Path) -> list[int]:
    """Run a recipe of the docs in a process of its own, and return what it answers."""
    recipe = next(block.text for block in blocks(PAGE) if block.text.startswith(f"# with {name}\n"))
    (folder / "hooks_recipe.py").write_text(recipe)
    kind = "asgi" if name in ("fastapi", "starlette") else "wsgi"
    path = os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-c", ASK, QUERY, BODY.decode(), kind],
        env={**os.environ, "PYTHONPATH": path, "HOOK_SECRET": SECRET},
        cwd=folder, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answered: list[int] = json.loads(done.stdout.splitlines()[-1])
    return answered


APP = """
from weryai.webhooks import Receiver, asgi_app, wsgi_app

receiver = Receiver("https://you.example/hooks/weryai", secret="a-secret-of-the-frameworks")
asgi, wsgi = asgi_app(receiver), wsgi_app(receiver)
"""
SERVERS = {
    "uvicorn": ["uvicorn", "served:asgi", "--fd", "{fd}", "--log-level", "trace"],
    "gunicorn": ["gunicorn", "served:wsgi", "--bind", "fd://{fd}", "--access-logfile", "-", "--access-logformat",
                 '%(r)s %(q)s %(f)s "%({raw_uri}e)s"'],
}  # fmt: skip


@contextlib.contextmanager
def running(server: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """A real server with a receiver; yields its URL and what it writes."""
    (folder / "served.py").write_text(APP)
    log = folder / "log.txt"
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener, log.open("wb") as output:
        fd = listener.fileno()
        started = subprocess.Popen(
            [sys.executable, "-m", *(part.replace("{fd}", str(fd)) for part in SERVERS[server])],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])},
            cwd=folder, stdout=output, stderr=output, pass_fds=[fd],
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", log
        finally:
            started.terminate()
            started.wait(20)


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
@pytest.mark.parametrize("name", ["weryai_secret", "weryai%5Fsecret"])
def test_the_secret_stays_out_of_access_logs(server: str, name: str, tmp_path: Path) -> None:
    """A real server writes a line for the delivery, and *** where the secret was; nothing needs to be configured."""
    with running(server, tmp_path) as (url, log):
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.post(
                f"{url}/hooks/weryai?tenant=7&{name}={SECRET}", content=BODY, headers={"Referer": f"{url}/?{QUERY}"}
            )
        assert answer.status_code == 200
    written = log.read_text()
    assert re.search(r"POST /hooks/weryai\?tenant=7&weryai(_|%5F)secret=\*\*\*", written), written
    assert SECRET not in written


@pytest.mark.parametrize(
    ("message", "arguments", "expected"),
    [
        ("%s", ("/a?weryai_secret=abc&x=1",), "/a?weryai_secret=***&x=1"),
        ("GET /a?weryai_secret=abc HTTP/1.1", (), "GET /a?weryai_secret=*** HTTP/1.1"),
        ("weryai_secret=%s&x=%d", ("abc", 7), "weryai_secret=***&x=7"),
        ("%(q)s", ({"q": "weryai_secret=abc"},), "weryai_secret=***"),
        ("%s", ({"query_string": b"weryai_secret=abc"},), "{'query_string': b'weryai_secret=***'}"),
        ("/login?next=%2Fa%3Fweryai%255Fsecret%253Dabc%2526x", (), "/login?next=%2Fa%3Fweryai%255Fsecret%253D***"),
        ('{"query": {"weryai_secret": "abc"}}', (), '{"query": {"weryai_secret": "***"}}'),
        ("%s", ({"weryai_secret": "abc", "x": 1},), "{'weryai_secret': '***', 'x': 1}"),
        ("%s %d %s", ("x", 5, None), "x 5 None"),
        ("100%", (), "100%"),
        ("%d weryai_secret=%s", ("7", "abc", "one too many"), None),
    ],
)
def test_the_filter_hides_the_secret_wherever_it_stands(message: str, arguments: Any, expected: str | None) -> None:
    """In the message, in what it is made of, or only in both together: the secret is ***, the rest is as it was."""
    record = logging.LogRecord("any", logging.INFO, "", 0, message, arguments, None)
    assert SecretFilter().filter(record) is True
    assert expected is None or record.getMessage() == expected


def test_the_filter_hides_the_secret_in_fields_beside_the_message() -> None:
    """What an `extra` adds, as logs in JSON write it, or sanic's `request`, holds no secret; all else is kept."""
    record = logging.makeLogRecord({"msg": "%s", "args": (1,), "request": "POST /a?weryai_secret=abc", "status": 200})
    before = {**vars(record), "request": "POST /a?weryai_secret=***"}
    SecretFilter().filter(record)
    assert vars(record) == before


def test_a_configuration_may_name_the_filter() -> None:
    """logging.config takes the filter by its name, for servers that are not known."""
    import logging.config

    logging.config.dictConfig(
        {"version": 1, "disable_existing_loggers": False, "filters": {"secret": {"()": "weryai.webhooks.SecretFilter"}},
         "loggers": {"own.access": {"filters": ["secret"]}}}
    )  # fmt: skip
    assert isinstance(logging.getLogger("own.access").filters[0], SecretFilter)


def test_the_error_is_where_the_receiver_is() -> None:
    """weryai.webhooks has the error that its `receive` raises."""
    with pytest.raises(WebhookError):
        receiver().receive(b"{}", "")
