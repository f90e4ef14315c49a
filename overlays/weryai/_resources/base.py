"""One definition, two faces: a flow method is a plain call on WeryAI and an awaitable on AsyncWeryAI."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, NoReturn, ParamSpec, TypeVar, overload

from .._flow.effects import Flow
from .._flow.retry import RetryPolicy
from .._transport.runner import Awaiting, Blocking

P = ParamSpec("P")
T = TypeVar("T")
Mode = TypeVar("Mode", Blocking, Awaiting)


class Resource(Generic[Mode]):
    """A group of operations of one client, performed by that client's runner."""

    def __init__(self, runner: Mode, retry: RetryPolicy | None = None) -> None:
        """Remember who performs the operations and how patiently."""
        self._runner: Mode = runner
        self._retry = retry or RetryPolicy()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} belongs to a client, which is not pickled or copied; make one per process"
        )


class operation(Generic[P, T]):
    """Make a flow method callable on both clients; on the class itself it stays the flow, for use in other flows."""

    def __init__(self, function: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        """Wrap the method that makes the flow."""
        self._function = function
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Callable[Concatenate[Any, P], Flow[T]]: ...
    @overload
    def __get__(self, instance: Resource[Blocking], owner: type[Any]) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Awaiting], owner: type[Any]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Resource[Any] | None, owner: type[Any]) -> Any:
        """Bind to a resource: a call then performs the flow."""
        if instance is None:
            return self._function

        @functools.wraps(self._function)
        def perform(*args: P.args, **kwargs: P.kwargs) -> Any:
            return instance._runner.run(self._function(instance, *args, **kwargs))

        return perform
