"""Proxies and certificates of the environment: heeded where they concern a request, named where they are bad."""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import getproxies

import httpx

from .._settings import Settings, is_loopback
from ..errors import ConfigurationError

_SCHEMES = ("http", "https", "all")


class _Unusable(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Where the environment leads astray: fails each request that would go there, before anything is sent."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(self._reason, request=request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(self._reason, request=request)


class _Proxied(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport to a proxy, which names the proxy's variable where nobody is reached: the service may be well."""

    def __init__(self, transport: Any, name: str) -> None:
        self._transport, self._name = transport, name
        # Where the sockets are found of a loop that was closed.
        self._pool = transport._pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._transport.handle_request(request)  # type: ignore[no-any-return]
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise self._named(error) from error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._transport.handle_async_request(request)  # type: ignore[no-any-return]
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise self._named(error) from error

    def _named(self, error: httpx.TransportError) -> httpx.TransportError:
        return type(error)(f"{error}; through the proxy of {self._name}".removeprefix("; "))

    def close(self) -> None:
        self._transport.close()

    async def aclose(self) -> None:
        await self._transport.aclose()


def routes(settings: Settings, make_transport: Callable[..., Any] | None) -> tuple[ssl.SSLContext, dict[str, Any]]:
    """The TLS context, and a transport for each pattern of URLs that are not simply asked; None asks them directly.

    `make_transport` makes a transport to a proxy; without it there are no proxies. What the environment says wrongly
    raises ConfigurationError if it concerns the service, else it fails the requests that it concerns.
    """
    found = settings.ssl_context or _shared_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if isinstance(found, str) else found
    mounts = _to_proxies(settings, make_transport, context) if make_transport else {}
    if isinstance(found, str):
        if any(scheme == "https" for scheme, _, _ in settings.origins):
            raise ConfigurationError(found)
        # Nothing may lead around this one.
        mounts = {pattern: proxy for pattern, proxy in mounts.items() if proxy and pattern != "https://"}
        mounts["https://"] = _Unusable(found)
    # Plain http with the key goes to this machine and to hosts that were named, and never through a proxy.
    own = {host for scheme, host, _ in settings.origins if scheme == "http" or is_loopback(host)}
    mounts |= {f"all://{_bracketed(host)}": None for host in {"127.0.0.1", "localhost", "::1", *own}}
    return context, mounts


def _to_proxies(settings: Settings, make_transport: Callable[..., Any], context: ssl.SSLContext) -> dict[str, Any]:
    """A transport for each proxy of the environment, and None for what goes past them."""
    found = getproxies()
    # A star before a name means what the name alone does.
    left_out = [entry.lower().removeprefix("*").rstrip(".") for entry in re.split(r"[\s,]+", found.get("no", ""))]
    if "*" in found.get("no", "").replace(",", " ").split():
        return {}
    mounts: dict[str, Any] = {}
    for scheme in _SCHEMES:
        if not (address := found.get(scheme)):
            continue
        try:
            proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
            if not proxy.url.host or "%" in proxy.url.host:
                raise ValueError("no host")
            mounts[f"{scheme}://"] = _Proxied(make_transport(proxy=proxy, verify=context), _variable(scheme))
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            mounts[f"{scheme}://"] = _Unusable(_told(scheme, error))
    mounts |= dict.fromkeys(_patterns(left_out, settings))
    for scheme, host, _ in settings.origins:
        proxied = mounts.get(f"{scheme}://", mounts.get("all://"))
        if isinstance(proxied, _Unusable) and not (scheme == "http" or is_loopback(host)):
            if not _goes_past(host, left_out):
                raise ConfigurationError(proxied._reason)
            mounts[f"all://{_bracketed(host)}"] = None
    return mounts


def _told(scheme: str, error: Exception) -> str:
    """Name the variable of a bad proxy, and nothing of its value, which may hold a password."""
    name = _variable(scheme)
    if isinstance(error, ImportError):
        return f'{name} cannot be used: a SOCKS proxy needs pip install "httpx[socks]"'
    return f"{name} cannot be used: it must be the URL of a proxy, and start with http://, https:// or socks5://"


def _variable(scheme: str) -> str:
    return next((name for name in os.environ if name.lower() == f"{scheme}_proxy"), f"the system's {scheme} proxy")


def _patterns(left_out: list[str], settings: Settings) -> Iterator[str]:
    """The patterns of httpx for NO_PROXY; a network stands for those of the service's hosts that are in it."""
    for entry in left_out:
        if (network := _network(entry)) is None:
            # For httpx the usual port of a scheme is none.
            scheme = "https" if entry.endswith(":443") else "http" if entry.endswith(":80") else "all"
            name = entry if scheme == "all" else entry.rpartition(":")[0]
            pattern = name if "://" in name else f"{scheme}://{name if name == 'localhost' else f'*{name}'}"
            if entry and _is_pattern(pattern):
                yield pattern
        elif network.num_addresses == 1:
            yield f"all://{_bracketed(str(network.network_address))}"
        else:
            yield from (f"all://{_bracketed(host)}" for _, host, _ in settings.origins if _is_in(host, network))


def _goes_past(host: str, left_out: list[str]) -> bool:
    for entry in left_out:
        network = _network(entry)
        name = entry.removesuffix(":443").lstrip(".")
        if _is_in(host, network) if network else name and f".{host}".endswith(f".{name}"):
            return True
    return False


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None


def _is_in(host: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False


def _is_pattern(pattern: str) -> bool:
    try:
        return bool(httpx.URL(pattern.replace("*", "x", 1)).host)
    except httpx.InvalidURL:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _shared_context() -> ssl.SSLContext | str:
    """The TLS context of this environment, or what is wrong with it."""
    try:
        return _make_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    except OSError as error:
        named = " and ".join(name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name))
        return f"the certificates of {named or 'this system'} cannot be read: {error}"


@functools.lru_cache(maxsize=4)
def _make_context(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    # Making a context reads every root certificate, some 20 ms; all clients of a process share one per setting.
    return httpx.create_ssl_context()
