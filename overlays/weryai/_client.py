"""WeryAI and AsyncWeryAI: built, opened, closed."""

from __future__ import annotations

import dataclasses
import importlib
import os
import ssl
from collections.abc import Callable, Coroutine, Iterable
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

import httpx

from ._settings import MAX_REQUESTS, POLLS_PER_SECOND, TIMEOUT, Settings, make_settings
from ._transport.runner import Blocking
from .errors import ConfigurationError

if TYPE_CHECKING:
    from ._flow.effects import Flow
    from ._flow.order import OrderLogSource
    from ._flow.retry import RetryPolicy
    from ._journal.journal import Journal
    from ._protocol.drift import OnDrift
    from ._resources.account import Account
    from ._resources.batches import Batches
    from ._resources.files import Files
    from ._resources.first_last_frame import FirstLastFrame
    from ._resources.image_to_video import ImageToVideo
    from ._resources.models import Models
    from ._resources.multi_image_to_video import MultiImageToVideo
    from ._resources.orders import Orders
    from ._resources.tasks import Tasks
    from ._resources.text_to_video import TextToVideo
    from ._transport.awaiting import Awaiting

T = TypeVar("T")
Mode = TypeVar("Mode", "Blocking", "Awaiting")


def resource_class(name: str) -> type[Any]:
    """Load the class of a client's resource, in the module of its name."""
    module = importlib.import_module(f"{__package__}._resources.{name}")
    found: type[Any] = getattr(module, name.title().replace("_", ""))
    return found


class _NoClient:
    """Stands for the runner where a resource is asked of the class, as `unittest.mock.create_autospec` does."""

    def __init__(self, client: type[Any]) -> None:
        self.awaits = issubclass(client, AsyncWeryAI)
        self._name = client.__name__

    def run(self, flow: Flow[Any]) -> NoReturn:
        flow.close()
        raise ConfigurationError(f"make a client first: {self._name}(), with brackets")


class _Lazily:
    """A resource of a client, made when it is first used; of two threads that make it, both get the same one."""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    def __get__(self, client: Any, owner: type[Any]) -> Any:
        if client is None:
            return resource_class(self._name)(_NoClient(owner))
        made = resource_class(self._name)(client._runner, client._settings.retry)
        if hasattr(made, "_models"):
            made._models, made._base_url = client.models, client.base_url
        return client.__dict__.setdefault(self._name, made)


def _lazily() -> Any:
    """Make a `_Lazily`, which type checkers take for the resource that it gives."""
    return _Lazily()


class _Client(Generic[Mode]):
    """What both clients have: the resources, each of them made when it is first used."""

    _settings: Settings
    _runner: Mode
    image_to_video: ImageToVideo[Mode] = _lazily()
    text_to_video: TextToVideo[Mode] = _lazily()
    multi_image_to_video: MultiImageToVideo[Mode] = _lazily()
    first_last_frame: FirstLastFrame[Mode] = _lazily()
    tasks: Tasks[Mode] = _lazily()
    batches: Batches[Mode] = _lazily()
    files: Files[Mode] = _lazily()
    models: Models[Mode] = _lazily()
    account: Account[Mode] = _lazily()
    orders: Orders[Mode] = _lazily()

    @property
    def base_url(self) -> str:
        """The URL that requests go to, without the key."""
        return self._settings.base_url

    @property
    def _retry(self) -> RetryPolicy:
        """How patiently requests are repeated; for bulk runs, as are `_tie` and `_perform`."""
        return self._settings.retry

    def _tie(self) -> None:
        """Tie the journal to this service and key, or raise JournalError where it belongs to others."""
        self._settings.order_log()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._settings.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds connections and a key and is not pickled; make one per process")


RESOURCES = [name for name, value in vars(_Client).items() if isinstance(value, _Lazily)]


class WeryAI(_Client[Blocking]):
    """The WeryAI API, blocking. Safe to share between threads.

    `api_key` is a string, a function that returns one (asked for each request), or None for WERYAI_API_KEY. `base_url`
    is None for WERYAI_BASE_URL or the public service; `models_base_url` is the registry's host and follows a given
    `base_url`. `timeout` is the seconds without any sign of life after which a request counts as lost. `retry` says how
    patiently requests are repeated. `max_requests` go out at a time, the rest wait; all waits together poll their
    tasks `polls_per_second` times. `ssl_context` and `transport` (an httpx transport) are for special networks.
    `on_drift` hears of what the shipped contract does not know in a response, each kind once: a plain function of one
    Drift, or "log" for a warning under the logger `weryai`. It never fails a call, and costs nothing unless given.
    `private_hosts` names hosts of a private network that may be reached by plain http, such as a service of Docker
    Compose; None is for WERYAI_PRIVATE_HOSTS, names with commas between them.
    With a `journal`, every paid order is on disk before it is sent; `orders` tells of them. It is a Journal, the path
    of one, or True for that of the command line (`Journal.default_path()`). Without one the process remembers what it
    sent with an unknown outcome, and refuses the same order by that error until `force=True`.

    Raises ConfigurationError without a key, and for plain http to anything but this machine and `private_hosts`.
    """

    def __init__(
        self,
        api_key: str | Callable[[], str] | None = None,
        *,
        base_url: str | None = None,
        models_base_url: str | None = None,
        timeout: float = TIMEOUT,
        retry: RetryPolicy | None = None,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
        max_requests: int = MAX_REQUESTS,
        polls_per_second: float = POLLS_PER_SECOND,
        on_drift: OnDrift | None = None,
        private_hosts: Iterable[str] | None = None,
        journal: Journal | OrderLogSource | str | os.PathLike[str] | bool | None = None,
    ) -> None:
        """Make a client; nothing is sent yet."""
        settings = make_settings(
            api_key,
            base_url=base_url,
            models_base_url=models_base_url,
            timeout=timeout,
            retry=retry,
            ssl_context=ssl_context,
            max_requests=max_requests,
            polls_per_second=polls_per_second,
            on_drift=on_drift,
            private_hosts=private_hosts,
        )
        settings = _with_journal(settings, journal)
        self._settings, self._runner = settings, Blocking(settings, transport)

    def call(
        self, operation: ModuleType, *, force: bool = False, order_key: str | None = None, **arguments: Any
    ) -> Any:
        """Perform any operation of `weryai_api.api` with this client's key, retries and errors.

        `operation` is the generated module, `arguments` are its own. Returns a Submission for a paid operation, whose
        body is checked against the contract first, else the `data` of the response as JSON has it. `force` and
        `order_key` are those of `image_to_video.submit`.
        """
        from ._resources.raw import call_operation

        return self._runner.run(
            call_operation(operation, self._settings.retry, arguments, force=force, order_key=order_key)
        )

    def close(self) -> None:
        """Close every connection; closing twice is fine."""
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncWeryAI(_Client["Awaiting"]):
    """The WeryAI API for asyncio: the same operations, each awaited. The parameters are those of WeryAI."""

    def __init__(
        self,
        api_key: str | Callable[[], str] | None = None,
        *,
        base_url: str | None = None,
        models_base_url: str | None = None,
        timeout: float = TIMEOUT,
        retry: RetryPolicy | None = None,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        max_requests: int = MAX_REQUESTS,
        polls_per_second: float = POLLS_PER_SECOND,
        on_drift: OnDrift | None = None,
        private_hosts: Iterable[str] | None = None,
        journal: Journal | OrderLogSource | str | os.PathLike[str] | bool | None = None,
    ) -> None:
        """Make a client; it may be made outside a running loop, and nothing is sent yet."""
        settings = make_settings(
            api_key,
            base_url=base_url,
            models_base_url=models_base_url,
            timeout=timeout,
            retry=retry,
            ssl_context=ssl_context,
            max_requests=max_requests,
            polls_per_second=polls_per_second,
            on_drift=on_drift,
            private_hosts=private_hosts,
        )
        settings = _with_journal(settings, journal)
        # Loaded here, because asyncio costs whoever blocks some milliseconds.
        from ._transport.awaiting import Awaiting

        self._settings, self._runner = settings, Awaiting(settings, transport)

    def _perform(self, flow: Flow[T]) -> Coroutine[Any, Any, T]:
        """Perform a flow of this package; for bulk runs."""
        return self._runner.run(flow)

    async def call(
        self, operation: ModuleType, *, force: bool = False, order_key: str | None = None, **arguments: Any
    ) -> Any:
        """Perform any operation of `weryai_api.api`; see WeryAI.call."""
        from ._resources.raw import call_operation

        return await self._runner.run(
            call_operation(operation, self._settings.retry, arguments, force=force, order_key=order_key)
        )

    async def aclose(self) -> None:
        """Close the running loop's connections; closing twice is fine."""
        await self._runner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _with_journal(
    settings: Settings, journal: Journal | OrderLogSource | str | os.PathLike[str] | bool | None
) -> Settings:
    """The settings with the journal that was given, opened if it is a path."""
    if journal is None or journal is False:
        return settings
    from ._flow.order import OrderLogSource

    if isinstance(journal, OrderLogSource):
        return dataclasses.replace(settings, journal=journal)
    if journal is not True and not isinstance(journal, str | os.PathLike):
        raise ConfigurationError(
            f"journal must be a Journal, the path of one, or True, not {type(journal).__name__}; the ledger of a bulk "
            "run keeps the jobs of that run alone"
        )
    # Loaded here, because SQLite costs whoever has no journal some milliseconds.
    from ._journal.journal import Journal

    opened = Journal(Journal.default_path() if journal is True else journal)
    return dataclasses.replace(settings, journal=opened, owns_journal=True)
