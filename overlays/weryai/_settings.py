"""Key, base URLs and time limits: argument, else environment, else default."""

from __future__ import annotations

import contextlib
import functools
import inspect
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ._flow.retry import RetryPolicy
from .errors import ConfigurationError

if TYPE_CHECKING:
    from ._flow.order import OrderLog, OrderLogSource
    from ._protocol.drift import OnDrift

BASE_URL = "https://api.weryai.com"
MODELS_BASE_URL = "https://api-growth-agent.weryai.com"
TIMEOUT = 60.0
MAX_REQUESTS = 16
POLLS_PER_SECOND = 50.0

# Names that no public host can have, and those that Docker and Kubernetes give.
_PRIVATE_ENDINGS = (".internal", ".local", ".localhost", ".lan", ".home.arpa", ".test")

KeySource = str | Callable[[], str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client was made with; the key itself is only reached through `key()`."""

    base_url: str
    models_base_url: str
    timeout: float
    retry: RetryPolicy
    key: Callable[[], str] = field(repr=False)
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    max_requests: int = MAX_REQUESTS
    polls_per_second: float = POLLS_PER_SECOND
    on_drift: OnDrift | None = field(default=None, repr=False)
    journal: OrderLogSource | None = None
    owns_journal: bool = False
    #: The only places the key may be sent to.
    origins: frozenset[tuple[str, str, int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", frozenset({origin(self.base_url), origin(self.models_base_url)}))

    def url(self, service: str, path: str) -> str:
        """The URL of an operation on the API's or the registry's host."""
        return (self.models_base_url if service == "models" else self.base_url) + path

    def order_log(self) -> OrderLog:
        """The part of the journal that belongs to this service and this key."""
        if self.journal is None:
            raise ConfigurationError("this client has no journal: make it with journal=")
        return self.journal.order_log(self.base_url, self.key())

    def close(self) -> None:
        """Close the journal, unless somebody else opened it."""
        if self.journal and self.owns_journal:
            self.journal.close()


def make_settings(
    api_key: KeySource | None,
    *,
    base_url: str | None = None,
    models_base_url: str | None = None,
    timeout: float = TIMEOUT,
    retry: RetryPolicy | None = None,
    ssl_context: ssl.SSLContext | None = None,
    max_requests: int = MAX_REQUESTS,
    polls_per_second: float = POLLS_PER_SECOND,
    on_drift: OnDrift | None = None,
    private_hosts: Iterable[str] | None = None,
) -> Settings:
    """Check and complete what the user gave; a given base_url also serves the models registry unless told otherwise."""
    environment = os.environ.get
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < 86_400:
        raise ConfigurationError("timeout must be a number of seconds, more than 0 and less than a day")
    if retry is not None and not isinstance(retry, RetryPolicy):
        raise ConfigurationError("retry must be a RetryPolicy; RetryPolicy(tries=1) never repeats")
    if isinstance(max_requests, bool) or not isinstance(max_requests, int) or not 1 <= max_requests <= 100:
        raise ConfigurationError("max_requests must be a whole number, 1 to 100")
    if isinstance(polls_per_second, bool) or not isinstance(polls_per_second, int | float):
        raise ConfigurationError("polls_per_second must be a number")
    if not 0 < polls_per_second <= 10_000:
        raise ConfigurationError("polls_per_second must be more than 0 and at most 10,000")
    if not (on_drift is None or on_drift == "log" or callable(on_drift)) or inspect.iscoroutinefunction(on_drift):
        raise ConfigurationError('on_drift must be a plain function of one Drift, or "log"')
    api, models = _addresses(base_url, models_base_url)
    hosts_name = "WERYAI_PRIVATE_HOSTS" if private_hosts is None else "private_hosts"
    named = _checked_hosts(hosts_name, environment(hosts_name, "") if private_hosts is None else private_hosts)
    return Settings(
        base_url=_checked_url(*api, named),
        models_base_url=_checked_url(*models, named),
        timeout=float(timeout),
        retry=retry or RetryPolicy(),
        key=_key_reader(api_key),
        ssl_context=ssl_context,
        max_requests=max_requests,
        polls_per_second=float(polls_per_second),
        on_drift=on_drift,
    )


def _addresses(base_url: str | None, models_base_url: str | None) -> tuple[tuple[str, str], tuple[str, str]]:
    """Where the API and the models registry are, each with the name of what says so."""
    api = _given("base_url", base_url) or ("base_url", BASE_URL)
    if models_base_url:
        return api, ("models_base_url", models_base_url)
    if base_url is None and models_base_url is None:
        return api, _given("models_base_url") or _given("base_url") or ("models_base_url", MODELS_BASE_URL)
    return api, api


def _given(parameter: str, value: str | None = None) -> tuple[str, str] | None:
    """What was given as an address, with the name of where: the parameter, or its variable of the environment."""
    if value:
        return parameter, value
    variable = f"WERYAI_{parameter.upper()}"
    found = os.environ.get(variable)
    return (variable, found) if found else None


@functools.lru_cache(maxsize=16)
def origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_hosts(name: str, private_hosts: Iterable[str]) -> frozenset[str]:
    """The hosts that may be reached by plain http, each of which must be private by its very name or address."""
    given = private_hosts.split(",") if isinstance(private_hosts, str) else private_hosts
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise ConfigurationError(f"{name} must be names of hosts, not {type(given).__name__}")
    hosts = frozenset(_host_alone(str(host).strip().lower()) for host in given) - {""}
    for host in hosts:
        if not is_private(host):
            raise ConfigurationError(
                f"{name}: {host[:100]!r} is not private: that is an address of a private network, or a name "
                f"without a dot or one that ends with {', '.join(_PRIVATE_ENDINGS)}"
            )
    return hosts


def _host_alone(place: str) -> str:
    """A host, also where it stands in a URL or before a port."""
    found = re.fullmatch(r"(?:https?://)?(\[.*\]|[^:/]*)(?::\d+)?/?", place)
    return (found[1] if found else place).strip("[]")


def is_private(host: str) -> bool:
    """Whether a host can only be one of a private network; nobody is asked."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        is_name = re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", host) and not re.fullmatch("[0-9.]+|0x.*", host)
        return bool(is_name) and ("." not in host or host.endswith(_PRIVATE_ENDINGS))
    return address.is_private and not address.is_unspecified


def unreachable_host(url: str, base_url: str | None) -> str | None:
    """The host of a URL that a public service cannot reach, such as localhost; None at a service that is private too.

    It is judged by its name alone, in every spelling that a resolver takes; nobody is asked.
    """
    if base_url is not None and _is_here(origin(base_url)[1]):
        return None
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return host if _is_here(host) else None


@functools.lru_cache(maxsize=256)
def _is_here(host: str) -> bool:
    """Whether a host is this machine, or one of its private network."""
    name = host.lower().rstrip(".").partition("%")[0]
    if re.fullmatch(r"[0-9a-fx.]+", name) and ":" not in name:
        # Such as 127.1, 0x7f000001 and 2130706433.
        with contextlib.suppress(OSError):
            name = socket.inet_ntoa(socket.inet_aton(name))
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return is_private(name)
    address = getattr(address, "ipv4_mapped", None) or address
    return not address.is_global


def _checked_url(name: str, url: str, private_hosts: frozenset[str]) -> str:
    if not isinstance(url, str):
        raise ConfigurationError(f"{name} must be a string, not {type(url).__name__}: str() makes one of a URL object")
    url = url.strip()
    try:
        parts = urlsplit(url)
        scheme, host, _ = origin(url)
    except ValueError as error:
        raise ConfigurationError(f"{name} is not a URL: {error}") from None
    # urlsplit drops line feeds and tabs.
    if " " in host or not url.isprintable():
        raise ConfigurationError(f"{name} holds a blank or a control character; was it copied whole?")
    if scheme not in ("http", "https") or not host:
        told = _host_like(url)
        raise ConfigurationError(
            f"{name} must start with https:// (or http:// on this machine) and name a host{told and f', not {told!r}'}"
        )
    if not host.isascii():
        raise ConfigurationError(f"{name}: write the host in its ASCII form (xn--...)")
    if parts.username or parts.password or "?" in url or "#" in url:
        raise ConfigurationError(f"{name} must not hold a user, a password, a query or a fragment")
    if parts.path.strip("/") and origin(url) in (origin(BASE_URL), origin(MODELS_BASE_URL)):
        raise ConfigurationError(f"{name} must be https://{host} alone: paths such as /v1 are added to it")
    if scheme == "http" and not is_loopback(host) and host not in private_hosts:
        raise ConfigurationError(
            f"{name} is plain http to {host}: the key would travel in clear; use https. For a host of your own private "
            f"network, name it: private_hosts=[{host!r}] or WERYAI_PRIVATE_HOSTS={host}"
        )
    return url.rstrip("/")


def _host_like(url: str) -> str:
    """The start of a mistyped address as far as it is surely a host, and no key or password; else nothing."""
    label = "[a-z0-9_-]{1,24}"
    if "@" in url or url.startswith("sk-"):
        return ""
    found = re.match(rf"(?:[a-z][a-z0-9+]{{1,9}}:/{{0,3}})?(?:(?:{label}\.)*{label})?(?::\d{{1,5}})?(?=[/?#]|$)", url)
    is_host = found is not None and (":" in found[0] or "." in found[0] or found[0] == "localhost")
    return found[0] if found is not None and is_host else ""


def _key_reader(api_key: KeySource | None) -> Callable[[], str]:
    name = "WERYAI_API_KEY" if api_key is None else "api_key"
    if api_key is None:
        api_key = os.environ.get("WERYAI_API_KEY", "")
        if not api_key.strip():
            raise ConfigurationError(
                "There is no API key: set WERYAI_API_KEY or pass api_key=. Keys are made at "
                "https://www.weryai.com/api/keys; `weryai emulate` needs none."
            )
    if callable(api_key):
        source = api_key
        return lambda: _asked_key(source)
    # Under no other name: tools that record the locals of a traceback hide what is called so.
    api_key = _checked_key(api_key, name)
    return lambda: api_key


def _asked_key(source: Callable[[], str]) -> str:
    try:
        api_key = source()
    except Exception as error:
        raise ConfigurationError(f"the api_key function failed with {type(error).__name__}") from error
    return _checked_key(api_key)


def _checked_key(api_key: object, name: str = "api_key") -> str:
    if not isinstance(api_key, str):
        kind = type(api_key).__name__
        raise ConfigurationError(f"api_key must be a string or a function that returns one, not {kind}")
    if api_key.strip().lower().startswith("bearer "):
        raise ConfigurationError(f"{name} must be the key alone, without the word Bearer")
    if not re.fullmatch(r"[\x21-\x7e]+", api_key.strip()):
        raise ConfigurationError(f"{name} must be printable ASCII without spaces; was it copied whole?")
    return api_key.strip()
