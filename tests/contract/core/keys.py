"""How a request shows who sends it. Typed by hand for each API: a contract that forgets it makes a client that does."""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Protocol
from urllib.parse import parse_qsl

import httpx


class Credential(Protocol):
    """What a request must show, and where."""

    @property
    def places(self) -> Collection[tuple[str, str]]:
        """Where it travels: `header`, `query` or `cookie`, and the name there in small letters."""

    def problems(self, request: httpx.Request) -> list[str]:
        """Return what is wrong with how a request shows it."""


@dataclass(frozen=True)
class Secret:
    """A secret that stands once, at its place, and nowhere else in the request."""

    where: str
    name: str
    value: str

    @property
    def places(self) -> Collection[tuple[str, str]]:
        """The one place."""
        return {(self.where, self.name.lower())}

    def problems(self, request: httpx.Request) -> list[str]:
        """Return what is wrong; values that were sent are never told, for they may be secret."""
        sent = {
            "header": lambda: request.headers.get_list(self.name),
            "query": lambda: [value for name, value in parse_qsl(request.url.query.decode()) if name == self.name],
            "cookie": lambda: [it.value for name, it in SimpleCookie(request.headers.get("cookie", "")).items()
                               if name == self.name],
        }[self.where]()  # fmt: skip
        told = f"{self.where} {self.name}"
        problems = [] if sent == [self.value] else [f"{told} is there {len(sent)} times, or is not the one key"]
        word = self.value.rpartition(" ")[2]
        if word and word in f"{request.url}" and self.where != "query":
            problems.append("the key stands in the URL")
        if word and word.encode() in request.content:
            problems.append("the key stands in the body")
        return problems


def bearer(key: str) -> Secret:
    """Return the usual header of a bearer key."""
    return Secret("header", "Authorization", f"Bearer {key}")


def basic(user: str, password: str) -> Secret:
    """Return the header of a name and a password."""
    return Secret("header", "Authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")


@dataclass(frozen=True)
class Nothing:
    """An operation that everybody may call."""

    places: Collection[tuple[str, str]] = ()

    def problems(self, request: httpx.Request) -> list[str]:
        """Return that a key was shown where none is wanted."""
        return ["a key was sent where none is wanted"] if "authorization" in request.headers else []
